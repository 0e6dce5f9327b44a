//! Just enough of STUN (RFC 8489) and TURN (RFC 8656) to learn whether a server answers, and whether
//! it takes a credential.

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use std::{io, net::SocketAddr, time::Duration};
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::{error::Elapsed, timeout},
};

/// How long a server may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// After so long a datagram counts as lost and is sent again (RFC 8489, section 6.2.1).
const RESEND: Duration = Duration::from_millis(500);

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
/// No answer is longer than what one datagram of Ethernet carries.
const LONGEST: usize = 1500;
/// Header and HMAC-SHA1 of a signature.
const SIGNATURE: usize = 24;

// Methods; in an answer, one of the classes is added (RFC 8489, section 5).
const BINDING: u16 = 0x001;
const ALLOCATE: u16 = 0x003;
const REFRESH: u16 = 0x004;
const SUCCESS: u16 = 0x100;
const ERROR: u16 = 0x110;

// Attributes (RFC 8489, section 18.3, and RFC 8656, section 18).
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const LIFETIME: u16 = 0x000d;
const REALM: u16 = 0x0014;
const NONCE: u16 = 0x0015;
const REQUESTED_TRANSPORT: u16 = 0x0019;

/// Relayed datagrams, by their number in the Internet protocol.
const UDP: [u8; 4] = [17, 0, 0, 0];
const UNAUTHORIZED: u16 = 401;
const STALE_NONCE: u16 = 438;

/// What is wrong with a server.
#[derive(Debug, Error)]
pub(super) enum Fault {
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
    #[error("refuses with error {0}")]
    Refused(u16),
}

/// The way to a server.
pub(super) enum Path {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Path {
    pub(super) async fn udp(address: SocketAddr) -> Result<Self, Fault> {
        let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(address).await?;
        Ok(Self::Udp(socket))
    }

    pub(super) async fn tcp(address: SocketAddr) -> Result<Self, Fault> {
        Ok(Self::Tcp(timeout(PATIENCE, TcpStream::connect(address)).await??))
    }

    /// Asks for this side's own address, as STUN is for.
    pub(super) async fn binding(&mut self) -> Result<(), Fault> {
        let answer = self.ask(&Request::new(BINDING)?).await?;
        if answer.kind == BINDING | SUCCESS { Ok(()) } else { Err(answer.refusal()) }
    }

    /// Has the server relay with this credential, and gives that back at once. A server that relays
    /// without one is at fault.
    pub(super) async fn allocate(&mut self, username: &str, password: &str) -> Result<(), Fault> {
        let request = || Ok::<_, Fault>(Request::new(ALLOCATE)?.with(REQUESTED_TRANSPORT, &UDP));
        let mut answer = self.ask(&request()?).await?;
        if answer.kind == ALLOCATE | SUCCESS {
            return Err(Fault::Open);
        }
        if answer.code() != Some(UNAUTHORIZED) {
            return Err(answer.refusal());
        }
        let mut proof = Proof::new(username, password, &answer).ok_or(Fault::NotStun)?;
        answer = self.ask(&proof.sign(request()?)).await?;
        if answer.code() == Some(STALE_NONCE) {
            proof = Proof::new(username, password, &answer).ok_or(Fault::NotStun)?;
            answer = self.ask(&proof.sign(request()?)).await?;
        }
        if answer.kind != ALLOCATE | SUCCESS {
            return Err(answer.refusal());
        }
        let end = Request::new(REFRESH)?.with(LIFETIME, &[0; 4]);
        // It ends by itself after some minutes, should this be lost.
        let _ = self.ask(&proof.sign(end)).await;
        Ok(())
    }

