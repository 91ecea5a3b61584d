#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Bad input to the registry, and what comes twice, too late, or from who is no more: refused for its reason, nothing crashes."""
import json
import os
import sqlite3
import threading
import time

import ccfed_it as it
from ccfed_it import Failure, Skip, expect, expect_equal, wait_until
from registry_it import Authority, Bed, Principal, Refused

ROUNDS = 50
EVIL = ("'", '"', "';--", "x' OR '1'='1", "x'; DROP TABLE record; --", 'x"; DROP TABLE record; --', "--", "/*x*/", "%", "x%",
        "*", "?", "x;y", "$1", ":name", "x\\", "\\", "\\\\", "\\.", "x\\y", "x y", " x", "x ", "x\ty", "x\ny", "\x7f",
        "x\x1b[2J", "\u00fc", "\u202ex", "x+y", "x:y", "../x", "x/y", "-x", "(x)", "x@y", "x&y", "<x>", "x" * 65, "")
RSPEC = ('<rspec xmlns="http://www.geni.net/resources/rspec/3" type="request"><node client_id="a" '
         'component_id="urn:publicid:IDN+plc:site+node+n1" exclusive="false"/></rspec>')
BAD_NAME = {"MalformedHrn", "InvalidArgument"}


def attempt(function, *arguments):
    try:
        function(*arguments)
    except Refused as why:
        return Failure(f"refused: {why}")
    except Failure as why:
        return why
    except Exception as why:  # pylint: disable=broad-except
        # a part that breaks is a failed part; the others still run
        return Failure(f"{type(why).__name__}: {why} ({it.last_line(why)})")
    return None


def parts(*pairs):
    """(name, problem) of each (name, function, arguments...)"""
    for name, function, *arguments in pairs:
        yield name, attempt(function, *arguments)


def bed(lab, **options):
    """plc.site with alice, its PI."""
    b = Bed(lab, **options).start()
    b.site = b.authority("plc.site")
    b.alice = b.user("plc.site.alice")
    b.plc.call("update", record={"hrn": "plc.site", "type": "authority", "reg-pis": ["plc.site.alice"]},
               credentials=[b.plc.credential()])
    b.pi = b.alice.credential_on("authority", "plc.site")
    return b


def as_pi(b, operation, **arguments):
    return b.alice.call(operation, credentials=[b.pi], **arguments)


def pi_refused(b, fault, operation, **arguments):
    return b.alice.refused(fault, operation, credentials=[b.pi], **arguments)


def names_of(b, hrn="plc", **options):
    value = b.plc.call("list", hrn=hrn, options={"recursive": True, **options}, credentials=[b.plc.credential()])
    return [(r["hrn"], r["type"]) for r in value]


# -- names ------------------------------------------------------------------------------------------------------------

def register_evil(b):
    """None becomes a record; all that was there is there still."""
    before = names_of(b)
    for text in EVIL:
        for kind in ("slice", "user", "node", "authority"):
            if kind == "node" and text in ("x:y", "x y", "x+y"):
                continue
            got = refusal(b, "register", record={"hrn": f"plc.site.{text}", "type": kind})
            expect(got.fault in BAD_NAME, f"{kind} {text!r}: {got}")
    for text in EVIL[:12]:
        got = refusal(b, "register", record={"hrn": f"plc.{text}.x", "type": "slice"})
        expect(got.fault in BAD_NAME | {"MissingAuthority", "PermissionError"}, f"authority {text!r}: {got}")
        got = refusal(b, "register", record={"hrn": "plc.site.ok", "type": text})
        expect_equal(got.fault, "UnknownSfaType", f"type {text!r}")
    expect_equal(names_of(b), before, "records")


def refusal(b, operation, **arguments):
    try:
        value = as_pi(b, operation, **arguments)
    except Refused as why:
        return why
    raise Failure(f"{operation} {str(arguments)[:100]} was not refused: {str(value)[:100]}")


def look_up_evil(b):
    """No name but an exact one finds a record: not by pattern, not by what SQL would make of it."""
    for text in EVIL + ("alic_", "a%", "ali*", "alice%", "alice'--", "alice' "):
        hrn = f"plc.site.{text}"
        for operation, fields in (("resolve", {"hrns": hrn}), ("resolve", {"hrns": [hrn], "type": "user"}),
                                  ("get_gids", {"hrns": [hrn]}), ("remove", {"hrn": hrn, "type": "user"}),
                                  ("get_credential", {"hrn": hrn, "type": "user"}), ("list", {"hrn": hrn}),
                                  ("update", {"record": {"hrn": hrn, "type": "user", "phone": "1"}})):
            if not text and operation == "list":
                continue
            got = refusal(b, operation, **fields)
            expect(got.fault in BAD_NAME | {"RecordNotFound", "MissingAuthority"}, f"{operation} {text!r}: {got}")
    # a list's `after` is a value, too
    value = as_pi(b, "list", hrn="plc.site", options={"after": "' OR 1=1 --"})
    expect(len(value) <= 1, f"{len(value)} records after a quote")


def values_survive(b):
    """What looks like SQL is text in a field, and comes back as it was."""
    text = "'; DROP TABLE record; -- %_\\\" \u00fc \u20ac \U0001f600\ttab\nline"
    as_pi(b, "update", record={"hrn": "plc.site.alice", "type": "user", "bio": text, "email": "o'neil\"%_\\@x.y",
                               "geni_info": {"'": text}})
    record = as_pi(b, "resolve", hrns=["plc.site.alice"], options={"details": True})[0]
    expect_equal((record["bio"], record["email"]), (text, "o'neil\"%_\\@x.y"), "texts")
    expect_equal(record["geni_info"].get("'"), text, "a key of geni_info")


def case_of_names(b):
    """Names compare without case: no second alice."""
    pi_refused(b, "ExistingRecord", "register", record={"hrn": "plc.site.Alice", "type": "user"})
    pi_refused(b, "ExistingRecord", "register", record={"hrn": "PLC.Site.ALICE", "type": "user"})
    expect_equal(as_pi(b, "resolve", hrns="PLC.SITE.alice")[0]["hrn"], "plc.site.alice", "found by another case")


def names(lab):
    b = bed(lab)
    yield from parts(("register", register_evil, b), ("look-up", look_up_evil, b), ("values", values_survive, b),
                     ("case", case_of_names, b))
    b.check()


# -- limits -----------------------------------------------------------------------------------------------------------

def ssh_line(octets):
    head = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPsZJNxVxCYp4CsO5u5bq0qe9gC2W9N2pM0g2e0Nf3Rl "
    return head + "c" * (octets - len(head))


