//! The way from everything in a session to its call.

use crate::{call::Input, platform::Local};
use leptos::prelude::*;
use std::rc::Rc;

/// Hands inputs to the call. They go nowhere before the session has started and after the page is gone.
/// Cheap to copy.
#[derive(Clone, Copy, Default)]
pub(in crate::session) struct Inputs(StoredValue<Option<Local<Handler>>>);

type Handler = Rc<dyn Fn(Input)>;

impl Inputs {
    /// Sets what takes the inputs.
    pub(super) fn connect(self, handler: impl Fn(Input) + 'static) {
        let handler: Handler = Rc::new(handler);
        self.0.set_value(Some(Local::new(handler)));
    }

    /// Hands over an input.
    pub(in crate::session) fn send(self, input: Input) {
        if let Some(handler) = self.0.try_get_value().flatten() {
            handler(input);
        }
    }
}
