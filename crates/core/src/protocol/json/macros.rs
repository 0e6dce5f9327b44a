//! How types are declared, next to their attributes for serde.

/// Reads and writes a struct as an object, whose fields have the same names.
///
/// ```ignore
/// object!(Invitation {
///     token,                     // has to be there, and is always written
///     once = false,              // the default of a missing field; always written
///     ;
///     ttl = None,                // left out where it has its default
///     used_by as "usedBy" = None // under another name
/// });
/// ```
///
/// `object!(ChatSync: "sync" { … })` writes `"type":"sync"` as well.
#[macro_export]
macro_rules! object {
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident as $name:literal) => { $name };
    (@read $json:ident $name:expr) => { $json.field($name)? };
    (@read $json:ident $name:expr, $default:expr) => { $json.field_or($name, $default)? };
    (
        $type:ident $(: $kind:literal)? {
            $($field:ident $(as $name:literal)? $(= $default:expr)?),* $(,)?
            $(; $($spare:ident $(as $spare_name:literal)? = $spare_default:expr),* $(,)?)?
        }
    ) => {
        impl $crate::protocol::json::FromJson for $type {
            fn from_json(json: &$crate::protocol::json::Json) -> Option<Self> {
                Some(Self {
                    $($field: $crate::object!(
                        @read json $crate::object!(@name $field $(as $name)?) $(, $default)?
                    ),)*
                    $($($spare: $crate::object!(
                        @read json $crate::object!(@name $spare $(as $spare_name)?), $spare_default
                    ),)*)?
                })
            }
        }

        impl $crate::protocol::json::ToJson for $type {
            fn write(&self, out: &mut $crate::protocol::json::Writer) {
                use $crate::protocol::json;
                json::Object(&[
                    $(json::field("type", &$kind),)?
                    $(json::field($crate::object!(@name $field $(as $name)?), &self.$field),)*
                    $($(json::unless(
                        $crate::object!(@name $spare $(as $spare_name)?), &self.$spare, &$spare_default
                    ),)*)?
                ])
                .write(out);
            }
        }
    };
}

/// Reads and writes an enum without values as a word. `else` names the variant of unknown words.
macro_rules! word {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? } $(else $other:ident)?) => {
        impl $type {
            /// All variants.
            #[cfg(test)]
            pub(crate) const VARIANTS: &[Self] = &[$(Self::$variant),+];

            /// The word in JSON.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The variant of a word, if it is known.
            #[must_use]
            pub fn of_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None $(.or(Some(Self::$other)))?,
                }
            }
        }

        impl $crate::protocol::json::FromJson for $type {
            fn from_json(json: &$crate::protocol::json::Json) -> Option<Self> {
                Self::of_word(json.text()?)
            }
        }

        impl $crate::protocol::json::ToJson for $type {
            fn write(&self, out: &mut $crate::protocol::json::Writer) {
                out.string(self.word());
            }
        }
    };
}

/// Reads and writes a type with `as_str` as a string; the closure reads it.
macro_rules! string {
    ($type:ident, $read:expr) => {
        impl $crate::protocol::json::FromJson for $type {
            fn from_json(json: &$crate::protocol::json::Json) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                read(json.text()?)
            }
        }

        impl $crate::protocol::json::ToJson for $type {
            fn write(&self, out: &mut $crate::protocol::json::Writer) {
                out.string(self.as_str());
            }
        }
    };
}

pub(crate) use {string, word};
