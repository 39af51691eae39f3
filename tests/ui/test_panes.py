"""A pane is one class and one line in the table: screen, layout, keys and help follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.screen import playing, title
from tests.scenes import Scene, settled, typed
from tui.fleet.state import Fleet
from tui.fleet.view import Selection, View
from tui.operations.registry import BY_ID
from tui.operations.targets import NoTarget
from tui.ui.panes import PANES
from tui.ui.panes.base import Pane
from tui.ui.panes.dispatches import DispatchesPane


class NotesPane(Pane):
    """Shows nothing but its title."""

    NUMBER = "9"
    NAME = "Notes"
    HELP = "what the operator wrote down"
    can_focus = True

    def show(self, view: View) -> None:
        """The title."""
        self.set_title((), ())

    def take_focus(self) -> None:
        """It has no parts that take the keyboard."""
        self.focus()


@pytest.fixture
def notes() -> Iterator[None]:
    """One pane more, for as long as a test lasts."""
    PANES.append(NotesPane)
    yield
    PANES.remove(NotesPane)


@pytest.mark.usefixtures("notes")
async def test_a_pane_in_the_table_is_on_the_screen() -> None:
    async with playing(Scene("panes", keys=("down",))) as (app, pilot):
        main = app.main
        main.action_pane("notes")
        await settled(pilot)
        assert main.current is main.pane("notes") and main.current.has_focus
        assert title(main.current).startswith("─ 9 Notes · 2 Sta")
        await typed(pilot, "shift+tab", "shift+tab", "tab", "2")
        assert not main.pane("notes").display and " · 9 " in title(main.current)
        main.action_pane("notes")
        await typed(pilot, "l")
        assert main.current is main.logs, "the log of the selected agent, as from any pane"


def test_a_pane_says_what_its_keys_act_on() -> None:
    looking_at = Selection(agent_id="CA_1")
    assert [target.selection for target in NotesPane().targets(BY_ID["restart"], looking_at)] == [looking_at]
    with pytest.raises(NoTarget, match="no agent is selected"):
        NotesPane().agent(View(Fleet(), Selection(), 0.0, 0.0))
    chosen = DispatchesPane().selected("job:room\0AD_1\0AJ_1", looking_at)
    assert (chosen.agent_id, chosen.room, chosen.dispatch_id, chosen.job_id) == (
        "CA_1",
        "room",
        "AD_1",
        "AJ_1",
    )
