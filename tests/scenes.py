"""Still scenes: snapshot tests hold them, `python -m tests.scenes` makes `screenshots/` of them.

A scene's data come from the simulator over real sockets through the real client, with both clocks frozen.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct, structs
from textual.app import App
from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import Screen

from tests.deploy import pictures
from tests.fixtures.clocks import EPOCH, QuickClock, RestedClock, StillClock
from tests.fixtures.recordings import MemoryReader
from tests.idle import handled, is_busy
from tests.operations import pictures as dialogs
from tests.portrait import SIZES, Size, resize, strips
from tui.analysis.away import Absence, summarize
from tui.api.errors import ApiError
from tui.api.models import Deployment, Dispatch, Job
from tui.fleet.past import Gap, Transition
from tui.fleet.state import Fleet, Freshness, with_participants
from tui.fleet.status import worst
from tui.fleet.times import when
from tui.fleet.view import Selection, View
from tui.history.timeline import Timeline
from tui.logs.glance import read_errors
from tui.logs.hub import LogHub
from tui.logs.source import StreamPhase
from tui.project import Project
from tui.secret import Secret
from tui.session.live import Session
from tui.session.log_errors import LogErrors
from tui.session.log_sources import sources
from tui.session.replayed import REFUSAL, Replay
from tui.session.watched import Link
from tui.sim.http.server import Simulator, serve
from tui.ui.app import Lktop
from tui.ui.dialogs.unlock import UnlockDialog
from tui.ui.launch import Launch
from tui.ui.logview import LogView
from tui.ui.logview.lines import LogBar, LogLines
from tui.ui.overlays.away import AwayScreen
from tui.ui.panes.logs import LogsPane
from tui.ui.terminal.detect import Terminal
from tui.ui.terminal.screenshot import align

FOLDER = Path(__file__).parent.parent / "screenshots"
NOWHERE = Path("/dev/null/nowhere")
"""A folder in which not even root can write."""
START = EPOCH
"""The time at which scenes begin, Unix seconds."""
LATER = 40.0
"""Seconds between the two polls of a scene: what changed in between carries change marks."""
PROJECT = Project(
    name="demo",
    url="http://127.0.0.1:7880",
    agents_url="http://127.0.0.1:7880",
    api_key="key-of-the-scenes",
    api_secret=Secret("canary-of-the-scenes"),
    source="simulator started by lktop demo",
)
TERMINAL = Terminal(
    columns=120,
    rows=40,
    term="xterm-256color",
    program="",
    colors="truecolor",
    no_color=False,
    unicode=True,
    encoding="utf-8",
    multiplexer="",
)


LogKey = tuple[str, str, str]
"""Agent, cluster, deployment."""
Transcripts = Mapping[LogKey, bytes]


class Transcribed:
    """A log client that sends recorded bytes and then stays silent."""

    def __init__(self, transcripts: Transcripts) -> None:
        self._transcripts = transcripts

    def logs(
        self, agent_id: str, *, log_type: str = "deploy", deployment: str = "", server_region: str = ""
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a stream."""
        return self._open(self._transcripts.get((agent_id, server_region, deployment), b""))

    @asynccontextmanager
    async def _open(self, transcript: bytes) -> AsyncIterator[AsyncIterator[bytes]]:
        async def chunks() -> AsyncIterator[bytes]:
            if transcript:
                yield transcript
            await asyncio.Event().wait()

        yield chunks()


def still(
    found: Fleet,
    past: Timeline,
    transcripts: Transcripts,
    project: Project = PROJECT,
    *,
    recorded: bool = False,
    live: bool = False,
) -> Replay:
    """A recorded session that looks like a live one; `recorded` says that it has a past to go through.

    With `live` one comes back from there to now.
    """
    clock = QuickClock(START + LATER)
    logs = LogHub(Transcribed(transcripts), clock=clock, random=random.Random(1), folder=None)
    link = Link(hosts=urlsplit(project.url).netloc, used=12, budget=600)
    read = (lambda: MemoryReader(moments(found), past.events, GAPS, first_looks(found))) if recorded else None
    refusal = "" if live else REFUSAL
    return Replay(project, found, past=past, clock=clock, logs=logs, link=link, read=read, refusal=refusal)


