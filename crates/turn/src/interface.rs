//! What goes into the server and comes out, and its parameters.

use crate::framing::CHANNEL_HEADER;
use ipnet::IpNet;
use salon_core::{protocol::PeerId, rate_limit::Rate};
use std::{
    net::{IpAddr, SocketAddr},
    ops::{Range, RangeInclusive},
    time::Duration,
};

/// The parameters of a server.
pub struct Config {
    /// The realm of the credentials. A short one keeps replies small.
    pub realm: String,
    /// The secret that passwords are derived from.
    pub secret: Vec<u8>,
    /// Random: proves that a nonce is this server's.
    pub nonce_key: [u8; 32],
    /// The ports of the relayed addresses.
    pub relay_ports: RangeInclusive<u16>,
    /// Networks whose peers are allowed although they are not public, for a server inside them.
    pub allowed_peers: Vec<IpNet>,
    /// The port at which this machine forwards media: with the relayed addresses, it is a peer that is reached within
    /// the process.
    pub forwarding_port: u16,
    /// Rate limit of a seat in each direction, over all its allocations: a token is a byte of payload.
    pub rate: Rate,
}

/// How a client is reached: with the server's port, which is always the same, the 5-tuple of RFC 8656.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Client {
    /// The transport.
    pub transport: Transport,
    /// Its address.
    pub address: SocketAddr,
    /// The server's address that it uses, if the server has several.
    pub local: Option<IpAddr>,
}

/// A transport between a client and this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// UDP: the address may be forged.
    Udp,
    /// A connection over TCP or TLS, by its number, which is never used again.
    Stream(u64),
}

/// An input.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The Unix time at which the times of the inputs start.
    Epoch(Duration),
    /// The addresses of this machine. Until this input there is no relay.
    Addresses {
        /// Where peers reach the relayed addresses, at most one of each family that is used. With none,
        /// there is no relay.
        relay: &'a [IpAddr],
        /// All addresses, which are refused as peers: services may trust what comes from them.
        own: &'a [IpAddr],
    },
    /// A client has sent a message.
    Message(Client, &'a [u8]),
    /// The connection of a client is closed.
    Closed(Client),
    /// A peer has sent a packet to a relayed address.
    Packet {
        /// The relayed address.
        relay: SocketAddr,
        /// The peer.
        from: SocketAddr,
        /// The payload.
        bytes: &'a [u8],
    },
    /// The socket of a relayed address could not be bound.
    NotBound(SocketAddr),
    /// Somebody has this seat, and is connected or may return to it.
    SeatTaken(PeerId),
    /// Nobody has this seat any more: its allocations end.
    SeatFreed(PeerId),
    /// A connection to the rest of the server was opened from this address. Each counts, and ends with an
    /// [`Input::Disconnected`] of its own.
    Connected(IpAddr),
    /// A connection to the rest of the server was closed.
    Disconnected(IpAddr),
    /// The time of [`Server::poll_timeout`](crate::Server::poll_timeout) is reached.
    Tick,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a message to a client.
    Reply(Client, Vec<u8>),
    /// Send a packet from a relayed address to a peer.
    Send {
        /// The relayed address.
        relay: SocketAddr,
        /// The peer.
        to: SocketAddr,
        /// The payload: these bytes of the last input.
        payload: Range<usize>,
    },
    /// Hand a packet from a relayed address to what forwards media on this machine.
    Forward {
        /// The relayed address.
        relay: SocketAddr,
        /// The address of this machine to which it was sent.
        to: SocketAddr,
        /// The payload: these bytes of the last input.
        payload: Range<usize>,
    },
    /// Send what a peer has sent to a client. Over a stream, it is padded with zeros to a multiple of four
    /// bytes; [`Header::Indication`] always is.
    Deliver {
        /// The client.
        to: Client,
        /// What comes before the payload.
        header: Header,
        /// The payload: these bytes of the last input.
        payload: Range<usize>,
    },
    /// Bind the socket of a relayed address. Answered by [`Input::NotBound`] if that fails.
    Bind(SocketAddr),
    /// Close the socket of a relayed address.
    Unbind(SocketAddr),
}

/// The beginning of a message that contains a peer's packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// ChannelData: the number of the channel and the length (RFC 8656, section 12.4).
    Channel([u8; CHANNEL_HEADER]),
    /// A Data indication up to its payload (RFC 8656, section 11.4).
    Indication(Vec<u8>),
}
