//! A minimal STUN client (RFC 8489), to check whether a server answers.

use hmac::{Hmac, Mac};
use sha1::Sha1;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::{error::Elapsed, timeout},
};

/// Timeout for the answer of a server.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);
/// Initial retransmission timeout (RFC 8489, section 6.2.1).
const RTO: Duration = Duration::from_millis(500);

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
pub(super) const HEADER: usize = 20;
/// Maximum size of an answer in bytes: the MTU of Ethernet.
const LONGEST: usize = 1500;
/// Size of MESSAGE-INTEGRITY in bytes: attribute header and HMAC-SHA1.
const SIGNATURE: usize = 24;

// Methods, and the classes of responses that are added to them (RFC 8489, section 5).
pub(super) const BINDING: u16 = 0x001;
pub(super) const ALLOCATE: u16 = 0x003;
pub(super) const REFRESH: u16 = 0x004;
pub(super) const CREATE_PERMISSION: u16 = 0x008;
pub(super) const SUCCESS: u16 = 0x100;
pub(super) const ERROR: u16 = 0x110;

// Attributes (RFC 8489, section 18.3, and RFC 8656, section 18).
pub(super) const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
pub(super) const LIFETIME: u16 = 0x000d;
pub(super) const XOR_PEER_ADDRESS: u16 = 0x0012;
pub(super) const REALM: u16 = 0x0014;
pub(super) const NONCE: u16 = 0x0015;
pub(super) const REQUESTED_TRANSPORT: u16 = 0x0019;
pub(super) const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// Address family in an attribute (RFC 8489, section 14.1).
const IPV4: u8 = 1;
pub(super) const UNAUTHORIZED: u16 = 401;

/// Why a server does not work.
#[derive(Debug, Error)]
pub(super) enum StunError {
    #[error("did not answer within {} seconds", TIMEOUT.as_secs())]
    Silent(#[from] Elapsed),
    #[error("cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    #[error("does not speak STUN")]
    NotStun,
    #[error("relays for anybody, without credentials")]
    Open,
    #[error("rejects the credential (error 401)")]
    Unauthorized,
    #[error("relays to nobody: it denies public peers (error 403)")]
    Forbidden,
    #[error("responds with error {0}")]
    Refused(u16),
    #[error("is another program, such as coturn")]
    NotSalon,
}

/// Connection to a server.
pub(super) enum Connection {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Connection {
    pub(super) async fn udp(address: SocketAddr) -> Result<Self, StunError> {
        let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(address).await?;
        Ok(Self::Udp(socket))
    }

    pub(super) async fn tcp(address: SocketAddr) -> Result<Self, StunError> {
        Ok(Self::Tcp(timeout(TIMEOUT, TcpStream::connect(address)).await??))
    }

    /// Sends a binding request.
    pub(super) async fn binding(&mut self) -> Result<(), StunError> {
        let answer = self.ask(&Request::new(BINDING)?).await?;
        if answer.kind == BINDING | SUCCESS { Ok(()) } else { Err(answer.refusal()) }
    }

    pub(super) async fn ask(&mut self, request: &Request) -> Result<Response, StunError> {
        let bytes = request.bytes(0);
        let answer = async {
            match self {
                Self::Udp(socket) => loop {
                    socket.send(&bytes).await?;
                    if let Ok(answer) = timeout(RTO, receive(socket, request)).await {
                        return answer;
                    }
                },
                Self::Tcp(stream) => {
                    stream.write_all(&bytes).await?;
                    read(stream, request).await
                }
            }
        };
        timeout(TIMEOUT, answer).await?
    }
}

/// Receives the response to a request, ignoring other datagrams.
async fn receive(socket: &UdpSocket, request: &Request) -> Result<Response, StunError> {
    let mut buffer = [0; LONGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let answer = buffer.get(..length).and_then(|bytes| Response::parse(bytes, request));
        if let Some(answer) = answer {
            return Ok(answer);
        }
    }
}

/// Reads a response from a stream, in which only their length separates messages (RFC 8489, section
/// 6.2.2).
async fn read(stream: &mut TcpStream, request: &Request) -> Result<Response, StunError> {
    let mut bytes = vec![0; HEADER];
    stream.read_exact(&mut bytes).await?;
    let (_, length, _) = split_header(&bytes).ok_or(StunError::NotStun)?;
    if length > LONGEST {
        return Err(StunError::NotStun);
    }
    let mut attributes = vec![0; length];
    stream.read_exact(&mut attributes).await?;
    bytes.extend(attributes);
    Response::parse(&bytes, request).ok_or(StunError::NotStun)
}

fn number(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().copied().map(u16::from_be_bytes)
}

/// Splits off the type and the length of a message or an attribute.
fn split_header(bytes: &[u8]) -> Option<(u16, usize, &[u8])> {
    let (head, rest) = bytes.split_at_checked(4)?;
    Some((number(head)?, number(head.get(2..)?)?.into(), rest))
}

pub(super) struct Request {
    pub(super) method: u16,
    pub(super) id: [u8; 12],
    pub(super) attributes: Vec<u8>,
}

impl Request {
    pub(super) fn new(method: u16) -> io::Result<Self> {
        let mut id = [0; 12];
        getrandom::fill(&mut id).map_err(io::Error::other)?;
        Ok(Self { method, id, attributes: Vec::new() })
    }

