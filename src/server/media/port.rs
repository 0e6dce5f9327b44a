//! The port for STUN and TURN, which is the same for UDP and TCP.

use crate::server::net::accept::listen;
use std::{
    io,
    net::{SocketAddr, UdpSocket as StdSocket},
};
use tokio::net::TcpListener;

/// Attempts to find a port that is free for UDP and TCP, if any will do.
const ATTEMPTS: usize = 16;

/// Listening sockets at a port.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    udp: StdSocket,
    tcp: TcpListener,
}

impl Port {
    /// Binds the sockets. Port 0 is any that is free for both.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let attempts = if address.port() == 0 { ATTEMPTS } else { 1 };
        let mut bound = Self::try_bind(address);
        for _ in 1..attempts {
            bound = bound.or_else(|_| Self::try_bind(address));
        }
        bound
    }

    fn try_bind(address: SocketAddr) -> io::Result<Self> {
        let udp = StdSocket::bind(address)?;
        let address = udp.local_addr()?;
        Ok(Self { address, udp, tcp: listen(address)? })
    }

    /// Its address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The socket for UDP.
    pub(super) fn udp(&self) -> io::Result<StdSocket> {
        self.udp.try_clone()
    }

    /// The listener for TCP.
    pub(crate) fn into_tcp(self) -> TcpListener {
        self.tcp
    }
}