def first_looks(found: Fleet) -> list[Transition]:
    """What all agents were when they were first looked at."""
    at = START + LATER - 600
    return [Transition(agent.agent_id, "", worst(agent).name, None, at) for agent in found.agents]


S = TypeVar("S", bound=Struct)


def moments(found: Fleet) -> list[tuple[float, float, Fleet]]:
    """What was known in the minutes before: one agent was not broken yet, another was not there."""
    began = without("support-triage")(found)
    at, answered = START + LATER, found.fresh("agents").at or 0.0
    fleets = ((600, earlier(began, 600)), (180, earlier(began, 180)), (60, earlier(found, 60)))
    return [(at - ago, answered, fleet) for ago, fleet in fleets]


def earlier(found: Fleet, seconds: int) -> Fleet:
    """A fleet in which all that has a time happened so much earlier."""
    by = timedelta(seconds=seconds)

    def row(item: Deployment) -> Deployment:
        events = tuple(
            structs.replace(event, timestamp=event.timestamp and event.timestamp - by)
            for event in item.events
        )
        seen = item.last_scraped_at and item.last_scraped_at - by
        return structs.replace(item, events=events, last_scraped_at=seen)

    def moved(item: S, *names: str) -> S:
        times = {name: at - seconds * 10**9 for name in names if (at := getattr(item, name))}
        return structs.replace(item, **times)

    def job(item: Job) -> Job:
        state = item.state and moved(item.state, "started_at", "ended_at", "updated_at")
        return structs.replace(item, state=state)

    def dispatch(item: Dispatch) -> Dispatch:
        if item.state is None:
            return item
        state = structs.replace(moved(item.state, "created_at"), jobs=tuple(map(job, item.jobs)))
        return structs.replace(item, state=state)

    agents = tuple(
        structs.replace(agent, agent_deployments=tuple(map(row, agent.agent_deployments)))
        for agent in found.agents
    )
    dispatches = {room: tuple(map(dispatch, items)) for room, items in found.dispatches.items()}
    rooms = tuple(structs.replace(room, creation_time=room.creation_time - seconds) for room in found.rooms)
    index = {agent.agent_id: agent for agent in agents}
    return replace(found, agents=agents, index=index, rooms=rooms, dispatches=dispatches)


GAPS: Final = (Gap("samples", START + LATER - 500, START + LATER - 400),)


def fleet(scenario: str, agents: int | None = None) -> Fleet:
    """What a session knows after two polls of a scenario."""
    return known(scenario, agents)[0]


@lru_cache(maxsize=16)
def known(scenario: str, agents: int | None) -> tuple[Fleet, Timeline, Transcripts]:
    """The fleet, its past, and the logs of its worst agents."""
    return asyncio.run(_look(scenario, agents))


async def _look(scenario: str, agents: int | None) -> tuple[Fleet, Timeline, Transcripts]:
    async with serve(
        scenario=scenario, seed=1, speed=0, start_time=START, agents=agents, missing_room_seconds=0.0
    ) as server:
        project = Project(
            name="demo",
            url=server.url,
            agents_url=server.url,
            api_key=server.key,
            api_secret=Secret(server.secret),
            source="scene",
            requests_per_minute=100_000,
        )
        clock = StillClock()
        session = Session(project, clock=clock, chance=random.Random(1), refresh=2.0)
        try:
            await _round(session)
            server.advance(LATER)
            clock.at += LATER
            await _round(session)
            await _details(session)
            await _participants(session, clock)
            transcripts = await _transcripts(session, server)
            _look_into_logs(session, transcripts, clock)
        finally:
            await session.client.aclose()
        assert isinstance(session.past, Timeline)
        return session.store.fleet, session.past, transcripts


async def _round(session: Session) -> None:
    await session.poller.once()
    while session.store.fleet.coverage.polled < len(session.store.fleet.rooms):
        before = session.store.fleet.coverage.polled
        await session.poller.once()
        if session.store.fleet.coverage.polled == before:
            return  # a scenario whose rooms do not answer


async def _details(session: Session) -> None:
    for agent in session.store.fleet.agents[:60]:
        session.select(Selection(agent_id=agent.agent_id))
        await session.poller.once()


