"""The level of one line, as far as the line alone tells. Every part of the program judges lines by this."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

import msgspec

from tui.logs.lines.envelope import BOM, bare, colourless, json_start, may_have_prefix, prefix_end
from tui.logs.lines.jsonline import (
    DEPTH,
    FAILURES,
    LEVEL,
    MESSAGE,
    OTHER_MESSAGE,
    cut_level,
    field,
    fields_of,
    level_in,
    wrapped,
)
from tui.logs.lines.levels import LEVELS, Level
from tui.logs.lines.text_level import (
    LOOKED_AT,
    MESSAGE_HINTS,
    ends_process,
    hints_in,
    level_of_shape,
    level_of_text,
)


class Header(msgspec.Struct, gc=False):
    """What is read of a line of JSON as it arrives: livekit-agents' names, then pino's."""

    level: str | int | float = ""
    message: str = ""
    msg: str = ""


_header = msgspec.json.Decoder(Header).decode
_headers = msgspec.json.Decoder(Header).decode_lines
_PADDED: Final = re.compile(r" {1,2}(?:INFO|WARN|TRACE|DEBUG|ERROR) ")
"""A level behind the time of a collector, in a column of its own: not the rest of the line before."""

SHAPES: Final = 2048
"""Lines without their digits whose levels are remembered."""
LONGEST_SHAPE: Final = 200
"""Bytes of such a line."""
UNSURE: Final = -1
"""In place of a level: more than the shape of the line must be looked at."""
_NEW: Final = -2
_known: Final[dict[bytes, int]] = {}
"""Levels by shape: of lines without their digits."""
_BOM: Final = BOM.decode("latin-1")
_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")


def level_of(line: bytes) -> Level:
    """The level of a line of any length. Never raises, whatever the bytes."""
    level, text = unwrapped(line)
    return level_of_text(text) if level is None else level


def levels_of_like_lines(lines: Sequence[bytes]) -> tuple[list[int], Sequence[str]]:
    """The levels of lines of plain text that begin at the margin, judged once for all lines like them.

    Programs print the same lines with other numbers. A level is `UNSURE` if more than that must be looked at:
    the line is long or indented, a record, behind a prefix, or its level depends on its digits. Of lines at
    the margin that were not known, only the hints that come second may tell of the end of a process.
    """
    shapes = [
        line.translate(_ZEROS) if line[:1] > b" " and len(line) <= LONGEST_SHAPE else b"" for line in lines
    ]
    levels = [_known.get(shape, _NEW) if shape else UNSURE for shape in shapes]
    odd = [line for line, level in zip(lines, levels, strict=True) if level < 0 and line[:1] > b" "]
    hints = hints_in(odd) if odd else ()
    if _NEW in levels:
        if len(_known) + len(odd) > SHAPES:  # those that come again are judged again
            _known.clear()
        for at, level in enumerate(levels):
            if level == _NEW:
                shape = shapes[at]
                levels[at] = _known[shape] = (
                    _level_of_shape(shape, hints) if (known := _known.get(shape)) is None else known
                )
    return levels, hints


def _level_of_shape(shape: bytes, hints: Sequence[str]) -> int:
    text = shape.decode("latin-1")
    if "{" in text or (not text.isprintable() and ("\r" in text or "\x1b" in text)) or text.startswith(_BOM):
        return UNSURE
    if may_have_prefix(text) and prefix_end(text):
        return UNSURE
    level = level_of_shape(text, hints)
    return UNSURE if level is None else level


def levels_of_records(lines: Sequence[bytes]) -> bytearray | None:
    """The levels of lines that each begin with a brace, at once; None if one is no record with a level."""
    if bytes(map(itemgetter(-1), lines)).count(b"}") < len(lines):  # it may go on in the next
        return None
    try:
        headers = _headers(b"\n".join(lines))
        levels = bytearray([LEVELS[header.level] for header in headers])
    except (KeyError, *FAILURES):
        return None
    if len(levels) != len(lines):
        return None
    messages = "\n".join([header.message or header.msg for header in headers])
    for hint in filter(messages.__contains__, MESSAGE_HINTS):
        found = [at for at, header in enumerate(headers) if hint in (header.message or header.msg)]
        for at in found:
            levels[at] = _level_with_end(headers[at], levels[at])
    return levels


def _level_with_end(header: Header, level: int) -> int:
    message = header.message or header.msg
    hinted = level < Level.ERROR and any(map(message.__contains__, MESSAGE_HINTS))
    return Level.CRITICAL if hinted and ends_process(message) else level


def unwrapped(line: bytes, depth: int = DEPTH) -> tuple[Level | None, str]:
    """The level of a record of JSON; or else None and the text that is to be judged."""
    if line[:1] == b"{" and (found := _of_json(line, depth)) is not None:
        return found
    text = line[:LOOKED_AT].decode("latin-1")
    if (
        "{" in text
        and (start := json_start(line)) > 0
        and (found := _of_json(line[start:], depth)) is not None
    ):
        return found
    if not (text.isprintable() and text.isascii()) or len(line) > LOOKED_AT:
        text = colourless(bare(line)[:LOOKED_AT].decode("latin-1"))
    if may_have_prefix(text) and (end := prefix_end(text)):
        text = text[end:]
        return None, text.lstrip() if _PADDED.match(text) else text
    return None, text


def _of_json(raw: bytes, depth: int) -> tuple[Level | None, str] | None:
    """None if it is no object, or not one that a logger or a collector wrote."""
    try:
        header = _header(raw)
        level = LEVELS.get(header.level)
    except FAILURES:
        level = None
    if level is not None:
        return Level(_level_with_end(header, level)), ""
    found = fields_of(raw)
    if not found:
        cut = cut_level(raw) if raw.startswith(b"{") else Level.NONE
        return (cut, "") if cut else None
    if depth and (inner := wrapped(found)):
        return unwrapped(inner, depth - 1)
    level = level_in(found)
    message = field(found, *MESSAGE, *OTHER_MESSAGE)[1]
    if level < Level.ERROR and ends_process(message):
        return Level.CRITICAL, ""
    if level or any(name in found for name in LEVEL):
        return level, ""
    if "\n" in (whole := message.rstrip("\n")):  # nothing of it is in the lines around
        told = "Traceback (most recent call last" in whole
        return (Level.ERROR if told else level_of_text(whole.partition("\n")[0])), ""
    return (None, whole) if whole else None
