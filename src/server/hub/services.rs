//! What the hub needs, and what it publishes.

use crate::server::{
    credentials::tokens::TokenSigner,
    data::store::{Names, Store},
    metrics::Metrics,
    reach::Reach,
};
use std::sync::Arc;

/// Sizes of the hub's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rooms with participants or watchers.
    pub rooms: usize,
    /// Open connections.
    pub connections: usize,
}

/// What the hub needs besides the rooms.
#[derive(Debug)]
pub(crate) struct Services {
    /// Signs seat tokens, host keys and invitations.
    pub(crate) secret: TokenSigner,
    /// Issues TURN credentials, and relays for those who have a seat.
    pub(crate) reach: Arc<Reach>,
    /// Stores the settings of rooms.
    pub(crate) store: Store,
    /// The rooms in the store.
    pub(crate) stored_rooms: Names,
    /// Counts what happens.
    pub(crate) metrics: Arc<Metrics>,
}
