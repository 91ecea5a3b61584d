#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Who may do what at the registry: each line of tests/data/rights.tsv through a ccserver."""
import collections
import re
import time

import ccfed_it as it
from ccfed_it import SOURCE, Failure, expect, expect_equal
from registry_it import Authority, Bed, Principal, Refused

Row = collections.namedtuple("Row", "operation object caller credential outcome")
TABLE = SOURCE / "tests" / "data" / "rights.tsv"
RULES = {"InsufficientRights": "rights-operation", "ConnectionKeyGIDMismatch": "caller-key"}
USERS = {"pi": "plc.site.alice", "pi-above": "plc.paula", "pi-prefix": "plc.sitex.eve", "pi-below": "plc.site.lab.lara",
         "researcher": "plc.site.rita", "operator": "plc.site.owen", "operator-above": "plc.oscar",
         "node-operator": "plc.site.nora", "peer": "plc.site.stan", "stranger": "plc.sitex.xavier"}
KEYS = {"key": "plc.site", "key-above": "plc", "key-prefix": "plc.sitex", "key-below": "plc.site.lab"}
RSPEC = ('<rspec xmlns="http://www.geni.net/resources/rspec/3" type="request"><node client_id="a" '
         'component_id="urn:publicid:IDN+plc:site+node+n1" exclusive="false"/></rspec>')


