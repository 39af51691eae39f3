"""A field for a secret: typed or pasted blind, kept whole, never shown, never copied.

Not Textual's input: that keeps the first line of a paste only, copies its text in clear to the terminal's
clipboard and has an undo history. This one can only be added to, corrected at its end and cleared.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from tui.operations.verbs.secrets_operation import recognisable
from tui.secret import Secret
from tui.ui.dialogs.fields.base import with_edge
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import SECRET
from tui.ui.terminal.keyboard import UnmarkedPaste
from tui.ui.widgets.exact_text import foreign, is_text, typed
from tui.ui.widgets.hidden_text import TakesHiddenText
from tui.ui.widgets.text import fit
from tui.ui.widgets.themed_widget import ThemedWidget

LIMIT: Final = 1 << 20
"""Characters that are taken. Anything longer can be mounted as a file."""
BURST: Final = 0.05
"""Seconds within which an Enter after another key belongs to a paste without bracket marks."""
REST: Final = 2.0
"""Seconds within which a paste belongs to one that was refused."""
UNMARKED: Final = "Enter or Tab in the middle of a paste without marks: nothing kept, use a file"
TOO_LONG: Final = "that is more than 1 MiB: nothing kept, mount a file instead"
CONTROL: Final = "the paste holds a control character: nothing kept, use a file"
FOREIGN: Final = "that is not UTF-8: nothing kept; ctrl+u, then again, or use a file"
TYPED_CONTROL: Final = "a control character among the keys: nothing kept; ctrl+u, then again"


class SecretInput(ThemedWidget, TakesHiddenText, can_focus=True):
    """Holds a value that leaves it only as a `Secret`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(SECRET)

    DEFAULT_CSS = "SecretInput { height: 1; width: 1fr; background: $panel; padding: 0 1; }"

    class Changed(Message):
        """The value changed."""

    class Done(Message):
        """Enter was pressed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._kept = Secret("")
        self.note = ""
        """Why something was not kept; empty if nothing is wrong."""
        self._last_key = 0.0
        self._is_refused = False
        """What came was refused, and so is its rest, until it is cleared or a value is pasted anew."""
        self._has_entered = False
        """An Enter came within a burst: alone it ends the typing, within a paste it is part of the value."""

    @property
    def value(self) -> Secret:
        """What was typed or pasted."""
        return self._kept

    @property
    def words(self) -> str:
        """What is shown in place of the value."""
        if self.note:
            return self.note
        if not self._kept:
            return "type or paste"
        return f"{'•' * min(8, len(self._kept))} {recognisable(self._kept)}"

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Text is typed here and does nothing else."""
        return is_text(character)

    async def on_key(self, event: events.Key) -> None:
        """Add a character, delete the last one, or finish."""
        in_burst = event.time - self._last_key < BURST
        self._last_key = event.time
        if event.key in ("enter", "ctrl+j"):
            event.stop()
            if in_burst and (self._kept or self._is_refused):
                self._has_entered = True
            elif event.key == "enter":
                self.post_message(self.Done())
        elif event.key == "backspace":
            event.stop()
            if self._is_refused:
                self._clear()
            else:
                self._keep(self._kept.reveal()[:-1])
        elif event.is_printable and event.character is not None:
            event.stop()
            self._type(event.character)
        elif text := typed(event, self.screen):
            event.stop()
            event.prevent_default()
            if foreign(text):
                self._reject(TYPED_CONTROL if event.character and event.character < " " else FOREIGN)
            else:
                self._type(text)

    def _type(self, text: str) -> None:
        """Add what was typed, unless what came before it was refused."""
        if self._has_entered:
            self._reject(UNMARKED)
        elif not self._is_refused:
            self._keep(self._kept.reveal() + text)

    def hidden_part(self, pasted: str) -> str:
        """All of it."""
        return pasted

    def on_paste(self, event: events.Paste) -> None:
        """Take the whole paste. Terminals send returns for line feeds; CR LF is kept."""
        event.stop()
        event.prevent_default()
        if isinstance(event, UnmarkedPaste) and "\t" in event.text:
            self._reject(UNMARKED)
        is_rest = self._is_refused and event.time - self._last_key < REST
        self._last_key = event.time
        if self._has_entered:
            self._reject(UNMARKED)
        elif not is_rest:
            self._take(event.text)

    def _take(self, text: str) -> None:
        text = re.sub("\r(?!\n)", "\n", text)
        if foreign(text):
            self._reject(FOREIGN)
            return
        if any(letter < " " and letter not in "\t\r\n" for letter in text) or "\x7f" in text:
            self._reject(CONTROL)
            return
        self._is_refused = False
        self._keep(self._kept.reveal() + text)

    def put(self, value: Secret) -> None:
        """Hold this, as if it had been pasted."""
        self._take(value.reveal())

    def action_clear(self) -> None:
        """Empty it."""
        self._clear()

    def action_refuse_copy(self) -> None:
        """Nothing leaves this field."""
        self.app.bell()

    def wipe(self) -> None:
        """Forget the value, when the dialog is done with it."""
        self._kept = Secret("")

    def _clear(self) -> None:
        self._is_refused = self._has_entered = False
        self._keep("")

    def _keep(self, text: str) -> None:
        if len(text) > LIMIT:
            self._reject(TOO_LONG)
            return
        self._kept = Secret(text)
        self.note = ""
        self._tell()

    def _reject(self, why: str) -> None:
        self._kept = Secret("")
        self.note = why
        self._is_refused, self._has_entered = True, False
        self._tell()

    def _tell(self) -> None:
        self.refresh()
        self.post_message(self.Changed())

    def render_line(self, y: int) -> Strip:
        """The mask."""
        look = "text" if self._kept else "muted"
        words, sign = self.encode(self.words), self.encode("▏" if self.has_focus else " ")
        room = max(0, self.size.width - 1)
        style = self.tone_style("warn" if self.note else look)
        shown = with_edge(self, Strip([Segment(fit(words, room), style)]), room)
        cursor = Segment(sign, self.tone_style("accent"))
        return Strip([*shown, cursor]).adjust_cell_length(self.size.width, style)

    def on_focus(self) -> None:
        """Show that it has the keyboard."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that it has lost the keyboard."""
        self._has_entered = False
        self.refresh()
