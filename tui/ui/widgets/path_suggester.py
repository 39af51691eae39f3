"""Completes paths of this machine while they are typed. The disk is asked outside the event loop."""

from __future__ import annotations

import asyncio
import os

from textual.suggester import Suggester


class PathSuggester(Suggester):
    """Completes a path by what is on the disk."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first path that begins with the value."""
        head, slash, last = value.rpartition("/")
        return await asyncio.to_thread(_first, f"{head}{slash}", last) if value else None


def _first(folder: str, begin: str) -> str | None:
    try:
        names = sorted(os.listdir(os.path.expanduser(folder) or "."))
    except OSError:
        return None
    found = next((name for name in names if name.startswith(begin) and name.isprintable()), None)
    if found is None:
        return None
    end = "/" if os.path.isdir(os.path.expanduser(folder + found)) else ""
    return f"{folder}{found}{end}"
