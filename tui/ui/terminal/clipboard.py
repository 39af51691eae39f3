"""Copies text through tmux or OSC 52, and always into a file. Must not be given a secret.

No terminal confirms that it took the text, hence the file and the word "unconfirmed".
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tui import privatefile
from tui.ui.terminal.detect import TMUX_SECONDS, Terminal, Tmux

FILE_NAME: Final = "last-copy.txt"
MAX_ENCODED: Final = 74_994
"""Characters of Base64 that terminals commonly take in one OSC 52; past it they drop the text or hang."""
_SCREEN_CHUNK: Final = 76
"""Characters that GNU screen passes on in one device control string."""


def with_tilde(path: Path) -> str:
    """A path for messages, with `~` for the home directory."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def copy(text: str, terminal: Terminal, state_dir: Path, write: Callable[[str], None]) -> str:
    """Copy the text by every way that this terminal has; returns the result for the operator.

    `write` sends to the terminal. tmux may take up to a second: call it off the event loop.
    Raises TypeError for anything but text: a `Secret` is never copied.
    """
    if not isinstance(text, str):
        raise TypeError("only text is copied, never a secret")
    data = _encode(text)
    path = state_dir / FILE_NAME
    try:
        privatefile.replace(path, data)
        kept = f"saved in {with_tilde(path)}"
    except OSError as error:
        kept = f"not saved in {with_tilde(path)}: {(error.strerror or str(error)).lower()}"
    return f"{_size(text)} {_send(data, terminal, write)}; {kept}"


def _send(data: bytes, terminal: Terminal, write: Callable[[str], None]) -> str:
    """Send the text to the terminal; returns how, or why not."""
    if terminal.tmux is not None:
        return _send_to_tmux(data, terminal.tmux)
    encoded = base64.b64encode(data).decode("ascii")
    if len(encoded) > MAX_ENCODED:
        return "not sent: too long for a terminal"
    write(_osc52(encoded, in_screen=terminal.multiplexer == "screen"))
    return "sent to terminal (unconfirmed)"


def _send_to_tmux(data: bytes, tmux: Tmux) -> str:
    # tmux drops OSC 52 by default; its own command passes the text on. `-w` came with tmux 3.2. The text goes
    # through a pipe: arguments can be read by every user of the host.
    outcomes = {
        ("-w", "-"): "sent to tmux and the terminal (unconfirmed)",
        ("-",): "put into tmux's buffer (paste with prefix ]), not sent to the terminal",
    }
    try:
        for arguments, outcome in outcomes.items():
            done = subprocess.run(
                [tmux.command, "load-buffer", *arguments],
                input=data,
                env=tmux.environment,
                capture_output=True,
                timeout=TMUX_SECONDS,
                check=False,
            )
            if done.returncode == 0:
                return outcome
    except (OSError, subprocess.TimeoutExpired):
        return "not sent: tmux did not answer"
    return "not sent: tmux refused"


def _osc52(encoded: str, *, in_screen: bool) -> str:
    """The sequence that sets the clipboard. GNU screen takes it in pieces, each in a string of its own."""
    sequence = f"\x1b]52;c;{encoded}\x07"
    if not in_screen:
        return sequence
    chunks = (sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK))
    return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)


def _encode(text: str) -> bytes:
    """The bytes of the text; bytes that were not UTF-8 are restored as they came in."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def _size(text: str) -> str:
    lines = text.count("\n") + (not text.endswith("\n"))
    return f"{len(text)} character{'s' * (len(text) != 1)}" if lines <= 1 else f"{lines} lines"
