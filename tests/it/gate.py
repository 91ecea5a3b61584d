#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Who may say what, once, to whom and when: tests/it/gate.py BUILD

Every refusal is judged by its reason: the code of the error answer, and the one counter `refused.NAME` of the server
that rose. A locallogger stands for the handler of any type, so that what passes can be seen too.
"""
import base64
import collections
import json
import os
import signal
import time

import ccfed_it as it
from badinput import Forge
from ccfed_it import expect, expect_equal, wait_until

PERIOD = 0.1  # seconds between two looks of the server at its own figures
NODE = "urn:publicid:IDN+it+node+n1"
FRONT = "ambridge-1"
ALICE = "urn:publicid:IDN+ccfed.test+user+alice"
ADMIN = {"admin": "urn:publicid:IDN+it+service+client"}
WINDOW = 4  # seconds, where a test lets it pass


# -- a server and who speaks to it ------------------------------------------------------------------------------------

def known(lab, name, *options):
    """A signer of the bus's CA, issued once."""
    if not (lab.keys / f"{name}.crt").exists():
        lab.make_key("issue", name, *options)
    return lab.signer(name)


def node(lab):
    return known(lab, "node", "--urn", NODE)


def front(lab):
    return known(lab, "front", "--cn", FRONT)


P256 = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def self_signed(lab, name, *options, key=P256):
    """Somebody's own certificate."""
    lab.openssl("req", "-x509", *key, "-nodes", "-days", "30", *options,
                "-keyout", lab.keys / "private" / f"{name}.key", "-out", lab.keys / f"{name}.crt")
    return lab.signer(name)


def strangers(lab):
    """Users who call themselves what the bus calls its front door: of nobody, and of another CA."""
    lab.make_key("init-ca", "elsewhere", "--force")
    lab.make_key("issue", "foreigner", "--ca", "elsewhere", "--cn", FRONT, "--force")
    return {"self-signed": self_signed(lab, "selfmade", "-subj", f"/CN={FRONT}"), "foreign": lab.signer("foreigner")}


def serve(lab, policy, name="remote", options=None, routes=None, **sections):
    """A server whose every type but echo.request goes to a logger; policy None: no section."""
    routes = routes or {"*": "h:log", "echo": "h:echo"}
    return lab.remote(name, options={"stats-period": PERIOD, **(options or {})},
                      **{"routes": routes, **({} if policy is None else {"policy": policy}), **sections})


def said(kind, signer, **fields):
    """A message that the logger takes."""
    log = {"log_level": "INFO", "job_name": "it", "log_time": 1.5, "log_msg": "taken"}
    return it.message(kind, it.body_of(kind, **{**log, **fields}), signer)


def ended(figures):
    return sum(figures.get(f"count.{how}", 0) for how in ("ok", "dropped", "crashed"))


def refused_of(figures):
    return {k[len("refused."):]: v for k, v in figures.items() if k.startswith("refused.")}


class Court:
    """Sends one message after the other to a server and says what became of each."""

    def __init__(self, lab, server):
        self.lab, self.server = lab, server
        self.client = lab.dealer(server)
        self.last = {}

    def figures(self):
        """[total] of the infofile; read here, for a program each time would take longer than all else."""
        text = self.server.infofile.read_text() if self.server.infofile.exists() else ""
        if f"pid: {self.server.pid}\n" not in text:
            return {}  # it is from before a restart
        total = text.partition("[total]\n")[2].partition("\n[")[0]
        return {key: float(value) for key, value in (line.split(": ") for line in total.split("\n") if line)}

    def changes(self, number=1):
        """Waits until so many messages more have an end; which figures rose, and by what."""
        wanted = ended(self.last) + number
        figures = wait_until(lambda: (f := self.figures()) and ended(f) >= wanted and f, f"{number} messages with an end")
        rose = {k: v - self.last.get(k, 0) for k, v in figures.items() if v != self.last.get(k, 0)}
        self.last = figures
        return rose

    def taken(self, frames, what):
        self.client.send([it.query_id(), *frames])
        rose = self.changes()
        expect_equal((refused_of(rose), rose.get("count.ok")), ({}, 1), what)

    def refused(self, frames, counter, code, what):
        """code None: who sent it gets no word. Returns the body of the error."""
        qid = it.query_id()
        self.client.send([qid, *frames])
        rose = self.changes()
        expect_equal((refused_of(rose), rose.get("count.ok", 0)), ({counter: 1}, 0), what)
        answer = self.client.receive(it.PATIENCE if code else 0.05)
        if code is None:
            expect(answer is None, f"{what}: an answer to whom nobody knows: {answer}")
            return None
        expect(answer is not None, f"{what}: no answer")
        return self.check_error(answer, qid, frames, code, what)

    def check_error(self, answer, qid, frames, code, what):
        route, rest = it.split_route(answer)
        body = json.loads(rest[1])
        expect_equal((route, rest[0], body.get("code")), ([qid], b"error", code), f"{what}: the answer")
        expect_equal(body.get("re"), json.loads(frames[2]).get("id"), f"{what}: re of the answer")
        expect_equal(body.get("req_type"), frames[1].decode(), f"{what}: req_type of the answer")
        expect(it.Verifier(self.lab.keys, "ca", self.server.name).good(rest[1], rest[2]), f"{what}: the answer's signature")
        expect(str(self.lab.folder) not in json.dumps(body), f"{what}: the answer tells of the server's files: {body}")
        return body


