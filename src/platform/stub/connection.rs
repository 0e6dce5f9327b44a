//! Peer connections.

use super::{Screen, Stream, Track};
use crate::{
    call::{PeerCommand, PeerConfig, PeerInput},
    diagnostics::{CheckEvent, StatsSnapshot, Throughput},
    platform::{Kind, PerKind, PerSource},
    protocol::{IceServer, PeerId, Role, TrackOf},
};

/// See the browser's `PeerConnection`.
pub struct PeerConnection;

#[allow(clippy::needless_pass_by_value, reason = "as in the browser")]
impl PeerConnection {
    pub fn open(
        _: PeerId,
        _: Role,
        _: &PeerConfig,
        _: PerKind<Track>,
        _: Option<Screen>,
        _: impl Fn(PeerInput) + 'static,
    ) -> Option<Self> {
        None
    }
    pub fn streams(&self) -> PerSource<Stream> {
        PerSource::default()
    }
    pub fn forwarded_streams(&self) -> Vec<(PeerId, PerSource<Stream>)> {
        Vec::new()
    }
    pub fn forget_streams(&self, _: &dyn Fn(PeerId) -> bool) {}
    pub fn assign_slots(&self, _: &[Option<TrackOf>], _: &[Option<TrackOf>]) {}
    pub fn set_screen(&self, _: Option<&Screen>) {}
    pub fn read(&self) {}
    pub fn stats(&self, _: PeerId) -> Option<StatsSnapshot> {
        None
    }
    pub fn configure(&self, _: &PeerConfig) {}
    pub fn levels(&self, _: PeerId) -> Vec<(PeerId, f64)> {
        Vec::new()
    }
    pub fn set_track(&self, _: Kind, _: Option<&Track>) {}
    pub fn send_text(&self, _: &str) {}
    pub fn send_envelope(&self, _: PeerId, _: &str) {}
    pub fn send_bytes(&self, _: &[Vec<u8>]) {}
    pub fn close_channels(&self) {}
    pub fn run(&self, _: PeerCommand) {}
}

/// See the browser's `ServerProbe`.
pub struct ServerProbe;

impl ServerProbe {
    pub fn start(_: Option<&IceServer>, _: bool, _: impl Fn(CheckEvent) + 'static) -> Option<Self> {
        None
    }
}

pub fn prepare_connection(_: impl FnOnce(bool) + 'static) {}
pub async fn measure_relay(_: &IceServer) -> Option<Throughput> {
    None
}
