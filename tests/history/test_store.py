"""What every store of history does. Another store runs the same tests: it is one more of `STORES`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.history.fleets import Life
from tui.clock import Moment
from tui.fleet.past import Event, FailedJob, JobCount, Kind, Severity, Since, Subject, Transition
from tui.fleet.since_by_id import SinceById
from tui.fleet.state import Fleet
from tui.fleet.transitions import in_order
from tui.history.files.event_file import NAME
from tui.history.files.event_reader import EventReader
from tui.history.files.folder_store import BEHIND, FolderReader, FolderWriter
from tui.history.files.privacy import Privacy, recorded
from tui.history.records import ErrorCount, Run
from tui.history.store import Batch, Reader, Taken, Writer
from tui.record_options import RecordOptions

EPOCH = 1_786_000_000.0
KEY = b"k" * 32


@dataclass
class Store:
    """A store under test."""

    write: Callable[[str, RecordOptions], Writer]
    """Begins a run of this name."""
    read: Callable[[], Reader]
    options: RecordOptions


def in_a_folder(root: Path) -> Store:
    """The one that this program has."""
    where = root / "project"
    where.mkdir(mode=0o700)
    (where / "digest.key").write_bytes(KEY)
    (where / "digest.key").chmod(0o600)

    def write(run: str, options: RecordOptions) -> Writer:
        return FolderWriter(root, "project", options, Run(run, EPOCH, 0.0, "host", "1"))

    return Store(write, lambda: FolderReader(where), RecordOptions())


STORES = [in_a_folder]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    made: Store = request.param(tmp_path)
    return made


class Clock:
    """Fleets of a life with their moments."""

    def __init__(self, seed: int = 3) -> None:
        self.life = Life(seed)
        self.skew = 1.0

    def taken(self, *, later: float = 0.0) -> Taken:
        """The next one."""
        self.life.at += later
        fleet = self.life.step()
        return Taken(fleet, Moment(EPOCH + self.life.at, self.life.at), self.skew)


def kept(fleet: Fleet) -> Fleet:
    """What is kept of it."""
    return recorded(fleet, Privacy(KEY))


def test_what_was_written_is_there_at_once_and_after_a_restart(store: Store) -> None:
    clock = Clock()
    writer = store.write("r1", store.options)
    for _ in range(40):
        taken = clock.taken()
        writer.write(Batch(samples=[taken]))
    reader = store.read()
    sample = reader.samples.seek(taken.moment.unix + clock.skew)
    assert sample is not None and sample.fleet.agents == kept(taken.fleet).agents
    reader.close()
    writer.close()
    writer = store.write("r2", store.options)
    writer.write(Batch(samples=[clock.taken()]))
    writer.close()
    reader = store.read()
    first, last = reader.samples.first, reader.samples.last
    assert first is not None and last is not None and (first.run, last.run) == ("r1", "r2")
    assert reader.samples.after(last.seq) is None
    before = reader.samples.before(last.seq)
    assert before is not None and before.stamp.run == "r1"
    reader.close()


def test_people_are_kept_as_the_options_say(store: Store) -> None:
    clock = Clock()
    taken = [clock.taken() for _ in range(60)]
    writer = store.write("r1", replace(store.options, metadata=True))
    writer.write(Batch(samples=taken))
    writer.close()
    reader = store.read()
    last = reader.samples.seek(EPOCH * 2)
    assert last is not None and last.fleet.participants == taken[-1].fleet.participants
    reader.close()
    writer = store.write("r2", store.options)
    writer.write(Batch(samples=[clock.taken()]))
    writer.close()
    reader = store.read()
    last = reader.samples.seek(EPOCH * 2)
    assert last is not None and last.fleet == kept(clock.life.fleet)
    reader.close()


def batch() -> Batch:
    """One of everything that is no sample."""
    subject = Subject(agent_id="CA_1", room="r")
    return Batch(
        events=[
            Event("r1-1", EPOCH, Kind.STATUS, Severity.ERROR, "CrashLoop", subject, ids=("CA_2", "CA_1")),
            Event("r1-2", EPOCH + 1, Kind.JOB, Severity.INFO, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln"),
        ],
        transitions=in_order([Transition("CA_1", "Running", "CrashLoop", None, EPOCH)]),
        failed_jobs=[FailedJob("AJ_1", "AD_1", "r", "a", "failed", EPOCH, "why")],
        error_counts=[ErrorCount("CA_1", int(EPOCH // 60), "KeyError", 2, "KeyError: x")],
        job_counts=[JobCount("a", int(EPOCH // 60), 31)],
        since=SinceById(
            {"CA_1": Since("CrashLoop", EPOCH), "CA_2": Since("Running", None, 1.0, 2.0, "deploy")}.items()
        ),
    )


def test_the_file_of_events_keeps_its_limit_whatever_a_server_tells(tmp_path: Path) -> None:
    """One of which all agents break and heal with every answer would fill the disk in a few hours."""
    limit = 300_000
    options = RecordOptions(event_mib=limit / (1 << 20))
    (tmp_path / "p").mkdir(mode=0o700)
    writer = FolderWriter(tmp_path, "p", options, Run("r1", EPOCH, 0.0, "host", "1"))
    sizes, at = list[int](), 0.0
    for number in range(60):
        at = 120.0 * number
        ids = (f"CA_{number * (agent % 2)}-{agent}" for agent in range(300))  # half of them are new
        steps = in_order(Transition(id, "Running", "Error", None, EPOCH + at) for id in ids)
        since = SinceById((step.id, Since("Error", step.at)) for step in steps)
        writer.write(Batch(transitions=steps, since=since))
        writer.tend(Moment(EPOCH + at, at))
        while writer.trim():
            pass
        sizes.append((tmp_path / "p" / NAME).stat().st_size)
    writer.close()
    assert limit < max(sizes) < 1.5 * limit
    with closing(EventReader(tmp_path / "p")) as reader:
        assert [step.at for step in reader.transitions("CA_0-2", 0.0, EPOCH * 2)][-1] == EPOCH + at
        assert reader.complete_since is not None


def test_events_transitions_and_since_survive(store: Store) -> None:
    clock, news = Clock(), batch()
    writer = store.write("r1", store.options)
    news.samples = [clock.taken()]
    writer.write(news)
    writer.write(news)  # an event is kept once
    reader = store.read()
    first, second = reader.events(0.0, EPOCH + 9)
    assert first == news.events[0] and "eyJ" not in second.text
    assert reader.transitions("CA_1", 0.0, EPOCH) == [*news.transitions]
    assert reader.newest_transitions(["CA_1", "CA_9"], EPOCH) == {"CA_1": [*news.transitions], "CA_9": []}
    assert reader.newest_transitions(["CA_1"], EPOCH - 1) == {"CA_1": []}
    assert reader.failed_jobs(EPOCH) == news.failed_jobs
    assert [item.count for item in reader.error_counts("CA_1", EPOCH - 60, EPOCH)] == [4]
    ended = [JobCount("a", int(EPOCH // 60), 62)]
    assert reader.job_counts(EPOCH) == ended and not reader.job_counts(EPOCH + 60), "added up"
    loaded = reader.loaded()
    assert loaded is not None and loaded.since == {"CA_1": news.since["CA_1"]}, "at once, for what changed"
    writer.close()
    reader.close()
    reader = store.read()
    loaded = reader.loaded()
    assert loaded is not None and loaded.since == news.since, "the rest at the end of the run"
    assert loaded.job_counts == ended
    assert loaded.fleet == kept(clock.life.fleet)
    heard = clock.life.fleet.fresh("agents").at or clock.life.at
    assert loaded.at == pytest.approx(EPOCH + heard + clock.skew)
    assert [event.id for event in loaded.events] == ["r1-1", "r1-2"] and reader.complete_since is None
    reader.close()


def test_what_is_forgotten_of_statuses_is_forgotten_by_the_store(store: Store) -> None:
    clock, news = Clock(), batch()
    writer = store.write("r1", store.options)
    news.samples = [clock.taken()]
    writer.write(news)
    writer.tend(news.samples[0].moment)
    writer.write(Batch(since=SinceById([("CA_1", news.since["CA_1"])]), samples=[clock.taken(later=1.0)]))
    writer.close()
    reader = store.read()
    loaded = reader.loaded()
    assert loaded is not None and loaded.since == {"CA_1": news.since["CA_1"]}
    reader.close()


def test_gaps_are_told_with_their_reason(store: Store) -> None:
    clock = Clock()
    writer = store.write("r1", store.options)
    times = []
    for later in (0.0, 10.0, 500.0, 10.0):
        times.append(clock.taken(later=later))
        writer.write(Batch(samples=[times[-1]]))
    behind = replace(clock.taken(later=1.0), is_behind=True)
    writer.write(Batch(samples=[behind]))
    writer.close()
    at = [taken.moment.unix + clock.skew for taken in times]
    reader = store.read()
    found = reader.gaps("samples", 0.0, EPOCH * 2)
    assert found[0].since == pytest.approx(at[1]) and found[0].until == pytest.approx(at[2])
    assert found[0].why == "not recorded"
    assert found[1].why == BEHIND and found[1].since == pytest.approx(at[3])
    reader.close()


def test_what_is_abandoned_was_never_written_and_nothing_else_is_lost(store: Store) -> None:
    clock = Clock()
    writer = store.write("r1", store.options)
    first = clock.taken()
    writer.write(Batch(samples=[first]))
    writer.abandon()
    writer = store.write("r1", store.options)
    writer.write(Batch(samples=[clock.taken()], events=batch().events))
    writer.tend(Moment(EPOCH, 9.0))
    while writer.trim():
        pass
    writer.close()
    reader = store.read()
    stamp = reader.samples.first
    assert stamp is not None and stamp.at == pytest.approx(first.moment.unix + clock.skew)
    assert len(reader.samples.stamps(0.0, EPOCH * 2)) == 2 and len(reader.events(0.0, EPOCH + 9)) == 2
    reader.close()
