"""Parses `.env` files like `lk`, by the grammar of godotenv 1.5.1 (PROTOCOL.md, Secrets).

It is a parser of its own because python-dotenv differs for quotes, `$` and `#`, which passwords contain. No
error or record holds a part of a value. Knows nothing of files or of LiveKit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from tui.packaging.errors import SecretsError
from tui.secret import Secret

_BLANK: Final = "\t\v\f\r \x85\xa0"
"""Space within a line."""
_WHITE: Final = (
    _BLANK
    + "\n\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    + ("\u2028\u2029\u202f\u205f\u3000")
)
_VARIABLE: Final = re.compile(r"\\?\$\(?\{?(?P<name>[A-Z0-9_]+)?\}?")
"""A reference; `$(NAME)` is one too, and its closing bracket stays."""
_ESCAPE: Final = re.compile(r"\\(.)")
_BACKSLASH: Final = re.compile(r"\\([^$])")
_EMPTIED: Final = "a $ in it is read as a variable that has no value and is gone: use single quotes"
_COMMENT: Final = (
    "what follows a # after a space is a comment and no part of it: use single quotes if it is one"
)
_NO_COMMENT: Final = "it begins with #, which is no comment there but the value"
_UNQUOTED: Final = "a quote at its beginning or end is taken off, even an escaped one"


class Assignment(Struct, frozen=True):
    """One `NAME=value`."""

    name: str
    """Empty for a line without `=` or `:`, whose whole text is then the value."""
    value: Secret
    line: int
    """Counted from 1."""
    warnings: tuple[str, ...] = ()
    """How the value may differ from what was meant; holds no part of it."""


def parse(text: str) -> tuple[Assignment, ...]:
    """Every assignment in order; the later one of a name counts. Raises `SecretsError`."""
    return tuple(_Reader(text.replace("\r\n", "\n")).assignments())


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._values: dict[str, str] = {}
        self._warnings: dict[str, None] = {}

    def assignments(self) -> Iterator[Assignment]:
        while self._skip_to_statement():
            line = self._text.count("\n", 0, self._at) + 1
            name = self._name(line)
            self._warnings.clear()
            value = self._value(line)
            self._values[name] = value
            yield Assignment(name, Secret(value), line, tuple(self._warnings))

    def _column(self, at: int) -> int:
        return at - self._text.rfind("\n", 0, at)

    def _skip(self, characters: str) -> None:
        while self._at < len(self._text) and self._text[self._at] in characters:
            self._at += 1

    def _skip_to_statement(self) -> bool:
        self._skip(_WHITE)
        while self._text.startswith("#", self._at):
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end
            self._skip(_WHITE)
        return self._at < len(self._text)

    def _name(self, line: int) -> str:
        """The name before `=` or `:`. Without either it is empty and the whole text is the value."""
        if self._text.startswith("export", self._at) and self._text[self._at + 6 : self._at + 7] in set(
            _BLANK
        ):
            self._at += 6
            self._skip(_BLANK)
        start = self._at
        for at in range(start, len(self._text)):
            character = self._text[at]
            if character in "=:":
                self._at = at + 1
                self._skip(_BLANK)
                return self._text[start:at].rstrip(_WHITE)
            if character == "\n":
                raise SecretsError(f"line {line}: there is no = in it")
            if character not in _BLANK and not _may_be_in_name(character):
                raise SecretsError(
                    f"line {line}, character {self._column(at)}: a name has only A-Z a-z 0-9 _ ."
                )
        if start == len(self._text):
            raise SecretsError(f"line {line}: nothing follows 'export'")
        return ""

    def _value(self, line: int) -> str:
        quote = self._text[self._at : self._at + 1]
        if quote and quote in "'\"":
            return self._quoted(quote, line)
        ends = (self._text.find(end, self._at) for end in "\n\r")
        end = min((end for end in ends if end >= 0), default=len(self._text))
        value, self._at = self._text[self._at : end], end
        if value.startswith("#"):
            self._warnings[_NO_COMMENT] = None
        for at in range(len(value) - 1, 0, -1):
            if value[at] == "#" and value[at - 1] in _BLANK:
                value = value[:at]
                self._warnings[_COMMENT] = None
                break
        return self._expand(value.strip(_BLANK))

    def _quoted(self, quote: str, line: int) -> str:
        end = self._text.find(quote, self._at + 1)
        while end > 0 and self._text[end - 1] == "\\":
            end = self._text.find(quote, end + 1)
        if end < 0:
            raise SecretsError(f"line {line}: a value begins with {quote} and never ends")
        inner = self._text[self._at + 1 : end]
        value = inner.strip(quote)
        if value != inner:
            self._warnings[_UNQUOTED] = None
        self._at = end + 1
        if quote == "'":
            return value
        value = _ESCAPE.sub(lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[0]), value)
        return self._expand(_BACKSLASH.sub(r"\1", value))

    def _expand(self, value: str) -> str:
        return _VARIABLE.sub(self._variable, value)

    def _variable(self, found: re.Match[str]) -> str:
        if found[0].startswith("\\"):
            return found[0][1:]
        name = found["name"]
        if name is None:
            return found[0]
        if name not in self._values:
            self._warnings[_EMPTIED] = None
        return self._values.get(name, "")


def _may_be_in_name(character: str) -> bool:
    """Beyond ASCII godotenv checks byte by byte, which accepts some letters; here none is accepted."""
    return character.isascii() and (character.isalnum() or character in "_.")
