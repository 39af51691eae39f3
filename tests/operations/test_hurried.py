"""Every dialog, prompt and picker is opened in a real terminal and answered at once, later, and under load.

What is typed goes to the first question, whole and in order, or to nothing: never to another field or pane.
The campaign has two halves, about seven minutes each on two processors, with programs side by side:

    python -m pytest -m campaign -n 6 tests/operations/test_hurried.py -k idle
    python -m pytest -m campaign -n 6 tests/operations/test_hurried.py -k busy
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

import pytest
from livekit.protocol import cloud_agent

from tests.fixtures.operation import CONCIERGE, world
from tests.ptyrun import Pty, python, terminal_env
from tui.sim.http.server import Simulator, serve
from tui.ui.dialogs.fields.base import EDGE

STEP: Final = 0.05
DELAYS: Final = tuple(step * STEP for step in range(31))
"""Seconds between the key that opens a dialog and the first letter of the answer."""
SIZE: Final = (110, 44)
BUSY: Final = 4
"""Processes that keep the processors busy, of all workers together."""
PATIENCE: Final = 30.0
"""Seconds that a busy machine may take."""
CURSOR_GROUND: Final = "2a3a52"
"""The colour of the cursor's row in the theme of the first start."""
LINK: Final = "CAPL_hurried"
PROJECTS: Final = {"plain": "", "danger": "danger = true\n", "locked": "read_only = true\n"}
"""The tables of the configuration."""


class Place(Enum):
    """Where an answer is seen."""

    FIELD = auto()
    """In the field with the label `field`."""
    SECRET = auto()
    """There, as a number of bytes."""
    LINE = auto()
    """In a line of its own, after `field`."""
    CURSOR = auto()
    """The cursor is on the row that holds `field`."""
    WORDS = auto()
    """`field` is shown."""
    NOWHERE = auto()
    """Nothing is asked: nothing happens."""


@dataclass(frozen=True)
class Case:
    """One dialog, prompt or picker."""

    name: str
    opens: str
    """The command, or with `keys` the keys of the main screen."""
    title: str
    """Words by which it is recognised."""
    field: str = ""
    answer: str = "an answer 42"
    keys: bool = False
    place: Place = Place.FIELD
    project: str = "plain"
    """A table of the configuration."""
    then: str = ""
    """A key that asks, typed as the first of the answer, where what was opened is a pane."""
    may_be_refused: bool = False
    """In one read with the key that opens, it may be a paste: it is refused, and that is said."""


