use super::*;
use crate::recording::ebml::{children, unsigned};
use proptest::prelude::*;

const SOUND: u64 = 1;
const PICTURE: u64 = 2;
const UNKNOWN: u64 = (1 << 56) - 1;

fn element(id: u32, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, id, data);
    out
}

fn number(id: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_unsigned(&mut out, id, value);
    out
}

/// The beginning of a file as browsers write it: all sizes are unknown.
fn head() -> Vec<u8> {
    let track = |track, kind| {
        element(TRACK, &[number(TRACK_NUMBER, track), number(TRACK_TYPE, kind)].concat())
    };
    let mut out = element(EBML, b"doctype");
    put_long_head(&mut out, SEGMENT, UNKNOWN);
    out.extend(element(
        INFO,
        &[number(TIMESTAMP_SCALE, 1_000_000), element(0x4D80, b"me")].concat(),
    ));
    out.extend(element(TRACKS, &[track(SOUND, 2), track(PICTURE, 1)].concat()));
    out
}

fn block(track: u64, offset: i16, key: bool) -> Vec<u8> {
    let [high, low] = offset.to_be_bytes();
    let flags = if key { 0x80 } else { 0 };
    let data = [[0x80 | track as u8, high, low, flags].as_slice(), &[9; 200]].concat();
    element(SIMPLE_BLOCK, &data)
}

/// Two seconds of audio and video, in a cluster of known or unknown size.
fn cluster(time: u64, sized: bool) -> Vec<u8> {
    let mut data = number(TIMESTAMP, time);
    for frame in 0..20 {
        data.extend(block(PICTURE, frame * 100, frame == 0));
        data.extend(block(SOUND, frame * 100, true));
    }
    let mut out = Vec::new();
    put_long_head(&mut out, CLUSTER, if sized { data.len() as u64 } else { UNKNOWN });
    out.extend(data);
    out
}

fn file(clusters: u64, sized: bool) -> Vec<u8> {
    let clusters = (0..clusters).flat_map(|place| cluster(place * 2000, sized));
    head().into_iter().chain(clusters).collect()
}

fn scan(file: &[u8], piece: usize) -> Result<Whole, Damage> {
    let mut scanner = Scanner::default();
    for bytes in file.chunks(piece) {
        scanner.feed(bytes)?;
    }
    scanner.finish()
}

fn assemble(file: &[u8], whole: &Whole) -> Vec<u8> {
    let bytes = |piece: &Piece| match piece {
        Piece::New(bytes) => bytes.clone(),
        Piece::Kept { from, to } => file[*from as usize..*to as usize].to_vec(),
    };
    whole.pieces.iter().flat_map(bytes).collect()
}

/// Reads a file as a seeking player does: the times in its index, each with the time of the cluster
/// found there, and its duration.
fn play(file: &[u8]) -> (Vec<(u64, u64)>, f64) {
    let top: Vec<_> = children(file).collect();
    assert_eq!(top.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [EBML, SEGMENT]);
    let segment = top[1].1;
    let at = |position: u64| children(&segment[position as usize..]).next().unwrap();
    let value = |data, wanted| children(data).find(|(id, _)| *id == wanted).unwrap().1;
    let seek = children(segment).next().unwrap();
    assert_eq!(seek.0, SEEK_HEAD);
    for (_, entry) in children(seek.1) {
        let position = unsigned(value(entry, SEEK_POSITION)).unwrap();
        assert_eq!(u64::from(at(position).0), unsigned(value(entry, SEEK_ID)).unwrap());
    }
    let duration = value(value(segment, INFO), DURATION);
    let cues = children(value(segment, CUES)).map(|(_, cue)| {
        let place = value(cue, CUE_PLACE);
        let (id, cluster) = at(unsigned(value(place, CUE_CLUSTER)).unwrap());
        assert_eq!(id, CLUSTER);
        let time = unsigned(value(cluster, TIMESTAMP)).unwrap();
        (unsigned(value(cue, CUE_TIME)).unwrap(), time)
    });
    (cues.collect(), f64::from_be_bytes(duration.try_into().unwrap()))
}

