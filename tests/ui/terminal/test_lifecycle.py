"""Under a real terminal: whatever happens, the program ends in time and leaves the terminal as it was."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import psutil
import pytest
from rich.console import RenderableType
from textual._compositor import LayoutUpdate
from textual.events import Resize
from textual.screen import Screen

from tests.ptyrun import ROOT, Pty, grammar_violations, python, terminal_env
from tests.ui.terminal import ptyapp

IN_TIME = 2.0
"""Seconds for any way out."""


class Probe:
    """Starts `ptyapp` and reads what it noted."""

    def __init__(self, journal: Path) -> None:
        self.journal = journal

    def start(
        self,
        *arguments: str,
        ready: bool = True,
        env: dict[str, str] | None = None,
        controlling: bool = True,
        prepare: Callable[[], None] | None = None,
    ) -> Pty:
        """The application under a terminal, drawn for the first time."""
        command = python("tests.ui.terminal.ptyapp", "--journal", str(self.journal), *arguments)
        term = Pty(command, env=env, controlling=controlling, prepare=prepare)
        if ready:
            term.until(lambda: term.shows("ready")() and bool(term.screen()[-1].strip()))
        return term

    @property
    def notes(self) -> list[str]:
        """What it wrote, in order."""
        return self.journal.read_text().split("\n")[:-1] if self.journal.exists() else []

    def noted(self, note: str) -> Callable[[], bool]:
        """A condition for `until`."""
        return lambda: note in self.notes


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    return Probe(tmp_path / "journal")


def ends(term: Pty, status: int, *, reading: bool = True) -> None:
    """It ends within the time that a way out may take, with this status."""
    start = time.monotonic()
    assert term.wait(reading=reading) == status
    assert time.monotonic() - start < IN_TIME


def restored(term: Pty) -> bool:
    """Nothing is left of the program but what it printed, and it never sent anything that is not its own."""
    while term.pump(0.05):
        pass
    assert term.restored() == []
    assert grammar_violations(bytes(term.output)) == []
    return True


def test_it_starts_draws_and_quits(probe: Probe) -> None:
    with probe.start("--every", "0.05") as term:
        term.until(term.shows("count 3"))
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)
        assert "returned 0" in term.tail()
    assert probe.notes == ["unmount"]


def test_the_mouse_of_a_killed_predecessor_is_switched_off_first(probe: Probe) -> None:
    with probe.start("--no-mouse") as term:
        assert term.output.startswith(b"\x1b[?1000l\x1b[?1002l\x1b[?1003l")
        assert b"\x1b[?1000h" not in term.output
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def test_the_mouse_can_be_given_back(probe: Probe) -> None:
    with probe.start() as term:
        assert b"\x1b[?1003h" in term.output
        since = term.mark()
        term.send(ptyapp.MOUSE_OFF)
        term.until(since(b"\x1b[?1003l"))
        term.until(term.shows("mouse off"))
        term.send(ptyapp.QUIT)
        ends(term, 0)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"])
def test_a_signal_ends_it_orderly(name: str, probe: Probe) -> None:
    number = signal.Signals[name]
    with probe.start("--every", "0.05") as term:
        while term.process.poll() is None:  # another one may not cut the first short, however late
            term.kill(number)
            term.pump(0.005)
        ends(term, 128 + number)
        assert restored(term)
    assert probe.notes == [f"terminate {number.value}", "unmount"]


def test_a_signal_while_the_loop_is_blocked(probe: Probe) -> None:
    with probe.start() as term:
        term.send(ptyapp.BLOCK)
        term.until(probe.noted("block"))
        term.kill(signal.SIGTERM)
        ends(term, 143)
        assert restored(term)
    assert probe.notes[:2] == ["block", "terminate 15"]


def test_a_signal_at_the_very_start(probe: Probe) -> None:
    with probe.start(ready=False) as term:
        term.until(b"\x1b[?1049h")
        term.kill(signal.SIGTERM)
        ends(term, 143)
        assert restored(term)


def test_something_that_does_not_let_go(probe: Probe) -> None:
    with probe.start() as term:
        term.send(ptyapp.HANG)
        term.until(probe.noted("hold"))
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def test_a_name_look_up_that_never_ends_does_not_keep_us(probe: Probe) -> None:
    with probe.start() as term:
        term.send(ptyapp.RESOLVE)
        term.until(term.shows("resolving"))
        start = time.monotonic()
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert time.monotonic() - start < 1
        assert restored(term)
    assert probe.notes == ["unmount"]


@pytest.mark.parametrize("how", ["signalled", "signal ignored", "no signal"])
def test_a_dropped_connection_ends_it(how: str, probe: Probe) -> None:
    def prepare() -> None:
        if how == "signal ignored":  # as nohup does
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with probe.start("--every", "0.05", controlling=how != "no signal", prepare=prepare) as term:
        term.hang_up()
        ends(term, 129)
    assert probe.notes == ["terminate 1", "unmount"]


def test_a_terminal_that_stops_reading_does_not_keep_us(probe: Probe) -> None:
    with probe.start("--every", "0.01", "--until", "60") as term:
        unread_until_counted(term, probe)
        term.kill(signal.SIGTERM)
        ends(term, 143, reading=False)
        while term.pump(0.05):
            pass
        assert term.restored() == []  # the frame before was cut short, so only the end is right
    assert probe.notes == ["counted", "terminate 15", "unmount"]


def unread_until_counted(term: Pty, probe: Probe) -> None:
    """The program draws 60 frames of some kB, of which nobody reads one: it goes on all the same."""
    deadline = time.monotonic() + 10
    while not probe.noted("counted")():
        assert time.monotonic() < deadline and term.process.poll() is None
        time.sleep(0.02)


def test_a_terminal_that_reads_again_shows_what_is_now(probe: Probe) -> None:
    with probe.start("--every", "0.01", "--until", "60") as term:
        unread_until_counted(term, probe)
        term.until(term.shows("count 60 "))
        term.until(lambda: term.screen()[9:] == ["é漢字 ✓ " * 10] * 15)
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def test_stopping_unseen_and_continuing(probe: Probe) -> None:
    with probe.start("--every", "0.05") as term:
        threads = term.threads()
        for number in [signal.SIGSTOP] * 5 + [signal.SIGCONT]:
            term.kill(number)
            term.kill(signal.SIGCONT)
            term.until(term.mark()(b"count"))
        assert term.threads() == threads
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def test_what_a_shell_changed_meanwhile_is_set_again(probe: Probe) -> None:
    with probe.start() as term:
        raw = term.attributes()
        term.kill(signal.SIGSTOP)
        term.until(lambda: is_stopped(term))
        termios.tcsetattr(term.master, termios.TCSANOW, term.before)
        since = term.mark()
        term.kill(signal.SIGCONT)
        term.until(since(b"\x1b[?2004h"))
        assert term.attributes() == raw
        term.until(since("é漢字".encode()))
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def test_stopping_by_the_terminals_own_signal(probe: Probe) -> None:
    with probe.start("--every", "0.05") as term:
        threads = term.threads()
        for _ in range(2):
            term.kill(signal.SIGTSTP)
            term.until(lambda: is_stopped(term))
            while term.pump(0.1):
                pass
            assert term.restored() == []
            since = term.mark()
            term.kill(signal.SIGCONT)
            term.until(since(b"\x1b[?1049h"))
            term.until(since(b"count"))
            assert term.threads() == threads
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def is_stopped(term: Pty) -> bool:
    """Whether the program has been stopped by a signal."""
    return bool(psutil.Process(term.process.pid).status() == psutil.STATUS_STOPPED)


def test_bytes_that_are_no_text(probe: Probe) -> None:
    with probe.start() as term:
        term.send(b"\xe9\xff\xfe\x80\xc3")
        term.send(ptyapp.FIELD)
        term.until(term.shows("typing"))
        term.send(b"caf\xe9!")
        term.until(term.shows("caf\ufffd!"))
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


GARBAGE = [
    b"\x1b[99999999999u\x1b[1114112;1u\x1b[55296u",
    b"\x1b[48;0;0;0;0t\x1b[<0;1;1M\x1b[<0;1;1m",
    b"\x1b[48;99999999;99999999;1;1t",
    b"\x1b[<999999999999;99999999999;1M\x1b[M\xff\xff\xff\x1b[<0;-1;-1M",
    b"\x1b[?2026;9$y\x1b[?2048;2$y\x1b[999;999R\x1b]52;c;AAAA\x07\x1bP1$r\x1b\\",
    b"\x1b[200~half a paste \x1b[31m\x00",
    b"\x1b[201~",
    b"\x1b[" * 50,
]


def test_garbage_from_the_terminal(probe: Probe) -> None:
    with probe.start() as term:
        for piece in GARBAGE:
            term.send(piece)
        answers(term)
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)
    assert probe.notes == ["unmount"]


def test_bytes_at_random(probe: Probe) -> None:
    survives_bytes_at_random(probe, 5000, seed=7)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4))
def test_many_bytes_at_random(seed: int, probe: Probe) -> None:
    survives_bytes_at_random(probe, 100_000, seed)


def survives_bytes_at_random(probe: Probe, size: int, seed: int) -> None:
    """It works off what a broken terminal sends, in little memory, and then works as before."""
    with probe.start() as term:
        memory = psutil.Process(term.process.pid).memory_info
        before = memory().rss
        term.send(Random(seed).randbytes(size))
        answers(term)
        assert memory().rss - before < 50_000_000
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def answers(term: Pty) -> None:
    """What was sent before is worked off, even half a paste, and new keys act."""
    term.send(b"\x1b[201~")
    term.send_until(ptyapp.FIELD, term.shows("typing"), 60)  # while it is busy, old keys are dropped


def test_text_that_comes_all_at_once_presses_no_keys(probe: Probe) -> None:
    with probe.start() as term:
        term.send(b"please delete\r")
        term.send(b"\x1b[200~please delete\r\x1b[201~")
        term.send(b"d")
        term.until(term.shows("deleted"))
        term.send(ptyapp.FIELD)
        term.until(term.shows("typing"))
        term.send(b"into the field")
        term.until(term.shows("into the field"))
        term.send(ptyapp.QUIT)
        ends(term, 0)
    assert probe.notes == ["delete", "unmount"]


def test_keys_typed_while_the_loop_was_blocked_do_nothing(probe: Probe) -> None:
    with probe.start("--drop-old") as term:
        term.send_until(ptyapp.BLOCK, probe.noted("block"))
        term.send(ptyapp.DELETE)
        term.until(term.shows("was not answering"))
        assert "delete" not in probe.notes
        term.send_until(ptyapp.DELETE, term.shows("deleted"))


@pytest.mark.parametrize("thread", range(3))
def test_keys_typed_while_the_process_was_stopped_do_nothing(thread: int, probe: Probe) -> None:
    """Whichever thread the kernel hands the signal to: the main one, the writing or the reading one."""
    with probe.start("--drop-old") as term:
        pid = term.process.pid
        term.kill(signal.SIGSTOP)
        term.until(lambda: is_stopped(term))
        term.send(ptyapp.DELETE)
        time.sleep(0.8)  # what is tested is the age of the key
        task = sorted(task.id for task in psutil.Process(pid).threads())[thread]
        assert ctypes.CDLL(None).tgkill(pid, task, int(signal.SIGCONT)) == 0
        term.until(term.shows("was not answering"))
        assert "delete" not in probe.notes


def test_every_size(probe: Probe) -> None:
    with probe.start("--every", "0.02", "--note-sizes") as term:
        for columns, rows in [(1, 1), (20, 5), (5, 20), (1000, 500), (0, 0), (40, 10), (1, 500), (80, 24)]:
            since = term.mark()
            term.resize(columns, rows)
            noted = f"size {columns or 80}x{rows or 24}"
            term.until(lambda noted=noted: probe.notes[-1] == noted, 60.0)  # 1000×500 is a long frame
        term.until(since(b"ready"), 60.0)
        term.resize(2, 1)
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def test_a_storm_of_sizes(probe: Probe) -> None:
    with probe.start("--every", "0.02") as term:
        chance = Random(3)
        for _ in range(300):
            term.resize(chance.randint(20, 120), chance.randint(5, 40))
            term.pump(0.002)
        term.resize(70, 20)
        term.until(lambda: len(term.screen()) == 20 and term.shows("count")() and term.shows("é漢字")())
        term.send(ptyapp.QUIT)
        ends(term, 0)


@pytest.mark.usefixtures("painted")
@pytest.mark.parametrize("sizes", [[(80, 24)], [(40, 10), (80, 24)]])
async def test_a_size_that_is_back_before_it_was_drawn(
    sizes: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is painted: what the terminal cut off meanwhile is lost there, though nothing changed here."""
    app = ptyapp.Probe(every=0, until=0, journal=None, crash="", note_sizes=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        whole, display = asyncio.Event(), app._display

        def displayed(screen: Screen[object], update: RenderableType | None) -> None:
            if isinstance(update, LayoutUpdate) and update.region.size == (80, 24):
                whole.set()
            display(screen, update)

        monkeypatch.setattr(app, "_display", displayed)
        for size in sizes:
            app.post_message(Resize.from_dimensions(size, None))
        async with asyncio.timeout(10):
            await whole.wait()


@pytest.mark.parametrize("where", ["key", "compose", "timer", "worker", "thread"])
def test_a_crash_prints_neither_secret_nor_escape(where: str, probe: Probe) -> None:
    with probe.start(*(["--crash", where] if where != "key" else []), ready=where == "key") as term:
        if where == "key":
            term.send(ptyapp.CRASH)
        ends(term, 70)
        assert term.attributes() == term.before
        assert ptyapp.CANARY.encode() not in term.output
        assert grammar_violations(bytes(term.output)) == []
        printed = term.output[term.output.rindex(b"\x1b[?1049l") :].decode()
        assert "ValueError: unexpected \\x1bc\\x1b]0;t\\x07 name" in " ".join(printed.split())
        assert "stopped by an error of its own, shown above. Look at the journal." in " ".join(
            printed.split()
        )
        assert "action_crash" in printed
        assert printed.count("\n") < 40


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "vt100", "LANG": "C", "NO_COLOR": "1"},
        {"TERM": "garbage", "LC_ALL": "POSIX"},
        {"TERM": "", "COLUMNS": "7", "LINES": "7"},
    ],
    ids=str,
)
def test_any_terminal_will_do(env: dict[str, str], probe: Probe) -> None:
    with probe.start(env=terminal_env(**env)) as term:
        assert term.shows("é漢字")()
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def test_a_terminal_without_unicode_keeps_its_columns(probe: Probe) -> None:
    with probe.start(env=terminal_env(PYTHONIOENCODING="ascii")) as term:
        assert term.output.isascii()
        assert term.shows("????? ? " * 9)()  # é漢字 ✓
        term.send(ptyapp.QUIT)
        ends(term, 0)
        assert restored(term)


