"""`livekit.toml`, which ties a working directory to an agent (contract.md §5.3)."""

from __future__ import annotations

import tomllib
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tomlkit

from tui.api.clean import clean
from tui.packaging.errors import ProjectError
from tui.packaging.files import NotReadable, create_file, read_text, reason, replace_file, shown

PROJECT_FILE: Final = "livekit.toml"
_BOM: Final = "\ufeff"
_SIZE_LIMIT: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """What the file says. Its texts are as written: clean them before they are shown."""

    subdomain: str = ""
    """The first label of the project's host; empty if the file does not say."""
    agent_id: str = ""
    """Empty if the file does not say."""
    old_schema: bool = False
    """Whether the project is named in the way of before, which has no agent id."""


def read_project_file(path: Path) -> ProjectFile | None:
    """What the file says; None if there is none. Raises `ProjectError` with the place of the mistake."""
    text = _text(path)
    if text is None:
        return None
    document = _parse(path, text)
    old = document.get("project_subdomain")
    project, agent = _table(path, document, "project"), _table(path, document, "agent")
    subdomain = project.get("subdomain", old if old is not None else "")
    agent_id = agent.get("id", "")
    for key, value in (("subdomain", subdomain), ("id", agent_id)):
        if not isinstance(value, str):
            raise ProjectError(f"{shown(path)}: {key} must be a text in quotes")
    return ProjectFile(
        str(subdomain), str(agent_id), old_schema=old is not None and "subdomain" not in project
    )


def write_project_file(path: Path, *, subdomain: str, agent_id: str) -> None:
    """Set project and agent, keeping comments, unknown keys and the file's mode. Raises `ProjectError`.

    A file of the old schema comes out in the new one.
    """
    before = read_project_file(path)  # refuses what it could not read back
    text = (_text(path) or "") if before else ""
    document = tomlkit.parse(text.removeprefix(_BOM))
    document.pop("project_subdomain", None)
    _set(document, "project", "subdomain", subdomain)
    _set(document, "agent", "id", agent_id)
    data = ((_BOM if text.startswith(_BOM) else "") + tomlkit.dumps(document)).encode()
    try:
        if before:
            replace_file(path, data)
        else:
            create_file(path, data)
    except OSError as error:
        raise ProjectError(f"{shown(path)} was not saved: {reason(error)}; it is as it was") from None


def _text(path: Path) -> str | None:
    try:
        return read_text(path, limit=_SIZE_LIMIT)
    except NotReadable as error:
        raise ProjectError(f"cannot read {shown(path)}: {error}") from None


def _parse(path: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text.removeprefix(_BOM))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProjectError(f"{shown(path)}: {clean(str(error), limit=160)}") from None


def _table(path: Path, document: dict[str, object], name: str) -> dict[str, object]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ProjectError(f"{shown(path)}: {name} must be a table, [{name}]")
    return table


def _set(document: tomlkit.TOMLDocument, name: str, key: str, value: str) -> None:
    table = document.setdefault(name, tomlkit.table())
    if isinstance(table, MutableMapping):
        table[key] = value
