"""Damages what is well made, by a seed: bytes, structure, lengths."""

from __future__ import annotations

import re
from random import Random
from typing import Final

PIECES: Final = (
    *(b"\x00", b"\x1b]0;t\x07", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\\", b'"', b"'"),
    *(b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"-1", b"1e999", b"9" * 400, b"NaN", b"{}"),
    *(b"\r\n", b"\n\n", b"\t", b"=", b"#", b"\xe2\x80\xae", b"\xc2\x9b", b"[" * 200, b'{"a":' * 200),
    b"\xef\xbb\xbf",
)
_ATOMS: Final = re.compile(rb'"[^"]*"|[\w.+-]+')


def damaged(chance: Random, text: bytes, most: int = 4) -> bytes:
    """The text with up to so many things wrong with it."""
    for _ in range(chance.randint(1, most)):
        text = chance.choice(_WAYS)(chance, text)
    return text


def _cut(chance: Random, text: bytes) -> bytes:
    return text[: chance.randrange(len(text) + 1)]


def _piece(chance: Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(PIECES) + text[at + chance.choice((0, 0, 1, 9)) :]


def _bit(chance: Random, text: bytes) -> bytes:
    if not text:
        return text
    at = chance.randrange(len(text))
    return text[:at] + bytes([text[at] ^ 1 << chance.randrange(8)]) + text[at + 1 :]


def _splice(chance: Random, text: bytes) -> bytes:
    one, two = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    return text[:two] + text[one:]


def _swap(chance: Random, text: bytes) -> bytes:
    """A value of another kind in the place of one."""
    atoms = list(_ATOMS.finditer(text))
    if not atoms:
        return text
    atom = chance.choice(atoms)
    return text[: atom.start()] + chance.choice((*PIECES, chance.choice(atoms)[0])) + text[atom.end() :]


_WAYS: Final = (_cut, _piece, _bit, _splice, _swap, _swap)
