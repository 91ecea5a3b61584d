#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Many who want the last slots at once, and a server that is killed among it: never more promised than there is, no sliver that was
acknowledged lost, no slot leaked. Who gets no answer signs anew with the same op, so each request ends known."""
import json
import os
import random
import time

import ccfed_it as it
from am_lab import AmBed, User, rspec
from ccfed_it import PATIENCE, body_of, count, expect, expect_equal, message, query_id, split_route, wait_until

ROUNDS = count("AM_ROUNDS", 12)
CLIENTS = 32
NODES, SLOTS = 4, 2
AGAIN = 3       # seconds without an answer after which a request is signed anew
AGAIN_CODES = ("busy", "timeout", "unreachable", "noroute", "stale")
KILLED = 0.4    # part of the rounds in which the server is killed


class Race:
    def __init__(self, lab):
        self.bed = AmBed(lab, nodes=NODES, slots=SLOTS, types={"fake-vm": "default"}).start()
        self.user = User(self.bed, self.bed.alice)
        self.random = random.Random(os.environ.get("CCFED_SEED") or time.time())
        self.dealer = self.bed.dealer
        self.kills = 0

    def sign(self, operation, op, fields):
        kind = f"am.{operation}"
        credentials = [{"geni_type": "geni_sfa", "geni_version": "3", "geni_value": self.user.credential}]
        body = body_of(kind, op=op, deadline=AGAIN * 1000, credentials=credentials, **{"options": {}, **fields})
        return message(kind, body, self.bed.alice.signer)

    def restart(self):
        self.bed.server.kill()
        self.kills += 1
        self.bed.server.start()
        self.bed.server.expect_clean = True

    def ask_all(self, requests, kill):
        """requests: {op: (operation, fields)}. All at once; {op: (type, body)}, each known."""
        done, waiting, end = {}, {}, time.monotonic() + PATIENCE
        while len(done) < len(requests):
            expect(time.monotonic() < end, f"no outcome of {len(requests) - len(done)} requests")
            for op, (operation, fields) in requests.items():
                if op not in done:
                    qid = query_id(AGAIN * 1000)
                    waiting[qid] = op
                    self.dealer.send([qid] + self.sign(operation, op, fields))
            if kill:
                time.sleep(self.random.uniform(0, 0.15))  # poll: a moment at random
                self.restart()
                kill = False
            self.gather(done, waiting, requests)
        return done

    def gather(self, done, waiting, requests):
        until = time.monotonic() + AGAIN
        while len(done) < len(requests) and time.monotonic() < until:
            frames = self.dealer.receive(0.2)
            if frames is None:
                continue
            route, rest = split_route(frames)
            op, kind, body = waiting.get(route[0]), rest[0].decode(), json.loads(rest[1])
            if op and not (kind == "error" and body["code"] in AGAIN_CODES):
                done.setdefault(op, (kind, body))

    def promised(self):
        return int(self.bed.sql("SELECT COALESCE(SUM(used), 0) FROM component")[0])

    def round(self, number):
        requests = {}
        for client in range(CLIENTS):
            bound = f' component_id="{self.bed.node(1)}"' if client % 8 == 0 else ""
            node = f'<node client_id="c{number}-{client}"{bound}><sliver_type name="fake-vm"/></node>'
            requests[os.urandom(16).hex()] = ("allocate", {"urn": self.user.urn, "rspec": rspec(node)})
        killed = self.random.random() < KILLED
        answers = self.ask_all(requests, killed)
        won = []
        for op, (kind, body) in answers.items():
            if kind != "error":
                won += [s["geni_sliver_urn"] for s in body["value"]["geni_slivers"]]
                continue
            bound = "component_id" in requests[op][1]["rspec"]
            expect_equal(body["geni_code"], 14 if bound else 26, f"what a loser is told ({body['msg']})")
        expect_equal(len(set(won)), NODES * SLOTS, "slivers that were acknowledged")
        there = {s["geni_sliver_urn"] for s in self.user.on("status")["geni_slivers"]}
        expect_equal(there, set(won), "slivers that are there")
        expect_equal(self.promised(), NODES * SLOTS, "slots that are promised")
        gone = self.ask_all({os.urandom(16).hex(): ("delete", {"urns": [self.user.urn]})}, killed and number % 2)
        (_, body), = gone.values()
        expect_equal(len(body.get("value", [])), NODES * SLOTS, f"deleted: {body}")
        wait_until(lambda: self.promised() == 0, "all slots to be given back")


def test_race(lab):
    race = Race(lab)
    for number in range(ROUNDS):
        race.round(number)
    print(f"# {ROUNDS} rounds of {CLIENTS} clients, {race.kills} kills", flush=True)
    race.bed.check()


if __name__ == "__main__":
    it.main(test_race)
