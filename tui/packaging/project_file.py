"""Reads and writes the `livekit.toml` of a working directory. What it means is in `tui.livekit_toml`."""

from __future__ import annotations

import tomllib
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

import tomlkit

from tui.api.clean import clean
from tui.livekit_toml import InvalidLivekitToml, LivekitToml, find_key, interpret
from tui.packaging.errors import ProjectError
from tui.packaging.files import NotReadable, create_file, read_text, reason, replace_file, shown

PROJECT_FILE: Final = "livekit.toml"
_BOM: Final = "\ufeff"
_SIZE_LIMIT: Final = 1 << 20


def read_project_file(path: Path) -> LivekitToml | None:
    """What the file says; None if there is none. Raises `ProjectError` with the place of the error."""
    text = _text(path)
    if text is None:
        return None
    try:
        return interpret(_parse(path, text))
    except InvalidLivekitToml as error:
        raise ProjectError(f"{shown(path)}: {error}") from None


def write_project_file(path: Path, *, subdomain: str, agent_id: str) -> None:
    """Set project and agent, keeping comments, unknown keys and the file's mode. Raises `ProjectError`.

    A file of the old format is written in the new one.
    """
    before = read_project_file(path)  # raises for a file that could not be read back
    text = (_text(path) or "") if before else ""
    document = tomlkit.parse(text.removeprefix(_BOM))
    if old := find_key(document, "project_subdomain"):
        document.pop(old)
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


def _set(document: tomlkit.TOMLDocument, name: str, key: str, value: str) -> None:
    table = document.setdefault(find_key(document, name) or name, tomlkit.table())
    if isinstance(table, MutableMapping):
        table[find_key(table, key) or key] = value
