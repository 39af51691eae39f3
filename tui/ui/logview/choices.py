"""The lists of a log view and what choosing does: sources, filters, fields, kinds of errors, files, saving.

Pure; must not import Textual. Each function makes a list; the answer to a choice acts on the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from tui.api.text.clean import clean
from tui.fleet.lists.cells import Cell
from tui.formats import size
from tui.logs.archive import LogFile
from tui.logs.lines.records import parse
from tui.logs.lines.signatures import Signature
from tui.logs.log import Log
from tui.logs.search import LogFilter, OfKind
from tui.logs.source import LogSource, StreamPhase, StreamState
from tui.logs.watch import MOST, Watch
from tui.ui.logview.bar import PHASES
from tui.ui.logview.export import SAVE_MODES, SaveMode, line_count
from tui.ui.logview.layout import clock_text
from tui.ui.logview.model import LogModel
from tui.ui.widgets.text import fit, number

NEAR: Final = 200
"""Lines before and after the cursor whose fields are listed."""
NO_LINE: Final = "no line was received yet"
Say = Callable[[str, str], None]
"""Tells the operator something, in a tone."""


class ChoiceRow(msgspec.Struct, frozen=True):
    """A row of the list."""

    key: str
    cells: tuple[Cell, ...]


class Choices(msgspec.Struct, frozen=True):
    """A list and what is done when something is chosen. Without verbs it closes then, with verbs it stays."""

    about: str
    """What the list is of; a list of the same shown again keeps its cursor."""
    title: str
    rows: Sequence[ChoiceRow]
    answer: Callable[[str, str], Choices | None]
    """Given the key of a row and `pick` or a verb; returns the list to show next, if any."""
    verbs: tuple[str, ...] = ()
    """What can be done to a row beside picking it: `switch`, `remove`."""
    empty: str = ""
    """Why there are no rows."""


def source_choices(log: Log, watch: Watch | None, say: Say) -> Choices:
    """Every source that could be open, with the state of those that are; a choice opens or closes one."""
    candidates = list(watch.candidates) if watch else []
    known = {stream.source.key: stream for stream in log.streams.values()}
    several = len({source.agent_id for source in candidates}) > 1
    rows = [_source_row(source, known.get(source.key), several=several) for source in candidates]

    def answer(key: str, verb: str) -> Choices | None:
        if watch is None:
            return None
        source = next((s for s in watch.candidates if "\t".join(s.key) == key), None)
        if source is None:
            say("that source is gone", "warn")
        elif any(opened.key == source.key for opened in watch.opened):
            watch.close(source)
        elif not watch.open(source):
            say(f"{MOST} sources are open; close one first", "warn")
        return source_choices(log, watch, say)

    title = f"Sources · space opens or closes · at most {MOST} open · latest instance of each"
    empty = "no source is known: the agent of this log is not listed" if watch else "no log is followed"
    return Choices("sources", title, rows, answer, ("switch",), empty)


def _source_row(source: LogSource, stream: StreamState | None, *, several: bool) -> ChoiceRow:
    phase = stream.phase if stream else StreamPhase.CLOSED
    sign, tone = PHASES.get(phase, (" ", "muted"))
    cells = (
        Cell("[x] " if phase is not StreamPhase.CLOSED else "[ ] ", "text"),
        _padded(stream.tag if stream else "", 3, "accent"),
        *([_padded(source.agent or source.agent_id, 20)] if several else []),
        _padded(source.label, 20 if several else 28),
        _padded(source.version, 16, "muted"),
        Cell(f"{sign} {_state(stream)}", tone),
    )
    return ChoiceRow("\t".join(source.key), cells)


def _state(stream: StreamState | None) -> str:
    if stream is None:
        return str(StreamPhase.IDLE)
    return f"{stream.phase}: {stream.reason}" if stream.reason else str(stream.phase)


def filter_choices(model: LogModel) -> Choices:
    """The filters, each with its switch."""
    finder = model.finder
    rows = [
        ChoiceRow(str(index), (Cell(_box(f.on and finder.filters_on), "text"), Cell(f"&{f.label}", "text")))
        for index, f in enumerate(finder.criteria.filters)
    ]

    def answer(key: str, verb: str) -> Choices:
        filters = list(model.finder.criteria.filters)
        if verb == "remove":
            del filters[int(key)]
        else:
            filters[int(key)] = replace(filters[int(key)], on=not filters[int(key)].on)
        model.set_filters(tuple(filters))
        return filter_choices(model)

    title = "Filters · space on/off · ctrl+d removes"
    return Choices("filters", title, rows, answer, ("switch", "remove"), "no filter is left")


def field_choices(model: LogModel) -> Choices:
    """The fields of the lines around the cursor, the most frequent first; a choice hides or shows one."""
    counts, hidden = _fields_near(model), model.options.hidden
    names = sorted({*counts, *hidden}, key=lambda name: (-counts.get(name, 0), name))
    rows = [ChoiceRow(name, (Cell(_box(name not in hidden)), Cell(name))) for name in names]

    def answer(key: str, verb: str) -> Choices:
        model.toggle_field(key)
        return field_choices(model)

    title = "Fields · space shows or hides · Enter on a line shows all of its fields"
    near = f"no line within {NEAR} of the cursor has fields" if len(model.page.rows) else NO_LINE
    return Choices("fields", title, rows, answer, ("switch",), near)


def _fields_near(model: LogModel) -> Counter[str]:
    counts: Counter[str] = Counter()
    rows = model.page.rows
    near = rows.rank(model.page.cursor)
    for index in range(max(0, near - NEAR), min(len(rows), near + NEAR)):
        counts.update(name for name, _ in parse(model.log.line(rows[index]).raw).fields)
    return counts


def kind_choices(model: LogModel) -> Choices:
    """Errors by type, the newest first; a choice shows the lines of one."""
    log, found = model.log, model.log.signatures.ranked()
    begins = log.time(log.first)
    rows = []
    since = [stream.source.deployed_at for stream in log.streams.values()]
    for index, kind in enumerate(found):
        stream = log.streams.get(_newest_tag(log, kind))
        is_new = stream is not None and kind.new_since(stream.source.deployed_at, begins)
        rows.append(ChoiceRow(str(index), _kind_cells(kind, model, is_new=is_new)))

    def answer(key: str, verb: str) -> None:
        model.add_filter(LogFilter(OfKind(found[int(key)].key)))

    title = f"Errors by type · Enter shows one type · {_which_are_new(begins, since)}"
    return Choices("kinds", title, rows, answer, (), _no_kinds(log))


def _which_are_new(begins: float | None, deployed: Sequence[float | None]) -> str:
    """What NEW means, or why none is called so: by when the log begins and its streams were deployed."""
    known = [at for at in deployed if at is not None]
    if not known or begins is None:
        return "not known which are new: no time of a deploy is"
    if all(at <= begins for at in known):
        return "not known which are new: the log begins after the deploy"
    return "NEW since the newest deploy"


def _no_kinds(log: Log) -> str:
    """Why there are no kinds of errors."""
    counts = log.counts
    if not counts.received:
        return NO_LINE
    if counts.errors:
        return f"{number(counts.errors)} errors were received; they are being told apart"
    gaps = f"; {number(counts.gaps)} gap{'s' * (counts.gaps != 1)} may hide some" if counts.gaps else ""
    return f"no error in {line_count(counts.received)} received{gaps}"


def _kind_cells(kind: Signature, model: LogModel, *, is_new: bool) -> tuple[Cell, ...]:
    jobs = f"{len(kind.jobs)} job{'s' * (len(kind.jobs) != 1)}" if kind.jobs else ""
    where = " · ".join(part for part in (kind.key.frame, jobs, kind.first_version) if part)
    about = f"  {kind.key.message}" if kind.key.exception else ""
    seen = [clock_text(at, model.options) for at in (kind.first_seen, kind.last_seen) if at is not None]
    return (
        _padded(f"×{number(kind.count)}", 7, "error"),
        _padded("NEW" if is_new else "", 3, "warn"),
        Cell("–".join(dict.fromkeys(seen)) + " ", "muted"),
        Cell(kind.key.exception or kind.key.message, "text"),
        Cell(f"  {where}{about}", "muted"),
    )


def _newest_tag(log: Log, kind: Signature) -> int:
    """The stream of the newest line of a kind; -1 if none is held."""
    held = max(kind.last_row, log.first)
    return log.spool.tag(held) if held < log.end else -1


def file_choices(
    found: Sequence[LogFile], unread: Sequence[str], model: LogModel, show: Callable[[LogFile], None]
) -> Choices:
    """The logs on this machine's disk, the newest first; `show` opens the one chosen.

    `unread` says which folders could not be read, and why.
    """

    def row(index: int, log: LogFile) -> ChoiceRow:
        cells = (
            _padded("kept" if log.kept else "saved", 6, "muted"),
            Cell(f"{datetime.fromtimestamp(log.written, model.options.zone):%d %b %H:%M}  ", "text"),
            Cell(clean(log.name), "text"),
            Cell(f"  {size(log.size)}", "muted"),
        )
        return ChoiceRow(str(index), cells)

    def answer(key: str, verb: str) -> None:
        show(found[int(key)])

    rows = [row(index, log) for index, log in enumerate(found)]
    missing = f" · not read: {', '.join(map(clean, unread))}" if unread else ""
    title = f"Logs on this machine · Enter opens · :open FILE opens any{missing}"
    empty = "no log is known" if unread else "no log was kept or saved"
    return Choices("files", title, rows, answer, (), empty)


def save_choices(model: LogModel, ask_path: Callable[[SaveMode], None]) -> Choices:
    """What can be saved, with the number of lines; `ask_path` goes on with the one chosen."""
    log, finder = model.log, model.finder
    notices = [row for row in log.notices if row >= log.first]
    shown = len(finder.rows), sum(map(finder.shows, notices))
    held = log.end - log.first, len(notices)
    choices = []
    for mode in SAVE_MODES:
        rows, notices_among = shown if mode.shown else held
        count = line_count(rows - notices_among if mode.raw else rows)  # a notice was not received
        choices.append(ChoiceRow(mode.key, (_padded(mode.words, 38), Cell(count, "muted"))))

    def answer(key: str, verb: str) -> None:
        ask_path(next(mode for mode in SAVE_MODES if mode.key == key))

    return Choices("save", "Save · Enter goes on to the file name", choices, answer)


def _box(on: bool) -> str:
    return "[x] " if on else "[ ] "


def _padded(text: str, size: int, tone: str = "text") -> Cell:
    """A cell of a fixed width with a space after it."""
    return Cell(fit(text, size) + " ", tone)
