"""The past on the screen: into it, through it, and back; nothing in it can be changed or is taken for now."""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from textual.widgets import Input

from tests.fixtures.clocks import QuickClock
from tests.fixtures.screen import drawn as drawn_lines
from tests.fixtures.screen import playing, title
from tests.operations.console import console
from tests.scenes import PROJECT, Scene, looks, read, settled, strike, typed
from tui.clock import SystemClock
from tui.fleet.lists.event_columns import subject_words
from tui.fleet.past import Gap, Kind
from tui.fleet.state import Fleet
from tui.fleet.times import TimeStyle
from tui.fleet.view import Selection, View
from tui.operations.journal.journal import AuditEntry, Journal, Verdict
from tui.operations.registry import OPERATIONS
from tui.record_options import RecordOptions
from tui.session.live import Session
from tui.session.playback import Extent, Playback
from tui.session.replayed import PAST, REFUSAL
from tui.ui.commandline.command import BadCommand
from tui.ui.commandline.past import export, show_changes, show_failed
from tui.ui.commandline.time_mode import TimeMode
from tui.ui.keys.table import ACTS
from tui.ui.main_screen.requests import CommandGiven
from tui.ui.main_screen.time_bar import Position, bar, line_of_time
from tui.ui.overlays.help import rows
from tui.ui.overlays.raw import Raw
from tui.ui.panes.timeline import TimelinePane
from tui.ui.time_travel import Pace
from tui.ui.widgets.key_choice import KeyChoice
from tui.ui.widgets.table import LineTable

T = 1_786_000_000.0
PANES = {"agents": "1", "status": "2", "versions": "3", "secrets": "4", "dispatches": "5"}
"""Panes in which keys act, with their numbers."""


def drawn(position: Position, size: int) -> str:
    return "".join(cell.text for cell in bar(position, size, TimeStyle.UTC))


def test_the_bar_shows_the_moment_its_place_and_the_gaps() -> None:
    extent = Extent(T, T + 100.0, (Gap("samples", T + 20.0, T + 40.0),))
    cells = line_of_time(Position(T + 60.0, extent), 50)
    words = "".join(cell.text for cell in cells)
    assert len(words) == 50 and words.index("●") == 30
    assert set(words[:10]) == {"─"} and set(words[10:21]) == {"░"} and set(words[21:30]) == {"─"}
    marked = Position(
        T + 60.0, Extent(T, T + 100.0), problems=(T - 5.0, T + 10.0, T + 10.5, T + 60.0, T + 99.0)
    )
    cells = line_of_time(marked, 50)
    words = "".join(cell.text for cell in cells)
    assert [place for place, sign in enumerate(words) if sign == "▲"] == [5, 49] and words[30] == "●"
    assert {cell.tone for cell in cells if "▲" in cell.text} == {"error"}
    errors = [T + 2.0 * at + 0.1 for at in (*range(10), *range(20, 40))]
    many = Position(T + 60.0, Extent(T, T + 100.0), problems=errors)
    words = "".join(cell.text for cell in line_of_time(many, 50))
    assert words == f"▲{'━' * 9}{'─' * 10}▲{'━' * 9}●{'━' * 9}{'─' * 10}", "where they begin, and how far"
    places = {drawn(Position(T + 60.0, extent, words=said), 120).index("●") for said in ("a", "b" * 90)}
    assert len(places) == 1 and drawn(Position(T, extent, words="b" * 90), 120).endswith("…"), "no jumps"
    short = Position(T + 60.0, Extent(T, T + 100.0, (Gap("samples", T + 20.0, T + 20.1),)))
    assert "░" in drawn(short, 100), "a short one is seen, too"
    assert len(drawn(short, 100)) == 100
    narrow = Position(T, extent, gap="not recorded", words="x" * 20)
    assert "●" not in drawn(narrow, 40) and "not recorded" in drawn(narrow, 40)
    assert drawn(Position(T, extent, is_clock_unknown=True), 80).startswith("~"), "the server's was not known"
    assert drawn(Position(T, extent), 80).startswith(" ")
    assert "▸ ×5" in drawn(Position(T, extent, speed=5.0), 80)
    assert "●" in drawn(Position(T, Extent(T, T)), 80), "of one sample"


