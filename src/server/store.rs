//! What hosts decided about their rooms, on disk: one small SQLite database in the data folder.
//! It is read once, at the start; from then on the rooms are in memory and every change is written
//! before anybody is told of it.

mod opening;

use super::error::ServerError;
use crate::{protocol::RoomName, room::Keeping};
use rusqlite::{Connection, Error, params};
use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use tracing::warn;

/// Name of the database in the data folder.
const FILE: &str = "rooms.db";

/// Each brings a database one version further; `user_version` counts how many were done.
const MIGRATIONS: [&str; 1] =
    ["CREATE TABLE room (name TEXT PRIMARY KEY, kept TEXT NOT NULL) STRICT, WITHOUT ROWID;"];

/// The open database.
#[derive(Debug)]
pub(super) struct Store(Connection);

impl Store {
    /// Opens the database in a folder, which nobody but the server's user can read, and makes it if
    /// it is not there.
    pub(super) fn kept_in(folder: &Path) -> Result<Self, ServerError> {
        let path = folder.join(FILE);
        let error = |error: Error| data_error(&path, error);
        usable(&path, opening::problem(&path, MIGRATIONS.len()))?;
        let made = std::fs::create_dir_all(folder).and_then(|()| {
            let mut options = OpenOptions::new();
            options.append(true).create(true).mode(0o600).open(&path)
        });
        made.map_err(|error| ServerError::Data { path: path.clone(), error })?;
        Self::migrated(Connection::open(&path).map_err(error)?).map_err(error)
    }

    /// Looks for what is wrong with the database in a folder, if there is one, and changes nothing.
    pub(super) fn examine(folder: &Path) -> Result<(), ServerError> {
        let path = folder.join(FILE);
        let problem = opening::problem(&path, MIGRATIONS.len());
        usable(&path, problem.or_else(|| opening::damage(&path)))
    }

    /// One that is gone when the server ends.
    pub(super) fn in_memory() -> Result<Self, ServerError> {
        let opened = Connection::open_in_memory().and_then(Self::migrated);
        opened.map_err(|error| data_error(Path::new(FILE), error))
    }

    fn migrated(mut connection: Connection) -> Result<Self, Error> {
        // What was written outlives the process at once, and a failure of power in short time.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let done: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        for (version, migration) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > done) {
            let transaction = connection.transaction()?;
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "user_version", version)?;
            transaction.commit()?;
        }
        Ok(Self(connection))
    }

    /// Everything that is kept. A room of which that cannot be read any more is locked: its host can
    /// open it.
    pub(super) fn load(&self) -> Result<Vec<(RoomName, Keeping)>, ServerError> {
        let read = || {
            let mut query = self.0.prepare("SELECT name, kept FROM room")?;
            let rows = query
                .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
            rows.collect::<Result<Vec<_>, Error>>()
        };
        let rows = read().map_err(|error| data_error(Path::new(FILE), error))?;
        let parse = |(name, kept): (String, String)| {
            let name = name.parse().ok()?;
            let kept = serde_json::from_str(&kept).unwrap_or_else(|error| {
                warn!(%error, "what a host decided cannot be read; their room stays locked");
                Keeping { locked: true, ..Keeping::default() }
            });
            Some((name, kept))
        };
        Ok(rows.into_iter().filter_map(parse).collect())
    }

    /// Writes down what was decided about a room, in place of what was before.
    pub(super) fn keep(&self, room: &RoomName, kept: &Keeping) -> Result<(), Error> {
        let json = serde_json::to_string(kept).unwrap_or_default();
        let insert = "INSERT OR REPLACE INTO room VALUES (?1, ?2)";
        self.0.execute(insert, params![room.as_str(), json]).map(|_| ())
    }

    /// Removes all that is kept of a room.
    pub(super) fn forget(&self, room: &RoomName) -> Result<(), Error> {
        let delete = "DELETE FROM room WHERE name = ?1";
        self.0.execute(delete, params![room.as_str()]).map(|_| ())
    }
}

fn usable(path: &Path, problem: Option<String>) -> Result<(), ServerError> {
    let error = |problem| ServerError::Data { path: path.into(), error: io::Error::other(problem) };
    problem.map_or(Ok(()), |problem| Err(error(problem)))
}

fn data_error(path: &Path, error: Error) -> ServerError {
    ServerError::Data { path: PathBuf::from(path), error: io::Error::other(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn what_is_kept_is_there_at_the_next_start_and_nobody_else_s_to_read() {
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        let rooms: Vec<RoomName> = ["123", "456"].map(|name| name.parse().unwrap()).into();
        let locked = Keeping { locked: true, ..Keeping::default() };
        {
            let store = Store::kept_in(&folder).unwrap();
            for room in &rooms {
                store.keep(room, &Keeping::default()).unwrap();
            }
            store.keep(&rooms[0], &locked).unwrap();
            store.forget(&rooms[1]).unwrap();
        }
        let store = Store::kept_in(&folder).unwrap();
        assert_eq!(store.load().unwrap(), [(rooms[0].clone(), locked)]);
        for file in fs::read_dir(&folder).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
