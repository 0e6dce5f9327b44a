# shellcheck shell=bash
# Sourced by the other scripts. The build tools live in one directory that all clones share
# (SALON_TOOLS names another one), and come first on PATH.
TOOLS="${SALON_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/salon-tools}"
export PATH="$TOOLS/bin:$TOOLS/npm/node_modules/.bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
