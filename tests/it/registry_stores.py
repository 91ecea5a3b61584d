#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Authorities with a store of their own, and registrations that are refused half-way."""
import contextlib
import json
import os
import socket
import threading
import time

import ccfed_it
from ccfed_it import body_of, expect, expect_equal, message, split_route, wait_until
from registry_it import Authority, Bed, Principal


def ask_later(b, operation, **fields):
    """Sends a request of plc's, and gives the socket where its answer comes."""
    kind = f"reg.{operation}"
    dealer = b.lab.dealer(b.front)
    dealer.send([ccfed_it.query_id(30000)] + message(kind, body_of(kind, deadline=30000, to=b.realm, **fields), b.plc.signer))
    return dealer


def own_store(b, hrn, url):
    """Gives an authority, which need not be there yet, a .dbinfo."""
    folder = b.authorities.joinpath(*hrn.split("."))
    folder.mkdir(exist_ok=True)
    (folder / f"{folder.name}.dbinfo").write_text(json.dumps({"store": url}))


class Silent:
    """A database server that takes connections and says nothing."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgresql://nobody@127.0.0.1:{self.socket.getsockname()[1]}/none"
        self.taken = []
        self.thread = threading.Thread(target=self.take)
        self.thread.start()

    def take(self):
        with contextlib.suppress(OSError):
            while True:
                self.taken.append(self.socket.accept()[0])

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
        for taken in self.taken:
            taken.close()


def dead_store(lab):
    """A store that does not answer is waited for by one worker; others answer, and who asks for it is told at once."""
    silent = Silent()
    lab.afterwards.append(silent.close)
    b = Bed(lab, options={"deadline": "8"})
    b.start()
    b.authority("plc.site")
    own_store(b, "plc.dead", silent.url)
    first = ask_later(b, "resolve", hrns=["plc.dead.x"], type="user", credentials=[b.plc.credential()])
    wait_until(lambda: silent.taken, "a connection to the dead store")
    expect_equal([r["hrn"] for r in b.resolve("plc.site", "authority")], ["plc.site"], "what is in another store")
    why = b.plc.refused("DBError", "resolve", hrns=["plc.dead.y"], type="user", credentials=[b.plc.credential()])
    expect_equal(why.code, "busy", "while it is being opened")
    expect_equal(first.receive(0), None, "an answer to who opens it")
    answer = first.receive(30)
    expect(answer is not None, "no answer to who opens it")
    expect_equal(json.loads(split_route(answer)[1][1])["fault"], "DBError", "what who opened it is told")
    # it is remembered, for a time
    tries = len(silent.taken)
    why = b.plc.refused("DBError", "resolve", hrns=["plc.dead.x"], type="user", credentials=[b.plc.credential()])
    expect_equal((why.code, len(silent.taken)), ("busy", tries), "soon after it failed")
    wait_until(lambda: len(silent.taken) > tries or not b.plc.refused(
        "DBError", "resolve", hrns=["plc.dead.x"], type="user", credentials=[b.plc.credential()]), "another try", 30)
    b.check()


def op_of_own_store(lab):
    """The op of a change is kept where the change is: a repetition is told the same, and changes nothing."""
    b = Bed(lab).start()
    own_store(b, "plc.own", f"sqlite:{lab.folder / 'own.db'}")
    record, op = {"hrn": "plc.own", "type": "authority"}, os.urandom(16).hex()
    words = {"record": record, "credentials": [b.plc.credential()]}
    gid = b.plc.call("register", op=op, **words)
    expect_equal(b.plc.call("register", op=op, **words), gid, "register again")
    b.plc.refused("ExistingRecord", "register", op=os.urandom(16).hex(), **words)
    expect_equal(b.sql("SELECT name FROM record WHERE name = 'plc.own'"), [], "what our own store has of it")
    own, op = Authority(b, "plc.own"), os.urandom(16).hex()
    expect_equal(b.plc.call("update", op=op, **words), 1, "renewal")
    renewed = own.gid.read_text()
    expect(renewed != gid, "a new GID")
    expect_equal(b.plc.call("update", op=op, **words), 1, "renewal again")
    expect_equal(own.gid.read_text(), renewed, "the GID after the repetition")
    op = os.urandom(16).hex()
    words = {"hrn": "plc.own", "type": "authority", "credentials": [b.plc.credential()]}
    expect_equal([b.plc.call("remove", op=op, **words) for _ in range(2)], [1, 1], "remove twice")
    # the authority above it must be there, whichever store it is in
    own_store(b, "plc.none", f"sqlite:{lab.folder / 'none.db'}")
    own_store(b, "plc.none.own", f"sqlite:{lab.folder / 'own.db'}")
    b.plc.refused("MissingAuthority", "register", record={"hrn": "plc.none.own", "type": "authority"},
                  credentials=[b.plc.credential()])
    b.check()


def join_own_store(lab):
    """A node joins an authority with a store of its own; a token leads where its authority is, and no further."""
    b = Bed(lab, options={"node-ca": "ca"}).start()
    own_store(b, "plc.own", f"sqlite:{lab.folder / 'own.db'}")
    b.authority("plc.own")
    b.authority("plc.site")
    node = b.node("plc.own.n1")
    expect_equal(b.resolve("plc.own.n1", "node")[0]["gid"].strip(), node.joined["gid"].strip(), "the GID of the node")
    own = Authority(b, "plc.own")
    own.call("register", record={"hrn": "plc.own.n2", "type": "node"}, credentials=[own.credential()])
    token = own.call("node_token", hrn="plc.own.n2", credentials=[own.credential()])
    other = Principal(b, "plc.own.n2", "node").use_self_signed()
    secret = token.partition("@")[0]
    for wrong in (secret, f"{secret}@plc.site", f"{secret}@plc.own.n2", f"{token}.", "@plc.own", f"{secret}@" + "x." * 500):
        other.refused("Forbidden", "join", token=wrong, epoch="e1", csr=other.csr())
    op = os.urandom(16).hex()
    answer = other.call("join", token=token, epoch="e1", csr=other.csr(), op=op)
    expect_equal(other.call("join", token=token, epoch="e1", csr=other.csr(), op=op), answer, "the same op")
    other.refused("Forbidden", "join", token=token, epoch="e1", csr=other.csr(), op=os.urandom(16).hex())
    b.check()


def parent_of_own_store(lab):
    """An authority is not removed while one below it lives, in whichever store."""
    b = Bed(lab).start()
    b.authority("plc.site")
    own_store(b, "plc.site.own", f"sqlite:{lab.folder / 'own.db'}")
    b.authority("plc.site.own")
    b.plc.refused("NotEmpty", "remove", hrn="plc.site", type="authority", credentials=[b.plc.credential()])
    expect_equal(key_of(b, "plc.site"), ["gid", "pkey"], "its key")
    site = Authority(b, "plc.site")
    expect_equal(site.call("remove", hrn="plc.site.own", type="authority", credentials=[site.credential()]), 1, "the one below")
    expect_equal(b.plc.call("remove", hrn="plc.site", type="authority", credentials=[b.plc.credential()]), 1, "then the other")
    b.check()


def key_of(b, hrn):
    folder = b.authorities.joinpath(*hrn.split("."))
    return [ending for ending in ("gid", "pkey") if (folder / f"{folder.name}.{ending}").exists()]


def refused_authority(lab):
    """A registration that is refused leaves no key by which the authority would come with the next start."""
    b = Bed(lab).start()
    words = {"record": {"hrn": "plc.wrong", "type": "authority", "reg-pis": ["plc.nobody"]}, "credentials": [b.plc.credential()]}
    b.plc.refused("RecordNotFound", "register", **words)
    expect_equal(key_of(b, "plc.wrong"), [], "what is left of it")
    expect_equal(b.sql("SELECT name FROM job WHERE name LIKE 'register %'"), [], "what is kept of it")
    # one that ccfed made is nobody's to take away
    b.make_authority("plc.made")
    made = int(time.time())
    wait_until(lambda: int(time.time()) > made, "another second: times of GIDs are whole ones")
    words["record"]["hrn"] = "plc.made"
    b.plc.refused("RecordNotFound", "register", **words)
    expect_equal(key_of(b, "plc.made"), ["gid", "pkey"], "what ccfed made")
    b.server.kill()
    b.sql("UPDATE job SET state = '1', updated = 1")
    b.server.start()
    expect_equal([r["hrn"] for r in b.resolve("plc.made", "authority")], ["plc.made"], "its record at the next start")
    b.plc.refused("RecordNotFound", "resolve", hrns=["plc.wrong"], type="authority", credentials=[b.plc.credential()])
    expect_equal(b.sql("SELECT name FROM job WHERE name LIKE 'register %'"), [], "what is kept of both")
    b.check()


if __name__ == "__main__":
    ccfed_it.main(dead_store, op_of_own_store, join_own_store, parent_of_own_store, refused_authority)
