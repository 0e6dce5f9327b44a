//! What a request says of the connection that it came over.

use super::{intake::Meter, ip_quotas::ConnectionPermit};
use std::{net::IpAddr, sync::Arc};

/// The other end of a connection; every request carries it.
#[derive(Debug)]
pub(crate) struct ConnectInfo {
    pub(crate) address: IpAddr,
    /// At which of this machine's addresses it arrived, where the system can say that.
    pub(crate) local: Option<IpAddr>,
    /// None for a trusted proxy: it connects for many.
    pub(crate) permit: Option<ConnectionPermit>,
    /// Bytes of requests that are held and not yet answered.
    pub(crate) meter: Arc<Meter>,
}
