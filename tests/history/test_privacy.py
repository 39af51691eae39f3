"""What of people is kept on disk: nothing that tells who they were, and enough that the tree still joins."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import msgspec

from tui.api.models import Dispatch, DispatchState, Job, JobState, Participant, Room
from tui.clock import Moment
from tui.fleet.past import Event, FailedJob, Kind, Severity, Subject
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Fleet, Freshness, with_dispatches, with_participants, with_room_answers
from tui.history.files.compare import difference
from tui.history.files.folder_store import FolderReader, FolderWriter
from tui.history.files.privacy import Privacy, recorded
from tui.history.records import ErrorCount, Run
from tui.history.store import Batch, Taken
from tui.record_options import RecordOptions

PRIVACY = Privacy(b"k" * 32)
ROOM = "call-+49 170 1234567"
PERSON = Participant(identity="mara@example.org", name="Mara", attributes={"phone": "+49 170"}, sid="PA_1")
AGENT = Participant(identity="custom", name="Bot", kind="AGENT", attributes={"lk.agent": "x"})
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYXJhIn0.c2lnbmF0dXJl"


def fleet() -> Fleet:
    """A room with a person, an agent and one on an old server, jobs of theirs, and errors that quote."""
    old = Participant(identity="agent-AJ_1", name="Old")
    state = JobState(participant_identity="custom", error=f"{ROOM}: {TOKEN}")
    jobs = (
        Job(id="AJ_1", participant=PERSON, state=state),
        Job(id="AJ_2", state=JobState(participant_identity="mara@example.org")),
    )
    dispatch = Dispatch(
        id="AD_1", room=ROOM, metadata="m", attributes={"a": "b"}, state=DispatchState(jobs=jobs)
    )
    found = with_room_answers(with_dispatches(Fleet(), ROOM, (dispatch,)), (ROOM,), 1.0)
    found = with_participants(found, ROOM, (PERSON, AGENT, old), 1.0)
    asked = {ROOM: RoomFreshness(failures=1, error=f"no answer for {ROOM}")}
    source = {"participants": Freshness(subject=ROOM, failures=1, error=f"room {ROOM} is gone")}
    rooms = (Room(name=ROOM, sid="RM_1", metadata="born 1970"),)
    return replace(found, rooms=rooms, room_freshness=asked, freshness=source)


def test_people_are_digested_and_agents_are_not() -> None:
    kept = recorded(fleet(), PRIVACY)
    person, agent, old = kept.participants[ROOM]
    assert re.fullmatch("~[0-9a-f]{12}", person.identity) and (person.name, person.attributes) == ("", {})
    assert (person.kind, person.state) == (PERSON.kind, PERSON.state)
    assert agent == AGENT
    assert old.identity == "agent-AJ_1" and old.kind == "AGENT" and not old.name
    first, second = kept.dispatches[ROOM][0].jobs
    assert first.participant is not None and first.participant.identity == person.identity
    assert first.state is not None and first.state.participant_identity == "custom"
    assert second.state is not None and second.state.participant_identity == person.identity, (
        "they still join"
    )
    assert kept.agents_seen[ROOM] == {"custom", "agent-AJ_1"}


def test_who_calls_himself_an_agent_is_digested_and_stays_one() -> None:
    person = Participant(identity="agent-mara")
    kept = recorded(with_participants(Fleet(), ROOM, (person,)), PRIVACY).participants[ROOM][0]
    assert kept.identity.startswith("~") and kept.is_agent


def test_what_is_kept_as_it_is_is_the_very_object() -> None:
    """Of a hundred thousand dispatches this is most of the memory."""
    jobs = (Job(id="AJ_1", state=JobState(participant_identity="agent-AJ_1")),)
    plain = Dispatch(id="AD_1", room=ROOM, state=DispatchState(jobs=jobs))
    told = Dispatch(id="AD_2", room=ROOM, metadata="m", state=DispatchState(jobs=jobs))
    first, second = recorded(with_dispatches(Fleet(), ROOM, (plain, told)), PRIVACY).dispatches[ROOM]
    assert first is plain
    assert second.state is told.state and not second.metadata


def test_no_metadata_no_attributes_and_no_token_is_kept() -> None:
    text = msgspec.json.encode(difference(Fleet(), recorded(fleet(), PRIVACY))[0]).decode()
    for word in ("mara", "Mara", "phone", "born", TOKEN, '"m"', "PA_1"):
        assert word not in text
    assert ROOM in text


def test_all_of_it_is_kept_where_that_is_asked_for() -> None:
    live = fleet()
    kept = recorded(live, Privacy(b"k" * 32, metadata=True))
    assert (kept.rooms, kept.participants, kept.agents_seen) == (
        live.rooms,
        live.participants,
        live.agents_seen,
    )
    job = kept.dispatches[ROOM][0].jobs[0]
    assert kept.dispatches[ROOM][0].metadata == "m" and job.participant == PERSON
    assert job.state is not None and TOKEN not in job.state.error, "a token is a secret, not metadata"


def test_names_of_rooms_are_digested_everywhere_where_that_is_asked_for() -> None:
    privacy = Privacy(b"k" * 32, rooms=False)
    kept = recorded(fleet(), privacy)
    name = privacy.room(ROOM)
    assert kept.rooms[0].name == name == kept.dispatches[name][0].room
    assert kept.freshness["participants"].subject == name
    assert kept.freshness["participants"].error == f"room {name} is gone"
    assert ROOM not in msgspec.json.encode(difference(Fleet(), kept)[0]).decode()
    subject = Subject(room=ROOM)
    event = Event("1", 1.0, Kind.ROOM, Severity.WARNING, f"{ROOM} has nobody to serve it", subject, ROOM)
    assert ROOM not in str(privacy.event(event)) and name in privacy.event(event).text
    job = FailedJob("AJ_1", "AD_1", ROOM, "a", "failed", 1.0, f"left {ROOM}")
    assert ROOM not in str(privacy.failed_job(job))


def test_of_an_error_that_quotes_a_room_only_the_name_is_digested() -> None:
    state = JobState(error="call refused: all workers are full")
    dispatch = Dispatch(id="AD_1", room="call", state=DispatchState(jobs=(Job(id="AJ_1", state=state),)))
    privacy = Privacy(b"k" * 32, rooms=False)
    kept = recorded(with_room_answers(with_dispatches(Fleet(), "call", (dispatch,)), ("call",), 1.0), privacy)
    (job,) = kept.dispatches[privacy.room("call")][0].jobs
    assert job.state is not None
    assert job.state.error == f"{privacy.room('call')} refused: all workers are full", "no letter of it"


def test_counts_of_errors_name_no_room_that_is_not_kept_nor_one_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir(mode=0o700)
    writer = FolderWriter(tmp_path, "p", RecordOptions(rooms=False), Run("r", 0.0, 0.0, "host", "1"))
    line = f"ERROR no answer in {ROOM}, token {TOKEN}"
    error = ErrorCount("CA_1", 1, f"no answer in {ROOM}", 2, line)
    listed = Fleet(rooms=(Room(name=ROOM, sid="RM_1"),))
    for number, now in enumerate((listed, Fleet()), 1):
        news = [error] if now is not listed else []
        writer.write(
            Batch(samples=[Taken(now, Moment(float(number), float(number)), 0.0)], error_counts=news)
        )
    writer.close()
    reader = FolderReader(tmp_path / "p")
    (kept,) = reader.error_counts("CA_1", 0.0, 100.0)
    reader.close()
    assert kept.count == 2 and kept.signature.startswith("no answer in ~") and "in ~" in kept.line
    assert ROOM not in str(kept) and TOKEN not in kept.line


def test_another_key_makes_other_digests() -> None:
    assert PRIVACY.digest("mara") == Privacy(b"k" * 32).digest("mara") != Privacy(b"j" * 32).digest("mara")
    assert PRIVACY.digest("") == ""
