"""One table of a TOML file, read key by key; errors have file and line, and hints for mistyped keys.

`msgspec.convert` does not serve here: it stops at the first wrong value, where each key falls back on its
own, knows no lines, and takes 14 ms of every start to import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tui.config.files import ConfigError, line_of

T = TypeVar("T")


def as_table(value: object) -> dict[str, object] | None:
    """`value` if it is a mapping with text keys, else None."""
    if not isinstance(value, dict):
        return None
    return {key: item for key, item in value.items() if isinstance(key, str)}


@dataclass(frozen=True)
class Table:
    """The values under one heading. Errors name file, line, heading and key, never a value."""

    path: Path
    text: str
    """The whole file, for line numbers."""
    name: str
    """The heading, such as `projects.prod`; empty at the top."""
    values: Mapping[str, object]

    def error(self, key: str, problem: str) -> ConfigError:
        """The error for `key`, with file and line."""
        line = line_of(self.text, self.name, key)
        heading = f"[{self.name}] " if self.name else ""
        return ConfigError(f"{self.path}{f':{line}' if line else ''}: {heading}{key}: {problem}")

    def string(self, key: str) -> str:
        """Text, or empty when it is missing; raises ConfigError."""
        value = self.values.get(key, "")
        if not isinstance(value, str):
            raise self.error(key, "must be text in quotes")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false; raises ConfigError."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false")
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number from `low` to `high`; raises ConfigError."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(key, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def unknown(self, known: Iterable[str]) -> list[str]:
        """One notice for every unknown key, with the nearest known one."""
        known = list(known)
        return [
            str(self.error(key, f"is not a key of lktop; ignored{nearest(key, known)}"))
            for key in self.values
            if key not in known
        ]

    def lock(self, key: str, known: Iterable[str]) -> bool:
        """A flag that locks something; raises ConfigError for a similar unknown key too."""
        for other in set(self.values).difference(known):
            if hint := nearest(other, [key]):
                raise self.error(other, f"is not a key of lktop{hint}")
        return self.flag(key, False)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for the closest of `known`; empty if none is close."""
    import difflib

    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def read_or(read: Callable[[], T], default: T, notices: list[str]) -> T:
    """A setting, or its default and a notice."""
    try:
        return read()
    except ConfigError as error:
        notices.append(f"{error}; the default is used")
        return default
