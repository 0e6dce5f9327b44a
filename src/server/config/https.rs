//! The options that say whether the server speaks TLS, and with whose certificate.

use super::parse::socket_addr;
use crate::server::net::{
    acme::{Acme, LETS_ENCRYPT},
    tls::Https,
};
use clap::Args;
use std::{net::SocketAddr, path::PathBuf};

/// What the options say of https.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct HttpsArgs {
    /// Serve over https with this certificate: a PEM file of it and what leads to its authority
    ///
    /// When this file or that of the key changes, both are read again.
    #[arg(long, env = "SALON_TLS_CERT", hide_env_values = true, value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The key of that certificate, a PEM file
    #[arg(long, env = "SALON_TLS_KEY", hide_env_values = true, value_name = "FILE")]
    tls_key: Option<PathBuf>,

    /// Serve over https with a certificate for this name, from Let's Encrypt; again for more names
    ///
    /// Agrees to the authority's terms of service. It has to reach this server under the name, at
    /// port 443. In the variable, white space separates the names.
    #[arg(long, env = "SALON_ACME_DOMAIN", hide_env_values = true, value_name = "DOMAIN")]
    #[arg(value_parser = domains, verbatim_doc_comment)]
    acme_domain: Vec<Vec<String>>,

    /// An e-mail address to which the authority may write
    #[arg(long, env = "SALON_ACME_CONTACT", hide_env_values = true, value_name = "ADDRESS")]
    acme_contact: Option<String>,

    /// The ACME directory of another authority
    #[arg(long, env = "SALON_ACME_DIRECTORY", hide_env_values = true, value_name = "URL")]
    #[arg(default_value = LETS_ENCRYPT, value_parser = https_url)]
    acme_directory: String,

    /// By whom that directory's own certificate is signed, if not by a public authority: a PEM file
    #[arg(long, env = "SALON_ACME_CA_BUNDLE", hide_env_values = true, value_name = "FILE")]
    acme_ca_bundle: Option<PathBuf>,

    /// Where to lead from plain http to https, such as [::]:80
    #[arg(long, env = "SALON_HTTP_REDIRECT_LISTEN", hide_env_values = true, value_name = "ADDR")]
    #[arg(value_parser = socket_addr)]
    http_redirect_listen: Option<SocketAddr>,
}

impl HttpsArgs {
    /// Where certificates come from, and where to lead from.
    pub(super) fn read(self) -> Result<(Https, Option<SocketAddr>), String> {
        let domains: Vec<_> = self.acme_domain.into_iter().flatten().collect();
        let https = match (self.tls_cert, self.tls_key, domains.is_empty()) {
            (None, None, true) => Https::Off,
            (None, None, false) => Https::Acme(Acme {
                domains,
                contact: self.acme_contact,
                directory: self.acme_directory,
                authority: self.acme_ca_bundle,
            }),
            (Some(certificate), Some(key), true) => Https::Files { certificate, key },
            (Some(_), Some(_), false) => {
                let choice = "--tls-cert (SALON_TLS_CERT) and --acme-domain (SALON_ACME_DOMAIN)";
                return Err(format!("{choice} exclude each other."));
            }
            (Some(_), None, _) => {
                return Err("--tls-cert (SALON_TLS_CERT) needs --tls-key (SALON_TLS_KEY).".into());
            }
            (None, Some(_), _) => {
                return Err("--tls-key (SALON_TLS_KEY) needs --tls-cert (SALON_TLS_CERT).".into());
            }
        };
        if https == Https::Off && self.http_redirect_listen.is_some() {
            let nothing = "--http-redirect-listen (SALON_HTTP_REDIRECT_LISTEN) needs --acme-domain or --tls-cert";
            return Err(format!("{nothing}: there is no https to lead to."));
        }
        Ok((https, self.http_redirect_listen))
    }
}

fn domains(text: &str) -> Result<Vec<String>, String> {
    text.split_whitespace().map(domain).collect()
}

/// RFC 1123, section 2.1.
fn domain(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(is_inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_domain = text.len() <= 253
        && text.split('.').all(is_label)
        && !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_domain
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| format!("{text:?} is no name of a server, such as call.example.org"))
}

fn https_url(text: &str) -> Result<String, String> {
    let is_https = text.parse::<axum::http::Uri>().is_ok() && text.starts_with("https://");
    is_https.then(|| text.to_owned()).ok_or_else(|| format!("{text:?} is no https address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_names_and_not_addresses() {
        for good in ["call.example.org", "Call.Example.ORG", "localhost", "xn--bcher-kva.example"] {
            assert_eq!(domain(good), Ok(good.to_ascii_lowercase()));
        }
        for wrong in ["", ".", "a..b", "call.example.org.", "192.0.2.1", "::1", "a b", "-a.example"]
        {
            assert!(domain(wrong).is_err(), "{wrong}");
        }
    }
}
