#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What jFed's page for developers of aggregates demands of RSpecs, row by row (spec jfed, sections 5 to 9): each result names its row.
Through the front door, with Python's xmlrpc.client."""
import re
import xml.dom.minidom

import ccfed_it as it
from am_front import ALL_SLOTS, DEBIAN, EMULAB, ET, FEDORA, TYPES, USER, Front, G, Rules, node, nodes_of, request, urns_of
from am_lab import NS, URN
from ccfed_it import expect, expect_equal
from rspec import canonical

WALL1, WALL2 = (f"urn:publicid:IDN+{name}.ilabt.iminds.be+authority+cm" for name in ("wall1", "wall2"))
JFED = "http://jfed.iminds.be/rspec/ext/jfed/1"
IMAGE_URN = re.compile(r"urn:publicid:IDN\+am\.it\.test\+image\+\S+")
SLIVER_URN = re.compile(r"urn:publicid:IDN\+am\.it\.test\+sliver\+[-A-Za-z0-9._]+")
rule = Rules()


def kinds(element):
    return [t.get("name") for t in element.findall(f"{G}sliver_type")]


def kind_of(element):
    (name, ) = kinds(element)
    return name


def ad_nodes(front, **options):
    return {n.get("component_id"): n for n in front.ad(**options).findall(f"{G}node")}


def allocated(person, *nodes, **more):
    """The manifest's nodes of a request that must be granted."""
    return nodes_of(person.allocate(request(*nodes, **more))["geni_rspec"])


# -- 5. RSpecs in general

@rule("29-malformed")
def malformed(front):
    for text in ("", " ", "x", "<rspec", request(node()) + "<", request(node()).replace("</node>", "")):
        front.alice.rejects(1, text)


@rule("29-not-a-request")
def not_a_request(front):
    good = request(node())
    for text in (good.replace(NS, NS.replace("3", "2")), good.replace(f' xmlns="{NS}"', ""), good.replace('"request"', '"manifest"'),
                 good.replace('"request"', '"advertisement"'), good.replace(' type="request"', ""), good.replace("rspec", "spec"),
                 good.replace("rspec", "node")):
        front.alice.rejects(1, text)


@rule("29-invalid-by-schema")
def invalid(front):
    """What the schema refuses, with line and client_id where there are."""
    for bad in (node("n2", exclusive="maybe"), node("n2", inner="<nothing/>"), node("n2", kind=None, inner="<sliver_type/>"),
                node("n2", inner='<services><dance/></services>'), node("n2", inner="<hardware_type/>")):
        front.alice.rejects(1, request(node("n1"), "", bad), "line 4", "n2")


@rule("29-nothing-in-it")
def nothing(front):
    front.alice.rejects(1, request())
    front.alice.rejects(1, request("<!-- nothing -->"))


@rule("30-only-with-namespace")
def namespaces(front):
    """Nothing that we add is without a namespace, in elements or attributes that are not GENI's own."""
    texts = [front.alice.good("ListResources"), front.alice.allocate(request(node(), node("b", "small", image=DEBIAN)))["geni_rspec"]]
    front.alice.good("Provision", [front.alice.urn])
    front.alice.settled()
    texts.append(front.alice.good("Describe", [front.alice.urn])["geni_rspec"])
    known = {"rspec": {"type", "generated", "expires", "generated_by"}, "location": {"country", "latitude", "longitude"},
             "node": {"client_id", "component_id", "component_manager_id", "component_name", "exclusive", "sliver_id"}}
    for text in texts:
        for element in ET.fromstring(text).iter():
            expect(element.tag.startswith("{"), f"{element.tag} has no namespace")
            if element.tag.startswith(G) and element.tag[len(G):] in known:
                bare = {key for key in element.keys() if not key.startswith("{")}
                expect(bare <= known[element.tag[len(G):]], f"{element.tag} has {bare}")


