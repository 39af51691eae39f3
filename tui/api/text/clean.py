"""Makes remote text safe to show, once where it enters the program. Knows no widgets.

A terminal obeys what it is sent, so a name that carries an escape sequence can move the cursor, set the
clipboard or reorder a line. Nothing is removed silently: every such character is shown as a visible stand-in,
so that two different names never look the same.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LIMIT: Final = 4096
"""Characters kept of one value; the rest is cut and marked with `…`."""
MAX_MARKS: Final = 3
"""Zero-width characters kept in a row; more would be drawn over the neighbouring lines."""
ELLIPSIS: Final = "…"

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_MODIFIERS: Final = "\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
"""Variation selectors and skin tones: they belong after an emoji and are invisible anywhere else."""

_CONTROL: Final = r"\x00-\x1f\x7f-\x9f"
_INVISIBLE: Final = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"
    r"\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Surrogates (legal in JSON), private use, what can never be a character: terminals differ on their width.
_NO_CHARACTER: Final = (
    r"\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U0001fffe\U0001ffff\U0002fffe\U0002ffff"
    r"\U0003fffe-\U000dffff\U000e1000-\U0010ffff"
)

UNSAFE: Final = re.compile(f"[{_CONTROL}{_INVISIBLE}{_NO_CHARACTER}{_ZWNJ}{_ZWJ}{_MODIFIERS}]")
"""A character that may have to be replaced: `visible` knows those that are fine where they stand."""

# A coarse gate, so that marks are counted only in text that may hold a pile of them; Latin, CJK and most
# emoji pass by. `tests/api/test_clean.py` checks that it holds every zero-width character there is.
_MARK_GATE: Final = re.compile(
    r"[\xad\u0300-\u036f\u0483-\u0489\u0591-\u1cff\u1dc0-\u1dff\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u20d0-\u20ff\u2cef-\u2cf1\u2d7f-\u2dff\u302a-\u302f\u3099\u309a\ua66f-\uabff\ud7b0-\ud7ff\ufb1e"
    r"\ufe00-\ufe2f\ufeff\ufff9-\ufffb\U000101fd-\U00011fff\U00013430-\U00016fff\U0001bc9d-\U0001bca3"
    rf"\U0001cf00-\U0001e9ff\U000e0000-\U000e0fff{_MODIFIERS}]{{{MAX_MARKS + 1}}}"
)


def visible(match: re.Match[str]) -> str:
    """What to show for a character found by `UNSAFE`: `␛`, `\\u{202e}`, four spaces for TAB, or itself."""
    character = match.group()
    code = ord(character)
    if code < 0x20:
        return {"\t": "    ", "\n": "␤"}.get(character) or chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if _is_in_its_place(character, match.string, match.start()):
        return character
    return f"\\u{{{code:x}}}"


def is_clean(text: str) -> bool:
    """Whether `clean` would leave the text as it is, its length apart. ASCII takes a fast path."""
    if text.isascii():
        return text.isprintable()
    return _scrub(text) == text


def clean(text: str, *, limit: int = LIMIT) -> str:
    """The text on one line of at most `limit` characters, with nothing in it that a terminal obeys."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    return _cut(_scrub(text[: limit + 1]), len(text), limit)


def clean_block(text: str, *, limit: int = LIMIT) -> str:
    """As `clean`, but line feeds stay; CR LF counts as a line feed, a lone CR is shown."""
    lines = text[: limit + 1].replace("\r\n", "\n").split("\n")
    return _cut("\n".join(map(_scrub, lines)), len(text), limit)


def _scrub(text: str) -> str:
    if _MARK_GATE.search(text):
        text = _cap_marks(text)
    return UNSAFE.sub(visible, text)


def _cut(text: str, length: int, limit: int) -> str:
    """Shorten to `limit`; `length` is that of the original, which was cut before it was scrubbed."""
    if len(text) <= limit and length <= limit:
        return text
    # A joiner left at the end would join the ellipsis.
    return text[: max(0, limit - 1)].rstrip(_ZWJ) + ELLIPSIS


def _cap_marks(text: str) -> str:
    """Keep `MAX_MARKS` zero-width characters in a row and one `…` for all that follow them."""
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if _has_no_width(character) else 0
        if run <= MAX_MARKS:
            kept.append(character)
        elif run == MAX_MARKS + 1:
            kept.append(ELLIPSIS)
    return "".join(kept)


