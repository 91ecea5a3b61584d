#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Bad input of every kind, raw, to a server that verifies and to a proxy: tests/it/badinput.py BUILD

Each kind is sent a number of times of its own, so that the infofile shows which counter is whose: the counter must have
risen by just that number, and no two kinds may share one unless they are of the same cause.
"""
import hashlib
import json
import os
import re
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

FLOOD = it.count("FLOOD_MESSAGES", 20000)
FLOOD_SLACK_KIB = 2048
IDENTITIES = it.count("FLOOD_IDENTITIES", 5000)
AT_ONCE = 25                 # connections of these at a time: libzmq keeps some 20 KiB for each that is open
IDENTITIES_SLACK_KIB = 4096
PEER_QUEUE = 1 << 20
PEER_HWM = 200
LEAST = 30  # times that a kind is sent; all are below twice that, so that no sum of two is taken for one
ROUTE_MAX = 8


# -- makers of signatures and certificates ----------------------------------------------------------------------------

class Forge:
    """Everything that `ccfed keys` does not make: certificates and signatures by openssl."""

    def __init__(self, lab):
        self.lab = lab
        self.keys = lab.keys
        self.good = lab.signer()

    def issue(self, name, ca="ca", extensions="", subject=None, dates=()):
        """A certificate that a CA of the key store signs; dates: start and end as openssl ca takes them."""
        lab, key = self.lab, self.keys / "private" / f"{name}.key"
        request, config = lab.folder / "request.pem", lab.folder / "ca.cnf"
        lab.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        lab.openssl("req", "-new", "-key", key, "-subj", f"/CN={subject or name}", "-out", request)
        new = lab.folder / "new"
        new.mkdir(exist_ok=True)
        (new / "index.txt").write_text("")
        config.write_text(
            "[ca]\ndefault_ca = c\n[c]\n"
            f"database = {new}/index.txt\nnew_certs_dir = {new}\nrand_serial = yes\ndefault_md = sha256\n"
            "policy = p\nunique_subject = no\nx509_extensions = e\ndefault_days = 30\n"
            f"[p]\ncommonName = supplied\n[e]\nbasicConstraints = critical,CA:false\n{extensions}\n")
        lab.openssl("ca", "-batch", "-notext", "-config", config, "-cert", self.keys / f"{ca}.crt",
                    "-keyfile", self.keys / "private" / f"{ca}.key", "-in", request,
                    "-out", self.keys / f"{name}.crt", *dates)
        return lab.signer(name)

    def other_ca(self):
        """A signer of a CA that has the same name as ours, but is another one."""
        self.lab.make_key("init-ca", "other", "--cn", "ca", "--force")
        self.lab.make_key("issue", "stranger", "--ca", "other", "--urn", "urn:publicid:IDN+it+service+client",
                          "--force")
        return self.lab.signer("stranger")

    def self_signed(self):
        self.lab.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-subj", "/CN=client", "-days", "30", "-keyout", self.keys / "private" / "selfish.key",
                         "-out", self.keys / "selfish.crt")
        return self.lab.signer("selfish")

    def expired(self):
        return self.issue("expired", dates=("-startdate", "20200101000000Z", "-enddate", "20210101000000Z"))

    def not_yet(self):
        return self.issue("notyet", dates=("-startdate", "20400101000000Z", "-enddate", "20410101000000Z"))

    def tls_only(self):
        return self.issue("tlsonly", extensions="extendedKeyUsage = serverAuth,clientAuth")

    def by_openssl(self, body, *names, options=()):
        """Signed by the openssl program, by each of the names."""
        words = []
        for name in names:
            words += ["-signer", self.keys / f"{name}.crt", "-inkey", self.keys / "private" / f"{name}.key"]
        return self.lab.openssl("cms", "-sign", "-binary", "-outform", "DER", *options, *words, data=body)

    def enveloped(self, content):
        return self.lab.openssl("cms", "-encrypt", "-binary", "-outform", "DER", "-aes128",
                                self.keys / "remote.crt", data=content)


# -- the kinds --------------------------------------------------------------------------------------------------------

class Kind:
    """make() gives the frames that a DEALER sends. cause: kinds with the same one may share a counter. known: a signer that
    the server knows stands behind it, so that it may be told what is wrong."""

    def __init__(self, name, make, cause=None, known=False):
        self.name, self.make, self.cause, self.known = name, make, cause or name, known


def signed(signer, kind, body):
    return it.message(kind, body, signer)


def shape_kinds():
    """What is wrong before anything is read: any hop refuses it."""
    plain = it.echo_request()
    chunk = bytes((17 << 20) // 5 + 1)
    bad_types = [b"a..b", b".a", b"a.", b"a b", b"echo.request\n", b"\n", b"a\0b", b"\xc3\xa4", b"*", b"a/b",
                 b"t" * 129]
    return [
        Kind("too-big", lambda: [b"", b"echo.request", *[chunk] * 5]),
        Kind("too-many-frames", lambda: plain + [b"x"] * 6, "frames"),
        Kind("far-too-many-frames", lambda: plain + [b"x"] * 300, "frames"),
        Kind("long-route", lambda: [b"r"] * ROUTE_MAX + plain, "route"),
        Kind("very-long-route", lambda: [b"r"] * 200 + plain, "route"),
        Kind("no-delimiter", lambda: [b"echo.request", it.echo_body(), b"sig"]),
        Kind("no-type", lambda: [b""]),
        Kind("bad-type", lambda: [b"", bad_types.append(bad_types.pop(0)) or bad_types[0], it.echo_body(), b""]),
        Kind("empty-type", lambda: [b"", b"", it.echo_body(), b""], "bad-type"),
        Kind("no-body", lambda: [b"", b"echo.request"]),
    ]


def json_kinds(good):
    """Well signed bodies that are wrong in themselves."""
    deep = b'{"req": "echo.request", "a": ' + b"[" * 100000 + b"]" * 100000 + b"}"
    objects = b'{"req": "echo.request", "a": ' + b'{"a":' * 100000 + b"1" + b"}" * 100000 + b"}"
    body = it.echo_body()
    twice = body[:-1] + b', "req": "log.info"}'
    inner = body[:-1] + b', "x": {"k": 1, "k": 2}}'

    def echo(octets):
        return lambda: signed(good, "echo.request", octets)

    return [
        Kind("deep-json", echo(deep), "deep", True),
        Kind("deep-objects", echo(objects), "deep", True),
        Kind("duplicate-key", echo(twice), "duplicate", True),
        Kind("duplicate-inner-key", echo(inner), "duplicate", True),
        Kind("not-an-object", echo(b'["req", "echo.request"]'), known=True),
        Kind("not-json", echo(b"req=echo.request"), "syntax", True),
        Kind("json-and-more", echo(body + b" {}"), "syntax", True),
        Kind("not-utf8", echo(body[:-1] + b', "x": "\xff"}'), "syntax", True),
        Kind("hijacked", lambda: signed(good, "echo.request", it.body_of("log.info", target="x")), known=True),
        Kind("no-req", lambda: signed(good, "echo.request", it.body_of(None, target="x")), "field", True),
        Kind("no-time", lambda: signed(good, "echo.request", it.echo_body(time=None)), "field", True),
        Kind("time-is-text", lambda: signed(good, "echo.request", it.echo_body(time=str(time.time()))), "field", True),
        Kind("no-id", lambda: signed(good, "echo.request", it.echo_body(id=None)), "id", True),
        Kind("bad-id", lambda: signed(good, "echo.request", it.echo_body(id="1234")), "field", True),
    ]


def time_kinds(good, forge):
    def by_program(offset):
        body = it.echo_body(time=time.time() + offset)
        sig = forge.by_openssl(body, "client")
        return lambda: [b"", b"echo.request", body, sig]

    return [
        Kind("stale", by_program(-400), "stale", True),
        Kind("ahead", by_program(60), "stale", True),
        Kind("far-ahead", lambda: signed(good, "echo.request", it.echo_body(time=1e300)), "stale", True),
    ]


def blob_kinds(good):
    def with_blob(blob, blob_hash):
        def make():
            return signed(good, "echo.request", it.echo_body(blob_hash=blob_hash)) + blob
        return make

    sha = "SHA-256:" + hashlib.sha256(b"blob").hexdigest()
    return [
        Kind("blob-of-other-hash", with_blob([b"Blob"], sha), "blob-hash", True),
        Kind("blob-hash-cut", with_blob([b"blob"], sha[:-2]), "blob-hash", True),
        Kind("blob-of-unknown-hash", with_blob([b"blob"], "MD5:" + hashlib.md5(b"blob").hexdigest()), known=True),
        Kind("blob-without-hash", with_blob([b"blob"], ""), "unhashed", True),
        Kind("blob-hash-absent", with_blob([b"blob"], None), "unhashed", True),
        Kind("hash-without-blob", with_blob([], sha), known=True),
    ]


def signature_kinds(forge):
    """What no known signer stands behind."""
    body = it.echo_body()
    sig = forge.good.sign(body)
    flipped = bytes([*sig[:-1], sig[-1] ^ 1])
    two = forge.by_openssl(body, "client", "local")
    attached = forge.good.sign(it.echo_body(), detached=False)
    stranger, selfish = forge.other_ca(), forge.self_signed()
    expired, not_yet, tls = forge.expired(), forge.not_yet(), forge.tls_only()
    wrapped = forge.enveloped(forge.good.sign(body, detached=False))

    def echo(octets, signature):
        return lambda: [b"", b"echo.request", octets, signature]

    def by(signer):
        return lambda: it.echo_request(signer)

    return [
        Kind("unsigned", echo(body, b"")),
        Kind("no-signature-frame", lambda: [b"", b"echo.request", body], "unsigned"),
        Kind("garbage", echo(body, os.urandom(700)), "der"),
        Kind("truncated", echo(body, sig[:-20]), "der"),
        Kind("truncated-early", echo(body, sig[:5]), "der"),
        Kind("trailing", echo(body, sig + b"\0"), "der"),
        Kind("enveloped", echo(body, wrapped), "der-kind"),
        Kind("body-changed", echo(body.replace(b"it.example", b"IT.example"), sig), "digest"),
        Kind("signature-flipped", echo(body, flipped)),
        # content of its own, well signed, in place of that of the body frame
        Kind("attached-other-content", echo(body, attached), "digest"),
        Kind("other-ca-same-name", by(stranger), "chain"),
        Kind("self-signed", by(selfish), "chain"),
        Kind("certificate-expired", by(expired), "certificate-time"),
        Kind("certificate-not-yet", by(not_yet), "certificate-time"),
        Kind("tls-only", by(tls)),
        Kind("two-signers", echo(body, two)),
        Kind("encrypted-no-key", lambda: [b"", b"echo.request", b"ENC1", wrapped]),
    ]


def content_kinds(lab):
    forge = Forge(lab)
    return (signature_kinds(forge) + json_kinds(forge.good) + time_kinds(forge.good, forge) +
            blob_kinds(forge.good))


# -- sending and judging ----------------------------------------------------------------------------------------------

class Dose:
    """How a kind fares: how often it was sent, and what came back."""

    def __init__(self, kind, times):
        self.kind, self.times, self.problem = kind, times, None


def send_dose(lab, server, dose, signer):
    """Sends a kind its number of times, with a query id as a client has it, and a good request behind it."""
    client = lab.dealer(server)
    for _ in range(dose.times):
        frames = dose.kind.make()
        client.send([it.query_id(), *frames] if frames[0] == b"" else frames)
    answers = until_good(client, signer, f"after {dose.kind.name}")
    client.close()
    if not dose.kind.known:
        expect(not answers, f"{len(answers)} answers to the unauthenticated, for example {answers[:1]}")
    for frames in answers:
        check_known_answer(frames, dose.kind)


def until_good(client, signer, when):
    """Asks something good behind what was sent before, which the answer shows to have arrived; the other answers."""
    mine, others = it.query_id(), []
    client.send([mine] + it.echo_request(signer))
    while True:
        frames = client.receive()
        expect(frames is not None, f"no answer to a good request {when}")
        route, rest = it.split_route(frames)
        if route == [mine]:
            expect_equal(rest[0], b"echo.response", f"type of the answer to a good request {when}")
            return others
        others.append(frames)


def check_known_answer(frames, kind):
    """Whoever signed well may be told what is wrong, but gets no result."""
    rest = it.split_route(frames)[1]
    expect_equal(rest[0], b"error", f"type of an answer to {kind.name}")


def refused_counters(server):
    return {k: v for k, v in server.stats().items() if k.startswith("refused.")}


def send_all(lab, server, judge, kinds):
    """Sends all kinds to `server`; the doses, and the counters of `judge`, which must refuse them."""
    signer = lab.signer()
    judge.settle()
    lab.wait_answered(server)
    before = refused_counters(judge)
    doses = [Dose(kind, LEAST + n) for n, kind in enumerate(kinds)]
    expect(len(kinds) <= LEAST, "more kinds than numbers to tell them by")
    for dose in doses:
        try:
            send_dose(lab, server, dose, signer)
        except it.Failure as why:
            dose.problem = why
    number = sum(dose.times for dose in doses)
    try:
        judge.wait_stats(lambda s: sum(v for k, v in s.items() if k.startswith("refused.")) >= number,
                         "all bad messages counted", 10)
    except it.Failure:
        pass  # the results say which are missing
    return doses, {k: v - before.get(k, 0) for k, v in refused_counters(judge).items() if v != before.get(k, 0)}


def counters_of(doses, counters):
    """For each cause the counter that rose by what its kinds were sent, alone."""
    by_cause = {}
    for dose in doses:
        by_cause.setdefault(dose.kind.cause, []).append(dose)
    free = dict(counters)
    found = {}
    for cause, members in by_cause.items():
        # either one counter for the cause, or one for each of its kinds
        for group in [members], [[m] for m in members]:
            names = [take_counter(free, sum(m.times for m in part)) for part in group]
            if all(names):
                for part, name in zip(group, names):
                    found.update({m.kind.name: name for m in part})
                break
            free.update({name: counters[name] for name in names if name})
    return found, free


def take_counter(free, value):
    for name, counted in free.items():
        if counted == value:
            del free[name]
            return name
    return None


def judged(doses, counters):
    """A result for each kind."""
    found, left = counters_of(doses, counters)
    for dose in doses:
        problem = dose.problem
        if problem is None and dose.kind.name not in found:
            problem = f"sent {dose.times} times, no counter of its own has that; not explained: {left}"
        yield dose.kind.name, problem


def check_log(server, doses, counters):
    """A line for each cause, at most one for each source of it; the minute may turn once on the way."""
    lines = [line for line in server.log().splitlines() if "refused (" in line]
    for name in counters:
        cause = name.removeprefix("refused.")
        expect(any(f"refused ({cause})" in line for line in lines), f"no log line about {cause}")
    expect(len(lines) <= 2 * len(doses), f"{len(lines)} log lines for {len(doses)} kinds, each from one source")
    long = max(len(line) for line in lines)
    expect(long < 1000, f"a log line of {long} characters: bodies do not belong into the log")


def batches(kinds):
    return [kinds[n:n + LEAST] for n in range(0, len(kinds), LEAST)]


def server_refuses(lab):
    kinds = shape_kinds() + content_kinds(lab)
    for n, batch in enumerate(batches(kinds)):
        remote = lab.remote(f"remote{n}").start()
        doses, counters = send_all(lab, remote, remote, batch)
        yield from judged(doses, counters)
        check_log(remote, doses, counters)
        remote.stop()


def proxy_refuses_shapes(lab):
    remote = lab.remote().start().settle()
    local = lab.local(remote).start()
    doses, counters = send_all(lab, local, local, shape_kinds())
    yield from judged(doses, counters)
    check_log(local, doses, counters)
    expect_equal(refused_counters(remote), {}, "what the remote had to refuse")


def remote_refuses_behind_proxy(lab):
    """A proxy forwards unread: what is wrong inside is refused and counted by the remote."""
    kinds = content_kinds(lab)
    for n, batch in enumerate(batches(kinds)):
        remote = lab.remote(f"remote{n}").start()
        local = lab.local(remote, name=f"local{n}").start()
        doses, counters = send_all(lab, local, remote, batch)
        yield from judged(doses, counters)
        expect_equal(refused_counters(local), {}, "what the proxy refused")
        local.stop()
        remote.stop()


def stale_is_told(lab):
    """`error stale` with the server's time, signed, for one whose signature is good."""
    remote = lab.remote().start()
    for offset in (-400, 60):
        request = it.echo_request(lab.signer(), time=time.time() + offset)
        rest = lab.dealer(remote).ask(request, 5)
        expect(rest is not None, f"no answer to a request {offset} s off")
        expect_equal(rest[0], b"error", "type of the answer")
        body = json.loads(rest[1])
        expect_equal(body.get("code"), "stale", "code")
        expect_equal(body.get("re"), json.loads(request[2])["id"], "re")
        expect(abs(body["time"] - time.time()) < it.PATIENCE, "time of the answer is not the server's")
        expect(it.Verifier(lab.keys, "ca", "remote").good(rest[1], rest[2]), "its signature is not good")


