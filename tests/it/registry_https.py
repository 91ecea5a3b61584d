#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""ccfed at the front door: each command of the design document over the bus and over HTTPS, with the same output; and
everything that can be wrong between it and the front door."""
import base64
import hashlib
import http.server
import json
import os
import re
import shutil
import ssl
import threading

import ccfed_it as it
from bridge_it import Door, registry, server_certificate
from ccfed_it import expect, expect_equal
from registry_it import Authority

SITE = "plc.site"
WAYS = ("bus", "https")
RSPEC = ('<rspec xmlns="http://www.geni.net/resources/rspec/3" type="request"><node client_id="a" '
         'component_id="urn:publicid:IDN+plc:site+node+n1" component_manager_id="urn:publicid:IDN+plc+authority+am" exclusive="false"/></rspec>')
# what differs between two runs of the same: numbers that are drawn, and times
DRAWN = ((re.compile(r"\b(uuid|serial|redeem|expires): [0-9a-fA-F:TZ-]+"), r"\1: N"),
         (re.compile(r'("(?:uuid|date_created|last_updated|expires)": )"[^"]*"'), r'\1"-"'),
         (re.compile(r'("record_id": )\d+'), r"\1 0"),
         (re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\\n", re.S), "PEM"))


def pin_of(lab, cert):
    """sha256//BASE64 of a certificate's public key, by the program openssl."""
    pem = lab.openssl("x509", "-in", cert, "-noout", "-pubkey")
    der = lab.openssl("pkey", "-pubin", "-outform", "DER", data=pem)
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


class Person:
    """Who runs ccfed: a folder for each of the two ways, with the same key."""

    def __init__(self, door, principal):
        self.door, self.lab, self.hrn = door, door.lab, principal.hrn
        self.url = f"https://127.0.0.1:{door.ports['registry']}/registry"
        self.homes = {way: self.lab.folder / f"home-{principal.hrn}-{way}" for way in WAYS}
        for home in self.homes.values():
            home.mkdir(mode=0o700)
            shutil.copy(principal.key, home / "user.key")
            (home / "user.key").chmod(0o600)

    def where(self, way):
        if way == "bus":
            return ("--cc", self.door.bed.server.url, "--ca", self.lab.keys / "ca.crt")
        return ("--server", self.url, "--server-ca", self.door.cert)

    def run(self, way, *words, where=None, **options):
        where = self.where(way) if where is None else where
        patience = () if "--deadline" in words else ("--deadline", 30)
        return self.lab.ccfed(*words, "--home", self.homes[way], "--hrn", self.hrn, *patience, *where, **options)

    def both(self, *words, code=0):
        """
        Over the bus and over HTTPS: what they print must be the same. WAY in a word becomes the way's name, so that
        each has its own object; what is drawn is not compared. The output over HTTPS.
        """
        said = {}
        for way in WAYS:
            done = self.run(way, *[str(word).replace("WAY", way) for word in words])
            expect_equal(done.returncode, code, f"ccfed {' '.join(map(str, words))} over {way}: {done.stderr}")
            said[way] = [done.stdout, done.stderr]
            if "WAY" in str(words):
                said[way] = [text.replace(f"{way}1", "WAY1") for text in said[way]]
            for pattern, instead in DRAWN:
                said[way] = [pattern.sub(instead, text) for text in said[way]]
        expect_equal(said["https"], said["bus"], f"ccfed {' '.join(map(str, words))} over https, and over the bus")
        return done.stdout

    def refused(self, *words, where=None):
        """Over HTTPS: what it says on its way out."""
        done = self.run("https", *words, where=where)
        expect_equal((done.returncode, done.stdout), (1, ""), f"ccfed {' '.join(map(str, words))}")
        return done.stderr

    def known(self):
        """Has its GID and its credential, over HTTPS."""
        done = self.run("https", "resolve", self.hrn)
        expect_equal(done.returncode, 0, done.stderr)
        return self


def people(lab, **options):
    """The front door, a PI of plc.site, alice, and a node."""
    bed = registry(lab, options={"node-ca": "ca"})
    plc = Authority(bed, "plc")
    pi = bed.user("plc.site.pi")
    plc.call("update", record={"hrn": SITE, "type": "authority", "reg-pis": [pi.hrn]}, credentials=[plc.credential()])
    door = Door(bed, **options).start()
    return door, Person(door, pi), Person(door, bed.alice)


