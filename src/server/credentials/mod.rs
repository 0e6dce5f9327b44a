//! Tokens, passcodes and TURN credentials.

pub(super) mod checks;
pub(super) mod passcode;
pub(super) mod secret_strength;
pub(super) mod tokens;
pub(super) mod turn;
