"""The README says what the program does."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.keys import README, readme
from tests.ptyrun import terminal_env


def test_the_keys_are_todays() -> None:
    assert readme() == README.read_text(encoding="utf-8"), "run `python -m tests.keys`"


def test_the_service_takes_no_code_of_others_and_its_command_is_understood() -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    python, *words = line.split()
    assert (python.rpartition("/")[2], words[:4]) == ("python", ["-I", "-m", "tui", "record"])
    command = [sys.executable, "-m", "tui", words[3], "--help"]
    told = subprocess.run(command, env=terminal_env(), capture_output=True, text=True, check=True).stdout
    assert all(word in told for word in words if word.startswith("--"))