def single_frame_too_big(lab):
    """A frame of 17 MiB: libzmq ends that connection, nobody else notices."""
    remote = lab.remote().start()
    good = lab.dealer(remote)
    signer = lab.signer()
    expect(good.ask(it.echo_request(signer)), "no answer before the test")
    lab.dealer(remote).send([b"", b"echo.request", bytes(17 << 20), b""])
    for _ in range(20):
        expect(good.ask(it.echo_request(signer)), "no answer after it")


def longest_route_is_good(lab):
    """8 route frames are allowed, the query id among them."""
    remote = lab.remote().start()
    client = lab.dealer(remote)
    route = [b"h"] * (ROUTE_MAX - 2) + [it.query_id()]
    client.send(route + it.echo_request(lab.signer()))
    answer = client.receive()
    expect(answer is not None, "no answer over a route of 8 frames")
    expect_equal(it.split_route(answer)[0], route, "route of the answer")


def extra_frames_are_good(lab):
    """Further frames are ignored (spec A2), up to 8 after the delimiter."""
    remote = lab.remote().start()
    body = it.echo_body(blob_hash="SHA-256:" + hashlib.sha256(b"").hexdigest())
    rest = lab.dealer(remote).ask(it.message("echo.request", body, lab.signer()) + [b""] + [b"extra"] * 4)
    expect(rest and rest[0] == b"echo.response", "no answer to a message with further frames")


