#!/bin/sh
# SPDX-License-Identifier: ISC
# Recorded messages through the gate: our own set, and, where it lies beside the checkout, that of the real hots-cc.
set -u
build=$1
here=$(cd "$(dirname "$0")" && pwd)
results=0
failed=0

# One result per verdict of a folder: `ok NAME-VECTOR-READER`.
run() {
	name=$1
	dir=$2
	"$build/cli/ccfed" bus vectors --json "$dir" > "$build/vectors-$name.json"
	/usr/bin/python3 - "$name" "$build/vectors-$name.json" <<-'EOF'
	import json
	import sys
	rows = json.load(open(sys.argv[2]))
	for row in rows:
	    name = "%s-%s-%s" % (sys.argv[1], row["vector"], row["reader"])
	    if row["good"]:
	        print("ok", name)
	    else:
	        print("not ok %s: expected %s, got %s: %s" % (name, row["expected"], row["got"], row["reason"]))
	EOF
}

report() {
	cat "$build/vectors-$1.out"
	results=$((results + $(grep -c . "$build/vectors-$1.out")))
	failed=$((failed + $(grep -c '^not ok' "$build/vectors-$1.out")))
}

run own "$here/../data/vectors" > "$build/vectors-own.out"
report own
recorded=$here/../../../shared/vectors/cc
if [ -d "$recorded" ]; then
	run recorded "$recorded" > "$build/vectors-recorded.out"
else
	echo "skipped recorded: no ../shared/vectors/cc beside the checkout" > "$build/vectors-recorded.out"
fi
report recorded
if [ "$(grep -c '^ok' "$build/vectors-own.out")" -lt 100 ]; then
	echo "not ok own-all: fewer than 100 verdicts of our own set"
	results=$((results + 1))
	failed=$((failed + 1))
fi
echo "done $results"
[ "$failed" -eq 0 ]
