//! A chat between several participants with channels that open, break and lose messages in transit.

use super::{
    chat::{BYTES, MESSAGES, SYNC_INTERVAL},
    flood_limit::{MAX_WEIGHT, PERIOD},
    *,
};
use crate::protocol::ChatMessage;
use proptest::prelude::*;
use std::collections::BTreeMap;

struct Person {
    id: PeerId,
    content: Content,
}

/// All participants, and the messages in transit between them. A pair without an entry has no
/// channel.
#[derive(Default)]
struct World {
    now: Duration,
    people: Vec<Person>,
    channels: BTreeMap<(PeerId, PeerId), VecDeque<Talk>>,
    said: Vec<(PeerId, String)>,
    gone: BTreeMap<PeerId, Content>,
    ids: u64,
}

impl World {
    fn with(people: usize) -> Self {
        let mut world = Self { now: Duration::from_secs(1_800_000_000), ..Self::default() };
        (0..people).for_each(|_| world.come());
        world
    }

    fn come(&mut self) {
        self.ids += 1;
        let id = PeerId(self.ids);
        let mut content = Content::default();
        let present: Vec<_> = self.people.iter().map(|person| person.id).collect();
        content.joined(id, &present);
        self.people.iter_mut().for_each(|other| other.content.peer_joined(id));
        self.people.push(Person { id, content });
    }

    /// A participant who had left returns, with their previous state.
    fn come_back(&mut self, id: PeerId) {
        let mut content = self.gone.remove(&id).unwrap();
        let present: Vec<_> = self.people.iter().map(|person| person.id).collect();
        content.joined(id, &present);
        while content.poll().is_some() {}
        self.people.iter_mut().for_each(|other| other.content.peer_joined(id));
        self.people.push(Person { id, content });
    }

    fn leave(&mut self, person: usize) {
        let Person { id, mut content } = self.people.remove(person);
        self.people.iter().for_each(|other| content.closed(other.id));
        self.gone.insert(id, content);
        self.channels.retain(|(from, to), _| *from != id && *to != id);
        for index in 0..self.people.len() {
            self.people[index].content.peer_left(id);
        }
        self.wait(Duration::ZERO);
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        for index in 0..self.people.len() {
            self.people[index].content.tick(self.now);
            self.route(index);
        }
    }

    fn open(&mut self, one: usize, two: usize) {
        let ids = (self.people[one].id, self.people[two].id);
        if one == two || self.channels.contains_key(&ids) {
            return;
        }
        self.channels.insert(ids, VecDeque::new());
        self.channels.insert((ids.1, ids.0), VecDeque::new());
        for (person, other) in [(one, ids.1), (two, ids.0)] {
            let now = self.now;
            self.people[person].content.opened(other, now);
            self.route(person);
        }
    }

    /// Messages in transit are lost.
    fn cut(&mut self, one: usize, two: usize) {
        let ids = (self.people[one].id, self.people[two].id);
        if self.channels.remove(&ids).is_some() {
            self.channels.remove(&(ids.1, ids.0));
            self.people[one].content.closed(ids.1);
            self.people[two].content.closed(ids.0);
        }
    }

    fn say(&mut self, person: usize) {
        self.now += Duration::from_millis(3);
        let text = format!("{}", self.said.len());
        self.said.push((self.people[person].id, text.clone()));
        self.people[person].content.say("Ada".into(), text.as_str().into(), self.now);
        self.route(person);
    }

    /// A participant reloads; the tab keeps the messages or not.
    fn reload(&mut self, person: usize, remembers: bool) {
        for other in 0..self.people.len() {
            self.cut(person, other);
        }
        let (id, kept) = (self.people[person].id, self.people[person].content.chat().messages);
        let mut content = Content::default();
        if remembers {
            content.restore_chat(kept.to_vec());
        }
        let others = self.people.iter().map(|other| other.id).filter(|other| *other != id);
        content.joined(id, &others.collect::<Vec<_>>());
        self.people[person].content = content;
    }

    fn route(&mut self, person: usize) {
        let Person { id, content } = &mut self.people[person];
        while let Some(command) = content.poll() {
            let ContentCommand::Send(to, talk) = command else { panic!("{command:?}") };
            let channel = self.channels.get_mut(&(*id, to)).expect("nothing without a channel");
            channel.push_back(Talk::parse(&talk.to_json()).unwrap());
        }
    }