@rule("31-component-manager")
def managers(front):
    expect_equal({n.get("component_manager_id") for n in front.ad().findall(f"{G}node")}, {URN}, "the advertisement")
    got = ET.fromstring(front.alice.allocate(request(node("a"), node("b", component_manager_id=URN)))["geni_rspec"])
    expect_equal({n.get("component_manager_id") for n in got.findall(f"{G}node")}, {URN}, "the manifest")


@rule("32-type-and-exclusive")
def type_and_exclusive(front):
    for urn, one in ad_nodes(front).items():
        expect(one.get("exclusive") in ("true", "false") and kinds(one), f"{urn} in the advertisement")
    for kind, exclusive in (("fake-vm", "false"), ("small", "true"), ("small", "false")):
        one = allocated(front.alice, node(f"{kind}-{exclusive}", kind, exclusive=exclusive))[f"{kind}-{exclusive}"]
        expect_equal((kind_of(one), one.get("exclusive")), (kind, exclusive), "the manifest")


@rule("33-one-sliver-type")
def one_sliver_type(front):
    front.alice.rejects(1, request(node("n1"), node("n2", kind=None)), "n2", "sliver_type")
    front.alice.rejects(1, request(node("n1"), node("n2", inner='<sliver_type name="small"/>')), "n2", "sliver_type")
    front.alice.rejects(1, request(node("n1"), node("n2", inner='<sliver_type name="fake-vm"/>')), "n2", "sliver_type")


@rule("33-one-image")
def one_image(front):
    two = f'<sliver_type name="small"><disk_image name="{DEBIAN}"/><disk_image name="{FEDORA}"/></sliver_type>'
    front.alice.rejects(1, request(node("n1"), node("n2", kind=None, inner=two)), "n2", "disk_image")


@rule("34-client-id-needed")
def client_id_needed(front):
    front.alice.rejects(1, request(node("n1"), '<node><sliver_type name="fake-vm"/></node>'), "line 3", "client_id")
    front.alice.rejects(1, request(node("")), "client_id")


@rule("34-client-id-unique")
def client_id_unique(front):
    front.alice.rejects(1, request(node("n1"), node("n2"), node("n1")), "n1", "client_id")
    one, other = (node(i, inner='<interface client_id="if0"/>') for i in ("n1", "n2"))
    front.alice.rejects(1, request(one, other), "if0")


@rule("34-client-id-kept")
def client_id_kept(front):
    names = ["ä&amp;ö", "a b", "x" * 255, "&lt;node&gt;", "0", "N", "n"]
    got = allocated(front.alice, *(node(name) for name in names))
    expect_equal(set(got), {name.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for name in names}, "client_ids")
    front.alice.rejects(1, request(node("y" * 256)), "client_id")


@rule("35-default-vm")
def default_vm(front):
    expect_equal(kind_of(allocated(front.alice, node("a", "default-vm"))["a"]), "fake-vm", "what default-vm is")


@rule("36-unknown-type")
def unknown_type(front):
    answer = front.alice.rejects(13, request(node("n1"), node("n2", "emulab-xen")), "n2", "emulab-xen")
    for name in TYPES:
        expect(name in answer.output, f"{name} is not among {answer.output}")


@rule("37-exclusive-false-is-no-failure")
def exclusive_false(front):
    got = allocated(front.alice, node("raw", "raw-pc", exclusive="false"), node("usrp", "usrp", exclusive="false"))
    expect_equal({n.get("exclusive") for n in got.values()}, {"true"}, "what the manifest says")


@rule("38-exclusive-true-unsupported")
def exclusive_true(front):
    front.alice.rejects(13, request(node("n1"), node("n2", exclusive="true")), "n2", "exclusive")
    front.alice.rejects(13, request(node("n2", "default-vm", exclusive="1")), "n2", "exclusive")


@rule("39-bare-metal-is-exclusive")
def bare_metal(front):
    got = allocated(front.alice, *(node(f"raw{i}", "raw-pc", **words) for i, words in enumerate(({}, {"exclusive": "true"}))))
    expect_equal([n.get("exclusive") for n in got.values()], ["true", "true"], "what the manifest says")
    expect_equal(len({n.get("component_id") for n in got.values()}), 2, "nodes")


