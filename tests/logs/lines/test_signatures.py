"""Errors that are the same but for their numbers."""

from __future__ import annotations

import pytest

from tests.logs.fakes import EPOCH, TRACEBACK, line, source
from tui.logs.expressions import time_limit
from tui.logs.lines.classify import classify
from tui.logs.lines.levels import Level
from tui.logs.lines.records import parse
from tui.logs.lines.signatures import MOST, OTHER, Signatures, key_of, normalise
from tui.logs.log import Log
from tui.logs.rows import FoundRows
from tui.logs.search import Criteria, LogFilter, OfKind
from tui.logs.source import StreamState
from tui.logs.spool import Spool


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("job AJ_Rm8sJ4kTfVya failed after 12 s", "job AJ_k3J4kTfVyaaa failed after 340 s"),
        ("timeout to 10.0.0.1:443", "timeout to 10.9.9.9:8443"),
        ("id 1b4e28ba-2fa1-11d2-883f-0016d3cca427", "id 6fa459ea-ee8a-3ca4-894e-db77e160355e"),
        ("at 0xdeadbeef", "at 0x1234"),
        ("took 1.5 s", "took -20 s"),
    ],
)
def test_the_same_kind(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), [("no slot", "no room"), ("utf8 failed", "utf16 failed")])
def test_another_kind(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_exception_and_frame_of_python_and_node() -> None:
    python = key_of(parse(line("boom", level="ERROR", exc_info=TRACEBACK)))
    assert (python.exception, python.frame) == ("ValueError", "tools.py:book")
    stack = "TypeError: x is undefined\n    at book (/app/tools.js:12:3)\n    at async run (/app/main.js:1:1)"
    node = key_of(parse(line("boom", level="ERROR", stack=stack)))
    assert (node.exception, node.frame) == ("TypeError", "tools.js:book")


@pytest.mark.parametrize(
    ("end", "exception"),
    [("BookingFailed: no", "BookingFailed"), ("timeout", "timeout"), ("Exception: closed", "Exception")],
)
@pytest.mark.parametrize("before", ["", "agent-1  | ", "2026-11-18T11:06:40.123456789Z "])
def test_an_exception_may_have_any_name(before: str, end: str, exception: str) -> None:
    log = Log(Spool(None))
    log.streams[0] = StreamState(source(), "us")
    frames = ["Traceback (most recent call last):", '  File "/app/tools.py", line 12, in book']
    lines = [f"{before}{text}".encode() for text in (*frames, end)]
    log.append(lines, classify(lines), bytes(3), EPOCH)
    assert not log.count_errors()
    (found,) = log.signatures.ranked()
    assert (found.key.exception, found.key.frame) == (exception, "tools.py:book")


def test_a_traceback_printed_with_a_record_is_one_error_of_one_kind() -> None:
    log = Log(Spool(None))
    log.streams[0] = StreamState(source(), "us")
    lines = [
        b"2026-11-18 11:06:40,000 - ERROR bot - turn 14 failed",
        *TRACEBACK.encode().split(b"\n"),
        line("x"),
    ]
    log.append(lines, classify(lines), bytes(len(lines)), EPOCH)
    assert not log.count_errors() and log.counts.errors == 1
    (found,) = log.signatures.ranked()
    assert (found.key.exception, found.key.frame) == ("ValueError", "tools.py:book")
    rows = FoundRows(log, Criteria(filters=(LogFilter(OfKind(found.key)),)))
    rows.step(lambda: 0.0)
    assert [rows[index] for index in range(len(rows))] == [0]


@pytest.mark.parametrize(
    "trace", ["at f (" + ":1" * 100_000, "Error." * 30_000 + "!", "  at x\n" * 30_000 + "KeyError: 1"]
)
def test_a_traceback_made_to_take_long_does_not(trace: str) -> None:
    record = parse(line("boom", level="ERROR", exc_info=trace))
    with time_limit(1.0):
        assert key_of(record).message == "boom"


def test_plain_tracebacks_are_one_kind_by_what_ends_them() -> None:
    """Also where another source's lines came in between."""
    log = Log(Spool(None))
    log.streams = {tag: StreamState(source(region), region[:2]) for tag, region in enumerate(("us", "eu"))}
    for job in ("AJ_Rm8sJ4kTfVya", "AJ_k2LsP0aQxZtb"):
        trace = TRACEBACK.replace("ValueError: no such slot: 14", f"httpx.ReadTimeout: {job} waited 12 s")
        raws = [line("going"), *map(str.encode, trace.splitlines())]
        tags = [0] * len(raws)
        marks = list(classify(raws))
        raws.insert(3, b"of another")
        tags.insert(3, 1)
        marks.insert(3, Level.NONE)
        log.append(raws, bytes(marks), bytes(tags), EPOCH)
    while log.count_errors():
        pass
    (kind,) = log.signatures.ranked()
    assert (kind.count, kind.key.exception, kind.key.frame) == (2, "httpx.ReadTimeout", "tools.py:book")
    assert kind.key.message == "httpx.ReadTimeout: <id> waited <n> s"
    rows = FoundRows(log, Criteria(filters=(LogFilter(OfKind(kind.key)),)))
    while rows.step(lambda: 0.0):
        pass
    assert [log.line(rows[n]).raw[:17] for n in range(len(rows))] == [b"httpx.ReadTimeout"] * 2


def test_history_of_a_kind() -> None:
    kinds = Signatures()
    for n in range(3):
        record = parse(line(f"no slot {n}", level="ERROR", job_id=f"AJ_{n % 2}"))
        kinds.add(record, row=n * 10, moment=EPOCH + n, version="v1" if n < 2 else "v2")
    (found,) = kinds.ranked()
    assert (found.count, found.last_row) == (3, 20)
    assert (found.first_seen, found.last_seen) == (EPOCH, EPOCH + 2)
    assert (found.first_version, found.jobs) == ("v1", {"AJ_0", "AJ_1"})


def test_new_is_only_claimed_when_the_log_reaches_back_before_the_deploy() -> None:
    kinds = Signatures()
    found = kinds.add(parse(b"x"), 0, EPOCH + 100, "v2")
    assert found.new_since(EPOCH + 50, EPOCH)
    assert not found.new_since(EPOCH + 50, EPOCH + 60)
    assert not found.new_since(EPOCH + 150, EPOCH)
    assert not found.new_since(None, EPOCH)


def test_kinds_are_bounded() -> None:
    kinds = Signatures()
    for n in range(MOST + 50):
        letters = "".join(chr(ord("a") + int(digit)) for digit in str(n))
        kinds.add(parse(b"kind " + letters.encode()), n, None, "")
    assert len(kinds.by_key) == MOST + 1
    assert next(found for found in kinds.ranked() if found.key.message == OTHER).count == 50
