//! The connection that a request came over, as a request extension.

use super::{intake::Meter, ip_quotas::ConnectionPermit};
use std::{net::IpAddr, sync::Arc};

/// The connection that a request came over.
#[derive(Debug)]
pub(crate) struct ConnectInfo {
    /// Address of the peer, which is a proxy if there is one.
    pub(crate) address: IpAddr,
    /// Address of this machine that it connected to, if the system tells.
    pub(crate) local: Option<IpAddr>,
    /// None for a trusted proxy, which connects for many clients.
    pub(crate) permit: Option<ConnectionPermit>,
    /// Counts the received bytes that are not handled yet.
    pub(crate) meter: Arc<Meter>,
}