# -- the same ---------------------------------------------------------------------------------------------------------

def commands(lab):
    """Every command of the design document: register, resolve, list, update, getCredential, getTicket, createGid, remove."""
    door, pi, alice = people(lab)
    door.bed.node("plc.site.n1", epoch="e1")
    alice.both("resolve", alice.hrn)
    expect((alice.homes["https"] / "user.gid").read_bytes() == (alice.homes["bus"] / "user.gid").read_bytes(), "not the same GID")
    alice.both("resolve", alice.hrn, SITE, "--json")
    alice.both("resolve", SITE)
    alice.both("resolve", "--type", "authority", SITE)
    for name in (*WAYS, "other"):
        key = lab.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        (lab.folder / f"{name}1.pub").write_bytes(lab.openssl("pkey", "-pubout", data=key))
    pi.both("register", "user", f"{SITE}.WAY1", "--email", "w@example.net", "--key", lab.folder / "WAY1.pub")
    pi.both("register", "slice", f"{SITE}.WAY1s", "--researcher", alice.hrn, "--attribute", "image=debian")
    pi.both("list", SITE)
    pi.both("list", SITE, "--json")
    pi.both("list", "plc", "--recursive", "--json")
    pi.both("update", "user", f"{SITE}.WAY1", "--email", "x@example.net")
    pi.both("resolve", f"{SITE}.WAY1", "--json")
    pi.both("update", "slice", f"{SITE}.WAY1s")
    alice.both("getCredential", "slice", f"{SITE}.WAY1s", "--outfile", "WAY1.cred")
    pi.both("getCredential", "sa", SITE)
    (lab.folder / "request.xml").write_text(RSPEC)
    shown = alice.both("getTicket", f"{SITE}.WAY1s", "--rspec", lab.folder / "request.xml", "--outfile", "WAY1.ticket")
    expect(shown.startswith("RESULT:\n"), shown)
    pi.both("createGid", f"{SITE}.WAY1", "--key", lab.folder / "WAY1.pub", "--uuid", "0ed7e1d2-7a3b-4a0c-9d58-1d6b4a1b9e42")
    pi.both("createGid", f"{SITE}.WAY1s", "--type", "slice", "--key", lab.folder / "other1.pub", "--outfile", "WAY1.gid")
    pi.both("remove", "slice", f"{SITE}.WAY1s")
    pi.both("remove", "user", f"{SITE}.WAY1")
    door.daemon.stop()


def refusals(lab):
    """A refusal is the same, with class, text and advice of its rule."""
    door, pi, alice = people(lab)
    for person in (pi, alice):
        person.both("resolve", person.hrn)
    said = alice.run("https", "register", "slice", f"{SITE}.s9").stderr
    expect(said.startswith("ccfed register: PermissionError: "), said)
    for words in (("register", "slice", f"{SITE}.s9"), ("resolve", f"{SITE}.nobody"), ("resolve", "--type", "slice", alice.hrn), ("resolve", "a..b"),
                  ("list", "plc.nowhere"), ("remove", "user", f"{SITE}.nobody"), ("getCredential", "slice", f"{SITE}.nobody"),
                  ("update", "user", f"{SITE}.pi", "--email", "x@example.net")):
        alice.both(*words, code=1)
    pi.both("register", "user", alice.hrn, "--key", alice.homes["bus"] / "user.pub", code=1)
    pi.both("register", "slice", f"{SITE}.s8", "--field", 'expires="never"', code=1)
    # a rule: a credential that was changed after it was signed. Both get a new one, so that it is refused on the way only
    for way in WAYS:
        path = alice.homes[way] / "user.cred"
        path.write_text(path.read_text().replace("<privilege><name>refresh<", "<privilege><name>*<"))
    alice.both("resolve", alice.hrn)
    door.daemon.stop()


