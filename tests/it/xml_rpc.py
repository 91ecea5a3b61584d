#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""XML-RPC against Python's xmlrpc.client: values are equal both ways, what Python cannot read we refuse."""
import base64
import contextlib
import json
import math
import random
import re
import struct
import subprocess
import xml.parsers.expat
import xmlrpc.client
from xmlrpc.client import Binary, DateTime, Fault

import ccfed_it as it
from ccfed_it import Failure, expect, expect_equal

SEED = 20261201
DEPTH = 32
INT_MIN, INT_MAX = -2**31, 2**31 - 1
EFORMAT, ELIMIT = 3, 4  # of lib/base/err.h
ALPHABETS = ["abc XYZ019", "<>&'\"]]>", "\t\n ", "\u00e4\u00df\u20ac\u0430\u05d0", "\U0001f600\U0010fffd\ufffd\ud7ff\ue000",
             "\u0085\u2028\u200b\u007f", "$$", "%s%n{}"]


class Peer:
    """tests/unit/xmlrpc-json, one process."""

    def __init__(self, lab):
        program = lab.build / "tests" / "unit" / "xmlrpc-json"
        self.process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        preexec_fn=it.die_with_parent)

    def ask(self, kind, data):
        self.process.stdin.write(b"%s %d\n" % (kind.encode(), len(data)) + data)
        self.process.stdin.flush()
        head = self.process.stdout.readline()
        if not head:
            raise Failure(f"xmlrpc-json ended at {data[:2000]!r}: exit code {self.process.wait(60)}")
        return self.process.stdout.read(int(head))

    def read(self, kind, document):
        return json.loads(self.ask(kind, document))

    def write(self, kind, what):
        """The document; a refusal is a dict."""
        answer = self.ask(kind, json.dumps(what).encode())
        return json.loads(answer) if answer.startswith(b'{"error"') else answer

    def end(self):
        self.process.stdin.close()
        expect_equal((self.process.stdout.read(), self.process.wait(60)), (b"", 0), "end of xmlrpc-json")


@contextlib.contextmanager
def peer_of(lab):
    peer = Peer(lab)
    try:
        yield peer
        peer.end()
    finally:
        if peer.process.poll() is None:
            peer.process.kill()
            peer.process.wait()


# -- values -----------------------------------------------------------------------------------------------------------

def random_float(rng):
    if rng.random() < 0.5:
        return rng.choice([0.0, -0.0, 0.1, 1e22, -1e-5, 5e-324, 1.7976931348623157e308, 2.0**53, rng.uniform(-1e6, 1e6)])
    while True:
        value, = struct.unpack("<d", rng.randbytes(8))
        if math.isfinite(value):
            return value


def random_text(rng):
    size = rng.choice([0, 1, 3, 20, 20, 300]) if rng.random() < 0.98 else 20000
    letters = "".join(rng.sample(ALPHABETS, rng.randint(1, 3)))
    return "".join(rng.choices(letters, k=size))


def random_date(rng):
    return DateTime("%04d%02d%02dT%02d:%02d:%02d" % (rng.randint(1, 9999), rng.randint(1, 12), rng.randint(1, 28),
                                                     rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)))


def random_scalar(rng):
    return rng.choice([
        lambda: rng.randint(INT_MIN, INT_MAX), lambda: rng.choice([0, -1, INT_MIN, INT_MAX]),
        lambda: rng.randint(-2**63, 2**63 - 1), lambda: rng.choice([INT_MAX + 1, INT_MIN - 1, 2**63 - 1, -2**63]),
        lambda: rng.random() < 0.5, lambda: random_float(rng), lambda: random_text(rng), lambda: random_text(rng),
        lambda: None, lambda: Binary(rng.randbytes(rng.choice([0, 1, 2, 3, 57, 58, 1000]))), lambda: random_date(rng)])()


def random_value(rng, depth):
    """depth: arrays and structs that may be inside each other; what is deep is narrow."""
    if depth == 0 or rng.random() < (0.4 if depth <= 4 else 0.02):
        return random_scalar(rng)
    width = rng.randint(0, 4) if depth <= 4 else 1
    if rng.random() < 0.5:
        return [random_value(rng, depth - 1) for _ in range(width)]
    return {random_text(rng)[:40]: random_value(rng, depth - 1) for _ in range(width)}


def to_json(value):
    """As lib/xmlrpc/xmlrpc.h says."""
    if isinstance(value, Binary):
        return {"$base64": base64.b64encode(value.data).decode()}
    if isinstance(value, DateTime):
        return {"$dateTime": value.value}
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    if isinstance(value, dict):
        return {("$" + k if k.startswith("$") else k): to_json(v) for k, v in value.items()}
    return value


def same(a, b):
    """Equal in value and in type, -0.0 apart from 0.0, 1 from 1.0 and True."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


class Marshaller(xmlrpc.client.Marshaller):
    """Python's own, which refuses what i8 is for."""
    dispatch = dict(xmlrpc.client.Marshaller.dispatch)

    def dump_any_int(self, value, write):
        tag = "int" if INT_MIN <= value <= INT_MAX else "i8"
        write(f"<value><{tag}>{value}</{tag}></value>\n")

    dispatch[int] = dump_any_int


