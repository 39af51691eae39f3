"""Diagnoses of a whole session: from a running one, from what it recorded, and at every moment of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.clocks import ManualClock
from tests.fixtures.session import until
from tests.history.fleets import Life
from tests.session.test_recorded import watching
from tests.test_project import PROJECT
from tui.clock import Moment
from tui.fleet.past import Event, Transition
from tui.fleet.reason import Reason
from tui.fleet.state import Fleet
from tui.fleet.store import Change
from tui.fleet.times import TimeStyle
from tui.history.events.derive import Step
from tui.history.files.folder_store import FolderReader
from tui.history.files.privacy import Privacy, recorded
from tui.history.timeline import History
from tui.session.past_at import PastAt
from tui.session.playback import Playback
from tui.session.reasons import Diagnoses
from tui.session.replayed import Replay
from tui.sim.http.server import serve

EPOCH = 1_786_000_000.0
PRIVACY = Privacy(b"k" * 32)


@pytest.mark.parametrize("seed", range(4))
def test_a_replay_gives_the_same_reasons_as_were_given_live(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a transition from a status that was not observed does not tell itself from a first sight
    monkeypatch.setattr("tests.history.fleets.STATUSES", ("Running", "Sleeping", "Error", "CrashLoop"))
    life, history, before = Life(seed), History(), Fleet()
    events: list[Event] = []
    transitions: dict[str, list[Transition]] = {}
    steps: list[Step] = []
    history.follow(steps.append)
    moments: list[tuple[Moment, Fleet, dict[str, Reason]]] = []
    for _ in range(80):
        fleet = life.step()
        at = Moment(EPOCH + life.at, life.at)
        fields = frozenset(name for name, value in vars(fleet).items() if value != vars(before)[name])
        if fields:
            history.take(Change(before, fleet, fields, at))
            events += steps[-1].events
            for item in steps[-1].transitions:
                transitions.setdefault(item.id, []).append(item)
        before = fleet
        reasons = dict(Diagnoses().of(fleet, history.past, at, TimeStyle.UTC))
        moments.append((at, recorded(fleet, PRIVACY), reasons))
    assert sum(len(reasons) for _, _, reasons in moments) > 20
    for at, fleet, reasons in moments:
        then = {id: [item for item in items if item.at <= at.unix] for id, items in transitions.items()}
        past = PastAt(history.past, events, at.unix, fleet=fleet, transitions=then)
        assert dict(Diagnoses().of(fleet, past, at, TimeStyle.UTC)) == reasons


@pytest.mark.waits
async def test_a_broken_agent_is_diagnosed_though_nobody_looks_and_the_recording_says_the_same(
    tmp_path: Path,
) -> None:
    async with serve("incident", speed=0) as simulator, watching(simulator, tmp_path) as session:
        session.client.sent.add("unexpected keyword")  # as a value of which an agent says that it is wrong

        def is_known(fleet: Fleet) -> bool:
            return len(fleet.log_errors) > 1 and fleet.suspects.keys() <= fleet.secrets.keys()

        fleet = await until(session, is_known)
        live = {
            agent.name: session.reasons(TimeStyle.UTC)[agent.agent_id]
            for agent in fleet.agents
            if agent.agent_id in session.reasons(TimeStyle.UTC)
        }
        key = session.project.key
    assert "KeyError: 'DEEPGRAM_API_KEY' · no secret of that name" in live["kyc-verifier"].text
    said = live["support-triage"].text
    assert "TypeError: AgentSession" in said and "***" in said and "unexpected" not in said
    reader = FolderReader(tmp_path / key)
    agent = next(agent for agent in fleet.agents if agent.name == "kyc-verifier")
    counted = reader.error_counts(agent.agent_id, 0.0, 2**40)
    assert counted and counted[-1].line == "KeyError: 'DEEPGRAM_API_KEY'"
    replay = Replay(PROJECT, Fleet(), clock=ManualClock())
    playback = Playback(replay, reader, lambda: session.past)
    assert await playback.end(newest=True)
    past = replay.reasons(TimeStyle.UTC)
    for name, reason in live.items():  # since when it is was told before the server's clock was known
        replayed = past[fleet_id(fleet, name)]
        assert replayed.text.partition(" · ")[2] == reason.text.partition(" · ")[2]
    playback.close()


def fleet_id(fleet: Fleet, name: str) -> str:
    """The id of an agent."""
    return next(agent.agent_id for agent in fleet.agents if agent.name == name)
