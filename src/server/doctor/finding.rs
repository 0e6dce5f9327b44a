//! What the doctor says.

use std::{fmt, time::Duration};

/// How long another program may take to say what it is.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// The server runs, but something will be missed.
    Warning,
    /// The server does not run, or not safely, or calls will fail.
    Problem,
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Finding {
    verdict: Verdict,
    /// Sentences: what is the case and, unless it is fine, what to do.
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

    /// The same, no worse than this.
    pub(super) fn at_most(self, worst: Verdict) -> Self {
        Self { verdict: self.verdict.min(worst), ..self }
    }

    /// How bad it is.
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
