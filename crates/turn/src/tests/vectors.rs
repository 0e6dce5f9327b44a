//! The test vectors of RFC 5769.

use super::*;

/// Section 2.4: a request with long-term credentials.
#[test]
fn a_signature_with_long_term_credentials() {
    let request = b"\x00\x01\x00\x60\x21\x12\xa4\x42\
        \x78\xad\x34\x33\xc6\xad\x72\xc0\x29\xda\x41\x2e\
        \x00\x06\x00\x12\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9\x00\x00\
        \x00\x15\x00\x1cf//499k954d6OL34oL9FSTvy64sA\
        \x00\x14\x00\x0bexample.org\x00\
        \x00\x08\x00\x14\xf6\x70\x24\x65\x6d\xd6\x4a\x3e\x02\xb8\
        \xe0\x71\x2e\x85\xc9\xa2\x8c\xa8\x96\x66";
    let message = Message::from_bytes(request).unwrap();
    let username = message.attribute::<Username>().unwrap().username().to_owned();
    assert_eq!(username, "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}");
    let key = |password: &str| {
        LongTermKeyCredentials::new(username.clone(), password.into(), "example.org".into())
            .make_key(IntegrityAlgorithm::Sha1)
    };
    assert!(message.validate_integrity_with_key(&key("TheMatrIX")).is_ok());
    assert!(message.validate_integrity_with_key(&key("TheMatrIY")).is_err());
}

/// Sections 2.2 and 2.3: the mapped address in a response.
#[test]
fn addresses_in_binding_responses() {
    let request =
        b"\x00\x01\x00\x00\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae";
    let v4 = b"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";
    let v6 = b"\x00\x20\x00\x14\x00\x02\xa1\x47\
        \x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9";
    for (from, expected) in
        [("192.0.2.1:32853", &v4[..]), ("[2001:db8:1234:5678:11:2233:4455:6677]:32853", &v6[..])]
    {
        let mut server = server();
        let bytes = reply(&send(&mut server, udp(from), request, NOW), udp(from));
        assert_eq!(bytes[MessageHeader::LENGTH..], *expected, "{from}");
    }
}
