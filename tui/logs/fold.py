"""An expression that ignores case, written anew for many lines in one lower-case text. Pure.

An ignored case costs an expression its quickest ways to find something, and a call for each line costs more
than the look. What is written anew means for each line of the text what it meant for the line alone: nothing
in it takes the bound of a line. What could mean something else is not written anew.
"""

from __future__ import annotations

import re
import string
import warnings
from typing import Final

_ATOM: Final = re.compile(
    r"\\(?P<escaped>.)|\[(?P<set>\^?\]?(?:\\.|[^\]\\])*)\]|(?P<group>\((?:\?(?:<?[=!]|:))?)|(?P<one>.)"
)
_MEMBER: Final = re.compile(r"\\(?P<escaped>.)|(?P<low>.)-(?P<high>.)|(?P<one>.)")
_ESCAPED_BOUND: Final = re.compile(r"\\.-.|-\\")
"""A range that begins or ends with an escape."""
_UPPER: Final = frozenset(string.ascii_uppercase)
_KEPT: Final = "dwbB"
_ESCAPES: Final = {
    "A": "^",
    "Z": "$",
    "s": " ",  # the only one of them in printable ASCII
    "S": r"[^ \n]",
    "D": r"[^\d\n]",
    "W": r"[^\w\n]",
}


def fold(source: str) -> re.Pattern[str] | None:
    """A valid expression for lines of printable ASCII, none empty; None where it could mean another thing."""
    if not source.isascii() or not source.isprintable():
        return None
    parts = [_part(atom) for atom in _ATOM.finditer(source)]
    written = [part for part in parts if part is not None]
    if len(written) < len(parts):
        return None
    try:
        return compiled("".join(written), re.MULTILINE | re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None


def compiled(source: str, flags: int) -> re.Pattern[str]:
    """Compile without a word about sets that may mean more one day. Raises as `re.compile` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(source, flags)


def _part(atom: re.Match[str]) -> str | None:
    """One part of an expression written anew; None where it cannot be."""
    if escaped := atom["escaped"]:
        return f"\\{escaped}" if escaped in _KEPT or not escaped.isalnum() else _ESCAPES.get(escaped)
    if (members := atom["set"]) is not None:
        return _set(members)
    if atom["group"] and atom.string.startswith("?", atom.end()):
        return None  # flags, names, conditions
    return atom[0].lower()


def _set(members: str) -> str | None:
    if _ESCAPED_BOUND.search(members):
        return None
    out = members.startswith("^")
    parts = [r"\n"] if out else []
    for member in _MEMBER.finditer(members[out:]):
        if escaped := member["escaped"]:
            if escaped.isalnum() and escaped not in "dws":
                return None
            parts.append(" " if escaped == "s" else f"\\{escaped}")
        elif low := member["low"]:
            letters = {chr(code) for code in range(ord(low), ord(member["high"]) + 1)}
            if letters & _UPPER and not letters <= _UPPER:
                return None
            parts.append(f"{re.escape(low.lower())}-{re.escape(member['high'].lower())}")
        else:
            parts.append(re.escape(member[0].lower()))
    return f"[{'^' if out else ''}{''.join(parts)}]"
