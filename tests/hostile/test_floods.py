"""The whole program before lists without an end: how much memory it takes, and how long a key may wait.

Takes five minutes: `python -m pytest -m campaign tests/hostile/test_floods.py`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hostile.flood import FLOODS
from tests.ptyrun import Pty, python, terminal_env

MORE_MB = 200
GAP_MS = 500
LOOKS = 25
"""Seconds: several answers, each of which changes all that is shown."""


@contextmanager
def flooding(what: str) -> Iterator[str]:
    """The URL of such a server."""
    command = [sys.executable, "-m", "tests.hostile.flood", what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=terminal_env()) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def looked(url: str, home: Path, seconds: int, shows: str, *options: str) -> tuple[int, int]:
    """Memory at its highest in MB, and the longest gap in ms."""
    report = home / f"report-{seconds}"
    env = terminal_env(
        HOME=str(home),
        LIVEKIT_URL=url,
        LK_AGENTS_URL=url,
        LIVEKIT_API_KEY="devkey",
        LIVEKIT_API_SECRET="secret-0123456789abcdef0123456789",
    )
    with Pty(python("tests.hostile.gauge", str(report), *options), env=env, columns=120, rows=40) as terminal:
        terminal.until(terminal.shows(shows), 60.0)

        def enough() -> bool:
            return report.exists() and len(report.read_text().splitlines()) >= seconds

        terminal.until(enough, 10.0 * seconds)
        terminal.send(b"\x11")
        assert terminal.wait() == 0
    lines = [line.split() for line in report.read_text().splitlines()]
    return max(int(memory) for memory, _ in lines), max(int(gap) for _, gap in lines)


@pytest.mark.campaign
@pytest.mark.parametrize("option", ["--no-record", ""])
@pytest.mark.parametrize("what", [what for what in FLOODS if FLOODS[what]])
def test_a_flood_costs_little_and_keys_are_answered(what: str, option: str, tmp_path: Path) -> None:
    with flooding(what) as url:
        name = what.rpartition(" ")[2]
        most, gap = looked(url, tmp_path, LOOKS, f"{name} cut at", *filter(None, (option,)))
    with flooding("none") as url:
        usual, _ = looked(url, tmp_path, 2, "No agents in this project", *filter(None, (option,)))
    print(f"{what} {option}: {most - usual} MB more, {gap} ms")
    assert most - usual <= MORE_MB
    assert gap <= GAP_MS
