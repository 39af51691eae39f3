"""The whole program on a pseudo-terminal against a simulator in a process of its own: every byte it sends."""

from __future__ import annotations

import re
import select
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
import pyte
import pytest

from tests.ptyrun import PATIENCE, Pty, grammar_violations, python, terminal_env

NOT_FOR_PYTE = re.compile(r"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$[a-z]")
KEY, SECRET = "key-of-the-terminal", "canary-of-the-terminal-0123456789abcdef"


SMALL = """
[[agents]]
name = "alpha"
[[agents]]
name = "bravo"
[[agents]]
name = "charlie"
id = "CA_charlie"
[[agents]]
name = "delta"
deployments = [{ status = "CrashLoop", replicas = 0, events = [{ count = 3 }] }]
[[rooms]]
name = "lobby"
people = [{ identity = "guest" }]
dispatches = [{ agent_name = "alpha", jobs = [{}] }]
[[rooms]]
name = "waiting"
dispatches = [{ agent_name = "delta", age = 40 }]
"""


class Server:
    """A simulator that can be killed and started again where it was."""

    def __init__(self, scenario: str, *, speed: float = 0.0, agents: int | None = None) -> None:
        self._options = [f"--scenario={scenario}", f"--speed={speed}"]
        self._options += [f"--agents={agents}"] if agents is not None else []
        self._process: subprocess.Popen[bytes] | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Listen; returns when it does."""
        command = python("tui", "sim", "--host", "127.0.0.1", "--port", str(self.port), *self._options)
        env = terminal_env(LIVEKIT_API_KEY=KEY, LIVEKIT_API_SECRET=SECRET)
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=env, bufsize=0
        )
        assert self._process.stdout is not None
        ready = select.select([self._process.stdout], [], [], PATIENCE)[0]
        assert ready and b"listening on" in self._process.stdout.readline()

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def order(self, path: str, **body: object) -> None:
        """Make something happen."""
        httpx.post(f"{self.url}/_sim{path}", json=body, trust_env=False).raise_for_status()


@contextmanager
def lktop(server: Server, home: Path, *options: str, size: tuple[int, int] = (120, 40)) -> Iterator[Pty]:
    """The program with a project of its own configuration."""
    config = home / ".config" / "lktop" / "config.toml"
    config.parent.mkdir(parents=True)
    config.touch(mode=0o600)
    config.write_text(
        f'[projects.here]\nurl = "{server.url}"\nagents_url = "{server.url}"\n'
        f'api_key = "{KEY}"\napi_secret = "{SECRET}"\n'
    )
    with running(home, "--project=here", *options, size=size) as term:
        yield term


@contextmanager
def running(home: Path, *options: str, size: tuple[int, int] = (120, 40), **variables: str) -> Iterator[Pty]:
    """The program, which never tells its key or its secret."""
    env = terminal_env(HOME=str(home), TZ="UTC", **variables)
    columns, rows = size
    with Pty(python("tui", "--refresh=0.5", *options), env=env, columns=columns, rows=rows, cwd=home) as term:
        yield term
        assert SECRET.encode() not in term.output
        assert KEY.encode() not in term.output


def quiet(term: Pty, seconds: float) -> bool:
    """Whether not a byte came in that time."""
    before = len(term.output)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        term.pump(0.05)
    return len(term.output) == before


def settle(term: Pty, seconds: float = 1.5) -> None:
    """Until nothing has been sent for a while."""
    deadline = time.monotonic() + PATIENCE
    while not quiet(term, seconds):
        assert time.monotonic() < deadline, "it never falls silent"


def test_from_the_first_paint_to_the_last_key(still_environment: Path) -> None:
    """Given nothing but what `lk` and the SDKs are given too."""
    with (
        Server("incident") as server,
        running(
            still_environment,
            LIVEKIT_URL=server.url,
            LIVEKIT_API_KEY=KEY,
            LIVEKIT_API_SECRET=SECRET,
            LK_AGENTS_URL=server.url,
        ) as term,
    ):
        term.until(b"lktop")
        term.until(term.shows("LK_AGENTS_URL is set: agent calls"))
        term.until(term.shows("kyc-verifier"))
        term.until(term.shows("5 Dispatches [24 rooms]"))
        assert re.search(r"rooms: \d+ of 24 loaded|live", term.screen()[1])
        assert server.url.removeprefix("http://") in term.screen()[1]
        term.send(b"q")
        term.until(term.shows("q again quits"))
        term.send(b"q")
        assert term.wait() == 0
        assert term.restored() == []
        assert grammar_violations(bytes(term.output)) == []


@pytest.mark.waits
def test_a_server_that_goes_away_and_comes_back(still_environment: Path) -> None:
    """The data stay, grey and with their age; one back-off after the server is there, so are they."""
    with Server("calm", agents=12) as server, lktop(server, still_environment) as term:
        term.until(term.shows("agent-0011"))
        server.kill()
        term.until(
            lambda: re.search(r"─ stale \d+ s · retry \d+ in \d+ s ─", term.screen()[2]) is not None, 8.0
        )
        assert re.search(r"STALE \d+ s old: agents.* · connection refused", term.screen()[1])
        assert any("agent-0011" in line for line in term.screen()), "never blank"
        server.start()
        term.until(lambda: "STALE" not in term.screen()[1], 15.0)
        term.until(lambda: term.screen()[1].rstrip().endswith("live"))
        assert any("agent-0011" in line for line in term.screen())
        term.send(b"qq")
        assert term.wait() == 0


@pytest.mark.waits
def test_hostile_text_commands_nothing_and_shifts_nothing(still_environment: Path) -> None:
    """No control but our own, no clipboard, no link; every row in line, on a terminal with other widths."""
    with Server("hostile") as server, lktop(server, still_environment) as term:
        term.until(term.shows("1 Agents [52]"))
        for keys in (b"", b"\x06\x06", b"G"):
            term.send(keys)
            settle(term, 0.3)
            shown = pyte.Screen(120, 40)
            pyte.Stream(shown).feed(NOT_FOR_PYTE.sub("", term.output.decode()))
            assert {shown.buffer[y][72].data for y in range(2, 33)} == {"▏"}, keys
        for keys in (b"2f", b"3", b"4", b"5zjjjjx", b"y", b"\x1b", b"1Gl", b"f", b"?", b"\x1b"):
            term.send(keys)
            settle(term, 0.3)
        output = bytes(term.output)
        assert grammar_violations(output) == []
        assert b"\x1b]52" not in output and b"\x1b]8" not in output
        term.send(b"\x11")
        assert term.wait() == 0


@pytest.mark.waits
def test_an_idle_screen_sends_nothing_and_a_change_its_cells(still_environment: Path) -> None:
    """Not a byte while polls go on and nothing changes; then at most 90 for each run of cells that looks
    different.
    """
    scenario = still_environment / "small.toml"
    scenario.write_text(SMALL)
    with Server(str(scenario)) as server, lktop(server, still_environment) as term:
        term.until(term.shows("5 Dispatches [2 rooms] · 7 Timeline"))
        term.send(b"S")
        term.until(term.shows("sort by:"))
        term.send(b"n")
        settle(term)
        assert any(quiet(term, 4.0) for _ in range(3)), "a slow answer is told, on a busy machine"
        before, start = term.screen(), len(term.output)
        server.order("/statuses", agent_id="CA_charlie", walk=[[0, "Updating"]])
        term.until(term.shows("Updating"))
        settle(term)
        after, sent = term.screen(), len(term.output) - start
        runs = sum(differences(old, new) for old, new in zip(before, after, strict=True))
        assert 3 <= runs <= 12
        assert sent <= 90 * runs, (sent, runs)


def differences(old: str, new: str) -> int:
    """Runs of cells that differ, a few equal ones between two counting as theirs."""
    places = [index for index, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    return sum(1 for at, place in enumerate(places) if at == 0 or place - places[at - 1] > 8)


@pytest.mark.parametrize("size", [(60, 15), (20, 5)], ids=str)
def test_it_starts_and_leaves_in_any_size(size: tuple[int, int], still_environment: Path) -> None:
    with Server("calm", agents=1) as server, lktop(server, still_environment, size=size) as term:
        term.until(b"\x1b[?1049h")
        settle(term, 0.4)
        term.send(b"\x11")
        assert term.wait() == 0
        assert term.restored() == []
