//! The app in one piece: the functions of `split.rs` without fetching.

/// As in `split.rs`, but they never fail.
macro_rules! part {
    ($part:ident, fetched by $fetch:ident; $(fn $name:ident($($arg:ident: $type:ty),*) => $view:expr;)*) => {
        async fn $fetch() -> Result<(), std::convert::Infallible> {
            Ok(())
        }
        $(
            async fn $name(
                $($arg: $type),*
            ) -> Result<leptos::prelude::AnyView, std::convert::Infallible> {
                Ok(leptos::prelude::IntoAny::into_any($view))
            }
        )*
    };
}
