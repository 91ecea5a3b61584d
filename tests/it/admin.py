#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What an operator asks of running servers: admin.*, ccfed bus, job and policy: tests/it/admin.py BUILD"""
import base64
import json
import os
import pwd
import re
import signal
import ssl
import subprocess
import sys
import threading
import time

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

ORDERS = ("stats", "routes", "handlers", "queues", "signers", "watch", "reload", "quiesce")
LEASE = 60            # seconds; docs/handlers/admin.md
WATCHERS_MAX = 8
BODY_SHOWN_MAX = 65536
FLOOD = 6000          # more than a watcher is shown in the seconds that it takes
# what an answer must hold beside the envelope: docs/handlers/admin.md
FIELDS = {
    "stats": {"stats": dict, "job_name": str, "version": str, "pid": int, "started": int, "snapshot": int, "quiesced": bool},
    "routes": {"routes": dict},
    "handlers": {"handlers": list},
    "queues": {"threads": list, "messages": int, "bytes": int, "max_bytes": int, "peer_bytes": int},
    "signers": {"signers": list, "known": int, "ids": int, "bytes": int},
    "watch": {"watching": str, "lease": int},
    "reload": {"snapshot": int},
    "quiesce": {"quiesced": bool},
}
BODIES = {"watch": {"prefix": "log"}, "quiesce": {"on": False}}


# -- servers ----------------------------------------------------------------------------------------------------------

def remote(lab, name="remote", policy=None, ipc=False, routes=None, signed=True, options=None, **sections):
    """A server with the handler admin; ipc: it listens there, too (server.ipc)."""
    if signed:
        sections["policy"] = policy or {"*": "any"}
    server = lab.remote(
        name, signed=signed, options=options,
        routes={"echo": "h:echo", "log": "h:log", "junk": "h:drop", "admin": "h:admin", **(routes or {})},
        h_admin={"handler": "admin"}, **sections)
    return listen_on_ipc(server) if ipc else server


def listen_on_ipc(server):
    server.ipc = f"ipc://{server.lab.folder}/{server.name}.sock"
    server.sections["ccserver"]["cc-socket"] = f"{server.ipc}, {server.url}"
    write(server)
    return server


def write(server):
    server.ini.write_text(it.ini_text(server.sections))


def ccfed(lab, url, *words, signer="client", keys=True, **options):
    """A command of ccfed to a server; group and name first."""
    group, name, *rest = words
    reach = ["--cc", url] + (["--keystore", lab.keys, "--sign", signer] if keys else [])
    return lab.ccfed(group, name, *reach, *rest, **options)


def good(lab, url, *words, **options):
    """The output of a command that must succeed."""
    done = ccfed(lab, url, *words, **options)
    expect_equal(done.returncode, 0, f"exit code of ccfed {' '.join(map(str, words))} ({done.stderr.strip()})")
    return done.stdout


def good_json(lab, url, *words, **options):
    return json.loads(good(lab, url, *words, "--json", **options))


def order(name, signer=None, **fields):
    """The frames of admin.NAME after the route."""
    kind = f"admin.{name}"
    return it.message(kind, it.body_of(kind, **{**BODIES.get(name, {}), **fields}), signer)


def payload(frames):
    return json.loads(frames[1])


def expect_error(frames, code, words):
    """A server's signed error."""
    expect(frames is not None, f"no answer; {code} was to come")
    body = payload(frames)
    expect_equal((frames[0], body.get("code"), "hop" in body), (b"error", code, False), "type, code, hop")
    expect(words in body["msg"], f"{words!r} is not in {body['msg']!r}")
    return body


def expect_hop_error(frames, code):
    expect(frames is not None, f"no answer; hop error {code} was to come")
    body = payload(frames)
    expect_equal((frames[0], body.get("code"), body.get("hop"), frames[2]), (b"error", code, True, b""),
                 "type, code, hop, signature")


def check_fields(name, body):
    for key, kind in FIELDS[name].items():
        expect(isinstance(body.get(key), kind) and (kind is bool or not isinstance(body[key], bool)),
               f"{key} of admin.{name} is {body.get(key)!r}, no {kind.__name__}")


# -- each message -----------------------------------------------------------------------------------------------------

def every_message_raw(lab):
    """Each admin message by a raw client: signed answers of the documented form, to the request's id."""
    server = remote(lab).start()
    client, signer, judge = lab.dealer(server), lab.signer(), it.Verifier(lab.keys, "ca", "remote")
    for name in ORDERS:
        request = order(name, signer)
        answer = client.ask(request)
        expect(answer is not None, f"admin.{name} is not answered")
        body = payload(answer)
        expect_equal(answer[0], f"reply.admin.{name}".encode(), f"type of the answer ({body})")
        expect_equal((body["req"], body["re"]), (f"reply.admin.{name}", payload(request[1:][0:2])["id"]), "req, re")
        expect(judge.good(answer[1], answer[2]), f"the signature of admin.{name}'s answer")
        check_fields(name, body)
        expect_equal(len(answer), 3, "frames of the answer")
    expect_error(client.ask(order("nonsense", signer)), "unsupported", "does not know")
    expect_error(client.ask(order("quiesce", signer, on=1)), "bad-request", "on: true or false")
    expect_error(client.ask(order("watch", signer, prefix="a..b")), "bad-request", "prefix")
    client.send(order("routes", signer))  # no request, so no answer
    expect(client.ask(order("routes", signer)), "no answer after a publication")
    expect(client.receive(0.2) is None, "an answer to what is no request")


def every_message_by_command(lab):
    """Each admin message by ccfed, for people and as JSON."""
    server = remote(lab).start()
    shown = {"routes": r"^echo +h:echo$", "handlers": r"^h:log +locallogger +\d+ +serving +logged=0 non-log=0$",
             "queues": r"^worker-0 +\d+$", "signers": r"^\d+ +\S+ \S+ +bus +urn:publicid:IDN\+it\+service\+client$",
             "stats": r"^count\.ok: \d+$", "reload": r"^reloaded: snapshot 2 is in force$",
             "quiesce": r"^quiesced: "}
    for name, wanted in shown.items():
        out = good(lab, server.url, "bus", name)
        expect(re.search(wanted, out, re.M), f"ccfed bus {name} prints {out!r}")
    expect(re.search("taken again", good(lab, server.url, "bus", "quiesce", "--off")), "quiesce --off")
    for name in shown:
        got = good_json(lab, server.url, "bus", name, *(["--off"] if name == "quiesce" else []))
        if name == "stats":
            expect_equal(set(got), {"server", "total"}, "sections of stats")
            got = {**got["server"], "stats": got["total"]}
        check_fields(name, got)
        expect(not {"req", "re", "time", "hostname"} & set(got), f"the envelope is in the output of {name}: {got}")
    expect_equal(server.fresh_stats().get("refused.policy"), None, "refusals")


