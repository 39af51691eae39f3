"""The registry: several projects watched beside one another, and what ends when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from tests.fixtures.clocks import ManualClock
from tests.test_project import PROJECT
from tui.api.errors import BadTarget
from tui.api.models import Agent
from tui.fleet.state import Fleet
from tui.project import Project
from tui.session.registry import SessionRegistry
from tui.session.replayed import Replay
from tui.session.watched import Watched

STAGING = replace(PROJECT, name="staging", url="https://staging.livekit.cloud")


class Noted(Replay):
    """A session that says whether it runs."""

    def __init__(self, project: Project) -> None:
        agents = (Agent(agent_id=f"CA_{project.name}"),)
        super().__init__(project, Fleet(agents=agents), clock=ManualClock())
        self.runs = False
        self.fails: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.tidying: asyncio.Future[None] | None = None
        """What it waits for at its end."""

    async def run(self) -> None:
        """Until cancelled, or until it is made to fail."""
        self.runs = True
        try:
            await self.fails
        finally:
            if self.tidying is not None:
                await self.tidying
            self.runs = False


@dataclass
class Here:
    """A registry and what it told."""

    changed: list[Watched] = field(default_factory=list)
    broken: list[Exception] = field(default_factory=list)
    made: list[Noted] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry = SessionRegistry(self.connect, changed=self.changed.append, broken=self.broken.append)

    def connect(self, project: Project) -> Watched:
        """Make a session, unless the address may not see a token."""
        if project.url.startswith("http:"):
            raise BadTarget("http is not for tokens")
        self.made.append(Noted(project))
        return self.made[-1]

    def runs(self) -> list[str]:
        """Names of the projects whose session runs."""
        return [session.project.name for session in self.made if session.runs]


@asynccontextmanager
async def registry() -> AsyncIterator[Here]:
    """A registry; all of it has ended afterwards."""
    here = Here()
    try:
        yield here
    finally:
        await here.registry.aclose()
        assert here.runs() == []


async def turn() -> None:
    """Let every task that is ready go on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_several_projects_are_watched_each_with_a_session_of_its_own() -> None:
    async with registry() as here:
        first, second = here.registry.open(PROJECT), here.registry.open(STAGING)
        await turn()
        assert here.runs() == ["prod", "staging"] and first is not second
        assert here.registry.selected is None
        here.registry.select(STAGING.key)
        assert here.registry.selected is second and here.registry.get(PROJECT.key) is first
        assert here.registry.fleets == {PROJECT.key: first.store.fleet, STAGING.key: second.store.fleet}
        with pytest.raises(KeyError):
            here.registry.select("another")


async def test_a_change_is_told_with_the_session_it_is_of() -> None:
    async with registry() as here:
        first, second = here.registry.open(PROJECT), here.registry.open(STAGING)
        second.store.update(lambda fleet: replace(fleet, unreadable=1))
        assert here.changed == [second]
        here.registry.close(STAGING.key)
        second.store.update(lambda fleet: replace(fleet, unreadable=2))
        first.store.update(lambda fleet: replace(fleet, unreadable=3))
        assert here.changed == [second, first]


async def test_a_project_that_is_watched_keeps_its_session_until_its_settings_differ() -> None:
    async with registry() as here:
        first = here.registry.open(PROJECT)
        assert here.registry.open(replace(PROJECT)) is first
        locked = here.registry.open(replace(PROJECT, read_only=True))
        await turn()
        assert locked is not first and here.registry.get(PROJECT.key) is locked
        assert [session.runs for session in here.made] == [False, True]


async def test_one_that_may_not_be_watched_changes_nothing() -> None:
    async with registry() as here:
        first = here.registry.open(PROJECT)
        with pytest.raises(BadTarget):
            here.registry.open(replace(PROJECT, url="http://prod.livekit.cloud"))
        assert list(here.registry.fleets) == [PROJECT.key] and here.registry.get(PROJECT.key) is first


async def test_closing_ends_a_session_and_forgets_its_data() -> None:
    async with registry() as here:
        here.registry.open(PROJECT)
        here.registry.select(PROJECT.key)
        here.registry.close(PROJECT.key)
        here.registry.close(PROJECT.key)
        await turn()
        assert here.runs() == [] and here.registry.fleets == {}
        assert here.registry.selected is None and here.registry.get(PROJECT.key) is None


async def test_a_session_in_use_goes_on_until_its_last_use_ends() -> None:
    async with registry() as here:
        session = here.registry.open(PROJECT)
        releases = [here.registry.use(session), here.registry.use(session)]
        here.registry.close(PROJECT.key)
        await turn()
        assert here.runs() == ["prod"] and here.registry.get(PROJECT.key) is session
        assert here.registry.fleets == {}, "nobody looks at it"
        releases[0]()
        releases[0]()
        await turn()
        assert here.runs() == ["prod"], "the second use has not ended"
        releases[1]()
        await turn()
        assert here.runs() == [] and here.registry.get(PROJECT.key) is None


async def test_a_session_in_use_is_taken_up_again() -> None:
    async with registry() as here:
        session = here.registry.open(PROJECT)
        release = here.registry.use(session)
        here.registry.close(PROJECT.key)
        assert here.registry.open(PROJECT) is session
        release()
        await turn()
        assert here.runs() == ["prod"] and list(here.registry.fleets) == [PROJECT.key]


async def test_a_session_in_use_that_was_replaced_goes_on_beside_the_new_one() -> None:
    async with registry() as here:
        old = here.registry.open(PROJECT)
        release = here.registry.use(old)
        new = here.registry.open(replace(PROJECT, name="production"))
        await turn()
        assert here.runs() == ["prod", "production"] and here.registry.get(PROJECT.key) is new
        late = here.registry.use(old)
        release()
        await turn()
        assert here.runs() == ["prod", "production"]
        late()
        await turn()
        assert here.runs() == ["production"] and here.registry.get(PROJECT.key) is new
        here.registry.use(old)()  # it has ended: there is nothing to keep


async def test_an_exception_in_a_session_is_told_and_a_cancelled_one_is_not() -> None:
    async with registry() as here:
        here.registry.open(PROJECT)
        here.registry.open(STAGING)
        await turn()
        here.made[0].fails.set_exception(ValueError("a bug"))
        here.registry.close(STAGING.key)
        await turn()
        assert [str(error) for error in here.broken] == ["a bug"]
        assert here.registry.open(PROJECT) is here.made[-1] is not here.made[0], "a fresh start"


async def test_a_session_that_ends_already_is_waited_for_and_not_broken_off() -> None:
    async with registry() as here:
        here.registry.open(PROJECT)
        await turn()
        here.made[0].tidying = asyncio.get_running_loop().create_future()
        here.registry.close(PROJECT.key)
        await turn()
        ending = asyncio.create_task(here.registry.aclose())
        await turn()
        assert here.runs() == ["prod"] and not ending.done(), "such as what is still to be written"
        here.made[0].tidying.set_result(None)
        await ending
        assert here.runs() == []