    /// Adds an attribute, padded to a multiple of four bytes (RFC 8489, section 14).
    pub(super) fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.attributes.extend(kind.to_be_bytes());
        self.attributes.extend(short(value.len()));
        self.attributes.extend(value);
        self.attributes.resize(self.attributes.len().next_multiple_of(4), 0);
        self
    }

    /// Adds MESSAGE-INTEGRITY, whose size the signed length includes (RFC 8489, section 14.5).
    pub(super) fn signed(self, key: &[u8]) -> Self {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return self };
        mac.update(&self.bytes(SIGNATURE));
        let signature = mac.finalize().into_bytes();
        self.with(MESSAGE_INTEGRITY, &signature)
    }

    /// Serialises the message, with `more` added to its length.
    pub(super) fn bytes(&self, more: usize) -> Vec<u8> {
        let length = short(self.attributes.len() + more);
        [&self.method.to_be_bytes(), &length[..], &COOKIE, &self.id, &self.attributes].concat()
    }
}

/// Encodes an address, XORed with the cookie so that NATs do not rewrite it (RFC 8489, section 14.2).
/// The port is 0, as permissions ignore it.
pub(super) fn xored(address: Ipv4Addr) -> [u8; 8] {
    let [a, b, c, d] = mixed(address.octets());
    [0, IPV4, COOKIE[0], COOKIE[1], a, b, c, d]
}

/// Decodes such an address.
pub(super) fn unxored(value: &[u8]) -> Option<Ipv4Addr> {
    let address = *value.get(4..)?.first_chunk()?;
    (value.get(1) == Some(&IPV4)).then(|| mixed(address).into())
}

fn mixed([a, b, c, d]: [u8; 4]) -> [u8; 4] {
    let [w, x, y, z] = COOKIE;
    [a ^ w, b ^ x, c ^ y, d ^ z]
}

/// Encodes a length. One that is too large makes the message invalid, and the server rejects it.
fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

pub(super) struct Response {
    pub(super) kind: u16,
    pub(super) attributes: Vec<(u16, Vec<u8>)>,
}

impl Response {
    /// Parses a response; none if it does not belong to the request.
    fn parse(bytes: &[u8], request: &Request) -> Option<Self> {
        let (kind, length, rest) = split_header(bytes)?;
        let (cookie, rest) = rest.split_at_checked(COOKIE.len())?;
        let (id, mut rest) = rest.split_at_checked(request.id.len())?;
        let answers = [request.method | SUCCESS, request.method | ERROR].contains(&kind);
        if cookie != COOKIE || id != request.id || rest.len() != length || !answers {
            return None;
        }
        let mut attributes = Vec::new();
        while !rest.is_empty() {
            let (kind, length, value) = split_header(rest)?;
            attributes.push((kind, value.get(..length)?.to_vec()));
            rest = value.get(length.next_multiple_of(4)..)?;
        }
        Some(Self { kind, attributes })
    }

    pub(super) fn get(&self, kind: u16) -> Option<&[u8]> {
        self.attributes.iter().find(|(other, _)| *other == kind).map(|(_, value)| &value[..])
    }

    /// Returns the error code, which is split into hundreds and the rest (RFC 8489, section 14.8).
    pub(super) fn code(&self) -> Option<u16> {
        let value = self.get(ERROR_CODE)?;
        let (hundreds, rest) = (value.get(2)? & 7, value.get(3)?);
        Some(u16::from(hundreds) * 100 + u16::from(*rest))
    }

    pub(super) fn refusal(&self) -> StunError {
        match self.code() {
            Some(UNAUTHORIZED) => StunError::Unauthorized,
            Some(code) => StunError::Refused(code),
            None => StunError::NotStun,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769, section 2.2.
    #[test]
    fn xor_mapped_addresses_match_the_test_vector() {
        let address = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(xored(address)[4..], [0xe1, 0x12, 0xa6, 0x43]);
        assert_eq!(unxored(&xored(address)), Some(address));
        assert_eq!(unxored(&[0, 2, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(unxored(&[0, 1, 0, 0]), None);
    }

    #[test]
    fn only_complete_matching_responses_are_accepted() {
        let request = Request::new(ALLOCATE).unwrap();
        let code = [0, 0, 4, 1];
        let answer = Request { method: ALLOCATE | ERROR, id: request.id, attributes: Vec::new() };
        let bytes = answer.with(ERROR_CODE, &code).with(REALM, b"salon").bytes(0);
        let response = Response::parse(&bytes, &request).unwrap();
        assert_eq!((response.code(), response.get(REALM)), (Some(401), Some(&b"salon"[..])));
        for length in 0..bytes.len() {
            assert!(Response::parse(&bytes[..length], &request).is_none(), "{length} bytes");
        }
        assert!(Response::parse(&bytes, &Request::new(ALLOCATE).unwrap()).is_none());
        let other = Request { id: request.id, ..Request::new(BINDING).unwrap() };
        assert!(Response::parse(&bytes, &other).is_none());
    }
}