def records(lab):
    """What XML-RPC has no type for, and what it makes of dates, nulls, large numbers and odd characters, changes nothing."""
    door, pi, _ = people(lab)
    odd = {"big": 5000000000, "least": -9007199254740993, "real": 0.1, "whole": 2.0, "nothing": None, "yes": True, "empty": "", "list": [],
           "text": "\u0001\u0008 a\r\nb\tc \ufffe \U0001f600 ]]> <&", "number": "5000000000", "date": "2026-11-26T19:35:21Z", "stamp": "20261126T19:35:21",
           "$base64": "eA==", "mark": {"$base64": "eA=="}, "other": {"$dateTime": "20261126T19:35:21"}, "$$": {"$": [1, None, {"a": {}}]}}
    pi.both("register", "slice", f"{SITE}.WAY1", f"--field=pl_info={json.dumps(odd)}")
    shown = pi.both("resolve", f"{SITE}.WAY1", "--json")
    expect_equal(json.loads(shown)[0]["pl_info"], odd, "what was stored")
    pi.both("resolve", f"{SITE}.WAY1")
    # each way sees what the other wrote
    for name in WAYS:
        pi.both("resolve", f"{SITE}.{name}1", "--json")
    pi.both("list", SITE, "--json")
    door.daemon.stop()


def long_lists(lab):
    """A list of more records than one answer holds comes in parts, all of it."""
    door, pi, _ = people(lab)
    site, count = door.bed.site, 1003
    cred = site.credential()
    for number in range(count):
        site.call("register", record={"hrn": f"{SITE}.s{number:04}", "type": "slice"}, credentials=[cred])
    shown = pi.both("list", SITE)
    expect_equal(len(re.findall(r"^RECORD plc\.site\.s\d{4}$", shown, re.M)), count, "slices")
    door.daemon.stop()


def configured(lab):
    """The config and the environment say it as the options do; ~/.config/ccfed where there is no ~/.ccfed."""
    door, _, alice = people(lab)
    alice.known()
    env = {"PATH": "/usr/bin:/bin", "HOME": str(lab.folder / "h")}
    folder = lab.folder / "h" / ".config" / "ccfed"
    shutil.copytree(alice.homes["https"], folder)
    config = f"[ccfed]\nhrn = {alice.hrn}\n"
    (folder / "config").write_text(config + f"server = {alice.url}\nserver-ca = door.pem\n")
    shutil.copy(door.cert, folder / "door.pem")
    good = lab.ccfed("resolve", alice.hrn, env=env)
    expect(good.returncode == 0 and good.stdout.startswith("RESULT:"), good.stderr)
    (folder / "config").write_text(config + f"cc = tcp://127.0.0.1:{it.free_port()}\nca = door.crt\npin = {pin_of(lab, door.cert)}\n")
    done = lab.ccfed("resolve", alice.hrn, env={**env, "CCFED_SERVER": alice.url})
    expect_equal((done.returncode, done.stdout, done.stderr), (0, good.stdout, ""), "CCFED_SERVER before cc of the config")
    # ~/.ccfed counts as soon as it is there
    (lab.folder / "h" / ".ccfed").mkdir()
    done = lab.ccfed("resolve", alice.hrn, env={**env, "CCFED_SERVER": alice.url})
    expect(done.returncode == 1 and "who are you?" in done.stderr, done.stderr)
    for words, why in ((("--cc", "tcp://127.0.0.1:1", "--server", alice.url), "not both"), (("--server", "http://127.0.0.1/registry"), "https://HOST:PORT/registry"),
                       (("--server", "https://a:b@127.0.0.1/registry"), "no name and password"), (("--server", alice.url, "--pin", "/etc/passwd"), "--pin wants sha256//"),
                       (("--server", alice.url, "--pin", "sha256//x", "--insecure"), "one or the other")):
        expect(why in alice.refused("resolve", alice.hrn, where=words), f"{words}: {alice.refused('resolve', alice.hrn, where=words)}")
    door.daemon.stop()


# -- whom it believes -------------------------------------------------------------------------------------------------

