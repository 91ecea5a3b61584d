#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Which credentials open which method of the AM API 3, and what is said of those that do not: expired, of the future, delegated, of another
slice or user, changed, signed by strangers, spoken for. Through the front door, with Python's xmlrpc.client.

What ends with time needs a build with -Dtest_clock=true, whose folder CCFED_SWITCH_BUILD names (check makes one)."""
import os
import pathlib
import re
import ssl
import time
import xmlrpc.client

import ccfed_it as it
from am_calls import BOMB, later, seconds
from am_client import Client
from am_front import Front, Person, Rules, expect, expect_equal, node, request, urns_of
from am_lab import Code
from ccfed_it import Failure, wait_until
from registry_clock import Clock, clock_build
from registry_it import Principal

DAY = 86400
creds = Rules()


def methods(person):
    """Every method that wants a credential, and its other arguments."""
    urns = [person.urn]
    return (("ListResources", ()), ("Allocate", (person.urn, request(node("new")))), ("Describe", (urns, )), ("Status", (urns, )),
            ("Provision", (urns, )), ("Renew", (urns, later(minutes=30))), ("PerformOperationalAction", (urns, "geni_start")),
            ("Shutdown", (person.urn, )), ("Delete", (urns, )))


def everywhere(person, codes, credentials, options=None):
    """All methods refuse them; what is there stays."""
    for method, more in methods(person):
        person.refused(codes, method, *more, credentials=credentials, options=options)


def gid_of(front, hrn, kind):
    return front.bed.gid_of(hrn, kind)


def grant(front, *privileges, who=None, slice_name="s1", **more):
    """A credential of alice's on a slice, as our authority signs it."""
    return front.bed.grant((who or front.alice.who).gid, gid_of(front, f"plc.site.{slice_name}", "slice"), *privileges, **more)


@creds("none")
def none(front):
    front.alice.allocate(request(node()))
    everywhere(front.alice, 3, [])
    expect_equal(len(front.alice.slivers()), 1, "slivers")


@creds("of-a-type-that-is-not-known")
def unknown_type(front):
    front.alice.allocate(request(node()))
    everywhere(front.alice, 3, [{"geni_type": "geni_other", "geni_version": "1", "geni_value": front.alice.credential}])


@creds("that-are-none")
def malformed(front):
    front.alice.allocate(request(node()))
    credential = front.alice.credential
    for text in ("", "x", "<signed-credential/>", credential[:-20], credential * 2, credential.replace("<signatures", "<x").replace("</signatures", "</x"),
                 re.sub(r"<signatures.*</signatures>", "", credential, flags=re.S), BOMB.replace("rspec", "signed-credential") + credential):
        front.alice.refused(20, "Status", [front.alice.urn], credentials=front.alice.typed(text))
        front.alice.refused(20, "ListResources", credentials=front.alice.typed(text))
    everywhere(front.alice, 20, front.alice.typed("<signed-credential>"))


@creds("changed")
def changed(front):
    front.alice.allocate(request(node()))
    year = re.search(r"<expires>(\d{4})", front.alice.credential).group(1)
    for old, new in ((f"<expires>{year}", f"<expires>{int(year) + 1}"), ("<name>embed</name>", "<name>*</name>"), ("can_delegate>0", "can_delegate>1"),
                     ("can_delegate>false", "can_delegate>true"), ("<serial>", "<serial>1")):
        if old in front.alice.credential:
            everywhere(front.alice, 20, front.alice.typed(front.alice.credential.replace(old, new)))


@creds("too-long")
def too_long(front):
    text = front.alice.credential.replace("<serial>", "<serial>" + " " * (1 << 20))
    front.alice.refused((1, 20), "ListResources", credentials=front.alice.typed(text))
    try:
        front.alice.client.raw("ListResources", front.alice.typed(*["<x/>"] * 1000), {})
    except xmlrpc.client.Fault as fault:
        expect("credentials" in fault.faultString, str(fault))
    else:
        raise Failure("a thousand credentials are looked at")


@creds("of-another-user")
def of_another_user(front):
    """Of another user, who has one on the same slice."""
    other = front.bed.bob.credential_on("slice", "plc.site.s1")
    front.alice.allocate(request(node()))
    everywhere(front.alice, 22, front.alice.typed(other))
    everywhere(front.bob, 22, front.bob.typed(front.alice.credential))
    expect_equal(len(Person(front, front.bed.bob, "s1").slivers()), 1, "what bob sees with it")


