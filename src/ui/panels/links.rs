//! Finds links in a message.

/// A piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Plain text.
    Text(&'a str),
    /// A link: starts with `http://` or `https://`.
    Link(&'a str),
}

/// Splits the text into pieces. Trailing punctuation is not part of a link.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = next_link(rest) {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
            .unwrap_or(from.len());
        let (link, after) = from.split_at(trimmed(from.split_at(end).0));
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Link(link));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Start of the next link, which must not begin inside a word and must continue after its scheme.
fn next_link(text: &str) -> Option<usize> {
    let schemes = ["https://", "http://"];
    let found = schemes.iter().flat_map(|scheme| {
        text.match_indices(scheme).filter(|(start, _)| {
            let (before, from) = text.split_at(*start);
            let free = !before.chars().next_back().is_some_and(char::is_alphanumeric);
            let host = from.get(scheme.len()..).and_then(|rest| rest.chars().next());
            free && host.is_some_and(|c| c.is_alphanumeric() || c == '[')
        })
    });
    found.map(|(start, _)| start).min()
}

/// Length of a link without trailing punctuation. A closing bracket is kept if its opening one is
/// in the link.
fn trimmed(link: &str) -> usize {
    let unopened = |open, close| {
        link.matches::<char>(close).count().saturating_sub(link.matches::<char>(open).count())
    };
    let (mut round, mut square) = (unopened('(', ')'), unopened('[', ']'));
    let kept = link.trim_end_matches(|last| match last {
        ')' if round > 0 => {
            round -= 1;
            true
        }
        ']' if square > 0 => {
            square -= 1;
            true
        }
        last => matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_'),
    });
    kept.len()
}

#[cfg(test)]
mod tests {
    use super::{Piece::*, *};

    #[test]
    fn links_are_found_without_trailing_punctuation() {
        assert_eq!(pieces("nothing here"), [Text("nothing here")]);
        assert_eq!(
            pieces("See https://example.org/a?b=c#d, or (http://example.org/x_(y))."),
            [
                Text("See "),
                Link("https://example.org/a?b=c#d"),
                Text(", or ("),
                Link("http://example.org/x_(y)"),
                Text(")."),
            ]
        );
        assert_eq!(
            pieces("https://[::1]:3000/\nnext"),
            [Link("https://[::1]:3000/"), Text("\nnext")]
        );
    }

    #[test]
    fn t22_nothing_else_becomes_a_link() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "xhttp://a.b",
            "https://",
            "http:// a",
            "HTTP",
        ] {
            assert_eq!(pieces(text), [Text(text)], "{text}");
        }
        assert_eq!(
            pieces(r#"https://a.b/"onclick="x"#),
            [Link("https://a.b/"), Text(r#""onclick="x"#)]
        );
    }
}