def limit_rows():
    """kind of record, field, at the limit, beyond it. docs/handlers/registry.md, lib/registry/record.h"""
    text, line = "x" * 4096, "y" * 255
    rows = [(kind, field, text, text + "x") for kind, field in (
        ("user", "first_name"), ("user", "last_name"), ("user", "title"), ("user", "phone"), ("user", "bio"),
        ("user", "name"), ("slice", "description"), ("slice", "url"), ("node", "hostname"), ("authority", "description"))]
    rows += [("user", "email", line, line + "y"), ("node", "email", line, line + "y"), ("authority", "email", line, line + "y")]
    rows += [("user", "reg-keys", [ssh_line(8192)], [ssh_line(8193)]),
             ("user", "reg-keys", [ssh_line(100 + n) for n in range(32)], [ssh_line(100 + n) for n in range(33)]),
             ("slice", "attributes", [{"name": f"a{n}", "value": "v"} for n in range(256)],
              [{"name": f"a{n}", "value": "v"} for n in range(257)]),
             ("slice", "attributes", [{"name": "a", "value": "v" * 65536}], [{"name": "a", "value": "v" * 65537}]),
             ("slice", "attributes", [{"name": "n" * 255, "value": ""}], [{"name": "n" * 256, "value": ""}]),
             ("slice", "pointer", 2**31 - 1, 2**31), ("slice", "pointer", -1, -2),
             # all other fields together, as JSON
             ("user", "geni_info", {"x": "z" * 200000}, {"x": "z" * (256 << 10)}),
             ("slice", "pl_info", {"x": "z" * 200000}, {"x": "z" * (256 << 10)})]
    return rows


HRNS = {"user": "plc.site.u1", "slice": "plc.site.s1", "node": "plc.site.n1", "authority": "plc.site"}


def one_limit(b, kind, field, good, bad):
    record = {"hrn": HRNS[kind], "type": kind}
    owner, credential = (b.plc, b.plc.credential()) if kind == "authority" else (b.alice, b.pi)
    expect_equal(owner.call("update", record={**record, field: good}, credentials=[credential]), 1, "at the limit")
    kept = b.resolve(HRNS[kind], kind, details=True)[0]
    # the view of 2008 stands in geni_info, too
    expect({**kept[field], **good} == kept[field] if isinstance(good, dict) else kept[field] == good, "it is not kept")
    why = owner.refused("InvalidArgument", "update", record={**record, field: bad}, credentials=[credential])
    expect(field in why.msg or "together" in why.msg or "much" in why.msg or "long" in why.msg, f"it names no field: {why.msg}")
    expect(b.resolve(HRNS[kind], kind, details=True)[0][field] == kept[field], "it is not kept after the refusal")
    reset = {list: [], dict: {}}.get(type(good), -1 if field == "pointer" else "")
    owner.call("update", record={**record, field: reset}, credentials=[credential])


def limits_of_lists(b):
    """Related users, credentials, names, pages."""
    slice_ = {"hrn": "plc.site.s1", "type": "slice"}
    many = [f"plc.site.nobody{n}" for n in range(1001)]
    pi_refused(b, "RecordNotFound", "update", record={**slice_, "reg-researchers": many[:1000]})
    why = pi_refused(b, "InvalidArgument", "update", record={**slice_, "reg-researchers": many})
    expect("reg-researchers" in why.msg, why.msg)
    for field, kind, hrn in (("reg-pis", "authority", "plc.site"), ("reg-operators", "node", "plc.site.n1")):
        why = b.plc.refused("InvalidArgument", "update", record={"hrn": hrn, "type": kind, field: many},
                            credentials=[b.plc.credential()])
        expect(field in why.msg, why.msg)
    expect_equal(len(b.alice.call("resolve", hrns=["plc.site.s1"], credentials=["<x/>"] * 15 + [b.pi])), 1, "16 credentials")
    why = b.alice.refused("InvalidArgument", "resolve", hrns=["plc.site.s1"], credentials=["<x/>"] * 16 + [b.pi])
    expect("credentials" in why.msg, why.msg)
    pi_refused(b, "RecordNotFound", "resolve", hrns=many[:1000])
    pi_refused(b, "InvalidArgument", "resolve", hrns=many)
    for limit in (0, -1, 1001, 2**63 - 1, 1.5, "1", None, True, [], {}):
        got = refusal(b, "list", hrn="plc.site", options={"limit": limit})
        expect_equal(got.fault, "InvalidArgument", f"limit {limit!r}")
    for after in (5, None, [], {}, True, "x" * 300):
        got = refusal(b, "list", hrn="plc.site", options={"after": after})
        expect_equal(got.fault, "InvalidArgument", f"after {str(after)[:20]}")


def limits_of_names(b):
    """Labels of 64 octets, names of 255, and none of 100 000."""
    label = "l" * 64
    for kind in ("user", "node", "slice", "authority"):
        as_pi(b, "register", record={"hrn": f"plc.site.{label}", "type": kind})
        pi_refused(b, "MalformedHrn", "register", record={"hrn": f"plc.site.{label}l", "type": kind})
    for huge in ("plc.site." + "h" * 100000, "plc.site" + ".h" * 50000, "h" * 100000, "." * 100000, "\\" * 100000, "\\." * 50000,
                 "urn:publicid:IDN+plc:site+slice+" + "h" * 100000, "urn:publicid:IDN+" + "plc:" * 25000 + "x+user+y",
                 "urn:publicid:IDN" + "+" * 100000):
        for operation, fields in (("resolve", {"hrns": huge}), ("resolve", {"hrns": [huge]}), ("list", {"hrn": huge}),
                                  ("get_gids", {"hrns": huge}), ("get_credential", {"hrn": huge, "type": "slice"}),
                                  ("remove", {"hrn": huge, "type": "slice"}), ("create_slice", {"urn": huge, "expires": None}),
                                  ("renew_slice", {"urn": huge, "expires": "2030-01-01T00:00:00Z"}), ("delete_slice", {"urn": huge}),
                                  ("get_ticket", {"hrn": huge, "rspec": ""}), ("node_token", {"hrn": huge}),
                                  ("create_gid", {"hrn": huge, "key": "x"}), ("list_my_slices", {"urn": huge}),
                                  ("register", {"record": {"hrn": huge, "type": "slice"}}),
                                  ("update", {"record": {"hrn": huge, "type": "slice"}})):
            got = refusal(b, operation, **fields)
            expect(got.fault in ("MalformedHrn", "UnknownSfaType"), f"{operation} {huge[:40]}: {got.fault}: {got.msg}")
            expect(len(got.msg) < 300, f"{operation}: an answer of {len(got.msg)}")
    pi_refused(b, "UnknownSfaType", "resolve", hrns="plc.site.alice", type="t" * 100000)
    pi_refused(b, "RecordNotFound", "get_self_credential", hrn="plc.site.nobody", type="user")


