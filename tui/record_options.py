"""What is recorded of a project's history, as the operator has set it. A leaf; knows no file format."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """What is recorded, and how much of it is kept."""

    hours: float = 24.0
    """For which samples are kept."""
    mib: float = 256.0
    """Of samples of a project."""
    days: float = 30.0
    """For which events are kept."""
    event_mib: float = 128.0
    metadata: bool = False
    """People are recorded in clear, with metadata and attributes."""
    rooms: bool = True
    """Names of rooms are recorded in clear."""
