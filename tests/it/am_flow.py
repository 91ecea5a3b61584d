#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What omni, jFed, geni-lib and GENI's acceptance suite do with an aggregate, call by call, and what each of them looks at in the answers.
Every RSpec on the way is judged by xmllint and the schemas of GENI 3."""
import base64
import datetime
import re
import time
import urllib.parse
import xml.dom.minidom
import xmlrpc.client
import zlib

import ccfed_it as it
from am_calls import later, seconds
from am_front import ET, Front, G, Person, attempt, expect, expect_equal, node, nodes_of, request, urns_of
from am_lab import NS, URL, URN
from rspec import SCHEMAS, xmllint

XSI = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
STATES = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_]*")
NAME = re.compile(r"[-a-zA-Z0-9_.]+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)")
REQUEST = request(node("node1", exclusive="false"), node("node2", exclusive="false"))


def begin(lab):
    """The users have keys of RSA and of P-256; alice has two slices."""
    front = Front(lab)
    rita = front.bed.user("plc.site.rita", bits=2048)
    for name, who in (("s3", "plc.site.rita"), ("s4", "plc.site.alice")):
        front.bed.slice(f"plc.site.{name}", who)
    front.rita, front.second = Person(front, rita, "s3"), Person(front, front.bed.alice, "s4")
    front.people += [front.rita, front.second]
    return front


def of_kind(text, kind):
    """The checks of omni and the suite of an RSpec; and it is valid."""
    expect(type(text) is str and "<rspec" in text, f"no RSpec: {text!r:.200}")
    root = ET.fromstring(text)
    locations = root.get(XSI).split()
    schema = {"advertisement": "ad", "request": "request", "manifest": "manifest"}[kind]
    expect_equal((root.tag, root.get("type")), (f"{G}rspec", kind), "the root")
    expect_equal(locations[locations.index(NS) + 1], f"{NS}/{schema}.xsd", "schemaLocation")
    if SCHEMAS.is_dir():
        xmllint(f"{schema}.xsd", text)
    xml.dom.minidom.parseString(text)
    return text


def sliver(one, allocation=None, operational=None):
    """A sliver's struct, as every method tells it."""
    for key in ("geni_sliver_urn", "geni_allocation_status", "geni_operational_status", "geni_expires", "geni_error"):
        expect(type(one[key]) is str, f"{key} of {one}")
    match = re.fullmatch(r"urn:publicid:IDN\+am\.it\.test\+sliver\+(.+)", one["geni_sliver_urn"])
    expect(match and NAME.fullmatch(match.group(1)), one["geni_sliver_urn"])
    expect(one["geni_allocation_status"] in ("geni_unallocated", "geni_allocated", "geni_provisioned"), f"{one}")
    expect(STATES.fullmatch(one["geni_operational_status"]) and TIME.fullmatch(one["geni_expires"]), f"{one}")
    expect_equal(one["geni_error"], "", "geni_error")
    expect(allocation in (None, one["geni_allocation_status"]), f"{one} is not {allocation}")
    expect(operational is None or one["geni_operational_status"] in operational, f"{one} is not {operational}")
    return one["geni_sliver_urn"]


def slivers(got, number, *states):
    expect_equal(len(got), number, "slivers")
    return {sliver(one, *states) for one in got}


# -- GetVersion

