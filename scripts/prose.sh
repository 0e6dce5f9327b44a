#!/usr/bin/env bash
# Finds wordings that are not plain English in comments, texts and documents, and names a better one.
set -euo pipefail
cd "$(dirname "$0")/.."

# Each line is an extended regular expression of whole words, in lower or upper case, and what to write instead.
PATTERNS='
whoever|anyone who, people who
anew|again, newly
nobody is to|must not
([^a-z]|^)so long|this long, for as long as
no such[.,;:]|name the thing
(nothing|something|what|so much) of it|say what "it" is
to be had|available
whom one|the person
put out|remove, removed
of which nothing|split the sentence
(it|that|which|one) (is|was) none|not a …, `None`
so many (bytes|seconds|milliseconds|pixels|frames|characters)|this many, number of
'
# In code, only comments and quoted texts count.
CODE='(//|/\*|^ *\*|["'\''`]).*'

found=0
while IFS= read -r line; do
    [ -n "$line" ] || continue
    pattern=${line%|*} instead=${line##*|}
    hits=$({
        git grep -nIiwE "$CODE($pattern)" -- '*.rs' '*.ts' '*.mjs' '*.js' '*.css'
        git grep -nIiwE "$pattern" -- '*.md' '*.sh' '*.yml' '*.toml' Makefile deploy .ci ':!scripts/prose.sh'
    } | grep -viE 'so long (as|that)' || true)
    [ -n "$hits" ] || continue
    found=1
    sed "s/^/[$(sed 's/[&\/]/\\&/g' <<<"$pattern")] /" <<<"$hits"
    echo "    instead: $instead"
done <<<"$PATTERNS"
[ "$found" = 0 ] || { echo "Reword these lines (scripts/prose.sh)." >&2 && exit 1; }
