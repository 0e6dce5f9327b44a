//! What the server writes into a page so that the browser can take it over as it stands.

use super::{RoomName, RoomState};
use serde::{Deserialize, Serialize};

/// One page of the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Page {
    /// The start page.
    Home {
        /// Whether what was typed there was no room.
        bad_name: bool,
    },
    /// A room.
    Room {
        /// Which.
        name: RoomName,
        /// Who was inside when the page was made.
        state: RoomState,
    },
    /// An address that leads nowhere.
    #[default]
    NotFound,
}

/// The page and where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Scheme, host and port under which the page was asked for, such as `http://localhost:3000`.
    pub origin: String,
    /// What was asked for.
    pub page: Page,
    /// Whether the server offers a relay, through which people can hide their addresses.
    pub has_relay: bool,
}
