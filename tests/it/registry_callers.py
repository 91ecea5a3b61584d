#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""For whom a message counts at the registry: signers, front doors, nodes; and how a node joins and its tickets are made."""
import base64
import json
import os
import pathlib
import re
import sqlite3
import time

import ccfed_it as it
from ccfed_it import Failure, Skip, expect, expect_equal, wait_until
from registry_it import PEM, Bed, Principal, Refused
from registry_input import RSPEC, attempt, dated_gid, parts

DOOR = "urn:publicid:IDN+it+service+door"
RESOLVE = {"hrns": "plc.site.alice"}


def bed(lab, **options):
    """Two front doors, of which one speaks for plc on reg.*, and a node of the bus that may send reg.*, too."""
    doors = {"door": f"{DOOR}, prefix reg, namespace plc", "other": f"{DOOR}2, prefix am, namespace plc",
             "narrow": f"{DOOR}3, prefix reg, namespace plc:sitex, deny reg.remove"}
    lab.crypto("door2", True)
    lab.crypto("door3", True)
    if not (lab.keys / "busnode.crt").exists():
        lab.make_key("issue", "busnode", "--urn", "urn:publicid:IDN+it+node+n1")
    policy = {"reg": f"gid, {DOOR}, {DOOR}2, {DOOR}3, urn:publicid:IDN+it+node+*, urn:publicid:IDN+plc:site+node+*"}
    b = Bed(lab, options={"node-ca": "ca", **options}, policy=policy, sections={"assert-caller": doors}).start()
    b.door, b.door2, b.door3, b.busnode = (lab.signer(name) for name in ("door", "door2", "door3", "busnode"))
    b.site = b.authority("plc.site")
    b.authority("plc.sitex")
    b.alice, b.eve = b.user("plc.site.alice"), b.user("plc.sitex.eve")
    b.slice("plc.site.sl", "plc.site.alice")
    return b


def caller(*certs):
    return {"certs": list(certs), "listener": "registry", "tls": "TLSv1.3"}


def certs_of(path):
    """Base64 of the DER of each certificate of a file."""
    return ["".join(pem.split("-----")[2].split()) for pem in PEM.findall(pathlib.Path(path).read_text())]


def by_door(b, who, operation, door=None, **arguments):
    """Somebody through a front door."""
    return b.call(door or b.door, operation, caller=caller(*(who if isinstance(who, list) else who.certs())), **arguments)


def refused_by_gate(b, counter, code, signer, operation, **fields):
    """Before any handler: the code of the error, no fault of the registry, and the one counter that rose."""
    before = b.server.stats().get(f"refused.{counter}", 0)
    kind, body = b.ask(signer, operation, **fields)
    expect_equal((kind, body.get("code"), body.get("fault")), ("error", code, None), f"{operation}: {body.get('msg')}")
    b.server.wait_stats(lambda s: s.get(f"refused.{counter}", 0) == before + 1, f"refused.{counter} to rise by one")


def door_refused(b, fault, rule, who, operation, **arguments):
    return b.refused(fault, b.door, operation, rule=rule, caller=caller(*(who if isinstance(who, list) else who.certs())),
                     **arguments)


# -- callers ----------------------------------------------------------------------------------------------------------

def who_states(b):
    """Only a front door, on its prefixes always, and within its namespaces."""
    mine = [b.alice.credential()]
    expect_equal(by_door(b, b.alice, "resolve", credentials=mine, **RESOLVE)[0]["hrn"], "plc.site.alice", "through the door")
    for signer in (b.eve.signer, b.alice.signer, b.plc.signer, b.busnode):
        refused_by_gate(b, "caller.forbidden", "caller", signer, "resolve", caller=caller(*b.alice.certs()), credentials=mine, **RESOLVE)
    refused_by_gate(b, "caller.missing", "caller", b.door, "resolve", credentials=mine, **RESOLVE)
    refused_by_gate(b, "caller.missing", "caller", b.door, "get_version")
    refused_by_gate(b, "caller.forbidden", "caller", b.door2, "resolve", caller=caller(*b.alice.certs()), credentials=mine, **RESOLVE)
    refused_by_gate(b, "caller.namespace", "caller", b.door3, "resolve", caller=caller(*b.alice.certs()), credentials=mine, **RESOLVE)
    expect_equal(by_door(b, b.eve, "resolve", door=b.door3, credentials=[b.eve.credential()], **RESOLVE)[0]["hrn"],
                 "plc.site.alice", "eve through the door of her namespace")
    refused_by_gate(b, "caller.operation", "caller", b.door3, "remove", caller=caller(*b.eve.certs()), hrn="plc.sitex.eve",
                    type="user", credentials=[b.eve.credential()])
    # what is signed by a certificate of the bus without caller is nobody's word here
    b.refused("Forbidden", b.busnode, "resolve", credentials=mine, **RESOLVE)
    b.refused("Forbidden", b.door2, "resolve", credentials=mine, **RESOLVE)


