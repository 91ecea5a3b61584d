#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""ccfed keys server-cert, judged by openssl, and ccfed jfed-json, judged by Python's json and openssl."""
import json
import re
import subprocess
import xml.etree.ElementTree

import ccfed_it as it
from ccfed_it import expect, expect_equal, free_port, wait_until
from registry_it import PEM

HOST = "am.example.org"
URN = f"urn:publicid:IDN+{HOST}+authority+am"
URL = f"https://{HOST}:8443/am/3.0"


def server_cert(lab, *options, keystore=None):
    return lab.ccfed("keys", "server-cert", "--keystore", keystore or lab.folder / "tls", *options)


def made(lab, *options):
    done = server_cert(lab, *options)
    expect_equal(done.returncode, 0, f"keys server-cert {options}: {done.stderr}")
    return lab.folder / "tls"


def refused(lab, text, *options, code=1):
    done = server_cert(lab, *options, keystore=lab.folder / "none")
    expect(done.returncode == code and text in done.stderr, f"{options}: {done.returncode}, {done.stderr}")
    expect(not (lab.folder / "none").exists(), f"{options}: something was written")


def x509(lab, path, *words):
    return lab.openssl("x509", "-in", path, "-noout", *words).decode()


def test_self_signed(lab):
    store = made(lab, "--host", HOST, "--ip", "127.0.0.1", "--ip", "2001:db8::1")
    cert, key = store / f"{HOST}.crt", store / "private" / f"{HOST}.key"
    expect("does match" in x509(lab, cert, "-checkhost", HOST), "the host does not match")
    expect("does NOT match" in x509(lab, cert, "-checkhost", "example.org"), "another host matches")
    for address, matches in (("127.0.0.1", True), ("2001:db8::1", True), ("127.0.0.2", False)):
        expect_equal("does match" in x509(lab, cert, "-checkip", address), matches, f"-checkip {address}")
    expect_equal(x509(lab, cert, "-subject", "-issuer").split("\n")[:2], [f"subject=CN = {HOST}", f"issuer=CN = {HOST}"], "names")
    text = x509(lab, cert, "-text")
    for part in ("CA:FALSE", "TLS Web Server Authentication", "prime256v1", "Digital Signature", f"DNS:{HOST}"):
        expect(part in text, f"no {part} in {text}")
    expect_equal(len(PEM.findall(cert.read_text())), 1, "certificates in the file")
    expect_equal(key.stat().st_mode & 0o777, 0o600, "mode of the key")
    expect_equal(lab.openssl("pkey", "-in", key, "-pubout"), lab.openssl("x509", "-in", cert, "-noout", "-pubkey"), "key")
    lab.openssl("verify", "-purpose", "sslserver", "-verify_hostname", HOST, "-CAfile", cert, cert)
    # what is there stays, unless it is told
    before = cert.read_text()
    done = server_cert(lab, "--host", HOST)
    expect(done.returncode == 1 and "exists" in done.stderr, f"a second time: {done.returncode}, {done.stderr}")
    expect_equal(cert.read_text(), before, "what was there")
    made(lab, "--host", HOST, "--force", "--days", "3")
    expect(cert.read_text() != before, "--force made no other")
    lab.openssl("x509", "-in", cert, "-noout", "-checkend", str(2 * 86400))
    expect("will expire" in subprocess.run(["openssl", "x509", "-in", cert, "-noout", "-checkend", str(4 * 86400)],
                                           capture_output=True, text=True, check=False).stdout, "--days was not obeyed")


def test_ca(lab):
    """The chain is whole in one file, in the order that TLS wants, also with an intermediate; a server sends it."""
    tls = lab.folder / "tls"
    for name, cn in (("root", "Root"), ("sub", "Sub")):
        expect_equal(lab.ccfed("keys", "init-ca", "--keystore", tls, "--cn", cn, name).returncode, 0, f"init-ca {name}")
    made(lab, "--host", HOST, "--ca", "root")
    cert = tls / f"{HOST}.crt"
    expect_equal(len(PEM.findall(cert.read_text())), 2, "certificates in the file")
    lab.openssl("verify", "-purpose", "sslserver", "-verify_hostname", HOST, "-CAfile", tls / "root.crt", cert)

    # an intermediate: sub's certificate by root, with root's behind it
    csr = lab.openssl("req", "-new", "-key", tls / "private" / "sub.key", "-subj", "/CN=Sub")
    ext = lab.folder / "ca.ext"
    ext.write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n")
    sub = lab.openssl("x509", "-req", "-CA", tls / "root.crt", "-CAkey", tls / "private" / "root.key", "-days", "30", "-extfile", ext,
                      data=csr).decode()
    (tls / "sub.crt").write_text(sub + (tls / "root.crt").read_text())
    made(lab, "--host", HOST, "--ca", "sub", "--force", "front")
    chain = PEM.findall((tls / "front.crt").read_text())
    expect_equal(len(chain), 3, "certificates in the file")
    names = [x509(lab, write(lab, pem), "-subject").strip() for pem in chain]
    expect_equal(names, [f"subject=CN = {HOST}", "subject=CN = Sub", "subject=CN = Root"], "order of the chain")
    lab.openssl("verify", "-purpose", "sslserver", "-CAfile", tls / "root.crt", "-untrusted", tls / "front.crt", tls / "front.crt")
    expect(days_left(lab, tls / "front.crt") <= 30, "it lives longer than its CA")
    expect_equal(sent_by_server(lab, tls / "front.crt", tls / "private" / "front.key"), 3, "certificates that a server sends")


