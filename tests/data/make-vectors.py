#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Makes tests/data/vectors: messages of our own with the verdict that each reader must give, and why.

Everything is made by the program `openssl`; keys and certificates are test data and nothing else. The result is
committed, because signatures differ at each run: run this again only to change the set.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors")
KEYS = os.path.join(OUT, "keys")
ID = "00112233445566778899aabbccddeeff"
VERIFY, RSA, EC = "verify(ca)", "decrypt(rsarcpt)+verify(ca)", "decrypt(ecrcpt)+verify(ca)"
CLEAR = {"accept": False, "reason": "clear"}
ENCRYPTED = {"accept": False, "reason": "encrypted"}
vectors = []


def openssl(*args, data=None):
    done = subprocess.run(["openssl", *args], input=data, capture_output=True, check=False)
    if done.returncode:
        sys.exit("openssl %s: %s" % (" ".join(args), done.stderr.decode()))
    return done.stdout


def crt(name):
    return os.path.join(KEYS, name + ".crt")


def key(name):
    return os.path.join(KEYS, "private", name + ".key")


def make_key(name, kind):
    if kind.startswith("rsa"):
        args = ["RSA", "-pkeyopt", "rsa_keygen_bits:" + kind[3:]]
    else:
        args = ["EC", "-pkeyopt", "ec_paramgen_curve:" + kind]
    openssl("genpkey", "-algorithm", *args, "-out", key(name))


def make_cert(name, kind, cn, issuer=None, extensions="basicConstraints=CA:FALSE", days=("-days", "36500")):
    make_key(name, kind)
    with tempfile.NamedTemporaryFile("w", suffix=".cnf") as cnf:
        cnf.write("[req]\ndistinguished_name=dn\n[dn]\n[ext]\n" + extensions + "\n")
        cnf.flush()
        args = ["req", "-new", "-x509", "-key", key(name), "-subj", "/CN=" + cn, "-config", cnf.name,
                "-extensions", "ext", "-out", crt(name), "-sha256"]
        if issuer:
            args += ["-CA", crt(issuer), "-CAkey", key(issuer)]
        openssl(*args, *days)


def make_keys():
    ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign"
    make_cert("ca", "P-256", "Vector CA", extensions=ca)
    make_cert("sub", "P-256", "Vector Sub CA", "ca", ca)
    make_cert("otherca", "P-256", "Vector CA", extensions=ca)
    urn = "basicConstraints=CA:FALSE\nsubjectAltName=URI:urn:publicid:IDN+ccfed.test+cc+p256"
    make_cert("p256", "P-256", "P-256 signer", "ca", urn)
    make_cert("p384", "P-384", "P-384 signer", "ca")
    make_cert("rsa", "rsa2048", "RSA signer", "ca")
    make_cert("rsarcpt", "rsa2048", "RSA recipient", "ca")
    make_cert("ecrcpt", "P-256", "EC recipient", "ca")
    make_cert("below", "P-256", "Signer below the sub CA", "sub")
    make_cert("other", "P-256", "P-256 signer", "otherca")
    make_cert("weak", "rsa1024", "Weak signer", "ca")
    make_cert("twourns", "P-256", "Two names", "ca", "subjectAltName=URI:urn:publicid:IDN+ccfed.test+cc+a,"
              "URI:urn:publicid:IDN+ccfed.test+cc+b")
    make_cert("tls", "P-256", "TLS only", "ca", "extendedKeyUsage=serverAuth,clientAuth")
    openssl_expired()


def openssl_expired():
    """A certificate whose time is over: `openssl ca` alone sets both dates."""
    make_key("expired", "P-256")
    with tempfile.TemporaryDirectory() as d:
        csr, cnf = os.path.join(d, "csr"), os.path.join(d, "cnf")
        openssl("req", "-new", "-key", key("expired"), "-subj", "/CN=Expired signer", "-out", csr)
        with open(cnf, "w") as f:
            f.write("[ca]\ndefault_ca=c\n[c]\ndatabase=%s/db\nserial=%s/serial\nnew_certs_dir=%s\npolicy=p\n"
                    "default_md=sha256\n[p]\ncommonName=supplied\n" % (d, d, d))
        open(os.path.join(d, "db"), "w").close()
        with open(os.path.join(d, "serial"), "w") as f:
            f.write("1234567890\n")
        openssl("ca", "-batch", "-config", cnf, "-cert", crt("ca"), "-keyfile", key("ca"), "-in", csr, "-notext",
                "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-out", crt("expired"))