def reload(server):
    """SIGHUP; returns when the new configuration is in force."""
    number = server.log().count("reloaded: snapshot")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: server.log().count("reloaded: snapshot") > number, f"{server.name} to have reloaded")


def rewrite(server, **options):
    """Changes options of [ccserver]; None removes one."""
    main = {**server.sections["ccserver"], **options}
    server.sections["ccserver"] = {k: v for k, v in main.items() if v is not None}
    server.ini.write_text(it.ini_text(server.sections))


# -- policy -----------------------------------------------------------------------------------------------------------

def type_without_right(lab):
    """A certificate of the CA says only what a line lets it say."""
    server = serve(lab, {"echo": "any", "reg": "urn:publicid:IDN+it+authority+*", "reg.list": f"{NODE}, cn:x"}).start()
    court = Court(lab, server)
    client = lab.signer()
    court.refused(said("reg.resolve", client), "policy", "denied", "a line that names others")
    court.refused(said("am.provision", client), "policy", "denied", "no line")
    court.refused(said("reg.list", client), "policy", "denied", "a longer line that names others")
    court.taken(said("reg.list", node(lab)), "whom the line names")
    court.refused(said("reg.resolve", node(lab)), "policy", "denied", "a line is not inherited")
    lines = [line for line in server.log().splitlines() if "refused (policy)" in line]
    expect(any(f"{server.ini}:" in line and "[policy] reg " in line for line in lines),
           f"the log does not name the line: {lines}")


def stranger_is_no_cn(lab):
    """Whoever calls himself like a front door is a stranger, whatever cn: or any say; where the line says gid he is let in as
    class gid, for the handler to judge."""
    server = serve(lab, {"named": f"cn:{FRONT}", "open": "any", "own": f"gid, cn:{FRONT}", "stars": "cn:*", **ADMIN},
                   h_admin={"handler": "admin"}, routes={"*": "h:log", "admin": "h:admin"}).start()
    court = Court(lab, server)
    for kind in ("named", "open", "own", "stars"):
        court.taken(said(f"{kind}.x", front(lab)), f"the front door on {kind}")
    for name, stranger in strangers(lab).items():
        for kind in ("named", "open", "stars", "unlisted"):
            court.refused(said(f"{kind}.x", stranger), "cms.chain", None, f"{name} on {kind}")
        court.taken(said("own.x", stranger), f"{name} on a line with gid")
        frames = said("own.x", stranger)
        court.refused([*frames[:2], frames[2].replace(b"taken", b"Taken"), frames[3]], "cms.digest", None,
                      f"{name}, altered")
        court.taken(frames, f"{name} again")
        court.refused(frames, "replay", "replay", f"{name}, a replay")
        court.refused(said("own.x", stranger, time=time.time() - 400), "stale", "stale", f"{name}, too old")
        court.refused(said("own.x", stranger, caller={"certs": []}), "caller.forbidden", "caller",
                      f"{name} with a caller")
    client = lab.dealer(server)
    rest = client.ask(it.message("admin.signers", it.body_of("admin.signers"), lab.signer()))
    expect(rest, "no answer of admin.signers")
    rows = collections.Counter((s["name"], s["class"]) for s in json.loads(rest[1])["signers"])
    expect_equal((rows[FRONT, "bus"], rows[FRONT, "gid"]), (1, 1), "who was let in as what")


def gid_is_no_way_around(lab):
    """What our CA issued is never a stranger: expired, revoked or for another purpose it stays refused where gid is let in."""
    forge = Forge(lab)
    lab.make_key("init-ca", "ca3", "--force")
    lab.make_key("issue", "gone", "--ca", "ca3", "--force")
    lab.run(lab.cli, "keys", "revoke", "--dir", lab.keys, "--ca", "ca3", "gone")
    lab.run(lab.cli, "keys", "crl", "--dir", lab.keys, "--ca", "ca")
    rsa = self_signed(lab, "weak", "-subj", "/CN=weak", key=("-newkey", "rsa:1024"))
    lab.make_key("init-ca", "elsewhere", "--force")
    old = forge.issue("goneby", ca="elsewhere", dates=("-startdate", "20200101000000Z", "-enddate", "20210101000000Z"))
    server = serve(lab, {"own": "gid"}, options={"cms-verify-ca": "ca, ca3", "cms-crl": "ca, ca3"}).start()
    court = Court(lab, server)
    for name, signer, counter in (
            ("expired", forge.expired(), "cms.expired"), ("not yet valid", forge.not_yet(), "cms.expired"),
            ("for TLS", forge.tls_only(), "cms.purpose"), ("revoked", lab.signer("gone"), "cms.revoked"),
            ("a weak key", rsa, "cms.key"), ("somebody's that has expired", old, "cms.expired")):
        court.refused(said("own.x", signer), counter, None, name)
    court.refused(said("own.x", lab.signer()), "policy", "denied", "a certificate of the CA on a line that says gid only")
    court.taken(said("own.x", self_signed(lab, "selfmade", "-subj", "/CN=x")), "somebody's own")


