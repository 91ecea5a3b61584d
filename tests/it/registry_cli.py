#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a user does with the registry: the first run, credentials that are fetched and kept, the commands of one word.

The registry is one of the test's own (FakeRegistry): it judges signatures with the program openssl, keeps records in a
dictionary, and makes GIDs and credentials with `ccfed gid make` and `ccfed cred make`. Tests ask it for nothing but
`seed`, `url` and `ca`; what else it knows (asked, refuse) is looked at only where `fake` is true, so that another
registry can take its place.
"""
import base64
import hashlib
import json
import os
import re
import stat
import subprocess
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, main

HRN, PI, SITE = "plc.site.alice", "plc.site.pi", "plc.site"
DAY = 86400
RIGHTS = {"slice": "refresh,embed,bind,control,info", "user": "refresh,resolve,info", "authority": "authority,sa"}


def parent(hrn):
    return hrn.rpartition(".")[0]


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Refusal(Exception):
    def __init__(self, fault, code, text, **more):
        super().__init__(text)
        self.body = {"fault": fault, "code": code, "msg": text, **more}


class FakeRegistry:
    fake = True
    page = 2  # records of one answer of list

    def __init__(self, lab):
        self.lab = lab
        self.folder = lab.folder / "registry"
        self.folder.mkdir()
        self.authorities = self.folder / "authorities"
        self.records = {}
        self.asked = []  # (type, body, number of certificates)
        self.refuse = []  # refusals to come
        self.days = 31
        self.tokens, self.joined, self.spoil = {}, {}, {}
        for hrn in ("plc", SITE):
            self.made("authority", "create", "--p256", "--dir", self.authorities, hrn)
            self.records[hrn, "authority"] = {"gid": (self.authorities / hrn.replace(".", "/") / f"{hrn.rpartition('.')[2]}.gid").read_text()}
        self.signer = it.Signer(lab.keys, "remote")
        self.remote = lab.fake_remote(self.answer)
        self.url, self.ca = self.remote.url, lab.keys / "ca.crt"

    def made(self, *arguments):
        done = self.lab.ccfed(*arguments)
        if done.returncode:
            raise Refusal("InvalidArgument", "bad-request", done.stderr.strip())
        return done.stdout

    # -- records

    def seed(self, kind, hrn, key=None, **fields):
        """A record, as one that is there already; key: file of a public key."""
        urn = f"urn:publicid:IDN+{parent(hrn).replace('.', ':')}+{kind}+{hrn.rpartition('.')[2]}"
        words = ["--public-key", key] if key else ["--new-key", self.folder / f"{hrn}.key", "--p256"]
        gid = self.made("gid", "make", "--authority", parent(hrn), "--dir", self.authorities, "--urn", urn, *words)
        self.records[hrn, kind] = {"gid": gid, **fields}

    def relate(self, hrn, kind, **fields):
        self.records[hrn, kind].update(fields)

    def record(self, hrn, kind):
        if (hrn, kind) not in self.records:
            raise Refusal("RecordNotFound", "not-found", f"no {kind} {hrn} here")
        return self.records[hrn, kind]

    def full(self, hrn, kind):
        record = self.record(hrn, kind)
        info = {"slice": {"researcher": record.get("reg-researchers", [])},
                "user": {"email": record.get("email", "")},
                "authority": {"pi": record.get("reg-pis", []), "operator": record.get("reg-operators", []), "owner": []},
                "node": {"dns": record.get("hostname", "")}}[kind]
        return {"pointer": -1, "geni_info": info, "pl_info": {}, **record, "hrn": hrn, "type": kind}

    # -- messages

    def answer(self, frames, send):
        route, (kind, body, sig) = it.split_route(frames)
        route, kind, asked = route + [b""], kind.decode(), json.loads(body)
        try:
            caller, certs = self.judge(body, sig)
            self.asked.append((kind, asked, certs))
            if self.refuse and self.refuse[0][0] in (kind, "*"):
                raise self.refuse.pop(0)[1]
            more = self.handle(kind.partition(".")[2], asked, caller)
            if not isinstance(more, tuple):
                more = (more, {})
            reply, fields = f"reply.{kind}", {"value": more[0], **more[1]}
        except Refusal as refusal:
            reply, fields = "error", {"req_type": kind, **refusal.body}
        text = it.body_of(reply, id=None, re=asked["id"], **fields)
        send(route + it.message(reply, text, self.signer)[1:])

    def judge(self, body, sig):
        """The signer's certificate as a file, and how many certificates came."""
        files = {name: self.folder / f"judged.{name}" for name in ("body", "sig", "signer", "certs")}
        files["body"].write_bytes(body)
        files["sig"].write_bytes(sig)
        done = subprocess.run(["openssl", "cms", "-verify", "-inform", "DER", "-binary", "-noverify", "-content", files["body"], "-in", files["sig"],
                               "-signer", files["signer"], "-certsout", files["certs"], "-out", os.devnull],
                              capture_output=True, check=False, timeout=it.PATIENCE)
        if done.returncode:
            raise Refusal("Forbidden", "denied", "the signature is not good")
        return files["signer"], files["certs"].read_text().count("BEGIN CERTIFICATE")

    def key_of(self, path):
        return self.lab.openssl("x509", "-in", path, "-noout", "-pubkey")

    def caller(self, path, asked, right):
        """Whose GID signed, when a credential of his that covers the right comes with it."""
        gid = json.loads(self.made("gid", "show", "--json", path))["levels"][0]
        chain = "".join(open(path.with_name("judged.certs"), encoding="ascii"))
        if not self.key_is_known(gid["hrn"], path) or chain.count("BEGIN") < 3:
            raise Refusal("Forbidden", "denied", "no good chain")
        for text in asked.get("credentials", []):
            cred = self.folder / "asked.cred"
            cred.write_text(text)
            done = self.lab.ccfed("cred", "verify", "--json", "--root", self.authorities / "plc" / "plc.gid", "--caller", path, "--op", right, cred)
            verdict = json.loads(done.stdout)
            if done.returncode:
                raise Refusal("CredentialRefused", "denied", verdict["reason"], rule=verdict["rule"])
            return gid["hrn"], verdict["target"]
        raise Refusal("Forbidden", "denied", "no credential")

    def key_is_known(self, hrn, path):
        record = self.records.get((hrn, "user"))
        if not record:
            return False
        mine = self.folder / "mine.gid"
        mine.write_text(record["gid"])
        return self.key_of(mine) == self.key_of(path)

    def credential(self, owner, hrn, kind, rights):
        files = []
        for name, text in (("owner", self.record(owner, "user")["gid"]), ("target", self.record(hrn, kind)["gid"])):
            files += [f"--{name}", self.folder / f"{name}.gid"]
            files[-1].write_text(text)
        return self.made("cred", "make", "--authority", parent(hrn) or hrn, "--dir", self.authorities, *files, "--privilege", rights,
                         "--expires", rfc3339(time.time() + self.days * DAY))

    def handle(self, op, asked, path):
        kind = {"sa": "authority", "ma": "authority"}.get(asked.get("type"), asked.get("type"))
        if op == "get_self_credential":
            self.record(asked["hrn"], kind)
            if not self.key_is_known(asked["hrn"], path):
                raise Refusal("ConnectionKeyGIDMismatch", "denied", "it is not your key")
            return self.credential(asked["hrn"], asked["hrn"], "user", RIGHTS["user"])
        if op == "join":
            return self.join(asked, path)
        right = {"register": "register", "node_token": "register", "create_gid": "update", "get_ticket": "getticket"}.get(op, op.replace("_", ""))
        hrn, target = self.caller(path, asked, right)
        return getattr(self, f"do_{op}")(asked, kind, hrn, target)

    # -- nodes

    def do_node_token(self, asked, kind, hrn, target):
        self.record(asked["hrn"], "node")
        self.over(target, asked["hrn"])
        self.tokens[os.urandom(8).hex()] = asked["hrn"]
        return list(self.tokens)[-1]

    def join(self, asked, path):
        """Once a token; the same operation is told the same."""
        if asked["op"] in self.joined:
            return self.joined[asked["op"]]
        if asked["token"] not in self.tokens:
            raise Refusal("Forbidden", "denied", "no such token")
        hrn = self.tokens.pop(asked["token"])
        csr, pub, cert, ext = (self.folder / f"join.{name}" for name in ("csr", "pub", "crt", "ext"))
        csr.write_text(asked["csr"])
        pub.write_bytes(self.lab.openssl("req", "-in", csr, "-verify", "-noout", "-pubkey"))
        if pub.read_bytes() != self.key_of(path):
            raise Refusal("Forbidden", "denied", "the request is of another key")
        self.seed("node", hrn, pub)
        urn = f"urn:publicid:IDN+{parent(hrn).replace('.', ':')}+node+{hrn.rpartition('.')[2]}"
        ext.write_text(f"subjectAltName=URI:{urn}\n")
        self.lab.openssl("x509", "-req", "-in", csr, "-CA", self.ca, "-CAkey", self.lab.keys / "private" / "ca.key", "-days", "9", "-extfile", ext, "-out", cert)
        self.joined[asked["op"]] = {
            "gid": self.records[hrn, "node"]["gid"], "certificate": cert.read_text(), "ca": self.ca.read_text(), "realm": "it.realm",
            "roots": [(self.authorities / "plc" / "plc.gid").read_text()]}
        self.joined[asked["op"]].update(self.spoil)
        return self.joined[asked["op"]]

    def do_resolve(self, asked, kind, hrn, target):
        names = asked["hrns"] if isinstance(asked["hrns"], list) else [asked["hrns"]]
        found = [self.full(h, k) for h, k in sorted(self.records) if h in names and kind in (None, k)]
        if not found and "plc.empty" not in names:
            raise Refusal("RecordNotFound", "not-found", f"{names[0]} is not here")
        return found

    def do_list(self, asked, kind, hrn, target):
        options = asked["options"]
        all_below = sorted(h for h, k in self.records if (h.startswith(asked["hrn"] + ".") if options["recursive"] else parent(h) == asked["hrn"]))
        rest = [h for h in all_below if h > options.get("after", "")]
        page = rest[:min(self.page, options["limit"])]
        records = [self.full(h, next(k for g, k in self.records if g == h)) for h in page]
        return records, {"next": page[-1]} if len(rest) > len(page) else {}

    def do_get_credential(self, asked, kind, hrn, target):
        record = self.record(asked["hrn"], kind)
        if hrn not in record.get("reg-pis", []) + record.get("reg-researchers", []):
            raise Refusal("PermissionError", "denied", f"{hrn} has nothing to do with {asked['hrn']}")
        return self.credential(hrn, asked["hrn"], kind, RIGHTS[kind])

    def over(self, target, hrn):
        name = target.replace("urn:publicid:IDN+", "").split("+")[0].replace(":", ".")
        if not hrn.startswith(name + "."):
            raise Refusal("PermissionError", "denied", f"{target} is not over {hrn}")

    def do_register(self, asked, kind, hrn, target):
        record = dict(asked["record"])
        name, kind = record.pop("hrn"), record.pop("type")
        self.over(target, name)
        if (name, kind) in self.records:
            raise Refusal("ExistingRecord", "conflict", f"{name} is there")
        key = record.pop("key", None) or "".join(record.get("reg-keys", [])[:1])
        path = self.folder / "key"
        path.write_text(key + "\n")
        self.seed(kind, name, path if key else None, **record)
        return self.records[name, kind]["gid"]

    def do_update(self, asked, kind, hrn, target):
        record = dict(asked["record"])
        name, kind = record.pop("hrn"), record.pop("type")
        self.record(name, kind).update(record)
        return 1

    def do_remove(self, asked, kind, hrn, target):
        self.record(asked["hrn"], kind)
        del self.records[asked["hrn"], kind]
        return 1

    def do_create_gid(self, asked, kind, hrn, target):
        path = self.folder / "key"
        path.write_text(asked["key"])
        old = self.record(asked["hrn"], kind)
        self.seed(kind, asked["hrn"], path)
        made, self.records[asked["hrn"], kind] = self.records[asked["hrn"], kind], old
        return made["gid"]

    def do_get_ticket(self, asked, kind, hrn, target):
        files = []
        for name, text in (("owner", self.record(hrn, "user")["gid"]), ("slice", self.record(asked["hrn"], "slice")["gid"])):
            files += [f"--{name}", self.folder / f"{name}.gid"]
            files[-1].write_text(text)
        rspec = self.folder / "rspec"
        rspec.write_text(asked["rspec"])
        return self.made("ticket", "make", "--authority", SITE, "--dir", self.authorities, *files, "--component",
                         "urn:publicid:IDN+plc:site+node+n1", "--epoch", "e1", "--rspec", rspec)