#[test]
fn a_file_without_sizes_gets_a_length_and_an_index() {
    for sized in [false, true] {
        let file = file(3, sized);
        let whole = scan(&file, file.len()).unwrap();
        assert_eq!(whole.length, Duration::from_secs(6));
        assert_eq!(whole.pieces.len(), if sized { 3 } else { 8 });
        let whole = assemble(&file, &whole);
        assert_eq!(play(&whole), (vec![(0, 0), (2000, 2000), (4000, 4000)], 6000.0));
        // A complete file stays unchanged.
        assert_eq!(assemble(&whole, &scan(&whole, 100).unwrap()), whole);
    }
}

#[test]
fn a_truncated_file_keeps_every_complete_frame() {
    for sized in [false, true] {
        let file = file(2, sized);
        let start = file.len() - cluster(0, sized).len();
        for end in (0..file.len()).step_by(5) {
            let result = scan(&file[..end], 1000);
            if end < start {
                if let Ok(whole) = &result {
                    assert!(whole.length <= Duration::from_secs(2));
                }
                continue;
            }
            let whole = result.unwrap();
            let torn = assemble(&file, &whole);
            let (cues, duration) = play(&torn);
            assert!(cues.len() <= 2);
            assert_eq!(duration, whole.length.as_millis() as f64);
            // 200 milliseconds of audio and video are less than 900 bytes.
            let expected = 2000.0 + ((end - start) as f64 / 450.0).floor() * 100.0 - 100.0;
            assert!(duration >= expected, "{duration} of {expected} at {end}");
        }
    }
}

#[test]
fn block_groups_without_references_are_keyframes() {
    let frame = |offset: u8, refers: bool| {
        let mut data = element(BLOCK, &[0x80 | PICTURE as u8, 0, offset, 0, 9, 9]);
        if refers {
            data.extend(element(REFERENCE, &[1]));
        }
        element(BLOCK_GROUP, &data)
    };
    let mut file = head();
    put_long_head(&mut file, CLUSTER, UNKNOWN);
    file.extend(number(TIMESTAMP, 7));
    for (offset, refers) in [(0, true), (40, false), (80, true)] {
        file.extend(frame(offset, refers));
    }
    let whole = scan(&file, 3).unwrap();
    assert_eq!(play(&assemble(&file, &whole)), (vec![(47, 7)], 127.0));
}

#[test]
fn unreadable_and_empty_files_are_refused() {
    assert_eq!(scan(b"", 1), Err(Damage::Empty));
    assert_eq!(scan(b"<!doctype html>", 4), Err(Damage::Unreadable));
    assert_eq!(scan(&head(), 10), Err(Damage::Empty));
    let mut huge = element(EBML, b"");
    put_long_head(&mut huge, SEGMENT, UNKNOWN);
    put_long_head(&mut huge, INFO, 1 << 40);
    assert_eq!(scan(&huge, 10), Err(Damage::TooLarge));
    let mut early = element(EBML, b"");
    put_long_head(&mut early, SEGMENT, UNKNOWN);
    early.extend(cluster(0, true));
    assert_eq!(scan(&early, 10), Err(Damage::Unreadable));
}

#[test]
fn skipped_elements_are_not_held_in_memory() {
    let mut scanner = Scanner::default();
    scanner.feed(&file(100, false)).unwrap();
    assert!(scanner.held() < 12);
}

proptest! {
    #[test]
    fn pieces_of_any_size_are_the_same_file(piece in 1_usize..5000, clusters in 1_u64..4, sized: bool) {
        let file = file(clusters, sized);
        prop_assert_eq!(scan(&file, piece), scan(&file, file.len()));
    }

    #[test]
    fn damage_never_panics_and_never_reaches_beyond_the_file(
        sized: bool,
        piece in 1_usize..500,
        changes in proptest::collection::vec((0_usize..20_000, any::<u8>()), 1..20),
    ) {
        let mut file = file(2, sized);
        for (place, byte) in changes {
            let place = place % file.len();
            file[place] = byte;
        }
        if let Ok(whole) = scan(&file, piece) {
            for kept in &whole.pieces {
                if let Piece::Kept { from, to } = kept {
                    prop_assert!(from <= to && *to <= file.len() as u64);
                }
            }
        }
    }

    #[test]
    fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1_usize..50) {
        prop_assert!(scan(&bytes, piece).is_err());
    }
}
