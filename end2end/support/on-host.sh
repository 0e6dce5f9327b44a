#!/bin/sh
# PROGRAM in the network namespace that NETNS names: Playwright starts one program, without a prefix.
exec ip netns exec "$NETNS" "$PROGRAM" "$@"
