use super::*;
use crate::protocol::SdpType;
use proptest::prelude::*;

/// As Chromium 156 and Firefox 153 write them, and the expected result.
const DIRECT: [&str; 10] = [
    "candidate:1873062391 1 udp 2122260223 192.168.1.17 54321 typ host generation 0 ufrag kLs1 network-id 1 network-cost 10",
    "candidate:1873062391 1 udp 2122260223 3ab5b0b6-2d0b-4b0c-9f8a-6ef0a8d7c9d1.local 54321 typ host generation 0 ufrag kLs1 network-cost 999",
    "candidate:3482711044 1 udp 2122197247 2001:db8::17 54322 typ host generation 0 ufrag kLs1 network-id 2",
    "candidate:842163049 1 udp 1677729535 203.0.113.7 54321 typ srflx raddr 192.168.1.17 rport 54321 generation 0 ufrag kLs1",
    "candidate:842163049 1 udp 1677729535 203.0.113.7 54321 typ prflx raddr 192.168.1.17 rport 54321",
    "candidate:344579997 1 tcp 1518280447 192.168.1.17 9 typ host tcptype active generation 0 ufrag kLs1",
    "candidate:0 1 UDP 2122252543 192.168.1.17 37641 typ host",
    "candidate:2 1 TCP 2105524479 192.168.1.17 9 typ host tcptype active",
    "candidate:1 1 UDP 1686052863 203.0.113.7 37641 typ srflx raddr 192.168.1.17 rport 37641",
    "candidate:0 1 UDP 2122252543 7f1c6f3a-24b2-4f0e-8f6b-3f7b6a4f3b12.local 37641 typ host",
];

const RELAYED: [(&str, &str); 4] = [
    (
        "candidate:2157334355 1 udp 41885695 198.51.100.9 49152 typ relay raddr 203.0.113.7 rport 54321 generation 0 ufrag kLs1 network-id 1 network-cost 10",
        "candidate:2157334355 1 udp 41885695 198.51.100.9 49152 typ relay raddr 0.0.0.0 rport 9 generation 0 ufrag kLs1",
    ),
    (
        "candidate:3 1 UDP 92217087 198.51.100.9 49153 typ relay raddr 198.51.100.9 rport 49153",
        "candidate:3 1 UDP 92217087 198.51.100.9 49153 typ relay raddr 0.0.0.0 rport 9",
    ),
    (
        "candidate:7 1 udp 25108223 2001:db8:ffff::9 49154 typ relay raddr 2001:db8::17 rport 54322 generation 0",
        "candidate:7 1 udp 25108223 2001:db8:ffff::9 49154 typ relay raddr :: rport 9 generation 0",
    ),
    (
        "candidate:9 1 tcp 8331263 198.51.100.9 49155 typ relay raddr 10.0.0.7 rport 9 tcptype passive",
        "candidate:9 1 tcp 8331263 198.51.100.9 49155 typ relay raddr 0.0.0.0 rport 9 tcptype passive",
    ),
];

const UNREADABLE: [&str; 9] = [
    "candidate:",
    "candidate:1 1 udp 1 198.51.100.9 49152 typ",
    "candidate:1 1 udp 1 relay.example.org 49152 typ relay",
    "candidate:1 1 udp 1 198.51.100.9 65536 typ relay",
    "candidate:1 1 udp -1 198.51.100.9 49152 typ relay",
    "candidate:192.168.1.17 1 udp 1 198.51.100.9 49152 typ relay",
    "candidate:1 1 udp:192.168.1.17 1 198.51.100.9 49152 typ relay",
    "a=candidate:1 1 udp 1 198.51.100.9 49152 typ relay",
    "192.168.1.17",
];

fn passed_on(text: &str) -> Option<String> {
    let candidate = IceCandidate { candidate: text.to_owned(), ..IceCandidate::default() };
    match strip_addresses(Signal::Candidate(Some(candidate)))? {
        Signal::Candidate(Some(candidate)) => Some(candidate.candidate),
        other => panic!("not a candidate: {other:?}"),
    }
}

#[test]
fn only_relay_candidates_are_forwarded_without_client_addresses() {
    for direct in DIRECT {
        assert_eq!(passed_on(direct), None, "{direct}");
    }
    for (before, after) in RELAYED {
        assert_eq!(passed_on(before).as_deref(), Some(after));
        assert_eq!(passed_on(after).as_deref(), Some(after));
    }
    for unreadable in UNREADABLE {
        assert_eq!(passed_on(unreadable), None, "{unreadable}");
    }
    let smuggled =
        "candidate:1 1 udp 1 198.51.100.9 1 typ relay x-local 192.168.1.17 ufrag 192.168.1.17";
    assert_eq!(
        passed_on(smuggled).as_deref(),
        Some("candidate:1 1 udp 1 198.51.100.9 1 typ relay raddr 0.0.0.0 rport 9")
    );
}

