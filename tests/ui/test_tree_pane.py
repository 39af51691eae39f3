"""The tree of rooms, dispatches and jobs: open where something is wrong, metadata masked, causes in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from msgspec.structs import replace as with_fields

from tests.fixtures.screen import drawn, playing, title
from tests.fixtures.views import NOW, view_of, with_agent, words
from tests.scenes import Scene, settled, typed
from tui.api.models import Deployment, Dispatch, JobState, Participant, moment
from tui.fleet.coverage import Coverage
from tui.fleet.lists.cells import Cells
from tui.fleet.lists.tree import find_key, split
from tui.fleet.room_freshness import NO_NODE_ANSWERS, RoomFreshness
from tui.fleet.state import Freshness, with_participants
from tui.fleet.times import TimeStyle
from tui.fleet.view import View
from tui.ui.logview import LogView
from tui.ui.panes.dispatches import DispatchesPane
from tui.ui.widgets.columns import for_times, slots

TREE = Scene("tree", keys=("5", "f"))
STATE = JobState.__struct_fields__


def shown(pane: DispatchesPane, view: View) -> dict[str, Cells]:
    """Every open line."""
    return {key: pane.cells(view, key) for key in pane.keys(view)}


def node(pane: DispatchesPane, view: View) -> list[str]:
    """What the first column says."""
    return [cells[0].text for cells in shown(pane, view).values()]


def with_dispatch(view: View, room: str, **changes: object) -> View:
    """The view in which the first dispatch of a room is otherwise."""
    first, *rest = view.fleet.dispatches[room]
    dispatches: Mapping[str, tuple[Dispatch, ...]] = {
        **view.fleet.dispatches,
        room: (with_fields(first, **changes), *rest),
    }
    return replace(view, fleet=replace(view.fleet, dispatches=dispatches))


def test_rooms_with_problems_come_first_and_open() -> None:
    found = node(DispatchesPane(), view_of("incident"))
    assert found[:3] == ["▾ ✗ call-5122", "  ▾ ✗ …vB6p58", "      ✗ …n7S4ED"]
    healthy = [text for text in found if text.startswith("▸ ●")]
    assert healthy and found[-len(healthy) :] == healthy, "at the end, closed"


def test_parents_show_the_worst_of_their_children_and_a_count() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    lines = shown(pane, view)
    room = lines["room:standup-eng"]
    assert (room[0].text, room[1].text, room[1].tone) == ("▾ ✗ standup-eng", "jobs 5 ✗1", "error")
    assert room[5].text == "5 participants"


@pytest.mark.parametrize(
    ("room", "cause"),
    [
        ("call-7303", "agent keeps crashing"),
        ("lobby-kiosk-3", "no agent has this name"),
    ],
)
def test_why_nobody_takes_a_dispatch(room: str, cause: str) -> None:
    pane, view = DispatchesPane(), view_of("incident")
    details = [
        cells[5].text for key, cells in shown(pane, view).items() if key.startswith(f"dispatch:{room}\0")
    ]
    assert any(text.startswith(cause) for text in details), details


@pytest.mark.parametrize(
    ("deployment", "cause"),
    [
        ("", "no worker took it: all full"),
        ("staging", "agent keeps crashing and has status Error"),
        ("nights", "agent is asleep: a cold start"),
        ("beta", "no deployment beta of the agent"),
    ],
)
def test_why_nobody_takes_it_is_a_matter_of_the_deployment_asked_for(deployment: str, cause: str) -> None:
    """However a server words its statuses."""
    states = (("", "ready"), ("staging", "crash_loop"), ("staging", "failed"), ("nights", "SLEEPING"))
    pane, view = DispatchesPane(), view_of("incident")
    rows = tuple(Deployment(deployment=name, status=state) for name, state in states)
    agent = next(item for item in view.fleet.agents if item.name == "support-triage")
    view = with_agent(with_dispatch(view, "call-7303", deployment=deployment), agent, agent_deployments=rows)
    lines = shown(pane, view)
    detail = next(cells[5].text for key, cells in lines.items() if key.startswith("dispatch:call-7303"))
    assert detail.startswith(cause)


def test_how_an_agent_is_whose_row_was_not_read_explains_nothing() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    agent = next(item for item in view.fleet.agents if item.name == "support-triage")
    unlisted = {"agents": {agent.agent_id: 1.0}}
    view = replace(view, fleet=replace(view.fleet, unlisted=unlisted, unreadable=1))
    lines = shown(pane, view)
    detail = next(cells[5].text for key, cells in lines.items() if key.startswith("dispatch:call-7303"))
    assert detail.startswith("no worker took it; 1 row of the list of agents could not be read")


def test_times_of_day_leave_room_for_the_details_beside_them() -> None:
    """In the lower left quarter of 120 columns they were dropped, and `x` then showed metadata nowhere."""
    pane = DispatchesPane()
    pane.view = replace(view_of("incident"), times=TimeStyle.UTC)
    columns = for_times(pane.columns(), relative=False)
    assert [slot.column.id for slot in slots(columns, 70, wide=False, left=2)][-1] == "detail"


def test_metadata_and_attributes_are_masked_until_asked_for() -> None:
    pane = DispatchesPane()
    view = with_dispatch(view_of("incident"), "call-7303", metadata="call me", attributes={"phone": "+31 20"})
    line = next(key for key in pane.keys(view) if key.startswith("dispatch:call-7303"))
    detail = pane.cells(view, line)[5].text
    assert "metadata 7 B, x shows" in detail and "phone=***" in detail
    assert "call me" not in detail and "+31 20" not in detail
    pane.action_reveal()
    detail = pane.cells(view, line)[5].text
    assert "metadata call me" in detail and "phone=+31 20" in detail
    assert "metadata shown" in words(pane.title(view))
    pane.action_reveal()
    assert "call me" not in pane.cells(view, line)[5].text


@pytest.mark.parametrize(
    ("expression", "rooms"),
    [
        ("status:failed", ["call-5122", "call-7301", "call-7302", "standup-eng"]),
        ("status:none", ["call-7303", "call-7304", "call-8003"]),
        ("agent:concierge-v2", ["lobby-kiosk-3"]),
        ("room:call-73 !kyc", ["call-7301", "call-7302", "call-7303"]),
        ("memory.limit", ["call-5122"]),
        ('status:"not in room"', ["call-7205"]),
        ("status:js_failed room:call-73", ["call-7301", "call-7302"]),
        ("status:running room:call-72", []),
        ("status:checked", ["call-1726"]),
        ("status:running room:call-4", ["call-4303", "call-4354"]),
    ],
)
def test_filters(expression: str, rooms: list[str]) -> None:
    """They see jobs as the tree shows them: one whose agent is not in the room does not run."""
    pane, view = DispatchesPane(), with_people(view_of("incident"), "call-7205", ())
    view = with_people(view, "call-1726", (), ago=600)
    assert pane.set_filter(expression) == ""
    assert [key.removeprefix("room:") for key in pane.keys(view) if key.startswith("room:")] == rooms


def test_only_the_rooms_of_an_agent() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    pane.agent_name = "concierge"
    assert [key for key in pane.keys(view) if key.startswith("room:")] == ["room:lobby-kiosk-3"]
    assert words(pane.title(view)) == " [1/31 rooms] !6 hidden agent concierge"
    pane.agent_name = "nobody"
    assert list(pane.keys(view)) == []
    assert "Esc shows every room" in pane.empty(view)


def states(pane: DispatchesPane, view: View, room: str) -> list[tuple[str, str]]:
    """What a room's jobs say: their state, and why."""
    lines = shown(pane, view)
    return [(cells[1].text, cells[5].text) for key, cells in lines.items() if key.startswith(f"job:{room}\0")]


