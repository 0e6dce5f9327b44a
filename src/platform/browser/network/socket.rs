//! The WebSocket to the server.

use crate::{
    platform::{SocketEvent, browser::Listener},
    protocol::CLIENT_GAVE_UP,
};
use js_sys::{ArrayBuffer, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

/// The close code 1012, Service Restart (IANA WebSocket Close Code Number Registry).
const SERVICE_RESTART: u16 = 1012;

/// An open or opening connection. Dropping it closes it without a further event.
pub struct Socket {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

impl Socket {
    /// Connects to `/ws` of this page's server.
    pub fn open(handler: impl Fn(SocketEvent) + 'static) -> Option<Self> {
        let location = web_sys::window()?.location();
        let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
        let socket = WebSocket::new(&format!("{scheme}://{}/ws", location.host().ok()?)).ok()?;
        // A `Blob` would have to be read asynchronously, out of order with text frames.
        socket.set_binary_type(BinaryType::Arraybuffer);
        let handler = Rc::new(handler);
        let on = |event, read: fn(Event) -> Option<SocketEvent>| {
            let handler = handler.clone();
            Listener::new(&socket, event, move |event| {
                if let Some(event) = read(event) {
                    handler(event);
                }
            })
        };
        let listeners = [
            on("open", |_| Some(SocketEvent::Opened)),
            on("message", |event| text(&event).map(SocketEvent::Message)),
            on("close", |event| {
                let restarting = event.dyn_ref().is_some_and(is_restart);
                Some(SocketEvent::Closed { restarting })
            }),
        ];
        Some(Self { socket, _listeners: listeners })
    }

    /// Sends a message. It is lost if the connection is closed.
    pub fn send(&self, text: &str) {
        let _ = self.socket.send_with_str(text);
    }

    /// Closes it at once in favour of another one, even while it is being opened: browsers open one
    /// WebSocket at a time.
    pub fn abandon(self) {
        let _ = self.socket.close_with_code(CLIENT_GAVE_UP);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        match self.socket.ready_state() {
            WebSocket::CONNECTING => {}
            WebSocket::OPEN => {
                let _ = self.socket.close();
                return;
            }
            _ => return,
        }
        // Browsers log an error when a socket is closed before it is open.
        let socket = self.socket.clone();
        let close = Closure::once_into_js(move || {
            let _ = socket.close();
        });
        self.socket.set_onopen(close.dyn_ref());
    }
}

fn is_restart(event: &CloseEvent) -> bool {
    event.code() == SERVICE_RESTART
}

fn text(event: &Event) -> Option<String> {
    let data = event.dyn_ref::<MessageEvent>()?.data();
    if let Some(text) = data.as_string() {
        return Some(text);
    }
    let bytes = Uint8Array::new(data.dyn_ref::<ArrayBuffer>()?).to_vec();
    String::from_utf8(bytes).ok()
}
