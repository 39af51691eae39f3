"""One log line → the rows that show it: columns, folds, wraps. Pure; knows no widget and no scrolling."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import islice
from typing import Final

import msgspec
from msgspec.structs import replace
from rich.cells import cell_len, chop_cells

from tui.api.clean import clean
from tui.formats import fine_age, size
from tui.logs import records
from tui.logs.classify import PART, Level
from tui.logs.log import Kind, Line, Notice
from tui.logs.records import SHOWN, Record, parse
from tui.ui.logview.sgr import PLAIN, Look, after
from tui.ui.widgets.text import fit, width

ROWS_OF_ONE: Final = 2000
"""Rows that one line may take on the screen."""
LOGGER: Final = 16
"""Cells of the logger column."""
RAGGED: Final = 24
"""Cells at the end of a wrapped row that may stay empty, so as not to break a word."""
WIDE: Final = 100
"""Cells from which there is a logger column."""
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
BELOW: Final = "   "
"""Before the first row of a notice, and before the others."""
NOTICE_TONES: Final = {Kind.INFO: "info", Kind.GAP: "warn", Kind.TROUBLE: "error"}


class Times(StrEnum):
    """How the time column is worded."""

    RELATIVE = "relative"
    LOCAL = "local"
    UTC = "UTC"
    OFF = "off"

    @property
    def next(self) -> Times:
        """The one after it."""
        found = list(Times)
        return found[(found.index(self) + 1) % len(found)]


class Form(StrEnum):
    """How much of a line is shown."""

    FOLDED = "folded"
    OPEN = "open"
    """All fields and the whole traceback."""
    PRETTY = "pretty"
    """The JSON, indented."""
    RAW = "raw"
    """The line as received."""


class Options(msgspec.Struct, frozen=True):
    """How lines are shown."""

    width: int = 80
    """Cells for a row, without the gutter."""
    wrap: bool = False
    times: Times = Times.LOCAL
    zone: tzinfo | None = None
    """The operator's time zone; None for the machine's."""
    now: float = 0.0
    """Unix seconds, for relative times; moves in coarse steps."""
    pretty: bool = False
    hidden: frozenset[str] = frozenset()
    """Names of fields that are not shown."""
    tags: Mapping[int, tuple[str, str]] = msgspec.field(default_factory=dict)
    """Stream → two letters and a tone; empty when there is only one stream."""
    timeless: bool = False
    """None of the lines says when it was written, as those of a build."""

    @property
    def timed(self) -> bool:
        """There is a time column."""
        return self.times is not Times.OFF and not self.timeless

    @property
    def clock_zone(self) -> tzinfo | None:
        """The zone of the times on the screen, and of those that are typed; None for the machine's."""
        return UTC if self.times is Times.UTC else self.zone


class Span(msgspec.Struct, frozen=True):
    """A run of text in one tone."""

    text: str
    tone: str = "text"
    look: Look = PLAIN


class Row(msgspec.Struct, frozen=True):
    """One row of the screen."""

    spans: tuple[Span, ...]
    fixed: int = 0
    """How many of them stay in place when the text is moved sideways."""

    @property
    def text(self) -> str:
        """What it reads."""
        return "".join(span.text for span in self.spans)


def clock_word(moment: float, options: Options) -> str:
    """A time as notices and notes word it."""
    return datetime.fromtimestamp(moment, options.clock_zone).strftime("%H:%M:%S")


def rows_of(line: Line, received: float | None, options: Options, form: Form, note: str = "") -> list[Row]:
    """The rows that show a line; `received` is when it came, should it not say when it was written."""
    if line.notice:
        return _notice_rows(line.notice, options)
    record = parse(line.raw)
    columns = _columns(line, record, received, options)
    rows = list(islice(_rows(line, record, columns, options, form), ROWS_OF_ONE))
    if note:
        rows.append(Row((*_blank(columns), Span(f"✎ {note}", "accent")), 1))
    return rows


