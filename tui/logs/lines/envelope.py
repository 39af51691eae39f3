"""What terminals and collectors put around a line, which is no part of it. Knows no levels and no times.

Other systems begin a file with a byte order mark and end lines with CR LF. A progress bar writes over itself
with carriage returns. `kubectl`, `docker compose`, container runtimes and syslog put a time or a name first.
"""

from __future__ import annotations

import re
from typing import Final

BOM: Final = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""
SGR: Final = re.compile(r"\x1b\[([0-9;:]*)m")
"""The one escape sequence that is understood: colours and weights. All others are shown as characters."""
SGR_BYTES: Final = re.compile(SGR.pattern.encode())
"""The same in bytes."""
PREFIX: Final = "prefix"
"""The field that shows what stood before a record of JSON; its name is not in the bytes."""
LONGEST_PREFIX: Final = 200
"""Bytes in which a prefix must end."""

_STAMP: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d) "
_DAEMON: Final = r"[\w.-]+ [\w./-]+(?:\[\d+\])?: "
"""Host and program, as syslog and journalctl put them after the time."""
_PREFIX: Final = re.compile(
    # kubectl logs --prefix
    r"(?:\[(?:pod/)?[\w.-]+/[\w./-]+\] )?"
    # docker compose
    r"(?:[\w.-]+ +\| ?)?"
    # kubectl logs --timestamps, docker logs -t, and a container runtime's own files
    r"(?:" + _STAMP + r"(?:std(?:out|err) [FP] |" + _DAEMON + r")?"
    # BuildKit: the number of a step, and seconds since it began
    r"|#\d+ (?:\d+\.\d+ )?"
    r"|(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d " + _DAEMON + r"|<\d>)?",
    re.ASCII,
)


_NAMELESS: Final = re.compile(
    _STAMP + r"|<\d{1,3}>|\bstd(?:out|err) [FP]\b|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
)


def bare(line: bytes) -> bytes:
    """A line as a terminal leaves it: without a byte order mark, and what a carriage return wrote last."""
    line = line.removeprefix(BOM)
    return line.rstrip(b"\r").rpartition(b"\r")[2] if b"\r" in line else line


def overwritten(text: str) -> str:
    """What a carriage return wrote last, of a text that is no line by itself."""
    return text.rstrip("\r").rpartition("\r")[2]


def colourless(text: str) -> str:
    """The text without colours."""
    return SGR.sub("", text) if "\x1b" in text else text


def may_have_prefix(text: str) -> bool:
    """Whether it is worth while to ask where a prefix ends."""
    if text[10:11] == "T" or " | " in text or text[:1] in "[<#":
        return True
    return text[3:4] == " " and (text[5:6].isdigit() or text[4:5] in " |")


def prefix_end(text: str) -> int:
    """Where the program's own line begins, after what a collector put before it; 0 if it did not."""
    match = _PREFIX.match(text, 0, LONGEST_PREFIX)
    return match.end() if match else 0


def program_text(line: bytes) -> str:
    """What a program printed: a line without colours and what stands around it."""
    text = colourless(bare(line).decode("utf-8", "replace"))
    return text[prefix_end(text) :] if may_have_prefix(text) else text


def json_start(line: bytes) -> int:
    """Where a line that ends with an object of JSON may begin it: 0, or behind a prefix; -1 if nowhere."""
    at = line.find(b"{", 0, LONGEST_PREFIX)
    if at <= 0:
        return at
    if line[at + 1 : at + 3].lstrip()[:1] != b'"' or line.rstrip()[-1:] != b"}":
        return -1
    return -1 if b'"' in line[:at] or b"=" in line[:at] else at


def prefix_name(text: str) -> str:
    """Who wrote a line, as a prefix says: a pod, a container, a host; empty if it is only a time."""
    return _NAMELESS.sub(" ", colourless(text)).strip(" |:")
