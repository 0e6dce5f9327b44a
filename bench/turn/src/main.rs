//! Puts load on a TURN server at a loopback address, and prints a line of JSON with what it found:
//!
//!     salon-turn-load relay SERVER PID CREDENTIALS BYTES PACKETS_PER_SECOND BURST SECONDS
//!     salon-turn-load flood SERVER PID one|many
//!
//! PID is the server's process, whose processor time and memory are read. CREDENTIALS are usernames and passwords,
//! all separated by spaces; the clients take turns in using them.

mod client;
mod flood;
mod process;
mod relay;

use anyhow::{Context, Result, bail};
use std::{env, str::FromStr};

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let line = match words[..] {
        ["relay", server, pid, credentials, bytes, rate, burst, seconds] => {
            let plan = relay::Plan {
                bytes: number(bytes)?,
                rate: number(rate)?,
                burst: number(burst)?,
                seconds: number(seconds)?,
            };
            let words: Vec<&str> = credentials.split(' ').collect();
            let (credentials, _) = words.as_chunks();
            relay::run(server.parse()?, number(pid)?, credentials, &plan)?
        }
        ["flood", server, pid, "one"] => flood::run(server.parse()?, number(pid)?, true)?,
        ["flood", server, pid, "many"] => flood::run(server.parse()?, number(pid)?, false)?,
        _ => bail!("see the beginning of src/main.rs for the arguments"),
    };
    println!("{line}");
    Ok(())
}

fn number<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(word: &str) -> Result<T> {
    word.parse().with_context(|| format!("not a number: {word}"))
}
