#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the methods of the AM API 3 take and refuse, each with its code: URNs, options, times, actions, states, the emergency stop, the
terms of use, and documents that are made to harm. Through the front door, with Python's xmlrpc.client. Credentials: am_creds.py."""
import base64
import datetime
import re
import time
import xmlrpc.client
import zlib

import ccfed_it as it
from am_front import ALL_SLOTS, Front, Person, Rules, node, nodes_of, request, urns_of
from am_lab import Code, URN
from bridge_it import post, read_all
from ccfed_it import Failure, expect, expect_equal, wait_until

BOMB = ('<?xml version="1.0"?><!DOCTYPE rspec [<!ENTITY a "aaaaaaaaaaaaaaaa">' +
        "".join(f'<!ENTITY {b} "{f"&{a};" * 16}">' for a, b in zip("abcdefg", "bcdefgh")) + "]>")
MANY = 10000  # nodes of a request


def later(**ago):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def near(text, wanted, what):
    expect(abs(seconds(text) - wanted) <= 60, f"{what}: {text}, not {wanted - time.time():.0f} s from now")


def calls():
    """Every method with URNs, and its arguments behind them."""
    return (("Status", ()), ("Describe", ()), ("Provision", ()), ("Renew", (later(minutes=30), )),
            ("PerformOperationalAction", ("geni_start", )), ("Delete", ()))


def states(person):
    value = person.good("Status", [person.urn])
    return {s["geni_sliver_urn"]: (s["geni_allocation_status"], s["geni_operational_status"], s["geni_expires"]) for s in value["geni_slivers"]}


def running(person, *names):
    """Provisioned and started; the URNs of the slivers."""
    urns = urns_of(person.allocate(request(*map(node, names))))
    person.good("Provision", urns)
    person.settled("geni_notready")
    person.good("PerformOperationalAction", urns, "geni_start")
    person.settled("geni_ready")
    return urns


# -- URNs

urns = Rules()


def everywhere(person, codes, what):
    """All methods refuse these URNs, and nothing has changed."""
    before = states(person) if person.ask("Status", [person.urn]).code == 0 else None
    for method, more in calls():
        person.refused(codes, method, what, *more)
        person.refused(codes, method, what, *more, options={"geni_best_effort": True})
    if before is not None:
        expect_equal(states(person), before, "what the refused calls changed")


@urns("none")
def no_urns(front):
    front.alice.allocate(request(node()))
    everywhere(front.alice, 1, [])


@urns("two-slices")
def two_slices(front):
    front.alice.allocate(request(node()))
    front.bob.allocate(request(node()))
    everywhere(front.alice, 1, [front.alice.urn, front.bob.urn])


@urns("slice-and-sliver")
def slice_and_sliver(front):
    mine = urns_of(front.alice.allocate(request(node())))
    everywhere(front.alice, 1, [front.alice.urn, *mine])
    everywhere(front.alice, 1, [*mine, front.alice.urn])


@urns("slivers-of-two-slices")
def slivers_of_two(front):
    mine, theirs = (urns_of(p.allocate(request(node()))) for p in front.people)
    everywhere(front.alice, 1, mine + theirs)


@urns("of-another-kind")
def other_kinds(front):
    mine = urns_of(front.alice.allocate(request(node())))
    for urn in (front.bed.node(1), front.alice.user_urn, URN, "urn:publicid:IDN+plc:site+authority+sa"):
        everywhere(front.alice, 1, [urn])
        front.alice.refused(1, "Status", [mine[0], urn])
    for urn in ("", "x", "plc.site.s1", "urn:publicid:IDN+plc:site", "urn:uuid:0", front.alice.urn + " ", "\u00e9" * 5000):
        front.alice.refused(1, "Status", [urn])


@urns("unknown-sliver")
def unknown(front):
    mine = urns_of(front.alice.allocate(request(node())))
    authority = mine[0].rpartition("+")[0]
    for urn in (f"{authority}+0", mine[0] + "0", mine[0][:-1], "urn:publicid:IDN+other.test+sliver+1"):
        everywhere(front.alice, 12, [urn])
    everywhere(front.alice, 12, [mine[0], f"{authority}+0"])


