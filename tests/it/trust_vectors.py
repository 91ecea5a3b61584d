#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Documents recorded from the Python SFA, Geniwrapper and gcf: each gets the verdict and the rule that it should."""
import json
import shutil

import ccfed_it as it
from ccfed_it import SOURCE, Failure, Skip, expect, expect_equal

RECORDED = SOURCE.parent / "shared" / "vectors"
FOLDERS = ("sfa/sfa2019", "sfa/geni2008", "geni-am")
COUNTS = {"sfa2019": 49, "geni2008": 26, "geni-am": 56}

# why each is refused; what asks gcf's vectors for a privilege besides is refused alike
RULES = {
    "sfa2019": {
        "chain-namespace": "bad_prefix_sibling.gid bad_nonprefix.gid hole_same_hrn_user.gid",
        "chain-ca": "bad_user_signs.gid",
        "cert-expired": "bad_expired.gid",
        "cert-not-yet": "hole_notyet.gid",
        "chain-root": "bad_missing_parent.gid bad_untrusted_root.gid",
        "chain-signature": "bad_wrong_parent.gid hole_peer_root_splice.gid hole_peer_root_user.cred",
        "root-namespace": "bad_peer_root_direct.gid",
        "delegate-allowed": "bad_delegate_nobit.cred",
        "delegate-rights": "bad_delegate_morerights.cred",
        "delegate-expiry": "bad_delegate_longer.cred",
        "delegate-signer": "bad_delegate_notowner.cred",
        "delegate-target": "bad_delegate_othertarget.cred",
        "cred-expired": "bad_expired.cred",
        "cred-issuer": "bad_sibling_signer.cred bad_user_signer.cred bad_peer_root_signer.cred",
        "sig-digest": "bad_tampered_priv.cred",
        "cred-owner": "bad_tampered_owner.cred",
        "sig-missing": "bad_unsigned.cred",
        "sig-value": "hole_keyvalue_first.cred bad_keyvalue_last.cred",
        "xml-element": "bad_wrap_extensions.cred bad_wrap_second.cred bad_wrap_second_schema.cred",
        "sig-form": "bad_wrap_object.cred",
        "xml-id": "bad_wrap_dupid_schema.cred hole_wrap_dupid.cred",
    },
    "geni2008": {
        "chain-namespace": "bad_nonprefix.gid hole_prefix_sibling.gid",
        "chain-signature": "hole_wrong_parent.gid hole_forged.cred hole_forged.ticket",
        "chain-root": "bad_forged_all.gid bad_missing_parent.gid",
        "chain-authority": "hole_user_signs.gid",
        "cert-expired": "hole_expired.gid",
        "delegate-allowed": "bad_delegate_nobit.cred",
        "delegate-rights": "bad_delegate_morerights.cred",
        "cred-expired": "hole_expired.cred",
        "delegate-target": "hole_delegate_othertarget.cred",
    },
    "geni-am": {
        "rights-operation": "alice-user alice-slice-infoonly dave-delegated2",
        "cred-expired": "alice-slice-expired",
        "delegate-expiry": "bad-deleg-later-exp",
        "delegate-allowed": "bad-deleg-notallowed",
        "delegate-rights": "bad-deleg-superset",
        "delegate-signer": "bad-deleg-wrongsigner",
        "delegate-target": "bad-deleg-othertarget",
        "cred-issuer": "bad-selfsigned-by-owner bad-signed-by-subauth",
        "chain-root": "bad-signed-by-rogue certs/mallory-cert.pem",
        "sig-digest": "bad-tampered-expires bad-tampered-priv",
        "sig-missing": "bad-nosig",
        "xml-form": "bad-malformed",
        "xml-element": "bad-wrapped-forged-first",
        "chain-namespace": "certs/eve-outofns-cert.pem",
        "chain-ca": "certs/zed-nonca-cert.pem",
        "caller-key": "alice-slice",  # by mallory, who has a key of his own under alice's name
        "speaks-user": "carol-speaksfor-portal:",
        "speaks-tool": "carol-speaksfor-portal:",
    },
}


