#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The front door before a real registry: tests/it/bridge.py BUILD"""
import ccfed_it as it
from bridge_it import door
from ccfed_it import expect, expect_equal


def get_version(lab):
    """A call goes all the way: TLS with a client certificate, XML-RPC, the bus, the registry, and back."""
    d = door(lab)
    version = d.proxy(d.bed.alice).GetVersion()
    expect_equal(version["interface"], "registry", "interface")
    expect("access 127.0.0.1 urn:publicid:IDN+plc:site+user+alice am registry.GetVersion 200 - " in d.daemon.log(),
           "no line in the access log")
    d.daemon.stop()


if __name__ == "__main__":
    it.main(get_version)
