//! Environment variables. All of them are read here, by the same rules: an empty variable counts as not
//! set, and quotes or a carriage return that a shell, a container or an editor left around a value are
//! refused instead of becoming part of it. A variable with a misspelt name causes a warning.

use super::error::NoConfig;
use clap::{Arg, Command};
use std::{
    env,
    ffi::{OsStr, OsString},
};
use strsim::jaro;

/// There is no option for it, as other users of this machine can read options.
pub(super) const SECRET: &str = "SALON_SECRET";
const PREFIX: &str = "SALON_";
/// Those of Salon's own build and test scripts.
const OF_SCRIPTS: [&str; 2] = ["SALON_BIN", "SALON_TOOLS"];
/// Minimum similarity of a name that is suggested instead of another, as for clap's options.
const SIMILAR: f64 = 0.7;
const QUOTES: [char; 2] = ['"', '\''];

/// The value of a variable, if it has one.
///
/// # Errors
/// A sentence that names the variable and leaves out the value, which may be a secret.
pub(super) fn variable(name: &str) -> Result<Option<String>, NoConfig> {
    let value = env::var_os(name).map(text).transpose();
    let wrong = |what| NoConfig::Wrong(format!("{name}: the value {what}."));
    Ok(value.map_err(wrong)?.filter(|text| !text.is_empty()))
}

/// Detaches an option from its variable if the variable is empty.
pub(super) fn without_empty(option: Arg) -> Arg {
    let is_empty = |name: &OsStr| env::var_os(name).is_some_and(|value| value.is_empty());
    match option.get_env().is_some_and(is_empty) {
        true => option.env(None::<&str>),
        false => option,
    }
}

/// Checks the variables of all options.
pub(super) fn check(command: &Command) -> Result<(), NoConfig> {
    let names = command.get_arguments().filter_map(Arg::get_env);
    names.map(OsStr::to_string_lossy).try_for_each(|name| variable(&name).map(|_| ()))
}

/// Warnings about variables that are named as if they were Salon's, but have no effect.
pub(super) fn doubts(command: &Command) -> Vec<String> {
    let options = command.get_arguments().filter_map(Arg::get_env).map(OsStr::to_string_lossy);
    let known: Vec<_> = options.chain([SECRET.into()]).collect();
    let set = env::vars_os().filter(|(_, value)| !value.is_empty());
    set.filter_map(|(name, _)| doubt(&name.to_string_lossy(), &known)).collect()
}

fn doubt(name: &str, known: &[impl AsRef<str>]) -> Option<String> {
    let end = name.strip_prefix(PREFIX)?;
    let known = known.iter().map(AsRef::as_ref);
    if is_link(name) || OF_SCRIPTS.contains(&name) || known.clone().any(|other| other == name) {
        return None;
    }
    let similarity = |other: &&str| jaro(end, other.strip_prefix(PREFIX).unwrap_or(other));
    let closest = known.max_by(|one, two| similarity(one).total_cmp(&similarity(two)));
    Some(match closest.filter(|other| similarity(other) > SIMILAR) {
        Some(other) => format!("{name}: there is no such variable. Did you mean {other}?"),
        None => format!("{name}: there is no such variable; salon --help lists them all."),
    })
}

/// Whether Kubernetes or Docker set the variable, for a service or a container that is called `salon`,
/// or whose name begins with that.
fn is_link(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST") || name.ends_with("_PORT") || name.contains("_PORT_")
}

fn text(value: OsString) -> Result<String, &'static str> {
    let text = value.into_string().map_err(|_| "is not valid UTF-8")?;
    if text.trim_end_matches('\n').ends_with('\r') {
        return Err("ends in a carriage return. Save its file with Unix line endings");
    }
    let is_quoted =
        |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    match QUOTES.into_iter().any(is_quoted) {
        true => Err("is in quotes, which would become part of it. Remove them"),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn misspelt_variables_are_compared_with_those_that_exist() {
        let known = ["SALON_LISTEN", "SALON_MAX_PARTICIPANTS", "SALON_METRICS_LISTEN", SECRET];
        for (name, meant) in [
            ("SALON_LISTENN", "SALON_LISTEN"),
            ("SALON_MAX_PARTICIPANT", "SALON_MAX_PARTICIPANTS"),
            ("SALON_METRICS", "SALON_METRICS_LISTEN"),
            ("SALON_SECRETS", SECRET),
        ] {
            let doubt = doubt(name, &known).unwrap();
            assert!(doubt.starts_with(&format!("{name}: ")), "{doubt}");
            assert!(doubt.ends_with(&format!("Did you mean {meant}?")), "{doubt}");
        }
        let unlike = doubt("SALON_ZZZ", &known).unwrap();
        assert!(!unlike.contains("mean") && unlike.contains("--help"), "{unlike}");
        for good in [
            "SALON_LISTEN",
            "SALON_SECRET",
            "SALON_PORT",
            "SALON_PORT_443_TCP_ADDR",
            "SALON_SERVICE_HOST",
            "SALON_SERVICE_PORT",
            "SALON_SERVICE_PORT_HTTPS",
            "SALON_METRICS_SERVICE_HOST",
            "LISTEN",
            "salon_listen",
        ] {
            assert_eq!(doubt(good, &known), None, "{good}");
        }
    }

    #[test]
    fn quotes_and_carriage_returns_around_values_are_refused() {
        for wrong in ["\"a\"", "'a'", "\"\"", "a\r", "a\r\n", "\r"] {
            assert!(text(wrong.into()).is_err(), "{wrong:?}");
        }
        for good in ["", "a", "a\"", "\"", "it's", "a b", "a\n", "'a\""] {
            assert_eq!(text(good.into()), Ok(good.to_owned()));
        }
        assert!(text(OsString::from_vec(vec![0xff, 0xfe])).is_err());
    }
}
