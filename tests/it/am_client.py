#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
A client of the AM API 3 that has nothing of ours: Python's xmlrpc.client. By itself it leads a slice from Allocate to Delete:
am_client.py URL CA CERT KEY SLICE CREDENTIAL RSPEC [base64]. With base64 credentials are sent as geni-lib does.
"""
import datetime
import http.client
import ssl
import sys
import time
import xmlrpc.client

VERSION = {"geni_rspec_version": {"type": "GENI", "version": "3"}}
PENDING = {"geni_pending_allocation", "geni_configuring", "geni_stopping", "geni_ready_busy", "geni_updating_users"}
PATIENCE = 60


class Refused(Exception):
    """A return struct whose code is not 0."""

    def __init__(self, method, said):
        self.code, self.value, self.output = said["code"]["geni_code"], said["value"], said["output"]
        super().__init__(f"{method}: {self.code}: {self.output}")


class Tls(xmlrpc.client.SafeTransport):
    """With the certificate of a user, and a bound for each answer."""

    def make_connection(self, host):
        if not self._connection or host != self._connection[0]:
            self._connection = host, http.client.HTTPSConnection(host, context=self.context, timeout=PATIENCE)
        return self._connection[1]


class Client:
    """One user at one aggregate. As base64: as_base64 says whether credentials go so; typed: whether they are structs."""

    def __init__(self, url, ca, cert, key, credential=None, as_base64=False, typed=True):
        tls = ssl.create_default_context(cafile=str(ca))
        tls.load_cert_chain(str(cert), str(key))
        self.proxy = xmlrpc.client.ServerProxy(url, transport=Tls(context=tls))
        self.credential, self.as_base64, self.typed = credential, as_base64, typed

    def credentials(self):
        text = xmlrpc.client.Binary(self.credential.encode()) if self.as_base64 else self.credential
        return [{"geni_type": "geni_sfa", "geni_version": "3", "geni_value": text} if self.typed else text]

    def raw(self, method, *arguments):
        """The whole answer."""
        said = getattr(self.proxy, method)(*arguments)
        wrong = {type(said["code"]["geni_code"]), type(said["output"])} - {int, str}
        if wrong or "value" not in said:
            raise TypeError(f"{method} answers {said}")
        return said

    def call(self, method, *arguments):
        """The value."""
        said = self.raw(method, *arguments)
        if said["code"]["geni_code"] != 0:
            raise Refused(method, said)
        return said["value"]

    def until_final(self, urn):
        """Waits until nothing changes by itself any more; the status."""
        end = time.monotonic() + PATIENCE
        while True:
            status = self.call("Status", [urn], self.credentials(), {})
            states = {s["geni_operational_status"] for s in status["geni_slivers"]}
            if not states & PENDING:
                return status
            if time.monotonic() > end:
                raise TimeoutError(f"after {PATIENCE} s still {states}")
            time.sleep(0.05)  # poll


def later(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def states_of(slivers, key="geni_operational_status"):
    return {s[key] for s in slivers}


def want(condition, what):
    if not condition:
        raise AssertionError(what)


def life(client, urn, rspec, say=print):
    """A slice allocated, provisioned, started, renewed, described and deleted; each answer is looked at."""
    version = client.call("GetVersion")
    want(version["geni_api"] == 3 and type(version["geni_single_allocation"]) is int, f"GetVersion: {version}")
    ad = client.call("ListResources", client.credentials(), {**VERSION, "geni_available": True})
    want("<rspec" in ad and "advertisement" in ad, f"the advertisement: {ad[:200]}")
    allocated = client.call("Allocate", urn, client.credentials(), rspec, {})
    want(allocated["geni_slivers"] and "<rspec" in allocated["geni_rspec"], f"Allocate: {allocated}")
    want(states_of(allocated["geni_slivers"], "geni_allocation_status") == {"geni_allocated"}, f"Allocate: {allocated}")
    users = [{"urn": urn.rpartition("+")[0].replace("+slice", "+user") + "+alice", "keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 alice"]}]
    provisioned = client.call("Provision", [urn], client.credentials(), {**VERSION, "geni_users": users})
    want(states_of(provisioned["geni_slivers"], "geni_allocation_status") == {"geni_provisioned"}, f"Provision: {provisioned}")
    client.until_final(urn)
    client.call("PerformOperationalAction", [urn], client.credentials(), "geni_start", {})
    status = client.until_final(urn)
    want(states_of(status["geni_slivers"]) == {"geni_ready"}, f"after geni_start: {status}")
    end = later(1)
    renewed = client.call("Renew", [urn], client.credentials(), end, {})
    want({s["geni_expires"].replace("+00:00", "Z") for s in renewed} == {end}, f"Renew until {end}: {renewed}")
    described = client.call("Describe", [urn], client.credentials(), VERSION)
    want(described["geni_urn"] == urn and "<login" in described["geni_rspec"], f"Describe: {described}")
    deleted = client.call("Delete", [urn], client.credentials(), {})
    want(states_of(deleted, "geni_allocation_status") == {"geni_unallocated"}, f"Delete: {deleted}")
    say(f"{urn}: {len(deleted)} sliver(s) allocated, provisioned, started, renewed until {end}, described, deleted")


def main():
    if len(sys.argv) not in (8, 9):
        sys.exit(__doc__.strip())
    url, ca, cert, key, urn, credential, rspec = sys.argv[1:8]
    with open(credential, encoding="utf-8") as file:
        credential = file.read()
    with open(rspec, encoding="utf-8") as file:
        rspec = file.read()
    life(Client(url, ca, cert, key, credential, as_base64=sys.argv[8:] == ["base64"]), urn, rspec)


if __name__ == "__main__":
    main()
