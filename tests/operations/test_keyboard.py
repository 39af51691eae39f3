"""Every operation from the keyboard, and exactly the effects that it should have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from textual.events import Paste

from tests.fixtures.operation import CONCIERGE
from tests.fixtures.screen import drawn
from tests.operations.console import Console, console
from tui.operations.journal.journal import Verdict
from tui.ui.dialogs.bulk import BulkDialog
from tui.ui.dialogs.fact_lines import FactLine
from tui.ui.terminal.keyboard import UnmarkedPaste
from tui.ui.widgets.table import LineTable

SECRET = "sk-canary-5e1f"


async def test_restart_roll_back_and_forward_again(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("r")
        dialog = await here.opened()
        assert here.app.focused is dialog.frame.button("cancel")
        assert 'Restart "concierge" (CA_concierge222)' in here.shown()
        await here.to("reason")
        await here.paste("INC-412")
        await here.go()
        assert here.app.screen is here.app.main
        (toast,) = here.app._notifications
        assert toast.message.startswith("Restart concierge (CA_concierge222): accepted"), "name and id"
        now = here.app.main.view.agent
        assert now is not None
        await here.press("R")
        dialog = await here.opened()
        older = dialog.pending.answers.text("version")
        assert f"from {now.version}" in here.shown()
        assert f"to   {older}" in here.shown()
        await here.go()
        await here.press("u")
        await here.opened()
        assert 'Undo: Roll back "concierge" (CA_concierge222)' in here.shown()
        assert not here.app._notifications, "a toast lies on the buttons"
        await here.press("escape", "u")  # to look at it and to leave it does not use it up
        await here.opened()
        await here.go()
        assert here.effects() == [
            {"effect": "RestartAgent", "agent_id": CONCIERGE},
            {"effect": "RollbackAgent", "agent_id": CONCIERGE, "version": older, "previous": now.version},
            {"effect": "RollbackAgent", "agent_id": CONCIERGE, "version": now.version, "previous": older},
        ]
        first = here.audit()[-1]
        assert (first.verdict, first.intent.reason, first.intent.target) == (
            Verdict.ACCEPTED,
            "INC-412",
            CONCIERGE,
        )


async def test_versions_and_deployments(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("3", "end", "R")
        dialog = await here.opened()
        oldest = dialog.pending.answers.text("version")
        assert oldest == here.app.main.view.fleet.versions[CONCIERGE][-1].version
        await here.go()
        await here.press("1", "P")
        await here.opened()
        assert "Promote staging" in here.shown()
        await here.go()
        await here.command(f"delete-deployment {CONCIERGE} staging")
        dialog = await here.opened()
        assert "Delete deployment staging" in here.shown()
        await _arm(here, CONCIERGE)
        await here.go()
        main = here.app.main
        await here.until(lambda: main.view.agent is not None and len(main.view.agent.agent_deployments) == 2)
        await here.press("ctrl+d")
        await here.opened()
        assert "Delete the WHOLE AGENT" in here.shown()
        await _arm(here, CONCIERGE)
        await here.go()
        assert [(e["effect"], e.get("version"), e.get("deployment")) for e in here.effects()] == [
            ("RollbackAgent", oldest, None),
            ("PromoteAgent", here.effects()[1]["version"], None),
            ("DeleteAgent", None, "staging"),
            ("DeleteAgent", None, ""),
        ]


async def _arm(here: Console, name: str) -> None:
    """Type the target, and wait until what cannot be undone can be confirmed."""
    dialog = here.dialog
    await here.until(lambda: dialog.frame.query_one("#row-typed").display is True)
    dialog.frame.query_one("#row-typed Input").focus()
    await here.settle()
    await here.paste(name)
    await here.armed()


async def test_a_dispatch_is_watched_until_its_agent_is_in_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("ctrl+n")
        await here.opened()
        await here.paste("desk")
        await here.press("tab", "tab", "tab")
        await here.paste('{"a": 1}')
        await here.press("tab")
        await here.paste("tenant=7")
        shown = here.shown()
        for words in (
            "agent is running",
            "room is open, 1 participant in it",
            "valid JSON",
            "${LIVEKIT_URL/",
        ):
            assert words in shown
        dialog = here.dialog
        drawn: list[str] = []
        draw = dialog.frame.facts

        def noted(facts: Iterable[FactLine]) -> None:
            drawn.append(str(facts))
            draw(facts)

        monkeypatch.setattr(dialog.frame, "facts", noted)
        await here.go()
        await here.until(lambda: "joined after" in here.shown())
        assert drawn and not any("already dispatched" in facts for facts in drawn), "of the new one itself"
        took = re.search(r"accepted +✓ ([\d.]+ m?s) ", here.shown())
        assert took is not None
        assert f"created in {took[1]} ·" in here.shown(), "the look before it is no part of it"
        assert dialog.form is not None
        assert not dialog.form.display, "the questions were answered"
        assert dialog.model.outcome is not None
        assert dialog.model.outcome.receipt is not None
        made = dialog.model.outcome.receipt.dispatch
        assert made is not None
        assert made.attributes == {"tenant": "7"}
        assert dialog.model.keys("", lambda: False) == (f"Esc closes · then u deletes {made.id}, for 30 s",)
        await here.press("escape", "u")
        await here.opened()
        assert f"Delete dispatch {made.id} of concierge" in here.shown()
        await here.go()
        await here.press("u")
        dialog = await here.opened()
        assert dialog.pending.answers.exact("metadata") == '{"a": 1}'
        await here.go()
        here_is = {"room": "desk", "agent_name": "concierge", "deployment": "", "metadata": '{"a": 1}'}
        again = here.effects()[2]["id"]
        assert again != made.id
        assert here.effects() == [
            {"effect": "CreateDispatch", "id": made.id, **here_is},
            {"effect": "DeleteDispatch", "id": made.id, "room": "desk"},
            {"effect": "CreateDispatch", "id": again, **here_is},
        ]


async def test_the_tree_dispatches_again_and_deletes(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        pane = here.app.main.dispatches
        await here.press("5")
        nobody = next(
            d for d in here.app.main.view.fleet.dispatches["lobby"] if d.agent_name == "nobody-home"
        )
        pane.go_to(f"dispatch:lobby\0{nobody.id}")
        await here.press("r")
        dialog = await here.opened()
        assert "already dispatched to this room" in here.shown()
        assert "no agent of this project is called" in here.shown()
        assert dialog.pending.answers.text("restart") == "JRP_NEVER"
        await here.go()
        assert dialog.model.outcome is not None
        assert dialog.model.outcome.receipt is not None
        copy = dialog.model.outcome.receipt.dispatch
        assert copy is not None
        assert (copy.restart_policy, copy.attributes) == ("JRP_NEVER", {"tenant": "7"})
        await here.press("escape")
        pane.go_to(f"dispatch:lobby\0{copy.id}")
        await here.press("y")
        await here.until(
            lambda: "JSON AS RECEIVED JUST NOW" in drawn(here.app.screen.query_one(LineTable))[0]
        )
        lines = "".join(drawn(here.app.screen.query_one(LineTable)))
        assert '"restart_policy": "JRP_NEVER"' in lines
        await here.press("escape")
        pane.go_to("room:lobby")
        await here.choose(CONCIERGE)
        for key in ("1", "2", "3", "4", "5"):
            await here.press(key)
            await here.until(lambda: here.app.main.current.raw_item() is not None)
            await here.press("y")
            first, *rest = drawn(here.app.screen.query_one(LineTable))
            assert first.strip() == "JSON AS RECEIVED, KEYS SORTED", (key, first)
            keys = [line.split('"')[1] for line in rest if line.startswith('   "')]
            assert keys == sorted(keys), "as its heading says"
            await here.press("escape")
        pane.go_to(f"dispatch:lobby\0{copy.id}")
        await here.press("ctrl+d")
        dialog = await here.opened()
        await here.press("y")
        assert here.said()[0] == "y does nothing here now: doing it moved to ctrl+s and Enter"
        await here.go()
        assert dialog.model.outcome is not None
        assert here.names() == ["CreateDispatch", "DeleteDispatch"]


async def test_secrets_are_set_imported_mounted_and_removed(tmp_path: Path) -> None:
    file, mounted = tmp_path / "new.env", tmp_path / "key.pem"
    file.write_text(f"OPENAI_API_KEY={SECRET}\nEXTRA='a b'\nLIVEKIT_URL=wss://x\n")
    mounted.write_bytes(b"-----BEGIN\x00KEY-----\n")
    async with console(tmp_path / "state") as here:
        await here.choose(CONCIERGE)
        await here.press("4", "U")
        await here.opened()
        assert here.dialog.pending.answers.text("name") == "DB_URL"
        await here.paste(SECRET)  # at once, and not into what shows it
        await here.go()
        assert "DB_URL: applied" in here.shown()
        assert SECRET not in here.shown()
        await here.press("escape", "ctrl+n")
        await here.opened()
        await here.burst(*"FRESH", "enter", Paste(SECRET), "x")
        assert here.dialog.pending.answers.text("name") == "FRESH", "a paste does not overtake keys"
        await here.press("escape", "ctrl+n")
        dialog = await here.opened()
        await here.burst(UnmarkedPaste(f"FRESH_TOKEN\t{SECRET}\r"))
        assert dialog.pending.answers.text("name") == "FRESH_TOKEN", "typed while nothing was answered"
        assert dialog.form is not None and dialog.form.answers.value("value").reveal() == SECRET
        assert SECRET not in here.shown()
        await here.press("escape", "ctrl+n")
        await here.opened()
        await here.burst(*"FRESH", "enter", Paste(SECRET), "x")
        assert SECRET not in here.shown()
        await here.go()
        assert "FRESH is added" in here.shown(), "what was sent is not counted among what was there before"
        await here.press("escape", "I")
        await here.opened()
        await here.paste(str(file))
        await here.press("enter")
        await here.armed()
        shown = here.shown()
        assert "added: EXTRA" in shown
        assert "new value: OPENAI_API_KEY" in shown
        assert "LIVEKIT_URL is left out" in shown
        await here.go()
        await here.press("escape")
        await here.command(f"mount-secret {CONCIERGE} {mounted}")
        await here.opened()
        await here.press("enter")
        await here.armed()
        await here.go()
        await here.until(lambda: "EXTRA" in {one.name for one in here.app.main.view.fleet.secrets[CONCIERGE]})
        await here.press("escape", "4", "home", "space", "space", "ctrl+d")
        await here.opened()
        assert "removes: DB_URL" in here.shown()
        await _arm(here, CONCIERGE)
        await here.go()
        assert "DB_URL: removed" in here.shown()
        both = {"effect": "UpdateAgentSecrets", "agent_id": CONCIERGE, "overwrite": False}
        assert here.effects() == [
            {**both, "secrets": ["DB_URL"], "removed": []},
            {**both, "secrets": ["FRESH"], "removed": []},
            {**both, "secrets": ["OPENAI_API_KEY", "EXTRA"], "removed": []},
            {**both, "secrets": ["key.pem"], "removed": []},
            {**both, "secrets": [], "removed": ["DB_URL", "EXTRA"]},
        ]


async def test_replacing_all_secrets_lists_what_vanishes_and_wants_the_name(tmp_path: Path) -> None:
    file = tmp_path / "all.env"
    file.write_text("DB_URL=x\nNEW=y\n")
    async with console(tmp_path / "state") as here:
        await here.choose(CONCIERGE)
        await here.command(f"replace-secrets {CONCIERGE} {file}")
        dialog = await here.opened()
        await here.press("enter")
        await here.until(lambda: "REMOVES: OLD_TOKEN" in here.shown())
        assert "REMOVES: OPENAI_API_KEY" in here.shown()
        assert "REMOVES: DB_URL" not in here.shown()
        assert "type concierge or CA_concierge222 to confirm" in dialog.obstacle
        await _arm(here, "concierge")
        await here.go()
        assert here.effects() == [
            {
                "effect": "UpdateAgentSecrets",
                "agent_id": CONCIERGE,
                "overwrite": True,
                "secrets": ["DB_URL", "NEW"],
                "removed": ["OLD_TOKEN", "OPENAI_API_KEY"],
            }
        ]
        await here.press("escape", "1", "U")
        await here.opened()
        await here.go()
        assert here.effects()[-1] == {"effect": "UpdateAgent", "agent_id": CONCIERGE, "secrets": []}


async def test_marked_rows_are_done_one_after_the_other_without_the_hidden_ones(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.press("asterisk", "slash")
        await here.paste("name:concierge|failing")
        await here.press("enter", "r")
        await here.until(lambda: isinstance(here.app.screen, BulkDialog))
        assert "sleeper" in here.shown()
        assert "left out" in here.shown()
        await here.to("go")
        await here.press("enter")
        await here.until(lambda: "2 of 2 accepted" in here.shown())
        assert sorted(str(effect["agent_id"]) for effect in here.effects()) == [CONCIERGE, "CA_failing22222"]
        assert here.names() == ["RestartAgent", "RestartAgent"]
