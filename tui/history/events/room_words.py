"""What is told of rooms, dispatches and jobs, in words. Must not know how it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from tui.api.models import Dispatch, Job, moment
from tui.fleet.conditions import JobCondition, pick_up
from tui.fleet.evidence import RoomEvidence
from tui.fleet.past import Event, FailedJob, Kind, Severity, Subject
from tui.formats import duration
from tui.history.events.drafts import Draft, counted, told


def _of_worker(job: FailedJob) -> str:
    return f"worker {job.worker}" if job.worker else ""


def failures(jobs: Sequence[FailedJob]) -> list[Draft]:
    """Jobs that failed."""
    return told(jobs, _failed, _failures)


def _failed(job: FailedJob) -> Draft:
    severity = Severity.ERROR if job.status == JobCondition.FAILED.word else Severity.WARNING
    words = f"job {job.status}{f': {job.reason}' if job.reason else ''}"
    return Draft(Kind.JOB, severity, words, job.subject, detail=_of_worker(job), after=job.status, at=job.at)


def _failures(jobs: Sequence[FailedJob]) -> list[Draft]:
    def draft(name: str, ids: tuple[str, ...]) -> Draft:
        words = f"{len(ids):,} jobs failed{f' of {name}' if name else ''}"
        return Draft(Kind.JOB, Severity.ERROR, words, Subject(agent_name=name), ids=ids)

    return counted(jobs, group=lambda job: job.agent_name, identity=lambda job: job.job_id, draft=draft)


JudgedJob = tuple[str, Dispatch, Job, JobCondition, RoomEvidence]
"""A job with the name of its room, its dispatch, how it is, and by what that was judged."""


def doubts(jobs: Sequence[JudgedJob], entry: Callable[[JudgedJob], FailedJob]) -> list[Draft]:
    """Jobs that go on by the server's word, and may not. `entry` is asked for those told one by one."""
    return told(jobs, lambda job: _doubt(entry(job)), _doubts)


def _doubt(job: FailedJob) -> Draft:
    reason = job.reason if job.reason != job.status else ""
    words = f"job: {job.status}{f', {reason}' if reason else ''}"
    return Draft(Kind.JOB, Severity.WARNING, words, job.subject, detail=_of_worker(job), after=job.status)


def _doubts(jobs: Sequence[JudgedJob]) -> list[Draft]:
    def draft(name: str, ids: tuple[str, ...]) -> Draft:
        return Draft(Kind.JOB, Severity.WARNING, f"{len(ids):,} jobs: {name or 'in doubt'}", ids=ids)

    return counted(jobs, group=lambda job: job[3].word, identity=lambda job: job[2].id, draft=draft)


RoomDispatch = tuple[str, Dispatch]
"""A dispatch with the name of its room, which it does not always say itself."""


def _about(item: RoomDispatch) -> Subject:
    room, dispatch = item
    return Subject(agent_name=dispatch.agent_name, room=room, dispatch_id=dispatch.id)


def untaken(items: Sequence[RoomDispatch], at: float) -> list[Draft]:
    """Dispatches that no worker takes by this time, Unix seconds."""

    def one(item: RoomDispatch) -> Draft:
        created = moment(item[1].state.created_at) if item[1].state else None
        words = f"dispatch not taken for {duration(at - created)}" if created else "dispatch not taken"
        return Draft(Kind.DISPATCH, Severity.ERROR, words, _about(item))

    return told(items, one, lambda many: _dispatches(many, Severity.ERROR, "not taken"))


def taken(items: Sequence[RoomDispatch]) -> list[Draft]:
    """Dispatches that no worker took, and one has taken at last."""

    def one(item: RoomDispatch) -> Draft:
        took = pick_up(item[1])
        words = "dispatch taken at last" if took is None else f"dispatch taken after {duration(took)}"
        return Draft(Kind.DISPATCH, Severity.GOOD, words, _about(item))

    return told(items, one, lambda many: _dispatches(many, Severity.GOOD, "taken at last"))


def withdrawn(items: Sequence[RoomDispatch]) -> list[Draft]:
    """Dispatches that no worker took until they were gone."""

    def one(item: RoomDispatch) -> Draft:
        words = "dispatch gone, never taken"
        return Draft(Kind.DISPATCH, Severity.INFO, words, _about(item))

    return told(items, one, lambda many: _dispatches(many, Severity.INFO, "gone, never taken"))


def _dispatches(items: Sequence[RoomDispatch], severity: Severity, what: str) -> list[Draft]:
    def draft(name: str, ids: tuple[str, ...]) -> Draft:
        words = f"{len(ids):,} dispatches{f' of {name}' if name else ''} {what}"
        return Draft(Kind.DISPATCH, severity, words, Subject(agent_name=name), ids=ids)

    return counted(
        items, group=lambda item: item[1].agent_name, identity=lambda item: item[1].id, draft=draft
    )


def unserved(items: Sequence[tuple[str, int]]) -> list[Draft]:
    """Rooms, each with how many participants wait in it."""

    def one(item: tuple[str, int]) -> Draft:
        room, count = item
        people = "participant" if count == 1 else "participants"
        words = f"{count} {people}, no agent and no dispatch"
        return Draft(Kind.ROOM, Severity.WARNING, words, Subject(room=room))

    def many(items: Sequence[tuple[str, int]]) -> list[Draft]:
        words = f"{len(items):,} rooms with participants, no agent and no dispatch"
        return [Draft(Kind.ROOM, Severity.WARNING, words, ids=tuple(room for room, _ in items))]

    return told(items, one, many)


def told_before(events: Iterable[Event]) -> Mapping[str, str]:
    """Of events, the oldest first: ids of dispatches that nobody took, and of doubtful jobs with the word."""
    told: dict[str, str] = {}
    for event in events:
        if event.kind is Kind.DISPATCH:
            for id in event.ids or (event.subject.dispatch_id,):
                told.pop(id, None)
                if event.severity is Severity.ERROR:
                    told[id] = ""
        elif event.kind is Kind.JOB and event.severity is Severity.WARNING and event.after:
            told[event.subject.job_id] = event.after
    return told