def with_people(view: View, room: str, people: tuple[Participant, ...], *, ago: float = 0.0) -> View:
    """The view in which a room's participants were answered so many seconds ago, and never before."""
    fleet = replace(view.fleet, participants={}, agents_seen={})
    fleet = with_participants(fleet, room, people, view.monotonic - ago)
    held = {**view.fleet.participants, **fleet.participants}
    return replace(view, fleet=replace(fleet, participants=held))


def with_job(view: View, room: str, **changes: object) -> View:
    """The view in which the first job of a room is otherwise."""
    first = view.fleet.dispatches[room][0]
    assert first.state is not None
    job, *rest = first.jobs
    assert job.state is not None
    state = with_fields(job.state, **{name: changes.pop(name) for name in [*changes] if name in STATE})
    jobs = (with_fields(job, state=state, **changes), *rest)
    return with_dispatch(view, room, state=with_fields(first.state, jobs=jobs))


def without_agents(view: View, room: str, *, ago: float = 0.0) -> View:
    """The view in which only the users are in a room, as was answered so many seconds ago."""
    users = tuple(person for person in view.fleet.participants[room] if not person.is_agent)
    return with_people(view, room, users, ago=ago)


def test_a_job_that_runs_without_its_agent_in_the_room_is_doubted() -> None:
    """Open-source servers never refresh job states (PROTOCOL.md, Dispatches and jobs)."""
    pane, view = DispatchesPane(), without_agents(view_of("incident"), "standup-eng")
    found = dict(states(pane, view, "standup-eng"))
    assert {*found} == {"not in room", "failed"}
    why = found["not in room"]
    assert why.startswith("its entrypoint returned or raised, or its worker died")
    assert "l: log" in why
    no_agents = {**view.fleet.freshness, "agents": Freshness(absent=True)}
    alone = replace(view, fleet=replace(view.fleet, freshness=no_agents))
    assert "see its worker's log" in dict(states(pane, alone, "standup-eng"))["not in room"]


