"""The prompt's mode for commands: explained and completed from live data while they are typed."""

from __future__ import annotations

from collections.abc import Callable

from tui.fleet.state import Fleet
from tui.ui.commandline.line import completions, hint, path_typed


class CommandMode:
    """Type a command."""

    kind = "command"
    sign = "command"

    def __init__(
        self,
        fleet: Callable[[], Fleet],
        run: Callable[[str], None],
        give_focus_back: Callable[[], None],
        begun: str = "",
    ) -> None:
        """`run` is given the whole line, of which `begun` is in the prompt already."""
        self._fleet = fleet
        self._run = run
        self._give_focus_back = give_focus_back
        self.begun = begun
        """What is typed already when the prompt opens."""

    @property
    def words(self) -> str:
        """What the command that is begun does; else some of the commands."""
        return self.typed(self.begun)[0]

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
        self._give_focus_back()
        if text.strip():
            self._run(text)

    def give_up(self) -> None:
        """Run nothing."""
        self._give_focus_back()
