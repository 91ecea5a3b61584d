#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Living with hots-cc: its messages, its configuration files, its vectors: tests/it/hotscc.py BUILD

The messages are made as its Python made them (json.dumps, SHA-1 signatures with SMIMECapabilities, AES-128-CBC), by the
openssl program.
"""
import hashlib
import json
import re
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

COMPAT = {"cms-compat": "hots-cc"}
VECTORS = it.SOURCE.parent / "shared" / "vectors" / "cc"
VECTORS_COUNT = 33
TYPE_NL = "type-nl"  # the one verdict that is ours, not the original's


def refused(figures):
    return sum(value for key, value in figures.items() if key.startswith("refused."))


# -- messages as hots-cc writes them ----------------------------------------------------------------------------------

def old_body(kind, **fields):
    body = {"req": kind, "time": time.time(), "hostname": "old.example", "blob_hash": ""}
    body.update(fields)
    return json.dumps(body).encode()


def old_echo(**fields):
    return old_body("echo.request", target="tcp://127.0.0.1:22000", **fields)


def old_log(text, **fields):
    named = {"log_level": "INFO", "service_type": "svc", "job_name": "oldjob", "log_time": time.time(), "log_pid": 1,
             "log_line": 2, "log_function": "f", **fields}
    return old_body("log.info", log_msg=text, **named)


def key_words(lab, name):
    return "-signer", lab.keys / f"{name}.crt", "-inkey", lab.keys / "private" / f"{name}.key"


def old_sign(lab, body, name):
    return lab.openssl("smime", "-sign", "-md", "sha1", "-binary", "-outform", "DER", *key_words(lab, name), data=body)


def old_message(lab, body, name="user1"):
    return [b"", json.loads(body)["req"].encode(), body, old_sign(lab, body, name)]


def old_encrypted(lab, body, signer, recipient):
    """Signed with its content, then enveloped."""
    inner = lab.openssl("cms", "-sign", "-md", "sha1", "-binary", "-nodetach", "-outform", "DER",
                        *key_words(lab, signer), data=body)
    outer = lab.openssl("cms", "-encrypt", "-aes128", "-binary", "-outform", "DER", lab.keys / f"{recipient}.crt",
                        data=inner)
    return [b"", json.loads(body)["req"].encode(), b"ENC1", outer]


def rsa_keys(lab, *names):
    for name in names:
        if not (lab.keys / f"{name}.crt").exists():
            lab.make_key("issue", name, "--rsa")


def old_server(lab, **options):
    rsa_keys(lab, "oldserver", "user1")
    return lab.remote("oldserver", options={**COMPAT, **options}).start()


def ask_old(client, number, frames):
    """As CCReqStream does: the query id Q%06d is the only route frame."""
    qid = b"Q%06d" % number
    client.send([qid] + frames)
    answer = client.receive()
    expect(answer is not None, f"no answer to {qid.decode()}")
    expect_equal(answer[:2], [qid, b""], "route of the answer")
    return answer[2:]


def openssl_verify(lab, body, sig):
    path = lab.folder / "content"
    path.write_bytes(body)
    lab.openssl("cms", "-verify", "-binary", "-inform", "DER", "-content", path, "-CAfile", lab.keys / "ca.crt",
                data=sig)


def check_echo_answer(asked, body):
    asked, answer = json.loads(asked), json.loads(body)
    for key, wanted in (("req", "echo.response"), ("orig_hostname", asked["hostname"]),
                        ("orig_target", asked["target"]), ("orig_time", asked["time"])):
        expect_equal(answer.get(key), wanted, f"{key} of the answer")
    for key in ("time", "hostname", "blob_hash"):
        expect(key in answer, f"the answer has no {key}")


def echo_signed(lab):
    """RSA and EC signers of old, over one socket, with the old query ids."""
    server = old_server(lab)
    client = lab.dealer(server)
    for number, name in enumerate(("user1", "client"), 1):
        body = old_echo()
        rest = ask_old(client, number, old_message(lab, body, name))
        expect_equal((rest[0], len(rest)), (b"echo.response", 3), "type and number of frames of the answer")
        check_echo_answer(body, rest[1])
        openssl_verify(lab, rest[1], rest[2])


def answer_form_is_readable(lab):
    """What the original's reader wants of a signature (spec A5): one signer by issuer and serial, its certificate."""
    server = old_server(lab)
    rest = ask_old(lab.dealer(server), 1, old_message(lab, old_echo()))
    text = lab.openssl("cms", "-cmsout", "-print", "-inform", "DER", "-noout", data=rest[2]).decode()
    for wanted in ("version: 1", "issuerAndSerialNumber", "eContent: <ABSENT>", "rsaEncryption"):
        expect(wanted in text, f"the signature has no {wanted!r}")
    expect_equal(text.count("d.certificate:"), 1, "certificates in the signature")
    # PKCS7_verify is what the original calls
    path = lab.folder / "answer"
    path.write_bytes(rest[1])
    lab.openssl("smime", "-verify", "-binary", "-inform", "DER", "-content", path, "-CAfile", lab.keys / "ca.crt",
                data=rest[2])


