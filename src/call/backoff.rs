//! How long to wait before something is tried again.

/// How long to wait before an attempt, after so many that failed; the last rung repeats.
pub(super) fn backoff(ladder: &[u64], attempts: usize) -> u64 {
    ladder.get(attempts).or(ladder.last()).copied().unwrap_or_default()
}
