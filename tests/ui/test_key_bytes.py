"""Every key of the table as bytes: as terminals send it of old, with modifyOtherKeys, and in kitty's form."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.keys import _character_to_key

from tui.ui.keys.table import KEYS
from tui.ui.terminal.keyboard import Keyboard

NAMES = tuple(dict.fromkeys(name for key in KEYS for name in key.names.split(",")))
SIGNS = {_character_to_key(chr(code)): chr(code) for code in range(0x21, 0x7F)} | {"@": "@"}
CODES = {"enter": 13, "tab": 9, "escape": 27, "space": 32}
SPECIAL = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "f1": "\x1bOP",
    "f8": "\x1b[19~",
    "shift+tab": "\x1b[Z",
    "shift+left": "\x1b[1;2D",
    "shift+right": "\x1b[1;2C",
}
SAME = {"ctrl+@": "ctrl+at", "ctrl+space": "ctrl+@"}
"""A key that comes under another name, which the table binds to the same."""
NOT_OF_OLD = {"ctrl+at", "super+c"}


def keys(*reads: str) -> list[str]:
    """What these reads and a silence are."""
    keyboard, found = Keyboard(), []
    for turn, read in enumerate(reads):
        found += keyboard.feed(read, turn / 1000)
    return [message.key for message in (*found, *keyboard.tick(60.0)) if isinstance(message, Key)]


def parts(name: str) -> tuple[int, int]:
    """The code of a key, and its modifiers as both forms count them."""
    *modifiers, last = name.split("+")
    code = CODES.get(last) or ord(SIGNS.get(last, last))
    return code, 1 + sum({"shift": 1, "ctrl": 4, "super": 8}[one] for one in modifiers)


def of_old(name: str) -> str:
    """One byte, or the sequence of a special key."""
    if name in SPECIAL:
        return SPECIAL[name]
    code, modifiers = parts(name)
    return chr(code if modifiers == 1 else 0 if code in (0x20, 0x40) else code & 0x1F)


def same(name: str, found: list[str]) -> bool:
    """Whether one key was found, under this name or one that the table binds to the same."""
    bound = next(key.names.split(",") for key in KEYS if name in key.names.split(","))
    return len(found) == 1 and (found[0] == name or (name in SAME and found[0] in bound))


@pytest.mark.parametrize("name", NAMES)
def test_every_key_arrives_under_its_name_in_every_form(name: str) -> None:
    if name not in NOT_OF_OLD:
        assert same(name, keys(of_old(name))), "of old"
        assert same(name, keys(*of_old(name))), "split"
    if name in SPECIAL and name != "shift+tab":
        return  # these have no other form
    code, modifiers = (9, 2) if name == "shift+tab" else parts(name)
    if name == "super+c":
        return  # no form of old, and the others are the terminal's own
    upper = modifiers == 1 and chr(code).isupper()
    assert same(name, keys(f"\x1b[27;{modifiers + upper};{code}~")), "modifyOtherKeys"
    assert same(name, keys(f"\x1b[{code};{modifiers}u")), "kitty"
    if upper:
        assert same(name, keys(f"\x1b[{ord(chr(code).lower())};{modifiers + 1}u")), "kitty, shifted"


@pytest.mark.parametrize("split", [False, True])
def test_escape_before_any_key_of_the_table_is_two_keys(split: bool) -> None:
    for name in NAMES:
        if name in NOT_OF_OLD:
            continue
        sent = of_old(name)
        found = keys("\x1b", sent) if split else keys("\x1b" + sent)
        assert found == ["escape", *keys(sent)], name
