"""The commands that ask for what was: what changed since a time, which jobs failed. No widgets."""

from __future__ import annotations

from datetime import UTC
from math import inf

from tui.fleet.times import TimeStyle
from tui.fleet.typed_time import TIME_HINT, typed_time
from tui.ui.commandline.command import Arguments, BadCommand
from tui.ui.commandline.console import Console

DAY = 86_400.0
"""Seconds for which failed jobs are remembered."""


def show_changes(console: Console, words: Arguments) -> None:
    """What changed between a time and another, or now. Raises `BadCommand`."""
    view = console.main.view
    zone = UTC if view.clock_style is TimeStyle.UTC else None
    times = [typed_time(word, now=view.now, zone=zone) for word in words]
    known = [at for at in times if at is not None]
    if not known or len(known) < len(times) or len(times) > 2:
        raise BadCommand(f"since when? Type {TIME_HINT}, and until when if that is not now")
    until = max(known) if len(known) == 2 else inf
    console.main.show_changes(min(known), until)


def show_failed(console: Console, words: Arguments) -> None:
    """The jobs that failed within some time, at the most a day. Raises `BadCommand`."""
    now = console.main.view.now
    since = typed_time(words[0], now=now, zone=None) if words else now - DAY
    if since is None or len(words) > 1:
        raise BadCommand("within what time? Type 10m, 2h or 14:02")
    console.main.show_failed(max(0.0, now - since))
