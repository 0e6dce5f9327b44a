//! The data that the server writes into a page for hydration.

use super::{
    NoRoom, RoomName, RoomState, is_relay,
    json::{FromJson, Json, Object, ToJson, Writer, field, object},
};
use std::fmt;

/// A room for a new call. Its recipient becomes the host.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct FreshRoom {
    /// Its name, which cannot be guessed.
    pub room: RoomName,
    /// Its host key. Secret.
    pub key: String,
}

object!(FreshRoom { room, key });

/// Without the key.
impl fmt::Debug for FreshRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreshRoom").field("room", &self.room).finish_non_exhaustive()
    }
}

/// One page of the site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(test, serde(rename_all = "kebab-case"))]
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

impl FromJson for Page {
    fn from_json(json: &Json) -> Option<Self> {
        Some(match json.variant()? {
            ("home", page) => {
                Self::Home { problem: page.field("problem")?, fresh: page.field("fresh")? }
            }
            ("room", page) => Self::Room { name: page.field("name")?, state: page.field("state")? },
            ("not-found", Json::Null) => Self::NotFound,
            _ => return None,
        })
    }
}

impl ToJson for Page {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Home { problem, fresh } => {
                let page = Object(&[field("problem", problem), field("fresh", fresh)]);
                Object(&[field("home", &page)]).write(out);
            }
            Self::Room { name, state } => {
                let page = Object(&[field("name", name), field("state", state)]);
                Object(&[field("room", &page)]).write(out);
            }
            Self::NotFound => out.string("not-found"),
        }
    }
}

/// The page and where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(test, serde(rename_all = "camelCase"))]
pub struct Boot {
    /// The origin of the request, such as `http://localhost:3000`.
    pub origin: String,
    /// The requested page.
    pub page: Page,
    /// The STUN and TURN servers, without credentials: those come with a seat.
    pub ice_urls: Vec<String>,
}

object!(Boot { origin, page, ice_urls as "iceUrls" });

impl Boot {
    /// Whether there is a TURN server, through which people can hide their addresses.
    #[must_use]
    pub fn has_relay(&self) -> bool {
        self.ice_urls.iter().any(|url| is_relay(url))
    }
}
