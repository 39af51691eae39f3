"""One log line → the rows that show it: columns, folding, wrapping. Pure; knows no widget, no scrolling."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import islice
from typing import Final

import msgspec
from msgspec.structs import replace
from rich.cells import cell_len, chop_cells

from tui.api.text.clean import clean
from tui.formats import fine_age, size
from tui.logs.lines import records
from tui.logs.lines.envelope import json_start
from tui.logs.lines.levels import PART, Level
from tui.logs.lines.records import SHOWN, LogRecord, parse
from tui.logs.log import Kind, Line, Notice
from tui.logs.marks import Mark
from tui.ui.logview.sgr import PLAIN, SgrStyle, apply_sgr
from tui.ui.widgets.text import fit, width

ROWS_OF_ONE: Final = 2000
"""At most this many rows show one line."""
LOGGER: Final = 16
"""Width of the logger column in cells."""
RAGGED: Final = 24
"""At most this many cells stay empty at the end of a wrapped row to avoid breaking a word."""
WIDE: Final = 100
"""Screens of this width in cells, and wider ones, have a logger column."""
LEVEL_WORDS: Final = {
    Level.NONE: "     ",
    Level.DEBUG: "DEBUG",
    Level.INFO: "INFO ",
    Level.WARN: "WARN ",
    Level.ERROR: "ERROR",
    Level.CRITICAL: "CRIT ",
}
LEVEL_TONES: Final = {
    Level.NONE: "text",
    Level.DEBUG: "muted",
    Level.INFO: "info",
    Level.WARN: "warn",
    Level.ERROR: "error",
    Level.CRITICAL: "error",
}
RULE: Final = "── "
"""Starts the first row of a notice."""
BELOW: Final = "   "
"""Starts the other rows of a notice."""
NOTICE_TONES: Final = {Kind.INFO: "info", Kind.GAP: "warn", Kind.TROUBLE: "error"}


class TimeFormat(StrEnum):
    """What the time column shows."""

    RELATIVE = "relative"
    LOCAL = "local"
    UTC = "UTC"
    OFF = "off"

    @property
    def next(self) -> TimeFormat:
        """The next format in turn."""
        found = list(TimeFormat)
        return found[(found.index(self) + 1) % len(found)]


class LineMode(StrEnum):
    """How much of a line is shown."""

    FOLDED = "folded"
    OPEN = "open"
    """With all fields and the whole traceback."""
    RAW = "raw"
    """As received."""


class Options(msgspec.Struct, frozen=True):
    """How lines are shown."""

    width: int = 80
    """Width of a row in cells, without the gutter."""
    wrap: bool = False
    times: TimeFormat = TimeFormat.LOCAL
    zone: tzinfo | None = None
    """The operator's time zone; None for the machine's."""
    now: float = 0.0
    """Unix seconds, for relative times; updated in coarse steps."""
    pretty: bool = False
    hidden: frozenset[str] = frozenset()
    """Names of fields that are not shown."""
    tags: Mapping[int, tuple[str, str]] = msgspec.field(default_factory=dict)
    """Stream tag → its two letters and their tone; empty when there is only one stream."""
    timeless: bool = False
    """No line says when it was written, as in the log of a build."""

    @property
    def timed(self) -> bool:
        """Whether there is a time column."""
        return self.times is not TimeFormat.OFF and not self.timeless

    @property
    def clock_zone(self) -> tzinfo | None:
        """The zone of times on the screen and of times that are typed; None for the machine's."""
        return UTC if self.times is TimeFormat.UTC else self.zone


class Span(msgspec.Struct, frozen=True):
    """A run of text in one tone."""

    text: str
    tone: str = "text"
    style: SgrStyle = PLAIN


class ScreenRow(msgspec.Struct, frozen=True):
    """One row of the screen."""

    spans: tuple[Span, ...]
    fixed: int = 0
    """Number of spans at the start that stay in place when the text is scrolled sideways; 0 for a notice."""

    @property
    def text(self) -> str:
        """The text of all spans."""
        return "".join(span.text for span in self.spans)


def clock_text(moment: float, options: Options) -> str:
    """A time as notices show it."""
    return datetime.fromtimestamp(moment, options.clock_zone).strftime("%H:%M:%S")


