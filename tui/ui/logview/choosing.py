"""The lists of a log view and what choosing in them does: sources, filters, fields, errors, saving."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from tui.logs.archive import LogFile, NotOpened
from tui.logs.expressions import TooSlow
from tui.logs.log import Log
from tui.logs.records import parse
from tui.logs.rows import AllRows, FoundRows, Rows
from tui.logs.save import NotSaved, save
from tui.logs.search import Filter, OfKind
from tui.logs.signatures import Signature
from tui.logs.source import LogSource
from tui.logs.watch import MOST, Watch
from tui.ui.logview import lists
from tui.ui.logview.bar import number
from tui.ui.logview.layout import clock_word
from tui.ui.logview.picker import Choice, Picker
from tui.ui.logview.reader import Reader
from tui.ui.logview.searching import Searching

Answer = Callable[[str, str], None]
"""Given the key of a choice and what was done to it."""


class Choosing:
    """Fills the picker and acts on what is picked."""

    def __init__(self, reader: Reader, picker: Picker, searching: Searching) -> None:
        self._reader = reader
        self._picker = picker
        self._searching = searching
        self._answer: Answer | None = None
        self._shown: list[Signature] = []
        self.watch: Watch | None = None

    @property
    def _log(self) -> Log:
        return self._reader.page.log

    def done(self, message: Picker.Done) -> None:
        """Something was done in the list."""
        if message.verb == "close":
            self.close()
        elif self._answer:
            self._answer(message.key, message.verb)

    def close(self) -> None:
        """Back to the lines."""
        self._picker.hide()
        self._answer = None
        self._reader.focus()

    def drop(self) -> None:
        """Another log is shown: the list was about this one."""
        if self._picker.has_class("-open"):
            self.close()

    # ---- what there is to choose ----------------------------------------------------------------------

    def sources(self) -> None:
        """Which streams are open."""
        candidates = self.watch.candidates if self.watch else ()
        streams = self._log.streams.values()
        self._ask("sources", lists.sources(candidates, streams, MOST), self._switch_source, "switch")

    def filters(self) -> None:
        """Which filters apply."""
        finder = self._searching.finder
        listed = lists.filters(finder.criteria.filters, finder.filtering)
        self._ask("filters", listed, self._switch_filter, "switch", "remove")

    def fields(self) -> None:
        """Which fields are shown."""
        counts: Counter[str] = Counter()
        rows = self._reader.page.rows
        near = rows.rank(self._reader.page.cursor)
        for index in range(max(0, near - 200), min(len(rows), near + 200)):
            counts.update(name for name, _ in parse(self._log.line(rows[index]).raw).fields)
        self._ask("fields", lists.fields(counts, self._reader.options.hidden), self._switch_field, "switch")

    def kinds(self) -> None:
        """Which kinds of errors there were."""
        self._shown = self._log.signatures.ranked()
        begins = self._log.time(self._log.first)

        def is_new(found: Signature) -> bool:
            stream = self._log.streams.get(self._tag_of(found))
            return stream is not None and found.new_since(stream.source.deployed_at, begins)

        options = self._reader.options
        listed = lists.kinds(self._shown, lambda at: clock_word(at, options), is_new)
        self._ask("kinds", listed, self._show_kind)

    def files(self, found: Sequence[LogFile], show: Callable[[LogFile], None]) -> None:
        """Which log of those on the disk to `show`."""

        def chosen(key: str, verb: str) -> None:
            self.close()
            try:
                show(found[int(key)])
            except NotOpened as problem:
                self._reader.say(str(problem), "error")

        zone = self._reader.options.zone
        self._ask("files", lists.files(found, lambda at: datetime.fromtimestamp(at, zone)), chosen)

    def ways(self, ask_path: Callable[[lists.Way], None]) -> None:
        """How to save; `ask_path` goes on from there."""

        def chosen(key: str, verb: str) -> None:
            self.close()
            ask_path(next(way for way in lists.WAYS if way.key == key))

        log, rows = self._log, self._reader.page.rows
        ours = [row for row in log.notices if row >= log.first]
        shown = len(rows), sum(rows.rank(row + 1) > rows.rank(row) for row in ours)
        title = "Save · Enter goes on to the file name"
        self._ask("save", (title, lists.ways(shown, (log.end - log.first, len(ours)))), chosen)

    # ---- what choosing does ---------------------------------------------------------------------------

    def _switch_source(self, key: str, verb: str) -> None:
        if self.watch is None:
            return
        source = next((s for s in self.watch.candidates if "\t".join(s.key) == key), None)
        if source is None:
            self._reader.say("that source is gone", "warn")
        elif any(opened.key == source.key for opened in self.watch.opened):
            self.watch.close(source)
        elif not self.watch.open(source):
            self._reader.say(f"{MOST} sources are open; close one first", "warn")
        self.sources()

    def _switch_filter(self, key: str, verb: str) -> None:
        finder = self._searching.finder
        stack = list(finder.criteria.filters)
        if verb == "remove":
            del stack[int(key)]
        else:
            stack[int(key)] = replace(stack[int(key)], on=not stack[int(key)].on)
        finder.set_filters(tuple(stack))
        self._searching.apply()
        self.filters()

    def _switch_field(self, key: str, verb: str) -> None:
        options = self._reader.options
        self._reader.lines.relay(replace(options, hidden=options.hidden ^ {key}))
        self.fields()

    def _show_kind(self, key: str, verb: str) -> None:
        found = self._shown[int(key)]
        self._searching.finder.add(Filter(OfKind(found.key)))
        self._searching.apply()
        self.close()

    def _tag_of(self, found: Signature) -> int:
        held = max(found.last_row, self._log.first)
        return self._log.spool.tag(held) if held < self._log.end else -1

    def _ask(self, about: str, listed: tuple[str, Sequence[Choice]], answer: Answer, *verbs: str) -> None:
        self._answer = answer
        self._picker.ask(about, *listed, *verbs)


def default_path(folder: Path, source: LogSource | None, now: float) -> Path:
    """A name that says which log it was and when."""
    stamp = datetime.fromtimestamp(now).astimezone().strftime("%Y%m%dT%H%M%S")
    name = (source.agent or source.agent_id) if source else "log"
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:60]
    return folder / f"{safe or 'log'}-{stamp}.log"


async def save_way(reader: Reader, way: lists.Way, path: Path) -> None:
    """Save and say what came of it."""
    log, worded = reader.page.log, None if way.raw else reader.wording()
    rows: Rows = reader.page.rows if way.shown else AllRows(log)
    try:
        if isinstance(rows, FoundRows):  # what the filters have not come to yet is not to be left out
            more = True
            while more:
                more = rows.step(reader.clock.monotonic)
                await asyncio.sleep(0)
        saved = await save(log, rows, path, worded)
    except NotSaved as error:
        words, tone = str(error), "error"
    except TooSlow as error:
        words, tone = f"not saved: the filter is given up: {error}", "error"
    else:
        words, tone = f"saved {lists.count_of(saved.lines)} to {saved.path}", "ok"
        if saved.dropped:
            words, tone = f"{words}; {number(saved.dropped)} made room for newer ones meanwhile", "warn"
    reader.post_message(reader.Told(words, tone))
