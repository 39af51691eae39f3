"""Ends a program under test as soon as it looks up or connects to anything but this machine."""

from __future__ import annotations

import os
import runpy
import shlex
import sys
from ipaddress import ip_address
from pathlib import Path

CAUGHT = 97
"""Exit status of a program that was ended."""
_ADDRESSED = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKED_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")


def elsewhere(event: str, args: tuple[object, ...]) -> str:
    """Where an audit event of Python leads, if that is not this machine; else empty."""
    if event in _ADDRESSED:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else address
    elif event in _LOOKED_UP:
        host = args[0][0] if isinstance(args[0], tuple) else args[0]
    else:
        return ""
    name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    try:
        here = ip_address(name).is_loopback
    except ValueError:
        here = name == "localhost"
    return "" if here else f"{event} {name}"


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event.startswith("socket.") and (found := elsewhere(event, args)):
        os.write(2, f"\r\nnot this machine: {found}\r\n".encode())
        os._exit(CAUGHT)


def install(interpreter: str) -> None:
    """Watch this process and those that it starts with `sys.executable`; cannot be undone.

    That is `interpreter` from now on, which takes the arguments of one and runs this file.
    """
    sys.addaudithook(_guard)
    sys.executable = interpreter


def make_interpreter(folder: Path) -> str:
    """Make the program that `install` is given, in a folder that nobody else can write to."""
    made = folder / "guarded-python"
    made.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(__file__)} "$0" "$@"\n')
    made.chmod(0o700)
    return str(made)


def _main() -> None:
    """Run as an interpreter would: `-P -m MODULE …` or `-c CODE`."""
    sys.path[:] = [place for place in sys.path if place != str(Path(__file__).parent)]
    install(sys.argv.pop(1))
    arguments = [argument for argument in sys.argv[1:] if argument != "-P"]
    option, what, *sys.argv[1:] = arguments
    if option == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    _main()