def lay_out(
    line: Line, received: float | None, options: Options, mode: LineMode, note: str = ""
) -> list[ScreenRow]:
    """The rows that show a line; `received` is used where the line does not say when it was written."""
    if line.notice:
        return _notice_rows(line.notice, options)
    record = parse(line.raw)
    columns = _columns(line, record, received, options)
    rows = list(islice(_rows(line, record, columns, options, mode), ROWS_OF_ONE))
    if note:
        rows.append(ScreenRow((*_blank(columns), Span(f"✎ {note}", "accent")), 1))
    return rows


def mark_rows(marks: Iterable[Mark], options: Options) -> list[ScreenRow]:
    """The rows that show what happened, a rule with the whole text in each."""
    return [row for mark in marks for row in _ruled(_mark_words(mark, options), mark.tone, options)]


def _mark_words(mark: Mark, options: Options) -> str:
    return f"{clock_text(mark.at, options)} {mark.text}"


def _rows(
    line: Line, record: LogRecord, columns: list[Span], options: Options, mode: LineMode
) -> Iterator[ScreenRow]:
    if mode is LineMode.RAW:
        raw = line.raw[: SHOWN * 2].decode("utf-8", "replace")
        yield from _lay(columns[:1], [Span(clean(raw, limit=SHOWN))], options)
        return
    unfolded = mode is not LineMode.FOLDED or options.pretty
    yield from _lay(columns, _message(line, record, options, inline=not unfolded), options)
    below = _blank(columns)
    if options.pretty and mode is LineMode.FOLDED:
        for text in _pretty(line.raw) if record.structured else ():
            yield from _lay(below, [Span(clean(text, limit=SHOWN), "muted")], options)
    elif mode is LineMode.OPEN:
        for name, value in record.fields:
            yield from _lay(below, [Span(f"{name} ", "muted"), *_spans(value, "text")], options)
        for text in record.body:
            yield from _lay(below, _spans(text, "text"), options)
    elif record.body:
        more = f"└ {len(record.body)} lines · " if len(record.body) > 1 else "└ "
        tone = "error" if record.level >= Level.ERROR else "text"
        yield from _lay(below, [Span(more, "muted"), *_spans(_reason(record.body), tone)], options)


def _reason(body: Sequence[str]) -> str:
    """The line of a traceback that says what happened: Python's is the last, Node's is before its frames."""
    return next((line for line in reversed(body) if not line.lstrip().startswith("at ")), body[-1])


def _columns(line: Line, record: LogRecord, received: float | None, options: Options) -> list[Span]:
    """Time, source, level and logger, as far as they are wanted and there is room."""
    spans = []
    if options.timed:
        # lines inside a traceback came at the time of its first line
        written = record.time if record.time is not None else line.written
        came = None if line.mark & PART and written is None else received
        spans.append(Span(_time(written, came, options), "muted"))
    if options.tags:
        letters, tone = options.tags.get(line.tag, ("  ", "muted"))
        spans.append(Span(f"{letters} ", tone))
    if record.structured:
        spans.append(Span(f"{LEVEL_WORDS[record.level]} ", LEVEL_TONES[record.level]))
        if options.width >= WIDE:
            logger = record.logger
            short = f"…{logger[1 - LOGGER :]}" if len(logger) > LOGGER else logger
            spans.append(Span(fit(short, LOGGER) + " ", "muted"))
    return spans or [Span("")]


def _blank(columns: list[Span]) -> list[Span]:
    """Spaces as wide as the columns, for the rows below the first."""
    return [Span(" " * sum(width(span.text) for span in columns))]


def _time(moment: float | None, received: float | None, options: Options) -> str:
    known = moment if moment is not None else received
    if known is None:
        return " " * (6 if options.times is TimeFormat.RELATIVE else 13)
    if options.times is TimeFormat.RELATIVE:
        return f"{fine_age(options.now - known):>5} "
    stamp = datetime.fromtimestamp(known, options.clock_zone)
    if moment is None:
        return f"{stamp:%H:%M:%S}~    "  # when it was received, not when it was written
    return f"{stamp:%H:%M:%S}.{stamp.microsecond // 1000:03} "


