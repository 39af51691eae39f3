"""What surrounds an operation on the screen: several at once, lost answers, the trail, what is left over."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input
from textual.worker import WorkerFailed

from tests.fixtures.operation import CONCIERGE, FAILING, target, world
from tests.operations.console import Console, console
from tui.clock import SystemClock
from tui.operations.journal.journal import Intent, Journal, Verdict
from tui.operations.journal.outcome import Outcome
from tui.operations.runner import OperationRunner
from tui.operations.verbs.secrets import SetSecret
from tui.sim.http.orders import WalkOrder
from tui.sim.http.server import serve
from tui.sim.scenarios.specs import FaultSpec, Scenario
from tui.ui.app import Lktop
from tui.ui.commandline.line import completions
from tui.ui.dialogs.audit import Audit
from tui.ui.dialogs.bulk import INCLUDE, BulkDialog
from tui.ui.dialogs.fields.base import ChoiceInput
from tui.ui.dialogs.operation_model import Label, OperationPhase
from tui.ui.dialogs.unresolved import Unresolved
from tui.ui.overlays.help import Help

CANARY = "sk-canary-0d4e"


async def bulk(here: Console) -> BulkDialog:
    """The dialog for several targets, ready."""
    await here.until(lambda: isinstance(here.app.screen, BulkDialog))
    found = here.app.screen
    assert isinstance(found, BulkDialog)
    await here.until(lambda: here.app.focused is found.frame.button("cancel"))
    return found


async def test_several_stop_at_the_first_that_does_not_go_well(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.press("asterisk", "r")
        dialog = await bulk(here)
        for deployment in ("", "staging"):
            order = WalkOrder(agent_id=CONCIERGE, deployment=deployment, walk=[(0, "Deleting")])
            here.simulator.control.walk(order)
        await here.to("go")
        await here.press("enter")
        await here.until(
            lambda: "1 of 3 accepted, 1 not sent, stopped: 1 not touched" in " ".join(here.shown().split())
        )
        assert '"sleeper" (CA_sleeper22222): not touched' in here.shown()
        assert here.effects() == [{"effect": "RestartAgent", "agent_id": FAILING}]
        assert "changed since you looked" in here.shown()
        await here.press("escape")
        assert not dialog.is_attached


async def test_several_are_stopped_after_the_current_one(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.press("asterisk", "slash")
        await here.paste("failing")
        await here.press("enter", "r")
        dialog = await bulk(here)
        await here.press("shift+tab", "shift+tab", "right")  # include what the filter hides
        choice = dialog.query_one(ChoiceInput)
        assert choice.answer == INCLUDE and "include 2 hidden" in choice.render_line(0).text
        here.simulator.faults.add(FaultSpec(path="*/RestartAgent", action="latency", seconds=0.8))
        await here.to("go")
        await here.press("enter")
        await here.until(lambda: here.calls("RestartAgent") == 1)
        await here.press("escape")
        await here.until(lambda: "stopping after the current one; p continues, Esc hides" in here.shown())
        await here.press("p")
        await here.until(lambda: "running; Esc stops after the current one" in here.shown())
        await here.press("escape", "escape")
        assert here.app.screen is here.app.main, "the second Esc hides it"
        await here.until(lambda: any("1 of 3 accepted, stopped" in words for words in here.said()))
        assert here.names() == ["RestartAgent"]


async def test_dispatches_are_deleted_one_after_the_other(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.press("5", "asterisk", "ctrl+d")
        await bulk(here)
        await here.to("go")
        await here.press("enter")
        await here.until(lambda: "2 of 2 done" in here.shown())
        assert "Esc closes · c copies the commands" in here.shown(), "nothing is left to stop"
        assert here.names() == ["DeleteDispatch", "DeleteDispatch"]


async def test_a_lost_answer_is_looked_for_while_one_goes_on_working(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.operations.runner.LOOKS", (0.05, 0.1))
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("ctrl+n")
        dialog = await here.opened()
        await here.paste("desk")
        fault = FaultSpec(path="*/CreateDispatch", action="close", times=1)
        here.simulator.faults.add(fault)
        await here.go()
        assert dialog.model.phase is OperationPhase.ENDED
        assert "may still appear" in here.shown()
        assert dialog.frame.button("go").label == "Send again"
        assert here.names() == []
        looked = here.calls("ListDispatch")
        assert "ctrl+r checks again" in here.shown()
        await here.press("ctrl+r")
        await here.until(
            lambda: here.calls("ListDispatch") > looked and dialog.model.phase is OperationPhase.ENDED
        )
        await here.to("go")
        await here.press("enter")
        await here.until(lambda: "joined after" in here.shown())
        dialog.context.undo.offer(None)
        assert dialog.model.keys("", lambda: False) == ("Esc closes",), "no promise that is over"
        assert here.names() == ["CreateDispatch"]
        assert here.calls("CreateDispatch") == 2
        dialog.model.end(Outcome(Verdict.ACCEPTED, "accepted; but it does not show", doubt=True))
        assert dialog.model.buttons("")["again"] == Label("Check again"), "it can be looked for once more"
        assert dialog.model.keys("", lambda: False) == ("ctrl+r checks again · Esc closes",)
        dialog.model.end(Outcome(Verdict.ACCEPTED, "accepted; it leaves no trace"))
        assert dialog.model.buttons("")["again"] is None, "no look will ever tell"
        assert dialog.model.keys("", lambda: False) == ("Esc closes",)
        await here.press("escape", "r")
        await here.opened()
        here.simulator.faults.add(FaultSpec(path="*/RestartAgent", action="close", after_effect=True))
        await here.go()
        assert "may or may not have happened" in " ".join(here.shown().split())
        assert not here.dialog.frame.button("go").display
        await here.press("escape")
        assert [entry.verdict for entry in here.audit()] == [Verdict.UNKNOWN, Verdict.DONE, Verdict.NOT_SEEN]


async def test_a_no_keeps_the_form_and_its_answers(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("ctrl+n")
        dialog = await here.opened()
        await here.paste("desk")
        fault = FaultSpec(path="*/CreateDispatch", code="invalid_argument", message="not like this", times=1)
        here.simulator.faults.add(fault)
        await here.go()
        assert "refused by LiveKit: not like this" in " ".join(here.shown().split())
        assert dialog.model.asking
        assert dialog.pending.answers.text("room") == "desk"
        await here.go()
        assert here.names() == ["CreateDispatch"]


async def test_hiding_a_dialog_does_not_lose_its_outcome(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("r")
        await here.opened()
        here.simulator.faults.add(FaultSpec(path="*/RestartAgent", action="latency", seconds=0.3))
        await here.to("go")
        await here.press("enter")
        await here.until(lambda: here.calls("RestartAgent") == 1)
        assert here.app.launcher.busy
        await here.press("escape")
        await here.until(lambda: here.app.screen is here.app.main)
        await here.until(lambda: not here.app.launcher.busy)
        assert here.said()[0].startswith(f"Restart concierge ({CONCIERGE}): accepted in")


async def test_an_outcome_closes_its_own_dialog_and_nothing_else(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("r")
        dialog = await here.opened()
        dialog.dismiss()
        dialog.dismiss()  # as when an Esc and the outcome meet
        await here.settle()
        assert here.app.screen is here.app.main
        await here.press("r")
        dialog = await here.opened()
        here.app.action_help()  # something that lies over it
        dialog.dismiss()
        await here.settle()
        assert isinstance(here.app.screen, Help)
        await here.press("escape")
        await here.until(lambda: here.app.screen is here.app.main)


@pytest.fixture
def of_a_newer_version(tmp_path: Path) -> Path:
    """A state directory with an operation that ended as none of ours can."""
    tmp_path.chmod(0o700)
    path = tmp_path / "journal.jsonl"
    newer = Journal(path, SystemClock()).intent("teleport", "CA_x", project="prod")
    with path.open("a") as journal:
        journal.write(f'{{"id":"{newer.id}","time":1786000022.0,"verdict":"half_done"}}\n')
    return tmp_path


async def test_the_trail_is_shown(of_a_newer_version: Path) -> None:
    async with console(of_a_newer_version) as here:
        await here.choose(CONCIERGE)
        await here.press("r")
        await here.opened()
        await here.to("reason")
        await here.paste("INC-412")
        await here.go()
        await here.command("audit")
        await here.until(lambda: isinstance(here.app.screen, Audit))
        await here.until(lambda: "INC-412" in here.shown())
        assert "accepted in" in here.shown()
        assert f"Restart {CONCIERGE}, in prod" in here.shown(), "the trail is of every project"
        await here.press("down")
        assert "half_done" in here.shown(), "a verdict of a newer version is shown as it wrote it"
        await here.press("escape")
        assert here.app.screen is here.app.main


KILLED = """
import sys
from pathlib import Path
from tui.clock import SystemClock
from tui.operations.journal.journal import Journal
kept = Journal(Path(sys.argv[1]), SystemClock())
hosts = {"url": sys.argv[2], "agents_url": sys.argv[2]} if len(sys.argv) > 2 else {}
facts = {"agent_id": "CA_concierge222", **hosts}
kept.intent("restart", "CA_concierge222", project="prod", facts=facts)
facts = {"room": "lobby", "dispatch_id": "AD_gone", **hosts}
kept.intent("undispatch", "AD_gone in lobby", project="prod", facts=facts)
kept.intent("restart", "CA_other", project="another project")
"""


def begin_and_die(folder: Path, *url: str) -> None:
    """What a console began that is gone; without a URL it was one of an older version."""
    folder.chmod(0o700)
    command = [sys.executable, "-c", KILLED, str(folder / "journal.jsonl"), *url]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])


@pytest.fixture
def left_open(tmp_path: Path) -> Path:
    """A state directory with what an older console began."""
    begin_and_die(tmp_path)
    return tmp_path


async def test_what_an_earlier_console_left_open_is_looked_for_at_the_start(
    left_open: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(left_open) as here:
        await here.until(lambda: isinstance(here.app.screen, Unresolved))
        screen = here.app.screen
        assert isinstance(screen, Unresolved)
        await here.until(lambda: len(screen._found) == 2)
        assert {outcome.verdict for outcome in screen._found.values()} == {Verdict.UNKNOWN}
        assert "did not record both servers" in " ".join(here.shown().split())
        assert "started" in here.shown() and "<1m ago" in here.shown()
        await here.press("home", "x", "r")
        said = [words for words in here.said() if "does nothing here now" in words]
        assert said == [
            "r does nothing here now: checking again moved to ctrl+r",
            "x does nothing here now: setting aside moved to a",
        ]
        await here.press("a")
        await here.until(lambda: len(screen._intents) == 1)
        await here.press("a")
        await here.until(lambda: here.app.screen is here.app.main)
        begin_and_die(left_open, here.simulator.url)
        await here.command("unresolved")
        await here.until(lambda: isinstance(here.app.screen, Unresolved))
        screen = here.app.screen
        assert isinstance(screen, Unresolved)
        await here.until(lambda: len(screen._found) == 2)
        assert {outcome.verdict for outcome in screen._found.values()} == {Verdict.UNKNOWN, Verdict.DONE}
        assert here.effects() == []
        await here.press("home", "a")
        await here.until(lambda: len(screen._intents) == 1)
        await here.press("escape")
        await here.command("unresolved")
        await here.until(lambda: here.said()[0] == "the outcome of every operation is known")

        async def late(operator: OperationRunner) -> list[Intent]:
            """Another project is chosen while the journal is read."""
            monkeypatch.setattr(OperationRunner, "unresolved", unresolved)
            assert here.app.session is not None
            here.app.watch_project(replace(here.app.session.project, name="other", api_key="another"))
            return list(screen._intents.values())

        unresolved = OperationRunner.unresolved
        assert screen._intents
        monkeypatch.setattr(OperationRunner, "unresolved", late)
        await here.command("unresolved")
        assert here.app.session is not None and here.app.session.project.name == "other"
        assert here.app.screen is here.app.main


async def test_a_crash_in_the_middle_gives_no_secret_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def boom(self: SetSecret, *args: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(SetSecret, "run", boom)
    with pytest.raises(WorkerFailed, match="boom"):
        async with console(tmp_path) as here:
            await here.choose(CONCIERGE)
            await here.press("4", "U")
            dialog = await here.opened()
            await here.paste(f"{CANARY}\nsecond line")
            picture = here.app.export_screenshot()
            dump = " ".join(repr(vars(node)) for node in dialog.walk_children(with_self=True))
            await here.to("go")
            await here.press("enter")
            await here.until(lambda: bool(here.app._exit_renderables))
            said = " ".join(here.said())
    report = capsys.readouterr().err
    kept = (tmp_path / "journal.jsonl").read_text()
    assert "boom" in report
    assert Lktop.CRASH_ADVICE in " ".join(report.split())
    assert "set_secret" in kept
    for text in (report, kept, picture, dump, said):
        assert CANARY not in text
        assert "second line" not in text


async def test_a_pasted_assignment_never_shows_its_value(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("4", "ctrl+n")
        dialog = await here.opened()
        await here.paste(f"export NEW_KEY={CANARY}\n")
        await here.until(lambda: not dialog.obstacle)
        assert dialog.pending.answers.text("name") == "NEW_KEY"
        assert dialog.pending.answers.value("value").reveal() == CANARY
        assert CANARY not in here.app.export_screenshot()
        assert all(CANARY not in field.value for field in dialog.query(Input))
        await here.to("reason")
        await here.paste(f"{CANARY}\n")
        assert dialog.frame.reason == "" and "it was not pasted here" in here.shown()
        dialog.frame.query_one("#reason", Input).value = f"see {CANARY}"
        await here.settle()
        assert dialog.obstacle == "that is the value of a secret: remove it where it is shown"
        await here.press("ctrl+s", "enter")
        assert here.names() == [], "it would be kept in the journal"
        dialog.frame.query_one("#reason", Input).value = ""
        await here.press("f8")
        assert "no pictures while a secret is asked for" in here.said()[0]


async def test_suggestions_come_from_the_fleet(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("ctrl+n")
        dialog = await here.opened()
        await here.press("down", "down", "enter", "enter")
        await here.until(lambda: dialog.pending.answers.text("room") in ("desk", "lobby"))
        await here.press("down", "down")
        await here.until(lambda: dialog.pending.answers.text("deployment") == "staging")
        await here.press("escape", "escape")
        fleet = here.app.main.view.fleet
        older = [version.version for version in fleet.versions[CONCIERGE] if not version.current]
        wanted = [f"rollback concierge {version}" for version in older]
        assert completions("rollback concierge 2", fleet) == wanted
        assert completions("promote concierge s", fleet) == ["promote concierge staging"]
        assert completions("undispatch AD", fleet) != []
        assert completions("dispatch de", fleet) == ["dispatch desk"]
        await here.command("dispatch desk concierge")
        dialog = await here.opened()
        assert (dialog.pending.answers.text("room"), dialog.pending.answers.text("agent")) == (
            "desk",
            "concierge",
        )
        await here.press("escape", "escape")
        await here.command("""lk dispatch create --new-room --agent-name concierge --metadata '{"a": "b"}'""")
        dialog = await here.opened()
        answers = dialog.pending.answers
        assert re.fullmatch(r"room-\w{12}", answers.text("room")), "made up, as lk does"
        assert (answers.text("agent"), answers.exact("metadata")) == ("concierge", '{"a": "b"}')


async def test_an_empty_project_has_nothing_to_act_on(tmp_path: Path) -> None:
    async with console(tmp_path, Scenario()) as here:
        for key, said in (("r", "Restart"), ("R", "Roll back"), ("P", "Promote"), ("ctrl+d", "Delete agent")):
            await here.press(key)
            assert here.said()[0] == f"{said}: no agent is selected"
        await here.press("u")
        assert here.said()[0].startswith("nothing to undo")
        await here.press("5", "ctrl+d")
        assert here.said()[0].startswith("Delete dispatch: no dispatch is selected")
        await here.press("ctrl+n")
        assert "type the agent" in (await here.opened()).obstacle


async def test_one_mark_that_a_filter_hides_is_left_out(tmp_path: Path) -> None:
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        await here.press("space", "slash")
        await here.paste("failing")
        await here.press("enter", "r")
        dialog = await bulk(here)
        assert "no targets left" in dialog.obstacle


LATE = FaultSpec(path="*/RollbackAgent", action="latency")
LOST = FaultSpec(path="*/RollbackAgent", action="close", after_effect=True)


@pytest.mark.parametrize("fault", [LATE, LOST], ids=["late", "lost"])
async def test_what_was_begun_is_seen_through_while_another_project_is_watched(
    tmp_path: Path, fault: FaultSpec
) -> None:
    """An answer that is late, and one that is lost: it is still looked for at the project it went to."""
    async with console(tmp_path) as here:
        await here.choose(CONCIERGE)
        here.simulator.faults.add(fault)
        await here.press("R")
        dialog = await here.opened()
        await here.until(lambda: not dialog.obstacle)
        await here.to("go")
        await here.press("enter")
        await here.until(lambda: here.calls("RollbackAgent") == 1)
        await here.press("escape")
        before = here.app.session
        assert before is not None
        here.app.watch_project(replace(before.project, name="other"))
        await here.until(lambda: here.app.launcher.session_options.under_way == 0)
        assert dialog.model.outcome is not None
        assert (dialog.model.outcome.verdict, here.names()) == (Verdict.DONE, ["RollbackAgent"])
        assert here.audit()[0].verdict is Verdict.DONE
        assert here.app.session is not before
        with pytest.raises(RuntimeError, match="closed"):
            await before.remote.settings()


async def test_a_dialog_acts_on_the_project_it_was_opened_for_whatever_is_shown(tmp_path: Path) -> None:
    async with console(tmp_path) as here, serve(world(), seed=2, speed=1.0) as elsewhere:
        await here.choose(CONCIERGE)
        await here.press("r")
        dialog = await here.opened()
        await here.until(lambda: not dialog.obstacle)
        before, registry = here.app.session, here.app.session_binding.registry
        assert before is not None
        other = replace(target(elsewhere), name="other")
        here.app.watch_project(other)
        await here.until(lambda: bool(here.app.main.view.fleet.agents))
        assert here.app.main.view.selection.project == other.key
        assert registry.get(before.project.key) is before, "it is in use"
        await here.go()
        assert here.names() == ["RestartAgent"] and not elsewhere.control.effects()
        assert here.audit()[0].intent.project == before.project.name
        await here.press("escape")
        assert dialog not in here.app.screen_stack
        assert registry.get(before.project.key) is None
        with pytest.raises(RuntimeError, match="closed"):
            await before.remote.settings()
        assert here.app.session is not None and here.app.session.project is other
