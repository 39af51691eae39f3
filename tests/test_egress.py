"""What leaves for the terminal: nothing it obeys, and of a changed line only the changed cells."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from tests.ptyrun import grammar_violations, render
from tui.ui.egress import crop_glyphs, crop_left, drop_controls, guard_output

CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=200)
STOCK_RENDER = ChopsUpdate.render_segments


@pytest.fixture(autouse=True)
def unpatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual as it comes, before and after every test."""
    monkeypatch.setattr(ChopsUpdate, "render_segments", STOCK_RENDER)
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


def test_an_unknown_compositor_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def render_segments(self: ChopsUpdate, console: Console) -> str:
        return "drawn in another way"

    monkeypatch.setattr(ChopsUpdate, "render_segments", render_segments)
    assert crop_left() is False
    assert ChopsUpdate.render_segments is render_segments


# Cropping

# Those that pyte and Textual measure alike; joined emoji are in `test_no_glyph_is_cut_in_two`.
GLYPHS = ["a", "b", "Z", " ", "é", "●", "漢", "字", "😀", "e\u0301", "한"]
STYLES = [Style.null(), Style(bold=True), Style(color="#0a141e", bgcolor="#ffffff")]
COLUMNS = 48
NO_WRAP = b"\x1b[?7l"
"""As Textual has it: the last column is written without moving on to the next line."""


def pieces(chance: Random, width: int) -> list[Segment]:
    """Styled text of an exact width."""
    segments: list[Segment] = []
    while width > 0:
        text = "".join(chance.choices(GLYPHS, k=chance.randint(1, 5)))
        while cell_len(text) > width:
            text = text[1:].lstrip("\u0301") or " "
        segments.append(Segment(text, chance.choice(STYLES)))
        width -= cell_len(text)
    return segments


@dataclass
class Scene:
    """Lines of cells before and after some of them changed, as the compositor holds them."""

    before: list[Strip]
    after: list[Strip]
    spans: list[tuple[int, int, int]]
    cuts: list[list[int]]

    def update(self, lines: list[Strip], spans: list[tuple[int, int, int]]) -> ChopsUpdate:
        """The compositor's own object, for drawing these spans of these lines."""
        chops = [
            dict(zip([0, *cuts[:-1]], line.divide(cuts), strict=True))
            for line, cuts in zip(lines, self.cuts, strict=True)
        ]
        return ChopsUpdate(chops, spans, self.cuts)

    def draw(
        self, spans: list[tuple[int, int, int]], how: Callable[[ChopsUpdate, Console], str]
    ) -> tuple[bytes, list[str]]:
        """The bytes of the change, and the screen when it was drawn over what was there."""
        everything = [(y, 0, COLUMNS) for y in range(len(self.before))]
        first = STOCK_RENDER(self.update(self.before, everything), CONSOLE).encode()
        change = how(self.update(self.after, spans), CONSOLE).encode()
        return change, render(NO_WRAP + first + change, COLUMNS, len(self.before))

    @property
    def truth(self) -> list[str]:
        """The screen when all of it is drawn anew."""
        everything = [(y, 0, COLUMNS) for y in range(len(self.after))]
        drawn = STOCK_RENDER(self.update(self.after, everything), CONSOLE).encode()
        return render(NO_WRAP + drawn, COLUMNS, len(self.after))


def scene(seed: int) -> Scene:
    """A table of which some cells change, in lines cut anywhere, with regions of any extent."""
    chance = Random(seed)
    made = Scene([], [], [], [])
    for y in range(chance.randint(1, 3)):
        before: list[Segment] = []
        after: list[Segment] = []
        changed: list[tuple[int, int]] = []
        x = 0
        while x < COLUMNS:
            width = min(chance.randint(1, 12), COLUMNS - x)
            cell = pieces(chance, width)
            before += cell
            if chance.random() < 0.5:
                cell = pieces(chance, width)
                changed.append((x, x + width))
            after += cell
            x += width
        made.before.append(Strip(before, COLUMNS))
        made.after.append(Strip(after, COLUMNS))
        cuts = [*sorted(chance.sample(range(1, COLUMNS), chance.randint(0, 3))), COLUMNS]
        # A cut between a letter and its mark loses the mark whoever draws: not what is tested here.
        while any(
            piece.text.startswith("\u0301") for line in (before, after) for piece in Strip(line).divide(cuts)
        ):
            cuts.pop(0)
        made.cuts.append(cuts)
        for first, last in changed:
            # A region may take more in than what changed, and end anywhere.
            start = max(0, first - chance.randint(0, 3))
            made.spans.append((y, start, min(COLUMNS, last + chance.randint(0, 3))))
    return made


def test_a_cropped_change_gives_the_screen_of_a_full_repaint() -> None:
    assert crop_left()
    for seed in range(300):
        made = scene(seed)
        if made.spans:
            _, screen = made.draw(made.spans, ChopsUpdate.render_segments)
            assert screen == made.truth, seed


def is_whole(strip: Strip, first: int, last: int) -> bool:
    """Whether Textual's own way to crop leaves every glyph and mark in place."""
    return crop_glyphs(strip, first, last)[1].text == strip.crop(first, last).text


def test_it_draws_as_textual_does_and_is_never_longer() -> None:
    assert crop_left()
    sent = [0, 0]
    for seed in range(300):
        made = scene(seed)
        # Where Textual cuts a wide glyph in two, it is wrong: compare where it is right.
        if made.spans and all(is_whole(made.after[y], *span) for y, *span in made.spans):
            stock, stock_screen = made.draw(made.spans, STOCK_RENDER)
            ours, our_screen = made.draw(made.spans, ChopsUpdate.render_segments)
            assert our_screen == stock_screen, seed
            assert len(ours) <= len(stock), seed
            sent = [sent[0] + len(ours), sent[1] + len(stock)]
    assert sent[0] < 0.7 * sent[1]


def test_one_cell_at_the_right_costs_no_more_than_itself() -> None:
    assert crop_left()
    line = Strip([Segment(f"cell {n:<7}", Style(color="#c0ffee", bgcolor="#102030")) for n in range(10)])
    update = ChopsUpdate([{0: line}], [(0, 96, 108)], [[120]])
    assert len(update.render_segments(CONSOLE)) < 60 < 400 < len(STOCK_RENDER(update, CONSOLE))


@pytest.mark.parametrize(
    ("texts", "asked", "start", "kept"),
    [
        (["abcdef"], (2, 4), 2, "cd"),
        (["abcdef"], (4, 99), 4, "ef"),
        (["a漢b"], (1, 3), 1, "漢"),
        (["a漢b"], (2, 3), 1, "漢"),
        (["a漢b"], (0, 2), 0, "a漢"),
        (["ab", "漢字", "c"], (3, 5), 2, "漢字"),
        (["ab", "漢字", "c"], (4, 6), 4, "字"),
        (["a👩‍💻b"], (2, 4), 1, "👩‍💻b"),
        (["ae\u0301b"], (1, 2), 1, "e\u0301"),
        (["ae\u0301b"], (2, 3), 2, "b"),
        (["ae", "\u0301b"], (1, 2), 1, "e\u0301"),
        (["ae", "\u0301b"], (2, 3), 2, "b"),
        (["ae", "\u0301", "b"], (0, 2), 0, "ae\u0301"),
    ],
)
def test_no_glyph_is_cut_in_two(texts: list[str], asked: tuple[int, int], start: int, kept: str) -> None:
    found, strip = crop_glyphs(Strip([Segment(text) for text in texts]), *asked)
    assert (found, strip.text) == (start, kept)
