//! Delays between attempts.

/// The delay before the next attempt, from the number of failed ones; the last delay repeats.
pub(super) fn backoff(ladder: &[u64], attempts: usize) -> u64 {
    ladder.get(attempts).or(ladder.last()).copied().unwrap_or_default()
}
