"""Records projects without a screen, such as on a jump host. Must not know what is in a recording."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from tui.clock import Clock, SystemClock
from tui.config import ConfigError, Settings
from tui.process import printable
from tui.project import Project
from tui.record_options import RecordOptions
from tui.session.live import Session

LINE_EVERY: Final = 60.0
"""Seconds from one line to the next."""
ENDS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def chosen(settings: Settings, names: Sequence[str]) -> list[Project]:
    """The projects of these names, or the one that the screen would show. Raises `ConfigError`."""
    known = {project.name: project for project in settings.projects}
    if missing := [name for name in names if name not in known]:
        raise ConfigError(f"no project {missing[0]!r}; known: {', '.join(known) or 'none'}")
    projects = [known[name] for name in names] or ([settings.project] if settings.project else [])
    if not projects:
        raise ConfigError("say which project: --project NAME" if known else "no project is known")
    if settings.record is None or any(not project.record for project in projects):
        raise ConfigError("not to be recorded: record = false in the configuration")
    return projects


def record(projects: Sequence[Project], folder: Path, settings: Settings, *, verbose: bool) -> int:
    """Record until a signal asks for the end; the exit status. Raises `BadTarget`."""
    options = settings.record or RecordOptions()
    asyncio.run(_record(projects, folder, options, settings, verbose))
    return 0


async def _record(
    projects: Sequence[Project], folder: Path, options: RecordOptions, settings: Settings, verbose: bool
) -> None:
    clock, over = SystemClock(), asyncio.Event()
    for number in ENDS:
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    sessions = [
        Session(
            project,
            clock=clock,
            chance=random.Random(),
            refresh=settings.refresh,
            log_suspects=settings.log_suspects,
            report=partial(_report, project.name),
            history_dir=folder,
            record=options,
        )
        for project in projects
    ]
    tasks = [asyncio.create_task(session.run()) for session in sessions]
    if verbose:
        tasks.append(asyncio.create_task(_lines(sessions, clock)))
    ending = asyncio.create_task(over.wait())
    await asyncio.wait([ending, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in (ending, *tasks):
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task  # what ended by a bug raises it here


async def _lines(sessions: Sequence[Session], clock: Clock) -> None:
    """Say once a minute what is recorded."""
    while True:
        words = " · ".join(_words(session, clock) for session in sessions)
        print(f"{time.strftime('%H:%M', time.localtime(clock.now()))} {printable(words)}", flush=True)
        await clock.sleep(LINE_EVERY)


def _words(session: Session, clock: Clock) -> str:
    fleet, recorder, now = session.store.fleet, session.recorder, clock.monotonic()
    status, samples = (recorder.status, recorder.samples) if recorder is not None else ("", 0)
    agents = in_part(fleet.unreadable, fleet.cut.get("agents"), len(fleet.unlisted.get("agents", ())))
    rooms = in_part(fleet.unreadable_rows.get("rooms", 0), fleet.cut.get("rooms"))
    parts = (
        status or "starting",
        listed("agents", len(fleet.agents), fleet.fresh("agents"), now, agents),
        listed("rooms", len(fleet.rooms), fleet.fresh("rooms"), now, rooms),
        f"{samples} changes",
    )
    return f"{session.project.name}: {', '.join(parts)}"


class Known(Protocol):
    """How current a list is."""

    @property
    def at(self) -> float | None:
        """When it was received last, monotonic seconds; None for never."""

    @property
    def error(self) -> str:
        """Why the newest question was not answered; empty if it was."""

    @property
    def absent(self) -> bool:
        """The server has no such list."""


def in_part(unreadable: int, most: int | None, unlisted: int = 0) -> str:
    """What the count of a list leaves out: rows that could not be read, and those beyond the `most` kept.

    `unlisted` are those counted that the newest list lacks, and that may be there.
    """
    words = (
        f"{unreadable} unreadable" if unreadable else "",
        "" if most is None else f"cut at {most:,}",
        f"{unlisted} of them not in the newest list" if unlisted else "",
    )
    return ", ".join(filter(None, words))


def listed(what: str, count: int, fresh: Known, now: float, partly: str = "") -> str:
    """How many there are, and since when that is known; `now` is monotonic seconds."""
    if fresh.absent:
        return f"{what}: this server lists none"
    counted = f"{count:,} {what} ({partly})" if partly else f"{count:,} {what}"
    known = f"{what}: no answer yet" if fresh.at is None else f"{counted} {now - fresh.at:.0f} s old"
    return f"{known} ({fresh.error})" if fresh.error else known


def _report(name: str, text: str) -> None:
    print(f"lktop: {name}: {printable(text)}", file=sys.stderr, flush=True)
