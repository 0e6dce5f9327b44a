//! Names, shortened between characters as the browser counts them.

use crate::{
    platform::characters,
    protocol::{FileName, Presence},
};

/// The name under which a file is offered.
pub(super) fn file_name(name: &str) -> FileName {
    FileName::from(name).shortened(characters)
}

/// The initials in place of a person's picture.
#[must_use]
pub fn initials(presence: &Presence) -> String {
    match presence.name.initials(characters) {
        initials if initials.is_empty() => "?".to_owned(),
        initials => initials,
    }
}
