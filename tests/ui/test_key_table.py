"""The one table of keys: nothing is bound outside it, and within a context a key does one thing."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import tui.ui
from tui.ui.keys import contexts
from tui.ui.keys.contexts import Context
from tui.ui.keys.table import KEYS

UI = Path(tui.ui.__file__).parent
CONTEXTS = [item for item in vars(contexts).values() if isinstance(item, Context)]


def test_nothing_is_bound_outside_the_table() -> None:
    for path in UI.rglob("*.py"):
        if path == UI / "keys" / "bindings.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "Binding", path
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ast.unparse(node.args) == "self":
                assert not node.name.startswith("key_") or node.name == "key_pressed", path
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "BINDINGS":
                assert node.value is not None
                assert ast.unparse(node.value).startswith("bindings("), path


def test_a_key_does_one_thing_in_a_context() -> None:
    for context in CONTEXTS:
        names = Counter(
            name
            for key in KEYS
            for use in key.uses
            if key.on and context in use.contexts
            for name in key.names.split(",")
        )
        assert max(names.values(), default=1) == 1, (context.name, names.most_common(3))


def test_contexts_have_names_of_their_own() -> None:
    assert len({context.name for context in CONTEXTS}) == len(CONTEXTS)
    used = {context for key in KEYS for use in key.uses for context in use.contexts}
    assert used == set(CONTEXTS)
