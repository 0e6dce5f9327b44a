//! Scans a file that may be truncated or of another format.

use super::{
    BLOCK, BLOCK_GROUP, CLUSTER, Cluster, Contents, Damage, EBML, INFO, REFERENCE, SEGMENT,
    SIMPLE_BLOCK, TIMESTAMP, TIMESTAMP_SCALE, TRACK, TRACK_NUMBER, TRACK_TYPE, TRACKS, Track,
    Whole,
};
use crate::recording::ebml::{Head, Malformed, children, unsigned, variable};

/// Maximum size of each element before the first cluster, which is kept in memory, in bytes.
const MOST_HELD: usize = 64 * 1024;
const MOST_TRACKS: usize = 16;
/// Maximum number of clusters; a day has far fewer.
const MOST_CLUSTERS: usize = 1 << 18;
/// Maximum size of a block header: a track number of up to eight bytes, a time of two, and flags.
const BLOCK_HEAD: usize = 11;
/// The key frame flag of a simple block.
const KEY: u8 = 0x80;
/// The type of a video track.
const VIDEO: u64 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// Before the first element.
    Start,
    /// At the top level.
    File,
    Segment,
    /// In a cluster; with its end, if known.
    Cluster(Option<u64>),
    /// In a block group that ends at `group`.
    Group {
        cluster: Option<u64>,
        group: u64,
    },
    /// The rest of the file is unreadable.
    Lost,
}

/// A frame, which counts once it is complete.
#[derive(Clone, Copy, Debug)]
struct Frame {
    track: u64,
    time: u64,
    is_key: bool,
}

/// Scans a file piece by piece. Keeps a few numbers for each cluster, and of the data itself only
/// the elements before the first cluster.
#[derive(Debug)]
pub struct Scanner {
    level: Level,
    /// Position of `held` in the file.
    position: u64,
    /// Bytes of an incomplete element.
    held: Vec<u8>,
    /// Number of bytes to skip.
    skip: u64,
    frame: Option<Frame>,
    open: Option<Cluster>,
    /// Whether a frame in it is complete.
    filled: bool,
    found: Contents,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            level: Level::Start,
            position: 0,
            held: Vec::new(),
            skip: 0,
            frame: None,
            open: None,
            filled: false,
            found: Contents { scale: 1_000_000, ..Contents::default() },
        }
    }
}

