"""What keeps an operation from happening by accident, twice, to the wrong target, or on old facts."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from tests.fixtures.operation import CONCIERGE, FAILING
from tests.operations.console import Console, console
from tui.fleet.polling.sources import AGENTS
from tui.fleet.view import View
from tui.operations.fields import Answers
from tui.operations.operation import Operation
from tui.operations.runner import OperationRunner
from tui.sim.http.orders import WalkOrder
from tui.sim.scenarios.specs import AgentSpec, Scenario
from tui.ui.dialogs.audit import Audit
from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.bulk import BulkDialog
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.layout import DialogLayout
from tui.ui.dialogs.operation import OperationDialog
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.dialogs.unlock import UnlockDialog
from tui.ui.main_screen.screen import MainScreen
from tui.ui.overlays.help import Help
from tui.ui.terminal import safe_app
from tui.ui.terminal.key_queue import KeyQueue
from tui.ui.terminal.keyboard import UnmarkedPaste
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.table import LineTable


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Console]:
    """The program, its cursor on an agent."""
    async with console(tmp_path) as opened:
        await opened.choose(CONCIERGE)
        yield opened


async def test_one_confirmation_is_one_request_however_long_enter_is_held(here: Console) -> None:
    await here.press("r")
    dialog = await here.opened()
    await here.to("go")
    await here.press(*["enter"] * 25)
    await here.until(lambda: dialog.model.outcome is not None)
    assert here.calls("RestartAgent") == 1


async def test_an_enter_held_since_a_question_cancels(here: Console) -> None:
    await here.press("r")
    await here.opened()
    await here.to("reason")
    await here.press(*["enter"] * 25)
    assert not isinstance(here.app.screen, OperationDialog)
    assert here.calls("RestartAgent") == 0


async def test_an_enter_that_repeats_on_the_button_does_nothing(here: Console) -> None:
    await here.press("r")
    dialog = await here.opened()
    await here.to("reason")
    await here.press("enter")
    dialog.frame.button("go").focus()
    await here.settle()
    await here.press("enter", "enter")
    assert here.calls("RestartAgent") == 0
    assert not dialog.obstacle


@pytest.mark.usefixtures("ignoring_early_keys")
@pytest.mark.campaign  # its keys must all arrive before the dialog opens: a quiet machine alone can tell
async def test_a_dialog_ignores_keys_until_its_reader_can_have_seen_it(here: Console) -> None:
    await here.press("5")
    pane = here.app.main.dispatches
    found = here.app.main.view.fleet.dispatches["lobby"][0]
    pane.go_to(f"dispatch:lobby\0{found.id}")
    await here.press("ctrl+d", *"yyy", "tab", "right", "right", "enter", "ctrl+s")
    dialog = await here.opened()
    assert here.app.focused is dialog.frame.button("cancel")
    assert here.calls("DeleteDispatch") == 0
    assert dialog.quiet_until > time.monotonic()
    await here.until(lambda: time.monotonic() > dialog.quiet_until)
    await here.press("ctrl+s", "enter")
    await here.until(lambda: dialog.model.outcome is not None)
    assert here.names() == ["DeleteDispatch"]


def send(here: Console, *keys: str) -> None:
    """Press keys at once, as they come in one read."""
    driver = here.app._driver
    assert driver is not None
    for key in keys:
        driver.send_message(Key(key, key if len(key) == 1 else None))


@pytest.mark.usefixtures("ignoring_early_keys")
async def test_what_is_typed_before_the_first_question_is_there_goes_to_it_in_order(
    here: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.press("4")
    may_put = asyncio.Event()
    put = DialogLayout.put

    async def late(layout: DialogLayout, form: Form) -> None:
        await may_put.wait()
        await put(layout, form)

    monkeypatch.setattr(DialogLayout, "put", late)
    send(here, "U", *"hunter2")
    await here.until(lambda: isinstance(here.app.screen, OperationDialog))
    assert here.app.focused is None, "reason never has the keyboard first"
    send(here, *"canary", "tab", *"x")
    may_put.set()
    dialog = await here.opened()
    await here.until(lambda: dialog.frame.reason == "x")
    assert dialog.form is not None
    assert dialog.form.answers.value("value").reveal() == "hunter2canary"
    assert here.effects() == []


@pytest.mark.usefixtures("ignoring_early_keys")
async def test_what_is_typed_at_once_goes_to_the_reason_to_unlock_and_to_the_name_of_a_bulk(
    tmp_path: Path,
) -> None:
    async with console(tmp_path, danger=True, read_only=True) as here:
        await here.command("unlock 15m")
        send(here, *"INC7")
        await here.until(lambda: isinstance(here.app.screen, UnlockDialog))
        unlock = here.app.screen
        assert isinstance(unlock, UnlockDialog)
        await here.until(lambda: unlock.frame.reason == "INC7")
        send(here, "escape")
        await here.until(lambda: here.app.screen is here.app.main)
        send(here, "asterisk", "r", *"prod")
        await here.until(lambda: isinstance(here.app.screen, BulkDialog))
        bulk = here.app.screen
        assert isinstance(bulk, BulkDialog)
        await here.until(lambda: bulk.frame.typed == "prod")
        assert (bulk.frame.reason, here.effects()) == ("", [])


async def test_a_key_that_comes_as_the_dialog_is_ready_does_not_overtake_those_before(
    here: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = list[Dialog]()

    def wait(dialog: Dialog) -> None:
        waiting.append(dialog)

    monkeypatch.setattr(Dialog, "ready", wait)
    await here.press("ctrl+d")
    await here.until(lambda: bool(waiting))
    send(here, "C", "A")
    await here.settle()
    dialog = here.dialog
    assert dialog.frame.typed == ""
    dialog.is_ready = True  # and its message is still on the way
    send(here, "_", "c")
    await here.until(lambda: dialog.frame.typed == "CA_c")


@pytest.mark.usefixtures("ignoring_early_keys")
async def test_letters_of_a_name_count_while_those_before_them_are_still_on_their_way(
    here: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.press("ctrl+d")
    dialog = await here.opened()
    dialog.quiet_until = time.monotonic() + 60.0
    monkeypatch.setattr(KeyQueue, "holds", lambda queue, event: False)
    send(here, *CONCIERGE, "enter")
    await here.until(lambda: dialog.frame.typed == CONCIERGE)
    assert here.app.screen is dialog and dialog.model.outcome is None


@pytest.mark.usefixtures("ignoring_early_keys")
async def test_what_confirms_is_never_kept_for_a_dialog_that_is_not_ready(
    here: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.press("5")
    found = here.app.main.view.fleet.dispatches["lobby"][0]
    here.app.main.dispatches.go_to(f"dispatch:lobby\0{found.id}")
    ready, waiting = Dialog.ready, list[Dialog]()

    def wait(dialog: Dialog) -> None:
        waiting.append(dialog)

    monkeypatch.setattr(Dialog, "ready", wait)
    await here.press("ctrl+d")
    dialog = await here.opened()
    await here.until(lambda: bool(waiting) and time.monotonic() > dialog.quiet_until)
    send(here, "ctrl+s", "enter")
    await here.settle()
    ready(dialog)
    await here.settle()
    assert here.app.screen is dialog and dialog.model.outcome is None
    await here.press("ctrl+s", "enter")
    await here.until(lambda: dialog.model.outcome is not None)
    assert here.names() == ["DeleteDispatch"]


@pytest.mark.usefixtures("ignoring_early_keys")
async def test_escape_is_always_heard(here: Console) -> None:
    await here.press("r", "escape")
    assert here.app.screen is here.app.main


@pytest.mark.usefixtures("ignoring_early_keys")
@pytest.mark.parametrize("pane", ["1", "4"])
async def test_a_paste_without_marks_changes_nothing(here: Console, pane: str) -> None:
    await here.press(pane)
    text = "please delete\r\rry\rR\ryes\r"
    keys = ["enter" if letter == "\r" else "space" if letter == " " else letter for letter in text]
    driver = here.app._driver
    assert driver is not None
    for key in [*keys, "ctrl+d", "y", "enter", "tab", "tab", "tab", "enter", "ctrl+n", "enter"]:
        driver.send_message(Key(key, key if len(key) == 1 else None))
    await here.settle()
    assert here.effects() == []


async def test_keys_that_waited_for_a_blocked_screen_confirm_nothing(
    here: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_app, "STALE", 0.5)
    driver = here.app._driver
    assert driver is not None
    for key in ("r", "tab", "tab", "enter"):
        event = Key(key, None)
        event.time -= 3.0
        driver.send_message(event)
    dialog = await here.opened()
    assert dialog.model.outcome is None and here.app.screen is dialog
    assert here.calls("RestartAgent") == 0


async def test_a_name_that_was_typed_at_a_blocked_screen_is_not_lost(
    here: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.press("ctrl+d")
    dialog = await here.opened()
    assert here.app.focused is dialog.frame.button("cancel")
    monkeypatch.setattr(safe_app, "STALE", 0.5)
    driver = here.app._driver
    assert driver is not None
    for key in (*CONCIERGE, "tab", "enter"):
        event = Key(key, key if len(key) == 1 else None)
        event.time -= 3.0
        driver.send_message(event)
    await here.until(lambda: dialog.frame.typed == CONCIERGE)
    assert here.app.screen is dialog and here.effects() == []


async def test_the_target_stays_the_same_when_rows_move(here: Console) -> None:
    await here.press("r")
    dialog = await here.opened()
    for agent in ("CA_failing22222", "CA_sleeper22222"):
        here.simulator.control.walk(WalkOrder(agent_id=agent, walk=[(0, "Running")]))
    fleet = here.app.main
    await here.until(
        lambda: dialog.pending.view.fleet.index[FAILING].agent_deployments[0].status == "Running"
    )
    assert f"({CONCIERGE})" in here.shown()
    await here.go()
    assert here.effects() == [{"effect": "RestartAgent", "agent_id": CONCIERGE}]
    assert fleet.view.selection.agent_id == CONCIERGE


async def test_a_change_under_the_dialog_disarms_it_and_is_marked(here: Console) -> None:
    await here.press("r")
    dialog = await here.opened()
    assert not dialog.obstacle
    here.simulator.control.walk(WalkOrder(agent_id=CONCIERGE, walk=[(0, "CrashLoop")]))
    await here.until(lambda: "changed since you looked" in dialog.obstacle)
    assert "Δ us-east production: CrashLoop" in here.shown()
    assert "(was Running" in here.shown()
    await here.to("go")
    await here.press("enter")
    assert here.calls("RestartAgent") == 0
    await here.press("ctrl+r")
    await here.until(lambda: not dialog.obstacle)
    assert "Δ" not in here.shown()


def rename(here: Console, agent_id: str, name: str) -> None:
    """Give an agent another name."""
    record = here.simulator.world.agents[agent_id]
    record.info.agent_name = name
    here.simulator.world.touch(record)
    assert here.app.session is not None
    here.app.session.nudge(AGENTS)  # or it would look again in some seconds


async def test_another_name_of_the_target_disarms_and_is_marked(
    here: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.press("r")
    dialog = await here.opened()
    assert not dialog.obstacle
    rename(here, CONCIERGE, "doorman")
    await here.until(lambda: "changed since you looked: the target's name" in dialog.obstacle)
    words = " ".join(here.shown().split())
    assert f'Δ Restart "doorman" ({CONCIERGE}) (was Restart "concierge" ({CONCIERGE}))' in words
    await here.to("go")
    await here.press("enter")
    assert here.calls("RestartAgent") == 0
    await here.press("ctrl+r")
    await here.until(lambda: not dialog.obstacle)
    assert "Δ" not in here.shown()
    await here.press("escape")
    await here.command("dispatch desk doorman")
    sent = await here.opened()
    assert not sent.obstacle
    rename(here, CONCIERGE, "porter")
    await here.until(lambda: "changed since you looked: agent id" in sent.obstacle)
    assert f"Δ agent id is gone (was {CONCIERGE})" in " ".join(here.shown().split())
    await here.press("escape")
    rename(here, CONCIERGE, "doorman")
    await here.until(lambda: here.app.main.view.fleet.index[CONCIERGE].name == "doorman")
    await here.press("asterisk", "r")
    await here.until(lambda: isinstance(here.app.screen, BulkDialog))
    bulk = here.app.screen
    assert isinstance(bulk, BulkDialog) and not bulk.obstacle
    rename(here, CONCIERGE, "concierge")
    await here.until(lambda: "a target has another name" in bulk.obstacle)
    await here.until(lambda: f'Δ "doorman" ({CONCIERGE}) is called concierge now' in here.shown())
    await here.to("go")
    await here.press("enter")
    assert here.effects() == []
    await here.press("ctrl+r")
    await here.until(lambda: not bulk.obstacle)
    assert f'· "concierge" ({CONCIERGE})' in here.shown() and "Δ" not in here.shown()
    assert "c copies · ctrl+r reloads" in here.shown()
    copied = list[str]()
    monkeypatch.setattr(ProjectContext, "copy", lambda _, text: copied.append(text))
    await here.press("c")
    assert [line.split()[:3] for line in copied[0].splitlines()] == [["lk", "agent", "restart"]] * 3


async def test_while_it_reloads_nothing_is_sent_and_esc_leaves(
    here: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()
    reread = OperationRunner.reread

    async def late(operator: OperationRunner, operation: Operation, view: View, answers: Answers) -> View:
        begun.set()
        await may_end.wait()
        return await reread(operator, operation, view, answers)

    await here.press("r")
    dialog = await here.opened()
    await here.armed()
    monkeypatch.setattr(OperationRunner, "reread", late)
    await here.press("ctrl+r")
    await begun.wait()
    assert dialog.obstacle == "reloading…" and "reloading…" in here.shown()
    await here.press("ctrl+s", "enter", "ctrl+r")
    assert here.app.screen is dialog and not dialog.model.busy
    may_end.set()
    await here.until(lambda: not dialog.obstacle)
    may_end.clear()
    begun.clear()
    await here.press("ctrl+r")
    await begun.wait()
    await here.press("escape")
    assert here.app.screen is here.app.main and here.effects() == []


async def test_a_change_that_nobody_saw_yet_is_found_by_the_last_look(here: Console) -> None:
    await here.press("r")
    dialog = await here.opened()
    await here.to("go")
    here.simulator.control.walk(WalkOrder(agent_id=CONCIERGE, walk=[(0, "Suspended")]))
    await here.press("enter")
    await here.until(lambda: "nothing was sent" in here.shown())
    assert "changed since you looked" in here.shown()
    assert here.calls("RestartAgent") == 0
    assert dialog.model.asking


async def test_what_no_poll_has_come_to_is_read_and_stays_known(here: Console) -> None:
    assert here.app.session is not None
    store = here.app.session.store
    older = min(here.simulator.world.agents[FAILING].versions)
    await here.command(f"rollback failing {older}")  # the cursor is on another agent
    dialog = await here.opened()
    await here.until(lambda: not dialog.obstacle)
    polled = store.fleet.fresh("rooms").at
    await here.until(lambda: store.fleet.fresh("rooms").at != polled)
    assert not dialog.obstacle
    assert dialog.pending.answers.text("version") == older
    await here.press("escape")
    await here.command("dispatch lobby concierge")
    dialog = await here.opened()
    store.update(lambda fleet: replace(fleet, dispatches={}))
    await here.settle()
    await here.press("ctrl+r")
    await here.until(lambda: "there now" in here.shown())
    assert store.fleet.dispatches["lobby"]
    await here.go()
    assert here.names() == ["CreateDispatch"]


async def test_the_age_of_the_data_grows_while_nothing_comes(
    here: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is silent sends no news of how old the data is."""
    await here.press("r")
    dialog = await here.opened()
    assert "data is current" in " ".join(here.shown().split())
    monkeypatch.setattr(here.app.clock, "monotonic", lambda: time.monotonic() + 25.0)
    dialog.redraw()
    words = " ".join(here.shown().split())
    assert re.search("data (25|30) s old", words)
    assert re.search(r"data is (2|3)\d s old: ctrl\+r reloads", words)


