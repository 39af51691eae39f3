"""Create, deploy, config and dockerfile from the keyboard, against the simulator."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from tests.deploy.app import Hands, running
from tests.fixtures.operation import CONCIERGE
from tui.deploy import local_files
from tui.deploy.client import DeployClient
from tui.deploy.inspection import Inspection
from tui.operations.journal.journal import Verdict
from tui.sim.http.orders import BuildOrder
from tui.ui.app import Lktop
from tui.ui.deploy.form import DeployForm
from tui.ui.deploy.progress import DeployScreen
from tui.ui.deploy.writing import WriteForm
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.project_context import ProjectContext

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.campaign)], ids=str
)


async def form(hands: Hands, command: str, *, confirm: bool = True) -> DeployForm:
    """The form, once the directory was looked at and its agent confirmed, where that is asked for."""
    await hands.run(command)
    found = await hands.on(DeployForm)
    await hands.until(
        lambda: found.inspection is not None and (found.draft is not None or bool(found.problem))
    )
    await hands.until(lambda: "looking" not in found.problem)
    await hands.settle()
    if confirm and found.draft is not None and found.draft.to_type:
        await hands.paste(found.draft.to_type[0])
        await hands.until(lambda: not found.problem)
        found.frame.button("cancel").focus()
        await hands.settle()
    return found


async def go(hands: Hands) -> None:
    """From Cancel to the button that acts, and press it."""
    await hands.press("right", "right", "enter")


async def answer(hands: Hands, found: DeployForm, field: str, text: str) -> None:
    """Answer a question in place of what stands there."""
    widget = found.form.widget(field).query_one(Input)
    widget.focus()
    widget.value = text
    await hands.settle()


@SIZES
async def test_create_from_the_keyboard(tmp_path: Path, size: tuple[int, int]) -> None:
    async with running(tmp_path, size=size, files={"Dockerfile": None}) as hands:
        await hands.command("create")
        await hands.on(DeployForm)
        await hands.see("Create an agent", "ready", "us-east", "agent.py")
        await go(hands)
        await hands.see("✓ built", "Esc closes")
        created, *rest = hands.simulator.control.effects()
        assert [created["effect"], *(item["effect"] for item in rest)] == [
            "CreateAgent",
            "Upload",
            "BuildStarted",
            "BuildFinished",
        ]
        assert str(created["agent_id"]) in (hands.root / "livekit.toml").read_text()
        assert hands.entry().verdict is Verdict.DONE
        await hands.press("escape")
        await hands.home()
        await hands.until(lambda: hands.app.main.view.fleet.agent(str(created["agent_id"])) is not None)


async def test_a_deploy_by_key_never_aims_at_what_the_cursor_is_on(tmp_path: Path) -> None:
    async with running(tmp_path) as hands:
        hands.app.main.go_to_agent(CONCIERGE)
        await hands.until(lambda: hands.app.main.view.selection.agent_id == CONCIERGE)
        await hands.press("ctrl+o")
        found = await hands.on(DeployForm)
        await hands.until(lambda: found.draft is not None)
        await hands.see("Create an agent", "ready")
        await answer(hands, found, "agent", CONCIERGE)
        await hands.see(f"type concierge or {CONCIERGE} to confirm")
        await go_to_button(hands, found)
        assert hands.app.screen is found and hands.names() == []
        await hands.press("escape")
        for region in ("eu-central", "us-east"):
            toml = f'[project]\nsubdomain = "127"\n[agent]\nid = "CA_{region[:2]}00000"\n'
            (hands.root / f"livekit.{region}.toml").write_text(toml)
        hands.app._deploys._kept.clear()
        await hands.press("ctrl+o")
        found = await hands.on(DeployForm)
        await hands.see("livekit.us-east.toml names CA_us00000", "agent: type its id, CA_…, or new")
        assert [option.value for option in found.options("agent")][:3] == ["CA_eu00000", "CA_us00000", "new"]


async def test_deploy_by_key_to_the_agent_that_a_file_names(tmp_path: Path) -> None:
    toml = f'[project]\nsubdomain = "127"\n[agent]\nid = "{CONCIERGE}"\n'
    async with running(tmp_path, files={"livekit_toml": toml}) as hands:
        await hands.press("ctrl+o")
        found = await hands.on(DeployForm)
        await hands.until(lambda: found.draft is not None)
        await hands.see(f'Deploy to "concierge" ({CONCIERGE})', "ready")
        await go(hands)
        await hands.see("✓ built", f"of {CONCIERGE} for production")
        assert hands.names() == ["DeployAgent", "Upload", "BuildStarted", "BuildFinished"]


@SIZES
async def test_a_build_error_is_shown_with_the_last_words_of_its_step(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(ProjectContext, "copy", lambda _, text: copied.append(text))
    async with running(tmp_path, size=size) as hands:
        hands.simulator.control.build(BuildOrder(outcome="failed"))
        await form(hands, f"deploy {CONCIERGE}")
        await go(hands)
        await hands.see("BUILD ERROR:", "uv sync --locked", "error: The lockfile", "version keeps running")
        await hands.on(DeployScreen)
        await hands.press("c")
        assert "BUILD ERROR:" in copied[0] and "error: The lockfile" in copied[0]


async def test_enter_runs_through_the_questions_and_never_onto_the_button(tmp_path: Path) -> None:
    async with running(tmp_path) as hands:
        found = await form(hands, f"deploy {CONCIERGE}")
        found.form.focus_field("root")
        for _ in range(20):
            await hands.press("enter")
            if hands.app.screen is not found:
                break
        assert hands.app.screen is hands.app.main
        assert hands.names() == []


async def test_a_form_just_opened_ignores_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeployForm, "QUIET", 60.0)
    async with running(tmp_path) as hands:
        await hands.run(f"deploy {CONCIERGE}")
        await hands.until(lambda: isinstance(hands.app.screen, DeployForm))
        top = hands.app.screen
        await hands.press("right", "right", "enter")
        assert hands.app.screen is top
        assert hands.names() == []


@pytest.mark.parametrize("closes", [True, False], ids=["dialog", "program"])
async def test_what_is_found_in_a_directory_when_the_form_is_going_is_not_filled_in(
    closes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look ends when the questions have gone and the form has not."""
    found, gone, over = asyncio.Event(), asyncio.Event(), asyncio.Event()
    look, inspect_now = DeployClient.inspect, DeployForm._inspect_now

    async def late(deployer: DeployClient, root: Path) -> Inspection:
        inspection = await look(deployer, root)
        found.set()
        await gone.wait()
        return inspection

    async def to_its_end(form: DeployForm) -> None:
        try:
            await inspect_now(form)
        finally:
            over.set()

    async def unmounted(form: Form) -> None:
        gone.set()
        await over.wait()

    monkeypatch.setattr(DeployClient, "inspect", late)
    monkeypatch.setattr(DeployForm, "_inspect_now", to_its_end)
    monkeypatch.setattr(Form, "on_unmount", unmounted, raising=False)
    async with running(tmp_path) as hands:
        await hands.run(f"deploy {CONCIERGE}")
        await found.wait()
        top = await hands.on(DeployForm)
        if closes:
            await hands.press("escape")
            assert hands.app.screen is hands.app.main
    assert top.inspection is None


