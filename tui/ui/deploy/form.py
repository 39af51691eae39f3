"""The form before a deploy: what was found in the directory, what will be sent, to which project.

What makes a plan is `make_plan`'s business; events between directory, answers and buttons make its length.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.widgets import Input

from tui.deploy.inspection import Inspection
from tui.deploy.plan import Plan
from tui.deploy.plan_builder import NEW, QUESTIONS, DeployInput, InvalidInput, PlanDraft, build_plan
from tui.fleet.state import Fleet
from tui.operations.descriptions import is_plain_name
from tui.operations.fields import Option
from tui.secret import Secret
from tui.ui.deploy.fact_lines import draft_facts, dry_run_facts, inspection_facts, unlisted_facts, verb
from tui.ui.deploy.questions import CHOICES, YES, fields, visible
from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fact_lines import FactLine
from tui.ui.dialogs.fields.base import FieldAnswered
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.form_dialog import FormDialog
from tui.ui.dialogs.layout import DialogLayout, without_copy
from tui.ui.dialogs.operation_facts import project_cells
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import DEPLOY

LOOKING = 3.0
"""Seconds for which keys wait for a look at the directory, which may be a large one."""
KEYS = (
    "Tab · ctrl+s, then Enter · ↓ suggests · Esc cancels · c copies the command · ctrl+r reloads",
    "Tab · ctrl+s, then Enter · Esc cancels · c copies · ctrl+r reloads",
    "Tab · ctrl+s, then Enter · ↓ suggests · Esc cancels",
)
"""What the keys do, the longest first."""

Look = Callable[[Path], Awaitable[Inspection]]
Decided = Callable[[DeployInput, str, Plan | None], None]
"""Called with what was typed (no secrets), its directory, and the plan; None when it was cancelled."""


def directory(typed: str) -> Path:
    """The directory that was meant, from where the program was started."""
    return Path(os.path.abspath(os.path.expanduser(typed or ".")))


def _names(fleet: Fleet, agent_id: str) -> tuple[str, ...]:
    """The name of an agent, where it can be typed and is no other's."""
    agent = fleet.agent(agent_id)
    return (agent.name,) if agent is not None and is_plain_name(fleet, agent) else ()


@dataclass(frozen=True, slots=True)
class FormPrefill:
    """Where the form opens, and what it starts with."""

    root: str
    given: DeployInput = field(default_factory=DeployInput)


