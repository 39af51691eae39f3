"""Cells: exact widths whatever the characters, ASCII where it was asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import tui
from tui.api.text.clean import clean
from tui.sim.scenarios.hostile import STRINGS
from tui.ui.widgets.text import fit, remote, to_ascii, width

WIDE = (
    "漢字のエージェント",
    "☎️☎️☎️☎️☎️",
    "1️⃣2️⃣3️⃣",
    "🇳🇱🇩🇪🇳🇱",
    "👍🏽👍🏽👍🏽",
    "👩‍👩‍👧‍👦 family",
    "e\u0301" * 12,
    "한국어각각",
    "नमस्ते",
    "ﷺﷺ",
)
ROOT = Path(tui.__file__).parent
STAND_INS = dict.fromkeys(range(0x2400, 0x2425))
"""For control characters that others wrote: not ours."""


@pytest.mark.parametrize("text", [clean(text) for text in (*STRINGS, *WIDE)])
def test_a_text_is_exactly_as_wide_as_asked_for(text: str) -> None:
    for size in range(30):
        for right in (False, True):
            assert cell_len(fit(text, size, right=right)) == size


@given(st.text(), st.integers(0, 40), st.booleans())
def test_any_text_is_exactly_as_wide_as_asked_for(text: str, size: int, right: bool) -> None:
    assert cell_len(fit(clean(text), size, right=right)) == size


def test_what_does_not_fit_ends_in_an_ellipsis_and_no_glyph_is_cut_in_two() -> None:
    assert fit("support-triage", 8) == "support…"
    assert fit("漢字漢字", 6) == "漢字… "
    assert fit("☎️☎️☎️", 4) == "☎️… "
    assert fit("ab", 4) == "ab  "
    assert fit("ab", 4, right=True) == "  ab"
    assert fit("ab", 0) == ""


def test_remote_text_is_never_markup() -> None:
    assert remote("[bold]x[/] \x1b[2J").plain == "[bold]x[/] ␛[2J"
    assert remote("[@click=app.quit]x[/]").spans == []


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node.lineno, node.value


def test_every_sign_of_ours_has_one_in_ascii() -> None:
    """Read from the sources of everything that words end up on the screen from."""
    missing = [
        f"{path.relative_to(ROOT)}:{line}: {letter!r}"
        for folder in (ROOT / name for name in ("ui", "fleet", "logs", "operations", "deploy", "session"))
        for path in sorted(folder.rglob("*.py"))
        if path.name not in ("output_guard.py", "classify.py")  # what it takes out; bytes of logs
        for line, text in _literals(path)
        for letter in text.translate(STAND_INS)
        if letter.isprintable() and not letter.isascii() and not to_ascii(letter).isascii()
    ]
    assert missing == []


def test_a_sign_in_ascii_is_as_wide() -> None:
    for letter in "●◔◐◌✗↻▣◆■·–…▎│┃▲▼Δ▾▸✓→←×↑↓─≠≥":
        assert len(to_ascii(letter)) == width(letter) == 1
    assert to_ascii("漢字 é") == "漢字 é", "what others wrote stays"
