//! The video of a recording: a canvas on which the participants are drawn.

use crate::{
    layout::TileRect,
    platform::browser::{Player, Stream, picture_size},
    recording::{Pane, SIZE},
};
use js_sys::{JSON, JsString};
use std::{cell::RefCell, f64::consts::TAU};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlVideoElement, MediaStream, window};

const GROUND: &str = "#0d0f13";
const TILE: &str = "#1a1f27";
const DISC: &str = "#3a4352";
const TEXT: &str = "#f3efe8";
const PLATE: &str = "rgb(10 12 16 / 78%)";
const MUTED: &str = "#f0a868";
const FONT: &str = "system-ui, sans-serif";

/// Pixels.
const CORNER: f64 = 14.0;
const PLATE_HEIGHT: f64 = 30.0;
const MARGIN: f64 = 8.0;
const NAME_SIZE: f64 = 17.0;

pub(super) struct Picture {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    panes: RefCell<Vec<(Pane<Stream>, Option<Screening>)>>,
}

/// Plays a stream invisibly, so that it can be drawn.
#[derive(Clone)]
struct Screening {
    stream: Stream,
    video: HtmlVideoElement,
}

impl Screening {
    fn of(stream: &Stream) -> Option<Self> {
        let video = window()?.document()?.create_element("video").ok()?;
        let video: HtmlVideoElement = video.unchecked_into();
        let _ = video.set_attribute("playsinline", "");
        let (player, played) = (Player::of(&video), stream.clone());
        crate::platform::spawn_local(async move {
            player.play(&played, None).await;
        });
        Some(Self { stream: stream.clone(), video })
    }

    fn shows(&self, stream: &Stream) -> bool {
        let picture = |stream: &MediaStream| {
            let track = stream.get_video_tracks().get(0);
            (!track.is_undefined()).then_some(track)
        };
        let (mine, other) = (self.stream.js(), stream.js());
        mine == other || picture(mine).is_some_and(|track| Some(track) == picture(other))
    }
}

impl Picture {
    pub(super) fn new() -> Option<Self> {
        let canvas = window()?.document()?.create_element("canvas").ok()?;
        let canvas: HtmlCanvasElement = canvas.unchecked_into();
        canvas.set_width(SIZE.0);
        canvas.set_height(SIZE.1);
        // For a canvas with transparency, browsers encode a second picture.
        let options = JSON::parse(r#"{"alpha":false}"#).ok()?;
        let context = canvas.get_context_with_context_options("2d", &options).ok()??;
        let context = context.unchecked_into();
        Some(Self { canvas, context, panes: RefCell::default() })
    }

    /// A stream of the canvas, with a frame for each time it is drawn.
    pub(super) fn stream(&self) -> Option<MediaStream> {
        self.canvas.capture_stream().ok()
    }

    pub(super) fn set(&self, panes: Vec<Pane<Stream>>) {
        let mut shown = self.panes.borrow_mut();
        let before: Vec<_> = shown.drain(..).filter_map(|(_, screening)| screening).collect();
        let screening = |stream: &Stream| {
            let known = before.iter().find(|screening| screening.shows(stream));
            known.cloned().or_else(|| Screening::of(stream))
        };
        shown.extend(panes.into_iter().map(|pane| {
            let screening = pane.picture.as_ref().and_then(screening);
            (pane, screening)
        }));
        let is_used = |video: &HtmlVideoElement| {
            shown.iter().any(|(_, used)| used.as_ref().is_some_and(|used| used.video == *video))
        };
        for unused in before.iter().filter(|screening| !is_used(&screening.video)) {
            Player::of(&unused.video).pause();
        }
    }

    pub(super) fn draw(&self) {
        self.fill(GROUND);
        self.context.fill_rect(0.0, 0.0, SIZE.0.into(), SIZE.1.into());
        for (pane, screening) in self.panes.borrow().iter() {
            self.context.save();
            let _ = self.draw_pane(pane, screening.as_ref());
            self.context.restore();
        }
    }

    fn draw_pane(&self, pane: &Pane<Stream>, screening: Option<&Screening>) -> Result<(), JsValue> {
        let TileRect { left, top, width, height } = pane.place;
        self.round(pane.place, CORNER)?;
        self.context.clip();
        self.fill(TILE);
        self.context.fill_rect(left, top, width, height);
        let video = screening.map(|screening| &screening.video);
        match video.filter(|video| video.video_width() > 0) {
            Some(video) => {
                let (seen, drawn) = pane.lay(picture_size(video));
                self.context
                    .draw_image_with_html_video_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                        video,
                        seen.left,
                        seen.top,
                        seen.width,
                        seen.height,
                        drawn.left,
                        drawn.top,
                        drawn.width,
                        drawn.height,
                    )?;
            }
            None => self.draw_initials(pane)?,
        }
        self.draw_name(pane)
    }

