//! A message of the chat, and the chat as shown.

use crate::protocol::{ChatMessage, ChatText, DisplayName, PeerId, json::object};
use std::{sync::Arc, time::Duration};

/// One message of the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
pub struct Message {
    /// Who said it.
    pub author: PeerId,
    /// Grows with everything that the author says.
    pub number: u64,
    /// Its place among all messages; the same place belongs to the lower author first.
    pub order: u64,
    /// Who delivered it: its author, unless they were absent.
    pub source: PeerId,
    /// When it was said, since the Unix epoch, by the clock of this device.
    pub at: Duration,
    /// What the author was called.
    pub name: DisplayName,
    /// What they said.
    pub text: ChatText,
}

object!(Message { author, number, order, source, at, name, text });

impl Message {
    /// Whether it was passed on by someone other than its author.
    #[must_use]
    pub fn is_hearsay(&self) -> bool {
        self.author != self.source
    }

    /// As it is sent at `now`.
    pub(super) fn on_its_way(&self, now: Duration) -> ChatMessage {
        let age = now.saturating_sub(self.at).as_millis();
        ChatMessage {
            author: self.author,
            number: self.number,
            order: self.order,
            age: u64::try_from(age).unwrap_or(u64::MAX),
            name: self.name.clone(),
            text: self.text.clone(),
        }
    }
}

/// The chat as shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatView {
    /// This person's id; it may have been another one before.
    pub me: Option<PeerId>,
    /// Everything, in its order.
    pub messages: Arc<Vec<Message>>,
    /// How many messages of others came since the page was loaded.
    pub received: usize,
    /// The number of this person's last message that each other person has got.
    pub acked: Vec<(PeerId, u64)>,
}

impl ChatView {
    /// Whether this person said it, as far as is known.
    #[must_use]
    pub fn is_own(&self, message: &Message) -> bool {
        Some(message.author) == self.me
    }

    /// The people who have not received this message.
    pub fn lacking(&self, number: u64) -> impl Iterator<Item = PeerId> {
        self.acked.iter().filter(move |(_, acked)| *acked < number).map(|(id, _)| *id)
    }

    /// How many of the others have not got one of this person's messages.
    #[must_use]
    pub fn missing(&self, number: u64) -> usize {
        self.lacking(number).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::json::{
        self,
        tests::{
            any::{id, name, text},
            check,
        },
    };
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_stored_message_is_read_again(
            (author, source) in (id(), id()),
            ([number, order, secs], nanos) in (any::<[u64; 3]>(), 0..1_000_000_000_u32),
            (name, text) in (name(), text()),
        ) {
            let (at, text) = (Duration::new(secs, nanos), text.as_str().into());
            check(&Message { author, number, order, source, at, name, text });
        }
    }

    #[test]
    fn a_stored_time_that_is_too_large_is_refused() {
        let time = |secs: u64, nanos: u64| {
            json::from_str::<Duration>(&format!(r#"{{"secs":{secs},"nanos":{nanos}}}"#))
        };
        assert_eq!(time(1, 2_000_000_000), Some(Duration::from_secs(3)));
        assert_eq!(time(u64::MAX, 1_000_000_000), None);
        assert_eq!(time(1, 1 << 32), None);
    }
}
