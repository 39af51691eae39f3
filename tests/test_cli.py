"""The command line: what it refuses, what it says, and the programs it starts."""

from __future__ import annotations

import base64
import errno
import http.server
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from email.utils import formatdate
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from tests.api.echoes import VALUE, assert_gone
from tests.ptyrun import ROOT, Pty, grammar_violations, python, render, terminal_env
from tui import demo, doctor
from tui.api.probe import Probe
from tui.config import ConfigError, Flags, Settings, load_for

CANARY = "canary-0123456789-0123456789-0123456789"


def lktop(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program without a terminal."""
    return subprocess.run(
        python("tui", *arguments),
        cwd=ROOT,
        env=env or terminal_env(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def in_terminal(*arguments: str, **env: str) -> tuple[int, str]:
    """Run the program in a terminal to its end; returns its status and what was shown."""
    with Pty(python("tui", *arguments), env=terminal_env(**env), columns=200) as terminal:
        status = terminal.wait()
        return status, terminal.output.decode()


def accepted(text: str) -> str:
    """The line, if it is one: clear, with nothing of Python in it."""
    assert "Traceback" not in text
    (line,) = text.splitlines()
    return line


# arguments


def test_help_and_version_need_no_terminal() -> None:
    assert lktop("--version").stdout == "lktop 0.1.0\n"
    shown = lktop("--help").stdout
    for word in ("WORKING-DIR", "--project", "--read-only", "lktop demo", "lktop sim", "lktop doctor"):
        assert word in shown
    assert "--scenario" in lktop("demo", "--help").stdout


def test_the_readme_names_only_flags_that_exist() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    readme = "\n".join(
        line for line in lines if not re.match(r"\$ lk |.*`:?lk ", line)
    )  # those are of `lk` itself
    shown = "".join(
        lktop(*words, "--help").stdout
        for words in ((), ("demo",), ("sim",), ("record",), ("replay",), ("doctor",))
    )
    assert set(re.findall(r"(?<!-)--[a-z][a-z-]+", readme)) <= set(re.findall(r"--[a-z][a-z-]+", shown))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["replay", "/nowhere"], "nothing was recorded there: /nowhere"),
        (["replay", __file__], "not a recording"),
        (["replay"], "nothing was recorded in "),
    ],
)
def test_what_cannot_be_replayed_is_one_line_and_status_2(words: list[str], told: str) -> None:
    found = lktop(*words)
    assert found.returncode == 2 and told in found.stderr and found.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--api-secret", CANARY],
        ["--api-secret=" + CANARY],
        ["--api_key", CANARY],
        ["--APIKEY=" + CANARY],
        ["--secret", CANARY],
        ["--secrets=A=" + CANARY],
        ["-api-secret", CANARY],
        ["--livekit-api-secret:" + CANARY],
        ["--token", CANARY],
        ["/somewhere", "--project", "x", "--password", CANARY],
        ["demo", "--api-secret", CANARY],
        ["doctor", "--api-secret=" + CANARY],
        ["sim", "--api-secret", CANARY],
    ],
)
def test_a_secret_as_an_argument_is_refused_and_not_repeated(arguments: list[str]) -> None:
    done = lktop(*arguments)
    assert done.returncode == 2
    line = accepted(done.stderr)
    assert "LIVEKIT_API_SECRET" in line and "config.toml" in line
    assert CANARY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--refrsh=7"], "unknown option --refrsh; did you mean --refresh?"),
        (["--frobnicate", "x"], "unknown option --frobnicate; `lktop --help` lists them all"),
        (["-p" + CANARY], "unknown option -p"),
        (["--key=" + CANARY], "unknown option --key"),
        (["a", "b"], "one working directory at most"),
        (["--refresh", "0"], "--refresh: must be seconds from 0.5 to 3600"),
        (["--refresh", "nan"], "--refresh: must be seconds"),
        (["--project"], "--project: expected one argument"),
        (["--ascii", "demo"], "demo is a command: write it first"),
        (["/nonexistent/agent"], "/nonexistent/agent: no such directory"),
        (["demoo"], "demoo: no such command or directory; did you mean demo?"),
        (["--config", "/nonexistent.toml"], "--config /nonexistent.toml: no such file"),
        (["--url", "http://livekit.example"], "--url: plain http and ws are allowed to this machine only"),
        (["demo", "--speed", "fast"], "--speed: invalid float value"),
    ],
)
def test_arguments_that_cannot_be_followed(arguments: list[str], said: str) -> None:
    done = lktop(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    line = accepted(done.stderr)
    assert line.startswith("lktop: ") and said in line
    assert CANARY not in line


@pytest.mark.parametrize("command", [(), ("demo",)])
def test_without_a_terminal_there_is_one_line_and_no_simulator(command: tuple[str, ...]) -> None:
    done = lktop(*command)
    assert done.returncode == 2
    assert "standard input" in accepted(done.stderr)


def test_without_any_project_the_ways_to_name_one_are_said() -> None:
    status, shown = in_terminal()
    assert status == 2
    assert "no project is known" in shown and "LIVEKIT_URL" in shown and "lk project add" in shown
    assert "`lktop demo` shows a simulated one" in " ".join(shown.split())


def test_an_error_of_our_own_shows_no_values_and_exits_70(tmp_path: Path) -> None:
    program = (
        "import tui.cli as cli\n"
        "def broken(words, notices):\n"
        f"    secret = {CANARY!r}.upper()\n"
        "    raise LookupError('out of \\x1bc order')\n"
        "cli._watch = broken\n"
        "raise SystemExit(cli.main([]))\n"
    )
    script = tmp_path / "program.py"
    script.write_text(program)
    done = subprocess.run(
        [sys.executable, script], env=terminal_env(), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 70
    assert "LookupError: out of \\x1bc order" in done.stderr
    assert CANARY.upper() not in done.stderr and "\x1b" not in done.stderr


# doctor


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """An HTTP server whose clock is off by the parameter, seconds."""
    skew: float = getattr(request, "param", 0.0)

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert "Authorization" not in self.headers
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"OK")

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + skew, usegmt=True)

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def exported(url: str) -> dict[str, str]:
    return {"LIVEKIT_URL": url, "LIVEKIT_API_KEY": "APIx", "LIVEKIT_API_SECRET": CANARY}


def test_doctor_finds_nothing_wrong(server: str, still_environment: Path) -> None:
    status, shown = in_terminal("doctor", **exported(server))
    assert status == 0, shown
    assert "environment (LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET)" in shown
    assert f"{server}: HTTP 200" in shown and "agrees with the server's" in shown
    assert "no problems found" in shown and "PROBLEM" not in shown
    assert CANARY not in shown
    assert list(still_environment.iterdir()) == [], "looking creates nothing"


@pytest.mark.parametrize("server", [-120.0], indirect=True)
def test_doctor_sees_a_wrong_clock(server: str) -> None:
    status, shown = in_terminal("doctor", **exported(server))
    assert status == 1
    assert "PROBLEM clock" in shown and "s ahead of the server's: set it" in shown


def test_doctor_sees_what_does_not_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        status, shown = in_terminal("doctor", **exported(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert status == 1
    assert "PROBLEM project at" in shown


def test_doctor_says_that_a_proxy_is_set_and_not_used(still_environment: Path) -> None:
    environ = {"HOME": str(still_environment), "HTTPS_PROXY": "http://127.0.0.1:9"}
    environ |= exported("wss://p.livekit.cloud")
    nowhere = Probe(False, None, "Name or service not known")
    given = environ.copy()
    found = {line.name: line for line in doctor.examine(Flags(), given, (), lambda url: nowhere)}
    assert found["proxy"].text.startswith("HTTPS_PROXY is set and not used")
    assert found["project at"].text.endswith("Name or service not known; HTTPS_PROXY is set and not used")
    assert found["agents at"].text.endswith("HTTPS_PROXY is set and not used")
    assert found["clock"].text == "not compared: no server answered"
    timeless = Probe(True, None, "HTTP 200")
    found = {line.name: line for line in doctor.examine(Flags(), environ, (), lambda url: timeless)}
    assert (found["clock"].mark, found["clock"].text) == (
        "note",
        "not compared: the answer does not say the time",
    )
    config = still_environment / ".config" / "lktop" / "config.toml"
    config.parent.mkdir(parents=True)
    config.touch(0o600)
    keys = 'url = "https://q.example"\napi_key = "k"\napi_secret = "0123456789abcdef"\n'
    config.write_text(f'[projects.q]\n{keys}proxy = "http://127.0.0.1:9"\n')
    asked: list[str] = []
    lines = doctor.examine(Flags(project="q"), {"HOME": str(still_environment)}, (), asked.append)
    found = {line.name: line for line in lines}
    assert found["project at"].text.endswith("not tried, since it needs the project's proxy or CA")
    assert found["network"].text == "proxy http://127.0.0.1:9, CA public" and asked == []


def test_doctor_says_whether_history_can_be_kept(
    still_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def history() -> str:
        environ = {"HOME": str(still_environment)}
        found = doctor.examine(Flags(), environ, (), lambda url: Probe(False, None, ""))
        return next(f"{line.mark} {line.text}" for line in found if line.name == "history")

    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr("tui.history.files.folder.MOUNTS", mounts)
    assert history().startswith("ok ") and history().endswith("not checked for a network file system")
    mounts.write_text("21 1 0:1 / / rw - ext4 /dev/sda rw\n")
    assert history().startswith("ok ") and history().endswith("lktop/history: not there")
    mounts.write_text("21 1 0:1 / / rw - nfs4 server:/ rw\n")
    assert "network file system (nfs4); set XDG_STATE_HOME" in history()
    config = still_environment / ".config/lktop/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("record = false\n")
    config.chmod(0o600)
    assert history() == "note not kept: `record` is off"


def test_doctor_names_files_their_modes_and_the_way_out(still_environment: Path) -> None:
    config = still_environment / ".config" / "lktop" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[projects.p]\nurl = "wss://p.livekit.cloud"\napi_key = "A"\napi_secret = "{CANARY}"\n'
    )
    config.chmod(0o644)
    status, shown = in_terminal("doctor")
    assert status == 1
    assert f"{config}: -rw-r--r-- yours" in shown
    assert f"PROBLEM configuration {config}: others may read or change it; run: chmod 600 {config}" in shown
    config.chmod(0o600)
    status, shown = in_terminal("doctor")
    assert "none is chosen; the program will ask: p" in shown
    assert (status, CANARY in shown) == (0, False)


def test_doctor_reports_what_stops_the_program(still_environment: Path) -> None:
    status, shown = in_terminal("doctor", "--project", "nope")
    assert status == 1
    assert "PROBLEM configuration --project: no project has that name" in shown
    done = lktop("doctor")
    assert done.returncode == 1 and "PROBLEM terminal" in done.stdout


def test_doctor_finds_tokens_in_the_journal_and_masks_them(still_environment: Path) -> None:
    kept = still_environment / ".local" / "state" / "lktop" / "journal.jsonl"
    kept.parent.mkdir(parents=True, mode=0o700)
    token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZXZrZXkifQ.Wq_3-hZfXJmJmWl0b9Q"
    kept.write_text(f'{{"id":"a","time":1,"verdict":"refused","detail":"no {token}"}}\n')
    kept.chmod(0o600)
    done = lktop("doctor")
    assert (
        "1 entries hold a token" in done.stdout and "`lktop doctor --mask-journal` masks them" in done.stdout
    )
    assert token in kept.read_text(), "only looked at"
    done = lktop("doctor", "--mask-journal")
    assert "1 entries were masked" in done.stdout
    assert json.loads(kept.read_text())["detail"] == "no ***"
    assert "journal" not in lktop("doctor").stdout.replace("journal lasts", "")


def test_doctor_ends_quietly_when_nobody_reads_on() -> None:
    with subprocess.Popen(
        python("tui", "doctor"), cwd=ROOT, env=terminal_env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == b""


# the demo's simulator


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose text runs in place of Python and the simulator; `$SEEN` is where it may leave a note."""
    script = tmp_path / "stand_in.sh"
    monkeypatch.setattr(demo.sys, "executable", str(script))
    monkeypatch.setenv("PATH", os.environ.get("PATH", os.defpath))
    return script


def act(script: Path, body: str) -> None:
    script.write_text(f"#!/bin/sh\nSEEN={script.parent}/seen\n{body}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def test_the_simulator_gets_its_options_and_no_secret_of_ours(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LIVEKIT_API_SECRET", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, CANARY)
    act(
        stand_in,
        'env > "$SEEN"; echo "$@" >> "$SEEN"; pwd >> "$SEEN"\n'
        "echo listening on http://127.0.0.1:4711\n"
        "exec sleep 60",
    )
    with demo.simulator(["--seed=3"]) as url:
        assert url == "http://127.0.0.1:4711"
        seen = (stand_in.parent / "seen").read_text()
    assert CANARY not in seen
    assert "LIVEKIT_API_SECRET=secret\n" in seen
    assert seen.endswith(f"-m tui sim --host 127.0.0.1 --port 0 --seed=3\n{ROOT}\n")


def test_the_simulator_ends_with_the_demo_even_if_it_does_not_want_to(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "STOP_SECONDS", 0.1)
    act(
        stand_in,
        "trap '' TERM\n"
        'echo $$ > "$SEEN"\n'
        "echo listening on http://127.0.0.1:4711\n"
        "while :; do sleep 1; done",
    )
    with pytest.raises(LookupError), demo.simulator([]):
        pid = int((stand_in.parent / "seen").read_text())
        raise LookupError
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo starting >&2; echo 'no such scenario: x' >&2; exit 2", "did not start: no such scenario: x"),
        ("exit 1", "did not start: it said nothing"),
        ("echo listening on http://evil.example:80; exec sleep 60", "did not start: it said nothing"),
        ("head -c 10000 /dev/zero; exec sleep 60", "did not start: it said nothing"),
        ("exec sleep 60", "did not start within 0 s"),
    ],
)
def test_a_simulator_that_does_not_start_is_reported_in_one_line(
    stand_in: Path, body: str, said: str
) -> None:
    act(stand_in, body)
    seconds = 0.2 if "within" in said else demo.START_SECONDS
    with pytest.raises(demo.DemoError, match=said), demo.simulator([], seconds):
        pass


