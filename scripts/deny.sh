#!/usr/bin/env bash
# Checks all dependencies, including those of the fuzz targets, the load generator and the tests: licences,
# bans and sources always; known vulnerabilities if the advisory databases can be fetched, with a notice if
# they cannot.
set -euo pipefail

skip() {
    echo "    SKIPPED: known vulnerabilities ($1 could not be fetched)"
    [ -z "${STEPS:-}" ] || printf '%8s  %s\n' - "SKIPPED: known vulnerabilities ($1 could not be fetched)" >>"$STEPS"
}

deny() {
    cargo deny --locked --all-features check --hide-inclusion-graph "$@"
    for crate in fuzz bench/turn; do
        cargo deny --locked --manifest-path "$crate/Cargo.toml" --config deny.toml check --hide-inclusion-graph "$@"
    done
}

deny bans licenses sources

if cargo deny --locked fetch db >/dev/null 2>&1; then
    deny advisories
else
    skip github.com/rustsec/advisory-db
fi

for folder in end2end bench/signalling; do
    report=$(npm --prefix "$folder" audit --json 2>/dev/null) && continue
    # npm fails both without a report and for a report with vulnerabilities.
    if grep -q '"vulnerabilities"' <<<"$report"; then
        npm --prefix "$folder" audit
    else
        skip "npm's list for $folder"
    fi
done