async def _participants(session: Session, clock: StillClock) -> None:
    """Who is in the rooms that are first in the list."""
    for name in [room.name for room in session.store.fleet.rooms[:60]]:
        try:
            people = (await session.remote.list_participants(name)).items
        except ApiError:
            continue  # a scenario whose rooms do not answer
        session.store.update(partial(with_participants, room=name, participants=people, at=clock.monotonic()))


async def _transcripts(session: Session, server: Simulator) -> Transcripts:
    """What the three worst agents had logged so far."""
    found: dict[LogKey, bytes] = {}
    listed = sorted(session.store.fleet.agents, key=lambda agent: (worst(agent).severity, agent.name))
    for agent in listed[:3]:
        record = server.app.agents.find(agent.agent_id)
        if record is None:
            continue
        for row in agent.agent_deployments:
            book = server.world.book(record, row.deployment)
            lines = len(book.snapshot(server.world.now, server.world.switches.log_backlog)[0])
            if not lines:
                continue
            asked = {"deployment": row.deployment, "server_region": row.server_region}
            text = b""
            async with session.client.logs(agent.agent_id, **asked) as chunks:
                async for chunk in chunks:
                    text += chunk
                    if text.count(b"\n") >= lines:
                        break
            found[agent.agent_id, row.server_region, row.deployment] = text
    return found


def _look_into_logs(session: Session, transcripts: Transcripts, clock: StillClock) -> None:
    """Read the errors of the worst agents, as the session does once it runs."""
    errors = LogErrors(clock)
    for agent in session.store.fleet.agents:
        for source in sources(agent):
            text = transcripts.get((agent.agent_id, source.server_region, source.deployment), b"")
            if text and source.log_type == "deploy":
                read_errors(text.splitlines(), source, clock, errors)
    session.store.update(lambda fleet: replace(fleet, log_errors=errors.take()[1]))


USUAL_SIZES: Final = (SIZES[0], SIZES[-1])
"""Sizes in which every scene is looked at; those that have more to show on a wide screen in all of them."""


def _unchanged(found: Fleet) -> Fleet:
    return found


@dataclass(frozen=True)
class Scene:
    """One state of the screen, and the keys that lead to it."""

    name: str
    scenario: str = "incident"
    keys: tuple[str, ...] = ()
    sizes: Sequence[Size] = USUAL_SIZES
    """Sizes of its portraits. The app is resized from one to the next, and shows every theme in each."""
    picture: Size | None = (120, 40)
    """Size of its picture in `screenshots/`; None for none."""
    themes: tuple[str, ...] = ()
    """Themes of further pictures, besides the dark one."""
    ascii_only: bool = False
    projects: tuple[Project, ...] = (PROJECT,)
    """The known projects; the first is watched."""
    rested: bool = False
    """The cursor has stayed on its agent long enough for the agent's log to be open."""
    recorded: bool = False
    """There is a past to go through."""
    live: bool = False
    """From which one comes back to now, as where a project is watched; from a recording one does not."""
    choose: bool = False
    """No project is watched; the operator is asked to choose."""
    change: Callable[[Fleet], Fleet] = _unchanged
    """Changes the fleet before the scene begins."""
    later: Callable[[Fleet], Fleet] = _unchanged
    """Changes the fleet after the keys."""
    over: Callable[[Lktop], Screen[None]] | None = None
    """Makes a screen to put on top."""

    @property
    def alone(self) -> bool:
        """Only the dialog is compared, not what is beside it."""
        return self.over is not None and self.picture is None

    def app(self, theme: str = "dark", theme_dirs: tuple[Path, ...] = ()) -> Lktop:
        """The program, with the scene's data behind it."""
        launch = Launch(
            project=None if self.choose else self.projects[0],
            projects=self.projects,
            terminal=TERMINAL,
            state_dir=NOWHERE,
            working_dir=NOWHERE,
            theme=theme,
            theme_dirs=theme_dirs,
            ascii_only=self.ascii_only,
        )
        found, past, transcripts = known(self.scenario, None)
        return Lktop(
            launch,
            clock=(RestedClock if self.rested else StillClock)(START + LATER),
            chance=random.Random(1),
            connect=lambda project: still(
                self.change(found), past, transcripts, project, recorded=self.recorded, live=self.live
            ),
        )

    @property
    def pictures(self) -> Mapping[tuple[Size, str], str]:
        """Size and theme of each of its pictures → the file's name."""
        if self.picture is None:
            return {}
        stem = f"{self.name}-{self.picture[0]}x{self.picture[1]}"
        more = {(self.picture, theme): f"{stem}-{theme}.svg" for theme in self.themes}
        return {(self.picture, "dark"): f"{stem}.svg", **more}

    def play(self) -> Callable[[Pilot[None]], Awaitable[None]]:
        """Presses the scene's keys."""

        async def press(pilot: Pilot[None]) -> None:
            await settled(pilot)
            app = pilot.app
            if self.rested and isinstance(app, Lktop) and app.main.logs.display:
                await read(app.main.logs, pilot)
            await typed(pilot, *self.keys)
            if self.later is not _unchanged and isinstance(app, Lktop) and app.session is not None:
                app.session.store.update(self.later)
                await settled(pilot)
            if self.over is not None and isinstance(app, Lktop):
                await app.push_screen(self.over(app))
                await settled(pilot)

        return press


