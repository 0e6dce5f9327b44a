//! Checks of the data directory.

use super::{finding::Finding, machine::CLOCK_TOLERANCE};
use crate::server::{
    credentials::{secret_strength::strength, tokens},
    data::{lock::DataDirLock, store::Store},
    permissions::{OTHERS, OTHERS_WRITE},
};
use std::{
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    time::SystemTime,
};

/// The user who may use the directories of all others, such as those of systemd's services.
const ROOT: u32 = 0;

/// Checks the directory, or where it would be created.
pub(super) fn examine(folder: &Path) -> Vec<Finding> {
    let name = folder.display();
    let another = "or choose another directory with --data-dir (SALON_DATA_DIR).";
    let place = nearest(folder);
    let is_there = place == folder;
    let probe = match probe(place) {
        Ok(probe) => probe,
        Err(error) => {
            let verb = if is_there { "used" } else { "created" };
            return vec![Finding::problem(format!(
                "The data directory {name} cannot be {verb}: {} ({error}). Make it writable for the \
                 server's user, {another}",
                place.display()
            ))];
        }
    };
    let mut findings = Vec::new();
    if !is_there {
        findings.push(Finding::fine(format!("The data directory {name} can be created.")));
    } else if let Ok(found) = fs::metadata(folder) {
        findings.extend(rights(folder, &found, &probe));
        findings.extend(secret(folder));
        findings.extend(database(folder));
        if findings.is_empty() {
            let text = format!("The data directory {name} is writable for its user only.");
            findings.push(Finding::fine(text));
        }
    }
    findings.extend(clock(place, &probe));
    findings
}

/// Returns the directory or its nearest existing parent.
fn nearest(folder: &Path) -> &Path {
    let here = Path::new(".");
    let above = folder.ancestors().find(|path| fs::symlink_metadata(path).is_ok());
    above.filter(|path| !path.as_os_str().is_empty()).unwrap_or(here)
}

/// Creates a file and removes it. Its metadata has the current user and the time of the file system.
fn probe(folder: &Path) -> io::Result<Metadata> {
    let number = getrandom::u64().map_err(io::Error::other)?;
    let path = folder.join(format!(".salon-doctor-{number:016x}"));
    let found = File::create_new(&path).and_then(|file| file.metadata());
    if found.is_ok() {
        fs::remove_file(&path)?;
    }
    found
}

fn rights(folder: &Path, found: &Metadata, probe: &Metadata) -> Vec<Finding> {
    let name = folder.display();
    let mut findings = Vec::new();
    if found.uid() != probe.uid() && probe.uid() != ROOT {
        let (owner, user) = (found.uid(), probe.uid());
        findings.push(Finding::warning(format!(
            "The data directory {name} belongs to user {owner}, but this is user {user}. Run the \
             doctor as the server's user, or: chown {user} {name}"
        )));
    }
    if found.mode() & OTHERS_WRITE != 0 {
        findings.push(Finding::problem(format!(
            "Other users of this machine can write to the data directory {name}, and could impersonate any participant or host. Run: chmod 700 {name}"
        )));
    }
    findings
}

fn secret(folder: &Path) -> Option<Finding> {
    let path = folder.join(tokens::FILE);
    let name = path.display();
    let found = match fs::metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Finding::problem(format!("Cannot access {name}: {error}."))),
    };
    if found.mode() & OTHERS != 0 {
        return Some(Finding::problem(format!(
            "Other users of this machine can read {name}, and could impersonate any participant or host. Run: chmod 600 {name}"
        )));
    }
    match fs::read_to_string(&path).map(|text| strength(text.trim())) {
        Ok(Ok(())) => None,
        Ok(Err(weakness)) => Some(Finding::problem(format!(
            "{name}: {weakness}, or remove it: the next start generates another."
        ))),
        Err(error) => Some(Finding::problem(format!(
            "Cannot read {name}: {error}. Make it belong to the server's user."
        ))),
    }
}

/// Checks the database, which a server may be using.
fn database(folder: &Path) -> Option<Finding> {
    Store::examine(folder).err().map(|error| Finding::problem(error.to_string()))
}

/// Checks whether another server uses the directory. `serving` says that a healthy one listens on the
/// configured address.
pub(super) fn occupied(folder: &Path, serving: bool) -> Option<Finding> {
    let name = folder.display();
    DataDirLock::is_held(folder).then(|| match serving {
        true => Finding::fine(format!("The running server uses the data directory {name}.")),
        false => Finding::problem(format!(
            "Another server uses the data directory {name}. Stop it, or choose another directory \
             with --data-dir (SALON_DATA_DIR)."
        )),
    })
}

/// Compares the clock with that of the file system, which may be on another machine.
fn clock(folder: &Path, probe: &Metadata) -> Option<Finding> {
    let made = probe.modified().ok()?;
    let now = SystemTime::now();
    let apart = now.duration_since(made).or_else(|_| made.duration_since(now)).ok()?;
    (apart > CLOCK_TOLERANCE).then(|| {
        Finding::warning(format!(
            "The clock differs from that of the file system of {} by {apart:.0?}. Synchronise both \
             machines with NTP.",
            folder.display()
        ))
    })
}
