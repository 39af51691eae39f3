"""What lktop makes of a server's answers, without a screen: client, store, polling and cells of the tree."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.api.scripted import connected
from tests.peers.site import KEY
from tui.api.client import Client
from tui.clock import Clock
from tui.fleet.poller import Poller
from tui.fleet.room_scheduler import AGAIN
from tui.fleet.state import Fleet, Selection, View
from tui.fleet.store import Store
from tui.fleet.tree import every_key
from tui.ui.panes.dispatches import DispatchesPane

ROUNDS = 2
"""Rounds after the first: a room that did not answer is in trouble if it is still listed after that."""


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
        """Poll everything, until the room answered anew or is known not to answer."""
        self._poller.select(Selection(room=room, rooms_in_view=(room,)))
        before = self.fleet.fresh_room(room)
        await self._poller.once()
        for _ in range(ROUNDS):
            now = self.fleet.fresh_room(room)
            is_in_trouble = now.failures > before.failures and self.fleet.room_error(room)
            if now.dispatches_at != before.dispatches_at or is_in_trouble:
                break
            await self.clock.sleep(AGAIN)
            await self._poller.once()

    def shown(self) -> str:
        """The tree, and what is said of sources that do not answer."""
        errors = (f"{name}: {fresh.error}" for name, fresh in self.fleet.freshness.items() if fresh.failures)
        return "\n".join((self.tree(), *errors))

    def tree(self) -> str:
        """The tree with every node open, line by line."""
        pane, view = DispatchesPane(), self.view
        pane.tree_model.toggle_all(every_key(self.fleet), True)
        lines = (pane.cells(view, key) for key in pane.keys(view))
        return "\n".join(" | ".join(cell.text for cell in line) for line in lines)


@asynccontextmanager
async def desk(url: str, secret: str, clock: Clock) -> AsyncIterator[Desk]:
    """A desk at a server."""
    async with connected(url, key=KEY, secret=secret, clock=clock) as client:
        yield Desk(client, clock)
