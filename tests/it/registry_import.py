#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Import, export and nuke of records, beside a running registry."""
import json
import os
import signal
import subprocess

import ccfed_it
from ccfed_it import expect, expect_equal, wait_until, die_with_parent
from registry_it import Bed, Principal


def bed(lab, **options):
    return Bed(lab, **options).start()


def write_lines(path, lines):
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def run_import(b, path, rc=0):
    done = b.lab.ccfed("registry", "import", "--store", b.store, "--hrn", "plc", path)
    expect_equal(done.returncode, rc, f"import ({done.stdout.strip()} {done.stderr.strip()})")
    return done


def plc_lines(b, person):
    return [
        {"type": "site", "login_base": "princeton", "name": "Princeton University", "site_id": 7, "url": "https://x.example"},
        {"type": "person", "site": "princeton", "first_name": "Ann Marie", "last_name": "O'Neill", "email": "ann@example.net",
         "keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGh0dHBzOi8vZXhhbXBsZS5uZXQvAAAAAAAAAAAA ann", person.ssh_key()],
         "roles": ["pi", "tech"], "person_id": 3},
        {"type": "node", "site": "princeton", "hostname": "planetlab-1.cs.example.net", "node_id": 5},
        {"type": "slice", "name": "princeton_codeen", "persons": ["ann@example.net"], "slice_id": 9,
         "attributes": [{"name": "vref", "value": "f33"}]},
    ]


def sites_persons_nodes_slices(lab):
    """What a PLC has comes in with cleaned names; GIDs, and an authority's key, are made at first use."""
    b = bed(lab)
    ann = Principal(b, "plc.princeton.O_Neill_Ann_Marie")
    run_import(b, write_lines(lab.folder / "plc.jsonl", plc_lines(b, ann)))
    expect(not (b.authorities / "plc" / "princeton").exists(), "the site has a key before it was needed")
    ann.use_gid(b.resolve("plc.princeton.o_neill_ann_marie")[0]["gid"])
    record = ann.call("resolve", hrns=[ann.hrn], credentials=[ann.credential()], options={"details": True})[0]
    expect_equal((record["email"], record["reg-pi-authorities"], record["reg-slices"], record["pointer"], record["first_name"]),
                 ("ann@example.net", ["plc.princeton"], ["plc.princeton.codeen"], 3, "Ann Marie"), "the person")
    expect_equal(record["pl_info"]["person_id"], 3, "pl_info")
    expect("signed-credential" in ann.credential_on("slice", "plc.princeton.codeen"), "a credential on the slice")
    expect("signed-credential" in ann.credential_on("authority", "plc.princeton"), "a credential on the site")
    node = b.resolve("plc.princeton.planetlab-1_cs_example_net")[0]
    expect_equal((node["type"], node["hostname"], node["pointer"]), ("node", "planetlab-1.cs.example.net", 5), "the node")


def collisions_are_told(lab):
    """Two names, or two keys, that are one: the second is told and left out, or comes without the key."""
    b = bed(lab)
    ann = Principal(b, "plc.s.x_ann")
    lines = [{"type": "site", "login_base": "s"},
             {"type": "person", "site": "s", "first_name": "ann", "last_name": "x", "email": "a@x", "keys": [ann.ssh_key()]},
             {"type": "person", "site": "s", "first_name": "ann", "last_name": "x", "email": "b@x"},
             {"type": "person", "site": "s", "first_name": "bob", "last_name": "x", "email": "c@x", "keys": [ann.ssh_key()]},
             {"type": "slice", "name": "s_a.b"}, {"type": "slice", "name": "s_a b"},
             {"type": "slice", "name": "nowhere_x"}, {"type": "slice", "name": "s_c", "persons": ["nobody@x"]},
             "{broken", {"type": "gizmo"}, ""]
    said = run_import(b, write_lines(lab.folder / "plc.jsonl", lines), rc=1)
    told = {line.split(":")[0]: line for line in said.stderr.splitlines() if line.startswith("line ")}
    expect_equal(sorted(told), sorted(f"line {n}" for n in (3, 4, 6, 7, 8, 9, 10)), "lines that were told")
    for number, word in ((3, "collision"), (4, "without its key"), (6, "collision"), (7, "not taken"), (8, "in part"), (9, "not taken")):
        expect(word in told[f"line {number}"], told[f"line {number}"])
    expect("11 lines, 5 records, 7 problems" in said.stdout, said.stdout)
    expect_equal(b.resolve("plc.s.x_ann")[0]["email"], "a@x", "who came first")


