"""Recording beside a loop that never waits: queue, troubles, several processes, and what is said of them."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import structs

from tests.history.fleets import Life
from tests.logs.test_spool import no_file_larger_than
from tui import privatefile
from tui.api.models import Dispatch
from tui.clock import Moment, SystemClock
from tui.fleet.past import Event, JobCount, Kind, Severity, Subject
from tui.fleet.state import Differing, Fleet
from tui.fleet.store import Change
from tui.history import writer_loop
from tui.history.events.derive import State, Step
from tui.history.files.folder import digest_key
from tui.history.files.folder_place import FolderPlace
from tui.history.files.folder_store import FolderReader
from tui.history.files.inbox import Inbox, leave
from tui.history.files.privacy import Privacy
from tui.history.queue import MOST_ROWS, MOST_WAITING, NOTHING, RecordQueue
from tui.history.recorder import Recorder
from tui.history.records import ErrorCount, Run, Unusable
from tui.history.store import Batch, Loaded, Taken, Writer
from tui.history.writer_loop import WriterLoop
from tui.record_options import RecordOptions

pytestmark = pytest.mark.anyio
EPOCH = 1_786_000_000.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds takes none."""
    for name in ("GATHER", "BEAT"):
        monkeypatch.setattr(writer_loop, name, 0.01)
    monkeypatch.setattr(writer_loop, "RETRY", 0.03)


def event(id: str, kind: Kind = Kind.NOTE) -> Event:
    """Something that happened."""
    return Event(id, SystemClock().now(), kind, Severity.INFO, "text")


def step(*events: Event) -> Step:
    """What history derived."""
    return Step(State(), events)


class Told:
    """What was said, and how to wait for it."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.events: list[Event] = []
        self.came = asyncio.Event()

    def report(self, text: str) -> None:
        self.words.append(text)
        self.came.set()

    def received(self, events: list[Event]) -> None:
        self.events += events
        self.came.set()

    async def next(self) -> None:
        async with asyncio.timeout(10):
            await self.came.wait()
        self.came.clear()

    async def many(self, count: int) -> None:
        """Until so much was said in all."""
        while len(self.words) < count:
            await self.next()


class Books:
    """A place in memory that fails as told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.batches: list[Batch] = []
        self.opened = self.closed = self.abandoned = self.forgotten = 0
        self.came = threading.Event()
        self.tried = threading.Semaphore(0)
        self.is_taken = True
        self.beat: float | None = None
        self.own: list[Event] = []
        self.errors: tuple[type[Exception], ...] = (OSError,)

    def refusal(self) -> str:
        return ""

    def take(self) -> bool:
        return self.is_taken

    def last_beat(self) -> float | None:
        return self.beat

    def open(self) -> Writer:
        self.opened += 1
        if isinstance(self.error, Unusable):
            raise self.error
        return self

    def leave(self, events: list[Event]) -> None:
        self.own += events
        self.came.set()

    def left(self) -> list[Event]:
        return []

    def news(self) -> list[Event]:
        return []

    def forget(self) -> None:
        self.forgotten += 1
        if self.error:
            raise self.error

    def load(self) -> Loaded | None:
        if self.error:
            raise self.error
        return None

    def release(self) -> None:
        self.is_taken = False

    def words(self, error: Exception) -> str:
        return str(error)

    # ---- the writer -----------------------------------------------------------------------------------

    def write(self, batch: Batch) -> None:
        self.tried.release()
        if self.error:
            raise self.error
        self.batches.append(batch)
        self.came.set()

    def tend(self, now: Moment) -> None:
        pass

    def trim(self) -> bool:
        return False

    def close(self) -> None:
        self.closed += 1

    def abandon(self) -> None:
        self.abandoned += 1


@asynccontextmanager
async def recording(place: Books | FolderPlace, told: Told) -> AsyncIterator[Recorder]:
    """A recorder at work."""
    recorder = Recorder(
        place, clock=SystemClock(), skew=lambda: 0.0, report=told.report, received=told.received
    )
    recorder.start()
    try:
        yield recorder
    finally:
        await recorder.stop()


def changes(seed: int = 1) -> list[Change]:
    """Changes of a life."""
    life, found = Life(seed), []
    before = life.fleet
    for _ in range(30):
        after = life.step()
        fields = frozenset(name for name, value in vars(after).items() if value is not vars(before)[name])
        found.append(Change(before, after, fields, Moment(EPOCH + life.at, life.at)))
        before = after
    return found


class Folder(FolderPlace):
    """A place on the disk, and how to wait for what is done with it."""

    def __init__(self, root: Path, run: str) -> None:
        super().__init__(root, "project", RecordOptions(), Run(run, EPOCH, 0.0, "h", "1"), gap_after=60.0)
        self.opened, self.left_something = threading.Event(), threading.Event()

    def open(self) -> Writer:
        found = super().open()
        self.opened.set()
        return found

    def leave(self, events: list[Event]) -> None:
        super().leave(events)
        if events:
            self.left_something.set()


