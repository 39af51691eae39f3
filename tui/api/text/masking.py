"""Masks what a quoted remote text may repeat of our requests. Knows no wire and no screen.

Servers and gateways quote requests in their errors: the token, the body with its secrets, a signed address
(PROTOCOL.md, Errors). `masked` is applied to every such text before it is cut, cleaned, shown or saved.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from tui.api.text.unescape import plain, unescaped
from tui.secret import MASK

SHORTEST: Final = 8
"""Characters from which on a value is masked; a shorter one is in too many words of its own."""
KEPT: Final = 16_000_000
"""Characters of forms of sent values that are kept; the oldest values make room."""
TOKENS: Final = 32
"""Tokens that are remembered, the newest."""
QUOTED: Final = 65_536
"""Characters of a remote text that are looked at; no more of one is ever shown."""
LONGEST: Final = 2 * QUOTED
"""Characters of a form, with its escapes; of a longer one no text quotes more."""
START: Final = 6
"""Characters by which a form is found; a value without more than its escapes is none."""
PIECE: Final = 16
"""Characters of a form that are masked wherever they stand: texts are cut, and quote in parts."""
PLACES: Final = 200
"""Places at which a form is looked for; of one with more than 2,200 characters longer pieces are found."""
NUMBERED: Final = 4096
"""Characters of a value up to which it is also looked for packed twice, and as numbers."""
CUT: Final = 3
"""Characters at the end of a text that may be the beginning of an escape."""
CROWD: Final = 8
"""Places that begin alike; more are of a value that repeats itself."""

# A dotted word: a token begins with the base64 of `{"`, `{ ` or `{` and a line end, at a dot or at its start
_DOTTED: Final = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_=-]*)+")
_OPENING: Final = re.compile("eyJ|eyA|ewo|ew0")
_LONGEST_ESCAPE: Final = len("u0020")
_HEADER: Final = 8
"""Characters that the first part of a token has at least."""
_SIGNED: Final = re.compile(
    r"(?i)(?:(?<![a-z0-9_])|(?<=%[0-9a-f]{2}))("
    r"(?:x-(?:amz|goog|ms|oss|cos)-[a-z-]{1,40}|signature|sig|policy|awsaccesskeyid|googleaccessid|key-pair-id"
    r"|access_token|security-token)"
    r"""(?:=|%3d|\\?["']\s{0,4}:\s{0,4}\\?["']))([^\s&"'<>,;)\\]{8,})"""
)
"""A part of a presigned address or form: its name, then its value."""
_NAMED: Final = (
    *("sig", "policy", "access", "-pair-", "-token"),
    *("x-amz", "x-goog", "x-ms-", "x-oss", "x-cos"),
)
"""What is in every such name."""
_SIGNS: Final = tuple(b"eyJ eyA ewo ew0 -Amz- -amz- -Goog- -goog- ignature ig= ccess_token ccessK".split())
"""What a line of a log holds in which there may be something to mask; a policy alone is in too many."""


_Place = tuple[str, int]
"""A form, and an offset in it."""
_Places = Mapping[str, Iterable[_Place]]
"""By the `START` characters that are there."""


class SentSecrets:
    """Values that left, or came, as secrets; they are found however a text escapes or packs them.

    Kept as long as the connection to the project: a later answer may quote an earlier request.
    """

    def __init__(self, *values: str) -> None:
        self._forms: dict[str, frozenset[str]] = {}
        """By value, the oldest first."""
        self._tokens: dict[str, tuple[_Place, ...]] = {}
        """The oldest first, with the places of its forms; none until a text is looked at."""
        self._size = 0
        self._places: _Places = {}
        """Of the values; empty until a text is looked at."""
        self._token_places: _Places = {}
        self.add(*values)

    def add(self, *values: str) -> None:
        """Mask these values from now on, and the lines of those that have several."""
        for value in values:
            if len(value) >= SHORTEST and value not in self._forms:
                self._forms[value] = forms = _forms(value)
                self._size += sum(map(len, forms))
                self._places = {}
        while self._size > KEPT and len(self._forms) > 1:
            self._size -= sum(map(len, self._forms.pop(next(iter(self._forms)))))

    def add_token(self, token: str) -> None:
        """Mask a token. Nearly none is ever repeated, so its forms are made when a text is looked at."""
        self._tokens[token] = self._tokens.pop(token, ())  # as the newest
        if len(self._tokens) > TOKENS:
            del self._tokens[next(iter(self._tokens))]
        self._token_places = {}

    @property
    def has_values(self) -> bool:
        """Something but tokens was sent."""
        return bool(self._forms)

    def mask_values(self, text: str) -> str:
        """The text without secret values. Tokens may stay: it is of a program that saw none."""
        return self.mask(text) if self.has_values else text

    def mask(self, text: str) -> str:
        """The text without the values. One pass, however many there are."""
        if not self._forms and not self._tokens:
            return text
        if not self._places:
            self._places = _by_start(map(_places, chain.from_iterable(self._forms.values())))
        if not self._token_places:
            self._tokens = {
                token: places or tuple(_places_of_token(token)) for token, places in self._tokens.items()
            }
            self._token_places = _by_start(self._tokens.values())
        quoted = unescaped(text)
        kept: list[str] = []
        at = copied = least = 0
        while at + START <= len(quoted.text):
            start = quoted.text[at : at + START]
            if start in self._places or start in self._token_places:
                places = (*self._places.get(start, ()), *self._token_places.get(start, ()))
                found = [_repeated(quoted.text, at, least, *place) for place in places]
                end = max(end for _, end in found)
                if end > at:
                    first = min(begin for begin, _ in found)
                    kept += (text[copied : quoted.starts[first]], MASK)
                    copied = quoted.ends[end - 1]
                    at = least = end
                    continue
            at += 1
        return "".join(kept) + text[copied:] if kept else text


def masked(text: str, sent: SentSecrets | None = None) -> str:
    """The text without tokens, parts of signed addresses, and what `sent` knows; twice is as once.

    No more than the first `QUOTED` characters are returned.
    """
    text = _without_tokens(text[:QUOTED], _mask)  # first, or of a foreign one the part would go that tells it
    return _without_signatures(text if sent is None else sent.mask(text), _mask)


def masked_in_place(data: bytes) -> bytes:
    """Bytes of any length without tokens and parts of signed addresses, every other byte in its place."""
    if not _is_suspect(data):
        return data
    return b"\n".join(_line_in_place(line) if _is_suspect(line) else line for line in data.split(b"\n"))


def _is_suspect(data: bytes) -> bool:
    return any(sign in data for sign in _SIGNS)


def _line_in_place(line: bytes) -> bytes:
    text = _without_tokens(line.decode("latin-1"), _stars)
    return _without_signatures(text, _stars).encode("latin-1")


def _mask(word: str) -> str:
    return MASK


def _stars(word: str) -> str:
    return "*" * len(word)


def _without_signatures(text: str, mask: Callable[[str], str]) -> str:
    """The text without parts of signed addresses; `mask` is what stands for one."""
    if text.isascii() and not any(map(text.lower().__contains__, _NAMED)):
        return text  # as most are; other letters may stand for these
    return _SIGNED.sub(lambda match: f"{match[1]}{mask(match[2])}", text)


def _without_tokens(text: str, mask: Callable[[str], str]) -> str:
    """The text without tokens."""
    if "." in text and _OPENING.search(text):
        return _DOTTED.sub(lambda match: _without_token(match, mask), text)
    return text


def _without_token(match: re.Match[str], mask: Callable[[str], str]) -> str:
    word = match[0]
    escaped = match.start() > 0 and match.string[match.start() - 1] in "%\\"
    for opening in _OPENING.finditer(word):
        at = opening.start()
        dot = word.find(".", at)
        if dot < 0:
            break
        begins = at == 0 or word[at - 1] == "." or (escaped and at <= _LONGEST_ESCAPE)
        if begins and dot - at >= _HEADER:
            return word[:at] + mask(word[at:])
    return word


def _by_start(places: Iterable[Iterable[_Place]]) -> _Places:
    found: dict[str, list[_Place]] = {}
    for form, offset in chain.from_iterable(places):
        there = found.setdefault(form[offset : offset + START], [])
        if offset == 0 or len(there) < CROWD:
            there.append((form, offset))
    return found


def _places(form: str) -> Iterator[_Place]:
    """Its beginning, and so many others that every piece of a form holds one."""
    stride = max(PIECE - START + 1, len(form) // PLACES)
    return ((form, offset) for offset in range(0, len(form) - START + 1, stride))


def _places_of_token(token: str) -> Iterator[_Place]:
    """The beginnings of its forms, and of its parts: the signature is the part that is secret."""
    yield from ((form, 0) for form in _forms(token))
    form = plain(token)
    yield from ((form, dot.end()) for dot in re.finditer(r"\.", form))


def _repeated(text: str, at: int, least: int, form: str, offset: int) -> tuple[int, int]:
    """Begin and end of what a text repeats of a form around a place; twice `at` where that is too little.

    Of a form's beginning, half of it is enough, or what goes as far as the text. `least` is the end of what
    is masked already.
    """
    size = _common(text, at, form, offset)
    if offset == 0 and (2 * size >= len(form) or at + size + CUT >= len(text)):
        return at, at + size
    before = 0
    while before < min(offset, at - least) and text[at - before - 1] == form[offset - before - 1]:
        before += 1
    return (at - before, at + size) if before + size >= PIECE else (at, at)


def _common(text: str, at: int, form: str, offset: int) -> int:
    """How many characters are the same from these places on."""
    size, most = 0, min(len(text) - at, len(form) - offset)
    for step in (256, 16, 1):
        while size < most and (
            text[at + size : at + size + step] == form[offset + size : offset + size + step]
        ):
            size += step
    return min(size, most)


def _forms(value: str) -> frozenset[str]:
    """A value as it may be quoted, without escapes."""
    data = value.encode("utf-8", "surrogateescape")
    texts = {value, *value.splitlines(), *_base64(data)}
    if len(value) <= NUMBERED:
        sent = base64.b64encode(data)  # as in the body of a request
        texts.update(_base64(sent), *map(_numbers, (data, sent)))
    return frozenset(form for text in texts if len(form := plain(text[:LONGEST])) >= START)


def _numbers(data: bytes) -> Iterator[str]:
    """Bytes as programs print them: in hexadecimal digits, or as a list."""
    yield from (data.hex(), data.hex().upper(), " ".join(map(str, data)), ",".join(map(str, data)))


def _base64(data: bytes) -> Iterator[str]:
    """The base64 of the data alone, and what is the same in the base64 of anything that contains them."""
    yield base64.b64encode(data).decode()
    for before in range(3):
        first = (8 * before + 5) // 6
        last = 8 * (before + len(data)) // 6
        yield base64.b64encode(bytes(before) + data).decode()[first:last]
