//! Pages, their files, and the links between them.

use crate::support::{Folder, Reply, SCRIPT, TestApp, site};
use salon::{
    protocol::RoomName,
    server::{EmbeddedFile, Site},
};
use std::{
    fs,
    io::Write,
    time::{Duration, SystemTime},
};

#[tokio::test]
async fn a_page_says_what_it_may_load() {
    let app = TestApp::start().await;
    for path in ["/", "/room/123"] {
        guards_itself(&app, path).await;
    }
}

async fn guards_itself(app: &TestApp, path: &str) {
    let page = app.http(&format!("GET {path}"), &[]).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");

    let policy = page.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(nonce.len() >= 22, "{policy}");
    assert!(page.body.contains(&format!("nonce=\"{nonce}\"")), "{}", page.body);
    let scripts = format!("script-src 'self' 'nonce-{nonce}'");
    for part in [
        "default-src 'none'",
        &scripts,
        "style-src 'self'",
        "connect-src 'self';",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    for all in ["unsafe-inline", "'unsafe-eval'", "*"] {
        assert!(!policy.contains(all), "{policy}");
    }

    let again = app.http(&format!("GET {path}"), &[]).await;
    assert!(!again.header("content-security-policy").contains(nonce), "a nonce was used twice");
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let app = TestApp::start().await;
    for line in
        ["GET /", "GET /pkg/salon.js", "GET /healthz", "GET /nowhere", "POST /new", "GET /ws"]
    {
        let reply = app.http(line, &[]).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{line}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{line}");
        assert!(reply.header("permissions-policy").contains("camera=(self)"), "{line}");
        assert_ne!(reply.header("cache-control"), "", "{line}");
    }
}

#[tokio::test]
async fn pages_are_isolated_from_other_windows() {
    let app = TestApp::start().await;
    let page = app.http("GET /", &[("Sec-Fetch-Dest", "document")]).await;
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    let plain = app.http("GET /", &[]).await;
    assert_eq!(plain.header("cross-origin-opener-policy"), "", "this browser would complain");
}

#[tokio::test]
async fn only_listed_origins_can_embed_a_call() {
    let listed = ["https://a.example.org", "http://b.example.org:8080"];
    let frames = listed.map(|origin| origin.parse().unwrap()).to_vec();
    let app = TestApp::start_with(|config| config.frame_ancestors = frames).await;
    let page = app.http("GET /room/123", &[]).await;
    let policy = page.header("content-security-policy");
    let ancestors = "frame-ancestors https://a.example.org:443 http://b.example.org:8080";
    assert!(policy.ends_with(ancestors), "{policy}");
}

#[tokio::test]
async fn live_reload_is_allowed_only_in_development() {
    let app = TestApp::start_with(|config| config.reload_port = Some(3001)).await;
    let page = app.http("GET /", &[]).await;
    let policy = page.header("content-security-policy");
    let connect = "connect-src 'self' ws://127.0.0.1:3001 ws://localhost:3001;";
    assert!(policy.contains(connect), "{policy}");
}

#[tokio::test]
async fn each_url_has_its_status() {
    let app = TestApp::start().await;
    for (line, status) in [
        ("GET /", 200),
        ("HEAD /", 200),
        ("GET /room/123", 200),
        ("GET /healthz", 200),
        ("GET /robots.txt", 200),
        ("GET /nowhere", 404),
        ("GET /pkg", 404),
        ("GET /pkg/nothing.js", 404),
        ("GET /pkg/../Cargo.toml", 404),
        ("GET /pkg/..%2f..%2fCargo.toml", 404),
        ("GET /room/two%20words", 404),
        ("GET /room/%3Cscript%3E", 404),
        ("GET /room/two%20words/qr.svg", 404),
        ("GET /room/%ff/qr.svg", 404),
        ("GET /room/", 404),
        ("GET /new", 405),
        ("POST /", 405),
    ] {
        let reply = app.http(line, &[]).await;
        assert_eq!(reply.status, status, "{line}");
        let is_page = !line.ends_with(".svg") && !line.ends_with("nothing.js");
        if status == 404 && is_page {
            assert!(reply.header("content-type").starts_with("text/html"), "{line}");
            assert!(reply.header("content-security-policy").contains("nonce-"), "{line}");
        }
    }
    assert_eq!(app.http("GET /healthz", &[]).await.body, "ok");
    assert_eq!(Reply::of(app.addr, "GET /healthz", &[]).await.status, 200);
    assert_eq!(Reply::of(app.addr, "GET /", &[]).await.status, 400);
}

#[tokio::test]
async fn each_new_room_has_a_different_name() {
    let app = TestApp::start().await;
    let mut names = Vec::new();
    for _ in 0..2 {
        let reply = app.http("POST /new", &[]).await;
        assert_eq!(reply.status, 303);
        let (path, key) = reply.header("location").split_once("#host=").unwrap();
        assert_eq!(key.len(), 22, "128 bits");
        let name = path.strip_prefix("/room/").unwrap().to_owned();
        assert_eq!(name.split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5, 5]);
        assert_eq!(name.parse::<RoomName>().unwrap().as_str(), name);
        names.push(name);
    }
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn typed_names_and_links_lead_to_their_room() {
    let app = TestApp::start().await;
    let own = app.addr.to_string().replace(':', "%3A");
    for (query, location) in [
        ("?room=Stand-Up", "/room/stand-up"),
        (&format!("?room=http%3A%2F%2F{own}%2Froom%2F123%23k"), "/room/123"),
        (&format!("?room=%3C{own}%2Froom%2F123%23invite%3Da-_b%3E."), "/room/123#invite=a-_b"),
        ("?room=https%3A%2F%2Fcall.example.org%2Froom%2F123%23k", "/?problem=elsewhere"),
        ("?room=Two+W%C3%B6rds", "/room/two-woerds"),
        ("?room=%2F%2Fevil.example", "/?problem=elsewhere"),
        (&format!("?room=http%3A%2F%2F{own}%2F"), "/?problem=here"),
        ("?room=a%0D%0Ab", "/room/a-b"),
        ("?room=a%0D%0A%3A", "/room/a"),
        ("?room=%E4%BC%9A", "/?problem=bad-name"),
        (&format!("?room={}", "a".repeat(65)), "/?problem=long-name"),
        ("?room=", "/?problem=bad-name"),
        ("?room=a&room=b", "/?problem=bad-name"),
        ("", "/?problem=bad-name"),
    ] {
        let reply = app.http(&format!("GET /go{query}"), &[]).await;
        assert_eq!((reply.status, reply.header("location")), (303, location), "{query}");
    }
}

#[tokio::test]
async fn a_room_has_one_canonical_url() {
    let app = TestApp::start().await;
    for (path, location) in [
        ("/room/Standup", "/room/standup"),
        ("/room/standup/", "/room/standup"),
        ("/room/STANDUP?from=mail", "/room/standup?from=mail"),
        ("/room/standup).", "/room/standup"),
        ("/room/standup%E2%80%8B", "/room/standup"),
        ("/room/standup%23invite%3Da-_b", "/room/standup#invite=a-_b"),
    ] {
        let reply = app.http(&format!("GET {path}"), &[]).await;
        assert_eq!((reply.status, reply.header("location")), (308, location), "{path}");
    }
}

#[tokio::test]
async fn the_home_page_explains_invalid_input_without_repeating_it() {
    let app = TestApp::start().await;
    for (problem, sentence) in [
        ("bad-name", "That is not a room name"),
        ("long-name", "at most 64 characters"),
        ("elsewhere", "That link leads to another server."),
        ("here", "That link leads to this server, but not to a room."),
        ("https://evil.example", ""),
    ] {
        let page = app.http(&format!("GET /?problem={problem}"), &[]).await;
        assert!(text_of(&page.body).contains(sentence), "{}", page.body);
        assert!(!page.body.contains("evil"), "{}", page.body);
    }
}

/// The text of a page as shown without styles and scripts.
fn text_of(page: &str) -> String {
    let body = page.split_once("<body").unwrap().1;
    body.split('<').filter_map(|tag| Some(tag.split_once('>')?.1)).collect()
}

#[tokio::test]
async fn without_scripts_no_failure_is_shown() {
    let app = TestApp::start().await;
    for path in ["/", "/room/123"] {
        let page = app.http(&format!("GET {path}"), &[]).await;
        let text = text_of(&page.body);
        assert!(text.contains("Salon") || text.contains("123"), "{text}");
        for words in ["went wrong", "has not started", "Reload", "could not be loaded"] {
            assert!(!text.contains(words), "{words}: {text}");
            // Its texts are in attributes.
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn a_page_knows_the_length_of_its_path() {
    let app = TestApp::start().await;
    for (path, depth) in [("/", Some("0")), ("/room/123", Some("2")), ("/a/b/c", None)] {
        let page = app.http(&format!("GET {path}"), &[]).await.body;
        let told = page.split_once("data-depth=\"").and_then(|(_, rest)| rest.split_once('"'));
        assert_eq!(told.map(|(depth, _)| depth), depth, "{path}");
    }
}

#[tokio::test]
async fn a_room_has_a_qr_code() {
    let app = TestApp::start().await;
    let picture = app.http("GET /room/123/qr.svg", &[]).await;
    assert_eq!(picture.status, 200);
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    assert_eq!(picture.header("cache-control"), "no-store");
    assert!(picture.body.contains("<svg") && picture.body.contains("#111"), "{}", picture.body);

    // It contains the origin of the request.
    let proxied = [("X-Forwarded-Proto", "https")];
    assert_ne!(app.http("GET /room/123/qr.svg", &proxied).await.body, picture.body);
    assert_eq!(app.http("GET /room/123/qr.svg", &[]).await.body, picture.body);
    assert_eq!(Reply::of(app.addr, "GET /room/123/qr.svg", &[]).await.status, 400);
}

#[tokio::test]
async fn files_are_compressed_and_revalidated() {
    let app = TestApp::start().await;
    let script = app.http("GET /pkg/salon.js", &[]).await;
    assert_eq!(script.body, SCRIPT);
    assert_eq!(script.header("cache-control"), "no-cache");
    let modified = script.header("last-modified");
    let unchanged = app.http("GET /pkg/salon.js", &[("If-Modified-Since", modified)]).await;
    assert_eq!(unchanged.status, 304);
    for name in ["cache-control", "etag", "last-modified", "vary"] {
        assert_eq!(unchanged.header(name), script.header(name), "{name}");
    }
    assert!(script.header("vary").contains("accept-encoding"), "a proxy must not mix them up");

    let accept = [("Accept-Encoding", "gzip, br")];
    let built = app.http("GET /pkg/salon.js", &accept).await;
    assert_eq!(built.header("content-encoding"), "br");
    assert_eq!(built.body, "as if compressed");
    for (line, encoding) in
        [("GET /pkg/salon.css", "br"), ("GET /", "br"), ("GET /pkg/salon.wasm", "")]
    {
        assert_eq!(app.http(line, &accept).await.header("content-encoding"), encoding, "{line}");
    }
    let wasm = app.http("GET /pkg/salon.wasm", &[]).await;
    assert_eq!(wasm.header("content-type"), "application/wasm");
}

/// Writes the files of a packed build, as `scripts/pack.mjs` names them.
fn pack(site: &Folder, build: &str) {
    let _ = fs::create_dir(site.path("pkg"));
    for (stem, end) in [
        ("salon", "js"),
        ("salon", "wasm"),
        ("salon", "css"),
        ("call", "css"),
        ("parts", "js"),
        ("start", "js"),
        ("recorder", "js"),
        ("favicon", "svg"),
    ] {
        let path = site.path(&format!("pkg/{stem}.{build}.{end}"));
        fs::write(&path, format!("{stem} of {build}")).unwrap();
        fs::write(format!("{path}.br"), "as if compressed").unwrap();
    }
    fs::write(site.path("pkg/build.txt"), build).unwrap();
}

/// The paths of the files that a page names.
fn files_in(page: &str) -> Vec<&str> {
    let is_file = |text: &&str| text.starts_with("/pkg/") || text.ends_with(".js");
    page.split(['"', '\'']).filter(is_file).collect()
}

const OLD: &str = "00112233445566aa";
const NEW: &str = "ffeeddccbbaa0099";

#[tokio::test]
async fn files_of_a_packed_build_are_kept_for_ever() {
    let site = Folder::new();
    pack(&site, OLD);
    let folder = Site::Folder(site.root().into());
    let app = TestApp::start_with(|config| config.site = folder).await;
    for page in ["/", "/room/123", "/nowhere"] {
        let page = app.http(&format!("GET {page}"), &[]).await;
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.body.contains(&format!("data-build=\"{OLD}\"")), "{}", page.body);
        let files = files_in(&page.body);
        assert_eq!(files.len(), 10, "eight, two of them twice: {files:?}");
        for file in files {
            assert!(file.contains(OLD), "{file}");
            let accept = ("Accept-Encoding", "br");
            let reply = app.http(&format!("GET {file}"), &[accept]).await;
            assert_eq!((reply.status, &reply.body[..]), (200, "as if compressed"), "{file}");
            let known = ("If-None-Match", reply.header("etag"));
            let part = ("Range", "bytes=0-3");
            for (line, headers, status) in [
                ("GET", &[accept][..], 200),
                ("HEAD", &[accept], 200),
                ("GET", &[accept, known], 304),
                ("GET", &[part], 206),
            ] {
                let reply = app.http(&format!("{line} {file}"), headers).await;
                assert_eq!(reply.status, status, "{line} {file}");
                let kept = "public, max-age=31536000, immutable";
                assert_eq!(reply.header("cache-control"), kept, "{line} {file}");
            }
        }
    }
    let build = app.http("GET /pkg/build.txt", &[]).await;
    assert_eq!((build.header("cache-control"), &build.body[..]), ("no-cache", OLD));
}

#[tokio::test]
async fn two_builds_share_no_file_and_a_missing_one_is_no_page() {
    let site = Folder::new();
    pack(&site, OLD);
    let folder = Site::Folder(site.root().into());
    let app = TestApp::start_with(|config| config.site = folder).await;
    let old = app.http("GET /", &[]).await;
    fs::remove_dir_all(site.path("pkg")).unwrap();
    pack(&site, NEW);
    let new = app.http("GET /", &[]).await;
    let (old, new) = (files_in(&old.body), files_in(&new.body));
    assert!(new.iter().all(|file| file.contains(NEW) && !old.contains(file)), "{new:?}");
    for file in old {
        for method in ["GET", "HEAD"] {
            let reply = app.http(&format!("{method} {file}"), &[]).await;
            assert_eq!((reply.status, reply.header("cache-control")), (404, "no-store"), "{file}");
            assert!(reply.header("content-type").starts_with("text/plain"), "{file}");
        }
    }
}

#[tokio::test]
async fn pages_of_a_development_build_name_its_files() {
    let app = TestApp::start().await;
    let page = app.http("GET /", &[]).await;
    assert!(!page.body.contains("data-build"), "{}", page.body);
    assert!(!page.body.contains("call.css"), "its style sheet is whole: {}", page.body);
    for file in ["/pkg/salon.js", "/pkg/salon.wasm", "/pkg/salon.css", "/start.js", "/recorder.js"]
    {
        assert!(files_in(&page.body).contains(&file), "{file}: {}", page.body);
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let app = TestApp::start().await;
    let names = [
        "accept-ranges",
        "cache-control",
        "content-encoding",
        "content-type",
        "etag",
        "last-modified",
        "vary",
        "x-robots-tag",
    ];
    for path in [
        "/",
        "/room/123",
        "/nowhere",
        "/room/123/qr.svg",
        "/robots.txt",
        "/pkg/salon.js",
        "/pkg/salon.css",
        "/pkg/salon.wasm",
        "/healthz",
    ] {
        for encoding in ["identity", "gzip, br"] {
            let headers = [("Accept-Encoding", encoding)];
            let expected = app.http(&format!("GET {path}"), &headers).await;
            let reply = app.http(&format!("HEAD {path}"), &headers).await;
            assert_eq!((reply.status, &reply.body[..]), (expected.status, ""), "{path}");
            // What depends on the content may be missing where nothing is stored (RFC 9110, section
            // 9.3.2): pages are compressed after they are rendered, which HEAD spares.
            let is_stored = expected.header("cache-control") != "no-store";
            for name in names {
                if !is_stored && ["content-encoding", "vary"].contains(&name) {
                    continue;
                }
                assert_eq!(
                    reply.header(name),
                    expected.header(name),
                    "{name} of {path} {encoding}"
                );
            }
            // Compressed pages differ in size, because each has another nonce.
            let is_page = expected.header("content-type").starts_with("text/html");
            let length = reply.header("content-length");
            if !is_page && !length.is_empty() {
                assert_eq!(length, expected.body.len().to_string(), "{path} {encoding}");
            }
        }
    }
}

#[tokio::test]
async fn a_rooms_page_says_who_is_inside() {
    let app = TestApp::start().await;
    let (mut ada, _) = app.join("123").await;
    let presence = serde_json::json!({"name": "Ada Lovelace"});
    ada.say(serde_json::json!({"type": "presence", "presence": presence})).await;
    // The response to a later message: the name has arrived.
    ada.say(serde_json::json!({"type": "watch", "room": "123"})).await;
    ada.expect_error("already-joined").await;
    let page = app.http("GET /room/123", &[]).await;
    let (head, body) = page.body.split_once("<body").unwrap();
    assert!(head.contains(&format!("http://{}", app.addr)), "{head}");
    assert!(body.contains("Ada Lovelace"), "{body}");
}

/// A file of the test site, as if it was embedded in the program.
fn carried(path: &str) -> Option<EmbeddedFile> {
    assert!(!path.starts_with('.'), "{path}");
    let path = site().join(path);
    let modified = fs::metadata(&path).and_then(|found| found.modified()).ok()?;
    Some(EmbeddedFile { data: fs::read(path).ok()?.into(), modified })
}

#[tokio::test]
async fn compressed_files_of_an_older_build_are_not_served() {
    let folder = Folder::new();
    let file = |name: &str, text: &str, age: u64| {
        let file = fs::File::create(folder.path(name)).unwrap();
        (&file).write_all(text.as_bytes()).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    };
    fs::create_dir(folder.path("pkg")).unwrap();
    file("pkg/salon.js", "new", 0);
    for (age, expected) in [(0, "compressed"), (60, "new")] {
        file("pkg/salon.js.gz", "compressed", age);
        let site = Site::Folder(folder.root().into());
        let app = TestApp::start_with(|config| config.site = site).await;
        let reply = app.http("GET /pkg/salon.js", &[("Accept-Encoding", "gzip")]).await;
        assert_eq!(reply.body, expected, "compressed {age} s before");
    }
}

#[tokio::test]
async fn embedded_pages_are_served_like_those_in_a_folder() {
    let folder = TestApp::start().await;
    let program = TestApp::start_with(|config| config.site = Site::Embedded(carried)).await;
    let tag = folder.http("GET /pkg/salon.js", &[]).await.header("etag").to_owned();
    let headers = [
        [("Accept-Encoding", "gzip, br")],
        [("Accept-Encoding", "gzip")],
        [("Accept-Encoding", "identity")],
        [("If-None-Match", &tag)],
        [("If-None-Match", "\"another\"")],
        [("Range", "bytes=7-13")],
    ];
    for line in [
        "GET /pkg/salon.js",
        "HEAD /pkg/salon.js",
        "GET /pkg/salon.css",
        "GET /pkg/salon.wasm",
        "GET /robots.txt",
        "GET /pkg",
        "GET /pkg/",
        "GET /pkg/nothing.js",
        "POST /pkg/salon.js",
        "GET /pkg/../../etc/passwd",
    ] {
        for headers in &headers {
            let expected = folder.http(line, headers).await;
            let reply = program.http(line, headers).await;
            assert_eq!(reply.status, expected.status, "{line} {headers:?}");
            for name in [
                "accept-ranges",
                "cache-control",
                "content-encoding",
                "content-length",
                "content-range",
                "content-type",
                "etag",
                "last-modified",
                "vary",
                "x-content-type-options",
            ] {
                // Compressed sizes differ, because each page has another nonce.
                if name == "content-length" && expected.status == 404 {
                    continue;
                }
                let (got, expected) = (reply.header(name), expected.header(name));
                assert_eq!(got, expected, "{name} of {line} {headers:?}");
            }
            // Streamed compression may produce other chunks.
            if expected.status < 300 && !expected.header("content-length").is_empty() {
                assert_eq!(reply.body, expected.body, "{line} {headers:?}");
            }
        }
    }
    let unchanged = program.http("GET /pkg/salon.js", &[("If-None-Match", &tag)]).await;
    assert_eq!((unchanged.status, unchanged.header("etag")), (304, &tag[..]));
    let part = program.http("GET /pkg/salon.js", &[("Range", "bytes=7-13")]).await;
    assert_eq!((part.status, &part.body[..]), (206, "default"));
    assert_eq!(program.http("GET /", &[]).await.status, 200);
}
