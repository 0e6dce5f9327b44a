//! Checks a database before it is used. An empty or damaged database, or one of a newer version, is never
//! replaced by a new one: that would open rooms that a host has locked.

use crate::server::permissions::OTHERS_WRITE;
use rusqlite::{Connection, Error, OpenFlags};
use std::{fs, os::unix::fs::MetadataExt, path::Path};

/// Returns why a database cannot be used, if there is one. `known` is the latest version of the schema.
pub(super) fn problem(path: &Path, known: usize) -> Option<String> {
    let found = fs::metadata(path).ok()?;
    if found.len() == 0 {
        let lost = "it is empty, and the settings of rooms are lost";
        return Some(format!("{lost}; restore a backup, or remove it to start over"));
    }
    if found.mode() & OTHERS_WRITE != 0 {
        return Some(
            "other users of this machine can write it, and could open any room; run chmod 600"
                .to_owned(),
        );
    }
    // Reading this makes SQLite compare the file size with the header.
    match pragma::<i64>(path, "user_version") {
        Ok(version) if usize::try_from(version).is_ok_and(|version| version <= known) => None,
        Ok(version) => Some(format!(
            "it is from a newer version of Salon (schema {version}, this one supports {known}); \
             install that version"
        )),
        Err(error) => Some(error.to_string()),
    }
}

/// Returns what is damaged in a database, if there is one. Reads the whole file.
pub(super) fn damage(path: &Path) -> Option<String> {
    path.exists().then_some(())?;
    match pragma::<String>(path, "quick_check") {
        Ok(said) if said == "ok" => None,
        Ok(said) => Some(format!("it is damaged ({said}); restore a backup")),
        Err(error) => Some(error.to_string()),
    }
}

fn pragma<T: rusqlite::types::FromSql>(path: &Path, name: &str) -> Result<T, Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_query_value(None, name, |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::super::{FILE, Store};
    use crate::server::data::dir::DataDir;
    use rusqlite::Connection;
    use std::{
        fs,
        os::unix::fs::{FileExt, PermissionsExt},
    };

    #[test]
    fn a_damaged_index_is_noticed_when_opening() {
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        drop(Store::kept_in(&folder).unwrap());
        let path = folder.join(FILE);
        let database = Connection::open(&path).unwrap();
        let page = "SELECT rootpage FROM sqlite_schema WHERE name = 'room_expires'";
        let page: u32 = database.query_row(page, [], |row| row.get(0)).unwrap();
        let size: u32 = database.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
        drop(database);
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&[0xff; 100], u64::from((page - 1) * size)).unwrap();
        let chosen = DataDir::Chosen(folder.clone()).store().unwrap_err().to_string();
        assert!(chosen.contains(&path.display().to_string()), "{chosen}");
        assert!(DataDir::Usual(folder.clone()).store().unwrap().1.is_empty());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn empty_newer_truncated_and_invalid_databases_are_refused() {
        let folder = std::env::temp_dir().join(format!("salon-{}", getrandom::u64().unwrap()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join(FILE);
        let refused = || {
            let (opened, examined) = (Store::kept_in(&folder), Store::examine(&folder));
            assert_eq!(opened.is_err(), examined.is_err());
            opened.err().map(|error| error.to_string())
        };
        assert!(Store::examine(&folder).is_ok(), "there is none yet");
        assert_eq!(refused(), None);
        let database = Connection::open(&path).unwrap();
        for number in 0..200 {
            let insert = "INSERT INTO room (name, kept) VALUES (?1, '{}')";
            database.execute(insert, [format!("room-{number}")]).unwrap();
        }
        drop(database);
        assert_eq!(refused(), None);
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o666);
        assert!(refused().unwrap().contains("other users of this machine can write it"));
        mode(0o600);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(refused().unwrap().contains(FILE));
        fs::write(&path, &whole).unwrap();
        let newer = Connection::open(&path).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        drop(newer);
        assert!(refused().unwrap().contains("from a newer version of Salon (schema 99"));
        fs::write(&path, "").unwrap();
        assert!(refused().unwrap().contains("it is empty"));
        fs::write(&path, "no database ".repeat(100)).unwrap();
        assert!(refused().unwrap().contains("not a database"));
        fs::remove_dir_all(folder).unwrap();
    }
}