# -- a user -----------------------------------------------------------------------------------------------------------

class User:
    def __init__(self, lab, registry, hrn=HRN):
        self.lab, self.registry, self.hrn = lab, registry, hrn
        self.home = lab.folder / f"home-{hrn}"

    def run(self, *arguments, **options):
        return self.lab.ccfed(*arguments, "--home", self.home, "--cc", self.registry.url, "--ca", self.registry.ca, "--deadline", 30, "--hrn", self.hrn, **options)

    def good(self, *arguments, **options):
        done = self.run(*arguments, **options)
        expect_equal(done.returncode, 0, f"ccfed {' '.join(map(str, arguments))} ({done.stderr.strip()})")
        return done.stdout

    def refused(self, code, *arguments):
        done = self.run(*arguments)
        expect_equal((done.returncode, done.stdout), (code, ""), f"ccfed {' '.join(map(str, arguments))}")
        return done.stderr

    def first_run(self, *options):
        done = self.run("resolve", self.hrn, *options)
        expect_equal((done.returncode, done.stdout), (1, ""), "the first run")
        return done.stderr

    def registered(self, **fields):
        """As one whom a PI has registered."""
        self.first_run("--p256")
        self.registry.seed("user", self.hrn, self.home / "user.pub", **fields)
        return self


