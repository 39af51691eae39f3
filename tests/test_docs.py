"""Pages that docstrings refer to: each is in the repository, and so is each section."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROTOCOL = ROOT / "tui" / "api" / "PROTOCOL.md"
REFERENCE = re.compile(r"PROTOCOL\.md(?:,\s+\"?([A-Z][a-z]+(?: [a-z]+)*))?")
"""A reference to the page of LiveKit's wire, with the section where one is named."""


def headings() -> set[str]:
    """The sections of the page."""
    return set(re.findall(r"^## (.+)$", PROTOCOL.read_text(encoding="utf-8"), re.MULTILINE))


def sources() -> list[Path]:
    """Everything that may refer to a page."""
    found = [*(ROOT / "tui").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    return [path for path in found if path != Path(__file__)]


def named(text: str) -> list[str]:
    """The sections that a source refers to. What follows the name in a sentence is no part of it."""
    known = headings()
    found = []
    for words in REFERENCE.findall(text):
        whole = re.sub(r"\s+", " ", words)
        found.append(next((name for name in known if whole == name or whole.startswith(name + " ")), whole))
    return found


def test_every_section_that_a_source_names_is_on_the_page() -> None:
    known = headings()
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources()
        for name in named(path.read_text(encoding="utf-8"))
        if name and name not in known
    }
    assert not missing
