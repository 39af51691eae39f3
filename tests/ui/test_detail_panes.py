"""Status, versions, secrets: what they say of the agent under the cursor, as `lk` says it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as with_fields

from tests.fixtures.views import column, view_of, with_agent, words
from tests.scenes import fleet
from tui.api.models import Agent, Deployment
from tui.clock import Moment
from tui.fleet.lists.cells import Cells
from tui.fleet.state import Fleet, Freshness
from tui.fleet.times import TimeStyle
from tui.fleet.view import View
from tui.session.reasons import Diagnoses
from tui.ui.panes.agents import AgentsPane
from tui.ui.panes.dispatches import DispatchesPane
from tui.ui.panes.freshness import freshness
from tui.ui.panes.lists import ListPane
from tui.ui.panes.secrets import SecretsPane
from tui.ui.panes.status import TABLE_FROM, StatusPane
from tui.ui.panes.versions import VersionsPane


def rows(pane: ListPane, view: View) -> list[Cells]:
    """Every row."""
    return [pane.cells(view, key) for key in pane.keys(view)]


def block(view: View) -> dict[str, str]:
    """The fields of an agent with one deployment."""
    return {cells[0].text.strip(): cells[1].text for cells in rows(StatusPane(), view)}


def table(view: View) -> list[dict[str, str]]:
    """The deployments side by side."""
    pane = StatusPane()
    pane.fit(TABLE_FROM)
    ids = [item.id for item in pane.columns()]
    return [
        dict(zip(ids, (cell.text for cell in cells), strict=True))
        for cells in rows(pane, view)
        if len(cells) > 1
    ]


def altered(**changes: object) -> View:
    """`concierge` with another deployment."""
    view = view_of("incident", "concierge")
    agent = view.agent
    assert agent is not None
    (row,) = agent.agent_deployments
    return with_agent(view, agent, agent_deployments=(with_fields(row, **changes),))


@pytest.mark.parametrize(
    ("cpu", "memory", "shown"),
    [
        ("0", "0", ("0m / 2000m", "0 / 4GB")),
        ("2", "512Mi", ("2000m / 2000m", "0.5 / 4GB")),
        ("1.5", "1234567890", ("1500m / 2000m", "1.1 / 4GB")),
        ("123456789n", "100Mi", ("124m / 2000m", "0.098 / 4GB")),
        ("250u", "99.5Gi", ("1m / 2000m", "1e+02 / 4GB")),
        ("100e-3", "2.25Gi", ("100m / 2000m", "2.2 / 4GB")),
        ("nonsense", "", (" / 2000m", " / 4GB")),
    ],
)
def test_measures_as_lk_prints_them(cpu: str, memory: str, shown: tuple[str, str]) -> None:
    view = altered(cur_cpu=cpu, cur_mem=memory, cpu_limit="2000m", mem_limit="4Gi")
    found = block(view)
    assert (found["cpu"], found["mem"]) == shown
    (row,) = table(view)
    assert (row["cpu"], row["mem"]) == shown


def test_a_deployment_as_lk_prints_it() -> None:
    (row,) = table(view_of("incident", "concierge"))
    agent = view_of("incident", "concierge").agent
    assert agent is not None
    (deployment,) = agent.agent_deployments
    assert row["name"] == "concierge"
    assert row["version"] == (deployment.version or agent.version)
    assert row["deployment"] == "production", "the name that every other screen has for it"
    assert row["replicas"] == f"{deployment.replicas} / {deployment.min_replicas} / {deployment.max_replicas}"
    assert row["deployed"].endswith("Z") and "T" in row["deployed"]


def test_a_deployment_has_the_same_name_whether_others_are_enabled_or_not() -> None:
    for enabled in (True, False):
        (row,) = table(altered(deployment_enabled=enabled))
        assert row["deployment"] == "production"
    (row,) = table(altered(deployment_enabled=True, deployment="staging"))
    assert row["deployment"] == "staging"


def test_what_was_never_observed() -> None:
    view = altered(last_scraped_at=None)
    (row,) = table(view)
    assert (row["name"], row["observed"]) == ("--", "--")
    assert row["cpu"].startswith("- / ") and row["mem"].startswith("- / ")


def test_a_block_says_status_and_events_once_where_nothing_was_diagnosed() -> None:
    pane, view = StatusPane(), view_of("incident", "kyc-verifier")
    found = rows(pane, view)
    assert [cell.text for cell in found[0]] == ["↻ CrashLoop", "eu-central · production"]
    assert found[0][0].tone == "error"
    assert found[1][0].text == "  since", "status, replicas and event are not said twice"
    assert found[-1][1].text == "crashed ×5, last <1m"


def test_the_diagnosis_of_an_agent_comes_before_its_deployments_which_do_not_repeat_it() -> None:
    view = view_of("incident", "support-triage")
    view = replace(
        view, reasons=Diagnoses().of(view.fleet, view.past, Moment(view.now, view.monotonic), view.times)
    )
    for width in (TABLE_FROM - 40, TABLE_FROM):
        pane = StatusPane()
        pane.fit(width)
        keys = list(pane.keys(view))
        said = [" ".join(cell.text for cell in pane.cells(view, key)) for key in keys]
        diagnosed = " ".join(line.strip() for key, line in zip(keys, said, strict=True) if key[0] == "\0")
        text = view.reasons[view.selection.agent_id].text
        assert "".join(diagnosed.split()) == "".join(f"diagnosis {text} · R rolls back".split())
        assert not any(line.endswith("-") for line in said), "a date or a branch stays whole"
        assert keys[0][0] == "\0"
        assert sum(line.lstrip().startswith("diagnosis") for line in said) == 1
    healthy = replace(view_of("incident", "concierge"), reasons=view.reasons)
    assert not any("diagnosis" in key for key in StatusPane().keys(healthy))


def test_the_worst_deployment_comes_first() -> None:
    pane, view = StatusPane(), view_of("incident", "pharmacy-refill")
    heads = [cells[1].text for cells in rows(pane, view) if cells[0].text.startswith(("◆", "●"))]
    assert heads == ["ap-south · production", "us-east · production"]


def test_every_row_of_every_agent_has_words() -> None:
    """Also with names of regions that look like our keys."""
    for known in ("incident", "statuses", "hostile"):
        for agent in fleet(known).agents:
            view = replace(
                view_of(known), selection=replace(view_of(known).selection, agent_id=agent.agent_id)
            )
            pane = StatusPane()
            for width in (40, TABLE_FROM):
                pane.fit(width)
                assert all(rows(pane, view)), (known, agent.name)


def test_times_follow_the_operator() -> None:
    view = view_of("incident", "concierge")
    assert block(view)["deployed"].endswith("Z")
    assert block(replace(view, times=TimeStyle.LOCAL))["deployed"].endswith("UTC")


def test_versions_newest_first_with_what_they_do() -> None:
    pane, view = VersionsPane(), view_of("incident", "support-triage")
    versions = column(pane, view, "version")
    assert versions == sorted(versions, reverse=True)
    assert column(pane, view, "role")[:2] == ["current active", "draining"]
    assert column(pane, view, "branch")[0] == "feat/turn-detection"
    assert words(pane.title(view)) == " support-triage [5]"
    assert [cells[1].tone for cells in rows(pane, view)[:2]] == ["ok", "busy"]


def test_secrets_are_names_and_times_and_never_values() -> None:
    pane, view = SecretsPane(), view_of("incident", "kyc-verifier")
    assert column(pane, view, "name") == ["ONFIDO_TOKEN", "OPENAI_API_KEY"]
    assert column(pane, view, "kind") == ["env", "env"]
    assert words(pane.title(view)) == " kyc-verifier [2]"
    assert all("value" not in item.__struct_fields__ for item in view.fleet.secrets[view.selection.agent_id])


def test_nothing_received_is_not_said_to_be_none() -> None:
    view = view_of("incident", "concierge")
    panes = StatusPane(), VersionsPane(), SecretsPane()
    unlisted = replace(view, fleet=replace(view.fleet, agents=(), index={}, freshness={}))
    for pane in panes:
        assert pane.empty(unlisted) == (
            "Nothing is known of this agent: the list of agents was not received yet."
        )
    refused = {"versions": Freshness(failures=1, error="no"), "secrets": Freshness(failures=1, error="no")}
    unread = replace(view, fleet=replace(view.fleet, freshness=refused, versions={}, secrets={}))
    assert [pane.empty(unread) for pane in panes[1:]] == ["Not received: no"] * 2
    old = Freshness(at=view.monotonic - 300, failures=3, error="no answer in time")
    stale = replace(view.fleet, freshness=dict.fromkeys(("agents", "secrets"), old), agents=(), index={})
    assert AgentsPane().empty(replace(view, fleet=stale)) == "No agents in this project as of 5m ago."
    bare = replace(view.fleet, freshness={"secrets": old}, secrets={view.selection.agent_id: ()})
    assert SecretsPane().empty(replace(view, fleet=bare)) == "No secrets as of 5m ago."


@pytest.mark.parametrize("pane", [StatusPane, VersionsPane, SecretsPane])
def test_why_a_detail_is_empty(pane: type[ListPane]) -> None:
    made, view = pane(), view_of("incident")
    assert list(made.keys(view)) == []
    assert made.empty(view) == "No agent selected."
    assert freshness(view, made.fresh(view)).text == "live", "nothing is being loaded"
    nothing = replace(view, fleet=Fleet())
    assert made.empty(nothing) == freshness(nothing, made.fresh(nothing)).text == "loading…"
    refused = replace(view, fleet=Fleet(freshness={"agents": Freshness(failures=1, error="no")}))
    assert made.placeholder(refused, made.fresh(refused)) == "Nothing received yet: no"
    assert made.empty(replace(nothing, is_past=True)) == "Not loaded by then."


def test_details_that_are_not_there_yet_are_told_from_those_that_are_none() -> None:
    view = view_of("incident", "concierge")
    nothing = replace(view, fleet=replace(view.fleet, versions={}, secrets={}))
    assert (VersionsPane().empty(nothing), SecretsPane().empty(nothing)) == ("loading…", "loading…")
    begun = replace(view, fleet=Fleet())
    for said, seen in (("loading…", begun), ("Not loaded by then.", replace(begun, is_past=True))):
        assert AgentsPane().empty(seen) == DispatchesPane().empty(seen) == said
    agent_id = view.selection.agent_id
    none = replace(view, fleet=replace(view.fleet, versions={agent_id: ()}, secrets={agent_id: ()}))
    assert VersionsPane().empty(none) == "No version was built yet."
    assert SecretsPane().empty(none) == "No secrets. ctrl+n adds one, I imports a file."


def test_an_agent_without_deployments() -> None:
    view = view_of("incident", "concierge")
    agent = view.agent
    assert isinstance(agent, Agent)
    bare = with_agent(view, agent, agent_deployments=())
    assert list(StatusPane().keys(bare)) == []
    assert StatusPane().empty(bare) == "This agent has no deployment."


def test_the_rows_of_an_agent_are_no_other_agents_rows() -> None:
    for pane in (StatusPane(), VersionsPane(), SecretsPane()):
        assert pane.subject(view_of("incident", "concierge")) != pane.subject(
            view_of("incident", "kyc-verifier")
        )


def test_rows_of_an_earlier_visit_are_not_called_live() -> None:
    """Until something was heard of this agent, whatever was heard of the one before."""
    view = view_of("incident", "concierge")
    for pane in (VersionsPane(), SecretsPane()):
        for subject, told in (("CA_other", "loading…"), (view.selection.agent_id, "live")):
            known = {**view.fleet.freshness, pane.SOURCE: Freshness(at=1039.0, subject=subject)}
            seen = replace(view, fleet=replace(view.fleet, freshness=known))
            assert freshness(seen, pane.fresh(seen)).text == told


@pytest.mark.parametrize(
    ("fresh", "shown", "tone"),
    [
        (Freshness(), "loading…", "muted"),
        (Freshness(at=1040.0), "live", "muted"),
        (Freshness(at=940.0), "1m old", "warn"),
        (Freshness(at=1036.0, failures=1, error="x"), "retrying", "muted"),
        (
            Freshness(at=1010.0, failures=3, error="no answer", retry_at=1049.0),
            "stale 30 s · retry 4 in 9 s · no answer",
            "warn",
        ),
        (
            Freshness(at=1010.0, failures=3, error="no answer", retry_at=1040.0),
            "stale 30 s · retry 4 now · no answer",
            "warn",
        ),
        (Freshness(failures=2, error="no answer"), "no data: no answer", "error"),
        (Freshness(absent=True), "not on this server", "muted"),
        (
            Freshness(at=1.0, parked=True, error="ValueError: x"),
            "stopped: ValueError: x · ctrl+r tries again",
            "error",
        ),
    ],
)
def test_how_current_a_pane_is(fresh: Freshness, shown: str, tone: str) -> None:
    cell = freshness(view_of("incident"), fresh)
    assert (cell.text, cell.tone) == (shown, tone)


def test_a_row_with_unknown_events_is_shown() -> None:
    view = view_of("incident", "kyc-verifier")
    agent = view.agent
    assert agent is not None
    (row,) = agent.agent_deployments
    assert isinstance(row, Deployment)
    event = with_fields(row.events[0], type="AGENT_EVENT_TYPE_SOMETHING_NEW")
    found = block(with_agent(view, agent, agent_deployments=(with_fields(row, events=(event,)),)))
    assert found["event"].startswith("something new ×5")
