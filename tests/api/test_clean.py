"""Hostile text, class by class: what comes out is one printable line that a terminal cannot obey."""

from __future__ import annotations

import re
import sys
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size, split_graphemes

from tui.api.text import clean as module
from tui.api.text.clean import (
    ELLIPSIS,
    LIMIT,
    MAX_MARKS,
    UNSAFE,
    clean,
    clean_block,
    confusable,
    is_clean,
    is_deceptive,
    visible,
)

# Planes 4 to 13 hold nothing; their first and last characters stand for them.
EVERY_CHARACTER = [chr(code) for code in (*range(0x40000), 0x40000, 0xDFFFF, *range(0xE0000, 0xE2000))]
EVERY_CHARACTER += [chr(code) for code in (0xEFFFF, 0xF0000, 0xFFFFF, 0x100000, sys.maxunicode)]

# What no line may hold when it reaches a terminal, said independently of the tables under test.
OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff\ufffe\uffff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)

hostile_text = st.text(
    st.one_of(
        st.characters(codec=None),
        st.sampled_from(
            "\x1b\x07\x9b\x9d\r\n\t\0\u202e\u200d\u200c\ufe0f\U0001f3fb\U0001f3fd\U0001f469\U0001f4bb\u27641#e"
            "\u0301\u0300क्ن\ud800\udfff a]8;0m"
        ),
    ),
    max_size=60,
)


@given(hostile_text)
@example("\U0001f469\u200d\U0001f4bb")
@example("\u2764\ufe0f\ufe0f\ufe0f\ufe0f\u200d\U0001f525")
@example("👩" + "🏻️" * 9 + "\u200d👩")
@example("\ud83d\ude00")
def test_nothing_obeyed_survives(text: str) -> None:
    shown = clean(text)
    assert not OBEYED.search(shown)
    shown.encode("utf-8")
    assert clean(shown) == shown
    assert is_clean(shown)
    assert is_clean(text) == (shown == text)


@given(hostile_text, st.integers(1, 30))
def test_short_limits_hold_and_are_marked(text: str, limit: int) -> None:
    shown = clean(text, limit=limit)
    assert len(shown) <= limit
    assert clean(shown, limit=limit) == shown
    if shown != clean(text):
        assert shown.endswith(ELLIPSIS)


@given(hostile_text)
def test_a_block_keeps_its_lines_and_nothing_else(text: str) -> None:
    block = clean_block(text)
    assert not OBEYED.search(block.replace("\n", ""))
    assert clean_block(block) == block
    assert block.count("\n") == text.count("\n")


def test_every_single_character_is_handled() -> None:
    together = clean("a".join(EVERY_CHARACTER), limit=10_000_000)
    assert not OBEYED.search(together)
    stand_ins = [UNSAFE.sub(visible, character) for character in EVERY_CHARACTER if UNSAFE.match(character)]
    assert all(stand_in.isprintable() and stand_in for stand_in in stand_ins)


def test_the_gate_holds_every_zero_width_character() -> None:
    marks = (c for c in EVERY_CHARACTER if module._has_no_width(c) and unicodedata.category(c) != "Cn")
    assert [hex(ord(c)) for c in marks if not module._MARK_GATE.match(c * 4)] == []


def test_what_is_drawn_in_no_cell_cannot_pile_up() -> None:
    """What Textual's own table calls zero-width is replaced, or kept a few times at most."""
    for character in EVERY_CHARACTER:
        if get_character_cell_size(character) == 0:
            shown = clean("x" + character * 20)
            assert sum(get_character_cell_size(c) == 0 for c in shown) <= MAX_MARKS, hex(ord(character))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]52;c;cm0gLXJmIC8=\x07", "␛]52;c;cm0gLXJmIC8=␇"),
        ("\x9b31m", "\\u{9b}31m"),
        ("\x9d0;title\x9c", "\\u{9d}0;title\\u{9c}"),
        ("abc\rX", "abc␍X"),
        ("\0\x7f", "␀␡"),
        ("a\tb\nc", "a    b␤c"),
        ("prod\u202e-gnp", "prod\\u{202e}-gnp"),
        ("ad\u200bmin", "ad\\u{200b}min"),
        ("ad\u200dmin", "ad\\u{200d}min"),
        ("x\u2028y\x85z", "x\\u{2028}y\\u{85}z"),
        ("a\ufe0fb", "a\\u{fe0f}b"),
        ("\U0001f3fb", "\\u{1f3fb}"),
        ("\ud800", "\\u{d800}"),
        ("\ue0b0\U000f0000", "\\u{e0b0}\\u{f0000}"),
        ("🏴\U000e0067\U000e007f", "🏴\\u{e0067}\\u{e007f}"),
        ("\u3164\u115f", "\\u{3164}\\u{115f}"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3 + "…"),
        ("Z" + "\u0300\u0489" * 25 + "a", "Z\u0300\u0489\u0300…a"),
        ("ᄀ" + "ᅡ" * 9, "ᄀ" + "ᅡ" * 3 + "…"),
    ],
)
def test_hostile_strings(raw: str, shown: str) -> None:
    assert clean(raw) == shown
    assert not is_clean(raw)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prod-inbound-01",
        "Größe · ½ → ✓ ● █",
        "привет, κόσμε",
        "漢字かな交じり文 한국어",
        "नमस्ते",
        "می‌خواهم",
        "👩‍💻 ❤️‍🔥 👍🏽 👩🏽‍💻 1️⃣ 🇩🇪 ☎︎ 🥹",
        "�",
        "[/] [bold] \\[ $x [@click=app.quit]x[/]",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert clean(text) is text or clean(text) == text
    assert is_clean(text)


