//! Processing of sound and picture before they are sent.

use super::Media;
use crate::{
    devices::Input,
    platform::{Kind, Processing, local_storage},
    session::Source,
};
use leptos::prelude::*;

const PROCESSING_KEY: &str = "salon.sound";
const BLUR_KEY: &str = "salon.blur";

impl Media {
    pub(super) fn load_processing(self) {
        if let Some(kept) = local_storage::get(PROCESSING_KEY) {
            let has = |word| kept.split(' ').any(|kept| kept == word);
            let processing = Processing {
                echo: has("echo"),
                noise: has("noise"),
                gain: has("gain"),
                music: has("music"),
            };
            self.processing.set(processing);
        }
        self.blur.set(local_storage::get(BLUR_KEY).is_some_and(|kept| !kept.is_empty()));
    }

    /// Sets the processing of the microphone's sound, now and on later visits.
    pub fn process(self, processing: Processing) {
        let Processing { echo, noise, gain, music } = processing;
        let words = [(echo, "echo"), (noise, "noise"), (gain, "gain"), (music, "music")];
        let words = words.into_iter().filter_map(|(on, word)| on.then_some(word));
        local_storage::set(PROCESSING_KEY, &words.collect::<Vec<_>>().join(" "));
        self.processing.set(processing);
        self.feed(Input::ProcessingChanged);
    }

    /// Whether the camera can blur the background.
    #[must_use]
    pub fn can_blur(self) -> bool {
        matches!(self.source(Kind::Camera), Source::On(camera) if camera.can_blur())
    }

    /// Switches the background blur, now and on later visits.
    pub fn set_blur(self, blur: bool) {
        local_storage::set(BLUR_KEY, if blur { "yes" } else { "" });
        self.blur.set(blur);
        if let Source::On(camera) = self.camera.source.get_untracked() {
            camera.set_blur(blur);
        }
    }
}
