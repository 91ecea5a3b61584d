#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Handlers that give messages to other handlers, filter and delay: tests/it/forward.py BUILD"""
import json
import re
import signal
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

MANY = 50


def server_of(lab, name="forward", routes=None, options=None, **sections):
    """A server without crypto; sections are name={options}, named h:name."""
    return lab.server(name, ccserver={"cc-role": "remote", "stats-period": 0.2, **(options or {})}, routes=routes,
                      **{f"h_{section}": {key.replace("_", "-"): value for key, value in values.items()}
                         for section, values in sections.items()})


def filter_to(target, **options):
    return {"handler": "filter", "forward-to": f"h:{target}", **options}


def delay_to(target, **options):
    return {"handler": "delay", "forward-to": f"h:{target}", **options}


ECHO, DROP, LOGGER = {"handler": "echo"}, {"handler": "disposer"}, {"handler": "locallogger"}


def publish(client, kind):
    client.send(it.message(kind, it.body_of(kind)))


def log_lines(client, number, first=0):
    for n in range(first, first + number):
        client.send(it.message("log.info", it.body_of("log.info", log_level="INFO", job_name="j", log_time=1.5,
                                                      log_msg=f"number {n} of them")))


def logged(server):
    return [int(n) for n in re.findall(r"INFO number (\d+) of them", server.log())]


def expect_hop_error(answer, code):
    expect(answer is not None, f"no word, not even {code}")
    body = json.loads(answer[1])
    expect_equal((answer[0], body.get("code"), body.get("hop")), (b"error", code, True), "type, code, hop")


def expect_echo(answer):
    expect(answer and answer[0] == b"echo.response", f"no echo but {answer}")


# -- filter -----------------------------------------------------------------------------------------------------------

def filter_passes_and_drops(lab):
    """What passes is answered by the other handler; a request that does not is told so, and a publication is not."""
    server = server_of(lab, routes={"*": "h:f"}, f=filter_to("e", include="echo.*, x.?", exclude="echo.no*"),
                       e=ECHO).start()
    client = lab.dealer(server)
    expect_echo(client.ask(it.echo_request()))
    for kind in ("echo.no", "echo.nothing", "echo", "x.yy", "y"):
        expect_hop_error(client.ask(it.message(kind, it.body_of(kind))), "noroute")
        publish(client, kind)
    stats = server.wait_stats(lambda s: s.get("count", 0) >= 11, "all messages counted")
    for key, wanted in (("h:f.filter.count", 11), ("h:f.filter.count.ok", 1), ("h:f.filter.count.dropped", 10),
                        ("filter.count", 11), ("hop_errors", 5), ("count.ok", 1), ("count.dropped", 10)):
        expect_equal(stats.get(key), wanted, key)
    expect_equal(stats["filter.bytes"], stats["filter.bytes.ok"] + stats["filter.bytes.dropped"], "octets")
    expect(client.receive(0) is None, "a word on a publication")


def filter_beside_others(lab):
    """A filter that drops does not say noroute for what another handler answers."""
    server = server_of(lab, routes={"*": "h:f", "echo": "h:e"}, f=filter_to("d", include="pub.*"), e=ECHO,
                       d=DROP).start()
    client = lab.dealer(server)
    for _ in range(20):
        expect_echo(client.ask(it.echo_request()))
    publish(client, "pub.x")
    expect_hop_error(client.ask(it.message("x", it.body_of("x"))), "noroute")
    stats = server.wait_stats(lambda s: s.get("h:f.filter.count", 0) >= 22, "all messages filtered")
    expect_equal((stats["h:f.filter.count.dropped"], stats["disposed_count"], stats["hop_errors"]), (21, 1, 1),
                 "dropped, disposed, hop errors")


