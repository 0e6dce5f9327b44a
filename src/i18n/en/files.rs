//! English texts about files.

use super::words::{capital, someone, tenths};
use crate::{content::FileState, i18n::FileTexts, protocol::DisplayName};

pub(in crate::i18n) static TEXTS: FileTexts = FileTexts {
    files: "Files",
    attach: "Share files with everyone",
    receiving,
    sending,
    own: |bytes, waiting| match waiting {
        0 => size(bytes),
        1 => format!("{}, waiting for 1 person", size(bytes)),
        _ => format!("{}, waiting for {waiting} people", size(bytes)),
    },
    for_nobody: |bytes| {
        format!("{}. Nobody else is here. People who join can download it.", size(bytes))
    },
    unreadable: |bytes| {
        format!("{}. It was changed, moved or deleted. Share it again.", size(bytes))
    },
    take: "Download",
    decline: "Decline",
    pause: "Pause",
    go_on: "Resume",
    cancel: "Cancel",
    save_again: "Save again",
    withdraw: "Withdraw",
    dismiss: "Remove from the list",
    of: |action, name| format!("{action}: {name}"),
};

pub(super) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            let is_exact = value < 9.95 && unit != "B";
            let number = if is_exact { tenths(value) } else { (value.round() as u64).to_string() };
            return format!("{number} {unit}");
        }
        value /= 1000.0;
    }
    format!("{} TB", tenths(value))
}

fn share(done: u64, size: u64) -> String {
    format!("{}%", done * 100 / size.max(1))
}

fn receiving(owner: &DisplayName, is_there: bool, state: FileState, total: u64) -> String {
    let from = format!("{} from {}", size(total), someone(owner.as_str()));
    match state {
        FileState::Transferring(done) | FileState::Paused(done) if !is_there => {
            let done = share(done, total);
            format!("{from}, stopped at {done} because they left. It resumes if they come back.")
        }
        FileState::Offered => from,
        FileState::Transferring(done) => format!("{from}, {}", share(done, total)),
        FileState::Paused(done) => format!("{from}, paused at {}", share(done, total)),
        FileState::Checking => format!("{from}, checking"),
        FileState::Complete => format!("{from}, saved"),
        FileState::Declined => format!("{from}, declined"),
        FileState::Withdrawn => format!("{from}. No longer available."),
        FileState::NotWritten => {
            format!(
                "{from}. It could not be saved: there is not enough space, or a private window does not allow it."
            )
        }
        FileState::Damaged => {
            format!("{from}. It was damaged and has been discarded. Ask for it again.")
        }
    }
}

fn sending(to: &DisplayName, state: FileState, total: u64) -> String {
    let to = capital(someone(to.as_str()));
    match state {
        FileState::Transferring(done) => format!("{to}: {}", share(done, total)),
        FileState::Paused(done) => format!("{to} paused at {}", share(done, total)),
        FileState::Complete => format!("{to} has it"),
        FileState::Declined => format!("{to} declined"),
        _ => format!("{to} did not get it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 999, 1000, 9_960, 12_345, 999_600, 1_500_000, 1 << 40].map(size);
        let expected = ["0 B", "999 B", "1.0 kB", "10 kB", "12 kB", "1.0 MB", "1.5 MB", "1.1 TB"];
        assert_eq!(sizes, expected);
    }
}
