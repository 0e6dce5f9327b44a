//! A UDP socket that receives and sends many packets with one system call: `recvmmsg`, and the
//! segmentation offloads GRO and GSO where the system has them.

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use rustix::net::{SendFlags, sendto};
use std::{
    array,
    io::{self, IoSliceMut},
    iter,
    net::{IpAddr, SocketAddr, UdpSocket as StdSocket},
};
use tokio::{io::Interest, net::UdpSocket};

/// Size of a buffer: a run of packets that the system has merged (GRO) is as large as a datagram can be.
const RUN_BYTES: usize = 64 * 1024;
/// Wanted size of the system's buffers. A burst that finds them full is lost. The system may give less.
pub(crate) const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Buffers for one call, shared by all sockets of a thread. Pages that were never needed cost nothing.
pub(super) struct Buffers {
    bytes: Vec<u8>,
    metas: [RecvMeta; BATCH_SIZE],
}

impl Buffers {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; BATCH_SIZE * RUN_BYTES],
            metas: array::from_fn(|_| RecvMeta::default()),
        }
    }
}

/// A packet that was received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) from: SocketAddr,
    /// The address of this machine that it was sent to.
    pub(super) local: Option<IpAddr>,
    pub(super) bytes: &'a [u8],
}

/// Packets to send to one address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    pub(super) to: SocketAddr,
    /// The address of this machine to send from, if it has several.
    pub(super) local: Option<IpAddr>,
    /// The packets one after the other, all of the same length except for the last one, which may be
    /// shorter.
    pub(super) bytes: &'a [u8],
    /// The length of each packet.
    pub(super) length: usize,
}

#[derive(Debug)]
pub(super) struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    is_ipv6: bool,
    /// Whether it is bound to all addresses of this machine.
    is_any: bool,
}

impl Udp {
    /// Binds a socket. One for `[::]` serves IPv4 as well.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        Self::new(StdSocket::bind(address)?)
    }

    pub(super) fn new(socket: StdSocket) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let state = UdpSocketState::new((&socket).into())?;
        // Less than this works as well.
        let _ = state.set_recv_buffer_size((&socket).into(), SOCKET_BUFFER_BYTES);
        let _ = state.set_send_buffer_size((&socket).into(), SOCKET_BUFFER_BYTES);
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(socket)?;
        let (is_ipv6, is_any) = (address.is_ipv6(), address.ip().is_unspecified());
        Ok(Self { socket, state, is_ipv6, is_any })
    }

    #[cfg(test)]
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Maximum number of packets in a [`Run`].
    pub(super) fn max_packets(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// Waits until there is something to receive.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// Receives what is there, up to one batch.
    pub(super) fn receive(&self, buffers: &mut Buffers, mut each: impl FnMut(Packet<'_>)) {
        let Buffers { bytes, metas } = buffers;
        let mut received = 0;
        // An error is that of an earlier packet, such as one whose receiver is unreachable.
        let _ = self.socket.try_io(Interest::READABLE, || {
            let mut chunks = bytes.chunks_mut(RUN_BYTES);
            let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
                array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
            received = self.state.recv((&self.socket).into(), &mut slices, metas)?;
            // After less than a full batch, the socket is empty: to ask again would be in vain.
            if received < BATCH_SIZE { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        for (meta, chunk) in iter::zip(metas.iter(), bytes.chunks(RUN_BYTES)).take(received) {
            let run = chunk.get(..meta.len).unwrap_or_default();
            let from = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            for bytes in run.chunks(meta.stride.max(1)) {
                each(Packet { from, local: meta.dst_ip, bytes });
            }
        }
    }

    /// Sends packets. They are lost if the system's buffer is full.
    pub(super) fn send(&self, run: Run<'_>) -> io::Result<()> {
        let destination = match run.to {
            SocketAddr::V4(to) if self.is_ipv6 => {
                SocketAddr::new(to.ip().to_ipv6_mapped().into(), to.port())
            }
            to => to,
        };
        let local = run.local.filter(|_| self.is_any);
        if local.is_none() && run.bytes.len() <= run.length {
            // The control messages of the other way cost the system time, and say nothing here.
            sendto(&self.socket, run.bytes, SendFlags::empty(), &destination)?;
            return Ok(());
        }
        let transmit = Transmit {
            destination,
            ecn: None,
            contents: run.bytes,
            segment_size: Some(run.length),
            src_ip: local,
        };
        self.state.try_send((&self.socket).into(), &transmit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::Ipv4Addr, time::Duration};
    use tokio::time::timeout;

    async fn receive(socket: &Udp, count: usize) -> Vec<(SocketAddr, Vec<u8>)> {
        let (mut buffers, mut all) = (Buffers::new(), Vec::new());
        while all.len() < count {
            timeout(Duration::from_secs(10), socket.readable()).await.unwrap().unwrap();
            socket.receive(&mut buffers, |packet| all.push((packet.from, packet.bytes.to_vec())));
        }
        all
    }

    #[tokio::test]
    async fn a_run_arrives_as_its_packets() {
        let receiver = Udp::bind("[::]:0".parse().unwrap()).unwrap();
        let sender = Udp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = receiver.local_addr().unwrap().port();
        let to = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        let bytes: Vec<u8> = (0..25_u8).collect();
        assert!(sender.max_packets() >= 3);
        sender.send(Run { to, local: None, bytes: &bytes, length: 10 }).unwrap();
        let packets = receive(&receiver, 3).await;
        let from = sender.local_addr().unwrap();
        let expected = bytes.chunks(10).map(|bytes| (from, bytes.to_vec()));
        assert_eq!(packets, expected.collect::<Vec<_>>());
        // To an IPv4 address from a socket for both families.
        receiver.send(Run { to: from, local: None, bytes: b"hello", length: 5 }).unwrap();
        assert_eq!(receive(&sender, 1).await[0].1, b"hello");
    }

    #[tokio::test]
    async fn more_than_a_batch_arrives() {
        let receiver = Udp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let sender = Udp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let to = receiver.local_addr().unwrap();
        for round in 0..3_u8 {
            for number in 0..100 {
                sender.send(Run { to, local: None, bytes: &[round, number], length: 2 }).unwrap();
            }
            let packets = receive(&receiver, 100).await;
            assert!((0..100).eq(packets.iter().map(|(_, bytes)| bytes[1])), "round {round}");
        }
    }
}
