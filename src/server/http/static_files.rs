//! Serves the files of the site.

use super::guard;
use crate::server::site::{Embedded, EmbeddedFile, PKG, Site};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use std::{
    borrow::Cow,
    convert::Infallible,
    future::{Ready, ready},
    io::{self, Cursor, SeekFrom},
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
    time::SystemTime,
};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower::{ServiceExt, service_fn};
use tower_http::services::{
    ServeDir,
    fs::{Backend, DefaultServeDirFallback, File, Metadata},
};

/// Bytes of a file that are read at a time. Every response in progress holds as many.
const CHUNK_BYTES: usize = 16 * 1024;
/// Maximum length of a path, longer than any of the site. File systems reject names over 255 bytes.
const PATH_BYTES: usize = 200;

/// Serves the files, and `pages` for all other paths.
pub(crate) fn service<S: Clone + Send + Sync + 'static>(site: &Site, pages: Router) -> Router<S> {
    match site {
        Site::Folder(folder) if are_compressed_files_current(&folder.join(PKG)) => {
            serve(compressed(ServeDir::new(folder)), pages)
        }
        Site::Folder(folder) => serve(ServeDir::new(folder), pages),
        Site::Embedded(find) => {
            serve(compressed(ServeDir::with_backend("", Carried(*find))), pages)
        }
    }
}

fn serve<S: Clone + Send + Sync + 'static, B: Backend>(
    files: ServeDir<DefaultServeDirFallback, B>,
    pages: Router,
) -> Router<S> {
    let files = files
        .append_index_html_on_directories(false)
        .with_buf_chunk_size(CHUNK_BYTES)
        .fallback(pages.clone());
    Router::new().fallback_service(service_fn(move |request: Request| {
        let (files, pages) = (files.clone(), pages.clone());
        async move {
            Ok::<Response, Infallible>(match request.method() {
                &Method::OPTIONS => guard::options().await,
                &Method::GET | &Method::HEAD if !may_be_file(request.uri().path()) => {
                    pages.oneshot(request).await?
                }
                _ => completed(files.oneshot(as_get(request)).await?.map(Body::new)),
            })
        }
    }))
}

/// The same request for HEAD as for GET, so that a response that is compressed on the way has the same
/// headers for both. The server drops the body.
fn as_get(mut request: Request) -> Request {
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    request
}

/// Adds what `ServeDir` leaves out: a 304 has the same `Vary` as the response that it stands for (RFC 9110,
/// section 15.4.5).
fn completed(mut response: Response) -> Response {
    if response.status() == StatusCode::NOT_MODIFIED {
        let vary = HeaderValue::from_static("accept-encoding");
        response.headers_mut().insert(header::VARY, vary);
    }
    response
}

/// Whether a path may be that of a built file. Other paths do not reach the file system.
fn may_be_file(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let is_page = path == "/" || path.starts_with("/room/");
    !is_page && path.len() <= PATH_BYTES && path.bytes().all(is_plain) && !path.contains("..")
}

/// Serves the files that the build compressed.
fn compressed<F, B: Backend>(files: ServeDir<F, B>) -> ServeDir<F, B> {
    files.precompressed_br().precompressed_gzip()
}

/// Whether no file is newer than its compressed form: a build without compression leaves old compressed
/// files behind.
fn are_compressed_files_current(folder: &Path) -> bool {
    let written = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).all(|path| {
        let is_compressed = path.extension().is_some_and(|end| end == "br" || end == "gz");
        !is_compressed || written(&path) >= written(&path.with_extension(""))
    })
}

/// Lets `ServeDir` read the files embedded in the binary.
#[derive(Clone)]
struct Carried(Embedded);

impl Carried {
    /// Finds a file. `ServeDir` prefixes paths with its directory, `.`.
    fn find(&self, path: &Path) -> io::Result<EmbeddedFile> {
        let path = path.strip_prefix(".").unwrap_or(path);
        let found = path.to_str().and_then(self.0);
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Backend for Carried {
    type File = CarriedFile;
    type Metadata = CarriedMetadata;
    type OpenFuture = Ready<io::Result<CarriedFile>>;
    type MetadataFuture = Ready<io::Result<CarriedMetadata>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        ready(self.find(&path).map(|file| CarriedFile {
            metadata: CarriedMetadata::of(&file),
            data: Cursor::new(file.data),
        }))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        ready(self.find(&path).map(|file| CarriedMetadata::of(&file)))
    }
}

#[derive(Clone, Copy)]
struct CarriedMetadata {
    bytes: usize,
    modified: SystemTime,
}

impl CarriedMetadata {
    fn of(file: &EmbeddedFile) -> Self {
        Self { bytes: file.data.len(), modified: file.modified }
    }
}

impl Metadata for CarriedMetadata {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        Ok(self.modified)
    }

    fn len(&self) -> u64 {
        u64::try_from(self.bytes).unwrap_or(u64::MAX)
    }
}

struct CarriedFile {
    metadata: CarriedMetadata,
    data: Cursor<Cow<'static, [u8]>>,
}

impl File for CarriedFile {
    type Metadata = CarriedMetadata;
    type MetadataFuture<'a> = Ready<io::Result<CarriedMetadata>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.metadata))
    }
}

impl AsyncRead for CarriedFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.data).poll_read(cx, buffer)
    }
}

impl AsyncSeek for CarriedFile {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.data).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.data).poll_complete(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_built_files_are_looked_up() {
        for file in ["/favicon.svg", "/pkg/salon_bg.wasm", "/pkg/a-1/b.C.js.br", "/nowhere"] {
            assert!(may_be_file(file), "{file}");
        }
        let long = format!("/{}", "a".repeat(PATH_BYTES));
        for other in
            ["/", "/room/123", "/a%00b", "/a%2fb", "/../a", "/a/../b", "/a b", "/\u{e4}", &long]
        {
            assert!(!may_be_file(other), "{other}");
        }
    }
}
