#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Which handlers a message reaches, what its sender is told, and what is counted: tests/it/routes.py BUILD"""
import collections
import json
import re

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

FLOOD = 3000
TYPES_MAX = 256        # types counted on their own (docs and ccserver/stats.h)
HOP_ERROR_MAX = 256    # octets of a hop error's body


def routed(lab, routes, name="routed", options=None, **handlers):
    """A server without crypto; handlers are section=kind."""
    return lab.server(name, ccserver={"cc-role": "remote", "cc-stats": 2, **(options or {})}, routes=routes,
                      **{f"h_{section}": {"handler": kind} for section, kind in handlers.items()})


def publish(client, kind, **fields):
    client.send(it.message(kind, it.body_of(kind, **fields)))


def log_fields(text):
    return {"log_level": "INFO", "job_name": "j", "log_time": 1.5, "log_msg": text}


def wait_count(server, number):
    return server.wait_stats(lambda s: s.get("count", 0) + s.get("count.invalid", 0) >= number, f"{number} messages counted")


def counted_as(server, client, kinds):
    """Publishes a message of each type; how often each section was called, from the disposers' counters."""
    for kind in kinds:
        publish(client, kind)
    stats = wait_count(server, len(kinds))
    return {key.split(".")[0]: value for key, value in stats.items()
            if re.fullmatch(r"h:\w+\.disposed_count", key) and value}


# -- dispatch ---------------------------------------------------------------------------------------------------------

def every_matching_prefix(lab):
    """All patterns that match fire, by whole components, and a handler under two of them is called twice (spec B3)."""
    server = routed(lab, {"*": "h:a", "pub": "h:b", "pub.infofile": "h:c, h:b", "pub.infofile.sub": "h:d"},
                    a="disposer", b="disposer", c="disposer", d="disposer").start()
    client = lab.dealer(server)
    expected = collections.Counter()
    for kinds, calls in ((["pub.infofile.sub.x"], "abcbd"), (["pub.infofile.sub"], "abcbd"),
                         (["pub.infofile"], "abcb"), (["pub.infofile.subx"], "abcb"), (["pub.x"], "ab"), (["pub"], "ab"),
                         (["public"], "a"), (["x.pub"], "a"), (["pub-x"], "a")):
        client.send(it.message(kinds[0], it.body_of(kinds[0])))
        expected.update(calls)
    stats = wait_count(server, 9)
    got = {name: stats[f"h:{name}.disposed_count"] for name in "abcd"}
    expect_equal(got, dict(expected), "calls of each handler")


def same_handler_twice_in_pattern(lab):
    """One that stands twice in a pattern is called twice: a disposer (in the routing thread) and a logger (its own)."""
    server = routed(lab, {"log": "h:l, h:l", "junk": "h:d, h:d"}, l="locallogger", d="disposer").start()
    client = lab.dealer(server)
    publish(client, "junk.x")
    publish(client, "log.info", **log_fields("twice"))
    wait_until(lambda: server.log().count("INFO twice") >= 2, "two log lines")
    stats = server.fresh_stats()
    expect_equal(stats["h:d.disposed_count"], 2, "calls of the disposer")
    expect_equal(server.log().count("INFO twice"), 2, "log lines of one message")
    expect_equal(stats["h:l.logged"], 2, "calls of the logger")


def same_logger_under_two_patterns(lab):
    server = routed(lab, {"*": "h:l", "log": "h:l"}, l="locallogger").start()
    publish(lab.dealer(server), "log.info", **log_fields("twice"))
    wait_until(lambda: server.log().count("INFO twice") >= 2, "two log lines")
    expect_equal(server.fresh_stats()["h:l.logged"], 2, "calls of the logger")


def order_of_one_logger(lab):
    """A handler with a thread of its own sees messages in the order they came in."""
    server = routed(lab, {"log": "h:l"}, options={"workers": 4}, l="locallogger").start()
    client = lab.dealer(server)
    for number in range(500):
        publish(client, "log.info", **log_fields(f"number {number} of them"), pad="x" * (20000 if number % 7 == 0 else 1))
    server.wait_stats(lambda s: s.get("h:l.logged", 0) >= 500, "500 messages logged")
    got = [int(n) for n in re.findall(r"number (\d+) of them", server.log())]
    expect_equal(got, list(range(500)), "order in the log")


