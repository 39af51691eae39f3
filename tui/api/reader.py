"""Decodes successive answers of a listing; unchanged items stay the same objects."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from typing import Final, Generic, TypeVar

import msgspec

from tui.api.cut_listing import TooLong, cut_listing
from tui.api.models import Wire
from tui.api.wire import decode, read_row

T = TypeVar("T", bound=Wire)
MOST: Final = 100_000
"""Rows that any listing may have."""
LONGEST: Final = 1 << 30
"""Bytes of a body that no limit has cut."""
ROW_LIMIT: Final = 1 << 24
"""Bytes of a row that is read: the metadata of a dispatch may be in each of its jobs."""
KEPT: Final = 1 << 24
"""Bytes of a body that is kept to compare the next one with; a longer one is as with `lean`."""


class Unreadable(ValueError):
    """The body is not the expected JSON object. The text quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """A decoded listing."""

    items: tuple[T, ...] = ()
    unreadable: int = 0
    """Entries that could not be read at all."""
    listed: bool = False
    """The answer held its list. `{}` may be how a server says "none", and is what a proxy says anyway."""

    cut: int | None = None
    """Rows that were kept of a list that has more of them; None for a list that was not cut."""
    mended: int = 0
    """Entries in which something could not be read."""

    @property
    def is_whole(self) -> bool:
        """Whether what is not in it is not there: only then does its absence prove anything."""
        return self.listed and not self.unreadable and self.cut is None and not self.mended


Grant = Callable[[Sequence[int], bool], int]
"""Sizes of the rows of a list in bytes, and whether it is cut already → how many of them are kept."""


