//! The app in parts: the build splits it at these functions, and a part is fetched when one of them
//! is first called.

/// Functions that return a view, and one that prefetches their part. They fail if the part cannot
/// be fetched.
macro_rules! part {
    ($part:ident, fetched by $fetch:ident; $(fn $name:ident($($arg:ident: $type:ty),*) => $view:expr;)*) => {
        #[wasm_split_helpers::wasm_split($part, fallible, preload($fetch))]
        fn nothing() -> Result<(), wasm_split_helpers::SplitLoaderError> {
            Ok(())
        }
        $(
            #[wasm_split_helpers::wasm_split($part, fallible)]
            fn $name(
                $($arg: $type),*
            ) -> Result<leptos::prelude::AnyView, wasm_split_helpers::SplitLoaderError> {
                Ok(leptos::prelude::IntoAny::into_any($view))
            }
        )*
    };
}