def capitals_by_prefix_only(lab):
    """Pattern names are made lower case: a type with capitals is reached by * or a prefix before them."""
    server = routed(lab, {"PUB": "h:b", "log.INFO": "h:c", "*": "h:a"}, a="disposer", b="disposer", c="disposer").start()
    calls = counted_as(server, lab.dealer(server), ["pub.x", "PUB.x", "pub.X", "log.INFO", "log.info"])
    expect_equal(calls, {"h:a": 5, "h:b": 2, "h:c": 1}, "calls of each handler")


def section_shared(lab):
    """One instance for each section name, however many patterns name it."""
    server = routed(lab, {"x": "h:a", "y": "h:a", "z": "h:a"}, a="disposer").start()
    calls = counted_as(server, lab.dealer(server), ["x", "y", "z", "w"])
    expect_equal(calls, {"h:a": 3}, "calls of each handler")


def two_that_answer_refused(lab):
    """At most one handler of a message answers: the configuration check says so."""
    for routes in ({"echo": "h:e, h:f"}, {"*": "h:e", "echo": "h:f"}, {"echo": "h:e", "echo.request": "h:f"}):
        server = routed(lab, routes, name="twice", e="echo", f="echo")
        done = lab.run(lab.ccserver, "--check", server.ini)
        expect_equal(done.returncode, 2, f"exit code with routes {routes}")
        expect(done.stderr.strip(), "no word about it")


def echo_and_disposer_together(lab):
    """One that answers and one that counts do not hinder each other."""
    server = routed(lab, {"*": "h:d", "echo": "h:e"}, d="disposer", e="echo").start()
    client = lab.dealer(server)
    for _ in range(50):
        rest = client.ask(it.echo_request())
        expect(rest and rest[0] == b"echo.response", "no answer")
    expect_equal(server.fresh_stats()["h:d.disposed_count"], 50, "calls of the disposer")
    expect(client.receive(0) is None, "more answers than requests")


def failing_handler_harms_nobody(lab):
    """A body without what a handler needs is counted there; what comes after is served."""
    server = routed(lab, {"echo": "h:e", "log": "h:l"}, e="echo", l="locallogger").start()
    client = lab.dealer(server)
    for missing in ("target", "hostname", "time"):
        client.send([it.query_id()] + it.message("echo.request", it.echo_body(**{missing: None})))
    client.send(it.message("echo.other", it.body_of("echo.other")))
    rest = lab.dealer(server).ask(it.echo_request())
    expect(rest and rest[0] == b"echo.response", "no answer to a good request")
    stats = wait_count(server, 5)
    expect_equal(stats["count.ok"], 1, "messages that were served")
    expect_equal(stats["count"] - stats["count.ok"], stats.get("count.dropped", 0) + stats.get("count.crashed", 0),
                 "messages with another end")


# -- what the sender is told ------------------------------------------------------------------------------------------

def check_hop_error(frames, qid, code, kind):
    route, rest = it.split_route(frames)
    expect_equal(route, [qid], "route of the hop error")
    expect_equal(rest[0], b"error", "type")
    expect(len(rest[1]) <= HOP_ERROR_MAX, f"{len(rest[1])} octets of hop error")
    expect_equal(rest[2:], [b""], "signature frame")
    body = json.loads(rest[1])
    expect_equal((body.get("code"), body.get("hop"), body.get("req_type"), body.get("req")), (code, True, kind, "error"),
                 "code, hop, req_type, req")


def no_route(lab):
    """noroute to a request of ours, nothing to anything else."""
    server = routed(lab, {"junk": "h:d"}, d="disposer").start()
    client = lab.dealer(server)
    qid = it.query_id()
    client.send([qid] + it.message("nowhere.x", it.body_of("nowhere.x")))
    answer = client.receive()
    expect(answer is not None, "no hop error")
    check_hop_error(answer, qid, "noroute", "nowhere.x")
    odd = [[], [b"Q000001"], [b"q1short"], [b"q1" + bytes(25)], [b"q2" + bytes(24)], [it.query_id(), b"other"]]
    for route in odd:
        client.send(route + it.message("nowhere.x", it.body_of("nowhere.x")))
    publish(client, "nowhere.y")
    stats = server.wait_stats(lambda s: s.get("lost.no-route", 0) >= len(odd) + 2, "messages without route counted")
    expect_equal(stats["hop_errors"], 1, "hop errors")
    expect(client.receive(0.2) is None, "an answer to what is not a request")
    expect_equal(stats["count.dropped"], len(odd) + 2, "messages dropped")


