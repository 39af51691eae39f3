"""What of a log is shown and what is found in it: filters, level, search. Knows no widget.

`step` does a slice of the work; nothing else here takes time.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from tui.logs.classify import Level
from tui.logs.expressions import TooSlow
from tui.logs.log import Log
from tui.logs.rows import AllRows, FoundRows, Rows
from tui.logs.search import Criteria, Filter, OfJob, Pattern


class Finder:
    """The filters and the search of one view of a log."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.criteria = Criteria()
        """What is asked for, filters that are switched off included."""
        self.filtering = True
        """The filters are switched on; the level always is."""
        self.rows: Rows = AllRows(log)
        """The lines shown."""
        self.pattern: Pattern | None = None
        self.hits: FoundRows | None = None
        """The lines shown that match the search."""
        self.trail: FoundRows | None = None
        """The lines shown of the job that is being walked along."""
        self.preview: FoundRows | None = None
        """The lines that a filter being typed would leave."""

    @property
    def effective(self) -> Criteria:
        """What is asked for right now."""
        return self.criteria if self.filtering else replace(self.criteria, filters=())

    @property
    def busy(self) -> bool:
        """`step` has something to do."""
        return any(not found.complete for found in self._found())

    @property
    def progress(self) -> float:
        """Share of the work that is done."""
        return min((found.progress for found in self._found()), default=1.0)

    @property
    def active(self) -> tuple[int, int]:
        """Filters that are on, and filters."""
        filters = self.criteria.filters
        return (sum(f.on for f in filters) if self.filtering else 0), len(filters)

    def words(self) -> str:
        """What is asked for, for the line that says that nothing is left."""
        wanted = self.effective
        parts = [f"level ≥ {wanted.level.name.lower()}"] if wanted.level else []
        parts += [f"&{f.label}" for f in wanted.filters if f.on]
        return ", ".join(parts)

    def set_level(self, level: Level) -> None:
        """Show this level and above."""
        self._set(replace(self.criteria, level=level))

    def set_filters(self, filters: tuple[Filter, ...]) -> None:
        """Exchange the stack of filters."""
        self._set(replace(self.criteria, filters=filters))

    def add(self, extra: Filter) -> None:
        """Put one more filter on the stack, once, and switch filters on."""
        self.filtering = True
        others = tuple(f for f in self.criteria.filters if (f.test, f.out) != (extra.test, extra.out))
        self.set_filters((*others, extra))

    def switch(self) -> None:
        """Switch all filters off, or on again."""
        self.filtering = not self.filtering
        self._set(self.criteria)

    def search(self, pattern: Pattern | None) -> None:
        """Look for a pattern in what is shown."""
        self.pattern = pattern
        self.hits = FoundRows(self._log, self.effective.searching(pattern)) if pattern else None

    def try_filter(self, extra: Filter | None) -> None:
        """Count what a filter would leave, without applying it."""
        self.preview = FoundRows(self._log, self.effective.with_filter(extra)) if extra else None

    def ask(self, criteria: Criteria) -> None:
        """Exchange everything that is asked for."""
        self._set(criteria)

    def clear(self, row: int | None) -> None:
        """Show only what comes from this row on; None shows all again."""
        self._set(replace(self.criteria, since=row))

    def follow_job(self, job_id: str) -> FoundRows:
        """The lines of a job, to walk along."""
        wanted = self.effective.searching(OfJob(job_id))
        if self.trail is None or self.trail.criteria != wanted:
            self.trail = FoundRows(self._log, wanted)
        return self.trail

    def step(self, clock: Callable[[], float]) -> bool:
        """Do a slice of what there is to find; True when there is more.

        Raises TooSlow, with words for the operator, after what took too long has been given up.
        """
        for found in self._found():
            if not found.complete:
                try:
                    found.step(clock)
                except TooSlow as error:
                    raise TooSlow(f"{self._give_up(found)}: {error}") from None
                break
        return self.busy

    def _give_up(self, found: FoundRows) -> str:
        """Look for it no more; returns what was given up. What is shown was found before all else."""
        if found is self.preview:
            self.preview = None
            return "not counted"
        if found is not self.rows:
            pattern, self.trail = self.pattern, None
            self.search(None)
            return f"/{pattern.source} is given up" if pattern else "given up"
        filters = list(self.criteria.filters)
        index = max((n for n, f in enumerate(filters) if f.on), default=-1)
        if index < 0:
            self._set(Criteria())
            return "given up"
        filters[index] = replace(filters[index], on=False)
        self.set_filters(tuple(filters))
        return f"&{filters[index].label} is switched off"

    def _found(self) -> list[FoundRows]:
        rows = self.rows if isinstance(self.rows, FoundRows) else None
        return [found for found in (rows, self.preview, self.hits, self.trail) if found is not None]

    def _set(self, criteria: Criteria) -> None:
        self.criteria = criteria
        wanted = self.effective
        self.rows = AllRows(self._log) if wanted.everything else FoundRows(self._log, wanted)
        self.search(self.pattern)


def neighbour(found: FoundRows, row: int, step: int) -> int | None:
    """The nearest row found below (`step` -1) or above (+1) `row`; None if there is none or none as yet."""
    place = found.rank(row) - 1 if step < 0 else found.rank(row + 1)
    return found[place] if 0 <= place < len(found) else None


def decided(found: FoundRows, row: int, step: int) -> bool:
    """Whether `neighbour` can no longer change. What lies back is found in the order of its distance."""
    if found.complete:
        return True
    return found.covers(row) if step > 0 else found.covers(row) and neighbour(found, row, step) is not None
