"""Level and time of a line as noted on arrival, for what agents print and for what they should not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.fakes import EPOCH, PROPERTY, line
from tui.logs.expressions import time_limit
from tui.logs.lines.classify import Classifier, classify
from tui.logs.lines.levels import LEVEL_BITS, PART, Level
from tui.logs.lines.records import parse
from tui.logs.lines.times import parse_time, time_of
from tui.logs.log import Log
from tui.logs.search import Criteria
from tui.logs.spool import Spool


@pytest.mark.parametrize(
    ("raw", "level"),
    [
        (line("x", level="DEBUG"), Level.DEBUG),
        (line("x", level="INFO"), Level.INFO),
        (line("x", level="WARNING"), Level.WARN),
        (line("x", level="ERROR"), Level.ERROR),
        (line("x", level="CRITICAL"), Level.CRITICAL),
        (line("x", level="DEV"), Level.DEBUG),
        (line("x", level="error"), Level.ERROR),
        (line("x", level="GOSSIP"), Level.NONE),
        (b'{"level":50,"time":1795000000123,"msg":"pino"}', Level.ERROR),
        (b'{"severity":"WARNING","message":"gcp"}', Level.WARN),
        (b'{"level":{"a":1},"message":"odd"}', Level.NONE),
        (b'{"message":"\\ud800","level":"ERROR"}', Level.ERROR),
        (b'{"message":"\xff","level":"ERROR"}', Level.ERROR),
        (b'{"level":"ERROR","message":"cut', Level.ERROR),
        (b'{"message":"the word ERROR in it","level":"INFO"}', Level.INFO),
        (b"2026-01-01 10:00:00,123 - WARNING disk", Level.WARN),
        (b"[ERROR] no", Level.ERROR),
        (b"ERROR: in band", Level.ERROR),
        (b"BUILD ERROR: no Dockerfile", Level.ERROR),
        (b"Traceback (most recent call last):", Level.ERROR),
        (b"ValueError: no such slot", Level.ERROR),
        (b"openai.APIConnectionError: Connection error.", Level.ERROR),
        (b"Fatal Python error: Segmentation fault", Level.CRITICAL),
        (b"information about terrors", Level.NONE),
        (b"Error handling is great", Level.NONE),
        (b"", Level.NONE),
        (b"{" * 100_000, Level.NONE),
    ],
)
def test_level(raw: bytes, level: Level) -> None:
    assert classify([raw])[0] & LEVEL_BITS == level


@pytest.mark.parametrize(
    "shape",
    [
        *(
            "10:00:00",
            "10:00:00 ",
            "2026-11-28:",
            "[",
            "[a",
            "(1)",
            "[ERROR",
            "<",
            "1 ",
            "1.2.3.4 ",
            "a - ",
            "a.b: ",
        ),
        *(
            "Nov 28 ",
            "[a:Nov 28 10:00:00\t",
            "agent-1 | ",
            "#7 1.0 ",
            "host app[7]: ",
            "thread '",
            "exit ",
            "free",
        ),
        *(
            ": Assertion `",
            "panicked at ",
            "level=",
            '"level=error ',
            "A.",
            "Uncaught ",
            "x:1: ",
            "\x1b[31m",
            "\r",
        ),
        *('{"', '{"a":', '{"log":"', "<1>", "UTC ", "ERROR-", "| ", "[E:", "name ", "Name "),
    ],
)
def test_a_line_made_to_take_long_does_not(shape: str) -> None:
    with time_limit(0.5):
        for before in ("", "2026-11-28 10:00:00 ", "[", "error "):
            for count in (10, 60, 3000):
                raw = (before + shape * count).encode()
                classify([raw, b" " + raw])
                time_of(raw, EPOCH)
                parse(raw)


@pytest.mark.parametrize("opening", ['{"record":', '{"log":', '{"level":', '{"t":', '{"fields":', '{"err":'])
@pytest.mark.parametrize("depth", [100, 500, 900, 5000])
def test_objects_in_objects_without_end_are_no_record_and_take_no_time(opening: str, depth: int) -> None:
    raw = (opening * depth + "{}" + "}" * depth).encode()
    with time_limit(0.3):
        assert classify([raw])[0] == Level.NONE
        assert time_of(raw, EPOCH) is None
        assert parse(raw).level is Level.NONE


def test_frames_of_a_plain_traceback_are_as_serious_as_its_head() -> None:
    frames = [b"Traceback (most recent call last):", b'  File "a.py", line 1', b"    x()"]
    levels = classify([b"print", *frames, b"KeyError: 'x'", b"ok"])
    assert list(levels) == [Level.NONE, *[Level.ERROR | PART] * 3, Level.ERROR, Level.NONE]


@pytest.mark.parametrize(
    "end",
    [
        b"httpx.ReadTimeout: no answer",
        b"a.BookingFailed",
        b"BookingFailed: no",
        b"timeout",
        "Störung: nein".encode(),
        b"KeyboardInterrupt",
        b"SystemExit: 1",
    ],
)
def test_what_ends_a_traceback_is_an_error_whatever_it_is_called(end: bytes) -> None:
    frames = [b"Traceback (most recent call last):", b'  File "a.py", line 1', b"    x()"]
    assert classify([*frames, end])[-1] == Level.ERROR
    assert classify([b"ok", end])[-1] == Level.NONE
    assert classify([*frames, b"all is done: ok"])[-1] == Level.NONE


def test_a_traceback_goes_through_the_lines_of_several_reads() -> None:
    classifier = Classifier()
    assert classifier.marks([b"Traceback (most recent call last):"])[0] == Level.ERROR | PART
    assert classifier.marks([b'  File "a.py", line 1'])[0] == Level.ERROR | PART
    assert classifier.marks([b"BookingFailed: no"])[0] == Level.ERROR


def test_records_read_together_have_the_levels_that_they_have_one_by_one() -> None:
    lines = [line("x", level=level) for level in ("INFO", "error", "GOSSIP", "WARNING")]
    lines += [
        line("child exited with signal 9"),
        b'{"level":30,"msg":"pino"}',
        b'{"level":"INFO","message":7}',
    ]
    lines += [b'{"level":', b'"INFO"}', b'{"level":"INFO"} {"level":"ERROR"}', b"", b"{}", b'{"a":1}']
    for order in (lines, lines[::-1], lines * 50):
        assert classify(order) == bytes(classify([each])[0] for each in order)


@pytest.mark.parametrize("size", [100, 60_000, 70_000, 300_000, 5_000_000])
def test_a_record_of_any_length_is_as_serious_as_it_says(size: int) -> None:
    raw = line("context " * (size // 8), level="ERROR")
    assert classify([raw])[0] == Level.ERROR
    assert parse(raw).level is Level.ERROR
    log = Log(Spool(None))
    lines = [raw, line("next")]
    log.append(lines, classify(lines), bytes(2), EPOCH)
    assert log.counts.errors == 1
    assert list(Criteria(level=Level.ERROR).rows(log.spool.block(0, 2, 1 << 30))) == [0]


@PROPERTY
@given(st.binary(max_size=200))
def test_any_bytes_have_a_level_and_perhaps_a_time(raw: bytes) -> None:
    assert classify([raw, b"{" + raw])[0] & LEVEL_BITS in list(Level)
    for candidate in (raw, b"{" + raw, b'{"timestamp":"' + raw + b'"}'):
        moment = time_of(candidate)
        assert moment is None or 946_684_800 <= moment < 4_102_444_800


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-11-18T11:06:40+00:00", EPOCH),
        ("2026-11-18T11:06:40Z", EPOCH),
        ("2026-11-18T11:06:40", EPOCH),
        ("2026-11-18T13:06:40.5+02:00", EPOCH + 0.5),
        (EPOCH, EPOCH),
        (int(EPOCH * 1000), EPOCH),
        (int(EPOCH) * 1_000_000, EPOCH),
        (int(EPOCH) * 1_000_000_000, EPOCH),
        (0, None),
        (-1, None),
        (2**63 - 1, None),
        (float("nan"), None),
        ("yesterday", None),
        ("0001-01-01T00:00:00Z", None),
        (True, None),
        (None, None),
    ],
)
def test_time(value: object, seconds: float | None) -> None:
    assert parse_time(value) == seconds


def test_the_time_of_a_record_that_was_cut() -> None:
    assert time_of(b'{"level":30,"time":1795000000000,"msg":"cut') == EPOCH
    assert time_of(b'{"timestamp":"2026-11-18T11:06:40Z","message":"cut') == EPOCH
    assert time_of(b'{"message":"cut') is None
    assert time_of(b'{"message":"at \\"time\\":\\"2026-11-18T11:06:40Z\\" it was') is None


def test_the_first_field_that_holds_a_time_counts() -> None:
    assert time_of(b'{"time":"soon","@timestamp":"2026-11-18T11:06:40Z","message":"m"}') == EPOCH
    assert time_of(b'{"time":"11:06:40","message":"m"}', EPOCH + 60) == EPOCH
    assert time_of(b'{"time":"11:06:40","message":"m"}') is None


def test_time_at_the_head_of_a_plain_line() -> None:
    assert time_of(b"2026-11-18 11:06:40,250 - INFO up") == EPOCH + 0.25
    assert time_of(b"2026-11-18T11:06:40Z up") == EPOCH
    assert time_of(b"no time") is None