async def test_one_goes_through_a_recording_and_every_operation_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with playing(Scene("past", recorded=True), (120, 40)) as (app, pilot):
        now = looks(app)
        await typed(pilot, "ctrl+t")
        assert "PAST" in looks(app)[0] and "live" not in "".join(looks(app)[:3])
        newest = looks(app)
        time_bar, drawn = app.main.time_bar, list[str]()
        show, draw_footer = time_bar.show_position, app.main.draw_footer

        def shown(position: Position, style: TimeStyle) -> None:
            drawn.append("bar" if position.at == app.main.view.now else "bar before the panes")
            show(position, style)

        monkeypatch.setattr(time_bar, "show_position", shown)
        monkeypatch.setattr(app.main, "draw_footer", lambda: (drawn.append("footer"), draw_footer()))
        await typed(pilot, "left")
        assert looks(app)[0] != newest[0] and looks(app)[3:] != newest[3:]
        assert drawn == ["bar"], "in the frame of the panes, and no key is another one"
        assert app.main.view.is_past and app.main.view.now < app.clock.now() - 60
        await typed(pilot, "j", "r")
        assert app.screen is app.main, "no dialog"
        assert REFUSAL in app.said.newest_first[0].text
        await typed(pilot, "tab")
        assert app.focused in app.main.agents.walk_children() and app.main.view.is_past
        await typed(pilot, "shift+tab")
        assert app.main.time_bar.has_focus, "it is one stop"
        await typed(pilot, "shift+tab")
        assert app.main.current is app.main.logs
        await typed(pilot, "tab", "tab", "3")
        assert app.main.current.id == "versions" and app.main.view.is_past, "the past stays"
        assert gc.isenabled()
        await typed(pilot, "ctrl+t", "right")
        assert app.main.time_bar.has_focus and looks(app)[0] == newest[0]
        await typed(pilot, "T", *"-10m", "enter")
        assert app.main.view.is_past and app.main.time_bar.has_focus
        await typed(pilot, "tab", "1", "T", *"-9m", "enter")
        assert app.main.time_bar.has_focus, "a pane without times goes along"
        playback = app.time_travel.playback
        assert playback is not None and playback.extent is not None
        assert playback.at == playback.extent.last - 540.0, "from the end of the recording"
        await typed(pilot, "i", *"x", "enter")
        assert "a recording stays as it is" in app.said.newest_first[0].text
        await typed(pilot, "ctrl+t", "ctrl+t")
        assert "there is no live view" in app.said.newest_first[0].text, "a recording is all there is"
        assert now != newest


@pytest.mark.parametrize("live", [True, False])
async def test_what_is_replayed_has_no_now_to_go_back_to(live: bool) -> None:
    async with playing(Scene("past", recorded=True, live=live, keys=("ctrl+t",)), (120, 40)) as (app, pilot):
        assert app.main.time_bar.has_focus
        assert ("Back to now" in looks(app)[-1]) is live
        assert ("Back to now" in {row.label for row in rows(app.screen)}) is live
        await typed(pilot, "slash", *"status:error", "enter", "ctrl+t", "escape")
        assert app.time_travel.is_on is not live
        assert bool(app.main.agents.active_filter) is live, "then Esc is that of the pane behind"
        if not live:
            finder = app.main.logs.reader.model.finder
            await typed(pilot, "6", "slash", *"x", "enter")
            assert finder.pattern is not None
            await typed(pilot, "ctrl+t", "escape")
            assert finder.pattern is None and app.main.current is app.main.logs, "a search ends before that"


async def test_every_key_and_command_that_changes_something_is_refused_in_the_past_by_its_name() -> None:
    named = {"screen.deploy": "deploy", "screen.undo": "undo"}
    for key in ACTS:
        for use in key.uses:
            if use.action.startswith("screen.operate"):
                named[use.action] = use.label
    acting = {
        (context.name, key.names): named[use.action]
        for key in ACTS
        for use in key.uses
        if use.action in named
        for context in use.contexts
    }
    assert {name for name, _ in acting} == {*PANES, "timeline"} and len(acting) > 25
    changing = {operation.usage.name: operation.label for operation in OPERATIONS}
    others = ("create", "deploy", "config", "dockerfile", "links", "undo", "unlock", "lock", "unresolved")
    async with playing(Scene("past", recorded=True, keys=("ctrl+t",)), (120, 40)) as (app, pilot):

        async def refuses(name: str, key: str = "", *, command: str = "") -> None:
            app.say("before", toast=False)
            if command:
                app.main.post_message(CommandGiven(command))
                await settled(pilot)
            else:
                await typed(pilot, key)
            newest = app.said.newest_first[0].text
            assert f"{name}: {REFUSAL}" in newest, f"{key}{command}: {newest}"
            assert app.screen is app.main and app.main.view.is_past

        headings = {}
        for pane, number in {**PANES, "timeline": "7"}.items():
            await typed(pilot, number)
            for (where, names), name in acting.items():
                if where == pane:
                    await refuses(name, names)
            await typed(pilot, "y")
            if isinstance(app.screen, Raw):
                headings[pane] = drawn_lines(app.screen.query_one(LineTable))[0].strip(" ▲")
                await typed(pilot, "escape")
        assert headings.pop("timeline") == "AS LKTOP DERIVED IT, NOT FROM LIVEKIT"
        assert set(headings) == {"agents", "status", "versions", "secrets", "dispatches"}
        assert set(headings.values()) == {"AS RECORDED, WITHOUT WHAT LKTOP DOES NOT READ OR KEEP"}
        await typed(pilot, "1", "g", "m", "j", "m")
        await refuses(named["screen.operate('restart')"], "r")
        for word, name in {**changing, **dict.fromkeys(others)}.items():
            await refuses(name or word, command=word)
        forget = f"forget {PROJECT.name}"
        await refuses(f"recorded history of {PROJECT.name} not removed", command=forget)
        await refuses("read again", "ctrl+r")


