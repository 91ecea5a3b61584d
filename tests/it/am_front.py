# SPDX-License-Identifier: ISC
"""An aggregate as its clients have it: behind a front door, asked by Python's xmlrpc.client, each user with his own certificate."""
import xml.etree.ElementTree as ET
import xmlrpc.client

from am_client import Client
from am_lab import GENI3, NS, URN, AmBed
from bridge_it import Door
from ccfed_it import Failure, expect, expect_equal, wait_until

G = f"{{{NS}}}"
EMULAB = "{http://www.protogeni.net/resources/rspec/ext/emulab/1}"
USER = "{http://www.geni.net/resources/rspec/ext/user/1}"
DEBIAN, FEDORA = (f"urn:publicid:IDN+am.it.test+image+{name}" for name in ("debian", "fedora"))
TYPES = {"fake-vm": "default",
         "small": f"slots 2, exclusive yes, image {DEBIAN}, image {FEDORA}",
         "solo": "exclusive yes",
         "imaged": f"image-needed, image {DEBIAN}",
         "usrp": "exclusive only, hardware usrp",
         "gpu-vm": "hardware gpu",
         "raw-pc": "whole, hardware pc"}
# what differs of each node; the others have 4 slots and are a pc
NODES = {5: {"slots": 2, "hardware_types": ["usrp"]}, 6: {"slots": 1, "hardware_types": ["gpu", "pc"]},
         7: {"slots": 3, "hardware_types": ["old"], "sliver_types": ["fake-vm"]}}
ALL_SLOTS = 4 * 4 + 2 + 1 + 3
MOVING = ("geni_pending_allocation", "geni_configuring", "geni_stopping", "geni_updating_users", "geni_ready_busy")


class FrontBed(AmBed):
    """A testbed of seven nodes of three kinds."""

    def __init__(self, lab, nodes=7, types=None, **more):
        super().__init__(lab, nodes=nodes, types=types or TYPES, **more)

    def add_node(self, number, **info):
        super().add_node(number, **{**NODES.get(number, {}), **info})


class Answer:
    """The three members of an answer; its types are those of the API."""

    def __init__(self, method, said):
        code = said["code"]
        expect(type(code["geni_code"]) is int and isinstance(code.get("am_type", ""), str) and
               type(code.get("am_code", 0)) is int and type(said["output"]) is str, f"{method} answers {said}")
        self.code, self.value, self.output = code["geni_code"], said["value"], said["output"]
        expect(self.code == 0 or self.output, f"{method}: {self.code} without a word")

    def __repr__(self):
        return f"{self.code} ({self.output[:300]}) {str(self.value)[:300]}"


class Person:
    """A user with his credential on a slice."""

    def __init__(self, front, who, slice_name):
        self.front, self.who, self.name = front, who, slice_name
        self.urn = front.bed.slice_urn(slice_name)
        self.user_urn = "urn:publicid:IDN+plc:site+user+" + who.hrn.rpartition(".")[2]
        self.credential = who.credential_on("slice", f"plc.site.{slice_name}")
        self.client = Client(front.url, front.door.cert, who.gid, who.key, self.credential)

    def typed(self, *texts):
        return [{"geni_type": "geni_sfa", "geni_version": "3", "geni_value": text} for text in texts or (self.credential, )]

    def ask(self, method, *arguments, credentials=None, options=None, bare=False):
        """arguments: those beside credentials and options. GENI 3 is asked for, unless bare."""
        credentials = self.typed() if credentials is None else credentials
        options = {**({} if bare else GENI3), **(options or {})}
        answer = Answer(method, self.client.raw(method, *arguments[:1], credentials, *arguments[1:], options))
        self.front.used |= method == "Allocate" and answer.code == 0
        return answer

    def good(self, method, *arguments, **more):
        answer = self.ask(method, *arguments, **more)
        expect(answer.code == 0, f"{method}: {answer!r}")
        return answer.value

    def refused(self, codes, method, *arguments, **more):
        """codes: one, or several that are right. The Answer."""
        answer = self.ask(method, *arguments, **more)
        codes = codes if isinstance(codes, tuple) else (codes, )
        expect(answer.code in codes, f"{method}{str(arguments)[:600]} was answered {answer!r}, not {codes}")
        return answer

    def allocate(self, text, **more):
        return self.good("Allocate", self.urn, text, **more)

    def rejects(self, codes, text, *words):
        """A request that must be refused, and what the refusal must say."""
        answer = self.refused(codes, "Allocate", self.urn, text)
        for word in words:
            expect(word in answer.output, f"{answer!r} does not name {word!r}")
        return answer

    def slivers(self):
        """{client_id: node of the manifest} of all that the slice has."""
        return nodes_of(self.good("Describe", [self.urn])["geni_rspec"])

    def settled(self, state=None):
        """Waits until what is provisioned does not change by itself; the operational states."""
        def look():
            states = [s["geni_operational_status"] for s in self.good("Status", [self.urn])["geni_slivers"]
                      if s["geni_allocation_status"] == "geni_provisioned"]
            return (states, ) if not set(states) & set(MOVING) else None
        states, = wait_until(look, f"the slivers of {self.name} to settle")
        expect(state is None or set(states) == {state}, f"{states}, not {state}")
        return states

    def clear(self):
        answer = self.ask("Delete", [self.urn])
        expect(answer.code in (0, 12), f"Delete: {answer!r}")


