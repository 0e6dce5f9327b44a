//! The server: its WebSocket, and HTTP requests.

mod http;
mod socket;
mod upload;

pub(super) use http::prefetch_file;
pub use http::{ask_server, download_rate, own_host};
pub use socket::Socket;
pub use upload::UploadTrial;