def not_the_door(b):
    """A front door has no rights of its own: the credential is judged by the caller's key."""
    door_refused(b, "ConnectionKeyGIDMismatch", "caller-key", b.eve, "resolve", credentials=[b.alice.credential()], **RESOLVE)
    door_refused(b, "Forbidden", None, b.alice, "resolve", **RESOLVE)
    door_refused(b, "ConnectionKeyGIDMismatch", None, b.eve, "get_self_credential", hrn="plc.site.alice", type="user")
    made = by_door(b, b.eve, "create_user_credential")
    expect_equal(owner_of(made), "urn:publicid:IDN+plc:sitex+user+eve", "owner of eve's credential")


def owner_of(credential):
    return re.search("<owner_urn>(.*?)<", credential).group(1)


def stranger_root(b):
    """(GID file, key) of somebody who calls himself alice under another root that is called plc."""
    elsewhere = b.lab.folder / "elsewhere"
    if not elsewhere.exists():
        for hrn in ("plc", "plc.site"):
            b.make_authority(hrn, where=elsewhere)
        done = b.lab.ccfed("gid", "make", "--authority", "plc.site", "--dir", elsewhere, "--urn", "urn:publicid:IDN+plc:site+user+alice",
                           "--new-key", b.lab.folder / "false.key", "--p256", "--out", b.lab.folder / "false.gid")
        expect_equal(done.returncode, 0, done.stderr)
    return b.lab.folder / "false.gid", b.lab.folder / "false.key"


def chains(b):
    """A caller's chain is judged whole, with the roots of the registry."""
    mine = [b.alice.credential()]
    alice, eve = b.alice.certs(), b.eve.certs()
    expect_equal(len(alice), 3, "certificates of alice")
    for what, certs, rules in (
            ("her leaf, the chain of another", [alice[0], eve[1], eve[2]], ("chain-signature", "chain-issuer", "chain-root")),
            ("her leaf alone", [alice[0]], ("chain-root",)),
            ("without the root", alice[:2], (None,)),
            ("her leaf, the root", [alice[0], alice[2]], ("chain-signature", "chain-issuer", "chain-root")),
            ("another's leaf on her chain", [eve[0], alice[1], alice[2]], ("chain-signature", "chain-issuer", "chain-root")),
            ("of another root of that name", certs_of(stranger_root(b)[0]), ("chain-root", "chain-signature")),
            ("her leaf on false authorities", [alice[0], *certs_of(stranger_root(b)[0])[1:]], ("chain-signature", "chain-root")),
            ("a false leaf on her authorities", [certs_of(stranger_root(b)[0])[0], *alice[1:]], ("chain-signature", "chain-root")),
            ("one that has ended", certs_of(dated_gid(b, b.alice, -1)), ("cert-expired",))):
        try:
            value = by_door(b, certs, "resolve", credentials=mine, **RESOLVE)
        except Refused as why:
            expect(why.fault == "Forbidden" and why.rule in rules, f"{what}: {why}, {why.rule}")
        else:
            # the root is known here: a chain without it is good
            expect(rules == (None,) and value[0]["hrn"] == "plc.site.alice", f"{what}: answered")


