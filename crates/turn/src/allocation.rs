//! One allocation: a relayed address, and whom it exchanges packets with (RFC 8656, section 5).

use salon_core::protocol::PeerId;
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use stun_types::message::{IntegrityKey, TransactionId};

/// Lifetime of an allocation that is not refreshed, also the longest that a client gets.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// Lifetime of a permission (RFC 8656, section 9).
const PERMISSION: Duration = Duration::from_secs(300);
/// Lifetime of a channel (RFC 8656, section 12).
const CHANNEL: Duration = Duration::from_secs(600);
/// Maximum number of permissions, one for each IP address. A browser makes an allocation for one other
/// participant, who has few addresses.
const MAX_PERMISSIONS: usize = 16;
const MAX_CHANNELS: usize = 16;

/// Has no room for one more permission or channel.
pub(crate) struct Full;

/// Why a channel was not bound.
pub(crate) enum NotBound {
    /// The number is bound to another peer, or the peer to another number.
    Conflict,
    Full,
}

struct Channel {
    number: u16,
    peer: SocketAddr,
    expires: Duration,
}

pub(crate) struct Allocation {
    /// Whose it is.
    pub(crate) seat: PeerId,
    pub(crate) username: String,
    pub(crate) key: IntegrityKey,
    /// The request that created it: a retransmission gets the same answer.
    pub(crate) transaction: TransactionId,
    pub(crate) relay: SocketAddr,
    /// Whether the socket was asked for, which the first permission does.
    pub(crate) is_bound: bool,
    pub(crate) expires: Duration,
    permissions: Vec<(IpAddr, Duration)>,
    channels: Vec<Channel>,
}

impl Allocation {
    pub(crate) fn new(
        (seat, username, key): (PeerId, String, IntegrityKey),
        transaction: TransactionId,
        relay: SocketAddr,
        expires: Duration,
    ) -> Self {
        Self {
            seat,
            username,
            key,
            transaction,
            relay,
            is_bound: false,
            expires,
            permissions: Vec::new(),
            channels: Vec::new(),
        }
    }

    /// Installs or refreshes permissions for these addresses, or none of them.
    pub(crate) fn permit(&mut self, peers: &[IpAddr], now: Duration) -> Result<(), Full> {
        self.permissions.retain(|(peer, expires)| now < *expires && !peers.contains(peer));
        let mut peers = peers.to_vec();
        peers.sort_unstable();
        peers.dedup();
        if self.permissions.len() + peers.len() > MAX_PERMISSIONS {
            return Err(Full);
        }
        self.permissions.extend(peers.into_iter().map(|peer| (peer, now + PERMISSION)));
        Ok(())
    }

    pub(crate) fn permits(&self, peer: IpAddr, now: Duration) -> bool {
        self.permissions.iter().any(|(other, expires)| *other == peer && now < *expires)
    }

    /// Binds a channel to a peer, or refreshes it, with the permission that goes with it.
    pub(crate) fn bind(
        &mut self,
        number: u16,
        peer: SocketAddr,
        now: Duration,
    ) -> Result<(), NotBound> {
        self.channels.retain(|channel| now < channel.expires);
        let is_other = |channel: &Channel| (channel.number == number) != (channel.peer == peer);
        if self.channels.iter().any(is_other) {
            return Err(NotBound::Conflict);
        }
        let is_new = !self.channels.iter().any(|channel| channel.number == number);
        if is_new && self.channels.len() >= MAX_CHANNELS {
            return Err(NotBound::Full);
        }
        self.permit(&[peer.ip()], now).map_err(|Full| NotBound::Full)?;
        self.channels.retain(|channel| channel.number != number);
        self.channels.push(Channel { number, peer, expires: now + CHANNEL });
        Ok(())
    }

    /// The peer of a channel, if packets may be sent to it.
    pub(crate) fn peer_of(&self, number: u16, now: Duration) -> Option<SocketAddr> {
        let is_meant = |channel: &&Channel| channel.number == number && now < channel.expires;
        let peer = self.channels.iter().find(is_meant)?.peer;
        self.permits(peer.ip(), now).then_some(peer)
    }

    /// The channel that is bound to a peer.
    pub(crate) fn channel_of(&self, peer: SocketAddr, now: Duration) -> Option<u16> {
        let is_meant = |channel: &&Channel| channel.peer == peer && now < channel.expires;
        Some(self.channels.iter().find(is_meant)?.number)
    }
}
