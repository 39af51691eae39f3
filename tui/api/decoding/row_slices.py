"""Decodes the rows of a long body slice by slice, so that none takes the time of the whole. Knows no model.

Where a row ends is guessed, and then proved: what stands between two places is decoded as a list of its own,
which succeeds for whole rows alone, if a row begins at the first place. A slice that is as it was in the body
before is not decoded. A body that does not go along with this is left to be decoded at once.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from operator import is_not
from typing import Final

import msgspec

from tui.api.decoding.row_splitter import beginning_of_list, is_end

SLICE: Final = 1 << 15
"""Bytes of a slice, about: if one agent in a hundred differs, most slices do not."""
PAUSE: Final = 1 << 18
"""Bytes from one pause to the next: some tenths of a millisecond."""
ANCHOR: Final = 64
"""Bytes by which the beginning of a slice is found again: the identity of its first row is in them."""
AHEAD: Final = 3
"""Slices of the body before whose beginnings are looked for."""
GUESSES: Final = 4
"""Places that are tried as the end of a slice."""

_FIRST_KEY: Final = re.compile(rb'\s*+(\{\s*+"[^"\\]*+"\s*+:)')
_rows: Final = msgspec.json.Decoder(list[msgspec.Raw])

_Slice = tuple[bytes, list[msgspec.Raw]]
"""A stretch of a body in brackets, and its rows."""


class RowSlices:
    """Decodes one body of a listing after the other."""

    def __init__(self, keys: Iterable[str]) -> None:
        """`keys`: the names under which the list may be."""
        self._beginning = beginning_of_list(keys)
        self._slices: list[_Slice] = []
        self._places: dict[bytes, int] = {}
        """By the beginning of a slice of the newest body, its number."""
        self._rows: list[msgspec.Raw] = []

    def rows(self, body: bytes, most: int) -> Generator[None, None, list[msgspec.Raw] | None]:
        """The rows of a body, with a pause now and then; the same list if it has the same ones as before.

        Of more than `most` rows the first ones, some more than that. None for a body that has to be decoded
        at once.
        """
        before, places, self._slices, self._places = self._slices, self._places, [], {}
        begin, end = self._beginning.match(body), body.rfind(b"]")
        first = begin and _FIRST_KEY.match(body, begin.end())
        if not begin or not first or not is_end(body, end + 1):
            return None
        border = re.compile(rb",\s*+" + re.escape(first[1]))
        found: list[_Slice] = []
        at, paused, number, count = begin.end(), 0, -1, 0
        while at < end and count <= most:
            number = places.get(body[at : at + ANCHOR], number)
            part = _unchanged(body, at, end, before[number]) if 0 <= number < len(before) else None
            if part is None:
                following = [known[0] for known in before[number + 1 : number + 1 + AHEAD]]
                part = _decoded(body, at, _ends(body, at, end, border, following))
            if part is None:
                return None
            found.append(part)
            count += len(part[1])
            at += len(part[0]) - 1  # without its brackets, and with the comma after it
            if at - paused > PAUSE:
                paused = at
                yield
        # one by one: a slice may be as another one of the body before
        if len(found) != len(before) or any(map(is_not, found, before)):
            self._rows = [row for _, rows in found for row in rows]
        self._slices = found
        self._places = {text[1 : 1 + ANCHOR]: number for number, (text, _) in enumerate(found)}
        return self._rows


def _unchanged(body: bytes, at: int, end: int, known: _Slice) -> _Slice | None:
    """The slice that begins there, if it is the one that is known, as a whole."""
    stop = at + len(known[0]) - 2
    is_whole = stop == end or (stop < end and body[stop : stop + 1] == b",")
    return known if is_whole and body[at:stop] == known[0][1:-1] else None


def _ends(
    body: bytes, at: int, end: int, border: re.Pattern[bytes], following: Iterable[bytes]
) -> Iterator[int]:
    """Where the slice may end that begins there, the likeliest first."""
    most = min(end, at + 4 * SLICE)
    for text in following:
        place = body.find(text[1 : 1 + ANCHOR], at + 1, most)
        if place > 0 and (comma := body.rfind(b",", at, place)) > 0:
            yield comma
            break
    if end - at <= SLICE:
        yield end
    place = at + SLICE
    for _ in range(GUESSES):
        guess = border.search(body, place, end)
        if guess is None:
            yield end
            return
        yield guess.start()
        place = guess.end()


def _decoded(body: bytes, at: int, ends: Iterable[int]) -> _Slice | None:
    """The slice from there to the first of these ends at which a row does end; None if it is none of them."""
    for end in ends:
        text = b"[%b]" % body[at:end]
        try:
            rows = _rows.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if rows:
            return text, rows
    return None
