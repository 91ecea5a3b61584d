#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compares our ini parser with Python's, on files where the dialects of Python 2 and 3 coincide.

usage: ini_oracle.py INI-DUMP
"""
import configparser
import json
import pathlib
import subprocess
import sys
import tempfile

ACCEPTED = [
    "",
    "[a]\n",
    "[a]\nx = 1\nY: two\n\n# c\n; c\nz=a:b=c\n",
    "[a]\nx = h:echo ; comment\ny = a;b\nz = # no comment\n",
    "[a]\nx =\ny = 2 ; c\n",
    "[a]\nlist = one,\n  two,\n\tthree\nnext = 4\n",
    "[DEFAULT]\nbase = /srv\nx = 0\n[a]\nx = 1\nlog = %(base)s/%(x)s.log\n[b]\nlog = %(BASE)s\n",
    "[a]\nx=1\n[b]\ny=2\n[a]\nx=3\nz=4\n",
    "[a]\npercent = 100%%\nmask = %%(hostname)s/%%(path)s\n",
    "[a]\nx = <%(y)s>\ny = [%(z)s]\nz = {%%}\n",
    "[a b] ; c\nkey with space = v\n",
    "[routes]\n* = h:a\npub = h:b, h:c\npub.infofile = h:d\n",
    "[a]\r\nx = 1\r\n y\r\n",
    "[a]\nx = caf\u00e9\n",
    "[default]\nx = no default section\n[a]\n",
]

REJECTED = [
    "x = 1\n",
    "[a]\nx\n",
    "[a]\n= 1\n",
    "[a]\nx = %(none)s\n",
    "[a]\nx = %(x)s\n",
    "[a]\nx = 5%\n",
    "[a]\nx = %(y\n",
    "[]\nx = 1\n",
]


def python_entries(text):
    parser = configparser.ConfigParser(
        strict=False, comment_prefixes=("#", ";"), inline_comment_prefixes=(";",))
    parser.read_string(text)
    return {(s, k, v) for s in parser.sections() for k, v in parser.items(s)}


def our_entries(dump, text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "t.ini")
        path.write_bytes(text.encode())
        done = subprocess.run([dump, path], capture_output=True, timeout=10)
    if done.returncode == 1:
        return None
    done.check_returncode()
    return {tuple(json.loads(line)) for line in done.stdout.splitlines()}


def main():
    failures = 0
    for text in ACCEPTED:
        ours, theirs = our_entries(sys.argv[1], text), python_entries(text)
        if ours != theirs:
            failures += 1
            print(f"differs: {text!r}\n  ours   {ours}\n  Python {theirs}")
    for text in REJECTED:
        try:
            print(f"Python takes {text!r}: {python_entries(text)}")
            failures += 1
        except configparser.Error:
            pass
        if our_entries(sys.argv[1], text) is not None:
            print(f"we take {text!r}")
            failures += 1
    print(f"{len(ACCEPTED) + len(REJECTED)} files, {failures} failures")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