def people(lab):
    """A registry, a PI of plc.site, and alice, both registered."""
    registry = FakeRegistry(lab)
    pi = User(lab, registry, PI).registered()
    registry.relate(SITE, "authority", **{"reg-pis": [PI]})
    return registry, pi, User(lab, registry).registered(email="alice@example.net")


def kinds(registry):
    return [kind for kind, _, _ in registry.asked]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# -- tests ------------------------------------------------------------------------------------------------------------

def first_run(lab):
    """The first run makes a key, a certificate and a config, says what to do, and asks nobody."""
    registry = FakeRegistry(lab)
    user = User(lab, registry)
    said = user.first_run()
    expect("plc.site" in said and f"ccfed register user {HRN} --key user.pub" in said, f"what to do is not said: {said}")
    expect_equal(registry.asked, [], "requests of the first run")
    expect_equal((mode(user.home), mode(user.home / "user.key")), (0o700, 0o600), "modes of the folder and the key")
    expect(b"Public-Key: (2048 bit)" in lab.openssl("pkey", "-in", user.home / "user.pub", "-pubin", "-noout", "-text"), "no RSA-2048")
    lab.openssl("verify", "-CAfile", user.home / "user.crt", user.home / "user.crt")
    config = (user.home / "config").read_text()
    expect(f"\nhrn = {HRN}\n" in config and f"\ncc = {registry.url}\n" in config and f"\nca = {registry.ca}\n" in config, config)
    key = (user.home / "user.key").read_bytes()
    said = user.run("resolve", HRN)
    expect("RecordNotFound" in said.stderr and "is not registered" in said.stderr and said.returncode == 1, said.stderr)
    expect_equal((user.home / "user.key").read_bytes(), key, "the key after another run")
    expect_equal(kinds(registry), ["reg.get_self_credential"], "what a stranger asks")


