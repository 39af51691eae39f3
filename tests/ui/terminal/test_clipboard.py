"""Copied text arrives whole or is said not to have been sent, and never in a place others can read."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.secret import Secret
from tui.ui.terminal.clipboard import FILE_NAME, MAX_ENCODED, copy
from tui.ui.terminal.detect import Multiplexer, Terminal, Tmux


def terminal(multiplexer: Multiplexer = "", tmux: Tmux | None = None) -> Terminal:
    return Terminal(80, 24, "xterm", "", "256", False, True, "utf-8", multiplexer, tmux)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def sent() -> list[str]:
    return []


def saved(state: Path) -> bytes:
    return (state / FILE_NAME).read_bytes()


def test_a_plain_terminal_gets_osc_52_and_the_file_the_text(state: Path, sent: list[str]) -> None:
    said = copy("ärger", terminal(), state, sent.append)
    assert sent == [f"\x1b]52;c;{base64.b64encode('ärger'.encode()).decode()}\x07"]
    assert said == f"5 characters sent to terminal (unconfirmed); saved in {state / FILE_NAME}"
    assert saved(state) == "ärger".encode()
    assert (state / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700
    assert os.listdir(state) == [FILE_NAME]


def test_hostile_text_cannot_leave_its_wrapping(state: Path, sent: list[str]) -> None:
    copy("\x07\x1b]0;title\x07\x1b\\", terminal(), state, sent.append)
    assert re.fullmatch(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07", sent[0])


def test_screen_gets_pieces_that_join_to_the_same(state: Path, sent: list[str]) -> None:
    copy("x" * 1000, terminal("screen"), state, sent.append)
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", sent[0], re.DOTALL)
    assert "".join(f"\x1bP{piece}\x1b\\" for piece in pieces) == sent[0]
    assert "".join(pieces) == f"\x1b]52;c;{base64.b64encode(b'x' * 1000).decode()}\x07"
    assert max(map(len, pieces)) <= 76


def test_what_is_too_long_goes_to_the_file_only(state: Path, sent: list[str]) -> None:
    longest = "x" * (MAX_ENCODED // 4 * 3)
    assert "sent to terminal" in copy(longest, terminal(), state, sent.append)
    assert len(sent) == 1
    said = copy(longest + "xxx", terminal(), state, sent.append)
    assert len(sent) == 1
    assert "not sent: too long for a terminal; saved in" in said
    assert len(saved(state)) == len(longest) + 3


@pytest.mark.parametrize(
    ("text", "size"),
    [("", "0 characters"), ("a", "1 character"), ("a\n", "2 characters"), ("a\nb", "2 lines")],
)
def test_the_size_is_told(text: str, size: str, state: Path, sent: list[str]) -> None:
    assert copy(text, terminal(), state, sent.append).startswith(f"{size} sent")


def test_bytes_come_out_as_they_came_in(state: Path, sent: list[str]) -> None:
    raw = b"caf\xe9 \xff\x00\x1b[31m\r\n"
    copy(raw.decode("utf-8", "surrogateescape"), terminal(), state, sent.append)
    assert saved(state) == raw
    copy("\ud800", terminal(), state, sent.append)
    assert saved(state) == b"\\ud800"


def test_a_secret_is_refused_and_leaves_no_trace(state: Path, sent: list[str]) -> None:
    with pytest.raises(TypeError):
        copy(Secret("canary"), terminal(), state, sent.append)
    assert sent == [] and not state.exists()


def test_a_planted_link_is_replaced_and_not_followed(state: Path, sent: list[str], tmp_path: Path) -> None:
    state.mkdir(mode=0o700)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (state / FILE_NAME).symlink_to(victim)
    copy("text", terminal(), state, sent.append)
    assert victim.read_text() == "precious"
    assert saved(state) == b"text" and not (state / FILE_NAME).is_symlink()


def test_a_loose_old_file_does_not_stay_loose(state: Path, sent: list[str]) -> None:
    state.mkdir(mode=0o700)
    (state / FILE_NAME).write_text("old")
    (state / FILE_NAME).chmod(0o666)
    copy("new", terminal(), state, sent.append)
    assert (state / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_an_untrusted_directory_is_not_written_in(state: Path, sent: list[str], tmp_path: Path) -> None:
    state.mkdir()
    state.chmod(0o777)
    said = copy("text", terminal(), state, sent.append)
    assert "sent to terminal (unconfirmed); not saved in" in said and "other users can write" in said
    assert os.listdir(state) == []
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert "not saved" in copy("text", terminal(), link, sent.append)
    assert not (tmp_path / FILE_NAME).exists()


def test_a_directory_in_the_way_is_told_and_leaves_no_litter(state: Path, sent: list[str]) -> None:
    (state / FILE_NAME).mkdir(parents=True)
    state.chmod(0o700)
    assert "not saved in" in copy("text", terminal(), state, sent.append)
    assert os.listdir(state) == [FILE_NAME]
    assert len(sent) == 1


def fake_tmux(tmp_path: Path, body: str) -> Tmux:
    command = tmp_path / "tmux"
    command.write_text(f"#!/bin/sh\n{body}\n")
    command.chmod(0o755)
    return Tmux(str(command), "server")


def test_tmux_takes_the_text_from_a_pipe_and_knows_no_more(
    state: Path, sent: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEKIT_API_SECRET", "canary")
    tmux = fake_tmux(tmp_path, f'cat > {tmp_path}/in; echo "$@" > {tmp_path}/args; env > {tmp_path}/env')
    said = copy("clip\x1b[", terminal("tmux", tmux), state, sent.append)
    assert "sent to tmux and the terminal (unconfirmed)" in said
    assert (tmp_path / "in").read_bytes() == b"clip\x1b["
    assert (tmp_path / "args").read_text() == "load-buffer -w -\n"
    assert "canary" not in (tmp_path / "env").read_text() and "TMUX=server" in (tmp_path / "env").read_text()
    assert sent == []


def test_an_old_tmux_keeps_the_text_to_itself(state: Path, sent: list[str], tmp_path: Path) -> None:
    tmux = fake_tmux(tmp_path, '[ "$2" = - ] || exit 1; cat >/dev/null')
    assert "put into tmux's buffer" in copy("x", terminal("tmux", tmux), state, sent.append)


def test_a_tmux_that_hangs_is_given_up_on(state: Path, sent: list[str], tmp_path: Path) -> None:
    tmux = fake_tmux(tmp_path, "exec sleep 30")
    start = time.monotonic()
    assert "not sent: tmux did not answer; saved in" in copy("x", terminal("tmux", tmux), state, sent.append)
    assert time.monotonic() - start < 10, "the fake one sleeps for thirty seconds"
    assert saved(state) == b"x"
    assert "did not answer" in copy("x", terminal("tmux", Tmux("/nonexistent", "x")), state, sent.append)
    assert "tmux refused" in copy("x", terminal("tmux", fake_tmux(tmp_path, "exit 1")), state, sent.append)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Tmux]:
    """A real tmux with its default clipboard settings."""
    socket = str(tmp_path / "socket")
    subprocess.run(["tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "sleep 60"], check=True)
    yield Tmux("/usr/bin/tmux", f"{socket},0,0")
    subprocess.run(["tmux", "-S", socket, "kill-server"], check=False)


def test_a_real_tmux_gets_every_byte(server: Tmux, state: Path, sent: list[str]) -> None:
    text = "first ✓\n" + "y" * 200_000
    assert "sent to tmux" in copy(text, terminal("tmux", server), state, sent.append)
    shown = subprocess.run(
        [server.command, "show-buffer"], env=server.environment, capture_output=True, check=True
    ).stdout
    assert shown == text.encode()
