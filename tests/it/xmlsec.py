#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Signatures of lib/xml against the program `xmlsec1`: the vectors' verdicts, and each program's signatures read by the other.

usage: xmlsec.py BUILD_DIR
Prints a line for each check, "ok NAME", "not ok NAME: why" or "skipped NAME: why", and "done COUNT" at the end; exits
with 1 when one failed.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DSIG + "enveloped-signature"
DIGESTS = {"sha1": DSIG + "sha1", "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
           "sha384": MORE + "sha384", "sha512": "http://www.w3.org/2001/04/xmlenc#sha512"}
KEYS = {"rsa": ["rsa:2048"], "p256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "p384": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]}

# Where ours is stricter than xmlsec1: what ours says, and why that is right.
STRICTER = {
    "hole_wrap_dupid.cred": ("xml-id", "two elements have the id that is signed: which of them is used, is a guess"),
    "bad_wrap_dupid_schema.cred": ("xml-id", "the same, in a place that the schema allows"),
}

DOCUMENT = """<?xml version="1.0" encoding="utf-8"?>
<signed xmlns:a="urn:a" xmlns="urn:d" xml:lang="en" xml:space="preserve">
<credential xml:id="ref0" b="&lt;&quot;&#9;'" a:b="\u00e9"><type>\u20ac &gt; $ &amp; &#13;</type><a:uuid/><x xmlns=""/></credential>
<credential xml:id="ref1">other</credential><signatures>%s</signatures></signed>
"""
TEMPLATE = """<Signature xmlns="%(dsig)s" xml:id="Sig_ref0"><SignedInfo>
<CanonicalizationMethod Algorithm="%(c14n)s"/><SignatureMethod Algorithm="%(method)s"/>
<Reference URI="#ref0">%(transforms)s<DigestMethod Algorithm="%(digest)s"/><DigestValue/></Reference></SignedInfo>
<SignatureValue/><KeyInfo><KeyName/>%(key_info)s</KeyInfo></Signature>"""


class Failed(Exception):
    pass


def run(*args):
    """@return exit code, standard output, standard error."""
    p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def must(*args):
    code, out, err = run(*args)
    if code != 0:
        raise Failed("%s: exit %d: %s" % (os.path.basename(args[0]), code, (out + err).strip()[:300]))
    return out


def equal(got, wanted):
    if got != wanted:
        raise Failed("got %s, not %s" % (got, wanted))


class Bench:
    def __init__(self, build, folder):
        self.tool = os.path.join(build, "tests", "unit", "xmlsig-tool")
        self.folder = folder
        self.compared = 0
        for name, kind in KEYS.items():
            must("openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-subj", "/CN=" + name, "-days", "2",
                 "-keyout", self.path(name + ".key"), "-out", self.path(name + ".crt"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def ours(self, path, *options):
        """What ours says of each signature: {xml:id: "ok" or the rule}; {"document": rule} when it is not read."""
        code, out, err = run(self.tool, "verify", *options, path)
        if code > 1 or err:
            raise Failed("xmlsig-tool: exit %d: %s" % (code, err.strip()[:300]))
        said = dict(line.split(":")[0].rsplit(" ", 1) for line in out.splitlines())
        equal(code, int(any(word != "ok" for word in said.values())))
        return said

    def theirs(self, path, node, *options):
        """Whether xmlsec1 accepts this Signature, with the key of its certificate and no other."""
        return run("xmlsec1", "--verify", "--enabled-key-data", "x509,raw-x509-cert", *(options or ["--insecure"]),
                   "--node-id", node, path)[0] == 0


def same_verdict(b, path):
    """Each signature of a document of the vectors, by both."""
    name = os.path.basename(path)
    with open(path, encoding="utf-8") as f:
        nodes = re.findall(r'<(?:\w+:)?Signature\s[^>]*xml:id="([^"]*)"', f.read())
    ours = b.ours(path)
    b.compared += len(nodes)
    if name in STRICTER:
        equal(ours, {"document": STRICTER[name][0]})
        equal(all(b.theirs(path, node) for node in nodes), True)
    elif "document" in ours:
        equal(any(b.theirs(path, node) for node in nodes), False)
    else:
        equal({node: word == "ok" for node, word in ours.items()}, {node: b.theirs(path, node) for node in nodes})


def all_compared(b):
    """The vectors are there, and their signatures were found in them."""
    if b.compared < 70:
        raise Failed("%d signatures in all" % b.compared)


def sign_by_theirs(b, who, form):
    """A document signed by xmlsec1. @return its path."""
    template = TEMPLATE % dict({"dsig": DSIG, "key_info": "<X509Data/>"}, **form)
    path = b.file("template.xml", DOCUMENT % template)
    must("xmlsec1", "--sign", "--privkey-pem", b.path(who + ".key") + "," + b.path(who + ".crt"), "--output",
         b.path("signed.xml"), path)
    return b.path("signed.xml")


def change(b, path, old, new):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if text.count(old) != 1:
        raise Failed("%d times in the document: %s" % (text.count(old), old))
    return b.file("changed.xml", text.replace(old, new))


def theirs_signed(b, who, form):
    path = sign_by_theirs(b, who, form)
    sha1 = "sha1" in form["method"] + form["digest"]
    equal(b.theirs(path, "Sig_ref0"), True)
    equal(b.ours(path), {"Sig_ref0": "ok"})
    equal(b.ours(path, "--no-sha1"), {"Sig_ref0": "sig-sha1" if sha1 else "ok"})
    path = change(b, path, "other", "changed")
    equal(b.ours(path), {"Sig_ref0": "ok"})
    path = change(b, path, "<a:uuid/>", "<a:uuid>1</a:uuid>")
    equal(b.ours(path), {"Sig_ref0": "sig-digest"})
    equal(b.theirs(path, "Sig_ref0"), False)


def theirs_refused(b, who, form, rule):
    path = sign_by_theirs(b, who, form)
    equal(b.theirs(path, "Sig_ref0"), True)
    equal(b.ours(path), {"Sig_ref0": rule})


def key_value_alone(b):
    path = sign_by_theirs(b, "rsa", dict(forms()["rsa-sha256"][1], key_info="<KeyValue/>"))
    must("xmlsec1", "--verify", "--insecure", "--node-id", "Sig_ref0", path)
    equal(b.ours(path), {"Sig_ref0": "sig-key"})


def ours_signed(b, who):
    path = b.file("plain.xml", DOCUMENT % "")
    out = must(b.tool, "sign", b.path(who + ".key"), b.path(who + ".crt"), "ref0", path)
    path = b.file("ours.xml", out)
    trusted = ["--trusted-pem", b.path(who + ".crt")]
    equal(b.ours(path, "--no-sha1"), {"Sig_ref0": "ok"})
    equal(b.theirs(path, "Sig_ref0", *trusted), True)
    equal(b.theirs(path, "Sig_ref0", "--trusted-pem", b.path("p384.crt" if who != "p384" else "rsa.crt")), False)
    path = change(b, path, "<a:uuid/>", "<a:uuid>1</a:uuid>")
    equal(b.theirs(path, "Sig_ref0", *trusted), False)
    # a second signature in the same document, as delegation makes them, leaves the first as it was
    out = must(b.tool, "sign", b.path(who + ".key"), b.path(who + ".crt"), "ref1", b.path("ours.xml"))
    path = b.file("twice.xml", out)
    equal(b.ours(path), {"Sig_ref0": "ok", "Sig_ref1": "ok"})
    equal([b.theirs(path, node, *trusted) for node in ("Sig_ref0", "Sig_ref1")], [True, True])


def transforms(*algorithms):
    return "<Transforms>%s</Transforms>" % "".join('<Transform Algorithm="%s"/>' % a for a in algorithms)


def form(method, digest, c14n=INCLUSIVE, what=transforms(ENVELOPED)):
    return {"method": method, "digest": DIGESTS[digest], "c14n": c14n, "transforms": what}


def forms():
    """{name: (key, form)} of all that the profile reads."""
    made = {"rsa-sha1": ("rsa", form(DSIG + "rsa-sha1", "sha1"))}
    for md in ("sha256", "sha384", "sha512"):
        made["rsa-" + md] = ("rsa", form(MORE + "rsa-" + md, md))
        for key in ("p256", "p384"):
            made["ecdsa-%s, %s" % (md, key)] = (key, form(MORE + "ecdsa-" + md, md))
    method = MORE + "rsa-sha256"
    made["exclusive SignedInfo"] = ("rsa", form(method, "sha256", EXCLUSIVE))
    made["exclusive element"] = ("rsa", form(method, "sha256", INCLUSIVE, transforms(ENVELOPED, EXCLUSIVE)))
    made["exclusive both"] = ("p256", form(MORE + "ecdsa-sha256", "sha256", EXCLUSIVE, transforms(EXCLUSIVE)))
    made["no transforms"] = ("rsa", form(method, "sha512", EXCLUSIVE, ""))
    return made


def refused_forms():
    """(name, key, form, rule) of what xmlsec1 signs and reads, and we do not."""
    method = MORE + "rsa-sha256"
    prefixes = '<Transforms><Transform Algorithm="%s"><InclusiveNamespaces xmlns="%s" PrefixList="a"/></Transform>' \
               "</Transforms>" % (EXCLUSIVE, EXCLUSIVE)
    xpath = '<Transforms><Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><XPath>' \
            "count(ancestor-or-self::*) &gt; 0</XPath></Transform></Transforms>"
    yield "C14N with comments", "rsa", form(method, "sha256", INCLUSIVE + "#WithComments"), "sig-method"
    yield "C14N 1.1", "rsa", form(method, "sha256", "http://www.w3.org/2006/12/xml-c14n11"), "sig-method"
    yield "C14N 1.1 of the element", "rsa", \
        form(method, "sha256", INCLUSIVE, transforms("http://www.w3.org/2006/12/xml-c14n11")), "sig-method"
    yield "prefixes of exclusive C14N", "rsa", form(method, "sha256", INCLUSIVE, prefixes), "sig-method"
    yield "XPath", "rsa", form(method, "sha256", INCLUSIVE, xpath), "sig-method"
    yield "ecdsa-sha1", "p256", form(MORE + "ecdsa-sha1", "sha256"), "sig-method"
    yield "rsa-sha224", "rsa", form(MORE + "rsa-sha224", "sha256"), "sig-method"


def checks(vectors):
    for path in vectors:
        yield "verdict of " + os.path.basename(path), same_verdict, path
    if vectors:
        yield "verdicts of all signatures", all_compared
    for name, (key, made) in forms().items():
        yield "theirs signed, " + name, theirs_signed, key, made
    for name, key, made, rule in refused_forms():
        yield "theirs refused, " + name, theirs_refused, key, made, rule
    yield "theirs refused, a KeyValue alone", key_value_alone
    for key in KEYS:
        yield "ours signed, " + key, ours_signed, key


def find_vectors():
    """Every document, but of those that were made alike for measurements only one."""
    shared = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/vectors")
    found = glob.glob(shared + "/sfa/sfa2019/*.cred") + glob.glob(shared + "/geni-am/creds/*.xml")
    return sorted(path for path in found if not re.search(r"/bench\d+\.xml$", path) or path.endswith("/bench0.xml"))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    count = failed = 0
    if not shutil.which("xmlsec1"):
        print("skipped xmlsec: no program xmlsec1\ndone 1")
        return
    vectors = find_vectors()
    if not vectors:
        print("skipped vectors: no ../shared/vectors beside the checkout")
        count += 1
    with tempfile.TemporaryDirectory() as folder:
        b = Bench(sys.argv[1], folder)
        for name, check, *args in checks(vectors):
            count += 1
            try:
                check(b, *args)
                print("ok " + name)
            except Failed as why:
                failed += 1
                print("not ok %s: %s" % (name, why))
    print("done %d" % count)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
