//! Rate limit and message timeout of a WebSocket client, enforced on the raw frames (RFC 6455, section
//! 5.2) below the WebSocket library: control frames and fragments of a message count as well.

use crate::{
    rate_limit::{Bucket, Rate},
    server::clock::running,
};
use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// Maximum number of bytes read at once.
const CHUNK: usize = 4 * 1024;
/// Maximum size of a frame header in bytes: 2, and a length of 8 and a mask of 4.
const HEADER_MAX: usize = 14;

/// A limit that the client exceeded. Wrapped in an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum FrameError {
    #[error("frame rate exceeded")]
    RateLimited,
    #[error("message timeout")]
    MessageTimeout,
}

impl From<FrameError> for io::Error {
    fn from(error: FrameError) -> Self {
        Self::other(error)
    }
}

/// Position of a byte stream within a frame.
#[derive(Debug, Default)]
struct FrameParser {
    /// The part of the header received so far; empty in the payload and between frames.
    header: Header,
    /// Remaining bytes of the payload.
    payload: u64,
    /// Whether the current message has more fragments. Control frames may come between them.
    message: bool,
}

/// The beginning of a frame header.
#[derive(Debug, Default)]
struct Header {
    bytes: [u8; HEADER_MAX],
    received: usize,
}

impl Header {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.received) {
            *place = byte;
            self.received += 1;
        }
    }

    fn received(&self) -> &[u8] {
        self.bytes.get(..self.received).unwrap_or_default()
    }
}

/// Frames that start within a chunk of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Begun {
    frames: u32,
    /// Those of them that do not continue a message.
    afresh: u32,
}

impl FrameParser {
    /// Advances by a chunk of bytes.
    fn follow(&mut self, mut bytes: &[u8]) -> Begun {
        let mut begun = Begun::default();
        while let Some((first, rest)) = bytes.split_first() {
            if self.payload > 0 {
                let there = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
                self.payload -= u64::try_from(there).unwrap_or(self.payload);
                bytes = bytes.get(there..).unwrap_or_default();
                continue;
            }
            if self.header.received == 0 {
                begun.frames += 1;
                begun.afresh += u32::from(!self.message);
            }
            self.header.push(*first);
            bytes = rest;
            let header = self.header.received();
            if let Some(payload) = payload(header) {
                self.payload = payload;
                self.message = goes_on(header).unwrap_or(self.message);
                self.header.received = 0;
            }
        }
        begun
    }

    /// Whether a frame or a message is incomplete.
    fn is_within(&self) -> bool {
        self.header.received > 0 || self.payload > 0 || self.message
    }
}

/// Whether more fragments of the message follow; none for control frames, which belong to no message.
fn goes_on(header: &[u8]) -> Option<bool> {
    let first = header.first()?;
    let (is_last, is_control) = (first & 0x80 != 0, first & 0x08 != 0);
    (!is_control).then_some(!is_last)
}

/// The payload length, once the header is complete.
fn payload(header: &[u8]) -> Option<u64> {
    let [_, second, rest @ ..] = header else { return None };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let length = rest.get(..extended)?;
    rest.get(extended..extended + mask)?;
    Some(match length {
        [] => (second & 0x7f).into(),
        bytes => bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
    })
}

type Deadline = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Wraps the stream of a client and enforces its limits: reading fails with a [`FrameError`]. Reads ahead,
/// so that the reader needs no large buffer of its own, and takes no memory for that in between.
pub(super) struct FrameLimiter<S> {
    stream: S,
    /// Read from the stream, but not yet from here.
    unread: Vec<u8>,
    parser: FrameParser,
    start: Instant,
    rate: Rate,
    bucket: Bucket,
    /// Timeout for a message and for a control frame.
    message_timeout: Duration,
    /// Ends at the timeout of the current message. Most messages arrive whole and need none.
    deadline: Option<Deadline>,
}

impl<S> FrameLimiter<S> {
    pub(super) fn new(stream: S, rate: Rate, message_timeout: Duration) -> Self {
        Self {
            stream,
            unread: Vec::new(),
            parser: FrameParser::default(),
            start: Instant::now(),
            rate,
            bucket: Bucket::default(),
            message_timeout,
            deadline: None,
        }
    }

    fn inspect(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        let begun = self.parser.follow(bytes);
        let now = Instant::now();
        for _ in 0..begun.frames {
            let taken = self.bucket.take(self.rate, now - self.start);
            taken.map_err(|_| FrameError::RateLimited)?;
        }
        if !self.parser.is_within() {
            self.deadline = None;
        } else if begun.afresh > 0 {
            self.deadline = Some(Box::pin(running(self.message_timeout)));
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> FrameLimiter<S> {
    /// Reads from the stream what fits into the buffer, and more.
    fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut chunk = [MaybeUninit::uninit(); CHUNK];
        let mut chunk = ReadBuf::uninit(&mut chunk);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk))?;
        self.inspect(chunk.filled())?;
        let rest = move_bytes(chunk.filled(), buffer);
        self.unread.extend_from_slice(rest);
        Poll::Ready(Ok(()))
    }

    /// Reads what was read ahead.
    fn take_unread(&mut self, buffer: &mut ReadBuf<'_>) {
        let rest = move_bytes(&self.unread, buffer).len();
        self.unread.drain(..self.unread.len() - rest);
        if self.unread.is_empty() {
            self.unread = Vec::new();
        }
    }
}

