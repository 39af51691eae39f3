"""The simulator as a program, `lktop sim`, and inside one: `serve` runs it on the caller's event loop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import logging
import math
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NoReturn

import uvicorn

from tui.sim.http.application import Application
from tui.sim.http.transport import Connection, Server, listen
from tui.sim.scenarios.scenarios import NAMES, find_scenario
from tui.sim.scenarios.specs import Scenario
from tui.sim.world.clock import FASTEST, WorldClock
from tui.sim.world.switches import Switches
from tui.sim.world.world import Effect, World

KEY = "devkey"
SECRET = "practice-secret-0123456789abcdef0123456789"
"""Long enough for clients whose library warns of short HMAC keys."""

PARENT_WATCH_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


class Simulator:
    """A running simulator, and everything a test wants to know or do about it."""

    def __init__(self, app: Application, url: str, key: str, secret: str) -> None:
        self.url = url
        """Where it listens, such as `http://127.0.0.1:40123`; both the project URL and the agents URL."""
        self.key = key
        self.secret = secret
        self.app = app
        self.world: World = app.world
        self.clock: WorldClock = app.world.clock
        self.control = app.control
        """Everything that `/_sim/…` can do, without HTTP."""
        self.faults = app.faults
        """Injected faults: `faults.add(FaultSpec(…))`, `faults.clear()`."""

    async def effect(self, name: str, seconds: float = 5.0) -> Effect:
        """The first effect of that name, waiting for it up to `seconds` of real time; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                for effect in self.world.effects:
                    if effect.name == name:
                        return effect
                await self.clock.pulse.wait(None)

    def advance(self, seconds: float) -> None:
        """Push world time forward and apply the events that are due by then."""
        self.clock.advance(seconds)
        self.world.settle()


@contextlib.asynccontextmanager
async def serve(
    scenario: str | Path | Scenario = "incident",
    *,
    seed: int = 1,
    speed: float = 1.0,
    agents: int | None = None,
    start_time: float | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    key: str = KEY,
    secret: str = SECRET,
    **switches: object,
) -> AsyncIterator[Simulator]:
    """Run a simulator on this event loop while the block lasts.

    `speed` 0 freezes the world: only `advance` moves it. Raises ValueError for an unknown scenario or switch,
    OSError when the address is taken, and at the end RuntimeError if the simulator itself failed.
    """
    plan = find_scenario(scenario, seed, agents)
    start = start_time if start_time is not None else plan.start_time
    clock = WorldClock(time.time() if start is None else start, speed)
    clock.skew = plan.skew
    world = World(clock, seed, Switches().changed({**plan.switches, **switches}))
    app = Application(world, plan, {key: secret})
    listener = listen(host, port)
    app.uploads.base_url = url = _url(host, listener)
    server = Server(_config(app))
    running = asyncio.create_task(server.serve([listener]))
    ticking = asyncio.create_task(tick(world))
    try:
        await server.ready.wait()
        yield Simulator(app, url, key, secret)
    finally:
        app.pipeline.closing = True
        server.stop()
        ticking.cancel()
        await asyncio.gather(running, ticking, return_exceptions=True)
    if not ticking.cancelled() and (mistake := ticking.exception()):
        raise RuntimeError("the simulator made a mistake: its world stood still") from mistake
    if app.pipeline.panics:
        raise RuntimeError(f"the simulator made a mistake:\n{app.pipeline.panics[0]}")


def _url(host: str, listener: socket.socket) -> str:
    """The base URL of a listening socket."""
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def _config(app: Application) -> uvicorn.Config:
    """Uvicorn's settings: it adds no headers, logs or limits of its own."""
    return uvicorn.Config(
        app.pipeline,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(app.world.switches.keep_alive_seconds),
    )


async def tick(world: World) -> None:
    """Let events of the world happen when they are due, also while there are no requests."""
    while True:
        world.settle()
        due = world.next_due()
        await world.clock.pulse.wait(None if due is None else world.clock.real_seconds_until(due))


class Arguments(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 and that line."""
        self.exit(2, f"{self.prog}: {message}; `{self.prog} --help` explains\n")


def within(low: float, high: float) -> Callable[[str], float]:
    """Read a number of that range, both ends included; argparse.ArgumentTypeError for anything else."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"want a number from {low:.0f} to {high:.0f}, not {text!r}")
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number of that range; argparse.ArgumentTypeError for anything else."""

    def read(text: str) -> int:
        value = within(low, high)(text)
        if value != int(value):
            raise argparse.ArgumentTypeError(f"want a whole number, not {text!r}")
        return int(value)

    return read


def arguments(argv: list[str]) -> argparse.Namespace:
    """The parsed arguments; exits with status 2 for invalid ones."""
    parser = Arguments(
        prog="lktop sim",
        description="A LiveKit control plane to practise on, for lktop, lk and livekit-api.",
        epilog="Credentials come from LIVEKIT_API_KEY and LIVEKIT_API_SECRET; without them: devkey, secret.",
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=whole(0, 65535), default=0, help="port to listen on; 0 takes a free one (default)"
    )
    parser.add_argument(
        "--scenario",
        default="incident",
        metavar="NAME|FILE.toml",
        help=f"one of {', '.join(NAMES)}, or a file",
    )
    parser.add_argument(
        "--agents", type=whole(0, 1_000_000), help="how many agents, for scenarios of any size"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same world (default: 1)")
    parser.add_argument(
        "--speed", type=within(0, FASTEST), default=1.0, help="how fast its time runs; 0 stands still"
    )
    parser.add_argument(
        "--start-time", type=within(0, 4e9), metavar="UNIX", help="its time at the start (default: now)"
    )
    options = parser.parse_args(argv)
    if not options.host:
        parser.error("argument --host: want an address, such as 127.0.0.1")
    return options


def main(argv: list[str]) -> int:
    """Run the simulator; returns the exit status."""
    options = arguments(argv)
    # A client that tries TLS first is no news, and all other errors are reported by the request pipeline.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    try:
        asyncio.run(_run(options))
    except ValueError as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"cannot listen on {options.host} port {options.port}: {error.strerror or error}")
    return 0


def _refused(why: str) -> int:
    print(f"lktop sim: {why}", file=sys.stderr)
    return 2


async def _run(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    parent = os.getppid()
    _die_with_parent()
    async with serve(
        options.scenario,
        seed=options.seed,
        speed=options.speed,
        agents=options.agents,
        start_time=options.start_time,
        host=options.host,
        port=options.port,
        key=os.environ.get("LIVEKIT_API_KEY") or "devkey",
        secret=os.environ.get("LIVEKIT_API_SECRET") or "secret",
    ) as simulator:
        print(f"listening on {simulator.url}", flush=True)
        while not stopped.is_set() and os.getppid() == parent:
            try:
                async with asyncio.timeout(PARENT_WATCH_SECONDS):
                    await stopped.wait()
            except TimeoutError:
                continue


def _die_with_parent() -> None:
    """Ask Linux for SIGTERM when the parent dies; elsewhere checking the parent's id is enough."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
