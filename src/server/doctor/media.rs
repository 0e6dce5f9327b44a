//! Checks of Salon's own STUN and TURN server.

use super::{
    finding::Finding,
    stun::{
        ALLOCATE, Connection, REALM as REALM_ATTRIBUTE, REQUESTED_TRANSPORT, Request, StunError,
    },
    turn::UDP,
};
use crate::server::{
    config::Config,
    media::{Addresses, REALM, SOCKET_BUFFER_BYTES, Sources},
    net::tls::Https,
};
use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};
use tokio::net::{TcpListener, UdpSocket};

const OPTION: &str = "--media-listen (SALON_MEDIA_LISTEN)";
/// The largest receive buffer that programs may have.
const MAX_BUFFER: &str = "/proc/sys/net/core/rmem_max";

/// Checks the port, the addresses and the machine. `is_serving` says whether the server runs.
pub(super) async fn examine(config: &Config, is_serving: bool, mut tell: impl FnMut(Finding)) {
    let listen = config.media.listen;
    tell(if is_serving { answers(listen).await } else { is_free(listen).await });
    let sources = Sources::new(listen.ip(), config.https.names(), &config.media);
    let external = sources.look(&Addresses::default()).await.relay;
    tell(relay(listen, &external));
    if is_serving {
        for address in &external {
            tell(from_outside(SocketAddr::new(*address, listen.port())).await);
        }
    }
    if !external.is_empty() {
        tell(over_tls(&config.https));
    }
    tell(buffers());
}

async fn is_free(listen: SocketAddr) -> Finding {
    let bound = match UdpSocket::bind(listen).await {
        Ok(_) => TcpListener::bind(listen).await.map(drop),
        Err(error) => Err(error),
    };
    let Err(error) = bound else {
        return Finding::fine(format!("{listen} is free for STUN and TURN over UDP and TCP."));
    };
    let fix = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "Stop the program that uses it (see ss -lntup), such as coturn, or choose another address \
             with {OPTION}."
        ),
        _ => format!("Choose an address of this machine with {OPTION}."),
    };
    Finding::problem(format!("Cannot serve STUN and TURN on {listen}: {error}. {fix}"))
}

/// Asks the running server from this machine.
async fn answers(listen: SocketAddr) -> Finding {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    match ask(SocketAddr::new(ip, listen.port())).await {
        Ok(()) => Finding::fine(format!("STUN on {listen} answers over UDP and TCP.")),
        Err((transport, error)) => Finding::problem(format!(
            "STUN on {listen} does not work over {transport}: it {error}. Restart the server, and look \
             for a warning about this address in its log."
        )),
    }
}

/// Asks the running server at an external address, as clients do. Some NATs do not lead back, and a firewall
/// may treat this machine in another way than others.
async fn from_outside(address: SocketAddr) -> Finding {
    let port = address.port();
    let firewall = format!(
        "The firewall has to let others through to port {port} over UDP and TCP: ufw allow {port}, or \
         nft add rule inet filter input meta l4proto {{ tcp, udp }} th dport {port} accept."
    );
    match ask(address).await {
        Ok(()) => Finding::fine(format!("STUN answers this machine at {address}. {firewall}")),
        Err((transport, error)) => Finding::warning(format!(
            "{address} over {transport} {error}, which may be because a NAT does not lead back to this \
             machine. {firewall}"
        )),
    }
}

async fn ask(address: SocketAddr) -> Result<(), (&'static str, StunError)> {
    let udp = async { is_salon(Connection::udp(address).await?).await };
    udp.await.map_err(|error| ("UDP", error))?;
    let tcp = async { is_salon(Connection::tcp(address).await?).await };
    tcp.await.map_err(|error| ("TCP", error))
}

/// Checks that this is Salon's server: another program may use the port.
async fn is_salon(mut connection: Connection) -> Result<(), StunError> {
    connection.binding().await?;
    let request = Request::new(ALLOCATE)?.with(REQUESTED_TRANSPORT, &UDP);
    let answer = connection.ask(&request).await?;
    match answer.get(REALM_ATTRIBUTE) == Some(REALM.as_bytes()) {
        true => Ok(()),
        false => Err(StunError::NotSalon),
    }
}

fn relay(listen: SocketAddr, external: &[IpAddr]) -> Finding {
    let is_local = listen.ip().is_loopback() && !external.iter().all(IpAddr::is_loopback);
    if !external.is_empty() && !is_local {
        let all: Vec<_> = external.iter().map(ToString::to_string).collect();
        return Finding::fine(format!(
            "Calls that cannot connect directly (symmetric NAT, restrictive firewall) are relayed at {}.",
            all.join(" and ")
        ));
    }
    let why = match listen.ip().is_loopback() {
        true => format!("only this machine can reach {listen}. Choose another address with {OPTION}"),
        false => "this machine has no public address. Behind a NAT that forwards its ports, name the \
                  public address with --external-ip (SALON_EXTERNAL_IP); within a company, name its \
                  networks with --relay-allow (SALON_RELAY_ALLOW)"
            .to_owned(),
    };
    Finding::warning(format!(
        "There is no TURN relay, so calls that cannot connect directly have neither sound nor video: {why}."
    ))
}

fn over_tls(https: &Https) -> Finding {
    match https {
        Https::Off => Finding::warning(
            "Networks that allow nothing but HTTPS cannot use the relay, which needs Salon's own HTTPS \
             for that (--acme-domain or SALON_ACME_DOMAIN), without a proxy at port 443. All others \
             use it over UDP and TCP at the port of --media-listen (SALON_MEDIA_LISTEN).",
        ),
        _ => Finding::fine("The relay also works over TLS at the port of the pages."),
    }
}

fn buffers() -> Finding {
    let Some(largest) =
        fs::read_to_string(MAX_BUFFER).ok().and_then(|text| text.trim().parse().ok())
    else {
        return Finding::fine("The size of network buffers is unknown here.");
    };
    let largest: usize = largest;
    let kilobytes = largest / 1024;
    match largest < SOCKET_BUFFER_BYTES {
        true => Finding::warning(format!(
            "Network buffers are limited to {kilobytes} KiB, so bursts of many relayed calls are lost. \
             Raise the limit: sysctl -w net.core.rmem_max={SOCKET_BUFFER_BYTES} \
             net.core.wmem_max={SOCKET_BUFFER_BYTES}, and a file in /etc/sysctl.d with the same lines."
        )),
        false => Finding::fine(format!("Network buffers may have {kilobytes} KiB.")),
    }
}