def _rows(line: Line, record: Record, columns: list[Span], options: Options, form: Form) -> Iterator[Row]:
    if form is Form.RAW:
        raw = line.raw[: SHOWN * 2].decode("utf-8", "replace")
        yield from _lay(columns[:1], [Span(clean(raw, limit=SHOWN))], options)
        return
    unfolded = form is not Form.FOLDED or options.pretty
    yield from _lay(columns, _message(line, record, options, inline=not unfolded), options)
    below = _blank(columns)
    if form is Form.PRETTY or (options.pretty and form is Form.FOLDED):
        for text in _pretty(line.raw) if record.structured else ():
            yield from _lay(below, [Span(clean(text, limit=SHOWN), "muted")], options)
    elif form is Form.OPEN:
        for name, value in record.fields:
            yield from _lay(below, [Span(f"{name} ", "muted"), *_styled(value, "text")], options)
        for text in record.body:
            yield from _lay(below, _styled(text, "text"), options)
    elif record.body:
        last = record.body[-1]
        more = f"└ {len(record.body)} lines · " if len(record.body) > 1 else "└ "
        tone = "error" if record.level >= Level.ERROR else "text"
        yield from _lay(below, [Span(more, "muted"), *_styled(last, tone)], options)


def _columns(line: Line, record: Record, received: float | None, options: Options) -> list[Span]:
    """Time, source, level and logger, as far as there is room and they are wanted."""
    spans = []
    if options.timed:
        # the time at which a frame of a traceback came says nothing that its head does not say
        came = None if line.mark & PART and record.time is None else received
        spans.append(Span(_time(record.time, came, options), "muted"))
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
    """Room as wide as the columns, for the rows below the first."""
    return [Span(" " * sum(width(span.text) for span in columns))]


def _time(moment: float | None, received: float | None, options: Options) -> str:
    known = moment if moment is not None else received
    if known is None:
        return " " * (6 if options.times is Times.RELATIVE else 13)
    if options.times is Times.RELATIVE:
        return f"{fine_age(options.now - known):>5} "
    stamp = datetime.fromtimestamp(known, options.clock_zone)
    if moment is None:
        return f"{stamp:%H:%M:%S}~    "  # when it came, not when it was written
    return f"{stamp:%H:%M:%S}.{stamp.microsecond // 1000:03} "


def _message(line: Line, record: Record, options: Options, *, inline: bool) -> list[Span]:
    # the line that ends a traceback is known for an error by those above it
    level = record.level if line.mark & PART else max(record.level, line.level)
    tone = LEVEL_TONES[level] if level >= Level.WARN or level == Level.DEBUG else "text"
    spans = _styled(record.message, tone)
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


def _styled(text: str, tone: str) -> list[Span]:
    """Text with the colours its writer gave it."""
    if text.isascii() and text.isprintable():
        return [Span(text[:SHOWN], tone)]
    spans, look = [], PLAIN
    for parameters, piece in records.runs(text):
        if parameters or look is not PLAIN:
            look = after(look, parameters) if parameters else look
        if piece:
            spans.append(Span(piece, tone, look))
    return spans


def _pretty(raw: bytes) -> list[str]:
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False).split("\n")
    except (ValueError, RecursionError):
        return [raw.decode("utf-8", "replace")]


def _notice_rows(notice: Notice, options: Options) -> list[Row]:
    """A rule with words in it, all of them: they say what may be missing."""
    words = clean(notice.words(lambda moment: clock_word(moment, options)), limit=400)
    tone = NOTICE_TONES[notice.kind]
    room = max(10, options.width - width(RULE))
    rows = ["".join(span.text for span in row) for row in _wrapped([Span(words)], room)]
    texts = [f"{RULE if not number else BELOW}{text.rstrip()} " for number, text in enumerate(rows)]
    texts[-1] += "─" * max(0, options.width - width(texts[-1]))
    return [Row((Span(text, tone),), 0) for text in texts]


def _lay(columns: list[Span], spans: list[Span], options: Options) -> Iterator[Row]:
    """One row, or as many as it takes when lines are wrapped."""
    room = options.width - sum(width(span.text) for span in columns)
    if not options.wrap or sum(width(span.text) for span in spans) <= max(0, room):  # a row even for no text
        yield Row((*columns, *spans), len(columns))
        return
    left, room = (columns, room) if room >= 20 else (columns[:1], options.width - width(columns[0].text))
    for number, piece in enumerate(_wrapped(spans, max(1, room))):
        yield Row((*(left if not number else _blank(left)), *piece), len(left) if not number else 1)


def _wrapped(spans: list[Span], room: int) -> Iterator[list[Span]]:
    """The spans cut into rows of `room` cells."""
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
    """Pieces that end after a space, where there is one near the end of the room."""
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
    """Pieces of text: one that fits into `first` cells, then ones of `room`."""
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
