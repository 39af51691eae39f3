"""Errors in logs, in one line each; and a look into a log that nobody follows."""

from __future__ import annotations

import asyncio
import json
from typing import NoReturn

import pytest

from tests.logs.fakes import TestClient, TestClock, settle, source
from tui.api import errors
from tui.logs.glance import LINES, LONGEST, SECONDS, glance
from tui.logs.lines.classify import Classifier
from tui.logs.lines.records import parse
from tui.logs.lines.signatures import Key
from tui.logs.log import Log
from tui.logs.read_error import ReadError
from tui.logs.source import LogSource, StreamState
from tui.logs.spool import Spool

TRACE = [
    "Traceback (most recent call last):",
    '  File "/app/agent.py", line 8, in main',
    "    key = os.environ['DEEPGRAM_API_KEY']",
    "KeyError: 'DEEPGRAM_API_KEY'",
]


class Heard:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.errors: list[ReadError] = []
        self.sources: list[LogSource] = []

    def found(self, error: ReadError) -> None:
        """An error."""
        self.errors.append(error)

    def read(self, source: LogSource) -> None:
        """A source."""
        self.sources.append(source)

    @property
    def lines(self) -> list[str]:
        """The errors."""
        return [error.line for error in self.errors]


def heard(*lines: str) -> list[str]:
    """The errors of a log."""
    listener = Heard()
    log = Log(Spool(None), listener=listener)
    log.streams[0] = StreamState(source(), "us", heard=1.0)
    raw = [line.encode() for line in lines]
    log.append(raw, Classifier().marks(raw), bytes(len(raw)), 100.0)
    assert not log.count_errors() and listener.sources == [source()]
    assert not log.count_errors() and len(listener.sources) == 1, "nothing new was read"
    return listener.lines


def test_an_error_is_its_last_exception_else_its_message_masked_and_in_one_line() -> None:
    exc_info = "\n".join(TRACE)
    token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUEkifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    table = {
        json.dumps({"level": "ERROR", "message": "job failed", "exc_info": exc_info}): TRACE[-1],
        json.dumps({"level": "ERROR", "message": "worker exited with non-zero code 1"}): (
            "worker exited with non-zero code 1"
        ),
        json.dumps({"level": "ERROR", "message": f"refused {token}\x1b[31m"}): "refused",
        json.dumps({"level": "INFO", "message": "ready"}): None,
    }
    for line, words in table.items():
        found = heard(line)
        assert (found[0].startswith(words) if words else not found) and not any(
            "eyJ" in text for text in found
        )
        assert all(text.isprintable() and len(text) <= 160 for text in found)
    assert heard(*TRACE) == ["KeyError: 'DEEPGRAM_API_KEY'"]
    key = Key(f"refused {token}", "Refused")
    assert ReadError(source(), None, key, parse(b"x")).signature == "Refused · refused ***"


async def look(*, client: TestClient | None = None) -> tuple[TestClient, TestClock, Heard, asyncio.Task[int]]:
    """A glance that is under way."""
    client, clock, listener = client or TestClient(), TestClock(), Heard()
    task = asyncio.create_task(glance(client, source(), clock, listener))
    await settle()
    return client, clock, listener, task


async def test_a_glance_ends_after_some_seconds_some_lines_or_with_the_stream() -> None:
    client, clock, listener, task = await look()
    client.wire.lines(*TRACE)
    await clock.advance(SECONDS - 0.1)
    assert not task.done()
    await clock.advance(0.2)
    assert await task == len(TRACE) and client.wire.closed
    assert listener.lines == ["KeyError: 'DEEPGRAM_API_KEY'"]

    client, clock, listener, task = await look()
    client.wire.lines(*["ERROR boom"] * (LINES + 50))
    await settle()
    assert await task == LINES == len(listener.errors) and client.wire.closed

    client, clock, listener, task = await look()
    client.wire.send(b"x" * 3 * LONGEST, b"\nERROR half a line")
    client.wire.end()
    assert await task == 2 and listener.lines == ["ERROR half a line"]


async def test_a_log_that_cannot_be_opened_says_nothing_and_a_fault_of_ours_is_raised() -> None:
    client = TestClient()
    client.refusals = [errors.NotFound("no instance", status=404)]
    client, _, listener, task = await look(client=client)
    assert await task == 0 and not listener.sources

    client, _, listener, task = await look()
    client.wire.lines("ERROR boom")
    client.wire.end(errors.Unreachable("connection reset"))
    assert await task == 1 and listener.lines == ["ERROR boom"], "what came before the end is read"

    def fault(*args: object, **more: object) -> NoReturn:
        raise ValueError("a bug")

    client.logs = fault
    _, _, _, task = await look(client=client)
    with pytest.raises(ValueError, match="a bug"):
        await task