def first_contact(b):
    """A chain that is not good still asks for the version, and by its key for the credential on the record that has this key."""
    expired, self_signed = certs_of(dated_gid(b, b.alice, -1)), certs_of(b.alice.self_signed)
    false = certs_of(stranger_root(b)[0])
    for what, certs in (("expired", expired), ("self-signed", self_signed), ("of another root", false)):
        expect_equal(by_door(b, certs, "get_version")["hrn"], "plc", what)
        for operation, fields in (("resolve", {**RESOLVE, "credentials": [b.alice.credential()]}), ("list_my_slices", {"urn": "plc.site.alice"}),
                                  ("create_user_credential", {}), ("list_aggregates", {}), ("get_trusted_certs", {})):
            kind, body = b.ask(b.door, operation, caller=caller(*certs), **fields)
            # somebody without a URN is stopped at the gate, others by the registry
            expect(kind == "error" and (body.get("fault") == "Forbidden" and body.get("rule") or what == "self-signed" and
                                        body.get("code") == "caller"), f"{operation}, {what}: {body}")
    for certs in (expired, self_signed):
        expect_equal(owner_of(by_door(b, certs, "get_self_credential", hrn="plc.site.alice", type="user")),
                     "urn:publicid:IDN+plc:site+user+alice", "by the key")
        door_refused(b, "ConnectionKeyGIDMismatch", None, certs, "get_self_credential", hrn="plc.sitex.eve", type="user")
    door_refused(b, "ConnectionKeyGIDMismatch", None, false, "get_self_credential", hrn="plc.site.alice", type="user")
    expect_equal(by_door(b, [], "get_version")["hrn"], "plc", "without certificates")
    door_refused(b, "ConnectionKeyGIDMismatch", None, [], "get_self_credential", hrn="plc.site.alice", type="user")


def names_in_the_body(b):
    """What a body says of who speaks is nothing: all is as without it."""
    claims = {"hrn": "plc.site.alice", "signer": "urn:publicid:IDN+plc:site+user+alice", "caller_urn": "urn:publicid:IDN+plc:site+user+alice",
              "who": "plc.site.alice", "user": "plc.site.alice", "certs": b.alice.certs(), "owner": "plc.site.alice",
              "key": b.alice.public_key(), "gid": b.alice.gid.read_text(), "authority": "plc", "via": DOOR}
    claims = {k: v for k, v in claims.items() if k != "hrn"}
    eve = b.eve
    for fields in (claims, {**claims, "hrn": "plc.site.alice"}):
        expect_equal(owner_of(eve.call("create_user_credential", **fields)), "urn:publicid:IDN+plc:sitex+user+eve", "owner")
    eve.refused("PermissionError", "list_my_slices", urn="plc.site.alice", **claims)
    eve.refused("PermissionError", "renew_slice", urn="plc.site.sl", expires=soon(), **claims)
    eve.refused("PermissionError", "delete_slice", urn="plc.site.sl", **claims)
    eve.refused("PermissionError", "create_slice", urn="urn:publicid:IDN+plc:site+slice+evil", expires=soon(), **claims)
    fields = {k: v for k, v in claims.items() if k not in ("key",)}
    eve.refused("PermissionError", "get_credential", hrn="plc.site.alice", type="user", credentials=[eve.credential()], **fields)
    eve.refused("ConnectionKeyGIDMismatch", "resolve", rule="caller-key", hrns="plc.site.alice", credentials=[b.alice.credential()], **fields)
    eve.refused("ConnectionKeyGIDMismatch", "get_self_credential", hrn="plc.site.alice", type="user", **fields)
    record = {"hrn": "plc.site.alice", "type": "user", "phone": "666"}
    eve.refused("PermissionError", "update", record=record, credentials=[eve.credential()], **fields)
    expect("phone" not in b.resolve("plc.site.alice", "user")[0], "it was written")


def soon():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))


class Bag(it.GidSigner):
    """Signs as one, with certificates of others in the message."""

    def __init__(self, gid, key, *more):
        super().__init__(gid, key)
        text = "".join(pathlib.Path(p).read_text() for p in more)
        path = pathlib.Path(key).parent / f"bag-{os.urandom(4).hex()}.pem"
        path.write_text(PEM.findall(pathlib.Path(gid).read_text())[0] + "\n" + text)
        self.chain = self.crypto.read_chain(path)


