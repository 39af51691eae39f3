"""Operations of earlier sessions with an unknown outcome: they are looked for and never sent again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Key, Paste

from tui.api.text.clean import clean
from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.fleet.times import TimeStyle, clock_time, time_title
from tui.formats import age
from tui.operations.journal.journal import Intent, JournalError, Verdict
from tui.operations.journal.outcome import WORDS, Outcome
from tui.operations.journal.resumed_deploys import LABELS
from tui.operations.registry import BY_ID
from tui.ui.dialogs.base import CONFIRMS_NOTHING, Dialog
from tui.ui.dialogs.fact_lines import FactLine, wrap_facts
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.dialogs.verdicts import outcome_tone
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import UNRESOLVED
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.table import LineTable

DETAILS = 5
"""Lines for one operation in full."""
MOVES: Final = frozenset("jkgG")
"""Letters that move the cursor."""


class Unresolved(Dialog):
    """Checks each of them once when it opens; ctrl+r checks again, `a` sets one aside."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(UNRESOLVED)

    DEFAULT_CSS = """
    Unresolved > #unresolved {
        width: 96%; height: auto; max-height: 80%; border: round $edge-focus; background: $background;
    }
    Unresolved #unresolved-words { height: 2; }
    Unresolved LineTable { height: 12; }
    Unresolved #unresolved-details { height: 5; padding: 0 1; }
    """

    def __init__(self, context: ProjectContext, intents: Sequence[Intent]) -> None:
        super().__init__()
        self._project_context = context
        self._intents = {intent.id: intent for intent in intents}
        self._found: dict[str, Outcome] = {}
        self._looking = ""

    def compose(self) -> ComposeResult:
        """Words and list."""
        columns = (
            ColumnLayout("at", time_title(), 19, rank=1),
            ColumnLayout("what", "OPERATION", 24, grow=2),
            ColumnLayout("verdict", "NOW", 9),
            ColumnLayout("words", "FINDING", 20, grow=3),
        )
        with Vertical(id="unresolved"):
            yield Lines(id="unresolved-words")
            yield LineTable(columns)
            yield Lines(id="unresolved-details")
            yield Lines(id="unresolved-keys")

    def on_mount(self) -> None:
        """Look."""
        super().on_mount()
        count = len(self._intents)
        noun, it = ("operation", "it") if count == 1 else ("operations", "they")
        words = f" {count} {noun} of an earlier session with an unknown outcome"
        more = f" Checking whether {it} took effect; nothing is sent again."
        self.query_one("#unresolved-words", Lines).set_lines([(Cell(words, "warn"),), (Cell(more),)])
        keys = " ctrl+r checks again · a sets this one aside · Esc closes (:unresolved)"
        self.query_one("#unresolved-keys", Lines).set_lines([(Cell(keys, "muted"),)])
        self.query_one(LineTable).focus()
        self._draw()  # now: the next key may move the cursor
        self.call_after_refresh(self._draw)
        self.action_look()

    def takes(self, event: Key | Paste) -> bool:
        """What moves the cursor confirms nothing."""
        return isinstance(event, Key) and event.key in CONFIRMS_NOTHING | MOVES

    def _draw(self) -> None:
        if self.is_open:
            table = self.query_one(LineTable)
            table.styles.height = min(12, len(self._intents) + 1)
            table.show(list(self._intents), self._cells, ghosts=False)
            self._show_details(table.cursor)

    def _show_details(self, key: str) -> None:
        """Show in full what was seen of the one under the cursor."""
        intent, outcome = self._intents.get(key), self._found.get(key)
        details = self.query_one("#unresolved-details", Lines)
        facts = []
        if intent is not None:
            since = age(self._project_context.clock.now() - intent.time)
            facts.append(FactLine("started", f"{clock_time(intent.time, TimeStyle.LOCAL)}, {since} ago"))
        words = outcome.words if outcome is not None else ""
        facts.append(FactLine("finding", words, outcome_tone(outcome) if outcome else "muted"))
        if intent is not None and intent.reason:
            facts.append(FactLine("reason", intent.reason))
        details.set_lines(wrap_facts(facts, max(30, details.size.width))[:DETAILS])

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Show the row in full."""
        event.stop()
        self._show_details(event.key)

    def _cells(self, key: str) -> tuple[Cell, ...]:
        intent, outcome = self._intents[key], self._found.get(key)
        operation = BY_ID.get(intent.operation)
        label = operation.label if operation else LABELS.get(intent.operation, intent.operation)
        at = Cell(clock_time(intent.time, TimeStyle.LOCAL, zone=False), "muted")
        what = Cell(clean(f"{label} {intent.target}", limit=200))
        if outcome is None:
            return (at, what, Cell("checking" if key == self._looking else "…", "busy"), Cell())
        tone = outcome_tone(outcome)
        return (at, what, Cell(WORDS[outcome.verdict], tone), Cell(_short(intent, outcome), tone))

    def action_look(self) -> None:
        """Look for all that are not settled."""
        self.replace_work(self._look)

    async def _look(self) -> None:
        for key, intent in list(self._intents.items()):
            known = self._found.get(key)
            if known is not None and known.verdict is not Verdict.UNKNOWN:
                continue
            self._looking = key
            self._draw()
            self._found[key] = await self._project_context.operator.settle(intent)
            self._project_context.say(self._found[key].words, toast=False)
            self._draw()
        self._looking = ""

    async def action_set_aside(self) -> None:
        """Stop asking about the one under the cursor."""
        key = self.query_one(LineTable).cursor
        intent = self._intents.get(key)
        if intent is None:
            return
        try:
            await self._project_context.operator.set_aside(intent)
        except JournalError as error:
            self._project_context.say(str(error), tone="error")
            return
        del self._intents[key]
        self._found.pop(key, None)
        self._draw()
        if not self._intents:
            self.dismiss()


def _short(intent: Intent, outcome: Outcome) -> str:
    """What is seen, without verb and target, which have columns of their own."""
    return outcome.words.partition(f"{intent.target}: ")[2] or outcome.words