impl Scanner {
    /// Scans the next bytes.
    ///
    /// # Errors
    ///
    /// If the file cannot be recovered. Damage behind the first cluster is not an error: the
    /// repaired file ends before it.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        if self.level == Level::Lost {
            return Ok(());
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        loop {
            match self.step(rest) {
                Ok(Some(used)) => {
                    self.position += used as u64;
                    rest = rest.get(used..).unwrap_or_default();
                }
                Ok(None) => break,
                Err(_) if self.open.is_some() || !self.found.clusters.is_empty() => {
                    self.level = Level::Lost;
                    return Ok(());
                }
                Err(damage) => return Err(damage),
            }
        }
        self.held = rest.to_vec();
        Ok(())
    }

    /// The repaired file.
    ///
    /// # Errors
    ///
    /// If there is no media in it.
    pub fn finish(mut self) -> Result<Whole, Damage> {
        self.close_cluster();
        self.found.whole()
    }

    /// Processes the next element, or the header of a container, and returns its size in bytes;
    /// `None` if it is incomplete.
    fn step(&mut self, rest: &[u8]) -> Result<Option<usize>, Damage> {
        if rest.is_empty() {
            return Ok(None);
        }
        if self.skip > 0 {
            let used = usize::try_from(self.skip).unwrap_or(usize::MAX).min(rest.len());
            self.skip -= used as u64;
            if self.skip == 0 {
                self.end_element(self.position + used as u64);
            }
            return Ok(Some(used));
        }
        let Some(head) = Head::read(rest)? else { return Ok(None) };
        self.rise(head.id)?;
        match self.level {
            Level::Start => self.first(rest, head),
            Level::File if head.id == SEGMENT => {
                self.level = Level::Segment;
                Ok(Some(head.length))
            }
            Level::File | Level::Lost => Err(Damage::Unreadable),
            Level::Segment => self.in_segment(rest, head),
            Level::Cluster(end) => self.in_cluster(rest, head, end),
            Level::Group { .. } => self.in_group(rest, head),
        }
    }

    /// Leaves containers that have ended.
    fn rise(&mut self, next: u32) -> Result<(), Damage> {
        if let Level::Group { cluster, group } = self.level {
            if self.position > group {
                return Err(Damage::Unreadable);
            }
            if self.position == group {
                self.level = Level::Cluster(cluster);
            }
        }
        if let Level::Cluster(end) = self.level {
            // Four-byte ids belong to the level above a cluster of unknown size.
            let is_over = end.map_or(next >> 24 != 0, |end| self.position >= end);
            if is_over {
                self.close_cluster();
                self.level = Level::Segment;
            }
        }
        Ok(())
    }

    fn first(&mut self, rest: &[u8], head: Head) -> Result<Option<usize>, Damage> {
        if head.id != EBML {
            return Err(Damage::Unreadable);
        }
        let Some(element) = whole(rest, head)? else { return Ok(None) };
        self.found.header = element.to_vec();
        self.level = Level::File;
        Ok(Some(element.len()))
    }

    fn in_segment(&mut self, rest: &[u8], head: Head) -> Result<Option<usize>, Damage> {
        match head.id {
            INFO | TRACKS => {
                let Some(element) = whole(rest, head)? else { return Ok(None) };
                let data = element.get(head.length..).unwrap_or_default();
                match head.id {
                    INFO => self.read_info(element, data),
                    _ => self.read_tracks(element, data),
                }
                Ok(Some(element.len()))
            }
            CLUSTER if self.found.each.is_empty() => Err(Damage::Unreadable),
            CLUSTER if self.found.clusters.len() >= MOST_CLUSTERS => Err(Damage::TooLarge),
            CLUSTER => {
                let body = self.position + head.length as u64;
                let end = head.size.map(|size| body.saturating_add(size));
                self.open = Some(Cluster {
                    start: self.position,
                    body,
                    end: body,
                    sized: false,
                    time: 0,
                    entry: None,
                });
                self.level = Level::Cluster(end);
                Ok(Some(head.length))
            }
            _ => self.pass_over(head),
        }
    }

    fn in_cluster(
        &mut self,
        rest: &[u8],
        head: Head,
        end: Option<u64>,
    ) -> Result<Option<usize>, Damage> {
        let size = head.whole().ok_or(Damage::Unreadable)?;
        if end.is_some_and(|end| self.position.saturating_add(size) > end) {
            return Err(Damage::Unreadable);
        }
        match head.id {
            TIMESTAMP => {
                let Some(element) = whole(rest, head)? else { return Ok(None) };
                let time = unsigned(element.get(head.length..).unwrap_or_default());
                if let Some(cluster) = &mut self.open {
                    cluster.time = time.ok_or(Damage::Unreadable)?;
                }
                self.end_element(self.position + size);
                Ok(Some(element.len()))
            }
            SIMPLE_BLOCK => self.block(rest, head, |flags| flags & KEY != 0),
            BLOCK_GROUP => {
                let group = self.position.saturating_add(size);
                self.level = Level::Group { cluster: end, group };
                Ok(Some(head.length))
            }
            _ => self.pass_over(head),
        }
    }

    fn in_group(&mut self, rest: &[u8], head: Head) -> Result<Option<usize>, Damage> {
        match head.id {
            // Accepted until it turns out to depend on another frame.
            BLOCK => self.block(rest, head, |_| true),
            REFERENCE => {
                if let Some(frame) = &mut self.frame {
                    frame.is_key = false;
                }
                self.pass_over(head)
            }
            _ => self.pass_over(head),
        }
    }

    /// Reads the time of a frame, and skips its data.
    fn block(
        &mut self,
        rest: &[u8],
        head: Head,
        is_key: fn(u8) -> bool,
    ) -> Result<Option<usize>, Damage> {
        let data = rest.get(head.length..).unwrap_or_default();
        let size = head.size.ok_or(Damage::Unreadable)?;
        let size_seen = usize::try_from(size).unwrap_or(usize::MAX).min(BLOCK_HEAD);
        let Some(data) = data.get(..size_seen) else { return Ok(None) };
        let Some((track, length)) = variable(data, 8, true)? else {
            return Err(Damage::Unreadable);
        };
        let Some([high, low, flags]) = data.get(length..length + 3) else {
            return Err(Damage::Unreadable);
        };
        let offset = i64::from(i16::from_be_bytes([*high, *low]));
        let time = self.open.map(|cluster| cluster.time).unwrap_or_default();
        let time = time.checked_add_signed(offset).unwrap_or_default();
        self.frame = Some(Frame { track, time, is_key: is_key(*flags) });
        self.pass_over(head)
    }

    /// Consumes the header of an element and skips its data.
    fn pass_over(&mut self, head: Head) -> Result<Option<usize>, Damage> {
        self.skip = head.size.ok_or(Damage::Unreadable)?;
        if self.skip == 0 {
            self.end_element(self.position + head.length as u64);
        }
        Ok(Some(head.length))
    }

    /// Called with the last byte of an element.
    fn end_element(&mut self, end: u64) {
        if matches!(self.level, Level::Group { group, .. } if group != end) {
            return;
        }
        let Some(cluster) = &mut self.open else { return };
        cluster.end = end;
        let Some(frame) = self.frame.take() else { return };
        let track = self.found.each.iter_mut().find(|track| track.number == frame.track);
        let Some(track) = track else { return };
        if frame.time > track.last {
            track.frame = frame.time - track.last;
            track.last = frame.time;
        }
        if track.is_video && frame.is_key && cluster.entry.is_none() {
            cluster.entry = Some(frame.time);
        }
        self.filled = true;
    }

    /// Keeps the complete part of a cluster, if there is one.
    fn close_cluster(&mut self) {
        let Some(mut cluster) = self.open.take() else { return };
        if std::mem::take(&mut self.filled) {
            let end = match self.level {
                Level::Cluster(end) | Level::Group { cluster: end, .. } => end,
                _ => None,
            };
            cluster.sized = end == Some(cluster.end);
            self.found.clusters.push(cluster);
        }
        self.frame = None;
    }

    fn read_info(&mut self, element: &[u8], data: &[u8]) {
        let scale = children(data).find(|(id, _)| *id == TIMESTAMP_SCALE);
        let scale = scale.and_then(|(_, value)| unsigned(value)).filter(|scale| *scale > 0);
        self.found.scale = scale.unwrap_or(self.found.scale);
        self.found.info = element.to_vec();
    }

    fn read_tracks(&mut self, element: &[u8], data: &[u8]) {
        let track = |(id, entry): (u32, &[u8])| {
            let read = |wanted| children(entry).find(|(id, _)| *id == wanted);
            let number = |wanted| unsigned(read(wanted)?.1);
            let is_video = number(TRACK_TYPE) == Some(VIDEO);
            let number = number(TRACK_NUMBER).filter(|_| id == TRACK)?;
            Some(Track { number, is_video, ..Track::default() })
        };
        self.found.each = children(data).filter_map(track).take(MOST_TRACKS).collect();
        self.found.tracks = element.to_vec();
    }
}

/// A small element with its header; `None` if it is incomplete.
fn whole(rest: &[u8], head: Head) -> Result<Option<&[u8]>, Damage> {
    let size = head.whole().and_then(|size| usize::try_from(size).ok());
    match size {
        Some(size) if size <= MOST_HELD => Ok(rest.get(..size)),
        Some(_) => Err(Damage::TooLarge),
        None => Err(Damage::Unreadable),
    }
}

impl From<Malformed> for Damage {
    fn from(_: Malformed) -> Self {
        Self::Unreadable
    }
}

#[cfg(test)]
impl Scanner {
    /// Number of bytes in memory.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }
}
