//! English notices.

use super::{
    recording,
    room::refusal,
    words::{capital, listed, someone},
};
use crate::{
    content::{FileState, OFFERS},
    platform::{Kind, Problem},
    protocol::FileName,
    session::Notice,
};

/// Maximum length of a message in a notice, in characters.
const EXCERPT: usize = 80;

pub(super) fn notice(notice: &Notice) -> String {
    match notice {
        Notice::Joined(name) => format!("{} joined.", capital(someone(name))),
        Notice::Left(name) => format!("{} left.", capital(someone(name))),
        Notice::Message(name, text) => {
            let name = capital(someone(name.as_str()));
            let line = text.as_str().lines().next().unwrap_or_default();
            match line.char_indices().nth(EXCERPT) {
                Some((end, _)) => format!("{name}: {}…", line.split_at(end).0),
                None => format!("{name}: {line}"),
            }
        }
        Notice::HandRaised(name) => format!("{} raised a hand.", capital(someone(name))),
        Notice::FileOffered(name, file) => {
            let name = capital(someone(name.as_str()));
            format!("{name} shared a file: {}", file.as_str())
        }
        Notice::FileEnded(name, state) => file_ended(name.as_str(), *state),
        Notice::TooManyFiles => {
            format!("Only {OFFERS} files can be shared at a time. Share the rest as an archive.")
        }
        Notice::FilesUnavailable => {
            "Files cannot be shared in a call through the server yet: they go directly from browser to browser."
                .to_owned()
        }
        Notice::FoldersRefused(names) => folders(names),
        Notice::RecordingStarting(name) => {
            format!("{} is about to record this call.", capital(someone(name.as_str())))
        }
        Notice::RecordingStopped(name) => {
            format!("{} stopped recording.", capital(someone(name.as_str())))
        }
        Notice::RecordingFailed(problem) => recording::problem(*problem).to_owned(),
        Notice::DeviceReplaced { gone, now } if gone.label == *now => format!("{now} was restarted."),
        Notice::DeviceReplaced { gone, now } => {
            format!("{} was disconnected. Now using {now}.", gone.label)
        }
        Notice::DeviceOffered(device) if device.label.is_empty() => "New device connected.".to_owned(),
        Notice::DeviceOffered(device) => format!("{} is available.", device.label),
        Notice::Refused(code) => refusal(*code).to_owned(),
        Notice::MutedByHost(Kind::Microphone) => "A host muted you.".to_owned(),
        Notice::MutedByHost(Kind::Camera) => "A host turned your camera off.".to_owned(),
        Notice::NotShared(Problem::DeniedBySystem) => {
            "Your system does not let the browser capture the screen. Allow it in the system's privacy \
             settings."
                .to_owned()
        }
        Notice::NotShared(Problem::Framed) => {
            "The page that embeds this call does not allow screen sharing. Open the room in its own tab."
                .to_owned()
        }
        Notice::NotShared(Problem::Forbidden) => {
            "A policy of this server or of a proxy blocks screen sharing.".to_owned()
        }
        Notice::NotShared(_) => "The screen could not be shared. Try another one.".to_owned(),
        Notice::DeviceUnplugged(Kind::Camera) => {
            "Your camera was disconnected. The others see your name.".to_owned()
        }
        Notice::DeviceUnplugged(Kind::Microphone) => {
            "Your microphone was disconnected. Plug one in to be heard.".to_owned()
        }
    }
}

fn file_ended(name: &str, state: FileState) -> String {
    match state {
        FileState::Complete => format!("{name} is saved."),
        FileState::Paused(_) => format!("{name} is paused."),
        FileState::NotWritten => format!("{name} could not be saved on this device."),
        FileState::Damaged => format!("{name} is damaged. Ask for it again."),
        _ => format!("{name} is no longer available."),
    }
}

fn folders(names: &[FileName]) -> String {
    let listed = listed(&names.iter().map(FileName::as_str).collect::<Vec<_>>());
    match names.len() {
        1 => format!("Folders cannot be shared: {listed}. Share it as an archive."),
        _ => format!("Folders cannot be shared: {listed}. Share them as an archive."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named() {
        let named = |names: &[&str]| {
            folders(&names.iter().map(|name| FileName::from(*name)).collect::<Vec<_>>())
        };
        assert_eq!(named(&["plans"]), "Folders cannot be shared: plans. Share it as an archive.");
        let two = "Folders cannot be shared: a and b. Share them as an archive.";
        assert_eq!(named(&["a", "b"]), two);
    }
}
