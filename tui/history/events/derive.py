"""Derives what happened, and nothing else does: from a change, from time, and from what is reported. Pure.

A step takes what is remembered and one input, and gives what is remembered then with what it tells. Must not
know the network, the disk or the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import Struct

from tui.clock import Moment
from tui.fleet.past import NOBODY, Event, FailedJob, JobCount, Kind, Severity, Subject
from tui.fleet.state import STALE_AFTER, Fleet, Freshness, changed_agents
from tui.fleet.store import Change
from tui.fleet.transitions import NONE, Transitions
from tui.formats import duration
from tui.history.events import agents, details, rooms
from tui.history.events.agent_listing import Listing, after_resumed, last_read
from tui.history.events.agents import AgentMemory
from tui.history.events.drafts import Draft
from tui.history.events.rooms import RoomsMemory

GAP_AFTER: Final = 60.0
"""Seconds between two answers after which it is not known what happened between them."""
JUMP: Final = 5.0
"""Seconds by which this machine's clock has to go back to be an event."""
_OF_ONE: Final = frozenset({"versions", "secrets", "participants"})
"""Sources that follow the selection."""


class Tick(Struct, frozen=True):
    """Time passed: what waits for a threshold may have reached it."""

    fleet: Fleet
    at: Moment


class Reported(Struct, frozen=True):
    """What the session reports: an operation of the operator's own, its outcome, or a note."""

    id: str
    """Unique; what is reported twice is told once."""
    at: float
    """Unix seconds by this machine's clock."""
    kind: Kind
    severity: Severity
    text: str
    subject: Subject = NOBODY
    detail: str = ""
    after: str = ""
    """The outcome in a word."""


Input = Change | Tick | Reported


class Resumed(Struct, frozen=True):
    """What was known when an earlier run ended."""

    fleet: Fleet
    at: float
    """The newest good listing of its agents; Unix seconds by the server's clock."""


class Lost(Struct, frozen=True, gc=False):
    """A source that does not answer."""

    since: float
    """The last good answer, or the first failure; Unix seconds."""
    subject: str
    """The agent or room that it was asked about."""


@dataclass(frozen=True, slots=True)
class State:
    """What has to be remembered to tell what happens next."""

    project: str = ""
    """The project's key, which every event carries."""
    run: str = ""
    """Begins the identity of every event of this run."""
    gap_after: float = GAP_AFTER
    begun: float | None = None
    """The first answer; Unix seconds by the server's clock."""
    told: int = 0
    """Events so far."""
    resumed: Resumed | None = None
    """What an earlier run knew, until a whole listing of this one was held against it."""
    last: Moment | None = None
    """The newest input, by this machine's clocks."""
    heard: Mapping[str, float] = field(default_factory=dict)
    """By source, the newest good answer; Unix seconds by the server's clock."""
    lost: Mapping[str, Lost] = field(default_factory=dict)
    """Sources that do not answer."""
    listed: Mapping[str, float] = field(default_factory=dict)
    """By agent id, when its secrets were listed last; Unix seconds by the server's clock."""
    agents: AgentMemory = field(default_factory=AgentMemory)
    rooms: RoomsMemory = field(default_factory=RoomsMemory)


class Step(Struct, frozen=True):
    """What one input tells."""

    state: State
    """What is remembered after it."""
    events: tuple[Event, ...] = ()
    transitions: Transitions = NONE
    failed: tuple[FailedJob, ...] = ()
    job_counts: tuple[JobCount, ...] = ()
    """Of jobs that succeeded; to be added to those of the same agent and minute."""
    happened: Input | None = None
    """What it follows from; None for what another process has told."""
    is_late: bool = False
    """The screen has been told already of the change that this follows from."""


def derive(state: State, happened: Input, skew: float | None = 0.0) -> Step:
    """One step. `skew`: the server's clock minus this machine's, seconds, or None while it is not known."""
    if isinstance(happened, Reported):
        draft = _reported(happened, skew or 0.0)
        return _step(state, [draft], happened.at, is_clock_unknown=skew is None)
    moment = happened.at
    at = moment.unix + (skew or 0.0)
    drafts = _jumped_back(state.last, moment)
    transitions = NONE
    failed: list[FailedJob] = []
    counts: list[JobCount] = []
    fleet = happened.fleet if isinstance(happened, Tick) else happened.after
    if isinstance(happened, Change):
        if state.begun is None:
            state = replace(state, begun=at)
        state, more, transitions = _after_change(
            state, happened, at, failed, counts, is_clock_unknown=skew is None
        )
        drafts += more
    memory, more = agents.after_a_minute(state.agents, fleet, at)
    memory = replace(memory, changes=agents.recent(memory.changes, moment.monotonic))
    state = replace(state, last=moment, agents=memory, rooms=rooms.forgetful(state.rooms, at))
    told = [*drafts, *more]
    found = tuple(failed), tuple(counts)
    return _step(state, told, at, transitions, *found, is_clock_unknown=skew is None)


