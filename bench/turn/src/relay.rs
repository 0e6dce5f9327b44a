//! Packets through the relay, both ways: what they cost the server, and how long they take.

use crate::{
    client::{CHANNEL, allocate},
    process,
};
use anyhow::{Result, anyhow};
use mio::{Events, Interest, Poll, Token, net::UdpSocket};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket as StdSocket},
    ops::Range,
    thread,
    time::{Duration, Instant},
};

const ALLOCATIONS: usize = 100;
const WARM_UP: Duration = Duration::from_secs(1);
/// For the last packets to arrive.
const DRAIN: Duration = Duration::from_millis(500);
/// How long this program sleeps before it sends what is due and receives what is there. It does not wait
/// for packets: the server would spend up to a quarter of its time on waking it up, which does not happen
/// if clients are on other machines.
const PACE: Duration = Duration::from_micros(50);
const CHANNEL_HEADER: usize = 4;
const STAMP: usize = 8;

/// What to send.
pub struct Plan {
    /// Bytes of a payload.
    pub bytes: usize,
    /// Packets a second: all clients and all peers together.
    pub rate: u64,
    /// Packets that one of them sends one directly after another, before the next one's turn comes.
    pub burst: u64,
    /// Duration of the measurement.
    pub seconds: u64,
}

/// A client in a network of its own, because servers limit what they answer to one.
fn client_address(number: usize) -> SocketAddr {
    (Ipv4Addr::new(127, 1, number as u8, 1), 0).into()
}

fn peer_address(number: usize) -> SocketAddr {
    (Ipv4Addr::new(127, 2, number as u8, 1), 0).into()
}

fn is_own(address: SocketAddr) -> bool {
    matches!(address, SocketAddr::V4(v4) if matches!(v4.ip().octets(), [127, 1 | 2, ..]))
}

/// Those who send: all clients first, then the peer of each.
struct Senders {
    sockets: Vec<UdpSocket>,
    poll: Poll,
}

impl Senders {
    fn new(server: SocketAddr, credentials: &[[&str; 2]]) -> Result<Self> {
        let mut sockets = Vec::new();
        let mut peers = Vec::new();
        for (number, [username, password]) in (0..ALLOCATIONS).zip(credentials.iter().cycle()) {
            let client = StdSocket::bind(client_address(number))?;
            client.connect(server)?;
            let peer = StdSocket::bind(peer_address(number))?;
            peer.connect(allocate(&client, (username, password), peer.local_addr()?)?)?;
            sockets.push(client);
            peers.push(peer);
        }
        sockets.append(&mut peers);
        let poll = Poll::new()?;
        let mut registered = Vec::new();
        for (number, socket) in sockets.into_iter().enumerate() {
            socket.set_nonblocking(true)?;
            let mut socket = UdpSocket::from_std(socket);
            poll.registry().register(&mut socket, Token(number), Interest::READABLE)?;
            registered.push(socket);
        }
        Ok(Self { sockets: registered, poll })
    }
}

/// The header of a packet of this sender in front of its payload.
fn header(number: usize) -> usize {
    if number < ALLOCATIONS { CHANNEL_HEADER } else { 0 }
}

#[derive(Default)]
struct Found {
    sent: u64,
    refused: u64,
    /// In nanoseconds.
    delays: Vec<u64>,
}

