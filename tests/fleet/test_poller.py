"""The poller in virtual time: when it asks, what it makes of the answers, and that nothing ends it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Never

import pytest

from tests.fixtures.clocks import BACKEND
from tests.fleet.running_poller import running_poller
from tui.api import errors
from tui.api.hosts import Host
from tui.fleet.polling import poller as module
from tui.fleet.polling.poll_outcome import ABSENT_EVERY, BACKOFF, BACKOFF_CAP, REFUSED_EVERY
from tui.fleet.polling.poller import SETTLE
from tui.fleet.polling.sources import AGENTS, ROOMS, SOURCES, SUSPECTS, VERSIONS, FetchContext, Source
from tui.fleet.state import Fleet, Freshness
from tui.fleet.store import Change, Merge
from tui.fleet.view import Selection


@pytest.fixture
def anyio_backend() -> object:
    """Virtual time."""
    return BACKEND


def only(*names: str) -> tuple[Source, ...]:
    """Some of the sources."""
    return tuple(source for source in SOURCES if source.name in names)


def gaps(times: Sequence[float]) -> list[float]:
    """Seconds between them."""
    return [round(after - before, 2) for before, after in itertools.pairwise(times)]


# ---- when it asks --------------------------------------------------------------------------------------


async def test_intervals_of_a_quiet_fleet() -> None:
    async with running_poller() as it:
        it.world.rooms = ["a"]
        panes = ("agents", "versions", "secrets")
        it.poller.select(Selection(agent_id="CA_1", room="a", panes_in_view=panes))
        await it.run(120)
        expected = {
            "ListAgents": 6.01,
            "ListRooms": 4.01,
            "ListDispatch": 4.01,
            "ListParticipants": 9.01,
            "ListAgentVersions": 40.01,
            "ListAgentSecrets": 30.01,
        }
        for method, seconds in expected.items():
            found = gaps(it.world.times(method, since=5))
            assert found and set(found) == {seconds}, method


async def test_a_fleet_that_moves_is_asked_more_often() -> None:
    async with running_poller(sources=only("agents")) as it:
        it.world.agents[0]["agent_deployments"] = [{"status": "Updating"}]
        await it.run(20)
        assert set(gaps(it.world.times("ListAgents"))) == {2.01}
        it.world.agents[0]["agent_deployments"] = [{"status": "Running"}]
        await it.run(20)
        assert set(gaps(it.world.times("ListAgents", since=24))) == {6.01}


@pytest.mark.parametrize("status", ["Waking", "Building", "Setting Up", "Deleting"])
async def test_what_counts_as_moving(status: str) -> None:
    async with running_poller(sources=only("agents")) as it:
        it.world.agents[0]["agent_deployments"] = [{"status": status}]
        await it.run(10)
        assert set(gaps(it.world.times("ListAgents"))) == {2.01}


async def test_nothing_is_asked_twice_at_once_and_nothing_is_caught_up_on() -> None:
    """Single flight: a slow answer delays the next question, it does not pile them up."""
    async with running_poller() as it:
        it.world.rooms, it.world.delay = ["a"], 7.0
        it.poller.select(Selection(agent_id="CA_1", room="a"))
        it.running = asyncio.create_task(it.poller.run())
        for _ in range(60):
            await asyncio.sleep(1)
            it.poller.nudge()
        assert set(it.world.most_under_way.values()) == {1}
        assert gaps(it.world.times("ListAgents")) == [7.0] * 8


async def test_what_is_not_looked_at_is_not_asked_for() -> None:
    async with running_poller() as it:
        await it.run(60)
        assert {asked.method for asked in it.world.asked} == {"ListAgents", "ListRooms"}


async def test_rooms_that_appear_are_asked_about() -> None:
    async with running_poller() as it:
        await it.run(15)
        it.world.rooms = ["a", "b"]
        await it.run(15)
        assert {asked.room for asked in it.world.calls("ListDispatch")} == {"a", "b"}


async def test_a_nudge_asks_now() -> None:
    async with running_poller(sources=only("agents", "rooms")) as it:
        await it.run(2)
        it.poller.nudge(ROOMS)
        await it.run(0.1)
        assert [len(it.world.calls(name)) for name in ("ListAgents", "ListRooms")] == [1, 2]
        it.poller.nudge()
        await it.run(0.1)
        assert [len(it.world.calls(name)) for name in ("ListAgents", "ListRooms")] == [2, 3]


async def test_a_nudge_while_it_asks_is_not_lost() -> None:
    async with running_poller(sources=only("agents")) as it:
        it.world.delay = 1.0
        await it.run(0.5)
        it.poller.nudge(AGENTS)
        await it.run(1.0)
        assert it.world.times("ListAgents") == [0.0, 1.0]


async def test_one_round_asks_in_order_for_everything_wanted() -> None:
    async with running_poller() as it:
        it.world.rooms = ["a"]
        it.poller.select(Selection(agent_id="CA_1", room="a"))
        await it.poller.once()
        assert [asked.method for asked in it.world.asked] == [
            "ListAgents",
            "ListRooms",
            "ListDispatch",
            "ListAgentVersions",
            "ListAgentSecrets",
            "ListParticipants",
        ]
        assert all(it.fresh(source.name).at is not None for source in SOURCES if source is not SUSPECTS)


# ---- the selection -------------------------------------------------------------------------------------


async def test_details_follow_a_selection_that_has_settled() -> None:
    async with running_poller(sources=only("versions", "secrets")) as it:
        it.poller.select(Selection(agent_id="CA_1"))
        await it.run(1)
        it.poller.select(Selection(agent_id="CA_2", panes_in_view=("versions",)))
        await it.run(1)
        asked = [
            (round(call.at, 2), call.request["agent_id"]) for call in it.world.calls("ListAgentVersions")
        ]
        assert asked == [(SETTLE, "CA_1"), (1 + SETTLE, "CA_2")]
        assert it.fleet.versions.keys() == {"CA_1", "CA_2"}
        assert it.fresh("versions").subject == "CA_2"


async def test_a_held_arrow_key_asks_nothing_until_it_is_let_go() -> None:
    async with running_poller(sources=only("versions", "secrets")) as it:
        await it.run(1)
        for number in range(60):
            it.poller.select(Selection(agent_id=f"CA_{number}"))
            await it.run(0.05)
        assert it.world.asked == []
        await it.run(1)
        assert [call.request["agent_id"] for call in it.world.calls("ListAgentVersions")] == ["CA_59"]


async def test_a_selection_that_moves_while_it_is_asked_about_does_not_mix_answers() -> None:
    async with running_poller(sources=only("versions")) as it:
        it.world.delay = 2.0
        it.poller.select(Selection(agent_id="CA_1"))
        await it.run(1)
        it.poller.select(Selection(agent_id="CA_2", panes_in_view=("versions",)))
        await it.run(4)
        versions = {key: [item.version for item in items] for key, items in it.fleet.versions.items()}
        assert versions == {"CA_1": ["CA_1-1"], "CA_2": ["CA_2-1"]}


async def test_another_room_in_view_of_the_same_agent_asks_no_details() -> None:
    async with running_poller(sources=only("versions", "secrets")) as it:
        it.poller.select(Selection(agent_id="CA_1"))
        await it.run(1)
        for number in range(10):
            it.poller.select(Selection(agent_id="CA_1", rooms_in_view=(f"r{number}",), pane="logs"))
        await it.run(1)
        assert len(it.world.asked) == 2


async def test_the_age_of_details_is_not_that_of_somebody_elses() -> None:
    async with running_poller(sources=only("versions")) as it:
        it.poller.select(Selection(agent_id="CA_1"))
        await it.run(1)
        it.world.troubles["ListAgentVersions"] = errors.Unknown("down", status=500)
        it.poller.select(Selection(agent_id="CA_2", panes_in_view=("versions",)))
        await it.run(1)
        fresh = it.fresh("versions")
        assert (fresh.subject, fresh.at, fresh.failures) == ("CA_2", None, 1)


async def test_details_of_many_are_forgotten_in_turn() -> None:
    async with running_poller(sources=only("versions")) as it:
        for number in range(30):
            it.poller.select(Selection(agent_id=f"CA_{number}"))
            await it.run(0.5)
        assert list(it.fleet.versions) == [f"CA_{number}" for number in range(6, 30)]


async def test_secrets_that_livekit_injects_are_not_listed() -> None:
    async with running_poller(sources=only("secrets")) as it:
        it.poller.select(Selection(agent_id="CA_1"))
        await it.run(1)
        assert [secret.name for secret in it.fleet.secrets["CA_1"]] == ["TOKEN"]


async def test_what_only_a_pane_shows_is_asked_once_for_each_selection_and_on_while_it_is_seen() -> None:
    async with running_poller(sources=only("versions", "secrets")) as it:
        it.poller.select(Selection(agent_id="CA_1", panes_in_view=("agents", "logs")))
        await it.run(300)
        assert [call.method for call in it.world.asked] == ["ListAgentVersions", "ListAgentSecrets"]
        it.poller.select(Selection(agent_id="CA_1", panes_in_view=("agents", "versions")))
        await it.run(1)
        assert len(it.world.calls("ListAgentVersions")) == 2, "it may be old when it comes into sight"
        await it.run(81)
        assert len(it.world.calls("ListAgentVersions")) == 4 and len(it.world.calls("ListAgentSecrets")) == 1
        it.poller.select(Selection(agent_id="CA_1", panes_in_view=("agents", "logs")))
        it.world.troubles["*"] = errors.Unknown("down", status=500)
        await it.run(300)
        assert len(it.world.calls("ListAgentVersions")) == 4 and not it.fresh("versions").failures
        it.poller.nudge(VERSIONS)
        await it.run(0.1)
        assert len(it.world.calls("ListAgentVersions")) == 5, "by hand and for an operation it is asked"


async def test_a_status_that_does_not_change_for_long_is_asked_less_often() -> None:
    async with running_poller(sources=only("agents", "rooms")) as it:
        it.world.agents[0]["agent_deployments"] = [{"status": "Scheduling"}]
        await it.run(300)
        assert set(gaps(it.world.times("ListAgents", since=80))) == {6.01}
        it.world.rooms = [f"r{number}" for number in range(60)]
        await it.run(60)
        assert set(gaps(it.world.times("ListAgents", since=320))) == {12.01}
        it.world.agents[0]["agent_deployments"] = [{"status": "Updating"}]
        await it.run(40)
        assert gaps(it.world.times("ListAgents", since=375))[-5:] == [2.01] * 5


# ---- failures ------------------------------------------------------------------------------------------


async def test_failures_back_off_with_jitter_and_leave_the_data() -> None:
    async with running_poller(sources=only("agents")) as it:
        await it.run(1)
        agents = it.fleet.agents
        it.world.troubles["*"] = errors.Unknown("overloaded", status=503)
        await it.run(300)
        waits = gaps(it.world.times("ListAgents", since=4))
        for index, wait in enumerate(waits):
            least = min(BACKOFF_CAP, BACKOFF * 2**index)
            assert least <= wait - it.world.delay <= 2 * least + 0.01
        assert len({round(wait / BACKOFF_CAP, 3) for wait in waits[6:]}) > 3, "not in step with others"
        assert it.fleet.agents is agents
        fresh = it.fresh("agents")
        assert fresh.stale and fresh.failures > 8 and "overloaded" in fresh.error
        assert fresh.at == pytest.approx(0.01) and fresh.retry_at is not None


async def test_stale_is_two_misses_and_recovery_is_the_next_try() -> None:
    async with running_poller(sources=only("agents")) as it:
        await it.run(1)
        it.world.troubles["*"] = errors.Unreachable("connection refused")
        seen: list[tuple[int, bool]] = []

        def note(change: Change) -> None:
            fresh = change.after.fresh("agents")
            seen.append((fresh.failures, fresh.stale))

        it.store.subscribe(note)
        await it.run(12)
        assert seen[:3] == [(1, False), (2, True), (3, True)]
        it.world.troubles.clear()
        retry_at = it.fresh("agents").retry_at
        assert retry_at is not None
        healed = asyncio.get_running_loop().time()
        assert retry_at - healed <= 2 * BACKOFF * 2 ** it.fresh("agents").failures
        await it.run(retry_at - healed + 0.1)
        fresh = it.fresh("agents")
        assert (fresh.failures, fresh.error, fresh.stale, fresh.retry_at) == (0, "", False, None)
        assert gaps(it.world.times("ListAgents", since=retry_at - 0.1)) == []
        await it.run(13)
        assert gaps(it.world.times("ListAgents", since=retry_at - 0.1)) == [6.01, 6.01], (
            "at its own pace again"
        )


@pytest.mark.parametrize(
    "outage", [errors.Unreachable("connection refused"), errors.Unknown("Bad Gateway", status=502)]
)
async def test_a_host_that_is_there_again_is_asked_for_everything_at_once(outage: Exception) -> None:
    """Not by each source when its own back-off ends: half a screen would stay stale for as long."""
    async with running_poller() as it:
        it.world.rooms = ["a"]
        panes = ("versions", "secrets")
        it.poller.select(Selection(agent_id="CA_1", room="a", panes_in_view=panes))
        await it.run(20)
        it.world.troubles["*"] = outage
        await it.run(200)
        assert [source for source in SOURCES if not it.fresh(source.name).stale] == [SUSPECTS]
        it.world.troubles.clear()
        first = min(fresh.retry_at or 0.0 for fresh in it.fleet.freshness.values())
        for host in (
            (it.fresh(name) for name in group)
            for group in (("agents", "versions", "secrets"), ("rooms", "dispatches", "participants"))
        ):
            first = max(first, min(fresh.retry_at or 0.0 for fresh in host))
        await it.run(first - it.clock.monotonic() + 0.1)
        assert not any(fresh.failures for fresh in it.fleet.freshness.values())


async def test_dispatches_of_a_single_room_grow_stale_as_others_do() -> None:
    """Turns in which no room was due used to count as good answers."""
    async with running_poller(sources=only("rooms", "dispatches")) as it:
        it.world.rooms = ["a"]
        await it.run(20)
        it.world.troubles["ListDispatch"] = errors.Unknown("internal", status=500)
        await it.run(15)
        assert it.fresh("dispatches").stale and not it.fresh("rooms").stale


async def test_an_answer_to_one_source_does_not_hurry_another_that_was_told_to_wait() -> None:
    async with running_poller(sources=only("rooms", "agents", "secrets")) as it:
        it.poller.select(Selection(agent_id="CA_1"))
        it.world.troubles["ListAgentSecrets"] = errors.Unknown("overloaded", status=503, retry_after=60.0)
        await it.run(20)
        waits = it.fresh("secrets").retry_at
        it.world.troubles["ListAgents"] = errors.Unreachable("connection refused")
        await it.run(6)
        assert it.fresh("agents").failures
        del it.world.troubles["ListAgents"]
        await it.run((it.fresh("agents").retry_at or 0.0) - it.clock.monotonic() + 0.1)
        assert not it.fresh("agents").failures and it.fresh("secrets").retry_at == waits


async def test_the_next_try_of_what_is_held_back_is_told_as_late_as_it_will_be() -> None:
    async with running_poller(sources=only("agents")) as it:
        it.world.troubles["*"] = errors.Unknown("overloaded", status=503)
        await it.run(10)
        it.client.budget.hold(60)
        asked = len(it.world.asked)
        await it.run(20)
        retry_at = it.fresh("agents").retry_at
        assert len(it.world.asked) == asked and retry_at is not None
        assert retry_at > it.clock.monotonic(), "no try is under way"
        assert "overloaded" in it.fresh("agents").error


async def test_what_is_not_looked_at_any_more_is_not_stale() -> None:
    async with running_poller() as it:
        it.poller.select(Selection(agent_id="CA_1", panes_in_view=("versions",)))
        it.world.troubles["ListAgentVersions"] = errors.Unknown("internal", status=500)
        await it.run(30)
        assert it.fresh("versions").stale
        it.poller.select(Selection())
        await it.run(1)
        assert not it.fresh("versions").failures


async def test_an_agent_that_is_no_more_is_no_outage() -> None:
    """Its ghost stays under the cursor, and the server fails over it (PROTOCOL.md, Errors)."""
    async with running_poller() as it:
        it.poller.select(Selection(agent_id="CA_1", panes_in_view=("versions", "secrets")))
        await it.run(5)
        it.world.agents = [{"agent_id": "CA_2", "agent_name": "two"}]
        for method in ("ListAgentVersions", "ListAgentSecrets"):
            it.world.troubles[method] = errors.Unknown("failed to get agent", status=500, code="internal")
        await it.run(120)
        assert not any(fresh.failures for fresh in it.fleet.freshness.values())
        it.poller.select(Selection(agent_id="CA_2", panes_in_view=("versions",)))
        await it.run(10)
        assert it.fresh("versions").stale, "of one that is there it is"


async def test_one_source_failing_does_not_hold_up_the_others() -> None:
    async with running_poller() as it:
        it.world.troubles["ListAgents"] = errors.Unknown("internal", status=500)
        await it.run(60)
        assert it.fresh("agents").stale and not it.fresh("rooms").stale
        assert set(gaps(it.world.times("ListRooms"))) == {4.01}


async def test_a_server_without_the_api_is_no_outage() -> None:
    """A self-hosted LiveKit has no Cloud Agents (PROTOCOL.md, Errors)."""
    async with running_poller(sources=only("agents")) as it:
        it.world.troubles["ListAgents"] = errors.NoSuchService(
            "this server does not offer this API", status=404
        )
        await it.run(200)
        fresh = it.fresh("agents")
        assert fresh.absent and not fresh.stale and fresh.failures == 0
        assert set(gaps(it.world.times("ListAgents"))) == {ABSENT_EVERY + 0.01}
        it.world.troubles["ListAgents"] = errors.Unreachable("connection refused")
        await it.run(120)
        fresh = it.fresh("agents")
        assert fresh.absent and fresh.failures > 2 and not fresh.stale, "an outage does not bring it back"
        it.world.troubles.clear()
        await it.run(20)
        assert not it.fresh("agents").absent and it.fleet.agents


async def test_retry_after_of_a_503_is_kept() -> None:
    async with running_poller(sources=only("agents")) as it:
        it.world.troubles["*"] = errors.Unknown("overloaded", status=503, retry_after=20.0)
        await it.run(50)
        assert [wait >= 20 for wait in gaps(it.world.times("ListAgents"))] == [True, True]


async def test_our_own_budget_is_no_failure() -> None:
    async with running_poller(sources=only("agents"), per_minute=6) as it:
        for _ in range(300):
            it.poller.nudge(AGENTS)
            await it.run(1)
        assert 28 <= len(it.world.asked) <= 31
        fresh = it.fresh("agents")
        assert fresh.failures == 0 and not fresh.stale and fresh.error == ""


async def test_a_429_pauses_every_source_and_they_resume_apart() -> None:
    """At most one request before Retry-After is over."""
    async with running_poller(sources=only("agents", "rooms")) as it:
        await it.run(9)
        paused = asyncio.get_running_loop().time()

        def limited(request: object) -> Exception:
            it.world.troubles.clear()
            it.client.budget.hold(30)
            return errors.RateLimited("too many requests", status=429, retry_after=30.0)

        it.world.troubles["*"] = limited
        await it.run(60)
        times = [call.at for call in it.world.calls(since=paused)]
        first, *rest = times
        assert all(at >= first + 30 for at in rest)
        resumed = {
            method: it.world.times(method, since=first + 1)[0] for method in ("ListAgents", "ListRooms")
        }
        assert len(set(resumed.values())) == 2 and max(resumed.values()) < first + 32
        assert {it.fresh(name).failures for name in ("agents", "rooms")} == {0}


# ---- refused credentials -------------------------------------------------------------------------------


def per_window(times: Sequence[float], window: float) -> int:
    """The most requests within any window of so many seconds."""
    return max(sum(1 for at in times if start <= at < start + window) for start in times)


async def test_refused_credentials_are_tried_once_in_thirty_seconds() -> None:
    """Of all sources together, at each of the two hosts."""
    async with running_poller() as it:
        it.world.rooms = ["a", "b", "c"]
        it.world.troubles["*"] = errors.Unauthorized("invalid API key", status=401)
        panes = ("versions", "secrets")
        it.poller.select(
            Selection(agent_id="CA_1", room="a", rooms_in_view=("a", "b", "c"), panes_in_view=panes)
        )
        await it.run(600)
        cloud = [call.at for call in it.world.asked if "Agent" in call.method]
        project = [call.at for call in it.world.asked if "Agent" not in call.method]
        for times in (cloud, project):
            assert 18 <= len(times) <= 22
            assert per_window(times, REFUSED_EVERY - 0.5) == 1
        for name in ("agents", "rooms", "versions"):
            fresh = it.fresh(name)
            assert fresh.stale and "invalid API key" in fresh.error
            assert fresh.retry_at is not None and fresh.retry_at > 600


async def test_credentials_that_are_taken_again_let_everything_go_on() -> None:
    async with running_poller() as it:
        it.world.troubles["*"] = errors.Unauthorized("suspended", status=403)
        it.poller.select(Selection(agent_id="CA_1"))
        await it.run(100)
        it.world.troubles.clear()
        await it.run(REFUSED_EVERY + 2)
        assert not any(fresh.stale for fresh in it.fleet.freshness.values())
        assert set(gaps(it.world.times("ListAgents", since=130))[1:]) <= {6.01}


async def test_asking_by_hand_tries_refused_credentials_once() -> None:
    async with running_poller() as it:
        it.world.troubles["*"] = errors.Unauthorized("invalid API key", status=401)
        await it.run(10)
        before = len(it.world.asked)
        it.poller.nudge()
        await it.run(1)
        assert len(it.world.asked) == before + 2, "one at each host"
        for number in range(20):
            it.poller.select(Selection(agent_id=f"CA_{number}"))
            await it.run(0.3)
        assert len(it.world.asked) == before + 2, "moving about is no reason"


async def test_one_grant_refused_does_not_stop_what_works() -> None:
    """The same host takes the credentials for the one and not for the other."""
    async with running_poller(sources=only("rooms", "participants")) as it:
        it.world.rooms = ["a"]
        it.world.troubles["ListParticipants"] = errors.Unauthorized("permissions denied", status=401)
        it.poller.select(Selection(room="a"))
        await it.run(300)
        assert set(gaps(it.world.times("ListRooms"))) == {4.01}
        assert set(gaps(it.world.times("ListParticipants"))) == {REFUSED_EVERY + 0.01}
        assert it.fresh("participants").stale and not it.fresh("rooms").stale


# ---- faults of our own ---------------------------------------------------------------------------------


async def test_five_faults_within_a_minute_park_a_source_until_it_is_asked_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, logger=module.__name__)
    async with running_poller(sources=only("agents", "rooms")) as it:
        await it.run(1)
        it.world.troubles["ListAgents"] = ZeroDivisionError("eyJhbGciOi.eyJpc3Mi.x by \x1b[31mzero")
        await it.run(600)
        assert len(it.world.times("ListAgents", since=1)) == 5
        fresh = it.fresh("agents")
        assert fresh.parked and fresh.stale and fresh.retry_at is None
        assert fresh.error == "ZeroDivisionError: *** by ␛[31mzero"
        assert it.fleet.agents and set(gaps(it.world.times("ListRooms"))) == {4.01}
        it.poller.nudge(AGENTS)
        await it.run(1)
        assert len(it.world.times("ListAgents", since=1)) == 6 and not it.fresh("agents").parked
        it.world.troubles.clear()
        await it.run(5)
        assert it.fresh("agents").failures == 0


async def test_a_source_that_is_asked_for_has_its_chances_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger=module.__name__)
    async with running_poller(sources=only("agents")) as it:
        it.world.troubles["ListAgents"] = ZeroDivisionError()
        await it.run(40)
        assert it.fresh("agents").parked and len(it.world.asked) == 5
        it.poller.nudge(AGENTS)
        await it.run(10)
        assert not it.fresh("agents").parked and len(it.world.asked) > 6


async def test_faults_far_apart_do_not_park() -> None:
    async with running_poller(sources=only("agents"), refresh=10.0) as it:
        turns = iter(range(10_000))
        it.world.troubles["ListAgents"] = lambda request: None if next(turns) % 3 else KeyError("x")
        await it.run(1200)
        assert not it.fresh("agents").parked and len(it.world.asked) > 50


ANY: list[Callable[[], Exception]] = [
    lambda: errors.Unknown("x", status=500),
    lambda: errors.Unreachable("x"),
    lambda: errors.Unauthorized("x", status=401),
    lambda: errors.RateLimited("x", status=429, retry_after=1.0),
    lambda: errors.NoSuchService("x", status=404),
    lambda: errors.NotFound("x", status=404),
    lambda: errors.Throttled("x", retry_after=1.0),
    lambda: KeyError("x"),
    lambda: ValueError("\ud800"),
    RecursionError,
    MemoryError,
    lambda: OSError(5, "x"),
    TimeoutError,
    lambda: ExceptionGroup("x", [ValueError()]),
    AssertionError,
]


async def test_a_thousand_failures_of_every_kind_end_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Nudged all along, so that nothing stays parked."""
    caplog.set_level(logging.CRITICAL, logger=module.__name__)
    chance = random.Random(11)
    async with running_poller() as it:
        it.world.rooms = [f"r{number}" for number in range(20)]
        injected = 0

        def trouble(request: object) -> Exception | None:
            nonlocal injected
            if chance.random() < 0.2:
                return None
            injected += 1
            return chance.choice(ANY)()

        it.world.troubles["*"] = trouble
        while injected < 1000:
            it.poller.select(Selection(agent_id=f"CA_{chance.randrange(5)}", room=f"r{chance.randrange(20)}"))
            it.poller.nudge()
            await it.run(chance.choice((0.01, 0.3, 3.0)))
        it.world.troubles.clear()
        it.poller.nudge()
        await it.run(120)
        assert all(not fresh.stale and not fresh.absent for fresh in it.fleet.freshness.values())
        assert it.fleet.coverage.polled == 20


