//! Integers in JSON: `0`, `0.0` and `0e0` are equal (RFC 8259, section 6), and clients in languages
//! with a single number type may write any of them.

use serde::{
    Deserializer,
    de::{Error, Unexpected, Visitor},
};
use std::{fmt, marker::PhantomData};

/// Up to here (2 to the 53rd), every integer has its own `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Deserialises an integer that may be null.
pub(in crate::protocol) fn whole<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    deserializer.deserialize_any(Whole(PhantomData))
}

/// Deserialises a required integer.
pub(in crate::protocol) fn needed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    whole(deserializer)?.ok_or_else(|| Error::invalid_type(Unexpected::Unit, &EXPECTED))
}

const EXPECTED: &str = "a whole number in range";

struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<u64>> Visitor<'_> for Whole<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        let fits =
            T::try_from(value).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self));
        fits.map(Some)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        match value.fract() == 0.0 && (0.0..=EXACT).contains(&value) {
            true => self.visit_u64(value as u64),
            false => Err(E::invalid_value(Unexpected::Float(value), &self)),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
