//! The ports of relayed addresses.

use std::{collections::VecDeque, ops::RangeInclusive};

/// The free ports. The one that has been free for longest is used next, so that packets for its last owner
/// do not reach the next one (RFC 8656, section 7.2).
pub(crate) struct Ports(VecDeque<u16>);

impl Ports {
    pub(crate) fn new(range: RangeInclusive<u16>) -> Self {
        Self(range.collect())
    }

    /// Takes a port, an even one if that is asked for.
    pub(crate) fn take(&mut self, is_even: bool) -> Option<u16> {
        let place = self.0.iter().position(|port| !is_even || port % 2 == 0)?;
        self.0.remove(place)
    }

    pub(crate) fn give_back(&mut self, port: u16) {
        self.0.push_back(port);
    }
}
