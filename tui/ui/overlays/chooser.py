"""The list of known projects, from which the operator chooses the one to watch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.api.text.clean import clean
from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.project import Project
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import CHOOSER
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.table import LineTable

FRAME = 4
"""Lines of the box beside those of projects: border, title and column titles."""


NOTICES = 3
"""Lines that say what could not be read, at the most."""


class Chooser(ModalScreen[Project | None]):
    """Enter chooses the project under the cursor, Esc chooses none."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(CHOOSER)

    def __init__(
        self, projects: Sequence[Project], current: Project | None, notices: Sequence[str] = ()
    ) -> None:
        """`notices` say which files could not be read: where none is known, they may name some."""
        super().__init__()
        self._notices = tuple(notices)
        self._projects = {str(index): project for index, project in enumerate(projects)}
        self._current = current

    def compose(self) -> ComposeResult:
        """Title and list."""
        marks = max((len(_marks(project)) for project in self._projects.values()), default=0)
        columns = (
            ColumnLayout("now", " ", 1),
            ColumnLayout("name", "PROJECT", 20),
            ColumnLayout("marks", "", marks),
            ColumnLayout("url", "WHERE", 22),
            ColumnLayout("source", "FROM", 16, want=31, grow=1, rank=1),
        )
        with Vertical(id="chooser") as box:
            box.styles.height = max(len(self._projects), 3 + len(self._notices[:NOTICES])) + FRAME
            yield Lines(id="chooser-title")
            yield LineTable(columns)

    def on_mount(self) -> None:
        """Fill the list."""
        words = " Choose a project · Enter watches it · Esc closes"
        self.query_one("#chooser-title", Lines).set_lines([(Cell(words, "accent"),)])
        table = self.query_one(LineTable)
        table.markable = False  # one project is watched at a time
        table.empty = none_known(self._notices)
        table.focus()
        table.show(list(self._projects), self._cells)  # now: the next key may move the cursor

    def _cells(self, key: str) -> tuple[Cell, ...]:
        project = self._projects[key]
        is_current = self._current is not None and project.key == self._current.key
        return (
            Cell("●" if is_current else " ", "ok"),
            Cell(project.name, "warn" if project.danger else "text"),
            Cell(_marks(project), "error" if project.danger else "info"),
            Cell(project.url.removeprefix("https://"), "muted"),
            Cell(project.source, "muted"),
        )

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Choose the project of this row."""
        self.dismiss(self._projects.get(event.key))

    def action_leave(self) -> None:
        """Choose none."""
        self.dismiss(None)


def none_known(notices: Sequence[str]) -> tuple[Cell, ...]:
    """What stands in place of projects; a file that could not be read may name some."""
    return (
        Cell("No project is known.", "warn"),
        *(Cell(clean(notice, limit=300), "error") for notice in notices[:NOTICES]),
        Cell("Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or run `lk cloud auth`,", "muted"),
        Cell("or try `lktop demo`. `lktop doctor` says what was found.", "muted"),
    )


def _marks(project: Project) -> str:
    """The warnings of a project. They have a column of their own, so that a long name cannot hide them."""
    return " ".join(("PRODUCTION",) * project.danger + ("read-only",) * project.read_only)
