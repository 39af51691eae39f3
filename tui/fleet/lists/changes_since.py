"""What changed between two moments, per agent, summed up from events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tui.fleet.lists.cells import Cell
from tui.fleet.lists.event_columns import SEVERITY_LOOKS
from tui.fleet.lists.listing import Column
from tui.fleet.past import Event, FailedJob, JobCount, Kind, Severity, Subject
from tui.fleet.status import status
from tui.fleet.times import when
from tui.fleet.view import View
from tui.formats import version_tag

_OF_AGENTS: Final = frozenset(
    {Kind.STATUS, Kind.AGENT, Kind.CRASH, Kind.MEMORY, Kind.DISK, Kind.RESTART, Kind.VERSION, Kind.REPLICAS}
)
"""Kinds of events whose counted ids are those of agents."""
_WORST_FIRST: Final = tuple(Severity)


@dataclass(slots=True)
class Changes:
    """What changed of one agent, or of what belongs to no agent."""

    subject: Subject
    severity: Severity = Severity.GOOD
    """The worst of its events."""
    steps: dict[Kind, tuple[str, str]] = field(default_factory=dict)
    """Status, version and replicas: how it was at first, and how it is."""
    crashes: int = 0
    failed: int = 0
    """Jobs."""
    succeeded: int = 0
    """Jobs that were seen to succeed."""
    others: dict[str, int] = field(default_factory=dict)
    """The texts of all other events with how often they were told, the one that was told last at the end."""
    count: int = 0
    """Events."""

    def add(self, event: Event) -> None:
        """Take in an event, the next one in time."""
        self.count += 1
        self.severity = min(self.severity, event.severity, key=_WORST_FIRST.index)
        if event.kind in (Kind.STATUS, Kind.VERSION, Kind.REPLICAS):
            first = self.steps.get(event.kind, (event.before, ""))[0]
            self.steps[event.kind] = (first, event.after)
        elif event.kind is Kind.CRASH:
            counts = (event.before, event.after)
            is_counted = all(map(str.isdecimal, counts))
            self.crashes += int(event.after) - int(event.before) if is_counted else 1
        elif event.kind is Kind.JOB and event.severity is Severity.ERROR:
            self.failed += max(1, len(event.ids))
        else:
            self.others[event.text] = self.others.pop(event.text, 0) + 1

    def of(self, subject: Subject) -> Changes:
        """The same of another."""
        counts = self.crashes, self.failed, self.succeeded
        return Changes(subject, self.severity, self.steps, *counts, self.others, self.count)


def changes_since(
    events: Iterable[Event],
    names: Mapping[str, str],
    since: float,
    until: float,
    job_counts: Iterable[JobCount] = (),
) -> list[Changes]:
    """What changed between two times in Unix seconds, the worst first; `names` of agents by their id.

    Jobs that succeeded are no change of their own. Those of a minute that the times cut are in it.
    """
    found = _summed_up(_told((event for event in events if since <= event.at <= until), names))
    if found:
        for item in job_counts:
            row = found.get(item.agent_name)
            is_within = since < (item.minute + 1) * 60 and item.minute * 60 <= until
            if row is not None and row.subject.agent_name and is_within:
                row.succeeded += item.succeeded
    rank = {severity: number for number, severity in enumerate(_WORST_FIRST)}
    return sorted(found.values(), key=lambda item: (rank[item.severity], -item.count))


_Told = dict[str, tuple[Subject, list[Event]]]
"""What was told of each, by its name."""


def _told(events: Iterable[Event], names: Mapping[str, str]) -> _Told:
    found: _Told = {}
    for event in events:
        if event.ids and event.kind in _OF_AGENTS:
            for agent_id in event.ids:  # of a large fleet many: what is the same of all is not made again
                name = names.get(agent_id, "")
                key = name or agent_id
                if key not in found:
                    found[key] = (Subject(agent_id=agent_id, agent_name=name), [])
                found[key][1].append(event)
            continue
        subject = event.subject
        if subject.agent_id and not subject.agent_name:
            subject = Subject(agent_id=subject.agent_id, agent_name=names.get(subject.agent_id, ""))
        found.setdefault(_name(subject), (subject, []))[1].append(event)
    return found


def _summed_up(told: _Told) -> dict[str, Changes]:
    """What changed of each, found once for all of which the same was told."""
    alike: dict[tuple[int, ...], Changes] = {}
    found: dict[str, Changes] = {}
    for key, (subject, events) in told.items():
        same = tuple(map(id, events))
        first = alike.get(same)
        if first is None:
            first = alike[same] = Changes(subject)
            for event in events:
                first.add(event)
        found[key] = first.of(subject)
    return found


def _step(kind: Kind) -> Column[Changes]:
    title, width, want, rank = {
        Kind.STATUS: ("STATUS", 17, 22, 1),
        Kind.VERSION: ("VERSION", 13, 25, 2),
    }[kind]

    def cell(row: Changes, view: View) -> Cell:
        step = row.steps.get(kind)
        if step is None:
            return Cell("–", "muted")
        first, now = map(version_tag, step) if kind is Kind.VERSION else step
        tone = SEVERITY_LOOKS[row.severity][1] if kind is Kind.STATUS and status(now).problem else "text"
        if first == now:
            return Cell(f"{now} again", tone)
        short = f"→ {now or '?'}" if kind is Kind.VERSION else ""
        return Cell(f"{first or '?'} → {now or '?'}", tone, short)

    return Column(str(kind), title, width, want=want, grow=1, rank=rank, cell=cell)


def _others(row: Changes) -> str:
    """The three told last, and the replicas: no agent is listed without what changed of it."""
    newest = list(row.others.items())[-3:]
    told = [f"{text} ×{count}" if count > 1 else text for text, count in newest]
    if step := row.steps.get(Kind.REPLICAS):
        told.append(f"replicas {step[0]} → {step[1]}" if step[0] != step[1] else f"replicas {step[1]} again")
    return " · ".join(told)


def _number(count: int, tone: str) -> Cell:
    return Cell(f"×{count}", tone) if count else Cell("–", "muted")


CHANGE_COLUMNS: Sequence[Column[Changes]] = (
    Column("severity", "S", 1, cell=lambda row, view: Cell(*SEVERITY_LOOKS[row.severity])),
    Column("subject", "SUBJECT", 16, want=18, grow=2, cell=lambda row, view: Cell(_name(row.subject))),
    _step(Kind.STATUS),
    _step(Kind.VERSION),
    Column("crashes", "CRASHES", 7, cell=lambda row, view: _number(row.crashes, "error")),
    Column("failed", "FAILED", 6, cell=lambda row, view: _number(row.failed, "error")),
    Column("succeeded", "SUCCESS", 7, rank=2, cell=lambda row, view: _number(row.succeeded, "text")),
    Column("others", "OTHER", 14, want=21, rank=1, grow=3, cell=lambda row, view: Cell(_others(row))),
)


def _name(subject: Subject) -> str:
    return subject.agent_name or subject.agent_id or subject.room or "project"


FAILED_COLUMNS: Sequence[Column[FailedJob]] = (
    Column(
        "at",
        "TIME",
        8,
        want=11,
        right=True,
        cell=lambda job, view: Cell(when(job.at, now=view.now, style=view.clock_style), "muted"),
    ),
    Column("agent", "AGENT", 14, grow=1, cell=lambda job, view: Cell(job.agent_name or "(no name)")),
    Column("room", "ROOM", 12, grow=1, cell=lambda job, view: Cell(job.room)),
    Column("status", "STATUS", 10, rank=1, cell=lambda job, view: Cell(job.status, "error")),
    Column("reason", "REASON", 16, grow=3, cell=lambda job, view: Cell(job.reason or "–")),
    Column("worker", "WORKER", 14, rank=2, cell=lambda job, view: Cell(job.worker or "–", "muted")),
    Column("job", "JOB", 14, rank=3, cell=lambda job, view: Cell(job.job_id, "muted")),
)
