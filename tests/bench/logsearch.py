"""What a million lines cost once they are there: memory, and finding things in them. In this process."""

from __future__ import annotations

import gc
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tests.bench.logfeed import burst
from tui.logs.lines.classify import classify
from tui.logs.lines.levels import Level
from tui.logs.log import Log
from tui.logs.rows import FoundRows
from tui.logs.search import Criteria, LogFilter, OfJob, Pattern
from tui.logs.spool import Spool

MILLION: Final = 1_000_000
CASES: Final[dict[str, Criteria]] = {
    "a word in 1 of 40 lines": Criteria().searching(Pattern.of("call-17")),
    "a word in every line": Criteria().searching(Pattern.of("turn done")),
    "an expression": Criteria().searching(Pattern.of(r"n=\d+77\b")),
    "one job": Criteria().searching(OfJob(f"AJ_{17:012}")),
    "filter in": Criteria(filters=(LogFilter(Pattern.of("call-17")),)),
    "filter out": Criteria(filters=(LogFilter(Pattern.of("call-17"), out=True),)),
    "errors only": Criteria(level=Level.ERROR),
}
"""What is looked for, by its name in the table."""


@dataclass
class Found:
    """A look through everything."""

    name: str
    lines: int
    """Found."""
    seconds: float
    first: float
    """Milliseconds until the newest screenful was known."""
    slice: float
    """Milliseconds for which the screen had to wait, at the most."""


@dataclass
class Held:
    """What a million lines on disk take."""

    index: float
    """Megabytes of offsets and marks."""
    resident: float
    """Megabytes by which the process grew."""


@contextmanager
def million(folder: Path) -> Iterator[tuple[Log, Held]]:
    """A log of a million lines in a spool."""
    gc.collect()
    before = psutil.Process().memory_info().rss
    log = Log(Spool(folder, ring=1 << 34))
    try:
        for first in range(0, MILLION, 10_000):
            lines = burst(first, 10_000).split(b"\n")[:-1]
            log.append(lines, classify(lines), bytes(len(lines)), 1.8e9)
        gc.collect()
        grown = psutil.Process().memory_info().rss - before
        yield log, Held(log.spool.index_size / 1e6, grown / 1e6)
    finally:
        log.close()


def finding(log: Log) -> Iterator[Found]:
    """Everything that can be looked for, as the screen does it: in slices, newest first."""
    for name, criteria in CASES.items():
        rows = FoundRows(log, criteria)
        started = time.perf_counter()
        first = longest = 0.0
        more = True
        while more:
            at = time.perf_counter()
            more = rows.step(time.perf_counter)
            now = time.perf_counter()
            longest = max(longest, now - at)
            if not first and (len(rows) >= 40 or not more):
                first = now - started
        took = time.perf_counter() - started
        yield Found(name, len(rows), round(took, 2), round(first * 1000, 1), round(longest * 1000, 1))


def grep(path: Path, word: str) -> Iterator[Found]:
    """The same by the tool that everybody has, for comparison."""
    if shutil.which("grep"):
        started = time.perf_counter()
        ended = subprocess.run(["grep", "-ci", word, str(path)], capture_output=True, check=False)
        took = time.perf_counter() - started
        yield Found(f"grep -ci {word}", int(ended.stdout or 0), round(took, 2), float("nan"), float("nan"))
