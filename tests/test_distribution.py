"""What an installation gets: the command, the typed package, styles and themes, and nothing else."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import tui

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
BUILD = SETTINGS["tool"]["hatch"]["build"]["targets"]
HAS_BACKEND = importlib.util.find_spec("hatchling") is not None


def needs_backend(test: Callable[..., None]) -> Callable[..., None]:
    """Where the build backend is not at hand it has to be fetched, which the ordinary suite never does."""
    return test if HAS_BACKEND else pytest.mark.campaign(test)


def build(out: Path) -> Path:
    """A wheel of this tree: by the build backend itself, or by pip, which has to fetch that first."""
    if HAS_BACKEND:
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out)]
    else:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    return wheel


def distributions(requirements: list[str]) -> set[str]:
    """The names alone."""
    return {re.split(r"[^\w.-]", text, maxsplit=1)[0].lower() for text in requirements}


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


@needs_backend
def test_the_wheel_holds_what_the_program_reads(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path)) as wheel:
        held = set(wheel.namelist())
        metadata = next(name for name in held if name.endswith(".dist-info/METADATA"))
        entry_points = wheel.read(metadata.replace("METADATA", "entry_points.txt")).decode()
        requirements = re.findall(r"^Requires-Dist: (.*)$", wheel.read(metadata).decode(), re.MULTILINE)
    sources = {path for path in (ROOT / "tui").rglob("*") if path.suffix in (".py", ".tcss", ".typed", ".md")}
    assert {path.relative_to(ROOT).as_posix() for path in sources} <= held
    assert "tui/api/PROTOCOL.md" in held  # docstrings refer to it
    themes = {path.name for path in (ROOT / "themes").glob("*.toml")}
    assert themes and {f"tui/themes/{name}" for name in themes} <= held
    assert {name.partition("/")[0] for name in held} == {"tui", metadata.partition("/")[0]}
    assert "lktop = tui.cli:main" in entry_points
    always = [text for text in requirements if "extra ==" not in text]
    assert distributions(always) == distributions(PROJECT["dependencies"])
