//! Files with environment variables, as systemd reads them (systemd.exec(5), `EnvironmentFile=`).

use thiserror::Error;

/// Why a line sets no variable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EnvFileError {
    /// It has no `=`, or something else than a name before it.
    #[error("line {0} is not of the form NAME=value")]
    Form(usize),
    /// A quotation mark is not closed.
    #[error("a quotation mark in line {0} has no end")]
    Quote(usize),
}

/// The variables of a file, in order. Lines that start with `#` or `;` are comments. A value may be quoted;
/// a backslash before the end of a line continues it.
///
/// # Errors
/// systemd ignores a line without a variable, with a warning in its log, and takes the rest of the file for the
/// value after a quotation mark without an end. Both are mistakes.
pub fn parse_env_file(text: &str) -> Result<Vec<(String, String)>, EnvFileError> {
    let mut variables = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let number = index + 1;
        let line = line.trim_start();
        if line.trim_end().is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let mut whole = line.to_owned();
        let value = loop {
            let (_, value) = whole.split_once('=').ok_or(EnvFileError::Form(number))?;
            match unquote(value) {
                Some(value) => break value,
                // It goes on in the next line.
                None => {
                    let (_, next) = lines.next().ok_or(EnvFileError::Quote(number))?;
                    whole = format!("{whole}\n{next}");
                }
            }
        };
        let name = whole.split('=').next().unwrap_or_default().trim_end();
        let is_name = |name: &str| {
            let mut bytes = name.bytes();
            let starts = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
            bytes.next().is_some_and(starts)
                && bytes.all(|byte| starts(byte) || byte.is_ascii_digit())
        };
        if !is_name(name) {
            return Err(EnvFileError::Form(number));
        }
        variables.push((name.to_owned(), value));
    }
    Ok(variables)
}

/// The value that a text stands for; none if it does not end here. As in systemd, a quotation mark is one at
/// the beginning and after another one; elsewhere it is a part of the value.
fn unquote(text: &str) -> Option<String> {
    let mut value = String::new();
    // White space at the end does not count unless it is quoted, nor does that between quoted parts.
    let mut length = 0;
    let mut quote = None;
    let mut is_bare = false;
    let mut characters = text.trim_start().chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\'' | '"') if !is_bare => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') => match characters.next()? {
                '\n' => continue,
                // Within quotation marks, other characters keep their backslash.
                other if quote.is_some() && !"\"\\`$".contains(other) => {
                    value.extend(['\\', other]);
                }
                other => value.push(other),
            },
            (None, other) if other.is_whitespace() => {
                if is_bare {
                    value.push(other);
                }
                continue;
            }
            (None, other) => {
                is_bare = true;
                value.push(other);
            }
            (Some(_), other) => value.push(other),
        }
        length = value.len();
    }
    value.truncate(length);
    quote.is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        parse_env_file(text).unwrap().into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn values_are_read_as_systemd_reads_them() {
        let text = "# a comment\n; another\n\nA=stun:a.example:3478 turn:a.example?transport=tcp\n\
            B='single \\ quoted'\nC=\"double \\\"quoted\\\"\"  \n  D = spaces around  \nE=\n\
            F=one\\\n two\nG=\"over\nlines\"\nH='two' \"parts\"\nI=# no comment\n\
            J=it's a value\n";
        assert_eq!(
            values(text),
            [
                "stun:a.example:3478 turn:a.example?transport=tcp",
                "single \\ quoted",
                "double \"quoted\"",
                "spaces around",
                "",
                "one two",
                "over\nlines",
                "twoparts",
                "# no comment",
                "it's a value",
            ]
        );
        let names: Vec<_> = parse_env_file("A_1=x\n_b=y").unwrap();
        assert_eq!(names, [("A_1".into(), "x".into()), ("_b".into(), "y".into())]);
    }

    #[test]
    fn lines_without_a_variable_are_named() {
        for (text, error) in [
            ("A=1\nexport B=2", EnvFileError::Form(2)),
            ("A", EnvFileError::Form(1)),
            ("1A=2", EnvFileError::Form(1)),
            ("=2", EnvFileError::Form(1)),
            ("A=\"open\nB=2", EnvFileError::Quote(1)),
            ("A=ends with\\", EnvFileError::Quote(1)),
        ] {
            assert_eq!(parse_env_file(text), Err(error), "{text:?}");
        }
    }
}
