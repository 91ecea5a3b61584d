#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The life of slivers, call by call over the bus: promised, provisioned by the dummy component, started, renewed, deleted."""
import datetime
import re
import signal

import ccfed_it as it
from am_lab import GENI3, AmBed, Code, User, rspec, unpack
from ccfed_it import Failure, expect, expect_equal

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def when(text):
    expect(TIME.fullmatch(text), f"{text} is no time")
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def from_now(text):
    return (when(text) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def later(**ago):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_life(lab):
    bed = AmBed(lab).start()
    alice = User(bed, bed.alice)
    got = alice.allocate("a", "b")
    expect('type="manifest"' in got["geni_rspec"] and got["geni_rspec"].count("sliver_id=") == 2, got["geni_rspec"])
    slivers = [s["geni_sliver_urn"] for s in got["geni_slivers"]]
    for s in got["geni_slivers"]:
        expect_equal((s["geni_allocation_status"], s["geni_operational_status"], s["geni_error"]),
                     ("geni_allocated", "geni_pending_allocation", ""), "allocated")
        expect(500 < from_now(s["geni_expires"]) <= 600, s["geni_expires"])
    key = bed.alice.ssh_key()
    users = [{"urn": "urn:publicid:IDN+plc:site+user+alice", "keys": [key]},
             {"urn": "urn:publicid:IDN+other+user+alice", "keys": []}]
    got = alice.on("provision", options={"geni_users": users})
    expect_equal({s["geni_allocation_status"] for s in got["geni_slivers"]}, {"geni_provisioned"}, "provisioned")
    alice.wait_state("geni_notready")
    got = alice.on("describe")
    expect_equal(got["geni_urn"], alice.urn, "geni_urn")
    for text in ('username="alice"', 'username="alice2"', key.split()[1], 'hostname="n', 'country="BE"'):
        expect(text in got["geni_rspec"], f"no {text} in {got['geni_rspec']}")
    expect_equal(unpack(alice.on("describe", options={"geni_compressed": True})["geni_rspec"]), got["geni_rspec"], "compressed")
    alice.on("perform_operational_action", action="geni_start")
    alice.wait_state("geni_ready")
    got = alice.on("renew", urns=slivers[:1], expires=later(days=2))
    expect_equal([s["geni_sliver_urn"] for s in got], slivers[:1], "renewed")
    expect(abs(from_now(got[0]["geni_expires"]) - 2 * 86400) < 60, got[0]["geni_expires"])
    got = alice.on("delete", urns=slivers[1:])
    expect_equal([(s["geni_sliver_urn"], s["geni_allocation_status"]) for s in got], [(slivers[1], "geni_unallocated")], "deleted")
    expect_equal(list(alice.states()), slivers[:1], "what is left")
    alice.refused(12, "delete", urns=slivers[1:])
    alice.on("delete")
    alice.refused(12, "status", urns=[alice.urn])
    expect_equal(bed.sql("SELECT SUM(used) + SUM(holders) FROM component"), ["0"], "slots")
    expect_equal(bed.sql("SELECT COUNT(*) FROM request"), ["0"], "requests")
    bed.check()


def test_full(lab):
    """As many as there are slots, and no more; what would have fitted is told."""
    bed = AmBed(lab, nodes=2, slots=2).start()
    alice, bob = User(bed, bed.alice), User(bed, bed.bob, "s2")
    alice.allocate("a", "b", "c")
    why = bob.refused(26, "allocate", text=rspec("x", "y"))
    expect("client_id=\"x\"" in why.value and "client_id=\"y\"" not in why.value, why.value)
    why = bob.refused(6, "allocate", text=rspec(*"abcde"))
    bob.allocate("x")
    held = f'<node client_id="h" component_id="{bed.node(1)}"><sliver_type name="fake-vm"/></node>'
    why = bob.refused(14, "allocate", text=rspec(held))
    expect(0 < from_now(why.value) <= 600, why.value)
    bob.refused(12, "allocate", text=rspec(held.replace("+n1", "+n9")))
    alice.on("delete")
    bob.allocate(held)
    ad = bob.call("list_resources", options={**GENI3, "geni_available": True})
    expect('now="false"' not in ad, ad)
    bed.check()


def test_refused(lab):
    bed = AmBed(lab).start()
    alice, bob = User(bed, bed.alice), User(bed, bed.bob, "s2")
    mine = [s["geni_sliver_urn"] for s in alice.allocate("a")["geni_slivers"]]
    theirs = [s["geni_sliver_urn"] for s in bob.allocate("a")["geni_slivers"]]
    for code, urns in ((1, []), (1, [alice.urn, bob.urn]), (1, [alice.urn, *mine]), (1, mine + theirs), (1, [bed.node(1)]),
                       (1, ["x"]), (22, theirs), (12, [mine[0] + "0"]), (22, [bob.urn])):
        alice.refused(code, "status", urns=urns)
    alice.refused(17, "allocate", text=rspec("a"))
    alice.refused(3, "status", urns=[alice.urn], credentials=[])
    alice.refused(3, "list_resources", options=GENI3, credentials=[])
    alice.refused(22, "status", urns=[alice.urn], credentials=[bob.credential])
    alice.refused(20, "status", urns=[alice.urn], credentials=[alice.credential.replace("embed", "embex")])
    for code, options in ((1, {}), (1, {"geni_rspec_version": {"type": "GENI"}}),
                          (4, {"geni_rspec_version": {"type": "GENI", "version": "9"}})):
        alice.refused(code, "list_resources", options=options)
        alice.refused(code, "describe", urns=[alice.urn], options=options)
    alice.call("list_resources", options={**GENI3, "arbitrary_option": [1]})
    alice.refused(1, "list_resources", options={**GENI3, "geni_slice_urn": alice.urn})
    for code, text in ((1, ""), (1, "<rspec"), (1, rspec("b").replace("request", "manifest")), (1, rspec()),
                       (1, rspec("b", "b")), (13, rspec("b").replace("fake-vm", "xen")),
                       (1, rspec("b").replace("</node>", '<sliver_type name="small"/></node>')),
                       (13, rspec("b").replace('exclusive="false"', 'exclusive="true"')),
                       (13, rspec("b", extra='<link client_id="l"/>'))):
        alice.refused(code, "allocate", text=text or " ")
    alice.refused(13, "perform_operational_action", urns=mine, action="geni_start")
    alice.refused(13, "perform_operational_action", urns=mine, action="geni_dance")
    alice.refused(19, "renew", urns=mine, expires=later(days=1))
    alice.refused(19, "renew", urns=mine, expires=later(days=-1))
    alice.refused(1, "renew", urns=mine, expires="soon")
    got = alice.on("renew", urns=mine, expires=later(days=1), options={"geni_extend_alap": True})
    expect(abs(from_now(got[0]["geni_expires"]) - 7200) < 60, got)
    bed.check()


def test_shutdown(lab):
    bed = AmBed(lab).start()
    alice = User(bed, bed.alice)
    alice.allocate("a")
    expect_equal(alice.call("shutdown", urn=alice.urn), True, "shutdown")
    expect_equal(alice.call("shutdown", urn=alice.urn), True, "shutdown again")
    alice.refused(7, "status", urns=[alice.urn])
    alice.refused(7, "allocate", text=rspec("b"))
    try:
        bed.am(lab.signer("door"), "release", urn=alice.urn)
    except Code as why:
        expect_equal(why.word, "denied", str(why))
    else:
        raise Failure("released by a front door")
    expect_equal(bed.am(lab.signer("operator"), "release", urn=alice.urn), True, "release")
    expect_equal(len(alice.states()), 1, "slivers after the release")
    bed.check()


def test_terms(lab):
    bed = AmBed(lab, options={"terms-url": "https://am.it.test/terms"}).start()
    alice, operator = User(bed, bed.alice), lab.signer("operator")
    who = "urn:publicid:IDN+plc:site+user+alice"
    why = alice.refused(7, "allocate", text=rspec("a"))
    expect(why.msg.startswith("[T&C-APPROVAL-MISSING] ") and "https://am.it.test/terms" in why.msg and
           "[GDPR-CONSENT-MISSING]" in why.msg, why.msg)
    expect_equal(bed.am(operator, "terms_show", user=who)["testbed_access"], False, "access")
    got = bed.am(operator, "terms_accept", user=who, days=2)
    expect(got["testbed_access"] and abs(from_now(got["until"]) - 2 * 86400) < 60, got)
    alice.allocate("a")
    bed.am(operator, "terms_revoke", user=who)
    alice.refused(7, "allocate", text=rspec("b"))
    alice.on("status")
    bed.check()


def test_failure(lab):
    """A node that cannot: geni_failed and why; the others go on. Best effort tells each."""
    bed = AmBed(lab, options={"dummy-failure": "bad*"}).start()
    alice = User(bed, bed.alice)
    alice.allocate("good", "bad1")
    alice.on("provision")
    it.wait_until(lambda: sorted(alice.states().values()) == ["geni_failed", "geni_notready"], "both states")
    status = {s["geni_operational_status"]: s for s in alice.on("status")["geni_slivers"]}
    expect("dummy" in status["geni_failed"]["geni_error"], status)
    alice.refused(13, "perform_operational_action", urns=[alice.urn], action="geni_start")
    expect_equal(sorted(alice.states().values()), ["geni_failed", "geni_notready"], "nothing was done")
    got = alice.on("perform_operational_action", action="geni_start", options={"geni_best_effort": True})
    expect_equal(sorted(bool(s["geni_error"]) for s in got), [False, True], "geni_error of each")
    it.wait_until(lambda: sorted(alice.states().values()) == ["geni_failed", "geni_ready"], "the good one")
    bed.check()


def reload(server):
    server.ini.write_text(it.ini_text(server.sections))
    number = server.log().count("reloaded: ")
    server.send_signal(signal.SIGHUP)
    it.wait_until(lambda: server.log().count("reloaded: ") > number, "the reload")


def test_reload(lab):
    """Roots are read again: who came by one that is gone is nobody; another option waits for the next start."""
    bed = AmBed(lab)
    own = bed.folder / "own.gid"
    good = (bed.authorities / "plc" / "plc.gid").read_bytes()
    own.write_bytes(good)
    bed.server.sections["h:am"]["own-root"] = own
    bed.start()
    alice = User(bed, bed.alice)
    alice.allocate("a")
    bed.make_authority("other", bed.folder / "others")
    own.write_bytes((bed.folder / "others" / "other" / "other.gid").read_bytes())
    bed.server.sections["h:am"]["lease-days"] = "3"
    reload(bed.server)
    why = alice.refused(3, "status", urns=[alice.urn])
    expect_equal(why.rule, "chain-root", why.msg)
    expect("lease-days takes effect at the next start" in bed.server.log(), bed.server.log())
    own.write_bytes(good)
    reload(bed.server)
    expect_equal(len(alice.states()), 1, "slivers")
    bed.check()


def test_again(lab):
    """What is told again wants a credential, too, as good as the first time."""
    bed = AmBed(lab).start()
    alice, op = User(bed, bed.alice), "0123456789abcdef" * 2
    first = alice.call("allocate", urn=alice.urn, rspec=rspec("a"), op=op)
    expect_equal(alice.call("allocate", urn=alice.urn, rspec=rspec("a"), op=op)["geni_slivers"], first["geni_slivers"], "told again")
    try:
        alice.call("allocate", urn=alice.urn, rspec=rspec("a"), op=op, credentials=[])
    except Code as why:
        expect_equal(why.code, 3, why.msg)
    else:
        raise Failure("told again without a credential")
    expect_equal(bed.sql("SELECT COUNT(*) FROM sliver"), ["1"], "slivers")
    op = "fedcba9876543210" * 2
    urns = [s["geni_sliver_urn"] for s in first["geni_slivers"]]
    gone = alice.call("delete", urns=urns, op=op)
    expect_equal(alice.call("delete", urns=urns, op=op), gone, "deleted, told again")
    alice.refused(3, "delete", urns=urns, op=op, credentials=[])
    bed.check()


if __name__ == "__main__":
    it.main(test_life, test_full, test_refused, test_shutdown, test_terms, test_failure, test_reload, test_again)
