"""The overlay behind `?`: every key that works here, from the live bindings, and every command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.ui.commandline.commands import COMMANDS
from tui.ui.keys.bindings import bindings, is_operation
from tui.ui.keys.contexts import HELP
from tui.ui.keys.names import shown
from tui.ui.panes.base import Pane
from tui.ui.widgets.exact_input import PromptInput
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.table import LineTable


class HelpRow(Struct, frozen=True):
    """One key that works."""

    group: str
    keys: str
    label: str
    action: str
    node: DOMNode
    help: str = ""
    """A longer description, where there is one."""


def rows(screen: Screen[object]) -> list[HelpRow]:
    """Every binding that is active on a screen, nearest to the focus first; one row per action."""
    found: dict[tuple[str, str], HelpRow] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not binding.description or not active.enabled or key.startswith("super+"):
            continue
        group = _group(active.node)
        known = found.get((group, binding.action))
        if known is None:
            found[group, binding.action] = HelpRow(
                group, shown(key), binding.description, binding.action, active.node, binding.tooltip
            )
        elif len(known.keys) < 18 and shown(key) not in known.keys.split():
            keys = f"{known.keys} {shown(key)}"
            found[group, binding.action] = replace(known, keys=keys)
    return sorted(found.values(), key=_order)


def command_rows(screen: Screen[None]) -> list[HelpRow]:
    """Every command; running one types its name into the prompt of a screen."""
    return [
        HelpRow(
            "command", f":{it.name}", it.help, f"command('{it.name} ')", screen, f":{it.usage} — {it.help}"
        )
        for it in COMMANDS
    ]


def _order(row: HelpRow) -> tuple[int, int]:
    """Keys of the pane first; within a group those that act first, and the ways to sort last."""
    group = {"this pane": 0, "list": 1, "everywhere": 2}.get(row.group, 1)
    return group, -is_operation(row.action) + (row.action == "sort_picked") + row.action.startswith("sort")


def _group(node: DOMNode) -> str:
    if isinstance(node, Pane):
        return "this pane"
    if isinstance(node, LineTable):
        return "list"
    return "everywhere" if isinstance(node, Screen) or node.parent is None else "this pane"


class Help(ModalScreen[HelpRow | None]):
    """Typing filters, Enter runs the row, Esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(HELP)

    def __init__(self, entries: Sequence[HelpRow], pane: str, cap: int) -> None:
        """`cap` is how many requests a minute this console makes at the most."""
        super().__init__()
        self._cap = cap
        self._entries = {str(index): entry for index, entry in enumerate(entries)}
        self._pane = pane

    def compose(self) -> ComposeResult:
        """The list and what is typed."""
        columns = (
            ColumnLayout("group", "WHERE", 10),
            ColumnLayout("keys", "KEYS", 20),
            ColumnLayout("label", "WHAT IT DOES", 20, grow=1),
        )
        with Vertical(id="help"):
            yield Lines(id="help-title")
            yield LineTable(columns)
            words = "type to filter, Enter runs, Esc closes"
            words += f" · at most {self._cap} requests a minute" if self._cap else ""  # none in a recording
            field = PromptInput(placeholder=words, id="help-filter")
            field.cursor_blink = False
            yield Lines(id="help-more")
            yield field

    def on_mount(self) -> None:
        """Show everything."""
        self.query_one("#help-title", Lines).set_lines([(Cell(f" Keys · {self._pane}", "accent"),)])
        self.query_one(LineTable).can_focus = False
        self.query_one(Input).focus()
        self._show("")  # now: what is typed next filters

    def _show(self, text: str) -> None:
        words = text.casefold().split()
        keys = [
            key
            for key, row in self._entries.items()
            if all(word in f"{row.group} {row.keys} {row.label}".casefold() for word in words)
        ]
        self.query_one(LineTable).show(keys, self._cells, ghosts=False)

    def _cells(self, key: str) -> tuple[Cell, ...]:
        row = self._entries[key]
        return (Cell(row.group, "muted"), Cell(row.keys, "accent"), Cell(row.label))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter; a second question mark closes what the first one opened."""
        if event.value == "?":
            self.dismiss(None)
        else:
            self._show(event.value)

    def on_input_submitted(self) -> None:
        """Run the row."""
        self.dismiss(self._entries.get(self.query_one(LineTable).cursor))

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Show more about the row under the cursor."""
        row = self._entries.get(event.key)
        self.query_one("#help-more", Lines).set_lines([(Cell(f" {row.help if row else ''}", "muted"),)])

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Run the row."""
        self.dismiss(self._entries.get(event.key))

    def action_move(self, step: int) -> None:
        """Cursor by rows."""
        self.query_one(LineTable).action_move(step)

    def action_page(self, step: int) -> None:
        """Cursor by screens."""
        self.query_one(LineTable).action_page(step)

    def action_leave(self) -> None:
        """Run nothing."""
        self.dismiss(None)
