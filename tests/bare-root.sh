#!/bin/bash
# SPDX-License-Identifier: ISC
# Runs a command in a minimal Debian 12 tree, as a user who has nothing yet would: tests/bare-root.sh [--keep] CMD...
#
# The tree is what debootstrap --variant=minbase makes (kept in build-bare/ or $CCFED_BARE_ROOT and copied for each run).
# It is entered as the root of a mount and pid namespace: bind mount and pivot_root, because a process in a plain
# chroot may not make namespaces of its own (the kernel refuses CLONE_NEWUSER and pivot_root there), and parts of
# the project do. It has its own /proc, /sys with the cgroups, /dev, /tmp and /run; the network is the machine's.
# The project is copied to /src/ccfed; ../shared, where there is one, is bound read-only to /src/shared.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cache=${CCFED_BARE_ROOT:-$top/build-bare}
suite=bookworm
keep=0

die() {
	echo "bare-root: $*" >&2
	exit 2
}

usage() {
	sed -n '3,10s/^# \{0,1\}//p' "$0"
}

while [ $# -gt 0 ]; do
	case $1 in
	--keep) keep=1 ;;
	-h | --help)
		usage
		exit 0
		;;
	--) shift && break ;;
	-*) die "unknown option $1" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || {
	usage >&2
	exit 2
}
[ "$(id -u)" = 0 ] || die "needs root (it makes mounts)"

# "URI SUITE" of the machine's own apt sources for this release, its updates and security
sources() {
	# $(...) is apt's, not the shell's
	# shellcheck disable=SC2016
	apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)' |
		awk -v s="$suite" '$4 == "Packages" && $3 == "main" && ($2 == s || index($2, s "-") == 1) { print $1, $2 }' |
		sort -u
}

make_base() {
	local mirror tmp
	mirror=$(sources | awk -v s="$suite" '$2 == s { print $1; exit }')
	[ -n "$mirror" ] || die "this machine's apt sources have no $suite main: nothing to make a tree from"
	command -v debootstrap >/dev/null || "$top/conf/install-packages" bare
	tmp=$cache/base.new
	rm -rf --one-file-system "$tmp"
	mkdir -p "$tmp"
	echo "bare-root: making a $suite minbase tree (once)" >&2
	debootstrap --variant=minbase "$suite" "$tmp" "$mirror" >"$cache/debootstrap.log" 2>&1 || {
		tail -n 20 "$cache/debootstrap.log" >&2
		die "debootstrap failed, see $cache/debootstrap.log"
	}
	mv "$tmp"/var/cache/apt/archives/*.deb "$cache/archives/" 2>/dev/null || :
	mv "$tmp" "$cache/base"
}

# What a user's machine has set up before he starts: apt's sources and proxy, name resolution.
set_up_tree() {
	local file
	sources | awk '{ print "deb " $1, $2, "main" }' >"$tree/etc/apt/sources.list"
	apt-config dump | grep -iE '^Acquire::(http|https|ftp|Check-|Retries)' >"$tree/etc/apt/apt.conf.d/90machine" || :
	for file in /etc/resolv.conf /etc/hosts; do
		rm -f "$tree$file"
		[ ! -e "$file" ] || cat "$file" >"$tree$file"
	done
	# daemons of packages are not started in here
	printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
	chmod 755 "$tree/usr/sbin/policy-rc.d"
	cp -l "$cache"/archives/*.deb "$tree/var/cache/apt/archives/" 2>/dev/null || :
	mkdir -p "$tree/src/ccfed"
	"$top/tests/copy-tree.sh" "$tree/src/ccfed"
}

# The first process in the namespaces: lays the mounts, changes root, runs the command and reaps what it leaves.
# shellcheck disable=SC2317 # called by name below
enter_tree() {
	local tree=$1 shared=$2 node rc=0
	shift 2
	mount --make-rprivate /
	mount --bind "$tree" "$tree"
	mount -t proc -o nosuid,nodev,noexec proc "$tree/proc"
	mount -t sysfs -o nosuid,nodev,noexec sysfs "$tree/sys"
	# whatever the machine has there: cgroup2, or the v1 controllers with cgroup2 beside them
	if [ -d "$tree/sys/fs/cgroup" ] && mountpoint -q /sys/fs/cgroup; then
		mount --rbind /sys/fs/cgroup "$tree/sys/fs/cgroup"
	fi
	mount -t tmpfs -o mode=755,size=16m dev "$tree/dev"
	for node in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0' 'fuse 10 229'; do
		# shellcheck disable=SC2086 # three words on purpose
		set -- $node "$@"
		mknod -m 666 "$tree/dev/$1" c "$2" "$3"
		shift 3
	done
	mkdir "$tree/dev/pts" "$tree/dev/shm" "$tree/dev/net"
	mknod -m 666 "$tree/dev/net/tun" c 10 200
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$tree/dev/pts"
	mount -t tmpfs -o mode=1777 shm "$tree/dev/shm"
	ln -s pts/ptmx "$tree/dev/ptmx"
	ln -s /proc/self/fd "$tree/dev/fd"
	ln -s /proc/self/fd/0 "$tree/dev/stdin"
	ln -s /proc/self/fd/1 "$tree/dev/stdout"
	ln -s /proc/self/fd/2 "$tree/dev/stderr"
	mount -t tmpfs -o mode=1777 tmp "$tree/tmp"
	mount -t tmpfs -o mode=755 run "$tree/run"
	if [ -d "$shared" ]; then
		mkdir -p "$tree/src/shared"
		mount --bind "$shared" "$tree/src/shared"
		mount -o remount,bind,ro "$tree/src/shared"
	fi
	cd "$tree"
	# old and new root on one mount point: the old one is then the upper of the two and falls away
	pivot_root . .
	umount -l .
	cd /src/ccfed
	# a bare environment: no locale, nothing of the caller's but the terminal and the project's own variables
	local keep_env=() var
	for var in TERM http_proxy https_proxy no_proxy CI ${!CCFED_*}; do
		[ -z "${!var+x}" ] || [ "$var" = CCFED_BARE_ROOT ] || keep_env+=("$var=${!var}")
	done
	env -i "${keep_env[@]}" HOME=/root \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" || rc=$?
	exit "$rc"
}

mkdir -p "$cache/archives"
cache=$(cd "$cache" && pwd)
exec 9>"$cache/lock"
flock 9
[ -d "$cache/base" ] || make_base
tree=$(mktemp -d "$cache/tree.XXXXXX")
# the mounts live in the namespace only, so nothing of the machine can be under the tree here
trap '[ $keep = 1 ] && echo "bare-root: kept $tree" >&2 || rm -rf --one-file-system "$tree"' EXIT
trap 'exit 130' INT TERM HUP
cp -a "$cache/base/." "$tree/"
exec 9>&-
set_up_tree

rc=0
export -f enter_tree
unshare --mount --pid --fork --kill-child bash -euo pipefail -c 'enter_tree "$@"' bare-root \
	"$tree" "$top/../shared" "$@" || rc=$?
# what it downloaded serves the next run (hard links: a shared folder would be a shared apt lock)
cp -ln "$tree"/var/cache/apt/archives/*.deb "$cache/archives/" 2>/dev/null || :
exit "$rc"
