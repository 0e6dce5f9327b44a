//! Tests of the hub with a paused clock and without the network.

use super::{close_reason::CloseReason, outbox::Outgoing, *};
use crate::{
    protocol::{ClientMessage, Join, Pass, Presence, SdpType, SessionDescription, Signal},
    room::Timeouts,
    server::{
        credentials::tokens::TokenSigner, data::store::Store, http::health::readiness, reach::Reach,
    },
};
use tokio::time::{Instant, timeout};

const TIMEOUT: Duration = Duration::from_secs(12);

fn start() -> (Hub, JoinHandle<()>) {
    let config = room::Config {
        max_participants: 4,
        max_direct: 4,
        timeouts: Timeouts { reconnect_grace: TIMEOUT, ..Timeouts::default() },
        max_rooms: 100,
        max_stored_rooms: 100,
        join_timeout: TIMEOUT,
    };
    let services = Services {
        secret: TokenSigner::from("a secret"),
        reach: Arc::new(Reach::within_one_network(Duration::ZERO)),
        store: Store::in_memory().unwrap(),
        stored_rooms: Vec::new(),
        metrics: Arc::new(Metrics::new()),
    };
    Hub::start(config, services).unwrap()
}

fn hub() -> Hub {
    start().0
}

fn host() -> Authority {
    "localhost:3000".parse().unwrap()
}

fn room_name() -> RoomName {
    "123".parse().unwrap()
}

fn join() -> ClientMessage {
    ClientMessage::Join(Join {
        room: room_name(),
        presence: Presence::default(),
        seat: None,
        pass: Pass::default(),
        hidden: false,
    })
}

async fn joined(hub: &Hub) -> HubConnection {
    let connection = hub.open(address(), host()).await.unwrap();
    connection.sender.send(|| Ok(join())).await.unwrap();
    connection
}

