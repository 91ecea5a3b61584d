#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Who may connect from outside, and what a stranger can do to memory: tests/it/transport.py BUILD

The servers listen on an address that is not loopback. It is in a network namespace of this script's own, on the
loopback device, where every address of the two networks below is this host's: a peer chooses where it comes from.
"""
import contextlib
import ctypes
import fcntl
import os
import re
import signal
import socket
import struct
import types

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until

try:
    import zmq
    from zmq.utils.monitor import recv_monitor_message
except ImportError:
    zmq = None

ADDRESS, INSIDE, OUTSIDE = "10.77.0.1", "10.77.0.2", "192.0.2.9"
NETWORKS = {"lo:1": ADDRESS, "lo:2": "192.0.2.1"}  # each /24
INSIDE_NET = "10.77.0.0/24"

FRAME_MAX = 16 << 20  # what one connection can hold before its handshake is over (docs/transport.md)
SLACK = 8 << 20
BOUND_KIB = (FRAME_MAX + SLACK) >> 10
STRANGER = it.count("STRANGER_MB", 200) << 20
ATTEMPTS = 10
CHUNK = 1 << 20

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFADDR, SIOCSIFNETMASK, SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8916, 0x891C, 0x8913, 0x8914
IFF_UP = 1

no_network = "not tried"  # why there is no network of our own


# -- the network ------------------------------------------------------------------------------------------------------

def unshare():
    """A network namespace; as another user than root inside a user namespace, where we are root."""
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNET if user == 0 else CLONE_NEWNET | CLONE_NEWUSER
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if flags & CLONE_NEWUSER:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def set_address(control, request, device, address):
    fcntl.ioctl(control, request,
                struct.pack("16sHH4s8x", device.encode(), socket.AF_INET, 0, socket.inet_aton(address)))


def enter_network():
    """Goes there. @return why it cannot, or None."""
    try:
        unshare()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            request = struct.pack("16sh14x", b"lo", 0)
            flags = struct.unpack("16sh14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
            fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
            for device, address in NETWORKS.items():
                set_address(control, SIOCSIFADDR, device, address)
                set_address(control, SIOCSIFNETMASK, device, "255.255.255.0")
    except OSError as why:
        return f"no network namespace of our own: {why}"
    return None


def outer(server):
    """The server as it is seen from outside; for what wants something with a url."""
    return types.SimpleNamespace(url=f"tcp://{ADDRESS}:{server.port}", name=server.name)


# -- servers ----------------------------------------------------------------------------------------------------------

def guarded(lab, name="remote", sockets=None, **options):
    """A remote server that listens on loopback and outside; options of [ccserver] with - for _."""
    server = lab.remote(name, options={"stats-period": 0.2, "cms-keystore": lab.keys,
                                       **{key.replace("_", "-"): value for key, value in options.items()}})
    server.sections["ccserver"]["cc-socket"] = sockets or f"{server.url}, tcp://{ADDRESS}:{server.port}"
    server.ini.write_text(it.ini_text(server.sections))
    return server


def started(lab, **options):
    if no_network:
        raise it.Skip(no_network)
    return guarded(lab, **options).start().settle()


def curve_key(lab, name):
    """The public key of a pair in the key store, made when it is not there."""
    path = lab.keys / f"{name}.curve"
    if not path.exists():
        done = lab.ccfed("keys", "curve", "--keystore", lab.keys, name)
        expect_equal(done.returncode, 0, f"ccfed keys curve ({done.stderr.strip()})")
        expect_equal(done.stdout, path.read_text(), "the key that was printed")
    return path.read_bytes().strip()


def curve_secret(lab, name):
    return (lab.keys / "private" / f"{name}.curve").read_bytes().strip()


def expect_refused_start(lab, server, *words):
    for arguments in (["--check"], []):
        done = lab.run(lab.ccserver, *arguments, server.ini)
        expect_equal(done.returncode, 2, f"exit code of ccserver {' '.join(arguments)}")
        for word in words:
            expect(word in done.stderr, f"no {word!r} in {done.stderr.strip()!r}")


def change(server, **options):
    """Writes its options anew; None takes one out."""
    for key, value in options.items():
        server.sections["ccserver"].pop(key.replace("_", "-"), None)
        if value is not None:
            server.sections["ccserver"][key.replace("_", "-")] = value
    server.ini.write_text(it.ini_text(server.sections))


def reload(server, **options):
    """With other options; waits for the word on it."""
    def outcomes():
        return len(re.findall("reload(?:ed)?: ", server.log()))
    seen = outcomes()
    change(server, **options)
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: outcomes() > seen, "the reload")


# -- peers ------------------------------------------------------------------------------------------------------------

class Peer(it.Dealer):
    """A DEALER with keys and a source address of the test's choice."""

    def __init__(self, lab, port, source=INSIDE, server_key=None, pair=None):  # pylint: disable=super-init-not-called
        self.socket = lab.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.events = self.socket.get_monitor_socket()
        if server_key:
            self.socket.curve_serverkey = server_key
            self.socket.curve_publickey, self.socket.curve_secretkey = pair or zmq.curve_keypair()
        self.socket.connect(f"tcp://{source}:0;{ADDRESS}:{port}")
        lab.sockets.append(self)

    def wait_cut(self, seconds=it.PATIENCE):
        """Waits until the connection was cut in its handshake."""
        while True:
            expect(self.events.poll(seconds * 1000), f"not cut within {seconds} s")
            event = recv_monitor_message(self.events)["event"]
            expect(event != zmq.EVENT_HANDSHAKE_SUCCEEDED, "the handshake succeeded")
            if event == zmq.EVENT_DISCONNECTED:
                return

    def close(self):
        self.socket.disable_monitor()
        self.events.close(0)
        self.socket.close(0)