def policy_forms(lab):
    """Each form of a line, for a signer with a URN, one with a CN only, and a stranger."""
    yes, no, strange = "taken", ("policy", "denied"), ("cms.chain", None)
    rows = [
        # line, node, front, stranger
        ("any", yes, yes, strange),
        ("none", no, no, strange),
        ("gid", no, no, yes),
        ("gid, any", yes, yes, yes),
        (f"cn:{FRONT}", no, yes, strange),
        ("cn:ambridge-*", no, yes, strange),
        ("cn:*", no, yes, strange),
        ("cn:ambridge", no, no, strange),
        ("cn:Ambridge-1", no, no, strange),
        ("cn:node", no, no, strange),  # who has a URN has no other name
        (NODE, yes, no, strange),
        ("urn:publicid:IDN+it+node+*", yes, no, strange),
        ("urn:publicid:IDN+*+node+*", yes, no, strange),
        ("urn:publicid:IDN+*+*+n1", yes, no, strange),
        ("urn:publicid:IDN+i*+n*e+n*", yes, no, strange),
        ("urn:publicid:IDN+it+node+n", no, no, strange),
        ("urn:publicid:IDN+it+node+n1*", yes, no, strange),
        ("urn:publicid:IDN+it+node+n1+*", no, no, strange),
        ("urn:publicid:IDN+it*+node+n2", no, no, strange),
        ("urn:publicid:IDN+it+*de+n1", yes, no, strange),
        ("urn:publicid:IDN+it+service+*", no, no, strange),
        (f"cn:{FRONT}, {NODE}", yes, yes, strange),
        (f"cn:x, urn:publicid:IDN+it+service+*, {NODE}", yes, no, strange),
    ]
    server = serve(lab, {f"form{n}": row[0] for n, row in enumerate(rows)}).start()
    court = Court(lab, server)
    signers = {"node": node(lab), "front": front(lab), "stranger": strangers(lab)["foreign"]}
    for n, (line, *verdicts) in enumerate(rows):
        problem = None
        try:
            for (name, signer), verdict in zip(signers.items(), verdicts):
                frames = said(f"form{n}.x", signer)
                if verdict == yes:
                    court.taken(frames, f"{name} by {line}")
                else:
                    court.refused(frames, *verdict, f"{name} by {line}")
        except it.Failure as why:
            problem = why
        yield f"{n}", problem


def longest_prefix_decides(lab):
    """Alone: what a shorter line says counts no more. Whole components only; * is the shortest."""
    server = serve(lab, {"*": "any", "reg": "none", "reg.list": "any", "reg.list.x": f"cn:{FRONT}", "am.v2.list": "none"})
    court = Court(lab, server.start())
    signer = lab.signer()
    for kind, passes in (("x", True), ("x.y", True), ("reg", False), ("reg.x", False), ("reg.list", True),
                         ("reg.list.y", True), ("reg.list.x", False), ("reg.list.x.y", False), ("reg.listx", False),
                         ("regx", True), ("reg-x", True), ("am", True), ("am.v2", True), ("am.v2.list", False),
                         ("am.v2.list.x.y.z", False), ("am.v2.listing", True), ("Reg.x", True)):
        if passes:
            court.taken(said(kind, signer), kind)
        else:
            court.refused(said(kind, signer), "policy", "denied", kind)


def no_policy_is_no_server(lab):
    """A server that verifies and lets nobody speak does not start."""
    server = serve(lab, None)
    del server.sections["policy"]
    server.ini.write_text(it.ini_text(server.sections))
    done = lab.run(lab.ccserver, "--check", server.ini)
    expect_equal(done.returncode, 2, "exit code of --check")
    expect("[policy]" in done.stderr, f"it does not say what is missing: {done.stderr!r}")


# -- callers ----------------------------------------------------------------------------------------------------------

def certificate(lab, name, *options):
    """Base64 of the DER of somebody's own certificate."""
    self_signed(lab, name, *options)
    return base64.b64encode(lab.openssl("x509", "-in", lab.keys / f"{name}.crt", "-outform", "DER")).decode()


def user_certificate(lab, authority="ccfed.test", name="alice"):
    urn = f"urn:publicid:IDN+{authority}+user+{name}"
    return certificate(lab, "user", "-subj", f"/CN={name}", "-addext", f"subjectAltName=URI:{urn}")


def caller(*certs, **more):
    return {"certs": list(certs), "listener": "am", "tls": "TLSv1.3", **more}


def with_front_door(lab):
    server = serve(lab, {"*": "any"}, **{"assert-caller": {
        "front": f"cn:{FRONT}, prefix reg, prefix am, namespace ccfed.test, deny reg.remove"}})
    return Court(lab, server.start())


