#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The life of the front door: deadlines, limits, reloads, a bus that goes away, its end: tests/it/bridge_life.py BUILD"""
import contextlib
import os
import pathlib
import pwd
import re
import signal
import socket
import ssl
import struct
import threading
import time
import xmlrpc.client

import ccfed_it as it
from bridge_it import CALL, VERSION, Door, door, post, read_all, registry, server_certificate
from ccfed_it import Skip, expect, expect_equal, wait_until

SHORT = {"handshake-timeout": "1.5", "request-timeout": "1.5", "idle-timeout": "2.5", "write-timeout": "2"}
SLACK = 8  # seconds that a busy machine adds to a deadline
HEAD = b"POST /registry HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(VERSION)


@contextlib.contextmanager
def held(server):
    """Nothing that goes to the registry is answered meanwhile."""
    server.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.send_signal(signal.SIGCONT)


def in_flight(d, number):
    wait_until(lambda: d.figure("calls_in_flight") == number, f"{number} calls on the bus")


# -- deadlines --------------------------------------------------------------------------------------------------------

def drip(sock, data, seconds=it.PATIENCE):
    """Sends an octet each tenth of a second, as somebody who keeps every other time-out at bay; when it was cut."""
    began = time.monotonic()
    sock.settimeout(0.1)
    for octet in data:
        try:
            sock.sendall(bytes([octet]))
            if sock.recv(1) == b"":
                return time.monotonic() - began
        except socket.timeout:
            pass
        except OSError:
            return time.monotonic() - began
        if time.monotonic() - began > seconds:
            break
    return None


def in_time(took, limit, what):
    expect(took is not None, f"{what}: it was never cut")
    expect(limit - 0.2 <= took <= limit + SLACK, f"{what}: cut after {took:.1f} s, not {limit} s")


def deadlines(lab):
    """A drip of octets keeps no connection: the ClientHello, the head and the body each have a time as a whole."""
    d = Door(registry(lab), **SHORT).start()
    alice = d.bed.alice
    limits = {key: float(value) for key, value in SHORT.items()}

    plain = socket.create_connection(("127.0.0.1", d.ports["am"]))
    in_time(drip(plain, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600)), limits["handshake-timeout"], "ClientHello")
    silent = socket.create_connection(("127.0.0.1", d.ports["am"]))
    in_time(read_all(silent)[1], limits["handshake-timeout"], "silence")
    in_time(drip(d.raw(alice), HEAD[:-4] + b"\r\nX: " + b"y" * 1000), limits["request-timeout"], "head")
    s = d.raw(alice)
    s.sendall(HEAD)
    in_time(drip(s, b" " * 1000), limits["request-timeout"], "body")
    in_time(read_all(d.raw(alice))[1], limits["idle-timeout"], "no request")
    s = d.raw(alice)
    s.sendall(HEAD + VERSION)
    expect(b"200 OK" in s.recv(100), "a call")
    in_time(read_all(s)[1], limits["idle-timeout"], "no second request")
    for figure, number in (("handshake_timeouts_total", 2), ("request_timeouts_total", 2), ("idle_timeouts_total", 2)):
        expect_equal(d.figure(figure), number, figure)
    for text in "its handshake took longer than handshake-timeout", "its request took longer than request-timeout":
        d.daemon.wait_log(text)
    d.alive(alice)


def slow_reader(lab):
    """Who does not take his answers is cut, and what was held for him is given back."""
    d = Door(registry(lab), **SHORT).start()
    mine = d.bed.alice.credential()
    call = xmlrpc.client.dumps((["plc.site.alice"] * 200, mine), "Resolve").encode()
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", d.ports["am"]))
    s = d.context_of(d.bed.alice).wrap_socket(plain)
    one = b"POST /registry HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(call), call)
    s.settimeout(1)
    with contextlib.suppress(OSError):
        for _ in range(2000):
            s.sendall(one)
    d.wait_figure("write_timeouts_total", 1)
    wait_until(lambda: d.figure("connections") == 0 and d.figure("request_octets") == 0, "everything to be given back")
    d.alive(d.bed.alice)


