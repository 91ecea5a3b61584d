#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""ccfed am and ccfed terms: each command over the bus and at the front door, against an aggregate that remembers what it was asked."""
import json
import os

import ccfed_it as it
from am_it import AD, LOGIN, RSPEC, Aggregate, Refusal
from bridge_it import DOOR, Door
from ccfed_it import expect, expect_equal
from registry_https import Person
from registry_it import Bed

SLICE = "plc.site.s1"
URN = "urn:publicid:IDN+plc:site+slice+s1"
SLIVER = "urn:publicid:IDN+plc+sliver+1"
REQUEST = f'<rspec xmlns="{RSPEC}" type="request"><node client_id="a"/></rspec>'
SSH = "ssh -p 22001 alice@n1.plc.net  # a\n"


class User(Person):
    """A user at an aggregate."""

    def __init__(self, door, principal, am):
        super().__init__(door, principal)
        self.am = am
        self.ssh = self.lab.folder / "home"
        (self.ssh / ".ssh").mkdir(parents=True)
        (self.ssh / ".ssh" / "id_ed25519.pub").write_text("# mine\nssh-ed25519 AAAA alice@home\n\n")
        (self.lab.folder / "request.xml").write_text(REQUEST)
        self.url_am = f"https://127.0.0.1:{door.ports['am']}/am/3.0"

    def ask(self, way, *words, **options):
        where = [*self.where(way), *(("--am", self.url_am) if way == "https" else ())]
        return self.run(way, *words, where=where, env={**os.environ, "HOME": str(self.ssh)}, **options)

    def same(self, *words, code=0):
        """Over both ways, each from the same beginning: the same output. -> (stdout, stderr, bodies of the last way)"""
        said, bodies = [], []
        for way in ("bus", "https"):
            self.am.requests.clear()
            done = self.ask(way, *words)
            expect_equal(done.returncode, code, f"ccfed {' '.join(map(str, words))} over {way}: {done.stderr}")
            said.append((done.stdout, done.stderr))
            bodies.append([self.plain(body) for _, body in self.am.requests])
        expect_equal(said[1], said[0], f"ccfed {' '.join(map(str, words))} over https, and over the bus")
        expect_equal(bodies[1], bodies[0], f"what ccfed {' '.join(map(str, words))} asks over https, and over the bus")
        return *said[0], bodies[0]

    @staticmethod
    def plain(body):
        """Without what every message has, and of the credentials only that there are some."""
        own = ("req", "time", "hostname", "blob_hash", "id", "deadline", "to", "op", "caller")
        body = {key: value for key, value in body.items() if key not in own}
        for credential in body.get("credentials", []):
            expect_equal((credential["geni_type"], credential["geni_version"]), ("geni_sfa", "3"), "the credential")
            expect(credential["geni_value"].startswith("<?xml"), credential)
        body.pop("credentials", None)
        return body


def begin(lab, **options):
    am = Aggregate(lab, **options)
    sections = {"assert-caller": {"door": f"{DOOR}, prefix reg am, namespace plc"},
                "routes": {"reg": "h:registry", "echo": "h:echo", "am": "h:am"},
                "h_am": {"handler": "proxy", "remote-cc": am.url, "ping": "no"}}
    bed = Bed(lab, sections=sections).start()
    bed.authority("plc.site")
    alice = bed.user("plc.site.alice")
    bed.slice(SLICE, alice.hrn)
    door = Door(bed).start()
    return am, User(door, alice, am)


# -- the same both ways -----------------------------------------------------------------------------------------------