async def test_a_target_that_is_gone_is_refused(here: Console) -> None:
    await here.press("r")
    dialog = await here.opened()
    await here.to("go")
    record = here.simulator.world.agents.pop(CONCIERGE)
    here.simulator.world.agent_list.drop(record.id)
    await here.press("enter")
    await here.until(lambda: "is not there any more" in here.shown())
    assert here.calls("RestartAgent") == 0
    await here.press("escape")
    await here.until(lambda: here.app.main.agents.table.cursor_is_ghost)
    await here.press("r")
    assert here.app.screen is here.app.main
    assert here.said()[0] == "Restart: the row under the cursor is no longer in this list"
    assert dialog.model.outcome is None


async def test_what_destroys_wants_the_id(here: Console) -> None:
    await here.press("ctrl+d")
    dialog = await here.opened()
    assert dialog.obstacle == f"type {CONCIERGE} to confirm"
    typed = dialog.frame.query_one("#row-typed Input", Input)
    for wrong in ("concierge", CONCIERGE[:-1], CONCIERGE.lower(), ""):
        typed.value = wrong
        await here.settle()
        assert "to confirm" in dialog.obstacle
    typed.value = CONCIERGE
    await here.settle()
    await here.until(lambda: not dialog.obstacle)
    assert here.effects() == []


