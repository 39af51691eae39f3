"""Preview, request, outcome and join watch of an operation as fact lines. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tui.api.hosts import Host
from tui.fleet.lists.cells import Cell
from tui.fleet.view import View
from tui.formats import duration
from tui.operations.fields import Answers, Hint, HintLevel
from tui.operations.join_watch import JoinHealth, JoinProgress
from tui.operations.journal.journal import Verdict
from tui.operations.journal.outcome import Outcome
from tui.operations.operation import Operation, Preview
from tui.project import Project
from tui.ui.dialogs.fact_lines import LABEL, FactLine
from tui.ui.dialogs.verdicts import outcome_tone
from tui.ui.widgets.text import width

_WEIGHTS = {HintLevel.NOTE: ("·", "muted"), HintLevel.GOOD: ("✓", "ok"), HintLevel.WARN: ("!", "warn")}
_MOODS = {
    JoinHealth.WAITING: ("◔", "busy"),
    JoinHealth.SLOW: ("?", "warn"),
    JoinHealth.BAD: ("✗", "error"),
    JoinHealth.GOOD: ("✓", "ok"),
}
STATES = 3
"""Lines of state shown for one of several targets, at most."""
AGE_STEP = 5
"""Seconds: the step of the age of data."""


def preview_facts(
    preview: Preview, baseline: Preview, hints: Sequence[Hint], age: float | None, command: str
) -> list[FactLine]:
    """Everything that a dialog says before something is sent."""
    facts = [
        FactLine("", f"{sign} {hint.text}", tone) for hint in hints for sign, tone in [_WEIGHTS[hint.weight]]
    ]
    if preview.what != baseline.what:
        facts.insert(0, renamed(preview.what, baseline.what))
    known, old = ("", False) if age is None else (f" · data {age_words(age)}", age >= 2 * AGE_STEP)
    facts.append(FactLine("where", preview.where + known, "warn" if old else "text"))
    facts += effect_facts(preview)
    facts += list(_state(preview, baseline))
    if command:
        facts.append(FactLine("command", command, "info"))
    return facts


def renamed(now: str, before: str) -> FactLine:
    """The mark of a target that has another name than the operator saw."""
    return FactLine("", f"Δ {now} (was {before})", "warn", "warn")


def effect_facts(preview: Preview, label: str = "effect", tone: str = "text") -> list[FactLine]:
    """The effects, losses first."""
    facts = [(text, "error") for text in preview.lost] + [(text, tone) for text in preview.effect]
    return [FactLine("" if place else label, *said) for place, said in enumerate(facts)]


def _state(preview: Preview, baseline: Preview) -> Iterator[FactLine]:
    """The state, with changes marked; a label too long for its column goes before its text."""
    before = {fact.label: fact for fact in baseline.state}
    first = "state"
    for fact in preview.state:
        short = width(fact.label) < LABEL
        label, head = (fact.label, "") if short else (first, f"{fact.label}: ")
        first = first if short else ""
        old = before.pop(fact.label, None)
        if old is not None and old.text == fact.text:
            yield FactLine(label, f"{head}{fact.text}")
        else:
            was = f" (was {old.text})" if old is not None else " (new)"
            yield FactLine(label, f"Δ {head}{fact.text}{was}", "warn", "warn")
    for gone in before.values():
        yield FactLine("", f"Δ {gone.label} is gone (was {gone.text})", "warn", "warn")


def project_cells(project: Project, *, locked: bool) -> list[Cell]:
    """Where it will be done, in words."""
    cells = [Cell(f"in {project.name} ", "warn" if project.danger else "text")]
    if project.danger:
        cells.append(Cell(" PRODUCTION ", "error"))
    if locked:
        cells.append(Cell(" read-only", "info"))
    return cells


def age_words(age: float) -> str:
    """The age of data, in steps."""
    step = int(age) // AGE_STEP * AGE_STEP
    return "is current" if step < AGE_STEP else f"{step} s old"


def request_facts(operation: Operation, view: View, answers: Answers, project: Project) -> list[FactLine]:
    """What would be sent, as JSON, with every secret masked."""
    base = project.agents_url if operation.method.host is Host.AGENTS else project.url
    body = json.dumps(operation.request(view, answers), default=str, indent=2, ensure_ascii=False)
    facts = [
        FactLine("dry run", "this is what would be sent; nothing was sent", "accent"),
        FactLine("POST", f"{base}{operation.method.path}"),
    ]
    return facts + [
        FactLine("body" if place == 0 else "", line) for place, line in enumerate(body.split("\n"))
    ]


def join_facts(join: JoinProgress) -> list[FactLine]:
    """The steps from accepted to joined, with elapsed times."""
    sign, tone = _MOODS[join.mood]
    wait = "◔ …" if not join.over else "–"
    facts = [
        _step("accepted", join.accepted, join.dispatch_id, wait),
        _step("job", join.job, join.job_id, wait),
        _step("in the room", join.joined, join.identity, wait),
        FactLine("", f"{sign} {join.verdict}", tone),
    ]
    return [*facts, FactLine("likely cause", join.cause, tone)] if join.cause else facts


def _step(label: str, took: float | None, identity: str, wait: str) -> FactLine:
    if took is None:
        return FactLine(label, wait, "muted")
    return FactLine(label, f"✓ {duration(took):<8}{identity}".rstrip(), "ok")


def outcome_facts(outcome: Outcome) -> tuple[FactLine, ...]:
    """The outcome, then its parts, notes, and the request id where it is not simply done."""
    facts = [FactLine("", outcome.words, outcome_tone(outcome))]
    facts += [FactLine("", item, "error" if "NOT" in item else "ok") for item in outcome.items]
    facts += [FactLine("", note, "warn") for note in outcome.notes]
    if outcome.intent is not None and outcome.verdict not in (Verdict.DONE, Verdict.ACCEPTED):
        facts.append(FactLine("request id", outcome.intent.request_id, "muted"))
    return tuple(facts)


def is_plain(outcome: Outcome) -> bool:
    """Done or accepted, and nothing more to see."""
    more = outcome.items or outcome.notes or outcome.doubt
    joins = outcome.receipt is not None and outcome.receipt.dispatch is not None
    return outcome.verdict in (Verdict.DONE, Verdict.ACCEPTED) and not more and not joins


def state_lines(preview: Preview) -> list[str]:
    """The state in few lines: equal states of several places are one line."""
    places: dict[str, list[str]] = {}
    for fact in preview.state:
        places.setdefault(fact.text, []).append(fact.label)
    said = [f"{', '.join(labels)}: {text}" for text, labels in places.items()]
    more = len(said) - STATES
    return [*said[:STATES], f"and {more} more"] if more > 0 else said
