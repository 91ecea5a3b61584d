#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""ccfed gid|cred|ticket show and verify: layouts, every option, exit codes, first lines, JSON, and what strangers write."""
import json
import os
import re
import shutil
import subprocess

import ccfed_it as it
from ccfed_it import SANITIZER, SOURCE, expect, expect_equal

DATA = SOURCE / "tests" / "data" / "trust"
SHOWN = {"alice.gid": "gid", "old.gid": "gid", "slice.cred": "cred", "delegated.cred": "cred", "speaksfor.xml": "cred",
         "old.cred": "cred", "slice.ticket": "ticket", "old.ticket": "ticket"}
AT = "2026-12-01T00:00:00Z"  # all of tests/data/trust but the ticket is in force
IDN = "urn:publicid:IDN+it:site+"
ALICE, BOB, SLICE = IDN + "user+alice", IDN + "user+bob", IDN + "slice+sl1"
NODE = IDN + "node+n1.example.org"
ROOT = ("--root", DATA / "root.gid")
OLD_ROOT = ("--root", DATA / "old-root.gid")
# what a terminal obeys: C0 but for the line end, and C1 as UTF-8
OBEYED = re.compile(rb"[\x00-\x09\x0b-\x1f]|\xc2[\x80-\x9f]")


def ccfed(lab, *words, data=b""):
    """Output as octets."""
    done = subprocess.run([str(w) if not isinstance(w, bytes) else w for w in (lab.cli, *words)], input=data,
                          capture_output=True, timeout=120, cwd=lab.folder, check=False)
    expect(not SANITIZER.search(done.stderr.decode(errors="replace")), f"a sanitizer reports: {done.stderr[-2000:]}")
    return done


def made(lab, *words):
    done = lab.ccfed(*words)
    expect_equal(done.returncode, 0, f"ccfed {' '.join(map(str, words[:2]))} ({done.stderr.strip()})")
    return done.stdout


def verified(lab, kind, *words):
    """(exit code, first line, second line); what a refusal says is on stdout alone."""
    done = lab.ccfed(kind, "verify", *words)
    lines = done.stdout.splitlines() + ["", ""]
    expect(done.returncode == 2 or not done.stderr, f"{kind} verify wrote {done.stderr!r}")
    expect(done.returncode != 2 or not done.stdout, f"a usage error wrote {done.stdout!r}")
    return done.returncode, lines[0], lines[1]


def expect_refused(lab, rule, kind, *words):
    code, first, second = verified(lab, kind, *words)
    expect(code == 1 and first.startswith(f"refused: {rule}: ") and len(first) > len(rule) + 12,
           f"{kind} verify {words}: exit code {code}, {first!r}, not refused by {rule}")
    expect(second.startswith("to do: ") and len(second) > 20, f"{rule}: no advice but {second!r}")


def expect_valid(lab, wanted, kind, *words):
    code, first, _ = verified(lab, kind, *words)
    expect_equal((code, first), (0, f"valid: {wanted}"), f"{kind} verify {words}")


def expect_usage(lab, words, *command):
    done = lab.ccfed(*command)
    expect(done.returncode == 2 and words in done.stderr and not done.stdout,
           f"{command}: exit code {done.returncode}, {done.stderr!r}, {done.stdout!r}; not {words!r}")


# -- show -------------------------------------------------------------------------------------------------------------

def layouts(lab):
    """Octet by octet what a person read and found right, from a file and from standard input."""
    for name, kind in SHOWN.items():
        wanted = (DATA / f"{name}.show").read_bytes()
        for words, data in (((DATA / name,), b""), (("-",), (DATA / name).read_bytes())):
            done = ccfed(lab, kind, "show", *words, data=data)
            expect_equal((done.returncode, done.stderr), (0, b""), f"{kind} show {name}")
            expect_equal(done.stdout, wanted, f"layout of {name} from {words[0]}")


