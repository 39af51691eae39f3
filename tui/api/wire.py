"""Bytes to models, tolerantly: whatever a server or something between us sends, rows that can be read are.

The quick road decodes an item straight into its model. It is taken only by items that are plain ASCII without
escapes, so that nothing on it can hold a character that a terminal would obey. Every other item takes the
careful road: keys to snake case, nulls away, every text cleaned, fields of a wrong type dropped one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Generic, TypeVar

import msgspec

from tui.api.clean import clean, clean_block
from tui.api.models import Wire

T = TypeVar("T", bound=Wire)

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

PLAIN_LIMIT = 65_536
"""Items longer than this many bytes take the careful road, where texts are cut to what a screen can use."""
TEXT_LIMIT = 16_384
"""Characters kept of one text; metadata, the longest, may be 512 KiB (contract.md §6.3)."""
DEPTH_LIMIT = 32
"""Nesting beyond this is an attack: LiveKit's deepest message has six levels."""

_NOT_PLAIN = re.compile(rb'[\x7f]|\\[^"\\/]')
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")
_MULTILINE = frozenset({"metadata", "error", "message"})
_OPAQUE = frozenset({"attributes"})


class Unreadable(ValueError):
    """A body that is not the JSON object that the method answers with. Its text is safe to show."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """A listing as decoded."""

    items: tuple[T, ...] = ()
    unreadable: int = 0
    """Entries that could not be read at all."""


def is_plain(data: bytes) -> bool:
    """Whether every text in this JSON is printable ASCII as it stands."""
    return len(data) <= PLAIN_LIMIT and data.isascii() and _NOT_PLAIN.search(data) is None


def parse(body: bytes) -> dict[str, msgspec.Raw]:
    """The top level of an answer; raises `Unreadable` for anything but a JSON object."""
    try:
        return msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = clean(body[:60].decode("utf-8", "replace"), limit=60)
        raise Unreadable(f"the answer is not the JSON object expected: {shown!r}") from error


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
        loose: Json = msgspec.json.decode(data)
        tree = _tidy(loose, "", DEPTH_LIMIT)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    if not isinstance(tree, dict):
        return None
    for _ in range(16):
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
        return (clean_block if key in _MULTILINE else clean)(value, limit=TEXT_LIMIT)
    if isinstance(value, list):
        return [_tidy(item, key, depth - 1) for item in value if item is not None]
    if isinstance(value, dict):
        if key in _OPAQUE:
            return {clean(k): _tidy(v, "", depth - 1) for k, v in value.items() if v is not None}
        tidied = ((snake(k), v) for k, v in value.items() if v is not None)
        return {k: _tidy(v, k, depth - 1) for k, v in tidied}
    return value


def _drop(tree: Json, message: str) -> bool:
    """Remove the field that a validation message points at (`… - at `$.a[0].b``); False if it names none."""
    _, _, path = message.rpartition(" - at `$")
    steps = [key or int(index) for key, index in _STEP.findall(path)]
    if not steps:
        return False
    node = tree
    for step in steps[:-1]:
        node = _child(node, step)
    last = steps[-1]
    if isinstance(node, dict) and isinstance(last, str):
        return node.pop(last, _ABSENT) is not _ABSENT
    if isinstance(node, list) and isinstance(last, int) and last < len(node):
        del node[last]
        return True
    return False


def _child(node: Json, step: str | int) -> Json:
    if isinstance(node, dict) and isinstance(step, str):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None


_ABSENT: Json = "\0absent"


class Reader(Generic[T]):
    """Decodes the listings of one source, giving the very same objects back for bytes that did not change.

    Equal bodies cost one comparison; in an unequal one only the items whose bytes are new are decoded. So
    identity tells the store what changed, at the cost of what was received and nothing else.
    """

    def __init__(self, kind: type[T], key: str, *, lean: bool = False) -> None:
        """`lean` remembers a digest of the body in place of the body: for listings of which there are many."""
        self._kind = kind
        self._keys = (key, _camel(key))
        self._lean = lean
        self._body = b""
        self._batch: Batch[T] = Batch()
        self._known: dict[int, tuple[msgspec.Raw, T]] = {}
        self.decoded = 0
        """Items decoded so far: the measure of what a poll costs."""

    @property
    def batch(self) -> Batch[T]:
        """The newest listing; the same object while the bodies are equal."""
        return self._batch

    def steps(self, body: bytes, size: int = 256) -> Iterator[None]:
        """Take in a body, pausing after every `size` items; `batch` is the result once exhausted.

        Raises `Unreadable`. A caller on an event loop yields to it at each pause, for a decode holds the lock
        that keys need.
        """
        kept = blake2b(body, digest_size=16).digest() if self._lean else body
        if kept == self._body:
            return
        raws = self._split(body)
        items: list[T] = []
        known: dict[int, tuple[msgspec.Raw, T]] = {}
        unreadable = 0
        for index, raw in enumerate(raws, 1):
            data = bytes(raw)
            mark = hash(data)
            before = self._known.get(mark)
            item = before[1] if before and bytes(before[0]) == data else self._read(data)
            if item is None:
                unreadable += 1
            else:
                items.append(item)
                if not self._lean:
                    known[mark] = (raw, item)
            if index % size == 0:
                yield
        if self._lean:
            items = [
                old if old == new else new for old, new in zip(self._batch.items, items, strict=False)
            ] + (items[len(self._batch.items) :])
        batch = Batch(tuple(items), unreadable)
        self._body, self._known = kept, known
        if batch != self._batch:
            self._batch = batch

    def read(self, body: bytes) -> Batch[T]:
        """Take in a body at once. Raises `Unreadable`."""
        for _ in self.steps(body):
            pass
        return self._batch

    def raw(self, item: object) -> bytes:
        """The bytes that an item of the newest listing was decoded from; empty if it is not of it."""
        return next((bytes(raw) for raw, known in self._known.values() if known is item), b"")

    def _read(self, raw: bytes) -> T | None:
        self.decoded += 1
        return read_one(raw, self._kind)

    def _split(self, body: bytes) -> list[msgspec.Raw]:
        top = parse(body)
        raw = next((top[key] for key in self._keys if key in top), None)
        if raw is None or bytes(raw) == b"null":
            return []
        try:
            return msgspec.json.decode(raw, type=list[msgspec.Raw])
        except msgspec.DecodeError as error:
            raise Unreadable(f"`{self._keys[0]}` in the answer is not a list") from error


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.title() for word in rest)