def test_an_agent_that_was_in_the_room_and_is_not_any_more_has_left_it() -> None:
    """Whether it ended well or its worker died, its job runs by the server's word."""
    pane, view = DispatchesPane(), view_of("incident")
    users = tuple(person for person in view.fleet.participants["standup-eng"] if not person.is_agent)
    fleet = with_participants(view.fleet, "standup-eng", users, view.monotonic)
    view = replace(view, fleet=fleet)
    found = dict(states(pane, view, "standup-eng"))
    assert {*found} == {"left the room", "failed"}
    assert found["left the room"].startswith("it ended, or its worker died")
    assert pane.set_filter("status:left") == "" and "room:standup-eng" in pane.keys(view)
    pane.set_filter("status:running room:standup-eng")
    assert not pane.keys(view)


def test_a_job_whose_user_left_ended_by_right() -> None:
    pane, view = DispatchesPane(), with_people(view_of("incident"), "standup-eng", ())
    found = states(pane, view, "standup-eng")
    assert {word for word, _ in found} == {"user left", "failed"}
    assert "publisher job for ines (Ines) who left" in found[0][1]


@pytest.mark.parametrize(
    ("ran", "state", "why"),
    [
        (10.0, "starting", "its agent has not joined yet"),
        (40.0, "still starting", "no agent 40 s after the start"),
    ],
)
def test_an_agent_that_needs_its_time_is_still_starting(ran: float, state: str, why: str) -> None:
    pane, view = DispatchesPane(), without_agents(view_of("incident"), "standup-eng")
    view = with_job(view, "standup-eng", started_at=int((view.now - ran) * 1e9))
    pane.tree_model.toggle_all(pane.keys(view), True)
    found = states(pane, view, "standup-eng")[0]
    assert found[0] == state and found[1].startswith(why)


