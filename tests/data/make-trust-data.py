#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes tests/data/trust: documents whose `ccfed ... show` is known octet by octet, made by a ccfed and by openssl.

usage: make-trust-data.py CCFED

Run it again only to change the set: keys and UUIDs are new at each run, so NAME.show beside each document, which
`ccfed KIND show` printed, has to be read again by a person.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import xmlrpc.client

OUT = pathlib.Path(__file__).resolve().parent / "trust"
IDN = "urn:publicid:IDN+it:site+"
DAYS = "3650"
# FILE: kind; of every one the layout is kept
SHOWN = {"alice.gid": "gid", "old.gid": "gid", "slice.cred": "cred", "delegated.cred": "cred", "speaksfor.xml": "cred",
         "old.cred": "cred", "slice.ticket": "ticket", "old.ticket": "ticket"}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.decode()}")
    return done.stdout


class Today:
    """Documents of GENI and SFA, of an authority it.site."""

    def __init__(self, ccfed, work):
        self.ccfed, self.work = ccfed, work

    def make(self, *arguments):
        run(self.ccfed, *arguments, "--dir", self.work)

    def gid(self, name, kind):
        self.make("gid", "make", "--authority", "it.site", "--urn", f"{IDN}{kind}+{name}", "--p256", "--days", DAYS,
                  "--new-key", self.work / f"{name}.key", "--out", OUT / f"{name}.gid",
                  *(["--email", f"{name}@example.org"] if kind == "user" else []))

    def authorities(self):
        for hrn in ("it", "it.site"):
            self.make("authority", "create", "--p256", "--days", DAYS, hrn)
        shutil.copy(self.work / "it" / "it.gid", OUT / "root.gid")

    def documents(self):
        self.make("cred", "make", "--authority", "it.site", "--owner", OUT / "alice.gid", "--target", OUT / "sl1.gid",
                  "--privilege", "refresh,embed,info", "--expires", "2027-11-01T12:00:00Z", "--out", OUT / "slice.cred")
        run(self.ccfed, "cred", "delegate", "--key", self.work / "alice.key", "--to", OUT / "bob.gid", "--privilege",
            "info", "--no-delegate", "--out", OUT / "delegated.cred", OUT / "slice.cred")
        run(self.ccfed, "cred", "speaks-for", "--key", self.work / "alice.key", "--user", OUT / "alice.gid", "--tool",
            OUT / "portal.gid", "--expires", "2027-11-01T12:00:00Z", "--out", OUT / "speaksfor.xml")
        (self.work / "keys").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA alice@example.org\n")
        (self.work / "rspec").write_text('<rspec type="request">\n  <node client_id="n1"/>\n</rspec>\n')
        self.make("ticket", "make", "--authority", "it.site", "--owner", OUT / "alice.gid", "--slice", OUT / "sl1.gid",
                  "--component", f"{IDN}node+n1.example.org", "--epoch", "e1", "--rspec", self.work / "rspec",
                  "--attribute", "net_max_rate=100", "--attribute", "note=two\nlines", "--user",
                  f"{IDN}user+alice={self.work / 'keys'}", "--expires", "2027-01-01T12:00:00Z", "--out",
                  OUT / "slice.ticket")


class Of2008:
    """Certificates as Geniwrapper made them: RSA of 1024 bits, MD5, XML-RPC text in the SAN."""

    def __init__(self, work):
        self.work = work
        self.chains = {}

    def key(self, name):
        path = self.work / f"old-{name}.key"
        if not path.exists():
            run("openssl", "genrsa", "-out", path, "1024")
        return path

    @staticmethod
    def der(tag, data):
        size = len(data)
        octets = size.to_bytes(max(1, (size.bit_length() + 7) // 8), "big")
        return bytes([tag]) + (octets if size < 128 else bytes([0x80 | len(octets)]) + octets) + data

    def cert(self, name, issuer, values, parent=None):
        """A certificate with these values, signed by issuer, and the chain of parent behind it."""
        text = "http://" + xmlrpc.client.dumps((values,), allow_none=True).strip()
        san = self.der(0x30, self.der(0x86, text.encode())).hex()
        cnf = self.work / "old.cnf"
        cnf.write_text(f"[req]\ndistinguished_name=dn\n[dn]\n[ext]\nsubjectAltName=DER:{san}\n")
        signing = ["-key", self.key(name)]
        if issuer != name:
            signing += ["-CA", self.work / f"old-{issuer}.pem", "-CAkey", self.key(issuer)]
        pem = run("openssl", "req", "-new", "-x509", "-md5", *signing, "-subj", f"/CN={name}", "-config", cnf,
                  "-extensions", "ext", "-days", DAYS, "-set_serial", "1").decode()
        if parent is None:
            (self.work / f"old-{name}.pem").write_text(pem)
            return pem
        return pem + parent

    def gid(self, name, issuer):
        number = str(int.from_bytes(os.urandom(16), "big"))
        self.chains[name] = self.cert(name, issuer, {"uuid": number, "hrn": name})
        if issuer != name:
            self.chains[name] += "-----parent-----" + self.chains[issuer]

    def grant(self, privileges, caller, target, delegate):
        return {"gidCaller": self.chains[caller], "gidObject": self.chains[target], "lifeTime": None,
                "privileges": privileges, "delegate": delegate}

    def documents(self):
        for name, issuer in (("o", "o"), ("o.s", "o"), ("o.s.alice", "o.s"), ("o.s.sl1", "o.s")):
            self.gid(name, issuer)
        (OUT / "old-root.gid").write_text(self.chains["o"])
        (OUT / "old.gid").write_text(self.chains["o.s.alice"])
        root = self.cert("o", "o", self.grant("authority", "o", "o", True), "")
        parent = "-----parent-----" + self.cert("o.s", "o", self.grant("authority", "o.s", "o.s", True),
                                                "-----parent-----" + root)
        (OUT / "old.cred").write_text(self.cert(
            "o.s.sl1", "o.s", self.grant("embed,bind", "o.s.alice", "o.s.sl1", False), parent))
        ticket = self.grant(None, "o.s.alice", "o.s.sl1", False)
        del ticket["privileges"], ticket["lifeTime"]
        ticket["attributes"] = {"name": "s_sl1", "slice_id": 24, "keys": ["ssh-rsa AAAA alice"],
                                "initscript": "#!/bin/sh\necho \u009b31m\n"}
        ticket["rspec"] = {"net_min_rate": "1"}
        (OUT / "old.ticket").write_text(self.cert("o.s.sl1", "o.s", ticket, parent))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ccfed = pathlib.Path(sys.argv[1]).resolve()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        today = Today(ccfed, work)
        today.authorities()
        for name, kind in (("alice", "user"), ("bob", "user"), ("sl1", "slice"), ("portal", "tool")):
            today.gid(name, kind)
        today.documents()
        Of2008(work).documents()
    for name, kind in SHOWN.items():
        (OUT / f"{name}.show").write_bytes(run(ccfed, kind, "show", OUT / name))


if __name__ == "__main__":
    main()
