//! Options for TLS and certificates.

use super::parse::socket_addr;
use crate::server::net::{
    acme::{Acme, LETS_ENCRYPT},
    tls::Https,
};
use clap::Args;
use std::{net::SocketAddr, path::PathBuf};

/// Options for TLS and certificates.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct HttpsArgs {
    /// Serve HTTPS with the certificate chain in this PEM file
    ///
    /// When this file or the key file changes, both are loaded again.
    #[arg(long, env = "SALON_TLS_CERT", hide_env_values = true, value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// PEM file with the private key of the certificate
    #[arg(long, env = "SALON_TLS_KEY", hide_env_values = true, value_name = "FILE")]
    tls_key: Option<PathBuf>,

    /// Serve HTTPS with a Let's Encrypt certificate for this domain; repeatable
    ///
    /// Accepts the terms of service of the certificate authority, which has to reach this server at
    /// port 443 of the domain. In the variable, separate domains with spaces.
    #[arg(long, env = "SALON_ACME_DOMAIN", hide_env_values = true, value_name = "DOMAIN")]
    #[arg(value_parser = domains, verbatim_doc_comment)]
    acme_domain: Vec<Vec<String>>,

    /// E-mail address for messages from the certificate authority
    #[arg(long, env = "SALON_ACME_CONTACT", hide_env_values = true, value_name = "ADDRESS")]
    acme_contact: Option<String>,

    /// ACME directory URL of the certificate authority
    #[arg(long, env = "SALON_ACME_DIRECTORY", hide_env_values = true, value_name = "URL")]
    #[arg(default_value = LETS_ENCRYPT, value_parser = https_url)]
    acme_directory: String,

    /// PEM file with the root certificate of the ACME directory, if it is not publicly trusted
    #[arg(long, env = "SALON_ACME_CA_BUNDLE", hide_env_values = true, value_name = "FILE")]
    acme_ca_bundle: Option<PathBuf>,

    /// Listen address and port that redirects HTTP to HTTPS, such as [::]:80 [default: off]
    #[arg(long, env = "SALON_HTTP_REDIRECT_LISTEN", hide_env_values = true, value_name = "ADDR")]
    #[arg(value_parser = socket_addr)]
    http_redirect_listen: Option<SocketAddr>,
}

impl HttpsArgs {
    /// Returns the source of certificates, and the address that redirects to HTTPS.
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
                return Err(format!("{choice} cannot be used together."));
            }
            (Some(_), None, _) => {
                let needs = "--tls-cert (SALON_TLS_CERT) requires --tls-key (SALON_TLS_KEY).";
                return Err(needs.into());
            }
            (None, Some(_), _) => {
                let needs = "--tls-key (SALON_TLS_KEY) requires --tls-cert (SALON_TLS_CERT).";
                return Err(needs.into());
            }
        };
        if https == Https::Off && self.http_redirect_listen.is_some() {
            let option = "--http-redirect-listen (SALON_HTTP_REDIRECT_LISTEN)";
            return Err(format!("{option} requires HTTPS: add --acme-domain or --tls-cert."));
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
        .ok_or_else(|| format!("{text:?} is not a domain name, such as call.example.org"))
}

fn https_url(text: &str) -> Result<String, String> {
    let is_https = text.parse::<axum::http::Uri>().is_ok() && text.starts_with("https://");
    is_https.then(|| text.to_owned()).ok_or_else(|| format!("{text:?} is not an https URL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_names_not_addresses() {
        for good in ["call.example.org", "Call.Example.ORG", "localhost", "xn--bcher-kva.example"] {
            assert_eq!(domain(good), Ok(good.to_ascii_lowercase()));
        }
        for wrong in ["", ".", "a..b", "call.example.org.", "192.0.2.1", "::1", "a b", "-a.example"]
        {
            assert!(domain(wrong).is_err(), "{wrong}");
        }
    }
}
