"""Text as it was typed or pasted: kept exactly, and what no field can hold is marked. Knows no field.

What cannot be sent stands in a field as one character of `_MARKS` until it is taken out; it is drawn as �.
Bytes that are not UTF-8 come from the driver as such a character already.
"""

from __future__ import annotations

import re
from typing import Final

from textual.events import Key
from textual.screen import Screen

_BASE: Final = 0xDC00
"""A byte is marked by the surrogate that Python's `surrogateescape` uses for bytes from 0x80 on."""
_MARKS: Final = re.compile("[\udc00-\udcff\ude28\ude29]")
_SEPARATORS: Final = {"\u2028": "\ude28", "\u2029": "\ude29"}
_NAMES: Final = {
    "\0": "a NUL",
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a carriage return",
    "\x1b": "an escape",
}
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_NO_LINE_OF_A_BLOCK: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""What a block of lines cannot hold; its editor would make line breaks of some of them."""
_BREAK: Final = re.compile("\r\n|\r|\n")
_LINE_ENDS: Final = re.compile(r"[ \t]*\\?(?:\r\n|\r|\n)[ \t]*")
"""The end of a line, also one that a shell reads on from."""
FOREIGN: Final = "�"


def mark(match: re.Match[str]) -> str:
    """The characters that stand for what was found."""
    return "".join(_SEPARATORS.get(one, chr(_BASE + ord(one) % 0x100)) for one in match.group())


def one_line(pasted: str) -> str:
    """A paste for a field of one line: line breaks, tabs and control characters in it are marked."""
    return _CONTROLS.sub(mark, _BREAK.sub("\n", pasted.strip("\r\n")))


def joined(pasted: str) -> str:
    """A paste for a line of free text: line breaks and tabs become spaces, control characters are marked."""
    return one_line(re.sub(r"(?:[ \t]*[\r\n\t])+", " ", pasted.strip("\r\n")))


def command_line(pasted: str) -> str:
    """A paste for a line of a prompt: lines become one, also those that a shell reads on from."""
    return one_line(_LINE_ENDS.sub(" ", pasted.strip("\r\n")))


def block(pasted: str, newline: str) -> str:
    """A paste for several lines that end with `newline`: another line end, and what is no text, is marked.

    A carriage return alone is a line feed, as terminals send it.
    """
    text = re.sub("\r(?!\n)", "\n", pasted)
    if newline == "\n":
        text = text.replace("\r\n", chr(_BASE + ord("\r")) + "\n")
    else:
        text = re.sub("(?<!\r)\n", chr(_BASE + ord("\n")) + "\n", text).replace("\r\n", "\n")
    return _NO_LINE_OF_A_BLOCK.sub(mark, text)


def lines_in(pasted: str) -> int:
    """How many lines a paste has."""
    return len(_BREAK.split(pasted.strip("\r\n")))


def has_crlf_only(pasted: str) -> bool:
    """Every line of a paste ends with CR LF."""
    return "\r\n" in pasted and not re.search("\r(?!\n)|(?<!\r)\n", pasted)


def foreign(text: str) -> str:
    """What in a text cannot be sent, in words; empty if all of it can."""
    found = _MARKS.search(text)
    if found is None:
        return ""
    byte = ord(found.group()) - _BASE
    if byte >= 0x100:
        return "a line separator, which this field cannot hold"
    if byte >= 0x80:
        return f"a byte that is not UTF-8 (0x{byte:02x})"
    return _NAMES.get(chr(byte), f"a control character (0x{byte:02x})")


def without_marks(text: str) -> str:
    """The text with � for what cannot be sent, for whatever only shows it."""
    return _MARKS.sub(FOREIGN, text)


def is_text(character: str | None) -> bool:
    """Whether a character is text, even if Python calls it not printable. A NUL is: it is marked."""
    return character is not None and len(character) == 1 and not re.match("[\x01-\x1f\x7f]", character)


def typed(event: Key, screen: Screen[object]) -> str:
    """What a key types where Textual types nothing; empty for keys that do something else.

    Spaces and joiners that Python calls not printable are text. A control character that is no key here comes
    from a paste without marks, and is marked.
    """
    character = event.character
    if character is None or len(character) != 1 or event.is_printable:
        return ""
    if not _CONTROLS.match(character):
        return character
    known = event.key in screen.active_bindings or event.key in ("enter", "tab", "escape")
    return "" if known else chr(_BASE + ord(character))
