#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The calls that were recorded with the Python SFA: what each becomes at the front door. ambridge_wire.py SERVICE_TOOL

Python's own XML-RPC reads the recordings, so that names, order and types are its, not ours.
"""
import json
import pathlib
import subprocess
import sys
import xmlrpc.client

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
RECORDED = SOURCE.parent / "shared" / "vectors" / "sfa" / "wire"

# method -> type and, for each argument, the key of the body; None: it is not passed on
FORMS = {
    "GetVersion": ("get_version", (None,)),
    "Resolve": ("resolve", ("hrns", "credentials", "options")),
    "List": ("list", ("hrn", "credentials", "options")),
    "Register": ("register", ("record", "credentials")),
    "Update": ("update", ("record", "credentials")),
    "Remove": ("remove", ("hrn", "credentials", "type")),
    "GetCredential": ("get_credential", ("credentials", "hrn", "type")),
    "GetSelfCredential": ("get_self_credential", (None, "hrn", "type")),
    "GetGids": ("get_gids", ("hrns", "credentials")),
    "CreateGid": ("create_gid", ("credentials", "hrn", "key")),
    "get_trusted_certs": ("get_trusted_certs", ("credentials",)),
}
# those that the original refused before it looked at anything but the call itself, and the name said
REFUSED = {"argcount", "argtype", "nomethod", "aggregate_only"}


def wanted(method, params):
    kind, keys = FORMS[method]
    body = {}
    for key, value in zip(keys, params):
        if key == "credentials" and isinstance(value, str):
            value = [value]
        if key and value is not None:
            body[key] = value
    return {"type": f"reg.{kind}", "body": body}


def main():
    if not RECORDED.is_dir():
        print("1..0 # SKIP no recordings beside the sources")
        return
    index = json.loads((RECORDED / "index.json").read_text())
    print(f"1..{len(index)}")
    with subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tool:
        for number, row in enumerate(index, 1):
            params, method = xmlrpc.client.loads((RECORDED / row["request"]).read_bytes())
            tool.stdin.write(json.dumps(["/registry", method, params]) + "\n")
            tool.stdin.flush()
            got = json.loads(tool.stdout.readline())
            if row["name"] in REFUSED:
                try:
                    xmlrpc.client.loads((RECORDED / row["response"]).read_bytes())
                    want = None
                except xmlrpc.client.Fault as fault:
                    want = {"fault": fault.faultCode, "text": fault.faultString}
            else:
                want = wanted(method, params)
            ok = got == want
            print(f"{'ok' if ok else 'not ok'} {number} - {row['name']}")
            if not ok:
                print(f"# {str(got)[:300]}\n# is not {str(want)[:300]}")
        tool.stdin.close()
        status = tool.wait(30)
    if status:
        print(f"Bail out! {sys.argv[1]} ended with {status}")


if __name__ == "__main__":
    main()
