"""A recorded project, watched like a live one but without network. Nothing in it can be changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, NoReturn, TypeVar
from urllib.parse import urlsplit

from tui.api.errors import NotSent
from tui.clock import Clock, Moment
from tui.fleet.past import Past, Subject
from tui.fleet.polling.sources import Source
from tui.fleet.reason import Reason
from tui.fleet.state import Fleet
from tui.fleet.store import Change, Store
from tui.fleet.times import TimeStyle, second_of
from tui.fleet.view import Selection
from tui.formats import age
from tui.history.events.derive import State, derive
from tui.history.records import Sample
from tui.history.store import Reader
from tui.history.timeline import History, Timeline, after
from tui.logs.hub import LogHub
from tui.operations.journal.journal import AuditEntry
from tui.operations.remote import Remote
from tui.project import Project
from tui.session.reasons import Diagnoses
from tui.session.watched import Link, NoHistory

C = TypeVar("C")

REFUSAL: Final = "this is a recording, and nothing can be changed in it"
"""Why nothing can be changed."""
UNASKED: Final = "recorded: nothing more can be asked"
"""Why no call is made."""
KEPT: Final = "a recording stays as it is: a note is made where it is recorded"
"""Why nothing can be noted."""
PAST: Final = "nothing can be changed in the past: ctrl+t goes back to now"
"""The same in the past of a project that is watched live."""
_SUBJECTS: Final[Mapping[str, Callable[[Selection], str]]] = {
    "versions": lambda selection: selection.agent_id,
    "secrets": lambda selection: selection.agent_id,
    "participants": lambda selection: selection.room,
}
"""Sources that follow the selection → what they are about."""


class Replay:
    """The `Watched` of a recording. It shows one fleet, until `show_sample` goes to a moment of the past."""

    def __init__(
        self,
        project: Project,
        fleet: Fleet,
        *,
        clock: Clock,
        past: Timeline | None = None,
        logs: LogHub | None = None,
        link: Link | None = None,
        read: Callable[[], Reader] | None = None,
        noted: Callable[[str, Subject, str], str] | None = None,
        refusal: str = REFUSAL,
    ) -> None:
        """`past` is what is remembered of the fleet; without, it is seen for the first time.

        `link` is what is said of the connection. `read` opens what was recorded before; it is called in a
        thread, and raises `NoHistory`. `noted` keeps a note, as `note` does; without, none is kept. `refusal`
        is why nothing can be changed.
        """
        self.project = project
        self.logs = logs
        self._read = read
        self._noted = noted
        self._refusal = refusal
        seen = Moment(clock.now(), clock.now())  # one clock was recorded
        first = derive(State(), Change(Fleet(), fleet, frozenset(vars(fleet)), seen))
        state = past.continued(first.state) if past else first.state
        self._history = History(state, past or after(Timeline(), first))
        self._selection = Selection()
        host = urlsplit(project.url).netloc
        self._link = link or Link(hosts=f"recording of {host}" if host else "recording", budget=0)
        self._clock = clock
        self._diagnoses = Diagnoses()
        self._sample: Sample | None = None
        self._past: Past | None = None
        """What was remembered at that sample."""
        self._followers: dict[object, Callable[[], None]] = {}
        self.store = Store(clock, fleet)
        self.store.subscribe(self._record)

    def show_sample(self, sample: Sample, past: Past) -> None:
        """Put a sample into the store, and what was remembered then beside it."""
        is_same, self._sample, self._past = sample is self._sample, sample, past
        if is_same or not self.store.update(lambda _: _about(sample.fleet, self._selection)):
            self._tell()

    def show_past(self, past: Past) -> None:
        """More is known of what was remembered at that sample."""
        self._past = past
        self._tell()

    @property
    def past(self) -> Past:
        """What was known of the past at the moment that is shown."""
        return self._past or self._history.past

    @property
    def moment(self) -> Moment:
        """When that was known which is shown."""
        if self._sample is None:
            return Moment.read(self._clock)
        return Moment(self._sample.stamp.at, self._sample.stamp.mono)

    def reasons(self, style: TimeStyle) -> Mapping[str, Reason]:
        """Why agents are broken, by id, with times in a style."""
        return self._diagnoses.of(self.store.fleet, self.past, self.moment, style)

    def _record(self, change: Change) -> None:
        if self._sample is None:  # going to another moment is no event
            self._history.record(change)

    def follow(self, told: Callable[[], None]) -> Callable[[], None]:
        """Be told when more is known of the past, also without a change."""
        key = object()
        self._followers[key] = told

        def stop() -> None:
            self._followers.pop(key, None)

        return stop

    def _tell(self) -> None:
        for told in tuple(self._followers.values()):
            told()

    def report(self, entry: AuditEntry, *, is_old: bool = False) -> None:
        """What is done now is no part of a recording."""

    def note(self, text: str, subject: Subject, by: str, at: float | None = None) -> str:
        """A recording stays as it is, unless it is this machine's own, which goes on."""
        return KEPT if self._noted is None else self._noted(text, subject, by)

    @property
    def unrecorded(self) -> str:
        """A recording stays as it is: whoever takes notes on it knows where they are."""
        return ""

    async def run(self) -> None:
        """Keep logs open until cancelled; nothing is polled."""
        if self.logs is not None:
            await self.logs.run()
        else:
            await asyncio.Event().wait()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """There are no connections to keep open."""
        yield

    def select(self, selection: Selection) -> None:
        """Show the details of what is selected, as far as they were recorded."""
        self._selection = selection
        self.store.update(lambda fleet: _about(fleet, selection))

    def nudge(self, *sources: Source) -> None:
        """Nothing newer can be asked for."""

    def link(self) -> Link:
        """Says that this is a recording, and of which moment."""
        if self._sample is None:
            return self._link
        at, now = self._sample.stamp.at, self._clock.now()
        ago = age(now - at)
        ago = f"{ago} ago" if ago.startswith("<") else f"−{ago}"
        words = f"{second_of(at, now=now, style=TimeStyle.LOCAL)} ({ago})"
        return replace(self._link, past=words)

    async def open_recording(self) -> Reader:
        """What was recorded."""
        if self._read is None:
            raise NoHistory("nothing is recorded here")
        return await asyncio.to_thread(self._read)

    async def forget(self) -> str:
        """A recording is not forgotten by looking at it."""
        return self._refusal

    def raw(self, item: object) -> bytes:
        """Empty: what was received is not part of a recording."""
        return b""

    @property
    def remote(self) -> Remote:
        """Refuses every call with `NotSent`."""
        return _RefusingRemote()

    @property
    def refusal(self) -> str:
        """Why nothing can be changed."""
        return self._refusal

    def client_of(self, kind: type[C]) -> C | None:
        """None: there is no network."""
        return None

    def unlock(self, seconds: float) -> None:
        """A recording stays as it is."""

    def lock(self) -> None:
        """A recording stays as it is."""


def _about(fleet: Fleet, selection: Selection) -> Fleet:
    """The fleet with its details counted as those of what is selected."""
    about = {
        name: replace(fleet.freshness[name], subject=subject(selection))
        for name, subject in _SUBJECTS.items()
        if name in fleet.freshness
    }
    return replace(fleet, freshness={**fleet.freshness, **about})


class _RefusingRemote:
    """A `Remote` without network."""

    async def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise NotSent(UNASKED)

    list_agents = list_versions = list_secrets = list_rooms = list_participants = _refuse
    list_dispatches = exact_dispatches = raw_dispatch = list_links = link_status = settings = change = _refuse
