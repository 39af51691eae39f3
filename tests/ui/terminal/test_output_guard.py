"""What leaves for the terminal holds nothing that it obeys."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tests.ptyrun import grammar_violations
from tui.ui.terminal.output_guard import drop_controls, guard_output

CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=200)


@pytest.fixture(autouse=True)
def unpatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual as it comes, before and after every test."""
    for name in ("render", "render_style"):
        monkeypatch.setattr(Strip, name, Strip.__dict__[name])


HOSTILE = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x1b]0;title\x07\x1b[2J\x1b[1;1H\x1b[6n\x1b[21t\x1bc",
    "\x9d52;c;eA==\x9c\x9b31m",
    "prod\u202egnp\u2066x\u2069\u200e\u061c",
    "x\u2028y\u2029z",
    "\ud800\udfff",
]


@pytest.mark.parametrize(
    "style", [None, Style.null(), Style(bold=True, color="red"), Style(link="http://x\x1b]0;t\x07")], ids=str
)
def test_a_strip_sends_nothing_that_is_obeyed(style: Style | None) -> None:
    guard_output()
    for text in HOSTILE:
        sent = Strip([Segment(text, style), Segment("end", style)]).render(CONSOLE)
        assert grammar_violations(sent.encode()) == []
        assert "end" in sent


def test_without_the_guard_it_would() -> None:
    sent = Strip([Segment(HOSTILE[-6], Style(link="http://x"))]).render(CONSOLE)
    assert grammar_violations(sent.encode()) != []


def test_the_guard_is_put_on_once() -> None:
    guard_output()
    once = Strip.__dict__["render_style"], Strip.__dict__["render"]
    guard_output()
    assert once == (Strip.__dict__["render_style"], Strip.__dict__["render"])


def test_what_is_drawn_keeps_its_width() -> None:
    for text in HOSTILE:
        assert cell_len(drop_controls(text)) == cell_len(text), ascii(text)
    assert drop_controls("ok ✓ 漢 👩‍💻") == "ok ✓ 漢 👩‍💻"


def test_ordinary_output_is_not_touched() -> None:
    strip = [Segment("a ✓ 漢", Style(bold=True)), Segment("plain", None), Segment("b", Style.null())]
    before = Strip(strip).render(CONSOLE)
    guard_output()
    assert Strip(strip).render(CONSOLE) == before


@pytest.mark.parametrize("name", ["render", "render_style"])
def test_an_unknown_textual_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replacement = classmethod(lambda cls, a, b: "") if name == "render_style" else lambda self, console: ""
    monkeypatch.setattr(Strip, name, replacement)
    with pytest.raises(RuntimeError, match=r"textual 8\.2"):
        guard_output()