    fn draw_initials(&self, Pane { place, initials, .. }: &Pane<Stream>) -> Result<(), JsValue> {
        let least = place.width.min(place.height);
        let (x, y) = (place.left + place.width / 2.0, place.top + place.height / 2.0);
        self.context.begin_path();
        self.context.arc(x, y, least * 0.19, 0.0, TAU)?;
        self.fill(DISC);
        self.context.fill();
        self.fill(TEXT);
        self.context.set_font(&format!("600 {}px {FONT}", (least * 0.15).round() as u32));
        self.context.set_text_align("center");
        self.context.set_text_baseline("middle");
        let capitals = String::from(JsString::from(initials.as_str()).to_upper_case());
        self.context.fill_text(&capitals, x, y)
    }

    fn draw_name(&self, Pane { place, name, muted, .. }: &Pane<Stream>) -> Result<(), JsValue> {
        self.context.set_font(&format!("{NAME_SIZE}px {FONT}"));
        self.context.set_text_align("left");
        self.context.set_text_baseline("middle");
        let room = place.width - 4.0 * MARGIN - if *muted { NAME_SIZE } else { 0.0 };
        let text = self.context.measure_text(name)?.width().min(room).max(0.0);
        let mark = if *muted { NAME_SIZE } else { 0.0 };
        let plate = TileRect {
            left: place.left + MARGIN,
            top: place.top + place.height - MARGIN - PLATE_HEIGHT,
            width: text + mark + 2.0 * MARGIN,
            height: PLATE_HEIGHT,
        };
        self.round(plate, CORNER / 2.0)?;
        self.fill(PLATE);
        self.context.fill();
        let (x, y) = (plate.left + MARGIN, plate.top + PLATE_HEIGHT / 2.0);
        if *muted {
            self.draw_muted(x, y)?;
        }
        self.fill(TEXT);
        self.context.fill_text_with_max_width(name, x + mark, y, text)
    }

    /// Draws a crossed-out microphone of the height of a letter.
    fn draw_muted(&self, x: f64, y: f64) -> Result<(), JsValue> {
        let lines = [
            [(5.0, -6.0), (5.0, 0.0)],
            [(1.0, -1.0), (5.0, 4.0)],
            [(9.0, -1.0), (5.0, 4.0)],
            [(5.0, 4.0), (5.0, 7.0)],
            [(0.0, -7.0), (10.0, 7.0)],
        ];
        self.context.begin_path();
        for [(from_x, from_y), (to_x, to_y)] in lines {
            self.context.move_to(x + from_x, y + from_y);
            self.context.line_to(x + to_x, y + to_y);
        }
        self.context.set_stroke_style_str(MUTED);
        self.context.set_line_width(1.75);
        self.context.set_line_cap("round");
        self.context.stroke();
        Ok(())
    }

    fn round(&self, place: TileRect, radius: f64) -> Result<(), JsValue> {
        self.context.begin_path();
        let TileRect { left, top, width, height } = place;
        self.context.round_rect_with_f64(left, top, width, height, radius)
    }

    fn fill(&self, color: &str) {
        self.context.set_fill_style_str(color);
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.set(Vec::new());
    }
}