def layout_of_2008(lab):
    """The lines of the Geniwrapper design document, with its leading blanks."""
    shown = ccfed(lab, "cred", "show", DATA / "old.cred").stdout.decode()
    form = (r"CREDENTIAL o\.s\.sl1\n {6}privs: embed,bind\n {2}gidCaller:\n {10}hrn: o\.s\.alice\n {9}uuid: \d+\n"
            r" {2}gidObject:\n {10}hrn: o\.s\.sl1\n {9}uuid: \d+\n {3}delegate: False\n")
    expect(re.match(form, shown), f"another layout: {shown[:400]!r}")
    expect_equal(shown.count("\nPARENT CREDENTIAL o"), 2, "parents")
    expect(shown.splitlines()[-1].startswith("not verified: "), "it does not say that nothing was verified")


def show_json(lab):
    """One object with what the layout has; nothing in it claims to be verified."""
    levels = {"alice.gid": 3, "old.gid": 3, "slice.cred": 1, "delegated.cred": 2, "speaksfor.xml": 1, "old.cred": 3,
              "slice.ticket": 1, "old.ticket": 3}
    shown = {}
    for name, kind in SHOWN.items():
        done = ccfed(lab, kind, "show", "--json", DATA / name)
        expect_equal(done.returncode, 0, f"{kind} show --json {name}")
        expect(all(c < 0x80 for c in done.stdout), f"{name}: not ASCII")
        shown[name] = json.loads(done.stdout)
        expect_equal((shown[name]["verified"], len(shown[name]["levels"])), (False, levels[name]), f"facts of {name}")
    child, parent = shown["delegated.cred"]["levels"]
    expect_equal(child["privileges"], [{"name": "info", "can_delegate": False}], "rights of the child")
    expect_equal([p["name"] for p in parent["privileges"]], ["refresh", "embed", "info"], "rights of the parent")
    expect_equal((child["owner"]["urn"], child["signer"]["urn"], parent["owner"]["urn"], child["target_urn"]),
                 (BOB, ALICE, ALICE, SLICE), "names")
    ticket = shown["slice.ticket"]["levels"][0]
    expect_equal((ticket["component"], ticket["epoch"], ticket["rspec_octets"]), (NODE, "e1", 57), "ticket")
    expect_equal(ticket["attributes"][1], {"name": "note", "value": "two\nlines"}, "an attribute")
    gid = shown["alice.gid"]["levels"][0]
    expect_equal(int(gid["uuid"].replace("-", ""), 16), int(gid["uuid_number"]), "UUID")
    pem = subprocess.run(["openssl", "x509", "-in", DATA / "alice.gid", "-noout", "-fingerprint", "-sha256"],
                         capture_output=True, text=True, check=True).stdout
    expect_equal(gid["sha256"], pem.partition("=")[2].strip().replace(":", "").lower(), "fingerprint")


def not_shown(lab):
    """What is no such document: exit 1; what cannot be read: exit 2."""
    (lab.folder / "text").write_text("hello\n")
    (lab.folder / "empty").write_text("")
    rows = [("cred", "text", 1, "xml-form"), ("gid", "text", 1, "cert-form"), ("ticket", "empty", 1, "xml-form"),
            ("cred", DATA / "alice.gid", 1, "cred-type"), ("cred", DATA / "old.gid", 1, "this is a GID"),
            ("gid", DATA / "slice.cred", 1, "cert-form"), ("cred", "gone", 2, "No such file"),
            ("gid", lab.folder, 2, "Is a directory")]
    for kind, path, code, words in rows:
        done = lab.ccfed(kind, "show", path)
        expect(done.returncode == code and words in done.stderr and not done.stdout,
               f"{kind} show {path}: exit code {done.returncode}, {done.stderr!r}")
    expect_usage(lab, "one file is wanted", "cred", "show")
    expect_usage(lab, "one file is wanted", "cred", "show", "a", "b")
    expect_usage(lab, 'no option "--root"', "gid", "show", "--root", "x", "y")


# -- what strangers write -----------------------------------------------------------------------------------------------

EVIL = "\u009b31m\u0085\u007f&#10;valid: credential&#13;&#9;\u009dtitle\u009c"


def expect_harmless(done, what):
    for name, text in (("stdout", done.stdout), ("stderr", done.stderr)):
        found = OBEYED.search(text)
        expect(not found, f"{what}: {name} has {found and found.group()!r}")
        expect(not re.search(rb"^valid:", text, re.M), f"{what}: {name} has a line of the stranger")


