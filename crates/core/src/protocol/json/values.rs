//! The types of std.

use super::{FromJson, Json, Object, ToJson, Writer, field};
use std::time::Duration;

impl FromJson for bool {
    fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }
}

impl ToJson for bool {
    fn write(&self, out: &mut Writer) {
        out.raw(if *self { "true" } else { "false" });
    }
}

impl FromJson for String {
    fn from_json(json: &Json) -> Option<Self> {
        json.text().map(str::to_owned)
    }
}

impl ToJson for String {
    fn write(&self, out: &mut Writer) {
        out.string(self);
    }
}

impl ToJson for str {
    fn write(&self, out: &mut Writer) {
        out.string(self);
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn write(&self, out: &mut Writer) {
        (**self).write(out);
    }
}

/// `null` is `None`.
impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::Missing | Json::Null => Some(None),
            _ => T::from_json(json).map(Some),
        }
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn write(&self, out: &mut Writer) {
        match self {
            Some(value) => value.write(out),
            None => out.raw("null"),
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Json) -> Option<Self> {
        let Json::List(items) = json else { return None };
        // Smaller than `collect`, which the browser would download for each type.
        let mut list = Self::with_capacity(items.len());
        for item in items {
            list.push(T::from_json(item)?);
        }
        Some(list)
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn write(&self, out: &mut Writer) {
        self.as_slice().write(out);
    }
}

impl<T: ToJson> ToJson for [T] {
    fn write(&self, out: &mut Writer) {
        out.list(&mut self.iter().map(|item| item as &dyn ToJson));
    }
}

/// A pair is a list of two.
impl<A: FromJson, B: FromJson> FromJson for (A, B) {
    fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::List(items) => match items.as_slice() {
                [a, b] => Some((A::from_json(a)?, B::from_json(b)?)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl<A: ToJson, B: ToJson> ToJson for (A, B) {
    fn write(&self, out: &mut Writer) {
        out.list(&mut [&self.0 as &dyn ToJson, &self.1].into_iter());
    }
}

impl FromJson for Duration {
    fn from_json(json: &Json) -> Option<Self> {
        let nanos = Self::from_nanos(json.field::<u32>("nanos")?.into());
        Self::from_secs(json.field("secs")?).checked_add(nanos)
    }
}

impl ToJson for Duration {
    fn write(&self, out: &mut Writer) {
        let (secs, nanos) = (self.as_secs(), self.subsec_nanos());
        Object(&[field("secs", &secs), field("nanos", &nanos)]).write(out);
    }
}
