"""A project watched over the network: its client, store, poller and logs. Must not know how it is shown.

It is long because all that belongs to one project meets here.
"""

from __future__ import annotations

import asyncio
import logging
import math
import platform
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tui import __version__
from tui.api.auth import Credentials
from tui.api.budget import Budget
from tui.api.caller import Endpoint
from tui.api.client import Client
from tui.api.health import Health
from tui.api.hosts import Host
from tui.api.models import Wire
from tui.api.transport import WriteGuard
from tui.clock import Clock, Moment
from tui.fleet.past import Event, Past, Subject
from tui.fleet.polling.poller import Poller
from tui.fleet.polling.sources import SOURCES, Source
from tui.fleet.reason import Reason
from tui.fleet.state import QUIET_FACTOR
from tui.fleet.store import Store
from tui.fleet.times import TimeStyle
from tui.fleet.view import Selection
from tui.history.events.derive import GAP_AFTER, Resumed, State, Step, Tick
from tui.history.files.folder_place import FolderPlace
from tui.history.recorder import Recorder, forgotten
from tui.history.records import Run
from tui.history.store import Reader
from tui.history.timeline import History
from tui.logs.hub import LogHub
from tui.logs.source import LogSource
from tui.logs.spool import RING
from tui.operations.journal.journal import AuditEntry
from tui.operations.remote import Remote
from tui.project import Project
from tui.record_options import RecordOptions
from tui.session.log_errors import LogErrors
from tui.session.reasons import Diagnoses
from tui.session.recordings import opened
from tui.session.reports import marks_of, of_entry, of_note
from tui.session.suspect_logs import SuspectLogs
from tui.session.watched import Link, NoHistory

_log = logging.getLogger(__name__)

C = TypeVar("C")

TICK = 5.0
"""Seconds between two looks at what time alone makes an event."""
TOGETHER = 1.0
"""Seconds for which errors in logs are gathered before they are told."""
POLLS_SEEN = 2.5
"""Polls of the agents, at their slowest, after which what happened between them was not seen."""


