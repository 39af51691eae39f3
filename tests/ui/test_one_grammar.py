"""Keys do what the map says, on the whole screen: across panes, prompts and questions of one key."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.fixtures.screen import drawn, playing, title
from tests.scenes import Scene, typed
from tui.operations.fields import Answers
from tui.operations.registry import BY_ID
from tui.ui.logview.picker import Picker
from tui.ui.panes.secrets import SecretsPane
from tui.ui.widgets.copy_forms import as_csv, as_markdown, as_text
from tui.ui.widgets.lines import Lines


async def test_one_grammar() -> None:
    async with playing(Scene("grammar")) as (app, pilot):
        main = app.main

        def said() -> str:
            return app.said.newest_first[0].text

        agents, tree, logs = main.agents, main.dispatches, main.logs
        # problems and marks
        assert agents.is_problem(main.view, agents.table.cursor)
        first = agents.table.cursor
        await typed(pilot, "e")
        assert agents.table.cursor != first and agents.is_problem(main.view, agents.table.cursor)
        await typed(pilot, "E", "E")
        assert agents.table.cursor == first and said() == "no problem above; e looks below"
        await typed(pilot, "m", "j", "j", "m", "g", ")")
        assert agents.table.cursor == agents.table.keys[3]
        await typed(pilot, "(")
        assert agents.table.cursor == first
        await typed(pilot, "ctrl+backslash", ")")
        assert said() == "no row is marked; m marks one"
        # a filter off and on
        await typed(pilot, "F")
        assert said() == "no filter to switch on; / sets one"
        await typed(pilot, "&", *"triage", "enter", "F")
        assert not agents.active_filter
        await typed(pilot, "F")
        assert agents.active_filter.source == "triage"
        await typed(pilot, "escape", "&", *"concierge", "enter", "e")
        assert said() == "no problem in this list", "neither key finds one"
        await typed(pilot, "escape")
        # what lies under the cursor decides, not what was selected
        await typed(pilot, "5")
        tree.go_to(next(key for key in tree.tree_model.nodes if key.startswith("dispatch:call-5122")))
        await typed(pilot, "v")
        assert main.current.id == "versions" and main.view.agent is not None
        assert main.view.agent.name == "telehealth-intake"
        await typed(pilot, "5", "A")
        assert main.current is agents and agents.table.cursor == main.view.selection.agent_id
        # a log at full width, its agent's secrets, and back into the corner
        await typed(pilot, "l")
        assert main.current is logs and not agents.display
        await typed(pilot, "r")
        assert app.screen is main and said().startswith("r does nothing here: run again, in Agents")
        await typed(pilot, "s", "f")
        assert main.current.id == "secrets" and agents.display
        assert said() == "now: secrets of this agent; following moved to p, and G"
        # in Secrets U sets the secret under the cursor
        await typed(pilot, "U")
        assert said().startswith("Set secret: ")
        # a new one has not the name under the cursor
        operation, pane = BY_ID["new_secret"], main.pane("secrets")
        assert isinstance(pane, SecretsPane) and pane.answers("A").text("name") == "A"
        (target,) = pane.targets(operation, main.view.selection)
        assert target.answers == Answers()


async def test_prompts_and_pickers_have_the_keyboard_alone() -> None:
    async with playing(Scene("alone", keys=("l", "/"))) as (app, pilot):
        main = app.main
        await typed(pilot, "ctrl+z", "ctrl+p", "ctrl+r", "ctrl+o", "tab", "shift+tab")
        assert main.current is main.logs and isinstance(app.focused, Input)
        assert not main.agents.problems_only and app.screen is main
        await typed(pilot, "escape", "W", "ctrl+z", "ctrl+p", "tab", "q", "d")
        assert isinstance(app.focused, Picker) and main.current is main.logs
        assert main.has_class("-asking"), "no toast lies over the list"
        assert app.said.newest_first[0].text == "d does nothing here now: removing moved to ctrl+d or Del"
        await typed(pilot, "escape", "1", "ctrl+p")
        assert main.query_one("#typed", Input).value == "find "


async def test_a_question_of_one_key_waits_and_any_other_key_ends_it() -> None:
    async with playing(Scene("choice", keys=("Y",))) as (app, pilot):
        footer = app.main.query_one("#footer", Lines)
        assert drawn(footer)[0].startswith(" copy as: t text  m Markdown  c CSV")
        await typed(pilot, "ctrl+d")
        assert app.screen is app.main and app.main.choice is None, "and it does nothing else"
        await typed(pilot, "S", ":")
        assert not app.main.query_one("#prompt").display
        await typed(pilot, ":", *"messages", "enter")
        assert app.screen is not app.main
        await typed(pilot, "escape", "S", "a")
        assert app.main.agents.sort == "deployed" and "DEPLOYED" not in title(app.main.agents)


@pytest.mark.parametrize("name", ["a|b", "=1+1", '"x", y'])
def test_forms_of_a_table(name: str) -> None:
    rows = [("NAME", "N"), (name, "1")]
    assert as_text(rows).splitlines()[0].startswith("NAME") and name in as_text(rows)
    assert as_markdown(rows).splitlines()[1] == "|---|---|"
    assert as_markdown(rows).splitlines()[2] == f"| {name.replace('|', chr(92) + '|')} | 1 |"
    expected = {"a|b": "a|b", "=1+1": "'=1+1", '"x", y': '"""x"", y"'}[name]
    assert as_csv(rows) == f"NAME,N\r\n{expected},1\r\n"
    assert as_text([]) == as_markdown([]) == as_csv([]) == ""