# -- limits -----------------------------------------------------------------------------------------------------------

def connections(lab):
    """An address has so many connections; when all are taken, who has not shown yet who he is makes room."""
    d = Door(registry(lab), **{"max-address-connections": 3, "max-connections": 6, "handshake-timeout": 60}).start()
    mine = [socket.create_connection(("127.0.0.1", d.ports["am"]), source_address=("127.0.0.2", 0)) for _ in range(3)]
    wait_until(lambda: d.figure("connections") == 3, "three connections")
    over = socket.create_connection(("127.0.0.1", d.ports["am"]), source_address=("127.0.0.2", 0))
    expect_equal(read_all(over)[0], b"", "a fourth connection of one address")
    d.daemon.wait_log("127.0.0.2: refused: max-address-connections is reached")
    expect_equal(d.figure("address_limit_total"), 1, "connections over the limit of their address")
    others = [socket.create_connection(("127.0.0.1", d.ports["am"]), source_address=("127.0.0.3", 0)) for _ in range(3)]
    wait_until(lambda: d.figure("connections") == 6, "six connections")
    d.alive(d.bed.alice)
    expect_equal(read_all(mine[0])[0], b"", "the oldest of those without a handshake")
    expect(d.figure("connection_limit_total") >= 1, "nobody made room")
    d.daemon.wait_log("cut to make room: max-connections is reached")
    for s in mine + others:
        s.close()
    wait_until(lambda: d.figure("connections") <= 1 and d.figure("addresses") <= 1, "the addresses to be forgotten")


def memory(lab):
    """What requests hold is bounded in all, and for one address."""
    d = Door(registry(lab), **{"request-memory": "1M"}).start()
    sockets = [d.raw(d.bed.alice) for _ in range(4)]
    for s in sockets:
        s.sendall(b"POST /registry HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 200000\r\n\r\n" + b" " * 100000)
    d.wait_figure("request_memory_limit_total", 1)
    d.daemon.wait_log("cut: request-memory is used up")
    for s in sockets:
        s.close()
    wait_until(lambda: d.figure("request_octets") == 0, "the octets to be given back")
    d.alive(d.bed.alice)


def calls(lab):
    """Calls over max-requests are told to come back."""
    d = Door(registry(lab), **{"max-requests": 2}).start()
    waiting = [d.https(d.bed.alice) for _ in range(2)]
    third = d.https(d.bed.alice)
    with held(d.bed.server):
        for c in waiting:
            c.request("POST", "/registry", body=VERSION, headers={"Content-Type": "text/xml"})
        in_flight(d, 2)
        status, answer, text = post(third)
        expect_equal((status, answer.headers["Retry-After"]), (503, "1"), f"a third call: {text!r}")
    for c in waiting:
        expect_equal(c.getresponse().status, 200, "the calls before it")
    expect_equal(d.figure("busy_total"), 1, "calls over max-requests")
    expect_equal(post(third)[0], 200, "the third call, again")


# -- clients that go --------------------------------------------------------------------------------------------------

def clients_go(lab):
    """A client that is gone, or half gone, when the answer comes harms nobody."""
    d = door(lab)
    alice = d.bed.alice
    reset, gone, half = d.raw(alice), d.raw(alice), d.raw(alice)
    with held(d.bed.server):
        for s in reset, gone, half:
            s.sendall(HEAD + VERSION)
        in_flight(d, 3)
        reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        reset.close()
        gone.close()
        socket.socket.shutdown(half, socket.SHUT_WR)
    in_flight(d, 0)
    read_all(half)
    wait_until(lambda: d.figure("connections") == 0, "the connections to be forgotten")
    # in the middle of a request
    for part in HEAD[:20], HEAD + VERSION[:30]:
        s = d.raw(alice)
        s.sendall(part)
        s.close()
    wait_until(lambda: d.figure("connections") == 0 and d.figure("request_octets") == 0, "half requests to be forgotten")
    d.alive(alice)


# -- reloads ----------------------------------------------------------------------------------------------------------

