#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""jobmgr through a running server, with daemons that go wrong in every way: tests/it/jobmgr.py BUILD"""
import json
import os
import pathlib
import random
import re
import signal
import sys
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

KILLS = it.count("JOB_KILLS", 6)
RESTARTS = 50
ORPHAN_SECONDS = 2 + it.GRACE
DAEMON = pathlib.Path(__file__).resolve().parent / "jobs" / "daemon.py"
FAR = 1000  # seconds: a daemon that waits for its next start does not get it during the test


# -- surroundings -----------------------------------------------------------------------------------------------------

class Jobs:
    """A local server with a jobmgr and daemons, and what a client may ask of it."""

    def __init__(self, lab, signed=True, options=None, more=None, **daemons):
        """Each daemon is a dict; one without a program of its own is tests/it/jobs/daemon.py."""
        self.lab = lab
        self.program = lab.folder / "programs" / "cc-test"
        self.program.parent.mkdir(exist_ok=True)
        self.program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{DAEMON}" "$@"\n')
        self.program.chmod(0o755)
        self.server = lab.server(
            "local", ccserver={"cc-role": "local", **lab.crypto("local", signed), **(options or {})},
            routes={"echo": "h:echo", "job": "h:jobmgr"}, h_echo={"handler": "echo"},
            **{"h_jobmgr": {"handler": "jobmgr", "daemons": ", ".join(f"d:{name}" for name in daemons),
                            "daemon-dir": self.program.parent},
               **{f"d_{name}": self.section(d) for name, d in daemons.items()}, **(more or {})})
        self.signer = lab.signer() if signed else None

    @staticmethod
    def section(options):
        named = {key.replace("_", "-"): value for key, value in options.items()}
        return named if "command" in named else {"daemon": "test", **named}

    def start(self):
        self.server.start()
        return self

    def ask(self, kind, url=None, identity=True, **fields):
        """Type and body of the answer; without identity in the original's form."""
        dealer = self.lab.dealer(url or self.server)
        rest = None

        def answered():
            nonlocal rest
            body = it.body_of(kind, **fields) if identity else it.body_of(kind, id=None, **fields)
            rest = dealer.ask(it.message(kind, body, self.signer), seconds=60)
            expect(rest is not None, f"{kind} is not answered")
            # one that has just started may have taken the message in an earlier life: it wants another
            return rest[0] != b"error" or json.loads(rest[1])["code"] != "stale"

        wait_until(answered, f"{kind} by a server that is old enough")
        dealer.close()
        self.lab.sockets.remove(dealer)
        return rest[0].decode(), json.loads(rest[1])

    def good(self, kind, **fields):
        got, body = self.ask(kind, **fields)
        expect_equal(got, f"reply.{kind}", f"type of the answer to {kind} {fields} ({body})")
        return body

    def job(self, name):
        jobs = [job for job in self.good("job.list")["jobs"] if job["name"] == f"d:{name}"]
        return jobs[0] if jobs else None

    def wait(self, name, what, condition):
        """Asks until condition(entry of job.list)."""
        last = None

        def looked():
            nonlocal last
            last = self.job(name)
            return last is not None and condition(last) and last

        try:
            return wait_until(looked, f"{name} {what}", 60)
        except it.Failure as why:
            raise it.Failure(f"{why}: {last}") from None

    def running(self, name, starts=1):
        return self.wait(name, "to run", lambda j: j["state"] == "running" and j["starts"] >= starts)

    def backoff(self, name, starts=1):
        return self.wait(name, "to wait for its next start",
                         lambda j: j["state"] == "backoff" and j["starts"] >= starts)

    def events(self):
        """(section, event, pid) of what daemons saw."""
        path = self.lab.folder / "events"
        return [(s, e, int(p)) for s, e, p in map(str.split, path.read_text().splitlines())] if path.exists() else []

    def wait_log(self, pattern):
        wait_until(lambda: re.search(pattern, self.server.log()), f"{pattern!r} in the log")
        return self.server.log()

    def left(self):
        """Pids of everything that came of the server and has not ended."""
        seen = {pid for _, _, pid in self.events()}
        seen |= set(map(int, re.findall(r"started \S+, pid (\d+)", self.server.log())))
        found = {pid for pid in seen if not it.process_ended(pid)} | set(processes_with(str(self.lab.folder)))
        return sorted(found - ({self.server.pid} if self.server.process.poll() is None else set()))

    def expect_no_orphan(self):
        try:
            wait_until(lambda: not self.left(), "an end of all that the server started", ORPHAN_SECONDS)
        except it.Failure as why:
            raise it.Failure(f"{why}: {self.left()}") from None