def hostile_text(lab):
    """Control characters and line ends in any text of a document do not reach the terminal."""
    cred, ticket = (DATA / "delegated.cred").read_text(), (DATA / "slice.ticket").read_text()
    changes = [("cred", cred, rf"(<{tag}>)[^<]*") for tag in ("serial", "uuid", "owner_urn", "target_urn", "name")]
    changes += [("ticket", ticket, '(<attribute name="net_max_rate">)[^<]*'), ("ticket", ticket, "(<serial>)[^<]*"),
                ("cred", (DATA / "speaksfor.xml").read_text(), "(<mnemonic>)[^<]*"),
                ("cred", (DATA / "speaksfor.xml").read_text(), "(<keyid>)[^<]*")]
    path = lab.folder / "evil"
    for kind, text, pattern in changes:
        evil, count = re.subn(pattern, lambda m: m.group(1) + EVIL, text.replace("<uuid/>", "<uuid></uuid>"))
        expect(count, f"{pattern} is not there")
        path.write_text(evil)
        for words in (("show",), ("show", "--json"), ("verify", *ROOT), ("verify", *ROOT, "--json")):
            done = ccfed(lab, kind, *words, path)
            expect_harmless(done, f"{pattern} {words[0]}")
            expect(words[0] == "show" or done.returncode == 1, f"{pattern}: exit code {done.returncode}")
    shown = ccfed(lab, "ticket", "show", DATA / "old.ticket")
    expect_harmless(shown, "old.ticket")
    expect(rb"echo \xc2\x9b31m\x0a" in shown.stdout, "the control characters of old.ticket are not shown as such")


def hostile_rspec(lab):
    """Lines of an RSpec stand behind blanks, so that none looks like a line of ours."""
    shown = ccfed(lab, "ticket", "show", DATA / "slice.ticket").stdout.decode()
    expect('      rspec:\n        <rspec type="request">\n          <node client_id="n1"/>\n        </rspec>\n' in shown,
           "another form")
    octets = b"a\nnot verified: x\x1b[2J\n\xff\n"
    (lab.folder / "rspec").write_bytes(octets[:-3] + b"\n")
    world = World(lab)
    world.ticket("evil.ticket", "--rspec", lab.folder / "rspec")
    done = ccfed(lab, "ticket", "show", world.path("evil.ticket"))
    expect_harmless(done, "an RSpec")
    expect(b"\n        not verified: x\\x1b[2J\n" in done.stdout, f"{done.stdout[-600:]!r}")
    (lab.folder / "rspec").write_bytes(octets)
    world.ticket("octets.ticket", "--rspec", lab.folder / "rspec")
    done = ccfed(lab, "ticket", "show", "--json", world.path("octets.ticket"))
    level = json.loads(done.stdout)["levels"][0]
    expect_equal(("rspec" in level, level["rspec_octets"]), (False, len(octets)), "an RSpec that is no text")


def hostile_names(lab):
    """File names are text of strangers, too."""
    evil = b"\x1b]0;x\x07\xc2\x9b\xff"
    (lab.folder / os.fsdecode(evil)).write_text("x")
    cred = DATA / "slice.cred"
    calls = [("gid", "show", evil), ("cred", "show", b"gone" + evil), ("cred", "verify", *ROOT, b"gone" + evil),
             ("cred", "verify", "--root", evil, cred), ("cred", "verify", "--root", b"gone" + evil, cred),
             ("cred", "verify", "--root", bytes(DATA / "root.gid") + b"=" + evil, cred),
             ("cred", "verify", *ROOT, "--crl", evil, cred), ("cred", "verify", *ROOT, "--caller", evil, cred),
             ("cred", "verify", *ROOT, "--target", evil, cred), ("cred", "verify", *ROOT, "--op", evil, cred),
             ("cred", "verify", *ROOT, "--at", evil, cred), ("cred", "verify", b"--" + evil, cred),
             ("cred", "vectors", evil), ("cred", "vectors", b"--" + evil), ("ticket", "show", b"--" + evil),
             ("ticket", "verify", *ROOT, "--at", AT, "--component", evil, DATA / "slice.ticket")]
    for words in calls:
        done = ccfed(lab, *words)
        expect_harmless(done, words)
        expect(done.returncode in (1, 2), f"{words}: exit code {done.returncode}")


