"""Audit trail of the operator's changes and unresolved intents, on disk.

One line of JSON each, only ever appended, shared by all consoles of a user. Holds names of arguments and
never a secret value. Knows nothing of how an operation is done. Longer than 300 lines: writing, reading and
repairing a record follow one format.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tui.api.text.clean import clean
from tui.api.text.masking import masked
from tui.clock import Clock
from tui.operations.journal.append_log import AppendLog, AppendLogError

JOURNAL: Final = "journal.jsonl"
"""Its name in the state folder."""
SIZE_LIMIT: Final = 4 << 20
"""Bytes of one file, some ten thousand operations; then a new one is begun."""
KEPT: Final = 3
"""Files kept besides the one that is written."""


BLIND: Final = {"before": "unknown"}
"""The fact of an intent whose baseline could not be seen."""


class JournalError(Exception):
    """The journal cannot be written or read. The text is one line for the operator."""


class Verdict(StrEnum):
    """How an operation ended."""

    DONE = "done"
    """Seen, or the answer carried it."""
    ACCEPTED = "accepted"
    """The server said yes, and nothing shows that it was done."""
    REFUSED = "refused"
    """The server said no: nothing changed."""
    NOT_SENT = "not_sent"
    """It never left: nothing changed."""
    UNKNOWN = "unknown"
    """It may have happened; somebody has to look."""
    NOT_SEEN = "not_seen"
    """It was looked for long enough and did not appear."""


class Origin(Struct, frozen=True):
    """Who acts, and from where."""

    user: str = ""
    ssh: str = ""
    """The address at the other end of the SSH connection; empty without one."""

    @staticmethod
    def of(environment: Mapping[str, str]) -> Origin:
        """By the user id, which cannot be set, and by `SSH_CLIENT`."""
        try:
            user = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            user = f"uid {os.getuid()}"
        return Origin(user, clean(environment.get("SSH_CLIENT", "").partition(" ")[0], limit=64))


@dataclass(frozen=True, slots=True)
class Intent:
    """What was about to be done, saved before it was."""

    id: str
    time: float
    """Unix seconds."""
    project: str
    operation: str
    """The operation's id, such as `rollback`."""
    target: str
    """What it acts on, such as `CA_x` or `room lobby-4`."""
    request_id: str = ""
    arguments: tuple[str, ...] = ()
    """Names of what was given, such as the names of secrets; never a value."""
    reason: str = ""
    """The operator's words."""
    baseline: tuple[str, ...] = ()
    """Ids that were there before, so that a new one can be told."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What it takes to look for the effect, such as the room; raw, so clean it before it is shown."""
    origin: Origin = field(default_factory=Origin)

    @property
    def is_blind(self) -> bool:
        """What was there before is not known, so nothing that is found is known to be new."""
        return BLIND.items() <= self.facts.items()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit trail: an intent and its outcome. Its texts are fit for display."""

    intent: Intent
    verdict: Verdict | None = None
    """None while nothing is known: in progress, or its console was killed. `UNKNOWN` for `foreign` ones."""
    detail: str = ""
    """The server's answer, or why it failed."""
    latency: float = 0.0
    """Seconds from intent to outcome."""
    foreign: str = ""
    """A verdict that this version does not know, as a newer one wrote it; empty for a known one."""


class _Record(msgspec.Struct, omit_defaults=True):
    """A line as stored: an intent, or with a verdict the outcome of one."""

    id: str
    time: float
    verdict: str = ""
    project: str = ""
    operation: str = ""
    target: str = ""
    request_id: str = ""
    arguments: tuple[str, ...] = ()
    reason: str = ""
    baseline: tuple[str, ...] = ()
    facts: dict[str, str] = {}
    user: str = ""
    ssh: str = ""
    process: str = ""
    detail: str = ""
    latency: float = 0.0