def _message(line: Line, record: LogRecord, options: Options, *, inline: bool) -> list[Span]:
    # the last line of a traceback has its error level from the lines above it
    level = record.level if line.mark & PART else max(record.level, line.level)
    tone = LEVEL_TONES[level] if level >= Level.WARN or level == Level.DEBUG else "text"
    spans = _spans(record.message, tone)
    if inline:
        shown = [
            f"{name}={records.plain(value)}" for name, value in record.fields if name not in options.hidden
        ]
        if shown:
            spans.append(Span("  " + " ".join(shown).replace("\n", "␤")[:SHOWN], "muted"))
    if line.cut:
        spans.append(Span(" … cut here", "warn"))
    if record.hidden:
        long = size(len(line.raw))
        spans.append(Span(f" … {long}, first 16 KiB shown, all of it in the spool", "warn"))
    return spans


def _spans(text: str, tone: str) -> list[Span]:
    """Text in the colours that the program printed."""
    if text.isascii() and text.isprintable():
        return [Span(text[:SHOWN], tone)]
    spans, style = [], PLAIN
    for parameters, piece in records.runs(text):
        if parameters or style is not PLAIN:
            style = apply_sgr(style, parameters) if parameters else style
        if piece:
            spans.append(Span(piece, tone, style))
    return spans


def _pretty(raw: bytes) -> list[str]:
    try:
        return json.dumps(json.loads(raw[max(0, json_start(raw)) :]), indent=2, ensure_ascii=False).split(
            "\n"
        )
    except (ValueError, RecursionError):
        return [raw.decode("utf-8", "replace")]


def _notice_rows(notice: Notice, options: Options) -> list[ScreenRow]:
    """A rule with the whole text in it: it says what may be missing."""
    words = clean(notice.words(lambda moment: clock_text(moment, options)), limit=400)
    return _ruled(words, NOTICE_TONES[notice.kind], options)


def _ruled(words: str, tone: str, options: Options) -> list[ScreenRow]:
    room = max(10, options.width - width(RULE))
    rows = ["".join(span.text for span in row) for row in _wrapped([Span(words)], room)]
    texts = [f"{RULE if not number else BELOW}{text.rstrip()} " for number, text in enumerate(rows)]
    texts[-1] += "─" * max(0, options.width - width(texts[-1]))
    return [ScreenRow((Span(text, tone),), 0) for text in texts]


def _lay(columns: list[Span], spans: list[Span], options: Options) -> Iterator[ScreenRow]:
    """One row, or several when lines are wrapped."""
    room = options.width - sum(width(span.text) for span in columns)
    if not options.wrap or sum(width(span.text) for span in spans) <= max(0, room):  # a row even for no text
        yield ScreenRow((*columns, *spans), len(columns))
        return
    left, room = (columns, room) if room >= 20 else (columns[:1], options.width - width(columns[0].text))
    for number, piece in enumerate(_wrapped(spans, max(1, room))):
        yield ScreenRow((*(left if not number else _blank(left)), *piece), len(left) if not number else 1)


def _wrapped(spans: list[Span], room: int) -> Iterator[list[Span]]:
    """The spans, cut into rows of `room` cells."""
    row: list[Span] = []
    free = room
    for span in spans:
        for number, piece in enumerate(_chopped(span.text, free, room)):
            if number:
                yield row
                row, free = [], room
            if piece:
                row.append(replace(span, text=piece))
                free -= width(piece)
    if row:
        yield row


def _at_spaces(text: str, first: int, room: int) -> list[str]:
    """Pieces that end after a space if there is one near the end of the row."""
    pieces: list[str] = []
    free = first
    while len(text) > free:
        cut = text.rfind(" ", max(0, free - RAGGED), free) + 1
        if not cut:
            cut = 0 if free < min(room, RAGGED) else free
        pieces.append(text[:cut])
        text, free = text[cut:], room
    return [*pieces, text]


def _chopped(text: str, first: int, room: int) -> list[str]:
    """Pieces of text: the first one fits into `first` cells, the others into `room`."""
    if text.isascii():
        return _at_spaces(text, first, room)
    head = 0
    taken = 0
    for letter in text:
        step = cell_len(letter)
        if taken + step > first:
            break
        taken += step
        head += 1
    return [text[:head], *chop_cells(text[head:], max(2, room))] if head < len(text) else [text]
