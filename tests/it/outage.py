#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Remotes that stop, die and come back under load: tests/it/outage.py BUILD"""
import collections
import signal
import threading
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

RATE = it.count("OUTAGE_RATE", 300)
SECONDS = it.count("OUTAGE_SECONDS", 9)
STOP = it.count("OUTAGE_STOP", SECONDS // 6)
CONT = it.count("OUTAGE_CONT", SECONDS * 2 // 3)
FAILOVER_REQUESTS = it.count("FAILOVER_REQUESTS", 1000)
FAILOVER_RATE = 500
DEADLINE = 2
GRACE_MS = it.GRACE * 1000  # an outcome may come so long after its deadline
QUEUE_BYTES = 2 << 20
RSS_SLACK = 2 << 20
RECOVERY = it.count("OUTAGE_RECOVERY", 10)  # seconds from SIGCONT to the first success
HOP_CODES = {"unreachable", "busy"}


class Sampler:
    """Watches the memory of a process from another thread."""

    def __init__(self, server):
        self.server = server
        self.peak = self.now()
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def now(self):
        return self.server.memory_kib() << 10

    def _run(self):
        while not self.ending.wait(0.05):
            self.peak = max(self.peak, self.now())

    def end(self):
        self.ending.set()
        self.thread.join()
        return self.peak


def read_log(path):
    """Rows of a ping's --log: (number, start in ms, outcome, latency in us)."""
    rows = []
    for line in path.read_text().splitlines():
        number, start, outcome, latency = line.split()
        rows.append((int(number), float(start), outcome, int(latency)))
    return rows


def check_outcomes(summary, rows, number):
    """One outcome for each request: an answer or a hop's word, in time."""
    outcomes = collections.Counter(row[2] for row in rows)
    expect_equal(summary["sent"], number, "requests sent")
    expect_equal(sorted(row[0] for row in rows), list(range(number)), "requests with an outcome")
    expect_equal(summary["not_sent"], 0, "requests that the client could not send")
    expect_equal(summary["timeouts"], 0, f"requests without any word {dict(outcomes)}")
    expect_equal(summary["errors"], 0, "errors")
    expect_equal(summary["answered"] + sum(summary["hop"].values()), number, "answers and hop errors")
    expect(set(summary["hop"]) <= HOP_CODES, f"hop errors {summary['hop']}")
    expect(summary["overdue_ms"] <= GRACE_MS, f"an outcome came {summary['overdue_ms']} ms after its deadline")
    late = [row for row in rows if row[3] > DEADLINE * 1e6 + GRACE_MS * 1e3]
    expect(not late, f"{len(late)} outcomes later than deadline + {GRACE_MS} ms, for example {late[:1]}")


def wait_reached(ping, second):
    """Waits until so many seconds of the load are over."""
    end = ping.began + second
    wait_until(lambda: ping.poll() is not None or time.monotonic() >= end, f"second {second}", second + it.PATIENCE)
    expect(ping.poll() is None, "ping ended early")


def first_success(lab, local, signer):
    """Seconds until a request of another client is answered with success."""
    client = lab.dealer(local)
    began = time.monotonic()

    def answered():
        rest = client.ask(it.echo_request(signer), DEADLINE + 1)
        return rest is not None and rest[0] == b"echo.response"

    wait_until(answered, "a success after SIGCONT")
    return time.monotonic() - began


def outage(lab, signed, rate):
    remote = lab.remote(signed=signed).start()
    local = lab.local(remote, signed=signed, queue_bytes=QUEUE_BYTES).start()
    signer = lab.signer() if signed else None
    # memory that a working proxy needs anyway is not growth
    lab.wait_answered(local, signed)
    lab.ping(local, signed, count=rate, rate=rate, deadline=DEADLINE)
    before = local.memory_kib() << 10
    sampler = Sampler(local)
    log = lab.folder / "ping.log"
    number = rate * SECONDS
    ping = lab.start_ping(local, signed, count=number, rate=rate, deadline=DEADLINE, log=log)
    ping.began = time.monotonic()
    wait_reached(ping, STOP)
    remote.send_signal(signal.SIGSTOP)
    wait_reached(ping, CONT)
    remote.send_signal(signal.SIGCONT)
    recovered = first_success(lab, local, signer)
    summary = lab.end_ping(ping, SECONDS + 60)
    peak = sampler.end()
    rows = read_log(log)
    yield "outcomes", problem_of(check_outcomes, summary, rows, number)
    yield "recovery", problem_of(check_recovery, recovered, rows)
    yield "late", problem_of(check_late, summary, local, remote)
    if not lab.sanitized:
        yield "memory", problem_of(check_memory, before, peak)


def problem_of(check, *arguments):
    try:
        check(*arguments)
    except it.Failure as why:
        return why
    return None


def check_recovery(recovered, rows):
    expect(recovered <= RECOVERY, f"first success {recovered:.2f} s after SIGCONT")
    told = [row for row in rows if row[2] != "answer"]
    expect(told, "the outage was not felt: the test is too gentle")
    # a second for the start of ping, which its own clock does not count
    settled = [row for row in rows if row[1] > (CONT + 3) * 1000]
    failed = [row for row in settled if row[2] != "answer"]
    expect(not failed, f"{len(failed)} of {len(settled)} requests fail after the recovery, for example {failed[:1]}")


def check_late(summary, local, remote):
    """What the remote did in vain is dropped on the way and counted there."""
    # the last infofile of a server is exact
    remote.stop()
    local.stop()
    made, figures = remote.stats(), local.stats()
    said = made["replies"] + made.get("hop_errors", 0)
    expect(figures["unreachable"] >= summary["hop"].get("unreachable", 0),
           f"the proxy counts {figures['unreachable']} unreachable, ping got {summary['hop']}")
    expect(figures["late"] + summary["late"] > 0, "no late answer was counted, though the remote slept")
    reached = figures["answers"] + figures["late"] + figures["stray"] + figures["undelivered"] + figures["pongs"]
    expect_equal(reached, said, "answers that the proxy accounts for, and those the remote made")


def check_memory(before, peak):
    grown = peak - before
    expect(grown <= QUEUE_BYTES + RSS_SLACK,
           f"VmRSS of the proxy grew by {grown >> 10} KiB, bound {(QUEUE_BYTES + RSS_SLACK) >> 10}")


def stopped_remote(lab):
    return outage(lab, False, RATE)


def stopped_remote_signed(lab):
    return outage(lab, True, RATE if not lab.sanitized else min(RATE, 300))


def wait_progress(server, ping, number):
    """Waits until the load has had so many answers."""
    server.wait_stats(lambda s: ping.poll() is not None or s.get("answers", 0) >= number, f"{number} answers")
    expect(ping.poll() is None, "ping ended early")


def two_remotes(lab, victim, break_it, retry, **proxy):
    """Load over two remotes, of which one is broken on the way; the ping's summary."""
    remotes = [lab.remote(f"remote{n}").start() for n in (1, 2)]
    local = lab.local(*remotes, **proxy).start()
    lab.wait_answered(local)
    local.wait_stats(lambda s: s.get("pongs", 0) >= 2, "both remotes known to be up")
    ping = lab.start_ping(local, count=FAILOVER_REQUESTS, rate=FAILOVER_RATE, deadline=5, retry=retry)
    wait_progress(local, ping, 1)
    break_it(remotes[victim])
    return lab.end_ping(ping, FAILOVER_REQUESTS / FAILOVER_RATE + 60), local, remotes


def check_none_lost(summary):
    for key, wanted in (("sent", FAILOVER_REQUESTS), ("answered", FAILOVER_REQUESTS), ("timeouts", 0), ("errors", 0)):
        expect_equal(summary[key], wanted, f"{key} with one remote killed ({summary})")


def first_of_two_killed(lab):
    summary, local, _ = two_remotes(lab, 0, it.Server.kill, 1)
    check_none_lost(summary)
    lab.expect_answered(local, "a request with one remote dead")


def second_of_two_killed(lab):
    """The one that is not in use: nobody notices."""
    summary, _, _ = two_remotes(lab, 1, it.Server.kill, 0)
    check_none_lost(summary)


def first_of_two_stopped_in_order(lab):
    """An orderly stop of one remote loses nothing that is retried."""
    summary, local, _ = two_remotes(lab, 0, it.Server.stop, 1)
    check_none_lost(summary)
    lab.expect_answered(local, "a request with one remote stopped")


def first_of_two_silent(lab):
    """A remote that hangs is left after ping-timeout; each request still has one outcome."""
    summary, local, remotes = two_remotes(
        lab, 0, lambda server: server.send_signal(signal.SIGSTOP), 0, ping_period=1, ping_timeout=2)
    lab.wait_answered(local)
    expect_equal(summary["answered"] + sum(summary["hop"].values()), FAILOVER_REQUESTS, "answers and hop errors")
    expect_equal(summary["timeouts"], 0, f"requests without any word ({summary})")
    remotes[0].send_signal(signal.SIGCONT)


def remote_killed_and_back(lab):
    remote = lab.remote().start()
    local = lab.local(remote).start()
    lab.wait_answered(local)
    remote.kill()
    summary = lab.ping(local, count=5, deadline=3)
    expect_equal(summary["hop"], {"unreachable": 5}, f"hop errors with the only remote dead ({summary})")
    remote.start()
    began = time.monotonic()
    lab.wait_answered(local)
    took = time.monotonic() - began
    expect(took <= 5, f"{took:.1f} s until the restarted remote is used again")
    lab.expect_answered(local)


def remote_absent_at_start(lab):
    """A proxy that starts before its remote says unreachable at once, and finds the remote when it comes."""
    remote = lab.remote()
    local = lab.local(remote).start()
    summary = lab.ping(local, count=3, deadline=10)
    expect_equal(summary["hop"], {"unreachable": 3}, f"hop errors with no remote ({summary})")
    expect(summary["seconds"] < 10, f"unreachable took {summary['seconds']:.1f} s: it is known at once")
    remote.start()
    lab.wait_answered(local)


def queue_full_is_busy(lab):
    """With a remote that does not read, the bound in octets is kept and the sender told busy."""
    remote = lab.remote(signed=False).start()
    local = lab.local(remote, signed=False, queue_bytes="256K", ping="no", zmq_hwm=1).start()
    lab.wait_answered(local, signed=False)
    remote.send_signal(signal.SIGSTOP)
    summary = lab.ping(local, signed=False, count=3000, window=3000, pad=4096, deadline=2)
    expect(summary["hop"].get("busy", 0) > 0, f"never busy: {summary}")
    expect_equal(summary["answered"] + sum(summary["hop"].values()), 3000, f"outcomes ({summary})")
    expect_equal(summary["timeouts"], 0, f"requests without any word ({summary})")
    expect_equal(local.fresh_stats()["busy"], summary["hop"]["busy"], "busy as the proxy counts it")
    remote.send_signal(signal.SIGCONT)
    lab.wait_answered(local, signed=False)


def all_told_at_once(lab):
    """When a remote is found silent, everybody who waits for it is told: more than fit into one peer's pipe too."""
    number = 3000
    remote = lab.remote(signed=False).start()
    local = lab.local(remote, signed=False, ping_period=1, ping_timeout=2).start()
    lab.wait_answered(local, signed=False)
    local.wait_stats(lambda s: s.get("pongs", 0) >= 1, "the remote known to be up")
    remote.send_signal(signal.SIGSTOP)
    summary = lab.ping(local, signed=False, count=number, window=number, deadline=5)
    expect_equal((summary["timeouts"], summary["hop"]), (0, {"unreachable": number}),
                 f"requests without any word, and those told; the proxy counts {losses(local)}")


def losses(server):
    return {key: value for key, value in server.fresh_stats().items() if key.startswith("lost.") and value}


def dead_remote_flood_bounded(lab):
    """Publications for a dead remote are dropped and counted; memory stays within the bound."""
    remote = lab.remote(signed=False)
    local = lab.local(remote, signed=False, queue_bytes=QUEUE_BYTES).start()
    client = lab.dealer(local)
    number = it.count("FLOOD_MESSAGES", 20000)
    publication = it.message("x.flood", it.body_of("x.flood", pad="x" * 1000))
    for _ in range(1000):
        client.send(publication)
    local.wait_stats(lambda s: s.get("count", 0) >= 1000, "the first of the flood")
    before = local.memory_kib() << 10
    sampler = Sampler(local)
    for _ in range(number):
        client.send(publication)
    stats = local.wait_stats(lambda s: s.get("count", 0) >= number + 1000, "the flood counted", 120)
    peak = sampler.end()
    expect(stats["count.dropped"] > 0, f"nothing dropped: {stats}")
    expect(client.receive(0) is None, "a publication was answered")
    if not lab.sanitized:
        check_memory(before, peak)


if __name__ == "__main__":
    it.main(stopped_remote, stopped_remote_signed, first_of_two_killed, second_of_two_killed,
            first_of_two_stopped_in_order, first_of_two_silent, remote_killed_and_back, remote_absent_at_start,
            queue_full_is_busy, all_told_at_once, dead_remote_flood_bounded)
