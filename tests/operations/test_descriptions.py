"""Facts beside an operation: jobs are counted as the tree judges them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from tests.fixtures.jobs import AGENT, NOW, asked, dispatch, job
from tui.api.models import Agent, Dispatch, Participant, Room
from tui.fleet.coverage import Coverage
from tui.fleet.evidence import CHECKED_FOR
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Fleet, Freshness
from tui.fleet.view import Selection, View
from tui.operations.descriptions import dispatch_state, doing, jobs, states, where
from tui.operations.fields import Answers
from tui.operations.freshness_check import moved
from tui.operations.registry import BY_ID
from tui.operations.verbs.dispatch_checks import dispatched_already, hints

CONCIERGE = Agent(agent_id="CA_1", agent_name="concierge")
OTHER = job("JS_RUNNING", number=2, identity="agent-2")


def view(people: tuple[Participant, ...] | None, *jobs: Dispatch, later: float = 0.0) -> View:
    """One room whose participants were answered, and then some time passed."""
    fleet = Fleet(
        agents=(CONCIERGE,),
        rooms=(Room(name="r", num_publishers=1),),
        dispatches={"r": tuple(jobs)},
        participants={} if people is None else {"r": people},
        freshness={"agents": Freshness(at=NOW), "rooms": Freshness(at=NOW)},
    )
    selection = Selection(agent_id="CA_1", room="r", dispatch_id="AD_1")
    return View(asked(fleet), selection, NOW + later, NOW + later)


@pytest.mark.parametrize(
    ("people", "later", "said", "ends"),
    [
        (AGENT, 0.0, "1 job running", "1 job running: ended within about 3 s"),
        ((), 0.0, "no jobs running", "no running jobs"),
        (None, 0.0, "2 jobs running, 2 of them not checked", "2 jobs running, 2 of them not checked: ended"),
        (AGENT, CHECKED_FOR, "2 jobs running, 2 of them not checked", "2 jobs running, 2 of them"),
    ],
)
def test_running_jobs_are_those_whose_agents_are_there(
    people: tuple[Participant, ...] | None, later: float, said: str, ends: str
) -> None:
    seen = view(people, replace_room(dispatch(job("JS_RUNNING"), OTHER)), later=later)
    assert jobs(seen, CONCIERGE) == said
    preview = BY_ID["undispatch"].preview(seen, Answers())
    assert preview.effect[0].startswith(ends)


def test_what_was_not_received_is_not_said_to_be_none() -> None:
    selection = Selection(agent_id="CA_1", room="r", dispatch_id="AD_1")
    unknown = View(Fleet(), selection, NOW, NOW)
    preview = BY_ID["undispatch"].preview(unknown, Answers())
    assert preview.what == "Delete dispatch AD_1", "whose it is, is not known"
    assert preview.effect == ("it is not among the dispatches received: whether jobs run is not known",)
    (fact,) = states(unknown, Agent(agent_id="CA_1"))
    assert fact.text == "not known: the list of agents was not received yet"
    assert where(Agent(agent_id="CA_1")) == "region not known"
    listed = view(())
    listed = replace(listed, fleet=replace(listed.fleet, index={"CA_1": CONCIERGE}))
    (fact,) = states(listed, CONCIERGE)
    assert fact.text == "no deployment"
    (fact,) = states(listed, Agent(agent_id="CA_gone"))
    assert fact.text == "not known: the agent is not listed"


def replace_room(item: Dispatch) -> Dispatch:
    """The dispatch in room r."""
    return Dispatch(id=item.id, agent_name=item.agent_name, room="r", state=item.state)


def test_a_job_that_has_not_been_checked_alone_is_said_so() -> None:
    assert jobs(view(None, dispatch(job("JS_RUNNING"))), CONCIERGE) == "1 job running, not checked"


def test_what_is_watched_between_look_and_key_is_what_the_server_says() -> None:
    """An answer that gets old in the meantime is no news that stops the operator."""
    item = replace_room(dispatch(job("JS_RUNNING"), age=600))
    young, old = (dispatch_state(view(AGENT, item, later=later), item)[0] for later in (0.0, CHECKED_FOR))
    assert (young.text, old.text) == ("running · 10m old", "running, not checked · 12m old")
    assert young.watch == old.watch == "JS_RUNNING"


def test_the_form_says_of_earlier_dispatches_what_the_tree_says() -> None:
    item = replace_room(dispatch(age=600))
    seen = view(None, item)
    assert doing(seen, item) == "no worker took it"
    told = [hint.text for hint in hints(seen, Answers({"agent": "concierge", "room": "r"}))]
    assert "already dispatched to this room: AD_1 (no worker took it); this adds another" in told
    silent = replace(seen, fleet=replace(seen.fleet, room_freshness={}))
    assert doing(silent, item) == "no job yet", "nobody knows when it was listed"


def test_that_it_is_not_known_whether_an_agent_is_dispatched_already_is_not_that_it_is_not() -> None:
    item = replace_room(dispatch())
    seen = view(None, item)
    fleet = replace(seen.fleet, rooms=(Room(name="r"), Room(name="s")))
    assert dispatched_already(fleet, "concierge", "r") == (item,)
    assert dispatched_already(fleet, "other", "r") == () == dispatched_already(fleet, "other", "new")
    assert dispatched_already(fleet, "other", "s") is None, "nobody asked"
    automatic = replace(fleet, dispatches={"r": (structs.replace(item, agent_name=""),)})
    assert dispatched_already(automatic, "", "r") == (), (
        "before an agent is typed, nothing is said to be there"
    )
    assert dispatched_already(replace(fleet, freshness={}), "other", "new") is None, "it may be open"
    partly = replace(fleet, room_freshness={"r": RoomFreshness(dispatches_at=1.0, unreadable=1)})
    assert dispatched_already(partly, "other", "r") is None and dispatched_already(partly, "concierge", "r")
    other = Answers({"agent": "other", "room": "r"})
    told = [hint.text for hint in hints(replace(seen, fleet=partly), other)]
    assert told[0].startswith("not all dispatches of this room were read")
    operation = BY_ID["dispatch"]
    for room, unknown in (("r", ()), ("s", ("there now",))):
        answers = Answers({"agent": "concierge", "room": room})
        assert operation.preview(replace(seen, fleet=fleet), answers).unknown == unknown
    once, more = (Answers({"agent": "concierge", "room": room}) for room in "sr")
    before, after = (operation.preview(replace(seen, fleet=fleet), answers) for answers in (once, more))
    assert moved(structs.replace(before, what=after.what), after) == (), "that it becomes known is no change"


def test_nothing_is_said_of_the_state_of_an_agent_whose_row_could_not_be_read() -> None:
    seen = view(None)
    answers = Answers({"agent": "concierge"})
    unread = replace(seen.fleet, unreadable=1, unlisted={"agents": {"CA_1": 1.0}})
    told = [hint.text for hint in hints(replace(seen, fleet=unread), answers)]
    assert told == [
        "1 row of the list of agents could not be read: whether a worker is registered shows only afterwards"
    ]


def test_jobs_are_not_counted_as_none_where_no_room_is_known() -> None:
    seen = view(None)
    blind = replace(seen, fleet=replace(seen.fleet, freshness={}))
    assert jobs(blind, CONCIERGE) == "jobs running: not known, the list of rooms was not received yet"
    loading = replace(seen, fleet=replace(seen.fleet, coverage=Coverage(0, 9)))
    assert jobs(loading, CONCIERGE) == "jobs running: not known, none of 9 rooms is loaded yet"
    partly = replace(seen, fleet=replace(seen.fleet, coverage=Coverage(3, 9)))
    assert jobs(partly, CONCIERGE) == "no jobs running in 3 of 9 rooms"