def life(lab):
    """A slice from its request to its end; what is asked and what is shown."""
    am, alice = begin(lab)
    version = {"geni_rspec_version": {"type": "GENI", "version": "3"}}
    out, _, bodies = alice.same("am", "getversion")
    expect("urn:publicid:IDN+plc+authority+am" in out and "requests:     GENI 3\n" in out, out)
    out, err, bodies = alice.same("am", "listresources")
    expect_equal((out, err, bodies), (AD + "\n", "", [{"options": version}]), "the advertisement")
    out, err, bodies = alice.same("am", "listresources", "--compressed", "--available")
    expect_equal((out, bodies), (AD + "\n", [{"options": {**version, "geni_compressed": True, "geni_available": True}}]), "compressed")
    alice.same("am", "listresources", "--outfile", lab.folder / "ad.xml")
    expect_equal((lab.folder / "ad.xml").read_text(), AD, "the file")
    request = ("--rspec", lab.folder / "request.xml")
    out, err, bodies = alice.same("am", "allocate", SLICE, *request, "--end-time", "2030-01-01T00:00:00Z")
    expect_equal(bodies, [{"urn": URN, "rspec": REQUEST, "options": {"geni_end_time": "2030-01-01T00:00:00Z"}}], "allocate")
    expect(f"{SLIVER}  geni_allocated" in out and "ssh" not in out, out)
    out, err, bodies = alice.same("am", "provision", URN, "--best-effort")
    users = [{"urn": "urn:publicid:IDN+plc:site+user+alice", "keys": ["ssh-ed25519 AAAA alice@home"]}]
    expect_equal(bodies, [{"urns": [URN], "options": {**version, "geni_best_effort": True, "geni_users": users}}], "provision")
    out, err, bodies = alice.same("am", "provision", SLICE, "--wait=60")
    expect_equal([list(body) for body in bodies[1:-1]], [["urns", "options"]] * 2, "looks at the status")
    expect("geni_notready" in out and out.endswith(SSH), out)
    am.slivers[SLIVER] = am.slivers[URN]
    out, err, bodies = alice.same("am", "poa", SLICE, "geni_start", SLIVER, "--wait")
    expect_equal(bodies[0], {"urns": [SLIVER], "action": "geni_start", "options": {}}, "poa of a sliver")
    expect_equal({body["urns"][0] for body in bodies}, {SLIVER}, "whose status")
    expect("geni_ready" in out and out.endswith(SSH), out)


def actions(lab):
    """Starting, renewing, describing, deleting, shutting down."""
    am, alice = begin(lab)
    request = ("--rspec", lab.folder / "request.xml")
    alice.same("am", "allocate", SLICE, *request)
    alice.same("am", "provision", SLICE, "--wait")
    out, _, bodies = alice.same("am", "poa", SLICE, "geni_start")
    expect_equal(bodies, [{"urns": [URN], "action": "geni_start", "options": {}}], "poa")
    expect("geni_configuring" in out, out)
    out, _, _ = alice.same("am", "status", SLICE, "--wait", "--json")
    expect_equal(json.loads(out)["geni_slivers"][0]["geni_operational_status"], "geni_ready", "the status")
    (lab.folder / "more.pub").write_text("ssh-rsa BBBB x\nssh-rsa CCCC y\n")
    _, _, bodies = alice.same("am", "poa", SLICE, "geni_update_users", "--user-keys", lab.folder / "more.pub")
    expect_equal(bodies[0]["options"]["geni_users"][0]["keys"], ["ssh-rsa BBBB x", "ssh-rsa CCCC y"], "the keys")
    out, _, bodies = alice.same("am", "renew", SLICE, "2034-01-01T00:00:00Z")
    expect_equal(bodies, [{"urns": [URN], "expires": "2034-01-01T00:00:00Z", "options": {}}], "renew")
    expect("2034-01-01T00:00:00Z" in out, out)
    out, _, bodies = alice.same("am", "renew", SLICE, "2050-01-01T00:00:00Z", "--alap")
    expect_equal(bodies[0]["options"], {"geni_extend_alap": True}, "alap")
    expect("2035-01-01T00:00:00Z" in out, out)
    out, _, _ = alice.same("am", "describe", SLICE, "--compressed", "--outfile", lab.folder / "manifest.xml")
    expect(out.endswith(SSH), out)
    expect('type="manifest"' in (lab.folder / "manifest.xml").read_text(), "the manifest")
    for way in ("bus", "https"):
        alice.ask(way, "am", "allocate", SLICE, *request)
        done = alice.ask(way, "am", "delete", SLICE)
        expect(done.returncode == 0 and "geni_unallocated" in done.stdout, done.stderr)
    out, _, bodies = alice.same("am", "shutdown", SLICE)
    expect_equal((out, bodies), ("true\n", [{"urn": URN, "options": {}}]), "shutdown")
    expect_equal(am.slivers, {}, "what is left")


def refusals(lab):
    """What the aggregate refuses is said with the name of its code, its text and its hint."""
    am, alice = begin(lab)
    _, err, _ = alice.same("am", "status", SLICE, code=1)
    expect_equal(err, f"ccfed am status: SEARCHFAILED (12): {URN} has no sliver here\n", "not found")
    alice.same("am", "allocate", SLICE, "--rspec", lab.folder / "request.xml")
    _, err, _ = alice.same("am", "renew", SLICE, "2050-01-01T00:00:00Z", code=1)
    expect_equal(err, "ccfed am renew: OUTOFRANGE (19): later than may be\nwhat would help: 2035-01-01T00:00:00Z\n", "renew")
    (lab.folder / "bad.xml").write_text("none")
    _, err, _ = alice.same("am", "allocate", SLICE, "--rspec", lab.folder / "bad.xml", code=1)
    expect_equal(err, 'ccfed am allocate: BADARGS (1): line 1: no request\nwhat would help: {"line": 1}\n', "allocate")
    _, err, _ = alice.same("am", "poa", SLICE, "geni_dance", code=1)
    expect_equal(err, "ccfed am poa: UNSUPPORTED (13): no action geni_dance\n", "poa")
    for way in ("bus", "https"):
        am.refuse["am.delete"] = [Refusal("conflict", 77, "odd \x1b[2J")]
        done = alice.ask(way, "am", "delete", SLICE)
        expect(done.returncode == 1 and "a code of its own (77): odd " in done.stderr and "\x1b" not in done.stderr, done.stderr)


