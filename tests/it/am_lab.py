# SPDX-License-Identifier: ISC
"""What the tests of the aggregate share: a registry with nodes, an aggregate on its store, users with slices."""
import base64
import json
import zlib

import ccfed_it as it
from ccfed_it import Failure, body_of, expect_equal, message, wait_until
from registry_it import Bed

URN = "urn:publicid:IDN+am.it.test+authority+am"
URL = "https://am.it.test:8443/am/3.0"
GENI3 = {"geni_rspec_version": {"type": "GENI", "version": "3"}}
NS = "http://www.geni.net/resources/rspec/3"
OPERATOR = "urn:publicid:IDN+it+service+operator"
DOOR = "urn:publicid:IDN+it+service+door"
TYPES = {"fake-vm": "default", "small": "slots 2, exclusive yes, image urn:publicid:IDN+am.it.test+image+debian",
         "raw-pc": "whole"}


class Code(Exception):
    """A geni_code other than 0."""

    def __init__(self, body):
        super().__init__(f"{body.get('geni_code')}: {body.get('msg')}")
        self.body, self.code, self.msg = body, body.get("geni_code"), body.get("msg")
        self.value, self.rule, self.word = body.get("value"), body.get("rule"), body.get("code")


def rspec(*nodes, extra="", attributes=""):
    """A request: nodes are client_ids, or whole elements."""
    body = "".join(n if n.startswith("<") else f'<node client_id="{n}" exclusive="false"><sliver_type name="fake-vm"/></node>'
                   for n in nodes)
    return f'<rspec xmlns="{NS}" type="request"{attributes}>{body}{extra}</rspec>'


class AmBed(Bed):
    """A registry and an aggregate in one server, on one store, with a testbed of `nodes` nodes."""

    def __init__(self, lab, nodes=3, slots=4, types=None, options=None, registry=None, **more):
        self.n_nodes, self.slots = nodes, slots
        aggregate = {"handler": "aggregate", "urn": URN, "url": URL, "deadline": "20", **(options or {})}
        self.aggregate = aggregate
        lab.crypto("operator", True)
        sections = {"sliver-types": types or TYPES, "h_am": aggregate,
                    "assert-caller": {"door": f"{DOOR}, prefix am reg, namespace *"}, **more.pop("sections", {})}
        super().__init__(lab, sections=sections, options=registry, policy={"am": f"gid, {DOOR}", "am.release": OPERATOR,
                                                         "am.terms_accept": OPERATOR, "am.terms_show": OPERATOR,
                                                         "am.terms_revoke": OPERATOR}, **more)

    def make_server(self, options, policy, sections):
        self.aggregate.update({"store": self.store, "roots": self.roots, "own-root": self.authorities / "plc" / "plc.gid"})
        sections = {"routes": {"reg": "h:registry", "pub.inventory": "h:registry", "echo": "h:echo", "am": "h:am"}, **sections}
        return super().make_server(options, policy, sections)

    def start_nodes(self):
        """The server, the site, its nodes, and nobody to use them."""
        super().start()
        self.authority("plc.site")
        for number in range(1, self.n_nodes + 1):
            self.add_node(number)
        return self

    def start(self):
        self.start_nodes()
        self.alice = self.user("plc.site.alice")
        self.bob = self.user("plc.site.bob")
        self.slice("plc.site.s1", "plc.site.alice", "plc.site.bob")
        self.slice("plc.site.s2", "plc.site.bob")
        return self

    def add_node(self, number, **info):
        record = {"hrn": f"plc.site.n{number}", "type": "node", "hostname": f"n{number}.it.test",
                  "geni_info": {"slots": self.slots, "hardware_types": ["pc"], "country": "BE", "latitude": "51.0",
                                "longitude": "3.7", **info}}
        self.plc_site().call("register", record=record, credentials=[self.plc_site().credential()])

    def plc_site(self):
        if not hasattr(self, "site"):
            from registry_it import Authority  # pylint: disable=import-outside-toplevel
            self.site = Authority(self, "plc.site")
        return self.site

    @staticmethod
    def node(number):
        return f"urn:publicid:IDN+plc:site+node+n{number}"

    @staticmethod
    def slice_urn(name):
        return f"urn:publicid:IDN+plc:site+slice+{name}"

    def am(self, signer, operation, /, seconds=30, **fields):
        """The answer's body, its blob put in its place. A refusal is a Code."""
        kind = f"am.{operation}"
        answer = self.dealer.ask(message(kind, body_of(kind, **{"deadline": int(seconds * 1000), **fields}), signer), seconds)
        if answer is None:
            raise Failure(f"no answer to {kind}")
        body = json.loads(answer[1])
        if answer[0] == b"error":
            raise Code(body)
        expect_equal(answer[0].decode(), f"reply.am.{operation}", "type of the answer")
        value = body["value"]
        if body.get("blob") == "value":
            value = answer[-1].decode()
        elif body.get("blob"):
            value[body["blob"]] = answer[-1].decode()
        return value


class User:
    """A user with a slice credential."""

    def __init__(self, bed, who, slice_name="s1"):
        self.bed, self.who, self.urn = bed, who, bed.slice_urn(slice_name)
        self.credential = who.credential_on("slice", f"plc.site.{slice_name}")

    def call(self, operation, /, credentials=None, options=None, **fields):
        credentials = [{"geni_type": "geni_sfa", "geni_version": "3", "geni_value": self.credential}] \
            if credentials is None else credentials
        return self.bed.am(self.who.signer, operation, credentials=credentials, options=options or {}, **fields)

    def allocate(self, *nodes, options=None, **more):
        return self.call("allocate", urn=self.urn, rspec=more.pop("text", None) or rspec(*nodes, **more), options=options)

    def on(self, operation, urns=None, options=None, **fields):
        return self.call(operation, urns=urns or [self.urn], options={**GENI3, **(options or {})}, **fields)

    def refused(self, code, operation, /, **fields):
        try:
            value = getattr(self, operation)(**fields) if operation in ("allocate",) else self.call(operation, **fields)
        except Code as why:
            expect_equal(why.code, code, f"{operation}: {why.msg}")
            return why
        raise Failure(f"{operation} was not refused with {code}: {str(value)[:300]}")

    def states(self):
        return {s["geni_sliver_urn"]: s["geni_operational_status"] for s in self.on("status")["geni_slivers"]}

    def wait_state(self, state):
        wait_until(lambda: set(self.states().values()) == {state}, f"all slivers in {state}")


def unpack(text):
    return zlib.decompress(base64.b64decode(text)).decode()


__all__ = ["AmBed", "Code", "DOOR", "GENI3", "NS", "OPERATOR", "TYPES", "URL", "URN", "User", "it", "rspec", "unpack"]
