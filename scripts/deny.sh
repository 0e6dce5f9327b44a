#!/usr/bin/env bash
# Checks the dependencies, those of the fuzz targets and the tests, too: licences, bans and sources
# always; known vulnerabilities where the lists of them can be fetched, saying so where they can not.
set -euo pipefail

skip() {
    echo "    SKIPPED: known vulnerabilities ($1 could not be fetched)"
    [ -z "${STEPS:-}" ] || printf '%8s  %s\n' - "SKIPPED: known vulnerabilities ($1 could not be fetched)" >>"$STEPS"
}

deny() {
    cargo deny --locked --all-features check --hide-inclusion-graph "$@"
    cargo deny --locked --manifest-path fuzz/Cargo.toml --config deny.toml check --hide-inclusion-graph "$@"
}

deny bans licenses sources

if cargo deny --locked fetch db >/dev/null 2>&1; then
    deny advisories
else
    skip github.com/rustsec/advisory-db
fi

for folder in end2end bench/signalling; do
    report=$(npm --prefix "$folder" audit --json 2>/dev/null) && continue
    # A report that could not be fetched is an error, and one that names something is not.
    if grep -q '"vulnerabilities"' <<<"$report"; then
        npm --prefix "$folder" audit
    else
        skip "npm's list for $folder"
    fi
done
