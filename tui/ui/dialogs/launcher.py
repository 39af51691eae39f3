"""Where operations begin on the screen: from a key or a command to the right dialog on the right target."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from textual.screen import Screen

from tui.fleet.state import Fleet, Selection
from tui.fleet.store import Store
from tui.operations.arguments import parse_arguments
from tui.operations.fields import InvalidAnswer
from tui.operations.journal.journal import Journal, JournalError, Origin
from tui.operations.operation import Operation
from tui.operations.registry import BY_ID
from tui.operations.verbs.private_links import no_api
from tui.session.watched import Watched
from tui.ui.dialogs.project_context import Application, ProjectContext, SessionOptions
from tui.ui.dialogs.targets import NoTarget, Rows, Target, find_targets


class Host(Application, Protocol):
    """The application, as far as dialogs are opened on it."""

    @property
    def session(self) -> Watched | None:
        """The project being watched."""

    @property
    def state_dir(self) -> Path:
        """Where the journal is."""

    def redraw_link(self) -> None:
        """Show at once that something else may be sent now."""

    @property
    def at_rest(self) -> bool:
        """Nothing lies over the main screen, and nobody types."""

    def show(self, screen: Screen[None]) -> None:
        """Put a screen over what is there."""


class OperationLauncher:
    """Opens dialogs. One for the whole run; each project gets a bench of its own."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._journal = Journal(host.state_dir / "journal.jsonl", host.clock, origin=Origin.of(os.environ))
        self._project_context: ProjectContext | None = None
        self._session: Watched | None = None
        self.session_options = SessionOptions()

    @property
    def busy(self) -> bool:
        """An operation is under way whose outcome would be unknown if we left now."""
        return self.session_options.under_way > 0

    @property
    def journal(self) -> Journal:
        """The audit trail of this user."""
        return self._journal

    @property
    def context(self) -> ProjectContext | None:
        """The bench of the project being watched; None while none is."""
        session = self._host.session
        if session is not self._session:
            self._session = session
            self._project_context = None
        if session is not None and self._project_context is None:
            self._project_context = ProjectContext(self._host, session, self._journal, self.session_options)
        return self._project_context

    # ---- operations -----------------------------------------------------------------------------------

    def by_key(self, operation_id: str, rows: Rows, selection: Selection) -> None:
        """A key of an operation was pressed in a pane."""
        operation = BY_ID[operation_id]
        try:
            self._open(operation, find_targets(operation, rows, selection))
        except NoTarget as problem:
            self._host.say(f"{operation.label}: {problem}", tone="warn")

    def by_command(self, operation_id: str, words: Sequence[str], selection: Selection) -> None:
        """An operation was named after the colon. Raises `InvalidAnswer`."""
        operation = BY_ID[operation_id]
        context = self.context
        if context is None:
            raise InvalidAnswer("", "no project is watched")
        selected, answers = parse_arguments(operation, words, context.store.fleet, selection)
        self._open(operation, [Target(selected, answers)])

    def undo(self) -> None:
        """Offer to take the last thing back."""
        context = self.context
        undo = context.undo.offered if context is not None else None
        if undo is None:
            self._host.say("nothing to undo; what can be undone can be for 30 s", tone="warn")
            return
        self._open(BY_ID[undo.operation], [Target(undo.selection, undo.answers)], undoes=True)

    def _open(self, operation: Operation, aims: Sequence[Target], *, undoes: bool = False) -> None:
        context = self.context
        if context is None:
            self._host.say("no project is watched", tone="warn")
            return
        if len(aims) > 1 or any(one.hidden for one in aims):
            from tui.ui.dialogs.bulk import BulkDialog

            self._host.show(BulkDialog(context, operation, aims))
            return
        target = aims[0]
        if problem := operation.unfit(context.view(target.selection)):
            self._host.say(f"{operation.label}: {problem}", tone="warn")
            return
        from tui.ui.dialogs.operation import OperationDialog

        selection, answers = target.selection, target.answers
        self._host.show(OperationDialog(context, operation, selection, answers, undoes=undoes))

    def links(self) -> None:
        """Show the private links. Raises `InvalidAnswer`."""
        from tui.ui.dialogs.private_links import Links

        context = self.context
        if context is None:
            raise InvalidAnswer("", "no project is watched")
        if problem := no_api(context.view(Selection())):
            raise InvalidAnswer("", problem)
        self._host.show(Links(context, lambda name, words: self.by_command(name, words, Selection())))

    # ---- around them ----------------------------------------------------------------------------------

    def unlock(self, words: Sequence[str]) -> None:
        """`:unlock 15m` asks for a reason first. Raises `InvalidAnswer`."""
        from tui.ui.dialogs.unlock import UnlockDialog, minutes

        context, session = self.context, self._host.session
        if context is None or session is None:
            raise InvalidAnswer("", "no project is watched")
        if not context.project.read_only:
            raise InvalidAnswer("", f"{context.project.name} is not read-only")
        self._host.show(UnlockDialog(context, session, minutes(words)))

    def lock(self) -> None:
        """Read-only again."""
        if self._host.session is not None:
            self._host.session.lock()
            self._host.redraw_link()
        self._host.say("locked: this session is read-only again" if self._was_locked() else "not read-only")

    def _was_locked(self) -> bool:
        return self.context is not None and self.context.project.read_only

    def toggle_dry_run(self) -> None:
        """Send nothing, or send again."""
        self.session_options.dry_run = not self.session_options.dry_run
        words = (
            "dry run: nothing is sent, buttons show the request"
            if self.session_options.dry_run
            else "dry run off"
        )
        self._host.redraw_link()
        self._host.say(words, tone="warn" if self.session_options.dry_run else "text")

    async def audit(self) -> None:
        """Show what was done."""
        from tui.ui.dialogs.audit import Audit

        context = self.context
        if context is None:
            return
        try:
            self._host.show(Audit(await context.operator.entries(), ascii_only=context.ascii_only))
        except JournalError as error:
            self._host.say(str(error), tone="error")

    async def unresolved(self, *, asked: bool) -> None:
        """Show operations whose outcome nobody knows; says so if there are none and it was asked.

        Unasked it waits for the first answer, which is needed to look for them, and never gets in the way.
        """
        from tui.ui.dialogs.unresolved import Unresolved

        context = self.context
        if context is None:
            return
        if not asked:
            await first_answer(context.store)
            if context is not self.context:
                return
        try:
            found = await context.operator.unresolved()
        except JournalError as error:
            self._host.say(str(error), tone="error")
            return
        if found and (asked or self._host.at_rest):
            self._host.show(Unresolved(context, found))
        elif found:
            self._host.say(f"{len(found)} operations without a known outcome: :unresolved", tone="warn")
        elif asked:
            self._host.say("the outcome of every operation is known")


async def first_answer(store: Store) -> None:
    """Wait until anything was received."""
    heard = asyncio.Event()

    def look(fleet: Fleet) -> None:
        if any(fresh.at is not None for fresh in fleet.freshness.values()):
            heard.set()

    stop = store.subscribe(lambda change: look(change.after))
    try:
        look(store.fleet)
        await heard.wait()
    finally:
        stop()
