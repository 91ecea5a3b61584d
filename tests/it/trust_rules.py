#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Each rule of trust is real: a document that exactly this rule refuses, and that gets further when it is switched off.

The second half needs a build with -Drule_switch=true, whose folder CCFED_SWITCH_BUILD names. In every other build the
environment switches nothing off: CCFED_PLAIN_BUILD names one, else it is the build that is tested.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess

import ccfed_it as it
from ccfed_it import SANITIZER, Failure, Skip, expect, expect_equal

SWITCH = "CCFED_RULE_OFF"


class Attacks:
    """The documents of tests/unit/trust-maker."""

    def __init__(self, lab):
        self.folder = lab.folder / "attacks"
        self.folder.mkdir()
        done = lab.run(lab.build / "tests" / "unit" / "trust-maker", self.folder)
        expect_equal(done.returncode, 0, f"trust-maker ({done.stderr})")
        index = json.loads((self.folder / "index.json").read_text())
        self.rules, self.rows = index["rules"], index["rows"]

    def judge(self, cli, row, off=None):
        """(verdict, reason): "accepted", or the rule that refuses."""
        environment = {name: value for name, value in os.environ.items() if name != SWITCH}
        if off:
            environment[SWITCH] = off
        done = subprocess.run([cli, row["kind"], "verify", "--json", *row["options"].split(), row["file"]], cwd=self.folder,
                              env=environment, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode not in (0, 1) or done.stderr or SANITIZER.search(done.stderr):
            return f"exit code {done.returncode}", done.stderr[-500:]
        said = json.loads(done.stdout)
        if said["valid"] != (done.returncode == 0):
            return f"exit code {done.returncode}", "and the JSON says otherwise"
        return ("accepted", "") if said["valid"] else (said["rule"], said["reason"])

    def judge_all(self, cli, rows, switched):
        """The same of many at a time, each with its rule switched off or not."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda row: self.judge(cli, row, row["rule"] if switched else None), rows))


def name_of(row):
    return f"{row['rule']}-{row['name']}"


def refused(lab):
    """Every rule refuses a document of its own, and says why; good documents are accepted."""
    attacks = Attacks(lab)
    for row, (got, reason) in zip(attacks.rows, attacks.judge_all(lab.cli, attacks.rows, False)):
        wanted = "accepted" if row["rule"] == "none" else row["rule"]
        yield name_of(row), None if got == wanted else Failure(f"{got} ({reason}), not {wanted}")
        expect(got == "accepted" or reason, f"{row['file']}: {got} without a reason")
    tried = {row["rule"] for row in attacks.rows}
    expect_equal([rule for rule in attacks.rules if rule not in tried], [], "rules without an attack")
    expect(len([row for row in attacks.rows if row["rule"] == "none"]) >= 10, "few good documents")


def rule_build():
    folder = os.environ.get("CCFED_SWITCH_BUILD")
    if not folder:
        raise Skip("CCFED_SWITCH_BUILD names no build with -Drule_switch=true")
    cli = pathlib.Path(folder).resolve() / "cli" / "ccfed"
    expect(cli.exists(), f"{cli} is not there")
    return cli


def result_of(row, on, off):
    """What a row of the table says, and the problem if there is one."""
    if on != row["rule"]:
        return f"{on} refuses first", Failure(f"with the rule {on}, not {row['rule']}")
    if off != row["then"]:
        return f"off: {off}", Failure(f"without the rule {off}, not {row['then']}")
    if off == "accepted":
        return "real: without it the document is accepted", None
    return f"real: without it {off} refuses", None


def switched(lab):
    """The table rule, test, result: with the rule off its document is accepted, or meets the rule behind it."""
    cli = rule_build()
    attacks = Attacks(lab)
    rows = [row for row in attacks.rows if row["rule"] != "none"]
    with_rule, without = attacks.judge_all(cli, rows, False), attacks.judge_all(cli, rows, True)
    real = collections.Counter()
    print(f"#     {'RULE':18} {'TEST':24} RESULT", flush=True)
    for row, (on, _), (off, _) in zip(rows, with_rule, without):
        said, problem = result_of(row, on, off)
        real[row["rule"]] += problem is None
        number = attacks.rules.index(row["rule"]) + 1
        print(f"# {number:3} {row['rule']:18} {row['name']:24} {said}", flush=True)
        yield name_of(row), problem
    unreal = [rule for rule in attacks.rules if not real[rule]]
    print(f"# {len(attacks.rules)} rules, {len(unreal)} without a test that fails when they are off", flush=True)
    expect_equal(unreal, [], "rules that no test needs")


def not_in_other_builds(lab):
    """What is built for use knows no switch."""
    if "CCFED_PLAIN_BUILD" in os.environ:
        lab.cli = pathlib.Path(os.environ["CCFED_PLAIN_BUILD"]).resolve() / "cli" / "ccfed"
    attacks = Attacks(lab)
    expect(SWITCH.encode() not in lab.cli.read_bytes(), f"{lab.cli} holds {SWITCH}")
    rows = [row for row in attacks.rows if row["rule"] in ("sig-value", "chain-signature", "caller-key")]
    for row, (got, _) in zip(rows, attacks.judge_all(lab.cli, rows, True)):
        expect_equal(got, row["rule"], f"{row['file']} with {SWITCH}={row['rule']}")


if __name__ == "__main__":
    it.main(refused, switched, not_in_other_builds)