def processes_with(word):
    """Pids of processes with this in a word of their command line, ourselves apart."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                if word.encode() in pathlib.Path(f"/proc/{entry}/cmdline").read_bytes():
                    found.append(int(entry))
            except OSError:
                pass
    return found


def files_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def zombies_of(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                status = pathlib.Path(f"/proc/{entry}/status").read_text()
            except OSError:
                continue
            if f"\nPPid:\t{pid}\n" in status and re.search(r"^State:\s+Z", status, re.M):
                found.append(int(entry))
    return found


# -- life -------------------------------------------------------------------------------------------------------------

def starts_and_lists(lab):
    jobs = Jobs(lab, x={}, y={"command": "/bin/sleep 1000"}).start()
    x, y = jobs.running("x"), jobs.running("y")
    for job in (x, y):
        expect(job["pid"] > 1 and not it.process_ended(job["pid"]), f"no process: {job}")
        expect_equal((job["starts"], job["deaths"], job["last_exit"], job["next_start"]), (1, 0, "", 0), "figures")
        expect(job["memory"] > 0 and job["since"] >= 0, f"figures: {job}")
    expect_equal(jobs.events()[-1][:2], ("d:x", "ready"), "what the daemon saw")
    log = jobs.wait_log(r"\[d:x\] ready after ")
    expect(f"[d:x] started {jobs.program}, pid {x['pid']}" in log, "the start is not logged")
    jobs.server.wait_stats(lambda s: s.get("started") == 2, "two starts counted")


def exits_at_once(lab):
    """The first end is followed by a start, the next by a wait that grows."""
    jobs = Jobs(lab, x={"behave": "exits", "watchdog_formula_b": FAR, "watchdog_formula_cap": 0}).start()
    job = jobs.backoff("x", 2)
    expect_equal((job["starts"], job["deaths"], job["last_exit"], job["pid"]), (2, 2, "exit 3", 0), "figures")
    expect(FAR - 200 < job["next_start"] <= FAR, f"next start: {job}")
    log = jobs.wait_log(r"\[d:x\] next start in 1000\.0 s")
    for line in ("[d:x] ended: exit 3 after ", "[d:x] next start in 0.0 s", "[d:x] cannot go on"):
        expect(line in log, f"not logged: {line}")
    jobs.server.wait_stats(lambda s: (s.get("started"), s.get("died")) == (2, 2), "ends counted")


def hangs(lab):
    once = {"watchdog_formula_a": FAR, "watchdog_formula_cap": 0}
    jobs = Jobs(lab, x={"behave": "silent", "heartbeat_timeout": 1, **once},
                y={"behave": "unready", "start_timeout": 3, **once}, z={"heartbeat_timeout": 30}).start()
    expect_equal(jobs.backoff("x")["last_exit"], "signal 9", "end of one that is silent")
    expect_equal(jobs.backoff("y")["last_exit"], "signal 9", "end of one that is never ready")
    jobs.wait_log(r"\[d:x\] no heartbeat for 1\.0 s: killing it")
    jobs.wait_log(r"\[d:y\] not ready within 3\.0 s: killing it")
    expect_equal(jobs.running("z")["deaths"], 0, "ends of one that beats")
    jobs.server.wait_stats(lambda s: s.get("hung") == 2, "two that hang counted")


def ignores_sigterm(lab):
    jobs = Jobs(lab, x={"behave": "deaf parent", "stop_grace": 0.5}).start()
    job = jobs.running("x")
    body = jobs.good("job.stop", job_name="d:x")
    expect_equal((body["state"], body["last_exit"], body["pid"]), ("stopped", "signal 9", 0), "the answer")
    jobs.wait_log(r"\[d:x\] still there 0\.5 s after SIGTERM: killing it")
    expect(it.process_ended(job["pid"]), "it is still there")
    jobs.expect_no_orphan()  # its child neither
    expect_equal(jobs.job("x")["deaths"], 0, "ends that nobody asked for")
    jobs.server.wait_stats(lambda s: s.get("killed") == 1, "the kill counted")


def floods(lab):
    jobs = Jobs(lab, x={"behave": "flood", "max_log_rate": 5}).start()
    began = time.monotonic()
    jobs.running("x")
    jobs.wait_log(r"\[d:x\] \d+ lines held back")
    for _ in range(5):
        lab.expect_answered(jobs.server, "an echo.request during the flood")
    expect_equal(len(jobs.good("job.log", job_name="d:x", lines=50)["lines"]), 50, "lines of job.log")
    expect(set(jobs.good("job.log", job_name="d:x")["lines"]) == {" ".join(["flood"] * 10) + " "}, "lines of the flood")
    logged = jobs.server.log().count("] flood")
    expect(logged <= 5 * (time.monotonic() - began + 2), f"{logged} lines in {time.monotonic() - began:.1f} s")
    expect_equal(jobs.good("job.stop", job_name="d:x")["state"], "stopped", "a stop during the flood")


def grows_past_its_limit(lab):
    jobs = Jobs(lab, x={"behave": "grow", "memory_limit": "300M", "watchdog_formula_b": FAR,
                        "watchdog_formula_cap": 0}).start()
    job = jobs.backoff("x", 2)
    expect_equal(job["last_exit"], "exit 1", "how it ended")
    expect(job["next_start"] > FAR - 200, f"no back-off: {job}")
    log = jobs.wait_log(r"\[d:x\] ended: exit 1 after \d+\.\d s; its memory-limit is 314572800 octets")
    expect("[d:x] MemoryError" in log, "its own words are not logged")
    expect(jobs.events().count(("d:x", "ready", jobs.events()[-1][2])) == 1, "it never ran")


def killed_daemon_comes_back(lab):
    jobs = Jobs(lab, x={"behave": "parent"}, y={}).start()
    first, other = jobs.running("x"), jobs.running("y")
    os.kill(first["pid"], signal.SIGKILL)
    job = jobs.running("x", 2)
    expect_equal((job["starts"], job["deaths"], job["last_exit"]), (2, 1, "signal 9"), "figures")
    expect(job["pid"] != first["pid"], "the same process")
    child = next(pid for _, event, pid in jobs.events() if event == "child")
    wait_until(lambda: it.process_ended(child), "the end of the killed daemon's child")
    expect_equal(jobs.job("y")["pid"], other["pid"], "the other daemon's process")
    expect_equal(zombies_of(jobs.server.pid), [], "zombies")


# -- the end of the server --------------------------------------------------------------------------------------------

def killed_server_leaves_no_orphan(lab):
    """By the lifeline, though it ignores SIGTERM; by SIGTERM, though it knows no lifeline; also as another user."""
    daemons = {"deaf": {"behave": "deaf"}, "plain": {"command": "/bin/sleep 1000"}, "good": {}}
    if os.geteuid() == 0:
        daemons["nobody"] = {"command": "/bin/sleep 1000", "user": "nobody"}
    jobs = Jobs(lab, **daemons).start()
    pids = {name: jobs.running(name)["pid"] for name in daemons}
    if "nobody" in pids:
        status = pathlib.Path(f"/proc/{pids['nobody']}/status").read_text()
        expect(re.search(r"^Uid:\t65534\t65534\t65534\t65534$", status, re.M), "the user was not changed")
        expect(re.search(r"^Groups:\t65534 $", status, re.M), "the groups were not changed")
    jobs.server.kill()
    jobs.expect_no_orphan()
    expect(("d:deaf", "eof", pids["deaf"]) in jobs.events(), "the end of the lifeline was not seen")


def replaced(jobs, victims):
    """A reload that puts another section, with threads of its own, in the place of the one that forked the daemons."""
    text = jobs.server.ini.read_text()
    old, new = ("h:jobmgr", "h:another") if "h:jobmgr" in text else ("h:another", "h:jobmgr")
    jobs.server.ini.write_text(text.replace(old, new))
    jobs.server.send_signal(signal.SIGHUP)
    wait_until(lambda: all(it.process_ended(pid) for pid in victims), "the daemons of the section before to end")
    for name in "abc":
        expect(jobs.running(name)["pid"] not in victims, f"{name} is one of before")


def killed_at_random(lab):
    """kill -9 of the server or of a daemon, or a reload that replaces who forked them, again and again; seeded by the number."""
    jobs = Jobs(lab, a={"behave": "deaf", "watchdog_formula_b": 0, "stop_grace": 0.1}, b={"watchdog_formula_b": 0},
                c={"command": "/bin/sleep 1000", "watchdog_formula_b": 0}).start()
    dead = set()
    for number in range(KILLS):
        chance = random.Random(number)
        # the one killed before may still be told as running
        wait_until(lambda: not dead & {jobs.running(name)["pid"] for name in "abc"}, "the end of a daemon to be seen")
        victims = [jobs.running(name)["pid"] for name in "abc"]
        time.sleep(chance.random() / 20)  # poll: somewhere in their lives
        what = chance.choice(("daemon", "server", "reload"))
        if what == "daemon":
            dead = {chance.choice(victims)}
            os.kill(*dead, signal.SIGKILL)
            continue
        if what == "reload":
            replaced(jobs, victims)
            continue
        jobs.server.kill()
        jobs.server.check_sanitizer()
        jobs.expect_no_orphan()
        jobs.server.start()
    jobs.server.kill()
    jobs.expect_no_orphan()


def killed_while_starting(lab):
    """A server that dies among its forks leaves nothing either, also of those that it had not yet logged."""
    jobs = Jobs(lab, **{f"j{n}": {"command": f"/bin/sleep 1000.{os.getpid()}{n}"} for n in range(8)})
    seen = 0
    for number in range(KILLS):
        jobs.server.spawn()
        wait_until(lambda: "started /bin/sleep" in jobs.server.log()[seen:], "the first start")
        time.sleep(random.Random(number).random() / 100)  # poll: somewhere among the forks
        jobs.server.kill()
        seen = len(jobs.server.log())
        jobs.expect_no_orphan()
        expect_equal(processes_with(f"1000.{os.getpid()}"), [], "processes of the server that was killed")


def stopped_in_order(lab):
    """SIGTERM ends all, the last one first, and routing goes on meanwhile."""
    jobs = Jobs(lab, a={}, b={}, c={},
                d={"behave": "exits", "watchdog_formula_a": FAR, "watchdog_formula_cap": 0}).start()
    for name in "abc":
        jobs.running(name)
    jobs.backoff("d")
    jobs.server.stop(signal.SIGTERM)
    expect_equal([s for s, event, _ in jobs.events() if event == "term"], ["d:c", "d:b", "d:a"], "order of the ends")
    expect_equal([s for s, event, _ in jobs.events() if event == "eof"], [], "those whom only the lifeline told")
    expect_equal(jobs.left(), [], "processes that are left")
    log = jobs.server.log()
    for name in "abc":
        expect(f"[d:{name}] stopped: exit 0 after " in log, f"the end of {name} is not logged")


def stop_is_bounded(lab):
    jobs = Jobs(lab, a={}, b={"behave": "deaf", "stop_grace": 1}, c={"behave": "silent", "stop_grace": 1}).start()
    for name in "abc":
        jobs.running(name)
    jobs.server.stop(signal.SIGINT)
    expect_equal(jobs.left(), [], "processes that are left")
    log = jobs.server.log()
    expect("[d:a] stopped: exit 0" in log and "[d:b] stopped: signal 9" in log and "[d:c] stopped: signal 9" in log,
           "the ends are not logged")


def restarts_leak_nothing(lab):
    jobs = Jobs(lab, x={"command": "/bin/sleep 1000"}).start()
    jobs.running("x")
    jobs.good("job.restart", job_name="d:x")
    before = files_of(jobs.server.pid)
    for _ in range(RESTARTS):
        expect_equal(jobs.good("job.restart", job_name="d:x")["state"], "running", "state after a restart")
    # a connection of a client may end a little later than the client
    wait_until(lambda: files_of(jobs.server.pid) <= before, f"{before} descriptors again")
    expect_equal(zombies_of(jobs.server.pid), [], "zombies")
    job = jobs.job("x")
    expect_equal((job["starts"], job["deaths"]), (RESTARTS + 2, 0), "figures")


# -- requests ---------------------------------------------------------------------------------------------------------

def requests(lab):
    jobs = Jobs(lab, options={"cms-compat": "hots-cc"}, x={"color": "red"}).start()
    pid = jobs.running("x")["pid"]
    body = jobs.good("job.restart", job_name="d:x")
    expect_equal((body["job_name"], body["state"]), ("d:x", "running"), "answer to job.restart")
    expect(body["pid"] not in (0, pid) and it.process_ended(pid), f"no new process: {body}")
    expect_equal(jobs.events()[-1][1], "ready", "it was answered before it was ready")
    expect_equal(jobs.good("job.start", job_name="d:x")["pid"], body["pid"], "job.start of what runs")
    body = jobs.good("job.stop", job_name="d:x")
    expect_equal((body["state"], body["pid"], body["last_exit"]), ("stopped", 0, "exit 0"), "answer to job.stop")
    expect_equal(jobs.job("x")["state"], "stopped", "state in the list")
    expect_equal(jobs.good("job.start", job_name="d:x")["state"], "running", "answer to job.start")
    expect_equal(jobs.good("job.log", job_name="d:x")["lines"], [], "what it said")
    for kind, fields, code, text in (
            ("job.stop", {"job_name": "d:y"}, "not-found", "Unknown job_name"),
            ("job.log", {}, "bad-request", "Missing job_name"),
            ("job.config", {"job_name": ["d:x"]}, "bad-request", "Missing job_name"),
            ("job.kill", {"job_name": "d:x"}, "unsupported", "")):
        got, body = jobs.ask(kind, **fields)
        expect_equal((got, body["code"], body["req_type"]), ("error", code, kind), f"answer to {kind} {fields}")
        expect(text in body["msg"], f"{kind} {fields}: {body['msg']!r}")


def config_in_both_forms(lab):
    jobs = Jobs(lab, options={"cms-compat": "hots-cc"}, x={"color": "red"}).start()
    jobs.running("x")
    config = jobs.good("job.config", job_name="d:x")["config"]
    expect_equal(config, {"daemon": "test", "color": "red", "use_skylog": "0", "service_name": "d:x",
                          "job_name": "local.d:x", "pidfile": str(jobs.server.pidfile).replace(".pid", ".d:x.pid"),
                          **{key: str(value) for key, value in lab.crypto("local", True).items()},
                          "cms-compat": "hots-cc"}, "the daemon's configuration")
    got, body = jobs.ask("job.config", identity=False, job_name="d:x")
    expect_equal((got, body["req"], body["job_name"], body["config"]), ("job.config", "job.config", "d:x", config),
                 "the original's form")
    for fields, text in (({}, "Missing job_name"), ({"job_name": "d:y"}, "Unknown job_name")):
        got, body = jobs.ask("job.config", identity=False, **fields)
        expect_equal((got, body["req"], body["msg"]), ("job.config", "job.config", text), "the original's error")


def strangers_change_nothing(lab):
    """Unsigned: whoever comes by ipc as the server's own user may, others may look only."""
    private = lab.folder / "private"
    private.mkdir(mode=0o700)
    jobs = Jobs(lab, signed=False, x={})
    ipc = f"ipc://{private}/cc.sock"
    text = jobs.server.ini.read_text()
    jobs.server.ini.write_text(text.replace(f"cc-socket = {jobs.server.url}", f"cc-socket = {jobs.server.url}, {ipc}"))
    jobs.start()
    pid = jobs.running("x")["pid"]
    for kind in ("job.stop", "job.start", "job.restart"):
        got, body = jobs.ask(kind, job_name="d:x")
        expect_equal((got, body["code"]), ("error", "denied"), f"{kind} of a stranger")
    expect_equal(jobs.job("x")["pid"], pid, "the process")
    got, body = jobs.ask("job.restart", url=ipc, job_name="d:x")
    expect_equal((got, body.get("state")), ("reply.job.restart", "running"), f"job.restart by ipc ({body})")
    expect(body["pid"] != pid, "no new process")


