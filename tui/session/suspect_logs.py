"""Looks into the logs of agents that just broke. Must not know who counts the errors."""

from __future__ import annotations

import asyncio
from typing import Final

from tui.api.models import Agent
from tui.clock import Clock
from tui.fleet.status import worst
from tui.fleet.store import Change, Store
from tui.logs.glance import glance
from tui.logs.hub import LogHub
from tui.logs.read_error import ReadError
from tui.logs.source import LogClient, LogSource
from tui.session.log_errors import LogErrors
from tui.session.log_sources import sources

STREAMS: Final = 2
"""Logs that are read at the same time."""
_NOT_SAID: Final = ("Build Failed", "Server Error", "Suspended")
"""Error states that an agent's log says nothing of."""


class SuspectLogs:
    """Reads the log of every suspect that is broken, once whenever it breaks."""

    def __init__(self, client: LogClient, store: Store, hub: LogHub, errors: LogErrors, clock: Clock) -> None:
        self._client, self._store, self._hub, self._errors, self._clock = client, store, hub, errors, clock
        self._done: dict[str, float] = {}
        """Suspects that were read, with the time since which they were ones."""
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled."""
        stop = self._store.subscribe(self._see)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(STREAMS):
                    group.create_task(self._work())
        finally:
            stop()

    def _see(self, change: Change) -> None:
        if "suspects" in change.fields:
            self._wake.set()

    async def _work(self) -> None:
        while True:
            agent = self.next()
            if agent is None:
                self._wake.clear()
                await self._wake.wait()
            else:
                await self.read(agent)

    def next(self) -> Agent | None:
        """The newest suspect whose log is to be read, which counts as read from now on; None for none."""
        fleet = self._store.fleet
        self._done = {agent_id: since for agent_id, since in self._done.items() if agent_id in fleet.suspects}
        for agent_id, since in fleet.suspects.items():
            agent = fleet.agent(agent_id)
            if agent is None or self._done.get(agent_id) == since or not _tells(agent):
                continue
            self._done[agent_id] = since
            if agent_id not in self._hub.followed:  # who follows it tells more
                return agent
        return None

    async def read(self, agent: Agent) -> None:
        """Look into the log of its worst deployment."""
        found = _Found()
        if await glance(self._client, sources(agent)[0], self._clock, found):
            self._errors.read(sources(agent)[0])
            self._errors.glanced(found.errors)


def _tells(agent: Agent) -> bool:
    state = worst(agent)
    return state.problem and state.name not in _NOT_SAID


class _Found:
    """`ErrorListener` that keeps the errors."""

    def __init__(self) -> None:
        self.errors: list[ReadError] = []

    def found(self, error: ReadError) -> None:
        """An error was read."""
        self.errors.append(error)

    def read(self, source: LogSource) -> None:
        """Told once it is known that there were lines at all."""
