"""Commands about the past: what changed since a time, which jobs failed. No widgets."""

from __future__ import annotations

from datetime import UTC
from math import inf
from pathlib import Path

from tui.fleet.times import TimeStyle
from tui.fleet.typed_time import TIME_HINT, typed_times, which_of
from tui.fleet.view import View
from tui.ui.commandline.command import Arguments, BadCommand
from tui.ui.commandline.console import Console

DAY = 86_400.0
"""Seconds. Failed jobs are remembered for so long."""


def show_changes(console: Console, words: Arguments) -> None:
    """What changed between a time and another, or now. Raises `BadCommand`."""
    view = console.main.view
    since = _time(words[0], view) if words else None
    until = _end(words[1], since, view) if len(words) > 1 and since is not None else inf
    if since is None or until is None or len(words) > 2:
        raise BadCommand(f"since when? Type {TIME_HINT}, and until when if that is not now")
    console.main.show_changes(min(since, until), max(since, until))


def export(console: Console, words: Arguments) -> None:
    """Write a part of the recording into a file: `export 14:00-14:30 FILE`. Raises `BadCommand`."""
    view = console.main.view
    begin, _, end = words[0].partition("-") if words else ("", "", "")
    since = _time(begin, view)
    until = _end(end, since, view) if end and since is not None else view.now
    if len(words) != 2 or since is None or until is None or since >= until:
        raise BadCommand("from when to when, and where? Type 14:00-14:30 FILE, or 30m FILE")
    console.export(since, until, Path(words[1]).expanduser().absolute())


def show_failed(console: Console, words: Arguments) -> None:
    """The jobs that failed within some time, at the most a day. Raises `BadCommand`."""
    view = console.main.view
    since = _time(words[0], view) if words else view.now - DAY
    if since is None or len(words) > 1:
        raise BadCommand("within what time? Type 10m, 2h or 14:02")
    console.main.show_failed(max(0.0, view.now - since))


def _end(word: str, since: float, view: View) -> float | None:
    """The same of the end of a time: what is to come within half a day may be meant, and not yesterday's."""
    found = _time(word, view)
    if found is not None and found <= since and found + DAY - since < DAY / 2:
        return found + DAY
    return found


def _time(word: str, view: View) -> float | None:
    """Unix seconds; None if it is not a time. Raises `BadCommand` for one that came twice."""
    zone = UTC if view.clock_style is TimeStyle.UTC else None
    found = typed_times(word, now=view.now, zone=zone)
    if len(found) > 1:
        raise BadCommand(f"that hour came twice: type {' or '.join(which_of(word, found, zone))}")
    return found[0] if found else None
