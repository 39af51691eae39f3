"""Bytes to models, tolerantly: whatever a server or something between us sends, rows that can be read are.

The quick road decodes an item straight into its model. It is taken only by items that are plain ASCII without
escapes under keys in snake case, so that nothing on it can hold a character that a terminal would obey, or
lose a field. Every other item takes the careful road: keys to snake case, nulls away, every text cleaned,
what is of a wrong type dropped piece by piece.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from typing import Generic, TypeVar

import msgspec

from tui.api.clean import clean, clean_block
from tui.api.models import Wire

T = TypeVar("T", bound=Wire)
D = TypeVar("D")

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

PLAIN_LIMIT = 65_536
"""Items longer than this many bytes take the careful road, where texts are cut to what a screen can use."""
TEXT_LIMIT = 16_384
"""Characters kept of one text; metadata, the longest, may be 512 KiB (contract.md §6.3)."""
DEPTH_LIMIT = 32
"""Nesting beyond this is an attack: LiveKit's deepest message has six levels."""

_ESCAPE = re.compile(rb'\\[^"\\/]')
_CAMEL = re.compile(rb'"[a-z]+[A-Z]\w*"\s*:')
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")
_MULTILINE = frozenset({"metadata", "error", "message"})
_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})"
)
_MAPS = frozenset({"attributes"})
"""Fields whose keys are the operator's or the store's, not names of fields."""
_OPAQUE = frozenset({"values", "url", "presigned_url"})
"""Where to upload and with what: never shown, and of no use if a character of it were changed."""
_WRONG_KINDS = 64
"""Different wrong values in one item after which it is given up."""


class Unreadable(ValueError):
    """A body that is not the JSON object that the method answers with. Its text is safe to show."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """A listing as decoded."""

    items: tuple[T, ...] = ()
    unreadable: int = 0
    """Entries that could not be read at all."""


def is_plain(data: bytes) -> bool:
    """Whether every text in this JSON is printable ASCII as it stands, under keys in snake case."""
    if len(data) > PLAIN_LIMIT or not data.isascii() or b"\x7f" in data:
        return False
    # looking for the backslash first saves the expression, which costs more than the decoding
    return not (b"\\" in data and _ESCAPE.search(data)) and _CAMEL.search(data) is None


def _decode(data: bytes, kind: type[D]) -> D:
    """Decode; what is broken by nothing but a character that is none is mended first."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = _SURROGATES.sub(_visible, data.decode("utf-8", "replace").encode())
        if mended == data:
            raise
        return msgspec.json.decode(mended, type=kind)


def _visible(match: re.Match[bytes]) -> bytes:
    """The escape of a surrogate without its partner as `clean` shows it; anything else as it is."""
    lone: bytes | None = match[1]
    return match[0] if lone is None else b"\\\\u{%s}" % lone.lower()


class _Named(msgspec.Struct):
    name: str = ""


def exact_name(data: bytes) -> str:
    """The `name` in an item exactly as it came, which is how the server knows it; empty if unreadable."""
    try:
        return msgspec.json.decode(data, type=_Named).name
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def snake(key: str) -> str:
    """`agentName` to `agent_name`; snake case stays."""
    return _HUMP.sub(r"_\1", key).lower() if not key.islower() else key


def read_one(raw: msgspec.Raw | bytes, kind: type[T]) -> T | None:
    """One item, by the quick road if it is safe, else by the careful one; None if it is no such thing."""
    data = bytes(raw)
    if is_plain(data):
        try:
            return msgspec.json.decode(data, type=kind, strict=False)
        except msgspec.ValidationError:
            pass
        except (msgspec.DecodeError, RecursionError):
            return None
    return _careful(data, kind)


def _careful(data: bytes, kind: type[T]) -> T | None:
    try:
        tree = _tidy(_decode(data, dict), "", DEPTH_LIMIT)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    for _ in range(_WRONG_KINDS):
        try:
            return msgspec.convert(tree, type=kind, strict=False)
        except msgspec.ValidationError as error:
            if not _drop(tree, str(error)):
                return None
    return None


def _tidy(value: Json, key: str, depth: int) -> Json:
    if depth == 0:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        if key in _OPAQUE:
            return value
        return (clean_block if key in _MULTILINE else clean)(value, limit=TEXT_LIMIT)
    if isinstance(value, list):
        return [_tidy(item, key, depth - 1) for item in value if item is not None]
    if isinstance(value, dict):
        if key in _OPAQUE:
            return {name: text for name, text in value.items() if text is not None}
        if key in _MAPS:
            return {clean(name): _text(text) for name, text in value.items() if text is not None}
        tidied = ((snake(name), item) for name, item in value.items() if item is not None)
        return {name: _tidy(item, name, depth - 1) for name, item in tidied}
    return value


def _text(value: Json) -> str:
    """An entry of a map of texts; what is not a text is shown as the JSON that it is."""
    return clean(value if isinstance(value, str) else msgspec.json.encode(value).decode(), limit=TEXT_LIMIT)


def _drop(tree: Json, message: str) -> bool:
    """Remove what a validation message points at (`… - at `$.a[0].b``); False if it points at nothing.

    The same wrong value in the same place of its siblings goes with it, so that a long list of rows with one
    fault in common costs one round.
    """
    _, found, path = message.rpartition(" - at `$")
    steps = [key or int(index) for key, index in _STEP.findall(path)] if found else []
    wrong = tree
    for step in steps:
        wrong = _child(wrong, step)
    return bool(steps) and _remove(tree, steps, wrong)


