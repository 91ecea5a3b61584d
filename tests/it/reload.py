#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A server that takes a new configuration, whole or not at all, while it works; how it stops: tests/it/reload.py BUILD

A handler that has no option of its own gets another section text by a variable: `kind = echo` and `handler = %(kind)s` say
the same as `handler = echo`, but make a new instance.
"""
import collections
import json
import os
import pathlib
import re
import signal
import socket
import threading
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

RATE = it.count("RELOAD_RATE", 5000)          # unsigned one-way messages a second
SIGNED_RATE = it.count("RELOAD_SIGNED", 150)  # signed requests a second
RELOADS = it.count("RELOADS", 5)
PAUSE = 0.4                                   # seconds of load between two reloads
MANY = it.count("RELOADS_MANY", 40)
LINES = 9900                                  # of a policy: a configuration has at most 10 000 options
MAX_MS = it.count("RELOAD_MS", 0)             # 0: not judged
MAX_PAUSE_US = it.count("RELOAD_PAUSE_US", 0)
ROUNDS = 8
BURST = 300
SLACK_KIB = 4096
ME = "urn:publicid:IDN+it+service+client"


def handler(kind, variant=0):
    """A section that says the same in two ways."""
    return {"kind": kind, "handler": "%(kind)s"} if variant else {"handler": kind}


def serve(lab, name="remote", options=None, **sections):
    return lab.remote(name, options={"stats-period": 0.1, **(options or {})}, **{
        "routes": {"echo": "h:echo", "log": "h:log", "junk": "h:drop", "admin": "h:admin"},
        "policy": {"*": "any", "admin": ME}, "h_admin": {"handler": "admin"}, **sections})


def rewrite(server, **sections):
    """Changes sections of the file; options of [ccserver] are added to those it has."""
    for name, options in sections.items():
        name = name.replace("_", ":", 1) if name[:2] == "h_" else name
        server.sections[name] = {**(server.sections[name] if name == "ccserver" else {}), **options}
    new = server.ini.with_suffix(".new")
    new.write_text(it.ini_text(server.sections))
    new.rename(server.ini)  # a server that looks meanwhile sees the one file or the other


def outcomes(server):
    """What the log says of reloads, in order."""
    return re.findall(r"reload(?:ed)?: (.*)", server.log())


def reload(server, good=True):
    """SIGHUP; what the log says of it."""
    number = len(outcomes(server))
    server.send_signal(signal.SIGHUP)
    said = wait_until(lambda: outcomes(server)[number:], f"{server.name} to have reloaded")[0]
    expect_equal(said.startswith("snapshot"), good, f"whether the reload succeeds ({said})")
    return said


def administer(lab, server, operation, client=None):
    """Type and body of the answer to admin.OPERATION."""
    kind = f"admin.{operation}"
    rest = (client or lab.dealer(server)).ask(it.message(kind, it.body_of(kind), lab.signer()))
    expect(rest, f"no answer to {kind}")
    return rest[0].decode(), json.loads(rest[1])


def snapshot_of(lab, server):
    return int(administer(lab, server, "stats")[1]["snapshot"])


def expect_echo(lab, server, client=None, what="a good request"):
    rest = (client or lab.dealer(server)).ask(it.echo_request(lab.signer()))
    expect(rest and rest[0] == b"echo.response", f"{what} gets {rest and rest[:2]}")
    return rest


def threads(server):
    return len(os.listdir(f"/proc/{server.pid}/task"))


def descriptors(server):
    return len(os.listdir(f"/proc/{server.pid}/fd"))


# -- what a reload changes --------------------------------------------------------------------------------------------

def policy_by_signal(lab):
    server = serve(lab).start()
    client = lab.dealer(server)
    expect_echo(lab, server, client)
    rewrite(server, policy={"admin": ME})
    expect_equal(reload(server).split()[1], "2", "number of the snapshot")
    rest = client.ask(it.echo_request(lab.signer()))
    expect_equal((rest[0], json.loads(rest[1])["code"]), (b"error", "denied"), "an echo that no line allows any more")
    rewrite(server, policy={"echo": ME, "admin": ME})
    expect_equal(reload(server).split()[1], "3", "number of the snapshot")
    expect_echo(lab, server, client)


def policy_by_message(lab):
    """admin.reload answers when the new configuration is in force, with its number."""
    server = serve(lab).start()
    client = lab.dealer(server)
    for number in range(2, 8):
        allowed = number % 2
        rewrite(server, policy={"admin": ME, **({"echo": "any"} if allowed else {})})
        expect_equal(administer(lab, server, "reload", client)[0], "reply.admin.reload", "answer to admin.reload")
        rest = client.ask(it.echo_request(lab.signer()))
        expect_equal(rest[0], b"echo.response" if allowed else b"error", f"echo under snapshot {number}")
        expect_equal(snapshot_of(lab, server), number, "number of the snapshot")
    expect_equal(len(outcomes(server)), 6, "lines of the log about reloads")


def policy_by_command(lab):
    """ccfed bus reload, for a good file and a broken one."""
    server = serve(lab).start()
    command = ("bus", "reload", "--cc", server.url, "--keystore", lab.keys, "--sign", "client")
    rewrite(server, policy={"echo": "none", "admin": ME})
    done = lab.ccfed(*command)
    expect_equal(done.returncode, 0, f"exit code ({done.stderr.strip()})")
    expect("2" in done.stdout, f"it does not name the snapshot: {done.stdout!r}")
    rest = lab.dealer(server).ask(it.echo_request(lab.signer()))
    expect_equal(json.loads(rest[1])["code"], "denied", "code of an echo that no line allows any more")
    rewrite(server, policy={"echo": "nobody at all", "admin": ME})
    done = lab.ccfed(*command)
    expect_equal(done.returncode, 1, "exit code with a broken file")
    expect(place(server, "echo = nobody") in done.stderr, f"it does not say what is wrong: {done.stderr!r}")


def who_may_not_reload(lab):
    """Whom the policy does not name changes nothing."""
    server = serve(lab).start()
    request = it.message("admin.reload", it.body_of("admin.reload"), lab.signer("local"))
    rest = lab.dealer(server).ask(request)
    expect_equal((rest[0], json.loads(rest[1])["code"]), (b"error", "denied"), "answer")
    expect_equal((snapshot_of(lab, server), outcomes(server)), (1, []), "snapshot, and what the log says")


def certificate_under_load(lab):
    """Each answer is signed by the old certificate or the new one; by the new one alone what comes behind the
    acknowledgement, however much was waiting when the reload came."""
    lab.make_key("issue", "renewed", "--urn", "urn:publicid:IDN+it+service+renewed", "--force")
    server = serve(lab, options={"workers": 4, "worker-queue": 8192, "zmq_hwm": 10000}).start()
    client, signer = lab.dealer(server), lab.signer()
    verifiers = {name: it.Verifier(lab.keys, "ca", name) for name in ("remote", "renewed")}
    seen = collections.Counter()
    for number in range(ROUNDS):
        old, new = ("remote", "renewed")[::-1 if number % 2 else 1]
        rewrite(server, ccserver={"cms-sign": new})
        burst = [[it.query_id(60000), *it.echo_request(signer)] for _ in range(2 * BURST)]
        mark = it.query_id(60000)
        burst.insert(BURST, [mark, *it.message("admin.reload", it.body_of("admin.reload"), signer)])
        for frames in burst:
            client.send(frames)
        acknowledged = False
        for _ in burst:
            frames = client.receive()
            expect(frames, f"answers lost in round {number}")
            route, rest = it.split_route(frames)
            by_new = verifiers[new].good(rest[1], rest[2])
            expect(by_new or verifiers[old].good(rest[1], rest[2]), "an answer that neither certificate signed")
            if route == [mark]:
                expect_equal(rest[0], b"reply.admin.reload", f"answer to the reload ({rest[1]})")
                acknowledged = True
            expect(by_new or not acknowledged, f"signed by the old one behind the acknowledgement in round {number}")
            seen[by_new, acknowledged] += 1
    expect(seen[False, False] and seen[True, True] > ROUNDS, f"the load did not cover the change: {seen}")


def routes_change(lab):
    """A section added, one removed, one in place of another."""
    server = serve(lab).start()
    client = lab.dealer(server)

    def told(kind):
        answer = client.ask(it.message(kind, it.body_of(kind), lab.signer()), 5)
        return json.loads(answer[1]).get("code") if answer else None

    expect_equal(told("more.x"), "noroute", "before the route")
    rewrite(server, routes={**server.sections["routes"], "more": "h:more"}, h_more={"handler": "echo"})
    reload(server)
    rows = administer(lab, server, "handlers")[1]["handlers"]
    expect("h:more" in [row["section"] for row in rows], f"the new section is not served: {rows}")
    client.send(it.message("more.x", it.body_of("more.x"), lab.signer()))
    server.wait_stats(lambda s: s.get("count.dropped", 0) >= 2, "the message to have got to the new section")
    expect("unknown message type" in server.log(), "the new section did not get its message")
    del server.sections["h:more"]
    rewrite(server, routes={k: v for k, v in server.sections["routes"].items() if k not in ("more", "junk")})
    reload(server)
    expect_equal((told("more.x"), told("junk.x")), ("noroute", "noroute"), "after the routes went")
    wait_until(lambda: "[h:more] ended" in server.log() and "[h:drop] ended" in server.log(), "the sections to have ended")
    rows = administer(lab, server, "handlers")[1]["handlers"]
    expect_equal(sorted(row["section"] for row in rows), ["h:admin", "h:echo", "h:log"], "sections that are served")
    expect_echo(lab, server, client)


def proxy_moves(lab):
    """Another remote-cc: what the old one was asked it answers yet, what is new goes to the new one."""
    old, new = lab.fake_remote(), lab.fake_remote(lambda frames, send: send(
        it.split_route(frames)[0] + it.message("echo.response", b'{"from": "new"}')))
    local = lab.local(old, signed=False, ping="no").start()
    client = lab.dealer(local)
    qids = [it.query_id(60000) for _ in range(5)]
    for qid in qids:
        client.send([qid, *it.echo_request()])
    requests = list(old.wait_received(len(qids)))
    rewrite(local, h_proxy={**local.sections["h:proxy"], "remote-cc": new.url})
    reload(local)
    other = lab.dealer(local)
    wait_until(lambda: (rest := other.ask(it.echo_request(), 5)) and rest[1] == b'{"from": "new"}', "an answer of the new remote")
    expect_equal((len(old.received), client.receive(0.1)), (len(qids), None), "what the old one was asked, and answers to it")
    figures = local.fresh_stats()
    expect_equal((figures["forwarded"], figures["h:proxy.forwarded"]), (len(qids) + len(new.received),) * 2,
                 "forwarded while both are there")
    total = local.infofile.read_text().partition("[latest]")[0]
    expect_equal(total.count("h:proxy.forwarded: "), 1, "lines of the section while both are there")
    for request in requests:
        old.say(it.split_route(request)[0] + it.message("echo.response", b'{"from": "old"}'))
    answers = [it.split_route(client.receive() or [b""]) for _ in qids]
    expect_equal(sorted(route for route, _ in answers), sorted([qid] for qid in qids), "answered requests")
    expect(all(rest[1] == b'{"from": "old"}' for _, rest in answers), f"the old one's answers: {answers}")
    wait_until(lambda: "[h:proxy] ended" in local.log(), "the old proxy to end")
    expect_equal(local.fresh_stats()["answers"], len(qids) + len(new.received), "answers, over both")
    before = len(old.received)
    expect(other.ask(it.echo_request(), 5), "no answer after the old one ended")
    expect_equal(len(old.received), before, "requests at the old one after it ended")


def proxy_moves_from_the_dead(lab):
    """A remote that never answers: who asked it is told at the end of his time, and then its proxy ends."""
    old, new = lab.fake_remote(), lab.fake_remote()
    local = lab.local(old, signed=False, ping="no").start()
    client = lab.dealer(local)
    qid = it.query_id(1500)
    client.send([qid, *it.echo_request()])
    old.wait_received(1)
    rewrite(local, h_proxy={**local.sections["h:proxy"], "remote-cc": new.url})
    reload(local)
    answer = client.receive()
    expect(answer and it.split_route(answer)[0] == [qid], f"what became of the request: {answer}")
    expect_equal(json.loads(it.split_route(answer)[1][1])["code"], "unreachable", "its code")
    wait_until(lambda: "[h:proxy] ended" in local.log(), "the old proxy to end")


def logger_changes_hands(lab):
    """A handler with a thread of its own is replaced under load: each message is logged, once."""
    server = lab.server("plain", ccserver={"cc-role": "remote", "stats-period": 0.1, "worker-queue": 65536},
                        routes={"log": "h:log"}, h_log=handler("locallogger")).start()
    client = lab.dealer(server)
    each = RATE // 10
    for number in range(RELOADS):
        for n in range(each):
            client.send(it.message("log.info", it.body_of(
                "log.info", log_level="INFO", log_msg=f"number {number * each + n} of them", log_time=1.5)))
            if n == each // 2:
                section = "h_log" if number % 3 else "h_other"
                rewrite(server, routes={"log": section.replace("_", ":")}, **{section: handler("locallogger", number % 2)})
                server.send_signal(signal.SIGHUP)
        wait_until(lambda n=number: len(outcomes(server)) > n, "the reload")
    total = RELOADS * each
    wait_until(lambda: len(re.findall(r"number \d+ of them", server.log())) >= total, "all messages logged")
    counts = collections.Counter(re.findall(r"number (\d+) of them", server.log()))
    expect_equal((len(counts), set(counts.values())), (total, {1}), "messages logged, and how often each")
    expect(all(said.startswith("snapshot") for said in outcomes(server)), f"reloads failed: {outcomes(server)}")
    wait_until(lambda: server.log().count(" ended") >= RELOADS - 1, "the old sections to end")


def filter_in_front(lab):
    """What forwards goes on, and forwards to what replaced its target; a ring is found also when only one of it is new."""
    server = lab.server(
        "plain", ccserver={"cc-role": "remote", "stats-period": 0.1}, routes={"junk": "h:first", "x": "h:last"},
        h_first={"handler": "filter", "forward-to": "h:last"}, h_last=handler("disposer")).start()
    client = lab.dealer(server)

    def disposed(number):
        for _ in range(10):
            client.send(it.message("junk.x", b"{}"))
        server.wait_stats(lambda s: s.get("h:last.disposed_count", 0) >= number, f"{number} messages disposed of")

    disposed(10)
    rewrite(server, h_last=handler("disposer", 1))
    reload(server)
    disposed(20)
    wait_until(lambda: "[h:last] ended" in server.log(), "the target that was replaced to end")
    for target, words in (("h:first", "forward to each other"), ("h:middle", "forward to each other"), ("h:no", "h:no")):
        rewrite(server, h_last={"handler": "filter", "forward-to": target},
                h_middle={"handler": "delay", "forward-to": "h:first"})
        said = reload(server, good=False)
        expect(words in said, f"the log says of a forward to {target}: {said}")
    rewrite(server, h_last=handler("disposer"))
    reload(server)
    disposed(30)
    expect_equal(server.fresh_stats()["filter.count.ok"], 30, "messages that the filter passed on")


def counts_go_on(lab):
    """The figures of a section do not begin anew with its next instance, nor show twice while the old one ends."""
    server = serve(lab).start()
    client = lab.dealer(server)
    for number in range(1, 6):
        for _ in range(7):
            client.send(it.message("junk.x", b"{}"))
        expect_echo(lab, server, client)
        figures = server.wait_stats(lambda s, n=number: s.get("disposed_count", 0) >= 7 * n, "the messages counted")
        expect_equal((figures["disposed_count"], figures["h:drop.disposed_count"]), (7 * number, 7 * number), "messages")
        rewrite(server, h_drop=handler("disposer", number % 2))
        reload(server)
    text = server.infofile.read_text()
    expect_equal(text.partition("[latest]")[0].count("h:drop.disposed_count: "), 1, "lines of the section")
    expect(not re.search(r": -\d", text), "a figure is below zero")


# -- what it refuses --------------------------------------------------------------------------------------------------

def broken_files(lab, server):
    """(name, change of the sections, text added, words of the message); LINE stands for FILE:LINE of the text added or of
    the words behind it."""
    def main(**options):
        return {"ccserver": {k.replace("_", "-"): v for k, v in options.items()}}

    routes = server.sections["routes"]
    (lab.keys / "garbage.crl").write_text("-----BEGIN X509 CRL-----\nnonsense\n-----END X509 CRL-----\n")
    (lab.keys / "garbage.crt").write_text("no certificate\n")
    return [
        ("syntax", {}, "nonsense\n", ["LINE nonsense"]),
        ("a section that does not end", {}, "[more\n", ["LINE [more"]),
        ("unknown option", main(cc_sokcet="x"), "", ["LINE cc-sokcet", "cc-sokcet"]),
        ("no number", main(stats_period="often"), "", ["LINE stats-period", "stats-period"]),
        ("out of range", main(queue_bytes="1"), "", ["LINE queue-bytes", "queue-bytes"]),
        ("a variable that is not there", main(infofile="%(nowhere)s"), "", ["LINE infofile", "nowhere"]),
        ("missing key", main(cms_sign="absent"), "", ["absent"]),
        ("missing CA", main(cms_verify_ca="ca, absent"), "", ["absent"]),
        ("a CA that is none", main(cms_verify_ca="garbage"), "", ["garbage"]),
        ("missing CRL", main(cms_crl="absent"), "", ["absent"]),
        ("unreadable CRL", main(cms_crl="garbage"), "", ["garbage"]),
        ("another cc-socket", main(cc_socket="tcp://127.0.0.1:1"), "", ["LINE cc-socket", "cc-socket", "restart"]),
        ("a cc-socket more", main(cc_socket=f"{server.url}, tcp://127.0.0.1:1"), "", ["LINE cc-socket", "restart"]),
        ("more workers", main(workers="3"), "", ["LINE workers", "workers", "restart"]),
        ("another role", main(cc_role="local"), "", ["LINE cc-role", "cc-role", "restart"]),
        ("nobody in a policy", {"policy": {"echo": ME, "reg": "anybody"}}, "", ["LINE reg = anybody", "anybody"]),
        ("a policy's prefix", {"policy": {"reg..x": "any"}}, "", ["LINE reg..x", "reg..x"]),
        ("an empty policy", {"policy": {}}, "", None),
        ("a front door without prefix", {"assert-caller": {"x": "cn:x, namespace y"}}, "", ["LINE x = cn:x"]),
        ("a route to nowhere", {"routes": {**routes, "x": "h:nowhere"}}, "", ["LINE x = h:nowhere", "h:nowhere"]),
        ("a route that is none", {"routes": {**routes, "x..y": "h:echo"}}, "", ["LINE x..y", "x..y"]),
        ("unknown handler", {"routes": {**routes, "x": "h:new"}, "h_new": {"handler": "ecko"}}, "",
         ["LINE [h:new]", "ecko"]),
        ("unknown option of a handler", {"routes": {**routes, "x": "h:new"}, "h_new": {"handler": "disposer", "y": "1"}}, "",
         ["LINE y = 1", "y"]),
        ("a handler without its option", {"routes": {**routes, "l": "h:l", "x": "h:new"}, "h_l": {"handler": "locallogger"},
                                          "h_new": {"handler": "proxy"}}, "", ["h:new", "remote-cc"]),
        ("a handler that cannot begin", {"routes": {**routes, "l": "h:l", "x": "h:new"}, "h_l": {"handler": "locallogger"},
                                         "h_new": {"handler": "proxy", "remote-cc": "tcp://127.0.0.1:1, tcp://nowhere:x"}},
         "", ["h:new", "nowhere"]),
        ("two that answer", {"routes": {**routes, "echo": "h:echo, h:new"}, "h_new": {"handler": "echo"}}, "", ["echo"]),
        ("an include that is not there", {}, "include nowhere.ini\n", ["LINE include", "nowhere.ini"]),
    ]


def place(server, words):
    """FILE:LINE of what a line begins with."""
    for number, line in enumerate(server.ini.read_text().splitlines(), 1):
        if line.startswith(words):
            return f"{server.ini}:{number}:"
    raise it.Failure(f"the test's file has no line {words!r}")


def broken_file_changes_nothing(lab):
    """The old configuration stays whole, and whoever asked is told why, as the log is."""
    server = serve(lab, options={"workers": 2}).start()
    client = lab.dealer(server)
    original = json.loads(json.dumps(server.sections, default=str))
    verifier = it.Verifier(lab.keys, "ca", "remote")
    expect_echo(lab, server, client)
    before = (threads(server), descriptors(server))
    for name, change, text, words in broken_files(lab, server):
        if words is None:
            continue
        problem = None
        try:
            server.sections = json.loads(json.dumps(original))
            rewrite(server, **change)
            with open(server.ini, "a", encoding="ascii") as ini:
                ini.write(text)
            wanted = [place(server, w[5:]) if w.startswith("LINE ") else w for w in words]
            kind, body = administer(lab, server, "reload", client)
            expect_equal((kind, body.get("code")), ("error", "config"), "answer to admin.reload")
            said = [body["msg"], reload(server, good=False)]
            for text in said:
                missing = [w for w in wanted if w not in text]
                expect(not missing, f"{missing} is not in {text!r}")
            expect(said[1].endswith("the old configuration stays"), f"the log says {said[1]!r}")
            expect_equal(administer(lab, server, "stats", client)[1]["snapshot"], 1, "number of the snapshot")
            rest = expect_echo(lab, server, client)
            expect(verifier.good(rest[1], rest[2]), "the answer's signature")
            wait_until(lambda: (threads(server), descriptors(server)) == before,
                       f"threads and descriptors as before ({before})", 5)
        except it.Failure as why:
            problem = why
        yield name.replace(" ", "-"), problem
    server.sections = json.loads(json.dumps(original))
    rewrite(server)
    expect_equal(reload(server).split()[1], "2", "number of the first good snapshot")
    server.ini.unlink()
    expect(str(server.ini) in reload(server, good=False), "the log does not name the file that is gone")
    expect_echo(lab, server, client)


# -- load -------------------------------------------------------------------------------------------------------------

class Sender:
    """Sends unsigned one-way messages at a rate, in another thread with a socket of its own."""

    def __init__(self, lab, server, rate):
        self.lab, self.server, self.rate = lab, server, rate
        self.sent, self.problem, self.seconds = 0, None, 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        client = it.Dealer(self.lab.context, self.server.url)
        frames = it.message("junk.x", b"{}")
        start = time.monotonic()
        try:
            while not self.ending.wait(0.005):
                due = int((time.monotonic() - start) * self.rate)
                while self.sent < due:
                    client.send(frames)
                    self.sent += 1
            self.seconds = time.monotonic() - start
            # what is under way arrives before this does
            client.ask(it.echo_request(self.lab.signer()))
        except Exception as why:  # pylint: disable=broad-except
            self.problem = why  # the test ends with it
        client.close()

    def end(self):
        self.ending.set()
        self.thread.join()
        expect(self.problem is None, f"the sender: {self.problem}")
        return self.sent


def variant(server, number):
    """Another configuration than before in all that a reload can change."""
    rewrite(server, ccserver={"cms-sign": "renewed" if number % 2 else "remote", "hop-error-rate": 1000 + number},
            policy={"*": "any", "admin": ME, **{f"p{n}": f"cn:x{n}" for n in range(number % 7)}},
            h_echo=handler("echo", number % 2), h_drop=handler("disposer", number % 2),
            h_log=handler("locallogger", number % 2))


def reloads_under_load(lab):
    """No request is lost, none has an error, and both ends count the same."""
    lab.make_key("issue", "renewed", "--urn", "urn:publicid:IDN+it+service+renewed", "--force")
    # under a sanitizer the server is several times slower: messages that it cannot take would wait and expire
    slower = 8 if lab.sanitized else 1
    server = serve(lab, options={"workers": 2, "worker-queue": 16384}).start().settle()
    number = max(1, int(SIGNED_RATE / slower * PAUSE * RELOADS))
    ping = lab.start_ping(server, count=number, rate=max(1, SIGNED_RATE // slower), deadline=60)
    sender = Sender(lab, server, RATE // slower)
    for n in range(1, RELOADS + 1):
        variant(server, n)
        said = reload(server)
        expect_equal(said.split()[1], str(n + 1), "number of the snapshot")
        wait_until(lambda n=n: sender.sent >= n * PAUSE * RATE / slower or sender.problem, f"load after reload {n}", 60)
    summary = lab.end_ping(ping, 120)
    sent = sender.end()
    print(f"  {sent} one-way messages ({sent / sender.seconds:.0f}/s) and {number} requests over {RELOADS} reloads")
    wanted = {"sent": number, "answered": number, "errors": 0, "hop": {}, "timeouts": 0, "late": 0, "refused": 0, "rc": 0}
    expect_equal({k: summary[k] for k in wanted}, wanted, "outcomes of the requests")
    figures = server.wait_stats(lambda s: s.get("disposed_count", 0) >= sent, f"{sent} messages disposed of")
    figures = server.fresh_stats()
    expect_equal((figures["disposed_count"], figures["count"], figures["count.ok"], figures["replies"]),
                 (sent, sent + number + 1, sent + number + 1, number + 1), "disposed of, received, done, answered")
    lost = {k: v for k, v in figures.items() if k.startswith(("lost.", "refused."))}
    expect_equal(lost, {}, "lost or refused")


def many_reloads_leave_nothing(lab):
    """Threads, descriptors and memory are those of the beginning."""
    lab.make_key("issue", "renewed", "--urn", "urn:publicid:IDN+it+service+renewed", "--force")
    fake = lab.fake_remote()
    server = serve(lab, options={"workers": 2}, h_proxy={"handler": "proxy", "remote-cc": fake.url})
    server.sections["routes"]["x"] = "h:proxy"
    rewrite(server)
    server.start()
    client = lab.dealer(server)

    def go(times, first):
        for n in range(first, first + times):
            variant(server, n)
            rewrite(server, h_proxy={"handler": "proxy", "remote-cc": fake.url, "zmq_hwm": 100 + n % 2})
            reload(server)
            expect_echo(lab, server, client)

    def ended():
        rows = administer(lab, server, "handlers", client)[1]["handlers"]
        return not any(row["ending"] for row in rows)

    go(10, 0)
    wait_until(ended, "the old sections to end")
    before = (threads(server), descriptors(server))
    memory = server.memory_kib()
    go(MANY, 10)
    wait_until(ended, "the old sections to end")
    wait_until(lambda: (threads(server), descriptors(server)) == before,
               f"threads and descriptors as at first ({before}; now {threads(server)}, {descriptors(server)})", 10)
    grown = server.memory_kib() - memory
    if not lab.sanitized:
        expect(grown <= SLACK_KIB, f"VmRSS grew by {grown} KiB over {MANY} reloads")


def long_policy(lab):
    """A policy of ten thousand lines; what its reload costs stands in the log."""
    lines = {f"p{n % 100}.q{n}": f"cn:host-{n}, urn:publicid:IDN+it:site{n % 50}+node+n{n}" for n in range(LINES)}
    server = serve(lab, policy={**lines, "echo": "any", "admin": ME}).start()
    client = lab.dealer(server)
    costs = []
    for n in range(5):
        rewrite(server, policy={**lines, "echo": "any", "admin": ME, "last": f"cn:last-{n}"})
        found = re.search(r"in force \(([\d.]+) ms, routing paused for (\d+) us\)", reload(server))
        expect(found, f"the log does not say what it cost: {outcomes(server)[-1]}")
        costs.append((float(found.group(1)), int(found.group(2))))
        expect_echo(lab, server, client)
    milliseconds, pause = (sorted(column)[len(costs) // 2] for column in zip(*costs))
    print(f"  {LINES} lines: {milliseconds} ms, routing paused for {pause} us (the median of {costs})")
    if MAX_MS and not lab.sanitized:
        expect(milliseconds <= MAX_MS, f"a reload took {milliseconds} ms (of {costs})")
        expect(pause <= MAX_PAUSE_US, f"routing paused for {pause} us (of {costs})")


def signals_in_a_row(lab):
    """Many at once: the last state of the file is in force at the end, and each asker has his answer."""
    server = serve(lab).start()
    askers = [lab.dealer(server) for _ in range(5)]
    for n in range(30):
        rewrite(server, policy={"admin": ME, "echo": "any" if n == 29 else "none"})
        server.send_signal(signal.SIGHUP)
        kind = "admin.reload"
        askers[n % 5].send([it.query_id(30000), *it.message(kind, it.body_of(kind), lab.signer())])
    for n, asker in enumerate(askers):
        for _ in range(6):
            answer = asker.receive(60)
            expect(answer and it.split_route(answer)[1][0] == b"reply.admin.reload", f"asker {n} gets {answer}")
    expect_echo(lab, server)
    expect(all(said.startswith("snapshot") for said in outcomes(server)), f"reloads failed: {outcomes(server)}")


# -- stop and start ---------------------------------------------------------------------------------------------------

def stop_by_sigterm_under_load(lab):
    """What the server took it answers; then it leaves nothing behind."""
    server = serve(lab, options={"workers": 2, "worker-queue": 8192, "zmq_linger": 10000, "shutdown-grace": 60})
    path = lab.folder / "cc.sock"
    rewrite(server, ccserver={"cc-socket": f"{server.url}, ipc://{path}"})
    server.start()
    signer = lab.signer()
    requests = [it.echo_request(signer) for _ in range(1500)]
    clients = [lab.dealer(server), lab.dealer(f"ipc://{path}")]
    for n, request in enumerate(requests):
        clients[n % 2].send([it.query_id(60000), *request])
        if n == len(requests) // 2:
            expect(clients[0].receive(), "no answer before the signal")
            server.send_signal(signal.SIGTERM)
    answers = 1
    while server.process.poll() is None or any(client.socket.poll(200) for client in clients):
        for client in clients:
            got = client.drain(0.02)
            expect(all(it.split_route(frames)[1][0] == b"echo.response" for frames in got), "an answer that is none")
            answers += len(got)
    expect_equal(server.wait(), 0, "exit code")
    figures = server.stats()
    expect_equal((figures["count"], figures["count.ok"], figures["replies"]), (answers,) * 3, "received, done, answered")
    expect(answers < len(requests), "all were answered: the signal came too late to show anything")
    left = [p.name for p in lab.folder.iterdir() if p.name in ("cc.sock", server.pidfile.name)]
    expect_equal(left, [], "left behind")
    expect(not it.accepts(server.port), "the port still answers")


def stop_while_reloading(lab):
    """A stop does not wait for a reload, nor a reload for a stop."""
    server = serve(lab, policy={f"p{n}": f"cn:x{n}" for n in range(3000)})
    server.sections["policy"].update({"echo": "any", "admin": ME})
    rewrite(server)
    for n in range(6):
        server.start()
        client = lab.dealer(server)
        expect_echo(lab, server, client)
        for _ in range(3):
            client.send([it.query_id(), *it.message("admin.reload", it.body_of("admin.reload"), lab.signer())])
        server.send_signal(signal.SIGHUP)
        server.stop(signal.SIGTERM if n % 2 else signal.SIGINT)
        client.close()
        lab.sockets.remove(client)


def ipc_path_of_a_live_server(lab):
    """A second server that is to listen where one does already is refused, and the first goes on."""
    path = lab.folder / "cc.sock"
    first, second = serve(lab), serve(lab, name="second")
    for server in (first, second):
        rewrite(server, ccserver={"cc-socket": f"{server.url}, ipc://{path}"})
    first.start()
    expect_echo(lab, f"ipc://{path}")
    second.spawn()
    expect_equal(second.wait(), 1, "exit code of the second")
    second.expect_clean = False
    expect(f"another process listens on {path}" in second.log(), f"it does not say why: {second.log()!r}")
    expect(not second.pidfile.exists(), "the second left its pidfile")
    expect_echo(lab, f"ipc://{path}", what="the first, after the second tried,")
    first.stop()
    expect(not path.exists(), "the socket is left")
    second.start()
    expect_echo(lab, f"ipc://{path}", what="the second, after the first ended,")


def ipc_path_that_is_left(lab):
    """What a killed server left is taken over; what is no socket is not."""
    path = lab.folder / "cc.sock"
    server = serve(lab)
    rewrite(server, ccserver={"cc-socket": f"{server.url}, ipc://{path}"})
    server.start()
    wait_until(path.is_socket, "the second socket to be there")  # start waits for the first
    server.kill()
    expect(path.is_socket(), "a socket cannot go with kill -9")
    server.start()
    expect_echo(lab, f"ipc://{path}")
    server.stop()
    path.write_text("somebody's")
    server.spawn()
    expect_equal(server.wait(), 1, "exit code with a file at the path")
    server.expect_clean = False
    expect("no socket" in server.log(), f"it does not say why: {server.log()[-300:]!r}")
    expect_equal(path.read_text(), "somebody's", "the file")


def ipc_path_of_somebody_else(lab):
    """Any program that listens there keeps its socket, also one that accepts nobody."""
    path = lab.folder / "cc.sock"
    server = serve(lab)
    rewrite(server, ccserver={"cc-socket": f"{server.url}, ipc://{path}"})
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen(0)
        callers = []
        for _ in range(3):  # its queue is full then
            callers.append(socket.socket(socket.AF_UNIX))
            callers[-1].setblocking(False)
            callers[-1].connect_ex(str(path))
        inode = pathlib.Path(path).stat().st_ino
        server.spawn()
        expect_equal(server.wait(), 1, "exit code")
        server.expect_clean = False
        expect("another process listens" in server.log(), f"it does not say why: {server.log()[-300:]!r}")
        expect_equal(pathlib.Path(path).stat().st_ino, inode, "the socket")
        for one in callers:
            one.close()


if __name__ == "__main__":
    it.main(policy_by_signal, policy_by_message, policy_by_command, who_may_not_reload, certificate_under_load,
            routes_change, proxy_moves, proxy_moves_from_the_dead, logger_changes_hands, filter_in_front,
            counts_go_on, broken_file_changes_nothing, reloads_under_load, many_reloads_leave_nothing, long_policy,
            signals_in_a_row, stop_by_sigterm_under_load, stop_while_reloading, ipc_path_of_a_live_server,
            ipc_path_that_is_left, ipc_path_of_somebody_else)