@creds("of-another-slice")
def of_another_slice(front):
    mine = Person(front, front.bed.bob, "s1")
    front.alice.allocate(request(node()))
    for method, more in methods(mine)[1:]:
        mine.refused(22, method, *more, credentials=mine.typed(front.bob.credential))


@creds("on-users-and-authorities")
def on_users(front):
    """A credential on oneself, or on the authority above, is none on a slice; for a listing any will do."""
    front.alice.allocate(request(node()))
    own = front.alice.who.credential()
    above = front.bed.grant(front.alice.who.gid, gid_of(front, "plc.site", "authority"))
    for method, more in methods(front.alice)[1:]:
        for text in (own, above):
            front.alice.refused((3, 22), method, *more, credentials=front.alice.typed(text))
    front.alice.good("ListResources", credentials=front.alice.typed(own))


@creds("expired")
def expired(front):
    end = time.time() + 3
    text = grant(front, expires=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)))
    front.alice.allocate(request(node()))
    wait_until(lambda: front.alice.ask("Status", [front.alice.urn], credentials=front.alice.typed(text)).code != 0, "the credential's end")
    expect(time.time() > end - 1, "it was refused before its end")
    everywhere(front.alice, 21, front.alice.typed(text))


@creds("of-strangers")
def strangers(front):
    """Signed by an authority of our name, and not ours."""
    rogue = front.bed.folder / "rogue"
    if not rogue.exists():
        front.bed.make_authority("plc", rogue)
    text = grant(front, where=rogue)
    front.alice.allocate(request(node()))
    everywhere(front.alice, 23, front.alice.typed(text))


@creds("rights")
def rights(front):
    """What a credential of one right opens, and what it does not."""
    every = {m for m, _ in methods(front.alice)} - {"Shutdown"}
    table = {"info": {"ListResources", "Describe"}, "refresh": set(), "bind": set(),
             "control": every, "embed": every}
    for privilege, opens in table.items():
        credentials = front.alice.typed(grant(front, privilege))
        if opens != every:
            front.alice.allocate(request(node()))
        for method, more in methods(front.alice):
            if method == "Shutdown" and opens == every:
                continue
            if method == "PerformOperationalAction" and method in opens:
                front.alice.settled()
            answer = front.alice.ask(method, *more, credentials=credentials)
            expect_equal(answer.code, 0 if method in opens else 3, f"{method} with {privilege} ({answer!r})")
        front.clear()


@creds("one-good-among-bad")
def among_bad(front):
    others = front.alice.typed("<x/>", front.bob.credential, front.alice.who.credential())
    junk = [{"geni_type": "geni_other", "geni_version": "9", "geni_value": "?"}, *others]
    for credentials in (junk + front.alice.typed(), front.alice.typed() + junk):
        front.alice.good("Allocate", front.alice.urn, request(node()), credentials=credentials)
        front.alice.good("Delete", [front.alice.urn], credentials=credentials)


@creds("forms")
def forms(front):
    """As a text alone, as base64, of other versions, in other letters."""
    text = front.alice.credential
    for form in (text, xmlrpc.client.Binary(text.encode()), {"geni_type": "GENI_SFA", "geni_version": "2", "geni_value": text},
                 {"geni_type": "geni_sfa", "geni_version": "3", "geni_value": xmlrpc.client.Binary(text.encode())}):
        front.alice.good("Allocate", front.alice.urn, request(node()), credentials=[form])
        front.alice.good("Delete", [front.alice.urn], credentials=[form])


@creds("delegated")
def delegated(front):
    """To bob, who then may do as much; or less; and nobody else with his."""
    given = front.bed.delegate(front.alice.who, front.alice.credential, front.bed.bob)
    less = front.bed.delegate(front.alice.who, front.alice.credential, front.bed.bob, "info")
    front.bob.good("Allocate", front.alice.urn, request(node()), credentials=front.bob.typed(given))
    front.bob.good("Status", [front.alice.urn], credentials=front.bob.typed(given))
    front.bob.refused(22, "Status", [front.bob.urn], credentials=front.bob.typed(given))
    front.bob.good("Describe", [front.alice.urn], credentials=front.bob.typed(less))
    front.bob.refused(3, "Delete", [front.alice.urn], credentials=front.bob.typed(less))
    everywhere(front.alice, 22, front.alice.typed(given))
    wider = less.replace("<name>info</name>", "<name>embed</name>", 1)
    front.bob.refused(20, "Delete", [front.alice.urn], credentials=front.bob.typed(wider))


