"""Finds what a text repeats of forms of values, whole or in pieces. Knows neither escapes nor masks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, KeysView
from itertools import chain
from typing import Final

LONGEST: Final = 1 << 17
"""Characters of a form at the most."""
START: Final = 6
"""Characters by which a form is found; a value without more than its escapes is none."""
PIECE: Final = 16
"""Characters of a form that are masked wherever they stand: texts are cut, and quote in parts."""
PLACES: Final = 200
"""Places at which a form is looked for; of one with more than 2,200 characters longer pieces are found."""
CUT: Final = 3
"""Characters at the end of a text that may be the beginning of an escape."""
CROWD: Final = 8
"""Places that go on alike; more are of a value that repeats itself."""
_PROBE: Final = 64
"""Characters that nearly always tell which of several forms is repeated."""

Place = tuple[str, int]
"""A form, and an offset in it at which it is looked for."""


def places(form: str) -> Iterator[Place]:
    """Its beginning, and so many others that every piece of a form holds one."""
    stride = max(PIECE - START + 1, len(form) // PLACES)
    return ((form, offset) for offset in range(0, len(form) - START + 1, stride))


class Repeats:
    """Forms, by what they are found by. However many begin alike, a look takes about the same time."""

    def __init__(self, where: Iterable[Place] = ()) -> None:
        self._wholes: dict[str, list[str]] = {}
        """By their first `START` characters, in order."""
        self._halves: dict[str, list[str]] = {}
        """Those of which less than a piece is enough, by that, in order."""
        self._middles: dict[str, list[Place]] = {}
        """Other places by their next `START` characters; none for those of `wholes` alone."""
        for form, offset in where:
            there = self._middles.setdefault(form[offset : offset + START], [])
            if offset and len(there) < CROWD:
                there.append((form, offset))
            elif not offset:
                self._wholes.setdefault(form[:START], []).append(form)
                if (half := max(START, (len(form) + 1) // 2)) < PIECE:
                    self._halves.setdefault(form[:half], []).append(form)
        for forms in chain(self._wholes.values(), self._halves.values()):
            forms.sort()

    @property
    def starts(self) -> KeysView[str]:
        """By what anything is found: `START` characters each."""
        return self._middles.keys()

    def around(self, text: str, at: int, least: int) -> tuple[int, int]:
        """Begin and end of what a text repeats around a place; twice `at` where that is too little.

        Of a form's beginning, half of it is enough, or what goes as far as the text. `least` is the end of
        what was found already.
        """
        start = text[at : at + START]
        begin, end = at, at + self._whole(text, at, start)
        for form, offset in self._middles.get(start, ()):
            size, before = _common(text, at, form, offset), 0
            while before < min(offset, at - least) and text[at - before - 1] == form[offset - before - 1]:
                before += 1
            if before + size >= PIECE:
                begin, end = min(begin, at - before), max(end, at + size)
        return begin, end

    def _whole(self, text: str, at: int, start: str) -> int:
        """How much of one form's beginning is at a place; 0 for too little of every one."""
        forms = self._wholes.get(start)
        if forms is None:
            return 0
        size = _longest(forms, text, at)
        if size >= PIECE or at + size + CUT >= len(text):
            return size
        halves = (self._halves.get(text[at : at + half]) for half in range(START, size + 1))
        return max((_longest(forms, text, at) for forms in halves if forms), default=0)


def _longest(forms: list[str], text: str, at: int) -> int:
    """How much of any form's beginning is at a place: one of those has it that stand beside it in order."""
    if len(forms) == 1:
        return _common(text, at, forms[0], 0)
    size = 0
    for length in (_PROBE, LONGEST):
        place = bisect_left(forms, text[at : at + length])
        size = max(_common(text, at, form, 0) for form in forms[max(0, place - 1) : place + 1])
        if size < length:
            break
    return size


def _common(text: str, at: int, form: str, offset: int) -> int:
    """How many characters are the same from these places on."""
    size, most = 0, min(len(text) - at, len(form) - offset)
    for step in (256, 16, 4, 1):
        while size < most and (
            text[at + size : at + size + step] == form[offset + size : offset + size + step]
        ):
            size += step
    return min(size, most)
