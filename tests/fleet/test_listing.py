"""Lists as data: a column is declared once, and rows are filtered and sorted without a screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fixtures.views import view_of
from tests.scenes import fleet
from tui.fleet.facts import AgentFacts
from tui.fleet.facts_cache import FactsCache
from tui.fleet.lists.agent_columns import AGENT_COLUMNS
from tui.fleet.lists.cells import Cell
from tui.fleet.lists.detail_columns import VERSION_COLUMNS
from tui.fleet.lists.listing import (
    Column,
    Filter,
    arrange,
    change_signs,
    filters,
    moves,
    row_cells,
    sorts,
    sorts_by_past,
    trend,
)
from tui.fleet.lists.query import Query, parse
from tui.fleet.past import Since
from tui.history.timeline import Timeline
from tui.ui.panes.agents import AgentsPane

MOST: Column[AgentFacts] = Column(
    "most",
    "MOST",
    4,
    cell=lambda row, view: Cell(f"{_most(row)}!"),
    sort=lambda row, view: (-_most(row), row.order),
    filter=Filter("most", lambda row, view: float(_most(row))),
    delta=trend,
)
"""The most replicas that an agent may have."""


def _most(row: AgentFacts) -> int:
    return sum(item.max_replicas for item in row.agent.agent_deployments)


def query(text: str, columns: tuple[Column[AgentFacts], ...] = AGENT_COLUMNS) -> Query:
    return parse(text, filters(columns))


def test_a_column_is_one_entry_of_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Added at run time: it is in the list, in sort, filter and change signs. Taken away: it is in none."""
    view, pane = view_of("incident"), AgentsPane()
    with monkeypatch.context() as patch:
        patch.setattr(AgentsPane, "COLUMNS", (*AGENT_COLUMNS, MOST))
        most = {item.agent_id: _most(AgentFacts(item)) for item in view.fleet.agents}
        assert [pane.cells(view, key)[-1].text for key in pane.keys(view)] == [
            f"{most[key]}!" for key in pane.keys(view)
        ]
        pane.sort_by("most")
        by_most = [most[key] for key in pane.keys(view)]
        assert by_most == sorted(most.values(), reverse=True)
        assert pane.set_filter(f"most>={by_most[3]}") == ""
        assert len(pane.keys(view)) == sum(count >= by_most[3] for count in most.values())
        pane.set_filter("")
    assert "most" not in pane.sorts
    assert "no field 'most'" in pane.set_filter("most>1")
    assert len(pane.cells(view, pane.keys(view)[0])) == len(AGENT_COLUMNS)


def test_rows_pass_the_filter_and_are_sorted_without_a_screen() -> None:
    view = view_of("incident")
    rows = FactsCache().of_all(view.fleet.agents)
    found = arrange(rows, AGENT_COLUMNS, view, query=query("status:error"), sort="name")
    names = [row.agent.name for row in found]
    assert names == ["kyc-verifier", "outbound-sales", "pharmacy-refill", "support-triage"]
    found = arrange(rows, AGENT_COLUMNS, view, query=query("status:error"), sort="name", reverse=True)
    assert [row.agent.name for row in found] == names[::-1]


def test_without_a_sort_rows_stay_in_the_order_received() -> None:
    view = view_of("incident", "support-triage")
    versions = view.fleet.versions[view.selection.agent_id]
    assert arrange(versions, VERSION_COLUMNS, view, query=Query()) == list(versions)


def test_a_filter_without_a_value_of_its_own_looks_at_the_cell() -> None:
    view = view_of("incident", "support-triage")
    versions = view.fleet.versions[view.selection.agent_id]
    draining = parse("role:draining", filters(VERSION_COLUMNS))
    found = arrange(versions, VERSION_COLUMNS, view, query=draining)
    assert found and all(version.draining for version in found)


def test_only_filters_of_ages_have_to_be_asked_again_as_time_passes() -> None:
    assert moves(AGENT_COLUMNS, query("age<1h name:x"))
    assert moves(AGENT_COLUMNS, query("!seen>5m"))
    assert not moves(AGENT_COLUMNS, query("-f age<1h"))
    assert not moves(AGENT_COLUMNS, query("image status:error"))


def test_ids_of_columns_and_fields_are_unique_and_every_cell_has_a_tone_and_a_text() -> None:
    assert len({column.id for column in AGENT_COLUMNS}) == len(AGENT_COLUMNS)
    assert len(set(filters(AGENT_COLUMNS))) == len(filters(AGENT_COLUMNS))
    assert set(sorts(AGENT_COLUMNS)) <= {column.id for column in AGENT_COLUMNS}
    for known in ("incident", "statuses", "hostile"):
        for agent in fleet(known).agents:
            cells = row_cells(AGENT_COLUMNS, AgentFacts(agent), view_of(known))
            assert all(cell.tone for cell in cells)


def test_a_change_is_shown_by_the_columns_that_say_how() -> None:
    view = view_of("incident")
    columns = (replace(MOST, id="quiet", delta=None), MOST)
    few, many = sorted((AgentFacts(item) for item in view.fleet.agents), key=_most)[
        :: len(view.fleet.agents) - 1
    ]
    assert change_signs(columns, few, many, view) == (" ", "Δ"), "its text is no number"
    assert change_signs(columns, few, few, view) == ()
    assert change_signs(columns[:1], few, many, view) == ()


@pytest.mark.parametrize(
    ("before", "after", "sign"),
    [
        ("1/1/2", "2/1/2", "▲"),
        ("3/1/4", "1/1/4", "▼"),
        ("1/1/2", "1/1/4", "Δ"),
        ("120m / 2000m", "90m / 2000m", "▼"),
        ("0.64 / 4GB", "0.7 / 4GB", "▲"),
        ("Running", "CrashLoop", "Δ"),
        ("–", "3", "Δ"),
        ("12%", "9%", "▼"),
    ],
)
def test_the_sign_of_a_change(before: str, after: str, sign: str) -> None:
    assert trend(before, after) == sign


def test_only_columns_that_say_so_sort_by_the_past() -> None:
    """The others are not sorted again when a sign of change expires."""
    view = view_of("incident")
    facts = [AgentFacts(agent) for agent in view.fleet.agents]
    statuses = {row.agent.agent_id: Since("Running", float(at)) for at, row in enumerate(facts)}
    later = replace(view, past=Timeline(statuses))

    for column in AGENT_COLUMNS:
        if column.sort is not None:
            is_moved = [column.sort(row, view) for row in facts] != [column.sort(row, later) for row in facts]
            assert is_moved is sorts_by_past(AGENT_COLUMNS, column.id), column.id


def test_a_list_sorted_by_the_past_follows_it() -> None:
    view, pane = view_of("incident"), AgentsPane()
    pane.sort_by("since")
    pane.keys(view)
    last = pane.keys(view)[-1]
    assert pane.keys(replace(view, past=Timeline({last: Since("Running", 2e9)})))[0] == last
