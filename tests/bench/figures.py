"""Figures with their ranges, and the budget each is held against. Knows nothing of how they are taken."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

US: Final = "lktop"
"""The subject that budgets are about."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured, of one program, as often as it was measured."""

    case: str
    name: str
    subject: str
    unit: str
    samples: tuple[float, ...]
    budget: float | None = None
    """The most that the median may be."""

    @property
    def median(self) -> float:
        """The middle of what was measured; NaN without any."""
        known = [sample for sample in self.samples if not math.isnan(sample)]
        return median(known) if known else math.nan

    @property
    def is_met(self) -> bool | None:
        """Whether the budget holds; None without a budget."""
        return None if self.budget is None else self.median <= self.budget

    def as_json(self) -> dict[str, object]:
        """For other programs."""
        return {
            "case": self.case,
            "name": self.name,
            "subject": self.subject,
            "unit": self.unit,
            "median": None if math.isnan(self.median) else round(self.median, 3),
            "samples": [None if math.isnan(sample) else round(sample, 3) for sample in self.samples],
            "budget": self.budget,
            "met": self.is_met,
        }


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Run by run, for runs that alternated: what else the machine did befell both."""
    return tuple(mine / other for mine, other in zip(ours, theirs, strict=True))


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The power of the size with which a cost grows: 0 is flat, 1 is linear; by least squares."""
    return slope([math.log(size) for size in sizes], [math.log(max(cost, 1e-9)) for cost in costs])


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """How much a value grows in a unit of time, by least squares."""
    x, y = sum(times) / len(times), sum(values) / len(values)
    spread = sum((at - x) ** 2 for at in times)
    return sum((at - x) * (value - y) for at, value in zip(times, values, strict=True)) / spread


def table(figures: Iterable[Figure]) -> str:
    """As columns for people, figures with a budget marked where it is missed."""
    rows = [("figure", "of", "median", "range", "budget", "")]
    for figure in figures:
        known = [sample for sample in figure.samples if not math.isnan(sample)]
        spread = f"{_short(min(known))}-{_short(max(known))}" if len(known) > 1 else ""
        budget = "" if figure.budget is None else f"<= {_short(figure.budget)} {figure.unit}"
        verdict = {None: "", True: "ok", False: "MISSED"}[figure.is_met]
        value = f"{_short(figure.median)} {figure.unit}" if known else "-"
        rows.append((figure.name, figure.subject, value, spread, budget, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
