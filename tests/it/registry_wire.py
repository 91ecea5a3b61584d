#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The 41 calls that were recorded with the Python SFA, made anew: same names, same order, alike answers; its holes are shut.

What is expected of each stands here. Where ../shared is, each answer is also held against the recorded one.
"""
import datetime
import json
import re
import subprocess
import xmlrpc.client

import ccfed_it as it
from ccfed_it import SOURCE, Failure, Skip, expect, expect_equal
from registry_it import PEM, Bed, Principal, Refused

RECORDED = SOURCE.parent / "shared" / "vectors" / "sfa" / "wire"
# what the recorded text of a fault says, and the class that says it here (spec sfa 4.5)
FAULTS = (
    ("Permission error", "PermissionError"), ("InsufficientRights", "InsufficientRights"),
    ("ConnectionKeyGIDMismatch", "ConnectionKeyGIDMismatch"), ("Connection Key GID mismatch", "ConnectionKeyGIDMismatch"),
    ("Missing authority", "MissingAuthority"), ("Unknown SFA Type", "UnknownSfaType"), ("Existing record", "ExistingRecord"),
    ("Record not found", "RecordNotFound"), ("no credential provided", "Forbidden"), ("Expected 2-3 arguments", "InvalidArgument"),
    ("Invalid xrn value", "InvalidArgument"), ("Unable to verify credential", "CredentialNotVerifiable"),
    ("Invalid method", "InvalidAPIMethod"))
# calls that the original let through (outcome ok) and ours must refuse
HOLES = ("CreateGid_escalate", "FORGED_register", "FORGED_remove", "TAKEOVER_getcred", "TAKEOVER_update",
         "TAKEOVER_self_as_victim", "TAKEOVER_remove")
# keys of an answer that ours may have besides; and keys whose values are their own everywhere
MORE = {"uuid", "expires", "email", "reg-pis", "reg-operators", "attributes", "name", "description", "url", "geni_info", "pl_info"}
OWN = {"gid", "record_id", "date_created", "last_updated", "reg-keys", "hostname", "code_tag", "code_url"}
CHAIN = {"user": 3, "slice": 3, "authority": 2}  # certificates of a GID of plc.site
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


# -- those who call ---------------------------------------------------------------------------------------------------

class World:
    """plc with plc.site and plc.sitex, and those who spoke in the recording."""

    def __init__(self, lab):
        self.lab = lab
        b = self.bed = Bed(lab).start()
        self.plc, self.site = b.plc, b.authority("plc.site")
        b.authority("plc.sitex")
        # RSA for bob: what he forges says so in the places that it is made of
        self.alice, self.bob, self.eve = (b.user(hrn, bits=bits, email=mail) for hrn, mail, bits in (
            ("plc.site.alice", "alice@site.org", None), ("plc.site.bob", "bob@site.org", 2048),
            ("plc.sitex.eve", "eve@sitex.org", None)))
        b.slice("plc.site.sl1", "plc.site.alice", "plc.site.bob")
        b.slice("plc.site.sl2", "plc.site.alice")
        b.plc.call("update", record={"hrn": "plc.site", "type": "authority", "reg-pis": ["plc.site.alice"]},
                   credentials=[b.plc.credential()])
        self.site_credential = self.alice.credential_on("authority", "plc.site")
        self.dave = Principal(b, "plc.site.dave")
        self.mallory = self.victim = None

    def by(self, who, operation, **arguments):
        """What the operation answers, or a Refused."""
        try:
            return self.bed.call(who.signer, operation, **arguments)
        except Refused as why:
            return why

    def alice_asks(self, operation, **arguments):
        return self.by(self.alice, operation, **{"credentials": [self.alice.credential()], **arguments})

    def site_asks(self, operation, **arguments):
        """Alice with her credential on the site."""
        return self.by(self.alice, operation, **{"credentials": [self.site_credential], **arguments})

    def of_self_signed(self, who, operation, **arguments):
        """The same as somebody who has no GID at hand, only his key."""
        return self.by(Holder(it.GidSigner(who.self_signed, who.key)), operation, **arguments)

    def forged(self):
        """Bob's grant on plc to himself: his key in front, the authority's certificate behind it (spec sfa 0.3)."""
        text = self.bed.grant(self.bob.gid, self.plc.gid, "authority", "sa", "ma")
        certificate = re.search(r"<X509Data>.*?</X509Data>", text, re.S).group()
        blank = re.sub(r"<DigestValue>.*?</DigestValue>", "<DigestValue/>", text, flags=re.S)
        blank = re.sub(r"<SignatureValue>.*?</SignatureValue>", "<SignatureValue/>", blank, flags=re.S)
        blank = re.sub(r"<KeyInfo>.*?</KeyInfo>", "<KeyInfo><KeyValue/></KeyInfo>", blank, flags=re.S)
        path = self.lab.folder / "forged.xml"
        path.write_text(blank)
        done = self.lab.run("xmlsec1", "--sign", "--privkey-pem", self.bob.key, "--node-id", "Sig_ref0", path)
        expect_equal(done.returncode, 0, f"xmlsec1 --sign: {done.stderr}")
        forged = re.sub(r"</KeyInfo>", certificate + "</KeyInfo>", done.stdout)
        expect(forged.index("<KeyValue>") < forged.index("<X509Data>"), "the key is not in front of the certificate")
        path.write_text(forged)
        if "1.2." in self.lab.run("xmlsec1", "--version").stdout:
            done = self.lab.run("xmlsec1", "--verify", "--trusted-pem", self.plc.gid, "--node-id", "Sig_ref0", path)
            expect_equal(done.returncode, 0, f"xmlsec1 1.2 does not fall for the forgery: {done.stderr}")
        return forged

    def let_mallory_in(self):
        """Registered users; mallory at first speaks by a self-signed certificate of his key."""
        if self.mallory is None:
            self.mallory, self.victim = self.bed.user("plc.site.mallory"), self.bed.user("plc.site.victim")
        return self.mallory


class Holder:
    """Who signs in a way of his own."""

    def __init__(self, signer):
        self.signer = signer


# -- the calls --------------------------------------------------------------------------------------------------------

def must_refuse(got, fault, rule=None, what="the call"):
    """Refused, and for this reason."""
    expect(isinstance(got, Refused), f"{what} was not refused: {str(got)[:200]}")
    expect_equal((got.fault, got.rule), (fault, rule), f"{what}: {got.msg}")
    return got


def takeover_getcred(w):
    """As recorded, by a self-signed certificate: he is nobody. With his GID: he is not the victim."""
    m = w.let_mallory_in()
    mine = m.credential()
    must_refuse(w.of_self_signed(m, "get_credential", hrn="plc.site.victim", type="user", credentials=[mine]),
                "Forbidden", "cert-name", "with a self-signed certificate")
    w.lab.openssl("req", "-new", "-x509", "-key", m.key, "-subj", "/CN=plc.site.mallory", "-days", "30", "-addext",
                  "subjectAltName=URI:urn:publicid:IDN+plc:site+user+mallory", "-out", m.folder / "named.pem")
    named = Holder(it.GidSigner(m.folder / "named.pem", m.key))
    must_refuse(w.by(named, "get_credential", hrn="plc.site.victim", type="user", credentials=[mine]), "Forbidden",
                "chain-root", "with one that has his name")
    return w.by(m, "get_credential", hrn="plc.site.victim", type="user", credentials=[mine])


def takeover_update(w):
    """His own credential is not on the victim; one on the victim that the victim handed him does not change the key."""
    m = w.let_mallory_in()
    record = {"hrn": "plc.site.victim", "type": "user", "email": "v@e.f", "reg-keys": [m.ssh_key()]}
    must_refuse(w.of_self_signed(m, "update", record=record, credentials=[m.credential()]), "Forbidden", "cert-name",
                "with a self-signed certificate")
    fresh = Principal(w.bed, "plc.site.fresh")
    handed = w.bed.delegate(w.victim, w.victim.credential(), m)
    must_refuse(w.by(m, "update", record={**record, "reg-keys": [fresh.ssh_key()]}, credentials=[handed]), "PermissionError",
                what="update of the key with a delegated credential")
    must_refuse(w.by(m, "create_gid", hrn="plc.site.victim", type="user", key=fresh.public_key(), credentials=[handed]),
                "PermissionError", what="create_gid with a delegated credential")
    must_refuse(w.by(m, "create_gid", hrn="plc.site.victim", type="user", key=fresh.csr(), credentials=[handed]),
                "PermissionError", what="create_gid by CSR with a delegated credential")
    return w.by(m, "update", record=record, credentials=[m.credential()])


def takeover_self(w):
    m = w.let_mallory_in()
    got = w.by(m, "get_self_credential", hrn="plc.site.victim", type="user")
    must_refuse(got, "ConnectionKeyGIDMismatch", what="by his GID")
    return w.of_self_signed(m, "get_self_credential", hrn="plc.site.victim", type="user")


def takeover_remove(w):
    m = w.let_mallory_in()
    must_refuse(w.of_self_signed(m, "remove", hrn="plc.site.victim", type="user", credentials=[m.credential()]),
                "Forbidden", "cert-name", "with a self-signed certificate")
    got = w.by(m, "remove", hrn="plc.site.victim", type="user", credentials=[m.credential()])
    expect_equal([r["hrn"] for r in w.bed.resolve("plc.site.victim", "user")], ["plc.site.victim"], "who is there still")
    expect(w.victim.public_key() == w.lab.openssl("x509", "-in", w.bed.gid_of("plc.site.victim", "user"), "-noout",
                                                  "-pubkey").decode(), "the victim's GID has another key")
    return got


def forged_register(w):
    got = w.by(w.bob, "register", record={"hrn": "plc.owned", "type": "authority"}, credentials=[w.forged()])
    must_refuse(w.by(w.plc, "resolve", hrns=["plc.owned"], credentials=[w.plc.credential()]), "RecordNotFound",
                what="what was registered by forgery")
    return got


def forged_remove(w):
    """On an authority that is there: it is there afterwards."""
    w.bed.authority("plc.owned")
    got = w.by(w.bob, "remove", hrn="plc.owned", type="authority", credentials=[w.forged()])
    expect_equal(w.bed.resolve("plc.owned", "authority")[0]["hrn"], "plc.owned", "what was not removed")
    return got


def register_dave(w):
    return w.site_asks("register", record={"hrn": "plc.site.dave", "type": "user", "email": "d@e.f",
                                           "reg-keys": [w.dave.ssh_key()]})


def update_slice(w):
    """Bob is a researcher already: he is none first, so that something changes."""
    record = {"hrn": "plc.site.sl1", "type": "slice", "reg-researchers": ["plc.site.alice"]}
    expect_equal(w.site_asks("update", record=record), 1, "bob is none")
    must_refuse(w.by(w.bob, "get_credential", hrn="plc.site.sl1", type="slice", credentials=[w.bob.credential()]),
                "PermissionError", what="a credential for bob")
    return w.site_asks("update", record={**record, "reg-researchers": ["plc.site.alice", "plc.site.bob"]})


# name, what is called, the fault and the rule, or what judges the value
def calls():
    return [
        ("GetVersion", lambda w: w.by(w.alice, "get_version"), is_version),
        ("GetSelfCredential", lambda w: w.of_self_signed(w.alice, "get_self_credential", hrn="plc.site.alice", type="user"),
         is_credential("plc.site.alice", "user", "refresh,resolve,info")),
        ("Resolve", lambda w: w.alice_asks("resolve", hrns="plc.site.alice", options={}), are_records("plc.site.alice")),
        ("Resolve_urn_list", lambda w: w.alice_asks("resolve", hrns=["urn:publicid:IDN+plc:site+slice+sl1", "plc.site"],
                                                    options={"details": True}), are_records("plc.site", "plc.site.sl1")),
        ("List", lambda w: w.alice_asks("list", hrn="plc.site", options={}),
         are_records("plc.site.alice", "plc.site.bob", "plc.site.sl1", "plc.site.sl2")),
        ("GetCredential_slice", lambda w: w.alice_asks("get_credential", hrn="plc.site.sl1", type="slice"),
         is_credential("plc.site.sl1", "slice", "refresh,embed,bind,control,info")),
        ("GetGids_insufficient", lambda w: w.alice_asks("get_gids", hrns=["plc.site.alice"]),
         ("InsufficientRights", "rights-operation")),
        ("GetGids", lambda w: w.site_asks("get_gids", hrns=["plc.site.alice"]), are_gids("plc.site.alice")),
        ("get_trusted_certs", lambda w: w.by(w.alice, "get_trusted_certs", credentials=None), are_roots),
        ("Register_user", register_dave, is_gid("plc.site.dave", "user")),
        ("Register_dup", lambda w: w.site_asks("register", record={"hrn": "plc.site.dave", "type": "user", "email": "d@e.f"}),
         "ExistingRecord"),
        ("Register_insufficient", lambda w: w.alice_asks("register", record={"hrn": "plc.site.x", "type": "slice"}),
         ("InsufficientRights", "rights-operation")),
        ("Register_outside", lambda w: w.site_asks("register", record={"hrn": "plc.sitex.x", "type": "slice"}),
         "PermissionError"),
        ("Register_badtype", lambda w: w.site_asks("register", record={"hrn": "plc.site.x", "type": "gizmo"}),
         "UnknownSfaType"),
        ("Register_noauth", lambda w: w.site_asks("register", record={"hrn": "plc.site.nosuch.x", "type": "slice"}),
         "MissingAuthority"),
        ("Update_slice", update_slice, has_researchers),
        ("Update_missing", lambda w: w.site_asks("update", record={"hrn": "plc.site.zzz", "type": "slice"}),
         "RecordNotFound"),
        ("Resolve_missing", lambda w: w.alice_asks("resolve", hrns="plc.site.zzz"), "RecordNotFound"),
        ("List_unknown_auth", lambda w: w.alice_asks("list", hrn="plc.zzz"), "MissingAuthority"),
        ("List_other_root", lambda w: w.alice_asks("list", hrn="foo.zzz"), "MissingAuthority"),
        ("Remove", lambda w: w.site_asks("remove", hrn="plc.site.dave", type="user"), is_one),
        ("Remove_again", lambda w: w.site_asks("remove", hrn="plc.site.dave", type="user"), "RecordNotFound"),
        ("no_cred", lambda w: w.alice_asks("resolve", hrns="plc.site.alice", credentials=[]), "Forbidden"),
        ("garbage_cred", lambda w: w.alice_asks("resolve", hrns="plc.site.alice", credentials="<x/>"),
         "CredentialNotVerifiable"),
        ("wrong_peer_key", lambda w: w.by(w.eve, "resolve", hrns="plc.site.alice", credentials=[w.alice.credential()]),
         ("ConnectionKeyGIDMismatch", "caller-key")),
        ("argcount", lambda w: w.by(w.alice, "resolve", credentials=[w.alice.credential()]), "InvalidArgument"),
        ("argtype", lambda w: w.alice_asks("list", hrn=5), "InvalidArgument"),
        ("nomethod", lambda w: w.by(w.alice, "foo"), "InvalidAPIMethod"),
        ("aggregate_only", lambda w: w.alice_asks("list_resources", options={}), "InvalidAPIMethod"),
        ("CreateGid", lambda w: w.alice_asks("create_gid", hrn="plc.site.alice", key=w.alice.public_key()),
         is_gid("plc.site.alice", "user", "alice")),
        ("self_wrongkey", lambda w: w.of_self_signed(w.alice, "get_self_credential", hrn="plc.site.bob", type="user"),
         "ConnectionKeyGIDMismatch"),
        ("GetCredential_norights", lambda w: w.alice_asks("get_credential", hrn="plc", type="authority"), "PermissionError"),
        ("FORGED_register", forged_register, ("CredentialRefused", "sig-value")),
        ("FORGED_remove", forged_remove, ("CredentialRefused", "sig-value")),
        ("CreateGid_escalate", lambda w: w.alice_asks("create_gid", hrn="urn:publicid:IDN+plc:site:alice+authority+sa",
                                                      key=w.alice.public_key()), "PermissionError"),
        ("List_star", lambda w: w.alice_asks("list", hrn="plc.sit*", options={}), "MissingAuthority"),
        ("List_recursive_prefix", lambda w: w.alice_asks("list", hrn="plc.site", options={"recursive": True}),
         are_records("plc.site", "plc.site.alice", "plc.site.bob", "plc.site.sl1", "plc.site.sl2")),
        ("TAKEOVER_getcred", takeover_getcred, "PermissionError"),
        ("TAKEOVER_update", takeover_update, "PermissionError"),
        ("TAKEOVER_self_as_victim", takeover_self, "ConnectionKeyGIDMismatch"),
        ("TAKEOVER_remove", takeover_remove, "PermissionError"),
    ]


# -- what a value must be ---------------------------------------------------------------------------------------------

def is_one(_, value):
    expect_equal(value, 1, "value")


def is_version(_, value):
    expect_equal({k: value.get(k) for k in ("interface", "sfa", "hrn", "urn", "peers")},
                 {"interface": "registry", "sfa": 3, "hrn": "plc", "urn": "urn:publicid:IDN+plc+authority+sa", "peers": {}},
                 "version")
    expect(isinstance(value["hostname"], str) and isinstance(value["code_tag"], str), f"version: {value}")


def is_credential(hrn, kind, rights):
    """Verified by the roots that everybody has, for its owner, with exactly these rights."""
    def judge(w, value):
        path = w.lab.folder / "value.cred"
        path.write_text(value)
        done = w.lab.ccfed("cred", "verify", "--json", "--root", w.plc.gid, "--caller", w.alice.gid, path)
        said = json.loads(done.stdout)
        expect(said["valid"], f"the credential: {said}")
        shown = w.lab.ccfed("cred", "show", path).stdout
        lines = shown.splitlines()
        expect_equal((lines[0], lines[1].strip()), (f"CREDENTIAL {hrn}", f"privs: {rights}"), "the credential")
        auth, _, leaf = hrn.rpartition(".")
        urn = f"urn:publicid:IDN+{auth.replace('.', ':')}+{kind}+{leaf}"
        expect_equal(re.findall("<(?:owner|target)_urn>(.*?)<", value),
                     ["urn:publicid:IDN+plc:site+user+alice", urn], "owner and target")
        expect("<can_delegate>false" not in value, "a right may not be delegated")
    return judge


def check_gid(w, text, hrn, kind):
    """A chain up to the root, for this name."""
    expect_equal(len(PEM.findall(text)), CHAIN[kind], f"certificates of the GID of {hrn}")
    path = w.lab.folder / "value.gid"
    path.write_text(text)
    done = w.lab.ccfed("gid", "verify", "--json", "--root", w.plc.gid, path)
    expect_equal(done.returncode, 0, f"the GID of {hrn}: {done.stdout}{done.stderr}")
    text = w.lab.ccfed("gid", "verify", "--root", w.plc.gid, path).stdout
    expect(re.search(rf"^hrn: +{re.escape(hrn)}$", text, re.M) and re.search(rf"^type: +{kind}$", text, re.M), text)
    return path


def is_gid(hrn, kind, whose=None):
    def judge(w, value):
        path = check_gid(w, value, hrn, kind)
        holder = getattr(w, whose or hrn.rpartition(".")[2])
        expect_equal(w.lab.openssl("x509", "-in", path, "-noout", "-pubkey").decode(), holder.public_key(), "key of the GID")
        ca = w.lab.openssl("x509", "-in", path, "-noout", "-ext", "basicConstraints").decode()
        expect("CA:FALSE" in ca, f"a user's GID: {ca}")
    return judge


def are_gids(*hrns):
    def judge(w, value):
        expect_equal([sorted(v) for v in value], [["gid", "hrn", "type"]] * len(hrns), "keys")
        expect_equal([(v["hrn"], v["type"]) for v in value], [(h, "user") for h in hrns], "names")
        for v in value:
            check_gid(w, v["gid"], v["hrn"], v["type"])
    return judge


def are_roots(w, value):
    expect_equal([v.split() for v in value], [w.plc.gid.read_text().split()], "trusted certificates")


RECORDS = {
    "plc.site.alice": {"type": "user", "email": "alice@site.org", "reg-pi-authorities": ["plc.site"],
                       "reg-slices": ["plc.site.sl1", "plc.site.sl2"], "reg-urn": "urn:publicid:IDN+plc:site+user+alice"},
    "plc.site.bob": {"type": "user", "email": "bob@site.org", "reg-pi-authorities": [],
                     "reg-urn": "urn:publicid:IDN+plc:site+user+bob", "reg-slices": ["plc.site.sl1"]},
    "plc.site": {"type": "authority", "reg-pis": ["plc.site.alice"], "authority": "plc",
                 "reg-urn": "urn:publicid:IDN+plc:site+authority+sa"},
    "plc.site.sl1": {"type": "slice", "reg-urn": "urn:publicid:IDN+plc:site+slice+sl1",
                     "reg-researchers": ["plc.site.alice", "plc.site.bob"]},
    "plc.site.sl2": {"type": "slice", "reg-urn": "urn:publicid:IDN+plc:site+slice+sl2",
                     "reg-researchers": ["plc.site.alice"]},
}


def are_records(*hrns):
    def judge(w, value):
        expect_equal(sorted(r["hrn"] for r in value), sorted(hrns), "records")
        for r in value:
            wanted = {"authority": "plc.site", "pointer": -1, "peer_authority": None, "classtype": RECORDS[r["hrn"]]["type"],
                      **RECORDS[r["hrn"]]}
            expect_equal({k: sorted(r[k]) if isinstance(r.get(k), list) else r.get(k, "absent") for k in wanted}, wanted,
                         f"record of {r['hrn']}")
            check_gid(w, r["gid"], r["hrn"], r["type"])
            expect(isinstance(r["record_id"], int) and RFC3339.match(r["date_created"]) and RFC3339.match(r["last_updated"]),
                   f"record of {r['hrn']}: {r['record_id']}, {r['date_created']}, {r['last_updated']}")
    return judge


def has_researchers(w, value):
    expect_equal(value, 1, "value")
    expect_equal(sorted(w.bed.resolve("plc.site.sl1", "slice")[0]["reg-researchers"]), ["plc.site.alice", "plc.site.bob"],
                 "researchers")
    # that he is one is what gives him the credential
    expect("signed-credential" in w.bob.credential_on("slice", "plc.site.sl1"), "no credential for bob")


# -- beside the recording ---------------------------------------------------------------------------------------------

def recorded():
    """{name: (request, answer or Fault, should)}"""
    def answer(text):
        try:
            return xmlrpc.client.loads(text)[0][0]
        except xmlrpc.client.Fault as fault:
            return fault
    index = json.loads((RECORDED / "index.json").read_text())
    return {row["name"]: (xmlrpc.client.loads((RECORDED / row["request"]).read_bytes())[0],
                          answer((RECORDED / row["response"]).read_bytes()), row["should"]) for row in index}


def form(value):
    """What is left of a value that is each registry's own."""
    if isinstance(value, (xmlrpc.client.DateTime, datetime.datetime)) or isinstance(value, str) and RFC3339.match(value):
        return "date"
    if isinstance(value, str):
        pems = len(PEM.findall(value))
        if pems:
            return f"{pems} certificates"
        if "<signed-credential" in value:
            return f"credential {re.findall('<(?:owner|target)_urn>(.*?)<', value)} {re.findall('<name>(.*?)<', value)}"
        if value.startswith(("ssh-", "ecdsa-")):
            return "ssh key"
    return type(value).__name__


