"""What leaves: every call with its one grant, its headers and nothing more; nothing when it may not."""

from __future__ import annotations

import asyncio
import base64
import importlib.abc
import json
import re
import sys

import jwt
import pytest

from tests.api.calls import CALLS, CHANGES, DONE, ID, READS, Call, needed
from tests.api.scripted import KEY, SECRET, Server, connected, date, http, serving, text
from tests.fixtures.clocks import ManualClock
from tui.api import changes, errors
from tui.api.auth import Credentials, Grant
from tui.api.budget import Budget, Pace
from tui.api.changes import DELETE_DEPLOYMENT, RESTART_AGENT, ROLLBACK_AGENT
from tui.api.hosts import Host
from tui.api.methods import CLI_VERSION, METHODS
from tui.api.transport import WriteGuard
from tui.secret import Secret


def every(calls: tuple[Call, ...]) -> pytest.MarkDecorator:
    """One test a call."""
    return pytest.mark.parametrize("call", calls, ids=str)


def test_the_calls_are_all_there_are() -> None:
    assert {call.name for call in CALLS} == needed()
    called = {call.path.removeprefix("/twirp/livekit.") for call in CALLS if not call.stream}
    assert called == {method.label for method in (*METHODS, *changes.CHANGES)}


@every(CALLS)
async def test_a_request_is_what_the_contract_says(call: Call) -> None:
    async with serving(DONE) as server, connected(server.url) as client:
        await call.run(client)
        (request,) = server.requests
        assert request.path == call.path
        assert request.verb == ("GET" if call.name == "logs" else "POST")
        if not call.stream:
            assert request.json == call.body
            assert request.headers["content-type"] == "application/json"
        assert request.headers["x-livekit-cli-version"] == CLI_VERSION
        assert request.headers["accept-encoding"] == "identity"
        assert request.headers.get("x-livekit-request-id", "") == (
            ID if call.changes and not call.stream else ""
        )
        assert not {"cookie", "referer", "python-httpx"} & set(request.headers)


async def test_a_request_looks_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """httpcore imports `sniffio` for each, and to find out that there is none takes a third of a request."""
    looked: list[str] = []

    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, fullname: str, path: object, target: object = None) -> None:
            looked.append(fullname)

    async with serving(DONE) as server, connected(server.url) as client:
        await client.list_agents()  # the first one imports what all of them need
        monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
        await client.list_agents()
    assert (len(server.requests), looked) == (2, [])


@every(CALLS)
async def test_a_token_is_short_and_grants_one_thing(call: Call) -> None:
    """60 s, 300 s for streams, begun in the past, one exact grant, the room of the request."""
    clock = ManualClock()
    async with serving(DONE) as server, connected(server.url, clock=clock) as client:
        await call.run(client)
        (request,) = server.requests
        token = request.headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(
            token, SECRET, algorithms=["HS256"], options={"verify_exp": False, "verify_nbf": False}
        )
        assert jwt.get_unverified_header(token)["alg"] == "HS256"
        lifetime = claims.pop("exp") - claims["nbf"]
        assert lifetime == (300 if call.stream else 60)
        assert claims.pop("nbf") == int(clock.now()) - 10
        assert claims.pop("iss") == KEY
        assert claims.pop("sub") == "lktop"
        assert claims == call.grant, "the grant and nothing else"
        if "room" in call.body:
            assert claims["video"]["room"] == request.json["room"]
        assert SECRET not in repr(request) and token not in request.path


async def test_labels_of_a_build_travel_in_their_header() -> None:
    async with serving(DONE) as server, connected(server.url) as client:
        async with client.build("CA_x", "", {"git_branch": "ä"}):
            pass
        async with client.build("CA_x", "", {}):
            pass
        packed = server.requests[0].headers["x-livekit-agent-version-attributes"]
        assert json.loads(base64.b64decode(packed)) == {"git_branch": "ä"}
        assert server.requests[0].path == "/build?agent_id=CA_x"
        assert "x-livekit-agent-version-attributes" not in server.requests[1].headers


async def test_agents_and_rooms_have_their_hosts() -> None:
    async with (
        serving(DONE) as project,
        serving(DONE) as agents,
        connected(project.url, agents_url=agents.url) as client,
    ):
        for call in CALLS:
            await call.run(client)
    for server, cloud in ((agents, True), (project, False)):
        assert server.requests
        for request in server.requests:
            assert ("RoomService" in request.path or "AgentDispatchService" in request.path) is not cloud


@pytest.mark.parametrize("suffix", ["", "/"])
async def test_a_base_with_a_path_keeps_it(suffix: str) -> None:
    async with serving(DONE) as server, connected(f"{server.url}/lk{suffix}") as client:
        await client.list_rooms()
        assert server.requests[0].path == "/lk/twirp/livekit.RoomService/ListRooms"


