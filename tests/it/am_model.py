#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The aggregate against a model of it that knows only what clients are told: calls at random by four users, with a clock that is
moved, through the front door. CCFED_SEED repeats a run.

Needs a build with -Dtest_clock=true and -Drule_switch=true, whose folder CCFED_SWITCH_BUILD names (check makes one). With a rule of
the aggregate broken the model must notice, for each of five rules."""
import datetime
import os
import pathlib
import random
import re
import ssl
import time
import xmlrpc.client

import ccfed_it as it
from am_lab import GENI3, AmBed, User, rspec
from bridge_it import Door
from ccfed_it import Failure, count, expect_equal, wait_until
from registry_clock import Clock, clock_build

STEPS = count("AM_STEPS", 3000)
NODES, SLOTS = 3, 4
TYPES = {"fake-vm": "default", "big": "slots 2, exclusive yes", "raw-pc": "whole"}
SIZES = {"fake-vm": 1, "default-vm": 1, "big": 2, "raw-pc": SLOTS}
MINUTE, DAY = 60, 86400
ALLOCATE, MOST, LEASE = 10 * MINUTE, 120 * MINUTE, 7 * DAY
FINAL = {"geni_pending_allocation": "geni_notready", "geni_configuring": "geni_ready", "geni_stopping": "geni_notready"}
ACTIONS = {"geni_start": ("geni_notready", "geni_configuring"), "geni_restart": ("geni_ready", "geni_configuring"),
           "geni_stop": ("geni_ready", "geni_stopping")}
EDGE = 20  # seconds around an expiry in which nothing is asked


class Wrong(Exception):
    """The aggregate did what the model does not allow."""


class Sliver:
    def __init__(self, urn, slice_name, client_id, component, kind, exclusive, expires):
        self.urn, self.slice, self.client_id, self.component = urn, slice_name, client_id, component
        self.kind, self.exclusive, self.expires = kind, exclusive, expires
        self.provisioned, self.state = False, "geni_pending_allocation"

    def settles(self):
        return self.provisioned and self.state in FINAL


class Model:
    def __init__(self, lab, seed):
        self.random = random.Random(seed)
        self.clock = Clock(lab)
        registry = {"credential-days": "300", "slice-days": "3000"}
        self.bed = AmBed(lab, nodes=NODES, slots=SLOTS, types=TYPES, registry=registry).start()
        self.door = Door(self.bed).start()
        carol, dave = self.bed.user("plc.site.carol"), self.bed.user("plc.site.dave")
        self.bed.slice("plc.site.s3", "plc.site.carol")
        self.bed.slice("plc.site.s4", "plc.site.dave")
        people = (("s1", self.bed.alice), ("s2", self.bed.bob), ("s3", carol), ("s4", dave))
        self.users = {name: User(self.bed, who, name) for name, who in people}
        self.proxies = {name: self.door.proxy(who, "/am/3.0") for name, who in people}
        self.slivers, self.gone, self.names, self.counts = {}, [], 0, {}
        self.nodes = {self.bed.node(n): SLOTS for n in range(1, NODES + 1)}

    # -- calls

    def credentials(self, name):
        return [{"geni_type": "geni_sfa", "geni_version": "3", "geni_value": self.users[name].credential}]

    def call(self, who, method, *arguments, options=None, credential=None):
        """(geni_code, value, output)."""
        head, tail = arguments[:1], arguments[1:]
        credentials = self.credentials(credential or who)
        words = [*head, credentials, *tail] if head else [credentials]
        for _ in range(3):
            try:
                answer = getattr(self.proxies[who], method)(*words, {**GENI3, **(options or {})})
                break
            except (ConnectionError, ssl.SSLError):
                continue  # an idle connection was closed when the clock was moved
        else:
            raise Failure(f"{method} finds no connection")
        code = answer["code"]["geni_code"]
        self.counts[method, code] = self.counts.get((method, code), 0) + 1
        return code, answer["value"], answer["output"]

    def check(self, condition, what):
        if not condition:
            raise Wrong(what)

    def expect_code(self, got, wanted, what):
        self.check(got[0] == wanted, f"{what}: {got[0]} ({got[2]}), not {wanted}")

    # -- what the model knows

    def now(self):
        return int(self.clock.now())

    def live(self, name=None):
        return [s for s in self.slivers.values() if name in (None, s.slice)]

    def pass_time(self):
        """What is over is gone; nothing is asked near an edge."""
        while True:
            now = self.now()
            if all(abs(s.expires - now) > EDGE for s in self.slivers.values()):
                break
            self.clock.forward(2 * EDGE)
        for urn in [s.urn for s in self.slivers.values() if s.expires <= now]:
            self.drop(urn)

    def drop(self, urn):
        self.gone.append((urn, self.slivers.pop(urn).slice))
        del self.gone[:-50]

    def used(self, node):
        return sum(SIZES[s.kind] for s in self.slivers.values() if s.component == node)

    def holder(self, node):
        holders = {s.slice for s in self.slivers.values() if s.component == node and s.exclusive}
        self.check(len(holders) <= 1, f"{node} is held alone by {holders}")
        return holders.pop() if holders else None

    def fits(self, node, kind, exclusive, name):
        holder = self.holder(node)
        if self.used(node) + SIZES[kind] > self.nodes[node] or holder not in (None, name):
            return False
        return not exclusive or self.used(node) == 0 or holder == name

    def date(self, seconds):
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def seconds(self, text):
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()

    def check_struct(self, got, s):
        wanted = "geni_provisioned" if s.provisioned else "geni_allocated"
        self.check(got["geni_allocation_status"] == wanted, f"{s.urn} is {got['geni_allocation_status']}, not {wanted}")
        self.check(abs(self.seconds(got["geni_expires"]) - s.expires) <= 5, f"{s.urn} ends {got['geni_expires']}, not {self.date(s.expires)}")
        state = got["geni_operational_status"]
        self.check(state in (s.state, FINAL.get(s.state) if s.settles() else None), f"{s.urn} is {state}, not {s.state}")
        self.check(got["geni_error"] == "", f"{s.urn}: {got['geni_error']}")
        s.state = state

    def settle(self, name):
        """No sliver of the slice is on its way any more."""
        def look():
            code, value, _ = self.call(name, "Status", [self.users[name].urn])
            expect_equal(code, 0, "Status")
            for got in value["geni_slivers"]:
                self.check_struct(got, self.slivers[got["geni_sliver_urn"]])
            return not any(s.settles() for s in self.live(name))
        if any(s.settles() for s in self.live(name)):
            wait_until(look, f"the slivers of {name} to settle")

    # -- steps

    def allocate(self, name):
        wants = []
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            kind = self.random.choice(("fake-vm", "fake-vm", "default-vm", "big", "raw-pc"))
            self.names += 1
            old = self.random.random() < 0.05 and self.live(name)
            client_id = self.random.choice(old).client_id if old else f"c{self.names}"
            bound = self.random.choice(list(self.nodes)) if self.random.random() < 0.3 else None
            exclusive = kind == "raw-pc" or (kind == "big" and self.random.random() < 0.5)
            wants.append((client_id, kind, exclusive, bound))
        if len({w[0] for w in wants}) != len(wants):
            return
        nodes = [f'<node client_id="{c}"{f" component_id={chr(34)}{b}{chr(34)}" if b else ""} exclusive="{str(e).lower()}">'
                 f'<sliver_type name="{k}"/></node>' for c, k, e, b in wants]
        got = self.call(name, "Allocate", self.users[name].urn, rspec(*nodes))
        taken = {s.client_id for s in self.live(name)} & {w[0] for w in wants}
        if got[0] != 0:
            self.judge_refusal(name, wants, got, taken)
            return
        self.check(not taken, f"allocated {taken} twice")
        self.take(name, wants, got[1])

    def judge_refusal(self, name, wants, got, taken):
        self.check(got[0] in (6, 14, 17, 26), f"Allocate: {got[0]} ({got[2]})")
        if got[0] == 17:
            self.check(taken, f"17 without a client_id that is taken: {got[2]}")
            return
        self.check(got[0] != 6 or len(wants) > 1, f"6 for one node: {got[2]}")
        if len(wants) == 1:
            (_, kind, exclusive, bound), = wants
            where = [bound] if bound else list(self.nodes)
            self.check(not any(self.fits(node, kind, exclusive, name) for node in where), f"{kind} ({bound}) fits, and was refused: {got[2]}")
            self.check(got[0] == (14 if bound else 26), f"refused with {got[0]}")

    def take(self, name, wants, value):
        placed = {}
        for node in re.findall(r"<node\b[^>]*>", value["geni_rspec"]):
            words = dict(re.findall(r'([\w:]+)="([^"]*)"', node))
            placed[words["client_id"]] = words
        expires = {s["geni_sliver_urn"]: self.seconds(s["geni_expires"]) for s in value["geni_slivers"]}
        self.check(set(placed) == {w[0] for w in wants} and len(expires) == len(wants), f"manifest of {set(placed)}")
        for client_id, kind, exclusive, bound in sorted(wants, key=lambda w: w[3] is None):
            words = placed[client_id]
            node = words["component_id"]
            self.check(bound in (None, node), f"{client_id} is bound to {bound} and is on {node}")
            self.check((words["exclusive"] == "true") == exclusive, f"{client_id} is exclusive: {words['exclusive']}")
            self.check(self.fits(node, kind, exclusive, name), f"{client_id} ({kind}) is on {node}, where there is no room")
            urn = words["sliver_id"]
            s = Sliver(urn, name, client_id, node, kind, exclusive, expires[urn])
            self.check(abs(s.expires - self.now() - ALLOCATE) <= 5, f"allocated until {self.date(s.expires)}")
            self.slivers[urn] = s

    def choose(self, name):
        """(urns, slivers): the slice, or some of its slivers."""
        live = self.live(name)
        if not live or self.random.random() < 0.5:
            return [self.users[name].urn], live
        some = self.random.sample(live, self.random.randint(1, len(live)))
        return [s.urn for s in some], some

    def provision(self, name):
        urns, chosen = self.choose(name)
        whole = urns == [self.users[name].urn]
        meant = [s for s in chosen if not (whole and s.provisioned)]
        best = self.random.random() < 0.3
        got = self.call(name, "Provision", urns, options={"geni_best_effort": best})
        if not meant:
            self.expect_code(got, 12, "Provision of nothing")
            return
        if not best and any(s.provisioned for s in meant):
            self.expect_code(got, 13, "Provision again")
            return
        self.expect_code(got, 0, "Provision")
        told = {s["geni_sliver_urn"]: s for s in got[1]["geni_slivers"]}
        self.check(set(told) == {s.urn for s in meant}, "Provision tells of others")
        for s in meant:
            if s.provisioned:
                self.check(told[s.urn]["geni_error"] != "", f"{s.urn} was provisioned before, and has no geni_error")
                continue
            s.provisioned, s.state, s.expires = True, "geni_pending_allocation", self.seconds(told[s.urn]["geni_expires"])
            self.check(abs(s.expires - self.now() - LEASE) <= 5, f"provisioned until {self.date(s.expires)}")

    def renew(self, name):
        urns, chosen = self.choose(name)
        wish = self.now() + self.random.choice((-100, 5 * MINUTE, 100 * MINUTE, 150 * MINUTE, 2 * DAY, 8 * DAY))
        alap, best = self.random.random() < 0.3, self.random.random() < 0.3
        got = self.call(name, "Renew", urns, self.date(wish), options={"geni_extend_alap": alap, "geni_best_effort": best})
        limits = {s.urn: self.now() + (LEASE if s.provisioned else MOST) for s in chosen}
        over = [s for s in chosen if wish > limits[s.urn]]
        if wish < self.now():
            self.expect_code(got, 19, "Renew into the past")
        elif not chosen:
            self.expect_code(got, 12, "Renew of nothing")
        elif over and not alap and not best:
            self.expect_code(got, 19, "Renew too long")
            self.check(abs(self.seconds(got[1]) - min(limits[s.urn] for s in over)) <= 5 or
                       any(abs(self.seconds(got[1]) - limits[s.urn]) <= 5 for s in over), f"hint {got[1]}")
        else:
            self.expect_code(got, 0, "Renew")
            told = {s["geni_sliver_urn"]: s for s in got[1]}
            self.check(set(told) == {s.urn for s in chosen}, "Renew tells of others")
            for s in chosen:
                if s in over and not alap:
                    self.check(told[s.urn]["geni_error"] != "", f"{s.urn}: renewed too long without geni_error")
                    continue
                s.expires = self.seconds(told[s.urn]["geni_expires"])
                self.check(abs(s.expires - min(wish, limits[s.urn])) <= 5, f"{s.urn} renewed until {self.date(s.expires)}")

    def act(self, name):
        self.settle(name)
        urns, chosen = self.choose(name)
        action = self.random.choice((*ACTIONS, "geni_dance"))
        best = self.random.random() < 0.3
        got = self.call(name, "PerformOperationalAction", urns, action, options={"geni_best_effort": best})
        if action == "geni_dance":
            self.expect_code(got, 13, "an action that there is not")
            return
        if not chosen:
            self.expect_code(got, 12, "an action on nothing")
            return
        start, after = ACTIONS[action]
        fit = [s for s in chosen if s.provisioned and s.state == start]
        if len(fit) < len(chosen) and not best:
            self.expect_code(got, 13, f"{action} in a wrong state")
            return
        self.expect_code(got, 0, action)
        for s in fit:
            s.state = after
        for told in got[1]:
            s = self.slivers[told["geni_sliver_urn"]]
            self.check((told["geni_error"] == "") == (s in fit), f"{action} of {s.urn} in {s.state}: {told['geni_error']}")

    def delete(self, name):
        urns, chosen = self.choose(name)
        got = self.call(name, "Delete", urns)
        if not chosen:
            self.expect_code(got, 12, "Delete of nothing")
            return
        self.expect_code(got, 0, "Delete")
        self.check({s["geni_sliver_urn"] for s in got[1]} == {s.urn for s in chosen}, "Delete tells of others")
        self.check({s["geni_allocation_status"] for s in got[1]} == {"geni_unallocated"}, "deleted, and not unallocated")
        for s in chosen:
            self.drop(s.urn)

    def look(self, name):
        urns, chosen = self.choose(name)
        method = self.random.choice(("Status", "Describe"))
        got = self.call(name, method, urns)
        if not chosen:
            self.expect_code(got, 12, f"{method} of nothing")
            return
        self.expect_code(got, 0, method)
        self.check(got[1]["geni_urn"] == self.users[name].urn, "geni_urn")
        self.check({s["geni_sliver_urn"] for s in got[1]["geni_slivers"]} == {s.urn for s in chosen}, f"{method} tells of others")
        for told in got[1]["geni_slivers"]:
            self.check_struct(told, self.slivers[told["geni_sliver_urn"]])
        if method == "Describe":
            ids = set(re.findall(r'sliver_id="([^"]*)"', got[1]["geni_rspec"]))
            self.check(ids == {s.urn for s in chosen}, "the manifest has others")

    def trespass(self, name):
        """With another's credential, on another's slice, on what is gone."""
        other = self.random.choice([n for n in self.users if n != name])
        method = self.random.choice(("Status", "Delete"))
        self.expect_code(self.call(name, method, [self.users[other].urn]), 22, "one's own credential for another slice")
        theirs = self.live(other)
        if theirs:
            self.expect_code(self.call(name, method, [self.random.choice(theirs).urn]), 22, "another's sliver")
        self.expect_code(self.call(name, method, [self.users[other].urn], credential=other), 22, "another's credential")
        if self.gone:
            urn, was = self.random.choice(self.gone)
            self.expect_code(self.call(was, method, [urn]), 12, "a sliver that is gone")

    def listing(self, name):
        code, value, output = self.call(name, "ListResources")
        self.check(code == 0 and value.count("<node ") == NODES, f"ListResources: {code} ({output})")

    def step(self):
        self.pass_time()
        name = self.random.choice(list(self.users))
        chance = self.random.random()
        steps = ((0.3, self.allocate), (0.42, self.provision), (0.52, self.renew), (0.66, self.act), (0.76, self.delete),
                 (0.88, self.look), (0.92, self.trespass), (0.94, self.listing))
        for limit, step in steps:
            if chance < limit:
                step(name)
                return
        self.clock.forward(self.random.choice((MINUTE, 10 * MINUTE, 100 * MINUTE, 300 * MINUTE)))

    def finish(self):
        """All is given back: the testbed can be filled to the last slot."""
        for name in self.users:
            self.pass_time()
            if self.live(name):
                self.expect_code(self.call(name, "Delete", [self.users[name].urn]), 0, "Delete at the end")
        self.slivers.clear()
        full = [f"f{n}" for n in range(NODES * SLOTS)]
        self.expect_code(self.call("s1", "Allocate", self.users["s1"].urn, rspec(*full)), 0, "all slots at the end")
        self.expect_code(self.call("s2", "Allocate", self.users["s2"].urn, rspec("x")), 26, "one more")


def run(lab, steps):
    seed = os.environ.get("CCFED_SEED") or f"{time.time()}"
    model = Model(lab, seed)
    for number in range(steps):
        try:
            model.step()
        except Wrong as why:
            raise Wrong(f"step {number}, CCFED_SEED={seed}: {why}") from None
    model.finish()
    return seed, model


def build(lab):
    clock_build(lab)
    lab.build = pathlib.Path(os.environ["CCFED_SWITCH_BUILD"]).resolve()


def test_model(lab):
    build(lab)
    seed, model = run(lab, STEPS)
    told = ", ".join(f"{method} {code}: {n}" for (method, code), n in sorted(model.counts.items()))
    print(f"# seed {seed}, {STEPS} steps: {told}", flush=True)
    model.bed.server.check_sanitizer()


def test_notices(lab, rule):
    build(lab)
    os.environ["CCFED_RULE_OFF"] = rule
    try:
        run(lab, 600)
    except Wrong as why:
        print(f"# {rule}: {why}", flush=True)
    else:
        raise Failure(f"the model did not notice that {rule} is broken")
    finally:
        del os.environ["CCFED_RULE_OFF"]


def test_notices_slots(lab):
    test_notices(lab, "am-slots")


def test_notices_lease(lab):
    test_notices(lab, "am-lease")


def test_notices_target(lab):
    test_notices(lab, "am-target")


def test_notices_state(lab):
    test_notices(lab, "am-state")


def test_notices_give(lab):
    test_notices(lab, "am-give")


if __name__ == "__main__":
    it.main(test_model, test_notices_slots, test_notices_lease, test_notices_target, test_notices_state, test_notices_give)
