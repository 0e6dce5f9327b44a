#!/bin/sh
# Chromium in the network namespace that NETNS names: Playwright starts one program, without a prefix.
exec ip netns exec "$NETNS" "${CHROMIUM:-/usr/bin/chromium}" "$@"