def test_columns_stay_aligned() -> None:
    """A padded cell is as wide as it claims, whatever is in it, by the measure that Textual draws with."""
    raw = [
        chr(0x1B) + "[5m",
        "\ud800x",
        "\ue000",
        "e" + "\u0301" * 50,
        "👩‍💻",
        "漢字",
        "🇩🇪",
        "❤️",
        "\u200b\u200e",
        "🏻",
    ]
    for text in map(clean, raw):
        spans, width = split_graphemes(text)
        assert cell_len(text) == width == sum(span[2] for span in spans)
        assert all(span[2] or span[1] - span[0] == 0 for span in spans[:1])


def test_the_limit_is_on_what_is_shown() -> None:
    assert clean("x" * LIMIT) == "x" * LIMIT
    assert clean("x" * (LIMIT + 1)) == "x" * (LIMIT - 1) + ELLIPSIS
    assert clean("\u202e" * 100, limit=20) == "\\u{202e}\\u{202e}\\u{…"
    assert clean("👩\u200d💻", limit=2) == "👩…"
    assert clean("👩\u200d💻x", limit=3) == "👩…", "a joiner would join the ellipsis"
    assert len(clean("e" + "\u0301" * 200_000 + "tail", limit=50)) <= 50


def test_block_line_ends() -> None:
    assert clean_block("a\r\nb\nc\rd\te\x1b") == "a\nb\nc␍d    e␛"


def test_the_exported_table_is_enough_for_log_lines() -> None:
    assert UNSAFE.sub(visible, "\x1b[2Jroom\u202e 👩‍💻") == "␛[2Jroom\\u{202e} 👩‍💻"


@pytest.mark.parametrize(
    "piece", ["\x1b", "\u200d", "\u0301", "👩\u200d", "\x1b[", "é" * 3 + "\u0301", "\n", "\ufe0f🏻"]
)
def test_time_is_linear_in_the_text(piece: str) -> None:
    """Twice the text may take twice the time, not four times: best of two."""

    def cost(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()
        clean_block(text, limit=size)
        return time.process_time() - start

    ratios = [cost(400_000) / max(cost(100_000), 0.002) for _ in range(2)]
    assert min(ratios) < 10


def test_a_megabyte_name_is_cut_before_it_is_read() -> None:
    start = time.process_time()
    for piece in ("\x1b", "\u0301", "x"):
        clean(piece * 1_000_000)
    assert time.process_time() - start < 0.2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("admin", "аdmin"),
        ("admin", "ADMIN"),
        ("admin", "ad\u200bmin"),
        ("admin", "ad\u00admin"),
        ("admin", "ａｄｍｉｎ"),
        ("admin", "admin "),
        ("pay agent", "pay\u00a0agent"),
        ("pay agent", "pay\u2800agent"),
        ("PAY", "РАУ"),
        ("HOTEL", "ΗΟΤΕL"),
        ("prod", "prod\U000e0041"),
        ("prod\u202e", "prod"),
        ("v10", "vlo"),
        ("café", "cafe\u0301"),
    ],
)
def test_look_alikes_share_a_key(one: str, other: str) -> None:
    assert one != other
    assert confusable(one) == confusable(other)


@pytest.mark.parametrize(
    ("one", "other"), [("prod", "prod2"), ("cafe", "café"), ("北京", "東京"), ("a b", "ab")]
)
def test_names_that_differ_keep_their_keys_apart(one: str, other: str) -> None:
    assert confusable(one) != confusable(other)


@given(hostile_text)
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert confusable(confusable(name)) == confusable(name)


@pytest.mark.parametrize(
    "name",
    [
        "аdmin",
        "ad\u200bmin",
        "prod\u202e",
        clean("prod\u202e"),
        "pro\x1bd",
        clean("pro\x1bd"),
        "рrod",
        "νoice",
    ],
)
def test_a_deceptive_name_is_marked(name: str) -> None:
    assert is_deceptive(name)


@pytest.mark.parametrize("name", ["admin", "привет", "κόσμε", "北京-agent", "größe", "👩‍💻-bot", "x\\y"])
def test_an_honest_name_is_not_marked(name: str) -> None:
    assert not is_deceptive(name)


def test_twins_fold_to_the_letter_they_look_like() -> None:
    for code, latin in module._TO_LATIN.items():
        assert not unicodedata.name(chr(code)).startswith("LATIN")
        assert len(latin) == 1 and latin.isascii() and latin.isalpha()
