"""A recording: moments to go to, and nothing that reaches the network."""

from __future__ import annotations

import inspect
import socket
from dataclasses import replace

import pytest

from tests.fixtures.clocks import ManualClock
from tests.test_project import PROJECT
from tui.api.errors import NotSent
from tui.api.models import Agent, Deployment
from tui.fleet.past import Since
from tui.fleet.state import Fleet, Freshness
from tui.fleet.view import Selection
from tui.operations.remote import Remote
from tui.session.replayed import REFUSAL, Replay


def moment(count: int) -> Fleet:
    """A fleet of so many agents, with details that were fetched about another one."""
    agents = tuple(Agent(agent_id=f"CA_{number}") for number in range(count))
    fresh = {"agents": Freshness(at=1.0), "versions": Freshness(at=1.0, subject="CA_9")}
    return Fleet(agents=agents, freshness=fresh)


def test_it_shows_the_newest_moment_and_goes_to_any_other() -> None:
    moments = [(100.0, moment(1)), (200.0, moment(2)), (300.0, moment(3))]
    replay = Replay(PROJECT, moments, clock=ManualClock())
    assert replay.times == (100.0, 200.0, 300.0)
    assert len(replay.store.fleet.agents) == 3
    for at, agents in {250.0: 2, 200.0: 2, 199.9: 1, 0.0: 1, 1e9: 3}.items():
        replay.show(at)
        assert len(replay.store.fleet.agents) == agents, at


def test_going_to_another_moment_keeps_what_is_selected() -> None:
    replay = Replay(PROJECT, [(100.0, moment(1)), (200.0, moment(2))], clock=ManualClock())
    replay.select(Selection(agent_id="CA_0"))
    assert replay.store.fleet.fresh("versions").subject == "CA_0"
    replay.show(100.0)
    assert replay.store.fleet.fresh("versions").subject == "CA_0"


def test_it_says_what_it_is() -> None:
    replay = Replay(PROJECT, moment(1), clock=ManualClock())
    assert replay.link().hosts == "recording of prod.livekit.cloud"
    assert replay.refusal == REFUSAL


async def test_every_call_is_refused_and_none_opens_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *args: pytest.fail("a socket was opened"))
    remote = Replay(replace(PROJECT), moment(1), clock=ManualClock()).remote
    names = [name for name, item in vars(Remote).items() if inspect.iscoroutinefunction(item)]
    assert {"list_agents", "change"} <= set(names)
    for name in names:
        with pytest.raises(NotSent, match=REFUSAL):
            await getattr(remote, name)()


def test_the_past_is_that_of_the_moment_shown() -> None:
    def fleet(status: str) -> Fleet:
        row = Deployment(status=status, region="us-east")
        agent = Agent(agent_id="CA_0", agent_deployments=(row,))
        return Fleet(agents=(agent,), index={"CA_0": agent})

    moments = [(100.0, fleet("Running")), (120.0, fleet("CrashLoop")), (140.0, fleet("CrashLoop"))]
    replay = Replay(PROJECT, moments, clock=ManualClock())
    assert replay.past.since("CA_0") == Since("CrashLoop", 120.0)
    replay.show(100.0)
    assert replay.past.since("CA_0") == Since("Running", not_after=100.0), (
        "it had it when the recording began"
    )
    replay.show(130.0)
    assert replay.past.since("CA_0") == Since("CrashLoop", 120.0) and replay.past.has_changes
