"""Secrets typed and pasted: kept whole or refused with the reason, never shown, never copied."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.events import Paste

from tests.ptyrun import Pty, python
from tui.ui import theme
from tui.ui.dialogs.fields.secret_input import CONTROL, LIMIT, TOO_LONG, SecretInput

PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    + "".join(f"{n:064d}\n" for n in range(25))
    + "-----END PRIVATE KEY-----\n"
)
F12 = b"\x1b[24~"


class Held(App[None]):
    """The field alone."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.defaults()

    def compose(self) -> ComposeResult:
        yield SecretInput()

    @property
    def field(self) -> SecretInput:
        return self.query_one(SecretInput)


async def test_what_is_typed_is_masked_and_never_leaves() -> None:
    app = Held()
    async with app.run_test() as pilot:
        app.field.focus()
        await pilot.press(*"hunter2x", "backspace")
        assert app.field.value.reveal() == "hunter2"
        for copy in ("ctrl+c", "ctrl+x", "ctrl+insert", "super+c"):
            await pilot.press(copy)
        assert app.field.value.reveal() == "hunter2"
        assert app.clipboard == ""
        svg = app.export_screenshot()
        assert "hunter2" not in svg
        assert "7&#160;bytes" in svg
        assert "hunter2" not in repr(app.field) + repr(app.field.value) + str(vars(app.field))
        await pilot.press("ctrl+u")
        assert not app.field.value


@pytest.mark.parametrize(
    ("pasted", "kept", "note"),
    [
        (PEM, PEM, ""),
        (PEM.replace("\n", "\r"), PEM, ""),
        (PEM.replace("\n", "\r\n"), PEM.replace("\n", "\r\n"), ""),
        ("one\n", "one\n", ""),
        ("a\tb", "a\tb", ""),
        ("x" * 100_000 + "\n", "x" * 100_000 + "\n", ""),
        ("é漢\U0001f511", "é漢\U0001f511", ""),
        ("a\x1b[31mb", "", CONTROL),
        ("a\x00b", "", CONTROL),
        ("x" * (LIMIT + 1), "", TOO_LONG),
    ],
    ids=["lf", "cr", "crlf", "newline", "tab", "100 kB", "wide", "esc", "nul", "2 MB"],
)
async def test_a_paste_is_kept_whole_or_refused(pasted: str, kept: str, note: str) -> None:
    app = Held()
    async with app.run_test() as pilot:
        app.field.focus()
        app.post_message(Paste(pasted))
        await pilot.pause()
        assert (app.field.value.reveal(), app.field.note) == (kept, note)
        if kept.count("\n") > 1:
            assert re.search(r"1,\d{3} bytes, 27 lines, sha256 [0-9a-f]{8}", app.field.words)


def bracketed(data: bytes) -> bytes:
    """A paste as a terminal marks it."""
    return b"\x1b[200~" + data + b"\x1b[201~"


def as_typed(data: bytes) -> bytes:
    """A paste as a terminal without marks sends it: each line feed has become a return."""
    return data.replace(b"\n", b"\r")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (bracketed, True),
        (lambda data: bracketed(as_typed(data)), True),
        (as_typed, None),
        (lambda data: bracketed(data[:40] + b"\x1b]52;c;eA==\x07" + data[40:]), False),
        (lambda data: bracketed(data[:40] + b"\x00" + data[40:]), False),
    ],
    ids=["marked", "marked with returns", "unmarked", "esc", "nul"],
)
def test_at_a_real_terminal(tmp_path: Path, sent: Callable[[bytes], bytes], kept: bool | None) -> None:
    path = tmp_path / "held"
    with Pty(python("tests.operations.secretapp", str(path))) as terminal:
        terminal.until(terminal.shows("type or paste"))
        terminal.send(sent(PEM.encode()))
        terminal.until(lambda: not terminal.shows("type or paste")())
        terminal.until(lambda: terminal.shows("bytes")() or terminal.shows("nothing kept")())
        terminal.send(F12)
        assert terminal.wait() == 0
        output = bytes(terminal.output)
    held, note = path.read_bytes(), path.with_suffix(".note").read_text()
    assert held in ({PEM.encode()} if kept else {b""} if kept is False else {PEM.encode(), b""})
    assert bool(held) != bool(note)
    assert b"PRIVATE" not in output
    assert b"\x1b]52" not in output
