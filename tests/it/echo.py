#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Echo requests, direct and through a proxy, and the life of a server process: tests/it/echo.py BUILD"""
import collections
import os
import signal
import socket
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

ECHO_COUNT = it.count("ECHO_SIGNED", 3000)
WINDOW = 64
REMOTE_URN = "urn:publicid:IDN+it+service+remote"


# -- requests ---------------------------------------------------------------------------------------------------------

def two_hops(lab, signed=True, **proxy):
    remote = lab.remote(signed=signed).start()
    local = lab.local(remote, signed=signed, **proxy).start()
    lab.wait_answered(local, signed)
    return local, remote


def check_ping(summary, number, signer):
    for key, wanted in (("rc", 0), ("sent", number), ("answered", number), ("errors", 0), ("hop", {}), ("timeouts", 0),
                        ("late", 0), ("refused", 0), ("retried", 0), ("signer", signer)):
        expect_equal(summary[key], wanted, f"{key} of the ping")


def ping_direct(lab):
    remote = lab.remote().start()
    check_ping(lab.ping(remote, count=20), 20, REMOTE_URN)


def ping_direct_unsigned(lab):
    remote = lab.remote(signed=False).start()
    check_ping(lab.ping(remote, signed=False, count=20), 20, "")


def ping_proxy(lab):
    local, _ = two_hops(lab)
    # the answer's signer is the remote: the proxy adds nothing of its own
    check_ping(lab.ping(local, count=20), 20, REMOTE_URN)


def ping_three_hops(lab):
    local, _ = two_hops(lab)
    outer = lab.local(local, name="outer").start()
    lab.wait_answered(outer)
    check_ping(lab.ping(outer, count=20), 20, REMOTE_URN)


def ping_unsigned_refused(lab):
    """A client that signs does not take an unsigned answer."""
    remote = lab.remote(signed=False).start()
    summary = lab.ping(remote, signed=True, count=2, deadline=1)
    expect(summary["rc"] == 1 and summary["answered"] == 0, f"unsigned answers count as answers: {summary}")


def answer_form(lab):
    """The answer's frames, keys and signature, as a peer of hots-cc sees them."""
    local, _ = two_hops(lab)
    client = lab.dealer(local)
    verifier = it.Verifier(lab.keys, "ca", "remote")
    request = it.echo_request(lab.signer())
    asked = it.json.loads(request[2])
    rest = client.ask(request)
    expect(rest is not None, "no answer")
    expect_equal(rest[0], b"echo.response", "type of the answer")
    expect(verifier.good(rest[1], rest[2]), "OpenSSL does not verify the answer's signature as the remote's")
    body = it.json.loads(rest[1])
    for key, wanted in (("req", "echo.response"), ("re", asked["id"]), ("orig_hostname", asked["hostname"]),
                        ("orig_target", asked["target"]), ("orig_time", asked["time"]), ("blob_hash", "")):
        expect_equal(body.get(key), wanted, f"{key} of the answer")
    expect(abs(body["time"] - time.time()) < it.PATIENCE, "time of the answer is not now")


def windowed_ping(lab):
    """The command's own count, at a window of 64, through two hops."""
    local, _ = two_hops(lab)
    summary = lab.ping(local, seconds=600, count=ECHO_COUNT, window=WINDOW, deadline=30)
    check_ping(summary, ECHO_COUNT, REMOTE_URN)


def answers_exactly_once(lab):
    """Every request has its own answer, once, by the remote's key: counted by a client of the test's own."""
    local, remote = two_hops(lab)
    client = lab.dealer(local)
    signer, verifier = lab.signer(), it.Verifier(lab.keys, "ca", "remote")
    wanted, seen = {}, collections.Counter()

    def send():
        qid = it.query_id(30000)
        request = it.echo_request(signer)
        wanted[qid] = it.json.loads(request[2])["id"]
        client.send([qid] + request)

    def receive():
        frames = client.receive(30)
        expect(frames is not None, f"{len(wanted) - len(seen)} of {len(wanted)} answers lost")
        (qid,), rest = it.split_route(frames)
        expect(qid in wanted, "an answer to nothing that was asked")
        seen[qid] += 1
        expect_equal(rest[0], b"echo.response", "type of an answer")
        expect_equal(it.json.loads(rest[1])["re"], wanted[qid], "re of an answer")
        expect(verifier.good(rest[1], rest[2]), "an answer's signature is not good")

    for sent in range(ECHO_COUNT):
        if sent >= WINDOW:
            receive()
        send()
    for _ in range(WINDOW):
        receive()
    expect(client.receive(0.5) is None, "more answers than requests")
    twice = [qid for qid, times in seen.items() if times != 1]
    expect(not twice, f"{len(twice)} requests answered more than once")
    expect_equal(len(seen), ECHO_COUNT, "requests answered")
    remote.wait_stats(lambda s: s.get("replies", 0) >= ECHO_COUNT, "the remote to have counted its answers")


def big_bodies(lab):
    local, _ = two_hops(lab)
    check_ping(lab.ping(local, count=8, pad=1 << 20, window=2, deadline=30), 8, REMOTE_URN)