def expect_nothing(lab, server, make, asked):
    """What the peer of make() sends reaches nobody, and nothing comes back. asked: ccserver itself refused it."""
    before = server.fresh_stats()
    peer = make()
    with contextlib.suppress(zmq.Again):  # libzmq may have given up already
        peer.socket.send_multipart([it.query_id()] + it.echo_request(lab.signer()), zmq.NOBLOCK)
    refused = before.get("refused.connections", 0)
    if asked:
        server.wait_stats(lambda s: s.get("refused.connections", 0) > refused, "the refusal counted")
    else:
        peer.wait_cut()
    expect(peer.receive(0) is None, "an answer")
    after = server.fresh_stats()
    expect_equal(after["count"], before["count"], "messages that came in")
    if not asked:
        expect_equal(after.get("refused.connections", 0), refused, "refusals, while nobody was asked")
    lab.sockets.remove(peer)  # it would try again, and be counted later
    peer.close()


def expect_echo(lab, peer):
    rest = peer.ask(it.echo_request(lab.signer()))
    expect(rest and rest[0] == b"echo.response", f"no echo but {rest}")


def number(octets):
    return struct.pack(">Q", octets)


def greeting(mechanism):
    """ZMTP 3.0: signature, version, mechanism, as client, filler."""
    return b"\xff" + bytes(8) + b"\x7f" + bytes([3, 0]) + mechanism.ljust(20, b"\0") + bytes(32)


def ready():
    body = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER\x08Identity" + struct.pack(">I", 0)
    return bytes([4, len(body)]) + body


