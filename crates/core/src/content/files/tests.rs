//! Several participants with channels that open, break and lose messages in transit.

use super::{
    types::{PIECE, WINDOW},
    *,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// A message on the first channel, or one on the second.
#[derive(Debug)]
enum Message {
    Talk(Talk),
    Bytes(Vec<u8>),
}

struct Person {
    files: Files,
    /// The written content of each file.
    disk: HashMap<FileKey, Vec<u8>>,
    saved: Vec<FileKey>,
    /// What the disk has still to do.
    work: VecDeque<FileCommand>,
}

/// Two channels between each pair that has an entry. Bytes may overtake words, but not other bytes.
struct World {
    people: Vec<Person>,
    channels: BTreeMap<(u64, u64), [VecDeque<Message>; 2]>,
    contents: HashMap<FileNumber, Vec<u8>>,
    /// Whether the written content equals the original.
    sound: bool,
}

fn content(number: FileNumber, size: usize) -> Vec<u8> {
    (0..size).map(|place| (place / 7 + place / 65_536) as u8 ^ number as u8).collect()
}

/// Stands in for a hash.
fn sum(bytes: &[u8]) -> String {
    let fold = |sum: u64, byte: &u8| sum.wrapping_mul(31).wrapping_add(u64::from(*byte) + 1);
    format!("{:064x}", bytes.iter().fold(bytes.len() as u64, fold))
}

impl World {
    fn with(people: usize) -> Self {
        let person = |_| Person {
            files: Files::default(),
            disk: HashMap::new(),
            saved: Vec::new(),
            work: VecDeque::new(),
        };
        Self {
            people: (0..people).map(person).collect(),
            channels: BTreeMap::new(),
            contents: HashMap::new(),
            sound: true,
        }
    }

    fn open(&mut self, one: u64, two: u64) {
        if one == two || self.channels.contains_key(&(one, two)) {
            return;
        }
        for (from, to) in [(one, two), (two, one)] {
            self.channels.insert((from, to), Default::default());
            self.people[from as usize].files.opened(PeerId(to));
            self.people[from as usize].files.drained(PeerId(to));
        }
        self.route(one);
        self.route(two);
    }

    fn cut(&mut self, one: u64, two: u64) {
        if self.channels.remove(&(one, two)).is_some() {
            self.channels.remove(&(two, one));
            self.people[one as usize].files.closed(PeerId(two));
            self.people[two as usize].files.closed(PeerId(one));
        }
    }

    /// Each has left from the other's point of view, for longer than a seat is reserved.
    fn lose(&mut self, one: u64, two: u64) {
        self.cut(one, two);
        self.people[one as usize].files.left(PeerId(two));
        self.people[two as usize].files.left(PeerId(one));
        self.route(one);
        self.route(two);
    }

    /// A participant reloads their page: they know no files when they meet the other again.
    fn forget(&mut self, person: u64, other: u64) {
        self.cut(person, other);
        self.people[person as usize].files = Files::default();
        self.people[person as usize].work.clear();
        self.open(person, other);
        self.settle();
    }

    fn tell(&mut self, person: u64, input: FileInput) {
        self.people[person as usize].files.handle(input);
        self.route(person);
    }

    fn give(&mut self, person: u64, number: FileNumber, size: usize) {
        self.contents.insert(number, content(number, size));
        self.tell(person, FileInput::Offer(number, "a".into(), size as u64));
    }

    fn route(&mut self, person: u64) {
        while let Some(command) = self.people[person as usize].files.poll() {
            match command {
                ContentCommand::Send(to, talk) => {
                    let channel = self.channels.get_mut(&(person, to.0)).expect("a channel");
                    channel[0].push_back(Message::Talk(talk));
                }
                ContentCommand::SendBytes(to, messages) => {
                    let channel = self.channels.get_mut(&(person, to.0)).expect("a channel");
                    channel[1].extend(messages.into_iter().map(Message::Bytes));
                }
                ContentCommand::Close(_) => panic!("files close nothing"),
                ContentCommand::File(command) => {
                    self.people[person as usize].work.push_back(command);
                }
            }
        }
    }

    /// One message arrives.
    fn deliver(&mut self, from: u64, to: u64, second: bool) -> bool {
        let Some(channel) = self.channels.get_mut(&(from, to)) else { return false };
        let Some(message) = channel[usize::from(second)].pop_front() else { return false };
        let empty = channel[1].is_empty();
        let files = &mut self.people[to as usize].files;
        match message {
            Message::Talk(Talk::File(number, news)) => {
                files.on_message(PeerId(from), &"Ada".into(), number, news);
            }
            Message::Talk(_) => unreachable!(),
            Message::Bytes(bytes) => {
                files.take_in(PeerId(from), &bytes);
                if empty {
                    self.people[from as usize].files.drained(PeerId(to));
                }
            }
        }
        self.route(to);
        self.route(from);
        true
    }

    /// The disk does one thing.
    fn work(&mut self, person: u64) -> bool {
        let Person { disk, work, saved, .. } = &mut self.people[person as usize];
        let Some(command) = work.pop_front() else { return false };
        let input = match command {
            FileCommand::Read(number, peer, from, length) => {
                let bytes = self.contents[&number][from as usize..][..length].to_vec();
                Some(FileInput::Read(number, peer, from, Some(bytes)))
            }
            FileCommand::Open(key) => {
                disk.insert(key, Vec::new());
                None
            }
            FileCommand::Write(key, from, bytes) => disk.get_mut(&key).map(|file| {
                assert_eq!(file.len() as u64, from, "without gaps, and nothing twice");
                file.extend(bytes);
                FileInput::Wrote(key, Some(file.len() as u64))
            }),
            FileCommand::Sum(key) => {
                let bytes = match key.owner {
                    None => self.contents.get(&key.number),
                    Some(_) => disk.get(&key),
                };
                Some(FileInput::Summed(key, bytes.map(|bytes| sum(bytes))))
            }
            FileCommand::Save(key, _) => {
                self.sound &= disk[&key] == self.contents[&key.number] && !saved.contains(&key);
                saved.push(key);
                None
            }
            FileCommand::Forget(key) => {
                disk.remove(&key);
                None
            }
        };
        input.into_iter().for_each(|input| self.tell(person, input));
        true
    }

    fn settle(&mut self) {
        let people = self.people.len() as u64;
        let pairs: Vec<_> =
            (0..people).flat_map(|one| (0..people).map(move |two| (one, two))).collect();
        loop {
            let mut moved = false;
            for (from, to) in &pairs {
                moved |= self.deliver(*from, *to, true) | self.deliver(*from, *to, false);
            }
            moved |= (0..people).fold(false, |moved, person| moved | self.work(person));
            if !moved {
                return;
            }
        }
    }

    fn state(&self, person: u64, key: FileKey) -> Option<FileState> {
        let view = self.people[person as usize].files.view();
        view.files.iter().find(|file| file.key == key).map(|file| file.state)
    }

    fn state_at_owner(&self, owner: u64, number: FileNumber, peer: u64) -> Option<FileState> {
        let view = self.people[owner as usize].files.view();
        let key = FileKey { owner: None, number };
        let file = view.files.iter().find(|file| file.key == key)?;
        file.receivers.iter().find(|(id, _)| *id == PeerId(peer)).map(|(_, state)| *state)
    }
}

fn of(owner: u64, number: FileNumber) -> FileKey {
    FileKey { owner: Some(PeerId(owner)), number }
}

#[derive(Clone, Debug)]
enum Step {
    Open(u64, u64),
    Cut(u64, u64),
    Lose(u64, u64),
    Give(u64, usize),
    Take(u64, usize),
    Hold(u64, usize),
    Deliver(u64, u64, bool, usize),
    Work(u64, usize),
}

const PEOPLE: u64 = 3;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let person = 0..PEOPLE;
    let pair = || (0..PEOPLE, 0..PEOPLE);
    let step = prop_oneof![
        2 => pair().prop_map(|(one, two)| Step::Open(one, two)),
        1 => pair().prop_map(|(one, two)| Step::Cut(one, two)),
        1 => pair().prop_map(|(one, two)| Step::Lose(one, two)),
        1 => (person.clone(), prop_oneof![Just(0), 1..70_000usize, 1_000_000..3_000_000usize])
            .prop_map(|(person, size)| Step::Give(person, size)),
        3 => (person.clone(), 0..6usize).prop_map(|(person, file)| Step::Take(person, file)),
        1 => (person.clone(), 0..6usize).prop_map(|(person, file)| Step::Hold(person, file)),
        8 => (pair(), any::<bool>(), 1..40usize)
            .prop_map(|((from, to), second, count)| Step::Deliver(from, to, second, count)),
        4 => (person, 1..4usize).prop_map(|(person, count)| Step::Work(person, count)),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However channels break and participants disappear or pause, in the end everyone has the
    /// files they wanted, byte for byte, and the owners know.
    #[test]
    fn every_requested_file_arrives_complete(steps in steps()) {
        let mut world = World::with(PEOPLE as usize);
        let mut offered = Vec::new();
        for step in steps {
            match step {
                Step::Open(one, two) => world.open(one, two),
                Step::Cut(one, two) => world.cut(one, two),
                Step::Lose(one, two) if one != two => world.lose(one, two),
                Step::Lose(..) => {}
                Step::Give(person, size) if offered.len() < 6 => {
                    let number = offered.len() as u64 + 1;
                    offered.push(person);
                    world.give(person, number, size);
                }
                Step::Give(..) => {}
                Step::Take(person, file) | Step::Hold(person, file) => {
                    let Some(owner) = offered.get(file) else { continue };
                    let key = of(*owner, file as u64 + 1);
                    let input = match step {
                        Step::Take(..) => FileInput::Download(key),
                        _ => FileInput::Pause(key),
                    };
                    world.tell(person, input);
                }
                Step::Deliver(from, to, second, count) => {
                    (0..count).all(|_| world.deliver(from, to, second));
                }
                Step::Work(person, count) => {
                    (0..count).all(|_| world.work(person));
                }
            }
        }
        for (one, two) in [(0, 1), (0, 2), (1, 2)] {
            world.open(one, two);
        }
        world.settle();
        for (index, owner) in offered.iter().enumerate() {
            let number = index as u64 + 1;
            for person in (0..PEOPLE).filter(|person| person != owner) {
                world.tell(person, FileInput::Download(of(*owner, number)));
                world.settle();
                prop_assert_eq!(world.state(person, of(*owner, number)), Some(FileState::Complete));
                prop_assert_eq!(world.state_at_owner(*owner, number, person), Some(FileState::Complete));
            }
        }
        prop_assert!(world.sound);
    }
}

/// Ada offers a file to Bob.
fn offered(size: usize) -> World {
    let mut world = World::with(2);
    world.open(0, 1);
    world.give(0, 1, size);
    world.settle();
    world
}

#[test]
fn unrequested_files_are_not_received() {
    let mut world = offered(100);
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Offered));
    let slice = Slice { number: 1, from: 0, bytes: &[1; 100] };
    let slice = slice.to_message();
    let borne = |world: &mut World| {
        let files = &mut world.people[1].files;
        (0..1000).filter(|_| files.take_in(PeerId(0), &slice)).count() as u64
    };
    assert_eq!(borne(&mut world), 0, "nobody wanted it");
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Offered));
    world.people[1].files.handle(FileInput::Download(of(0, 1)));
    world.tell(1, FileInput::Remove(of(0, 1)));
    let rest = WINDOW / Slice::MOST as u64;
    assert_eq!(borne(&mut world), rest, "no more than may be left of what was wanted");
    let offer = FileNews::Offer { name: "a".into(), size: 100 };
    world.people[1].files.on_message(PeerId(0), &"Ada".into(), 1, offer);
    assert_eq!(borne(&mut world), 0, "offering it again changes nothing");
    world.settle();
    assert_eq!(world.state_at_owner(0, 1, 1), Some(FileState::Declined));
    world.cut(0, 1);
    world.open(0, 1);
    world.settle();
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Declined), "it is not offered again");
}