def _has_no_width(character: str) -> bool:
    if character.isascii():
        return False
    category = unicodedata.category(character)
    # Vowels and finals of conjoining Hangul and what modifies an emoji take no cell of their own. What is not
    # assigned yet may turn out to be a mark, unless it is where new emoji go.
    return (
        category in ("Mn", "Me", "Mc", "Cf")
        or (category == "Cn" and character < "\U0001f000")
        or "\u1160" <= character <= "\u11ff"
        or "\ud7b0" <= character <= "\ud7ff"
        or "\U000e0000" <= character <= "\U000e0fff"
        or character in _MODIFIERS
    )


def _is_in_its_place(character: str, text: str, at: int) -> bool:
    """Whether an invisible character has an effect in its place.

    The answer rests only on neighbours that are themselves kept, hence cleaning twice changes nothing.
    """
    if character == _ZWNJ:  # spelling, in the Arabic and Indic scripts
        return at > 0 and "\u0620" <= text[at - 1] <= "\u0dff"
    if character != _ZWJ and character not in _MODIFIERS:
        return False
    base = text[max(0, at - MAX_MARKS) : at].rstrip(_MODIFIERS)
    if not base:
        return False
    if character == _ZWJ:
        return _is_emoji(base[-1]) and at + 1 < len(text) and _is_emoji(text[at + 1])
    return _is_emoji(base[-1]) or (character in "\ufe0e\ufe0f" and base[-1] in "#*0123456789")


def _is_emoji(character: str) -> bool:
    if character < "\u2190":
        return character in "©®‼⁉™ℹ"
    if character < "\U0001f000":
        return character <= "\u2bff" or character in "〰〽㊗㊙"
    return character <= "\U0001faff" and character not in _MODIFIERS


_TWINS: Final = {
    "A": "АΑ", "B": "ВΒ", "C": "С", "E": "ЕΕ", "H": "НΗ", "I": "ІΙ", "J": "Ј", "K": "КΚ", "M": "МΜ", "N": "Ν",
    "O": "ОΟ", "P": "РΡ", "Q": "Ԛ", "S": "Ѕ", "T": "ТΤ", "W": "Ԝ", "X": "ХΧ", "Y": "Υ", "Z": "Ζ",
    "a": "аα", "c": "с", "d": "ԁ", "e": "е", "h": "һ", "i": "іι", "j": "ј", "k": "кκ", "l": "ӏ", "n": "η",
    "o": "оοσ", "p": "рρ", "q": "ԛ", "s": "ѕ", "u": "υ", "v": "ν", "w": "ԝω", "x": "хχ", "y": "уγ",
}  # fmt: skip
_TO_LATIN: Final = {ord(twin): latin for latin, twins in _TWINS.items() for twin in twins}
_DIGIT_TWINS: Final = str.maketrans("01", "ol")
_STAND_IN: Final = re.compile(r"[\u2400-\u2424]|\\u\{[0-9a-f]+\}")
_LATIN_LETTER: Final = re.compile("[A-Za-z]")


def confusable(name: str) -> str:
    """A key that two names share when a person could confuse them. Not for display.

    Compatibility forms, case, invisible characters, kinds of space, `0` for `o`, `1` for `l` and the Cyrillic
    and Greek twins of Latin letters make no difference to it.
    """
    # Before folding, because a capital and its small letter have different twins.
    text = unicodedata.normalize("NFKC", name).translate(_TO_LATIN).casefold()
    text = unicodedata.normalize("NFKC", text).translate(_TO_LATIN).translate(_DIGIT_TWINS)
    seen = (c for c in text if c.isspace() or not (UNSAFE.match(c) or unicodedata.category(c) == "Cf"))
    return " ".join("".join(seen).replace("\u2800", " ").split())


def is_deceptive(name: str) -> bool:
    """Whether a name, raw or cleaned, hides a character or mixes Latin letters with their foreign twins."""
    if name.isascii():
        return not name.isprintable() or bool(_STAND_IN.search(name))
    mixed = _LATIN_LETTER.search(name) and any(ord(character) in _TO_LATIN for character in name)
    return bool(mixed) or not is_clean(name) or bool(_STAND_IN.search(name))
