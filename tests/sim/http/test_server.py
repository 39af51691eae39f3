"""`lktop sim` as a program: it says where it listens, stops when told, and does not outlive its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tui.sim.http.server import main

ROOT = Path(__file__).parents[3]
PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from tui.sim.http.server import main; sys.exit(main(sys.argv[1:]))",
]


@contextlib.contextmanager
def program(*options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program and the one line that it printed."""
    process = subprocess.Popen(
        [*PROGRAM, *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_stops_when_told(number: signal.Signals) -> None:
    with program("--scenario", "calm") as (process, line):
        assert line.startswith("listening on http://127.0.0.1:")
        url = line.removeprefix("listening on ").strip()
        with httpx.stream("GET", url, trust_env=False) as response:
            assert response.status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")


def test_an_address_of_ip_version_6_is_written_as_a_url_wants_it() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with program("--scenario", "empty", "--host", "::1") as (_, line):
        assert line.startswith("listening on http://[::1]:")
        url = line.removeprefix("listening on ").strip()
        assert httpx.get(f"{url}/_sim", trust_env=False).json()["agents"] == 0


def test_it_stops_with_a_stream_open() -> None:
    with program("--scenario", "incident", "--speed", "50") as (process, line):
        url = line.removeprefix("listening on ").strip()
        with httpx.Client(base_url=url, trust_env=False) as client:
            state = client.get("/_sim").json()
            assert state["agents"] > 40
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_credentials_come_from_the_environment_and_are_not_shown() -> None:
    secret = "canary-0123456789abcdef0123456789abcdef"
    with program("--scenario", "empty", LIVEKIT_API_KEY="APIkey", LIVEKIT_API_SECRET=secret) as (
        process,
        line,
    ):
        assert secret not in line
        assert secret not in " ".join(psutil.Process(process.pid).cmdline())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scenario", "nope"], "lktop sim: unknown scenario 'nope': want one of"),
        (["--scenario", "no.toml"], "lktop sim: no.toml: "),
        (["--scenario", "tests"], "lktop sim: unknown scenario 'tests': want one of"),
        (["--speed", "-1"], "lktop sim: argument --speed: want a number from 0 to 10000, not '-1'"),
        (["--speed", "nan"], "lktop sim: argument --speed: want a number from 0 to 10000, not 'nan'"),
        (["--speed", "inf"], "lktop sim: argument --speed: want a number"),
        (["--agents", "-1"], "lktop sim: argument --agents: want a number from 0 to 1000000, not '-1'"),
        (["--agents", "1.5"], "lktop sim: argument --agents: want a whole number, not '1.5'"),
        (["--start-time", "1e20"], "lktop sim: argument --start-time: want a number"),
        (["--port", "notaport"], "lktop sim: argument --port: want a number from 0 to 65535, not 'notaport'"),
        (["--port", "65536"], "lktop sim: argument --port: want a number from 0 to 65535"),
        (["--host", "192.0.2.1", "--port", "7"], "lktop sim: cannot listen on 192.0.2.1 port 7: "),
        (["--host", ""], "lktop sim: argument --host: want an address"),
        (["--sped", "1"], "lktop sim: unrecognized arguments: --sped 1"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(options)
    except SystemExit as end:  # from the parser of arguments
        status = end.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "") and err.startswith(said)
    assert err.count("\n") == 1


def test_the_program_ends_with_that_status() -> None:
    with program("--scenario", "nope") as (process, line):
        out, err = process.communicate(timeout=10)
        assert (process.returncode, line, out, err.count("\n")) == (2, "", "", 1)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with program("--port", str(port)) as (process, line):
            _, err = process.communicate(timeout=10)
    assert (process.returncode, line) == (2, "")
    assert err == f"lktop sim: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


def test_it_does_not_outlive_its_parent() -> None:
    code = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"
    parent = subprocess.Popen(
        [sys.executable, "-c", code, *PROGRAM, "--scenario", "empty"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert parent.stdout.readline().startswith("listening on ")
        parent.kill()
        parent.wait()
        child.wait(timeout=5)


def test_it_starts_within_a_few_seconds() -> None:
    before = time.monotonic()
    with program("--scenario", "incident") as (_, line):
        assert line.startswith("listening")
    # Twice the time that it takes on a slow machine with everything else running.
    assert time.monotonic() - before < 5
