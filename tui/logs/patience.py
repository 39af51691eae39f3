"""An end to expressions that would take for ever on a line that was made for it, or happens to be that way.

`re` knows no limit, but it looks for signals while it works. What counts is processor time: a machine that is
busy with others, or was asleep, ends nothing.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

PATIENCE: Final = 0.4
"""Seconds of processor time for a slice of a search; an ordinary one takes a few milliseconds."""

TOO_LONG: Final = "it takes too long on one of the lines; make it simpler"


class TooSlow(ValueError):
    """The expression keeps the program busy, or could, for ever on some lines."""


@contextmanager
def patience(seconds: float = PATIENCE) -> Iterator[None]:
    """Raises TooSlow in what takes longer; nothing in any thread but the main one, which hears signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlow(TOO_LONG)
