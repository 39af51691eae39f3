"""One log as the operator reads it, without a screen: moving, searching, filtering, folding, selecting."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.logs.fakes import EPOCH, TRACEBACK, TestClock, line
from tui.logs.lines.classify import classify
from tui.logs.lines.levels import Level
from tui.logs.log import Kind, Log, Notice
from tui.logs.marks import Mark
from tui.logs.search import Criteria, LogFilter, Pattern
from tui.logs.source import LogSource, StreamPhase, StreamState
from tui.logs.spool import Spool
from tui.ui.logview.bar import bar_cells, state_of, why_empty
from tui.ui.logview.choices import (
    field_choices,
    file_choices,
    filter_choices,
    kind_choices,
    save_choices,
    source_choices,
)
from tui.ui.logview.export import as_received, as_shown, default_path, text_between
from tui.ui.logview.layout import LineMode, Options, TimeFormat
from tui.ui.logview.model import LogModel
from tui.ui.logview.prompt import filter_question, search_question, time_question

LINES = [line(f"line {n:03}", at=EPOCH + n, job_id=f"AJ_{n % 3}", room=f"r{n % 3}") for n in range(100)]
BOOM = line("booking failed", level="ERROR", at=EPOCH + 100, exc_info=TRACEBACK, job_id="AJ_1")


class Recorder:
    """Remembers what a model tells its observer."""

    def __init__(self) -> None:
        self.changes = 0
        self.said: list[str] = []
        self.hints: list[str] = []

    def model_changed(self) -> None:
        self.changes += 1

    def say(self, words: str, tone: str = "info") -> None:
        self.said.append(words)

    def hint(self, words: str) -> None:
        self.hints.append(words)


class Reading:
    """A model of some lines, on a screen of ten rows."""

    def __init__(self, *lines: bytes) -> None:
        self.told = Recorder()
        self.clock = TestClock(EPOCH + 600)
        self.model = self.of(*lines)

    def of(self, *lines: bytes) -> LogModel:
        log = Log(Spool(None))
        log.streams[0] = StreamState(LogSource("CA_1", agent="inbound"), "us")
        log.append(lines, classify(lines), bytes(len(lines)), EPOCH)
        while log.count_errors():
            pass
        model = LogModel(log, Options(width=120, zone=UTC), self.clock, self.told)
        model.page.height = 10
        model.page.visible()
        return model

    def search(self) -> None:
        """Until everything has been searched."""
        while self.model.step():
            pass

    def row(self) -> bytes:
        """The line at the cursor, as received."""
        return self.model.log.line(self.model.page.cursor).raw

    def shown(self) -> list[int]:
        """The lines that the filters let through."""
        return [self.model.page.rows[index] for index in range(len(self.model.page.rows))]


def test_every_change_is_told() -> None:
    here = Reading(*LINES)
    model = here.model
    for change in (
        lambda: model.move(-1),
        lambda: model.move_pages(-1.0),
        lambda: model.scroll(2),
        lambda: model.scroll_sideways(1),
        model.home,
        model.follow,
        model.toggle_follow,
        model.toggle_wrap,
        model.next_time_format,
        model.toggle_pretty,
        model.toggle_bookmark,
        model.toggle_range,
        model.unselect,
        lambda: model.toggle_mode(LineMode.OPEN),
        lambda: model.set_note(3, "seen"),
        lambda: model.click(0),
        lambda: model.search(Pattern.of("line")),
        model.next_level,
        model.toggle_clear,
    ):
        before = here.told.changes
        change()
        assert here.told.changes > before, change


def test_an_empty_log_takes_every_key() -> None:
    here = Reading()
    model = here.model
    for step in (1, -1):
        model.move(step)
        model.move_pages(step)
        model.scroll(step)
        model.next_match(step)
        model.next_error(step)
        model.next_of_job(step)
        model.go_to_bookmark(step)
        model.move_time(60 * step)
    model.toggle_mode(LineMode.RAW)
    model.toggle_bookmark()
    model.toggle_range()
    model.click(3)
    assert not model.pause() and not model.back()
    assert model.job_at_cursor() is None
    assert (model.bookmarks, model.modes, model.selected) == (set(), {}, None)


def test_a_jump_waits_until_its_target_is_known() -> None:
    here = Reading(*LINES)
    here.model.search(Pattern.of("line 042"))
    here.model.go_to_match_above()
    assert here.row() == LINES[99]
    here.search()
    assert here.row() == LINES[42]
    here.model.next_match(1)
    assert here.told.said == ["no further match below; N looks above"]


def test_another_jump_replaces_one_that_waits() -> None:
    here = Reading(*LINES)
    here.model.search(Pattern.of("line 0[13]0"))
    here.model.next_match(-1)
    here.model.next_of_job(-1)
    here.search()
    assert here.row() == LINES[96], "the line before of job 0"


def test_a_match_that_is_folded_away_unfolds_its_line() -> None:
    here = Reading(*LINES, BOOM, *LINES)
    here.model.search(Pattern.of("tools.py"))
    here.model.go_to_match_above()
    here.search()
    assert here.row() == BOOM
    assert here.model.modes == {100: LineMode.OPEN}


def test_a_search_question_counts_what_is_typed_and_cancels() -> None:
    here = Reading(*LINES)
    question = search_question(here.model)
    assert question.typed is not None and question.cancel is not None
    assert question.typed("line 09") == ""
    here.search()
    assert here.told.hints[-1] == "10 lines match"
    assert "can take for ever" in question.typed("(a+)+$")
    assert here.model.finder.pattern == Pattern.of("line 09"), "what is wrong changes nothing"
    question.cancel()
    assert here.model.finder.pattern is None


def test_a_filter_question_counts_adds_and_lists() -> None:
    here, listed = Reading(*LINES), []
    question = filter_question(here.model, lambda: listed.append(True))
    assert question.typed is not None
    assert question.typed("AJ_1") == ""
    here.search()
    assert here.told.hints[-1] == "33 of 100 lines pass"
    assert len(here.shown()) == 100
    assert question.submit("AJ_1") == "" and not listed
    here.search()
    assert here.shown() == list(range(1, 100, 3))
    assert question.submit("") == "" and listed


def test_a_time_question_goes_there_or_says_what_is_wrong() -> None:
    here = Reading(*LINES)
    question = time_question(here.model)
    assert question.sign == "go to (UTC) "
    assert question.submit("11:07:10") == ""
    assert here.row() == LINES[30]
    assert question.submit("soon").startswith("no time; type 14:02")


def test_a_time_is_found_where_times_go_back() -> None:
    back = [line(f"old {n}", at=EPOCH - 500 + n * 10) for n in range(40)]
    here = Reading(*LINES, *back, *LINES)
    question = time_question(here.model)
    assert question.submit("10:59:30") == ""  # EPOCH - 430: in the middle of those that go back
    here.search()
    assert here.row() == back[7]
    assert question.submit("10:59:35") == ""
    here.search()
    assert not here.row().startswith(b'{"message": "old 7')
    assert here.model.finder.time_rows is None and not here.model.finder.busy
    here.model.next_level()
    here.model.go_to_time(EPOCH - 430)
    here.search()
    assert here.row() == back[7]


def test_in_the_past_the_newest_line_of_then_is_gone_to_if_one_is_held() -> None:
    lines = [line(f"line {n}", at=EPOCH + n * 10) for n in range(40)]
    here = Reading(*lines)
    for at, row in {0.0: 0, 9.0: 0, 10.0: 1, 205.0: 20, 4000.0: 39}.items():
        assert here.model.go_to_moment(EPOCH + at) and here.row() == lines[row], at
        assert not here.model.page.follow
    assert not here.model.go_to_moment(EPOCH - 1.0) and here.row() == lines[39], "it stays where it was"
    assert not Reading().model.go_to_moment(EPOCH)


def test_a_filter_question_takes_conditions_on_fields() -> None:
    here = Reading(*LINES, BOOM)
    question = filter_question(here.model, lambda: None)
    assert question.submit("job_id:AJ_1 level>=error") == ""
    here.search()
    assert here.shown() == [100]


def test_filters_are_listed_switched_and_removed() -> None:
    here = Reading(*LINES)
    here.model.add_filter(LogFilter(Pattern.of("AJ_1")))
    here.model.add_filter(LogFilter(Pattern.of("line 04"), out=True))
    here.search()
    listed = filter_choices(here.model)
    assert [choice.cells[0].text for choice in listed.rows] == ["[x] ", "[x] "]
    again = listed.answer("1", "switch")
    assert again is not None and [choice.cells[0].text for choice in again.rows] == ["[x] ", "[ ] "]
    again = again.answer("0", "remove")
    assert again is not None and len(again.rows) == 1
    here.search()
    assert len(here.shown()) == 100


def test_a_kind_of_error_is_listed_and_filters() -> None:
    here = Reading(*LINES, BOOM, BOOM)
    listed = kind_choices(here.model)
    (row,) = listed.rows
    assert row.cells[0].text.strip() == "×2"
    assert listed.answer(row.key, "pick") is None
    here.search()
    assert here.shown() == [100, 101]


def test_a_list_without_rows_says_why() -> None:
    """What was not received, not told apart or not read is not said to be none."""
    here = Reading()
    assert kind_choices(here.model).empty == field_choices(here.model).empty == "no line was received yet"
    assert kind_choices(here.of(*LINES)).empty == "no error in 100 lines received"
    here.model.log.counts.received, here.model.log.counts.gaps = 5, 1
    assert kind_choices(here.model).empty == "no error in 5 lines received; 1 gap may hide some"
    here.model.log.counts.errors = 2
    assert kind_choices(here.model).empty == "2 errors were received; they are being told apart"
    assert source_choices(here.model.log, None, here.told.say).empty == "no log is followed"
    unread = file_choices([], ["/var/logs (permission denied)"], here.model, lambda log: None)
    assert unread.title.endswith("not read: /var/logs (permission denied)")
    assert unread.empty == "no log is known"
    assert file_choices([], [], here.model, lambda log: None).empty == "no log was kept or saved"


def test_which_errors_are_new_is_said_only_where_the_log_reaches_back_before_the_deploy() -> None:
    here = Reading(*LINES, BOOM)
    assert kind_choices(here.model).title.endswith("not known which are new: no time of a deploy is")
    stream = here.model.log.streams[0]
    here.model.log.streams[0] = replace(stream, source=replace(stream.source, deployed_at=EPOCH - 50))
    assert "not known which are new: the log begins after the deploy" in kind_choices(here.model).title
    here.model.log.streams[0] = replace(stream, source=replace(stream.source, deployed_at=EPOCH + 50))
    listed = kind_choices(here.model)
    assert "NEW since the newest deploy" in listed.title and listed.rows[0].cells[1].text.strip() == "NEW"


def test_of_a_log_without_lines_nothing_is_counted() -> None:
    here = Reading()
    question = search_question(here.model)
    question.typed("line")
    here.search()
    assert here.model.finder.hint() == "no line is held, so none can match"
    here.model.go_to_time(EPOCH)
    here.search()
    assert here.told.said[-1] == "no line is held, of whatever time"
    state = here.model.log.streams[0]
    here.model.log.streams[0] = state.now(StreamPhase.OPEN, 0.0)
    assert why_empty(here.model, "") == "default region: open; nothing was received yet"
    assert "no line received" in "".join(cell.text for cell in bar_cells(state_of(here.model), 200))


def test_fields_are_hidden_from_every_line() -> None:
    here = Reading(*LINES)
    listed = field_choices(here.model)
    assert [choice.key for choice in listed.rows] == ["job_id", "room"]
    listed.answer("room", "switch")
    assert here.model.rows_of(0)[0].text.endswith("job_id=AJ_0")


def test_notices_are_not_counted_among_lines_as_received() -> None:
    here, asked = Reading(*LINES[:8]), []
    here.model.log.notify(Notice("us: end", Kind.INFO, 0, EPOCH))
    here.model.add_filter(LogFilter(Pattern.of("line 00[0-3]")))
    here.search()
    listed = save_choices(here.model, asked.append)
    assert [choice.cells[-1].text for choice in listed.rows] == ["5 lines", "4 lines", "8 lines", "9 lines"]
    listed.answer("all", "pick")
    assert [(mode.shown, mode.raw) for mode in asked] == [(False, False)]


def test_back_ends_the_range_then_the_search_then_the_filters() -> None:
    here = Reading(*LINES)
    model = here.model
    model.add_filter(LogFilter(Pattern.of("AJ_1")))
    model.search(Pattern.of("line"))
    here.search()
    model.toggle_range()
    model.move(-2)
    assert model.selected == (91, 97)
    assert model.back() and model.selected is None and model.finder.pattern is not None
    assert model.back() and model.finder.pattern is None and model.finder.criteria.filters
    assert model.back() and model.finder.criteria == Criteria()
    assert not model.back()


def test_a_log_is_found_again_as_it_was_left_at_its_newest_line() -> None:
    here = Reading(*LINES)
    model = here.model
    model.home()
    model.toggle_bookmark()
    model.toggle_mode(LineMode.OPEN)
    model.toggle_range()
    model.set_note(4, "started here")
    model.next_level()
    model.next_time_format()
    other = here.of(*LINES[:3])
    model.close()
    other.open(model)
    assert other.options.times is TimeFormat.UTC, "how lines are shown is the same for all logs"
    assert not other.bookmarks and other.finder.criteria == Criteria()
    other.next_time_format()
    other.close()
    model.open(other)
    here.search()
    assert (model.bookmarks, model.modes, model.notes) == ({0}, {0: LineMode.OPEN}, {4: "started here"})
    assert model.options.times is TimeFormat.OFF and model.finder.criteria.level is Level.INFO
    assert model.page.follow and model.selected is None


def test_why_there_are_no_lines() -> None:
    here = Reading()
    assert why_empty(here.model, "nothing open") == "default region: not opened…"
    here = Reading(*LINES)
    assert why_empty(here.model, "nothing open") == ""
    here.model.add_filter(LogFilter(Pattern.of("nowhere")))
    here.search()
    assert why_empty(here.model, "") == "0 of 100 shown – filter: &nowhere\nEsc shows all"
    here.model.log.streams.clear()
    assert why_empty(here.of(), "nothing open").startswith("default")


async def test_text_of_the_rows_shown() -> None:
    here = Reading(*LINES[:2], BOOM)
    here.model.set_note(0, "seen")
    shown = await text_between(here.model.log, here.model.page.rows, 0, 2, as_shown(here.model))
    assert shown.splitlines()[:2] == [
        "11:06:40.000 INFO  livekit.agents   line 000  job_id=AJ_0 room=r0",
        "    ✎ seen",
    ]
    assert shown.endswith("ValueError: no such slot: 14")
    raw = await text_between(here.model.log, here.model.page.rows, 1, 2, as_received)
    assert raw.encode() == LINES[1] + b"\n" + BOOM


def test_a_proposed_file_name_names_agent_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Reading(*LINES)
    name = default_path(here.model, Path("/x")).name
    assert name.startswith("inbound-2026111") and name.endswith(".log")


def test_marks_stand_above_the_first_shown_line_that_was_written_later() -> None:
    here = Reading(*LINES)
    model = here.model
    model.log.mark([Mark(EPOCH + 4.5, "error", "crashed ×2"), Mark(EPOCH + 300, "ok", "Running")])
    model.go_to(0)
    model.go_to_notice(1)
    assert model.page.cursor == 5, "a mark is found as a notice is"
    above, below = model.rows_of(5), model.rows_of(99)
    assert above[0].text.startswith("── 11:06:44 crashed ×2 ──") and "line 005" in above[1].text
    assert above[0].spans[0].tone == "error" and len(model.rows_of(4)) == 1
    assert "Running" in below[-1].text and "line 099" in below[0].text, "nothing came since"
    model.add_filter(LogFilter(Pattern.of("line 009|line 003")))
    here.search()
    assert "crashed" in model.rows_of(9)[0].text, "the line that it stood above is not shown"
    assert "Running" in model.rows_of(9)[-1].text and len(model.rows_of(3)) == 1
