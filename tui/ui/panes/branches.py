"""The cells of rooms, dispatches, jobs and participants in the tree. Pure; the pane decides which to show."""

from __future__ import annotations

from collections.abc import Mapping

from tui.api.models import Dispatch, Job, Participant, moment
from tui.fleet.cells import Cell, Cells, tail
from tui.fleet.state import View
from tui.fleet.status import Family, status
from tui.fleet.times import when
from tui.fleet.tree import Node, Summary, Worst, is_stale, pick_up, split, waiting_for
from tui.formats import age, duration
from tui.operations.descriptions import size_in_bytes
from tui.operations.verbs.dispatch_checks import COLD_START, by_name, stores_restart_policy_only

_LOOKS: Mapping[Worst, tuple[str, str]] = {
    Worst.IDLE: ("·", "muted"),
    Worst.DONE: ("✓", "muted"),
    Worst.RUNNING: ("●", "ok"),
    Worst.WAITING: ("◔", "busy"),
    Worst.DOUBT: ("?", "warn"),
    Worst.PROBLEM: ("✗", "error"),
}
_POLICIES = {"JRP_ON_FAILURE": "restart on failure", "JRP_NEVER": "never restart"}
_TYPES = {"JT_ROOM": "room job", "JT_PUBLISHER": "publisher job", "JT_PARTICIPANT": "participant job"}


def room_cells(view: View, node: Node, room: str, total: Summary) -> Cells:
    """A room: its jobs, their agents, and its participants."""
    found = next((item for item in view.fleet.rooms if item.name == room), None)
    sign, look = _LOOKS[node.worst]
    polled = room in view.fleet.dispatches
    words = f"jobs {total.jobs}" + (f" ✗{total.failed}" if total.failed else "")
    if not polled:
        words, look = "not polled yet", "muted"
    elif not total.dispatches:
        words = "no dispatch"
    count = found.num_participants if found else 0
    people = "gone" if found is None else "1 person" if count == 1 else f"{count} people"
    recording = " · recording" if found and found.active_recording else ""
    created = moment(found.creation_time) if found else None
    return (
        Cell(f"{_fold(node)} {sign} {room}", look if node.worst >= Worst.DOUBT else "text"),
        Cell(words, look, short="" if polled else "not polled"),
        Cell(_names(view.fleet.dispatches.get(room, ())), "muted"),
        Cell(when(created, now=view.now, style=view.times), "muted"),
        Cell(),
        Cell(people + recording, "muted"),
    )


def dispatch_cells(view: View, node: Node, dispatch: Dispatch, *, revealed: bool) -> Cells:
    """A dispatch: its jobs, or how long it waits for a worker; with `revealed`, metadata and attributes."""
    sign, look = _LOOKS[node.worst]
    created = moment(dispatch.state.created_at) if dispatch.state else None
    waited = waiting_for(dispatch, view.now)
    if dispatch.jobs:
        failed = sum(1 for job in dispatch.jobs if job.state and job.state.status == "JS_FAILED")
        words = f"jobs {len(dispatch.jobs)}" + (f" ✗{failed}" if failed else "")
    elif not dispatch.agent_name:
        words = "automatic"
    else:
        words = f"no job {_coarse(waited or 0.0)}".rstrip()
    taken = pick_up(dispatch)
    return (
        Cell(f"  {_fold(node)} {sign} {tail(dispatch.id)}", look if node.worst >= Worst.DOUBT else "text"),
        Cell(words, look),
        Cell(dispatch.agent_name or "(automatic dispatch)", "text" if dispatch.agent_name else "muted"),
        Cell(when(created, now=view.now, style=view.times), "muted"),
        Cell(duration(taken) if taken is not None else "–", "warn" if (taken or 0) > 10 else "muted"),
        # with jobs, their own lines show what is wrong
        Cell(_about(view, dispatch, waited, revealed=revealed), "muted" if dispatch.jobs else look),
    )


def _about(view: View, dispatch: Dispatch, waited: float | None, *, revealed: bool) -> str:
    parts = []
    if waited is not None and waited >= 10 and dispatch.agent_name:
        parts.append(_why_nobody(view, dispatch))
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
    return " · ".join(parts)


def job_cells(view: View, node: Node, job: Job) -> Cells:
    """A job: its state, its error, its worker and how long it ran."""
    state = job.state
    sign, look = _LOOKS[node.worst]
    room, _, _ = split(node.key)
    people = view.fleet.participants.get(room)
    stale = state and state.status == "JS_RUNNING" and is_stale(job, people, view.now)
    status = str(state.status if state else "JS_PENDING").removeprefix("JS_").lower()
    ended = moment(state.ended_at) if state else None
    started = moment(state.started_at) if state else None
    parts = [state.error.replace("\n", " ") if state and state.error else ""]
    if stale:
        parts.append("its participant is not in the room: ended, or never joined")
    parts.append(_TYPES.get(str(job.type), str(job.type)))
    if state and state.worker_id:
        parts.append(f"worker {tail(state.worker_id)}")
    if ended and started:
        parts.append(f"ran {duration(max(0.0, ended - started))}")
    opener = f"{_fold(node)} " if node.children else "  "
    return (
        Cell(f"    {opener}{sign} {tail(job.id)}", look if node.worst >= Worst.DOUBT else "text"),
        Cell(f"{status} (stale?)", look, short=f"{status}?") if stale else Cell(status, look),
        Cell(job.agent_name, "muted"),
        Cell(when(started, now=view.now, style=view.times), "muted"),
        Cell(),
        Cell(" · ".join(part for part in parts if part), look if node.worst >= Worst.DOUBT else "muted"),
    )


def _fold(node: Node) -> str:
    return " " if not node.children else "▾" if node.open else "▸"


def _coarse(waited: float) -> str:
    """How long it waits, in steps, so that the cell rarely changes."""
    return "" if waited < 10 else f"{int(waited) // 10 * 10} s" if waited < 120 else age(waited)


def _names(dispatches: tuple[Dispatch, ...]) -> str:
    return ", ".join(dict.fromkeys(item.agent_name for item in dispatches if item.agent_name))


def participant_cells(person: Participant) -> Cells:
    """The participant of a job."""
    name = f" ({person.name})" if person.name else ""
    return (
        Cell(f"        {person.identity}{name}", "text"),
        Cell(str(person.state).lower(), "muted"),
        Cell(str(person.kind).lower(), "muted"),
        Cell(),
        Cell(),
        Cell(person.region, "muted"),
    )


def _why_nobody(view: View, dispatch: Dispatch) -> str:
    """The likely cause of a dispatch that no worker takes, from the state of its agents."""
    agents = by_name(view.fleet, dispatch.agent_name)
    if not agents:
        return "no such agent here" if view.fleet.agents else "no worker took it"
    rows = [row for agent in agents for row in agent.agent_deployments]
    states = {status(row.status) for row in rows if row.deployment == dispatch.deployment}
    if not states:
        return f"no deployment {dispatch.deployment or 'production'} of the agent"
    families = {state.family for state in states}
    if Family.HEALTHY in families:
        return "no worker took it: all full, or the name is registered otherwise"
    if families == {Family.SLEEP}:
        return f"agent sleeps: a cold start takes {COLD_START}"
    return f"agent {', '.join(sorted(state.name or 'not observed' for state in states))}"