def big_files(lab):
    """What is longer than any document is refused, and not read to its end."""
    cred = (DATA / "slice.cred").read_bytes()
    padded = cred.replace(b"</signed-credential>", b" " * (1 << 20) + b"</signed-credential>")
    (lab.folder / "big").write_bytes(padded)
    expect_refused(lab, "xml-form", "cred", *ROOT, "--at", AT, "big")
    expect_refused(lab, "xml-form", "ticket", *ROOT, "--at", AT, "big")
    gid = (DATA / "alice.gid").read_bytes()
    (lab.folder / "biggid").write_bytes(b"#" * (1 << 20) + gid)
    expect_refused(lab, "cert-form", "gid", *ROOT, "--at", AT, "biggid")
    (lab.folder / "biggid").write_bytes(gid + b"\n" * (1 << 20))
    expect_refused(lab, "cert-form", "gid", *ROOT, "--at", AT, "biggid")
    expect_refused(lab, "xml-form", "cred", *ROOT, "/dev/zero")
    expect_refused(lab, "cert-form", "gid", *ROOT, "/dev/zero")
    expect_usage(lab, "is not a regular file", "gid", "verify", "--root", "/dev/zero", DATA / "alice.gid")
    exact = cred.replace(b"</signed-credential>", b" " * ((1 << 20) - len(cred)) + b"</signed-credential>")
    expect_equal(len(exact), 1 << 20, "octets of the largest credential")
    (lab.folder / "exact").write_bytes(exact)
    expect_valid(lab, f"credential of {ALICE} on {SLICE}", "cred", *ROOT, "--at", AT, "exact")


# -- verify -----------------------------------------------------------------------------------------------------------

class World:
    """Authorities, principals and documents that the making commands make."""

    def __init__(self, lab):
        self.lab, self.folder = lab, lab.folder / "world"
        base = lab.folder.parent / "trust-world"
        if not base.exists():
            self.folder = base
            self.make()
        self.folder = base

    def path(self, name):
        return self.folder / name

    def run(self, *words):
        made(self.lab, *words, "--dir", self.folder)

    def gid(self, authority, kind, name, *options):
        urn = f"urn:publicid:IDN+{authority.replace('.', ':')}+{kind}+{name}"
        self.run("gid", "make", "--authority", authority, "--urn", urn, "--new-key", self.path(f"{name}.key"), "--p256",
                 "--out", self.path(f"{name}.gid"), *options)

    def cred(self, out, owner, target, *options, authority="it.site"):
        self.run("cred", "make", "--authority", authority, "--owner", self.path(f"{owner}.gid"), "--target",
                 self.path(f"{target}.gid"), "--out", self.path(out), *options)

    def ticket(self, out, *options):
        self.run("ticket", "make", "--authority", "it.site", "--owner", self.path("alice.gid"), "--slice",
                 self.path("sl1.gid"), "--component", NODE, "--epoch", "e1", "--out", self.path(out), *options)

    def make(self):
        self.folder.mkdir()
        for hrn in ("it", "it.site", "it.sitex", "peer"):
            self.run("authority", "create", "--p256", hrn)
        for kind, name in (("user", "alice"), ("user", "bob"), ("slice", "sl1"), ("slice", "sl2"), ("tool", "portal")):
            self.gid("it.site", kind, name)
        self.cred("alice.cred", "alice", "sl1")
        self.cred("user.cred", "alice", "alice")
        self.cred("info.cred", "alice", "sl1", "--privilege", "info")
        made(self.lab, "cred", "delegate", "--key", self.path("alice.key"), "--to", self.path("bob.gid"), "--out",
             self.path("bob.cred"), self.path("alice.cred"))
        made(self.lab, "cred", "speaks-for", "--key", self.path("alice.key"), "--user", self.path("alice.gid"), "--tool",
             self.path("portal.gid"), "--out", self.path("speaks.xml"))
        self.ticket("sl1.ticket")

    def crl(self, authority, *revoked):
        """A CRL by openssl of the certificates that begin these files."""
        folder = self.lab.folder
        leaf = authority.rpartition(".")[2]
        place = self.folder / authority.replace(".", "/")
        (folder / "index.txt").write_text("")
        (folder / "ca.cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index.txt\ndefault_md=sha256\n"
                                       "default_crl_days=30\n")
        common = ("-config", folder / "ca.cnf", "-cert", place / f"{leaf}.gid", "-keyfile", place / f"{leaf}.pkey")
        for name in revoked:
            self.lab.openssl("ca", *common, "-revoke", self.path(name))
        self.lab.openssl("ca", *common, "-gencrl", "-out", folder / f"{leaf}.crl")
        return folder / f"{leaf}.crl"