@creds("same-name-other-key")
def other_key(front):
    """Who has the owner's name and another key has not his credential."""
    twin = Principal(front.bed, "plc.site.twin")
    made = front.lab.ccfed("gid", "make", "--authority", "plc", "--dir", front.bed.authorities, "--urn", front.alice.user_urn, "--public-key",
                           twin.self_signed, "--out", twin.gid)
    expect_equal(made.returncode, 0, f"gid make: {made.stderr}")
    said = Client(front.url, front.door.cert, twin.gid, twin.key).raw("ListResources", front.alice.typed(), {"geni_rspec_version": {
        "type": "GENI", "version": "3"}})
    expect_equal(said["code"]["geni_code"], 22, f"with another key ({said['output']})")


@creds("a-sliver-ends-with-its-credential")
def ends_with(front):
    """Nothing is promised beyond the credential, whatever is asked for; the latest that may be is told."""
    end = int(time.time()) + 300
    short = front.alice.typed(grant(front, expires=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))))
    got = front.alice.allocate(request(node()), credentials=short)
    expect(abs(seconds(got["geni_slivers"][0]["geni_expires"]) - end) <= 1, f"allocated until {got['geni_slivers']}")
    got = front.alice.good("Provision", urns_of(got), credentials=short)
    expect(abs(seconds(got["geni_slivers"][0]["geni_expires"]) - end) <= 1, f"provisioned until {got['geni_slivers']}")
    answer = front.alice.refused(19, "Renew", urns_of(got), later(days=1), credentials=short)
    expect(abs(seconds(answer.value) - end) <= 1, f"the latest that may be: {answer.value}")
    got = front.alice.good("Renew", urns_of(got), later(days=1), credentials=short, options={"geni_extend_alap": True})
    expect(abs(seconds(got[0]["geni_expires"]) - end) <= 1, f"renewed until {got}")


@creds("speaks-for")
def speaks_for(front):
    """A tool that a user lets act for him does what he may; without his word, with another's, for another it does not."""
    if not hasattr(front, "portal"):
        front.portal = front.bed.user("plc.site.portal")
    portal, alice = front.portal, front.alice
    made = front.lab.ccfed("cred", "speaks-for", "--key", alice.who.key, "--user", alice.who.gid, "--tool", portal.gid)
    expect_equal(made.returncode, 0, f"cred speaks-for: {made.stderr}")
    word = {"geni_type": "geni_abac", "geni_version": "1", "geni_value": made.stdout}
    tool = Client(front.url, front.door.cert, portal.gid, portal.key)

    def asks(client, credentials, speaking, method="Allocate", *more):
        arguments = more or (alice.urn, credentials, request(node()))
        return client.raw(method, *arguments, {"geni_rspec_version": {"type": "GENI", "version": "3"}, **speaking})["code"]["geni_code"]

    both, speaking = [*alice.typed(), word], {"geni_speaking_for": alice.user_urn}
    front.used = True
    expect_equal(asks(tool, both, speaking), 0, "the tool")
    expect_equal(asks(tool, both, speaking, "Status", [alice.urn], both), 0, "the tool's look")
    expect_equal(asks(tool, both[::-1], speaking, "Delete", [alice.urn], both[::-1]), 0, "the tool, with its word first")
    expect_equal(asks(tool, both, {}), 22, "who does not say for whom he speaks")
    for what, client, credentials, option in (
            ("without a word", tool, alice.typed(), speaking), ("with a word alone", tool, [word], speaking),
            ("for another", tool, both, {"geni_speaking_for": front.bob.user_urn}),
            ("for what is no URN", tool, both, {"geni_speaking_for": "x"}),
            ("with another's word", front.bob.client, both, speaking),
            ("with a changed word", tool, [*alice.typed(), {**word, "geni_value": made.stdout.replace("speaks_for_", "speaks_for_0", 1)}], speaking),
            ("with another's credential", tool, [*front.bob.typed(), word], speaking)):
        code = asks(client, credentials, option)
        expect(code in (1, 3, 20, 22, 23), f"a tool {what} got {code}")
    alice.refused(12, "Status", [alice.urn])


