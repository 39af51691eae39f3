"""Level, error start and end, and time of lines as frameworks, run times and collectors print them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.logs.lines.classify import Classifier, classify
from tui.logs.lines.levels import LEVEL_BITS, PART, Level
from tui.logs.lines.line_level import UNSURE, level_of, levels_of_like_lines
from tui.logs.lines.records import parse
from tui.logs.lines.times import time_of

RECEIVED = datetime(2026, 11, 28, 10, 30, tzinfo=UTC).timestamp()
"""When all of them arrived, Unix seconds."""
LETTERS = ".diwec"
"""By level."""
TABLE = Path(__file__).with_name("real_lines.txt").read_text(encoding="utf-8").split("\n== ")[1:]
BLOCKS = {name: rows.strip("\n") for name, rows in (block.split("\n", 1) for block in TABLE)}


def rows(block: str) -> list[tuple[str, str, bytes]]:
    """Mark, time and line of each row."""
    found = [(row[:2].strip(), row[3:15].strip(), row[16:]) for row in block.split("\n")]
    return [(mark, at, text.replace("␛", "\x1b").replace("⇥", "\t").encode()) for mark, at, text in found]


def clock(moment: float | None) -> str:
    """A time as the table has it."""
    if moment is None:
        return "-"
    stamp = datetime.fromtimestamp(moment, UTC)
    assert f"{stamp:%Y-%m-%d}" == "2026-11-28"
    return f"{stamp:%H:%M:%S}" + (f".{stamp.microsecond // 1000:03}" if stamp.microsecond >= 1000 else "")


@pytest.mark.parametrize("name", BLOCKS)
def test_lines(name: str) -> None:
    wanted = rows(BLOCKS[name])
    lines = [line for _, _, line in wanted]
    found = [
        (LETTERS[mark & LEVEL_BITS] + "+" * bool(mark & PART), clock(time_of(line, RECEIVED)), line)
        for mark, line in zip(classify(lines), lines, strict=True)
    ]
    assert found == wanted


def test_the_table_is_long_enough() -> None:
    assert sum(len(rows(block)) for block in BLOCKS.values()) >= 200


@pytest.mark.parametrize("name", BLOCKS)
def test_a_row_shows_the_level_that_is_counted(name: str) -> None:
    lines = [line for _, _, line in rows(BLOCKS[name])]
    for mark, line in zip(classify(lines), lines, strict=True):
        record = parse(line)
        assert record.level == level_of(line)
        if record.structured:
            assert record.level == mark & LEVEL_BITS


DIGITS = (b"0000000000", b"9876543210", b"1111111111")


@pytest.mark.parametrize("name", BLOCKS)
def test_a_level_that_is_remembered_is_that_of_the_line(name: str) -> None:
    """Lines that differ only in their digits are judged once, unless the digits tell the level."""
    for _, _, line in rows(BLOCKS[name]):
        for digits in DIGITS:
            other = line.translate(bytes.maketrans(b"0123456789", digits))
            (alike,), _ = levels_of_like_lines([other])
            assert alike in (UNSURE, level_of(other))


WHAT_ENDS = (
    "panicked at a.rs:1:2",
    "Segmentation fault",
    "worker exited with code -11",
    "OOMKilled",
    "double free or corruption",
    "killed by signal 9",
    "malloc(): corrupted",
    "pa\x1b[31mnic: boom",
    "\rpanic: boom",
    "a | panic: boom",
)
"""Ends of processes, and some that only a closer look shows."""


@pytest.mark.parametrize("name", BLOCKS)
def test_lines_that_come_together_are_judged_as_those_that_come_alone(name: str) -> None:
    """What is looked for in all of them at once, and judged in runs, is as if it were done line by line."""
    lines = [line for _, _, line in rows(BLOCKS[name])]
    ends = [text.encode() for text in WHAT_ENDS]
    trace = [b"Traceback (most recent call last):", b'  File "a.py", line 1', b"    f({})", b"KeyError: 1"]
    traced = [found for line in ends for found in (line, *trace, b"ok")]
    for mixed in (
        lines,
        [*ends, *lines],
        [found for line in lines for found in (line, *ends)],
        traced,
        traced,
    ):
        together, alone = Classifier(), Classifier()
        marks = b"".join(alone.marks([line]) for line in mixed)
        assert together.marks(mixed) == marks
    assert all(classify([line])[0] == Level.CRITICAL for line in ends)


@pytest.mark.parametrize(
    ("first", "second", "levels"),
    [
        (b"worker exited with code -1", b"worker exited with code -6", (Level.NONE, Level.CRITICAL)),
        (b"10:00:05 level=30 done", b"10:00:05 level=50 done", (Level.INFO, Level.ERROR)),
        (b"turn 1 of 3 is done", b"turn 2 of 3 is done", (Level.NONE, Level.NONE)),
    ],
)
def test_digits_that_tell_the_level(first: bytes, second: bytes, levels: tuple[Level, Level]) -> None:
    assert tuple(classify([first, second])) == levels
    assert tuple(classify([second])) == levels[1:]
