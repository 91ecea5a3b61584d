#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the seeds of fuzz-cred and fuzz-speaksfor: templates as tests/fuzz/template.h has them.

usage: make-cred-seeds.py
"""
import pathlib

OUT = pathlib.Path(__file__).resolve().parent / "fuzz"
MONTH = "2027-02-14T08:00:00Z"
RIGHTS = "refresh:true embed:1 bind:true control:true info:true"


def privileges(rights):
    pairs = [r.split(":") for r in rights.split()]
    return "<privileges>" + "".join(
        f"<privilege><name>{n}</name><can_delegate>{d}</can_delegate></privilege>" for n, d in pairs) + "</privileges>"


def level(ref, owner="a", target="1", rights=RIGHTS, parent=None, rest="", expires=MONTH, content=None, kind="privilege",
          target_urn=None):
    parent = f"<parent>{parent}</parent>" if parent else ""
    return (f'<credential xml:id="{ref}"><type>{kind}</type><serial>8</serial><owner_gid>@g{owner}</owner_gid>'
            f"<owner_urn>@u{owner}</owner_urn><target_gid>@g{target}</target_gid>"
            f"<target_urn>{target_urn or '@u' + target}</target_urn><uuid/><expires>{expires}</expires>"
            f"{content or privileges(rights)}{rest}{parent}</credential>")


def document(signers, outer, declared="", signatures="<signatures/>"):
    return (f"{signers}\n<signed-credential{declared}>{outer}{signatures}</signed-credential>").encode()


def nested(count, owners="ab"):
    inner = None
    for i in range(count):
        inner = level(f"ref{i}", owner=owners[i % len(owners)], parent=inner)
    return inner


XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="c.xsd"'
CREDS = {
    "slice": document("s", level("ref0")),
    "by-root": document("p", level("ref0"), XSI),
    "by-sibling": document("x", level("ref0")),
    "by-below": document("l", level("ref0")),
    "by-owner": document("a", level("ref0")),
    "by-other-root": document("o", level("ref0", owner="m")),
    "self": document("s", level("ref0", target="s", rights="*:0")),
    "user": document("s", level("ref0", target="a", rights="*:1 sa:0")),
    "node": document("s", level("ref0", target="n", rights="operator:1 control:1")),
    "owner-urn": document("s", level("ref0").replace("<owner_urn>@ua", "<owner_urn>@ub")),
    "target-urn": document("s", level("ref0", target_urn="@u2")),
    "no-urns": document("s", level("ref0").replace("<owner_urn>@ua</owner_urn>", "").replace("@u1", "")),
    "expired": document("s", level("ref0", expires="2026-02-14T08:00:00+01:00")),
    "unsigned": document("-", level("ref0")),
    "delegated": document("sa", nested(2)),
    "delegated-twice": document("sab", nested(3)),
    "delegated-eight": document("sabababab", nested(9)),
    "delegated-nine": document("sababababa", nested(10)),
    "delegated-by-other": document("se", nested(2)),
    "delegated-target": document("sa", level("ref1", owner="b", target="2", parent=level("ref0"))),
    "delegated-longer": document("sa", level("ref1", owner="b", expires="2028-01-01T00:00:00Z", parent=level("ref0"))),
    "delegated-more": document("sa", level("ref1", owner="b", rights="info:1 sa:1", parent=level("ref0"))),
    "delegated-not": document("sa", level("ref1", owner="b", rights="info:1", parent=level("ref0", rights="*:0"))),
    "delegated-star": document("sa", level("ref1", owner="b", rights="embed:0", parent=level("ref0", rights="*:1"))),
    "extension": document("s", level("ref0", rest='<extensions a="b">x<y xmlns="urn:y"><z/></y></extensions>')),
    "wrapped": document("-s", level("ref1", owner="e", rest="<extensions>" + level("ref0") + "</extensions>")),
    "second": document("s-", level("ref1", owner="e") + level("ref0")),
    "same-id": document("sa", level("ref0", owner="b", parent=level("ref0"))),
    "ticket": document("s", level("ref0", kind="ticket", content="<ticket><can_delegate>0</can_delegate></ticket>")),
    "signature": document("s", level("ref0"), signatures='<signatures><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"'
                          ' xml:id="Sig_ref0"><SignedInfo/></Signature></signatures>'),
    "namespaces": document("sa", nested(2), ' xmlns:a="urn:a" xmlns:b="urn:b"'),
    "pem": b"s\n@ga",
}


def statement(signers, user="a", tool="t", head=None, tail=None, version="1.1", expires=MONTH, kind="abac"):
    def principal(who):
        return f"<ABACprincipal><keyid>@k{who}</keyid><mnemonic>@u{who}</mnemonic></ABACprincipal>"
    head = head or principal(user) + f"<role>speaks_for_@k{user}</role>"
    tail = tail or f"<tail>{principal(tool)}</tail>"
    return document(signers, '<credential xml:id="ref0"><type>' + kind + "</type><serial>8</serial><owner_gid/><owner_urn/>"
                    f"<target_gid/><target_urn/><uuid/><expires>{expires}</expires><abac><rt0><version>{version}</version>"
                    f"<head>{head}</head>{tail}</rt0></abac></credential>")


def tail(*who):
    return "<tail>" + "".join(f"<ABACprincipal><keyid>@k{w}</keyid></ABACprincipal>" for w in who) + "</tail>"


STATEMENTS = {
    "good": statement("ata"),
    "other-tool": statement("ana"),
    "other-user": statement("atb"),
    "other-signer": statement("bta"),
    "by-slice": statement("1t1", user="1"),
    "foreign": statement("mtm", user="m"),
    "two-tails": statement("ata", tail=tail("t") + tail("n")),
    "two-principals": statement("ata", tail=tail("t", "n")),
    "no-role": statement("ata", head="<ABACprincipal><keyid>@ka</keyid></ABACprincipal>"),
    "other-role": statement("ata", head="<ABACprincipal><keyid>@ka</keyid></ABACprincipal><role>friend_of_@ka</role>"),
    "version": statement("ata", version="1.0"),
    "expired": statement("ata", expires="2026-02-14T08:00:00Z"),
    "kind": statement("ata", kind="privilege"),
    "unsigned": statement("-ta"),
    "credential": document("sta", level("ref0")),
}

for name, seeds in (("cred", CREDS), ("speaksfor", STATEMENTS)):
    (OUT / name).mkdir(exist_ok=True)
    for seed, text in seeds.items():
        (OUT / name / seed).write_bytes(text)