# ---- read-only -----------------------------------------------------------------------------------------


@every(CALLS)
async def test_nothing_that_changes_leaves_when_read_only(call: Call) -> None:
    async with serving(DONE) as server, connected(server.url, gate=WriteGuard(read_only=True)) as client:
        if call.changes:
            with pytest.raises(errors.ReadOnly, match="nothing was sent") as caught:
                await call.run(client)
            assert isinstance(caught.value, errors.NotSent)
            assert caught.value.method in ("POST /build", call.path.removeprefix("/twirp/livekit."))
            assert server.connections == 0
        else:
            await call.run(client)
            assert len(server.requests) == 1


@every(CHANGES)
async def test_an_unlock_ends_by_itself(call: Call) -> None:
    clock, gate = ManualClock(), WriteGuard(read_only=True)
    async with serving(DONE) as server, connected(server.url, clock=clock, gate=gate) as client:
        gate.unlock(clock.monotonic(), 900)
        await call.run(client)
        clock.advance(899.9)
        assert gate.remaining(clock.monotonic()) == pytest.approx(0.1)
        await call.run(client)
        clock.advance(0.1)
        with pytest.raises(errors.ReadOnly):
            await call.run(client)
        gate.unlock(clock.monotonic(), 900)
        gate.lock()
        with pytest.raises(errors.ReadOnly):
            await call.run(client)
        assert len(server.requests) == 2


def test_what_is_not_known_as_a_read_is_a_change() -> None:
    """The rule names what may be sent, so a method added tomorrow is refused until somebody thinks of it."""
    gate = WriteGuard(read_only=True)
    for label in ("CloudAgent/ListAgents", "RoomService/ListRooms", "GET /logs"):
        assert gate.allows(label, 0.0)
    for label in ("RoomService/DeleteRoom", "CloudAgent/Listing", "POST /build", "GET /push-target", ""):
        assert not gate.allows(label, 0.0)
    assert WriteGuard().allows("RoomService/DeleteRoom", 0.0)


# ---- relative and empty requests that would mean more than was asked -----------------------------------


async def test_requests_that_mean_something_else_are_not_made() -> None:
    async with serving(DONE) as server, connected(server.url) as client:
        for version in ("", "latest"):
            with pytest.raises(ValueError, match="names its version"):
                await client.change(ROLLBACK_AGENT, {"agent_id": "CA_x", "version": version}, request_id=ID)
        with pytest.raises(ValueError, match="whole agent"):
            await client.change(DELETE_DEPLOYMENT, {"agent_id": "CA_x", "deployment": ""}, request_id=ID)
        assert server.connections == 0


# ---- the clock -----------------------------------------------------------------------------------------


class Judge:
    """A server that knows the time and refuses tokens that are not of it, with 60 s of leeway."""

    def __init__(self, clock: ManualClock, ahead: float) -> None:
        self.clock = clock
        self.ahead = ahead
        self.server = Server()

    def answer(self) -> bytes:
        """The answer to the newest request."""
        now = self.clock.now() + self.ahead
        claims = self.server.requests[-1].claims
        starts, ends = claims["nbf"], claims["exp"]
        assert isinstance(starts, int) and isinstance(ends, int)
        if now > ends + 60:
            return text(
                "401 No", "invalid authorization token: token has invalid claims: token is expired", date(now)
            )
        if now < starts - 60:
            return text("401 No", "token has invalid claims: token is not valid yet", date(now))
        return http(200, DONE.partition(b"\r\n\r\n")[2], date(now))


async def judged(clock: ManualClock, ahead: float, calls: int) -> tuple[list[str], Judge, float]:
    """The outcomes of so many reads; their server; the skew that was seen."""
    judge = Judge(clock, ahead)

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(judge.answer())

    outcomes = []
    async with serving(default=act) as server, connected(server.url, clock=clock) as client:
        judge.server = server
        for _ in range(calls):
            try:
                await client.list_rooms()
                outcomes.append("ok")
            except errors.Unauthorized as error:
                outcomes.append(error.message)
        return outcomes, judge, client.health(Host.PROJECT).skew


@pytest.mark.parametrize("ahead", [0, 30, -30, 300, -300, 600, -600, 3000])
async def test_a_clock_that_is_off_is_learnt_from_the_first_refusal(ahead: float) -> None:
    """Ten minutes off works, at the price of one request."""
    outcomes, judge, skew = await judged(ManualClock(), ahead, 3)
    assert outcomes == ["ok"] * 3
    assert len(judge.server.requests) == 3 + (abs(ahead) > 100)
    assert skew == pytest.approx(ahead, abs=2)
    newest = judge.server.requests[-1].claims
    assert newest["nbf"] == pytest.approx(judge.clock.now() + ahead - 10, abs=2)