    /// Lets one thing arrive; returns whether there was one.
    fn deliver(&mut self, pick: usize) -> bool {
        let mut full = self.channels.iter_mut().filter(|(_, queue)| !queue.is_empty());
        let count = full.by_ref().count().max(1);
        let mut full = self.channels.iter_mut().filter(|(_, queue)| !queue.is_empty());
        let Some(((from, to), queue)) = full.nth(pick % count) else { return false };
        let (from, to, talk) = (*from, *to, queue.pop_front().unwrap());
        let index = self.people.iter().position(|person| person.id == to).unwrap();
        self.people[index].content.on_message(from, &"Ada".into(), Some(talk), self.now);
        self.route(index);
        true
    }

    /// A participant named Eve sends, under another name, an alleged message of an author.
    fn lie(&mut self, to: usize, from: PeerId, author: PeerId, number: u64) {
        let name = "Ada".into();
        let message = ChatMessage { author, number, order: 1, age: 0, name, text: "no".into() };
        self.people[to].content.on_message(
            from,
            &"Eve".into(),
            Some(Talk::Message(message)),
            self.now,
        );
    }

    fn settle(&mut self) {
        for one in 0..self.people.len() {
            for two in 0..one {
                self.open(one, two);
            }
        }
        while self.deliver(0) {}
        self.wait(SYNC_INTERVAL);
        while self.deliver(0) {}
    }

    fn read(&self, person: usize) -> Vec<(PeerId, String)> {
        let messages = self.people[person].content.chat().messages;
        let text = |message: &Message| (message.author, message.text.as_str().to_owned());
        messages.iter().map(text).collect()
    }
}

/// Reopens the channel to a participant, and returns whether it stays open.
fn reopen(content: &mut Content, other: PeerId, now: Duration) -> bool {
    content.closed(other);
    content.opened(other, now);
    !std::iter::from_fn(|| content.poll()).any(|command| command == ContentCommand::Close(other))
}

proptest! {
    #[test]
    fn every_participant_reads_the_same_messages(steps in proptest::collection::vec((0u8..8, any::<u16>()), 1..120)) {
        let mut world = World::with(3);
        let mut forgetful = Vec::new();
        for (action, pick) in steps {
            let (one, two) = (usize::from(pick) % world.people.len(), usize::from(pick >> 8) % world.people.len());
            match action {
                0 | 1 => world.say(one),
                2 => world.open(one, two),
                3 if pick % 3 == 0 => world.cut(one, two),
                4 if pick % 5 == 0 && world.people.len() > 2 => world.leave(one),
                4 if pick % 5 == 2 && world.people.len() < 5 && !world.gone.is_empty() => {
                    let id = *world.gone.keys().next().unwrap();
                    world.come_back(id);
                }
                4 if pick % 5 == 1 && world.people.len() < 5 => world.come(),
                5 if pick % 7 == 0 => world.reload(one, true),
                5 if pick % 7 == 1 => {
                    forgetful.push(world.people[one].id);
                    world.reload(one, false);
                }
                6 if pick % 3 == 0 => world.wait(SYNC_INTERVAL / 3),
                _ => drop(world.deliver(usize::from(pick))),
            }
        }
        world.settle();
        // A page without memory does not get its own words back.
        let read = |person| -> Vec<(PeerId, String)> {
            let all = world.read(person).into_iter();
            all.filter(|(author, _)| !forgetful.contains(author)).collect()
        };
        let first = read(0);
        for person in 1..world.people.len() {
            prop_assert_eq!(&read(person), &first);
        }
        for Person { id, content } in &world.people {
            let by = |all: &[(PeerId, String)]| -> Vec<String> {
                all.iter().filter(|(author, _)| author == id).map(|(_, text)| text.clone()).collect()
            };
            if !forgetful.contains(id) {
                prop_assert_eq!(by(&first), by(&world.said));
            }
            let view = content.chat();
            let last = view.messages.iter().rfind(|message| view.is_own(message));
            prop_assert_eq!(last.map_or(0, |message| view.missing(message.number)), 0);
        }
    }
}

#[test]
fn newcomers_receive_earlier_messages_also_of_absent_people() {
    let mut world = World::with(2);
    world.settle();
    world.say(0);
    world.say(1);
    world.settle();
    world.leave(0);
    world.come();
    world.settle();
    assert_eq!(world.read(1), world.said);
    let messages = world.people[1].content.chat().messages;
    assert_eq!(messages[0].source, world.people[0].id);
    assert!(messages[0].at <= messages[1].at);
}

