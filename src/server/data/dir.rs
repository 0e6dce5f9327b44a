//! The data directory.

use super::{
    lock::DataDirLock,
    store::{Names, Store},
};
use crate::server::{credentials::tokens::TokenSigner, error::ServerError};
use std::{env, path::PathBuf};
use tracing::warn;

/// The directory for data that outlives the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataDir {
    /// Configured: errors are fatal.
    Chosen(PathBuf),
    /// The default: the server warns of errors, and runs without persistent data.
    Usual(PathBuf),
    /// No directory; all data is in memory.
    None,
}

impl DataDir {
    /// The default: the state directory of systemd, else of the XDG Base Directory Specification.
    pub(crate) fn usual() -> Self {
        let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        folder("STATE_DIRECTORY")
            .or_else(|| folder("XDG_STATE_HOME").map(|home| home.join("salon")))
            .or_else(|| folder("HOME").map(|home| home.join(".local/state/salon")))
            .map_or(Self::None, Self::Usual)
    }

    /// Locks the directory until the lock is dropped. Returns [`Self::None`] if the default one cannot
    /// be locked.
    pub(crate) fn lock(self) -> Result<(Self, Option<DataDirLock>), ServerError> {
        match self {
            Self::Chosen(folder) => {
                let lock = DataDirLock::of(&folder)?;
                Ok((Self::Chosen(folder), Some(lock)))
            }
            Self::Usual(folder) => match DataDirLock::of(&folder) {
                Ok(lock) => Ok((Self::Usual(folder), Some(lock))),
                Err(error) => {
                    warn!("{error} Until then, seats and settings of rooms are lost on restart.");
                    Ok((Self::None, None))
                }
            },
            Self::None => Ok((Self::None, None)),
        }
    }

    /// Loads the secret, or creates one in memory if there is no directory.
    pub(crate) fn secret(&self) -> Result<TokenSigner, ServerError> {
        match self {
            Self::Chosen(folder) => TokenSigner::kept_in(folder),
            Self::Usual(folder) => TokenSigner::kept_in(folder).or_else(|error| {
                warn!("{error} Until then, seats are lost on restart.");
                Ok(TokenSigner::fresh()?)
            }),
            Self::None => Ok(TokenSigner::fresh()?),
        }
    }

    /// Opens the store of the settings of rooms, in memory if there is no directory.
    pub(crate) fn store(&self) -> Result<(Store, Names), ServerError> {
        let open = |folder| Store::kept_in(folder).and_then(Store::with_names);
        let in_memory = || Store::in_memory().and_then(Store::with_names);
        match self {
            Self::Chosen(folder) => open(folder),
            Self::Usual(folder) => open(folder).or_else(|error| {
                warn!("{error} Until then, settings of rooms are lost on restart.");
                in_memory()
            }),
            Self::None => in_memory(),
        }
    }

    /// Returns the path, for data that the server cannot run without.
    pub(crate) fn path(&self) -> Result<PathBuf, ServerError> {
        match self {
            Self::Chosen(folder) | Self::Usual(folder) => Ok(folder.clone()),
            Self::None => Err(ServerError::NoDataDir),
        }
    }
}
