"""lktop at a server without a screen: its session, operations, and the cells of its tree."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fixtures.views import words
from tests.peers.site import KEY
from tui.api.errors import ApiError
from tui.api.models import moment
from tui.clock import Clock
from tui.fleet.lists.tree import every_key
from tui.fleet.state import Fleet
from tui.fleet.view import Selection, View
from tui.operations.fields import Answers
from tui.operations.join_watch import JoinWatch
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import Journal
from tui.operations.operation import Operation
from tui.operations.registry import BY_ID
from tui.operations.runner import OperationRunner
from tui.project import Project
from tui.secret import Secret
from tui.session.live import Session
from tui.ui.main_screen.header import header
from tui.ui.panes.dispatches import DispatchesPane

ROUNDS = 5
"""Rounds after the first: not everything is due at once."""
BETWEEN = 3.0
"""Seconds between two rounds: participants of the selected room are asked for again after nine."""
WIDTH = 300
"""Cells of a terminal in which nothing is cut."""
PER_MINUTE = 100_000
"""No budget is in the way."""
DISPATCH: Operation = BY_ID["dispatch"]


class Desk:
    """A project under watch, with a room selected and an agent to dispatch."""

    def __init__(self, agent: str, session: Session, clock: Clock, journal: Journal) -> None:
        self.session = session
        self.clock = clock
        self.outcome = ""
        """Of the newest dispatch: verdict and words."""
        self.took = 0.0
        """Seconds from its key to its outcome."""
        self._agent = agent
        self._selection = Selection()
        self._operator = OperationRunner(
            session.remote,
            session.store,
            journal,
            clock=clock,
            project=session.project.name,
            hosts=Hosts(session.project.url, session.project.agents_url),
            new_id=lambda: f"{random.randrange(1 << 60):x}",
            nudge=session.nudge,
        )

    @property
    def fleet(self) -> Fleet:
        """What is known."""
        return self.session.store.fleet

    @property
    def view(self) -> View:
        """What a pane is given."""
        return View(self.fleet, self._selection, self.clock.now(), self.clock.monotonic())

    # ---- looking --------------------------------------------------------------------------------------

    async def look(self, room: str) -> None:
        """Poll everything, until the room was answered anew, or is known not to be, and who is in it."""
        self._selection = Selection(room=room, rooms_in_view=(room,))
        self.session.select(self._selection)
        before = self.fleet.fresh_room(room)
        await self.session.poller.once()
        for _ in range(ROUNDS):
            if all(room != listed.name for listed in self.fleet.rooms):
                break
            now = self.fleet.fresh_room(room)
            is_in_trouble = now.failures > before.failures and bool(self.fleet.room_error(room))
            is_told = now.dispatches_at != before.dispatches_at or is_in_trouble
            if is_told and now.participants_at not in (None, before.participants_at):
                break
            await self.clock.sleep(BETWEEN)
            await self.session.poller.once()

    def shown(self) -> str:
        """Tree, header, sources that fail, the newest dispatch, and what the form says of another."""
        errors = (f"{name}: {fresh.error}" for name, fresh in self.fleet.freshness.items() if fresh.failures)
        hints = DISPATCH.hints(self.view, Answers({"agent": self._agent, "room": self._selection.room}))
        form = (f"form: {hint.text}" for hint in hints)
        return "\n".join((self.tree(), self._header(), *errors, self.outcome, self._join(), *form))

    def _header(self) -> str:
        """The second line of the header: the state of the data and the connection."""
        _, line = header(self.view, self.session.project, self.session.link(), WIDTH)
        return f"header: {words(line).strip()}"

    def _join(self) -> str:
        """What the dialog says of the dispatch that was made last, from what is known of its room."""
        here = self.fleet.dispatches.get(self._selection.room, ())
        made = next((item for item in reversed(here) if item.agent_name == self._agent and item.state), None)
        if made is None or made.state is None:
            return ""
        now = self.fleet.fresh_room(made.room).dispatches_at or 0.0
        age = self.view.unix(now) - (moment(made.state.created_at) or 0.0)
        watch = JoinWatch(made, started=now - age, accepted=0.0)
        watch.saw(made, self.fleet.participants.get(made.room), now)
        joining = watch.join(self.fleet, now)
        return f"join: {joining.verdict}; {joining.cause}"

    def tree(self) -> str:
        """The tree with every node open, line by line."""
        pane, view = DispatchesPane(), self.view
        pane.tree_model.toggle_all(every_key(self.fleet), True)
        lines = [pane.cells(view, key) for key in pane.keys(view)]
        return "\n".join(" | ".join(cell.text for cell in line) for line in lines) or pane.empty(view)

    # ---- dispatching ----------------------------------------------------------------------------------

    async def dispatch(self, room: str, metadata: str = "") -> None:
        """Dispatch as the form does: the target is read anew, and then it is sent."""
        answers = DISPATCH.resolve(Answers({"agent": self._agent, "room": room, "metadata": metadata}))
        began = self.clock.monotonic()
        try:
            view = await self._operator.reread(DISPATCH, self.view, answers)
        except ApiError as error:
            self.outcome = f"not read: {error}"
            return
        DISPATCH.check(view, answers)
        outcome = await self._operator.perform(DISPATCH, view, answers)
        self.outcome = f"{outcome.verdict}: {outcome.words}"
        self.took = self.clock.monotonic() - began


@asynccontextmanager
async def desk(agent: str, url: str, secret: str, clock: Clock, folder: Path) -> AsyncIterator[Desk]:
    """A desk at a server; its journal is in a folder."""
    project = Project(
        name="peers",
        url=url,
        agents_url=url,
        api_key=KEY,
        api_secret=Secret(secret),
        source="test",
        requests_per_minute=PER_MINUTE,
    )
    session = Session(project, clock=clock, chance=random.Random(7), refresh=2.0)
    try:
        yield Desk(agent, session, clock, Journal(folder / "journal.jsonl", clock))
    finally:
        await session.client.aclose()
