"""Going through a recording: samples, minutes, events, ends, gaps, and what was remembered at each moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fixtures.clocks import ManualClock
from tests.history import fleets
from tests.history.fleets import Life
from tests.test_project import PROJECT
from tui.api.models import Agent, Deployment
from tui.clock import Moment
from tui.fleet.past import (
    Event,
    JobCount,
    Kind,
    Past,
    Severity,
    Since,
    Subject,
    Transition,
    deployment_key,
)
from tui.fleet.since_by_id import SinceById
from tui.fleet.state import Fleet, Freshness, with_agents
from tui.fleet.store import Change
from tui.fleet.transitions import in_order
from tui.history import sample_statuses
from tui.history.events.derive import State
from tui.history.files.folder_store import FolderReader, FolderWriter
from tui.history.files.hour_reader import HourReader
from tui.history.records import Run, Sample, Stamp
from tui.history.sample_statuses import SampleStatuses
from tui.history.store import Batch, Taken
from tui.history.timeline import History, Timeline
from tui.record_options import RecordOptions
from tui.session.past_at import PastAt, ToldStatuses
from tui.session.playback import Playback
from tui.session.replayed import REFUSAL, Replay

pytestmark = pytest.mark.anyio

EPOCH = 1_786_000_000.0
COUNT = 40


def event(at: float, severity: Severity) -> Event:
    """Something that happened at a time."""
    return Event(id=f"e{at}", at=at, kind=Kind.STATUS, severity=severity, text=f"at {at:.0f}")


def recorded(root: Path) -> list[Taken]:
    """Two runs with a pause of ten minutes between them; returns what was taken."""
    (root / "p").mkdir(mode=0o700)
    life, all_taken = Life(5), []
    for name in ("r1", "r2"):
        writer = FolderWriter(root, "p", RecordOptions(), Run(name, EPOCH + life.at, life.at, "host", "1"))
        taken = []
        for _ in range(COUNT):
            fleet = life.step()
            taken.append(Taken(fleet, Moment(EPOCH + life.at, life.at), 0.0))
        writer.write(Batch(samples=taken, events=[event(taken[7].moment.unix, Severity.ERROR)]))
        writer.close()
        all_taken += taken
        life.at += 600.0
    return all_taken


@asynccontextmanager
async def playing(
    root: Path, past: Timeline | None = None
) -> AsyncIterator[tuple[Playback, Replay, list[Taken]]]:
    """A playback at the newest sample."""
    taken = recorded(root)
    replay = Replay(PROJECT, Fleet(), clock=ManualClock())
    playback = Playback(replay, FolderReader(root / "p"), lambda: past or Timeline())
    assert await playback.end(newest=True)
    yield playback, replay, taken
    playback.close()


def told_by(past: Past) -> ToldStatuses:
    """What events told of statuses."""
    assert isinstance(past, PastAt)
    return past._told


async def test_events_are_put_together_once_and_not_at_every_step(tmp_path: Path) -> None:
    first, second = (event(EPOCH + at, Severity.ERROR) for at in (1.0, 2.0))
    known = [Timeline(events=(first,))]
    async with playing(tmp_path) as (_, replay, _):
        playback = Playback(replay, FolderReader(tmp_path / "p"), lambda: known[-1])
        assert await playback.end(newest=True)
        before = playback.problems
        assert len(before) == 3 and playback.problems is before
        told = told_by(replay.past)
        await playback.step(-1)
        assert told_by(replay.past) is told
        known.append(Timeline(events=(first, second)))
        await playback.step(-1)
        assert len(playback.problems) == 4 and told_by(replay.past) is not told
        playback.close()


async def test_every_sample_is_shown_as_it_was_in_both_directions(tmp_path: Path) -> None:
    async with playing(tmp_path) as (playback, replay, taken):
        seen = [replay.store.fleet.agents]
        while await playback.step(-1):
            assert playback.stamp is not None and replay.moment == Moment(
                playback.stamp.at, playback.stamp.mono
            )
            seen.append(replay.store.fleet.agents)
        assert replay.moment.unix == taken[0].moment.unix, "down to the first"
        forward = [replay.store.fleet.agents]
        gaps = []
        while await playback.step(1):
            forward.append(replay.store.fleet.agents)
            gaps += [playback.gap] if playback.gap else []
        assert forward == seen[::-1] and len(seen) > COUNT
        assert gaps == ["not recorded"], "the second run does not follow on the first"
        extent = playback.extent
        assert (
            extent is not None and len(extent.gaps) == 1 and extent.gaps[0].until - extent.gaps[0].since > 599
        )


async def test_with_a_sample_only_transitions_are_read_that_were_asked_about_at_the_one_before(
    tmp_path: Path,
) -> None:
    async with playing(tmp_path) as (_, replay, _):
        reader, read = FolderReader(tmp_path / "p"), list[tuple[str, ...]]()
        newest = reader.newest_transitions

        def noted(ids: Iterable[str], at: float) -> Mapping[str, Sequence[Transition]]:
            read.append(tuple(sorted(ids)))
            return newest(read[-1], at)

        reader.newest_transitions = noted
        playback = Playback(replay, reader)
        await playback.end(newest=True)
        told = asyncio.Event()
        replay.follow(told.set)
        replay.past.since("CA_1"), replay.past.since("CA_2")
        await told.wait()
        replay.past.since("CA_2"), replay.past.since("CA_3")  # the screen was scrolled
        await playback.step(-1)
        await playback.step(-1)  # nobody looked at the one before
        assert read == [("CA_1", "CA_2"), ("CA_2", "CA_3"), ("CA_3",), ("CA_2", "CA_3")]
        playback.close()


async def test_it_goes_by_time_by_minutes_and_by_events(tmp_path: Path) -> None:
    async with playing(tmp_path) as (playback, replay, taken):
        at = taken[12].moment.unix
        assert await playback.seek(at + 0.01) and playback.stamp is not None
        assert at - 31 <= playback.stamp.at <= at + 0.01
        assert replay.store.fleet.agents == taken[12].fleet.agents
        assert await playback.minute(-1) and replay.moment.unix == taken[0].moment.unix, "the oldest there is"
        found = await playback.event(1, problems=True)
        assert found is not None and found.at == taken[7].moment.unix == replay.moment.unix
        assert await playback.event(-1) is None, "there is none before"
        found = await playback.event(1)
        assert found is not None and found.at == taken[COUNT + 7].moment.unix
        assert [known.at for known in replay.past.events] == [taken[7].moment.unix, found.at]
        assert await playback.end(newest=False) and not replay.past.events
        assert not await playback.step(-1)
        assert replay.link().past and replay.refusal == REFUSAL


async def test_time_passes_over_samples_and_through_gaps_up_to_the_newest(tmp_path: Path) -> None:
    async with playing(tmp_path) as (playback, replay, taken):
        await playback.end(newest=False)
        first, last = taken[0].moment.unix, taken[-1].moment.unix
        changes: list[Change] = []
        replay.store.subscribe(changes.append)
        assert not await playback.pass_to(first + 0.1) and not changes and playback.at == first + 0.1
        assert await playback.pass_to(taken[5].moment.unix + 0.01)
        assert replay.store.fleet.agents == taken[5].fleet.agents and len(changes) == 1
        assert not playback.is_unrecorded
        pause = taken[COUNT - 1].moment.unix + 300.0
        await playback.pass_to(pause)
        assert playback.is_unrecorded and playback.at == pause
        assert replay.moment.unix < pause - 299, "nothing is made up for a time that was not recorded"
        await playback.pass_to(last + 60.0)
        assert playback.is_at_end and playback.at == last and not playback.is_unrecorded
        assert replay.store.fleet.agents == taken[-1].fleet.agents


async def test_of_one_hours_file_alone_since_when_is_told_as_it_was_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after a gap and in quiet times, up to the moment that is shown and no further."""
    (tmp_path / "p").mkdir(mode=0o700)
    begin = EPOCH // 3600 * 3600 + 60.0
    history, known = History(State()), list[tuple[float, Past]]()
    writer = FolderWriter(tmp_path, "p", RecordOptions(), Run("r1", begin, 0.0, "h", "1"))
    before = Fleet()
    plan = [("Running", 0), *[("Running", after) for after in (10, 20, 30)], ("Error", 10), ("Error", 30)]
    plan += [("CrashLoop", 200), *[("CrashLoop", 10) for _ in range(9)], ("Running", 10), ("Running", 10)]
    at = 0.0
    for status, later in plan:
        at += later
        rows = tuple(Deployment(region=region, status=status) for region in ("us-east", "eu-west"))
        agents = tuple(
            Agent(agent_id=f"CA_{number}", agent_deployments=rows[: number + 1]) for number in (0, 1)
        )
        after = replace(with_agents(before, agents, at), freshness={"agents": Freshness(at=at)})
        change = Change(before, after, frozenset({"agents", "freshness"}), Moment(begin + at, at))
        history.record(change)
        writer.write(Batch(samples=[Taken(after, change.at, 0.0)]))
        known.append((begin + at, history.past))
        before = after
    writer.close()
    (path,) = (tmp_path / "p").glob("*.samples")
    reader = HourReader(path)
    calls: list[float] = []
    newest = SampleStatuses.newest

    def counted(
        self: SampleStatuses, ids: Iterable[str], at: float, few: int
    ) -> Mapping[str, Sequence[Transition]] | None:
        calls.append(at)
        return newest(self, ids, at, few)

    monkeypatch.setattr(SampleStatuses, "newest", counted)
    monkeypatch.setattr(sample_statuses, "AT_ONCE", 3)
    replay = Replay(PROJECT, Fleet(), clock=ManualClock())
    playback = Playback(replay, reader)
    assert await playback.end(newest=True) and not calls, "to open it costs nothing more"
    ids = ("CA_0", "CA_1", deployment_key("CA_1", "us-east", ""))
    for moment, past in (*known[::-1], *known):
        await playback.seek(moment)
        told = asyncio.Event()
        stop = replay.follow(told.set)
        for id in ids:
            while replay.past.since(id) is None:
                told.clear()
                await asyncio.wait_for(told.wait(), 10)
            assert replay.past.since(id) == past.since(id), f"{id} at {moment - begin}"
        stop()
    first = known[0][1].since("CA_0")
    assert first == Since("Running", not_after=begin), "so it was already"
    assert reader.transitions("CA_0", 0.0, begin + 60.0) == [Transition("CA_0", "", "Running", None, begin)]
    read = len(calls)
    await playback.seek(known[-1][0])
    assert len(calls) == read + 1, "what was read is not read again"
    playback.close()