def write(lab, text):
    path = lab.folder / "one.pem"
    path.write_text(text)
    return path


def days_left(lab, path):
    for days in range(0, 40):
        done = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-checkend", str(days * 86400)], capture_output=True, check=False)
        if done.returncode:
            return days
    return 40


def sent_by_server(lab, cert, key):
    port = free_port()
    server = subprocess.Popen(["openssl", "s_server", "-quiet", "-accept", str(port), "-cert", cert, "-cert_chain", cert, "-key", key],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              preexec_fn=it.die_with_parent)
    try:
        wait_until(lambda: it.accepts(port), "openssl s_server to listen")
        done = lab.run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", HOST, "-showcerts")
        return len(set(PEM.findall(done.stdout)))
    finally:
        server.kill()
        server.wait(10)


def test_refusals(lab):
    for host in ("localhost", "LOCALHOST", "a.localhost"):
        refused(lab, "is every host for itself", "--host", host)
    refused(lab, "is an address", "--host", "127.0.0.1")
    refused(lab, "is an address", "--host", "::1")
    for host in ("a_b", "a..b", "-a", "*.example.org", "", "a" * 65):
        refused(lab, "is no DNS name", "--host", host)
    refused(lab, "is no address", "--host", HOST, "--ip", "127.0.0.256")
    refused(lab, "is no address", "--host", HOST, "--ip", HOST)
    refused(lab, "--host NAME is wanted", code=2)
    refused(lab, "at most one name", "--host", HOST, "a", "b", code=2)
    refused(lab, "--ip at most 16 times", "--host", HOST, *["--ip", "192.0.2.1"] * 17, code=2)
    refused(lab, "--days wants", "--host", HOST, "--days", "0", code=2)
    refused(lab, "", "--host", HOST, "--ca", "absent")
    refused(lab, "", "--host", HOST, "../a")
    refused(lab, "must not begin with a dot", "--host", HOST, ".a")
    store = made(lab, "--host", "localhost", "--allow-localhost", "--ip", "127.0.0.1")
    expect("does match" in x509(lab, store / "localhost.crt", "-checkhost", "localhost"), "localhost, as told")
    # a certificate of the bus that is no CA signs nothing
    lab.make_key("issue", "nobody", "--urn", "urn:publicid:IDN+it+service+nobody")
    done = server_cert(lab, "--host", HOST, "--ca", "nobody", keystore=lab.keys)
    expect(done.returncode == 1 and "is not the certificate of a CA" in done.stderr, f"{done.returncode}, {done.stderr}")


# -- jfed-json --------------------------------------------------------------------------------------------------------

def configurations(lab, **changes):
    """Those of an aggregate and of a front door, with a certificate whose file holds its key, too."""
    tls = made(lab, "--host", HOST, "--force")
    both = lab.folder / "both.pem"
    both.write_text((tls / "private" / f"{HOST}.key").read_text() + "Bag Attributes\n" + (tls / f"{HOST}.crt").read_text())
    plc = {"ccserver": {"cc-role": "remote", "cc-socket": "tcp://127.0.0.1:22633", "cms-keystore": "%(config_dir)s/keys"},
           "routes": {"am": "h:am"}, "h:am": {"handler": "aggregate", "urn": URN, "url": URL, **changes.get("am", {})}}
    front = {"ccserver": {"cc-role": "local"}, "d:ambridge": {"listeners": "l:first, l:am", "urn": URN, **changes.get("door", {})},
             "l:first": {"services": "/registry, /am/3.00", "certificate": "/nowhere"},
             "l:am": {"services": "/ch, /am/3.0", "certificate": both}}
    paths = lab.folder / "plc.ini", lab.folder / "front.ini"
    for path, sections in zip(paths, (plc, front)):
        path.write_text(it.ini_text(sections))
    return paths


def printed(lab, *words):
    done = lab.ccfed("jfed-json", *words)
    expect_equal(done.returncode, 0, f"jfed-json {words}: {done.stderr}")
    expect("PRIVATE" not in done.stdout, "a private key was printed")
    return json.loads(done.stdout), done.stderr


