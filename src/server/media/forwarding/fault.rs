//! Faults of this program that strangers could cause.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls a function; `None` if it panics. What it was about to change must not be used any more.
pub(super) fn without_panic<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_only_what_it_is_in() {
        assert_eq!(without_panic(|| 7), Some(7));
        assert_eq!(without_panic(|| -> u8 { panic!("a test") }), None);
    }
}
