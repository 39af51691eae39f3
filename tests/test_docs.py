"""Docstrings, comments and README name only pages and sections that are in the repository."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROTOCOL = ROOT / "tui" / "api" / "PROTOCOL.md"
PAGE = re.compile(r"[\w./-]*\w\.md\b")
SECTION = re.compile(r"PROTOCOL\.md,\s+([A-Z][a-z]+(?:\s+[a-z]+)*)")
"""A reference to the page of LiveKit's wire by section."""


def headings() -> set[str]:
    """The sections of the page."""
    return set(re.findall(r"^## (.+)$", PROTOCOL.read_text(encoding="utf-8"), re.MULTILINE))


def sources() -> list[Path]:
    """Every module of the package and of its tests."""
    return [path for folder in ("tui", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]


def prose(source: str) -> Iterator[str]:
    """The docstrings and comments of a module, those of fields too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def is_here(page: str) -> bool:
    """Whether a page is in the repository, by its path or by the name of the one that has a short one."""
    return page == PROTOCOL.name or (ROOT / page).is_file()


def unknown(text: str, known: set[str]) -> Iterator[str]:
    """References of a text that lead nowhere."""
    yield from (page for page in PAGE.findall(text) if not is_here(page))
    yield from re.findall(r"§.{0,6}", text)
    for words in SECTION.findall(text):
        name = re.sub(r"\s+", " ", words)
        if not any(name == heading or name.startswith(f"{heading} ") for heading in known):
            yield f"PROTOCOL.md, {name}"


def test_every_reference_leads_to_a_page_and_a_section_of_the_repository() -> None:
    known = headings()
    found = {"README.md": list(unknown((ROOT / "README.md").read_text(encoding="utf-8"), known))}
    for path in sources():
        source = path.read_text(encoding="utf-8")
        if ".md" in source or "§" in source:  # or there is nothing to find, and parsing takes its time
            names = [name for text in prose(source) for name in unknown(text, known)]
            found[str(path.relative_to(ROOT))] = names
    assert {name: references for name, references in found.items() if references} == {}


def test_the_page_of_the_wire_names_modules_that_exist() -> None:
    named = re.findall(r"`(tui/[\w./]+)`", PROTOCOL.read_text(encoding="utf-8"))
    assert named and all((ROOT / path).exists() for path in named)
