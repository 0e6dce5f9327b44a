//! A client with an allocation and a channel (RFC 8656).

use anyhow::{Context, Result, bail};
use std::{
    io,
    net::{SocketAddr, UdpSocket},
    time::Duration,
};
use stun_types::{
    attribute::{ErrorCode, Nonce, Realm, Username},
    message::{
        IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageWriteVec, Method,
    },
    prelude::*,
};
use turn_types::{
    attribute::{ChannelNumber, RequestedTransport, XorPeerAddress, XorRelayedAddress},
    message::{ALLOCATE, CHANNEL_BIND},
};

/// The number of every client's channel.
pub const CHANNEL: u16 = 0x4000;
const ANSWER: Duration = Duration::from_millis(500);
const ATTEMPTS: usize = 5;
const UNAUTHORIZED: u16 = 401;

/// A request for an allocation, as every client sends it first.
pub fn first_request() -> Vec<u8> {
    let mut message = Message::builder_request(ALLOCATE, MessageWriteVec::new());
    let udp = RequestedTransport::new(RequestedTransport::UDP);
    // Nothing precludes the first attribute.
    let _ = message.add_attribute(&udp);
    message.finish()
}

/// Sends a request until an answer comes.
fn ask(socket: &UdpSocket, request: &[u8]) -> Result<Vec<u8>> {
    let mut buffer = [0; 2048];
    for _ in 0..ATTEMPTS {
        socket.send(request)?;
        match socket.recv(&mut buffer) {
            Ok(length) => return Ok(buffer[..length].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("the server does not answer")
}

/// Who asks, and what the server wants to see in requests.
struct User {
    credentials: LongTermKeyCredentials,
    realm: String,
    nonce: String,
}

impl User {
    /// Sends an authenticated request, to which `add` adds attributes; returns the answer to it.
    fn ask(
        &self,
        socket: &UdpSocket,
        method: Method,
        add: impl FnOnce(&mut MessageWriteVec) -> Result<()>,
    ) -> Result<Vec<u8>> {
        let mut message = Message::builder_request(method, MessageWriteVec::new());
        add(&mut message)?;
        message.add_attribute(&Username::new(self.credentials.username())?)?;
        message.add_attribute(&Realm::new(&self.realm)?)?;
        message.add_attribute(&Nonce::new(&self.nonce)?)?;
        let credentials = self.credentials.clone().into();
        message.add_message_integrity(&credentials, IntegrityAlgorithm::Sha1)?;
        let bytes = ask(socket, &message.finish())?;
        let answer = Message::from_bytes(&bytes)?;
        if answer.class() != MessageClass::Success {
            bail!("refused: {:?}", answer.attribute::<ErrorCode>()?);
        }
        Ok(bytes)
    }
}

/// Allocates a relayed address, which is returned, and binds [`CHANNEL`] to a peer.
pub fn allocate(
    socket: &UdpSocket,
    (username, password): (&str, &str),
    peer: SocketAddr,
) -> Result<SocketAddr> {
    socket.set_read_timeout(Some(ANSWER))?;
    let bytes = ask(socket, &first_request())?;
    let answer = Message::from_bytes(&bytes)?;
    let code = answer.attribute::<ErrorCode>()?.code();
    if code != UNAUTHORIZED {
        bail!("refused with {code} instead of {UNAUTHORIZED}");
    }
    let realm = answer.attribute::<Realm>()?.realm().to_owned();
    let nonce = answer.attribute::<Nonce>()?.nonce().to_owned();
    let credentials =
        LongTermKeyCredentials::new(username.to_owned(), password.to_owned(), realm.clone());
    let user = User { credentials, realm, nonce };
    let bytes = user.ask(socket, ALLOCATE, |message| {
        Ok(message.add_attribute(&RequestedTransport::new(RequestedTransport::UDP))?)
    })?;
    let answer = Message::from_bytes(&bytes)?;
    let relayed = answer.attribute::<XorRelayedAddress>().context("no relayed address")?;
    user.ask(socket, CHANNEL_BIND, |message| {
        message.add_attribute(&ChannelNumber::new(CHANNEL))?;
        let transaction = message.transaction_id();
        Ok(message.add_attribute(&XorPeerAddress::new(peer, transaction))?)
    })?;
    Ok(relayed.addr(answer.transaction_id()))
}
