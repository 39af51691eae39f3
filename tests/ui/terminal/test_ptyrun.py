"""The terminal driver itself: a harness that sees nothing would pass everything."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.ptyrun import RESET, Pty, grammar_violations, render


def script(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(
    "output",
    [
        b"plain \xe2\x9c\x93 text\r\n",
        b"\x1b[0m\x1b[1;38;2;10;20;30mhello\x1b[0m\x1b[12;80H\x1b[2J\x1b[K",
        b"\x1b[?1049h\x1b[?25l\x1b[?2026$p\x1b[?2026h\x1b[>25u\x1b[<u",
        *RESET,
    ],
)
def test_our_own_output_is_allowed(output: bytes) -> None:
    assert grammar_violations(output) == []


@pytest.mark.parametrize(
    "output",
    [
        b"\x1b]52;c;cm0=\x07",
        b"\x1b]8;;http://x\x1b\\x\x1b]8;;\x1b\\",
        b"\x1b]0;title\x07",
        b"\x1bPtmux;\x1b\\",
        b"\x1bc",
        b"\x1b[6n",
        b"\x1b[21t",
        b"\x1b[?1047h",
        b"a\x07",
        b"a\x00b",
        b"a\rb",
        b"\x7f",
        b"\xc2\x9b31m",
        b"\xe2\x80\xae",
        b"\xff\xfe",
        b"\x1b\x1b[0m[31m",
    ],
)
def test_what_is_not_ours_is_found(output: bytes) -> None:
    assert len(grammar_violations(b"before " + output + b" after")) >= 1


def test_the_screen_is_what_a_terminal_shows() -> None:
    lines = render(b"\x1b[>1u\x1b[2;3H\x1b[31mhi\x1b[0m \xe6\xbc\xa2\x1b[?2026$p!", 12, 3)
    assert [line.rstrip() for line in lines] == ["", "  hi 漢!", ""]


def test_output_size_keys_and_status() -> None:
    code = "import os, sys; print(os.get_terminal_size()); sys.exit(len(input()))"
    with Pty(script(code), columns=101, rows=33) as term:
        term.until(b"columns=101, lines=33")
        term.send(b"abc\n")
        assert term.wait() == 3


def test_a_program_that_ends_early_is_reported() -> None:
    with Pty(script("print('bye')")) as term, pytest.raises(EOFError, match="bye"):
        term.until(b"never")


def test_a_missing_marker_times_out() -> None:
    with Pty(script("input()")) as term, pytest.raises(TimeoutError):
        term.until(b"never", 0.2)


def test_a_hang_up_reaches_the_program() -> None:
    # who runs the tests under nohup hands an ignored signal down
    heeding = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)"
    with Pty(script(f"{heeding}; print('up'); input()")) as term:
        term.until(b"up")
        term.hang_up()
        assert term.wait() == -signal.SIGHUP


def test_without_a_controlling_terminal_no_signal_comes() -> None:
    code = "print('up')\ntry: input()\nexcept (EOFError, OSError): raise SystemExit(7)"
    with Pty(script(code), controlling=False) as term:
        term.until(b"up")
        term.hang_up()
        assert term.wait() == 7


def test_a_raw_terminal_is_noticed() -> None:
    code = "import tty; tty.setraw(0); print('raw'); open(0).read()"
    with Pty(script(code)) as term:
        term.until(b"raw")
        assert "attributes" in term.restored()
        term.kill(signal.SIGTERM)
        assert term.wait() == -signal.SIGTERM
        assert len(term.restored()) == len(RESET) + 1


def test_waiting_gives_up() -> None:
    with Pty(script("input()")) as term, pytest.raises(subprocess.TimeoutExpired):
        term.wait(0.2)
