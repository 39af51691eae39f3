"""What happened, newest first, with a line where the operator was last here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from tui.api.models import Agent
from tui.fleet.lists.cells import Cell, Cells
from tui.fleet.lists.event_columns import EVENT_COLUMNS, between, event_text, subject_words
from tui.fleet.lists.listing import arrange, moves, row_cells
from tui.fleet.past import Event, Severity, Subject, complete_since
from tui.fleet.state import Freshness
from tui.fleet.times import clock_time, when
from tui.fleet.view import View
from tui.operations.targets import NoTarget
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import TIMELINE
from tui.ui.panes.base import LIVE, LogTarget, Place
from tui.ui.panes.problem_list import ProblemListPane
from tui.ui.panes.subjects import agent_of, node_of
from tui.ui.widgets.lines import Line

DIVIDER = "\0divider"
"""The key of the line between what the operator saw and what came since."""


class TimelinePane(ProblemListPane):
    """Pane 7."""

    NUMBER = "7"
    NAME = "Timeline"
    HELP = "what happened, newest first"
    PLACE = Place.BOTTOM_LEFT
    COLUMNS = EVENT_COLUMNS
    BINDINGS: ClassVar[list[BindingType]] = bindings(TIMELINE)

    class EventOpened(Message):
        """The operator wants to see the fleet as it was at a time, Unix seconds by the server's clock."""

        def __init__(self, at: float) -> None:
            super().__init__()
            self.at = at

    def __init__(self) -> None:
        super().__init__()
        self.leaves_ghosts = False
        self._events: Mapping[str, Event] = {}
        self._held: Sequence[Event] = ()
        self._keys: list[str] = []
        self._arranged_for: tuple[object, ...] = ()

    def on_mount(self) -> None:
        """Stay at the newest event while the operator has not moved."""
        self.table.follows_top = True
        super().on_mount()

    # ---- rows -----------------------------------------------------------------------------------------

    def fresh(self, view: View) -> Freshness:
        """Events are as current as the clock."""
        return Freshness(at=view.monotonic)

    def freshness_words(self, view: View) -> Cell:
        """Says where the past begins: nothing is known of before."""
        if not view.selection.project:
            return super().freshness_words(view)
        begun = complete_since(view.past)
        if begun is None or view.past.untold:
            return LIVE if not view.is_past else Cell("")
        return Cell(f"watched since {when(begun, now=view.now, style=view.clock_style)}", "muted")

    def inputs(self, view: View) -> tuple[object, ...]:
        """The events, and until when the operator was here."""
        return (view.past.events, view.left_at)

    def keys(self, view: View) -> Sequence[str]:
        """Ids, newest first, with the divider among them."""
        arranged_for = (
            *(view.past.events, self.active_filter.source, self.problems_only, view.left_at),
            view.now if moves(self.COLUMNS, self.active_filter) else None,
        )
        if arranged_for == self._arranged_for:
            return self._keys
        self._arranged_for = arranged_for
        if view.past.events is not self._held:
            self._held = view.past.events
            self._events = {event.id: event for event in reversed(self._held)}
        shown = arrange(
            filter(_is_problem, self._events.values()) if self.problems_only else self._events.values(),
            self.COLUMNS,
            view,
            query=self.active_filter,
            text=event_text,
        )
        self._keys = [event.id for event in shown]
        if view.left_at is not None:
            left = view.unix(view.left_at)
            newer = sum(event.at > left for event in shown)
            if 0 < newer < len(shown):
                self._keys.insert(newer, DIVIDER)
        return self._keys

    def cells(self, view: View, key: str) -> Cells:
        """One event, or the divider."""
        if key == DIVIDER:
            left = view.unix(view.left_at) if view.left_at is not None else view.now
            words = when(left, now=view.now, style=view.clock_style)
            return (Cell(f"── since you last pressed a key, {words} ──", "accent"),)
        event = self._events.get(key)
        return () if event is None else row_cells(self.COLUMNS, event, view)

    def title(self, view: View) -> Line:
        """How many, and what is left out."""
        total, shown = len(self._held), sum(key != DIVIDER for key in self._keys)
        words = [Cell(f" [{shown:,}/{total:,}]" if shown != total else f" [{total:,}]")]
        if self.problems_only:
            words.append(Cell(" problems only", "accent"))
        if self.active_filter:
            words.append(Cell(f" </{self.active_filter.source}>", "accent"))
        return tuple(words)

    def empty(self, view: View) -> str:
        """Nothing yet, or nothing bad."""
        if self.problems_only and view.past.events:
            return "No problem was seen. ! shows every event."
        return view.past.untold or "No event since lktop began to watch this project."

    def opened(self, key: str) -> str:
        """The fleet as it was when the event happened."""
        if (event := self._events.get(key)) is not None:
            self.post_message(self.EventOpened(event.at))
        return ""

    # ---- what the cursor is on ------------------------------------------------------------------------

    @property
    def event(self) -> Event | None:
        """The event under the cursor."""
        return self._events.get(self.table.cursor)

    def agent(self, view: View) -> Agent:
        """The agent that the event is about. Raises `NoTarget`."""
        return agent_of(view, self._required().subject)

    def _required(self) -> Event:
        event = self.event
        if event is None:
            raise NoTarget("no event is under the cursor")
        return event

    def log_target(self, view: View, kind: str) -> LogTarget:
        """The agent's log at the time of the event; of a job, its lines."""
        event = self._required()
        return LogTarget([self.agent(view)], event.subject.job_id, event.at)

    def node(self, view: View) -> str:
        """The job, dispatch or room of the event in the tree. Raises `NoTarget`."""
        return node_of(view, self._required().subject)

    def noted(self, view: View) -> Subject:
        """What a note is about: what the event is about."""
        return self.event.subject if self.event is not None else super().noted(view)

    def is_problem(self, view: View, key: str) -> bool:
        """An error."""
        event = self._events.get(key)
        return event is not None and event.severity is Severity.ERROR

    # ---- keys -----------------------------------------------------------------------------------------

    def raw_item(self) -> object | None:
        """The event, whole."""
        return self.event

    def action_event(self, step: int) -> None:
        """To the event that came next in time, or the one before: newer ones are above."""
        self.table.action_move(-step)

    def action_minute(self, step: int) -> None:
        """To the nearest event that came a minute later, or earlier."""
        if self.event is not None:
            self.go_to_time(self.event.at + 60.0 * step, later=step > 0)

    has_times = True

    def go_to_time(self, at: float, *, later: bool = False) -> str:
        """Put the cursor on the newest event up to a time in Unix seconds, or the oldest from then on."""
        shown = [event for key in self._keys if (event := self._events.get(key)) is not None]
        if not shown:
            return "no event is shown"
        if later:
            found = next((event for event in reversed(shown) if event.at >= at), shown[0])
        else:
            found = next((event for event in shown if event.at <= at), shown[-1])
        self.table.select(found.id)
        return ""

    def copy_text(self) -> str:
        """The event in a line."""
        view, event = self.view, self.event
        if view is None or event is None:
            return ""
        at = clock_time(event.at, view.clock_style)
        parts = (at, subject_words(event), event.text, event.detail, between(event, view))
        return "  ".join(filter(None, parts))


def _is_problem(event: Event) -> bool:
    return event.severity in (Severity.ERROR, Severity.WARNING)
