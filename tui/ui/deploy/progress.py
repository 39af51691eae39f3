"""The progress of a deploy: stages, build steps with their times, the output of failed steps, the verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from tui.deploy.plan import BuildProgress, BuildStep, DeployReport, Plan, Stage, State, StepState
from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.formats import duration
from tui.ui.deploy.fact_lines import verb
from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.fact_lines import wrap_text
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import DEPLOYING
from tui.ui.widgets.lines import Line, Lines
from tui.ui.widgets.table import LineTable

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

COLUMNS = (
    ColumnLayout("sign", " ", 1),
    ColumnLayout("stage", "STAGE", 14),
    ColumnLayout("time", "TIME", 9, right=True),
    ColumnLayout("detail", "DETAIL", 20, grow=1),
)

BESIDE = 6 + sum(column.width for column in COLUMNS[:-1])
"""Cells of a row beside its detail: other columns, gaps, the sign on the left, the bar on the right."""

Row = tuple[Cell, ...]


def rows(report: DeployReport, size: int) -> list[tuple[str, Row]]:
    """Keys and rows of everything except the verdict; details take `size` cells."""
    found: list[tuple[str, Row]] = []
    for stage in Stage:
        found.append((stage.value, _stage(report, stage)))
        if stage is Stage.BUILD and report.build is not None:
            found += _steps(report.build, size)
    return found


def failures(report: DeployReport) -> str:
    """The verdict and the last output of what failed, to be copied."""
    steps = report.build.steps if report.build else ()
    parts = [report.verdict]
    for step in steps:
        if step.state is StepState.FAILED:
            parts += ["", f"{step.name}: {step.error}", *step.tail]
    return "\n".join(parts)


def _stage(report: DeployReport, stage: Stage) -> Row:
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


def _steps(build: BuildProgress, size: int) -> list[tuple[str, Row]]:
    found: list[tuple[str, Row]] = []
    for step in build.steps:
        found.append((f"step {step.key}", _step(step)))
        if step.state is StepState.FAILED:
            room = max(20, size - 4)
            output = [(part, "muted") for line in step.tail[-TAIL:] for part in wrap_text(line, room)]
            output += [(part, "error") for part in wrap_text(step.error, room)]
            found += [
                (f"output {step.key} {place}", _output(line, look))
                for place, (line, look) in enumerate(output)
            ]
    for number, warning in enumerate(build.warnings):
        for place, line in enumerate(wrap_text(warning.text, max(20, size))):
            sign = Cell("  !" if place == 0 else "", "warn")
            found.append((f"warning {number} {place}", (Cell(), sign, Cell(), Cell(line, "warn"))))
    return found


def _output(text: str, look: str) -> Row:
    return (Cell(), Cell(), Cell(), Cell(f"  {text}", look))


def _step(step: BuildStep) -> Row:
    sign, look, word = _STEPS[step.state]
    time = word or (duration(step.duration) if step.state is not StepState.WAITING else "")
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


class DeployScreen(Dialog):
    """Shows a deploy while it runs. Leaving early takes two presses, since that may cancel the build."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(DEPLOYING)

    def __init__(
        self,
        plan: Plan,
        context: ProjectContext,
        start: Callable[[Callable[[DeployReport], None]], asyncio.Task[DeployReport]],
    ) -> None:
        super().__init__()
        self._plan = plan
        self._project_context = context
        self._start = start
        self._deploying: asyncio.Task[DeployReport] | None = None
        self._report: DeployReport | None = None
        self._asked = -AGAIN
        self._followed = Stage.FILES.value
        """The row that the cursor was put on."""

    def compose(self) -> ComposeResult:
        """Title, rows, the verdict, what the keys do."""
        with Vertical(id="deploying"):
            yield Lines(id="deploying-title")
            yield LineTable(COLUMNS)
            yield Lines(id="deploying-verdict")
            yield Lines(id="deploying-keys")

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        plan = self._plan
        what = verb(plan.region, plan.agent_id, self._project_context.store.fleet)
        where = (
            f"  {plan.deployment or 'production'} of {self._project_context.project.name}, from {plan.root}"
        )
        self._lines("title", [(Cell(f" {what}", "accent"), Cell(where, "text"))])
        self.query_one(LineTable).focus()
        self._deploying = self._start(self._tell)
        self._say()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap lines for the new width."""
        self.call_after_refresh(self._draw)

    def _tell(self, report: DeployReport) -> None:
        self._report = report
        if self.is_open:
            self._draw()
            self._say()

    def _draw(self) -> None:
        report = self._report
        if report is None:
            return
        table = self.query_one(LineTable)
        found = dict(rows(report, table.size.width - BESIDE))
        follows = table.cursor in ("", self._followed)
        table.show(list(found), lambda key: found[key], ghosts=False)
        if follows:  # until the operator moves the cursor
            self._followed = _newest(report, list(found))
            table.select(self._followed)
        look = "ok" if report.good else "warn" if State.UNKNOWN in report.stages.values() else "error"
        sign = {"ok": "✓", "warn": "?", "error": "✗"}[look]
        words = f"{sign} {report.verdict}" if report.verdict else ""
        size = max(20, self.query_one("#deploying").size.width - 2)
        self._lines(
            "verdict", [(Cell(f" {line}", look),) for line in wrap_text(words, size)] if words else []
        )

    def _lines(self, name: str, found: list[Line]) -> None:
        shown = self.query_one(f"#deploying-{name}", Lines)
        shown.styles.height = max(1, len(found))
        shown.set_lines(found)

    def _say(self, words: str = "") -> None:
        over = self._report is not None and self._report.over
        quiet = "Esc closes · c copies the result" if over else "Esc Esc: leave (may cancel the build)"
        self._lines("keys", [(Cell(f" {words or quiet}", "warn" if words else "muted"),)])

    def action_leave(self) -> None:
        """Close; during the work only when asked twice."""
        if self._report is not None and self._report.over:
            self.dismiss()
            return
        now = self._project_context.clock.monotonic()
        if now - self._asked < AGAIN and self._deploying is not None:
            self._deploying.cancel()
            self.dismiss()
            return
        self._asked = now
        self._say("Still running: leaving may cancel the build. Esc again leaves anyway")

    def action_copy(self) -> None:
        """Copy the verdict, with the output of what failed."""
        if self._report is not None and self._report.verdict:
            self._project_context.copy(failures(self._report))


def _newest(report: DeployReport, keys: list[str]) -> str:
    """The row to keep in sight: the last output of a failure, else what is under way."""
    output = [key for key in keys if key.startswith("output ")]
    running = [stage.value for stage in Stage if report.stages[stage] is State.RUNNING]
    steps = [key for key in keys if key.startswith("step ")]
    if output:
        return output[-1]
    if running and running[-1] == Stage.BUILD.value and steps:
        return steps[-1]
    return running[-1] if running else keys[-1]
