//! Text as people see it: grapheme clusters, and the invisible characters that belong to them.

/// Splits a text into extended grapheme clusters (UAX #29). It is a parameter because its tables are
/// large: browsers have them, and the server links them.
pub type Split = fn(&str) -> Vec<String>;

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';

/// Maximum number of combining marks between a joiner and its base letter.
const MARKS: usize = 8;

/// The characters of a text. A cluster that ends in a joiner continues with the next one, as in Sinhala
/// conjuncts, which UAX #29 splits.
pub(super) fn characters(text: &str, split: Split) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    for part in split(text) {
        match whole.last_mut().filter(|last| last.ends_with(JOINER)) {
            Some(last) => last.push_str(&part),
            None => whole.push(part),
        }
    }
    whole
}

/// Removes control characters, and invisible ones that could reorder or disguise the text around
/// them. Joiners stay where they change the spelling.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::new();
    let mut joiner = None;
    for c in text.chars() {
        if matches!(c, NON_JOINER | JOINER) {
            joiner.get_or_insert(c);
        } else if !c.is_control() && !is_deceptive(c) {
            clean.extend(joiner.take().filter(|joiner| joins(&clean, *joiner, Some(c))));
            clean.push(c);
        }
    }
    clean.extend(joiner.filter(|joiner| joins(&clean, *joiner, None)));
    clean
}

/// Invisible characters: zero-width ones, fillers, directional marks, embeddings, overrides and
/// isolates (Unicode UAX #9), tags and the BOM. Variation selectors 15 and 16 (emoji presentation) are
/// allowed.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a joiner between these changes the spelling: between parts of an emoji (UTS #51, section
/// 2.2), between Arabic letters that would be connected, and next to a virama (UAX #31, section 2.3) in
/// the scripts that UAX #31 recommends for identifiers. For the Bengali and Kannada joiner before a
/// virama see the Unicode Standard, sections 12.2 and 12.8.
fn joins(before: &str, joiner: char, after: Option<char>) -> bool {
    let follows = |is: fn(char) -> bool| after.is_some_and(is);
    let mut back = before.chars().rev();
    let last = back.next().unwrap_or_default();
    let base = |is_mark: fn(char) -> bool| before.chars().rev().take(MARKS).find(|c| !is_mark(*c));
    match joiner {
        _ if is_virama(last) => {
            let ends = joiner == JOINER && after.is_none();
            let goes_on = follows(is_indic) && !follows(is_indic_vowel_sign);
            back.next().is_some_and(is_indic) && (ends || goes_on)
        }
        JOINER if is_indic(last) => follows(is_virama),
        JOINER => base(is_emoji_modifier).is_some_and(is_pictograph) && follows(is_pictograph),
        _ => base(is_arabic_mark).is_some_and(joins_next) && follows(is_connected),
    }
}

