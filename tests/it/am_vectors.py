#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The recorded calls of a GENI AM API 3 client (../shared/vectors/geni-am/http), replayed over TLS at the time of their recording,
in their order, against a testbed like the one that answered then. What differs from the recording says why in
tests/data/am/http-expected.tsv. The calls of version 2 of the API are skipped and counted.

Needs a build with -Dtest_clock=true, whose folder CCFED_SWITCH_BUILD names (check makes one)."""
import http.client
import json
import os
import pathlib
import re
import ssl
import time
import xmlrpc.client

import ccfed_it as it
from am_lab import AmBed
from bridge_it import Door
from ccfed_it import Skip, expect, expect_equal
from registry_clock import Clock, clock_build

VECTORS = it.SOURCE.parent / "shared" / "vectors" / "geni-am"
EXPECTED = it.SOURCE / "tests" / "data" / "am" / "http-expected.tsv"
RECORDED = 1795289040  # 2026-11-21T19:24Z
SLIVER = re.compile(r"urn:publicid:IDN\+geni:gpo:gcf\+sliver\+[0-9a-f-]{36}")


def read_expected():
    rows = {}
    for line in EXPECTED.read_text().splitlines():
        if line and not line.startswith("#"):
            name, code, reason = line.split("\t")
            rows[name] = (code, reason)
    return rows


class Replay:
    """Sends what was recorded, with our slivers for those of then."""

    def __init__(self, door):
        self.door = door
        self.ours = {}      # sliver then -> sliver now
        self.then = {}      # client_id -> sliver then

    def learn(self, recorded, answer):
        """Slivers by their client_ids, of a manifest then and of ours."""
        for text, out in ((recorded, self.then), (answer, None)):
            for node in re.findall(r"<node\b[^>]*>", text):
                got = dict(re.findall(r'(\w+)="([^"]*)"', node))
                if "sliver_id" not in got:
                    continue
                if out is not None:
                    out[got["client_id"]] = got["sliver_id"]
                else:
                    self.ours[self.then[got["client_id"]]] = got["sliver_id"]

    def post(self, entry, body):
        client = entry["client"]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if client:
            context.load_cert_chain(VECTORS / "certs" / f"{client}-cert.pem", VECTORS / "certs" / f"{client}-key.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", self.door.ports["am"], timeout=it.PATIENCE, context=context)
        try:
            connection.request("POST", "/am/3.0", body, {"Content-Type": "text/xml"})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def outcome(self, entry):
        """A geni_code, "fault", or "tls", and the value."""
        name = entry["file"]
        body = (VECTORS / "http" / f"{name}.req.http").read_bytes().split(b"\r\n\r\n", 1)[1].decode()
        body = SLIVER.sub(lambda found: self.ours.get(found.group(0), found.group(0)), body)
        try:
            status, text = self.post(entry, body.encode())
        except (ssl.SSLError, ConnectionError):
            return "tls", None
        expect_equal(status, 200, f"{name}: HTTP status")
        try:
            (answer,), _ = xmlrpc.client.loads(text)
        except xmlrpc.client.Fault:
            return "fault", None
        code = answer["code"]["geni_code"]
        expect(type(code) is int and isinstance(answer["output"], str) and (code == 0 or answer["output"]),
               f"{name}: code and output: {answer}")
        if code == 0 and isinstance(answer["value"], dict) and "geni_rspec" in answer["value"]:
            reply = (VECTORS / "http" / f"{name}.rep.http").read_bytes().split(b"\r\n\r\n", 1)[1]
            (then,), _ = xmlrpc.client.loads(reply)
            if "<rspec" in then["value"]["geni_rspec"] and entry["method"] == "Allocate":
                self.learn(then["value"]["geni_rspec"], answer["value"]["geni_rspec"])
        return str(code), answer


def recorded(entry):
    """What the recording says, in the words of outcome."""
    if "fault" in entry:
        return "fault"
    if "error" in entry:
        return "tls"
    return str(entry["geni_code"])


def test_vectors(lab):
    if not VECTORS.is_dir():
        raise Skip("the shared vectors are not there")
    clock_build(lab)
    lab.build = pathlib.Path(os.environ["CCFED_SWITCH_BUILD"]).resolve()
    Clock(lab).set(RECORDED - int(time.time()))
    # the keys that all tests share are made today
    lab.keys = lab.folder / "keys-of-then"
    lab.keys.mkdir(mode=0o700)
    lab.make_key("init-ca", "ca")
    for name in ("remote", "client"):
        lab.make_key("issue", name, "--urn", f"urn:publicid:IDN+it+service+{name}")
    replay(lab)


def replay(lab):
    types = {"fake-vm": "default"}
    bed = AmBed(lab, nodes=20, slots=1, types=types)
    (bed.roots / "ch.pem").write_bytes((VECTORS / "certs" / "ch-cert.pem").read_bytes())
    bed.start_nodes()
    door = Door(bed)
    (door.roots / "ch.pem").write_bytes((VECTORS / "certs" / "ch-cert.pem").read_bytes())
    door.start()
    runner, expected, wrong, skipped = Replay(door), read_expected(), [], 0
    index = json.loads((VECTORS / "http" / "index.json").read_text())
    for entry in index:
        name = entry["file"]
        if "-v2-" in name:
            skipped += 1
            continue
        wanted, reason = expected.pop(name, (recorded(entry), "as recorded"))
        got, answer = runner.outcome(entry)
        if got != wanted:
            wrong.append(f"{name}: {got}, not {wanted} ({reason}): {str(answer)[:200]}")
    expect_equal(wrong, [], "differences")
    expect_equal(expected, {}, "rows without a recording")
    expect_equal((len(index) - skipped, skipped), (67, 10), "recordings replayed, of version 2")
    bed.server.check_sanitizer()


if __name__ == "__main__":
    it.main(test_vectors)