def serial(d):
    with d.context_of(d.bed.alice).wrap_socket(socket.create_connection(("127.0.0.1", d.ports["am"]))) as s:
        return s.getpeercert(binary_form=True)


def certificate(lab):
    """A new certificate is taken with connections open and calls under way; one that is no good changes nothing."""
    d = door(lab)
    kept, waiting = d.https(d.bed.alice), d.https(d.bed.alice)
    expect_equal(post(kept)[0], 200, "a call before")
    first = serial(d)
    with held(d.bed.server):
        waiting.request("POST", "/registry", body=VERSION, headers={"Content-Type": "text/xml"})
        in_flight(d, 1)
        server_certificate(lab)
        d.reload()
        second = serial(d)
    expect(second != first, "the old certificate is still there")
    expect_equal(waiting.getresponse().status, 200, "the call that was under way")
    expect_equal(post(kept)[0], 200, "a call on the connection of before")
    good = d.cert.read_text()
    for text, why in (("nonsense", "certificate = "), (server_certificate(lab, "other")[0].read_text(), "key values mismatch")):
        number = d.daemon.log().count("the old configuration stays")
        d.cert.write_text(text)
        d.reload()
        d.daemon.wait_log("the old configuration stays", number + 1)
        expect(why in d.daemon.log(), f"the log does not say {why!r}")
        expect_equal(serial(d), second, "the certificate after a bad reload")
        expect_equal(post(kept)[0], 200, "a call after a bad reload")
    d.cert.write_text(good)
    port = it.free_port()
    d.listeners["am"]["listen"] += f", 127.0.0.1:{port}, [::1]:{port}"
    d.listeners["am"]["services"] = "/healthz"
    d.reload()
    for host in "127.0.0.1", "::1":
        with d.context_of(d.bed.alice).wrap_socket(socket.create_connection((host, port))) as s:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            expect(b"200 OK" in read_all(s)[0], f"the new address {host}")
    expect_equal(post(kept)[0], 404, "a service that is offered no more")
    d.listeners["am"]["listen"] = f"127.0.0.1:{port}"
    d.reload()
    wait_until(lambda: not it.accepts(d.ports["am"]), "the old address to be closed")
    expect(it.accepts(port), "the address that stays is closed")


def crl(bed, authority, *revoked):
    """A CRL by openssl."""
    folder = bed.folder
    (folder / "index.txt").write_text("")
    (folder / "ca.cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index.txt\ndefault_md=sha256\n"
                                   "default_crl_days=30\n")
    common = ("-config", folder / "ca.cnf", "-cert", authority.gid, "-keyfile", authority.key)
    for path in revoked:
        bed.openssl("ca", *common, "-revoke", path)
    bed.openssl("ca", *common, "-gencrl", "-out", folder / "site.crl")
    return folder / "site.crl"


def revoked(lab):
    """Who is revoked is out at the reload: his open connection, his session, and a new one."""
    d = Door(registry(lab))
    bed = d.bed
    bob = bed.user("plc.site.bob")
    d.listeners["am"]["crls"] = crl(bed, bed.site)
    d.start()
    me = ("-cert", bed.alice.gid, "-cert_chain", bed.alice.gid, "-key", bed.alice.key)
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for flag in "-tls1_3", "-tls1_2":
        text = d.s_client(*me, flag, "-sess_out", lab.folder / f"session{flag}", "-ign_eof", data=request)[1]
        expect("HTTP/1.1 200" in text, f"{flag} before: {text[-800:]}")
        text = d.s_client(*me, flag, "-sess_in", lab.folder / f"session{flag}", "-ign_eof", data=request)[1]
        expect("Reused" in text and "HTTP/1.1 200" in text, f"{flag} resumed before: {text[-800:]}")
    kept, other = d.https(bed.alice), d.https(bob)
    expect_equal((post(kept)[0], post(other)[0]), (200, 200), "calls before")
    crl(bed, bed.site, bed.alice.gid)
    d.reload()
    status, _, text = post(kept)
    expect_equal(status, 403, "a call on the connection of who is revoked")
    expect(b"your certificate is not trusted here: " in text and b"revoked" in text, f"the reason: {text!r}")
    for flag in "-tls1_3", "-tls1_2":
        text = d.s_client(*me, flag, "-sess_in", lab.folder / f"session{flag}", "-ign_eof", data=request)[1]
        expect("HTTP/1.1" not in text and "certificate revoked" in text, f"{flag}: his session: {text[-1500:]}")
    d.daemon.wait_log("handshake refused: cert-revoked: ")
    expect_equal(post(other)[0], 200, "a call of who is not revoked")
    expect_equal(d.figure("trust_lost_total"), 1, "connections that lost their trust")
    # a CRL that cannot be read stops a reload, and a start
    (bed.folder / "site.crl").write_text("nonsense")
    d.reload()
    d.daemon.wait_log("the old configuration stays")
    expect("site.crl" in d.daemon.log(), "the log does not name the CRL")
    expect_equal(post(other)[0], 200, "a call after a bad reload")