fn is_emoji_modifier(c: char) -> bool {
    matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// The blocks of characters that are joined to an emoji.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// The blocks from Devanagari to Sinhala. All but Sinhala have the same layout, that of ISCII.
fn is_indic(c: char) -> bool {
    matches!(c, '\u{0900}'..='\u{0dff}')
}

/// The sign that removes a consonant's vowel and connects it to the next consonant.
fn is_virama(c: char) -> bool {
    match c {
        '\u{0900}'..='\u{0d7f}' => u32::from(c) % 0x80 == 0x4d,
        _ => c == '\u{0dca}',
    }
}

/// A vowel sign, attached to a consonant.
fn is_indic_vowel_sign(c: char) -> bool {
    match c {
        '\u{0900}'..='\u{0d7f}' => matches!(u32::from(c) % 0x80, 0x3e..=0x4c),
        _ => matches!(c, '\u{0dcf}'..='\u{0ddf}'),
    }
}

/// Joining type T of the Arabic script.
fn is_arabic_mark(c: char) -> bool {
    matches!(c, '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}' | '\u{0670}'
        | '\u{06d6}'..='\u{06dc}' | '\u{06df}'..='\u{06e4}' | '\u{06e7}'..='\u{06e8}'
        | '\u{06ea}'..='\u{06ed}' | '\u{08d3}'..='\u{08e1}' | '\u{08e3}'..='\u{08ff}')
}

/// Joining types D and R of the Arabic script: a letter that connects to the previous one.
fn is_connected(c: char) -> bool {
    matches!(c, '\u{0620}' | '\u{0622}'..='\u{063f}' | '\u{0641}'..='\u{064a}'
        | '\u{066e}'..='\u{066f}' | '\u{0671}'..='\u{0673}' | '\u{0675}'..='\u{06d3}' | '\u{06d5}'
        | '\u{06ee}'..='\u{06ef}' | '\u{06fa}'..='\u{06fc}' | '\u{06ff}' | '\u{0750}'..='\u{077f}'
        | '\u{08a0}'..='\u{08ac}' | '\u{08ae}'..='\u{08c7}')
}

/// Joining type D of the Arabic script: a letter that also connects to the next one.
fn joins_next(c: char) -> bool {
    let is_last = matches!(c, '\u{0622}'..='\u{0625}' | '\u{0627}' | '\u{0629}'
        | '\u{062f}'..='\u{0632}' | '\u{0648}' | '\u{0671}'..='\u{0673}' | '\u{0675}'..='\u{0677}'
        | '\u{0688}'..='\u{0699}' | '\u{06c0}' | '\u{06c3}'..='\u{06cb}' | '\u{06cd}' | '\u{06cf}'
        | '\u{06d2}'..='\u{06d3}' | '\u{06d5}' | '\u{06ee}'..='\u{06ef}'
        | '\u{0759}'..='\u{075b}' | '\u{076b}'..='\u{076c}' | '\u{0771}' | '\u{0773}'..='\u{0774}'
        | '\u{0778}'..='\u{0779}' | '\u{08aa}'..='\u{08ac}' | '\u{08ae}' | '\u{08b1}'..='\u{08b2}'
        | '\u{08b9}');
    is_connected(c) && !is_last
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    pub(in crate::protocol) fn split(text: &str) -> Vec<String> {
        text.graphemes(true).map(str::to_owned).collect()
    }

    #[test]
    fn joiners_stay_where_they_change_the_spelling() {
        for text in [
            "نمی\u{200c}خواهم",                 // Persian
            "مُ\u{200c}ن",                       // a mark between
            "ക്\u{200c}ഷ",                       // Malayalam
            "അവന്\u{200d}",                      // an older Malayalam chillu
            "ශ්\u{200d}රී",                       // Sinhala
            "र्\u{200d}य",                       // Marathi
            "র\u{200d}্যাব",                      // Bengali
            "👨\u{200d}👩\u{200d}👧\u{200d}👦", // a family
            "👩🏽\u{200d}🚀",                     // with a skin tone
            "❤\u{fe0f}\u{200d}🔥",              // with a variation selector
            "🏳\u{fe0f}\u{200d}🌈",              // a flag
        ] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn t22_invisible_joiners_are_removed() {
        for (text, cleaned) in [
            ("A\u{200d}da", "Ada"),
            ("Ad\u{200c}a", "Ada"),
            ("\u{200d}Ada\u{200c}", "Ada"),
            ("👩\u{200d}", "👩"),
            ("👩\u{200d}\u{200d}🚀", "👩\u{200d}🚀"),
            ("\u{200d}🚀", "🚀"),
            ("1\u{200d}🚀", "1🚀"),
            ("ن\u{200d}م", "نم"),
            ("آ\u{200c}ب", "آب"), // nothing would connect these
            ("نم\u{200c}", "نم"),
            ("نم\u{200c}\u{200c}نم", "نم\u{200c}نم"),
            ("ക\u{200d}ഷ", "കഷ"), // no virama
            ("\u{0d4d}\u{200d}", "\u{0d4d}"),
            ("ക്\u{200d}ി", "ക്ി"), // a vowel sign
            ("ക്\u{200c}", "ക്"),
            ("ക്\u{200d}a", "ക്a"),
        ] {
            assert_eq!(clean(text), cleaned);
        }
    }

    #[test]
    fn a_cluster_that_ends_in_a_joiner_continues() {
        assert_eq!(characters("ශ්\u{200d}රී", split), ["ශ්\u{200d}රී"]);
        assert_eq!(characters("a\u{301}b", split), ["a\u{301}", "b"]);
    }

    proptest! {
        #[test]
        fn t22_cleaning_is_idempotent(text in "[a😀👩\u{200d}\u{200c}\u{fe0f}കക്നاي\u{202e}\u{301} ]{0,12}") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }
    }
}