def test_nobody_is_said_to_be_there_whom_nobody_asked_for() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    unasked = replace(view, fleet=replace(view.fleet, participants={}))
    assert {word for word, _ in states(pane, unasked, "standup-eng")} == {"running, not checked", "failed"}
    old = without_agents(view, "standup-eng", ago=240)
    found = dict(states(pane, old, "standup-eng"))
    assert {*found} == {"running? not checked", "failed"}
    assert "was not in the room when last asked (4m ago)" in found["running? not checked"]


def test_a_job_shows_its_agent_and_names_the_user_whom_it_serves() -> None:
    view = view_of("incident")
    job = view.fleet.dispatches["standup-eng"][0].jobs[0]
    assert job.state is not None and job.participant is not None
    agent = Participant(
        identity=job.state.participant_identity,
        kind="AGENT",
        state="ACTIVE",
        attributes={"lk.agent.state": "listening"},
    )
    pane, served = DispatchesPane(), job.participant
    key = find_key(view.fleet, job.id)
    pane.tree_model.toggle(key, True)
    view = with_people(view, "standup-eng", (agent, served))
    assert f"publisher job for {served.identity}" in states(pane, view, "standup-eng")[0][1]
    row = [cell.text for cell in shown(pane, view)[key.replace("job:", "person:")]]
    assert row == [f"        {agent.identity}", "active", "agent", "", "", "listening"]
    left = with_people(view, "standup-eng", (agent,))
    assert (
        f"publisher job for {served.identity} ({served.name}) who left"
        in states(pane, left, "standup-eng")[0][1]
    )
    young = with_job(
        with_people(view, "standup-eng", (), ago=10), "standup-eng", started_at=int(view.now) - 5
    )
    assert "who left" not in states(pane, young, "standup-eng")[0][1], "nobody asked since it began"
    old = with_people(view, "standup-eng", (agent,), ago=240)
    assert shown(pane, old)[key.replace("job:", "person:")][5].text == "listening · as of 4m ago"


@pytest.mark.parametrize(
    ("changes", "state", "why"),
    [
        ({"status": "JS_NEW"}, "JS_NEW", ""),
        ({"status": 17}, "status 17", ""),
        ({"status": "JS_CANCELLED", "reason": "JSR_ROOM_CLOSED"}, "cancelled", "the room closed"),
        ({"status": 4, "reason": 3}, "cancelled", "the dispatch was deleted"),
        ({"status": "JS_FAILED", "error": "", "reason": "JSR_NEW"}, "failed", "JSR_NEW"),
        ({"status": "JS_FAILED", "error": "", "reason": 9}, "failed", "reason 9"),
        (
            {"status": "JS_FAILED", "error": "invalid token: eyJhbGciOi.eyJpc3Mi.x, exp"},
            "failed",
            "invalid token: ***, exp",
        ),
        ({"status": "JS_PENDING", "reason": "JSR_NO_CAPACITY"}, "no capacity", "every worker is full"),
        (
            {"status": "JS_SUCCESS", "started_at": 9, "ended_at": 9, "participant_identity": ""},
            "refused",
            "refused, or returned at once",
        ),
    ],
)
def test_what_the_server_says_of_a_job_and_why(changes: dict[str, object], state: str, why: str) -> None:
    pane, view = DispatchesPane(), with_job(view_of("incident"), "standup-eng", **changes)
    pane.tree_model.toggle_all(pane.keys(view), True)
    found = states(pane, view, "standup-eng")[0]
    assert found[0] == state and found[1].startswith(why) and "ran 0 ms" not in found[1]


