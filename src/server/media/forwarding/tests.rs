//! Participants who connect over UDP to a media plane.

mod client;

use crate::{
    protocol::{
        ControlMessage, ControlRequest, ErrorCode, PeerId, Rank, RoomName, SdpType,
        SessionDescription, TrackSource, WantedVideo,
    },
    room::{Answer, Forwarding},
    server::{
        credentials::turn::TurnSecret,
        media::{Media, MediaConfig, MediaOptions, Port},
        metrics::{Gauges, Metrics},
    },
};
use client::{Client, Offered, Shape};
use std::{
    future::poll_fn,
    net::SocketAddr,
    task::Poll,
    time::{Duration, Instant},
};
use tokio::{
    net::UdpSocket,
    sync::oneshot,
    time::{timeout, timeout_at},
};

const TIMEOUT: Duration = Duration::from_secs(30);
const ROOM: &str = "room";
const CAMERA: TrackSource = TrackSource::Camera;
const MICROPHONE: TrackSource = TrackSource::Microphone;
const BOTH: [TrackSource; 2] = [MICROPHONE, CAMERA];

/// A media plane with its participants.
struct World {
    media: Media,
    metrics: Metrics,
    server: SocketAddr,
    clients: Vec<Client>,
    _port: Port,
}

impl World {
    fn new() -> Self {
        let port = Port::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let metrics = Metrics::new();
        let config = MediaConfig {
            options: MediaOptions::default(),
            names: Vec::new(),
            max_participants: 100,
            secret: &TurnSecret::fresh().unwrap(),
            metrics: metrics.relay(),
        };
        let media = Media::start(&port, config).unwrap();
        Self { media, metrics, server: port.address(), clients: Vec::new(), _port: port }
    }

    /// Offers a connection with this number.
    async fn ask(
        &self,
        room: &str,
        seat: PeerId,
        link: u64,
        offer: SessionDescription,
        sources: &[TrackSource],
    ) -> Answer {
        let sources = sources.to_vec();
        let (reply, answer) = oneshot::channel();
        let offer = Forwarding::Offer { seat, link, offer, sources };
        self.media.forward(name(room), offer, move |answer| reply.send(answer).unwrap());
        timeout(TIMEOUT, answer).await.unwrap().unwrap()
    }

    async fn join(&mut self, room: &str, seat: u64, shape: Shape) {
        let (mut client, Offered { description, pending }) = Client::new(seat, shape).await;
        self.media.seat(client.seat, true);
        let answer = self.ask(room, client.seat, 1, description, &BOTH).await.unwrap();
        client.accept(&answer, pending);
        self.clients.push(client);
    }

    /// Has everybody who is named join one room, and waits until they are connected.
    async fn connect(&mut self, seats: impl IntoIterator<Item = (u64, Shape)>) {
        for (seat, shape) in seats {
            self.join(ROOM, seat, shape).await;
        }
        self.until("everybody is connected", |world| {
            world.clients.iter().all(|client| client.is_up)
        })
        .await;
    }

    fn client(&mut self, seat: u64) -> &mut Client {
        self.clients.iter_mut().find(|client| client.seat == PeerId(seat)).unwrap()
    }

