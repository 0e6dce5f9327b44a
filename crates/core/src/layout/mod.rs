//! The arrangement of tiles on the stage. Pure: no browser, clock or signals. Recordings use the
//! same layout as the page.

mod active_speaker;
mod fit;
mod grid;
mod pages;
mod self_view;
mod tiles;

pub use active_speaker::ActiveSpeaker;
pub use fit::Fit;
pub use pages::{StagePage, capacity, stage_page};
pub use self_view::SelfViewPosition;
pub use tiles::{Item, Layout, Spotlight, TileRect, arrange, spotlighted};