@pytest.mark.parametrize(("ahead", "words"), [(7200, "7200 s behind"), (-7200, "7200 s ahead of")])
async def test_a_clock_too_far_off_is_named(ahead: float, words: str) -> None:
    outcomes, judge, skew = await judged(ManualClock(), ahead, 2)
    assert all(f"this machine's clock is {words} the server's" in outcome for outcome in outcomes)
    assert len(judge.server.requests) == 2
    assert skew == pytest.approx(ahead, abs=2)


async def test_a_clock_stepped_during_a_run_is_learnt_again() -> None:
    clock = ManualClock()
    judge = Judge(clock, 0)

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(judge.answer())

    async with serving(default=act) as server, connected(server.url, clock=clock) as client:
        judge.server = server
        await client.list_rooms()
        clock.wall += 600  # ours is stepped, the server's is not
        judge.ahead = -600
        await client.list_rooms()
        await client.list_rooms()
        assert len(server.requests) == 4


async def test_a_change_refused_for_its_token_is_not_sent_again() -> None:
    """A read is signed again; a change has left, and that nothing ran is only what the answer says."""
    refusal = text("401 No", "invalid token: token is expired", date(1_786_000_600))
    async with serving(refusal) as server, connected(server.url, clock=ManualClock()) as client:
        with pytest.raises(errors.Unauthorized, match="600 s behind"):
            await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id=ID)
        assert len(server.requests) == 1
        with pytest.raises(errors.Unauthorized):
            await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id=ID)
        first, second = (request.claims["nbf"] for request in server.requests)
        assert isinstance(first, int) and isinstance(second, int)
        assert second - first == pytest.approx(600, abs=2), "the next one is signed by the server's clock"


@pytest.mark.parametrize(
    "header", ["", "Date: ", "Date: soon", "Date: Mon, 99 Foo 99999 00:00:00", "Date: " + "9" * 999]
)
async def test_a_server_without_a_clock_is_believed_to_agree(header: str) -> None:
    answer = http(200, "{}", *([header] if header else []))
    async with serving(answer) as server, connected(server.url) as client:
        await client.list_rooms()
        assert client.health(Host.PROJECT).skew == 0.0


# ---- grants and budget ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grant", "claims"),
    [
        (Grant(agent_admin=True), {"agent": {"admin": True}}),
        (Grant(room_list=True), {"video": {"roomList": True}}),
        (Grant(room="a"), {"video": {"roomAdmin": True, "room": "a"}}),
        (Grant(room=""), {"video": {"roomAdmin": True, "room": ""}}),
    ],
)
def test_grants_as_livekit_spells_them(grant: Grant, claims: dict[str, object]) -> None:
    assert grant.claims() == claims


def test_a_short_secret_signs_without_a_word() -> None:
    """`devkey` and `secret` are LiveKit's own development pair; warnings would land on the screen."""
    token = Credentials("devkey", Secret("secret")).token(Grant(agent_admin=True), now=1_786_000_000.9)
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token)


def test_credentials_do_not_print_their_secret() -> None:
    assert "hunter2" not in repr(Credentials("k", Secret("hunter2-hunter2")))


