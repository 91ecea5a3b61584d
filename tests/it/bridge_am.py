#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""/am/3.0 from an XML-RPC client to the bus and back: Python's xmlrpc.client, the real front door, an aggregate that remembers what
it was asked."""
import os
import ssl
import xmlrpc.client

import am_client
import ccfed_it as it
from am_client import Client, Refused
from am_it import AD, Aggregate, Refusal
from bridge_it import DOOR, Door
from ccfed_it import expect, expect_equal
from registry_it import Bed

URN = "urn:publicid:IDN+plc:site+slice+s1"
REQUEST = '<rspec xmlns="http://www.geni.net/resources/rspec/3" type="request"><node client_id="a"/></rspec>'
BIG = 8 << 20


def begin(lab, door_options=None, **options):
    am = Aggregate(lab, **options)
    sections = {"assert-caller": {"door": f"{DOOR}, prefix reg am, namespace plc"},
                "routes": {"reg": "h:registry", "echo": "h:echo", "am": "h:am"},
                "h_am": {"handler": "proxy", "remote-cc": am.url, "ping": "no"}}
    bed = Bed(lab, sections=sections).start()
    bed.authority("plc.site")
    bed.alice = bed.user("plc.site.alice")
    return am, Door(bed, **(door_options or {})).start(), bed.alice


def client(door, alice, credential="<?xml C ?>", **options):
    return Client(f"https://127.0.0.1:{door.ports['am']}/am/3.0", door.cert, alice.gid, alice.key, credential, **options)


def life(lab):
    """A slice from Allocate to Delete, with credentials as text, as base64, and bare; and who asks is said."""
    am, door, alice = begin(lab)
    for options in ({}, {"as_base64": True}, {"typed": False}):
        am.requests.clear()
        said = []
        am_client.life(client(door, alice, **options), URN, REQUEST, say=said.append)
        expect_equal(len(said), 1, "the end")
        shown = [body["credentials"] for kind, body in am.requests if kind != "am.get_version"]
        wanted = "<?xml C ?>" if not options.get("typed", True) else {"geni_type": "geni_sfa", "geni_version": "3", "geni_value": "<?xml C ?>"}
        expect(all(credentials == [wanted] for credentials in shown), shown)
        expect(all(body["caller"]["listener"] == "am" and body["caller"]["certs"] for _, body in am.requests), "the caller")


def refusals(lab):
    """The aggregate's own code, text and hint; and what only the table knows."""
    am, door, alice = begin(lab)
    rows = ((Refusal("conflict", 26, "not enough", value=REQUEST), 26, REQUEST),
            (Refusal("conflict", 7, "[T&C-APPROVAL-MISSING] [GDPR-CONSENT-MISSING] visit https://x/"), 7, ""),
            (Refusal("denied", 23, "who signed it is unknown", rule="chain-root"), 23, ""),
            (Refusal("conflict", 14, "held", value={"until": "2027-01-01T00:00:00Z"}), 14, {"until": "2027-01-01T00:00:00Z"}))
    for refusal, code, value in rows:
        am.refuse["am.allocate"] = [refusal]
        try:
            client(door, alice).call("Allocate", URN, [], REQUEST, {})
            raise AssertionError("it was not refused")
        except Refused as refused:
            expect_equal((refused.code, refused.output, refused.value), (code, refusal.body["msg"], value), "the refusal")
    for method, arguments in (("Update", ([URN], [], REQUEST, {})), ("Cancel", ([URN], [], {}))):
        said = client(door, alice).raw(method, *arguments)
        expect_equal((said["code"]["geni_code"], said["value"]), (13, ""), method)
    before = len(am.requests)
    for method, arguments in (("Status", (URN, [], {})), ("Status", ([URN], [])), ("Allocate", (URN, [], REQUEST, [])), ("Dance", ())):
        try:
            client(door, alice).raw(method, *arguments)
            raise AssertionError(f"{method}{arguments} is no fault")
        except xmlrpc.client.Fault as fault:
            expect_equal(fault.faultCode, 1, f"{method}{arguments}")
    expect_equal(len(am.requests), before, "requests for calls that are none")


def strangers(lab):
    """Nobody without a certificate of ours gets an HTTP octet out of the listener."""
    am, door, alice = begin(lab)
    cert, key = lab.folder / "stranger.pem", lab.folder / "stranger.key"
    lab.openssl("req", "-new", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-subj",
                "/CN=x", "-addext", "subjectAltName=URI:urn:publicid:IDN+plc:site+user+alice", "-out", cert)
    url = f"https://127.0.0.1:{door.ports['am']}/am/3.0"
    try:
        Client(url, door.cert, cert, key, "C").call("Delete", [URN], [], {})
        raise AssertionError("it was let in")
    except (ssl.SSLError, ConnectionError) as error:
        expect("unknown ca" in str(error).lower() or "unknown_ca" in str(error).lower() or isinstance(error, ConnectionError), str(error))
    expect_equal(am.requests, [], "requests")
    expect_equal(client(door, alice).call("GetVersion")["geni_api"], 3, "alice")


def long_documents(lab):
    """8 MiB from the bus arrive whole, once in text and once in XML that has to be escaped; a request of nearly as much goes in."""
    am, door, alice = begin(lab)
    for piece in ("x", "<a>&amp;</a>\n", "\u00e4"):
        text = piece * (BIG // len(piece.encode()))
        am.am_list_resources = lambda _, text=text: (None, text)
        expect(client(door, alice).call("ListResources", [], am_client.VERSION) == text, f"8 MiB of {piece}")
    am.am_list_resources = lambda _: (None, AD)
    request = REQUEST.replace("<node", "<!--" + "y" * (BIG - 4000) + "--><node")
    expect_equal(len(client(door, alice).call("Allocate", URN, [], request, {})["geni_slivers"]), 1, "slivers")
    expect(am.asked("am.allocate")[-1]["rspec"] == request, "the request is not what was sent")
    # what is no text would make the whole answer none
    am.am_list_resources = lambda _: (None, "a\u0001b")
    try:
        client(door, alice).call("ListResources", [], am_client.VERSION)
        raise AssertionError("XML has no such character")
    except xmlrpc.client.Fault as fault:
        expect("cannot be said in XML-RPC" in fault.faultString, fault.faultString)
    expect_equal(client(door, alice).call("GetVersion")["geni_api"], 3, "the next call")


def odd_answers(lab):
    """What answers otherwise than the contract says is our failure, told as such."""
    am, door, alice = begin(lab)
    for value, blob in (({"geni_slivers": []}, ""), (None, "")):
        am.am_list_resources = lambda _, value=value, blob=blob: (value, blob)
        said = client(door, alice).raw("ListResources", [], am_client.VERSION)
        expect_equal(said["code"]["geni_code"], 0, "what is any JSON")
    am.am_describe = lambda _: ("text", "a blob for which there is no place")
    said = client(door, alice).raw("Describe", [URN], [], am_client.VERSION)
    expect_equal((said["code"]["geni_code"], said["output"]), (5, "the answer of the bus is not what it should be"), "the failure")


if __name__ == "__main__":
    os.environ["no_proxy"] = "*"
    it.main(life, refusals, strangers, long_documents, odd_answers)