    async fn ask(&mut self, request: &Request) -> Result<Response, Fault> {
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
async fn receive(socket: &UdpSocket, request: &Request) -> Result<Response, Fault> {
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
async fn read(stream: &mut TcpStream, request: &Request) -> Result<Response, Fault> {
    let mut bytes = vec![0; HEADER];
    stream.read_exact(&mut bytes).await?;
    let (_, length, _) = split_header(&bytes).ok_or(Fault::NotStun)?;
    if length > LONGEST {
        return Err(Fault::NotStun);
    }
    let mut attributes = vec![0; length];
    stream.read_exact(&mut attributes).await?;
    bytes.extend(attributes);
    Response::parse(&bytes, request).ok_or(Fault::NotStun)
}

fn number(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().copied().map(u16::from_be_bytes)
}

/// Type, length of the attributes, and what comes after both.
fn split_header(bytes: &[u8]) -> Option<(u16, usize, &[u8])> {
    let (head, rest) = bytes.split_at_checked(4)?;
    Some((number(head)?, number(head.get(2..)?)?.into(), rest))
}

struct Request {
    method: u16,
    id: [u8; 12],
    attributes: Vec<u8>,
}

impl Request {
    fn new(method: u16) -> io::Result<Self> {
        let mut id = [0; 12];
        getrandom::fill(&mut id).map_err(io::Error::other)?;
        Ok(Self { method, id, attributes: Vec::new() })
    }

    /// Adds an attribute, filled up to a multiple of four bytes (RFC 8489, section 14).
    fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.attributes.extend(kind.to_be_bytes());
        self.attributes.extend(short(value.len()));
        self.attributes.extend(value);
        self.attributes.resize(self.attributes.len().next_multiple_of(4), 0);
        self
    }

    /// Adds the signature, which the signed length counts already (RFC 8489, section 14.5).
    fn signed(self, key: &[u8]) -> Self {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return self };
        mac.update(&self.bytes(SIGNATURE));
        let signature = mac.finalize().into_bytes();
        self.with(MESSAGE_INTEGRITY, &signature)
    }

    /// The message, with the length of so many bytes more.
    fn bytes(&self, more: usize) -> Vec<u8> {
        let length = short(self.attributes.len() + more);
        [&self.method.to_be_bytes(), &length[..], &COOKIE, &self.id, &self.attributes].concat()
    }
}

/// Names and passwords come from the command line; what is too long for STUN is refused by the
/// other side.
fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes()
}

/// Long-term credentials (RFC 8489, section 9.2).
struct Proof {
    username: String,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    key: [u8; 16],
}

impl Proof {
    fn new(username: &str, password: &str, challenge: &Response) -> Option<Self> {
        let realm = challenge.get(REALM)?.to_vec();
        let nonce = challenge.get(NONCE)?.to_vec();
        let key = [username.as_bytes(), b":", &realm, b":", password.as_bytes()].concat();
        let username = username.to_owned();
        Some(Self { username, realm, nonce, key: Md5::digest(key).into() })
    }

    fn sign(&self, request: Request) -> Request {
        let request = request.with(USERNAME, self.username.as_bytes());
        request.with(REALM, &self.realm).with(NONCE, &self.nonce).signed(&self.key)
    }
}

struct Response {
    kind: u16,
    attributes: Vec<(u16, Vec<u8>)>,
}

impl Response {
    /// Reads an answer to the request; nothing, if it is none.
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

    fn get(&self, kind: u16) -> Option<&[u8]> {
        self.attributes.iter().find(|(other, _)| *other == kind).map(|(_, value)| &value[..])
    }

    /// Hundreds in one byte, the rest in the next (RFC 8489, section 14.8).
    fn code(&self) -> Option<u16> {
        let value = self.get(ERROR_CODE)?;
        let (hundreds, rest) = (value.get(2)? & 7, value.get(3)?);
        Some(u16::from(hundreds) * 100 + u16::from(*rest))
    }

    fn refusal(&self) -> Fault {
        match self.code() {
            Some(UNAUTHORIZED) => Fault::Unauthorized,
            Some(code) => Fault::Refused(code),
            None => Fault::NotStun,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769, section 2.4: a request with long-term authentication, without FINGERPRINT.
    #[test]
    fn requests_are_signed_as_in_the_test_vector() {
        let challenge = Response {
            kind: ALLOCATE | ERROR,
            attributes: vec![
                (REALM, b"example.org".to_vec()),
                (NONCE, b"f//499k954d6OL34oL9FSTvy64sA".to_vec()),
            ],
        };
        let username = "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}";
        let proof = Proof::new(username, "TheMatrIX", &challenge).unwrap();
        let id = [0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e];
        let request = Request { method: BINDING, id, attributes: Vec::new() };
        let request = Request {
            attributes: [
                &[0x00, 0x06, 0x00, 0x12][..],
                username.as_bytes(),
                &[0, 0, 0x00, 0x15, 0x00, 0x1c],
                &proof.nonce,
                &[0x00, 0x14, 0x00, 0x0b],
                &proof.realm,
                &[0],
            ]
            .concat(),
            ..request
        };
        let bytes = request.signed(&proof.key).bytes(0);
        assert_eq!(bytes.len(), 0x60 + HEADER);
        let signature = [
            0xf6, 0x70, 0x24, 0x65, 0x6d, 0xd6, 0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71, 0x2e, 0x85,
            0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66,
        ];
        assert!(bytes.ends_with(&signature));
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
