//! Repairs an MP4 file that a browser wrote in fragments (ISO/IEC 14496-12, section 8.8): browsers
//! store the duration of the first fragment, or none, and no index, and after a crash the file ends
//! in the middle of a fragment.
//!
//! [`Scanner::feed`] reads the file from its beginning in pieces of any size and keeps a few
//! numbers for each fragment. [`Scanner::finish`] describes the repaired file: a new head with the
//! right duration, the fragments as they are on the disk, and an index.

use super::{Damage, Piece, Whole};
use std::time::Duration;

/// Largest accepted size; real heads and fragment heads are far smaller.
const LARGEST_HEAD: u64 = 4 * 1024 * 1024;
/// Sample flag: not a sync sample, so decoding cannot start here (section 8.8.3.1).
const NOT_SYNC: u32 = 0x1_0000;

/// Scans a file from its beginning to its end, or to where it was cut off.
#[derive(Debug, Default)]
pub struct Scanner {
    /// Unprocessed bytes, and their position in the file.
    rest: Vec<u8>,
    at: u64,
    /// Number of bytes of the current box to skip.
    skip: u64,
    /// Position and content of the head.
    head: Option<(u64, Vec<u8>)>,
    tracks: Vec<Track>,
    /// A fragment whose media data is still to come.
    next: Option<Fragment>,
    fragments: Vec<Fragment>,
    /// Where the last whole fragment ends.
    end: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Track {
    number: u32,
    /// Time units per second.
    scale: u32,
    is_picture: bool,
    /// Defaults for samples without their own values.
    sample: Defaults,
    /// End of the track, in its time units.
    end: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Defaults {
    length: u32,
    flags: u32,
}

/// Position of a fragment, and for each track the time of its first sync sample.
#[derive(Clone, Debug, Default)]
struct Fragment {
    at: u64,
    entry: Option<(u32, u64)>,
    ends: Vec<(u32, u64)>,
}

impl Scanner {
    /// Scans the next bytes of the file.
    ///
    /// # Errors
    ///
    /// If it is not an MP4 file.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        self.rest.extend_from_slice(bytes);
        loop {
            if self.skip > 0 {
                let passed = self.rest.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
                self.take(passed);
                self.skip -= passed as u64;
                if self.skip > 0 {
                    return Ok(());
                }
                if let Some(fragment) = self.next.take() {
                    self.fragments.push(fragment);
                    self.end = self.at;
                }
            }
            let Some(head) = BoxHead::of(&self.rest) else { return Ok(()) };
            if head.size < head.length {
                return Err(Damage::Unreadable);
            }
            if !matches!(&head.kind, b"moov" | b"moof") {
                // Only the media data of a fragment ends it.
                if &head.kind != b"mdat" {
                    self.next = None;
                }
                self.skip = head.size;
                continue;
            }
            if head.size > LARGEST_HEAD {
                return Err(Damage::TooLarge);
            }
            if (self.rest.len() as u64) < head.size {
                return Ok(());
            }
            let at = self.at;
            let whole = self.take(usize::try_from(head.size).map_err(|_| Damage::TooLarge)?);
            match &head.kind {
                b"moov" => self.read_head(at, whole)?,
                _ => self.next = Some(self.fragment(at, &whole).ok_or(Damage::Unreadable)?),
            }
        }
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        self.at += count as u64;
        self.rest.drain(..count).collect()
    }

    fn read_head(&mut self, at: u64, head: Vec<u8>) -> Result<(), Damage> {
        let defaults: Vec<_> = found(&head, &["moov", "mvex", "trex"])
            .filter_map(|trex| {
                let sample = Defaults { length: number(trex, 12)?, flags: number(trex, 20)? };
                Some((number(trex, 4)?, sample))
            })
            .collect();
        let track = |track: &[u8]| {
            let name = name_of(track)?;
            let mdhd = found(track, &["mdia", "mdhd"]).next()?;
            let scale = number(mdhd, if is_long(mdhd) { 20 } else { 12 })?;
            let handler = found(track, &["mdia", "hdlr"]).next()?;
            let sample = defaults.iter().find(|(other, _)| *other == name);
            Some(Track {
                number: name,
                scale: Some(scale).filter(|scale| *scale > 0)?,
                is_picture: handler.get(8..12)? == b"vide",
                sample: sample.map(|(_, sample)| *sample).unwrap_or_default(),
                end: 0,
            })
        };
        self.tracks = found(&head, &["moov", "trak"]).filter_map(track).collect();
        match self.tracks.is_empty() {
            true => Err(Damage::Empty),
            false => {
                self.head = Some((at, head));
                Ok(())
            }
        }
    }

    /// Parses the head of a fragment (sections 8.8.4 to 8.8.12).
    fn fragment(&self, at: u64, head: &[u8]) -> Option<Fragment> {
        let mut fragment = Fragment { at, ..Fragment::default() };
        for part in found(head, &["moof", "traf"]) {
            let tfhd = found(part, &["tfhd"]).next()?;
            let (flags, name) = (number(tfhd, 0)? & 0xFF_FFFF, number(tfhd, 4)?);
            let track = self.tracks.iter().find(|track| track.number == name)?;
            let mut sample = track.sample;
            let mut place = 8 + optional(flags, &[(0x1, 8), (0x2, 4)]);
            for (bit, value) in
                [(0x8, Some(&mut sample.length)), (0x10, None), (0x20, Some(&mut sample.flags))]
            {
                if flags & bit != 0 {
                    let found = number(tfhd, place)?;
                    value.into_iter().for_each(|value| *value = found);
                    place += 4;
                }
            }
            let tfdt = found(part, &["tfdt"]).next()?;
            let begin = if is_long(tfdt) { long(tfdt, 4)? } else { u64::from(number(tfdt, 4)?) };
            let (mut end, mut first) = (begin, None);
            for trun in found(part, &["trun"]) {
                let run = Run::of(trun, sample)?;
                first.get_or_insert(run.first);
                end = end.saturating_add(run.length);
            }
            if track.is_picture && first.is_some_and(|flags| flags & NOT_SYNC == 0) {
                fragment.entry = Some((name, begin));
            }
            fragment.ends.push((name, end));
        }
        Some(fragment)
    }

    /// The repaired file.
    ///
    /// # Errors
    ///
    /// If it cannot be recovered.
    pub fn finish(mut self) -> Result<Whole, Damage> {
        let Some((at, mut head)) = self.head.take() else { return Err(Damage::Unreadable) };
        for (name, end) in self.fragments.iter().flat_map(|fragment| &fragment.ends) {
            if let Some(track) = self.tracks.iter_mut().find(|track| track.number == *name) {
                track.end = track.end.max(*end);
            }
        }
        let seconds = |track: &Track| track.end as f64 / f64::from(track.scale);
        let length = self.tracks.iter().map(seconds).fold(0.0, f64::max);
        if self.fragments.is_empty() {
            return Err(Damage::Empty);
        }
        set_lengths(&mut head, length, &self.tracks).ok_or(Damage::Unreadable)?;
        let after = at + head.len() as u64;
        let pieces = vec![
            Piece::Kept { from: 0, to: at },
            Piece::New(head),
            Piece::Kept { from: after, to: self.end },
            Piece::New(index(&self.fragments)),
        ];
        let length = Duration::try_from_secs_f64(length).map_err(|_| Damage::Unreadable)?;
        Ok(Whole { pieces, length })
    }
}

/// The samples of a track in a fragment (section 8.8.8).
struct Run {
    /// The flags of the first one.
    first: u32,
    /// Total duration.
    length: u64,
}

impl Run {
    fn of(trun: &[u8], sample: Defaults) -> Option<Self> {
        let (flags, count) = (number(trun, 0)? & 0xFF_FFFF, number(trun, 4)?);
        let mut place = 8 + optional(flags, &[(0x1, 4)]);
        let mut first = None;
        if flags & 0x4 != 0 {
            first = number(trun, place);
            place += 4;
        }
        let step = optional(flags, &[(0x100, 4), (0x200, 4), (0x400, 4), (0x800, 4)]);
        if flags & 0x400 != 0 {
            let before = optional(flags, &[(0x100, 4), (0x200, 4)]);
            first = first.or(number(trun, place + before));
        }
        let length = match flags & 0x100 {
            0 => u64::from(sample.length) * u64::from(count),
            _ => {
                let places = (0..usize::try_from(count).ok()?).map(|index| place + index * step);
                places.map(|place| number(trun, place).map(u64::from)).sum::<Option<u64>>()?
            }
        };
        Some(Self { first: first.unwrap_or(sample.flags), length })
    }
}

/// Writes the total duration, and that of each track in its own units, into the fields of a head.
fn set_lengths(head: &mut [u8], seconds: f64, tracks: &[Track]) -> Option<()> {
    let mvhd = place(head, &["moov", "mvhd"]).first().cloned()?;
    let body = head.get(mvhd.clone())?;
    let scale = number(body, if is_long(body) { 20 } else { 12 })?;
    let in_units = |scale: u32| (seconds * f64::from(scale)).round() as u64;
    set_length(head.get_mut(mvhd)?, [16, 24], in_units(scale))?;
    for trak in place(head, &["moov", "trak"]) {
        let body = head.get_mut(trak)?;
        let Some(name) = name_of(body) else { continue };
        for tkhd in place(body, &["tkhd"]) {
            set_length(body.get_mut(tkhd)?, [20, 28], in_units(scale))?;
        }
        let Some(track) = tracks.iter().find(|track| track.number == name) else { continue };
        for mdhd in place(body, &["mdia", "mdhd"]) {
            set_length(body.get_mut(mdhd)?, [16, 24], track.end)?;
        }
    }
    Some(())
}

/// Track number, from the body of its box.
fn name_of(trak: &[u8]) -> Option<u32> {
    let tkhd = found(trak, &["tkhd"]).next()?;
    number(tkhd, if is_long(tkhd) { 20 } else { 12 })
}

fn set_length(body: &mut [u8], places: [usize; 2], length: u64) -> Option<()> {
    let [short, wide] = places;
    if is_long(body) {
        body.get_mut(wide..wide + 8)?.copy_from_slice(&length.to_be_bytes());
    } else {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        body.get_mut(short..short + 4)?.copy_from_slice(&length.to_be_bytes());
    }
    Some(())
}

/// The index of seek points (sections 8.8.9 to 8.8.11).
fn index(fragments: &[Fragment]) -> Vec<u8> {
    let entries: Vec<_> = fragments
        .iter()
        .filter_map(|fragment| fragment.entry.map(|(track, time)| (track, time, fragment.at)))
        .collect();
    let Some((track, ..)) = entries.first().copied() else { return Vec::new() };
    let mine: Vec<_> = entries.iter().filter(|(other, ..)| *other == track).collect();
    // Version 1: 64-bit times and positions, then one byte each for traf, trun and sample.
    let mut body = vec![1, 0, 0, 0];
    let count = u32::try_from(mine.len()).unwrap_or(u32::MAX);
    for value in [track, 0, count] {
        body.extend(value.to_be_bytes());
    }
    for (_, time, at) in mine {
        body.extend(time.to_be_bytes());
        body.extend(at.to_be_bytes());
        body.extend([1, 1, 1]);
    }
    let mut inner = boxed(b"tfra", &body);
    let size = 8 + inner.len() as u32 + 16;
    inner.extend(boxed(b"mfro", &[&[0; 4], &size.to_be_bytes()[..]].concat()));
    boxed(b"mfra", &inner)
}

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = (8 + body.len() as u32).to_be_bytes();
    [&size[..], kind, body].concat()
}