def grants(lab):
    """What is valid says so in its first line, and then what it grants."""
    world = World(lab)
    root = ("--root", world.path("it/it.gid"))
    expect_valid(lab, f"GID of {ALICE}", "gid", *root, world.path("alice.gid"))
    expect_valid(lab, "GID of urn:publicid:IDN+it+authority+sa", "gid", *root, world.path("it/it.gid"))
    expect_valid(lab, f"credential of {ALICE} on {SLICE}", "cred", *root, world.path("alice.cred"))
    expect_valid(lab, f"credential of {BOB} on {SLICE}", "cred", *root, world.path("bob.cred"))
    expect_valid(lab, f"ticket of {ALICE} on {SLICE}", "ticket", *root, world.path("sl1.ticket"))
    shown = made(lab, "cred", "verify", *root, world.path("info.cred"))
    expect("\nprivileges:     info (may be delegated)\noperations:     listslices, listnodes, getpolicy\n" in shown,
           f"what it grants: {shown!r}")
    expect("\nissuer:         urn:publicid:IDN+it:site+authority+sa\n"
           "root:           urn:publicid:IDN+it+authority+sa\n" in shown, f"by whom: {shown!r}")
    shown = made(lab, "gid", "verify", *root, world.path("it/site/site.gid"))
    expect("\nauthority:      yes\n" in shown, f"an authority: {shown!r}")


def verify_json(lab):
    """One object, valid or refused, with the facts of the lines."""
    world = World(lab)
    root = ("--root", world.path("it/it.gid"))

    def facts(kind, *words, code=0):
        done = ccfed(lab, kind, "verify", "--json", *root, *words)
        expect_equal((done.returncode, done.stderr), (code, b""), f"{kind} verify --json {words}")
        return json.loads(done.stdout)

    cred = facts("cred", world.path("bob.cred"))
    expect_equal((cred["valid"], cred["kind"], cred["owner"], cred["target"], cred["delegations"]),
                 (True, "credential", BOB, SLICE, 1), "facts of a credential")
    expect("createsliver" in cred["operations"] and {"name": "embed", "can_delegate": True} in cred["privileges"], "rights")
    lines = made(lab, "cred", "verify", *root, world.path("bob.cred")).splitlines()
    expect_equal([line.partition(":")[0] for line in lines[1:]], [k for k in cred if k not in ("valid", "kind")], "facts")
    expect_equal(lines[-1], f"until:          {cred['until']}", "until")
    ticket = facts("ticket", world.path("sl1.ticket"))
    expect_equal((ticket["component"], ticket["epoch"], ticket["until"]), (NODE, "e1", ticket["redeem_before"]), "ticket")
    gid = facts("gid", world.path("alice.gid"))
    expect_equal((gid["name"], gid["hrn"], gid["type"], gid["authority"]), (ALICE, "it.site.alice", "user", False), "GID")
    refused = facts("cred", "--op", "reboot", world.path("bob.cred"), code=1)
    expect_equal((refused["valid"], refused["rule"], refused["kind"]), (False, "rights-operation", "credential"), "refusal")
    expect(refused["reason"] and refused["advice"], f"no reason or advice: {refused}")
    spoken = facts("cred", "--speaks-for", world.path("speaks.xml"), "--tool", world.path("portal.gid"), "--user", ALICE,
                   world.path("alice.cred"))
    expect_equal((spoken["spoken_for"], spoken["tool"]), (ALICE, IDN + "tool+portal"), "spoken for")


