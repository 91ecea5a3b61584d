#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Makes the seeds of tests/fuzz/fuzz-ticket.c, in fuzz/ticket. The first octet is the mode (see there)."""
import pathlib

folder = pathlib.Path(__file__).resolve().parent / "fuzz" / "ticket"
IDN = "urn:publicid:IDN+"


def seed(name, mode, data):
    data = data if isinstance(data, bytes) else data.encode()
    (folder / name).write_bytes(str(mode).encode() + data)


def ticket(can_delegate="false", redeem="2027-01-15T09:00:00Z", epoch="7", component=IDN + "plc:site+node+n1",
           rspec="PHJzcGVjLz4=", attributes="", users=""):
    return (f'<ticket><can_delegate>{can_delegate}</can_delegate><redeem_before>{redeem}</redeem_before>'
            f'<promise xmlns="urn:ccfed:ticket:1"><component epoch="{epoch}">{component}</component>'
            f"<rspec>{rspec}</rspec><attributes>{attributes}</attributes><users>{users}</users></promise></ticket>")


def attribute(name, value):
    return f'<attribute name="{name}">{value}</attribute>'


def user(name, *keys):
    return f'<user urn="{IDN}plc+user+{name}">' + "".join(f"<key>{key}</key>" for key in keys) + "</user>"


def params(*members):
    return "<params><param><value><struct>" + "".join(members) + "</struct></value></param></params>"


def member(name, value):
    return f"<member><name>{name}</name><value>{value}</value></member>"


# the people, grants and fields of mode 3
TOP, US, PL, PLX, ALICE, BOB, S1, S2, NIL = range(9)
NONE, INFO, SLICE, REFRESH, ALL, OPERATOR, EMPTY, TICKET = range(8)
CALLER, OBJECT, GRANT, DELEGATE, ISSUER, KEY, LIFE, FORGED, CN, COUNT = range(10)
DELEGATED, ISSUED, GIVEN, GIVEN_ON = range(4)


def chain(base, *changes):
    return bytes([base]) + b"".join(bytes([level + 5 * field, value]) for level, field, value in changes)


folder.mkdir(parents=True, exist_ok=True)
seed("text-xml", 0, '<signed-credential><credential xml:id="ref0"><type>ticket</type></credential></signed-credential>')
seed("text-pem", 0, "-----BEGIN CERTIFICATE-----\nMIIBAA==\n-----END CERTIFICATE-----\n")
seed("text-parent", 0, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----parent----------BEGIN CERTIFICATE-----")

seed("ticket-empty", 1, ticket(rspec=""))
seed("ticket-full", 1, ticket(
    attributes=attribute("initscript", "#!/bin/sh&#xD;\necho &lt;a&gt;\n") + attribute("vsys", "a") + attribute("vsys", ""),
    users=user("alice", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI alice at home", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB bob")
    + user("bob")))
seed("ticket-keys", 1, ticket(users=user("a", *["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 a b c"] * 8)))
seed("ticket-late", 1, ticket(redeem="2026-01-15T09:00:00+01:00"))
seed("ticket-delegated", 1, ticket(can_delegate="true"))
seed("ticket-epoch", 1, ticket(epoch="a b"))
seed("ticket-component", 1, ticket(component="n1"))
seed("ticket-issuer", 1, ticket(component=IDN + "plc:sitex+node+n1"))
seed("ticket-rspec", 1, ticket(rspec="&lt;"))
seed("ticket-attribute", 1, ticket(attributes="<attribute>x</attribute>"))
seed("ticket-user", 1, ticket(users='<user urn="alice"><key>k</key></user>'))
seed("ticket-key", 1, ticket(users=user("a", "")))
seed("ticket-key-many", 1, ticket(users=user("a", *["k"] * 33)))

seed("params-credential", 2, params(
    member("gidCaller", "<nil/>"), member("gidObject", "<nil/>"), member("lifeTime", "<string>2027-01-15</string>"),
    member("privileges", "<string>embed,bind</string>"), member("delegate", "<boolean>1</boolean>")))
seed("params-ticket", 2, params(
    member("gidCaller", "<string>MIIC</string>"), member("attributes", "<struct>" + member("timestamp", "<double>1.5e9</double>")
    + member("keys", "<array><data><value>ssh-rsa</value><value><i4>-1</i4></value></data></array>") + "</struct>"),
    member("rspec", "<string>&lt;rspec/&gt;</string>"), member("delegate", "<boolean>0</boolean>")))
seed("params-gid", 2, params(member("uuid", "<string>1</string>"), member("hrn", "<string>planetlab.us</string>")))
seed("params-life", 2, params(member("privileges", "<nil/>"), member("lifeTime", "<int>1799999999</int>")))
seed("params-types", 2, params(member("privileges", "a,,b"), member("a", "<array><data/></array>"), member("b", "<double>nan</double>")))
seed("params-other", 2, params(member("attributes", "<nil/>"), member("privileges", "<nil/>")))

seed("chain-delegated", 3, chain(DELEGATED))
seed("chain-issued", 3, chain(ISSUED, (0, OBJECT, ALICE)))
seed("chain-ticket", 3, chain(GIVEN))
seed("chain-ticket-delegated", 3, chain(GIVEN_ON))
seed("chain-no-bit", 3, chain(DELEGATED, (1, DELEGATE, 0)))
seed("chain-rights", 3, chain(DELEGATED, (0, GRANT, ALL)))
seed("chain-target", 3, chain(DELEGATED, (0, OBJECT, ALICE)))
seed("chain-signer", 3, chain(DELEGATED, (1, KEY, S1)))
seed("chain-issuer", 3, chain(DELEGATED, (0, ISSUER, PL)))
seed("chain-ends", 3, chain(DELEGATED, (0, LIFE, 3), (1, LIFE, 2)))
seed("chain-over", 3, chain(DELEGATED, (1, LIFE, 1)))
seed("chain-nobody", 3, chain(DELEGATED, (0, CALLER, NIL)))
seed("chain-nothing", 3, chain(ISSUED, (0, OBJECT, NIL)))
seed("chain-forged", 3, chain(DELEGATED, (2, FORGED, 1)))
seed("chain-cn", 3, chain(DELEGATED, (0, CN, ALICE)))
seed("chain-short", 3, chain(DELEGATED, (0, COUNT, 2)))
seed("chain-kinds", 3, chain(DELEGATED, (1, GRANT, TICKET)))