def _child(node: Json, step: str | int) -> Json:
    if isinstance(node, dict) and isinstance(step, str):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None


def _remove(node: Json, steps: list[str | int], wrong: Json) -> bool:
    step, rest = steps[0], steps[1:]
    if isinstance(node, list) and isinstance(step, int):
        if rest:
            removed = [_remove(item, rest, wrong) for item in node]
            return any(removed)
        before = len(node)
        node[:] = [item for item in node if not _same(item, wrong)]
        return len(node) < before
    if isinstance(node, dict) and isinstance(step, str) and step in node:
        if rest:
            return _remove(node[step], rest, wrong)
        if _same(node[step], wrong):
            del node[step]
            return True
    return False


def _same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and one == other  # True equals 1


class Reader(Generic[T]):
    """Decodes the listings of one source, giving the very same objects back for what did not change.

    Equal bodies cost one comparison; in an unequal one only items that differ from what followed in the one
    before are decoded, which is cheaper than to look each of them up by its bytes. One that says the same in
    other bytes gives way to the object that is known, for servers differ in white space and order
    (contract.md §1.3). So identity tells the store what changed, at the cost of what was received.
    """

    def __init__(self, kind: type[T], key: str, *, lean: bool = False) -> None:
        """`lean` remembers a digest in place of the body: for listings of which there are many."""
        self._kind = kind
        self._name: Callable[[T], str] = attrgetter(kind.__struct_fields__[0])
        self._answer = _answer(key)
        self._lean = lean
        self._body: bytes | None = None  # not an empty one, which an answer may be without being a listing
        self._batch: Batch[T] = Batch()
        self._raws: list[msgspec.Raw] = []
        self._items: list[T | None] = []
        self._places: dict[str, int] = {}
        self.decoded = 0
        """Items decoded so far: the measure of what a poll costs."""

    @property
    def batch(self) -> Batch[T]:
        """The newest listing; the same object while it says the same. No identity is in it twice."""
        return self._batch

    def steps(self, body: bytes, size: int = 256) -> Iterator[None]:
        """Take in a body, pausing after every `size` items; `batch` is the result once exhausted.

        Raises `Unreadable`. A caller on an event loop yields to it at each pause, for a decode holds the lock
        that keys need.
        """
        kept = blake2b(body, digest_size=16).digest() if self._lean else body
        if kept == self._body:
            return
        raws, items, same = self._split(body), list[T | None](), True
        at = 0  # in the listing before, which nearly always has the same items in the same order
        for index, raw in enumerate(raws, 1):
            if at < len(self._raws) and self._raws[at] == raw:
                items.append(self._items[at])
            else:
                item = self._read(bytes(raw))
                place = self._places.get(self._name(item), -1) if item is not None else -1
                same = same and place == at
                at = place if place >= 0 else at - (item is not None)
                items.append(item)
            at += 1
            if index % size == 0:
                yield
        if not same or len(items) != len(self._items):
            self._places = {self._name(item): place for place, item in enumerate(items) if item is not None}
        found = [item for item in map(items.__getitem__, self._places.values()) if item is not None]
        batch = Batch(tuple(found), sum(item is None for item in items))
        self._body, self._items = kept, items
        if not self._lean:
            self._raws = raws
        if batch != self._batch:
            self._batch = batch

    def read(self, body: bytes) -> Batch[T]:
        """Take in a body at once. Raises `Unreadable`."""
        for _ in self.steps(body):
            pass
        return self._batch

    def entries(self) -> Iterator[tuple[T, bytes]]:
        """The items of the newest listing with the bytes that they were decoded from; none if it is lean."""
        rows = zip(self._items, self._raws, strict=False)  # lean, there are no bytes
        return ((item, bytes(raw)) for item, raw in rows if item is not None)

    def raw(self, item: object) -> bytes:
        """The bytes that an item of the newest listing was decoded from; empty if it is not of it."""
        return next((raw for known, raw in self.entries() if known is item), b"")

    def _read(self, raw: bytes) -> T | None:
        """The item, as the object known if it says the same; None if it cannot be told from others."""
        self.decoded += 1
        item = read_one(raw, self._kind)
        if item is None or not self._name(item):
            return None
        place = self._places.get(self._name(item))
        before = self._items[place] if place is not None else None
        if before == item:
            return before
        item.share()
        return item

    def _split(self, body: bytes) -> list[msgspec.Raw]:
        try:
            answer = _decode(body, self._answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            shown = clean(body[:60].decode("utf-8", "replace"), limit=60)
            raise Unreadable(f"the answer is not the JSON object expected: {shown!r}") from error
        # both spellings of the key, at the price of one pass over the body
        return next((rows for rows in msgspec.structs.astuple(answer) if rows), [])


@cache
def _answer(key: str) -> type[msgspec.Struct]:
    """A listing under a key in either spelling. One type for all readers of a kind: a type is large."""
    keys = dict.fromkeys((key, _camel(key)))
    return msgspec.defstruct("Answer", [(name, list[msgspec.Raw] | None, None) for name in keys])


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.title() for word in rest)