def reuse_of_socket(lab):
    """A hundred requests of one old client, each with its own answer."""
    server = old_server(lab)
    client = lab.dealer(server)
    message = old_message(lab, old_echo())
    for number in range(1, 101):
        client.send([b"Q%06d" % number] + message)
    got = sorted(frames[0] for frames in client.drain(1))
    expect_equal(got, [b"Q%06d" % n for n in range(1, 101)], "query ids answered")


def through_proxy(lab):
    server = old_server(lab)
    local = lab.local(server, options=COMPAT).start()
    lab.wait_answered(local, servers="any")  # the old server's certificate has no URN
    body = old_echo()
    rest = ask_old(lab.dealer(local), 1, old_message(lab, body))
    check_echo_answer(body, rest[1])
    openssl_verify(lab, rest[1], rest[2])


def echo_plain(lab):
    """Without crypto on either side, as most old installations run; the signature frame may be missing."""
    server = lab.remote(signed=False, options=COMPAT).start()
    client = lab.dealer(server)
    body = old_echo()
    for number, frames in enumerate(([b"", b"echo.request", body, b""], [b"", b"echo.request", body]), 1):
        rest = ask_old(client, number, frames)
        expect_equal((rest[0], rest[2:]), (b"echo.response", [b""]), "type and signature frame of the answer")
        check_echo_answer(body, rest[1])


def old_peer_without_route(lab):
    """A proxy of old sends its pings with no route at all; the answer has none either."""
    server = old_server(lab)
    client = lab.dealer(server)
    body = old_echo()
    client.send(old_message(lab, body))
    answer = client.receive()
    expect(answer is not None, "no answer to a ping")
    expect_equal(answer[0], b"", "first frame of the answer")
    check_echo_answer(body, answer[2])


def log_message(lab):
    server = old_server(lab)
    lab.dealer(server).send(old_message(lab, old_log("all is well")))
    wait_until(lambda: "all is well" in server.log(), "the message in the log")
    line = [line for line in server.log().splitlines() if "all is well" in line]
    expect_equal(len(line), 1, "log lines of one message")
    expect(re.search(r"\[oldjob@old\.example\] \d\d:\d\d:\d\d,\d\d\d INFO all is well$", line[0]),
           f"not the original's form: {line[0]!r}")