    /// The participants of the first room.
    fn of_room(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| client.seat < PeerId(7))
    }

    fn want(&mut self, seat: u64, others: impl IntoIterator<Item = (u64, TrackSource)>) {
        let video =
            |(of, source)| WantedVideo { of: PeerId(of), source, rank: Rank::Tile, height: 180 };
        let want = ControlRequest::Want(others.into_iter().map(video).collect());
        self.client(seat).say(PeerId::SERVER, &want.to_json());
    }

    fn forget(&mut self) {
        self.clients.iter_mut().for_each(Client::forget);
    }

    /// Lets everybody send and receive until a condition is met.
    async fn until(&mut self, what: &str, mut is_met: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !is_met(self) {
            assert!(Instant::now() < deadline, "{what}\n{}", self.report());
            self.turn().await;
        }
    }

    /// Lets everybody send and receive for this long, to see that something does not happen.
    async fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        self.until("time passes", |_| Instant::now() > end).await;
    }

    /// Waits for a datagram, or until somebody has something to do.
    async fn turn(&mut self) {
        let due = self.clients.iter().map(Client::due).min().unwrap();
        let readable = poll_fn(|cx| {
            let is_ready = self.clients.iter().any(|client| client.poll_readable(cx).is_ready());
            if is_ready { Poll::Ready(()) } else { Poll::Pending }
        });
        let _ = timeout_at(due.into(), readable).await;
        let now = Instant::now();
        self.clients.iter_mut().for_each(|client| client.turn(now));
    }

    /// What has happened so far.
    fn report(&self) -> String {
        let clients = self.clients.iter().map(|client| format!("{client:?}\n"));
        let metrics = self.metrics.text(Gauges::default()).unwrap();
        let metrics = metrics.lines().filter(|line| line.starts_with("salon_forward"));
        clients.collect::<String>() + &metrics.collect::<Vec<_>>().join("\n")
    }

    /// The value of a metric.
    fn metric(&self, name: &str) -> u64 {
        let text = self.metrics.text(Gauges::default()).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{name} is missing in\n{text}")).parse().unwrap()
    }
}

fn name(room: &str) -> RoomName {
    room.parse().unwrap()
}

fn strangers(world: &World) -> u64 {
    world.metric("salon_forwarding_dropped_total{reason=\"stranger\"}")
}

#[tokio::test]
async fn t19_people_in_a_room_hear_and_see_each_other_and_nobody_else_does() {
    let mut world = World::new();
    world.join("other", 7, Shape::Page).await;
    world.connect((1..=6).map(|seat| (seat, Shape::Page))).await;
    assert_eq!(world.metric("salon_forwarding_rooms"), 2);
    assert_eq!(world.metric("salon_forwarding_connections"), 7);
    for seat in 1..=7 {
        world.client(seat).is_loud = seat <= 3;
        world.want(seat, (1..=6).filter(|other| *other != seat).map(|other| (other, CAMERA)));
    }
    let sees_and_hears = |client: &Client| {
        let mut others = (1..=6).filter(|other| PeerId(*other) != client.seat);
        others.all(|other| {
            let hears = other > 3 || client.heard(other, MICROPHONE) >= 10;
            hears && client.heard(other, CAMERA) >= 10
        })
    };
    world.until("everybody sees and hears", |world| world.of_room().all(sees_and_hears)).await;
    world.forget();
    world.until("it goes on", |world| world.of_room().all(sees_and_hears)).await;
    for client in world.of_room() {
        let silent = (4..=6).map(|other| client.heard(other, MICROPHONE));
        assert_eq!(silent.sum::<usize>(), 0, "only the loudest three are heard");
        assert!(!client.told.is_empty());
    }
    let stranger = world.client(7);
    assert!(!stranger.heard_anything());
    assert!((1..=6).all(|other| !stranger.has_slot(other, CAMERA)));
    for metric in [
        "salon_forwarded_packets_total",
        "salon_forwarded_bytes_total",
        "salon_forwarding_received_packets_total",
        "salon_forwarding_keyframe_requests_total",
    ] {
        assert!(world.metric(metric) > 0, "{metric}");
    }
}

