"""Decodes JSON into models, tolerantly: every readable row is kept, whatever a server or proxy sends.

The fast path decodes an item directly into its model. It is only for items in plain ASCII without escapes and
with snake_case keys, which can hold no control character and lose no field. All other items take the slow
path: keys to snake_case, nulls removed, every text cleaned, values of a wrong type dropped one by one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TypeVar

import msgspec

from tui.api.models import Wire
from tui.api.text.clean import clean, clean_block

T = TypeVar("T", bound=Wire)
D = TypeVar("D")

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

PLAIN_LIMIT = 65_536
"""Items longer than this many bytes take the slow path, where texts are shortened."""
TEXT_LIMIT = 16_384
"""Characters kept of one text; metadata, the longest, may be 512 KiB."""
MENDED_LIMIT = 16 * 1024 * 1024
"""Bytes up to which invalid characters are replaced: it takes six times the room."""
PARTS_LIMIT = 300_000
"""Values, about, of an item that is read; more are no message of LiveKit's, and take a hundred bytes each."""
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
"""Fields with keys of the operator or the object store, which are not renamed."""
_OPAQUE = frozenset({"values", "url", "presigned_url"})
"""Upload address and form: never shown, and unusable if a character changed."""
_WRONG_KINDS = 64
"""Different wrong values in one item after which it is dropped."""


def is_plain(data: bytes) -> bool:
    """Whether every text in this JSON is printable ASCII as it stands, under keys in snake case."""
    if len(data) > PLAIN_LIMIT or not data.isascii() or b"\x7f" in data:
        return False
    # the test for a backslash is faster than the expression, which costs more than the decoding
    return not (b"\\" in data and _ESCAPE.search(data)) and _CAMEL.search(data) is None


def decode(data: bytes, kind: type[D]) -> D:
    """Decode JSON; invalid characters (lone surrogates, bytes that are not UTF-8) are replaced first.

    Raises `msgspec.DecodeError` or `UnicodeDecodeError`.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if len(data) > MENDED_LIMIT:
            raise
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
    """One item, by the fast path if it is safe, else by the slow one; None if it cannot be decoded."""
    return read_row(raw, kind)[0]


def read_row(raw: msgspec.Raw | bytes, kind: type[T]) -> tuple[T | None, bool]:
    """The same, and whether something in it was of a wrong type, and so is missing from it."""
    data = bytes(raw)
    if is_plain(data):
        try:
            return msgspec.json.decode(data, type=kind, strict=False), False
        except msgspec.ValidationError:
            pass
        except (msgspec.DecodeError, RecursionError):
            return None, True
    return _careful(data, kind)


def _careful(data: bytes, kind: type[T]) -> tuple[T | None, bool]:
    if data.count(b",") + data.count(b"[") + data.count(b"{") > PARTS_LIMIT:
        return None, True
    try:
        received = decode(data, dict)
        tree = _tidy(received, "", DEPTH_LIMIT)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None, True
    for dropped in range(_WRONG_KINDS):
        try:
            item = msgspec.convert(tree, type=kind, strict=False)
            return item, dropped > 0 or (b"null" in data and _has_null_in_list(received))
        except msgspec.ValidationError as error:
            if not _drop(tree, str(error)):
                break
    return None, True


def _has_null_in_list(value: Json) -> bool:
    """Whether a list in it holds a null, which is no message."""
    if isinstance(value, list):
        return None in value or any(map(_has_null_in_list, value))
    return isinstance(value, dict) and any(map(_has_null_in_list, value.values()))


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
    """An entry of a map of texts; another value is shown as JSON."""
    return clean(value if isinstance(value, str) else msgspec.json.encode(value).decode(), limit=TEXT_LIMIT)


def _drop(tree: Json, message: str) -> bool:
    """Remove the value that a validation message names (`… - at `$.a[0].b``); False if it names none.

    The same wrong value in the same place of its siblings is removed too, so that a long list of rows with a
    common fault costs one round.
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


@cache
def listing_of(key: str) -> type[msgspec.Struct]:
    """A listing under a key in either spelling. One type for all readers of a kind: a type is large."""
    keys = dict.fromkeys((key, _camel(key)))
    return msgspec.defstruct("Answer", [(name, list[msgspec.Raw] | None, None) for name in keys])


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.title() for word in rest)