def answers_that_do_not_fit(b):
    """A record that is too large for the audit is refused; of many that are large an answer holds a part, or none."""
    def attributes(number):
        return [{"name": f"a{n}", "value": "v" * 60000} for n in range(number)]
    why = pi_refused(b, "InvalidArgument", "register", record={"hrn": "plc.site.big", "type": "slice", "attributes": attributes(50)})
    expect("octets" in why.msg, why.msg)
    names_ = [f"plc.site.big{n}" for n in range(8)]
    for hrn in names_:
        as_pi(b, "register", record={"hrn": hrn, "type": "slice", "attributes": attributes(30)})
    expect_equal(len(as_pi(b, "resolve", hrns=names_[:1])[0]["attributes"]), 30, "attributes")
    for asked_for in (names_, names_[:1] * 1000):
        why = pi_refused(b, "InvalidArgument", "resolve", hrns=asked_for)
        expect("fewer" in why.msg, why.msg)
    got, after = [], None
    while True:
        body = b.ask(b.alice.signer, "list", hrn="plc.site", credentials=[b.pi], options={"after": after} if after else {})[1]
        got += [r["hrn"] for r in body["value"]]
        if not after:
            expect("next" in body, "all of them in one answer")
        after = body.get("next")
        if not after:
            break
    expect_equal([hrn for hrn in got if "big" in hrn], names_, "records by pages")
    for hrn in names_:
        as_pi(b, "remove", hrn=hrn, type="slice")


def limits(lab):
    b = bed(lab)
    b.user("plc.site.u1")
    b.slice("plc.site.s1")
    as_pi(b, "register", record={"hrn": "plc.site.n1", "type": "node"})
    yield from parts(*((f"{n}-{row[0]}-{row[1]}", one_limit, b, *row) for n, row in enumerate(limit_rows())),
                     ("lists", limits_of_lists, b), ("names", limits_of_names, b), ("answers", answers_that_do_not_fit, b))
    b.check()


# -- octets, types, fields --------------------------------------------------------------------------------------------

def raw(b, operation, body):
    """The answer to a body as it stands: (type, body), None: there was none."""
    signed = it.message(f"reg.{operation}", body, b.alice.signer)
    answer = b.dealer.ask(signed, 10)
    return answer and (answer[0].decode(), json.loads(answer[1]))


def octets(b):
    """What is no UTF-8 or no JSON is refused before anything is looked at."""
    good = it.body_of("reg.resolve", hrns="MARK", credentials=[b.alice.credential()], deadline=5000)
    for what, mark in (("a lone octet", b"\xff"), ("a cut sequence", b"\xc3"), ("an overlong slash", b"\xc0\xaf"),
                       ("a surrogate", b"\xed\xa0\x80"), ("beyond Unicode", b"\xf4\x90\x80\x80"), ("a raw NUL", b"\x00"),
                       ("a raw newline", b"\n"), ("half a pair", b"\\ud800"), ("another half", b"\\udc00x"), ("a bad escape", b"\\x41")):
        body = good.replace(b"MARK", b"plc.site." + mark).replace(b'"id": "', b'"id": "', 1)
        got = raw(b, "resolve", fresh_id(body))
        expect(got and got[0] == "error" and got[1]["code"] == "bad-request" and "fault" not in got[1], f"{what}: {got}")
    got = raw(b, "resolve", fresh_id(good.replace(b"MARK", b"plc.site.\\u0000x")))
    expect(got and got[0] == "error" and got[1].get("code") == "bad-request", f"an escaped NUL: {got}")
    twice = good.replace(b'"hrns": "MARK"', b'"hrns": "plc.site.alice", "hrns": "plc.site.alice"')
    got = raw(b, "resolve", fresh_id(twice))
    expect(got and got[0] == "error" and got[1]["code"] == "bad-request", f"a key twice: {got}")


def fresh_id(body):
    at = body.index(b'"id": "') + 7
    return body[:at] + os.urandom(16).hex().encode() + body[at + 32:]


def control_characters(b):
    """In fields of records: none but tab and line feed, and no more than one line where that is what it is."""
    user = {"hrn": "plc.site.alice", "type": "user"}
    for octet in [chr(n) for n in range(1, 32) if chr(n) not in "\t\n"]:
        why = pi_refused(b, "InvalidArgument", "update", record={**user, "bio": f"a{octet}b"})
        expect("bio" in why.msg, why.msg)
    for field in ("email",):
        pi_refused(b, "InvalidArgument", "update", record={**user, field: "a\nb"})
    for line in ("ssh-rsa AAAAB3\nssh-rsa AAAAB3", "\n", "x", "ssh-rsa", "ssh-rsa ", "command=\"x\" ssh-rsa AAAA", "ssh-rsa !!!!", "-----BEGIN"):
        why = pi_refused(b, "InvalidArgument", "update", record={**user, "reg-keys": [line]})
        expect("reg-keys" in why.msg, why.msg)


def deep(b):
    """JSON of 32 levels at most; in a record as much as fits into them."""
    def nest(levels):
        value = 1
        for n in range(levels):
            value = {"x": value} if n % 2 else [value]
        return value
    for levels in (33, 100, 5000):
        body = it.body_of("reg.update", record={"hrn": "plc.site.alice", "type": "user", "geni_info": {"x": "MARK"}},
                          credentials=[b.alice.credential()], deadline=5000)
        text = b"[" * levels + b"]" * levels
        got = raw(b, "update", body.replace(b'"MARK"', text))
        expect(got and got[0] == "error" and got[1]["code"] == "bad-request", f"{levels} levels: {got}")
    as_pi(b, "update", record={"hrn": "plc.site.alice", "type": "user", "geni_info": {"x": nest(20)}})
    record = as_pi(b, "resolve", hrns="plc.site.alice", options={"details": True})[0]
    expect_equal(record["geni_info"]["x"], nest(20), "what was nested")


