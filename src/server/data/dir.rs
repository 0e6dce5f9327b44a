//! Where to keep what has to outlive the server.

use super::{
    claim::Claim,
    store::{Names, Store},
};
use crate::server::{credentials::tokens::TokenSigner, error::ServerError};
use std::{env, path::PathBuf};
use tracing::warn;

/// Where to keep what has to outlive the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataDir {
    /// The operator said so: it has to work.
    Chosen(PathBuf),
    /// Where such things are usually put, if that works.
    Usual(PathBuf),
    /// Nowhere.
    None,
}

impl DataDir {
    /// Where systemd, or else the desktop's rules (XDG Base Directory Specification), put it.
    pub(crate) fn usual() -> Self {
        let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        folder("STATE_DIRECTORY")
            .or_else(|| folder("XDG_STATE_HOME").map(|home| home.join("salon")))
            .or_else(|| folder("HOME").map(|home| home.join(".local/state/salon")))
            .map_or(Self::None, Self::Usual)
    }

    /// Takes the folder for this server, for as long as the claim lives. A usual one that cannot be
    /// had is done without.
    pub(crate) fn claim(self) -> Result<(Self, Option<Claim>), ServerError> {
        match self {
            Self::Chosen(folder) => {
                let claim = Claim::of(&folder)?;
                Ok((Self::Chosen(folder), Some(claim)))
            }
            Self::Usual(folder) => match Claim::of(&folder) {
                Ok(claim) => Ok((Self::Usual(folder), Some(claim))),
                Err(error) => {
                    warn!(
                        "{error} Until then, calls, and what hosts decide, do not outlive a restart."
                    );
                    Ok((Self::None, None))
                }
            },
            Self::None => Ok((Self::None, None)),
        }
    }

    /// The secret that is kept there; where nothing can be kept, one for this run.
    pub(crate) fn secret(&self) -> Result<TokenSigner, ServerError> {
        match self {
            Self::Chosen(folder) => TokenSigner::kept_in(folder),
            Self::Usual(folder) => TokenSigner::kept_in(folder).or_else(|error| {
                warn!("{error} Until then, calls do not outlive a restart.");
                Ok(TokenSigner::fresh()?)
            }),
            Self::None => Ok(TokenSigner::fresh()?),
        }
    }

    /// Where what hosts decide is kept; where nothing can be, for this run.
    pub(crate) fn store(&self) -> Result<(Store, Names), ServerError> {
        let open = |folder| Store::kept_in(folder).and_then(Store::with_names);
        let for_this_run = || Store::in_memory().and_then(Store::with_names);
        match self {
            Self::Chosen(folder) => open(folder),
            Self::Usual(folder) => open(folder).or_else(|error| {
                warn!("{error} Until then, what hosts decide does not outlive a restart.");
                for_this_run()
            }),
            Self::None => for_this_run(),
        }
    }

    /// Where to keep what the server cannot do without.
    pub(crate) fn path(&self) -> Result<PathBuf, ServerError> {
        match self {
            Self::Chosen(folder) | Self::Usual(folder) => Ok(folder.clone()),
            Self::None => Err(ServerError::NoDataDir),
        }
    }
}