def test_testbed(lab):
    files = configurations(lab)
    chain = "".join(PEM.findall((lab.folder / "tls" / f"{HOST}.crt").read_text()))
    service = {"api": "Geni.AM", "apiVersion": "3", "url": URL, "urn": URN, "@type": "Service"}
    server = {"name": HOST, "certificateChain": chain, "urnTld": HOST, "baseUrl": f"https://{HOST}:8443", "flags": [],
              "services": [service], "defaultComponentManagerUrn": URN, "@type": "Server"}
    testbed = {"id": "amexampleorg", "longName": HOST, "defaultComponentManagerUrn": URN, "allowLinks": False, "servers": [server],
               "@type": "Testbed"}
    got, said = printed(lab, *files)
    expect_equal((got, said), (testbed, ""), "testbed")
    expect_equal(printed(lab, *reversed(files))[0], testbed, "files in the other order")
    got, _ = printed(lab, "--id", "Ex", "--name", "Ex \u00e4", "--links", "--flag", "a", "--flag", "b", "--terms", "https://t/", *files)
    expect_equal((got["id"], got["longName"], got["servers"][0]["name"], got["allowLinks"], got["servers"][0]["flags"]),
                 ("Ex", "Ex \u00e4", "Ex \u00e4", True, ["a", "b"]), "options")
    expect_equal(got["gdprInfo"], {"grpdUrl": "https://t/", "acceptPeriodInDays": 365, "acceptSubject": "USER", "version": "1",
                                   "@type": "GDPRInfo"}, "gdprInfo")
    # the certificate by its file alone; and it is the one that openssl takes for that host
    got, _ = printed(lab, "--certificate", lab.folder / "both.pem", files[0])
    expect_equal(got, testbed, "by --certificate")
    path = write(lab, got["servers"][0]["certificateChain"])
    expect("does match" in x509(lab, path, "-checkhost", got["servers"][0]["urnTld"]), "the certificate is not of urnTld")


def test_questionnaire(lab):
    files = configurations(lab)
    got, said = printed(lab, "--questionnaire", *files)
    expect_equal((got["am_url"], got["am_urn"], got["display_name"], got["supports_links"]), (URL, URN, HOST, False), "what is known")
    expect(re.match(r"ccfed \d+\.\d+", got["am_software"]), got["am_software"])
    gaps = sorted(key for key, value in got.items() if value is None and key != "terms_and_conditions_url")
    expect_equal(sorted(re.sub("^to do, with --set: ", "", said.strip()).split(", ")), gaps, "what is to be filled in")
    for key in ("icon", "country", "latitude", "primary_contact", "gdpr_contact", "supports_disk_images", "admin_urns"):
        expect(key in gaps, f"{key} is not asked")
    rspec = xml.etree.ElementTree.fromstring(got["example_request_rspec"])
    node = rspec.find("{http://www.geni.net/resources/rspec/3}node")
    expect_equal((rspec.get("type"), node.get("component_manager_id")), ("request", URN), "example request")
    sets = [word for key in gaps for word in ("--set", f"{key}=x")]
    got, said = printed(lab, "--questionnaire", "--terms", "https://t/", *sets, *files)
    expect_equal((said, [k for k, v in got.items() if v is None]), ("", []), "all answered")
    got, _ = printed(lab, "--questionnaire", "--set", "latitude=51.04", "--set", "supports_disk_images=true", "--set",
                     'admin_urns=["u"]', "--set", "country=BE", "--set", "icon=a=b", *files)
    expect_equal([got[k] for k in ("latitude", "supports_disk_images", "admin_urns", "country", "icon")],
                 [51.04, True, ["u"], "BE", "a=b"], "types of answers")


def test_jfed_refusals(lab):
    def no(text, *words, code=1):
        done = lab.ccfed("jfed-json", *words)
        expect(done.returncode == code and text in done.stderr and not done.stdout, f"{words}: {done.returncode}, {done.stderr}")
    plc, front = configurations(lab)
    no("a configuration file is wanted", code=2)
    no("handler = aggregate says urn and url", front)
    no("names its certificate", plc)
    no("holds no certificate", "--certificate", lab.folder / "tls" / "private" / f"{HOST}.key", plc)
    no("No such file", "--certificate", lab.folder / "absent", plc)
    no("an id is letters only", "--id", "a1", plc, front)
    no("--set wants KEY=VALUE", "--set", "am_url=x", plc, front, code=2)
    no("--set wants KEY=VALUE", "--set", "country", plc, front, code=2)
    plc, front = configurations(lab, door={"urn": URN.replace("am.ex", "other.ex")})
    no("two urn: ", plc, front)
    plc, front = configurations(lab, am={"url": "http://am.example.org/"})
    no("is not https", plc, front)
    plc, front = configurations(lab, am={"urn": "am"}, door={"urn": "am"})
    no("urn", plc, front)


if __name__ == "__main__":
    it.main(test_self_signed, test_ca, test_refusals, test_testbed, test_questionnaire, test_jfed_refusals)