def two_certificates(b):
    """The certificates that ride in a message are no signers: who signed is who counts, or nobody."""
    leaf = b.lab.folder / "alice-leaf.pem"
    leaf.write_text(PEM.findall(b.alice.gid.read_text())[0] + "\n")
    answered = 0
    for who, other in ((b.eve, b.alice), (b.alice, b.eve)):
        urn = f"urn:publicid:IDN+{who.hrn.rpartition('.')[0].replace('.', ':')}+user+{who.hrn.rpartition('.')[2]}"
        rest = b.lab.folder / f"rest-{who.hrn}.pem"
        rest.write_text("".join(p + "\n" for p in PEM.findall(who.gid.read_text())[1:]))
        single = b.lab.folder / f"single-{other.hrn}.pem"
        single.write_text(PEM.findall(other.gid.read_text())[0] + "\n")
        for what, more in (("his chain and another's leaf", (rest, single)), ("another's leaf first", (single, rest)),
                           ("another's leaf alone", (single,)), ("another's whole chain", (other.gid,)),
                           ("both chains", (rest, other.gid)), ("another's leaf twice", (rest, single, single))):
            bag = Bag(who.gid, who.key, *more)
            for operation, fields in (("create_user_credential", {}), ("get_self_credential", {"hrn": other.hrn, "type": "user"}),
                                      ("resolve", {**RESOLVE, "credentials": [other.credential()]}),
                                      ("get_credential", {"hrn": other.hrn, "type": "user", "credentials": [other.credential()]})):
                kind_body = ask_or_none(b, bag, operation, **fields)
                if kind_body is None:
                    break  # the gate lets nobody in with that
                kind, body = kind_body
                if kind == "error":
                    expect(body.get("fault") in ("Forbidden", "ConnectionKeyGIDMismatch") or body.get("code") == "bad-request",
                           f"{operation}, {what}: {body}")
                    continue
                expect_equal(operation, "create_user_credential", f"{what}: answered")
                expect_equal(owner_of(body["value"]), urn, f"owner, {what}")
                answered += 1
    expect(answered >= 2, f"{answered} were answered: the bags themselves are refused, for something else")


def ask_or_none(b, signer, operation, **fields):
    try:
        return b.ask(signer, operation, seconds=3, **fields)
    except Failure:
        return None


def callers(lab):
    b = bed(lab)
    yield from parts(("states", who_states, b), ("not-the-door", not_the_door, b), ("chains", chains, b), ("first-contact", first_contact, b),
                     ("names-in-the-body", names_in_the_body, b), ("two-certificates", two_certificates, b))
    b.check()


# -- nodes ------------------------------------------------------------------------------------------------------------

def query(b, sql, *values):
    """Rows of the store."""
    if not b.store.startswith("sqlite:"):
        raise Skip("the store is no SQLite")
    with sqlite3.connect(b.store.partition(":")[2]) as db:
        db.create_collation("C", lambda x, y: (x > y) - (x < y))
        return db.execute(sql, values).fetchall()


def token_for(b, hrn, register=True):
    if register:
        b.site.call("register", record={"hrn": hrn, "type": "node"}, credentials=[b.site.credential()])
    return b.site.call("node_token", hrn=hrn, credentials=[b.site.credential()])


def joiner(b, hrn):
    return Principal(b, hrn, "node").use_self_signed()


def join_once(b):
    """A token is good once and for the name it was made for; what a node gets fits together."""
    token = token_for(b, "plc.site.j1")
    n = joiner(b, "plc.site.j1")
    fields = {"token": token, "epoch": "a.B:3_-", "hostname": "j1.example.net"}
    got = n.call("join", csr=n.csr(), **fields)
    expect_equal((got["hrn"], got["urn"]), ("plc.site.j1", "urn:publicid:IDN+plc:site+node+j1"), "name")
    n.use_gid(got["gid"])
    certificate, ca = b.lab.folder / "j1.crt", b.lab.folder / "j1-ca.crt"
    certificate.write_text(got["certificate"])
    ca.write_text(got["ca"])
    b.openssl("verify", "-CAfile", ca, certificate)
    expect_equal(ca.read_text().split(), (b.lab.keys / "ca.crt").read_text().split(), "ca")
    for path in (certificate, n.gid):
        expect_equal(b.openssl("x509", "-in", path, "-noout", "-pubkey").decode(), n.public_key(), f"key of {path.name}")
        text = b.openssl("x509", "-in", path, "-noout", "-text").decode()
        expect("URI:urn:publicid:IDN+plc:site+node+j1" in text and "CA:TRUE" not in text, f"{path.name}: {text}")
    expect_equal([r.split() for r in got["roots"]], [b.plc.gid.read_text().split()], "roots")
    record = b.resolve("plc.site.j1", "node")[0]
    expect_equal((record["hostname"], record["gid"]), ("j1.example.net", got["gid"]), "record")
    # once
    other = joiner(b, "plc.site.j1other")
    for who in (n, other):
        b.refused("Forbidden", it.GidSigner(who.self_signed, who.key), "join", csr=who.csr(), **fields)
    expect_equal(b.resolve("plc.site.j1", "node")[0]["gid"], got["gid"], "the GID after a second try")
    # the name is the token's, whatever the request calls itself
    token = token_for(b, "plc.site.j2")
    m = joiner(b, "plc.site.j2")
    csr = b.openssl("req", "-new", "-key", m.key, "-subj", "/CN=plc.site.j1", "-addext",
                    "subjectAltName=URI:urn:publicid:IDN+plc:site+node+j1", "-addext", "basicConstraints=critical,CA:TRUE").decode()
    got = m.call("join", token=token, epoch="e", csr=csr, hrn="plc.site.j1", urn="urn:publicid:IDN+plc:site+node+j1")
    expect_equal(got["urn"], "urn:publicid:IDN+plc:site+node+j2", "name of the second")
    for text in (got["gid"], got["certificate"]):
        path = b.lab.folder / "some.pem"
        path.write_text(text)
        shown = b.openssl("x509", "-in", path, "-noout", "-text").decode()
        expect("+node+j2" in shown and "+node+j1" not in shown and "CA:TRUE" not in shown, shown)


