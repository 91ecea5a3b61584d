#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Signatures and envelopes of lib/cc/cms against the program `openssl cms`, both ways.

usage: openssl_cms.py BUILD_DIR
Prints a line for each check, "ok NAME" or "not ok NAME: why", and "done COUNT" at the end; exits with 1 when one failed.
"""
import os
import subprocess
import sys
import tempfile

BODY = b'{"req": "echo.request", "time": 1795288846.25}'
KINDS = {"ec": "p256", "rsa": "rsa2048"}
CIPHERS = {"aes256-gcm": "-aes-256-gcm", "aes128-cbc": "-aes-128-cbc", "aes256-cbc": "-aes-256-cbc"}


class Failed(Exception):
    pass


class Bench:
    """A key store in a folder of its own, our tool and theirs."""

    def __init__(self, build, folder):
        self.program = os.path.join(build, "tests", "unit", "cms-tool")
        self.folder = folder
        self.body = self.file("body", BODY)

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def cert(self, name):
        return os.path.join(self.folder, "keys", name + ".crt")

    def key(self, name):
        return os.path.join(self.folder, "keys", "private", name + ".key")

    def tool(self, command, *args, data=b"", refused=None):
        """Runs ours; refused: the name of the fault that must be the answer."""
        p = subprocess.run(
            [self.program, command, "--keystore", os.path.join(self.folder, "keys"), *args],
            input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        said = p.stderr.decode().strip()
        if (p.returncode, said) != ((1, refused) if refused else (0, "")):
            raise Failed("%s: exit %d, %s" % (command, p.returncode, said or "nothing said"))
        return p.stdout

    def openssl(self, command, *args, data=b""):
        return self.program_openssl("cms", command, "-binary", *args, data=data)

    def program_openssl(self, *args, data=b"", refused=None):
        """Runs theirs; refused: what it must say when it fails."""
        p = subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=60)
        said = p.stderr.decode()
        if (p.returncode != 0) != bool(refused) or (refused or "") not in said:
            raise Failed("openssl %s: exit %d, %s" % (args[0], p.returncode, said.split("\n")[0]))
        return p.stdout


def equal(got, wanted):
    if got != wanted:
        raise Failed("got %r" % got)


def ours_signed(b, who, attached):
    sig = b.tool("sign", "--sign", who, *["--attached"] * attached, data=BODY)
    content = [] if attached else ["-content", b.body]
    equal(b.openssl("-verify", "-inform", "DER", "-CAfile", b.cert("ca"), *content, data=sig), BODY)


def theirs_signed(b, who, options):
    sig = b.openssl("-sign", "-outform", "DER", "-signer", b.cert(who), "-inkey", b.key(who),
                    *options, data=BODY)
    for slow in ([], ["--slow"]):
        equal(b.tool("verify", "--ca", "ca", "--content", b.body, *slow, data=sig), who.encode())
        if "-nodetach" in options:
            equal(b.tool("verify", "--ca", "ca", "--attached", *slow, data=sig), BODY)


def theirs_refused(b, who, options, fault):
    sig = b.openssl("-sign", "-outform", "DER", "-signer", b.cert(who), "-inkey", b.key(who),
                    *options, data=BODY)
    b.tool("verify", "--ca", "ca", "--content", b.body, data=sig, refused=fault)


def ours_enveloped(b, who, cipher):
    env = b.tool("encrypt", "--sign", "ec", "--encrypt", who, "--cipher", cipher, data=BODY)
    equal(b.openssl("-decrypt", "-inform", "DER", "-recip", b.cert(who), "-inkey", b.key(who),
                    data=env), BODY)


def theirs_enveloped(b, who, cipher, options=()):
    env = b.openssl("-encrypt", "-outform", "DER", CIPHERS[cipher], *options, b.cert(who), data=BODY)
    equal(b.tool("decrypt", "--ca", "ca", "--decrypt", who, data=env), BODY)


def signed_and_enveloped(b, who, cipher):
    """As the bus encrypts: an attached signature inside an envelope, made by them, read by us."""
    sig = b.openssl("-sign", "-outform", "DER", "-nodetach", "-signer", b.cert(who), "-inkey",
                    b.key(who), data=BODY)
    env = b.openssl("-encrypt", "-outform", "DER", CIPHERS[cipher], b.cert(who), data=sig)
    equal(b.tool("decrypt", "--ca", "ca", "--decrypt", who, data=env), sig)
    equal(b.tool("verify", "--ca", "ca", "--attached", data=sig), BODY)


def sign_with(b, cert, key):
    return b.openssl("-sign", "-outform", "DER", "-signer", cert, "-inkey", key, data=BODY)


def strangers_signed(b, who):
    key, cert = (os.path.join(b.folder, "stranger" + end) for end in (".key", ".crt"))
    b.program_openssl("req", "-x509", "-newkey", who, "-nodes", "-subj", "/CN=stranger", "-days", "2",
                      "-keyout", key, "-out", cert, *["-pkeyopt", "ec_paramgen_curve:P-256"] * (who == "ec"))
    sig = sign_with(b, cert, key)
    for slow in ([], ["--slow"]):
        common = ["--ca", "ca", "--content", b.body, *slow]
        equal(b.tool("verify", "--gid", *common, data=sig), b"stranger")
        b.tool("verify", *common, data=sig, refused="chain")


def verify_by_crl(b, who, revoked):
    crl = os.path.join(b.folder, "keys", "ca.crl")
    b.program_openssl("verify", "-crl_check", "-CAfile", b.cert("ca"), "-CRLfile", crl, b.cert(who),
                      refused="certificate revoked" if revoked else None)
    sig = sign_with(b, b.cert(who), b.key(who))
    b.tool("verify", "--ca", "ca", "--crl", "ca", "--content", b.body, data=sig,
           refused="revoked" if revoked else None)


def ours_revoked(b):
    b.tool("issue", "--name", "gone", "--ca", "ca")
    b.tool("crl", "--ca", "ca")
    verify_by_crl(b, "gone", False)
    b.tool("crl", "--ca", "ca", "--name", "gone")
    verify_by_crl(b, "gone", True)
    verify_by_crl(b, "ec", False)


def theirs_revoked(b):
    """A CRL that `openssl ca` makes is read, and ours goes on where it ended."""
    crl = os.path.join(b.folder, "keys", "ca.crl")
    index = b.file("index.txt", b"")
    number = b.file("number", b"2a\n")
    conf = b.file("ca.cnf", ("[ca]\ndefault_ca=c\n[c]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\n"
                             % (index, number)).encode())
    common = ["ca", "-config", conf, "-cert", b.cert("ca"), "-keyfile", b.key("ca"), "-crlexts", "e"]
    with open(conf, "a", encoding="ascii") as f:
        f.write("[e]\nauthorityKeyIdentifier=keyid\n")
    b.tool("issue", "--name", "past", "--ca", "ca")
    b.tool("issue", "--name", "next", "--ca", "ca")
    b.program_openssl(*common[:-2], "-revoke", b.cert("past"))
    b.program_openssl(*common, "-gencrl", "-crldays", "3", "-out", crl)
    verify_by_crl(b, "past", True)
    verify_by_crl(b, "next", False)
    b.tool("crl", "--ca", "ca", "--name", "next")
    verify_by_crl(b, "past", True)
    verify_by_crl(b, "next", True)
    equal(b.program_openssl("crl", "-in", crl, "-noout", "-crlnumber"), b"crlNumber=0x2B\n")


def checks():
    for who in KINDS:
        for attached in (False, True):
            yield ("ours signed, %s, %s" % (who, "attached" if attached else "detached"),
                   ours_signed, who, attached)
        for options in ([], ["-nodetach"], ["-noattr"], ["-nosmimecap"], ["-md", "sha512"],
                        ["-nodetach", "-stream"]):
            yield ("theirs signed, %s, %s" % (who, " ".join(options) or "default"),
                   theirs_signed, who, options)
        for options, fault in ((["-keyid"], "form"), (["-nocerts"], "form"),
                               (["-md", "sha1"], "digest-alg")):
            yield ("theirs refused, %s, %s" % (who, " ".join(options)),
                   theirs_refused, who, options, fault)
        for cipher in CIPHERS:
            yield "ours enveloped, %s, %s" % (who, cipher), ours_enveloped, who, cipher
            yield "theirs enveloped, %s, %s" % (who, cipher), theirs_enveloped, who, cipher
            yield "signed and enveloped, %s, %s" % (who, cipher), signed_and_enveloped, who, cipher
    yield ("theirs refused, rsa, PSS", theirs_refused, "rsa", ["-keyopt", "rsa_padding_mode:pss"],
           "form")
    yield "theirs enveloped, rsa, stream", theirs_enveloped, "rsa", "aes128-cbc", ["-stream"]
    for who in ("ec", "rsa:2048"):
        yield "a stranger's, " + who, strangers_signed, who
    yield "ours revoked", ours_revoked
    yield "theirs revoked", theirs_revoked


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    count = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        b = Bench(sys.argv[1], folder)
        b.tool("ca", "--name", "ca")
        for who, kind in KINDS.items():
            b.tool("issue", "--name", who, "--ca", "ca", "--kind", kind)
        for name, check, *args in checks():
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