async def test_a_name_typed_while_the_directory_is_looked_at_arms_the_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits until the button has the keyboard, which takes all of it: the first letters too."""
    async with running(tmp_path, danger=True) as hands:
        may_look = asyncio.Event()
        begun = list[DeployForm]()
        inspect_now, open_now = DeployForm._inspect_now, DeployForm._open

        async def late(found: DeployForm) -> None:
            begun.append(found)
            await may_look.wait()
            await inspect_now(found)

        def typed_as_it_opens(found: DeployForm) -> None:
            for letter in "concierge":  # before the button has the keyboard
                hands.app.post_message(Key(letter, letter))
            open_now(found)

        monkeypatch.setattr(DeployForm, "_inspect_now", late)
        monkeypatch.setattr(DeployForm, "_open", typed_as_it_opens)
        await hands.run(f"deploy {CONCIERGE}")
        await hands.until(lambda: bool(begun))
        assert begun[0].waits(Key("c", "c")) and not begun[0].is_ready
        may_look.set()
        await hands.until(lambda: begun[0].frame.typed == "concierge")
        await hands.see("ready")
        assert begun[0].frame.reason == "" and hands.names() == []


async def test_nothing_typed_is_lost_by_a_failed_check_or_by_esc(tmp_path: Path) -> None:
    async with running(tmp_path) as hands:
        found = await form(hands, f"deploy {CONCIERGE}")
        await answer(hands, found, "deployment", "production")
        await hands.see("the name production is reserved")
        await go_to_button(hands, found)
        assert hands.app.screen is found and hands.names() == []
        await answer(hands, found, "deployment", "staging")
        await answer(hands, found, "attributes", "team=voice")
        await hands.see("ready")
        await hands.press("escape")
        await hands.home()
        again = await form(hands, f"deploy {CONCIERGE}")
        assert (again.text_of("deployment"), again.text_of("attributes")) == ("staging", "team=voice")


async def go_to_button(hands: Hands, found: DeployForm) -> None:
    """Press the button that acts, wherever the keyboard is."""
    found.frame.button("go").focus()
    await hands.press("enter")


async def test_after_a_failed_upload_the_form_goes_on_with_the_agent_that_was_made(tmp_path: Path) -> None:
    async with running(tmp_path, upload_limit=10) as hands:
        found = await form(hands, "create")
        await answer(hands, found, "attributes", "team=voice")
        await go_to_button(hands, found)
        await hands.see("maximum allowed size", "has no version")
        made = str(hands.simulator.control.effects()[0]["agent_id"])
        await hands.press("escape")
        hands.simulator.control.switch({"upload_limit": 1 << 20})
        again = await form(hands, "deploy")
        assert (again.text_of("agent"), again.text_of("attributes")) == (made, "team=voice")
        await go_to_button(hands, again)
        await hands.see("✓ built")
        assert hands.names().count("CreateAgent") == 1


async def test_questions_have_to_be_answered_first(tmp_path: Path) -> None:
    toml = '[project]\nsubdomain = "127"\n[agent]\nid = "CA_another22222"\n'
    async with running(tmp_path, files={"livekit_toml": toml}) as hands:
        found = await form(hands, "create")
        await hands.see("sure?", "create a second agent", "confirm above")
        await go_to_button(hands, found)
        assert hands.app.screen is found and hands.names() == []
        found.form.focus_field("other")
        await hands.press("right")
        await hands.see("ready")
        await answer(hands, found, "region", "eu-central")
        await hands.see("data residency rules apply", "confirm above")
        found.form.focus_field("residency")
        await hands.press("right")
        await hands.see("ready")
        await go_to_button(hands, found)
        await hands.see("✓ built")
        assert hands.simulator.control.effects()[0]["regions"] == ["eu-central"]


async def test_a_production_project_wants_the_agent_typed(tmp_path: Path) -> None:
    async with running(tmp_path, danger=True) as hands:
        found = await form(hands, f"deploy {CONCIERGE}", confirm=False)
        await hands.see("PRODUCTION", f"type concierge or {CONCIERGE} to confirm")
        await hands.see("ctrl+r reloads")
        assert "c copies" not in hands.flowing, "a c is the first letter of the name"
        await go_to_button(hands, found)
        assert hands.names() == []
        found.frame.query_one("#row-typed Input", Input).focus()
        await hands.paste(CONCIERGE)
        await hands.see("ready")
        found.frame.button("cancel").focus()
        await hands.see("c copies the command · ctrl+r reloads")
        await go_to_button(hands, found)
        await hands.see("✓ built")


async def test_read_only_lets_one_learn_and_sends_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, read_only=True) as hands:
        found = await form(hands, f"deploy {CONCIERGE}")
        await hands.see("read-only", ":unlock 15m")
        await go_to_button(hands, found)
        assert hands.app.screen is found and hands.names() == []


async def test_a_dry_run_shows_the_requests_and_sends_none(tmp_path: Path) -> None:
    async with running(tmp_path, files={"_env": "OPENAI_API_KEY=s3cret-value\n"}) as hands:
        os.chmod(hands.root / ".env", 0o600)
        await form(hands, "create")
        await hands.press("right", "enter")
        await hands.see("CreateAgent", "secret OPENAI_API_KEY = ***", "upload", "/build")
        assert "s3cret-value" not in hands.screen
        assert hands.names() == []
        await hands.press("escape")
        await hands.see("ready")


async def test_secrets_that_are_typed_are_sent_and_never_shown_or_kept(tmp_path: Path) -> None:
    async with running(tmp_path) as hands:
        found = await form(hands, f"deploy {CONCIERGE}")
        found.query_one(SecretInput).focus()
        await hands.paste("TOKEN=hidden7")
        await hands.see("sets 1 secret: TOKEN")
        assert "hidden7" not in hands.screen
        await go_to_button(hands, found)
        await hands.see("✓ built")
        assert hands.simulator.control.effects()[0]["secrets"] == ["TOKEN"]
        await hands.press("escape")
        again = await form(hands, f"deploy {CONCIERGE}")
        assert not again.query_one(SecretInput).value
        assert "hidden7" not in (hands.state / "journal.jsonl").read_text()


async def test_a_secret_that_was_typed_is_refused_where_it_would_be_shown(tmp_path: Path) -> None:
    async with running(tmp_path) as hands:
        found = await form(hands, f"deploy {CONCIERGE}")
        found.query_one(SecretInput).focus()
        await hands.settle()
        await hands.paste("TOKEN=hiddenvalue77")
        found.frame.ask_reason()
        await hands.settle()
        await hands.paste("see hiddenvalue77")
        await hands.see("it was not pasted here")
        assert found.frame.reason == ""
        await hands.type("hiddenvalue77")
        await hands.until(lambda: "remove it" in found.problem)
        await go_to_button(hands, found)
        assert hands.app.screen is found and hands.names() == []
        await hands.press("escape")
        await hands.home()
        await hands.press("colon")
        await hands.paste("TOKEN=hiddenvalue77")
        assert "not pasted" in hands.said()[0]
        assert "hiddenvalue77" not in hands.screen


async def test_a_renamed_agent_is_not_deployed_to_until_it_is_chosen_again(tmp_path: Path) -> None:
    toml = f'[project]\nsubdomain = "127"\n[agent]\nid = "{CONCIERGE}"\n'
    async with running(tmp_path, files={"livekit_toml": toml}) as hands:
        found = await form(hands, "deploy")
        await hands.see("ready")
        record = hands.simulator.world.agents[CONCIERGE]
        record.info.agent_name = "doorman"
        hands.simulator.world.touch(record)
        await hands.see(f"changed since you looked: {CONCIERGE} is called doorman now")
        await go_to_button(hands, found)
        assert hands.app.screen is found and hands.names() == []
        await answer(hands, found, "agent", "")
        await answer(hands, found, "agent", CONCIERGE)
        await hands.see("ready")


async def test_another_directory_is_looked_at_on_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(ProjectContext, "copy", lambda _, text: copied.append(text))
    monkeypatch.setattr(ProjectContext, "picture", lambda _: copied.append("a picture"))
    async with running(tmp_path) as hands:
        found = await form(hands, f"deploy {CONCIERGE}")
        assert not isinstance(hands.app.focused, Input)
        await hands.press("c", "f8")
        assert "lk agent deploy " in copied[0] and copied[1:] == ["a picture"]
        (hands.root / "Dockerfile").write_text("FROM scratch\n")
        before = found.inspection
        await hands.press("ctrl+r")
        await hands.until(lambda: found.inspection is not None and found.inspection is not before)
        nowhere = str(tmp_path / "nowhere")
        await answer(hands, found, "root", nowhere)
        await hands.see("Enter looks at this directory")
        await hands.press("enter")
        await hands.see("✗", "is not a directory")
        await answer(hands, found, "root", str(hands.root))
        await hands.press("enter")
        await hands.see("ready")


async def test_leaving_during_the_build_asks_twice(tmp_path: Path) -> None:
    async with running(tmp_path, build_seconds=60.0) as hands:
        await form(hands, f"deploy {CONCIERGE}")
        await go(hands)
        await hands.simulator.effect("BuildStarted")
        screen = await hands.on(DeployScreen)
        await hands.press("escape")
        await hands.see("Still running")
        assert hands.app.screen is screen
        await hands.press("ctrl+q")
        assert hands.app.is_running and "ctrl+q again quits" in hands.app.said.newest_first[0].text
        await hands.press("escape")
        await hands.home()
        await hands.simulator.effect("BuildFailed")
        assert hands.entry().verdict is Verdict.UNKNOWN


async def test_quitting_during_a_build_leaves_its_end_in_the_journal(tmp_path: Path) -> None:
    async with running(tmp_path, build_seconds=60.0) as hands:
        await form(hands, f"deploy {CONCIERGE}")
        await go(hands)
        await hands.simulator.effect("BuildStarted")
        await hands.press("ctrl+q", "ctrl+q")
        await hands.simulator.effect("BuildFailed")
    assert hands.entry().verdict is Verdict.UNKNOWN


async def test_config_ties_the_directory_to_an_agent(tmp_path: Path) -> None:
    async with running(tmp_path) as hands:
        await hands.run(f"config {CONCIERGE}")
        await hands.on(WriteForm)
        await hands.see(f"agent   {CONCIERGE}", "ready")
        await go_right(hands)
        await hands.home()
        text = (hands.root / "livekit.toml").read_text()
        assert 'subdomain = "127"' in text and CONCIERGE in text
        await hands.run(f"config {CONCIERGE}")
        await hands.on(WriteForm)
        await hands.see("as it is", "there is nothing to write")


async def go_right(hands: Hands) -> None:
    """From Cancel to the next button, and press it."""
    await hands.press("right", "enter")


async def test_config_asks_before_it_replaces_an_agent(tmp_path: Path) -> None:
    toml = '# mine\n[project]\nsubdomain = "old"\n[agent]\nid = "CA_another22222"\n'
    async with running(tmp_path, files={"livekit_toml": toml}) as hands:
        await hands.run(f"config {CONCIERGE}")
        await hands.on(WriteForm)
        await hands.see(f"CA_another22222 → {CONCIERGE}", "old → 127", "is replaced", "Replace")
        await hands.press("enter")
        await hands.home()
        assert (hands.root / "livekit.toml").read_text() == toml
        await hands.run(f"config {CONCIERGE}")
        await hands.on(WriteForm)
        await hands.see("Replace")
        await go_right(hands)
        await hands.until(lambda: CONCIERGE in (hands.root / "livekit.toml").read_text())
        assert "# mine" in (hands.root / "livekit.toml").read_text()


async def test_dockerfile_keeps_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, size=(80, 24)) as hands:
        await hands.run("dockerfile")
        found = await hands.on(WriteForm)
        await hands.see("Dockerfile is there", "agent.py", "keep them", "ready")
        await go_right(hands)
        await hands.until((hands.root / ".dockerignore").exists)
        assert (hands.root / "Dockerfile").read_text() == "FROM scratch\n"
        await hands.home()
        await hands.run("dockerfile")
        found = await hands.on(WriteForm)
        await hands.see("there is nothing to write")
        found.form.focus_field("there")
        await hands.press("right")
        await hands.see("Replace")
        found.frame.button("go").focus()
        may_write = threading.Event()
        write = local_files.write_dockerfile

        def late(root: Path, program: str, *, overwrite: bool) -> str:
            may_write.wait()
            return write(root, program, overwrite=overwrite)

        monkeypatch.setattr(local_files, "write_dockerfile", late)
        await hands.press("enter", "escape")
        assert hands.app.screen is hands.app.main and hands.app.launcher.busy, "it goes on without its form"
        may_write.set()
        await hands.until(lambda: hands.said()[0].startswith("wrote Dockerfile"))
        assert "agent.py" in (hands.root / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("deploy CA_nobody", "no agent 'CA_nobody'"),
        ("create a b", "too many words"),
        ("dockerfile a b", "too many words"),
        ("config CA_nobody", "no agent 'CA_nobody'"),
        ("deploy a b c", "too many words"),
    ],
)
async def test_commands_that_name_nothing(tmp_path: Path, command: str, words: str) -> None:
    async with running(tmp_path) as hands:
        await hands.run(command)
        assert words in hands.app.said.newest_first[0].text
        assert isinstance(hands.app, Lktop) and hands.app.screen is hands.app.main