@pytest.mark.parametrize("command", ["sim", "demo"])
def test_without_the_extra_the_command_that_installs_it_is_named(command: str) -> None:
    program = (
        f"import sys\nsys.modules['uvicorn'] = None\nfrom tui.cli import main\nsys.exit(main([{command!r}]))"
    )
    with Pty([sys.executable, "-c", program]) as terminal:
        assert terminal.wait() == 2
    assert "pip install 'lktop[sim]'" in accepted(terminal.output.decode())


@pytest.mark.parametrize("missing", ["livekit", *demo.NEEDS])
def test_a_part_of_the_extra_is_not_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others of LiveKit's libraries bring the name space alone, and uvicorn comes with many."""
    assert demo.is_installed()
    monkeypatch.delitem(sys.modules, "livekit.protocol", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    assert not demo.is_installed()


def test_the_real_simulator_serves_and_is_gone_after() -> None:
    with demo.simulator(["--scenario=calm", "--speed=0"]) as url, urlopen(url) as answer:
        assert answer.status == 200
    with pytest.raises(OSError), urlopen(url):
        pass


# the screen


CALM = ("demo", "--scenario=calm", "--speed=0")


def children(terminal: Pty) -> list[psutil.Process]:
    return psutil.Process(terminal.process.pid).children(recursive=True)


def test_words_stand_there_while_the_screen_is_imported_and_go_without_a_trace() -> None:
    with Pty(python("tui", *CALM), env=terminal_env(), columns=120, rows=40) as terminal:
        terminal.until(b"lktop: opening demo, http://127.0.0.1:")
        terminal.until(terminal.shows("simulator started by lktop demo"))
        words, wiped, _ = bytes(terminal.output).partition(b"\r\x1b[K")
        assert words.startswith(b"lktop: opening demo") and len(words) < 60
        assert wiped and b"\x1b[?1049h" not in words
        terminal.send(b"\x11")
        assert terminal.wait() == 0
    assert "opening" not in render(bytes(terminal.output), 120, 40)[0]


def test_the_demo_shows_its_source_and_takes_its_simulator_along() -> None:
    with Pty(python("tui", *CALM, guarded=True), env=terminal_env(), columns=120, rows=40) as terminal:
        terminal.until(terminal.shows("simulator started by lktop demo"))
        simulators = children(terminal)
        assert simulators
        terminal.send(b"\x11")
        assert terminal.wait() == 0
        assert terminal.restored() == []
        assert grammar_violations(bytes(terminal.output)) == []
    assert psutil.wait_procs(simulators, timeout=5)[1] == []


def test_a_killed_demo_leaves_no_simulator_behind() -> None:
    with Pty(python("tui", *CALM), env=terminal_env(), columns=120, rows=40) as terminal:
        terminal.until(terminal.shows("simulator started by lktop demo"))
        simulators = children(terminal)
        assert simulators
        terminal.kill(signal.SIGKILL)
        terminal.wait()
    assert psutil.wait_procs(simulators, timeout=5)[1] == []


class Quoting(http.server.BaseHTTPRequestHandler):
    """Has one agent, and quotes the request in every other answer."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        token = self.headers["Authorization"].removeprefix("Bearer ")
        tokens.append(token)
        method = self.path.rpartition("/")[2]
        if method == "ListAgents":
            deployment = {"region": "us-east", "status": "Running"}
            agent = {"agent_id": "CA_x", "agent_name": "concierge", "agent_deployments": [deployment]}
            deployed = {"version": "20260811090412", "deployed_at": "2026-08-11T09:04:12Z"}
            self._answer(200, json.dumps({"agents": [agent | deployed]}))
        elif method == "ListAgentSecrets":
            self._answer(200, '{"secrets": []}')
        elif method in ("RestartAgent", "UpdateAgentSecrets"):
            said = f"cannot route {token} {base64.b64encode(token.encode()).decode()} {body.decode()}"
            self._answer(400, json.dumps({"code": "invalid_argument", "msg": said}))
        else:
            self._answer(401, f"invalid token: {token}, error: token signature is invalid")

    def do_GET(self) -> None:
        self.headers["Content-Length"] = "0"
        self.do_POST()

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


tokens: list[str] = []
"""All that came in."""


def test_what_a_server_quotes_is_on_no_terminal_in_no_picture_and_in_no_file(still_environment: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quoting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        env = terminal_env(**exported(f"http://127.0.0.1:{server.server_port}"))
        with Pty(python("tui"), env=env, columns=120, rows=40, cwd=ROOT) as terminal:
            terminal.until(terminal.shows("environment (LIVEKIT_URL"))
            terminal.until(terminal.shows("concierge"))
            terminal.until(terminal.shows("token signature is invalid"))
            terminal.send(b"r")
            terminal.until(terminal.shows('Restart "concierge"'))
            terminal.until(terminal.shows("ready"))
            terminal.send_until(b"\x13", terminal.shows("[> Restart <]"))
            terminal.send(b"\r")
            terminal.until(terminal.shows("cannot route"))
            terminal.send(b"\x1b[19~")
            terminal.until(lambda: bool(list(still_environment.rglob("*.svg"))))
            terminal.send(b"\x1b")
            terminal.until(lambda: not terminal.shows('Restart "concierge"')())
            terminal.send(b":new-secret\r")
            terminal.until(terminal.shows("Set a secret of"))
            terminal.send(b"OPENAI_KEY\t" + VALUE.encode())
            terminal.send_until(b"\x13", terminal.shows("[> New secret <]"))
            terminal.send(b"\r")
            terminal.until(terminal.shows("New secret CA_x refused by LiveKit"))
            terminal.send(b"\x1b")
            terminal.until(lambda: not terminal.shows("Set a secret of")())
            terminal.send(b"\x11")
            assert terminal.wait() == 0
        server.shutdown()
        thread.join()
    files = [path for path in still_environment.rglob("*") if path.is_file()]
    assert {"journal.jsonl"} < {path.name for path in files}
    seen = b"".join((bytes(terminal.output), *(path.read_bytes() for path in files)))
    assert CANARY.encode() not in seen, "the secret of the environment"
    assert_gone(VALUE, seen.decode(errors="replace"))
    for token in tokens:
        for part in (token.rpartition(".")[2], base64.b64encode(token.encode()).decode()[40:80]):
            assert part.encode() not in seen


def test_what_may_run_code_of_others_is_said_wherever_lktop_starts(
    still_environment: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tui import cli

    shown: list[Settings] = []
    monkeypatch.setattr("tui.start.show", lambda settings: shown.append(settings) or 0)
    notice = "Python may run code of others: PYTHONPATH is set"
    assert cli._show(load_for(cli._demo_project("http://127.0.0.1:1"), Flags(), os.environ), [notice]) == 0
    assert notice in shown[0].notices
    capsys.readouterr()
    for command, words, error in (("record", [], ConfigError), ("sim", ["--nope"], SystemExit)):
        with pytest.raises(error):
            cli.COMMANDS[command](words, [notice])
        assert f"lktop: {notice}\n" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["link", "full", "dangling"])
def test_a_demo_runs_where_its_history_cannot_be_kept(
    still_environment: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    from tui import cli

    shown: list[Settings] = []
    monkeypatch.setattr(demo, "simulator", lambda options: nullcontext("http://127.0.0.1:4711"))
    monkeypatch.setattr(cli, "_refusal", lambda settings: None)
    monkeypatch.setattr(cli, "_show", lambda settings, notices: shown.append(settings) or 0)
    place = still_environment / ".local" / "state" / "lktop" / "demo"
    place.parent.mkdir(parents=True, mode=0o700)
    if way == "link":
        place.symlink_to(still_environment)
    elif way == "dangling":
        place.mkdir(mode=0o700)
        (place / "left").symlink_to("nowhere")
    else:
        monkeypatch.setattr("tempfile.mkdtemp", full_disk)
    assert cli.COMMANDS["demo"]([], []) == 0
    (settings,) = shown
    said = [line for line in settings.notices if "this demo keeps no history" in line]
    assert len(said) == (settings.record is None) == (way != "dangling")


def full_disk(*_: object, **__: object) -> str:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_demo_without_temporary_files_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", full_disk)
    with pytest.raises(demo.DemoError, match="no space left on device"), demo.simulator([]):
        raise AssertionError


def test_a_relative_scenario_file_is_found_from_where_the_demo_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui import cli

    (tmp_path / "mine.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    parser = cli.SafeArgumentParser("x", "x")
    for name in ("--scenario", "--seed", "--speed", "--agents"):
        parser.add_argument(name)
    options = cli._simulator_options(parser.read(["--scenario", "mine.toml", "--seed", "3"]))
    assert options == [f"--scenario={tmp_path}/mine.toml", "--seed=3"]
    assert cli._simulator_options(parser.read(["--scenario", "calm"])) == ["--scenario=calm"]