#[test]
fn unwritten_bytes_are_limited_in_memory() {
    let mut world = offered(100);
    let size = 2 * WINDOW;
    world.people[1].files.on_message(
        PeerId(0),
        &"Ada".into(),
        2,
        FileNews::Offer { name: "big".into(), size },
    );
    world.people[1].files.handle(FileInput::Download(of(0, 2)));
    let bytes = vec![0; Slice::MOST];
    let mut from = 0;
    while world.people[1]
        .files
        .take_in(PeerId(0), &Slice { number: 2, from, bytes: &bytes }.to_message())
    {
        from += bytes.len() as u64;
    }
    let got = world.people[1].files.receiving(of(0, 2)).map(|receiving| receiving.got());
    assert!(got.is_some_and(|got| (WINDOW..=WINDOW + 2 * PIECE as u64).contains(&got)));
}

#[test]
fn a_receiver_who_lost_a_file_gets_no_bytes_before_a_request() {
    let mut world = offered(8 * PIECE);
    world.tell(1, FileInput::Download(of(0, 1)));
    while world.state_at_owner(0, 1, 1) == Some(FileState::Offered) {
        assert!(world.deliver(1, 0, false));
    }
    world.forget(1, 0);
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Offered));
    assert_eq!(world.state_at_owner(0, 1, 1), Some(FileState::Offered), "nobody paused it");
    world.tell(1, FileInput::Download(of(0, 1)));
    world.settle();
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Complete));
    assert_eq!(world.state_at_owner(0, 1, 1), Some(FileState::Complete));
}