async def test_time_passes_at_its_speed_and_any_key_of_the_bar_stops_it() -> None:
    pace = Pace(begun=T, since=100.0, speed=20.0)
    assert pace.at(100.0) == T and pace.at(100.5) == T + 10.0, "however long a look took"
    async with playing(Scene("past", recorded=True), (80, 24)) as (app, pilot):
        await typed(pilot, "ctrl+t", "g")
        playback = app.time_travel.playback
        assert playback is not None and playback.extent is not None
        first, last = playback.extent.first, playback.extent.last
        assert playback.at == first
        app.time_travel._clock = QuickClock()
        await typed(pilot, "plus", "plus", "plus")
        assert "p plays at ×60" in looks(app)[-2], "a key that is pressed is seen"
        await typed(pilot, "p")
        assert "newest" in looks(app)[-2] and playback.is_at_end and playback.at == last
        await typed(pilot, "g")
        for key in ("p", "right"):
            strike(pilot, key)
        await settled(pilot)
        assert playback.stamp is not None and first < playback.at == playback.stamp.at < last, (
            "it stands where the key has led"
        )


async def test_the_log_stands_where_it_was_then_or_says_that_nothing_of_then_is_kept() -> None:
    async with playing(Scene("past", recorded=True), (120, 40)) as (app, pilot):
        logs = app.main.logs
        await typed(pilot, "l")
        await read(logs, pilot)
        model = logs.reader.model

        async def stand(at: float | None) -> None:
            logs.stand_at(at)
            for work in [work for work in app.workers if work.group == "log-time"]:
                await work.wait()
            await settled(pilot)

        oldest, newest = (model.log.time(row) for row in (model.log.first, model.log.end - 1))
        assert oldest is not None and newest is not None and model.page.follow
        await stand(oldest + 1.0)
        at = model.log.time(model.page.cursor)
        assert at is not None and at <= oldest + 1.0 and not model.page.follow
        assert "no lines kept" not in title(logs)
        await stand(oldest - 60.0)
        assert "no lines kept for" in title(logs) and "came later" in title(logs)
        await stand(None)
        assert "no lines kept" not in title(logs) and model.page.follow, "as before the past was shown"


async def test_the_past_of_a_project_that_was_left_while_it_was_looked_for_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seek = Playback.seek
    async with playing(Scene("past", recorded=True), (80, 24)) as (app, pilot):

        async def late(playback: Playback, at: float) -> bool:
            found = await seek(playback, at)
            app.watch_project(replace(PROJECT, name="other", api_key="another"))
            return found

        monkeypatch.setattr(Playback, "seek", late)
        await typed(pilot, "ctrl+t")
        await settled(pilot)
        assert app.session is not None and app.session.project.name == "other"
        assert not app.time_travel.is_on and not app.main.time_bar.display
        assert not [said for said in app.said.newest_first if "no past" in said.text]


async def test_the_hour_that_came_twice_is_asked_for() -> None:
    went: list[float] = []
    asked: list[KeyChoice] = []
    night = datetime(2026, 10, 25, 2, 30, tzinfo=UTC).timestamp()
    mode = TimeMode(night, ZoneInfo("Europe/Berlin"), went.append, lambda: None, ask=asked.append)
    assert "came twice: 02:30+02:00 or 02:30+01:00" in mode.typed("02:30")[0]
    mode.submit("02:30")
    assert not went and [option.words for option in asked[0].options] == ["02:30+02:00", "02:30+01:00"]
    asked[0].answer("2")
    assert went == [night - 3600]
    mode.submit("02:30+02:00")
    assert went[1:] == [night - 7200] and len(asked) == 1


