//! Names of rooms as people write and paste them.

use super::{NoRoom, SENTENCE, WRAPPING};
use crate::protocol::{NameError, RoomName, limits::ROOM_NAME_BYTES};

/// Removes invisible characters that some programs add when copying, and converts the full-width forms
/// of Chinese and Japanese keyboards.
pub(super) fn visible(text: &str) -> String {
    let is_invisible = |c: char| {
        matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            || c.is_control() && !c.is_whitespace()
    };
    text.chars().filter(|c| !is_invisible(*c)).map(narrow).collect()
}

/// The ASCII form of a full-width character; their code points have a fixed distance.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Whether a character occurs in neither names nor secrets.
pub(super) fn is_foreign(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')
}

/// Whether a character surrounds names, but does not occur in them.
pub(super) fn is_around(c: char) -> bool {
    c.is_whitespace() || c == '/' || WRAPPING.contains(&c) || SENTENCE.contains(&c)
}

/// Reads a room name.
pub(super) fn name_in(text: &str) -> Result<RoomName, NoRoom> {
    let folded = hyphenated(&folded(text.trim_matches(is_around)));
    folded.parse().map_err(|error| match error {
        NameError::Empty => NoRoom::Empty,
        NameError::TooLong => NoRoom::TooLong,
        NameError::Character => NoRoom::Name { offer: cleaned(&folded) },
    })
}

/// Joins words with single hyphens.
fn hyphenated(text: &str) -> String {
    match text.contains(char::is_whitespace) {
        true => joined(text.split_whitespace().map(|word| word.trim_matches('-'))),
        false => text.to_owned(),
    }
}

/// The name that is left without invalid characters.
fn cleaned(text: &str) -> Option<RoomName> {
    let name = joined(text.split(is_foreign).map(|part| part.trim_matches('-')));
    let short: String = name.chars().take(ROOM_NAME_BYTES).collect();
    short.parse().ok()
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// Converts letters to the `a` to `z` by which they are commonly replaced.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        match plain(letter) {
            Some(letters) => folded.push_str(letters),
            // Some systems write combining marks: U+0308 makes an umlaut.
            None if letter == '\u{308}' && folded.ends_with(['a', 'o', 'u']) => folded.push('e'),
            None if matches!(letter, '\u{300}'..='\u{36f}') => {}
            None => folded.push(letter.to_ascii_lowercase()),
        }
    }
    folded
}

/// Includes capitals: the tables for case conversion are too large to be loaded for this.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
        'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => "oe",
        'ü' | 'Ü' => "ue",
        'ß' | 'ẞ' => "ss",
        'þ' | 'Þ' => "th",
        'à' | 'À' | 'á' | 'Á' | 'â' | 'Â' | 'ã' | 'Ã' | 'å' | 'Å' | 'ā' | 'Ā' | 'ă' | 'Ă' | 'ą'
        | 'Ą' => "a",
        'ç' | 'Ç' | 'ć' | 'Ć' | 'ĉ' | 'Ĉ' | 'ċ' | 'Ċ' | 'č' | 'Č' => "c",
        'ð' | 'Ð' | 'ď' | 'Ď' | 'đ' | 'Đ' => "d",
        'è' | 'È' | 'é' | 'É' | 'ê' | 'Ê' | 'ë' | 'Ë' | 'ē' | 'Ē' | 'ė' | 'Ė' | 'ę' | 'Ę' | 'ě'
        | 'Ě' => "e",
        'ĝ' | 'Ĝ' | 'ğ' | 'Ğ' | 'ġ' | 'Ġ' | 'ģ' | 'Ģ' => "g",
        'ì' | 'Ì' | 'í' | 'Í' | 'î' | 'Î' | 'ï' | 'Ï' | 'ī' | 'Ī' | 'į' | 'Į' | 'ı' | 'İ' => {
            "i"
        }
        'ķ' | 'Ķ' => "k",
        'ĺ' | 'Ĺ' | 'ļ' | 'Ļ' | 'ľ' | 'Ľ' | 'ł' | 'Ł' => "l",
        'ñ' | 'Ñ' | 'ń' | 'Ń' | 'ņ' | 'Ņ' | 'ň' | 'Ň' => "n",
        'ò' | 'Ò' | 'ó' | 'Ó' | 'ô' | 'Ô' | 'õ' | 'Õ' | 'ō' | 'Ō' | 'ő' | 'Ő' => "o",
        'ŕ' | 'Ŕ' | 'ř' | 'Ř' => "r",
        'ś' | 'Ś' | 'ŝ' | 'Ŝ' | 'ş' | 'Ş' | 'š' | 'Š' | 'ș' | 'Ș' => "s",
        'ţ' | 'Ţ' | 'ť' | 'Ť' | 'ț' | 'Ț' => "t",
        'ù' | 'Ù' | 'ú' | 'Ú' | 'û' | 'Û' | 'ū' | 'Ū' | 'ů' | 'Ů' | 'ű' | 'Ű' | 'ų' | 'Ų' => {
            "u"
        }
        'ý' | 'Ý' | 'ÿ' | 'Ÿ' => "y",
        'ź' | 'Ź' | 'ż' | 'Ż' | 'ž' | 'Ž' => "z",
        _ => return None,
    })
}
