"""One line as rows of cells: columns, folds, wraps, colours, and nothing a terminal obeys."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from tests.logs.fakes import EPOCH, PROPERTY, TRACEBACK, line
from tui.api.text.clean import is_clean
from tui.fleet.lists.cells import Cell
from tui.fleet.typed_time import precision, typed_times, which_of
from tui.logs.lines.classify import classify
from tui.logs.lines.levels import Level
from tui.logs.log import Counts, Kind, Line, Notice
from tui.logs.source import LogSource, StreamPhase, StreamState
from tui.sim.scenarios.hostile import LOGS
from tui.ui.logview import bar
from tui.ui.logview.layout import LineMode, Options, ScreenRow, TimeFormat, lay_out
from tui.ui.logview.sgr import PLAIN, SgrStyle, apply_sgr

WIDE = Options(width=120, zone=UTC)


def rows(
    raw: bytes, options: Options = WIDE, mode: LineMode = LineMode.FOLDED, note: str = ""
) -> list[ScreenRow]:
    return lay_out(Line(0, raw, classify([raw])[0], 0), EPOCH, options, mode, note)


def texts(raw: bytes, options: Options = WIDE, mode: LineMode = LineMode.FOLDED) -> list[str]:
    return [row.text.rstrip() for row in rows(raw, options, mode)]


def test_columns_line_up() -> None:
    shown = [
        texts(line("a", level="INFO"))[0],
        texts(line("a", level="CRITICAL", name="x"))[0],
        texts(line("a", level="WARNING", name="livekit.plugins.openai.realtime"))[0],
    ]
    assert {row.rindex("a") for row in shown} == {36}
    assert "…openai.realtime" in shown[2]


def test_a_narrow_screen_has_no_logger_column() -> None:
    assert texts(line("a"), replace(WIDE, width=80)) == ["11:06:40.000 INFO  a"]


def test_zones() -> None:
    assert texts(line("a"), replace(WIDE, zone=ZoneInfo("Asia/Tokyo")))[0].startswith("20:06:40.000")
    assert texts(line("a"), replace(WIDE, times=TimeFormat.UTC, zone=ZoneInfo("Asia/Tokyo")))[0].startswith(
        "11:06:40"
    )
    assert texts(line("a"), replace(WIDE, times=TimeFormat.OFF))[0].startswith("INFO")
    assert texts(line("a"), replace(WIDE, times=TimeFormat.RELATIVE, now=EPOCH + 130))[0].startswith(
        "   2m INFO"
    )


def test_sources_carry_their_letters() -> None:
    assert texts(line("a"), replace(WIDE, tags={0: ("us", "info")}))[0].startswith("11:06:40.000 us INFO")


def test_a_line_without_text_takes_a_row_also_where_its_columns_take_all_the_room() -> None:
    for size in range(1, 40):
        options = replace(WIDE, width=size, wrap=True, tags={0: ("us", "info")})
        assert rows(b'{"message":null,"level":{}}', options)


def test_a_folded_traceback_shows_its_first_and_last_line() -> None:
    first, second = texts(line("boom", level="ERROR", exc_info=TRACEBACK))
    assert first.endswith("boom")
    assert second.strip() == "└ 6 lines · ValueError: no such slot: 14"


def test_every_form_of_a_line() -> None:
    raw = line("boom", level="ERROR", exc_info=TRACEBACK, room="r")
    assert [text.strip() for text in texts(raw, mode=LineMode.OPEN)[1:3]] == [
        "room r",
        "Traceback (most recent call last):",
    ]
    assert texts(raw, mode=LineMode.RAW)[0].split(" ", 1)[1] == raw.decode()
    assert '  "room": "r",' in "\n".join(texts(raw, replace(WIDE, pretty=True)))


def test_hidden_fields_and_notes() -> None:
    raw = line("a", room="r", job_id="j")
    assert texts(raw, replace(WIDE, hidden=frozenset({"room"})))[0].endswith("a  job_id=j")
    assert rows(raw, note="seen")[-1].text.strip() == "✎ seen"


def test_a_huge_line_is_cut_and_says_how_large_it_is() -> None:
    (row,) = rows(b"x" * 3_000_000)
    assert row.text.endswith("… 2.9 MiB, first 16 KiB shown, all of it in the spool")
    assert len(rows(b"x" * 3_000_000, replace(WIDE, wrap=True, width=10))) <= 2000


def test_a_notice_is_a_rule_with_words() -> None:
    notice = Notice("us: stream lost", Kind.GAP, 0, EPOCH, EPOCH + 14, "14 s may be missing")
    (row,) = lay_out(Line(0, b"", 0, 0, notice), None, WIDE, LineMode.FOLDED)
    assert row.text.startswith("── us: stream lost 11:06:40, back 11:06:54, 14 s may be missing ──")
    assert row.spans[0].tone == "warn"


LINES = st.one_of(
    st.binary(max_size=200).map(lambda raw: raw.replace(b"\n", b"")),
    st.text(max_size=60).map(lambda text: line(text, room=text, exc_info=text)),
    st.sampled_from([raw if isinstance(raw, bytes) else raw.encode("utf-8", "replace") for raw in LOGS]),
)


@PROPERTY
@given(LINES, st.integers(10, 130), st.booleans(), st.sampled_from(LineMode), st.booleans())
def test_no_line_breaks_the_screen(raw: bytes, width: int, wrap: bool, mode: LineMode, pretty: bool) -> None:
    options = Options(width=width, wrap=wrap, zone=UTC, pretty=pretty, tags={0: ("us", "info")})
    for row in rows(raw, options, mode, note="n"):
        # a wrap may part what a joiner joins; that is harmless
        assert all(is_clean(span.text.replace("\u200d", "")) for span in row.spans)
        if wrap and row.text != row.spans[0].text:
            assert cell_len(row.text) <= max(width, 44)


@PROPERTY
@given(st.text(alphabet="ab\u4e16\U0001f600\u0301 ", max_size=80), st.integers(24, 60))
def test_wrapping_loses_no_character(text: str, width: int) -> None:
    options = Options(width=width, wrap=True, times=TimeFormat.OFF, zone=UTC)
    raw = text.encode()
    whole = "".join(row.text for row in rows(raw, replace(options, wrap=False)))
    wrapped = rows(raw, options)
    assert "".join(row.text for row in wrapped) == whole
    assert all(cell_len(row.text) <= width for row in wrapped)


@pytest.mark.parametrize(
    ("parameters", "style"),
    [
        ("31", SgrStyle(color="red")),
        ("1;31", SgrStyle(color="red", bold=True)),
        ("1;31;0", PLAIN),
        ("", PLAIN),
        ("38;5;208", SgrStyle(color="color(208)")),
        ("38;2;255;128;0", SgrStyle(color="#ff8000")),
        ("38:2:255:128:0", SgrStyle(color="#ff8000")),
        ("95", SgrStyle(color="bright_magenta")),
        # what could hide text is not taken
        ("8", PLAIN),
        ("31;30", PLAIN),
        ("30;40", PLAIN),
        ("38;5;16", PLAIN),
        ("38;5;17", PLAIN),
        ("38;5;232", PLAIN),
        ("38;5;240", SgrStyle(color="color(240)")),
        ("38;5;18", SgrStyle(color="color(18)")),
        ("38;5;1", SgrStyle(color="color(1)")),
        ("38;5;256", PLAIN),
        ("38;2;0;0;0", PLAIN),
        ("48;5;196", PLAIN),
        ("5;7;53", PLAIN),
        ("38", PLAIN),
        ("38;5", PLAIN),
        ("99999999999;1", SgrStyle(bold=True)),
    ],
)
def test_colours(parameters: str, style: SgrStyle) -> None:
    assert apply_sgr(PLAIN, parameters) == style


def test_colours_add_up_and_end() -> None:
    (row,) = rows(b"a\x1b[1m\x1b[32mb\x1b[22mc\x1b[0md")
    assert [(span.text, span.style) for span in row.spans[1:]] == [
        ("a", PLAIN),
        ("b", SgrStyle(color="green", bold=True)),
        ("c", SgrStyle(color="green")),
        ("d", PLAIN),
    ]


NOW = EPOCH + 3600


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("11:06:40", EPOCH),
        ("11:06", EPOCH - 40),
        ("-5m", NOW - 300),
        ("- 90s", NOW - 90),
        ("-2h", NOW - 7200),
        ("5m", NOW - 300),
        ("3m ago", NOW - 180),
        ("2026-11-18 11:06:40", EPOCH),
        ("2026-11-18T11:06:40Z", EPOCH),
        ("23:00", EPOCH - 86_400 + (23 * 3600 - 11 * 3600 - 400)),
        ("11:06:40.250", EPOCH + 0.25),  # as it is on the screen
        ("11:06:40,5Z", EPOCH + 0.5),
        ("25:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_times_as_they_are_typed(typed: str, expected: float | None) -> None:
    assert typed_times(typed, now=NOW, zone=UTC) == (() if expected is None else (expected,))


def test_years_that_no_clock_reaches_are_no_times() -> None:
    assert typed_times("0001-01-01", now=NOW, zone=None) == ()


def test_an_hour_that_occurs_twice_is_two_moments_until_it_is_said_which() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).timestamp()  # 02:30 for the second time
    both = typed_times("02:30", now=night + 60, zone=berlin)
    assert both == (night - 3600, night)
    assert which_of("02:30", both, berlin) == ["02:30+02:00", "02:30+01:00"]
    for text, at in zip(which_of("02:30", both, berlin), both, strict=True):
        assert typed_times(text, now=night + 60, zone=berlin) == (at,) and precision(text) == 60.0
    assert typed_times("02:30", now=night - 60, zone=berlin) == (night - 3600,), "the second is to come"
    assert len(typed_times("2026-10-25 02:30", now=night, zone=berlin)) == 2
    assert len(typed_times("2026-10-25 02:30", now=night, zone=UTC)) == 1
    assert len(typed_times("2026-03-29 02:30", now=night, zone=berlin)) == 1, "it is skipped"
    assert len(typed_times("02:30", now=night + 86_400, zone=berlin)) == 1
    assert typed_times("02:30+99:00", now=night, zone=berlin) == ()


def test_a_time_of_day_is_the_operators_unless_it_says_utc() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    assert typed_times("20:06:40", now=NOW, zone=tokyo) == (EPOCH,)
    assert typed_times("11:06:40Z", now=NOW, zone=tokyo) == (EPOCH,)


@pytest.mark.parametrize("size", range(0, 160, 7))
def test_the_row_below_fits_and_drops_what_matters_least(size: int) -> None:
    state = bar.BarState(
        Counts(received=18_204), follow=False, unseen=143, unseen_errors=2, held=18_204, shown=17_892
    )
    cells = bar.bar_cells(state, size)
    text = "".join(cell.text for cell in cells)
    assert text.startswith(" ▼ 143 new (2 errors)")
    if size > 60:
        assert len(text) <= size
        assert "18 204 lines (312 hidden)" in text
    assert all(isinstance(cell, Cell) for cell in cells)


def test_what_hides_lines_is_said_in_the_width_of_a_quarter_of_the_screen() -> None:
    open_, lost = (
        StreamState(LogSource("CA_1"), "us", phase) for phase in (StreamPhase.OPEN, StreamPhase.WAITING)
    )
    state = bar.BarState(Counts(received=5952), filters=(1, 1), held=5952, shown=333, streams=(open_,))
    said = "".join(cell.text for cell in bar.bar_cells(state, 59))
    assert said == " FOLLOW on · FILTER 1/1 · 5 952 lines (5 619 hidden)"
    troubled = "".join(cell.text for cell in bar.bar_cells(replace(state, streams=(lost,)), 59))
    assert troubled == " FOLLOW on · 5 952 lines (5 619 hidden) · src 0/1 ✗us"
    level = replace(state, filters=(0, 0), level=Level.WARN)
    assert "LEVEL ≥warn · 5 952 lines (5 619 hidden)" in "".join(
        cell.text for cell in bar.bar_cells(level, 59)
    )


def test_streams_that_have_no_room_by_name_are_counted_before_anything_else_goes() -> None:
    """Two quiet streams by name took all of a quarter of the screen, and then nothing was said of either."""
    quiet, lost = (
        StreamState(LogSource("CA_1"), tag, StreamPhase.OPEN, heard=1.0, missed=missed)
        for tag, missed in (("eu-central", 0.0), ("us-east", 12.0))
    )
    state = bar.BarState(
        Counts(received=716), held=716, shown=716, streams=(quiet, lost), now=100.0, clock=datetime.now(UTC)
    )
    for size, words in (
        (60, " · 716 lines · src 2/2 2 quiet 1 with a gap"),
        (45, " · src 2/2 2 quiet 1 with a gap"),
    ):
        assert "".join(cell.text for cell in bar.bar_cells(state, size)) == f" FOLLOW on{words}"
    counted = replace(state, counts=Counts(received=716, gaps=1))
    shown = "".join(cell.text for cell in bar.bar_cells(counted, 60))
    assert shown == " FOLLOW on · 716 lines (1 gap) · src 2/2 2 quiet"
    assert "▲eu-central quiet since" in "".join(cell.text for cell in bar.bar_cells(state, 160))


@pytest.mark.parametrize("size", [0, 20, 40, 59, 120])
@pytest.mark.parametrize("said", ["", "no further error below; E looks above"])
def test_a_minimum_level_never_falls_out_of_the_row_below(size: int, said: str) -> None:
    phases = (StreamPhase.OPEN, StreamPhase.WAITING, StreamPhase.WAITING)
    streams = tuple(StreamState(LogSource("CA_1"), "us", phase, missed=90.0) for phase in phases)
    counts = Counts(received=5952, gaps=3)
    state = bar.BarState(
        *(counts, False, 143, 12),
        level=Level.ERROR,
        filters=(3, 3),
        held=5952,
        search="x" * 30,
        streams=streams,
    )
    shown = "".join(cell.text for cell in bar.bar_cells(replace(state, said=said), size))
    assert "LEVEL ≥error" in shown and said in shown


def test_a_time_of_day_without_a_date_is_the_lines_own() -> None:
    line = Line(0, b"23:59:58.500 INFO [main] up", 0, 0, received=EPOCH)
    shown = lay_out(line, EPOCH - 60, Options(zone=UTC), LineMode.FOLDED)[0].text
    assert shown.startswith("23:59:58.500 ")
    assert line.written == EPOCH - 11 * 3600 - 6 * 60 - 41.5
    bare = Line(0, b"up", 0, 0, received=EPOCH)
    assert lay_out(bare, EPOCH - 60, Options(zone=UTC), LineMode.FOLDED)[0].text.startswith("11:05:40~ ")


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("14:02", 60),
        ("14:02Z", 60),
        ("14:02:11", 1),
        ("14:02:11.25", 0.01),
        ("-5m", 60),
        ("-90s", 1),
        ("2026-11-21 14:02", 60),
        ("2026-11-21T14:02:11", 1),
        ("2026-11-21T14:02:11+02:00", 1),
    ],
)
def test_a_time_is_as_precise_as_it_is_typed(typed: str, seconds: float) -> None:
    assert precision(typed) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("quiet", "times", "said"),
    [
        (19.0, TimeFormat.LOCAL, " ▲us"),
        (20.0, TimeFormat.LOCAL, " ▲us quiet since 20:06"),
        (3 * 3600.0, TimeFormat.LOCAL, " ▲us quiet since 20:06"),
        (30 * 3600.0, TimeFormat.UTC, " ▲us quiet since 11-18"),
        (20.0, TimeFormat.RELATIVE, " ▲us quiet <2m"),
        (700.0, TimeFormat.RELATIVE, " ▲us quiet 10m+"),
    ],
)
def test_a_silent_stream_says_since_when(quiet: float, times: TimeFormat, said: str) -> None:
    clock = datetime.fromtimestamp(
        EPOCH + quiet, ZoneInfo("Asia/Tokyo") if times is TimeFormat.LOCAL else UTC
    )
    stream = StreamState(LogSource("CA_1"), "us", StreamPhase.OPEN, heard=1000.0)
    state = bar.BarState(Counts(received=3), streams=(stream,), times=times, now=1000.0 + quiet, clock=clock)
    assert [cell.text for cell in bar.bar_cells(state, 200)][-1] == said


def test_a_stream_that_stays_silent_changes_nothing_on_the_screen() -> None:
    stream = StreamState(LogSource("CA_1"), "us", StreamPhase.OPEN, heard=1000.0)
    found = {
        bar.bar_cells(
            bar.BarState(
                Counts(),
                streams=(stream,),
                now=1000.0 + quiet,
                clock=datetime.fromtimestamp(EPOCH + quiet, UTC),
            ),
            200,
        )
        for quiet in (30, 90, 200, 5000, 80_000)
    }
    assert len(found) == 1
