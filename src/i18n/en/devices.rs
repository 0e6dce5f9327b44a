//! English texts about cameras and microphones.

use crate::platform::{Kind, Problem};

pub(super) fn problem(kind: Kind, problem: Problem) -> &'static str {
    match (kind, problem) {
        (Kind::Camera, Problem::Dismissed) => "You closed the camera permission request.",
        (Kind::Microphone, Problem::Dismissed) => "You closed the microphone permission request.",
        (Kind::Camera, Problem::Denied) => {
            "Your browser blocks the camera here. Click the icon next to the address, then allow the camera."
        }
        (Kind::Microphone, Problem::Denied) => {
            "Your browser blocks the microphone here. Click the icon next to the address, then allow the microphone."
        }
        (Kind::Camera, Problem::DeniedBySystem) => {
            "Your system blocks the camera for this browser. Allow it in the system's privacy settings."
        }
        (Kind::Microphone, Problem::DeniedBySystem) => {
            "Your system blocks the microphone for this browser. Allow it in the system's privacy settings."
        }
        (Kind::Camera, Problem::Missing) => "No camera found. The others see your name.",
        (Kind::Microphone, Problem::Missing) => "No microphone found. You can listen.",
        (Kind::Camera, Problem::Busy) => "Another app or tab is using your camera.",
        (Kind::Microphone, Problem::Busy) => "Another app or tab is using your microphone.",
        (_, Problem::Insecure) => {
            "Browsers allow camera and microphone only on secure pages. Open this room over https."
        }
        (Kind::Camera, Problem::Framed) => {
            "The page that embeds this call does not allow your camera. Open the room in its own tab."
        }
        (Kind::Microphone, Problem::Framed) => {
            "The page that embeds this call does not allow your microphone. Open the room in its own tab."
        }
        (_, Problem::Forbidden) => {
            "A policy of this server or of a proxy blocks the camera or microphone on this page. Tell the person who runs this server."
        }
        (Kind::Camera, Problem::Failed) => "Your camera did not start.",
        (Kind::Microphone, Problem::Failed) => "Your microphone did not start.",
    }
}