#[test]
fn a_message_of_an_absent_person_reaches_those_who_asked_too_early() {
    let mut world = World::with(4);
    world.open(0, 1);
    while world.deliver(0) {}
    world.say(0);
    while world.deliver(0) {}
    world.leave(0);
    let (holder, second, third) = (0, 1, 2);
    for (one, two) in [(second, third), (holder, second)] {
        world.open(one, two);
        while world.deliver(0) {}
    }
    // The copy of the first holder is lost, and the third participant asks before it is back.
    world.reload(holder, false);
    for other in [third, second] {
        world.open(holder, other);
        while world.deliver(0) {}
    }
    assert_eq!((world.read(holder), world.read(third)), (world.said.clone(), vec![]));
    world.settle();
    assert_eq!(world.read(third), world.said);
}

#[test]
fn t22_messages_in_the_name_of_a_present_person_are_rejected() {
    let mut world = World::with(3);
    world.settle();
    let (me, liar, there) = (world.people[0].id, world.people[1].id, world.people[2].id);
    for author in [me, there] {
        world.lie(0, liar, author, u64::MAX);
    }
    assert_eq!(world.read(0), []);
    world.say(0);
    world.say(2);
    world.settle();
    assert_eq!(world.read(0), world.said);
}

#[test]
fn t22_messages_in_the_name_of_a_newcomer_are_dropped_when_they_join() {
    let mut world = World::with(2);
    world.settle();
    let (liar, author) = (world.people[1].id, PeerId(3));
    world.lie(0, liar, author, 1 << 60);
    assert_eq!(world.read(0), [(author, "no".to_owned())]);
    world.come();
    assert_eq!((world.people[2].id, world.read(0)), (author, vec![]));
    world.settle();
    world.say(2);
    world.settle();
    assert_eq!(world.read(0), world.said);
}

#[test]
fn t22_a_present_author_has_the_name_from_their_presence() {
    let mut world = World::with(2);
    world.settle();
    let from = world.people[1].id;
    world.lie(0, from, from, 1);
    assert_eq!(world.people[0].content.chat().messages[0].name.as_str(), "Eve");
}

#[test]
fn t22_forged_messages_of_absent_people_hide_no_real_ones() {
    let mut world = World::with(3);
    world.settle();
    let (author, liar) = (world.people[0].id, world.people[2].id);
    world.say(0);
    world.settle();
    world.leave(0);
    world.come();
    world.settle();
    for number in [2, u64::MAX] {
        world.lie(2, liar, author, number);
    }
    // The author returns, and sends their own messages once.
    world.come_back(author);
    world.settle();
    world.say(3);
    world.settle();
    for person in 0..4 {
        assert_eq!(world.read(person), world.said, "{person}");
    }
}

#[test]
fn t24_a_flooder_is_ignored_and_displaces_only_their_own_messages() {
    let mut world = World::with(3);
    world.settle();
    world.say(2);
    world.settle();
    let (flooder, now) = (world.people[1].id, world.now);
    let content = &mut world.people[0].content;
    let mut closed = 0;
    for number in 1..=5000 {
        let (name, text) = ("x".into(), "y".repeat(4000).as_str().into());
        let message = ChatMessage { author: flooder, number, order: u64::MAX, age: 0, name, text };
        content.on_message(flooder, &"x".into(), Some(Talk::Message(message)), now);
        while let Some(command) = content.poll() {
            closed += usize::from(command == ContentCommand::Close(flooder));
        }
    }
    let messages = content.chat().messages;
    let bytes: usize = messages.iter().map(|message| message.text.as_str().len()).sum();
    assert!(bytes <= BYTES + 1, "{bytes}");
    assert!(messages.iter().any(|message| message.author == world.people[2].id));
    assert_eq!(closed, 1);
    let is_listened_to = |now| reopen(&mut world.people[0].content, flooder, now);
    assert!(
        [now + PERIOD / 2, now + PERIOD].map(is_listened_to) == [false, true],
        "for a while only"
    );
}

#[test]
fn t24_repeated_rejoining_trips_no_flood_limit_between_others() {
    // Two participants pass on the same messages of an absent person to each other each time.
    let mut world = World::with(2);
    world.settle();
    (0..MESSAGES).for_each(|_| world.say(0));
    world.settle();
    world.leave(0);
    world.come();
    world.come();
    world.settle();
    world.leave(0);
    for _ in 0..60 {
        world.come();
        world.open(0, 1);
        world.open(0, 2);
        world.open(1, 2);
        while world.deliver(0) {}
        world.leave(2);
        world.wait(Duration::from_secs(1));
        // To be shut out would be a command that is not expected.
        while world.deliver(0) {}
    }
    assert_eq!((world.read(0).len(), world.read(1).len()), (MESSAGES, MESSAGES));
}

