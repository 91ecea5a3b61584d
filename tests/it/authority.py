#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""ccfed authority, and what makes GIDs, credentials, statements and tickets, judged by openssl, xmlsec1 and xmllint."""
import base64
import contextlib
import fcntl
import json
import os
import re
import shutil
import stat
import struct
import time

import ccfed_it as it
from ccfed_it import SOURCE, Skip, expect, expect_equal

SCHEMA = SOURCE.parent / "shared" / "schemas" / "credential" / "credential.xsd"
IDN = "urn:publicid:IDN+plc:site+"
NODE = IDN + "node+n1.example.org"
ROOT = "authorities/plc/plc.gid"
DAY = 86400
MAKERS = (("authority", "create"), ("authority", "list"), ("authority", "renew"), ("gid", "make"), ("cred", "make"),
          ("cred", "delegate"), ("cred", "speaks-for"), ("ticket", "make"))


# -- making -----------------------------------------------------------------------------------------------------------

def made(lab, *words, **options):
    """A command that must succeed; its output."""
    done = lab.ccfed(*words, **options)
    expect_equal((done.returncode, done.stderr), (0, ""), f"ccfed {' '.join(map(str, words))}")
    return done.stdout


def refused(lab, text, *words, rule=None, **options):
    """A command that must fail, and say so: in one line, with nothing on standard output."""
    done = lab.ccfed(*words, **options)
    start = f"ccfed {words[0]} {words[1]}: " + (f"refused: {rule}: " if rule else "")
    expect(done.returncode == 1 and done.stderr.startswith(start) and text in done.stderr and not done.stdout
           and done.stderr.count("\n") == 1,
           f"{words}: exit code {done.returncode}, {done.stderr!r}, {done.stdout!r}; not {start!r} with {text!r}")


def federation(lab, p256=True):
    """plc over plc.site, with alice, bob and a slice."""
    kind = ["--p256"] * p256
    made(lab, "authority", "create", *kind, "plc")
    made(lab, "authority", "create", *kind, "--email", "pi@example.org", "plc.site")
    for kind_of, name in (("user", "alice"), ("user", "bob"), ("slice", "sl1"), ("tool", "portal")):
        gid(lab, name, kind_of, *kind)


def gid(lab, name, kind, *words, authority="plc.site"):
    made(lab, "gid", "make", "--authority", authority, "--urn", IDN + f"{kind}+{name}", "--new-key", f"{name}.pkey",
         "--out", f"{name}.gid", *words)


def cred(lab, *words, owner="alice", target="sl1", authority="plc.site", out="slice.cred"):
    made(lab, "cred", "make", "--authority", authority, "--owner", f"{owner}.gid", "--target", f"{target}.gid",
         "--out", out, *words)


def delegate(lab, key, to, parent, out, *words):
    made(lab, "cred", "delegate", "--key", f"{key}.pkey", "--to", f"{to}.gid", "--out", out, *words, parent)


TICKET = ("ticket", "make", "--authority", "plc.site", "--owner", "alice.gid", "--slice", "sl1.gid", "--epoch", "e1",
          "--component", NODE)


# -- others judge -----------------------------------------------------------------------------------------------------

def openssl_verifies(lab, path, root=ROOT):
    done = lab.run("openssl", "verify", "-x509_strict", "-CAfile", root, "-untrusted", path, path)
    return done.returncode == 0


def xmlsec_verifies(lab, path, reference="ref0", root=ROOT):
    if not shutil.which("xmlsec1"):
        raise Skip("xmlsec1 is not installed")
    done = lab.run("xmlsec1", "--verify", "--enabled-key-data", "x509", "--node-id", f"Sig_{reference}", "--trusted-pem",
                   root, path)
    return done.returncode == 0


def schema_allows(lab, path):
    if not shutil.which("xmllint") or not SCHEMA.exists():
        raise Skip("xmllint or the schema is not here")
    return lab.run("xmllint", "--nonet", "--noout", "--schema", SCHEMA, path).returncode == 0


def ccfed_judges(lab, kind, path, *words, root=ROOT):
    """(exit code, what is said as JSON)"""
    done = lab.ccfed(kind, "verify", "--root", root, "--json", *words, path)
    return done.returncode, json.loads(done.stdout)


