//! Whole numbers: `0`, `0.0` and `0e0` are equal (RFC 8259, section 6), and clients in languages with
//! a single number type may write any of them. Floating-point numbers occur in no message.

use super::{FromJson, Json, ToJson, Writer};

/// Up to here (2 to the 53rd), every integer is exact in languages with a single number type.
const EXACT: u64 = 1 << 53;

/// The parts of a number.
struct Parts<'a> {
    is_negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: &'a str,
}

impl<'a> Parts<'a> {
    fn of(number: &'a str) -> Self {
        let unsigned = number.strip_prefix('-');
        let is_negative = unsigned.is_some();
        let unsigned = unsigned.unwrap_or(number);
        let (decimal, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, "0"));
        Self { is_negative, whole, fraction, exponent }
    }
}

/// Whether a text is a number in JSON.
pub(super) fn is_number(text: &str) -> bool {
    let Parts { whole, fraction, exponent, .. } = Parts::of(text);
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
    [whole, fraction, exponent].into_iter().all(is_digits) && !has_leading_zero
}

/// The value of a number, if it is a whole one. With a fraction or an exponent it is at most
/// [`EXACT`].
fn whole(number: &str) -> Option<u64> {
    if let Ok(value) = number.parse() {
        return Some(value);
    }
    let Parts { is_negative, whole, fraction, exponent } = Parts::of(number);
    let digits = [whole, fraction].concat();
    let significant = digits.trim_end_matches('0');
    let is_zero = significant.is_empty();
    // The power of ten after the significant digits.
    let (all, before) = (i64::try_from(whole.len()).ok()?, i64::try_from(significant.len()).ok()?);
    let power = if is_zero { 0 } else { all - before + i64::from(exponent.parse::<i32>().ok()?) };
    let scale = 10_u64.checked_pow(u32::try_from(power).ok()?)?;
    let value = if is_zero { 0 } else { significant.parse::<u64>().ok()?.checked_mul(scale)? };
    Some(value).filter(|value| *value <= EXACT && (is_zero || !is_negative))
}

macro_rules! integers {
    ($($type:ident)+) => {$(
        impl FromJson for $type {
            fn from_json(json: &Json) -> Option<Self> {
                let Json::Number(number) = json else { return None };
                whole(number)?.try_into().ok()
            }
        }

        impl ToJson for $type {
            fn write(&self, out: &mut Writer) {
                out.raw(&self.to_string());
            }
        }
    )+};
}

integers!(u8 u16 u32 u64 usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_have_a_fraction_or_an_exponent() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("0e-7", 0),
            ("7.0", 7),
            ("70e-1", 7),
            ("0.07E+2", 7),
            ("1.5e1", 15),
            ("1200", 1200),
            ("1.234e+15", 1_234_000_000_000_000),
            ("9007199254740992.0", EXACT),
            ("18446744073709551615", u64::MAX),
        ] {
            assert!(is_number(text), "{text}");
            assert_eq!(whole(text), Some(value), "{text}");
        }
        for text in ["0.5", "-1", "-7.0", "9007199254740993.0", "18446744073709551616", "1e30"] {
            assert!(is_number(text), "{text}");
            assert_eq!(whole(text), None, "{text}");
        }
        for text in ["1e400", "1e-400", "1e99999999999"] {
            assert!(is_number(text), "{text}");
            assert_eq!(whole(text), None, "{text}");
        }
        for text in ["", "-", "01", "+1", "1.", ".5", "1e", "1e+", "1.2.3", "1e2e3", "--1", "1-"] {
            assert!(!is_number(text), "{text}");
        }
        assert_eq!(u16::from_json(&Json::Number("65536.0")), None);
    }
}
