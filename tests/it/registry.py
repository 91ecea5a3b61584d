#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The registry: every operation through a running ccserver, by people who sign with their own keys."""
import ccfed_it
from ccfed_it import expect, expect_equal
from registry_it import Bed


def bed(lab, **options):
    return Bed(lab, **options).start()


def first_steps(lab):
    """From an empty store to a user with a slice."""
    b = bed(lab)
    version = b.call(b.plc.signer, "get_version")
    expect_equal((version["interface"], version["sfa"], version["hrn"]), ("registry", 3, "plc"), "version")
    expect_equal(version["urn"], "urn:publicid:IDN+plc+authority+sa", "urn")
    b.authority("plc.site")
    alice = b.user("plc.site.alice")
    b.slice("plc.site.sl1", "plc.site.alice")
    records = alice.call("resolve", hrns="plc.site.alice", credentials=[alice.credential()])
    expect_equal(len(records), 1, "records of alice")
    record = records[0]
    expect_equal((record["hrn"], record["type"], record["authority"], record["reg-slices"], record["pointer"]),
                 ("plc.site.alice", "user", "plc.site", ["plc.site.sl1"], -1), "record of alice")
    expect_equal(record["reg-urn"], "urn:publicid:IDN+plc:site+user+alice", "urn of alice")
    expect("BEGIN CERTIFICATE" in record["gid"], "a GID")
    expect("signed-credential" in alice.credential_on("slice", "plc.site.sl1"), "a credential on the slice")


if __name__ == "__main__":
    ccfed_it.main(first_steps)
