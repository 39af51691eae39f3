"""What is derived of agents: since when they have their status, how they looked a minute ago, and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from msgspec import structs

from tests.fixtures.clocks import ManualClock
from tui.api.decoding.batch import Batch
from tui.api.models import Agent, Deployment, SecretInfo, Version
from tui.api.models import Event as AgentEvent
from tui.clock import Moment
from tui.fleet.past import (
    EMPTY_PAST,
    HELD,
    AgentChange,
    Event,
    Kind,
    Past,
    Severity,
    Since,
    Transition,
    complete_since,
    deployment_key,
)
from tui.fleet.polling.cut_listings import with_agent_listing
from tui.fleet.since_by_id import SinceById
from tui.fleet.state import Fleet, Freshness
from tui.fleet.status import worst
from tui.fleet.store import Change, Store
from tui.fleet.times import how_long
from tui.history.events.agents import MARK_FOR
from tui.history.events.derive import GAP_AFTER, Reported, Resumed, State, Tick
from tui.history.events.since import of_transitions
from tui.history.timeline import History


def agent(number: int, status: str = "Running", replicas: int = 1) -> Agent:
    """An agent with one deployment."""
    row = Deployment(status=status, replicas=replicas)
    return Agent(agent_id=f"CA_{number}", agent_deployments=(row,))


START = ManualClock().now() + 10.0
"""When the first listing comes, Unix seconds."""


class Listings:
    """Listings of agents one after the other, and the past that follows from them."""

    def __init__(self, history: History | None = None) -> None:
        self.clock = ManualClock()
        self.store = Store(self.clock)
        self.history = history or History()
        self.store.subscribe(self.history.record)

    def see(self, *agents: Agent, after: float = 10.0, unreadable: int = 0, cut: int | None = None) -> Past:
        """Another listing; `unreadable` rows of it could not be read, and so many of more were kept."""
        self.clock.advance(after)
        at = self.clock.monotonic()
        batch = Batch(agents, listed=True, unreadable=unreadable, cut=cut)
        self.store.freshen("agents", Freshness(at=at), lambda fleet: with_agent_listing(fleet, batch, at))
        return self.history.past


def told(past: Past, kind: Kind | None = None) -> list[str]:
    """The texts of events, oldest first."""
    return [event.text for event in past.events if kind is None or event.kind is kind]


def last(past: Past) -> Event:
    """The newest event."""
    return past.events[-1]


def crashed(number: int, count: int, at: float, status: str = "CrashLoop", **more: object) -> Agent:
    """An agent that has crashed so often, the last time at this Unix time."""
    when = datetime.fromtimestamp(at, UTC)
    event = AgentEvent(type="AGENT_EVENT_TYPE_APPLICATION_CRASHED", count=count, timestamp=when)
    row = Deployment(status=status, events=(event,))
    return structs.replace(Agent(agent_id=f"CA_{number}", agent_deployments=(row,)), **more)


def deployed(number: int, at: float, status: str = "Running", version: str = "v1") -> Agent:
    """An agent that was deployed at this Unix time."""
    return structs.replace(
        agent(number, status), deployed_at=datetime.fromtimestamp(at, UTC), version=version
    )


def test_since_when_is_known_only_for_what_was_seen_to_happen() -> None:
    listings = Listings()
    past = listings.see(agent(1), agent(2, "Error"))
    assert past.since("CA_1") == Since("Running", not_after=START) and past.since("CA_2") == Since(
        "Error", not_after=START
    )
    assert past.since("CA_9") is None
    past = listings.see(agent(1, "CrashLoop"), agent(2, "Error"), agent(3))
    now = listings.clock.now()
    assert past.since("CA_1") == Since("CrashLoop", now)
    assert past.since("CA_2") == Since("Error", not_after=START)
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
    assert listings.see(agent(1)).since("CA_1") == Since("Running", not_after=START)


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


def in_regions(number: int, *regions: str) -> Agent:
    """An agent with a deployment in each."""
    return Agent(
        agent_id=f"CA_{number}", agent_deployments=tuple(Deployment(region=name) for name in regions)
    )


def test_the_deployments_of_large_agents_are_no_reason_to_forget() -> None:
    """What is kept of a fleet is the same object as before, as long as nothing of it is gone."""
    names = ("us-east", "us-west", "eu-central", "ap-south")
    listings = Listings()
    known: list[Mapping[str, Since]] = []
    listings.history.follow(lambda step: known.append(step.state.agents.statuses))
    fleet = [in_regions(number, *names) for number in range(100)]
    listings.see(*fleet)
    listings.see(*(structs.replace(agent, version="v2") for agent in fleet))
    assert len(known[0]) == 500 and known[1] is known[0]


def test_deployments_that_are_gone_are_forgotten_although_their_agent_is_there() -> None:
    listings = Listings()
    for number in range(500):
        past = listings.see(in_regions(1, "us-east", f"region-{number}"))
    keys = [deployment_key("CA_1", f"region-{number}", "") for number in range(500)]
    held = [key for key in keys if past.since(key)]
    assert len(held) <= 80 and held[-1] == keys[-1] and past.since("CA_1")


def test_a_deployment_that_is_listed_twice_has_one_status() -> None:
    listings = Listings()
    steps: list[Transition] = []
    listings.history.follow(lambda step: steps.extend(step.transitions))
    listings.see(in_regions(1, "us-east", "us-east"))
    assert [step.id for step in steps] == ["CA_1", deployment_key("CA_1", "us-east", "")]


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


# ---- since when ------------------------------------------------------------------------------------------


def test_what_is_seen_for_the_first_time_is_bounded_by_its_deploy_and_its_crashes() -> None:
    listings = Listings()
    past = listings.see(
        deployed(1, START - 780),
        crashed(2, 3, START - 300),
        crashed(3, 3, START - 300, deployed_at=datetime.fromtimestamp(START - 900, UTC)),
        crashed(4, 3, START - 900, deployed_at=datetime.fromtimestamp(START - 300, UTC)),
        crashed(5, 3, START - 300, status="Running"),
    )
    assert past.since("CA_1") == Since("Running", None, START - 780, START, "deploy")
    assert past.since("CA_2") == Since("CrashLoop", None, None, START - 300)
    assert past.since("CA_3") == Since("CrashLoop", None, START - 900, START - 300, "deploy")
    assert past.since("CA_4") == Since("CrashLoop", None, START - 300, START, "deploy"), "an older version's"
    assert past.since("CA_5") == Since("Running", None, None, START), "a crash says nothing of a running one"
    now = START + 60
    shown = [how_long(past.since(f"CA_{number}"), now=now) for number in (1, 2, 3, 5, 9)]
    assert shown == [
        ("1m–14m deploy", "≤14m"),
        ("≥6m", "≥6m"),
        ("6m–16m deploy", "≤16m"),
        ("≥1m", "≥1m"),
        ("–", "–"),
    ]
    assert how_long(past.since("CA_1"), now=START) == ("≤13m deploy", "≤13m")


@pytest.mark.parametrize("failures", [1, 2])
def test_a_change_is_exact_only_if_both_answers_were_close_together(failures: int) -> None:
    listings = Listings()
    listings.see(agent(1))
    before = listings.clock.now()
    for _ in range(failures):
        listings.clock.advance(2)
        listings.store.freshen("agents", listings.store.fleet.fresh("agents").failed("down", None))
    past = listings.see(agent(1, "Error"), after=2.0)
    now = listings.clock.now()
    exact = Since("Error", now)
    bounded = Since("Error", not_before=before, not_after=now)
    assert past.since("CA_1") == (exact if failures == 1 else bounded)
    event = next(item for item in past.events if item.kind is Kind.STATUS)
    assert event.not_before == (None if failures == 1 else before)


def test_a_gap_bounds_what_it_may_have_hidden_and_nothing_else() -> None:
    listings, steps = Listings(), list[Transition]()
    listings.history.follow(lambda step: steps.extend(step.transitions))
    same, restarted, again = agent(1, "Error"), crashed(2, 1, START - 50), deployed(3, START - 50)
    listings.see(agent(1), agent(2), agent(3))
    listings.see(same, restarted, again)
    seen = listings.clock.now()
    past = listings.see(
        same, crashed(2, 2, seen + 100), deployed(3, seen + 200, version="v2"), after=GAP_AFTER + 240
    )
    now = listings.clock.now()
    assert past.since("CA_1") == Since("Error", seen), "nothing shows that it was otherwise meanwhile"
    assert past.since("CA_2") == Since("CrashLoop", not_before=seen, not_after=now)
    assert past.since("CA_3") == Since("Running", None, seen + 200, now, "deploy")
    for agent_id in ("CA_1", "CA_2", "CA_3"):
        known = listings.store.fleet.index[agent_id]
        own = [step for step in steps if step.id == agent_id]
        kept = of_transitions(own, worst(known).name, known, known.agent_deployments)
        assert kept == past.since(agent_id), "and so it is kept"


def test_a_later_run_goes_on_where_the_one_before_ended() -> None:
    first = Listings()
    first.see(agent(1), agent(2))
    known = first.see(agent(1, "Error"), agent(2))
    end = first.clock.now()
    state = State(run="2-", resumed=Resumed(first.store.fleet, end))
    statuses = {key: since for key in ("CA_1", "CA_2") if (since := known.since(key)) is not None}
    state = replace(state, agents=replace(state.agents, statuses=SinceById(statuses.items())))
    second = Listings(History(state))
    second.clock.advance(3600)
    past = second.see(agent(1, "Error"), agent(2, "CrashLoop"))
    assert past.since("CA_1") == Since("Error", end), "it survives a restart"
    assert past.since("CA_2") == Since("CrashLoop", not_before=end, not_after=second.clock.now())
    assert [(event.id, event.text) for event in past.events] == [("2-1", "CrashLoop (was Running)")]


# ---- events of agents ------------------------------------------------------------------------------------


def test_an_operation_that_is_told_before_the_servers_clock_is_known_says_so() -> None:
    note = Reported("n-1", START, Kind.NOTE, Severity.INFO, "lunch")
    for skew in (None, 90.0):
        history = History(State(), skew=lambda skew=skew: skew)
        history.take(note)
        (event,) = history.past.events
        assert (event.at, event.is_clock_unknown) == (START + (skew or 0.0), skew is None)


def test_since_when_is_marked_where_the_servers_clock_was_not_known() -> None:
    skews: list[float | None] = [None]
    listings, steps = Listings(History(skew=lambda: skews[-1])), list[Transition]()
    listings.history.follow(lambda step: steps.extend(step.transitions))
    listings.see(agent(1), agent(2), crashed(3, 1, START - 50), agent(4))
    past = listings.see(agent(1, "Error"), agent(2), crashed(3, 1, START - 50), agent(4))
    seen = listings.clock.now()
    assert past.since("CA_1") == Since("Error", seen, is_clock_unknown=True)
    assert past.since("CA_2") == Since("Running", not_after=seen - 10.0, is_clock_unknown=True)
    assert past.since("CA_3") == Since("CrashLoop", not_after=START - 50), "by the server's word"
    assert how_long(past.since("CA_1"), now=seen + 240) == ("~4m", "~4m")
    skews.append(90.0)
    past = listings.see(agent(1, "Error"), deployed(2, seen + 5), agent(4, "Error"), after=GAP_AFTER + 240)
    past = listings.see(agent(1, "Error"), deployed(2, seen + 5), agent(4, "Sleeping"))
    assert how_long(past.since("CA_1"), now=seen) == ("~<1m", "~<1m")
    assert past.since("CA_4") == Since("Sleeping", listings.clock.now() + 90.0), "it is known by now"
    for known in listings.store.fleet.agents:
        own = [step for step in steps if step.id == known.agent_id]
        kept = of_transitions(own, worst(known).name, known, known.agent_deployments)
        assert kept == past.since(known.agent_id), "and so it is kept"


def test_nothing_has_happened_when_everything_is_seen_for_the_first_time() -> None:
    assert not Listings().see(agent(1), agent(2, "Error")).events


def test_other_statuses_are_told_with_what_they_were() -> None:
    listings = Listings()
    listings.see(agent(1))
    event = last(listings.see(agent(1, "CrashLoop")))
    assert (event.text, event.severity, event.kind) == (
        "CrashLoop (was Running)",
        Severity.ERROR,
        Kind.STATUS,
    )
    assert (event.before, event.after, event.subject.agent_id) == ("Running", "CrashLoop", "CA_1")
    assert (event.at, event.not_before) == (listings.clock.now(), None)
    assert last(listings.see(agent(1))).severity is Severity.GOOD
    assert last(listings.see(agent(1, "Updating"))).severity is Severity.INFO


def test_a_deployment_of_several_is_named() -> None:
    def both(us: str, eu: str) -> Agent:
        rows = tuple(Deployment(region=name, status=state) for name, state in (("us", us), ("eu", eu)))
        return Agent(agent_id="CA_1", agent_deployments=rows)

    listings = Listings()
    listings.see(both("Running", "Running"))
    past = listings.see(both("Error", "Running"))
    assert told(past) == ["Error in us (was Running)"]
    assert past.since(deployment_key("CA_1", "us", "")) == past.since("CA_1")
    past = listings.see(both("CrashLoop", "CrashLoop"))
    assert last(past).text == "CrashLoop in us (was Error)"
    assert last(past).detail == "CrashLoop in eu (was Running)"
    past = listings.see(agent(1, "CrashLoop"))
    assert "any more" in last(past).text or "was" in last(past).text


def test_agents_that_appear_and_go() -> None:
    listings = Listings()
    listings.see(agent(1))
    listings.see(agent(1), agent(2))
    assert told(listings.see(agent(2))) == ["new agent: Running", "gone from the list (was Running)"]
    assert len(listings.see(agent(3), cut=2).events) == 3, "a listing that was cut does not tell who is gone"


def test_an_agent_beyond_the_end_of_a_list_that_was_cut_is_neither_gone_nor_new() -> None:
    listings = Listings()
    listings.see(agent(1), agent(2), cut=2)
    past = listings.see(agent(1), agent(2), agent(3), cut=3)
    assert not past.events, "more of it is kept"
    past = listings.see(agent(1), agent(2), agent(3), agent(4))
    assert not past.events, "it is whole"
    assert past.since("CA_4") == Since("Running", not_after=listings.clock.now())
    assert told(listings.see(agent(2), agent(3), agent(4), agent(5))) == [
        "new agent: Running",
        "gone from the list (was Running)",
    ]
    known, end = listings.store.fleet, listings.clock.now()
    again = Listings(History(State(run="2-", resumed=Resumed(known, end))))
    again.clock.advance(15.0)
    assert not again.see(agent(2), cut=1).events, "nor one of an earlier run"


def test_an_agent_whose_row_cannot_be_read_is_neither_gone_nor_new() -> None:
    listings = Listings()
    first = listings.see(agent(1), agent(2), agent(3), agent(4)).since("CA_2")
    assert not listings.see(agent(1), agent(3), unreadable=2).events
    past = listings.see(agent(1), agent(2), agent(3), unreadable=1)
    assert not past.events and past.since("CA_2") == first, "it was there"
    past = listings.see(agent(1), agent(2, "Error"), unreadable=2)
    assert told(past) == ["Error (was Running)"]
    assert last(past).not_before is None, "it was read the time before"
    past = listings.see(agent(1), agent(2, "Error"))
    assert told(past)[1:] == 2 * ["gone from the list (was Running)"], "a whole list does not have them"
    listings.see(agent(1), agent(2, "Error"), unreadable=1)
    past = listings.see(agent(1), agent(2, "Error"), agent(5))
    assert len(past.events) == 3 and past.since("CA_5") == Since("Running", not_after=listings.clock.now())


def test_what_happened_to_an_agent_while_its_row_could_not_be_read_is_not_said_to_be_now() -> None:
    listings = Listings()
    listings.see(agent(1), agent(2), agent(3))
    read_at = listings.clock.now()
    for _ in range(20):
        listings.see(agent(1), unreadable=2)
    past = listings.see(agent(1, "Error"), agent(2, "Error"))
    now = listings.clock.now()
    assert past.since("CA_1") == Since("Error", now)
    assert past.since("CA_2") == Since("Error", None, read_at, now), "it may have broken at any time since"
    bounds = {event.subject.agent_id: event.not_before for event in past.events}
    assert bounds == {"CA_1": None, "CA_2": read_at, "CA_3": read_at}


def test_an_agent_of_an_earlier_run_is_neither_gone_nor_new_until_a_list_is_read_as_a_whole() -> None:
    first = Listings()
    first.see(agent(1), agent(2), agent(3))
    known, end = first.store.fleet, first.clock.now()
    again = Listings(History(State(run="2-", resumed=Resumed(known, end))))
    again.clock.advance(15.0)
    assert not again.see(agent(1), unreadable=2).events
    past = again.see(agent(1), agent(2, "Error"), unreadable=1)
    assert told(past) == ["Error (was Running)"] and last(past).not_before == end
    assert told(again.see(agent(1), agent(2, "Error")))[1:] == ["gone from the list (was Running)"]
    assert last(again.history.past).not_before == end and again.history._state.resumed is None


def test_crashes_are_told_at_the_time_that_the_server_gives_them() -> None:
    listings = Listings()
    listings.see(crashed(1, 1, START - 5))
    event = last(listings.see(crashed(1, 3, START + 4)))
    assert (event.text, event.at) == ("crashed ×2, ×3 so far", START + 4)
    assert (event.kind, event.severity) == (Kind.CRASH, Severity.ERROR)
    assert len(listings.see(crashed(1, 0, START + 9)).events) == 1, "a deploy counts from the beginning"


def test_a_crash_loop_is_told_once_a_minute_with_how_often_it_crashed() -> None:
    listings = Listings()
    listings.see(crashed(1, 1, START - 5), agent(2))
    for count in range(2, 8):
        past = listings.see(crashed(1, count, START + 10 * count), agent(2))
    assert told(past, Kind.CRASH) == ["crashed, ×2 so far"], "the first one at once"
    past = listings.see(crashed(1, 8, START + 80), agent(2))
    assert told(past, Kind.CRASH)[1:] == ["crashed ×6, ×8 so far"]
    assert [(event.before, event.after) for event in past.events] == [("1", "2"), ("2", "8")]
    past = listings.see(crashed(1, 1, START + 90), agent(2))
    past = listings.see(crashed(1, 3, START + 100), agent(2))
    assert told(past, Kind.CRASH)[2:] == ["crashed ×2, ×3 so far"], "after a deploy it is a first one again"
    for _ in range(13):
        past = listings.see(crashed(1, 3, START + 100), agent(2))
    assert len(told(past, Kind.CRASH)) == 3 and not listings.history._state.agents.told
    past = listings.see(crashed(1, 4, START + 300), agent(2))
    assert told(past, Kind.CRASH)[3:] == ["crashed, ×4 so far"]


def test_another_version_is_told_at_its_deploy() -> None:
    listings = Listings()
    listings.see(deployed(1, START - 90, version="20261128171200"))
    event = last(listings.see(deployed(1, START + 3, version="20261129012200")))
    assert (event.text, event.at) == ("version 11-29 01:22 (was 11-28 17:12)", START + 3)
    event = last(listings.see(deployed(1, START + 7, version="20261129012200")))
    assert event.text == "version 11-29 01:22 deployed again"


def test_replicas_are_one_event_a_minute_and_small_changes_none() -> None:
    listings = Listings()
    listings.see(agent(1, replicas=4), agent(2, replicas=10))
    for step in range(1, 7):
        past = listings.see(agent(1, replicas=4 + step), agent(2, replicas=10 + step // 2))
    assert not past.events, "it still moves"
    past = listings.see(agent(1, replicas=10), agent(2, replicas=13))
    assert told(past) == ["replicas 4 → 10"]
    event = last(past)
    assert event.not_before is not None and event.at - event.not_before == 60.0


def test_time_alone_ends_the_minute_of_replicas() -> None:
    listings = Listings()
    listings.see(agent(1, replicas=4))
    listings.see(agent(1, replicas=0))
    listings.clock.advance(60.0)
    listings.history.take(Tick(listings.store.fleet, Moment.read(listings.clock)))
    past = listings.history.past
    assert told(past) == ["replicas 4 → 0"] and not past.has_changes


def test_many_of_one_kind_are_one_event_that_counts_them() -> None:
    listings = Listings()
    steps: list[int] = []
    listings.history.follow(lambda step: steps.append(len(step.transitions)))
    listings.see(*(agent(number) for number in range(42)))
    past = listings.see(*(agent(number, "Error" if number < 40 else "CrashLoop") for number in range(42)))
    assert told(past) == ["40 agents: Error", "2 agents: CrashLoop"]
    assert past.events[0].ids == tuple(f"CA_{number}" for number in range(40))
    assert steps == [42, 42], "the transition of each is told all the same"


def test_words_of_a_server_make_no_end_of_events() -> None:
    listings = Listings()
    listings.see(*(agent(number) for number in range(500)))
    past = listings.see(*(agent(number, f"word {number}") for number in range(500)))
    assert len(past.events) == 6 and sum(len(event.ids) for event in past.events) == 500


# ---- sources, versions, secrets, reports -----------------------------------------------------------------


def test_a_source_that_is_lost_and_answers_again() -> None:
    listings = Listings()
    listings.see(agent(1))
    for _ in range(4):
        listings.clock.advance(10)
        listings.store.freshen("agents", listings.store.fleet.fresh("agents").failed("timeout", None))
    assert told(listings.history.past) == ["agents: no answer, timeout"]
    past = listings.see(agent(1))
    assert told(past)[1:] == ["agents: answered again after 50 s"]
    assert [event.severity for event in past.events] == [Severity.ERROR, Severity.GOOD]


def test_a_source_that_is_asked_about_another_agent_is_not_healed() -> None:
    listings = Listings()
    lost = Freshness(at=1.0, subject="CA_1", failures=2, error="down")
    listings.store.freshen("versions", lost)
    listings.store.freshen("versions", Freshness(at=2.0, subject="CA_2"))
    assert told(listings.history.past) == ["versions: no answer, down"]


def test_draining_begins_and_ends() -> None:
    listings = Listings()
    listings.see(agent(1))

    def list_versions(draining: bool) -> None:
        versions = (Version(version="20261129012200", draining=draining),)
        listings.store.update(lambda fleet: replace(fleet, versions={"CA_1": versions}))

    for draining in (False, True, False):
        list_versions(draining)
    assert told(listings.history.past) == [
        "version 11-29 01:22 is draining: its sessions finish",
        "version 11-29 01:22 has drained",
    ]


def test_secrets_are_told_only_where_two_listings_were_seen() -> None:
    listings = Listings()

    def list_secrets(*names: str, updated: float | None = None) -> None:
        at = None if updated is None else datetime.fromtimestamp(updated, UTC)
        secrets = tuple(SecretInfo(name=name, updated_at=at) for name in names)
        listings.clock.advance(10)
        fresh = Freshness(at=listings.clock.monotonic(), subject="CA_1")
        listings.store.freshen("secrets", fresh, lambda fleet: replace(fleet, secrets={"CA_1": secrets}))

    list_secrets("A", "B")
    assert not listings.history.past.events
    list_secrets("A", "B", updated=START + 5)
    list_secrets("A", updated=START + 5)
    updated, removed = listings.history.past.events
    assert (updated.text, updated.at, updated.not_before) == ("secrets A, B updated", START + 5, None)
    assert (removed.text, removed.at - (removed.not_before or 0)) == ("secret B removed", 10.0)


def test_a_secret_whose_row_could_not_be_read_was_not_removed() -> None:
    listings = Listings()
    for names, unreadable in (("AB", 0), ("A", 1), ("AB", 0)):
        secrets = tuple(SecretInfo(name=name) for name in names)
        rows = {"secrets of CA_1": unreadable} if unreadable else {}
        listings.store.update(
            lambda fleet, found=secrets, rows=rows: replace(
                fleet, secrets={"CA_1": found}, unreadable_rows=rows
            )
        )
    assert not listings.history.past.events


def test_reports_are_told_once_at_their_time() -> None:
    history = History(State(project="p"), skew=lambda: 5.0)
    report = Reported("id-1", 100.0, Kind.NOTE, Severity.INFO, "deployed the fix")
    for item in (report, Reported("id-2", 50.0, Kind.NOTE, Severity.INFO, "earlier"), report):
        history.take(item)
    assert [(event.at, event.text, event.project) for event in history.past.events] == [
        (55.0, "earlier", "p"),
        (105.0, "deployed the fix", "p"),
    ]


def test_a_clock_that_jumps_back_is_an_event() -> None:
    history = History()
    for unix in (1000.0, 900.0, 1100.0):
        history.take(Tick(Fleet(), Moment(unix, unix / 1000 if unix == 1000 else 2.0)))
    assert told(history.past) == ["this machine's clock went back by 101 s"]


def test_the_newest_events_are_held() -> None:
    history = History()
    for number in range(HELD + 10):
        history.take(Reported(str(number), float(number), Kind.NOTE, Severity.INFO, str(number)))
    assert len(history.past.events) == HELD and history.past.events[0].text == "10"
    assert complete_since(history.past) == 10.0, "of before, some are missing"


def test_of_events_about_a_whole_fleet_fewer_are_held() -> None:
    """Of fifty thousand agents that break and heal with every poll, an hour would be 700 MB."""
    ids = tuple(f"CA_{number}" for number in range(50_000))
    events = [
        Event(f"r-{number}", float(number), Kind.STATUS, Severity.ERROR, "50000 agents: Error", ids=ids)
        for number in range(20)
    ]
    history = History()
    history.add(events)
    assert history.past.events == tuple(events[-4:])
    assert complete_since(history.past) == 16.0, "of before, some are missing"
