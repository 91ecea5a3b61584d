#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""am.get_version over the bus: for whom, and what; configurations that an aggregate must not start with."""
import json

import ccfed_it as it
from ccfed_it import body_of, expect, expect_equal, message
from registry_it import PEM, Principal

DOOR = "urn:publicid:IDN+it+service+door"
URN = "urn:publicid:IDN+am.it.test+authority+am"
URL = "https://am.it.test:8443/am/3.0"
RSPEC = {"type": "GENI", "version": "3", "namespace": "http://www.geni.net/resources/rspec/3", "extensions": []}
VERSION = {
    "geni_api": 3, "geni_api_versions": {"3": URL},
    "geni_request_rspec_versions": [{**RSPEC, "schema": "http://www.geni.net/resources/rspec/3/request.xsd"}],
    "geni_ad_rspec_versions": [{**RSPEC, "schema": "http://www.geni.net/resources/rspec/3/ad.xsd"}],
    "geni_credential_types": [{"geni_type": "geni_sfa", "geni_version": "2"}, {"geni_type": "geni_sfa", "geni_version": "3"}],
    "geni_single_allocation": 0, "geni_allocate": "geni_many", "geni_am_type": ["ccfed"], "urn": URN}


def start(lab, policy, **options):
    lab.crypto("door", True)
    lab.crypto("other", True)
    doors = {"door": f"{DOOR}, prefix am, namespace plc"}
    server = lab.server("aggregate", ccserver={"cc-role": "remote", "workers": "2", **lab.crypto("remote", True)},
                        routes={"am": "h:am"}, h_am={"handler": "aggregate", "urn": URN, "url": URL, **options},
                        policy={"am": policy, "admin": "any"}, **{"assert-caller": doors})
    return server


def ask(lab, server, signer, kind, **fields):
    answer = lab.dealer(server).ask(message(kind, body_of(kind, deadline=10000, **fields), signer))
    expect(answer is not None, f"no answer to {kind}")
    return answer[0].decode(), json.loads(answer[1])


def test_version(lab):
    """Exact, types too, through a front door for a caller without any certificate, and for a signer of his own."""
    server = start(lab, f"gid, {DOOR}").start()
    door, nobody = lab.signer("door"), {"certs": [], "listener": "am", "tls": "TLSv1.3"}
    lab.folder.joinpath("who").mkdir()
    own = Principal(Bench(lab, lab.folder / "who"), "plc.site.alice").use_self_signed()
    somebody = {**nobody, "certs": ["".join(PEM.findall(own.self_signed.read_text())[0].split("-----")[2].split())]}
    for who, fields in ((door, {"caller": nobody}), (door, {"caller": somebody}), (own.signer, {})):
        kind, body = ask(lab, server, who, "am.get_version", **fields)
        expect_equal(kind, "reply.am.get_version", f"type of the answer ({body})")
        value = body["value"]
        expect_equal(type(value.pop("geni_am_code")), str, "geni_am_code")
        expect_equal(value, VERSION, "value")
        # True == 1 in Python: the acceptance suite of GENI wants an int
        expect_equal((type(value["geni_single_allocation"]), type(value["geni_api"])), (int, int), "types")


def test_others(lab):
    """What it does not know, a door without a caller, a signer whom no line names."""
    server = start(lab, DOOR).start()
    door, nobody = lab.signer("door"), {"certs": [], "listener": "am", "tls": "TLSv1.3"}
    # the gate lets a caller without a URN ask for the version only
    kind, body = ask(lab, server, door, "am.allocate", caller=nobody)
    expect_equal((kind, body["code"]), ("error", "caller"), body.get("msg"))
    kind, body = ask(lab, server, door, "am.get_version")
    expect_equal((kind, body["code"]), ("error", "caller"), body.get("msg"))
    kind, body = ask(lab, server, lab.signer("other"), "am.get_version")
    expect_equal((kind, body["code"]), ("error", "denied"), body.get("msg"))
    kind, body = ask(lab, server, door, "am.get_version", caller=nobody)
    expect_equal(kind, "reply.am.get_version", body)


def test_unsupported(lab):
    server = start(lab, "any").start()
    for kind, msg in (("am.allocat", "am.allocat is not served here"),
                      ("am.allocate", "this aggregate has no store: it says who it is, and no more")):
        got, body = ask(lab, server, lab.signer("other"), kind)
        expect_equal((got, body["code"], body["geni_code"], body["req_type"], body["msg"]), ("error", "unsupported", 13, kind, msg), kind)


def test_start_is_refused(lab):
    """By ccserver --check, with the reason, and exit code 2."""
    for name, value, why in (("urn", "", "urn: set it"), ("urn", "urn:publicid:IDN+localhost+authority+am", "every host there is"),
                             ("urn", "urn:publicid:IDN+127.0.0.1+authority+am", "every host there is"),
                             ("urn", "am.it.test", "is no urn:publicid"), ("url", "", "url: set it"),
                             ("url", "http://am.it.test/am/3.0", "is not https")):
        server = start(lab, "any", **{name: value})
        path = lab.folder / "check.ini"
        path.write_text(it.ini_text(server.sections))
        done = lab.run(lab.ccserver, "--check", path)
        expect(done.returncode == 2 and why in done.stderr, f"{name} = {value}: {done.returncode}, {done.stderr}")


class Bench:
    """What a Principal needs of a testbed."""

    def __init__(self, lab, folder):
        self.folder, self.openssl = folder, lab.openssl


if __name__ == "__main__":
    it.main(test_version, test_others, test_unsupported, test_start_is_refused)
