"""Answers that get lost: nothing is sent twice, nothing is guessed, nothing is forgotten."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from tests.fixtures.operation import CONCIERGE, HERE, Setup, operation_setup, until
from tui.api.errors import Unreachable
from tui.operations.attempt import LOOKS
from tui.operations.fields import Answers
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import Intent, Journal, Verdict
from tui.operations.journal.outcome import Outcome, Progress
from tui.operations.operation import Receipt
from tui.operations.registry import BY_ID
from tui.operations.runner import OperationRunner
from tui.secret import Secret
from tui.session.live import Session
from tui.sim.scenarios.specs import FaultSpec

LOSSES = {
    "fin": FaultSpec(action="close"),
    "reset": FaultSpec(action="reset"),
    "silence": FaultSpec(action="silence"),
    "502 page": FaultSpec(action="html"),
    "408": FaultSpec(action="timeout"),
    "2xx garbage": FaultSpec(action="garbage"),
    "500": FaultSpec(action="error", code="internal"),
}
AFTER = {**LOSSES, "cut": FaultSpec(action="cut", at=30)}


def lost(name: str, method: str, *, after: bool, times: int | None = 1) -> FaultSpec:
    """A loss of the answer to one method, after its effect or in place of it."""
    base = AFTER[name]
    return FaultSpec(
        path=f"*/{method}", action=base.action, code=base.code, at=base.at, after_effect=after, times=times
    )


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    """The small fleet, standing still."""
    async with operation_setup(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("loss", AFTER)
async def test_a_dispatch_whose_answer_is_lost_is_found_and_never_sent_again(here: Setup, loss: str) -> None:
    view = await here.look()
    here.lose(lost(loss, "CreateDispatch", after=True, times=None))
    outcome = await here.do("dispatch", view, agent="concierge", room="desk", metadata='{"a":1}')
    made = here.simulator.control.effects()[0]["id"]
    assert (outcome.verdict, len(here.posts("CreateDispatch"))) == (Verdict.DONE, 1)
    assert f"created {made}" in outcome.words
    assert outcome.undo is None, "it may be somebody else's twin of it"
    assert here.effects() == ["CreateDispatch"]
    assert any("unknown – checking" in progress.words for progress in here.told)
    assert here.entry().verdict is Verdict.DONE


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_dispatch_that_never_arrived_is_not_seen_and_offered_once_more(
    here: Setup, loss: str
) -> None:
    view = await here.look()
    here.lose(lost(loss, "CreateDispatch", after=False))
    outcome = await here.do("dispatch", view, agent="concierge", room="brand-new")
    assert (outcome.verdict, outcome.may_resend) == (Verdict.NOT_SEEN, True)
    assert "not seen" not in outcome.words
    assert "may still appear" in outcome.words
    assert (here.effects(), len(here.posts("CreateDispatch"))) == ([], 1)
    assert sum(here.clock.slept) == pytest.approx(LOOKS[-1], abs=1.0)
    again = await here.do("dispatch", view, agent="concierge", room="brand-new", earlier=outcome.intent)
    assert again.verdict is Verdict.DONE, again.words
    assert len(set(here.request_ids("CreateDispatch"))) == 1


async def test_what_appeared_meanwhile_is_not_sent_again(here: Setup) -> None:
    view = await here.look()
    here.lose(lost("fin", "CreateDispatch", after=True), lost("500", "ListDispatch", after=False, times=None))
    outcome = await here.do("dispatch", view, agent="concierge", room="desk")
    assert (outcome.verdict, outcome.may_resend) == (Verdict.UNKNOWN, False)
    here.lose()
    here.simulator.faults.clear()
    again = await here.do("dispatch", view, agent="concierge", room="desk", earlier=outcome.intent)
    assert again.verdict is Verdict.DONE
    assert "not sent again" in again.words
    assert here.effects() == ["CreateDispatch"]


async def test_a_failed_look_stays_unknown_and_survives_the_console(here: Setup) -> None:
    view = await here.look()
    here.lose(
        lost("reset", "CreateDispatch", after=True), lost("502 page", "ListDispatch", after=False, times=None)
    )
    outcome = await here.do("dispatch", view, agent="concierge", room="desk", metadata="personal: ann")
    assert outcome.verdict is Verdict.UNKNOWN
    assert "stays unknown" in outcome.words
    kept = (here.path / "state" / "journal.jsonl").read_text()
    assert "personal" not in kept
    here.simulator.faults.clear()
    later = OperationRunner(
        here.session.client,
        here.session.store,
        Journal(here.path / "state" / "journal.jsonl", here.clock, origin=HERE),
        clock=here.clock,
        project="prod",
        hosts=Hosts(here.simulator.url, here.simulator.url),
        new_id=lambda: "r-later",
        nudge=here.session.nudge,
    )
    (intent,) = await later.unresolved()
    settled = await later.settle(intent)
    assert settled.verdict is Verdict.DONE
    assert here.effects() == ["CreateDispatch"]
    assert await later.unresolved() == []


async def test_that_it_is_unknown_is_on_the_disk_before_anybody_looks(here: Setup) -> None:
    view = await here.look()
    here.lose(lost("fin", "CreateDispatch", after=True))
    kept: list[Verdict | None] = []

    def tell(progress: Progress) -> None:
        here.tell(progress)
        if progress.checking:
            kept.append(here.entry().verdict)

    answers = Answers({"agent": "concierge", "room": "desk"})
    outcome = await here.operator.perform(BY_ID["dispatch"], view, answers, tell=tell)
    assert outcome.verdict is Verdict.DONE
    assert kept and set(kept) == {Verdict.UNKNOWN}


async def test_an_outcome_that_cannot_be_saved_is_said_and_stays_what_it_is(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)

    def tell(progress: Progress) -> None:
        if progress.words == "sending…":
            (here.path / "state").chmod(0o777)

    outcome = await here.operator.perform(BY_ID["restart"], view, Answers(), tell=tell)
    assert (outcome.verdict, here.effects()) == (Verdict.ACCEPTED, ["RestartAgent"])
    (note,) = outcome.notes
    assert "not saved in the journal: others may write" in note


async def test_what_is_not_seen_may_still_appear_for_as_long_as_a_loss_is_followed(here: Setup) -> None:
    facts = {"agent_id": CONCIERGE, "to": "another", **here.hosts.facts}
    intent = here.journal.intent("rollback", CONCIERGE, project="prod", facts=facts)
    here.clock.advance(LOOKS[-1] - 1)
    early = await here.operator.settle(intent)
    assert early.verdict is Verdict.UNKNOWN and "too soon to say" in early.words
    assert here.entry().verdict is None
    here.clock.advance(1)
    late = await here.operator.settle(intent)
    assert (late.verdict, here.entry().verdict) == (Verdict.NOT_SEEN, Verdict.NOT_SEEN)
    accepted = Outcome(Verdict.ACCEPTED, "accepted; but it does not show", intent, Receipt("v2"), doubt=True)
    again = await here.operator.settle(intent, before=accepted)
    assert (again.verdict, again.doubt) == (Verdict.ACCEPTED, True), "it stays accepted until it is seen"


async def test_what_was_begun_at_another_server_of_the_same_name_is_not_looked_for_here(here: Setup) -> None:
    """A project's entry may have been given another URL: there, the effect would never be seen."""
    ours, other = here.simulator.url, "https://old.example"
    places = {"both": (ours, ours), "other rooms": (other, ours), "other agents": (ours, other)}
    for name, (url, agents_url) in places.items():
        facts = {"agent_id": CONCIERGE, "url": url, "agents_url": agents_url}
        intent = here.journal.intent("restart", name, project="prod", facts=facts)
        here.journal.outcome(intent, Verdict.UNKNOWN)
    assert [intent.target for intent in await here.operator.unresolved()] == ["both"]


