#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The registry as an attacker sees it: each of these once worked."""
import base64
import json

import ccfed_it
from ccfed_it import Failure, expect, expect_equal, wait_until
from registry_it import Authority, Bed, Principal


def bed(lab):
    """plc with plc.site, of which alice is PI."""
    b = Bed(lab, options={"node-ca": "ca"}).start()
    b.authority("plc.site")
    b.alice = b.user("plc.site.alice")
    b.site = Authority(b, "plc.site")
    b.site.call("update", record={"hrn": "plc.site", "type": "authority", "reg-pis": ["plc.site.alice"]}, credentials=[b.site.credential()])
    return b


def audit(b):
    """Every line of the audit of its store, as it stands there."""
    texts = b.sql("SELECT entries FROM audit")
    return [json.loads(line) for text in texts for line in text.splitlines() if line.startswith("{")]


def two_blocks(lab):
    """A request for a certificate behind a plain key proves nothing of that key."""
    b = bed(lab)
    stranger = Principal(b, "plc.site.stranger")
    for key in (stranger.public_key() + b.alice.csr(), stranger.public_key() + "-----BEGIN CERTIFICATE REQUEST-----\n",
                stranger.public_key() + "-----BEGIN NEW CERTIFICATE REQUEST-----\n"):
        b.alice.refused("PermissionError", "create_gid", hrn="plc.site.alice", key=key, credentials=[b.alice.credential()])
    b.alice.call("create_gid", hrn="plc.site.alice", key=stranger.csr(), credentials=[b.alice.credential()])
    b.check()


def join_with_two_keys(lab):
    """A node gets a bus certificate for the key that it signed with, whatever else its request holds."""
    b = bed(lab)
    for number, form in enumerate(("public", "csr")):
        hrn = f"plc.site.n{number}"
        b.site.call("register", record={"hrn": hrn, "type": "node"}, credentials=[b.site.credential()])
        node = Principal(b, hrn, "node").use_self_signed()
        other = Principal(b, f"plc.site.other{number}", "node")
        token = b.site.call("node_token", hrn=hrn, credentials=[b.site.credential()])
        mixed = node.public_key() + other.csr() if form == "public" else "x" + node.csr() + other.csr()
        node.refused("InvalidArgument", "join", token=token, epoch="e1", csr=mixed)
        node.refused("InvalidArgument", "join", token=token, epoch="e1", csr=node.csr(), hostname="n\x1b[2J")
        node.call("join", token=token, epoch="e1", csr=node.csr())
    b.check()


def token_in_audit(lab):
    """Who reads the audit finds no token in it: one that was refused is still good."""
    b = bed(lab)
    b.site.call("register", record={"hrn": "plc.site.n1", "type": "node"}, credentials=[b.site.credential()])
    token = b.site.call("node_token", hrn="plc.site.n1", credentials=[b.site.credential()])
    # its key has another name: refused where the record is written
    taken = Principal(b, "plc.site.n1", "node").use_self_signed()
    taken.signer, key = b.alice.signer, b.alice
    taken.refused("ExistingRecord", "join", token=token, epoch="e1", csr=key.csr())
    lines = audit(b)
    if lines is not None:
        joins = [line for line in lines if line["what"] == "join"]
        expect(joins, "the refusal is in the audit")
        for line in lines:
            expect(token.encode() not in base64.b64decode(line.get("body", "")), f"the token is in the audit: {line['what']}")
    b.check()


def borrowed_name(lab):
    """The audit names nobody on the word of a certificate that nobody judged."""
    b = bed(lab)
    eve = Principal(b, "plc.site.eve")
    urn = "urn:publicid:IDN+plc:site+user+alice"
    b.openssl("req", "-new", "-x509", "-key", eve.key, "-subj", "/CN=plc.site.alice", "-days", "30", "-out", eve.self_signed,
              "-addext", f"subjectAltName=URI:{urn}")
    eve.use_self_signed()
    eve.refused("ConnectionKeyGIDMismatch", "get_self_credential", hrn="plc.site.alice", type="user")
    b.site.call("update", record={"hrn": "plc.site", "type": "authority", "description": "x"}, credentials=[b.site.credential()])

    def told():
        lines = audit(b)
        return lines is None or [line for line in lines if line["what"] == "get_self_credential" and line["outcome"] != "ok"]

    lines = wait_until(told, "the refusal in the audit", 10)
    if lines is not True:
        expect(all(line["who"] != urn for line in lines), f"the audit names alice: {lines}")
    b.check()


def numbers_of_two_stores(lab):
    """Two users of two stores may have the same number: one is not the other for that."""
    b = Bed(lab)
    b.make_authority("plc.site")
    b.make_authority("plc.other")
    (b.authorities / "plc" / "other" / "other.dbinfo").write_text(json.dumps({"store": f"sqlite:{lab.folder / 'other.db'}"}))
    b.start()
    alice = b.user("plc.site.alice")
    site = Authority(b, "plc.site")
    site.call("update", record={"hrn": "plc.site", "type": "authority", "reg-pis": ["plc.site.alice"]}, credentials=[site.credential()])
    number = b.resolve("plc.site.alice", "user")[0]["record_id"]
    for count in range(number):
        eve = b.user(f"plc.other.eve{count}")
        if b.resolve(eve.hrn, "user")[0]["record_id"] == number:
            break
    else:
        raise Failure(f"no user of the other store has number {number}")
    for kind, hrn in (("user", "plc.site.alice"), ("authority", "plc.site")):
        eve.refused("PermissionError", "get_credential", hrn=hrn, type=kind, credentials=[eve.credential()])
    eve.refused("PermissionError", "create_slice", urn="urn:publicid:IDN+plc:site+slice+stolen")
    b.slice("plc.site.sl1", "plc.site.alice")
    for operation, more in (("renew_slice", {"expires": "2030-01-01T00:00:00Z"}), ("delete_slice", {})):
        eve.refused("PermissionError", operation, urn="urn:publicid:IDN+plc:site+slice+sl1", **more)
    expect_equal(alice.call("delete_slice", urn="urn:publicid:IDN+plc:site+slice+sl1"), True, "its own researcher")
    b.check()


def large_answers(lab):
    """What would fit into no message is refused before it is made; a broken cursor is the caller's fault."""
    b = bed(lab)
    many = [{"name": f"a{i}", "value": "v" * 60000} for i in range(40)]
    b.slice("plc.site.big", "plc.site.alice", attributes=many)
    credential = b.alice.credential()
    records = b.alice.call("resolve", hrns=["plc.site.big"] * 2, type="slice", credentials=[credential])
    expect_equal(len(records), 2, "two of them")
    b.alice.refused("InvalidArgument", "resolve", hrns=["plc.site.big"] * 1000, type="slice", credentials=[credential])
    b.alice.refused("InvalidArgument", "list", hrn="plc.site", options={"after": "x" * 260}, credentials=[credential])
    b.check()


if __name__ == "__main__":
    ccfed_it.main(two_blocks, join_with_two_keys, token_in_audit, borrowed_name, numbers_of_two_stores, large_answers)
