#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Makes the seeds of tests/fuzz/fuzz-xmlrpc-*.c, in fuzz/xmlrpc-call and fuzz/xmlrpc-response."""
import pathlib
import xmlrpc.client

folder = pathlib.Path(__file__).resolve().parent / "fuzz"
EX = "http://ws.apache.org/xmlrpc/namespaces/extensions"
ALL = ["text <&> \u00e4 \U0001f600", "", 1, -2147483648, True, False, 1.5, -2.5e-300, None, b"octets", b"",
       xmlrpc.client.DateTime("20261126T19:35:21"), [], {}, [[1], [[]]], {"a": {"b": []}, "$base64": "x", "": None}]
# each type as other clients write it, and what is refused for its form
VALUES = {
    "i8": "<i8>4294967296</i8>",
    "ex": f"<ex:i8 xmlns:ex='{EX}'>-1</ex:i8>",
    "ex-nil": f"<ex:nil xmlns:ex='{EX}'/>",
    "cdata": "a<![CDATA[<b>&amp;]]>c<!-- d -->",
    "references": "<string>&#13;&#x1F600;&apos;&quot;</string>",
    "base64-lines": "<base64>\nYWJj\nYWI=\n</base64>",
    "date-zone": "<dateTime.iso8601>2024-02-29T23:59:60.25+01:00</dateTime.iso8601>",
    "date-z": "<dateTime.iso8601>20240229T00:00:00Z</dateTime.iso8601>",
    "double-forms": "<double> +.5e-3 </double>",
    "space": " <array> <data> <value> <int> 1 </int> </value> </data> </array> ",
    "bad-date": "<dateTime.iso8601>20260229T00:00:00</dateTime.iso8601>",
    "bad-int": "<int>2147483648</int>",
    "bad-boolean": "<boolean>2</boolean>",
    "bad-double": "<double>1e999</double>",
    "bad-double-form": "<double>nan</double>",
    "bad-base64": "<base64>YWI</base64>",
    "bad-nil": "<nil>x</nil>",
    "bad-type": "<float>1</float>",
    "bad-attribute": "<int a='1'>1</int>",
    "bad-twice": "<struct><member><name>a</name><value/></member><member><name>a</name><value/></member></struct>",
    "bad-text": "x<int>1</int>",
    "bad-behind": "<int>1</int>x",
    "bad-deep": "<array><data><value>" * 33 + "</value></data></array>" * 33,
    "bad-deep-struct": "<array><data><value>" * 32 + "<struct/>" + "</value></data></array>" * 32,
    "deep": "<array><data><value>" * 32 + "</value></data></array>" * 32,
}


def seed(target, name, data):
    (folder / target).mkdir(exist_ok=True)
    (folder / target / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def both(name, value, head=""):
    seed("xmlrpc-call", name,
         f"{head}<methodCall><methodName>m</methodName><params><param><value>{value}</value></param></params></methodCall>")
    seed("xmlrpc-response", name,
         f"{head}<methodResponse><params><param><value>{value}</value></param></params></methodResponse>")


for name, value in VALUES.items():
    both(name, value)
both("ascii", "a", "<?xml version='1.0' encoding='US-ASCII'?>\n<!-- b -->")
both("bad-ascii", "\u00e4", "<?xml version='1.0' encoding='US-ASCII'?>")
both("bad-encoding", "a", "<?xml version='1.0' encoding='iso-8859-1'?>")
both("bad-doctype", "&e;", "<!DOCTYPE a [<!ENTITY e 'f'>]>")
both("bad-instruction", "a", "<?php?>")
both("bad-entity", "&e;")
both("bad-end", "</valu>")

seed("xmlrpc-call", "python", xmlrpc.client.dumps(tuple(ALL), "GetVersion", allow_none=True))
seed("xmlrpc-call", "no-params", "<methodCall><methodName>a.b:c/d_9</methodName></methodCall>")
seed("xmlrpc-call", "empty-params", "\ufeff<methodCall>\n<methodName>m</methodName>\n<params/>\n</methodCall>\n")
seed("xmlrpc-call", "bad-method", "<methodCall><methodName>m m</methodName><params/></methodCall>")
seed("xmlrpc-call", "bad-order", "<methodCall><params/><methodName>m</methodName></methodCall>")

seed("xmlrpc-response", "python", xmlrpc.client.dumps((ALL,), methodresponse=True, allow_none=True))
seed("xmlrpc-response", "fault", xmlrpc.client.dumps(xmlrpc.client.Fault(-3, "no <such> method")))
seed("xmlrpc-response", "fault-plain",
     "<methodResponse><fault><value><struct><member><name>faultCode</name><value><i4>1</i4></value></member><member>"
     "<name>faultString</name><value>a</value></member></struct></value></fault></methodResponse>")
seed("xmlrpc-response", "fault-bad", "<methodResponse><fault><value>a</value></fault></methodResponse>")
seed("xmlrpc-response", "bad-two",
     "<methodResponse><params><param><value/></param><param><value/></param></params></methodResponse>")
