"""From what was typed to a plan, or to the one line that says what is wrong."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.deploy import AGENT, PROGRAM, project
from tui.deploy.inspection import Inspection
from tui.deploy.plan_builder import DeployInput, InvalidInput, PlanDraft, build_plan, with_options
from tui.livekit_toml import LivekitToml
from tui.packaging.gitinfo import GitInfo
from tui.packaging.secrets import MOUNT_LIMIT
from tui.project import Project
from tui.secret import Secret
from tui.ui.deploy.questions import fields, visible

SETTINGS = {
    "available_regions": "us-east, eu-central",
    "residency_warning_regions": "eu-central",
    "project_data_region": "us",
}
PROJECT = Project("prod", "wss://demo-a1.livekit.cloud", "", "key", Secret("x"), "test")
CREATE = DeployInput(agent="new", region="us-east")
DEPLOY = DeployInput(agent=AGENT)


def inspected(root: Path, **changes: object) -> Inspection:
    return replace(Inspection(root, has_dockerfile=True, settings=SETTINGS), **changes)


def made(root: Path, given: DeployInput, **changes: object) -> PlanDraft:
    return build_plan(given, inspected(root, **changes), PROJECT)


def private(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("given", "inspection", "words"),
    [
        (replace(DEPLOY, agent="concierge"), {}, "agent: type its id"),
        (replace(DEPLOY, agent="CA_x\n"), {}, "agent: type its id"),
        (DeployInput(), {}, "agent: type its id"),
        (replace(DEPLOY, deployment="a_b"), {}, "deployment: letters"),
        (replace(DEPLOY, deployment="-a"), {}, "deployment: letters"),
        (replace(DEPLOY, deployment="a" * 64), {}, "deployment: letters"),
        (replace(DEPLOY, deployment="production"), {}, "is reserved"),
        (replace(CREATE, deployment="staging"), {}, "starts in production"),
        (replace(CREATE, region=""), {}, "region: there are us-east, eu-central"),
        (replace(CREATE, region="mars"), {}, "region: there are us-east, eu-central"),
        (DEPLOY, {"has_dockerfile": False}, "program: there is no Dockerfile"),
        (DEPLOY, {"problems": ("the first", "the second")}, "the first"),
        (DEPLOY, {"project_file": LivekitToml("other", AGENT)}, "is of project other, this is demo-a1"),
        (CREATE, {"project_file": LivekitToml("other", "")}, "is of project other, this is demo-a1"),
        (replace(DEPLOY, attributes="a"), {}, "'a' is not name=value"),
        (replace(DEPLOY, attributes="=b"), {}, "is not name=value"),
        (replace(DEPLOY, attributes="{"), {}, "not a JSON object"),
        (replace(DEPLOY, attributes='{"a": 1}'), {}, "a text for each name"),
        (replace(DEPLOY, mounts="'a"), {}, "a quote is not closed"),
        (replace(DEPLOY, mounts="missing.pem"), {}, "missing.pem does not exist"),
        (replace(DEPLOY, secrets_file="missing.env"), {}, "missing.env does not exist"),
        (replace(DEPLOY, typed=Secret("A=")), {}, "A (typed secrets line 1) is empty"),
        (replace(DEPLOY, typed=Secret("just-a-value")), {}, "typed secrets, line 1"),
    ],
)
def test_what_cannot_be_sent_is_said_in_a_line(
    tmp_path: Path, given: DeployInput, inspection: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        made(tmp_path, given, **inspection)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value) and "just-a-value" not in str(caught.value)


def test_create_and_deploy_take_what_belongs_to_them(tmp_path: Path) -> None:
    create = made(tmp_path, CREATE).plan
    assert (create.creates, create.region, create.subdomain) == (True, "us-east", "demo-a1")
    deploy = made(tmp_path, replace(DEPLOY, deployment="v1.2-b", region="us-east", reason="INC-1")).plan
    assert (deploy.agent_id, deploy.deployment, deploy.region, deploy.reason) == (
        AGENT,
        "v1.2-b",
        "",
        "INC-1",
    )


def test_a_program_counts_only_without_a_dockerfile(tmp_path: Path) -> None:
    given = replace(DEPLOY, entry_point=PROGRAM)
    assert made(tmp_path, given).plan.entry_point == ""
    assert made(tmp_path, given, has_dockerfile=False).plan.entry_point == PROGRAM


def test_secrets_of_every_source_with_what_was_typed_first(tmp_path: Path) -> None:
    private(tmp_path / "s.env", "A=file\nB=file\nLIVEKIT_URL=wss://x\n")
    private(tmp_path / "key.pem", b"\x00\xff")
    given = replace(DEPLOY, secrets_file="s.env", mounts="key.pem", typed=Secret("A=by hand"))
    result = made(tmp_path, given)
    values = {item.name: (item.value.reveal(), item.is_file) for item in result.plan.secrets}
    assert values["A"] == ("by hand", False) and values["B"] == ("file", False)
    assert values["key.pem"][1] is True
    assert "secret LIVEKIT_URL left out: the service sets it itself" in result.notes
    assert any(note.startswith("sets 3 secrets: key.pem, A, B") for note in result.notes)
    # `lk` takes paths from where it is started, not from the project's directory
    assert f"--secrets-file {tmp_path}/s.env --secret-mount {tmp_path}/key.pem" in result.plan.command()
    assert "by hand" not in repr(result) and "'file'" not in repr(result)


def test_empty_secrets_are_refused_or_skipped_by_choice(tmp_path: Path) -> None:
    private(tmp_path / "s.env", "A=1\nEMPTY=\n")
    given = replace(DEPLOY, secrets_file="s.env")
    with pytest.raises(InvalidInput, match="EMPTY"):
        made(tmp_path, given)
    result = made(tmp_path, replace(given, skip_empty=True))
    assert [item.name for item in result.plan.secrets] == ["A"]
    assert "secret EMPTY left out: it is empty" in result.notes


@pytest.mark.parametrize(("size", "taken"), [(MOUNT_LIMIT, True), (MOUNT_LIMIT + 1, False)])
def test_a_mount_of_a_mebibyte_at_the_most(tmp_path: Path, size: int, taken: bool) -> None:
    private(tmp_path / "m.bin", b"x" * size)
    given = replace(DEPLOY, mounts="m.bin")
    if taken:
        assert len(made(tmp_path, given).plan.secrets[0].value) == size
    else:
        with pytest.raises(InvalidInput, match="larger than"):
            made(tmp_path, given)


def test_attributes_as_words_or_json_over_those_of_git(tmp_path: Path) -> None:
    git = GitInfo("abc1234", "main")
    words = made(tmp_path, replace(DEPLOY, attributes="team=voice git_branch=hot"), git=git).plan.attributes
    assert words == {"git_commit": "abc1234", "git_branch": "hot", "team": "voice"}
    alone = replace(DEPLOY, attributes='{"a b": "c=d"}', own_attributes=True)
    assert made(tmp_path, alone, git=git).plan.attributes == {"a b": "c=d"}


@pytest.mark.parametrize(
    ("given", "inspection", "question"),
    [
        (CREATE, {"git": GitInfo("abc", "main", dirty=True)}, "dirty"),
        (replace(CREATE, region="eu-central"), {}, "residency"),
        (CREATE, {"project_file": LivekitToml("demo-a1", AGENT)}, "other"),
        (DEPLOY, {"project_file": LivekitToml("demo-a1", "CA_another22222")}, "other"),
    ],
)
def test_what_has_to_be_agreed_to(
    tmp_path: Path, given: DeployInput, inspection: dict[str, object], question: str
) -> None:
    result = made(tmp_path, given, **inspection)
    ((name, words),) = result.questions
    assert name == question
    assert words in result.missing(given)
    assert result.missing(replace(given, agreed=frozenset({question}))) == ""


def test_nothing_is_asked_about_what_is_as_usual(tmp_path: Path) -> None:
    inspection = {"git": GitInfo("abc", "main"), "project_file": LivekitToml("demo-a1", AGENT)}
    result = made(tmp_path, DEPLOY, **inspection)
    assert result.questions == () and result.missing(DEPLOY) == ""


def test_an_agent_that_no_file_names_is_typed_in_any_project(tmp_path: Path) -> None:
    alone = build_plan(DEPLOY, inspected(tmp_path), PROJECT, ("concierge",))
    assert alone.missing(DEPLOY) == f"type concierge or {AGENT} to confirm"
    for typed in ("concierge", AGENT):
        assert alone.missing(replace(DEPLOY, confirmation=typed)) == ""
    named = LivekitToml("Demo-A1", AGENT)  # no host differs by case
    assert made(tmp_path, DEPLOY, project_file=named).missing(DEPLOY) == ""
    regional = made(tmp_path, DEPLOY, regional_files={"livekit.us-east.toml": named})
    assert regional.missing(DEPLOY) == "" and regional.plan.recorded == AGENT
    assert " --config livekit.us-east.toml " in regional.plan.command(), "lk reads livekit.toml by itself"
    assert "--config" not in made(tmp_path, DEPLOY, project_file=named).plan.command()
    with pytest.raises(InvalidInput, match=r"^livekit\.us-east\.toml is of project other"):
        made(tmp_path, DEPLOY, regional_files={"livekit.us-east.toml": LivekitToml("other", AGENT)})


def test_a_refused_sdk_is_deployed_when_the_check_is_skipped(tmp_path: Path) -> None:
    old = made(tmp_path, DEPLOY, sdk_refusal="too old")
    assert old.missing(DEPLOY) == "confirm above: deploy without the SDK version check"
    skipping = with_options(DEPLOY, {"sdk": "skip"})
    assert old.missing(replace(skipping, confirmation=AGENT)) == ""
    assert "--skip-sdk-check" in old.plan.command()
    assert "--skip-sdk-check" not in made(tmp_path, skipping).plan.command(), "nothing to skip"
    (question,) = (field for field in fields(str(tmp_path), skipping) if field.id == "sdk")
    assert question.value == "yes"
    assert visible(None, skipping, ["sdk"])["sdk"] and not visible(None, skipping, [])["sdk"]


def test_in_a_production_project_the_target_is_typed(tmp_path: Path) -> None:
    project = replace(PROJECT, danger=True)
    deploy = build_plan(DEPLOY, inspected(tmp_path), project)
    assert AGENT in deploy.missing(DEPLOY)
    assert deploy.missing(replace(DEPLOY, confirmation=AGENT)) == ""
    create = build_plan(CREATE, inspected(tmp_path), project)
    assert create.missing(replace(CREATE, confirmation=AGENT)) == "type prod to confirm"


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = private(tmp_path / "s.env", "A=1\n")
    os.chmod(path, 0o666)
    with pytest.raises(InvalidInput, match="chmod 600"):
        made(tmp_path, replace(DEPLOY, secrets_file="s.env"))


def test_paths_are_taken_from_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(tmp_path / "app")
    private(root / "s.env", "A=1\n")
    monkeypatch.chdir("/")
    assert made(root, replace(DEPLOY, secrets_file="s.env")).plan.secrets
    monkeypatch.setenv("HOME", str(root))
    assert made(tmp_path, replace(DEPLOY, secrets_file="~/s.env")).plan.secrets
