"""What an installation gets: the command, the typed package, styles and themes, and nothing else."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import tui
from tests.ptyrun import Pty, terminal_env

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
BUILD = SETTINGS["tool"]["hatch"]["build"]["targets"]
HAS_BACKEND = importlib.util.find_spec("hatchling") is not None


def needs_backend(test: Callable[..., None]) -> Callable[..., None]:
    """Where the build backend is not at hand it has to be fetched, which the ordinary suite never does."""
    return test if HAS_BACKEND else pytest.mark.campaign(test)


def build(out: Path, root: Path = ROOT, target: str = "wheel", *, umask: int = -1, **variables: str) -> Path:
    """A wheel or `sdist` of a tree: by the build backend itself, or by pip, which has to fetch that first."""
    if HAS_BACKEND:
        command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(out)]
    else:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), "."]
    succeeds(command, cwd=root, umask=umask, **variables)
    (made,) = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


def succeeds(command: list[str], cwd: Path, *, umask: int = -1, **variables: str) -> None:
    """Run a command that must end well."""
    env = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"} | variables
    done = subprocess.run(
        command, cwd=cwd, env=env, umask=umask, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def distributions(requirements: list[str]) -> set[str]:
    """The names alone."""
    return {re.split(r"[^\w.-]", text, maxsplit=1)[0].lower() for text in requirements}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this tree."""
    return build(tmp_path_factory.mktemp("wheel"))


def test_the_command_is_there_and_the_version_is_one() -> None:
    (target,) = PROJECT["scripts"].values()
    assert list(PROJECT["scripts"]) == ["lktop"]
    module, _, name = target.partition(":")
    assert callable(getattr(import_module(module), name))
    assert PROJECT["version"] == tui.__version__


def test_the_sources_go_out_with_all_that_their_tests_read() -> None:
    included = {path.removeprefix("/") for path in BUILD["sdist"]["include"]}
    assert included == {"tui", "themes", "tests", "screenshots", "README.md", "LICENSE"}
    assert all((ROOT / path).exists() for path in included)


def test_every_dependency_is_bounded_below_and_above() -> None:
    extras = [text for extra in PROJECT["optional-dependencies"].values() for text in extra]
    stated = [*SETTINGS["build-system"]["requires"], *PROJECT["dependencies"], *extras]
    ours = re.compile(rf"{PROJECT['name']}\[\w+\]")
    bounded = re.compile(r"[\w.-]+(>=[\d.]+,<[\d.]+|==[\d.*]+)")
    assert [text for text in stated if not bounded.fullmatch(text) and not ours.fullmatch(text)] == []


@needs_backend
def test_a_wheel_is_the_same_wherever_and_whenever_it_is_built(wheel: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in ("tui", "themes"):
        shutil.copytree(
            ROOT / name,
            copy / name,
            copy_function=shutil.copyfile,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, copy / name)
    for path in copy.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (1e9, 1e9))
    again = build(tmp_path / "again", copy, umask=0o077, TZ="Asia/Kolkata", PYTHONHASHSEED="7", LC_ALL="C")
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


@pytest.mark.campaign
@pytest.mark.skipif(not HAS_BACKEND, reason="hatchling is not installed")
@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_what_is_installed_in_a_clean_environment_runs_the_demo(tmp_path: Path, target: str) -> None:
    """Fetches the dependencies from the package index."""
    made, home = build(tmp_path / "dist", target=target), tmp_path / "venv"
    venv.create(home, with_pip=True)
    succeeds([str(home / "bin" / "pip"), "install", "--quiet", f"{made}[sim]"], cwd=tmp_path)
    env = terminal_env(HOME=str(tmp_path), PYTHONPATH="")
    command = [str(home / "bin" / "lktop"), "demo", "--scenario=calm"]
    with Pty(command, env=env, columns=120, rows=40, cwd=tmp_path) as terminal:
        terminal.until(terminal.shows("simulator started by lktop demo"), 30.0)
        terminal.until(terminal.shows("agent-0007"))
        terminal.send(b"\x11")
        assert terminal.wait() == 0


@needs_backend
def test_the_wheel_holds_what_the_program_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        held = set(packed.namelist())
        metadata = next(name for name in held if name.endswith(".dist-info/METADATA"))
        entry_points = packed.read(metadata.replace("METADATA", "entry_points.txt")).decode()
        requirements = re.findall(r"^Requires-Dist: (.*)$", packed.read(metadata).decode(), re.MULTILINE)
    sources = {path for path in (ROOT / "tui").rglob("*") if path.suffix in (".py", ".tcss", ".typed", ".md")}
    assert {path.relative_to(ROOT).as_posix() for path in sources} <= held
    assert "tui/api/PROTOCOL.md" in held  # docstrings refer to it
    themes = {path.name for path in (ROOT / "themes").glob("*.toml")}
    assert themes and {f"tui/themes/{name}" for name in themes} <= held
    assert {name.partition("/")[0] for name in held} == {"tui", metadata.partition("/")[0]}
    assert "lktop = tui.__main__:main" in entry_points
    always = [text for text in requirements if "extra ==" not in text]
    assert distributions(always) == distributions(PROJECT["dependencies"])
