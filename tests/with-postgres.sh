#!/bin/bash
# SPDX-License-Identifier: ISC
# Runs a command with a PostgreSQL of its own, whose url is in CCFED_TEST_PG: tests/with-postgres.sh CMD...
set -euo pipefail

[ $# -gt 0 ] || {
	echo "usage: tests/with-postgres.sh CMD..." >&2
	exit 2
}
# the distribution's interpreter first: its packages are not those of another one
python=/usr/bin/python3
[ -x $python ] || python=python3
exec "$python" "$(dirname "$0")/it/pg.py" "$@"