def nobody_without_a_name(lab):
    """Without an HRN, an endpoint or a CA it says what is missing."""
    home = lab.folder / "h"
    done = lab.ccfed("resolve", HRN, "--home", home)
    expect(done.returncode == 1 and "--hrn HRN" in done.stderr and not home.exists(), done.stderr)
    lab.ccfed("resolve", HRN, "--home", home, "--hrn", HRN, "--p256")
    done = lab.ccfed("resolve", HRN, "--home", home)
    expect(done.returncode == 1 and "--cc URL" in done.stderr, done.stderr)
    done = lab.ccfed("resolve", HRN, "--home", home, "--cc", "tcp://127.0.0.1:1")
    expect(done.returncode == 1 and "--ca FILE.crt" in done.stderr, done.stderr)
    (home / "user.key").chmod(0o644)
    done = lab.ccfed("resolve", HRN, "--home", home)
    expect(done.returncode == 1 and "chmod 600" in done.stderr, done.stderr)
    done = lab.ccfed("resolve", "--home", home)
    expect_equal(done.returncode, 2, "no name")


def registered_then(lab):
    """Once registered, the next run gets the credential and the GID by itself, and keeps them."""
    registry, _, alice = people(lab)
    shown = alice.good("resolve", HRN)
    uuid = re.search(r"uuid: (\d+)\n", shown)
    expect(uuid, shown)
    expect_equal(shown, f"RESULT:\nRECORD {HRN}\n        hrn: {HRN}\n       type: user\n        gid:\n          hrn: {HRN}\n"
                 f"         uuid: {uuid.group(1)}\n    pointer: -1\n  geni_info:\n        email : alice@example.net\n    pl_info:\n", "the layout")
    expect_equal(kinds(registry), ["reg.get_self_credential", "reg.resolve"], "the first two requests")
    expect_equal([certs for _, _, certs in registry.asked], [1, 3], "certificates of the messages")
    expect_equal(mode(alice.home / "user.cred"), 0o600, "mode of the credential")
    before = len(registry.asked)
    record = json.loads(alice.good("resolve", HRN, "--json"))
    expect_equal(record[0]["email"], "alice@example.net", "--json")
    expect_equal(kinds(registry)[before:], ["reg.resolve"], "what the next run asks")
    # the config is enough, and so is the environment
    done = lab.ccfed("resolve", HRN, "--home", alice.home)
    expect_equal(done.returncode, 0, done.stderr)
    done = lab.ccfed("resolve", HRN, env={**os.environ, "CCFED_HOME": str(alice.home)})
    expect_equal(done.returncode, 0, done.stderr)


