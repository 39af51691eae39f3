"""An ordered list of messages that keeps their encoded forms: an unchanged list is not encoded again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic

from google.protobuf.message import Message

from tui.sim.wire.codec import Codec, JsonForm, M


class Listing(Generic[M]):
    """An ordered collection that can print itself as the one repeated field of an answer.

    After a message was changed in place `touch` must be called: only touched messages are encoded again.
    """

    def __init__(self, answer: type[Message], form: JsonForm) -> None:
        field = answer.DESCRIPTOR.fields[0]
        self._key = form.name(field)
        self._tag = bytes([field.number << 3 | 2])
        self._form = form
        self._messages: dict[str, M] = {}
        self._parts: dict[Codec, dict[str, bytes]] = {"json": {}, "protobuf": {}}
        self._whole: dict[Codec, bytes] = {}

    def __getitem__(self, key: str) -> M:
        return self._messages[key]

    def __contains__(self, key: str) -> bool:
        return key in self._messages

    def __iter__(self) -> Iterator[str]:
        return iter(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def get(self, key: str) -> M | None:
        """The message of that key, or None."""
        return self._messages.get(key)

    def values(self) -> Iterable[M]:
        """Every message, in order of arrival."""
        return self._messages.values()

    def put(self, key: str, message: M) -> M:
        """Add or replace a message; returns it."""
        self._messages[key] = message
        self.touch(key)
        return message

    def drop(self, key: str) -> M:
        """Remove a message; returns it. Raises KeyError."""
        message = self._messages.pop(key)
        self.touch(key)
        return message

    def touch(self, key: str) -> None:
        """Mark the message of that key as changed."""
        for parts in self._parts.values():
            parts.pop(key, None)
        self._whole.clear()

    def encoded(self, codec: Codec, keys: Iterable[str] | None = None) -> bytes:
        """The answer with all messages, or with those of `keys`; unknown keys are left out."""
        if keys is not None:
            return self._join(codec, [key for key in keys if key in self._messages])
        whole = self._whole.get(codec)
        if whole is None:
            whole = self._whole[codec] = self._join(codec, self._messages)
        return whole

    def _join(self, codec: Codec, keys: Iterable[str]) -> bytes:
        parts = self._parts[codec]
        pieces = [parts.get(key) or self._encode(codec, key) for key in keys]
        if codec == "protobuf":
            return b"".join(pieces)
        return b'{"%s":[%s]}' % (self._key.encode(), b",".join(pieces))

    def _encode(self, codec: Codec, key: str) -> bytes:
        message = self._messages[key]
        if codec == "json":
            piece = self._form.encoded(message)
        else:
            body = message.SerializeToString()
            piece = self._tag + _varint(len(body)) + body
        self._parts[codec][key] = piece
        return piece


def _varint(number: int) -> bytes:
    """A length as protobuf writes it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
