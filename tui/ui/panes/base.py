"""What a pane is: it shows a `View` under a title, and says itself what the cursor and the keys act on.

The screen asks panes by this contract and knows none of them by name, except where a key leads to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import var
from textual.widget import Widget

from tui.api.models import Agent
from tui.clock import Clock
from tui.fleet.lists.cells import Cell
from tui.fleet.past import NOBODY, Subject
from tui.fleet.view import Selection, View
from tui.operations.operation import Operation
from tui.operations.targets import NoTarget, Target
from tui.ui.commandline.prompt import PromptMode
from tui.ui.widgets.lines import Line, Lines, spread
from tui.ui.widgets.text import fit, width

LIVE = Cell("live", "muted")
"""What the title says while polls succeed."""


class Place(Enum):
    """A quarter of the screen. Panes of one place are switched between; the others are named in the title."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"


@dataclass(frozen=True, slots=True)
class PaneSetup:
    """What panes are made with."""

    clock: Clock
    save_dir: Path
    """Where logs are saved."""


class LogTarget(NamedTuple):
    """Whose log is read from a pane."""

    agents: Sequence[Agent]
    job_id: str = ""
    """Only the lines of this job."""
    at: float | None = None
    """Where to begin, Unix seconds; None for its end."""


class Pane(Vertical):
    """A bordered part of the screen with a number, a name and a `View`."""

    NUMBER: ClassVar[str] = ""
    NAME: ClassVar[str] = ""
    """As in the title and after `:`."""
    HELP: ClassVar[str] = ""
    """What it shows, for the help overlay."""
    SOURCE: ClassVar[str] = ""
    """The source whose freshness the border shows."""
    PLACE: ClassVar[Place] = Place.TOP_RIGHT
    """Where it is on the screen."""

    view: var[View | None] = var(None, init=False)

    def __init__(self) -> None:
        super().__init__(id=self.NAME.lower(), classes="pane")
        self.tabs: tuple[str, ...] = ()
        """Names of the panes that share this place, the longest form first; set by the screen."""
        # Held, not looked up: something may still be drawn while the pane is being taken down.
        self._title = Lines(id="title")

    @classmethod
    def create(cls, setup: PaneSetup) -> Self:
        """A pane for the main screen."""
        return cls()

    def compose(self) -> ComposeResult:
        """The title line."""
        yield self._title

    def watch_view(self, view: View | None) -> None:
        """Show another view."""
        if view is not None and self.is_mounted:
            self.show(view)

    def show(self, view: View) -> None:
        """Draw what differs."""

    def on_mount(self) -> None:
        """First draw."""
        if self.view is not None:
            self.show(self.view)

    def on_resize(self) -> None:
        """The title has other room."""
        if self.view is not None:
            self.show(self.view)

    def forget(self) -> None:
        """Another project is shown from now on: keep nothing of the one before."""

    # ---- what cursor and keys act on ------------------------------------------------------------------

    def selected(self, key: str, selection: Selection) -> Selection:
        """The selection of the screen once the cursor is on this row."""
        return selection

    def opened(self, key: str) -> str:
        """Enter on a row. Returns the name of the pane to go to; empty to stay."""
        return ""

    def visible_rooms(self) -> Sequence[str] | None:
        """The rooms in sight, which are polled first; None if the pane shows no rooms."""
        return None

    def targets(self, operation: Operation, selection: Selection) -> list[Target]:
        """What an operation acts on here. Raises `NoTarget`."""
        return [Target(selection)]

    def agent(self, view: View) -> Agent:
        """The agent that the cursor is on, or that what it is on belongs to. Raises `NoTarget`."""
        if view.agent is None:
            raise NoTarget("no agent is selected")
        return view.agent

    def log_target(self, view: View, kind: str) -> LogTarget:
        """Whose `deploy` or `build` log is read from here. Raises `NoTarget`."""
        return LogTarget([self.agent(view)])

    def node(self, view: View) -> str:
        """The line of the tree that what the cursor is on belongs to. Raises `NoTarget`."""
        raise NoTarget(f"nothing in {self.NAME} leads to a job")

    def noted(self, view: View) -> Subject:
        """What a note is about: the agent that is selected, else the project."""
        agent = view.agent
        return Subject(agent_id=agent.agent_id, agent_name=agent.name) if agent is not None else NOBODY

    # ---- what keys do to the pane ---------------------------------------------------------------------

    def filter_mode(self) -> PromptMode | None:
        """Filters the pane while a filter is typed; None if it has no filter."""
        return None

    def next_problem(self, step: int) -> str:
        """Put the cursor on the next or previous problem; returns why that is not possible."""
        return f"{self.NAME} has no list of problems"

    def to_mark(self, step: int) -> str:
        """Put the cursor on the next or previous marked row; returns why that is not possible."""
        return f"{self.NAME} has no marks"

    def toggle_filter(self) -> str:
        """Switch the filter off, or on again; returns why that changes nothing."""
        return f"{self.NAME} has no filter"

    has_times: ClassVar[bool] = False
    """Its rows have times that the cursor can go to."""

    def go_to_time(self, at: float) -> str:
        """Put the cursor where this was, Unix seconds; returns why that is not possible."""
        return f"{self.NAME} has no times"

    def toggle_problems(self) -> bool:
        """Show only problems, or everything; False if the pane does not tell them apart."""
        return False

    def toggle_wide(self) -> str:
        """Show more columns, or fewer; returns why that changes nothing."""
        return ""

    @property
    def is_narrowed(self) -> bool:
        """It shows only a part, by the operator's wish."""
        return False

    def widen(self) -> None:
        """Undo what narrows it, the newest wish first."""

    def set_filter(self, text: str) -> str:
        """Filter what it shows; returns what is wrong with the filter."""
        return f"{self.NAME} has no filter"

    def copy_text(self) -> str:
        """What `c` copies; empty for nothing."""
        return ""

    def copy_rows(self) -> Sequence[Sequence[str]]:
        """The titles, and the texts of the rows that are copied as a table; empty for nothing."""
        return ()

    async def all_rows(self) -> Sequence[Sequence[str]]:
        """As `copy_rows`, of every row that the pane shows; lets others work in between."""
        return ()

    def left_out(self, view: View) -> str:
        """Why there may be more than its rows, in words; empty where the whole list was read and kept."""
        return ""

    def raw_item(self) -> object | None:
        """What `y` shows as JSON: the thing under the cursor."""
        return None

    def take_focus(self) -> None:
        """Give the keyboard to what the pane shows."""
        next(iter(self.keyboard_chain())).focus()

    def keyboard_chain(self) -> list[Widget]:
        """What has the keyboard in this pane, and what hears its keys after it, the pane last."""
        child = next((child for child in self.query("*") if child.can_focus), self)
        chain = [child, *(node for node in child.ancestors if isinstance(node, Widget))]
        return chain[: chain.index(self) + 1]

    def set_title(self, left: Line, right: Line) -> None:
        """Change the words of the title line; only what differs is painted."""
        bar = self._title
        rule = "muted" if not self.has_class("-focused") else "info"
        name = "accent" if self.has_class("-focused") else "text"
        head = (Cell("─ ", rule), Cell(f"{self.NUMBER} {self.NAME}", name))
        size = bar.size.width
        # the content of the pane matters more than the end of an error
        right = tuple(Cell(_cut(cell.text, size // 2), cell.tone) for cell in right)
        end = (Cell(" "), *right, Cell(" ─", rule)) if right else (Cell("─", rule),)
        tabs = self._tabs_for(size, (*head, *left, *end))
        warns = any(cell.tone in ("warn", "error") for cell in left)
        if self.tabs and right == (LIVE,) and tabs not in self.tabs[:2] and not warns:
            # the names of the neighbours matter more than "live", as long as nothing makes one doubt that
            without = (Cell("─", rule),)
            longer = self._tabs_for(size, (*head, *left, *without))
            tabs, end = (longer, without) if longer != tabs else (tabs, end)
        line = spread((*head, *left, Cell(tabs, "muted"), Cell(" ", rule)), end, size)
        place = len(line) - len(end) - 1  # the empty middle: a rule, but for the gap after what was cut
        middle = line[place]
        if len(middle.text) > 1 or line[place - 1].text.endswith(" "):
            middle = Cell("─" * len(middle.text), rule)
        bar.set_lines([(*line[:place], middle, *line[place + 1 :])])

    def _tabs_for(self, size: int, taken: Line) -> str:
        """The longest form of the tabs that fits beside what is there."""
        room = size - sum(width(cell.text) for cell in taken) - 2
        return next((words for words in self.tabs if width(words) <= room), "")


def _cut(text: str, size: int) -> str:
    """The text without the last parts that do not fit."""
    while width(text) > size and " · " in text:
        text = text.rpartition(" · ")[0]
    return text if width(text) <= size else fit(text, size)