@urns("deleted-sliver")
def deleted(front):
    gone, stays = urns_of(front.alice.allocate(request(node("a"), node("b"))))
    front.alice.good("Delete", [gone])
    everywhere(front.alice, 12, [gone])
    everywhere(front.alice, 12, [stays, gone])


@urns("foreign-sliver")
def foreign(front):
    """Another slice's sliver: our credential is on another slice."""
    theirs = urns_of(front.bob.allocate(request(node())))
    everywhere(front.alice, 22, theirs)
    expect_equal(list(states(front.bob)), theirs, "what bob has")


@urns("foreign-slice")
def foreign_slice(front):
    front.bob.allocate(request(node()))
    everywhere(front.alice, 22, [front.bob.urn])
    front.alice.refused(22, "Allocate", front.bob.urn, request(node("x")))
    front.alice.refused(22, "Shutdown", front.bob.urn)


@urns("slice-without-slivers")
def empty(front):
    everywhere(front.alice, 12, [front.alice.urn])


@urns("letter-case")
def letter_case(front):
    mine = urns_of(front.alice.allocate(request(node())))
    authority, _, name = front.alice.urn.rpartition("+")
    got = front.alice.good("Status", [f"{authority}+{name.upper()}".replace("plc:site", "PLC:Site")])
    expect_equal(urns_of(got), mine, "the slice in other letters")


@urns("named-twice")
def twice(front):
    mine = urns_of(front.alice.allocate(request(node())))
    expect_equal(urns_of(front.alice.good("Status", mine * 2)), mine, "told once")
    expect_equal(urns_of(front.alice.good("Delete", mine * 3)), mine, "deleted once")


@urns("very-many")
def very_many(front):
    mine = urns_of(front.alice.allocate(request(node())))
    front.alice.refused((1, 12), "Status", [f"{mine[0]}{i}" for i in range(MANY)])
    front.alice.refused(1, "Status", [front.alice.urn + str(i) for i in range(MANY)])


@urns("slice-of-allocate")
def slice_of_allocate(front):
    for urn in ("", "x", front.bed.node(1), front.alice.user_urn, URN):
        front.alice.refused(1, "Allocate", urn, request(node()))
        front.alice.refused(1, "Shutdown", urn)


# -- options

options = Rules()


@options("rspec-version")
def rspec_version(front):
    front.alice.allocate(request(node()))
    of = (("ListResources", ()), ("Describe", ([front.alice.urn], )), ("Provision", ([front.alice.urn], )))
    for method, more in of:
        front.alice.refused(1, method, *more, bare=True)
        for version in ({}, {"type": "GENI"}, {"version": "3"}):
            front.alice.refused(1, method, *more, options={"geni_rspec_version": version})
        for version in ({"type": "GENI", "version": "2"}, {"type": "ProtoGENI", "version": "3"}, {"type": "GENI", "version": "3.0.1"}):
            front.alice.refused(4, method, *more, options={"geni_rspec_version": version})
    expect_equal({s[0] for s in states(front.alice).values()}, {"geni_allocated"}, "what was refused was done")
    for method, more in of:
        front.alice.good(method, *more, options={"geni_rspec_version": {"type": "geni", "version": "3"}})


@options("unknown-ones-are-ignored")
def unknown_options(front):
    odd = {"arbitrary_option": [1, {"x": "y"}], "geni_nonsense": True, "": ""}
    for method, more in (("ListResources", ()), ("Allocate", (front.alice.urn, request(node()))), *((m, ([front.alice.urn], *a)) for m, a in calls())):
        if method == "PerformOperationalAction":
            front.alice.settled()
        front.alice.good(method, *more, options=odd)


@options("of-the-wrong-kind")
def wrong_kind(front):
    front.alice.allocate(request(node()))
    for method, more, name in (("ListResources", (), "geni_available"), ("ListResources", (), "geni_compressed"),
                               ("Delete", ([front.alice.urn], ), "geni_best_effort"),
                               ("Renew", ([front.alice.urn], later(minutes=30)), "geni_extend_alap")):
        for value in ("yes", [], {}):
            front.alice.refused(1, method, *more, options={name: value})
    for users in ("alice", {}, [1], ["alice"], [{}], [{"urn": front.alice.user_urn, "keys": "ssh-rsa"}], [{"urn": 1, "keys": []}],
                  [{"urn": "x", "keys": []}], [{"urn": front.alice.user_urn, "keys": [1]}]):
        front.alice.refused(1, "Provision", [front.alice.urn], options={"geni_users": users})
    expect_equal({s[0] for s in states(front.alice).values()}, {"geni_allocated"}, "what was refused was done")


