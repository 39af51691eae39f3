"""An error as it was read in a log, in one line. Must not know who counts them."""

from __future__ import annotations

from typing import Final, Protocol

from msgspec import Struct

from tui.api.text.clean import clean
from tui.api.text.masking import masked
from tui.logs.lines.records import LogRecord, plain
from tui.logs.lines.signatures import LOOKED_AT, Key
from tui.logs.source import LogSource

LONGEST: Final = 160
"""Characters of the line."""


class ReadError(Struct, frozen=True):
    """One error."""

    source: LogSource
    at: float | None
    """When it was written, Unix seconds; None if the line does not say."""
    key: Key
    """What errors of one cause have in common."""
    record: LogRecord

    @property
    def signature(self) -> str:
        """The key in one line."""
        said = (self.key.exception, self.key.message, self.key.frame)
        return masked(" · ".join(dict.fromkeys(filter(None, said))))

    @property
    def line(self) -> str:
        """What it says in one line, masked: the last exception of a traceback, else the message."""
        name, text = self.key.exception, self.record.message
        if name:
            lines = (plain(line[:LOOKED_AT]) for line in reversed(self.record.body))
            text = next((line for line in lines if line.startswith(name)), text)
        return clean(masked(plain(text)), limit=LONGEST)


class ErrorListener(Protocol):
    """Is told of what logs say. Must be quick."""

    def found(self, error: ReadError) -> None:
        """An error was read."""

    def read(self, source: LogSource) -> None:
        """Lines of this source were read up to the newest."""
