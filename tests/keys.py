"""The README's tables of keys, made from the table in the code: `python -m tests.keys` writes them, a test
holds them.
"""

from __future__ import annotations

import re
from pathlib import Path

from tui.ui.keys.key import Key
from tui.ui.keys.moved import MOVED
from tui.ui.keys.names import shown, shown_all
from tui.ui.keys.table import SECTIONS

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- keys -->\n).*?(<!-- /keys -->)", re.S)
MOVES = re.compile(r"(<!-- moved -->\n).*?(<!-- /moved -->)", re.S)


def where(key: Key) -> str:
    """The places where a key does something, with what it does there if that says more than its meaning."""
    places: dict[str, list[str]] = {}
    for use in key.uses:
        label = "" if use.label.lower() in key.meaning.lower() else use.label
        places.setdefault(label, []).extend(context.words for context in use.contexts)
    if places == {"": [""] * len(places.get("", ()))}:
        return ""
    found = []
    for label, words in sorted(places.items(), key=lambda item: bool(item[0])):
        names = ", ".join(dict.fromkeys(word or "everywhere" for word in words))
        found.append(f"{names}: {label}" if label else names)
    return "; ".join(found)


def table() -> str:
    """The block between the marks."""
    lines: list[str] = []
    for section in SECTIONS:
        if not any(key.on for key in section.keys):
            continue
        lines += ["", f"**{section.title}**", "", "| key | means | where |", "|---|---|---|"]
        lines += [f"| {_code(key.names)} | {key.meaning} | {where(key)} |" for key in section.keys if key.on]
    return "\n".join(lines).lstrip("\n") + "\n"


def moved_list() -> str:
    """The block of what moved."""
    lines = ["| key | did | where | is now |", "|---|---|---|---|"]
    for moved in MOVED:
        where = ", ".join(dict.fromkeys(context.words or "dialogs" for context in moved.contexts))
        lines.append(f"| `{shown(moved.name)}` | {moved.was} | {where} | {moved.to} |")
    return "\n".join(lines) + "\n"


def _code(names: str) -> str:
    return " ".join(f"`{key}`".replace("|", "\\|") for key in shown_all(names))


def readme() -> str:
    """The README with today's keys."""
    text = BLOCK.sub(lambda match: match[1] + table() + match[2], README.read_text(encoding="utf-8"))
    return MOVES.sub(lambda match: match[1] + moved_list() + match[2], text)


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
