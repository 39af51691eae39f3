"""The dialog of one operation on several targets: lists every one, does them one at a time.

It is long because Textual wants a handler for each kind of event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.events import DescendantFocus, Key, Paste, Resize
from textual.widgets import Input

from tui.fleet.lists.cells import Cell
from tui.operations.bulk import BulkTarget, perform_all
from tui.operations.fields import Answers, Field, FieldKind, Option
from tui.operations.freshness_check import too_old
from tui.operations.journal.journal import Verdict
from tui.operations.journal.outcome import WORDS, Outcome, Progress
from tui.operations.operation import Danger, Operation
from tui.operations.targets import Target
from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fact_lines import FactLine
from tui.ui.dialogs.fields.base import ChoiceInput, FieldAnswered
from tui.ui.dialogs.layout import DialogLayout, without_copy
from tui.ui.dialogs.operation_facts import effect_facts, project_cells, state_lines
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.dialogs.verdicts import outcome_tone, verdict_sign
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import BULK
from tui.ui.widgets.lines import Lines

LEAVE, INCLUDE = "leave", "include"
KEYS = (
    "Tab · ctrl+s, then Enter · Esc cancels · c copies the commands · ctrl+r reloads",
    "ctrl+s, then Enter · Esc cancels · c copies · ctrl+r reloads",
    "ctrl+s, then Enter · Esc cancels",
)
RUNNING_KEYS = ("Esc stops · c copies the commands", "Esc stops")
ENDED_KEYS = ("Esc closes · c copies the commands", "Esc closes")
"""What the keys do, the longest first."""


def summary(done: int, total: int, ended: Sequence[Outcome]) -> str:
    """How it went with all of them: `done` went well, and only the last of those that ended may have not."""
    accepted = any(outcome.verdict is Verdict.ACCEPTED for outcome in ended[:done])
    parts = [f"{done} of {total} {WORDS[Verdict.ACCEPTED if accepted else Verdict.DONE]}"]
    parts += [f"1 {'in doubt' if last.doubt else WORDS[last.verdict]}" for last in ended[done:]]
    rest = total - len(ended)
    return ", ".join([*parts, f"stopped: {rest} not touched"] if rest else parts)


class BulkDialog(Dialog):
    """Stops at the first failure; Esc stops after the current target, and p continues."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(BULK)

    def __init__(self, context: ProjectContext, operation: Operation, targets: Sequence[Target]) -> None:
        super().__init__()
        self._project_context = context
        self.operation = operation
        self._given = tuple(targets)
        self._left_out: list[str] = []
        self._targets = self._frozen()
        self._seen: dict[str, Progress | Outcome] = {}
        self._under_way: tuple[BulkTarget, ...] = ()
        self._stopping = False
        self._ended = ""
        self.is_ready = False
        self.frame = DialogLayout(danger=context.project.danger)
        hidden = [target for target in self._targets if target.hidden]
        words = f"include {len(hidden)} hidden by the filter"
        self._choice = ChoiceInput(
            Field("hidden", "hidden", FieldKind.CHOICE, value=LEAVE),
            (Option(LEAVE, ("leave out",)), Option(INCLUDE, (words,))),
        )
        self._hidden_label = Lines()
        self._hidden_label.add_class("label")
        self._choice.display = self._hidden_label.display = bool(hidden)

    def _frozen(self) -> tuple[BulkTarget, ...]:
        """The targets as they are now, without those that the operation does not fit."""
        found = []
        self._left_out.clear()
        for target in self._given:
            view = self._project_context.view(target.selection)
            name = self.operation.target(view, Answers())
            if problem := self.operation.unfit(view):
                self._left_out.append(f"{name}: {problem}")
                continue
            preview = self.operation.preview(view, Answers())
            agent = view.agent  # a dispatch has one beside it, too
            agent_name = agent.name if agent is not None and agent.agent_id == name else ""
            found.append(BulkTarget(target.selection, name, preview, target.hidden, agent_name))
        return tuple(found)

    def compose(self) -> ComposeResult:
        """The frame, with a choice where a filter hides some."""
        yield self.frame

    def on_mount(self) -> None:
        """Ask."""
        super().on_mount()
        self.replace_work(self._ask)
        self.set_interval(1.0, self.redraw)

    async def _ask(self) -> None:
        self.frame.button("again").display = False
        self._hidden_label.set_lines([(Cell("hidden", "muted"),)])
        row = Horizontal(self._hidden_label, self._choice, classes="row")
        await self.frame.mount(row, before="#row-reason")
        self.frame.button("cancel").focus()
        self.redraw()
        self.ready()

    @property
    def _chosen(self) -> tuple[BulkTarget, ...]:
        include = self._choice.answer == INCLUDE
        return self._under_way or tuple(t for t in self._targets if include or not t.hidden)

    @property
    def _wanted(self) -> str:
        """What has to be typed: the project's name in production, and for what cannot be undone."""
        danger = self.operation.danger
        production = danger is Danger.SERVICE and self._project_context.project.danger
        return self._project_context.project.name if production or danger is Danger.DESTROYS else ""

    @property
    def obstacle(self) -> str:
        """Why the button does not act; empty if it does."""
        context = self._project_context
        if not self._chosen:
            return "no targets left"
        if self.frame.foreign:
            return self.frame.foreign
        if context.locked:
            return "read-only: :unlock 15m allows changes for a while"
        if context.dry_run:
            return "dry run: nothing is sent"
        view = context.view(self._chosen[0].selection)
        if old := too_old(view, self.operation, context.refresh_seconds):
            return f"{old}: ctrl+r reloads"
        if any(target.new_name(view) for target in self._chosen):
            return "changed since you looked: a target has another name. ctrl+r accepts it"
        if self._wanted and self.frame.typed.strip() != self._wanted:
            return f"type {self._wanted} to confirm"
        return ""

    # ---- keys -----------------------------------------------------------------------------------------

    @property
    def asks(self) -> bool:
        """A name has to be typed."""
        return bool(self._wanted)

    def takes(self, event: Key | Paste) -> bool:
        """The name that has to be typed, wherever the keyboard is, and text where it is."""
        return self.frame.takes_name(event) or self.takes_typed(event)

    def on_resize(self, event: Resize) -> None:
        """Wrap lines for the new width."""
        self.call_after_refresh(self.redraw)

    def on_field_answered(self, event: FieldAnswered) -> None:
        """With those that are hidden, or without."""
        event.stop()
        self.redraw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The reason, or the typed confirmation."""
        self.redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on, but never to the button that acts."""
        self.frame.button("cancel").focus()

    def on_press_pressed(self, event: Press.Pressed) -> None:
        """Stop, leave or begin."""
        event.stop()
        if event.button.id == "cancel":
            self.action_leave()
        elif not self.obstacle and not self._under_way and not self.enter_is_held:
            self._under_way = self._chosen
            self.frame.freeze(True)
            self._choice.disabled = True
            self.frame.button("cancel").focus()
            self._project_context.keep(self._run())
            self.redraw()
        else:
            self.app.bell()

    def action_leave(self) -> None:
        """Stop after the current one; a second time, or when nothing runs, close."""
        if self._under_way and not self._ended and not self._stopping:
            self._stopping = True
            self.redraw()
        else:
            self.dismiss()

    def action_go_on(self) -> None:
        """Do not stop after the current one."""
        if self._stopping and not self._ended:
            self._stopping = False
            self.redraw()

    def action_read_again(self) -> None:
        """Ask for newer data, and accept the targets as they are known now."""
        if not self._under_way:
            source = self.operation.source
            self._project_context.nudge(*((source,) if source else ()))
            self._targets = self._frozen()
            self.redraw()

    def action_copy_command(self) -> None:
        """The equivalent commands, one a line."""
        views = (self._project_context.view(target.selection) for target in self._chosen)
        self._project_context.copy("\n".join(self.operation.equivalent(view, Answers()) for view in views))

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say what the keys do where the keyboard is now."""
        self.redraw()

    def action_scroll(self, step: int) -> None:
        """Move through what does not fit."""
        self.frame.scroll(step)

    def action_picture(self) -> None:
        """A picture of it."""
        self._project_context.picture()

    # ---- doing it -------------------------------------------------------------------------------------

    async def _run(self) -> None:
        done = await perform_all(
            self._project_context.operator,
            self.operation,
            self._under_way,
            self._project_context.view,
            reason=self.frame.reason,
            tell=self._take,
            stopping=lambda: self._stopping,
        )
        total = len(self._under_way)
        ended = [news for news in self._seen.values() if isinstance(news, Outcome)]
        self._ended = f"{self.operation.label}: {summary(done, total, ended)}"
        self._project_context.say(self._ended, tone="ok" if done == total else "warn", toast=not self.is_open)
        self.redraw()

    def _take(self, index: int, news: Progress | Outcome) -> None:
        self._seen[self._under_way[index].name] = news
        if isinstance(news, Outcome):
            self._project_context.ended(self.operation, news, seen=True)
        self.redraw()

    # ---- drawing --------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw what differs."""
        if not self.frame.is_mounted or not self.is_open:
            return  # not there yet, or being taken apart
        chosen = self._chosen
        count = "1 target" if len(chosen) == 1 else f"{len(chosen)} targets, one after the other"
        title = f"{self.operation.label}: {count}"
        self.frame.title(
            title, project_cells(self._project_context.project, locked=self._project_context.locked), "warn"
        )
        self.frame.facts(self._facts(chosen))
        self.frame.ask_typed((self._wanted,) if self._wanted and not self._under_way else ())
        self.frame.status(
            [FactLine("", self._status(), "warn" if self.obstacle or self._under_way else "muted")]
        )
        self._draw_buttons(len(chosen))

    def _facts(self, chosen: Sequence[BulkTarget]) -> list[FactLine]:
        facts = []
        for target in self._targets:
            if target not in chosen:
                facts.append(FactLine("hidden", f"– {self._called(target)}: left out", "muted"))
                continue
            facts += self._lines(target)
        facts += [FactLine("left out", problem, "warn") for problem in self._left_out]
        if chosen and not self._under_way:
            facts += effect_facts(chosen[0].preview, "each", "muted")
        return facts

    def _called(self, target: BulkTarget) -> str:
        """Its name without the verb, which is in the title."""
        return target.preview.what.removeprefix(self.operation.label).strip()

    def _lines(self, target: BulkTarget) -> list[FactLine]:
        news = self._seen.get(target.name)
        label = "hidden" if target.hidden else ""
        if news is None and self._ended:
            return [FactLine(label, f"– {self._called(target)}: not touched", "muted")]
        if news is None:
            now = target.new_name(self._project_context.view(target.selection))
            called = self._called(target)
            return [
                FactLine(label, f"Δ {called} is called {now} now", "warn", "warn")
                if now
                else FactLine(label, f"· {called}"),
                *(FactLine("", words, "muted") for words in state_lines(target.preview)),
            ]
        if isinstance(news, Progress):
            return [FactLine(label, f"◔ {self._called(target)} — {news.words}", "busy")]
        well = news.verdict in (Verdict.DONE, Verdict.ACCEPTED) and not news.doubt
        words = WORDS[news.verdict] if well else news.words
        said = f"{verdict_sign(news.verdict)} {self._called(target)} — {words}"
        return [FactLine(label, said, outcome_tone(news))]

    def _status(self) -> str:
        if self._ended:
            return self._ended
        if self._stopping:
            return "stopping after the current one; p continues, Esc hides"
        if self._under_way:
            return "running; Esc stops after the current one"
        return self.obstacle or "ready; stops at the first failure or unknown outcome"

    def _draw_buttons(self, count: int) -> None:
        cancel, go = self.frame.button("cancel"), self.frame.button("go")
        running = bool(self._under_way) and not self._ended
        cancel.say("Stop" if running else "Close" if self._ended else "Cancel", "text")
        go.display = not self._under_way
        go.say(
            "read-only" if self._project_context.locked else f"{self.operation.label} {count}",
            "muted" if self.obstacle else "accent",
        )
        keys = ENDED_KEYS if self._ended else RUNNING_KEYS if self._under_way else KEYS
        self.frame.keys(*(map(without_copy, keys) if self.frame.is_letter_typed() else keys))
