"""What the logs of agents say, wherever one is read: counted, and the newest error of each. Pure."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tui.api.text.masking import SentSecrets
from tui.clock import Clock
from tui.fleet.reason import LoggedError
from tui.history.records import ErrorCount
from tui.logs.read_error import ReadError
from tui.logs.source import LogSource

MOST: Final = 200
"""Agents whose newest error is remembered."""
MOST_COUNTS: Final = 1_000
"""Counts that may wait to be taken; errors beyond that are not counted."""
FRESH: Final = 300.0
"""Seconds for which an exception is not replaced by an error without one: those tell of its consequences."""
MINUTE: Final = 60.0

_Key = tuple[str, str, str, str]


class _Newest(Struct, frozen=True):
    """What is remembered of an agent's log."""

    deployed_at: float | None
    error: ReadError | None = None


class _Count(Struct):
    """Errors that are counted together, and the newest of them."""

    newest: ReadError
    count: int = 0


class LogErrors:
    """`ErrorListener` of every log that is opened. What was read twice is counted once."""

    def __init__(self, clock: Clock, sent: SentSecrets | None = None) -> None:
        """`sent` is what nothing may show: agents print their secrets where these are wrong."""
        self._clock, self._sent = clock, sent
        self._newest: dict[str, _Newest] = {}
        self._counts: dict[tuple[str, int, str], _Count] = {}
        self._counted: dict[_Key, float] = {}
        """By source that is followed, the newest error; Unix seconds."""
        self._glanced: dict[_Key, float] = {}
        """By source that was only looked into."""
        self.has_news = asyncio.Event()
        """There is something to take."""

    def found(self, error: ReadError) -> None:
        """An error was read in a log that is followed."""
        self._take_in(error, self._glanced.get(error.source.key))
        _raise(self._counted, error)

    def glanced(self, errors: list[ReadError]) -> None:
        """Errors were read in a log that was looked into."""
        for error in errors:
            self._take_in(error, max_of(self._counted, self._glanced, error.source.key))
        for error in errors:
            _raise(self._glanced, error)

    def read(self, source: LogSource) -> None:
        """Lines of a log were read up to the newest."""
        known = self._newest.get(source.agent_id)
        if source.log_type == "deploy" and (known is None or known.deployed_at != source.deployed_at):
            self._remember(source, None)

    def _take_in(self, error: ReadError, counted_until: float | None) -> None:
        source = error.source
        if source.log_type != "deploy":
            return
        if self._is_newest(error):
            self._remember(source, error)
        if error.at is not None and counted_until is not None and error.at <= counted_until:
            return
        minute = int((self._clock.now() if error.at is None else error.at) // MINUTE)
        key = source.agent_id, minute, error.signature
        if key in self._counts or len(self._counts) < MOST_COUNTS:
            held = self._counts.setdefault(key, _Count(error))
            held.count, held.newest = held.count + 1, error
            self.has_news.set()

    def _is_newest(self, error: ReadError) -> bool:
        known = self._newest.get(error.source.agent_id)
        if known is None or known.error is None or known.deployed_at != error.source.deployed_at:
            return True
        if error.key.exception or not known.error.key.exception:
            return True
        return error.at is not None and known.error.at is not None and error.at - known.error.at > FRESH

    def _remember(self, source: LogSource, error: ReadError | None) -> None:
        self._newest.pop(source.agent_id, None)
        self._newest[source.agent_id] = _Newest(source.deployed_at, error)
        if len(self._newest) > MOST:
            del self._newest[next(iter(self._newest))]
        self.has_news.set()

    def take(self) -> tuple[list[ErrorCount], Mapping[str, LoggedError]]:
        """What was counted since the last time, and what the log of each agent says now, by id."""
        self.has_news.clear()
        counts = [
            ErrorCount(agent_id, minute, self._mask(signature), held.count, self._mask(held.newest.line))
            for (agent_id, minute, signature), held in self._counts.items()
        ]
        self._counts.clear()
        newest = {
            agent_id: LoggedError(
                "" if known.error is None else self._mask(known.error.line), known.deployed_at
            )
            for agent_id, known in self._newest.items()
        }
        return counts, newest

    def _mask(self, text: str) -> str:
        return text if self._sent is None else self._sent.mask_values(text)


def _raise(known: dict[_Key, float], error: ReadError) -> None:
    if error.at is not None:
        key = error.source.key
        known[key] = max(known.pop(key, error.at), error.at)
        if len(known) > MOST:
            del known[next(iter(known))]


def max_of(first: Mapping[_Key, float], second: Mapping[_Key, float], key: _Key) -> float | None:
    """The larger of two values, as far as there are any."""
    return max((known[key] for known in (first, second) if key in known), default=None)
