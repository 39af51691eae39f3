"""What following, opening and holding logs costs, beside an empty app and the tools that people use.

    python -m tests.bench.logs [--json] [--seconds 8] [--toolong PATH]

Compare within one run and read ratios: the machine is shared. `tail`, `less` and `lnav` are measured when
they are installed, toolong when its program is named or on the PATH.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from tests.bench.driver import Terminal
from tests.bench.logfeed import burst
from tests.bench.logsearch import MILLION, Found, Held, finding, grep, million
from tests.ptyrun import python

RATES: Final = (1_000, 10_000, 100_000)
STAMP: Final = re.compile(rb"t=(\d{10}\.\d{4})")
KEYS: Final = 8
"""Key presses timed while lines stream in."""


@dataclass
class Followed:
    """A program that follows a log."""

    name: str
    rate: int
    """Lines a second that are sent."""
    cpu: float
    """Per cent of one core."""
    kilobytes: float
    """A second, to the terminal."""
    lag: float
    """Milliseconds from sending to showing, median over frames of the newest line shown."""
    key: float
    """Milliseconds from a key to the first output after it, median."""
    worst: float
    """The slowest of them."""
    memory: float
    """Resident, MB, at the end."""
    received: float | None = None
    """Lines a second that it took in; None where the program does not tell."""
    gap: float | None = None
    """Milliseconds for which its loop did nothing else, at the most."""
    back: float = float("nan")
    """Kilobytes a second to the terminal while it stands still further up."""


@dataclass
class Opened:
    """A program that opens a log of a million lines."""

    name: str
    milliseconds: float
    """From the start to the last line on the screen, median of three."""
    ratio: float
    """To an empty Textual app's first paint in the same run."""


@contextmanager
def server(rate: int) -> Iterator[str]:
    """A log server; yields its URL."""
    argv = python("tests.bench.logfeed", "--rate", str(rate))
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


@contextmanager
def growing_file(path: Path, rate: int) -> Iterator[None]:
    """A file that is being written to."""
    path.touch()
    argv = python("tests.bench.logfeed", "--rate", str(rate), "--file", str(path))
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()
            yield
        finally:
            process.kill()


def follow(
    name: str,
    argv: Sequence[str],
    rate: int,
    seconds: float,
    *,
    up: bytes,
    end: bytes,
    report: Path | None = None,
) -> Followed:
    """Measure a program: first undisturbed, then under keys."""
    with Terminal(argv) as terminal:
        terminal.pump(3.0)
        first = len(terminal.chunks)
        started, before = time.time(), _received(report)
        stretch = terminal.watch(seconds)
        took, after = time.time() - started, _received(report)
        lags = list(_lags(terminal, first))
        keys = []
        for _ in range(KEYS if up else 0):
            keys.append(terminal.press(up, quiet=0.05, seconds=0.4).first)
            terminal.press(end, quiet=0.05, seconds=0.4)
        back = float("nan")
        if up:
            terminal.press(up, quiet=0.05, seconds=0.4)
            terminal.pump(0.5)  # what is said about the new place
            back = round(terminal.watch(seconds / 2).rate / 1000, 2)
        told = json.loads(report.read_text()) if report and report.exists() else {}
        return Followed(
            name,
            rate,
            round(stretch.cpu, 1),
            round(stretch.rate / 1000, 1),
            round(statistics.median(lags), 1) if lags else float("nan"),
            round(statistics.median(keys), 1) if keys else float("nan"),
            round(max(keys), 1) if keys else float("nan"),
            round(stretch.after.memory, 1),
            round((after - before) / took) if report else None,
            round(told["gap"] * 1000, 1) if told else None,
            back,
        )


def _received(report: Path | None) -> int:
    if report is None or not report.exists():
        return 0
    try:
        return int(json.loads(report.read_text())["received"])
    except ValueError:  # being written
        time.sleep(0.01)
        return _received(report)


def _lags(terminal: Terminal, first: int) -> Iterator[float]:
    """Milliseconds by which the newest line of each frame was late."""
    shift = time.time() - time.perf_counter()
    for chunk in terminal.chunks[first:]:
        stamps = [float(stamp) for stamp in STAMP.findall(chunk.data)]
        if stamps:
            yield (chunk.at + shift - max(stamps)) * 1000


def following(rate: int, seconds: float, toolong: str | None, folder: Path) -> Iterator[Followed]:
    """Every program that can follow, at one rate."""
    for kind in ("ours", "log", "richlog"):
        with server(rate) as url:
            report = folder / f"{kind}-{rate}.json"
            argv = python("tests.bench.logapps", kind, "--url", url, "--report", str(report))
            if kind == "ours":
                argv += ["--folder", str(_private(folder / "spool"))]
            name = {"ours": "lktop", "log": "Textual Log", "richlog": "Textual RichLog"}[kind]
            yield follow(name, argv, rate, seconds, up=b"\x1b[A", end=b"\x1b[F", report=report)
    peers = [("tail -f", ["tail", "-f"], b"", b""), ("less +F", ["less", "-S", "+F"], b"", b"")]
    peers.append(("lnav", ["lnav", "-N"], b"\x1b[A", b"G"))
    if toolong:
        peers.append(("toolong", [toolong], b"\x1b[A", b"\x1b[F"))
    for name, command, up, end in peers:
        if shutil.which(command[0]):
            path = folder / f"{command[0].rsplit('/', 1)[-1]}-{rate}.log"
            with growing_file(path, rate):
                yield follow(name, [*command, str(path)], rate, seconds, up=up, end=end)
            path.unlink()


