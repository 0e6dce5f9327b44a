//! State shared by the handlers.

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
    reach::Reach,
    site::Site,
};
use axum::{extract::FromRef, http::HeaderMap};
use leptos::config::LeptosOptions;
use std::sync::Arc;

/// State shared by the handlers.
#[derive(Clone, Debug)]
pub(super) struct AppState {
    pub(super) hub: Hub,
    pub(super) secret: TokenSigner,
    pub(super) reach: Arc<Reach>,
    pub(super) origins: Arc<OriginPolicy>,
    pub(super) limits: Arc<Limits>,
    pub(super) quotas: Arc<IpQuotas>,
    pub(super) proxies: Arc<TrustedProxies>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) leptos: LeptosOptions,
    pub(super) site: Site,
    pub(super) policy: Arc<PagePolicy>,
    /// Whether the server itself uses TLS.
    pub(super) is_secure: bool,
}

impl AppState {
    /// Counts a long-running request as a connection of its client, until the permit is dropped. Returns
    /// no permit for direct connections, which are counted already.
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