def filter_before_proxy(lab):
    """The way to a remote and back goes through filters and a delay."""
    remote = server_of(lab, name="remote", routes={"*": "h:f"}, f=filter_to("e", include="echo.*"), e=ECHO).start()
    local = server_of(
        lab, name="local", routes={"*": "h:f"}, options={"cc-role": "local"}, f=filter_to("w", exclude="secret.*"),
        w=delay_to("p", delay="0.05"), p={"handler": "proxy", "remote-cc": remote.url}).start()
    lab.wait_answered(local, signed=False)
    client = lab.dealer(local)
    expect_echo(client.ask(it.echo_request()))
    expect_hop_error(client.ask(it.message("secret.x", it.body_of("secret.x"))), "noroute")
    expect_hop_error(client.ask(it.message("other.x", it.body_of("other.x"))), "noroute")  # by the remote's filter
    stats = remote.fresh_stats()
    expect_equal(stats["filter.count.dropped"], 1, "messages that the remote's filter dropped")


def busy_target_is_told(lab):
    """What the other handler has no room for is told busy, and counted here and there."""
    server = server_of(lab, routes={"*": "h:f"}, options={"workers": 1, "worker-queue": 16}, f=filter_to("e"),
                       e=ECHO).start()
    client = lab.dealer(server)
    number = 2000
    requests = [[it.query_id(30000)] + it.echo_request() for _ in range(number)]
    for request in requests:
        client.send(request)
    outcomes = {b"error": 0, b"echo.response": 0}
    for _ in range(number):
        frames = client.receive(30)
        expect(frames is not None, f"requests without any word, {outcomes}")
        rest = it.split_route(frames)[1]
        outcomes[rest[0]] += 1
        if rest[0] == b"error":
            expect_hop_error(rest, "busy")
    expect(min(outcomes.values()) > 0, f"the test is too gentle or too hard: {outcomes}")
    stats = server.fresh_stats()
    expect_equal((stats["filter.count.dropped"], stats["lost.queue-full"], stats["filter.count.ok"]),
                 (outcomes[b"error"], outcomes[b"error"], outcomes[b"echo.response"]), "dropped, queue-full, ok")


def target_of_a_later_version(lab):
    """It is taken with a warning, and what goes there has no route."""
    server = server_of(lab, routes={"db": "h:f"}, f=filter_to("db"), db={"handler": "taskrouter"}).start()
    expect_hop_error(lab.dealer(server).ask(it.message("db.x", it.body_of("db.x"))), "noroute")


def bad_targets_are_refused(lab):
    """A section that is missing, and handlers that forward to each other."""
    for name, sections, word in (
            ("absent", {"a": filter_to("none")}, "forward-to: no section [h:none]"),
            ("none", {"a": {"handler": "delay"}}, "Config value not set: forward-to")):
        server = server_of(lab, name=name, routes={"x": "h:a"}, **sections)
        done = lab.run(lab.ccserver, "--check", server.ini)
        expect(done.returncode == 2 and word in done.stderr, f"{name}: {done.stderr.strip()!r}")
    for name, sections in (("self", {"a": filter_to("a")}), ("ring", {"a": filter_to("b"), "b": delay_to("c"),
                                                                      "c": filter_to("a")})):
        server = server_of(lab, name=name, routes={"x": "h:a"}, **sections)
        done = lab.run(lab.ccserver, server.ini)
        expect(done.returncode != 0 and "forward to each other" in done.stderr, f"{name}: {done.stderr.strip()!r}")


# -- delay ------------------------------------------------------------------------------------------------------------

def delay_keeps_time_and_order(lab):
    server = server_of(lab, routes={"echo": "h:w", "log": "h:v"}, w=delay_to("e", delay="0.7"), e=ECHO,
                       v=delay_to("l", delay="0.5"), l=LOGGER).start()
    client = lab.dealer(server)
    begin = time.monotonic()
    expect_echo(client.ask(it.echo_request()))
    took = time.monotonic() - begin
    expect(took >= 0.7, f"answered after {took:.3f} s")
    log_lines(client, MANY)
    wait_until(lambda: len(logged(server)) >= MANY, f"{MANY} lines in the log")
    expect_equal(logged(server), list(range(MANY)), "order in the log")
    stats = server.wait_stats(lambda s: s.get("h:v.delay.count.ok", 0) >= MANY, "all counted")
    expect_equal((stats["h:w.delay.count"], stats["h:w.delay.count.ok"], stats["h:v.delay.count"]), (1, 1, MANY),
                 "counts")


