"""Operations and notes as events: from the journal, from earlier runs, each told once."""

from __future__ import annotations

from pathlib import Path

from tests.fixtures.clocks import ManualClock
from tests.fixtures.session import until, watched
from tui.api.models import Agent
from tui.fleet.past import Event, Kind, Severity, Subject
from tui.fleet.state import Fleet
from tui.logs.marks import Mark
from tui.logs.source import LogSource
from tui.operations.journal.journal import AuditEntry, Journal, Origin, Verdict
from tui.session.reports import marks_of, of_entry

AGENT = Agent(agent_id="CA_1", agent_name="concierge")
FLEET = Fleet(agents=(AGENT,), index={"CA_1": AGENT})


def test_an_intent_and_its_outcome_are_told_when_they_are_on_the_disk(tmp_path: Path) -> None:
    clock, told = ManualClock(), list[AuditEntry]()
    journal = Journal(tmp_path / "journal.jsonl", clock, origin=Origin("jo", ""), tell=told.append)
    intent = journal.intent("rollback", "CA_1", project="prod", reason="INC-412", facts={"agent_id": "CA_1"})
    clock.advance(3.0)
    journal.outcome(intent, Verdict.DONE, detail="done in 3 s")
    begun, ended = (of_entry(entry, FLEET) for entry in told)
    assert (begun.text, begun.detail, begun.at) == ("Roll back begun by jo", "INC-412", intent.time)
    assert (ended.text, ended.detail, ended.at) == ("Roll back by jo: done", "done in 3 s", intent.time + 3)
    assert (begun.severity, ended.severity) == (Severity.INFO, Severity.GOOD)
    assert begun.subject == ended.subject == Subject(agent_id="CA_1", agent_name="concierge")
    assert begun.id != ended.id and ended.id.startswith(begun.id)
    (entry,) = journal.entries()
    again = of_entry(entry, FLEET, is_old=True)
    assert (again.id, again.detail) == (ended.id, "done in 3 s · from the journal")


def test_an_outcome_that_is_unknown_is_an_error_and_one_of_a_newer_version_keeps_its_word(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "journal.jsonl", ManualClock(), origin=Origin())
    intent = journal.intent("teleport", "concierge in lobby", project="prod", facts={"room": "lobby"})
    unknown = of_entry(AuditEntry(intent, Verdict.UNKNOWN), FLEET)
    assert (unknown.text, unknown.severity) == ("teleport: unknown", Severity.ERROR)
    assert unknown.subject == Subject(agent_name="concierge", room="lobby")
    assert of_entry(AuditEntry(intent, Verdict.UNKNOWN, foreign="beamed"), FLEET).text == "teleport: beamed"


async def test_a_session_tells_of_reports_without_a_change(tmp_path: Path) -> None:
    async with watched("calm") as (_, session):
        told = list[int]()
        stop = session.follow(lambda: told.append(len(session.past.events)))
        session.note("the fix is out", Subject(agent_id="CA_1"), "jo")
        journal = Journal(tmp_path / "journal.jsonl", ManualClock())
        intent = journal.intent("restart", "CA_1", project=session.project.name)
        for _ in range(2):
            session.report(AuditEntry(intent, Verdict.DONE))
        stop()
        kinds = [event.kind for event in session.past.events]
        assert sorted(kinds) == [Kind.NOTE, Kind.OPERATION], "told once"
        assert told[:2] == [1, 2]
        assert all(event.project == session.project.key for event in session.past.events)


async def test_a_session_that_keeps_no_history_says_so_of_notes() -> None:
    async with watched("calm") as (_, session):
        assert session.recorder is None and session.unrecorded == "history is not recorded"


async def test_what_happens_to_an_agent_is_marked_in_its_log() -> None:
    async with watched("calm") as (_, session):
        fleet = await until(session, lambda fleet: bool(fleet.agents))
        agent = fleet.agents[0]
        session.note("the fix is out", Subject(agent_id=agent.agent_id), "jo")
        source = LogSource(agent_id=agent.agent_id, agent=agent.name)
        watch = session.logs.watch([source])
        assert [mark.text for mark in watch.log.marks.waiting] == ["note: the fix is out"]
        session.note("it works", Subject(agent_id=agent.agent_id), "jo")
        assert len(watch.log.marks.waiting) == 2, "also while the log is open"


def test_events_that_count_agents_are_marked_in_each_log() -> None:
    both = Event("1", 5.0, Kind.STATUS, Severity.ERROR, "2 agents: Error", ids=("CA_1", "CA_2"))
    job = Event("2", 5.0, Kind.JOB, Severity.ERROR, "failed", Subject(agent_id="CA_1"))
    found = list(marks_of((both, job)))
    assert found == [("CA_1", Mark(5.0, "error", both.text)), ("CA_2", Mark(5.0, "error", both.text))]
