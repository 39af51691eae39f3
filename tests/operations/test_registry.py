"""Adding an operation is one class and one entry of the table: everything else reads the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.operation import CONCIERGE, operation_setup
from tui.operations.journal.journal import Verdict
from tui.operations.operation import Usage
from tui.operations.registry import BY_ID
from tui.operations.verbs.agents import Restart


class Recycle(Restart):
    """An operation with a known RPC."""

    id = "recycle"
    label = "Recycle"
    usage = Usage("recycle", ("agent",))


async def test_an_operation_is_added_at_run_time_and_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as added:
        added.setitem(BY_ID, Recycle.id, Recycle())
        async with operation_setup(tmp_path) as here:
            outcome = await here.do("recycle", await here.look(agent_id=CONCIERGE))
            assert (outcome.verdict, here.effects()) == (Verdict.ACCEPTED, ["RestartAgent"])
            assert outcome.intent is not None
            settled = await here.operator.settle(outcome.intent)
            assert settled.words.startswith(f"Recycle {CONCIERGE}: ")


def test_the_screen_takes_its_commands_from_the_table() -> None:
    """They are made when the screen is imported, so an interpreter of its own imports it."""
    program = (
        "from tests.operations.test_registry import Recycle\n"
        "from tui.operations.registry import BY_ID\n"
        "BY_ID[Recycle.id] = Recycle()\n"
        "from tui.ui.commandline.commands import COMMANDS\n"
        "assert 'recycle' in [command.name for command in COMMANDS]\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