#[test]
fn an_owner_sends_no_more_than_the_window() {
    let mut world = World::with(2);
    world.open(0, 1);
    world.tell(0, FileInput::Offer(1, "big".into(), 4 * WINDOW));
    let files = &mut world.people[0].files;
    files.on_message(PeerId(1), &"Ada".into(), 1, FileNews::Request(0));
    let mut read = 0;
    loop {
        let reads: Vec<_> = std::iter::from_fn(|| files.poll()).collect();
        let next = reads.into_iter().find_map(|command| match command {
            ContentCommand::File(FileCommand::Read(_, _, from, length)) => Some((from, length)),
            _ => None,
        });
        let Some((from, length)) = next else { break };
        read = from + length as u64;
        files.handle(FileInput::Read(1, PeerId(1), from, Some(vec![0; length])));
        files.drained(PeerId(1));
    }
    assert!((WINDOW - PIECE as u64..=WINDOW).contains(&read), "{read}");
    files.on_message(PeerId(1), &"Ada".into(), 1, FileNews::Progress(5 * WINDOW));
    assert_eq!(files.poll(), None, "nobody can have written what was not sent");
}

#[test]
fn a_file_with_a_wrong_hash_is_discarded() {
    let mut world = offered(100);
    world.tell(1, FileInput::Download(of(0, 1)));
    while world.people[1].disk.get(&of(0, 1)).is_none_or(|file| file.len() < 100) {
        world.deliver(1, 0, false);
        world.deliver(0, 1, true);
        world.work(0);
        world.work(1);
    }
    world.people[1].disk.get_mut(&of(0, 1)).unwrap()[50] ^= 1;
    world.settle();
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Damaged));
    assert_eq!(world.state_at_owner(0, 1, 1), Some(FileState::Declined));
    assert!(world.people[1].saved.is_empty() && world.people[1].disk.is_empty());
}

