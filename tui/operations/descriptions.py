"""What dialogs say of agents and dispatches: names, places, states, and how many jobs are affected. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tui.api.models import Agent, Deployment, Dispatch, instant, moment
from tui.api.text.clean import confusable, is_deceptive
from tui.fleet.conditions import RUNS, JobCondition, Worst, dispatch_condition, job_condition
from tui.fleet.coverage import Coverage
from tui.fleet.evidence import evidence, evidence_of
from tui.fleet.find import are_rooms_whole, unknown_rooms, unlisted_agents
from tui.fleet.lists.tree import find_dispatch
from tui.fleet.state import Fleet
from tui.fleet.status import Family, event_words, reading, status
from tui.fleet.view import View
from tui.formats import age, counted
from tui.operations.operation import Fact

_STAND_IN = re.compile("[␀-␤]")
"""What is shown for one control character, which is one byte."""
NO_AGENT = "no agent is selected"
NO_API = "this server has no Cloud Agents API"


def no_agent(view: View) -> str:
    """Why nothing can be done to the selected agent; empty if it is there."""
    if view.fleet.fresh("agents").absent:
        return NO_API
    if not view.selection.agent_id:
        return NO_AGENT
    if view.agent is not None:
        return ""
    return unlisted_agents(view.fleet) or f"{view.selection.agent_id} is not there any more"


def agent_of(view: View) -> Agent:
    """The agent selected, or one that only has its id: callers have asked `no_agent`."""
    return view.agent or Agent(agent_id=view.selection.agent_id)


def dispatch_of(view: View) -> Dispatch | None:
    """The dispatch selected."""
    return find_dispatch(view.fleet, view.selection.room, view.selection.dispatch_id)


def named(agent: Agent) -> str:
    """`"concierge" (CA_x)`, or the id alone."""
    return f'"{agent.name}" ({agent.agent_id})' if agent.name else agent.agent_id


def where(agent: Agent, deployment: str | None = None) -> str:
    """Regions and deployments that it concerns; `deployment` limits it to one."""
    rows = [row for row in agent.agent_deployments if deployment is None or row.deployment == deployment]
    regions = ", ".join(sorted({row.region for row in rows if row.region})) or "region not known"
    names = ", ".join(sorted({row.name for row in rows}, key=lambda name: (name != "production", name)))
    return f"{regions} · {names}" if names else regions


def states(view: View, agent: Agent, deployment: str | None = None) -> tuple[Fact, ...]:
    """One fact per deployment: status and version must not change before the operator confirms."""
    rows = [row for row in agent.agent_deployments if deployment is None or row.deployment == deployment]
    rows.sort(key=lambda row: (row.name != "production", row.name, row.region))
    facts = [Fact(f"{row.region} {row.name}".strip(), *_state(view, agent, row)) for row in rows]
    if not facts and view.fleet.agent(agent.agent_id) is None:
        unknown = unlisted_agents(view.fleet) or "the agent is not listed"
        return (Fact("status", f"not known: {unknown}", "not known"),)
    if not facts:
        return (Fact("status", "no deployment", "none"),)
    if events := _events(view, rows):
        facts.append(Fact("events", events))
    return tuple(facts)


def _state(view: View, agent: Agent, row: Deployment) -> tuple[str, str]:
    state = status(row.status)
    version = row.version or agent.version
    least, most = row.min_replicas, row.max_replicas
    count = f"{row.replicas} of {counted(most, 'replica') if least == most else f'{least}–{most} replicas'}"
    # an agent in trouble wanders between Error and CrashLoop by itself: that is no news
    kind = state.family if state.family is Family.ERROR else state.name
    return f"{state.name or 'not observed'} · {version} · {count}", f"{kind} {version}"


def _events(view: View, rows: Iterable[Deployment]) -> str:
    """How often its workers crashed or were restarted, and when last; what a status means where none did."""
    rows = tuple(rows)
    counts: Counter[str] = Counter()
    last: dict[str, float] = {}
    for event in (event for row in rows for event in row.events if event.count):
        kind = event_words(event.type)
        counts[kind] += event.count
        last[kind] = max(last.get(kind, 0.0), instant(event.timestamp) or 0.0)
    if not counts:
        bad = (row for row in rows if status(row.status).family is Family.ERROR)
        return next(filter(None, map(reading, bad)), "")
    ago = {kind: f", last {age(view.now - at)} ago" for kind, at in last.items() if at}
    return "; ".join(f"{kind} ×{count}{ago.get(kind, '')}" for kind, count in counts.items())


def jobs(view: View, agent: Agent, deployment: str | None = None) -> str:
    """`3 jobs running`, with how much of that is known."""
    if not agent.name:
        return "jobs running: not known, the agent has no dispatch name"
    found: list[JobCondition] = []
    for room, dispatches in view.fleet.dispatches.items():
        wanted = [
            item
            for item in dispatches
            if item.agent_name == agent.name and deployment in (None, item.deployment) and item.jobs
        ]
        if wanted:
            known = evidence(view, room, None, {})
            found += (job_condition(job, known.of(item.id)) for item in wanted for job in item.jobs)
    coverage = view.fleet.coverage
    if unknown := unknown_rooms(view.fleet) or _nothing_loaded(coverage):
        return f"jobs running: not known, {unknown}"
    partly = f" in {coverage.polled} of {coverage.total} rooms" if coverage.polled < coverage.total else ""
    if not are_rooms_whole(view.fleet):
        partly = f"{partly} as far as lists were read"
    return f"{running(found) or NO_JOBS}{partly}"


NO_JOBS = "no jobs running"


def finishing(view: View, agent: Agent) -> str:
    """How jobs of production end when another version replaces it."""
    found = jobs(view, agent, "")
    return found if found == NO_JOBS else f"{found}; running sessions finish (up to 1 h)"


def _nothing_loaded(coverage: Coverage) -> str:
    return f"none of {coverage.total} rooms is loaded yet" if coverage.total and not coverage.polled else ""


def running(conditions: Iterable[JobCondition]) -> str:
    """`3 jobs running, 1 of them not checked`; empty if none of the jobs runs."""
    found = [condition for condition in conditions if condition in RUNS]
    if not found:
        return ""
    words = f"{len(found)} {'job' if len(found) == 1 else 'jobs'} running"
    unchecked = sum(condition.worst is not Worst.RUNNING for condition in found)
    if not unchecked:
        return words
    return f"{words}, not checked" if len(found) == 1 else f"{words}, {unchecked} of them not checked"


def typed_names(view: View, agent: Agent) -> tuple[str, ...]:
    """What may be typed to name an agent: its name where that is unmistakable, and always its id."""
    return (agent.name, agent.agent_id) if is_plain_name(view.fleet, agent) else (agent.agent_id,)


def is_plain_name(fleet: Fleet, agent: Agent) -> bool:
    """Whether an agent's name can be typed and belongs to it alone."""
    name = agent.name
    if not name or is_deceptive(name) or not name.isascii() or name != name.strip():
        return False
    twin = confusable(name)
    return all(other.agent_id == agent.agent_id or confusable(other.name) != twin for other in fleet.agents)


