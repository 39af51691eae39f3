"""The process keeps its secrets: run as a child, because what is tested changes the process for good."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tui.process import child_env, import_notices, printable, traceback_text

HARD_LIMIT = resource.getrlimit(resource.RLIMIT_CORE)[1]
ROOT = Path(__file__).parents[1]
CANARY = "sk-canary-7b1e"


def run(
    code: str, *, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A Python child that has been hardened and runs `code`."""
    program = f"from tui.process import harden\nnotices = harden()\n{code}"
    return subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (HARD_LIMIT, HARD_LIMIT)),
    )


def test_an_abort_leaves_no_core(tmp_path: Path) -> None:
    done = run("import os; os.abort()", cwd=tmp_path)
    assert done.returncode == -signal.SIGABRT
    assert list(tmp_path.iterdir()) == []
    assert run("import resource; print(resource.getrlimit(resource.RLIMIT_CORE))").stdout == "(0, 0)\n"


def test_files_are_born_private_and_the_process_cannot_be_traced(tmp_path: Path) -> None:
    code = "open('f', 'w').close()\nimport ctypes\nprint(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    assert run(code, cwd=tmp_path).stdout == "0\n"
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600


def test_hostile_environment_is_dropped_with_one_notice() -> None:
    hostile = [
        "TEXTUAL",
        "TEXTUAL_LOG",
        "TEXTUAL_DEBUG",
        "TEXTUAL_PRESS",
        "TEXTUAL_DRIVER",
        "TEXTUAL_SCREENSHOT",
    ]
    hostile += ["TEXTUAL_ALLOW_SIGNALS", "TEXTUAL_FROM_THE_FUTURE", "SSLKEYLOGFILE", "PYTHONINSPECT"]
    env = dict.fromkeys(hostile, "x") | {"TEXTUAL_FPS": "15", "SSH_TTY": "y"}
    done = run("import os\nprint(len(notices), notices[0])\nprint(*sorted(os.environ))", env=env)
    notice, left = done.stdout.splitlines()
    assert notice.startswith("1 ") and all(name in notice for name in hostile)
    assert "TEXTUAL_FPS" in left and "SSH_TTY" in left
    assert not set(hostile) & set(left.split())


def test_a_clean_environment_gives_no_notice() -> None:
    assert run("print(notices)").stdout == "[]\n"


def test_a_crash_prints_neither_values_nor_controls() -> None:
    code = (
        f"def deep():\n    secret = '{CANARY}'\n    raise ValueError('bad \\x1bc\\x9b2J\\u202e name')\ndeep()"
    )
    done = run(code)
    assert done.returncode == 1
    assert CANARY not in done.stderr
    assert "ValueError: bad \\x1bc\\x9b2J\\u202e name" in done.stderr
    assert done.stderr.endswith("lktop: stopped by an error of its own, shown above\n")


def test_a_crash_in_a_thread_is_cleaned_too() -> None:
    done = run(
        "import threading\nt = threading.Thread(target=lambda: 1 / len('\\x1b'[1:]))\nt.start(); t.join()"
    )
    assert "ZeroDivisionError" in done.stderr and "Traceback" in done.stderr


def test_warnings_logging_and_finalisers_are_silent() -> None:
    code = (
        "import warnings, logging\nwarnings.warn('seen')\nlogging.getLogger('asyncio').error('seen')\n"
        "class A:\n    def __del__(self): raise ValueError('seen')\nA()"
    )
    done = run(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_interrupt_is_not_an_error() -> None:
    done = run("raise KeyboardInterrupt")
    assert done.stderr == ""
    assert done.returncode == -signal.SIGINT


def test_children_get_no_secret() -> None:
    environ = {
        "LIVEKIT_API_SECRET": CANARY,
        "AWS_PROFILE": "p",
        "PATH": "/bin",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm",
    }
    env = child_env({"LKTOP_DEMO": "1"}, environ)
    assert env == {"PATH": "/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm", "LKTOP_DEMO": "1"}


def test_printable_keeps_lines_and_escapes_the_rest() -> None:
    assert printable("a\tb\nc\x1b\ud800é") == "a    b\nc\\x1b\\ud800é"


def test_a_traceback_fits_on_a_screen() -> None:
    def dig(depth: int) -> None:
        if depth == 0:
            raise ValueError("x" * 100_000)
        dig(depth - 1)

    with pytest.raises(ValueError) as caught:
        dig(200)
    text = traceback_text(caught.value)
    assert len(text.splitlines()) <= 20
    assert len(text) < 8000


# what may run code of others


def test_it_is_said_once_what_may_run_code_of_others(tmp_path: Path) -> None:
    private, shared, grouped = (tmp_path / name for name in ("private", "shared", "grouped"))
    for folder, mode in ((private, 0o755), (shared, 0o777), (grouped, 0o775)):
        folder.mkdir()
        folder.chmod(mode)
    path = [str(tmp_path / "missing"), str(private), str(shared), str(shared), str(grouped)]
    assert import_notices({}, path[:2]) == []
    assert import_notices({}, path) == [
        f"Python may run code of others: others may write in {shared}; see Safety in the README."
    ]
    (line,) = import_notices({"PYTHONPATH": "/x", "PYTHONSTARTUP": "/y"}, path)
    assert "PYTHONPATH is set, PYTHONSTARTUP is set, others may write in" in line
    if os.geteuid() == 0:
        os.chown(grouped, 0, 4242)
        assert "grouped" in import_notices({}, path)[0]
        os.chown(private, 4242, 0)
        assert "private" in import_notices({}, path)[0]


def test_the_working_directory_lends_no_modules(tmp_path: Path) -> None:
    for name in ("httpx", "argparse", "msgspec"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('loaded from the working directory')")
    done = subprocess.run(
        [sys.executable, "-m", "tui", "doctor"],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stderr == ""
    assert re.search(
        r"^note +environment +Python may run code of others: PYTHONPATH is set", done.stdout, re.M
    )
