"""The process keeps its secrets: run as a child, because what is tested changes the process for good."""

from __future__ import annotations

import grp
import os
import pwd
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


def test_a_traceback_shows_no_token() -> None:
    """A library may quote what it was given, also in an error that this one came from."""
    try:
        try:
            raise ValueError("Illegal header value b'Bearer eyJhbGciOiJI.eyJpc3Mi.Wq_3-hZ'")
        except ValueError:
            raise KeyError("a\neyJhbGciOiJI.eyJpc3Mi.Wq_3-hZ") from None
    except KeyError as error:
        error.__suppress_context__ = False
        text = traceback_text(error)
    assert "eyJ" not in text and "Wq_3" not in text
    assert "Illegal header value b'Bearer ***'" in text


# what may run code of others


def others_write(path: list[Path]) -> str:
    """Which folders others may write in, of a path of modules."""
    lines = import_notices({}, [str(folder) for folder in path])
    return re.sub(r"^Python may run code of others: |; see Safety in the README\.$", "", "".join(lines))


def folder_with(path: Path, mode: int) -> Path:
    path.mkdir(parents=True)
    path.chmod(mode)
    return path


def test_it_is_said_once_what_may_run_code_of_others(tmp_path: Path) -> None:
    private, shared = folder_with(tmp_path / "private", 0o755), folder_with(tmp_path / "shared", 0o777)
    path = [tmp_path / "missing", private, shared, shared]
    assert others_write(path[:2]) == ""
    assert others_write(path) == f"others may write in {shared}"
    (line,) = import_notices({"PYTHONPATH": "/x", "PYTHONSTARTUP": "/y"}, [str(shared)])
    assert "PYTHONPATH is set, PYTHONSTARTUP is set, others may write in" in line
    if os.geteuid() == 0:
        os.chown(private, 4242, 0)
        assert "private" in others_write(path)


def test_variables_that_python_ignores_are_no_risk(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.append({str(ROOT)!r}); from tui import process as p; print(p.import_notices())"
    )
    env = {"PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": "x"}
    done = subprocess.run([sys.executable, "-I", "-c", code], env=env, capture_output=True, check=False)
    assert b"PYTHON" not in done.stdout and done.returncode == 0


def test_who_may_write_above_a_folder_may_replace_it(tmp_path: Path) -> None:
    """Unless the sticky bit is set; and what is not there yet may be made where anybody may write."""
    inside = folder_with(tmp_path / "open" / "inside", 0o755)
    kept = folder_with(tmp_path / "sticky" / "kept", 0o755)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "sticky").chmod(0o1777)
    (tmp_path / "link").symlink_to(inside)
    missing = tmp_path / "sticky" / "missing" / "python311.zip"
    for folder in (inside, tmp_path / "link", missing):
        assert others_write([folder]) == f"others may write in {folder}"
    assert others_write([kept]) == ""


def test_a_group_is_no_other_only_if_nobody_else_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_with(tmp_path / "grouped", 0o775)
    user = pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        os.chown(folder, 0, 4242)
    for name, members, found in (
        (user, [], False),
        (user, [user], False),
        (user, ["b"], True),
        ("staff", [], True),
    ):
        group = grp.struct_group((name, "x", folder.stat().st_gid, members))
        monkeypatch.setattr("grp.getgrgid", lambda _, group=group: group)
        assert bool(others_write([folder])) is found


@pytest.mark.parametrize("part", ["{}", ":{}", ".:{}"])
@pytest.mark.parametrize("is_script", [False, True], ids=["python -m tui", "lktop"])
def test_the_working_directory_lends_no_modules(tmp_path: Path, part: str, is_script: bool) -> None:
    """Also where a part of `PYTHONPATH` is empty, which stands for it, or names it by a dot."""
    for name in ("httpx", "argparse", "msgspec"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('loaded from the working directory')")
    script = folder_with(tmp_path / "bin", 0o755) / "lktop"
    script.write_text("import sys\nfrom tui.__main__ import main\nsys.exit(main())\n")
    done = subprocess.run(
        [sys.executable, *([str(script)] if is_script else ["-m", "tui"]), "doctor"],
        env={"PATH": os.defpath, "PYTHONPATH": part.format(ROOT), "HOME": str(tmp_path), "LANG": "C.UTF-8"},
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
