//! The data that the server writes into a page for hydration.

use super::{NoRoom, RoomName, RoomState, is_relay};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A room for a new call. Its recipient becomes the host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreshRoom {
    /// Its name, which cannot be guessed.
    pub room: RoomName,
    /// Its host key. Secret.
    pub key: String,
}

/// Without the key.
impl fmt::Debug for FreshRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreshRoom").field("room", &self.room).finish_non_exhaustive()
    }
}

/// One page of the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// The start page.
    Home {
        /// Why the text that was typed there leads to no room.
        problem: Option<NoRoom>,
        /// A new room, for a person who starts a call from this page.
        fresh: Option<FreshRoom>,
    },
    /// A room.
    Room {
        /// Its name.
        name: RoomName,
        /// Its state when the page was rendered.
        state: RoomState,
    },
    /// The path does not exist.
    #[default]
    NotFound,
}

/// The page and where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Boot {
    /// The origin of the request, such as `http://localhost:3000`.
    pub origin: String,
    /// The requested page.
    pub page: Page,
    /// The STUN and TURN servers, without credentials: those come with a seat.
    pub ice_urls: Vec<String>,
}

impl Boot {
    /// Whether there is a TURN server, through which people can hide their addresses.
    #[must_use]
    pub fn has_relay(&self) -> bool {
        self.ice_urls.iter().any(|url| is_relay(url))
    }
}
