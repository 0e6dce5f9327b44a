//! A hidden address is not revealed by any message.

use crate::support::{Client, TestApp};
use serde_json::{Value, json};

/// The private and public addresses of a participant with a hidden address.
const OWN: [&str; 3] = ["192.168.1.17", "203.0.113.7", "2001:db8::17"];
const RELAY: &str = "198.51.100.9";

const DIRECT: [&str; 4] = [
    "candidate:1 1 udp 2122260223 192.168.1.17 54321 typ host generation 0 ufrag kLs1",
    "candidate:2 1 udp 2122197247 2001:db8::17 54322 typ host generation 0 ufrag kLs1",
    "candidate:3 1 tcp 1518280447 192.168.1.17 9 typ host tcptype active",
    "candidate:4 1 udp 1677729535 203.0.113.7 54321 typ srflx raddr 192.168.1.17 rport 54321",
];
const RELAYED: &str =
    "candidate:5 1 udp 41885695 198.51.100.9 49152 typ relay raddr 203.0.113.7 rport 54321";

fn sdp() -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.168.1.17\r\ns=-\r\nt=0 0\r\n\
         m=audio 54321 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 203.0.113.7\r\n\
         a=rtcp:54321 IN IP4 203.0.113.7\r\na={}\r\na=ice-ufrag:kLs1\r\na={RELAYED}\r\n\
         m=video 54321 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP6 2001:db8::17\r\n",
        DIRECT.join("\r\na=")
    )
}

fn candidate(text: &str) -> Value {
    let candidate = json!({"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0});
    json!({"type": "candidate", "candidate": candidate})
}

/// Sends every message that contains an address.
async fn say_all(client: &mut Client) {
    for kind in ["offer", "answer"] {
        client.say(json!({"type": kind, kind: {"type": kind, "sdp": sdp()}})).await;
    }
    for text in DIRECT {
        client.say(candidate(text)).await;
    }
    client.say(candidate(RELAYED)).await;
    client.say(json!({"type": "candidate", "candidate": null})).await;
}

/// Receives them, up to the end of candidates.
async fn hear_all(client: &mut Client) -> Vec<Value> {
    let mut heard = Vec::new();
    loop {
        let message = client.hear().await;
        let is_last = message["candidate"].is_null() && message["type"] == "candidate";
        heard.push(message);
        if is_last {
            return heard;
        }
    }
}

fn expect_no_address(heard: &[Value]) {
    let text = json!(heard).to_string();
    for address in OWN {
        assert!(!text.contains(address), "{text}");
    }
    assert_eq!(heard.len(), 4, "an offer, an answer, one candidate and their end: {text}");
    for (message, kind) in heard.iter().zip(["offer", "answer"]) {
        let sdp = message[kind]["sdp"].as_str().unwrap();
        assert!(sdp.contains(RELAY) && sdp.contains("a=ice-ufrag:kLs1"), "{sdp}");
        assert_eq!(sdp.matches("a=candidate:").count(), 1);
    }
    assert!(heard[2]["candidate"]["candidate"].as_str().unwrap().contains(RELAY));
}

#[tokio::test]
async fn t23_host_and_srflx_candidates_of_hidden_addresses_are_not_forwarded() {
    let app = TestApp::start().await;
    let hidden = json!({"type": "join", "room": "123", "hidden": true});
    // As the caller, and as the callee.
    let mut ada = app.client().await;
    ada.say(hidden.clone()).await;
    ada.expect("joined").await;
    let (mut bob, _) = app.join("123").await;
    ada.expect("ready").await;
    bob.expect("ready").await;
    say_all(&mut ada).await;
    expect_no_address(&hear_all(&mut bob).await);

    // Messages of a participant who does not hide their address are forwarded unchanged.
    say_all(&mut bob).await;
    let heard = hear_all(&mut ada).await;
    assert_eq!(heard.len(), 3 + DIRECT.len() + 1);
    assert_eq!(heard[0]["offer"]["sdp"], sdp());
    assert_eq!(heard[2]["candidate"]["candidate"], DIRECT[0]);
}

#[tokio::test]
async fn rejoining_with_a_hidden_address_hides_it_from_then_on() {
    let app = TestApp::start().await;
    let (mut bob, _) = app.join("123").await;
    let mut ada = app.client().await;
    ada.say(json!({"type": "join", "room": "123", "seat": {}})).await;
    let seat = ada.expect("joined").await["seatToken"].clone();
    bob.expect("ready").await;
    for hidden in [true, false] {
        let mut again = app.client().await;
        let seat = json!({"token": seat, "linked": []});
        again.say(json!({"type": "join", "room": "123", "seat": seat, "hidden": hidden})).await;
        again.expect("joined").await;
        again.expect("ready").await;
        bob.expect("ready").await;
        say_all(&mut again).await;
        let heard = hear_all(&mut bob).await;
        if hidden {
            expect_no_address(&heard);
        } else {
            assert_eq!(heard[0]["offer"]["sdp"], sdp());
        }
        // Stays open until the next connection has taken the seat.
        ada = again;
    }
    drop(ada);
}
