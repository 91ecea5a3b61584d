#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How a node joins: ccfed node add and node init at a registry, through a local server; then it tells its inventory."""
import json
import re

import ccfed_it as it
from ccfed_it import expect, expect_equal, wait_until
from registry_it import Bed

SITE, NODE = "plc.site", "plc.site.n1"
REALM = "it.realm"


def with_local(lab, realm=REALM):
    """A registry that takes nodes, an operator with a folder of his own, and a local server in front of it."""
    bed = Bed(lab, options={"node-ca": "ca"}, realm=realm).start()
    bed.authority(SITE)
    local = lab.server("local", ccserver={"cc-role": "local", **lab.crypto("local", True)},
                       routes={"reg": "h:proxy"}, h_proxy={"handler": "proxy", "remote-cc": bed.server.url, "ping": "yes"}).start()
    return bed, local


class Operator:
    """Who uses ccfed with a folder of his own."""

    def __init__(self, bed, url, hrn):
        self.bed, self.url, self.hrn, self.home = bed, url, hrn, bed.folder / f"home-{hrn}"

    def run(self, *words, **options):
        return self.bed.lab.ccfed(*words, "--home", self.home, "--cc", self.url, "--ca", self.bed.lab.keys / "ca.crt",
                                  "--deadline", 30, "--hrn", self.hrn, "--realm", REALM, **options)

    def registered(self):
        """His key is made by the first run; who is over him registers it."""
        expect_equal(self.run("resolve", self.hrn, "--p256").returncode, 1, "the first run")
        site = self.bed.plc
        site.call("register", record={"hrn": self.hrn, "type": "user", "key": (self.home / "user.pub").read_text()},
                  credentials=[site.credential()])
        site.call("update", record={"hrn": SITE, "type": "authority", "reg-pis": [self.hrn]}, credentials=[site.credential()])
        return self

    def good(self, *words):
        done = self.run(*words)
        expect_equal(done.returncode, 0, f"ccfed {' '.join(map(str, words))} ({done.stderr.strip()})")
        return done.stdout.strip()


def node_server(lab, folder, bed):
    """A local server with the certificate of the node, as its own ccserver.ini has it."""
    ini = (folder / "ccserver.ini").read_text()
    expect(re.search(r"cms-sign\s*=\s*node", ini), ini)
    return lab.server("node", ccserver={"cc-role": "local", "cms-keystore": folder, "cms-verify-ca": "ca", "cms-sign": "node",
                                        "cc-realm": REALM},
                      routes={"pub.inventory": "h:proxy"},
                      h_proxy={"handler": "proxy", "remote-cc": bed.server.url, "ping": "yes"}).start()


def row(bed, column):
    done = bed.sql(f"SELECT {column} FROM node WHERE record = (SELECT id FROM record WHERE name = '{NODE}')")
    return done[0] if done else None


def joins_and_tells(lab):
    """node add, node init, and the inventory that comes over the node's own server is in its row."""
    bed, local = with_local(lab)
    operator = Operator(bed, local.url, f"{SITE}.op").registered()
    folder = lab.folder / "node"
    line = operator.good("node", "add", NODE, "--hostname", "n1.example.net")
    expect(line.startswith("ccnode1."), line)
    expect_equal(bed.resolve(NODE)[0]["hostname"], "n1.example.net", "hostname of the record")
    done = lab.ccfed("node", "init", "--token", line, "--dir", folder, "--hostname", "n1.example.net", "--deadline", 30)
    expect_equal(done.returncode, 0, f"ccfed node init ({done.stderr.strip()})")
    lab.openssl("verify", "-CAfile", folder / "ca.crt", folder / "node.crt")
    expect_equal((folder / "node.gid").read_text().strip(), bed.resolve(NODE)[0]["gid"].strip(), "the GID of the node")
    expect_equal(row(bed, "epoch"), (folder / "epoch").read_text().strip(), "the epoch in its row")
    expect_equal(row(bed, "inventory"), "", "the inventory before")
    # a token lets in once
    done = lab.ccfed("node", "init", "--token", line, "--dir", lab.folder / "thief", "--deadline", 30)
    expect(done.returncode == 1 and "Forbidden" in done.stderr, f"a used token: {done.stderr}")

    server = node_server(lab, folder, bed)
    signer, dealer = it.Signer(folder, "node"), lab.dealer(server)
    body = it.body_of("pub.inventory", to=REALM, cores=4, memory=8 << 30)
    dealer.send(it.message("pub.inventory", body, signer))
    text = wait_until(lambda: row(bed, "inventory"), "the inventory in the node's row")
    told = json.loads(text)
    expect_equal((told["cores"], told["memory"]), (4, 8 << 30), "what it told")
    # of another than a node: nothing changes
    stranger = it.body_of("pub.inventory", to=REALM, cores=1)
    bed.dealer.send(it.message("pub.inventory", stranger, lab.signer()))
    again = it.body_of("pub.inventory", to=REALM, cores=8)
    dealer.send(it.message("pub.inventory", again, signer))
    wait_until(lambda: json.loads(row(bed, "inventory")).get("cores") == 8, "the second inventory")
    bed.server.wait_stats(lambda s: s.get("registry.inventory", s.get("inventory", 0)) >= 2, "two inventories counted")
    expect_equal(json.loads(row(bed, "inventory"))["cores"], 8, "after a stranger's")
    bed.check()


if __name__ == "__main__":
    it.main(joins_and_tells)
