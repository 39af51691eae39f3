"""The guard that ends programs under test notices every way out (`demo` and an operation run under it)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.loopback_guard import CAUGHT, elsewhere
from tests.ptyrun import guard, terminal_env


@pytest.mark.parametrize(
    ("event", "args", "found"),
    [
        ("socket.connect", (None, ("127.0.0.1", 80)), ""),
        ("socket.connect", (None, ("::1", 80, 0, 0)), ""),
        ("socket.getaddrinfo", ("localhost", 80, 0, 0, 0), ""),
        ("socket.bind", (None, ("0.0.0.0", 0)), ""),
        ("socket.connect", (None, ("192.0.2.1", 443)), "socket.connect 192.0.2.1"),
        ("socket.connect", (None, b"/run/agent"), "socket.connect /run/agent"),
        ("socket.sendto", (None, ("192.0.2.1", 53)), "socket.sendto 192.0.2.1"),
        ("socket.getnameinfo", (("127.0.0.1", 80),), ""),
        ("socket.getnameinfo", (("192.0.2.1", 80),), "socket.getnameinfo 192.0.2.1"),
        ("socket.getaddrinfo", ("pypi.example", 443, 0, 0, 0), "socket.getaddrinfo pypi.example"),
        ("socket.getaddrinfo", (b"livekit.example", 443, 0, 0, 0), "socket.getaddrinfo livekit.example"),
    ],
)
def test_only_this_machine_is_no_way_out(event: str, args: tuple[object, ...], found: str) -> None:
    assert elsewhere(event, args) == found


def test_a_program_that_looks_elsewhere_is_ended() -> None:
    code = f"{guard()}import socket\nsocket.getaddrinfo('livekit.example', 443)"
    done = subprocess.run([sys.executable, "-c", code], env=terminal_env(), capture_output=True, check=False)
    assert done.returncode == CAUGHT
    assert b"socket.getaddrinfo livekit.example" in done.stderr


def test_and_so_is_a_program_that_it_starts() -> None:
    """As `demo` starts the simulator."""
    looks = "import socket; socket.getaddrinfo('livekit.example', 443)"
    code = (
        f"{guard()}import subprocess, sys\n"
        f"print(subprocess.run([sys.executable, '-P', '-c', {looks!r}]).returncode, flush=True)\n"
        "sys.exit(subprocess.run([sys.executable, '-P', '-m', 'tui', '--version']).returncode)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=terminal_env(), capture_output=True, check=False)
    assert done.stdout.startswith(f"{CAUGHT}\nlktop ".encode())
    assert done.returncode == 0
    assert b"socket.getaddrinfo livekit.example" in done.stderr


def test_what_stands_for_the_interpreter_lies_where_nobody_else_can_put_it() -> None:
    code = f"{guard()}import os, sys\nprint(oct(os.stat(os.path.dirname(sys.executable)).st_mode))"
    done = subprocess.run([sys.executable, "-c", code], env=terminal_env(), capture_output=True, check=True)
    assert done.stdout == b"0o40700\n"
