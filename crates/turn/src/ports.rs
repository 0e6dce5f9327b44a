//! The ports of relayed addresses.

use std::{collections::VecDeque, ops::RangeInclusive};

/// The free ports. The one that has been free for longest is used next, so that packets for its last owner
/// do not reach the next one (RFC 8656, section 7.2).
pub(crate) struct Ports(VecDeque<u16>);

impl Ports {
    pub(crate) fn new(range: RangeInclusive<u16>) -> Self {
        Self(range.collect())
    }

    pub(crate) fn take(&mut self) -> Option<u16> {
        self.0.pop_front()
    }

    pub(crate) fn give_back(&mut self, port: u16) {
        self.0.push_back(port);
    }
}
