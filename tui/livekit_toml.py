"""What a `livekit.toml` says, by the rules of `lk` (PROTOCOL.md, Versions and deployments). Reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class InvalidLivekitToml(ValueError):
    """A value of the wrong type. The text names the key, never the value."""


@dataclass(frozen=True, slots=True)
class LivekitToml:
    """Which project and agent a directory belongs to. The texts are as written: clean them before display."""

    subdomain: str = ""
    """The first label of the project's host; empty if the file does not name it."""
    agent_id: str = ""
    """Empty if the file does not name one."""
    old_format: bool = False
    """The project is named by `project_subdomain`; this format has no agent id."""


def interpret(document: Mapping[str, object]) -> LivekitToml:
    """What a parsed file says. Raises `InvalidLivekitToml`.

    The old key counts only where there is no `[project]`, and then `[agent]` does not count.
    """
    project, agent = _table(document, "project"), _table(document, "agent")
    if project is not None:
        return LivekitToml(_text(project, "subdomain"), _text(agent or {}, "id"))
    if old := _text(document, "project_subdomain"):
        return LivekitToml(old, old_format=True)
    return LivekitToml(agent_id=_text(agent or {}, "id"))


def find_key(table: Mapping[str, object], name: str) -> str | None:
    """The key of that name as it is written: `lk` ignores case where no key is spelled exactly so."""
    if name in table:
        return name
    return next((key for key in table if key.casefold() == name), None)


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
