"""What the main screen asks of the application. Handlers of these are named `on_main_screen_` and so on."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from tui.fleet.past import Subject
from tui.fleet.view import Selection
from tui.operations.operation import Operation
from tui.operations.targets import Target


class SelectionChanged(Message, namespace="main_screen"):
    """The selection changed: details of what is selected are wanted."""

    def __init__(self, selection: Selection) -> None:
        super().__init__()
        self.selection = selection


class Operate(Message, namespace="main_screen"):
    """An operation is to be done to these targets."""

    def __init__(self, operation: Operation, targets: Sequence[Target]) -> None:
        super().__init__()
        self.operation = operation
        self.targets = targets


class Undo(Message, namespace="main_screen"):
    """The last operation on the selection's project is to be undone."""

    def __init__(self, selection: Selection) -> None:
        super().__init__()
        self.selection = selection


class PastWanted(Message, namespace="main_screen"):
    """The operator asked for the past, or to come back from it."""

    def __init__(self, at: float | None = None) -> None:
        """`at` in Unix seconds by the server's clock: to that moment, in any case."""
        super().__init__()
        self.at = at


class ChangesWanted(Message, namespace="main_screen"):
    """The operator asked what changed between two times, Unix seconds."""

    def __init__(self, since: float, until: float) -> None:
        super().__init__()
        self.since = since
        self.until = until


class FailedWanted(Message, namespace="main_screen"):
    """The operator asked for the jobs that failed within so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Noted(Message, namespace="main_screen"):
    """The operator noted something."""

    def __init__(self, text: str, subject: Subject) -> None:
        super().__init__()
        self.text = text
        self.subject = subject


class KeyRefused(Message, namespace="main_screen"):
    """Why a key did nothing."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


class CommandGiven(Message, namespace="main_screen"):
    """A command line was entered."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