def test_failed_jobs_of_the_hour_that_came_twice_are_asked_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    night = datetime(2026, 10, 25, 3, 0, tzinfo=UTC).timestamp()
    asked: list[float] = []
    view = View(Fleet(), Selection(), night, 0.0)
    console = SimpleNamespace(main=SimpleNamespace(view=view, show_failed=asked.append))
    with pytest.raises(BadCommand, match=r"that hour came twice: type 02:30\+02:00 or 02:30\+01:00"):
        show_failed(console, ("02:30",))
    for words in (("02:30+02:00",), ("10m",), ()):
        show_failed(console, words)
    assert asked == [2.5 * 3600, 600.0, 86_400.0]


def test_an_end_that_is_to_come_is_not_taken_for_yesterdays() -> None:
    view = View(Fleet(), Selection(), datetime(2026, 8, 6, 20, 9, tzinfo=UTC).timestamp(), 0.0)
    asked: list[float] = []
    main = SimpleNamespace(view=view, show_changes=lambda *times: asked.extend(times))
    console = SimpleNamespace(main=main, export=lambda *times: asked.extend(times[:2]))
    seven = view.now - 120.0
    for run, words in ((show_changes, ("20:07", "20:10")), (export, ("20:07-20:10", "x"))):
        run(console, words)
        assert asked == [seven, seven + 180.0]
        asked.clear()
    show_changes(console, ("20:08", "20:00"))
    assert asked == [seven - 420.0, seven + 60.0], "in whichever order"
    with pytest.raises(BadCommand, match="from when to when"):
        export(console, ("20:08-20:00", "x"))


async def test_enter_on_an_event_shows_the_fleet_as_it_was_then() -> None:
    async with playing(Scene("past", recorded=True, keys=("7",)), (120, 40)) as (app, pilot):
        pane = app.main.pane("timeline")
        assert isinstance(pane, TimelinePane) and pane.event is not None
        assert not app.time_travel.is_on
        await typed(pilot, "G")
        at = pane.event.at
        assert at < app.main.view.now - 60
        await typed(pilot, "enter")
        assert app.time_travel.is_on and app.main.view.is_past
        await typed(pilot, "]", "[")
        subject = subject_words(pane.event)
        assert subject and f"{subject}: {pane.event.text}"[:30] in looks(app)[-2], "whose event it is"
        assert app.main.view.now < app.clock.now() - 60, "not the newest moment"


async def test_now_is_shown_again_as_if_one_had_never_left(tmp_path: Path) -> None:
    async with console(tmp_path, recording=RecordOptions()) as here:
        live = here.app.session
        assert isinstance(live, Session) and live.recorder is not None
        recorder = live.recorder
        await here.until(lambda: recorder.samples > 0)
        launcher, selection = here.app.launcher, here.app.main.view.selection
        context = launcher.context_of(selection)
        assert context is not None
        await here.press("ctrl+t")
        await here.until(lambda: here.app.main.view.is_past)
        assert here.app.session is not live and here.app.main.time_bar.has_focus
        await here.press("u")
        assert here.said()[0] == f"undo: {PAST}", "not: nothing to undo"
        playback = here.app.time_travel.playback
        assert playback is not None
        await here.press("tab", "i")
        await here.paste("bad from here on")
        await here.press("enter")
        elsewhere = Journal(tmp_path / "elsewhere", SystemClock())
        intent = elsewhere.intent("restart", "CA_1", project=live.project.name)
        launcher._journalled(AuditEntry(intent, Verdict.DONE))
        assert live.past.events[-1].kind is Kind.OPERATION, "what ends meanwhile is told"
        (note,) = (event for event in live.past.events if event.kind is Kind.NOTE)
        assert abs(note.at - playback.at) < 0.01, "of the time looked at"
        await here.press("ctrl+t")
        await here.press("ctrl+t")
        assert here.app.session is live and not here.app.main.view.is_past
        assert launcher.context_of(selection) is context, "what can be undone still can"
        assert not launcher._past_contexts, "nothing holds what was known then"
        assert not here.app.main.time_bar.display and here.app.focused is not None
        await here.burst("ctrl+t", "T", *"14:0")
        await here.until(lambda: here.app.main.view.is_past)
        field = here.app.focused
        assert isinstance(field, Input) and field.value == "14:0", "what was typed while the past was read"
        await here.press("escape", "escape")
        await here.choose(live.store.fleet.agents[-1].agent_id)
        assert here.app.main.view.selection.agent_id == live.store.fleet.agents[-1].agent_id