def test_a_room_that_no_node_answers_for_is_a_problem_and_keeps_what_was_known() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    fleet = view.fleet
    fresh = {
        **fleet.room_freshness,
        "webinar-q3": fleet.fresh_room("webinar-q3").failed(view.monotonic + 3, NO_NODE_ANSWERS),
        "call-1726": RoomFreshness().failed(view.monotonic + 3, NO_NODE_ANSWERS),
    }
    later = view.monotonic + 300
    dispatches = {name: items for name, items in fleet.dispatches.items() if name != "call-1726"}
    fleet = replace(
        fleet,
        dispatches=dispatches,
        room_freshness=fresh,
        freshness={**fleet.freshness, "rooms": Freshness(at=later)},
    )
    view = replace(view, fleet=fleet, now=view.now + 300, monotonic=later)
    lines = shown(pane, view)
    room = lines["room:webinar-q3"]
    assert [room[0].text, room[1].text, room[1].tone] == ["▾ ✗ webinar-q3", "no answer", "error"]
    assert room[5].text.startswith("listed, but no node answers for it · 5m ago: jobs 2 · ")
    assert any(key.startswith("dispatch:webinar-q3\0") for key in lines), "what was known stays"
    unknown = lines["room:call-1726"]
    assert [unknown[1].text, unknown[5].text[:34]] == ["no answer", "listed, but no node answers for it"]
    assert pane.set_filter('status:"no answer"') == ""
    assert [key for key in pane.keys(view) if key.startswith("room:")] == [
        "room:call-1726",
        "room:webinar-q3",
    ]


def test_a_server_without_agents_offers_a_job_once() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    absent = {**view.fleet.freshness, "agents": Freshness(absent=True)}
    view = replace(view, fleet=replace(view.fleet, freshness=absent, agents=()))
    why = [
        cells[5].text for key, cells in shown(pane, view).items() if key.startswith("dispatch:call-7303\0")
    ]
    assert why[0].startswith("no worker took it; it is not offered again: dispatch again (r)")


def test_how_much_of_the_rooms_is_known() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    assert words(pane.title(view)) == " [31 rooms]"
    partly = replace(
        view, fleet=replace(view.fleet, coverage=Coverage(polled=7, total=31, oldest=1030.0, unread=24))
    )
    old = replace(view, fleet=replace(view.fleet, coverage=Coverage(polled=31, total=31, oldest=800.0)))
    for seen, said in ((view, "live"), (partly, "partly live"), (old, "partly live")):
        assert pane.freshness_words(seen).text == said
        assert words(pane.title(seen)) == " [31 rooms]", "how many are loaded is said once, by the header"
    cut = replace(view, fleet=replace(view.fleet, cut={"rooms": 31, "dispatches": 40, "agents": 5}))
    assert words(pane.title(cut)) == " [31 rooms] rooms cut at 31 dispatches cut at 40"
    assert pane.inputs(cut) != pane.inputs(view), "nothing else may have changed"
    assert (pane.left_out(cut), pane.left_out(view)) == ("the list of rooms was cut at 31", "")
    fresh = {"call-5122": RoomFreshness(1.0, cut=9), "standup-eng": RoomFreshness(1.0, cut=0)}
    held = {**view.fleet.dispatches, "standup-eng": ()}
    partly = replace(view, fleet=replace(view.fleet, room_freshness=fresh, dispatches=held))
    lines = shown(pane, partly)
    assert lines["room:call-5122"][5].text.startswith("cut at 9 dispatches")
    assert lines["room:standup-eng"][1].text == "not read: too many"
    unpolled = replace(view, fleet=replace(view.fleet, dispatches={}))
    assert {cells[1].text for cells in shown(pane, unpolled).values()} == {"not loaded yet"}


def test_the_list_of_rooms_counts_for_how_current_the_tree_is() -> None:
    pane, view = DispatchesPane(), view_of("empty")
    assert pane.fresh(view).at is not None, "no rooms to poll is no reason to be loading"
    assert pane.empty(view) == "No open rooms. ctrl+n dispatches an agent to a new one."
    view = view_of("incident")
    stale = {**view.fleet.freshness, "rooms": Freshness(at=1.0, failures=3)}
    assert pane.fresh(replace(view, fleet=replace(view.fleet, freshness=stale))).stale


