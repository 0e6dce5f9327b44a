//! Why reading the configuration ended without one.

/// Why reading the configuration ended without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoConfig {
    /// `--help` or `--version` was given; holds the text to print.
    Asked(String),
    /// A value is invalid; holds a sentence that names the option or the variable.
    Wrong(String),
}
