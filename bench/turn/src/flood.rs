//! Requests of people who have proven nothing: what the server keeps for each, and how much it answers.

use crate::{client::first_request, process};
use anyhow::Result;
use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

const REQUESTS: u32 = 100_000;
/// Fill what the server has once, however many requests come.
const WARM_UP: u32 = 20_000;
const PER_SECOND: f64 = 10_000.0;
const PACE: Duration = Duration::from_millis(1);
/// A later answer is not counted.
const PATIENCE: Duration = Duration::from_millis(300);

/// An address at which nobody else sends: inside one network, or each request from another network, until all
/// networks have had their turn.
fn source(number: u32, is_one_network: bool) -> SocketAddr {
    let [.., a, b] = number.to_be_bytes();
    let ip = match is_one_network {
        true => Ipv4Addr::new(127, 9, 9, 1 + b % 250),
        false => Ipv4Addr::new(127, 16 + a % 224, b, 1),
    };
    // Any free port.
    SocketAddr::from((ip, 0))
}

#[derive(Default)]
struct Traffic {
    asked: usize,
    answers: usize,
    answered: usize,
}

/// Sends requests, each from a socket of its own.
fn send(
    server: SocketAddr,
    numbers: std::ops::Range<u32>,
    is_one_network: bool,
) -> Result<Traffic> {
    let mut traffic = Traffic::default();
    let mut open: VecDeque<(Instant, UdpSocket)> = VecDeque::new();
    let mut buffer = [0; 2048];
    let mut close = |open: &mut VecDeque<(Instant, UdpSocket)>, traffic: &mut Traffic| {
        while let Some((_, socket)) = open.pop_front_if(|(sent, _)| sent.elapsed() > PATIENCE) {
            while let Ok(length) = socket.recv(&mut buffer) {
                traffic.answers += 1;
                traffic.answered += length;
            }
        }
    };
    let start = Instant::now();
    let mut done = numbers.start;
    while done < numbers.end {
        let due = numbers.start + (start.elapsed().as_secs_f64() * PER_SECOND) as u32;
        while done < due.min(numbers.end) {
            let socket = UdpSocket::bind(source(done, is_one_network))?;
            socket.set_nonblocking(true)?;
            let request = first_request();
            match socket.send_to(&request, server) {
                Ok(length) => traffic.asked += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
            open.push_back((Instant::now(), socket));
            done += 1;
        }
        close(&mut open, &mut traffic);
        thread::sleep(PACE);
    }
    while !open.is_empty() {
        thread::sleep(PACE);
        close(&mut open, &mut traffic);
    }
    Ok(traffic)
}

pub fn run(server: SocketAddr, pid: u32, is_one_network: bool) -> Result<String> {
    let is_server = |address: SocketAddr| address.port() == server.port();
    send(server, 0..WARM_UP, is_one_network)?;
    let (memory, dropped) = (process::resident(pid)?, process::drops(is_server)?);
    let cpu = process::cpu(pid)?;
    let traffic = send(server, WARM_UP..WARM_UP + REQUESTS, is_one_network)?;
    let cpu = process::cpu(pid)? - cpu;
    let grown = process::resident(pid)? as f64 - memory as f64;
    let dropped = process::drops(is_server)? - dropped;
    let handled = f64::from(REQUESTS) - dropped as f64;
    Ok(format!(
        "{{\"state\":{:.1},\"amplification\":{:.3},\"answers\":{},\"request\":{:.1},\"answer\":{:.1},\
         \"dropped\":{dropped},\"cpu\":{:.2}}}",
        grown / handled,
        traffic.answered as f64 / traffic.asked as f64,
        traffic.answers,
        traffic.asked as f64 / f64::from(REQUESTS),
        traffic.answered as f64 / traffic.answers.max(1) as f64,
        cpu * 1e6 / handled,
    ))
}
