"""The columns of the list of events: what each shows and filters by. Pure, no colours."""

from __future__ import annotations

from typing import Final

from tui.fleet.lists.cells import Cell
from tui.fleet.lists.listing import Column, Filter
from tui.fleet.past import Event, Severity
from tui.fleet.times import TimeStyle, when
from tui.fleet.view import View
from tui.formats import age

SEVERITY_LOOKS: Final = {
    Severity.ERROR: ("✗", "error"),
    Severity.WARNING: ("!", "warn"),
    Severity.INFO: ("·", "muted"),
    Severity.GOOD: ("✓", "ok"),
}
"""Severity → its sign and tone."""


WORTH_SAYING: Final = 120.0
"""Seconds within which it does not matter when exactly something happened."""


def severity_tone(severity: Severity) -> str:
    """The tone of a severity."""
    return SEVERITY_LOOKS[severity][1]


def subject_words(event: Event) -> str:
    """What it is about, by the name that an operator knows best."""
    subject = event.subject
    return subject.agent_name or subject.agent_id or subject.room or subject.source


def between(event: Event, view: View) -> str:
    """Between which two times it happened, where nobody watched; empty where it was seen."""
    if event.not_before is None or event.at - event.not_before < WORTH_SAYING:
        return ""
    if view.times is TimeStyle.RELATIVE:
        return f"{age(view.now - event.at)}–{age(view.now - event.not_before)} ago"
    ends = (when(at, now=view.now, style=view.times) for at in (event.not_before, event.at))
    return f"between {' and '.join(ends)}"


def event_text(event: Event) -> str:
    """The text that a filter without a field searches."""
    subject = event.subject
    parts = (event.kind, event.severity, event.text, event.detail, *event.ids)
    return " ".join((*parts, subject.agent_name, subject.agent_id, subject.room, subject.job_id))


def _time(event: Event, view: View) -> Cell:
    """A time of day, whatever the style: what happened within one minute is told apart by its seconds."""
    words = when(event.at, now=view.now, style=view.clock_style)
    return Cell(f"~{words}" if event.is_clock_unknown else words, "muted")


def _detail(event: Event, view: View) -> Cell:
    subject = event.subject
    room = subject.room if subject.room and subject.room != subject_words(event) else ""
    return Cell(" · ".join(filter(None, (room, event.detail, between(event, view)))), "muted")


EVENT_COLUMNS: tuple[Column[Event], ...] = (
    Column(
        "severity",
        "S",
        1,
        cell=lambda event, view: Cell(*SEVERITY_LOOKS[event.severity]),
        filter=Filter("severity", lambda event, view: str(event.severity)),
    ),
    Column(
        "at",
        "TIME",
        8,
        want=11,
        right=True,
        cell=_time,
        filter=Filter("age", lambda event, view: view.now - event.at, moves=True),
    ),
    Column(
        "subject",
        "SUBJECT",
        14,
        want=18,
        grow=1,
        cell=lambda event, view: Cell(subject_words(event) or "project"),
        filter=Filter("agent", lambda event, view: event.subject.agent_name or event.subject.agent_id),
    ),
    Column(
        "kind",
        "KIND",
        9,
        rank=3,
        wide=True,
        cell=lambda event, view: Cell(str(event.kind), "muted"),
        filter=Filter("kind"),
    ),
    Column(
        "text",
        "EVENT",
        24,
        grow=3,
        cell=lambda event, view: Cell(
            event.text, "text" if event.severity is Severity.INFO else severity_tone(event.severity)
        ),
        filter=Filter("text"),
    ),
    Column(
        "detail",
        "DETAIL",
        16,
        want=24,
        grow=2,
        rank=2,
        cell=_detail,
        filter=Filter("room", lambda event, view: event.subject.room),
    ),
)
