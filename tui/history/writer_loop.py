"""The loop of the thread that records: it becomes the one that writes, writes, and says what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tui.clock import Clock, Moment
from tui.fleet.past import Event
from tui.history.doubles import Doubles
from tui.history.queue import RecordQueue
from tui.history.records import Unusable
from tui.history.store import Batch, Place, Taken, Writer

GATHER: Final = 0.1
"""Seconds in which what comes is written at once."""
BEAT: Final = 2.0
"""Seconds from one look at lock and inbox to the next."""
SHARE: Final = 0.25
"""How much of the time goes into dropping what is too much: what comes meanwhile waits."""
LONG: Final = 10.0
"""Seconds of which it gets its share at once at the most."""
RETRY: Final = 30.0
"""Seconds after an error until the next try."""
SAID_FOR: Final = 600.0
"""Seconds without an error after which another is said: a disk that is nearly full fails again and again."""
SILENT_AFTER: Final = 15.0
"""Seconds after which one that records and does not write is reported."""
SEEN_WITHIN: Final = 60.0
"""Seconds within which two processes see the same change."""
MOST_HELD: Final = 5_000
"""Events that are held while nothing can be written."""
RECORDING: Final = "recording"
NOT_RECORDING: Final = "not recording: "
"""How the status begins that says why."""
ELSEWHERE: Final = "another lktop of yours records this project"
SILENT: Final = "the lktop that records this project does not write"


class WriterLoop:
    """The work of the thread. `run` returns when the queue is over."""

    def __init__(
        self,
        place: Place,
        queue: RecordQueue,
        clock: Clock,
        *,
        say: Callable[[str], None],
        received: Callable[[list[Event]], None],
    ) -> None:
        """`say` is told once of what goes wrong. Both are called in the thread."""
        self._place, self._queue, self._clock = place, queue, clock
        self._say, self._received = say, received
        self._writer: Writer | None = None
        self._newest: Taken | None = None
        self._held = Batch()
        """What could not be written yet, without samples."""
        self._beat_at = self._retry_at = self._failed_at = float("-inf")
        self._is_silent = self._is_useless = False
        self._is_elsewhere = False
        """Another process recorded when it was asked last."""
        self._said = ""
        """The error that was said; empty once all went well for long."""
        self.samples = 0
        """Fleets that were given to the store."""
        self.status = ""
        """What is done, or why nothing, in words; empty before that is known."""

    def run(self) -> None:
        """Write until it is over."""
        try:
            while not self._queue.is_over:
                self._queue.wait(BEAT)
                self._queue.pause(GATHER)
                self._guarded(self._cycle)
            self._guarded(self._cycle)
            self._guarded(self._close)
        finally:
            self._place.release()

    def _guarded(self, step: Callable[[], None]) -> None:
        """Do a step; what may pass is said once, and tried again later."""
        try:
            step()
        except Unusable as error:
            self._is_useless = True
            self._trouble(str(error))
            self._place.release()
        except self._place.errors as error:
            self._trouble(self._place.words(error))

    def _trouble(self, words: str) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.abandon()
        self._failed_at = self._clock.monotonic()
        self._retry_at = self._failed_at + RETRY
        self.status = f"{NOT_RECORDING}{words}"
        if words != self._said:
            self._said = words
            self._say(f"history is not recorded: {words}")

    # ---- one round ------------------------------------------------------------------------------------

    def _cycle(self) -> None:
        batch = self._queue.take()
        now = Moment.read(self._clock)
        if batch.samples:
            self._newest = batch.samples[-1]
        for done in self._queue.take_forgets():
            done.set_result(self._forgotten())
        is_due = now.monotonic - self._beat_at >= BEAT
        if self._writer is None:
            self._hold(batch)
            if is_due and not self._is_useless and now.monotonic >= self._retry_at:
                self._beat_at = now.monotonic
                self._begin(now)
            return
        self._write(batch)
        if is_due:
            passed, self._beat_at = now.monotonic - self._beat_at, now.monotonic
            if left := self._place.left():
                self._write(Batch(events=left))
                self._received(left)
            self._writer.tend(now)
            until = self._clock.monotonic() + SHARE * min(passed, LONG)
            while self._writer.trim() and self._clock.monotonic() < until:
                pass
            if now.monotonic - self._failed_at >= SAID_FOR:
                self._said = ""

    def _begin(self, now: Moment) -> None:
        """Try to be the one that writes."""
        if not self._place.take():
            self._is_elsewhere = True
            self._watch_silence(now)
            self._place.leave(self._held.events)
            self._held = Batch()
            if news := self._place.news():
                self._received(news)
            return
        self._writer = self._place.open()
        self._is_silent = False
        if self._is_elsewhere:
            self._is_elsewhere = False
            self._leave_out_doubles()
        self.status = RECORDING
        held, self._held = self._held, Batch()
        held.samples = [self._newest] if self._newest is not None else []
        self._write(held)

    def _leave_out_doubles(self) -> None:
        """Of what is held, drop what the process that recorded until now may have kept: both see the same.

        What of it was counted nobody knows: rather too few than one twice.
        """
        held = self._held
        held.job_counts, held.error_counts = [], []
        if news := self._place.news():
            known = Doubles(SEEN_WITHIN)
            known.without(held.events)
            doubles = known.replaced(news).own_ids
            held.events = [event for event in held.events if event.id not in doubles]
            self._received(news)

    def _write(self, batch: Batch) -> None:
        if self._writer is not None and not batch.is_empty:
            try:
                self._writer.write(batch)
            except self._place.errors:
                self._hold(batch)
                raise
            self.samples += len(batch.samples)

    def _hold(self, batch: Batch) -> None:
        """Keep what is not a sample, as much as there is room for."""
        held = self._held
        held.events = [*held.events, *batch.events][-MOST_HELD:]
        held.transitions = (held.transitions + batch.transitions).newest(MOST_HELD)
        held.failed_jobs = [*held.failed_jobs, *batch.failed_jobs][-MOST_HELD:]
        held.error_counts = [*held.error_counts, *batch.error_counts][-MOST_HELD:]
        held.job_counts = [*held.job_counts, *batch.job_counts][-MOST_HELD:]
        held.since = batch.since or held.since

    def _watch_silence(self, now: Moment) -> None:
        """Say that the process that records has stopped writing, as one does that is suspended."""
        beat = self._place.last_beat()
        is_silent = beat is not None and now.unix - beat > SILENT_AFTER
        self.status = SILENT if is_silent else ELSEWHERE
        if beat is not None and is_silent and not self._is_silent:
            when = time.strftime("%H:%M", time.localtime(beat))
            self._say(f"history: the lktop that records this project has not written since {when}")
        self._is_silent = is_silent

    def _forgotten(self) -> str:
        """Remove everything; what is wrong with that, in words, or empty."""
        try:
            return self._forget()
        except self._place.errors as error:  # such as a read-only disk: whoever asked waits for an answer
            return self._place.words(error)

    def _forget(self) -> str:
        if self._writer is None and not self._place.take():
            return f"{ELSEWHERE}: forget it there"
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.abandon()
        self._held = Batch()
        self._place.forget()
        self._beat_at = float("-inf")  # go on at once
        return ""

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