def no_route_of_long_type(lab):
    """A hop error stays below its 256 octets with the longest type, and is still read as one."""
    server = routed(lab, {"junk": "h:d"}, d="disposer").start()
    client = lab.dealer(server)
    kind = "t" * 128
    qid = it.query_id()
    client.send([qid] + it.message(kind, it.body_of(kind)))
    answer = client.receive()
    expect(answer is not None, "no hop error")
    check_hop_error(answer, qid, "noroute", kind)


def noroute_through_proxy(lab):
    """The remote's hop error comes back through the proxy."""
    remote = routed(lab, {"echo": "h:e"}, name="remote", e="echo").start()
    local = lab.local(remote, signed=False).start()
    lab.wait_answered(local, signed=False)
    client = lab.dealer(local)
    qid = it.query_id()
    client.send([qid] + it.message("x.y", it.body_of("x.y")))
    answer = client.receive()
    expect(answer is not None, "no hop error")
    check_hop_error(answer, qid, "noroute", "x.y")


def later_handlers(lab):
    """A handler of a later version is taken with a warning, and its messages have no route."""
    server = routed(lab, {"task": "h:t", "junk": "h:d"}, t="taskrouter", d="disposer")
    done = lab.run(lab.ccserver, "--check", server.ini)
    expect_equal(done.returncode, 0, f"exit code of --check ({done.stderr.strip()})")
    expect(re.search("WARNING.*taskrouter", done.stderr), "no warning about taskrouter")
    server.start()
    client = lab.dealer(server)
    qid = it.query_id()
    client.send([qid] + it.message("task.send.x", it.body_of("task.send.x")))
    answer = client.receive()
    expect(answer is not None, "no hop error")
    check_hop_error(answer, qid, "noroute", "task.send.x")
    publish(client, "junk.x")
    expect_equal(wait_count(server, 2)["h:d.disposed_count"], 1, "calls of the disposer")


def unknown_handler_is_error(lab):
    server = routed(lab, {"x": "h:x"}, x="taskruter")
    done = lab.run(lab.ccserver, "--check", server.ini)
    expect_equal(done.returncode, 2, "exit code")
    expect(re.search(f"{server.ini}:\\d+:.*taskruter", done.stderr), f"no place and name in {done.stderr!r}")


def full_queue_is_busy(lab):
    """With the workers' queue full each request still has one outcome: an answer or busy."""
    server = lab.remote(options={"workers": 1, "worker-queue": 16}).start()
    client = lab.dealer(server)
    signer = lab.signer()
    requests = {it.query_id(30000): it.echo_request(signer) for _ in range(FLOOD)}
    for qid, request in requests.items():
        client.send([qid] + request)
    outcomes = collections.Counter()
    for _ in range(FLOOD):
        frames = client.receive(30)
        expect(frames is not None, f"{FLOOD - sum(outcomes.values())} requests without any word, {dict(outcomes)}")
        route, rest = it.split_route(frames)
        expect(requests.pop(route[0], None), "a second outcome of one request")
        kind = rest[0].decode()
        if kind == "error":
            check_hop_error(frames, route[0], "busy", "echo.request")
        outcomes[kind] += 1
    expect(outcomes["error"] > 0, "never busy: the test is too gentle")
    expect(outcomes["echo.response"] > 0, "nothing answered")
    stats = server.fresh_stats()
    expect_equal(stats["lost.queue-full"], outcomes["error"], "queue-full as counted")
    expect_equal(stats["replies"], outcomes["echo.response"], "replies as counted")
    lab.expect_answered(server)


def publications_are_not_told(lab):
    """What is no request is dropped in silence when the queue is full, and counted."""
    server = lab.remote(options={"workers": 1, "worker-queue": 16}).start()
    client = lab.dealer(server)
    signer = lab.signer()
    publications = [it.message("log.info", it.body_of("log.info", **log_fields("flood")), signer) for _ in range(FLOOD)]
    for publication in publications:
        client.send(publication)
    stats = wait_count(server, FLOOD)
    expect(client.receive(0.2) is None, "an answer to a publication")
    stats = server.fresh_stats()
    expect_equal(stats["logged"] + stats.get("lost.queue-full", 0), FLOOD, "logged and dropped")


