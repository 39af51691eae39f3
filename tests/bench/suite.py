"""What is measured and beside what: our program on worlds of any size, an empty app, and what people use."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.driver import Terminal
from tests.bench.usage import busy
from tests.bench.world import World
from tests.ptyrun import python, terminal_env

LOOPED: Final = "tests.bench.looped"
"""Our program, noting when its loop does not run."""
FIRST_ROW: Final = "agent-00000"
"""What is on the screen once the first data are."""
LINES: Final = 5000
"""Of the log that peers are shown."""
BUSY: Final = 0.25
"""Share of the machine that others may use while something is measured."""
PATIENCE: Final = 20.0
"""Seconds to wait for such a moment before measuring all the same."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that people use."""

    name: str
    argv: tuple[str, ...]
    down: bytes = b"\x1b[B"
    """The key for the next row or line."""


@dataclass
class Suite:
    """One run of the suite."""

    scratch: Path
    """A folder that is thrown away."""
    runs: int
    """How often each figure is taken, after one time that does not count."""
    quick: bool = False
    minutes: float = 2.0
    """How long the soak lasts."""
    absent: list[str] = field(default_factory=list)
    """Peers that are not installed here."""

    def __post_init__(self) -> None:
        (self.scratch / "home").mkdir()
        lines = (f"2026-01-01T00:00:00Z INFO line {number} of a log\n" for number in range(LINES))
        (self.scratch / "log.txt").write_text("".join(lines))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Agents in the worlds that steady costs are measured in."""
        return (100, 10_000) if self.quick else (100, 1_000, 10_000)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """An ordinary terminal's, with a home directory of our own."""
        return terminal_env(**{**(extra or {}), "HOME": str(self.scratch / "home")})

    def empty(self) -> Terminal:
        """The empty application."""
        return Terminal(python("tests.bench.empty"), env=self.environment())

    def lktop(
        self,
        world: World,
        *arguments: str,
        rate: int | None = None,
        state: Path | None = None,
        gaps: Path | None = None,
    ) -> Terminal:
        """Our program. `rate` allows it so many requests a minute, where coverage is not what is measured.

        `state` is the folder of its state, by default one for all. `gaps` is the file for when the loop did
        not run.
        """
        if rate is not None:
            arguments = ("--config", str(self._config(world, rate)), *arguments)
        command = python("tui", *arguments) if gaps is None else python(LOOPED, str(gaps), *arguments)
        extra = {} if state is None else {"XDG_STATE_HOME": str(state)}
        return Terminal(command, env=self.environment({**world.environment(), **extra}))

    def _config(self, world: World, rate: int) -> Path:
        path = self.scratch / "config.toml"
        path.touch(mode=0o600)
        path.write_text(f'[projects.bench]\nurl = "{world.url}"\nrequests_per_minute = {rate}\n')
        return path

    def peer(self, peer: Peer) -> Terminal:
        """A peer."""
        return Terminal(peer.argv, env=self.environment(), cwd=self.scratch)

    def peers(self, *names: str) -> list[Peer]:
        """Those of the names that are installed; the others are noted as absent."""
        log = str(self.scratch / "log.txt")
        known = {
            "toolong": ("tl", log),
            "harlequin": ("harlequin", "-P", "None"),
            "posting": ("posting",),
            "lnav": ("lnav", "-N", log),
            "htop": ("htop",),
            "less": ("less", log),
            "tail": ("tail", "-f", log),
        }
        found: list[Peer] = []
        for name in names:
            program, *arguments = known[name]
            path = shutil.which(program)
            if path is not None:
                found.append(Peer(name, (path, *arguments)))
            elif name not in self.absent:
                self.absent.append(name)
        return found

    def calm(self) -> None:
        """Wait for a moment in which others leave most of the machine alone, though not for ever."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            worked, passed = busy()
            time.sleep(0.3)
            worked_now, passed_now = busy()
            if worked_now - worked < BUSY * (passed_now - passed):
                return


@contextmanager
def said(words: str) -> Iterator[None]:
    """Tell on standard error what goes on, with how busy the machine was meanwhile."""
    print(f"{words} … ", end="", file=sys.stderr, flush=True)
    started, (worked, passed) = time.monotonic(), busy()
    yield
    worked_now, passed_now = busy()
    share = (worked_now - worked) / max(passed_now - passed, 1e-6)
    took = time.monotonic() - started
    print(f"{took:.0f} s, {os.cpu_count()} cores {share:.0%} busy", file=sys.stderr)