OTHERS = (5, 1.5, True, None, "x", [], {}, [[]], [5], {"a": 1}, -(2**63), [None], [{}])
TEXT, LIST, STRUCT, DATE, TEXTS = (str,), (list,), (dict,), (str, int), (str, list)
# operation, good arguments, and what an argument may be; NULL is as good as nothing where one may be missing
ARGUMENTS = (
    ("get_self_credential", {"hrn": "plc.site.alice", "type": "user"}, {"hrn": TEXT, "type": TEXT}),
    ("get_credential", {"hrn": "plc.site", "type": "authority"}, {"hrn": TEXT, "type": TEXT, "credentials": TEXTS}),
    ("register", {"record": {"hrn": "plc.site.t", "type": "slice"}}, {"record": STRUCT, "credentials": TEXTS}),
    ("update", {"record": {"hrn": "plc.site.alice", "type": "user"}}, {"record": STRUCT, "credentials": TEXTS}),
    ("remove", {"hrn": "plc.site.t", "type": "slice"}, {"hrn": TEXT, "type": TEXT, "credentials": TEXTS}),
    ("resolve", {"hrns": "plc.site.alice", "type": "user", "options": {}},
     {"hrns": TEXTS, "type": TEXT, "options": STRUCT, "credentials": TEXTS}),
    ("list", {"hrn": "plc.site", "options": {}}, {"hrn": TEXT, "options": STRUCT, "credentials": TEXTS}),
    ("get_gids", {"hrns": ["plc.site.alice"]}, {"hrns": TEXTS, "credentials": TEXTS}),
    ("create_gid", {"hrn": "plc.site.alice", "type": "user", "key": ""},
     {"hrn": TEXT, "type": TEXT, "uuid": TEXT, "key": TEXT, "credentials": TEXTS}),
    ("get_ticket", {"hrn": "plc.site.sl", "rspec": RSPEC}, {"hrn": TEXT, "rspec": TEXT, "credentials": TEXTS}),
    ("get_trusted_certs", {}, {"credentials": TEXTS}),
    ("create_slice", {"urn": "plc.site.t2", "expires": "2020-01-01T00:00:00Z"}, {"urn": TEXT, "expires": DATE}),
    ("renew_slice", {"urn": "plc.site.sl", "expires": "2020-01-01T00:00:00Z"}, {"urn": TEXT, "expires": DATE}),
    ("delete_slice", {"urn": "plc.site.t2"}, {"urn": TEXT}),
    ("list_my_slices", {"urn": "plc.site.alice"}, {"urn": TEXT}),
    ("node_token", {"hrn": "plc.site.n"}, {"hrn": TEXT, "credentials": TEXTS}),
    ("join", {"token": "x", "epoch": "e", "csr": "x", "hostname": "h"}, {"token": TEXT, "epoch": TEXT, "csr": TEXT, "hostname": TEXT}),
)
MAY_MISS = {"type", "options", "credentials", "uuid", "hostname", "rspec", "expires"}


def wrong_types(b, operation, good, arguments):
    """Each argument as every other kind of JSON: InvalidArgument that names it."""
    credentials = {} if operation in ("get_self_credential", "create_slice", "renew_slice", "delete_slice", "list_my_slices",
                                      "join", "get_trusted_certs") else {"credentials": [b.pi]}
    for name, kinds in arguments.items():
        for other in OTHERS:
            if isinstance(other, kinds) and not isinstance(other, bool) or other is None and name in MAY_MISS:
                if not (isinstance(other, list) and other):
                    continue  # a good kind; a list is good only of texts
            got = asked(b, operation, {**credentials, **good, name: other})
            expect(isinstance(got, Refused), f"{name} = {other!r}: answered {str(got)[:60]}")
            wanted = {"InvalidArgument"}
            expect(got.fault in wanted and (name in got.msg or "xrn" in got.msg or "hrn" in got.msg),
                   f"{name} = {other!r}: {got}")


def asked(b, operation, arguments):
    kind, body = b.ask(b.alice.signer, operation, **arguments) if None not in arguments.values() else raw(
        b, operation, json.dumps({**json.loads(it.body_of(f"reg.{operation}", deadline=5000)), **arguments}).encode())
    if kind == "error":
        why = Refused(body)
        expect(why.code not in ("internal", None), f"{operation} {str(arguments)[:100]}: {why}")
        return why
    return body["value"]


FIELDS = {
    "user": {"email": TEXT, "reg-keys": LIST, "keys": LIST, "name": TEXT, "first_name": TEXT, "phone": TEXT, "bio": TEXT,
             "pointer": (int,), "geni_info": STRUCT, "pl_info": STRUCT, "gid": TEXT, "key": TEXT},
    "slice": {"reg-researchers": LIST, "researcher": LIST, "attributes": LIST, "expires": DATE, "description": TEXT, "url": TEXT},
    "node": {"hostname": TEXT, "dns": TEXT, "reg-operators": LIST, "email": TEXT},
}


def wrong_fields(b):
    """Each field of a record as every other kind; fields that there are not, or not for that type."""
    for kind, fields in FIELDS.items():
        record = {"hrn": f"plc.site.w{kind}", "type": kind}
        for name, kinds in fields.items():
            for other in OTHERS:
                if other is None or isinstance(other, kinds) and not isinstance(other, bool):
                    if not (isinstance(other, list) and other):
                        continue
                why = pi_refused(b, "InvalidArgument", "register", record={**record, name: other})
                expect(name in why.msg, f"{kind} {name} = {other!r}: {why}")
    for kind, name in (("user", "hacked"), ("user", "reg-researchers"), ("slice", "reg-keys"), ("slice", "email"), ("node", "reg-pis"),
                       ("user", "reg-operators"), ("authority", "attributes"), ("slice", "enabled"), ("user", "id"), ("user", "key_hash"),
                       ("user", "credentials"), ("user", "reg-Keys"), ("user", "k" * 10000), ("user", "'; --")):
        why = pi_refused(b, "InvalidArgument", "register", record={"hrn": f"plc.site.w{kind}", "type": kind, name: "x"})
        expect("no such field" in why.msg, f"{kind} {name[:20]}: {why}")
    for attribute in ({}, {"name": "a"}, {"value": "a"}, {"name": "a", "value": 5}, {"name": 5, "value": "a"}, "a", [],
                      {"name": "a", "value": "b", "c": "d"}, {"name": "", "value": "x"}, {"name": "\u00fc", "value": "x"}):
        pi_refused(b, "InvalidArgument", "register", record={"hrn": "plc.site.wslice", "type": "slice", "attributes": [attribute]})
    both = {"hrn": "plc.site.wslice", "type": "slice", "reg-researchers": [], "researcher": []}
    pi_refused(b, "InvalidArgument", "register", record=both)
    expect(not [n for n in names_of(b) if n[0].startswith("plc.site.w")], "something of that was registered")


def input(lab):  # pylint: disable=redefined-builtin
    b = bed(lab, options={"node-ca": "ca"})
    b.slice("plc.site.sl", "plc.site.alice")
    yield from parts(("octets", octets, b), ("control", control_characters, b), ("deep", deep, b),
                     *((f"types-{row[0]}", wrong_types, b, *row) for row in ARGUMENTS), ("fields", wrong_fields, b))
    b.check()


# -- at the same time, and again --------------------------------------------------------------------------------------

