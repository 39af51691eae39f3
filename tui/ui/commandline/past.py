"""The commands that ask for what was: what changed since a time, which jobs failed. No widgets."""

from __future__ import annotations

from datetime import UTC
from math import inf
from pathlib import Path

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


def export(console: Console, words: Arguments) -> None:
    """Write a part of the recording into a file: `export 14:00-14:30 FILE`. Raises `BadCommand`."""
    view = console.main.view
    zone = UTC if view.clock_style is TimeStyle.UTC else None
    begin, _, end = words[0].partition("-") if words else ("", "", "")
    since = typed_time(begin, now=view.now, zone=zone)
    until = typed_time(end, now=view.now, zone=zone) if end else view.now
    if len(words) != 2 or since is None or until is None or since >= until:
        raise BadCommand("from when to when, and where? Type 14:00-14:30 FILE, or 30m FILE")
    console.export(since, until, Path(words[1]).expanduser().absolute())


def show_failed(console: Console, words: Arguments) -> None:
    """The jobs that failed within some time, at the most a day. Raises `BadCommand`."""
    now = console.main.view.now
    since = typed_time(words[0], now=now, zone=None) if words else now - DAY
    if since is None or len(words) > 1:
        raise BadCommand("within what time? Type 10m, 2h or 14:02")
    console.main.show_failed(max(0.0, now - since))
