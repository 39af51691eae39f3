"""Where the screen may be shown, and what we say about the terminal we found."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from tests.ptyrun import Pty, python, terminal_env
from tui.ui.terminal import detect as detection
from tui.ui.terminal.detect import Terminal, Tmux, color_system, detect, refusal, run_quietly


@dataclass
class Stream:
    """A standard stream as far as it is asked."""

    terminal: bool = True
    encoding: str = "utf-8"

    def isatty(self) -> bool:
        return self.terminal


TTY = Stream()


@pytest.mark.parametrize(
    ("environ", "stdin", "stderr", "reason"),
    [
        ({}, Stream(terminal=False), TTY, "standard input is not one"),
        ({}, None, TTY, "standard input is not one"),
        ({}, TTY, Stream(terminal=False), "standard error is redirected"),
        ({}, TTY, None, "standard error is redirected"),
        ({"TERM": "dumb"}, TTY, TTY, "TERM=dumb"),
        ({}, TTY, Stream(encoding="iso-8859-1"), "start with --ascii"),
        ({}, TTY, Stream(encoding="ascii"), "start with --ascii"),
        ({}, TTY, Stream(encoding="no-such-charset"), "start with --ascii"),
    ],
)
def test_refusals(environ: dict[str, str], stdin: Stream | None, stderr: Stream | None, reason: str) -> None:
    said = refusal(environ, stdin, stderr)
    assert said is not None and reason in said
    assert "\n" not in said and len(f"lktop: {said}") <= 120


@pytest.mark.parametrize("term", [None, "", "xterm", "screen", "tmux-256color", "linux", "vt100", "garbage"])
def test_any_other_terminal_is_accepted(term: str | None) -> None:
    assert refusal({} if term is None else {"TERM": term}, TTY, Stream(encoding="UTF8")) is None


def test_ascii_is_accepted_when_asked_for() -> None:
    assert refusal({}, TTY, Stream(encoding="ascii"), ascii_only=True) is None


@pytest.mark.parametrize(
    "redirect",
    ["<&-", "</dev/null", "2>err", "2>&-", "< <(sleep 5)", "TERM=dumb", "PYTHONIOENCODING=latin-1"],
)
def test_refusals_with_real_descriptors(redirect: str, tmp_path: Path) -> None:
    """The same with what a shell can do to a program, where Python itself may have put None for a stream."""
    code = "import os, sys, tui.ui.terminal.detect as t; print(t.refusal(os.environ, sys.stdin, sys.stderr))"
    command = (
        f"{redirect} {sys.executable} -c '{code}'"
        if "=" in redirect
        else f"{sys.executable} -c '{code}' {redirect}"
    )
    with Pty(["bash", "-c", command], cwd=tmp_path) as term:
        assert term.wait() == 0
        assert "the screen needs a terminal" in term.tail() or "character set" in term.tail()


@pytest.mark.parametrize("colorterm", [None, "", "truecolor", "24bit", "TrueColor ", "yes"])
@pytest.mark.parametrize(
    "term", [None, "", "xterm", "xterm-256color", "xterm-kitty", "screen", "linux", "rxvt-16color"]
)
def test_colours_are_judged_as_the_drawing_library_does(colorterm: str | None, term: str | None) -> None:
    environ = {name: value for name, value in (("COLORTERM", colorterm), ("TERM", term)) if value is not None}
    drawn = Console(
        file=io.StringIO(), force_terminal=True, legacy_windows=False, _environ=environ
    ).color_system
    assert color_system(environ) == {"standard": "16"}.get(str(drawn), drawn)


def test_detect_reads_the_environment() -> None:
    environ = {
        "TERM": "xterm-256color",
        "TERM_PROGRAM": "WezTerm",
        "NO_COLOR": "1",
        "SSH_TTY": "/dev/pts/3",
        "STY": "1.x",
    }
    found = detect(environ, TTY, Stream(encoding="ascii"))
    assert (found.term, found.program, found.colors, found.no_color) == (
        "xterm-256color",
        "WezTerm",
        "256",
        True,
    )
    assert (found.unicode, found.ssh, found.mosh, found.multiplexer, found.tmux) == (
        False,
        True,
        False,
        "screen",
        None,
    )
    assert not detect({"NO_COLOR": ""}, TTY, TTY).no_color


def test_size_comes_from_the_terminal_and_not_from_stale_variables() -> None:
    code = (
        "import os, sys; from tui.ui.terminal.detect import detect;"
        "t = detect(os.environ, sys.stdin, sys.stderr);"
        "print(t.columns, t.rows)"
    )
    with Pty(
        [sys.executable, "-c", code], env=terminal_env(COLUMNS="7", LINES="7"), columns=91, rows=31
    ) as term:
        term.until(b"91 31")


def test_tmux_is_asked_once_and_only_on_request(tmp_path: Path) -> None:
    command = tmp_path / "tmux"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    environ = {"TMUX": "/tmp/s,1,0", "PATH": str(tmp_path), "LIVEKIT_API_SECRET": "canary"}
    asked: list[Mapping[str, str]] = []

    def ask(argv: Sequence[str], env: Mapping[str, str]) -> str:
        asked.append(env)
        return "3.3a|external|0|500|tmux-256color|1\n"

    quiet = detect(environ, TTY, TTY).tmux
    assert quiet == Tmux(str(command), "/tmp/s,1,0")
    assert asked == []
    found = detect(environ, TTY, TTY, ask).tmux
    assert found is not None and found.version == "3.3a"
    assert dict(found.options) == {
        "set-clipboard": "external",
        "allow-passthrough": "off",
        "escape-time": "500",
        "default-terminal": "tmux-256color",
        "focus-events": "on",
    }
    assert len(asked) == 1 and "canary" not in asked[0].values()
    assert detect(environ, TTY, TTY, lambda _argv, _env: "").tmux == quiet


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[str]:
    """A tmux server of our own; yields its socket."""
    socket = str(tmp_path / "tmux")
    base = ["tmux", "-S", socket, "-f", "/dev/null"]
    subprocess.run([*base, "new-session", "-d", "-x", "80", "-y", "24", "sleep 60"], check=True)
    yield socket
    subprocess.run([*base, "kill-server"], check=False)


def test_a_real_tmux_answers(tmux: str) -> None:
    found = detect({"TMUX": f"{tmux},1,0", "PATH": "/usr/bin:/bin"}, TTY, TTY, run_quietly).tmux
    assert found is not None and found.version[0].isdigit()
    assert dict(found.options)["set-clipboard"] in ("on", "off", "external")
    assert "allow-passthrough" in dict(found.options)


def test_a_mosh_server_among_the_ancestors_is_found(tmp_path: Path) -> None:
    def process(pid: int, name: str, parent: int) -> None:
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 0 0")

    process(30, "a) b (c", 20)
    process(20, "mosh-server", 1)
    process(40, "bash", 1)
    assert detection._under_mosh(30, tmp_path)
    assert not detection._under_mosh(40, tmp_path)
    assert not detection._under_mosh(50, tmp_path)


BARE = Terminal(80, 24, "", "", "16", no_color=False, unicode=True, encoding="utf-8", multiplexer="")


def test_the_report_is_for_people() -> None:
    assert dict(BARE.report())["terminal"] == "TERM is not set"
    assert dict(BARE.report())["multiplexer"] == "none"
    assert "tmux" not in dict(BARE.report())
    tmux = Tmux("/usr/bin/tmux", "x", "3.3a", (("set-clipboard", "external"),))
    full = Terminal(9, 8, "t", "p", "256", True, False, "ascii", "tmux", tmux, ssh=True)
    assert dict(full.report()) == {
        "size": "9x8",
        "terminal": "t (p)",
        "colours": "none ($NO_COLOR)",
        "characters": "ascii: ASCII only",
        "multiplexer": "tmux 3.3a",
        "tmux": "set-clipboard external",
        "connection": "ssh",
        "clipboard": "tmux load-buffer -w, and a file",
    }


def test_looking_at_the_terminal_does_not_import_the_interface() -> None:
    code = "import sys, tui.ui.terminal.detect; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=terminal_env(), check=False).returncode == 0


def test_run_quietly_is_quiet() -> None:
    assert run_quietly(python("this_module_is_not_there"), terminal_env()) == ""
    assert run_quietly(["/nonexistent"], {}) == ""
    assert run_quietly([sys.executable, "-c", "print('x')"], {}) == "x\n"