/// Sends at a steady rate, makes up for delays, and receives. Only packets that are sent inside the
/// window, by the time since the start, count.
fn exchange(
    senders: &mut Senders,
    plan: &Plan,
    start: Instant,
    window: &Range<Duration>,
) -> Result<Found> {
    let mut found = Found::default();
    found.delays.reserve((plan.rate * plan.seconds) as usize);
    let mut packet = vec![0; CHANNEL_HEADER + plan.bytes];
    packet[..2].copy_from_slice(&CHANNEL.to_be_bytes());
    packet[2..CHANNEL_HEADER].copy_from_slice(&u16::try_from(plan.bytes)?.to_be_bytes());
    let mut events = Events::with_capacity(2 * ALLOCATIONS);
    let mut done = 0;
    loop {
        let elapsed = start.elapsed();
        if elapsed >= window.end + DRAIN {
            return Ok(found);
        }
        let due = (elapsed.min(window.end).as_secs_f64() * plan.rate as f64) as u64;
        while done < due {
            // A client and a peer take turns.
            let turn = (done / plan.burst) as usize;
            let number = turn / 2 % ALLOCATIONS + turn % 2 * ALLOCATIONS;
            let sent = start.elapsed();
            let stamp = (sent.as_nanos() as u64).to_be_bytes();
            packet[CHANNEL_HEADER..CHANNEL_HEADER + STAMP].copy_from_slice(&stamp);
            let is_sent =
                senders.sockets[number].send(&packet[CHANNEL_HEADER - header(number)..]).is_ok();
            done += 1;
            if window.contains(&sent) {
                found.sent += 1;
                found.refused += u64::from(!is_sent);
            }
        }
        senders.poll.poll(&mut events, Some(Duration::ZERO))?;
        for event in &events {
            let Token(number) = event.token();
            receive(&senders.sockets[number], header(number), plan, |sent| {
                if window.contains(&sent) {
                    let delay = start.elapsed().saturating_sub(sent);
                    found.delays.push(delay.as_nanos() as u64);
                }
            })?;
        }
        thread::sleep(PACE);
    }
}

/// Receives what is there, and tells when each packet was sent.
fn receive(
    socket: &UdpSocket,
    header: usize,
    plan: &Plan,
    mut each: impl FnMut(Duration),
) -> Result<()> {
    let mut buffer = [0; 2048];
    loop {
        match socket.recv(&mut buffer) {
            Ok(length) if length == header + plan.bytes => {
                let mut stamp = [0; STAMP];
                stamp.copy_from_slice(&buffer[header..header + STAMP]);
                each(Duration::from_nanos(u64::from_be_bytes(stamp)));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Seconds that the server and this process ran, and waited for a core, during the window.
fn watch(pid: u32, start: Instant, window: &Range<Duration>) -> Result<[f64; 4]> {
    let own = std::process::id();
    let look = || -> Result<[f64; 4]> {
        Ok([process::cpu(pid)?, process::waited(pid)?, process::cpu(own)?, process::waited(own)?])
    };
    let until = |time: Duration| thread::sleep(time.saturating_sub(start.elapsed()));
    until(window.start);
    let before = look()?;
    until(window.end);
    let after = look()?;
    Ok(std::array::from_fn(|at| after[at] - before[at]))
}

pub fn run(server: SocketAddr, pid: u32, credentials: &[[&str; 2]], plan: &Plan) -> Result<String> {
    let mut senders = Senders::new(server, credentials)?;
    let dropped = process::drops(is_own)?;
    let start = Instant::now();
    let window = WARM_UP..WARM_UP + Duration::from_secs(plan.seconds);
    let (found, used) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(pid, start, &window));
        (exchange(&mut senders, plan, start, &window), watcher.join())
    });
    let Found { sent, refused, mut delays } = found?;
    let [cpu, waited, own, own_waited] = used.map_err(|_| anyhow!("a thread has panicked"))??;
    let dropped = process::drops(is_own)? - dropped;
    delays.sort_unstable();
    let percentile = |share: f64| {
        let at = (delays.len() as f64 * share).ceil() as usize;
        delays.get(at.saturating_sub(1)).map_or(f64::NAN, |delay| *delay as f64 / 1000.0)
    };
    let received = delays.len() as f64;
    let percent = |time: f64| 100.0 * time / plan.seconds as f64;
    Ok(format!(
        "{{\"cpu\":{:.3},\"sent\":{sent},\"received\":{received},\"refused\":{refused},\"dropped\":{dropped},\
         \"loss\":{:.5},\"p50\":{:.1},\"p99\":{:.1},\"busy\":{:.1},\"waited\":{:.2},\
         \"generator\":{:.1},\"generatorWaited\":{:.2}}}",
        cpu * 1e6 / received,
        100.0 * (1.0 - received / sent as f64),
        percentile(0.5),
        percentile(0.99),
        percent(cpu),
        percent(waited),
        percent(own),
        percent(own_waited),
    ))
}
