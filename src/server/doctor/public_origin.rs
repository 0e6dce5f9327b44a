//! Opens a WebSocket at the public origin, as browsers do: a proxy that drops a header still serves the
//! pages, but breaks every call.

use super::{
    finding::{ANSWER_TIMEOUT, Finding},
    insecure_tls::over_tls,
};
use crate::server::net::origin::WebOrigin;
use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// Maximum size of a response in bytes.
const LONGEST: u64 = 4096;

/// The response to the upgrade request.
struct Answer {
    status: u16,
    /// First line of the body, which is the error message of the server.
    sentence: String,
}

/// Opens a WebSocket like a page of this origin.
pub(super) async fn examine(origin: &WebOrigin) -> Finding {
    let name = origin.brief();
    match timeout(ANSWER_TIMEOUT, ask(origin)).await {
        Ok(Ok(answer)) => finding(&name, &answer),
        Ok(Err(error)) => unreachable(&name, &error.to_string()),
        Err(_) => unreachable(&name, "no answer within 2 seconds"),
    }
}

fn unreachable(origin: &str, problem: &str) -> Finding {
    Finding::problem(format!(
        "{origin} cannot be reached: {problem}. Check that the name resolves to this machine, that \
         the proxy runs, and that no firewall blocks it."
    ))
}

fn finding(origin: &str, Answer { status, sentence }: &Answer) -> Finding {
    let fix = match status {
        101 => return Finding::fine(format!("{origin} accepts WebSockets from its pages.")),
        400 | 403 => {
            "Make the proxy pass on the Host header (nginx: proxy_set_header Host $http_host; \
             Apache: ProxyPreserveHost On), or add this origin to --allow-origin \
             (SALON_ALLOW_ORIGIN)."
        }
        426 => {
            "Make the proxy pass on WebSockets: HTTP/1.1 with the headers Upgrade and Connection \
             (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
             proxy_set_header Connection upgrade)."
        }
        429 => "Try again in a minute.",
        500..=599 => {
            "Check that the server runs, and that the proxy forwards to its listen address."
        }
        _ => "Check that the proxy forwards to this server without changing paths.",
    };
    let said = if sentence.is_empty() { String::new() } else { format!(" ({sentence})") };
    Finding::problem(format!("{origin} refuses WebSockets: status {status}{said}. {fix}"))
}

async fn ask(origin: &WebOrigin) -> io::Result<Answer> {
    let stream = TcpStream::connect((origin.bare_host(), origin.port())).await?;
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\nConnection: Upgrade\r\nUpgrade: \
         websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2Fsb24gZG9jdG9yICAgIQ==\r\n\r\n",
        origin.authority(),
        origin.brief()
    );
    match origin.is_secure() {
        true => answer(over_tls(stream, origin.bare_host()).await?, &request).await,
        false => answer(stream, &request).await,
    }
}

/// Reads the status and, for an error, the first line of the body.
async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> io::Result<Answer> {
    stream.write_all(request.as_bytes()).await?;
    let mut lines = BufReader::new(stream.take(LONGEST)).lines();
    let status = lines.next_line().await?.unwrap_or_default();
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("the response is not HTTP"))?;
    let mut length = 0;
    while let Some(line) = lines.next_line().await?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    let mut sentence = vec![0; usize::try_from(LONGEST.min(length)).unwrap_or_default()];
    if status != 101 {
        lines.get_mut().read_exact(&mut sentence).await?;
    }
    let sentence = String::from_utf8_lossy(&sentence);
    let is_sentence = |line: &&str| !line.starts_with('<');
    let sentence = sentence.lines().next().filter(is_sentence).unwrap_or_default();
    Ok(Answer { status, sentence: sentence.trim_end_matches('.').to_owned() })
}