def log_not_forged(lab):
    """No character of a message makes a second line or moves the cursor."""
    server = old_server(lab)
    client = lab.dealer(server)
    texts = ["a\n22:00:00,000 INFO forged", "a\r22:00:00,000 INFO forged", "a\r\nforged", "a\u2028forged", "a\u0085forged",
             "a\x1b[2Jforged", "a\x0bforged", "a\x0cforged", "a\bforged", "a\x9bforged"]
    for text in texts:
        client.send(old_message(lab, old_log(text)))
        client.send(old_message(lab, old_log("x", job_name=text, hostname=text, log_level=text)))
    server.wait_stats(lambda s: s.get("logged", 0) >= 2 * len(texts), "the messages logged")
    raw = server.errors.read_bytes().decode(errors="replace")
    expect("forged" in raw, "the messages are not in the log")
    for line in re.split("[\n\r\x0b\x0c\x85\u2028\u2029]", raw):
        expect(not line.startswith(("22:00:00", "forged")), f"a forged line: {line!r}")
    for bad in "\r\x1b\b\x0b\x0c\x9b\x85\u2028":
        expect(bad not in raw, f"{bad!r} went into the log")


def blob_hash_sha1(lab):
    server = old_server(lab)
    client = lab.dealer(server)
    blob = b"some octets"
    good = "SHA-1:" + hashlib.sha1(blob).hexdigest()
    client.send(old_message(lab, old_log("with blob", blob_hash=good)) + [blob])
    wait_until(lambda: "with blob" in server.log(), "a message with an old blob hash in the log")
    client.send(old_message(lab, old_log("other blob", blob_hash=good)) + [b"other octets"])
    server.wait_stats(lambda s: s.get("refused.blob-hash", 0) == 1, "a blob that does not match refused")
    expect("other blob" not in server.log(), "a blob that does not match was taken")


def refused_without_compat(lab):
    rsa_keys(lab, "user1")
    server = lab.remote().start()
    client = lab.dealer(server)
    client.send([b"Q000001"] + old_message(lab, old_echo()))
    server.wait_stats(lambda s: refused(s) == 1, "the old message refused")
    for frames in client.drain(0.2):
        expect_equal(it.split_route(frames)[1][0], b"error", "type of an answer to a refused message")


def sha1_refused_without_compat(lab):
    """All of ours but the digest."""
    rsa_keys(lab, "user1")
    server = lab.remote().start()
    lab.dealer(server).send([it.query_id()] + old_message(lab, it.echo_body()))
    server.wait_stats(lambda s: refused(s) == 1,
                      "a SHA-1 signature refused")


def compat_only_on_old_prefixes(lab):
    """cms-compat touches echo, log, job, db, pub and task, and nothing else."""
    rsa_keys(lab, "oldserver", "user1")
    server = lab.remote("oldserver", options=COMPAT,
                        routes={"*": "h:log"}, h_log={"handler": "locallogger"})
    server.start()
    client = lab.dealer(server)
    others = ("reg", "am", "access", "ticket", "sliver", "admin", "other", "logs", "echoes")
    for prefix in others:
        body = old_body(f"{prefix}.x", log_level="INFO", log_msg=f"got-{prefix} it", job_name="j", log_time=1.0)
        client.send(old_message(lab, body))
    server.wait_stats(lambda s: refused(s) == len(others), "each of the others refused")
    for prefix in ("echo", "log", "job", "db", "pub", "task"):
        body = old_body(f"{prefix}.x", log_level="INFO", log_msg=f"got-{prefix} it", job_name="j", log_time=1.0)
        client.send(old_message(lab, body))
        wait_until(lambda p=prefix: f"got-{p}" in server.log(), f"{prefix}.x taken")
    for prefix in others:
        expect(f"got-{prefix} " not in server.log(), f"an old message was taken on {prefix}")


def old_and_stale(lab):
    """The time window holds for them too: an id-less message has nothing else."""
    server = old_server(lab)
    client = lab.dealer(server)
    client.send(old_message(lab, old_echo(time=time.time() - 400)))
    client.send(old_message(lab, old_echo(time=time.time() + 60)))
    server.wait_stats(lambda s: s.get("refused.stale", 0) == 2, "stale and early messages refused")