async def test_a_source_whose_rules_are_broken_is_parked_like_any_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, logger=module.__name__)

    def broken(*args: object) -> Never:
        raise IndexError("no")

    async def fetch(context: FetchContext) -> Merge:
        return lambda fleet: fleet

    def broken_merge(fleet: Fleet) -> Fleet:
        raise TypeError("no")

    async def badly_merged(context: FetchContext) -> Merge:
        return broken_merge

    bad = (
        Source("interval", Host.PROJECT, broken, lambda fleet, selection: "", fetch),
        Source("subject", Host.PROJECT, lambda *args: 1.0, broken, fetch),
        Source("merge", Host.PROJECT, lambda *args: 1.0, lambda fleet, selection: "", badly_merged),
    )
    async with running_poller(sources=(*bad, *only("rooms"))) as it:
        await it.run(120)
        assert {name for name, fresh in it.fleet.freshness.items() if fresh.parked} == {
            "interval",
            "subject",
            "merge",
        }
        assert len(it.world.times("ListRooms")) == 30


async def test_a_subscriber_that_raises_ends_neither_the_poller_nor_what_others_are_told() -> None:
    def broken(change: Change) -> None:
        raise ZeroDivisionError("no\x1b[31m")

    async with running_poller(sources=only("agents", "rooms")) as it:
        told: list[Change] = []
        it.store.subscribe(broken)
        it.store.subscribe(told.append)
        await it.run(60)
        assert len(it.reports) == 1 and "ZeroDivisionError: no␛[31m" in it.reports[0]
        assert it.fleet.agents and told[-1].after is it.fleet
        assert not any(fresh.failures for fresh in it.fleet.freshness.values())


