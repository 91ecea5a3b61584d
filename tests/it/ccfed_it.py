# SPDX-License-Identifier: ISC
"""What the integration tests share: a working folder, keys, servers, raw sockets, the form of results.

A script is called with the build folder, prints `ok NAME`, `not ok NAME: why` or `skipped NAME: why` for each test and
`done N` at the end. Its tests are functions of a Lab. One that yields (part, problem or None) makes a result per part.

The words of hots-cc's wire form are spelt out here with pyzmq and OpenSSL's own CMS, so that nothing of the programs
under test judges them.
"""
import ctypes
import ctypes.util
import inspect
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

try:
    import zmq
except ImportError:
    zmq = None

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
SANITIZER = re.compile(r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:")
PATIENCE = 60  # seconds that anything may take that takes no time on an idle machine
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """A test's finding."""


class Skip(Exception):
    """A test cannot run here."""


def count(name, default):
    """A number of tests/counts, else the default."""
    return int(os.environ.get("CCFED_" + name, default))


# seconds beyond its deadline in which an outcome may come: 0.1 is promised, and judged by `check long` on a machine
# that does nothing else; the short run only asks that the word comes at all
GRACE = count("GRACE_MS", 3000) / 1000


def expect(condition, why):
    if not condition:
        raise Failure(why)


def expect_equal(got, wanted, what):
    expect(got == wanted, f"{what}: {got!r}, not {wanted!r}")


def wait_until(condition, what, seconds=PATIENCE):
    """Polls until condition() is true, and returns what it returned."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.02)  # poll


# -- messages ---------------------------------------------------------------------------------------------------------

def query_id(budget_ms=5000):
    return b"q1" + os.urandom(16) + struct.pack(">Q", budget_ms)


# A server that has just started takes no signed message dated before its start + 2 s, since it may have taken it in an
# earlier life; and none that is more than 2 s ahead. So dated, a message is good at once, for it comes after it was made.
FRESH = 2


def body_of(kind, **fields):
    """A body with the keys of every message; a field given as None is left out."""
    body = {"req": kind, "time": time.time() + FRESH, "hostname": "it.example", "blob_hash": "", "id": os.urandom(16).hex()}
    body.update(fields)
    return json.dumps({k: v for k, v in body.items() if v is not None}).encode()


def echo_body(**fields):
    return body_of("echo.request", **{"target": "tcp://it.example", **fields})


def message(kind, body, signer=None):
    """The frames after the route."""
    return [b"", kind.encode(), body, signer.sign(body) if signer else b""]


def echo_request(signer=None, **fields):
    return message("echo.request", echo_body(**fields), signer)


def split_route(frames):
    """(route frames, frames after the delimiter)"""
    at = frames.index(b"")
    return frames[:at], frames[at + 1:]


class Libcrypto:
    """OpenSSL's own CMS, called directly: a process for each message would be too slow."""
    DETACHED, BINARY = 0x40, 0x80

    def __init__(self):
        self.lib = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
        pointer, number = ctypes.c_void_p, ctypes.c_long
        for name, result, arguments in (
                ("BIO_new_mem_buf", pointer, [ctypes.c_char_p, ctypes.c_int]),
                ("BIO_free", ctypes.c_int, [pointer]),
                ("PEM_read_bio_X509", pointer, [pointer] * 4),
                ("PEM_read_bio_PrivateKey", pointer, [pointer] * 4),
                ("CMS_sign", pointer, [pointer] * 4 + [ctypes.c_uint]),
                ("i2d_CMS_ContentInfo", ctypes.c_int, [pointer, pointer]),
                ("d2i_CMS_ContentInfo", pointer, [pointer, pointer, number]),
                ("CMS_ContentInfo_free", None, [pointer]),
                ("CMS_verify", ctypes.c_int, [pointer] * 5 + [ctypes.c_uint]),
                ("CMS_get0_signers", pointer, [pointer]),
                ("OPENSSL_sk_new_null", pointer, []),
                ("OPENSSL_sk_push", ctypes.c_int, [pointer, pointer]),
                ("OPENSSL_sk_num", ctypes.c_int, [pointer]),
                ("OPENSSL_sk_value", pointer, [pointer, ctypes.c_int]),
                ("OPENSSL_sk_free", None, [pointer]),
                ("X509_cmp", ctypes.c_int, [pointer, pointer]),
                ("X509_STORE_new", pointer, []),
                ("X509_STORE_add_cert", ctypes.c_int, [pointer, pointer]),
                ("ERR_clear_error", None, [])):
            function = getattr(self.lib, name)
            function.restype, function.argtypes = result, arguments

    def read_pem(self, reader, path):
        data = pathlib.Path(path).read_bytes()
        bio = self.lib.BIO_new_mem_buf(data, len(data))
        thing = getattr(self.lib, reader)(bio, None, None, None)
        self.lib.BIO_free(bio)
        expect(thing, f"{path}: OpenSSL cannot read it")
        return thing

    def read_chain(self, path):
        """The certificates of a PEM file behind its first one, as a stack of OpenSSL's; None: there are none."""
        stack = self.lib.OPENSSL_sk_new_null()
        for text in re.findall(r"-----BEGIN CERT.*?-----END CERTIFICATE-----\n", pathlib.Path(path).read_text(), re.S)[1:]:
            data = text.encode()  # the BIO borrows it
            bio = self.lib.BIO_new_mem_buf(data, len(data))
            self.lib.OPENSSL_sk_push(stack, self.lib.PEM_read_bio_X509(bio, None, None, None))
            self.lib.BIO_free(bio)
        return stack

    def sign(self, cert, key, data, flags, chain=None):
        bio = self.lib.BIO_new_mem_buf(data, len(data))
        cms = self.lib.CMS_sign(cert, key, chain, bio, flags)
        size = self.lib.i2d_CMS_ContentInfo(cms, None)
        out = ctypes.create_string_buffer(size)
        at = ctypes.c_void_p(ctypes.addressof(out))
        self.lib.i2d_CMS_ContentInfo(cms, ctypes.byref(at))
        self.lib.CMS_ContentInfo_free(cms)
        self.lib.BIO_free(bio)
        return out.raw

    def verify(self, store, der, data, signer_cert):
        """Whether der is a good detached signature over data, and of this signer alone."""
        source = ctypes.create_string_buffer(der, len(der))
        at = ctypes.c_void_p(ctypes.addressof(source))
        cms = self.lib.d2i_CMS_ContentInfo(None, ctypes.byref(at), len(der))
        if not cms:
            self.lib.ERR_clear_error()
            return False
        bio = self.lib.BIO_new_mem_buf(data, len(data))
        good = self.lib.CMS_verify(cms, None, store, bio, None, self.DETACHED | self.BINARY) == 1
        if good:
            signers = self.lib.CMS_get0_signers(cms)
            good = (self.lib.OPENSSL_sk_num(signers) == 1 and
                    self.lib.X509_cmp(self.lib.OPENSSL_sk_value(signers, 0), signer_cert) == 0)
            self.lib.OPENSSL_sk_free(signers)
        self.lib.BIO_free(bio)
        self.lib.CMS_ContentInfo_free(cms)
        self.lib.ERR_clear_error()
        return good


class Signer:
    """Signs as a holder of a key of a keystore, and judges signatures of others against a CA of it."""
    crypto = None

    def __init__(self, keystore, name):
        Signer.crypto = Signer.crypto or Libcrypto()
        self.cert = self.crypto.read_pem("PEM_read_bio_X509", keystore / f"{name}.crt")
        self.key = self.crypto.read_pem("PEM_read_bio_PrivateKey", keystore / "private" / f"{name}.key")

    def sign(self, data, detached=True):
        flags = Libcrypto.BINARY | (Libcrypto.DETACHED if detached else 0)
        return self.crypto.sign(self.cert, self.key, data, flags)


class GidSigner(Signer):
    """Signs as the holder of a GID: its chain rides in the message."""

    def __init__(self, gid, key):  # pylint: disable=super-init-not-called
        Signer.crypto = Signer.crypto or Libcrypto()
        self.cert = self.crypto.read_pem("PEM_read_bio_X509", gid)
        self.key = self.crypto.read_pem("PEM_read_bio_PrivateKey", key)
        self.chain = self.crypto.read_chain(gid)

    def sign(self, data, detached=True):
        flags = Libcrypto.BINARY | (Libcrypto.DETACHED if detached else 0)
        return self.crypto.sign(self.cert, self.key, data, flags, self.chain)


class Verifier:
    """Judges signatures of one signer against a CA."""

    def __init__(self, keystore, ca, signer):
        Signer.crypto = self.crypto = Signer.crypto or Libcrypto()
        self.store = self.crypto.lib.X509_STORE_new()
        self.crypto.lib.X509_STORE_add_cert(
            self.store, self.crypto.read_pem("PEM_read_bio_X509", keystore / f"{ca}.crt"))
        self.cert = self.crypto.read_pem("PEM_read_bio_X509", keystore / f"{signer}.crt")

    def good(self, body, sig):
        return self.crypto.verify(self.store, sig, body, self.cert)


# -- sockets ----------------------------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def accepts(port):
    """Whether somebody listens there."""
    with socket.socket() as s:
        s.settimeout(2)
        return s.connect_ex(("127.0.0.1", port)) == 0


class Dealer:
    """A raw client of a ccserver."""

    def __init__(self, context, url, identity=None, hwm=100000):
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.SNDHWM, hwm)
        self.socket.setsockopt(zmq.RCVHWM, hwm)
        self.socket.setsockopt(zmq.SNDTIMEO, PATIENCE * 1000)
        if identity:
            self.socket.setsockopt(zmq.IDENTITY, identity)
        self.socket.connect(url)

    def send(self, frames):
        self.socket.send_multipart(frames)

    def receive(self, seconds=PATIENCE):
        """The frames of one message, or None."""
        if not self.socket.poll(int(seconds * 1000)):
            return None
        return self.socket.recv_multipart()

    def drain(self, seconds):
        """Everything that arrives until nothing has come for so long."""
        got = []
        while (frames := self.receive(seconds)) is not None:
            got.append(frames)
        return got

    def ask(self, frames, seconds=PATIENCE):
        """Sends a request; the frames of its answer after the delimiter, or None."""
        qid = query_id(int(seconds * 1000))
        self.send([qid] + frames)
        answer = self.receive(seconds)
        if answer is None:
            return None
        route, rest = split_route(answer)
        expect_equal(route, [qid], "route of the answer")
        return rest

    def close(self):
        self.socket.close(0)


