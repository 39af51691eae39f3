"""Our program with a loop that notes when it did not run: `python -m tests.bench.looped FILE ARGUMENT…`."""

from __future__ import annotations

import asyncio
import os
import selectors
import sys
import time
from pathlib import Path
from typing import Final

WORTH_NOTING: Final = 0.002
"""Seconds."""


class NotingSelector(selectors.DefaultSelector):
    """Notes from when on the loop could have run until it looked for events again."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._due = time.monotonic()
        """When what runs now became due."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As the selector does."""
        began = time.monotonic()
        if began - self._due >= WORTH_NOTING:
            os.write(self._file, f"{began} {began - self._due}\n".encode())
        found = super().select(timeout)
        ended = time.monotonic()
        # a timer may have been late, as another thread ran; of an event it is not known since when it waited
        self._due = ended if found or timeout is None else min(ended, began + max(0.0, timeout))
        return found


def longest_gap(path: Path, since: float, until: float) -> float:
    """Milliseconds for which the loop did not run at the most, between two monotonic times."""
    lines = (line.split() for line in path.read_text().splitlines())
    return max((1000 * float(gap) for at, gap in lines if since <= float(at) <= until), default=0.0)


class _Policy(asyncio.DefaultEventLoopPolicy):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(NotingSelector(self._path))


if __name__ == "__main__":
    from tui.cli import main

    asyncio.set_event_loop_policy(_Policy(Path(sys.argv[1])))
    raise SystemExit(main(sys.argv[2:]))
