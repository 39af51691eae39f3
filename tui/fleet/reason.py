"""Why an agent is broken, as panes are given it. Values only; must not know how that is found out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

LOG: Final = "log"
BUILD_LOG: Final = "build_log"
"""In place of an operation's id: the next thing to do is to read the agent's log, or that of its build."""


class Reason(Struct, frozen=True):
    """The diagnosis of a broken agent."""

    text: str
    """One line: since when, after what, what its log says, and what of that is not known."""
    cause: str = ""
    """The part of it that fits a column beside status and time: what its log or the server says."""
    next_operation_id: str = ""
    """What to do next: the id of an operation, `LOG` or `BUILD_LOG`; empty where nothing is known to help."""


NO_REASONS: Final[Mapping[str, Reason]] = MappingProxyType({})
"""Nothing is diagnosed."""


class LoggedError(Struct, frozen=True, gc=False):
    """What an agent's log says, where it was read."""

    text: str = ""
    """The newest error in one line, masked and printable; empty if there was none in what was read."""
    deployed_at: float | None = None
    """When the agent had been deployed last, Unix seconds: it says nothing of what is deployed later."""
