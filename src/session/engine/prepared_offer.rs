//! An offer that is made while this person waits alone, so that it is there when somebody comes.

use crate::{
    call::{Intent, PeerCommand, PeerConfig, PeerInput},
    platform::{Kind, PeerConnection, PerKind, Screen, Track},
    protocol::{Role, is_relay},
};
use std::{cell::RefCell, rc::Rc};

/// A connection with an offer that nobody has received.
pub(super) struct PreparedOffer {
    peer: PeerConnection,
    config: PeerConfig,
    events: Rc<RefCell<Events>>,
}

/// The events of a connection, or what they are reported to.
enum Events {
    Kept(Vec<PeerInput>),
    Reported(Rc<dyn Fn(PeerInput)>),
}

impl PreparedOffer {
    /// Makes an offer and gathers its candidates; `None` where that would reveal an address to a server
    /// against the person's wish, or occupy a relay for nobody.
    pub(super) fn new(
        config: &PeerConfig,
        tracks: PerKind<Track>,
        screen: Option<Screen>,
    ) -> Option<Self> {
        if config.hidden || config.ice_servers.iter().any(|server| is_relay(&server.urls)) {
            return None;
        }
        let events = Rc::new(RefCell::new(Events::Kept(Vec::new())));
        let handler = {
            let events = events.clone();
            move |input| {
                let report = match &mut *events.borrow_mut() {
                    Events::Kept(kept) => return kept.push(input),
                    Events::Reported(report) => report.clone(),
                };
                report(input);
            }
        };
        let peer = PeerConnection::open(Role::Caller, config, tracks, screen, handler)?;
        peer.run(PeerCommand::SetLocal(Intent::Offer));
        Some(Self { peer, config: config.clone(), events })
    }

    /// Replaces the track of this kind.
    pub(super) fn set_track(&self, kind: Kind, track: Option<&Track>) {
        self.peer.set_track(kind, track);
    }

    /// Hands over the connection, and what has come of its offer; what happens later is reported. `None`
    /// if the configuration differs, or the offer is not made yet.
    pub(super) fn hand_over(
        self,
        config: &PeerConfig,
        report: impl Fn(PeerInput) + 'static,
    ) -> Option<(PeerConnection, Vec<PeerInput>)> {
        let is_offer =
            |input: &PeerInput| matches!(input, PeerInput::LocalDone(Intent::Offer, Some(_), _));
        let is_made = match &*self.events.borrow() {
            Events::Kept(kept) => kept.iter().any(is_offer),
            Events::Reported(_) => false,
        };
        if !is_made || self.config != *config {
            return None;
        }
        let kept = match self.events.replace(Events::Reported(Rc::new(report))) {
            Events::Kept(kept) => kept,
            Events::Reported(_) => Vec::new(),
        };
        // That has led to this offer.
        let is_news = |input: &PeerInput| !matches!(input, PeerInput::NegotiationNeeded);
        Some((self.peer, kept.into_iter().filter(is_news).collect()))
    }
}