def layouts(lab):
    """The answers in the layouts of the design document."""
    _, pi, alice = people(lab)
    shown = alice.good("resolve", SITE)
    expect_equal(re.sub(r"uuid: \d+", "uuid: N", shown), "RESULT:\n" + "".join(
        f"RECORD {SITE}\n        hrn: {SITE}\n       type: {kind}\n        gid:\n          hrn: {SITE}\n         uuid: N\n"
        f"    pointer: -1\n  geni_info:\n{info}    pl_info:\n" for kind, info in (
            ("sa", f"        pi : {PI}\n"), ("ma", "        operator : none\n        owner : none\n"))), "an authority")
    expect_equal(alice.good("resolve", "plc.empty"), "NO RESULT\n", "nothing")
    outfile = lab.folder / "my.cred"
    shown = alice.good("getCredential", "user", HRN, "--outfile", outfile)
    expect_equal(re.sub(r"uuid: \d+", "uuid: N", shown), f"RESULT:\nCREDENTIAL {HRN}\n      privs: refresh,resolve,info\n  gidCaller:\n"
                 f"          hrn: {HRN}\n         uuid: N\n  gidObject:\n          hrn: {HRN}\n         uuid: N\n   delegate: True\n", "a credential")
    expect_equal(mode(outfile), 0o600, "mode of --outfile")
    expect_equal(outfile.read_text(), (alice.home / "user.cred").read_text(), "--outfile")
    shown = pi.good("getCredential", "sa", SITE)
    expect(shown.startswith(f"RESULT:\nCREDENTIAL {SITE}\n      privs: authority,sa\n"), shown)
    expect((pi.home / f"authority-{SITE}.cred").exists(), "it is not kept")


def lists(lab):
    """list takes page after page."""
    registry, _, alice = people(lab)
    for name in ("a", "b", "c"):
        registry.seed("slice", f"{SITE}.{name}")
    shown = alice.good("list", SITE)
    expect_equal(re.findall(r"^RECORD (.*)$", shown, re.M), [f"{SITE}.{n}" for n in ("a", "alice", "b", "c", "pi")], "the names")
    expect_equal(kinds(registry).count("reg.list"), 3, "pages")
    expect_equal(len(json.loads(alice.good("list", "plc", "--recursive", "--json"))), 6, "--recursive")
    expect_equal(len(json.loads(alice.good("list", "--authority", SITE, "--json"))), 5, "the default authority")
    expect_equal(alice.good("list", f"{SITE}.a"), "NO RESULT\n", "nothing below")


