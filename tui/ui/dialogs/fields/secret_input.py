"""A field for a secret: typed or pasted blind, kept whole, never shown, never copied.

Not Textual's input: that keeps the first line of a paste only, copies its text in clear to the terminal's
clipboard and has an undo history. This one can only be added to, corrected at its end and cleared.
"""

from __future__ import annotations

from typing import ClassVar, Final

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from tui.operations.verbs.secrets_operation import recognisable
from tui.secret import Secret
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import SECRET
from tui.ui.widgets.hidden_text import TakesHiddenText
from tui.ui.widgets.text import fit
from tui.ui.widgets.themed_widget import ThemedWidget

LIMIT: Final = 1 << 20
"""Characters that are taken. Anything longer can be mounted as a file."""
BURST: Final = 0.05
"""Seconds within which an Enter after another key belongs to a paste without bracket marks."""
UNMARKED: Final = "Enter in the middle of a paste without marks: nothing kept, use a file"
TOO_LONG: Final = "that is more than 1 MiB: nothing kept, mount a file instead"
CONTROL: Final = "the paste holds a control character: nothing kept, use a file"


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
        self._dropping = False

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
        """Printable keys are typed here and do nothing else."""
        return character is not None and character.isprintable()

    async def on_key(self, event: events.Key) -> None:
        """Add a character, delete the last one, or finish."""
        in_burst = event.time - self._last_key < BURST
        self._last_key = event.time
        if self._dropping and in_burst:
            event.stop()
            event.prevent_default()
            return
        self._dropping = False
        if event.key in ("enter", "ctrl+j"):
            event.stop()
            if in_burst and self._kept:
                self._reject(UNMARKED)
                self._dropping = True
            elif event.key == "enter":
                self.post_message(self.Done())
        elif event.key == "backspace":
            event.stop()
            self._keep(self._kept.reveal()[:-1])
        elif event.is_printable and event.character is not None:
            event.stop()
            self._keep(self._kept.reveal() + event.character)

    def hidden_part(self, pasted: str) -> str:
        """All of it."""
        return pasted

    def on_paste(self, event: events.Paste) -> None:
        """Take the whole paste. Terminals send returns for line feeds; CR LF is kept."""
        event.stop()
        event.prevent_default()
        self._take(event.text)

    def _take(self, text: str) -> None:
        if "\n" not in text:
            text = text.replace("\r", "\n")
        if any(letter < " " and letter not in "\t\r\n" for letter in text) or "\x7f" in text:
            self._reject(CONTROL)
            return
        self._keep(self._kept.reveal() + text)

    def put(self, value: Secret) -> None:
        """Hold this, as if it had been pasted."""
        self._take(value.reveal())

    def action_clear(self) -> None:
        """Empty it."""
        self._keep("")

    def action_refuse_copy(self) -> None:
        """Nothing leaves this field."""
        self.app.bell()

    def wipe(self) -> None:
        """Forget the value, when the dialog is done with it."""
        self._kept = Secret("")

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
        cursor = Segment(sign, self.tone_style("accent"))
        return Strip([Segment(fit(words, room), style), cursor]).adjust_cell_length(self.size.width, style)

    def on_focus(self) -> None:
        """Show that it has the keyboard."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that it has lost the keyboard."""
        self.refresh()
