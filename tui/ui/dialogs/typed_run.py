"""Many keys in one read, delivered to a field or the prompt: text, and keys that lead to the next question.

While the program does not answer, an operator types on: `NAME`, Tab and a value come in one read, as a paste
without marks does. The value must not end up in the field of the name.
"""

from __future__ import annotations

import re
from typing import Final

from textual.events import Event, Key, Paste
from textual.widget import Widget
from textual.widgets import Input, TextArea

from tui.ui.dialogs.fields.base import LineInput
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.terminal.keyboard import UnmarkedPaste
from tui.ui.widgets.exact_input import ExactInput

_KEYS: Final = {"\t": "tab", "\r": "enter"}
_OPENS: Final = {":": "colon", "/": "slash", "&": "ampersand", "T": "T"}
"""Keys that open a prompt and nothing else."""
_LED: Final = re.compile(r"[:/&][\s\S]+|T[-\d][-\d:smhd ]*\r?")
"""A command, a filter or a time with such a key before it, and no other text."""


def parts(run: UnmarkedPaste, focused: Widget | None) -> list[Event]:
    """The pastes and keys that a run is for the field that has the keyboard.

    A line is split at every Tab and Enter, a command not where a shell reads on in the next line. Of a secret
    only the last one is split off: one in its middle may belong to it, and its rest must not be shown.
    Where nothing is typed, `:`, `/` and `T` open the prompt, and the rest goes there.
    """
    if isinstance(focused, LineInput):
        words = re.split("([\t\r])", run.text)
    elif isinstance(focused, ExactInput):
        words = re.split(r"(\t|(?<!\\)\r)", run.text)
    elif isinstance(focused, SecretInput) and run.text[-1] in _KEYS:
        words = [run.text[:-1], run.text[-1]]
    else:
        words = [run.text]
    found: list[Event] = [Key(_KEYS[word], word) if word in _KEYS else Paste(word) for word in words if word]
    is_typed = isinstance(focused, Input | TextArea | SecretInput)
    if not is_typed and _LED.fullmatch(run.text):
        found = [Key(_OPENS[run.text[0]], run.text[0]), UnmarkedPaste(run.text[1:])]
    for event in found:
        event.time = run.time
    return found