def version(said):
    """Types exactly as the suite wants them: a boolean is no int."""
    expect_equal((type(said["geni_api"]), said["geni_api"]), (int, 3), "geni_api beside value")
    expect_equal((type(said["code"]["geni_code"]), said["code"]["geni_code"], type(said["output"])), (int, 0, str), "code and output")
    expect(type(said["code"].get("am_type", "")) is str and type(said["code"].get("am_code", 0)) is int, f"{said['code']}")
    value = said["value"]
    expect_equal((type(value["geni_api"]), value["geni_api"]), (int, 3), "geni_api")
    expect_equal(value["geni_api_versions"], {"3": URL}, "geni_api_versions")
    for url in value["geni_api_versions"].values():
        parts = urllib.parse.urlsplit(url)
        expect(parts.scheme == "https" and parts.hostname not in ("localhost", "127.0.0.1", None), url)
    for key in ("geni_request_rspec_versions", "geni_ad_rspec_versions"):
        expect(type(value[key]) is list and value[key], f"{key}: {value[key]}")
        for one in value[key]:
            expect_equal({name: type(one[name]) for name in ("type", "version", "schema", "namespace", "extensions")},
                         {"type": str, "version": str, "schema": str, "namespace": str, "extensions": list}, key)
            expect(all(type(e) is str for e in one["extensions"]), f"{one}")
        expect(any(v["type"].lower() == "geni" and v["version"] == "3" and v["namespace"] == NS for v in value[key]), f"{value[key]}")
    expect(all({"geni_type", "geni_version"} <= set(c) and {type(v) for v in c.values()} == {str} for c in value["geni_credential_types"]) and
           {"geni_type": "geni_sfa", "geni_version": "3"} in value["geni_credential_types"], f"{value['geni_credential_types']}")
    expect_equal((type(value["geni_single_allocation"]), value["geni_single_allocation"]), (int, 0), "geni_single_allocation")
    expect_equal(value["geni_allocate"], "geni_many", "geni_allocate")
    expect(type(value["geni_am_type"]) is list and all(type(t) is str for t in value["geni_am_type"]), f"{value['geni_am_type']}")
    expect_equal(value["urn"], URN, "urn")


def get_version(front):
    for arguments in ((), ({}, ), ({"odd": 1}, )):
        version(front.alice.client.raw("GetVersion", *arguments))
    version(front.rita.client.raw("GetVersion"))


# -- GENI's acceptance suite

def list_resources(front):
    """ListResources, and with geni_available and geni_compressed."""
    ad = of_kind(front.alice.good("ListResources", options={"geni_compressed": False, "geni_available": False, "arbitrary_option": "x"}), "advertisement")
    expect_equal(of_kind(front.alice.good("ListResources"), "advertisement"), ad, "without options")
    packed = front.alice.good("ListResources", options={"geni_compressed": True})
    expect_equal(of_kind(zlib.decompress(base64.b64decode(packed)).decode(), "advertisement"), ad, "compressed")
    for one in ET.fromstring(of_kind(front.alice.good("ListResources", options={"geni_available": True}), "advertisement")).findall(f"{G}node"):
        expect_equal([a.get("now") for a in one.findall(f"{G}available")], ["true"], "available")


def bad_credentials(front):
    """Of a stranger, of an altered owner, malformed, of a wrong type, and none at all."""
    altered = front.alice.credential.replace("+user+alice", "+user+alicf")
    for text in (altered, front.alice.credential[:-1], "x", front.bob.credential):
        front.alice.refused((3, 20, 22), "ListResources", credentials=front.alice.typed(text))
    typed = {"geni_type": "geni_x", "geni_version": "3", "geni_value": front.alice.credential}
    front.alice.refused(3, "ListResources", credentials=[typed])
    front.alice.refused(3, "ListResources", credentials=[])


def workflow(front, person=None, other=None):
    """CreateSliver as the suite does it, to the end."""
    person = person or front.alice
    got = person.allocate(REQUEST)
    of_kind(got["geni_rspec"], "manifest")
    expect_equal(set(nodes_of(got["geni_rspec"])), {"node1", "node2"}, "client_ids")
    urns = slivers(got["geni_slivers"], 2, "geni_allocated", ("geni_pending_allocation", ))
    slivers(person.good("Status", [person.urn])["geni_slivers"], 2, "geni_allocated", ("geni_pending_allocation", ))
    for packed in (False, True):
        got = person.good("Describe", [person.urn], options={"geni_compressed": packed})
        text = zlib.decompress(base64.b64decode(got["geni_rspec"])).decode() if packed else got["geni_rspec"]
        of_kind(text, "manifest")
        expect_equal((got["geni_urn"], set(urns_of(got))), (person.urn, urns), "Describe")
    for urn in (front.bed.node(1), "urn:publicid:IDN+am.it.test+sliver+none", "x"):
        person.refused((1, 12), "Describe", [urn])
    users = [{"urn": person.user_urn, "keys": [person.who.ssh_key()]}]
    got = person.good("Provision", [person.urn], options={"geni_users": users})
    of_kind(got["geni_rspec"], "manifest")
    expect_equal(slivers(got["geni_slivers"], 2, "geni_provisioned"), urns, "provisioned")
    for urn in urns:
        one = person.good("Status", [urn])
        expect_equal((one["geni_urn"], urns_of(one)), (person.urn, [urn]), "Status of a sliver")
    person.settled()
    for action in ("geni_start", "geni_restart", "geni_stop"):
        slivers(person.good("PerformOperationalAction", [person.urn], action), 2, "geni_provisioned")
        person.settled()
    for action in ("geni_dance", ""):
        person.refused(13, "PerformOperationalAction", [person.urn], action)
    renewals(person, urns)
    wrong_credentials(front, person, other or front.bob)
    got = person.good("Delete", [person.urn])
    expect_equal(slivers(got, 2, "geni_unallocated"), urns, "deleted")
    person.refused(12, "Status", [person.urn])
    person.refused(12, "Describe", [person.urn])