async def test_in_a_production_project_the_name_arms_the_button(tmp_path: Path) -> None:
    async with console(tmp_path, danger=True) as here:
        await here.choose(CONCIERGE)
        await here.press("r")
        dialog = await here.opened()
        assert "in prod  PRODUCTION" in here.shown()
        assert dialog.obstacle == f"type concierge or {CONCIERGE} to confirm"
        dialog.frame.query_one("#row-typed Input").focus()
        await here.settle()
        await here.paste("concierge")
        await here.go()
        assert here.names() == ["RestartAgent"]
        other = here.app.main.view.fleet.dispatches["lobby"][0].id
        for command in ("dispatch lobby failing", f"redispatch {other}", f"undispatch {other}"):
            await here.command(command)
            dialog = await here.opened()
            title = str(dialog.frame.query_one("#dlg-title", Lines)._lines)
            assert "Cell(text='in prod ', tone='warn'" in title, "the project in its colour"
            assert "PRODUCTION" in title
            assert not dialog.model.wanted(), "what can be taken back is not typed"
            await here.go()
            await here.press("escape")
        assert here.names() == ["RestartAgent", "CreateDispatch", "CreateDispatch", "DeleteDispatch"]


async def test_the_name_is_typed_or_pasted_wherever_the_keyboard_is(tmp_path: Path) -> None:
    """`c` copies, but not in the middle of the name that is asked for."""
    async with console(tmp_path, danger=True) as here:
        await here.choose(CONCIERGE)
        await here.press("r")
        dialog = await here.opened()
        assert here.app.focused is dialog.frame.button("cancel")
        assert "c copies" not in here.shown()
        await here.type("concierge")
        assert dialog.frame.typed == "concierge"
        assert not dialog.obstacle
        await here.press("enter")
        assert here.app.focused is dialog.frame.button("cancel"), "Enter never comes to what acts"
        assert "c copies" in here.shown()
        await here.press("n")
        assert here.said()[0] == "n does nothing here now: cancelling moved to Esc"
        await here.press("escape")
        assert here.app.screen is here.app.main
        await here.press("R")  # the keyboard is in the list of versions
        dialog = await here.opened()
        await here.paste(f"{FAILING}\n")
        assert dialog.frame.typed == "", "another one's"
        await here.paste(f" {CONCIERGE}\n")
        assert dialog.frame.typed == CONCIERGE
        assert not dialog.obstacle
        await here.press("escape", "R")
        dialog = await here.opened()
        await here.burst(CONCIERGE[0], UnmarkedPaste(CONCIERGE[1:9]), *CONCIERGE[9:])
        assert dialog.frame.typed == CONCIERGE, "a part came in one read, while nothing answered"
        await here.press("escape")
        assert here.effects() == []