#[test]
fn files_of_absent_owners_and_withdrawn_files_are_unavailable() {
    let mut world = offered(3_000_000);
    world.tell(1, FileInput::Download(of(0, 1)));
    world.deliver(1, 0, false);
    world.cut(0, 1);
    world.lose(0, 1);
    world.settle();
    assert!(
        matches!(world.state(1, of(0, 1)), Some(FileState::Transferring(_))),
        "they may come back"
    );
    world.tell(1, FileInput::Remove(of(0, 1)));
    world.settle();
    assert!(world.people[1].disk.is_empty());
    let mut world = offered(100);
    world.lose(0, 1);
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Withdrawn), "nobody has begun it");
    world.open(0, 1);
    world.settle();
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Offered), "it is offered again");
    world.tell(0, FileInput::Remove(FileKey { owner: None, number: 1 }));
    world.settle();
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Withdrawn));
}

#[test]
fn a_request_for_a_file_from_before_a_reload_is_answered_with_withdraw() {
    let mut world = offered(3_000_000);
    world.tell(1, FileInput::Download(of(0, 1)));
    world.forget(0, 1);
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Withdrawn));
    let mut world = offered(100);
    world.cut(0, 1);
    world.tell(0, FileInput::Remove(FileKey { owner: None, number: 1 }));
    world.open(0, 1);
    world.tell(1, FileInput::Download(of(0, 1)));
    world.settle();
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Withdrawn));
}

