"""How much the listings of many rooms may hold together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.scripted import Act, Request, Server, connected, http, listening
from tui.api import client, responses
from tui.api.client import Client
from tui.api.decoding.batch import Batch
from tui.api.decoding.quota import Quota
from tui.api.errors import NotFound, Unknown
from tui.api.long_answers import Turn
from tui.api.responses import Call, read
from tui.api.text.masking import SentSecrets


def test_what_is_free_is_given_and_what_is_kept_is_counted_once() -> None:
    quota = Quota(rows=5, size=100)
    assert quota.take("a", [1] * 3) == 3
    assert quota.take("b", [1] * 3) == 2
    assert quota.take("a", [1] * 3) == 3, "in place of those before"
    assert quota.take("a", [1]) == 1
    assert quota.take("b", [1] * 9) == 4
    quota.keep({"b"})
    assert quota.take("c", [1] * 9) == 1


def test_rows_are_counted_by_their_size_too() -> None:
    quota = Quota(rows=5, size=100)
    assert quota.take("a", [60, 60]) == 1
    assert quota.take("b", [41]) == 0
    assert quota.take("b", [40]) == 1


def test_of_a_list_that_is_cut_those_kept_before_still_count() -> None:
    quota = Quota(rows=5, size=100)
    assert quota.take("a", [1] * 4) == 4
    assert quota.take("a", [1], is_cut=True) == 1
    assert quota.take("b", [1] * 4) == 1, "the four are still shown"


class Rooms(Server):
    """Rooms with as many dispatches each."""

    rooms = 3
    each = 4
    garbage = b""
    unreadable = 0
    closed = ""

    def choose(self, request: Request) -> bytes | Act:
        """The list of rooms, or of one room's dispatches or participants."""
        if self.garbage:
            return self.garbage
        if request.method == "ListRooms":
            rows = [{"name": f"r{n}"} for n in range(self.rooms)]
            return http(200, json.dumps({"rooms": [*rows, *(7 for _ in range(self.unreadable))]}))
        if self.closed and request.json["room"] == self.closed:
            return http(404, json.dumps({"code": "not_found", "msg": "room not found"}))
        key, name = ("agent_dispatches", "id")
        if request.method == "ListParticipants":
            key, name = ("participants", "identity")
        rows = [{name: f"{request.json['room']}-{n}"} for n in range(self.each)]
        return http(200, json.dumps({key: rows}))


async def counts(asked: Client) -> list[tuple[int, int | None]]:
    """Of each room, how many dispatches are kept, and at how many they were cut."""
    found: list[Batch[object]] = []
    for number in range(3):
        batch = await asked.list_dispatches(f"r{number}")
        found.append(Batch(batch.items, cut=batch.cut))
    return [(len(batch.items), batch.cut) for batch in found]


async def test_dispatches_and_participants_of_all_rooms_have_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "ROWS_IN_ROOMS", 10)
    server = Rooms()
    async with listening(server), connected(server.url) as asked:
        await asked.list_rooms()
        assert await counts(asked) == [(4, None), (4, None), (2, 2)]
        assert await counts(asked) == [(4, None), (4, None), (2, 2)], "the same answers"
        people = [await asked.list_participants(f"r{number}") for number in range(3)]
        assert [batch.cut for batch in people] == [None, None, 2]
        looked = await asked.ordered().list_dispatches("r2")
        assert looked.is_whole, "what an operator asks for has no part in it"
        server.each = 3
        assert await counts(asked) == [(3, None), (3, None), (3, None)]
        server.each = 9
        assert await counts(asked) == [(4, 4), (3, 3), (3, 3)]
        server.rooms = 1
        await asked.list_rooms()
        assert (await asked.list_dispatches("r0")).is_whole, "those of closed rooms are let go"


async def test_a_closed_room_is_let_go_also_while_the_list_of_rooms_cannot_be_read_in_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "ROWS_IN_ROOMS", 10)
    server = Rooms()
    server.unreadable = 1
    async with listening(server), connected(server.url) as asked:
        assert await counts(asked) == [(4, None), (4, None), (2, 2)]
        server.rooms = 1
        await asked.list_rooms()
        assert (await asked.list_dispatches("r0")).is_whole
        assert (await asked.list_dispatches("r2")).cut == 2, "r1 may be the one that could not be read"
        server.closed = "r1"
        with pytest.raises(NotFound):
            await asked.list_dispatches("r1")
        await asked.list_rooms()
        assert (await asked.list_dispatches("r2")).is_whole


async def test_long_answers_are_in_memory_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four that came in together took 150 MB before they were decoded."""
    monkeypatch.setattr(responses, "LONG", 1000)
    lock, go_on = asyncio.Lock(), asyncio.Event()
    held: dict[str, asyncio.Event] = {name: asyncio.Event() for name in ("one", "two", "short")}

    async def body(name: str) -> AsyncIterator[bytes]:
        for _ in range(1 if name == "short" else 3):
            yield b"x" * 600
        held[name].set()  # all of it is in memory
        await go_on.wait()

    async def ask(name: str) -> int:
        turn = Turn(lock)
        call = Call(name, "localhost", "", SentSecrets(), turn=turn)
        try:
            return len(await read(httpx.Response(200, content=body(name)), 10_000, call))
        finally:
            turn.end()

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        one = group.create_task(ask("one"))
        await held["one"].wait()
        two, short = group.create_task(ask("two")), group.create_task(ask("short"))
        await held["short"].wait()
        assert not held["two"].is_set()
        go_on.set()
        assert [await task for task in (one, short, two)] == [1800, 600, 1800]


async def test_a_listing_lets_the_next_long_answer_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "LONG", 10)
    server = Rooms()
    async with asyncio.timeout(10), listening(server), connected(server.url) as asked:
        assert [cut for _, cut in await counts(asked)] == [None] * 3
        server.garbage = http(200, "no list, but long")
        for _ in range(2):
            with pytest.raises(Unknown):
                await asked.list_rooms()
