//! Just enough of STUN (RFC 8489) to learn whether a server answers.

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

/// How long a server may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// Time after which a datagram counts as lost and is sent again (RFC 8489, section 6.2.1).
const RESEND: Duration = Duration::from_millis(500);

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
pub(super) const HEADER: usize = 20;
/// No answer is longer than what one datagram of Ethernet carries.
const LONGEST: usize = 1500;
/// Header and HMAC-SHA1 of a signature.
const SIGNATURE: usize = 24;

// Methods; in an answer, one of the classes is added (RFC 8489, section 5).
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

/// The address family of an attribute (RFC 8489, section 14.1).
const IPV4: u8 = 1;
pub(super) const UNAUTHORIZED: u16 = 401;

/// What is wrong with a server.
#[derive(Debug, Error)]
pub(super) enum StunError {
    #[error("did not answer within {} seconds", PATIENCE.as_secs())]
    Silent(#[from] Elapsed),
    #[error("cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    #[error("answers something that is not STUN")]
    NotStun,
    #[error("relays for anybody, without a credential")]
    Open,
    #[error("refuses the credential (error 401)")]
    Unauthorized,
    #[error("relays to nobody: it refuses a peer on the internet (error 403)")]
    Forbidden,
    #[error("refuses with error {0}")]
    Refused(u16),
}

/// The way to a server.
pub(super) enum Path {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Path {
    pub(super) async fn udp(address: SocketAddr) -> Result<Self, StunError> {
        let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(address).await?;
        Ok(Self::Udp(socket))
    }

    pub(super) async fn tcp(address: SocketAddr) -> Result<Self, StunError> {
        Ok(Self::Tcp(timeout(PATIENCE, TcpStream::connect(address)).await??))
    }

    /// Asks for this side's own address, as STUN is for.
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
                    if let Ok(answer) = timeout(RESEND, receive(socket, request)).await {
                        return answer;
                    }
                },
                Self::Tcp(stream) => {
                    stream.write_all(&bytes).await?;
                    read(stream, request).await
                }
            }
        };
        timeout(PATIENCE, answer).await?
    }
}

/// The datagram that answers the request, past any other.
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

/// RFC 8489, section 6.2.2: the length in the header is all that separates messages.
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

/// Type, length of the attributes, and what comes after both.
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

    /// Adds an attribute, filled up to a multiple of four bytes (RFC 8489, section 14).
    pub(super) fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.attributes.extend(kind.to_be_bytes());
        self.attributes.extend(short(value.len()));
        self.attributes.extend(value);
        self.attributes.resize(self.attributes.len().next_multiple_of(4), 0);
        self
    }

    /// Adds the signature, which the signed length counts already (RFC 8489, section 14.5).
    pub(super) fn signed(self, key: &[u8]) -> Self {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return self };
        mac.update(&self.bytes(SIGNATURE));
        let signature = mac.finalize().into_bytes();
        self.with(MESSAGE_INTEGRITY, &signature)
    }

    /// The message, with a length that includes this many further bytes.
    pub(super) fn bytes(&self, more: usize) -> Vec<u8> {
        let length = short(self.attributes.len() + more);
        [&self.method.to_be_bytes(), &length[..], &COOKIE, &self.id, &self.attributes].concat()
    }
}

/// An address as it stands in messages, with the cookie mixed in so that no router mends it
/// (RFC 8489, section 14.2). The port of a peer counts for nothing here.
pub(super) fn xored(address: Ipv4Addr) -> [u8; 8] {
    let [a, b, c, d] = mixed(address.octets());
    [0, IPV4, COOKIE[0], COOKIE[1], a, b, c, d]
}

/// The same back.
pub(super) fn unxored(value: &[u8]) -> Option<Ipv4Addr> {
    let address = *value.get(4..)?.first_chunk()?;
    (value.get(1) == Some(&IPV4)).then(|| mixed(address).into())
}

fn mixed([a, b, c, d]: [u8; 4]) -> [u8; 4] {
    let [w, x, y, z] = COOKIE;
    [a ^ w, b ^ x, c ^ y, d ^ z]
}

/// Names and passwords come from the command line; what is too long for STUN is refused by the
/// other side.
fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

pub(super) struct Response {
    pub(super) kind: u16,
    pub(super) attributes: Vec<(u16, Vec<u8>)>,
}

impl Response {
    /// Parses a response to the request; `None` for anything else.
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

    /// Hundreds in one byte, the rest in the next (RFC 8489, section 14.8).
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
    fn addresses_are_mixed_as_in_the_test_vector() {
        let address = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(xored(address)[4..], [0xe1, 0x12, 0xa6, 0x43]);
        assert_eq!(unxored(&xored(address)), Some(address));
        assert_eq!(unxored(&[0, 2, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(unxored(&[0, 1, 0, 0]), None);
    }

    #[test]
    fn only_whole_answers_to_the_request_count() {
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
