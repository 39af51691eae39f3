"""Adding an operation is one class and one entry of the table: everything else reads the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from tests.fixtures.operation import CONCIERGE, operation_setup
from tui.operations.journal.journal import Verdict
from tui.operations.operation import Usage
from tui.operations.registry import BY_ID, keys_of
from tui.operations.verbs.agents import Restart


class Recycle(Restart):
    """An operation with a known RPC."""

    id = "recycle"
    label = "Recycle"
    keys: ClassVar[dict[str, str]] = {"agents": "ctrl+y"}
    usage = Usage("recycle", ("agent",))


async def test_an_operation_is_added_at_run_time_and_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as added:
        added.setitem(BY_ID, Recycle.id, Recycle())
        assert ("ctrl+y", BY_ID["recycle"]) in keys_of("agents")
        async with operation_setup(tmp_path) as here:
            outcome = await here.do("recycle", await here.look(agent_id=CONCIERGE))
            assert (outcome.verdict, here.effects()) == (Verdict.ACCEPTED, ["RestartAgent"])
            assert outcome.intent is not None
            settled = await here.operator.settle(outcome.intent)
            assert settled.words.startswith(f"Recycle {CONCIERGE}: ")
    assert "ctrl+y" not in dict(keys_of("agents"))


def test_the_screen_takes_its_keys_and_commands_from_the_table() -> None:
    """Both are made when the screen is imported, so an interpreter of its own imports it."""
    program = (
        "from tests.operations.test_registry import Recycle\n"
        "from tui.operations.registry import BY_ID\n"
        "BY_ID[Recycle.id] = Recycle()\n"
        "from tui.ui.commandline.commands import COMMANDS\n"
        "from tui.ui.panes.agents import AgentsPane\n"
        "assert 'recycle' in [command.name for command in COMMANDS]\n"
        "assert 'ctrl+y' in [binding.key for binding in AgentsPane.BINDINGS]\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