def folder(root: Path, run: str = "r1") -> Folder:
    """A place on the disk."""
    return Folder(root, run)


async def wait(event: threading.Event) -> None:
    """Until a thread says so."""
    assert await asyncio.to_thread(event.wait, 10)


async def test_a_recorder_writes_what_the_store_and_history_tell(tmp_path: Path) -> None:
    told, steps = Told(), changes()
    async with recording(folder(tmp_path), told) as recorder:
        assert await recorder.load() is None
        for change in steps:
            recorder.record(change)
        recorder.told(step(event("a-1")))
    reader = FolderReader(tmp_path / "project")
    last = reader.samples.seek(EPOCH * 2)
    assert last is not None and last.fleet.agents == steps[-1].after.agents
    assert [item.id for item in reader.events(0.0, EPOCH * 2)] == ["a-1"] and not told.words
    reader.close()
    loaded = await Recorder(
        folder(tmp_path), clock=SystemClock(), skew=lambda: 0.0, report=told.report, received=told.received
    ).load()
    assert loaded is not None and loaded.fleet == last.fleet
    left = {path.name.partition("-")[0] for path in (tmp_path / "project").iterdir()}
    assert left == {"recorder.lock", "digest.key", "events.sqlite", "000000000001"}


async def test_a_disk_that_is_full_is_said_once_and_events_are_kept_for_later() -> None:
    told, place = Told(), Books(OSError(errno.ENOSPC, "the disk is full"))
    async with recording(place, told) as recorder:
        recorder.record(changes()[0])
        recorder.told(step(event("a-1")))
        await told.next()
        for _ in range(3):  # tried again and again
            await asyncio.to_thread(place.tried.acquire, timeout=10)
        assert len(told.words) == 1 and "the disk is full" in told.words[0]
        assert recorder.trouble.startswith("not recording: ") and "the disk is full" in recorder.trouble
        place.error = None
        await asyncio.to_thread(place.came.wait, 10)
        assert recorder.trouble == ""
    assert [item.id for batch in place.batches for item in batch.events] == ["a-1"]
    assert place.batches[0].samples, "what is known now"
    assert place.closed == 1 and len(told.words) == 1


async def test_what_comes_does_not_wait_until_all_that_is_too_much_is_dropped() -> None:
    class Endless(Books):
        """There is always more to drop."""

        trimmed = 0

        def trim(self) -> bool:
            self.trimmed += 1
            return True

    place, told = Endless(), Told()
    async with recording(place, told) as recorder:
        for number in range(5):
            recorder.told(step(event(f"n{number}")))
            await wait(place.came)
            place.came.clear()
    assert [item.id for batch in place.batches for item in batch.events] == [
        f"n{number}" for number in range(5)
    ]
    assert place.trimmed and not told.words


async def test_what_cannot_be_used_is_said_once_and_left_alone() -> None:
    told, place = Told(), Books(Unusable("recorded by another version"))
    async with recording(place, told) as recorder:
        assert await recorder.load() is None
        recorder.record(changes()[0])
        await told.many(2)
    assert all("recorded by another version" in text for text in told.words)
    assert place.opened == 1 and len(told.words) == 2, "once by who reads, once by who writes"


async def test_a_bug_in_the_writer_is_said_and_ends_nothing_else() -> None:
    told, place = Told(), Books(ValueError("a bug of eyJhbGciOi.eyJpc3Mi.signature"))
    async with recording(place, told) as recorder:
        assert await recorder.load() is None
        recorder.record(changes()[0])
        await told.many(2)
        assert sorted(told.words) == [
            "history is not recorded any more: ValueError: a bug of ***",
            "history of earlier runs is not used: ValueError: a bug of ***",
        ]
        assert await recorder.forget() == NOTHING


async def test_the_queue_has_an_end_and_being_behind_for_long_is_noted() -> None:
    queue = RecordQueue()
    fields = frozenset({"rooms"})
    for number in range(MOST_WAITING + 3):
        queue.add(Taken(Fleet(unreadable=number), Moment(EPOCH, float(number)), 0.0), fields)
    batch = queue.take()
    assert len(batch.samples) == MOST_WAITING and batch.samples[-1].fleet.unreadable == MOST_WAITING + 2
    assert not batch.samples[-1].is_behind
    for number in range(MOST_WAITING + 20):
        queue.add(Taken(Fleet(unreadable=number), Moment(EPOCH, float(number)), 0.0), fields)
    assert queue.take().samples[-1].is_behind
    for number in range(9):  # newer times of good answers are no samples of their own
        queue.add(Taken(Fleet(), Moment(EPOCH, float(number)), 0.0), frozenset({"freshness", "coverage"}))
    assert [taken.moment.monotonic for taken in queue.take().samples] == [8.0]
    lists = Differing((), (), ())
    for agents in (lists, Differing((), (), ())):
        queue.add(Taken(Fleet(), Moment(EPOCH, 1.0), 0.0, agents=agents), frozenset({"freshness"}))
    assert queue.take().samples[0].agents is lists, "how it differs from the fleet before both"