def test_samples_that_do_not_follow_on_one_another_bound_when_a_status_began() -> None:
    def sample(seq: int, at: float, status: str, gap: str = "") -> Sample:
        agent = Agent(agent_id="CA_1", agent_deployments=(Deployment(status=status),))
        fresh = {"agents": Freshness(at=at)}
        fleet = replace(with_agents(Fleet(), (agent,), at), freshness=fresh)
        return Sample(Stamp(seq, "r", at, EPOCH + 10.0 * seq**3, 0.0), fleet, gap)

    samples = [sample(1, 900.0, "Running"), sample(2, 5.0, "Error", "damaged"), sample(3, 9.0, "Running")]
    statuses = SampleStatuses(lambda seq: samples[seq] if seq < len(samples) else None)
    found = statuses.newest(["CA_1", "CA_2"], float("inf"), 2)
    assert found == {
        "CA_1": [
            Transition("CA_1", "Running", "Error", EPOCH + 10.0, EPOCH + 80.0),
            Transition("CA_1", "Error", "Running", EPOCH + 80.0, EPOCH + 270.0),
        ],
        "CA_2": [],
    }


async def test_since_when_is_read_from_what_was_recorded_as_soon_as_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir(mode=0o700)
    deployed = datetime.fromtimestamp(EPOCH - 3600.0, UTC)

    def fleet(status: str) -> Fleet:
        row = Deployment(region="us-east", status=status)
        agent = Agent(agent_id="CA_1", deployed_at=deployed, agent_deployments=(row,))
        return with_agents(Fleet(), (agent,), 1.0)

    steps = [
        Transition("CA_1", "", "Running", None, EPOCH),
        Transition("CA_1", "Running", "Error", None, EPOCH + 100.0),
        Transition("CA_1", "Error", "Sleeping", EPOCH + 150.0, EPOCH + 200.0),
        Transition("CA_1", "Sleeping", "Sleeping", EPOCH + 250.0, EPOCH + 300.0),
        Transition("CA_1", "Sleeping", "", None, EPOCH + 400.0),
        Transition("CA_1", "", "Running", EPOCH + 450.0, EPOCH + 450.0),
    ]
    shown = ("Running", "Running", "Error", "Error", *["Sleeping"] * 5, "Running")
    writer = FolderWriter(tmp_path, "p", RecordOptions(), Run("r", EPOCH, 0.0, "host", "1"))
    samples = [
        Taken(replace(fleet(status), unreadable=number), Moment(EPOCH + 50.0 * number, 50.0 * number), 0.0)
        for number, status in enumerate(shown)
    ]
    writer.write(Batch(samples=samples, transitions=in_order(steps)))
    writer.close()
    replay = Replay(PROJECT, Fleet(), clock=ManualClock())
    told = asyncio.Event()
    replay.follow(told.set)
    playback = Playback(replay, FolderReader(tmp_path / "p"))
    await playback.seek(EPOCH + 60.0)
    told.clear()
    assert replay.past.since("CA_1") is None, "it is being read"
    await told.wait()
    first = Since("Running", not_before=EPOCH - 3600.0, not_after=EPOCH, evidence="deploy")
    assert replay.past.since("CA_1") == first
    for at, since in {
        110.0: Since("Error", EPOCH + 100.0),
        199.0: Since("Error", EPOCH + 100.0),
        210.0: Since("Sleeping", not_before=EPOCH + 150.0, not_after=EPOCH + 200.0),
        310.0: Since("Sleeping", not_before=EPOCH + 150.0, not_after=EPOCH + 300.0),
        410.0: Since("Sleeping", not_before=EPOCH + 150.0, not_after=EPOCH + 300.0),
        460.0: Since("Running", EPOCH + 450.0),
        10.0: first,
    }.items():
        await playback.seek(EPOCH + at)
        assert replay.past.since("CA_1") == since, at
    playback.close()