async def test_both_servers_are_on_the_disk_before_anything_is_sent(here: Setup) -> None:
    await here.do("restart", await here.look(agent_id=CONCIERGE))
    facts = here.entry().intent.facts
    assert (facts["url"], facts["agents_url"]) == (here.hosts.url, here.hosts.agents_url)


async def test_an_intent_of_a_console_that_was_killed_is_looked_for(here: Setup) -> None:
    view = await here.look()
    here.lose(FaultSpec(path="*/CreateDispatch", action="silence", after_effect=True))
    here.clock.advance(1)
    work = asyncio.create_task(here.do("dispatch", view, agent="concierge", room="desk"))
    await until(lambda: bool(here.effects()))
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    entry = here.entry()
    assert (entry.verdict, entry.intent.target) == (None, "concierge in desk")


async def test_a_deploy_that_was_left_is_looked_for_by_what_was_made_since(here: Setup) -> None:
    record = here.simulator.world.agents[CONCIERGE]
    newest = record.versions[max(record.versions)]
    made = newest.created_at.ToDatetime(UTC).timestamp()
    intent = Intent("i", made - 1.0, "prod", "deploy", CONCIERGE, facts=here.hosts.facts)

    async def settled(begun: float = intent.time) -> tuple[Verdict, str]:
        outcome = await here.operator.settle(replace(intent, time=begun))
        assert not outcome.may_resend
        return outcome.verdict, outcome.words

    said = f"Deploy {CONCIERGE}: {newest.version} was made since, and"
    assert await settled() == (Verdict.DONE, f"{said} serves")
    newest.current = newest.active = False
    newest.status = "Building"
    assert await settled() == (Verdict.UNKNOWN, f"{said} is Building")
    newest.status = "Build Failed"
    assert await settled() == (Verdict.REFUSED, f"{said} its build failed")
    verdict, words = await settled(made + 600.0)
    assert verdict is Verdict.NOT_SEEN and "no version of CA_concierge222 was made since" in words
    assert here.effects() == []


