"""Facts as lines that fit: a label, then its text broken at spaces. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import chop_cells

from tui.api.text.clean import clean
from tui.fleet.lists.cells import Cell
from tui.ui.widgets.lines import Line
from tui.ui.widgets.text import fit, width

LABEL = 13
"""Cells of the label column."""
LIMIT = 4000
"""Characters shown of one text."""


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact to show."""

    label: str
    text: str
    tone: str = "text"
    label_tone: str = "muted"


def wrap_text(text: str, size: int) -> Iterator[str]:
    """The text in lines of at most `size` cells, broken at spaces where possible. Keeps an indent."""
    words = text.lstrip(" ")
    line = " " * min(len(text) - len(words), size // 2)
    for place, word in enumerate(words.split(" ")):
        joined = f"{line} {word}" if place else f"{line}{word}"
        if width(joined) <= size:
            line = joined
            continue
        if line:
            yield line
        *full, line = chop_cells(word, max(1, size)) or [""]
        yield from full
    yield line


def wrap_facts(facts: Iterable[FactLine], size: int) -> list[Line]:
    """Facts as lines of `size` cells."""
    found: list[Line] = []
    for fact in facts:
        room = max(10, size - LABEL - 1)
        for number, part in enumerate(wrap_text(clean(fact.text, limit=LIMIT), room)):
            label = fit(clean(fact.label, limit=40), LABEL - 1) if number == 0 else " " * (LABEL - 1)
            found.append((Cell(f"{label} ", fact.label_tone), Cell(part, fact.tone)))
    return found
