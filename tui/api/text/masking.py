"""Masks what a quoted remote text may repeat of our requests. Knows no wire and no screen.

Servers and gateways quote requests in their errors: the token, the body with its secrets, a signed address
(PROTOCOL.md, Errors). `masked` is applied to every such text before it is cut, cleaned, shown or saved.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from tui.api.text.repeats import LONGEST, START, Place, Repeats, places
from tui.api.text.unescape import Unescaped, plain
from tui.secret import MASK

SHORTEST: Final = 8
"""Characters from which on a value is masked; a shorter one is in too many words of its own."""
KEPT: Final = 16_000_000
"""Characters of forms of sent values that are kept; the oldest values make room."""
TOKENS: Final = 32
"""Tokens that are remembered, the newest."""
QUOTED: Final = 65_536
"""Characters of a remote text that are looked at; no more of one is ever shown. Of a form twice as many are
kept, as it may have escapes."""
NUMBERED: Final = 4096
"""Characters of a value up to which it is also looked for packed twice, and as numbers."""

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


class SentSecrets:
    """Values that left, or came, as secrets; they are found however a text escapes or packs them.

    Kept as long as the connection to the project: a later answer may quote an earlier request.
    """

    def __init__(self, *values: str) -> None:
        self._forms: dict[str, frozenset[str]] = {}
        """By value, the oldest first."""
        self._tokens: dict[str, tuple[Place, ...]] = {}
        """The oldest first, with the places of its forms; none until a text is looked at."""
        self._size = 0
        self._places = Repeats()
        """Of the values; empty until a text is looked at."""
        self._token_places = Repeats()
        self.add(*values)

    def add(self, *values: str) -> None:
        """Mask these values from now on, and the lines of those that have several."""
        for value in values:
            if len(value) >= SHORTEST and value not in self._forms:
                self._forms[value] = forms = _forms(value)
                self._size += sum(map(len, forms))
                self._places = Repeats()
        while self._size > KEPT and len(self._forms) > 1:
            self._size -= sum(map(len, self._forms.pop(next(iter(self._forms)))))

    def add_token(self, token: str) -> None:
        """Mask a token. Nearly none is ever repeated, so its forms are made when a text is looked at."""
        self._tokens[token] = self._tokens.pop(token, ())  # as the newest
        if len(self._tokens) > TOKENS:
            del self._tokens[next(iter(self._tokens))]
        self._token_places = Repeats()

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
        if self._forms and not self._places.starts:
            forms = chain.from_iterable(self._forms.values())
            self._places = Repeats(chain.from_iterable(map(places, forms)))
        if self._tokens and not self._token_places.starts:
            self._tokens = {
                token: known or tuple(_places_of_token(token)) for token, known in self._tokens.items()
            }
            self._token_places = Repeats(chain.from_iterable(self._tokens.values()))
        quoted = Unescaped(text)
        kept: list[str] = []
        copied = 0
        for begin, end in self._found(quoted.text):
            kept += (text[copied : quoted.start(begin)], MASK)
            copied = quoted.end(end - 1)
        return "".join(kept) + text[copied:] if kept else text

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Begin and end of what a text without escapes repeats."""
        values, tokens = self._places, self._token_places
        starts, of_tokens = values.starts, tokens.starts
        least = 0
        for at in [
            at
            for at in range(len(text) - START + 1)
            if (start := text[at : at + START]) in starts or start in of_tokens
        ]:
            if at >= least:
                (begin, end), (first, last) = (them.around(text, at, least) for them in (values, tokens))
                if max(end, last) > at:
                    least = max(end, last)
                    yield min(begin, first), least


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


def _places_of_token(token: str) -> Iterator[Place]:
    """The beginnings of its forms, and of its parts: the signature is the part that is secret."""
    yield from ((form, 0) for form in _forms(token))
    form = plain(token)
    yield from ((form, dot.end()) for dot in re.finditer(r"\.", form))


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