#[test]
fn the_end_of_candidates_is_forwarded() {
    assert_eq!(strip_addresses(Signal::Candidate(None)), Some(Signal::Candidate(None)));
    assert_eq!(passed_on("").as_deref(), Some(""));
}

#[test]
fn a_description_keeps_everything_but_addresses() {
    let (relayed, cleaned) = RELAYED[0];
    let before = format!(
        "v=0\r\n\
         o=ada 4611731400430051336 2 IN IP4 192.168.1.17\r\n\
         s=-\r\n\
         t=0 0\r\n\
         a=group:BUNDLE 0 1\r\n\
         m=audio 54321 UDP/TLS/RTP/SAVPF 111 63\r\n\
         c=IN IP4 203.0.113.7\r\n\
         a=rtcp:54321 IN IP4 203.0.113.7\r\n\
         a={}\r\n\
         a={}\r\n\
         a={relayed}\r\n\
         a=ice-ufrag:kLs1\r\n\
         a=fingerprint:sha-256 D2:B9:31:8F:DF:24:D8:0E\r\n\
         a=rtcp-mux\r\n\
         m=video 0 UDP/TLS/RTP/SAVPF 96\r\n\
         c=IN IP6 2001:db8::17\r\n\
         a=remote-candidates:1 192.168.1.18 4000\r\n\
         a=end-of-candidates\r\n",
        DIRECT[0], DIRECT[3]
    );
    let after = format!(
        "v=0\r\n\
         o=- 4611731400430051336 2 IN IP4 0.0.0.0\r\n\
         s=-\r\n\
         t=0 0\r\n\
         a=group:BUNDLE 0 1\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n\
         c=IN IP4 0.0.0.0\r\n\
         a=rtcp:9 IN IP4 0.0.0.0\r\n\
         a={cleaned}\r\n\
         a=ice-ufrag:kLs1\r\n\
         a=fingerprint:sha-256 D2:B9:31:8F:DF:24:D8:0E\r\n\
         a=rtcp-mux\r\n\
         m=video 0 UDP/TLS/RTP/SAVPF 96\r\n\
         c=IN IP4 0.0.0.0\r\n\
         a=end-of-candidates\r\n"
    );
    let description = |kind, sdp: &str| SessionDescription::new(kind, sdp);
    for (given, expected) in [(&before, &after), (&after, &after)] {
        let offer = Signal::Offer(description(SdpType::Offer, given));
        assert_eq!(
            strip_addresses(offer),
            Some(Signal::Offer(description(SdpType::Offer, expected)))
        );
        let answer = Signal::Answer(description(SdpType::Answer, given));
        assert_eq!(
            strip_addresses(answer),
            Some(Signal::Answer(description(SdpType::Answer, expected)))
        );
    }
}

#[test]
fn no_spelling_of_a_line_reveals_an_address() {
    for line in [
        "a=Candidate:1 1 udp 1 192.168.1.17 1 typ host",
        "a= candidate:1 1 udp 1 192.168.1.17 1 typ host",
        "a=\tcandidate:1 1 udp 1 192.168.1.17 1 typ host",
        "a=:candidate:1 1 udp 1 192.168.1.17 1 typ host",
        "s=-\ra=candidate:1 1 udp 1 192.168.1.17 1 typ host",
        "s=-\na=candidate:1 1 udp 1 192.168.1.17 1 typ host",
        " a=candidate:1 1 udp 1 192.168.1.17 1 typ host",
        "C=IN IP4 192.168.1.17",
        "c=IN IP4 192.168.1.17/127",
        "a=RTCP:9 IN IP4 192.168.1.17",
        "o=192.168.1.17",
        "192.168.1.17",
    ] {
        let sdp = without_addresses(&format!("v=0\r\n{line}\r\nt=0 0\r\n"));
        assert!(!sdp.contains("192.168.1.17"), "{line:?} became {sdp:?}");
        assert!(sdp.starts_with("v=0\r\n") && sdp.ends_with("t=0 0\r\n"), "{sdp:?}");
    }
}

proptest! {
    #[test]
    fn stripping_addresses_is_idempotent(
        text in "(candidate:)?[a-z0-9.: ]{0,60}(typ (relay|host))?[a-z0-9.: ]{0,40}",
        sdp in "([a-z]=[ -~]{0,30}[\r\n]{1,2}){0,8}",
    ) {
        if let Some(once) = passed_on(&text) {
            prop_assert_eq!(passed_on(&once), Some(once));
        }
        let once = without_addresses(&sdp);
        prop_assert_eq!(without_addresses(&once), once);
    }
}