def race(b):
    """Two connections register one name and type: exactly one wins, the other is told that it exists."""
    dealers = [b.lab.dealer(b.server) for _ in range(2)]
    outcomes = {"reply": 0, "ExistingRecord": 0}
    for n in range(ROUNDS):
        record = {"hrn": f"plc.site.r{n}", "type": "slice"}
        bodies = [it.body_of("reg.register", record=record, credentials=[b.pi], deadline=20000) for _ in dealers]
        gate, answers = threading.Barrier(2), [None, None]
        def ask(at, frames):
            gate.wait()
            answers[at] = dealers[at].ask(frames, 30)
        frames = [it.message("reg.register", body, b.alice.signer) for body in bodies]
        threads = [threading.Thread(target=ask, args=(at, frames[at])) for at in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        got = sorted("none" if a is None else json.loads(a[1]).get("fault", "") if a[0] == b"error" else "reply" for a in answers)
        expect_equal(got, ["ExistingRecord", "reply"], f"round {n}")
        for word in got:
            outcomes[word] += 1
    expect_equal(len([r for r in names_of(b) if r[0].startswith("plc.site.r")]), ROUNDS, "records")
    expect_equal(outcomes, {"reply": ROUNDS, "ExistingRecord": ROUNDS}, "outcomes")


def same_key_race(b):
    """Two names with one key at the same time: one of them has it."""
    dealers = [b.lab.dealer(b.server) for _ in range(2)]
    for n in range(5):
        key = Principal(b, f"plc.site.k{n}").public_key()
        frames = [it.message("reg.register", it.body_of("reg.register", record={
            "hrn": f"plc.site.k{n}{at}", "type": "user", "key": key}, credentials=[b.pi], deadline=20000), b.alice.signer)
                  for at in range(2)]
        for dealer, message in zip(dealers, frames):
            dealer.send([it.query_id(20000), *message])
        answers = [it.split_route(dealer.receive(30))[1] for dealer in dealers]
        got = sorted(json.loads(a[1]).get("fault", "reply") for a in answers)
        expect_equal(got, ["ExistingRecord", "reply"], f"round {n}")


def same_op(b):
    """Again with the same op: the same answer, done once; the same op of somebody else is another operation."""
    op = os.urandom(16).hex()
    first = as_pi(b, "register", record={"hrn": "plc.site.o1", "type": "slice"}, op=op)
    again = as_pi(b, "register", record={"hrn": "plc.site.o1", "type": "slice"}, op=op)
    expect_equal(again, first, "answer to the repetition")
    pi_refused(b, "ExistingRecord", "register", record={"hrn": "plc.site.o1", "type": "slice"}, op=os.urandom(16).hex())
    why = b.refused("ExistingRecord", b.site.signer, "register", record={"hrn": "plc.site.o1", "type": "slice"},
                    credentials=[b.site.credential()], op=op)
    expect(why.code == "conflict", why.code)
    op = os.urandom(16).hex()
    expect_equal([as_pi(b, "remove", hrn="plc.site.o1", type="slice", op=op) for _ in range(3)], [1, 1, 1], "remove thrice")
    pi_refused(b, "RecordNotFound", "remove", hrn="plc.site.o1", type="slice")
    op = os.urandom(16).hex()
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    urn = "urn:publicid:IDN+plc:site+slice+o2"
    made = [b.alice.call("create_slice", urn=urn, expires=soon, op=op) for _ in range(2)]
    expect(all("signed-credential" in m for m in made), "credentials of create_slice")
    expect_equal(b.alice.call("delete_slice", urn=urn, op=os.urandom(16).hex()), True, "delete_slice")
    # an op is of one request: with other arguments, or for another operation, it is a conflict, and nothing is done
    op = os.urandom(16).hex()
    as_pi(b, "register", record={"hrn": "plc.site.o4", "type": "slice"}, op=op)
    for operation, words in (("register", {"record": {"hrn": "plc.site.o5", "type": "slice"}}),
                             ("register", {"record": {"hrn": "plc.site.o4", "type": "slice", "url": "u"}}),
                             ("remove", {"hrn": "plc.site.o4", "type": "slice"}),
                             ("update", {"record": {"hrn": "plc.site.o4", "type": "slice"}})):
        pi_refused(b, "RecordChanged", operation, op=op, **words)
    expect_equal(len(b.resolve("plc.site.o4")), 1, "the record that was to be removed")
    pi_refused(b, "RecordNotFound", "remove", hrn="plc.site.o5", type="slice")
    as_pi(b, "remove", hrn="plc.site.o4", type="slice")
    # a refusal is no result: it is judged anew
    op = os.urandom(16).hex()
    pi_refused(b, "RecordNotFound", "remove", hrn="plc.site.o3", type="slice", op=op)
    as_pi(b, "register", record={"hrn": "plc.site.o3", "type": "slice"})
    expect_equal(as_pi(b, "remove", hrn="plc.site.o3", type="slice", op=op), 1, "remove after a refusal with the same op")
    # who has lost the right does not get the answer
    op = os.urandom(16).hex()
    as_pi(b, "register", record={"hrn": "plc.site.o4", "type": "slice"}, op=op)
    b.alice.refused("InsufficientRights", "register", rule="rights-operation", record={"hrn": "plc.site.o4", "type": "slice"},
                    credentials=[b.alice.credential()], op=op)
    b.server.wait_stats(lambda s: s.get("h:registry.repeated", 0) == 4, "four repetitions to be counted")


def twice(lab):
    b = bed(lab)
    yield from parts(("race", race, b), ("race-for-a-key", same_key_race, b), ("op", same_op, b))
    b.check()


# -- who or what is over ----------------------------------------------------------------------------------------------

def expired_slice(b):
    """A slice that has ended gives neither credentials nor tickets, and is not renewed."""
    end = int(time.time()) + 3
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
    as_pi(b, "register", record={"hrn": "plc.site.over", "type": "slice", "reg-researchers": ["plc.site.alice"], "expires": text})
    expect_equal(b.resolve("plc.site.over", "slice")[0]["expires"], text, "expires")
    gid = b.gid_of("plc.site.over", "slice")
    credential = b.grant(b.alice.gid, gid, "embed", "bind", "refresh", authority="plc.site")
    wait_until(lambda: time.time() > end + 1, "the end of the slice")
    b.alice.refused("Expired", "get_credential", hrn="plc.site.over", type="slice", credentials=[b.alice.credential()])
    b.alice.refused("Expired", "get_ticket", hrn="plc.site.over", credentials=[credential], rspec=RSPEC)
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    b.alice.refused("Expired", "renew_slice", urn="plc.site.over", expires=later)
    expect_equal(b.resolve("plc.site.over", "slice")[0]["expires"], text, "expires of the slice that is over")
    pi_refused(b, "InvalidArgument", "register", record={"hrn": "plc.site.past", "type": "slice", "expires": "2020-01-01T00:00:00Z"})
    far = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400 * 400))
    pi_refused(b, "InvalidArgument", "register", record={"hrn": "plc.site.far", "type": "slice", "expires": far})


def dated_gid(b, who, days):
    """A GID of somebody as his authority would have made it, with an end of our choice."""
    site, path = b.site, who.folder / f"dated{days}.pem"
    extensions = who.folder / "extensions"
    extensions.write_text(f"basicConstraints=critical,CA:FALSE\nsubjectAltName=URI:{urn_of(who)}\n")
    request = who.folder / "request.pem"
    request.write_text(who.csr())
    b.openssl("x509", "-req", "-in", request, "-CA", site.gid, "-CAkey", site.key, "-days", days, "-sha256", "-set_serial",
              "77", "-extfile", extensions, "-out", path)
    path.write_text(path.read_text() + site.gid.read_text())
    return path


