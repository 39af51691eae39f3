"""An attempt: its intent is on the disk first, it is sent once, and its outcome is on the disk afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fixtures.clocks import ManualClock
from tui.api.errors import (
    ApiError,
    NotDone,
    NotFound,
    NotSent,
    ReadOnly,
    Refused,
    Unauthorized,
    Unknown,
    Unreachable,
)
from tui.operations.attempt import LOOKS, Attempt, look_until, verdict_of
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import Journal, JournalError, Verdict

Request = Callable[[str], Awaitable[str]]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "journal.jsonl", ManualClock())


async def begun(journal: Journal) -> Attempt:
    hosts = Hosts("https://prod.example", "https://agents.example")
    return await Attempt.begin(journal, "restart", "CA_1", project="prod", hosts=hosts, request_id="r-1")


def failing(error: ApiError) -> Request:
    async def request(request_id: str) -> str:
        raise error

    return request


async def test_an_answer_is_handed_on_and_the_request_has_the_id_of_the_intent(journal: Journal) -> None:
    async def request(request_id: str) -> str:
        assert [entry.intent.request_id for entry in journal.entries()] == [request_id]
        return request_id

    attempt = await begun(journal)
    assert await attempt.send(request, lost=str) == "r-1"
    assert await attempt.close(Verdict.DONE, "done") == ""
    assert journal.entries(1)[0].verdict is Verdict.DONE


async def test_without_an_intent_on_the_disk_there_is_nothing_to_send_with(
    journal: Journal, tmp_path: Path
) -> None:
    await begun(journal)
    (tmp_path / "state" / "journal.jsonl").chmod(0o644)
    with pytest.raises(JournalError, match="chmod 600"):
        await begun(journal)


async def test_a_lost_answer_is_looked_for_and_its_outcome_replaces_the_unknown_one(journal: Journal) -> None:
    attempt, clock = await begun(journal), ManualClock()
    with pytest.raises(Unknown):
        await attempt.send(failing(Unknown("no answer")), lost=str)

    async def look() -> str:
        assert journal.entries(1)[0].verdict is Verdict.UNKNOWN
        return "seen"

    assert await look_until(look, clock=clock, tell=lambda words: None) == "seen"
    await attempt.close(Verdict.DONE, "seen")
    assert journal.entries(1)[0].verdict is Verdict.DONE and not journal.unresolved()


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (Unreachable("x"), Verdict.NOT_SENT),
        (ReadOnly("x"), Verdict.NOT_SENT),
        (Unauthorized("x"), Verdict.REFUSED),
        (NotFound("x"), Verdict.REFUSED),
        (NotDone("x"), Verdict.UNKNOWN),
        (Unknown("x"), Verdict.UNKNOWN),
    ],
)
def test_the_kind_of_an_error_says_what_it_proves(error: ApiError, verdict: Verdict) -> None:
    assert verdict_of(error) is verdict


async def test_it_is_never_sent_twice(journal: Journal) -> None:
    sent: list[str] = []

    async def request(request_id: str) -> str:
        sent.append(request_id)
        return ""

    attempt = await begun(journal)
    await attempt.send(request, lost=str)
    with pytest.raises(RuntimeError):
        await attempt.send(request, lost=str)
    assert sent == ["r-1"]


async def test_that_an_answer_was_lost_is_on_the_disk_before_anybody_hears_of_it(journal: Journal) -> None:
    attempt = await begun(journal)
    with pytest.raises(Unknown):
        await attempt.send(failing(Unknown("no answer")), lost=lambda error: f"{error}; it may have happened")
    (entry,) = journal.entries(1)
    assert (entry.verdict, entry.detail) == (Verdict.UNKNOWN, "no answer; it may have happened")
    assert [intent.id for intent in journal.unresolved()] == [attempt.intent.id]


@pytest.mark.parametrize("error", [NotSent("no connection"), Refused("no")])
async def test_what_did_not_happen_is_left_to_the_caller(journal: Journal, error: ApiError) -> None:
    attempt = await begun(journal)
    with pytest.raises(type(error)):
        await attempt.send(failing(error), lost=str)
    assert journal.entries(1)[0].verdict is None


async def test_an_outcome_that_cannot_be_written_is_said(journal: Journal, tmp_path: Path) -> None:
    attempt = await begun(journal)
    (tmp_path / "state" / "journal.jsonl").chmod(0o644)
    assert "chmod 600" in await attempt.close(Verdict.DONE, "done")


@pytest.mark.parametrize(
    ("answers", "found"),
    [([None, "seen"], "seen"), ([None] * len(LOOKS), None), ([Unknown("x"), "seen"], "seen")],
)
async def test_it_is_looked_for_until_it_is_seen(answers: list[object], found: object) -> None:
    clock, rest = ManualClock(), list(answers)
    told: list[str] = []

    async def look() -> object:
        answer = rest.pop(0)
        if isinstance(answer, ApiError):
            raise answer
        return answer

    assert await look_until(look, clock=clock, tell=told.append) == found
    assert len(told) == len(answers) and sum(clock.slept) == pytest.approx(LOOKS[len(answers) - 1])


async def test_a_last_look_that_fails_shows_nothing() -> None:
    async def look() -> None:
        raise Unknown("no answer")

    with pytest.raises(Unknown):
        await look_until(look, clock=ManualClock(), tell=lambda words: None)
