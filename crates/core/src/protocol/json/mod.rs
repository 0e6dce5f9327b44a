//! JSON (RFC 8259) as the browser reads and writes it.
//!
//! Serde generates a parser for each type, which is fast and large; the server uses it. Here one parser
//! turns a text into a [`Json`], from which each type picks its fields. The format is the same:
//! `object!` and `word!` next to a type say what its attributes say to serde, and tests and the fuzzer
//! compare both.

mod macros;
mod number;
mod parser;
#[cfg(test)]
pub(crate) mod tests;
mod values;
mod writer;

use std::borrow::Cow;

pub use crate::object;
pub(crate) use macros::{string, word};
pub use writer::{Field, Object, Writer, field, message, optional, unless};

/// A parsed value, which borrows from its text.
#[derive(Debug)]
pub enum Json<'a> {
    /// A field that an object does not have.
    Missing,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written, so that no digit is lost.
    Number(&'a str),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Self>),
    /// An object, in its order. Names may be repeated.
    Object(Vec<(Cow<'a, str>, Self)>),
}

/// A type that is read from JSON.
pub trait FromJson: Sized {
    /// The value; `None` if the JSON has another shape.
    fn from_json(json: &Json) -> Option<Self>;
}

/// A type that is written as JSON.
pub trait ToJson {
    /// Appends the value.
    fn write(&self, out: &mut Writer);
}

/// Reads a value from a text.
#[must_use]
pub fn from_str<T: FromJson>(text: &str) -> Option<T> {
    T::from_json(&Json::parse(text)?)
}

/// Writes a value without white space.
#[must_use]
pub fn to_string(value: &dyn ToJson) -> String {
    let mut out = Writer::default();
    value.write(&mut out);
    out.into_text()
}

impl<'a> Json<'a> {
    /// The field of an object: [`Json::Missing`] if there is none, `None` if it is repeated or this is
    /// not an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        let mut found = fields.iter().filter(|(other, _)| other == name);
        let value = found.next().map_or(&Self::Missing, |(_, value)| value);
        found.next().is_none().then_some(value)
    }

    /// Reads the field of an object. A missing one counts as `null`.
    #[must_use]
    pub fn field<T: FromJson>(&self, name: &str) -> Option<T> {
        T::from_json(self.get(name)?)
    }

    /// Reads the field of an object, which has a default if it is missing.
    #[must_use]
    pub fn field_or<T: FromJson>(&self, name: &str, default: T) -> Option<T> {
        match self.get(name)? {
            Self::Missing => Some(default),
            json => T::from_json(json),
        }
    }

    /// The name and value of an enum's variant: `"name"`, whose value is `null`, or `{"name":value}`.
    #[must_use]
    pub fn variant(&self) -> Option<(&str, &Self)> {
        match self {
            Self::Text(name) => Some((name, &Self::Null)),
            Self::Object(fields) => match fields.as_slice() {
                [(name, value)] => Some((name, value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