@options("keys-of-one-line")
def keys_of_one_line(front):
    """A key that would become two lines of authorized_keys, or options of sshd's, is none."""
    front.alice.allocate(request(node()))
    key = front.alice.who.ssh_key()
    for bad in (f"{key}\n{key}", f'{key}\rcommand="x" {key}', "", "\n", "ssh-rsa", "a" * (1 << 20)):
        front.alice.refused(1, "Provision", [front.alice.urn], options={"geni_users": [{"urn": front.alice.user_urn, "keys": [bad]}]})


@options("slice-urn-is-of-version-2")
def slice_urn(front):
    front.alice.refused(1, "ListResources", options={"geni_slice_urn": front.alice.urn})


@options("compressed")
def compressed(front):
    def unpack(text):
        return zlib.decompress(base64.b64decode(text, validate=True)).decode()
    front.alice.allocate(request(node("\u00fc")))
    for flag in (True, False):
        form = unpack if flag else str
        ad = front.alice.good("ListResources", options={"geni_compressed": flag, "geni_available": False})
        expect("advertisement" in form(ad), "the advertisement")
        got = front.alice.good("Describe", [front.alice.urn], options={"geni_compressed": flag})["geni_rspec"]
        expect_equal(list(nodes_of(form(got))), ["\u00fc"], "the manifest")


@options("end-time")
def end_time(front):
    sooner, much = later(minutes=3), later(days=400)
    got = front.alice.allocate(request(node("a")), options={"geni_end_time": sooner})
    expect(seconds(got["geni_slivers"][0]["geni_expires"]) <= seconds(sooner) + 1, f"{got} ends later than was wished")
    got = front.alice.allocate(request(node("b")), options={"geni_end_time": much})
    near(got["geni_slivers"][0]["geni_expires"], time.time() + 600, "an allocation")
    got = front.alice.good("Provision", urns_of(got), options={"geni_end_time": much})
    near(got["geni_slivers"][0]["geni_expires"], time.time() + 7 * 86400, "a lease")
    front.alice.refused(1, "Allocate", front.alice.urn, request(node("c")), options={"geni_end_time": "soon"})
    front.alice.refused(1, "Allocate", front.alice.urn, request(node("c")), options={"geni_end_time": 5})


# -- Renew

renew = Rules()


@renew("bounds-of-an-allocation")
def bounds_allocated(front):
    urn, = urns_of(front.alice.allocate(request(node())))
    for wish in (later(seconds=-5), later(days=-400), "1970-01-01T00:00:00Z"):
        front.alice.refused(19, "Renew", [urn], wish)
    answer = front.alice.refused(19, "Renew", [urn], later(minutes=121))
    near(answer.value, time.time() + 7200, "the latest that may be")
    got = front.alice.good("Renew", [urn], later(minutes=119))
    near(got[0]["geni_expires"], time.time() + 119 * 60, "renewed")
    expect_equal(states(front.alice)[urn][2], got[0]["geni_expires"], "what Status says")
    got = front.alice.good("Renew", [urn], later(minutes=5))
    near(got[0]["geni_expires"], time.time() + 300, "renewed for shorter")


@renew("bounds-of-a-lease")
def bounds_lease(front):
    front.alice.allocate(request(node("a"), node("b")))
    one, other = urns_of(front.alice.good("Provision", [front.alice.urn]))
    front.alice.good("Renew", [one], later(minutes=5))
    front.alice.good("Renew", [front.alice.urn], later(days=2))
    got = front.alice.good("Renew", [front.alice.urn], later(days=5))
    expect_equal({s["geni_sliver_urn"] for s in got}, {one, other}, "renewed")
    for urn, state in states(front.alice).items():
        near(state[2], time.time() + 5 * 86400, urn)
    near(front.alice.refused(19, "Renew", [front.alice.urn], later(days=8)).value, time.time() + 7 * 86400, "the latest that may be")
    front.alice.refused(19, "Renew", [front.alice.urn], "9999-12-31T23:59:59Z")


