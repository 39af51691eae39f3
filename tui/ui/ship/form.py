"""The form before shipping: what was found in the directory, what will be sent, to which project."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Label

from tui.fleet.shipping.plan import Plan
from tui.fleet.shipping.reading import BadInput, Given, make_plan
from tui.fleet.shipping.survey import Survey
from tui.fleet.target import Target
from tui.ui.lines import Line, Lines
from tui.ui.rows import Cell

FACTS = 9
"""Lines of what was found."""
DEAF = 0.4
"""Seconds after opening during which the button does nothing (product.md b7)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the form opens."""

    root: Path
    target: Target
    agent_id: str = ""
    """The agent that was selected."""
    locked: bool = False
    """Read-only: the form is for learning."""


class ShipForm(ModalScreen[Plan | None]):
    """Asks; dismisses with the plan, or with None. Cancel has the keyboard first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    _FIELDS: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("root", "directory", "where the agent's source is"),
        ("agent", "agent", "an id to deploy to, or new"),
        ("deployment", "deployment", "empty is production"),
        ("region", "region", "of a new agent"),
        ("secrets", "secrets file", "KEY=VALUE lines; empty for none"),
        ("attributes", "attributes", "of the version: name=value …"),
        ("entry", "program", "for a Dockerfile that is missing"),
        ("reason", "reason", "for the journal"),
    )

    def __init__(
        self,
        place: Place,
        survey: Callable[[Path], Awaitable[Survey]],
        *,
        monotonic: Callable[[], float],
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self._place = place
        self._look = survey
        self._monotonic = monotonic
        self._ascii = ascii_only
        self._opened = monotonic()
        self._survey: Survey | None = None

    def compose(self) -> ComposeResult:
        """Questions, what was found, buttons."""
        with Vertical(id="ship-form"):
            yield Lines(ascii_only=self._ascii, id="ship-title")
            with VerticalScroll(id="ship-fields"):
                for name, label, help_text in self._FIELDS:
                    with Horizontal(classes="ship-row"):
                        yield Label(Content(label), classes="ship-label")
                        field = Input(placeholder=help_text, id=f"ship-{name}")
                        field.cursor_blink = False
                        yield field
                yield Checkbox(Content("skip secrets that are empty"), id="ship-skip")
            facts = Lines(ascii_only=self._ascii, id="ship-facts")
            facts.styles.height = FACTS
            yield facts
            with Horizontal(id="ship-buttons"):
                yield Button(Content("Cancel"), id="ship-cancel")
                yield Button(Content("read-only" if self._place.locked else "Deploy"), id="ship-go")

    def on_mount(self) -> None:
        """Look at the directory first."""
        self._set("root", str(self._place.root))
        self.query_one("#ship-go", Button).disabled = True
        self.query_one("#ship-cancel", Button).focus()
        self._title()
        self.run_worker(self._survey_now(), exclusive=True)

    def _title(self) -> None:
        target = self._place.target
        name = Cell(f" {target.name}", "error" if target.danger else "text")
        danger = (Cell(" PRODUCTION", "error"),) if target.danger else ()
        self.query_one("#ship-title", Lines).set_lines(
            [(Cell(" Create or deploy in project", "accent"), name, *danger)]
        )

    async def _survey_now(self) -> None:
        self._facts([(Cell(" looking…", "muted"),)])
        found = await self._look(Path(os.path.expanduser(self._get("root"))))
        self._survey = found
        known = found.project_file.agent_id if found.project_file else ""
        self._fill("agent", known or self._place.agent_id or "new")
        self._fill("region", found.regions[0])
        if not found.has_dockerfile and found.entry_points:
            self._fill("entry", found.entry_points[0])
        if found.env_files and self._get("agent") == "new":
            self._fill("secrets", str(found.env_files[0]))
        await self._judge()

    def _fill(self, name: str, value: str) -> None:
        if not self._get(name):
            self._set(name, value)

    def _set(self, name: str, value: str) -> None:
        field = self.query_one(f"#ship-{name}", Input)
        with field.prevent(Input.Changed):
            field.value = value

    def _get(self, name: str) -> str:
        return self.query_one(f"#ship-{name}", Input).value.strip()

    def _given(self) -> Given:
        return Given(
            agent=self._get("agent"),
            deployment=self._get("deployment"),
            region=self._get("region"),
            secrets_file=self._get("secrets"),
            attributes=self._get("attributes"),
            entry_point=self._get("entry"),
            reason=self._get("reason"),
            skip_empty=self.query_one("#ship-skip", Checkbox).value,
        )

    async def _judge(self) -> Plan | None:
        """The plan as things stand, with what is wrong or worth knowing on the screen."""
        survey = self._survey
        go = self.query_one("#ship-go", Button)
        if survey is None:
            return None
        lines = found_lines(survey)
        plan: Plan | None = None
        try:
            given = self._given()
            made = await asyncio.to_thread(make_plan, given, survey, self._place.target)
        except BadInput as problem:
            lines.insert(0, (Cell(f" ✗ {problem}", "error"),))
        else:
            plan = made.plan
            lines = [*((Cell(f" ! {note}", "warn"),) for note in made.notes), *lines]
            lines.append((Cell(f" $ {plan.command()}", "muted"),))
        go.disabled = plan is None or self._place.locked
        if not self._place.locked:
            go.label = Content("Create" if self._get("agent") == "new" else "Deploy")
        self._facts(lines)
        return plan

    def _facts(self, lines: list[Line]) -> None:
        shown = lines[:FACTS]
        if len(lines) > FACTS:
            shown[-1] = (Cell(f" … and {len(lines) - FACTS + 1} more", "muted"),)
        self.query_one("#ship-facts", Lines).set_lines(shown)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Judge while it is typed; another directory is looked at on Enter."""
        event.stop()
        if event.input.id == "ship-root":
            self._survey = None
            self.query_one("#ship-go", Button).disabled = True
            self._facts([(Cell(" Enter looks at this directory", "muted"),)])
        else:
            self.run_worker(self._judge(), exclusive=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look at another directory, or go to the next question."""
        event.stop()
        if event.input.id == "ship-root":
            self.run_worker(self._survey_now(), exclusive=True)
        else:
            self.focus_next()

    def on_checkbox_changed(self) -> None:
        """Empty secrets are skipped, or refused."""
        self.run_worker(self._judge(), exclusive=True)

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or ship what is on the screen."""
        event.stop()
        if event.button.id == "ship-cancel":
            self.dismiss(None)
        elif self._monotonic() - self._opened > DEAF and (plan := await self._judge()) is not None:
            self.dismiss(plan)

    def action_cancel(self) -> None:
        """Ship nothing."""
        self.dismiss(None)


def found_lines(survey: Survey) -> list[Line]:
    """What was found in a directory, worst first."""
    lines: list[Line] = [(Cell(f" ✗ {problem}", "error"),) for problem in survey.problems]
    lines += [(Cell(f" ! {warning}", "warn"),) for warning in survey.warnings]
    if survey.detected is not None:
        lines.append((Cell(f" {survey.detected.type.value}, told by {survey.detected.file}", "text"),))
    if survey.source is not None:
        files = sum(1 for entry in survey.source.entries if not entry.is_directory)
        lines.append((Cell(f" {files} files, {survey.source.size / 1e6:.1f} MB before compression"),))
    if survey.git is not None and survey.git.commit:
        words = f" git {survey.git.commit} {survey.git.branch}"
        dirty = Cell("  uncommitted changes go along", "warn") if survey.git.dirty else Cell()
        lines.append((Cell(words), dirty))
    docker = (
        "Dockerfile is there" if survey.has_dockerfile else "no Dockerfile: one is written for the program"
    )
    lines.append((Cell(f" {docker}", "text" if survey.has_dockerfile else "warn"),))
    return lines
