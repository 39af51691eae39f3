"""What Textual would let a remote text, an old key or a bug do, and that it does not."""

from __future__ import annotations

import asyncio
import os
import time
import webbrowser
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.events import Key, MouseDown, MouseUp, Paste
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tests.ptyrun import Pty, grammar_violations, python
from tui.process import CRASHED
from tui.ui.terminal.driver import SafeDriver
from tui.ui.terminal.safe_app import STALE, SafeApp, key_age


class Probe(SafeApp):
    """Counts what is done to it."""

    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "delete"),
        Binding("s", "simulate_key('d')"),
        Binding("p", "screenshot('shot.svg', '.')"),
        Binding("t", "suspend_process"),
        Binding("o", "command_palette"),
        Binding("c", "change_theme"),
    ]

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text
        self.deleted = 0
        self.stale: list[float] = []

    def compose(self) -> ComposeResult:
        """A remote text as markup, which no code of ours would do, a field and a button."""
        yield Static(self.text, id="text")
        yield Input(id="field")
        yield Button("delete", id="button")

    def on_button_pressed(self) -> None:
        """A click on the button."""
        self.action_delete()

    def action_delete(self) -> None:
        """Stands for anything destructive."""
        self.deleted += 1

    def stale_input(self, age: float) -> None:
        """Note it, and tell it as usual."""
        self.stale.append(age)
        super().stale_input(age)


@pytest.mark.parametrize(
    "text",
    [
        "[@click=app.delete]x[/]",
        "[@click=app.simulate_key('d')]x[/]",
        "[@click=app.quit]x[/]",
    ],
)
async def test_a_click_on_a_text_runs_nothing(text: str) -> None:
    app = Probe(text)
    async with app.run_test() as pilot:
        assert await pilot.click("#text")
        await pilot.pause()
        assert (app.deleted, app.is_running) == (0, True)
        await pilot.press("d")
        assert app.deleted == 1


@pytest.mark.parametrize("key", ["s", "p", "t", "o", "c"])
async def test_what_a_text_could_call_does_nothing(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = Probe()
    async with app.run_test() as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert app.deleted == 0 and len(app.screen_stack) == 1
    assert os.listdir(tmp_path) == []


async def test_the_palette_key_and_links_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url, **_: opened.append(url))
    app = Probe()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        app.open_url("http://evil.example")
        assert len(app.screen_stack) == 1
    assert opened == []


async def test_copying_stays_within_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Probe()
    sent: list[str] = []
    async with app.run_test() as pilot:
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", sent.append)
        app.copy_to_clipboard("inside")
        field = app.query_one("#field", Input)
        field.focus()
        await pilot.press("ctrl+v")
        assert (app.clipboard, field.value) == ("inside", "inside")
        app._set_pointer_shape("pointer")
    assert [data for data in sent if "\x1b]" in data] == []


class Reading(ModalScreen[None]):
    """Shows what it has read. What it reads comes when its parts have gone, and it has not gone yet."""

    def __init__(self, *, by_app: bool) -> None:
        super().__init__()
        self._by_app = by_app
        self._came = asyncio.Event()
        self._over = asyncio.Event()
        self.shown = False

    def compose(self) -> ComposeResult:
        """Where it is shown."""
        yield Static(id="read")

    def on_mount(self) -> None:
        """Read."""
        (self.app if self._by_app else self).run_worker(self._read)

    async def _read(self) -> None:
        try:
            await self._came.wait()
            self.query_one("#read", Static).update("something")
            self.shown = True
        finally:
            self._over.set()

    async def on_unmount(self) -> None:
        """The parts have gone: what was waited for comes now."""
        assert not self.children
        self._came.set()
        await self._over.wait()


@pytest.mark.parametrize(
    ("closes", "by_app"), [(True, False), (False, False), (False, True)], ids=["dialog", "program", "work"]
)
async def test_what_comes_while_a_screen_is_taken_apart_is_not_shown(closes: bool, by_app: bool) -> None:
    async with Probe().run_test() as pilot:
        reading = Reading(by_app=by_app)
        await pilot.app.push_screen(reading)
        await pilot.pause()
        if closes:
            await reading.dismiss()
    assert not reading.shown and not reading.is_running


class Showing(ModalScreen[None]):
    """Shows something as soon as it is there."""

    def compose(self) -> ComposeResult:
        """Where it is shown."""
        yield Static(id="shown")

    def on_mount(self) -> None:
        """Show it."""
        self.query_one("#shown", Static).update("something")


@pytest.mark.parametrize("closes", [True, False], ids=["dialog", "program"])
async def test_what_is_closed_before_it_has_its_parts_is_no_crash(closes: bool) -> None:
    worked = list[str]()

    async def work() -> None:
        worked.append("something")

    app = Probe()
    async with app.run_test() as pilot:
        opening = app.push_screen(Showing())
        if closes:
            await app.screen.dismiss()
            await pilot.pause()
            assert app.is_running and len(app.screen_stack) == 1
        else:
            app.run_worker(work)
            app.exit()
            await opening
    assert not (app.return_code or worked)