def fields(lab, path):
    """Subject key, issuer, extensions and dates, as openssl prints them."""
    return lab.openssl("x509", "-in", path, "-noout", "-text").decode()


def seconds_left(text):
    """Until the end of a certificate, from openssl's text."""
    end = re.search(r"Not After : (.*) GMT", text).group(1)
    return time.mktime(time.strptime(end + " UTC", "%b %d %H:%M:%S %Y %Z")) - time.timezone - time.time()


# -- the whole way ----------------------------------------------------------------------------------------------------

def gids(lab):
    """Authorities, users, slices, tools and nodes: openssl takes each under strict rules, and under no other root."""
    federation(lab)
    made(lab, "authority", "create", "plc.site.lab")
    made(lab, "authority", "create", "--p256", "other")
    gid(lab, "n1.example.org", "node")
    made(lab, "gid", "make", "--authority", "plc.site.lab", "--urn", "urn:publicid:IDN+plc:site:lab+user+dora", "--p256",
         "--new-key", "dora.pkey", "--out", "dora.gid")
    names = ["alice.gid", "bob.gid", "sl1.gid", "portal.gid", "n1.example.org.gid", "dora.gid",
             "authorities/plc/site/site.gid", "authorities/plc/site/lab/lab.gid"]
    for name in names:
        expect(openssl_verifies(lab, name), f"openssl refuses {name}")
        expect(not openssl_verifies(lab, name, "authorities/other/other.gid"), f"{name} is good under another root")
        expect_equal(ccfed_judges(lab, "gid", name)[0], 0, f"ccfed gid verify {name}")
        text = fields(lab, name)
        expect_equal("CA:TRUE" in text, name.startswith("authorities"), f"{name} is a CA")
        expect("Subject Key Identifier" in text and "Authority Key Identifier" in text, f"{name} has no key identifiers")
    serials = {re.search(r"Serial Number:\s*([0-9a-f:]+)", fields(lab, name)).group(1) for name in names}
    expect_equal(len(serials), len(names), "different serials")
    expect(all(len(serial) >= 3 * 15 for serial in serials), f"a short serial: {serials}")
    expect("CN = plc.site.alice" in fields(lab, "alice.gid"), "the CN is not the HRN")


def documents(lab):
    """Credential, delegated twice, and ticket, with RSA and P-256: xmlsec1 verifies each signature, the schema holds."""
    federation(lab, p256=False)
    gid(lab, "carol", "user", "--p256")
    gid(lab, "dave", "user", "--p256")
    cred(lab)
    delegate(lab, "alice", "carol", "slice.cred", "once.cred")
    delegate(lab, "carol", "dave", "once.cred", "twice.cred", "--no-delegate", "--privilege", "info,embed", "--days", "2")
    (lab.folder / "rspec").write_text("<rspec type='request'/>\n")
    (lab.folder / "keys").write_text("# alice's\n\nssh-rsa AAAAB3NzaC1yc2E= alice@example\n")
    made(lab, *TICKET, "--rspec", "rspec", "--attribute", "image=<a & b>", "--user", f"{IDN}user+alice=keys", "--out",
         "sl1.ticket")
    made(lab, "authority", "create", "--p256", "other")
    for path, references in (("slice.cred", 1), ("once.cred", 2), ("twice.cred", 3), ("sl1.ticket", 1)):
        for i in range(references):
            expect(xmlsec_verifies(lab, path, f"ref{i}"), f"xmlsec1 refuses ref{i} of {path}")
            expect(not xmlsec_verifies(lab, path, f"ref{i}", "authorities/other/other.gid"), f"{path} under another root")
        expect(schema_allows(lab, path), f"{path} is not as the schema says")
        kind = "ticket" if path.endswith("ticket") else "cred"
        expect_equal(ccfed_judges(lab, kind, path)[0], 0, f"ccfed {kind} verify {path}")
    text = (lab.folder / "twice.cred").read_text()
    (lab.folder / "bad.cred").write_text(text.replace("<name>info</name>", "<name>ma</name>", 1))
    expect(not xmlsec_verifies(lab, "bad.cred", "ref2"), "xmlsec1 takes what was changed")
    (lab.folder / "bad.cred").write_text(text.replace("<serial>", "<cereal>").replace("</serial>", "</cereal>"))
    expect(not schema_allows(lab, "bad.cred"), "xmllint takes an element that the schema has not")


