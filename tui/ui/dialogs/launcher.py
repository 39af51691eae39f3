"""Opens the dialogs of operations: from a key or a command to the right dialog, project and target."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from tui.fleet.state import Fleet
from tui.fleet.store import Store
from tui.fleet.view import Selection
from tui.operations.arguments import parse_arguments
from tui.operations.fields import InvalidAnswer
from tui.operations.journal.journal import JOURNAL, AuditEntry, Journal, JournalError, Origin
from tui.operations.operation import Operation
from tui.operations.registry import BY_ID
from tui.operations.targets import Target
from tui.operations.verbs.private_links import no_api
from tui.session.registry import SessionRegistry
from tui.ui.dialogs.project_context import AppServices, ProjectContext, SessionOptions

NO_PROJECT = "no project is watched"
AUDITED = 500
"""Operations that the audit trail shows at the most."""
REMEMBERED = 200
"""Operations of earlier runs that are events of this one, at the most."""
REMEMBERED_FOR = 30 * 86_400.0
"""Seconds after which they are no events any more."""


class LauncherHost(AppServices, Protocol):
    """The application, as far as dialogs are opened on it."""

    @property
    def state_dir(self) -> Path:
        """Where the journal is."""

    @property
    def at_rest(self) -> bool:
        """No dialog is open, and nobody is typing."""

    def soon(self, work: Callable[[], None]) -> None:
        """Do it on the event loop; may be called in any thread."""


class OperationLauncher:
    """Opens dialogs, each for the project of the selection it is given. One for the whole run."""

    def __init__(self, host: LauncherHost, registry: SessionRegistry) -> None:
        self._host = host
        self._registry = registry
        self.origin = Origin.of(os.environ)
        """Who operates, and from where."""
        self._journal = Journal(
            host.state_dir / JOURNAL,
            host.clock,
            origin=self.origin,
            tell=lambda entry: host.soon(lambda: self._journalled(entry)),
        )
        self._contexts: dict[str, ProjectContext] = {}
        """By the project's key. They stay while the past is shown: operations go on meanwhile."""
        self._past_contexts: dict[str, ProjectContext] = {}
        """Those of the past that is shown."""
        self.session_options = SessionOptions()

    @property
    def busy(self) -> bool:
        """An operation is under way. If the program ended now, its outcome would be unknown."""
        return self.session_options.under_way > 0

    def context_of(self, selection: Selection) -> ProjectContext | None:
        """What dialogs use of the selection's project; None while it is not watched."""
        session = self._registry.get(selection.project)
        if session is None:
            for contexts in (self._contexts, self._past_contexts):
                contexts.pop(selection.project, None)
            return None
        is_live = session is self._registry.live(selection.project)
        contexts = self._contexts if is_live else self._past_contexts
        if is_live:
            self._past_contexts.pop(selection.project, None)  # it holds all that was known then
        known = contexts.get(selection.project)
        if known is None or not known.is_of(session):
            known = ProjectContext(self._host, session, self._registry, self._journal, self.session_options)
            contexts[selection.project] = known
        return known

    def _journalled(self, entry: AuditEntry) -> None:
        """Let history know of an operation that was begun, or of its outcome."""
        for context in self._contexts.values():
            context.report(entry)

    async def remember(self, selection: Selection) -> None:
        """Let history know of the operations on the selection's project that the journal holds."""
        context = self.context_of(selection)
        if context is None:
            return
        try:
            entries = await context.operator.entries(REMEMBERED)
        except JournalError:
            return  # who asks for the audit trail is told
        for entry in reversed(entries):
            if self._host.clock.now() - entry.intent.time < REMEMBERED_FOR:
                context.report(entry, is_old=True)
                await asyncio.sleep(0)  # keys come first

    def require_context(self, selection: Selection) -> ProjectContext:
        """What dialogs use of the selection's project. Raises `InvalidAnswer` while it is not watched."""
        context = self.context_of(selection)
        if context is None:
            raise InvalidAnswer("", NO_PROJECT)
        return context

    def to_change(self, what: str, selection: Selection) -> ProjectContext:
        """The same for a command that leads to changes. Raises `InvalidAnswer` where there can be none."""
        context = self.require_context(selection)
        if context.refusal:
            raise InvalidAnswer("", f"{what}: {context.refusal}")
        return context

    # ---- operations -----------------------------------------------------------------------------------

    def by_key(self, operation: Operation, targets: Sequence[Target]) -> None:
        """A key of an operation was pressed in a pane, with these targets under it."""
        context = self.context_of(targets[0].selection)
        if context is None:
            self._host.say(NO_PROJECT, tone="warn")
        else:
            self._open(context, operation, targets)

    def by_command(self, operation_id: str, words: Sequence[str], selection: Selection) -> None:
        """An operation was named after the colon. Raises `InvalidAnswer`."""
        context = self.to_change(BY_ID[operation_id].label, selection)
        self._by_words(context, operation_id, words, selection)

    def _by_words(
        self, context: ProjectContext, operation_id: str, words: Sequence[str], selection: Selection
    ) -> None:
        operation = BY_ID[operation_id]
        selected, answers = parse_arguments(operation, words, context.store.fleet, selection)
        self._open(context, operation, [Target(selected, answers)])

    def undo(self, selection: Selection) -> None:
        """Offer to undo the last operation on the selection's project."""
        context = self.context_of(selection)
        if context is not None and context.refusal:
            self._host.say(f"undo: {context.refusal}", tone="warn")
            return
        undo = context.undo.offered if context is not None else None
        if context is None or undo is None:
            self._host.say("nothing to undo: u works within 30 s of an operation", tone="warn")
            return
        self._open(context, BY_ID[undo.operation], [Target(undo.selection, undo.answers)], undoes=True)

    def _open(
        self,
        context: ProjectContext,
        operation: Operation,
        targets: Sequence[Target],
        *,
        undoes: bool = False,
    ) -> None:
        if context.refusal:
            self._host.say(f"{operation.label}: {context.refusal}", tone="warn")
            return
        if len(targets) > 1 or any(target.hidden for target in targets):
            from tui.ui.dialogs.bulk import BulkDialog

            context.show(BulkDialog(context, operation, targets))
            return
        target = targets[0]
        if problem := operation.unfit(context.view(target.selection)):
            self._host.say(f"{operation.label}: {problem}", tone="warn")
            return
        from tui.ui.dialogs.operation import OperationDialog

        selection, answers = target.selection, target.answers
        context.show(OperationDialog(context, operation, selection, answers, undoes=undoes))

    def links(self, selection: Selection, link: str = "") -> None:
        """Show the private links of the selection's project, with the cursor on this one.

        Raises `InvalidAnswer`.
        """
        from tui.ui.dialogs.private_links import PrivateLinks

        context = self.to_change("links", selection)
        nothing = Selection(project=selection.project)
        if problem := no_api(context.view(nothing)):
            raise InvalidAnswer("", problem)
        begin = partial(self._by_words, context)
        context.show(PrivateLinks(context, lambda name, words: begin(name, words, nothing), link))

    # ---- around them ----------------------------------------------------------------------------------

    def unlock(self, words: Sequence[str], selection: Selection) -> None:
        """`:unlock 15m` asks for a reason first. Raises `InvalidAnswer`."""
        from tui.ui.dialogs.unlock import UnlockDialog, minutes

        context = self.to_change("unlock", selection)
        if not context.project.read_only:
            raise InvalidAnswer("", f"{context.project.name} is not read-only")
        context.show(UnlockDialog(context, minutes(words)))

    def lock(self, selection: Selection) -> None:
        """Make the selection's project read-only again. Raises `InvalidAnswer`."""
        context = self.to_change("lock", selection)
        context.lock()
        locked = context.project.read_only
        name = context.project.name
        self._host.say(
            "locked: this session is read-only again"
            if locked
            else f"nothing to lock: {name} is not read-only"
        )

    def toggle_dry_run(self) -> None:
        """Send nothing from now on, or send again."""
        self.session_options.dry_run = not self.session_options.dry_run
        words = (
            "dry run: nothing is sent, buttons show the request"
            if self.session_options.dry_run
            else "dry run off"
        )
        self._host.redraw_link()
        self._host.say(words, tone="warn" if self.session_options.dry_run else "text")

    async def audit(self, selection: Selection) -> bool:
        """Show the audit trail; returns whether it is shown."""
        from tui.ui.dialogs.audit import Audit

        context = self.context_of(selection)
        if context is None:
            return False
        try:
            entries = await context.operator.entries(AUDITED)
        except JournalError as error:
            self._host.say(str(error), tone="error")
            return False
        context.show(Audit(entries, most=AUDITED))
        return True

    async def unresolved(self, selection: Selection, *, asked: bool) -> bool:
        """Show operations on the selection's project whose outcome is unknown; returns whether it did.

        If the operator asked, it also says that there are none. If not, it waits for the first answer, which
        is needed to look for them, and shows nothing while a dialog is open or another project is shown.
        """
        from tui.ui.dialogs.unresolved import Unresolved

        context = self.context_of(selection)
        if context is None:
            return False
        if context.refusal:
            if asked:
                self._host.say(f"unresolved: {context.refusal}", tone="warn")
            return False
        if not asked:
            await first_answer(context.store)
        try:
            found = await context.operator.unresolved()
        except JournalError as error:
            self._host.say(str(error), tone="error")
            return False
        selected = self._registry.selected
        if selected is None or not context.is_of(selected):
            return False  # the operator went to another project meanwhile
        if found and (asked or self._host.at_rest):
            context.show(Unresolved(context, found))
            return True
        if found:
            self._host.say(f"operations with an unknown outcome: {len(found)} · :unresolved", tone="warn")
        elif asked:
            self._host.say("the outcome of every operation is known")
        return False


async def first_answer(store: Store) -> None:
    """Wait until any source has answered."""
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
