"""What leaves the screen: copies, pictures, messages. In private files, never over another one."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import re
import stat
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.fixtures.clocks import StillClock
from tests.fixtures.screen import drawn, playing
from tests.scenes import LATER, PROJECT, START, TERMINAL, Scene, known, looks, settled, still, typed
from tui.fleet.state import Fleet
from tui.fleet.view import Selection
from tui.ui.app import Lktop
from tui.ui.exporter import Exporter
from tui.ui.launch import Launch
from tui.ui.terminal import screenshot
from tui.ui.widgets.table import LineTable


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Lktop, list[str]]:
    """The program with a state folder of its own, and what it sends to the terminal past all drawing."""
    found = known("incident", None)
    launch = Launch(
        project=PROJECT,
        projects=(PROJECT,),
        terminal=TERMINAL,
        state_dir=tmp_path,
        working_dir=tmp_path,
        theme="dark",
    )
    made = Lktop(
        launch,
        clock=StillClock(START + LATER),
        chance=random.Random(1),
        connect=lambda project: still(*found, project),
    )
    sent: list[str] = []
    monkeypatch.setattr(made, "send_to_terminal", sent.append)
    return made, sent


def pasted(sent: list[str]) -> str:
    """The text of the newest OSC 52."""
    match = re.fullmatch("\x1b]52;c;([A-Za-z0-9+/=]*)(\x07|\x1b\\\\)", sent[-1])
    assert match is not None
    return base64.b64decode(match[1]).decode()


async def test_copying_ids_of_each_kind(app: tuple[Lktop, list[str]], tmp_path: Path) -> None:
    program, sent = app
    async with program.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        agent = program.main.view.agent
        assert agent is not None
        await typed(pilot, "c")
        assert pasted(sent) == agent.agent_id
        assert program.said.newest_first[0].text.startswith(f"copied {agent.agent_id}: ")
        assert (tmp_path / "last-copy.txt").read_text() == agent.agent_id
        assert stat.S_IMODE((tmp_path / "last-copy.txt").stat().st_mode) == 0o600
        head = next(
            n for n, key in enumerate(program.main.pane("status").table.keys) if key.endswith("\0head")
        )
        wanted = {
            ("2",): program.main.view.reasons[agent.agent_id].text,
            ("2", *("down",) * head): agent.agent_id,
            ("2", *("down",) * 2): program.main.view.fleet.agents[0].version and agent.version,
            ("3",): agent.version,
            ("4",): "ONFIDO_TOKEN",
            ("5",): "call-5122",
            ("5", "down", "down"): program.main.view.fleet.dispatches["call-5122"][0].jobs[0].id,
        }
        for keys, text in wanted.items():
            await typed(pilot, *keys, "c")
            assert pasted(sent) == text, keys


async def test_copying_what_lies_over_the_screen(app: tuple[Lktop, list[str]]) -> None:
    """The JSON as it is shown, masked or not; a message with all its lines."""
    program, sent = app
    async with program.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        room = program.main.view.fleet.rooms[0].name
        program.main.go_to_node(f"room:{room}")
        dispatch = program.main.view.fleet.dispatches[room][0]
        await typed(pilot, "right", "down", "y", "c")
        heading = drawn(program.screen.query_one(LineTable))[0]
        assert heading.strip().startswith("AS DECODED, WITHOUT WHAT LKTOP DOES NOT READ (recorded")
        copied = json.loads(pasted(sent))
        assert (copied["id"], copied["metadata"]) == (dispatch.id, "***")
        await typed(pilot, "x", "c")
        assert json.loads(pasted(sent))["metadata"] == dispatch.metadata
        await typed(pilot, "escape")
        program.say("a message " * 20)
        await typed(pilot, "colon", *"messages", "enter", "down", "c")
        assert pasted(sent) == ("a message " * 20)


async def test_copying_marked_rows(app: tuple[Lktop, list[str]]) -> None:
    program, sent = app
    async with program.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await typed(pilot, "space", "space", "c")
        keys = program.main.agents.table.keys
        assert pasted(sent).split("\n") == list(keys[:2])


async def test_an_empty_list_copies_nothing() -> None:
    async with playing(Scene("empty", scenario="empty"), (80, 24)) as (program, pilot):
        await typed(pilot, "c")
        assert program.said.newest_first == []


async def test_a_picture_is_private_and_never_over_another_file(
    app: tuple[Lktop, list[str]], tmp_path: Path
) -> None:
    program, _ = app
    async with program.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await typed(pilot, "f8")
        (path,) = (tmp_path / "screenshots").iterdir()
        assert path.name == "lktop-2026-08-06-07.07.20.svg"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        picture = path.read_text()
        assert picture.startswith("<svg") and "kyc-verifier" in picture
        assert program.said.newest_first[0].text == f"picture saved: {path}"
        path.write_text("mine")
        await typed(pilot, "f8")
        assert path.read_text() == "mine"
        assert program.said.newest_first[0].text.startswith(f"picture not saved in {path}: File exists")


async def test_a_picture_follows_no_link(app: tuple[Lktop, list[str]], tmp_path: Path) -> None:
    program, _ = app
    target = tmp_path / "precious"
    (tmp_path / "screenshots").mkdir()
    (tmp_path / "screenshots" / "lktop-2026-08-06-07.07.20.svg").symlink_to(target)
    async with program.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await typed(pilot, "f8")
        assert not target.exists()
        assert "not saved" in program.said.newest_first[0].text


def test_a_picture_is_not_saved_through_a_linked_folder(tmp_path: Path) -> None:
    """Nor in a folder in which others may write."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "screenshots").symlink_to(elsewhere)
    with pytest.raises(NotADirectoryError):
        screenshot.save("<svg/>", tmp_path / "screenshots" / "one.svg")
    elsewhere.chmod(0o777)
    with pytest.raises(PermissionError, match="open to others"):
        screenshot.save("<svg/>", elsewhere / "one.svg")
    assert list(elsewhere.iterdir()) == []