def renewals(person, urns):
    """Five minutes for one, two days, five days for all; two days more than the slice has are refused."""
    one = min(urns)
    for some, end in (([one], later(minutes=5)), ([person.urn], later(days=2)), ([person.urn], later(days=5))):
        got = person.good("Renew", some, end)
        expect_equal({sliver(s, "geni_provisioned") for s in got}, {one} if some == [one] else urns, "renewed")
        for told in person.good("Status", some)["geni_slivers"]:
            expect(abs(seconds(told["geni_expires"]) - seconds(end)) <= 1, f"{told} was renewed until {end}")
    beyond = re.search(r"<expires>([^<]*)", person.credential).group(1)
    wish = (datetime.datetime.fromisoformat(beyond.replace("Z", "+00:00")) + datetime.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    person.refused(19, "Renew", [person.urn], wish)


def wrong_credentials(front, person, other):
    """The user's own instead of the slice's, another slice's, another user's."""
    for text in (person.who.credential(), other.credential):
        person.refused((3, 22), "Status", [person.urn], credentials=person.typed(text))
        person.refused((3, 22), "Delete", [person.urn], credentials=person.typed(text))
        person.refused((3, 22), "Allocate", person.urn, request(node("x")), credentials=person.typed(text))
    front.bob.refused(22, "Describe", [person.urn], credentials=front.bob.typed(person.credential))


def with_rsa(front):
    """The same by a user whose key is of RSA."""
    workflow(front, front.rita)


def multi_slice(front):
    """Two slices of one user at once: neither's credential opens the other, and each has its own."""
    one, other = front.alice, front.second
    expect(one.who is other.who, "they are not of one user")
    mine, theirs = (slivers(p.allocate(REQUEST)["geni_slivers"], 2, "geni_allocated") for p in (one, other))
    expect(not mine & theirs, "slivers of both")
    for person, foreign in ((one, other), (other, one)):
        for method in ("Status", "Delete"):
            person.refused(22, method, [person.urn], credentials=person.typed(foreign.credential))
            person.refused(1, method, [person.urn, foreign.urn], credentials=person.typed(person.credential, foreign.credential))
    one.good("Delete", [one.urn])
    expect_equal(set(urns_of(other.good("Status", [other.urn]))), theirs, "what the other has")
    other.good("Delete", [other.urn])
    workflow(front, one, other)


def not_there(front):
    """A slice that does not exist: its credential is none of ours, so nothing is told of it."""
    ghost = front.alice.urn + "ghost"
    for method, more in (("Status", ()), ("Delete", ()), ("Describe", ()), ("Renew", (later(days=1), ))):
        front.alice.refused(22, method, [ghost], *more)
    for method in ("Status", "Delete", "Describe"):
        front.alice.refused(12, method, [front.alice.urn])


def bad_requests(front):
    for text in ("", "<rspec", REQUEST.replace("</rspec>", ""), "<?xml version='1.0'?><x/>"):
        front.alice.refused(1, "Allocate", front.alice.urn, text)
    front.alice.refused(12, "Status", [front.alice.urn])


def shut_down(front):
    """am_api_accept_shutdown: everything fails afterwards."""
    urns = urns_of(front.second.allocate(REQUEST))
    expect_equal(front.second.good("Shutdown", front.second.urn), True, "Shutdown")
    for method, more in (("Status", ()), ("Describe", ()), ("Provision", ()), ("Renew", (later(days=1), )), ("Delete", ())):
        front.second.refused(7, method, [front.second.urn], *more)
        front.second.refused(7, method, urns, *more)
    front.bed.am(front.lab.signer("operator"), "release", urn=front.second.urn)


# -- programs

def omni(front):
    """Fourteen steps with omni's options: geni_compressed, times as isoformat, users of omni_config."""
    alice, wide = front.alice, {"geni_compressed": True, "geni_rspec_version": {"type": "geni", "version": "3"}}

    def inflate(text):
        return zlib.decompress(base64.b64decode(text)).decode()
    version(alice.client.raw("GetVersion"))
    of_kind(inflate(alice.good("ListResources", options={**wide, "geni_available": True})), "advertisement")
    names = urns_of(alice.allocate(REQUEST))
    of_kind(inflate(alice.good("Describe", [alice.urn], options=wide)["geni_rspec"]), "manifest")
    users = [{"urn": f"urn:publicid:IDN+plc:site+user+{n}", "keys": [p.who.ssh_key()]} for n, p in (("alice", alice), ("bob", front.bob))]
    slivers(alice.good("Provision", [alice.urn], options={**wide, "geni_users": users})["geni_slivers"], 2, "geni_provisioned")
    alice.settled("geni_notready")
    for action, after in (("geni_start", "geni_ready"), ("geni_restart", "geni_ready"), ("geni_stop", "geni_notready")):
        slivers(alice.good("PerformOperationalAction", [alice.urn], action), 2, "geni_provisioned")
        alice.settled(after)
        end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)).isoformat()
        for told in alice.good("Renew", [alice.urn], end):
            sliver(told, "geni_provisioned")
            expect(abs(seconds(told["geni_expires"]) - seconds(end)) <= 1, f"{told} was renewed until {end}")
        of_kind(inflate(alice.good("Describe", [alice.urn], options=wide)["geni_rspec"]), "manifest")
    expect_equal(slivers(alice.good("Delete", [alice.urn]), 2, "geni_unallocated"), set(names), "deleted")


