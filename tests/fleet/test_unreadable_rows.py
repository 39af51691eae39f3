"""Rows that could not be read: what is not among the others may be there, and everything says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fixtures.clocks import BACKEND
from tests.fixtures.views import column, view_of, words
from tests.fleet.running_poller import running_poller
from tests.scenes import PROJECT
from tui.analysis.diagnosis import Deploy, evidence
from tui.api.decoding.batch import Batch
from tui.api.models import Agent, Participant, SecretInfo, Version
from tui.clock import Moment
from tui.fleet.conditions import DispatchCondition, Worst, dispatch_condition, summary
from tui.fleet.evidence import evidence_of
from tui.fleet.find import (
    no_rooms,
    no_such_thing,
    read_in_part,
    read_secrets,
    read_versions,
    unlisted_rooms,
)
from tui.fleet.past import EMPTY_PAST
from tui.fleet.polling.details import KEEP, with_secrets, with_versions
from tui.fleet.state import Fleet, Freshness, with_agents, with_participants, with_room_answers
from tui.fleet.times import TimeStyle, short_time
from tui.fleet.view import Selection
from tui.history.events.details import of_versions
from tui.history.events.rooms import RoomsMemory, after_answers
from tui.operations.descriptions import doing, jobs, no_dispatch
from tui.operations.freshness_check import with_learnt
from tui.session.reasons import Diagnoses
from tui.session.watched import Link
from tui.ui.commandline.completers import secrets, unlisted, versions
from tui.ui.main_screen.header import header
from tui.ui.panes.agents import AgentsPane
from tui.ui.panes.dispatches import DispatchesPane
from tui.ui.panes.secrets import SecretsPane
from tui.ui.panes.status import StatusPane
from tui.ui.panes.versions import VersionsPane

LISTED = with_agents(Fleet(freshness={"agents": Freshness(at=1.0), "rooms": Freshness(at=1.0)}), ())
ONE = with_agents(LISTED, (Agent(agent_id="CA_1", agent_name="one"),))
PARTLY: Batch[Version] = Batch(listed=True, unreadable=1)
SOME = Batch((SecretInfo(name="A"),), listed=True, unreadable=2)


@pytest.fixture
def anyio_backend() -> object:
    """Virtual time."""
    return BACKEND


def test_the_count_of_an_answer_is_kept_until_the_next_one() -> None:
    fleet = with_versions(with_secrets(ONE, "CA_1", SOME, 1.0), "CA_1", replace(PARTLY, cut=5))
    assert read_in_part(fleet, "secrets", "CA_1") == "2 rows could not be read"
    assert read_in_part(fleet, "versions", "CA_1") == "1 row could not be read, cut at 5"
    assert with_secrets(fleet, "CA_1", SOME, 1.0).unreadable_rows is fleet.unreadable_rows, "nothing is drawn"
    assert read_in_part(with_secrets(fleet, "CA_1", Batch(listed=True), 1.0), "secrets", "CA_1") == ""
    for number in range(KEEP):
        fleet = with_secrets(fleet, f"CA_x{number}", Batch(listed=True), 1.0)
    assert set(fleet.unreadable_rows) == {"versions of CA_1"}, "what is not kept has no count"


def test_choosers_and_panes_do_not_show_a_part_as_the_whole() -> None:
    fleet = with_versions(with_secrets(ONE, "CA_1", SOME, 1.0), "CA_1", PARTLY)
    assert unlisted(secrets, fleet, ("one",)) == "2 rows could not be read"
    assert unlisted(versions, fleet, ("one",)) == "1 row could not be read"
    view = view_of(fleet, "one")
    assert words(SecretsPane().title(view)) == " one [1] 2 unreadable"
    assert words(VersionsPane().title(view)) == " one [0] 1 unreadable"
    assert VersionsPane().empty(view).startswith("No version that could be read: 1 row could not be read")
    assert SecretsPane().inputs(view) != SecretsPane().inputs(view_of(ONE, "one"))


def test_versions_and_secrets_that_a_list_read_in_part_lacks_stay_and_are_dated() -> None:
    old, new = Version(version="1", current=True, draining=True), Version(version="2")
    token, key = SecretInfo(name="TOKEN"), SecretInfo(name="KEY")
    asked = {"versions": Freshness(at=900.0, subject="CA_1")}
    whole = replace(ONE, freshness={**ONE.freshness, **asked})
    whole = with_versions(whole, "CA_1", Batch((old, new), listed=True))
    whole = with_secrets(whole, "CA_1", Batch((token, key), listed=True), 950.0)
    partly = with_versions(whole, "CA_1", Batch((new,), listed=True, unreadable=1))
    partly = with_secrets(partly, "CA_1", Batch((token,), listed=True, unreadable=1), 990.0)
    again = with_secrets(partly, "CA_1", Batch((token,), listed=True, unreadable=1), 995.0)
    assert partly.versions is whole.versions and partly.secrets is again.secrets is whole.secrets
    assert again.unlisted == {"versions of CA_1": {"1": 900.0}, "secrets of CA_1": {"KEY": 950.0}}
    assert not of_versions(whole, partly), "one that was not read has not drained"
    assert read_versions(partly, "CA_1") == (new,) and read_secrets(partly, "CA_1") == (token,)
    known = evidence(partly.agents[0], partly, EMPTY_PAST, {})
    assert known.secrets == {"TOKEN"} and known.deploy == Deploy(), "a diagnosis rests on what was read"
    view = replace(view_of(partly, "one"), now=1000.0, monotonic=1000.0, times=TimeStyle.UTC)
    assert column(VersionsPane(), view, "role") == ["–", "not read since 00:15:00"]
    assert column(SecretsPane(), view, "note") == ["not read since 00:15:50", ""]
    assert {cell.tone for cell in SecretsPane().cells(view, "KEY")} == {"muted", "warn"}
    assert VersionsPane().inputs(view) != VersionsPane().inputs(view_of(whole, "one"))
    dropped = partly
    for number in range(KEEP):
        dropped = with_secrets(dropped, f"CA_x{number}", Batch(listed=True), 1.0)
    assert set(dropped.unlisted) == {"versions of CA_1"}, "what is not kept has no date"
    assert not with_versions(partly, "CA_1", Batch((new,), listed=True)).unlisted.get("versions of CA_1")
    reread = with_learnt(whole, partly, replace(whole, unlisted={"agents": {"CA_2": 1.0}}))
    assert reread.unlisted == {"agents": {"CA_2": 1.0}, **partly.unlisted}


def test_rooms_that_could_not_be_read_are_not_taken_for_none() -> None:
    fleet = replace(LISTED, unreadable_rows={"rooms": 1})
    assert unlisted_rooms(fleet) == "1 row of the list of rooms could not be read"
    assert no_rooms(fleet) == f"No open rooms that could be read: {unlisted_rooms(fleet)}."
    assert " 1 unreadable" in words(DispatchesPane().title(view_of(fleet)))


async def test_an_agent_whose_row_cannot_be_read_stays_with_how_old_it_is() -> None:
    async with running_poller() as made:
        world, pane = made.world, AgentsPane()
        rows = [{"deployment": "", "status": "Running"}]
        one, two = ({"agent_id": f"CA_{number}", "agent_deployments": rows} for number in (1, 2))
        world.agents = [one, two]
        await made.run(20.0)
        read_at = made.fleet.fresh("agents").at
        assert read_at is not None and not made.fleet.unlisted
        world.agents = [one, 7]
        await made.run(130.0)
        fleet = made.fleet
        assert [agent.agent_id for agent in fleet.agents] == ["CA_1", "CA_2"] and fleet.statuses == {
            "Running": 2
        }
        assert fleet.unlisted == {"agents": {"CA_2": fleet.agent_read_at("CA_2")}}
        assert abs((fleet.agent_read_at("CA_2") or 0.0) - read_at) < 20.0, "of the last answer that had it"
        view = replace(view_of(fleet), monotonic=read_at + 130.0)
        assert column(pane, view, "status") == ["●", "?"]
        assert column(pane, view, "state") == ["Running", "2m ago: Running"]
        tones = {cell.tone for cell in pane.cells(view, "CA_2")}
        assert tones == {"warn", "muted"}, "it does not look current"
        assert pane.inputs(view) != pane.inputs(replace(view, fleet=replace(fleet, unlisted={})))
        assert "agents 2  ?1 ●1 " in words(header(view, PROJECT, Link(), 120)[0]), (
            "it does not count as running"
        )
        for typed, shown in (('"not read"', "CA_2"), ("unknown", "CA_2"), ("running", "CA_1")):
            pane.set_filter(f"status:{typed}")
            assert list(pane.keys(view)) == [shown]
        assert words(pane.title(view)) == " [1/2] !1 hidden 1 unreadable </status:running>"
        read = replace(view, fleet=replace(fleet, unlisted={}))
        assert list(pane.keys(read)) == ["CA_1", "CA_2"], "the filter counts what is listed again"
        pane.set_filter("")
        pane.problems_only = True
        assert list(pane.keys(view)) == ["CA_2"] and pane.is_problem(view, "CA_2")
        assert not pane.keys(read)
        status = StatusPane()
        status.fit(200)
        selected = replace(view, selection=Selection(agent_id="CA_2"), times=TimeStyle.UTC)
        first = status.cells(selected, status.keys(selected)[0])[0]
        since = short_time(view.unix(fleet.agent_read_at("CA_2") or 0.0), now=view.now, style=TimeStyle.UTC)
        assert first.text.split(maxsplit=2)[2] == f"since {since}: deleted, or its row could not be read"
        assert first.tone == "warn"
        world.agents = [one, two]
        await made.run(20.0)
        assert not made.fleet.unlisted
        world.agents = [one]
        await made.run(20.0)
        assert [agent.agent_id for agent in made.fleet.agents] == ["CA_1"], "a whole list is believed"


async def test_a_room_whose_row_cannot_be_read_is_neither_gone_nor_without_dispatches() -> None:
    async with running_poller() as made:
        world = made.world
        world.rooms = ["a", "b", "c"]
        world.dispatches = {room: [{"id": f"AD_{room}"}] for room in world.rooms}
        await made.run(20.0)
        world.rooms, world.unreadable_rooms = ["c"], ["a"]  # b closes at the same time
        world.dispatches["a"] = [{"id": "AD_a"}, {"id": "AD_new"}]
        await made.run(8.0)
        assert [room.name for room in made.fleet.rooms] == ["a", "c"], "b does not answer, so it has closed"
        assert [item.id for item in made.fleet.dispatches["a"]] == ["AD_a", "AD_new"], "it is asked as before"
        assert made.fleet.unreadable_rows == {"rooms": 1}
        view = view_of(made.fleet)
        pane = DispatchesPane()
        assert column(pane, view, "detail")[0] == "closed, or its row could not be read"
        await made.run(60.0)
        assert [room.name for room in made.fleet.rooms] == ["a", "c"]
        world.rooms, world.unreadable_rooms = ["a", "c"], []
        await made.run(8.0)
        assert not made.fleet.unreadable_rows and not made.fleet.fresh_room("a").is_unlisted
        world.rooms = ["c"]
        await made.run(8.0)
        assert list(made.fleet.dispatches) == ["c"], "a whole list is believed"


async def test_dispatches_that_cannot_be_read_are_not_taken_for_none() -> None:
    async with running_poller() as made:
        made.world.rooms = ["a"]
        made.world.dispatches = {"a": [7]}
        await made.run(20.0)
        fleet = made.fleet
        assert fleet.dispatches["a"] == () and fleet.unreadable_rows == {"dispatches": 1}
        view = view_of(fleet)
        pane = DispatchesPane()
        assert column(pane, view, "state") == ["not read"]
        assert column(pane, view, "detail") == ["1 dispatch could not be read · 0 participants"]
        assert " 1 unreadable" in words(pane.title(view))
        assert jobs(view, fleet.agents[0]) == "no jobs running as far as lists were read"
        chosen = replace(view, selection=Selection(room="a", dispatch_id="AD_1"))
        assert no_dispatch(chosen) == "AD_1 is not listed: 1 row of its room's list could not be read"
        assert "1 row of the list of dispatches could not be read" in no_such_thing(fleet, "AD_1")
        people = (Participant(identity="agent-AJ_1", kind="AGENT"),)
        fleet = with_participants(fleet, "a", people, fleet.fresh_room("a").dispatches_at)
        for known, count in ((fleet, 0), (with_room_answers(fleet, ("a",), 20.0, {}, {}), 1)):
            now = replace(view_of(known), now=25.0, monotonic=25.0)
            assert summary((), evidence_of(now, "a")).agents_without_job == count, (
                "its dispatch may be the one not read"
            )


def test_agents_that_cannot_be_read_are_not_said_to_be_none_or_well() -> None:
    pane, partly = AgentsPane(), replace(LISTED, unreadable=2)
    assert (
        pane.empty(view_of(LISTED))
        == "No agents in this project. ctrl+o deploys one from the working directory."
    )
    why = "2 rows of the list of agents could not be read"
    assert pane.empty(view_of(partly)) == f"No agents that could be read: {why}."
    pane.problems_only = True
    assert pane.empty(view_of(ONE)) == "No problems. ! shows every agent."
    assert pane.empty(view_of(replace(ONE, unreadable=2))) == (
        "No problems among the agents that were read. ! shows every agent."
    )


async def test_a_dispatch_whose_row_cannot_be_read_stays_and_no_verdict_on_it_counts_on() -> None:
    async with running_poller() as made:
        world, pane, begun = made.world, DispatchesPane(), f"{made.clock.now():.0f}000000000"
        waiting = {"id": "AD_1", "room": "a", "agent_name": "one", "state": {"created_at": begun}}
        job = {"id": "AJ_2", "state": {"status": "JS_RUNNING", "started_at": begun}}
        working = {"id": "AD_2", "room": "a", "agent_name": "one", "state": {"jobs": [job]}}
        world.rooms, world.people = ["a"], {"a": ["agent-AJ_2"]}
        world.dispatches = {"a": [waiting, working]}
        made.poller.select(Selection(room="a"))
        await made.run(8.0)
        world.dispatches, world.people = {"a": [7, 7]}, {}
        await made.run(130.0)
        fresh = made.fleet.fresh_room("a")
        assert fresh.unlisted is not None and set(fresh.unlisted) == {"AD_1", "AD_2"}
        at = made.clock.monotonic()
        view = replace(view_of(made.fleet), now=made.clock.now(), monotonic=at)
        room = evidence_of(view, "a")
        second, first = made.fleet.dispatches["a"]
        assert dispatch_condition(first, room.of("AD_1")) is DispatchCondition.WAITING, "it was read once"
        assert doing(view, first) == "no job yet"
        assert doing(view, second) == "running, not checked", "its agent may serve another job by now"
        states = summary((first, second), room)
        assert states.worst is Worst.WAITING
        pane.tree_model.toggle("room:a", True)
        words = column(pane, view, "detail")[1]
        assert words.startswith("not read for 2m: deleted, or its row could not be read")
        told = after_answers(RoomsMemory(), LISTED, made.fleet, {"dispatches"}, view.now, at)[1]
        assert not told, "that no worker took it"
        world.dispatches = {"a": []}
        await made.run(20.0)
        assert made.fleet.dispatches["a"] == () and made.fleet.fresh_room("a").unlisted is None


async def test_participants_that_cannot_be_read_are_not_taken_for_absent() -> None:
    async with running_poller() as made:
        made.world.rooms, made.world.people = ["a"], {"a": ["agent-AJ_1"]}
        made.poller.select(Selection(room="a"))
        await made.run(20.0)
        assert len(made.fleet.participants["a"]) == 1
        made.world.people = {"a": [""]}  # without an identity
        await made.run(60.0)
        assert len(made.fleet.participants["a"]) == 1


def test_diagnoses_are_made_anew_once_a_row_cannot_be_read() -> None:
    known = Diagnoses()
    before = known.of(ONE, EMPTY_PAST, Moment(1.0, 1.0), TimeStyle.UTC)
    assert known.of(ONE, EMPTY_PAST, Moment(1.0, 1.0), TimeStyle.UTC) is before
    partly = replace(ONE, unreadable_rows={"secrets of CA_1": 1})
    assert known.of(partly, EMPTY_PAST, Moment(1.0, 1.0), TimeStyle.UTC) is not before
