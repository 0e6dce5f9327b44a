//! What this person wants of the call: how loud the others are, how much goes into pictures, and
//! whether keys do something.

use super::Session;
use crate::{
    platform,
    protocol::{PeerId, Quality},
    reactive::effect,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

const QUALITY_KEY: &str = "salon.quality";
/// For as long as the tab is there: then those whom it is about are others.
const VOLUMES_KEY: &str = "salon.volumes";
const SHORTCUTS_KEY: &str = "salon.shortcuts";
const OFF: &str = "off";

/// What a choice is called where it is kept.
const NAMES: [(Quality, &str); 3] =
    [(Quality::Auto, ""), (Quality::SaveData, "save-data"), (Quality::AudioOnly, "audio-only")];

/// How loud somebody is to be heard here. Nobody else learns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// 100 is as they are; 0 to 100.
    pub percent: u8,
    /// Not at all, whatever the number says.
    pub muted: bool,
}

impl Default for Volume {
    fn default() -> Self {
        Self { percent: 100, muted: false }
    }
}

impl Volume {
    /// From 0 to 1.
    #[must_use]
    pub fn level(self) -> f64 {
        f64::from(self.percent.min(100)) / 100.0
    }
}

impl Session {
    /// How loud somebody is to be heard, also after they came back.
    #[must_use]
    pub fn volume_of(self, id: PeerId) -> Memo<Volume> {
        Memo::new(move |_| {
            let found = |all: &Vec<(PeerId, Volume)>| {
                all.iter().find(|(other, _)| *other == id).map(|(_, volume)| *volume)
            };
            self.volumes.with(found).unwrap_or_default()
        })
    }

    /// Has somebody be heard so loud.
    pub fn set_volume(self, id: PeerId, volume: Volume) {
        self.volumes.update(|volumes| {
            volumes.retain(|(other, _)| *other != id);
            volumes.push((id, volume));
        });
        self.volumes.with_untracked(|volumes| {
            let text = serde_json::to_string(volumes).ok();
            platform::session_storage::set(VOLUMES_KEY, text.as_deref());
        });
    }

    /// Spends so much on pictures, now and on later visits.
    pub fn set_quality(self, quality: Quality) {
        self.keep_quality(quality);
        if quality == Quality::AudioOnly {
            self.media.leave_camera_off();
            self.sharing.stop();
        }
    }

    fn keep_quality(self, quality: Quality) {
        let name = NAMES.iter().find(|(other, _)| *other == quality).map(|(_, name)| *name);
        platform::local_storage::set(QUALITY_KEY, name.unwrap_or_default());
        self.quality.set(quality);
    }

    /// Has keys do something or not, now and on later visits.
    pub fn set_shortcuts(self, on: bool) {
        platform::local_storage::set(SHORTCUTS_KEY, if on { "" } else { OFF });
        self.shortcuts.set(on);
    }

    pub(super) fn load_wishes(self) {
        self.shortcuts.set(platform::local_storage::get(SHORTCUTS_KEY).as_deref() != Some(OFF));
        let kept = platform::local_storage::get(QUALITY_KEY).unwrap_or_default();
        if let Some((quality, _)) = NAMES.iter().find(|(_, name)| *name == kept) {
            self.quality.set(*quality);
        }
        let volumes =
            platform::session_storage::get(VOLUMES_KEY).and_then(|text| serde_json::from_str(&text).ok());
        self.volumes.set(volumes.unwrap_or_default());
        if self.quality.get_untracked() == Quality::AudioOnly {
            self.media.leave_camera_off();
        }
        // Who shows something wants pictures.
        effect(move || {
            let shows = self.media.own_picture().is_some() || self.sharing.is_on();
            if shows && self.quality.get_untracked() == Quality::AudioOnly {
                self.keep_quality(Quality::Auto);
            }
        });
    }
}
