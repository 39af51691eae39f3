"""Looks: what a listing proves of what is not in it, for every operation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from tests.api.scripted import connected, http, serving, twirp
from tests.fixtures.clocks import ManualClock
from tui.api.client import Client
from tui.api.decoding.exact_dispatches import digest
from tui.api.errors import ApiError, Unknown
from tui.api.models import Dispatch
from tui.fleet.state import Fleet
from tui.fleet.store import Store
from tui.fleet.view import Selection, View
from tui.operations import looks
from tui.operations.fields import Answers
from tui.operations.join_watch import JoinProgress, JoinWatch, follow
from tui.operations.journal import resumed_deploys
from tui.operations.journal.journal import BLIND, Intent
from tui.operations.operation import Effect
from tui.operations.registry import BY_ID
from tui.packaging.secrets import SecretSet, SecretToSend
from tui.secret import Secret

NOBODY = twirp(503, "unavailable", "no response from servers")
CLOSED = http(200, '{"rooms":[]}')
OPEN = http(200, '{"rooms":[{"name":"r"}]}')


def listing(key: str, *rows: Mapping[str, object] | int) -> bytes:
    return http(200, json.dumps({key: rows}))


@asynccontextmanager
async def answered(*script: bytes) -> AsyncIterator[Client]:
    """A client whose reads are answered so, the last one for ever."""
    async with serving(*script) as server, connected(server.url) as client:
        yield client


FACTS = {
    "agent_id": "CA_a",
    "deployment": "staging",
    "room": "r",
    "dispatch_id": "AD_a",
    "agent_name": "n",
    "digest": "",
    "link": "PL_a",
    "name": "db",
    "endpoint": "e",
    "from": "v1",
    "to": "v2",
    "set": "A",
}
LOOKED = {
    "delete_agent": "agents",
    "delete_deployment": "agents",
    "promote": "agents",
    "rollback": "versions",
    "set_secret": "secrets",
    "dispatch": "agent_dispatches",
    "undispatch": "agent_dispatches",
    "create_link": "items",
    "delete_link": "items",
}
"""Operation → the list that tells."""


def intent(operation: str, *, blind: bool = False, baseline: tuple[str, ...] = (), **facts: str) -> Intent:
    known = {**FACTS, **facts, **(BLIND if blind else {})}
    return Intent("i", 0.0, "prod", operation, "x", baseline=baseline, facts=known)


PROVE_NOTHING = {
    "{}": http(200, "{}"),
    "an error as 200": http(200, '{"code":"internal","msg":"why"}'),
    "a proxy's JSON": http(200, '{"status":"up"}'),
    "404": http("404 Not Found", "<html>", kind="text/html"),
    "nobody answers": NOBODY,
}


@pytest.mark.parametrize("operation", LOOKED)
async def test_a_look_that_proves_nothing_settles_nothing(operation: str) -> None:
    """A row that cannot be read may be the one that is looked for."""
    answers = {**PROVE_NOTHING, "an unreadable row": listing(LOOKED[operation], 7)}
    async with serving() as server, connected(server.url) as client:
        for name, answer in answers.items():
            server.script, server.default = [], answer
            with pytest.raises(ApiError):
                found = await BY_ID[operation].verify(client, intent(operation))
                pytest.fail(f"{name}: {found}")


GONE = ("delete_agent", "delete_deployment", "undispatch", "delete_link")


@pytest.mark.parametrize("operation", GONE)
async def test_a_whole_list_without_it_shows_that_it_is_gone(operation: str) -> None:
    async with answered(listing(LOOKED[operation])) as client:
        assert (await BY_ID[operation].verify(client, intent(operation))).seen is Effect.YES


@pytest.mark.parametrize("row", [{"deployment": 7}, None])
async def test_an_agent_of_which_a_part_cannot_be_read_shows_nothing_of_that_part(row: object) -> None:
    agent = {"agent_id": "CA_a", "agent_deployments": [{"deployment": ""}, row]}
    async with answered(listing("agents", agent)) as client:
        assert (await looks.find_agent(client, "CA_a")) is not None
        with pytest.raises(Unknown, match="cannot be read"):
            await BY_ID["delete_deployment"].verify(client, intent("delete_deployment"))


async def test_an_agent_without_any_deployment_is_one_that_was_half_read() -> None:
    async with answered(listing("agents", {"agent_id": "CA_a"})) as client:
        with pytest.raises(Unknown, match="lists no deployment"):
            await BY_ID["delete_deployment"].verify(client, intent("delete_deployment"))


@pytest.mark.parametrize("versions", [(), ({"version": "v1"},), ({"version": "v1", "current": True},) * 2])
async def test_without_exactly_one_current_version_nothing_is_known(
    versions: tuple[Mapping[str, object], ...],
) -> None:
    rows = [{**row, "version": f"v{place}"} for place, row in enumerate(versions, 1)]
    async with answered(listing("versions", *rows)) as client:
        with pytest.raises(Unknown, match="versions of CA_a current"):
            await BY_ID["rollback"].verify(client, intent("rollback"))


@pytest.mark.parametrize("answer", [NOBODY, twirp(404, "not_found", "requested room does not exist")])
async def test_not_found_is_believed_only_of_a_room_that_is_not_listed(answer: bytes) -> None:
    """The same is said of a room whose node is gone (PROTOCOL.md, Dispatches and jobs)."""
    async with answered(answer, CLOSED) as client:
        assert await looks.dispatches_of(client, "r") is None
    for listed in (OPEN, http(200, "{}")):
        async with answered(answer, listed) as client:
            with pytest.raises(Unknown, match="proves nothing"):
                await looks.dispatches_of(client, "r")


TWIN = {"id": "AD_b", "agent_name": "n", "room": "r"}


@pytest.mark.parametrize(
    ("rows", "blind", "seen"),
    [
        ((), False, Effect.NO),
        ((), True, Effect.NO),
        (("AD_b",), False, Effect.YES),
        (("AD_b",), True, Effect.CANNOT_TELL),
        (("AD_b", "AD_c"), False, Effect.CANNOT_TELL),
    ],
)
async def test_a_new_dispatch_is_ours_only_if_what_was_there_before_is_known(
    rows: tuple[str, ...], blind: bool, seen: Effect
) -> None:

    found = listing("agent_dispatches", *({**TWIN, "id": name} for name in rows))
    ours = intent("dispatch", blind=blind, digest=digest("", {}, ""))
    async with answered(found) as client:
        assert (await BY_ID["dispatch"].verify(client, ours)).seen is seen


@pytest.mark.parametrize(("blind", "seen"), [(False, Effect.YES), (True, Effect.CANNOT_TELL)])
async def test_a_secret_is_new_only_if_its_time_before_is_known(blind: bool, seen: Effect) -> None:
    rows = listing("secrets", {"name": "A", "updated_at": "2026-08-11T09:10:00Z"})
    async with answered(rows) as client:
        assert (await BY_ID["set_secret"].verify(client, intent("set_secret", blind=blind))).seen is seen
    async with answered(listing("secrets", {"name": "A"})) as client:
        found = await BY_ID["set_secret"].verify(client, intent("set_secret"))
        assert found.seen is Effect.CANNOT_TELL, "without a time nothing tells"


@pytest.mark.parametrize(
    ("before", "sent", "seen"),
    [
        ("2026-08-11T09:10:00+00:00", "2026-08-11T09:10:00.700+00:00", Effect.CANNOT_TELL),
        ("2026-08-11T09:10:00+00:00", "2026-08-11T09:20:00.700+00:00", Effect.NO),
        ("2026-08-11T09:10:00.250+00:00", "2026-08-11T09:10:00.700+00:00", Effect.NO),
    ],
)
async def test_a_secret_set_twice_within_a_second_has_one_time(before: str, sent: str, seen: Effect) -> None:
    """Servers that store whole seconds; a time with a fraction would have changed."""
    at = datetime.fromisoformat(sent).timestamp()
    stamp = datetime.fromisoformat(before).isoformat()
    ours = replace(intent("set_secret"), time=at, baseline=(f"A={stamp}",))
    async with answered(listing("secrets", {"name": "A", "updated_at": before})) as client:
        assert (await BY_ID["set_secret"].verify(client, ours)).seen is seen


@pytest.mark.parametrize(("blind", "seen"), [(False, Effect.YES), (True, Effect.CANNOT_TELL)])
async def test_a_link_and_an_agent_are_ours_only_if_what_was_there_before_is_known(
    blind: bool, seen: Effect
) -> None:
    link = listing("items", {"private_link_id": "PL_b", "name": "db", "endpoint": "e"})
    async with answered(link) as client:
        assert (await BY_ID["create_link"].verify(client, intent("create_link", blind=blind))).seen is seen
    async with answered(listing("agents", {"agent_id": "CA_b"})) as client:
        assert (await resumed_deploys.verify(client, intent("create", blind=blind))).seen is seen


async def test_an_agent_is_gone_only_if_the_whole_list_lacks_it() -> None:
    one, none = listing("agents", {"agent_id": "CA_a"}), listing("agents")
    async with answered(none, one) as client:
        found = await looks.find_agent(client, "CA_a")
        assert found is not None and found.agent_id == "CA_a"
    async with answered(twirp(500, "internal", "failed to get agent"), none) as client:
        assert await looks.find_agent(client, "CA_a") is None
    async with answered(none, http(200, "{}")) as client:
        with pytest.raises(Unknown, match="no list of agents"):
            await looks.find_agent(client, "CA_a")


VIEW = View(Fleet(), Selection(), 0.0, 0.0)


@pytest.mark.parametrize(
    ("script", "baseline", "blind"),
    [
        ((OPEN, listing("agent_dispatches", TWIN)), ("AD_b",), False),
        ((CLOSED, http(500, "")), (), False),
        ((OPEN, NOBODY), (), True),
        ((http(500, ""), NOBODY), (), True),
        ((OPEN, http(200, "{}")), (), True),
    ],
    ids=["listed", "no such room", "no node answers", "nothing is known", "no list"],
)
async def test_what_was_there_before_is_seen_or_said_to_be_unknown(
    script: tuple[bytes, ...], baseline: tuple[str, ...], blind: bool
) -> None:
    answers = Answers({"room": "r", "agent": "n"})
    async with answered(*script) as client:
        found = await BY_ID["dispatch"].baseline(client, VIEW, answers)
    assert (found.baseline, found.blind) == (baseline, blind)


async def test_without_a_look_before_nothing_is_sent() -> None:
    async with answered(OPEN, http(500, "")) as client:
        with pytest.raises(Unknown):
            await BY_ID["dispatch"].baseline(client, VIEW, Answers({"room": "r", "agent": "n"}))


async def test_dispatches_of_another_room_are_no_answer() -> None:
    async with answered(listing("agent_dispatches", {**TWIN, "room": "elsewhere"})) as client:
        with pytest.raises(Unknown, match="of another room than r"):
            await BY_ID["undispatch"].verify(client, intent("undispatch"))


@pytest.mark.parametrize(("before", "fails"), [((), False), (("AD_b",), True)])
async def test_an_answer_that_names_what_was_there_before_is_not_about_ours(
    before: tuple[str, ...], fails: bool
) -> None:
    answers = Answers({"room": "r", "agent": "n"})
    async with answered(http(200, json.dumps(TWIN))) as client:
        sending = BY_ID["dispatch"].send(client, VIEW, answers, intent("dispatch", baseline=before))
        if fails:
            with pytest.raises(Unknown, match="AD_b, which was there before"):
                await sending
        else:
            assert (await sending).words == "AD_b"


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        ((http(200, "{}"),), "cannot look"),
        ((listing("agent_dispatches", 7),), "cannot look"),
        ((NOBODY, OPEN), "cannot look"),
        ((NOBODY, CLOSED), "the dispatch is gone"),
        ((listing("agent_dispatches"),), "the dispatch is gone"),
    ],
)
async def test_a_dispatch_that_is_watched_is_gone_only_where_that_is_shown(
    script: tuple[bytes, ...], verdict: str
) -> None:
    clock = ManualClock()
    watch = JoinWatch(Dispatch(id="AD_b", room="r", agent_name="n"), started=clock.monotonic(), accepted=0.0)
    said: list[str] = []

    class Enough(Exception):
        """One look was told."""

    def tell(progress: JoinProgress) -> None:
        said.append(progress.verdict)
        raise Enough

    async with answered(*script) as client:
        with pytest.raises(Enough):
            await follow(watch, client, Store(clock), clock, tell)
    assert said[0].startswith(verdict)


async def test_a_list_of_people_that_is_read_in_part_does_not_show_an_agent_to_be_absent() -> None:
    people = listing("participants", {"identity": "agent-AJ_1", "kind": "AGENT"})
    running = {"id": "AJ_1", "state": {"status": "JS_RUNNING", "participant_identity": "agent-AJ_1"}}
    there = listing("agent_dispatches", {"id": "AD_b", "room": "r", "state": {"jobs": [running]}}, 7)
    clock = ManualClock()
    watch = JoinWatch(Dispatch(id="AD_b", room="r", agent_name="n"), started=clock.monotonic(), accepted=0.0)
    store = Store(clock)

    class Enough(Exception):
        """One look was told."""

    def tell(progress: JoinProgress) -> None:
        raise Enough

    for answer, count in ((people, 1), (listing("participants", 7), 1), (listing("participants"), 0)):
        async with answered(there, answer) as client:
            with pytest.raises(Enough):
                await follow(watch, client, store, clock, tell)
        assert len(store.fleet.participants["r"]) == count
        assert store.fleet.fresh_room("r").unreadable == 1, "of its dispatches"


@pytest.mark.parametrize("answer", [http(200, "{}"), listing("secrets", {"name": "A"}, 7)])
async def test_all_secrets_are_replaced_only_where_all_are_known(answer: bytes) -> None:
    """The dialog said what vanishes; one that was not listed would vanish unsaid."""
    async with answered(answer) as client:
        with pytest.raises(Unknown, match="which secrets would be removed is not listed"):
            await BY_ID["replace_secrets"].baseline(client, VIEW, Answers())
        assert (await BY_ID["set_secret"].baseline(client, VIEW, Answers())).blind


async def test_of_an_update_only_the_secrets_are_said_to_be_done() -> None:
    given = Answers(secrets=SecretSet((SecretToSend("A", Secret("x")),), (), ()))
    async with answered(http(200, '{"success":true}')) as client:
        said = await BY_ID["update"].run(client, VIEW, given, "r")
        assert said.words == "secrets set; that it restarts leaves no trace"
        assert (await BY_ID["update"].run(client, VIEW, Answers(), "r")).words == ""
