//! What the server writes into a page so that the browser can take it over as it stands.

use super::{NoRoom, RoomName, RoomState, is_relay};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A room for a new call. Its recipient is the host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreshRoom {
    /// Its name, which nobody can guess.
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
        /// Why what was typed there before was no room.
        problem: Option<NoRoom>,
        /// A room that nobody knows yet, for a person who starts a call from this page.
        fresh: Option<FreshRoom>,
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
#[serde(rename_all = "camelCase")]
pub struct Boot {
    /// Scheme, host and port under which the page was asked for, such as `http://localhost:3000`.
    pub origin: String,
    /// What was asked for.
    pub page: Page,
    /// The STUN and TURN servers that people use, without credentials: those come with a seat.
    pub ice_urls: Vec<String>,
}

impl Boot {
    /// Whether there is a relay, through which people can hide their addresses.
    #[must_use]
    pub fn has_relay(&self) -> bool {
        self.ice_urls.iter().any(|url| is_relay(url))
    }
}
