#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The store under kill -9: what was acknowledged is there, whole and once, whoever is killed; and ccfed store."""
import collections
import contextlib
import json
import os
import random
import sqlite3
import subprocess
import threading
import time

import ccfed_it as it
import pg
from ccfed_it import PATIENCE, Failure, Skip, count, expect, expect_equal, wait_until

KILLS = count("STORE_KILLS", 4)
THREADS = 8
DEADLINE = 2  # seconds of a write that may fail
LATE = 2      # seconds behind its deadline at which a write must have ended, on a loaded machine


# -- databases --------------------------------------------------------------------------------------------------------

class Sqlite:
    """A file, looked at with Python's SQLite, which has to be told of the collation that names have."""
    name = "sqlite"

    def __init__(self, lab, name="store"):
        self.lab = lab
        self.path = lab.folder / f"{name}.db"
        self.url = f"sqlite:{self.path}"

    def lines(self, query):
        with contextlib.closing(sqlite3.connect(self.path, timeout=PATIENCE)) as db, db:
            db.create_collation("C", lambda a, b: (a.encode() > b.encode()) - (a.encode() < b.encode()))
            return [str(row[0]) for row in db.execute(query)]

    def stop(self):
        pass


class Postgres:
    """A server of its own, looked at with psql."""
    name = "postgresql"

    def __init__(self, lab):
        try:
            self.server = pg.Postgres()
        except pg.Broken as why:
            raise Skip(str(why)) from None
        self.url = self.server.url

    def lines(self, query):
        return self.server.sql(query).splitlines()

    def stop(self):
        self.server.stop()


