#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The life of a daemon, with cc-discovery for an example: tests/it/daemon.py BUILD"""
import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

NEVER = 86400
LIFELINE_BOUND = 3  # seconds, for a stop after the parent is gone
ORPHAN_PATIENCE = LIFELINE_BOUND + 5  # what a busy machine adds
IDLE_SECONDS = 20


# -- made machines and files ------------------------------------------------------------------------------------------

def make_root(lab, name="root", memory_kib=2048):
    root = lab.folder / name
    for path, text in (
            ("proc/meminfo", f"MemTotal: {memory_kib} kB\nMemAvailable: 1024 kB\n"),
            ("proc/sys/kernel/osrelease", "6.1.0-test\n"), ("proc/loadavg", "0.50 0.25 0.10 1/99 1234\n"),
            ("etc/os-release", 'ID=test\nPRETTY_NAME="Test 1"\n'), ("sys/block/vda/size", "2048\n"),
            ("sys/class/net/eth0/address", "02:00:00:00:00:01\n")):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        # whole or not at all: the daemon may be reading
        (root / path).with_suffix(".new").write_text(text)
        (root / path).with_suffix(".new").rename(root / path)
    return root


WANTED = {
    "memory": {"total": 2048 * 1024}, "kernel": {"release": "6.1.0-test"}, "os": {"id": "test", "name": "Test 1"},
    "disks": [{"name": "vda", "size": 2048 * 512}],
    "nics": [{"name": "eth0", "mac": "02:00:00:00:00:01", "virtual": True}],
    "virtual": {"hypervisor": False, "kvm": False},
}


def write_ini(lab, url, signed=True, ccserver=None, **options):
    """The file of a server that listens at url, with the daemon's section."""
    ini = lab.folder / "local.ini"
    section = {"root": make_root(lab), "period": NEVER, "check-period": 1, **options}
    sections = {
        "ccserver": {"cc-socket": url, **lab.crypto("local", signed), **(ccserver or {})},
        "d:discovery": {key.replace("check_period", "check-period").replace("stats_period", "stats-period"): value
                        for key, value in section.items()}}
    ini.with_suffix(".new").write_text(it.ini_text(sections))
    ini.with_suffix(".new").rename(ini)
    return ini


def program(lab):
    return lab.build / "daemons" / "discovery" / "cc-discovery"


def body_of(frames):
    return json.loads(it.split_route(frames)[1][1])


def of_type(fake, prefix):
    """The bodies of a type that a remote of ours has received."""
    return [body_of(frames) for frames in list(fake.received)
            if it.split_route(frames)[1][0].startswith(prefix.encode())]


def wait_inventories(fake, number):
    return wait_until(lambda: (got := of_type(fake, "pub.inventory")) and len(got) >= number and got,
                      f"{number} inventories")


