//! What a forwarded packet costs: one participant publishes a camera in three encodings and a microphone, and many
//! receive them over the loopback. Prints the processor time of the forwarding thread per packet sent on.
//!
//!     cargo run --release -- RECEIVERS SECONDS

mod client;
mod forwarding;
mod leg;

use anyhow::{Context, Result, bail};
use client::{Client, Offered};
use forwarding::{Forwarding, Offer, RoomOutput};
use rustix::time::{ClockId, clock_gettime};
use salon_core::protocol::{PeerId, TrackSource};
use salon_sfu::{Rank, Source, Want};
use std::{
    collections::HashMap,
    env, io,
    net::{SocketAddr, UdpSocket},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

const WARM_UP: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(60);
/// Datagrams that are handled before what follows from them is sent.
const BATCH: usize = 64;
const PUBLISHER: PeerId = PeerId(0);

/// A participant who wants to connect, and where the answer goes.
type Request =
    (PeerId, SocketAddr, String, Vec<(String, TrackSource, u8)>, mpsc::Sender<Result<String>>);

fn main() -> Result<()> {
    let words: Vec<u64> = env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let [receivers, seconds] = words[..] else { bail!("RECEIVERS SECONDS") };
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let (requests, incoming) = mpsc::channel();
    let measured = Duration::from_secs(seconds);
    let server = thread::spawn(move || serve(&socket, &incoming, receivers, measured));
    let mut clients = Vec::new();
    for number in 0..=receivers {
        let (mut client, offered) = Client::new(number, number == PUBLISHER.0, Instant::now())?;
        let Offered { description, tracks, pending } = offered;
        let (answer, answered) = mpsc::channel();
        requests.send((client.seat, client.address(), description, tracks, answer))?;
        client.accept(&answered.recv()??, pending)?;
        clients.push(client);
    }
    let mut buffer = [0; 2048];
    while !server.is_finished() {
        for client in &mut clients {
            client.turn(Instant::now(), &mut buffer)?;
        }
        thread::sleep(Duration::from_micros(500));
    }
    let received: u64 = clients.iter().map(|client| client.received).sum();
    println!("{}; {received} received", server.join().ok().context("the server has failed")??);
    Ok(())
}

/// The processor time of this thread in seconds.
fn processor() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Forwards until everybody has been connected for a time, and returns what it cost.
fn serve(
    socket: &UdpSocket,
    requests: &mpsc::Receiver<Request>,
    receivers: u64,
    measured: Duration,
) -> Result<String> {
    let own = socket.local_addr()?;
    let begun = Instant::now();
    let mut room = Forwarding::new(begun);
    let mut seats = HashMap::new();
    let (mut up, mut sent) = (0, 0_u64);
    let mut start: Option<(Instant, f64, u64)> = None;
    let mut buffer = [0; 2048];
    loop {
        while let Ok((seat, address, description, tracks, answer)) = requests.try_recv() {
            seats.insert(address, seat);
            let offer = Offer { description: &description, tracks: &tracks, first: 1000 };
            let _ =
                answer.send(room.open(seat, &offer, &[own], Instant::now()).map_err(Into::into));
        }
        receive(socket, &mut buffer, |from, bytes| {
            if let Some(seat) = seats.get(&from) {
                room.receive(*seat, from, own, bytes, Instant::now());
            }
        })?;
        let now = Instant::now();
        room.flush(now);
        while let Some(output) = room.poll() {
            match output {
                RoomOutput::Transmit { to, bytes } => {
                    sent += 1;
                    let _ = socket.send_to(&bytes, to);
                }
                RoomOutput::Up(seat) => {
                    up += 1;
                    let source = Source { seat: PUBLISHER, track: TrackSource::Camera };
                    room.want(seat, vec![Want { source, rank: Rank::Stage, height: 360 }], now);
                }
                RoomOutput::Gone(seat) => bail!("{seat:?} is gone"),
            }
        }
        match start {
            None if up == receivers + 1 => start = Some((now + WARM_UP, 0.0, 0)),
            None if now > begun + TIMEOUT => bail!("{up} of {} are connected", receivers + 1),
            Some((at, 0.0, _)) if now >= at => start = Some((now, processor(), sent)),
            Some((at, before, count)) if before > 0.0 && now >= at + measured => {
                let (used, packets) = (processor() - before, (sent - count) as f64);
                let time = (now - at).as_secs_f64();
                return Ok(format!(
                    "{receivers} receivers: {:.2} µs per packet sent; {:.0} packets a second; {:.0} % of a core",
                    used * 1e6 / packets,
                    packets / time,
                    used * 100.0 / time
                ));
            }
            _ => {}
        }
    }
}

/// Waits up to a millisecond for datagrams, and handles what is there.
fn receive(
    socket: &UdpSocket,
    buffer: &mut [u8],
    mut each: impl FnMut(SocketAddr, &[u8]),
) -> Result<()> {
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(Duration::from_millis(1)))?;
    for count in 0..BATCH {
        match socket.recv_from(buffer) {
            Ok((length, from)) => each(from, &buffer[..length]),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                break;
            }
            Err(error) => return Err(error.into()),
        }
        if count == 0 {
            socket.set_nonblocking(true)?;
        }
    }
    Ok(())
}