def test_participants_that_are_refused_are_not_said_to_be_asked_for_by_nobody() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    room = next(name for name, found in view.fleet.dispatches.items() if any(item.jobs for item in found))
    for dispatch in view.fleet.dispatches[room]:
        pane.tree_model.toggle(f"dispatch:{room}:{dispatch.id}", True)
    pane.tree_model.toggle(f"room:{room}", True)
    fresh = {**view.fleet.freshness, "participants": Freshness(failures=2, error="permissions denied")}
    unasked = replace(view.fleet, participants={}, room_freshness={})
    for fleet, said in (
        (unasked, "no recent answer says who is in the room"),
        (replace(unasked, freshness=fresh), "who is in the room is not known: permissions denied"),
    ):
        lines = shown(pane, replace(view, fleet=fleet))
        assert any(said in cells[5].text for cells in lines.values() if len(cells) > 5)


def test_a_dispatch_that_may_be_in_a_room_not_loaded_is_not_said_to_be_in_none() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    pane.agent_name = "nobody"
    assert pane.empty(view).startswith("No room has a dispatch of nobody.")
    partly = replace(view, fleet=replace(view.fleet, coverage=Coverage(polled=7, total=31)))
    assert pane.empty(partly).startswith("No room that is loaded has a dispatch of nobody.")
    none = replace(view, fleet=replace(view.fleet, freshness={"rooms": Freshness(failures=1, error="no")}))
    assert pane.empty(none) == "Not received: no"


def test_waiting_is_told_in_coarse_steps() -> None:
    pane, view = DispatchesPane(), view_of("incident")
    state = view.fleet.dispatches["call-8003"][0].state
    assert state is not None
    for waited, said in ((5, "no job"), (14, "no job 10 s"), (119, "no job 110 s"), (300, "no job 5m")):
        created = int((NOW - waited) * 1e9)
        later = with_dispatch(view, "call-8003", state=with_fields(state, created_at=created))
        pane.tree_model.toggle("room:call-8003", True)
        lines = shown(pane, later)
        assert (
            next(cells[1].text for key, cells in lines.items() if key.startswith("dispatch:call-8003"))
            == said
        )


def test_a_wait_is_told_with_the_age_of_the_answer_that_it_is_counted_to() -> None:
    """The server has been silent since: nobody knows whether a job came."""
    pane, view = DispatchesPane(), view_of("incident")
    pane.tree_model.toggle("room:call-8003", True)
    silent = replace(view, now=view.now + 240, monotonic=view.monotonic + 240)
    for seen, state, said in ((view, "no job 10 s", ""), (silent, "no job 10 s", "as of 4m ago")):
        lines = shown(pane, seen)
        cells = next(cells for key, cells in lines.items() if key.startswith("dispatch:call-8003"))
        assert cells[1].text == state and ("as of" in cells[5].text) == bool(said) and said in cells[5].text
        assert cells[1].tone == "warn", "it gets no worse"


async def test_keys_of_the_tree() -> None:
    async with playing(TREE) as (app, pilot):
        pane = app.main.dispatches
        table = pane.table
        every = len(table.keys)
        await typed(pilot, "left")
        assert len(table.keys) == every - 2 and table.cursor == "room:call-5122"
        await typed(pilot, "right", "down", "down")
        assert len(table.keys) == every and table.cursor.startswith("job:call-5122")
        await typed(pilot, "left")
        assert table.cursor.startswith("dispatch:call-5122"), "a line without children leads to its parent"
        table.select(job := next(key for key in table.keys if key.startswith("job:standup-eng")))
        await typed(pilot, "right", "down")
        assert table.cursor.startswith("person:standup-eng")
        await typed(pilot, "left")
        assert table.cursor == job, "a participant leads to its job, not past it"
        await typed(pilot, "z")
        assert len(table.keys) == 31 and table.cursor == "room:standup-eng", "on what holds the line"
        await typed(pilot, "z")
        kinds = [key.partition(":")[0] for key in table.keys]
        assert all(node.open for node in pane.tree_model.nodes.values() if node.children)
        assert {"room", "dispatch", "job", "person"} == {*kinds}, "down to the people"
        await typed(pilot, "home", "enter")
        assert table.keys[1] == "room:call-7301", "Enter closes what is open"
        await typed(pilot, "x")
        assert "metadata shown" in title(pane)
        assert any("metadata {" in line for line in drawn(table))
        await typed(pilot, "home", "m", "m")
        assert pane.copy_text().splitlines() == [split(key)[0] for key in table.keys[:2]], "the marked ones"
        await typed(pilot, "backslash", "home")
        await typed(pilot, "enter", "down", "A")
        assert app.main.current.id == "agents"
        assert app.main.view.agent is not None and app.main.view.agent.name == "telehealth-intake"


