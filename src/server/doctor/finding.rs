//! Findings of the doctor.

use std::{fmt, time::Duration};

/// Timeout for the answer of another program.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No problem.
    Fine,
    /// The server runs, but with a drawback.
    Warning,
    /// The server does not run, or not securely, or calls fail.
    Problem,
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Finding {
    verdict: Verdict,
    /// Sentences: the state and, unless it is fine, how to fix it.
    text: String,
}

impl Finding {
    pub(super) fn fine(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fine, text: text.into() }
    }

    pub(super) fn warning(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, text: text.into() }
    }

    pub(super) fn problem(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Problem, text: text.into() }
    }

    /// Limits the severity.
    pub(super) fn at_most(self, worst: Verdict) -> Self {
        Self { verdict: self.verdict.min(worst), ..self }
    }

    /// The severity.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Fine => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "problem",
        };
        write!(f, "{verdict:<8} {}", self.text)
    }
}
