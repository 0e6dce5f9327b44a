//! The parser.

use super::{Json, number};
use std::borrow::Cow;

/// Maximum depth of nested arrays and objects, which bounds the stack. Messages have four levels.
const DEPTH: usize = 32;

impl<'a> Json<'a> {
    /// Parses a text; `None` if it is not JSON, or nested too deeply.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parser = Parser { rest: text, depth: DEPTH };
        let json = parser.value()?;
        parser.skip_space();
        parser.rest.is_empty().then_some(json)
    }
}

struct Parser<'a> {
    /// What has not been parsed yet.
    rest: &'a str,
    /// The number of further levels.
    depth: usize,
}

impl<'a> Parser<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Skips white space and then this text, if it follows.
    fn skips(&mut self, text: &str) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes a number of bytes, which has to end between characters.
    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn value(&mut self) -> Option<Json<'a>> {
        if self.skips("{") {
            self.items("}", Self::member).map(Json::Object)
        } else if self.skips("[") {
            self.items("]", Self::value).map(Json::List)
        } else if self.skips("\"") {
            self.string().map(Json::Text)
        } else if self.skips("null") {
            Some(Json::Null)
        } else if self.skips("true") {
            Some(Json::Bool(true))
        } else if self.skips("false") {
            Some(Json::Bool(false))
        } else {
            self.number().map(Json::Number)
        }
    }

    /// The items of an array or object up to its end, separated by commas.
    fn items<T>(&mut self, end: &str, item: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.depth = self.depth.checked_sub(1)?;
        let mut items = Vec::new();
        if !self.skips(end) {
            loop {
                items.push(item(self)?);
                if !self.skips(",") {
                    break;
                }
            }
            self.skips(end).then_some(())?;
        }
        self.depth += 1;
        Some(items)
    }

    fn member(&mut self) -> Option<(Cow<'a, str>, Json<'a>)> {
        let name = if self.skips("\"") { self.string()? } else { return None };
        if self.skips(":") { Some((name, self.value()?)) } else { None }
    }

    /// A string after its opening quotation mark.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let mut text = Cow::Borrowed("");
        loop {
            let is_special = |byte| matches!(byte, b'"' | b'\\' | ..b' ');
            // Appending to an empty one borrows.
            text += self.take(self.rest.bytes().position(is_special)?)?;
            match self.take(1)? {
                "\"" => return Some(text),
                "\\" => text.to_mut().push(self.escaped()?),
                _ => return None,
            }
        }
    }

    /// A character after its backslash.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.take(1)? {
            "\"" => '"',
            "\\" => '\\',
            "/" => '/',
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => return self.code_point(),
            _ => return None,
        })
    }

    /// A code point in UTF-16, as one code unit or a pair of surrogates.
    fn code_point(&mut self) -> Option<char> {
        let unit = self.code_unit()?;
        if !matches!(unit, 0xd800..0xdc00) {
            return char::from_u32(unit);
        }
        self.rest = self.rest.strip_prefix("\\u")?;
        let low = self.code_unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + low)
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.take(4)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
    }

    fn number(&mut self) -> Option<&'a str> {
        let is_outside = |byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = self.rest.bytes().position(is_outside).unwrap_or(self.rest.len());
        self.take(length).filter(|number| number::is_number(number))
    }
}