def dumps(value, response):
    body = Marshaller("utf-8", True).dumps((value,))
    if response:
        return f"<?xml version='1.0'?>\n<methodResponse>\n{body}</methodResponse>\n".encode()
    return f"<?xml version='1.0'?>\n<methodCall>\n<methodName>m</methodName>\n{body}</methodCall>\n".encode()


def compare(peer, value, response):
    """None, or what differs."""
    document = dumps(value, response)
    # line ends as XML has them: what Python reads of its own text, not what it wrote
    wanted = to_json(xmlrpc.client.loads(document)[0][0])
    got = peer.read("r" if response else "c", document)
    got = got.get("value", got) if response else got.get("params", [got])[0]
    if not same(got, wanted):
        return f"{document!r} is read as {got!r}, not {wanted!r}"
    wanted = to_json(value)
    said = {"value": wanted} if response else {"method": "m", "params": [wanted]}
    document = peer.write("R" if response else "C", said)
    if isinstance(document, dict):
        return f"{wanted!r} is not written: {document!r}"
    try:
        got, method = xmlrpc.client.loads(document)
    except (xml.parsers.expat.ExpatError, ValueError, TypeError, xmlrpc.client.Error) as why:
        return f"Python does not read {document!r}: {why}"
    if method != (None if response else "m") or len(got) != 1 or not same(to_json(got[0]), wanted):
        return f"{document!r} is read by Python as {got!r}, not {wanted!r}"
    return None


def values(lab):
    """Random values of every type, read and written, in calls and in responses."""
    count = it.count("XMLRPC_VALUES", 2000)
    rng = random.Random(SEED)
    kinds = {}
    with peer_of(lab) as peer:
        for n in range(count):
            value = random_value(rng, rng.choice([0, 1, 2, 3, 4, 4, 4, DEPTH]))
            kinds[type(value).__name__] = kinds.get(type(value).__name__, 0) + 1
            problem = compare(peer, value, n % 2 == 1)
            expect(not problem, f"value {n}: {str(problem)[:3000]}")
    print(f"# {count} values both ways: {kinds}", flush=True)
    expect(len(kinds) >= 8, f"only {sorted(kinds)} were tried")


def carriage_returns(lab):
    """CR survives our writing, which it does not survive in Python's own."""
    text = "a\rb\r\nc\td\n"
    with peer_of(lab) as peer:
        document = peer.write("R", {"value": {text: text}})
        expect_equal(xmlrpc.client.loads(document)[0][0], {text: text}, "what Python reads")
        expect_equal(peer.read("r", document), {"value": {text: text}}, "what we read")


def faults(lab):
    """Faults, both ways, and their text escaped."""
    with peer_of(lab) as peer:
        for code in 0, -1, INT_MIN, INT_MAX:
            text = f"no <such> & \"method\" \u00e4 {code}"
            said = {"fault": code, "text": text}
            expect_equal(peer.read("r", xmlrpc.client.dumps(Fault(code, text)).encode()), said, "a fault of Python")
            try:
                xmlrpc.client.loads(peer.write("R", said))
                raise Failure("Python takes our fault for a value")
            except Fault as fault:
                expect_equal((fault.faultCode, fault.faultString), (code, text), "our fault, as Python reads it")


def unwritable(lab):
    """Characters that XML has not are refused, wherever they are, instead of written as Python does."""
    with peer_of(lab) as peer:
        for char in [chr(c) for c in range(32) if chr(c) not in "\t\n\r"] + ["\ufffe", "\uffff"]:
            # a name in JSON has no NUL
            name = [{f"b{char}": 1}] if char != "\0" else []
            for value in [char, f"a{char}", [char], {"$base64": char}, {"$dateTime": char}] + name:
                answer = peer.write("R", {"value": value})
                expect(isinstance(answer, dict) and answer["error"] == EFORMAT, f"{value!r} is written: {answer!r}")
            if char == "\0":
                continue  # which is the end of a text in C
            answer = peer.write("R", {"fault": 1, "text": char})
            expect(isinstance(answer, dict) and answer["error"] == EFORMAT, f"fault {char!r} is written: {answer!r}")


# -- documents that were changed --------------------------------------------------------------------------------------

PIECES = [b"<", b">", b"/", b"&", b";", b"&amp;", b"&#13;", b"&#0;", b"&x;", b"<!--", b"-->", b"--", b"<![CDATA[", b"]]>",
          b"<?x y?>", b"<value>", b"</value>", b"<value/>", b"<int>", b"</int>", b"<nil/>", b"<string>", b"</string>",
          b"<array><data>", b"</data></array>", b"<member>", b"</member>", b"<name>", b"</name>", b"x", b" ", b"\n", b"\r",
          b"\0", b"\x01", b"\xe4", b"\xc3\xa4", b"\xed\xa0\x80", b"\xef\xbf\xbf", b"\xef\xbb\xbf", b"=", b"'", b'"', b"1", b"-",
          b"<!DOCTYPE a>", b"<?xml version='1.0'?>", b" a='b'", b" xmlns='u:x'", b"<a:b/>"]