def differing(before: Fleet, after: Fleet) -> frozenset[str]:
    """Fields that differ."""
    return frozenset(name for name in vars(after) if getattr(after, name) is not getattr(before, name))


@pytest.mark.parametrize("seed", range(4))
def test_since_when_is_the_same_in_a_replay_as_it_was_live(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleets, "STATUSES", ("Running", "Sleeping", "Error", "CrashLoop"))
    life, history = Life(seed), History(State())
    steps: dict[str, list[Transition]] = {}
    history.follow(lambda step: [steps.setdefault(item.id, []).append(item) for item in step.transitions])
    before, compared = Fleet(), 0
    for _ in range(60):
        life.at += 120.0 * (life.chance.random() < 0.05)
        after = life.step()
        at = Moment(EPOCH + life.at, life.at)
        history.record(Change(before, after, differing(before, after), at))
        before = after
        past = PastAt(Timeline(), (), at.unix, fleet=after, transitions=steps)
        for agent in after.agents:
            rows = agent.agent_deployments
            keys = {deployment_key(agent.agent_id, row.region, row.deployment) for row in rows}
            for id in (agent.agent_id, *(keys if len(rows) > 1 else ())):
                assert past.since(id) == history.past.since(id), (id, steps.get(id, [])[-2:])
                compared += 1
    assert compared > 500


