"""Filters as they are typed: text as one expression, conditions on fields as in the lists."""

from __future__ import annotations

import pytest

from tests.logs.fakes import EPOCH, TRACEBACK, line
from tests.logs.test_search import found, log_of
from tui.logs.expressions import TooSlow
from tui.logs.query import parse_filter
from tui.logs.search import Criteria

LOG = log_of(
    line("turn done", job_id="AJ_1", room="lobby", latency_ms=120),
    line("turn slow", level="WARNING", job_id="AJ_2", room="lobby", latency_ms=900.5, name="acme.stt"),
    line("timed out", level="ERROR", job_id="AJ_1", room="desk", tokens={"in": 7}, exc_info=TRACEBACK),
    b'time="2026-11-28T10:00:03Z" level=error msg="cannot pull" room=lobby-2',
    b"caller said room 14",
    b'{"level":50,"msg":"pino","room":"desk"}',
    b"Traceback (most recent call last):",
    b"  File a",
    b"BookingFailed: no",
)


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("turn", [0, 1]),
        ("turn slow", [1]),
        ("slow turn", []),
        ("!turn", [2, 3, 4, 5, 6, 7, 8]),
        ("room:lobby", [0, 1, 3]),
        ("room=lobby", [0, 1, 3]),
        ("room:^lobby$", [0, 1]),
        ("!room:lobby", [2, 4, 5, 6, 7, 8]),
        ("room!=lobby", [2, 4, 5, 6, 7, 8]),
        ("room:LOBBY job_id:AJ_1", [0]),
        ("room:lobby slow", [1]),
        ("room:lobby !slow", [0, 3]),
        ('room:desk "timed out"', [2]),
        ('message:"timed out"', [2]),
        ("level:error", [2, 3, 5, 6, 7, 8]),
        ("level:warn", [1]),
        ("level>=warn", [1, 2, 3, 5, 6, 7, 8]),
        ("level<warn", [0]),
        ("level>=warn room:desk", [2, 5]),
        ("logger:stt", [1]),
        ("name:stt", [1]),
        ("latency_ms>500", [1]),
        ("latency_ms<=120", [0]),
        ("latency_ms:120.0", [0]),
        ("latency_ms:12", []),
        ("tokens.in:7", [2]),
        ("job_id:AJ_(1|2) turn", [0, 1]),
    ],
)
def test_what_passes(typed: str, rows: list[int]) -> None:
    assert found(LOG, Criteria(filters=(parse_filter(typed),))) == rows


@pytest.mark.parametrize(
    "text", ["http://x", "10:00:05", "std::bad_alloc", "ERROR: foo bar", "a->b", "x>y", '"']
)
def test_what_only_looks_like_a_condition_is_text(text: str) -> None:
    log = log_of(text.encode(), b"other", EPOCH.hex().encode())
    assert 0 in found(log, Criteria(filters=(parse_filter(text),)))
    assert parse_filter(text).label == text


def test_a_condition_is_listed_as_it_was_typed() -> None:
    assert parse_filter("!room:lobby").label == "!room:lobby"
    assert parse_filter("room!=lobby").label == "!room:lobby"
    assert parse_filter('room:lobby "timed out"').label == 'room:lobby "timed out"'


def test_an_expression_that_may_take_for_ever_is_refused_in_a_value_too() -> None:
    with pytest.raises(TooSlow):
        parse_filter("room:(a+)+b")
