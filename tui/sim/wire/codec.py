"""The two encodings of a message: protobuf, and JSON as Go's Twirp servers print and read it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal, TypeVar

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

Codec = Literal["json", "protobuf"]
M = TypeVar("M", bound=Message)
Writer = Callable[[Any], str]
"""Prints one value. What type it has is the descriptor's to know, not the type checker's."""
Kind = Any
"""A message descriptor: of one class under protobuf's C core and of another without it."""
Field = Any
"""A field descriptor, of two classes for the same reason."""

SURROGATE: Final = "\U0010fffd"
"""Stands for a lone surrogate, which no protobuf string can hold but JSON can carry: printed as `\\ud800`."""

_quote: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode
_LONG = (
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT64,
    FieldDescriptor.TYPE_SINT64,
    FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_SFIXED64,
)
_EPOCH = datetime(1970, 1, 1)


class Malformed(ValueError):
    """The body cannot be decoded as the expected message; the text is Twirp's own."""


def decode(body: bytes, kind: type[M], codec: Codec) -> M:
    """A request body as a message; raises Malformed."""
    if codec == "protobuf":
        try:
            return kind.FromString(body)
        except DecodeError:
            raise Malformed("the protobuf request could not be decoded") from None
    message = kind()
    try:
        # Go's decoder takes the first JSON value and leaves the rest unread.
        value, _ = json.JSONDecoder().raw_decode(body.decode().lstrip())
        if not isinstance(value, dict):
            raise Malformed("the json request could not be decoded")
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()  # half a character breaks protobuf's own look-ups
        return json_format.ParseDict(value, message, ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, RecursionError):
        raise Malformed("the json request could not be decoded") from None


class JsonForm:
    """Prints messages as JSON: as Go does, or in camelCase without defaults, which clients must read as well.

    Go's form has proto names, prints defaults, 64-bit numbers as text and `null` for an unset message; it
    leaves out only unset optional fields (PROTOCOL.md, Hosts and paths).
    """

    def __init__(self, camel: bool = False) -> None:
        self._camel = camel
        self._writers: dict[str, Writer] = {}

    def text(self, message: Message) -> str:
        """The message as one JSON object."""
        return self._writer(message.DESCRIPTOR)(message)

    def encoded(self, message: Message) -> bytes:
        """The message as UTF-8 JSON."""
        return self.seal(self.text(message))

    @staticmethod
    def seal(text: str) -> bytes:
        """Printed JSON as bytes, with the stand-ins for lone surrogates resolved."""
        return text.replace(SURROGATE, "\\ud800").encode()

    def name(self, field: Field) -> str:
        """A field's key in this form."""
        return str(field.json_name if self._camel else field.name)

    def _writer(self, kind: Kind) -> Writer:
        writer = self._writers.get(kind.full_name)
        if writer is None:
            writer = _timestamp if kind.full_name == "google.protobuf.Timestamp" else self._object(kind)
            self._writers[kind.full_name] = writer
        return writer

    def _message(self, kind: Kind, message: Any) -> str:
        # Looked up late: a message type may hold itself.
        text: str = self._writer(kind)(message)
        return text

    def _object(self, kind: Kind) -> Writer:
        members = [(f"{_quote(self.name(field))}:", field.name, self._member(field)) for field in kind.fields]

        def write(message: Any) -> str:
            parts = []
            for key, name, member in members:
                text = member(message, name)
                if text is not None:
                    parts.append(key + text)
            return "{" + ",".join(parts) + "}"

        return write

    def _member(self, field: Field) -> Callable[[Any, str], str | None]:
        """How one field of a message is printed; None leaves it out."""
        if field.is_repeated:
            many = self._many(field)
            empty = None if self._camel else ("{}" if _is_map(field) else "[]")
            return lambda message, name: many(items) if (items := getattr(message, name)) else empty
        value = self._value(field)
        if field.has_presence:
            unset = None if self._camel or field.containing_oneof is not None else "null"
            return lambda message, name: value(getattr(message, name)) if message.HasField(name) else unset
        if self._camel:
            return lambda message, name: value(item) if (item := getattr(message, name)) else None
        return lambda message, name: value(getattr(message, name))

    def _many(self, field: Field) -> Writer:
        if _is_map(field):
            value = self._value(field.message_type.fields_by_name["value"])
            return lambda items: (
                "{" + ",".join(f"{_quote(str(k))}:{value(v)}" for k, v in items.items()) + "}"
            )
        value = self._value(field)
        return lambda items: "[" + ",".join([value(item) for item in items]) + "]"

    def _value(self, field: Field) -> Writer:
        """How one value of the field's type is printed."""
        if field.message_type is not None:
            return partial(self._message, field.message_type)
        if field.enum_type is not None:
            names = {number: f'"{value.name}"' for number, value in field.enum_type.values_by_number.items()}
            return lambda value: names.get(value) or str(value)
        if field.type == FieldDescriptor.TYPE_STRING:
            return _quote
        if field.type in _LONG:
            return lambda value: f'"{value}"'
        if field.type == FieldDescriptor.TYPE_BYTES:
            return lambda value: f'"{base64.b64encode(value).decode()}"'
        if field.type == FieldDescriptor.TYPE_BOOL:
            return lambda value: "true" if value else "false"
        return lambda value: str(value).removesuffix(".0")


def _is_map(field: Field) -> bool:
    kind = field.message_type
    return kind is not None and bool(kind.GetOptions().map_entry)


def _timestamp(value: Timestamp) -> str:
    """RFC 3339 with 0, 3, 6 or 9 digits of fraction and always `Z`."""
    whole = (_EPOCH + timedelta(seconds=value.seconds)).isoformat()
    nanos = f"{value.nanos:09d}"
    while nanos.endswith("000"):
        nanos = nanos[:-3]
    return f'"{whole}.{nanos}Z"' if nanos else f'"{whole}Z"'
