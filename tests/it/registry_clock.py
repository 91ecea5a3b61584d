#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What ends with time at the registry, by a clock that is moved: credentials, GIDs, slices, tokens, kept answers.

Needs a build with -Dtest_clock=true, whose folder CCFED_SWITCH_BUILD names (check makes one).
"""
import datetime
import os
import pathlib
import re
import time

import ccfed_it as it
from ccfed_it import Skip, expect, expect_equal, wait_until
from registry_it import Authority, Bed, Principal, Refused

DAY, HOUR = 86400, 3600
SITE = "plc.site"
RSPEC = ('<rspec xmlns="http://www.geni.net/resources/rspec/3" type="request"><node client_id="a" '
         'component_id="urn:publicid:IDN+plc:site+node+n1" exclusive="false"/></rspec>')
FRESH = it.FRESH


class Clock:
    """The time of the server, and of those who write to it."""

    def __init__(self, lab):
        self.offset, self.file = 0, lab.folder / "clock"
        self.set(0)
        os.environ["CCFED_TEST_CLOCK"] = str(self.file)
        lab.afterwards.append(self.end)

    def set(self, offset):
        new = self.file.with_name("clock.new")
        new.write_text(f"{offset}\n")
        new.rename(self.file)
        self.offset = offset
        it.FRESH = FRESH + offset

    def forward(self, seconds):
        self.set(self.offset + seconds)

    def now(self):
        return time.time() + self.offset

    def date(self, seconds):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now() + seconds))

    def end(self):
        os.environ.pop("CCFED_TEST_CLOCK", None)
        it.FRESH = FRESH


def clock_build(lab):
    folder = os.environ.get("CCFED_SWITCH_BUILD")
    if not folder:
        raise Skip("CCFED_SWITCH_BUILD names no build with -Dtest_clock=true")
    folder = pathlib.Path(folder).resolve()
    server, cli = folder / "ccserver" / "ccserver", folder / "cli" / "ccfed"
    expect(b"CCFED_TEST_CLOCK" in server.read_bytes(), f"{server} has no -Dtest_clock=true")
    lab.ccserver, lab.cli = server, cli


def started(lab, **options):
    clock_build(lab)
    clock = Clock(lab)
    bed = Bed(lab, options=options).start()
    bed.authority(SITE)
    return clock, bed


def attempted(who, operation, **arguments):
    """The Refused, or None."""
    try:
        who.call(operation, **arguments)
    except Refused as why:
        return why
    return None


def end_of(bed, path):
    """When the first certificate of a file ends."""
    text = bed.openssl("x509", "-in", path, "-noout", "-enddate").decode().strip().partition("=")[2]
    return datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=datetime.timezone.utc).timestamp()


def credential_ends(lab):
    """A credential is good until it ends, and not afterwards; a new one is."""
    clock, bed = started(lab, **{"credential-days": "2"})
    alice = bed.user(f"{SITE}.alice")
    old = alice.credential()
    clock.forward(2 * DAY - HOUR)
    expect_equal(alice.call("resolve", hrns=[alice.hrn], credentials=[old])[0]["hrn"], alice.hrn, "before its end")
    clock.forward(2 * HOUR)
    why = alice.refused("CredentialRefused", "resolve", rule="cred-expired", hrns=[alice.hrn], credentials=[old])
    expect_equal(why.code, "denied", "code")
    fresh = bed.call(alice.signer, "get_self_credential", hrn=alice.hrn, type="user")
    alice.call("resolve", hrns=[alice.hrn], credentials=[fresh])
    bed.check()


def gid_ends(lab):
    """Who signs with a GID that has ended is nobody. GIDs are cut to the end of their authority's."""
    clock, bed = started(lab, **{"gid-days": "30"})
    site = bed.gid_of(SITE, "authority")
    alice = bed.user(f"{SITE}.alice")
    clock.forward(20 * DAY)
    # late.gid would live until day 50: its authority's ends with day 30
    late = bed.user(f"{SITE}.late")
    expect_equal(end_of(bed, late.gid), end_of(bed, site), "end of a GID that is made late")
    expect(end_of(bed, late.gid) < clock.now() + 11 * DAY, "it outlives its authority's")
    expect(alice.call("resolve", hrns=[alice.hrn], credentials=[alice.credential()]), "before its end")
    # one directly below plc is not cut: the authority's own was made for longer
    paula = bed.user("plc.paula")
    expect(abs(end_of(bed, paula.gid) - clock.now() - 30 * DAY) < HOUR, "end of a GID of plc")
    clock.forward(11 * DAY)
    # the server's gate does not believe the signature: as a stranger's, it has no answer
    def unbelieved(figures):
        return sum(n for name, n in figures.items() if name.startswith("refused.cms"))

    before = unbelieved(bed.server.fresh_stats())
    for who in (alice, late):
        bed.dealer.send([it.query_id(), *it.message("reg.get_version", it.body_of("reg.get_version"), who.signer)])
    bed.server.wait_stats(lambda s: unbelieved(s) >= before + 2, "two messages that are not believed")
    expect_equal(bed.dealer.receive(0), None, "an answer to who has no GID any more")
    own = paula.call("get_self_credential", hrn=paula.hrn, type="user")
    expect(paula.call("resolve", hrns=["plc.paula"], credentials=[own]), "who is not at the end")
    bed.check()


