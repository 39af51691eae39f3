"""Quantities and times in words: those of `lk` to the letter, our own coarse enough to stand still."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.fleet import quantity
from tui.fleet.past import Since
from tui.fleet.times import TimeStyle, clock_time, how_long, rfc3339, seen, short_time, when, zone_name
from tui.formats import age, counted, decimal_size, duration, fine_age, size, whole_seconds

# ---- quantities (PROTOCOL.md, Agents) ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0", "0m"),
        ("2", "2000m"),
        ("1.5", "1500m"),
        ("123456789n", "124m"),
        ("250u", "1m"),
        ("100e-3", "100m"),
        ("183421908n", "184m"),
        ("2000m", "2000m"),
        ("1n", "1m"),
        (" 500m ", "500m"),
        ("1k", "1000000m"),
        ("-1", "-1000m"),
    ],
)
def test_cpu_as_lk_prints_it(text: str, shown: str) -> None:
    assert quantity.cpu(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("4Gi", "4GB"),
        ("512Mi", "0.5GB"),
        ("1500Mi", "1.5GB"),
        ("4G", "3.7GB"),
        ("128Gi", "1.3e+02GB"),
        ("99.5Gi", "1e+02GB"),
        ("8589934592", "8GB"),
        ("1234567890", "1.1GB"),
        ("2.25Gi", "2.2GB"),
        ("100Mi", "0.098GB"),
        ("1Ki", "9.5e-07GB"),
        ("0", "0GB"),
        ("734003200", "0.68GB"),
        ("0.5", "9.3e-10GB"),
    ],
)
def test_memory_as_lk_prints_it(text: str, shown: str) -> None:
    assert quantity.memory(text, suffix=True) == shown
    assert quantity.memory(text) == shown.removesuffix("GB")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1"),
        ("1.", "1"),
        (".5", "0.5"),
        ("+5", "5"),
        ("-5", "-5"),
        ("5m", "0.005"),
        ("1k", "1000"),
        ("1M", "1000000"),
        ("2Ki", "2048"),
        ("1Mi", "1048576"),
        ("1E", "1000000000000000000"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1e+3", "1000"),
        ("1E-3", "0.001"),
        ("0.1n", "0.000000001"),
        ("1Ei", "1152921504606846976"),
    ],
)
def test_the_grammar_of_quantities(text: str, value: str) -> None:
    assert quantity.parse(text) == Decimal(value)


NO_QUANTITY = ["", " ", "--", "4 Gi", "4gi", "4K", "4ki", "1e", "1e1000", "e3", "1.2.3", "0x10", "1_000"]
NO_QUANTITY += ["٣", "nan", "inf", "4Gi\n4"]


@pytest.mark.parametrize("text", NO_QUANTITY)
def test_what_is_no_quantity_is_shown_empty(text: str) -> None:
    assert quantity.parse(text) is None
    assert quantity.cpu(text) == quantity.memory(text) == ""
    assert quantity.share(text, "1") is None and quantity.share("1", text) is None


def test_shares() -> None:
    assert quantity.share("500m", "2") == 0.25
    assert quantity.share("1Gi", "4Gi") == 0.25
    assert quantity.share("0", "2") == 0.0
    assert quantity.share("1", "0") is None


@given(st.text("0123456789.+-eEmnukKMGTPi ", max_size=12) | st.text(max_size=6))
def test_no_text_breaks_a_quantity(text: str) -> None:
    for shown in (quantity.cpu(text), quantity.memory(text, suffix=True)):
        assert shown.isascii()
    quantity.share(text, text)


# ---- times ---------------------------------------------------------------------------------------------

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-5, "<1m"),
        (0, "<1m"),
        (59.9, "<1m"),
        (60, "1m"),
        (119 * MINUTE + 59, "119m"),
        (2 * HOUR, "2h"),
        (47 * HOUR + 3599, "47h"),
        (2 * DAY, "2d"),
        (400 * DAY, "400d"),
    ],
)
def test_ages(value: float, words: str) -> None:
    assert age(value) == words


def test_how_long_ago_something_was_seen() -> None:
    starts = {0: "<2m", 120: "2m+", 300: "5m+", 600: "10m+", 1800: "30m+", HOUR: "1h+", DAY: "1d+"}
    before = "<2m"
    for value, words in starts.items():
        assert (seen(value - 0.1), seen(value)) == (before, words)
        before = words
    assert seen(1000 * DAY) == "1d+"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 ms"),
        (0.3404, "340 ms"),
        (0.9996, "1.0 s"),
        (2.14, "2.1 s"),
        (9.96, "10 s"),
        (14.4, "14 s"),
        (119.4, "119 s"),
        (120, "2m"),
    ],
)
def test_durations(value: float, words: str) -> None:
    assert duration(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(-5, "<15s"), (14.9, "<15s"), (15, "15s"), (59.9, "45s"), (60, "1m"), (2 * DAY, "2d")],
)
def test_ages_within_a_minute(value: float, words: str) -> None:
    assert fine_age(value) == words


@pytest.mark.parametrize(("value", "words"), [(0, "0 s"), (29.6, "30 s"), (119.4, "119 s"), (120, "2m")])
def test_whole_seconds(value: float, words: str) -> None:
    assert whole_seconds(value) == words


@pytest.mark.parametrize(
    ("count", "words", "decimal"),
    [
        (0, "0 B", "0 kB"),
        (1, "1 B", "1 kB"),
        (1023, "1023 B", "1 kB"),
        (17_715, "17.3 KiB", "18 kB"),
        (1_000_000, "976.6 KiB", "1.0 MB"),
        (3_000_000, "2.9 MiB", "3.0 MB"),
    ],
)
def test_sizes(count: int, words: str, decimal: str) -> None:
    assert (size(count), decimal_size(count)) == (words, decimal)


AT = datetime(2026, 8, 11, 14, 2, 11, tzinfo=UTC).timestamp()


@pytest.fixture
def amsterdam(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours ahead of UTC in August, by a rule that needs no file."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()


@pytest.fixture(autouse=True)
def zone_again() -> object:
    """Back to the zone of the environment after each test."""
    yield
    time.tzset()


@pytest.mark.usefixtures("amsterdam")
def test_times_of_day_say_their_zone() -> None:
    assert clock_time(AT, TimeStyle.UTC) == "2026-08-11 14:02:11Z"
    assert clock_time(AT, TimeStyle.LOCAL) == "2026-08-11 16:02:11 CEST"
    assert clock_time(AT, TimeStyle.UTC, zone=False) == "2026-08-11 14:02:11"
    assert zone_name(TimeStyle.UTC) == "UTC"
    assert zone_name(TimeStyle.LOCAL) in ("CEST (+0200)", "CET (+0100)")
    assert rfc3339(AT) == "2026-08-11T14:02:11Z"
    assert rfc3339(None) == "--" and rfc3339(None, "never deployed") == "never deployed"


@pytest.mark.usefixtures("amsterdam")
def test_short_times_leave_out_what_is_the_same_as_now() -> None:
    cases = [(0, "14:02:11"), (DAY, "08-10 14:02"), (300 * DAY, "2025-10-15")]
    for back, words in cases:
        assert short_time(AT - back, now=AT, style=TimeStyle.UTC) == words
    late = datetime(2026, 8, 11, 22, 30, tzinfo=UTC).timestamp()  # past midnight in Amsterdam
    assert short_time(late, now=AT, style=TimeStyle.UTC) == "22:30:00"
    assert short_time(late, now=AT, style=TimeStyle.LOCAL) == "08-12 00:30"


def test_a_time_in_the_style_chosen() -> None:
    now = AT + 300
    assert when(AT, now=now, style=TimeStyle.RELATIVE) == "5m"
    assert when(AT, now=now, style=TimeStyle.UTC) == "14:02:11"
    assert when(None, now=now, style=TimeStyle.RELATIVE) == "–"
    assert when(None, now=now, style=TimeStyle.UTC, never="never") == "never"
    assert [style.next for style in TimeStyle] == [TimeStyle.LOCAL, TimeStyle.UTC, TimeStyle.RELATIVE]


@given(st.floats(0, 4e9), st.floats(0, 14.9))
def test_within_a_step_words_change_once_at_the_most(at: float, later: float) -> None:
    """A quiet screen is sent nothing."""
    assert len({age(at), age(at + later / 2), age(at + later)}) <= 2
    assert len({seen(at), seen(at + later / 2), seen(at + later)}) <= 2


def test_what_is_counted_is_singular_for_one() -> None:
    assert [counted(count, "room") for count in (0, 1, 2, 1000)] == [
        "0 rooms",
        "1 room",
        "2 rooms",
        "1,000 rooms",
    ]


def test_less_than_a_minute_is_no_upper_bound_of_a_bound() -> None:
    just_deployed = Since("Updating", not_before=1000.0, not_after=1010.0, evidence="deploy")
    assert how_long(just_deployed, now=1020.0) == ("<1m deploy", "<1m")
    assert how_long(just_deployed, now=1000.0 + 13 * 60) == ("12m–13m deploy", "≤13m")
