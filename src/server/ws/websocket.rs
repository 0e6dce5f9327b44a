//! A WebSocket (RFC 6455) that one task reads and writes at the same time. While nothing is read or
//! written, it takes little memory: most connections of a server are idle.

use std::{
    future::poll_fn,
    io::{self, Read, Write},
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::{
    Error, Message,
    protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext, frame::Frame},
};

/// Size of tungstenite's read buffer in bytes, for the lifetime of the connection. The buffer grows for a
/// larger message once its length is known.
const READ_BUFFER: usize = 256;
/// Buffered bytes above which they are written before more are added.
const WRITE_BUFFER: usize = 16 * 1024;
/// Maximum number of bytes of tungstenite's write buffer, which contains only its replies to pings and
/// to a close frame. If there are more pings, the last one is answered.
const REPLY_BUFFER: usize = 512;

/// A WebSocket. Its reader and its writer take turns within one task, so that the lock is always free.
pub(super) struct WebSocket<S>(Mutex<Connection<S>>);

struct Connection<S> {
    stream: S,
    /// Reads messages, and replies to pings and close frames.
    protocol: WebSocketContext,
    /// Whether reading has failed; it cannot be resumed.
    has_failed: bool,
    /// Whole frames, of which the first may be written in part. No memory is allocated for none.
    unwritten: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Takes over a stream after the handshake.
    pub(super) fn new(stream: S, message_bytes_max: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(REPLY_BUFFER)
            .max_message_size(Some(message_bytes_max))
            .max_frame_size(Some(message_bytes_max));
        let protocol = WebSocketContext::new(Role::Server, Some(config));
        let unwritten = Vec::new();
        Self(Mutex::new(Connection { stream, protocol, has_failed: false, unwritten }))
    }

    /// Waits for the next message. Pings and close frames are answered by the calls that follow.
    pub(super) async fn next(&self) -> Result<Message, Error> {
        poll_fn(|cx| self.lock().poll_next(cx)).await
    }

    /// Adds a frame to the buffer, and writes the buffer if it is large.
    pub(super) async fn feed(&self, frame: Frame) -> Result<(), Error> {
        if self.lock().push(frame)? > WRITE_BUFFER {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes the buffer.
    pub(super) async fn flush(&self) -> Result<(), Error> {
        Ok(poll_fn(|cx| self.lock().poll_flush(cx)).await?)
    }

    /// Starts the closing handshake, after everything in the buffer and all replies. Waits until the
    /// client has read enough of them.
    pub(super) async fn close(&self, frame: CloseFrame) -> Result<(), Error> {
        let mut frame = Some(frame);
        poll_fn(|cx| self.lock().poll_replies(cx)).await?;
        poll_fn(|cx| Poll::Ready(self.lock().close(frame.take(), cx))).await?;
        self.flush().await
    }

    /// Reads to the end, which completes a closing handshake.
    pub(super) async fn drain(&self) {
        while self.next().await.is_ok() {}
        // The reply to a close frame ends reading before it is written.
        let _ = poll_fn(|cx| self.lock().poll_replies(cx)).await;
    }

    fn lock(&self) -> MutexGuard<'_, Connection<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Error>> {
        if self.has_failed {
            return Poll::Ready(Err(Error::AlreadyClosed));
        }
        // Makes space for replies.
        let _ = self.poll_flush(cx)?;
        let (protocol, mut io) = self.parts(cx);
        let read = protocol.read(&mut io);
        let written = self.poll_flush(cx);
        if read.as_ref().is_err_and(would_block) {
            let _ = written?;
            return Poll::Pending;
        }
        self.has_failed = read.is_err();
        Poll::Ready(read)
    }

    /// Returns the number of bytes in the buffer.
    fn push(&mut self, frame: Frame) -> Result<usize, Error> {
        if !self.protocol.can_write() {
            return Err(Error::AlreadyClosed);
        }
        frame.format(&mut self.unwritten)?;
        Ok(self.unwritten.len())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unwritten.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unwritten))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unwritten.drain(..written);
        }
        self.unwritten = Vec::new();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Writes the buffer and tungstenite's, which may be full: it would lose the close frame.
    fn poll_replies(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // The last reply is outside of tungstenite's buffer while that is full.
        for _ in 0..2 {
            ready!(self.poll_flush(cx))?;
            let (protocol, mut io) = self.parts(cx);
            finished(protocol.flush(&mut io))?;
        }
        self.poll_flush(cx).map_err(Error::from)
    }

    fn close(&mut self, frame: Option<CloseFrame>, cx: &mut Context<'_>) -> Result<(), Error> {
        let (protocol, mut io) = self.parts(cx);
        finished(protocol.close(&mut io, frame))
    }

    fn parts<'a, 'b>(
        &'a mut self,
        cx: &'a mut Context<'b>,
    ) -> (&'a mut WebSocketContext, Io<'a, 'b, S>) {
        let Self { stream, protocol, unwritten, .. } = self;
        (protocol, Io { stream, unwritten, cx })
    }
}

/// After the client's close frame, its reply is the last that is written, which tungstenite reports as
/// an error.
fn finished(written: Result<(), Error>) -> Result<(), Error> {
    match written {
        Err(Error::ConnectionClosed) => Ok(()),
        written => written,
    }
}

fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// What tungstenite reads from and writes its replies to.
struct Io<'a, 'b, S> {
    stream: &'a mut S,
    unwritten: &'a mut Vec<u8>,
    cx: &'a mut Context<'b>,
}

impl<S: AsyncRead + Unpin> Read for Io<'_, '_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        match Pin::new(&mut *self.stream).poll_read(self.cx, &mut buffer) {
            Poll::Ready(read) => read.map(|()| buffer.filled().len()),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl<S> Write for Io<'_, '_, S> {
    /// Takes all or nothing, so that frames stay whole. Replies to a client that reads nothing do not
    /// pile up: they wait in tungstenite's buffer, which is bounded.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.unwritten.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.unwritten.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use futures_util::{SinkExt, StreamExt};
    use tokio::{io::duplex, net::TcpSocket};
    use tokio_tungstenite::WebSocketStream;
    use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

    const TEXT: usize = 50_000;
    const PING: usize = 100;

    #[tokio::test]
    async fn replies_wait_for_a_client_that_reads_nothing() {
        let (client, server) = duplex(256);
        let server = WebSocket::new(server, TEXT);
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let writing = async {
            let text = Frame::message("a".repeat(TEXT), OpCode::Data(Data::Text), true);
            server.feed(text).await.unwrap();
            std::future::pending::<()>().await;
        };
        let reading = async { while server.next().await.unwrap().is_ping() {} };
        let talking = async {
            for number in 0..100 {
                client.send(Message::Ping(vec![number; PING].into())).await.unwrap();
            }
            let Message::Text(text) = client.next().await.unwrap().unwrap() else { panic!() };
            assert_eq!(text.len(), TEXT);
            let mut replies = 0;
            while client.next().await.unwrap().unwrap() != Message::Pong(vec![99; PING].into()) {
                replies += 1;
            }
            assert!(replies < 99);
        };
        tokio::select! {
            () = writing => {}
            () = reading => {}
            () = talking => {}
        }
        assert_eq!(server.lock().unwritten.capacity(), 0);
    }

    #[tokio::test]
    async fn a_close_frame_comes_after_the_replies_that_wait() {
        const PINGS: u16 = 2000;
        let [listening, connecting] = [(); 2].map(|()| TcpSocket::new_v4().unwrap());
        // Too small for the replies.
        listening.set_send_buffer_size(4096).unwrap();
        connecting.set_recv_buffer_size(4096).unwrap();
        listening.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = listening.listen(1).unwrap();
        let client = connecting.connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let server = WebSocket::new(server, TEXT);
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let ping = |number: u16| Bytes::from(number.to_be_bytes().repeat(PING / 2));

        let pinging = async {
            for number in 0..PINGS {
                client.send(Message::Ping(ping(number))).await.unwrap();
            }
        };
        let reading = async {
            for _ in 0..PINGS {
                server.next().await.unwrap();
            }
        };
        tokio::join!(pinging, reading);
        assert!(!server.lock().unwritten.is_empty(), "the client has not read enough");

        let closing = async {
            let frame = CloseFrame { code: CloseCode::Restart, reason: "Restart.".into() };
            server.close(frame).await.unwrap();
            server.drain().await;
        };
        let listening = async {
            let mut last = None;
            while let Some(Ok(message)) = client.next().await {
                if let Message::Close(frame) = message {
                    // Sends the reply, which the server waits for.
                    client.flush().await.unwrap();
                    return (last, frame.unwrap().code);
                }
                last = Some(message);
            }
            panic!("no close frame");
        };
        let ((last, code), ()) = tokio::join!(listening, closing);
        assert_eq!(last, Some(Message::Pong(ping(PINGS - 1))), "the last reply comes first");
        assert_eq!(code, CloseCode::Restart);
    }

    #[tokio::test]
    async fn a_close_frame_of_the_client_is_answered_even_if_the_server_closes() {
        let (client, server) = duplex(256);
        let server = WebSocket::new(server, TEXT);
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let sent = CloseFrame { code: CloseCode::Away, reason: "".into() };
        client.close(Some(sent.clone())).await.unwrap();
        assert_eq!(server.next().await.unwrap(), Message::Close(Some(sent.clone())));
        let frame = CloseFrame { code: CloseCode::Restart, reason: "".into() };
        server.close(frame).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::Close(Some(sent)));
    }

    #[tokio::test]
    async fn a_close_frame_comes_after_the_messages() {
        let (client, server) = duplex(256);
        let server = WebSocket::new(server, TEXT);
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let closing = async {
            server.feed(Frame::ping(vec![0; 100])).await.unwrap();
            let frame = CloseFrame { code: CloseCode::Restart, reason: "".into() };
            server.close(frame).await.unwrap();
            server.drain().await;
        };
        let reading = async {
            assert!(client.next().await.unwrap().unwrap().is_ping());
            assert!(client.next().await.unwrap().unwrap().is_close());
            // Sends the reply; the server is the first to close the stream.
            client.next().await;
        };
        tokio::select! {
            () = closing => {}
            () = reading => panic!("the stream was closed"),
        }
        let late = Frame::ping(vec![]);
        assert!(server.feed(late).await.is_err());
    }
}