@pytest.mark.parametrize(
    ("new", "verdict", "words"),
    [
        (0, Verdict.NOT_SEEN, "no new agent is listed"),
        (1, Verdict.DONE, "is new: its status shows whether it was built"),
        (2, Verdict.UNKNOWN, "several agents are new since, CA_"),
    ],
)
async def test_a_create_that_was_left_is_looked_for_by_what_is_new(
    here: Setup, new: int, verdict: Verdict, words: str
) -> None:
    begun = here.clock.now()
    here.clock.advance(60.0)
    known = tuple(sorted(here.simulator.world.agents))[new:]
    intent = Intent("i", begun, "prod", "create", "new agent", baseline=known, facts=here.hosts.facts)
    outcome = await here.operator.settle(intent)
    assert outcome.verdict is verdict
    assert words in outcome.words


async def test_a_restart_cannot_be_told_and_is_never_offered_again(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)
    here.lose(lost("fin", "RestartAgent", after=True))
    outcome = await here.do("restart", view)
    assert (outcome.verdict, outcome.may_resend) == (Verdict.UNKNOWN, False)
    assert "may or may not have happened" in outcome.words
    assert "us-east production" in outcome.words
    assert len(here.posts("RestartAgent")) == 1
    assert [intent.operation for intent in await here.operator.unresolved()] == ["restart"]


@pytest.mark.parametrize("after", [True, False])
async def test_a_rollback_steps_once_however_often_it_is_sent(here: Setup, after: bool) -> None:
    view = await here.look(agent_id=CONCIERGE)
    tags = [version.version for version in view.fleet.versions[CONCIERGE]]
    here.lose(lost("408", "RollbackAgent", after=after))
    outcome = await here.do("rollback", view, version=tags[1])
    assert outcome.verdict is (Verdict.DONE if after else Verdict.NOT_SEEN), outcome.words
    again = await here.do("rollback", view, version=tags[1], earlier=outcome.intent)
    assert again.verdict is Verdict.DONE
    current = [v.version for v in (await here.session.client.list_versions(CONCIERGE)).items if v.current]
    assert current == [tags[1]]
    assert len(here.effects()) == 1


async def test_there_is_no_relative_rollback(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)
    for version in ("", "latest", "20200101000000"):
        with pytest.raises(ValueError, match="version"):
            await here.do("rollback", view, version=version)
    assert here.posts("RollbackAgent") == []


async def test_a_deletion_that_is_repeated_after_an_unknown_is_done_when_it_is_gone(here: Setup) -> None:
    view = await here.look(room="lobby")
    gone = view.fleet.dispatches["lobby"][0].id
    view = await here.look(room="lobby", dispatch_id=gone)
    here.lose(lost("fin", "DeleteDispatch", after=True), lost("500", "ListDispatch", after=False, times=None))
    outcome = await here.do("undispatch", view)
    assert (outcome.verdict, outcome.may_resend) == (Verdict.UNKNOWN, True)
    here.simulator.faults.clear()
    here.lose()
    again = await here.do("undispatch", view, earlier=outcome.intent)
    assert again.verdict is Verdict.DONE
    assert here.effects() == ["DeleteDispatch"]