def records(lab):
    """A PI registers, changes and removes; the credential is chosen, fetched once, and kept."""
    registry, pi, _ = people(lab)
    lab.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", lab.folder / "ed")
    lab.run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", lab.folder / "ec")
    shown = pi.good("register", "user", f"{SITE}.bob", "--email", "bob@example.net", "--key", "ec.pub", "--key", "ed.pub", "--field", "first_name=Bob")
    expect(re.fullmatch(rf"RESULT:\nGID {SITE}.bob\n          hrn: {SITE}.bob\n         uuid: \d+\n", shown), shown)
    record = registry.asked[-1][1]["record"]
    expect_equal([k.split()[0] for k in record["reg-keys"]], ["ecdsa-sha2-nistp256", "ssh-ed25519"], "the keys")
    expect_equal((record["email"], record["first_name"], "key" in record), ("bob@example.net", "Bob", False), "the record")
    pi.good("register", "slice", f"{SITE}.s1", "--researcher", HRN, "--researcher", PI, "--attribute", "image=debian", "--attribute", "a=b=c", "--expires", "2030-01-02T03:04:05Z")
    record = registry.asked[-1][1]["record"]
    expect_equal(record, {"hrn": f"{SITE}.s1", "type": "slice", "reg-researchers": [HRN, PI], "expires": "2030-01-02T03:04:05Z",
                          "attributes": [{"name": "image", "value": "debian"}, {"name": "a", "value": "b=c"}]}, "the record of a slice")
    expect_equal(kinds(registry).count("reg.get_credential"), 1, "credentials on the authority that were fetched")
    shown = pi.refused(1, "register", "user", f"{SITE}.bob", "--key", "ec.pub")
    expect_equal(shown, f"ccfed register: ExistingRecord: {SITE}.bob is there\n", "a refusal")
    pi.good("register", "node", f"{SITE}.n1", "--hostname", "n1.example.net", "--operator", PI, "--key", "ec.pub")
    record = registry.asked[-1][1]["record"]
    expect(record["key"].startswith("-----BEGIN PUBLIC KEY-----") and record["hostname"] == "n1.example.net" and record["reg-operators"] == [PI], record)
    expect_equal(pi.good("update", "user", f"{SITE}.bob"), "RESULT:\n1\n", "an update without change")
    expect_equal(registry.asked[-1][1]["record"], {"hrn": f"{SITE}.bob", "type": "user"}, "its record")
    pi.good("update", "slice", f"{SITE}.s1", "--researcher", "")
    expect_equal(registry.asked[-1][1]["record"]["reg-researchers"], [], "an empty list")
    expect_equal(pi.good("remove", "user", f"{SITE}.bob"), "RESULT:\n1\n", "remove")
    expect("no type" in pi.refused(2, "remove", "thing", f"{SITE}.bob"), "an unknown type")
    expect("private key: keep it" in pi.refused(1, "register", "node", f"{SITE}.n2", "--key", pi.home / "user.key"), "a private key")


def chooses(lab):
    """Whose credential: one's own, the slice's, the nearest authority's, or one above."""
    registry, pi, alice = people(lab)
    registry.seed("slice", f"{SITE}.s1", **{"reg-researchers": [HRN]})

    def fetched(user, *arguments):
        registry.asked.clear()
        user.run(*arguments)
        return [(body["type"], body["hrn"]) for kind, body, _ in registry.asked if kind == "reg.get_credential"]

    expect_equal(fetched(alice, "update", "user", HRN, "--email", "new@example.net"), [], "on oneself")
    expect_equal(fetched(alice, "update", "slice", f"{SITE}.s1"), [("slice", f"{SITE}.s1")], "of a researcher")
    expect_equal(fetched(pi, "update", "slice", f"{SITE}.s1"), [("slice", f"{SITE}.s1"), ("authority", SITE)], "of a PI")
    registry.relate(SITE, "authority", **{"reg-pis": []})
    registry.relate("plc", "authority", **{"reg-pis": [PI]})
    (pi.home / f"authority-{SITE}.cred").unlink()
    expect_equal(fetched(pi, "remove", "user", HRN), [("authority", SITE), ("authority", "plc")], "of one above")
    said = alice.refused(1, "register", "user", f"{SITE}.x", "--key", alice.home / "user.pub")
    expect_equal(said, f"ccfed register: RecordNotFound: no user {HRN} here\n", "of one who was removed")
    bob = User(lab, registry, f"{SITE}.bob").registered()
    said = bob.refused(1, "register", "user", f"{SITE}.x", "--key", bob.home / "user.pub")
    expect_equal(said, f"ccfed register: PermissionError: {SITE}.bob has nothing to do with {SITE}\n", "of nobody")


