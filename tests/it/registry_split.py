#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The registry in a ccserver of its own, behind a proxy of the first, by configuration alone: the same tests pass."""
import ccfed_it as it
import registry
import registry_it
import registry_wire
from ccfed_it import expect, expect_equal

registry_it.Bed.behind = True


def passes_through(lab):
    """What reaches the registry came through the first server, which has none; answers are signed by the second."""
    bed = registry_it.Bed(lab).start()
    expect("registry" not in str(bed.front.sections["routes"]) and "h:registry" not in bed.front.sections, "the first has a registry")
    bed.authority("plc.site")
    alice = bed.user("plc.site.alice")
    bed.slice("plc.site.sl1", alice.hrn)
    expect("signed-credential" in alice.credential_on("slice", "plc.site.sl1"), "a credential on the slice")
    verifier = it.Verifier(lab.keys, "ca", "remote")
    frames = it.message("reg.get_version", it.body_of("reg.get_version"), alice.signer)
    kind, body, sig = bed.dealer.ask(frames)
    expect(kind == b"reply.reg.get_version" and verifier.good(body, sig), f"{kind} that the registry's server did not sign")
    served = bed.server.wait_stats(lambda s: s.get("h:registry.operations", 0) >= 5, "operations at the second server")
    # the files of figures are of different moments
    done = served["h:registry.operations"]
    bed.front.wait_stats(lambda s: min(s.get("h:proxy.forwarded", 0), s.get("h:proxy.answers", 0)) >= done, "as many through the first")
    bed.check()


def outlives_the_first(lab):
    """The first server is started anew: what was registered is there, and the next request is answered."""
    bed = registry_it.Bed(lab).start()
    bed.authority("plc.site")
    bed.front.kill()
    bed.front.start()
    it.wait_until(lambda: answers(bed), "an answer through the new one")
    expect_equal([r["hrn"] for r in bed.resolve("plc.site")], ["plc.site"], "what is there")
    bed.check()


def answers(bed):
    # before the proxy's link is up it says unreachable
    return bed.ask(bed.plc.signer, "get_version")[0] == "reply.reg.get_version"


if __name__ == "__main__":
    it.main(passes_through, outlives_the_first, registry.first_steps, registry_wire.call)