async def read(pane: LogsPane, pilot: Pilot[None]) -> None:
    """Wait until the log is on the screen."""
    while not len(pane.reader.model.page.rows):
        await pilot.pause(0.01)
    await settled(pilot)


async def typed(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, each after everything that the one before has caused. Single characters are typed."""
    for key in keys:
        strike(pilot, key)
        await settled(pilot)


async def resized(pilot: Pilot[None], size: Size) -> None:
    """Resize the screen, unless it has this size."""
    if pilot.app.size != size:
        await resize(pilot, size)
        await settled(pilot)


async def worn(pilot: Pilot[None], theme: str) -> None:
    """Use another theme, unless it is in use."""
    if pilot.app.theme != theme:
        pilot.app.theme = theme
        await settled(pilot)


def strike(pilot: Pilot[None], key: str) -> None:
    """Press a key without waiting."""
    if len(key) == 1:
        pilot.app.post_message(Key(_character_to_key(key), key))
    else:
        pilot.app.simulate_key(key)


async def settled(pilot: Pilot[None]) -> None:
    """Wait until everything that was put off has been done and no message is on its way."""
    app = pilot.app
    quiet = 0
    while quiet < 2:  # a message that is being handled is in no queue, but its successor will be
        await handled(app)
        app.screen._on_timer_update()  # lays out and paints what waits for the next frame
        works = [work.wait() for work in app.workers if work.group == "default" and not work.is_finished]
        if works:
            await asyncio.gather(*works, return_exceptions=True)
        waits = works or is_busy(app) or is_connecting(app) or is_reading_past(app) or painted_now(app)
        quiet = 0 if waits else quiet + 1


def is_connecting(app: App[None]) -> bool:
    """Whether a log on the screen waits for its first stream."""
    logs = [view.model.log for view in app.screen.query(LogView)]
    return any(stream.phase is StreamPhase.CONNECTING for log in logs for stream in log.streams.values())


def is_reading_past(app: App[None]) -> bool:
    """Whether it is still being read since when agents had the status of the moment that is shown."""
    playback = app.time_travel.playback if isinstance(app, Lktop) else None
    return playback is not None and playback._reading is not None


def painted_now(app: App[None]) -> bool:
    """Paint at once what a log view would paint later; whether there was anything."""
    found = False
    for part in app.screen.walk_children():
        if isinstance(part, LogLines | LogBar) and part.is_pending:
            found = True
            part.paint_now() if isinstance(part, LogLines) else part.update_now()
    return found


def looks(app: App[None]) -> list[str]:
    """The lines on the screen."""
    return [strip.text for strip in strips(app)]


def without(name: str) -> Callable[[Fleet], Fleet]:
    """Makes the fleet as it is after this agent was deleted."""

    def change(found: Fleet) -> Fleet:
        agents = tuple(agent for agent in found.agents if agent.name != name)
        return replace(found, agents=agents, index={agent.agent_id: agent for agent in agents})

    return change


def unreachable(found: Fleet) -> Fleet:
    """The fleet after nothing has answered for a while."""
    fresh = {
        name: Freshness(
            at=LATER + 1000 - 24.0, failures=4, error="cannot connect: connection refused", retry_at=1048.0
        )
        for name in found.freshness
    }
    return replace(found, freshness=fresh)


def away(view: View) -> AwayScreen:
    """What changed while the operator was away for the last half hour."""
    absence = Absence(since=view.now - 1800.0, until=view.now)
    since = when(absence.since, now=view.now, style=view.clock_style)
    return AwayScreen(since, summarize(view, absence))


PRODUCTION = replace(
    PROJECT,
    name="prod-eu",
    url="https://prod-eu.livekit.cloud",
    agents_url="https://agents.livekit.cloud",
    source="config.toml",
    danger=True,
    read_only=True,
)
STAGING = replace(PROJECT, name="staging", url="https://staging.livekit.cloud", source="lk project list")


SCENES: tuple[Scene, ...] = (
    Scene("incident", sizes=SIZES, rested=True, themes=("light",)),
    Scene("statuses", sizes=SIZES, scenario="statuses"),
    Scene("status", sizes=SIZES, keys=("2", "f")),
    Scene("versions", rested=True, keys=("3",)),
    Scene("secrets", keys=("4",), picture=None),
    Scene("dispatches", sizes=SIZES, keys=("5", "f")),
    Scene("timeline", sizes=SIZES, keys=("7", "f")),
    Scene("past", keys=("ctrl+t", "left"), recorded=True, live=True),
    Scene("away", over=lambda app: away(app.main.view)),
    Scene("since", keys=("colon", *"since 5m", "enter"), sizes=SIZES[:2], picture=None),
    Scene("filter", rested=True, keys=("slash", *"status:error")),
    Scene("problems", keys=("exclamation_mark",), picture=None),
    Scene("command", keys=("colon", *"status sup"), picture=None),
    Scene("help", keys=("question_mark",)),
    Scene("wide", sizes=SIZES, keys=("f", "ctrl+w"), picture=(200, 50)),
    Scene("marks", keys=("space", "down", "space"), picture=None),
    Scene("empty", scenario="empty", picture=None),
    Scene("selfhosted", sizes=SIZES, scenario="selfhosted"),
    Scene("hostile", sizes=SIZES, scenario="hostile"),
    Scene("ascii", ascii_only=True, picture=None),
    Scene("logs", sizes=SIZES, keys=("l",)),
    Scene("logs-back", keys=("l", "g"), picture=None),
    Scene("logs-several", keys=("space", "down", "space", "l"), picture=None),
    Scene("ghost", keys=("j",), later=without("support-triage"), picture=None),
    Scene("stale", later=unreachable),
    Scene(
        "production",
        rested=True,
        projects=(PRODUCTION, STAGING),
    ),
    Scene("chooser", choose=True, projects=(PRODUCTION, STAGING, PROJECT), picture=None),
    Scene(
        "messages",
        keys=("colon", *"theme blue", "enter", "colon", *"messages", "enter"),
        picture=None,
    ),
    Scene("small", sizes=((50, 12),), picture=None),  # a larger terminal is not too small
    *(
        Scene(
            f"dialog-{name}",
            over=over,
            picture=(120, 40) if name in dialogs.SHOWN else None,
        )
        for name, over in dialogs.DIALOGS.items()
    ),
    Scene(
        "dialog-unlock",
        over=lambda app: UnlockDialog(dialogs.context(app), 15),
        projects=(PRODUCTION, STAGING),
        picture=None,
    ),
    Scene(
        "dialog-typed",
        over=dialogs.asking("restart"),
        projects=(replace(PRODUCTION, read_only=False), STAGING),
        picture=None,
    ),
    Scene("deploy-form", over=pictures.form),
    Scene("deploy-building", over=pictures.building),
    Scene("deploy-failed", over=pictures.failed),
)
"""Every scene, in the order of the pictures."""


def taken(app: App[None]) -> str:
    """The screen as SVG."""
    return align(app.export_screenshot(title="lktop"))


async def picture(scene: Scene, theme: str, size: Size) -> str:
    """A scene as SVG."""
    app = scene.app(theme)
    async with app.run_test(size=size) as pilot:
        await scene.play()(pilot)
        return taken(app)


def main() -> int:
    """Write every picture into the folder named, or `screenshots/`."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(exist_ok=True)
    for scene in SCENES:
        for (size, theme), name in scene.pictures.items():
            scene.app(theme)  # its data are fetched on an event loop of their own
            (folder / name).write_text(asyncio.run(picture(scene, theme, size)), encoding="utf-8")
            print(folder / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
