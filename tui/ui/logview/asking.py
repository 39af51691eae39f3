"""What a log view asks for in its prompt: a search, a filter, a time, a note, a file name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from tui.api.clean import clean
from tui.ui.logview.choosing import Choosing, default_path, save_way
from tui.ui.logview.lists import Way
from tui.ui.logview.moments import FORMS
from tui.ui.logview.prompt import LogPrompt
from tui.ui.logview.reader import Reader
from tui.ui.logview.searching import Searching

FILTER_HINT: Final = "!text hides · Enter on nothing lists the filters"


class Ask(Struct, frozen=True):
    """What is done with what is typed. Each function answers what is wrong with it, or nothing."""

    submitted: Callable[[str], str]
    typed: Callable[[str], str] | None = None
    cancelled: Callable[[], None] | None = None


class Asking:
    """Opens the prompt and acts on what is typed."""

    def __init__(self, reader: Reader, prompt: LogPrompt, searching: Searching, choosing: Choosing) -> None:
        self._reader = reader
        self._prompt = prompt
        self._searching = searching
        self._choosing = choosing
        self._ask: Ask | None = None

    # ---- what is asked --------------------------------------------------------------------------------

    def search(self) -> None:
        """What to search for, found while it is typed."""
        search = self._searching
        before = search.finder.pattern

        def cancel() -> None:
            search.finder.search(before)
            search.apply()

        self._open("search", "/", Ask(search.enter_search, search.type_search, cancel))

    def filter(self) -> None:
        """Another filter, counted while it is typed; Enter on nothing lists those there are."""
        search = self._searching

        def enter(text: str) -> str:
            if text.strip("!"):
                return search.enter_filter(text)
            search.drop_preview()
            self._reader.call_after_refresh(self._choosing.filters)
            return ""

        self._open("filter", "&", Ask(enter, search.type_filter, search.drop_preview), hint=FILTER_HINT)

    def time(self) -> None:
        """A time to go to."""
        zone = datetime.fromtimestamp(self._reader.clock.now()).astimezone(self._reader.options.clock_zone)
        self._open("time", f"go to ({zone:%Z}) ", Ask(self._searching.go_to_time), hint=FORMS)

    def note(self) -> None:
        """A note on the line at the cursor; an empty one takes it away."""
        page, lines = self._reader.page, self._reader.lines
        page.stand()
        if not len(page.rows):
            return
        row = page.cursor

        def enter(text: str) -> str:
            if text:
                lines.notes[row] = clean(text, limit=400)
            else:
                lines.notes.pop(row, None)
            lines.forget(row)
            return ""

        self._open("note", "note: ", Ask(enter), lines.notes.get(row, ""))

    def path(self, way: Way, folder: Path) -> None:
        """The file to save to; saving goes on in the background."""
        reader = self._reader
        streams = iter(reader.page.log.streams.values())
        first = next(streams, None)
        path = default_path(folder, first.source if first else None, reader.clock.now())

        def enter(text: str) -> str:
            if not text.strip():
                return "give a file name"
            try:
                chosen = Path(text).expanduser()
            except RuntimeError:  # a home that nobody has
                return f"not saved: {text}: no such user"
            reader.run_worker(save_way(reader, way, chosen), group="log-save")
            return ""

        self._open("save", "save to ", Ask(enter), str(path))

    # ---- what is typed --------------------------------------------------------------------------------

    def typed(self, text: str) -> None:
        """Try it."""
        if self._ask and self._ask.typed and (trouble := self._ask.typed(text)):
            self._prompt.hint(trouble, bad=True)

    def submitted(self, text: str) -> None:
        """Do it, or say what is wrong with it."""
        if self._ask and (trouble := self._ask.submitted(text)):
            self._prompt.hint(trouble, bad=True)
        else:
            self._close()

    def cancelled(self) -> None:
        """Leave things as they were."""
        ask = self._ask
        self._close()
        if ask and ask.cancelled:
            ask.cancelled()

    def drop(self) -> None:
        """Another log is shown: what was asked about this one is not answered."""
        if self._ask:
            self.cancelled()

    def _open(self, kind: str, sign: str, ask: Ask, text: str = "", hint: str = "") -> None:
        self._ask = ask
        self._prompt.open(kind, sign, text)
        self._prompt.hint(hint)

    def _close(self) -> None:
        self._ask = None
        self._prompt.close()
        self._reader.focus()