class FakeRemote:
    """A remote server of the test's own: answer(frames, send) is called with each message; say() sends on its own."""

    def __init__(self, context, answer=None):
        self.answer = answer
        self.received = []
        self.to_say = queue.Queue()
        self.ending = threading.Event()
        self.socket = context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        self.socket.setsockopt(zmq.RCVHWM, 0)
        self.port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.url = f"tcp://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.ending.is_set():
            while not self.to_say.empty():
                self.socket.send_multipart(self.to_say.get())
            while self.socket.poll(5):
                frames = self.socket.recv_multipart()
                self.received.append(frames)
                if self.answer:
                    self.answer(frames, self.socket.send_multipart)
                if not self.to_say.empty():
                    break
        self.socket.close(0)

    def say(self, frames):
        self.to_say.put(frames)

    def wait_received(self, number):
        return wait_until(lambda: len(self.received) >= number and self.received, f"{number} messages at the remote")

    def close(self):
        self.ending.set()
        self.thread.join()


# -- servers ----------------------------------------------------------------------------------------------------------

def ini_text(sections):
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in options.items()) + "\n"
        for name, options in sections.items())


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def process_ended(pid):
    """Whether a process is gone; a zombie has ended, it waits for a parent that may never ask."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
    return re.search(r"^State:\s+[ZX]", status, re.M) is not None


class Server:
    """A ccserver in the foreground. Its options are those of the file, with what every test wants behind them."""

    def __init__(self, lab, name, sections):
        self.lab, self.name = lab, name
        self.port = free_port()
        self.url = f"tcp://127.0.0.1:{self.port}"
        self.ini = lab.folder / f"{name}.ini"
        self.pidfile = lab.folder / f"{name}.pid"
        self.infofile = lab.folder / f"{name}.info"
        self.errors = lab.folder / f"{name}.err"
        self.sections = sections
        self.process = None
        self.expect_clean = True
        own = {"cc-socket": self.url, "infofile": self.infofile, "pidfile": self.pidfile, "stats-period": 1}
        sections["ccserver"] = {**own, **sections.get("ccserver", {})}
        self.ini.write_text(ini_text(sections))

    def spawn(self, *arguments):
        errors = open(self.errors, "ab")
        self.process = subprocess.Popen(
            [self.lab.ccserver, *arguments, self.ini], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
            cwd=self.lab.folder, preexec_fn=die_with_parent)
        errors.close()

    def start(self, *arguments):
        """Starts it and waits until it listens."""
        self.started = time.time()
        self.spawn(*arguments)
        self.expect_clean = True
        wait_until(lambda: self.process.poll() is not None or accepts(self.port), f"{self.name} to listen")
        expect(self.process.poll() is None, f"{self.name} ended at its start with code {self.process.poll()}")
        self.listens = time.time()
        return self

    def settle(self):
        """Waits until messages of any sender are good: in its first 2 s a server takes what is dated ahead only."""
        wait_until(lambda: time.time() > self.listens + 2.2, f"{self.name} to be 2 s old")
        return self

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.errors.read_text(errors="replace") if self.errors.exists() else ""

    def send_signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.expect_clean = False
        self.process.kill()
        self.process.wait()

    def wait(self, seconds=PATIENCE):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {seconds} s") from None

    def stop(self, number=signal.SIGINT):
        """Orderly: exit code 0, nothing left, no sanitizer's word."""
        self.send_signal(number)
        code = self.wait()
        expect_equal(code, 0, f"exit code of {self.name}")
        expect(not self.pidfile.exists(), f"{self.name} left its pidfile")
        self.check_sanitizer()

    def check_sanitizer(self):
        found = SANITIZER.search(self.log())
        expect(not found, f"{self.name}: a sanitizer reports ({found and found.group()})")

    def end(self):
        """At the end of a test, whatever state it is in."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.send_signal(signal.SIGCONT)
            self.stop()
        elif self.expect_clean:
            expect_equal(self.process.returncode, 0, f"exit code of {self.name}")
        self.check_sanitizer()

    def stats(self, section="total"):
        """A section of the infofile; empty before it is written."""
        if not self.infofile.exists():
            return {}
        return json.loads(self.lab.ccfed("bus", "stats", "--json", self.infofile).stdout).get(section, {})

    def wait_stats(self, condition, what, seconds=PATIENCE):
        """Polls the figures until condition(figures); returns them."""
        last = {}

        def looked():
            nonlocal last
            last = self.stats()
            return condition(last)

        try:
            wait_until(looked, what, seconds)
        except Failure as why:
            shown = {k: v for k, v in last.items() if v and not k.startswith("h:")}
            raise Failure(f"{why}; {self.name} counted {shown}") from None
        return last

    def fresh_stats(self):
        """Figures that were written after this call began."""
        before = self.infofile.stat().st_mtime_ns if self.infofile.exists() else 0
        # the first to come may have been taken before; the second was not
        for _ in range(2):
            wait_until(lambda: self.infofile.exists() and self.infofile.stat().st_mtime_ns != before, "a new infofile")
            before = self.infofile.stat().st_mtime_ns
        return self.stats()

    def memory_kib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


class Daemon:
    """A daemon in the foreground, as a shell starts it: cc-NAME INI [SECTION]."""

    def __init__(self, lab, name, ini, *arguments):
        self.lab, self.name, self.ini = lab, name, ini
        self.arguments = arguments
        self.program = lab.build / "daemons" / name / f"cc-{name}"
        self.errors = lab.folder / f"cc-{name}-{len(lab.daemons)}.err"
        self.process = None

    def start(self, pass_fds=(), **environment):
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                [self.program, self.ini, *self.arguments], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                cwd=self.lab.folder, preexec_fn=die_with_parent, pass_fds=pass_fds,
                env={**os.environ, **{k: str(v) for k, v in environment.items()}})
        return self

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.errors.read_text(errors="replace") if self.errors.exists() else ""

    def wait_log(self, text, number=1):
        wait_until(lambda: self.log().count(text) >= number or self.process.poll() is not None,
                   f"{text!r} in the log of cc-{self.name}")
        expect(self.log().count(text) >= number, f"cc-{self.name} ended with {self.process.poll()} before {text!r}")

    def wait(self, seconds=PATIENCE):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"cc-{self.name} did not end within {seconds} s") from None
        found = SANITIZER.search(self.log())
        expect(not found, f"cc-{self.name}: a sanitizer reports ({found and found.group()})")
        return code

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        expect_equal(self.wait(), 0, f"exit code of cc-{self.name}")

    def end(self):
        """At the end of a test, whatever state it is in."""
        if self.process is not None and self.process.poll() is None:
            self.stop()


# -- a test's surroundings --------------------------------------------------------------------------------------------

class Lab:
    """Folder, keys, servers and sockets of one test; all of it ends with the test."""

    def __init__(self, script):
        self.build = script.build
        self.keys = script.keys
        self.ccserver = script.build / "ccserver" / "ccserver"
        self.cli = script.build / "cli" / "ccfed"
        self.sanitized = script.sanitized
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=script.folder))
        self.context = zmq.Context()
        self.context.setsockopt(zmq.MAX_SOCKETS, 8192)
        self.servers, self.sockets, self.processes, self.daemons = [], [], [], []
        self.afterwards = []  # what is called when all of these have ended

    def run(self, *command, seconds=120, **options):
        """A command that is to end; its output is text."""
        try:
            done = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  errors="replace", timeout=seconds, preexec_fn=die_with_parent,
                                  cwd=self.folder, **options)
        except subprocess.TimeoutExpired:
            raise Failure(f"{' '.join(map(str, command))}: not done after {seconds} s") from None
        expect(not SANITIZER.search(done.stderr), f"{command[0]}: a sanitizer reports: {done.stderr[-2000:]}")
        return done

    def ccfed(self, *arguments, **options):
        return self.run(self.cli, *arguments, **options)

    def make_key(self, action, name, *options):
        done = self.ccfed("keys", action, "--dir", self.keys, *options, name)
        expect_equal(done.returncode, 0, f"ccfed keys {action} {name} ({done.stderr.strip()})")

    def openssl(self, *arguments, data=None):
        """Runs openssl with data on its input; its output, raw."""
        done = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, timeout=PATIENCE,
                              cwd=self.folder, check=False)
        expect(done.returncode == 0, f"openssl {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def signer(self, name="client"):
        return Signer(self.keys, name)

    def server(self, name, **sections):
        """A server that is not yet started; ccserver, routes and the rest are dicts, "h_x" stands for [h:x]."""
        named = {key.replace("_", ":", 1) if key[:2] in ("h_", "d_") else key: value
                 for key, value in sections.items()}
        if named.get("ccserver", {}).get("cms-verify-ca") and "policy" not in named:
            named["policy"] = {"*": "any"}
        server = Server(self, name, named)
        self.servers.append(server)
        return server

    def remote(self, name="remote", signed=True, options=None, **sections):
        """A server with echo, a logger and a disposer."""
        return self.server(
            name, ccserver={"cc-role": "remote", **self.crypto(name, signed), **(options or {})},
            **{"routes": {"echo": "h:echo", "log": "h:log", "junk": "h:drop"}, "h_echo": {"handler": "echo"},
               "h_log": {"handler": "locallogger"}, "h_drop": {"handler": "disposer"}, **sections})

    def local(self, *remotes, name="local", signed=True, options=None, **proxy):
        """A server with a proxy for echo, junk and x, and a logger of its own."""
        section = {"handler": "proxy", "remote-cc": ", ".join(r.url for r in remotes), "ping": "yes", **proxy}
        return self.server(
            name, ccserver={"cc-role": "local", **self.crypto(name, signed), **(options or {})},
            routes={"echo": "h:proxy", "junk": "h:proxy", "x": "h:proxy", "log": "h:log"},
            h_proxy={key if key.startswith("zmq_") else key.replace("_", "-"): value for key, value in section.items()},
            h_log={"handler": "locallogger"})

    def daemon(self, name, ini, *arguments):
        """A daemon that is not yet started, of a file."""
        daemon = Daemon(self, name, ini, *arguments)
        self.daemons.append(daemon)
        return daemon

    def crypto(self, name, signed):
        if not signed:
            return {}
        if not (self.keys / f"{name}.crt").exists():
            self.make_key("issue", name, "--urn", f"urn:publicid:IDN+it+service+{name}")
        return {"cms-keystore": self.keys, "cms-verify-ca": "ca", "cms-sign": name}

    def dealer(self, server, **options):
        dealer = Dealer(self.context, server if isinstance(server, str) else server.url, **options)
        self.sockets.append(dealer)
        return dealer

    def fake_remote(self, answer=None):
        fake = FakeRemote(self.context, answer)
        self.sockets.append(fake)
        return fake

    def ping_command(self, url, signed=True, **options):
        words = [self.cli, "bus", "ping", "--json", "--cc", url]
        if signed:
            words += ["--keystore", self.keys, "--sign", "client"]
        for name, value in {"grace": GRACE, **options}.items():
            words += [f"--{name}", value]
        return [str(w) for w in words]

    def ping(self, server, signed=True, seconds=120, **options):
        """ccfed bus ping; its summary, with the exit code as `rc`."""
        done = self.run(*self.ping_command(server.url, signed, **options), seconds=seconds)
        expect(done.stdout.strip(), f"ccfed bus ping printed nothing; {done.stderr.strip()}")
        return {**json.loads(done.stdout.splitlines()[-1]), "rc": done.returncode}

    def start_ping(self, server, signed=True, **options):
        """The same in the background; end_ping gives the summary."""
        process = subprocess.Popen(
            self.ping_command(server.url, signed, **options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=self.folder, preexec_fn=die_with_parent)
        self.processes.append(process)
        return process

    def end_ping(self, process, seconds):
        try:
            out, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"ccfed bus ping did not end within {seconds} s") from None
        expect(not SANITIZER.search(errors), f"ccfed: a sanitizer reports: {errors[-2000:]}")
        expect(out.strip(), f"ccfed bus ping printed nothing; {errors.strip()}")
        return {**json.loads(out.splitlines()[-1]), "rc": process.returncode}

    def expect_answered(self, server, what="a good request", **options):
        """A good ping works."""
        summary = self.ping(server, count=1, **options)
        expect(summary["rc"] == 0 and summary["answered"] == 1, f"{what} is not answered: {summary}")
        return summary

    def wait_answered(self, server, signed=True, **options):
        """A proxy's link is up: a request is answered. What came before may be told unreachable."""
        wait_until(lambda: self.ping(server, signed, count=1, deadline=2, **options)["rc"] == 0,
                   f"an answer through {server.name}")

    def close(self):
        """Ends everything; the first complaint of a server is raised when all are down."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        problems = []
        for daemon in self.daemons:
            try:
                daemon.end()
            except Failure as why:
                problems.append(str(why))
            finally:
                if daemon.process is not None and daemon.process.poll() is None:
                    daemon.process.kill()
                    daemon.process.wait()
        for thing in self.sockets:
            thing.close()
        self.context.destroy(0)
        for server in self.servers:
            try:
                server.end()
            except Failure as why:
                problems.append(str(why))
            finally:
                self.reap(server)
        for call in reversed(self.afterwards):
            call()
        if problems:
            raise Failure("; ".join(problems))

    @staticmethod
    def reap(server):
        if server.process is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        if server.pidfile.exists():
            pid = server.pidfile.read_text().strip()
            link = f"/proc/{pid}/cmdline"
            if pid.isdigit() and os.path.exists(link) and str(server.ini).encode() in pathlib.Path(link).read_bytes():
                os.kill(int(pid), signal.SIGKILL)

    def tails(self):
        for program in self.servers + self.daemons:
            for line in program.log().splitlines()[-12:]:
                yield f"  {program.name}: {line[:300]}"


class Script:
    """Runs tests and prints their results."""

    def __init__(self):
        self.build = pathlib.Path(sys.argv[1]).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ccfed-it-"))
        self.keys = self.folder / "keys"
        self.results, self.failures = 0, 0
        program = (self.build / "ccserver" / "ccserver").read_bytes()
        self.sanitized = b"__asan_init" in program or b"__tsan_init" in program

    def result(self, name, problem=None, skipped=False):
        self.results += 1
        name = name.replace("_", "-")
        if problem is None:
            print(f"ok {name}", flush=True)
            return
        why = " ".join(str(problem).split())
        self.failures += not skipped
        print(f"{'skipped' if skipped else 'not ok'} {name}: {why}", flush=True)

    def make_keys(self):
        lab = Lab(self)
        lab.make_key("init-ca", "ca")
        for name in ("remote", "local", "client"):
            lab.make_key("issue", name, "--urn", f"urn:publicid:IDN+it+service+{name}")
        lab.close()

    def run(self, test):
        lab = Lab(self)
        problem = self.attempt(test, lab)
        tails = list(lab.tails()) if isinstance(problem, Exception) else []
        try:
            lab.close()
        except Failure as why:
            problem = problem or why
            tails = tails or list(lab.tails())
        finally:
            shutil.rmtree(lab.folder, ignore_errors=True)
        self.result(test.__name__, problem, skipped=isinstance(problem, Skip))
        if tails and not isinstance(problem, Skip):
            print("\n".join(tails), flush=True)

    def attempt(self, test, lab):
        """Runs a test; what it ended with, None for a good end."""
        try:
            outcome = test(lab)
            if inspect.isgenerator(outcome):
                for part, problem in outcome:
                    self.result(f"{test.__name__}-{part}", problem)
        except (Failure, Skip) as why:
            return why
        except Exception as why:  # pylint: disable=broad-except
            # a test that breaks is a failed test; the others still run
            return Failure(f"{type(why).__name__}: {why} ({last_line(why)})")
        return None

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def last_line(error):
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"


def main(*tests):
    """Runs the tests of a script in order; further words of the command line choose some by name."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD [TEST...] | --list")
    if sys.argv[1] == "--list":
        for test in tests:
            print(f"{test.__name__.replace('_', '-'):40} {(test.__doc__ or '').strip().partition(chr(10))[0]}".rstrip())
        sys.exit(0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if zmq is None:
        print("skipped all: python3-zmq is not installed\ndone 1")
        sys.exit(0)
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    for name in [n for n in os.environ if re.fullmatch(r"CCFED_(LOCAL_CC|REMOTE_CC|KEYSTORE|CURVE_SERVER|SERVERS|REALM|CLIENT_\w+)", n)]:
        del os.environ[name]
    chosen = sys.argv[2:]
    script = Script()
    try:
        script.make_keys()
        for test in tests:
            if not chosen or test.__name__ in chosen:
                script.run(test)
    finally:
        script.close()
    print(f"done {script.results}")
    sys.exit(1 if script.failures else 0)
