"""Why an agent is broken: what is said of which evidence, and that unknown is never said as none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace as with_fields

from tests.fixtures.views import view_of
from tui.analysis.diagnosis import Deploy, Evidence, diagnose, evidence
from tui.analysis.missing_variable import missing_variable
from tui.api.models import Agent, Deployment, instant
from tui.clock import Moment
from tui.fleet.find import listing_name
from tui.fleet.past import EMPTY_PAST, Since
from tui.fleet.reason import BUILD_LOG, LOG, LoggedError
from tui.fleet.state import Fleet, with_agents
from tui.fleet.times import TimeStyle
from tui.history.timeline import Timeline
from tui.operations.registry import BY_ID
from tui.session.reasons import OUTDATED_AFTER, Diagnoses
from tui.ui.keys.next_key import diagnosis, next_key

DEPLOYED = datetime(2026, 11, 29, 1, 22, tzinfo=UTC).timestamp()
SEEN = Since("CrashLoop", DEPLOYED + 120)
TAG = "20261129012200"
MARA = Deploy("mara", "feat/turn-detection", "20261128171200")
FIRST = Deploy("mara", "", "")
KEY = "KeyError: 'DEEPGRAM_API_KEY'"
CRASHING = Evidence("CrashLoop", SEEN, TAG, DEPLOYED, MARA, frozenset(), KEY, crashes=35)
LATE = Since("CrashLoop", None, DEPLOYED, DEPLOYED + 9_000)
OLD = Since("CrashLoop", DEPLOYED + 86_400 * 3)


def clock(at: float) -> str:
    """A time in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M")


