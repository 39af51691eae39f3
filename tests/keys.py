"""The README's table of keys, made from the bindings: `python -m tests.keys` writes it, a test holds it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from textual.binding import Binding, BindingType

from tui.operations.registry import keys_of
from tui.ui.app import Lktop
from tui.ui.help import shown
from tui.ui.logview.view import LogView
from tui.ui.panes import PANES
from tui.ui.panes.lists import ListPane
from tui.ui.screen import MainScreen
from tui.ui.widgets.table import LineTable

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- keys -->\n).*?(<!-- /keys -->)", re.S)


def rows(bindings: Iterable[BindingType]) -> list[tuple[str, str]]:
    """Keys and what they do, for bindings that say what they do."""
    found: list[tuple[str, str]] = []
    for binding in bindings:
        if isinstance(binding, Binding) and binding.description:
            keys = [shown(key) for key in binding.key.split(",")]
            found.append((" ".join(dict.fromkeys(keys)), binding.description))
    return found


def groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every group of keys, as the README lists them."""
    digits = (" ".join(pane.NUMBER for pane in PANES), "Pane: " + ", ".join(pane.NAME for pane in PANES))
    everywhere = [row for row in rows(MainScreen.BINDINGS) if not row[1].startswith("Pane ")]
    found = [
        ("Everywhere", [digits, *everywhere, *rows(Lktop.BINDINGS)]),
        ("Lists and the tree", [*rows(LineTable.BINDINGS), *rows(ListPane.BINDINGS)]),
    ]
    for pane in PANES:
        own = rows(pane.__dict__.get("BINDINGS", ()))
        operations = [
            (" ".join(shown(key) for key in keys.split(",")), operation.label)
            for keys, operation in keys_of(pane.NAME.lower())
        ]
        logs = rows(LogView.BINDINGS) if pane.NAME == "Logs" else []
        known = {label for _, label in own}
        both = [*own, *(row for row in operations if row[1] not in known), *logs]
        if both:
            found.append((f"{pane.NUMBER} {pane.NAME}", both))
    return found


def table() -> str:
    """The block between the marks."""
    lines: list[str] = []
    for name, entries in groups():
        lines += ["", f"**{name}**", "", "| key | does |", "|---|---|"]
        lines += [f"| {_code(keys)} | {words} |" for keys, words in entries]
    return "\n".join(lines).lstrip("\n") + "\n"


def _code(keys: str) -> str:
    return " ".join(f"`{key}`".replace("|", "\\|") for key in keys.split())


def readme() -> str:
    """The README with today's keys."""
    return BLOCK.sub(lambda match: match[1] + table() + match[2], README.read_text(encoding="utf-8"))


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
