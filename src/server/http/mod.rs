//! HTTP: the guard of all requests, and the handlers.

pub(super) mod guard;
pub(super) mod health;
mod html;
pub(super) mod metrics_endpoint;
pub(super) mod pages;
pub(super) mod qr;
pub(super) mod redirect;
pub(super) mod render_pool;
pub(super) mod static_files;
pub(super) mod upload_test;
