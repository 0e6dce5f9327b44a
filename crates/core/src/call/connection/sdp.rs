//! Parses session descriptions (RFC 8866), and rewrites those of the other side.

use crate::protocol::Mid;
use std::collections::BTreeSet;

/// Initial bit rate of video in kbit/s, before the browser has estimated the bandwidth. Browsers
/// built on libwebrtc start with 300 by default and then probe for more, which fails if either
/// machine is busy: a page of small text then takes seconds. Above about 1,100, slower networks are
/// overloaded.
const START: &str = "x-google-start-bitrate=1000";

/// Prefix of the parameters that set bit rates in these browsers.
const RATES: &str = "x-google-";

/// Video payload formats that are not codecs (RFC 4588, 2198, 5109, 8627).
const NO_CODECS: [&str; 4] = ["rtx", "red", "ulpfec", "flexfec-03"];

/// Whether an answer accepts data channels (RFC 8841, section 5.1).
#[must_use]
pub fn has_channels(sdp: &str) -> bool {
    let is_open = |line: &str| line.starts_with("m=application ") && !line.contains(" 0 ");
    lines(sdp).any(is_open)
}

/// A media section for audio or video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) mid: Mid,
    pub(super) is_audio: bool,
    /// Whether it is rejected (RFC 3264, section 6).
    pub(super) is_rejected: bool,
}

/// The audio and video sections that have a `mid`, in their order.
pub(super) fn sections(sdp: &str) -> Vec<Section> {
    let lines: Vec<&str> = lines(sdp).collect();
    let sections = lines.chunk_by(|_, next| !next.starts_with("m="));
    sections.filter_map(section).collect()
}

fn section(lines: &[&str]) -> Option<Section> {
    let mut fields = lines.first()?.strip_prefix("m=")?.split(' ');
    let is_audio = match fields.next()? {
        "audio" => true,
        "video" => false,
        _ => return None,
    };
    let mid = lines.iter().find_map(|line| line.strip_prefix("a=mid:"))?;
    // The port of a bundle-only section is 0 as well (RFC 8843, section 6).
    let is_bundled = lines.contains(&"a=bundle-only");
    let is_rejected = fields.next()? == "0" && !is_bundled;
    Some(Section { mid: mid.trim().to_owned().try_into().ok()?, is_audio, is_rejected })
}

/// A remote description as it is passed to the browser. The initial bit rate is added to the first
/// video section only: a connection has a single rate, and would restart if it appeared in a later
/// section or disappeared. Rates set by the other side are removed, because they could make this
/// side flood its network.
#[must_use]
pub fn accept(sdp: &str) -> String {
    let mut written = String::with_capacity(sdp.len() + 1024);
    let mut write = |line: &str| {
        written.push_str(line);
        written.push_str("\r\n");
    };
    let lines: Vec<&str> = lines(sdp).collect();
    let sections: Vec<&[&str]> = lines.chunk_by(|_, next| !next.starts_with("m=")).collect();
    let is_of_pictures =
        |section: &&[&str]| section.iter().any(|line| line.starts_with("m=video "));
    let first = sections.iter().position(is_of_pictures);
    for (index, section) in sections.into_iter().enumerate() {
        let begins = Some(index) == first;
        let codecs: BTreeSet<&str> =
            section.iter().filter_map(|line| codec(line)).filter(|_| begins).collect();
        let described: BTreeSet<&str> =
            section.iter().filter_map(|line| Some(format(line)?.0)).collect();
        for line in section {
            if let Some((payload, parameters)) = format(line) {
                let start = codecs.contains(payload).then_some(START);
                let parameters: Vec<&str> = parameters.chain(start).collect();
                if !parameters.is_empty() {
                    write(&format!("a=fmtp:{payload} {}", parameters.join(";")));
                }
                continue;
            }
            write(line);
            let bare = codec(line).filter(|payload| !described.contains(payload));
            if let Some(payload) = bare.filter(|payload| codecs.contains(payload)) {
                write(&format!("a=fmtp:{payload} {START}"));
            }
        }
    }
    written
}

/// Some parsers accept either character as the end of a line.
pub(super) fn lines(sdp: &str) -> impl Iterator<Item = &str> {
    sdp.split(['\r', '\n']).filter(|line| !line.is_empty())
}

/// The payload type of a codec (RFC 8866, section 6.6).
fn codec(line: &str) -> Option<&str> {
    let (payload, codec) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
    let name = codec.split('/').next()?.to_ascii_lowercase();
    (!NO_CODECS.contains(&name.as_str())).then_some(payload)
}

/// The payload type and the format parameters of a codec (RFC 8866, section 6.15), without rates.
fn format(line: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let (payload, parameters) = line.strip_prefix("a=fmtp:")?.split_once(' ')?;
    let is_rate = |parameter: &&str| parameter.to_ascii_lowercase().starts_with(RATES);
    let parameters = parameters.split(';').map(str::trim);
    Some((payload, parameters.filter(move |one| !one.is_empty() && !is_rate(one))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\n\
        a=group:BUNDLE 0 1 2\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111 9\r\n\
        a=rtpmap:111 opus/48000/2\r\n\
        a=rtcp-fb:111 transport-cc\r\n\
        a=fmtp:111 minptime=10;useinbandfec=1\r\n\
        a=rtpmap:9 G722/8000\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99\r\n\
        a=rtpmap:96 VP8/90000\r\n\
        a=rtpmap:97 rtx/90000\r\n\
        a=fmtp:97 apt=96\r\n\
        a=rtpmap:98 VP9/90000\r\n\
        a=fmtp:98 profile-id=0\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\
        a=sctp-port:5000\r\n";

    #[test]
    fn every_codec_of_the_first_video_section_gets_our_start_bitrate() {
        let expected = OFFER
            .replace("VP8/90000\r\n", "VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1000\r\n")
            .replace("profile-id=0", "profile-id=0;x-google-start-bitrate=1000");
        assert_eq!(accept(OFFER), expected);
        assert_eq!(accept(&expected), expected);
        let (_, screen) = OFFER.split_once("m=video").unwrap();
        assert_eq!(
            accept(&format!("{OFFER}m=video{screen}")),
            format!("{expected}m=video{screen}")
        );
    }

    #[test]
    fn bitrates_of_the_other_side_are_removed() {
        let theirs = "profile-id=0; X-Google-Min-Bitrate=90000;x-google-start-bitrate=90000";
        let greedy = OFFER
            .replace("profile-id=0", theirs)
            .replace("useinbandfec=1", "useinbandfec=1;x-google-min-bitrate=90000")
            .replace("VP8/90000\r\n", "VP8/90000\r\na=fmtp:96 x-google-max-bitrate=1\r\n");
        assert_eq!(accept(&greedy), accept(OFFER));
    }

    #[test]
    fn media_sections_are_listed_in_order() {
        let sdp = "v=0\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\n\
            m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:b\r\n\
            m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:c\r\n\
            m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\na=mid:d\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 96\r\n";
        let found: Vec<_> = sections(sdp)
            .into_iter()
            .map(|section| (String::from(section.mid), section.is_audio, section.is_rejected))
            .collect();
        let named = |mid: &str, is_audio, is_rejected| (mid.to_owned(), is_audio, is_rejected);
        let expected = [named("a", true, false), named("c", false, true), named("d", false, false)];
        assert_eq!(found, expected);
    }

    #[test]
    fn data_channel_sections_are_found_unless_rejected() {
        assert!(has_channels(OFFER));
        assert!(!has_channels(&OFFER.replace("m=application 9", "m=application 0")));
        assert!(!has_channels("v=0\r\n"));
    }
}
