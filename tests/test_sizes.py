"""Modules and functions stay short; each that does not is named here."""

from __future__ import annotations

import ast
from pathlib import Path

import tui

ROOT = Path(tui.__file__).parent
LINES = 300
ROOMY = ("logs/", "ui/logview/")
"""Where a thought takes up to 450 lines."""
FUNCTION_LINES = 40

LONG_MODULES = {
    "api/models.py",
    "cli.py",
    "deploy/run.py",
    "operations/journal/journal.py",
    "session/live.py",
    "sim/scenarios/incident.py",
    "sim/world/agents.py",
    "ui/app.py",
    "ui/commandline/commands.py",
    "ui/deploy/form.py",
    "ui/dialogs/bulk.py",
    "ui/dialogs/operation.py",
    "ui/keys/table.py",
    "ui/logview/model.py",
    "ui/logview/view.py",
    "ui/panes/dispatches.py",
    "ui/panes/lists.py",
    "ui/main_screen/screen.py",
    "ui/widgets/table.py",
}
LONG_FUNCTIONS = {
    "deploy/inspection.py:_look",
    "session/live.py:__init__",
    "sim/http/server.py:serve",
    "sim/scenarios/incident.py:_changing",
    "ui/app.py:__init__",
}


def sources() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py")
    }


def test_long_modules_are_named() -> None:
    limits = {name: 450 if name.startswith(ROOMY) else LINES for name in sources()}
    assert {name for name, text in sources().items() if text.count("\n") > limits[name]} == LONG_MODULES


def test_long_functions_are_named() -> None:
    found = set()
    for name, text in sources().items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                end = node.end_lineno or node.lineno
                if end - node.lineno + 1 > FUNCTION_LINES:
                    found.add(f"{name}:{node.name}")
    assert found == LONG_FUNCTIONS