@renew("as-long-as-possible")
def alap(front):
    front.alice.allocate(request(node()))
    got = front.alice.good("Renew", [front.alice.urn], later(days=9), options={"geni_extend_alap": True})
    near(got[0]["geni_expires"], time.time() + 7200, "an allocation")
    front.alice.good("Provision", [front.alice.urn])
    got = front.alice.good("Renew", [front.alice.urn], later(days=400), options={"geni_extend_alap": True})
    near(got[0]["geni_expires"], time.time() + 7 * 86400, "a lease")
    got = front.alice.good("Renew", [front.alice.urn], later(days=1), options={"geni_extend_alap": True})
    near(got[0]["geni_expires"], time.time() + 86400, "less than the most")
    front.alice.refused(19, "Renew", [front.alice.urn], later(days=-1), options={"geni_extend_alap": True})


@renew("forms-of-a-time")
def forms(front):
    front.alice.allocate(request(node()))
    end = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(minutes=50)
    east = end.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
    for text in (end.strftime("%Y-%m-%dT%H:%M:%SZ"), end.isoformat(), east.isoformat(), end.strftime("%Y-%m-%dT%H:%M:%S"),
                 end.strftime("%Y-%m-%dT%H:%M:%S.25Z"), end.strftime("%Y-%m-%dT%H:%M:%S.123456+00:00")):
        got = front.alice.good("Renew", [front.alice.urn], text)
        expect(abs(seconds(got[0]["geni_expires"]) - end.timestamp()) <= 1, f"{text} became {got[0]['geni_expires']}")
    for text in ("", "soon", "2026-13-01T00:00:00Z", "2031-02-30T00:00:00Z", "2031-01-01T25:00:00Z", "2031-01-01", "20310101T000000", "1924905600",
                 "2031-01-01T00:00:00Zx", "2031-01-01T00:00:00+99:00", "99999-01-01T00:00:00Z", "2031-01-01T00:00:00Z" + "0" * 5000):
        front.alice.refused(1, "Renew", [front.alice.urn], text)


@renew("all-or-nothing-and-best-effort")
def renew_some(front):
    """An allocation may not be renewed for a day, what is provisioned may."""
    mine = urns_of(front.alice.allocate(request(node("a"), node("b"))))
    front.alice.good("Provision", mine[:1])
    front.alice.settled()
    before, day = states(front.alice), later(days=1)
    front.alice.refused(19, "Renew", [front.alice.urn], day)
    expect_equal(states(front.alice), before, "what a refused Renew changed")
    got = {s["geni_sliver_urn"]: s for s in front.alice.good("Renew", [front.alice.urn], day, options={"geni_best_effort": True})}
    expect_equal((set(got), got[mine[0]]["geni_error"], bool(got[mine[1]]["geni_error"])), (set(mine), "", True), "what is told of each")
    expect_equal((states(front.alice)[mine[0]][2], states(front.alice)[mine[1]][2]), (day, before[mine[1]][2]), "what was renewed")


# -- states and actions

life = Rules()


@life("actions-that-there-are-not")
def no_action(front):
    urn, = running(front.alice, "a")
    for action in ("", "dance", "geni_dance", "GENI_START", "geni_start ", "x" * 5000):
        front.alice.refused(13, "PerformOperationalAction", [urn], action)
        front.alice.refused(13, "PerformOperationalAction", [urn], action, options={"geni_best_effort": True})


@life("actions-before-provision")
def before_provision(front):
    urn, = urns_of(front.alice.allocate(request(node())))
    for action in ("geni_start", "geni_stop", "geni_restart", "geni_update_users"):
        front.alice.refused((7, 13) if action == "geni_update_users" else 13, "PerformOperationalAction", [urn], action,
                            options={"geni_users": [{"urn": front.alice.user_urn, "keys": []}]})


@life("actions-in-their-states")
def in_their_states(front):
    urn, = urns_of(front.alice.allocate(request(node())))
    front.alice.good("Provision", [urn])
    front.alice.settled("geni_notready")
    table = (("geni_notready", "geni_start", "geni_ready"), ("geni_ready", "geni_restart", "geni_ready"), ("geni_ready", "geni_stop", "geni_notready"))
    for state, action, after in table:
        if states(front.alice)[urn][1] != state:
            raise Failure(f"{states(front.alice)} before {action}")
        for other in {"geni_start", "geni_restart", "geni_stop"} - {a for s, a, _ in table if s == state}:
            front.alice.refused(13, "PerformOperationalAction", [urn], other)
        got = front.alice.good("PerformOperationalAction", [urn], action)
        expect_equal(urns_of(got), [urn], action)
        front.alice.settled(after)