def refreshes(lab):
    """A credential that is kept is fetched again when it ends soon, and when it is refused."""
    registry, _, alice = people(lab)
    registry.days = 50 / DAY  # less than is asked of one that is kept
    done = alice.run("resolve", HRN)
    expect(done.returncode == 1 and "is no credential of this key" in done.stderr, done.stderr)
    registry.days = 2
    alice.good("resolve", HRN)
    for fault in ("CredentialRefused", "Forbidden"):
        registry.asked.clear()
        registry.refuse.append(("reg.resolve", Refusal(fault, "denied", "old", rule="cred-expired")))
        alice.good("resolve", HRN)
        expect_equal(kinds(registry), ["reg.resolve", "reg.get_self_credential", "reg.resolve"], f"after {fault}")
        expect(len({body["op"] for _, body, _ in registry.asked}) == 3, "an operation was sent twice")
    registry.refuse += [(("reg.resolve"), Refusal("CredentialRefused", "denied", "it has ended", rule="cred-expired"))] * 2
    said = alice.refused(1, "resolve", HRN)
    expect(said.startswith("ccfed resolve: CredentialRefused: it has ended\nby rule cred-expired; to do: "), said)
    registry.asked.clear()
    registry.refuse.append(("reg.resolve", Refusal("DBError", "busy", "later")))
    alice.good("resolve", HRN)
    expect_equal(len({body["op"] for kind, body, _ in registry.asked}), 1, "operations when it was busy")
    (alice.home / "user.gid").unlink()
    alice.good("resolve", HRN)
    expect((alice.home / "user.gid").exists(), "the GID is not fetched again")


def documents(lab):
    """getTicket and createGid."""
    registry, pi, alice = people(lab)
    registry.seed("slice", f"{SITE}.s1", **{"reg-researchers": [HRN]})
    (lab.folder / "rspec").write_text("<rspec/>")
    shown = alice.good("getTicket", f"{SITE}.s1", "--rspec", "rspec", "--outfile", "my.ticket")
    expect(shown.startswith(f"RESULT:\nTICKET {SITE}.s1\n") and "<rspec/>" in shown, shown)
    done = lab.ccfed("ticket", "verify", "--root", registry.authorities / "plc" / "plc.gid", "my.ticket")
    expect_equal(done.returncode, 0, done.stdout)
    lab.run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", lab.folder / "ec")
    shown = pi.good("createGid", HRN, "--key", "ec.pub", "--outfile", "new.gid")
    expect(shown.startswith(f"RESULT:\nGID {HRN}\n"), shown)
    expect_equal((lab.folder / "new.gid").read_text().count("BEGIN CERTIFICATE"), 3, "the chain")
    expect_equal(json.loads(pi.good("createGid", HRN, "--key", "ec.pub", "--json")).count("BEGIN CERTIFICATE"), 3, "--json")


def unpacked(line):
    word = line.strip().removeprefix("ccnode1.")
    return json.loads(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))


def packed(token):
    return "ccnode1." + base64.urlsafe_b64encode(json.dumps(token).encode()).decode().rstrip("=")