class Journal:
    """The journal of one user on one machine. Every method raises `JournalError`, and blocks for the disk."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        origin: Origin | None = None,
        size_limit: int = SIZE_LIMIT,
        tell: Callable[[AuditEntry], None] | None = None,
    ) -> None:
        """`tell` is told of every intent and outcome that was saved, in the thread that saved it."""
        self._clock = clock
        self._tell = tell
        self._origin = origin or Origin.of({})
        self._ledger = AppendLog(path, size_limit=size_limit, kept=KEPT)
        self._process = _process(os.getpid())
        self._begun: dict[str, float] = {}

    def intent(
        self,
        operation: str,
        target: str,
        *,
        project: str,
        request_id: str = "",
        arguments: Iterable[str] = (),
        reason: str = "",
        baseline: Iterable[str] = (),
        facts: Mapping[str, str] | None = None,
    ) -> Intent:
        """Save what is about to be done. On return it is on the disk: only then send the request."""
        intent = Intent(
            id=str(uuid.uuid4()),
            time=self._clock.now(),
            project=project,
            operation=operation,
            target=target,
            request_id=request_id,
            arguments=tuple(arguments),
            reason=masked(reason),
            baseline=tuple(baseline),
            facts=dict(facts or {}),
            origin=self._origin,
        )
        record = _to_record(intent, self._process)
        self._append(record)
        if self._tell is not None:
            self._tell(_to_entry(record, None))
        self._begun[intent.id] = self._clock.monotonic()
        return intent

    def outcome(self, intent: Intent, verdict: Verdict, *, detail: str = "") -> None:
        """Save the outcome of an intent, of this run or an earlier one; the newest outcome counts."""
        begun = self._begun.get(intent.id)
        now = self._clock.now()
        latency = now - intent.time if begun is None else self._clock.monotonic() - begun
        record = _Record(
            id=intent.id,
            time=now,
            verdict=verdict.value,
            detail=clean(masked(detail), limit=600),
            latency=round(max(0.0, latency), 3),
        )
        self._append(record)
        if self._tell is not None:
            self._tell(_to_entry(_to_record(intent, self._process), record))

    def unresolved(self) -> list[Intent]:
        """What may have happened, the oldest first: outcomes unknown, and intents of consoles that are gone.

        An intent of a console that still runs is that console's to follow.
        """
        found = []
        for record, outcome in self._records():
            unknown = outcome is not None and outcome.verdict == Verdict.UNKNOWN
            if unknown or (outcome is None and not _is_alive(record.process)):
                found.append(replace(_to_intent(record), reason=masked(record.reason)))
        return found

    def entries(self, limit: int = 200) -> list[AuditEntry]:
        """The newest `limit` operations, the newest first."""
        return [_to_entry(record, outcome) for record, outcome in reversed(self._records()[-limit:])]

    def _append(self, record: _Record) -> None:
        # ASCII, because a lone surrogate, which a name may hold, has no other form
        line = json.dumps(msgspec.to_builtins(record), ensure_ascii=True, separators=(",", ":")).encode()
        try:
            self._ledger.append(line, keep=self._open_lines)
        except AppendLogError as error:
            raise JournalError(f"not saved in the journal: {error}") from None

    def _open_lines(self, lines: Iterable[bytes]) -> list[bytes]:
        """What a new file has to begin with: the lines of operations whose end is not known."""
        kept: list[bytes] = []
        for record, outcome in _paired(lines):
            if outcome is None or outcome.verdict == Verdict.UNKNOWN:
                parts = [record] if outcome is None else [record, outcome]
                kept += [json.dumps(msgspec.to_builtins(part)).encode() for part in parts]
        return kept

    def _records(self) -> list[tuple[_Record, _Record | None]]:
        try:
            return _paired(self._ledger.lines())
        except AppendLogError as error:
            raise JournalError(f"the journal cannot be read: {error}") from None


def _paired(lines: Iterable[bytes]) -> list[tuple[_Record, _Record | None]]:
    """Intents in order, each with its last outcome. A line torn by a crash is none."""
    intents: dict[str, _Record] = {}
    outcomes: dict[str, _Record] = {}
    for line in lines:
        try:
            record = msgspec.convert(json.loads(line), _Record)
        except (ValueError, msgspec.ValidationError, RecursionError):
            continue
        (outcomes if record.verdict else intents)[record.id] = record
    return [(record, outcomes.get(record.id)) for record in intents.values()]


def _to_record(intent: Intent, process: str) -> _Record:
    return _Record(
        id=intent.id,
        time=intent.time,
        project=intent.project,
        operation=intent.operation,
        target=intent.target,
        request_id=intent.request_id,
        arguments=intent.arguments,
        reason=intent.reason,
        baseline=intent.baseline,
        facts=dict(intent.facts),
        user=intent.origin.user,
        ssh=intent.origin.ssh,
        process=process,
    )


def _to_intent(record: _Record) -> Intent:
    return Intent(
        id=record.id,
        time=record.time,
        project=record.project,
        operation=record.operation,
        target=record.target,
        request_id=record.request_id,
        arguments=record.arguments,
        reason=record.reason,
        baseline=record.baseline,
        facts=record.facts,
        origin=Origin(record.user, record.ssh),
    )


def _to_entry(record: _Record, outcome: _Record | None) -> AuditEntry:
    intent = _to_intent(record)
    shown = replace(
        intent,
        project=clean(intent.project, limit=120),
        operation=clean(intent.operation, limit=60),
        target=clean(masked(intent.target), limit=300),
        arguments=tuple(clean(masked(name), limit=120) for name in intent.arguments),
        reason=clean(masked(intent.reason), limit=600),
        origin=Origin(clean(intent.origin.user, limit=60), clean(intent.origin.ssh, limit=64)),
    )
    if outcome is None:
        return AuditEntry(shown)
    known = {verdict.value: verdict for verdict in Verdict}.get(outcome.verdict)
    return AuditEntry(
        shown,
        known or Verdict.UNKNOWN,
        foreign="" if known else clean(outcome.verdict, limit=20),
        detail=clean(masked(outcome.detail), limit=600),
        latency=outcome.latency,
    )


def _process(pid: int) -> str:
    """Identifies a process permanently: a process id alone is reused."""
    return f"{socket.gethostname()} {pid} {_started(pid)}"


def _started(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty where that cannot be told or it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError, UnicodeDecodeError):
        return ""


def _is_alive(process: str) -> bool:
    host, _, rest = process.partition(" ")
    pid, _, started = rest.partition(" ")
    return (
        host == socket.gethostname() and pid.isdecimal() and bool(started) and _started(int(pid)) == started
    )
