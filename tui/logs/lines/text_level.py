"""The level of a line of text: where a level stands, and how the end of a process is printed. Reads no JSON.

A word counts as a level only where loggers put one: after the time, in brackets, set off by separators, as
`level=`. In a request path, a quotation or what a caller said it is a word like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from tui.logs.lines.envelope import SGR_BYTES
from tui.logs.lines.levels import LETTERS, LEVELS, Level, level_named

HEAD: Final = 240
"""Characters of a line in which a level is looked for."""
LOOKED_AT: Final = 4096
"""Characters of a line in which the end of a process is looked for."""

# ---- the end of a process -------------------------------------------------------------------------------

MESSAGE_HINTS: Final = (
    *("panicked at", "egmentation fault", "SIG", "signal", "core dumped", "ut of memory", "OOMKilled"),
    *("exited with", "fatal runtime error"),
)
"""The message of a record is looked at more closely if it holds one of these."""
_ENDS: Final = (
    # Rust, Go
    ("panic", r"thread '[^']{0,80}' (?:\(\d+\) )?panicked at\b|\bpanicked at [^ ]{1,200}:\d|^panic: "),
    ("overflowed", r"^thread '[^']{0,80}' (?:\(\d+\) )?has overflowed its stack\b"),
    ("fatal", r"\b(?:fatal runtime error\b|Fatal Python error: |FATAL ERROR: )|^# ?Fatal error in "),
    ("fatal", r"^fatal error: (?:all gorout|runtime|unexpected signal|stack overflow|concurrent map)"),
    # signals
    ("sig", r"\bSIG(?:SEGV|KILL|ABRT|BUS|ILL|FPE|SYS|TRAP)\b|^signal: (?:killed|aborted|segm)"),
    (" signal", r"\b(?:killed|terminated|died|exited|crashed) (?:by|with|on|from) signal\b"),
    ("tion fault", r"\b[Ss]egmentation fault\b"),
    ("segfault", r"\bsegfault at\b"),
    ("dumped", r"\bcore dumped\b"),
    ("killed", r"\b\d{1,7} Killed |^Killed\b\W*$"),
    ("native stack", r"^-+ Native stack trace -+$"),
    (
        "exit",
        r"\bexit(?:ed)?(?: with)?(?: non-zero)?(?: exit)? (?:code|status):? (?:-[46-9]|-11|13[24-79])\b",
    ),
    # memory
    ("of memory", r"\b[Oo]ut of memory: [Kk]ill|^(?:[Rr]untime: |FATAL: )?[Oo]ut of memory\b"),
    ("of memory", r"\b(?:JavaScript heap|Memory cgroup) out of memory\b"),
    ("memory alloc", r"\bmemory allocation of \d+ bytes failed"),
    # not "oom": every line that speaks of a room holds it
    *(
        ("oomkill", r"\bOOM[Kk]ill"),
        ("oom kill", r"\bOOM [Kk]ill"),
        ("oom-kill", r"\bOOM-[Kk]ill|\boom-kill"),
    ),
    # native run times
    ("terminat", r"\bterminate called (?:after|without)|\blibc\+\+abi: terminating\b|\*\*\*: terminated"),
    ("bad_alloc", r"\bstd::bad_alloc\b"),
    ("malloc", r"\bmalloc\(\): "),
    ("double free", r"\bdouble free or corruption\b"),
    ("free()", r"\bfree\(\): invalid"),
    (": assert", r": Assertion [`'].{0,200}' failed"),
    ("aborted", r"^Aborted\b\W*$|\b\d{1,7} Aborted "),
    ("bus error", r"^Bus error\b\W*$"),
    ("illegal", r"^Illegal instruction\b\W*$"),
)
"""How the end of a process is printed, each with what it holds in lower case. It counts wherever it stands,
whatever level the line names."""
END_HINTS: Final = tuple(dict.fromkeys(hint for hint, _ in _ENDS))
"""Every text that tells of the end of a process holds one of these in lower case."""
_SHARED: Final = ("kill", "alloc", "fault", "free", "sig")
"""What several of them hold."""
_BY_NEEDLE: Final[dict[bytes, list[str]]] = {}
for _hint in END_HINTS:
    _needle = next((part for part in _SHARED if part in _hint), _hint)
    _BY_NEEDLE.setdefault(_needle.encode(), []).append(_hint)


def hints_in(lines: Sequence[bytes]) -> Sequence[str]:
    """Those of `END_HINTS` that these lines may hold: to look in all at once takes a third of the time."""
    whole = b"\n".join(lines)
    if b"\\u" in whole:  # an escaped letter of JSON
        return END_HINTS
    low = (SGR_BYTES.sub(b"", whole) if b"\x1b" in whole else whole).lower()
    return [hint for needle, hints in _BY_NEEDLE.items() if needle in low for hint in hints]


def ends_process(text: str, hints: Sequence[str] = END_HINTS) -> bool:
    """Whether a text tells of the end of a process: a native panic, a signal, out of memory.

    Only these `hints` may be in it.
    """
    return bool(hints) and _ends(text[:LOOKED_AT], text[:LOOKED_AT].lower(), hints)


def _ends(text: str, low: str, hints: Sequence[str]) -> bool:
    """The same; `low` is the text in small letters."""
    found = [hint for hint in hints if hint in low]
    return bool(found) and any(_end(hint).search(text) is not None for hint in found)


@cache
def _end(hint: str) -> re.Pattern[str]:
    """What a text with this hint must hold. Compiled when it is needed: all take some milliseconds."""
    return re.compile("|".join(pattern for other, pattern in _ENDS if other == hint), re.ASCII)


# ---- where a level stands -------------------------------------------------------------------------------


def _unnamed(pattern: str) -> str:
    return re.sub(r"\?P<\w+>", "?:", pattern)


_UPPER: Final = (
    r"(?:TRACE|DEBUG|VERBOSE|DEV|INFO|NOTICE|SUCCESS|WARN(?:ING)?|ERROR|ERR|SEVERE|CRIT(?:ICAL)?|FATAL|PANIC"
    r"|ALERT|EMERG(?:ENCY)?)(?![\w=]|[-.]\w)"
)
_LOWER: Final = (
    r"(?:[Tt]race|[Dd]ebug|dbug|[Ii]nfo|[Nn]otice|[Ww]arn(?:ing)?|[Ee]rror|err|fail|[Cc]rit(?:ical)?|[Ff]atal"
    r"|[Pp]anic|alert|emerg|silly|verbose)(?![\w=]|[-.]\w)"
)
_BRIEF: Final = r"(?:TRC|DBG|INF|WRN|ERR|FTL|PNC)(?= )"
_BOXED: Final = (
    # [error    ], [core:error], (WARN), <error>
    r"[\[(<](?:[\w-]+:)?\s*(?i:(?P<boxed>" + _LOWER + r"))\s*[\])>]"
    # [2026-11-28T10:00:00Z ERROR crate], [7:7:1128/100000.123:ERROR:socket.cc(1)]
    r"|\[[^\]]{0,80}?(?<![\w.=/])(?P<within>" + _UPPER + r")[^\]]{0,80}\]"
    # [E:onnxruntime, [E1128 10:00
    r"|\[(?P<letter>[VDIWEF])(?::\w|\d{4} \d)"
)
_SKIPPED: Final = (
    # what separates, a process or a part of a time, brackets, a zone; each can be read in one way only
    r"(?:[\s|:;,>*#+-]|\d[\w.:,+/-]*+(?=[\s\]|])|(?!" + _unnamed(_BOXED)
    + r")(?:\[[^\]]{0,80}\]|\([^)]{0,80}\))|(?:UTC|GMT|CES?T|P[SD]T) )*+"
)  # fmt: skip
_NAME: Final = r"[A-Za-z_][\w.$/@-]*+(?:\[\d+\])?"
_SOURCE: Final = r"(?:[\w-]+(?:\.[\w-]+)++|[\w./-]++\[\d+\])"
"""A name that no speaker has: one with dots, or with the number of a process."""
_CLOCK: Final = (
    r"(?:(?:[A-Z][a-z]{2},? )?(?:[A-Z][a-z]{2} [ \d]\d )?\d[\dT:.,/_+-]*+(?:Z|[AP]M)?)"
    r"(?:(?: |/?[A-Z][a-z]{2}[/ ])\d[\d:.,+-]*+)*+(?: ?[AP]M)?"
)
"""What looks like a time; whether it is one does not matter here."""


@cache
def _after_time() -> re.Pattern[str]:
    """A level behind a time. Compiled when it is needed: that takes some milliseconds."""
    return re.compile(
        r"[\[(<]?\s*+" + _CLOCK + _SKIPPED + r"(?:" + _BOXED
        + r"|(?P<upper>" + _UPPER + r"|" + _BRIEF + r")"
        + r"|(?P<lower>" + _LOWER + r")(?=[\s:\]|]|$)"
        + r"|(?P<one>[VDIWEF])(?= [\w./-]+:)"
        # behind a name or more
        + r"|(?:(?!" + _UPPER + r")(?:" + _NAME + r"(?: ?[-|] |\t| {1,40}(?=[\[(<A-Z]))|" + _SOURCE + r": )"
        + _SKIPPED + r"){1,3}+(?:" + _BOXED.replace("?P<", "?P<n_") + r"|(?P<named>" + _UPPER + r"))"
        + r"|[\w-]+\.(?P<dotted>" + _UPPER + r"):)",
        re.ASCII,
    )  # fmt: skip


_COMMON: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*Z?(?: - | +\|? *|\t)"
    r"(DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL)(?= )",
    re.ASCII,
)
"""The same for the lines of most loggers, in a third of the time."""


@cache
def _at_start() -> re.Pattern[str]:
    """A level at the start of a line. Compiled when it is needed: that takes some milliseconds."""
    return re.compile(
        _SKIPPED + r"(?:" + _BOXED
        + r"|(?P<upper>" + _UPPER + r")"
        + r"|(?P<lower>" + _LOWER + r")(?:\[[\w-]+\])?(?=:| {2}|\t)"
        # E1128 10:00:00.123456, E, [2026-11-28T10:00:00
        + r"|(?P<one>[VDIWEFA])(?:\d{4} \d\d:|, \[)"
        + r"|npm (?P<npm>ERR|WARN|error|warn)\b"
        + r"|[\w-]+\.(?P<dotted>" + _UPPER + r"):"
        + r"|" + _NAME + r" ?[-|] {1,9}(?P<named>" + _UPPER + r") *[-|:]"
        + r"|" + _SOURCE + r": (?P<of>" + _UPPER + r"))",
        re.ASCII,
    )  # fmt: skip


_KEY: Final = re.compile(
    r"(?:^|[\s{,])(?:level|lvl|severity|levelname|log\.level|loglevel)=[\"']?([A-Za-z]+|\d\d)\b", re.ASCII
)
"""logfmt."""
_EXCEPTION: Final = re.compile(
    r"(?:Uncaught |Unhandled |\(in promise\) )*"
    r"(?:[A-Za-z_$][\w$]*[.:]{1,2})*[A-Z][\w$]*(?:Error|Exception|Fault|Failure)(?::| \[|$)"
    r"|(?:Uncaught )?(?:Error|Exception)(?:: | \[)|(?:Base)?ExceptionGroup: |Caused by: "
    r"|\[?(?:\(node:\d+\) )?UnhandledPromiseRejection|Exception in thread "
    r"|[Uu]nhandled (?:[Rr]ejection|exception)|(?:BUILD )?ERROR:|Uncaught [A-Z]\w*:",
    re.ASCII,
)
"""An error that names itself, at the start of a line."""
_WARNING: Final = re.compile(r"(?:\(node:\d+\) (?:\[\w+\] )?|[^\s:]+:\d+: )(?:[A-Z]\w*)?Warning: ", re.ASCII)
_HINTS: Final = (
    *("info", "err", "warn", "debug", "trace", "notice", "crit", "dev", "dbug", "alert", "emerg", "sever"),
    *("exception", "fail", "fatal", "panic", "verbose", "success", "silly", "unhandled", "uncaught", "fault"),
)
"""Every text without a time that has a level holds one of these in lower case, or has a letter for it."""
_LETTERED: Final = re.compile(r"[\[ ]*[VDIWEFA](?:, \[|\d{4} \d\d:|:[a-z])", re.ASCII)
_PROSE: Final = re.compile(
    r"(?!npm |unhandled (?:[Rr]ejection|exception))[a-z_][\w.$/@-]*+ (?![ |-])", re.ASCII
)
"""How a line begins that names a level only as `level=`: a small word, a space and another word."""


def level_of_text(text: str, hints: Sequence[str] = END_HINTS) -> Level:
    """The level of a line that is no record of JSON, without colours and what a collector put before it.

    Only these `hints` at the end of a process may be in it.
    """
    low = text.lower()
    if hints and _ends(text[:LOOKED_AT], low[:LOOKED_AT], hints):
        return Level.CRITICAL
    level, digits = _named_level(text, low)
    return level_named(int(digits)) if digits else level


def level_of_shape(shape: str, hints: Sequence[str]) -> Level | None:
    """The level of every text that differs from this one only in its digits; None if it depends on these."""
    low = shape.lower()
    if hints and (("exit" in low and ("code" in low or "status" in low)) or _ends(shape, low, hints)):
        return None  # only with which status does a digit count
    level, digits = _named_level(shape, low)
    return None if digits else level


def _named_level(text: str, low: str) -> tuple[Level, str]:
    """The level that is named where a level stands, or the digits that name it; `low` is in small letters."""
    if match := _COMMON.match(text):
        return LEVELS[match[1]], ""
    head = text[:HEAD]
    if _PROSE.match(text) is None:
        if not (text[:1].isdigit() or any(map(low[:HEAD].__contains__, _HINTS)) or _LETTERED.match(text)):
            return Level.NONE, ""
        if match := _after_time().match(head) or _at_start().match(head):
            return _named(match), ""
        if _EXCEPTION.match(head.lstrip()):
            return Level.ERROR, ""
        if _WARNING.match(head):
            return Level.WARN, ""
    if "=" in head and (key := _KEY.search(head)) and head.count('"', 0, key.start()) % 2 == 0:
        return (Level.NONE, key[1]) if key[1].isdigit() else (level_named(key[1]), "")
    return Level.NONE, ""


def tells_error(text: str, hints: Sequence[str] = END_HINTS) -> bool:
    """Whether a line is an error because of what it says, not because of a level in it."""
    return _EXCEPTION.match(text) is not None or ends_process(text, hints)


def _named(match: re.Match[str]) -> Level:
    word = match[match.lastgroup or 0].strip()
    return LETTERS[word] if len(word) == 1 else level_named(word)
