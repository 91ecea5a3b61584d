#!/bin/bash
# SPDX-License-Identifier: ISC
# Holds the directions of #include (HACKING.md, "Arrows"): tests/check-layers.sh [ROOT]
# --self-test proves on a tree of its own that each rule is held.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)

# Prints "file:line: what is wrong" for each violation in tree $1; fails when there is one.
check_tree() {
	local root=$1
	(
		cd "$root"
		{ find lib handlers ccserver daemons cli \( -name '*.c' -o -name '*.h' \) -type f 2>/dev/null || :; } |
			LC_ALL=C sort | { xargs -r -d '\n' grep -HnE '^[[:space:]]*#[[:space:]]*include' /dev/null || :; }
	) | awk '
	BEGIN {
		# folder -> folders it may include beside itself, as regular expressions of whole folder names
		down["lib/base"] = "-"
		down["lib/conf"] = "lib/base"
		down["lib/cc"] = "lib/(conf|base)"
		down["lib/handler"] = "lib/(cc|conf|base)"
		down["lib/daemon"] = "lib/(cc|conf|base)"
		down["lib/xml"] = "lib/base"
		down["lib/trust"] = "lib/(xml|base)"
		down["lib/rspec"] = "lib/(xml|base)"
		down["lib/xmlrpc"] = "lib/(xml|base)"
		down["lib/store"] = "lib/base"
		down["lib/authz"] = "lib/(cc|conf|base|xml|trust)"
		down["lib/registry"] = "lib/(trust|store|xml|base)"
		down["handlers"] = "lib/(handler|authz|cc|conf|base|xml|trust|rspec|xmlrpc|store|registry)"
		down["ccserver"] = "lib/(handler|cc|conf|base|xml|trust|rspec|xmlrpc|store)"
		down["cli"] = "lib/(daemon|cc|conf|base|xml|trust|rspec|xmlrpc|store|registry)"
		down["daemons"] = "lib/(daemon|cc|conf|base|xml|trust|rspec|xmlrpc)"

		# headers of others -> who alone may include them
		only["zmq"] = "^(lib/cc|ccserver|lib/daemon)/"
		only["openssl"] = "^(lib/cc|lib/trust|lib/xml|lib/store)/|^daemons/ambridge/(tls|judge)[.][ch]$"
		only["libevent"] = "^daemons/ambridge/"
		only["zlib"] = "^daemons/ambridge/gzip[.]c$|^cli/am_inflate[.]c$|^lib/rspec/advert[.]c$"
		only["libcurl"] = "^cli/https(_error)?[.]c$"
		only["database"] = "^lib/store/"
		only["libxml2"] = "^(lib/xml|lib/trust|lib/rspec)/"
	}
	function wrong(text) {
		printf "%s:%s: %s\n", file, line, text
		bad = 1
	}
	# lib/NAME, daemons/NAME, or the first folder
	function area(path, part, n) {
		n = split(path, part, "/")
		return part[1] == "lib" && n > 1 ? part[1] "/" part[2] : part[1]
	}
	# what may not see each other inside handlers/ and daemons/: the file without its ending, or the folder
	function unit(path, part, n) {
		n = split(path, part, "/")
		sub(/\.[ch]$/, "", part[2])
		return part[2]
	}
	function library(name) {
		if (name ~ /^(zmq|czmq|zmq_utils)\.h$/ || name ~ /^z[a-z_]+\.h$/ && name !~ /^zlib\.h$/)
			return "zmq"
		if (name ~ /^openssl\//)
			return "openssl"
		if (name ~ /^event2\//)
			return "libevent"
		if (name == "zlib.h")
			return "zlib"
		if (name ~ /^curl\//)
			return "libcurl"
		if (name ~ /^(sqlite3|libpq-fe)\.h$/)
			return "database"
		if (name ~ /^(libxml|libxml2)\//)
			return "libxml2"
		return ""
	}
	{
		match($0, /^[^:]*:[0-9]+:/)
		head = substr($0, 1, RLENGTH - 1)
		text = substr($0, RLENGTH + 1)
		file = head
		sub(/:[0-9]+$/, "", file)
		line = substr(head, length(file) + 2)
		if (!match(text, /["<][^">]*[">]/)) {
			wrong("an include that names no file")
			next
		}
		quote = substr(text, RSTART, 1)
		name = substr(text, RSTART + 1, RLENGTH - 2)
		from = area(file)

		lib = library(name)
		if (lib != "" && file !~ only[lib])
			wrong("<" name "> belongs to " lib ", which " from "/ may not include")
		if (from == "lib/base" && quote == "<" && name ~ /^(jansson|sqlite3|libpq-fe|cmocka)\.h$|^(lxc|event2|systemd|curl)\//)
			wrong("lib/base is libc only, not <" name ">")
		if (quote == "<" || lib != "")
			next

		# generated at the top of the build folder
		if (name == "version.h")
			next
		to = area(name)
		if (name ~ /^\.\.?\// || name !~ /\//) {
			wrong("\"" name "\": include by the path from the top of the tree")
			next
		}
		if (name ~ /^tests\//) {
			wrong("\"" name "\": a program may not include tests/")
			next
		}
		if (!(from in down)) {
			wrong(from "/ has no row in check-layers.sh")
			next
		}
		if (to == from) {
			if ((from == "handlers" || from == "daemons") && unit(file) != unit(name) &&
			    file !~ /^handlers\/table\.[ch]$/ && name != "handlers/table.h")
				wrong("\"" name "\": " from "/" unit(file) " and " from "/" unit(name) " may not see each other")
			next
		}
		# the table is the only way from the server to the handlers
		if (from == "ccserver" && name == "handlers/table.h")
			next
		if (to !~ "^(" down[from] ")$")
			wrong("\"" name "\": " from "/ may not include " to "/")
	}
	END { exit bad }'
}

self_test() {
	local dir file include rc=0
	dir=$(mktemp -d)
	# shellcheck disable=SC2064 # the name of now
	trap "rm -rf '$dir'" EXIT
	# FILE|INCLUDE|ok or bad
	while IFS='|' read -r file include want; do
		rm -rf "${dir:?}/t"
		mkdir -p "$dir/t/$(dirname "$file")"
		printf '/* first */\n#include %s\n' "$include" >"$dir/t/$file"
		if (check_tree "$dir/t") >"$dir/out" 2>&1; then got=ok; else got=bad; fi
		if [ $got != "$want" ] || { [ $got = bad ] && ! grep -q "^$file:2: " "$dir/out"; }; then
			echo "check-layers self-test: $file including $include is $got, not $want"
			cat "$dir/out"
			rc=1
		fi
	done <<-'ROWS'
		lib/base/a.c|"lib/base/err.h"|ok
		lib/base/a.c|<string.h>|ok
		lib/base/a.c|<jansson.h>|bad
		lib/base/a.c|"lib/conf/ini.h"|bad
		lib/conf/a.c|"lib/base/err.h"|ok
		lib/conf/a.h|"lib/cc/msg.h"|bad
		lib/cc/a.c|"lib/conf/opt.h"|ok
		lib/cc/a.c|<openssl/cms.h>|ok
		lib/cc/a.c|<zmq.h>|ok
		lib/cc/a.c|"lib/trust/gid.h"|bad
		lib/cc/a.c|"lib/handler/handler.h"|bad
		lib/cc/a.c|<libxml/tree.h>|bad
		lib/handler/a.c|<czmq.h>|bad
		lib/handler/a.c|"lib/cc/gate.h"|ok
		lib/trust/a.c|"lib/xml/xs.h"|ok
		lib/trust/a.c|"lib/rspec/rs.h"|bad
		lib/trust/a.c|<openssl/x509.h>|ok
		lib/rspec/a.c|"lib/trust/gid.h"|bad
		lib/xmlrpc/a.c|"lib/xml/stream.h"|ok
		lib/xmlrpc/a.c|"lib/trust/gid.h"|bad
		lib/xmlrpc/a.c|"lib/cc/envelope.h"|bad
		lib/xmlrpc/a.c|<libxml/parser.h>|bad
		lib/xmlrpc/a.c|<jansson.h>|ok
		lib/rspec/a.c|<openssl/evp.h>|bad
		lib/store/a.c|"lib/base/err.h"|ok
		lib/store/a.c|"lib/conf/ini.h"|bad
		lib/store/a.c|<openssl/evp.h>|ok
		lib/store/a.c|<sqlite3.h>|ok
		lib/store/a.c|<libxml/tree.h>|bad
		lib/store/a.c|<zmq.h>|bad
		lib/handler/a.c|<sqlite3.h>|bad
		handlers/registry/a.c|<libpq-fe.h>|bad
		cli/store.c|<sqlite3.h>|bad
		handlers/echo.c|"lib/handler/handler.h"|ok
		handlers/echo.c|"handlers/table.h"|ok
		handlers/echo.c|"handlers/proxy.h"|bad
		handlers/echo.c|"ccserver/server.h"|bad
		handlers/echo.c|<zmq.h>|bad
		handlers/echo.c|<openssl/evp.h>|bad
		handlers/registry/a.c|"handlers/registry/a.h"|ok
		handlers/registry/a.c|"lib/registry/rows.h"|ok
		lib/registry/a.c|"lib/store/store.h"|ok
		lib/registry/a.c|"lib/cc/gate.h"|bad
		lib/authz/a.c|"lib/cc/gate.h"|ok
		lib/authz/a.c|"lib/trust/cred.h"|ok
		lib/authz/a.c|"lib/registry/rows.h"|bad
		lib/authz/a.c|"lib/handler/handler.h"|bad
		lib/authz/a.c|<openssl/evp.h>|bad
		handlers/registry/a.c|"lib/authz/authz.h"|ok
		lib/trust/a.c|"lib/authz/authz.h"|bad
		daemons/ambridge/a.c|"lib/authz/authz.h"|bad
		lib/registry/a.c|<openssl/evp.h>|bad
		handlers/registry/a.c|"handlers/aggregate/b.h"|bad
		handlers/table.c|"handlers/echo.h"|ok
		ccserver/a.c|"handlers/table.h"|ok
		ccserver/a.c|"handlers/echo.h"|bad
		ccserver/a.c|<zmq.h>|ok
		ccserver/a.c|<openssl/evp.h>|bad
		ccserver/a.c|"cli/cmd.h"|bad
		cli/a.c|"lib/cc/client.h"|ok
		cli/a.c|"ccserver/server.h"|bad
		cli/a.c|<zmq.h>|bad
		cli/a.c|"lib/xmlrpc/xmlrpc.h"|ok
		cli/https.c|<curl/curl.h>|ok
		cli/user_https.c|<curl/curl.h>|bad
		daemons/ambridge/a.c|<curl/curl.h>|bad
		daemons/ambridge/tls.c|<openssl/ssl.h>|ok
		daemons/ambridge/a.c|<openssl/ssl.h>|bad
		daemons/ambridge/a.c|<event2/http.h>|ok
		daemons/ambridge/a.c|<zlib.h>|bad
		daemons/ambridge/gzip.c|<zlib.h>|ok
		cli/am_inflate.c|<zlib.h>|ok
		lib/rspec/advert.c|<zlib.h>|ok
		lib/rspec/request.c|<zlib.h>|bad
		cli/am.c|<zlib.h>|bad
		daemons/ambridge/a.c|"lib/trust/chain.h"|ok
		daemons/nodemgr/a.c|<event2/http.h>|bad
		daemons/nodemgr/a.c|<openssl/ssl.h>|bad
		daemons/nodemgr/a.c|"daemons/ambridge/a.h"|bad
		daemons/nodemgr/a.c|"lib/handler/handler.h"|bad
		daemons/nodemgr/a.c|"daemons/nodemgr/b.h"|ok
		daemons/nodemgr/a.c|"lib/daemon/daemon.h"|ok
		daemons/nodemgr/a.c|<zmq.h>|bad
		lib/daemon/a.c|<zmq.h>|ok
		lib/daemon/a.c|"lib/cc/client.h"|ok
		lib/daemon/a.c|"lib/handler/handler.h"|bad
		lib/daemon/a.c|<openssl/x509.h>|bad
		lib/daemon/a.c|"daemons/nodemgr/a.h"|bad
		lib/cc/a.c|"lib/daemon/daemon.h"|bad
		handlers/echo.c|"lib/daemon/daemon.h"|bad
		lib/odd/a.c|"lib/base/err.h"|bad
		lib/conf/a.c|"ini.h"|bad
		lib/conf/a.c|"tests/test.h"|bad
	ROWS
	[ $rc != 0 ] || echo "check-layers self-test: every rule holds"
	return $rc
}

case ${1-} in
--self-test) self_test ;;
-*)
	echo "usage: tests/check-layers.sh [--self-test | ROOT]" >&2
	exit 2
	;;
*) check_tree "${1:-$top}" ;;
esac
