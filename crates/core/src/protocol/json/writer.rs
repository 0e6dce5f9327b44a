//! The writer.

use super::ToJson;
use std::iter;

/// Appends JSON to a text, without white space.
#[derive(Debug, Default)]
pub struct Writer(String);

impl Writer {
    /// What was written.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    /// Appends a text that is JSON.
    pub fn raw(&mut self, json: &str) {
        self.0.push_str(json);
    }

    /// Appends a string.
    pub fn string(&mut self, text: &str) {
        self.raw("\"");
        let mut rest = text;
        while let Some((plain, special)) = split(rest) {
            let mut characters = special.chars();
            self.raw(plain);
            self.escape(characters.next().unwrap_or_default());
            rest = characters.as_str();
        }
        self.raw(rest);
        self.raw("\"");
    }

    fn escape(&mut self, c: char) {
        match c {
            '"' => self.raw(r#"\""#),
            '\\' => self.raw(r"\\"),
            '\u{8}' => self.raw(r"\b"),
            '\u{c}' => self.raw(r"\f"),
            '\n' => self.raw(r"\n"),
            '\r' => self.raw(r"\r"),
            '\t' => self.raw(r"\t"),
            _ => {
                let code = u32::from(c);
                let digits = [code >> 4, code & 15].map(|digit| char::from_digit(digit, 16));
                self.raw(r"\u00");
                self.0.extend(digits.into_iter().flatten());
            }
        }
    }

    /// Appends an array.
    pub fn list(&mut self, items: &mut dyn Iterator<Item = &dyn ToJson>) {
        self.raw("[");
        for (index, item) in items.enumerate() {
            self.raw(if index > 0 { "," } else { "" });
            item.write(self);
        }
        self.raw("]");
    }

    /// Appends an object.
    pub fn object(&mut self, fields: &mut dyn Iterator<Item = (&str, &dyn ToJson)>) {
        self.raw("{");
        for (index, (name, value)) in fields.enumerate() {
            self.raw(if index > 0 { "," } else { "" });
            self.string(name);
            self.raw(":");
            value.write(self);
        }
        self.raw("}");
    }

    /// Appends an object whose first field names its kind.
    pub fn tagged(&mut self, tag: &str, kind: &str, fields: &[Field]) {
        let tag: (_, &dyn ToJson) = (tag, &kind);
        self.object(&mut iter::once(tag).chain(fields.iter().filter_map(present)));
    }
}

/// Splits a text before its first character that a string has to escape.
fn split(text: &str) -> Option<(&str, &str)> {
    let is_special = |byte| matches!(byte, b'"' | b'\\' | ..b' ');
    text.split_at_checked(text.bytes().position(is_special)?)
}

/// A field of an object: its name, and its value unless it is left out.
pub type Field<'a> = (&'a str, Option<&'a dyn ToJson>);

/// An object with these fields.
pub struct Object<'a>(pub &'a [Field<'a>]);

impl ToJson for Object<'_> {
    fn write(&self, out: &mut Writer) {
        out.object(&mut self.0.iter().filter_map(present));
    }
}

fn present<'a>((name, value): &Field<'a>) -> Option<(&'a str, &'a dyn ToJson)> {
    Some((name, (*value)?))
}

/// A field.
#[must_use]
pub fn field<'a>(name: &'a str, value: &'a dyn ToJson) -> Field<'a> {
    (name, Some(value))
}

/// A field that is left out if there is no value.
#[must_use]
pub fn optional<'a>(name: &'a str, value: &'a Option<impl ToJson>) -> Field<'a> {
    (name, value.as_ref().map(|value| value as &dyn ToJson))
}

/// A field that is left out where it has its default.
#[must_use]
pub fn unless<'a, T: ToJson + PartialEq>(name: &'a str, value: &'a T, default: &T) -> Field<'a> {
    (name, (value != default).then_some(value as &dyn ToJson))
}

/// Writes a message: an object with a `type` and these fields.
#[must_use]
pub fn message(kind: &str, fields: &[Field]) -> String {
    let mut out = Writer::default();
    out.tagged("type", kind, fields);
    out.into_text()
}
