"""What the recorder costs a running session, thread and all: the same polls with and without it, in turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, Self

from tests.bench.figures import Figure
from tests.bench.moving import AGENTS, BEGIN, Moving
from tests.bench.suite import Suite
from tui.fleet.state import Fleet
from tui.fleet.store import Change, Store
from tui.history.events.derive import State, Step
from tui.history.files.folder_place import FolderPlace
from tui.history.files.sample_writer import KEY_EVERY
from tui.history.recorder import Recorder
from tui.history.records import Run
from tui.history.timeline import History
from tui.history.writer_loop import GATHER
from tui.record_options import RecordOptions

POLLS: Final = 200
QUICK: Final = 80
PAUSE: Final = GATHER + 0.05
"""Seconds in which a poll is written, on a machine that is not busy."""
GAP: Final = 20.0
"""Milliseconds for which the loop may not run at the most."""
TICK: Final = 0.002
"""Seconds from one look at the loop to the next."""
WHAT: Final = f"{AGENTS:,} agents, 1 % changed"


class Watch:
    """A session without network and screen: a store, what history makes of it, and perhaps its recorder."""

    def __init__(self, root: Path, *, is_recording: bool) -> None:
        self.moving = Moving()
        self.at = self.moving.at
        self.said: list[str] = []
        """What went wrong, in words."""
        self.spent = 0.0
        """Milliseconds that the recorder took of the loop."""
        self._store = Store(self)
        history = History(State(run="1a2b3c4d-"))
        self._store.subscribe(history.record)
        self.recorder: Recorder | None = None
        if is_recording:
            run = Run("1a2b3c4d-", self.now(), self.at, "host", "1")
            place = FolderPlace(root, "project", RecordOptions(), run, gap_after=60.0)
            say, ignore = self.said.append, lambda events: None
            self.recorder = Recorder(place, clock=self, skew=lambda: 0.0, report=say, received=ignore)
            self._store.subscribe(self._record)
            history.follow(self._tell)

    def _record(self, change: Change) -> None:
        assert self.recorder is not None
        before = time.perf_counter()
        self.recorder.record(change)
        self.spent += 1000 * (time.perf_counter() - before)

    def _tell(self, step: Step) -> None:
        assert self.recorder is not None
        before = time.perf_counter()
        self.recorder.told(step)
        self.spent += 1000 * (time.perf_counter() - before)

    async def __aenter__(self) -> Self:
        if self.recorder is not None:
            self.recorder.start()
        self.take(self.moving.fleet)
        await self._written(1)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.recorder is not None:
            await self.recorder.stop()

    async def _written(self, samples: int) -> None:
        while self.recorder is not None and self.recorder.samples < samples:
            if self.said:
                raise RuntimeError(self.said[0])
            await asyncio.sleep(PAUSE)

    def take(self, fleet: Fleet) -> None:
        """Let the store take in an answer."""
        self.at = self.moving.at
        self._store.update(lambda _: fleet)

    async def poll(self, fleet: Fleet, pause: float = PAUSE) -> None:
        """Take in an answer and wait until it is written, as long where nothing is."""
        known = 0 if self.recorder is None else self.recorder.samples
        self.take(fleet)
        await asyncio.sleep(pause)
        await self._written(known + 1)

    # ---- its clock moves with the polls ----------------------------------------------------------------

    def now(self) -> float:
        """Unix seconds."""
        return BEGIN.timestamp() + self.at

    def monotonic(self) -> float:
        """Monotonic seconds."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Nobody sleeps by this clock."""
        raise AssertionError("the bench moves this clock")


def run(suite: Suite) -> Iterator[Figure]:
    """A poll of a fleet that moves, then one in which every agent has another status."""
    suite.calm()
    plain, recording = asyncio.run(_polls(suite.scratch / "beside", QUICK if suite.quick else POLLS))
    more = tuple(mine - other for mine, other in zip(recording, plain, strict=True))
    name = "one poll, loop and writer"
    yield Figure("recording", f"{name}, without recorder", WHAT, "ms", plain)
    yield Figure("recording", f"{name}, recording", WHAT, "ms", recording)
    yield Figure("recording", f"{name}, what recording adds", WHAT, "ms", more, 0.5)
    suite.calm()
    what = f"{AGENTS:,} agents, all of another status"
    found = asyncio.run(_gaps(suite.scratch / "upheaval", 3 if suite.quick else 10))
    yield Figure("recording", "the loop, handing over to the writer", what, "ms", found.handing_over)
    for name, subject, without, with_one in (
        ("longest loop gap while that is written", what, found.upheaval_plain, found.upheaval),
        ("longest loop gap while all is written anew", WHAT, found.key_plain, found.key),
    ):
        yield Figure("recording", f"{name}, without recorder", subject, "ms", without)
        yield Figure("recording", f"{name}, recording", subject, "ms", with_one, GAP)


async def _polls(root: Path, polls: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Milliseconds of processor that polls took, in the whole process: without and with recorder, in turn."""
    plain, recording = list[float](), list[float]()
    async with (
        Watch(root, is_recording=False) as without,
        Watch(root, is_recording=True) as watch,
    ):
        for _ in range(polls):
            for each, found in ((without, plain), (watch, recording)):
                fleet = each.moving.poll().after
                found.append(await _cpu(lambda each=each, fleet=fleet: each.poll(fleet)))
    return tuple(plain), tuple(recording)


async def _cpu(work: Callable[[], Awaitable[None]]) -> float:
    before = time.process_time()
    await work()
    return 1000 * (time.process_time() - before)


class _Gaps(NamedTuple):
    """Milliseconds."""

    handing_over: tuple[float, ...]
    """Of the loop, while all agents change."""
    upheaval_plain: tuple[float, ...]
    """The longest gap of a loop after that, without recorder."""
    upheaval: tuple[float, ...]
    key_plain: tuple[float, ...]
    """The longest gap after a poll with which all agents are written, without recorder."""
    key: tuple[float, ...]


async def _gaps(root: Path, times: int) -> _Gaps:
    """Both sessions in turn."""
    found = _Gaps(*(() for _ in _Gaps._fields))
    for number in range(2 * times):
        is_recording = number % 2 == 1
        async with Watch(root, is_recording=is_recording) as watch:
            watch.spent = 0.0
            watch.take(watch.moving.upheaval().after)
            handing_over = watch.spent
            upheaval = await _gap_until_written()
            watch.moving.at += KEY_EVERY
            watch.take(watch.moving.poll().after)
            key = await _gap_until_written()
        if is_recording:
            found = found._replace(
                handing_over=(*found.handing_over, handing_over),
                upheaval=(*found.upheaval, upheaval),
                key=(*found.key, key),
            )
        else:
            found = found._replace(
                upheaval_plain=(*found.upheaval_plain, upheaval), key_plain=(*found.key_plain, key)
            )
    return found


async def _gap_until_written() -> float:
    ended = asyncio.Event()
    looking = asyncio.create_task(_longest_gap(ended))
    await asyncio.sleep(1.0)
    ended.set()
    return 1000 * await looking


async def _longest_gap(ended: asyncio.Event) -> float:
    """Seconds that the loop was late at the most."""
    longest, at = 0.0, time.perf_counter()
    while not ended.is_set():
        await asyncio.sleep(TICK)
        now = time.perf_counter()
        longest, at = max(longest, now - at - TICK), now
    return longest