def test_idle_is_silent(probe: Probe) -> None:
    with probe.start() as term:
        while term.pump(0.3):
            pass
        size, before = len(term.output), term.wake_ups()
        term.pump(1.0)
        assert len(term.output) == size
        assert term.wake_ups() - before < 14


def test_input_waits_for_a_loop_that_is_behind(probe: Probe) -> None:
    """Or the keys of a stuck terminal, or of a cat on the keyboard, would eat the memory."""
    with probe.start() as term:
        term.send(ptyapp.BLOCK)
        term.until(probe.noted("block"))
        assert term.offer(b"\x1b[B" * 200_000, 0.7) < 40_000
        term.kill(signal.SIGTERM)
        ends(term, 143)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Runs a command of a tmux server of our own; returns what it prints."""

    def run(*words: str, check: bool = True) -> str:
        command = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null", *words]
        done = subprocess.run(
            command, env=terminal_env(), cwd=ROOT, check=check, capture_output=True, text=True
        )
        return done.stdout

    yield run
    run("kill-server", check=False)


def test_in_tmux_it_outlives_its_viewers_and_ends_with_its_session(
    probe: Probe, tmux: Callable[..., str], tmp_path: Path
) -> None:
    """Detached, looked at again at another size, and killed with the session."""
    command = python("tests.ui.terminal.ptyapp", "--journal", str(probe.journal), "--note-sizes")
    tmux("new-session", "-d", "-x", "80", "-y", "24", *command)
    program = psutil.Process(int(tmux("list-panes", "-F", "#{pane_pid}")))
    attach = ["tmux", "-S", str(tmp_path / "tmux"), "attach"]
    with Pty(attach, columns=100, rows=30) as client:
        client.until(probe.noted("size 100x29"))  # tmux keeps a line for itself
        client.until(client.shows("ready"))
        tmux("detach-client")
        assert client.wait() == 0
    with Pty(attach, columns=70, rows=20) as client:
        client.until(probe.noted("size 70x19"))
        client.hang_up()
        assert client.wait(reading=False) is not None
    assert program.is_running()
    tmux("kill-session")
    program.wait(IN_TIME)
    assert probe.notes[-2:] == ["terminate 1", "unmount"]
