"""How much happens in a room: it decides how often its dispatches and participants are asked for."""

from __future__ import annotations

import pytest

from tui.api.models import Dispatch, DispatchState, Job, JobState, Participant
from tui.fleet.polling.activity import LOOKED_AT, WAITS_FOR, YOUNG_FOR, activity
from tui.fleet.polling.participant_scheduler import Need
from tui.fleet.polling.room_scheduler import Activity

NOW = 1_786_000_000.0


def dispatch(*jobs: Job, agent: str = "bot", created: float = NOW - 500) -> Dispatch:
    """A dispatch with these jobs."""
    state = DispatchState(jobs=jobs, created_at=int(created * 10**9))
    return Dispatch(id="AD_1", agent_name=agent, state=state)


def job(status: str, *, started: float = NOW - 500) -> Job:
    """A job whose agent has the default identity."""
    state = JobState(status=status, started_at=int(started * 10**9), participant_identity="agent-AJ_1")
    return Job(id="AJ_1", state=state)


AGENT = Participant(identity="agent-AJ_1", kind="AGENT")
CASES = [
    ("nothing", (), None, Activity.QUIET, Need.NONE),
    ("nobody takes it", (dispatch(created=NOW - WAITS_FOR + 1),), None, Activity.UNSETTLED, Need.NONE),
    ("nobody took it", (dispatch(created=NOW - WAITS_FOR - 1),), None, Activity.QUIET, Need.NONE),
    ("automatic dispatch", (dispatch(agent="", created=NOW),), None, Activity.QUIET, Need.NONE),
    ("it waits", (dispatch(job("JS_PENDING")),), None, Activity.UNSETTLED, Need.YOUNG),
    ("no state", (dispatch(Job(id="AJ_1")),), None, Activity.UNSETTLED, Need.YOUNG),
    (
        "it begins",
        (dispatch(job("JS_RUNNING", started=NOW - YOUNG_FOR + 1)),),
        None,
        Activity.UNSETTLED,
        Need.YOUNG,
    ),
    ("it runs", (dispatch(job("JS_RUNNING")),), None, Activity.RUNNING, Need.RUNNING),
    ("it is there", (dispatch(job("JS_RUNNING")),), (AGENT,), Activity.RUNNING, Need.RUNNING),
    ("it is not there", (dispatch(job("JS_RUNNING")),), (), Activity.UNSETTLED, Need.DOUBTFUL),
    ("it failed", (dispatch(job("JS_FAILED")),), None, Activity.QUIET, Need.PROBLEM),
    ("it ended", (dispatch(job("JS_SUCCESS")),), (), Activity.QUIET, Need.NONE),
    ("one of each", (dispatch(job("JS_FAILED"), job("JS_RUNNING")),), None, Activity.RUNNING, Need.PROBLEM),
]


@pytest.mark.parametrize(
    ("dispatches", "people", "how", "need"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_what_happens_in_a_room(
    dispatches: tuple[Dispatch, ...], people: tuple[Participant, ...] | None, how: Activity, need: Need
) -> None:
    assert activity(dispatches, people, NOW) == (how, need)


def test_of_very_many_dispatches_the_newest_decide() -> None:
    """All of a hundred thousand took a fifth of a second with each answer."""
    ended = (dispatch(job("JS_SUCCESS")),) * LOOKED_AT
    assert activity((*ended, dispatch(job("JS_RUNNING"))), None, NOW) == (Activity.RUNNING, Need.RUNNING)
    assert activity((dispatch(job("JS_RUNNING")), *ended), None, NOW) == (Activity.QUIET, Need.NONE)
