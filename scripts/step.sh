#!/usr/bin/env bash
# scripts/step.sh "What it does" COMMAND...
# Says what it does, runs COMMAND with the build tools on PATH, and says how long it took, by the
# clock and of processors.
# Where STEPS names a file, a line for the summary is added to it. Where other steps
# run at the same time, LINES_BEGIN_WITH tells whose lines these are.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

what=$1
lead=${LINES_BEGIN_WITH:-}
shift
echo "$lead==> $what"
SECONDS=0
code=0
if [ -n "$lead" ]; then
    "$@" 2>&1 | awk -v lead="$lead" '{ print lead $0; fflush() }' || code=$?
else
    "$@" || code=$?
fi
if [ "$code" != 0 ]; then
    echo "$lead==> FAILED after $SECONDS s: $what" >&2
    exit "$code"
fi
spent=$(mktemp)
times >"$spent"
# The second line is of children, user and system, as 1m2.345s.
busy=$(tail -n 1 "$spent" | tr 'ms' '  ' | awk '{printf "%d", $1 * 60 + $2 + $3 * 60 + $4}')
rm "$spent"
echo "$lead    done in $SECONDS s, $busy s of processors"
[ -z "${STEPS:-}" ] || printf '%6d s %6d s  %s\n' "$SECONDS" "$busy" "$what" >>"$STEPS"
