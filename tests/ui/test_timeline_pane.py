"""The timeline: what it shows of events, and where its keys lead; the lists of what changed and failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.fixtures.screen import playing
from tests.fixtures.views import MONOTONIC, NOW, column, view_of, words
from tests.scenes import Scene, typed
from tui.fleet.lists.changes_since import CHANGE_COLUMNS, changes_since
from tui.fleet.lists.listing import row_cells
from tui.fleet.past import EMPTY_PAST, Event, FailedJob, JobCount, Kind, Severity, Subject
from tui.fleet.times import TimeStyle, clock_time, short_time
from tui.fleet.view import View
from tui.history.timeline import Timeline
from tui.operations.targets import NoTarget
from tui.session.past_at import PastAt
from tui.ui.attention import PAUSE, Attention
from tui.ui.history_requests import HistoryRequests
from tui.ui.overlays.past_list import PastList, changes_list, failed_list
from tui.ui.panes.timeline import DIVIDER, TimelinePane
from tui.ui.widgets.columns import slots


def event(number: int, ago: float, **more: object) -> Event:
    """An event of some time ago."""
    usual = {"kind": Kind.STATUS, "severity": Severity.ERROR, "text": f"text {number}"}
    return Event(id=str(number), at=NOW - ago, **{**usual, **more})


def view(*events: Event, failed: Sequence[FailedJob] = (), **more: object) -> View:
    """A view of the incident with this past."""
    past = Timeline(events=events, begun=NOW - 900, failed={job.job_id: job for job in failed})
    return replace(view_of("incident"), past=past, **more)


def shown(pane: TimelinePane, seen: View) -> list[str]:
    """The texts of the events, row by row."""
    return ["--" if key == DIVIDER else pane.cells(seen, key)[4].text for key in pane.keys(seen)]


def test_newest_first_filtered_as_in_every_list() -> None:
    pane = TimelinePane()
    seen = view(
        event(1, 600, subject=Subject(agent_name="concierge"), kind=Kind.CRASH),
        event(2, 300, severity=Severity.INFO, detail="by jo"),
        event(3, 60, subject=Subject(room="lobby"), kind=Kind.DISPATCH, severity=Severity.WARNING),
    )
    assert shown(pane, seen) == ["text 3", "text 2", "text 1"]
    utc = replace(seen, times=TimeStyle.UTC)
    assert column(pane, utc, "at") == [clock_time(NOW - ago, TimeStyle.UTC)[11:19] for ago in (60, 300, 600)]
    assert column(pane, seen, "subject") == ["lobby", "project", "concierge"]
    for query, found in {
        "severity:error": ["text 1"],
        "agent:conc": ["text 1"],
        "age<3m": ["text 3"],
        "kind:dispatch": ["text 3"],
        "jo": ["text 2"],
        "!text:3 age<6m": ["text 2"],
    }.items():
        assert not pane.set_filter(query)
        assert shown(pane, seen) == found, query
    pane.set_filter("")
    assert pane.toggle_problems() and shown(pane, seen) == ["text 3", "text 1"]
    assert "problems only" in words(pane.title(seen))
    assert "watched since" in pane.freshness_words(seen).text


def test_what_was_not_seen_is_not_said_not_to_have_happened() -> None:
    pane = TimelinePane()
    assert pane.empty(view()) == "No event since lktop began to watch this project."
    pane.problems_only = True
    assert pane.empty(view(event(1, 60.0))) == "No problem was seen. ! shows every event."


def test_what_nobody_watched_is_said_to_lie_between_two_times() -> None:
    pane, seen = TimelinePane(), view(event(1, 120, not_before=NOW - 1200, subject=Subject(room="r")))
    assert column(pane, seen, "detail") == ["2m–20m ago"]
    assert column(pane, replace(seen, times=TimeStyle.UTC), "detail")[0].startswith("between ")
    unknown = view(event(1, 120, is_clock_unknown=True))
    assert column(pane, unknown, "at")[0].startswith("~")


def test_a_line_stands_where_the_operator_was_last_here() -> None:
    pane = TimelinePane()
    events = (event(1, 600), event(2, 300), event(3, 60))
    assert shown(pane, view(*events, left_at=MONOTONIC - 400)) == ["text 3", "text 2", "--", "text 1"]
    assert shown(pane, view(*events, left_at=MONOTONIC - 10)) == ["text 3", "text 2", "text 1"]
    assert shown(pane, view(*events, left_at=MONOTONIC - 1000)) == ["text 3", "text 2", "text 1"]
    (divider,) = pane.cells(view(*events, left_at=MONOTONIC - 400), DIVIDER)
    assert "since you last pressed a key" in divider.text


def test_a_pause_is_what_the_line_follows() -> None:
    attention = Attention()
    assert attention.left_at(5.0) is None
    attention.pressed(10.0)
    assert attention.left_at(10.0 + PAUSE - 1) is None
    assert attention.left_at(10.0 + PAUSE) == 10.0, "the operator is away still"
    for at in (100.0, 101.0, 150.0):
        attention.pressed(at)
        assert attention.left_at(at) == 10.0
    attention.pressed(300.0)
    assert attention.left_at(301.0) == 150.0


def test_an_event_leads_to_its_agent_its_job_and_its_log() -> None:
    seen = view_of("incident")
    agent = next(item for item in seen.fleet.agents if item.name == "support-triage")
    room, dispatch, job = next(
        (room, item, job)
        for room, items in seen.fleet.dispatches.items()
        for item in items
        for job in item.jobs
    )
    here = Subject(agent_id="gone", agent_name=agent.name, room=room, dispatch_id=dispatch.id, job_id=job.id)
    pane = TimelinePane()
    for subject, leads in ((here, True), (Subject(agent_name="nobody"), False), (Subject(), False)):
        now = view(event(1, 60, subject=subject))
        pane.table.show(pane.keys(now), lambda key: ())
        pane.table.select("1")
        if leads:
            assert pane.agent(now) is agent and job.id in pane.node(now)
            target = pane.log_target(now, "deploy")
            assert (target.agents, target.job_id, target.at) == ([agent], job.id, NOW - 60)
        else:
            for ask in (pane.agent, pane.node):
                with pytest.raises(NoTarget):
                    ask(now)


def test_it_goes_to_times_and_a_minute_on_or_back() -> None:
    pane = TimelinePane()
    seen = view(*(event(number, ago) for number, ago in enumerate((600, 300, 200, 190, 10))))
    assert pane.go_to_time(NOW) == "no event is shown"
    pane.table.show(pane.keys(seen), lambda key: ())
    for at, found in ((NOW - 250, "1"), (NOW, "4"), (NOW - 9_000, "0")):
        assert pane.go_to_time(at) == "" and pane.table.cursor == found
    for step, found in ((1, "1"), (1, "2"), (1, "4"), (1, "4"), (-1, "3"), (-1, "1"), (-1, "0"), (-1, "0")):
        pane.action_minute(step)
        assert pane.table.cursor == found, (step, found)
    assert pane.raw_item() is pane.event and pane.event is not None and "text 0" in pane.event.text


async def test_keys_of_the_timeline_on_the_screen() -> None:
    async with playing(Scene("timeline", keys=("7", "slash", *"kind:status", "enter"))) as (app, pilot):
        pane = app.main.pane("timeline")
        assert isinstance(pane, TimelinePane) and app.main.current is pane
        assert pane.event is not None and pane.event.kind is Kind.STATUS
        named = pane.event.subject.agent_id
        first = pane.table.cursor
        await typed(pilot, "[")
        assert pane.table.cursor != first
        await typed(pilot, "]", "T", *"0s", "enter")
        assert pane.table.cursor == first
        await typed(pilot, "A")
        assert app.main.current is app.main.agents and app.main.agents.table.cursor == named
        await typed(pilot, "7", "i", *"the fix is out", "enter")
        assert any("not noted: a recording stays as it is" in said.text for said in app.said.newest_first)
        await typed(pilot, "J")
        assert any("has no job" in said.text for said in app.said.newest_first)
        await typed(pilot, "colon", *"failed 2h", "enter")
        assert isinstance(app.screen, PastList)
        await typed(pilot, "J")
        assert app.screen is app.main and app.main.current is app.main.dispatches
        await typed(pilot, "colon", *"since soon", "enter")
        assert app.screen is app.main
        assert any("since when?" in said.text for said in app.said.newest_first)


# ---- what changed, what failed ---------------------------------------------------------------------------


def test_what_changed_is_summed_up_per_agent() -> None:
    one = Subject(agent_id="CA_1")
    events = (
        event(0, 900, subject=one, before="Sleeping", after="Running"),
        event(1, 300, subject=one, before="Running", after="Error"),
        event(2, 200, subject=one, kind=Kind.CRASH, before="3", after="5"),
        event(3, 100, subject=one, before="Error", after="CrashLoop"),
        event(4, 90, subject=one, kind=Kind.VERSION, before="v1", after="v2", severity=Severity.INFO),
        event(5, 80, ids=("CA_1", "CA_2"), after="Running", severity=Severity.GOOD),
        event(6, 70, subject=Subject(agent_name="one"), kind=Kind.JOB, ids=("AJ_1", "AJ_2")),
        event(7, 60, kind=Kind.NOTE, severity=Severity.INFO, text="lunch"),
        event(9, 55, kind=Kind.NOTE, severity=Severity.INFO, text="back"),
        event(10, 50, kind=Kind.NOTE, severity=Severity.INFO, text="lunch"),
        event(8, 10, subject=one, before="CrashLoop", after="Running"),
    )
    minute = int((NOW - 60) // 60)
    counts = [JobCount("one", minute, 30), JobCount("one", minute - 1, 1), JobCount("idle", minute, 9)]
    counts += [JobCount("one", minute - 15, 5), JobCount("one", minute + 5, 5)]
    first, note, second = changes_since(events, {"CA_1": "one"}, NOW - 600, NOW - 30, counts)
    cells = {
        column.id: [row_cells(CHANGE_COLUMNS, row, view())[index].text for row in (first, note, second)]
        for index, column in enumerate(CHANGE_COLUMNS)
    }
    assert cells["succeeded"] == ["×31", "–", "–"], "of that time; where none was counted, nothing is said"
    assert first.subject.agent_name == "one" and first.severity is Severity.ERROR
    assert first.steps == {Kind.STATUS: ("Running", "Running"), Kind.VERSION: ("v1", "v2")}
    assert (first.crashes, first.failed, first.count) == (2, 2, 6)
    assert second.subject.agent_id == "CA_2" and second.steps == {Kind.STATUS: ("", "Running")}
    assert row_cells(CHANGE_COLUMNS, note, view())[-1].text == "back · lunch ×2"


def test_a_change_of_replicas_and_what_a_status_became_are_seen_at_120_columns() -> None:
    broke = event(1, 60, subject=Subject(agent_id="CA_1"), before="Running", after="Build Failed")
    scaled = event(2, 50, subject=Subject(agent_id="CA_2"), kind=Kind.REPLICAS, before="1", after="2")
    first, second = changes_since((broke, scaled), {"CA_1": "one", "CA_2": "two"}, NOW - 600, NOW)
    places = {slot.column.id: slot for slot in slots(CHANGE_COLUMNS, 113, wide=False, left=2)}
    status = row_cells(CHANGE_COLUMNS, first, view())[places["status"].index]
    assert status.text == "Running → Build Failed" and places["status"].width >= len(status.text)
    others = row_cells(CHANGE_COLUMNS, second, view())[places["others"].index]
    assert others.text == "replicas 1 → 2" and places["others"].width >= len(others.text)
    assert places["version"].width >= len("→ 11-30 01:53")


def test_the_list_of_changes_says_from_when_anything_was_watched() -> None:
    seen = view(event(1, 60))
    assert "watched only since" in changes_list(seen, NOW - 1000, NOW, str).heading
    assert "watched" not in changes_list(seen, NOW - 600, NOW, str).heading


def test_failed_jobs_are_listed_across_rooms_newest_first() -> None:
    jobs = [
        FailedJob(f"AJ_{n}", "AD_1", f"room {n}", "concierge", "failed", NOW - 300 * n, "boom", "AW_1")
        for n in (1, 3, 2)
    ]
    found = failed_list(view(failed=jobs), 700.0, str)
    assert [row.subject.job_id for row in found.rows] == ["AJ_1", "AJ_2"]
    assert [cell.text for cell in found.rows[0].cells][:6] == [
        short_time(NOW - 300, now=NOW, style=TimeStyle.LOCAL),
        *("concierge", "room 1", "failed", "boom", "AW_1"),
    ]


def test_a_recording_without_a_timeline_does_not_say_that_nothing_happened() -> None:
    view = replace(
        view_of("incident"), past=PastAt(EMPTY_PAST, (), 0.0, untold="no timeline in it"), is_past=True
    )
    pane = TimelinePane()
    assert pane.empty(view) == "no timeline in it" and not pane.freshness_words(view).text
    assert "no timeline in it" in changes_list(view, 0.0, 1.0, lambda text: None)._empty


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("", "noted: the fix is out"),
        (
            "not recording: the disk is full",
            "noted until lktop ends (not recording: the disk is full): the fix is out",
        ),
    ],
)
def test_a_note_that_is_not_on_the_disk_is_not_said_to_be_kept(why: str, said: str) -> None:
    told: list[str] = []
    session = SimpleNamespace(note=lambda *_: "", unrecorded=why)
    announcer = SimpleNamespace(say=lambda text, **_: told.append(text))
    requests = HistoryRequests(
        SimpleNamespace(),
        SimpleNamespace(selected=session),
        announcer,
        show=lambda *_: None,
        copy=lambda _: None,
        later=lambda _: None,
    )
    requests.note("the fix is out", Subject(agent_id="CA_1"), "jo")
    assert told == [said]
