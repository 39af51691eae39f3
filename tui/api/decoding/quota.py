"""How much the listings of many rooms may hold together. Knows neither rooms nor rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Share(Protocol):
    """What one listing may keep."""

    def has_room(self, rows: int, size: int) -> bool:
        """Whether so many rows of so many bytes may be kept."""

    def take(self, sizes: Sequence[int], *, is_cut: bool = False) -> int:
        """How many of the first of these rows are kept; `is_cut`: there are more than these."""


class Quota:
    """Rows and bytes of JSON that are kept under many names, all together no more than so many."""

    def __init__(self, rows: int, size: int) -> None:
        """`size` is in bytes: decoded they take up to twice the room."""
        self._free_rows = rows
        self._free_size = size
        self._held: dict[str, tuple[int, int]] = {}

    def share(self, name: str) -> Share:
        """What may be kept under a name."""
        return _Share(self, name)

    def take(self, name: str, sizes: Sequence[int], *, is_cut: bool = False) -> int:
        """How many of the first of these rows may be kept under a name, in place of those kept before.

        Of a list that is cut, by this or `is_cut` before, the rows that were kept before may stay too.
        """
        before = self._release(name)
        kept = size = 0
        for row in sizes[: self._free_rows]:
            if size + row > self._free_size:
                break
            kept, size = kept + 1, size + row
        if is_cut or kept < len(sizes):
            self._hold(name, max(kept, before[0]), max(size, before[1]))
        else:
            self._hold(name, kept, size)
        return kept

    def has_room(self, name: str, rows: int, size: int) -> bool:
        """Whether so many rows of so many bytes may be kept under a name, in place of those kept before."""
        held_rows, held_size = self._held.get(name, (0, 0))
        return rows <= self._free_rows + held_rows and size <= self._free_size + held_size

    def keep(self, names: Collection[str]) -> None:
        """What is kept under other names is let go."""
        self.let_go(self._held.keys() - set(names))

    def let_go(self, names: Iterable[str]) -> None:
        """What is kept under these names counts no more."""
        for name in names:
            self._release(name)

    def _hold(self, name: str, rows: int, size: int) -> None:
        self._held[name] = rows, size
        self._free_rows -= rows
        self._free_size -= size

    def _release(self, name: str) -> tuple[int, int]:
        rows, size = self._held.pop(name, (0, 0))
        self._free_rows += rows
        self._free_size += size
        return rows, size


@dataclass(frozen=True, slots=True)
class _Share:
    quota: Quota
    name: str

    def has_room(self, rows: int, size: int) -> bool:
        """See `Share`."""
        return self.quota.has_room(self.name, rows, size)

    def take(self, sizes: Sequence[int], *, is_cut: bool = False) -> int:
        """See `Share`."""
        return self.quota.take(self.name, sizes, is_cut=is_cut)
