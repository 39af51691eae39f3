"""Reads the text of a `livekit.toml` by the rules of `lk` (PROTOCOL.md, Versions and deployments).

Opens no file. tomlkit is the parser, since the standard library's knows TOML 1.0 only; it is imported when
there is a file to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SIZE_LIMIT: Final = 64 << 10
"""Characters of the longest text that is read: what tomlkit takes grows with the square of the length."""


class InvalidLivekitToml(ValueError):
    """No valid TOML, or a value of the wrong type. The text names the key, never the value."""

    def __init__(self, problem: str, line: int = 0, column: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        """From 1; 0 where it is not known."""
        self.column = column

    def at(self, path: str) -> str:
        """The problem with its place, in a line."""
        place = f"{path}:{self.line}:{self.column}" if self.line else path
        return f"{place}: {self.problem}"


@dataclass(frozen=True, slots=True)
class LivekitToml:
    """Which project and agent a directory belongs to. The texts are as written: clean them before display."""

    subdomain: str = ""
    """The first label of the project's host; empty if the file does not name it."""
    agent_id: str = ""
    """Empty if the file does not name one."""
    old_format: bool = False
    """The project is named by `project_subdomain`; this format has no agent id."""


def read(text: str) -> LivekitToml:
    """What a file of this text says. Raises `InvalidLivekitToml`."""
    if len(text) > SIZE_LIMIT:
        raise InvalidLivekitToml(f"larger than {SIZE_LIMIT >> 10} KiB; that is no project file of lk")
    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

    try:
        return _interpret(tomlkit.parse(text).unwrap())
    except ParseError as error:
        problem = str(error).partition(" at line ")[0]
        raise InvalidLivekitToml(f"not valid TOML: {problem}", error.line, error.col + 1) from None
    except TOMLKitError as error:
        raise InvalidLivekitToml(f"not valid TOML: {error}") from None


def _interpret(document: Mapping[str, object]) -> LivekitToml:
    """The old key counts only where there is no `[project]`, and then `[agent]` does not count."""
    project, agent = _table(document, "project"), _table(document, "agent")
    if project is not None:
        return LivekitToml(_text(project, "subdomain"), _text(agent or {}, "id"))
    if old := _text(document, "project_subdomain"):
        return LivekitToml(old, old_format=True)
    return LivekitToml(agent_id=_text(agent or {}, "id"))


def find_key(table: Mapping[str, object], name: str) -> str | None:
    """The key of that name as it is written, since `lk` ignores case.

    Raises `InvalidLivekitToml` for two spellings: `lk` takes either of them, by chance.
    """
    found = [key for key in table if key.casefold() == name]
    if len(found) > 1:
        raise InvalidLivekitToml(f"{name} is there twice, as {' and '.join(found)}: remove one")
    return found[0] if found else None


def _value(table: Mapping[str, object], name: str) -> object:
    key = find_key(table, name)
    return None if key is None else table[key]


def _table(document: Mapping[str, object], name: str) -> dict[str, object] | None:
    value = _value(document, name)
    if value is not None and not isinstance(value, dict):
        raise InvalidLivekitToml(f"{name} must be a table, [{name}]")
    return value


def _text(table: Mapping[str, object], name: str) -> str:
    value = _value(table, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidLivekitToml(f"{name} must be a text in quotes")
    return value