def noise_on_the_port(lab):
    """What is not ZeroMQ at all."""
    remote = lab.remote().start()
    for octets in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, os.urandom(10000), b"\xff" + b"\0" * 8 + b"\x7f",
                   b"\x01\xff" + b"\xff" * 64):
        with it.socket.create_connection(("127.0.0.1", remote.port), it.PATIENCE) as stranger:
            stranger.sendall(octets)
    lab.expect_answered(remote)


# -- floods -----------------------------------------------------------------------------------------------------------

def flood(lab, server, requests, number):
    """Sends messages of a list in turn; all have arrived when it returns. Never more than the workers' queues hold."""
    client = lab.dealer(server)
    signer = lab.signer()
    for start in range(0, number, 500):
        for n in range(start, min(start + 500, number)):
            client.send(requests[n % len(requests)])
        until_good(client, signer, "behind a flood")
    client.close()


def bad_flood_bounded(lab):
    """Memory does not grow with the number of bad messages."""
    if lab.sanitized:
        raise it.Skip("memory is judged on a plain build")
    remote = lab.remote().start()
    kinds = [k for k in shape_kinds() + content_kinds(lab) if k.name not in ("too-big", "deep-json", "deep-objects")]
    requests = [kind.make() for kind in kinds]
    for request in requests:
        expect(sum(map(len, request)) < 10000, "a flood of small messages")
    flood(lab, remote, requests, FLOOD // 4)
    before = remote.memory_kib()
    flood(lab, remote, requests, FLOOD)
    grown = remote.memory_kib() - before
    expect(grown <= FLOOD_SLACK_KIB, f"VmRSS grew by {grown} KiB over {FLOOD} bad messages")
    lab.expect_answered(remote)


def log_is_bounded(lab):
    """A flood from one source is one line a minute and cause."""
    remote = lab.remote().start()
    flood(lab, remote, [it.echo_request()], 5000)
    remote.wait_stats(lambda s: s.get("refused.unsigned", 0) >= 5000, "the flood counted")
    lines = [line for line in remote.log().splitlines() if "refused (" in line]
    expect(1 <= len(lines) <= 2, f"{len(lines)} log lines for one source and cause")


def log_is_bounded_over_sources(lab):
    """A source is cheap to invent: a thousand of them do not fill the log line by line."""
    remote = lab.remote().start()
    for _ in range(10):
        clients = [lab.dealer(remote) for _ in range(100)]
        for client in clients:
            client.send(it.echo_request())
        for client in clients:
            until_good(client, lab.signer(), "behind a bad one")
            client.close()
    remote.wait_stats(lambda s: s.get("refused.unsigned", 0) >= 1000, "the bad messages counted")
    lines = [line for line in remote.log().splitlines() if "refused (" in line]
    expect(len(lines) <= 500, f"{len(lines)} log lines for 1000 bad messages of as many sources")


def meet(lab, server, number, signer):
    """So many clients that nobody has seen before, some at a time, each with a good request."""
    for _ in range(number // AT_ONCE):
        clients = [lab.dealer(server, hwm=10) for _ in range(AT_ONCE)]
        for client in clients:
            until_good(client, signer, "of a new client")
        for client in clients:
            client.close()


def many_identities(lab):
    """Many more clients than max-routes, each seen once: all are served, and memory does not grow with them."""
    remote = lab.remote(signed=False).start()
    local = lab.local(remote, signed=False, max_routes=500).start()
    lab.wait_answered(local, signed=False)
    meet(lab, local, 1000, None)
    before = local.memory_kib()
    meet(lab, local, IDENTITIES, None)
    if not lab.sanitized:
        grown = local.memory_kib() - before
        expect(grown <= IDENTITIES_SLACK_KIB, f"VmRSS of the proxy grew by {grown} KiB over {IDENTITIES} identities")


# -- remotes that misbehave -------------------------------------------------------------------------------------------

def echo_answer(signer, frames):
    """A well signed answer to a request that a fake remote got."""
    route, rest = it.split_route(frames)
    asked = json.loads(rest[1])
    body = it.body_of("echo.response", id=None, re=asked["id"], orig_hostname="x", orig_target="x", orig_time=1.0)
    return route + it.message("echo.response", body, signer)


def to_fake(lab, answer=None, **proxy):
    fake = lab.fake_remote(answer)
    local = lab.local(fake, ping="no", **proxy).start()
    return fake, local


def reach_fake(lab, fake, local, client):
    """Sends through the proxy until the fake remote has a message of this client; the message."""
    had = len(fake.received)
    wait_until(lambda: client.send([it.query_id()] + it.echo_request()) or
               client.receive(0.1) or len(fake.received) > had, "the proxy to reach the fake remote")
    return fake.received[-1]


def remote_addresses_strangers(lab):
    """A remote may send only to whom it was asked by (spec H5): the rest is refused and counted."""
    fake, local = to_fake(lab)
    victim = lab.dealer(local, identity=b"victim")
    victim.send(it.message("log.info", it.body_of("log.info", log_msg="here", log_level="INFO"), lab.signer()))
    local.wait_stats(lambda s: s.get("logged", 0) >= 1, "the victim known to the local server")
    client = lab.dealer(local, identity=b"client")
    proxy_identity = reach_fake(lab, fake, local, client)[0]
    client.drain(0.1)
    number = 7
    for target in (b"victim", b"nobody"):
        for _ in range(number):
            fake.say([proxy_identity, target] + it.message("echo.response", it.body_of("echo.response")))
    fake.say([proxy_identity, b"client"] + it.message("echo.response", it.body_of("echo.response")))
    expect(client.receive() is not None, "the client that did ask gets nothing")
    stats = local.wait_stats(lambda s: s.get("stray", 0) >= 2 * number, "stray messages counted")
    expect_equal(stats["stray"], 2 * number, "stray messages counted")
    expect(victim.receive(0.2) is None, "the remote reached a client that never asked it")


def remote_answers_twice(lab):
    """The client takes one answer, and counts the other."""
    signer = lab.signer("remote")

    def twice(frames, send):
        for _ in range(2):
            send(echo_answer(signer, frames))

    fake, local = to_fake(lab, twice)
    wait_until(lambda: lab.ping(local, count=1, deadline=1)["rc"] == 0, "the first answer of the fake remote")
    summary = lab.ping(local, count=50, deadline=5)
    expect_equal((summary["answered"], summary["rc"]), (50, 0), f"answers taken ({summary})")
    expect(summary["late"] + summary["refused"] >= 49, f"the second answers are not counted: {summary}")
    expect(len(fake.received) >= 50, "requests at the fake remote")


def remote_answers_for_another(lab):
    """A well signed answer to another request is not taken for mine."""
    signer = lab.signer("remote")
    first = []

    def wrong(frames, send):
        first.append(frames)
        route = it.split_route(frames)[0]
        send(route + it.split_route(echo_answer(signer, first[0]))[1][0:0] + echo_answer(signer, first[0])[len(route):])

    _, local = to_fake(lab, wrong)
    wait_until(lambda: lab.ping(local, count=1, deadline=1)["rc"] == 0, "the first answer of the fake remote")
    summary = lab.ping(local, count=3, deadline=1)
    expect_equal(summary["answered"], 0, f"answers to another request that were taken ({summary})")
    expect(summary["refused"] >= 3, f"they are not counted: {summary}")


def remote_says_bad_things(lab):
    """Bad shapes from the side of the remote: counted, the proxy lives, requests go on."""
    signer = lab.signer("remote")
    fake, local = to_fake(lab, lambda frames, send: send(echo_answer(signer, frames)))
    client = lab.dealer(local)
    proxy_identity = reach_fake(lab, fake, local, client)[0]
    kinds = [k for k in shape_kinds() if k.name != "too-big"]
    for kind in kinds:
        for _ in range(5):
            fake.say([proxy_identity, *kind.make()])
    fake.say([proxy_identity, b"client"] + [b"r"] * 30 + it.echo_request())
    stats = local.wait_stats(
        lambda s: sum(v for k, v in s.items() if k.startswith("refused.") or k in ("stray", "pongs")) >= 5 * len(kinds),
        "bad messages of the remote counted")
    expect(stats, "no figures")
    lab.expect_answered(local)


def reply_flood(lab):
    """A remote that floods a client that does not read: bounded, counted, others are served."""
    signer = lab.signer("remote")
    fake, local = to_fake(lab, lambda frames, send: send(echo_answer(signer, frames)),
                          options={"peer-queue-bytes": PEER_QUEUE, "zmq_hwm": PEER_HWM})
    silent = lab.dealer(local, identity=b"silent", hwm=1)
    proxy_identity = reach_fake(lab, fake, local, silent)[0]
    lab.wait_answered(local)
    before = local.memory_kib()
    reply = [proxy_identity, b"silent", it.query_id()] + it.message(
        "echo.response", it.body_of("echo.response", pad="x" * 1000))
    for _ in range(FLOOD):
        fake.say(reply)
    lab.wait_answered(local)
    # each reply is passed on, or lost for one cause
    stats = local.wait_stats(
        lambda s: s.get("answers", 0) + s.get("undelivered", 0) + s.get("late", 0) + s.get("stray", 0) >= FLOOD,
        "the replies of the flood counted", 60)
    lab.expect_answered(local, "a good request after the flood")
    if not lab.sanitized:
        grown = local.memory_kib() - before
        bound = (PEER_QUEUE + PEER_HWM * sum(map(len, reply)) >> 10) + FLOOD_SLACK_KIB
        expect(grown <= bound, f"VmRSS of the proxy grew by {grown} KiB, bound {bound} "
               f"({stats['answers']} answers, {stats['undelivered']} undelivered)")


def reply_flood_to_strangers(lab):
    """Replies for identities that nobody has: each one counted, none kept."""
    fake, local = to_fake(lab)
    client = lab.dealer(local)
    proxy_identity = reach_fake(lab, fake, local, client)[0]
    for n in range(FLOOD):
        fake.say([proxy_identity, b"nobody%d" % n] + it.message("echo.response", b"{}"))
    stats = local.wait_stats(lambda s: s.get("stray", 0) >= FLOOD, "stray replies counted", 60)
    expect_equal(stats["stray"], FLOOD, "stray replies counted")
    # the line of each period has them in its figures
    lines = [line for line in local.log().splitlines() if re.search("stray|never asked|not asked", line) and "log_period" not in line]
    expect(len(lines) <= 5, f"{len(lines)} log lines")


def hop_loop(lab):
    """Two proxies that point at each other: a request ends with the hop limit, counted, and the client is told."""
    second = lab.server("second")
    first = lab.local(second, name="first", ping="no")
    second.sections.update(lab.local(first, name="unused", ping="no").sections)
    second.sections["ccserver"] = {**first.sections["ccserver"], "cc-socket": second.url, "infofile": second.infofile,
                                   "pidfile": second.pidfile}
    second.ini.write_text(it.ini_text(second.sections))
    first.start()
    second.start()
    client = lab.dealer(first)
    number = 10

    def refused(figures):
        return sum(v for k, v in figures.items() if k.startswith("refused.") or k == "looped")

    def counted():
        return refused(first.stats()) + refused(second.stats())

    def looped():
        client.send([it.query_id(500)] + it.echo_request(lab.signer()))
        return counted()

    wait_until(looped, "a first message to run into the hop limit")
    client.drain(1.5)
    before = counted()
    for _ in range(number):
        client.send([it.query_id(1000)] + it.echo_request(lab.signer()))
    wait_until(lambda: counted() - before >= number, f"{number} messages ended by the hop limit")
    answers = client.drain(1.5)
    expect_equal(counted() - before, number, "messages ended by the hop limit")
    expect_equal(len(answers), number, "hop errors to the client within its budget of 1 s")
    forwarded = first.fresh_stats()["forwarded"] + second.stats()["forwarded"]
    expect(forwarded <= (number + before) * ROUTE_MAX, f"{forwarded} times forwarded")


if __name__ == "__main__":
    it.main(server_refuses, proxy_refuses_shapes, remote_refuses_behind_proxy, stale_is_told, single_frame_too_big,
            longest_route_is_good, extra_frames_are_good, noise_on_the_port, bad_flood_bounded, log_is_bounded,
            log_is_bounded_over_sources, many_identities, remote_addresses_strangers, remote_answers_twice,
            remote_answers_for_another, remote_says_bad_things, reply_flood, reply_flood_to_strangers, hop_loop)
