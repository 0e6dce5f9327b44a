//! Errors that prevent the server from running.

use std::{io, net::SocketAddr, path::PathBuf};
use thiserror::Error;

/// Why the server does not run. Displayed as a sentence for the operator.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The address belongs to another machine, or another program uses the port.
    #[error(
        "Cannot listen on {address}: {error}. Choose another address with --listen or SALON_LISTEN."
    )]
    Listen {
        /// The listen address.
        address: SocketAddr,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The same, for the metrics.
    #[error(
        "Cannot serve metrics on {address}: {error}. Choose another address with --metrics-listen \
         or SALON_METRICS_LISTEN."
    )]
    Metrics {
        /// The listen address.
        address: SocketAddr,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The same, for STUN and TURN.
    #[error(
        "Cannot serve STUN and TURN on {address}: {error}. Choose another address with \
         --media-listen or SALON_MEDIA_LISTEN."
    )]
    Media {
        /// The listen address.
        address: SocketAddr,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The directory of the built pages is missing or has no `pkg`.
    #[error(
        "The pages are not built: there is no directory {}. Build them with make release, or set \
         their directory with --static-dir or SALON_STATIC_DIR.", .0.display()
    )]
    NoSite(PathBuf),
    /// A file of the data directory cannot be used.
    #[error(
        "Cannot use {}: {error}. Choose another directory with --data-dir or SALON_DATA_DIR.",
        .path.display()
    )]
    Data {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// Another server uses the same data directory.
    #[error(
        "Another server uses the data directory {}. Stop it, or choose another directory with \
         --data-dir or SALON_DATA_DIR.", .0.display()
    )]
    Taken(PathBuf),
    /// ACME needs a data directory, and there is none.
    #[error(
        "There is no directory for certificates. Choose one with --data-dir or SALON_DATA_DIR."
    )]
    NoDataDir,
    /// A certificate file cannot be used.
    #[error("Cannot use the certificate in {}: {problem}.", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A private key file cannot be used.
    #[error("Cannot use the key in {}: {problem}.", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The task that owns the rooms failed. The server has to be restarted.
    #[error("Internal error: the task that owns the rooms failed.")]
    Hub,
    /// The thread of STUN and TURN failed. The server has to be restarted.
    #[error("Internal error: the thread of STUN and TURN failed.")]
    MediaPlane,
    /// An error of the operating system.
    #[error("The server cannot run: {0}.")]
    Io(#[from] io::Error),
}
