"""Rows that could not be read: what is not among the others may be there, and everything says so."""

from __future__ import annotations

from dataclasses import replace

from tests.fixtures.views import view_of, words
from tui.api.models import Agent, SecretInfo, Version
from tui.api.reader import Batch
from tui.fleet.find import no_rooms, read_in_part, unlisted_rooms
from tui.fleet.past import EMPTY_PAST
from tui.fleet.polling.details import KEEP, with_secrets, with_versions
from tui.fleet.state import Fleet, Freshness, with_agents
from tui.fleet.times import TimeStyle
from tui.session.reasons import Diagnoses
from tui.ui.commandline.completers import secrets, unlisted, versions
from tui.ui.panes.dispatches import DispatchesPane
from tui.ui.panes.secrets import SecretsPane
from tui.ui.panes.versions import VersionsPane

LISTED = with_agents(Fleet(freshness={"agents": Freshness(at=1.0), "rooms": Freshness(at=1.0)}), ())
ONE = with_agents(LISTED, (Agent(agent_id="CA_1", agent_name="one"),))
PARTLY: Batch[Version] = Batch(listed=True, unreadable=1)
SOME = Batch((SecretInfo(name="A"),), listed=True, unreadable=2)


def test_the_count_of_an_answer_is_kept_until_the_next_one() -> None:
    fleet = with_versions(with_secrets(ONE, "CA_1", SOME), "CA_1", replace(PARTLY, cut=5))
    assert read_in_part(fleet, "secrets", "CA_1") == "2 rows could not be read"
    assert read_in_part(fleet, "versions", "CA_1") == "1 row could not be read, cut at 5"
    assert with_secrets(fleet, "CA_1", SOME).unreadable_rows is fleet.unreadable_rows, "nothing is drawn"
    assert read_in_part(with_secrets(fleet, "CA_1", Batch(listed=True)), "secrets", "CA_1") == ""
    for number in range(KEEP):
        fleet = with_secrets(fleet, f"CA_x{number}", Batch(listed=True))
    assert set(fleet.unreadable_rows) == {"versions of CA_1"}, "what is not kept has no count"


def test_choosers_and_panes_do_not_show_a_part_as_the_whole() -> None:
    fleet = with_versions(with_secrets(ONE, "CA_1", SOME), "CA_1", PARTLY)
    assert unlisted(secrets, fleet, ("one",)) == "2 rows could not be read"
    assert unlisted(versions, fleet, ("one",)) == "1 row could not be read"
    view = view_of(fleet, "one")
    assert words(SecretsPane().title(view)) == " one [1] 2 rows could not be read"
    assert words(VersionsPane().title(view)) == " one [0] 1 row could not be read"
    assert VersionsPane().empty(view).startswith("No version that could be read: 1 row could not be read")
    assert SecretsPane().inputs(view) != SecretsPane().inputs(view_of(ONE, "one"))


def test_rooms_that_could_not_be_read_are_not_taken_for_none() -> None:
    fleet = replace(LISTED, unreadable_rows={"rooms": 1})
    assert unlisted_rooms(fleet) == "1 row of the list of rooms could not be read"
    assert no_rooms(fleet) == f"No open rooms that could be read: {unlisted_rooms(fleet)}."
    assert " 1 unreadable" in words(DispatchesPane().title(view_of(fleet)))


def test_diagnoses_are_made_anew_once_a_row_cannot_be_read() -> None:
    known = Diagnoses()
    before = known.of(ONE, EMPTY_PAST, 1.0, TimeStyle.UTC)
    assert known.of(ONE, EMPTY_PAST, 1.0, TimeStyle.UTC) is before
    partly = replace(ONE, unreadable_rows={"secrets of CA_1": 1})
    assert known.of(partly, EMPTY_PAST, 1.0, TimeStyle.UTC) is not before