def alike(ours, theirs, where, own=False):
    """Values are the same, but dates, keys, ids and certificates only by form."""
    if isinstance(theirs, dict):
        missing = set(theirs) - set(ours)
        extra = set(ours) - set(theirs) - MORE
        expect(not missing and not extra, f"{where}: without {sorted(missing)}, besides {sorted(extra)}")
        for key in set(theirs) & set(ours):
            alike(ours[key], theirs[key], f"{where}.{key}", key in OWN)
        return
    if isinstance(theirs, list):
        order = sorted if not theirs or not isinstance(theirs[0], dict) else lambda v: sorted(v, key=lambda r: r["hrn"])
        expect_equal(len(ours), len(theirs), f"{where}: length")
        for n, (a, b) in enumerate(zip(order(ours), order(theirs))):
            alike(a, b, f"{where}[{n}]", own)
        return
    a, b = form(ours), form(theirs)
    expect_equal(a, b, where)
    if not own and a in ("str", "int", "bool", "NoneType"):
        expect_equal(ours, theirs, where)


def against(name, got, record):
    _, theirs, should = record
    if name in HOLES:
        expect(should == "fault" and not isinstance(theirs, xmlrpc.client.Fault), f"recorded as {should}")
        return
    if isinstance(theirs, xmlrpc.client.Fault):
        classes = [ours for text, ours in FAULTS if text in theirs.faultString]
        expect_equal(classes[:1], [getattr(got, "fault", None)], f"{theirs.faultString}: its class")
        return
    expect(not isinstance(got, Refused), f"refused ({got}), but was recorded as answered")
    alike(got, theirs, name)


