//! Connections: listeners, TLS, client addresses and the limits of each address.

pub(super) mod accept;
pub(super) mod acme;
pub(super) mod certificate;
pub(super) mod client_ip;
pub(super) mod connect_info;
pub(super) mod intake;
pub(super) mod ip_quotas;
pub(super) mod listener;
pub(super) mod origin;
pub(super) mod refusals;
pub(super) mod tls;
mod tls_provider;
