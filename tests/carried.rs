//! The program that carries its pages, alone in an empty folder. Needs the built pages: `make dist`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on is to fail, and this one prints what it tried"
)]

#[path = "server/support.rs"]
#[allow(dead_code, reason = "the other tests use the rest of it")]
mod support;

use std::{env, fs, net::SocketAddr, path::Path, process::Stdio};
use support::{Reply, soon};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

/// Every file of the site that browsers ask for.
const FILES: [&str; 4] = ["favicon.svg", "pkg/salon.css", "pkg/salon.js", "pkg/salon.wasm"];

#[tokio::test]
async fn one_file_is_a_whole_server() {
    // `make dist` names the one that it has made; else it is the one of this build.
    let built = env::var_os("SALON_DIST").unwrap_or_else(|| env!("CARGO_BIN_EXE_salon").into());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("carried");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let program = folder.join("salon");
    fs::copy(&built, &program).unwrap();
    println!("{} of {} bytes", built.display(), fs::metadata(&program).unwrap().len());

    let mut child = Command::new(&program)
        .args(["--listen", "127.0.0.1:0"])
        .current_dir(&folder)
        .env_clear()
        .env("SALON_SECRET", "the secret of these tests, which is long")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = soon(lines.next_line()).await.unwrap().unwrap();
    let address = ready.strip_prefix("Salon is ready at http://").unwrap();
    let address: SocketAddr = address.parse().unwrap();
    let get = async |path: &str, header| {
        Reply::of(address, &format!("GET {path}"), &[("Host", "salon"), header]).await
    };

    let page = get("/room/123", ("Accept", "*/*")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("/pkg/salon.js"), "{}", page.body);
    for file in FILES {
        let path = format!("/{file}");
        let reply = get(&path, ("Accept-Encoding", "br")).await;
        assert_eq!((reply.status, reply.header("content-encoding")), (200, "br"), "{file}");
        let size = reply.header("content-length").parse::<u64>().unwrap();
        let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/site");
        let built = fs::metadata(site.join(format!("{file}.br"))).unwrap();
        assert_eq!(size, built.len(), "{file} is compressed in advance");
    }
    let wasm = get("/pkg/salon.wasm", ("Accept-Encoding", "identity")).await;
    assert_eq!(wasm.header("content-type"), "application/wasm");
    let again = get("/pkg/salon.wasm", ("If-None-Match", wasm.header("etag"))).await;
    assert_eq!((again.status, &again.body[..]), (304, ""));

    let elsewhere = Command::new(&program)
        .args(["--listen", "127.0.0.1:0", "--site", "/nowhere"])
        .env_clear()
        .output();
    let elsewhere = soon(elsewhere).await.unwrap();
    assert_eq!(elsewhere.status.code(), Some(1), "--site comes before what it carries");
}
