"""What happened to an agent stands among the lines of its log, in time order, whichever came first."""

from __future__ import annotations

from datetime import UTC, datetime

from tui.logs.lines.classify import classify
from tui.logs.log import Log
from tui.logs.marks import MOST, Mark, Marks
from tui.logs.spool import Spool

START = 1_786_000_000.0


def lines(*seconds: int) -> list[bytes]:
    """Lines written so many seconds after the start."""
    stamps = [datetime.fromtimestamp(START + second, UTC).isoformat() for second in seconds]
    return [f'{{"message": "at", "timestamp": "{stamp}"}}'.encode() for stamp in stamps]


def log() -> Log:
    """An empty log in memory."""
    return Log(Spool(None, stem="marks", ring=1 << 20))


def add(held: Log, *seconds: int) -> None:
    """Lines written so many seconds after the start."""
    found = lines(*seconds)
    held.append(found, classify(found), bytes(len(found)), START + 100)
    held.changed()


def mark(second: int) -> Mark:
    """A mark so many seconds after the start."""
    return Mark(START + second, "error", f"crashed at {second}")


def placed(held: Log) -> list[tuple[int, float]]:
    """Rows, and the seconds of the marks above them."""
    return [
        (row, item.at - START)
        for row in range(held.first, held.end)
        for item in held.marks.above(row, row - 1)
    ]


def test_a_mark_stands_above_the_first_line_written_later() -> None:
    held = log()
    add(held, 0, 10, 20)
    held.mark([mark(15), mark(5), mark(10)])
    assert placed(held) == [(1, 5.0), (1, 10.0), (2, 15.0)]
    held.mark([mark(7)])
    assert placed(held) == [(1, 5.0), (1, 7.0), (1, 10.0), (2, 15.0)]
    assert not held.marks.waiting


def test_a_mark_waits_below_the_newest_line_until_there_is_a_later_one() -> None:
    held = log()
    held.mark([mark(5)])
    assert held.marks.waiting == [mark(5)], "nothing has been read yet"
    add(held, 0)
    assert held.marks.waiting == [mark(5)]
    add(held, 4, 6)
    assert placed(held) == [(2, 5.0)] and not held.marks.waiting


def test_what_is_older_than_every_line_is_not_among_them() -> None:
    held = log()
    held.mark([mark(-60), mark(5)])
    add(held, 0, 10)
    assert placed(held) == [(1, 5.0)]


def test_of_lines_that_are_not_shown_the_marks_stand_at_the_next_one() -> None:
    held = log()
    add(held, 0, 10, 20, 30)
    held.mark([mark(5), mark(15)])
    assert [item.at - START for item in held.marks.above(3, 0)] == [5.0, 15.0]


def test_there_is_an_end_to_marks() -> None:
    held, marks = log(), Marks()
    add(held, 0, 10_000)
    for second in range(1, MOST + 100):
        marks.add(mark(second))
        marks.add(mark(second))
        marks.place(held)
    assert len(marks.above(1, 0)) == MOST
