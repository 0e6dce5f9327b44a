//! Why there is no configuration.

/// Why there is no configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoConfig {
    /// `--help` or `--version` was given: the text that was asked for.
    Asked(String),
    /// A value is wrong: a sentence that names the option or the variable.
    Wrong(String),
}