def join_refused(b):
    """Each for its own reason; and the token is good still."""
    token = token_for(b, "plc.site.j3")
    n, other = joiner(b, "plc.site.j3"), joiner(b, "plc.site.j3other")
    good = {"token": token, "epoch": "e1", "csr": n.csr(), "hostname": "h"}
    for wrong in (token[:-1], token + "0", token[::-1], "", "0" * len(token), token.upper() if token != token.upper() else "x", "' OR 1=1 --"):
        why = n.refused("Forbidden", "join", **{**good, "token": wrong})
        expect("token" in why.msg, why.msg)
    why = n.refused("ConnectionKeyGIDMismatch", "join", **{**good, "csr": other.csr()})
    expect("different keys" in why.msg, why.msg)
    why = other.refused("ConnectionKeyGIDMismatch", "join", **good)
    for epoch in ("", "e" * 65, "e f", "e/f", "e\n", "\u00e9", "e;f", "e'f", "e+f", "<e>", "e=f"):
        why = n.refused("InvalidArgument", "join", **{**good, "epoch": epoch})
        expect("epoch" in why.msg, why.msg)
    for csr in ("", "x", n.public_key(), n.csr().replace("A", "B", 30), n.self_signed.read_text(), n.csr() + "\0", "-----BEGIN"):
        got = refusal(b, n.signer, "join", **{**good, "csr": csr})
        expect(got.fault == "InvalidArgument" or got.code == "bad-request" and "\0" in csr, f"csr {csr[:20]!r}: {got}")
    why = n.refused("InvalidArgument", "join", **{**good, "hostname": "h" * 256})
    expect("hostname" in why.msg, why.msg)
    # not by a front door, not by who is of the bus
    kind, body = b.ask(b.door, "join", caller=caller(base64_der(b, n.self_signed)), **good)
    expect(kind == "error" and body.get("code") in ("caller", "denied"), f"join through a front door: {body}")
    b.refused("Forbidden", b.busnode, "join", **good)
    expect_equal(n.call("join", **{**good, "epoch": "e" * 64})["hrn"], "plc.site.j3", "join at last")
    # a newer token ends the older one's use only by being used; a removed record ends all
    first = token_for(b, "plc.site.j4")
    b.site.call("remove", hrn="plc.site.j4", type="node", credentials=[b.site.credential()])
    n = joiner(b, "plc.site.j4")
    n.refused("Forbidden", "join", token=first, epoch="e", csr=n.csr())
    second = token_for(b, "plc.site.j4")
    n.refused("Forbidden", "join", token=first, epoch="e", csr=n.csr())
    expect_equal(n.call("join", token=second, epoch="e", csr=n.csr())["hrn"], "plc.site.j4", "the token of the new record")
    # the key of a node is nobody else's
    third = token_for(b, "plc.site.j5")
    n.refused("ExistingRecord", "join", token=third, epoch="e", csr=n.csr())
    b.site.refused("RecordNotFound", "node_token", hrn="plc.site.nosuch", credentials=[b.site.credential()])
    op = os.urandom(16).hex()
    expect(b.site.call("node_token", hrn="plc.site.j5", credentials=[b.site.credential()], op=op), "a token")
    b.site.refused("RecordChanged", "node_token", hrn="plc.site.j5", credentials=[b.site.credential()], op=op)


def base64_der(b, path):
    return base64.b64encode(b.openssl("x509", "-in", path, "-outform", "DER")).decode()


def refusal(b, signer, operation, **fields):
    try:
        value = b.call(signer, operation, **fields)
    except Refused as why:
        return why
    raise Failure(f"{operation} was not refused: {str(value)[:100]}")