#[tokio::test]
async fn what_is_switched_off_is_not_forwarded() {
    let mut world = World::new();
    world.connect((1..=3).map(|seat| (seat, Shape::Page))).await;
    world.want(3, [(1, CAMERA), (2, CAMERA)]);
    world
        .until("both are seen", |world| (1..=2).all(|of| world.clients[2].heard(of, CAMERA) >= 5))
        .await;
    let off = Forwarding::Sources(PeerId(2), vec![MICROPHONE]);
    world.media.forward(name(ROOM), off, |_| panic!("no answer"));
    world.until("the slot is free", |world| !world.clients[2].has_slot(2, CAMERA)).await;
    // What was on its way.
    world.forget();
    world.until("the others go on", |world| world.clients[2].heard(1, CAMERA) >= 10).await;
    world.forget();
    world.until("they still do", |world| world.clients[2].heard(1, CAMERA) >= 20).await;
    assert_eq!(world.client(3).heard(2, CAMERA), 0);
    assert!(world.client(3).heard(2, MICROPHONE) > 0);
    let on = Forwarding::Sources(PeerId(2), BOTH.to_vec());
    world.media.forward(name(ROOM), on, |_| panic!("no answer"));
    world.until("it is back", |world| world.clients[2].heard(2, CAMERA) >= 5).await;
}

#[tokio::test]
async fn t19_messages_reach_those_in_the_room_with_their_true_author() {
    let mut world = World::new();
    world.join("other", 7, Shape::Page).await;
    world.connect((1..=4).map(|seat| (seat, Shape::Page))).await;
    let said = |author: u64, text: &str| (PeerId(author), text.to_owned());
    world.client(1).say(PeerId(7), "to another room");
    world.client(1).say(PeerId(1), "to oneself");
    world.client(1).say(PeerId::EVERYONE, "hello");
    world.client(2).say(PeerId(3), "psst");
    world.client(2).say(PeerId::EVERYONE, "that is all");
    let all = |world: &World| {
        let has = |seat: usize, count| world.clients[seat].messages.len() >= count;
        has(1, 1) && has(2, 1) && has(3, 3) && has(4, 2)
    };
    world.until("messages arrive", all).await;
    let mut of = |seat: u64| {
        let mut messages = world.client(seat).messages.clone();
        messages.sort();
        messages
    };
    assert_eq!(of(1), [said(2, "that is all")]);
    assert_eq!(of(2), [said(1, "hello")]);
    assert_eq!(of(3), [said(1, "hello"), said(2, "psst"), said(2, "that is all")]);
    assert_eq!(of(4), [said(1, "hello"), said(2, "that is all")]);
    assert_eq!(of(7), []);
    let channels = |open: &[u64], closed: &[u64]| ControlMessage::Channels {
        open: open.iter().copied().map(PeerId).collect(),
        closed: closed.iter().copied().map(PeerId).collect(),
    };
    let has = |world: &World, seat: usize, message| world.clients[seat].told.contains(&message);
    world.media.seat(PeerId(4), false);
    world
        .until("the others know", |world| (1..=3).all(|seat| has(world, seat, channels(&[], &[4]))))
        .await;
    assert!(!has(&world, 0, channels(&[], &[4])), "another room does not");
    let is_open = |message: &ControlMessage| match message {
        ControlMessage::Channels { open, .. } => open.contains(&PeerId(3)),
        _ => false,
    };
    assert!((1..=2).all(|seat| world.client(seat).told.iter().any(is_open)));
}

#[tokio::test]
async fn who_has_no_seat_gets_nothing_more() {
    let mut world = World::new();
    world.connect((1..=3).map(|seat| (seat, Shape::Page))).await;
    let hears = |world: &World| (1..=2).all(|of| world.clients[2].heard(of, MICROPHONE) > 0);
    world.until("everybody is heard", hears).await;
    world.media.seat(PeerId(3), false);
    world.until("the connection ends", |world| world.clients[2].is_closed).await;
    let (count, server) = (strangers(&world), world.server);
    world.client(3).send_raw(&[0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4], server);
    world.until("the address is a stranger's", |world| strangers(world) > count).await;
    // What was sent before that arrives.
    world.pass(Duration::from_millis(200)).await;
    let before = world.client(3).datagrams;
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(world.client(3).datagrams, before);
    assert_eq!(world.metric("salon_forwarding_connections"), 2);
    world.media.seat(PeerId(1), false);
    world.media.seat(PeerId(2), false);
    world.until("the room is gone", |world| world.metric("salon_forwarding_rooms") == 0).await;
}

