"""The log view under the keys of an operator."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import stat
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import Input

from tests.logs.fakes import EPOCH, TRACEBACK, line, source
from tests.ui.logview.app import Rig, reading
from tui.api import errors
from tui.logs.lines.levels import Level
from tui.logs.search import LogFilter, Pattern
from tui.ui.logview.export import SAVE_MODES, save_log
from tui.ui.logview.lines import LogLines
from tui.ui.logview.picker import Picker
from tui.ui.logview.prompt import LogPrompt

LINES = [line(f"line {n:03}", at=EPOCH + n, job_id=f"AJ_{n % 3}", room=f"r{n % 3}") for n in range(100)]
BOOM = line("booking failed", level="ERROR", at=EPOCH + 100, exc_info=TRACEBACK, job_id="AJ_1")


def messages(rig: Rig) -> list[str]:
    """The messages on the screen, from `line 007` on."""
    return [row[row.index("line ") :][:8] for row in rig.lines() if "line " in row]


async def test_an_empty_view_says_what_to_do() -> None:
    async with reading() as rig:
        rig.view.attach([])
        await rig.settle()
        assert "No log is open. Select an agent and press l." in rig.lines()[0]
        rig.view.attach([source()])
        await rig.settle(0.1)
        assert "us-east: open; nothing was received yet" in rig.lines()[0]


async def test_a_line_is_shown_in_columns() -> None:
    async with reading(BOOM, "plain text", line("ready", level="WARNING", at=EPOCH + 100.25)) as rig:
        rows = rig.lines()
        assert rows[0] == " 11:08:20.000 ERROR livekit.agents   booking failed  job_id=AJ_1"
        assert rows[1].strip() == "└ 6 lines · ValueError: no such slot: 14"
        assert rows[2] == " 11:08:20~    plain text"
        assert rows[3] == " 11:08:20.250 WARN  livekit.agents   ready"


async def test_follow_stops_on_any_upward_move_and_receiving_goes_on() -> None:
    async with reading(*LINES) as rig:
        for key, back in (("k", "G"), ("pageup", "end"), ("ctrl+b", "G"), ("g", "G"), ("b", "p"), ("p", "G")):
            await rig.press(key)
            before = rig.lines()
            assert not rig.view.model.page.follow
            await rig.receive(*[line("more", at=EPOCH + 200), line("bad", level="ERROR", at=EPOCH + 201)])
            assert rig.lines() == before
            assert "▼ 2 new (1 error)" in rig.below
            await rig.press(back)
            assert rig.view.model.page.follow
            assert "FOLLOW on" in rig.below
            assert "bad" in rig.lines()[-1]


def count_painted(lines: LogLines, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many regions each request to paint names from now on; none is all of it."""
    painted: list[int] = []
    refresh = lines.refresh

    def counted(*regions: Region, **more: bool) -> LogLines:
        painted.append(len(regions))
        return refresh(*regions, **more)

    monkeypatch.setattr(lines, "refresh", counted)
    return painted


async def test_a_screen_that_stands_still_is_not_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading(*LINES) as rig:
        await rig.press("k")
        painted = count_painted(rig.view.lines, monkeypatch)
        await rig.receive(*[line("more", at=EPOCH + 200)] * 50)
        assert painted == []
        assert "▼ 50 new" in rig.below