async def test_pictures_and_copies_hold_no_secret(app: tuple[Lktop, list[str]], tmp_path: Path) -> None:
    program, sent = app
    async with program.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await typed(pilot, "4", "c", "f8", "y")
        await typed(pilot, "escape")
        shown = "\n".join([*looks(program), *sent, *(item.text for item in program.said.newest_first)])
    kept = (tmp_path / "last-copy.txt", *(tmp_path / "screenshots").iterdir())
    for text in (shown, *(path.read_text() for path in kept)):
        assert PROJECT.api_secret.reveal() not in text
        assert PROJECT.api_key not in text


async def test_messages_are_kept_in_order_and_cleaned() -> None:
    async with playing(Scene("messages")) as (program, pilot):
        program.say("first \x1b[2J[bold]x[/]")
        program.say("second", tone="error")
        await typed(pilot, "colon", *"messages", "enter")
        shown = [line for line in looks(program) if "2026-08-06 07:07:20" in line]
        assert [line.split("07:07:20 ")[1].split("  ")[0] for line in shown] == [
            "second",
            "first ␛[2J[bold]x[/]",
        ]
        assert "Messages of this session · 2" in "\n".join(looks(program))


async def test_the_same_words_are_not_put_on_top_of_themselves() -> None:
    async with playing(Scene("messages")) as (program, pilot):
        for _ in range(3):
            await typed(pilot, "5", "ctrl+w", "ctrl+w")
        assert len(program._notifications) == 1
        assert len(program.said.newest_first) == 3, "each is kept"
        program.say("another")
        await settled(pilot)
        (toast,) = program._notifications
        assert toast.message == "another", "one line at a time"


async def test_a_list_that_is_not_whole_is_not_said_to_be_when_it_is_saved(tmp_path: Path) -> None:
    said: list[tuple[str, str]] = []
    launch = SimpleNamespace(state_dir=tmp_path)
    saver = Exporter(SimpleNamespace(), launch, StillClock(), lambda text, tone: said.append((text, tone)))
    await saver.save_table("agents", "a\r\n", "the list of agents was cut at 50,000")
    ((text, tone),) = said
    assert text.startswith("list saved: ") and text.endswith("; the list of agents was cut at 50,000")
    assert tone == "warn"


async def test_a_list_is_saved_as_it_is_shown(
    app: tuple[Lktop, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, _ = app
    async with program.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await typed(pilot, "/", *"status:error", "enter", "ctrl+s")
        while not program.said.newest_first or "saved" not in program.said.newest_first[0].text:
            await settled(pilot)
        assert program.said.newest_first[0].text.startswith("list saved: ")
        (path,) = (tmp_path / "lists").iterdir()
        lines = path.read_bytes().decode().split("\r\n")
        assert lines[0].startswith("S,NAME,") and len(lines) == len(program.main.agents.table.keys) + 2
        assert path.stat().st_mode & 0o077 == 0
        rows = await program.main.agents.all_rows()
        monkeypatch.setattr("tui.ui.panes.lists.AT_ONCE", 1)
        pane = program.main.agents
        assert pane.view is not None
        reading, now = asyncio.create_task(pane.all_rows()), pane.view
        await asyncio.sleep(0)
        pane.view = replace(now, fleet=Fleet())
        assert await reading == rows and len(rows) > 2, "what comes meanwhile is not mixed into it"
        pane.view = now
        saving = asyncio.create_task(program._rows.save(pane))
        await asyncio.sleep(0)
        program.main.view = replace(now, selection=Selection(project="another"))
        await saving
        assert program.said.newest_first[0].text == "Agents not saved: another project is shown by now"
