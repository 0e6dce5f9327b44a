//! Clap's errors, each as one sentence that names the option and its variable.

use super::args::Args;
use clap::{
    CommandFactory,
    error::{ContextKind, ErrorKind},
};
use std::{error::Error as _, ffi::OsString};

/// Describes why the options are invalid.
pub(super) fn sentence(error: &clap::Error, args: &[OsString]) -> String {
    let named = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let known = with_variable(&named);
    match (error.kind(), error.source()) {
        (ErrorKind::ValueValidation, Some(cause)) => format!("{known}: {cause}."),
        (ErrorKind::InvalidValue, _) if known.starts_with('-') => {
            format!("{known}: a value is missing.")
        }
        (ErrorKind::InvalidUtf8, _) => {
            format!("{}: the value is not valid UTF-8.", with_variable(&not_text(args)))
        }
        (ErrorKind::UnknownArgument, _) => {
            format!("There is no option {named}; salon --help lists them all.")
        }
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            format!("{}; salon --help explains the options.", line.trim_start_matches("error: "))
        }
    }
}

/// Turns `--max-participants <N>` into `--max-participants (SALON_MAX_PARTICIPANTS)`: the value may
/// have come from either.
fn with_variable(named: &str) -> String {
    let option = named.split(['=', ' ']).next().unwrap_or_default();
    let command = Args::command();
    let argument = command.get_arguments().find(|argument| argument.get_long() == option.get(2..));
    match argument.and_then(|argument| argument.get_env()) {
        Some(variable) => format!("{option} ({})", variable.to_string_lossy()),
        None => option.to_owned(),
    }
}

/// Finds the option whose value is not UTF-8, as clap does not name it.
fn not_text(args: &[OsString]) -> String {
    let mut before = "";
    for arg in args {
        match arg.to_str() {
            Some(text) => before = text,
            None if arg.to_string_lossy().starts_with("--") => {
                return arg.to_string_lossy().into_owned();
            }
            None => break,
        }
    }
    before.to_owned()
}
