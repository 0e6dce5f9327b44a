//! The app in parts: the build splits it at these functions, and a part is fetched when one of them
//! is first called.

/// Room for the constants of the parts. The build sorts them by part within the space of all, and aligns the beginning
/// of each part: where that does not fit, it leaves all constants in the first load (90 KB). Nothing refers to these
/// bytes, so that they are in no part and their space is free.
#[used]
static ROOM: [u8; 256] = [1; 256];

/// The part could not be fetched, this time.
#[derive(Clone, Copy, Debug)]
pub struct NotLoaded;

impl From<wasm_split_helpers::SplitLoaderError> for NotLoaded {
    fn from(_: wasm_split_helpers::SplitLoaderError) -> Self {
        Self
    }
}

/// Functions of a part, and one that prefetches it. They are asynchronous, and fail if the part
/// cannot be fetched.
macro_rules! part {
    ($part:ident, fetched by $fetch:ident; $(
        $(#[$attribute:meta])*
        fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty => $value:expr;
    )*) => {
        #[wasm_split_helpers::wasm_split($part, fallible, preload($fetch))]
        fn nothing() -> Result<(), $crate::parts::NotLoaded> {
            Ok(())
        }
        $(
            $(#[$attribute])*
            #[wasm_split_helpers::wasm_split($part, fallible)]
            fn $name($($arg: $type),*) -> Result<$result, $crate::parts::NotLoaded> {
                Ok($value)
            }
        )*
    };
}