def encrypted(lab):
    """AES-128-CBC to RSA, answered in the same way."""
    rsa_keys(lab, "user1")
    server = old_server(lab, **{"cms-decrypt": "oldserver", "cms-encrypt": "user1", "cms-cipher": "aes-128-cbc"})
    body = old_echo()
    rest = ask_old(lab.dealer(server), 1, old_encrypted(lab, body, "user1", "oldserver"))
    expect_equal(rest[:2], [b"echo.response", b"ENC1"], "type and body of the answer")
    inner = lab.openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-recip", lab.keys / "user1.crt",
                        "-inkey", lab.keys / "private" / "user1.key", data=rest[2])
    form = lab.openssl("cms", "-cmsout", "-print", "-inform", "DER", "-noout", data=rest[2]).decode()
    for wanted in ("aes-128-cbc", "rsaEncryption", "issuerAndSerialNumber"):
        expect(wanted in form, f"the envelope has no {wanted!r}")
    answer = lab.openssl("cms", "-verify", "-binary", "-inform", "DER", "-CAfile", lab.keys / "ca.crt", data=inner)
    check_echo_answer(body, answer)


def encrypted_server_refuses_clear(lab):
    server = old_server(lab, **{"cms-decrypt": "oldserver", "cms-encrypt": "user1", "cms-cipher": "aes-128-cbc"})
    client = lab.dealer(server)
    client.send([b"Q000001"] + old_message(lab, old_echo()))
    client.send([b"Q000002", b"", b"echo.request", old_echo(), b""])
    server.wait_stats(lambda s: refused(s) == 2, "clear messages refused")
    expect(client.receive(0.2) is None, "an answer to a clear message")


def encrypted_to_another(lab):
    """For another recipient: refused, no answer, the next one is taken."""
    server = old_server(lab, **{"cms-decrypt": "oldserver", "cms-encrypt": "user1", "cms-cipher": "aes-128-cbc"})
    client = lab.dealer(server)
    client.send([b"Q000001"] + old_encrypted(lab, old_echo(), "user1", "user1"))
    rest = ask_old(client, 2, old_encrypted(lab, old_echo(), "user1", "oldserver"))
    expect_equal(rest[0], b"echo.response", "type of the next answer")


# -- configuration files ----------------------------------------------------------------------------------------------

OLD_INI = """\
# as it came with the original
[ccserver]
logfile = {folder}/%(job_name)s.log
pidfile = {folder}/%(job_name)s.pid
loop_delay = 1.0
exception_sleep = 20
use_skylog = 0
logfmt_file = %%(asctime)s %%(process)s %%(levelname)s %%(message)s
cc-role = local
cc-socket = {url}
cms-keystore = {keys}
cms-verify-ca = ca
cms-sign = local
{compat}
zmq_nthreads: 1
zmq_hwm = 100
infofile = {folder}/%(job_name)s.info ; rewritten
stats-period = 1

[routes]
echo = h:echo
log = h:locallog
job = h:jobmgr
pub.infofile = h:proxy, h:iw

[h:echo]
handler = cc.handler.echo

[h:locallog]
plugin = cc.handler.locallogger

[h:proxy]
handler = cc.handler.proxy
remote-cc = {remote}
zmq_hwm = 100
ping = no

[h:jobmgr]
handler = cc.handler.jobmgr
daemons = d:infosender, d:logtail
watchdog-reset = 3600

[h:iw]
handler = cc.handler.infowriter
dstdir = {folder}/iw
dstmask = %%(hostname)s/%%(filename)s

[d:infosender]
module = cc.daemon.infosender
pidfile = {folder}/%(job_name)s.%(service_name)s.pid
job_name = infosender
service_name = x
infodir = {folder}
infomask = *.info
use_skylog = 0

[d:logtail]
module = cc.daemon.logtail
logdir = {folder}
logmask = *.log
"""


