//! How str0m is set up for a participant.

use super::talk::MESSAGE_BYTES;
use std::time::Instant;
use str0m::{
    Rtc,
    bwe::Bitrate,
    channel::{ChannelConfig, ChannelId},
};

/// The bandwidth that is assumed at first.
const FIRST_BANDWIDTH: Bitrate = Bitrate::kbps(1000);
/// The bandwidth up to which the estimate looks for more: a large video and many small ones. Without it, the estimate
/// would not exceed what is sent.
const WANTED_BANDWIDTH: Bitrate = Bitrate::mbps(4);
/// The stream of the data channel, which both sides know without negotiation (RFC 8832, section 4).
const CHANNEL: u16 = 0;
/// Bytes of messages that may wait for a participant.
const WAITING_BYTES: usize = 256 * 1024;
/// With no more than this number of bytes waiting, what was not taken is sent again.
pub(super) const FEW_BYTES: usize = WAITING_BYTES / 4;

/// A lite agent (RFC 8445, section 2.5) for packets of Opus and VP8, and its data channel, which stays closed if the
/// offer has no section for it.
pub(super) fn lite_agent(now: Instant) -> (Rtc, ChannelId) {
    let mut rtc = Rtc::builder()
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .set_ice_lite(true)
        .set_rtp_mode(true)
        .set_stats_interval(None)
        .enable_bwe(Some(FIRST_BANDWIDTH))
        .set_sctp_max_buffered_amount(WAITING_BYTES)
        .set_sctp_max_message_size(u32::try_from(MESSAGE_BYTES).unwrap_or(u32::MAX))
        .build(now);
    rtc.bwe().set_bitrate(Bitrate::ZERO, WANTED_BANDWIDTH);
    let channel = rtc.direct_api().create_data_channel(ChannelConfig {
        label: "salon".to_owned(),
        negotiated: Some(CHANNEL),
        ..ChannelConfig::default()
    });
    (rtc, channel)
}