NOWHERE, LINE, CURSOR, WORDS, SECRET = Place.NOWHERE, Place.LINE, Place.CURSOR, Place.WORDS, Place.SECRET
DOWN: Final = "\x1b[B"
CASES = (
    Case("restart", "restart concierge", 'Restart "concierge"', place=NOWHERE),
    Case(
        "restart-danger",
        "restart concierge",
        'Restart "concierge"',
        "confirm",
        "concierge",
        project="danger",
    ),
    Case("delete", "delete concierge", "Delete the WHOLE AGENT", "confirm", CONCIERGE),
    Case(
        "delete-deployment",
        "delete-deployment concierge staging",
        "Delete deployment",
        "confirm",
        CONCIERGE,
    ),
    Case("rollback", "rollback concierge", 'Roll back "', place=NOWHERE),
    Case("version-picker", "rollback concierge", 'Roll back "', " c3 ", DOWN, place=CURSOR),
    Case("rollback-danger", "rollback concierge", 'Roll back "', "confirm", "concierge", project="danger"),
    Case("promote", "promote concierge staging", "Promote staging", place=NOWHERE),
    Case("update", "update concierge", "Update", "file", "/nowhere/an env.file"),
    Case(
        "set-secret",
        "set-secret concierge DB_URL",
        "Set a secret of",
        "value",
        "hunter2-canary",
        place=SECRET,
    ),
    Case("new-secret", "new-secret concierge", "New secret", "name", "FRESH_NAME"),
    Case("import-secrets", "import-secrets concierge", "Import secrets", "file", "/nowhere/an env.file"),
    Case("replace-secrets", "replace-secrets concierge", "Replace", "file", "/nowhere/an env.file"),
    Case("mount-secret", "mount-secret concierge", "Mount", "file", "/nowhere/an env.file"),
    Case("remove-secrets", "remove-secrets concierge DB_URL", "Remove", "confirm", CONCIERGE),
    Case("dispatch", "\x0e", "Dispatch failing", "room", "lobby-42", keys=True),
    Case("agent-picker", "5\x0e", " to lobby", "agent", "nobody-42", keys=True),
    Case("redispatch", "redispatch {dispatch}", "on failure", "deployment", "canary"),
    Case("undispatch", "undispatch {dispatch}", "Delete dispatch", place=NOWHERE),
    Case("create-link", "create-link", "Create a private link", "name", "an-answer"),
    Case("delete-link", f"delete-link {LINK}", "Delete the private link", "confirm", LINK),
    Case(
        "link-picker",
        "delete-link",
        "Delete the private link",
        "redis-us",
        DOWN,
        place=CURSOR,
    ),
    Case("unlock", "unlock 15m", "Unlock", "reason", "INC-42 it burns", project="locked"),
    Case("bulk", "*{restart}", "targets, one after the other", keys=True, place=NOWHERE),
    Case(
        "bulk-danger",
        "*{restart}",
        "targets, one after the other",
        "confirm",
        "danger",
        keys=True,
        project="danger",
    ),
    Case("deploy", "deploy concierge", "Deploy to", "confirm", "concierge"),
    Case("create", "create", "Create an agent", place=NOWHERE),
    Case("create-danger", "create", "Create an agent", "confirm", "danger", project="danger"),
    Case("config", "config concierge", "livekit.toml for", place=NOWHERE),
    Case("dockerfile", "dockerfile", "Dockerfile and", place=NOWHERE),
    Case("audit", "audit", "Audit trail", "CA_one", "j", place=CURSOR),
    Case("links", "links", "ctrl+n new", place=NOWHERE),
    Case("unresolved", "unresolved", "with an unknown outcome", "CA_two", "j", place=CURSOR),
    Case("messages", "messages", "Messages of this session", place=NOWHERE),
    Case(
        "project-picker",
        "@",
        "Choose a project",
        " other ",
        "j",
        keys=True,
        place=CURSOR,
    ),
    Case("find", "\x10", "go to an agent", "find ", "zoo 42", keys=True, place=LINE),
    Case("help", "?", "Keys · ", "", "zoo 42", keys=True, place=LINE),
    Case("raw", "y", "JSON AS RECEIVED", "x hides metadata", "x", keys=True, place=WORDS),
    Case("command", ":", "audit — what was done", "", "audit zoo-42", keys=True, place=LINE),
    Case("filter", "/", "/ Agents:", "", "concierge 42", keys=True, place=LINE),
    Case(
        "note", "i", "kept in the timeline", "", "INC-42 it burns", keys=True, place=LINE, may_be_refused=True
    ),
    Case("sort", "S", "▏", "NAME↑", "n", keys=True, place=WORDS),
    Case("timeline", "7", "-5m, -90s", "", "14:02:11", keys=True, place=LINE, then="T"),
    Case("timeline-filter", "7", "/ Timeline:", "", "lobby 42", keys=True, place=LINE, then="/"),
    Case("time-bar", "\x14", "-5m, -90s", "", "14:02:11", keys=True, place=LINE, then="T"),
    Case("log-search", "6/", "lines match", "/ ", "zoo 42", keys=True, place=LINE),
    Case("log-time", "6T", "go to (UTC)", "go to (UTC)  ", "14:02:11", keys=True, place=LINE),
    Case("log-note", "6i", "note:", "note:  ", "zoo 42", keys=True, place=LINE, may_be_refused=True),
    Case("log-sources", "6W", "Sources", "▌[ ]     build", "j", keys=True, place=WORDS),
)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A small world on a loop of its own, with two private links."""
    began: list[tuple[Simulator, asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def run() -> None:
        over = asyncio.Event()
        async with serve(world(), seed=1, speed=1.0, build_seconds=0.0) as served:
            for id, name in ((LINK, "pg-eu"), ("CAPL_other", "redis-us")):
                served.world.links[id] = cloud_agent.PrivateLink(
                    private_link_id=id, name=name, region="us-east", port=5432, endpoint="vpce-svc-0abc"
                )
                served.world.link_status[id] = cloud_agent.PrivateLinkStatus()
            began.append((served, asyncio.get_running_loop(), over))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(30.0)
    served, loop, over = began[0]
    yield served
    loop.call_soon_threadsafe(over.set)
    thread.join()


def started(simulator: Simulator, home: Path, project: str) -> Pty:
    """The program in an agent's directory, looking at one of three projects."""
    config = home / "config" / "lktop" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    urls = {project: simulator.url, "other": "http://127.0.0.1:1", "third": "http://127.0.0.1:2"}
    config.write_text(
        "".join(
            f'[projects.{name}]\nurl = "{url}"\nagents_url = "{url}"\n'
            f'api_key = "{simulator.key}"\napi_secret = "{simulator.secret}"\n{PROJECTS.get(name, "")}'
            for name, url in urls.items()
        )
    )
    config.chmod(0o600)
    left_open(home / "state" / "lktop" / "journal.jsonl", project)
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