def tokens_in_the_store(b):
    """The store has no token that could be used, only what it can be known by."""
    token = token_for(b, "plc.site.j6")
    rows = query(b, "SELECT hash, made, expires, used FROM join_token ORDER BY made DESC, expires DESC")
    expect(rows, "no token in the store")
    expect_equal({expires - made for _, made, expires, _ in rows}, {86400}, "life of tokens")
    dump = b"".join(p.read_bytes() for p in pathlib.Path(b.store.partition(":")[2]).parent.glob("plc.db*"))
    expect(token.encode() not in dump, "the token stands in the store")


def tickets(b):
    """A ticket of a node that has joined is a row before it is an answer, and verifies at that node."""
    b.node("plc.site.n1", epoch="epoch-1")
    b.site.call("register", record={"hrn": "plc.site.n2", "type": "node"}, credentials=[b.site.credential()])
    b.site.call("update", record={"hrn": "plc.site.sl", "type": "slice", "attributes": [
        {"name": "initscript", "value": "none"}, {"name": "cpu_share", "value": "7"}]}, credentials=[b.site.credential()])
    on_slice = b.alice.credential_on("slice", "plc.site.sl")
    for count in (1, 2):
        text = b.alice.call("get_ticket", hrn="plc.site.sl", rspec=RSPEC, credentials=[on_slice])
        try:
            rows = query(b, "SELECT slice, owner, component, epoch, document FROM ticket ORDER BY issued, serial")
        except Skip:
            rows = None
        if rows is not None:
            expect_equal(len(rows), count, "rows of tickets when the answer is here")
            row = [r for r in rows if r[4] == text]
            expect_equal([r[:4] for r in row], [("plc.site.sl", "urn:publicid:IDN+plc:site+user+alice", "plc.site.n1", "epoch-1")], "row")
    path = b.lab.folder / "a.ticket"
    path.write_text(text)
    urn = "urn:publicid:IDN+plc:site+node+n1"

    def verify(*options):
        done = b.lab.ccfed("ticket", "verify", "--json", "--root", b.plc.gid, *options, path)
        return json.loads(done.stdout)
    said = verify("--component", urn, "--epoch", "epoch-1", "--caller", b.alice.gid)
    expect(said["valid"], f"the ticket: {said}")
    for options, rule in ((("--component", urn, "--epoch", "epoch-2"), "ticket-epoch"), (("--component", urn + "2", "--epoch", "epoch-1"), "ticket-component"),
                          (("--component", urn, "--epoch", "epoch-1", "--caller", b.eve.gid), "caller-key"),
                          (("--component", urn, "--epoch", "epoch-1", "--at", str(int(time.time()) + 86400)), "ticket-redeem")):
        said = verify(*options)
        expect_equal((said["valid"], said.get("rule")), (False, rule), f"with {options}")
    shown = b.lab.ccfed("ticket", "show", path).stdout
    expect("initscript" in shown and "plc.site.sl" in shown + text, shown)
    expect(b.alice.ssh_key().split()[1] in text, "no key of alice in the ticket")
    expect("plc:site+slice+sl" in text, "the slice is not in the ticket")
    expect_equal(base64.b64decode(re.search("<rspec>(.*?)</rspec>", text, re.S).group(1)).decode(), RSPEC, "the RSpec")


def tickets_refused(b):
    on_slice = [b.alice.credential_on("slice", "plc.site.sl")]

    def node(name, authority="plc:site"):
        return f'<node client_id="{name}" component_id="urn:publicid:IDN+{authority}+node+{name}" exclusive="false"/>'

    def rspec(*nodes):
        return f'<rspec xmlns="http://www.geni.net/resources/rspec/3" type="request">{"".join(nodes)}</rspec>'
    for what, text, fault in (
            ("two components", rspec(node("n1"), node("n2")), "InvalidArgument"),
            ("no node", rspec(), "InvalidArgument"),
            ("a node without component", rspec('<node client_id="x"/>'), "InvalidArgument"),
            ("one with, one without", rspec(node("n1"), '<node client_id="x"/>'), "InvalidArgument"),
            ("nothing", "", "InvalidArgument"), ("no XML", "garbage", "InvalidArgument"), ("cut", rspec(node("n1"))[:-5], "InvalidArgument"),
            ("another document", "<x/>", "InvalidArgument"),
            ("a DTD", '<!DOCTYPE rspec [<!ENTITY a "b">]>' + rspec(node("n1")), "InvalidArgument"),
            ("too deep", "<rspec>" + "<a>" * 5000 + "</a>" * 5000 + "</rspec>", "InvalidArgument"),
            ("too long", rspec(node("n1"), "<x>" + "y" * (2 << 20) + "</x>"), "InvalidArgument"),
            ("a component that is none", rspec('<node client_id="a" component_id="n1"/>'), None),
            ("a user as component", rspec(node("alice").replace("+node+", "+user+")), None),
            ("one that has not joined", rspec(node("n2")), "RecordNotFound"),
            ("one that there is not", rspec(node("n9")), "RecordNotFound"),
            ("one of another authority", rspec(node("n1", "plc:sitex")), "RecordNotFound"),
            ("one of elsewhere", rspec(node("n1", "elsewhere")), None)):
        got = refusal(b, b.alice.signer, "get_ticket", hrn="plc.site.sl", rspec=text, credentials=on_slice)
        wanted = {fault} if fault else {"InvalidArgument", "MalformedHrn", "UnknownSfaType", "RecordNotFound", "MissingAuthority"}
        expect(got.fault in wanted, f"{what}: {got}")
    expect_equal(b.alice.call("get_ticket", hrn="plc.site.sl", rspec=rspec(node("n1"), node("n1")), credentials=on_slice)[:5], "<?xml",
                 "two nodes on one component")
    b.alice.refused("UnknownSfaType", "get_ticket", hrn="urn:publicid:IDN+plc:site+user+alice", rspec=RSPEC, credentials=on_slice)


