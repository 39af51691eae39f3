"""The join watch: what it says at every step, and that it never says "joined" of what has not joined."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fixtures.operation import CONCIERGE, START, Setup, operation_setup, world
from tui.api.models import Dispatch, DispatchState, Job, JobState, Participant, Room
from tui.fleet.state import Fleet, Freshness
from tui.operations.join_watch import JoinHealth, JoinProgress, JoinWatch, follow, pause
from tui.operations.journal.journal import Verdict
from tui.sim.scenarios.specs import AgentSpec, DeploymentSpec

CREATED = int(START * 1e9)


def dispatch(*states: JobState, name: str = "concierge") -> Dispatch:
    """A dispatch with jobs in these states."""
    jobs = tuple(Job(id=f"AJ_{place}", agent_name=name, state=state) for place, state in enumerate(states))
    state = DispatchState(jobs=jobs, created_at=CREATED)
    return Dispatch(id="AD_1", agent_name=name, room="desk", state=state)


def running(identity: str = "agent-AJ_0") -> JobState:
    """A job that says that it runs."""
    return JobState(
        status="JS_RUNNING", started_at=CREATED + 400_000_000, participant_identity=identity, worker_id="AW_1"
    )


def watching(found: Dispatch | None, people: tuple[Participant, ...] | None, now: float) -> JoinProgress:
    """How it stands after one look so many seconds after the request."""
    watch = JoinWatch(dispatch(), started=0.0, accepted=0.2)
    watch.saw(found, people, now)
    return watch.join(Fleet(freshness={"agents": Freshness(absent=True)}), now)


REFUSED = JobState(status="JS_SUCCESS", started_at=CREATED, ended_at=CREATED)
HERE = Participant(identity="agent-AJ_0", kind="AGENT", joined_at_ms=CREATED // 1_000_000 + 1300)
OTHER = Participant(identity="ann")


def test_joined_is_said_only_of_a_participant_in_the_room() -> None:
    join = watching(dispatch(running()), (OTHER, HERE), 2.0)
    assert (join.mood, join.over, join.identity) == (JoinHealth.GOOD, True, "agent-AJ_0")
    assert join.job == pytest.approx(0.6)
    assert join.joined == pytest.approx(1.5)
    absent = watching(dispatch(running()), (OTHER,), 2.0)
    assert (absent.joined, absent.mood, absent.over) == (None, JoinHealth.WAITING, False)


@pytest.mark.parametrize(
    ("found", "people", "now", "mood", "words"),
    [
        (dispatch(), None, 3.0, JoinHealth.WAITING, "accepted, no agent yet 3 s"),
        (dispatch(), None, 12.0, JoinHealth.SLOW, "no worker took it"),
        (
            dispatch(),
            None,
            31.0,
            JoinHealth.BAD,
            "accepted 31 s ago, no agent yet: no worker took it, 0 jobs",
        ),
        (dispatch(running()), (), 2.0, JoinHealth.WAITING, "its agent is not in the room yet 2 s"),
        (dispatch(running()), (), 40.0, JoinHealth.SLOW, "its agent is not in the room yet 40 s"),
        (dispatch(running()), (), 70.0, JoinHealth.BAD, "its agent is not in the room 70 s"),
        (dispatch(REFUSED), (), 2.0, JoinHealth.BAD, "ended in the moment when it began, without an agent"),
        (
            dispatch(JobState(status="JS_SUCCESS")),
            (),
            2.0,
            JoinHealth.SLOW,
            "ended without its agent being seen",
        ),
        (dispatch(JobState(status="JS_FAILED", error="boom")), (), 2.0, JoinHealth.BAD, "job failed: boom"),
        (
            dispatch(JobState(status="JS_FAILED", error="invalid token: eyJhbGciOi.eyJpc3Mi.x")),
            (),
            2.0,
            JoinHealth.BAD,
            "job failed: invalid token: ***",
        ),
        (dispatch(JobState(status="JS_PENDING")), (), 11.0, JoinHealth.SLOW, "job waits for a worker 11 s"),
        (dispatch(JobState(status="JS_NEW")), (), 1.0, JoinHealth.WAITING, "job is JS_NEW 1 s"),
        (None, None, 2.0, JoinHealth.BAD, "the dispatch is gone"),
    ],
)
def test_every_step_in_words(
    found: Dispatch | None, people: tuple[Participant, ...] | None, now: float, mood: JoinHealth, words: str
) -> None:
    join = watching(found, people, now)
    assert join.mood is mood
    assert words in join.verdict


def test_the_commonest_cause_comes_first() -> None:
    """An entrypoint that raises or returns; a worker that needs 40 s to start is no such case."""
    gone = watching(dispatch(running()), (), 70.0).cause
    assert gone == "its entrypoint returned or raised, or its worker died; see its worker's log"
    slow = watching(dispatch(running()), (), 40.0).cause
    assert slow == "starting, or it ended at once; see its worker's log"
    refused = watching(dispatch(REFUSED), (), 2.0).cause
    assert refused.startswith("a worker refused it, or its entrypoint returned at once")


def test_an_agent_that_was_in_the_room_is_not_starting() -> None:
    watch = JoinWatch(dispatch(running()), started=0.0, accepted=0.2)
    watch.saw(dispatch(running()), (), 26.0)
    join = watch.join(Fleet(agents_seen={"desk": frozenset({"agent-AJ_0"})}), 26.0)
    assert (join.mood, join.verdict) == (JoinHealth.BAD, "job runs, its agent was in the room and left")
    assert join.cause.startswith("it ended, or its worker died; l opens its log")


def test_a_server_without_agents_offers_a_job_once() -> None:
    nobody = watching(dispatch(), None, 31.0).cause
    assert nobody.endswith("it is not offered again: dispatch again once one is there")


@pytest.mark.parametrize(
    ("kind", "publishers", "mood", "words"),
    [
        ("JT_PUBLISHER", 0, JoinHealth.WAITING, "accepted, no publisher yet 60 s"),
        ("JT_PUBLISHER", None, JoinHealth.WAITING, "accepted, no publisher yet 60 s"),  # not listed yet: new
        ("JT_PUBLISHER", 1, JoinHealth.BAD, "no worker took it"),
        ("JT_PARTICIPANT", 0, JoinHealth.WAITING, "accepted, no participant yet 60 s"),
        ("JT_ROOM", 0, JoinHealth.BAD, "no worker took it"),
        ("", 0, JoinHealth.SLOW, "no worker took it"),  # it may serve publishers
        ("", None, JoinHealth.BAD, "no worker took it"),
    ],
)
def test_an_agent_whose_users_are_not_there_waits_by_right(
    kind: str, publishers: int | None, mood: JoinHealth, words: str
) -> None:
    before = Dispatch(id="AD_0", agent_name="concierge", state=DispatchState(jobs=(Job(type=kind),)))
    fleet = Fleet(
        freshness={"agents": Freshness(absent=True)},
        rooms=() if publishers is None else (Room(name="desk", num_publishers=publishers),),
        dispatches={"before": (before,)} if kind else {},
    )
    watch = JoinWatch(dispatch(), started=0.0, accepted=0.2)
    watch.saw(dispatch(), None, 60.0)
    join = watch.join(fleet, 60.0)
    assert join.mood is mood and words in join.verdict
    assert ("nobody publishes" in join.cause) == (mood is JoinHealth.SLOW)


def test_a_clean_end_is_not_called_an_outage() -> None:
    join = watching(dispatch(JobState(status="JS_FAILED", error="agent worker left the room")), (), 2.0)
    assert "clean shutdowns too" in join.cause


def test_a_look_that_failed_takes_nothing_back() -> None:
    watch = JoinWatch(dispatch(), started=0.0, accepted=0.2)
    watch.saw(dispatch(running()), (), 1.0)
    watch.failed("no answer in time")
    join = watch.join(Fleet(), 41.0)
    assert join.job_id == "AJ_0"
    assert join.verdict == (
        "cannot look for 40 s: no answer in time; last seen: job runs, its agent is not in the room yet 1 s"
    )
    assert (join.mood, join.cause, join.over) == (JoinHealth.SLOW, "", False), (
        "nobody knows how it stands now"
    )
    assert watch.join(Fleet(), 200.0).over
    watch.saw(dispatch(running()), (), 42.0)
    assert "not in the room yet 42 s" in watch.join(Fleet(), 42.0).verdict


def test_it_looks_often_at_first_and_rarely_later() -> None:
    looks, now = 0, 0.0
    while now < 30:
        now += pause(now)
        looks += 1
    assert looks <= 25


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    """A fleet whose workers take jobs, and some that do not."""
    scenario = world()
    scenario.agents.append(AgentSpec(name="picky", accepts=False))
    scenario.agents.append(AgentSpec(name="staged", deployments=[DeploymentSpec(name="staging")]))
    async with operation_setup(tmp_path, scenario) as opened:
        yield opened


async def joined(here: Setup, agent: str, *, advance: bool = True) -> list[JoinProgress]:
    """Dispatch an agent and follow it; each look finds the world a moment later."""
    view = await here.look(agent_id=CONCIERGE)
    outcome = await here.do("dispatch", view, agent=agent, room="desk")
    assert outcome.verdict is Verdict.DONE
    assert outcome.receipt is not None
    assert outcome.receipt.dispatch is not None
    watch = JoinWatch(outcome.receipt.dispatch, started=here.clock.monotonic(), accepted=0.1)
    told: list[JoinProgress] = []

    def tell(join: JoinProgress) -> None:
        told.append(join)
        if advance:
            here.simulator.advance(pause(join.waited))

    await follow(watch, here.session.client, here.session.store, here.clock, tell)
    return told


async def test_a_real_join_over_the_wire(here: Setup) -> None:
    told = await joined(here, "concierge")
    assert told[0].verdict.startswith("accepted, no agent yet")
    assert told[-1].mood is JoinHealth.GOOD
    assert told[-1].joined is not None


async def test_nobody_takes_it_and_the_likely_cause_is_said(here: Setup) -> None:
    told = await joined(here, "nobody-home")
    assert told[-1].over
    assert any(join.mood is JoinHealth.SLOW for join in told)
    assert told[-1].mood is JoinHealth.BAD
    assert "no agent of this project has this name" in told[-1].cause


@pytest.mark.parametrize(
    ("agent", "cause"),
    [
        ("sleeper", "agent is asleep: a cold start takes 10-20 s"),
        ("failing", "agent keeps crashing"),
        ("staged", "no deployment production; there is staging"),
    ],
)
async def test_the_likely_cause_by_the_state_of_the_agent(here: Setup, agent: str, cause: str) -> None:
    told = await joined(here, agent, advance=False)
    assert cause in told[0].cause


async def test_a_deleted_dispatch_ends_the_watch(here: Setup) -> None:
    view = await here.look()
    outcome = await here.do("dispatch", view, agent="nobody-home", room="desk")
    assert outcome.receipt is not None
    assert outcome.receipt.dispatch is not None
    watch = JoinWatch(outcome.receipt.dispatch, started=here.clock.monotonic(), accepted=0.1)
    gone = await here.look(room="desk", dispatch_id=outcome.receipt.dispatch.id)
    await here.do("undispatch", gone)
    ended = await follow(watch, here.session.client, here.session.store, here.clock, lambda join: None)
    assert ended.verdict == "the dispatch is gone"
