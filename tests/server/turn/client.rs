//! A TURN client (RFC 8656) over any transport.

use crate::support::soon;
use serde_json::Value;
use std::net::SocketAddr;
use stun_types::{
    attribute::{ErrorCode, Nonce, Realm, Username},
    message::{
        IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageHeader,
        MessageWriteVec, Method,
    },
    prelude::*,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
};
use turn_types::{
    attribute::{ChannelNumber, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress},
    message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH},
};

const REALM: &str = "salon";
pub(crate) const CHANNEL: u16 = 0x4000;

pub(crate) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Io for S {}

/// How the server is reached.
pub(crate) enum Transport {
    Udp(UdpSocket),
    Stream(Box<dyn Io>),
}

impl Transport {
    pub(crate) async fn udp(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(server).await.unwrap();
        Self::Udp(socket)
    }

    pub(crate) async fn tcp(server: SocketAddr) -> Self {
        Self::Stream(Box::new(TcpStream::connect(server).await.unwrap()))
    }

    pub(crate) async fn send(&mut self, message: &[u8]) {
        match self {
            Self::Udp(socket) => drop(socket.send(message).await.unwrap()),
            Self::Stream(stream) => stream.write_all(message).await.unwrap(),
        }
    }

    /// The next message, without padding; none at the end of a stream.
    pub(crate) async fn receive(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Udp(socket) => {
                let mut bytes = vec![0; 2048];
                let length = soon(socket.recv(&mut bytes)).await.unwrap();
                bytes.truncate(length);
                Some(bytes)
            }
            Self::Stream(stream) => {
                let mut bytes = vec![0; 4];
                soon(stream.read_exact(&mut bytes)).await.ok()?;
                let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                let is_stun = bytes[0] < 0x40;
                let whole = if is_stun { MessageHeader::LENGTH + length } else { 4 + length };
                bytes.resize(whole.next_multiple_of(4), 0);
                soon(stream.read_exact(&mut bytes[4..])).await.unwrap();
                bytes.truncate(whole);
                Some(bytes)
            }
        }
    }
}

/// A client with credentials.
pub(crate) struct TurnClient {
    pub(crate) transport: Transport,
    credentials: LongTermKeyCredentials,
    nonce: String,
}

impl TurnClient {
    /// A client with the credentials of a participant's `joined`.
    pub(crate) fn new(transport: Transport, joined: &Value) -> Self {
        let servers = joined["iceServers"].as_array().unwrap();
        let relay = servers.iter().find(|server| server["username"].is_string()).unwrap();
        let text = |name: &str| relay[name].as_str().unwrap().to_owned();
        let (username, password) = (text("username"), text("credential"));
        let credentials = LongTermKeyCredentials::new(username, password, REALM.to_owned());
        Self { transport, credentials, nonce: String::new() }
    }

    /// The reply to a request: an error code, or the message. `add` writes its attributes.
    pub(crate) async fn ask(
        &mut self,
        method: Method,
        add: impl Fn(&mut MessageWriteVec),
    ) -> Result<Vec<u8>, u16> {
        loop {
            let mut request = Message::builder_request(method, MessageWriteVec::new());
            add(&mut request);
            if !self.nonce.is_empty() {
                request
                    .add_attribute(&Username::new(self.credentials.username()).unwrap())
                    .unwrap();
                request.add_attribute(&Realm::new(REALM).unwrap()).unwrap();
                request.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
                let credentials = self.credentials.clone().into();
                request.add_message_integrity(&credentials, IntegrityAlgorithm::Sha1).unwrap();
            }
            self.transport.send(&request.finish()).await;
            let reply = self.transport.receive().await.expect("a reply");
            let message = Message::from_bytes(&reply).unwrap();
            if message.class() == MessageClass::Success {
                return Ok(reply);
            }
            let code = message.attribute::<ErrorCode>().unwrap().code();
            match message.attribute::<Nonce>() {
                Ok(nonce) if self.nonce.is_empty() => self.nonce = nonce.nonce().to_owned(),
                _ => return Err(code),
            }
        }
    }

    /// The relayed address.
    pub(crate) async fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let reply = self
            .ask(ALLOCATE, |request| {
                request.add_attribute(&RequestedTransport::new(RequestedTransport::UDP)).unwrap();
            })
            .await?;
        let message = Message::from_bytes(&reply).unwrap();
        let relayed = message.attribute::<XorRelayedAddress>().unwrap();
        Ok(relayed.addr(message.transaction_id()))
    }

    pub(crate) async fn permit(&mut self, peer: SocketAddr) -> Result<(), u16> {
        self.ask(CREATE_PERMISSION, |request| add_peer(request, peer)).await.map(drop)
    }

    /// Binds [`CHANNEL`] to a peer.
    pub(crate) async fn bind(&mut self, peer: SocketAddr) -> Result<(), u16> {
        let add = |request: &mut MessageWriteVec| {
            request.add_attribute(&ChannelNumber::new(CHANNEL)).unwrap();
            add_peer(request, peer);
        };
        self.ask(CHANNEL_BIND, add).await.map(drop)
    }

    pub(crate) async fn refresh(&mut self) -> Result<(), u16> {
        self.ask(REFRESH, |request| request.add_attribute(&Lifetime::new(600)).unwrap())
            .await
            .map(drop)
    }

    /// Sends a packet to the peer of [`CHANNEL`].
    pub(crate) async fn say(&mut self, packet: &[u8]) {
        let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
        let mut message = [&CHANNEL.to_be_bytes(), &length[..], packet].concat();
        if matches!(self.transport, Transport::Stream(_)) {
            message.resize(message.len().next_multiple_of(4), 0);
        }
        self.transport.send(&message).await;
    }

    /// The next packet from the peer of [`CHANNEL`].
    pub(crate) async fn hear(&mut self) -> Vec<u8> {
        let message = self.transport.receive().await.expect("a packet");
        assert_eq!(message[..2], CHANNEL.to_be_bytes());
        message[4..].to_vec()
    }
}

pub(crate) fn add_peer(message: &mut MessageWriteVec, peer: SocketAddr) {
    let id = message.transaction_id();
    message.add_attribute(&XorPeerAddress::new(peer, id)).unwrap();
}