@life("all-or-nothing-and-best-effort")
def act_on_some(front):
    one, = running(front.alice, "a")
    other, = urns_of(front.alice.allocate(request(node("b"))))
    before = states(front.alice)
    front.alice.refused(13, "PerformOperationalAction", [front.alice.urn], "geni_stop")
    expect_equal(states(front.alice), before, "what a refused action changed")
    got = {s["geni_sliver_urn"]: s for s in
           front.alice.good("PerformOperationalAction", [front.alice.urn], "geni_stop", options={"geni_best_effort": True})}
    expect_equal((got[one]["geni_error"], bool(got[other]["geni_error"])), ("", True), "what is told of each")
    wait_until(lambda: states(front.alice)[one][1] == "geni_notready", "the one that could stop")
    expect_equal(states(front.alice)[other], before[other], "the one that could not")


def logins(person, name):
    return [e.get("username") for e in person.slivers()[name].iter() if e.tag.endswith("}login")]


@life("users")
def update_users(front):
    """geni_update_users replaces who may log in."""
    running(front.alice, "a")
    for person in (front.bob, front.alice):
        users = [{"urn": person.user_urn, "keys": [person.who.ssh_key()]}]
        front.alice.good("PerformOperationalAction", [front.alice.urn], "geni_update_users", options={"geni_users": users})
        wanted = [person.user_urn.rpartition("+")[2]]
        wait_until(lambda: logins(front.alice, "a") == wanted, f"the login of {wanted}")
        front.alice.settled("geni_ready")


@life("provision-what-is-allocated")
def provision(front):
    one, other = urns_of(front.alice.allocate(request(node("a"), node("b"))))
    got = front.alice.good("Provision", [one])
    expect_equal((urns_of(got), list(nodes_of(got["geni_rspec"]))), ([one], ["a"]), "what Provision tells of")
    front.alice.refused(13, "Provision", [one])
    before = states(front.alice)[other]
    front.alice.refused(13, "Provision", [one, other])
    expect_equal(states(front.alice)[other], before, "what a refused Provision changed")
    got = front.alice.good("Provision", [front.alice.urn])
    expect_equal((urns_of(got), list(nodes_of(got["geni_rspec"]))), ([other], ["b"]), "the rest of the slice")
    front.alice.refused((12, 13), "Provision", [front.alice.urn])


@life("allocate-again")
def again(front):
    front.alice.allocate(request(node("a")))
    front.alice.allocate(request(node("b")))
    front.alice.refused(17, "Allocate", front.alice.urn, request(node("c"), node("a")))
    expect_equal(set(front.alice.slivers()), {"a", "b"}, "nothing of what was refused")
    front.bob.allocate(request(node("a")))


@life("allocate-is-all-or-nothing")
def all_or_nothing(front):
    front.bob.allocate(request(node("x", "raw-pc", component_id=front.bed.node(1))))
    good = [node(f"g{i}") for i in range(5)]
    front.alice.refused(14, "Allocate", front.alice.urn, request(*good, node("b", component_id=front.bed.node(1))))
    front.alice.refused(14, "Allocate", front.alice.urn, request(*good, node("b", component_id=front.bed.node(1))), options={"geni_best_effort": True})
    front.alice.refused(12, "Status", [front.alice.urn])
    front.bob.clear()
    front.alice.allocate(request(*(node(f"c{i}") for i in range(ALL_SLOTS))))


@life("delete")
def delete(front):
    gone = urns_of(front.alice.allocate(request(node("a"), node("b"))))
    before = states(front.alice)
    got = front.alice.good("Delete", [front.alice.urn])
    expect_equal({s["geni_sliver_urn"]: (s["geni_allocation_status"], s["geni_expires"]) for s in got},
                 {urn: ("geni_unallocated", before[urn][2]) for urn in gone}, "deleted")
    fresh = urns_of(front.alice.allocate(request(node("a"), node("b"))))
    expect(not set(fresh) & set(gone), "a sliver's URN is used again")


