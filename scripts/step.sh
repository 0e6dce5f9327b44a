#!/usr/bin/env bash
# scripts/step.sh "What it does" COMMAND...
# Says what it does, runs COMMAND with the build tools on PATH, and says how long it took.
# Where STEPS names a file, a line for the summary is added to it.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

what=$1
shift
echo "==> $what"
SECONDS=0
"$@" || {
    code=$?
    echo "==> FAILED after $SECONDS s: $what" >&2
    exit "$code"
}
echo "    done in $SECONDS s"
[ -z "${STEPS:-}" ] || printf '%6d s  %s\n' "$SECONDS" "$what" >>"$STEPS"