@rule("40-exclusive-in-the-ad")
def exclusive_ad(front):
    """false: may never be asked for; true: may be, and then is granted."""
    ad = ad_nodes(front)
    expect_equal(ad[front.bed.node(7)].get("exclusive"), "false", "a node of shared types alone")
    expect_equal(ad[front.bed.node(1)].get("exclusive"), "true", "a node that a slice may have for itself")
    front.alice.rejects(13, request(node(component_id=front.bed.node(7), exclusive="true")))
    front.alice.allocate(request(node("a", "solo", component_id=front.bed.node(1), exclusive="true")))


@rule("41-two-exclusive-of-one-slice")
def two_exclusive(front):
    here = {"component_id": front.bed.node(1), "exclusive": "true"}
    got = allocated(front.alice, node("small-vm-a", "solo", **here), node("big-vm-b", "small", image=DEBIAN, **here))
    expect_equal({(n.get("component_id"), n.get("exclusive")) for n in got.values()}, {(here["component_id"], "true")}, "where they are")
    front.alice.allocate(request(node("later", "solo", **here)))
    front.bob.rejects(14, request(node("b", component_id=here["component_id"])))
    front.bob.rejects(14, request(node("b", "solo", **here)))


@rule("41-exclusive-beside-shared")
def exclusive_beside_shared(front):
    """Nobody gets a node for himself where others are, but may be there beside them."""
    here = front.bed.node(2)
    front.bob.allocate(request(node("b", component_id=here)))
    front.alice.rejects(14, request(node("a", "solo", component_id=here, exclusive="true")))
    front.alice.allocate(request(node("a", "solo", component_id=here, exclusive="false")))


# -- 6. Images, components, hardware, slots

@rule("42-ad-types-and-images")
def ad_types(front):
    expected = {1: {"fake-vm", "small", "solo", "imaged", "raw-pc"}, 5: {"fake-vm", "small", "solo", "imaged", "usrp"},
                6: {"fake-vm", "solo", "imaged", "gpu-vm", "raw-pc"}, 7: {"fake-vm"}}
    ad = ad_nodes(front)
    for number, wanted in expected.items():
        one = ad[front.bed.node(number)]
        # small takes two slots, and node 6 has one: whether it is named there is not said
        expect_equal(set(kinds(one)) - ({"small"} if number == 6 else set()) - {"default-vm"}, wanted, f"types of node {number}")
        for kind in one.findall(f"{G}sliver_type"):
            images = {i.get("name") for i in kind.findall(f"{G}disk_image")}
            expect_equal(images, {"small": {DEBIAN, FEDORA}, "imaged": {DEBIAN}}.get(kind.get("name"), set()), f"images of {kind.get('name')}")


@rule("43-images-unsupported")
def no_images(front):
    front.alice.rejects(13, request(node("n1"), node("n2", image=DEBIAN)), "n2", "disk_image")


@rule("43-unknown-image")
def unknown_image(front):
    front.alice.rejects(12, request(node("n1"), node("n2", "small", image=DEBIAN + "-12")), "n2", DEBIAN + "-12")


@rule("44-image-mandatory")
def image_mandatory(front):
    front.alice.rejects(1, request(node("n1"), node("n2", "imaged")), "n2", "disk_image")
    front.alice.allocate(request(node("n2", "imaged", image=DEBIAN)))


@rule("45-image-names")
def image_names(front):
    ad = front.ad()
    names = {i.get("name") for i in ad.iter(f"{G}disk_image")}
    expect(names and all(IMAGE_URN.fullmatch(name) for name in names), f"images {names}")
    one = allocated(front.alice, node("a", "small", image=FEDORA))["a"]
    expect_equal([i.get("name") for i in one.iter(f"{G}disk_image")], [FEDORA], "image in the manifest")


@rule("46-component-id")
def component_id(front):
    for number in (3, 1, 7):
        one = allocated(front.alice, node(f"n{number}", component_id=front.bed.node(number)))[f"n{number}"]
        expect_equal(one.get("component_id"), front.bed.node(number), "where it is")
    expect(allocated(front.alice, node("any"))["any"].get("component_id") in ad_nodes(front), "an unbound node is nowhere")


