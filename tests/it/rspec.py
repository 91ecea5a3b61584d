#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""RSpecs as they leave the aggregate: valid by the schemas of GENI 3, and what is not ours in a request unaltered in its manifest,
whatever extensions there are, wherever, and whichever prefixes several requests use."""
import os
import random
import re
import subprocess
import time
import xml.dom.minidom

import ccfed_it as it
from am_lab import GENI3, NS, AmBed, User, unpack
from ccfed_it import count, expect, expect_equal

SCHEMAS = it.SOURCE.parent / "shared" / "schemas" / "rspec"
DOCUMENTS = count("RSPEC_DOCUMENTS", 30)
OTHER = "urn:publicid:IDN+other.test+authority+cm"
XMLNS = "http://www.w3.org/2000/xmlns/"
URIS = ["urn:ext:a", "urn:ext:b", "http://www.geni.net/resources/rspec/ext/user/1", "http://jfed.iminds.be/rspec/ext/jfed/1"]


# -- exclusive C14N (RFC 3741), of what has neither comments nor processing instructions

def escape(text, attribute=False):
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("\r", "&#xD;")
    if attribute:
        return text.replace('"', "&quot;").replace("\t", "&#x9;").replace("\n", "&#xA;")
    return text.replace(">", "&gt;")


def in_scope(element, prefix):
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    while element is not None and element.nodeType == element.ELEMENT_NODE:
        if element.hasAttribute(name):
            return element.getAttribute(name)
        element = element.parentNode
    return ""


def canonical(element, rendered=None):
    rendered = dict(rendered or {})
    attributes = [a for a in element.attributes.values() if a.namespaceURI != XMLNS]
    used = {element.prefix or ""} | {a.prefix for a in attributes if a.prefix and a.prefix != "xml"}
    out = f"<{element.tagName}"
    for prefix in sorted(used):
        uri = in_scope(element, prefix)
        if rendered.get(prefix, "") != uri:
            out += f' xmlns{":" if prefix else ""}{prefix}="{escape(uri, True)}"'
            rendered[prefix] = uri
    for a in sorted(attributes, key=lambda a: (a.namespaceURI or "", a.localName)):
        out += f' {a.name}="{escape(a.value, True)}"'
    out += ">"
    for child in element.childNodes:
        if child.nodeType == child.ELEMENT_NODE:
            out += canonical(child, rendered)
        elif child.nodeType in (child.TEXT_NODE, child.CDATA_SECTION_NODE):
            out += escape(child.data)
    return f"{out}</{element.tagName}>"


def elements(node):
    return [c for c in node.childNodes if c.nodeType == c.ELEMENT_NODE]


def is_geni(node, *names):
    return node.namespaceURI == NS and node.localName in names


class Foreign:
    """All that is not ours in a document: whole nodes and links, extension elements at each place, attributes with a namespace."""

    def __init__(self, text):
        self.parts = []
        root = xml.dom.minidom.parseString(text).documentElement
        self.attributes("rspec", root)
        for child in elements(root):
            if is_geni(child, "node") and child.getAttribute("component_manager_id") != OTHER:
                self.ours(child)
            else:
                self.parts.append(("rspec", canonical(child)))
        self.parts.sort()

    def attributes(self, where, element):
        for a in element.attributes.values():
            if a.namespaceURI not in (None, XMLNS, "http://www.w3.org/2001/XMLSchema-instance"):
                self.parts.append((where, f"{{{a.namespaceURI}}}{a.localName}={a.value}"))

    def ours(self, node):
        where = f"node {node.getAttribute('client_id')}"
        self.attributes(where, node)
        for child in elements(node):
            if is_geni(child, "sliver_type", "services", "interface", "hardware_type", "location", "host"):
                self.inside(f"{where} {child.localName}", child)
            else:
                self.parts.append((where, canonical(child)))

    def inside(self, where, element):
        self.attributes(where, element)
        for child in elements(element):
            if is_geni(child, "login", "disk_image", "execute", "install", "ip"):
                continue
            if child.localName == "services_user" and child.namespaceURI == URIS[2] and child.prefix == "user":
                continue  # the aggregate's own
            self.parts.append((where, canonical(child)))


class Maker:
    """Requests at random, with extensions at each place."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def element(self, depth=0):
        prefix = self.random.choice(("x", "y", "z", ""))
        uri = self.random.choice(URIS[:2] + URIS[3:])
        declared = f' xmlns{":" if prefix else ""}{prefix}="{uri}"'
        name = f"{prefix}:thing" if prefix else "thing"
        attributes = "".join(f' k{i}="{self.random.choice(("1", "&lt;&amp;", "&quot;q&quot;"))}"' for i in range(self.random.randint(0, 2)))
        if prefix and self.random.random() < 0.5:
            attributes += f' {prefix}:own="v"'
        inner = "".join(self.element(depth + 1) for _ in range(self.random.randint(0, 2))) if depth < 3 else ""
        text = self.random.choice(("", "text", "a &amp; b &gt; c", "<![CDATA[<raw>]]>"))
        return f"<{name}{declared}{attributes}>{text}{inner}</{name}>"

    def some(self):
        return "".join(self.element() for _ in range(self.random.randint(0, 2)))

    def request(self, ids):
        p = self.random.choice(("", "g:", "rspec:"))
        ours = "".join(
            f'<{p}node client_id="{i}" j:place="{i}" exclusive="false">{self.some()}<{p}sliver_type name="fake-vm" j:in="t">{self.some()}'
            f'</{p}sliver_type><{p}services j:s="1">{self.some()}<{p}execute shell="sh" command="ls"/></{p}services>'
            f'<{p}interface client_id="{i}:if0">{self.some()}</{p}interface></{p}node>' for i in ids)
        others = (f'<{p}node client_id="other-{ids[0]}" component_manager_id="{OTHER}" exclusive="true"><{p}sliver_type name="raw"/>'
                  f'{self.some()}</{p}node><{p}link client_id="link-{ids[0]}" j:l="1"><{p}component_manager name="{OTHER}"/>{self.some()}'
                  f'</{p}link>')
        uri = self.random.choice(("urn:j:one", "urn:j:two"))
        own = f'xmlns:{p[:-1]}="{NS}"' if p else f'xmlns="{NS}"'
        return f'<{p}rspec {own} xmlns:j="{uri}" type="request">{self.some()}{ours}{others}{self.some()}</{p}rspec>'


