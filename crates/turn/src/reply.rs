//! Replies to requests.

use stun_types::{
    attribute::{AttributeType, ErrorCode, UnknownAttributes},
    message::{IntegrityAlgorithm, IntegrityKey, Message, MessageWriteVec},
    prelude::*,
};

/// Enough for every reply of this server.
const CAPACITY: usize = 160;

/// The codes of errors (RFC 8489, section 14.8; RFC 8656, section 19).
pub(crate) mod code {
    pub(crate) const BAD_REQUEST: u16 = 400;
    pub(crate) const UNAUTHENTICATED: u16 = 401;
    pub(crate) const FORBIDDEN: u16 = 403;
    pub(crate) const UNKNOWN_ATTRIBUTE: u16 = 420;
    pub(crate) const ALLOCATION_MISMATCH: u16 = 437;
    pub(crate) const STALE_NONCE: u16 = 438;
    pub(crate) const ADDRESS_FAMILY_NOT_SUPPORTED: u16 = 440;
    pub(crate) const WRONG_CREDENTIALS: u16 = 441;
    pub(crate) const UNSUPPORTED_TRANSPORT: u16 = 442;
    pub(crate) const PEER_ADDRESS_FAMILY_MISMATCH: u16 = 443;
    pub(crate) const ALLOCATION_QUOTA_REACHED: u16 = 486;
    pub(crate) const INSUFFICIENT_CAPACITY: u16 = 508;
}

/// A success response. `request` has to be a request.
pub(crate) fn success(
    request: &Message<'_>,
    attributes: &[&dyn AttributeWrite],
    key: Option<&IntegrityKey>,
) -> Vec<u8> {
    let message = Message::builder_success(request, MessageWriteVec::with_capacity(CAPACITY));
    finish(message, attributes, key)
}

/// An error response, without a reason phrase: it must not be much larger than the request. `request` has
/// to be a request.
pub(crate) fn error(
    request: &Message<'_>,
    code: u16,
    attributes: &[&dyn AttributeWrite],
    key: Option<&IntegrityKey>,
) -> Vec<u8> {
    let mut message = Message::builder_error(request, MessageWriteVec::with_capacity(CAPACITY));
    // All codes are in range.
    if let Ok(code) = ErrorCode::new(code, "") {
        let _ = message.add_attribute(&code);
    }
    finish(message, attributes, key)
}

/// The error response to a request with attributes that have to be understood, and are not.
pub(crate) fn unknown(
    request: &Message<'_>,
    types: &[AttributeType],
    key: Option<&IntegrityKey>,
) -> Vec<u8> {
    error(request, code::UNKNOWN_ATTRIBUTE, &[&UnknownAttributes::new(types)], key)
}

fn finish(
    mut message: MessageWriteVec,
    attributes: &[&dyn AttributeWrite],
    key: Option<&IntegrityKey>,
) -> Vec<u8> {
    for attribute in attributes {
        // Only fails after the integrity, and beyond 64 KiB.
        let _ = message.add_attribute(*attribute);
    }
    if let Some(key) = key {
        let _ = message.add_message_integrity_with_key(key, IntegrityAlgorithm::Sha1);
    }
    message.finish()
}