def delay_is_bounded(lab):
    """Over the bound a request is told busy at once; what was kept goes on."""
    server = server_of(lab, routes={"*": "h:w"}, w=delay_to("e", delay="1.5", max_messages=10), e=ECHO).start()
    client = lab.dealer(server)
    for _ in range(15):
        client.send([it.query_id(30000)] + it.echo_request())
    words = [it.split_route(client.receive())[1] for _ in range(15)]
    expect_equal([w[0] for w in words], [b"error"] * 5 + [b"echo.response"] * 10, "outcomes in their order")
    for word in words[:5]:
        expect_hop_error(word, "busy")
    stats = server.wait_stats(lambda s: s.get("delay.count.ok", 0) >= 10, "all counted")
    expect_equal((stats["delay.count"], stats["delay.count.dropped"]), (15, 5), "counts")


def stop_forwards_what_waits(lab):
    """An orderly stop waits for no delay and loses nothing, through two delays and into a handler's own thread."""
    for number in (signal.SIGINT, signal.SIGTERM):
        server = server_of(lab, name=f"stop-{int(number)}", routes={"log": "h:a"}, a=delay_to("b", delay=3600),
                           b=delay_to("l", delay=3600), l=LOGGER).start()
        client = lab.dealer(server)
        log_lines(client, MANY)
        server.wait_stats(lambda s: s.get("h:a.delay.count", 0) >= MANY, "all kept")
        expect_equal(logged(server), [], "lines before their time")
        begin = time.monotonic()
        server.stop(number)
        expect(time.monotonic() - begin < 3600, "the delay was waited out")
        expect_equal(logged(server), list(range(MANY)), "lines in the log")


def stop_forwards_to_a_proxy(lab):
    """What waits for a remote gets there, too."""
    remote = server_of(lab, name="remote", routes={"log": "h:l", "echo": "h:e"}, l=LOGGER, e=ECHO).start()
    local = server_of(
        lab, name="local", routes={"log": "h:w", "echo": "h:p"}, options={"cc-role": "local"},
        w=delay_to("p", delay=3600), p={"handler": "proxy", "remote-cc": remote.url}).start()
    lab.wait_answered(local, signed=False)
    log_lines(lab.dealer(local), MANY)
    local.wait_stats(lambda s: s.get("delay.count", 0) >= MANY, "all kept")
    local.stop()
    wait_until(lambda: len(logged(remote)) >= MANY, "the lines at the remote")
    expect_equal(logged(remote), list(range(MANY)), "lines at the remote")


def reload_loses_nothing(lab):
    """A delay that is replaced, and its target with it, still hands on what it keeps, to the section of its time."""
    server = server_of(lab, routes={"log": "h:w", "x": "h:t"}, w=delay_to("t", delay=3), t=filter_to("l"),
                       l=LOGGER).start()
    client = lab.dealer(server)
    log_lines(client, MANY)
    server.wait_stats(lambda s: s.get("delay.count", 0) >= MANY, "all kept")
    server.sections["h:w"]["delay"] = 0
    server.sections["h:t"]["exclude"] = "log.*"
    server.ini.write_text(it.ini_text(server.sections))
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: re.search("reload(ed)?: ", server.log()), "the reload")
    expect("reloaded: " in server.log(), "the reload was refused")
    log_lines(client, MANY, first=1000)  # these meet the new ones, and are dropped
    wait_until(lambda: len(logged(server)) >= MANY, "the lines that were kept")
    wait_until(lambda: server.log().count("] ended") >= 2, "the end of what was replaced")
    expect_equal(logged(server), list(range(MANY)), "lines in the log")
    stats = server.fresh_stats()
    expect_equal((stats["delay.count.ok"], stats["delay.count.dropped"]), (MANY, MANY), "handed on and dropped")


if __name__ == "__main__":
    it.main(filter_passes_and_drops, filter_beside_others, filter_before_proxy, busy_target_is_told,
            target_of_a_later_version, bad_targets_are_refused, delay_keeps_time_and_order, delay_is_bounded,
            stop_forwards_what_waits, stop_forwards_to_a_proxy, reload_loses_nothing)