def usage_errors(lab):
    """What the command line cannot mean ends with 2, before anything is sent."""
    server = remote(lab)
    for words, why in ((["bus", "routes", "x"], "one argument too many"), (["bus", "routes", "--off"], "unrecognized"),
                       (["bus", "watch"], "prefix"), (["bus", "watch", "a..b"], "no prefix"),
                       (["bus", "watch", "echo", "--count", "0"], "--count"),
                       (["bus", "watch", "echo", "--seconds", "-1"], "--seconds"),
                       (["bus", "stats", "--cc", "tcp://127.0.0.1:1", "file"], "either --cc or an infofile"),
                       (["bus", "signers", "--deadline", "0"], "--deadline"), (["job", "list", "x"], "no name"),
                       (["job", "log"], "one daemon"), (["job", "log", "x", "--lines", "-1"], "--lines"),
                       (["policy", "test", server.ini], "--signer and --type"), (["policy", "show"], "file"),
                       (["policy", "test", server.ini, "--signer", "x", "--type", "a..b"], "no message type"),
                       (["policy", "test", server.ini, "--signer", "x", "--type", "a", "--answer", "--caller", "-"],
                        "--caller is for requests")):
        done = lab.ccfed(*words)
        expect_equal(done.returncode, 2, f"exit code of {words}")
        expect(why in done.stderr and not done.stdout, f"{words}: {done.stderr!r}, {done.stdout!r}")
    for group, names in (("bus", ORDERS), ("job", ("list", "config", "log", "start", "stop", "restart")),
                         ("policy", ("show", "test"))):
        for name in names:
            done = lab.ccfed(group, name, "--help")
            expect(done.returncode == 0 and done.stdout.startswith(f"usage: ccfed {group} {name} "), f"help of {name}")


# -- who may ----------------------------------------------------------------------------------------------------------

def refusals_are_told(lab):
    """Without a line of the policy the answer is denied; ccfed says so in one line, exit code 1."""
    why = "no line of the policy lets this signer send this type"
    for policy in ({"echo": "any"}, {"echo": "any", "admin": "cn:root"}, {"*": "any", "admin": "none"}):
        server = remote(lab, policy=policy).start()
        client, signer = lab.dealer(server), lab.signer()
        for name in ORDERS:
            expect_error(client.ask(order(name, signer)), "denied", why)
        done = ccfed(lab, server.url, "bus", "reload")
        expect_equal(done.returncode, 1, "exit code of a refused command")
        expect(done.stderr.startswith(f"ccfed bus reload: refused (denied): {why}; ") and
               done.stderr.count("\n") == 1 and not done.stdout, f"ccfed says {done.stderr!r}")
        stats = server.fresh_stats()
        expect_equal(stats["refused.policy"], len(ORDERS) + 1, "refusals counted")
        expect("reloaded" not in server.log(), "a refused reload was carried out")
        server.stop()


def reload_says_what_is_wrong(lab):
    """A wrong configuration is refused with its place, and the old one stays."""
    server = remote(lab).start()
    server.sections["policy"]["reg"] = "everybody"
    write(server)
    done = ccfed(lab, server.url, "bus", "reload")
    expect_equal(done.returncode, 1, "exit code")
    place = re.escape(str(server.ini))
    expect(re.fullmatch(rf"ccfed bus reload: refused \(config\): {place}:\d+: unknown \"everybody\".*\n", done.stderr),
           f"ccfed says {done.stderr!r}")
    expect_equal(good_json(lab, server.url, "bus", "stats")["server"]["snapshot"], 1, "snapshot in force")
    server.sections["policy"]["reg"] = "none"
    write(server)
    expect_equal(good_json(lab, server.url, "bus", "reload")["snapshot"], 2, "snapshot after a good reload")


def no_server_no_answer(lab):
    """Nobody there: exit code 1 within the deadline, with a word about what may be missing."""
    done = lab.ccfed("bus", "routes", "--cc", f"tcp://127.0.0.1:{it.free_port()}", "--deadline", "0.3")
    expect_equal(done.returncode, 1, "exit code")
    expect("no answer from tcp://" in done.stderr and "--keystore" in done.stderr, f"ccfed says {done.stderr!r}")
    done = ccfed(lab, f"tcp://127.0.0.1:{it.free_port()}", "bus", "watch", "echo", "--deadline", "0.3")
    expect_equal(done.returncode, 1, "exit code of watch")
    expect("no answer from tcp://" in done.stderr and "--keystore" not in done.stderr, f"watch says {done.stderr!r}")


def without_the_handler(lab):
    """A server that routes admin.* nowhere says noroute; ccfed says what is missing there."""
    server = lab.remote().start()
    done = ccfed(lab, server.url, "bus", "routes")
    expect_equal(done.returncode, 1, "exit code")
    expect("not passed on (noroute)" in done.stderr and "admin = h:admin" in done.stderr, f"ccfed says {done.stderr!r}")


def unsigned_over_tcp(lab):
    """Unsigned admin messages by tcp are refused, whether the server verifies signatures or not."""
    for signed, counter in ((True, "refused.unsigned"), (False, "refused.local")):
        server = remote(lab, name="remote" if signed else "open", signed=signed, ipc=True).start()
        client = lab.dealer(server)
        for name in ORDERS:
            client.send([it.query_id()] + order(name))
        stats = server.wait_stats(lambda s, c=counter: s.get(c, 0) >= len(ORDERS), f"{counter} counted")
        expect_equal(stats[counter], len(ORDERS), counter)
        expect(client.receive(0.2) is None, "a stranger is answered")
        expect_equal(stats.get("replies", 0), 0, "replies")
        if not signed:  # a signature that nobody checks makes nobody of it
            client.send([it.query_id()] + order("routes", lab.signer()))
            server.wait_stats(lambda s, c=counter: s.get(c, 0) > len(ORDERS), "a signed one to a server without CA")
        expect("watches" not in server.log(), "a stranger watches")


def own_user_by_ipc(lab):
    """The server's own user needs no key on the ipc socket; the answers are as signed as ever."""
    for signed in (True, False):
        # not even a line of the policy: who can stop the process may ask it
        server = remote(lab, name="remote" if signed else "open", signed=signed, ipc=True, policy={"echo": "any"}).start()
        client, judge = lab.dealer(server.ipc), it.Verifier(lab.keys, "ca", "remote")
        for name in ORDERS:
            answer = client.ask(order(name))
            expect(answer is not None, f"admin.{name} unsigned by ipc is not answered")
            expect_equal(answer[0], f"reply.admin.{name}".encode(), f"type of the answer ({payload(answer)})")
            check_fields(name, payload(answer))
            expect(judge.good(answer[1], answer[2]) == signed, f"signature of admin.{name}'s answer")
        for name in ("routes", "handlers", "queues", "signers", "stats", "reload"):
            good(lab, server.ipc, "bus", name, keys=False)
        if signed:
            expect_error(client.ask(order("routes", lab.signer())), "denied", "no line")
            echo = lab.dealer(server.ipc)
            echo.send([it.query_id()] + it.echo_request())
            server.wait_stats(lambda s: s.get("refused.unsigned"), "an unsigned echo, which is no admin message")
        server.stop()


