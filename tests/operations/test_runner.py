"""Every operation by call: its effects, its journal, and its outcome when answers get lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fixtures.operation import CONCIERGE, Setup, operation_setup
from tui.api.errors import Throttled
from tui.operations.journal.journal import Verdict


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    """The small fleet, standing still."""
    async with operation_setup(tmp_path) as opened:
        yield opened


async def test_restart_is_sent_once_and_journalled(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)
    outcome = await here.do("restart", view)
    assert outcome.verdict is Verdict.ACCEPTED, outcome.words
    assert "done" not in outcome.words and "a restart leaves no trace" in outcome.words
    assert not outcome.doubt
    assert here.effects() == ["RestartAgent"]
    entry = here.entry()
    assert (entry.intent.operation, entry.intent.target, entry.verdict) == (
        "restart",
        CONCIERGE,
        Verdict.ACCEPTED,
    )


async def test_what_is_ordered_never_waits_for_what_polling_has_left(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE, room="lobby")
    budget = here.session.client.budget
    budget.per_minute = 0
    before = budget.used()
    outcome = await here.do("rollback", view, version=view.fleet.versions[CONCIERGE][1].version)
    assert outcome.verdict is Verdict.DONE, outcome.words
    outcome = await here.do("dispatch", view, agent="concierge", room="lobby")
    assert outcome.verdict is Verdict.DONE, outcome.words
    assert budget.used() > before + 2, "looking is counted"
    with pytest.raises(Throttled):
        await here.session.client.list_rooms()
    budget.hold(5)
    outcome = await here.do("dispatch", view, agent="concierge", room="lobby")
    assert outcome.verdict is Verdict.NOT_SENT, "a pause that the server asked for holds for everybody"


async def test_a_dispatch_is_made_with_all_that_was_said(here: Setup) -> None:
    view = await here.look()
    outcome = await here.do(
        "dispatch", view, agent="concierge", room="desk", metadata='{"a":1}', attributes="tenant=7"
    )
    assert outcome.verdict is Verdict.DONE, outcome.words
    assert here.effects() == ["CreateDispatch"]
