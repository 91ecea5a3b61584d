#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Changed credentials: what is accepted grants what the original grants, as another program reads it."""
import concurrent.futures
import json
import shutil
import subprocess

import ccfed_it as it
from ccfed_it import Skip, expect, expect_equal

# all that a credential says, of every level: the elements of the document itself, wherever they are looked for by name
GRANT = ("/signed-credential/credential/*[not(self::parent)]"
         "|/signed-credential/credential//parent/credential/*[not(self::parent)]")
SEED = 20081103


def grant_of(path):
    done = subprocess.run(["xmllint", "--nonet", "--xpath", GRANT, path], capture_output=True, timeout=60, check=False)
    return done.stdout if done.returncode == 0 else done.stderr


def mutants(lab):
    """Deleted, doubled, moved, exchanged and changed elements, attributes, texts and octets of twenty credentials."""
    if not shutil.which("xmllint"):
        raise Skip("xmllint is not installed")
    count = it.count("TRUST_MUTANTS", 4000)
    done = lab.run(lab.build / "tests" / "unit" / "trust-mutants", count, SEED, lab.folder, seconds=3000)
    expect_equal(done.returncode, 0, f"exit code ({done.stderr[-2000:]})")
    said = json.loads(done.stdout)
    print(f"# {done.stdout.strip()}", flush=True)
    expect_equal((said["mutants"], said["errors"]), (count, 0), "mutants, and errors that are no refusals")
    expect(min(said["well_formed"], said["reached"]) >= 0.3 * count, "under 30 % are well-formed and reach the signature")
    index = [line.split() for line in (lab.folder / "index").read_text().splitlines()]
    expect_equal(len(index), said["accepted"], "accepted mutants written")
    expect(index, "no mutant at all was accepted: nothing was compared")
    originals = {base: grant_of(lab.folder / f"base-{base}.xml") for _, base in index}
    expect(all(b"<privileges>" in grant and b"<owner_gid>" in grant for grant in originals.values()),
           "xmllint reads no grant in an original")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        grants = pool.map(grant_of, (lab.folder / f"accepted-{n}.xml" for n, _ in index))
        for (n, base), grant in zip(index, grants):
            expect(grant == originals[base], f"accepted mutant {n} of credential {base} reads {grant[:2000]!r}")


if __name__ == "__main__":
    it.main(mutants)