def many_attributes(b):
    """As many attributes as a slice may have fit into a ticket, or it says that they do not."""
    b.site.call("update", record={"hrn": "plc.site.sl", "type": "slice", "attributes": [
        {"name": f"tag{n}", "value": "v"} for n in range(256)]}, credentials=[b.site.credential()])
    on_slice = [b.alice.credential_on("slice", "plc.site.sl")]
    try:
        text = b.alice.call("get_ticket", hrn="plc.site.sl", rspec=RSPEC, credentials=on_slice)
        expect(text.count("tag") >= 256, f"{text.count('tag')} attributes in the ticket")
    except Refused as why:
        expect_equal(why.fault, "InvalidArgument", str(why))
    b.check()


def lost_state(b):
    """A node that joins again has another epoch and key: its tickets name the epoch, its old key is nobody's."""
    token = token_for(b, "plc.site.n1", register=False)
    before, key = b.lab.folder / "before.pem", b.lab.folder / "before.key"
    before.write_text(b.resolve("plc.site.n1", "node")[0]["gid"])
    key.write_bytes((b.lab.folder / "plc.site.n1.node" / "key.pem").read_bytes())
    n = joiner(b, "plc.site.n1")
    got = n.call("join", token=token, epoch="epoch-2", csr=n.csr())
    expect(got["gid"] != before.read_text(), "the GID is the same")
    text = b.alice.call("get_ticket", hrn="plc.site.sl", rspec=RSPEC, credentials=[b.alice.credential_on("slice", "plc.site.sl")])
    path = b.lab.folder / "again.ticket"
    path.write_text(text)
    for epoch, rule in (("epoch-2", None), ("epoch-1", "ticket-epoch")):
        said = json.loads(b.lab.ccfed("ticket", "verify", "--json", "--root", b.plc.gid, "--component",
                                      "urn:publicid:IDN+plc:site+node+n1", "--epoch", epoch, path).stdout)
        expect_equal(said.get("rule"), rule, f"a new ticket with {epoch}")
    b.refused("ConnectionKeyGIDMismatch", it.GidSigner(before, key), "resolve", credentials=[b.alice.credential()], **RESOLVE)


def no_node_ca(b):
    """Without it nobody joins."""
    token = token_for(b, "plc.site.j9")
    n = joiner(b, "plc.site.j9")
    why = n.refused("Forbidden", "join", token=token, epoch="e", csr=n.csr())
    expect("node-ca" in why.msg, why.msg)