async def test_what_is_no_text_is_refused_with_the_reason_and_nothing_is_sent(here: Console) -> None:
    await here.press("r")
    dialog = await here.opened()
    await here.to("reason")
    await here.type("see ")
    await here.paste("INC-412\r\nno agents\tin eu\n")
    assert dialog.frame.reason == "see INC-412 no agents in eu"
    assert not dialog.obstacle
    await here.paste("\x1b[2J\x00")
    assert "the reason holds an escape, shown as �: remove it" in " ".join(here.shown().split())
    await here.to("go")
    await here.press("enter")
    assert here.app.screen is dialog
    await here.press("escape")
    await here.command("dispatch desk concierge")
    dialog = await here.opened()
    for field, pasted, words in (
        ("room", "desk\x00", "room holds a NUL"),
        ("room", "a\nb", "room holds a line break"),
        ("metadata", "p\udce4ss", "metadata holds a byte that is not UTF-8 (0xe4)"),
    ):
        assert dialog.form is not None
        dialog.form.focus_field(field)
        await here.press("ctrl+a", "ctrl+k")
        await here.paste(pasted)
        assert f"{words}, shown as �: remove it" in " ".join(here.shown().split())
        await here.to("go")
        await here.press("enter")
        assert here.app.screen is dialog and dialog.model.asking
        dialog.form.focus_field(field)
        await here.press("ctrl+a", "ctrl+k", "ctrl+e", *["backspace"] * 3)
        await here.paste("desk" if field == "room" else "")
    await here.until(lambda: not dialog.obstacle)
    assert here.effects() == []


