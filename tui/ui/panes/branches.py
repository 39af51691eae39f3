"""The cells of rooms, dispatches, jobs and participants in the tree. Pure; the pane decides which to show."""

from __future__ import annotations

from collections.abc import Mapping

from tui.api.models import Dispatch, Job, JobState, Participant, Room, moment
from tui.api.text.masking import masked
from tui.fleet.conditions import (
    DispatchCondition,
    JobCondition,
    Summary,
    Worst,
    dispatch_condition,
    job_condition,
    pick_up,
    since_start,
    waiting_for,
)
from tui.fleet.evidence import RoomEvidence
from tui.fleet.find import unlisted_agents
from tui.fleet.lists.cells import Cell, Cells, tail
from tui.fleet.lists.tree import Node
from tui.fleet.status import Family, status, status_phrase
from tui.fleet.times import when
from tui.fleet.view import View
from tui.formats import age, duration
from tui.operations.descriptions import size_in_bytes
from tui.operations.verbs.dispatch_checks import COLD_START, read_by_name, stores_restart_policy_only

_LOOKS: Mapping[Worst, tuple[str, str]] = {
    Worst.IDLE: ("·", "muted"),
    Worst.DONE: ("✓", "muted"),
    Worst.RUNNING: ("●", "ok"),
    Worst.UNCHECKED: ("○", "text"),
    Worst.WAITING: ("◔", "busy"),
    Worst.DOUBT: ("?", "warn"),
    Worst.PROBLEM: ("✗", "error"),
}
_POLICIES = {"JRP_ON_FAILURE": "restart on failure", "JRP_NEVER": "never restart"}
_TYPES = {"JT_ROOM": "room job", "JT_PUBLISHER": "publisher job", "JT_PARTICIPANT": "participant job"}
_REASONS: Mapping[str, str] = {
    "JSR_UNSPECIFIED": "",
    "JSR_NO_CAPACITY": "every worker is full",
    "JSR_ROOM_CLOSED": "the room closed",
    "JSR_DISPATCH_DELETED": "the dispatch was deleted",
    "JSR_RETRYING": "the server starts it again",
}
"""`JobState.reason` in words. Servers that do not know a name send its number, which is its place here."""
_SHORT: Mapping[JobCondition, str] = {
    JobCondition.UNCHECKED: "not checked",
    JobCondition.WAS_ABSENT: "not checked",
    JobCondition.LEFT: "left",
    JobCondition.SLOW_START: "starting",
}
OLD = 60.0
"""Seconds after which the age of an answer is shown beside what it says."""


def room_cells(view: View, node: Node, room: str, found: Room | None, total: Summary) -> Cells:
    """A room: its jobs, their agents, and its participants. `found` is the room as it was listed."""
    sign, look = _LOOKS[node.worst]
    polled, error = room in view.fleet.dispatches, total.room.error
    words = f"jobs {total.jobs}" + (f" ✗{total.failed}" if total.failed else "")
    fresh = view.fleet.fresh_room(room)
    if polled and not total.dispatches:
        words = "no dispatch" if fresh.is_whole else "not read"
        words = words if fresh.cut is None else f"{words}: too many"
    count = found.num_participants if found else 0
    parts = [error, _last_known(view, total, words) if polled else ""] if error else []
    if error:
        words = "no answer"
    elif not polled:
        words, look = "not loaded yet", "muted"
    if fresh.cut:
        parts.append(f"cut at {fresh.cut:,} dispatches")
    if missed := fresh.unreadable:
        parts.append(f"{missed} {'dispatch' if missed == 1 else 'dispatches'} could not be read")
    people = "gone" if found is None else "1 participant" if count == 1 else f"{count} participants"
    parts.append("closed, or its row could not be read" if fresh.is_unlisted else people)
    if total.agents_without_job:
        parts.append(f"{total.agents_without_job} agent{'s' * (total.agents_without_job > 1)} without a job")
    if found is not None and found.active_recording:
        parts.append("recording")
    created = moment(found.creation_time) if found else None
    return (
        Cell(f"{_fold(node)} {sign} {room}", look if node.worst >= Worst.DOUBT else "text"),
        Cell(words, look, short="" if polled or error else "not loaded"),
        Cell(_names(view.fleet.dispatches.get(room, ())), "muted"),
        Cell(when(created, now=view.now, style=view.times), "muted"),
        Cell(),
        Cell(" · ".join(filter(None, parts)), look if error else "muted"),
    )


def _last_known(view: View, total: Summary, words: str) -> str:
    """What was in a room when its dispatches were last answered."""
    at = total.room.dispatches_at
    return f"{age(view.now - at)} ago: {words}" if at is not None else words


