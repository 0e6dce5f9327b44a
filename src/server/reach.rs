//! How participants reach each other: with the servers of `--ice-servers`, or with Salon's own.

use super::{
    config::Config,
    credentials::turn::{OwnServers, Servers, TurnCredentials, TurnSecret},
    error::ServerError,
    media::{Media, MediaConfig, Port},
    metrics::Metrics,
};
use crate::protocol::limits::DIRECT_PARTICIPANTS;
use std::time::Duration;
use tracing::warn;

/// Maximum number of participants in a room if the server cannot forward media.
const DIRECT_PARTICIPANTS_MAX: usize = 16;

/// How participants reach each other.
#[derive(Debug)]
pub(crate) struct Reach {
    /// Names the STUN and TURN servers, with credentials.
    pub(crate) turn_credentials: TurnCredentials,
    /// Salon's own STUN, TURN and forwarding server, if it is used.
    pub(crate) media: Option<Media>,
}

impl Reach {
    /// Only within one network.
    pub(crate) fn within_one_network(ttl: Duration) -> Self {
        let servers = Servers::Listed(Vec::new());
        Self { turn_credentials: TurnCredentials { servers, secret: None, ttl }, media: None }
    }

    /// Starts Salon's own server, unless rooms are small and other STUN and TURN servers are to be used. Returns its
    /// port as well.
    pub(crate) fn open(
        config: &Config,
        is_secure: bool,
        metrics: &Metrics,
    ) -> Result<(Self, Option<Port>), ServerError> {
        let listed = config.turn_credentials();
        if let Some(turn_credentials) = &listed
            && config.max_participants <= DIRECT_PARTICIPANTS
        {
            return Ok((Self { turn_credentials: turn_credentials.clone(), media: None }, None));
        }
        let (address, ttl) = (config.media.listen, config.ttl());
        let port = match Port::bind(address) {
            Ok(port) => port,
            Err(error) if config.media.is_chosen => {
                return Err(ServerError::Media { address, error });
            }
            Err(error) => {
                warn!(
                    "STUN, TURN and media for more than {DIRECT_PARTICIPANTS} people are not available, so calls work \
                     only within one network: cannot listen on {address}: {error}. Choose another address with \
                     --media-listen (SALON_MEDIA_LISTEN)."
                );
                let without = Self::within_one_network(ttl);
                let turn_credentials = listed.unwrap_or(without.turn_credentials);
                return Ok((Self { turn_credentials, media: None }, None));
            }
        };
        let secret = TurnSecret::fresh()?;
        let media_config = MediaConfig {
            options: config.media.clone(),
            names: config.https.names(),
            max_participants: config.max_participants,
            secret: &secret,
            metrics: metrics.relay(),
        };
        let media = Media::start(&port, media_config)?;
        let own = || {
            let servers = Servers::Own(OwnServers {
                port: port.address().port(),
                is_secure,
                addresses: config.media.external_ips.clone(),
                has_relay: media.has_relay(),
            });
            TurnCredentials { servers, secret: Some(secret), ttl }
        };
        // Without credentials for it, nobody can use the relay.
        let turn_credentials = listed.unwrap_or_else(own);
        Ok((Self { turn_credentials, media: Some(media) }, Some(port)))
    }

    /// Maximum number of participants in a room, of whom the operator wants this many.
    pub(crate) fn max_participants(&self, wanted: usize) -> usize {
        if self.media.is_some() { wanted } else { wanted.min(DIRECT_PARTICIPANTS_MAX) }
    }

    /// Maximum number of participants who connect directly to each other.
    pub(crate) fn max_direct(&self, wanted: usize) -> usize {
        let most = if self.media.is_some() { DIRECT_PARTICIPANTS } else { usize::MAX };
        wanted.min(most)
    }
}
