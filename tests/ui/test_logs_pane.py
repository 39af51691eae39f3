"""Whose log is read: the agent at the cursor, a pinned one, or all that are marked, in one."""

from __future__ import annotations

import gc

from msgspec.structs import replace

from tests.fixtures.screen import playing, title
from tests.fixtures.views import view_of
from tests.scenes import Scene, read, settled, typed
from tui.logs.watch import MOST
from tui.session.log_sources import sources_of
from tui.ui.logview.picker import Picker


def test_of_several_agents_each_has_its_turn_before_any_has_its_second() -> None:
    agents = view_of("incident").fleet.agents[:4]
    found = sources_of(agents)
    assert {source.agent_id for source in found[:4]} == {agent.agent_id for agent in agents}
    kinds = [source.log_type for source in found]
    assert kinds == sorted(kinds, reverse=True), "builds come last"
    twins = [agents[0], replace(agents[1], agent_name=agents[0].name)]
    assert {source.agent for source in sources_of(twins)} == {agent.agent_id for agent in twins}


async def test_the_marked_agents_are_read_as_one_log() -> None:
    async with playing(Scene("marked", keys=("space", "down", "space", "down", "space"))) as (app, pilot):
        main = app.main
        marked = {agent.agent_id for agent in main.agents.log_target(main.view, "deploy").agents}
        assert len(marked) == 3
        await typed(pilot, "l")
        await read(main.logs, pilot)
        assert main.current is main.logs
        watch = main.logs.reader.followed
        assert watch is not None
        assert {source.agent_id for source in watch.opened} == marked
        assert len(watch.opened) <= MOST
        assert f" 3 agents pinned {len(watch.opened)} of " in title(main.logs)
        lines = main.logs.reader.lines
        newest = lines.render_line(lines.size.height - 1).text
        tags = {stream.tag for stream in watch.log.streams.values()}
        assert len(tags) == len(watch.opened)
        assert any(f" {tag} " in newest for tag in tags)
        await typed(pilot, "W")
        offered = main.logs.reader.query_one(Picker).text
        assert all(source.agent in offered for source in watch.candidates)

        await typed(pilot, "escape", "1", "B")
        watch = main.logs.reader.followed
        assert watch is not None
        assert len({source.agent_id for source in watch.candidates}) == 1, "of builds, the one at the cursor"


async def test_a_command_names_its_agent_whatever_is_marked() -> None:
    async with playing(Scene("named", keys=("space", "down", "space"))) as (app, pilot):
        main = app.main
        agent = main.view.fleet.agents[-1]
        for pane in ("1", "5"):
            await typed(pilot, pane, ":", *f"logs {agent.agent_id}", "enter")
            await settled(pilot)
            watch = main.logs.reader.followed
            assert watch is not None
            assert {source.agent_id for source in watch.candidates} == {agent.agent_id}
        for at in (0.0, 1.0):  # the second replaces the first before that has begun, which is no warning
            main.logs.begin_at(at)
        await settled(pilot)
        gc.collect()
