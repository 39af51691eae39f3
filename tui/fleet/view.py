"""What a pane is given to draw from: the fleet, what is selected in it, the time and the past. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui.api.models import Agent
from tui.fleet.past import EMPTY_PAST, Past
from tui.fleet.reason import NO_REASONS, Reason
from tui.fleet.state import Fleet
from tui.fleet.times import TimeStyle


@dataclass(frozen=True, slots=True)
class Selection:
    """What the operator is looking at. Identities, never row numbers."""

    agent_id: str = ""
    room: str = ""
    dispatch_id: str = ""
    job_id: str = ""
    rooms_in_view: tuple[str, ...] = ()
    """Rooms on the screen, polled more often."""
    panes_in_view: tuple[str, ...] = ()
    """Panes on the screen, by name: what only they show is polled while they are."""
    pane: str = "agents"
    project: str = ""
    """The project's key; empty before one is watched."""


@dataclass(frozen=True, slots=True)
class View:
    """All that a pane is given."""

    fleet: Fleet
    """Of the selected project."""
    selection: Selection
    now: float
    """Unix seconds by the server's clock, in coarse steps."""
    monotonic: float
    """For the age of data, in coarse steps."""
    times: TimeStyle = TimeStyle.RELATIVE
    fleets: Mapping[str, Fleet] = field(default_factory=dict, repr=False)
    """Of every watched project, by its key."""
    past: Past = EMPTY_PAST
    """Of the selected project."""
    reasons: Mapping[str, Reason] = field(default_factory=lambda: NO_REASONS, repr=False)
    """By id of a broken agent, why it is. Another object when any of it may differ; made when asked for."""
    is_past: bool = False
    """It is a moment of the past: nothing of it is current."""
    left_at: float | None = None
    """Monotonic time of the last key before the operator's newest pause; None while there was none."""
    unix_offset: float | None = None
    """Unix seconds by the server's clock minus monotonic ones. None: the two above were read together."""

    def unix(self, at: float) -> float:
        """A monotonic time, such as that of an answer, in Unix seconds by the server's clock."""
        return at + (self.now - self.monotonic if self.unix_offset is None else self.unix_offset)

    @property
    def clock_style(self) -> TimeStyle:
        """The style of times that are no ages."""
        return TimeStyle.LOCAL if self.times is TimeStyle.RELATIVE else self.times

    @property
    def agent(self) -> Agent | None:
        """The agent selected."""
        return self.fleet.agent(self.selection.agent_id)
