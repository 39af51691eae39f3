"""What the program must offer so that commands can run. The application satisfies it; nothing here draws."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Protocol

from tui.api.models import Agent
from tui.fleet.view import Selection, View


class Panes(Protocol):
    """The main screen, as far as commands lead to a part of it."""

    @property
    def view(self) -> View:
        """What is shown and selected now."""

    def action_pane(self, name: str) -> None:
        """Give the keyboard to a pane, showing it first."""

    def filter_pane(self, name: str, text: str) -> str:
        """Filter the list of a pane; returns what is wrong with the filter."""

    def go_to_agent(self, agent_id: str) -> bool:
        """Put the cursor on an agent; False if there is none."""

    def go_to_node(self, key: str) -> None:
        """Put the cursor on a line of the tree of rooms."""

    def action_logs(self, kind: str) -> None:
        """Follow the log of what is selected or marked."""

    def read_logs(self, agents: Sequence[Agent], kind: str, deployment: str | None = None) -> None:
        """Follow the logs of these agents in one; of one deployment alone, empty being production."""

    def show_changes(self, since: float, until: float) -> None:
        """Show what changed between two times, Unix seconds by the server's clock."""

    def show_failed(self, seconds: float) -> None:
        """Show the jobs that failed within so many seconds."""

    def open_log(self, path: Path) -> None:
        """Read a log back from a file. Raises `NotOpened`."""

    def choose_log(self) -> None:
        """Offer the logs that were kept or saved."""


class Operations(Protocol):
    """Begins operations and what belongs to them, each on the project of the selection it is given."""

    def by_command(self, operation_id: str, words: Sequence[str], selection: Selection) -> None:
        """Begin an operation. Raises `InvalidAnswer`."""

    def links(self, selection: Selection, link: str = "") -> None:
        """Show the private links, with the cursor on this one. Raises `InvalidAnswer`."""

    def undo(self, selection: Selection) -> None:
        """Offer to undo the last operation."""

    def unlock(self, words: Sequence[str], selection: Selection) -> None:
        """Allow changes for a while. Raises `InvalidAnswer`."""

    def lock(self, selection: Selection) -> None:
        """Make the project read-only again. Raises `InvalidAnswer`."""

    def toggle_dry_run(self) -> None:
        """Send nothing, or send again."""

    async def audit(self, selection: Selection) -> bool:
        """Show the audit trail; returns whether it is shown."""

    async def unresolved(self, selection: Selection, *, asked: bool) -> bool:
        """Show operations whose outcome is unknown."""


class Console(Protocol):
    """The application, as commands see it."""

    @property
    def main(self) -> Panes:
        """The main screen."""

    @property
    def launcher(self) -> Operations:
        """Begins operations."""

    def begin_deploy(self, verb: str, words: Sequence[str], selection: Selection) -> None:
        """Open the screen of create, deploy, config or dockerfile. Raises `InvalidAnswer`."""

    def later(self, work: Coroutine[object, object, None]) -> None:
        """Do what needs the disk, without waiting for it."""

    def open_later(self, opening: Coroutine[object, object, bool]) -> None:
        """Do what opens something, and returns whether it did: what is typed meanwhile goes there."""

    def action_help(self) -> None:
        """Show the keys."""

    def action_messages(self) -> None:
        """Show the messages of this session."""

    def action_save(self) -> None:
        """Save the list or log that is shown."""

    def action_picture(self) -> None:
        """Save a picture of the screen."""

    def action_refresh_now(self) -> None:
        """Ask for everything now."""

    def action_choose_project(self) -> None:
        """Let the operator choose a project."""

    def choose_project(self, name: str) -> bool:
        """Watch a project by name; False if there is none."""

    def choose_theme(self, name: str) -> str:
        """Use a theme by name; returns what is wrong with the name."""

    def export(self, since: float, until: float, path: Path) -> None:
        """Write what was recorded from one time to another, Unix seconds, into a new file."""

    def forget(self, name: str) -> str:
        """Remove what was recorded of the project of this name; returns what is wrong with the name."""

    def quit_by_command(self) -> None:
        """Leave, unless something is under way."""
