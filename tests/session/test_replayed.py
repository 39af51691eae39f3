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
from tui.clock import Moment
from tui.fleet.past import EMPTY_PAST, Since
from tui.fleet.state import Fleet, Freshness
from tui.fleet.store import Store
from tui.fleet.view import Selection
from tui.history import timeline
from tui.history.records import Sample, Stamp
from tui.operations.remote import Remote
from tui.session.replayed import REFUSAL, UNASKED, Replay


def moment(count: int) -> Fleet:
    """A fleet of so many agents, with details that were fetched about another one."""
    agents = tuple(Agent(agent_id=f"CA_{number}") for number in range(count))
    fresh = {"agents": Freshness(at=1.0), "versions": Freshness(at=1.0, subject="CA_9")}
    return Fleet(agents=agents, freshness=fresh)


def sample(count: int) -> Sample:
    """A recorded moment with so many agents."""
    return Sample(Stamp(count, "run", 100.0 * count, 1000.0 + count), moment(count))


def test_going_to_another_moment_keeps_what_is_selected_and_is_no_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replay = Replay(PROJECT, Fleet(), clock=ManualClock())
    monkeypatch.setattr(timeline, "derive", lambda *args: pytest.fail("an event was looked for"))
    failed: list[str] = []
    monkeypatch.setattr(Store, "_failed", lambda store, subscriber, error: failed.append(str(error)))
    replay.select(Selection(agent_id="CA_0"))
    for count in (2, 3, 1):
        replay.show_sample(sample(count), EMPTY_PAST)
        assert len(replay.store.fleet.agents) == count
        assert replay.store.fleet.fresh("versions").subject == "CA_0"
        assert replay.moment == Moment(1000.0 + count, 100.0 * count) and replay.past is EMPTY_PAST
    assert not failed


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
        with pytest.raises(NotSent, match=UNASKED):
            await getattr(remote, name)()


def test_what_it_shows_was_seen_for_the_first_time_then() -> None:
    row = Deployment(status="Running", region="us-east")
    agent = Agent(agent_id="CA_0", agent_deployments=(row,))
    fleet = Fleet(agents=(agent,), index={"CA_0": agent})
    clock = ManualClock()
    replay = Replay(PROJECT, fleet, clock=clock)
    assert replay.past.since("CA_0") == Since("Running", not_after=clock.now())
