//! Bounds the memory for incomplete requests.
//!
//! HTTP and TLS buffer a request or a handshake until it is complete. Every connection may have a few
//! bytes buffered; for more, it needs one of the permits of its address. So an address can make the
//! server buffer only so much, however many requests it starts and never completes.

use crate::server::limits::HEADER_BYTES;
use axum::{
    body::Bytes,
    http::{Request, request::Parts},
};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take},
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore},
};

/// Buffered bytes of a connection that need no permit; a typical request has half as many.
pub(crate) const FREE_BYTES: usize = 2 * 1024;

/// Counts the bytes of a connection that were read and are not handled yet. [`Intake`] adds to it; the
/// handlers of requests subtract.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    held: AtomicUsize,
    /// Whether a request is being handled; what is read meanwhile is its body.
    is_busy: AtomicBool,
    /// Whether counting has ended, because the connection has limits of another kind by now.
    is_open: AtomicBool,
}

impl Meter {
    /// Marks the start of a request, whose head is buffered until [`Self::end`].
    pub(crate) fn begin(&self) {
        self.is_busy.store(true, Ordering::Relaxed);
    }

    /// Marks the end of a request whose head has this length in bytes.
    pub(crate) fn end(&self, head: usize) {
        self.is_busy.store(false, Ordering::Relaxed);
        self.release(head);
    }