def inventory(b):
    """A node tells of itself: what it says of another one changes nothing there."""
    query(b, "SELECT 1")
    nodes = {}
    for name in ("a", "b"):
        n = b.node(f"plc.site.inv{name}")
        folder = b.lab.folder / f"bus-{name}"
        (folder / "private").mkdir(parents=True)
        (folder / "node.crt").write_text(n.joined["certificate"])
        (folder / "private" / "node.key").write_bytes(n.key.read_bytes())
        nodes[name] = it.Signer(folder, "node")
    mine = "SELECT inventory FROM node JOIN record ON record.id = node.record WHERE record.name = ?"

    def tell(signer, **fields):
        frames = it.message("pub.inventory", it.body_of("pub.inventory", **fields), signer)
        b.dealer.send(frames)
    about_b = {"hrn": "plc.site.invb", "urn": "urn:publicid:IDN+plc:site+node+invb", "node": "plc.site.invb", "name": "plc.site.invb"}
    tell(nodes["a"], cores=666, **about_b)
    wait_until(lambda: '"cores":666' in query(b, mine, "plc.site.inva")[0][0].replace(" ", ""), "the inventory of a")
    expect_equal(query(b, mine, "plc.site.invb"), [("",)], "inventory of b")
    # neither a service, nor a node of another realm, nor somebody who has the GID only
    def ended(figures):
        return sum(figures.get(f"count.{how}", 0) for how in ("ok", "dropped", "crashed"))
    before = ended(b.server.fresh_stats())
    tell(b.lab.signer("client"), cores=667, **about_b)
    tell(b.busnode, cores=668, **about_b)
    tell(b.alice.signer, cores=669, **about_b)
    tell(nodes["b"], cores=4)
    b.server.wait_stats(lambda s: ended(s) >= before + 4, "all four to be done with")
    wait_until(lambda: '"cores":4' in query(b, mine, "plc.site.invb")[0][0].replace(" ", ""), "the inventory of b")
    expect('"cores":666' in query(b, mine, "plc.site.inva")[0][0].replace(" ", ""), "inventory of a")
    everything = str(query(b, "SELECT inventory FROM node"))
    expect(not re.search(r'"cores": ?66[789]', everything), f"somebody else's word: {everything[:300]}")
    # his bus certificate speaks for no user, and is no caller
    b.refused("Forbidden", nodes["a"], "resolve", credentials=[b.alice.credential()], **RESOLVE)
    b.refused("Forbidden", nodes["a"], "create_user_credential")
    refused_by_gate(b, "caller.forbidden", "caller", nodes["a"], "resolve", caller=caller(*b.alice.certs()),
                    credentials=[b.alice.credential()], **RESOLVE)
    # nor does it know his credential on himself from that of his GID
    kind, body = b.ask(nodes["a"], "get_self_credential", hrn="plc.site.inva", type="node")
    expect(kind == "error" and body["fault"] in ("ConnectionKeyGIDMismatch", "Forbidden"), f"get_self_credential by a bus certificate: {body}")


def nodes(lab):
    b = bed(lab)
    yield from parts(("join", join_once, b), ("refused", join_refused, b), ("tickets", tickets, b), ("tickets-refused", tickets_refused, b),
                     ("many-attributes", many_attributes, b), ("lost-state", lost_state, b))
    for name, function in (("tokens", tokens_in_the_store), ("inventory", inventory)):
        if b.store.startswith("sqlite:"):
            yield name, attempt(function, b)
    b.check()


def nodes_without_ca(lab):
    b = bed(lab, **{"node-ca": ""})
    yield from parts(("join", no_node_ca, b))


# -- by another clock -------------------------------------------------------------------------------------------------

def token_after_a_day(lab):
    """A token is good for 24 h."""
    build = os.environ.get("CCFED_SWITCH_BUILD")
    if not build:
        raise Skip("CCFED_SWITCH_BUILD names no build with -Dtest_clock=true")
    lab.ccserver = pathlib.Path(build).resolve() / "ccserver" / "ccserver"
    offset = lab.folder / "offset"
    offset.write_text("0")
    os.environ["CCFED_TEST_CLOCK"] = str(offset)
    try:
        b = bed(lab)
    finally:
        del os.environ["CCFED_TEST_CLOCK"]
    tokens = [token_for(b, f"plc.site.d{n}") for n in range(2)]

    def join_at(n, seconds):
        offset.write_text(str(seconds))
        who = joiner(b, f"plc.site.d{n}")
        # until the server has looked at the file its time is another one, and the message is too old or too new
        def ask():
            kind, body = b.ask(who.signer, "join", token=tokens[n], epoch="e", csr=who.csr(), time=time.time() + seconds)
            return None if body.get("code") == "stale" else (kind, body)
        return wait_until(ask, "the server's clock to have moved")
    kind, body = join_at(0, 86400 - 120)
    expect_equal((kind, body["value"]["hrn"] if kind != "error" else body), ("reply.reg.join", "plc.site.d0"), "just before")
    kind, body = join_at(1, 86400 + 120)
    expect_equal((kind, body.get("fault")), ("error", "Forbidden"), "just after")
    expect("token" in body["msg"], body["msg"])


if __name__ == "__main__":
    it.main(callers, nodes, nodes_without_ca, token_after_a_day)