def other_user_by_ipc(lab):
    """Another user on the same socket is a stranger."""
    if os.geteuid() != 0:
        raise it.Skip("only root can become another user")
    server = remote(lab, ipc=True).start()
    path = server.ipc[len("ipc://"):]
    for folder in (lab.folder, lab.folder.parent):
        folder.chmod(0o755)
    os.chmod(path, 0o777)
    code = ("import sys, zmq; s = zmq.Context().socket(zmq.DEALER); s.connect(sys.argv[1]);"
            "s.send_multipart([bytes.fromhex(w) for w in sys.argv[2:]]); print(bool(s.poll(500))); s.close(0)")
    words = [frame.hex() for frame in [it.query_id()] + order("routes")]
    for user, answered in (("nobody", False), ("root", True)):
        done = subprocess.run([sys.executable, "-c", code, server.ipc, *words], capture_output=True, text=True, timeout=60,
                              user=pwd.getpwnam(user).pw_uid, check=False)
        expect_equal(done.stdout.strip(), str(answered), f"{user} is answered ({done.stderr.strip()[-300:]})")
    expect_equal(server.fresh_stats()["refused.unsigned"], 1, "refused")


def unsigned_through_proxy(lab):
    """A proxy passes no unsigned order on, for to a remote on ipc it would be the remote's own user."""
    far = remote(lab, ipc=True, routes={"job": "h:drop"}).start()
    near = lab.local(far)
    near.sections["routes"].update({"admin": "h:proxy", "job": "h:proxy"})
    near.sections["h:proxy"]["remote-cc"] = far.ipc
    listen_on_ipc(near).start()
    lab.wait_answered(near)
    for url in (near.url, near.ipc):
        client = lab.dealer(url)
        for name in ORDERS:
            expect_hop_error(client.ask(order(name)), "noroute")
        for kind in ("job.stop", "job.list", "admin", "job"):
            expect_hop_error(client.ask(it.message(kind, it.body_of(kind))), "noroute")
    done = ccfed(lab, near.ipc, "bus", "reload", keys=False)
    expect(done.returncode == 1 and "not passed on (noroute)" in done.stderr, f"ccfed says {done.stderr!r}")
    # what is signed passes, and is judged by the signer
    answer = lab.dealer(near).ask(order("routes", lab.signer()))
    expect(answer and answer[0] == b"reply.admin.routes", f"signed, through the proxy: {answer}")
    good(lab, near.url, "bus", "handlers")
    stats = near.fresh_stats()
    expect_equal(stats["h:proxy.unsigned"], 2 * (len(ORDERS) + 4) + 1, "refused by the proxy")
    seen = far.fresh_stats()
    expect_equal((seen.get("refused.unsigned"), seen["h:drop.disposed_count"]), (None, 0), "what came to the remote")
    expect("admin.watch" not in far.log() and "admin.quiesce" not in far.log(), "an order was carried out")


# -- watch ------------------------------------------------------------------------------------------------------------

class Watcher:
    """A raw client with admin.watch."""

    def __init__(self, lab, server, prefix, signer=None, **options):
        self.dealer = lab.dealer(server, **options)
        self.signer = signer or lab.signer()
        answer = self.ask(prefix)
        expect(answer is not None and answer[0] == b"reply.admin.watch", f"admin.watch is answered {answer}")
        self.first = payload(answer)

    def ask(self, prefix):
        return self.dealer.ask(order("watch", self.signer, prefix=prefix))

    def copy(self, seconds=it.PATIENCE):
        """The next copy, or None."""
        frames = self.dealer.receive(seconds)
        if frames is None:
            return None
        _, rest = it.split_route(frames)
        expect_equal(rest[0], b"reply.admin.watch", "type of a copy")
        return payload(rest)

    def copies(self, number):
        got = [self.copy() for _ in range(number)]
        expect(None not in got, f"{got.count(None)} of {number} copies did not come")
        return got


def log_line(signer=None, text="line", **fields):
    body = it.body_of("log.info", log_level="INFO", job_name="j", log_time=1.5, log_msg=text, **fields)
    return it.message("log.info", body, signer)


def watch_copies(lab):
    """Copies say type, signer, class, verdict, octets and the body, of the good and of the refused; by prefix only."""
    server = remote(lab, policy={"*": "any", "junk": "none"}).start()
    watcher = Watcher(lab, server, "log")
    expect_equal((watcher.first["watching"], watcher.first["lease"]), ("log", LEASE), "watching, lease")
    all_types = Watcher(lab, server, "*")
    expect_equal(all_types.first["watching"], "*", "watching")
    client, signer = lab.dealer(server), lab.signer("local")
    line = log_line(signer, text="hello")
    client.send(line)
    copy = watcher.copy()
    expect_equal({key: copy[key] for key in ("type", "signer", "class", "verdict", "bytes", "n", "dropped")},
                 {"type": "log.info", "signer": "urn:publicid:IDN+it+service+local", "class": "bus", "verdict": "pass",
                  "bytes": copy["bytes"], "n": 1, "dropped": 0}, "a copy")
    expect(sum(map(len, line)) <= copy["bytes"] <= sum(map(len, line)) + 16, f"{copy['bytes']} octets")
    expect_equal(copy["body"], json.loads(line[2]), "the body of the copy")
    # refused ones, with the reason and without the body
    client.send(log_line())
    copy = watcher.copy()
    expect_equal((copy["verdict"], "signer" in copy, "body" in copy, copy["n"]), ("unsigned", False, False, 2), "unsigned")
    client.send(log_line(signer, text="x")[:2] + log_line(signer, text="y")[2:3] + [b"no signature"])
    expect_equal(watcher.copy()["verdict"], "cms.garbage", "a bad signature")
    client.send(it.message("junk.x", it.body_of("junk.x"), signer))  # not under the prefix
    client.send(log_line(signer, text="again"))
    copy = watcher.copy()
    expect_equal((copy["verdict"], copy["body"]["log_msg"], copy["n"]), ("pass", "again", 4), "the next under the prefix")
    blob = b"b" * 100
    client.send(it.message("log.info", it.body_of("log.info", blob_hash=blob_hash(blob)), signer) + [blob])
    expect_equal(watcher.copy()["blob_bytes"], 100, "octets of the blob")
    client.send(log_line(signer, text="x" * BODY_SHOWN_MAX))
    copy = watcher.copy()
    expect_equal((copy["verdict"], "body" in copy), ("pass", False), "a body too long to be shown")
    seen = all_types.copies(7)
    # two types are two handlers, whose copies may overtake each other
    expect_equal(sorted(c["type"] for c in seen), ["junk.x"] + ["log.info"] * 6, "types seen by *")
    junk = next(c for c in seen if c["type"] == "junk.x")
    # a disposer reads nothing: who watches has it read for him
    expect_equal((junk["verdict"], junk["signer"]), ("policy", "urn:publicid:IDN+it+service+local"), "of junk.x")
    expect("does not name the signer" in junk["why"], f"why is {junk['why']!r}")
    expect_equal(server.fresh_stats().get("lost.watch", 0), 0, "copies lost")


