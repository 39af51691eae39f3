"""One object as JSON with sorted keys: as LiveKit sent it, as decoded, or as recorded, and which is said.

Personal data is masked until it is revealed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar, Final

import msgspec
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.worker import Worker

from tui.api.errors import ApiError
from tui.api.text.clean import clean
from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import RAW
from tui.ui.widgets.lines import TitleLine
from tui.ui.widgets.table import LineTable

MASKED: Final = frozenset({"metadata", "attributes", "turn_password", "turnPassword", "value"})
"""Keys whose values may be personal data or secrets."""
NEVER: Final = frozenset({"turn_password", "turnPassword", "value"})
"""Of these, the ones that are not shown on request either."""

RECEIVED: Final = "JSON AS RECEIVED, KEYS SORTED"
JUST_RECEIVED: Final = "JSON AS RECEIVED JUST NOW, KEYS SORTED"
DECODED: Final = "AS DECODED, WITHOUT WHAT LKTOP DOES NOT READ"
RECORDED: Final = "AS RECORDED, WITHOUT WHAT LKTOP DOES NOT READ OR KEEP"
DERIVED: Final = "AS LKTOP DERIVED IT, NOT FROM LIVEKIT"
"""What stands above the lines."""

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def lines(raw: bytes, *, revealed: bool) -> list[str]:
    """Printable lines of a JSON document."""
    try:
        tree: Json = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return [clean(raw.decode("utf-8", "replace"), limit=4000)]
    text = json.dumps(_mask(tree, revealed), indent=2, sort_keys=True, ensure_ascii=False)
    return [clean(line, limit=4000) for line in text.split("\n")]


def _mask(value: Json, revealed: bool) -> Json:
    if isinstance(value, list):
        return [_mask(item, revealed) for item in value]
    if isinstance(value, dict):
        return {
            key: "***" if item and key in (NEVER if revealed else MASKED) else _mask(item, revealed)
            for key, item in value.items()
        }
    return value


class Raw(ModalScreen[None]):
    """Esc leaves, x reveals, c copies what is shown."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(RAW)

    def __init__(
        self,
        title: str,
        received: bytes,
        item: object,
        *,
        copy: Callable[[str], None],
        otherwise: str = DECODED,
        ask: Callable[[], Awaitable[bytes]] | None = None,
    ) -> None:
        """`received` is the JSON that `item` came in; where that was not kept, `ask` may get it again.

        `otherwise` says what is shown without it.
        """
        super().__init__()
        self._title_words = clean(title, limit=120)
        self._raw = received or msgspec.json.encode(item)
        self._heading = RECEIVED if received else otherwise
        self._ask = None if received else ask
        self._copy = copy
        self._revealed = False
        self._table = LineTable((ColumnLayout("line", self._heading, 20, grow=1),))

    def compose(self) -> ComposeResult:
        """Title and lines."""
        with Vertical(id="messages-box"):
            yield TitleLine(id="raw-title")
            yield self._table

    def on_mount(self) -> None:
        """Show it masked."""
        self._table.focus()
        self._show()  # now: the next key may move the cursor
        if self._ask is not None:
            self._receiving: Worker[None] = self.run_worker(partial(self._receive, self._ask))

    async def _receive(self, ask: Callable[[], Awaitable[bytes]]) -> None:
        """Take what is received in place of what was decoded."""
        try:
            found = await ask()
        except ApiError as error:
            self._heading = f"{DECODED} ({clean(str(error), limit=60)})"
        else:
            self._raw = found or self._raw
            self._heading = JUST_RECEIVED if found else f"{DECODED} (it is not there any more)"
        self._show()
        self._table.redraw()

    def _show(self) -> None:
        words = "x hides metadata" if self._revealed else "metadata masked, x shows it"
        self.query_one(TitleLine).say(
            Cell(f" {self._title_words}", "accent"),
            keys=(f"{words} · c copies · Esc closes", f"{words} · Esc closes", words),
        )
        shown = lines(self._raw, revealed=self._revealed)
        self._table.set_columns((ColumnLayout("line", self._heading, 20, grow=1),))
        self._table.show(
            [str(index) for index in range(len(shown))], lambda key: (Cell(shown[int(key)]),), ghosts=False
        )

    def action_reveal(self) -> None:
        """Show metadata, or hide it again."""
        self._revealed = not self._revealed
        self._show()
        self._table.redraw()

    def action_copy(self) -> None:
        """Copy all of it, masked as it is shown."""
        self._copy("\n".join(lines(self._raw, revealed=self._revealed)))

    def action_leave(self) -> None:
        """Close."""
        self.dismiss()
