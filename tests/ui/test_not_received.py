"""Unknown is not none: what was never received, cut or not read is said to be so, wherever one chooses."""

from __future__ import annotations

import pytest

from tui.api.models import Agent
from tui.fleet.state import Fleet, Freshness
from tui.operations.journal.journal import Verdict
from tui.operations.journal.outcome import Outcome
from tui.record import in_part, listed
from tui.ui.commandline.completers import deployments, log_kinds, rooms, secrets, unlisted, versions
from tui.ui.deploy.fact_lines import unlisted_facts
from tui.ui.dialogs.audit import how_many
from tui.ui.dialogs.bulk import summary
from tui.ui.logview.lines import NO_LOG
from tui.ui.overlays.chooser import none_known
from tui.ui.panes.logs import ABSENT, why_closed

GOOD, ABSENT_API = Freshness(at=1.0), Freshness(at=1.0, absent=True)
NOTHING = Fleet()
EMPTY = Fleet(freshness={"agents": GOOD, "rooms": GOOD})
ONE = Fleet(
    agents=(Agent(agent_id="CA_1", agent_name="concierge"),),
    index={"CA_1": Agent(agent_id="CA_1", agent_name="concierge")},
    freshness={"agents": GOOD, "rooms": GOOD},
)


def test_a_list_of_agents_that_was_not_received_is_not_an_empty_one() -> None:
    assert why_closed(NOTHING) == "No log is open:\nthe list of agents was not received yet."
    assert why_closed(EMPTY) == NO_LOG
    assert why_closed(Fleet(freshness={"agents": ABSENT_API})) == ABSENT
    assert [fact.text for fact in unlisted_facts(NOTHING)] == [
        "the list of agents was not received yet: an id can be typed"
    ]
    assert unlisted_facts(EMPTY) == []


def test_what_nothing_completes_may_not_have_been_read() -> None:
    assert unlisted(rooms, NOTHING, ()) == "the list of rooms was not received yet"
    assert unlisted(rooms, EMPTY, ()) == ""
    assert unlisted(versions, ONE, ("concierge",)) == "its versions were not read"
    assert unlisted(secrets, ONE, ("CA_1",)) == "its secrets were not read"
    assert unlisted(secrets, NOTHING, ("CA_1",)) == "the list of agents was not received yet"
    assert unlisted(deployments, NOTHING, ("CA_1",)) == "the list of agents was not received yet"
    assert unlisted(deployments, ONE, ("CA_1",)) == unlisted(log_kinds, NOTHING, ()) == ""


def test_a_recorder_counts_nothing_before_the_first_answer() -> None:
    assert listed("rooms", 0, Freshness(), 5.0) == "rooms: no answer yet"
    assert listed("rooms", 0, Freshness(error="HTTP 503"), 5.0) == "rooms: no answer yet (HTTP 503)"
    assert listed("rooms", 7, Freshness(at=1.0, error="HTTP 503"), 5.0) == "7 rooms 4 s old (HTTP 503)"
    assert listed("agents", 0, ABSENT_API, 5.0) == "agents: this server lists none"


def test_a_recorder_says_what_its_counts_leave_out() -> None:
    assert listed("rooms", 20_000, GOOD, 5.0, in_part(0, 20_000)) == "20,000 rooms (cut at 20,000) 4 s old"
    assert in_part(2, 0) == "2 unreadable, cut at 0"
    assert in_part(0, None) == ""
    assert in_part(1, None, 2) == "1 unreadable, 2 of them not in the newest list"


def test_projects_may_be_in_files_that_could_not_be_read() -> None:
    said = [cell.text for cell in none_known(["lk's projects are not used: permission denied"])]
    assert said[:2] == ["No project is known.", "lk's projects are not used: permission denied"]
    assert len(none_known([])) == 3


def test_an_audit_trail_that_was_cut_says_so() -> None:
    assert how_many(0, 500) == "0 operations"
    assert how_many(1, 500) == "1 operation"
    assert how_many(500, 500) == "the newest 500 operations"


@pytest.mark.parametrize(
    ("done", "total", "last", "words"),
    [
        (3, 3, Outcome(Verdict.DONE, ""), "3 of 3 done"),
        (1, 3, None, "1 of 3 done, stopped: 2 not touched"),
        (1, 3, Outcome(Verdict.UNKNOWN, ""), "1 of 3 done, 1 unknown, stopped: 1 not touched"),
        (1, 2, Outcome(Verdict.ACCEPTED, "", doubt=True), "1 of 2 done, 1 in doubt"),
    ],
)
def test_what_did_not_go_well_is_not_counted_as_untouched(
    done: int, total: int, last: Outcome | None, words: str
) -> None:
    ended = [*[Outcome(Verdict.DONE, "")] * done, *([last] if last else [])]
    assert summary(done, total, ended[:total]) == words