def dispatch_cells(
    view: View, node: Node, dispatch: Dispatch, room: RoomEvidence, *, revealed: bool
) -> Cells:
    """A dispatch: its jobs, or how long it waits for a worker; with `revealed`, metadata and attributes."""
    sign, look = _LOOKS[node.worst]
    if dispatch.id in room.unlisted:
        sign, look = "?", "warn"
    created = moment(dispatch.state.created_at) if dispatch.state else None
    room = room.of(dispatch.id)
    condition = dispatch_condition(dispatch, room)
    if condition is DispatchCondition.HAS_JOBS:
        failed = sum(1 for job in dispatch.jobs if job_condition(job, room) is JobCondition.FAILED)
        words = f"jobs {len(dispatch.jobs)}" + (f" ✗{failed}" if failed else "")
    elif condition is DispatchCondition.AUTOMATIC:
        words = condition.word
    else:
        words = f"no job {_coarse(waiting_for(dispatch, room.dispatches_at) or 0.0)}".rstrip()
    taken = pick_up(dispatch)
    return (
        Cell(f"  {_fold(node)} {sign} {tail(dispatch.id)}", look if node.worst >= Worst.DOUBT else "text"),
        Cell(words, look),
        Cell(dispatch.agent_name or "(automatic dispatch)", "text" if dispatch.agent_name else "muted"),
        Cell(when(created, now=view.now, style=view.times), "muted"),
        Cell(duration(taken) if taken is not None else "–", "warn" if (taken or 0) > 10 else "muted"),
        # with jobs, their own lines show what is wrong
        Cell(_about(view, dispatch, room, condition, revealed=revealed), "muted" if dispatch.jobs else look),
    )


def _about(
    view: View, dispatch: Dispatch, room: RoomEvidence, condition: DispatchCondition, *, revealed: bool
) -> str:
    parts = [_why_no_job(view, dispatch, condition)]
    old = view.now - room.dispatches_at if room.dispatches_at is not None else 0.0
    if dispatch.id in room.unlisted:
        parts.append(f"not read for {age(old)}: deleted, or its row could not be read")
    elif old >= OLD and not dispatch.jobs and dispatch.agent_name:
        parts.append(f"as of {age(old)} ago")
    if dispatch.deployment:
        parts.append(f"deployment {dispatch.deployment}")
    if not stores_restart_policy_only(view.fleet):
        parts.append(_POLICIES.get(str(dispatch.restart_policy), str(dispatch.restart_policy)))
    if revealed:
        given = " ".join(f"{name}={value}" for name, value in dispatch.attributes.items())
        metadata = f"metadata {dispatch.metadata}" if dispatch.metadata else ""
        return " · ".join(part for part in (metadata, given, *parts) if part)
    if dispatch.metadata:
        parts.append(f"metadata {size_in_bytes(dispatch.metadata)}, x shows")
    if dispatch.attributes:
        parts.append(" ".join(f"{name}=***" for name in dispatch.attributes))
    return " · ".join(filter(None, parts))


def job_cells(view: View, node: Node, job: Job, room: RoomEvidence) -> Cells:
    """A job: how it is, why, whom it serves, its worker and how long it ran."""
    sign, look = _LOOKS[node.worst]
    condition, state = job_condition(job, room), job.state or JobState()
    started, ended = moment(state.started_at), moment(state.ended_at)
    why, is_plain = _why(view, job, room, condition), condition is JobCondition.UNCHECKED
    parts = [
        masked(state.error).replace("\n", " "),
        _reason(state.reason),
        "" if is_plain else why,
        f"{_TYPES.get(str(job.type), str(job.type))}{_served(job, room)}",
        f"worker {tail(state.worker_id)}" if state.worker_id else "",
    ]
    if ended and started and condition is not JobCondition.REFUSED:
        parts.append(f"ran {duration(max(0.0, ended - started))}")
    if is_plain:
        parts.append(why)  # its state says it already
    opener = f"{_fold(node)} " if node.children else "  "
    return (
        Cell(f"    {opener}{sign} {tail(job.id)}", look if node.worst >= Worst.DOUBT else "text"),
        Cell(_state(state, condition), look, short=_SHORT.get(condition, "")),
        Cell(job.agent_name, "muted"),
        Cell(when(started, now=view.now, style=view.times), "muted"),
        Cell(),
        Cell(" · ".join(filter(None, parts)), look if node.worst >= Worst.DOUBT else "muted"),
    )


def _state(state: JobState, condition: JobCondition) -> str:
    """In one or two words; a status that is not known as it came."""
    if condition is not JobCondition.UNKNOWN:
        return condition.word
    return state.status if isinstance(state.status, str) else f"status {state.status}"


def _reason(reason: str | int) -> str:
    """The server's reason; one that is not known as it came."""
    if isinstance(reason, str):
        return _REASONS.get(reason, reason)
    return dict(enumerate(_REASONS.values())).get(reason, f"reason {reason}")