async def test_rooms_that_vanish_with_the_end_of_an_outage_are_shown_as_they_were() -> None:
    async with playing(TREE) as (app, _):
        pane, view = app.main.dispatches, app.main.view
        before = [line.rstrip(" ┃│") for line in drawn(pane.table)]
        gone = Freshness(at=view.monotonic).failed("connection refused", None).failed("refused", None)
        fresh = {**view.fleet.freshness, "rooms": gone, "dispatches": gone}
        pane.show(replace(view, fleet=replace(view.fleet, freshness=fresh)))
        assert pane.table.dim
        again = {**fresh, "rooms": Freshness(at=view.monotonic), "dispatches": Freshness(at=view.monotonic)}
        count = len(view.fleet.rooms)
        emptied = replace(view.fleet, freshness=again, rooms=(), dispatches={}, rooms_lost=count)
        pane.show(replace(view, fleet=emptied))
        assert not pane.table.dim
        lines = [line.rstrip(" ┃│") for line in drawn(pane.table)]
        assert lines[1:4] == before[1:4], "with their names, for some seconds"
        assert f"[0 rooms] {count} before the outage" in title(pane)


async def test_from_a_line_of_a_log_to_its_job_in_the_tree() -> None:
    async with playing(Scene("jump")) as (app, pilot):
        main = app.main
        item = main.view.fleet.dispatches["standup-eng"][0]
        job = item.jobs[0].id
        for ids, key in (
            ((job, "standup-eng", item.id), find_key(main.view.fleet, job)),
            (("", "", item.id), find_key(main.view.fleet, item.id)),
            (("AJ_gone", "standup-eng", ""), "room:standup-eng"),
        ):
            main.post_message(LogView.JumpToJob(*ids))
            await settled(pilot)
            assert main.current is main.dispatches and main.dispatches.table.cursor == key
        main.post_message(LogView.JumpToJob("AJ_gone", "nowhere", ""))
        await settled(pilot)
        assert "not in the tree (any more)" in main.logs.reader.bar.text


def test_only_rooms_with_problems_and_how_long_ago_a_job_failed() -> None:
    view, pane = view_of("incident"), DispatchesPane()

    def rooms() -> list[str]:
        return [key.removeprefix("room:") for key in pane.keys(view) if key.startswith("room:")]

    every = rooms()
    assert pane.toggle_problems() and 0 < len(rooms()) < len(every)
    assert rooms() == every[: len(rooms())], "the worst come first anyway"
    assert "problems only" in words(pane.title(view)) and pane.is_narrowed
    assert not pane.set_filter("status:failed")
    failed = rooms()
    assert not pane.set_filter("status:failed age<3m")
    recent = rooms()
    assert recent and set(recent) < set(failed)
    ended = [
        job.state.ended_at
        for room in recent
        for item in view.fleet.dispatches[room]
        for job in item.jobs
        if job.state is not None and job.state.status == "JS_FAILED"
    ]
    assert all((moment(at) or 0.0) > NOW - 180 for at in ended)
    pane.widen()
    pane.widen()
    assert not pane.is_narrowed and rooms() == every
