"""Every dialog is opened in a real terminal and answered at once, later, and on a busy machine.

What is typed goes to the first question, whole and in order, or to nothing: never to another field or pane.
`python -m pytest -m campaign tests/operations/test_hurried.py` takes about an hour.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.operation import CONCIERGE, world
from tests.ptyrun import Pty, python, terminal_env
from tui.sim.http.server import Simulator, serve

STEP = 0.05
DELAYS = tuple(step * STEP for step in range(31))
"""Seconds between the key that opens a dialog and the first letter of the answer."""
SIZE = (110, 44)


@dataclass(frozen=True)
class Case:
    """One dialog."""

    name: str
    opens: str
    """The command, or with `keys` the keys of the main screen."""
    title: str
    """Words by which it is recognised."""
    field: str = ""
    """The label of its first question; empty where it asks nothing that is typed."""
    answer: str = "an answer 42"
    keys: bool = False
    secret: bool = False
    project: str = "plain"
    """A table of the configuration."""


CASES = (
    Case("restart", "restart concierge", 'Restart "concierge"'),
    Case(
        "restart-danger",
        "restart concierge",
        'Restart "concierge"',
        "to arm it",
        "concierge",
        project="danger",
    ),
    Case("delete", "delete concierge", "Delete the WHOLE AGENT", "to arm it", CONCIERGE),
    Case(
        "delete-deployment",
        "delete-deployment concierge staging",
        "Delete deployment",
        "to arm it",
        CONCIERGE,
    ),
    Case("rollback", "rollback concierge", "Roll back"),
    Case("rollback-danger", "rollback concierge", "Roll back", "to arm it", "concierge", project="danger"),
    Case("promote", "promote concierge staging", "Promote staging"),
    Case("update", "update concierge", "Update", "file", "/nowhere/an env.file"),
    Case(
        "set-secret", "set-secret concierge DB_URL", "Set a secret of", "value", "hunter2-canary", secret=True
    ),
    Case("new-secret", "new-secret concierge", "New secret", "name", "FRESH_NAME"),
    Case("import-secrets", "import-secrets concierge", "Import secrets", "file", "/nowhere/an env.file"),
    Case("replace-secrets", "replace-secrets concierge", "Replace", "file", "/nowhere/an env.file"),
    Case("mount-secret", "mount-secret concierge", "Mount", "file", "/nowhere/an env.file"),
    Case("remove-secrets", "remove-secrets concierge DB_URL", "Remove", "to arm it", CONCIERGE),
    Case("dispatch", "\x0e", "Dispatch failing", "room", "lobby-42", keys=True),
    Case("redispatch", "redispatch {dispatch}", "Dispatch", "deployment", "canary"),
    Case("undispatch", "undispatch {dispatch}", "Delete dispatch"),
    Case("create-link", "create-link", "Create a private link", "name", "an-answer"),
    Case("unlock", "unlock 15m", "Unlock", "reason", "INC-42 it burns", project="locked"),
    Case("bulk", "*{restart}", "targets, one after the other", keys=True),
    Case(
        "bulk-danger",
        "*{restart}",
        "targets, one after the other",
        "to arm it",
        "danger",
        keys=True,
        project="danger",
    ),
    Case("deploy", "deploy concierge", "Deploy to", "to arm it", "concierge"),
    Case("create", "create", "Create an agent"),
    Case("create-danger", "create", "Create an agent", "to arm it", "danger", project="danger"),
    Case("config", "config concierge", "livekit.toml for"),
    Case("dockerfile", "dockerfile", "Dockerfile and"),
    Case("audit", "audit", "TIME"),
    Case("links", "links", "rivate link"),
)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A small world on a loop of its own."""
    began: list[Simulator] = []
    ready, over = threading.Event(), threading.Event()

    async def run() -> None:
        async with serve(world(), seed=1, speed=1.0, build_seconds=0.0) as served:
            began.append(served)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(30.0)
    yield began[0]
    over.set()
    thread.join()


def started(simulator: Simulator, home: Path, project: str) -> Pty:
    """The program in an agent's directory, looking at one of three projects."""
    config = home / "config" / "lktop" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    settings = {"plain": "", "danger": "danger = true\n", "locked": "read_only = true\n"}[project]
    text = (
        f'[projects.{project}]\nurl = "{simulator.url}"\nagents_url = "{simulator.url}"\n'
        f'api_key = "{simulator.key}"\napi_secret = "{simulator.secret}"\n{settings}'
    )
    config.write_text(text)
    config.chmod(0o600)
    here = home / "app"
    here.mkdir(exist_ok=True)
    (here / "agent.py").write_text("from livekit import agents\n")
    (here / "requirements.txt").write_text("livekit-agents==1.2.3\n")
    (here / "Dockerfile").write_text("FROM scratch\n")
    env = terminal_env(
        HOME=str(home), XDG_STATE_HOME=str(home / "state"), XDG_CONFIG_HOME=str(home / "config")
    )
    argv = [*python("tui", guarded=True), "--project", project]
    return Pty(argv, env=env, columns=SIZE[0], rows=SIZE[1], cwd=here)


def row(terminal: Pty, label: str) -> str | None:
    """What stands in the field with this label; None while there is none."""
    for line in terminal.screen():
        for part in re.split("[│┃]", line):
            words = part.strip()
            if words == label or words.startswith(f"{label} "):
                return words[len(label) :].strip()
    return None