def test_unaltered(lab):
    bed = AmBed(lab, nodes=4, slots=8, types={"fake-vm": "default"}).start()
    alice = User(bed, bed.alice)
    seed = os.environ.get("CCFED_SEED") or f"{time.time()}"
    maker, number = Maker(seed), 0
    for _ in range(DOCUMENTS):
        wanted = []
        for _ in range(maker.random.choice((1, 1, 2, 3))):
            number += 1
            text = maker.request([f"n{number}-{i}" for i in range(maker.random.randint(1, 2))])
            wanted += Foreign(text).parts
            alone = Foreign(alice.allocate(text=text)["geni_rspec"]).parts
            expect_equal(alone, Foreign(text).parts, f"CCFED_SEED={seed}, the manifest of {text}")
        manifest = alice.on("describe")["geni_rspec"]
        got = Foreign(manifest).parts
        expect_equal([p for p in got if p[0] != "rspec" or "{" not in p[1][:1]],
                     sorted(p for p in wanted if p[0] != "rspec" or "{" not in p[1][:1]), f"CCFED_SEED={seed}, all of {manifest}")
        alice.on("delete")
    print(f"# {DOCUMENTS} manifests, seed {seed}", flush=True)
    bed.check()


def xmllint(schema, text):
    done = subprocess.run(["xmllint", "--noout", "--schema", SCHEMAS / schema, "-"], input=text.encode(), capture_output=True, check=False)
    expect_equal(done.returncode, 0, f"{schema}: {done.stderr.decode()[:600]} of {text[:3000]}")


def test_schemas(lab):
    if not SCHEMAS.is_dir():
        raise it.Skip("the schemas of GENI 3 are not there")
    bed = AmBed(lab, nodes=2).start()
    alice = User(bed, bed.alice)
    ad = alice.call("list_resources", options=GENI3)
    xmllint("ad.xsd", ad)
    for text in ('component_name="n1"', '<hardware_type name="pc">', 'type_slots="4"', '<sliver_type name="raw-pc">',
                 'name="urn:publicid:IDN+am.it.test+image+debian"', '<available now="true"/>', "rspec_opstate", "dummy"):
        expect(text in ad, f"no {text} in {ad}")
    expect_equal(unpack(alice.call("list_resources", options={**GENI3, "geni_compressed": True})), ad, "compressed")
    image = '<disk_image name="urn:publicid:IDN+am.it.test+image+debian"/>'
    nodes = ('<node client_id="a"><sliver_type name="default-vm"/></node>',
             f'<node client_id="b" exclusive="true"><sliver_type name="small">{image}</sliver_type></node>',
             f'<node client_id="o" component_manager_id="{OTHER}" exclusive="true"><sliver_type name="raw"/></node>')
    xmllint("manifest.xsd", alice.allocate(*nodes)["geni_rspec"])
    got = alice.on("provision", options={"geni_users": [{"urn": "urn:publicid:IDN+plc:site+user+alice", "keys": [bed.alice.ssh_key()]}]})
    xmllint("manifest.xsd", got["geni_rspec"])
    alice.wait_state("geni_notready")
    manifest = alice.on("describe")["geni_rspec"]
    xmllint("manifest.xsd", manifest)
    for text in ('sliver_type name="fake-vm"', 'sliver_type name="small"', 'exclusive="true"', "services_user", 'expires="'):
        expect(text in manifest, f"no {text} in {manifest}")
    expect(re.search(r'<node client_id="b"[^>]*exclusive="true"', manifest), manifest)
    expect_equal(alice.on("delete", urns=[next(s for s in alice.states())])[0]["geni_error"], "", "delete")
    xmllint("manifest.xsd", alice.on("describe")["geni_rspec"])
    bed.check()


if __name__ == "__main__":
    it.main(test_unaltered, test_schemas)
