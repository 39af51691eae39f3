"""Our own configuration file: its top table and one table per project. Knows no meaning of a key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tui.config.files import ConfigError, parse_toml, read_private
from tui.config.places import Places
from tui.config.table import Table, as_table


@dataclass(frozen=True)
class OwnFile:
    """The file as read; empty tables if it is missing or unusable."""

    top: Table
    sections: tuple[Table, ...] = ()
    """The tables `[projects.NAME]`."""
    error: str = ""
    """Why it cannot be used, so that its locks are unknown; empty if it can."""


def read_own(named: str, places: Places) -> OwnFile:
    """Read the file at `named`, a path of the command line, or at its default place.

    An unusable file is an `error` of the result, or raises ConfigError if it was named.
    """
    path = Path(os.path.expanduser(named)).absolute() if named else places.config
    try:
        text = read_private(path)
        if text is None and named:
            raise ConfigError(f"--config {path}: no such file")
        return OwnFile(*_tables(path, text or ""))
    except ConfigError as error:
        if named:
            raise
        return OwnFile(Table(path, "", "", {}), error=str(error))


def _tables(path: Path, text: str) -> tuple[Table, tuple[Table, ...]]:
    """The top and the `[projects.NAME]` tables; raises ConfigError."""
    top = Table(path, text, "", parse_toml(path, text))
    projects = as_table(top.values.get("projects", {}))
    if projects is None:
        raise top.error("projects", "must be tables of the form [projects.NAME]")
    found = []
    for name, value in projects.items():
        values = as_table(value)
        if values is None:
            raise top.error("projects", f"{name} must be a table of the form [projects.{name}]")
        found.append(Table(path, text, f"projects.{name}", values))
    return top, tuple(found)