def broken_off_and_gone_on_with(lab):
    """kill -9 in the middle: the next run ends the work, nothing is there twice."""
    b = bed(lab)
    count = 6000
    path = write_lines(lab.folder / "plc.jsonl",
                       [{"type": "site", "login_base": "s"}] +
                       [{"type": "person", "site": "s", "first_name": f"f{i}", "last_name": "l", "email": f"{i}@x"} for i in range(count)])
    first = subprocess.Popen([lab.cli, "registry", "import", "--store", b.store, "--hrn", "plc", path], preexec_fn=die_with_parent,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: first.poll() is not None or len(listed(b, "plc.s")) > 500, "some records to be there")
    first.send_signal(signal.SIGKILL)
    first.wait()
    done = run_import(b, path)
    expect(f"{count + 1} lines, {count + 1} records, 0 problems" in done.stdout, done.stdout)
    names = [r["hrn"] for r in listed(b, "plc.s")]
    expect_equal(len(names), count, "records")
    expect_equal(len(set(names)), count, "names")
    expect(f"{count + 1} lines, {count + 1} records" in run_import(b, path).stdout, "a third run does nothing")


def listed(b, hrn):
    found, after = [], ""
    while True:
        kind, body = b.ask(b.plc.signer, "list", hrn=hrn, credentials=[b.plc.credential()], options={"after": after})
        if kind == "error":
            return found
        found += body["value"]
        after = body.get("next")
        if not after:
            return found


def export_and_back(lab):
    """What export writes, import takes; the records are the same."""
    b = bed(lab)
    b.authority("plc.site")
    alice = b.user("plc.site.alice", phone="1")
    b.slice("plc.site.sl1", "plc.site.alice", attributes=[{"name": "vref", "value": "f33"}])
    out = lab.folder / "out.jsonl"
    expect_equal(lab.ccfed("registry", "export", "--store", b.store, "--out", out).returncode, 0, "export")
    before = {r["hrn"]: r for r in map(json.loads, out.read_text().splitlines())}
    expect_equal(sorted(before), ["plc", "plc.site", "plc.site.alice", "plc.site.sl1"], "names")
    denied = lab.run("sh", "-c", f"echo no | {lab.cli} registry nuke --store '{b.store}' --hrn plc")
    expect_equal(denied.returncode, 1, "nuke without the word")
    expect_equal(lab.ccfed("registry", "nuke", "--store", b.store, "--hrn", "plc", "--yes").stdout, "3 records removed\n", "nuke")
    b.refused("Forbidden", alice.signer, "resolve", hrns="plc", credentials=[])
    expect_equal([r["hrn"] for r in listed(b, "plc")], [], "after nuke")
    lines = [line for line in out.read_text().splitlines() if json.loads(line)["hrn"] != "plc"]
    run_import(b, write_lines(lab.folder / "back.jsonl", lines))
    again = lab.folder / "again.jsonl"
    lab.ccfed("registry", "export", "--store", b.store, "--out", again)
    for line in again.read_text().splitlines():
        record = json.loads(line)
        old = before[record["hrn"]]
        for key in ("record_id", "date_created", "last_updated"):
            record.pop(key), old.pop(key)
        expect_equal(record, old, record["hrn"])
    alice.own = None
    expect("signed-credential" in alice.credential_on("slice", "plc.site.sl1"), "she may again")


if __name__ == "__main__":
    ccfed_it.main(sites_persons_nodes_slices, collisions_are_told, broken_off_and_gone_on_with, export_and_back)
