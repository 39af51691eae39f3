"""Decodes successive answers of a listing; unchanged items stay the same objects."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator, Iterator
from hashlib import blake2b
from operator import attrgetter
from typing import Final, Generic, TypeVar

import msgspec

from tui.api.decoding.batch import Batch, Unreadable
from tui.api.decoding.item_masking import ItemMasking
from tui.api.decoding.limits import WHOLE
from tui.api.decoding.quota import Share
from tui.api.decoding.row_slices import RowSlices
from tui.api.decoding.row_splitter import ROW_LIMIT, NoListing, RowSplitter
from tui.api.decoding.wire import decode, listing_of, read_row
from tui.api.models import Wire
from tui.api.text.masking import QUOTED, SentSecrets

T = TypeVar("T", bound=Wire)
MOST: Final = 100_000
"""Rows that any listing may have."""
LONGEST: Final = 1 << 30
"""Bytes of a body that no limit has cut."""
EASY: Final = 1_000_000
"""Commas up to which a body may be decoded as a whole: it has no more rows, which take 80 MB."""
AT_ONCE: Final = 1 << 20
"""Bytes of a body whose rows are found without a pause: some milliseconds."""
PART: Final = 1 << 18
"""Bytes of a body that are taken apart at once."""


class Reader(Generic[T]):
    """Decodes the listings of one source; unchanged items stay the same objects.

    Equal bodies cost one comparison. In a changed body only items that differ from the next one of the
    previous body are decoded, which is cheaper than a look-up of each by its bytes. An item with equal values
    in other bytes is replaced by the known object, since white space and order of keys are not stable. So
    object identity tells the store what changed.
    """

    def __init__(
        self,
        kind: type[T],
        key: str,
        *,
        lean: bool = False,
        most: int = MOST,
        longest: int = LONGEST,
        sent: SentSecrets | None = None,
    ) -> None:
        """`lean` keeps a digest in place of the body, for listings of which there are many.

        Of more than `most` rows the first are kept. A body of `longest` bytes may be the beginning of one.
        `sent` is masked in texts of an item that may hold a secret.
        """
        self._masking = ItemMasking(sent)
        self._most = most
        self._longest = longest
        self._kind = kind
        self._name: Callable[[T], str] = attrgetter(kind.__struct_fields__[0])
        self._answer = listing_of(key)
        self._lean = lean
        self._kept: bytes | list[msgspec.Raw] | None = None  # an empty body may be invalid
        """What tells the newest body from another: itself, a digest, or its rows, whose slices are held."""
        self._is_short = False
        """Fewer rows of the newest body were granted than it has: next time there may be more."""
        self._batch: Batch[T] = Batch()
        self._slices = RowSlices(self._answer.__struct_fields__)
        self._raws: list[msgspec.Raw] = []
        self._hashes = array("q")
        """Of the rows of a body that was too long to be kept."""
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

    def steps(self, body: bytes, size: int = 256, *, share: Share | None = None) -> Iterator[None]:
        """Decode a body, pausing after every `size` items; `batch` is the result once exhausted.

        Raises `Unreadable`. A caller on an event loop yields to it at each pause, so that keys are handled.
        Without `share` all rows are kept that the limits of the constructor allow.
        """
        kept: bytes | list[msgspec.Raw]
        kept = blake2b(body, digest_size=16).digest() if self._lean else body
        if kept == self._kept and not self._is_short:
            return
        sliced = None
        if AT_ONCE < len(body) <= WHOLE and len(body) < self._longest:
            slices = RowSlices(self._answer.__struct_fields__) if self._lean else self._slices
            sliced = yield from slices.rows(body, self._most)
        if sliced is None and (len(body) > WHOLE or len(body) >= self._longest or body.count(b",") > EASY):
            yield from self._in_parts(body, share)
            return
        if sliced is not None and not self._lean:
            kept = sliced  # the body is in its slices, and need not be held twice
            if kept is self._kept and not self._is_short:
                return
        rows = self._split(body) if sliced is None else sliced
        raws, is_listed, is_cut = (rows or [])[: self._most], rows is not None, len(rows or ()) > self._most
        del body, rows  # they may be large, and what is kept holds its part of them
        raws, is_cut = self._granted(raws, is_cut, share)
        items, same = yield from self._decoded(raws, size)
        self._keep(items, is_listed, is_cut, same=same)
        self._kept, self._raws, self._hashes = kept, [] if self._lean else raws, array("q")

    def _take_over(self, items: list[T | None], hashes: array[int], *, is_cut: bool, same: bool) -> None:
        """Make what was taken in part by part the newest listing."""
        self._keep(items, True, is_cut, same=same)
        self._kept, self._raws, self._hashes = None, [], hashes
        self._is_short = False

    def _in_parts(self, body: bytes, share: Share | None) -> Iterator[None]:
        taking = LongListing(self, share)
        for start in range(0, len(body), PART):
            yield from taking.feed(body[start : start + PART])
            if taking.is_full:
                break
        taking.end()

    def _granted(
        self, raws: list[msgspec.Raw], is_cut: bool, share: Share | None
    ) -> tuple[list[msgspec.Raw], bool]:
        """The rows that may be kept, and whether those are not all."""
        self._is_short = False
        if share is None:
            return raws, is_cut
        granted = share.take([len(memoryview(raw)) for raw in raws], is_cut=is_cut)
        self._is_short = granted < len(raws)
        return raws[:granted], is_cut or self._is_short

    def _keep(self, items: list[T | None], is_listed: bool, is_cut: bool, *, same: bool) -> None:
        """Make a batch of these items; `same`: those that were known are in the same places as before."""
        if not same or len(items) != len(self._items):
            self._places = {self._name(item): place for place, item in enumerate(items) if item is not None}
        found = [item for item in map(items.__getitem__, self._places.values()) if item is not None]
        unreadable = sum(item is None for item in items)
        self._mended &= self._places.keys()
        kept = len(items) if is_cut else None
        batch = Batch(tuple(found), unreadable, is_listed, kept, len(self._mended))
        self._items = items
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
                item, place = self._item(bytes(raw))
                same = same and place == at
                at = place if place >= 0 else at - (item is not None)
                items.append(item)
            at += 1
            if index % size == 0 or self._masking.needs_pause():
                yield
        return items, same

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

    def _item(self, raw: bytes) -> tuple[T | None, int]:
        """The item of a row, and its position in the previous listing; -1 for a new one."""
        item = self._read(raw) if len(raw) <= ROW_LIMIT else None
        return item, -1 if item is None else self._places.get(self._name(item), -1)

    def _read(self, raw: bytes) -> T | None:
        """The item, or the known object with equal values; None without an id."""
        self.decoded += 1
        item, is_mended = read_row(raw, self._kind)
        if item is None or not self._name(item):
            return None
        self._masking.mask(item)
        (self._mended.add if is_mended else self._mended.discard)(self._name(item))
        place = self._places.get(self._name(item))
        before = self._items[place] if place is not None else None
        if before == item:
            return before
        item.share(before)
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


class LongListing(Generic[T]):
    """Takes in a body part by part, and keeps of a row only what it is decoded to."""

    def __init__(self, reader: Reader[T], share: Share | None) -> None:
        """`share` is what the reader may keep of this listing."""
        self._reader = reader
        self._share = share
        self._rows = RowSplitter(reader._answer.__struct_fields__)
        self._items: list[T | None] = []
        self._sizes = array("q")
        self._size = 0
        self._hashes = array("q")
        self._at = 0
        """Position in the previous listing, which nearly always has the same items in the same order."""
        self.beginning = b""
        """How what was taken in begins; empty if that is nothing."""
        self._received = 0
        """Bytes."""
        self.is_full = False
        """No more is kept: what is still to come need not be read."""
        self._is_same = True

    def feed(self, part: bytes) -> Iterator[None]:
        """Take in the next part, pausing now and then. Raises `Unreadable`."""
        self.beginning = self.beginning or part[:QUOTED]
        self._received += len(part)
        try:
            yield from self._take(self._rows.feed(part))
        except NoListing:
            raise Unreadable("the answer is too long, and not by its list") from None

    def end(self) -> None:
        """Nothing more comes, or is read: what was taken in is the newest listing. Raises `Unreadable`."""
        if not self.is_full and self._received < self._reader._longest:
            try:
                for _ in self._take(self._rows.end()):
                    pass
            except NoListing:
                raise Unreadable("the answer is not the JSON object expected") from None
        is_cut = self.is_full or not self._rows.is_over
        if self._share is not None:
            granted = self._share.take(self._sizes, is_cut=is_cut)
            is_cut = is_cut or granted < len(self._items)
            del self._items[granted:], self._hashes[granted:]
        self._reader._take_over(self._items, self._hashes, is_cut=is_cut, same=self._is_same)

    def _take(self, rows: Iterator[bytes | None]) -> Iterator[None]:
        for count, row in enumerate(rows, 1):
            if row is not None:
                if not self._may_keep(row):
                    self.is_full = True
                    return
                self._add(row)
            if row is None or count % 256 == 0 or self._reader._masking.needs_pause():
                yield

    def _may_keep(self, row: bytes) -> bool:
        count, size = len(self._items) + 1, self._size + len(row)
        return count <= self._reader._most and (self._share is None or self._share.has_room(count, size))

    def _add(self, row: bytes) -> None:
        reader, digest, at = self._reader, hash(row), self._at
        if at < len(reader._hashes) and reader._hashes[at] == digest:
            self._items.append(reader._items[at])
        else:
            item, place = reader._item(row)
            self._is_same = self._is_same and place == at
            self._at = place if place >= 0 else at - (item is not None)
            self._items.append(item)
        self._at += 1
        self._hashes.append(digest)
        self._sizes.append(len(row))
        self._size += len(row)
