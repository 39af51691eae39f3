"""A server whose lists are as long as only a hostile one's are, and change wholly with each answer.

`python -m tests.hostile.flood WHAT` prints its port and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import Callable, Iterator
from typing import Final

Row = Callable[[int, int], bytes]
"""The number of a row, and of the answer → its JSON."""


def agent(number: int, turn: int) -> bytes:
    """As little as an agent can be."""
    return b'{"agent_id":"CA_%07d","version":"%08d"}' % (number, turn)


def full_agent(number: int, turn: int) -> bytes:
    """One in three regions: fifty thousand of them are 54 MiB."""
    row = (
        b'{"region":"%%s","agent_id":"CA_%07d","status":"Running","replicas":1,"cur_cpu":"%dm",'
        b'"cur_mem":"300Mi","mem_limit":"4Gi","cpu_limit":"2","server_region":"ohio1","events":[{"type":'
        b'"AGENT_EVENT_TYPE_APPLICATION_CRASHED","count":1,"timestamp":"2026-08-01T00:00:00Z"}],"version":'
        b'"2026080%d","agent_name":"agent-%d","last_scraped_at":"2026-08-01T00:00:0%dZ"}'
    ) % (number, turn, turn, number, turn)
    return b'{"agent_id":"CA_%07d","agent_name":"agent-%d","agent_deployments":[%s,%s,%s]}' % (
        *(number, number),
        *(row % region for region in (b"us-east", b"eu-central", b"ap-south")),
    )


def flapping_agent(number: int, turn: int) -> bytes:
    """The same, broken and well in turn."""
    return full_agent(number, turn).replace(b'"Running"', b'"Error"' if turn % 2 else b'"Running"')


def room(number: int, turn: int) -> bytes:
    """A room."""
    return b'{"sid":"RM_%07d","name":"room-%07d","num_participants":%d}' % (number, number, turn)


def dispatch(number: int, turn: int) -> bytes:
    """A dispatch with a job whose agent is not in the room."""
    return (
        b'{"id":"AD_%07d","agent_name":"a","metadata":"%d","state":{"jobs":[{"id":"AJ_%07d","agent_name":"a",'
        b'"state":{"status":"JS_RUNNING","started_at":"1790000000000000000","worker_id":"AW_1",'
        b'"participant_identity":"agent-AJ_%07d"}}],"created_at":"1790000000000000000"}}'
    ) % (number, turn, number, number)


FLOODS: Final[dict[str, dict[str, tuple[str, int, Row]]]] = {
    "agents": {"ListAgents": ("agents", 1_000_000, agent)},
    "full agents": {"ListAgents": ("agents", 70_000, full_agent)},
    "flapping agents": {"ListAgents": ("agents", 70_000, flapping_agent)},
    "rooms": {"ListRooms": ("rooms", 1_000_000, room)},
    "dispatches": {
        "ListRooms": ("rooms", 8, room),
        "ListDispatch": ("agent_dispatches", 120_000, dispatch),
    },
}
"""What there is too much of → by method, the key of the list, how many rows, and a row."""
FLOODS["none"] = {}
EMPTY: Final = {"ListAgents": b'{"agents":[]}', "ListRooms": b'{"rooms":[]}'}


def bodies(what: str) -> dict[str, Iterator[bytes]]:
    """By method, its answers in turn."""
    made = {}
    for method, (key, count, row) in FLOODS[what].items():
        turns = [b",".join(row(number, turn) for number in range(count)) for turn in (1, 2)]
        made[method] = itertools.cycle([b'{"%s":[%s]}' % (key.encode(), rows) for rows in turns])
    return made


async def serve(what: str) -> None:
    """Until killed."""
    answers = bodies(what)

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                method = head.split(" ")[1].rpartition("/")[2]
                names = {name.lower(): name for name in (*answers, *EMPTY)}
                size = head.partition("content-length:")[2].partition("\r")[0]
                await reader.readexactly(int(size or 0))
                name = names.get(method, "")
                body = next(answers[name]) if name in answers else EMPTY.get(name, b"{}")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                await writer.drain()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
