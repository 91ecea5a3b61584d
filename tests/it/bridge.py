#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The front door before a real registry, as clients see it: tests/it/bridge.py BUILD"""
import contextlib
import gzip
import re
import socket
import ssl
import xmlrpc.client

import ccfed_it as it
from bridge_it import CALL, VERSION, Door, door, post, read_all, registry, server_certificate
from ccfed_it import Failure, expect, expect_equal
from registry_input import dated_gid
from registry_it import Principal

ALICE = "urn:publicid:IDN+plc:site+user+alice"


# -- calls ------------------------------------------------------------------------------------------------------------

def get_version(lab):
    """A call goes all the way: TLS with a client certificate, XML-RPC, the bus, the registry, and back."""
    d = door(lab)
    alice = d.bed.alice
    version = d.proxy(alice).GetVersion()
    expect_equal((version["interface"], version["hrn"]), ("registry", "plc"), "interface and name")
    line = re.search(rf"access 127\.0\.0\.1 {re.escape(ALICE)} am registry\.GetVersion 200 - \d+\.\d+ (\d+)", d.daemon.log())
    expect(line and int(line.group(1)) > 100, f"no line in the access log: {d.daemon.log()[-1500:]}")
    mine = d.proxy(alice).GetSelfCredential(alice.self_signed.read_text(), "plc.site.alice", "user")
    expect("<signed-credential" in mine, f"no credential: {mine[:200]}")
    expect_equal(d.proxy(alice).Resolve("plc.site.alice", mine)[0]["hrn"], "plc.site.alice", "Resolve")
    expect(mine[:60] not in d.daemon.log() and "BEGIN CERT" not in d.daemon.log(), "a credential stands in the log")


def faults(lab):
    """What is no call of a service is a fault, said in XML-RPC, and counted."""
    d = door(lab)
    c = d.https(d.bed.alice)
    for body, what in ((b"<methodCall>", "malformed"), (b"<a/>", "no call"), (b"", "nothing"),
                       (b'<!DOCTYPE a [<!ENTITY b "c">]><methodCall><methodName>GetVersion</methodName></methodCall>', "a DTD"),
                       (CALL % (b"No.Such.Method", b""), "an unknown method"),
                       (CALL % (b"Resolve", b"<param><value><int>1</int></value></param>" * 9), "a wrong number of arguments")):
        status, _, answer = post(c, body)
        expect_equal(status, 200, f"status of {what}")
        try:
            xmlrpc.client.loads(answer)
            raise Failure(f"{what} is no fault: {answer!r}")
        except xmlrpc.client.Fault as why:
            expect(why.faultString, f"{what}: no reason")
            if what in ("malformed", "no call", "nothing", "a DTD"):
                expect_equal(why.faultCode, -32700, f"fault of {what}")
    expect("registry.- 200 -32700 " in d.daemon.log(), "no line of the fault")
    expect_equal(d.figure('calls_total{service="registry",method="other",outcome="fault"}'), 5, "faults of no method")
    expect_equal(d.figure('calls_total{service="registry",method="Resolve",outcome="fault"}'), 1, "faults of Resolve")
    d.alive(d.bed.alice)


def http_refusals(lab):
    """Paths, methods, types and lengths that are not those of a call."""
    d = door(lab)
    c = d.https(d.bed.alice)
    for method, path, headers, status, extra in (
            ("POST", "/", {}, 404, None), ("POST", "/ch", {}, 404, None), ("POST", "/registry/x", {}, 404, None),
            ("POST", "/registry/", {}, 200, None), ("POST", "/registry?a=b", {}, 200, None),
            ("GET", "/registry", {}, 405, ("Allow", "POST")), ("PUT", "/registry", {}, 405, ("Allow", "POST")),
            ("POST", "/healthz", {}, 405, ("Allow", "GET, HEAD")),
            ("POST", "/registry", {"Content-Type": "application/json"}, 415, None),
            ("POST", "/registry", {"Content-Type": "text/xml; charset=iso-8859-1"}, 415, None),
            ("POST", "/registry", {"Content-Type": "text/xml; charset=UTF-8"}, 200, None),
            ("POST", "/registry", {"Content-Encoding": "gzip"}, 415, None)):
        c.request(method, path, body=VERSION, headers={"Content-Type": "text/xml", **headers})
        answer = c.getresponse()
        answer.read()
        expect_equal(answer.status, status, f"{method} {path} {headers}")
        expect(not extra or answer.headers[extra[0]] == extra[1], f"{method} {path}: {extra}, not {answer.headers.items()}")
    # the listener that has a default answers clients whose URL has no path
    for path in "/", "/RPC2":
        expect_equal(post(d.https(d.bed.alice, "registry"), path=path)[0], 200, f"{path} where there is a default")
    s = d.raw(d.bed.alice)
    s.sendall(b"POST /registry HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n\r\n")
    expect(b" 411 " in read_all(s)[0].split(b"\r\n")[0], "a request without a length")
    d.alive(d.bed.alice)