@life("shutdown-and-release")
def shutdown(front):
    running(front.alice, "a")
    front.alice.allocate(request(node("b")))
    others = Person(front, front.bed.bob, "s1")
    for _ in range(2):
        expect_equal(front.alice.good("Shutdown", front.alice.urn), True, "Shutdown")
    for person in (front.alice, others):
        everywhere(person, 7, [front.alice.urn])
        person.refused(7, "Allocate", person.urn, request(node("c")))
    expect_equal(others.good("Shutdown", others.urn), True, "Shutdown by another")
    front.bob.allocate(request(node("b")))
    try:
        front.bed.am(front.lab.signer("door"), "release", urn=front.alice.urn)
    except Code as why:
        expect_equal(why.word, "denied", str(why))
    else:
        raise Failure("released by a front door")
    front.alice.refused(7, "Status", [front.alice.urn])
    expect_equal(front.bed.am(front.lab.signer("operator"), "release", urn=front.alice.urn), True, "release")
    expect_equal(len(states(front.alice)), 2, "slivers after the release")
    front.alice.good("Delete", [front.alice.urn])


@life("shutdown-of-nothing")
def shutdown_nothing(front):
    """A slice without slivers can be stopped, too, and its first Allocate is refused."""
    expect_equal(front.alice.good("Shutdown", front.alice.urn), True, "Shutdown")
    front.alice.refused(7, "Allocate", front.alice.urn, request(node()))
    front.bed.am(front.lab.signer("operator"), "release", urn=front.alice.urn)
    front.alice.allocate(request(node()))


# -- documents that are made to harm

harm = Rules()


@harm("ten-thousand-nodes")
def ten_thousand(front):
    for number, codes in ((MANY, 6), (MANY + 1, (1, 6))):
        front.alice.refused(codes, "Allocate", front.alice.urn, request(*(node(f"n{i}") for i in range(number))))
    others = "".join(node(f"o{i}", component_manager_id="urn:publicid:IDN+o+authority+cm") for i in range(MANY - 1))
    got = front.alice.allocate(request(node("mine"), others))
    expect_equal((list(nodes_of(got["geni_rspec"])), got["geni_rspec"].count("<node")), (["mine"], MANY), "the manifest")


@harm("fifty-megabytes")
def fifty_megabytes(front):
    """The front door says 413 when it has read how long it is to be."""
    with front.door.raw(front.alice.who) as sock:
        sock.sendall(f"POST /am/3.0 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {50 << 20}\r\n\r\n".encode())
        for _ in range(64):
            try:
                sock.sendall(b"x" * 65536)
            except OSError:
                break
        got, _ = read_all(sock)
    expect(b" 413 " in got[:40], f"{got[:200]}")


@harm("eight-megabytes")
def eight_megabytes(front):
    """What is let through whole: a comment of 7 MiB in a request is no trouble."""
    text = request(node(), "<!--" + "y" * (7 << 20) + "-->")
    answer = front.alice.ask("Allocate", front.alice.urn, text)
    expect(answer.code in (0, 1, 6), f"{answer!r}")


@harm("entity-bomb")
def bomb(front):
    front.alice.refused(1, "Allocate", front.alice.urn, BOMB + request(node("&h;")))
    front.alice.refused(1, "Allocate", front.alice.urn, '<!DOCTYPE rspec SYSTEM "file:///etc/passwd">' + request(node()))
    outside = '<!DOCTYPE rspec [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + request(node("a", inner="<services>&x;</services>"))
    expect("root:" not in front.alice.refused(1, "Allocate", front.alice.urn, outside).output, "a file of the server's")
    body = BOMB.replace("rspec", "methodCall") + "<methodCall><methodName>&h;</methodName><params/></methodCall>"
    connection = front.door.https(front.alice.who)
    status, _, answer = post(connection, body.encode(), "/am/3.0")
    connection.close()
    expect(status == 200 and b"<fault>" in answer and b"-32700" in answer, f"{status}: {answer[:300]}")


@harm("deep-and-wide")
def deep(front):
    front.alice.refused(1, "Allocate", front.alice.urn, request(node(inner="<a:x xmlns:a='urn:a'>" * 100000 + "</a:x>" * 100000)))
    many = " ".join(f'a{i}="1"' for i in range(20000))
    front.alice.refused((1, 6), "Allocate", front.alice.urn, request(node(inner=f"<a:x xmlns:a='urn:a' {many}/>")))
    spaces = " ".join(f'xmlns:a{i}="urn:{i}"' for i in range(20000))
    front.alice.refused((1, 6), "Allocate", front.alice.urn, request(node(inner=f"<a:x xmlns:a='urn:a' {spaces}/>")))