def old_ini(lab, compat="cms-compat = hots-cc", extra=""):
    """The original's configuration as a server of ours."""
    server = lab.server("old")
    text = OLD_INI.format(folder=lab.folder, url=server.url, keys=lab.keys, compat=compat,
                          remote=f"tcp://127.0.0.1:{it.free_port()}")
    server.ini.write_text(text + extra)
    return server


def check(lab, path, *arguments):
    return lab.run(lab.ccserver, "--check", *arguments, path)


def original_ini_loads(lab):
    server = old_ini(lab)
    done = check(lab, server.ini)
    expect_equal(done.returncode, 0, f"exit code of --check ({done.stderr.strip()})")
    lines = server.ini.read_text().splitlines()
    for odd in ("loop_delay = ", "exception_sleep = ", "use_skylog = ", "logfmt_file = "):
        number = 1 + next(n for n, line in enumerate(lines) if line.startswith(odd))
        expect(re.search(f"WARNING.*{server.ini}:{number}:", done.stderr), f"no warning about {odd}")
    for later in ("cc.daemon.infosender", "infowriter"):
        expect(re.search(f"WARNING.*{later}", done.stderr), f"no warning about {later}")
    server.start()
    lab.expect_answered(server)
    expect((lab.folder / "old.log").exists(), "the log that the file names")
    expect((lab.folder / "old.pid").exists(), "the pidfile that the file names")
    expect("WARNING" in (lab.folder / "old.log").read_text() + server.log(), "no warning in the log")


def original_ini_wants_compat_line(lab):
    server = old_ini(lab, compat="")
    for option in (["--check"], []):
        done = lab.run(lab.ccserver, *option, server.ini)
        expect_equal(done.returncode, 2, "exit code without cms-compat")
        expect("cms-compat = hots-cc" in done.stderr, f"the missing line is not printed: {done.stderr!r}")


def short_names_load(lab):
    """The short names of the original, for each handler that it has."""
    path = lab.folder / "short.ini"
    for name in ("disposer", "echo", "locallogger", "dbhandler", "delay", "filter", "infowriter", "jobmgr",
                 "tailwriter", "taskrouter"):
        more = "forward-to = h:y\n[h:y]\nhandler = disposer\n" if name in ("delay", "filter") else ""
        path.write_text(f"[ccserver]\ncc-socket = tcp://127.0.0.1:{it.free_port()}\n[routes]\nx = h:x\n"
                        f"[h:x]\nhandler = {name}\n{more}")
        done = check(lab, path)
        expect_equal(done.returncode, 0, f"exit code with handler {name} ({done.stderr.strip()})")
    for name in ("cc.handler.database", "cc.handler.tailwriter", "cc.handler.disposer"):
        path.write_text(f"[ccserver]\ncc-socket = tcp://127.0.0.1:{it.free_port()}\n[routes]\nx = h:x\n"
                        f"[h:x]\nplugin = {name}\ndstdir = /x\ndb = dbname=x\n")
        done = check(lab, path)
        expect_equal(done.returncode, 0, f"exit code with plugin {name} ({done.stderr.strip()})")


def default_section(lab):
    """[DEFAULT] is behind every section, and %(...)s finds it."""
    server = lab.remote()
    text = server.ini.read_text().replace(str(server.infofile), "%(base)s/remote.info").replace(
        "echo = h:echo\n", "")
    server.ini.write_text(f"[DEFAULT]\necho = h:echo\n{text}")
    text = server.ini.read_text().replace("[ccserver]\n", f"[ccserver]\nbase = {lab.folder}\n")
    server.ini.write_text(text)
    server.start()
    lab.expect_answered(server)
    expect(server.stats(), "no infofile where %(base)s says")


