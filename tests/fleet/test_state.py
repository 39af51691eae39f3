"""What is known: identity of what did not change, since when, and the facts derived from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.fixtures.clocks import ManualClock
from tests.fixtures.fleet_fields import FleetFields
from tui.api.models import Agent, Deployment, Event, Room
from tui.fleet import facts
from tui.fleet.facts import AgentFacts, deployment_names
from tui.fleet.facts_cache import FactsCache
from tui.fleet.state import Fleet, Freshness, changed_agents, with_agents
from tui.fleet.store import Change, Merge, Store
from tui.fleet.view import Selection, View

# ---- the store -----------------------------------------------------------------------------------------


def fields(**changes: Unpack[FleetFields]) -> Merge:
    """A merge that sets fields."""
    return lambda fleet: replace(fleet, **changes)


def test_an_update_that_changes_nothing_is_none() -> None:
    store = Store(ManualClock())
    told: list[Change] = []
    store.subscribe(told.append)
    before = store.fleet
    assert not store.update(fields(rooms=(), dispatches={}, unreadable=0))
    assert not store.freshen("rooms", Freshness())
    assert store.fleet is before and told == []


def test_equal_values_keep_their_identity() -> None:
    rooms = (Room(name="a"),)
    store = Store(ManualClock())
    store.update(fields(rooms=rooms, dispatches={"a": ()}))
    dispatches = store.fleet.dispatches
    assert store.update(fields(rooms=(Room(name="a"),), dispatches={"a": ()}, unreadable=1))
    assert store.fleet.rooms is rooms and store.fleet.dispatches is dispatches
    assert store.fleet.unreadable == 1


def test_a_change_shares_the_rest() -> None:
    store = Store(ManualClock())
    store.update(fields(rooms=(Room(name="a"),), agents=(Agent(agent_id="CA"),)))
    before = store.fleet
    store.update(fields(unreadable=2))
    assert store.fleet is not before
    assert store.fleet.rooms is before.rooms and store.fleet.agents is before.agents


def test_a_change_says_what_differs_and_when() -> None:
    clock = ManualClock()
    store = Store(clock)
    told: list[Change] = []
    store.subscribe(told.append)
    first = store.fleet
    store.update(fields(unreadable=1, rooms=(Room(name="a"),), dispatches={}))
    clock.advance(5.0)
    store.freshen("rooms", Freshness(at=5.0), fields(rooms=(Room(name="a"),)))
    assert [set(change.fields) for change in told] == [{"unreadable", "rooms"}, {"freshness"}]
    assert told[0].before is first and told[1].before is told[0].after and told[1].after is store.fleet
    assert told[1].at.unix - told[0].at.unix == told[1].at.monotonic - told[0].at.monotonic == 5.0


def test_subscribers_are_told_once_each_with_the_newest() -> None:
    store = Store(ManualClock())
    told: list[tuple[str, int]] = []
    stop = store.subscribe(lambda change: told.append(("a", change.after.unreadable)))
    store.subscribe(lambda change: told.append(("b", change.after.unreadable)))
    store.update(fields(unreadable=1, rooms=(Room(name="a"),)))
    stop()
    store.update(fields(unreadable=2))
    assert told == [("a", 1), ("b", 1), ("b", 2)]


def test_a_subscriber_may_leave_while_it_is_told() -> None:
    store = Store(ManualClock())
    told: list[str] = []
    stops: list[Callable[[], None]] = []

    def once(change: Change) -> None:
        told.append("once")
        stops[0]()

    stops.append(store.subscribe(once))
    store.subscribe(lambda change: told.append("other"))
    store.update(fields(unreadable=1))
    store.update(fields(unreadable=2))
    assert told == ["once", "other", "other"]


def test_a_subscriber_that_raises_is_reported_once_and_told_nothing_more() -> None:
    reports: list[str] = []
    told: list[int] = []
    store = Store(ManualClock(), report=reports.append)

    def broken(change: Change) -> None:
        raise KeyError("no \x1b[31m eyJhbGciOi.eyJpc3Mi.signature")

    stop = store.subscribe(broken)
    store.subscribe(lambda change: told.append(change.after.unreadable))
    store.update(fields(unreadable=1))
    store.update(fields(unreadable=2))
    stop()  # whoever subscribed need not know that it was dropped
    assert told == [1, 2]
    assert len(reports) == 1 and "broken" in reports[0] and "KeyError" in reports[0]
    assert "\x1b" not in reports[0] and "signature" not in reports[0]


def test_freshness_travels_with_what_it_is_about() -> None:
    store = Store(ManualClock())
    seen: list[tuple[int, float | None]] = []
    store.subscribe(lambda change: seen.append((len(change.after.rooms), change.after.fresh("rooms").at)))
    store.freshen("rooms", Freshness(at=5.0), fields(rooms=(Room(name="a"),)))
    store.freshen("agents", Freshness(at=6.0))
    assert seen == [(1, 5.0), (1, 5.0)]
    assert store.fleet.fresh("agents").at == 6.0 and store.fleet.fresh("none") == Freshness()


# ---- agents from one listing to the next ---------------------------------------------------------------


def agent(number: int, status: str = "Running") -> Agent:
    """An agent with one deployment."""
    return Agent(agent_id=f"CA_{number}", agent_deployments=(Deployment(status=status),))


def listed(*agents: Agent, before: Fleet | None = None) -> Fleet:
    """A fleet after another listing."""
    return with_agents(before or Fleet(), agents)


def test_the_same_listing_is_no_change() -> None:
    fleet = listed(agent(1))
    assert with_agents(fleet, fleet.agents) is fleet


def test_the_index_and_the_counts_follow() -> None:
    fleet = listed(agent(1), agent(2), agent(3, "Error"))
    assert fleet.agent("CA_2") is fleet.agents[1] and fleet.agent("CA_9") is None
    assert fleet.statuses == {"Running": 2, "Error": 1}
    fleet = listed(fleet.agents[2], agent(4), agent(1, "Error"), before=fleet)
    assert fleet.statuses == {"Running": 1, "Error": 2}
    fleet = listed(agent(3, "Error"), before=fleet)
    assert fleet.agent("CA_2") is None and fleet.statuses == {"Error": 1}
    fleet = listed(before=fleet)
    assert fleet.agents == () and fleet.statuses == {}


def test_agents_that_changed_are_found_in_any_order() -> None:
    first, second, third = agent(1), agent(2), agent(3)
    fleet = listed(first, second, third)
    worse, new = agent(2, "Error"), agent(4)
    assert changed_agents(fleet, (third, agent(1), worse, new)) == [(worse, second), (new, None)]


def test_where_lists_of_agents_differ_is_looked_for_once() -> None:
    first, second, third = agent(1), agent(2), agent(3)
    store, seen = Store(ManualClock()), list[Change]()
    store.subscribe(seen.append)
    store.update(lambda fleet: with_agents(fleet, (first, second)))
    store.update(lambda fleet: with_agents(fleet, (first, agent(2, "Error"), third)))
    store.update(fields(unreadable=1))
    assert [list(change.differing_agents.positions) for change in seen] == [[0, 1], [1, 2], []]
    lists = seen[1].differing_agents
    assert seen[1].differing_agents is lists and lists.before is seen[0].after.agents
    assert lists.of(lists.before, lists.after) == [1, 2] and lists.of(lists.after, lists.before) is None


@pytest.mark.parametrize("seed", range(4))
def test_the_index_is_the_same_in_whatever_order_agents_are_listed(seed: int) -> None:
    chance, fleet = Random(seed), Fleet()
    for _ in range(60):
        listing = list(fleet.agents) or [agent(number) for number in range(8)]
        for position in chance.sample(range(len(listing)), len(listing) // 2):
            listing[position] = agent(chance.randrange(12), chance.choice(("Running", "Error")))
        if chance.random() < 0.3:
            chance.shuffle(listing)
        fleet = with_agents(fleet, tuple(listing))
        assert dict(fleet.index) == {item.agent_id: item for item in listing}
        assert all(fleet.index[item.agent_id] is item for item in reversed(listing[-1:]))


def test_a_view_selects() -> None:
    fleet = listed(agent(1))
    view = View(fleet, Selection(agent_id="CA_1"), now=0.0, monotonic=0.0)
    assert view.agent is fleet.agents[0]
    assert View(fleet, Selection(agent_id="CA_9"), 0.0, 0.0).agent is None


# ---- facts ---------------------------------------------------------------------------------------------

SCRAPED = datetime(2026, 8, 11, 10, tzinfo=UTC)
LATER = datetime(2026, 8, 11, 11, tzinfo=UTC)


def row(**fields: object) -> Deployment:
    """A deployment as observed."""
    given = {"status": "Running", "region": "us-east", "cur_cpu": "500m", "cpu_limit": "2000m", **fields}
    given = {"cur_mem": "1Gi", "mem_limit": "4Gi", "last_scraped_at": SCRAPED, **given}
    return structs.replace(Deployment(), **given)


def test_the_facts_of_an_agent() -> None:
    crash = Event(type="AGENT_EVENT_TYPE_APPLICATION_CRASHED", count=3)
    memory = Event(type="AGENT_EVENT_TYPE_RESTARTED_HIGH_MEMORY_USAGE", count=1)
    known = AgentFacts(
        Agent(
            agent_id="CA_1",
            agent_name="inbound",
            version="2",
            deployed_at=SCRAPED,
            agent_deployments=(
                row(region="us-east", replicas=1, min_replicas=1, max_replicas=3, events=(crash, memory)),
                row(
                    region="eu-central",
                    status="CrashLoop",
                    cur_cpu="1900m",
                    last_scraped_at=LATER,
                    events=(crash,),
                ),
                row(
                    region="eu-central",
                    deployment="staging",
                    version="1",
                    cur_mem="3Gi",
                    server_region="ofra1",
                ),
            ),
        )
    )
    assert (known.status.name, known.status_text) == ("CrashLoop", "CrashLoop 1/3")
    assert (known.regions, known.deployments) == ("eu-central,us-east", "production,staging")
    assert (known.version, known.replicas) == ("2 mixed", "1/1/3")
    assert (known.cpu, known.cpu_share) == ("1900m / 2000m", 0.95)
    assert (known.mem, known.mem_share) == ("3 / 4GB", 0.75)
    assert (known.events, known.event_count) == ("crashed ×6 OOM ×1", 7)
    assert (known.seen_at, known.deployed_at) == (SCRAPED.timestamp(), SCRAPED.timestamp())
    for word in ("inbound", "CA_1", "CrashLoop", "us-east", "staging", "ofra1", "crashed ×6"):
        assert word in known.text


def test_an_agent_without_deployments() -> None:
    """The official client indexes the first and crashes (PROTOCOL.md, Agents)."""
    known = AgentFacts(Agent(agent_id="CA_1", version="--"))
    assert (known.status_text, known.regions, known.cpu, known.mem) == ("no deployment", "", "–", "–")
    assert (known.replicas, known.cpu_share, known.mem_share) == ("0/0/0", -1.0, -1.0)
    assert (known.seen_at, known.deployed_at, known.events) == (None, None, "")


def test_usage_means_nothing_before_the_first_scrape() -> None:
    never = row(cur_cpu="0", cur_mem="", last_scraped_at=None)
    known = AgentFacts(Agent(agent_id="CA_1", agent_deployments=(never,)))
    assert (known.cpu, known.mem) == ("- / 2000m", "- / 4GB")
    assert (known.cpu_share, known.mem_share, known.seen_at) == (-1.0, -1.0, None)
    both = AgentFacts(Agent(agent_id="CA_1", agent_deployments=(never, row())))
    assert both.cpu == "500m / 2000m" and both.cpu_share == 0.25


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        (("Running",), "Running"),
        (("running", "Running"), "Running"),
        (("Error", "Running"), "Error 1/2"),
        (("",), "not observed"),
    ],
)
def test_a_status_says_of_how_many_it_is(statuses: tuple[str, ...], words: str) -> None:
    rows = tuple(row(status=text) for text in statuses)
    assert AgentFacts(Agent(agent_id="CA", agent_deployments=rows)).status_text == words


def test_deployments_are_production_first() -> None:
    rows = [row(deployment=name) for name in ("zeta", "", "alpha", "")]
    assert deployment_names(rows) == ["production", "alpha", "zeta"]


def test_facts_are_derived_once_per_received_agent() -> None:
    cache, agents = FactsCache(), [agent(number) for number in range(100)]
    before = [cache.of(item) for item in agents]
    assert [cache.of(item) for item in agents] == before and cache.derived == 100
    agents[7] = agent(7, "Error")
    after = [cache.of(item) for item in agents]
    assert cache.derived == 101 and after[7].status.name == "Error" and after[8] is before[8]
    cache.prune(["CA_7", "CA_8", "CA_999"])
    assert len(cache) == 2


def test_the_worst_come_first_without_the_facts_of_each() -> None:
    cache, agents = (
        FactsCache(),
        [agent(number, "Error" if number % 9 == 4 else "Running") for number in range(50)],
    )

    def ranked() -> list[str]:
        return [facts.agent.agent_id for facts in sorted(map(AgentFacts, agents), key=lambda item: item.rank)]

    order = cache.worst_first(tuple(agents))
    assert order == ranked() and order[0] == "CA_13" and cache.derived == 0
    agents[7] = structs.replace(agents[7], version="20260101000000")
    assert cache.worst_first(tuple(agents)) is order, "nothing to do anew"
    agents[7] = agent(7, "CrashLoop")
    assert cache.worst_first(tuple(agents)) == ranked() != order
    agents[8] = structs.replace(agents[8], agent_name="a first one")
    assert cache.worst_first(tuple(agents)) == ranked()
    del agents[3:40]
    assert cache.worst_first(tuple(agents)) == ranked()
    assert cache.worst_first(()) == []
    agents[0] = structs.replace(agents[0], agent_name="p\u0430yments")
    agents[1] = structs.replace(agents[1], agent_name="payments")
    known = [cache.of(item) for item in agents]
    cache.worst_first(tuple(agents))
    assert [cache.of(item).is_lookalike for item in agents[:3]] == [True, False, False]
    assert known[0] is cache.of(agents[0])


@given(
    st.lists(
        st.dictionaries(st.integers(0, 99), st.sampled_from(("Running", "Error", "Sleeping")), max_size=90)
    )
)
def test_few_or_many_agents_of_another_status_find_their_places(changes: list[dict[int, str]]) -> None:
    cache, agents = FactsCache(), [agent(number) for number in range(100)]
    cache.worst_first(tuple(agents))
    for change in changes:
        before = cache.worst_first(tuple(agents))
        copy = list(before)
        for place, word in change.items():
            agents[place] = agent(place, word)
        ranked = sorted(map(AgentFacts, agents), key=lambda item: item.rank)
        assert cache.worst_first(tuple(agents)) == [item.agent.agent_id for item in ranked]
        assert before == copy, "what was handed out stays as it is"


def test_one_agent_of_another_status_does_not_sort_all(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, agents = FactsCache(), [agent(number) for number in range(100)]
    cache.worst_first(tuple(agents))
    monkeypatch.setattr(facts, "sorted", None, raising=False)
    agents[7] = agent(7, "CrashLoop")
    assert cache.worst_first(tuple(agents))[0] == "CA_7"