class Reader(Generic[T]):
    """Decodes the listings of one source; unchanged items stay the same objects.

    Equal bodies cost one comparison. In a changed body only items that differ from the next one of the
    previous body are decoded, which is cheaper than a look-up of each by its bytes. An item with equal values
    in other bytes is replaced by the known object, since white space and order of keys are not stable. So
    object identity tells the store what changed.
    """

    def __init__(
        self, kind: type[T], key: str, *, lean: bool = False, most: int = MOST, longest: int = LONGEST
    ) -> None:
        """`lean` keeps a digest in place of the body, for listings of which there are many.

        Of more than `most` rows the first are kept. A body of `longest` bytes may be the beginning of one.
        """
        self._most = most
        self._longest = longest
        self._kind = kind
        self._name: Callable[[T], str] = attrgetter(kind.__struct_fields__[0])
        self._answer = _answer(key)
        self._lean = lean
        self._body: bytes | None = None  # None and not empty: an answer may be empty and invalid
        self._is_short = False
        """Fewer rows of the newest body were granted than it has: next time there may be more."""
        self._batch: Batch[T] = Batch()
        self._raws: list[msgspec.Raw] = []
        self._items: list[T | None] = []
        self._places: dict[str, int] = {}
        self._mended: set[str] = set()
        """Names of items in which something could not be read."""
        self.decoded = 0
        """Items decoded so far: the measure of what a poll costs."""

    @property
    def batch(self) -> Batch[T]:
        """The newest listing; the same object while it is unchanged. No id is in it twice."""
        return self._batch

    def steps(self, body: bytes, size: int = 256, *, grant: Grant | None = None) -> Iterator[None]:
        """Decode a body, pausing after every `size` items; `batch` is the result once exhausted.

        Raises `Unreadable`. A caller on an event loop yields to it at each pause, so that keys are handled.
        Without `grant` all rows are kept that the limits of the constructor allow.
        """
        is_lean = self._lean or len(body) > KEPT
        kept = blake2b(body, digest_size=16).digest() if is_lean else body
        if kept == self._body and not self._is_short:
            return
        rows, is_cut = yield from self._rows(body)
        raws, is_listed = (rows or [])[: self._most], rows is not None
        del body, rows  # they may be large, and what is kept holds its part of them
        if grant is not None:
            granted = grant([len(memoryview(raw)) for raw in raws], is_cut)
            self._is_short = granted < len(raws)
            raws, is_cut = raws[:granted], is_cut or self._is_short
        items, same = yield from self._decoded(raws, size)
        if not same or len(items) != len(self._items):
            self._places = {self._name(item): place for place, item in enumerate(items) if item is not None}
        found = [item for item in map(items.__getitem__, self._places.values()) if item is not None]
        unreadable = sum(item is None for item in items)
        self._mended &= self._places.keys()
        kept_rows = len(raws) if is_cut else None
        batch = Batch(tuple(found), unreadable, is_listed, kept_rows, len(self._mended))
        self._body, self._items = kept, items
        self._raws = [] if is_lean else raws
        if batch != self._batch:
            self._batch = batch

    def _decoded(
        self, raws: list[msgspec.Raw], size: int
    ) -> Generator[None, None, tuple[list[T | None], bool]]:
        """The items, None for an unreadable one, and whether they are in the same places as before."""
        items, same = list[T | None](), True
        at = 0  # position in the previous listing, which nearly always has the same items in the same order
        for index, raw in enumerate(raws, 1):
            if at < len(self._raws) and self._raws[at] == raw:
                items.append(self._items[at])
            else:
                item = self._read(bytes(raw)) if len(memoryview(raw)) <= ROW_LIMIT else None
                place = self._places.get(self._name(item), -1) if item is not None else -1
                same = same and place == at
                at = place if place >= 0 else at - (item is not None)
                items.append(item)
            at += 1
            if index % size == 0:
                yield
        return items, same

    def _rows(self, body: bytes) -> Generator[None, None, tuple[list[msgspec.Raw] | None, bool]]:
        """The rows, None for an object without a list, and whether there are more than are kept."""
        keys, is_part = self._answer.__struct_fields__, len(body) >= self._longest
        try:
            body, is_cut = yield from cut_listing(body, keys, self._most, is_part=is_part)
        except TooLong:
            raise Unreadable("the answer is too long, and not by its list") from None
        rows = self._split(body)
        return rows, is_cut or (rows is not None and len(rows) > self._most)

    def read(self, body: bytes) -> Batch[T]:
        """Decode a body without pauses. Raises `Unreadable`."""
        for _ in self.steps(body):
            pass
        return self._batch

    def entries(self) -> Iterator[tuple[T, bytes]]:
        """The items of the newest listing with the bytes that they were decoded from; empty if it is lean."""
        rows = zip(self._items, self._raws, strict=False)  # lean, there are no bytes
        return ((item, bytes(raw)) for item, raw in rows if item is not None)

    def raw(self, item: object) -> bytes:
        """The bytes that an item of the newest listing was decoded from; empty if it is not of it."""
        return next((raw for known, raw in self.entries() if known is item), b"")

    def _read(self, raw: bytes) -> T | None:
        """The item, or the known object with equal values; None without an id."""
        self.decoded += 1
        item, is_mended = read_row(raw, self._kind)
        if item is None or not self._name(item):
            return None
        (self._mended.add if is_mended else self._mended.discard)(self._name(item))
        place = self._places.get(self._name(item))
        before = self._items[place] if place is not None else None
        if before == item:
            return before
        item.share()
        return item

    def _split(self, body: bytes) -> list[msgspec.Raw] | None:
        """The rows; None for an object that holds no list and nothing else either."""
        try:
            answer = decode(body, self._answer)
            # both spellings of the key, for one pass over the body
            lists = [rows for rows in msgspec.structs.astuple(answer) if rows is not None]
            other = (
                ()
                if lists
                else decode(body, dict[str, msgspec.Raw]).keys() - set(self._answer.__struct_fields__)
            )
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unreadable("the answer is not the JSON object expected") from error
        if other:
            raise Unreadable("the answer holds something else than its list")
        return next((rows for rows in lists if rows), lists[0]) if lists else None


@cache
def _answer(key: str) -> type[msgspec.Struct]:
    """A listing under a key in either spelling. One type for all readers of a kind: a type is large."""
    keys = dict.fromkeys((key, _camel(key)))
    return msgspec.defstruct("Answer", [(name, list[msgspec.Raw] | None, None) for name in keys])


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.title() for word in rest)
