#!/usr/bin/env bash
# scripts/fuzz.sh SECONDS
# Runs the fuzzer on all targets at once, for SECONDS. Interesting inputs go to
# target/fuzz/corpus, inputs that break something to fuzz/artifacts.
set -euo pipefail
seconds=$1
# The stable compiler has no sanitizers, and safe code needs none: the fuzzer searches for failed debug
# assertions, overflow checks and assertions of the targets.
cargo fuzz build --sanitizer none --target-dir target/fuzz

hunt() {
    local target=$1 found=target/fuzz/corpus/$1
    mkdir -p "$found"
    # An input that takes 5 seconds, or 512 MB of memory, could stop a server.
    cargo fuzz run --sanitizer none --target-dir target/fuzz "$target" "$found" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -dict=fuzz/words.dict -max_len=16384 -timeout=5 -rss_limit_mb=512 \
        -print_final_stats=1 2>&1 |
        grep -E '^(#[0-9]+\s+(INITED|DONE)|stat::|Done|==|SUMMARY|.*(panicked|ERROR|Error|error|Failing|Reproduce|assertion| left:| right:))' |
        sed "s/^/    $target: /"
}

hunts=()
for target in message room call turn forwarding; do
    hunt "$target" &
    hunts+=($!)
done
# All of them, so that none continues when another has failed.
failed=0
for each in "${hunts[@]}"; do wait "$each" || failed=1; done
exit "$failed"
