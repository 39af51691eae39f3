"""Reads and writes the `livekit.toml` of a working directory. What it means is in `tui.livekit_toml`."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

import tomlkit

from tui.api.text.clean import clean
from tui.livekit_toml import InvalidLivekitToml, LivekitToml, find_key, read
from tui.packaging.errors import ProjectError
from tui.packaging.files import BOM, NotReadable, create_file, decode, read_file, reason, replace_file, shown

PROJECT_FILE: Final = "livekit.toml"


def read_project_file(path: Path) -> LivekitToml | None:
    """What the file says; None if there is none. Raises `ProjectError` with the place of the error."""
    data = _data(path)
    return None if data is None else _meaning(path, data)


def write_project_file(path: Path, *, subdomain: str, agent_id: str) -> None:
    """Set project and agent, keeping comments, unknown keys and the file's mode. Raises `ProjectError`.

    A file of the old format is written in the new one.
    """
    before = _data(path)
    old = before or b""
    _meaning(path, old)  # raises for a file that could not be read back
    document = tomlkit.parse(old.removeprefix(BOM))
    try:
        if key := find_key(document, "project_subdomain"):
            document.pop(key)
        _set(document, "project", "subdomain", subdomain)
        _set(document, "agent", "id", agent_id)
        new = (BOM if old.startswith(BOM) else b"") + tomlkit.dumps(document).encode()
        if before is None:
            create_file(path, new)
        else:
            replace_file(path, new)
    except InvalidLivekitToml as error:
        raise ProjectError(clean(error.at(shown(path)), limit=300)) from None
    except OSError as error:
        raise ProjectError(f"{shown(path)} was not saved: {reason(error)}; it is as it was") from None


def _data(path: Path) -> bytes | None:
    try:
        return read_file(path).data
    except FileNotFoundError:
        return None
    except NotReadable as error:
        raise ProjectError(f"cannot read {shown(path)}: {error}") from None


def _meaning(path: Path, data: bytes) -> LivekitToml:
    try:
        return read(decode(data))
    except NotReadable as error:
        raise ProjectError(f"cannot read {shown(path)}: {error}") from None
    except InvalidLivekitToml as error:
        raise ProjectError(clean(error.at(shown(path)), limit=300)) from None


def _set(document: tomlkit.TOMLDocument, name: str, key: str, value: str) -> None:
    table = document.setdefault(find_key(document, name) or name, tomlkit.table())
    if isinstance(table, MutableMapping):
        table[find_key(table, key) or key] = value
