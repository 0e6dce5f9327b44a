//! Where everybody stands on the stage, and who is large there. Pure: no browser, clock or signal in
//! here. A recording is laid out by the same rules as the page.

mod active_speaker;
mod fit;
mod grid;
mod self_view;
mod tiles;

pub use active_speaker::ActiveSpeaker;
pub use fit::Fit;
pub use self_view::SelfViewPosition;
pub use tiles::{Item, Layout, Spotlight, TileRect, arrange, spotlighted};
