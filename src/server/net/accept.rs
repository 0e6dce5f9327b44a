//! Listens for connections, and accepts them.

use std::{io, net::SocketAddr, pin::pin, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::sleep,
};
use tracing::{debug, info, warn};

/// Delay before accepting again when the file descriptors are used up.
const EXHAUSTED_WAIT: Duration = Duration::from_millis(100);
/// Maximum number of connections that wait to be accepted.
const BACKLOG: u32 = 4096;

/// Listens with a backlog for clients that all reconnect after a restart: the usual 128 would delay
/// most of a thousand by a second. The system may allow less. Must be called within a Tokio runtime.
///
/// # Errors
/// Those of the operating system.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until `stop` completes.
pub(super) async fn accept(
    tcp: &TcpListener,
    stop: impl Future<Output = ()>,
    mut receive: impl FnMut(TcpStream, SocketAddr),
) {
    let mut stop = pin!(stop);
    let mut is_exhausted = false;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => return,
            accepted = tcp.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                if std::mem::take(&mut is_exhausted) {
                    info!("connections are accepted again");
                }
                receive(stream, address);
            }
            Err(error) if is_connection_error(&error) => {
                debug!(%error, "a connection ended before it was accepted");
            }
            Err(error) => {
                if !std::mem::replace(&mut is_exhausted, true) {
                    warn!(%error, "cannot accept connections for now; calls go on");
                }
                sleep(EXHAUSTED_WAIT).await;
            }
        }
    }
}

/// Whether an error of `accept` concerns only that connection.
fn is_connection_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