def hash_of(inventory):
    text = json.dumps(inventory, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# -- the command line -------------------------------------------------------------------------------------------------

def print_machine(lab):
    done = lab.run(program(lab), "--print")
    expect_equal((done.returncode, done.stderr), (0, ""), "--print")
    said = json.loads(done.stdout)
    expect_equal(sorted(said), ["hash", "inventory", "load"], "keys")
    expect_equal(said["hash"], hash_of(said["inventory"]), "hash")
    expect(said["inventory"]["cpu"]["online"] > 0, "no processor")
    expect(said["inventory"]["memory"]["total"] > 1 << 20, "no memory")
    expect_equal(said["inventory"]["kernel"]["release"], os.uname().release, "kernel")
    expect_equal(list(said["inventory"]), sorted(said["inventory"]), "order of the keys")


def print_made_tree(lab):
    done = lab.run(program(lab), "--print", "--root", make_root(lab, "100%s"))
    expect_equal(done.returncode, 0, "--print --root")
    said = json.loads(done.stdout)
    expect_equal(said["inventory"], WANTED, "inventory")
    expect_equal(said["load"], {"loadavg": [0.5, 0.25, 0.1], "processes": 99, "memory_available": 1 << 20}, "load")
    # the same by the option of a file
    ini = write_ini(lab, "ipc://nowhere", signed=False)
    done = lab.run(program(lab), "--print", ini)
    expect_equal(json.loads(done.stdout)["inventory"], WANTED, "inventory by the file's root")


def command_line(lab):
    """Exit codes and words of what does not run a daemon."""
    good = write_ini(lab, "ipc://nowhere")
    bad = lab.folder / "bad.ini"
    bad.write_text("[d:discovery]\nperoid = 1\n")
    keyless = lab.folder / "keyless.ini"
    keyless.write_text(f"[ccserver]\ncms-keystore = {lab.keys}\ncms-sign = nobody\n[d:discovery]\n")
    other = lab.folder / "other.ini"
    other.write_text("[d:other]\nperiod = 7\n")
    for words, code, text in (
            (["--check", good], 0, "good"),
            (["--check", bad], 2, 'did you mean "period"'),
            (["--check", keyless], 2, "nobody.crt"),
            (["--check", other], 2, "no section [d:discovery]"),
            (["--check", other, "d:other"], 0, "good"),
            (["--check", "--set", "period=0", good], 2, "period"),
            (["--check", "--set", "period", good], 2, "--set wants K=V"),
            (["--check", lab.folder / "none.ini"], 2, "none.ini"),
            (["--check", good, "d:discovery", "more"], 2, "at most a section"),
            ([bad], 2, 'did you mean "period"'),
            ([], 2, "a configuration file is wanted"),
            (["--frobnicate", good], 2, "frobnicate"),
            (["--print", "--root", "x" * 600], 2, "too long"),
            (["-V"], 0, "cc-discovery "),
            (["-h"], 0, "--print"),
            (["--ini"], 0, "[d:discovery]")):
        done = lab.run(program(lab), *words)
        expect_equal(done.returncode, code, f"exit code of {words}")
        expect(text in done.stdout + done.stderr, f"{words} does not say {text!r}: {done.stdout}{done.stderr}")


def sample_is_good(lab):
    """What --ini prints is a configuration."""
    sample = lab.run(program(lab), "--ini").stdout
    ini = lab.folder / "sample.ini"
    ini.write_text(re.sub(r"^#(?=[a-z])", "", sample, flags=re.M))
    done = lab.run(program(lab), "--check", ini)
    expect(done.returncode == 0, f"--check of what --ini prints: {done.stderr}")


# -- what it says -----------------------------------------------------------------------------------------------------

def publishes(lab):
    """Form and signature of an inventory, at once, when something changes, and each period."""
    fake = lab.fake_remote()
    verifier = it.Verifier(lab.keys, "ca", "local")
    daemon = lab.daemon("discovery", write_ini(lab, fake.url)).start()
    first = wait_inventories(fake, 1)[0]
    frames = next(f for f in fake.received if b"pub.inventory" in f)
    _, (kind, body, sig) = it.split_route(frames)
    expect_equal(kind, b"pub.inventory", "type")
    expect(verifier.good(body, sig), "OpenSSL does not verify the inventory's signature")
    for key, wanted in (("req", "pub.inventory"), ("hostname", socket.gethostname()), ("inventory", WANTED),
                        ("hash", hash_of(WANTED)), ("changed", True), ("blob_hash", "")):
        expect_equal(first.get(key), wanted, f"{key} of the inventory")
    expect_equal(first["load"]["processes"], 99, "load")
    expect(re.fullmatch("[0-9a-f]{32}", first["id"]), f"id {first['id']}")
    make_root(lab, memory_kib=4096)
    second = wait_inventories(fake, 2)[1]
    expect_equal((second["changed"], second["inventory"]["memory"]["total"]), (True, 4096 * 1024), "after a change")
    daemon.stop()
    daemon = lab.daemon("discovery", write_ini(lab, fake.url, period=1)).start()
    fourth = wait_inventories(fake, 4)[3]
    expect_equal((fourth["changed"], fourth["hash"]), (False, hash_of(WANTED)), "after a period")
    daemon.stop()


def log_lines(lab):
    """Lines of the log come as messages, signed, and those of the stop are flushed."""
    fake = lab.fake_remote()
    verifier = it.Verifier(lab.keys, "ca", "local")
    daemon = lab.daemon("discovery", write_ini(lab, fake.url, period=1, stats_period=1)).start()
    wait_until(lambda: any("{" in line["log_msg"] for line in of_type(fake, "log.info")), "a line of statistics")
    daemon.stop()
    lines = wait_until(lambda: (got := of_type(fake, "log.info")) and got[-1]["log_msg"].endswith(" stopped") and got,
                       "the last line")
    for frames in fake.received:
        _, (kind, body, sig) = it.split_route(frames)
        expect(verifier.good(body, sig), f"OpenSSL does not verify the signature of a {kind}")
    for key, wanted in (("log_level", "INFO"), ("job_name", "local.d:discovery"), ("service_type", "discovery"),
                        ("service_name", "d:discovery"), ("log_pid", daemon.pid),
                        ("log_msg", "local.d:discovery started")):
        expect_equal(lines[0].get(key), wanted, f"{key} of the first line")
    expect(abs(lines[0]["log_time"] - time.time()) < 120, "log_time is not now")
    statistics = next(line["log_msg"] for line in lines if "{" in line["log_msg"])
    expect(re.fullmatch(r"\{changes: 1, published: \d+\}", statistics), f"statistics: {statistics}")


def unsigned(lab):
    """Without keys everything goes unsigned, and at once."""
    fake = lab.fake_remote()
    lab.daemon("discovery", write_ini(lab, fake.url, signed=False)).start()
    wait_inventories(fake, 1)
    expect(all(it.split_route(frames)[1][2] == b"" for frames in fake.received), "a signature without keys")


def log_file(lab):
    fake = lab.fake_remote()
    log = lab.folder / "own.log"
    daemon = lab.daemon("discovery", write_ini(lab, fake.url, logfile=log)).start()
    wait_inventories(fake, 1)
    daemon.stop()
    expect("local.d:discovery stopped" in log.read_text(), "the log file has no last line")
    expect_equal(daemon.log(), "", "standard error beside a log file")


# -- with a ccserver --------------------------------------------------------------------------------------------------

def served_by(lab, fake, **discovery):
    """A local ccserver whose proxy takes pub.* to the fake remote; it listens on tcp and ipc."""
    local = lab.server(
        "local", ccserver={"cc-role": "local", **lab.crypto("local", True)},
        routes={"pub": "h:proxy", "log": "h:log"}, h_proxy={"handler": "proxy", "remote-cc": fake.url},
        h_log={"handler": "locallogger"},
        d_discovery={"root": make_root(lab), "period": NEVER, "check-period": 1, **discovery})
    local.sections["ccserver"]["cc-socket"] = f"{local.url}, ipc://{lab.folder}/cc.sock"
    local.ini.write_text(it.ini_text(local.sections))
    return local


def with_a_server(lab):
    fake = lab.fake_remote()
    local = served_by(lab, fake).start()
    daemon = lab.daemon("discovery", local.ini).start()
    expect_equal(wait_inventories(fake, 1)[0]["inventory"], WANTED, "inventory behind the proxy")
    wait_until(lambda: re.search(r"\[local.d:discovery@\S+\] [0-9:]{8},\d{3} INFO local.d:discovery started",
                                 local.log()), "the daemon's line in the server's log")
    expect(f"connected to ipc://{lab.folder}/cc.sock" in daemon.log(), "ipc is not preferred")
    expect("refused" not in local.log(), "the server refused something of the daemon's")
    daemon.stop()


def server_restarts(lab):
    """It finds the server again, and says what the new one does not know; nothing of it is refused."""
    fake = lab.fake_remote()
    local = served_by(lab, fake).start()
    daemon = lab.daemon("discovery", local.ini).start()
    wait_inventories(fake, 1)
    local.kill()
    daemon.wait_log("is gone; messages wait")
    local.start()
    again = wait_inventories(fake, 2)[1]
    expect_equal((again["changed"], again["inventory"]), (False, WANTED), "inventory after the server's restart")
    wait_until(lambda: "is gone; messages wait" in local.log(), "the line of the outage in the new server's log")
    expect("refused" not in local.log(), "the new server refused something of the daemon's")
    daemon.stop()


def server_comes_late(lab):
    fake = lab.fake_remote()
    local = served_by(lab, fake)
    daemon = lab.daemon("discovery", local.ini).start()
    daemon.wait_log("started")
    local.start()
    wait_inventories(fake, 1)
    daemon.stop()


def stops_without_a_server(lab):
    """Nothing that waits for a server holds the end up."""
    ini = write_ini(lab, f"tcp://127.0.0.1:{it.free_port()}", **{"zmq_linger": 60000})
    daemon = lab.daemon("discovery", ini).start()
    daemon.wait_log("started")
    daemon.stop()
    expect("stopped" in daemon.log(), "no last line")


# -- signals and the parent -------------------------------------------------------------------------------------------

def stop_signals(lab):
    fake = lab.fake_remote()
    for number in signal.SIGTERM, signal.SIGINT:
        daemon = lab.daemon("discovery", write_ini(lab, fake.url)).start()
        daemon.wait_log("started")
        daemon.stop(number)
        expect(f"{number.name}: stopping" in daemon.log(), f"{number.name} is not in the log")


def reload(lab):
    """SIGHUP takes a good file whole, and nothing of a bad one."""
    fake = lab.fake_remote()
    ini = write_ini(lab, fake.url)
    daemon = lab.daemon("discovery", ini).start()
    wait_inventories(fake, 1)
    bigger = make_root(lab, "bigger", memory_kib=8192)
    write_ini(lab, fake.url, root=bigger, job_name="renamed")
    os.kill(daemon.pid, signal.SIGHUP)
    daemon.wait_log("SIGHUP: configuration taken")
    expect_equal(wait_inventories(fake, 2)[1]["inventory"]["memory"]["total"], 8192 * 1024, "memory of the new root")
    good = ini.read_text()
    for change, why in (("period = x", "period"), ("cms-sign = nobody", "nobody.crt"), ("cc-socket = x", "endpoint"),
                        ("logfile = /nowhere/x", "cannot open log file")):
        number = daemon.log().count("the old configuration stays")
        ini.write_text(good + change + "\n")
        os.kill(daemon.pid, signal.SIGHUP)
        daemon.wait_log("the old configuration stays", number + 1)
        expect(why in daemon.log(), f"the log does not say {why!r}")
    make_root(lab, "bigger", memory_kib=16384)
    expect_equal(wait_inventories(fake, 3)[2]["inventory"]["memory"]["total"], 16384 * 1024, "memory after bad files")
    wait_until(lambda: any(line["job_name"] == "renamed" for line in of_type(fake, "log.")), "a line of the new name")
    daemon.stop()
    expect("reload.failed: 4" in daemon.log(), "failed reloads are not counted")


def reload_finds_new_server(lab):
    first, second = lab.fake_remote(), lab.fake_remote()
    daemon = lab.daemon("discovery", write_ini(lab, first.url)).start()
    wait_inventories(first, 1)
    write_ini(lab, second.url)
    os.kill(daemon.pid, signal.SIGHUP)
    expect_equal(wait_inventories(second, 1)[0]["inventory"], WANTED, "inventory at the new server")
    daemon.stop()
    expect_equal(len(of_type(first, "pub.inventory")), 1, "inventories at the old server")


def start_on_lifeline(lab, ini):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.settimeout(it.PATIENCE)
    daemon = lab.daemon("discovery", ini).start(pass_fds=(theirs.fileno(),), CCFED_LIFELINE=theirs.fileno())
    theirs.close()
    return daemon, ours


def lifeline_beats(lab):
    """R when it is ready, h from the loop; a loop that does not run gives none."""
    daemon, ours = start_on_lifeline(lab, write_ini(lab, lab.fake_remote().url))
    expect_equal(ours.recv(1), b"R", "first octet")
    expect_equal(ours.recv(1), b"h", "second octet")
    environ = pathlib.Path(f"/proc/{daemon.pid}/fd")
    expect(any("socket" in os.readlink(environ / fd) for fd in os.listdir(environ)), "no lifeline is open")
    ours.send(b"what it does not read")
    expect_equal(ours.recv(1), b"h", "third octet")
    daemon.stop()
    expect_equal(ours.recv(1), b"", "after the end")


def lifeline_ends(lab):
    """The parent is gone: an orderly stop, within its bound, even with a server that does not take messages."""
    for url in lab.fake_remote().url, f"tcp://127.0.0.1:{it.free_port()}":
        daemon, ours = start_on_lifeline(lab, write_ini(lab, url))
        expect_equal(ours.recv(1), b"R", "first octet")
        ours.close()
        expect_equal(daemon.wait(ORPHAN_PATIENCE), 0, "exit code without a parent")
        expect("the parent is gone: stopping" in daemon.log(), "the log does not say why")
        expect("stopped" in daemon.log(), "the stop was not in order")


def lifeline_bad(lab):
    daemon = lab.daemon("discovery", write_ini(lab, "ipc://nowhere")).start(CCFED_LIFELINE=77)
    expect_equal(daemon.wait(), 2, "exit code")
    expect("CCFED_LIFELINE=77 names no stream socket" in daemon.log(), f"it says {daemon.log()!r}")


def systemd(lab):
    """Its words to a manager, in order."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(lab.folder / "notify"))
    manager.settimeout(it.PATIENCE)
    daemon = lab.daemon("discovery", write_ini(lab, lab.fake_remote().url)).start(
        NOTIFY_SOCKET=lab.folder / "notify", WATCHDOG_USEC=1000000)
    said = []

    def hear():
        """What is told next beside signs of life."""
        while (word := manager.recv(256)) == b"WATCHDOG=1":
            said.append(word)
        return word

    expect_equal(hear(), b"READY=1", "first word")
    expect_equal(manager.recv(256), b"WATCHDOG=1", "second word")
    os.kill(daemon.pid, signal.SIGHUP)
    expect(re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", hear()), "no word of the reload")
    expect_equal(hear(), b"READY=1", "word after the reload")
    daemon.process.send_signal(signal.SIGTERM)
    expect_equal(hear(), b"STOPPING=1", "last word")
    expect_equal(daemon.wait(), 0, "exit code")


# -- what it costs ----------------------------------------------------------------------------------------------------

def cpu_ms(pid):
    """CPU time of all threads, to the nanosecond where the kernel tells."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e6


def switches(pid):
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M).group(1))
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def idle(lab):
    """An idle daemon: a CPU second in 1000, 12 MB of which 2.5 are its own."""
    if lab.sanitized:
        raise it.Skip("a sanitizer costs more than the program")
    fake = lab.fake_remote()
    daemon, ours = start_on_lifeline(lab, write_ini(lab, fake.url, root="", check_period=10))
    wait_inventories(fake, 1)
    before = cpu_ms(daemon.pid), switches(daemon.pid), time.monotonic()
    wait_until(lambda: time.monotonic() - before[2] >= IDLE_SECONDS, "the time to pass", 2 * IDLE_SECONDS)
    cpu, woken = cpu_ms(daemon.pid) - before[0], switches(daemon.pid) - before[1]
    status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
    rss, anon = (int(re.search(rf"^{key}:\s+(\d+)", status, re.M).group(1)) for key in ("VmRSS", "RssAnon"))
    expect(cpu <= IDLE_SECONDS, f"{cpu:.1f} ms CPU in {IDLE_SECONDS} s")
    # beats each 5 s, looks each 10, and libzmq's thread for what they send
    expect(woken <= IDLE_SECONDS, f"{woken} wake-ups in {IDLE_SECONDS} s")
    expect(rss <= 12 * 1024, f"VmRSS {rss} KiB")
    expect(anon <= 2.5 * 1024, f"RssAnon {anon} KiB")
    print(f"# idle: {cpu:.1f} ms CPU and {woken} wake-ups in {IDLE_SECONDS} s, VmRSS {rss} KiB, RssAnon {anon} KiB")
    daemon.stop()
    ours.close()


if __name__ == "__main__":
    it.main(print_machine, print_made_tree, command_line, sample_is_good, publishes, log_lines, unsigned, log_file,
            with_a_server, server_restarts, server_comes_late, stops_without_a_server, stop_signals, reload,
            reload_finds_new_server, lifeline_beats, lifeline_ends, lifeline_bad, systemd, idle)