def body(req="echo.request", blob=None, kind="SHA-256", **more):
    keys = {"req": req, "time": 1700000000.5, "hostname": "vector.ccfed.test", "blob_hash": "", "id": ID,
            "target": "tcp://127.0.0.1:22632"}
    if blob is not None:
        keys["blob_hash"] = kind + ":" + hashlib.new(kind.replace("-", "").lower(), blob).hexdigest()
    keys.update(more)
    return json.dumps({k: v for k, v in keys.items() if v is not None}).encode()


def sign(data, *names, options=(), detached=True):
    args = ["cms", "-sign", "-binary", "-outform", "DER", "-nosmimecap"]
    for name in names:
        args += ["-signer", crt(name), "-inkey", key(name)]
    return openssl(*args, *([] if detached else ["-nodetach"]), *options, data=data)


def encrypt(data, cipher, *names):
    return openssl("cms", "-encrypt", "-binary", "-outform", "DER", "-" + cipher, *[crt(n) for n in names], data=data)


def flip_last(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def vector(name, what, frames, expected, compat=True):
    folder = os.path.join(OUT, name)
    os.makedirs(folder)
    listed = []
    for i, frame in enumerate([b""] + frames):
        path = "%s/%02d.bin" % (name, i)
        with open(os.path.join(OUT, path), "wb") as f:
            f.write(frame)
        listed.append({"file": path})
    vectors.append({"name": name, "what": what, "compat": compat, "frames": listed, "expected": expected})


def good(signer):
    return {"accept": True, "signer": signer}


def bad(reason):
    return {"accept": False, "reason": reason}


def signed(name, what, frames, verdict, compat=True):
    vector(name, what, [b"echo.request"] + frames, {VERIFY: verdict, RSA: CLEAR, EC: CLEAR}, compat)


def make_signed():
    b = body()
    signed("signed-p256", "P-256, URN in the SAN", [b, sign(b, "p256")],
           {"accept": True, "reason": "urn:publicid:IDN+ccfed.test+cc+p256"}, False)
    signed("signed-p384", "P-384", [b, sign(b, "p384")], good("P-384 signer"), False)
    signed("signed-rsa", "RSA-2048", [b, sign(b, "rsa")], good("RSA signer"), False)
    signed("signed-sha512", "SHA-512", [b, sign(b, "rsa", options=["-md", "sha512"])], good("RSA signer"), False)
    signed("signed-noattr", "without signed attributes", [b, sign(b, "p256", options=["-noattr"])],
           good("P-256 signer"), False)
    signed("signed-attached", "the same content inside", [b, sign(b, "p256", detached=False)],
           good("P-256 signer"), False)
    signed("signed-ber", "BER of indefinite length", [b, sign(b, "p256", options=["-stream", "-nodetach"])],
           good("P-256 signer"), False)
    signed("signed-depth2", "the sub CA rides along", [b, sign(b, "below", options=["-certfile", crt("sub")])],
           good("Signer below the sub CA"), False)
    blob = b"octets\0of a blob"
    with_blob = body(blob=blob)
    signed("signed-blob", "SHA-256 of the blob", [with_blob, sign(with_blob, "p256"), blob], good("P-256 signer"),
           False)
    signed("signed-sha1", "SHA-1, as hots-cc signs: with compat only",
           [b, sign(b, "rsa", options=["-md", "sha1"])], good("RSA signer"))


def make_encrypted():
    inner = sign(body(), "p256", detached=False)
    ok, not_ours = good("P-256 signer"), bad("cms.recipient")
    rows = [("gcm-rsa", "aes-256-gcm", ["rsarcpt"], ok, not_ours),
            ("gcm-ec", "aes-256-gcm", ["ecrcpt"], not_ours, ok),
            ("cbc-rsa", "aes-128-cbc", ["rsarcpt"], ok, not_ours),
            ("cbc-ec", "aes-256-cbc", ["ecrcpt"], not_ours, ok),
            ("gcm-both", "aes-256-gcm", ["rsarcpt", "ecrcpt"], ok, ok)]
    for name, cipher, to, rsa, ec in rows:
        frames = [b"echo.request", b"ENC1", encrypt(inner, cipher, *to)]
        vector("enc-" + name, cipher + " to " + " and ".join(to), frames, {VERIFY: ENCRYPTED, RSA: rsa, EC: ec}, False)
    # the tag of AuthEnvelopedData is its last field
    frames = [b"echo.request", b"ENC1", flip_last(encrypt(inner, "aes-256-gcm", "ecrcpt"))]
    vector("bad-gcm-tag", "tag altered", frames, {VERIFY: ENCRYPTED, EC: bad("cms.decrypt")}, False)
    rogue = sign(body(), "other", detached=False)
    frames = [b"echo.request", b"ENC1", encrypt(rogue, "aes-256-gcm", "ecrcpt")]
    vector("bad-gcm-outside", "signed outside the CA", frames, {VERIFY: ENCRYPTED, EC: bad("cms.chain")}, False)
    frames = [b"echo.request", b"ENC1", encrypt(body(), "aes-256-gcm", "ecrcpt")]
    vector("bad-gcm-unsigned", "encrypted, but nobody signed", frames, {EC: bad("cms.garbage")}, False)


def make_bad():
    b = body()
    s = sign(b, "p256")
    rows = [("bad-outside", "another CA of the same name", [b, sign(b, "other")], "cms.chain"),
            ("bad-digest", "content altered", [b.replace(b"vector", b"Vector"), s], "cms.digest"),
            ("bad-signature", "signature altered", [b, flip_last(sign(b, "rsa"))], "cms.signature"),
            ("bad-trailing", "an octet behind the DER", [b, s + b"\0"], "cms.garbage"),
            ("bad-truncated", "DER cut short", [b, s[:-20]], "cms.garbage"),
            ("bad-keyid", "signer by key id", [b, sign(b, "p256", options=["-keyid"])], "cms.form"),
            ("bad-pss", "RSA-PSS", [b, sign(b, "rsa", options=["-keyopt", "rsa_padding_mode:pss"])], "cms.form"),
            ("bad-nocerts", "no certificate", [b, sign(b, "p256", options=["-nocerts"])], "cms.form"),
            ("bad-two-signers", "two signers", [b, sign(b, "p256", "rsa")], "cms.signers"),
            ("bad-sha1", "SHA-1 without compat", [b, sign(b, "rsa", options=["-md", "sha1"])], "cms.digest-alg"),
            ("bad-expired", "certificate expired", [b, sign(b, "expired")], "cms.expired"),
            ("bad-purpose", "certificate for TLS only", [b, sign(b, "tls")], "cms.purpose"),
            ("bad-weak", "RSA-1024", [b, sign(b, "weak")], "cms.key"),
            ("bad-two-urns", "two URNs", [b, sign(b, "twourns")], "cms.name"),
            ("bad-unsigned", "no signature", [b, b""], "unsigned")]
    for name, what, frames, reason in rows:
        signed(name, what, frames, bad(reason), False)
    for name, what, text, reason in [
            ("bad-no-id", "no id, no compat", body(id=None), "no-id"),
            ("bad-id", "id is no id", body(id="xyz"), "field"),
            ("bad-hijacked", "req is another type", body(req="job.config"), "hijacked"),
            ("bad-no-req", "no req", body(req=None), "field"),
            ("bad-deep", "33 levels", body(deep="@").replace(b'"@"', b"[" * 32 + b"]" * 32), "json.too-deep"),
            ("bad-duplicate", "a key twice", body()[:-1] + b', "req": "echo.request"}', "json.duplicate-key"),
            ("bad-array", "an array", b"[1]", "json.not-object"),
            ("bad-json", "no JSON", b"{nojson", "json.syntax")]:
        signed(name, what, [text, sign(text, "p256")], bad(reason), False)
    blob = b"blob"
    old = body(blob=blob, kind="SHA-1")
    signed("bad-blob-sha1", "SHA-1 of the blob without compat", [old, sign(old, "p256"), blob], bad("blob-alg"), False)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(os.path.join(KEYS, "private"), mode=0o700)
    make_keys()
    make_signed()
    make_encrypted()
    make_bad()
    for unused in ("sub", "otherca", "p256", "p384", "rsa", "below", "other", "weak", "tls", "twourns", "expired", "ca"):
        os.unlink(key(unused))  # readers need only the recipients' keys
    with open(os.path.join(OUT, "index.json"), "w") as f:
        json.dump({"keys": "test data, made by make-vectors.py", "vectors": vectors}, f, indent=1)
        f.write("\n")
    print("%d vectors" % len(vectors))


if __name__ == "__main__":
    main()