/// The head of a box (section 4.2).
struct BoxHead {
    kind: [u8; 4],
    /// Size of the header, and of the whole box.
    length: u64,
    size: u64,
}

impl BoxHead {
    fn of(bytes: &[u8]) -> Option<Self> {
        let kind = bytes.get(4..8)?.try_into().ok()?;
        Some(match number(bytes, 0)? {
            1 => Self { kind, length: 16, size: long(bytes, 8)? },
            // Extends to the end of the file.
            0 => Self { kind, length: 8, size: u64::MAX },
            size => Self { kind, length: 8, size: u64::from(size) },
        })
    }
}

/// The bodies of all boxes on a path.
fn found<'a>(bytes: &'a [u8], path: &[&str]) -> impl Iterator<Item = &'a [u8]> {
    place(bytes, path).into_iter().filter_map(|range| bytes.get(range))
}

/// Positions of the bodies of all boxes on a path.
fn place(bytes: &[u8], path: &[&str]) -> Vec<std::ops::Range<usize>> {
    let Some((first, rest)) = path.split_first() else {
        return std::iter::once(0..bytes.len()).collect();
    };
    let (mut all, mut at) = (Vec::new(), 0);
    while let Some(head) = bytes.get(at..).and_then(BoxHead::of) {
        let size = usize::try_from(head.size).unwrap_or(usize::MAX);
        let (begin, end) = (at + head.length as usize, at.saturating_add(size));
        let Some(body) = bytes.get(begin..end) else { break };
        if head.kind == first.as_bytes() {
            let inner = place(body, rest);
            all.extend(inner.into_iter().map(|inner| begin + inner.start..begin + inner.end));
        }
        at = end;
    }
    all
}

