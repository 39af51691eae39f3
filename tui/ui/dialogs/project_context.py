"""One project as dialogs use it: its data, its operator, and ways to tell the operator things."""

from __future__ import annotations

import random
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Protocol

from tui.clock import Clock
from tui.fleet.state import Selection, View
from tui.fleet.store import Store
from tui.fleet.times import TimeStyle
from tui.operations.journal.journal import Journal, Verdict
from tui.operations.journal.outcome import Outcome
from tui.operations.operation import Operation
from tui.operations.runner import OperationRunner
from tui.operations.undo import UNDO_SECONDS, LastUndo
from tui.project import Project
from tui.session.watched import Watched

TONES = {Verdict.DONE: "ok", Verdict.REFUSED: "error"}


@dataclass
class SessionOptions:
    """How the operator wishes to work; the same for every project of a run."""

    dry_run: bool = False
    """Nothing is sent: buttons show requests."""
    under_way: int = 0
    """Operations whose end is still to come."""


class Application(Protocol):
    """What is needed of the application."""

    clock: Clock
    chance: random.Random

    @property
    def ascii_only(self) -> bool:
        """Draw with ASCII alone."""

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
        """Do it to its end, whatever is on the screen."""


class ProjectContext:
    """The `Service` of every dialog about one project; stays with it when another project is watched."""

    def __init__(
        self, app: Application, session: Watched, journal: Journal, session_options: SessionOptions
    ) -> None:
        self._app = app
        self._session = session
        self._session_options = session_options
        self.ascii_only = app.ascii_only
        self.clock = app.clock
        self.chance = app.chance
        self.refresh_seconds = app.refresh_seconds
        self.project: Project = session.project
        self.store: Store = session.store
        self.undo = LastUndo(app.clock)
        self.operator = OperationRunner(
            session.remote,
            session.store,
            journal,
            clock=app.clock,
            project=session.project.name,
            url=session.project.url,
            new_id=self._new_id,
            nudge=session.nudge,
        )

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    @property
    def locked(self) -> bool:
        """The session is read-only now."""
        return self.project.read_only and not self._session.link().unlocked

    @property
    def dry_run(self) -> bool:
        """The session sends nothing, by the operator's wish."""
        return self._session_options.dry_run

    def view(self, selection: Selection) -> View:
        """What is known now, with this selected; times by the server's clock."""
        now = self.clock.now() + self._session.link().skew
        return View(self.store.fleet, selection, now, self.clock.monotonic(), self._app.times)

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
        """Go on with it even when the dialog is closed, or another project is watched."""

        async def counted() -> None:
            self._session_options.under_way += 1
            try:
                async with self._session.kept():
                    await work
            finally:
                self._session_options.under_way -= 1

        self._app.later(counted())

    def ended(self, operation: Operation, outcome: Outcome, *, seen: bool) -> None:
        """Say what became of it, in full among the messages, and offer to take it back."""
        tone = "warn" if outcome.doubt else TONES.get(outcome.verdict, "warn")
        request = f" · request {outcome.intent.request_id}" if outcome.intent and outcome.error else ""
        undo = ""
        if outcome.verdict is Verdict.DONE:
            self.undo.offer(outcome.undo)
            undo = f" · u {outcome.undo.words} ({UNDO_SECONDS:.0f} s)" if outcome.undo else ""
        for text in (*outcome.items, *outcome.notes):
            self.say(text, tone=tone, toast=False)
        self.say(f"{outcome.words}{undo}{request}", tone=tone, toast=not seen)
