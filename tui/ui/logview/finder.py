"""Filters, level and search over one log, and the nearest line of a kind. Pure: knows no widget and no page.

`step` does a slice of the work; nothing else here takes time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec.structs import replace

from tui.logs.expressions import TooSlow
from tui.logs.lines.levels import Level
from tui.logs.log import Log
from tui.logs.rows import AllRows, FoundRows, Rows
from tui.logs.search import Criteria, LogFilter, OfJob, Pattern, Within
from tui.ui.widgets.text import number


class Jump(msgspec.Struct, frozen=True):
    """A jump to the nearest row of a search, made as soon as that row is known."""

    among: FoundRows
    start: int
    """The row to start from."""
    step: int
    """1 for the next row, -1 for the previous one."""
    otherwise: str
    """What to say if there is no such row."""
    fallback: int | None = None
    """Where to go then; None for nowhere."""


class Finder:
    """The filters and the search of one view of a log."""

    def __init__(self, log: Log, criteria: Criteria | None = None) -> None:
        self.criteria = Criteria()
        """All filters, also those that are switched off, and the level."""
        self.filters_on = True
        """False while all filters are switched off together; the level always applies."""
        self.pattern: Pattern | None = None
        """What is searched for."""
        self.matches: FoundRows | None = None
        """The rows shown that match the search."""
        self.job_rows: FoundRows | None = None
        """The rows shown of the job that the operator steps through."""
        self.time_rows: FoundRows | None = None
        """The rows of the time that the operator goes to, while they are looked for."""
        self.preview: FoundRows | None = None
        """The rows that a filter would leave while it is being typed."""
        self.jump: Jump | None = None
        """A jump that waits for the search."""
        self.rows: Rows = AllRows(log)
        """The rows shown."""
        self._log = log
        if criteria is not None:
            self.set_criteria(criteria)

    @property
    def effective(self) -> Criteria:
        """The criteria that apply now."""
        return self.criteria if self.filters_on else replace(self.criteria, filters=())

    @property
    def busy(self) -> bool:
        """`step` has something to do."""
        return any(not found.complete for found in self._searches())

    @property
    def progress(self) -> float:
        """Share of the work that is done, from 0 to 1."""
        return min((found.progress for found in self._searches()), default=1.0)

    @property
    def filter_counts(self) -> tuple[int, int]:
        """Number of filters that apply, and of all filters."""
        filters = self.criteria.filters
        return (sum(f.on for f in filters) if self.filters_on else 0), len(filters)

    @property
    def lines_held(self) -> int:
        """Lines received that the log still holds; notices are not counted."""
        log = self._log
        return log.end - log.first - sum(row >= log.first for row in log.notices)

    def describe(self) -> str:
        """The level and filters that apply, in words."""
        wanted = self.effective
        parts = [f"level ≥ {wanted.level.name.lower()}"] if wanted.level else []
        parts += [f"&{f.label}" for f in wanted.filters if f.on]
        return ", ".join(parts)

    # ---- filters and search ---------------------------------------------------------------------------

    def set_criteria(self, criteria: Criteria) -> None:
        """Replace all filters and the level."""
        self.criteria = criteria
        wanted = self.effective
        self.rows = AllRows(self._log) if wanted.everything else FoundRows(self._log, wanted)
        self.search(self.pattern)

    def set_level(self, level: Level) -> None:
        """Show this level and above."""
        self.set_criteria(replace(self.criteria, level=level))

    def set_filters(self, filters: tuple[LogFilter, ...]) -> None:
        """Replace the filters."""
        self.set_criteria(replace(self.criteria, filters=filters))

    def add_filter(self, extra: LogFilter) -> None:
        """Add a filter, without repeating an equal one, and switch filters on."""
        self.filters_on = True
        others = tuple(f for f in self.criteria.filters if (f.test, f.out) != (extra.test, extra.out))
        self.set_filters((*others, extra))

    def toggle_filters(self) -> None:
        """Switch all filters off, or on again."""
        self.filters_on = not self.filters_on
        self.set_criteria(self.criteria)

    def show_since(self, row: int | None) -> None:
        """Show only rows from this one on; None shows all again."""
        self.set_criteria(replace(self.criteria, since=row))

    def search(self, pattern: Pattern | None) -> None:
        """Search the rows shown for a pattern; None ends the search."""
        self.pattern = pattern
        self.matches = FoundRows(self._log, self.effective.searching(pattern)) if pattern else None

    def preview_filter(self, extra: LogFilter | None) -> None:
        """Count what a filter would leave, without applying it; None ends the preview."""
        self.preview = FoundRows(self._log, self.effective.with_filter(extra)) if extra else None

    # ---- the work -------------------------------------------------------------------------------------

    def step(self, clock: Callable[[], float]) -> bool:
        """Do one slice of the search; True when there is more. `clock` gives monotonic seconds.

        Raises TooSlow after giving up the part that took too long; the text tells the operator which part.
        """
        for found in self._searches():
            if not found.complete:
                try:
                    found.step(clock)
                except TooSlow as error:
                    raise TooSlow(f"{self._give_up(found)}: {error}") from None
                break
        return self.busy

    def hint(self) -> str:
        """What the search or the preview has found by now, for the prompt; empty if there is neither."""
        preview, matches = self.preview, self.matches
        if (preview is not None or matches is not None) and not self.lines_held:
            return "no line is held, so none can match"
        if preview is not None:
            notices = sum(row in preview for row in self._log.notices)  # they pass every filter
            passing = f"{number(len(preview) - notices)} of {number(self.lines_held)}"
            tried = preview.criteria.filters[-1].test
            return f"{passing} lines pass{_percent(preview)}{_as_text(tried)}"
        if matches is not None:
            count = len(matches)
            found = "1 line matches" if count == 1 else f"{number(count)} lines match"
            return f"{found}{_percent(matches)}{_as_text(self.pattern)}"
        return ""

    def _give_up(self, found: FoundRows) -> str:
        """Stop a search that is too slow; returns what was cancelled."""
        if found is self.preview:
            self.preview = None
            return "not counted"
        if found is not self.rows:
            pattern, self.job_rows = self.pattern, None
            self.search(None)
            return f"search for /{pattern.source} cancelled" if pattern else "search cancelled"
        filters = list(self.criteria.filters)
        index = max((n for n, f in enumerate(filters) if f.on), default=-1)
        if index < 0:
            self.set_criteria(Criteria())
            return "search cancelled"
        filters[index] = replace(filters[index], on=False)
        self.set_filters(tuple(filters))
        return f"&{filters[index].label} is switched off"

    def _searches(self) -> list[FoundRows]:
        rows = self.rows if isinstance(self.rows, FoundRows) else None
        return [
            found
            for found in (rows, self.preview, self.matches, self.job_rows, self.time_rows)
            if found is not None
        ]

    # ---- the nearest line -----------------------------------------------------------------------------

    def seek_match(self, row: int, step: int, otherwise: str = "") -> None:
        """Jump to the next or previous match from `row`, if something is searched for."""
        if self.matches is not None:
            words = otherwise or nothing_further("match", step, "N" if step > 0 else "n")
            self.jump, self.time_rows = Jump(self.matches, row, step, words), None

    def seek_job(self, job_id: str, row: int, step: int) -> None:
        """Jump to the next or previous line of a job from `row`."""
        wanted = self.effective.searching(OfJob(job_id))
        if self.job_rows is None or self.job_rows.criteria != wanted:
            self.job_rows = FoundRows(self._log, wanted)
        words = nothing_further(f"line of {job_id}", step, "O" if step > 0 else "o")
        self.jump, self.time_rows = Jump(self.job_rows, row, step, words), None

    def seek_time(self, start: float, end: float, fallback: int, otherwise: str) -> None:
        """Jump to the first line shown that was written in a stretch of time, or else to `fallback`."""
        wanted = self.effective.searching(Within(start, end, self._log.received))
        self.time_rows = FoundRows(self._log, wanted)
        self.jump = Jump(self.time_rows, self._log.first - 1, 1, otherwise, fallback)

    def landed(self) -> Jump | None:
        """The jump whose target is known by now, once; `nearest` gives its row."""
        jump = self.jump
        if jump is None or not is_final(jump.among, jump.start, jump.step):
            return None
        self.jump = self.time_rows = None
        return jump

    def error_from(self, row: int, step: int) -> int | None:
        """The next or previous row shown of level error or above."""
        found = self._log.errors(row + 1) if step > 0 else self._log.errors_before(row)
        return next((error for error in found if self.shows(error)), None)

    def shows(self, row: int) -> bool:
        """Whether a row is among those shown."""
        return self.rows.rank(row + 1) > self.rows.rank(row)


def nearest(found: FoundRows, row: int, step: int) -> int | None:
    """The nearest row found below (`step` 1) or above (-1) `row`; None if none is found by now."""
    index = found.rank(row) - 1 if step < 0 else found.rank(row + 1)
    return found[index] if 0 <= index < len(found) else None


def is_final(found: FoundRows, row: int, step: int) -> bool:
    """Whether `nearest` can no longer change. Rows above are found in the order of their distance."""
    if found.complete:
        return True
    return found.covers(row) if step > 0 else found.covers(row) and nearest(found, row, step) is not None


def neighbor(rows: Iterable[int], row: int, step: int) -> int | None:
    """The next or previous of some row numbers from `row`."""
    if step > 0:
        return min((found for found in rows if found > row), default=None)
    return max((found for found in rows if found < row), default=None)


def nothing_further(what: str, step: int, other_key: str) -> str:
    """What to say when there is no further line of a kind in one direction."""
    here, there = ("below", "above") if step > 0 else ("above", "below")
    return f"no further {what} {here}; {other_key} looks {there}"


def _as_text(test: object) -> str:
    return " · no expression: taken as text" if isinstance(test, Pattern) and test.literal else ""


def _percent(found: FoundRows) -> str:
    return "" if found.complete else f" · {found.progress:.0%} looked at"