/// Waits, event by event, until the hub remembers this much.
async fn remembers(hub: &Hub, rooms: usize, connections: usize) {
    let expected = Counts { rooms, connections };
    let mut counts = hub.counts();
    let reached = timeout(TIMEOUT * 10, counts.wait_for(|counts| *counts == expected)).await;
    assert!(reached.is_ok(), "{:?} instead of {expected:?}", *hub.counts().borrow());
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_pinged_twice_and_then_closed() {
    let hub = hub();
    let start = Instant::now();
    let mut connection = joined(&hub).await;
    assert_eq!(connection.closing.await, Ok(CloseReason::PingTimeout));
    assert_eq!(start.elapsed().as_secs(), TIMEOUT.as_secs());
    remembers(&hub, 0, 0).await;

    let mut written = Vec::new();
    while connection.inbox.take(&mut written, 8).await > 0 {}
    assert_eq!(written.iter().filter(|item| **item == Outgoing::Ping).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_sign_of_life_prevents_closing() {
    let hub = hub();
    let mut connection = joined(&hub).await;
    let start = Instant::now();
    while start.elapsed() < TIMEOUT * 3 {
        let mut written = Vec::new();
        connection.inbox.take(&mut written, 8).await;
        if written.contains(&Outgoing::Ping) {
            connection.sender.alive().await.unwrap();
        }
    }
    assert!(connection.closing.try_recv().is_err());
    remembers(&hub, 1, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_sender_frees_the_seat() {
    let hub = hub();
    let (first, second) = (joined(&hub).await, joined(&hub).await);
    remembers(&hub, 1, 2).await;
    drop(first.sender);
    remembers(&hub, 1, 1).await;
    drop(second);
    remembers(&hub, 0, 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_closed_without_effect_on_others() {
    let hub = hub();
    let (stuck, talker) = (joined(&hub).await, joined(&hub).await);
    let mut inbox = talker.inbox;
    while hub.counts().borrow().connections == 2 {
        stuck.sender.send(|| Ok(ClientMessage::Ping)).await.unwrap();
    }
    assert_eq!(stuck.closing.await, Ok(CloseReason::SlowConsumer));

    let mut written = Vec::new();
    inbox.take(&mut written, usize::MAX).await;
    let left =
        |item: &Outgoing| matches!(item, Outgoing::Text(text) if text.contains("\"peer-left\""));
    while !written.iter().any(left) {
        assert!(inbox.take(&mut written, usize::MAX).await > 0);
    }
    assert_eq!(hub.state(room_name()).await.unwrap().people.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stopping_closes_all_connections_and_waits() {
    let (hub, task) = start();
    let connection = joined(&hub).await;
    hub.stop().await;
    assert_eq!(connection.closing.await, Ok(CloseReason::Restart));
    assert!(hub.open(address(), host()).await.is_err());
    assert!(hub.state(room_name()).await.is_err());
    assert!(!task.is_finished());
    drop(connection.alive);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_its_last_handle() {
    let (hub, task) = start();
    let connection = joined(&hub).await;
    drop(hub);
    drop(connection);
    task.await.unwrap();
}

fn address() -> ClientAddress {
    std::net::IpAddr::from([192, 0, 2, 1]).into()
}

#[tokio::test(start_paused = true)]
async fn t30_a_stall_closes_no_connection() {
    let hub = hub();
    let (mut first, mut second) = (joined(&hub).await, joined(&hub).await);
    remembers(&hub, 1, 2).await;
    for _ in 0..5 {
        tokio::time::advance(TIMEOUT * 2).await;
        tokio::task::yield_now().await;
    }
    // The server heard nothing, but it could not: it asks, and believes the answer.
    for connection in [&mut first, &mut second] {
        assert!(connection.closing.try_recv().is_err());
        connection.sender.alive().await.unwrap();
    }
    remembers(&hub, 1, 2).await;
}

#[tokio::test(start_paused = true)]
async fn t30_a_stalled_hub_is_not_ready() {
    let (events, inbox) = mpsc::channel(1);
    let (_publish, counts) = watch::channel(Counts::default());
    let hub = Hub { events, counts, metrics: Arc::new(Metrics::new()) };
    let ask = || readiness(axum::extract::State(hub.clone()));
    let since = Instant::now();
    for _ in 0..3 {
        let (status, why) = ask().await;
        assert_eq!((status.as_u16(), why), (503, "the hub does not answer"));
    }
    assert_eq!(since.elapsed(), ANSWER_TIMEOUT * 3);
    drop(inbox);
    assert_eq!(ask().await.1, "shutting down");
    assert_eq!(readiness(axum::extract::State(self::hub())).await.1, "ready");
}

#[tokio::test(start_paused = true)]
async fn t31_rejoining_gives_no_larger_share_of_a_queue() {
    let hub = hub();
    let (victim, mut eve) = (joined(&hub).await, joined(&hub).await);
    let sdp = "a".repeat(31 * 1024);
    let offer = || {
        let signal = Signal::Offer(SessionDescription::new(SdpType::Offer, sdp.clone()));
        ClientMessage::Signal { to: None, link: None, signal }
    };
    let mut refused = 0;
    for round in 0..5 {
        // Eve waits until she is inside.
        let mut written = Vec::new();
        while !written.iter().any(|item| says(item, "\"joined\"")) {
            assert!(eve.inbox.take(&mut written, 1).await > 0);
        }
        refused += written.iter().filter(|item| says(item, "recipient-busy")).count();
        for _ in 0..20 * usize::from(round < 4) {
            eve.sender.send(|| Ok(offer())).await.unwrap();
        }
        eve.sender.send(|| Ok(ClientMessage::Leave)).await.unwrap();
        eve.sender.send(|| Ok(join())).await.unwrap();
    }
    assert!(refused > 60, "{refused} of 80 offers were too much for the victim");
    drop(victim);
}

fn says(item: &Outgoing, part: &str) -> bool {
    matches!(item, Outgoing::Text(text) if text.contains(part))
}
