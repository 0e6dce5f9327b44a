//! Several people with channels that open, break and lose what is under way.

use super::*;
use proptest::prelude::*;

struct Person {
    id: PeerId,
    chat: Chat,
}

/// Everybody who is there, and what is under way from one to another. A pair without an entry has no
/// channel.
#[derive(Default)]
struct World {
    now: Duration,
    people: Vec<Person>,
    channels: BTreeMap<(PeerId, PeerId), VecDeque<Talk>>,
    said: Vec<(PeerId, String)>,
    gone: BTreeMap<PeerId, Chat>,
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
        let mut chat = Chat::default();
        chat.sit(id);
        for other in &mut self.people {
            other.chat.came(id);
            chat.came(other.id);
        }
        self.people.push(Person { id, chat });
    }

    /// Somebody who had left sits there again, with what they knew.
    fn come_back(&mut self, id: PeerId) {
        let mut chat = self.gone.remove(&id).unwrap();
        let present: Vec<_> = self.people.iter().map(|person| person.id).collect();
        chat.meet(&present);
        while chat.poll().is_some() {}
        self.people.iter_mut().for_each(|other| other.chat.came(id));
        self.people.push(Person { id, chat });
    }

    fn leave(&mut self, person: usize) {
        let Person { id, mut chat } = self.people.remove(person);
        self.people.iter().for_each(|other| chat.closed(other.id));
        self.gone.insert(id, chat);
        self.channels.retain(|(from, to), _| *from != id && *to != id);
        for index in 0..self.people.len() {
            self.people[index].chat.left(id);
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
            self.people[person].chat.opened(other);
            self.route(person);
        }
    }

    /// What is under way is lost.
    fn cut(&mut self, one: usize, two: usize) {
        let ids = (self.people[one].id, self.people[two].id);
        if self.channels.remove(&ids).is_some() {
            self.channels.remove(&(ids.1, ids.0));
            self.people[one].chat.closed(ids.1);
            self.people[two].chat.closed(ids.0);
        }
    }

    fn say(&mut self, person: usize) {
        self.now += Duration::from_millis(3);
        let text = format!("{}", self.said.len());
        self.said.push((self.people[person].id, text.clone()));
        self.people[person].chat.say("Ada".into(), text.as_str().into(), self.now);
        self.route(person);
    }

    /// The page is loaded again; the tab keeps what was said, or does not.
    fn reload(&mut self, person: usize, remembers: bool) {
        for other in 0..self.people.len() {
            self.cut(person, other);
        }
        let (id, kept) = (self.people[person].id, self.people[person].chat.view().messages);
        let mut chat = Chat::default();
        if remembers {
            chat.recall(kept.to_vec());
        }
        chat.sit(id);
        self.people.iter().filter(|other| other.id != id).for_each(|other| chat.came(other.id));
        self.people[person].chat = chat;
    }

    fn route(&mut self, person: usize) {
        let Person { id, chat } = &mut self.people[person];
        while let Some(command) = chat.poll() {
            let ChatCommand::Send(to, talk) = command else { panic!("{command:?}") };
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
        self.people[index].chat.hear(from, &"Ada".into(), Some(talk), self.now);
        self.route(index);
        true
    }

    /// Somebody who is called Eve says to a person, under another name, what they say an author said.
    fn lie(&mut self, to: usize, from: PeerId, author: PeerId, number: u64) {
        let name = "Ada".into();
        let words = Words { author, number, order: 1, age: 0, name, text: "no".into() };
        self.people[to].chat.hear(from, &"Eve".into(), Some(Talk::Said(words)), self.now);
    }

    fn settle(&mut self) {
        for one in 0..self.people.len() {
            for two in 0..one {
                self.open(one, two);
            }
        }
        while self.deliver(0) {}
    }

    fn read(&self, person: usize) -> Vec<(PeerId, String)> {
        let messages = self.people[person].chat.view().messages;
        let text = |message: &Message| (message.author, message.text.as_str().to_owned());
        messages.iter().map(text).collect()
    }
}

proptest! {
    #[test]
    fn everybody_reads_the_same(steps in proptest::collection::vec((0u8..8, any::<u16>()), 1..120)) {
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
        for Person { id, chat } in &world.people {
            let by = |all: &[(PeerId, String)]| -> Vec<String> {
                all.iter().filter(|(author, _)| author == id).map(|(_, text)| text.clone()).collect()
            };
            if !forgetful.contains(id) {
                prop_assert_eq!(by(&first), by(&world.said));
            }
            let view = chat.view();
            let last = view.messages.iter().rfind(|message| view.is_own(message));
            prop_assert_eq!(last.map_or(0, |message| view.missing(message.number)), 0);
        }
    }
}

#[test]
fn what_was_said_before_is_told_to_who_comes_later_even_of_those_who_are_gone() {
    let mut world = World::with(2);
    world.settle();
    world.say(0);
    world.say(1);
    world.settle();
    world.leave(0);
    world.come();
    world.settle();
    assert_eq!(world.read(1), world.said);
    let messages = world.people[1].chat.view().messages;
    assert_eq!(messages[0].source, world.people[0].id);
    assert!(messages[0].at <= messages[1].at);
}

#[test]
fn t22_nobody_speaks_for_somebody_who_is_there() {
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
fn t22_nobody_speaks_for_somebody_before_they_are_met() {
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
fn t22_who_is_there_goes_by_their_own_name() {
    let mut world = World::with(2);
    world.settle();
    let from = world.people[1].id;
    world.lie(0, from, from, 1);
    assert_eq!(world.people[0].chat.view().messages[0].name.as_str(), "Eve");
}

#[test]
fn t22_what_is_said_in_the_name_of_the_absent_hides_nothing() {
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
    // They are back, and say what they said, and more, once.
    world.come_back(author);
    world.settle();
    world.say(3);
    world.settle();
    for person in 0..4 {
        assert_eq!(world.read(person), world.said, "{person}");
    }
}

#[test]
fn t24_who_says_too_much_is_not_heard_and_only_their_words_are_forgotten() {
    let mut world = World::with(3);
    world.settle();
    world.say(2);
    world.settle();
    let (flooder, now) = (world.people[1].id, world.now);
    let chat = &mut world.people[0].chat;
    let mut closed = 0;
    for number in 1..=5000 {
        let (name, text) = ("x".into(), "y".repeat(4000).as_str().into());
        let words = Words { author: flooder, number, order: u64::MAX, age: 0, name, text };
        chat.hear(flooder, &"x".into(), Some(Talk::Said(words)), now);
        while let Some(command) = chat.poll() {
            closed += usize::from(command == ChatCommand::Close(flooder));
        }
    }
    let messages = chat.view().messages;
    let bytes: usize = messages.iter().map(|message| message.text.as_str().len()).sum();
    assert!(bytes <= BYTES + 1, "{bytes}");
    assert!(messages.iter().any(|message| message.author == world.people[2].id));
    assert_eq!(closed, 1);
}

#[test]
fn a_message_is_missing_until_it_is_there() {
    let mut world = World::with(2);
    world.say(0);
    let view = world.people[0].chat.view();
    assert_eq!(view.missing(view.messages[0].number), 1);
    world.settle();
    let view = world.people[0].chat.view();
    assert_eq!(view.missing(view.messages[0].number), 0);
}
