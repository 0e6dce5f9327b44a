#!/usr/bin/env bash
# Checks the dependencies: licences, bans and sources always; known vulnerabilities where the
# database of advisories can be fetched, saying so where it can not.
set -euo pipefail

cargo deny --locked --all-features check --hide-inclusion-graph bans licenses sources

if cargo deny --locked fetch db >/dev/null 2>&1; then
    cargo deny --locked --all-features check --hide-inclusion-graph advisories
else
    skipped="SKIPPED: known vulnerabilities (github.com/rustsec/advisory-db could not be fetched)"
    echo "    $skipped"
    [ -z "${STEPS:-}" ] || printf '%8s  %s\n' - "$skipped" >>"$STEPS"
fi