# -- the bus ----------------------------------------------------------------------------------------------------------

def bus_away(lab):
    """While the bus is away calls are told to come back, those under way too, and /healthz says so."""
    d = door(lab)
    alice = d.bed.alice
    c, waiting = d.https(alice), d.https(alice)
    expect_equal(post(c)[0], 200, "before")
    with held(d.bed.server):
        waiting.request("POST", "/registry", body=VERSION, headers={"Content-Type": "text/xml"})
        in_flight(d, 1)
        d.bed.server.kill()
    answer = waiting.getresponse()
    answer.read()
    expect_equal(answer.status, 503, "the call that was under way")
    expect(int(answer.headers["Retry-After"]) > 0, "Retry-After of the call that was under way")
    status, answer, text = post(c)
    expect_equal((status, answer.headers["Retry-After"]), (503, "5"), f"a call while the bus is away: {text!r}")
    expect_equal((d.health(), d.figure("bus_up")), (503, 0), "health while the bus is away")
    expect_equal(d.figure("bus_away_total"), 1, "calls while the bus was away")
    d.bed.server.start()
    wait_until(lambda: d.health() == 200, "the bus to be there again")
    wait_until(lambda: post(c)[0] == 200, "a call to be answered again")


def starts_alone(lab):
    """It starts before its server, and finds it."""
    d = Door(registry(lab))
    d.bed.server.stop()
    d.start(wait=False)
    d.daemon.wait_log("started")
    expect_equal(d.health(), 503, "health without a server")
    expect_equal(post(d.https(d.bed.alice))[0], 503, "a call without a server")
    d.bed.server.start()
    wait_until(lambda: d.health() == 200, "the server to be found")


def figures(lab):
    """/metrics is what a Prometheus reads, and says what happened."""
    d = door(lab)
    for _ in range(3):
        d.alive(d.bed.alice)
    text = d.get("/metrics")[1]
    for line in text.splitlines():
        expect(re.fullmatch(r'# (HELP|TYPE) ambridge_\w+ .+|ambridge_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.]+', line),
               f"no line of the format: {line!r}")
    names = re.findall(r"^# TYPE (\w+) ", text, re.M)
    expect_equal(len(names), len(set(names)), "names of series")
    labels = 'service="registry",method="GetVersion"'
    expect_equal(d.figure(f'call_seconds_bucket{{{labels},le="+Inf"}}'), 3, "calls in the histogram")
    expect_equal(d.figure(f"call_seconds_count{{{labels}}}"), 3, "count of the histogram")
    expect(0 < d.figure(f"call_seconds_sum{{{labels}}}") < 60, "sum of the histogram")
    bounds = [float(n) for n in re.findall(rf'bucket{{{labels},le="[^"]+"}} (\d+)', text)]
    expect_equal(bounds, sorted(bounds), "buckets")
    expect_equal(d.figure('bus_total{event="requests"}'), 3, "requests on the bus")
    expect_equal(d.figure('bus_total{event="answers"}'), 3, "answers of the bus")
    expect_equal(d.get("/nothing")[0], 404, "another path")


