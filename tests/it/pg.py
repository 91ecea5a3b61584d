#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A PostgreSQL of a test's own: in a folder of its own, on a free loopback port, gone with its folder.

`pg.py CMD...` starts one, runs CMD with its url in CCFED_TEST_PG, and stops it.
"""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 60
ADMIN = "ccfed"


class Broken(Exception):
    """There is no server, and why."""


def programs():
    """The folder of initdb and postgres, the newest there is."""
    found = [p.parent for p in pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found:
        raise Broken("PostgreSQL is not installed")
    return max(found, key=lambda p: int(p.parent.name) if p.parent.name.isdigit() else 0)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    try:
        return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise Broken(f"{what}: not within {PATIENCE} s")
        time.sleep(0.02)  # poll


class Postgres:
    def __init__(self):
        self.programs = programs()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ccfed-pg-"))
        self.data = self.folder / "data"
        self.process = None
        # it refuses to run as root, and wants its folder for itself
        self.prefix = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        try:
            self.make()
            self.start()
        except BaseException:
            self.stop()
            raise

    def run(self, *command):
        done = subprocess.run([*self.prefix, *command], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Broken(f"{command[0]}: {done.stdout[-500:]}")

    def make(self):
        self.run(str(self.programs / "initdb"), "-D", str(self.data), "-U", ADMIN, "-E", "UTF8", "--locale=C",
                 "-A", "trust", "--no-sync", "--no-instructions")
        self.port = free_port()
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\n"
                       f"unix_socket_directories = '{self.folder}'\nfsync = on\nmax_connections = 100\n"
                       "shared_buffers = 32MB\n")

    @property
    def url(self):
        return self.database("postgres")

    def database(self, name):
        return f"postgresql://{ADMIN}@127.0.0.1:{self.port}/{name}"

    def answers(self):
        if self.process.poll() is not None:
            raise Broken("PostgreSQL ended: " + (self.folder / "log").read_text(errors="replace")[-500:])
        return subprocess.run([self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                              stdin=subprocess.DEVNULL).returncode == 0

    def start(self):
        with open(self.folder / "log", "ab") as log:
            # it dies with whoever started it
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.prefix[1:], str(self.programs / "postgres"), "-D", str(self.data)],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self.answers, "PostgreSQL answers")

    def everyone(self):
        return [self.process.pid, *children(self.process.pid)]

    def signal_all(self, number):
        for pid in self.everyone():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def freeze(self):
        """As a host that hangs: connections stay, nothing answers."""
        self.signal_all(signal.SIGSTOP)

    def thaw(self):
        self.signal_all(signal.SIGCONT)

    def kill(self):
        """As a crash: all its processes at once, without a word."""
        pids = self.everyone()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        wait_for(lambda: not any(os.path.exists(f"/proc/{pid}/fd/0") for pid in pids), "PostgreSQL's processes end")

    def sql(self, text, database="postgres"):
        """Runs statements, and gives what psql prints."""
        done = subprocess.run(["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.database(database)],
                              input=text, capture_output=True, text=True)
        if done.returncode:
            raise Broken(done.stderr)
        return done.stdout.strip()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.thaw()
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()


def main():
    if len(sys.argv) < 2:
        print("usage: pg.py CMD...", file=sys.stderr)
        return 2
    # a signal ends it as an error does: the server is stopped and its folder removed
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    try:
        with Postgres() as server:
            return subprocess.run(sys.argv[1:], env={**os.environ, "CCFED_TEST_PG": server.url}).returncode
    except Broken as why:
        print(f"pg.py: {why}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