def failing(lab):
    """A sliver that fails, and one that is not ready in time, end a wait with 1."""
    am, alice = begin(lab, looks=1000)
    alice.ask("bus", "am", "allocate", SLICE, "--rspec", lab.folder / "request.xml")
    done = alice.ask("bus", "am", "provision", SLICE, "--wait=1")
    expect(done.returncode == 1 and "not all slivers are ready in that time" in done.stderr, done.stderr)
    expect("geni_configuring" in done.stdout, done.stdout)
    am.looks, am.fail = 1, True
    done = alice.ask("https", "am", "poa", SLICE, "geni_start", "--wait=60")
    expect(done.returncode == 1 and "a sliver has failed" in done.stderr and "geni_failed" in done.stdout, done.stderr)


def silence(lab):
    """No answer is no result; and the deadline holds."""
    _, alice = begin(lab, quiet=("am.delete",))
    done = alice.ask("bus", "am", "delete", SLICE, "--deadline", "1")
    expect(done.returncode == 1 and "outcome unknown" in done.stderr, done.stderr)
    done = alice.ask("https", "am", "delete", SLICE, "--deadline", "1")
    expect(done.returncode == 1 and f"no answer from {alice.url_am} within 1 s; outcome unknown" in done.stderr, done.stderr)


# -- credentials ------------------------------------------------------------------------------------------------------

def credentials(lab):
    """Its own is fetched once, again when it is refused; --credential FILE is shown as it is."""
    am, alice = begin(lab)
    alice.ask("bus", "am", "allocate", SLICE, "--rspec", lab.folder / "request.xml")
    alice.ask("bus", "am", "status", SLICE)
    shown = [body["credentials"][0]["geni_value"] for _, body in am.requests]
    expect_equal((len(shown), len(set(shown))), (2, 1), "credentials for two requests")
    am.requests.clear()
    am.refuse["am.status"] = [Refusal("denied", 21, "it has expired", rule="cred-expired")]
    done = alice.ask("bus", "am", "status", SLICE)
    expect_equal(done.returncode, 0, done.stderr)
    again = [body["credentials"][0]["geni_value"] for _, body in am.requests]
    expect_equal((len(again), again[0]), (2, shown[0]), "the remembered one goes first")
    expect(again[1] != again[0], "the second is not new")
    expect_equal(len({body["op"] for _, body in am.requests}), 2, "two operations")
    # what is fresh and refused is refused
    am.refuse["am.status"] = [Refusal("denied", 22, "not yours", rule="caller-key")] * 2
    am.requests.clear()
    done = alice.ask("bus", "am", "status", SLICE)
    expect_equal((done.returncode, len(am.requests)), (1, 2), done.stderr)
    expect("CREDENTIAL_MISMATCH (22): not yours" in done.stderr and "by rule caller-key; to do: " in done.stderr, done.stderr)
    (lab.folder / "my.cred").write_text("<?xml mine")
    am.refuse.clear()
    am.requests.clear()
    alice.ask("https", "am", "status", SLICE, "--credential", lab.folder / "my.cred")
    expect_equal([body["credentials"][0]["geni_value"] for _, body in am.requests], ["<?xml mine"], "what was shown")
    # one is no researcher of another's slice: the registry says so, nobody else is asked
    am.requests.clear()
    done = alice.ask("bus", "am", "status", "plc.site.none")
    expect(done.returncode == 1 and done.stderr.startswith("ccfed am status: RecordNotFound: "), done.stderr)
    expect_equal(am.requests, [], "requests")


# -- what cannot be ---------------------------------------------------------------------------------------------------

