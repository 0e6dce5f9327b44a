//! Requests: what each of them passes, and what is answered.

pub(super) mod guard;
pub(super) mod health;
mod html;
pub(super) mod metrics_endpoint;
pub(super) mod pages;
pub(super) mod qr;
pub(super) mod redirect;
pub(super) mod static_files;
pub(super) mod upload_test;
pub(super) mod workshop;
