"""Text that a real terminal sends in pieces of any size arrives byte for byte, or is refused.

The campaign sends up to 100 kB: `python -m pytest -m campaign tests/operations/test_split_input.py`.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.operations.fieldsapp import KINDS
from tests.ptyrun import Pty, python

F11, F12 = b"\x1b[23~", b"\x1b[24~"
"""To the next field; write down and leave."""
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 =:/+{}\"'é漢😀\u00a0"
PAUSES = (0.0, 0.0, 0.0, 0.0003, 0.002, 0.01, 0.06)
"""Seconds between two pieces."""


def text(chance: random.Random, size: int, *, breaks: str = "") -> str:
    """Letters of one to four bytes."""
    return "".join(chance.choices(LETTERS + breaks, k=size))


def pieces(chance: random.Random, data: bytes, most: int) -> list[bytes]:
    """The data cut at random places, in the middle of characters and of marks too."""
    found = []
    while data:
        cut = min(len(data), chance.choice((1, 2, 3, chance.randint(1, 40), chance.randint(1, most))))
        found.append(data[:cut])
        data = data[cut:]
    return found


def send(terminal: Pty, chance: random.Random, data: bytes, most: int, seconds: float) -> None:
    """Send it in pieces at random times, pausing for this long in all at the most."""
    for piece in pieces(chance, data, most):
        terminal.send(piece)
        pause = min(chance.choice(PAUSES), seconds)
        seconds -= pause
        time.sleep(pause)


def marked(data: bytes) -> bytes:
    """A paste as a terminal marks it, with returns for line feeds."""
    return b"\x1b[200~" + data.replace(b"\n", b"\r") + b"\x1b[201~"


def arrives(folder: Path, seed: int, size: int, *, seconds: float) -> None:
    """What is typed and pasted into each field, in pieces, is what the field holds."""
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    with Pty(python("tests.operations.fieldsapp", str(folder))) as terminal:
        terminal.until(terminal.shows("type or paste"))
        wanted = {}
        for kind in KINDS:
            breaks = "" if kind == "line" else "\n\t"
            typed, pasted = text(chance, min(size, 400)), text(chance, size, breaks=breaks)
            again = text(chance, 30)
            wanted[kind] = (typed + pasted + again).encode()
            data = typed.encode() + marked(pasted.encode()) + again.encode()
            send(terminal, chance, data, max(40, size // 4), seconds)
            terminal.send(F11 if kind != KINDS[-1] else F12)
        assert terminal.wait(300.0) == 0
    for kind in KINDS:
        assert (folder / kind).read_bytes() == wanted[kind], f"seed {seed}, {kind}"


def test_a_kilobyte_in_pieces_arrives_byte_for_byte(tmp_path: Path) -> None:
    arrives(tmp_path, 1, 1_000, seconds=0.1)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("size", [1_000, 10_000, 100_000])
def test_up_to_100_kilobytes_in_pieces_arrive_byte_for_byte(tmp_path: Path, seed: int, size: int) -> None:
    arrives(tmp_path, seed, size, seconds=4.0)


def is_marked(folder: Path, seed: int, foreign: bytes) -> None:
    """A visible field marks what is no text, and so cannot be sent; of a secret nothing is kept."""
    chance = random.Random(seed)
    with Pty(python("tests.operations.fieldsapp", str(folder))) as terminal:
        terminal.until(terminal.shows("type or paste"))
        for kind in KINDS:
            before, after = text(chance, chance.randint(0, 300)).encode(), text(chance, 300).encode()
            whole = before + foreign + after
            data = marked(whole) if chance.random() < 0.5 else whole
            send(terminal, chance, data, 200, 1.0)
            terminal.send(F11 if kind != KINDS[-1] else F12)
        assert terminal.wait(60.0) == 0
    for kind in ("line", "block"):
        held = (folder / kind).read_bytes().decode("utf-8", "surrogatepass")
        assert any("\udc00" <= letter <= "\udcff" for letter in held), kind
    assert (folder / "secret").read_bytes() == b""


def test_a_byte_that_is_no_text_never_vanishes_from_it(tmp_path: Path) -> None:
    is_marked(tmp_path, 1, b"\xe4")


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("foreign", [b"\xe4", b"\0", b"\x07"], ids=["latin", "nul", "bell"])
def test_what_is_no_text_never_vanishes_from_it(tmp_path: Path, seed: int, foreign: bytes) -> None:
    is_marked(tmp_path, seed, foreign)