def urn_of(who):
    above, _, leaf = who.hrn.rpartition(".")
    return f"urn:publicid:IDN+{above.replace('.', ':')}+user+{leaf}"


def expired_gid(b):
    """Who signs with one gets no word; one of the same make that is in force is answered."""
    good, over = dated_gid(b, b.alice, 2), dated_gid(b, b.alice, -1)
    signer = it.GidSigner(good, b.alice.key)
    expect_equal(len(b.call(signer, "resolve", hrns="plc.site.alice", credentials=[b.alice.credential()])), 1,
                 "a GID made like that, in force")
    old = it.GidSigner(over, b.alice.key)
    body = it.body_of("reg.resolve", hrns="plc.site.alice", credentials=[b.alice.credential()], deadline=5000)
    expect(b.dealer.ask(it.message("reg.resolve", body, old), 1) is None, "an answer to an expired certificate")
    b.server.wait_stats(lambda s: s.get("refused.cms.expired", 0) >= 1, "the refusal to be counted")


def changed_key(b):
    """After a change of his key a user is who holds the new one."""
    carol = b.user("plc.site.carol")
    own, old_signer = carol.credential(), carol.signer
    b.slice("plc.site.csl", "plc.site.carol")
    on_slice = carol.credential_on("slice", "plc.site.csl")
    new = Principal(b, "plc.site.carol2")
    expect_equal(carol.call("update", record={"hrn": "plc.site.carol", "type": "user", "key": new.csr()}, credentials=[own]), 1,
                 "update of the key")
    new.hrn = "plc.site.carol"
    new.use_gid(b.resolve("plc.site.carol", "user")[0]["gid"])
    key = b.openssl("x509", "-in", new.gid, "-noout", "-pubkey").decode()
    expect_equal(key, new.public_key(), "key of the new GID")
    faults = gone(b, old_signer, own, on_slice, "plc.site.carol", "plc.site.csl")
    expect_equal(faults, {}, "what the old key still does")
    # the new key with the old credential, and as it should be
    b.refused("ConnectionKeyGIDMismatch", new.signer, "resolve", rule="caller-key", hrns="plc.site.carol", credentials=[own])
    expect_equal(new.call("resolve", hrns="plc.site.carol", credentials=[new.credential()])[0]["hrn"], "plc.site.carol", "new key")
    # the old key is nobody's: it may be somebody's again
    b.user("plc.site.dora")


def gone(b, signer, own, on_slice, hrn, slice_hrn):
    """{operation: what happened} of those that somebody may still do with an old key; empty: none."""
    done = {}
    for operation, fields in (
            ("get_self_credential", {"hrn": hrn, "type": "user"}), ("resolve", {"hrns": "plc.site.alice", "credentials": [own]}),
            ("list", {"hrn": "plc.site", "credentials": [own]}),
            ("get_credential", {"hrn": hrn, "type": "user", "credentials": [own]}),
            ("get_credential", {"hrn": slice_hrn, "type": "slice", "credentials": [own]}),
            ("update", {"record": {"hrn": hrn, "type": "user", "phone": "1"}, "credentials": [own]}),
            ("update", {"record": {"hrn": slice_hrn, "type": "slice", "url": "1"}, "credentials": [on_slice]}),
            ("create_user_credential", {}), ("list_my_slices", {"urn": hrn}), ("delete_slice", {"urn": slice_hrn})):
        try:
            value = b.call(signer, operation, **fields)
        except Refused as why:
            # that he is nobody here any more: not that something is not there
            if why.fault in ("Forbidden", "ConnectionKeyGIDMismatch", "PermissionError", "CredentialRefused") or (
                    operation == "get_self_credential" and why.fault == "RecordNotFound"):
                continue
            value = why
        done[f"{operation} {fields.get('hrn', '')}"] = str(value)[:60]
    return done


def removed_user(b):
    """Who was removed does nothing, with nothing of what he had; neither as PI."""
    dan = b.user("plc.site.dan")
    b.slice("plc.site.dsl", "plc.site.dan")
    b.plc.call("update", record={"hrn": "plc.site", "type": "authority", "reg-pis": ["plc.site.alice", "plc.site.dan"]},
               credentials=[b.plc.credential()])
    own, on_slice, pi = dan.credential(), dan.credential_on("slice", "plc.site.dsl"), dan.credential_on("authority", "plc.site")
    as_pi(b, "remove", hrn="plc.site.dan", type="user")
    expect_equal(gone(b, dan.signer, own, on_slice, "plc.site.dan", "plc.site.dsl"), {}, "what somebody removed still does")
    try:
        b.call(dan.signer, "register", record={"hrn": "plc.site.byDan", "type": "slice"}, credentials=[pi])
    except Refused as why:
        expect(why.fault in ("Forbidden", "ConnectionKeyGIDMismatch", "PermissionError"), f"register as PI: {why}")
    else:
        raise Failure("somebody removed registers with the credential that he had as PI")
    # another one of that name is somebody else
    other = b.user("plc.site.dan")
    expect_equal(b.resolve("plc.site.dsl", "slice")[0]["reg-researchers"], [], "researchers of the slice")
    other.refused("PermissionError", "get_credential", hrn="plc.site.dsl", type="slice", credentials=[other.credential()])
    b.refused("ConnectionKeyGIDMismatch", other.signer, "resolve", rule="caller-key", hrns="plc.site", credentials=[own])
    expect_equal(gone(b, dan.signer, own, on_slice, "plc.site.dan", "plc.site.dsl"), {}, "what the first dan does")


def lent_by_who_is_gone(b):
    """What somebody handed on ends with him, and with his key: else who took it has a friend use it."""
    first, friend = b.user("plc.site.lender"), b.user("plc.site.friend")
    third = b.user("plc.site.third")
    b.plc.call("update", record={"hrn": "plc.site", "type": "authority", "reg-pis": ["plc.site.alice", "plc.site.lender"]},
               credentials=[b.plc.credential()])
    lent = b.delegate(first, first.credential_on("authority", "plc.site"), friend)
    again = b.delegate(friend, lent, third)
    asked_for = {"record": {"hrn": "plc.site.lent", "type": "slice"}}
    for who, credential in ((friend, lent), (third, again)):
        who.call("register", credentials=[credential], **asked_for)
        as_pi(b, "remove", hrn="plc.site.lent", type="slice")
    new = Principal(b, "plc.site.lender2")
    first.call("update", record={"hrn": "plc.site.lender", "type": "user", "key": new.csr()}, credentials=[first.credential()])
    for who, credential in ((friend, lent), (third, again)):
        why = b.refused("CredentialRefused", who.signer, "register", rule="delegate-signer", credentials=[credential], **asked_for)
        expect("lender" in why.msg, why.msg)
    as_pi(b, "remove", hrn="plc.site.lender", type="user")
    b.refused("CredentialRefused", friend.signer, "resolve", rule="delegate-signer", credentials=[lent], hrns="plc.site")