@pytest.mark.parametrize("gone", [True, False])
async def test_not_found_of_a_repeated_deletion_is_done_only_where_it_is_gone(
    here: Setup, gone: bool
) -> None:
    view = await here.look(room="lobby")
    view = await here.look(room="lobby", dispatch_id=view.fleet.dispatches["lobby"][0].id)
    here.lose(FaultSpec(path="*/DeleteDispatch", code="not_found", times=1))
    first = await here.do("undispatch", view)
    assert (first.verdict, "nothing changed" in first.words) == (Verdict.REFUSED, True)
    here.lose(FaultSpec(path="*/DeleteDispatch", code="not_found", times=1, after_effect=gone))
    again = await here.do("undispatch", view, earlier=first.intent)
    assert again.verdict is (Verdict.DONE if gone else Verdict.REFUSED), again.words
    assert len(here.posts("DeleteDispatch")) == 2


@pytest.mark.parametrize(("loss", "after"), [("fin", True), ("408", False)])
async def test_secrets_are_compared_key_by_key(here: Setup, loss: str, after: bool) -> None:
    view = await here.look(agent_id=CONCIERGE)
    here.simulator.advance(60)
    here.lose(lost(loss, "UpdateAgentSecrets", after=after))
    outcome = await here.do("set_secret", view, values={"value": Secret("v")}, name="DB_URL")
    assert outcome.items == (("DB_URL: applied",) if after else ("DB_URL: NOT applied",))
    assert outcome.verdict is (Verdict.DONE if after else Verdict.NOT_SEEN)


async def test_two_consoles_make_one_dispatch_each(here: Setup) -> None:
    view = await here.look()
    both = [here.do("dispatch", view, agent="concierge", room="desk", metadata=str(who)) for who in range(2)]
    outcomes = await asyncio.gather(*both)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.DONE, Verdict.DONE]
    assert len({outcome.receipt.words for outcome in outcomes if outcome.receipt}) == 2
    assert here.effects() == ["CreateDispatch", "CreateDispatch"]


MATRIX = [
    (400, "invalid_argument", Verdict.REFUSED),
    (401, "unauthenticated", Verdict.REFUSED),
    (409, "already_exists", Verdict.REFUSED),
    (400, "unknown", Verdict.NOT_SEEN),
    (409, "unknown", Verdict.NOT_SEEN),
    (500, "bad_route", Verdict.NOT_SEEN),
    (408, "canceled", Verdict.NOT_SEEN),
    (503, "unavailable", Verdict.NOT_SEEN),
]
"""Status and code in place of the effect → verdict. All pairs: tests/api/test_proof.py."""


@pytest.mark.parametrize(("status", "code", "verdict"), MATRIX)
async def test_what_may_have_run_is_looked_for(here: Setup, status: int, code: str, verdict: Verdict) -> None:
    view = await here.look()
    here.lose(FaultSpec(path="*/CreateDispatch", code=code, message="no", status=status, times=1))
    outcome = await here.do("dispatch", view, agent="concierge", room="desk")
    assert outcome.verdict is verdict
    assert ("nothing changed" in outcome.words) is (outcome.verdict is Verdict.REFUSED)
    assert len(here.posts("CreateDispatch")) == 1
    assert any(progress.checking for progress in here.told) is (outcome.verdict is Verdict.NOT_SEEN)


async def test_what_surely_did_not_leave_is_tried_again_under_one_id(here: Setup) -> None:
    view = await here.look()
    nobody = replace(here.session.project, url="http://127.0.0.1:1")
    session = Session(nobody, clock=here.clock, chance=random.Random(1), refresh=2.0)
    operation = BY_ID["dispatch"]
    with pytest.raises(Unreachable) as caught:
        await operation.run(session.client, view, Answers({"agent": "a", "room": "r"}), "r-9")
    assert caught.value.request_id == "r-9"
    assert here.clock.slept[-2:] == [0.2, 0.4]
    assert here.effects() == []