def beyond_loopback_wants_open(lab):
    server = lab.remote()
    port = it.free_port()
    for url in (f"tcp://0.0.0.0:{port}", f"tcp://*:{port}", f"tcp://[::]:{port}", f"tcp://192.0.2.7:{port}",
                f"tcp://127.0.0.1:{port}, tcp://0.0.0.0:{port}"):
        for role in ("remote", "insecure"):
            setting = ["--set", f"cc-socket={url}", "--set", f"cc-role={role}"]
            done = check(lab, server.ini, *setting)
            expect_equal(done.returncode, 2, f"exit code with {url}, role {role}")
            expect("cc-open = yes" in done.stderr, f"the missing line is not printed: {done.stderr!r}")
            done = check(lab, server.ini, *setting, "--set", "cc-open=yes")
            expect_equal(done.returncode, 0, f"exit code with {url} and cc-open ({done.stderr.strip()})")
    for url in (f"tcp://127.0.0.1:{port}", f"tcp://127.9.9.9:{port}", f"tcp://[::1]:{port}", f"tcp://localhost:{port}",
                f"ipc://{lab.folder}/s"):
        done = check(lab, server.ini, "--set", f"cc-socket={url}")
        expect_equal(done.returncode, 0, f"exit code with {url} ({done.stderr.strip()})")


def unknown_option_is_error(lab):
    server = lab.remote()
    good = server.ini.read_text()
    for section, line, near in (("ccserver", "stats-perid = 5", "stats-period"), ("ccserver", "cc-sockets = x", "cc-socket"),
                                ("h:echo", "ping-remote = x", "ping-remotes")):
        text = good.replace(f"[{section}]\n", f"[{section}]\n{line}\n")
        number = text.splitlines().index(line) + 1
        server.ini.write_text(text)
        done = check(lab, server.ini)
        expect_equal(done.returncode, 2, f"exit code with {line!r}")
        # once: the place stands in front, and is not said again
        expect_equal(done.stderr.count(f"{server.ini}:{number}:"), 1, f"FILE:LINE in {done.stderr!r}")
        expect(near in done.stderr, f"{near} is not offered: {done.stderr!r}")


def bad_values_are_errors(lab):
    server = lab.remote()
    for setting in ("stats-period=often", "cc-role=boss", "cc-stats=9", "queue-bytes=lots", "cms-sign=nobody",
                    "cms-verify-ca=nobody", "infofile-level=7", "cms-cipher=rot13", "cc-socket=", "nonsense=1"):
        done = check(lab, server.ini, "--set", setting)
        expect_equal(done.returncode, 2, f"exit code with {setting}")
        expect(setting.split("=")[0] in done.stderr or "nobody" in done.stderr,
               f"the error does not name {setting}: {done.stderr!r}")


def broken_routes_are_errors(lab):
    server = lab.remote()
    good = server.ini.read_text()
    for line in ("x = h:absent", "a.b.c.d = h:drop", "x. = h:drop", "* = h:echo, h:nowhere"):
        server.ini.write_text(good.replace("[routes]\n", f"[routes]\n{line}\n"))
        done = check(lab, server.ini)
        expect_equal(done.returncode, 2, f"exit code with route {line!r}")
        expect(done.stderr.strip(), f"no word about route {line!r}")


def role_is_held(lab):
    """A handler must list the server's role (spec B2)."""
    server = lab.local(lab.remote())
    for role in ("local", "remote", "insecure"):
        done = check(lab, server.ini, "--set", f"cc-role={role}")
        expect_equal(done.returncode, 0, f"exit code: proxy in role {role} ({done.stderr.strip()})")
    expect("WARNING" in check(lab, server.ini, "--set", "cc-role=insecure").stderr, "no warning about role insecure")


def include_lines(lab):
    server = lab.remote()
    text = server.ini.read_text()
    head, tail = text.split("[h:log]")
    (lab.folder / "part.d").mkdir()
    (lab.folder / "part.d" / "10.ini").write_text("[h:log]" + tail)
    server.ini.write_text(head + "include part.d/*.ini\ninclude none.d/*.ini\n")
    server.start()
    lab.expect_answered(server)
    server.stop()
    server.ini.write_text(head + "include absent.ini\n")
    done = check(lab, server.ini)
    expect_equal(done.returncode, 2, "exit code with an absent include")
    server.ini.write_text(head + f"include {server.ini.name}\n")
    done = check(lab, server.ini)
    expect_equal(done.returncode, 2, "exit code with a file that includes itself")


