#!/bin/bash
# SPDX-License-Identifier: ISC
# Every option that the program knows (as `ccserver --ini` prints the tables) stands in a man page under docs/ and in
# a sample under conf/, and every option of the samples is one the program knows; and the same for each daemon NAME of the
# build, by `cc-NAME --ini`, its page docs/man/cc-NAME.8 and the sections [d:NAME]: tests/check-options.sh BUILD
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
[ $# = 1 ] || {
	echo "usage: tests/check-options.sh BUILD" >&2
	exit 2
}
build=$(cd "$1" && pwd)
program=$build/ccserver/ccserver
cd "$top"
rc=0

# "LINE NAME" of lines `name = value` of standard input, set or commented out; prose in comments is not taken, because
# a name is one word at the start of its line
options() {
	grep -nE '^[#; ]{0,2}[a-z][a-z0-9_-]* *=' |
		sed -E 's/^([0-9]+):[#; ]*([a-z][a-z0-9_-]*) *=.*/\1 \2/'
}

[ -x "$program" ] || {
	echo "$program:1: is not built"
	exit 1
}
# [routes], [sliver-types] and the sections of the policy have names of their own, not options, and a daemon's section those of the daemon and of jobmgr
# (test-job holds them against the documents); their lines stay, empty, so that numbers hold
without_routes() {
	awk '/^[#; ]*\[[a-zA-Z:-]+\]/ {
		head = $0
		sub(/^[#; ]+/, "", head)
		out = head ~ /^\[((routes|policy|servers|assert-caller|sliver-types)\]|[dl]:)/
	} { print out ? "" : $0 }'
}

tables=$("$program" --ini | without_routes)
known=$(options <<<"$tables" | awk '{ print $2 }' | LC_ALL=C sort -u)
[ -n "$known" ] || {
	echo "$program:1: --ini prints no options"
	exit 1
}

pages=()
while IFS= read -r page; do pages+=("$page"); done < <(find docs -type f ! -name 'cc-*' \( -name '*.[1578]' -o -name '*.[1578].md' -o -name '*.[1578].in' \) | LC_ALL=C sort)
[ ${#pages[@]} -gt 0 ] || echo "docs:1: no man page there"
samples=(conf/*.ini)
# roff writes a minus as \-
manual=$(cat "${pages[@]:-/dev/null}" | sed 's/\\-/-/g')
sampled=$(for sample in "${samples[@]}"; do without_routes <"$sample" | options; done | awk '{ print $2 }' | LC_ALL=C sort -u)

line_of() {
	grep -nE "^[#; ]{0,2}$1 *=" <<<"$tables" | head -n 1 | cut -d: -f1
}

for name in $known; do
	grep -qE "(^|[^a-z0-9_-])$name([^a-z0-9_-]|\$)" <<<"$manual" || {
		echo "ccserver --ini:$(line_of "$name"): option $name is in no man page (${pages[*]:-none})"
		rc=1
	}
	grep -qx -- "$name" <<<"$sampled" || {
		echo "ccserver --ini:$(line_of "$name"): option $name is in no sample (${samples[*]})"
		rc=1
	}
done

for sample in "${samples[@]}"; do
	while read -r line name; do
		grep -qx -- "$name" <<<"$known" || {
			echo "$sample:$line: option $name is not in ccserver --ini"
			rc=1
		}
	done < <(without_routes <"$sample" | options)
	"$program" --check "$sample" >/dev/null 2>&1 || {
		# a sample needs its keys, so it may fail for want of files only
		why=$("$program" --check "$sample" 2>&1 | tail -n 1) || :
		case $why in
		*[Kk]ey* | *.crt* | *'No such file'*) ;;
		*)
			echo "$sample:1: ccserver --check: $why"
			rc=1
			;;
		esac
	}
done

# a daemon's section in a sample, and those of its parts ([l:am] of l:NAME), commented out or not, as a file of its own; other
# lines become empty, so that numbers hold
section_of() {
	awk -v want="[$1]" -v part="[${2-?}" '/^[#; ]*\[[a-zA-Z:-]+\]/ { head = $0; sub(/^[#; ]+/, "", head)
		in_it = head == want || index(head, part) == 1; print in_it ? head : ""; next }
		in_it && /^[#; ]?[#; ]?[a-z][a-z0-9_-]* *=/ { sub(/^[#; ]+/, ""); print; next } { print "" }'
}

check_daemon() {
	local daemon=$1 name=$2 page=docs/man/$2.8 section=d:${2#cc-} part own text entries option found=no why
	part=$("$daemon" --ini | sed -nE 's/^\[([a-z]+:)NAME\]$/\1/p') || :
	own=$("$daemon" --ini | options | awk '{ print $2 }' | LC_ALL=C sort -u) || :
	text=$(for sample in "${samples[@]}"; do section_of "$section" "${part:-?}" <"$sample"; done | options | awk '{ print $2 }') || :
	entries=$(sed 's/\\-/-/g' "$page" 2>/dev/null) || :
	[ -n "$own" ] || wrong "$daemon:1: --ini prints no options"
	[ -s "$page" ] || wrong "$page:1: is not there, the page of $name"
	[ -s "docs/daemons/${name#cc-}.md" ] || wrong "docs/daemons/${name#cc-}.md:1: is not there"
	for option in $own; do
		grep -qE "^\\.B $option\$" <<<"$entries" ||
			wrong "$page:1: option $option of $name --ini has no entry"
		grep -qx -- "$option" <<<"$text" || wrong "conf: option $option of $name --ini is in no sample's [$section]"
	done
	for sample in "${samples[@]}"; do
		section_of "$section" "${part:-?}" <"$sample" >"$scratch"
		grep -qxF "[$section]" "$scratch" || continue
		found=yes
		"$daemon" --check "$scratch" >/dev/null 2>&1 || {
			why=$("$daemon" --check "$scratch" 2>&1 | tail -n 1) || :
			# the files that a sample names are the operator's
			[[ $why == *'No such file'* ]] ||
				wrong "$sample:1: $name --check of its [$section]: ${why//$scratch/$sample}"
		}
	done
	[ $found = yes ] || wrong "conf: no sample has a section [$section]"
}

wrong() {
	echo "$*"
	rc=1
}

scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
daemons=0
for daemon in "$build"/daemons/*/cc-*; do
	# beside the programs stand meson's folders of the same name
	if [ -f "$daemon" ] && [ -x "$daemon" ]; then
		daemons=$((daemons + 1))
		check_daemon "$daemon" "${daemon##*/}"
	fi
done
[ $daemons -gt 0 ] || wrong "$build/daemons:1: no daemon is built"

# a refusal names its rule: each has its row in the page that explains them, and no row is of a rule that is gone
rules=$(sed -nE 's/^\tCC_RULE_([A-Z0-9_]+)( = 1)?,.*/\1/p' lib/base/rule.h | tr 'A-Z_' 'a-z-' | LC_ALL=C sort) || :
rows=$(sed -n '/^| rule |/,/^$/s/^| \([a-z0-9-]*\) |.*/\1/p' docs/trust.md | grep -vx rule | LC_ALL=C sort) || :
[ -n "$rules" ] || wrong "lib/base/rule.h:1: no rule was found"
difference=$(diff <(echo "$rules") <(echo "$rows")) || wrong "docs/trust.md: rules: ${difference//$'\n'/, }"
exit $rc
