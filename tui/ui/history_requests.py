"""What the operator does with a project's history: lists of it, notes, exports, and removing it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

from tui.fleet.past import Subject
from tui.formats import counted
from tui.record_options import RecordOptions
from tui.session.registry import SessionRegistry
from tui.session.watched import NoHistory, Watched
from tui.ui.announcer import Announcer
from tui.ui.main_screen.screen import MainScreen
from tui.ui.overlays.past_list import GoTo, PastList, changes_list, failed_list


class HistoryRequests:
    """On the project that is shown."""

    def __init__(
        self,
        main: MainScreen,
        registry: SessionRegistry,
        announcer: Announcer,
        *,
        show: Callable[[PastList, Callable[[GoTo | None], None]], object],
        copy: Callable[[str], None],
        later: Callable[[Coroutine[object, object, None]], None],
    ) -> None:
        """`show` puts a list over the main screen and calls back with the row that was chosen."""
        self._main, self._registry, self._say = main, registry, announcer.say
        self._show, self._copy, self._later = show, copy, later

    def show_changes(self, since: float, until: float) -> None:
        """Show what changed between two times, Unix seconds."""
        self._show(changes_list(self._main.view, since, until, self._copy), self._go)

    def show_failed(self, seconds: float) -> None:
        """Show the jobs that failed within so many seconds."""
        self._show(failed_list(self._main.view, seconds, self._copy), self._go)

    def _go(self, to: GoTo | None) -> None:
        if to is not None:
            self._main.go_to_subject(to.subject, to_job=to.to_job)

    def note(self, text: str, subject: Subject, user: str) -> None:
        """Keep a note in the timeline."""
        session = self._registry.selected
        if session is None:
            self._say("not noted: no project is watched", tone="warn")
        elif refusal := session.note(text, subject, user):
            self._say(f"not noted: {refusal}", tone="warn")
        elif why := session.unrecorded:
            self._say(f"noted until lktop ends ({why}): {text}", tone="warn")
        else:
            self._say(f"noted: {text}", toast=False)

    def forget(self, name: str) -> str:
        """Remove what was recorded of the project shown, if it has this name; what is wrong with the name."""
        session = self._registry.selected
        if session is None or name != session.project.name:
            shown = session.project.name if session is not None else "PROJECT"
            return f"this deletes a project's recorded history for good; to confirm, type: forget {shown}"
        self._later(self._forget(session))
        return ""

    async def _forget(self, session: Watched) -> None:
        problem = await session.forget()
        what = f"recorded history of {session.project.name}"
        self._say(f"{what} not removed: {problem}" if problem else f"{what} removed", tone="warn")

    def export(self, since: float, until: float, path: Path, options: RecordOptions) -> None:
        """Write what was recorded from one time to another, Unix seconds, into a new file."""
        session = self._registry.live(self._main.view.selection.project)
        if session is not None:
            self._later(self._export(session, since, until, path, options))

    async def _export(
        self, session: Watched, since: float, until: float, path: Path, options: RecordOptions
    ) -> None:
        from tui.session.recordings import exported

        try:
            reader = await session.open_recording()
            count = await asyncio.to_thread(exported, reader, since, until, path, options)
        except NoHistory as problem:
            self._say(f"export: {problem}", tone="error")
        else:
            self._say(f"{counted(count, 'sample')} in {path}; lktop replay opens it")