/// Copies the bytes that fit, and returns the others.
fn move_bytes<'a>(bytes: &'a [u8], buffer: &mut ReadBuf<'_>) -> &'a [u8] {
    let (now, rest) = bytes.split_at(bytes.len().min(buffer.remaining()));
    buffer.put_slice(now);
    rest
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameLimiter<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.unread.is_empty() {
            this.take_unread(buffer);
            return Poll::Ready(Ok(()));
        }
        let read = this.poll_chunk(cx, buffer);
        if let Poll::Ready(Err(_)) = read {
            return read;
        }
        // Checked even if bytes arrived: single bytes must not extend the timeout.
        if let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(FrameError::MessageTimeout.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrameLimiter<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        time::advance,
    };
    use tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn limited() -> (DuplexStream, FrameLimiter<DuplexStream>) {
        let (client, server) = duplex(1 << 20);
        (client, FrameLimiter::new(server, Rate::new(400, Duration::from_secs(8)), TIMEOUT))
    }

    fn frame(payload: usize, is_masked: bool) -> Vec<u8> {
        let mut frame = Frame::message(vec![0; payload], OpCode::Data(Data::Text), true);
        if is_masked {
            frame.header_mut().mask = Some([1, 2, 3, 4]);
        }
        let mut bytes = Vec::new();
        frame.format(&mut bytes).unwrap();
        bytes
    }

    /// Reads to the end and returns the limit that was exceeded.
    async fn exceeded(server: &mut FrameLimiter<DuplexStream>) -> Option<FrameError> {
        let mut buffer = [0; 4096];
        loop {
            match server.read(&mut buffer).await {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return error.get_ref()?.downcast_ref().copied(),
            }
        }
    }

    proptest! {
        #[test]
        fn frames_are_counted_wherever_they_are_cut(
            lengths in proptest::collection::vec((0usize..70_000, any::<bool>()), 1..8),
            cut in 1usize..5000,
        ) {
            let bytes: Vec<u8> =
                lengths.iter().flat_map(|(length, mask)| frame(*length, *mask)).collect();
            let mut parser = FrameParser::default();
            let begun: u32 = bytes.chunks(cut).map(|chunk| parser.follow(chunk).frames).sum();
            prop_assert_eq!(begun as usize, lengths.len());
            prop_assert!(!parser.is_within());
            let mut parser = FrameParser::default();
            parser.follow(&bytes[..bytes.len() - 1]);
            prop_assert!(parser.is_within());
        }
    }

    #[test]
    fn the_longest_length_is_accepted() {
        let mut parser = FrameParser::default();
        let header: Vec<u8> = [0x82, 0xff].into_iter().chain([0xff; 12]).collect();
        assert_eq!(header.len(), HEADER_MAX);
        assert_eq!(parser.follow(&header), Begun { frames: 1, afresh: 1 });
        assert_eq!(parser.follow(&[0; 4096]), Begun::default());
        assert_eq!(parser.payload, u64::MAX - 4096);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_frame_over_the_rate_is_an_error() {
        let (mut client, mut server) = limited();
        client.write_all(&frame(0, true).repeat(400)).await.unwrap();
        let mut heard = vec![0; frame(0, true).len() * 400];
        server.read_exact(&mut heard).await.unwrap();
        client.write_all(&frame(0, true)).await.unwrap();
        assert_eq!(exceeded(&mut server).await, Some(FrameError::RateLimited));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_frame_times_out() {
        let (mut client, mut server) = limited();
        let begun = Instant::now();
        let drip = async {
            for byte in frame(100, true) {
                client.write_all(&[byte]).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let found = tokio::select! {
            found = exceeded(&mut server) => found,
            () = drip => None,
        };
        assert_eq!(found, Some(FrameError::MessageTimeout));
        assert_eq!(begun.elapsed(), TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn pongs_between_frames_do_not_extend_the_message_timeout() {
        let (mut client, mut server) = limited();
        let begun = Instant::now();
        let mut part = frame(1, true);
        part[0] &= 0x7f;
        let mut pong = frame(0, true);
        pong[0] = 0x8a;
        let talk = async {
            client.write_all(&part).await.unwrap();
            loop {
                client.write_all(&pong).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let found = tokio::select! {
            found = exceeded(&mut server) => found,
            () = talk => None,
        };
        assert_eq!(found, Some(FrameError::MessageTimeout));
        assert_eq!(begun.elapsed(), TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn each_message_has_its_own_timeout() {
        let (mut client, mut server) = limited();
        let (mut first, mut last) = (frame(10, true), frame(10, true));
        first[0] &= 0x7f;
        last[0] = 0x80;
        client.write_all(&first).await.unwrap();
        server.read_exact(&mut vec![0; first.len()]).await.unwrap();
        for _ in 0..5 {
            // The rest of one message and the beginning of the next come as one.
            let both = [last.clone(), first.clone()].concat();
            client.write_all(&both).await.unwrap();
            server.read_exact(&mut vec![0; both.len()]).await.unwrap();
            advance(TIMEOUT / 2).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn t30_suspending_the_server_causes_no_timeout() {
        let (mut client, mut server) = limited();
        let bytes = frame(10, true);
        client.write_all(&bytes[..5]).await.unwrap();
        server.read_exact(&mut [0; 5]).await.unwrap();
        advance(TIMEOUT * 3).await;
        let rest = tokio::spawn(async move {
            let mut rest = vec![0; bytes.len() - 5];
            server.read_exact(&mut rest).await.map(|_| ())
        });
        tokio::task::yield_now().await;
        client.write_all(&frame(10, true)[5..]).await.unwrap();
        rest.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn silence_between_messages_causes_no_timeout() {
        let (mut client, mut server) = limited();
        for _ in 0..3 {
            let bytes = frame(10, true);
            client.write_all(&bytes).await.unwrap();
            server.read_exact(&mut vec![0; bytes.len()]).await.unwrap();
            advance(TIMEOUT * 3).await;
        }
        drop(client);
        assert_eq!(exceeded(&mut server).await, None);
    }
}
