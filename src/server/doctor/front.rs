//! The server as people's browsers reach it, through whatever stands in front: a proxy that leaves
//! out a header leaves every page alive and every call dead.

use super::{
    finding::{ANSWER_WITHIN, Finding},
    insecure_tls::over_tls,
};
use crate::server::net::origin::WebOrigin;
use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// No answer that says something is longer.
const LONGEST: u64 = 4096;

/// What came back.
struct Answer {
    status: u16,
    /// The first line of the body, which is the server's sentence where it refuses.
    sentence: String,
}

/// Opens a socket as a page of this origin does.
pub(super) async fn examine(origin: &WebOrigin) -> Finding {
    let name = origin.brief();
    match timeout(ANSWER_WITHIN, ask(origin)).await {
        Ok(Ok(answer)) => finding(&name, &answer),
        Ok(Err(error)) => unreachable(&name, &error.to_string()),
        Err(_) => unreachable(&name, "no answer within 2 seconds"),
    }
}

fn unreachable(origin: &str, problem: &str) -> Finding {
    Finding::problem(format!(
        "{origin} cannot be reached: {problem}. See that the name leads to this machine, that the \
         proxy runs, and that no firewall is between."
    ))
}

fn finding(origin: &str, Answer { status, sentence }: &Answer) -> Finding {
    let fix = match status {
        101 => return Finding::fine(format!("{origin} opens call sockets for its pages.")),
        400 | 403 => {
            "Let the proxy pass on the Host header (nginx: proxy_set_header Host $http_host; \
             Apache: ProxyPreserveHost On), or name this origin with --allow-origin \
             (SALON_ALLOW_ORIGIN)."
        }
        426 => {
            "Let the proxy pass on WebSockets: HTTP/1.1 with the headers Upgrade and Connection \
             (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
             proxy_set_header Connection upgrade)."
        }
        429 => "Ask again in a minute.",
        500..=599 => "See that the server runs, and that the proxy leads to where it listens.",
        _ => "See that the proxy leads to this server, with every path as it is.",
    };
    let said = if sentence.is_empty() { String::new() } else { format!(" ({sentence})") };
    Finding::problem(format!("{origin} opens no call socket: status {status}{said}. {fix}"))
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

/// Reads the status, and of a refusal the first line of its body, whose end need not come.
async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> io::Result<Answer> {
    stream.write_all(request.as_bytes()).await?;
    let mut lines = BufReader::new(stream.take(LONGEST)).lines();
    let status = lines.next_line().await?.unwrap_or_default();
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("it answers something that is not HTTP"))?;
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
