"""Hostile lines on a real terminal: nothing reaches it that is not ours to send."""

from __future__ import annotations

from tests.ptyrun import Pty, grammar_violations, python
from tests.ui.logview.hostile import hostile_lines


def test_no_control_of_theirs_reaches_the_terminal() -> None:
    assert len(hostile_lines()) > 100
    with Pty(python("tests.ui.logview.hostile"), columns=120, rows=40) as pty:
        status = pty.wait(60)
    assert status == 0, pty.tail()
    assert len(pty.output) > 100_000
    # Textual itself sets the pointer's shape; the product's driver does not let it
    output = bytes(pty.output).replace(b"\x1b]22;default\x07", b"")
    assert grammar_violations(output) == []
    assert "␛]52;c;".encode() in pty.output