def rows():
    lines = [line.split("\t") for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return [Row(*line) for line in lines]


class Thing:
    """What an operation is about."""

    def __init__(self, hrn, kind, gid, principal=None):
        self.hrn, self.kind, self.gid, self.principal = hrn, kind, gid, principal


class World:
    """plc with plc.site, plc.site.lab and plc.sitex, and one person for each relation."""

    def __init__(self, lab, create_slice="pi"):
        self.lab = lab
        b = self.bed = Bed(lab, options={"node-ca": "ca", "create-slice": create_slice}).start()
        for hrn in ("plc.site", "plc.site.lab", "plc.sitex"):
            b.authority(hrn)
        self.callers = {relation: b.user(hrn) for relation, hrn in USERS.items()}
        self.callers.update((relation, Authority(b, hrn)) for relation, hrn in KEYS.items())
        self.number, self.granted, self.fresh = 0, {}, {}
        self.relate("plc.site", pi="pi", operator="operator")
        self.relate("plc", pi="pi-above", operator="operator-above")
        self.relate("plc.sitex", pi="pi-prefix")
        self.relate("plc.site.lab", pi="pi-below")
        for hrn in ("plc.site.sl1", "plc.site.lab.sl"):
            b.slice(hrn, USERS["researcher"] if hrn == "plc.site.sl1" else USERS["pi-below"])
        b.slice("plc.site.sl2", USERS["peer"], USERS["researcher"])
        ursula = b.user("plc.site.ursula")
        n1 = b.node("plc.site.n1", **{"reg-operators": [USERS["node-operator"]]})
        self.things = {
            "user": Thing("plc.site.ursula", "user", ursula.gid, ursula),
            "slice": Thing("plc.site.sl1", "slice", b.gid_of("plc.site.sl1", "slice")),
            "slice2": Thing("plc.site.sl2", "slice", b.gid_of("plc.site.sl2", "slice")),
            "slice-below": Thing("plc.site.lab.sl", "slice", b.gid_of("plc.site.lab.sl", "slice")),
            "node": Thing("plc.site.n1", "node", n1.gid, n1),
            "authority": Thing("plc.site", "authority", Authority(b, "plc.site").gid),
        }
        self.things["site"] = self.things["authority"]
        for word, hrn in (("plc", "plc"), ("sitex", "plc.sitex"), ("lab", "plc.site.lab")):
            self.things[word] = Thing(hrn, "authority", Authority(b, hrn).gid)
        self.spare = Principal(b, "plc.site.spare")

    def relate(self, hrn, **roles):
        record = {f"reg-{role}s": [USERS[relation]] for role, relation in roles.items()}
        self.bed.plc.call("update", record={"hrn": hrn, "type": "authority", **record},
                          credentials=[self.bed.plc.credential()])

    def name(self, over="plc.site"):
        self.number += 1
        return f"{over}.x{self.number}"

    # -- what is there to be removed ----------------------------------------------------------------------------------

    def make_thing(self, kind):
        hrn = self.name("plc" if kind == "authority" else "plc.site.lab" if kind == "slice-below" else "plc.site")
        if kind == "authority":
            return Thing(hrn, kind, self.bed.authority(hrn).gid)
        if kind == "user":
            user = self.bed.user(hrn)
            return Thing(hrn, kind, user.gid, user)
        if kind == "node":
            node = self.bed.node(hrn, **{"reg-operators": [USERS["node-operator"]]})
            return Thing(hrn, kind, node.gid, node)
        self.bed.slice(hrn, USERS["pi-below" if kind == "slice-below" else "researcher"])
        return Thing(hrn, "slice", self.bed.gid_of(hrn, "slice"))

    def thing(self, row):
        """What a row is about: removed things are made anew when one is gone."""
        kind = row.object
        if row.operation in ("remove", "delete_slice"):
            if kind not in self.fresh:
                self.fresh[kind] = self.make_thing(kind)
            return self.fresh[kind]
        return self.things.get("user" if kind.startswith("user") else "slice" if kind == "slice-csr" else kind,
                               self.things["user"])

    # -- who, with what -----------------------------------------------------------------------------------------------

    def caller(self, relation, thing):
        if relation == "self":
            return thing.principal
        if relation == "key" and thing.kind == "authority":
            return Authority(self.bed, thing.hrn)
        return self.callers[relation]

    def grant(self, owner, target, rights):
        """As the authority signs it; each once."""
        key = (owner.hrn, target.hrn, target.kind, rights)
        if key not in self.granted:
            self.granted[key] = self.bed.grant(owner.gid, target.gid, *rights.split(","))
        return self.granted[key]

    def credential(self, row, thing, caller):
        if row.credential == "own":
            return caller.credential()
        how, _, what = row.credential.rpartition(":")
        rights, target = what.split("@")
        target = thing if target == "object" else self.things[target]
        if not how:
            return self.grant(caller, target, rights)
        if how == "lent":
            holder = self.caller("researcher" if target.kind == "slice" else "self", target)
            key = (holder.hrn, target.hrn, rights, caller.hrn)
            if key not in self.granted:
                self.granted[key] = self.bed.delegate(holder, self.grant(holder, target, rights), caller)
            return self.granted[key]
        return self.grant(self.caller(how.removeprefix("of-"), thing), target, rights)

    # -- what is asked ------------------------------------------------------------------------------------------------

    def arguments(self, row, thing, caller):
        """The operation and its arguments, but for credentials."""
        operation, hrn, kind = row.operation, thing.hrn, thing.kind
        named = {"hrn": hrn, "type": kind}
        if operation == "register":
            record = {"hrn": self.name(), "type": row.object}
            if row.object != "authority":
                record["key"] = Principal(self.bed, record["hrn"]).public_key()
            return operation, {"record": record}
        if operation == "update":
            return operation, {"record": {**named, "description": f"of {self.name()}"}}
        if operation in ("remove", "get_credential", "get_self_credential"):
            return operation, named
        if operation in ("resolve", "get_gids"):
            return operation, {"hrns": ["plc.site.ursula"]}
        if operation == "list":
            return operation, {"hrn": "plc.sitex"}
        if operation == "create_gid":
            key = thing.principal.public_key() if row.object == "user-own-key" else (
                self.spare.public_key() if row.object == "user-new-key" else self.spare.csr())
            return operation, {**named, "key": key}
        if operation == "get_ticket":
            return operation, {"hrn": hrn, "rspec": RSPEC}
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400 * 5))
        if operation.startswith("create_slice"):
            return "create_slice", {"urn": f"urn:publicid:IDN+plc:site+slice+c{self.name().rpartition('.x')[2]}", "expires": soon}
        if operation == "list_my_slices":
            who = caller.hrn if row.object == "own" else USERS["researcher"]
            return operation, {"urn": who}
        if operation == "node_token":
            return operation, {"hrn": hrn}
        if operation in ("renew_slice", "delete_slice"):
            return operation, {"urn": hrn, **({"expires": soon} if operation == "renew_slice" else {})}
        return operation, {}

    def ask(self, row):
        thing = self.thing(row)
        caller = self.caller(row.caller, thing)
        operation, arguments = self.arguments(row, thing, caller)
        if row.credential != "-":
            arguments["credentials"] = [self.credential(row, thing, caller)]
        elif operation == "resolve":
            arguments["credentials"] = []
        try:
            value = self.bed.call(caller.signer, operation, **arguments)
        except Refused as why:
            return why
        if operation in ("remove", "delete_slice"):
            del self.fresh[row.object]
        return value

    def judge(self, row):
        """None, or what is wrong."""
        got = self.ask(row)
        if row.outcome.startswith("ok"):
            expect(not isinstance(got, Refused), f"refused: {got}")
            rights = row.outcome[3:]
            if rights:
                expect_equal(",".join(re.findall(r"<privilege><name>(.*?)</name>", got)), rights, "rights")
            return
        expect(isinstance(got, Refused), f"answered: {str(got)[:100]}")
        rule = None if row.operation == "get_self_credential" else RULES.get(row.outcome)
        expect_equal((got.fault, got.rule), (row.outcome, rule), got.msg)


def run(world, table):
    """A result for each operation and kind of object; its problem names each line that is wrong."""
    groups = collections.OrderedDict()
    for row in table:
        groups.setdefault((row.operation, row.object), []).append(row)
    for (operation, kind), group in groups.items():
        wrong = []
        for row in group:
            try:
                world.judge(row)
            except Failure as why:
                wrong.append(f"{row.caller} with {row.credential}: {why}")
        yield f"{operation}-{kind}-{len(group)}", Failure("; ".join(wrong)) if wrong else None
    world.bed.check()


def cell(lab):
    """Everything but what an option decides."""
    table = rows()
    expect(len(table) >= 200, f"{len(table)} lines")
    expect_equal(len({row[:4] for row in table}), len(table), "lines that are different")
    yield from run(World(lab), [row for row in table if row.operation != "create_slice_user"])


def cell_of_create_slice_user(lab):
    """With create-slice = user."""
    yield from run(World(lab, create_slice="user"), [row for row in rows() if row.operation == "create_slice_user"])


if __name__ == "__main__":
    it.main(cell, cell_of_create_slice_user)
