"""What the lists of a log view say: sources, filters, fields, kinds of errors, ways to save. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from tui.api.clean import clean
from tui.fleet.cells import Cell
from tui.formats import size
from tui.logs.archive import LogFile
from tui.logs.search import Filter
from tui.logs.signatures import Signature
from tui.logs.source import LogSource, Phase, Stream
from tui.ui.logview.bar import PHASES, number
from tui.ui.logview.picker import Choice, padded


class Way(msgspec.Struct, frozen=True):
    """A way to save a log."""

    key: str
    words: str
    shown: bool
    """Only the lines shown, else all that are held."""
    raw: bool
    """Exactly as received, else as worded on the screen."""


WAYS: Final = (
    Way("shown", "lines shown, as on the screen", shown=True, raw=False),
    Way("shown-raw", "lines shown, bytes as received", shown=True, raw=True),
    Way("all-raw", "every line held, bytes as received", shown=False, raw=True),
    Way("all", "every line held, as on the screen", shown=False, raw=False),
)


def ways(shown: tuple[int, int], held: tuple[int, int]) -> list[Choice]:
    """How the log can be saved, with how many lines each would take.

    Given are rows, and how many of them are notices of ours: those are nothing that was received.
    """
    choices = []
    for way in WAYS:
        rows, ours = shown if way.shown else held
        count = count_of(rows - ours if way.raw else rows)
        choices.append(Choice(way.key, (padded(way.words, 38), Cell(count, "muted"))))
    return choices


def count_of(lines: int) -> str:
    """`1 line`, `18 204 lines`."""
    return f"{number(lines)} line{'s' * (lines != 1)}"


def sources(
    candidates: Iterable[LogSource], streams: Iterable[Stream], most: int
) -> tuple[str, list[Choice]]:
    """Title and rows: every source that could be open, with the state of those that are."""
    known = {stream.source.key: stream for stream in streams}
    candidates = list(candidates)
    among = len({source.agent_id for source in candidates}) > 1
    choices = []
    for source in candidates:
        stream = known.get(source.key)
        phase = stream.phase if stream else Phase.CLOSED
        sign, tone = PHASES.get(phase, (" ", "muted"))
        choices.append(
            Choice(
                "\t".join(source.key),
                (
                    Cell("[x] " if phase is not Phase.CLOSED else "[ ] ", "text"),
                    padded(stream.tag if stream else "", 3, "accent"),
                    *([padded(source.agent or source.agent_id, 20)] if among else []),
                    padded(source.label, 20 if among else 28),
                    padded(source.version, 16, "muted"),
                    Cell(f"{sign} {_state(stream)}", tone),
                ),
            )
        )
    return f"Sources · space opens or closes · at most {most} open · newest instance of each", choices


def _state(stream: Stream | None) -> str:
    if stream is None or stream.phase is Phase.CLOSED:
        return "closed"
    return f"{stream.phase}: {stream.reason}" if stream.reason else str(stream.phase)


def files(found: Iterable[LogFile], moment: Callable[[float], datetime]) -> tuple[str, list[Choice]]:
    """Title and rows: logs on this machine's disk, the newest first."""
    choices = [
        Choice(
            str(index),
            (
                padded("kept" if log.kept else "saved", 6, "muted"),
                Cell(f"{moment(log.written):%d %b %H:%M}  ", "text"),
                Cell(clean(log.name), "text"),
                Cell(f"  {size(log.size)}", "muted"),
            ),
        )
        for index, log in enumerate(found)
    ]
    return "Logs on this machine · Enter opens · :open FILE opens any", choices


def filters(stack: Sequence[Filter], active: bool) -> tuple[str, list[Choice]]:
    """Title and rows: the filters, each with its switch."""
    choices = [
        Choice(str(index), (Cell("[x] " if f.on and active else "[ ] ", "text"), Cell(f"&{f.label}", "text")))
        for index, f in enumerate(stack)
    ]
    return "Filters · space on/off · d removes", choices


def fields(counts: Mapping[str, int], hidden: frozenset[str]) -> tuple[str, list[Choice]]:
    """Title and rows: the fields seen on the screen, the most frequent first."""
    ranked = sorted({*counts, *hidden}, key=lambda name: (-counts.get(name, 0), name))
    choices = [Choice(name, (Cell("[ ] " if name in hidden else "[x] "), Cell(name))) for name in ranked]
    return "Fields · space shows or hides · Enter on a line shows all of its fields", choices


def kinds(
    signatures: Iterable[Signature], clock: Callable[[float], str], is_new: Callable[[Signature], bool]
) -> tuple[str, list[Choice]]:
    """Title and rows: kinds of errors, the newest first."""
    choices = []
    for index, found in enumerate(signatures):
        name = found.key.exception or found.key.message
        where = " · ".join(part for part in (found.key.frame, _jobs(found), found.first_version) if part)
        about = f"  {found.key.message}" if found.key.exception else ""
        seen = [clock(at) for at in (found.first_seen, found.last_seen) if at is not None]
        choices.append(
            Choice(
                str(index),
                (
                    padded(f"×{number(found.count)}", 7, "error"),
                    padded("NEW" if is_new(found) else "", 3, "warn"),
                    Cell("–".join(dict.fromkeys(seen)) + " ", "muted"),
                    Cell(name, "text"),
                    Cell(f"  {where}{about}", "muted"),
                ),
            )
        )
    return "Kinds of errors · Enter shows one kind · NEW since the newest deploy", choices


def _jobs(found: Signature) -> str:
    count = len(found.jobs)
    return f"{count} job{'s' * (count != 1)}" if count else ""
