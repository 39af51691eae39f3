"""What a cut listing means: it shows what is there, and nothing of what is not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import TypeVar

from tui.api.models import Wire
from tui.api.reader import Batch

T = TypeVar("T", bound=Wire)


def known_after(batch: Batch[T], before: tuple[T, ...]) -> tuple[T, ...]:
    """What is known after a listing. If it was cut, what was known stays, also if it is not listed any more.

    Of what is new as much comes in as there is room for. The same tuple as before if nothing changed.
    """
    if not batch.cut or not before:
        return batch.items
    identity = attrgetter(before[0].__struct_fields__[0])
    listed = {identity(item): item for item in batch.items}
    known = [listed.pop(identity(old), old) for old in before]
    after = (*known, *listed.values())[: max(batch.cut, len(before))]
    is_same = len(after) == len(before) and all(new is old for new, old in zip(after, before, strict=True))
    return before if is_same else after


def with_cut(cut: Mapping[str, int], source: str, most: int) -> Mapping[str, int]:
    """Which sources are cut, after a listing of one that was cut to so many rows, or not at all for 0."""
    if cut.get(source, 0) == most:
        return cut
    others = {name: rows for name, rows in cut.items() if name != source}
    return {**others, source: most} if most else others