def _step(
    state: State,
    drafts: list[Draft],
    at: float,
    transitions: Transitions = NONE,
    failed: tuple[FailedJob, ...] = (),
    counts: tuple[JobCount, ...] = (),
    *,
    is_clock_unknown: bool,
) -> Step:
    events = tuple(
        draft.event(f"{state.run}{state.told + number}", at, state.project, is_clock_unknown)
        for number, draft in enumerate(drafts, 1)
    )
    return Step(replace(state, told=state.told + len(events)), events, transitions, failed, counts)


def _after_change(
    state: State,
    change: Change,
    at: float,
    failed: list[FailedJob],
    counts: list[JobCount],
    *,
    is_clock_unknown: bool,
) -> tuple[State, list[Draft], Transitions]:
    before, after, fields = change.before, change.after, change.fields
    drafts: list[Draft] = []
    transitions = NONE
    listing = None
    if "agents" in fields or (state.resumed is not None and fields & {"unreadable", "cut"}):
        listing = _listing(state, change, at, is_clock_unknown=is_clock_unknown)
    if "freshness" in fields:
        state, drafts = _sources(state, before, after, at)
    if listing is not None:
        memory, more, transitions = agents.after_listing(state.agents, listing)
        state = replace(state, agents=memory, resumed=None if listing.is_whole else state.resumed)
        drafts += more
    if "versions" in fields:
        drafts += details.of_versions(before, after)
    if "secrets" in fields:
        drafts += details.of_secrets(before, after, state.listed)
    state = replace(state, listed=details.listed_secrets(state.listed, before, after, at))
    if fields & {"dispatches", "participants", "room_freshness"}:
        held, more, news_of_jobs, succeeded = rooms.after_answers(
            state.rooms, before, after, fields, at, change.at.monotonic
        )
        state = replace(state, rooms=held)
        drafts += more
        failed += news_of_jobs
        counts += succeeded
    return state, drafts, transitions


def _listing(state: State, change: Change, at: float, *, is_clock_unknown: bool) -> Listing:
    """The listing of agents that came, and the one that it is held against."""
    before, after = change.before, change.after
    listing = Listing(
        before,
        after,
        at,
        change.at.monotonic,
        is_first=not before.agents and "agents" not in state.heard and before.fresh("agents").at is None,
        gap=_gap(state, before, at),
        differing=changed_agents(before, after.agents, change.differing_agents.positions),
        read_at=last_read(before, at - change.at.monotonic),
        is_clock_unknown=is_clock_unknown,
    )
    if (known := state.resumed) is None:
        return listing
    return after_resumed(listing, known.fleet, known.at, state.gap_after)


def _gap(state: State, before: Fleet, at: float) -> float | None:
    """The last good listing of agents, if it was too long ago to tell what happened since."""
    heard = state.heard.get("agents")
    if heard is None:
        return None
    is_gap = at - heard > state.gap_after or before.fresh("agents").failures >= STALE_AFTER
    return heard if is_gap else None


def _jumped_back(last: Moment | None, now: Moment) -> list[Draft]:
    if last is None:
        return []
    jump = (now.monotonic - last.monotonic) - (now.unix - last.unix)
    if jump < JUMP:
        return []
    return [Draft(Kind.CLOCK, Severity.WARNING, f"this machine's clock went back by {duration(jump)}")]


# ---- sources ---------------------------------------------------------------------------------------------


def _sources(state: State, before: Fleet, after: Fleet, at: float) -> tuple[State, list[Draft]]:
    """Sources that stopped answering, or answer again."""
    heard, lost = dict(state.heard), dict(state.lost)
    drafts: list[Draft] = []
    for name, fresh in after.freshness.items():
        was = before.freshness.get(name)
        if fresh is was:
            continue
        is_good = fresh.at is not None and not fresh.failures and (was is None or fresh.at != was.at)
        known = lost.get(name)
        if known is not None and (is_good or fresh.subject != known.subject):
            del lost[name]
            if is_good and fresh.subject == known.subject:
                words = f"{name}: answered again after {duration(max(0.0, at - known.since))}"
                drafts.append(Draft(Kind.SOURCE, Severity.GOOD, words, _source(name, fresh)))
        elif known is None and fresh.stale:
            lost[name] = Lost(heard.get(name, at), fresh.subject)
            severity = Severity.WARNING if name in _OF_ONE else Severity.ERROR
            words = f"{name}: no answer{f', {fresh.error}' if fresh.error else ''}"
            drafts.append(Draft(Kind.SOURCE, severity, words, _source(name, fresh)))
        if is_good:
            heard[name] = at
    return replace(state, heard=heard, lost=lost), drafts


def _source(name: str, fresh: Freshness) -> Subject:
    if name in ("versions", "secrets"):
        return Subject(agent_id=fresh.subject, source=name)
    return Subject(room=fresh.subject, source=name) if name == "participants" else Subject(source=name)


# ---- what is reported ------------------------------------------------------------------------------------


def _reported(report: Reported, skew: float) -> Draft:
    return Draft(
        report.kind,
        report.severity,
        report.text,
        report.subject,
        detail=report.detail,
        after=report.after,
        at=report.at + skew,
        id=report.id,
        is_by_our_clock=True,
    )
