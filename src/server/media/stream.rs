//! Clients over TCP or TLS (RFC 8656, section 2.1), in whose streams messages follow each other.

use super::relay::{Relay, StreamInbox};
use salon_turn::{BadStream, Client, Input, first_frame};
use std::{cell::RefCell, fmt, net::SocketAddr, rc::Rc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    time::{sleep, timeout},
};

/// Time after which a stream without an allocation is closed. A browser allocates at once; its test of a
/// server takes a few seconds.
const UNUSED: Duration = Duration::from_secs(15);
/// Timeout for a write.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Messages that are written at once.
const MESSAGES: usize = 32;
/// Bytes that are read at once.
const READ: usize = 4096;

/// A connection over TCP or TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A client over TCP or TLS.
pub(crate) struct StreamClient {
    /// Its connection.
    pub(crate) stream: Box<dyn Stream>,
    /// Its address.
    pub(crate) address: SocketAddr,
    /// Dropped when the connection has ended.
    pub(crate) permit: Box<dyn StreamPermit>,
}

/// The permission for a connection of a client.
pub(crate) trait StreamPermit: Send {
    /// The client has an allocation, so it is not a stranger any more. Returns whether it may stay.
    fn prove(&mut self) -> bool;
}

impl fmt::Debug for StreamClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamClient")
    }
}

/// Serves a client until its stream ends or is of no use.
pub(super) async fn serve(relay: Rc<RefCell<Relay>>, client: StreamClient) {
    let StreamClient { stream, address, mut permit } = client;
    let (client, outbox) = relay.borrow_mut().open(address);
    let (reading, writing) = split(stream);
    tokio::select! {
        () = read(&relay, client, &mut *permit, reading) => {}
        () = write(outbox, writing) => {}
        () = until_unused(&relay, client) => {}
    }
    relay.borrow_mut().close(client);
    drop(permit);
}

async fn read(
    relay: &RefCell<Relay>,
    client: Client,
    permit: &mut dyn StreamPermit,
    mut stream: impl AsyncRead + Unpin,
) {
    let mut buffer = Vec::with_capacity(READ);
    let mut is_proven = false;
    loop {
        buffer.reserve(READ);
        if !stream.read_buf(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {
            return;
        }
        let Ok(handled) = messages(&buffer, |message| {
            relay.borrow_mut().input(Input::Message(client, message));
        }) else {
            return;
        };
        buffer.drain(..handled);
        if !is_proven && relay.borrow().has_allocation(&client) {
            is_proven = true;
            if !permit.prove() {
                return;
            }
        }
    }
}

/// Handles the complete messages in what a stream has brought, and returns how many bytes they have.
fn messages(bytes: &[u8], mut handle: impl FnMut(&[u8])) -> Result<usize, BadStream> {
    let mut rest = bytes;
    while let Some(frame) = first_frame(rest)? {
        let Some((padded, after)) = rest.split_at_checked(frame.padded) else { break };
        handle(padded.get(..frame.length).unwrap_or_default());
        rest = after;
    }
    Ok(bytes.len() - rest.len())
}

/// Writes what is sent to a client. Ends if it does not read.
async fn write(mut inbox: StreamInbox, mut stream: impl AsyncWrite + Unpin) {
    let mut messages = Vec::with_capacity(MESSAGES);
    while inbox.recv_many(&mut messages, MESSAGES).await > 0 {
        let bytes = messages.concat();
        messages.clear();
        let written = async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        };
        if !timeout(WRITE_TIMEOUT, written).await.is_ok_and(|written| written.is_ok()) {
            return;
        }
    }
}

/// Waits until a client has no allocation any more, or none for too long.
async fn until_unused(relay: &RefCell<Relay>, client: Client) {
    loop {
        sleep(UNUSED).await;
        if !relay.borrow().has_allocation(&client) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_handled_as_soon_as_they_are_complete() {
        let stun = [0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42].into_iter().chain([7; 16]);
        // ChannelData of 5 bytes, with its padding.
        let data = [0x40, 1, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0];
        let bytes: Vec<u8> = stun.chain(data).collect();
        for length in 0..=bytes.len() {
            let mut all = Vec::new();
            let handled = messages(&bytes[..length], |message| all.push(message.len())).unwrap();
            let expected = match length {
                0..24 => (0, vec![]),
                24..36 => (24, vec![24]),
                _ => (36, vec![24, 9]),
            };
            assert_eq!((handled, all), expected, "{length} bytes");
        }
        assert_eq!(messages(b"GET / HTTP/1.1\r\n\r\n", |_| ()), Err(BadStream));
    }
}
