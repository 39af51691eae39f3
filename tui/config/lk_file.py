"""The project list of `lk`, read as `lk` reads it (PROTOCOL.md, Quirks). Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.config.files import ConfigError, is_loose, read_private, tighten
from tui.config.places import Places
from tui.config.projects import FoundCredentials


@dataclass(frozen=True)
class LkFile:
    """What is used of the file."""

    projects: Mapping[str, FoundCredentials]
    default: str


def read_lk(places: Places, notices: list[str]) -> LkFile:
    """Read `lk`'s project list; problems become notices.

    A mode that lets others read it is a notice, as `lk` only warns too. Another owner is an error.
    """
    path = places.lk
    try:
        text = read_private(path, mode=False)
        if not text:
            return LkFile({}, "")
        found = _read(path, text, f"lk's {places.show(path)}", notices)
    except ConfigError as error:
        notices.append(f"lk's projects are not used: {error}")
        return LkFile({}, "")
    if is_loose(path):
        notices.append(f"{path}: others may read or change it; run: {tighten(path)}")
    return found


def _read(path: Path, text: str, source: str, notices: list[str]) -> LkFile:
    from tui.config import lk_yaml  # imports a parser that few starts need

    try:
        listed = lk_yaml.parse(text, source)
    except lk_yaml.InvalidYaml as error:
        place = f"{path}:{error.line}:{error.column}" if error.line else str(path)
        raise ConfigError(f"{place}: {error}") from None
    if listed.problem:
        notices.append(f"{path}: {listed.problem}")
    found: dict[str, FoundCredentials] = {}
    for name, credentials in listed.projects:
        if name in found:
            notices.append(f"{path}: project {name!r} is there twice; the first is used")
        found.setdefault(name, credentials)
    for name, credentials in listed.of_users:
        found.setdefault(name, credentials)
    return LkFile(found, listed.default)