def removed_authority(b):
    """Removed and registered again it has another key; what the first key signed is refused."""
    first = b.authority("plc.temp")
    kept = b.lab.folder / "kept" / "plc" / "temp"
    kept.mkdir(parents=True)
    for path in (b.authorities / "plc").iterdir():
        if path.is_file():
            (kept.parent / path.name).write_bytes(path.read_bytes())
            (kept.parent / path.name).chmod(path.stat().st_mode & 0o777)
    for path in first.folder.iterdir():
        (kept / path.name).write_bytes(path.read_bytes())
        (kept / path.name).chmod(path.stat().st_mode & 0o777)
    old = Authority(b, "plc.temp", where=b.lab.folder / "kept")
    old_own = first.credential()
    mole = b.user("plc.temp.mole")
    mole_own = mole.credential()
    b.plc.refused("NotEmpty", "remove", hrn="plc.temp", type="authority", credentials=[b.plc.credential()])
    first.call("remove", hrn="plc.temp.mole", type="user", credentials=[old_own])
    b.plc.call("remove", hrn="plc.temp", type="authority", credentials=[b.plc.credential()])
    expect(not (b.authorities / "plc" / "temp" / "temp.pkey").exists(), "the key of the removed authority is there")
    found = before_and_after(b, old, old_own, mole, mole_own, "while there is none")
    again = b.authority("plc.temp")
    expect(b.openssl("x509", "-in", again.gid, "-noout", "-pubkey") != b.openssl("x509", "-in", old.gid, "-noout", "-pubkey"),
           "the authority came back with its old key")
    found += before_and_after(b, old, old_own, mole, mole_own, "when it is back")
    expect_equal(found, [], "what the old key still does")


def before_and_after(b, old, old_own, mole, mole_own, when):
    made = b.grant(b.alice.gid, old.gid, "authority", "sa", authority="plc.temp", where=b.lab.folder / "kept")
    done = []
    for what, signer, operation, fields in (
            ("its own credential", old.signer, "register", {"record": {"hrn": "plc.temp.x", "type": "slice"}, "credentials": [old_own]}),
            ("a resolve by it", old.signer, "resolve", {"hrns": "plc.site.alice", "credentials": [old_own]}),
            ("its own, anew", old.signer, "get_self_credential", {"hrn": "plc.temp", "type": "authority"}),
            ("a grant that it signs", b.alice.signer, "register", {"record": {"hrn": "plc.temp.y", "type": "slice"}, "credentials": [made]}),
            ("a user that it made", mole.signer, "resolve", {"hrns": "plc.site.alice", "credentials": [mole_own]}),
            ("the user's own, anew", mole.signer, "get_self_credential", {"hrn": "plc.temp.mole", "type": "user"})):
        try:
            b.call(signer, operation, **fields)
        except Refused as why:
            nobody = ("Forbidden", "ConnectionKeyGIDMismatch", "PermissionError", "CredentialRefused")
            if why.fault in nobody or "anew" in what and why.fault in ("RecordNotFound", "MissingAuthority"):
                continue
            done.append(f"{what} {when}: {why}")
        else:
            done.append(f"{what} {when}: done")
    return done


def ends(lab):
    b = bed(lab, options={"node-ca": "ca"})
    b.node("plc.site.n1")
    yield from parts(("slice", expired_slice, b), ("gid", expired_gid, b), ("key", changed_key, b), ("user", removed_user, b),
                     ("lent", lent_by_who_is_gone, b),
                     ("authority", removed_authority, b))
    b.check()


# -- keys and records -------------------------------------------------------------------------------------------------

def one_key_one_name(b):
    """A key has one name: by register, update and create_gid, as ssh line, PEM, CSR and certificate."""
    fred = b.user("plc.site.fred")
    ssh, pem, csr, gid = fred.ssh_key(), fred.public_key(), fred.csr(), fred.gid.read_text()
    for fields in ({"reg-keys": [ssh]}, {"keys": [ssh]}, {"key": pem}, {"key": csr}, {"gid": gid}):
        pi_refused(b, "ExistingRecord", "register", record={"hrn": "plc.site.fred2", "type": "user", **fields})
    pi_refused(b, "ExistingRecord", "register", record={"hrn": "plc.site.fred2", "type": "slice", "key": pem})
    pi_refused(b, "ExistingRecord", "register", record={"hrn": "plc.site.fred2", "type": "node", "key": csr})
    for fields in ({"reg-keys": [ssh]}, {"key": pem}, {"key": csr}):
        b.alice.refused("ExistingRecord", "update", record={"hrn": "plc.site.alice", "type": "user", **fields},
                        credentials=[b.alice.credential()])
    for key in (pem, csr):
        pi_refused(b, "ExistingRecord", "create_gid", hrn="plc.site.other", type="user", key=key)
    # a key of an authority is none of a user's
    site = b.openssl("pkey", "-in", b.site.key, "-pubout").decode()
    pi_refused(b, "ExistingRecord", "register", record={"hrn": "plc.site.fred2", "type": "user", "key": site})
    as_pi(b, "remove", hrn="plc.site.fred", type="user")
    as_pi(b, "register", record={"hrn": "plc.site.fred2", "type": "user", "key": pem})
    bad = csr.replace("A", "B", 40)
    why = refusal(b, "register", record={"hrn": "plc.site.fred3", "type": "user", "key": bad})
    expect_equal(why.fault, "InvalidArgument", "a CSR that is none")
    small = b.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    path = b.lab.folder / "small.pem"
    path.write_bytes(small)
    why = refusal(b, "register", record={"hrn": "plc.site.fred3", "type": "user",
                                         "key": b.openssl("pkey", "-in", path, "-pubout").decode()})
    expect_equal(why.fault, "InvalidArgument", "a key of 1024 bits")


ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPsZJNxVxCYp4CsO5u5bq0qe9gC2W9N2pM0g2e0Nf3Rl gil@x"
SK = ("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIPsZJNxVxCYp4CsO5u5bq0qe9gC2W9N2pM0g2e0Nf3Rl"
      "AAAABHNzaDo= gil@x")


def ssh_kinds(b):
    """Lines that a certificate cannot hold are kept; the GID's key is the first that it can."""
    gil = Principal(b, "plc.site.gil")
    lines = [ED25519, SK, gil.ssh_key()]
    gil.use_gid(as_pi(b, "register", record={"hrn": "plc.site.gil", "type": "user", "reg-keys": lines}))
    expect_equal(b.openssl("x509", "-in", gil.gid, "-noout", "-pubkey").decode(), gil.public_key(), "key of the GID")
    expect_equal(gil.call("resolve", hrns="plc.site.gil", credentials=[gil.credential()])[0]["reg-keys"], lines, "lines")
    # taking his own line out leaves lines that no certificate can hold: the GID keeps its key
    gil.call("update", record={"hrn": "plc.site.gil", "type": "user", "reg-keys": [ED25519, SK]}, credentials=[gil.credential()])
    record = gil.call("resolve", hrns="plc.site.gil", credentials=[gil.credential()])[0]
    expect_equal(record["reg-keys"], [ED25519, SK], "lines without his own")
    gid = as_pi(b, "register", record={"hrn": "plc.site.gus", "type": "user", "reg-keys": [ED25519]})
    expect("BEGIN CERTIFICATE" in gid, "a GID for who has no such key")


