#!/bin/bash
# SPDX-License-Identifier: ISC
# Holds docs/handlers/registry.md against the tables of the registry: every operation and every fault stands in both,
# and every operation but join, which a token allows, has cells in tests/data/rights.tsv.
# shellcheck disable=SC2016 # the page has its names in backticks
set -euo pipefail

cd "$(dirname "$0")/.."
page=docs/handlers/registry.md
bad=0

# differ WHAT FILE FILE: lines that only one of them has
differ() {
	local lines
	lines=$(diff "$2" "$3" || :)
	if [ -n "$lines" ]; then
		printf '%s: < in the program only, > in %s only\n%s\n' "$1" "$4" "$lines"
		bad=1
	fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -n 's/^\t{"\([a-z_]*\)", .*reg_\([a-z_]*\)},$/\1/p' handlers/registry/ops.c | sort >"$work/ops"
sed -n 's/^| `reg\.\([a-z_]*\)` |.*/\1/p' $page | sort >"$work/ops-page"
sed -n 's/^\tX([A-Z_]*, "\([A-Za-z]*\)", \([A-Z_]*\)).*/\1/p' handlers/registry/fault.h | sort -u >"$work/faults"
sed -n '/^## Refusals/,/^## Counters/s/^| `\([A-Za-z]*\)` |.*/\1/p' $page | sort -u >"$work/faults-page"
sed -n 's/^\tX([A-Z_]*, "\([A-Za-z]*\)", \([A-Z_]*\)).*/\1 \2/p' handlers/registry/fault.h | sort -u >"$work/codes"
sed -n '/^## Refusals/,/^## Counters/s/^| `\([A-Za-z]*\)` | \([a-z, -]*\) |.*/\1 \2/p' $page |
	awk '{ n = $1; $1 = ""; gsub(/-/, "_"); m = split(toupper($0), c, /[ ,]+/); for (i = 1; i <= m; i++) if (c[i] != "") print n, c[i] }' |
	sort -u >"$work/codes-page"
if [ "$(wc -l <"$work/ops")" -lt 20 ] || [ "$(wc -l <"$work/codes")" -lt 15 ]; then
	echo 'the tables cannot be read'
	exit 1
fi
differ operations "$work/ops" "$work/ops-page" "$page"
differ faults "$work/faults" "$work/faults-page" "$page"
differ 'codes of faults' "$work/codes" "$work/codes-page" "$page"
while read -r op; do
	[ "$op" = join ] || grep -qw "$op" tests/data/rights.tsv || {
		echo "$op has no cell in tests/data/rights.tsv"
		bad=1
	}
done <"$work/ops"
exit $bad
