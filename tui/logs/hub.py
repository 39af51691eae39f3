"""Every log of one project: opens them, keeps a few, closes them all. Owns the spool folder."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from tui.clock import Clock
from tui.logs import segment, spool
from tui.logs.log import Kind, Log, Notice
from tui.logs.marks import Mark
from tui.logs.read_error import ErrorListener
from tui.logs.source import LogClient, LogSource, StreamPhase
from tui.logs.spool import Spool
from tui.logs.stream import Ping
from tui.logs.watch import Dependencies, Watch

KEPT: Final = 32
"""Logs that are kept; only the newest is followed."""
FULL: Final = 4
"""Full rings that they may hold together: a glance at another agent does not cost a long log."""
MARKS_EACH: Final = 50
"""Marks that are kept of an agent whose log is not open."""
MARKED: Final = 1_000
"""Agents whose marks are kept."""
DAY: Final = 86_400.0


class LogHub:
    """Opens the logs of agents. Run `run` beside it: it raises what a task of a log raised."""

    def __init__(
        self,
        client: LogClient,
        *,
        clock: Clock,
        random: Random,
        folder: Path | None,
        ping: Ping | None = None,
        ring: int = spool.RING,
        days: float = 0.0,
        listener: ErrorListener | None = None,
    ) -> None:
        """`folder` is where spools lie, made if it is missing (0700); None keeps lines in memory.

        `ping` asks the service something cheap when a stream is silent; it raises `ApiError` if that fails.
        `ring` is the number of bytes kept per source. Spool files stay for so many `days`; 0 leaves none.
        `listener` is told of the errors in every log.
        """
        self._dependencies = Dependencies(client, clock, random, ping, self._spawn)
        self._folder = folder
        self._ring = ring
        self._days = days
        self._listener = listener
        self._watches: dict[tuple[str, ...], Watch] = {}
        self._let_go: dict[tuple[str, ...], float] = {}
        """Logs that were dropped for room, and when (Unix seconds)."""
        self._marks: dict[str, deque[Mark]] = {}
        """What happened to agents, by id, the longest unchanged first."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._failed = asyncio.Event()

    @property
    def folder(self) -> Path | None:
        """Where spool files are, also those kept from earlier runs."""
        return self._folder

    @property
    def followed(self) -> frozenset[str]:
        """Ids of the agents whose logs are followed now."""
        return frozenset(
            source.agent_id
            for watch in self._watches.values()
            for source in watch.opened
            if source.log_type == "deploy"
        )

    def watch(self, sources: Sequence[LogSource], kind: str = "") -> Watch:
        """Follow these sources and no others. A log that was followed before is continued.

        Those whose `log_type` is `kind` are opened, the others offered; empty is `deploy` unless there are
        only builds. What agents print and what their builds printed are two logs.
        """
        if not kind:
            kind = "build" if all(source.log_type == "build" for source in sources) else "deploy"
        key = (kind, *sorted({source.agent_id for source in sources}))
        watch = self._watches.pop(key, None) or self._new(key)
        for other in self._watches.values():
            other.pause()
        self._watches[key] = watch
        self._make_room(watch)
        watch.offer(sources)
        return watch

    def mark(self, agent_id: str, mark: Mark) -> None:
        """Show what happened to an agent in its log, also if that is opened later."""
        kept = self._marks.pop(agent_id, None) or deque(maxlen=MARKS_EACH)
        kept.append(mark)
        self._marks[agent_id] = kept
        if len(self._marks) > MARKED:
            del self._marks[next(iter(self._marks))]
        for key, watch in self._watches.items():
            if agent_id in key[1:]:
                watch.log.mark((mark,))

    def leave(self) -> None:
        """Follow nothing; the logs are kept for later."""
        for watch in self._watches.values():
            watch.pause()

    def nudge(self, agent_id: str) -> None:
        """This agent changed: its waiting streams try again now. A refused stream waits its time."""
        for key, watch in self._watches.items():
            if agent_id in key:
                watch.nudge(StreamPhase.ASLEEP, StreamPhase.WAITING, StreamPhase.GONE)

    async def run(self) -> None:
        """Wait until cancelled, then close everything. Raises the unexpected error of a stream."""
        try:
            await self._failed.wait()
            if self._failure:
                raise self._failure
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """End every stream and remove the spools."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for watch in self._watches.values():
            watch.log.close()
        self._watches.clear()

    def _make_room(self, newest: Watch) -> None:
        """Drop the logs that were not looked at for longest, but never the newest."""
        spool = newest.log.spool
        most = FULL * (spool.memory_ring if spool.trouble else self._ring)
        sizes = {key: watch.log.spool.size for key, watch in self._watches.items()}
        for key in list(self._watches)[:-1]:
            if len(sizes) <= KEPT and sum(sizes.values()) <= most:
                break
            del sizes[key]
            self._watches.pop(key).log.close()
            self._let_go[key] = self._dependencies.clock.now()

    def _new(self, key: tuple[str, ...]) -> Watch:
        if self._folder is not None:
            with suppress(OSError):  # the spool finds out, says so in the log and goes on in memory
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = self._dependencies.clock.now()
        stem = _safe("-".join(key)[:60])
        if self._days and self._folder is not None:
            segment.retire(self._folder, now - self._days * DAY)
            stem += datetime.fromtimestamp(now, UTC).strftime("-%Y%m%dT%H%M%SZ")
        spool = Spool(self._folder, stem=stem, ring=self._ring, keep=self._days > 0)
        log = Log(spool, listener=self._listener)
        if (gone := self._let_go.pop(key, None)) is not None:
            why = "the logs looked at since needed the room"
            log.notify(Notice("what was received before was let go", Kind.INFO, 0, gone, reason=why))
        log.mark(mark for agent_id in key[1:] for mark in self._marks.get(agent_id, ()))
        return Watch(log, self._dependencies, ring=self._ring, kind=key[0])

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._failure = error
            self._failed.set()


def _safe(name: str) -> str:
    """A file name without path characters: ids come from the service."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)
