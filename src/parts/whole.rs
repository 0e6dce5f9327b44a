//! The app in one piece: the functions of `split.rs` without fetching.

/// As in `split.rs`, but it does not occur.
#[derive(Clone, Copy, Debug)]
pub struct NotLoaded;

/// As in `split.rs`, but they never fail.
macro_rules! part {
    ($part:ident, fetched by $fetch:ident; $(
        $(#[$attribute:meta])*
        fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty => $value:expr;
    )*) => {
        async fn $fetch() -> Result<(), $crate::parts::NotLoaded> {
            Ok(())
        }
        $(
            $(#[$attribute])*
            async fn $name($($arg: $type),*) -> Result<$result, $crate::parts::NotLoaded> {
                Ok($value)
            }
        )*
    };
}