def caller_stated(lab):
    """Only a front door says for whom it speaks, on its prefixes it must, and only within its namespaces."""
    court = with_front_door(lab)
    door, other = front(lab), node(lab)
    alice, site = user_certificate(lab), user_certificate(lab, "ccfed.test:site")
    nameless = certificate(lab, "user", "-subj", "/CN=alice")
    rows = [
        ("good", "reg.resolve", door, caller(alice), None),
        ("of an authority below", "reg.resolve", door, caller(site), None),
        ("without chain, get_version", "reg.get_version", door, caller(), None),
        ("without URN, get_self_credential", "reg.get_self_credential", door, caller(nameless), None),
        ("a front door elsewhere, without", "log.info", door, None, None),
        ("nobody's front door, without", "reg.resolve", other, None, None),
        ("from a node", "reg.resolve", other, caller(alice), "forbidden"),
        ("from a node, empty", "reg.resolve", other, {}, "forbidden"),
        ("from a node, null", "reg.resolve", other, None, "forbidden"),
        ("a front door elsewhere", "log.info", door, caller(alice), "forbidden"),
        ("none", "reg.resolve", door, None, "missing"),
        ("none, get_version", "reg.get_version", door, None, "missing"),
        ("of another authority", "reg.resolve", door, caller(user_certificate(lab, "other.test")), "namespace"),
        ("of an authority of that beginning", "reg.resolve", door, caller(user_certificate(lab, "ccfed.testx")),
         "namespace"),
        ("of the authority above", "reg.resolve", door, caller(user_certificate(lab, "test")), "namespace"),
        ("without chain", "reg.resolve", door, caller(), "namespace"),
        ("without URN", "am.list", door, caller(nameless), "namespace"),
        ("a denied operation", "reg.remove", door, caller(alice), "operation"),
        ("below a denied operation", "reg.remove.all", door, caller(alice), "operation"),
        ("garbage on a denied operation", "reg.remove", door, caller("x"), "operation"),
    ]
    for name, kind, signer, value, fault in rows:
        fields = {} if value is None else {"caller": value}
        frames = said(kind, signer, **fields)
        if name.endswith("null"):
            body = frames[2][:-1] + b', "caller": null}'
            frames = [*frames[:2], body, signer.sign(body)]
        yield name.replace(" ", "-").replace(",", ""), attempt(court, frames, fault, name)


def refusal_in_odd_letters(lab):
    """What a refusal quotes of the configuration need not be UTF-8: the answer comes all the same."""
    server = serve(lab, {"*": "any"}, **{"assert-caller": {"door-x": f"cn:{FRONT}, prefix reg, namespace ccfed.test"}})
    server.ini.write_bytes(server.ini.read_bytes().replace(b"door-x", b"door-\xf6"))
    court = Court(lab, server.start())
    court.refused(said("reg.resolve", front(lab)), "caller.missing", "caller", "a front door without caller")


def attempt(court, frames, fault, name):
    try:
        if fault:
            court.refused(frames, f"caller.{fault}", "caller", name)
        else:
            court.taken(frames, name)
    except it.Failure as why:
        return why
    return None


def caller_garbage(lab):
    """A front door that does not keep the form is not understood, whatever it means."""
    court = with_front_door(lab)
    door, alice = front(lab), user_certificate(lab)
    der = base64.b64decode(alice)
    values = [
        "text", 5, True, [], [alice], {}, {"certs": None}, {"certs": alice}, {"certs": {}}, caller(None), caller(5),
        caller({}), caller([alice]), caller(""), caller("x"), caller("AAAA"), caller("===="), caller(alice, "A AA"),
        caller(alice[:-4]), caller(alice[4:]), caller("\n\n\n\n" + alice), caller(alice + "\n\n\n\n"), caller(alice + "AAAA"),
        caller(base64.b64encode(der + b"\0\0\0").decode()), caller(base64.b64encode(b"0" * 900).decode()),
        caller(*[alice] * 17), caller(alice, "A" * 24000), caller(alice, 1), caller(alice, ""), caller(alice, listener=5),
        caller(alice, tls=["x"]), caller(alice, listener="x" * 129), caller("-" * len(alice)),
        caller(certificate(lab, "two", "-subj", "/CN=x", "-addext",
                           f"subjectAltName=URI:{ALICE},URI:{ALICE}2")),
    ]
    for n, value in enumerate(values):
        court.refused(said("reg.resolve", door, caller=value), "caller.unreadable", "caller",
                      f"caller {n}: {str(value)[:60]}")
    court.taken(said("reg.resolve", door, caller=caller(alice)), "a good one behind them")


# -- realm ------------------------------------------------------------------------------------------------------------

def realms(lab):
    """`to` names the realm of the server, or the message is for somebody else."""
    at_home = Court(lab, serve(lab, {"*": "any"}, options={"cc-realm": "here"}).start())
    signer = lab.signer()
    for to, what in (("there", "another realm"), ("here ", "a longer name"), ("her", "a shorter one"), ("", "no name"),
                     ("Here", "another case"), (5, "a number"), (["here"], "a list"), (True, "true")):
        at_home.refused(said("reg.x", signer, to=to), "realm", "realm", what)
    at_home.refused(said("reg.x", signer), "realm", "realm", "nobody named")
    at_home.taken(said("reg.x", signer, to="here"), "the right realm")
    nowhere = Court(lab, serve(lab, {"*": "any"}, name="nowhere").start())
    nowhere.refused(said("reg.x", signer, to="here"), "realm", "realm", "a realm where there is none")
    nowhere.taken(said("reg.x", signer), "nobody named where there is no realm")


def realm_of_the_command(lab):
    """ccfed bus --realm, and CCFED_REALM."""
    server = serve(lab, {"*": "any"}, options={"cc-realm": "here"}).start()
    expect_equal(lab.ping(server, count=1, realm="here")["answered"], 1, "answers with the realm")
    for options in ({"realm": "there"}, {}):
        summary = lab.ping(server, count=1, **options)
        expect_equal((summary["answered"], summary["errors"]), (0, 1), f"answers with {options}")
    server.wait_stats(lambda s: s.get("refused.realm", 0) == 2, "both refused for the realm")


