"""Checks whether a worker will take a dispatch, before and after it is sent. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from tui.api.models import Agent, Dispatch
from tui.api.text.clean import confusable, is_deceptive
from tui.fleet.evidence import agent_names, job_types
from tui.fleet.find import is_no_room, unlisted_agents, unlisted_rooms
from tui.fleet.room_freshness import NO_NODE_ANSWERS
from tui.fleet.state import Fleet
from tui.fleet.status import Family, status, status_phrase
from tui.fleet.view import View
from tui.formats import age
from tui.operations.descriptions import doing, is_exact
from tui.operations.fields import Answers, Hint, HintLevel, InvalidAnswer
from tui.operations.operation import Fact

CREATE = "dispatch"
DELETE = "undispatch"
"""Ids of the two operations, each of which takes the other one back."""
THERE_NOW = "there now"
"""The label of the fact that names earlier dispatches of the same agent to the same room."""
METADATA_LIMIT = 512 * 1024
"""Bytes (PROTOCOL.md, Dispatches and jobs)."""
ATTRIBUTES_LIMIT = 64 * 1024
"""Bytes of all names and values."""
DEPLOYMENT_LIMIT = 64
"""Bytes of a deployment's name in a dispatch."""
ROOM_LIMIT = 256
"""Bytes of a room's name, in UTF-8."""
_STARTS = {
    "JT_ROOM": "starts one job",
    "JT_PUBLISHER": "starts one job per publisher",
    "JT_PARTICIPANT": "starts one job per participant",
}
"""Type of an agent's jobs → what a dispatch of it does."""
COLD_START = "10-20 s"
"""How long a sleeping agent takes to wake, as documented."""


def deployment_of(text: str) -> str:
    """A deployment as it is sent: production has no name."""
    return "" if text == "production" else text


def check_deployment(name: str) -> None:
    """The rules for its name in a dispatch. Raises `InvalidAnswer`."""
    if len(name.encode()) > DEPLOYMENT_LIMIT:
        raise InvalidAnswer("deployment", f"a deployment's name has at most {DEPLOYMENT_LIMIT} bytes")
    if "_" in name:
        raise InvalidAnswer("deployment", "LiveKit takes no _ in the deployment of a dispatch")
    if any(letter <= " " or letter == "\x7f" for letter in name):
        raise InvalidAnswer("deployment", "a deployment's name holds no space")


def check_room(name: str) -> None:
    """Raises `InvalidAnswer` for what can be no room's name."""
    if not name:
        raise InvalidAnswer("room", "type a room, or ↓ to choose")
    if (size := len(name.encode())) > ROOM_LIMIT:
        raise InvalidAnswer("room", f"this room's name has {size} bytes, LiveKit takes {ROOM_LIMIT}")
    if not is_exact(name):
        raise InvalidAnswer("room", "this room's name holds characters that cannot be sent back as shown")


def attributes_of(text: str) -> dict[str, str]:
    """Attributes from lines of `name=value`, or from a JSON object of texts. Raises `InvalidAnswer`."""
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidAnswer("attributes", f"attributes are no JSON: {error}") from None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise InvalidAnswer("attributes", "attributes have texts as values")
        return found
    lines = [line for line in text.split("\n") if line.strip()]
    for line in lines:
        if not line.partition("=")[0].strip() or "=" not in line:
            raise InvalidAnswer("attributes", "attributes are lines of name=value, or a JSON object")
    return {line.partition("=")[0].strip(): line.partition("=")[2] for line in lines}


def check_sizes(metadata: str, attributes: Mapping[str, str]) -> None:
    """Raises `InvalidAnswer` for more than LiveKit takes."""
    if (size := len(metadata.encode())) > METADATA_LIMIT:
        raise InvalidAnswer("metadata", f"metadata has {size:,} bytes, LiveKit takes {METADATA_LIMIT:,}")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in attributes.items())
    if size > ATTRIBUTES_LIMIT:
        raise InvalidAnswer(
            "attributes", f"attributes have {size:,} bytes, LiveKit takes {ATTRIBUTES_LIMIT:,}"
        )


