//! What this person has chosen for themselves, most of it for later visits as well.

mod shortcut;

use super::engine::Inputs;
use crate::{
    call::Input,
    platform::{local_storage, session_storage},
    protocol::{
        PeerId, Quality,
        json::{self, object},
    },
};
use leptos::prelude::*;
pub use shortcut::{SHORTCUT_KEYS, Shortcut, find_shortcut};

const QUALITY_KEY: &str = "salon.quality";
/// In the tab's storage, as the ids of people are new in the next call.
const VOLUMES_KEY: &str = "salon.volumes";
const SHORTCUTS_KEY: &str = "salon.shortcuts";
const HIDDEN_KEY: &str = "salon.hide-address";
const OFF: &str = "off";

/// The stored names of the qualities.
const NAMES: [(Quality, &str); 3] =
    [(Quality::Auto, ""), (Quality::SaveData, "save-data"), (Quality::AudioOnly, "audio-only")];

/// The volume at which this person hears somebody. Nobody else learns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// In percent of what arrives, 0 to 100.
    pub percent: u8,
    /// Whether they are silenced, whatever the number says.
    pub muted: bool,
}

object!(Volume { percent, muted });

impl Default for Volume {
    fn default() -> Self {
        Self { percent: 100, muted: false }
    }
}

impl Volume {
    /// As a factor from 0 to 1.
    #[must_use]
    pub fn level(self) -> f64 {
        f64::from(self.percent.min(100)) / 100.0
    }
}

/// What this person has chosen. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Preferences {
    /// How much they want to spend on pictures.
    pub quality: RwSignal<Quality>,
    /// Whether keys do what buttons do.
    pub shortcuts: RwSignal<bool>,
    /// Whether this person's address is hidden from the others; nothing before that is known.
    pub hides_address: RwSignal<Option<bool>>,
    /// The volumes of others, where not the default.
    volumes: RwSignal<Vec<(PeerId, Volume)>>,
    inputs: Inputs,
}

impl Preferences {
    pub(super) fn new(hides_address: RwSignal<Option<bool>>, inputs: Inputs) -> Self {
        Self {
            quality: RwSignal::default(),
            shortcuts: RwSignal::new(true),
            hides_address,
            volumes: RwSignal::default(),
            inputs,
        }
    }

    /// Reads what was chosen on earlier visits.
    pub(super) fn load(self) {
        self.shortcuts.set(local_storage::get(SHORTCUTS_KEY).as_deref() != Some(OFF));
        let stored = local_storage::get(QUALITY_KEY).unwrap_or_default();
        if let Some((quality, _)) = NAMES.iter().find(|(_, name)| *name == stored) {
            self.quality.set(*quality);
        }
        let volumes = session_storage::get(VOLUMES_KEY).and_then(|text| json::from_str(&text));
        self.volumes.set(volumes.unwrap_or_default());
        self.set_hiding(local_storage::get(HIDDEN_KEY).is_some_and(|stored| !stored.is_empty()));
    }

    /// Hides this person's address from the others or not, now and on later visits.
    pub fn hide_address(self, hide: bool) {
        local_storage::set(HIDDEN_KEY, if hide { "yes" } else { "" });
        self.set_hiding(hide);
    }

    fn set_hiding(self, hide: bool) {
        self.hides_address.set(Some(hide));
        self.inputs.send(Input::HideAddress(hide));
    }

    /// The volume at which somebody is heard, also after they came back.
    #[must_use]
    pub fn volume_of(self, id: PeerId) -> Memo<Volume> {
        Memo::new(move |_| {
            let found = |all: &Vec<(PeerId, Volume)>| {
                all.iter().find(|(other, _)| *other == id).map(|(_, volume)| *volume)
            };
            self.volumes.with(found).unwrap_or_default()
        })
    }

    /// Sets the volume at which somebody is heard.
    pub fn set_volume(self, id: PeerId, volume: Volume) {
        self.volumes.update(|volumes| {
            volumes.retain(|(other, _)| *other != id);
            volumes.push((id, volume));
        });
        self.volumes.with_untracked(|volumes| {
            session_storage::set(VOLUMES_KEY, Some(&json::to_string(volumes)));
        });
    }

    /// Sets how much is spent on pictures, now and on later visits.
    pub(super) fn set_quality(self, quality: Quality) {
        let name = NAMES.iter().find(|(other, _)| *other == quality).map(|(_, name)| *name);
        local_storage::set(QUALITY_KEY, name.unwrap_or_default());
        self.quality.set(quality);
    }

    /// Turns the shortcuts on or off, now and on later visits.
    pub fn set_shortcuts(self, on: bool) {
        local_storage::set(SHORTCUTS_KEY, if on { "" } else { OFF });
        self.shortcuts.set(on);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_volumes_are_read_again() {
        let text = r#"[["0000000000000007",{"percent":50,"muted":true}]]"#;
        let volumes = vec![(PeerId(7), Volume { percent: 50, muted: true })];
        assert_eq!(json::to_string(&volumes), text);
        assert_eq!(json::from_str(text), Some(volumes));
    }
}
