"""Masks what a quoted remote text may repeat of our requests. Knows no wire and no screen.

Servers and gateways quote requests in their errors: the token, the body with its secrets, a signed address
(PROTOCOL.md, Errors). `masked` is applied to every such text before it is cut, cleaned, shown or saved.
"""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
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
START: Final = 6
"""Characters by which a form is found; a value without more than its escapes is none."""

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
_SIGNS: Final = tuple(b"eyJ eyA ewo ew0 -Amz- -amz- -Goog- -goog- ignature ig= ccess_token ccessK".split())
"""What a line of a log holds in which there may be something to mask; a policy alone is in too many."""


class SentSecrets:
    """Values that left, or came, as secrets; they are found however a text escapes or packs them.

    Kept as long as the connection to the project: a later answer may quote an earlier request.
    """

    def __init__(self, *values: str) -> None:
        self._forms: dict[str, frozenset[str]] = {}
        """By value, the oldest first."""
        self._tokens: deque[str] = deque(maxlen=TOKENS)
        self._size = 0
        self._starts: dict[str, list[str]] = {}
        """By the first characters of a form; empty until a text is looked at."""
        self.add(*values)

    def add(self, *values: str) -> None:
        """Mask these values from now on, and the lines of those that have several."""
        for value in values:
            if len(value) >= SHORTEST and value not in self._forms:
                self._forms[value] = forms = _forms(value)
                self._size += sum(map(len, forms))
        while self._size > KEPT and len(self._forms) > 1:
            self._size -= sum(map(len, self._forms.pop(next(iter(self._forms)))))
        self._starts = {}

    def add_token(self, token: str) -> None:
        """Mask a token. Nearly none is ever repeated, so its forms are made when a text is looked at."""
        self._tokens.append(token)
        self._starts = {}

    def mask(self, text: str) -> str:
        """The text without the values. One pass, however many there are."""
        if not self._forms and not self._tokens:
            return text
        if not self._starts:
            known = (*self._forms.values(), *map(_forms, self._tokens))
            self._starts = _by_start(form for forms in known for form in forms)
        quoted = unescaped(text)
        kept: list[str] = []
        at = copied = 0
        while at + START <= len(quoted.text):
            forms = self._starts.get(quoted.text[at : at + START])
            size = max(_repeated(quoted.text, at, form) for form in forms) if forms else 0
            if size:
                kept += (text[copied : quoted.starts[at]], MASK)
                copied = quoted.ends[at + size - 1]
            at += size or 1
        return "".join(kept) + text[copied:] if kept else text


def masked(text: str, sent: SentSecrets | None = None) -> str:
    """The text without tokens, parts of signed addresses, and what `sent` knows; twice is as once.

    No more than the first `QUOTED` characters are returned.
    """
    text = text[:QUOTED]
    return _without_words(text if sent is None else sent.mask(text), lambda word: MASK)


def masked_in_place(data: bytes) -> bytes:
    """Bytes of any length without tokens and parts of signed addresses, every other byte in its place."""
    if not _is_suspect(data):
        return data
    return b"\n".join(_line_in_place(line) if _is_suspect(line) else line for line in data.split(b"\n"))


def _is_suspect(data: bytes) -> bool:
    return any(sign in data for sign in _SIGNS)


def _line_in_place(line: bytes) -> bytes:
    return _without_words(line.decode("latin-1"), lambda word: "*" * len(word)).encode("latin-1")


def _without_words(text: str, mask: Callable[[str], str]) -> str:
    """The text without tokens and parts of signed addresses; `mask` is what stands for one."""
    if "." in text and _OPENING.search(text):
        text = _DOTTED.sub(lambda match: _without_token(match, mask), text)
    return _SIGNED.sub(lambda match: f"{match[1]}{mask(match[2])}", text)


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


def _by_start(forms: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for form in forms:
        found.setdefault(form[:START], []).append(form)
    return found


def _repeated(text: str, at: int, form: str) -> int:
    """How much of a form a text repeats from here on: all, half of it or more, or as far as the text goes."""
    if text.startswith(form, at):
        return len(form)
    low, high = START, min(len(text), at + len(form)) - at
    while low < high:  # the longest common beginning
        middle = (low + high + 1) // 2
        if text[at : at + middle] == form[:middle]:
            low = middle
        else:
            high = middle - 1
    return low if at + low == len(text) or 2 * low >= len(form) else 0


def _forms(value: str) -> frozenset[str]:
    """A value as it may be quoted, without escapes: raw, a line of it, in base64."""
    texts = (value, *value.splitlines(), *_base64(value.encode("utf-8", "surrogateescape")))
    return frozenset(form for text in texts if len(form := plain(text)) >= START)


def _base64(data: bytes) -> Iterator[str]:
    """The base64 of the data alone, and what is the same in the base64 of anything that contains them."""
    yield base64.b64encode(data).decode()
    for before in range(3):
        first = (8 * before + 5) // 6
        last = 8 * (before + len(data)) // 6
        yield base64.b64encode(bytes(before) + data).decode()[first:last]