@harm("odd-characters")
def odd_characters(front):
    for text in (request(node("a&#0;")), request(node("a&#x1;")), request(node("a")).replace("<rspec", "<?xml version='1.0' encoding='UTF-16'?><rspec"),
                 "\ufeff\ufeff" + request(node("a"))):
        front.alice.refused(1, "Allocate", front.alice.urn, text)
    expect_equal(list(nodes_of(front.alice.allocate(request(node("\U0001f600\u202e")))["geni_rspec"])), ["\U0001f600\u202e"], "client_id")


@harm("very-many-users")
def many_users(front):
    front.alice.allocate(request(node()))
    users = [{"urn": f"urn:publicid:IDN+plc:site+user+u{i}", "keys": [front.alice.who.ssh_key()]} for i in range(3000)]
    front.alice.refused((1, 6), "Provision", [front.alice.urn], options={"geni_users": users})


def run(lab, rules, **more):
    front = Front(lab, **more)
    yield from front.run(rules)
    front.check()


def test_urns(lab):
    yield from run(lab, urns)


def test_options(lab):
    yield from run(lab, options)


def test_renew(lab):
    yield from run(lab, renew)


def test_life(lab):
    yield from run(lab, life)


def test_harm(lab):
    yield from run(lab, harm)


def test_terms(lab):
    """Who has not accepted is refused Allocate, and that alone; who has may, until he has to again."""
    front = Front(lab, nodes=1, options={"terms-url": "https://am.it.test/terms_conditions/"})
    operator = lab.signer("operator")
    answer = front.alice.refused(7, "Allocate", front.alice.urn, request(node()))
    expect(answer.output.startswith("[T&C-APPROVAL-MISSING]") and "[GDPR-CONSENT-MISSING]" in answer.output and
           re.search(r"https://am\.it\.test/terms_conditions/(\s|$|\.)", answer.output), answer.output)
    front.alice.refused(7, "Allocate", front.alice.urn, "<rspec")  # before the request is read
    front.alice.refused(12, "Status", [front.alice.urn])
    front.alice.good("ListResources")
    front.bed.am(operator, "terms_accept", user=front.alice.user_urn)
    front.alice.allocate(request(node()))
    front.bob.refused(7, "Allocate", front.bob.urn, request(node()))
    front.bed.am(operator, "terms_revoke", user=front.alice.user_urn)
    front.alice.refused(7, "Allocate", front.alice.urn, request(node("b")))
    for method, more in calls():
        if method == "PerformOperationalAction":
            front.alice.settled()
        front.alice.good(method, [front.alice.urn], *more)
    front.check()


def test_faults(lab):
    """Only trouble with XML-RPC itself is a fault."""
    front = Front(lab, nodes=1)
    wrong = (("Dance", ()), ("Status", ()), ("Status", ([front.alice.urn], )), ("Status", (front.alice.urn, [], {})),
             ("Status", ([front.alice.urn], [], [])), ("Status", ([1], [], {})), ("ListResources", ({}, {})), ("Allocate", (front.alice.urn, [], 5, {})),
             ("Renew", ([front.alice.urn], [], {})), ("Delete", ([front.alice.urn], [], {}, {})), ("Release", (front.alice.urn, [], {})),
             ("terms_accept", (front.alice.user_urn, )), ("release", (front.alice.urn, [], {})))
    for method, arguments in wrong:
        try:
            said = front.alice.client.raw(method, *arguments)
        except xmlrpc.client.Fault as fault:
            expect(isinstance(fault.faultCode, int) and fault.faultString, f"{method}: {fault}")
        else:
            raise Failure(f"{method}{arguments} is no fault: {said}")
    for arguments in ((), ({}, ), ({"x": 1}, )):
        expect_equal(front.alice.client.call("GetVersion", *arguments)["geni_api"], 3, f"GetVersion{arguments}")
    front.check()


if __name__ == "__main__":
    it.main(test_urns, test_options, test_renew, test_life, test_harm, test_terms, test_faults)