class DeployForm(FormDialog):
    """Asks, and hands a plan on when its button is pressed. It sends nothing itself."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(DEPLOY)

    def __init__(self, place: FormPrefill, context: ProjectContext, look: Look, decided: Decided) -> None:
        super().__init__(DialogLayout(danger=context.project.danger))
        self._place = place
        self._project_context = context
        self._look = look
        self._decided = decided
        self.inspection: Inspection | None = None
        """What was found in the directory; None until that has been looked at."""
        self._looked = ""
        """The directory that was inspected, as it was typed."""
        self.draft: PlanDraft | None = None
        """What the answers amount to; None while that cannot be said."""
        self.problem = ""
        """Why it cannot be done as it stands; empty where it can."""
        self._shows_request = False
        self.is_ready = False
        self._meant = place.given
        """What stood in the form when its button was pressed."""
        self._agent_seen = ("", "")
        """Id and name of the agent when it was chosen."""

    # ---- life -----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Put the questions and look at the directory."""
        super().on_mount()
        self.frame.keys(*KEYS)
        self._unsubscribe = self._project_context.store.subscribe(lambda change: self._see())
        self.replace_work(self._begin, "inspect")

    def on_unmount(self) -> None:
        """Stop following the data."""
        self._unsubscribe()

    def _see(self) -> None:
        """An agent that has another name than the operator saw is not deployed to."""
        if self.draft is not None and self._new_name and not self.problem:
            self._later()

    async def _begin(self) -> None:
        questions = fields(self._place.root, self._place.given)
        form = Form(questions, self.options, chance=self._project_context.chance)
        await self.frame.put(form)
        self.form = form
        self.frame.fill_reason(self._place.given.reason)
        self.set_timer(LOOKING, self._open)
        await self._inspect_now()
        self._open()

    def _open(self) -> None:
        """Give the keyboard to the agent, where the directory names none; else there is nothing to ask."""
        if self.is_ready or self.form is None:
            return
        if self.inspection is not None and not self.text_of("agent"):
            self.form.focus_field("agent")
        else:
            self.frame.button("cancel").focus()
        self.call_after_refresh(self.ready)  # the button has the keyboard by then

    @property
    def asks(self) -> bool:
        """An agent, or a name that has to be typed."""
        return isinstance(self.focused, Input) or bool(self.draft is not None and self.draft.to_type)

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Text for the question that has the keyboard, and the name that has to be typed, wherever it is."""
        return self.frame.takes_name(event) or self.takes_typed(event)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap lines for the new width."""
        self.call_after_refresh(self.redraw)

    # ---- the directory --------------------------------------------------------------------------------

    async def _inspect_now(self) -> None:
        typed = self.text_of("root")
        self.inspection, self._looked, self.draft = None, typed, None
        self.problem = "looking at the directory…"
        self.redraw()
        found = await self._look(directory(typed))
        if typed != self.text_of("root"):
            return  # another one was typed meanwhile
        self.inspection = found
        known = found.project_file.agent_id if found.project_file else ""
        self._fill("agent", known or ("" if found.regional_files else NEW))
        self._fill("region", found.regions[0])
        if found.entry_points:
            self._fill("program", found.entry_points[0])
        if found.env_files and self.text_of("agent") == NEW:
            self._fill("secrets", str(found.env_files[0].relative_to(found.root)))
        if self.form is not None:
            self.form.refill()
        self._agent_seen = self._agent_now()
        await self._judge()

    def options(self, name: str) -> tuple[Option, ...]:
        """What may be chosen."""
        found = self.inspection
        if name in CHOICES:
            return CHOICES[name]
        if name == "agent":
            agents = self._project_context.store.fleet.agents
            listed = (Option(agent.agent_id, (agent.agent_id, agent.name)) for agent in agents)
            regional = found.regional_files if found is not None else {}
            named = (Option(file.agent_id, (file.agent_id, name)) for name, file in regional.items())
            return (*named, Option(NEW, (NEW, "create a new agent")), *listed)
        if name == "deployment":
            agent = self._project_context.store.fleet.agent(self.text_of("agent"))
            names = {row.deployment for row in agent.agent_deployments} if agent else set()
            return tuple(Option(word, (word,)) for word in sorted(names - {""}))
        if found is None:
            return ()
        words: dict[str, tuple[str, ...]] = {
            "region": found.regions,
            "secrets": tuple(str(path.relative_to(found.root)) for path in found.env_files),
            "program": found.entry_points,
        }
        return tuple(Option(word, (word,)) for word in words.get(name, ()))

    # ---- answers --------------------------------------------------------------------------------------

    def text_of(self, name: str) -> str:
        """The answer to a question; before they are put, the directory that the form starts with."""
        return self.form.answers.text(name) if self.form is not None else self._place.root

    def _fill(self, name: str, value: str) -> None:
        """Answer a question that has no answer yet."""
        if self.form is not None and not self.text_of(name):
            self.form.fill(name, value)

    @property
    def given(self) -> DeployInput:
        """What was typed."""
        if self.form is None:
            return self._place.given
        answers = self.form.answers
        return DeployInput(
            agent=answers.text("agent"),
            deployment=answers.text("deployment"),
            region=answers.text("region"),
            secrets_file=answers.text("secrets"),
            typed=answers.value("typed"),
            mounts=answers.text("mounts"),
            attributes=answers.text("attributes"),
            entry_point=answers.text("program"),
            reason=self.frame.reason,
            skip_empty=answers.text("empty") == YES,
            own_attributes=answers.text("git") == YES,
            agreed=frozenset(name for name in QUESTIONS if answers.text(name) == YES),
            confirmation=self.frame.typed.strip(),
        )

    async def _judge(self) -> None:
        """The form as a plan, or why it is not one."""
        if self.inspection is None:
            return
        given = self._fitting(self.given)
        try:
            context = self._project_context
            names = _names(context.store.fleet, given.agent)
            made = await asyncio.to_thread(build_plan, given, self.inspection, context.project, names)
        except InvalidInput as problem:
            self.draft, self.problem = None, str(problem)
        else:
            self.draft, self.problem = made, self._problem_of(made, given)
        if self.is_open:
            self.redraw()

    def _problem_of(self, made: PlanDraft, given: DeployInput) -> str:
        """Why this plan cannot be run; empty if it can."""
        shown = self.form.answers.texts.values() if self.form is not None else ()
        if unfit := self.problem_in(shown):
            return unfit
        if self._new_name:
            return f"changed since you looked: {given.agent} is called {self._new_name} now. Choose it again"
        return made.missing(given)

    def _agent_now(self) -> tuple[str, str]:
        """Id and name of the chosen agent; no name while it is not listed."""
        agent = self._project_context.store.fleet.agent(self.text_of("agent"))
        return self.text_of("agent"), agent.name if agent is not None else ""

    @property
    def _new_name(self) -> str:
        """The name that the chosen agent has by now; empty while it is the one that was seen."""
        (seen, before), (chosen, now) = self._agent_seen, self._agent_now()
        return now if seen == chosen and before != now and before else ""

    def refuse_paste(self, words: str) -> None:
        """Say it where everything else is said."""
        self.problem = words
        self.redraw()

    def _fitting(self, given: DeployInput) -> DeployInput:
        """Without answers to hidden questions, which stay in the form and do not count."""
        return replace(given, deployment="") if given.agent == NEW else given

    def on_field_answered(self, event: FieldAnswered) -> None:
        """Another answer; another directory is inspected on Enter."""
        event.stop()
        self._shows_request = False
        if event.field == "agent":
            self._agent_seen = self._agent_now()
        if self.text_of("root") != self._looked:
            self.inspection = self.draft = None
            self.problem = "Enter looks at this directory"
            self.redraw()
        else:
            self._later()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The reason, or the typed confirmation."""
        self._later()

    def on_secret_input_changed(self, event: SecretInput.Changed) -> None:
        """Secrets were typed."""
        self._later()

    def _later(self) -> None:
        self.replace_work(self._judge, "judge")

    def go_on(self) -> None:
        """Enter in a question: look at another directory that was typed, and go to the next question."""
        if self.text_of("root") != self._looked:
            self.replace_work(self._inspect_now, "inspect")
        super().go_on()

    # ---- keys -----------------------------------------------------------------------------------------

    def on_press_pressed(self, event: Press.Pressed) -> None:
        """A button."""
        event.stop()
        if event.button.id == "cancel":
            self.action_leave()
        elif event.button.id == "again" or self._project_context.dry_run:
            self._shows_request = not self._shows_request and self.draft is not None
            self.redraw()
        elif self.draft is None or self.problem or self._project_context.locked:
            self.app.bell()
        elif not self.enter_is_held:
            self._meant = self.given
            self.replace_work(self._go, "go")

    async def _go(self) -> None:
        """Deploy, after reading the directory once more: a file may have changed."""
        await self._judge()
        if self.draft is None or self.problem or self._project_context.locked or self.given != self._meant:
            self.app.bell()
            self.redraw()
            return
        self._leave(self.draft.plan)

    def action_leave(self) -> None:
        """Close an open list, the request shown, or the form."""
        if self.form is not None and self.form.close_list():
            return
        if self._shows_request:
            self._shows_request = False
            self.redraw()
            return
        self._leave(None)

    def _leave(self, plan: Plan | None) -> None:
        given = replace(self.given, typed=Secret(""), confirmation="", agreed=frozenset())
        typed = self.text_of("root")
        if self.form is not None:
            self.form.wipe()
        self.dismiss()
        self._decided(given, typed, plan)

    def action_read_again(self) -> None:
        """Look at the directory again."""
        self.replace_work(self._inspect_now, "inspect")

    def action_copy_command(self) -> None:
        """The equivalent command."""
        if self.draft is not None:
            self._project_context.copy(self.draft.plan.command())

    def action_picture(self) -> None:
        """A picture, unless a secret is being typed."""
        if isinstance(self.focused, SecretInput):
            self._project_context.say("no pictures while a secret is asked for", tone="warn")
        else:
            self._project_context.picture()

    # ---- drawing --------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw what differs."""
        if self.form is None or not self.is_open:
            return  # not there yet, or going
        given, made, context = self.given, self.draft, self._project_context
        creates = given.agent == NEW
        agent_id = "" if creates else given.agent
        what = verb("", agent_id, context.store.fleet) if creates or agent_id else "Create or deploy"
        self.frame.title(what, project_cells(context.project, locked=context.locked), "accent")
        asked = [name for name, _ in made.questions] if made else []
        for name, shown in visible(self.inspection, given, asked).items():
            widget = self.form.widget(name)
            if widget is not None and widget.parent is not None:
                widget.parent.display = shown
        self.frame.ask_typed(made.to_type if made else ())
        self.frame.facts(self._facts())
        self.frame.status(self._status())
        self.frame.keys(*(map(without_copy, KEYS) if self.frame.is_letter_typed() else KEYS))
        self._buttons(creates)

    def _facts(self) -> list[FactLine]:
        if self.inspection is None:
            return []
        if self._shows_request and self.draft is not None:
            return dry_run_facts(self.draft.plan, self.inspection, self._project_context.project)
        known = draft_facts(self.draft) if self.draft else []
        unlisted = unlisted_facts(self._project_context.store.fleet)
        return [*known, *inspection_facts(self.inspection), *unlisted]

    def _status(self) -> list[FactLine]:
        if self._project_context.locked:
            return [FactLine("", "this session is read-only, nothing can be sent: :unlock 15m", "warn")]
        facts: list[FactLine] = []
        if self.problem:
            facts.append(FactLine("", self.problem, "error" if self.draft is None else "warn"))
        elif self._project_context.dry_run:
            facts.append(FactLine("", "dry run: nothing is sent", "warn"))
        elif count := len(self.inspection.warnings) if self.inspection else 0:
            facts.append(
                FactLine("", f"ready; {count} {'warning' if count == 1 else 'warnings'} above", "warn")
            )
        else:
            facts.append(FactLine("", "ready", "ok"))
        words = self.form.help_for(self.focused) if self.form is not None else ""
        return [*facts, FactLine("", words, "muted")]

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the question means."""
        self.redraw()

    def _buttons(self, creates: bool) -> None:
        ready = self.draft is not None and not self.problem
        label = "read-only" if self._project_context.locked else "Create" if creates else "Deploy"
        self.frame.button("go").say(label, "warn" if ready and not self._project_context.locked else "muted")
        self.frame.button("again").say("Back" if self._shows_request else "Dry run", "text")
