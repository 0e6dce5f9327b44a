//! Handling of signals.

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};
use std::{
    io,
    sync::{Arc, atomic::AtomicBool},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Offset of the exit status after a signal (POSIX shells).
const ENDED_BY: i32 = 128;

/// The signals that the program handles.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Installs the handlers. From now on a second SIGTERM or SIGINT exits immediately; SIGUSR1 and
    /// SIGUSR2 are ignored.
    ///
    /// # Errors
    /// A handler cannot be installed.
    pub fn take() -> io::Result<Self> {
        let told = Arc::new(AtomicBool::new(false));
        for number in [SIGTERM, SIGINT] {
            // In this order, the first signal only sets the flag. Neither handler needs a running task.
            flag::register_conditional_shutdown(number, ENDED_BY + number, told.clone())?;
            flag::register(number, told.clone())?;
        }
        for unused in [SignalKind::user_defined1(), SignalKind::user_defined2()] {
            // The handler stays installed.
            drop(signal(unused)?);
        }
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for SIGTERM or SIGINT. Until then, calls `hung_up` for each SIGHUP.
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