def hop_error_rate(lab):
    """Hop errors are bounded for each peer; the rest is counted."""
    server = routed(lab, {"junk": "h:d"}, options={"hop-error-rate": 10}, d="disposer").start()
    client = lab.dealer(server)
    for _ in range(500):
        client.send([it.query_id()] + it.message("nowhere", it.body_of("nowhere")))
    stats = server.wait_stats(lambda s: s.get("lost.no-route", 0) >= 500, "all counted")
    stats = server.fresh_stats()
    answers = client.drain(0.2)
    expect(1 <= len(answers) <= 60, f"{len(answers)} hop errors at a rate of 10 a second")
    expect_equal(stats["hop_errors"], len(answers), "hop errors as counted")
    expect_equal(stats["hop_errors"] + stats["lost.hop-rate"], 500, "told and held back")
    other = lab.dealer(server).ask(it.message("nowhere", it.body_of("nowhere")))
    expect(other and other[0] == b"error", "another peer is held back too")


# -- figures ----------------------------------------------------------------------------------------------------------

def figures_of_spec(lab):
    """The keys of spec G: count, bytes, seconds, the same .ok .dropped .crashed, count.invalid."""
    server = lab.remote(options={"cc-stats": 1}).start()
    client = lab.dealer(server)
    signer = lab.signer()
    good = it.echo_request(signer)
    size = sum(map(len, good)) + 26 + 5
    for _ in range(4):
        expect(client.ask(it.echo_request(signer)), "no answer")
    client.send(it.message("nowhere", it.body_of("nowhere"), signer))
    client.send([b"", b"bad..type", b"{}", b""])
    stats = server.wait_stats(lambda s: s.get("count.invalid", 0) >= 1, "all counted")
    for key, wanted in (("count", 6), ("count.ok", 4), ("count.dropped", 1), ("count.invalid", 1), ("replies", 4)):
        expect_equal(stats.get(key), wanted, key)
    expect(stats["seconds.ok"] > 0 and stats["seconds"] >= stats["seconds.ok"], "seconds are not counted")
    invalid = len("bad..type" + "{}") + 5
    expect_equal(stats["bytes"], stats["bytes.ok"] + stats["bytes.dropped"] + invalid, "bytes and its parts")
    # the signature's length varies by some octets
    expect(abs(stats["bytes.ok"] - 4 * size) <= 4 * 16, f"{stats['bytes.ok']} octets for 4 messages of some {size}")
    expect(not [key for key in stats if ".msg." in key], "figures for each type with cc-stats = 1")


def figures_by_level(lab):
    """cc-stats 0 counts nothing, 2 each type too."""
    for level in (0, 2):
        server = lab.remote(f"level{level}", options={"cc-stats": level}).start()
        client = lab.dealer(server)
        signer = lab.signer()
        expect(client.ask(it.echo_request(signer)), "no answer")
        client.send(it.message("junk.a", it.body_of("junk.a"), signer))
        client.send(it.message("nowhere", it.body_of("nowhere"), signer))
        expect(client.ask(it.echo_request(signer)), "no answer")
        stats = server.fresh_stats()
        if level == 0:
            expect(not stats.get("count"), f"cc-stats = 0 counts: {stats}")
            continue
        for key, wanted in (("count.ok.msg.echo.request", 2), ("count.ok.msg.junk.a", 1), ("count.dropped.msg.nowhere", 1)):
            expect_equal(stats.get(key), wanted, key)
        for part in ("bytes", "seconds"):
            expect(f"{part}.ok.msg.echo.request" in stats, f"no {part}.ok.msg.echo.request")


def types_are_bounded(lab):
    """A stranger's invented types do not grow the table."""
    server = routed(lab, {"*": "h:d"}, d="disposer").start()
    client = lab.dealer(server)
    for number in range(2000):
        publish(client, f"invented.t{number}")
    stats = wait_count(server, 2000)
    keys = [key for key in stats if key.startswith("count.ok.msg.")]
    expect(len(keys) <= TYPES_MAX + 1, f"{len(keys)} types counted on their own")
    expect_equal(sum(stats[key] for key in keys), 2000, "messages over all types")


