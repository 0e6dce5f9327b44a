//! Repairs a WebM file that a browser streamed (RFC 9559): browsers write neither a duration nor an
//! index, and after a crash the file ends in the middle of a frame.
//!
//! [`Scanner::feed`] reads the file from its beginning in pieces of any size and keeps a few
//! numbers for each cluster. [`Scanner::finish`] describes the repaired file: a new head, the
//! clusters as they are on the disk, and an index.

mod scan;
#[cfg(test)]
mod tests;

use super::{
    Damage, Piece, Whole,
    ebml::{Head, children, put, put_long_head, put_unsigned},
};
pub use scan::Scanner;
use std::time::Duration;

const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114D_9B74;
const SEEK: u32 = 0x4DBB;
const SEEK_ID: u32 = 0x53AB;
const SEEK_POSITION: u32 = 0x53AC;
const INFO: u32 = 0x1549_A966;
const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK: u32 = 0xAE;
const TRACK_NUMBER: u32 = 0xD7;
const TRACK_TYPE: u32 = 0x83;
const CLUSTER: u32 = 0x1F43_B675;
const TIMESTAMP: u32 = 0xE7;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
const REFERENCE: u32 = 0xFB;
const CUES: u32 = 0x1C53_BB6B;
const CUE: u32 = 0xBB;
const CUE_TIME: u32 = 0xB3;
const CUE_PLACE: u32 = 0xB7;
const CUE_TRACK: u32 = 0xF7;
const CUE_CLUSTER: u32 = 0xF1;
const CRC: u32 = 0xBF;
const VOID: u32 = 0xEC;

/// Size of a rewritten cluster header: four bytes of id, eight of size.
const CLUSTER_HEAD: u64 = 12;

/// A stretch of the file, a few seconds long. All positions count from the beginning of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cluster {
    start: u64,
    /// Start of its data, and end of its complete data.
    body: u64,
    end: u64,
    /// Whether its own header contains its size.
    sized: bool,
    /// Start time, in time units of the file.
    time: u64,
    /// Time of its first key frame, in time units of the file.
    entry: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Track {
    number: u64,
    is_video: bool,
    /// Start of its last frame, and duration of the one before, in time units of the file.
    last: u64,
    frame: u64,
}

/// Everything known about a file after its last byte.
#[derive(Clone, Debug, Default)]
struct Contents {
    /// Unchanged.
    header: Vec<u8>,
    /// Unchanged, each with its header.
    info: Vec<u8>,
    tracks: Vec<u8>,
    clusters: Vec<Cluster>,
    each: Vec<Track>,
    /// Nanoseconds per time unit of the file.
    scale: u64,
}

impl Contents {
    fn whole(self) -> Result<Whole, Damage> {
        if self.clusters.is_empty() {
            return Err(Damage::Empty);
        }
        let length = self.each.iter().map(|track| track.last.saturating_add(track.frame)).max();
        let length = length.unwrap_or_default();
        let info = self.info(length);
        let seek_head = |cues| seek_head(info.len(), cues);
        let before = seek_head(0).len() + info.len() + self.tracks.len();

        let (mut bodies, mut cues) = (Vec::new(), Vec::new());
        let mut position = before as u64;
        let track = self.each.iter().find(|track| track.is_video).or(self.each.first());
        let track = track.map(|track| track.number).unwrap_or_default();
        for (place, cluster) in self.clusters.iter().enumerate() {
            // The first cluster, and each one of a file without video, is indexed by its start.
            let is_heard = place == 0 || self.each.iter().all(|track| !track.is_video);
            if let Some(time) = cluster.entry.or(is_heard.then_some(cluster.time)) {
                put_cue(&mut cues, time, track, position);
            }
            position += cluster.put(&mut bodies);
        }
        let mut index = Vec::new();
        put(&mut index, CUES, &cues);

        let mut head = self.header.clone();
        put_long_head(&mut head, SEGMENT, position + index.len() as u64);
        head.extend(seek_head(position));
        head.extend(&info);
        head.extend(&self.tracks);
        let pieces = std::iter::once(Piece::New(head)).chain(bodies);
        Ok(Whole {
            pieces: pieces.chain([Piece::New(index)]).collect(),
            length: Duration::from_nanos(length.saturating_mul(self.scale)),
        })
    }

    /// The browser's segment information, with the duration.
    fn info(&self, length: u64) -> Vec<u8> {
        let mut data = Vec::new();
        let kept = Head::read_whole(&self.info).ok().flatten();
        for (id, inner) in children(kept.map(|(_, inner)| inner).unwrap_or_default()) {
            if ![DURATION, CRC, VOID].contains(&id) {
                put(&mut data, id, inner);
            }
        }
        put(&mut data, DURATION, &(length as f64).to_be_bytes());
        let mut info = Vec::new();
        put(&mut info, INFO, &data);
        info
    }
}

impl Cluster {
    /// Appends it to the pieces, and returns its size in bytes.
    fn put(&self, pieces: &mut Vec<Piece>) -> u64 {
        let from = if self.sized { self.start } else { self.body };
        let kept = Piece::Kept { from, to: self.end };
        match (self.sized, pieces.last_mut()) {
            (true, Some(Piece::Kept { to, .. })) if *to == from => *to = self.end,
            (true, _) => pieces.push(kept),
            (false, _) => {
                let mut head = Vec::new();
                put_long_head(&mut head, CLUSTER, self.end - self.body);
                pieces.extend([Piece::New(head), kept]);
                return CLUSTER_HEAD + self.end - self.body;
            }
        }
        self.end - from
    }
}

/// The index of top-level elements, by position from the start of the segment's data. Its size is
/// independent of the positions.
fn seek_head(info: usize, cues: u64) -> Vec<u8> {
    let entry = |id: u32, position: u64| {
        let mut entry = Vec::new();
        put(&mut entry, SEEK_ID, &id.to_be_bytes());
        put_unsigned(&mut entry, SEEK_POSITION, position);
        let mut out = Vec::new();
        put(&mut out, SEEK, &entry);
        out
    };
    let all = |length: u64| {
        let after_info = length + info as u64;
        let entries = [(INFO, length), (TRACKS, after_info), (CUES, cues)];
        let data: Vec<_> = entries.iter().flat_map(|(id, at)| entry(*id, *at)).collect();
        let mut out = Vec::new();
        put(&mut out, SEEK_HEAD, &data);
        out
    };
    all(all(0).len() as u64)
}

fn put_cue(cues: &mut Vec<u8>, time: u64, track: u64, cluster: u64) {
    let (mut place, mut cue) = (Vec::new(), Vec::new());
    put_unsigned(&mut place, CUE_TRACK, track);
    put_unsigned(&mut place, CUE_CLUSTER, cluster);
    put_unsigned(&mut cue, CUE_TIME, time);
    put(&mut cue, CUE_PLACE, &place);
    put(cues, CUE, &cue);
}