def jfed(front):
    """TestNodeLogin: until all are ready, then a login at each node for each user; deleted whatever comes."""
    bob = front.bob
    bob.allocate(request(node("node0"), node("node1")))
    try:
        users = [{"urn": p.user_urn, "keys": [p.who.ssh_key(), front.rita.who.ssh_key()]} for p in (bob, front.alice)]
        bob.good("Provision", [bob.urn], options={"geni_users": users, "geni_end_time": later(hours=2)})
        bob.settled("geni_notready")
        bob.good("PerformOperationalAction", [bob.urn], "geni_start")
        bob.settled("geni_ready")
        manifest = of_kind(bob.good("Describe", [bob.urn])["geni_rspec"], "manifest")
        for name, one in nodes_of(manifest).items():
            logins = [dict(login.attrib) for login in one.findall(f"{G}services/{G}login")]
            expect_equal({login["username"] for login in logins}, {"alice", "bob"}, f"logins of {name}")
            expect(all(login["authentication"] == "ssh-keys" and 0 < int(login["port"]) < 65536 and login["hostname"] for login in logins), f"{logins}")
        expires = [s["geni_expires"] for s in bob.good("Status", [bob.urn])["geni_slivers"]]
        expect(all(abs(seconds(e) - time.time() - 7200) < 60 for e in expires), f"two hours were wished, not {expires}")
    finally:
        bob.good("Delete", [bob.urn])


def geni_lib(front):
    """Its credentials come as base64."""
    alice = front.alice
    packed = [{"geni_type": "geni_sfa", "geni_version": "3", "geni_value": xmlrpc.client.Binary(alice.credential.encode())}]
    urns = urns_of(alice.allocate(REQUEST, credentials=packed))
    alice.good("Provision", [alice.urn], credentials=packed)
    alice.settled()
    for urn in urns:
        slivers(alice.good("PerformOperationalAction", [urn], "geni_start", credentials=packed), 1, "geni_provisioned")
    alice.settled("geni_ready")
    slivers(alice.good("Delete", [alice.urn], credentials=packed), 2, "geni_unallocated")


def test_flow(lab):
    front = begin(lab)
    for flow in (get_version, list_resources, bad_credentials, workflow, with_rsa, multi_slice, not_there, bad_requests, shut_down, omni, jfed, geni_lib):
        yield flow.__name__, attempt(flow, front)
        front.clear()
    front.check()


if __name__ == "__main__":
    it.main(test_flow)
