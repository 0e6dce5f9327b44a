//! Icons: strokes on a 24 by 24 field, drawn here so that nothing is fetched.

use leptos::prelude::*;

/// The available icons.
#[allow(missing_docs)]
pub mod icons {
    pub const MICROPHONE: &str =
        "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5 11a7 7 0 0 0 14 0M12 18v3";
    pub const MICROPHONE_OFF: &str = "M15 9.5V6a3 3 0 0 0-5.8-1M9 9v2a3 3 0 0 0 4.6 2.5M5 11a7 7 0 0 0 11.3 5.5M19 11a7 7 0 0 1-.8 3.2M12 18v3M4 3l16 18";
    pub const CAMERA: &str =
        "M3 8a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM15 11l6-3.5v9L15 13";
    pub const CAMERA_OFF: &str = "M9.5 6H13a2 2 0 0 1 2 2v3l6-3.5v9l-3.5-2M14.5 17.4A2 2 0 0 1 13 18H5a2 2 0 0 1-2-2V8a2 2 0 0 1 1.3-1.9M4 3l16 18";
    pub const DEVICES: &str = "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4";
    pub const LINK: &str = "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7L12 17";
    pub const LEAVE: &str = "M3.5 15.5c-1-1-1-3 0-4 4.700-4 12.300-4 17 0 1 1 1 3 0 4l-3.500-1v-3c-3-1.200-7-1.200-10 0v3z";
    pub const ENTER: &str = "M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M4 12h11M11 8l4 4-4 4";
    pub const SHARE: &str = "M12 15V4M8 7l4-4 4 4M5 12v6a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-6";
    pub const SOUND: &str = "M4 10v4h3l5 4V6l-5 4zM16 9a4 4 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11";
    pub const SOUND_OFF: &str = "M4 10v4h3l5 4V6l-5 4zM16 9.500l5 5M21 9.500l-5 5";
    pub const PIN: &str = "M9 3h6l-1 6 3 3v2H7v-2l3-3zM12 14v7";
    pub const WEAK: &str = "M5 19v-3M10 19v-6M15 19v-9M20 19V5M4 4l16 16";
    pub const PEOPLE: &str = "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20c.5-4 3-6 6.500-6s6 2 6.500 6M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.500c2 .8 3.200 2.600 3.500 5.500";
    pub const MORE: &str = "M4.500 12a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0M11.500 12a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0M18.500 12a.5.5 0 1 0 1 0a.5.5 0 1 0-1 0";
    pub const CHAT: &str = "M20 11.500a7.500 7.500 0 0 1-7.500 7.500 8 8 0 0 1-3.300-.7L4 20l1.700-4.200A7.500 7.500 0 1 1 20 11.500z";
    pub const SCREEN: &str = "M4 5h16v11H4zM9 20h6M12 13V8M9.500 10.500L12 8l2.500 2.500";
    pub const LOCK: &str = "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6zM12 15v2";
    pub const HAND: &str = "M7 12V6.500a1.500 1.500 0 0 1 3 0V11M10 10.500V4.500a1.500 1.500 0 0 1 3 0v6M13 10.500V5.500a1.500 1.500 0 0 1 3 0V12M16 9.500a1.500 1.500 0 0 1 3 0V15a6 6 0 0 1-6 6c-3 0-4.500-1.500-6-4l-2.500-4a1.400 1.400 0 0 1 2.500-1.300L8.500 14";
    pub const SMILE: &str =
        "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 14a4.500 4.500 0 0 0 8 0M9 9.500h.01M15 9.500h.01";
    pub const ATTACH: &str = "M20 11l-8.500 8.500a5 5 0 0 1-7-7L13 4a3.300 3.300 0 0 1 4.700 4.700l-8.500 8.500a1.700 1.700 0 0 1-2.400-2.400L14.500 7";
    pub const SEND: &str = "M4 12l16-8-6 16-3-7z";
    pub const GRAPH: &str = "M3 13h4l3-8 4 14 3-6h4";
    pub const RECORD: &str = "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 14.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z";
    pub const BACK: &str = "M14 6l-6 6 6 6";
    pub const CLOSE: &str = "M6 6l12 12M18 6L6 18";
}

/// One icon. It is decoration: the name belongs to the button around it.
#[component]
pub fn Icon(
    /// One of [`icons`].
    #[prop(into)]
    paths: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <svg class="icon" width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
            <path d=paths />
        </svg>
    }
}
