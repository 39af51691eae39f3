"""The simulator knows nothing of the program that it is there to test."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

SIM = Path(__file__).parents[2] / "tui" / "sim"
OURS = "tui"


def imported(file: Path) -> set[str]:
    """Modules that a file imports, absolute names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}: imports in the simulator are absolute"
            names.add(node.module or "")
    return names


def test_no_module_imports_anything_of_ours_from_outside() -> None:
    files = sorted(SIM.glob("**/*.py"))
    assert len(files) > 20
    for file in files:
        foreign = {
            name
            for name in imported(file)
            if name.split(".")[0] == OURS and not name.startswith(f"{OURS}.sim.")
        }
        assert not foreign, f"{file.name} imports {foreign}"


def test_running_it_loads_nothing_of_ours_from_outside() -> None:
    code = (
        "import sys, tui.sim.http.server\n"
        "print(*sorted(n for n in sys.modules if n.split('.')[0] in ('tui', 'textual', 'httpx')))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=SIM.parents[1], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {name for name in out if name != OURS and not name.startswith(f"{OURS}.sim")} == set()
