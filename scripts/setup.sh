#!/usr/bin/env bash
# Installs the tools that building and testing Salon need, unless they are present.
#
#   scripts/setup.sh rust       the toolchain that rust-toolchain.toml names
#   scripts/setup.sh tools      the same, cargo-leptos, wasm-bindgen and wasm-opt
#   scripts/setup.sh deny       cargo-deny
#   scripts/setup.sh fuzz       cargo-fuzz
#   scripts/setup.sh unit       pebble and strace, for the native tests that use them, if permitted
#   scripts/setup.sh browsers   Chromium and Firefox, for the browser tests
#   scripts/setup.sh networks   ip and nft, for browser tests with network faults, if permitted
#   scripts/setup.sh relay      coturn and openssl, for browser tests through a relay, if permitted
#   scripts/setup.sh proxies    caddy, nginx and haproxy, for browser tests through a proxy, if permitted
#   scripts/setup.sh reader     tesseract, for browser tests that read a shared screen, if permitted
#   scripts/setup.sh films      ffmpeg and pulseaudio, for browser tests of recordings, if permitted
#
# Only Rust and Node have to be installed before. The tools go to ~/.cache/salon-tools
# (see env.sh) and are used from there or from PATH, wherever the version is this one:
CARGO_LEPTOS=0.3.10
CARGO_DENY=0.20.2
CARGO_FUZZ=0.13.2
BINARYEN=132.0.0
NODE=20 # or newer

set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

say() { echo "==> $*"; }
fail() {
    echo "setup: $*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null; }
version() { "$1" --version 2>/dev/null | sed -En '1s/^[^0-9]*([0-9.]+).*/\1/p' || true; }

rust() {
    has rustup || fail "rustup, which brings Rust, is missing. Get it from https://rustup.rs, then try again."
    has cc || fail "a C compiler is missing. Install one (Debian, Ubuntu: apt install build-essential; macOS: xcode-select --install), then try again."
    local channel have part
    channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    have=$(rustup component list --installed --toolchain "$channel" 2>/dev/null || true)
    for part in rustc clippy rustfmt rust-std-wasm32-unknown-unknown; do
        [[ $have == *"$part"* ]] && continue
        say "Installing Rust $channel with clippy, rustfmt and the WebAssembly target"
        rustup toolchain install "$channel" --profile minimal --no-self-update \
            --component clippy,rustfmt --target wasm32-unknown-unknown ||
            fail "rustup could not install Rust $channel: see above."
        return
    done
}

node_and_npm() {
    { has node && has npm; } || fail "Node.js with npm is missing. Get version $NODE or newer from https://nodejs.org, then try again."
    local found
    found=$(version node)
    [ "${found%%.*}" -ge "$NODE" ] || fail "Node.js is $found, and $NODE or newer is needed. Get it from https://nodejs.org, then try again."
}

# crate NAME VERSION BINARY [FLAG...]: a prebuilt one if cargo-binstall is installed, otherwise built
# here without optimisation, which is fast enough to use and much faster to build.
crate() {
    local name=$1 version=$2 binary=$3
    shift 3
    [ "$(version "$binary")" != "$version" ] || return 0
    mkdir -p "$TOOLS"
    if has cargo-binstall; then
        say "Fetching $name $version"
        cargo binstall --no-confirm --disable-strategies compile --root "$TOOLS" "$name@$version" && return
    fi
    say "Building $name $version (once per machine, up to 5 minutes on two cores)"
    build=$(mktemp -d "$TOOLS/build.XXXXXX")
    trap 'rm -rf "$build"' EXIT
    CARGO_TARGET_DIR=$build CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
        cargo install "$name" --version "$version" --root "$TOOLS" --quiet "$@" ||
        fail "$name $version could not be installed: see above."
    rm -rf "$build"
}

tools() {
    rust
    node_and_npm
    crate cargo-leptos "$CARGO_LEPTOS" cargo-leptos --locked
    crate wasm-bindgen-cli "$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)" wasm-bindgen
    if [ "$(version wasm-opt)" != "${BINARYEN%%.*}" ]; then
        say "Fetching wasm-opt $BINARYEN"
        npm install --prefix "$TOOLS/npm" --save-exact --no-audit --no-fund --loglevel=error "binaryen@$BINARYEN" ||
            fail "wasm-opt could not be installed: see above."
    fi
}

deny() {
    rust
    crate cargo-deny "$CARGO_DENY" cargo-deny --locked
}

fuzz() {
    rust
    has c++ || fail "a C++ compiler is missing. Install one (Debian, Ubuntu: apt install build-essential), then try again."
    crate cargo-fuzz "$CARGO_FUZZ" cargo-fuzz --locked
}

# Where the browser tests look for them.
missing_browsers() {
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || printf 'chromium '
    [ -x "${FIREFOX:-/usr/bin/firefox-esr}" ] || printf 'firefox-esr '
}

# install PACKAGE...: tries to, with apt-get.
install() {
    local as_root=()
    has apt-get || return 0
    [ "$(id -u)" = 0 ] || as_root=(sudo -n)
    "${as_root[@]}" true 2>/dev/null || return 0
    say "Installing $* with apt-get"
    { "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@"; } || true
}

# A certificate authority and a system call tracer; without them, their tests are skipped with a
# notice.
unit() {
    rust
    { has pebble && has pebble-challtestsrv && has strace; } || install pebble strace
}

# Only root may create networks; otherwise their tests are skipped with a notice.
networks() {
    [ "$(id -u)" = 0 ] || return 0
    has ip && has nft && has sysctl || install iproute2 nftables procps
}

# server PROGRAM PACKAGE: installs it if it is missing, and stops the system service that the package
# starts: tests start their own.
server() {
    ! has "$1" || return 0
    install "$2"
    ! has systemctl || systemctl disable --now "$2" 2>/dev/null || true
}

# Without them, their tests are skipped with a notice.
relay() {
    [ "$(id -u)" = 0 ] || return 0
    has openssl || install openssl
    server turnserver coturn
}

# Without them, their tests are skipped with a notice.
proxies() {
    [ "$(id -u)" = 0 ] || return 0
    has openssl || install openssl
    local name
    for name in caddy nginx haproxy; do server "$name" "$name"; done
}

# Without it, its tests are skipped with a notice.
reader() {
    has tesseract || install tesseract-ocr tesseract-ocr-eng
}

# Without it, its tests are skipped with a notice.
films() {
    { has ffmpeg && has ffprobe && has pulseaudio; } || install ffmpeg pulseaudio
}

browsers() {
    node_and_npm
    local missing
    missing=$(missing_browsers)
    # shellcheck disable=SC2086 # a list of packages
    [ -z "$missing" ] || install $missing
    missing=$(missing_browsers)
    [ -z "$missing" ] || fail "the browser tests need ${missing% }, which could not be installed from here. Install it (Debian: sudo apt install ${missing% }) or name the program with CHROMIUM= or FIREFOX=, then try again."
    # Without it, tests use the full browser, and take twice as long.
    [ -x "${CHROMIUM_SHELL:-/usr/bin/chromium-headless-shell}" ] || ! has apt-cache ||
        [ -z "$(apt-cache search --names-only '^chromium-headless-shell$')" ] || install chromium-headless-shell
}

[ $# -gt 0 ] || set -- tools
for part in "$@"; do
    case $part in
        rust | tools | deny | fuzz | unit | browsers | networks | relay | proxies | reader | films) "$part" ;;
        *) fail "there is no '$part': say rust, tools, deny, fuzz, unit, browsers, networks, relay, proxies, reader or films." ;;
    esac
done
