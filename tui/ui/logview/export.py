"""Lines as text: what is copied and saved, as on the screen or as received. Pure; must not import Textual."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from tui.logs.expressions import TooSlow
from tui.logs.lines.records import parse, plain
from tui.logs.log import Line, Log
from tui.logs.rows import AllRows, FoundRows, Rows, in_slices
from tui.logs.save import NotSaved, save
from tui.logs.source import LogSource
from tui.ui.logview.layout import LineMode, clock_text, lay_out
from tui.ui.logview.model import LogModel
from tui.ui.widgets.copy_forms import as_csv
from tui.ui.widgets.text import number

UNBOUND: Final = 1 << 20
"""A width in cells that no line reaches."""

TextOf = Callable[[Line], str]
"""The text of a line, in one row or more."""


class SaveMode(msgspec.Struct, frozen=True):
    """Which lines are saved, and how."""

    key: str
    words: str
    shown: bool
    """Only the lines shown, else all lines that are held."""
    raw: bool
    """As received, else as on the screen."""


SAVE_MODES: Final = (
    SaveMode("shown", "lines shown, as on the screen", shown=True, raw=False),
    SaveMode("shown-raw", "lines shown, bytes as received", shown=True, raw=True),
    SaveMode("all-raw", "every line held, bytes as received", shown=False, raw=True),
    SaveMode("all", "every line held, as on the screen", shown=False, raw=False),
)


def as_shown(model: LogModel) -> TextOf:
    """How lines are shown now: each in one row of any length, its traceback and note below it.

    It stays valid while another log is shown: writing a long log goes on in the background.
    """
    log, notes = model.log, model.notes
    options = replace(model.options, width=UNBOUND, wrap=False, pretty=False, hidden=frozenset())

    def text_of(line: Line) -> str:
        if line.notice:
            return f"── {line.notice.words(lambda at: clock_text(at, options))} ──"
        first = lay_out(line, log.latest_time(line.row), options, LineMode.FOLDED)[0].text.rstrip()
        note = notes.get(line.row)
        below = [*map(plain, parse(line.raw).body), *([f"✎ {note}"] if note else [])]
        return "\n    ".join((first, *below))

    return text_of


def as_received(line: Line) -> str:
    """The bytes of a line; those that are not UTF-8 as surrogates."""
    return line.raw.decode("utf-8", "surrogateescape")


CSV_FORM: Final = "time,level,logger,message,fields\r\n{}\n"
"""What stands around lines as comma-separated values."""


def as_values(line: Line) -> str:
    """A line as one record of comma-separated values, without the end of the last line."""
    record = parse(line.raw)
    written = record.time if record.time is not None else line.written
    moment = datetime.fromtimestamp(written, UTC).isoformat(timespec="milliseconds") if written else ""
    text = line.notice.words(lambda at: moment) if line.notice else "\n".join((record.message, *record.body))
    fields = msgspec.json.encode(dict(record.fields)).decode() if record.fields else ""
    level = record.word or (record.level.name if record.level else "")
    return as_csv([(moment, level, record.logger, plain(text), fields)]).removesuffix("\n")


async def text_between(log: Log, rows: Rows, low: int, high: int, text_of: TextOf) -> str:
    """The text of the rows shown from `low` to `high`, both included."""
    texts: list[str] = []
    async for chosen in in_slices(log, rows, low, high + 1):
        texts += (text_of(log.line(row)) for row in chosen)
    return "\n".join(texts)


async def save_log(
    model: LogModel, mode: SaveMode, path: Path, *, own: Path | None = None
) -> tuple[str, str]:
    """Save to a new file; returns what to tell the operator and its tone. `own` is the program's folder."""
    log, text_of = model.log, None if mode.raw else as_shown(model)
    rows: Rows = model.page.rows if mode.shown else AllRows(log)
    try:
        if isinstance(rows, FoundRows):  # the filters must have seen all lines first
            more = True
            while more:
                more = rows.step(model.clock.monotonic)
                await asyncio.sleep(0)
        saved = await save(log, rows, path, text_of, own=own)
    except NotSaved as error:
        return str(error), "error"
    except TooSlow as error:
        return f"not saved: the filter was cancelled: {error}", "error"
    words = f"saved {line_count(saved.lines)} to {saved.path}"
    if saved.dropped:
        return f"{words}; {number(saved.dropped)} made room for newer ones meanwhile", "warn"
    return words, "ok"


def default_path(model: LogModel, folder: Path) -> Path:
    """A file name with the agent and the time."""
    source: LogSource | None = next((stream.source for stream in model.log.streams.values()), None)
    stamp = datetime.fromtimestamp(model.clock.now()).astimezone().strftime("%Y%m%dT%H%M%S")
    name = (source.agent or source.agent_id) if source else "log"
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:60]
    return folder / f"{safe or 'log'}-{stamp}.log"


def line_count(lines: int) -> str:
    """`1 line`, `18 204 lines`."""
    return f"{number(lines)} line{'s' * (lines != 1)}"
