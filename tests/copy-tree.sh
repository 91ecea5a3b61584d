#!/bin/bash
# SPDX-License-Identifier: ISC
# Copies the project's own files, without builds, run folders and history, into an existing folder: tests/copy-tree.sh DEST
# (tar, not git: a released tree or a minimal system has no git.)
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
if [ $# != 1 ] || [ ! -d "$1" ]; then
	echo "usage: tests/copy-tree.sh DEST (an existing folder)" >&2
	exit 2
fi
# --warning: others may be writing in the tree while it is copied
tar -C "$top" --exclude='./build*' --exclude='./obj-*' --exclude='./run' --exclude='./.git' \
	--exclude='./debian/.debhelper' --exclude='./debian/ccfed' --exclude='./debian/files' \
	--exclude='./debian/*.substvars' --exclude='./debian/*.debhelper*' --exclude='./debian/debhelper-build-stamp' \
	--exclude='__pycache__' --warning=no-file-changed --owner=0 --group=0 -cf - . |
	tar -C "$1" -xf -
