"""From what was found in one step to its events: many of one kind become one that counts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from msgspec import Struct, structs

from tui.fleet.past import NOBODY, Event, Kind, Severity, Subject

MOST_ALIKE: Final = 20
"""Events of one kind in a step; more of them are counted in one."""
MOST_GROUPS: Final = 5
"""Counted events of one kind in a step; what a server calls a status is its own choice."""

R = TypeVar("R")


class Draft(Struct, frozen=True):
    """An event without identity: what one found thing is told as. Times as in `Event`; None is the step's."""

    kind: Kind
    severity: Severity
    text: str
    subject: Subject = NOBODY
    detail: str = ""
    before: str = ""
    after: str = ""
    at: float | None = None
    not_before: float | None = None
    ids: tuple[str, ...] = ()
    id: str = ""
    """An identity that it has already, such as that of a journalled operation."""
    is_by_our_clock: bool = False
    """`at` was read from this machine's clock, and not from the server's answer."""

    def event(self, id: str, at: float, project: str, is_clock_unknown: bool) -> Event:
        """The event, given its identity, the time of the step and the project's key."""
        return Event(
            id=self.id or id,
            at=at if self.at is None else self.at,
            kind=self.kind,
            severity=self.severity,
            text=self.text,
            subject=self.subject,
            detail=self.detail,
            before=self.before,
            after=self.after,
            not_before=self.not_before,
            ids=self.ids,
            project=project,
            is_clock_unknown=is_clock_unknown and (self.at is None or self.is_by_our_clock),
        )

    def since(self, gap: float) -> Draft:
        """The same where nobody watched from that time on, Unix seconds."""
        return structs.replace(self, not_before=gap)


def told(
    found: Sequence[R], one: Callable[[R], Draft], many: Callable[[Sequence[R]], list[Draft]]
) -> list[Draft]:
    """An event for each thing found, or those that count them if there are many."""
    return [one(item) for item in found] if len(found) <= MOST_ALIKE else many(found)


def counted(
    found: Iterable[R],
    *,
    group: Callable[[R], str],
    identity: Callable[[R], str],
    draft: Callable[[str, tuple[str, ...]], Draft],
) -> list[Draft]:
    """One counted event for each group of things found, the largest first; the smallest are put together."""
    groups: dict[str, list[str]] = {}
    for item in found:
        groups.setdefault(group(item), []).append(identity(item))
    order = sorted(groups, key=lambda name: -len(groups[name]))
    shown = [draft(name, tuple(groups[name])) for name in order[:MOST_GROUPS]]
    if rest := [id for name in order[MOST_GROUPS:] for id in groups[name]]:
        shown.append(draft("", tuple(rest)))
    return shown
