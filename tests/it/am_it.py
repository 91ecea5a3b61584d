# SPDX-License-Identifier: ISC
"""An aggregate of the tests' own behind a ccserver: it answers am.* by the contract of the bus and remembers what it was asked."""
import base64
import hashlib
import json
import zlib

import ccfed_it as it

AM = "urn:publicid:IDN+plc+authority+am"
RSPEC = "http://www.geni.net/resources/rspec/3"
AD = f'<rspec xmlns="{RSPEC}" type="advertisement"><node component_name="Gr\u00f6\u00dfe &amp; co"/></rspec>'
LOGIN = '<login authentication="ssh-keys" hostname="{}" port="{}" username="{}"/>'
EXPIRES = "2031-01-01T00:00:00Z"


class Refusal(Exception):
    """What the aggregate refuses: the body of an error."""

    def __init__(self, code, geni_code, msg, **more):
        super().__init__(msg)
        self.body = {"code": code, "geni_code": geni_code, "msg": msg, **more}


class Aggregate:
    """One sliver for each node of a request; it is configuring for so many looks at its status."""

    def __init__(self, lab, looks=2, logins=((LOGIN.format("n1.plc.net", 22001, "alice"), )), quiet=()):
        lab.crypto("am", True)
        self.signer = lab.signer("am")
        self.looks, self.logins, self.quiet = looks, logins, quiet
        self.requests = []      # (type, body)
        self.slivers = {}       # slice -> state
        self.refuse = {}        # type -> list of Refusals, each for one request
        self.fail = False       # what is started fails
        self.remote = lab.fake_remote(self.receive)
        self.url = self.remote.url

    def receive(self, frames, send):
        route, rest = it.split_route(frames)
        kind = rest[0].decode()
        if not kind.startswith("am."):
            return
        body = json.loads(rest[1])
        self.requests.append((kind, body))
        if kind in self.quiet:
            return
        try:
            if self.refuse.get(kind):
                raise self.refuse[kind].pop(0)
            value, blob = getattr(self, kind.replace(".", "_"))(body)
        except Refusal as refusal:
            self.send(send, route, "error", {"req_type": kind, **refusal.body}, b"", body["id"])
            return
        said = {"value": value, "output": ""}
        if blob:
            said["blob"] = "value" if value is None else "geni_rspec"
        self.send(send, route, f"reply.{kind}", said, blob.encode(), body["id"])

    def send(self, send, route, kind, said, blob, asked):
        digest = "SHA-256:" + hashlib.sha256(blob).hexdigest() if blob else ""
        body = json.dumps({**json.loads(it.body_of(kind, re=asked, blob_hash=digest)), **said}).encode()
        send(route + it.message(kind, body, self.signer) + ([blob] if blob else []))

    def asked(self, kind):
        return [body for what, body in self.requests if what == kind]

    # -- operations ---------------------------------------------------------------------------------------------------

    @staticmethod
    def am_get_version(_):
        return {"urn": AM, "geni_api": 3, "geni_api_versions": {"3": "https://am.plc.net/am/3.0"}, "geni_am_code": "0.1", "geni_single_allocation": 0,
                "geni_request_rspec_versions": [{"type": "GENI", "version": "3"}],
                "geni_ad_rspec_versions": [{"type": "GENI", "version": "3"}],
                "geni_credential_types": [{"geni_type": "geni_sfa", "geni_version": "3"}]}, ""

    @staticmethod
    def am_list_resources(body):
        if body["options"].get("geni_compressed"):
            return None, base64.b64encode(zlib.compress(AD.encode())).decode()
        return None, AD

    @staticmethod
    def slice_of(body):
        return body["urn"] if "urn" in body else body["urns"][0]

    def state(self, body):
        try:
            return self.slivers[self.slice_of(body)]
        except KeyError:
            raise Refusal("not-found", 12, f"{self.slice_of(body)} has no sliver here") from None

    @staticmethod
    def sliver(state):
        return [{"geni_sliver_urn": "urn:publicid:IDN+plc+sliver+1", "geni_allocation_status": state["allocation"],
                 "geni_operational_status": state["operation"], "geni_expires": state["expires"], "geni_error": ""}]

    def manifest(self, state):
        logins = "".join(self.logins) if state["operation"] in ("geni_ready", "geni_notready") else ""
        return (f'<rspec xmlns="{RSPEC}" type="manifest"><node client_id="a" sliver_id="urn:publicid:IDN+plc+sliver+1">'
                f"<services>{logins}</services></node></rspec>")

    def am_allocate(self, body):
        if "<rspec" not in body["rspec"]:
            raise Refusal("bad-request", 1, "line 1: no request", value={"line": 1})
        state = {"allocation": "geni_allocated", "operation": "geni_pending_allocation", "expires": EXPIRES, "looks": 0, "next": ""}
        self.slivers[body["urn"]] = state
        return {"geni_slivers": self.sliver(state)}, self.manifest(state)

    def become(self, state, through, then):
        state.update(operation=through, next=then, looks=self.looks)

    def am_provision(self, body):
        state = self.state(body)
        state["allocation"] = "geni_provisioned"
        self.become(state, "geni_configuring", "geni_notready")
        return {"geni_slivers": self.sliver(state)}, self.manifest(state)

    def am_status(self, body):
        state = self.state(body)
        state["looks"] -= 1
        if state["looks"] <= 0 and state["next"]:
            state.update(operation=state["next"], next="")
        return {"geni_urn": self.slice_of(body), "geni_slivers": self.sliver(state)}, ""

    def am_describe(self, body):
        state = self.state(body)
        manifest = self.manifest(state)
        if body["options"].get("geni_compressed"):
            manifest = base64.b64encode(zlib.compress(manifest.encode())).decode()
        return {"geni_urn": self.slice_of(body), "geni_slivers": self.sliver(state)}, manifest

    def am_renew(self, body):
        state = self.state(body)
        if body["expires"] > "2040" and not body["options"].get("geni_extend_alap"):
            raise Refusal("conflict", 19, "later than may be", value="2035-01-01T00:00:00Z")
        state["expires"] = min(body["expires"], "2035-01-01T00:00:00Z")
        return self.sliver(state), ""

    def am_perform_operational_action(self, body):
        state = self.state(body)
        if body["action"] == "geni_start":
            self.become(state, "geni_configuring", "geni_failed" if self.fail else "geni_ready")
        elif body["action"] != "geni_update_users":
            raise Refusal("unsupported", 13, f"no action {body['action']}")
        return self.sliver(state), ""

    def am_delete(self, body):
        state = self.state(body)
        del self.slivers[self.slice_of(body)]
        return self.sliver({**state, "allocation": "geni_unallocated", "operation": "geni_pending_allocation"}), ""

    @staticmethod
    def am_shutdown(_):
        return True, ""

    @staticmethod
    def am_release(_):
        return True, ""

    @staticmethod
    def am_terms_accept(body):
        return {"user_urn": body["user"], "testbed_access": True, "accepted": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "version": "1"}, ""

    def am_terms_show(self, body):
        return [self.am_terms_accept(body)[0]], ""

    @staticmethod
    def am_terms_revoke(_):
        return [], ""
