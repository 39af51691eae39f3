"""What was decoded of a listing, with what it does not show, and the error for what is no listing at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from tui.api.models import Wire

T = TypeVar("T", bound=Wire)


class Unreadable(ValueError):
    """The body is not the expected JSON object. The text quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """A decoded listing."""

    items: tuple[T, ...] = ()
    unreadable: int = 0
    """Entries that could not be read at all."""
    listed: bool = False
    """The answer held its list. `{}` may be how a server says "none", and is what a proxy says anyway."""

    cut: int | None = None
    """Rows that were kept of a list that has more of them; None for a list that was not cut."""
    mended: int = 0
    """Entries in which something could not be read."""

    @property
    def has_all_rows(self) -> bool:
        """Whether every row that came was read and kept."""
        return not self.unreadable and self.cut is None

    @property
    def is_whole(self) -> bool:
        """Whether what is not in it is not there: only then does its absence prove anything."""
        return self.listed and self.has_all_rows and not self.mended
