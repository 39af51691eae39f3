"""What happens to jobs on a real server, each situation with stops where there is something to look at."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from tests.peers.processes import NotInTime
from tests.peers.site import SECRET, WRONG_SECRET, Site

AGENT = "one"
"""The name under which workers register."""
EVERY = 0.2
"""Seconds between questions while something is awaited."""
OFFER_OVER = 6.0
"""Seconds after which a dispatch without a job was offered in vain (PROTOCOL.md, Dispatches and jobs)."""


@dataclass(frozen=True)
class Stop:
    """A point of a situation at which lktop looks."""

    name: str
    room: str
    secret: str = SECRET
    """The secret with which it asks."""


Dispatch = Callable[[str, str, str], Awaitable[object]]
"""Dispatches `AGENT`: room, metadata, and the secret with which it is asked."""
Situation = Callable[[Site, Dispatch], AsyncIterator[Stop]]


async def new_room(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """An agent is dispatched to a room that does not exist yet."""
    await site.start_worker(AGENT)
    yield Stop("before", "lobby")
    await dispatch("lobby", "", SECRET)
    yield Stop("dispatched", "lobby")
    await _job(site, "lobby")
    await _agents(site, "lobby", 1)
    yield Stop("joined", "lobby")


async def rejected(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """The worker refuses the job."""
    await site.start_worker(AGENT)
    await dispatch("lobby", "reject", SECRET)
    await _job(site, "lobby")
    yield Stop("refused", "lobby")


async def raised(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """The worker's entrypoint raises before it joins."""
    async for stop in _gone_at_once(site, dispatch, "raise"):
        yield stop