class Session:
    """The live `Watched`. Raises `BadTarget` for an address that may not see the project's token."""

    def __init__(
        self,
        project: Project,
        *,
        clock: Clock,
        chance: random.Random,
        refresh: float,
        sources: Sequence[Source] = SOURCES,
        spool_dir: Path | None = None,
        log_bytes: int = RING,
        log_days: float = 0.0,
        report: Callable[[str], None] | None = None,
        history_dir: Path | None = None,
        record: RecordOptions | None = None,
        log_suspects: bool = True,
    ) -> None:
        """Log lines are kept in `spool_dir`: `log_bytes` per source, for `log_days` days after the end.

        `log_suspects`: the logs of agents that break are looked into, though nobody has opened them.

        `report` is told of our own bugs that do not end the session, and of what cannot be recorded. History
        is kept in `history_dir`, unless `record` is None or the project is not to be recorded.
        """
        self.project = project
        self._clock = clock
        self.store = Store(clock, report=report)
        self._notes = 0
        self._run = run = f"{chance.getrandbits(32):08x}-"
        gap_after = max(GAP_AFTER, POLLS_SEEN * QUIET_FACTOR * refresh)
        state = State(project=project.key, run=run, gap_after=gap_after)
        self._history = History(state, skew=self._skew)
        self.store.subscribe(self._history.record)  # before the screen, which shows what it derives
        self.recorder: Recorder | None = None
        """Keeps the history; None where none is kept."""
        self._place: FolderPlace | None = None
        if history_dir is not None:
            kept = record or RecordOptions()
            this = _this_run(run, clock)
            self._place = FolderPlace(history_dir, project.key, kept, this, gap_after=gap_after)
        if self._place is not None and record is not None and project.record:
            self.recorder = Recorder(
                self._place,
                clock=clock,
                skew=self._skew,
                report=report or _log.warning,
                received=self._history.add,
            )
            self._history.follow(self.recorder.told)
        endpoint = Endpoint(
            url=project.url,
            agents_url=project.agents_url,
            credentials=Credentials(project.api_key, project.api_secret),
            ca_file=project.ca_file,
            proxy=project.proxy,
            unused_proxy=project.unused_proxy,
        )
        budget = Budget(project.requests_per_minute, clock)
        self.client = Client(
            endpoint, budget=budget, clock=clock, gate=WriteGuard(read_only=project.read_only)
        )
        self._orders = self.client.ordered()
        self.poller = Poller(
            self.client, self.store, clock=clock, chance=chance, refresh=refresh, sources=sources
        )
        self._errors = LogErrors(clock, self.client.sent)
        self.logs = LogHub(
            self.client,
            clock=clock,
            random=chance,
            folder=spool_dir,
            ping=self._ping,
            ring=log_bytes,
            days=log_days,
            listener=self._errors,
        )
        self._suspect_logs = (
            SuspectLogs(self.client, self.store, self.logs, self._errors, clock) if log_suspects else None
        )
        self._history.follow(lambda step: self._mark(step.events))
        self._diagnoses = Diagnoses()
        self._users = 0
        self._is_over = False

    async def _ping(self, source: LogSource) -> None:
        """Ask something cheap while a log is silent."""
        await self.client.settings()

    async def run(self) -> None:
        """Poll and stream until cancelled. Connections that `kept` holds stay open."""
        try:
            if self.recorder is not None:
                await self._begin_to_record(self.recorder)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._history.run())
                group.create_task(self.poller.run())
                group.create_task(self.logs.run())
                group.create_task(self._tick())
                group.create_task(self._follow_errors())
                if self._suspect_logs is not None:
                    group.create_task(self._suspect_logs.run())
        finally:
            self._is_over = True
            self.tell_errors()
            if self.recorder is not None:
                await self.recorder.stop()
            await self._close_unless_used()

    async def _begin_to_record(self, recorder: Recorder) -> None:
        """Go on from what earlier runs knew, before the first answer is held against it."""
        loaded = await recorder.load()
        if loaded is not None:
            known = Resumed(loaded.fleet, loaded.at)
            held = loaded.events, loaded.failed_jobs, loaded.begun, loaded.job_counts
            self._history.resume(known, loaded.since, *held)
            self._mark(loaded.events)
        recorder.start()

    async def _tick(self) -> None:
        """Let history see that time passes, also where no answer comes."""
        while True:
            await self._clock.sleep(TICK)
            self._history.take(Tick(self.store.fleet, Moment.read(self._clock)))

    async def _follow_errors(self) -> None:
        """Tell of errors in logs soon after they came, those of a burst together."""
        while True:
            await self._errors.has_news.wait()
            await self._clock.sleep(TOGETHER)
            self.tell_errors()

    def tell_errors(self) -> None:
        """Tell what logs have said: the store for diagnoses, the recorder of the counts."""
        counts, newest = self._errors.take()
        if self.recorder is not None and counts:
            self.recorder.count_errors(counts)
        self.store.update(lambda fleet: replace(fleet, log_errors=newest))

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keep connections open until this work finishes, also after `run` was cancelled."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            await self._close_unless_used()

    async def _close_unless_used(self) -> None:
        if self._is_over and not self._users:
            await self.client.aclose()

    def select(self, selection: Selection) -> None:
        """Fetch the details of what is selected, from now on."""
        self.poller.select(selection)

    def nudge(self, *sources: Source) -> None:
        """Ask now instead of at the next turn: the named sources, or all."""
        self.poller.nudge(*sources)

    @property
    def moment(self) -> Moment:
        """Now."""
        return Moment(self._clock.now() + (self._skew() or 0.0), self._clock.monotonic())

    @property
    def past(self) -> Past:
        """What is remembered of the fleet."""
        return self._history.past

    def reasons(self, style: TimeStyle) -> Mapping[str, Reason]:
        """Why agents are broken, by id, with times in a style."""
        return self._diagnoses.of(self.store.fleet, self.past, self.moment, style)

    def raw(self, item: object) -> bytes:
        """The JSON in which an item of a listing was received; empty where that is not kept."""
        return self.client.raw(item) if isinstance(item, Wire) else b""

    def _mark(self, events: Iterable[Event]) -> None:
        """Show in the logs of agents what happened to them."""
        for agent_id, mark in marks_of(events):
            self.logs.mark(agent_id, mark)

    def report(self, entry: AuditEntry, *, is_old: bool = False) -> None:
        """Make an event of an operation of the operator's."""
        self._history.take(of_entry(entry, self.store.fleet, is_old=is_old))

    def note(self, text: str, subject: Subject, by: str, at: float | None = None) -> str:
        """Make an event of what the operator notes."""
        self._notes += 1
        ours = self._clock.now() if at is None else at - (self._skew() or 0.0)
        note = of_note(f"{self._run}note{self._notes}", ours, text, subject, by)
        self._history.take(note)
        return ""

    @property
    def unrecorded(self) -> str:
        """Why what is noted is not on the disk, in words; empty where it is."""
        return "history is not recorded" if self.recorder is None else self.recorder.trouble

    async def open_recording(self) -> Reader:
        """What was recorded of the project, by this run and others."""
        if self._place is None:
            raise NoHistory("nothing is recorded here")
        return await asyncio.to_thread(opened, self._place.where)

    async def forget(self) -> str:
        """Remove all that was recorded of the project, by this run or another."""
        if self.recorder is not None:
            return await self.recorder.forget()
        return "" if self._place is None else await asyncio.to_thread(forgotten, self._place)

    def follow(self, told: Callable[[], None]) -> Callable[[], None]:
        """Be told when the past tells of something new, or of something in another way."""
        seen = self.past.events

        def look(step: Step) -> None:
            nonlocal seen
            if self.past.events is not seen or step.is_late:
                seen = self.past.events
                told()

        return self._history.follow(look)

    def _skew(self) -> float | None:
        health = self._health
        return health.skew if health.is_clock_known else None

    @property
    def _health(self) -> Health:
        """Of the slower of the two hosts."""
        return max(map(self.client.health, (Host.AGENTS, Host.PROJECT)), key=lambda item: item.latency)

    def link(self) -> Link:
        """State of the connection: of the two hosts, the slower one counts."""
        health = self._health
        budget = self.client.budget
        hosts = dict.fromkeys(map(self.client.address, (Host.PROJECT, Host.AGENTS)))
        return Link(
            hosts=" · ".join(hosts),
            latency=round(health.latency, 1),
            skew=round(health.skew),
            used=budget.used(),
            budget=budget.per_minute,
            slowed_to=budget.rate // 10 * 10 if budget.rate < budget.per_minute else None,
            unlocked=math.ceil(self.client.gate.remaining(self._clock.monotonic()) / 60) * 60,
        )

    @property
    def remote(self) -> Remote:
        """The client of operations: its reads do not wait until polling has left some of the budget."""
        return self._orders

    @property
    def refusal(self) -> str:
        """Empty: what a read-only project refuses is decided per request, and may be unlocked."""
        return ""

    def client_of(self, kind: type[C]) -> C | None:
        """The client, if it is of this type."""
        return self.client if isinstance(self.client, kind) else None

    def unlock(self, seconds: float) -> None:
        """Let a read-only session change things for a while."""
        self.client.gate.unlock(self._clock.monotonic(), seconds)

    def lock(self) -> None:
        """Make an unlocked session read-only again."""
        self.client.gate.lock()


def _this_run(id: str, clock: Clock) -> Run:
    """This run of the program, as it is named in a recording."""
    return Run(id, clock.now(), clock.monotonic(), platform.node(), __version__)