async def test_a_part_that_is_missing_in_a_screen_that_stays_is_a_crash() -> None:
    app = Probe()
    with pytest.raises(NoMatches):
        async with app.run_test() as pilot:
            app.call_later(app.query_one, "#missing")
            await pilot.pause()
    assert app.return_code == CRASHED


def aged(message: Message, seconds: float) -> Message:
    """A message as if it had been read from the terminal some time ago."""
    message.time -= seconds
    return message


async def test_an_old_key_does_nothing_and_is_told_once() -> None:
    app = Probe()
    async with app.run_test() as pilot:
        for _ in range(3):
            app.post_message(aged(Key("d", "d"), STALE + 0.1))
        await pilot.pause()
        assert app.deleted == 0
        assert len(app.stale) == 3 and min(app.stale) > STALE
        assert len(app._notifications) == 1
        app.post_message(aged(Key("d", "d"), STALE - 0.2))
        await pilot.pause()
        assert app.deleted == 1


async def test_what_is_typed_into_a_field_is_never_too_old_but_enter_is() -> None:
    app = Probe()
    submitted: list[Message] = []
    async with app.run_test() as pilot:
        field = app.query_one("#field", Input)
        field.focus()
        await pilot.pause()
        for key in ("d", "x"):
            app.post_message(aged(Key(key, key), 5))
        app.post_message(aged(Paste(" pasted"), 5))
        app.post_message(aged(Key("enter", "\r"), 5))
        await pilot.pause()
        assert field.value == "dx pasted"
        assert len(app.stale) == 1 and submitted == []


async def test_a_paste_that_nothing_takes_is_said_once() -> None:
    app = Probe()
    async with app.run_test() as pilot:
        app.query_one("#button", Button).focus()
        await pilot.pause()
        for _ in range(3):
            app.post_message(Paste("please delete"))
        await pilot.pause()
        assert app.deleted == 0 and app.query_one("#field", Input).value == ""
        assert len(app._notifications) == 1
        app.query_one("#field", Input).focus()
        await pilot.pause()
        app.post_message(Paste("here"))
        await pilot.pause()
        assert app.query_one("#field", Input).value == "here"
        assert len(app._notifications) == 1


@pytest.mark.parametrize("age", [0.0, STALE + 1])
async def test_an_old_click_presses_nothing(age: float) -> None:
    app = Probe()
    async with app.run_test() as pilot:
        region = app.query_one("#button").region
        for kind in (MouseDown, MouseUp):
            app.post_message(aged(kind(None, region.x + 1, region.y + 1, 0, 0, 1, False, False, False), age))
        await pilot.pause()
        assert app.deleted == (0 if age else 1)


def test_the_age_of_a_key_is_in_seconds() -> None:
    event = Key("d", "d")
    assert key_age(event) < 1
    event.time = time.monotonic() - 7
    assert 7 <= key_age(event) < 8


@pytest.mark.parametrize(
    "error", [ValueError("\x1bc secret"), RuntimeError("x" * 100_000)], ids=["escape", "long"]
)
async def test_a_crash_is_told_cleaned_and_once(error: Exception) -> None:
    app = Probe()
    app.CRASH_ADVICE = "Look at the journal."
    with pytest.raises(type(error)):
        async with app.run_test():
            app._handle_exception(error)
            app._handle_exception(KeyError("a consequence"))
            (told,) = map(str, app._exit_renderables)
    assert app.return_code == os.EX_SOFTWARE
    assert "\x1b" not in told and len(told) < 4000
    assert told.endswith("shown above. Look at the journal.")


async def test_a_panic_is_cleaned_too() -> None:
    app = Probe()
    async with app.run_test():
        app.panic("first\x1b]0;t\x07", "second")
        (told,) = map(str, app._exit_renderables)
        assert told.startswith("first\\x1b]0;t") and "second" in told
        assert told.replace("\n", "").isprintable()
    assert app.return_code == os.EX_SOFTWARE


def test_the_driver_is_ours_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.DRIVER", "os:path")
    assert Probe().driver_class is SafeDriver


# What every widget makes of hostile text


def test_no_widget_lets_hostile_text_through() -> None:
    """Without any cleaning: as if somebody had forgotten it everywhere."""
    with Pty(python("tests.ui.terminal.hostile"), columns=160, rows=200) as term:
        term.until(lambda: term.shows("the end")() and term.shows("<Toast")())
        drawn = "\n".join(term.screen())
        for y in range(1, 60, 2):
            term.send(b"\x1b[<0;3;%dM\x1b[<0;3;%dm" % (y, y))  # a click on each
        term.send(b"\x1b[24~")
        assert term.wait() == 0
        assert grammar_violations(bytes(term.output)) == []
        assert term.restored() == []
    for name in (
        "Static",
        "Table",
        "Tree",
        "Log",
        "RichLog",
        "Input",
        "TextArea",
        "Options",
        "Border",
        "Title",
    ):
        assert f"<{name}" in drawn, f"{name} was not drawn"