# -- start and end ----------------------------------------------------------------------------------------------------

def drains(lab):
    """SIGTERM: nobody new, calls under way are answered, exit 0 within the grace."""
    d = door(lab)
    idle, waiting = d.raw(d.bed.alice), d.https(d.bed.alice)
    with held(d.bed.server):
        waiting.request("POST", "/registry", body=VERSION, headers={"Content-Type": "text/xml"})
        in_flight(d, 1)
        d.daemon.process.send_signal(signal.SIGTERM)
        expect_equal(read_all(idle)[0], b"", "an idle connection")
        wait_until(lambda: not it.accepts(d.ports["am"]), "the door to be closed")
    answer = waiting.getresponse()
    expect_equal((answer.status, answer.headers["Connection"]), (200, "close"), "the call that was under way")
    expect_equal(d.daemon.wait(), 0, "exit code")
    expect("draining: " in d.daemon.log() and " stopped" in d.daemon.log(), "the log of an orderly end")


def drain_ends(lab):
    """A call that takes longer than the grace is told so."""
    d = Door(registry(lab), **{"shutdown-grace": 1}).start()
    waiting, began = d.https(d.bed.alice), None
    with held(d.bed.server):
        waiting.request("POST", "/registry", body=VERSION, headers={"Content-Type": "text/xml"})
        in_flight(d, 1)
        began = time.monotonic()
        d.daemon.process.send_signal(signal.SIGTERM)
        expect_equal(waiting.getresponse().status, 503, "the call that was under way")
        expect_equal(d.daemon.wait(), 0, "exit code")
        expect(0.8 < time.monotonic() - began < 1 + SLACK, f"the end took {time.monotonic() - began:.1f} s")


def bad_options(lab):
    """What is wrong with a configuration is said in one line, with exit code 2; what is doubtful is a warning."""
    d = Door(registry(lab))
    good = dict(d.options)
    for change, why in (({"urn": ""}, "urn is not set"), ({"urn": "urn:publicid:IDN+localhost+authority+am"}, "another host"),
                        ({"urn": "urn:publicid:IDN+127.0.0.1+authority+am"}, "another host"),
                        ({"urn": "urn:publicid:IDN+plc+user+am"}, "not of type authority"), ({"urn": "plc"}, "urn = plc"),
                        ({"public-host": "localhost"}, "public-host"), ({"listeners": ""}, "nobody could call"),
                        ({"listeners": "l:none"}, "there is no section [l:none]"), ({"listeners": "l:am, l:am"}, "listed twice"),
                        ({"status": "0.0.0.0:9"}, "not of this host alone"), ({"status": "x"}, "no address"),
                        ({"user": "nobody-of-that-name"}, "there is no such user")):
        d.options = {**good, **change}
        d.write()
        before = len(d.daemon.log())
        d.daemon.start()
        expect_equal(d.daemon.wait(), 2, f"exit code with {change}")
        expect(why in d.daemon.log()[before:], f"{change}: the log does not say {why!r}")
    d.options = good
    listener = dict(d.listeners["am"])
    for change, why in (({"listen": "127.0.0.1"}, "has no port"), ({"listen": "nowhere:1"}, "no address"),
                        ({"services": "/nothing"}, '"/nothing" is no path'), ({"client-certificates": "all"}, "client-certificates"),
                        ({"certificate": "/nowhere.pem"}, "/nowhere.pem"), ({"key": d.cert}, "key = "),
                        ({"roots": "/nowhere"}, "/nowhere"), ({"default-service": "/x"}, '"/x" is no path')):
        d.listeners["am"] = {**listener, **change}
        d.write()
        done = lab.run(d.daemon.program, "--check", d.ini)
        expect_equal(done.returncode, 2, f"exit code of --check with {change}: {done.stderr}")
        expect(why in done.stderr, f"{change}: {done.stderr!r} does not say {why!r}")
    d.listeners["am"] = listener
    d.options = {**good, "urn": "urn:publicid:IDN+192.0.2.1:sub+authority+am", "public-host": "other.example"}
    d.start()
    for text in ("names an IP address", "has a sub-authority", "is not for public-host = other.example"):
        expect(text in d.daemon.log(), f"no warning: {text}")
    d.write()
    expect_equal(lab.run(d.daemon.program, "--check", d.ini).returncode, 0, "--check of a good file")


