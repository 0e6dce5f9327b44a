//! A minimal TURN client (RFC 8656), to check whether a server accepts a credential and which peers it
//! permits. It never sends anything to a peer.

use super::stun::{
    ALLOCATE, CREATE_PERMISSION, Connection, LIFETIME, NONCE, REALM, REFRESH, REQUESTED_TRANSPORT,
    Request, Response, SUCCESS, StunError, UNAUTHORIZED, USERNAME, XOR_MAPPED_ADDRESS,
    XOR_PEER_ADDRESS, unxored, xored,
};
use md5::{Digest, Md5};
use std::{io, net::Ipv4Addr};

/// Requests a UDP relay, by the IP protocol number.
pub(super) const UDP: [u8; 4] = [17, 0, 0, 0];
const FORBIDDEN: u16 = 403;
const STALE_NONCE: u16 = 438;

/// A public address, for which a permission is requested.
const PUBLIC: Ipv4Addr = Ipv4Addr::new(1, 1, 1, 1);
/// Loopback, private networks (RFC 1918), and the metadata service of clouds.
const PRIVATE: [Ipv4Addr; 5] = [
    Ipv4Addr::LOCALHOST,
    Ipv4Addr::new(10, 0, 0, 1),
    Ipv4Addr::new(172, 16, 0, 1),
    Ipv4Addr::new(192, 168, 0, 1),
    Ipv4Addr::new(169, 254, 169, 254),
];

/// A relay allocation.
pub(super) struct Allocation<'a> {
    connection: &'a mut Connection,
    credential: (&'a str, &'a str),
    proof: Proof,
    /// This machine's address as the server sees it, if it is an IPv4 address.
    own: Option<Ipv4Addr>,
}

impl<'a> Allocation<'a> {
    /// Allocates a relay with a username and a credential. Fails if the server relays without them.
    pub(super) async fn new(
        connection: &'a mut Connection,
        credential: (&'a str, &'a str),
    ) -> Result<Self, StunError> {
        let request =
            || Ok::<_, io::Error>(Request::new(ALLOCATE)?.with(REQUESTED_TRANSPORT, &UDP));
        let challenge = connection.ask(&request()?).await?;
        if challenge.kind == ALLOCATE | SUCCESS {
            return Err(StunError::Open);
        }
        if challenge.code() != Some(UNAUTHORIZED) {
            return Err(challenge.refusal());
        }
        let proof = Proof::new(credential, &challenge).ok_or(StunError::NotStun)?;
        let mut allocation = Self { connection, credential, proof, own: None };
        let answer = allocation.ask(request).await?;
        if answer.kind != ALLOCATE | SUCCESS {
            return Err(answer.refusal());
        }
        allocation.own = answer.get(XOR_MAPPED_ADDRESS).and_then(unxored);
        Ok(allocation)
    }

    /// Returns the private addresses that the server relays to; there should be none. Fails if it relays
    /// neither to a public address nor to this machine, as a server inside a company may.
    pub(super) async fn private_peers(&mut self) -> Result<Vec<Ipv4Addr>, StunError> {
        let mut is_open = self.permits(PUBLIC).await?;
        if let (false, Some(own)) = (is_open, self.own) {
            is_open = self.permits(own).await?;
        }
        if !is_open {
            return Err(StunError::Forbidden);
        }
        let mut reached = Vec::new();
        for peer in PRIVATE {
            if self.permits(peer).await? {
                reached.push(peer);
            }
        }
        Ok(reached)
    }

    async fn permits(&mut self, peer: Ipv4Addr) -> Result<bool, StunError> {
        let peer = xored(peer);
        let request = || Ok(Request::new(CREATE_PERMISSION)?.with(XOR_PEER_ADDRESS, &peer));
        let answer = self.ask(request).await?;
        match answer.code() {
            _ if answer.kind == CREATE_PERMISSION | SUCCESS => Ok(true),
            Some(FORBIDDEN) => Ok(false),
            _ => Err(answer.refusal()),
        }
    }

    /// Releases the allocation. If that fails, it expires after some minutes.
    pub(super) async fn end(mut self) {
        let _ = self.ask(|| Ok(Request::new(REFRESH)?.with(LIFETIME, &[0; 4]))).await;
    }

    /// Sends an authenticated request, and repeats it if the nonce is stale.
    async fn ask(
        &mut self,
        request: impl Fn() -> io::Result<Request>,
    ) -> Result<Response, StunError> {
        let answer = self.connection.ask(&self.proof.sign(request()?)).await?;
        if answer.code() != Some(STALE_NONCE) {
            return Ok(answer);
        }
        self.proof = Proof::new(self.credential, &answer).ok_or(StunError::NotStun)?;
        self.connection.ask(&self.proof.sign(request()?)).await
    }
}

/// Long-term credentials (RFC 8489, section 9.2).
struct Proof {
    username: String,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    key: [u8; 16],
}

impl Proof {
    fn new((username, password): (&str, &str), challenge: &Response) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::doctor::stun::{BINDING, ERROR, HEADER};

    /// RFC 5769, section 2.4: a request with long-term authentication, without FINGERPRINT.
    #[test]
    fn request_signatures_match_the_test_vector() {
        let challenge = Response {
            kind: ALLOCATE | ERROR,
            attributes: vec![
                (REALM, b"example.org".to_vec()),
                (NONCE, b"f//499k954d6OL34oL9FSTvy64sA".to_vec()),
            ],
        };
        let username = "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}";
        let proof = Proof::new((username, "TheMatrIX"), &challenge).unwrap();
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
}
