"""The projects being watched, by their key, and which one is selected. Must not know how they are shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tui.fleet.state import Fleet
from tui.project import Project
from tui.session.watched import Watched

Connect = Callable[[Project], Watched]
"""Makes the session of a project. Raises `BadTarget` for an address that may not see its token."""
Release = Callable[[], None]
"""Ends one use of a session. Calling it again does nothing."""


@dataclass(eq=False)
class _Entry:
    """A session that runs, and who still needs it."""

    session: Watched
    stop: Callable[[], None]
    """Ends what is told by the session."""
    task: asyncio.Task[None]
    uses: set[object] = field(default_factory=set)
    shown: Watched | None = None
    """What is shown in its place: its past."""
    unhook: Callable[[], None] = lambda: None
    """Ends what is told of that."""
    is_closed: bool = False
    """Nobody watches it any more; it ends with its last use."""


class SessionRegistry:
    """Holds one session per project. Each has its own client, request budget and poller.

    A dialog keeps the session of its project until it closes, also when another project is selected.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        changed: Callable[[Watched], None],
        broken: Callable[[Exception], None],
    ) -> None:
        """`changed` is told whose data changed; `broken` is told of an exception that ended a session."""
        self._connect = connect
        self._changed = changed
        self._broken = broken
        self._entries: dict[str, _Entry] = {}
        self._replaced: set[_Entry] = set()
        """Sessions in use whose key belongs to a newer one."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._selected = ""

    # ---- what is there --------------------------------------------------------------------------------

    def get(self, key: str) -> Watched | None:
        """The session of a project by its key, or what is shown in its place; None if it is not watched."""
        entry = self._entries.get(key)
        return (entry.shown or entry.session) if entry else None

    def live(self, key: str) -> Watched | None:
        """The session of a project, also while its past is shown; None if it is not watched."""
        entry = self._entries.get(key)
        return entry.session if entry else None

    @property
    def selected(self) -> Watched | None:
        """The session that is shown; None before a project was selected."""
        return self.get(self._selected)

    @property
    def fleets(self) -> Mapping[str, Fleet]:
        """What is known of every watched project, by key."""
        return {
            key: (entry.shown or entry.session).store.fleet
            for key, entry in self._entries.items()
            if not entry.is_closed
        }

    # ---- opening and closing --------------------------------------------------------------------------

    def open(self, project: Project) -> Watched:
        """Watch a project beside the others. Raises `BadTarget`, and then nothing has changed.

        A project that is watched already keeps its session, unless its name or settings are different now.
        """
        entry = self._entries.get(project.key)
        if entry is not None and entry.session.project == project and not entry.task.done():
            entry.is_closed = False
            return entry.session
        session = self._connect(project)
        if entry is not None:
            self._replaced.add(entry)
            self._close(entry)
        task = asyncio.create_task(session.run(), name=f"watch {project.name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        self._entries[project.key] = _Entry(session, self._hooked(session), task)
        return session

    def select(self, key: str) -> None:
        """Show this project. Raises `KeyError` if it is not watched."""
        self._selected = self._entries[key].session.project.key

    def show(self, key: str, instead: Watched | None) -> None:
        """Show something in place of a session, which goes on; None shows the session again.

        Raises `KeyError` if the project is not watched.
        """
        entry = self._entries[key]
        entry.unhook()
        entry.shown = instead
        entry.unhook = (lambda: None) if instead is None else self._hooked(instead)
        self._changed(instead or entry.session)

    def _hooked(self, session: Watched) -> Callable[[], None]:
        """Be told of what it tells; returns how to stop that."""
        stops = (
            session.store.subscribe(lambda _: self._changed(session)),
            session.follow(lambda: self._changed(session)),
        )

        def stop() -> None:
            for each in stops:
                each()

        return stop

    def close(self, key: str) -> None:
        """Watch a project no longer. Does not wait; while the session is in use it goes on."""
        if (entry := self._entries.get(key)) is not None:
            self._close(entry)

    def use(self, session: Watched) -> Release:
        """Keep a session running until the returned function is called, even if its project is closed."""
        found = (*self._entries.values(), *self._replaced)
        entry = next((entry for entry in found if entry.session is session), None)
        token = object()
        if entry is not None:
            entry.uses.add(token)

        def release() -> None:
            if entry is not None and token in entry.uses:
                entry.uses.remove(token)
                if entry.is_closed:
                    self._close(entry)

        return release

    async def aclose(self) -> None:
        """End every session, used or not, and wait for that."""
        for task in self._tasks:
            if not task.cancelling():  # one that ends already would be broken off while it tidies up
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _close(self, entry: _Entry) -> None:
        entry.is_closed = True
        if entry.uses:
            return
        entry.stop()
        entry.unhook()
        entry.task.cancel()
        self._replaced.discard(entry)
        if self._entries.get(entry.session.project.key) is entry:
            del self._entries[entry.session.project.key]

    def _ended(self, task: asyncio.Task[None]) -> None:
        """An exception in a session is a bug: it ends the program instead of freezing the data."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken(error if isinstance(error, Exception) else RuntimeError(repr(error)))