async def test_to_see_the_rest_of_a_dialog_chooses_no_other_version(tmp_path: Path) -> None:
    async with console(tmp_path, danger=True, size=(80, 18)) as here:
        await here.choose(CONCIERGE)
        await here.press("R")
        dialog = await here.opened()
        await here.until(lambda: "PgDn more" in here.shown())
        before = dialog.pending.answers.text("version")
        await here.press("pagedown")
        assert dialog.pending.answers.text("version") == before
        assert dialog.frame.query_one("#dlg-body").scroll_y > 0
        await here.press("down")
        assert dialog.pending.answers.text("version") != before


async def test_what_is_acted_on_is_named_to_its_end_in_a_narrow_terminal(tmp_path: Path) -> None:
    name = "a-name-that-is-longer-than-what-stands-beside-it"
    agents = [AgentSpec(name=name, id="CA_narrow22222", secrets=["A"])]
    async with console(tmp_path, Scenario(agents=agents), danger=True, size=(60, 24)) as here:
        await here.choose("CA_narrow22222")
        await here.press("4")
        await here.press("ctrl+d")
        await here.opened()
        title = here.shown().split("where")[0]
        assert f'"{name}"' in title and "(CA_narrow22222)" in title and "PRODUCTION" in title
        frame = here.dialog.frame
        assert frame.button("go").region.right <= frame.content_region.right, "every button is there whole"