V = "version 11-29 01:22"
WHO = f"{V} (mara, feat/turn-detection)"
NEITHER = "log not read · versions not asked"
IDLE = "no crash counted, 0 of {} replicas: may be scaled down"
TABLE = [
    (
        CRASHING,
        f"crashing since 01:24, 2 min after {WHO} · {KEY} · no secret of that name",
        "rollback",
    ),
    (
        with_fields(CRASHING, secrets=None),
        f"crashing since 01:24, 2 min after {WHO} · {KEY} · secrets not asked",
        "rollback",
    ),
    (
        with_fields(CRASHING, secrets=frozenset({"DEEPGRAM_API_KEY"})),
        f"crashing since 01:24, 2 min after {WHO} · {KEY} · a secret of that name",
        "rollback",
    ),
    (
        with_fields(CRASHING, deploy=None, secrets=None, error=None),
        f"crashing since 01:24, 2 min after {V} · crashed ×35 · {NEITHER}",
        LOG,
    ),
    (
        with_fields(CRASHING, error=None),
        f"crashing since 01:24, 2 min after {WHO} · crashed ×35 · log not read",
        "rollback",
    ),
    (
        with_fields(CRASHING, error=""),
        f"crashing since 01:24, 2 min after {WHO} · no error in its log · crashed ×35",
        "rollback",
    ),
    (
        with_fields(CRASHING, deploy=FIRST),
        f"crashing since 01:24, 2 min after {V} (mara) · {KEY} · no secret of that name",
        "new_secret",
    ),
    (
        with_fields(CRASHING, deploy=FIRST, read_in_part=frozenset({"secrets", "versions"})),
        f"crashing since 01:24, 2 min after {V} (mara) · {KEY}"
        " · secrets read in part · versions read in part",
        LOG,
    ),
    (
        with_fields(CRASHING, since=OLD),
        f"crashing since 01:22, 3 d after {WHO} · {KEY} · no secret of that name",
        "new_secret",
    ),
    (
        with_fields(CRASHING, since=OLD, error="TypeError: x"),
        f"crashing since 01:22, 3 d after {WHO} · TypeError: x",
        LOG,
    ),
    (
        with_fields(CRASHING, since=Since("CrashLoop", DEPLOYED - 600), error="TypeError: x"),
        f"crashing since 01:12, before {WHO} came · TypeError: x",
        LOG,
    ),
    (
        with_fields(CRASHING, since=Since("CrashLoop", DEPLOYED + 20), error="TypeError: x"),
        f"crashing since 01:22, right after {WHO} · TypeError: x",
        "rollback",
    ),
    (
        with_fields(CRASHING, since=Since("CrashLoop", None, DEPLOYED, DEPLOYED + 900), error="TypeError: x"),
        f"crashing since some time between 01:22 and 01:37, after {WHO} · TypeError: x",
        "rollback",
    ),
    (
        with_fields(
            CRASHING, since=Since("CrashLoop", None, DEPLOYED, DEPLOYED + 9_000), error="TypeError: x"
        ),
        f"crashing since some time between 01:22 and 03:52, after {WHO} · TypeError: x",
        LOG,
    ),
    (
        with_fields(CRASHING, since=Since("CrashLoop", None, None, DEPLOYED + 900), error="TypeError: x"),
        f"crashing since 01:37 or earlier, with {WHO} · TypeError: x",
        LOG,
    ),
    (
        with_fields(CRASHING, since=Since("CrashLoop", None, None, DEPLOYED - 900), error="TypeError: x"),
        f"crashing since 01:07 or earlier, before {WHO} came · TypeError: x",
        LOG,
    ),
    (
        with_fields(CRASHING, since=Since("CrashLoop", None, DEPLOYED), error="TypeError: x"),
        f"crashing since 01:22 or later, after {WHO} · TypeError: x",
        LOG,
    ),
    (
        with_fields(CRASHING, since=None, error="TypeError: x"),
        f"crashing since an unknown time, with {WHO} · TypeError: x",
        LOG,
    ),
    (
        with_fields(CRASHING, deployed_at=None, error="TypeError: x"),
        f"crashing since 01:24, with {WHO} · TypeError: x",
        LOG,
    ),
    (
        with_fields(CRASHING, memory=4, crashes=0, error=None, deploy=FIRST),
        f"crashing since 01:24, 2 min after {V} (mara) · restarted for memory ×4 · log not read",
        LOG,
    ),
    (
        with_fields(CRASHING, disk=2, crashes=0, error="", deploy=FIRST),
        f"crashing since 01:24, 2 min after {V} (mara) · restarted for a full disk ×2 · no error in its log",
        LOG,
    ),
    (
        Evidence("Error", Since("Error", DEPLOYED + 9_000), TAG, DEPLOYED, least=1),
        f"in error since 03:52, 2 h after {V} · {IDLE.format(1)} · {NEITHER}",
        "restart",
    ),
    (
        Evidence("Error"),
        f"in error since an unknown time · {IDLE.format(0)} · log not read",
        "restart",
    ),
    (
        Evidence("Build Failed", SEEN, TAG, DEPLOYED, replicas=2),
        "build failed since 01:24 · the build log says why · 2 replicas of the previous version run",
        BUILD_LOG,
    ),
    (Evidence("Server Error", SEEN, TAG, DEPLOYED), "failing on LiveKit's side since 01:24", ""),
    (Evidence("Suspended"), "suspended by LiveKit since an unknown time", ""),
    (
        Evidence("Melted", SEEN, replicas=1),
        "Melted, which LiveKit does not document, since 01:24 · log not read",
        LOG,
    ),
]


@pytest.mark.parametrize(("known", "text", "next_id"), TABLE)
def test_evidence_is_put_in_one_line_and_what_is_not_known_is_said(
    known: Evidence, text: str, next_id: str
) -> None:
    reason = diagnose(known, clock)
    assert (reason.text, reason.next_operation_id) == (text, next_id)
    assert next_id in (*BY_ID, LOG, BUILD_LOG, "")


AFTER = "after 11-29 01:22 (mara, feat/turn-detection)"