def include_error_place(lab):
    """An error in an included file names that file and its line."""
    server = lab.remote()
    part = lab.folder / "part.ini"
    part.write_text("# one\n[h:echo]\nping-remotez = x\n")
    server.ini.write_text(server.ini.read_text() + "include part.ini\n")
    done = check(lab, server.ini)
    expect_equal(done.returncode, 2, "exit code")
    expect(f"{part}:3:" in done.stderr, f"no FILE:LINE in {done.stderr!r}")


def set_overrides(lab):
    server = lab.remote()
    other = it.free_port()
    server.port, server.url = other, f"tcp://127.0.0.1:{other}"
    server.start("--set", f"cc-socket={server.url}", "--set", "job_name=renamed")
    lab.expect_answered(server)
    expect_equal(server.stats("server")["name"], "renamed", "name in the infofile")


def config_check_command(lab):
    """ccfed config check says what ccserver --check says."""
    server = lab.remote()
    bad = lab.folder / "bad.ini"
    bad.write_text(server.ini.read_text() + "\n[h:echo]\nfoo = 1\n")
    for path, wanted in ((server.ini, 0), (bad, 2)):
        both = [check(lab, path), lab.ccfed("config", "check", path)]
        expect_equal([done.returncode for done in both], [wanted, wanted], f"exit codes for {path.name}")
    expect(all(f"{bad}:" in done.stderr for done in both), "FILE:LINE is missing in one")


# -- vectors ----------------------------------------------------------------------------------------------------------

def vector_rows(lab):
    if not VECTORS.is_dir():
        raise it.Skip("the recorded vectors are not beside the source tree")
    done = lab.ccfed("bus", "vectors", "--json", VECTORS)
    return json.loads(done.stdout), done.returncode


def vectors(lab):
    rows, code = vector_rows(lab)
    wrong = [row for row in rows if row["expected"] != row["got"]]
    expect(not wrong, f"{len(wrong)} verdicts are not the expected ones, for example {wrong[:1]}")
    expect_equal(code, 0, "exit code")
    expect_equal(len({row["vector"] for row in rows}), VECTORS_COUNT, "vectors")
    silent = [row for row in rows if not row["got"] and not row["reason"]]
    expect(not silent, f"refused without a reason: {silent[:1]}")


def vectors_agree_with_index(lab):
    """Expected is the original's verdict of index.json, but for the type with a line end; every verdict has its row."""
    rows, _ = vector_rows(lab)
    got = {(row["vector"], row["reader"]): row["got"] for row in rows}
    recorded = {(vector["name"], reader): verdict["accept"]
                for vector in json.loads((VECTORS / "index.json").read_text())["vectors"]
                for reader, verdict in vector.get("original_parser", {}).items()}
    expect(recorded, "no verdicts in index.json")
    for (name, reader), accepted in recorded.items():
        expect_equal(got.get((name, reader)), accepted and name != TYPE_NL, f"verdict of {reader} on {name}")


if __name__ == "__main__":
    it.main(echo_signed, answer_form_is_readable, reuse_of_socket, through_proxy, echo_plain, old_peer_without_route,
            log_message, log_not_forged, blob_hash_sha1, refused_without_compat, sha1_refused_without_compat,
            compat_only_on_old_prefixes, old_and_stale, encrypted, encrypted_server_refuses_clear,
            encrypted_to_another, original_ini_loads, original_ini_wants_compat_line, short_names_load, default_section,
            beyond_loopback_wants_open, unknown_option_is_error, bad_values_are_errors, broken_routes_are_errors,
            role_is_held, include_lines, include_error_place, set_overrides, config_check_command, vectors,
            vectors_agree_with_index)
