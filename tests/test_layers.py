"""Who may import whom, read from the sources and then tried in a fresh interpreter."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import tui

ROOT = Path(tui.__file__).parent

LEAVES = {"secret", "clock", "formats", "process", "project", "privatefile", "livekit_toml", "record_options"}
"""Single modules which any layer but the simulator may use; they import other leaves alone."""

MAY_IMPORT = {
    # LiveKit's wire
    "api": {"api"} | LEAVES,
    "packaging": {"packaging", "api"} | LEAVES,
    # what is true now, and what agents say
    "fleet": {"fleet", "api"} | LEAVES,
    "logs": {"logs", "api"} | LEAVES,
    # what happened, derived from what is true now
    "history": {"history", "fleet", "api"} | LEAVES,
    # conclusions from what happened and what is true now
    "analysis": {"analysis", "history", "logs", "fleet", "api"} | LEAVES,
    # what an operator does
    "operations": {"operations", "analysis", "fleet", "api", "packaging"} | LEAVES,
    "deploy": {"deploy", "operations", "analysis", "fleet", "api", "packaging"} | LEAVES,
    # a project being watched: all of the above in one hand
    "session": {
        *("session", "deploy", "operations", "analysis", "logs", "history", "fleet", "api", "packaging", ""),
    }
    | LEAVES,
    "ui": {"ui", "session", "deploy", "operations", "analysis", "logs", "fleet", "api"} | LEAVES,
    # official messages only, so that a decoding mistake of `api` cannot cancel out
    "sim": {"sim"},
    "config": {"config"} | LEAVES,
    "cli": {"cli", "demo", "doctor", "record", "replay", "session", "start", "api", "ui", "sim", "config", ""}
    | LEAVES,
    "demo": {""} | LEAVES,
    "doctor": {"demo", "api", "ui", "operations", "history", "config", ""} | LEAVES,
    "start": {"ui", "config", "replay"} | LEAVES,
    "replay": {"session", "fleet"} | LEAVES,
    "record": {"session", "config"} | LEAVES,
    "__main__": {"cli"},
    "": set(),
} | dict.fromkeys(LEAVES, LEAVES)
"""Layer → the layers that it may import; `""` is the package itself, which holds the version."""

ROOMS = {
    "tui.api": {
        # the messages as types; imports nothing of the rest
        "models": {"models"},
        # cleans and masks any text; knows no message
        "text": {"text"},
        # makes messages of the bytes of an answer
        "decoding": {"decoding", "models", "text"},
        # sends requests
        "": {"", "models", "text", "decoding"},
    },
    "tui.fleet": {
        # what is known, whoever asks for it
        "": {""},
        # shows it
        "lists": {"lists", ""},
        # asks for it
        "polling": {"polling", ""},
    },
    "tui.history": {
        # finds what happened
        "events": {"events"},
        # holds it, and hands it to whatever store it is given
        "": {"", "events"},
        # one of these stores
        "files": {"files", ""},
    },
    "tui.logs": {
        # holds, follows, searches and saves logs
        "": {"", "lines"},
        # judges lines; knows no log
        "lines": {"lines"},
    },
    "tui.sim": {
        # answers requests against a world that a scenario filled
        "http": {"http", "scenarios", "world", "wire"},
        # says what a world holds at the start, so it knows the world and not who asks
        "scenarios": {"scenarios", "world", "wire"},
        # runs alone, under a test's clock
        "world": {"world", "wire"},
        # messages and bytes only
        "wire": {"wire"},
    },
    "tui.ui": {
        # bytes in and out; knows nothing of what is drawn
        "terminal": {"terminal"},
        # what the theme's variables mean on a kind of terminal; what is drawn asks Textual for them
        "theme": {"theme", "terminal"},
        # the table of keys; names contexts and actions, and knows no widget
        "keys": {"keys"},
        # cells, lines and tables; know no pane and no dialog
        "widgets": {"widgets", "keys"},
        # the prompt and the commands; know the program by a protocol of their own
        "commandline": {"commandline", "widgets", "keys"},
        # a dialog is handed its project, and can be opened from anywhere above
        # a paste without marks is told from a marked one by what the terminal makes of it
        "dialogs": {"dialogs", "widgets", "keys", "terminal"},
        # remembers what was typed as the prompt does
        "logview": {"logview", "commandline", "widgets", "keys", "terminal"},
        # a pane says what cursor and keys act on, and in which mode the prompt filters it
        "panes": {"panes", "logview", "commandline", "widgets", "keys"},
        # the dialogs of deploying, on the form that every dialog has
        "deploy": {"deploy", "dialogs", "widgets", "keys"},
        # when the operator was last here
        "attention": {"attention"},
        # lists and texts over the main screen
        "overlays": {"overlays", "attention", "panes", "commandline", "widgets", "keys"},
        # where panes meet; opens no dialog
        "main_screen": {"main_screen", "panes", "logview", "commandline", "widgets", "keys"},
        # puts data on the main screen; does not know the application
        "session_binding": {"main_screen", "attention"},
        # puts the past in the place of now
        "time_travel": {"main_screen"},
        # what the program's own command line hands over
        "launch": {"terminal"},
        # copies and pictures leave through the terminal
        "exporter": {"announcer", "terminal", "launch"},
        # tells the operator
        "announcer": {"overlays", "widgets"},
        # ends the program
        "quitting": {"announcer"},
        # decides who gets a key
        "input_delivery": {"announcer", "main_screen", "overlays", "dialogs", "widgets", "keys", "terminal"},
        # what keys do with rows, and with a project's history
        "row_output": {"announcer", "exporter", "main_screen", "overlays", "panes", "widgets"},
        "history_requests": {"announcer", "main_screen", "overlays"},
        # holds all of them together; nothing imports it
        "app": {
            *("terminal", "theme", "widgets", "commandline", "dialogs", "logview", "deploy", "overlays"),
            *("panes", "main_screen", "session_binding", "launch", "exporter", "keys", "time_travel"),
            *("announcer", "quitting", "input_delivery", "row_output", "history_requests"),
        },
    },
}
"""Package → its rooms, each with those of the same package that it may import.