def test_what_came_later_is_not_remembered() -> None:
    events = (
        Event("a", 100.0, Kind.STATUS, Severity.ERROR, "", Subject(agent_id="CA_1"), after="Error"),
        Event("b", 200.0, Kind.STATUS, Severity.GOOD, "", Subject(agent_id="CA_1"), after="Running"),
        Event(
            "c", 210.0, Kind.STATUS, Severity.ERROR, "", ids=("CA_2", "CA_3"), after="Error", not_before=150.0
        ),
    )
    statuses = {"CA_1": Since("Running", 200.0), "CA_4": Since("Sleeping", not_after=50.0)}
    known = Timeline(statuses=SinceById(statuses.items()), events=events)
    then = PastAt(known, events, 150.0)
    assert [item.id for item in then.events] == ["a"]
    assert then.since("CA_1") == Since("Error", 100.0), "and not since it runs"
    assert then.since("CA_2") is None and then.since("CA_4") == statuses["CA_4"]
    later = PastAt(known, events, 300.0)
    assert later.since("CA_1") == statuses["CA_1"]
    assert later.since("CA_3") == Since("Error", not_before=150.0, not_after=210.0)
    assert not later.has_changes and later.changed("CA_1") is None


def test_jobs_are_counted_in_minutes_that_were_over_by_then_and_once() -> None:
    recorded = [JobCount("a", 1, 5), JobCount("a", 2, 1), JobCount("b", 1, 7)]
    now = Timeline(counts={("a", 2): JobCount("a", 2, 3), ("a", 9): JobCount("a", 9, 1)})

    def counted(at: float) -> list[JobCount]:
        return list(PastAt(now, (), at, job_counts=recorded).job_counts)

    assert counted(119.0) == [], "the first minute was not over"
    assert counted(120.0) == [recorded[0], recorded[2]]
    assert counted(599.0) == [recorded[0], JobCount("a", 2, 3), recorded[2]], "live knows more of the minute"
    assert counted(600.0)[-1] == JobCount("a", 9, 1)


async def test_counts_of_jobs_are_read_with_the_recording(tmp_path: Path) -> None:
    taken = recorded(tmp_path)
    minute = int(taken[0].moment.unix // 60) - 1
    writer = FolderWriter(tmp_path, "p", RecordOptions(), Run("r3", EPOCH, 0.0, "host", "1"))
    writer.write(Batch(job_counts=[JobCount("a", minute, 4)]))
    writer.close()
    replay = Replay(PROJECT, Fleet(), clock=ManualClock())
    now = Timeline(counts={("a", minute): JobCount("a", minute, 6)})
    playback = Playback(replay, FolderReader(tmp_path / "p"), lambda: now)
    assert await playback.end(newest=False)
    assert list(replay.past.job_counts) == [JobCount("a", minute, 6)]
    playback.close()
    playback = Playback(replay, FolderReader(tmp_path / "p"))
    assert await playback.end(newest=False)
    assert list(replay.past.job_counts) == [JobCount("a", minute, 4)]
    playback.close()
