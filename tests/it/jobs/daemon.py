# SPDX-License-Identifier: ISC
"""A daemon for tests of jobmgr: daemon.py FILE SECTION. It speaks the lifeline by hand.

`behave` of its section is a list of

exits      ends at once with code 3
deaf       ignores SIGTERM
silent     says that it is ready, and no more; ignores the lifeline's end too
unready    never says that it is ready
flood      writes to its standard error without end
grow       asks for memory without end
parent     has a child

What happens to it goes to the file events beside FILE: SECTION, the event, its pid.
"""
import configparser
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import threading

BEAT = 0.2


def main():
    path, section = sys.argv[1:]
    config = configparser.ConfigParser(interpolation=None, strict=False)
    config.read(path)
    behave = config[section].get("behave", "").split()
    events = os.open(pathlib.Path(path).parent / "events", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def note(event, pid=os.getpid()):
        os.write(events, f"{section} {event} {pid}\n".encode())

    def term(*_):
        note("term")
        os._exit(0)

    note("start")
    if "exits" in behave:
        print("cannot go on")
        sys.exit(3)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if {"deaf", "silent"} & set(behave) else term)
    line = socket.socket(fileno=int(os.environ["CCFED_LIFELINE"]))
    if "parent" in behave:
        note("child", subprocess.Popen(["/bin/sleep", "1000"]).pid)
    note("ready")
    if "unready" not in behave:
        line.send(b"R")
    while "silent" in behave:
        signal.pause()
    if "flood" in behave:
        threading.Thread(target=flood, daemon=True).start()
    held = []
    while True:
        if "grow" in behave:
            held.append(bytearray(8 << 20))
        if select.select([line], [], [], BEAT)[0] and not line.recv(1):
            note("eof")
            os._exit(0)
        if "unready" not in behave:
            line.send(b"h")


def flood():
    while True:
        os.write(2, b"flood " * 10 + b"\n")


main()