def largest_body(lab):
    """A message of just under 16 MiB passes, one just over it is refused."""
    remote = lab.remote(signed=False, options={"workers": 1}).start()
    client = lab.dealer(remote)
    room = (16 << 20) - 600
    rest = client.ask(it.echo_request(pad="x" * room), 60)
    expect(rest and rest[0] == b"echo.response", f"{room} octets: {rest and rest[0]}")
    client.send([it.query_id()] + it.echo_request(pad="x" * (room + 600)))
    rest = lab.dealer(remote).ask(it.echo_request())
    expect(rest and rest[0] == b"echo.response", "no answer after a message that is too big")


def rsa_and_ec(lab):
    """Signers of both kinds, on both sides."""
    lab.make_key("issue", "rsa", "--rsa")
    remote = lab.remote("rsa").start()
    for name in ("rsa", "client"):
        rest = lab.dealer(remote).ask(it.echo_request(lab.signer(name)))
        expect(rest is not None, f"no answer to {name}")
        expect(it.Verifier(lab.keys, "ca", "rsa").good(rest[1], rest[2]), "the RSA answer does not verify")


def ipc_and_tcp(lab):
    """A server listens on a list of endpoints; clients of both are answered."""
    remote = lab.remote()
    ipc = f"ipc://{lab.folder}/cc.sock"
    remote.sections["ccserver"]["cc-socket"] = f"{ipc}, {remote.url}"
    remote.ini.write_text(it.ini_text(remote.sections))
    remote.start()
    for url in (ipc, remote.url):
        rest = lab.dealer(url).ask(it.echo_request(lab.signer()))
        expect(rest and rest[0] == b"echo.response", f"no answer on {url}")
    remote.stop()


def expired_not_executed(lab):
    """Requests that waited for the one worker beyond their deadline are counted, not answered."""
    remote = lab.remote(options={"workers": 1}).start()
    client = lab.dealer(remote)
    number, deadline = 600, 10
    requests = [it.echo_request(lab.signer(), deadline=deadline) for _ in range(number)]
    for request in requests:
        client.send([it.query_id(deadline)] + request)
    stats = remote.wait_stats(lambda s: s.get("replies", 0) + s.get("refused.expired", 0) >= number,
                              "each request answered or counted as expired")
    answers = client.drain(0.5)
    expect(stats.get("refused.expired", 0) > 0, "nothing expired: the test is too gentle")
    expect_equal(len(answers), stats.get("replies", 0), "answers that came")
    expect_equal(len(answers) + stats["refused.expired"], number, "answered and expired")


# -- the life of a process --------------------------------------------------------------------------------------------

def tell(lab, server, option):
    return lab.run(lab.ccserver, option, server.ini)


def stop_by(lab, number):
    remote = lab.remote().start()
    lab.expect_answered(remote)
    expect_equal(remote.pidfile.read_text().strip(), str(remote.pid), "pidfile")
    remote.stop(number)
    expect(not it.accepts(remote.port), "the port still answers")


def stop_by_sigint(lab):
    stop_by(lab, signal.SIGINT)


def stop_by_sigterm(lab):
    stop_by(lab, signal.SIGTERM)


def stop_with_load(lab):
    """Requests under way do not hinder a clean stop, of proxy and remote."""
    local, remote = two_hops(lab)
    ping = lab.start_ping(local, count=1000000, window=WINDOW, deadline=2)
    remote.wait_stats(lambda s: s.get("replies", 0) > 100, "load")
    local.stop()
    remote.stop()
    ping.kill()


def same_pidfile_refused(lab):
    first = lab.remote().start()
    second = lab.remote("second", options={"pidfile": first.pidfile})
    second.spawn()
    expect_equal(second.wait(), 1, "exit code of a second server with the same pidfile")
    second.expect_clean = False
    expect(str(first.pid) in second.log() or "pidfile" in second.log().lower(),
           f"the error does not name the pidfile: {second.log()!r}")
    expect_equal(first.pidfile.read_text().strip(), str(first.pid), "pidfile of the first")
    lab.expect_answered(first)


def told_by_pidfile(lab):
    """-r leaves it running, -s and -k end it in order."""
    remote = lab.remote().start()
    expect_equal(tell(lab, remote, "-r").returncode, 0, "exit code of -r")
    lab.expect_answered(remote, "a request after -r")
    for option in ("-s", "-k"):
        expect_equal(tell(lab, remote, option).returncode, 0, f"exit code of {option}")
        expect_equal(remote.wait(), 0, f"exit code of the server after {option}")
        expect(not remote.pidfile.exists(), f"pidfile after {option}")
        remote.start()
    remote.stop()
    for option in ("-r", "-s", "-k"):
        expect_equal(tell(lab, remote, option).returncode, 1, f"exit code of {option} with nothing running")


def reload_reopens_log(lab):
    """After the log is moved away, -r makes a new one."""
    remote = lab.remote()
    log = lab.folder / "remote.log"
    remote.sections["ccserver"]["logfile"] = log
    remote.ini.write_text(it.ini_text(remote.sections))
    remote.start()
    wait_until(log.exists, "the log")
    log.rename(lab.folder / "old.log")
    expect_equal(tell(lab, remote, "-r").returncode, 0, "exit code of -r")
    wait_until(log.exists, "a new log after -r")
    lab.expect_answered(remote)


