//! Environment variables. All of them are read here, by the same rules: an empty variable counts as not
//! set, and quotes or a carriage return that a shell, a container or an editor left around a value are
//! refused instead of becoming part of it.

use super::error::NoConfig;
use clap::{Arg, Command};
use std::{
    env,
    ffi::{OsStr, OsString},
};

const QUOTES: [char; 2] = ['"', '\''];

/// The value of a variable, if it has one.
///
/// # Errors
/// A sentence that names the variable and leaves out the value, which may be a secret.
pub(super) fn variable(name: &str) -> Result<Option<String>, NoConfig> {
    let value = env::var_os(name).map(text).transpose();
    let wrong = |what| NoConfig::Wrong(format!("{name}: the value {what}."));
    Ok(value.map_err(wrong)?.filter(|text| !text.is_empty()))
}

/// Detaches an option from its variable if the variable is empty.
pub(super) fn without_empty(option: Arg) -> Arg {
    let is_empty = |name: &OsStr| env::var_os(name).is_some_and(|value| value.is_empty());
    match option.get_env().is_some_and(is_empty) {
        true => option.env(None::<&str>),
        false => option,
    }
}

/// Checks the variables of all options.
pub(super) fn check(command: &Command) -> Result<(), NoConfig> {
    let names = command.get_arguments().filter_map(Arg::get_env);
    names.map(OsStr::to_string_lossy).try_for_each(|name| variable(&name).map(|_| ()))
}

fn text(value: OsString) -> Result<String, &'static str> {
    let text = value.into_string().map_err(|_| "is not valid UTF-8")?;
    if text.trim_end_matches('\n').ends_with('\r') {
        return Err("ends in a carriage return. Save its file with Unix line endings");
    }
    let is_quoted =
        |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    match QUOTES.into_iter().any(is_quoted) {
        true => Err("is in quotes, which would become part of it. Remove them"),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn quotes_and_carriage_returns_around_values_are_refused() {
        for wrong in ["\"a\"", "'a'", "\"\"", "a\r", "a\r\n", "\r"] {
            assert!(text(wrong.into()).is_err(), "{wrong:?}");
        }
        for good in ["", "a", "a\"", "\"", "it's", "a b", "a\n", "'a\""] {
            assert_eq!(text(good.into()), Ok(good.to_owned()));
        }
        assert!(text(OsString::from_vec(vec![0xff, 0xfe])).is_err());
    }
}