def servers(lab):
    """CA, pin and --insecure: who may answer, and what it says where nobody may."""
    door, _, alice = people(lab)
    alice.known()
    asked = door.daemon.log().count("registry.Resolve ")
    pin, (other, other_key) = pin_of(lab, door.cert), server_certificate(lab, "other")
    words = ("resolve", alice.hrn)
    for more in (("--server-ca", door.cert), ("--pin", pin), ("--server-ca", door.cert, "--pin", pin)):
        done = alice.run("https", *words, where=("--server", alice.url, *more))
        expect_equal((done.returncode, done.stderr), (0, ""), f"with {more}")
    for more, why in (((), "no CA in this system's store vouches for"), (("--server-ca", other), "vouches for"), (("--pin", pin_of(lab, other)), "is not the one of the pin"),
                      (("--server-ca", door.cert, "--pin", pin_of(lab, other)), "is not the one of the pin"), (("--server-ca", other, "--pin", pin), "vouches for"),
                      (("--server-ca", other_key), "holds no certificate of a CA")):
        said = alice.refused(*words, where=("--server", alice.url, *more))
        expect(why in said, f"with {more}: {said}")
    for _ in range(2):
        done = alice.run("https", *words, where=("--server", alice.url, "--insecure"))
        expect(done.returncode == 0 and done.stderr.count("warning: --insecure") == 1, f"--insecure: {done.stderr}")
    said = alice.refused(*words, where=("--server", alice.url.replace("127.0.0.1", "localhost"), "--server-ca", door.cert))
    expect("is of another host" in said, said)
    said = alice.refused(*words, where=("--server", alice.url[:-9] + "/nothing", "--server-ca", door.cert))
    expect("ends in /registry" in said, said)
    said = alice.refused(*words, where=("--server", f"https://127.0.0.1:{it.free_port()}/registry", "--server-ca", door.cert))
    expect("no connection to" in said and "Connection refused" in said, said)
    # five that took it for the right one, or did not care; who refuses it does not ask first
    expect_equal(door.daemon.log().count("registry.Resolve ") - asked, 5, "times the front door was asked")
    door.daemon.stop()
    said = alice.refused(*words)
    expect("no connection to" in said, said)


def expired(lab):
    """A server certificate that has ended is refused; by its pin alone it is the same key."""
    door, _, alice = people(lab)
    alice.known()
    lab.openssl("req", "-new", "-key", door.key, "-subj", "/CN=ccfed.test", "-out", "old.csr")
    (lab.folder / "ext").write_text("subjectAltName=DNS:ccfed.test,IP:127.0.0.1\n")
    (lab.folder / "old.cnf").write_text("[ca]\ndefault_ca = d\n[d]\ndatabase = db\nserial = sn\nnew_certs_dir = .\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n")
    (lab.folder / "db").write_text("")
    (lab.folder / "sn").write_text("01\n")
    lab.openssl("ca", "-batch", "-config", "old.cnf", "-selfsign", "-keyfile", door.key, "-in", "old.csr", "-extfile", "ext", "-startdate", "20200101000000Z",
                "-enddate", "20200201000000Z", "-notext", "-out", "old.pem")
    with Plain(lab, lab.folder / "old.pem", door.key, lambda number, body: (200, {}, b"")) as server:
        said = alice.refused("resolve", alice.hrn, where=("--server", server.url, "--server-ca", lab.folder / "old.pem"))
        expect("has expired" in said, said)
        expect_equal(server.bodies, [], "what was sent to it")
    door.daemon.stop()


def clients(lab):
    """The front door's word on our certificate: refused in the handshake, and 403."""
    door, _, alice = people(lab, listeners={"registry": {"client-certificates": "trusted"}})
    # not registered there: a certificate of one's own is for first contact only
    said = alice.refused("resolve", alice.hrn)
    expect("refused your certificate" in said and "first contact" in said, said)
    door.listeners["registry"]["client-certificates"] = "any"
    door.reload()
    alice.known()
    # its GID is there, but the roots are gone
    door.roots.joinpath("plc.gid").unlink()
    door.bed.make_authority("other", where=lab.folder)
    shutil.copy(lab.folder / "other" / "other.gid", door.roots)
    door.reload()
    said = alice.refused("resolve", alice.hrn)
    expect(f"{alice.url} refuses: Resolve wants a certificate that is trusted here" in said, said)
    door.daemon.stop()


# -- a server that misbehaves -----------------------------------------------------------------------------------------

