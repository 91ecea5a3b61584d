#!/bin/bash
# SPDX-License-Identifier: ISC
# The examples of the documents: tests/check-examples.sh BUILD [PAGE...]. Without pages all of docs/ that have any.
# In a block ```ini whose first line is "# NAME.ini", the configuration must be good (ccserver --check); of a block ```console
# each line "$ COMMAND" must print what stands under it. A page's blocks share a folder and are taken in their order.
set -euo pipefail

[ $# -ge 1 ] || {
	echo "usage: tests/check-examples.sh BUILD [PAGE...]" >&2
	exit 2
}
build=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
top=$PWD
rc=0
ran=0

pages=("$@")
if [ ${#pages[@]} = 0 ]; then
	mapfile -t pages < <(grep -rlE --include='*.md' '^```(ini|console)$' docs | LC_ALL=C sort)
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for name in $(env | sed -n 's/^\(CCFED_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
export PATH="$build/cli:$build/ccserver:$PATH" LC_ALL=C.UTF-8

wrong() {
	echo "$page:$1: $2"
	rc=1
}

# finish_ini LINE: what was collected is a configuration
finish_ini() {
	local name why
	name=$(head -n 1 <<<"$text" | sed -nE 's/^# ([a-z0-9-]+\.ini)$/\1/p')
	[ -n "$name" ] || {
		wrong "$1" 'the first line of an ini block is "# NAME.ini"'
		return
	}
	ran=$((ran + 1))
	printf '%s' "$text" >"$folder/$name"
	why=$(cd "$folder" && ccserver --check "$name" 2>&1) || wrong "$1" "ccserver --check $name: $(tail -n 1 <<<"$why")"
}

# finish_command: runs the last command of a console block, if there is one
finish_command() {
	local got
	[ -n "$command" ] || return 0
	ran=$((ran + 1))
	got=$(cd "$folder" && timeout 60 bash -c "$command" 2>&1 </dev/null) || :
	if [ "$got" != "${text%$'\n'}" ]; then
		wrong "$at" "$command prints something else:"
		diff <(printf '%s' "$text") <(printf '%s\n' "$got") | sed -n 's/^[<>]/    &/p' || :
	fi
	command=
}

check_page() {
	local line number=0 kind='' text='' command='' at=0
	while IFS= read -r line || [ -n "$line" ]; do
		number=$((number + 1))
		case $kind:$line in
		:'```ini' | :'```console') kind=${line#???} text='' at=$number ;;
		:'```'*) kind=other ;;
		ini:'```') finish_ini "$at" && kind='' ;;
		console:'```') finish_command && kind='' ;;
		other:'```') kind='' ;;
		console:'$ '*)
			finish_command
			command=${line#??} text='' at=$number
			;;
		ini:* | console:*) text+=$line$'\n' ;;
		esac
	done <"$page"
	[ -z "$kind" ] || wrong "$number" 'a block has no end'
}

for page in "${pages[@]}"; do
	folder=$scratch/$(tr / - <<<"${page#"$top"/}")
	mkdir "$folder"
	check_page
done
[ $ran -gt 0 ] || {
	echo "docs:1: no example was found"
	rc=1
}
exit $rc
