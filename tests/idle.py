"""Waits until an application without a terminal has nothing to do, and spares it what nobody looks at."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from rich.console import RenderableType
from textual._compositor import Compositor
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.message_pump import MessagePump
from textual.screen import Screen

from tui.ui.app import Lktop

PATIENCE: Final = 30.0
"""Seconds that handling what came before may take."""


async def handled(app: App[None]) -> None:
    """Until the application and each part of its screen wait for the next message.

    As `Pilot._wait_for_screen`, which sends a message to every part, also to those that do nothing.
    """
    asked: list[MessagePump] = [app, app.screen]
    while asked:
        done = asyncio.Event()
        if not sum(pump.call_later(done.set) for pump in asked):
            await asyncio.sleep(0)  # they are at their end
            return
        events = [asyncio.create_task(event.wait()) for event in (done, app._exception_event)]
        over, pending = await asyncio.wait(events, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        for event in pending:
            event.cancel()
        assert over, f"{asked} still do what came before"
        if app._exception_event.is_set():
            return
        asked = _busy(app)


def is_busy(app: App[None]) -> bool:
    """Whether the application or a part of its screen has something to do, or a key is still on its way."""
    if app._exit or app._exception is not None:
        return False
    screen = app.screen
    waits_for_frame = not app._batch_count and (screen._layout_required or bool(screen._callbacks))
    follows_key = isinstance(app, Lktop) and app._input._queue._current > 0
    return waits_for_frame or follows_key or bool(_busy(app))


def _busy(app: App[None]) -> list[MessagePump]:
    parts = app.screen.walk_children(with_self=True)
    closing = [node for node in app._registry if node._closing and not node._closed and node is not app]
    return [pump for pump in (app, *parts, *closing) if not _waits(pump)]


def _waits(pump: MessagePump) -> bool:
    """Whether it waits for a message, or will take none again."""
    queue = pump._message_queue
    is_waiting = queue.empty() and bool(queue.ready_event._waiters) and not pump._next_callbacks
    return pump._closed or is_waiting


def leave_unpainted(patch: pytest.MonkeyPatch) -> None:
    """Nobody sees the frames of a program without a terminal: only those that are asked for are drawn."""
    render = Compositor.render_update

    def update(
        self: Compositor,
        full: bool = False,
        screen_stack: list[Screen[object]] | None = None,
        simplify: bool = False,
    ) -> RenderableType | None:
        if full:
            return render(self, full, screen_stack, simplify)
        self._dirty_regions = set()
        return None

    patch.setattr(Compositor, "render_update", update)


_styles: dict[object, list[RuleSet]] = {}


def read_styles_once(patch: pytest.MonkeyPatch) -> None:
    """The next application finds the style sheets read that those before it read with the same colours."""
    read = Stylesheet._parse_rules

    def rules(
        self: Stylesheet,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        source = (css, read_from, is_default_rules, tie_breaker, scope)
        key = (source, tuple(self._variables.items()))
        if key not in _styles:
            _styles[key] = read(self, *source)
        return _styles[key]

    patch.setattr(Stylesheet, "_parse_rules", rules)