#[tokio::test]
async fn t13_a_stranger_gets_no_reply() {
    let mut world = World::new();
    world.connect([(1, Shape::Page)]).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let count = strangers(&world);
    let client_hello = [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0];
    for datagram in [&client_hello[..], &[0x80; 40], &[0x80, 201, 0, 1, 0, 0, 0, 1]] {
        stranger.send_to(datagram, world.server).await.unwrap();
    }
    world.until("they are dropped", |world| strangers(world) == count + 3).await;
    assert!(stranger.try_recv(&mut [0; 2048]).is_err());
}

#[tokio::test]
async fn a_simple_program_sees_the_active_speaker() {
    let mut world = World::new();
    let shapes = [(1, Shape::Page), (2, Shape::Page), (3, Shape::Program)];
    world.connect(shapes).await;
    world.client(1).is_loud = true;
    world.until("the first is seen", |world| world.clients[2].heard(1, CAMERA) >= 10).await;
    assert!(world.client(3).heard(1, MICROPHONE) + world.client(3).heard(2, MICROPHONE) > 0);
    world.client(1).is_loud = false;
    world.client(2).is_loud = true;
    world.forget();
    world.until("the second is seen", |world| world.clients[2].heard(2, CAMERA) >= 10).await;
    world.want(1, [(3, CAMERA)]);
    world
        .until("the program is seen and heard", |world| {
            world.clients[0].heard(3, CAMERA) >= 10 && world.clients[0].heard(3, MICROPHONE) >= 10
        })
        .await;
}

#[tokio::test]
async fn a_screen_is_added_to_the_same_connection() {
    let mut world = World::new();
    world.connect([(1, Shape::Page), (2, Shape::Page)]).await;
    let Offered { description, pending } = world.client(1).share_screen();
    let sources = [MICROPHONE, CAMERA, TrackSource::Screen];
    let answer = world.ask(ROOM, PeerId(1), 1, description, &sources).await.unwrap();
    world.client(1).accept(&answer, pending);
    world.want(2, [(1, TrackSource::Screen), (1, CAMERA)]);
    world
        .until("both are seen", |world| {
            let second = &world.clients[1];
            second.heard(1, TrackSource::Screen) >= 10 && second.heard(1, CAMERA) >= 10
        })
        .await;
    assert!(!world.clients[0].is_closed);
}

#[tokio::test]
async fn another_connection_replaces_the_one_before() {
    let mut world = World::new();
    world.connect([(1, Shape::Page), (2, Shape::Page)]).await;
    let (mut again, Offered { description, pending }) = Client::new(1, Shape::Page).await;
    let answer = world.ask(ROOM, PeerId(1), 2, description, &BOTH).await.unwrap();
    again.accept(&answer, pending);
    assert_ne!(again.address(), world.client(1).address());
    world.clients.push(again);
    world.want(2, [(1, CAMERA)]);
    world
        .until("it takes over", |world| {
            world.clients[0].is_closed && world.clients[2].is_up && {
                world.clients[1].heard(1, CAMERA) >= 10
            }
        })
        .await;
    assert_eq!(world.metric("salon_forwarding_connections"), 2);
}

#[tokio::test]
async fn bad_descriptions_and_too_many_of_them_are_refused() {
    let world = World::new();
    let offer = SessionDescription::new(SdpType::Offer, "v=0");
    let mut codes = Vec::new();
    for _ in 0..30 {
        let (code, text) = world.ask(ROOM, PeerId(1), 1, offer.clone(), &BOTH).await.unwrap_err();
        assert!(text.ends_with('.'), "{text}");
        codes.push(code);
    }
    assert_eq!(codes[..20], [ErrorCode::BadMessage; 20]);
    assert_eq!(codes[25..], [ErrorCode::TryLater; 5]);
    assert_eq!(world.metric("salon_forwarding_rooms"), 0);
}