def slice_ends(lab):
    """No ticket and no credential on a slice that has ended; renew_slice in time keeps it."""
    clock, bed = started(lab, **{"slice-days": "10", "node-ca": "ca"})
    alice = bed.user(f"{SITE}.alice")
    bed.node(f"{SITE}.n1")
    for name in ("kept", "left"):
        bed.slice(f"{SITE}.{name}", alice.hrn, expires=clock.date(2 * DAY))
    credential = {name: alice.credential_on("slice", f"{SITE}.{name}") for name in ("kept", "left")}
    expect(all(re.search("<expires>", text) for text in credential.values()), "credentials that end")
    clock.forward(DAY)
    expect_equal(alice.call("renew_slice", urn=f"{SITE}.kept", expires=clock.date(5 * DAY)), True, "renewal in time")
    clock.forward(DAY + HOUR)
    alice.credential_on("slice", f"{SITE}.kept")
    alice.refused("Expired", "get_credential", hrn=f"{SITE}.left", type="slice", credentials=[alice.credential()])
    ended = bed.gid_of(f"{SITE}.left", "slice")
    # a credential that outlives the slice, as only its authority can sign one
    granted = bed.grant(alice.gid, ended, "refresh", "embed", "bind", authority=SITE, expires=clock.date(DAY))
    alice.refused("Expired", "get_ticket", hrn=f"{SITE}.left", rspec=RSPEC, credentials=[granted])
    # what was given before ended with it
    why = attempted(alice, "get_ticket", hrn=f"{SITE}.left", rspec=RSPEC, credentials=[credential["left"]])
    expect_equal(why and (why.fault, why.rule), ("CredentialRefused", "cred-expired"), "the old credential")
    bed.check()


def slice_is_revived(lab):
    """A slice that has ended is brought back by the authority above it, not by its holders."""
    clock, bed = started(lab, **{"slice-days": "10"})
    alice = bed.user(f"{SITE}.alice")
    bed.slice(f"{SITE}.sl", alice.hrn, expires=clock.date(DAY))
    clock.forward(DAY + HOUR)
    alice.refused("Expired", "get_credential", hrn=f"{SITE}.sl", type="slice", credentials=[alice.credential()])
    alice.refused("Expired", "renew_slice", urn=f"{SITE}.sl", expires=clock.date(5 * DAY))
    site = Authority(bed, SITE)
    site.call("update", record={"hrn": f"{SITE}.sl", "type": "slice"}, credentials=[site.credential()])
    expect("signed-credential" in alice.credential_on("slice", f"{SITE}.sl"), "a credential on it")
    bed.check()


def token_ends(lab):
    """A join token is good for a day."""
    clock, bed = started(lab, **{"node-ca": "ca"})
    site = Authority(bed, SITE)
    tokens = {}
    for name in ("n1", "n2"):
        site.call("register", record={"hrn": f"{SITE}.{name}", "type": "node"}, credentials=[site.credential()])
        tokens[name] = site.call("node_token", hrn=f"{SITE}.{name}", credentials=[site.credential()])
    nodes = {name: Principal(bed, f"{SITE}.{name}", "node").use_self_signed() for name in tokens}

    def join(name, how, token):
        return how("join", token=token, epoch="e1", csr=nodes[name].csr(), hostname=f"{name}.example")

    clock.forward(DAY - HOUR)
    expect("BEGIN CERTIFICATE" in join("n1", nodes["n1"].call, tokens["n1"])["gid"], "a GID within the day")
    clock.forward(2 * HOUR)
    nodes["n2"].refused("Forbidden", "join", token=tokens["n2"], epoch="e1", csr=nodes["n2"].csr(), hostname="n2.example")
    token = site.call("node_token", hrn=f"{SITE}.n2", credentials=[site.credential()])
    expect("BEGIN CERTIFICATE" in join("n2", nodes["n2"].call, token)["gid"], "a GID with a new token")
    bed.check()


def op_is_forgotten(lab):
    """A repeated op is told the same for a day; then it is another operation."""
    clock, bed = started(lab)
    site, op = Authority(bed, SITE), os.urandom(16).hex()
    words = {"record": {"hrn": f"{SITE}.alice", "type": "user"}, "op": op}
    first = site.call("register", credentials=[site.credential()], **words)
    clock.forward(DAY - HOUR)
    expect_equal(site.call("register", credentials=[site.credential()], **words), first, "the same op within the day")
    clock.forward(2 * HOUR)
    # the store forgets behind a write, every ten minutes, and when it starts
    bed.server.stop()
    bed.server.start()
    bed.user(f"{SITE}.other")
    wait_until(lambda: not bed.sql(f"SELECT op FROM op WHERE op = '{op}'"), "an end of what was kept for the op")
    site.refused("ExistingRecord", "register", credentials=[site.credential()], **words)
    bed.check()


def begun_authority_ends(lab):
    """What was killed between an authority's key and its record waits a day to be asked for again; then the key goes."""
    clock, bed = started(lab)
    begun = int(clock.now())
    bed.make_authority(f"{SITE}.left")
    bed.server.kill()
    bed.sql(f"INSERT INTO job (name, state, updated) VALUES ('register {SITE}.left', '{begun}', {begun + 60})")
    key = Authority(bed, f"{SITE}.left").key
    for hours, there in ((1, True), (24, False)):
        clock.forward(hours * HOUR)
        bed.server.start()
        bed.call(bed.plc.signer, "get_version")
        expect_equal(key.exists(), there, f"its key {hours} h on")
        expect_equal(bed.sql(f"SELECT name FROM record WHERE name = '{SITE}.left'"), [], "its record")
        bed.server.stop()
    expect_equal(bed.sql("SELECT name FROM job WHERE name LIKE 'register %'"), [], "what is kept of it")
    bed.server.start()
    bed.authority(f"{SITE}.left")
    bed.check()


if __name__ == "__main__":
    it.main(begun_authority_ends, credential_ends, gid_ends, slice_ends, slice_is_revived, token_ends, op_is_forgotten)