def by_name(fleet: Fleet, name: str) -> tuple[Agent, ...]:
    """Agents that are dispatched to by this name."""
    return tuple(agent for agent in fleet.agents if agent.name == name)


def read_by_name(fleet: Fleet, name: str) -> tuple[Agent, ...]:
    """The same, without those that the newest list lacks: how these are now is not known."""
    return tuple(agent for agent in by_name(fleet, name) if fleet.agent_read_at(agent.agent_id) is None)


def known_agent_names(fleet: Fleet) -> dict[str, str]:
    """Names that a dispatch may go to → where each is known from, agents first.

    A self-hosted server lists no agents, so dispatches that were made before are all there is to suggest.
    """
    names = {agent.name: "agent" for agent in fleet.agents if agent.name}
    for dispatches in fleet.dispatches.values():
        for dispatch in dispatches:
            if dispatch.agent_name:
                names.setdefault(dispatch.agent_name, "dispatched before")
    for people in fleet.participants.values():
        for person in people:
            for name in agent_names(person) if person.is_agent else ():
                names.setdefault(name, "in a room")
    return names


def stores_restart_policy_only(fleet: Fleet) -> bool:
    """Whether the server is a self-hosted one, which stores the restart policy and restarts nothing."""
    return fleet.fresh("agents").absent


def waits_for_a_publisher(fleet: Fleet, name: str) -> bool:
    """Whether a dispatch of this agent rightly has no job while nobody publishes in its room."""
    return job_types(fleet, name) == {"JT_PUBLISHER"}


def jobs_started(fleet: Fleet, name: str) -> str:
    """How many jobs a dispatch of this agent starts, as far as its earlier jobs tell."""
    types = job_types(fleet, name)
    return _STARTS.get(types.pop(), "") if len(types) == 1 else ""


def hints(view: View, answers: Answers) -> Iterator[Hint]:
    """Everything worth knowing before a dispatch, the gravest first."""
    fleet = view.fleet
    name, room = answers.text("agent"), answers.text("room")
    deployment = deployment_of(answers.text("deployment"))
    if name and room:
        yield from _doubles(view, name, room)
    if name:
        yield from _takers(view, name, deployment)
        if waits_for_a_publisher(fleet, name):
            yield Hint("its jobs serve one publisher each: without a publisher in the room it waits for one")
    if room:
        yield _room(view, room)
    if metadata := answers.exact("metadata"):
        yield _metadata(metadata)


def dispatched_already(fleet: Fleet, name: str, room: str) -> tuple[Dispatch, ...] | None:
    """Dispatches of this agent that the room has already; None where it is not known whether it has any."""
    if not (name and room):
        return ()  # an automatic dispatch has no name either
    found = tuple(item for item in fleet.dispatches.get(room, ()) if item.agent_name == name)
    if found:
        return found
    if room in fleet.dispatches:
        return () if fleet.fresh_room(room).is_whole else None
    return () if is_no_room(fleet, room) and not fleet.rooms_lost else None


def there_now(doubles: Sequence[Dispatch] | None) -> tuple[Fact, ...]:
    """What is dispatched there already: another operator may have been quicker. None if it is not known."""
    ids = " ".join(item.id for item in doubles or ())
    return (Fact(THERE_NOW, f"{ids} of {doubles[0].agent_name}", ids),) if doubles else ()


def _doubles(view: View, name: str, room: str) -> Iterator[Hint]:
    """The same agent may be dispatched to a room any number of times."""
    here = dispatched_already(view.fleet, name, room)
    if here is None and room in view.fleet.dispatches:
        words = "not all dispatches of this room were read: whether this agent is among them is not known"
        yield Hint(words, HintLevel.WARN)
    if here:
        states = ", ".join(f"{item.id} ({doing(view, item)})" for item in here[:3])
        more = f" and {len(here) - 3} more" if len(here) > 3 else ""
        yield Hint(f"already dispatched to this room: {states}{more}; this adds another", HintLevel.WARN)


