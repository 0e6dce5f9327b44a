//! How participants reach each other: with the servers of `--ice-servers`, or with Salon's own.

use super::{
    config::Config,
    credentials::turn::{OwnServers, Servers, TurnCredentials, TurnSecret},
    error::ServerError,
    media::{Media, MediaConfig, Port},
    metrics::Metrics,
};
use std::time::Duration;
use tracing::warn;

/// How participants reach each other.
#[derive(Debug)]
pub(crate) struct Reach {
    /// Names the STUN and TURN servers, with credentials.
    pub(crate) turn_credentials: TurnCredentials,
    /// Salon's own server, if it is used.
    pub(crate) media: Option<Media>,
}

impl Reach {
    /// Only within one network.
    pub(crate) fn within_one_network(ttl: Duration) -> Self {
        let servers = Servers::Listed(Vec::new());
        Self { turn_credentials: TurnCredentials { servers, secret: None, ttl }, media: None }
    }

    /// Starts Salon's own STUN and TURN server, unless others are to be used. Returns its port as well.
    pub(crate) fn open(
        config: &Config,
        is_secure: bool,
        metrics: &Metrics,
    ) -> Result<(Self, Option<Port>), ServerError> {
        if let Some(turn_credentials) = config.turn_credentials() {
            return Ok((Self { turn_credentials, media: None }, None));
        }
        let (address, ttl) = (config.media.listen, config.ttl());
        let port = match Port::bind(address) {
            Ok(port) => port,
            Err(error) if config.media.is_chosen => {
                return Err(ServerError::Media { address, error });
            }
            Err(error) => {
                warn!(
                    "STUN and TURN are not available, so calls work only within one network: cannot \
                     listen on {address}: {error}. Choose another address with --media-listen \
                     (SALON_MEDIA_LISTEN)."
                );
                return Ok((Self::within_one_network(ttl), None));
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
        let servers = Servers::Own(OwnServers {
            port: port.address().port(),
            is_secure,
            addresses: config.media.external_ips.clone(),
            has_relay: media.has_relay(),
        });
        let turn_credentials = TurnCredentials { servers, secret: Some(secret), ttl };
        Ok((Self { turn_credentials, media: Some(media) }, Some(port)))
    }
}
