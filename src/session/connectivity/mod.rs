//! What is known of the ways to the server and to others.

mod barrier;
mod probing;

pub use barrier::{Barrier, Barriers};
use leptos::prelude::*;
pub use probing::Probing;

/// The ways to the server and to others. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Connectivity {
    /// Whether this browser connects to others at all, as far as is known.
    pub connects: RwSignal<bool>,
    /// What lies between this page and the server's socket.
    pub barriers: Barriers,
    /// Whether the statistics are on the screen, and are read each second.
    pub measuring: RwSignal<bool>,
}

impl Connectivity {
    pub(super) fn new(connects: RwSignal<bool>) -> Self {
        Self { connects, barriers: Barriers::default(), measuring: RwSignal::new(false) }
    }
}
