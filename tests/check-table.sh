#!/bin/bash
# SPDX-License-Identifier: ISC
# handlers/table.c: rows sorted, and for each row NAME a page docs/handlers/NAME.md, a .help and .roles in its
# descriptor, a test that names it, and a file or folder; and no handler without a row, but those in ccserver/, for which the
# rest holds. tests/check-table.sh
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
table=handlers/table.c
rc=0

wrong() {
	echo "$*"
	rc=1
}

[ -f $table ] || {
	echo "$table:1: is not there"
	exit 1
}

# "LINE NAME" of each row `&NAME_handler,`
rows=$(grep -noE '&[a-z0-9_]+_handler\b' $table | sed -E 's/^([0-9]+):&(.*)_handler$/\1 \2/')
[ -n "$rows" ] || wrong "$table:1: no rows of the form &NAME_handler,"

# check_descriptor PLACE NAME FILE...
check_descriptor() {
	local place=$1 name=$2 part
	shift 2
	for part in name help roles; do
		grep -qE "^[[:space:]]*\.${part}[[:space:]]*=[[:space:]]*[^[:space:]]" "$@" ||
			wrong "$1:1: the descriptor of $name has no .$part"
	done
	[ -s "docs/handlers/$name.md" ] || wrong "$place: $name has no page docs/handlers/$name.md"
	grep -rqwF --include='*.c' --include='*.py' -- "$name" tests/unit tests/it ||
		wrong "$place: no test in tests/unit or tests/it names $name"
}

before=
names=' '
while read -r line name; do
	[ -n "$name" ] || continue
	[[ -z $before || $before < $name ]] || wrong "$table:$line: $name must stand before $before"
	before=$name
	names="$names$name "
	if [ -f "handlers/$name.c" ]; then
		files=("handlers/$name.c")
	elif [ -d "handlers/$name" ]; then
		files=("handlers/$name"/*.c)
	else
		wrong "$table:$line: $name has neither handlers/$name.c nor a folder handlers/$name/"
		continue
	fi
	check_descriptor "$table:$line" "$name" "${files[@]}"
done <<<"$rows"

# the server's own, which look into it and so are no row of the table
while IFS=: read -r file line text; do
	[ -n "$file" ] || continue
	name=$(sed -E 's/.* ([a-z0-9_]+)_handler = \{$/\1/' <<<"$text")
	check_descriptor "$file:$line" "$name" "$file"
done < <(grep -HnE '^const struct cc_handler [a-z0-9_]+_handler = \{$' ccserver/*.c || :)

for file in handlers/*.c handlers/*/; do
	name=${file#handlers/}
	name=${name%.c}
	name=${name%/}
	case $name in table | '*') continue ;; esac
	[[ $names == *" $name "* ]] || wrong "$file:1: no row &${name}_handler in $table"
done
exit $rc
