"""Lines for a shell: an operation as one, quoting what others named, and the words of a line that is read."""

from __future__ import annotations

import json
import re
import shlex
from typing import Final

from tui.api.changes import Request
from tui.api.hosts import Host
from tui.api.methods import CLI_VERSION, Method

_PART: Final = re.compile(
    r"""(?P<gap>[ \t\r\n]+)
      | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
      | '(?P<single>[^']*)'
      | "(?P<double>(?:[^"\\]|\\.)*)"
      | \\(?P<escaped>.)
      | (?P<plain>(?:[^ \t\r\n'"\\$]|\$(?!'))+)""",
    re.DOTALL | re.VERBOSE,
)
"""One piece of a word, or what lies between two words, as a shell reads them."""
_EXPANSION: Final = re.compile(r"\$(?:\w+|\{\w+\}?|\()|`")
_ESCAPED: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|(.))", re.DOTALL
)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}


def lk(*words: str) -> str:
    """A command line of LiveKit's own client."""
    return " ".join(("lk", *(word_of(word) for word in words)))


def curl(method: Method, request: Request) -> str:
    """A call that `lk` has no command for; the environment has the URLs, as for `lk`, and a `$TOKEN`."""
    is_cloud = method.host is Host.AGENTS
    url = "$LK_AGENTS_URL" if is_cloud else "${LIVEKIT_URL/#ws/http}"
    body = json.dumps(request, default=str, ensure_ascii=True, separators=(",", ":"))
    version = f" -H X-LIVEKIT-CLI-VERSION:{CLI_VERSION}" if is_cloud else ""
    return (
        f'curl "{url}{method.path}" -H "Authorization: Bearer $TOKEN"'
        f" -H Content-Type:application/json{version} -d {shlex.quote(body)}"
    )


def word_of(text: str) -> str:
    """One word of a command. What a terminal might obey is spelled out, so that a paste cannot run it."""
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_spelled, text)) + "'"


def _spelled(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def words_of(line: str) -> list[str]:
    """The words of a line as a shell reads them, `word_of` undone; nothing is expanded.

    Raises `ValueError` for a quote that is not closed.
    """
    words: list[str] = []
    is_open = False
    at = 0
    while at < len(line):
        part = _PART.match(line, at)
        if part is None:
            raise ValueError("a quote is not closed")
        at = part.end()
        if part["gap"] is not None:
            is_open = False
            continue
        if part["escaped"] == "\n":  # the line goes on
            continue
        if not is_open:
            words.append("")
            is_open = True
        words[-1] += _meant(part)
    return words


def expansion(line: str) -> str:
    """What a shell would replace in a line, such as `$ID`; empty if there is nothing."""
    for part in _PART.finditer(line):
        if found := _EXPANSION.search(part["plain"] or part["double"] or ""):
            return found[0]
    return ""


def _meant(part: re.Match[str]) -> str:
    if part["ansi"] is not None:
        return _ESCAPED.sub(_character, part["ansi"])
    if part["double"] is not None:
        return re.sub(r'\\(["\\$`])|\\\n', lambda found: found[1] or "", part["double"])
    return part["single"] or part["plain"] or part["escaped"] or ""


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        return chr(min(int(code, 16), 0x10FFFF))
    return _LETTERS.get(found[4], found[4])
