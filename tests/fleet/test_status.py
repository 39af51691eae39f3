"""What statuses mean: the specification's fourteen, everybody else's, and what speaks against them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tui.api.models import Agent, Deployment, Event
from tui.fleet import status as module
from tui.fleet.status import (
    STATUSES,
    Family,
    event_words,
    reading,
    replicas,
    status,
    status_phrase,
    worst,
)

ORDER = (
    "CrashLoop",
    "Error",
    "Build Failed",
    "Server Error",
    "Hibernating (beta)",
    "Suspended",
    "Waking",
    "Updating",
    "Scheduling",
    "Building",
    "Setting Up",
    "Deleting",
    "Running",
    "",
    "Sleeping",
    "Deleted",
)
"""Worst first; an unknown one sorts after Server Error, one never seen after Running."""

FAMILIES = {
    "Setting Up": Family.MOVING,
    "Building": Family.MOVING,
    "Running": Family.HEALTHY,
    "Updating": Family.MOVING,
    "Scheduling": Family.MOVING,
    "Deleting": Family.MOVING,
    "Sleeping": Family.SLEEP,
    "Waking": Family.SLEEP,
    "Error": Family.ERROR,
    "CrashLoop": Family.ERROR,
    "Build Failed": Family.ERROR,
    "Server Error": Family.ERROR,
    "Deleted": Family.GONE,
    "Suspended": Family.ERROR,
}


def test_the_specifications_fourteen() -> None:
    assert {item.name for item in STATUSES} == set(FAMILIES) and len(STATUSES) == 14
    assert {name: status(name).family for name in FAMILIES} == FAMILIES


def test_the_order() -> None:
    severities = [status(name).severity for name in ORDER]
    assert severities == sorted(severities) and len(set(severities)) == len(ORDER)


@pytest.mark.parametrize("name", FAMILIES)
def test_spelling_makes_no_difference(name: str) -> None:
    """Lower case, dashes and underscores are seen in the wild (PROTOCOL.md, Agents)."""
    joined = (name.replace(" ", sign) for sign in ("-", "_", ""))
    for spelled in (name.lower(), name.upper(), f"  {name} ", *joined):
        assert status(spelled) is status(name)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("running", "Running"), ("ready", "Running"), ("pending", "Scheduling"), ("FAILED", "Error")],
)
def test_words_of_other_servers(word: str, meant: str) -> None:
    found, known = status(word), status(meant)
    assert (found.name, found.family, found.severity) == (known.name, known.family, known.severity)


def test_an_unknown_word_is_shown_as_it_came_and_looked_at() -> None:
    found = status("Hibernating (beta)")
    assert (found.name, found.family, found.problem) == ("Hibernating (beta)", Family.UNKNOWN, True)
    never = status("")
    assert (never.name, never.family, never.problem) == ("", Family.UNKNOWN, False)
    assert status("   ") is never


def test_problems() -> None:
    assert {name for name in FAMILIES if status(name).problem} == {
        "Error",
        "CrashLoop",
        "Build Failed",
        "Server Error",
        "Suspended",
    }


def test_words_of_servers_are_not_kept_without_end() -> None:
    for number in range(3000):
        status(f"status {number}")
    assert len(module._cache) <= 1024
    assert status("status 2999").name == "status 2999"


def agent(*statuses: str) -> Agent:
    """An agent with a deployment for each."""
    return Agent(agent_id="CA", agent_deployments=tuple(Deployment(status=text) for text in statuses))


@pytest.mark.parametrize(
    ("statuses", "name"),
    [
        ((), ""),
        (("Running",), "Running"),
        (("Running", "CrashLoop", "Sleeping"), "CrashLoop"),
        (("Sleeping", "Running"), "Running"),
        (("Suspended", "Odd"), "Odd"),
        (("", "Running"), "Running"),
        (("Deleted", "Deleting"), "Deleting"),
    ],
)
def test_an_agent_is_as_its_worst_deployment(statuses: tuple[str, ...], name: str) -> None:
    assert worst(agent(*statuses)).name == name


def test_replicas_are_summed() -> None:
    rows = (Deployment(replicas=1, min_replicas=1, max_replicas=4), Deployment(replicas=2, max_replicas=2))
    assert replicas(Agent(agent_deployments=rows)) == (3, 1, 6)
    assert replicas(Agent()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("AGENT_EVENT_TYPE_APPLICATION_CRASHED", "crashed"),
        ("AGENT_EVENT_TYPE_RESTARTED_HIGH_DISK_USAGE", "restarted: disk full"),
        ("AGENT_EVENT_TYPE_RESTARTED_HIGH_MEMORY_USAGE", "restarted: memory high"),
        ("AGENT_EVENT_TYPE_SOMETHING_NEW", "something new"),
        (9, "9"),
    ],
)
def test_events_in_words(kind: str | int, words: str) -> None:
    assert event_words(kind) == words


NOW = 1_786_406_400.0
CRASHED = "AGENT_EVENT_TYPE_APPLICATION_CRASHED"
CRASH = Event(type=CRASHED, count=3, timestamp=datetime.fromtimestamp(NOW - 240, UTC))
IDLE = "no crash event: may be idle scale-down"


def down(status: str, *events: Event) -> Deployment:
    """A deployment with none of the one replica that it should have."""
    return Deployment(status=status, min_replicas=1, events=events)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Deployment(status="Running", replicas=1, min_replicas=1), ""),
        (Deployment(status=""), ""),
        (down("Updating"), ""),
        (down("Error"), IDLE),
        (Deployment(status="Error"), IDLE),
        (Deployment(status="Error", replicas=1, min_replicas=1), ""),
        (down("Error", CRASH), ""),
        (down("CrashLoop", Event(type=CRASHED, count=1)), ""),
        (down("Error", Event(type=CRASHED, count=0)), IDLE),
        (down("Error", Event(type="AGENT_EVENT_TYPE_NEW", count=2)), IDLE),
        (Deployment(status="Server Error"), "on LiveKit's side, not yours"),
        (
            Deployment(status="Build Failed"),
            "the build log says why; an older version may still be serving",
        ),
        (
            Deployment(status="Sleeping"),
            "scaled to zero; a dispatch wakes it, a cold start takes 10-20 s",
        ),
        (down("ready"), "fewer replicas than the minimum"),
        (Deployment(status="Odd"), "a status that LiveKit does not document"),
    ],
)
def test_what_a_status_means_is_said_where_nothing_else_says_it(row: Deployment, words: str) -> None:
    assert reading(row) == words


def test_the_simulator_knows_the_same_fourteen() -> None:
    """It was written from the specification by itself."""
    from tui.sim.scenarios.scenarios import STATUSES as simulated

    assert set(simulated) - {item.name for item in STATUSES} == {"Hibernating (beta)"}


def test_a_status_is_said_as_a_person_would() -> None:
    """After `agent` or `this deployment`; no status is only put after an "is"."""
    phrases = {item.name: status_phrase(item) for item in STATUSES}
    assert phrases["CrashLoop"] == status_phrase(status("crash_loop")) == "keeps crashing"
    assert phrases["Error"] == "has status Error"
    assert status_phrase(status("Hibernating (beta)")) == "has status Hibernating (beta)"
    assert status_phrase(status("")) == "was not observed"
    assert not {phrase for name, phrase in phrases.items() if phrase == f"is {name}"}
