//! How many allocations users and addresses have.

use crate::credentials::User;
use std::{collections::HashMap, hash::Hash, net::IpAddr};

/// A participant in a call of four uses up to 18: for each of three others over UDP, TCP and TLS, by IPv4 and
/// IPv6. Each change of network needs as many again, and the old ones stay until they expire.
pub(crate) const PER_USER: usize = 108;
/// An office behind one address.
pub(crate) const PER_ADDRESS: usize = 1024;

#[derive(Default)]
pub(crate) struct Quotas {
    users: HashMap<User, usize>,
    addresses: HashMap<IpAddr, usize>,
}

impl Quotas {
    /// Counts one more allocation, unless there are too many.
    pub(crate) fn take(&mut self, user: User, address: IpAddr) -> bool {
        let count = |of: Option<&usize>| of.copied().unwrap_or_default();
        let is_allowed = count(self.users.get(&user)) < PER_USER
            && count(self.addresses.get(&address)) < PER_ADDRESS;
        if is_allowed {
            *self.users.entry(user).or_default() += 1;
            *self.addresses.entry(address).or_default() += 1;
        }
        is_allowed
    }

    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.users.len() + self.addresses.len()
    }

    pub(crate) fn give_back(&mut self, user: User, address: IpAddr) {
        decrement(&mut self.users, &user);
        decrement(&mut self.addresses, &address);
    }
}

fn decrement<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