def user(lab):
    """Started as root it becomes its user, and can still reload what that user can read."""
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    d = Door(registry(lab), user="nobody")
    nobody = pwd.getpwnam("nobody")
    d.key.chmod(0o600)
    # a folder of root that others pass; what is read again at a reload belongs to the user, or to root and is for all
    for path in (lab.folder, lab.folder.parent, d.roots, lab.keys):
        path.chmod(0o755)
    d.write()
    os.chown(d.key, nobody.pw_uid, nobody.pw_gid)
    d.start()
    status = pathlib.Path(f"/proc/{d.daemon.pid}/status").read_text()
    for field in "Uid", "Gid":
        wanted = str(nobody.pw_uid if field == "Uid" else nobody.pw_gid)
        expect_equal(set(re.search(rf"^{field}:\s+(.*)$", status, re.M).group(1).split()), {wanted}, field)
    expect_equal(re.search(r"^NoNewPrivs:\s+(\d)", status, re.M).group(1), "1", "NoNewPrivs")
    expect_equal(re.search(r"^CapEff:\s+(\S+)", status, re.M).group(1).strip("0"), "", "capabilities")
    expect("runs as nobody" in d.daemon.log(), "the log does not say so")
    expect("a reload will fail" not in d.daemon.log(), "a warning for what it can read")
    d.alive(d.bed.alice)
    os.chown(d.key, 0, 0)
    d.daemon.stop()
    d.start()
    d.daemon.wait_log("a reload will fail: nobody cannot read")


def access_log(lab):
    """A line per request in a file of its own, which is opened anew at a reload."""
    path = lab.folder / "access.log"
    d = Door(registry(lab), **{"access-log": path}).start()
    d.alive(d.bed.alice)
    line = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 127\.0\.0\.1 urn:publicid:IDN\+plc:site\+user\+alice am "
                      r"registry\.GetVersion 200 - \d+\.\d{3} \d+\n")
    expect(line.fullmatch(path.read_text()), f"the file holds {path.read_text()!r}")
    path.rename(lab.folder / "access.log.1")
    d.reload()
    d.alive(d.bed.alice)
    expect(line.fullmatch(path.read_text()), f"the new file holds {path.read_text()!r}")
    expect("access 127" not in d.daemon.log(), "the lines stand in the log, too")


def many(lab):
    """Calls of many threads, with reloads between them: each is answered, and answered right."""
    d = door(lab)
    problems, answered, calls_each = [], [], it.count("BRIDGE_CALLS", 40)

    def work(n):
        c = d.https(d.bed.alice, "registry" if n % 2 else "am")
        try:
            for i in range(calls_each):
                wrong = i % 4 == 0
                status, _, text = post(c, CALL % (b"Nothing", b"") if wrong else VERSION)
                answered.append(n)
                if status != 200 or (b"<fault>" in text) != wrong:
                    problems.append((status, text[:200]))
        except (OSError, ssl.SSLError) as why:
            problems.append(repr(why))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for _ in range(4):
        before = len(answered)
        d.reload()
        # a second reload ends what is still under way over the link before the last one
        wait_until(lambda: len(answered) >= before + 12 or not any(t.is_alive() for t in threads), "calls to go on")
    for t in threads:
        t.join()
    expect_equal(problems, [], "calls that went wrong")
    expect_equal(d.figure('calls_total{service="registry",method="GetVersion",outcome="ok"}'), 6 * calls_each * 3 // 4, "good calls")
    wait_until(lambda: d.figure("connections") == 0, "the connections to end")


if __name__ == "__main__":
    it.main(deadlines, slow_reader, connections, memory, calls, clients_go, certificate, revoked, bus_away, starts_alone,
            figures, drains, drain_ends, bad_options, user, access_log, many)
