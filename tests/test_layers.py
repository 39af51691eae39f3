"""Who may import whom, read from the sources and then tried in a fresh interpreter."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import tui

ROOT = Path(tui.__file__).parent

LEAVES = {"secret", "clock", "process"}
"""Single modules without imports of ours, which any layer but the simulator may use."""

MAY_IMPORT = {
    "api": {"api"} | LEAVES,
    "build": {"build", "api"} | LEAVES,
    "fleet": {"fleet", "api", "build"} | LEAVES,
    "ui": {"ui", "fleet", "api"} | LEAVES,
    "sim": {"sim"},
    "config": {"config", "secret"},
    "cli": {"cli", "demo", "doctor", "start", "api", "build", "fleet", "ui", "sim", "config", ""} | LEAVES,
    "demo": {""} | LEAVES,
    "doctor": {"demo", "api", "ui", "config", ""} | LEAVES,
    "start": {"ui", "fleet", "config"} | LEAVES,
    "__main__": {"cli"},
    "": set(),
} | {leaf: set() for leaf in LEAVES}
"""Layer → layers of ours it may import; `""` is the package itself, which holds the version."""

ONLY_IN = {"textual": {"ui"}, "rich": {"ui"}, "httpx": {"api"}, "httpcore": {"api"}, "jwt": {"api"}} | {
    name: {"sim"} for name in ("starlette", "uvicorn", "livekit", "google")
}
"""Third-party package → the layers that may know it."""


@dataclass(frozen=True)
class Module:
    """One source file."""

    name: str
    path: Path

    @property
    def layer(self) -> str:
        return layer_of(self.name)

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))

    @property
    def package(self) -> str:
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


def layer_of(name: str) -> str:
    """`tui.api.wire` → `api`; `tui` itself → the empty name."""
    return name.partition(".")[2].partition(".")[0]


def modules() -> Iterator[Module]:
    """Every module of the package."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = ("tui", *path.relative_to(ROOT).with_suffix("").parts)
        yield Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path)


MODULES = list(modules())
NAMES = {module.name for module in MODULES}


def imported(module: Module) -> Iterator[str]:
    """Full names of what a module imports anywhere in it, inside functions too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in NAMES else base


def test_the_reader_of_imports_sees_every_form(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text(
        "import tui.api.clean\nfrom tui import clock\nfrom tui import __version__\n"
        "from . import state\nfrom ..ui import table\nfrom .logs.log import Log\n"
        "def f():\n    from tui.api import errors\n    import textual.app as app\n"
    )
    found = list(imported(Module("tui.fleet.x", path)))
    assert [layer_of(name) for name in found[:-1]] == [
        "api",
        "clock",
        "",
        "fleet",
        "ui",
        "fleet",
        "api",
    ]
    assert found[-1] == "textual.app"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_imports_point_down(module: Module) -> None:
    allowed = MAY_IMPORT[module.layer]
    for name in imported(module):
        top = name.partition(".")[0]
        if top == "tui":
            assert layer_of(name) in allowed, f"{module.name} imports {name}"
        elif top in ONLY_IN:
            assert module.layer in ONLY_IN[top], f"{module.name} imports {name}"


def test_every_third_party_import_is_declared() -> None:
    """A tool that holds production credentials takes no package in by the side door."""
    pyproject = ROOT.parent / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]

    def distributions(requirements: list[str]) -> set[str]:
        return {re.split(r"[^\w.-]", text, maxsplit=1)[0].lower() for text in requirements}

    run_time = distributions(project["dependencies"]) | {"rich"}  # Textual's own drawing types
    simulator = run_time | distributions(project["optional-dependencies"]["sim"]) | {"protobuf"}
    owners = packages_distributions()
    for module in MODULES:
        declared = simulator if module.layer == "sim" else run_time
        for name in imported(module):
            top = name.partition(".")[0]
            if top in sys.stdlib_module_names or top == "tui":
                continue
            owned_by = {owner.lower() for owner in owners.get(top, [])}
            assert owned_by & declared, f"{module.name} imports {top}, which pyproject.toml does not name"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_types_are_held_without_tricks(module: Module) -> None:
    """A guarded import hides a cycle, a cast hides a mistake, and `Any` both.

    The simulator alone may speak of anything: the messages that it is made of have no types.
    """
    taken = {
        alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("typing", "typing_extensions")
        for alias in node.names
    }
    assert not taken & {"TYPE_CHECKING", "cast"}
    assert "Any" not in taken or module.layer == "sim"
    assert not re.search(r"#\s*(type:\s*ignore|noqa)", module.path.read_text(encoding="utf-8"))
    plain = {
        alias.name for node in ast.walk(module.tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert "typing" not in plain, "import its names, so that the line above sees them"


def loaded_by(names: list[str]) -> set[str]:
    """What is in sys.modules of a fresh interpreter that has imported `names`."""
    code = "; ".join(["import sys", *(f"import {name}" for name in names), "print(*sys.modules)"])
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("layer", "absent"),
    [
        ("api", {"textual", "starlette"}),
        ("build", {"textual", "starlette"}),
        ("fleet", {"textual", "starlette"}),
        ("config", {"textual", "httpx", "yaml", "tomlkit", "msgspec"}),
        ("sim", {"textual", "httpx"}),
        # what every start pays for
        ("cli", {"textual", "httpx", "yaml", "tomlkit", "msgspec", "starlette", "difflib"}),
    ],
)
def test_importing_a_layer_brings_nothing_of_another(layer: str, absent: set[str]) -> None:
    """Reading sources misses what a dependency drags in."""
    inside = [module.name for module in MODULES if module.layer == layer]
    assert inside
    loaded = loaded_by(inside)
    assert not {name for name in loaded if name.partition(".")[0] in absent}
    ours = {layer_of(name) for name in loaded if name.startswith("tui.")}
    assert ours <= MAY_IMPORT[layer] | {layer}