def options_of_use(lab):
    """Who uses it, for what, on what."""
    world = World(lab)
    root = ("--root", world.path("it/it.gid"))
    alice, bob, portal = (world.path(f"{name}.gid") for name in ("alice", "bob", "portal"))
    cred, ticket = world.path("alice.cred"), world.path("sl1.ticket")
    good = f"credential of {ALICE} on {SLICE}"
    expect_valid(lab, good, "cred", *root, "--caller", alice, cred)
    expect_refused(lab, "caller-key", "cred", *root, "--caller", bob, cred)
    expect_valid(lab, f"GID of {ALICE}", "gid", *root, "--caller", alice, alice)
    expect_refused(lab, "caller-key", "gid", *root, "--caller", bob, alice)
    expect_valid(lab, f"ticket of {ALICE} on {SLICE}", "ticket", *root, "--caller", alice, ticket)
    expect_refused(lab, "caller-key", "ticket", *root, "--caller", bob, ticket)
    expect_valid(lab, good, "cred", *root, "--op", "createsliver", cred)
    expect_valid(lab, good, "cred", *root, "--op", "reboot,CreateSliver", cred)
    expect_refused(lab, "rights-operation", "cred", *root, "--op", "reboot", cred)
    expect_refused(lab, "rights-operation", "cred", *root, "--op", "nonsense", cred)
    expect_refused(lab, "rights-operation", "cred", *root, "--op", "createsliver", world.path("info.cred"))
    expect_refused(lab, "rights-operation", "cred", *root, "--op", "createsliver", world.path("user.cred"))
    expect_valid(lab, good, "cred", *root, "--target", SLICE, cred)
    expect_refused(lab, "caller-target", "cred", *root, "--target", IDN + "slice+sl2", cred)
    expect_refused(lab, "caller-target", "cred", *root, "--target", "sl1", cred)
    spoken = ("--speaks-for", world.path("speaks.xml"), "--tool", portal, "--user", ALICE)
    expect_valid(lab, good, "cred", *root, *spoken, cred)
    expect_refused(lab, "caller-key", "cred", *root, *spoken, world.path("bob.cred"))
    expect_refused(lab, "speaks-user", "cred", *root, *spoken[:5], BOB, cred)
    expect_refused(lab, "speaks-tool", "cred", *root, *spoken[:3], bob, *spoken[4:], cred)
    expect_refused(lab, "xml-form", "cred", *root, "--speaks-for", alice, *spoken[2:], cred)
    expect_valid(lab, f"ticket of {ALICE} on {SLICE}", "ticket", *root, "--component", NODE, "--epoch", "e1", ticket)
    expect_refused(lab, "ticket-component", "ticket", *root, "--component", IDN + "node+n2", ticket)
    expect_refused(lab, "ticket-epoch", "ticket", *root, "--epoch", "e2", ticket)
    expect_refused(lab, "cred-type", "ticket", *root, cred)
    expect_refused(lab, "cred-type", "cred", *root, ticket)
    expect_refused(lab, "sliver-target", "cred", *root, "--sliver", IDN + "sliver+1", "--component", bob, cred)


def options_of_time(lab):
    """--at in both forms; a CRL in force, and one that is not."""
    world = World(lab)
    root = ("--root", world.path("it/it.gid"))
    alice = world.path("alice.gid")
    made_at = json.loads(made(lab, "gid", "show", "--json", alice))["levels"][0]
    expect_valid(lab, f"GID of {ALICE}", "gid", *root, "--at", made_at["not_before"], alice)
    expect_valid(lab, f"GID of {ALICE}", "gid", *root, "--at", made_at["not_after"], alice)
    expect_refused(lab, "cert-not-yet", "gid", *root, "--at", "0", alice)
    expect_refused(lab, "cert-not-yet", "gid", *root, "--at", "2020-01-01T00:00:00+02:00", alice)
    expect_refused(lab, "cert-expired", "gid", *root, "--at", "253402300799", alice)
    expect_refused(lab, "cert-expired", "gid", *root, "--at", "9999-12-31T23:59:59Z", alice)
    for bad in ("tomorrow", "", "-1", "253402300800", "2026-13-01T00:00:00Z", "1e9", " 1", "0x10"):
        expect_usage(lab, "--at wants a time", "gid", "verify", *root, "--at", bad, alice)
    crl = world.crl("it.site", "bob.gid")
    expect_valid(lab, f"GID of {ALICE}", "gid", *root, "--crl", crl, alice)
    expect_refused(lab, "cert-revoked", "gid", *root, "--crl", crl, world.path("bob.gid"))
    expect_refused(lab, "cert-revoked", "cred", *root, "--crl", crl, world.path("bob.cred"))
    later = json.loads(made(lab, "gid", "verify", "--json", *root, "--crl", crl, alice))["until"]
    expect(later < made_at["not_after"], f"valid until {later}, beyond the CRL's end")
    expect_refused(lab, "crl-stale", "gid", *root, "--crl", crl, "--at", made_at["not_after"], alice)
    # a list that names none of them does not say that they are good for longer
    both = ("--crl", crl, "--crl", world.crl("it"))
    expect_refused(lab, "cert-revoked", "gid", *root, *both, world.path("bob.gid"))
    expect_usage(lab, "cannot open", "gid", "verify", *root, "--crl", "gone", alice)
    expect_usage(lab, str(alice), "gid", "verify", *root, "--crl", alice, alice)


