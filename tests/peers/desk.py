"""What lktop makes of a server's answers, without a screen: client, store, polling and cells of the tree."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.api.scripted import connected
from tests.peers.site import KEY
from tui.api.client import Client
from tui.clock import Clock
from tui.fleet.cells import Cells
from tui.fleet.poller import Poller
from tui.fleet.room_scheduler import AGAIN
from tui.fleet.state import Fleet, Selection, View
from tui.fleet.store import Store
from tui.fleet.tree import Tree, every_key, find_dispatch, split
from tui.ui.panes.branches import dispatch_cells, job_cells, participant_cells, room_cells


class Desk:
    """A project under watch, with a room selected."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self.client = client
        self.clock = clock
        self.store = Store(clock)
        self._poller = Poller(client, self.store, clock=clock, chance=random.Random(7))

    @property
    def fleet(self) -> Fleet:
        """What is known."""
        return self.store.fleet

    @property
    def view(self) -> View:
        """What a pane is given."""
        return View(self.fleet, self._poller.selection, self.clock.now(), self.clock.monotonic())

    async def look(self, room: str) -> None:
        """Poll everything; once more after a while if the room was not due yet, or if it did not answer."""
        self._poller.select(Selection(room=room, rooms_in_view=(room,)))
        before = self.fleet.fresh_room(room).dispatches_at
        await self._poller.once()
        if self.fleet.fresh_room(room).dispatches_at == before:
            await self.clock.sleep(AGAIN)
            await self._poller.once()

    def shown(self) -> str:
        """The tree, and what is said of sources that do not answer."""
        errors = (f"{name}: {fresh.error}" for name, fresh in self.fleet.freshness.items() if fresh.failures)
        return "\n".join((self.tree(), *errors))

    def tree(self) -> str:
        """The tree with every node open, line by line."""
        tree, view = Tree(), self.view
        tree.toggle_all(every_key(self.fleet), True)
        rooms = [room.name for room in self.fleet.rooms]
        return "\n".join(self._line(tree, view, key) for key in tree.flatten(self.fleet, rooms, view.now))

    def _line(self, tree: Tree, view: View, key: str) -> str:
        node = tree.nodes[key]
        room, dispatch_id, job_id = split(key)
        dispatch = find_dispatch(self.fleet, room, dispatch_id)
        if dispatch is None:
            return _text(room_cells(view, node, room, tree.of_room(self.fleet, room, view.now)))
        job = next((item for item in dispatch.jobs if item.id == job_id), None)
        if job is None:
            return _text(dispatch_cells(view, node, dispatch, revealed=False))
        if node.kind == "participant" and job.participant:
            return _text(participant_cells(job.participant))
        return _text(job_cells(view, node, job))


def _text(cells: Cells) -> str:
    return " | ".join(cell.text for cell in cells)


@asynccontextmanager
async def desk(url: str, secret: str, clock: Clock) -> AsyncIterator[Desk]:
    """A desk at a server."""
    async with connected(url, key=KEY, secret=secret, clock=clock) as client:
        yield Desk(client, clock)