def with_sections(server, wanted):
    """The infofile's header and sections, once it has as many as wanted."""
    if not server.infofile.exists():
        return None
    header, *rest = re.split(r"^\[(.*)\]$", server.infofile.read_text(), flags=re.M)
    return (header, rest[0::2]) if len(rest) // 2 >= len(wanted) else None


def infofile_levels(lab):
    """0 none, 1 a header, 2 totals, 3 averages (spec B2)."""
    sections = {1: [], 2: ["total", "latest"], 3: ["total", "latest", "avg:60", "avg:300", "avg:900"]}
    for level, wanted in sections.items():
        server = lab.remote(f"info{level}", options={"infofile-level": level}).start()
        # the first averages come with the first bucket of 5 s
        header, found = wait_until(lambda s=server, w=wanted: with_sections(s, w), f"sections {wanted} at level {level}")
        expect_equal(found, wanted, f"sections at level {level}")
        keys = [line.split(": ")[0] for line in header.split("\n") if line]
        for key in ("name", "version", "service", "pid", "started", "status", "time-consumed", "info-period",
                    "info-written", "platform", "libzmq"):
            expect(key in keys, f"no {key} in the header")
        expect(f"pid: {server.pid}\n" in header, "pid in the header")
        expect(not list(lab.folder.glob("*.new")), "a half-written infofile stands about")
        server.stop()
    silent = lab.remote("info0", options={"infofile-level": 0}).start()
    lab.expect_answered(silent)
    wait_until(lambda: silent.log().count("log_period") >= 2 or silent.log().count("{count") >= 2, "two periods")
    expect(not silent.infofile.exists(), "an infofile at level 0")


def averages(lab):
    """A line of [avg:60] is total, per bucket of 5 s, per second."""
    server = lab.remote(options={"infofile-level": 3}).start()
    client = lab.dealer(server)
    for _ in range(50):
        expect(client.ask(it.echo_request(lab.signer())), "no answer")
    text = wait_until(lambda: (server.stats("avg:60").get("count") or "").startswith("50 ") and
                      server.stats("avg:60")["count"], "the average of 50 requests")
    total, bucket, second = map(float, text.split())
    expect(total == 50 and 0 < bucket <= 50, f"count: {text}")
    # the parts are rounded
    expect(abs(bucket / 5 - second) <= 0.05 * second, f"per bucket of 5 s and per second do not agree: {text}")


def latest_is_one_period(lab):
    """[latest] holds one period's figures; [total] goes on."""
    server = lab.remote().start()
    lab.expect_answered(server)
    server.wait_stats(lambda s: s.get("count.ok", 0) == 1, "the request in the totals")
    wait_until(lambda: server.stats("latest").get("count") == 0, "a period without requests")
    expect_equal(server.stats()["count.ok"], 1, "requests in the totals")


def statistics_in_the_log(lab):
    """A line at each stats-period, with the figures of that period."""
    server = lab.remote().start().settle()
    lab.expect_answered(server)
    wait_until(lambda: re.search(r"\{bytes: \d+.*count: \d+,.*count\.ok: 1,.*seconds", server.log()), "the period's line")


def stats_command(lab):
    """ccfed bus stats, as text and as JSON, and on what is no infofile."""
    server = lab.remote().start()
    lab.expect_answered(server)
    server.wait_stats(lambda s: s.get("count.ok", 0) == 1, "the request in the totals")
    done = lab.ccfed("bus", "stats", server.infofile)
    expect_equal(done.returncode, 0, "exit code")
    expect(re.search(r"count\.ok:? +1", done.stdout), f"no figures in {done.stdout[:300]!r}")
    for path in (lab.folder / "absent", lab.folder):
        done = lab.ccfed("bus", "stats", "--json", path)
        expect(done.returncode != 0 and done.stderr.strip(), f"{path} is taken for an infofile")


if __name__ == "__main__":
    it.main(every_matching_prefix, same_handler_twice_in_pattern, same_logger_under_two_patterns, order_of_one_logger,
            capitals_by_prefix_only, section_shared, two_that_answer_refused, echo_and_disposer_together,
            failing_handler_harms_nobody, no_route, no_route_of_long_type, noroute_through_proxy, later_handlers,
            unknown_handler_is_error, full_queue_is_busy, publications_are_not_told, hop_error_rate, figures_of_spec,
            figures_by_level, types_are_bounded, infofile_levels, averages, latest_is_one_period, statistics_in_the_log,
            stats_command)