@pytest.mark.parametrize(
    ("known", "cause"),
    [
        # the variable first: where the column is narrow, the rest is cut off
        (
            CRASHING,
            f"DEEPGRAM_API_KEY: KeyError {AFTER} · no secret of that name",
        ),
        (
            with_fields(CRASHING, error="OPENAI_API_KEY is not set", since=OLD),
            "OPENAI_API_KEY is not set · no secret of that name",
        ),
        (
            with_fields(CRASHING, error="ValueError: pass api_key or set OPENAI_API_KEY in the environment"),
            f"OPENAI_API_KEY: ValueError {AFTER} · no secret of that name",
        ),
        (
            Evidence("Build Failed", SEEN, TAG, DEPLOYED, replicas=2),
            "see build log · 2 replicas of the previous version run",
        ),
        (
            with_fields(CRASHING, error="TypeError: " + "x" * 60),
            f"TypeError {AFTER}",
        ),
        (with_fields(CRASHING, error="y" * 60, since=OLD), "y" * 60),
        (with_fields(CRASHING, error=None, since=OLD), "crashed ×35"),
        (Evidence("CrashLoop"), "log not read"),
        (Evidence("Server Error", version=TAG), "LiveKit's side"),
        (Evidence("Suspended", version=TAG), "by LiveKit"),
    ],
)
def test_a_column_has_what_is_not_said_beside_it(known: Evidence, cause: str) -> None:
    assert diagnose(known, clock).cause == cause


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (KEY, "DEEPGRAM_API_KEY"),
        ("ValueError: DEEPGRAM_API_KEY must be set", "DEEPGRAM_API_KEY"),
        ("openai.OpenAIError: set the OPENAI_API_KEY environment variable", "OPENAI_API_KEY"),
        ("KeyError: 'name'", ""),
        ("ValueError: LIVEKIT_API_KEY must be set", ""),
        ("ConnectionError: BASE_URL answered 500", ""),
    ],
)
def test_a_missing_variable_is_found_in_the_words_of_an_error(error: str, name: str) -> None:
    assert missing_variable(error) == name


def test_every_next_step_has_a_key_on_an_agent() -> None:
    ids = ("rollback", "restart", "new_secret", LOG, BUILD_LOG)
    assert [next_key(id) for id in ids] == [
        *("R rolls back", "r restarts it", "s, then ctrl+n adds one", "l shows the log", "B shows it")
    ]
    assert next_key("") == ""
    reason, now = diagnose(CRASHING, clock), view_of("incident")
    assert diagnosis(reason, now) == f"{reason.text} · R rolls back"
    assert diagnosis(reason, replace(now, is_past=True)) == reason.text, "nothing can be done in the past"


def test_a_log_that_was_read_before_the_newest_deploy_says_nothing_of_what_runs() -> None:
    view = view_of("incident")
    agent = next(agent for agent in view.fleet.agents if agent.name == "support-triage")
    for deployed_at, error in ((instant(agent.deployed_at), "boom"), (1.0, None)):
        logged = {agent.agent_id: LoggedError("boom", deployed_at)}
        assert evidence(agent, replace(view.fleet, log_errors=logged), view.past, {}).error == error


def test_diagnoses_are_made_when_asked_for_and_kept_while_their_evidence_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view, made = view_of("incident"), list[Evidence]()
    now = Moment(view.now, view.monotonic)

    def count(known: Evidence, clock: object) -> object:
        made.append(known)
        return diagnose(known, lambda at: "")

    monkeypatch.setattr("tui.session.reasons.diagnose", count)
    diagnoses = Diagnoses()
    before = diagnoses.of(view.fleet, view.past, now, TimeStyle.LOCAL)
    assert not made, "nobody has asked"
    broken = list(before)
    assert len(broken) == len(before) >= 4
    healthy = next(agent.agent_id for agent in view.fleet.agents if agent.agent_id not in broken)
    assert before.get(healthy) is None and before.get("CA_gone") is None
    first = before[broken[0]]
    assert (
        diagnoses.of(view.fleet, view.past, Moment(now.unix + 30, now.monotonic + 30), TimeStyle.LOCAL)
        is before
    )
    agents = (with_fields(view.fleet.agents[0], agent_name="other"), *view.fleet.agents[1:])
    after = diagnoses.of(with_agents(view.fleet, agents), view.past, now, TimeStyle.LOCAL)
    assert after is not before and after != before, "something may differ"
    assert after[broken[0]] is first and len(made) == 1, "its evidence does not"
    assert diagnoses.of(view.fleet, view.past, now, TimeStyle.UTC)[broken[0]] is not first
    assert diagnoses.of(Fleet(), view.past, now, TimeStyle.UTC).get(broken[0]) is None


