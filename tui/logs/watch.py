"""One log being followed: its streams, and the pump that moves what they bring into the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tui.clock import Clock
from tui.logs.assembler import Assembler
from tui.logs.log import Log
from tui.logs.merge import LogWriter
from tui.logs.source import LogClient, LogSource, StreamPhase, StreamState, tag_of
from tui.logs.stream import UNREAD, LogStream, Ping

MOST: Final = 6
"""Streams of one log that are open at the same time."""
BATCH: Final = 0.025
"""Seconds between two rounds of the pump: bytes that come meanwhile are handled together."""
TOGETHER: Final = 1.0
"""Seconds that streams opened together wait for each other, so that their first lines are merged."""
SLICE: Final = 512 * 1024
"""Bytes handled in one round; then the screen can draw."""

Key = tuple[str, str, str, str]


class Dependencies(Struct, frozen=True):
    """What a log and its streams are given: client, clock, tasks."""

    client: LogClient
    clock: Clock
    random: Random
    ping: Ping | None
    spawn: Callable[[Coroutine[None, None, None]], asyncio.Task[None]]
    """Starts a task whose failure ends the program."""


class Watch:
    """One log and the streams that write to it."""

    def __init__(self, log: Log, dependencies: Dependencies, *, ring: int, kind: str = "deploy") -> None:
        """`ring` is the number of bytes kept per open source, `kind` the log type that is opened unasked."""
        self.log = log
        self.candidates: tuple[LogSource, ...] = ()
        """The sources that could be opened, in the order offered."""
        self._dependencies = dependencies
        self._clock = dependencies.clock
        self._ring = ring
        self._kind = kind
        self._writer = LogWriter(log)
        self._assemblers: dict[Key, Assembler] = {}
        """One for each stream that was ever opened: when it is opened again, it goes on."""
        self._running: dict[Key, tuple[LogStream, asyncio.Task[None]]] = {}
        self._wanted: set[Key] = set()
        self._pumping: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    @property
    def opened(self) -> tuple[LogSource, ...]:
        """The sources whose streams are kept open."""
        return tuple(stream.source for stream, _ in self._running.values())

    def offer(self, sources: Sequence[LogSource]) -> None:
        """Follow these: as many of the wanted kind as may be open. A notice announces a new version."""
        known = {source.key for source in self.candidates}
        self.candidates = tuple(sources)
        keys = {source.key for source in sources}
        for source in self.opened:
            if source.key not in keys:
                self._stop(source.key)
        for source in sources:
            if source.key in self._running:
                self._renew(source)
            elif source.key in self._wanted or (source.key not in known and self._opens(source)):
                self.open(source)

    def _opens(self, source: LogSource) -> bool:
        """A new source is opened without being asked for. Of builds only the first: two would interleave."""
        return source.log_type == self._kind and (source.log_type != "build" or not self.opened)

    def open(self, source: LogSource) -> bool:
        """Open a stream; False when as many as may be are open."""
        if source.key not in self._running and len(self._running) >= MOST:
            return False
        self._wanted.add(source.key)
        if source.key not in self._running:
            self._start(source)
        return True

    def close(self, source: LogSource) -> None:
        """Close a stream; its lines stay."""
        self._wanted.discard(source.key)
        self._stop(source.key)

    def pause(self) -> None:
        """Close every stream for now; `offer` opens them again."""
        for source in self.opened:
            self._stop(source.key)
        self._release(everything=True)
        if self._pumping:
            self._pumping.cancel()
            self._pumping = None

    def nudge(self, *phases: StreamPhase) -> None:
        """Try again now the streams that are in one of these phases."""
        for key, (stream, _) in self._running.items():
            if self._assemblers[key].stream.phase in phases:
                stream.nudge()

    async def _pump(self) -> None:
        """Run a round when something has arrived, at most one every `BATCH` seconds."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            more = self._round()
            if more or self._writer.waiting or any(part.settling for part in self._assemblers.values()):
                self._wake.set()
            await self._clock.sleep(0 if more else BATCH)

    def _round(self) -> bool:
        """Move what came in into the log, up to `SLICE` bytes; True when there is more to do at once."""
        now, wall = self._clock.monotonic(), self._clock.now()
        share = SLICE // max(1, len(self._running))
        more = False
        for key, (stream, _) in self._running.items():
            self._assemblers[key].handle(stream.take(share), now, wall)
            more |= stream.waiting
        self._release()
        more |= self.log.count_errors()
        self.log.changed()
        return more

    def _start(self, source: LogSource) -> None:
        assembler = self._assemblers.get(source.key) or self._add(source)
        state = replace(assembler.stream, source=source)
        self.log.streams[assembler.tag] = state.now(StreamPhase.CONNECTING, self._clock.monotonic())
        given = self._dependencies
        stream = LogStream(
            source,
            given.client,
            clock=given.clock,
            random=given.random,
            ping=given.ping,
            wake=self._wake.set,
        )
        self._running[source.key] = (stream, given.spawn(stream.run()))
        if self._pumping is None:
            self._pumping = given.spawn(self._pump())
        self._recount()

    def _stop(self, key: Key) -> None:
        if running := self._running.pop(key, None):
            stream, task = running
            task.cancel()
            now, wall = self._clock.monotonic(), self._clock.now()
            self._assemblers[key].handle(stream.take(2 * UNREAD), now, wall)
            self._assemblers[key].closed(now, wall)
            self._recount()

    def _add(self, source: LogSource) -> Assembler:
        tag = len(self._assemblers)
        several = len({candidate.agent_id for candidate in self.candidates}) > 1
        stream = StreamState(source, "", of_several_agents=several)
        taken = {other.tag for other in self.log.streams.values()}
        self.log.streams[tag] = replace(stream, tag=tag_of(stream.label, taken))
        self._assemblers[source.key] = assembler = Assembler(tag, self._writer)
        return assembler

    def _renew(self, source: LogSource) -> None:
        """The fleet knows more about an open source. A new version is another instance: follow that one."""
        stream, _ = self._running[source.key]
        was, stream.source = stream.source, source
        self._assemblers[source.key].deployed(source, self._clock.monotonic(), self._clock.now())
        if was.version and was.version != source.version:
            self._stop(source.key)
            self._start(source)

    def _begins(self, now: float) -> bool:
        """A stream was just opened for the first time, and its earlier lines are still to come."""
        streams = (self._assemblers[key].stream for key in self._running)
        return any(
            stream.phase in (StreamPhase.CONNECTING, StreamPhase.OPEN)
            and not stream.heard
            and now - stream.since < TOGETHER
            for stream in streams
        )

    def _recount(self) -> None:
        self._writer.merging = len(self._running) > 1
        self.log.spool.ring = max(self.log.spool.ring, self._ring * max(1, len(self._running)))
        self._wake.set()

    def _release(self, *, everything: bool = False) -> None:
        clock = self._clock
        if not everything and self._writer.merging and self._begins(clock.monotonic()):
            return  # the earlier lines of the first to answer belong between those of the others
        self._writer.release(clock.monotonic(), clock.now(), everything=everything)