def left_open(journal: Path, project: str) -> None:
    """Two operations of an earlier run, whose ends are not known."""
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.parent.chmod(0o700)
    now = time.time()
    records = (
        {"id": name, "time": now - 600, "project": project, "operation": "restart", "target": f"CA_{name}"}
        for name in ("one", "two")
    )
    journal.write_text("".join(json.dumps(record) + "\n" for record in records))
    journal.chmod(0o600)


class Programs:
    """One program for each project, kept for the next case unless something went wrong with it."""

    def __init__(self, simulator: Simulator, new_home: Callable[[], Path]) -> None:
        self.simulator = simulator
        self._new_home = new_home
        self._running: dict[str, tuple[Pty, Path]] = {}

    def get(self, project: str) -> tuple[Pty, Path]:
        """It has seen the fleet and asked its rooms; and where it keeps its files."""
        if project not in self._running:
            home = self._new_home()
            terminal = started(self.simulator, home, project)
            self._running[project] = (terminal, home)
            terminal.until(terminal.shows("with an unknown outcome"), 30.0)
            terminal.send_until(b"\x1b", lambda: is_at_home(terminal), 30.0)
            terminal.until(terminal.shows("no job "), 30.0)
        return self._running[project]

    def drop(self, project: str) -> None:
        """End it."""
        if project in self._running:
            self._running.pop(project)[0].__exit__()

    def drop_all(self) -> None:
        """End them."""
        for project in list(self._running):
            self.drop(project)