def folders():
    there = [RECORDED / name for name in FOLDERS]
    if not all(path.is_dir() for path in there):
        raise Skip("no ../shared/vectors beside the checkout")
    return there


def problem_of(row):
    folder, _, name = row["vector"].partition("/")
    if not row["good"]:
        return Failure(f"expected {row['expected']}, got {row['got']}: {row['rule']}: {row['reason']}")
    if row["got"] == "refuse" and name.split()[0] not in RULES[folder].get(row["rule"], "").split():
        return Failure(f"refused by {row['rule']} ({row['reason']})")
    return None


def verdicts(lab):
    """Every recorded document, its verdict and its rule."""
    done = lab.ccfed("cred", "vectors", "--json", *folders())
    expect_equal((done.returncode, done.stderr), (0, ""), "exit code and words of ccfed cred vectors")
    rows = json.loads(done.stdout)
    for row in rows:
        yield row["vector"].replace(" ", "-"), problem_of(row)
    for folder, count in COUNTS.items():
        there = [row for row in rows if row["vector"].startswith(folder + "/")]
        expect_equal(len(there), count, f"vectors of {folder}")
    for folder, rules in RULES.items():
        seen = {row["rule"] for row in rows if row["vector"].startswith(folder + "/")} - {"-"}
        expect_equal(seen, set(rules), f"rules that refused in {folder}")


def table(lab):
    """For people: a row for each, and at the end how many are wrong."""
    done = lab.ccfed("cred", "vectors", *folders())
    lines = done.stdout.splitlines()
    expect_equal(lines[0].split(), ["VECTOR", "EXPECTED", "GOT", "IS", "RULE", "REASON"], "heading")
    expect_equal(lines[-1], f"{sum(COUNTS.values())} vectors, 0 wrong", "last line")
    expect_equal(len(lines), sum(COUNTS.values()) + 2, "lines")
    print("\n".join(f"# {line}" for line in lines), flush=True)


def changed_copy(lab, old, new):
    """The vectors of sfa2019 with another index."""
    copy = lab.folder / "copy"
    shutil.copytree(folders()[0], copy, symlinks=True)
    index = copy / "index.json"
    text = index.read_text()
    expect(old in text, f"index.json of sfa2019 has no {old}")
    index.write_text(text.replace(old, new, 1))
    return copy


def wrong_verdict(lab):
    """An expectation that does not come true is told."""
    done = lab.ccfed("cred", "vectors", changed_copy(lab, '"should": "accept"', '"should": "reject"'))
    expect_equal(done.returncode, 1, "exit code")
    lines = done.stdout.splitlines()
    expect_equal(lines[-1], "49 vectors, 1 wrong", "last line")
    expect_equal([line.split()[:4] for line in lines if "WRONG" in line], [["copy/plc.gid", "refuse", "accept", "WRONG"]],
                 "wrong rows")


def unusable(lab):
    """What is no folder of vectors is no success."""
    changes = {
        '"file": "plc.gid"': ('"file": "gone.gid"', "cannot open"),
        '"kind": "gid"': ('"kind": "gif"', "has no known kind"),
        '"generated": "2026': ('"generated": "someday', "has no date"),
    }
    for old, (new, words) in changes.items():
        done = lab.ccfed("cred", "vectors", changed_copy(lab, old, new))
        shutil.rmtree(lab.folder / "copy")
        expect(done.returncode == 2 and words in done.stderr, f"{new}: exit code {done.returncode}, {done.stderr!r}")
    done = lab.ccfed("cred", "vectors", lab.folder)
    expect(done.returncode == 2 and "verdicts.json" in done.stderr, f"an empty folder: {done.returncode}, {done.stderr!r}")


if __name__ == "__main__":
    it.main(verdicts, table, wrong_verdict, unusable)
