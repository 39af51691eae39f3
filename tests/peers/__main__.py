"""Record what real servers answer: `python -m tests.peers [SITUATION …]`; without any, all situations."""

from __future__ import annotations

import asyncio
import sys
import time

from tests.peers.recording import RecordedStop, Recording, write
from tests.peers.site import missing, site, versions
from tests.peers.situations import AGENT, MAKES_NO_ROOMS, SITUATIONS


async def record(name: str) -> Recording:
    """Go through a situation and keep what is answered at each stop."""
    stops: list[RecordedStop] = []
    async with site(auto_create=name != MAKES_NO_ROOMS) as place:

        async def dispatch(room: str, metadata: str, secret: str) -> None:
            await place.ask("CreateDispatch", secret=secret, room=room, agent_name=AGENT, metadata=metadata)

        async for stop in SITUATIONS[name](place, dispatch):
            sent, place.replies = tuple(place.replies), []
            await place.ask("ListRooms", secret=stop.secret)
            for method in ("ListDispatch", "ListParticipants"):
                await place.ask(method, secret=stop.secret, room=stop.room)
            replies, place.replies = tuple(place.replies), []
            stops.append(RecordedStop(stop.name, stop.room, round(time.time(), 3), sent, replies))
            print(f"  {stop.name}: {' '.join(str(reply.status) for reply in replies)}", flush=True)
    return Recording(name, versions(), tuple(stops))


def main(names: list[str]) -> int:
    """The command; its exit status."""
    if absent := missing():
        print(absent, file=sys.stderr)
        return 1
    print(versions())
    for name in names or SITUATIONS:
        print(name, flush=True)
        write(asyncio.run(record(name)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
