//! Thousands of people join, leave, vanish and return: afterwards the server has the same state as
//! before. In its own process, because it counts the descriptors and memory of the process.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on is to fail, and this one prints figures"
)]

#[path = "server/support.rs"]
#[allow(dead_code, reason = "the other tests use the rest of it")]
mod support;

use serde_json::json;
use std::{fs, time::Duration};
use support::{TestApp, soon};
use tokio::{runtime::Handle, task::yield_now};
use tokio_tungstenite::tungstenite::Message;

/// Total number of joins, leaves, closed and interrupted connections.
const EVENTS: usize = 20_000;
const ROOMS: usize = 50;
/// Number of concurrent workers.
const WORKERS: usize = 8;
/// Allocators keep the memory of the busiest moment; a leak grows with every event.
const GROWTH_KB: usize = 8 * 1024;

/// Resources of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    tasks: usize,
    descriptors: usize,
}

impl Held {
    fn now() -> Self {
        let tasks = Handle::current().metrics().num_alive_tasks();
        Self { tasks, descriptors: fs::read_dir("/proc/self/fd").unwrap().count() }
    }
}

fn resident_kb() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}

/// One person's visit; returns its number of events.
async fn visit(app: &TestApp, number: usize) -> usize {
    let room = format!("room-{}", number % ROOMS);
    let mut client = app.client().await;
    client.say(json!({"type": "join", "room": room, "seat": {}})).await;
    let joined = client.hear().await;
    // A full room also counts as a visit.
    let (is_inside, seat) = (joined["type"] == "joined", joined["seatToken"].clone());
    match number % 4 {
        0 if is_inside => client.say(json!({"type": "leave"})).await,
        1 => client.send(Message::Close(None)).await,
        2 if is_inside => {
            drop(client);
            let mut again = app.client().await;
            let claim = json!({"token": seat, "linked": []});
            again.say(json!({"type": "join", "room": room, "seat": claim})).await;
            again.hear().await;
            return 4;
        }
        _ => {}
    }
    2
}

async fn churn(app: &'static TestApp, events: usize) {
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            tokio::spawn(async move {
                let (mut done, mut number) = (0, worker);
                while done < events / WORKERS {
                    done += visit(app, number).await;
                    number += WORKERS + 1;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    app.remembers(0, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn churn_leaves_no_state() {
    let app = TestApp::start_with(|config| {
        config.timeouts.reconnect_grace = Duration::from_millis(20);
        config.limits.ws_connect_rate = u32::MAX;
        config.limits.request_rate = u32::MAX;
    });
    let app = Box::leak(Box::new(app.await));
    churn(app, EVENTS / 10).await;
    let (before, resident) = (Held::now(), resident_kb());
    churn(app, EVENTS).await;
    let back = async {
        while Held::now() != before {
            yield_now().await;
        }
    };
    soon(back).await;
    let after = resident_kb();
    println!(
        "{EVENTS} events: {before:?} before and after, {resident} kB resident, then {after} kB"
    );
    assert!(after < resident + GROWTH_KB, "{resident} kB became {after} kB");
}