def test_a_filter_by_reasons_puts_nothing_together_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = (Deployment(status="CrashLoop"),)
    agents = tuple(Agent(agent_id=f"CA_{number}", agent_deployments=rows) for number in range(3_000))
    fleet, made = with_agents(Fleet(), agents, 1.0), list[str]()

    def count(agent: Agent, *rest: object) -> Evidence:
        made.append(agent.agent_id)
        return Evidence("CrashLoop")

    monkeypatch.setattr("tui.session.reasons.evidence", count)
    diagnoses = Diagnoses()
    for past in (EMPTY_PAST, Timeline()):  # another past, in which nothing of them differs
        reasons = diagnoses.of(fleet, past, Moment(10.0, 10.0), TimeStyle.UTC)
        assert len({id(reasons[agent.agent_id]) for agent in agents}) == len(made) == 3_000
    other = with_agents(fleet, (with_fields(agents[0], version="v2"), *agents[1:]), 2.0)
    assert dict(diagnoses.of(other, EMPTY_PAST, Moment(10.0, 10.0), TimeStyle.UTC)) and len(made) == 3_001


def test_secrets_that_were_listed_long_ago_are_dated() -> None:
    view = view_of("incident")
    agent = next(agent for agent in view.fleet.agents if agent.name == "kyc-verifier")
    error = LoggedError("KeyError: 'DEEPGRAM_API_KEY'", instant(agent.deployed_at))
    fleet = replace(view.fleet, log_errors={agent.agent_id: error})
    diagnoses, said = Diagnoses(), list[str]()
    for age in (0.0, OUTDATED_AFTER, OUTDATED_AFTER + 90.0):
        now = Moment(view.now + age, view.monotonic + age)
        known = replace(fleet, secrets_at={agent.agent_id: view.monotonic})
        said.append(diagnoses.of(known, view.past, now, TimeStyle.UTC)[agent.agent_id].text)
    assert said[0] == said[1] and said[0].endswith("no secret of that name")
    listed = datetime.fromtimestamp(view.now, UTC).strftime("%H:%M")
    assert said[2] == f"{said[0]} at {listed}", "somebody may have set it since"


def test_a_list_that_is_cut_from_now_on_ends_what_was_concluded_from_it() -> None:
    view = view_of("incident")
    agent = next(agent for agent in view.fleet.agents if agent.name == "kyc-verifier")
    error = LoggedError("KeyError: 'DEEPGRAM_API_KEY'", instant(agent.deployed_at))
    whole = replace(view.fleet, log_errors={agent.agent_id: error})
    cut = replace(whole, cut={listing_name("secrets", agent.agent_id): 3})
    diagnoses, now = Diagnoses(), Moment(view.now, view.monotonic)
    before, after = (
        diagnoses.of(fleet, view.past, now, TimeStyle.UTC)[agent.agent_id].text for fleet in (whole, cut)
    )
    assert before.endswith("no secret of that name") and not after.endswith("no secret of that name")


def test_of_two_days_both_are_named() -> None:
    def dated(at: float) -> str:
        return clock(at) if at > DEPLOYED + 900 else f"11-29 {clock(at)}"

    since = Since("CrashLoop", None, DEPLOYED, DEPLOYED + 86_400)
    said = diagnose(with_fields(CRASHING, since=since), dated).text
    assert said.startswith("crashing since some time between 11-29 01:22 and today 01:22, after")