def daemon_pid(server):
    return int(server.pidfile.read_text())


def daemon_listens_on_return(lab):
    remote = lab.remote()
    remote.sections["ccserver"]["logfile"] = remote.errors
    remote.ini.write_text(it.ini_text(remote.sections))
    done = lab.run(lab.ccserver, "-d", remote.ini, seconds=it.PATIENCE)
    expect_equal(done.returncode, 0, f"exit code of -d ({done.stderr.strip()})")
    expect(it.accepts(remote.port), "-d came back before the server listened")
    pid = daemon_pid(remote)
    lab.expect_answered(remote)
    expect_equal(os.getsid(pid), pid, "getsid() of the daemon")
    again = lab.run(lab.ccserver, "-d", remote.ini)
    expect_equal(again.returncode, 1, "exit code of a second -d")
    expect(again.stderr.strip(), "a second -d says nothing")
    expect_equal(tell(lab, remote, "-s").returncode, 0, "exit code of -s")
    wait_until(lambda: it.process_ended(pid), "the daemon to end")
    expect(not remote.pidfile.exists(), "the daemon left its pidfile")
    expect(not it.SANITIZER.search(remote.log()), "a sanitizer reports")


def daemon_reports_start_errors(lab):
    """What fails after the arguments are read still reaches the one who started it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        remote = lab.remote(options={"cc-socket": f"tcp://127.0.0.1:{port}"})
        done = lab.run(lab.ccserver, "-d", remote.ini)
    expect_equal(done.returncode, 1, "exit code of -d with the port taken")
    expect(str(port) in done.stderr, f"the error does not name the port: {done.stderr!r}")
    expect(not remote.pidfile.exists(), "a pidfile of a server that did not start")


def daemon_wants_pidfile(lab):
    remote = lab.remote()
    del remote.sections["ccserver"]["pidfile"]
    remote.ini.write_text(it.ini_text(remote.sections))
    done = lab.run(lab.ccserver, "-d", remote.ini)
    expect_equal(done.returncode, 2, "exit code of -d without pidfile")
    expect("pidfile" in done.stderr, f"the error does not name the pidfile: {done.stderr!r}")


def stale_pidfile_does_not_hinder(lab):
    remote = lab.remote().start()
    remote.kill()
    expect(remote.pidfile.exists(), "a pidfile cannot go with kill -9")
    remote.start()
    expect_equal(remote.pidfile.read_text().strip(), str(remote.pid), "pidfile")
    lab.expect_answered(remote)
    remote.stop()


def port_taken(lab):
    first = lab.remote().start()
    second = lab.remote("second", options={"cc-socket": first.url})
    second.spawn()
    expect_equal(second.wait(), 1, "exit code with the port taken")
    second.expect_clean = False
    expect(str(first.port) in second.log() and "in use" in second.log(),
           f"the error does not say which port is in use: {second.log()!r}")
    expect(not second.pidfile.exists(), "it left its pidfile")
    lab.expect_answered(first)


def exit_codes(lab):
    remote = lab.remote()
    broken = lab.folder / "broken.ini"
    broken.write_text("[ccserver]\ncc-socket\n")
    for arguments, wanted in (
            (["--help"], 0), (["-V"], 0), (["--ini"], 0), (["--check", remote.ini], 0), ([], 2), (["--nonsense"], 2),
            ([remote.ini, remote.ini], 2), (["--check", broken], 2), ([broken], 2),
            (["--check", lab.folder / "absent.ini"], 2), ([lab.folder / "absent.ini"], 2),
            (["--set", "nonsense", "--check", remote.ini], 2)):
        done = lab.run(lab.ccserver, *arguments)
        shown = " ".join(os.path.basename(str(a)) for a in arguments)
        expect_equal(done.returncode, wanted, f"exit code of ccserver {shown}")
        expect(done.returncode == 0 or done.stderr.strip(), f"ccserver {shown} fails without a word")


def sample_is_good(lab):
    """What --ini prints is a file that --check takes once it has its required lines."""
    sample = lab.folder / "sample.ini"
    sample.write_text(lab.run(lab.ccserver, "--ini").stdout)
    done = lab.run(lab.ccserver, "--check", "--set", f"cc-socket=tcp://127.0.0.1:{it.free_port()}", sample)
    expect_equal(done.returncode, 0, f"exit code ({done.stderr.strip()})")


if __name__ == "__main__":
    it.main(ping_direct, ping_direct_unsigned, ping_proxy, ping_three_hops, ping_unsigned_refused, answer_form,
            windowed_ping, answers_exactly_once, big_bodies, largest_body, rsa_and_ec, ipc_and_tcp,
            expired_not_executed, stop_by_sigint, stop_by_sigterm, stop_with_load, same_pidfile_refused,
            told_by_pidfile, reload_reopens_log, daemon_listens_on_return, daemon_reports_start_errors,
            daemon_wants_pidfile, stale_pidfile_does_not_hinder, port_taken, exit_codes, sample_is_good)
