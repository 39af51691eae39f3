"""What was received for one set of sources, in reading order: lines, notices, counts. No network."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from tui.logs.lines.classify import classify
from tui.logs.lines.envelope import program_text
from tui.logs.lines.levels import CUT, ERRORS, LEVEL_BITS, NOTICE, PART, Level
from tui.logs.lines.records import LogRecord, parse
from tui.logs.lines.signatures import Signatures
from tui.logs.lines.times import time_of
from tui.logs.marks import Mark, Marks
from tui.logs.read_error import ErrorListener, ReadError
from tui.logs.segment import Segment
from tui.logs.source import StreamState
from tui.logs.spool import Spool

TRACE: Final = 200
"""Rows that are looked through for the beginning of a plain traceback."""
NEAR: Final = 64
NEAR_BYTES: Final = 16 * 1024
"""Rows and bytes that are looked through for the next line with a time."""
COUNTED: Final = 64
"""Errors taken apart at a time for their signatures."""


class Kind(StrEnum):
    """What a notice is about."""

    INFO = "info"
    GAP = "gap"
    """Lines may be missing or repeated here: it could not be proven that none are."""
    TROUBLE = "trouble"


class Notice(msgspec.Struct):
    """A line of the program between those received. It changes in place while its event goes on."""

    text: str
    """What happened: `us-east: stream ended by the server`."""
    kind: Kind
    tag: int
    """The stream it is about."""
    time: float
    """When, Unix seconds."""
    back: float | None = None
    """When the stream was open again."""
    outcome: str = ""
    """The consequence for the reader: `nothing missed`."""
    reason: str = ""
    """Why, as far as it is known; comes last, because it may be long."""

    def words(self, clock: Callable[[float], str]) -> str:
        """The whole line; `clock` formats a time."""
        parts = [f"{self.text} {clock(self.time)}"]
        if self.back is not None:
            parts.append(f"back {clock(self.back)}")
        if self.outcome:
            parts.append(self.outcome)
        return ", ".join(parts) + (f" ({self.reason})" if self.reason else "")


class Line(msgspec.Struct, frozen=True):
    """One row of the log."""

    row: int
    raw: bytes
    """As received, without its line feed; empty for a notice."""
    mark: int
    tag: int
    notice: Notice | None = None
    received: float | None = None
    """When it arrived, Unix seconds."""

    @property
    def written(self) -> float | None:
        """When it says that it was written, Unix seconds."""
        return self.notice.time if self.notice else time_of(self.raw, self.received)

    @property
    def level(self) -> Level:
        """Severity as noted on arrival."""
        return Level(self.mark & LEVEL_BITS)

    @property
    def cut(self) -> bool:
        """It is the beginning of a line whose end never came."""
        return bool(self.mark & CUT)


class Counts(msgspec.Struct):
    """Totals of a log since it began."""

    received: int = 0
    """Lines."""
    size: int = 0
    """Bytes of them."""
    errors: int = 0
    """Lines of level error and above."""
    gaps: int = 0
    """Places where lines may be missing or repeated."""


@dataclass(eq=False)
class Log:
    """Rows by number, oldest first. Numbers are never reused; rows below `first` have been dropped."""

    spool: Spool
    counts: Counts = field(default_factory=Counts)
    streams: dict[int, StreamState] = field(default_factory=dict)
    """Every stream that ever wrote here, by tag."""
    notices: dict[int, Notice] = field(default_factory=dict)
    signatures: Signatures = field(default_factory=Signatures)
    marks: Marks = field(default_factory=Marks)
    listeners: list[Callable[[], None]] = field(default_factory=list)
    """Called after every change; must be quick."""
    listener: ErrorListener | None = None
    """Is told of the errors that are counted."""
    _reported_trouble: str = ""
    """The disk error that the log has already reported."""
    _stamped_rows: list[int] = field(default_factory=list)
    _stamps: list[float] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The oldest row held."""
        return self.spool.first

    @property
    def end(self) -> int:
        """One past the newest row."""
        return self.spool.end

    @property
    def dropped(self) -> int:
        """Rows dropped to make room."""
        return self.spool.dropped

    def append(self, lines: Sequence[bytes], levels: bytes | bytearray, tags: bytes, now: float) -> None:
        """Add lines received; `now` is Unix seconds."""
        if not lines:
            return
        self._stamp(now)
        self.spool.append(lines, levels, tags)
        self.counts.received += len(lines)
        self.counts.size += sum(map(len, lines)) + len(lines)
        self.counts.errors += sum(map(levels.count, (Level.ERROR, Level.CRITICAL)))
        self._report_trouble(tags[-1], now)

    def append_piece(self, piece: bytes, tag: int, now: float) -> None:
        """Add the beginning of a line whose end never came."""
        self._stamp(now)
        self.spool.insert(piece, classify([piece])[0] | CUT, tag)
        self.counts.received += 1
        self.counts.size += len(piece)
        self._report_trouble(tag, now)

    def notify(self, notice: Notice) -> int:
        """Add a notice after all rows; returns its row."""
        self._stamp(notice.time)
        row = self.spool.insert(b"", NOTICE, notice.tag)
        self.notices[row] = notice
        if len(self.notices) > 64 and next(iter(self.notices)) < self.first:
            self.notices = {row: notice for row, notice in self.notices.items() if row >= self.first}
        self._report_trouble(notice.tag, notice.time)
        return row

    def mark(self, marks: Iterable[Mark]) -> None:
        """Show what happened among the lines."""
        for mark in marks:
            self.marks.add(mark)
        self.changed()

    def changed(self) -> None:
        """Give marks their places and call the listeners."""
        self.marks.place(self)
        for listener in tuple(self.listeners):
            listener()

    def line(self, row: int) -> Line:
        """One row. Raises IndexError when it is not held."""
        spool = self.spool
        notice, received = self.notices.get(row), self.received(row)
        return Line(row, spool.line(row), spool.mark(row), spool.tag(row), notice, received)

    def lines(self, start: int, end: int) -> list[Line]:
        """The rows held between two numbers."""
        start, end = max(start, self.first), min(end, self.end)
        spool, notices = self.spool, self.notices
        return [
            Line(row, raw, spool.mark(row), spool.tag(row), notices.get(row), self.received(row))
            for row, raw in enumerate(spool.lines(start, end), start)
        ]

    def errors(self, start: int) -> Iterator[int]:
        """The rows of error level and above from `start` on. Reads no lines."""
        start = max(start, self.first)
        while start < self.end:
            levels = self.spool.marks_from(start)
            yield from (start + match.start() for match in ERRORS.finditer(levels))
            start += len(levels)

    def errors_before(self, end: int) -> Iterator[int]:
        """The same below `end`, the nearest first."""
        while end > self.first:
            start = self.spool.segment_start(end - 1)
            levels = self.spool.marks_from(start)[: end - start]
            found = [start + match.start() for match in ERRORS.finditer(levels)]
            yield from reversed(found)
            end = start

    def time(self, row: int) -> float | None:
        """When a row was written, or else received; Unix seconds. None when it is not held."""
        if not self.first <= row < self.end:
            return None
        return self.line(row).written or self.latest_time(row)

    def latest_time(self, row: int) -> float | None:
        """The latest time at which a line without a time was written; None if unknown.

        It came before the next line of its stream that has one: a snapshot arrives long after it was written.
        """
        tag = self.spool.tag(row)
        stream = self.streams.get(tag)
        if stream and stream.source.log_type != "deploy":  # a build or a file comes all at once
            return None
        received, moment = self.received(row), self._time_near(row)
        return received if moment is None or received is None else min(received, moment)

    def _time_near(self, row: int) -> float | None:
        """The time of the next line of the same stream that has one."""
        if row + 1 >= self.end:
            return None
        tag = self.spool.tag(row)
        block = self.spool.block(row + 1, NEAR, NEAR_BYTES)
        received = self.received(row)
        lines = zip(block.lines(), block.tags, strict=True)
        times = (time_of(line, received) for line, other in lines if other == tag)
        return next((moment for moment in times if moment is not None), None)

    def received(self, row: int) -> float | None:
        """When a row arrived, Unix seconds."""
        at = bisect_right(self._stamped_rows, row) - 1
        return self._stamps[at] if at >= 0 else None

    def at(self, moment: float) -> int:
        """The first row that was written at `moment` or after; `end` if there is none.

        A binary search over a few reads. Where times go back, there may be another: `search.Within` looks at
        every line.
        """
        rows = range(self.first, self.end)

        def key(row: int) -> float:  # in a file, not every line has a time: it came before the next that has
            return self.time(row) or self._time_near(row) or 0.0

        return rows.start + bisect_left(rows, moment, key=key)

    def adopt(self, segment: Segment, received: float) -> None:
        """Add rows read back from a file before all others; `received` is when the file was written."""
        self.spool.adopt(segment)
        if self._stamps[:1] == [received]:
            self._stamped_rows[0] = segment.first
        else:
            self._stamped_rows.insert(0, segment.first)
            self._stamps.insert(0, received)
        self.counts.received += len(segment.marks)
        self.counts.size += segment.size
        self.counts.errors += sum(map(segment.marks.count, (Level.ERROR, Level.CRITICAL)))

    def record(self, row: int) -> LogRecord:
        """A row taken apart. A line of text has the lines of its plain traceback as its body.

        They are above the line that ends one, and below a record that one was printed with.
        """
        record = parse(self.spool.line(row))
        if record.structured or self.spool.mark(row) & LEVEL_BITS < Level.ERROR:
            return record
        if above := self._parts(range(row - 1, max(self.first, row - TRACE) - 1, -1), self.spool.tag(row)):
            return replace(record, body=(*reversed(above), program_text(self.spool.line(row))))
        below = self._parts(range(row + 1, min(self.end, row + TRACE)), self.spool.tag(row))
        return replace(record, body=tuple(below)) if below else record

    def _parts(self, rows: range, tag: int) -> list[str]:
        """The lines next to a row that are part of its message; those of other streams are passed over."""
        found = []
        for number in rows:
            if self.spool.tag(number) == tag:
                if not self.spool.mark(number) & PART:
                    break
                found.append(program_text(self.spool.line(number)))
        return found

    def count_errors(self) -> bool:
        """Count some new errors by their signatures; True when there are more."""
        kinds = self.signatures
        is_more = kinds.seen < self.end
        for done, row in enumerate(self.errors(kinds.seen)):
            if done == COUNTED:
                return True
            source = self.streams[self.spool.tag(row)].source
            record, at = self.record(row), self.time(row)
            kind = kinds.add(record, row, at, source.version)
            kinds.seen = row + 1
            if self.listener is not None:
                self.listener.found(ReadError(source, at, kind.key, record))
        if self.listener is not None and is_more:
            for stream in self.streams.values():
                if stream.heard:
                    self.listener.read(stream.source)
        kinds.seen = self.end
        return False

    def close(self) -> None:
        """Give the space back."""
        self.listeners.clear()
        self.spool.close()

    def _stamp(self, now: float) -> None:
        """Note when the rows from here on arrived. One stamp a second is as fine as it is shown."""
        if self._stamps and now - self._stamps[-1] < 1.0 and now >= self._stamps[-1]:
            return
        self._stamped_rows.append(self.spool.end)
        self._stamps.append(now)
        stale = bisect_right(self._stamped_rows, self.first) - 1
        if stale > 3600:
            del self._stamped_rows[:stale], self._stamps[:stale]

    def _report_trouble(self, tag: int, now: float) -> None:
        """Add a notice when the log moved between disk and memory."""
        trouble = self.spool.trouble
        if trouble == self._reported_trouble:
            return
        self._reported_trouble = trouble
        if trouble:
            size = self.spool.memory_ring // (1024 * 1024)
            text = f"log file not written: {trouble}; the newest {size} MiB are kept in memory"
            self.notify(Notice(text, Kind.TROUBLE, tag, now))
        else:
            self.notify(Notice("log file is written again", Kind.INFO, tag, now))
