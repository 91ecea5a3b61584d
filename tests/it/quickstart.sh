#!/bin/bash
# SPDX-License-Identifier: ISC
# quickstart, as a user meets it, on a finished build: tests/it/quickstart.sh BUILD
set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
CCFED_BUILD=$(cd "$1" && pwd) || exit 2
export CCFED_BUILD
export CCFED_WAIT=${CCFED_WAIT:-60}
dir=$(mktemp -d)
made=0

stop_all() {
	local d
	for d in "$dir"/*/; do
		"$top/quickstart" --dir "$d" --stop >/dev/null 2>&1
	done
	rm -rf "$dir"
}
trap stop_all EXIT

# expect NAME CMD...: a result, with the command's output when it fails
expect() {
	local name=$1 rc=0
	shift
	"$@" >"$dir/out" 2>&1 || rc=$?
	made=$((made + 1))
	if [ $rc = 0 ]; then
		echo "ok $name"
	else
		echo "not ok $name: exit code $rc"
		cat "$dir/out"
	fi
}

quickstart() {
	"$top/quickstart" "$@"
}

says() {
	local text=$1
	shift
	"$@" >"$dir/said" 2>&1 || {
		cat "$dir/said"
		return 1
	}
	cat "$dir/said"
	grep -qF -- "$text" "$dir/said"
}

ping_with_env() {
	(
		# shellcheck disable=SC1091 # made by quickstart
		. "$1/env"
		"$CCFED_BUILD/cli/ccfed" bus ping --count 2 --deadline 5
	)
}

env_is_whole() {
	(
		# shellcheck disable=SC1091 # made by quickstart
		. "$1/env"
		[ -n "$CCFED_LOCAL_CC" ] && [ -n "$CCFED_REMOTE_CC" ] && [ -d "$CCFED_KEYSTORE" ] &&
			[ -s "$CCFED_CLIENT_CERT" ] && [ -s "$CCFED_CLIENT_KEY" ] &&
			[ "$(stat -c %a "$CCFED_KEYSTORE/private")" = 700 ]
	)
}

different_ports() {
	[ "$(grep -h ^CCFED_ "$1/env" "$2/env" | grep -oE ':[0-9]+' | sort -u | wc -l)" = 8 ] # four a folder
}

# pids of a folder's servers, while they run
pids() {
	cat "$1"/local.pid "$1"/remote.pid 2>/dev/null
}

all_gone() {
	local pid
	for pid in "$@"; do
		if [ -e "/proc/$pid" ] && ! grep -q '^State:.*Z' "/proc/$pid/status"; then
			echo "pid $pid is still there"
			return 1
		fi
	done
	[ $# = 2 ]
}

fails_with() {
	local want=$1 rc=0
	shift
	"$@" || rc=$?
	[ $rc = "$want" ]
}

kill_one() {
	kill -KILL "$(cat "$1/remote.pid")"
}

long=$dir/$(printf 'd%.0s' {1..120})
mkdir "$long"
expect once says 'stopped' quickstart --once --dir "$dir/once dir"
expect once-shows-signer grep -q 'urn:publicid:IDN+ccfed.test+service+remote' "$dir/said"
expect once-has-a-sliver grep -q '^ssh -p [0-9]* alice@node1.ccfed.test  # a$' "$dir/said"
slice_led_twice() {
	[ "$(grep -c '^urn:publicid:IDN+ccfed.test:lab+slice+demo: 1 sliver(s) allocated, .* described, deleted$' "$dir/said")" = 2 ]
}
expect once-by-xmlrpc slice_led_twice
expect start quickstart --dir "$dir/a"
expect env env_is_whole "$dir/a"
expect ping ping_with_env "$dir/a"
expect beside quickstart --dir "$dir/b"
expect ports different_ports "$dir/a" "$dir/b"
expect again says 'runs already' quickstart --dir "$dir/a"
expect once-on-running says 'both hops' quickstart --once --dir "$dir/a"
expect ping-after ping_with_env "$dir/a"
cp "$dir/a/env" "$dir/env.before"
expect crash kill_one "$dir/a"
expect after-crash quickstart --dir "$dir/a"
expect same-ports cmp "$dir/a/env" "$dir/env.before"
read -ra were < <(pids "$dir/a" | tr '\n' ' ')
expect stop quickstart --dir "$dir/a" --stop
expect all-gone all_gone "${were[@]}"
expect stop-again says 'nothing runs' quickstart --dir "$dir/a" --stop
expect other-lives ping_with_env "$dir/b"
expect stop-other quickstart --dir "$dir/b" --stop
expect long-path says 'both hops' quickstart --once --dir "$long"
expect bad-option fails_with 2 quickstart --nonsense
expect bad-port fails_with 2 quickstart --local-port 70000
expect stop-nothing says 'nothing runs' quickstart --dir "$dir/never" --stop
echo "done $made"
