//! What can keep the server from running.

use std::{io, net::SocketAddr, path::PathBuf};
use thiserror::Error;

/// Why the server does not run, in a sentence for the operator.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The address belongs to another machine, or another program uses the port.
    #[error("Cannot listen on {address}: {error}. Choose another with --listen or SALON_LISTEN.")]
    Listen {
        /// Where the server was to listen.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The same, for what operators watch.
    #[error(
        "Cannot serve metrics on {address}: {error}. Choose another with --metrics-listen or SALON_METRICS_LISTEN."
    )]
    Metrics {
        /// Where they were to be.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The folder with the built pages is missing or holds no `pkg`.
    #[error(
        "The pages are not built: there is no folder {}. Build them with make release, or say \
         where they are with --static-dir or SALON_STATIC_DIR.", .0.display()
    )]
    NoSite(PathBuf),
    /// What has to outlive the server cannot be kept.
    #[error(
        "Cannot use {}: {error}. Choose another folder with --data-dir or SALON_DATA_DIR.", .path.display()
    )]
    Data {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another server keeps its things in the same folder.
    #[error(
        "Another server uses the data folder {}. End it, or choose another folder with --data-dir or \
         SALON_DATA_DIR.", .0.display()
    )]
    Taken(PathBuf),
    /// There is no folder for what has to outlive the server, and it is needed.
    #[error(
        "There is no folder to keep certificates in. Choose one with --data-dir or SALON_DATA_DIR."
    )]
    NoFolder,
    /// A file does not hold the certificate that it should.
    #[error("Cannot use the certificate in {}: {problem}.", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file does not hold the key of that certificate.
    #[error("Cannot use the key in {}: {problem}.", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The task that owns the rooms failed. Only a new start helps.
    #[error("The server cannot go on: the rooms are lost.")]
    Hub,
    /// The system ended the listening.
    #[error("The server cannot go on: {0}.")]
    Io(#[from] io::Error),
}
