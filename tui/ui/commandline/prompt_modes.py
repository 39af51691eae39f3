"""What the prompt of the main screen is opened for: a filter that works while it is typed, a command."""

from __future__ import annotations

from collections.abc import Callable

from tui.fleet.query import complete, unknown_field
from tui.fleet.state import Fleet
from tui.ui.commandline.commands import completions, hint, path_typed
from tui.ui.panes.base import Pane
from tui.ui.panes.lists import ListPane


class Filtering:
    """Filter a list. Giving up brings the filter back that was there."""

    kind = "filter"

    def __init__(self, pane: ListPane) -> None:
        self._pane = pane
        self.before = pane.query_now.source
        """The filter that was there."""
        self.sign = f"filter {pane.NAME}"

    @property
    def words(self) -> str:
        """What can be typed."""
        fields = " ".join(f"{name}:" for name in self._pane.FIELDS)
        return f"/ {self._pane.NAME}: text !not -f fuzzy {fields}"

    def typed(self, text: str) -> tuple[str, bool]:
        """Filter, and say how many rows that leaves or what is wrong."""
        problem = self._pane.set_filter(text)
        rows = len(self._pane.table.keys)
        words = f"/ {self._pane.NAME}: {rows} row{'' if rows == 1 else 's'}"
        if not rows and (field := unknown_field(text, self._pane.FIELDS)):
            words += (
                f" · {field}: is no field; there are {' '.join(f'{name}:' for name in self._pane.FIELDS)}"
            )
        return problem or words, bool(problem)

    def complete(self, text: str) -> str:
        """The name of a field; for the rest, the rows themselves show what there is."""
        return complete(text, self._pane.FIELDS)

    def path(self, text: str) -> tuple[str, str]:
        """There are none in a filter."""
        return "", ""

    def submit(self, text: str) -> None:
        """Keep the filter."""
        self._pane.table.stay()
        self._pane.take_focus()

    def give_up(self) -> None:
        """Back to the filter that was there."""
        self._pane.set_filter(self.before)
        self._pane.take_focus()


class Commanding:
    """Type a command, explained and completed from live data."""

    kind = "command"
    sign = "command"

    def __init__(
        self, pane: Pane, fleet: Callable[[], Fleet], run: Callable[[str], None], begun: str = ""
    ) -> None:
        """`pane` gets the keyboard back; `run` is given the line, of which some may be there already."""
        self._pane = pane
        self._begun = begun
        self._fleet = fleet
        self._run = run

    @property
    def words(self) -> str:
        """What the command that is begun does; some of the commands."""
        return self.typed(self._begun)[0]

    def typed(self, text: str) -> tuple[str, bool]:
        """What the command does."""
        return f": {hint(text, self._fleet())}", False

    def complete(self, text: str) -> str:
        """The first name that it could be."""
        return next(iter(completions(text, self._fleet(), most=1)), "") if text else ""

    def path(self, text: str) -> tuple[str, str]:
        """The path of a file or a directory, where the command takes one."""
        return path_typed(text)

    def submit(self, text: str) -> None:
        """Run it."""
        self._pane.take_focus()
        if text.strip():
            self._run(text)

    def give_up(self) -> None:
        """Run nothing."""
        self._pane.take_focus()