@pytest.fixture(scope="module")
def programs(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """The programs of this worker."""
    found = Programs(simulator, lambda: tmp_path_factory.mktemp("lktop"))
    yield found
    found.drop_all()


def is_at_home(terminal: Pty) -> bool:
    """The main screen is alone, and the list of agents has the keyboard."""
    lines = terminal.screen()
    return (
        lines[-1].startswith(" ctrl+n Dispatch  r Restart")
        and any("concierge " in line for line in lines[:8])
        and not any(corner in line for line in lines for corner in "╭┏")
        and "PAST" not in lines[0]
    )


def parts(line: str) -> list[str]:
    """What stands between the edges of boxes and panes."""
    return [part.strip() for part in re.split("[│┃▏]", line)]


def row(terminal: Pty, label: str) -> str | None:
    """What stands in the field with this label; None while there is none."""
    for line in terminal.screen():
        for words in parts(line):
            if words == label or words.startswith(f"{label} "):
                return words[len(label) :].strip(f" {EDGE}")
    return None


def typed(terminal: Pty, chance: random.Random, text: str) -> str:
    """Type it in one of three ways; returns which."""
    way = chance.choice(("letters", "at once", "pasted"))
    data = text.encode()
    if text == DOWN or len(text) == 1:
        way = "a key"
        terminal.send(data)
    elif way == "pasted":
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

    def once(self, delay: float, chance: random.Random) -> None:
        """Open it, answer after this many seconds, look, and leave."""
        case, terminal = self.case, self.terminal
        self.open()
        pause(terminal, delay)
        if case.then:
            terminal.send(case.then.encode())
        way = typed(terminal, chance, case.answer)
        place = f"{case.name} after {delay:.2f} s, {way}"
        opened = terminal.shows(case.title)
        try:
            terminal.until(lambda: opened() or (case.may_be_refused and self.is_refused()), PATIENCE)
            terminal.until(self.is_answered, PATIENCE)
        except TimeoutError:
            self.fail(f"{place}: not answered")
        self.look(place)
        self.leave(place)

    def open(self) -> None:
        """Give the command, or press the keys."""
        case, terminal = self.case, self.terminal
        found = next(iter(self.simulator.world.rooms["lobby"].dispatches))
        opens = case.opens.format(dispatch=found, restart="r")
        if case.keys:
            for key in opens[:-1]:
                terminal.send(key.encode())
                pause(terminal, 0.1)
            terminal.send(opens[-1:].encode())
        else:
            terminal.send(b":")
            terminal.until(lambda: row(terminal, "agents status versions") is not None or self.asks())
            terminal.send(opens.encode())
            terminal.until(terminal.shows(opens))
            terminal.send(b"\r")

    def asks(self) -> bool:
        """The prompt is open."""
        return any(": " in line[:3] or line.startswith(":") for line in self.terminal.screen()[-4:])

    def fail(self, words: str) -> None:
        """Something went wrong; with what is on the screen."""
        self.failures.append(f"{words}\n" + "\n".join(self.terminal.screen()))

    def is_answered(self) -> bool:
        """The first question holds the answer, and nothing but it."""
        case, terminal = self.case, self.terminal
        if case.may_be_refused and self.is_refused():
            return True
        match case.place:
            case Place.FIELD:
                return row(terminal, case.field) == case.answer
            case Place.SECRET:
                return f"{len(case.answer)} bytes" in (row(terminal, case.field) or "")
            case Place.LINE:
                wanted = f"{case.field}{case.answer}"
                # a hint may stand behind it
                return any(
                    words == wanted or words.startswith(f"{wanted}  ")
                    for line in terminal.screen()
                    for words in parts(line)
                )
            case Place.CURSOR:
                return CURSOR_GROUND in terminal.grounds(case.field)
            case Place.WORDS:
                return terminal.shows(case.field)()
            case Place.NOWHERE:
                return True

    def is_refused(self) -> bool:
        """It is said that the text was ignored."""
        return self.terminal.shows("Paste ignored, or keys that came all at once")()

    def look(self, place: str) -> None:
        """Nothing stands in another field, no secret is shown, and nothing was sent."""
        case, terminal = self.case, self.terminal
        if case.place is Place.NOWHERE:
            pause(terminal, 0.5)
        if case.field != "reason":
            try:  # another frame may be on its way
                terminal.until(lambda: row(terminal, "reason") in (None, "", "–"), 3.0)
            except TimeoutError:
                self.fail(f"{place}: the reason holds {row(terminal, 'reason')!r}")
        if case.place is Place.SECRET and case.answer[:7].encode() in terminal.output:
            self.fail(f"{place}: the secret was shown")
        if effects := self.simulator.control.effects():
            self.fail(f"{place}: sent {effects}")
        if not (case.may_be_refused and self.is_refused()):
            try:
                terminal.until(terminal.shows(case.title), PATIENCE)
            except TimeoutError:
                self.fail(f"{place}: not open")

    def leave(self, place: str) -> None:
        """Back to the main screen, as it was."""
        terminal, case = self.terminal, self.case

        def is_left() -> bool:
            is_open = case.name != "sort" and terminal.shows(case.title)()
            return is_at_home(terminal) and not is_open

        for _ in range(12):
            if is_left():
                break
            terminal.send(b"\x1b")
            until = time.monotonic() + 1.0
            while time.monotonic() < until and not is_left():
                terminal.pump(0.05)
        else:
            self.fail(f"{place}: Esc does not leave it")
        if case.opens.startswith("*"):
            terminal.send(b"\\")  # nothing marked
            pause(terminal, 0.1)
        if case.name == "sort":
            terminal.send(b"S")
            pause(terminal, 0.1)
            terminal.send(b"s")
            terminal.until(lambda: not terminal.shows(case.field)())

    def kept(self) -> None:
        """No file holds a secret."""
        if self.case.place is Place.SECRET:
            for path in self.home.rglob("*"):
                if path.is_file() and self.case.answer.encode() in path.read_bytes():
                    self.failures.append(f"{path} holds the secret")


def hurried(case: Case, programs: Programs, delays: tuple[float, ...]) -> list[str]:
    """What went wrong."""
    chance = random.Random(case.name)
    failures: list[str] = []
    for delay in delays:
        terminal, home = programs.get(case.project)
        opened = Opened(case, terminal, programs.simulator, home)
        opened.once(delay, chance)
        opened.kept()
        failures += opened.failures
        if opened.failures:  # the next one begins from the start
            programs.drop(case.project)
            if len(failures) > 5:
                break
    return failures


def burn() -> None:
    """Keep a processor busy."""
    while True:
        pass


@pytest.fixture
def load() -> Iterator[None]:
    """A machine with more to do than it can; every worker gives its share."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = range(number, BUSY, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    busy = [multiprocessing.get_context("spawn").Process(target=burn, daemon=True) for _ in share]
    for process in busy:
        process.start()
    yield
    for process in busy:
        process.kill()
        process.join()


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_answer_typed_in_a_hurry_goes_to_the_first_question_idle(case: Case, programs: Programs) -> None:
    failures = hurried(case, programs, DELAYS)
    assert not failures, "\n".join(failures)


@pytest.mark.campaign
@pytest.mark.usefixtures("load")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_on_a_busy_machine_too(case: Case, programs: Programs) -> None:
    failures = hurried(case, programs, DELAYS)
    assert not failures, "\n".join(failures)
