"""The real program on a real terminal: ended in the middle of a request, and watched for what it writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ptyrun import ROOT, Pty, grammar_violations, python, terminal_env
from tui.clock import SystemClock
from tui.operations.journal.journal import Journal

SECRET = "practice-secret-0123456789abcdef0123456789"
TYPED = "sk-typed-canary-2b6c"


@pytest.fixture
def simulator() -> Iterator[str]:
    """A calm world in a process of its own; yields its URL."""
    env = {**os.environ, "LIVEKIT_API_KEY": "devkey", "LIVEKIT_API_SECRET": SECRET}
    command = [sys.executable, "-m", "tui", "sim", "--scenario", "calm", "--agents", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removeprefix("listening on ")
        process.terminate()


def asked(url: str, path: str, body: dict[str, object] | None = None) -> bytes:
    """Ask the simulator's desk."""
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_sim{path}", data=data), timeout=10) as answer:
        return bytes(answer.read())


def started(url: str, home: Path) -> Pty:
    """The program, looking at it, and at nothing beyond this machine."""
    env = terminal_env(
        HOME=str(home),
        XDG_STATE_HOME=str(home / "state"),
        XDG_CONFIG_HOME=str(home / "config"),
        LIVEKIT_URL=url,
        LIVEKIT_API_KEY="devkey",
        LIVEKIT_API_SECRET=SECRET,
        LK_AGENTS_URL=url,
    )
    return Pty(python("tui", guarded=True), env=env, columns=100, rows=30)


def leave(terminal: Pty, words: str) -> None:
    """Close the dialog that shows these words, then the program."""
    terminal.send(b"\x1b")
    terminal.until(lambda: not terminal.shows(words)())
    terminal.send(b"\x11")
    assert terminal.wait() == 0


def journal(home: Path) -> Journal:
    """What the program kept."""
    (path,) = home.rglob("journal.jsonl")
    return Journal(path, SystemClock())


def test_a_program_that_is_ended_in_the_middle_leaves_word_of_what_it_began(
    simulator: str, tmp_path: Path
) -> None:
    asked(simulator, "/faults", {"path": "*/RestartAgent", "action": "silence", "after_effect": True})
    with started(simulator, tmp_path) as terminal:
        terminal.until(terminal.shows("agent-0001"))
        terminal.send(b"r")
        terminal.until(terminal.shows("ready"))
        terminal.send_until(b"\x13", terminal.shows("[> Restart <]"))
        terminal.send(b"\r")
        terminal.until(lambda: b"RestartAgent" in asked(simulator, "/effects"))
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 128 + signal.SIGTERM
        assert terminal.restored() == []
        assert grammar_violations(bytes(terminal.output)) == []
    (intent,) = journal(tmp_path).unresolved()
    assert intent.operation == "restart"
    with started(simulator, tmp_path) as terminal:
        terminal.until(terminal.shows("of an earlier session with an unknown outcome"))
        terminal.until(terminal.shows("may or may not have happened"))
        leave(terminal, "of an earlier session")
    assert asked(simulator, "/effects").count(b"RestartAgent") == 1


def test_a_typed_secret_is_nowhere_but_in_the_request(simulator: str, tmp_path: Path) -> None:
    with started(simulator, tmp_path) as terminal:
        terminal.until(terminal.shows("agent-0001"))
        terminal.send(b":")
        terminal.until(terminal.shows("agents status versions"))
        terminal.send(b"new-secret agent-0000 CANARY")
        terminal.until(terminal.shows("new-secret agent-0000 CANARY"))
        terminal.send(b"\r")
        terminal.until(terminal.shows("New secret"))
        terminal.send_until(b"\x1b[200~" + TYPED.encode() + b"\x1b[201~", terminal.shows(" bytes"))
        terminal.send_until(b"\x13", terminal.shows("[> New secret <]"))
        with Path(f"/proc/{terminal.process.pid}/cmdline").open("rb") as file:
            assert TYPED.encode() not in file.read()
        terminal.send(b"\r")
        terminal.until(terminal.shows("CANARY: applied"))
        leave(terminal, "CANARY: applied")
        output = bytes(terminal.output)
    assert b"UpdateAgentSecrets" in asked(simulator, "/effects")
    assert TYPED.encode() not in output
    assert b"\x1b]52" not in output
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "journal.jsonl" for path in kept)
    for path in kept:
        assert TYPED.encode() not in path.read_bytes(), path
        assert path.stat().st_mode & 0o077 == 0, path