# -- replay -----------------------------------------------------------------------------------------------------------

def replay_within_the_window(lab):
    """At once, just inside the window: taken before. Outside it: too old. Also after a reload."""
    server = serve(lab, {"*": "any"}, options={"cms-time-window": WINDOW, "workers": 4}).start().settle()
    court = Court(lab, server)
    signer = lab.signer()
    sent = time.time()
    frames = said("reg.x", signer, time=sent)
    court.taken(frames, "the first time")
    court.refused(frames, "replay", "replay", "at once")
    court.client = lab.dealer(server)
    court.refused(frames, "replay", "replay", "by another connection")
    reload(server)
    court.refused(frames, "replay", "replay", "after a reload")
    wait_until(lambda: time.time() > sent + WINDOW - 1, "a second before the window ends")
    now = time.time()
    if now < sent + WINDOW - 0.3:
        court.refused(frames, "replay", "replay", f"{now - sent:.2f} s old")
    wait_until(lambda: time.time() > sent + WINDOW, "the window to end")
    answer = court.refused(frames, "stale", "stale", "outside the window")
    expect(abs(answer["time_now"] - time.time()) < it.PATIENCE, f"time_now is {answer.get('time_now')}")
    court.taken(said("reg.x", signer, time=time.time()), "a fresh one")


def replay_after_a_restart(lab):
    """What a server forgot with its end is old to the next one, also what was dated ahead."""
    server = serve(lab, {"*": "any"}).start().settle()
    signer = lab.signer()
    frames = [said("reg.x", signer, time=time.time() + ahead) for ahead in (-10, 0, 1, it.FRESH)]
    court = Court(lab, server)
    # 10 s ago this server was not there: it cannot know whether it took that before
    court.refused(frames[0], "stale", "stale", "from before the start")
    for n, message in enumerate(frames[1:]):
        court.taken(message, f"message {n}")
    server.kill()
    server.start()
    started = server.started
    court = Court(lab, server)
    for n, message in enumerate(frames):
        answer = court.refused(message, "stale", "stale", f"message {n} after the restart")
        if n == 0:
            expect(started + 1.5 < answer["time_now"] < time.time() + 2.5,
                   f"time_now is {answer['time_now'] - started} s after the start")


def once_at_many_handlers(lab):
    """A message that several routes, a filter and a delay hand to several handlers is no replay of itself."""
    server = serve(
        lab, {"*": "any"}, options={"workers": 4},
        routes={"*": "h:log", "echo": "h:echo, h:log, h:filter, h:delay", "echo.request": "h:late"},
        h_filter={"handler": "filter", "forward-to": "h:third", "include": "echo.*"},
        h_delay={"handler": "delay", "forward-to": "h:fourth", "delay": 0.3},
        h_late={"handler": "filter", "forward-to": "h:delay"},
        h_third={"handler": "locallogger"}, h_fourth={"handler": "locallogger"}).start()
    client = lab.dealer(server)
    number = 20
    log = {"log_level": "INFO", "log_msg": "seen", "log_time": 1.5}
    requests = [it.echo_request(lab.signer(), **log) for _ in range(number)]
    for request in requests:
        client.send([it.query_id(), *request])
    # h:log stands under two patterns, h:fourth is reached directly and through h:late
    wanted = {"h:log.logged": 2 * number, "h:third.logged": number, "h:fourth.logged": 2 * number, "replies": number}
    server.wait_stats(lambda s: all(s.get(k, 0) >= v for k, v in wanted.items()), "all handlers to have got all messages")
    figures = server.fresh_stats()
    expect_equal({k: figures.get(k) for k in wanted}, wanted, "calls of the handlers")
    expect_equal(refused_of(figures), {}, "refused")
    answers = client.drain(0.2)
    expect_equal([it.split_route(a)[1][0] for a in answers], [b"echo.response"] * number, "answers")
    client.send([it.query_id(), *requests[0]])
    server.wait_stats(lambda s: s.get("refused.replay", 0) >= 4, "the same message again refused everywhere")
    expect_equal({k: server.fresh_stats().get(k) for k in wanted if k != "replies"},
                 {k: v for k, v in wanted.items() if k != "replies"}, "calls of the handlers after a replay")


def burst_of_one_message(lab):
    """The same octets many times at once, to many workers: one of them is taken."""
    server = serve(lab, {"*": "any"}, options={"workers": 4}).start()
    court = Court(lab, server)
    number = 100
    frames = said("reg.x", lab.signer())
    others = [lab.dealer(server) for _ in range(4)]
    for n in range(number):
        others[n % 4].send([it.query_id(), *frames])
    rose = court.changes(number)
    expect_equal((rose.get("h:log.logged"), refused_of(rose)), (1, {"replay": number - 1}), "taken and refused")


def retry_is_no_replay(lab):
    """The same operation under a new id is another message; the same id of another signer, too."""
    court = Court(lab, serve(lab, {"*": "any"}).start())
    operation, number = os.urandom(16).hex(), os.urandom(16).hex()
    for n in range(3):
        court.taken(said("reg.x", lab.signer(), op=operation), f"try {n}")
    court.taken(said("reg.x", lab.signer(), id=number), "an id")
    court.taken(said("reg.x", node(lab), id=number), "the same id of another signer")
    court.refused(said("reg.x", lab.signer(), id=number), "replay", "replay", "an id for two messages")
    for bad in ("", "x" * 32, operation[:-1], operation + "0", "A" * 32, 5):
        court.refused(said("reg.x", lab.signer(), op=bad), "field", "bad-request", f"op {bad!r}")