class Front:
    """The testbed, its front door, and two users with a slice each (alice has s1, bob s2 and a part in s1)."""

    def __init__(self, lab, bed=None, door=None, **options):
        self.lab = lab
        self.bed = (bed or FrontBed(lab, **options)).start()
        self.door = Door(self.bed, **(door or {})).start()
        self.url = f"https://127.0.0.1:{self.door.ports['am']}/am/3.0"
        self.used = False
        self.alice, self.bob = Person(self, self.bed.alice, "s1"), Person(self, self.bed.bob, "s2")
        self.people = [self.alice, self.bob]

    def clear(self):
        if self.used:
            for person in self.people:
                person.clear()
            self.used = False

    def ad(self, **options):
        return ET.fromstring(self.alice.good("ListResources", options=options))

    def run(self, rules):
        """Results of rules, pairs of a name and a function of self, each with the testbed empty."""
        for name, rule in rules:
            yield name, attempt(rule, self)
            self.clear()

    def check(self):
        self.bed.check()


def attempt(rule, front):
    try:
        rule(front)
    except Failure as why:
        return why
    except (xmlrpc.client.Error, OSError, KeyError, ValueError, TypeError, AttributeError, StopIteration, ET.ParseError) as why:
        return Failure(f"{type(why).__name__}: {why}")
    return None


class Rules(list):
    """Collects functions as pairs (name, function) in their order."""

    def __call__(self, name):
        def add(function):
            self.append((name, function))
            return function
        return add


def request(*nodes, root=""):
    """The root's tag has a line of its own, and each node."""
    return "\n".join([f'<rspec xmlns="{NS}" type="request"{root}>', *nodes, "</rspec>"])


def node(client_id="a", kind="fake-vm", inner="", image=None, **attributes):
    words = "".join(f' {key}="{value}"' for key, value in attributes.items())
    image = f'<disk_image name="{image}"/>' if image else ""
    kind = f'<sliver_type name="{kind}">{image}</sliver_type>' if kind else ""
    return f'<node client_id="{client_id}"{words}>{kind}{inner}</node>'


def nodes_of(rspec):
    """The nodes of an RSpec by client_id, without those of others."""
    root = ET.fromstring(rspec)
    return {n.get("client_id"): n for n in root.findall(f"{G}node") if n.get("component_manager_id") == URN}


def urns_of(value):
    return [s["geni_sliver_urn"] for s in (value["geni_slivers"] if isinstance(value, dict) else value)]


__all__ = ["ALL_SLOTS", "Answer", "DEBIAN", "EMULAB", "ET", "FEDORA", "Front", "FrontBed", "G", "MOVING", "NODES", "Person", "Rules", "TYPES",
           "USER", "attempt", "expect", "expect_equal", "node", "nodes_of", "request", "urns_of"]
