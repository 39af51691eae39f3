"""The list of agents: order, signs, filters that hide no problem silently, words for every emptiness."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as with_fields

from tests.fixtures.views import MONOTONIC, column, view_of, with_agent, words
from tests.scenes import fleet
from tui.api.text.clean import is_clean
from tui.fleet.lists.agent_columns import AGENT_COLUMNS
from tui.fleet.lists.cells import status_glyph
from tui.fleet.lists.listing import sorts
from tui.fleet.past import AgentChange
from tui.fleet.state import Fleet, Freshness
from tui.fleet.status import STATUSES, status
from tui.history.timeline import Timeline
from tui.ui.panes.agents import AgentsPane


def listed(pane: AgentsPane, known: str = "incident") -> list[str]:
    """The names in order."""
    return column(pane, view_of(known), "name")


def test_problems_come_first_then_names() -> None:
    pane = AgentsPane()
    assert listed(pane)[:7] == [
        *("kyc-verifier", "support-triage", "outbound-sales", "pharmacy-refill", "podcast-host"),
        *("(no name)", "appointment-reminder"),
    ]
    assert len(listed(pane)) == 49


def test_every_status_is_a_sign_a_word_and_a_tone() -> None:
    pane, view = AgentsPane(), view_of("statuses")
    seen = {}
    for key in pane.keys(view):
        cells = pane.cells(view, key)
        assert cells[0].tone == cells[4].tone
        seen[cells[4].text] = (cells[0].text, cells[0].tone)
    for state in STATUSES:
        assert seen[state.name][0] == status_glyph(state)
    assert seen["Hibernating (beta)"] == ("?", "warn"), "unknown, as it came"
    assert {seen[name][1] for name in ("Error", "CrashLoop", "Build Failed", "Suspended")} == {"error"}
    assert {seen[name][1] for name in ("Sleeping", "Waking")} == {"sleep"}
    assert {seen[name][1] for name in ("Updating", "Scheduling", "Building", "Deleting")} == {"busy"}


def test_the_order_of_severity() -> None:
    found = column(AgentsPane(), view_of("statuses"), "state")
    assert found == [
        *("CrashLoop", "Error", "Build Failed", "Server Error", "Hibernating (beta)", "Suspended", "Waking"),
        *("Updating", "Scheduling", "Building", "Setting Up", "Deleting", "Running", "Sleeping", "Deleted"),
    ]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("status:error", ["kyc-verifier", "support-triage", "outbound-sales", "pharmacy-refill"]),
        ("status:crashloop !kyc", ["support-triage"]),
        ("-f sprttrg", ["support-triage"]),
        ("^kyc", ["kyc-verifier"]),
        ("events>2", ["kyc-verifier", "support-triage", "telehealth-intake"]),
        ("version:mixed", ["drive-thru"]),
        ("region:ap-south status:error", ["pharmacy-refill"]),
        ("status!=running status!=sleep age<1h", ["support-triage", "podcast-host"]),
        ("name:desk region:us-east !front", ["it-helpdesk", "library-desk"]),
        ("nothing-like-this", []),
    ],
)
def test_filters(expression: str, names: list[str]) -> None:
    pane = AgentsPane()
    assert pane.set_filter(expression) == ""
    assert listed(pane) == names


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("(", "not a regular expression"),
        ("colour=red", "no field 'colour'; there are age, "),
        ("events>many", "events> needs a number"),
    ],
)
def test_a_bad_filter_keeps_the_last_good_result(expression: str, problem: str) -> None:
    pane = AgentsPane()
    pane.set_filter("status:error")
    before = listed(pane)
    assert problem in pane.set_filter(expression)
    assert listed(pane) == before
    assert pane.active_filter.source == "status:error"


def test_a_filter_never_hides_a_problem_silently() -> None:
    pane, view = AgentsPane(), view_of("incident")
    pane.set_filter("concierge")
    pane.keys(view)
    assert words(pane.title(view)) == " [1/49] !4 hidden </concierge>"
    pane.set_filter("status:error")
    pane.keys(view)
    assert words(pane.title(view)) == " [4/49] </status:error>"
    pane.set_filter("")
    pane.keys(view)
    assert words(pane.title(view)) == " [49]"
    cut = replace(view, fleet=replace(view.fleet, cut={"agents": 49, "rooms": 3}))
    assert words(pane.title(cut)) == " [49] cut at 49"
    assert (pane.left_out(cut), pane.left_out(view)) == ("the list of agents was cut at 49", "")
    assert pane.inputs(cut) != pane.inputs(view), "nothing else may have changed"


def test_problems_only() -> None:
    pane, view = AgentsPane(), view_of("incident")
    pane.toggle_problems()
    assert len(pane.keys(view)) == 4
    assert "problems only" in words(pane.title(view))
    pane.toggle_problems()
    assert len(pane.keys(view)) == 49


def _by(expected: str, agents: Fleet) -> list[str]:
    """Names in the order that a sort key stands for, computed in another way."""
    rows = {item.agent_id: item for item in agents.agents}
    keys = {
        "name": lambda item: (item.name.casefold(), item.agent_id),
        "id": lambda item: (item.agent_id,),
        "replicas": lambda item: (
            -sum(row.replicas for row in item.agent_deployments),
            item.name.casefold(),
            item.agent_id,
        ),
    }
    return [item.name or "(no name)" for item in sorted(rows.values(), key=keys[expected])]


@pytest.mark.parametrize("name", ["name", "id", "replicas"])
def test_sorting_by_a_column_and_back(name: str) -> None:
    pane = AgentsPane()
    pane.sort_by(name)
    assert listed(pane) == _by(name, fleet("incident"))
    pane.sort_by(name)
    assert listed(pane) == _by(name, fleet("incident"))[::-1]


@pytest.mark.parametrize("name", sorts(AGENT_COLUMNS))
def test_every_sort_shows_every_agent(name: str) -> None:
    pane = AgentsPane()
    pane.sort_by(name)
    assert len(set(pane.keys(view_of("incident")))) == 49


def test_the_sign_of_a_status_sorts_as_its_word() -> None:
    pane = AgentsPane()
    pane.sort_by("name")
    pane.sort_by("status")
    assert pane.sort == "state"


def test_figures_that_move_at_every_observation_are_no_change() -> None:
    view = view_of("incident")
    agent = next(item for item in view.fleet.agents if item.name == "concierge")
    (row,) = agent.agent_deployments
    pane = AgentsPane()
    for changes, marked in (({"cur_cpu": "999m"}, False), ({"status": "CrashLoop"}, True)):
        after = with_agent(view, agent, agent_deployments=(with_fields(row, **changes),))
        changes = {agent.agent_id: AgentChange(agent, MONOTONIC - 5.0)}
        after = replace(after, past=Timeline(changes=changes))
        change = pane.changed(after, agent.agent_id)
        assert (change is not None) is marked
        if change is not None:
            signs = dict(zip([item.id for item in AGENT_COLUMNS], change.signs, strict=True))
            assert (change.age, signs.pop("state"), set(signs.values())) == (5.0, "Δ", {" "})


def test_names_that_look_alike_are_marked() -> None:
    found = listed(AgentsPane(), "hostile")
    assert [name for name in found if name.endswith("≠")]
    assert "admin" in found, "the plain one is not suspect"
    assert all(is_clean(name) for name in found)


@pytest.mark.parametrize(
    ("known", "problems", "why"),
    [
        ("empty", False, "No agents in this project. ctrl+o deploys one from the working directory."),
        ("calm", True, "No problems. ! shows every agent."),
    ],
)
def test_why_there_are_no_rows(known: str, problems: bool, why: str) -> None:
    pane, view = AgentsPane(), view_of(known)
    pane.problems_only = problems
    assert len(pane.keys(view)) == 0
    assert pane.placeholder(view, pane.fresh(view)) == why


def test_why_there_are_no_rows_on_other_servers_and_with_a_filter() -> None:
    pane, view = AgentsPane(), view_of("selfhosted")
    assert "self-hosted" in pane.placeholder(view, pane.fresh(view))
    broken = replace(
        view, fleet=Fleet(freshness={"agents": Freshness(failures=2, error="connection refused")})
    )
    assert pane.placeholder(broken, pane.fresh(broken)) == "Nothing received yet: connection refused"
    failing = replace(view, fleet=Fleet(freshness={"agents": Freshness(at=1.0, failures=1, error="x")}))
    assert pane.placeholder(failing, pane.fresh(failing)).startswith("No agents in this project.")
    pane.set_filter("zzz")
    assert "'zzz'" in pane.placeholder(view_of("incident"), Freshness(at=1.0))


def test_an_agent_that_was_never_deployed_or_observed() -> None:
    pane, view = AgentsPane(), view_of("incident")
    key = next(item.agent_id for item in view.fleet.agents if not item.name)
    cells = {item.id: cell.text for item, cell in zip(pane.COLUMNS, pane.cells(view, key), strict=True)}
    assert cells["version"] == "none"
    assert cells["deployed"] == "never"
    assert status(cells["state"]).name == "Setting Up"