# -- tests ------------------------------------------------------------------------------------------------------------

def judge(world, got, wanted):
    if callable(wanted):
        expect(not isinstance(got, Refused), f"refused: {got}")
        wanted(world, got)
    else:
        must_refuse(got, *([wanted] if isinstance(wanted, str) else wanted))


def attempt(function, *arguments):
    try:
        function(*arguments)
    except (Failure, KeyError, TypeError, AttributeError, subprocess.SubprocessError) as why:
        return why if isinstance(why, Failure) else Failure(f"{type(why).__name__}: {why}")
    return None


ANSWERS = {}  # of the calls, for the comparison


def call(lab):
    """Each call in the order of the recording."""
    world = World(lab)
    rows = calls()
    expect_equal(len(rows), 41, "calls")
    for name, how, wanted in rows:
        try:
            ANSWERS[name] = how(world)
            problem = attempt(judge, world, ANSWERS[name], wanted)
        except Failure as why:
            problem = why
        yield name, problem
    world.bed.check()


def like_the_recording(lab):
    """The same answers held against the recorded ones."""
    if not (RECORDED / "index.json").exists():
        raise Skip("the recordings are not here")
    if not ANSWERS:
        raise Skip("the calls were not made")
    records = recorded()
    expect_equal(sorted(records), sorted(ANSWERS), "names of the recorded calls")
    for name, got in ANSWERS.items():
        yield name, attempt(against, name, got, records[name])


if __name__ == "__main__":
    it.main(call, like_the_recording)
