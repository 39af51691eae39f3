"""The questions of an operation, one below the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tui.fleet.lists.cells import Cell
from tui.operations.fields import Answers, Field, FieldKind, Option
from tui.secret import Secret
from tui.ui.dialogs.fields.base import ChoiceInput, Divided, MultilineInput
from tui.ui.dialogs.fields.file_field import FileField
from tui.ui.dialogs.fields.pick import Pick
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.dialogs.fields.text_field import TextField
from tui.ui.widgets.exact_text import FOREIGN, foreign, without_marks
from tui.ui.widgets.lines import Lines

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""The characters of LiveKit's own identifiers, none of which look alike."""
FRESH_SIZE = 12
TELLING = 6
"""Characters from which a value is long enough to be told from a word."""
TELLING_LINE = 12
"""The same for one line of a value, as of a key file."""
REPEATED = "that is the value of a secret"
"""What is said where a value stands, or would stand, in a field that shows it."""

OptionsOf = Callable[[str], Sequence[Option]]


class Form(Vertical):
    """Asks the questions and hands back the answers."""

    DEFAULT_CSS = """
    Form { height: auto; width: 1fr; }
    Form > .row { height: auto; }
    """

    def __init__(
        self,
        fields: Sequence[Field],
        options: OptionsOf,
        *,
        chance: random.Random,
    ) -> None:
        super().__init__(id="form")
        self.fields = tuple(fields)
        self._options = options
        self._chance = chance
        self._widgets: dict[str, Widget] = {field.id: self._widget(field) for field in self.fields}

    def compose(self) -> ComposeResult:
        """A row a question."""
        for field in self.fields:
            with Horizontal(classes="row"):
                label = Lines(id=f"label-{field.id}")
                label.add_class("label")
                yield label
                yield self._widgets[field.id]

    def on_mount(self) -> None:
        """Label the questions."""
        for field in self.fields:
            self.query_one(f"#label-{field.id}", Lines).set_lines([(Cell(field.label, "muted"),)])
        self.call_after_refresh(self.refill)

    def _widget(self, field: Field) -> Widget:
        def options() -> Sequence[Option]:
            return self._options(field.id)

        if field.kind is FieldKind.CHOICE:
            return ChoiceInput(field, options())
        if field.kind is FieldKind.PICK:
            return Pick(field, options)
        if field.kind is FieldKind.BLOCK:
            return MultilineInput(field)
        if field.kind is FieldKind.SECRET:
            return SecretInput(id=f"field-{field.id}")
        if field.kind is FieldKind.FILE:
            return FileField(field)
        return TextField(field, options, self._fresh)

    def _fresh(self, prefix: str) -> str:
        return prefix + "".join(self._chance.choice(ALPHABET) for _ in range(FRESH_SIZE))

    def refill(self) -> None:
        """Options may be others by now."""
        for pick in self.query(Pick):
            pick.refill()

    @property
    def answers(self) -> Answers:
        """The answers as they stand."""
        texts: dict[str, str] = {}
        values: dict[str, Secret] = {}
        for name, widget in self._widgets.items():
            if isinstance(widget, SecretInput):
                values[name] = widget.value
            elif isinstance(widget, TextField | ChoiceInput | Pick | MultilineInput | FileField):
                texts[name] = without_marks(widget.answer)
        return Answers(texts, values)

    @property
    def foreign(self) -> str:
        """What stands in a question and cannot be sent, in words; empty if all of it can."""
        for field in self.fields:
            widget = self._widgets[field.id]
            typed = widget.answer if isinstance(widget, TextField | MultilineInput | FileField) else ""
            if words := foreign(typed):
                return f"{field.label} holds {words}, shown as {FOREIGN}: remove it"
        return ""

    def fill(self, name: str, value: str) -> None:
        """Answer a question of one line."""
        field = self._widgets[name]
        if isinstance(field, TextField):
            field.fill(value)

    def on_divided(self, event: Divided) -> None:
        """The value of a pasted `NAME=value` goes where it is not shown."""
        event.stop()
        field = self._widgets.get(event.field)
        if isinstance(field, SecretInput):
            field.wipe()
            field.put(event.value)

    def help_for(self, widget: Widget | None) -> str:
        """The help of the question that has the keyboard."""
        for field in self.fields:
            if widget is not None and self._widgets[field.id] in widget.ancestors_with_self:
                return field.help
        return ""

    def widget(self, field: str) -> Widget | None:
        """What asks a question."""
        return self._widgets.get(field)

    def focus_first(self) -> None:
        """Give the keyboard to the first question without an answer, else to the first.

        What is pasted at once after `e` on a secret is its value, and must not land in a field that shows it.
        """
        asked = (FieldKind.TEXT, FieldKind.SECRET, FieldKind.FILE)
        empty = next((f for f in self.fields if not f.value and f.kind in asked), None)
        self.focus_field((empty or self.fields[0]).id)

    def focus_field(self, name: str) -> None:
        """Give the keyboard to a question."""
        widget = self._widgets.get(name)
        if widget is not None:
            target = widget if widget.can_focus else next(iter(widget.query("Input")), None)
            if target is not None:
                target.focus()

    def close_list(self) -> bool:
        """Close an open list of suggestions; False if there is none."""
        return any(field.close_list() for field in self.query(TextField))

    def wipe(self) -> None:
        """Forget secret values."""
        for field in self.query(SecretInput):
            field.wipe()

    def repeats_secret(self, text: str) -> bool:
        """Whether a text holds the value of a secret that stands in the form, or a line of it."""
        return any(part in text for field in self.query(SecretInput) for part in _telling_parts(field.value))

    @property
    def is_secret(self) -> bool:
        """A secret is asked for."""
        return any(field.kind is FieldKind.SECRET for field in self.fields)


def _telling_parts(value: Secret) -> Iterator[str]:
    """Parts of a secret that are recognised elsewhere: all of it, its lines, and what follows a `NAME=`."""
    whole = value.reveal().strip()
    if len(whole) >= TELLING:
        yield whole
    for line in whole.splitlines():
        if len(line.strip()) >= TELLING_LINE:
            yield line.strip()
        assigned = line.partition("=")[2].strip().strip("\"'")
        if len(assigned) >= TELLING:
            yield assigned