#[test]
fn t24_forged_messages_trip_no_flood_limit_between_their_receivers() {
    let mut world = World::with(4);
    world.settle();
    let liars = [world.people[0].id, world.people[1].id];
    for (liar, base) in liars.into_iter().zip([1000, 2000]) {
        for to in [2, 3] {
            (0..300).for_each(|author| world.lie(to, liar, PeerId(base + author), 1));
        }
    }
    world.leave(0);
    for _ in 0..130 {
        world.come();
        world.open(1, 3);
        world.open(2, 3);
        while world.deliver(0) {}
        world.leave(3);
        world.wait(Duration::from_secs(1));
        while world.deliver(0) {}
    }
}

#[test]
fn missing_messages_are_sorted_into_their_place() {
    let mut world = World::with(2);
    world.settle();
    world.say(0);
    world.settle();
    (0..40).for_each(|_| world.say(1));
    world.settle();
    world.say(0);
    world.settle();
    world.come();
    // The last word before all that was said in between.
    world.open(2, 0);
    while world.deliver(0) {}
    world.settle();
    assert_eq!(world.read(2), world.said);
}

#[test]
fn t24_a_high_order_does_not_use_up_all_places() {
    let mut world = World::with(3);
    world.settle();
    let liar = world.people[2].id;
    let message = ChatMessage {
        author: liar,
        number: 1,
        order: u64::MAX,
        age: 0,
        name: "Eve".into(),
        text: "last for ever".into(),
    };
    for to in 0..2 {
        let talk = Some(Talk::Message(message.clone()));
        world.people[to].content.on_message(liar, &"Eve".into(), talk, world.now);
    }
    for person in [1, 0, 0, 1, 0, 1] {
        world.say(person);
        world.settle();
    }
    let said: Vec<_> =
        [(liar, "last for ever".to_owned())].into_iter().chain(world.said.clone()).collect();
    assert_eq!((world.read(0), world.read(1)), (said.clone(), said));
}

#[test]
fn a_reload_loses_no_message_of_a_long_chat() {
    let mut world = World::with(3);
    world.settle();
    for _ in 0..150 {
        for person in 0..3 {
            world.say(person);
            world.settle();
        }
    }
    let received = world.people[0].content.chat().received;
    assert_eq!(received, 300);
    world.reload(0, true);
    world.settle();
    assert_eq!(world.read(0), world.said);
    assert_eq!(world.people[0].content.chat().received, 0, "all of it is known");
}

#[test]
fn a_message_too_old_to_be_kept_is_not_counted_again() {
    let mut world = World::with(3);
    world.settle();
    for (person, messages) in [(0, 60), (1, 60), (2, 250)] {
        (0..messages).for_each(|_| world.say(person));
        world.settle();
    }
    world.leave(0);
    world.leave(0);
    world.come();
    world.come();
    world.settle();
    let received = world.people[1].content.chat().received;
    world.leave(2);
    world.settle();
    assert_eq!(world.people[1].content.chat().received, received);
}

#[test]
fn t24_messages_of_people_who_leave_displace_no_others() {
    let mut world = World::with(4);
    world.settle();
    (0..20).for_each(|_| world.say(0));
    world.settle();
    let said = world.said.clone();
    world.leave(0);
    (0..MESSAGES).for_each(|_| world.say(0));
    world.settle();
    world.leave(0);
    world.settle();
    let kept = world.read(0);
    assert_eq!(kept[..20], said);
    assert_eq!(kept.len(), MESSAGES);
}

#[test]
fn t24_a_clock_that_is_set_back_blocks_no_sender() {
    let mut world = World::with(2);
    world.settle();
    let (other, now) = (world.people[1].id, world.now);
    let content = &mut world.people[0].content;
    (0..=MAX_WEIGHT).for_each(|_| drop(content.on_message(other, &"Bob".into(), None, now)));
    assert_eq!(content.poll(), Some(ContentCommand::Close(other)));
    assert!(!reopen(content, other, now));
    assert!(reopen(content, other, now - Duration::from_secs(3600)));
}

#[test]
fn a_message_is_undelivered_until_it_is_acknowledged() {
    let mut world = World::with(2);
    world.say(0);
    let view = world.people[0].content.chat();
    assert_eq!(view.missing(view.messages[0].number), 1);
    world.settle();
    let view = world.people[0].content.chat();
    assert_eq!(view.missing(view.messages[0].number), 0);
}
