//! How participants reach each other: with the servers of `--ice-servers`, or with Salon's own.

use super::{
    config::Config,
    credentials::turn::{OwnServers, Servers, TurnCredentials, TurnSecret},
    error::ServerError,
    media::{Media, Port},
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
        let (options, names) = (config.media.clone(), config.https.names());
        let addresses = options.external_ips.clone();
        let (media, has_relay) = Media::start(&port, options, names, &secret, metrics.relay())?;
        let port_number = port.address().port();
        let own = OwnServers { port: port_number, is_secure, addresses, has_relay };
        let servers = Servers::Own(own);
        let turn_credentials = TurnCredentials { servers, secret: Some(secret), ttl };
        Ok((Self { turn_credentials, media: Some(media) }, Some(port)))
    }
}