def typed(terminal: Pty, chance: random.Random, text: str) -> str:
    """Type it in one of three ways; returns which."""
    way = chance.choice(("letters", "at once", "pasted"))
    data = text.encode()
    if way == "pasted":
        terminal.send(b"\x1b[200~" + data + b"\x1b[201~")
    elif way == "at once":
        terminal.send(data)
    else:
        for letter in text:
            terminal.send(letter.encode())
            pause(terminal, chance.choice((0.0, 0.004, 0.03)))
    return way


def pause(terminal: Pty, seconds: float) -> None:
    """Read along for this long."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        terminal.pump(left)


class Opened:
    """The program on its main screen, for one dialog to be opened again and again."""

    def __init__(self, case: Case, terminal: Pty, simulator: Simulator, home: Path) -> None:
        self.case = case
        self.terminal = terminal
        self.simulator = simulator
        self.home = home
        self.failures: list[str] = []

    def begin(self) -> None:
        """Until the fleet is there and its rooms were asked."""
        self.terminal.until(self.terminal.shows("concierge"))
        self.terminal.until(lambda: not self.terminal.shows("of 2 rooms")())
        pause(self.terminal, 1.5)

    def once(self, delay: float, chance: random.Random) -> None:
        """Open it, answer after this many seconds, look, and leave."""
        case, terminal = self.case, self.terminal
        found = next(iter(self.simulator.world.rooms["lobby"].dispatches))
        opens = case.opens.format(dispatch=found, restart="r")
        if case.keys:
            terminal.send(opens[:-1].encode())
            pause(terminal, 0.1)
            terminal.send(opens[-1:].encode())
        else:
            terminal.send(b":")
            terminal.until(lambda: row(terminal, "agents status versions") is not None or self.asks())
            terminal.send(opens.encode())
            terminal.until(terminal.shows(opens))
            terminal.send(b"\r")
        pause(terminal, delay)
        way = typed(terminal, chance, case.answer)
        place = f"{case.name} after {delay:.2f} s, {way}"
        try:
            terminal.until(terminal.shows(case.title), 15.0)
            terminal.until(self.is_answered, 6.0)
        except TimeoutError:
            self.failures.append(f"{place}: {self.held()}\n" + "\n".join(terminal.screen()))
        self.look(place)
        self.leave()

    def asks(self) -> bool:
        """The prompt is open."""
        return any(": " in line[:3] or line.startswith(":") for line in self.terminal.screen()[-4:])

    def is_answered(self) -> bool:
        """The first question holds the answer, and nothing but it."""
        case = self.case
        if not case.field:
            return True
        held = row(self.terminal, case.field)
        if case.secret:
            return held is not None and f"{len(case.answer)} bytes" in held
        return held == case.answer

    def held(self) -> str:
        """What the first question holds."""
        return f"{self.case.field!r} holds {row(self.terminal, self.case.field)!r}"

    def look(self, place: str) -> None:
        """Nothing stands in another field, no secret is shown, and nothing was sent."""
        if not self.case.field:
            pause(self.terminal, 0.6)
        if self.case.field != "reason":
            try:  # another frame may be on its way
                self.terminal.until(lambda: not row(self.terminal, "reason"), 3.0)
            except TimeoutError:
                self.failures.append(f"{place}: the reason holds {row(self.terminal, 'reason')!r}")
        if self.case.secret and self.case.answer[:7].encode() in self.terminal.output:
            self.failures.append(f"{place}: the secret was shown")
        if effects := self.simulator.control.effects():
            self.failures.append(f"{place}: sent {effects}")
        if not self.terminal.shows(self.case.title)():
            self.failures.append(f"{place}: not open\n" + "\n".join(self.terminal.screen()))

    def leave(self) -> None:
        """Back to the main screen."""
        for _ in range(8):
            if not self.terminal.shows(self.case.title)():
                break
            self.terminal.send(b"\x1b")
            pause(self.terminal, 0.3)
        if self.case.keys and self.case.opens.startswith("*"):
            self.terminal.send(b"\\")  # nothing marked
        pause(self.terminal, 0.1)

    def kept(self) -> None:
        """No file holds a secret."""
        if self.case.secret:
            for path in self.home.rglob("*"):
                if path.is_file() and self.case.answer.encode() in path.read_bytes():
                    self.failures.append(f"{path} holds the secret")


def hurried(case: Case, simulator: Simulator, home: Path, delays: tuple[float, ...]) -> list[str]:
    """What went wrong."""
    chance = random.Random(case.name)
    with started(simulator, home, case.project) as terminal:
        opened = Opened(case, terminal, simulator, home)
        opened.begin()
        for delay in delays:
            opened.once(delay, chance)
        opened.kept()
        return opened.failures


def burn() -> None:
    """Keep a processor busy."""
    while True:
        pass


@pytest.fixture
def load() -> Iterator[None]:
    """A machine with more to do than it can."""
    busy = [multiprocessing.get_context("spawn").Process(target=burn, daemon=True) for _ in range(3)]
    for process in busy:
        process.start()
    yield
    for process in busy:
        process.kill()
        process.join()


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_answer_typed_in_a_hurry_goes_to_the_first_question(
    case: Case, simulator: Simulator, tmp_path: Path
) -> None:
    assert hurried(case, simulator, tmp_path, DELAYS) == []


@pytest.mark.campaign
@pytest.mark.usefixtures("load")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_on_a_busy_machine_too(case: Case, simulator: Simulator, tmp_path: Path) -> None:
    assert hurried(case, simulator, tmp_path, DELAYS) == []