def lengths(lab):
    """Two lengths, a length and chunks, and other encodings: refused, and nothing behind them is a request."""
    d = door(lab)
    behind = b"POST /registry HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(VERSION), VERSION)
    for headers in (b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: 5\r\nContent-Length: 5\r\n",
                    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                    b"Content-Length: +5\r\n", b"Content-Length: 5, 5\r\n", b"Content-Length: 0x5\r\n", b"Content-Length: -5\r\n",
                    b"Transfer-Encoding: gzip, chunked\r\nContent-Length: 5\r\n"):
        s = d.raw(d.bed.alice)
        s.sendall(b"POST /registry HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n" + headers + b"\r\n0\r\n\r\n" + behind)
        got, _ = read_all(s)
        expect(got.startswith(b"HTTP/1.1 400 "), f"{headers!r}: {got[:300]!r}")
        expect_equal(got.count(b"HTTP/1.1 "), 1, f"answers to {headers!r}")
    expect("GetVersion" not in d.daemon.log(), "what stood behind was a call")
    # chunks alone are good
    c = d.https(d.bed.alice)
    c.request("POST", "/registry", body=iter([VERSION[:20], VERSION[20:]]), headers={"Content-Type": "text/xml"}, encode_chunked=True)
    expect_equal(c.getresponse().status, 200, "a chunked call")


