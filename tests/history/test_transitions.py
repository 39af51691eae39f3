"""Transitions of a large fleet take little memory, and are the same as any."""

from __future__ import annotations

import gc
import tracemalloc

from tui.api.models import Agent, Deployment
from tui.clock import Moment
from tui.fleet.past import Transition, deployment_key
from tui.fleet.state import Fleet, with_agents
from tui.fleet.store import Change
from tui.fleet.transitions import NONE, in_order
from tui.history.events.derive import State, derive

EPOCH = 1_786_000_000.0
REGIONS = ("us-east", "eu-central", "ap-south")
AGENTS = 2_000


def fleet(status: str, at: float) -> Fleet:
    """Agents in three regions that are all well or all broken."""
    rows = tuple(Deployment(region=region, status=status) for region in REGIONS)
    ids = (f"CA_{number}" for number in range(AGENTS))
    return with_agents(Fleet(), tuple(Agent(agent_id=id, agent_deployments=rows) for id in ids), at)


def change(before: Fleet, after: Fleet, at: float) -> Change:
    """A listing that came so many seconds after the first."""
    return Change(before, after, frozenset({"agents", "freshness"}), Moment(EPOCH + at, at))


def test_transitions_that_differ_in_nothing_but_the_agent_cost_little_more_than_its_id() -> None:
    """There are two hundred thousand of fifty thousand agents, and they wait for the disk."""
    well, broken = fleet("Running", 1.0), fleet("Error", 3.0)
    state = derive(State(), change(Fleet(), well, 1.0)).state
    flap = change(well, broken, 3.0)
    derive(state, flap)  # what is found once is kept by the fleets
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        told = derive(state, flap).transitions
        gc.collect()  # also what Python keeps for the next tuples
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(told) == 4 * AGENTS
    assert held < 10 * len(told)
    at = EPOCH + 3.0
    keys = ["CA_7", *(deployment_key("CA_7", region, "") for region in REGIONS)]
    assert {step for step in told if step.id in keys} == {
        Transition(key, "Running", "Error", None, at) for key in keys
    }


def test_the_newest_of_several_steps_are_kept_in_their_order() -> None:
    well, broken = fleet("Running", 1.0), fleet("Error", 3.0)
    first = derive(State(), change(Fleet(), well, 1.0))
    second = derive(first.state, change(well, broken, 3.0))
    both = first.transitions + second.transitions
    every = [*both]
    assert every == [*first.transitions, *second.transitions] and len(both) == 8 * AGENTS
    for most in (0, 1, AGENTS, 4 * AGENTS + 1, 9 * AGENTS):
        assert [*both.newest(most)] == every[len(every) - min(most, len(every)) :]
    assert in_order(every[:9]).newest(2) == in_order(every[7:9])
    assert [*in_order(every)] == every and not NONE and not in_order([])
