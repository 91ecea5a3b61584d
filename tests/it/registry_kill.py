#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The registry under kill -9, of its ccserver and of its database: what was acknowledged is there, whole and once.

Clients write all the time. Whoever gets no answer signs the request anew, with a new id and time and the same op, until he
has one; so each op ends acknowledged, and whatever was done twice or by half shows.
"""
import base64
import collections
import contextlib
import json
import os
import random
import threading
import time

import ccfed_it as it
import pg
from ccfed_it import PATIENCE, Failure, Skip, count, expect, expect_equal, wait_until
from registry_it import Authority, Bed, Principal

KILLS = count("REGISTRY_KILLS", 3)
WRITES = count("REGISTRY_WRITES", 150)
CLIENTS = 8
SITE = "plc.site"
AGAIN = 3            # seconds without an answer after which a request is signed anew
FOUNDED = 0.02       # part of the writes that register an authority, whose key takes a while to make
AGAIN_CODES = {"busy", "timeout", "unreachable", "noroute", "stale"}
REPEATED = 12        # operations of each client that are asked again at the end


def ssh_line():
    """A key that a certificate does not hold: the GID gets one of its own."""
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0 " + os.urandom(32)
    return "ssh-ed25519 " + base64.b64encode(blob).decode()


# -- those who write --------------------------------------------------------------------------------------------------

class Client:
    """A PI with his own key and socket, in a thread of his own; he knows what was acknowledged to him."""

    def __init__(self, world, number):
        self.world, self.number = world, number
        self.signer, self.credential = None, None
        self.records = {}       # (hrn, type) -> the record as acknowledged
        self.versions = {}      # (hrn, type) -> changes since it was made
        self.gone = set()
        self.done = []          # (op, operation, arguments, value)
        self.asked_again, self.told = 0, collections.Counter()
        self.random = random.Random(f"{time.time()} {number}")
        self.problem = None
        self.names = 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            while not self.world.ending.is_set():
                self.write()
        except Exception as why:  # pylint: disable=broad-except
            self.problem = f"client {self.number}: {type(why).__name__}: {why} ({it.last_line(why)})"
            self.world.ending.set()

    # -- one operation, until it is acknowledged

    def request(self, operation, op, arguments):
        kind = f"reg.{operation}"
        body = it.body_of(kind, op=op, deadline=AGAIN * 1000, credentials=[self.credential], **arguments)
        return it.message(kind, body, self.signer)

    def answer(self, asked, end):
        """The body of an answer to one of these requests; None: nothing came, or the server is another one."""
        life = self.world.life
        while time.monotonic() < end and self.world.life == life:
            frames = self.dealer.receive(0.1)
            if frames is None:
                continue
            route, rest = it.split_route(frames)
            if route[0] in asked:
                return rest[0].decode(), json.loads(rest[1])
        return None

    def call(self, operation, arguments, op=None):
        op = op or os.urandom(16).hex()
        asked, end = set(), time.monotonic() + 3 * PATIENCE
        while time.monotonic() < end:
            qid = it.query_id(AGAIN * 1000)
            asked.add(qid)
            self.dealer.send([qid] + self.request(operation, op, arguments))
            got = self.answer(asked, time.monotonic() + AGAIN)
            if got is None:
                self.asked_again += 1
                continue
            kind, body = got
            if kind == f"reply.reg.{operation}":
                return op, body["value"]
            expect(kind == "error" and body["code"] in AGAIN_CODES,
                   f"{operation} {arguments} was told {kind} {body} after {len(asked)} requests")
            self.told[body["code"]] += 1
            self.world.pause.wait(0.05)
        raise Failure(f"{operation} has no answer after {len(asked)} requests; told {dict(self.told)}")

    def acknowledge(self, operation, arguments):
        op, value = self.call(operation, arguments)
        self.done.append((op, operation, arguments, value))
        self.world.acknowledged()
        return value

    # -- what it writes

    def name(self, word):
        self.names += 1
        return f"{SITE}.c{self.number}-{word}{self.names}"

    def fresh(self):
        """A record that is not there yet, and its name."""
        self_hrn = f"{SITE}.client{self.number}"
        if self.random.random() < FOUNDED:
            return {"hrn": self.name("a"), "type": "authority", "reg-pis": [self_hrn]}
        if self.random.random() < 0.4:
            return {"hrn": self.name("s"), "type": "slice", "reg-researchers": [self_hrn],
                    "attributes": [{"name": "n", "value": str(self.names)}, {"name": "m", "value": "x"}]}
        return {"hrn": self.name("u"), "type": "user", "reg-keys": [ssh_line(), ssh_line()],
                "email": f"u{self.names}@example.net"}

    def write(self):
        chance = self.random.random()
        known = list(self.records)[-40:]
        if chance < 0.5 or not known:
            record = self.fresh()
            gid = self.acknowledge("register", {"record": record})
            key = record["hrn"], record["type"]
            self.records[key], self.versions[key] = {**record, "gid": gid}, 0
            return
        key = self.random.choice(known)
        if chance < 0.85:
            change = {"hrn": key[0], "type": key[1], "description": f"{os.urandom(4).hex()}"}
            if key[1] == "user":
                change["email"] = f"{os.urandom(4).hex()}@example.net"
            expect_equal(self.acknowledge("update", {"record": change}), 1, "value of update")
            self.records[key].update(change)
            self.versions[key] += 1
            return
        if key[1] == "authority":
            return
        expect_equal(self.acknowledge("remove", {"hrn": key[0], "type": key[1]}), 1, "value of remove")
        del self.records[key], self.versions[key]
        self.gone.add(key)


# -- the databases ----------------------------------------------------------------------------------------------------

class Sqlite:
    name = "sqlite"

    def __init__(self, lab):
        self.url = f"sqlite:{lab.folder / 'plc.db'}"

    def stop(self):
        pass


class Postgres:
    name = "postgresql"

    def __init__(self, _lab):
        try:
            self.server = pg.Postgres()
        except pg.Broken as why:
            raise Skip(str(why)) from None
        self.server.sql("CREATE DATABASE registry TEMPLATE template0")
        self.url = self.server.database("registry")

    def stop(self):
        self.server.stop()


# -- the world --------------------------------------------------------------------------------------------------------

class World:
    """A registry with a site whose PIs are the clients."""

    def __init__(self, lab, database):
        self.lab, self.database = lab, database
        self.bed = Bed(lab, store=database.url, options={"audit-reads": "no"}).start()
        self.life = 0
        self.total, self.counted = 0, threading.Lock()
        self.ending, self.pause = threading.Event(), threading.Event()
        self.bed.authority(SITE)
        self.clients = [Client(self, n) for n in range(CLIENTS)]
        people = [self.bed.user(f"{SITE}.client{c.number}") for c in self.clients]
        plc = self.bed.plc
        plc.call("update", record={"hrn": SITE, "type": "authority", "reg-pis": [p.hrn for p in people]},
                 credentials=[plc.credential()])
        for client, person in zip(self.clients, people):
            client.signer = person.signer
            client.credential = person.credential_on("authority", SITE)
            client.dealer = lab.dealer(self.bed.server)

    def acknowledged(self):
        with self.counted:
            self.total += 1

    def start(self):
        for client in self.clients:
            client.thread.start()

    def check_clients(self):
        problems = [c.problem for c in self.clients if c.problem]
        expect(not problems, "; ".join(problems))

    def wait_total(self, number):
        def reached():
            self.check_clients()
            return self.total >= number
        try:
            wait_until(reached, f"{number} writes", 3 * PATIENCE)
        except Failure as why:
            told = [(c.asked_again, dict(c.told)) for c in self.clients]
            raise Failure(f"{why}; there are {self.total}; asked again and told: {told}") from None

    def end(self):
        """All have the answers that they wait for."""
        self.ending.set()
        for client in self.clients:
            client.thread.join(4 * PATIENCE)
            expect(not client.thread.is_alive(), f"client {client.number} does not end")
        self.check_clients()

    def kill_server(self):
        """It starts again by itself, on the same port, with what a killed one left."""
        server = self.bed.server
        server.kill()
        server.start()
        self.life += 1

    def kill_database(self):
        self.database.server.kill()
        self.database.server.start()

    def run(self, kill):
        """Kills at random moments, and enough writes."""
        self.start()
        # in step with the writes, so that there are some in each life
        part = max(WRITES // KILLS, 2)
        for _ in range(KILLS):
            self.wait_total(self.total + random.randint(1, part))
            # acknowledgements come in batches: not always behind one
            self.pause.wait(random.random() * 0.1)
            kill()
        self.wait_total(max(WRITES, self.total + CLIENTS))
        self.end()


# -- what must be there -----------------------------------------------------------------------------------------------

def listed(bed, hrn):
    found, after = {}, ""
    while after is not None:
        options = {"after": after, "limit": 200}
        kind, body = bed.ask(bed.plc.signer, "list", hrn=hrn, credentials=[bed.plc.credential()], options=options)
        expect_equal(kind, "reply.reg.list", f"list ({body.get('msg')})")
        found.update(((r["hrn"], r["type"]), r) for r in body["value"])
        after = body.get("next")
    return found


def judge_records(world):
    """Each is there exactly as acknowledged; nothing else is."""
    there = listed(world.bed, SITE)
    wanted = {}
    for client in world.clients:
        wanted.update(client.records)
    mine = {key for key in there if not key[0].startswith(f"{SITE}.client")}
    expect_equal(sorted(mine - set(wanted))[:5], [], "records that nobody was told of")
    expect_equal(sorted(set(wanted) - mine)[:5], [], "records that were acknowledged and are not there")
    for key, record in wanted.items():
        got = {field: there[key].get(field) for field in record}
        expect_equal(got, record, f"record {key}")
    return wanted


def judge_rows(world, wanted):
    """No half record, no change made twice."""
    rows = {}
    for line in world.bed.sql(
            "SELECT hrn || ' ' || type || ' ' || version || ' ' ||"
            " (SELECT COUNT(*) FROM ssh_key WHERE ssh_key.record = record.id) || ' ' ||"
            " (SELECT COUNT(*) FROM relation WHERE object = record.id) || ' ' ||"
            " (SELECT COUNT(*) FROM attribute WHERE attribute.record = record.id)"
            f" FROM record WHERE authority = '{SITE}'"):
        hrn, kind, *numbers = line.split()
        rows[hrn, kind] = tuple(int(n) for n in numbers)
    parts = {"user": (2, 0, 0), "slice": (0, 1, 2), "authority": (0, 1, 0)}
    versions = {key: n for client in world.clients for key, n in client.versions.items()}
    first = {rows[key][0] - versions[key] for key in wanted}
    expect_equal(len(first), 1, f"versions that a record may begin with ({first}): a change was made twice, or not at all")
    for key in wanted:
        expect_equal(rows[key][1:], parts[key[1]], f"keys, relations, attributes of {key}")
    for table in ("ssh_key", "attribute"):
        orphans = f"SELECT COUNT(*) FROM {table} WHERE record NOT IN (SELECT id FROM record)"
        expect_equal(world.bed.sql(orphans), ["0"], f"rows of {table} without a record")


def judge_ops(world):
    """A row for each op that was acknowledged, and one entry of the audit."""
    wanted = sorted(op for client in world.clients for op, *_ in client.done)
    there = sorted(op for op in world.bed.sql("SELECT op FROM op") if op)
    expect_equal(len(there), len(set(there)), "op rows")
    expect_equal(sorted(set(wanted) ^ set(there))[:5], [], "ops that were acknowledged, against those that are kept")
    expect_equal(world.total, len(wanted), "acknowledged writes")
    # with the record, in one transaction
    audited = collections.Counter()
    for line in filter(None, "\n".join(world.bed.sql("SELECT entries FROM audit")).splitlines()):
        entry = json.loads(line)
        if "body" in entry and entry["outcome"] == "ok":
            audited[json.loads(base64.b64decode(entry["body"])).get("op")] += 1
    expect_equal([op for op in wanted if audited[op] != 1][:5], [], "ops without their one entry in the audit")


def judge_authorities(world, wanted):
    """An authority has its record, its folder and its key, and they are of one GID."""
    for hrn, kind in wanted:
        if kind == "authority":
            founded = Authority(world.bed, hrn)
            expect(founded.key.exists(), f"{hrn} has no key")
            expect_equal(founded.gid.read_text(), wanted[hrn, kind]["gid"], f"GID of {hrn} in its folder")
            # its key works
            founded.call("resolve", hrns=[hrn], credentials=[founded.credential()])


def judge_repeated(world):
    """An op that was acknowledged tells the same when it comes again, and does nothing."""
    for client in world.clients:
        for op, operation, arguments, value in random.sample(client.done, min(REPEATED, len(client.done))):
            expect_equal(client.call(operation, arguments, op)[1], value, f"{operation} again")


def judge(world):
    wanted = judge_records(world)
    judge_authorities(world, wanted)
    judge_repeated(world)
    expect_equal(listed(world.bed, SITE).keys() - {k for k in wanted}, {(f"{SITE}.client{n}", "user") for n in range(CLIENTS)},
                 "records after the repetition")
    world.bed.check()
    world.bed.server.stop()
    judge_rows(world, wanted)
    judge_ops(world)
    for words in (["audit", "verify"], ["store", "check"]):
        done = world.lab.ccfed(*words, "--store", world.database.url)
        expect_equal(done.returncode, 0, f"ccfed {' '.join(words)} ({done.stdout} {done.stderr})")


def tell(world, began):
    """Figures, for who runs it by hand."""
    told = collections.Counter()
    for client in world.clients:
        told.update(client.told)
    for line in world.bed.server.log().splitlines():
        if " ERROR " in line:
            print(f"# {line[:200]}")
    print(f"# {KILLS} kills, {world.total} writes in {time.monotonic() - began:.0f} s, "
          f"{sum(c.asked_again for c in world.clients)} asked again, told {dict(told)}, "
          f"{sum(k[1] == 'authority' for c in world.clients for k in c.records)} authorities", flush=True)


def on(kind, victim):
    """A test on one kind of database, which ends with it."""
    def run(lab):
        database = kind(lab)
        lab.afterwards.append(database.stop)
        began = time.monotonic()
        world = World(lab, database)
        try:
            world.run(getattr(world, victim))
        finally:
            world.ending.set()
            for client in world.clients:
                if client.thread.is_alive():
                    client.thread.join(PATIENCE)
        tell(world, began)
        judge(world)
    run.__name__ = f"{victim}_{kind.name}"
    run.__doc__ = f"kill -9 of the {'ccserver' if victim == 'kill_server' else 'PostgreSQL'}, records on {kind.name}."
    return run


kill_server_sqlite = on(Sqlite, "kill_server")
kill_server_postgresql = on(Postgres, "kill_server")
kill_database_postgresql = on(Postgres, "kill_database")


def begun_authority(lab):
    """Killed between an authority's key and its record: the record is not made by halves at the next start, but by who asks again."""
    bed = Bed(lab).start()
    site = bed.authority(SITE)
    bed.user(f"{SITE}.pi")
    bed.server.kill()
    for name in ("begun", "made", "old"):
        bed.make_authority(f"{SITE}.{name}")
    now = int(time.time())
    bed.sql(f"INSERT INTO job (name, state, updated) VALUES ('register {SITE}.begun', '', {now}),"
            f" ('register {SITE}.old', '', {now - 90000})")
    bed.server.start()
    record = {"hrn": f"{SITE}.begun", "type": "authority", "reg-pis": [f"{SITE}.pi"]}
    gid = site.call("register", record=record, credentials=[site.credential()])
    expect_equal(gid, Authority(bed, f"{SITE}.begun").gid.read_text(), "the GID")
    expect_equal(bed.resolve(f"{SITE}.begun")[0]["reg-pis"], [f"{SITE}.pi"], "its PIs")
    expect_equal(bed.sql(f"SELECT name FROM job WHERE name LIKE '%{SITE}.begun'"), [], "what is kept of it")
    for name in ("made", "old"):
        # that of ccfed authority create, and one that nobody asked for again in a day
        expect_equal(bed.resolve(f"{SITE}.{name}")[0]["reg-pis"], [], f"PIs of {name}")
    bed.check()


if __name__ == "__main__":
    random.seed(time.time())
    it.main(begun_authority, kill_server_sqlite, kill_server_postgresql, kill_database_postgresql)
