"""What a dialog uses of its project: data, operations, and messages to the operator."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol, TypeVar

from textual.screen import Screen

from tui.clock import Clock
from tui.fleet.polling.sources import Source
from tui.fleet.store import Store
from tui.fleet.times import TimeStyle
from tui.fleet.view import Selection, View
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import AuditEntry, Journal, Verdict
from tui.operations.journal.outcome import Outcome
from tui.operations.operation import Operation
from tui.operations.runner import OperationRunner
from tui.operations.undo import UNDO_SECONDS, LastUndo
from tui.project import Project
from tui.session.registry import SessionRegistry
from tui.session.watched import Watched
from tui.ui.dialogs.verdicts import outcome_tone

C = TypeVar("C")


@dataclass
class SessionOptions:
    """How the operator works, in every project of a run."""

    dry_run: bool = False
    """Nothing is sent: buttons show the request."""
    under_way: int = 0
    """Operations that have begun and not ended."""


class AppServices(Protocol):
    """What dialogs need of the application."""

    clock: Clock
    chance: random.Random
    """Makes request ids."""

    @property
    def refresh_seconds(self) -> float:
        """Between polls of the agent list."""

    @property
    def times(self) -> TimeStyle:
        """How times are shown."""

    def say(self, text: str, *, tone: str = "text", toast: bool = True) -> None:
        """Tell the operator."""

    def copy_out(self, text: str) -> None:
        """Copy a text out of the terminal."""

    def action_picture(self) -> None:
        """Save a picture of the screen."""

    def later(self, work: Coroutine[object, object, None]) -> None:
        """Run it to its end, also when its dialog is closed."""

    def show(self, screen: Screen[None], closed: Callable[[], None]) -> None:
        """Put a screen over what is shown; `closed` is called when it has closed."""

    def redraw_link(self) -> None:
        """Show at once that a lock or the dry run has changed."""


class ProjectContext:
    """One project, as a dialog or an operation is given it.

    It stays with its project: a dialog goes on acting on the project it was opened for when the screen shows
    another one.
    """

    def __init__(
        self,
        app: AppServices,
        session: Watched,
        registry: SessionRegistry,
        journal: Journal,
        session_options: SessionOptions,
    ) -> None:
        self._app = app
        self._session = session
        self._registry = registry
        self._session_options = session_options
        self.journal = journal
        self.clock = app.clock
        self.chance = app.chance
        self.refresh_seconds = app.refresh_seconds
        self.project: Project = session.project
        self.store: Store = session.store
        self.undo = LastUndo(app.clock)
        self._hosts = Hosts(session.project.url, session.project.agents_url)
        self.operator = OperationRunner(
            session.remote,
            session.store,
            journal,
            clock=app.clock,
            project=session.project.name,
            hosts=self._hosts,
            new_id=self._new_id,
            nudge=session.nudge,
        )

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def report(self, entry: AuditEntry, *, is_old: bool = False) -> None:
        """Let history know of an operation, if it is of this project; `is_old` if it was read back."""
        if entry.intent.project == self.project.name and self._hosts.may_be_of(entry.intent):
            self._session.report(entry, is_old=is_old)

    @property
    def locked(self) -> bool:
        """The project is read-only now."""
        return self.project.read_only and not self._session.link().unlocked

    @property
    def dry_run(self) -> bool:
        """Nothing is sent: the operator asked for a dry run."""
        return self._session_options.dry_run

    @property
    def refusal(self) -> str:
        """Why nothing can be changed in this session, in words; empty where it can."""
        return self._session.refusal

    def is_of(self, session: Watched) -> bool:
        """Whether it acts through this session."""
        return self._session is session

    def client_of(self, kind: type[C]) -> C | None:
        """The project's API client, if it is of this type; None without network."""
        return self._session.client_of(kind)

    def nudge(self, *sources: Source) -> None:
        """Ask the project now: these sources, or all."""
        self._session.nudge(*sources)

    def unlock(self, seconds: float) -> None:
        """Let a read-only project be changed for a while."""
        self._session.unlock(seconds)

    def lock(self) -> None:
        """Make an unlocked project read-only again."""
        self._session.lock()
        self._app.redraw_link()

    def view(self, selection: Selection) -> View:
        """What is known now, with this selected; times by the server's clock."""
        now = self.clock.now() + self._session.link().skew
        monotonic = self.clock.monotonic()
        return View(self.store.fleet, selection, now, monotonic, self._app.times, past=self._session.past)

    def show(self, screen: Screen[None]) -> None:
        """Put a screen about this project over what is shown. The project is watched until it has closed."""
        self._app.show(screen, self._registry.use(self._session))

    def say(self, text: str, *, tone: str = "text", toast: bool = True) -> None:
        """Tell the operator; kept in `:messages`."""
        self._app.say(text, tone=tone, toast=toast)

    def copy(self, text: str) -> None:
        """Copy a text out of the terminal."""
        self._app.copy_out(text)

    def picture(self) -> None:
        """Save a picture of the screen."""
        self._app.action_picture()

    def keep(self, work: Coroutine[object, object, None]) -> None:
        """Run it to its end, even when the dialog has closed or another project is shown."""

        async def counted() -> None:
            self._session_options.under_way += 1
            try:
                async with self._session.kept():
                    await work
            finally:
                self._session_options.under_way -= 1

        self._app.later(counted())

    def ended(self, operation: Operation, outcome: Outcome, *, seen: bool) -> None:
        """Tell the outcome of an operation, in full among the messages, and offer to undo it."""
        tone = outcome_tone(outcome)
        request = f" · request {outcome.intent.request_id}" if outcome.intent and outcome.error else ""
        undo = ""
        if outcome.verdict in (Verdict.DONE, Verdict.ACCEPTED):
            self.undo.offer(outcome.undo)
            undo = f" · u {outcome.undo.words} ({UNDO_SECONDS:.0f} s)" if outcome.undo else ""
        for text in (*outcome.items, *outcome.notes):
            self.say(text, tone=tone, toast=False)
        self.say(f"{self._with_name(outcome)}{undo}{request}", tone=tone, toast=not seen)

    def _with_name(self, outcome: Outcome) -> str:
        """What is said of an outcome, with the name of the agent beside its id."""
        agent = self.store.fleet.agent(outcome.intent.target) if outcome.intent else None
        if agent is None or not agent.name:
            return outcome.words
        return outcome.words.replace(agent.agent_id, f"{agent.name} ({agent.agent_id})", 1)
