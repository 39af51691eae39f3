"""The program with a gauge in its loop: `python -m tests.hostile.gauge REPORT` and its own arguments.

The report has a line for each second: memory at its highest in MB, and the longest time in which the loop did
not come round, in ms of this thread's processor, so that other programs do not count.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path

from tui import cli
from tui.session.live import Session

HIGHEST = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


def tell(report: Path, longest: float) -> None:
    """Add a line."""
    found = HIGHEST.search(Path("/proc/self/status").read_text())
    memory = int(found[1]) / 1000 if found else 0.0
    with report.open("a") as file:
        file.write(f"{memory:.0f} {longest * 1000:.0f}\n")


async def gauge(report: Path) -> None:
    """Until cancelled."""
    longest, told = 0.0, time.monotonic()
    while True:
        before = time.thread_time()
        await asyncio.sleep(0.002)
        longest = max(longest, time.thread_time() - before)
        if time.monotonic() - told > 1.0:
            told = time.monotonic()
            tell(report, longest)


def main() -> None:
    """Run both."""
    report = Path(sys.argv.pop(1))
    run = Session.run

    async def measured(session: Session) -> None:
        watching = asyncio.create_task(gauge(report))
        try:
            await run(session)
        finally:
            watching.cancel()

    Session.run = measured
    cli.main()


if __name__ == "__main__":
    main()