MORE_LONG, COMMAND_LONG = 3, 6
# a stranger: what it says first, and the head of a frame of so many octets to which more will follow for ever
STRANGERS = {
    "plain": (greeting(b"NULL") + ready(), lambda n: bytes([MORE_LONG]) + number(n)),
    "within-handshake": (greeting(b"NULL"), lambda n: bytes([COMMAND_LONG]) + number(n)),
    "within-curve-handshake": (greeting(b"CURVE"), lambda n: bytes([COMMAND_LONG]) + number(n)),
    "of-zmtp-2": (b"\xff" + bytes(8) + b"\x7f\x01\x05" + b"\x00\x00", lambda n: bytes([MORE_LONG]) + number(n)),
    "of-zmtp-1": (b"\x01\x00", lambda n: b"\xff" + number(n + 1) + b"\x01"),
}


class Stranger:
    """A raw peer that sends an unfinished message of so many octets, for as long as it is let."""

    def __init__(self, port, kind, source=OUTSIDE):
        self.hello, self.head = STRANGERS[kind]
        self.sent = 0
        self.socket = socket.socket()
        self.socket.settimeout(it.PATIENCE)
        self.socket.bind((source, 0))
        self.socket.connect((ADDRESS, port))

    def push(self, total, look, frame=CHUNK):
        """look() is called after each chunk. @return whether the peer took it all."""
        chunk = bytes(CHUNK)
        try:
            self.socket.sendall(self.hello)
            while self.sent < total:
                self.socket.sendall(self.head(frame))
                for _ in range(frame // CHUNK):
                    self.socket.sendall(chunk)
                    self.sent += CHUNK
                    look()
        except OSError:
            return False
        return True

    def close(self):
        self.socket.close()


class Memory:
    """The most that a server's memory grew since it was looked at first."""

    def __init__(self, server, base=None):
        self.server, self.base, self.grown = server, base or server.memory_kib(), 0

    def look(self):
        self.grown = max(self.grown, self.server.memory_kib() - self.base)


def strangers(lab, server, kinds, total):
    """Each kind comes again and again; how much each sent and how far memory grew under it."""
    base = server.memory_kib()  # what one kind left behind is no room for the next
    for kind in kinds:
        memory, sent = Memory(server, base), 0
        # small frames are taken one by one, a large one is waited for
        for frame in (CHUNK, FRAME_MAX - CHUNK):
            for _ in range(ATTEMPTS):
                with contextlib.closing(Stranger(server.port, kind)) as stranger:
                    stranger.push(total // ATTEMPTS, memory.look, frame)
                    sent += stranger.sent
                memory.look()
        yield kind, sent, memory


# -- what is needed to start ------------------------------------------------------------------------------------------

def refuses_to_start_unprotected(lab):
    """The word on it names the lines that would help."""
    for url in (f"tcp://{ADDRESS}:22632", "tcp://*:22632", "tcp://[::]:22632",
                f"tcp://127.0.0.1:22632, tcp://{ADDRESS}:22632"):
        server = guarded(lab, sockets=url)
        expect_refused_start(lab, server, f"{url.rsplit(', ')[-1]} is open to strangers", "cc-curve = ", "cc-allow = ",
                             "cc-open = yes")


def refuses_half_a_protection(lab):
    outside = f"tcp://{ADDRESS}:22632"
    for options, word in (
            ({"cc_curve_clients": "node"}, "cc-curve-clients without cc-curve"),
            ({"cc_curve_clients": "node", "cc_open": "yes"}, "cc-curve-clients without cc-curve"),
            ({"cc_curve": "server", "cms_keystore": ""}, "cc-curve without cms-keystore"),
            ({"cc_curve": "absent"}, "private/absent.curve"),
            ({"cc_curve": "../server"}, "is no name of a key"),
            ({"cc_allow": "10.77.0.0/33"}, 'cc-allow: "10.77.0.0/33" is no address or network'),
            ({"cc_allow": "10.77.0.1/24"}, 'cc-allow: "10.77.0.1/24" has bits set beyond its prefix'),
            ({"cc_allow": "host.example"}, 'cc-allow: "host.example" is no address or network')):
        server = guarded(lab, sockets=outside, **options)
        change(server, cms_verify_ca=None, cms_sign=None)
        expect_refused_start(lab, server, word)


def refuses_foreign_key_file(lab):
    """A secret key that others may write is not ours."""
    curve_key(lab, "loose")
    (lab.keys / "private" / "loose.curve").chmod(0o620)
    expect_refused_start(lab, guarded(lab, cc_curve="loose"), "loose.curve may be written by others")


def starts_with_each(lab):
    """One of the three is enough."""
    curve_key(lab, "server")
    for options in ({"cc_open": "yes"}, {"cc_allow": INSIDE_NET}, {"cc_curve": "server"},
                    {"cc_curve": "server", "cc_allow": INSIDE_NET}):
        server = started(lab, name="-".join(options), **options)
        expect(re.search(f"listening on tcp://{ADDRESS}:", server.log()), "no word on the endpoint")
        lab.expect_answered(server)
        server.stop()


# -- strangers and memory ---------------------------------------------------------------------------------------------

def open_server_grows(lab):
    """Without protection a stranger fills memory as far as he likes: so the tests below can fail."""
    if lab.sanitized:
        raise it.Skip("memory is judged on a plain build")
    for kind, total in (("plain", STRANGER), ("of-zmtp-2", 4 * FRAME_MAX), ("of-zmtp-1", 4 * FRAME_MAX)):
        server = started(lab, name=kind, cc_open="yes")
        memory = Memory(server)
        with contextlib.closing(Stranger(server.port, kind)) as stranger:
            expect(stranger.push(total, memory.look), f"{kind}: cut after {stranger.sent} octets")
            # what is on its way into libzmq
            wait_until(lambda m=memory, t=total: m.look() or m.grown > (t >> 10) * 3 // 4,
                       f"{kind}: memory of an open server to grow by {total >> 20} MiB")
        expect(memory.grown > BOUND_KIB, f"{kind}: grew by {memory.grown} KiB only")


def judge_strangers(lab, server, kinds):
    total = STRANGER if not lab.sanitized else 4 * FRAME_MAX
    for kind, sent, memory in strangers(lab, server, kinds, total):
        within = memory.grown <= BOUND_KIB or lab.sanitized
        yield kind, None if within else f"VmRSS grew by {memory.grown} KiB under {sent >> 20} MiB, bound {BOUND_KIB}"


def curve_keeps_strangers_out(lab):
    curve_key(lab, "server")
    server = started(lab, cc_curve="server")
    yield from judge_strangers(lab, server, STRANGERS)
    lab.expect_answered(server)
    expect_equal(server.fresh_stats()["count"], 1, "messages that came in")


def allow_keeps_strangers_out(lab):
    server = started(lab, cc_allow=INSIDE_NET)
    yield from judge_strangers(lab, server, STRANGERS)
    lab.expect_answered(server)
    stats = server.fresh_stats()
    expect_equal(stats["count"], 1, "messages that came in")
    expect(stats.get("refused.connections", 0) >= ATTEMPTS, "refused connections are not counted")
    expect(f"refused (zap-address) a connection from {OUTSIDE}: its address is not in cc-allow" in server.log(),
           "no line about the address")
    lines = len(re.findall(r"refused \(zap-address\)", server.log()))
    expect(lines <= 3, f"{lines} lines about one source within minutes")


# -- CURVE ------------------------------------------------------------------------------------------------------------

def curve_clients(lab):
    """Only who has the server's key and one of the list is let in."""
    server_key, known, other = (curve_key(lab, name) for name in ("server", "known", "other"))
    server = started(lab, cc_curve="server", cc_curve_clients="known")
    good = Peer(lab, server.port, server_key=server_key, pair=(known, curve_secret(lab, "known")))
    expect_echo(lab, good)
    expect_nothing(lab, server, lambda: Peer(lab, server.port), asked=False)
    secret, other_secret = curve_secret(lab, "known"), curve_secret(lab, "other")
    wrong = zmq.curve_keypair()[0]

    def peer(key, *pair):
        return lambda: Peer(lab, server.port, server_key=key, pair=pair)

    expect_nothing(lab, server, peer(wrong, known, secret), asked=False)
    # a public key without its secret proves nothing
    expect_nothing(lab, server, peer(server_key, known, other_secret), asked=False)
    expect_nothing(lab, server, peer(server_key, other, other_secret), asked=True)
    expect(f"a connection from {INSIDE}: not in cc-curve-clients is its key {other.decode()}" in server.log(),
           "no line about the key")
    expect_echo(lab, good)


def curve_for_whoever_knows_the_server(lab):
    """Without a list any key will do; ipc and loopback need none."""
    server_key = curve_key(lab, "server")
    server = started(lab, cc_curve="server")
    expect_echo(lab, Peer(lab, server.port, source=OUTSIDE, server_key=server_key))
    lab.expect_answered(server)
    expect_nothing(lab, server, lambda: Peer(lab, server.port), asked=False)


def curve_leaves_ipc_alone(lab):
    curve_key(lab, "server")
    if no_network:
        raise it.Skip(no_network)
    server = guarded(lab, cc_curve="server")
    path = lab.folder / "cc.sock"
    # whatever their order
    change(server, cc_socket=f"tcp://{ADDRESS}:{server.port}, ipc://{path}, {server.url}")
    server.start().settle()
    lab.expect_answered(types.SimpleNamespace(url=f"ipc://{path}"))
    lab.expect_answered(server)
    expect_echo(lab, Peer(lab, server.port, server_key=curve_key(lab, "server")))


def ccfed_with_curve(lab):
    """--curve-server takes a name or the key, --curve a name; the environment has the server's key."""
    server_key = curve_key(lab, "server").decode()
    curve_key(lab, "known")
    server = started(lab, cc_curve="server", cc_curve_clients="known")
    seen = outer(server)
    lab.expect_answered(seen, **{"curve-server": "server", "curve": "known"})
    lab.expect_answered(seen, **{"curve-server": server_key, "curve": "known"})
    os.environ["CCFED_CURVE_SERVER"] = server_key
    try:
        lab.expect_answered(seen, curve="known")
    finally:
        del os.environ["CCFED_CURVE_SERVER"]
    # no key at all, and one that nobody knows
    for options in ({}, {"curve-server": "server"}, {"curve-server": "known", "curve": "known"}):
        summary = lab.ping(seen, count=1, deadline=1, **options)
        expect(summary["rc"] != 0 and summary["answered"] == 0, f"answered with {options}")
    for options, word in (({"curve": "known"}, "--curve needs the server's key"),
                          ({"curve-server": "absent"}, "absent.curve"),
                          ({"curve-server": "../keys/server"}, "is no name of a key")):
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        done = lab.ccfed("bus", "ping", "--cc", seen.url, "--keystore", lab.keys, "--sign", "client", *words)
        expect(done.returncode != 0 and word in done.stderr, f"{options}: {done.stderr.strip()!r}")


def proxy_with_curve(lab):
    """A proxy that has the keys brings its clients' requests through, and no other."""
    curve_key(lab, "server")
    curve_key(lab, "node")
    server = started(lab, cc_curve="server", cc_curve_clients="node")
    local = lab.local(outer(server), remote_curve="server", curve="node").start().settle()
    lab.wait_answered(local)
    lab.expect_answered(local)
    for name, options in (("none", {}), ("unknown", {"remote_curve": "server"}),
                          ("wrong", {"remote_curve": "node", "curve": "node"})):
        other = lab.local(outer(server), name=f"local-{name}", **{"ping_timeout": 1, **options}).start().settle()
        wait_until(lambda o=other: re.search(r"is down: ", o.log()), f"{name}: the remote to be down")
        summary = lab.ping(other, count=1, deadline=2)
        expect(summary["rc"] != 0 and summary["answered"] == 0, f"{name}: answered")


def proxy_comes_back(lab):
    """A proxy that was refused goes on trying: its server may be set right."""
    curve_key(lab, "server")
    curve_key(lab, "node")
    server = started(lab, cc_open="yes")
    local = lab.local(outer(server), remote_curve="server", curve="node", ping_timeout=1).start().settle()
    wait_until(lambda: "is CURVE set the same at both ends?" in local.log(), "a line about the handshake")
    server.stop()
    change(server, cc_open=None, cc_curve="server", cc_curve_clients="server")
    server.start().settle()
    server.wait_stats(lambda s: s.get("refused.connections", 0) >= 1, "the proxy to be refused for its key")
    reload(server, cc_curve_clients="server, node")
    lab.wait_answered(local)


def proxy_keys_are_checked(lab):
    """Before anything starts."""
    if not (lab.keys / "server.curve").exists():
        curve_key(lab, "server")
    for options, word in (({"remote_curve": "absent"}, "absent.curve"),
                          ({"curve": "server"}, "curve without remote-curve"),
                          ({"remote_curve": "server", "curve": "absent"}, "private/absent.curve")):
        local = lab.local(types.SimpleNamespace(url="tcp://192.0.2.1:9"), **options)
        expect_refused_start(lab, local, word)


def keys_are_not_replaced(lab):
    """ccfed keys curve: files, modes, and the word force."""
    folder = lab.folder / "store"
    done = lab.ccfed("keys", "curve", "--keystore", folder, "a")
    expect_equal((done.returncode, done.stdout), (0, (folder / "a.curve").read_text()), "first time")
    expect_equal(len(done.stdout), 41, "octets of a public key")
    secret = folder / "private" / "a.curve"
    expect_equal((secret.stat().st_mode & 0o777, secret.parent.stat().st_mode & 0o777), (0o600, 0o700), "modes")
    before = secret.read_bytes()
    expect_equal(zmq.curve_public(before.strip()), done.stdout.strip().encode(), "the public half of the secret one")
    again = lab.ccfed("keys", "curve", "--keystore", folder, "a")
    expect(again.returncode != 0 and "a.curve exists" in again.stderr, f"second time: {again.stderr.strip()!r}")
    expect_equal(secret.read_bytes(), before, "the secret key")
    expect_equal(lab.ccfed("keys", "curve", "--keystore", folder, "--force", "a").returncode, 0, "with force")
    expect(secret.read_bytes() != before, "the secret key is still the old one")
    expect("is no name of a key" in lab.ccfed("keys", "curve", "--keystore", folder, "../b").stderr, "a name with a /")


# -- addresses --------------------------------------------------------------------------------------------------------

def allow_by_address(lab):
    server = started(lab, cc_allow=f"{INSIDE}, 10.77.0.128/25")
    lab.expect_answered(server)
    for source in (INSIDE, "10.77.0.128", "10.77.0.254"):
        expect_echo(lab, Peer(lab, server.port, source=source))
    for source in ("10.77.0.3", "10.77.0.127", OUTSIDE):
        expect_nothing(lab, server, lambda s=source: Peer(lab, server.port, source=s), asked=True)
        expect(f"a connection from {source}: its address is not in cc-allow" in server.log(), f"no line about {source}")


def allow_on_any_address(lab):
    """A socket for IPv4 and IPv6 sees ::ffff:10.77.0.2; loopback is always let in."""
    if no_network:
        raise it.Skip(no_network)
    server = guarded(lab, cc_allow=INSIDE_NET)
    change(server, cc_socket=f"tcp://*:{server.port}")
    server.start().settle()
    lab.expect_answered(server)
    expect_echo(lab, Peer(lab, server.port))
    expect_nothing(lab, server, lambda: Peer(lab, server.port, source=OUTSIDE), asked=True)
    expect(f"a connection from {OUTSIDE}: its address is not in cc-allow" in server.log(), "no line about the address")


def allow_and_curve(lab):
    """Both must hold."""
    server_key = curve_key(lab, "server")
    server = started(lab, cc_curve="server", cc_allow=INSIDE_NET)
    expect_echo(lab, Peer(lab, server.port, server_key=server_key))
    # first the one that is not counted: one that is may try again before it is closed
    expect_nothing(lab, server, lambda: Peer(lab, server.port), asked=False)
    expect_nothing(lab, server, lambda: Peer(lab, server.port, source=OUTSIDE, server_key=server_key), asked=True)


def lists_change_at_reload(lab):
    """Addresses and keys are taken at a reload; a bad list leaves the old one."""
    server_key, known, other = (curve_key(lab, name) for name in ("server", "known", "other"))
    server = started(lab, cc_curve="server", cc_curve_clients="known", cc_allow=INSIDE_NET)

    def peer(name, source):
        key = {"known": known, "other": other}[name]
        return Peer(lab, server.port, source=source, server_key=server_key, pair=(key, curve_secret(lab, name)))

    before = peer("known", INSIDE)
    expect_echo(lab, before)
    expect_nothing(lab, server, lambda: peer("other", OUTSIDE), asked=True)
    reload(server, cc_curve_clients="other", cc_allow="192.0.2.0/24")
    expect_echo(lab, peer("other", OUTSIDE))
    expect_nothing(lab, server, lambda: peer("known", INSIDE), asked=True)
    expect_echo(lab, before)  # who is in stays
    reload(server, cc_allow="nonsense")
    expect('"nonsense" is no address or network' in server.log(), "no word on the bad list")
    expect_echo(lab, peer("other", OUTSIDE))
    expect_nothing(lab, server, lambda: peer("other", INSIDE), asked=True)


def protection_does_not_begin_at_reload(lab):
    """libzmq asks about connections to an endpoint always or never; the old configuration stays."""
    server = started(lab, cc_open="yes")
    reload(server, cc_allow=INSIDE_NET)
    expect("cc-allow: the first address and the last one want a restart" in server.log(), "no word on it")
    expect_echo(lab, Peer(lab, server.port, source=OUTSIDE))
    guarded_one = started(lab, name="guarded", cc_open="yes", cc_allow=INSIDE_NET)
    reload(guarded_one, cc_allow=None)
    expect("cc-allow: the first address and the last one want a restart" in guarded_one.log(), "no word on it")
    expect_nothing(lab, guarded_one, lambda: Peer(lab, guarded_one.port, source=OUTSIDE), asked=True)


def stops_with_strangers_at_the_door(lab):
    """Handshakes that never end do not keep a server from its end."""
    curve_key(lab, "server")
    server = started(lab, cc_curve="server", cc_allow=INSIDE_NET)
    with contextlib.ExitStack() as stack:
        for kind in STRANGERS:
            for _ in range(5):
                stranger = stack.enter_context(contextlib.closing(Stranger(server.port, kind)))
                with contextlib.suppress(OSError):
                    stranger.socket.sendall(stranger.hello + stranger.head(1000) + b"half")
        lab.expect_answered(server)
        server.stop()


if __name__ == "__main__":
    no_network = enter_network()
    it.main(refuses_to_start_unprotected, refuses_half_a_protection, refuses_foreign_key_file, starts_with_each,
            open_server_grows, curve_keeps_strangers_out, allow_keeps_strangers_out, curve_clients,
            curve_for_whoever_knows_the_server, curve_leaves_ipc_alone, ccfed_with_curve, proxy_with_curve,
            proxy_comes_back, proxy_keys_are_checked, keys_are_not_replaced, allow_by_address, allow_on_any_address,
            allow_and_curve, lists_change_at_reload, protection_does_not_begin_at_reload,
            stops_with_strangers_at_the_door)
