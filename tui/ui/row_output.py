"""What keys do with the row under the cursor, or with a whole list: show its JSON, copy it, save it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.screen import Screen

from tui.api.models import Dispatch, Job
from tui.fleet.past import Event
from tui.session.registry import SessionRegistry
from tui.session.watched import Watched
from tui.ui.announcer import Say
from tui.ui.exporter import Exporter
from tui.ui.main_screen.screen import MainScreen
from tui.ui.overlays.raw import DECODED, DERIVED, RECORDED, Raw
from tui.ui.overlays.raw import lines as json_lines
from tui.ui.panes.base import Pane
from tui.ui.widgets.copy_forms import FORMS, Rows, as_csv
from tui.ui.widgets.key_choice import KeyChoice, KeyOption


class RowOutput:
    """Of the pane that has the keyboard."""

    def __init__(
        self,
        main: MainScreen,
        registry: SessionRegistry,
        exporter: Exporter,
        *,
        show: Callable[[Screen[None]], object],
        say: Say,
    ) -> None:
        """`show` puts a screen over the main one."""
        self._main, self._registry, self._exporter = main, registry, exporter
        self._show, self._say = show, say

    @property
    def _session(self) -> Watched | None:
        return self._registry.get(self._main.view.selection.project)

    def copy(self) -> None:
        """Copy the id under the cursor, or the ids of marked rows."""
        if text := self._main.current.copy_text():
            self._exporter.copy(text)

    def show_raw(self) -> None:
        """Show the row under the cursor as JSON: what LiveKit sent, or what else is known of it."""
        pane, session = self._main.current, self._session
        item = pane.raw_item()
        if item is not None and session is not None:
            title = ": ".join(filter(None, (pane.NAME, pane.copy_text())))
            selection = self._main.view.selection
            ids = (selection.room, selection.dispatch_id, selection.job_id)
            is_dispatched = isinstance(item, Dispatch | Job)
            is_past = self._main.view.is_past
            ask = partial(session.remote.raw_dispatch, *ids) if is_dispatched and not is_past else None
            otherwise = DERIVED if isinstance(item, Event) else RECORDED if is_past else DECODED
            received, copy = session.raw(item), self._exporter.copy
            self._show(Raw(title, received, item, ask=ask, otherwise=otherwise, copy=copy))

    def ask_form(self) -> None:
        """Ask in which form to copy the marked rows, or the row under the cursor."""
        pane, session = self._main.current, self._session
        rows, item = pane.copy_rows(), pane.raw_item()
        options = [KeyOption(key, words, partial(self._copy_form, form, rows)) for key, words, form in FORMS]
        if item is not None and session is not None and (raw := session.raw(item)):
            text = partial(json_lines, raw, revealed=False)
            options.append(
                KeyOption(
                    "r", "JSON as received, keys sorted", lambda: self._exporter.copy("\n".join(text()))
                )
            )
        if rows:
            self._main.on_key_choice(KeyChoice("copy as", options))

    def _copy_form(self, form: Callable[[Rows], str], rows: Rows) -> None:
        self._exporter.copy(form(rows))

    async def save(self, pane: Pane) -> None:
        """Save every row of a list to a file."""
        view = self._main.view
        left_out = pane.left_out(view)
        rows = await pane.all_rows()
        if self._main.view.selection.project != view.selection.project:
            self._say(f"{pane.NAME} not saved: another project is shown by now", tone="warn")
        elif rows:
            await self._exporter.save_table(pane.NAME.lower(), as_csv(rows), left_out)
        else:
            self._say(f"{pane.NAME} shows no row that could be saved", tone="warn")