def grants(lab):
    """What was asked for is what is granted."""
    federation(lab)
    cred(lab, "--privilege", "embed,info", "--privilege", "control", "--days", "3")
    code, said = ccfed_judges(lab, "cred", "slice.cred")
    rights = {p["name"]: p["can_delegate"] for p in said["privileges"]}
    expect_equal((code, rights), (0, {"embed": True, "info": True, "control": True}), "rights")
    cred(lab, "--no-delegate", out="usual.cred")
    _, said = ccfed_judges(lab, "cred", "usual.cred")
    rights = {p["name"]: p["can_delegate"] for p in said["privileges"]}
    expect_equal(rights, dict.fromkeys(("refresh", "embed", "bind", "control", "info"), False), "usual rights, kept")
    refused(lab, "no right that its owner may delegate", "cred", "delegate", "--key", "alice.pkey", "--to", "bob.gid",
            "usual.cred", rule="delegate-allowed")
    delegate(lab, "alice", "bob", "slice.cred", "bobs.cred", "--privilege", "embed", "--no-delegate")
    _, said = ccfed_judges(lab, "cred", "bobs.cred", "--caller", "bob.gid")
    expect_equal((said["owner"], said["target"]), (IDN + "user+bob", IDN + "slice+sl1"), "owner and target")
    expect_equal([(p["name"], p["can_delegate"]) for p in said["privileges"]], [("embed", False)], "rights delegated")
    delegate(lab, "alice", "bob", "slice.cred", "all.cred", "--no-delegate")
    _, said = ccfed_judges(lab, "cred", "all.cred")
    expect_equal(sorted(p["name"] for p in said["privileges"]), ["control", "embed", "info"], "all, but not to hand on")
    expect(not any(p["can_delegate"] for p in said["privileges"]), "what is delegated may be handed on")
    expect_equal(ccfed_judges(lab, "cred", "all.cred", "--caller", "alice.gid")[1]["rule"], "caller-key", "wrong caller")