def facts(record):
    return {k: v for k, v in record.items() if k not in ("gid", "last_updated", "expires")}


def nothing_changed(b):
    """An update that says nothing renews GID or slice, and leaves all else."""
    for hrn, kind in (("plc.site.alice", "user"), ("plc.site.sl", "slice")):
        before = b.resolve(hrn, kind, details=True)[0]
        expect_equal(as_pi(b, "update", record={"hrn": hrn, "type": kind}), 1, "value")
        after = b.resolve(hrn, kind, details=True)[0]
        expect_equal(facts(after), facts(before), f"what is known of {hrn}")
        if kind == "user":
            old, new = b.lab.folder / "old.pem", b.lab.folder / "new.pem"
            old.write_text(before["gid"])
            new.write_text(after["gid"])
            expect(before["gid"] != after["gid"], "the GID is the same")
            expect_equal(b.openssl("x509", "-in", new, "-noout", "-pubkey"), b.openssl("x509", "-in", old, "-noout", "-pubkey"),
                         "key of the renewed GID")
        else:
            expect(after["expires"] >= before["expires"], f"{before['expires']} became {after['expires']}")
    before = b.resolve("plc.site", "authority")[0]
    b.plc.call("update", record={"hrn": "plc.site", "type": "authority"}, credentials=[b.plc.credential()])
    after = b.resolve("plc.site", "authority")[0]
    expect_equal(facts(after), facts(before), "what is known of plc.site")
    b.pi = b.alice.credential_on("authority", "plc.site")


def sent_back(b):
    """A record as it was resolved is taken, and nothing has changed."""
    as_pi(b, "update", record={"hrn": "plc.site.alice", "type": "user", "first_name": "A", "phone": "1", "pointer": 7,
                               "geni_info": {"a": 1}, "pl_info": {"b": 2}})
    for details in (False, True):
        for hrn, kind in (("plc.site.alice", "user"), ("plc.site.sl", "slice"), ("plc.site.n1", "node"), ("plc.site", "authority")):
            before = b.resolve(hrn, kind, details=details)[0]
            expect_equal(b.plc.call("update", record=before, credentials=[b.plc.credential()]), 1, f"update of {hrn}")
            after = b.resolve(hrn, kind, details=details)[0]
            expect_equal(facts(after), facts(before), f"{hrn}, details {details}")
            expect_equal(b.openssl_key(after["gid"]), b.openssl_key(before["gid"]), f"key of {hrn}")
    # by himself, as he read it
    mine = b.alice.call("resolve", hrns="plc.site.alice", credentials=[b.alice.credential()])[0]
    expect_equal(b.alice.call("update", record={k: v for k, v in mine.items() if k != "pointer"},
                              credentials=[b.alice.credential()]), 1, "alice sends back her own record")


def paging(b):
    """Each record exactly once and in order, whatever the page; names that begin alike are not below."""
    above = b.authority("plc.many")
    wanted = []
    for n in range(25):
        kind = ("slice", "node")[n % 2]
        hrn = f"plc.many.{'abcxyz'[n % 6]}{n}"
        above.call("register", record={"hrn": hrn, "type": kind}, credentials=[above.credential()])
        wanted.append((hrn, kind))
    above.call("register", record={"hrn": "plc.many.a0", "type": "node"}, credentials=[above.credential()])
    wanted = sorted(set(wanted) | {("plc.many.a0", "node")})
    for limit in (1, 2, 7, 1000):
        got, after, pages = [], None, 0
        while True:
            options = {"limit": limit, **({"after": after} if after else {})}
            body = b.ask(b.alice.signer, "list", hrn="plc.many", options=options, credentials=[b.alice.credential()])[1]
            expect(len(body["value"]) <= limit, f"a page of {len(body['value'])} with limit {limit}")
            got += [(r["hrn"], r["type"]) for r in body["value"]]
            pages += 1
            after = body.get("next")
            if not after:
                break
            expect(pages < 100, "no end of pages")
        expect_equal([g[0] for g in got], [w[0] for w in wanted], f"names with limit {limit}")
        expect_equal(sorted(got), wanted, f"records with limit {limit}")
        expect(pages <= -(-len(wanted) // limit) + 1, f"{pages} pages with limit {limit}")


def recursion(b):
    """From plc.site to what is below it, at any depth, and not to plc.sitex, nor to what is above."""
    b.authority("plc.sitex")
    b.user("plc.sitex.eve")
    b.authority("plc.site.lab")
    b.slice("plc.site.lab.deep")
    flat = [r["hrn"] for r in as_pi(b, "list", hrn="plc.site")]
    deep_ = [r["hrn"] for r in as_pi(b, "list", hrn="plc.site", options={"recursive": True})]
    expect("plc.site.lab" in flat and "plc.site.lab.deep" not in flat and "plc.site" not in flat, f"{flat}")
    expect({"plc.site", "plc.site.lab", "plc.site.lab.deep", "plc.site.alice"} <= set(deep_), f"{deep_}")
    expect(not [h for h in deep_ if h.startswith("plc.sitex") or h == "plc"], f"{deep_}")
    expect_equal(len(deep_), len(set(deep_)), "records that come twice")
    pages, after = [], None
    while True:
        body = b.ask(b.alice.signer, "list", hrn="plc.site", credentials=[b.pi],
                     options={"recursive": True, "limit": 2, **({"after": after} if after else {})})[1]
        pages += [r["hrn"] for r in body["value"]]
        after = body.get("next")
        if not after:
            break
    expect_equal(pages, deep_, "a recursive list by pages")


def records(lab):
    b = bed(lab)
    b.slice("plc.site.sl", "plc.site.alice", attributes=[{"name": "initscript", "value": "x"}])
    as_pi(b, "register", record={"hrn": "plc.site.n1", "type": "node", "hostname": "n1.example", "reg-operators": ["plc.site.alice"]})

    def openssl_key(text):
        path = lab.folder / "some.pem"
        path.write_text(text)
        return b.openssl("x509", "-in", path, "-noout", "-pubkey")
    b.openssl_key = openssl_key
    yield from parts(("one-key-one-name", one_key_one_name, b), ("ssh-kinds", ssh_kinds, b), ("nothing-changed", nothing_changed, b),
                     ("sent-back", sent_back, b), ("paging", paging, b), ("recursion", recursion, b))
    b.check()


if __name__ == "__main__":
    it.main(names, limits, input, twice, ends, records)