def sizes(lab):
    """Bodies and heads over their limits: 413, 400, and the rest of the door goes on."""
    d = door(lab)
    alice = d.bed.alice
    for headers, body in ((b"Content-Length: 9000000\r\n", b""), (b"Content-Length: 1000000000\r\n", b""),
                          (b"Content-Length: 99999999999999\r\n", b""),
                          (b"Transfer-Encoding: chunked\r\n", b"a00000\r\n")):
        s = d.raw(alice)
        s.sendall(b"POST /registry HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n" + headers + b"\r\n" + body)
        s.settimeout(it.PATIENCE)
        expect_equal(s.recv(12), b"HTTP/1.1 413", f"the answer to {headers!r}")
        s.close()
    s = d.raw(alice)
    s.sendall(b"POST /registry HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 17000 + b"\r\n\r\n")
    got = read_all(s)[0]
    expect(re.match(rb"HTTP/1.1 4(00|13|31) ", got), f"a long head: {got[:100]!r}")
    # the most that is allowed gets as far as the reader
    padded = VERSION.replace(b"</methodCall>", b" " * ((8 << 20) - len(VERSION)) + b"</methodCall>")
    expect_equal(post(d.https(alice), padded)[0], 200, "8 MiB")
    d.alive(alice)


def strangers(lab):
    """On `any` a certificate that nobody vouches for is good for first contact; the rest answers 403 with the reason."""
    d = door(lab)
    eve = Principal(d.bed, "plc.site.eve")
    for who, why in ((eve, "plc.site.eve"), (None, "no certificate was sent")):
        c = d.https(who, "registry")
        expect_equal(post(c)[0], 200, f"GetVersion of {who and who.hrn}")
        status, _, text = post(c, CALL % (b"Resolve", b"<param><value>plc</value></param>" * 2))
        expect_equal(status, 403, f"Resolve of {who and who.hrn}")
        expect(text.startswith(b"Resolve wants a certificate that is trusted here: ") and why.encode() in text, f"the reason: {text!r}")
        c.request("GET", "/metrics")
        expect_equal(c.getresponse().status, 403, "/metrics for a stranger")
    # he gets his credential when the registry knows his key
    mine = d.proxy(d.bed.alice, listener="registry").GetSelfCredential(d.bed.alice.self_signed.read_text(), "plc.site.alice", "user")
    expect("<signed-credential" in mine, "no credential at first contact")
    expect_equal(d.proxy(d.bed.alice, listener="registry").Resolve("plc.site.alice", mine)[0]["hrn"], "plc.site.alice",
                 "Resolve of who is trusted, on the same listener")
    s = d.raw(eve, "registry")
    s.sendall(b"POST /registry HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 1000000\r\n\r\n")
    with contextlib.suppress(OSError):
        s.sendall(b" " * 1000000)
    expect_equal(read_all(s)[0], b"", "an answer to a stranger's long request")
    d.daemon.wait_log("a long request of a client that nobody vouches for")
    c = d.https(d.bed.alice, "registry")
    c.request("GET", "/metrics")
    expect_equal(c.getresponse().status, 200, "/metrics for who is trusted")


def answers_are_packed(lab):
    """gzip when the client takes it and the answer is long; never when not."""
    d = door(lab)
    alice = d.bed.alice
    mine = alice.credential()
    resolve = xmlrpc.client.dumps(("plc.site.alice", mine), "Resolve").encode()
    c = d.https(alice)
    status, answer, body = post(c, resolve, Accept_Encoding="gzip")
    expect_equal((status, answer.headers["Content-Encoding"]), (200, "gzip"), "a long answer")
    expect_equal(xmlrpc.client.loads(gzip.decompress(body))[0][0][0]["hrn"], "plc.site.alice", "the answer unpacked")
    for accept in "identity", "gzip;q=0", "deflate":
        answer = post(c, resolve, Accept_Encoding=accept)[1]
        expect_equal(answer.headers["Content-Encoding"], None, f"encoding with Accept-Encoding: {accept}")
    fault = post(c, b"<a/>", Accept_Encoding="gzip")[1]
    expect_equal(fault.headers["Content-Encoding"], None, "encoding of a short answer")


def kept_alive(lab):
    """Many calls on one connection, and several sent at once, are answered in order."""
    d = door(lab)
    c = d.https(d.bed.alice)
    for _ in range(20):
        expect_equal(post(c)[0], 200, "a call on a kept connection")
    expect_equal(d.figure("connections_accepted_total"), 1, "connections")
    s = d.raw(d.bed.alice)
    one = b"POST /registry HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n" % len(VERSION)
    s.sendall((one + b"\r\n" + VERSION) * 3 + one + b"Connection: close\r\n\r\n" + VERSION)
    got, _ = read_all(s)
    expect_equal(got.count(b"HTTP/1.1 200 OK"), 4, f"answers to four calls at once: {got[-300:]!r}")


# -- handshakes -------------------------------------------------------------------------------------------------------

def knock(d, files, version, address):
    """A handshake from an address of this host; None when it was let in, else the client's reason."""
    plain = socket.create_connection(("127.0.0.1", d.ports["am"]), timeout=it.PATIENCE, source_address=(address, 0))
    try:
        with Door.context(*files, version=version).wrap_socket(plain) as s:
            # with TLS 1.3 a client hears of it only when it reads
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = s.recv(100)
            return None if answer.startswith(b"HTTP/1.1 200") else f"closed without a word: {answer!r}"
    except OSError as why:
        return str(why)


def certificates(lab):
    """No certificate, one of another root, one of itself, an expired one: refused in the handshake, and our log says why."""
    d = door(lab)
    bed = d.bed
    lab.ccfed("authority", "create", "other", "--dir", bed.folder / "others")
    eve, public = Principal(bed, "other.eve"), bed.folder / "public.pem"
    public.write_text(eve.public_key())
    made = lab.ccfed("gid", "make", "--authority", "other", "--dir", bed.folder / "others", "--urn",
                     "urn:publicid:IDN+other+user+eve", "--public-key", public, "--out", eve.gid)
    expect_equal(made.returncode, 0, f"gid make: {made.stderr}")
    old, good = dated_gid(bed, bed.alice, -1), dated_gid(bed, bed.alice, 2)
    cases = (((), "certificate required|handshake failure", "peer did not return a certificate"),
             ((eve.gid, eve.key), "unknown ca", "(urn:publicid:IDN+other+authority+sa) ends the chain and is no trusted root"),
             ((eve.self_signed, eve.key), "unknown ca|bad certificate", "other.eve"),
             ((old, bed.alice.key), "certificate expired", "cert-expired: certificate 1 of 3"))
    number = 2
    for version in ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2:
        expect_equal(knock(d, (good, bed.alice.key), version, "127.0.0.1"), None, f"{version.name} with a good certificate")
        for files, alert, why in cases:
            address = f"127.0.0.{number}"
            number += 1
            got = knock(d, files, version, address)
            expect(got and re.search(alert, got), f"{version.name} {why}: the client got {got!r}")
            d.daemon.wait_log(f"am: {address}: handshake refused: ")
            line = next(text for text in d.daemon.log().splitlines() if f"am: {address}: handshake refused: " in text)
            expect(why in line, f"{version.name}: {line!r} does not say {why!r}")
    expect_equal(d.figure("tls_refused_total"), 8, "refused handshakes")
    # without what stands between its issuer and the root, the line names who is missing
    alone = bed.folder / "alone.pem"
    alone.write_text(good.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
    expect("unknown ca" in knock(d, (alone, bed.alice.key), None, "127.0.0.20"), "a leaf without its issuer was let in")
    d.daemon.wait_log("127.0.0.20: handshake refused: chain-root: ")
    line = next(text for text in d.daemon.log().splitlines() if "127.0.0.20: handshake refused" in text)
    expect("its issuer /CN=plc.site is no trusted root" in line, f"the issuer that is missing: {line!r}")


def protocols(lab):
    """TLS 1.2 and 1.3, no renegotiation, sessions that are kept here, the whole chain is sent."""
    root, root_key = server_certificate(lab, "root")
    d = Door(registry(lab))
    leaf = lab.folder / "leaf.csr"
    lab.openssl("req", "-new", "-key", d.key, "-subj", "/CN=ccfed.test", "-out", leaf)
    signed = lab.openssl("x509", "-req", "-in", leaf, "-CA", root, "-CAkey", root_key, "-days", "3", "-set_serial", "5")
    d.cert.write_bytes(signed + root.read_bytes())
    d.start()
    alice = d.bed.alice
    me = ("-cert", alice.gid, "-cert_chain", alice.gid, "-key", alice.key)
    for flag, good in (("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False), ("-tls1", False)):
        code, text = d.s_client(*me, flag, "-showcerts", "-cipher", "DEFAULT:@SECLEVEL=0", data=b"Q\n")
        expect_equal(code == 0, good, f"{flag}: {text[-500:]}")
        expect(not good or text.count("BEGIN CERTIFICATE") == 2, f"{flag}: the chain that is sent: {text[:3000]}")
    for flag in "-tls1_3", "-tls1_2":
        session = lab.folder / f"session{flag}"
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        first = d.s_client(*me, flag, "-sess_out", session, "-ign_eof", data=request)[1]
        expect("New, TLSv1" in first and "HTTP/1.1 200" in first, f"{flag}: {first[-1500:]}")
        ticket = re.search(r"TLS session ticket:\s+((?:.*\n){3})", first)
        expect(flag == "-tls1_3" or not ticket, f"{flag}: a ticket: {first[-1500:]}")
        # 32 octets name a session; one that holds it would be longer
        expect(not ticket or "0020" not in ticket.group(1), f"{flag}: the ticket holds more than a name: {ticket and ticket.group()}")
        second = d.s_client(*me, flag, "-sess_in", session, "-ign_eof", data=request)[1]
        expect("Reused, TLSv1" in second and "HTTP/1.1 200" in second, f"{flag}: not resumed: {second[-1500:]}")
        # the other listener does not know it
        other = d.s_client(*me, flag, "-sess_in", session, "-ign_eof", data=request, listener="registry")[1]
        expect("New, TLSv1" in other, f"{flag}: resumed at another listener: {other[-1500:]}")
    expect_equal(d.figure("tls_resumed_total"), 2, "resumed sessions")
    expect(ALICE in d.daemon.log().rsplit("access ", 1)[1], "who resumed a session has no name")
    text = d.s_client(*me, "-tls1_2", data=b"R\nQ\n")[1]
    expect("no renegotiation" in text, f"renegotiation: {text[-800:]}")
    d.alive(alice)


if __name__ == "__main__":
    it.main(get_version, faults, http_refusals, lengths, sizes, strangers, answers_are_packed, kept_alive, certificates, protocols)
