"""What is remembered of agents: since when they have their status, and how they looked a minute ago."""

from __future__ import annotations

from dataclasses import replace

from tests.fixtures.clocks import ManualClock
from tui.api.models import Agent, Deployment
from tui.fleet.past import EMPTY_PAST, AgentChange, Past, Since
from tui.fleet.state import Freshness, with_agents
from tui.fleet.store import Change, Store
from tui.history.events import MARK_FOR, History


def agent(number: int, status: str = "Running", replicas: int = 1) -> Agent:
    """An agent with one deployment."""
    row = Deployment(status=status, replicas=replicas)
    return Agent(agent_id=f"CA_{number}", agent_deployments=(row,))


class Listings:
    """Listings of agents one after the other, and the past that follows from them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = Store(self.clock)
        self.history = History()
        self.store.subscribe(self.history.record)

    def see(self, *agents: Agent, after: float = 10.0) -> Past:
        """Another listing."""
        self.clock.advance(after)
        fresh = Freshness(at=self.clock.monotonic())
        self.store.freshen("agents", fresh, lambda fleet: with_agents(fleet, agents))
        return self.history.past


def test_since_when_is_known_only_for_what_was_seen_to_happen() -> None:
    listings = Listings()
    past = listings.see(agent(1), agent(2, "Error"))
    assert past.since("CA_1") == Since("Running", None) and past.since("CA_2") == Since("Error", None)
    assert past.since("CA_9") is None
    past = listings.see(agent(1, "CrashLoop"), agent(2, "Error"), agent(3))
    now = listings.clock.now()
    assert past.since("CA_1") == Since("CrashLoop", now)
    assert past.since("CA_2") == Since("Error", None)
    assert past.since("CA_3") == Since("Running", now), "it appeared while this session looked"
    past = listings.see(agent(1, "CrashLoop", replicas=2), agent(2, "Error"), agent(3))
    assert past.since("CA_1") == Since("CrashLoop", now), "another figure is no other status"


def test_an_empty_first_listing_is_a_listing() -> None:
    listings = Listings()
    listings.see()
    assert listings.see(agent(1)).since("CA_1") == Since("Running", listings.clock.now())


def test_a_first_answer_after_failures_is_the_first_listing() -> None:
    listings = Listings()
    listings.store.freshen("agents", Freshness().failed("down", None))
    assert listings.see(agent(1)).since("CA_1") == Since("Running", None)


def test_changes_are_remembered_for_a_minute_with_how_it_was() -> None:
    listings = Listings()
    first = agent(1)
    assert not listings.see(first, agent(2)).has_changes
    past = listings.see(agent(1, "Error"), agent(2))
    assert past.changed("CA_1") == AgentChange(first, listings.clock.monotonic())
    assert past.changed("CA_2") is None and past.has_changes
    past = listings.see(agent(1, "CrashLoop"), agent(2))
    change = past.changed("CA_1")
    assert change is not None and change.before is first, "as it was before the minute began"
    past = listings.see(agent(1, "CrashLoop"), agent(2, "Updating"), after=MARK_FOR)
    assert past.changed("CA_1") is None and past.changed("CA_2") is not None


def test_a_mark_fades_although_the_agents_stay_as_they_are() -> None:
    listings = Listings()
    listings.see(agent(1))
    same = (agent(1, "Error"),)
    assert listings.see(*same).has_changes
    assert listings.see(*same, after=MARK_FOR - 1).has_changes
    assert not listings.see(*same, after=1).has_changes


def test_the_past_is_the_same_object_while_nothing_in_it_differs() -> None:
    listings = Listings()
    first = listings.see(agent(1))
    assert listings.see(agent(1)) is first
    second = listings.see(agent(1, "Error"))
    assert second is not first and first.changed("CA_1") is None
    assert listings.see(agent(1, "Error")) is second


def test_agents_of_yesterday_are_forgotten() -> None:
    listings = Listings()
    for number in range(1000):
        past = listings.see(agent(number), after=MARK_FOR)
    known = [number for number in range(1000) if past.since(f"CA_{number}")]
    assert len(known) <= 66 and known[-1] == 999
    assert not any(past.changed(f"CA_{number}") for number in range(1000))


def test_a_later_subscriber_finds_the_news_of_the_same_change() -> None:
    listings = Listings()
    seen: list[bool] = []

    def note(change: Change) -> None:
        seen.append(listings.history.past.has_changes)

    listings.store.subscribe(note)
    listings.see(agent(1))
    listings.see(agent(1, "Error"))
    assert seen == [False, True]


def test_what_is_no_listing_of_agents_leaves_the_past_as_it_is() -> None:
    listings = Listings()
    past = listings.see(agent(1))
    listings.store.update(lambda fleet: replace(fleet, unreadable=3))
    assert listings.history.past is past


def test_nothing_is_known_before_anything_was_received() -> None:
    assert EMPTY_PAST.since("CA_1") is None and EMPTY_PAST.changed("CA_1") is None
    assert not EMPTY_PAST.has_changes and not History().past.has_changes
