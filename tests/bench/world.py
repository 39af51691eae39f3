"""The simulator as a measuring instrument, in a process of its own: a world of any size that moves on order.

    python -m tests.bench.world --agents 10000 --rooms 1000 --dispatches 20 --jobs 5

It is `lktop sim` with one difference: between any two listings of agents it measures a share of them anew, as
told by lines such as `change 0.01` on standard input, so that exactly that share of rows differs per poll.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Final

from livekit.protocol import models

from tests.ptyrun import python, terminal_env
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import AgentSpec, CrowdSpec, DeploymentSpec, Scenario, VersionSpec
from tui.sim.world.agents import CLUSTERS
from tui.sim.world.rooms import Rooms
from tui.sim.world.world import RoomRecord

KEY: Final = "devkey"
SECRET: Final = "practice-secret-0123456789abcdef0123456789"
LISTING: Final = "/twirp/livekit.CloudAgent/ListAgents"
LOOK: Final = 0.02
"""Seconds between looks whether somebody listed the agents."""


class World:
    """A running simulator, seen from the process that started it."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process = process
        self.url = url

    def change(self, share: float) -> None:
        """From the next poll on, let so much of the agents differ, 0 to 1."""
        self._tell(f"change {share}")

    def turn(self, names: Sequence[str]) -> None:
        """Give these agents another number of replicas: one cell of a row each."""
        self._tell(" ".join(("turn", *names)))

    def alter(self, change: str, room: str) -> None:
        """Change a room: `join`, `leave`, `describe` (its metadata), `open` or `close`."""
        self._tell(f"{change} {room}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def order(self, path: str, **values: object) -> None:
        """Tell the practice master's desk, such as `order("/logs", agent_id=…, flood=10_000)`."""
        body = json.dumps(values).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/_sim{path}", body), timeout=30).close()

    def requests(self) -> list[dict[str, object]]:
        """Every request that the simulator remembers, oldest first; `received` in Unix seconds."""
        with urllib.request.urlopen(f"{self.url}/_sim/requests", timeout=30) as answer:
            found: list[dict[str, object]] = json.load(answer)
        return [request for request in found if not str(request["path"]).startswith("/_sim")]

    def environment(self) -> dict[str, str]:
        """What the program under test has to know of it."""
        return {
            "LIVEKIT_URL": self.url,
            "LIVEKIT_API_KEY": KEY,
            "LIVEKIT_API_SECRET": SECRET,
            "LK_AGENTS_URL": self.url,
        }


@contextmanager
def world(
    *,
    agents: int,
    rooms: int = 0,
    dispatches: int = 5,
    jobs: int = 20,
    running: int | None = None,
    late: float = 0.0,
) -> Iterator[World]:
    """Start one; `dispatches` a room, `jobs` a dispatch. It ends with the block or with this process.

    Only so many rooms have jobs as `running` says, by default all. ListRooms shows who came and went `late`
    seconds after it.
    """
    sizes = {"agents": agents, "rooms": rooms, "dispatches": dispatches, "jobs": jobs}
    sizes["running"] = rooms if running is None else running
    command = [*python("tests.bench.world"), *(f"--{name}={size}" for name, size in sizes.items())]
    command.append(f"--late={late}")
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=terminal_env(), start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            words = process.stdout.readline().decode().split()
            if len(words) != 3:
                raise RuntimeError(f"the simulator did not start: {' '.join(words) or 'it said nothing'}")
            yield World(process, words[2])
        finally:
            process.kill()


@contextmanager
def practice(scenario: str, *, speed: float) -> Iterator[World]:
    """`lktop sim` as anybody can start it, moving by itself, `speed` times as fast as life."""
    command = python("tui", "sim", "--scenario", scenario, "--speed", str(speed))
    env = terminal_env(LIVEKIT_API_KEY=KEY, LIVEKIT_API_SECRET=SECRET)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        try:
            yield World(process, process.stdout.readline().decode().split()[-1])
        finally:
            process.kill()


def scenario(agents: int, rooms: int, dispatches: int, jobs: int) -> Scenario:
    """Agents of the usual mixture; the worst one, where the cursor starts, runs and so logs nothing."""
    chance = Random("bench")
    return Scenario(
        agents=[_agent(number, chance) for number in range(agents)],
        crowd=CrowdSpec(rooms=rooms, dispatches=dispatches, jobs=jobs) if rooms else None,
    )


def _agent(number: int, chance: Random) -> AgentSpec:
    mixture = ("Running", "Sleeping", "Scheduling")
    status = "Error" if number == 0 else chance.choices(mixture, weights=(93, 5, 2))[0]
    return AgentSpec(
        name=f"agent-{number:05d}",
        deployments=[
            DeploymentSpec(
                status=status,
                region=chance.choice(tuple(CLUSTERS)),
                replicas=0 if number == 0 else chance.randrange(1, 4),
                max_replicas=4,
            )
        ],
        versions=[VersionSpec(age=chance.uniform(1, 90) * 86400)],
    )


def _nothing(room: RoomRecord) -> None:
    """A room without jobs."""


def _join(rooms: Rooms, name: str) -> None:
    room = rooms.world.rooms[name]
    rooms.join(room, models.ParticipantInfo(identity=f"guest-{len(room.participants)}"))


def _leave(rooms: Rooms, name: str) -> None:
    room = rooms.world.rooms[name]
    rooms.leave(room, next((who for who in room.participants if who.startswith("guest-")), ""))


def _describe(rooms: Rooms, name: str) -> None:
    info = rooms.world.rooms[name].info
    info.metadata += "."
    rooms.world.room_list.touch(name)


def _open(rooms: Rooms, name: str) -> None:
    rooms.open(name)


def _close(rooms: Rooms, name: str) -> None:
    rooms.close(rooms.world.rooms[name])


ALTERATIONS: Final = {
    "join": _join,
    "leave": _leave,
    "describe": _describe,
    "open": _open,
    "close": _close,
}
"""Changes that ListRooms shows."""


class Mover:
    """Measures a share of the agents anew after every listing, in turn."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._records = list(simulator.world.agents.values())
        self._next = 0
        self.share = 0.0

    async def run(self) -> None:
        """Move after each listing until cancelled."""
        seen = self._listings()
        while True:
            await asyncio.sleep(LOOK)
            if (now := self._listings()) != seen:
                seen = now
                self.move()

    def obey(self, words: Sequence[str]) -> None:
        """Do what a line says."""
        if words[0] == "change":
            self.share = float(words[1])
            return
        if words[0] in ALTERATIONS:
            ALTERATIONS[words[0]](self._simulator.app.rooms, words[1])
            return
        for name in words[1:]:
            record = next(record for record in self._records if record.info.agent_name == name)
            for row in record.rows(""):
                row.replicas = 1 + row.replicas % 3
            self._simulator.world.touch(record)

    def _listings(self) -> int:
        """The number of the newest listing that was answered."""
        gate = self._simulator.app.pipeline
        return next((seen.seq for seen in reversed(gate.seen) if seen.path == LISTING and seen.status), 0)

    def move(self) -> None:
        """Measure the next ones, and have the answer ready."""
        for _ in range(round(self.share * len(self._records))):
            self._simulator.app.agents.scrape(self._records[self._next], "")
            self._next = (self._next + 1) % len(self._records)
        self._simulator.world.agent_list.encoded("json")


async def _run(options: argparse.Namespace) -> None:
    plan = scenario(options.agents, options.rooms, options.dispatches, options.jobs)
    switches = {"room_counters_late_seconds": options.late}
    async with serve(plan, key=KEY, secret=SECRET, **switches) as simulator:
        for name in list(simulator.world.unfilled_rooms)[options.running :]:
            simulator.world.unfilled_rooms[name] = _nothing
        mover = Mover(simulator)
        mover.move()
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def obey() -> None:
            for line in sys.stdin:
                loop.call_soon_threadsafe(mover.obey, line.split())
            loop.call_soon_threadsafe(ended.set)  # whoever started us is gone

        threading.Thread(target=obey, daemon=True).start()
        moving = asyncio.create_task(mover.run())
        print(f"listening on {simulator.url}", flush=True)
        await ended.wait()
        moving.cancel()


def main(argv: Sequence[str]) -> None:
    """Run until standard input ends."""
    parser = argparse.ArgumentParser()
    sizes = (("agents", 100), ("rooms", 0), ("dispatches", 5), ("jobs", 20), ("running", 1 << 30))
    for name, size in sizes:
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--late", type=float, default=0.0)
    asyncio.run(_run(parser.parse_args(argv)))


if __name__ == "__main__":
    main(sys.argv[1:])
