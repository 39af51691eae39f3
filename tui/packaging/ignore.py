"""Matches paths against ignore lists in Docker's dialect, as `lk` does (PROTOCOL.md, Builds).

The dialect is not git's: a pattern is anchored at the root, a leading `/` never matches, comments are
patterns, and a set such as `[^a]` may match a `/`. All of this is kept, because what is uploaded must not
depend on the client. Reads no files: it takes relative names with `/`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tui.api.text.clean import clean
from tui.packaging.errors import PatternError

_ESCAPED = frozenset(".+()$")
"""Escaped in regular expressions. `|` and braces are not: `a|b*` is an alternation."""
_REPEAT = re.compile(r"\{\d{1,3}(,\d{0,3})?\}")
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-\\x7e",
    "lower": "a-z",
    "print": "\\x20-\\x7e",
    "punct": "!-/:-@\\[-`{-\\x7e",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


@dataclass(frozen=True, slots=True)
class IgnorePattern:
    """One pattern."""

    text: str
    """As matched: trimmed, cleaned like a path, without the `!`."""
    excepts: bool
    """Whether the line began with `!`: its matches are included again."""
    test: Callable[[str], bool] = field(repr=False)
    """Whether a path matches."""

    @property
    def rooted(self) -> bool:
        """Whether the line begins with `/`, which anchors it for git; here it never matches."""
        return self.text.startswith("/")


@dataclass(frozen=True, slots=True)
class DirectoryMatches:
    """The matches of a directory, from which those of its entries follow."""

    ignored: bool
    hits: tuple[bool, ...]
    """For each pattern, whether it matches the directory or one above it."""


class Patterns:
    """An ordered ignore list, where the last match wins. Raises `PatternError`."""

    def __init__(self, lines: Iterable[str]) -> None:
        read = (_read(line) for line in lines)
        self.patterns = tuple(pattern for pattern in read if pattern is not None)
        self._excepting = any(pattern.excepts for pattern in self.patterns)
        self._top = DirectoryMatches(ignored=False, hits=(False,) * len(self.patterns))

    def enter(self, path: str, above: DirectoryMatches | None = None) -> DirectoryMatches:
        """The level of a directory below the root; `above` is its parent's, None if that is the root."""
        above = above or self._top
        if above.ignored and not self._excepting:
            return above
        judged = zip(self.patterns, above.hits, strict=True)
        return DirectoryMatches(self.ignores(path, above), tuple(hit or p.test(path) for p, hit in judged))

    def ignores(self, path: str, above: DirectoryMatches | None = None) -> bool:
        """Whether a path is excluded; `above` is the level of its directory, None for the root."""
        above = above or self._top
        if above.ignored and not self._excepting:
            return True
        ignored = False
        for pattern, hit in zip(self.patterns, above.hits, strict=True):
            if pattern.excepts == ignored and (hit or pattern.test(path)):
                ignored = not ignored
        return ignored

    def ignores_deep(self, path: str) -> bool:
        """Whether a path is excluded, for a path whose directories were not entered one by one."""
        level: DirectoryMatches | None = None
        for end, char in enumerate(path):
            if char == "/":
                level = self.enter(path[:end], level)
        return self.ignores(path, level)


def _read(line: str) -> IgnorePattern | None:
    text = line.strip()
    if not text:
        return None
    text = posixpath.normpath(text)
    excepts = text.startswith("!")
    if excepts:
        text = text[1:]
    if not text:
        raise PatternError(f"ignore pattern {_shown(line)} excepts nothing: it needs a name after the !")
    _check(text, line)
    return IgnorePattern(text, excepts, _test(text, line))


def _check(text: str, line: str) -> None:
    """Raise for what `lk` refuses: an open or empty set, a range without an end, a last `\\`.

    It checks up to the first star outside a set; the rest must only be translatable.
    """
    at = len(text) - len(text.lstrip("*"))
    while at < len(text) and text[at] != "*":
        if text[at] != "[":
            at = _one(text, at, line)
            continue
        at += 2 if text.startswith("^", at + 1) else 1
        at = _member(text, at, line)
        while not text.startswith("]", at):
            at = _member(text, at, line)
        at += 1


