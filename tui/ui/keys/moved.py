"""Keys that were moved in this release: what they did where, and which key does it now.

The README lists them, and an old key says where its meaning went. They go with the next release.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from tui.ui.keys.contexts import (
    AGENTS,
    BUTTON,
    CHOICE,
    DIALOG,
    DISPATCHES,
    LOGS,
    OPERATION,
    PICKER,
    SECRETS,
    STATUS,
    UNRESOLVED,
    VERSIONS,
    Context,
)


class Moved(Struct, frozen=True):
    """A meaning that has another key."""

    name: str
    """The old key, as Textual calls it."""
    was: str
    """What it did, in words."""
    to: str
    """What does it now, as keys are written."""
    contexts: tuple[Context, ...]
    """Where it did that."""


_PANES: Final = (AGENTS, STATUS, VERSIONS, SECRETS, DISPATCHES)

MOVED: Final = (
    Moved("ctrl+u", "deploying", "ctrl+o", _PANES),
    Moved("b", "the build log", "B", _PANES),
    Moved("o", "going to the agent", "A", (DISPATCHES,)),
    Moved("N", "sorting by name", "S n", (AGENTS,)),
    Moved("A", "sorting by age", "S a", (AGENTS,)),
    Moved("C", "sorting by CPU", "S c", (AGENTS,)),
    Moved("M", "sorting by memory", "S m", (AGENTS,)),
    Moved("O", "sorting by the picked column", "S S", (AGENTS,)),
    Moved("r", "rolling back", "R", (VERSIONS,)),
    Moved("e", "setting a secret", "U", (SECRETS,)),
    Moved("i", "importing secrets", "I", (SECRETS,)),
    Moved("ctrl+d", "half a page down", "ctrl+f, by a page", (LOGS,)),
    Moved("ctrl+u", "half a page up", "b, by a page", (LOGS,)),
    Moved("h", "to the left", "←", (LOGS,)),
    Moved("l", "to the right", "→", (LOGS,)),
    Moved("s", "following", "p, and G", (LOGS,)),
    Moved("p", "pinning to this agent", "K", (LOGS,)),
    Moved("v", "the sources", "W", (LOGS,)),
    Moved("u", "the next bookmark", ")", (LOGS,)),
    Moved("U", "the previous bookmark", "(", (LOGS,)),
    Moved("P", "JSON in lines", "z", (LOGS,)),
    Moved("ctrl+f", "filters off and on", "F", (LOGS,)),
    Moved("Y", "copying as received", "Y r", (LOGS,)),
    Moved("d", "removing", "ctrl+d or Del", (PICKER,)),
    Moved("q", "closing", "Esc", (PICKER,)),
    Moved("y", "doing it", "ctrl+s and Enter", (OPERATION,)),
    Moved("n", "cancelling", "Esc", (DIALOG,)),
    Moved("h", "the choice to the left", "←", (CHOICE, BUTTON)),
    Moved("l", "the choice to the right", "→", (CHOICE, BUTTON)),
    Moved("r", "checking again", "ctrl+r", (UNRESOLVED,)),
    Moved("x", "setting aside", "a", (UNRESOLVED,)),
)
