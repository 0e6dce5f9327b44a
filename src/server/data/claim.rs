//! A data directory belongs to one server at a time: two would overwrite what the other's hosts decided.

use crate::server::{error::ServerError, permissions::OTHERS_WRITE};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};
use tracing::warn;

/// Name of the file in the data directory that is locked. It stays when the server ends.
const FILE: &str = "lock";

/// A data directory that is this server's, until this is dropped or the process is gone, however it
/// ended.
#[derive(Debug)]
pub(crate) struct Claim {
    _locked: File,
}

impl Claim {
    /// Makes the folder, if it is not there, and takes it.
    ///
    /// # Errors
    /// [`ServerError::Taken`] or [`ServerError::Data`].
    pub(crate) fn of(folder: &Path) -> Result<Self, ServerError> {
        let path = folder.join(FILE);
        let open = || {
            DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
            OpenOptions::new().append(true).create(true).mode(0o600).open(&path)
        };
        let failed = |error| ServerError::Data { path: path.clone(), error };
        let file = open().map_err(failed)?;
        if fs::metadata(folder).map_err(failed)?.mode() & OTHERS_WRITE != 0 {
            let name = folder.display();
            warn!(
                "Others can write to the data directory {name}, and so take any seat. chmod 700 {name}"
            );
        }
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _locked: file }),
            Err(Errno::WOULDBLOCK) => Err(ServerError::Taken(folder.to_owned())),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// Whether a server has the folder now.
    pub(crate) fn is_held(folder: &Path) -> bool {
        let file = File::open(folder.join(FILE)).ok();
        let tried = file.map(|file| flock(file, FlockOperation::NonBlockingLockShared));
        matches!(tried, Some(Err(Errno::WOULDBLOCK)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_had_by_one_at_a_time() {
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        assert!(!Claim::is_held(&folder));
        let claim = Claim::of(&folder).unwrap();
        assert!(Claim::is_held(&folder) && Claim::is_held(&folder), "to look takes nothing");
        let second = Claim::of(&folder).unwrap_err();
        assert!(second.to_string().contains("Another server uses the data directory"), "{second}");
        drop(claim);
        assert!(!Claim::is_held(&folder));
        drop(Claim::of(&folder).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
