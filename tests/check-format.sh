#!/bin/bash
# SPDX-License-Identifier: ISC
# Form of the sources: tests/check-format.sh. Prints file:line of what is wrong.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
rc=0

# The project's own files, NUL-separated; further arguments are find's tests. No git: a minimal system has none.
own_files() {
	find . \( -path './build*' -o -path './obj-*' -o -path ./run -o -path ./.git -o -name __pycache__ \
		-o -path ./debian/.debhelper -o -path ./debian/ccfed -o -path './debian/*.substvars' \
		-o -path './debian/*.debhelper*' -o -path ./debian/files \) -prune \
		-o -type f "$@" -print0 | LC_ALL=C sort -z
}

# forbid TEXT REGEX [find's tests]: no own file may hold the (Perl) expression
forbid() {
	local text=$1 regex=$2 hits
	shift 2
	hits=$(own_files "$@" | LC_ALL=C xargs -0 -r grep -IHnP -- "$regex" | sed 's/^\.\///' || :)
	if [ -n "$hits" ]; then
		while IFS= read -r line; do
			echo "$line    <- $text"
		done <<<"$hits"
		rc=1
	fi
}

forbid 'assert(): use an error, or the macros of lib/base (HACKING.md)' \
	'(?<![\w.>])assert\s*\(' \( -name '*.c' -o -name '*.h' \)
# the one loop that asks again and again says so on its line: poll
forbid 'a test waits for a condition, not for a time (a pause between two looks: say poll in a comment there)' \
	'\b(?:u|nano)?sleep\s*\((?!.*\bpoll\b)' -path './tests/*' \( -name '*.c' -o -name '*.h' -o -name '*.py' \)
forbid 'trailing white space' '[ \t\r]+$' ! -path './tests/data/*'
# written so that the rule does not find itself; ~root is a name, whose folder is the same everywhere
forbid 'a path of one machine' '^(?!.*~root).*/(?:wor[k]|roo[t])/' ! -path './tests/data/fuzz/*'

# builtins only: a process for each file would take half a minute
while IFS= read -r -d '' file; do
	case $file in
	*.c | *.h | *.py | *.sh) ;;
	*)
		start=
		IFS= read -r -n 2 start <"$file" || :
		[ "$start" = '#!' ] || continue
		;;
	esac
	mapfile -n 3 start <"$file"
	if [[ ${start[*]} != *'SPDX-License-Identifier: ISC'* ]]; then
		echo "${file#./}:1: no SPDX-License-Identifier line"
		rc=1
	fi
done < <(own_files)

if ! command -v clang-format >/dev/null; then
	echo "check-format: clang-format is not installed (conf/install-packages lint)"
	rc=1
elif ! own_files \( -name '*.c' -o -name '*.h' \) | xargs -0 -r clang-format -n --Werror 2>&1 |
	awk -v max=50 '/: (error|warning): / { sub(/^\.\//, ""); if (++n <= max) print } END { if (n > max) print "... " n - max " more"; exit n > 0 }'; then
	rc=1
fi
exit $rc
