//! The data directory: whether it can be used, and by nobody else.

use super::{finding::Finding, machine::CLOCK_TOLERANCE};
use crate::server::{
    credentials::{secret_strength::strength, tokens},
    data::{claim::Claim, store::Store},
    permissions::{OTHERS, OTHERS_WRITE},
};
use std::{
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    time::SystemTime,
};

/// Tries the folder out. What is not there yet is looked for where it would be made.
pub(super) fn examine(folder: &Path) -> Vec<Finding> {
    let name = folder.display();
    let another = "or choose another folder with --data-dir (SALON_DATA_DIR).";
    let place = nearest(folder);
    let is_there = place == folder;
    let probe = match probe(place) {
        Ok(probe) => probe,
        Err(error) => {
            let verb = if is_there { "used" } else { "made" };
            return vec![Finding::problem(format!(
                "The data directory {name} cannot be {verb}: {} ({error}). Let the server's user \
                 write there, {another}",
                place.display()
            ))];
        }
    };
    let mut findings = Vec::new();
    if !is_there {
        findings.push(Finding::fine(format!("The data directory {name} can be made.")));
    } else if let Ok(found) = fs::metadata(folder) {
        findings.extend(rights(folder, &found, &probe));
        findings.extend(secret(folder));
        findings.extend(database(folder));
        if findings.is_empty() {
            let text = format!("The data directory {name} is writable, and for its user alone.");
            findings.push(Finding::fine(text));
        }
    }
    findings.extend(clock(place, &probe));
    findings
}

/// The folder itself, or the first one above it that is there.
fn nearest(folder: &Path) -> &Path {
    let here = Path::new(".");
    let above = folder.ancestors().find(|path| fs::symlink_metadata(path).is_ok());
    above.filter(|path| !path.as_os_str().is_empty()).unwrap_or(here)
}

/// Makes a file and removes it. It tells who this is, and what the file system takes for the time.
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
    if found.uid() != probe.uid() {
        let (owner, user) = (found.uid(), probe.uid());
        findings.push(Finding::warning(format!(
            "The data directory {name} belongs to user {owner}, and this is user {user}. Run the \
             doctor as the server's user, or: chown {user} {name}"
        )));
    }
    if found.mode() & OTHERS_WRITE != 0 {
        findings.push(Finding::problem(format!(
            "Others can write to the data directory {name}, and so take any seat. chmod 700 {name}"
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
        Err(error) => return Some(Finding::problem(format!("Cannot look at {name}: {error}."))),
    };
    if found.mode() & OTHERS != 0 {
        return Some(Finding::problem(format!(
            "Others can read {name}, and so take any seat. chmod 600 {name}"
        )));
    }
    match fs::read_to_string(&path).map(|text| strength(text.trim())) {
        Ok(Ok(())) => None,
        Ok(Err(weakness)) => Some(Finding::problem(format!(
            "{name}: {weakness}, or remove it: another is made at the next start."
        ))),
        Err(error) => Some(Finding::problem(format!(
            "Cannot read {name}: {error}. Let it belong to the server's user."
        ))),
    }
}

/// What hosts decided. It can be looked at while a server uses it.
fn database(folder: &Path) -> Option<Finding> {
    Store::examine(folder).err().map(|error| Finding::problem(error.to_string()))
}

/// Whether a server could start here now. `serving` says that one is well where it would listen.
pub(super) fn occupied(folder: &Path, serving: bool) -> Option<Finding> {
    let name = folder.display();
    Claim::is_held(folder).then(|| match serving {
        true => Finding::fine(format!("The server that runs has the data directory {name}.")),
        false => Finding::problem(format!(
            "Another server uses the data directory {name}. End it, or choose another folder with \
             --data-dir (SALON_DATA_DIR)."
        )),
    })
}

/// A folder of another machine brings that machine's clock.
fn clock(folder: &Path, probe: &Metadata) -> Option<Finding> {
    let made = probe.modified().ok()?;
    let now = SystemTime::now();
    let apart = now.duration_since(made).or_else(|_| made.duration_since(now)).ok()?;
    (apart > CLOCK_TOLERANCE).then(|| {
        Finding::warning(format!(
            "The clock and that of the file system of {} are {apart:.0?} apart. Let both machines \
             be set by a time server.",
            folder.display()
        ))
    })
}