async def test_stopping_leaves_nothing_behind() -> None:
    async with running_poller() as it:
        before = asyncio.all_tasks()
        it.world.rooms = ["a", "b"]
        it.world.delay = 5
        await it.run(7)
        assert it.running is not None
        it.running.cancel()
        with suppress(asyncio.CancelledError):
            await it.running
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before
        assert set(it.world.under_way.values()) == {0}


# ---- what an answer costs ------------------------------------------------------------------------------


async def test_equal_answers_cost_nothing_and_keep_every_identity() -> None:
    async with running_poller() as it:
        it.world.rooms = ["a", "b"]
        it.world.agents = [{"agent_id": f"CA_{number}"} for number in range(50)]
        it.world.dispatches["a"] = [{"id": "AD_1", "state": {"created_at": "5"}}]
        it.poller.select(Selection(agent_id="CA_1", room="a"))
        await it.run(30)
        fleet = it.fleet
        await it.run(60)
        for name in (
            "agents",
            "index",
            "rooms",
            "versions",
            "secrets",
            "dispatches",
            "participants",
        ):
            assert getattr(it.fleet, name) is getattr(fleet, name), name
        it.world.agents[7] = {"agent_id": "CA_7", "version": "2"}
        await it.run(5)
        changed = [a.agent_id for a, b in zip(it.fleet.agents, fleet.agents, strict=True) if a is not b]
        assert changed == ["CA_7"]
        assert it.fleet.rooms is fleet.rooms


def test_freshness_follows_from_what_happened() -> None:
    fresh = Freshness().good(10.0)
    once = fresh.failed("down", 12.0)
    twice = once.failed("down", 14.0)
    assert not replace(twice, absent=True).stale, "what is not there does not grow old"
    assert (once.stale, twice.stale) == (False, True)
    assert (twice.at, twice.failures, twice.retry_at, twice.absent) == (10.0, 2, 14.0, False)
    assert twice.good(20.0) == Freshness(at=20.0)
    assert replace(fresh, parked=True).stale
    assert fresh.failed("down", None, "other").at is None
