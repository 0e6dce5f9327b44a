//! Identifies the sender of a message by the tokens in it.

use crate::{
    protocol::{ClientMessage, HostAction, Join, PeerId, RoomName},
    room::Identity,
    server::credentials::tokens::TokenSigner,
};
use std::time::Duration;

/// Returns what the sender of a message has proven. `fresh` is the identity without proof, and `seat`
/// the sender's seat.
pub(super) fn of_sender(
    message: &ClientMessage,
    seat: Option<(&RoomName, PeerId)>,
    secret: &TokenSigner,
    fresh: Identity,
    now: Duration,
) -> Identity {
    match message {
        ClientMessage::Join(join) => of_newcomer(join, secret, fresh, now),
        ClientMessage::Host(HostAction::Invite { .. }) => {
            let token = seat.and_then(|(room, _)| secret.invite(room, fresh.id.0));
            Identity { token, ..fresh }
        }
        _ => fresh,
    }
}

fn of_newcomer(join: &Join, secret: &TokenSigner, fresh: Identity, now: Duration) -> Identity {
    let Join { room, seat, pass, .. } = join;
    let token = seat.as_ref().and_then(|claim| claim.token.as_ref());
    let seat_before = token.and_then(|token| secret.verify(room, token, now));
    let Identity { id, since, returning, .. } =
        seat_before.unwrap_or(Identity { id: fresh.id, since: now, ..Identity::default() });
    Identity {
        id,
        since,
        returning,
        token: seat.as_ref().and_then(|_| secret.prove(room, id, since, now)),
        host: pass.host.as_ref().and_then(|key| secret.host_generation(room, key)),
        invitation: pass.invitation.as_ref().and_then(|token| secret.invited(room, token)),
        passcode_hash: fresh.passcode_hash,
        passcode_checked: fresh.passcode_checked,
        address: fresh.address,
    }
}
