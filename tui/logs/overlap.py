"""Finds which lines of a reopened stream were received before it broke. Pure: no clock, no network.

`/logs` has no cursor: a new stream begins with a snapshot of recent lines, which overlaps with the lines
received before or does not. The overlap is looked for on raw bytes.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import msgspec

REMEMBERED: Final = 4096
"""Lines of the past that a snapshot is compared with."""
PROOF: Final = 3
"""Lines that must agree. One or two could agree by chance: "ping", "pong"."""
HELD_LINES: Final = 20_000
HELD_BYTES: Final = 8 * 1024 * 1024
"""Lines and bytes that are held back at most while the overlap is looked for."""

_DISTINCT: Final = re.compile(rb"\d\d:\d\d:\d\d[.,]\d{3}|\"time\":\s*\d{13}")
"""A time of day to the millisecond: no other line has the same bytes, so one such line is proof enough."""


class NewLines(msgspec.Struct):
    """The lines of a stream that were not received before, and how sure that is."""

    lines: list[bytes]
    proven: bool
    """Nothing is missing before them and none of them is a repetition."""
    timed: bool = False
    """A line of the overlap has a time of its own. If none has, a program that was started again, and begins
    with the lines that were received last, looks the same."""
    repeats: bool = False
    """The overlap fits in several places: nothing is missing, but some may be repeated."""
    piece: bytes = b""
    """The beginning of a cut line whose whole did not come again."""
    known: int = 0
    """How many of them were received before, where no overlap was found, as of a backlog that was rotated."""
    known_at_least: bool = False
    """It may be more: of what came before not everything is remembered, or not all of these were held."""


@dataclass
class Overlap:
    """Remembers the newest lines of one stream and finds where a new snapshot of it goes on."""

    _past: array[int] = field(default_factory=lambda: array("q"))
    """Hashes of the lines passed on."""
    rest: bytes = b""
    """The beginning of the line that the last cut went through; it comes again whole if the streams join."""
    _past_ended: bool = False
    """The past ends at a gap: the next line begins a new one."""
    _held: list[bytes] | None = None
    _hashes: array[int] = field(default_factory=lambda: array("q"))
    """Hashes of the lines held."""
    _fits: list[int] = field(default_factory=list)
    """How many of the lines held are known, for each place that fits."""
    _size: int = 0
    """Bytes held."""

    @property
    def searching(self) -> bool:
        """Lines are held back until the overlap is known."""
        return self._held is not None

    @property
    def held(self) -> int:
        """Lines held back."""
        return len(self._held or ())

    def remember(self, lines: Sequence[bytes]) -> None:
        """Note lines that were passed on."""
        if lines and self._past_ended:
            self._past_ended = False
            del self._past[:]
        self._past.extend(map(hash, lines[-REMEMBERED:]))
        if len(self._past) > 2 * REMEMBERED:
            del self._past[:-REMEMBERED]

    def begin(self) -> None:
        """A stream begins. Its lines are to be offered first, unless nothing was ever received before."""
        if self._past or self.rest:
            self._held, self._hashes, self._fits, self._size = [], array("q"), [], 0

    def end(self, rest: bytes) -> NewLines | None:
        """The stream ended, inside a line when `rest` is not empty. Answers if lines were held back.

        When all of them were known, the next stream is compared with the same past again.
        """
        if self._held is None:
            self.rest = rest
            return None
        if not self._held or self.all_known():
            self._held = None
            return None
        found = self.decide()
        self.rest = rest
        return found

    def offer(self, lines: Sequence[bytes]) -> NewLines | None:
        """Hold lines of the new stream. Answers once the overlap is certain, or too much is held."""
        held = self._held = [] if self._held is None else self._held
        start = len(held)
        held += lines
        self._hashes.extend(map(hash, lines))
        self._size += sum(map(len, lines))
        # a fit at the line before may have been waiting for the line that goes on from the piece left over
        for count in range(max(start, 1) if self.rest else start + 1, len(held) + 1):
            if (overlap := self._overlap(count)) and self._goes_on(count):
                self._fits.append(count)
                if not self._fits_elsewhere(overlap):
                    return self.decide()
        if self.held > HELD_LINES or self._size > HELD_BYTES:
            return self.decide()
        return None

    def all_known(self) -> bool:
        """Every line held is known: the rest of the snapshot may be on its way.

        That is so at a fit, too: where it is the only one, it was answered already.
        """
        return bool(self._hashes) and _find(self._past, self._hashes) >= 0

    def decide(self) -> NewLines:
        """Answer with what is known: no other fit can turn up, or nothing more comes."""
        if self._fits:
            # the smallest overlap loses nothing, whichever is the true one
            return self._settle(self._fits[0], proven=len(self._fits) == 1)
        return self._settle(0, proven=False)

    def _settle(self, count: int, *, proven: bool) -> NewLines:
        held, piece = self._held or [], self.rest
        self._held, self.rest = None, b""
        self._past_ended = count == 0
        if not count:
            at_least = len(self._past) >= REMEMBERED or len(held) > HELD_LINES or self._size > HELD_BYTES
            return NewLines(held, proven, piece=piece, known=self._known(held), known_at_least=at_least)
        overlap = held[max(0, count - len(self._past)) : count]
        return NewLines(held[count:], proven, any(map(_DISTINCT.search, overlap)), repeats=not proven)

    def _known(self, held: Sequence[bytes]) -> int:
        """How many lines are in the past, counted in stretches that cannot agree by chance."""
        past, found = set(self._past), 0
        for is_known, stretch in groupby(zip(self._hashes, held, strict=True), lambda each: each[0] in past):
            lines = [line for _, line in stretch] if is_known else []
            if len(lines) >= PROOF or any(map(_DISTINCT.search, lines)):
                found += len(lines)
        return found

    def _overlap(self, count: int) -> int:
        """How many lines agree if the first `count` held are known; 0 if they do not or prove nothing."""
        past, new = self._past, self._hashes
        if not past or new[count - 1] != past[-1]:
            return 0
        overlap = min(count, len(past))
        if new[count - overlap : count] != past[-overlap:]:
            return 0
        if overlap < PROOF and not any(map(_DISTINCT.search, (self._held or [])[count - overlap : count])):
            return 0
        return overlap

    def _goes_on(self, count: int) -> bool:
        """The line after the overlap is the one that the last cut went through."""
        held = self._held or []
        return not self.rest or (len(held) > count and held[count].startswith(self.rest))

    def _fits_elsewhere(self, overlap: int) -> bool:
        """The lines that agree also occur earlier, so that a longer overlap may yet turn up."""
        return _find(self._past, self._past[-overlap:]) < len(self._past) - overlap


def _find(past: array[int], lines: array[int]) -> int:
    """The first place of `lines` in `past`, -1 if there is none."""
    text, wanted = past.tobytes(), lines.tobytes()
    width = past.itemsize
    at = text.find(wanted)
    while at >= 0 and at % width:
        at = text.find(wanted, at + 1)
    return at // width if at >= 0 else -1