def ends(lab):
    """--days, --expires and the usual month are kept, and cut to the certificates' own ends."""
    federation(lab)
    gid(lab, "brief", "user", "--days", "5", "--p256")
    for words, owner, days in (((), "alice", 31), ((), "brief", 5), (("--days", "2"), "alice", 2),
                               (("--expires", stamp(time.time() + 7 * DAY)), "alice", 7)):
        cred(lab, *words, owner=owner)
        end = re.search("<expires>(.*)</expires>", (lab.folder / "slice.cred").read_text()).group(1)
        left = time.mktime(time.strptime(end, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - time.time()
        expect(abs(left - days * DAY) < 600, f"{words}: {end} is not {days} days away")
    make = ("cred", "make", "--authority", "plc.site", "--target", "sl1.gid", "--owner")
    refused(lab, "is too late: ", *make, "brief.gid", "--days", "6", rule="cred-expired")
    refused(lab, "user+brief ends", *make, "brief.gid", "--days", "6", rule="cred-expired")
    refused(lab, "is past", *make, "alice.gid", "--expires", "2001-01-01T00:00:00Z", rule="cred-expired")
    made(lab, "gid", "make", "--authority", "plc.site", "--urn", IDN + "user+long", "--public-key", "alice.gid", "--days",
         "3650", "--out", "long.gid")
    left = seconds_left(fields(lab, "long.gid"))
    expect(abs(left - 1825 * DAY) < 600, f"a GID outlives its authority: {left / DAY} days")
    speak = ("cred", "speaks-for", "--key", "brief.pkey", "--user", "brief.gid", "--tool", "portal.gid")
    made(lab, *speak, "--out", "statement")
    refused(lab, "it must end after now and by ", *speak, "--days", "6")


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def speaks_for(lab):
    """A statement lets the tool use the user's credential, and nobody else."""
    federation(lab)
    cred(lab)
    made(lab, "cred", "speaks-for", "--key", "alice.pkey", "--user", "alice.gid", "--tool", "portal.gid", "--out", "word")
    words = ("--speaks-for", "word", "--user", IDN + "user+alice", "--tool")
    expect_equal(ccfed_judges(lab, "cred", "slice.cred", *words, "portal.gid")[0], 0, "the tool")
    expect_equal(ccfed_judges(lab, "cred", "slice.cred", *words, "bob.gid")[1]["rule"], "speaks-tool", "another tool")
    expect(xmlsec_verifies(lab, "word"), "xmlsec1 refuses the statement")
    speak = ("cred", "speaks-for", "--user", "alice.gid", "--tool", "portal.gid", "--key")
    refused(lab, "", *speak, "bob.pkey")


def tickets(lab):
    """Everything that was promised stands in it; it is for one component and one epoch."""
    federation(lab)
    (lab.folder / "rspec").write_text("<rspec>&amp;</rspec>\n")
    (lab.folder / "keys").write_text("ssh-rsa AAAA one\n# no key\r\nssh-ed25519 AAAAC two\r\n")
    made(lab, *TICKET, "--rspec", "rspec", "--attribute", "image=base", "--attribute", "empty=", "--user",
         f"{IDN}user+bob=keys", "--redeem-in", "600", "--out", "a.ticket")
    asked = ("--component", NODE, "--epoch", "e1")
    code, said = ccfed_judges(lab, "ticket", "a.ticket", *asked)
    expect_equal((code, said.get("component"), said.get("epoch")), (0, NODE, "e1"), "component and epoch")
    text = (lab.folder / "a.ticket").read_text()
    expect_equal(base64.b64decode(re.search("<rspec>(.*?)</rspec>", text, re.S).group(1)),
                 b"<rspec>&amp;</rspec>\n", "RSpec")
    for part in ('<attribute name="image">base</attribute>', '<attribute name="empty"></attribute>',
                 f'<user urn="{IDN}user+bob"><key>ssh-rsa AAAA one</key><key>ssh-ed25519 AAAAC two</key></user>'):
        expect(part in text.replace('<attribute name="empty"/>', '<attribute name="empty"></attribute>'),
               f"{part} is not in the ticket")
    left = re.search("<redeem_before>(.*)</redeem_before>", text).group(1)
    expect(stamp(time.time() + 300) < left <= stamp(time.time() + 600), f"to be redeemed by {left}")
    expect_equal(ccfed_judges(lab, "ticket", "a.ticket", "--component", NODE + "2", "--epoch", "e1")[1]["rule"],
                 "ticket-component", "another component")
    expect_equal(ccfed_judges(lab, "ticket", "a.ticket", "--component", NODE, "--epoch", "e2")[1]["rule"],
                 "ticket-epoch", "another epoch")
    made(lab, *TICKET, "--out", "b.ticket")
    serials = {re.search("<serial>(.*)</serial>", (lab.folder / name).read_text()).group(1)
               for name in ("a.ticket", "b.ticket")}
    expect(len(serials) == 2 and all(re.fullmatch("[0-9a-f]{32}", s) for s in serials), f"serials {serials}")
    refused(lab, "no slice", *TICKET, "--slice", "alice.gid")
    refused(lab, "node or of an authority", *TICKET, "--component", IDN + "user+alice")
    (lab.folder / "none").write_text("# nothing\n")
    refused(lab, "none has no key", *TICKET, "--user", f"{IDN}user+bob=none")
    (lab.folder / "many").write_text("ssh-rsa AAAA x\n" * 33)
    refused(lab, "more than 32 keys", *TICKET, "--user", f"{IDN}user+bob=many")
    refused(lab, "absent", *TICKET, "--user", f"{IDN}user+bob=absent")
    (lab.folder / "big").write_bytes(b"x" * ((512 << 10) + 1))
    refused(lab, "big has more than", *TICKET, "--rspec", "big")
    # what is secret does not get into what is handed round
    (lab.folder / "secret").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----\n")
    refused(lab, "no public ssh key", *TICKET, "--user", f"{IDN}user+bob=secret")
    refused(lab, "no public ssh key", *TICKET, "--user", f"{IDN}user+bob=rspec")
    refused(lab, "holds a private key", *TICKET, "--rspec", "secret")


# -- keys -------------------------------------------------------------------------------------------------------------

def ssh_line(modulus):
    """The line of an RSA key, put together here."""
    def field(octets):
        return struct.pack(">I", len(octets)) + octets
    line = field(b"ssh-rsa") + field((65537).to_bytes(3, "big")) + field(b"\0" + bytes.fromhex(modulus))
    return f"ssh-rsa {base64.b64encode(line).decode()} carol@example\n"


def keys(lab):
    """Every form of a public key ends in the same GID key; new keys are secret and are never written over."""
    federation(lab)
    lab.openssl("genrsa", "-out", "carol.key", "2048")
    public = lab.openssl("pkey", "-in", "carol.key", "-pubout")
    (lab.folder / "carol.pub").write_bytes(public)
    lab.openssl("req", "-new", "-key", "carol.key", "-subj", "/CN=whoever", "-out", "carol.csr")
    modulus = lab.openssl("rsa", "-in", "carol.key", "-noout", "-modulus").decode().strip().split("=")[1]
    (lab.folder / "carol.ssh").write_text(ssh_line(modulus))
    make = ("gid", "make", "--authority", "plc.site", "--urn", IDN + "user+carol")
    for option, path in (("--public-key", "carol.pub"), ("--csr", "carol.csr"), ("--ssh-key", "carol.ssh")):
        (lab.folder / "carol.gid").write_text(made(lab, *make, option, path))
        expect_equal(lab.openssl("x509", "-in", "carol.gid", "-noout", "-pubkey"), public, f"key by {option}")
    text = (lab.folder / "carol.csr").read_text().splitlines()
    text[-3] = text[-3][:20] + ("A" if text[-3][20] != "A" else "B") + text[-3][21:]
    (lab.folder / "bad.csr").write_text("\n".join(text) + "\n")
    refused(lab, "bad.csr: ", *make, "--csr", "bad.csr")
    refused(lab, "private key", *make, "--public-key", "carol.key")
    refused(lab, "no certificate request", *make, "--csr", "carol.pub")
    refused(lab, "no certificate request", *make, "--csr", "alice.gid")
    before = (lab.folder / "carol.key").read_bytes()
    refused(lab, "never written over", *make, "--public-key", "carol.pub", "--out", "carol.key")
    expect_equal((lab.folder / "carol.key").read_bytes(), before, "the key at --out")
    lab.openssl("genpkey", "-algorithm", "ed25519", "-out", "ed.key")
    (lab.folder / "ed.pub").write_bytes(lab.openssl("pkey", "-in", "ed.key", "-pubout"))
    refused(lab, "P-256", *make, "--public-key", "ed.pub", rule="cert-key")
    refused(lab, "absent", *make, "--public-key", "absent")
    for kind, name in ((["--p256"], "EC"), ([], "RSA")):
        path = lab.folder / f"{name}.key"
        (lab.folder / "new.gid").write_text(made(lab, *make, "--new-key", path, *kind))
        expect_equal(stat.S_IMODE(path.stat().st_mode), 0o600, f"mode of {name}.key")
        expect(path.read_text().startswith("-----BEGIN PRIVATE KEY-----"), f"{name}.key is not PKCS#8")
        expect_equal(lab.openssl("x509", "-in", "new.gid", "-noout", "-pubkey"),
                     lab.openssl("pkey", "-in", path, "-pubout"), "key of the GID")
        words = {"EC": "NIST CURVE: P-256", "RSA": "Private-Key: (2048 bit"}
        expect(words[name] in lab.openssl("pkey", "-in", path, "-noout", "-text").decode(), f"{path} is no {name}")
        before = path.read_bytes()
        refused(lab, "never written over", *make, "--new-key", path)
        expect_equal(path.read_bytes(), before, "the key that was there")
    refused(lab, "nowhere", *make, "--new-key", "fresh.key", "--out", "nowhere/x.gid")
    expect(not (lab.folder / "fresh.key").exists(), "a key without a GID was left")
    (lab.folder / "link.key").symlink_to("aimed.key")
    refused(lab, "never written over", *make, "--new-key", "link.key")
    expect(not (lab.folder / "aimed.key").exists(), "a link was followed")
    uuid = "35613211-6585-6121-1333-524440201278"
    made(lab, *make, "--public-key", "carol.pub", "--uuid", uuid, "--email", "c@example.org", "--out", "named.gid")
    expect(f"URI:urn:uuid:{uuid}, email:c@example.org" in fields(lab, "named.gid"), "UUID or address")


def secrets(lab):
    """No command shows a private key or half of one, whatever it is given."""
    federation(lab)
    secret = (lab.folder / "alice.pkey").read_text()
    (lab.folder / "half.pkey").write_text(secret[:120] + "\n")
    lines = [line for line in secret.splitlines() if len(line) > 20 and "-" not in line]
    make = ("gid", "make", "--authority", "plc.site", "--urn", IDN + "user+carol")
    for words in (("gid", "show", "alice.pkey"), (*make, "--public-key", "alice.pkey"), (*make, "--csr", "half.pkey"),
                  ("cred", "make", "--authority", "plc.site", "--owner", "alice.pkey", "--target", "sl1.gid"),
                  ("cred", "speaks-for", "--key", "half.pkey", "--user", "alice.gid", "--tool", "portal.gid"),
                  ("cred", "delegate", "--key", "alice.pkey", "--to", "bob.gid", "alice.pkey")):
        done = lab.ccfed(*words)
        expect(done.returncode in (1, 2), f"{words} succeeded")
        expect(not any(line[:20] in done.stdout + done.stderr for line in lines), f"{words} shows the key")


# -- authorities ------------------------------------------------------------------------------------------------------

def authorities(lab):
    """Where they live, what is listed, what renewing keeps, and what is refused."""
    federation(lab)
    folder = lab.folder / "authorities" / "plc" / "site"
    expect_equal(sorted(os.listdir(folder)), [".lock", "site.gid", "site.pkey"], "files of plc.site")
    expect_equal(stat.S_IMODE((folder / "site.pkey").stat().st_mode), 0o600, "mode of the key")
    listed = json.loads(made(lab, "authority", "list", "--json"))
    expect_equal([(a["hrn"], a["urn"], a["key"], a["dbinfo"]) for a in listed],
                 [("plc", "urn:publicid:IDN+plc+authority+sa", True, False),
                  ("plc.site", "urn:publicid:IDN+plc:site+authority+sa", True, False)], "list")
    lines = made(lab, "authority", "list").splitlines()
    expect(len(lines) == 3 and lines[0].split()[0] == "AUTHORITY" and lines[2].split()[0] == "plc.site", f"table {lines}")
    refused(lab, "is there already", "authority", "create", "--p256", "plc.site")
    refused(lab, "create that one first", "authority", "create", "--p256", "plc.none.lab")
    refused(lab, "is no HRN: it holds white space", "authority", "create", "plc.a b")
    refused(lab, "cannot be the name", "authority", "create", "plc.-a")
    refused(lab, "there is no authority plc.none", "authority", "renew", "plc.none")
    refused(lab, "cannot open empty", "authority", "list", "--dir", "empty")
    before = fields(lab, folder / "site.gid")
    key = (folder / "site.pkey").read_bytes()
    made(lab, "authority", "renew", "--days", "10", "plc.site")
    after = fields(lab, folder / "site.gid")
    for what in (r"URI:urn:uuid:[0-9a-f-]+", r"Subject Key Identifier: \n *(\S+)", r"email:\S+"):
        expect_equal(re.search(what, after).group(), re.search(what, before).group(), f"{what} after renewing")
    expect(re.search("Serial.*\n(.*)", before).group() != re.search("Serial.*\n(.*)", after).group(), "the same serial")
    expect(abs(seconds_left(after) - 10 * DAY) < 600, "the new end")
    expect_equal((folder / "site.pkey").read_bytes(), key, "the key after renewing")
    expect(openssl_verifies(lab, folder / "site.gid"), "openssl refuses the renewed GID")
    expect_equal(ccfed_judges(lab, "gid", "alice.gid")[0], 0, "a GID made before")
    os.chmod(folder / "site.pkey", 0o644)
    refused(lab, "chmod 600", "gid", "make", "--authority", "plc.site", "--urn", IDN + "user+eve", "--public-key", "bob.gid")


def owners(lab):
    """What others may write, or own, signs nothing; they are told what to do, and the key stays where it is."""
    federation(lab)
    folder = lab.folder / "authorities" / "plc" / "site"
    make = ("gid", "make", "--authority", "plc.site", "--urn", IDN + "user+eve", "--public-key", "bob.gid")
    for path in (folder, folder.parent, folder.parent.parent, folder / "site.gid"):
        mode = stat.S_IMODE(path.stat().st_mode)
        os.chmod(path, mode | 0o020)
        for words in (make, ("authority", "renew", "plc.site"), ("authority", "create", "--p256", "plc.site.lab")):
            refused(lab, "chmod go-w", *words)
        os.chmod(path, mode)
    made(lab, *make, "--out", "eve.gid")
    if os.geteuid() != 0:
        raise Skip("only root can give files away")
    for path in (folder, folder.parent, folder.parent.parent, folder / "site.gid", folder / "site.pkey"):
        os.chown(path, 65534, -1)
        for words in (make, ("authority", "renew", "plc.site"), ("authority", "create", "--p256", "plc.site.lab")):
            refused(lab, "belongs to user 65534", *words)
        expect_equal(len(made(lab, "authority", "list").splitlines()), 3, "lines of what is only looked at")
        os.chown(path, 0, -1)
    made(lab, *make, "--out", "eve.gid")


def locks(lab):
    """Somebody who may only read the folder cannot keep the authority from being renewed; who works on it can."""
    federation(lab)
    folder = lab.folder / "authorities" / "plc" / "site"
    for path in (folder, folder / "site.gid"):
        with held(path):
            made(lab, "authority", "renew", "plc.site")
            refused(lab, "is there already", "authority", "create", "--p256", "plc.site")
    with held(folder / ".lock"):
        refused(lab, "another program works on", "authority", "renew", "plc.site")
    expect_equal(stat.S_IMODE((folder / ".lock").stat().st_mode), 0o600, "mode of the lock")


@contextlib.contextmanager
def held(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        yield
    finally:
        os.close(fd)


def where(lab):
    """--dir, CCFED_AUTHORITIES, ./authorities, in this order."""
    environment = {**os.environ, "CCFED_AUTHORITIES": "by-environment"}
    made(lab, "authority", "create", "--p256", "here")
    made(lab, "authority", "create", "--p256", "there", env=environment)
    made(lab, "authority", "create", "--p256", "--dir", "by-option", "elsewhere", env=environment)
    for folder, hrn in (("authorities", "here"), ("by-environment", "there"), ("by-option", "elsewhere")):
        expect((lab.folder / folder / hrn / f"{hrn}.gid").exists(), f"{hrn} is not in {folder}")
        expect_equal(len(os.listdir(lab.folder / folder)), 1, f"authorities in {folder}")


# -- refusals ---------------------------------------------------------------------------------------------------------

def rules(lab):
    """What an authority does not sign, and what an owner cannot hand on."""
    federation(lab)
    made(lab, "authority", "create", "--p256", "plc.other")
    cred(lab, "--days", "3")
    make = ("gid", "make", "--public-key", "bob.gid", "--authority")
    refused(lab, "not below plc.other", *make, "plc.other", "--urn", IDN + "user+alice", rule="chain-namespace")
    refused(lab, "not below plc.site", *make, "plc.site", "--urn", "urn:publicid:IDN+plc+user+eve", rule="chain-namespace")
    refused(lab, "not below plc.site", *make, "plc.site", "--urn", "urn:publicid:IDN+plc:site+authority+sa",
            rule="chain-namespace")
    refused(lab, "cannot be the name of a user", *make, "plc.site", "--urn", IDN + "user+-bad")
    refused(lab, "no publicid URN", *make, "plc.site", "--urn", "plc.site.bob")
    refused(lab, "e-mail", *make, "plc.site", "--urn", IDN + "user+eve", "--email", "eve")
    make = ("cred", "make", "--owner", "alice.gid", "--target", "sl1.gid", "--authority")
    refused(lab, "not below plc.other", *make, "plc.other", rule="cred-issuer")
    refused(lab, "authority is more than", *make, "plc.site", "--privilege", "embed,authority", rule="rights-type")
    refused(lab, "fly is no right", *make, "plc.site", "--privilege", "fly", rule="rights-type")
    refused(lab, "cannot own rights", *make, "plc.site", "--owner", "sl1.gid")
    refused(lab, "of type tool has no usual rights", *make, "plc.site", "--target", "portal.gid")
    refused(lab, "there is no authority plc.none", *make, "plc.none")
    refused(lab, "slice.cred: ", *make, "plc.site", "--owner", "slice.cred")
    hand = ("cred", "delegate", "--to", "bob.gid", "--key")
    refused(lab, "", *hand, "bob.pkey", "slice.cred", rule="delegate-signer")
    refused(lab, "", *hand, "alice.pkey", "--days", "4", "slice.cred", rule="delegate-expiry")
    refused(lab, "", *hand, "alice.pkey", "--privilege", "ma", "slice.cred", rule="delegate-rights")
    refused(lab, "", *hand, "alice.pkey", "alice.gid", rule="xml-form")
    refused(lab, "absent", *hand, "absent", "slice.cred")
    refused(lab, "alice.gid: ", *hand, "alice.gid", "slice.cred")


def usage(lab):
    """What is no command at all: exit code 2, a hint, nothing made."""
    federation(lab)
    before = sorted(str(p) for p in lab.folder.rglob("*"))
    make = ("gid", "make", "--authority", "plc.site", "--urn", IDN + "user+eve")
    for text, *words in (
            ("--authority and --urn are wanted", "gid", "make", "--public-key", "bob.gid"),
            ("one of --public-key", *make),
            ("one of --public-key", *make, "--public-key", "bob.gid", "--new-key", "k"),
            ("--p256 is for --new-key", *make, "--public-key", "bob.gid", "--p256"),
            ("files of their own", *make, "--new-key", "k", "--out", "k"),
            ("--days wants", *make, "--public-key", "bob.gid", "--days", "0"),
            ("--days wants", *make, "--public-key", "bob.gid", "--days", "1.5"),
            ("--days wants", *make, "--public-key", "bob.gid", "--days", "3651"),
            ("only options are wanted", *make, "--public-key", "bob.gid", "more"),
            ("no option", *make, "--owner", "bob.gid"),
            ("no option", *make, "--out"),
            ("are wanted", "cred", "make", "--owner", "alice.gid", "--target", "sl1.gid"),
            ("--expires wants a time", "cred", "make", "--expires", "tomorrow"),
            ("give one", "cred", "make", "--expires", "2030-01-01T00:00:00Z", "--days", "3"),
            ("--privilege wants names", "cred", "make", "--privilege", "embed,,info"),
            ("--privilege wants names", "cred", "make", "--privilege", "x" * 64),
            ("at most 64 privileges", "cred", "make", "--privilege", ",".join(["embed"] * 65)),
            ("one credential are wanted", "cred", "delegate", "--key", "alice.pkey", "--to", "bob.gid"),
            ("one credential are wanted", "cred", "delegate", "--key", "alice.pkey", "--to", "bob.gid", "a", "b"),
            ("are wanted", "cred", "speaks-for", "--key", "alice.pkey"),
            ("are wanted", *TICKET[:-2]),
            ("--attribute wants NAME=VALUE", *TICKET, "--attribute", "image"),
            ("--attribute wants NAME=VALUE", *TICKET, "--attribute", "=image"),
            ("--user wants URN=FILE", *TICKET, "--user", IDN + "user+bob"),
            ("--redeem-in wants", *TICKET, "--redeem-in", "86401"),
            ("one authority is wanted", "authority", "create"),
            ("one authority is wanted", "authority", "renew", "plc", "plc.site"),
            ("only options are wanted", "authority", "list", "plc")):
        done = lab.ccfed(*words)
        expect(done.returncode == 2 and text in done.stderr and not done.stdout,
               f"{words}: exit code {done.returncode}, {done.stderr!r}, not {text!r}")
    expect_equal(sorted(str(p) for p in lab.folder.rglob("*")), before, "files after usage errors")


def helped(lab):
    """Every command has its --help; every option of it, and the command, stand in the man page."""
    manual = (SOURCE / "docs" / "man" / "ccfed.1").read_text().replace("\\-", "-")
    for group, name in MAKERS:
        text = made(lab, group, name, "--help")
        expect(text.startswith(f"usage: ccfed {group} {name} "), f"help of {group} {name}: {text[:60]!r}")
        section = re.search(rf'^\.B[IR]* "?{group} {name}\b(.*?)(?=^\.TP\n\.B[IR]* "?[a-z]+ [a-z-]+|^\.S[HS]|\Z)', manual,
                            re.S | re.M)
        expect(section, f"ccfed.1 has no {group} {name}")
        options = set(re.findall(r"--[a-z0-9-]+", text))
        missing = sorted(o for o in options if not re.search(rf"{o}(?![a-z0-9-])", section.group()))
        expect(options and not missing, f"ccfed.1, {group} {name}: without {missing}")


if __name__ == "__main__":
    it.main(gids, documents, grants, ends, speaks_for, tickets, keys, secrets, authorities, owners, locks,
            where, rules, usage, helped)