#[test]
fn a_complete_file_is_kept_when_its_owner_leaves() {
    let mut world = offered(100);
    world.tell(1, FileInput::Download(of(0, 1)));
    while world.state(1, of(0, 1)) != Some(FileState::Checking) {
        world.deliver(1, 0, false);
        world.deliver(0, 1, true);
        world.deliver(0, 1, false);
        world.work(0);
        if world.state(1, of(0, 1)) != Some(FileState::Checking) {
            world.work(1);
        }
    }
    world.cut(0, 1);
    world.people[1].files.left(PeerId(0));
    world.settle();
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Complete));
}

#[test]
fn a_paused_receiver_accepts_at_most_one_window() {
    let mut world = World::with(2);
    world.open(0, 1);
    let files = &mut world.people[1].files;
    files.on_message(
        PeerId(0),
        &"Ada".into(),
        1,
        FileNews::Offer { name: "a".into(), size: 4 * WINDOW },
    );
    files.handle(FileInput::Download(of(0, 1)));
    files.handle(FileInput::Pause(of(0, 1)));
    let bytes = vec![0; Slice::MOST];
    let mut from = 0;
    while files.take_in(PeerId(0), &Slice { number: 1, from, bytes: &bytes }.to_message()) {
        from += bytes.len() as u64;
        files.handle(FileInput::Wrote(of(0, 1), Some(from / PIECE as u64 * PIECE as u64)));
    }
    let got = files.receiving(of(0, 1)).map(|receiving| receiving.got());
    assert!(got.is_some_and(|got| got <= WINDOW));
}

#[test]
fn a_file_paused_after_its_last_byte_can_be_resumed() {
    let mut world = offered(100);
    let files = &mut world.people[1].files;
    files.handle(FileInput::Download(of(0, 1)));
    let bytes = content(1, 100);
    assert!(files.take_in(PeerId(0), &Slice { number: 1, from: 0, bytes: &bytes }.to_message()));
    world.route(1);
    while world.work(1) {}
    world.tell(1, FileInput::Pause(of(0, 1)));
    let files = &mut world.people[1].files;
    files.on_message(PeerId(0), &"Ada".into(), 1, FileNews::Digest(sum(&bytes)));
    world.route(1);
    world.cut(0, 1);
    world.people[1].files.left(PeerId(0));
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Paused(100)));
    world.tell(1, FileInput::Download(of(0, 1)));
    world.settle();
    assert_eq!(world.state(1, of(0, 1)), Some(FileState::Complete));
}

#[test]
fn every_slice_of_a_large_file_is_accepted() {
    let mut files = Files::default();
    files.opened(PeerId(0));
    let pieces = 600;
    let offer = FileNews::Offer { name: "big".into(), size: pieces * PIECE as u64 };
    files.on_message(PeerId(0), &"Ada".into(), 1, offer);
    files.handle(FileInput::Download(of(0, 1)));
    let piece = vec![0; PIECE];
    for start in (0..pieces).map(|index| index * PIECE as u64) {
        for (bytes, from) in piece.chunks(Slice::MOST).zip((start..).step_by(Slice::MOST)) {
            let slice = Slice { number: 1, from, bytes }.to_message();
            assert!(files.take_in(PeerId(0), &slice), "{from}");
        }
        files.handle(FileInput::Wrote(of(0, 1), Some(start + PIECE as u64)));
        while files.poll().is_some() {}
    }
}

#[test]
fn offers_are_limited() {
    let mut files = Files::default();
    files.opened(PeerId(7));
    for number in 0..100 {
        let offer = FileNews::Offer { name: "a".into(), size: 1 };
        files.on_message(PeerId(7), &"Ada".into(), number, offer);
    }
    assert_eq!(files.view().files.len(), OFFERS);
    for number in 0..1000 {
        files.on_message(PeerId(7), &"Ada".into(), number, FileNews::Withdraw);
        let offer = FileNews::Offer { name: "a".into(), size: 1 };
        files.on_message(PeerId(7), &"Ada".into(), number + 1000, offer);
    }
    assert!(files.view().files.len() <= 2 * OFFERS);
    files.left(PeerId(7));
    for passer in 8..20 {
        files.opened(PeerId(passer));
        for number in 0..OFFERS as u64 {
            let offer = FileNews::Offer { name: "a".into(), size: 1 };
            files.on_message(PeerId(passer), &"Eve".into(), number, offer);
        }
        files.left(PeerId(passer));
    }
    assert_eq!(files.view().files.len(), OFFERS, "of all who are gone together");
}