def _member(text: str, at: int, line: str) -> int:
    """Step over one character or range of a set."""
    if at >= len(text) or text[at] in "-]":
        raise _syntax(line)
    at = _one(text, at, line)
    if text.startswith("-", at):
        at += 1
        if at >= len(text) or text[at] in "-]":
            raise _syntax(line)
        at = _one(text, at, line)
    if at >= len(text):
        raise _syntax(line)
    return at


def _one(text: str, at: int, line: str) -> int:
    """Step over one character, which a backslash may precede."""
    if text[at] == "\\":
        at += 1
        if at >= len(text):
            raise _syntax(line)
    return at + 1


def _syntax(line: str) -> PatternError:
    return PatternError(f"ignore pattern {_shown(line)} has a syntax error: check its [ ] and \\")


def _shown(line: str) -> str:
    return repr(clean(line.strip(), limit=80))


def _test(text: str, line: str) -> Callable[[str], bool]:
    """The test of one pattern: a plain comparison where the dialect has one, else a regular expression.

    A glob may be valid and its expression not (`[z-a]`). `lk` then silently excludes every file that is
    tested against it; here it is an error.
    """
    expression, plain = _expression(text)
    if plain == "exact":
        return text.__eq__
    if plain == "prefix":
        start = text[:-2]
        return lambda path: path.startswith(start)
    if plain == "suffix":
        end = text[2:]
        # **/x is also x; **x is anything that ends in x
        return lambda path: path.endswith(end) or (end.startswith("/") and path == end[1:])
    try:
        found = re.compile(_python(expression), re.ASCII)
    except re.error as error:
        raise PatternError(f"ignore pattern {_shown(line)} cannot be read: {error.msg}") from None
    return lambda path: found.search(path) is not None


def _expression(text: str) -> tuple[str, str]:
    """The pattern as a regular expression of Go, and the equivalent plain comparison if there is one.

    A set's brackets are copied and its content translated like the rest, so `[*]` is not a literal star.
    """
    out, plain, at = "^", "exact", 0
    while at < len(text):
        char, start = text[at], at
        at += 1
        if char == "*" and text.startswith("*", at):
            at += 1
            at += text.startswith("/", at)
            if at == len(text):
                plain = "prefix" if plain == "exact" else ""
                out += ".*"
            else:
                plain = ""
                out += "(.*/)?"
            if start == 0:
                plain = "suffix"
        elif char == "*":
            out, plain = out + "[^/]*", ""
        elif char == "?":
            out, plain = out + "[^/]", ""
        elif char in _ESCAPED:
            out += "\\" + char
        elif char == "\\":
            out, plain = out + char + text[at : at + 1], ""
            at += 1
        else:
            out += char
            if char in "[]":
                plain = ""
    return out + "$", plain


def _python(go: str) -> str:
    """The same expression in Python's grammar. Raises `re.error` if it has no counterpart."""
    out, at, in_set, members = "", 0, False, 0
    while at < len(go):
        char = go[at]
        if char == "\\":
            out += _escape(go[at + 1])
            at += 2
            members += 1
            continue
        if in_set and go.startswith("[:", at) and (end := go.find(":]", at + 2)) > 0:
            out += _posix(go[at + 2 : end])
            at = end + 2
            members += 1
            continue
        if in_set:
            if go.startswith("--", at):
                raise re.error("a set with -- is told apart by no two readers alike")
            if char == "]" and members:
                in_set, out = False, out + char
            else:
                out += "\\" + char if char in "[]&~|" else char
                members += 1
        elif char == "[":
            in_set, members = True, 0
            out += char
            if go.startswith("^", at + 1):
                out += "^"
                at += 1
        elif char == "{" and not _REPEAT.match(go, at):
            out += "\\{"
        elif char == "$":
            out += "\\Z"  # Python's $ would also match before a final newline
        else:
            out += char
        at += 1
    return out


def _escape(char: str) -> str:
    if char.isascii() and not char.isalnum():
        return re.escape(char)
    if char in "dDsSwW":
        return "\\" + char
    raise re.error(f"no escape \\{char} here, write it plainly")


def _posix(name: str) -> str:
    if name not in _POSIX:
        raise re.error(f"no character class {name}")
    return _POSIX[name]