    /// Ends counting.
    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
    }

    fn release(&self, bytes: usize) {
        let less = |held: usize| Some(held.saturating_sub(bytes));
        let _ = self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// The length of a request head in bytes, in its usual notation (RFC 9112, sections 3 and 5).
pub(crate) fn head_bytes(head: &Parts) -> usize {
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let line = head.method.as_str().len() + target + "  HTTP/1.1\r\n".len();
    let fields = head.headers.iter();
    let fields = fields.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    line + fields.sum::<usize>() + "\r\n".len()
}

type Acquiring = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// A permit for a large request.
enum Turn {
    Unneeded,
    Awaited(Acquiring),
    Taken(#[allow(dead_code, reason = "released when it is dropped")] OwnedSemaphorePermit),
}

/// A client's stream that is read only as far as its bytes may be buffered.
pub(crate) struct Intake<S> {
    stream: Take<S>,
    /// Buffered bytes that need no permit.
    free: usize,
    meter: Arc<Meter>,
    /// None for a trusted proxy, which sends for many clients.
    turns: Option<Arc<Semaphore>>,
    turn: Turn,
    is_overfull: bool,
}

impl<S> fmt::Debug for Intake<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("meter", &self.meter).finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Intake<S> {
    pub(crate) fn new(
        stream: S,
        free: usize,
        meter: Arc<Meter>,
        turns: Option<Arc<Semaphore>>,
    ) -> Self {
        let turn = Turn::Unneeded;
        Self { stream: stream.take(0), free, meter, turns, turn, is_overfull: false }
    }

    /// Returns the stream if the request header was too large.
    pub(crate) fn overfull(self) -> Option<S> {
        self.is_overfull.then(|| self.stream.into_inner())
    }

    /// Waits until bytes may be read, and returns how many.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.meter.is_open.load(Ordering::Relaxed) {
            self.turn = Turn::Unneeded;
            return Poll::Ready(Ok(usize::MAX));
        }
        let held = self.meter.held.load(Ordering::Relaxed);
        if held < self.free {
            self.turn = Turn::Unneeded;
            return Poll::Ready(Ok(self.free - held));
        }
        let left = HEADER_BYTES.saturating_sub(held);
        if left == 0 && !self.meter.is_busy.load(Ordering::Relaxed) {
            self.is_overfull = true;
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        ready!(self.poll_turn(cx))?;
        Poll::Ready(Ok(left.max(self.free)))
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match (&mut self.turn, &self.turns) {
                (Turn::Taken(_), _) | (_, None) => return Poll::Ready(Ok(())),
                (Turn::Unneeded, Some(turns)) => {
                    self.turn = Turn::Awaited(Box::pin(turns.clone().acquire_owned()));
                }
                (Turn::Awaited(acquiring), _) => {
                    let turn = ready!(acquiring.as_mut().poll(cx)).map_err(io::Error::other)?;
                    self.turn = Turn::Taken(turn);
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Intake<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = ready!(self.poll_room(cx))?;
        self.stream.set_limit(u64::try_from(room).unwrap_or(u64::MAX));
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let more = buffer.filled().len().saturating_sub(before);
        self.meter.held.fetch_add(more, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Intake<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }
}

/// A request body whose bytes no longer count once they were read.
struct CountedBody {
    body: axum::body::Body,
    meter: Arc<Meter>,
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.meter.release(data.len());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for CountedBody {
    /// Hyper discards the rest of the body.
    fn drop(&mut self) {
        let rest = self.body.size_hint().exact().unwrap_or_default();
        self.meter.release(usize::try_from(rest).unwrap_or(usize::MAX));
    }
}

/// Wraps the body of a request so that its bytes no longer count once they were read.
pub(crate) fn counted(
    request: Request<axum::body::Body>,
    meter: &Arc<Meter>,
) -> Request<axum::body::Body> {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| axum::body::Body::new(CountedBody { body, meter: meter.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_immediate;
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    fn intake(turns: &Arc<Semaphore>) -> (DuplexStream, Intake<DuplexStream>, Arc<Meter>) {
        let (client, server) = duplex(1 << 20);
        let meter = Arc::new(Meter::default());
        (client, Intake::new(server, FREE_BYTES, meter.clone(), Some(turns.clone())), meter)
    }

    /// Reads all that is available without waiting, and returns the number of bytes.
    async fn fill(intake: &mut Intake<DuplexStream>) -> usize {
        let (mut bytes, mut buffer) = (0, vec![0; 64 * 1024]);
        while let Some(Ok(more)) = poll_immediate(intake.read(&mut buffer)).await {
            bytes += more;
        }
        bytes
    }

    #[tokio::test]
    async fn t28_large_incomplete_requests_take_turns() {
        let turns = Arc::new(Semaphore::new(1));
        let (mut one, mut first, meter) = intake(&turns);
        let (mut two, mut second, _) = intake(&turns);
        one.write_all(&[b'a'; 400_000]).await.unwrap();
        two.write_all(&[b'a'; 400_000]).await.unwrap();
        assert_eq!(fill(&mut first).await, HEADER_BYTES);
        assert!(first.is_overfull);
        assert_eq!(fill(&mut second).await, FREE_BYTES);
        drop(first.overfull().unwrap());
        assert_eq!(fill(&mut second).await, HEADER_BYTES - FREE_BYTES);
        assert_eq!(meter.held.load(Ordering::Relaxed), HEADER_BYTES);
    }

    #[tokio::test]
    async fn t28_answered_requests_are_not_counted() {
        let turns = Arc::new(Semaphore::new(1));
        let (mut client, mut intake, meter) = intake(&turns);
        for _ in 0..3 {
            client.write_all(&[b'a'; 10_000]).await.unwrap();
            assert_eq!(fill(&mut intake).await, 10_000);
            assert_eq!(turns.available_permits(), 0);
            meter.begin();
            meter.end(10_000);
            assert_eq!(fill(&mut intake).await, 0);
            assert_eq!(turns.available_permits(), 1, "a quiet connection has no turn");
        }
        // Half of the next request came with the last one.
        client.write_all(&[b'a'; 10_000]).await.unwrap();
        assert_eq!(fill(&mut intake).await, 10_000);
        meter.end(1_000);
        assert_eq!(fill(&mut intake).await, 0);
        assert_eq!(turns.available_permits(), 0, "it is still held");
    }

    #[tokio::test]
    async fn bodies_may_exceed_the_buffer() {
        let turns = Arc::new(Semaphore::new(1));
        let (mut client, mut intake, meter) = intake(&turns);
        meter.begin();
        client.write_all(&[b'a'; 100_000]).await.unwrap();
        let mut bytes = 0;
        while bytes < 100_000 {
            let mut buffer = vec![0; 64 * 1024];
            let more = intake.read(&mut buffer).await.unwrap();
            assert!(more <= HEADER_BYTES, "{more}");
            meter.release(more);
            bytes += more;
        }
        assert!(!intake.is_overfull);
    }

    #[test]
    fn head_bytes_match_the_usual_notation() {
        let text = "GET /room/123?x=1 HTTP/1.1\r\nHost: a.example\r\nX-Some: thing\r\n\r\n";
        let request = Request::get("/room/123?x=1").header("Host", "a.example");
        let (head, ()) = request.header("X-Some", "thing").body(()).unwrap().into_parts();
        assert_eq!(head_bytes(&head), text.len());
    }
}
