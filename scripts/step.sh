#!/usr/bin/env bash
# scripts/step.sh "What it does" COMMAND...
# Says what it does, runs COMMAND with the build tools on PATH, and says how long it took, by the
# clock and of processors.
# Where STEPS names a file, a line for the summary is added to it. With KEEP_OUTPUT, because other steps
# run at the same time, what COMMAND says is shown when it has ended.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

what=$1
shift
echo "==> $what"
SECONDS=0
code=0
if [ -n "${KEEP_OUTPUT:-}" ]; then
    output=$(mktemp)
    trap 'rm -f "$output"' EXIT
    "$@" >"$output" 2>&1 || code=$?
    echo "==> This came of it: $what"
    cat "$output"
else
    "$@" || code=$?
fi
if [ "$code" != 0 ]; then
    echo "==> FAILED after $SECONDS s: $what" >&2
    exit "$code"
fi
spent=$(mktemp)
times >"$spent"
# The second line is of children, user and system, as 1m2.345s.
busy=$(tail -n 1 "$spent" | tr 'ms' '  ' | awk '{printf "%d", $1 * 60 + $2 + $3 * 60 + $4}')
rm "$spent"
echo "    done in $SECONDS s, $busy s of processors"
[ -z "${STEPS:-}" ] || printf '%6d s %6d s  %s\n' "$SECONDS" "$busy" "$what" >>"$STEPS"
