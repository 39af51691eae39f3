"""Where the keyboard is: seen at a glance, the same after a resize, back where it was after a dialog."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from textual.dom import DOMNode
from textual.events import Key

from tests.fixtures.screen import drawn, playing, title
from tests.scenes import Scene, settled, strike, typed
from tui.session.replayed import REFUSAL
from tui.ui.app import Lktop
from tui.ui.dialogs.audit import Audit
from tui.ui.terminal import safe_app
from tui.ui.terminal.key_queue import KeyQueue
from tui.ui.widgets.lines import Lines

ORDER = ("agents", "status", "dispatches", "logs")


def bright(app: Lktop) -> list[str]:
    """The panes whose cursor row looks as if the keyboard were there."""
    found = []
    for pane in app.main.query(".pane"):
        lists = list(pane.query("LineTable"))
        if pane.display and lists:
            table = lists[0]
            style = table.tone_style("text", "cursor")
            if any(
                segment.style and segment.style.bgcolor == style.bgcolor for segment in table.render_line(1)
            ):
                found.append(str(pane.id))
    return found


async def test_tab_goes_round_and_only_one_row_is_bright() -> None:
    async with playing(Scene("tab")) as (app, pilot):
        for step in range(1, 6):
            await typed(pilot, "tab")
            name = ORDER[step % 4]
            assert app.main.current.id == name
            assert app.focused is not None and app.main.current in app.focused.ancestors_with_self
            assert bright(app) == ([name] if name != "logs" else [])
            assert [pane.id for pane in app.main.query(".-focused")] == [name]
        await typed(pilot, "shift+tab", "shift+tab")
        assert app.main.current.id == "logs"


async def test_the_band_of_a_log_is_bright_where_the_keyboard_is() -> None:
    async with playing(Scene("band", keys=("l", "f", "g"))) as (app, pilot):
        lines = app.main.logs.reader.lines

        def band() -> str:
            grounds = {lines.tone_style("text", row).bgcolor: row for row in ("cursor", "blurred")}
            return next(
                grounds.get(segment.style.bgcolor, "") for segment in lines.render_line(0) if segment.style
            )

        assert band() == "cursor"
        await typed(pilot, "1")
        assert band() == "blurred"
        await typed(pilot, "6")
        assert band() == "cursor"


async def test_digits_and_letters_lead_to_panes() -> None:
    async with playing(Scene("digits"), (80, 24)) as (app, pilot):
        panes = {
            "2": "status",
            "5": "dispatches",
            "3": "versions",
            "6": "logs",
            "4": "secrets",
            "1": "agents",
        }
        panes |= {"d": "status", "v": "versions", "s": "secrets"}
        for key, name in panes.items():
            await typed(pilot, key)
            assert app.main.current.id == name
            assert [pane.id for pane in app.main.query(".pane") if pane.display] == [name], "one at a time"
            if key == "6":
                await typed(pilot, "1")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_key_right_after_a_digit_is_heard_by_the_pane_that_the_digit_leads_to(
    size: tuple[int, int],
) -> None:
    async with playing(Scene("quick", keys=("5",)), size) as (app, pilot):
        for key, pane in (("1", app.main.agents), ("5", app.main.dispatches)) * 3:
            table = pane.table
            before = table.cursor
            for struck in (key, "j", "j", "k"):
                strike(pilot, struck)
            await settled(pilot)
            assert app.main.current is pane
            assert list(table.keys).index(table.cursor) == list(table.keys).index(before) + 1
        for struck in "1r":
            strike(pilot, struck)
        await settled(pilot)
        assert app.said.newest_first[0].text == f"Restart: {REFUSAL}"


async def test_an_old_key_is_dropped_only_where_it_may_confirm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_app, "STALE", 0.5)

    def old(key: str) -> Key:
        event = Key(key, key if len(key) == 1 else None)
        event.time -= 3.0
        return event

    async with playing(Scene("old")) as (app, pilot):
        for key in ("colon", *"audit", "enter"):
            app.post_message(old(key))
        await settled(pilot)
        assert isinstance(app.screen, Audit), "a command that was typed at a frozen screen is run"
        app.post_message(old("escape"))
        await settled(pilot)
        assert app.screen is app.main


async def test_a_key_whose_way_cannot_be_followed_holds_up_the_others_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with playing(Scene("lost")) as (app, pilot):
        table = app.main.agents.table
        later = table.call_later

        # as of a widget that is taken down before it comes to this
        def lose(call: Callable[..., object], *args: object) -> bool:
            return isinstance(getattr(call, "__self__", None), KeyQueue) or later(call, *args)

        monkeypatch.setattr(table, "call_later", lose)
        for struck in "jjj":
            strike(pilot, struck)
        async with asyncio.timeout(10):
            while table.cursor != table.keys[3]:
                await pilot.pause(0.05)


async def test_on_a_busy_machine_the_next_key_waits_until_the_one_before_is_handled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with playing(Scene("busy")) as (app, pilot):
        table = app.main.agents.table
        later, sent = table.call_later, KeyQueue.sent
        handled: list[bool] = []
        at_sending: list[int] = []

        def busy(rounds: int, call: Callable[..., object], *args: object) -> None:
            time.sleep(0.08)
            if rounds:
                app.call_later(busy, rounds - 1, call, *args)
            else:
                handled.append(True)
                later(call, *args)

        def slow(call: Callable[..., object], *args: object) -> bool:
            if handled or call.__name__ != "climb":
                return later(call, *args)
            return app.call_later(busy, 5, call, *args)

        def note(queue: KeyQueue, to: DOMNode | None) -> None:
            at_sending.append(len(handled))
            sent(queue, to)

        monkeypatch.setattr(table, "call_later", slow)
        monkeypatch.setattr(KeyQueue, "sent", note)
        strike(pilot, "j")
        strike(pilot, "j")
        async with asyncio.timeout(10):
            while len(at_sending) < 2:
                await pilot.pause(0.05)
        assert at_sending[:2] == [0, 1]


async def test_tabs_of_the_details_take_turns() -> None:
    async with playing(Scene("tabs")) as (app, pilot):
        assert title(app.main.pane("status")).startswith("─ 2 Status kyc-verifier · 3 Ver · 4 Sec ─")
        await typed(pilot, "4", "1")
        assert title(app.main.pane("secrets")).startswith("─ 4 Secrets kyc-verifier [2] · 2 Sta · 3 Ver ")
        assert not app.main.pane("status").display
        await pilot.resize_terminal(200, 50)
        await settled(pilot)
        assert "· 2 Status · 3 Versions" in title(app.main.pane("secrets"))


async def test_maximise_and_back() -> None:
    async with playing(Scene("max")) as (app, pilot):
        await typed(pilot, "5", "f")
        assert [pane.id for pane in app.main.query(".pane") if pane.display] == ["dispatches"]
        assert app.main.dispatches.table.has_focus
        assert len(title(app.main.dispatches).rstrip()) == 120
        await typed(pilot, "f")
        assert len([pane for pane in app.main.query(".pane") if pane.display]) == 4
        await typed(pilot, "f", "escape")
        assert len([pane for pane in app.main.query(".pane") if pane.display]) == 4, "Esc backs out"


async def test_another_size_keeps_cursor_and_keyboard() -> None:
    async with playing(Scene("resize", keys=("down",) * 7)) as (app, pilot):
        cursor = app.main.agents.table.cursor
        for width, height in ((80, 24), (60, 15), (200, 50), (59, 40), (120, 10), (109, 30), (110, 30)):
            await pilot.resize_terminal(width, height)
            await settled(pilot)
            table = app.main.agents.table
            assert table.cursor == cursor
            small = width < 60 or height < 15
            assert small or app.focused is table
            assert app.main.query_one("#small", Lines).display is small
            assert small or cursor in table.visible_keys()


async def test_what_is_said_in_a_terminal_that_is_too_small() -> None:
    async with playing(Scene("small"), (20, 5)) as (app, pilot):
        said = " ".join(line.strip() for line in drawn(app.main.query_one("#small", Lines)))
        assert said.strip() == "20×5 is too small: lktop needs 60×15. ctrl+q quits."
        await typed(pilot, "ctrl+q")
        assert not app.is_running


async def test_after_a_dialog_the_keyboard_is_where_it_was() -> None:
    async with playing(Scene("dialog", keys=("5",))) as (app, pilot):
        for key in ("question_mark", "at", "y"):
            await typed(pilot, key)
            assert app.screen is not app.main
            await typed(pilot, "escape")
            assert app.screen is app.main and app.main.dispatches.table.has_focus
