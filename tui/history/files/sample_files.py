"""Files of samples: their names, which there are in a folder, and the version of what is in them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

SCHEMA: Final = "1"
SUFFIX: Final = ".samples"
UNFINISHED: Final = ".new"
"""Suffix of a file whose first key is not whole."""


def sample_files(folder: Path) -> list[Path]:
    """The files of a project's folder, oldest first."""
    found = [path for path in folder.glob(f"*{SUFFIX}") if first_seq(path) > 0]
    return sorted(found, key=first_seq)


def first_seq(path: Path) -> int:
    """The number of the first sample of a file, by its name; 0 if that is no name of such a file."""
    digits = path.name.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else 0


def started(path: Path) -> float:
    """When a file was begun by its name, Unix seconds; 0 if that is no name of such a file."""
    text = path.name.partition("-")[2].removesuffix(SUFFIX)
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