def write_million(path: Path) -> None:
    """A file of a million lines."""
    with path.open("wb") as file:
        for first in range(0, MILLION, 10_000):
            file.write(burst(first, 10_000))


def opening(toolong: str | None, folder: Path) -> Iterator[Opened]:
    """A million lines, opened at the end."""
    path = folder / "million.log"
    write_million(path)
    last = f"n={MILLION - 1}"
    empty = "empty Textual app"
    cases: dict[str, tuple[list[str], bytes]] = {
        empty: (python("tests.bench.empty"), b""),
        "lktop": (python("tests.bench.logapps", "ours", "--file", str(path)), b""),
        "lnav": (["lnav", "-N", str(path)], b""),
        "less +G": (["less", "-S", "+G", str(path)], b""),
    }
    if toolong:
        cases["toolong"] = ([toolong, str(path)], b"\x1b[F")
    took: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, (argv, keys) in cases.items():
            if shutil.which(argv[0]):
                ready = _painted(argv) if name == empty else _shown(argv, last, keys)
                took.setdefault(name, []).append(ready)
    base = statistics.median(took[empty])
    for name, times in took.items():
        yield Opened(name, round(statistics.median(times)), round(statistics.median(times) / base, 2))


def _painted(argv: Sequence[str]) -> float:
    with Terminal(argv) as terminal:
        terminal.settle(1.0, 20)
        return terminal.painted()


def _shown(argv: Sequence[str], text: str, keys: bytes) -> float:
    with Terminal(argv) as terminal:
        if keys:
            terminal.settle(0.5, 10)
            terminal.write(keys)
        return terminal.since_start(terminal.until(text, 60))


def holding(folder: Path) -> tuple[Held, list[Found]]:
    """What a million lines take, and how long it takes to find something in them."""
    path = folder / "million.log"
    if not path.exists():
        write_million(path)
    with million(_private(folder / "held")) as (log, held):
        return held, [*finding(log), *grep(path, "call-17")]


def _private(path: Path) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    return path


FOLLOW: Final = (
    ("name", 18),
    ("rate", 8),
    ("received", 9),
    ("cpu", 6),
    ("kilobytes", 10),
    ("lag", 8),
    ("key", 7),
    ("worst", 7),
    ("gap", 8),
    ("back", 7),
    ("memory", 7),
)
"""Columns of the table of followers, with their widths."""
OPEN: Final = (("name", 18), ("milliseconds", 13), ("ratio", 6))
FIND: Final = (("name", 26), ("lines", 9), ("seconds", 8), ("first", 7), ("slice", 7))


ROUNDS: Final = 5
"""Starts of each program; taken in turn, so that all share what else the machine does."""


def table(
    columns: Sequence[tuple[str, int]], rows: Iterable[Followed] | Iterable[Opened] | Iterable[Found]
) -> list[dict[str, object]]:
    """Print rows as they come; returns them."""
    say("".join(f"{name:>{width}}" for name, width in columns))
    found = []
    for row in rows:
        values = asdict(row)
        say("".join(f"{_cell(values[name]):>{width}}" for name, width in columns))
        found.append(values)
    return found


def say(text: str) -> None:
    """For the reader; standard output may be for a program."""
    print(text, file=sys.stderr, flush=True)


def _cell(value: object) -> str:
    return "–" if value is None or value != value else str(value)


def main() -> None:
    """Measure; tables go to standard error, JSON to standard output."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON at the end")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each program is watched")
    parser.add_argument("--toolong", default=shutil.which("tl"), help="toolong's program")
    parser.add_argument("--only", choices=("follow", "open", "hold"))
    options = parser.parse_args()
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.only in (None, "follow"):
            say("following: lines a second, % of a core, kB/s to the terminal, ms, MB")
            each = (following(rate, options.seconds, options.toolong, folder) for rate in RATES)
            results["follow"] = table(FOLLOW, chain.from_iterable(each))
        if options.only in (None, "hold"):
            held, found = holding(folder)
            results["hold"] = asdict(held)
            say(f"\nholding 1,000,000 lines: {held.index:.1f} MB of index, {held.resident:.1f} MB resident")
            say("\nfinding in 1,000,000 lines: s in all, ms to the newest screenful, ms of the longest slice")
            results["find"] = table(FIND, found)
        if options.only in (None, "open"):
            say("\nopening 1,000,000 lines at the end: ms to the last line, ratio to an empty app")
            results["open"] = table(OPEN, opening(options.toolong, folder))
    if options.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
