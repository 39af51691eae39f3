"""How much of an answer is read, and how much of it is in memory as a whole."""

from __future__ import annotations

from typing import Final

MEBI: Final = 1024 * 1024
WHOLE: Final = 16 * MEBI
"""Bytes of an answer that are in memory as a whole. Nothing else than a listing may be longer."""
LISTING: Final = 64 * MEBI
"""Bytes of a listing that are read; beyond `WHOLE` it is taken apart while it comes in."""