def test_creds(lab):
    front = Front(lab, registry={"slice-days": "300", "credential-days": "30"})
    yield from front.run(creds)
    front.check()


# -- what ends with time

def clocked(lab):
    clock_build(lab)
    lab.build = pathlib.Path(os.environ["CCFED_SWITCH_BUILD"]).resolve()
    clock = Clock(lab)
    return clock, Front(lab, nodes=2, registry={"slice-days": "300", "credential-days": "30"})


def test_ends(lab):
    """Allocations, leases and credentials end; slots and client_ids are free again at that moment."""
    clock, front = clocked(lab)
    alice = front.alice
    urns = urns_of(alice.allocate(request(*(node(f"n{i}") for i in range(8)))))
    front.bob.refused(26, "Allocate", front.bob.urn, request(node()))
    clock.forward(599)
    alice.good("Status", urns)
    clock.forward(2)
    alice.refused(12, "Status", urns)
    alice.refused(12, "Renew", urns, clock.date(60))
    urns = urns_of(alice.allocate(request(*(node(f"n{i}") for i in range(8)))))
    alice.good("Provision", urns)
    alice.settled()
    clock.forward(7 * DAY - 30)
    alice.good("Status", urns)
    clock.forward(60)
    alice.refused(12, "Delete", urns)
    front.bob.good("Allocate", front.bob.urn, request(*(node(f"n{i}") for i in range(8))))
    front.bob.good("Delete", [front.bob.urn])
    clock.forward(30 * DAY)
    alice.refused(21, "ListResources")
    alice.refused(21, "Allocate", alice.urn, request(node()))
    front.check()


def listed(person):
    """Whether a listing is answered: a message that is dated ahead is not."""
    try:
        return person.ask("ListResources").code == 0
    except xmlrpc.client.ProtocolError:
        return False


def test_future(lab):
    """Who comes from the future is let in nowhere, nor is a credential that was given to such a one."""
    clock, front = clocked(lab)
    clock.set(2 * DAY)
    fay = front.bed.user("plc.site.fay")
    end = clock.date(10 * DAY)
    given = front.bed.grant(fay.gid, gid_of(front, "plc.site.s1", "slice"), expires=end)
    twin = Principal(front.bed, "plc.site.later")
    made = lab.ccfed("gid", "make", "--authority", "plc", "--dir", front.bed.authorities, "--urn", front.alice.user_urn, "--public-key",
                     front.alice.who.gid, "--out", twin.gid)
    expect_equal(made.returncode, 0, f"gid make: {made.stderr}")
    mine = front.bed.grant(twin.gid, gid_of(front, "plc.site.s1", "slice"), expires=end)
    front.alice.good("ListResources", credentials=front.alice.typed(mine))
    clock.set(0)
    wait_until(lambda: listed(front.alice), "the front door to date by the server's clock again")
    front.alice.refused((20, 21), "ListResources", credentials=front.alice.typed(mine))
    front.alice.refused((20, 21, 22), "ListResources", credentials=front.alice.typed(given))
    try:
        Client(front.url, front.door.cert, fay.gid, fay.key).raw("GetVersion")
    except (ssl.SSLError, OSError):
        pass
    else:
        raise Failure("the front door let in who is not yet")
    listing = {"options": {"geni_rspec_version": {"type": "GENI", "version": "3"}}}
    front.bed.am(front.alice.who.signer, "list_resources", credentials=front.alice.typed(), **listing)
    try:
        front.bed.am(fay.signer, "list_resources", seconds=3, credentials=front.alice.typed(given), **listing)
    except Code as why:
        expect(why.code in (3, 20, 21, 22), str(why))
    except Failure as why:
        expect("no answer" in str(why), str(why))  # nor has a signer who is none any
    else:
        raise Failure("on the bus, who is not yet was heard")
    front.check()


if __name__ == "__main__":
    it.main(test_creds, test_ends, test_future)