def dispatch_state(view: View, dispatch: Dispatch) -> tuple[Fact, ...]:
    """What is known of a dispatch: the status of its jobs must not change before the operator confirms."""
    created = moment(dispatch.state.created_at) if dispatch.state else None
    since = f" · {age(view.now - created)} old" if created is not None else ""
    said = [str(job.state.status) if job.state else "JS_PENDING" for job in dispatch.jobs]
    return (Fact("jobs", f"{doing(view, dispatch)}{since}", ", ".join(said) or "no job"),)


def doing(view: View, dispatch: Dispatch) -> str:
    """How the jobs of a dispatch are, or why it has none."""
    room = evidence_of(view, dispatch.room).of(dispatch.id)
    words = [job_condition(job, room).word for job in dispatch.jobs]
    return ", ".join(words) or dispatch_condition(dispatch, room).word


def is_exact(name: str) -> bool:
    """Whether a name that was shown is the name itself, so that it can be sent back.

    Remote text is cleaned when it comes in; a name with a stand-in in it would name something else.
    """
    return not any("␀" <= letter <= "␤" for letter in name) and "\\u{" not in name and name[-1:] != "…"


def size_in_bytes(text: str) -> str:
    """The size of a remote text in UTF-8, as LiveKit stores it; approximate where the text was cleaned."""
    size = f"{len(_STAND_IN.sub(' ', text).encode()):,} B"
    return size if is_exact(text) else f"over {size}" if text.endswith("…") else f"about {size}"


def no_dispatch(view: View) -> str:
    """Why nothing can be done to the selected dispatch, which is not there."""
    selection = view.selection
    if selection.dispatch_id:
        if selection.room not in view.fleet.dispatches:
            return f"what is dispatched to {selection.room} is not known yet"
        if (cut := view.fleet.fresh_room(selection.room).cut) is not None:
            return f"{selection.dispatch_id} is not among the {cut:,} dispatches that are kept of its room"
        if count := view.fleet.fresh_room(selection.room).unreadable:
            rows = f"{count} {'row' if count == 1 else 'rows'} of its room's list could not be read"
            return f"{selection.dispatch_id} is not listed: {rows}"
        return f"{selection.dispatch_id} is not in {selection.room} any more"
    return "no dispatch is selected: open a room and put the cursor on one"