@rule("47-component-name-never-binds")
def component_name(front):
    got = allocated(front.alice, node("a", component_name="n99"), node("b", component_name="n1", component_id=front.bed.node(2)))
    expect_equal(got["b"].get("component_id"), front.bed.node(2), "where it is")


@rule("48-unknown-component")
def unknown_component(front):
    for urn in (front.bed.node(99), front.bed.node(1).replace("node+n1", "node+N1x"), "urn:publicid:IDN+other+node+n1"):
        front.alice.rejects(12, request(node("n1"), node("n2", component_id=urn)), "line 3", "n2", "component_id")


@rule("48-busy-component")
def busy_component(front):
    front.bob.allocate(request(node("raw", "raw-pc", component_id=front.bed.node(1))))
    answer = front.alice.rejects(14, request(node("n2", component_id=front.bed.node(1))), "line 2", "n2")
    expect(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", str(answer.value)), f"until when is it held: {answer!r}")


@rule("48-too-big")
def too_big(front):
    """More than there is, were all free: told, with what would fit, which then does."""
    names = [f"c{i}" for i in range(ALL_SLOTS + 3)]
    answer = front.alice.rejects(6, request(*map(node, names)))
    fits = re.findall(r'client_id="([^"]+)"', answer.value)
    expect_equal(len(fits), ALL_SLOTS, "nodes that would fit")
    expect_equal(set(nodes_of(front.alice.allocate(answer.value)["geni_rspec"])), set(fits), "what fitted")


@rule("48-not-enough-free")
def not_enough_free(front):
    front.bob.allocate(request(*(node(f"c{i}") for i in range(ALL_SLOTS - 1))))
    answer = front.alice.rejects(26, request(node("x"), node("y")))
    expect_equal(len(re.findall("<node", answer.value)), 1, f"what would fit: {answer.value}")
    expect_equal(len(nodes_of(front.alice.allocate(answer.value)["geni_rspec"])), 1, "what fitted")
    front.alice.rejects(26, request(node("z")))


@rule("49-hardware-type")
def hardware_type(front):
    def wants(name, kind="fake-vm", **words):
        return node("h", kind, inner=f'<hardware_type name="{name}"/>', **words)
    got = allocated(front.alice, wants("gpu"))
    expect_equal(got["h"].get("component_id"), front.bed.node(6), "the only one with it")
    front.bob.rejects(26, request(wants("gpu")), "line 2")
    front.bob.rejects(12, request(wants("abacus")), "line 2", "hardware_type")
    front.bob.rejects((12, 13), request(wants("gpu", component_id=front.bed.node(1))), "line 2")


@rule("50-ad-of-a-node")
def ad_of_a_node(front):
    one = ad_nodes(front)[front.bed.node(1)]
    expect_equal(one.get("component_name"), "n1", "component_name")
    expect_equal([h.get("name") for h in one.findall(f"{G}hardware_type")], ["pc"], "hardware_type")
    expect_equal([a.get("now") for a in one.findall(f"{G}available")], ["true"], "available")
    location = one.find(f"{G}location")
    expect_equal([location.get(key) for key in ("country", "latitude", "longitude")], ["BE", "51.0", "3.7"], "location")


@rule("50-available")
def available(front):
    front.bob.allocate(request(node("raw", "raw-pc", component_id=front.bed.node(1))))
    it.wait_until(lambda: front.bed.node(1) not in ad_nodes(front, geni_available=True), "the advertisement to know")
    it.wait_until(lambda: ad_nodes(front)[front.bed.node(1)].find(f"{G}available").get("now") == "false", "the whole one to know, too")
    expect_equal({n.find(f"{G}available").get("now") for n in ad_nodes(front, geni_available=True).values()}, {"true"}, "available ones")


@rule("51-type-slots")
def type_slots(front):
    for number, slots in ((1, "4"), (5, "2"), (7, "3")):
        it.wait_until(lambda: {t.get("type_slots") for t in ad_nodes(front)[front.bed.node(number)].iter(f"{EMULAB}node_type")} == {slots},
                      f"{slots} slots of node {number}")


@rule("52-sizes-fill-exactly")
def sizes(front):
    here = {"component_id": front.bed.node(1)}
    front.alice.allocate(request(node("a", "small", **here), node("b", **here)))
    front.bob.rejects(14, request(node("c", "small", **here)))
    front.bob.allocate(request(node("d", **here)))
    front.bob.rejects(14, request(node("e", **here)))
    front.alice.rejects(14, request(node("e", **here)))


@rule("52-more-than-the-node-has")
def more_than_the_node(front):
    here = {"component_id": front.bed.node(1)}
    front.alice.rejects(6, request(*(node(f"s{i}", "small", **here) for i in range(3))))
    front.alice.rejects((6, 12, 13), request(node("s", "small", component_id=front.bed.node(6))))


@rule("53-bare-metal-after-vm")
def bare_after_vm(front):
    here = {"component_id": front.bed.node(1)}
    front.alice.allocate(request(node("vm", **here)))
    front.bob.rejects(14, request(node("raw", "raw-pc", **here)))
    front.alice.rejects(14, request(node("raw", "raw-pc", **here)))
    got = allocated(front.bob, node("raw", "raw-pc"))
    expect(got["raw"].get("component_id") != here["component_id"], "it is where somebody else is")


@rule("53-vm-after-bare-metal")
def vm_after_bare(front):
    here = {"component_id": front.bed.node(1)}
    front.alice.allocate(request(node("raw", "raw-pc", **here)))
    front.bob.rejects(14, request(node("vm", **here)))
    front.alice.rejects(14, request(node("vm", **here)))
    both = {"component_id": front.bed.node(2)}
    front.alice.rejects((6, 14), request(node("x", **both), node("y", "raw-pc", **both)))


@rule("53-types-want-their-hardware")
def their_hardware(front):
    front.alice.rejects((12, 13), request(node("n2", "gpu-vm", component_id=front.bed.node(1))), "n2")
    front.alice.rejects((12, 13), request(node("n2", "raw-pc", component_id=front.bed.node(7))), "n2")
    expect_equal(allocated(front.alice, node("g", "gpu-vm"))["g"].get("component_id"), front.bed.node(6), "the only one for it")


@rule("54-special-hardware")
def special_hardware(front):
    one = allocated(front.alice, node("u", "usrp"))["u"]
    expect_equal((one.get("component_id"), one.get("exclusive")), (front.bed.node(5), "true"), "where, and how")
    front.bob.rejects(26, request(node("u", "usrp")))
    front.bob.rejects(14, request(node("v", component_id=front.bed.node(5))))
    front.alice.allocate(request(node("u2", "usrp")))


# -- 7. What is not ours

FOREIGN = (f'<node client_id="node0" component_manager_id="{WALL1}" exclusive="true" component_id="urn:publicid:IDN+wall1.ilabt.iminds.be+node+n1">'
           f'<sliver_type name="raw-pc"><disk_image name="urn:publicid:IDN+wall1.ilabt.iminds.be+image+x"/></sliver_type><services><execute '
           f'shell="sh" command="a &amp;&amp; b"/></services><interface client_id="node0:if0"><ip address="10.0.0.1" netmask="255.0.0.0" '
           f'type="ipv4"/></interface><jfed:location xmlns:jfed="{JFED}" x="1.5" y="2"/></node>',
           f'<g:node xmlns:g="{NS}" client_id="node1" component_manager_id="{WALL2}" exclusive="false"><g:sliver_type name="x"/></g:node>',
           f'<link client_id="link0"><component_manager name="{WALL1}"/><component_manager name="{WALL2}"/><interface_ref client_id="node0:if0"/>'
           f'<link_type name="gre-tunnel"/><property source_id="node0:if0" dest_id="node1:if0" capacity="1000"/></link>')


def elements_of(text, *names):
    root = xml.dom.minidom.parseString(text).documentElement
    return sorted(canonical(c) for c in root.childNodes if c.nodeType == c.ELEMENT_NODE and c.localName in names and
                  (c.localName != "node" or c.getAttribute("component_manager_id") not in ("", URN)))


@rule("55-56-foreign-nodes-and-links-unaltered")
def foreign(front):
    """The page's example: nodes at wall1 and wall2, a link between them, and one node here."""
    text = request(*FOREIGN, node("ours", inner='<interface client_id="ours:if0"/>'))
    wanted = elements_of(text, "node", "link")
    expect_equal(len(wanted), 3, "foreign parts of the request")
    got = front.alice.allocate(text)
    expect_equal(len(got["geni_slivers"]), 1, "slivers")
    expect_equal(elements_of(got["geni_rspec"], "node", "link"), wanted, "in the manifest of Allocate")
    front.alice.allocate(request(node("more")))
    expect_equal(elements_of(front.alice.good("Describe", [front.alice.urn])["geni_rspec"], "node", "link"), wanted, "in all of it")


@rule("56-ids-of-others-are-theirs")
def ids_of_others(front):
    """Unknown types, images and exclusive of others are not our affair, nor is a second sliver_type."""
    other = node("o", "nonsense", exclusive="true", component_manager_id=WALL1, component_id="x", inner='<sliver_type name="y"/>', image="z")
    expect_equal(list(allocated(front.alice, other, node("a"))), ["a"], "nodes of ours")


@rule("57-unknown-extensions")
def extensions(front):
    inner = (f'<jfed:location xmlns:jfed="{JFED}" x="1" y="2"/><services><execute shell="sh" command="ls"/><x:y xmlns:x="urn:x" x:z="1">t</x:y>'
             '</services>')
    text = request(node("a", inner=inner, **{"jfed:at": "1"}), '<jfed:deadline jfed:u="1">x</jfed:deadline>', root=f' xmlns:jfed="{JFED}" jfed:v="2"')
    got = front.alice.allocate(text)["geni_rspec"]
    for name in ("location", "deadline", "y"):
        one, other = (sorted(canonical(e) for e in xml.dom.minidom.parseString(t).getElementsByTagNameNS("*", name)
                             if e.namespaceURI in (JFED, "urn:x")) for t in (text, got))
        expect(one and one == other, f"{name}: {other}, not {one}")
    root = ET.fromstring(got)
    expect_equal((root.get(f"{{{JFED}}}v"), nodes_of(got)["a"].get(f"{{{JFED}}}at")), ("2", "1"), "attributes")


@rule("58-links-unsupported")
def links(front):
    ends = [node(i, inner=f'<interface client_id="{i}:if0"/>') for i in ("n1", "n2")]
    refs = '<interface_ref client_id="n1:if0"/><interface_ref client_id="n2:if0"/>'
    for managers_of in ((URN, ), (URN, WALL1), (WALL1, URN)):
        names = "".join(f'<component_manager name="{name}"/>' for name in managers_of)
        front.alice.rejects(13, request(*ends, f'<link client_id="lan0">{names}{refs}</link>'), "lan0", "link")


@rule("59-nothing-for-us")
def nothing_for_us(front):
    front.alice.rejects(1, request(*FOREIGN), URN)
    front.alice.rejects(1, request(FOREIGN[2]), URN)


# -- 8. Manifests

@rule("61-manifest")
def manifest(front):
    text = front.alice.allocate(request(node("a"), node("b", "small", image=DEBIAN, exclusive="true"), node("c", "raw-pc")))
    root = ET.fromstring(text["geni_rspec"])
    expect_equal((root.tag, root.get("type")), (f"{G}rspec", "manifest"), "the root")
    expect("manifest.xsd" in text["geni_rspec"][:800], "schemaLocation")
    got = nodes_of(text["geni_rspec"])
    expect_equal({n.get("sliver_id") for n in got.values()}, set(urns_of(text)), "sliver_ids")
    expect_equal([(kind_of(got[i]), got[i].get("exclusive")) for i in "abc"],
                 [("fake-vm", "false"), ("small", "true"), ("raw-pc", "true")], "types, exclusive")
    for one in got.values():
        expect(SLIVER_URN.fullmatch(one.get("sliver_id")), one.get("sliver_id"))
        expect(one.get("component_id") in ad_nodes(front), one.get("component_id"))
    only = front.alice.allocate(request(node("d")))
    expect_equal(list(nodes_of(only["geni_rspec"])), ["d"], "Allocate tells of what is new only")
    expect_equal(set(front.alice.slivers()), set("abcd"), "Describe tells of all")
    part = front.alice.good("Describe", urns_of(only))
    expect_equal((list(nodes_of(part["geni_rspec"])), urns_of(part)), (["d"], urns_of(only)), "Describe of one")


@rule("62-logins")
def logins(front):
    """One for each user and key holder; none before a node is there."""
    keys = [p.who.ssh_key() for p in front.people]
    front.alice.allocate(request(node("a"), node("b")))
    expect(not list(front.alice.slivers()["a"].iter(f"{G}login")), "a login before there is a node")
    users = [{"urn": p.user_urn, "keys": [key]} for p, key in zip(front.people, keys)]
    front.alice.good("Provision", [front.alice.urn], options={"geni_users": users})
    front.alice.settled("geni_notready")
    for name, one in front.alice.slivers().items():
        found = [dict(login.attrib) for login in one.iter(f"{G}login")]
        expect_equal(sorted(login["username"] for login in found), ["alice", "bob"], f"logins of {name}")
        expect_equal({login["authentication"] for login in found}, {"ssh-keys"}, "authentication")
        expect(all(login["port"].isdigit() and login["hostname"] for login in found), f"{found}")
        told = {u.get("login"): {k.text.strip() for k in u.iter(f"{USER}public_key")} for u in one.iter(f"{USER}services_user")}
        expect_equal(told, {"alice": {keys[0]}, "bob": {keys[1]}}, "keys in ext/user/1 (row 67)")


@rule("62-no-users-no-login")
def no_users(front):
    front.alice.allocate(request(node("a")))
    front.alice.good("Provision", [front.alice.urn])
    front.alice.settled("geni_notready")
    expect(not list(front.alice.slivers()["a"].iter(f"{G}login")), "a login of nobody")


@rule("63-request-is-kept")
def kept(front):
    inner = ('<hardware_type name="pc"/><services><execute shell="sh" command="ls"/><install url="http://x/y.tgz" install_path="/"/></services>'
             '<interface client_id="a:if0"><ip address="10.0.0.1" netmask="255.0.0.0" type="ipv4"/></interface>')
    text = request(node("a", inner=inner))
    front.alice.allocate(text)
    front.alice.good("Provision", [front.alice.urn], options={"geni_users": [{"urn": front.alice.user_urn, "keys": []}]})
    front.alice.settled()
    one, other = nodes_of(text.replace("<node ", f'<node component_manager_id="{URN}" '))["a"], front.alice.slivers()["a"]
    for name in ("execute", "install", "interface", "ip"):
        expect_equal([e.attrib for e in other.iter(f"{G}{name}")], [e.attrib for e in one.iter(f"{G}{name}")], name)
    expect("pc" in [h.get("name") for h in other.iter(f"{G}hardware_type")], "hardware_type")


@rule("9-ad-is-complete")
def ad_root(front):
    text = front.alice.good("ListResources")
    root = ET.fromstring(text)
    expect_equal((root.tag, root.get("type"), "ad.xsd" in text[:800]), (f"{G}rspec", "advertisement", True), "the root")
    expect_equal(len(root.findall(f"{G}node")), 7, "nodes")
    states = root.find("{http://www.geni.net/resources/rspec/ext/opstate/1}rspec_opstate")
    expect_equal((states.get("aggregate_manager_id"), states.get("start")), (URN, "geni_notready"), "operational states")
    told = {s.get("name") for s in states if s.tag.endswith("}sliver_type")}
    expect(set(TYPES) <= told, f"types with operational states: {told}")


def test_row(lab):
    front = Front(lab)
    yield from front.run(rule)
    front.check()


if __name__ == "__main__":
    it.main(test_row)