def _takers(view: View, name: str, deployment: str) -> Iterator[Hint]:
    fleet = view.fleet
    is_listed = bool(read_by_name(fleet, name))
    if not is_listed and (unknown := unlisted_agents(fleet)):
        yield Hint(f"{unknown}: whether a worker is registered shows only afterwards")
        return
    if not is_listed:
        alike = next((agent for agent in fleet.agents if confusable(agent.name) == confusable(name)), None)
        odd = f"; there is {alike.name!r}, which only looks the same" if alike is not None else ""
        yield Hint(f"no agent of this project is called {name!r}{odd}", HintLevel.WARN)
        return
    if is_deceptive(name):
        yield Hint("this agent's name hides characters or mixes alphabets", HintLevel.WARN)
    cause = likely_cause(fleet, name, deployment)
    if cause is not None:
        yield cause
    elif old := _age(view, "agents"):
        yield Hint(f"agent was running {old} ago; its state now is not known", HintLevel.WARN)
    else:
        yield Hint("agent is running", HintLevel.GOOD)


def _age(view: View, source: str) -> str:
    """How old the data of a source are where they may no longer be true; empty where they are current."""
    fresh = view.fleet.fresh(source)
    return age(view.monotonic - fresh.at) if fresh.stale and fresh.at is not None else ""


def likely_cause(fleet: Fleet, name: str, deployment: str) -> Hint | None:
    """Why no worker takes, or will take, a dispatch of this name; None if no reason is known.

    Without the whole list of agents, a name that is not in it proves nothing.
    """
    agents = read_by_name(fleet, name)
    if not agents and unlisted_agents(fleet):
        return None
    if not agents:
        return Hint(
            "no agent of this project has this name: mistyped, or its worker runs elsewhere", HintLevel.WARN
        )
    rows = [row for agent in agents for row in agent.agent_deployments if row.deployment == deployment]
    if not rows:
        others = sorted({row.name for agent in agents for row in agent.agent_deployments})
        there = f"; there is {', '.join(others)}" if others else ""
        return Hint(f"the agent has no deployment {deployment or 'production'}{there}", HintLevel.WARN)
    found = [status(row.status) for row in rows]
    if any(state.family is Family.HEALTHY for state in found):
        return None
    asleep = [state for state in found if state.family is Family.SLEEP]
    state = min(asleep or found, key=lambda item: item.severity)
    if asleep:
        return Hint(f"agent {status_phrase(state)}: a cold start takes {COLD_START}")
    if state.family is Family.MOVING and state.name != "Deleting":
        return Hint(f"agent {status_phrase(state)}: new workers are on their way")
    return Hint(f"agent {status_phrase(state)}: there may be no worker to take it", HintLevel.WARN)


def _room(view: View, room: str) -> Hint:
    fleet = view.fleet
    found = next((item for item in fleet.rooms if item.name == room), None)
    if found is None and (unknown := unlisted_rooms(fleet)):
        return Hint(f"{unknown}: whether this one is open is not known")
    old = _age(view, "rooms")
    if found is None:
        if old:
            return Hint(f"room did not exist {old} ago; whether it is open now is not known", HintLevel.WARN)
        if fleet.rooms_lost:
            return Hint("no room is listed since an outage: a node may still serve this one", HintLevel.WARN)
        return Hint("room does not exist yet: the dispatch creates it, unless the project forbids that")
    people = f"{found.num_participants} {'participant' if found.num_participants == 1 else 'participants'}"
    if error := fleet.room_error(room):
        if error == NO_NODE_ANSWERS:
            error = f"{error}; a dispatch may start it on another node"
        return Hint(f"room: {error}", HintLevel.WARN)
    if old:
        return Hint(f"room was open {old} ago, {people} in it", HintLevel.WARN)
    polled = "" if room in fleet.dispatches else "; its dispatches are not known yet"
    return Hint(f"room is open, {people} in it{polled}", HintLevel.NOTE if polled else HintLevel.GOOD)


def _metadata(text: str) -> Hint:
    size = f"metadata: {len(text.encode()):,} bytes"
    try:
        json.loads(text)
    except ValueError as error:
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        return Hint(f"{size}, not JSON{line}: fine if the agent wants text", HintLevel.WARN)
    except RecursionError:
        return Hint(f"{size}, nested too deeply to check", HintLevel.WARN)
    return Hint(f"{size}, valid JSON", HintLevel.GOOD)