async def test_a_hostile_name_cannot_be_what_is_typed(tmp_path: Path) -> None:
    names = ["admin", "аdmin", "x\x1b[2J", "same", "same"]
    agents = [AgentSpec(name=name, id=f"CA_{place:012d}") for place, name in enumerate(names)]
    async with console(tmp_path, Scenario(agents=agents), danger=True) as here:
        for place, wanted in enumerate(["CA_000000000000"] * 1 + [f"CA_{n:012d}" for n in range(1, 5)]):
            here.app.main.go_to_agent(f"CA_{place:012d}")
            await here.settle()
            await here.press("r")
            dialog = await here.opened()
            assert dialog.pending.wanted == (wanted,)
            await here.press("escape")
        await here.command("restart same")
        assert "2 agents are called 'same'" in here.said()[0]


async def test_read_only_refuses_in_the_client_and_unlocks_for_a_while(tmp_path: Path) -> None:
    async with console(tmp_path, read_only=True) as here:
        await here.choose(CONCIERGE)
        await here.press("r")
        dialog = await here.opened()
        assert "read-only" in dialog.frame.button("go").label
        await here.to("go")
        await here.press("enter")
        await here.press("escape")
        assert here.calls("RestartAgent") == 0
        await here.command("unlock 15m")
        await here.until(lambda: isinstance(here.app.screen, UnlockDialog))
        await here.to("go")
        await here.press("enter")
        assert isinstance(here.app.screen, UnlockDialog), "a reason is needed"
        await here.to("reason")
        await here.paste("INC-7")
        await here.to("go")
        await here.press("enter")
        await here.until(lambda: here.app.screen is here.app.main)
        await here.until(lambda: "unlocked 15m" in here.app.main.query_one("#header", Lines).text)
        await here.press("r")
        await here.opened()
        await here.go()
        assert here.names() == ["RestartAgent"]
        await here.command("lock")
        await here.press("r")
        assert "read-only" in (await here.opened()).obstacle
        entries = {entry.intent.operation: entry.intent.reason for entry in here.audit()}
        assert entries == {"unlock": "INC-7", "restart": ""}


