//! Locks the data directory: two servers would overwrite each other's settings of rooms.

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

/// Name of the lock file in the data directory. It remains when the server ends.
const FILE: &str = "lock";

/// Lock of a data directory. It is released when this is dropped or the process ends, even by a crash.
#[derive(Debug)]
pub(crate) struct DataDirLock {
    locked: File,
}

impl DataDirLock {
    /// Creates the directory if it is missing, and locks it.
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
                "Other users of this machine can write to the data directory {name}, and could impersonate \
                 any participant or host. Run: chmod 700 {name}"
            );
        }
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { locked: file }),
            Err(Errno::WOULDBLOCK) => Err(ServerError::Taken(folder.to_owned())),
            Err(error) => Err(failed(error.into())),
        }
    }

    /// Whether a server holds the lock.
    pub(crate) fn is_held(folder: &Path) -> bool {
        let file = File::open(folder.join(FILE)).ok();
        let tried = file.map(|file| flock(file, FlockOperation::NonBlockingLockShared));
        matches!(tried, Some(Err(Errno::WOULDBLOCK)))
    }
}

impl Drop for DataDirLock {
    fn drop(&mut self) {
        // Closing alone does not release it while a process that is just being started has a copy.
        let _ = flock(&self.locked, FlockOperation::Unlock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_locked_by_one_server_at_a_time() {
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        assert!(!DataDirLock::is_held(&folder));
        let lock = DataDirLock::of(&folder).unwrap();
        assert!(
            DataDirLock::is_held(&folder) && DataDirLock::is_held(&folder),
            "checking does not lock"
        );
        let second = DataDirLock::of(&folder).unwrap_err();
        assert!(second.to_string().contains("Another server uses the data directory"), "{second}");
        drop(lock);
        assert!(!DataDirLock::is_held(&folder));
        drop(DataDirLock::of(&folder).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
