"""Records one project without ever waiting for the disk: all is handed to a thread. Must not know stores."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tui.api.text.clean import clean
from tui.api.text.masking import masked
from tui.clock import Clock
from tui.fleet.past import Event
from tui.fleet.store import Change
from tui.history.events.derive import Step
from tui.history.queue import RecordQueue
from tui.history.records import ErrorCount, Unusable
from tui.history.store import Loaded, Place, Taken
from tui.history.writer_loop import ELSEWHERE, NOT_RECORDING, WriterLoop

_log = logging.getLogger(__name__)

LAST_WORDS: Final = 2.0
"""Seconds that the end waits for what is still to be written."""


class Recorder:
    """Records one project. Every method is called on the loop."""

    def __init__(
        self,
        place: Place,
        *,
        clock: Clock,
        skew: Callable[[], float | None],
        report: Callable[[str], None],
        received: Callable[[list[Event]], None],
    ) -> None:
        """`skew`: the server's clock minus this machine's, seconds; None while that is not known.

        `report` is told once of what goes wrong, in words.
        `received` is given what other processes of this user tell: operations and notes that they have left,
        or, while another records, the events that it has kept.
        """
        self._place = place
        self._skew = skew
        self._report = report
        self._received = received
        self._queue = RecordQueue()
        self._is_giving = False
        """What comes from history was recorded."""
        self._writer_loop = WriterLoop(place, self._queue, clock, say=self._say, received=self._give)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> str:
        """What is done, or why nothing, in words; empty before that is known."""
        return self._writer_loop.status

    @property
    def trouble(self) -> str:
        """Why nothing is recorded, in words; empty while it is, by this process or another."""
        return self.status if self.status.startswith(NOT_RECORDING) else ""

    @property
    def samples(self) -> int:
        """Fleets that were recorded so far."""
        return self._writer_loop.samples

    async def load(self) -> Loaded | None:
        """What earlier runs knew; None if there is nothing, or it cannot be read."""
        errors: tuple[type[Exception], ...] = (Unusable, *self._place.errors)
        try:
            return await asyncio.to_thread(self._place.load)
        except errors as error:
            self._report(f"history of earlier runs is not used: {self._place.words(error)}")
        except Exception as error:  # such as bytes that no version of lktop has written
            _log.exception("what was recorded cannot be loaded")
            text = clean(masked(f"{type(error).__name__}: {error}"), limit=300)
            self._report(f"history of earlier runs is not used: {text}")
        return None

    def start(self) -> None:
        """Begin to write."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def record(self, change: Change) -> None:
        """Take in a change of the store."""
        taken = Taken(change.after, change.at, self._skew(), agents=change.differing_agents)
        self._queue.add(taken, change.fields)

    def told(self, step: Step) -> None:
        """Take in what history derived, and the change that it follows from: both are kept at once."""
        if self._is_giving:
            return  # it comes from there
        if step.events or step.transitions or step.failed or step.job_counts:
            self._queue.add_step(step)
        if isinstance(step.happened, Change):
            self.record(step.happened)

    def count_errors(self, counts: list[ErrorCount]) -> None:
        """Take in how often errors were read in logs."""
        self._queue.add_error_counts(counts)

    async def forget(self) -> str:
        """Remove all that was recorded of the project; what is wrong with that, in words, or empty."""
        return await asyncio.wrap_future(self._queue.forget())

    async def stop(self) -> None:
        """Write what is left, for two seconds at the most, and end."""
        self._queue.end()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, LAST_WORDS)

    # ---- in the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            if refusal := self._place.refusal():
                self._writer_loop.status = f"{NOT_RECORDING}{refusal}"
                self._say(f"history is not recorded: {refusal}")
            else:
                self._writer_loop.run()
        except Exception as error:  # a bug: it must not be silent, nor end the program that it watches
            _log.exception("the recorder failed")
            text = clean(masked(f"{type(error).__name__}: {error}"), limit=300)
            self._writer_loop.status = f"{NOT_RECORDING}{text}"
            self._say(f"history is not recorded any more: {text}")
        finally:
            self._queue.close()

    def _say(self, text: str) -> None:
        self._on_loop(lambda: self._report(text))

    def _give(self, events: list[Event]) -> None:
        def give() -> None:
            self._is_giving = True
            try:
                self._received(events)
            finally:
                self._is_giving = False

        self._on_loop(give)

    def _on_loop(self, call: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and with it who would hear it
                self._loop.call_soon_threadsafe(call)


def forgotten(place: Place) -> str:
    """Remove all that was recorded, where nothing is recorded now; what is wrong with that, in words.

    Not to be called on the loop.
    """
    try:
        if not place.take():
            return f"{ELSEWHERE}: forget it there"
        place.forget()
    except place.errors as error:
        return place.words(error)
    finally:
        place.release()
    return ""