def mutant(rng, document):
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at, end = sorted(rng.randint(0, len(document)) for _ in range(2))
        end = min(end, at + rng.choice([1, 1, 5, 30]))
        kind = rng.randint(0, 3)
        if kind == 0:
            document = document[:at] + document[end:]
        elif kind == 1:
            document = document[:at] + rng.choice(PIECES) + document[at:]
        elif kind == 2:
            document = document[:at] + rng.choice(PIECES) + document[end:]
        else:
            there = rng.randint(0, len(document))
            document = document[:there] + document[at:end] + document[there:]
    return document


BALANCED = [b" ", b"\r\n", b"x", b"1", b"<!-- c -->", b"<![CDATA[]]>", b"<![CDATA[ ]]>", b"&#32;", b"&#97;", b"<?x y?>",
            b"<value/>", b"<value>1</value>", b"<value><int>1</int></value>", b"<nil/>", b"<int>2</int>", b"<string>s</string>",
            b"<param><value/></param>", b"<member><name>n</name><value/></member>", b"<data/>", b"<a/>"]


def gentle_mutant(rng, document):
    """Mostly well-formed: something whole between two tags, or in the place of what stands there."""
    tokens = re.split(rb"(<[^>]*>)", document)
    for _ in range(rng.choice([1, 1, 2])):
        # texts are between the tags, which have the odd places
        at = 2 * rng.randrange(1, len(tokens) // 2)
        tokens[at] = rng.choice([tokens[at], b""]) + rng.choice(BALANCED)
    return b"".join(tokens)


def python_reads(document, response):
    """("malformed" | "refused" | "read", JSON): by the parser, by what stands in it, or a value."""
    try:
        got, method = xmlrpc.client.loads(document)
        got = to_json(got)
    except Fault as fault:
        return "read", {"fault": fault.faultCode, "text": fault.faultString}
    except xml.parsers.expat.ExpatError as why:
        return "malformed", str(why)
    except Exception as why:  # pylint: disable=broad-except
        # Python's unmarshaller stumbles over what it does not expect
        return "refused", repr(why)
    return "read", {"value": got[0]} if response and len(got) == 1 else {"method": method, "params": got}


def mutants(lab):
    """What Python's parser calls malformed we refuse; what both read is the same."""
    count = it.count("XMLRPC_MUTANTS", 4000)
    rng = random.Random(SEED)
    seen = {}
    with peer_of(lab) as peer:
        for n in range(count):
            response = n % 2 == 1
            change = mutant if n % 4 < 2 else gentle_mutant
            document = change(rng, dumps(random_value(rng, 3), response))
            theirs, wanted = python_reads(document, response)
            got = peer.read("r" if response else "c", document)
            ours = "refused" if "error" in got else "read"
            expect(ours == "read" or got["error"] in (EFORMAT, ELIMIT) and got["why"], f"mutant {n}: {got!r}")
            seen[theirs, ours] = seen.get((theirs, ours), 0) + 1
            expect((theirs, ours) != ("malformed", "read"),
                   f"mutant {n}: {document[:2000]!r} is malformed ({wanted}), and read as {str(got)[:1000]}")
            expect((theirs, ours) != ("read", "read") or same(got, wanted),
                   f"mutant {n}: {document[:2000]!r} is read as {str(got)[:1000]}, by Python as {str(wanted)[:1000]}")
    print(f"# {count} changed documents, Python and we: {seen}", flush=True)
    for both in ("malformed", "refused"), ("read", "read"):
        expect(seen.get(both, 0) > count / 20, f"only {seen.get(both, 0)} are {both}")


def hostile(lab):
    """Documents that are known to hurt parsers: each refused at once, in words."""
    laughs = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    deep = "<value><array><data>" * 100000
    documents = {
        "billion-laughs": (f"<!DOCTYPE a [<!ENTITY a0 'ha'>{laughs}]><methodCall><methodName>&a9;</methodName></methodCall>",
                           EFORMAT, "a document type"),
        "an-external-entity": ("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><methodCall><methodName>&e;"
                               "</methodName></methodCall>", EFORMAT, "a document type"),
        "100-000-nested-values": (f"<methodCall><methodName>m</methodName><params><param>{deep}", ELIMIT, "inside each other"),
        "UTF-16": ("<methodCall/>".encode("utf-16"), EFORMAT, "a NUL octet"),
        "EBCDIC": ("<?xml version='1.0' encoding='cp037'?><methodCall/>".encode("cp037"), EFORMAT, "no XML in UTF-8"),
        "9-MiB": ("<methodCall>" + " " * (9 << 20) + "</methodCall>", ELIMIT, "more than 8388608"),
    }
    with peer_of(lab) as peer:
        for name, (document, error, words) in documents.items():
            data = document if isinstance(document, bytes) else document.encode()
            got = peer.read("c", data)
            yield name, None if got.get("error") == error and words in got["why"] else f"{got!r}"


if __name__ == "__main__":
    it.main(values, carriage_returns, faults, unwritable, mutants, hostile)