async def test_of_large_fleets_few_wait() -> None:
    """Each may hold rows that no other has: sixty-four of them would be gigabytes."""
    queue, large = RecordQueue(), tuple(Dispatch(id=f"AD_{number}") for number in range(MOST_ROWS // 4))
    for number in range(9):
        fleet = Fleet(unreadable=number, dispatches={"r": large})
        queue.add(Taken(fleet, Moment(EPOCH, float(number)), 0.0), frozenset({"dispatches"}))
    assert [taken.fleet.unreadable for taken in queue.take().samples] == [0, 1, 2, 8]
    for number in range(3):
        fleet, lists = (
            Fleet(unreadable=number, dispatches=dict.fromkeys("abcde", large)),
            Differing((), (), ()),
        )
        taken = Taken(fleet, Moment(EPOCH, float(number)), 0.0, agents=lists)
        queue.add(taken, frozenset({"agents", "dispatches"}))
    (newest,) = queue.take().samples
    assert newest.fleet.unreadable == 2, "of the largest, the newest"
    assert newest.agents is None, "without the agents of the fleet before it, which nobody else holds"


async def test_a_second_process_leaves_its_notes_and_takes_over(tmp_path: Path) -> None:
    told, steps = Told(), changes()
    first, second = folder(tmp_path), folder(tmp_path, "r2")
    assert first.take()
    async with recording(second, told) as recorder:
        recorder.record(steps[0])
        recorder.told(step(event("b-1"), event("b-2", Kind.STATUS)))
        await wait(second.left_something)
        found = Inbox(tmp_path / "project").take()
        assert [item.id for item in found] == ["b-1"], "only what others do not see"
        assert recorder.status == writer_loop.ELSEWHERE
        assert await recorder.forget() == f"{writer_loop.ELSEWHERE}: forget it there"
        first.release()
        await told.next()
    reader = FolderReader(tmp_path / "project")
    last = reader.samples.last
    assert last is not None and last.run == "r2", "what was known when it took over"
    assert [item.id for item in reader.events(0.0, EPOCH * 2)] == ["b-1"], "from its own file"
    reader.close()


def test_what_the_process_before_may_have_counted_is_not_counted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It wrote up to its end, which came after it was asked last."""
    monkeypatch.setattr(writer_loop, "BEAT", 0.0)
    place, queue, told = Books(), RecordQueue(), Told()
    theirs, ours, later = event("a-9", Kind.STATUS), event("b-1", Kind.STATUS), event("b-2", Kind.CRASH)
    answers = [True, False]

    def take() -> bool:
        if len(answers) == 2:  # the other process ends a moment after this one has asked
            queue.add_step(Step(State(), (ours, later, event("b-3")), job_counts=(JobCount("one", 1, 2),)))
            queue.add_error_counts([ErrorCount("CA_1", 1, "KeyError", 3)])
            queue.end()
        return answers.pop()

    monkeypatch.setattr(place, "take", take)
    monkeypatch.setattr(place, "news", lambda: [] if answers else [theirs])
    WriterLoop(place, queue, SystemClock(), say=told.report, received=told.received).run()
    (batch,) = place.batches
    assert not batch.job_counts and not batch.error_counts
    assert [item.id for item in batch.events] == ["b-2", "b-3"] and told.events == [theirs]


async def test_a_process_that_records_and_does_not_write_is_named_once() -> None:
    told, place = Told(), Books()
    place.is_taken, place.beat = False, SystemClock().now() - 60.0
    async with recording(place, told) as recorder:
        await told.next()
        assert "has not written since" in told.words[0]
        assert recorder.status == writer_loop.SILENT
    assert len(told.words) == 1


async def test_notes_of_others_are_recorded_once_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, place = Told(), folder(tmp_path)
    where = tmp_path / "project"
    async with recording(place, told):
        await wait(place.opened)
        monkeypatch.setattr(os, "getpid", lambda: 999_999_999)  # of a process that is gone
        place.leave([event("c-1"), event("c-2", Kind.STATUS)])
        await told.next()
    assert [item.id for item in told.events] == ["c-1"] and not list(where.glob("inbox-*"))


def test_what_is_left_for_another_process_on_a_full_disk_is_whole_or_not_there(tmp_path: Path) -> None:
    leave(tmp_path, [event("c-1")])
    (path,) = tmp_path.glob("inbox-*")
    with no_file_larger_than(path.stat().st_size + 20), pytest.raises(OSError, match="No space left"):
        leave(tmp_path, [event("c-2")])
    leave(tmp_path, [event("c-3")])
    assert [item.id for item in Inbox(tmp_path).take()] == ["c-1", "c-3"], "half a line would spoil the next"


def test_what_was_left_and_cannot_be_read_now_is_read_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a process that is gone, it was removed unread; what others may have written is not read at all."""
    monkeypatch.setattr(os, "getpid", lambda: 999_999_999)
    leave(tmp_path, [event("c-1")])
    inbox, (path,) = Inbox(tmp_path), tmp_path.glob("inbox-*")
    with monkeypatch.context() as patch:
        patch.setattr(privatefile, "open_file", too_many_files)
        assert inbox.take() == []
    path.chmod(0o666)
    assert inbox.take() == []
    path.chmod(0o600)
    assert [item.id for item in inbox.take()] == ["c-1"] and not path.exists()


def too_many_files(*_: object, **__: object) -> int:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


async def test_what_is_left_for_the_process_that_records_is_as_it_may_be_kept(tmp_path: Path) -> None:
    """It stays on the disk for as long as the process that left it runs."""
    token = "eyJhbGciOiJI.eyJpc3Mi.Wq_3-hZ"
    said = structs.replace(
        event("c-1"), text=f"+49 30 1234: {token}", detail=token, subject=Subject(room="+49 30 1234")
    )
    options = RecordOptions(rooms=False)
    place = FolderPlace(tmp_path, "project", options, Run("r1", 0.0, 0.0, "h", "1"), gap_after=9.0)
    place.leave([said])
    (path,) = (tmp_path / "project").glob("inbox-*")
    text = path.read_text()
    assert "1234" not in text and "eyJ" not in text and "Wq_3" not in text
    (left,) = Inbox(tmp_path / "project").take()
    kept = Privacy(digest_key(tmp_path / "project"), rooms=False).event(left)
    assert kept == left and kept.text == f"{kept.subject.room}: ***"


async def test_what_is_forgotten_is_gone_and_recording_goes_on(tmp_path: Path) -> None:
    told, steps, place = Told(), changes(), folder(tmp_path)
    where = tmp_path / "project"
    async with recording(place, told) as recorder:
        recorder.record(steps[0])
        await wait(place.opened)
        key = (where / "digest.key").read_bytes()
        assert await recorder.forget() == ""
        recorder.record(steps[-1])
    assert (where / "digest.key").read_bytes() != key
    reader = FolderReader(where)
    first = reader.samples.first
    assert first is not None and first.unix >= steps[0].at.unix
    reader.close()


async def test_what_cannot_be_forgotten_is_said_and_nothing_else_is_lost_by_it() -> None:
    told, place = Told(), Books()
    async with recording(place, told) as recorder:
        recorder.record(changes()[0])
        await wait(place.came)
        place.came.clear()
        place.error = OSError("it is read-only")
        recorder.told(step(event("a-1")))
        async with asyncio.timeout(10):
            assert await recorder.forget() == "it is read-only"
        place.error = None
        await wait(place.came)
    assert place.forgotten == 1
    assert "a-1" in [item.id for batch in place.batches for item in batch.events]


async def test_nothing_is_recorded_on_a_network_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text("21 1 0:1 / / rw - nfs4 server:/ rw\n")
    monkeypatch.setattr("tui.history.files.folder.MOUNTS", mounts)
    told = Told()
    async with recording(folder(tmp_path), told) as recorder:
        recorder.record(changes()[0])
        await told.next()
        assert await recorder.load() is None
    assert "network file system (nfs4); set XDG_STATE_HOME" in told.words[0]
    assert not (tmp_path / "project").exists()


async def test_a_folder_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    told = Told()
    (tmp_path / "project").write_text("a file in its place")
    async with recording(folder(tmp_path), told) as recorder:
        recorder.record(changes()[0])
        await told.next()
    assert len(told.words) == 1 and str(tmp_path / "project") in told.words[0]


@pytest.mark.parametrize("name", ["", "project"], ids=["the folder of all projects", "of one"])
async def test_a_link_in_place_of_a_folder_is_not_followed(name: str, tmp_path: Path) -> None:
    root, elsewhere, told = tmp_path / "history", tmp_path / "elsewhere", Told()
    elsewhere.mkdir()
    if name:
        root.mkdir()
    (root / name).symlink_to(elsewhere)
    async with recording(folder(root), told) as recorder:
        recorder.record(changes()[0])
        await told.next()
    with pytest.raises(OSError):
        folder(root).leave([])
    assert len(told.words) == 1
    assert list(elsewhere.iterdir()) == []
