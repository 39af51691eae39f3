"""How far a shipment got: stages, build steps with their times, the output of what failed, the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen

from tui.fleet.shipping.plan import BuildProgress, Plan, Report, Stage, State, Step, StepState
from tui.fleet.times import seconds
from tui.ui.lines import Lines
from tui.ui.rows import Cell, Column
from tui.ui.table import LineTable

_STATES = {
    State.WAITING: ("·", "muted"),
    State.RUNNING: ("◐", "busy"),
    State.DONE: ("✓", "ok"),
    State.SKIPPED: ("–", "muted"),
    State.FAILED: ("✗", "error"),
    State.UNKNOWN: ("?", "warn"),
}
_STEPS = {
    StepState.WAITING: ("·", "muted", ""),
    StepState.RUNNING: ("◐", "busy", ""),
    StepState.CACHED: ("✓", "muted", "cached"),
    StepState.DONE: ("✓", "ok", ""),
    StepState.FAILED: ("✗", "error", "failed"),
    StepState.CANCELLED: ("■", "warn", "cancelled"),
}
BAR = 20
"""Cells of a progress bar."""
TAIL = 12
"""Lines of output shown below a step that failed."""
AGAIN = 3.0
"""Seconds within which a second Esc leaves during the work."""

Row = tuple[Cell, ...]


def rows(report: Report) -> list[tuple[str, Row]]:
    """Everything that there is to say, as keys and rows."""
    found: list[tuple[str, Row]] = []
    for stage in Stage:
        found.append((stage.value, _stage(report, stage)))
        if stage is Stage.BUILD and report.build is not None:
            found += _steps(report.build)
    if report.verdict:
        look = "ok" if report.good else "error"
        found += [("", (Cell(),)), ("verdict", (Cell(f"  {report.verdict}", look),))]
    return found


def _stage(report: Report, stage: Stage) -> Row:
    state = report.stages[stage]
    sign, look = _STATES[state]
    detail = report.details.get(stage, "")
    if state is State.RUNNING and report.total:
        detail = f"{_bar(report.done, report.total)} {report.done / 1e6:.1f} of {report.total / 1e6:.1f} MB"
    elif stage is Stage.BUILD and report.build is not None and state is State.RUNNING:
        build = report.build
        detail = build.queue or f"{build.completed} of {build.total} steps"
    return (Cell(sign, look), Cell(stage.value, look), Cell(), Cell(detail, "text"))


def _bar(done: int, total: int) -> str:
    full = BAR * done // max(1, total)
    return "█" * full + "░" * (BAR - full)


def _steps(build: BuildProgress) -> list[tuple[str, Row]]:
    found: list[tuple[str, Row]] = []
    for step in build.steps:
        found.append((f"step {step.key}", _step(step)))
        if step.state is StepState.FAILED:
            if step.error:
                found.append((f"error {step.key}", _output(step.error, "error")))
            found += [
                (f"tail {step.key} {index}", _output(line, "muted"))
                for index, line in enumerate(step.tail[-TAIL:])
            ]
    found += [
        (f"warning {index}", (Cell("!", "warn"), Cell(), Cell(), Cell(warning.text, "warn")))
        for index, warning in enumerate(build.warnings)
    ]
    return found


def _output(text: str, look: str) -> Row:
    return (Cell(), Cell(), Cell(), Cell(f"  {text}", look))


def _step(step: Step) -> Row:
    sign, look, word = _STEPS[step.state]
    time = word or (seconds(step.duration) if step.state is not StepState.WAITING else "")
    part = next((part for part in step.parts if not part.done), None)
    if part is not None and part.total:
        word = f"  {_bar(part.current, part.total)} {part.text}"
    elif step.state is StepState.RUNNING and step.tail:
        word = f"  {step.tail[-1]}"
    else:
        word = ""
    return (
        Cell(),
        Cell(f"  {sign} {step.number or ''}", look),
        Cell(time, look),
        Cell(step.name + word, look),
    )


class Shipping(ModalScreen[Report]):
    """Shows a shipment while it runs; leaving before its end asks twice, for the build may be dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Leave"),
        Binding("c", "copy", "Copy the verdict", show=False),
    ]

    class Copy(Message):
        """The operator wants this text on the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self,
        plan: Plan,
        start: Callable[[Callable[[Report], None]], asyncio.Task[Report]],
        *,
        clock: Callable[[], float],
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self._plan = plan
        self._start = start
        self._clock = clock
        self._ascii = ascii_only
        self._task: asyncio.Task[Report] | None = None
        self._report: Report | None = None
        self._asked = -AGAIN

    def compose(self) -> ComposeResult:
        """Title, rows, what the keys do."""
        columns = (
            Column("sign", " ", 1),
            Column("stage", "STAGE", 12),
            Column("time", "TIME", 9, right=True),
            Column("detail", "DETAIL", 20, grow=1),
        )
        with Vertical(id="shipping"):
            yield Lines(ascii_only=self._ascii, id="shipping-title")
            yield LineTable(columns, ascii_only=self._ascii)
            yield Lines(ascii_only=self._ascii, id="shipping-keys")

    def on_mount(self) -> None:
        """Begin."""
        verb = "Create an agent" if self._plan.creates else f"Deploy {self._plan.agent_id}"
        where = f" from {self._plan.root}"
        self.query_one("#shipping-title", Lines).set_lines(
            [(Cell(f" {verb}", "accent"), Cell(where, "text"))]
        )
        self.query_one(LineTable).focus()
        self._task = self._start(self._tell)
        self._say()

    def _tell(self, report: Report) -> None:
        self._report = report
        if not self.is_attached:
            return
        found = dict(rows(report))
        table = self.query_one(LineTable)
        at_end = not table.keys or table.cursor == table.keys[-1]
        table.show(list(found), lambda key: found[key], keep=False)
        if at_end and found:
            table.select(list(found)[-1])
        if report.over:
            self._say()

    def _say(self, words: str = "") -> None:
        over = self._report is not None and self._report.over
        quiet = "Esc closes · c copies the verdict" if over else "Esc twice leaves: the build may be dropped"
        words = words or quiet
        self.query_one("#shipping-keys", Lines).set_lines([(Cell(f" {words}", "muted"),)])

    def action_leave(self) -> None:
        """Close; during the work only when asked twice."""
        if self._report is not None and self._report.over:
            self.dismiss(self._report)
            return
        now = self._clock()
        if now - self._asked < AGAIN and self._task is not None:
            self._task.cancel()
            self.dismiss(self._report)
            return
        self._asked = now
        self._say("Still at work: leaving may drop the build. Esc again leaves all the same")

    def action_copy(self) -> None:
        """Copy the verdict."""
        if self._report is not None and self._report.verdict:
            self.post_message(self.Copy(self._report.verdict))
