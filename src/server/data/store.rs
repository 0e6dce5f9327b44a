//! The settings of rooms, in a SQLite database in the data directory. Rooms are loaded on demand, by the
//! thread in `writer.rs`, so that nothing else waits for the disk.

mod opening;

use crate::{
    protocol::RoomName,
    room::Decisions,
    server::{clock::unix_time, error::ServerError},
};
use rusqlite::{Connection, Error, OptionalExtension, Row, TransactionBehavior, params};
use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tracing::warn;

/// Name of the database in the data directory.
const FILE: &str = "rooms.db";

/// Migrations of the schema, in order; `user_version` is the number of those applied.
const MIGRATIONS: [&str; 3] = [
    "CREATE TABLE room (name TEXT PRIMARY KEY, kept TEXT NOT NULL) STRICT, WITHOUT ROWID;",
    // Times are in seconds since the Unix epoch; `brief` is true for rooms used on one day only. The
    // index covers the query at the start. Settings that cannot be parsed count as used now.
    "ALTER TABLE room ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE room ADD COLUMN brief INTEGER NOT NULL DEFAULT FALSE;
     ALTER TABLE room ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;
     UPDATE room SET used = ifnull(iif(json_valid(kept), kept ->> '$.used.secs', NULL), unixepoch());
     UPDATE room SET expires = used + 90 * 86400;
     CREATE INDEX room_expires ON room (expires, used, brief);",
    // Renames fields. A quoted text before a colon is always a field's name, because quotes within
    // texts are escaped.
    r#"UPDATE room SET kept = replace(replace(replace(replace(replace(replace(kept,
         '"waiting_room":', '"waitingRoom":'),
         '"handovers":', '"generation":'),
         '"closed":', '"seatsVoidBefore":'),
         '"spared":', '"validSeats":'),
         '"heir":', '"designatedHost":'),
         '"used_by":', '"usedBy":');"#,
];
/// Timeout for a locked database; writes are retried later.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// The database.
#[derive(Debug)]
pub(crate) struct Store(Connection);

/// The stored rooms, with the time of last use of those that were used on one day only.
pub(crate) type Names = Vec<(RoomName, Option<Duration>)>;

impl Store {
    /// Opens the database in a directory, or creates it for the server's user only.
    pub(crate) fn kept_in(folder: &Path) -> Result<Self, ServerError> {
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

    /// Checks the database in a directory, if there is one, without changing it.
    pub(crate) fn examine(folder: &Path) -> Result<(), ServerError> {
        let path = folder.join(FILE);
        let problem = opening::problem(&path, MIGRATIONS.len());
        usable(&path, problem.or_else(|| opening::damage(&path)))
    }

    /// Creates a database in memory.
    pub(crate) fn in_memory() -> Result<Self, ServerError> {
        let opened = Connection::open_in_memory().and_then(Self::migrated);
        opened.map_err(|error| data_error(Path::new(FILE), error))
    }

    fn migrated(mut connection: Connection) -> Result<Self, Error> {
        connection.busy_timeout(LOCK_TIMEOUT)?;
        // Writes survive a crash of the process at once, and a power failure after a checkpoint.
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

    /// Returns the store and the stored rooms.
    pub(crate) fn with_names(self) -> Result<(Self, Names), ServerError> {
        let names = self.names()?;
        Ok((self, names))
    }

    fn names(&self) -> Result<Names, ServerError> {
        let read = || {
            let select = "SELECT name, iif(brief, used, NULL) FROM room INDEXED BY room_expires";
            let mut query = self.0.prepare(select)?;
            let row = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?));
            query.query_map([], row)?.collect::<Result<Vec<_>, Error>>()
        };
        let path = || Path::new(self.0.path().filter(|path| !path.is_empty()).unwrap_or(FILE));
        let rows = read().map_err(|error| data_error(path(), error))?;
        let time = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let parse =
            |(name, used): (String, Option<i64>)| Some((name.parse().ok()?, used.map(time)));
        Ok(rows.into_iter().filter_map(parse).collect())
    }

