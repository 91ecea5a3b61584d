#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the migrations as C: embed.py OUT FILE... Files are NNN-NAME.sql, numbered from 001 without a gap."""
import hashlib
import pathlib
import re
import sys

out, *files = sys.argv[1:]
lines = ["/* Written by embed.py. */", '#include "lib/store/schema.h"', "", "const struct st_migration st_migrations[] = {"]
for number, path in enumerate(map(pathlib.Path, files), 1):
    match = re.fullmatch(r"(\d{3})-([a-z0-9_]+)\.sql", path.name)
    if not match or int(match[1]) != number:
        sys.exit(f"{path}: wanted migration {number:03}-NAME.sql here")
    text = path.read_text(encoding="ascii")
    lines.append(f'\t{{{number}, "{match[2]}",')
    for line in text.splitlines(keepends=True):
        escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n")
        lines.append(f'\t "{escaped}"')
    lines.append(f'\t, "{hashlib.sha256(text.encode()).hexdigest()}"}},')
lines += ["\t{0}};", ""]
pathlib.Path(out).write_text("\n".join(lines))
