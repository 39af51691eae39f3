"""What two processes derive of one change is told once, whoever is first."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from tests.history.test_events import Listings, agent
from tui.fleet.past import Event, Kind, Severity, Subject
from tui.history.doubles import Doubles
from tui.history.events.derive import State
from tui.history.timeline import History

CRASH = Event(
    "a-1", 100.0, Kind.STATUS, Severity.ERROR, "CrashLoop", Subject("CA_1"), "", "Running", "CrashLoop"
)


def other(event: Event, number: int, at: float) -> Event:
    """The same of another process."""
    return structs.replace(event, id=f"b-{number}", at=at)


def test_of_several_the_nearest_is_taken_and_each_once() -> None:
    doubles = Doubles(60.0)
    again = structs.replace(CRASH, id="a-2", at=130.0)
    assert doubles.without([CRASH, again]) == (CRASH, again)
    first = doubles.replaced([other(CRASH, 1, 128.0)])
    assert (first.own_ids, first.new) == ({"a-2"}, [])
    assert doubles.replaced([other(CRASH, 2, 101.0)]).own_ids == {"a-1"}
    third = other(CRASH, 3, 131.0)
    assert doubles.replaced([third]) == (set(), [third]), "of this one nothing was told here"


def test_what_differs_is_no_double() -> None:
    for change in (
        {"kind": Kind.CRASH},
        {"subject": Subject("CA_2")},
        {"before": "Sleeping"},
        {"after": "Error"},
        {"severity": Severity.GOOD},
        {"at": 161.0},
    ):
        doubles = Doubles(60.0)
        doubles.without([CRASH])
        theirs = structs.replace(other(CRASH, 1, 100.0), **change)
        assert doubles.replaced([theirs]) == (set(), [theirs]), change


def test_two_notes_are_two_even_if_they_say_the_same() -> None:
    doubles = Doubles(60.0)
    note = structs.replace(CRASH, kind=Kind.NOTE, before="", after="")
    assert doubles.without([note]) == (note,)
    theirs = other(note, 1, 100.0)
    assert doubles.replaced([theirs]).new == [theirs]
    assert doubles.without([note]) == (note,)


def test_the_timeline_has_what_is_recorded_in_place_of_what_was_derived_here() -> None:
    told: list[str] = []
    listings = Listings(History(replace(State(), run="a-")))
    listings.history.follow(lambda step: told.extend(event.id for event in step.events))
    listings.see(agent(1), agent(2))
    (own,) = listings.see(agent(1, "CrashLoop"), agent(2)).events
    listings.history.add([other(own, 1, own.at + 2)])
    assert [event.id for event in listings.history.past.events] == ["b-1"]
    listings.history.add([other(own, 1, own.at + 2)])
    ahead = structs.replace(other(own, 2, own.at + 3), subject=Subject("CA_2", own.subject.agent_name))
    listings.history.add([ahead])
    past = listings.see(agent(1, "CrashLoop"), agent(2, "CrashLoop"))
    assert [event.id for event in past.events] == ["b-1", "b-2"], "the other process was first"
    since = past.since("CA_2")
    assert since is not None and since.status == "CrashLoop", "what is remembered does not depend on it"
    assert told == ["a-1", "b-2"], "each change is told of once"
