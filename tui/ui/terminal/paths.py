"""Completes paths of this machine while they are typed. The disk is read off the event loop."""

from __future__ import annotations

import asyncio
import os

from textual.suggester import Suggester


class Paths(Suggester):
    """Completes a path from the file system."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first name with this beginning."""
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
