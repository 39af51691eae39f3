"""What the operator does and notes, as history is told of it. Must not know how it was kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tui.fleet.lists.event_columns import severity_tone
from tui.fleet.past import Event, Kind, Severity, Subject
from tui.fleet.state import Fleet
from tui.history.events.derive import Reported
from tui.logs.marks import Mark
from tui.operations.journal.journal import AuditEntry, Intent, Verdict
from tui.operations.journal.outcome import WORDS
from tui.operations.journal.resumed_deploys import LABELS
from tui.operations.registry import BY_ID

_MARKED: Final = frozenset(
    {
        *(Kind.STATUS, Kind.CRASH, Kind.MEMORY, Kind.DISK, Kind.RESTART, Kind.VERSION, Kind.DRAINING),
        *(Kind.REPLICAS, Kind.SECRETS, Kind.OPERATION, Kind.NOTE),
    }
)
"""Kinds of events that are shown in the log of their agent."""
_SEVERITIES: Final = {
    Verdict.DONE: Severity.GOOD,
    Verdict.ACCEPTED: Severity.INFO,
    Verdict.REFUSED: Severity.WARNING,
    Verdict.NOT_SENT: Severity.WARNING,
    Verdict.NOT_SEEN: Severity.WARNING,
    Verdict.UNKNOWN: Severity.ERROR,
}
READ_BACK: Final = "from the journal"
"""Said of an operation of an earlier run."""


def of_entry(entry: AuditEntry, fleet: Fleet, *, is_old: bool = False) -> Reported:
    """An operation that was begun, or its outcome; `is_old` if the journal was read back."""
    intent, verdict = entry.intent, entry.verdict
    known = BY_ID.get(intent.operation)
    label = known.label if known is not None else LABELS.get(intent.operation, intent.operation)
    by = f" by {intent.origin.user}" if intent.origin.user else ""
    if verdict is None:
        text, severity, detail = f"{label} begun{by}", Severity.INFO, intent.reason
    else:
        outcome = entry.foreign or WORDS[verdict]
        text, severity, detail = f"{label}{by}: {outcome}", _SEVERITIES[verdict], entry.detail
    return Reported(
        id=f"{intent.id}/{verdict}" if verdict is not None else intent.id,
        at=intent.time + (entry.latency if verdict is not None else 0.0),
        kind=Kind.OPERATION,
        severity=severity,
        text=text,
        subject=_subject(intent, fleet),
        detail=" · ".join(filter(None, (detail, READ_BACK if is_old else ""))),
        after=verdict.value if verdict is not None else "",
    )


def _subject(intent: Intent, fleet: Fleet) -> Subject:
    """What it acts on, as far as the journal says."""
    word = intent.target.partition(" ")[0]
    agent_id = intent.facts.get("agent_id", word if word.startswith("CA_") else "")
    agent = fleet.agent(agent_id)
    name = agent.name if agent is not None else "" if agent_id else word if " in " in intent.target else ""
    return Subject(
        agent_id=agent_id,
        agent_name=name,
        room=intent.facts.get("room", ""),
        dispatch_id=intent.facts.get("dispatch_id", ""),
    )


def of_note(id: str, at: float, text: str, subject: Subject, by: str) -> Reported:
    """What the operator notes; `at` in Unix seconds by this machine's clock."""
    return Reported(
        id=id,
        at=at,
        kind=Kind.NOTE,
        severity=Severity.INFO,
        text=text,
        subject=subject,
        detail=f"by {by}" if by else "",
    )


def marks_of(events: Iterable[Event]) -> Iterator[tuple[str, Mark]]:
    """The marks that events leave in the logs of agents, each with the agent's id."""
    for event in events:
        if event.kind in _MARKED:
            words = event.text if event.kind is not Kind.NOTE else f"note: {event.text}"
            mark = Mark(event.at, severity_tone(event.severity), words)
            # of many agents in one event, each has had its own share
            for agent_id in event.ids or (event.subject.agent_id,):
                if agent_id:
                    yield agent_id, mark