class Writer:
    """store-writer, with what it acknowledged."""

    def __init__(self, lab, url, label, deadline=60):
        self.ok, self.late, self.failed = [], [], []
        self.process = subprocess.Popen(
            [lab.build / "tests" / "unit" / "store-writer", url, label, str(THREADS), str(int(deadline * 1000))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=lab.folder,
            preexec_fn=it.die_with_parent)
        lab.processes.append(self.process)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            # the last one of a process that was killed may be cut
            if not line.endswith("\n"):
                break
            what, _, rest = line.strip().partition(" ")
            {"ok": self.ok, "late": self.late}.get(what, self.failed).append(rest)

    def wait_more(self, n):
        wanted = len(self.ok) + n
        wait_until(lambda: len(self.ok) >= wanted or self.process.poll() is not None, f"{n} more writes", 2 * PATIENCE)
        expect(self.process.poll() is None, f"store-writer ended: {self.failed[-1:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()

    def end(self):
        self.process.stdin.close()
        try:
            rc = self.process.wait(2 * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure("store-writer does not end") from None
        self.reader.join()
        errors = self.process.stderr.read()
        expect(rc == 0 and not it.SANITIZER.search(errors), f"store-writer ended with {rc}: {errors[-2000:]}")


def judge(lab, database, acknowledged):
    """Every acknowledged write is there; each that is there is whole and was done once; check finds nothing."""
    rows = collections.Counter()
    numbers = set()
    for line in database.lines("SELECT name || ' ' || updated FROM job"):
        name, number = line.split()
        rows[name.rpartition("/")[0]] += 1
        numbers.add(int(number))
    for name in acknowledged:
        expect(name in rows, f"{name} was acknowledged and is not there")
    for name, n in rows.items():
        expect_equal(n, 2, f"rows of {name}")
    # each write took one number: one that was done twice, or by half, would have left a gap or taken one of another
    expect_equal(numbers, set(range(1, len(rows) + 1)), "the numbers that writes took")
    expect_equal(int(database.lines("SELECT COUNT(*) FROM op")[0]), len(rows), "operations")
    audited = sum(int(n) for n in database.lines(
        "SELECT length(entries) - length(replace(entries, '\n', '')) FROM audit"))
    expect_equal(audited, len(rows), "entries of the audit")
    done = lab.ccfed("store", "check", "--store", database.url)
    expect_equal((done.returncode, done.stdout), (0, "no problem was found\n"), f"ccfed store check ({done.stderr})")


def on(kind):
    """A test on one kind of database, which ends with it."""
    def wrap(test):
        def run(lab):
            database = kind(lab)
            try:
                test(lab, database)
            finally:
                for process in lab.processes:
                    process.kill()
                database.stop()
        run.__name__ = f"{test.__name__}_{kind.name}"
        run.__doc__ = test.__doc__
        return run
    return wrap


# -- kills ------------------------------------------------------------------------------------------------------------

def kill_the_writer(lab, database):
    """kill -9 of the program that writes."""
    acknowledged = []
    for i in range(KILLS):
        writer = Writer(lab, database.url, f"life{i}")
        writer.wait_more(random.randint(1, 60))
        writer.kill()
        expect_equal(writer.failed, [], "refusals")
        acknowledged += writer.ok
    # PostgreSQL ends what a killed program began a moment later
    wait_until(lambda: quiet(database), "an end of the transactions of who was killed")
    judge(lab, database, acknowledged)


def quiet(database):
    return database.name == "sqlite" or database.lines(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'ccfed'") == ["0"]


kill_the_writer_sqlite = on(Sqlite)(kill_the_writer)
kill_the_writer_postgresql = on(Postgres)(kill_the_writer)


@on(Postgres)
def kill_the_server(lab, database):
    """kill -9 of PostgreSQL: each write waits until it is back, and is done once."""
    writer = Writer(lab, database.url, "life")
    for _ in range(KILLS):
        writer.wait_more(random.randint(1, 60))
        database.server.kill()
        database.server.start()
    writer.wait_more(20)
    writer.end()
    expect_equal((writer.late, writer.failed), ([], []), "writes that were not done")
    judge(lab, database, writer.ok)


@on(Postgres)
def freeze_the_server(lab, database):
    """A PostgreSQL that hangs: a write ends with its deadline, and is done once when it is back."""
    writer = Writer(lab, database.url, "life", DEADLINE)
    writer.wait_more(20)
    database.server.freeze()
    try:
        wait_until(lambda: len(writer.late) >= 2 * THREADS, "writes that end", 6 * DEADLINE + PATIENCE)
    finally:
        database.server.thaw()
    writer.wait_more(20)
    writer.end()
    for line in writer.late:
        name, ms = line.split()[:2]
        expect(DEADLINE * 1000 <= int(ms) <= (DEADLINE + LATE) * 1000, f"{name} ended after {ms} ms")
    expect_equal(writer.failed, [], "refusals")
    judge(lab, database, writer.ok)


# -- ccfed store ------------------------------------------------------------------------------------------------------

def store(lab, *words, rc=0, **options):
    done = lab.ccfed("store", *words, **options)
    expect_equal(done.returncode, rc, f"ccfed store {' '.join(map(str, words))} ({done.stderr})")
    return done


def administration(lab):
    """ccfed store migrate, check, backup, restore."""
    first, second = Sqlite(lab, "first"), Sqlite(lab, "second")
    store(lab, "check", "--store", first.url, rc=1)
    made = json.loads(store(lab, "migrate", "--store", first.url, "--json").stdout)
    expect_equal([m["number"] for m in made], list(range(1, len(made) + 1)), "migrations")
    expect_equal(first.lines("SELECT number FROM migration"), [str(m["number"]) for m in made], "migrations in the file")
    expect_equal(json.loads(store(lab, "migrate", "--store", first.url, "--json").stdout), [], "migrations again")
    writer = Writer(lab, first.url, "life")
    writer.wait_more(100)
    backup = lab.folder / "backup"
    # while it is written to
    store(lab, "backup", "--store", first.url, backup)
    writer.end()
    rows = json.loads(store(lab, "restore", "--json", backup, env={**os.environ, "CCFED_STORE": second.url}).stdout)
    judge(lab, second, writer.ok[:90])
    expect_equal(rows["job"], int(second.lines("SELECT COUNT(*) FROM job")[0]), "rows of the second store")
    done = store(lab, "restore", "--store", second.url, backup, rc=1)
    expect("not empty" in done.stderr, done.stderr)
    first.lines("UPDATE audit SET entries = 'forged' WHERE number = 2")
    problems = json.loads(store(lab, "check", "--store", first.url, "--json", rc=1).stdout)
    expect(len(problems) == 1 and "row 2" in problems[0], f"problems: {problems}")
    expect_equal(sorted(p.name for p in lab.folder.glob("backup*")), ["backup"], "what a backup leaves")


def usage(lab):
    """What ccfed store refuses."""
    for words in (["migrate"], ["check", "--store", ""], ["backup", "--store", "sqlite:x.db"],
                  ["restore", "--store", "sqlite:x.db"], ["check", "--store", "mysql:x"], ["check", "--nothing"],
                  ["migrate", "--store", "sqlite:x.db", "more"]):
        done = lab.ccfed("store", *words, env={k: v for k, v in os.environ.items() if k != "CCFED_STORE"})
        expect_equal(done.returncode, 2, f"ccfed store {' '.join(words)}")
        expect(done.stderr and not done.stdout, f"ccfed store {' '.join(words)} says {done.stderr!r} {done.stdout!r}")
    for command in ("migrate", "check", "backup", "restore"):
        expect("--store" in store(lab, command, "--help").stdout, f"ccfed store {command} --help")
    expect(not list(lab.folder.iterdir()), "a refused command made something")


if __name__ == "__main__":
    random.seed(time.time())
    it.main(usage, administration, kill_the_writer_sqlite, kill_the_writer_postgresql, kill_the_server, freeze_the_server)