async def test_a_log_is_drawn_beneath_a_dialog_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be seen beside one, and says that it is followed."""
    async with reading(*LINES) as rig:
        await rig.app.push_screen(ModalScreen[None]())
        lines, drawn = rig.view.lines, asyncio.Event()
        refresh = lines.refresh

        def painted(*regions: Region, **more: bool) -> LogLines:
            if "beneath" in lines.render_line(lines.size.height - 1).text:
                drawn.set()
            return refresh(*regions, **more)

        monkeypatch.setattr(lines, "refresh", painted)
        rig.client.wire.lines(line("beneath", at=EPOCH + 200))
        await rig.clock.advance(0.5)
        async with asyncio.timeout(10):
            await drawn.wait()


async def test_the_cursor_moves_and_only_two_rows_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading(*LINES) as rig:
        await rig.press("k")
        painted = count_painted(rig.view.lines, monkeypatch)
        await rig.press("k")
        assert painted == [2]


async def test_enter_unfolds_a_traceback_and_folds_it_again() -> None:
    async with reading(*LINES[:3], BOOM, *LINES[3:6]) as rig:
        await rig.press("E", "enter")
        text = "\n".join(rig.lines())
        assert 'File "/app/tools.py", line 12, in book' in text
        assert "job_id AJ_1" in text
        await rig.press("enter")
        assert 'File "/app/tools.py"' not in "\n".join(rig.lines())


async def test_raw_shows_the_line_as_received() -> None:
    async with reading(BOOM) as rig:
        await rig.press("y")
        assert '{"message": "booking failed", "level": "ERROR"' in rig.lines()[0]
        await rig.press("y")
        assert "booking failed  job_id" in rig.lines()[0]


async def test_pretty_json_for_every_line() -> None:
    async with reading(LINES[0]) as rig:
        await rig.press("z")
        assert '"job_id": "AJ_0",' in "\n".join(rig.lines())


async def test_wrap_and_sideways() -> None:
    async with reading(line("x" * 200 + "END"), size=(80, 10)) as rig:
        assert "END" not in "\n".join(rig.lines())
        await rig.press("w")
        assert "END" in "\n".join(rig.lines())
        await rig.press("w", *["right"] * 20)
        assert "END" in rig.lines()[0]
        assert rig.lines()[0].startswith(" 11:06:40.000 INFO ")
        await rig.press(*["left"] * 20)
        assert "END" not in rig.lines()[0]


async def test_times_are_relative_local_utc_or_off() -> None:
    async with reading(line("x", at=EPOCH + 300)) as rig:
        seen = []
        for _ in range(4):
            seen.append(rig.lines()[0].split("INFO")[0].strip())
            await rig.press("t")
        assert seen == ["11:11:40.000", "11:11:40.000", "", "5m"]


async def test_search_counts_while_typing_and_walks_matches() -> None:
    async with reading(*LINES) as rig:
        await rig.press("slash")
        await rig.type("line 09")
        assert "10 lines match" in rig.app.rows()[-1]
        await rig.press("enter")
        assert "/line 09 10/10" in rig.below
        assert rig.cursor_line == LINES[99]
        await rig.press("N", "N")
        assert rig.cursor_line == LINES[97]
        assert "8/10" in rig.below
        await rig.press("n")
        assert rig.cursor_line == LINES[98]
        await rig.press("g", "n")
        assert rig.cursor_line == LINES[90]
        await rig.press("N")
        assert "no further match above; n looks below" in rig.below
        assert rig.view.model.finder.pattern is not None
        await rig.press("escape")
        assert rig.view.model.finder.pattern is None


async def test_a_match_inside_a_folded_traceback_unfolds_it() -> None:
    async with reading(*LINES, BOOM, *LINES) as rig:
        await rig.press("slash")
        await rig.enter("tools.py")
        assert rig.cursor_line == BOOM
        assert "tools.py" in "\n".join(rig.lines())


async def test_escape_in_the_prompt_leaves_the_search_as_it_was() -> None:
    async with reading(*LINES) as rig:
        await rig.press("slash")
        await rig.enter("line 05")
        await rig.press("slash")
        await rig.type("zzz")
        assert "0 lines match" in rig.app.rows()[-1]
        await rig.press("escape")
        assert "/line 05" in rig.below


async def test_the_prompt_keeps_all_lines_of_a_paste_and_refuses_what_is_no_text() -> None:
    async with reading(*LINES) as rig:
        await rig.press("slash")
        field = rig.app.query_one("#log-typed", Input)
        await rig.paste("line \r\n 05")
        assert field.value == "line 05"
        assert "10 lines match" in rig.app.rows()[-1]
        await rig.paste("\0")
        await rig.press("enter")
        assert "it holds a NUL, shown as �: remove it" in rig.app.rows()[-1] and field.has_focus


async def test_filters_are_counted_before_they_apply_and_stack() -> None:
    async with reading(*LINES) as rig:
        await rig.press("ampersand")
        await rig.type("AJ_1")
        assert "33 of 100 lines pass" in rig.app.rows()[-1]
        assert len(messages(rig)) == 19
        await rig.press("enter")
        assert "FILTER 1/1" in rig.below
        assert "(67 hidden)" in rig.below
        await rig.press("ampersand")
        await rig.enter("!line 09")
        assert "FILTER 2/2" in rig.below
        assert "line 091" not in messages(rig)
        await rig.press("F")
        assert "FILTER 0/2" in rig.below
        assert "hidden" not in rig.below
        await rig.press("F")
        await rig.receive(line("line 101", job_id="AJ_1"), line("line 102", job_id="AJ_2"))
        assert messages(rig)[-1] == "line 101"


async def test_filters_can_be_listed_switched_and_removed() -> None:
    async with reading(*LINES) as rig:
        await rig.press("ampersand")
        await rig.enter("AJ_1")
        await rig.press("ampersand", "enter")
        assert "[x] &AJ_1" in "\n".join(rig.app.rows())
        await rig.press("space")
        assert "[ ] &AJ_1" in "\n".join(rig.app.rows())
        await rig.press("ctrl+d", "escape")
        assert rig.view.model.finder.criteria.filters == ()


async def test_a_filter_that_hides_everything_says_so() -> None:
    async with reading(*LINES) as rig:
        await rig.press("ampersand")
        await rig.enter("nowhere")
        assert rig.lines()[0].strip() == "0 of 100 shown – filter: &nowhere"
        assert rig.lines()[1].strip() == "Esc shows all"
        await rig.press("escape")
        assert messages(rig)


async def test_a_filter_that_hides_all_but_a_notice_says_so_too() -> None:
    async with reading(*LINES, size=(60, 15)) as rig:
        rig.client.wire.end()
        await rig.settle(0.2)
        await rig.press("ampersand")
        await rig.enter("nonsense")
        words = "\n".join(rig.lines())
        assert "stream ended by the server" in words
        assert "0 of 100 shown – filter: &nonsense" in words
        assert "(100 hidden)" in rig.below
        await rig.press("escape")
        assert "shown – filter" not in "\n".join(rig.lines())


async def test_a_bad_pattern_is_told_and_nothing_changes() -> None:
    async with reading(*LINES) as rig:
        await rig.press("slash")
        await rig.enter("(a+)+$")
        assert "can take for ever" in rig.app.rows()[-1]
        await rig.press("escape")
        assert rig.view.model.finder.pattern is None
        assert "FOLLOW" in rig.below


async def test_what_is_no_expression_is_said_to_be_taken_as_text() -> None:
    async with reading(*LINES, "call (unclosed") as rig:
        for key in ("slash", "ampersand"):
            await rig.press(key)
            await rig.type("(unclosed")
            assert "taken as text" in rig.app.rows()[-1]
            await rig.type("unclosed")
            assert "taken as text" not in rig.app.rows()[-1]
            await rig.press("escape")


@pytest.mark.parametrize(
    "long",
    [
        b"x" * 1_000_000 + b" needle",
        line("prompt", context="x" * 100_000 + " needle"),
        line("prompt", context="x" * 400_000 + " needle"),
    ],
    ids=["text", "JSON", "JSON that is too long to be read as such"],
)
async def test_a_line_is_searched_to_its_end_however_long(long: bytes) -> None:
    async with reading(*LINES, long, *LINES[:3]) as rig:
        await rig.press("slash")
        await rig.enter("NEEDLE")
        assert rig.view.model.page.cursor == len(LINES)
        assert "the match is beyond what is shown of this line; Y and r copies all of it" in rig.below
        await rig.press("escape", "ampersand")
        await rig.enter("!needle")
        assert len(rig.view.model.page.rows) == len(LINES) + 3


SLOW = "a.*a.*a.*a.*b"
"""Takes hours on a line of thousands of these letters, and no look at the expression tells."""


@pytest.mark.parametrize("long", [pytest.param(300, marks=pytest.mark.campaign), 4000])
async def test_an_expression_that_takes_for_ever_on_a_line_is_given_up(long: int) -> None:
    async with reading(*LINES, line("a" * long)) as rig:
        await rig.press("slash")
        await rig.enter(SLOW)
        assert rig.below.startswith(f" search for /{SLOW} cancelled: it takes too long on one of the lines")
        assert rig.view.model.finder.pattern is None
        await rig.press("ampersand")
        await rig.type(f"!{SLOW}")
        assert "not counted: it takes too long" in rig.app.rows()[-1]
        await rig.enter(f"!{SLOW}")
        assert rig.below.startswith(f" &!{SLOW} is switched off: it takes too long")
        assert messages(rig)
        (given_up,) = rig.view.model.finder.criteria.filters
        assert not given_up.on
        await rig.press("slash")
        await rig.enter("line 042")
        assert rig.cursor_line == LINES[42]


@pytest.mark.usefixtures("painted")
async def test_a_search_that_is_only_slow_to_mark_is_given_up_too() -> None:
    """Most lines lack a word of it and are not looked at, but what is on the screen is marked."""
    async with reading(line("a" * 4000), size=(200, 10)) as rig:
        await rig.press("slash")
        await rig.enter(f"{SLOW}xyz")
        assert "cancelled: it takes" in rig.below
        assert rig.view.model.finder.pattern is None


async def test_minimum_level() -> None:
    async with reading(line("a", level="DEBUG"), LINES[0], line("w", level="WARNING"), BOOM) as rig:
        for expected, count in ((Level.INFO, 3), (Level.WARN, 2), (Level.ERROR, 1), (Level.NONE, 4)):
            await rig.press("L")
            assert rig.view.model.finder.criteria.level is expected
            assert len(rig.view.model.page.rows) == count


async def test_walking_errors() -> None:
    bad = [line(f"bad {n}", level="ERROR", at=EPOCH + n) for n in range(3)]
    async with reading(*LINES[:30], bad[0], *LINES[30:60], bad[1], *LINES[60:], bad[2]) as rig:
        await rig.press("E")
        assert rig.cursor_line == bad[1]
        await rig.press("E")
        assert rig.cursor_line == bad[0]
        await rig.press("E")
        assert "no further error above; e looks below" in rig.below
        await rig.press("e", "e", "e")
        assert rig.cursor_line == bad[2]


async def test_walking_a_job_and_jumping_to_it() -> None:
    async with reading(*LINES) as rig:
        await rig.press("k", "O")
        assert rig.cursor_line == LINES[95]
        await rig.press("o")
        assert rig.cursor_line == LINES[98]
        await rig.press("J")
        assert rig.app.jobs == [("AJ_2", "r2", "")]
        rig.view.show_job("AJ_1")
        await rig.settle()
        assert len(rig.view.model.page.rows) == 33
        assert "FILTER 1/1" in rig.below


async def test_a_line_without_a_job_says_so() -> None:
    async with reading("plain") as rig:
        await rig.press("J")
        assert "names no job" in rig.below
        assert rig.app.jobs == []


async def test_going_to_a_time() -> None:
    async with reading(*LINES) as rig:
        await rig.press("T")
        await rig.enter("11:07:10")
        assert rig.cursor_line == LINES[30]
        await rig.press("full_stop")
        assert rig.cursor_line == LINES[90]
        await rig.press("comma")
        assert rig.cursor_line == LINES[30]
        await rig.press("T")
        await rig.enter("soon")
        assert "no time; type 14:02" in rig.app.rows()[-1]
        await rig.press("escape", "comma")
        assert "oldest line that is held" in rig.below


async def test_a_time_is_typed_as_times_are_shown() -> None:
    async with reading(*LINES) as rig:
        rig.view.model.set_options(replace(rig.view.model.options, zone=ZoneInfo("Asia/Tokyo")))
        await rig.press("T")
        assert rig.app.rows()[-1].startswith("go to (JST)")
        await rig.enter("20:07:10")
        assert rig.cursor_line == LINES[30]
        await rig.press("t", "T")
        assert rig.app.rows()[-1].startswith("go to (UTC)")
        await rig.enter("11:07:00.000")
        assert rig.cursor_line == LINES[20]


async def test_going_to_a_time_in_a_build_says_that_it_has_none() -> None:
    async with reading() as rig:
        rig.view.attach([source(log_type="build")])
        await rig.receive("#1 FROM python", "#2 RUN pip install")
        await rig.press("T")
        await rig.enter("11:07:10")
        assert "no line of a build says when it was written" in rig.app.rows()[-1]
        await rig.press("escape", "comma")
        assert "does not say when it was written" in rig.below


async def test_bookmarks_and_notes() -> None:
    async with reading(*LINES) as rig:
        await rig.press("k", "m", "g", "m")
        await rig.press("right_parenthesis")
        assert rig.cursor_line == LINES[98]
        await rig.press("left_parenthesis")
        assert rig.cursor_line == LINES[0]
        await rig.press("i")
        await rig.enter("started here")
        assert "✎ started here" in rig.lines()[1]
        assert rig.lines()[0].startswith("◆")
        assert rig.view.model.notes == {0: "started here"}


async def test_what_was_made_of_a_log_is_there_on_return() -> None:
    async with reading(*LINES) as rig:
        await rig.press("k", "m", "ampersand")
        await rig.enter("AJ_2")
        rig.view.attach([source(agent_id="CA_other")])
        await rig.settle(0.1)
        assert rig.view.model.bookmarks == set()
        assert "FILTER" not in rig.below
        rig.view.attach([source()])
        await rig.settle(0.1)
        assert rig.view.model.bookmarks == {98}
        assert "FILTER 1/1" in rig.below


async def test_copy_takes_what_is_shown_and_raw_what_was_received() -> None:
    async with reading(*LINES, BOOM, b"raw \xff \x1b[31mred") as rig:
        await rig.press("k", "c")
        await rig.done("log-copy")
        assert rig.app.copied[-1].startswith(
            "11:08:20.000 ERROR livekit.agents   booking failed  job_id=AJ_1\n"
        )
        assert rig.app.copied[-1].endswith("ValueError: no such slot: 14")
        await rig.press("j", "c")
        await rig.done("log-copy")
        await rig.press("Y")
        rig.app.answer("r")
        await rig.done("log-copy")
        assert "\x1b" not in rig.app.copied[-2]
        assert rig.app.copied[-1].encode("utf-8", "surrogateescape") == b"raw \xff \x1b[31mred"
        await rig.press("g", "M", "j", "j", "Y")
        rig.app.answer("r")
        await rig.done("log-copy")
        assert rig.app.copied[-1].encode() == b"\n".join(LINES[:3])
        assert rig.view.model.selected is None
        await rig.press("g", "Y")
        rig.app.answer("c")
        await rig.done("log-copy")
        titles, record, end = rig.app.copied[-1].split("\r\n")
        assert titles == "time,level,logger,message,fields" and not end
        (time, level, logger, message, fields) = next(csv.reader([record]))
        assert (time, level, logger) == ("2026-11-18T11:06:40.000+00:00", "INFO", "livekit.agents")
        assert (message, json.loads(fields)) == ("line 000", {"job_id": "AJ_0", "room": "r0"})


async def test_marked_lines_are_copied_and_a_range_begins_at_the_last_mark() -> None:
    async with reading(*LINES[:9]) as rig:
        await rig.press("g", "m", "j", "j", "m", "Y")
        rig.app.answer("r")
        await rig.done("log-copy")
        assert rig.app.copied[-1].encode() == LINES[0] + b"\n" + LINES[2]
        await rig.press("j", "j", "M")
        assert rig.view.model.selected == (2, 4)
        await rig.press("Y")
        rig.app.answer("m")
        await rig.done("log-copy")
        assert rig.app.copied[-1].startswith("```\n") and rig.app.copied[-1].count("\n") == 4
        await rig.press("asterisk")
        assert rig.view.model.selected == (0, 8)
        await rig.press("backslash")
        assert rig.view.model.selected is None and not rig.view.model.bookmarks
        await rig.press("exclamation_mark")
        assert "LEVEL ≥error" in rig.below
        await rig.press("exclamation_mark")
        assert "LEVEL all" in rig.below


async def test_notices_are_gone_through() -> None:
    async with reading(*LINES[:9]) as rig:
        await rig.press("left_square_bracket")
        assert "no further notice above; ] looks below" in rig.below
        rig.client.of("us-east").end()
        await rig.settle(0.5)
        await rig.press("g", "right_square_bracket")
        assert rig.view.model.page.cursor in rig.view.model.log.notices


async def test_clear_hides_what_was_and_again_shows_it() -> None:
    async with reading(*LINES) as rig:
        await rig.press("C")
        assert messages(rig) == []
        await rig.receive(line("line 200"))
        assert messages(rig) == ["line 200"]
        await rig.press("C")
        assert len(messages(rig)) == 19
        assert rig.view.model.log.end == 101


async def test_fields_can_be_hidden() -> None:
    async with reading(*LINES) as rig:
        await rig.press("x")
        assert "[x] job_id" in "\n".join(rig.app.rows())
        await rig.press("space", "escape")
        assert "job_id=" not in "\n".join(rig.lines())
        assert "room=" in "\n".join(rig.lines())


async def test_kinds_of_errors_are_listed_and_filter() -> None:
    twice = [line(f"slot {n} gone", level="ERROR", at=EPOCH + n, exc_info=TRACEBACK) for n in (14, 99)]
    async with reading(*LINES, *twice, line("other", level="ERROR")) as rig:
        await rig.press("X")
        text = "\n".join(rig.app.rows())
        assert "×2" in text
        assert "ValueError  tools.py:book" in text
        await rig.press("j", "enter")
        assert len(rig.view.model.page.rows) == 2


async def test_while_a_list_is_open_keys_are_not_about_the_lines() -> None:
    async with reading(*LINES) as rig:
        await rig.press("X", "L", "w", "m")
        assert rig.view.model.finder.criteria.level is Level.NONE
        assert not rig.view.model.options.wrap
        assert rig.view.model.bookmarks == set()
        await rig.press("escape", "L")
        assert rig.view.model.finder.criteria.level is Level.INFO


async def test_sources_are_listed_closed_and_opened() -> None:
    async with reading(*LINES) as rig:
        rig.view.attach([source(), source("eu-central")])
        await rig.settle(0.1)
        assert rig.view.title() == "latest instance per region, 2 of 2 open"
        assert "src 2/2 ▲us ▲eu" in rig.below
        assert " us INFO" in rig.lines()[0]
        await rig.press("W")
        assert "[x] us  us-east" in "\n".join(rig.app.rows())
        await rig.press("j", "space", "escape")
        assert "src 1/1 ▲us" in rig.below
        await rig.press("W", "j", "space", "escape")
        await rig.settle(0.1)
        assert "src 2/2" in rig.below
        assert rig.app.titles[-1] == "latest instance per region, 2 of 2 open"


async def test_a_stream_in_trouble_shows_in_the_row_below() -> None:
    async with reading(*LINES) as rig:
        rig.client.wire.end(errors.Unknown("reset"))
        rig.client.refusals = [errors.Unreachable("no connection in time")]
        await rig.settle(0.2)
        assert "src 0/1 ✗us" in rig.below
        assert "── us-east: stream lost 11:16:40, reconnecting (reset) ──" in rig.lines()[-1]
        await rig.settle(14)
        await rig.receive(line("later", at=EPOCH + 300))
        await rig.settle(1.0)
        assert "s may be missing (" in "\n".join(rig.lines())
        assert "gap" in rig.below


async def test_save_asks_how_and_where_and_never_overwrites(tmp_path: Path) -> None:
    own, victim = tmp_path / "logs", tmp_path / "victim"
    victim.mkdir()
    own.symlink_to(victim)
    async with reading(*LINES, BOOM, b"caf\xe9", save_dir=own) as rig:
        await rig.press("L", "L", "L", "ctrl+s")
        assert "lines shown, as on the screen          1 line" in "\n".join(rig.app.rows())
        await rig.press("j", "j", "enter")
        await rig.press("enter")
        await rig.done("log-save")
        assert rig.app.told[-1].endswith("a link in place of a folder is not followed; give another place")
        assert os.listdir(victim) == []
        own.unlink()
        await rig.press("ctrl+s", "enter")  # the same as before is offered
        await rig.press("enter")
        await rig.done("log-save")
        (name,) = os.listdir(own)
        assert name.startswith("inbound-")
        path = own / name
        assert path.read_bytes() == b"\n".join([*LINES, BOOM, b"caf\xe9"]) + b"\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert rig.app.told[1:] == [f"saved 102 lines to {path}"]


@pytest.mark.parametrize("name", ["~nobody-of-that-name/x.log", "a\0b", "/proc/1/x.log"])
async def test_a_name_that_leads_nowhere_is_told_and_nothing_ends(name: str) -> None:
    async with reading(*LINES) as rig:
        await rig.press("ctrl+s", "enter")
        await rig.enter(name)
        await rig.done("log-save")
        assert any("not saved: " in words for words in (*rig.app.told, rig.app.rows()[-1]))


async def test_what_is_saved_is_of_the_log_that_it_was_asked_for_and_all_that_passes(tmp_path: Path) -> None:
    """Neither what a filter has found so far, nor what is shown by the time that it is written."""
    many = [line(f"line {n:05}", at=EPOCH + n) for n in range(20_000)]
    async with reading(*many) as rig:
        rig.view.model.add_filter(LogFilter(Pattern.of("line 00007"), out=True))
        assert rig.view.model.finder.busy
        saving = asyncio.create_task(save_log(rig.view.model, SAVE_MODES[0], tmp_path / "x.log"))
        await asyncio.sleep(0)
        rig.view.attach([])
        assert await saving == (f"saved 19 999 lines to {tmp_path / 'x.log'}", "ok")
        saved = (tmp_path / "x.log").read_text().splitlines()
        assert len(saved) == 19_999
        assert saved[7].endswith("line 00008")


async def test_the_bar_keeps_what_matters_in_a_narrow_terminal() -> None:
    async with reading(*LINES, size=(60, 10)) as rig:
        assert "FOLLOW on" in rig.below
        assert "src 1/1" in rig.below
        assert len(rig.below) <= 60


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (20, 4), (300, 80)])
async def test_any_size_of_screen(size: tuple[int, int]) -> None:
    async with reading(*LINES, BOOM, size=size) as rig:
        await rig.press("k", "enter", "w", "z", "y", "G", "X", "escape", "slash", "x", "enter")
        rows = rig.app.rows()
        assert len(rows) == size[1] and all(len(row) <= size[0] for row in rows)


async def test_another_log_takes_no_answers_to_what_was_asked_about_the_one_before() -> None:
    async with reading(*LINES) as rig:
        for key in ("W", "i", "ampersand"):
            await rig.press(key)
            rig.view.attach([source(agent_id=f"CA_{key}")])
            await rig.settle(0.1)
            await rig.press("space", "enter", "d", "delete")
            assert not rig.view.model.notes
            assert not rig.app.query_one(LogPrompt).has_class("-open")
            assert not rig.app.query_one(Picker).has_class("-open")
            assert [s.agent_id for s in rig.view.followed.opened] == [f"CA_{key}"]


async def test_a_source_that_goes_while_it_is_listed_is_said_to_be_gone() -> None:
    async with reading(*LINES) as rig:
        rig.view.attach([source(), source("eu-central")])
        await rig.press("W", "G")
        rig.view.attach([source()])
        await rig.press("space", "escape")
        assert rig.view.followed.candidates == (source(),)


async def test_letters_do_nothing_behind_a_list() -> None:
    async with reading(*LINES) as rig:
        await rig.press("W")
        picker = rig.app.query_one(Picker)
        assert picker.check_consume_key("r", "r")
        assert not picker.check_consume_key("j", "j")
        assert not picker.check_consume_key("question_mark", "?")


async def test_a_build_has_no_times_for_it_comes_all_at_once() -> None:
    async with reading() as rig:
        rig.view.attach([source(region="", log_type="build")], "build")
        await rig.settle(0.1)
        rig.client.wire.lines(b"#1 load build definition")
        rig.client.wire.end()
        await rig.settle(0.5)
        assert rig.lines()[0] == " #1 load build definition"
        assert rig.lines()[1].startswith(" ── build: end of the build log 11:16:40 ──")


async def test_what_we_say_stays_in_place_and_is_whole_in_any_width() -> None:
    async with reading(*LINES, size=(60, 15)) as rig:
        rig.client.wire.end(errors.Unknown("the connection broke while reading the answer"))
        rig.client.refusals = [errors.Unreachable("no connection in time")] * 20
        await rig.settle(0.2)
        await rig.press("k", "right", "right")
        words = " ".join(" ".join(rig.lines()).split())
        assert "us-east: stream lost 11:16:40" in words
        assert "(the connection broke while reading the answer)" in words