`""` is the package's own modules, where only its inner packages are named.
"""

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
    """`tui.api.decoding.wire` → `api`; `tui` itself → the empty name."""
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
        "import tui.api.text.clean\nfrom tui import clock\nfrom tui import __version__\n"
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


def test_imports_point_down() -> None:
    wrong = []
    for module in MODULES:
        for name in imported(module):
            top = name.partition(".")[0]
            if top == "tui":
                is_right = layer_of(name) in MAY_IMPORT[module.layer]
            else:
                is_right = module.layer in ONLY_IN.get(top, {module.layer})
            if not is_right:
                wrong.append(f"{module.name} imports {name}")
    assert not wrong


def room_of(name: str, inside: str, rooms: Mapping[str, set[str]]) -> str:
    """`tui.fleet.polling.poller` → `polling`; `tui.fleet.store` → the empty name."""
    room = name.removeprefix(inside).partition(".")[0]
    return room if room in rooms else ""


def test_rooms_of_a_package_import_in_one_direction() -> None:
    wrong = []
    for package, rooms in ROOMS.items():
        inside = f"{package}."
        for module in MODULES:
            if not module.name.startswith(inside):
                continue
            for name in imported(module):
                allowed = rooms[room_of(module.name, inside, rooms)]
                if name.startswith(inside) and room_of(name, inside, rooms) not in allowed:
                    wrong.append(f"{module.name} imports {name}")
    assert not wrong


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


def tricks(module: Module) -> Iterator[str]:
    """Ways around the type checker that a module uses."""
    taken = {
        alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("typing", "typing_extensions")
        for alias in node.names
    }
    yield from taken & {"TYPE_CHECKING", "cast"}
    if module.layer != "sim":
        yield from taken & {"Any"}
    yield from re.findall(r"#\s*(?:type:\s*ignore|noqa)", module.path.read_text(encoding="utf-8"))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import) and any(alias.name == "typing" for alias in node.names):
            yield "import typing: import its names, so that the lines above see them"


def test_types_are_held_without_tricks() -> None:
    """A guarded import hides a cycle, a cast hides a mistake, and `Any` both.

    The simulator alone may speak of anything: the messages that it is made of have no types.
    """
    found = {module.name: used for module in MODULES if (used := list(tricks(module)))}
    assert not found


def below(layer: str) -> set[str]:
    """Everything that a layer may bring with it: what it may import, and what that may."""
    found: set[str] = set()
    rest = {layer}
    while rest:
        found |= rest
        rest = set().union(*(MAY_IMPORT[name] for name in rest)) - found
    return found


def loaded_by(names: list[str]) -> set[str]:
    """What is in sys.modules of a fresh interpreter that has imported `names`."""
    code = "; ".join(["import sys", *(f"import {name}" for name in names), "print(*sys.modules)"])
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


LATE = {"tui.config.lk_yaml"}
"""Modules of a layer that are imported only when there is something to read with them."""


@pytest.mark.parametrize(
    ("layer", "absent"),
    [
        ("api", {"textual", "starlette"}),
        ("packaging", {"textual", "starlette"}),
        ("fleet", {"textual", "starlette"}),
        ("logs", {"textual", "starlette"}),
        ("history", {"textual", "starlette"}),
        ("analysis", {"textual", "starlette"}),
        ("operations", {"textual", "starlette"}),
        ("deploy", {"textual", "starlette"}),
        ("session", {"textual", "starlette"}),
        ("project", {"textual", "httpx", "yaml", "tomlkit", "msgspec"}),
        ("config", {"textual", "httpx", "yaml", "tomlkit", "msgspec"}),
        ("sim", {"textual", "httpx"}),
        # what every start pays for
        ("cli", {"textual", "httpx", "yaml", "tomlkit", "msgspec", "starlette", "difflib"}),
    ],
)
def test_importing_a_layer_brings_nothing_of_another(layer: str, absent: set[str]) -> None:
    """Reading sources misses what a dependency drags in."""
    inside = [module.name for module in MODULES if module.layer == layer and module.name not in LATE]
    assert inside
    loaded = loaded_by(inside)
    assert not {name for name in loaded if name.partition(".")[0] in absent}
    ours = {layer_of(name) for name in loaded if name.startswith("tui.")}
    assert ours <= below(layer)
