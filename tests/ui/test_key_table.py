"""The one table of keys: nothing is bound outside it, a key has one meaning, and what moved says where."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from pathlib import Path

import tui.ui
from tests.keys import moved_list, table
from tui.ui.keys import contexts
from tui.ui.keys.contexts import AGENTS, APP, LIST, LOGS, LOGS_PANE, SCREEN, TABLE, Context, Group
from tui.ui.keys.hints import USES, Hints
from tui.ui.keys.moved import MOVED
from tui.ui.keys.names import shown
from tui.ui.keys.table import ACTS, KEYS
from tui.ui.panes import PANES

UI = Path(tui.ui.__file__).parent
CONTEXTS = [item for item in vars(contexts).values() if isinstance(item, Context)]
IN_AGENTS = (TABLE, AGENTS, LIST, SCREEN, APP)
IN_LOGS = (LOGS, LOGS_PANE, SCREEN, APP)


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
            if context in use.contexts
            for name in key.names.split(",")
        )
        assert max(names.values(), default=1) == 1, (context.name, names.most_common(3))


def test_a_key_has_one_meaning_wherever_it_is_pressed() -> None:
    """Within a group of contexts; and those that act mean nothing else in any other."""
    meanings: dict[tuple[Group, str], set[str]] = defaultdict(set)
    for key in KEYS:
        for group in {context.group for use in key.uses for context in use.contexts}:
            for name in key.names.split(","):
                meanings[group, name].add(key.meaning)
    two = {name: found for (_, name), found in meanings.items() if len(found) > 1}
    assert two == {"space": {"Mark", "Page down"}}, "Space pages in a log, as in every pager"
    acting = {name: key.meaning for key in ACTS for name in key.names.split(",")}
    may = {"ctrl+d": {"Remove"}, "ctrl+o": set(), "u": set()}  # a picker removes what it lists
    for (_, name), found in meanings.items():
        if name in acting:
            assert found <= {acting[name]} | may.get(name, set()), name


def test_keys_that_are_left_to_shells_and_terminals_are_free() -> None:
    free = {f"ctrl+{letter}" for letter in "aegkuvxy"} | {
        *"hHQZ",
        "tilde",
        "circumflex_accent",
        "grave_accent",
    }
    taken = {
        name
        for key in KEYS
        for use in key.uses
        if any(context.group is Group.MAIN for context in use.contexts)
        for name in key.names.split(",")
    }
    assert not taken & free


def test_contexts_have_names_of_their_own() -> None:
    assert len({context.name for context in CONTEXTS}) == len(CONTEXTS)
    used = {context for key in KEYS for use in key.uses for context in use.contexts}
    assert used == set(CONTEXTS)


def test_panes_have_the_numbers_of_the_table() -> None:
    numbers = {key.names: key.meaning for key in KEYS if key.names.isdigit() and key.on}
    assert numbers == {pane.NUMBER: pane.NAME for pane in PANES}


def test_a_key_that_is_off_is_neither_bound_nor_listed_and_says_nothing() -> None:
    on = {name for key in KEYS if key.on for name in key.names.split(",")}
    off = {name for key in KEYS if not key.on for name in key.names.split(",")} - on
    assert {"0", "8", "9"} <= off
    for name in off:
        assert Hints().of(name, IN_AGENTS) == Hints().of(name, IN_LOGS) == "", name
        assert f"| `{shown(name)}` |" not in table()


def test_every_key_that_moved_says_where() -> None:
    for moved in MOVED:
        for context in moved.contexts:
            said = Hints().of(moved.name, (context,))
            assert said.endswith(f"{moved.was} moved to {moved.to}"), moved
            assert len(said) <= 80, said
        assert f"| `{shown(moved.name)}` |" in moved_list()
        for name in moved.to.replace(",", "").split():  # the key that it is said to be is one
            if len(name) == 1 or name.startswith("ctrl+"):
                assert (
                    any(shown(one) == name for key in KEYS for one in key.names.split(",")) or name in "nacm"
                )


def test_an_old_key_with_a_new_meaning_says_so_three_times() -> None:
    hints = Hints()
    said = [hints.of("b", IN_AGENTS) for _ in range(USES + 1)]
    assert said == ["now: page up; the build log moved to B"] * USES + [""]
    assert hints.of("ctrl+u", IN_AGENTS) == "ctrl+u does nothing here now: deploying moved to ctrl+o"
    assert hints.of("ctrl+u", IN_AGENTS), "as often as it is pressed"


def test_a_key_that_means_nothing_here_says_once_where_it_does_something() -> None:
    hints = Hints()
    assert hints.of("W", IN_AGENTS) == "W does nothing here: sources, in Logs"
    assert hints.of("W", IN_AGENTS) == ""
    assert hints.of("j", IN_AGENTS) == hints.of("h", IN_AGENTS) == hints.of("f1", IN_AGENTS) == ""
    for _ in range(2):
        assert hints.of("r", IN_LOGS) == "r does nothing here: run again, in Agents, Status, Dispatches"
    assert hints.of("ctrl+n", IN_LOGS).startswith("ctrl+n does nothing here: new, in Agents")
    assert hints.of("r", (TABLE, contexts.SECRETS, LIST, SCREEN, APP)).endswith(": U sets this secret")
    assert hints.of("l", (TABLE, contexts.RAW)).endswith("its log, on the main screen; Esc leads there")
