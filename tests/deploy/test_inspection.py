"""What a working directory is, looked at before anything is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.fixtures.deploy import ENVIRONMENT, deploy_setup, project
from tui.deploy.inspection import Inspection, inspect_directory
from tui.livekit_toml import LivekitToml
from tui.ui.deploy.fact_lines import inspection_facts

SETTINGS = {"python-min-sdk-version": "1.0.0", "node-min-sdk-version": "1.0.0"}


async def look(root: Path, **settings: str) -> Inspection:
    return await inspect_directory(root, {**SETTINGS, **settings}, ENVIRONMENT)


def commit(root: Path) -> None:
    """Make a repository of it."""
    git = ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True, env=ENVIRONMENT)


async def test_a_project_that_can_be_deployed(tmp_path: Path) -> None:
    root = project(tmp_path / "app", _env="A=1\n")
    (root / "livekit.toml").write_text('[project]\nsubdomain = "p"\n[agent]\nid = "CA_x"\n')
    found = await look(root)
    assert found.problems == ()
    assert found.detected is not None and found.detected.file == "requirements.txt"
    assert found.sdk is not None and found.sdk.version == "==1.2.3"
    assert found.has_dockerfile
    assert found.entry_points == ("agent.py",)
    assert found.env_files == (root / ".env",)
    assert found.project_file is not None and found.project_file.agent_id == "CA_x"
    assert found.source is not None and "agent.py" in {entry.name for entry in found.source.entries}
    assert found.git is None


async def test_git_is_looked_at(tmp_path: Path) -> None:
    root = project(tmp_path / "app")
    commit(root)
    clean = (await look(root)).git
    assert clean is not None and clean.branch == "main" and clean.commit and not clean.dirty
    (root / "new.py").write_text("x")
    dirty = (await look(root)).git
    assert dirty is not None and dirty.dirty


@pytest.mark.parametrize(
    ("requirements", "words"),
    [("livekit-agents==0.9\n", "is too old"), ("flask\n", "is in none of the project's files")],
)
async def test_a_refused_sdk_is_told_and_no_problem(tmp_path: Path, requirements: str, words: str) -> None:
    found = await look(project(tmp_path / "app", **{"requirements.txt": requirements}))
    assert found.problems == () and found.sdk is None
    assert words in found.sdk_refusal
    (line,) = (fact.text for fact in inspection_facts(found) if words in fact.text)
    assert line.startswith("! ") and "nothing was sent" not in line, "one may go on"


async def test_a_file_that_is_passed_over_is_named(tmp_path: Path) -> None:
    root = project(tmp_path / "app")
    (root / "uv.lock").write_text("[[package")
    found = await look(root)
    assert found.sdk is not None and found.sdk.file == "requirements.txt"
    assert "uv.lock cannot be read: it is not valid" in found.warnings


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"requirements.txt": None}, "holds no agent project"),
        ({"livekit.toml": "["}, "livekit.toml"),
        ({".dockerignore": "a[\n"}, "a["),
        ({".gitignore": "!\n"}, "!"),
    ],
)
async def test_what_stops_it_is_a_problem(tmp_path: Path, changes: dict[str, str | None], words: str) -> None:
    found = await look(project(tmp_path / "app", **changes))
    assert any(words in problem for problem in found.problems), found.problems


@pytest.mark.parametrize("name", ["nowhere", "a-file"])
async def test_what_is_no_directory(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").write_text("x")
    found = await look(tmp_path / name)
    assert found.problems == (f"{tmp_path / name} is not a directory",)


async def test_what_will_be_missing_or_leak_is_a_warning(tmp_path: Path) -> None:
    root = project(tmp_path / "app", Dockerfile=None)
    (root / "server.pem").write_text("x")
    (root / "link").symlink_to("agent.py")
    found = await look(root)
    assert found.problems == ()
    assert any("server.pem" in warning for warning in found.warnings)
    assert any(warning.startswith("left out: link is a symbolic link") for warning in found.warnings)
    assert not found.has_dockerfile


@pytest.mark.parametrize(
    ("settings", "regions"),
    [
        ({}, ("us-east",)),
        ({"available_regions": ""}, ("us-east",)),
        ({"available_regions": "b, a ,,"}, ("b", "a")),
    ],
)
def test_regions(settings: dict[str, str], regions: tuple[str, ...]) -> None:
    assert Inspection(Path("x"), settings=settings).regions == regions


def test_residency_is_warned_of_where_it_applies() -> None:
    found = Inspection(
        Path("x"), settings={"residency_warning_regions": "eu-central, de", "project_data_region": "us"}
    )
    assert found.residency("us-east") == "" == found.residency("")
    assert found.residency("de").startswith("de: data residency rules") and "in us" in found.residency("de")


async def test_the_service_is_asked_for_its_settings(tmp_path: Path) -> None:
    async with deploy_setup(tmp_path) as here:
        found = await here.deployer.inspect(here.root)
        assert found.problems == () and "eu-central" in found.regions
        here.fault("*/GetClientSettings", "error", code="unavailable", message="down for a moment")
        (problem,) = (await here.deployer.inspect(here.root)).problems
        assert "down for a moment" in problem


async def test_a_server_without_cloud_agents(tmp_path: Path) -> None:
    async with deploy_setup(tmp_path, cloud_agents=False) as here:
        (problem,) = (await here.deployer.inspect(here.root)).problems
        assert "no Cloud Agents API" in problem


async def test_files_of_regions_are_read_where_there_is_no_livekit_toml(tmp_path: Path) -> None:
    root = project(tmp_path / "app")
    for region in ("us-east", "eu-central"):
        toml = f'[project]\nsubdomain = "p"\n[agent]\nid = "CA_{region[:2]}"\n'
        (root / f"livekit.{region}.toml").write_text(toml)
    found = await look(root)
    names = {name: said.agent_id for name, said in found.regional_files.items()}
    assert names == {"livekit.eu-central.toml": "CA_eu", "livekit.us-east.toml": "CA_us"}
    assert found.file_of("CA_eu") == ("livekit.eu-central.toml", LivekitToml("p", "CA_eu"))
    assert found.file_of("CA_other") is None
    (root / "livekit.toml").write_text('[project]\nsubdomain = "p"\n[agent]\nid = "CA_x"\n')
    alone = await look(root)
    assert not alone.regional_files and alone.file_of("CA_other") == (
        "livekit.toml",
        LivekitToml("p", "CA_x"),
    )
    (root / "livekit.toml").unlink()
    (root / "livekit.us-east.toml").write_text("[")
    assert "livekit.us-east.toml" in (await look(root)).problems[0]