    /// Loads the settings of a room. If they cannot be parsed, the room is locked until its host opens
    /// it, and counts as used now, so that it does not expire.
    pub(crate) fn read(&self, room: &RoomName) -> Result<Option<Decisions>, Error> {
        let select = "SELECT kept FROM room WHERE name = ?1";
        let read = |row: &Row<'_>| row.get::<_, String>(0);
        let decisions = self.0.query_row(select, [room.as_str()], read).optional()?;
        Ok(decisions.map(|decisions| {
            serde_json::from_str(&decisions).unwrap_or_else(|error| {
                // The error itself can quote a secret.
                let (kind, column) = (error.classify(), error.column());
                warn!(?kind, column, "cannot parse the settings of a room; it stays locked");
                Decisions { locked: true, used: unix_time(), ..Decisions::default() }
            })
        }))
    }

    /// Replaces or removes the settings of rooms, in one transaction.
    pub(crate) fn write(&mut self, changes: &Changes) -> Result<(), Error> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (room, decisions) in changes {
            match decisions {
                Some(decisions) => write(&transaction, room, decisions)?,
                None => {
                    let delete = "DELETE FROM room WHERE name = ?1";
                    transaction.prepare(delete)?.execute([room.as_str()])?;
                }
            }
        }
        transaction.commit()
    }

    /// Removes expired rooms and returns their names.
    pub(crate) fn sweep(&self, now: Duration) -> Result<Vec<RoomName>, Error> {
        let delete = "DELETE FROM room WHERE expires <= ?1 RETURNING name";
        let mut delete = self.0.prepare(delete)?;
        let names = delete.query_map([seconds(now)], |row| row.get::<_, String>(0))?;
        let names = names.collect::<Result<Vec<_>, Error>>()?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }
}

fn usable(path: &Path, problem: Option<String>) -> Result<(), ServerError> {
    let error = |problem| ServerError::Data { path: path.into(), error: io::Error::other(problem) };
    problem.map_or(Ok(()), |problem| Err(error(problem)))
}

/// New settings of rooms; none removes them.
pub(crate) type Changes = BTreeMap<RoomName, Option<Decisions>>;

fn write(connection: &Connection, room: &RoomName, decisions: &Decisions) -> Result<(), Error> {
    let json = serde_json::to_string(decisions).unwrap_or_default();
    let insert = "INSERT OR REPLACE INTO room (name, kept, used, brief, expires) \
                  VALUES (?1, ?2, ?3, ?4, ?5)";
    // Rounded up, so that it is not removed too early.
    let expires = seconds(decisions.expires()) + 1;
    let row = params![room.as_str(), json, seconds(decisions.used), decisions.brief, expires];
    connection.prepare(insert)?.execute(row).map(|_| ())
}

/// Converts to an SQLite integer.
fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX - 1)
}

