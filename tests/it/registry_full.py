#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A full disk under the registry's SQLite file: writes are refused, reads are answered, and it goes on when there is space."""
import os
import subprocess
import sys

import ccfed_it as it
from ccfed_it import Skip, expect, expect_equal, wait_until
from registry_it import Bed, Refused

SIZE = 3 << 20
INSIDE = "CCFED_IT_MOUNTS"  # set where this process has a mount namespace of its own
UNSHARE = ["unshare", "--mount", "--propagation", "private"]


def small_disk(lab):
    """A folder that holds little."""
    if INSIDE not in os.environ:
        raise Skip("no mount namespace of its own is allowed here (unshare -m)")
    folder = lab.folder / "small"
    folder.mkdir()
    done = lab.run("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "tmpfs", folder)
    if done.returncode:
        raise Skip(f"mount -t tmpfs: {done.stderr.strip()}")
    lab.afterwards.append(lambda: subprocess.run(["umount", "--lazy", folder], check=False))
    return folder


def fill(path):
    """Takes what is left, to the last page."""
    size = 0
    with open(path, "wb", buffering=0) as f:
        for chunk in (1 << 16, 1 << 12, 1):
            try:
                while f.write(b"x" * chunk):
                    size += chunk
            except OSError:
                pass
    expect(size > 0, "the disk was full before")


def register(bed, number):
    plc = bed.plc
    record = {"hrn": f"plc.u{number}", "type": "user", "description": "x" * 4000}
    try:
        bed.call(plc.signer, "register", record=record, credentials=[plc.credential()])
    except Refused as why:
        return why
    return None


def full_disk(lab):
    """register answers DBError, resolve still works, the server lives; after space is made it goes on."""
    folder = small_disk(lab)
    # with audit-reads, what is read is written down first, and not told where that fails
    bed = Bed(lab, store=f"sqlite:{folder / 'plc.db'}", options={"audit-reads": "no"}).start()
    expect_equal(register(bed, 0), None, "a record while there is space")
    fill(folder / "ballast")
    done = []
    # what SQLite's log has room for may still go
    for number in range(1, 400):
        why = register(bed, number)
        if why:
            break
        done.append(number)
    expect(why is not None, f"{len(done)} records on a full disk")
    expect_equal((why.fault, why.code in ("internal", "busy", "timeout")), ("DBError", True), f"{why.code} {why.msg}")
    for number in (0, *done[-3:]):
        expect_equal(bed.resolve(f"plc.u{number}")[0]["hrn"], f"plc.u{number}", "what was registered before")
    refused = register(bed, number + 1000)
    expect_equal(refused and refused.fault, "DBError", "again")
    bed.check()
    (folder / "ballast").unlink()
    wait_until(lambda: register(bed, 2000) is None, "a record after space was made")
    expect_equal(bed.resolve("plc.u2000")[0]["hrn"], "plc.u2000", "it")
    for gone in (number + 1000,):
        bed.refused("RecordNotFound", bed.plc.signer, "resolve", hrns=[f"plc.u{gone}"], credentials=[bed.plc.credential()])
    bed.check()
    bed.server.stop()
    for words in (["audit", "verify"], ["store", "check"]):
        result = lab.ccfed(*words, "--store", bed.store)
        expect_equal(result.returncode, 0, f"ccfed {' '.join(words)} ({result.stdout} {result.stderr})")


if __name__ == "__main__":
    if INSIDE not in os.environ and "--list" not in sys.argv:
        if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0:
            os.environ[INSIDE] = "yes"
            os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, *sys.argv])
    it.main(full_disk)
