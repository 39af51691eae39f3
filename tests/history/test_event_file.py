"""The file of events: what was kept comes back, old days go, older files are brought up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from tui.fleet.past import Event, FailedJob, Gap, JobCount, Kind, Severity, Since, Subject, Transition
from tui.fleet.since_by_id import OfAgent, SinceById
from tui.fleet.transitions import Gathered, in_order
from tui.history.files import database, event_limits
from tui.history.files import event_file as event_file
from tui.history.files.database import UnknownSchema
from tui.history.files.event_file import NAME, EventFile
from tui.history.files.event_limits import DAY, EventLimits
from tui.history.files.event_reader import EventReader
from tui.history.records import ErrorCount, Run, WatchedTime

NOW = 1_786_000_000.0
RESTS = ("", "/us-east/")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUElrZXkifQ.c2lnbmF0dXJl"
RUN = Run("r1", NOW, 5.0, "host", "1")


def event(id: str, at: float, severity: Severity = Severity.ERROR, ids: tuple[str, ...] = ()) -> Event:
    """Something that happened."""
    subject = Subject(agent_id="CA_1", agent_name="agent-1", room="r")
    return Event(
        id,
        at,
        Kind.STATUS,
        severity,
        "CrashLoop (was Running)",
        subject,
        "d",
        "Running",
        "CrashLoop",
        ids=ids,
    )


def known(**since: Since) -> SinceById:
    """Since when subjects have their status."""
    return SinceById(since.items())


def trim(file: EventFile, limits: EventLimits, now: float) -> None:
    """All that there is to drop."""
    for _ in file.trim(limits, now):
        pass


@pytest.fixture
def written(tmp_path: Path) -> EventFile:
    """A new file."""
    return EventFile(tmp_path)


def test_what_was_kept_comes_back_while_the_writer_goes_on(written: EventFile, tmp_path: Path) -> None:
    events = [
        event("run-1", NOW, ids=("CA_3", "CA_1", "CA_2")),
        event("01J8-uuid-x", NOW + 1),
        event("run-007", NOW + 2),
        event("run-12345678901234567890", NOW + 3),
    ]
    written.begin_run(RUN)
    written.add_events(events)
    written.add_events([event("run-1", NOW + 9)])  # known by its id
    steps = [
        Transition("CA_1", "Running", "CrashLoop", NOW - 2, NOW),
        Transition("CA_1", "", "Running", None, NOW - 9),
    ]
    since = Since("CrashLoop", NOW)
    written.add_transitions(in_order(steps), known(CA_1=since))
    written.keep_since([("CA_2", Since("Error", None, 1.0, 2.0, "deploy"))])
    written.keep_since([("CA_2", None)])
    job = FailedJob("AJ_1", "AD_1", "r", "a", "failed", NOW, "why")
    written.add_failed_jobs([job])
    counts = [
        ErrorCount("CA_1", int(NOW // 60), "KeyError", 2, "first"),
        ErrorCount("CA_1", int(NOW // 60), "KeyError", 3, "last"),
    ]
    written.add_error_counts(counts)
    written.extend_watched([WatchedTime("agents", NOW - 100, NOW - 50, "r1")])
    written.extend_watched([WatchedTime("agents", NOW - 100, NOW - 20, "r1")])
    written.extend_watched([WatchedTime("agents", NOW, NOW + 9, "r1", "no answer")])
    written.commit()
    reader = EventReader(tmp_path)
    assert reader.events(0.0, NOW + 9) == events
    assert reader.events(NOW + 1, NOW + 2) == events[1:3]
    assert reader.events(0.0, NOW + 9, limit=1) == events[-1:], "the newest"
    assert reader.transitions("CA_1", 0.0, NOW) == steps[::-1]
    assert reader.transitions("CA_1", NOW - 1, NOW) == steps[:1] and not reader.transitions("CA_9", 0.0, NOW)
    assert reader.since() == {"CA_1": since}
    assert reader.failed_jobs(NOW) == [job] and not reader.failed_jobs(NOW + 1)
    assert reader.error_counts("CA_1", NOW - 60, NOW) == [
        ErrorCount("CA_1", int(NOW // 60), "KeyError", 5, "last")
    ]
    assert reader.gaps("agents", NOW - 99, NOW) == [Gap("agents", NOW - 20, NOW, "no answer")]
    assert reader.complete_since is None
    number, newer = reader.newer(0)
    assert newer == events and reader.newer(0, limit=1) == (number, events[-1:])
    assert reader.newer(number) == (number, []) and reader.newer(number + 9) == (number, events), "begun anew"
    written.close()
    reader.close()


def test_old_days_go_severity_info_first_and_the_file_says_from_when_it_is_complete(
    written: EventFile, tmp_path: Path
) -> None:
    for day in range(40, -1, -1):
        at = NOW - day * DAY
        severities = [Severity.INFO] * 60 + [Severity.ERROR] * 40
        written.add_events(event(f"d{day}-{number}", at, kind) for number, kind in enumerate(severities, 1))
        written.add_transitions(in_order([Transition("CA_1", "a", "b", None, at)]), known())
    written.add_failed_jobs([FailedJob(f"AJ_{at}", "", "", "", "", at) for at in (NOW - 2 * DAY, NOW - 9)])
    trim(written, EventLimits(), NOW)
    reader = EventReader(tmp_path)
    assert min(item.at for item in reader.events(0.0, NOW, 9999)) == NOW - 30 * DAY
    assert len(reader.transitions("CA_1", 0.0, NOW)) == 31 and len(reader.failed_jobs(0.0)) == 1
    assert reader.complete_since is None
    trim(written, EventLimits(size=written.used() - 50_000), NOW)
    left = reader.events(0.0, NOW, 9999)
    assert reader.complete_since is not None and reader.complete_since < NOW - 20 * DAY
    oldest = [item for item in left if item.at < reader.complete_since]
    assert all(item.severity is not Severity.INFO for item in oldest)
    trim(written, EventLimits(size=1), NOW)
    assert {item.at for item in reader.events(0.0, NOW, 9999)} == {NOW}, "the newest minute stays"


def test_of_a_day_that_is_too_much_alone_the_newest_part_stays(written: EventFile, tmp_path: Path) -> None:
    """A large fleet of which all agents break and heal would fill the disk in a few hours."""
    ids = [f"CA_{number}" for number in range(40)]
    times = [NOW - 300.0 * number for number in range(280, -1, -1)]
    for at in times:
        written.add_transitions(in_order(Transition(id, "Running", "Error", None, at) for id in ids), known())
    half = written.used() // 2
    trim(written, EventLimits(size=half), NOW)
    assert half // 2 < written.used() <= half
    with closing(EventReader(tmp_path)) as reader:
        since = reader.complete_since
        assert since is not None and NOW - 0.6 * DAY < since < NOW - 0.05 * DAY
        kept = [step.at for step in reader.transitions("CA_7", 0.0, NOW)]
    assert kept == [at for at in times if at >= since]


@pytest.mark.parametrize("is_clock_unknown", [False, True])
def test_transitions_that_many_agents_have_in_common_are_kept_as_those_of_a_few_are(
    written: EventFile, tmp_path: Path, is_clock_unknown: bool
) -> None:
    agents = [f"CA_{number}" for number in range(2 * database.ROWS_AT_ONCE + 3)]
    subjects = [agent + rest for agent in agents for rest in RESTS]
    written.keep_since((id, Since("Running", NOW - 60)) for id in subjects)
    later = NOW + 5  # of a step that is written at once with this one
    broken = Since("Error", later, is_clock_unknown=is_clock_unknown)
    odd = Since("Error", None, 5.0, later, "deploy", is_clock_unknown)
    of_many = OfAgent(RESTS, (broken, broken))
    since, found = SinceById(), Gathered(NOW, is_clock_unknown)
    for agent in agents:
        since.put(agent, of_many if agent != agents[9] else OfAgent(RESTS, (broken, odd)))
    for rest in RESTS:
        found.ids_of(rest, "Running", "Error", NOW - 9).extend(agents[:3])
        found.ids_of(rest, "Running", "Error", None).extend(agents[3:])
    gone = Gathered(NOW + 9, is_clock_unknown)
    gone.ids_of("", "Error", "", None).extend(agents[1_000:])
    steps = found.all() + gone.all()
    written.add_transitions(steps, since)
    written.commit()
    by_id: dict[str, list[Transition]] = {}
    for step in steps:
        by_id.setdefault(step.id, []).append(step)
    with closing(EventReader(tmp_path)) as reader:
        assert reader.newest_transitions(subjects, NOW + 9) == by_id
        gone_ids = set(agents[1_000:])
        kept = {id: known for id, known in since.items() if id not in gone_ids}
        assert reader.since() == kept
    written.close()


def test_since_when_all_have_their_status_is_kept_of_many_alike_and_of_a_few(
    written: EventFile, tmp_path: Path
) -> None:
    alike, since = (
        OfAgent(RESTS, (Since("Error", NOW, is_clock_unknown=True), Since("Running", NOW - 9))),
        known(),
    )
    for number in range(database.ROWS_AT_ONCE + 3):
        since.put(f"CA_{number}", alike)
    since.note("CA_7", {"/us-east/": Since("Odd", None, 1.0, 2.0, "deploy")})
    written.keep_all_since(since)
    written.close()
    with closing(EventReader(tmp_path)) as reader:
        assert reader.since() == since


def test_texts_that_no_row_names_any_more_go_and_no_others(written: EventFile, tmp_path: Path) -> None:
    """Ids of jobs come and go for months."""
    old = [event(f"run-{number}", NOW - 9 * DAY, ids=(f"AJ_{number}", "AJ_x")) for number in range(50)]
    mine = event("note-1", NOW, ids=("AJ_3", "AJ_x", "CA_1"))
    step = Transition("CA_1/us-east/", "Running", "Odd", None, NOW, True)
    since = Since("Odd", NOW, is_clock_unknown=True)
    written.add_events([*old, mine])
    written.add_transitions(in_order([step]), known(**{step.id: since}))
    written.add_error_counts([ErrorCount("CA_2", int(NOW // 60), "KeyError", 2, "x")])
    written.add_job_counts([JobCount("concierge", int(NOW // 60), 3)])
    written.extend_watched([WatchedTime("agents", NOW - 9, NOW, "r1")])
    trim(written, EventLimits(size=1), NOW)
    again = event("run-9", NOW, ids=("AJ_9", "AJ_3"))  # one of them had gone
    written.add_events([again])
    written.commit()
    with closing(EventReader(tmp_path)) as reader:
        assert reader.events(0.0, NOW) == [mine, again]
        assert reader.transitions(step.id, 0.0, NOW) == [step] and reader.since() == {step.id: since}
        assert [item.count for item in reader.error_counts("CA_2", NOW - 60, NOW)] == [2]
        assert reader.job_counts(0.0) == [JobCount("concierge", int(NOW // 60), 3)]
        assert reader.gaps("agents", NOW - 9, NOW) == []
    with closing(sqlite3.connect(tmp_path / NAME)) as found:
        names = {text for (text,) in found.execute("SELECT text FROM name")}
    assert {"AJ_3", "AJ_9", "AJ_x"} <= names and not names & {f"AJ_{number}" for number in range(10, 50)}


def test_while_much_is_dropped_more_is_kept_and_the_file_says_from_when_it_is_complete(
    written: EventFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_limits, "STEP", 10)
    monkeypatch.setattr(event_limits, "LOOKED_AT", 10)
    ids = [f"CA_{number}" for number in range(40)]
    for number in range(100):
        at = NOW - 60.0 * number
        written.add_transitions(in_order(Transition(id, "Running", "Error", None, at) for id in ids), known())
        written.add_events([event(f"old-{number}", at, ids=(f"AJ_{number}",))])
    kept, steps = [], 0
    with closing(EventReader(tmp_path)) as reader:
        for steps, _ in enumerate(written.trim(EventLimits(size=written.used() // 4), NOW), 1):
            kept.append(event(f"new-{steps}", NOW, ids=(f"AJ_{steps}", "AJ_x")))
            written.add_events(kept[-1:])
            written.commit()
            since = reader.complete_since or 0.0
            assert {step.at for step in reader.transitions("CA_39", since, NOW)} == {
                NOW - 60.0 * number for number in range(100) if NOW - 60.0 * number >= since
            }
        assert steps > 20, "little at a time"
        assert [item for item in reader.events(0.0, NOW) if item.id.startswith("new-")] == kept
        assert not [item for item in reader.events(0.0, NOW) if item.at < (reader.complete_since or 0.0)]


def test_numbers_of_texts_are_held_for_some_and_looked_up_for_others(
    written: EventFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_file, "NAMES", 3)
    ids = tuple(f"AJ_{number}" for number in range(20))
    written.add_events([event("run-1", NOW, ids=ids), event("run-2", NOW + 1, ids=ids[::-1])])
    written.close()
    reader = EventReader(tmp_path)
    assert [found.ids for found in reader.events(0.0, NOW + 9)] == [ids, ids[::-1]]
    reader.close()


def test_what_was_not_committed_is_lost_and_nothing_else(written: EventFile, tmp_path: Path) -> None:
    written.add_events([event("a-1", NOW)])
    written.commit()
    written.add_events([event("a-2", NOW)])
    written.drop()
    again = EventFile(tmp_path)
    again.add_events([event("a-3", NOW)])
    again.close()
    assert [item.id for item in EventReader(tmp_path).events(0.0, NOW)] == ["a-1", "a-3"]


def test_an_older_file_is_migrated_on_a_copy(
    written: EventFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written.add_events([event("a-1", NOW)])
    written.close()
    monkeypatch.setattr(event_file, "SCHEMA", "3")
    steps = {"1": ("2", ("ALTER TABLE run ADD COLUMN first TEXT",)), "2": ("3", ("CREATE TABLE more(x)",))}
    monkeypatch.setattr(event_file, "MIGRATIONS", {**steps, "2": ("3", ("NO SQL",))})
    with pytest.raises(sqlite3.OperationalError):
        EventFile(tmp_path)
    with sqlite3.connect(tmp_path / NAME) as found:
        assert found.execute("SELECT value FROM meta WHERE name='schema'").fetchone() == ("1",), "as it was"
    monkeypatch.setattr(event_file, "MIGRATIONS", steps)
    EventFile(tmp_path).close()
    with sqlite3.connect(tmp_path / NAME) as found:
        assert found.execute("SELECT value FROM meta WHERE name='schema'").fetchone() == ("3",)
        assert found.execute("SELECT count(*) FROM event, more").fetchone() == (0,)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_file_without_counts_of_jobs_is_read_as_not_counted_and_gets_them(
    written: EventFile, tmp_path: Path
) -> None:
    written.close()
    with closing(sqlite3.connect(tmp_path / NAME)) as found:
        found.execute("DROP TABLE job_count")
    reader = EventReader(tmp_path)
    assert reader.job_counts(0.0) == []
    reader.close()
    again = EventFile(tmp_path)
    again.add_job_counts([JobCount("a", int(at // 60), 3) for at in (NOW - 2 * DAY, NOW)])
    trim(again, EventLimits(), NOW)
    again.close()
    assert EventReader(tmp_path).job_counts(0.0) == [JobCount("a", int(NOW // 60), 3)], "for a day"


def test_times_by_this_machines_clock_are_kept_as_such_and_files_without_that_are_read(
    written: EventFile, tmp_path: Path
) -> None:
    step, other = Transition("CA_1", "a", "b", None, NOW, True), Transition("CA_2", "a", "b", None, NOW)
    since = Since("b", NOW, is_clock_unknown=True)
    bounded = Since("b", None, 1.0, NOW - 9, "deploy", True)
    written.add_transitions(in_order([step, other]), known(CA_1=since, CA_2=Since("b", NOW)))
    written.keep_since([("CA_3", bounded)])
    written.commit()
    with closing(EventReader(tmp_path)) as reader:
        assert reader.transitions("CA_1", 0.0, NOW) == [step]
        assert reader.newest_transitions(["CA_1", "CA_2"], NOW) == {"CA_1": [step], "CA_2": [other]}
        assert reader.since() == {"CA_1": since, "CA_2": Since("b", NOW), "CA_3": bounded}
    written.keep_since([("CA_3", None)])
    trim(written, EventLimits(days=1), NOW + 2 * DAY)
    written.close()
    with closing(sqlite3.connect(tmp_path / NAME)) as found:
        assert found.execute("SELECT at FROM our_clock").fetchall() == [(NOW,)], "as long as it is shown"
        found.execute("DROP TABLE our_clock")
    with closing(EventReader(tmp_path)) as reader:
        assert reader.since() == {"CA_1": Since("b", NOW), "CA_2": Since("b", NOW)}


def test_a_newer_file_is_refused_with_a_line(written: EventFile, tmp_path: Path) -> None:
    written.close()
    with sqlite3.connect(tmp_path / NAME) as found:
        found.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    found.close()
    for open_it in (EventFile, EventReader):
        with pytest.raises(UnknownSchema, match="recorded by another version of lktop"):
            open_it(tmp_path)


def test_the_last_word_on_a_subject_counts(written: EventFile, tmp_path: Path) -> None:
    """An agent may be gone and be there again in what is written at once, however much that is."""
    many = [(f"CA_{number}", Since("Running", NOW)) for number in range(3 * database.ROWS_AT_ONCE)]
    back = Since("Error", NOW)
    written.keep_since([("CA_0", None), ("CA_x", back), *many, ("CA_x", None), ("CA_1", None)])
    written.keep_since([("CA_1", None), ("CA_1", back)])
    written.commit()
    with closing(EventReader(tmp_path)) as reader:
        assert reader.since() == {**dict(many), "CA_1": back}


def test_no_more_events_are_read_than_are_held(written: EventFile, tmp_path: Path) -> None:
    ids = tuple(f"CA_{number}" for number in range(1_000))
    events = [event(f"run-{number}", NOW + number, ids=ids) for number in range(250)]
    written.add_events(events)
    written.commit()
    with closing(EventReader(tmp_path)) as reader:
        assert reader.events(0.0, NOW + 999) == events[-200:] == reader.newer(0)[1]
        assert reader.events(0.0, NOW + 999, 100_000) == events, "all of them for an export"


def test_what_an_older_version_kept_as_it_came_is_masked_when_it_is_read(
    written: EventFile, tmp_path: Path
) -> None:
    said = f"400: authorization Bearer {TOKEN} X-Amz-Signature=0123456789abcdef"
    odd = structs.replace(event("run-1", NOW), text=said, detail=said)
    minute = int(NOW // 60)
    written.add_events([odd])
    written.add_failed_jobs([FailedJob("AJ_1", "AD_1", "r", "a", "failed", NOW, said)])
    written.add_error_counts([ErrorCount("CA_1", minute, said, 2, said)])
    written.extend_watched([WatchedTime("agents", NOW - 9, NOW, "r1")])
    written.extend_watched([WatchedTime("agents", NOW + 5, NOW + 9, "r2", said)])
    written.commit()
    shown = "400: authorization Bearer *** X-Amz-Signature=***"
    with closing(EventReader(tmp_path)) as reader:
        assert reader.events(0.0, NOW) == [structs.replace(odd, text=shown, detail=shown)]
        assert reader.newer(0)[1] == reader.events(0.0, NOW)
        assert [job.reason for job in reader.failed_jobs(0.0)] == [shown]
        assert reader.error_counts("CA_1", NOW, NOW) == [ErrorCount("CA_1", minute, shown, 2, shown)]
        assert [gap.why for gap in reader.gaps("agents", 0.0, NOW + 9)] == [shown]
