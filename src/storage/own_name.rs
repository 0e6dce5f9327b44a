//! The name under which this person joined last.

use crate::{platform::local_storage, protocol::DisplayName};

const KEY: &str = "salon.name";

/// The name under which this person joined last; empty on their first visit.
#[must_use]
pub fn saved_name() -> String {
    local_storage::get(KEY).unwrap_or_default()
}

/// Stores the name under which this person joins.
pub fn save_name(name: &DisplayName) {
    local_storage::set(KEY, name.as_str());
}
