//! Locates a weak link, from the measurements of both sides.

use crate::protocol::{Grade, PeerId, Reception};

/// The weak link of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeakLink {
    /// There is none.
    #[default]
    None,
    /// Media from this side arrives badly at every other participant, or at the only one.
    MyUpload,
    /// Media from every other participant arrives badly here.
    MyDownload,
    /// Media from this side arrives badly at one participant only.
    Download(PeerId),
    /// Media from one participant only arrives badly here.
    Upload(PeerId),
}

/// The quality between this side and one other participant.
#[derive(Clone, Copy, Debug)]
pub(in crate::call) struct Pair {
    pub(in crate::call) id: PeerId,
    /// The grade received here.
    pub(super) received: Grade,
    /// The grade received there, from their report and the browser's estimate of the send
    /// bandwidth.
    pub(super) sent: Grade,
    /// Their report.
    pub(super) remote_report: Reception,
}

/// The weak link among all pairs of this side. Sent media comes first: only this side can improve
/// it, and its user cannot hear the problem.
pub(in crate::call) fn weak_link(pairs: &[Pair]) -> WeakLink {
    let bad = |grade: Grade| grade < Grade::Good;
    let mut weak_links = pairs.iter().filter(|pair| bad(pair.sent)).map(|pair| {
        let others = best(pairs, pair.id, |pair| pair.sent);
        match is_receiver_weak(others, pair.remote_report.best_received) {
            true => WeakLink::Download(pair.id),
            false => WeakLink::MyUpload,
        }
    });
    let sent = weak_links.next();
    let mut weak_links = pairs.iter().filter(|pair| bad(pair.received)).map(|pair| {
        let others = best(pairs, pair.id, |pair| pair.received);
        match is_receiver_weak(pair.remote_report.best_sent, others) {
            _ if pair.id == PeerId::SERVER => WeakLink::MyDownload,
            true => WeakLink::MyDownload,
            false => WeakLink::Upload(pair.id),
        }
    });
    sent.or_else(|| weak_links.next()).unwrap_or_default()
}

/// The best grade among the other pairs.
pub(super) fn best(pairs: &[Pair], but: PeerId, grade: fn(&Pair) -> Grade) -> Option<Grade> {
    pairs.iter().filter(|pair| pair.id != but).map(grade).max()
}

/// Whether the receiver is the weak side of a pair whose media arrives badly, judged by the grades
/// that both sides have with other participants. Without evidence it is the sender, because most
/// lines have less upload than download.
fn is_receiver_weak(sender_elsewhere: Option<Grade>, receiver_elsewhere: Option<Grade>) -> bool {
    match (sender_elsewhere, receiver_elsewhere) {
        (Some(sender), Some(receiver)) => sender > receiver,
        (Some(sender), None) => sender == Grade::Good,
        (None, Some(receiver)) => receiver < Grade::Good,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Grade::{Good, Poor, Weak};

    fn pair(id: u64, received: Grade, sent: Grade) -> Pair {
        Pair { id: PeerId(id), received, sent, remote_report: Reception::default() }
    }

    fn with(pair: Pair, best_sent: Option<Grade>, best_received: Option<Grade>) -> Pair {
        Pair { remote_report: Reception { best_sent, best_received, ..pair.remote_report }, ..pair }
    }

    #[test]
    fn the_weak_link_names_the_weak_side() {
        for (pairs, expected) in [
            (vec![], WeakLink::None),
            (vec![pair(1, Good, Good)], WeakLink::None),
            (vec![pair(1, Good, Weak)], WeakLink::MyUpload),
            (vec![pair(1, Poor, Good)], WeakLink::Upload(PeerId(1))),
            (vec![pair(1, Poor, Poor)], WeakLink::MyUpload),
            (vec![pair(1, Good, Weak), pair(2, Good, Weak)], WeakLink::MyUpload),
            (vec![pair(1, Good, Weak), pair(2, Good, Good)], WeakLink::Download(PeerId(1))),
            (vec![pair(1, Weak, Good), pair(2, Weak, Good)], WeakLink::MyDownload),
            (vec![pair(1, Weak, Good), pair(2, Good, Good)], WeakLink::Upload(PeerId(1))),
            (
                vec![with(pair(1, Weak, Good), Some(Good), None), pair(2, Weak, Good)],
                WeakLink::MyDownload,
            ),
            (
                vec![with(pair(1, Weak, Good), Some(Weak), None), pair(2, Good, Good)],
                WeakLink::Upload(PeerId(1)),
            ),
            (vec![with(pair(1, Good, Weak), None, Some(Poor))], WeakLink::Download(PeerId(1))),
            (vec![with(pair(1, Good, Weak), None, Some(Good))], WeakLink::MyUpload),
        ] {
            assert_eq!(weak_link(&pairs), expected, "{pairs:?}");
        }
    }
}