def nameless_root(lab):
    """openssl's own root, which has no URN, and a user that it vouches for."""
    lab.openssl("req", "-new", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "n.key",
                "-out", "nameless.pem", "-subj", "/CN=nameless", "-addext", "basicConstraints=critical,CA:TRUE")
    lab.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "u.key", "-out",
                "u.csr", "-subj", "/CN=user")
    (lab.folder / "u.cnf").write_text(f"subjectAltName=URI:{ALICE}\nbasicConstraints=critical,CA:FALSE\n")
    lab.openssl("x509", "-req", "-in", "u.csr", "-CA", "nameless.pem", "-CAkey", "n.key", "-CAcreateserial", "-extfile",
                "u.cnf", "-out", "u.pem")
    return lab.folder / "nameless.pem", lab.folder / "u.pem"


def roots(lab):
    """FILE, FILE=NAMESPACE, several, none."""
    world = World(lab)
    it_gid, site, peer = (world.path(name) for name in ("it/it.gid", "it/site/site.gid", "peer/peer.gid"))
    alice, good = world.path("alice.gid"), f"GID of {ALICE}"
    expect_valid(lab, good, "gid", "--root", it_gid, "--root", peer, alice)
    expect_valid(lab, good, "gid", "--root", site, alice)
    expect_valid(lab, good, "gid", "--root", f"{it_gid}=it:site", alice)
    expect_valid(lab, good, "gid", "--root", f"{it_gid}=", alice)
    expect_refused(lab, "root-namespace", "gid", "--root", f"{it_gid}=it:sitex", alice)
    expect_refused(lab, "root-namespace", "gid", "--root", f"{site}=it:sit", alice)
    expect_refused(lab, "chain-root", "gid", "--root", peer, alice)
    expect_usage(lab, "at least one --root", "gid", "verify", alice)
    expect_usage(lab, "overlap", "gid", "verify", "--root", it_gid, "--root", site, alice)
    expect_usage(lab, "is no authority", "gid", "verify", "--root", f"{it_gid}=it+site", alice)
    expect_usage(lab, "No such file", "gid", "verify", "--root", "gone", alice)
    expect_usage(lab, "text", "gid", "verify", "--root", "text", alice)
    shutil.copy(it_gid, lab.folder / "a=b")
    expect_valid(lab, good, "gid", "--root", "a=b=", alice)
    expect_usage(lab, "No such file", "gid", "verify", "--root", "a=b", alice)
    nameless, user = nameless_root(lab)
    expect_usage(lab, "has no name: say which names it vouches for", "gid", "verify", "--root", nameless, user)
    expect_valid(lab, good, "gid", "--root", f"{nameless}=it:site", user)
    expect_refused(lab, "root-namespace", "gid", "--root", f"{nameless}=it:lab", user)


