"""Detects the kind of terminal. Runs before Textual is imported; draws nothing."""

from __future__ import annotations

import codecs
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Protocol

ColorSystem = Literal["truecolor", "256", "16"]
Multiplexer = Literal["", "tmux", "screen"]
Ask = Callable[[Sequence[str], Mapping[str, str]], str]
"""Runs a command in an environment and gives its output, empty if it failed."""

TMUX_SECONDS: Final = 1.0
"""How long tmux may take to answer."""
_TMUX_OPTIONS: Final = (
    "set-clipboard",
    "allow-passthrough",
    "escape-time",
    "default-terminal",
    "focus-events",
)
_MAX_ANCESTORS: Final = 16


class TerminalStream(Protocol):
    """What is needed of standard input and standard error."""

    @property
    def encoding(self) -> str:
        """Name of the character set, as Python settled on it."""

    def isatty(self) -> bool:
        """Whether it is a terminal."""


@dataclass(frozen=True)
class Tmux:
    """The tmux that the program runs in."""

    command: str
    """Path of the program."""
    server: str
    """The value of $TMUX, the address of its server."""
    version: str = ""
    """Such as `3.3a`; empty if tmux was not asked."""
    options: tuple[tuple[str, str], ...] = ()
    """Settings for clipboard, Escape and colours, by name."""

    @property
    def environment(self) -> dict[str, str]:
        """The environment that tmux needs to find its server."""
        return {"TMUX": self.server, "PATH": os.defpath, "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Terminal:
    """What is known of the terminal."""

    columns: int
    rows: int
    term: str
    """$TERM."""
    program: str
    """$TERM_PROGRAM or the like; empty if the terminal does not say."""
    colors: ColorSystem
    """What the terminal claims to support; the drawing code may use less."""
    no_color: bool
    """$NO_COLOR is set and not empty."""
    unicode: bool
    """Whether other characters than ASCII can be written."""
    encoding: str
    multiplexer: Multiplexer
    tmux: Tmux | None = field(default=None)
    ssh: bool = False
    mosh: bool = False

    @property
    def clipboard(self) -> str:
        """How text is copied, for the operator."""
        if self.tmux is not None:
            return "tmux load-buffer -w, and a file"
        if self.mosh:
            return "a file; OSC 52 is tried, mosh before 1.4 drops it"
        if self.multiplexer == "screen":
            return "OSC 52 through screen (unconfirmed), and a file"
        return "OSC 52 (unconfirmed), and a file"

    def report(self) -> list[tuple[str, str]]:
        """What was found, as names and values for the operator."""
        tmux = self.tmux
        options = ", ".join(f"{name} {value}" for name, value in tmux.options) if tmux else ""
        return [
            ("size", f"{self.columns}×{self.rows}" if self.unicode else f"{self.columns}x{self.rows}"),
            ("terminal", f"{self.term or 'TERM is not set'}{f' ({self.program})' if self.program else ''}"),
            ("colours", "none ($NO_COLOR)" if self.no_color else self.colors),
            ("characters", self.encoding if self.unicode else f"{self.encoding}: ASCII only"),
            (
                "multiplexer",
                " ".join(filter(None, (self.multiplexer, tmux.version if tmux else ""))) or "none",
            ),
            *([("tmux", options)] if options else []),
            ("connection", "mosh" if self.mosh else "ssh" if self.ssh else "local"),
            ("clipboard", self.clipboard),
        ]


def refusal(
    environ: Mapping[str, str],
    stdin: TerminalStream | None,
    stderr: TerminalStream | None,
    *,
    ascii_only: bool = False,
) -> str | None:
    """Why the full-screen interface cannot be shown, in one line; None if it can.

    Textual draws on standard error. With a redirected stream it would draw into a file or spin on a closed
    input, and in another character set than UTF-8 its boxes would be garbled.
    """
    advice = "see `lktop --help` for commands that need none"
    if stdin is None or not stdin.isatty():
        return f"the screen needs a terminal and standard input is not one; {advice}"
    if stderr is None or not stderr.isatty():
        return f"the screen needs a terminal and standard error is redirected; {advice}"
    if environ.get("TERM") == "dumb":
        return f"the screen needs a terminal and TERM=dumb is not one; {advice}"
    if not ascii_only and not _is_utf8(stderr.encoding):
        return f"the terminal's character set is {stderr.encoding}: set LANG=C.UTF-8, or start with --ascii"
    return None


def detect(
    environ: Mapping[str, str],
    stdin: TerminalStream | None,
    stderr: TerminalStream | None,
    ask: Ask | None = None,
) -> Terminal:
    """Detect the terminal. tmux is asked only with `ask`, since that runs a process."""
    columns, rows = _size()
    encoding = stderr.encoding if stderr is not None else "ascii"
    tmux = _tmux(environ, ask)
    multiplexer: Multiplexer = "tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else ""
    return Terminal(
        columns=columns,
        rows=rows,
        term=environ.get("TERM", ""),
        program=" ".join(filter(None, map(environ.get, ("TERM_PROGRAM", "TERM_PROGRAM_VERSION")))),
        colors=color_system(environ),
        no_color=bool(environ.get("NO_COLOR")),
        unicode=_is_utf8(encoding),
        encoding=encoding,
        multiplexer=multiplexer,
        tmux=tmux,
        ssh=any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")),
        mosh=_under_mosh(os.getppid()),
    )


def color_system(environ: Mapping[str, str]) -> ColorSystem:
    """The colours of $COLORTERM and $TERM, by the rules of Rich."""
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    _, _, suffix = environ.get("TERM", "").strip().lower().rpartition("-")
    return "256" if suffix in ("256color", "kitty") else "16"


def run_quietly(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """The output of a short command, empty if it fails or takes too long. An `Ask`."""
    try:
        done = subprocess.run(
            argv,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TMUX_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")


def _tmux(environ: Mapping[str, str], ask: Ask | None) -> Tmux | None:
    server = environ.get("TMUX", "")
    command = shutil.which("tmux", path=environ.get("PATH", os.defpath)) if server else None
    if command is None:
        return None
    tmux = Tmux(command, server)
    if ask is None:
        return tmux
    names = ("version", *_TMUX_OPTIONS)
    question = (command, "display-message", "-p", "|".join(f"#{{{name}}}" for name in names))
    version, *values = [*ask(question, tmux.environment).strip().split("|"), *[""] * len(names)]
    flags = {"0": "off", "1": "on"}
    # A server that does not know an option leaves its value empty.
    options = tuple(
        (name, value if name == "escape-time" else flags.get(value, value))
        for name, value in zip(_TMUX_OPTIONS, values, strict=False)
        if value
    )
    return Tmux(command, server, version, options)


def _size() -> tuple[int, int]:
    for descriptor in (2, 0, 1):
        try:
            size = os.get_terminal_size(descriptor)
        except OSError:
            continue
        return size.columns, size.lines
    return 0, 0


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def _under_mosh(pid: int, processes: Path = Path("/proc")) -> bool:
    """Whether `pid` or an ancestor is a mosh server; False where there is no /proc."""
    for _ in range(_MAX_ANCESTORS):
        try:
            stat = (processes / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        # The name may hold spaces and brackets, so the fields after it are counted from the last bracket.
        name = stat[stat.index("(") + 1 : stat.rindex(")")]
        if name == "mosh-server":
            return True
        pid = int(stat[stat.rindex(")") + 2 :].split()[1])
        if pid <= 1:
            return False
    return False