/// Whether a versioned box has 64-bit fields.
fn is_long(body: &[u8]) -> bool {
    body.first() == Some(&1)
}

/// Total size of the optional fields whose flags are set.
fn optional(flags: u32, fields: &[(u32, usize)]) -> usize {
    fields.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, size)| size).sum()
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn full(kind: &[u8; 4], words: &[u32]) -> Vec<u8> {
        boxed(kind, &words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>())
    }

    fn track(number: u32, scale: u32, handler: &[u8; 4]) -> Vec<u8> {
        let handler = u32::from_be_bytes(*handler);
        let mdhd = full(b"mdhd", &[0, 0, 0, scale, 7, 0]);
        let mdia = boxed(b"mdia", &[mdhd, full(b"hdlr", &[0, 0, handler])].concat());
        boxed(b"trak", &[full(b"tkhd", &[0, 0, 0, number, 0, 7]), mdia].concat())
    }

    /// One second of each track, starting at `second`; `is_key`: its video starts with a sync
    /// sample.
    fn fragment(second: u32, is_key: bool) -> Vec<u8> {
        let flags = if is_key { 0x200_0000 } else { NOT_SYNC };
        let picture = [
            full(b"tfhd", &[0x02_0020, 1, 0x101_0000]),
            full(b"tfdt", &[0x100_0000, 0, second * 30_000]),
            full(b"trun", &[0x105, 2, 0, flags, 10_000, 20_000]),
        ];
        let sound = [
            full(b"tfhd", &[0x02_0008, 2, 4_800]),
            full(b"tfdt", &[0, second * 48_000]),
            full(b"trun", &[0, 10]),
        ];
        let trafs = [boxed(b"traf", &picture.concat()), boxed(b"traf", &sound.concat())];
        [boxed(b"moof", &trafs.concat()), boxed(b"mdat", &[9; 50])].concat()
    }

    fn file(keys: &[bool]) -> Vec<u8> {
        let mvex = [full(b"trex", &[0, 1, 1, 0, 0, 0]), full(b"trex", &[0, 2, 1, 0, 0, 0])];
        let moov = [
            full(b"mvhd", &[0, 0, 0, 1000, 7]),
            track(1, 30_000, b"vide"),
            track(2, 48_000, b"soun"),
            boxed(b"mvex", &mvex.concat()),
        ];
        let head = [boxed(b"ftyp", b"isom"), boxed(b"moov", &moov.concat())].concat();
        let fragments = keys.iter().zip(0..).flat_map(|(key, second)| fragment(second, *key));
        head.into_iter().chain(fragments).collect()
    }

    fn whole(file: &[u8], step: usize) -> Result<(Vec<u8>, Duration), Damage> {
        let mut scanner = Scanner::default();
        for piece in file.chunks(step) {
            scanner.feed(piece)?;
        }
        let Whole { pieces, length } = scanner.finish()?;
        let bytes = pieces.into_iter().flat_map(|piece| match piece {
            Piece::New(bytes) => bytes,
            Piece::Kept { from, to } => file[from as usize..to as usize].to_vec(),
        });
        Ok((bytes.collect(), length))
    }

    #[test]
    fn a_repaired_file_has_a_length_and_an_index_of_keyframes() {
        let file = file(&[true, false, true]);
        let (bytes, length) = whole(&file, 1000).unwrap();
        assert_eq!(length, Duration::from_secs(3));
        let value = |path: &[&str], at| number(found(&bytes, path).next().unwrap(), at);
        assert_eq!(value(&["moov", "mvhd"], 16), Some(3000));
        assert_eq!(value(&["moov", "trak", "tkhd"], 20), Some(3000));
        assert_eq!(value(&["moov", "trak", "mdia", "mdhd"], 16), Some(90_000));
        assert_eq!(value(&["mfra", "tfra"], 12), Some(2), "two of three");
        let tfra = found(&bytes, &["mfra", "tfra"]).next().unwrap();
        let at = long(tfra, 16 + 19 + 8).unwrap() as usize;
        assert_eq!(&bytes[at + 4..at + 8], b"moof");
        assert_eq!(long(tfra, 16 + 19), Some(60_000));
        assert_eq!(value(&["mfra", "mfro"], 4).map(|size| bytes.len() - size as usize), {
            bytes.windows(4).rposition(|kind| kind == b"mfra").map(|at| at - 4)
        });
        assert_eq!(bytes.len() - found(&bytes, &["mfra"]).next().unwrap().len() - 8, file.len());
    }

    proptest! {
        #[test]
        fn a_truncated_file_keeps_its_complete_fragments(cut in 0..2000usize, step in 1..300usize) {
            let file = file(&[true, true, true, true]);
            let cut = cut.min(file.len());
            let before = file.windows(4).take(cut).filter(|kind| *kind == b"mdat").count();
            match whole(&file[..cut], step) {
                Ok((_, length)) => {
                    let seconds = length.as_secs() as usize;
                    prop_assert!(seconds == before || seconds + 1 == before);
                }
                Err(damage) => prop_assert!(before <= 1, "{damage:?}"),
            }
        }

        #[test]
        fn t7_damaged_files_never_panic(
            changes in prop::collection::vec((0..1500usize, any::<u8>()), 1..8)
        ) {
            let mut file = file(&[true, false]);
            for (place, value) in changes {
                let place = place % file.len();
                file[place] = value;
            }
            let mut scanner = Scanner::default();
            if scanner.feed(&file).is_ok() {
                let _ = scanner.finish();
            }
        }
    }
}