async def returned(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """The worker's entrypoint returns before it joins."""
    async for stop in _gone_at_once(site, dispatch, "return"):
        yield stop


async def slow_start(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """The worker's entrypoint needs longer to join than most."""
    await site.start_worker(AGENT)
    await dispatch("lobby", "slow 40", SECRET)
    await _job(site, "lobby")
    yield Stop("accepted", "lobby")
    await asyncio.sleep(17)
    yield Stop("still starting", "lobby")
    await _agents(site, "lobby", 1)
    yield Stop("joined", "lobby")


async def late_worker(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """The worker registers after the job was offered."""
    await dispatch("lobby", "", SECRET)
    await asyncio.sleep(OFFER_OVER)
    yield Stop("nobody", "lobby")
    await site.start_worker(AGENT)
    await asyncio.sleep(OFFER_OVER)
    yield Stop("registered", "lobby")
    await dispatch("lobby", "", SECRET)
    await _job(site, "lobby")
    await _agents(site, "lobby", 1)
    yield Stop("dispatched again", "lobby")


async def killed_worker(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """SIGKILL of a worker whose agent is in the room."""
    worker = await site.start_worker(AGENT)
    await dispatch("lobby", "", SECRET)
    await _job(site, "lobby")
    await _agents(site, "lobby", 1)
    yield Stop("joined", "lobby")
    worker.kill()
    await asyncio.sleep(2)
    yield Stop("killed", "lobby")
    await _agents(site, "lobby", 0, 60)
    yield Stop("gone", "lobby")


async def killed_node(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """SIGKILL of the node that serves room and worker; the other one is asked about the room."""
    await site.start_worker(AGENT, node=1)
    room = await _dispatch_by_the_other_node(site, dispatch)
    await _job(site, room)
    await _agents(site, room, 1)
    yield Stop("joined", room)
    site.kill_node(1)
    yield Stop("killed", room)
    await asyncio.sleep(20)
    yield Stop("later", room)
    await dispatch(room, "", SECRET)
    yield Stop("dispatched again", room)


async def moved_room(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """SIGKILL of the node that serves a room while its agent can come back by another node."""
    await site.start_worker(AGENT)
    room = await _dispatch_by_the_other_node(site, dispatch)
    await _job(site, room)
    await _agents(site, room, 1)
    yield Stop("joined", room)
    site.kill_node(1)
    yield Stop("killed", room)
    await asyncio.sleep(20)
    yield Stop("moved", room)


async def redis_gone(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """SIGKILL of Redis, which then comes back empty."""
    await site.start_worker(AGENT)
    await dispatch("lobby", "", SECRET)
    await _job(site, "lobby")
    await _agents(site, "lobby", 1)
    yield Stop("joined", "lobby")
    site.kill_redis()
    yield Stop("gone", "lobby")
    await site.start_redis()
    await _answers(site, "ListRooms")
    yield Stop("back", "lobby")


async def redis_gone_while_waiting(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """SIGKILL of Redis while a dispatch waits for a worker."""
    await dispatch("lobby", "", SECRET)
    await asyncio.sleep(OFFER_OVER)
    yield Stop("waiting", "lobby")
    site.kill_redis()
    await asyncio.sleep(40)
    yield Stop("gone", "lobby")


async def wrong_secret(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """The secret of another server."""
    await dispatch("lobby", "", WRONG_SECRET)
    yield Stop("refused", "lobby", WRONG_SECRET)


async def no_auto_create(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """A dispatch to a room that does not exist, on a server that does not make rooms for it."""
    await site.start_worker(AGENT)
    yield Stop("before", "lobby")
    await dispatch("lobby", "", SECRET)
    yield Stop("dispatched", "lobby")


async def publisher_left(site: Site, dispatch: Dispatch) -> AsyncIterator[Stop]:
    """An agent that works for those who publish."""
    await site.start_worker(AGENT, "PUBLISHER")
    await dispatch("lobby", "", SECRET)
    await asyncio.sleep(OFFER_OVER)
    yield Stop("nobody publishes", "lobby")
    bob = await site.start_publisher("lobby", "bob")
    await _job(site, "lobby")
    await _agents(site, "lobby", 1)
    yield Stop("bob publishes", "lobby")
    await site.start_publisher("lobby", "eve")
    await _job(site, "lobby", 2)
    await _agents(site, "lobby", 2)
    yield Stop("eve too", "lobby")
    await bob.end_by_line()
    await asyncio.sleep(3)
    yield Stop("bob left", "lobby")


SITUATIONS: dict[str, Situation] = {
    situation.__name__: situation
    for situation in (
        new_room,
        rejected,
        raised,
        returned,
        slow_start,
        late_worker,
        killed_worker,
        killed_node,
        moved_room,
        redis_gone,
        redis_gone_while_waiting,
        wrong_secret,
        no_auto_create,
        publisher_left,
    )
}
MAKES_NO_ROOMS = "no_auto_create"
"""The situation whose servers run with `auto_create: false`."""


async def _gone_at_once(site: Site, dispatch: Dispatch, how: str) -> AsyncIterator[Stop]:
    await site.start_worker(AGENT)
    await dispatch("lobby", how, SECRET)
    await _job(site, "lobby")
    yield Stop("young", "lobby")
    await asyncio.sleep(17)
    yield Stop("later", "lobby")


async def _dispatch_by_the_other_node(site: Site, dispatch: Dispatch) -> str:
    """Dispatch to a room that the second node serves; which one makes a room is drawn by chance."""
    for number in range(20):
        room = f"lobby-{number}"
        await site.ask("CreateRoom", name=room)
        if site.node_of(room) == 1:
            site.replies.clear()
            await dispatch(room, "", SECRET)
            return room
        await site.ask("DeleteRoom", room=room)
    raise NotInTime("no room came to the second node")


async def _job(site: Site, room: str, count: int = 1) -> None:
    """Wait until so many jobs are listed."""

    def listed(body: dict[str, object]) -> bool:
        dispatches = body.get("agent_dispatches", [])
        assert isinstance(dispatches, list)
        return sum(len(item["state"]["jobs"]) for item in dispatches) >= count

    await _until(site, "ListDispatch", room, listed, 20.0)


async def _agents(site: Site, room: str, count: int, seconds: float = 60.0) -> None:
    """Wait until exactly so many agents are in the room."""

    def there(body: dict[str, object]) -> bool:
        people = body.get("participants", [])
        assert isinstance(people, list)
        return sum(person["kind"] == "AGENT" for person in people) == count

    await _until(site, "ListParticipants", room, there, seconds)


async def _until(
    site: Site, method: str, room: str, is_so: Callable[[dict[str, object]], bool], seconds: float
) -> None:
    until = time.monotonic() + seconds
    kept = list(site.replies)
    while not is_so(json.loads((await site.ask(method, room=room)).body)):
        if time.monotonic() > until:
            raise NotInTime(f"{method} of {room} does not show it: {site.replies[-1].body}")
        await asyncio.sleep(EVERY)
    site.replies[:] = kept  # what was asked to wait is no part of the situation


async def _answers(site: Site, method: str) -> None:
    """Wait until a method is answered with success again."""
    await _until(site, method, "", lambda body: "code" not in body, 20.0)