class TestBudget:
    """Requests over the last minute."""

    def test_reads_go_until_it_is_used_up_and_again_as_requests_grow_old(self) -> None:
        clock = ManualClock()
        budget = Budget(3, clock)
        for _ in range(3):
            assert budget.take()
            clock.advance(10)
        assert not budget.take() and budget.left() == 0 and budget.used() == 3
        assert budget.wait() == pytest.approx(30)
        clock.advance(30)
        assert budget.take() and not budget.take()
        assert budget.wait() == pytest.approx(10)

    def test_a_refused_read_is_not_counted(self) -> None:
        budget = Budget(1, ManualClock())
        assert budget.take()
        assert [budget.take() for _ in range(50)] == [False] * 50
        assert budget.used() == 1

    def test_what_the_operator_orders_goes_anyway_and_counts(self) -> None:
        budget = Budget(2, ManualClock())
        for _ in range(5):
            budget.count()
        assert (budget.used(), budget.left()) == (5, 0)

    def test_a_pause_stops_reads_whatever_is_left(self) -> None:
        clock = ManualClock()
        budget = Budget(60, clock)
        budget.hold(7)
        budget.hold(3)  # a shorter one does not shorten it
        assert not budget.take() and budget.wait() == budget.pause() == 7
        clock.advance(7)
        assert budget.take() and budget.pause() == 0

    def test_a_429_halves_the_rate_which_grows_again_without_one(self) -> None:
        clock = ManualClock()
        budget = Budget(120, clock)
        budget.limited(5)
        budget.limited(5)  # of a request that was under way at the same time
        assert budget.rate == 60 and not budget.take()
        clock.advance(60)
        assert budget.rate == 70
        for _ in range(5):
            budget.limited(1)
            clock.advance(2)
        assert budget.rate == 15, "no less"
        clock.advance(630 - 2)
        assert budget.rate == 120
        clock.advance(1000)
        assert budget.rate == 120, "no more than the cap"

    def test_what_was_sent_at_the_old_rate_counts_at_the_lower_one(self) -> None:
        clock = ManualClock()
        budget = Budget(40, clock)
        for _ in range(40):
            assert budget.take()
            clock.advance(1)
        budget.limited(1)
        clock.advance(1)
        assert budget.rate == 20 and budget.left() == 0
        assert budget.wait() == pytest.approx(60 - 41 + 20)
        clock.advance(budget.wait())
        assert budget.take()

    def test_a_small_cap_is_no_larger_after_a_429(self) -> None:
        budget = Budget(5, ManualClock())
        budget.limited(1)
        assert budget.rate == 5

    def test_a_pace_spreads_what_may_go_in_a_minute(self) -> None:
        pace = Pace(burst=4)
        assert pace.allows(60, 100.0, left=9) == 4
        pace.count(4)
        assert [pace.allows(60, at, left=9) for at in (100.0, 101.0, 102.5)] == [0, 1, 2]
        assert pace.allows(60, 1000.0, left=9) == 4, "what was not used does not pile up"
        assert pace.allows(-10, 2000.0, left=9) == 4

    def test_a_pace_does_not_make_up_at_once_for_a_time_in_which_the_budget_let_nothing_go(self) -> None:
        pace = Pace(burst=12)
        pace.count(12)
        assert [pace.allows(60, at, left=0, urgent=1) for at in (100.0, 103.0, 106.0, 109.0)] == [0] * 4
        assert pace.allows(60, 110.0, left=9) == 3, "else nine would go, and again nine a minute later"
        assert pace.allows(60, 110.0, left=1) == 1, "never more than the budget has left"

    def test_the_last_request_that_the_budget_has_left_is_for_what_is_urgent(self) -> None:
        pace = Pace(burst=4, ahead=2, spared=1)
        assert pace.allows(60, 100.0, left=1) == 0 and pace.allows(60, 100.0, left=1, urgent=1) == 1
        assert pace.allows(60, 100.0, left=3) == 2 and pace.allows(60, 100.0, left=0, urgent=1) == 0

    def test_what_is_urgent_goes_ahead_of_its_time_and_the_rest_waits_the_longer(self) -> None:
        pace = Pace(burst=2, ahead=3)
        assert pace.allows(60, 100.0, left=9, urgent=1) == 2, "there is more than it needs"
        pace.count(2)
        assert pace.allows(60, 100.0, left=9) == 0 and pace.allows(60, 100.0, left=9, urgent=9) == 3
        pace.count(3)
        assert pace.allows(60, 100.0, left=9, urgent=9) == 0 and pace.allows(60, 103.0, left=9) == 0
        assert pace.allows(60, 104.0, left=9) == 1


async def test_a_read_beyond_the_budget_is_not_sent() -> None:
    clock = ManualClock()
    async with serving(DONE) as server, connected(server.url, clock=clock, per_minute=2) as client:
        await client.list_agents()
        clock.advance(20)
        await client.list_rooms()
        with pytest.raises(errors.Throttled, match="request budget used up, next in 40 s") as caught:
            await client.list_rooms()
        assert caught.value.retry_after == pytest.approx(40)
        assert len(server.requests) == 2
        await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id=ID)
        assert len(server.requests) == 3 and client.budget.used() == 3


async def test_a_429_pauses_every_read_of_the_project() -> None:
    """At most one request before Retry-After; changes are the operator's to order."""
    clock = ManualClock()
    limited = http("429 Slow down", "{}", "Retry-After: 12")
    async with serving(limited, default=DONE) as server, connected(server.url, clock=clock) as client:
        with pytest.raises(errors.RateLimited):
            await client.list_agents()
        for call in READS:
            if not call.stream:
                with pytest.raises(errors.Throttled, match="LiveKit asked for a pause, next in 12 s"):
                    await call.run(client)
        assert len(server.requests) == 1
        await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id=ID)
        clock.advance(12)
        await client.list_agents()
        assert len(server.requests) == 3


async def test_pauses_without_a_time_double_until_something_works() -> None:
    clock = ManualClock()
    limited = http("429 Slow down", "{}")
    script = [*[limited] * 6, DONE, limited]
    pauses = []
    async with serving(*script) as server, connected(server.url, clock=clock) as client:
        for _ in script:
            try:
                await client.list_agents()
            except errors.RateLimited as error:
                pauses.append(error.retry_after)
                clock.advance(error.retry_after)
    assert pauses == [5, 10, 20, 40, 60, 60, 5]