def blob_hash(blob):
    import hashlib  # pylint: disable=import-outside-toplevel
    return "SHA-256:" + hashlib.sha256(blob).hexdigest()


class Running:
    """A command in the background; its lines are collected as they come."""

    def __init__(self, lab, *words):
        self.lines = []
        self.process = subprocess.Popen(
            [str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=lab.folder, preexec_fn=it.die_with_parent)
        lab.processes.append(self.process)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_lines(self, number):
        wait_until(lambda: len(self.lines) >= number or self.process.poll() is not None, f"{number} lines of ccfed")
        return self.lines[:number]

    def end(self, number=None, seconds=it.PATIENCE):
        """Waits for its end, after a signal; what it said on stderr."""
        if number:
            self.process.send_signal(number)
        wait_until(lambda: self.process.poll() is not None, "the end of ccfed", seconds)
        self.thread.join(it.PATIENCE)
        errors = self.process.stderr.read()
        expect(not it.SANITIZER.search(errors), f"ccfed: a sanitizer reports: {errors[-2000:]}")
        expect_equal(self.process.returncode, 0, f"exit code of ccfed ({errors.strip()})")
        return errors


def watch_command(lab, server, *words):
    return [lab.cli, "bus", "watch", "--cc", server.url, "--keystore", lab.keys, "--sign", "client", *words]


def watches(server, number):
    wait_until(lambda: server.log().count(" watches ") >= number, f"{number} to watch {server.name}")


def watch_by_command(lab):
    """ccfed bus watch: a line per message, JSON per line, an end by number, by time and by Ctrl-C."""
    server = remote(lab, policy={"*": "any", "junk": "none"}).start()
    client, signer = lab.dealer(server), lab.signer("local")
    watch = Running(lab, *watch_command(lab, server, "--count", "3", "*"))
    watches(server, 1)
    client.send(log_line(signer, text="es\x1bcape"))
    client.send(it.message("junk.x", it.body_of("junk.x"), signer))
    client.send(log_line())
    expect_equal(watch.end(), "", "errors")
    lines = sorted(watch.lines, key=lambda l: (" pass " not in l, " policy " not in l))  # workers race
    name = r"urn:publicid:IDN\+it\+service\+local"
    for line, wanted in zip(lines, (rf"log\.info {name} pass \d+ {{.*\"log_msg\":\"es\\u001[bB]cape\".*}}",
                                    rf"junk\.x {name} policy \d+ .*\[policy\] junk does not name the signer",
                                    r"log\.info \(unsigned\) unsigned \d+ expect signed message")):
        expect(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} " + wanted, line), f"{line!r} is not {wanted!r}")
    expect_equal(len(lines), 3, "lines")
    watch = Running(lab, *watch_command(lab, server, "--json", "log"))
    watches(server, 2)
    for text in ("one", "two"):
        client.send(log_line(signer, text=text))
    got = [json.loads(line) for line in watch.wait_lines(2)]
    expect_equal((watch.end(signal.SIGINT), len(watch.lines)), ("", 2), "errors and lines after Ctrl-C")
    expect_equal(sorted(c["body"]["log_msg"] for c in got), ["one", "two"], "bodies")
    for copy in got:
        expect(not {"req", "re", "hostname", "id"} & set(copy) and abs(copy["time"] - time.time()) < 60, f"a line: {copy}")
    expect_equal(good(lab, server.url, "bus", "watch", "log", "--seconds", "0.5"), "", "output where nothing happens")


def watch_through_proxy(lab):
    """Signed, a watch goes through a proxy, and its copies come back."""
    far = remote(lab).start()
    near = lab.local(far)
    near.sections["routes"]["admin"] = "h:proxy"
    write(near)
    near.start()
    lab.wait_answered(near)
    watch = Running(lab, *watch_command(lab, near, "--json", "--count", "2", "log"))
    watches(far, 1)
    for text in ("one", "two"):
        lab.dealer(far).send(log_line(lab.signer("local"), text=text))
    expect_equal(watch.end(), "", "errors")
    expect_equal(sorted(json.loads(line)["body"]["log_msg"] for line in watch.lines), ["one", "two"], "copies")


def watch_tells_losses(lab):
    """Over 1000 copies a second the server holds back; ccfed says how many."""
    server = remote(lab, options={"worker-queue": 65536}).start()
    client = lab.dealer(server)
    watch = Running(lab, *watch_command(lab, server, "--json", "log"))
    watches(server, 1)
    line = log_line()  # unsigned: refused at once, and seen
    sent = 0

    def held_back():
        """One more line; what the last copy says was held back, once that line is shown."""
        nonlocal sent
        client.send(line)
        sent += 1
        server.wait_stats(lambda s: s.get("refused.unsigned", 0) >= sent, f"{sent} lines seen")
        last = json.loads(watch.lines[-1]) if watch.lines else {}
        return len(watch.lines) + last.get("dropped", 0) == sent and last["dropped"]
    for _ in range(5):
        for _ in range(FLOOD):
            client.send(line)
        sent += FLOOD
        held = wait_until(lambda: held_back() or len(watch.lines) == sent, "the copies of a flood")
        if held is not True:
            break
    expect(held is not True, f"nothing was held back of {sent}: the test is too gentle")
    errors = watch.end(signal.SIGINT)
    expect(errors.endswith(f"copies held back, more than the server shows in a second: {held}\n"), f"ccfed says {errors!r}")
    expect_equal({json.loads(line)["verdict"] for line in watch.lines}, {"unsigned"}, "verdicts")


def slow_watcher(lab):
    """One that does not read loses copies, which are counted; everything else goes on."""
    server = remote(lab, options={"zmq_hwm": 10, "zmq_sndbuf": 8192}).start()
    slow = Watcher(lab, server, "log", hwm=1)
    client, signer = lab.dealer(server), lab.signer("local")
    pad = "x" * 30000
    sent, lost = 0, 0
    end = time.monotonic() + 3 * it.PATIENCE
    while not lost and time.monotonic() < end:
        for _ in range(50):
            client.send(log_line(signer, text="big", pad=pad))
        sent += 50
        lost = server.wait_stats(lambda s, n=sent: s.get("h:log.logged", 0) >= n, f"{sent} logged").get("lost.watch", 0)
        expect(lab.dealer(server).ask(it.echo_request(signer)), "no echo while a watcher does not read")
    expect(lost > 0, f"nothing was lost of {sent} copies")
    stats = server.fresh_stats()
    got = []
    while (copy := slow.copy(4)) is not None:
        got.append(copy)
    numbers = [copy["n"] for copy in got]
    expect_equal(sorted(set(numbers)), sorted(numbers), "numbers of the copies that came")
    held = got[-1]["dropped"]
    expect(len(got) + stats["lost.watch"] + held >= sent,
           f"{len(got)} came, {stats['lost.watch']} lost, {held} held, of {sent}")
    # it reads again, and sees by the numbers what it missed
    client.send(log_line(signer, text="now"))
    copy = slow.copy()
    expect(copy and copy["body"]["log_msg"] == "now", "no copy after it began to read again")
    expect_equal(copy["n"] - len(got) - 1, stats["lost.watch"], "numbers that are missing, and lost.watch")
    lab.expect_answered(server)


def watch_tells_lost_copies(lab):
    """ccfed that stood still knows by the numbers how many copies did not come."""
    server = remote(lab, options={"zmq_hwm": 10, "zmq_sndbuf": 8192}).start()
    client, signer = lab.dealer(server), lab.signer("local")
    watch = Running(lab, *watch_command(lab, server, "--json", "log"))
    watches(server, 1)
    watch.process.send_signal(signal.SIGSTOP)
    sent, lost = 0, 0
    while not lost and sent < 5000:
        for _ in range(50):
            client.send(log_line(signer, text="big", pad="x" * 30000))
        sent += 50
        lost = server.wait_stats(lambda s, n=sent: s.get("h:log.logged", 0) >= n, f"{sent} logged").get("lost.watch", 0)
    watch.process.send_signal(signal.SIGCONT)

    def caught_up():
        """One more line is shown at once, so nothing is on its way any more."""
        nonlocal sent
        client.send(log_line(signer))
        sent += 1
        server.wait_stats(lambda s: s.get("h:log.logged", 0) >= sent, f"{sent} logged")
        last = json.loads(watch.lines[-1]) if watch.lines else {"n": 0, "dropped": 0}
        return last["n"] + last["dropped"] == sent and last
    held = wait_until(caught_up, "the last copy")["dropped"]
    lost = server.fresh_stats()["lost.watch"]
    expect_equal(len(watch.lines) + lost + held, sent, f"copies shown, {lost} lost and {held} held back")
    errors = watch.end(signal.SIGINT)
    expect(f"copies lost on the way, this program was too slow: {lost}\n" in errors, f"ccfed says {errors!r}, not {lost}")


def ninth_watcher(lab):
    """Eight may watch; one more is told busy, and a renewal is none more."""
    server = remote(lab).start()
    watchers = [Watcher(lab, server, "log", hwm=100) for _ in range(WATCHERS_MAX)]
    client = lab.dealer(server)
    expect_error(client.ask(order("watch", lab.signer(), prefix="log")), "busy", "too many")
    done = ccfed(lab, server.url, "bus", "watch", "log")
    expect_equal(done.returncode, 1, "exit code of a ninth")
    expect(done.stderr.startswith("ccfed bus watch: refused (busy): "), f"ccfed says {done.stderr!r}")
    expect_equal(payload(watchers[3].ask("log"))["lease"], LEASE, "lease of a renewal")
    client.send(log_line(lab.signer("local")))
    for watcher in watchers:
        expect_equal(watcher.copy()["n"], 1, "number of the first copy")


def lease_ends(lab):
    """Without renewal copies stop after a minute; ccfed renews."""
    server = remote(lab).start()
    begun = time.monotonic()
    watcher = Watcher(lab, server, "log")
    client, signer = lab.dealer(server), lab.signer("local")
    watch = Running(lab, *watch_command(lab, server, "--json", "log"))
    watches(server, 2)

    def ended():
        client.send(log_line(signer))
        return watcher.copy(1) is None
    wait_until(ended, "the end of the lease", LEASE + it.PATIENCE)
    expect(time.monotonic() - begun > LEASE - 1, f"the lease ended after {time.monotonic() - begun:.0f} s")
    wait_until(lambda: time.monotonic() - begun > LEASE + 5, "a while beyond the first lease of ccfed", LEASE)
    client.send(log_line(signer, text="after the lease"))
    wait_until(lambda: any("after the lease" in line for line in watch.lines), "a copy in the second minute")
    expect_equal(watch.end(signal.SIGTERM), "", "errors of ccfed")


# -- quiesce, figures -------------------------------------------------------------------------------------------------

def quiesce(lab):
    """New requests are told busy, admin goes on, publications are dropped, --off ends it."""
    server = remote(lab).start()
    client, signer = lab.dealer(server), lab.signer()
    good(lab, server.url, "bus", "quiesce")
    expect_hop_error(client.ask(it.echo_request(signer)), "busy")
    client.send(log_line(signer))
    expect_equal(good_json(lab, server.url, "bus", "stats")["server"]["quiesced"], True, "quiesced")
    expect(client.ask(order("routes", signer)), "admin is not answered")
    expect_equal(payload(client.ask(order("quiesce", signer, on=True)))["quiesced"], True, "again")
    stats = server.fresh_stats()
    expect_equal((stats["lost.quiesced"], stats["h:log.logged"]), (2, 0), "turned away; logged")
    good(lab, server.url, "bus", "quiesce", "--off")
    lab.expect_answered(server, "a request after --off")
    expect_equal(good_json(lab, server.url, "bus", "stats")["server"]["quiesced"], False, "quiesced after --off")
    log = server.log()
    expect_equal((log.count("no new requests"), log.count("requests again")), (1, 1), "said in the log, once each")


def signers_listed(lab):
    """Each signer with the number of its messages that are remembered."""
    server = remote(lab).start()
    begun = time.time()
    for name, number in (("client", 3), ("local", 5)):
        client = lab.dealer(server)
        for _ in range(number):
            expect(client.ask(it.echo_request(lab.signer(name))), "no answer")
    body = payload(lab.dealer(server).ask(order("signers", lab.signer("remote"))))
    rows = {row["name"].split("+")[-1]: row for row in body["signers"]}
    expect_equal({name: row["messages"] for name, row in rows.items()}, {"client": 3, "local": 5, "remote": 1}, "messages")
    expect_equal((body["known"], body["ids"], body["bytes"] > 0), (3, 9, True), "known, ids, bytes")
    for name, row in rows.items():
        expect_equal((set(row), row["class"]), ({"name", "class", "messages", "last"}, "bus"), f"the row of {name}")
        expect(begun - 1 < row["last"] < time.time() + 3, f"last of {name} is {row['last']}")
    out = good(lab, server.url, "bus", "signers", signer="remote")
    expect(re.search(r"^5 .* bus +urn:publicid:IDN\+it\+service\+local$", out, re.M), f"ccfed bus signers prints {out!r}")
    expect(re.search(r"^3 signers, 10 messages remembered, ", out, re.M), f"the last line of {out!r}")


def stats_as_in_the_infofile(lab):
    """The figures of admin.stats are those that the server writes."""
    server = remote(lab, options={"cc-stats": 2}).start()
    client, signer = lab.dealer(server), lab.signer()
    for _ in range(5):
        expect(client.ask(it.echo_request(signer)), "no answer")
    client.send(log_line())
    client.send(it.message("nowhere", it.body_of("nowhere"), signer))
    server.wait_stats(lambda s: s.get("count", 0) >= 7, "all counted")
    body = payload(client.ask(order("stats", signer)))
    figures = server.fresh_stats()
    # the request for it is in none of its own figures but count and bytes
    asked = body["stats"]
    expect_equal(set(figures) - set(asked), {f"{p}.ok.msg.admin.stats" for p in ("count", "bytes", "seconds")},
                 "figures that only the file has")
    expect(set(asked) <= set(figures), f"figures that only the answer has: {set(asked) - set(figures)}")
    own = {"count": 0, "bytes": 0, "seconds": 0, "count.ok": 1, "bytes.ok": None, "seconds.ok": None, "replies": 1,
           "verified": None}
    for name, value in asked.items():
        if name in own and own[name] is not None:
            expect(abs(figures[name] - value - own[name]) < 0.1, f"{name}: {value}, later {figures[name]} in the file")
        elif name not in own and not name.startswith("seconds"):
            expect(abs(figures[name] - value) <= 1, f"{name}: {value}, later {figures[name]} in the file")
    expect_equal((body["pid"], body["job_name"]), (server.pid, server.name), "pid, job_name")
    shown = good_json(lab, server.url, "bus", "stats")
    expect_equal(shown["total"]["count.ok.msg.echo.request"], 5, "by ccfed")
    expect(re.search(r"^\[total\]$", good(lab, server.url, "bus", "stats"), re.M), "no [total] in the text")


def queues_and_handlers(lab):
    """The fields of both, as docs/handlers/admin.md has them; what is at work is seen."""
    server = remote(lab, options={"workers": 2, "queue-bytes": "2M"}).start()
    client, signer = lab.dealer(server), lab.signer()
    client.send(log_line(signer))
    server.wait_stats(lambda s: s.get("h:log.logged") == 1, "a line logged")
    body = payload(client.ask(order("queues", signer)))
    # the threads of the pool, and one for each handler with a thread of its own
    names = [thread["name"] for thread in body["threads"]]
    expect_equal(names[:2], ["worker-0", "worker-1"], "threads of the pool")
    expect(len(names) == 4 and all(set(t) == {"name", "waiting"} and t["waiting"] >= 0 for t in body["threads"]),
           f"threads: {body['threads']}")
    expect_equal((body["max_bytes"], body["peer_bytes"]), (2 << 20, 0), "max_bytes, peer_bytes")
    expect(body["messages"] >= 1 and body["bytes"] > 0, f"the request itself is at work: {body}")
    rows = payload(client.ask(order("handlers", signer)))["handlers"]
    got = {row["section"]: row for row in rows}
    expect_equal({s: (r["handler"], r["ending"]) for s, r in got.items()},
                 {"h:echo": ("echo", False), "h:log": ("locallogger", False), "h:drop": ("disposer", False),
                  "h:admin": ("admin", False)}, "sections, handlers, ending")
    expect_equal(set().union(*rows), {"section", "handler", "ending", "messages", "counters"}, "fields of a row")
    expect_equal((got["h:log"]["counters"], got["h:admin"]["messages"]), ({"logged": 1, "non-log": 0}, 1),
                 "counters of the logger; messages of admin")
    expect_equal(payload(client.ask(order("routes", signer)))["routes"], server.sections["routes"], "routes")


# -- daemons ----------------------------------------------------------------------------------------------------------

def daemons(lab):
    """ccfed job: list, config, log, stop, start, restart, and what it says when that does not go."""
    script = lab.folder / "daemon"
    script.write_text("#!/bin/sh\nprintf 'hello\\033[31m\\nworld\\n'\nexec sleep 1000\n")
    script.chmod(0o755)
    broken = lab.folder / "broken"
    broken.write_text("#!/absent/interpreter\n")
    broken.chmod(0o755)
    server = lab.server(
        "local", ccserver={"cc-role": "local", **lab.crypto("local", True)}, policy={"*": "any"},
        routes={"job": "h:jobs", "echo": "h:echo"}, h_echo={"handler": "echo"},
        h_jobs={"handler": "jobmgr", "daemons": "d:one, d:bad"},
        d_one={"script": script, "color": "red"},
        d_bad={"command": broken, "watchdog-formula-a": 600})
    listen_on_ipc(server).start()

    def jobs():
        return {job["name"]: job for job in good_json(lab, server.url, "job", "list")["jobs"]}
    first = wait_until(lambda: (j := jobs())["d:one"]["state"] == "running" and j["d:bad"]["state"] == "backoff" and j,
                       "one running, one failing")
    expect(first["d:one"]["pid"] > 0 and first["d:bad"]["next_start"] > 60, f"jobs: {first}")
    out = good(lab, server.url, "job", "list")
    expect(re.search(rf"^d:one +running +\d+\.\d s +{first['d:one']['pid']} +1 +0 ", out, re.M), f"job list: {out!r}")
    expect(re.search(r"^d:bad +backoff .* \d+ min \d+ s +.*1", out, re.M), f"job list: {out!r}")
    expect_equal(good_json(lab, server.url, "job", "config", "d:one")["config"]["color"], "red", "an option of the daemon")
    expect(re.search(r"^color = red$", good(lab, server.url, "job", "config", "d:one"), re.M), "job config")
    wait_until(lambda: good(lab, server.url, "job", "log", "d:one") == "hello\\x1b[31m\nworld\n", "the daemon's two lines")
    expect_equal(good(lab, server.url, "job", "log", "--lines", "1", "d:one"), "world\n", "the last line")
    expect(re.match(r"d:one: stopped(;.*)?\n$", good(lab, server.url, "job", "stop", "d:one")), "job stop")
    expect_equal(jobs()["d:one"]["pid"], 0, "pid of a stopped daemon")
    out = good(lab, server.ipc, "job", "start", "d:one", keys=False)  # the server's own user
    expect(re.match(r"d:one: running, pid \d+", out), f"job start: {out!r}")
    second = jobs()["d:one"]["pid"]
    answer = good_json(lab, server.url, "job", "restart", "d:one")
    expect(answer["state"] == "running" and answer["pid"] not in (0, first["d:one"]["pid"], second), f"restart: {answer}")
    done = ccfed(lab, server.url, "job", "start", "d:bad", "--deadline", "5")
    expect(done.returncode == 1 and done.stdout.startswith("d:bad: backoff"), f"{done.stdout!r}, {done.stderr!r}")
    for words, line in ((("config", "d:none"), "ccfed job config: refused (not-found): Unknown job_name\n"),
                        (("stop", "d:none"), "ccfed job stop: refused (not-found): Unknown job_name\n")):
        done = ccfed(lab, server.url, "job", *words)
        expect_equal((done.returncode, done.stderr), (1, line), f"job {words}")


# -- policy -----------------------------------------------------------------------------------------------------------

class Policies:
    """Certificates, and the question that `ccfed policy test` answers."""

    def __init__(self, lab):
        self.lab, self.keys = lab, lab.keys
        for name, words in (("node1", ["--urn", "urn:publicid:IDN+ccfed.test+node+node1"]), ("front-1", []),
                            ("front-2", []), ("gone", []), ("user", ["--urn", "urn:publicid:IDN+ccfed.test:site+user+u"])):
            if not (self.keys / f"{name}.crt").exists():
                lab.make_key("issue", name, *words)
        if not (self.keys / "other.crt").exists():
            lab.make_key("init-ca", "other")
            lab.make_key("issue", "stranger", "--ca", "other", "--urn", "urn:publicid:IDN+example.net+user+eve")
        lab.make_key("revoke", "gone")

    def cert(self, name):
        return self.keys / f"{name}.crt"

    def caller(self, name):
        """The caller as a front door states it; "-": somebody without certificate; None: nobody."""
        if name is None:
            return None
        certs = [] if name == "-" else [base64.b64encode(ssl.PEM_cert_to_DER_cert(self.cert(name).read_text())).decode()]
        return {"certs": certs, "listener": "am", "tls": "TLSv1.3"}

    def test(self, ini, signer, kind, *words):
        done = self.lab.ccfed("policy", "test", ini, "--signer", self.cert(signer), "--type", kind, *words)
        expect(done.returncode in (0, 1), f"policy test {signer} {kind}: {done.stderr.strip()}")
        expect(re.search(r"^(allowed|refused): ", done.stdout, re.M), f"no outcome in {done.stdout!r}")
        return done.stdout, done.returncode == 0


CASES = (  # signer, type, caller, allowed, words of policy test, counter of the server's verdict
    ("client", "echo.request", None, True, "[policy] echo = any", "pass"),
    ("front-2", "echo.request", None, True, "[policy] echo = any", "pass"),
    ("stranger", "echo.request", None, False, "[policy] echo = any: does not name the signer", "cms.chain"),
    ("client", "log.info", None, True, "[policy] log = urn:publicid:IDN+it+service+*", "pass"),
    ("front-1", "log.info", None, False, "[policy] log = urn:publicid:IDN+it+service+*: does not name", "policy"),
    ("node1", "log.info", None, False, "does not name the signer", "policy"),
    ("node1", "ticket.register", None, True, "[policy] ticket = urn:publicid:IDN+ccfed.test+node+*", "pass"),
    ("node1", "ticket.redeem", None, False, "[policy] ticket.redeem = none: does not name", "policy"),
    ("node1", "tickets.register", None, False,
     "no line for type tickets.register; add to [policy]: tickets = urn:publicid:IDN+ccfed.test+node+node1", "policy"),
    ("front-2", "Reg.x", None, False, "no line for type Reg.x; add to [policy]: * = cn:front-2", "policy"),
    ("stranger", "reg.resolve", None, True, "[policy] reg = gid, cn:front-*", "pass"),
    ("client", "reg.resolve", None, False, "[policy] reg = gid, cn:front-*: does not name", "policy"),
    ("gone", "echo.request", None, False, "the certificate is not good (cms.revoked)", "cms.revoked"),
    ("front-1", "reg.resolve", "user", True, "[assert-caller] front = cn:front-1,", "pass"),
    ("front-1", "reg.resolve", "stranger", False, "the caller is outside its namespaces", "caller.namespace"),
    ("front-1", "reg.remove", "user", False, "[assert-caller] front = cn:front-1,", "caller.operation"),
    ("front-1", "reg.resolve", None, False, "must state a caller", "caller.missing"),
    ("front-1", "reg.resolve", "-", False, "the caller is outside its namespaces", "caller.namespace"),
    ("front-1", "reg.get_version", "-", True, "[assert-caller] front = cn:front-1,", "pass"),
    ("front-1", "echo.request", None, True, "[policy] echo = any", "pass"),
    ("front-1", "echo.request", "user", False, "no line of [assert-caller]", "caller.forbidden"),
    ("front-2", "reg.resolve", "user", False, "no line of [assert-caller]", "caller.forbidden"),
    ("stranger", "reg.resolve", "user", False, "no line of [assert-caller]", "caller.forbidden"),
    ("front-2", "reg.resolve", None, True, "[policy] reg = gid, cn:front-*", "pass"),
)


def judged_by(server, watcher, policies, signer, kind, caller):
    """What a running server makes of such a message: the verdict that its watcher sees."""
    client = server.lab.dealer(server)
    body = it.body_of(kind, target="t", caller=policies.caller(caller))
    client.send([it.query_id()] + it.message(kind, body, server.lab.signer(signer)))
    copy = watcher.copy()
    expect(copy is not None and copy["type"] == kind, f"the copy of {kind}: {copy}")
    return copy["verdict"], copy.get("class")


def policy_test_agrees(lab):
    """ccfed policy test says of each case what a server with the same file does."""
    policies = Policies(lab)
    server = remote(
        lab, routes={"*": "h:log"}, options={"cms-crl": "ca"},
        policy={"echo": "any", "log": "urn:publicid:IDN+it+service+*", "ticket": "urn:publicid:IDN+ccfed.test+node+*",
                "ticket.redeem": "none", "reg": "gid, cn:front-*", "admin": "urn:publicid:IDN+it+service+client"},
        **{"assert-caller": {"front": "cn:front-1, prefix reg am, namespace ccfed.test, deny reg.remove"}})
    server.start()
    watcher = Watcher(lab, server, "*")
    for signer, kind, caller, allowed, words, counter in CASES:
        case = f"{signer} {kind}{f' for {caller}' if caller else ''}"
        said, may = policies.test(server.ini, signer, kind,
                                  *(["--caller", caller if caller == "-" else policies.cert(caller)] if caller else []))
        verdict, cls = judged_by(server, watcher, policies, signer, kind, caller)
        expect_equal(verdict, counter, f"the server's verdict on {case}")
        expect_equal((may, verdict == "pass"), (allowed, allowed), f"policy test and server on {case}")
        expect(words in said, f"policy test on {case}: {words!r} is not in {said!r}")
        expect(cls is None or f"(class {cls}" in said, f"policy test on {case}: class {cls} is not in {said!r}")
        if ": [" in said:
            place = re.search(rf": {re.escape(str(server.ini))}:(\d+): \[(\S+)\] (\S+) = ", said)
            expect(place, f"no place in {said!r}")
            line = server.ini.read_text().splitlines()[int(place[1]) - 1]
            expect(line.startswith(f"{place[3]} = "), f"line {place[1]} of the file is {line!r}, not of {place[3]}")


def policy_test_agrees_with_old_peers(lab):
    """The same with cms-compat and without [policy], and with no CA at all."""
    policies = Policies(lab)
    server = lab.remote("compat", options={"cms-compat": "hots-cc"},
                        routes={"*": "h:log", "admin": "h:admin"}, h_admin={"handler": "admin"})
    server.sections.pop("policy")
    listen_on_ipc(server).start()
    watcher = lab.dealer(server.ipc)
    expect(watcher.ask(order("watch", prefix="*")), "the server's own user cannot watch")
    for signer, kind, allowed in (("front-1", "echo.request", True), ("stranger", "echo.request", False),
                                  ("front-1", "task.start", True), ("front-1", "reg.resolve", False)):
        said, may = policies.test(server.ini, signer, kind)
        lab.dealer(server).send([it.query_id()] + it.message(kind, it.body_of(kind), lab.signer(signer)))
        frames = watcher.receive()
        expect(frames is not None, f"no copy of {kind}")
        expect_equal((may, payload(it.split_route(frames)[1])["verdict"] == "pass"), (allowed, allowed), f"{signer} {kind}")
        expect(("cms-compat" in said) == (allowed and kind != "reg.resolve"), f"said: {said!r}")
    server.stop()
    unsigned = remote(lab, name="open", signed=False, routes={"*": "h:log"})
    for kind, allowed in (("echo.request", True), ("reg.remove", True), ("admin.reload", False)):
        said, may = policies.test(unsigned.ini, "stranger", kind)
        expect(may == allowed and "cms-verify-ca is empty" in said, f"{kind} without CA: {said!r}")


def policy_test_on_answers(lab):
    """--answer agrees with what a client that has the same [servers] takes."""
    policies = Policies(lab)
    server = remote(lab).start()
    for servers, allowed in (("urn:publicid:IDN+it+service+remote", True), ("urn:publicid:IDN+*+service+*", True),
                             ("urn:publicid:IDN+it+service+local", False), ("cn:remote", False), ("any", True)):
        ini = lab.folder / "client.ini"
        ini.write_text(it.ini_text({"ccserver": {"cms-keystore": lab.keys, "cms-verify-ca": "ca"},
                                    "servers": {"*": servers}}))
        said, may = policies.test(ini, "remote", "echo.request", "--answer")
        ping = lab.ping(server, count=1, deadline=5 if allowed else 1, servers=servers)
        expect_equal((may, ping["answered"] == 1, ping["refused"] > 0), (allowed, allowed, not allowed),
                     f"policy test, ping and refused answers with {servers}")
        expect(f"[servers] * = {servers}" in said, f"said: {said!r}")
    said, may = policies.test(ini, "stranger", "echo.request", "--answer")
    expect(not may and "class gid" in said, f"a stranger answers: {said!r}")


def policy_test_forms(lab):
    """JSON, --gid, and what cannot be answered (exit code 2)."""
    policies = Policies(lab)
    server = remote(lab, policy={"echo": "any", "reg": "gid"})
    done = lab.ccfed("policy", "test", server.ini, "--signer", policies.cert("client"), "--type", "echo.x", "--json")
    got = json.loads(done.stdout)
    line = got.pop("line")
    expect_equal(got, {"outcome": "allowed", "type": "echo.x", "signer": "urn:publicid:IDN+it+service+client",
                       "class": "bus", "why": None}, "JSON of an allowed one")
    expect_equal([line[key] for key in ("section", "key", "value", "file")], ["policy", "echo", "any", str(server.ini)],
                 "line")
    for kind, allowed in (("reg.x", True), ("echo.x", False)):
        said, may = policies.test(server.ini, "client", kind, "--gid")
        expect(may == allowed and "(class gid, by --gid)" in said, f"--gid on {kind}: {said!r}")
    broken = lab.folder / "broken.ini"
    broken.write_text(server.ini.read_text() + "\n[servers]\nreg = everybody\n")
    nokeys = lab.folder / "nokeys.ini"
    nokeys.write_text(server.ini.read_text().replace("cms-verify-ca = ca", "cms-verify-ca = none"))
    for words, why in (((broken, "--signer", policies.cert("client")), rf"{broken}:\d+: unknown \"everybody\""),
                       ((nokeys, "--signer", policies.cert("client")), r"none\.crt"),
                       ((lab.folder / "absent.ini", "--signer", policies.cert("client")), r"absent\.ini"),
                       ((server.ini, "--signer", server.ini), "no file of PEM certificates"),
                       ((server.ini, "--signer", lab.folder / "absent.crt"), r"absent\.crt")):
        done = lab.ccfed("policy", "test", *words, "--type", "echo.x")
        expect_equal((done.returncode, done.stdout), (2, ""), f"exit code and output of policy test {words}")
        expect(re.search(why, done.stderr), f"{why!r} is not in {done.stderr!r}")
    done = lab.ccfed("policy", "show", broken)
    expect(done.returncode == 2 and "everybody" in done.stderr, f"policy show of a broken file: {done.stderr!r}")


def policy_show(lab):
    """All lines, the longest prefix first, variables filled in, defaults left out."""
    ini = lab.folder / "shown.ini"
    ini.write_text("[DEFAULT]\nchatty = cn:default\n[ccserver]\n[policy]\nplc = urn:publicid:IDN+x+service+plc\n"
                   "* = none\nreg = %(plc)s\nreg.resolve.x = any\nam = gid\nreg.resolve = any, \n\tcn:a\n[servers]\n* = %(plc)s\nplc = any\n"
                   "[assert-caller]\nfront = cn:f, prefix reg, namespace *\n")
    done = lab.ccfed("policy", "show", "--json", ini)
    expect_equal(done.returncode, 0, f"exit code ({done.stderr.strip()})")
    got = json.loads(done.stdout)
    expect_equal({name: [(l["key"], l["value"], l["line"]) for l in lines] for name, lines in got.items()}, {
        "policy": [("reg.resolve.x", "any", 8), ("reg.resolve", "any,\ncn:a", 10), ("am", "gid", 9),
                   ("reg", "urn:publicid:IDN+x+service+plc", 7), ("*", "none", 6)],
        "servers": [("*", "any", 13)],
        "assert-caller": [("front", "cn:f, prefix reg, namespace *", 16)]}, "lines")
    done = lab.ccfed("policy", "show", ini)
    expect(re.search(rf"^\[policy\] +reg +urn:publicid:IDN\+x\+service\+plc +{ini}:7$", done.stdout, re.M) and
           re.search(r"^\[policy\] +reg\.resolve +any, cn:a +", done.stdout, re.M), f"policy show prints {done.stdout!r}")


if __name__ == "__main__":
    it.main(every_message_raw, every_message_by_command, usage_errors, refusals_are_told, reload_says_what_is_wrong,
            no_server_no_answer, without_the_handler, unsigned_over_tcp, own_user_by_ipc, other_user_by_ipc,
            unsigned_through_proxy, watch_copies, watch_by_command, watch_through_proxy, watch_tells_losses, slow_watcher,
            watch_tells_lost_copies, ninth_watcher, *([lease_ends] if it.count("WATCH_LEASE", 0) else []), quiesce,
            signers_listed, stats_as_in_the_infofile, queues_and_handlers, daemons, policy_test_agrees,
            policy_test_agrees_with_old_peers, policy_test_on_answers, policy_test_forms, policy_show)