fn data_error(path: &Path, error: Error) -> ServerError {
    ServerError::Data { path: PathBuf::from(path), error: io::Error::other(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::PeerId,
        room::{Guest, StoredInvitation},
    };
    use std::{fs, os::unix::fs::PermissionsExt};

    fn room(name: &str) -> RoomName {
        name.parse().unwrap()
    }

    fn locked(used: u64) -> Decisions {
        Decisions { locked: true, used: Duration::from_secs(used), ..Decisions::default() }
    }

    #[test]
    fn stored_rooms_survive_a_restart_and_are_private() {
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        {
            let mut store = Store::kept_in(&folder).unwrap();
            let both = ["123", "456"].map(|name| (room(name), Some(Decisions::default())));
            store.write(&both.into()).unwrap();
            store.write(&[(room("123"), Some(locked(7))), (room("456"), None)].into()).unwrap();
        }
        let store = Store::kept_in(&folder).unwrap();
        assert_eq!(store.names().unwrap(), [(room("123"), None)]);
        assert_eq!(store.read(&room("123")).unwrap(), Some(locked(7)));
        assert_eq!(store.read(&room("456")).unwrap(), None);
        for file in fs::read_dir(&folder).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn expired_rooms_are_swept() {
        let mut store = Store::in_memory().unwrap();
        let brief = Decisions { brief: true, ..locked(9) };
        let open = Decisions { used: Duration::from_secs(7), ..Decisions::default() };
        let rooms =
            [("old", locked(7)), ("new", locked(8)), ("brief", brief.clone()), ("open", open)];
        let rooms = rooms.map(|(name, decisions)| (room(name), Some(decisions)));
        store.write(&rooms.into()).unwrap();
        assert!(store.names().unwrap().contains(&(room("brief"), Some(brief.used))));
        let second = Duration::from_secs(1);
        assert_eq!(store.sweep(brief.expires()).unwrap(), [room("open")]);
        assert_eq!(store.sweep(brief.expires() + second).unwrap(), [room("brief")]);
        assert_eq!(store.sweep(locked(7).expires() + second).unwrap(), [room("old")]);
        assert_eq!(store.names().unwrap(), [(room("new"), None)]);
    }

    #[test]
    fn an_older_database_is_migrated() {
        let old = Connection::open_in_memory().unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        let given = Decisions { generation: 2, ..locked(10) };
        for (name, decisions) in [("a", locked(9)), ("b", given.clone())] {
            let json = serde_json::to_string(&decisions).unwrap();
            old.execute("INSERT INTO room VALUES (?1, ?2)", params![name, json]).unwrap();
        }
        old.execute("INSERT INTO room VALUES ('c', 'no JSON')", []).unwrap();
        let store = Store::migrated(old).unwrap();
        assert_eq!(store.read(&room("b")).unwrap(), Some(given));
        let over = locked(9).expires();
        assert_eq!(store.sweep(over).unwrap(), [room("a")]);
        assert_eq!(store.names().unwrap(), [(room("b"), None), (room("c"), None)]);
    }

    /// A forgotten field would be lost silently, and void seats would grant access again.
    #[test]
    fn renamed_fields_are_migrated() {
        let old = Connection::open_in_memory().unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        old.execute_batch(MIGRATIONS[1]).unwrap();
        old.pragma_update(None, "user_version", 2).unwrap();
        let written = r#"{"locked":false,"waiting_room":true,"passcode":"$argon2id$","handovers":3,"removed":["0000000000000007"],"closed":{"secs":1800000005,"nanos":7},"spared":["0000000000000008"],"ended":{"secs":1800000004,"nanos":0},"heir":"0000000000000009","invitations":[{"id":18446744073709551615,"token":"t","once":true,"ends":{"secs":1800086400,"nanos":0},"used_by":["000000000000000a","\"closed\": \\"]},{"id":2,"token":"u","once":false,"ends":{"secs":1800086400,"nanos":0},"used_by":null}],"guests":[{"id":"000000000000000a","invitation":18446744073709551615,"until":{"secs":1800086400,"nanos":0}}],"used":{"secs":1800000006,"nanos":0},"brief":true}"#;
        let insert = "INSERT INTO room (name, kept, used, brief, expires) \
                      VALUES ('a', ?1, 1800000006, TRUE, 1802592007)";
        old.execute(insert, [written]).unwrap();
        let secs = Duration::from_secs;
        let ends = secs(1_800_086_400);
        let invited = |id, token: &str, once, used_by| StoredInvitation {
            id,
            token: token.to_owned(),
            once,
            ends,
            used_by,
        };
        let guest = PeerId(10);
        let decisions = Decisions {
            locked: false,
            waiting_room: true,
            passcode_hash: Some("$argon2id$".to_owned()),
            generation: 3,
            removed: vec![PeerId(7)],
            seats_void_before: Duration::new(1_800_000_005, 7),
            valid_seats: vec![PeerId(8)],
            ended: secs(1_800_000_004),
            designated_host: Some(PeerId(9)),
            invitations: vec![
                invited(u64::MAX, "t", true, Some((guest, r#""closed": \"#.into()))),
                invited(2, "u", false, None),
            ],
            guests: vec![Guest { id: guest, invitation: u64::MAX, until: ends }],
            used: secs(1_800_000_006),
            brief: true,
        };
        let store = Store::migrated(old).unwrap();
        assert_eq!(store.read(&room("a")).unwrap(), Some(decisions.clone()));
        assert_eq!(store.names().unwrap(), [(room("a"), Some(decisions.used))]);
    }

    #[test]
    fn an_unreadable_room_is_locked() {
        let old = Connection::open_in_memory().unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        // Ignoring an unknown field would open the room.
        let unreadable = [("c", "no JSON"), ("d", r#"{"settled":true}"#)];
        for (name, text) in unreadable {
            old.execute("INSERT INTO room VALUES (?1, ?2)", [name, text]).unwrap();
        }
        let store = Store::migrated(old).unwrap();
        let now = unix_time();
        assert!(store.sweep(now).unwrap().is_empty());
        for (name, _) in unreadable {
            let decisions = store.read(&room(name)).unwrap().unwrap();
            assert!(decisions.locked && decisions.expires() > now, "{decisions:?}");
        }
    }
}