def nodes(lab):
    """An operator lets a node in, and the node makes itself one."""
    registry, pi, _ = people(lab)
    hrn, folder = f"{SITE}.n1", lab.folder / "node"
    line = pi.good("node", "add", hrn, "--hostname", "n1.example.net", "--realm", "it.realm")
    token = unpacked(line)
    pin = lab.openssl("x509", "-in", lab.keys / "remote.crt", "-outform", "DER")
    expect_equal({k: v for k, v in token.items() if k != "token"},
                 {"hrn": hrn, "cc": registry.url, "realm": "it.realm", "sha256": hashlib.sha256(pin).hexdigest()}, "the token")
    expect_equal(registry.records[hrn, "node"]["hostname"], "n1.example.net", "the record")
    expect("tcp://" in pi.refused(2, "node", "add", hrn, "--endpoint", "ipc:///tmp/x"), "an endpoint that no node reaches")
    again = pi.good("node", "add", hrn)  # it is there already
    expect(unpacked(again)["token"] != token["token"], "the same token again")

    def init(text, *options):
        return lab.ccfed("node", "init", "--token", text, "--dir", folder, "--hostname", "n1", "--deadline", "2", *options)

    # somebody else answers: nothing is believed, and the key stays for the next try
    done = init(packed({**token, "sha256": "00" * 32}))
    expect(done.returncode == 1 and "no answer" in done.stderr and not (folder / "node.crt").exists(), done.stderr)
    key = (folder / "private" / "node.key").read_bytes()
    joined = list(registry.joined.values())
    expect_equal(len(joined), 1, "what the registry did")
    # that answer was lost; the same operation again
    done = init(line.strip(), "--deadline", "30")
    expect_equal((done.returncode, done.stderr), (0, ""), "ccfed node init")
    expect_equal(list(registry.joined.values()), joined, "the operations")
    expect_equal((folder / "private" / "node.key").read_bytes(), key, "the key")
    expect_equal((mode(folder / "private"), mode(folder / "private" / "node.key")), (0o700, 0o600), "modes")
    expect_equal(sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()),
                 ["ca.crt", "ccserver.ini", "epoch", "node.crt", "node.gid", "private/node.key", "roots/001-plc.pem"], "the files")
    asked = next(body for kind, body, _ in reversed(registry.asked) if kind == "reg.join")
    expect_equal((folder / "epoch").read_text(), asked["epoch"] + "\n", "the epoch")
    expect(registry.asked[-1][2] == 1 and "PRIVATE" not in json.dumps(asked), "what was sent")
    lab.openssl("verify", "-CAfile", folder / "ca.crt", folder / "node.crt")
    done = lab.ccfed("gid", "verify", "--root", folder / "roots" / "001-plc.pem", folder / "node.gid")
    expect_equal(done.returncode, 0, done.stdout)
    done = lab.ccfed("config", "check", folder / "ccserver.ini")
    expect_equal(done.returncode, 0, done.stderr + done.stdout)
    expect("cc-realm = it.realm" in (folder / "ccserver.ini").read_text(), "the realm")
    done = init(line.strip())
    expect(done.returncode == 1 and "a node already" in done.stderr, done.stderr)


def nodes_that_are_cheated(lab):
    """A node takes nothing that is not its own, and a used token does not help twice."""
    registry, pi, alice = people(lab)
    other = registry.authorities / "plc" / "plc.gid"
    for number, (name, value) in enumerate((("gid", other.read_text()), ("certificate", (lab.keys / "client.crt").read_text()), ("roots", []), ("ca", "none"))):
        line = pi.good("node", "add", f"{SITE}.n{number}").strip()
        registry.spoil = {name: value}
        folder = lab.folder / f"node{number}"
        done = lab.ccfed("node", "init", "--token", line, "--dir", folder)
        expect(done.returncode == 1 and "is not used" in done.stderr and not (folder / "node.crt").exists(), f"{name}: {done.stderr}")
    registry.spoil = {}
    done = lab.ccfed("node", "init", "--token", line, "--dir", lab.folder / "thief")
    expect_equal((done.returncode, done.stderr), (1, "ccfed node init: Forbidden: no such token\n"), "a used token")
    for text in ("", "ccnode1.", "ccnode1.e30", line[:-9], "ccnode1.!!", line + "=", packed({**unpacked(line), "cc": "tcp://a\nb"})):
        done = lab.ccfed("node", "init", "--token", text, "--dir", lab.folder / "none")
        expect(done.returncode == 1 and "no token of a node" in done.stderr and not (lab.folder / "none").exists(), f"{text}: {done.stderr}")
    done = lab.ccfed("node", "init", "--dir", lab.folder / "none")
    expect_equal(done.returncode, 2, "no token")
    expect("PermissionError" in alice.refused(1, "node", "add", f"{SITE}.n9"), "who may not")


def servers_are_judged(lab):
    """An answer counts only from who may answer, by the CA that was given."""
    _, _, alice = people(lab)
    alice.good("resolve", HRN)
    done = alice.run("resolve", HRN, "--servers", "urn:publicid:IDN+other+service+*", "--deadline", "1")
    expect(done.returncode == 1 and "no answer" in done.stderr and not done.stdout, done.stderr)
    other = lab.folder / "otherkeys"
    expect_equal(lab.ccfed("keys", "init-ca", "--dir", other, "ca").returncode, 0, "another CA")
    done = lab.ccfed("resolve", HRN, "--home", alice.home, "--ca", other / "ca.crt", "--deadline", "1")
    expect(done.returncode == 1 and "no answer" in done.stderr and not done.stdout, done.stderr)


if __name__ == "__main__":
    main(first_run, nobody_without_a_name, registered_then, layouts, lists, records, chooses, refreshes, documents, nodes, nodes_that_are_cheated, servers_are_judged)
