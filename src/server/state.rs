//! What handlers share.

use super::{
    credentials::tokens::TokenSigner,
    csp::PagePolicy,
    hub::Hub,
    limits::Limits,
    net::{
        client_ip::TrustedProxies,
        connect_info::ConnectInfo,
        ip_quotas::{ConnectionPermit, IpQuotas, LimitExceeded},
        origin::OriginPolicy,
        refusals::Refusals,
    },
};
use axum::{extract::FromRef, http::HeaderMap};
use leptos::config::LeptosOptions;
use std::sync::Arc;

/// What handlers share.
#[derive(Clone, Debug)]
pub(super) struct AppState {
    pub(super) hub: Hub,
    pub(super) secret: TokenSigner,
    /// The STUN and TURN servers that people use.
    pub(super) ice_urls: Arc<Vec<String>>,
    pub(super) origins: Arc<OriginPolicy>,
    pub(super) limits: Arc<Limits>,
    pub(super) quotas: Arc<IpQuotas>,
    pub(super) proxies: Arc<TrustedProxies>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) leptos: LeptosOptions,
    pub(super) policy: Arc<PagePolicy>,
    /// Whether the server itself speaks TLS.
    pub(super) is_secure: bool,
}

impl AppState {
    /// Counts what somebody asks for among the connections of their address, as long as the permit is
    /// kept: a connection from there is counted already, unless a proxy made it.
    pub(super) fn count(
        &self,
        peer: &ConnectInfo,
        headers: &HeaderMap,
    ) -> Result<Option<ConnectionPermit>, LimitExceeded> {
        match peer.permit {
            Some(_) => Ok(None),
            None => self.quotas.connect(self.proxies.client(peer.address, headers)).map(Some),
        }
    }
}

impl FromRef<AppState> for Hub {
    fn from_ref(state: &AppState) -> Self {
        state.hub.clone()
    }
}
