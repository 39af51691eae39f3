"""A state folder as an earlier version wrote it, and lines that only a later one may write.

Its journal holds finished operations and, of a console that is gone: an unknown restart, and an undispatch, a
rollback, a create and a deploy without an outcome. Its spool holds a kept log in two parts.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fixtures.operation import Setup, operation_setup
from tui.logs.archive import Archive, log_files
from tui.operations.journal.journal import Journal, Verdict

STATE = Path(__file__).parent / "fixtures" / "state_before"
BEFORE = STATE / "journal.jsonl"
LATER = (
    '{"id":"a","time":1786000020.0,"project":"prod","operation":"teleport","target":"CA_x","schema":9}',
    '{"id":"b","time":1786000021.0,"project":"prod","operation":"restart","target":"CA_x"}',
    '{"id":"b","time":1786000022.0,"verdict":"half_done","detail":"as a later version says"}',
)
"""An operation that is not known here, and a verdict that is not."""


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    """The small fleet, standing still, with an old journal."""
    async with operation_setup(tmp_path) as opened:
        folder = tmp_path / "state"
        folder.mkdir(mode=0o700, exist_ok=True)
        journal = folder / "journal.jsonl"
        shutil.copy(BEFORE, journal)
        journal.write_text(journal.read_text().replace("https://prod.example", opened.simulator.url))
        journal.chmod(0o600)
        yield opened


def append(here: Setup, *lines: str) -> None:
    """Add lines to the journal as another version would."""
    with (here.path / "state" / "journal.jsonl").open("a") as journal:
        journal.writelines(f"{line}\n" for line in lines)


def test_the_fixture_has_only_keys_that_were_written_then() -> None:
    keys = set().union(*(json.loads(line) for line in BEFORE.read_text().splitlines()))
    assert keys == {
        *("id", "time", "project", "operation", "target", "request_id", "arguments", "reason", "baseline"),
        *("facts", "user", "ssh", "process", "verdict", "detail", "latency"),
    }


async def test_old_entries_are_shown(here: Setup) -> None:
    entries = {(entry.intent.operation, entry.verdict) for entry in here.journal.entries()}
    assert entries == {
        ("dispatch", Verdict.DONE),
        ("set_secret", Verdict.REFUSED),
        ("restart", Verdict.NOT_SEEN),
        ("restart", Verdict.UNKNOWN),
        *((operation, None) for operation in ("undispatch", "rollback", "create", "deploy")),
    }


async def test_old_intents_are_found_and_settled_by_the_operator_alone(here: Setup) -> None:
    """They say at one server that they were begun at; where the other one was, nobody knows."""
    here.clock.advance(60)
    before = len(here.simulator.control.requests())
    unresolved = await here.operator.unresolved()
    settled = {intent.operation: await here.operator.settle(intent) for intent in unresolved}
    assert settled.keys() == {"restart", "undispatch", "rollback", "create", "deploy"}
    assert {outcome.verdict for outcome in settled.values()} == {Verdict.UNKNOWN}
    assert all("check it yourself" in outcome.words for outcome in settled.values())
    assert not any(outcome.may_resend for outcome in settled.values())
    assert len(here.simulator.control.requests()) == before
    await here.operator.set_aside(unresolved[0])
    assert len(await here.operator.unresolved()) == 4


async def test_what_a_later_version_wrote_is_shown_and_never_offered_for_sending(here: Setup) -> None:
    append(here, *LATER)
    half_done, teleport = here.journal.entries(2)
    assert (half_done.verdict, half_done.foreign) == (Verdict.UNKNOWN, "half_done")
    assert half_done.detail == "as a later version says"
    assert (teleport.intent.operation, teleport.verdict) == ("teleport", None)
    outcome = await here.operator.settle(teleport.intent)
    assert (outcome.verdict, outcome.may_resend) == (Verdict.UNKNOWN, False)
    assert outcome.words == "teleport: not an operation of this lktop"
    assert "b" not in {intent.id for intent in await here.operator.unresolved()}
    assert Journal(here.path / "state" / "journal.jsonl", here.clock).entries(1)[0].detail == half_done.detail


def test_a_log_kept_then_is_listed_and_opens(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    shutil.copytree(STATE / "spool", spool)
    for written, part in enumerate(sorted(spool.iterdir())):
        os.utime(part, (written, written))
    (kept,), _ = log_files(spool, tmp_path / "logs")
    assert (kept.name, kept.kept, len(kept.paths)) == ("deploy-CA_support0001-20260806T134000Z", True, 2)
    archive = Archive(kept.name, kept.paths, kept=True)
    while archive.step():
        pass
    lines = [line.raw for line in archive.log.lines(archive.log.first, 0)]
    archive.close()
    assert len(lines) == 18
    assert b"call 0 answered" in lines[0]
    assert lines[-1] == b'KeyError: "DEEPGRAM_API_KEY"'
