"""The program in a terminal for seconds that are half an hour of its world, and ways out that get stuck."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.ptyrun import Pty, grammar_violations, python, terminal_env
from tui.ui.app import WARM

KEYS = (
    *(
        b"\x1b[B",
        b"\x1b[6~",
        b"2",
        b"3",
        b"4",
        b"5",
        b"z",
        b"\x1b[B",
        b"1",
        b"\x1b[B",
        b"l",
        b"6",
        b"g",
        b"G",
    ),
    *(b"1", b"?", b"\x1b", b"/", b"a", b"\x1b", b"N", b"S", b"t", b"f", b"f"),
)
ROUNDS = 2
KEPT_CONNECTIONS = 10
IN_TIME = 2.0
"""Seconds for any way out, without those in which other programs had the processor."""


def use(process: psutil.Process) -> tuple[int, int, int]:
    """Bytes of memory, open files, threads."""
    return process.memory_info().rss, process.num_fds(), process.num_threads()


def press(terminal: Pty, keys: Iterable[bytes]) -> None:
    """Press these, as quickly as a person can."""
    for key in keys:
        terminal.send(key)
        terminal.pump(0.03)


def seconds_to_end(terminal: Pty) -> float:
    """Until the program has ended, without the time in which it could run and others did."""
    start, queued = time.monotonic(), Path(f"/proc/{terminal.process.pid}/schedstat")

    def delay() -> float:
        with suppress(OSError, IndexError):
            return int(queued.read_text().split()[1]) / 1e9
        return 0.0

    before = after = delay()
    while terminal.process.poll() is None and time.monotonic() - start < 30:
        after = delay() or after
        terminal.pump()
        with suppress(subprocess.TimeoutExpired):
            terminal.process.wait(0.02)
    return time.monotonic() - start - (after - before)


@pytest.mark.waits
def test_half_an_hour_of_keys_and_then_a_dropped_connection(tmp_path: Path) -> None:
    """Nothing grows, nothing foreign is sent, and nothing goes on without a terminal, as it did at 138 %."""

    def prepare() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does

    command = python("tui", "demo", "--scenario=incident", "--speed=600", "--refresh=0.5", guarded=True)
    env = terminal_env(HOME=str(tmp_path))
    with Pty(command, env=env, columns=120, rows=40, prepare=prepare) as terminal:
        terminal.until(terminal.shows("simulator started by lktop demo"))
        terminal.until(terminal.shows("●"))
        program = psutil.Process(terminal.process.pid)
        simulators = program.children(recursive=True)
        begun = time.monotonic()
        press(terminal, KEYS)
        while time.monotonic() - begun < WARM:  # then it collects garbage: until then every key takes memory
            terminal.pump(0.1)
        press(terminal, KEYS)
        before = use(program)
        press(terminal, KEYS * ROUNDS)
        terminal.send(b"1")
        terminal.until(terminal.shows("1 Agents"))
        memory, _, threads = use(program)
        assert (memory - before[0] < 12e6, threads <= before[2] + 1) == (True, True)
        # as many connections are kept as were needed at once, which is more on a busy machine
        terminal.until(lambda: use(program)[1] - before[1] <= KEPT_CONNECTIONS)
        whole, _, _ = bytes(terminal.output).rpartition(b"\x1b")  # the last sequence may be cut in half
        assert grammar_violations(whole) == []
        assert all(child.is_running() for child in simulators), "it looked elsewhere, or failed"
        terminal.hang_up()
        assert seconds_to_end(terminal) < IN_TIME
        assert terminal.wait() == 128 + signal.SIGHUP
    assert psutil.wait_procs(simulators, timeout=5)[1] == []


def test_a_handshake_that_never_ends_does_not_keep_us(tmp_path: Path) -> None:
    """Somebody takes connections and says nothing: few are opened, and it ends at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(20.0)
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        env = terminal_env(
            HOME=str(tmp_path),
            LIVEKIT_URL=url,
            LK_AGENTS_URL=url,
            LIVEKIT_API_KEY="devkey",
            LIVEKIT_API_SECRET="secret-0123456789abcdef0123456789",
        )
        with Pty(python("tui", guarded=True), env=env, columns=120, rows=40) as terminal:
            taken, _ = listener.accept()
            with taken:
                taken.settimeout(20.0)
                assert taken.recv(5)[:1] == b"\x16", "the beginning of a handshake"
                terminal.until(terminal.shows("1 Agents"))
                program = psutil.Process(terminal.process.pid)
                assert len(program.net_connections()) < 12
                terminal.send(b"\x11")
                assert seconds_to_end(terminal) < IN_TIME
                assert terminal.wait() == 0
                assert terminal.restored() == []
    assert os.listdir(tmp_path)
