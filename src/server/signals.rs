//! What signals do to the program.

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use std::{
    io,
    sync::{Arc, atomic::AtomicBool},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a program adds to the number of the signal that ended it (POSIX shells).
const ENDED_BY: i32 = 128;

/// The signals that the program acts on.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From now on none of them ends the program before its calls are closed, except a second SIGTERM
    /// or SIGINT, which ends it where it stands. SIGUSR1 and SIGUSR2 do nothing.
    ///
    /// # Errors
    /// The system takes no handler.
    pub fn take() -> io::Result<Self> {
        let told = Arc::new(AtomicBool::new(false));
        for number in [SIGTERM, SIGINT] {
            // In this order: the first one only sets the flag. Both work also if no task does.
            flag::register_conditional_shutdown(number, ENDED_BY + number, told.clone())?;
            flag::register(number, told.clone())?;
        }
        for unused in [SignalKind::user_defined1(), SignalKind::user_defined2()] {
            // The handler stays.
            drop(signal(unused)?);
        }
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when the program is told to end. Until then, SIGHUP is passed on.
    pub async fn end(mut self, mut hung_up: impl FnMut()) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                Some(()) = self.hang_up.recv() => hung_up(),
            }
        }
    }
}