async def test_a_dry_run_shows_the_request_and_sends_nothing(here: Console) -> None:
    await here.press("4", "U")
    dialog = await here.opened()
    await here.paste("sk-canary")
    await here.to("again")
    await here.press("enter")
    shown = here.shown()
    assert dialog.form is not None
    assert not dialog.form.display, "the request has the whole room"
    assert "/twirp/livekit.CloudAgent/UpdateAgentSecrets" in "".join(shown.split())
    assert '"value":"***"' in "".join(shown.split())
    assert "sk-canary" not in shown
    await here.press("escape", "escape")
    await here.command("dry-run")
    assert "dry run" in here.app.main.query_one("#header", Lines).text
    await here.press("1", "r")
    await here.opened()
    await here.to("go")
    await here.press("enter")
    assert '"agent_id": "CA_concierge222"' in here.shown()
    assert here.effects() == []
    assert here.audit() == []


async def test_quitting_while_something_is_under_way_asks_twice(here: Console) -> None:
    here.app.launcher.session_options.under_way = 1
    for key in ("q", "ctrl+c", "ctrl+q"):
        await here.press(key)
        assert here.said()[0].endswith(f"its outcome would stay unknown: {key} again quits")
    await here.command("quit")
    assert here.said()[0].endswith("its outcome would stay unknown: ctrl+q twice quits")
    assert here.app.is_running
    here.app.launcher.session_options.under_way = 0


async def test_what_is_typed_while_the_journal_is_read_goes_to_what_opens(here: Console) -> None:
    """And not to the list behind: there it would open other dialogs."""
    await here.burst("colon", *"audit", "enter", "r", "j")
    await here.until(lambda: isinstance(here.app.screen, Audit))
    assert [type(screen) for screen in here.app.screen_stack[1:]] == [MainScreen, Audit]
    await here.press("escape")
    await here.burst("colon", *"unresolved", "enter", "r", "j")
    await here.until(lambda: "is known" in here.said()[0])
    assert here.app.screen is here.app.main, "nothing opened: what was typed is forgotten"
    await here.press("r")
    assert isinstance(here.app.screen, OperationDialog), "and the next key is heard"


async def test_what_filters_the_keys_is_never_overtaken_by_the_whole_list(here: Console) -> None:
    await here.burst("question_mark", *"zoo")
    assert isinstance(here.app.screen, Help) and not here.app.screen.query_one(LineTable).keys


async def test_a_prompt_and_its_text_in_one_read_are_not_lost(here: Console) -> None:
    """As a terminal sends what was typed while nothing answered."""
    await here.press("7")
    for typed in (":audit 10m", "/concierge", "T14:02:11"):
        await here.burst(UnmarkedPaste(typed))
        field = here.app.focused
        assert isinstance(field, Input) and field.value == typed[1:]
        await here.press("escape")
    await here.burst(UnmarkedPaste("Tomorrow we meet"))
    assert here.app.screen is here.app.main and not isinstance(here.app.focused, Input), "no prompt's"