def flood_of_one_signer(lab):
    """Over its bound a signer is told busy until the window passes; others go on, and nothing is forgotten."""
    bound = 100
    court = Court(lab, serve(lab, {"*": "any"}, options={"replay-signer-ids": bound, "worker-queue": 4096}).start())
    frames = [said("reg.x", lab.signer()) for _ in range(bound + 50)]
    for message in frames:
        court.client.send(message)
    rose = court.changes(len(frames))
    expect_equal((rose.get("h:log.logged"), refused_of(rose)), (bound, {"replay-full": 50}), "taken and refused")
    court.refused(said("reg.x", lab.signer()), "replay-full", "busy", "the flood goes on")
    court.taken(said("reg.x", node(lab)), "another signer")
    court.client.send([it.query_id(), *frames[0]])
    expect_equal(refused_of(court.changes()), {"replay": 1}, "a replay from among the first")


def flood_of_strangers(lab):
    """Signers of class gid share a quarter of the room, so that the bus goes on."""
    room = 1000
    server = serve(lab, {"*": "gid, any"}, options={"replay-ids": room, "worker-queue": 4096, "strangers-share": 100})
    court = Court(lab, server.start())
    stranger = self_signed(lab, "selfmade", "-subj", "/CN=x")
    other = self_signed(lab, "selfmade2", "-subj", "/CN=y")
    for n in range(room // 4 + 50):
        court.client.send(said("reg.x", stranger if n % 2 else other))
    rose = court.changes(room // 4 + 50)
    expect_equal((rose.get("h:log.logged"), refused_of(rose)), (room // 4, {"replay-full": 50}), "taken and refused")
    court.refused(said("reg.x", stranger), "replay-full", "busy", "a stranger more")
    for _ in range(3):
        court.taken(said("reg.x", lab.signer()), "a signer of the bus")


# -- clocks -----------------------------------------------------------------------------------------------------------

def clocks_that_differ(lab):
    """Too old and too far ahead: told, with the clock to go by, which then is good."""
    court = Court(lab, serve(lab, {"*": "any"}).start().settle())
    for offset in (-86400, -301, 3, 3600, 1e9, -1e9):
        answer = court.refused(said("reg.x", lab.signer(), time=time.time() + offset), "stale", "stale", f"{offset} s off")
        expect(abs(answer["time_now"] - time.time()) < 2, f"time_now is {answer['time_now'] - time.time()} s off")
        court.taken(said("reg.x", lab.signer(), time=answer["time_now"]), f"dated by the answer to {offset} s off")


def command_takes_the_servers_clock(lab):
    """A server of less than 2 s takes only what is dated ahead: the client is told so, and dates by it from then on."""
    server = serve(lab, {"*": "any"}).start()
    summary = lab.ping(server, count=20)
    expect_equal((summary["answered"], summary["errors"], summary["rc"]), (20, 0, 0), f"outcomes ({summary})")
    figures = server.fresh_stats()
    if time.time() < server.started + 2:
        expect(figures.get("refused.stale", 0) >= 1, "nothing was stale: the test is too late")
    expect(figures.get("refused.stale", 0) <= 3, f"{figures.get('refused.stale')} tries for one clock")


# -- certificates in time ---------------------------------------------------------------------------------------------

def second_ca(lab, *names):
    """Another CA and its signers, for tests that spoil them."""
    lab.make_key("init-ca", "ca2", "--force")
    for name in names:
        lab.make_key("issue", name, "--ca", "ca2", "--urn", f"urn:publicid:IDN+it+node+{name}", "--force")


def revoked_by_reload(lab):
    """A CRL counts from the reload on, also for signers that are in the cache."""
    second_ca(lab, "good2", "bad2")
    for ca in ("ca", "ca2"):
        done = lab.ccfed("keys", "crl", "--dir", lab.keys, "--ca", ca)
        expect_equal(done.returncode, 0, f"exit code of keys crl ({done.stderr.strip()})")
    server = serve(lab, {"*": "any"}, options={"cms-verify-ca": "ca, ca2", "cms-crl": "ca, ca2", "workers": 1}).start()
    court = Court(lab, server)
    for name in ("good2", "bad2", "bad2"):
        court.taken(said("reg.x", lab.signer(name)), f"{name} before")
    done = lab.ccfed("keys", "revoke", "--dir", lab.keys, "--ca", "ca2", "bad2")
    expect_equal(done.returncode, 0, f"exit code of keys revoke ({done.stderr.strip()})")
    court.taken(said("reg.x", lab.signer("bad2")), "revoked, but the server did not look")
    reload(server)
    for n in range(2):
        court.refused(said("reg.x", lab.signer("bad2")), "cms.revoked", None, f"revoked, look {n}")
    court.taken(said("reg.x", lab.signer("good2")), "another of that CA")
    court.taken(said("reg.x", lab.signer()), "another of the other CA")


def ca_removed_by_reload(lab):
    """Who was in the cache is nobody any more, and somebody again when the CA is back."""
    second_ca(lab, "good2")
    server = serve(lab, {"*": "any"}, options={"cms-verify-ca": "ca, ca2", "workers": 1}).start()
    court = Court(lab, server)
    for n in range(2):
        court.taken(said("reg.x", lab.signer("good2")), f"before, look {n}")
    rewrite(server, **{"cms-verify-ca": "ca"})
    reload(server)
    for n in range(2):
        court.refused(said("reg.x", lab.signer("good2")), "cms.chain", None, f"after, look {n}")
    court.taken(said("reg.x", lab.signer()), "one of the CA that stays")
    rewrite(server, **{"cms-verify-ca": "ca, ca2"})
    reload(server)
    court.taken(said("reg.x", lab.signer("good2")), "after it came back")


def expires_in_the_cache(lab):
    """A certificate that ends while the server knows it."""
    server = serve(lab, {"*": "any"}, options={"workers": 1}).start()
    court = Court(lab, server)
    end = int(time.time()) + 5
    shown = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(end))
    signer = Forge(lab).issue("brief", dates=("-startdate", "20200101000000Z", "-enddate", shown))
    for n in range(3):
        court.taken(said("reg.x", signer), f"look {n}")
    wait_until(lambda: time.time() > end + 0.1, "the certificate to end")
    for n in range(2):
        court.refused(said("reg.x", signer), "cms.expired", None, f"after its end, look {n}")


def window_off_by_reload(lab):
    """A window that a reload takes away judges no more, nor does what was remembered for it."""
    server = serve(lab, {"*": "any"}).start()
    court = Court(lab, server)
    frames = said("reg.x", lab.signer())
    court.taken(frames, "a message")
    court.refused(said("reg.x", lab.signer(), time=1.0), "stale", "stale", "one of 1970")
    rewrite(server, **{"cms-time-window": 0})
    reload(server)
    for when in (1.0, -1e300, 1e300, time.time()):
        court.taken(said("reg.x", lab.signer(), time=when), f"time {when} without a window")
    rewrite(server, **{"cms-time-window": 300})
    reload(server)
    court.refused(frames, "replay", "replay", "the first message, with the window again")
    court.refused(said("reg.x", lab.signer(), time=1.0), "stale", "stale", "one of 1970, with the window again")


# -- answers ----------------------------------------------------------------------------------------------------------

def response(signer, frames, **fields):
    """An answer to an echo request that a fake server got, fields changed."""
    route, rest = it.split_route(frames)
    asked = json.loads(rest[1])
    body = it.body_of("echo.response", **{
        "id": None, "re": asked["id"], "orig_hostname": "x", "orig_target": "x", "orig_time": 1.0, **fields})
    return route + it.message("echo.response", body, signer)


def answers_of_others(lab):
    """An answer counts only from whom [servers] names, and only for the request that it names."""
    own, stranger = lab.signer("remote"), strangers(lab)
    service, somebody = "urn:publicid:IDN+it+service+remote", os.urandom(16).hex()
    rows = [
        # name, --servers, who answers, fields, whether that is an answer
        ("the server", service, own, {}, True),
        ("a service by default", None, own, {}, True),
        ("a node by default", None, node(lab), {}, False),
        ("a common name by default", None, front(lab), {}, False),
        ("another service", service, lab.signer("local"), {}, False),
        ("a common name", f"cn:{FRONT}", front(lab), {}, True),
        ("a stranger of that name", f"cn:{FRONT}", stranger["self-signed"], {}, False),
        ("a foreigner of that name", f"cn:{FRONT}", stranger["foreign"], {}, False),
        ("a stranger where any may", "any", stranger["foreign"], {}, False),
        ("nobody", service, None, {}, False),
        ("another request's", service, own, {"re": somebody}, False),
        ("no request's", service, own, {"re": None}, False),
        ("a number's", service, own, {"re": 5}, False),
        ("of another type", service, own, {"req": "echo.other"}, False),
        ("years old, but it names the request", service, own, {"time": 1e9}, True),
    ]
    for name, servers, signer, fields, good in rows:
        problem = None
        fake = lab.fake_remote(lambda frames, send, s=signer, f=fields: send(response(s, frames, **f)))
        options = {"servers": servers} if servers else {}
        summary = lab.ping(fake, count=2, window=2, deadline=it.PATIENCE if good else 0.5, grace=0.05, **options)
        got = {k: summary[k] for k in ("answered", "refused", "timeouts", "errors")}
        wanted = ({"answered": 2, "refused": 0, "timeouts": 0, "errors": 0} if good else
                  {"answered": 0, "refused": 2, "timeouts": 2, "errors": 0})
        if got != wanted:
            problem = f"{got}, not {wanted}"
        yield name.replace(" ", "-").replace(",", ""), problem


def true_answer_behind_false_ones(lab):
    """What was refused does not end the request."""
    own, other = lab.signer("remote"), lab.signer("local")

    def answer(frames, send):
        send(response(other, frames))
        send(response(own, frames, re=os.urandom(16).hex()))
        send(response(None, frames))
        send(response(own, frames))

    fake = lab.fake_remote(answer)
    summary = lab.ping(fake, count=3, servers="urn:publicid:IDN+it+service+remote")
    expect_equal((summary["answered"], summary["refused"], summary["rc"]), (3, 9, 0), f"outcomes ({summary})")


# -- old peers --------------------------------------------------------------------------------------------------------

OLD = ("echo", "log", "job", "db", "pub", "task")
NEW = ("reg", "am", "access", "ticket", "sliver", "admin", "error", "other")


def old_forms(lab, kind):
    """The habits of hots-cc: no id, SHA-1 under the signature, SHA-1 of the blob."""
    forge = Forge(lab)
    fields = {"log_level": "INFO", "log_msg": "old", "log_time": 1.5}
    plain = it.body_of(kind, **fields)
    blob = it.body_of(kind, blob_hash="SHA-1:a9993e364706816aba3e25717850c26c9cd0d89d", **fields)
    no_id = said(kind, lab.signer(), id=None)
    return {
        "no-id": (no_id, "no-id", "bad-request"),
        "sha1": ([b"", kind.encode(), plain, forge.by_openssl(plain, "client", options=("-md", "sha1"))],
                 "cms.digest-alg", None),
        "sha1-blob": ([*it.message(kind, blob, lab.signer()), b"abc"], "blob-alg", "bad-request"),
    }


def old_peers(lab):
    """With cms-compat they may do on their prefixes what they do, and nowhere else, whatever routes and policy allow."""
    policy, routes = {"*": "any, gid"}, {"*": "h:log"}
    compat = Court(lab, serve(lab, policy, options={"cms-compat": "hots-cc"}, routes=routes).start())
    strict = Court(lab, serve(lab, policy, name="strict", routes=routes).start())
    for prefix in OLD + NEW:
        problem = None
        try:
            # hots-cc has no admin messages: what is new there is judged as all that is new
            kind = f"{prefix}.x"
            for name, (frames, counter, code) in old_forms(lab, kind).items():
                if prefix in OLD:
                    compat.taken(frames, f"{kind} {name}")
                elif prefix != "error":
                    compat.refused(frames, counter, code, f"{kind} {name}")
            for name, (frames, counter, code) in old_forms(lab, kind).items():
                if prefix != "error":
                    strict.refused(frames, counter, code, f"{kind} {name}, without cms-compat")
            compat.taken(said(kind, lab.signer()), f"{kind} in our own form")
            compat.refused(said(kind, None), "unsigned", None, f"{kind} unsigned")
        except it.Failure as why:
            problem = why
        yield prefix, problem


def old_peers_without_policy(lab):
    """A file of hots-cc has no [policy]: each signer of the CA may say what its programs say, nobody anything else."""
    server = serve(lab, None, options={"cms-compat": "hots-cc"}, routes={"*": "h:log"})
    del server.sections["policy"]
    server.ini.write_text(it.ini_text(server.sections))
    court = Court(lab, server.start())
    for prefix in OLD:
        court.taken(said(f"{prefix}.x", lab.signer(), id=None), prefix)
    for prefix in NEW:
        if prefix != "error":
            court.refused(said(f"{prefix}.x", lab.signer()), "policy", "denied", prefix)
    for stranger in strangers(lab).values():
        court.refused(said("echo.x", stranger, id=None), "cms.chain", None, "a stranger")


def old_replies(lab):
    """Answers without `re` are taken by a client of old servers only, and only where old servers answer."""
    own = lab.signer("remote")
    fake = lab.fake_remote(lambda frames, send: send(response(own, frames, re=None)))
    command = [*lab.ping_command(fake.url, count=1, deadline=1), "--compat"]
    done = lab.run(*command)
    expect_equal(json.loads(done.stdout.splitlines()[-1])["answered"], 1, "answers without re taken by --compat")


# -- administration ---------------------------------------------------------------------------------------------------

def admin_wants_a_right(lab):
    """admin.* by a signer whom the policy names; unsigned by nobody from outside."""
    server = serve(lab, {"*": "any", **ADMIN}, routes={"admin": "h:admin"}, h_admin={"handler": "admin"})
    court = Court(lab, server.start())
    court.taken(it.message("admin.stats", it.body_of("admin.stats"), lab.signer()), "whom the line names")
    court.client.drain(0.1)
    court.refused(said("admin.stats", node(lab)), "policy", "denied", "another")
    court.refused(said("admin.stats", None), "unsigned", None, "unsigned")
    plain = Court(lab, lab.server(
        "plain", ccserver={"cc-role": "remote", "stats-period": PERIOD}, routes={"admin": "h:admin"},
        h_admin={"handler": "admin"}).start())
    plain.refused(said("admin.stats", None), "local", None, "unsigned, to a server that verifies nothing")
    plain.refused(said("admin.stats", lab.signer()), "local", None, "signed, to a server that verifies nothing")


if __name__ == "__main__":
    it.main(type_without_right, stranger_is_no_cn, gid_is_no_way_around, policy_forms, longest_prefix_decides,
            no_policy_is_no_server, caller_stated, refusal_in_odd_letters, caller_garbage, realms, realm_of_the_command,
            replay_within_the_window, replay_after_a_restart, once_at_many_handlers, burst_of_one_message,
            retry_is_no_replay, flood_of_one_signer, flood_of_strangers, clocks_that_differ,
            command_takes_the_servers_clock, revoked_by_reload, ca_removed_by_reload, expires_in_the_cache,
            window_off_by_reload, answers_of_others, true_answer_behind_false_ones, old_peers,
            old_peers_without_policy, old_replies, admin_wants_a_right)
