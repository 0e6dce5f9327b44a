#!/usr/bin/env bash
# scripts/step.sh "What it does" COMMAND...
# Announces a step, runs COMMAND with the build tools on PATH, and reports its elapsed and processor
# time. If STEPS names a file, a line for the summary is appended to it. If other steps run at the
# same time, every line begins with LINES_BEGIN_WITH.
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
# The second line is for child processes, user and system time, as 1m2.345s.
busy=$(tail -n 1 "$spent" | tr 'ms' '  ' | awk '{printf "%d", $1 * 60 + $2 + $3 * 60 + $4}')
rm "$spent"
echo "$lead    done in $SECONDS s, $busy s of processors"
[ -z "${STEPS:-}" ] || printf '%6d s %6d s  %s\n' "$SECONDS" "$busy" "$what" >>"$STEPS"