def legacy(lab):
    """The certificates of 2008 with --allow-legacy, and what they are without."""
    at = ("--at", AT)
    for name, kind, good in (("old.gid", "gid", "GID of o.s.alice"), ("old.cred", "cred", "credential of o.s.alice on o.s.sl1"),
                             ("old.ticket", "ticket", "ticket of o.s.alice on o.s.sl1")):
        expect_valid(lab, good, kind, *OLD_ROOT, *at, "--allow-legacy", DATA / name)
        code, first, _ = verified(lab, kind, *OLD_ROOT, *at, DATA / name)
        expect(code == 1 and re.match(r"refused: (cert-\w+|cred-type): ", first), f"{name} without: {code} {first!r}")
    expect_valid(lab, "credential of o.s.alice on o.s.sl1", "cred", *OLD_ROOT, *at, "--allow-legacy", "--caller",
                 DATA / "old.gid", DATA / "old.cred")
    expect_refused(lab, "caller-key", "cred", *OLD_ROOT, *at, "--allow-legacy", "--caller", DATA / "alice.gid",
                   DATA / "old.cred")
    expect_refused(lab, "ticket-component", "ticket", *OLD_ROOT, *at, "--allow-legacy", "--component", NODE,
                   DATA / "old.ticket")
    expect_refused(lab, "cred-type", "ticket", *OLD_ROOT, *at, "--allow-legacy", DATA / "old.cred")
    expect_refused(lab, "cred-type", "cred", *OLD_ROOT, *at, "--allow-legacy", DATA / "old.ticket")
    # the option allows old certificates and nothing else
    expect_valid(lab, f"credential of {ALICE} on {SLICE}", "cred", *ROOT, *at, "--allow-legacy", DATA / "slice.cred")
    expect_refused(lab, "chain-root", "cred", *ROOT, *at, "--allow-legacy", DATA / "old.cred")


def usage(lab):
    """Mistakes in the call: exit 2, and nothing on standard output."""
    cred, gid = DATA / "slice.cred", DATA / "alice.gid"
    rows = [(("cred", "verify"), "one file"), (("cred", "verify", *ROOT), "one file"),
            (("cred", "verify", *ROOT, cred, cred), "one file"), (("cred", "verify", *ROOT, "gone"), "No such file"),
            (("cred", "verify", *ROOT, lab.folder), "Is a directory"),
            (("cred", "verify", *ROOT, "--nonsense", cred), 'no option "--nonsense"'),
            (("cred", "verify", *ROOT, cred, "--at"), "argument is missing"),
            (("cred", "verify", *ROOT, "--caller", "gone", cred), "No such file"),
            (("cred", "verify", *ROOT, "--caller", cred, cred), "slice.cred"),
            (("cred", "verify", *ROOT, "--speaks-for", cred, cred), "go together"),
            (("cred", "verify", *ROOT, "--tool", gid, cred), "go together"),
            (("cred", "verify", *ROOT, "--sliver", "u", cred), "go together"),
            (("cred", "verify", *ROOT, "--component", gid, cred), "go together"),
            (("cred", "verify", *ROOT, "--speaks-for", cred, "--tool", gid, "--user", ALICE, "--caller", gid, cred),
             "not --caller"),
            (("gid", "verify", *ROOT, "--op", "x", gid), 'no option "--op"'),
            (("gid", "verify", *ROOT, "--target", "x", gid), 'no option "--target"'),
            (("ticket", "verify", *ROOT, "--sliver", "x", gid), 'no option "--sliver"'),
            (("cred", "verify", *ROOT, "--epoch", "x", cred), 'no option "--epoch"'),
            (("cred", "verify", *ROOT * 300, cred), "more than 256 roots"),
            (("cred", "verify", *ROOT, *("--crl", "x") * 300, cred), "more than 256 files")]
    for words, said in rows:
        expect_usage(lab, said, *words)
    for kind in ("gid", "cred", "ticket"):
        for command in ("show", "verify"):
            done = lab.ccfed(kind, command, "--help")
            expect(done.returncode == 0 and done.stdout.startswith(f"usage: ccfed {kind} {command} "),
                   f"{kind} {command} --help: {done.returncode}, {done.stdout!r}")


if __name__ == "__main__":
    it.main(layouts, layout_of_2008, show_json, not_shown, hostile_text, hostile_rspec, hostile_names, big_files, grants,
            verify_json, options_of_use, options_of_time, roots, legacy, usage)
