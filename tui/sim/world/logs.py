"""The output of an agent's program. Routine lines follow from seed and time alone and are made when read.

Other lines (starts, crashes, jobs, lines of tests) are kept. Routine lines and floods are computed for the
period that is read, so an agent without readers costs nothing and two readers see the same.
"""

from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import dataclass
from random import Random

from tui.sim.world.ids import iso
from tui.sim.world.routine_logs import routine_lines

SLOT = 10.0
"""World seconds of routine lines that are made at once."""
HORIZON = 600.0
"""How far back a snapshot has routine lines, world seconds."""
KEPT = 5000
"""Written lines kept per log."""


@dataclass(frozen=True)
class Cursor:
    """How far a reader has read."""

    moment: float
    """World time up to which routine lines and floods were read."""
    written: int
    """Number of the next written line."""


@dataclass
class Flood:
    """Numbered lines at a steady rate."""

    start: float
    rate: float
    """Lines a world second."""
    end: float
    text: str
    """The line; `{n}` is its number, from 0."""

    def lines(self, since: float, until: float) -> list[tuple[float, bytes]]:
        """Lines of the span (since, until], with their times."""
        first = max(0, math.floor((since - self.start) * self.rate) + 1)
        last = math.floor((min(until, self.end) - self.start) * self.rate)
        encoded = self.text.encode()
        return [
            (self.start + n / self.rate, encoded.replace(b"{n}", str(n).encode()))
            for n in range(first, last + 1)
        ]


class LogBook:
    """The run-time log of one deployment, newest instance."""

    def __init__(self, seed: str, name: str) -> None:
        self._seed = seed
        self._name = name
        self._written: deque[tuple[float, int, bytes]] = deque(maxlen=KEPT)
        self._count = 0
        self._awake: list[tuple[float, float]] = []
        self._floods: list[Flood] = []
        self.ended = False
        """No more lines will come: the program sleeps or has ended."""

    def write(self, moment: float, line: bytes) -> None:
        """Keep one line, without its `\\n`."""
        self._written.append((moment, self._count, line))
        self._count += 1

    def say(
        self, moment: float, level: str, message: str, logger: str = "livekit.agents", **extra: object
    ) -> None:
        """Keep one line in the form of a Python worker in production (PROTOCOL.md, Logs)."""
        self.write(moment, log_line(moment, level, message, logger, **extra))

    def wake(self, moment: float) -> None:
        """The program runs from now on and prints routine lines."""
        self.ended = False
        if not self._awake or self._awake[-1][1] != math.inf:
            self._awake.append((moment, math.inf))

    def rest(self, moment: float) -> None:
        """The program does not run from now on."""
        if self._awake and self._awake[-1][1] == math.inf:
            self._awake[-1] = (self._awake[-1][0], moment)

    def flood(self, moment: float, rate: float, seconds: float, text: str) -> None:
        """Print `rate` numbered lines a world second for `seconds`."""
        self._floods.append(Flood(moment, rate, moment + seconds, text))

    @property
    def flooding(self) -> bool:
        """Whether there ever was a flood: readers then poll more often."""
        return bool(self._floods)

    def snapshot(self, moment: float, count: int) -> tuple[list[bytes], Cursor]:
        """The last `count` lines, and where to read on."""
        found = [(when, order, line) for when, order, line in self._written]
        found += self._routine(moment - HORIZON, moment)
        for flood in self._floods:
            recent = max(moment - HORIZON, min(moment, flood.end) - count / flood.rate)
            found += [(when, -1, line) for when, line in flood.lines(recent, moment)]
        found.sort(key=_by_time)
        return [line for _, _, line in found[-count:]] if count else [], Cursor(moment, self._count)

    def since(self, cursor: Cursor, moment: float) -> tuple[list[bytes], Cursor]:
        """Lines that came after `cursor`, and where to read on."""
        found: list[tuple[float, int, bytes]] = []
        for entry in reversed(self._written):
            if entry[1] < cursor.written:
                break
            found.append(entry)
        found += self._routine(cursor.moment, moment)
        for flood in self._floods:
            found += [(when, -1, line) for when, line in flood.lines(cursor.moment, moment)]
        found.sort(key=_by_time)
        return [line for _, _, line in found], Cursor(moment, self._count)

    def _routine(self, since: float, until: float) -> list[tuple[float, int, bytes]]:
        """Routine lines of the span (since, until] while the program ran."""
        found = []
        for start, end in self._awake:
            low, high = max(since, start), min(until, end)
            for slot in range(math.floor(low / SLOT), math.floor(high / SLOT) + 1) if low < high else ():
                made = routine_lines(Random(f"{self._seed}:{slot}"), slot * SLOT, SLOT, self._name)
                found += [(when, -1, line) for when, line in made if low < when <= high]
        return found


def _by_time(entry: tuple[float, int, bytes]) -> tuple[float, int]:
    return entry[0], entry[1]


def log_line(
    moment: float, level: str, message: str, logger: str = "livekit.agents", **extra: object
) -> bytes:
    """One JSON line as livekit-agents prints it in production (PROTOCOL.md, Logs)."""
    record = {"message": message, "level": level, "name": logger, **extra, "timestamp": iso(moment)}
    return json.dumps(record).encode()
