//! The real server on its own port, and real clients.
//!
//! No test sleeps: each wait ends with its event, and fails after [`support::PATIENCE`].

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on is to fail, and one that cannot begin says why"
)]

mod attacks;
mod doctor;
mod hidden;
mod hostile;
mod hosts;
mod http;
mod https;
mod leaving;
mod limits;
mod logs;
mod metrics;
mod origins;
mod pages;
mod passcodes;
mod program;
mod relay;
mod seats;
mod shutdown;
mod signalling;
mod speed;
mod stored_rooms;
mod support;
mod suspension;
mod turn;
