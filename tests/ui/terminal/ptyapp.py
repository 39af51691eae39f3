"""A tiny application under the guards, for `test_lifecycle.py` to send signals, keys and hang-ups to."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key, Resize
from textual.widgets import Button, Input, Static

from tui.ui.terminal.safe_app import SafeApp, run_guarded
from tui.ui.widgets.exact_input import ExactInput

QUIT = b"\x1b[24~"
"""F12, which random bytes are unlikely to be; so are the other keys."""
DELETE, BLOCK, CRASH, RESOLVE, HANG, FIELD, MOUSE_OFF = (
    b"\x1bOQ", b"\x1bOR", b"\x1bOS", b"\x1b[15~", b"\x1b[17~", b"\x1b[18~", b"\x1b[19~"
)  # fmt: skip
CANARY = "sk-canary-91c4"


class Probe(SafeApp, inherit_bindings=False):
    """Says `ready`, counts, and does what it is asked to by single keys."""

    AUTO_FOCUS = None
    CRASH_ADVICE = "Look at the journal."
    drops_old = False
    """Whether a key may be too old, as in lktop. On a busy machine any key may be."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "quit"),
        Binding("f2,d", "delete"),
        Binding("f3", "block(0.9)"),
        Binding("f4", "crash"),
        Binding("f5", "resolve"),
        Binding("f6", "hang"),
        Binding("f7", "focus_field"),
        Binding("f8", "mouse_off"),
    ]

    def __init__(self, every: float, until: int, journal: Path | None, crash: str, note_sizes: bool) -> None:
        super().__init__()
        self.note_sizes = note_sizes
        self.every = every
        self.until = until
        self.journal = journal
        self.crash = crash
        self.count = 0
        self.deleted = 0

    def compose(self) -> ComposeResult:
        """A counter, a line of results, a field and a button."""
        if self.crash == "compose":
            self.action_crash()
        with Vertical():
            yield Static(id="count", markup=False)
            yield Static("ready", id="said", markup=False)
            yield ExactInput(id="field", max_length=100)
            yield Button("delete", id="button")
            yield Static("é漢字 ✓ " * 400, id="filler", markup=False)

    def on_mount(self) -> None:
        """Start counting."""
        self.query_one("#field", Input).cursor_blink = False
        if self.every:
            self.set_interval(self.every, self.tick)
        if self.crash == "timer":
            self.set_timer(0.01, self.action_crash)
        elif self.crash == "worker":
            self.run_worker(self.crash_later())
        elif self.crash == "thread":
            self.run_worker(self.action_crash, thread=True)

    def on_resize(self, event: Resize) -> None:
        """Note the size, if asked to."""
        if self.note_sizes:
            self.write(f"size {event.size.width}x{event.size.height}")

    def tick(self) -> None:
        """Draw something new."""
        if self.count != self.until:
            self.count += 1
            self.query_one("#count", Static).update(f"count {self.count} " + "x" * (self.count % 50))
            self.query_one("#filler", Static).refresh()
            if self.count == self.until:
                self.write("counted")

    def confirms(self, key: Key) -> bool:
        """Any key, where old ones are dropped."""
        return self.drops_old

    def bell(self) -> None:
        """Nothing: a full field rings, and a bell in the output should be a leak."""

    def say(self, text: str) -> None:
        """Show a result."""
        self.query_one("#said", Static).update(text)

    def write(self, text: str) -> None:
        """Note something for the test to read."""
        if self.journal is not None:
            with self.journal.open("a") as file:
                file.write(f"{text}\n")

    def on_terminate(self, number: int) -> None:
        """What a real journal would do here."""
        self.write(f"terminate {number}")

    def on_unmount(self) -> None:
        """The orderly end."""
        self.write("unmount")

    def on_button_pressed(self) -> None:
        """A click, or Enter."""
        self.action_delete()

    def action_delete(self) -> None:
        """Stands for anything destructive."""
        self.deleted += 1
        self.say(f"deleted {self.deleted}")
        self.write("delete")

    def action_block(self, seconds: float) -> None:
        """Freeze the event loop."""
        self.call_later(self._sleep, seconds)

    def _sleep(self, seconds: float) -> None:
        self.write("block")
        time.sleep(seconds)
        self.say("blocked")

    def action_crash(self) -> None:
        """A bug of ours, with a secret at hand and a remote text in the message."""
        secret = CANARY
        raise ValueError(f"unexpected \x1bc\x1b]0;t\x07 name, {len(secret)} long")

    async def crash_later(self) -> None:
        """The same in a task."""
        await asyncio.sleep(0)
        self.action_crash()

    def action_resolve(self) -> None:
        """A name look-up that never ends."""
        asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)
        self.say("resolving")

    async def action_hang(self) -> None:
        """Something that does not let go at the end."""
        self.query_one("#said").call_later(self._hold)

    async def _hold(self) -> None:
        self.write("hold")
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    def action_focus_field(self) -> None:
        """Type into the field from now on."""
        self.query_one("#field").focus()
        self.say("typing")

    def action_mouse_off(self) -> None:
        """Give the mouse to the terminal."""
        self.set_mouse(False)
        self.say("mouse off")


def main() -> int:
    """Run it as told by the arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=float, default=0.0, help="seconds between two frames; 0 for none")
    parser.add_argument("--until", type=int, default=-1, help="how many frames")
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--crash", default="", help="compose, timer, worker or thread")
    parser.add_argument("--no-mouse", action="store_true")
    parser.add_argument("--drop-old", action="store_true", help="keys")
    parser.add_argument("--note-sizes", action="store_true", help="in the journal")
    options = parser.parse_args()
    app = Probe(options.every, options.until, options.journal, options.crash, options.note_sizes)
    app.drops_old = options.drop_old
    status = run_guarded(app, mouse=not options.no_mouse)
    print(f"returned {status}")
    return status


if __name__ == "__main__":
    sys.exit(main())
