# SPDX-License-Identifier: ISC
"""What the tests of the front door share: a registry behind it, its certificates, and clients that share no code with it."""
import http.client
import re
import signal
import socket
import ssl
import subprocess
import time
import xmlrpc.client

import ccfed_it as it
from ccfed_it import Failure, expect, expect_equal, wait_until
from registry_it import Bed

DOOR = "urn:publicid:IDN+it+service+door"
URN = "urn:publicid:IDN+plc+authority+am"
CALL = b"<?xml version='1.0'?><methodCall><methodName>%s</methodName><params>%s</params></methodCall>"
VERSION = CALL % (b"GetVersion", b"")


def server_certificate(lab, name="server", days=30):
    """A self-signed certificate as jfed wants one."""
    cert, key = lab.folder / f"{name}.pem", lab.folder / f"{name}.key"
    lab.openssl("req", "-new", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-subj", "/CN=ccfed.test", "-days", str(days), "-addext", "subjectAltName=DNS:ccfed.test,IP:127.0.0.1", "-out", cert)
    key.chmod(0o600)
    return cert, key


class Door:
    """A bridge before a registry: listeners `am` (trusted) and `registry` (any), and a plain one for its state."""

    def __init__(self, bed, listeners=None, **options):
        self.bed, self.lab = bed, bed.lab
        self.ports = {"am": it.free_port(), "registry": it.free_port(), "status": it.free_port()}
        self.cert, self.key = server_certificate(bed.lab)
        self.roots = bed.folder / "front-roots"
        self.roots.mkdir(exist_ok=True)
        (self.roots / "plc.gid").write_bytes(bed.plc.gid.read_bytes())
        self.ini = bed.folder / "front.ini"
        self.options = {"listeners": "l:am, l:registry", "urn": URN, "public-host": "ccfed.test",
                        "status": f"127.0.0.1:{self.ports['status']}", "shutdown-grace": 2, "deadline": 20, **options}
        common = {"certificate": self.cert, "key": self.key, "roots": self.roots}
        self.listeners = {
            "am": {"listen": f"127.0.0.1:{self.ports['am']}", "services": "/registry, /am/3.0, /healthz", **common},
            "registry": {"listen": f"127.0.0.1:{self.ports['registry']}", "client-certificates": "any",
                         "services": "/registry, /ch, /metrics", "default-service": "/registry", **common}}
        for name, more in (listeners or {}).items():
            self.listeners[name].update(more)
        self.daemon = self.lab.daemon("ambridge", self.ini)

    def write(self):
        sections = {"ccserver": {"cc-socket": self.bed.server.url, **self.lab.crypto("door", True)},
                    "servers": {"*": "any"}, "d:ambridge": self.options,
                    **{f"l:{name}": options for name, options in self.listeners.items()}}
        self.ini.with_suffix(".new").write_text(it.ini_text(sections))
        self.ini.with_suffix(".new").rename(self.ini)

    def start(self, wait=True):
        self.write()
        self.daemon.start()
        if wait:
            wait_until(lambda: self.daemon.process.poll() is not None or self.health() == 200, "the bridge to be ready")
            expect(self.daemon.process.poll() is None, f"the bridge ended: {self.daemon.log()}")
        return self

    def reload(self):
        self.write()
        number = self.daemon.log().count("SIGHUP: ")
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.daemon.log().count("SIGHUP: ") > number, "the reload")

    def get(self, path):
        """(status, text) of the plain listener; (0, "") when it is not there."""
        c = http.client.HTTPConnection("127.0.0.1", self.ports["status"], timeout=it.PATIENCE)
        try:
            c.request("GET", path)
            answer = c.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            c.close()

    def health(self):
        return self.get("/healthz")[0]

    def figure(self, name):
        """One series of /metrics, by its name with labels."""
        text = self.get("/metrics")[1]
        found = re.search(rf"^ambridge_{re.escape(name)} (\S+)$", text, re.M)
        expect(found, f"no series {name} in {text[:2000]}")
        return float(found.group(1))

    def wait_figure(self, name, at_least):
        wait_until(lambda: self.figure(name) >= at_least, f"{name} >= {at_least}")

    # -- clients --

    @staticmethod
    def context(cert=None, key=None, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if version:
            context.minimum_version = context.maximum_version = version
        if cert:
            context.load_cert_chain(cert, key)
        return context

    def context_of(self, who, version=None):
        if who is None:
            return self.context(version=version)
        return self.context(who.gid if who.gid.exists() else who.self_signed, who.key, version)

    def proxy(self, who, path="/registry", listener="am"):
        return xmlrpc.client.ServerProxy(f"https://127.0.0.1:{self.ports[listener]}{path}", context=self.context_of(who),
                                         allow_none=True)

    def https(self, who, listener="am", timeout=it.PATIENCE, version=None):
        return http.client.HTTPSConnection("127.0.0.1", self.ports[listener], timeout=timeout,
                                           context=self.context_of(who, version))

    def raw(self, who, listener="am", timeout=it.PATIENCE):
        """A TLS connection, octets in and out."""
        plain = socket.create_connection(("127.0.0.1", self.ports[listener]), timeout=timeout)
        return self.context_of(who).wrap_socket(plain)

    def s_client(self, *arguments, listener="am", data=b"", seconds=it.PATIENCE):
        """openssl s_client: its exit code and all that it says."""
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.ports[listener]}", *map(str, arguments)],
                              input=data, capture_output=True, timeout=seconds, check=False)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def alive(self, who):
        """It still answers."""
        expect_equal(self.proxy(who).GetVersion()["interface"], "registry", "GetVersion")


def post(connection, body=VERSION, path="/registry", **headers):
    """One request on a connection that is kept: (status, headers, body)."""
    connection.request("POST", path, body=body, headers={"Content-Type": "text/xml", **{k.replace("_", "-"): v
                                                                                         for k, v in headers.items()}})
    answer = connection.getresponse()
    return answer.status, answer, answer.read()


def read_all(sock, seconds=it.PATIENCE):
    """Everything until the other end closes; and how long that took."""
    began, got = time.monotonic(), b""
    sock.settimeout(seconds)
    try:
        while part := sock.recv(65536):
            got += part
    except socket.timeout:
        raise Failure(f"the connection is still open after {seconds} s; it said {got[:200]!r}") from None
    except OSError:
        pass
    return got, time.monotonic() - began


def registry(lab, **options):
    """A registry for which a front door may speak, and people in it."""
    doors = {"door": f"{DOOR}, prefix reg, namespace plc"}
    bed = Bed(lab, sections={"assert-caller": doors}, **options).start()
    bed.site = bed.authority("plc.site")
    bed.alice = bed.user("plc.site.alice")
    return bed


def door(lab, **options):
    return Door(registry(lab), **options).start()