def reload_restarts_what_changed(lab):
    jobs = Jobs(lab, stays={}, changes={"color": "red"}, goes={}).start()
    before = {name: jobs.running(name)["pid"] for name in ("stays", "changes", "goes")}
    text = jobs.server.ini.read_text()
    changed = text.replace("color = red", "color = blue")
    changed = changed.replace(", d:goes\n", ", d:comes\n").replace("[d:goes]", "[d:comes]")
    jobs.server.ini.write_text(changed.replace("daemon = test\ncolor", "daemon = absent\ncolor"))
    jobs.server.send_signal(signal.SIGHUP)
    jobs.wait_log(r"no program for daemon absent; tried .*/cc-absent")
    expect_equal({name: jobs.running(name)["pid"] for name in before}, before, "processes after a reload that failed")
    jobs.server.ini.write_text(changed)
    jobs.server.send_signal(signal.SIGHUP)
    jobs.running("comes")
    jobs.running("changes", 2)
    wait_until(lambda: jobs.job("goes") is None, "the end of one that is not named any more")
    expect(it.process_ended(before["goes"]), "its process is there")
    expect_equal(jobs.job("stays")["pid"], before["stays"], "the process of one that did not change")


def check_says_what_is_missing(lab):
    jobs = Jobs(lab, options={"cms-compat": "hots-cc"}, x={"daemon": "absent"})
    done = lab.run(lab.ccserver, "--check", jobs.server.ini)
    expect_equal(done.returncode, 2, "exit code of --check")
    expect(f"no program for daemon absent; tried {jobs.program.parent}/cc-absent" in done.stderr, f"{done.stderr!r}")
    text = jobs.server.ini.read_text().replace("daemon = absent", "module = cc.daemon.logtail")
    jobs.server.ini.write_text(text)
    done = lab.run(lab.ccserver, "--check", jobs.server.ini)
    expect_equal(done.returncode, 0, f"exit code of --check with a module of a later version ({done.stderr})")
    expect("module = cc.daemon.logtail is not in this version; not started" in done.stderr, f"{done.stderr!r}")
    jobs.start()
    expect_equal(jobs.good("job.list")["jobs"], [], "daemons")


if __name__ == "__main__":
    it.main(starts_and_lists, exits_at_once, hangs, ignores_sigterm, floods, grows_past_its_limit,
            killed_daemon_comes_back, killed_server_leaves_no_orphan, killed_at_random, killed_while_starting,
            stopped_in_order, stop_is_bounded, restarts_leak_nothing, requests, config_in_both_forms,
            strangers_change_nothing, reload_restarts_what_changed, check_says_what_is_missing)
