//! What people prove who they are with, and what they are given to reach others.

pub(super) mod checks;
pub(super) mod passcode;
pub(super) mod secret_strength;
pub(super) mod tokens;
pub(super) mod turn;