def usage(lab):
    """What is wrong on the command line is said before anybody is asked."""
    am, alice = begin(lab)
    alice.ask("bus", "am", "getversion")
    am.requests.clear()
    (lab.folder / "id").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    rows = ((2, ("allocate", SLICE), "--rspec FILE is wanted"), (2, ("renew", SLICE), "SLICE TIME are wanted"),
            (2, ("status",), "SLICE is wanted"), (2, ("shutdown", SLICE, SLIVER), "SLICE is wanted"),
            (2, ("status", SLIVER), "is no slice"), (2, ("status", "urn:x"), "publicid"), (2, ("poa", SLICE), "SLICE ACTION are"),
            (2, ("provision", SLICE, "--wait=0"), "--wait wants 1 to 86400"), (2, ("status", SLICE, "--wait", "60"), '"60" is no URN of a sliver'), (2, ("listresources", "x"), "no argument is wanted"),
            (1, ("allocate", SLICE, "--rspec", "none.xml"), "none.xml"), (1, ("status", SLICE, "--credential", "none"), "none"),
            (1, ("provision", SLICE, "--user-keys", lab.folder / "id"), "is a private key"))
    for code, words, why in rows:
        done = alice.ask("bus", "am", *words)
        expect_equal((done.returncode, done.stdout), (code, ""), f"{words}: {done.stderr}")
        expect(why in done.stderr, f"{words}: {done.stderr}")
    (alice.ssh / ".ssh" / "id_ed25519.pub").unlink()
    done = alice.ask("bus", "am", "provision", SLICE)
    expect(done.returncode == 1 and "nobody can log in without one" in done.stderr, done.stderr)
    expect_equal(am.requests, [], "requests")


def strange_logins(lab):
    """A line for a shell is shown only where it is one; the aggregate may be anybody's."""
    bad = (("n1;reboot", 1, "a"), ("n1", "22 x", "a"), ("n1", 70000, "a"), ("n1", 1, "-oProxyCommand=x"), ("$(x)", 1, "a"), ("", 1, "a"),
           ("n1", 1, ""))
    good = (("2001:db8::1", 22, "a_b.c"), ("n1", 65535, "root"))
    am, alice = begin(lab, logins=[LOGIN.format(*row) for row in bad + good])
    alice.ask("bus", "am", "allocate", SLICE, "--rspec", lab.folder / "request.xml")
    done = alice.ask("bus", "am", "provision", SLICE, "--wait")
    expect_equal([line for line in done.stdout.splitlines() if "ssh" in line],
                 ["ssh -p 22 a_b.c@2001:db8::1  # a", "ssh -p 65535 root@n1  # a"], f"the lines of {done.stdout} {done.stderr}")
    am.logins = ["</services><services>&lt;", "\u009b2J", "<login/>"]
    done = alice.ask("bus", "am", "describe", SLICE)
    expect(done.returncode == 0 and "ssh" not in done.stdout, done.stderr)
    am.logins = ["<broken"]
    done = alice.ask("bus", "am", "describe", SLICE)
    expect("the manifest cannot be read: " in done.stderr, done.stderr)


# -- operators --------------------------------------------------------------------------------------------------------

def operators(lab):
    """release and terms over the bus, signed by a key of the key store."""
    am, _ = begin(lab)
    where = ("--cc", am_server(lab), "--keystore", lab.keys, "--sign", "client", "--ca", "ca", "--deadline", 30)
    done = lab.ccfed("am", "release", *where, SLICE)
    expect_equal((done.returncode, done.stdout), (0, f"{URN} goes on\n"), done.stderr)
    expect_equal(am.asked("am.release")[-1]["urn"], URN, "the slice")
    done = lab.ccfed("terms", "accept", *where, "plc.site.alice", "--days", 30)
    expect_equal(done.returncode, 0, done.stderr)
    asked = am.asked("am.terms_accept")[-1]
    expect_equal((asked["user"], asked["days"]), ("urn:publicid:IDN+plc:site+user+alice", 30), "accept")
    expect("alice  yes     2026-01-01T00:00:00Z  2027-01-01T00:00:00Z  1" in done.stdout, done.stdout)
    done = lab.ccfed("terms", "show", *where, "urn:publicid:IDN+x+user+y")
    expect(done.returncode == 0 and "urn:publicid:IDN+x+user+y" in done.stdout, done.stderr)
    expect("days" not in am.asked("am.terms_show")[-1], "no days")
    done = lab.ccfed("terms", "revoke", *where, "plc.site.alice", "--json")
    expect_equal((done.returncode, done.stdout.strip()), (0, "[]"), done.stderr)
    am.refuse["am.release"] = [Refusal("denied", 3, "no line")]
    done = lab.ccfed("am", "release", *where, SLICE)
    expect(done.returncode == 1 and "refused (denied): no line" in done.stderr, done.stderr)
    for words in (("am", "release"), ("terms", "accept"), ("terms", "accept", "x y"), ("terms", "show", "urn:x")):
        expect_equal(lab.ccfed(*words).returncode, 2, f"{words}")


def am_server(lab):
    return lab.servers[0].url


if __name__ == "__main__":
    os.environ["no_proxy"] = "*"
    it.main(life, actions, refusals, failing, silence, credentials, usage, strange_logins, operators)