def _why(view: View, job: Job, room: RoomEvidence, condition: JobCondition) -> str:
    """What a condition means, where its word is not enough."""
    elapsed = _coarse(since_start(job, room) or 0.0)
    log = "see its worker's log" if view.fleet.fresh("agents").absent else "l: log"
    asked = f" ({age(view.now - room.people_at)} ago)" if room.people is not None else ""
    match condition:
        case JobCondition.STARTING:
            return "its agent has not joined yet"
        case JobCondition.SLOW_START:
            return f"no agent {elapsed} after the start: starting, or ended at once"
        case JobCondition.UNCHECKED:
            return "no node says who is in the room" if room.error else _why_unchecked(view)
        case JobCondition.WAS_ABSENT:
            return f"its agent was not in the room when last asked{asked}"
        case JobCondition.ABSENT:
            return f"its entrypoint returned or raised, or its worker died · {log}"
        case JobCondition.LEFT:
            return f"it ended, or its worker died · {log}"
        case JobCondition.REFUSED:
            return f"refused, or returned at once · {log}"
    return ""


def _why_unchecked(view: View) -> str:
    """Why it is not known who is in a room that a node answers for."""
    fresh = view.fleet.fresh("participants")
    if fresh.absent:
        return "this server does not say who is in a room"
    if fresh.failures:
        return f"who is in the room is not known: {fresh.error}"
    return "no recent answer says who is in the room"  # not asked, or the list was cut


def _served(job: Job, room: RoomEvidence) -> str:
    """The participant whom a publisher or participant job serves, as known from its start."""
    user = job.participant
    if user is None:
        return ""
    name = f" ({user.name})" if user.name and user.name != user.identity else ""
    was_asked = room.is_recent and (since_start(job, room) or 0.0) >= 0  # before that they were not there
    left = " who left" if was_asked and user.identity not in room.identities else ""
    return f" for {user.identity}{name}{left}"


def _fold(node: Node) -> str:
    return " " if not node.children else "▾" if node.open else "▸"


def _coarse(waited: float) -> str:
    """How long it waits, in steps, so that the cell rarely changes."""
    return "" if waited < 10 else f"{int(waited) // 10 * 10} s" if waited < 120 else age(waited)


def _names(dispatches: tuple[Dispatch, ...]) -> str:
    return ", ".join(dict.fromkeys(item.agent_name for item in dispatches if item.agent_name))


def participant_cells(view: View, person: Participant, room: RoomEvidence) -> Cells:
    """The agent of a job, as it was when the participants were last asked for."""
    name = f" ({person.name})" if person.name else ""
    asked = "" if room.is_recent else f"as of {age(view.now - room.people_at)} ago"
    parts = (person.attributes.get("lk.agent.state", ""), person.region, asked)
    return (
        Cell(f"        {person.identity}{name}", "text"),
        Cell(str(person.state).lower(), "muted"),
        Cell(str(person.kind).lower(), "muted"),
        Cell(),
        Cell(),
        Cell(" · ".join(filter(None, parts)), "muted"),
    )


def _why_no_job(view: View, dispatch: Dispatch, condition: DispatchCondition) -> str:
    """Why a dispatch has no job."""
    match condition:
        case DispatchCondition.FOR_PUBLISHER:
            return "its agent serves publishers, and nobody publishes"
        case DispatchCondition.FOR_PARTICIPANT:
            return "its agent serves participants, and none is in the room"
        case DispatchCondition.PERHAPS_FOR_PUBLISHER:
            return f"{_why_nobody(view, dispatch)}; or its agent serves publishers, and nobody publishes"
        case DispatchCondition.SLOW | DispatchCondition.NOT_TAKEN:
            return _why_nobody(view, dispatch)
    return ""


def _why_nobody(view: View, dispatch: Dispatch) -> str:
    """The likely cause of a dispatch that no worker takes, from the state of its agents."""
    if view.fleet.fresh("agents").absent:
        return "no worker took it; it is not offered again: dispatch again (r)"
    agents = read_by_name(view.fleet, dispatch.agent_name)
    if not agents:
        unknown = unlisted_agents(view.fleet)
        return f"no worker took it; {unknown}" if unknown else "no agent has this name"
    rows = [row for agent in agents for row in agent.agent_deployments]
    states = {status(row.status) for row in rows if row.deployment == dispatch.deployment}
    if not states:
        return f"no deployment {dispatch.deployment or 'production'} of the agent"
    families = {state.family for state in states}
    if Family.HEALTHY in families:
        return "no worker took it: all full, or the name is registered otherwise"
    phrases = " and ".join(map(status_phrase, sorted(states, key=lambda state: state.severity)))
    return f"agent {phrases}" + (f": a cold start takes {COLD_START}" if families == {Family.SLEEP} else "")