ANSWER = b"<?xml version='1.0'?><methodResponse><params><param><value><array><data/></array></value></param></params></methodResponse>"
FAULT = (b"<?xml version='1.0'?><methodResponse><fault><value><struct><member><name>faultCode</name><value><int>12</int></value></member>"
         b"<member><name>faultString</name><value><string>no \x1b[2J such</string></value></member></struct></value></fault></methodResponse>").replace(b"\x1b", b"")


class Plain:
    """A server of HTTPS that says what a test wants: act(number of the request, body) -> status, headers, body."""

    def __init__(self, lab, cert, key, act):
        self.bodies, self.act = [], act
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                outer.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                status, headers, body = outer.act(len(outer.bodies), outer.bodies[-1])
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # who asked has had enough
            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/registry"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.ca = cert

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def where(self):
        return ("--server", self.url, "--server-ca", self.ca)


def busy(lab):
    """503 with Retry-After: asked again within the deadline, and not beyond it."""
    door, _, alice = people(lab)
    alice.known()
    cert, key = door.cert, door.key
    with Plain(lab, cert, key, lambda n, body: (503, {"Retry-After": 1}, b"too many calls\n") if n < 3 else (200, {}, ANSWER)) as server:
        done = alice.run("https", "resolve", alice.hrn, where=server.where())
        expect_equal((done.returncode, done.stdout, len(server.bodies)), (0, "NO RESULT\n", 3), done.stderr)
        expect_equal(len(set(server.bodies)), 1, "different calls")
    with Plain(lab, cert, key, lambda n, body: (503, {"Retry-After": 5000}, b"closed\n")) as server:
        said = alice.refused("resolve", alice.hrn, where=server.where())
        expect_equal((said, len(server.bodies)), ("ccfed resolve: busy: closed\n", 1), "beyond the deadline")
    # the bus is away
    door.bed.server.stop()
    it.wait_until(lambda: door.health() != 200, "the front door to see that the bus is away")
    said = alice.refused("resolve", alice.hrn, "--deadline", "3")
    expect(said.startswith("ccfed resolve: busy: "), said)
    door.daemon.stop()


def answers(lab):
    """Answers that are none are refused, in time and within bounds."""
    door, _, alice = people(lab)
    alice.known()
    hold = threading.Event()
    rows = ((lambda n, b: (200, {}, b"no XML"), "no answer in XML-RPC"), (lambda n, b: (302, {"Location": "https://127.0.0.1:1/"}, b""), "sends us elsewhere"),
            (lambda n, b: (403, {}, b"never \x1b[2J\nmore"), "refuses: never ?[2J\n"), (lambda n, b: (500, {}, b"broken"), "answered 500: broken"),
            (lambda n, b: (200, {}, b" " * (33 << 20)), "is longer than 32 MiB"), (lambda n, b: (200, {"Content-Length": 9}, b"short"), "no answer from"),
            (lambda n, b: (hold.wait(20), (200, {}, ANSWER))[1], "no answer from"), (lambda n, b: (200, {}, FAULT), "fault 12: no [2J such\n"),
            (lambda n, b: (200, {"CCFED-Fault": "%1b%5b2J", "CCFED-Code": "x" * 3000}, FAULT), "\\x1b[2J: no [2J such\n"))
    # long enough for a machine that is busy, short enough to wait for
    for number, (act, why) in enumerate(rows):
        with Plain(lab, door.cert, door.key, act) as server:
            said = alice.refused("resolve", alice.hrn, "--deadline", "6", where=server.where())
            hold.set()
            expect(why in said, f"{number}: {said}")
            expect_equal(len(server.bodies), 1, f"{number}: requests")
            hold.clear()
    door.daemon.stop()


def only_on_the_bus(lab):
    """What has no name of 2019 says that it goes over the bus."""
    door, pi, _ = people(lab)
    pi.known()
    done = pi.run("https", "node", "add", f"{SITE}.n7")
    expect(done.returncode == 2 and "over the bus alone" in done.stderr, done.stderr)
    door.bed.plc.refused("RecordNotFound", "resolve", hrns=[f"{SITE}.n7"], credentials=[door.bed.plc.credential()])
    door.daemon.stop()


if __name__ == "__main__":
    os.environ["no_proxy"] = "*"
    it.main(commands, refusals, records, long_lists, configured, servers, expired, clients, busy, answers, only_on_the_bus)
