"""How an operation ends, by what the server said and what was seen: done is seen, accepted is not done."""

from __future__ import annotations

import pytest

from tui.api.errors import NotDone, NotFound, Unknown
from tui.operations import endings
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import Intent, Verdict
from tui.operations.journal.reconcile import Reconciliation
from tui.operations.operation import Receipt
from tui.operations.registry import BY_ID

INTENT = Intent("i", 0.0, "prod", "rollback", "CA_1")
SEEN = Reconciliation(Verdict.DONE, "it shows")
NOT_SEEN = Reconciliation(Verdict.NOT_SEEN, "it does not show", "it may still appear")
NO_TRACE = Reconciliation(
    Verdict.UNKNOWN, "no trace", "it may or may not have happened", leaves_no_trace=True
)
FAILED = Reconciliation(Verdict.UNKNOWN, "looking failed: no answer", "it stays unknown")


@pytest.mark.parametrize(
    ("found", "words", "doubt"),
    [
        (None, "X: accepted in 20 ms · v2", False),
        (NO_TRACE, "X: accepted in 20 ms · v2; no trace", False),
        (NOT_SEEN, "X: accepted in 20 ms · v2; but it does not show", True),
        (FAILED, "X: accepted in 20 ms · v2; but looking failed: no answer", True),
    ],
)
def test_a_yes_that_nothing_shows_is_accepted_and_not_done(
    found: Reconciliation | None, words: str, doubt: bool
) -> None:
    outcome = endings.accepted("X", INTENT, Receipt("v2"), 0.02, found)
    assert (outcome.verdict, outcome.words, outcome.doubt) == (Verdict.ACCEPTED, words, doubt)
    assert outcome.undo is None and not outcome.may_resend


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (NOT_SEEN, Verdict.REFUSED, "X refused by LiveKit: busy (HTTP 200); nothing changed"),
        (NO_TRACE, Verdict.UNKNOWN, "whether anything changed cannot be seen: no trace"),
        (FAILED, Verdict.UNKNOWN, "whether anything changed is unknown: looking failed: no answer"),
        (SEEN, Verdict.DONE, "X: LiveKit refused it: busy (HTTP 200); but it shows"),
    ],
)
def test_the_no_of_a_handler_that_ran_is_believed_after_a_look(
    found: Reconciliation, verdict: Verdict, words: str
) -> None:
    outcome = endings.denied("X", INTENT, NotDone("busy", status=200), found)
    assert outcome.verdict is verdict
    assert words in outcome.words
    assert outcome.doubt is (verdict is Verdict.DONE)


def test_what_is_to_be_deleted_again_and_is_not_there_is_done() -> None:
    outcome = endings.denied("X", INTENT, NotFound("no such dispatch"), SEEN)
    assert (outcome.verdict, outcome.words, outcome.doubt) == (Verdict.DONE, "X: done, it shows", False)


@pytest.mark.parametrize(
    ("operation", "verdict", "again"),
    [
        ("dispatch", Verdict.NOT_SEEN, True),
        ("dispatch", Verdict.UNKNOWN, False),
        ("restart", Verdict.UNKNOWN, False),
        ("undispatch", Verdict.UNKNOWN, True),
        ("undispatch", Verdict.ACCEPTED, False),
    ],
)
def test_what_may_be_there_twice_is_sent_again_only_where_it_is_certainly_not_there(
    operation: str, verdict: Verdict, again: bool
) -> None:
    assert endings.may_resend(BY_ID[operation], verdict) is again


def test_a_lost_answer_says_what_was_seen_and_what_that_leaves_open() -> None:
    said = [
        endings.lost("X", INTENT, Unknown("closed"), found, 1.0, undo=None, may_resend=False).words
        for found in (NOT_SEEN, NO_TRACE, FAILED)
    ]
    assert said == [
        "X: it does not show; it may still appear (no answer came: closed)",
        "X: it may or may not have happened: no trace (no answer came: closed)",
        "X: looking failed: no answer; it stays unknown (no answer came: closed)",
    ]
    other = Unknown("the answer is about agent CA_b, which was not asked for", status=200)
    words = endings.lost("X", INTENT, other, NOT_SEEN, 1.0, undo=None, may_resend=False).words
    assert "(the answer proves nothing: the answer is about agent CA_b" in words


@pytest.mark.parametrize(
    ("facts", "may_be", "certain"),
    [
        ({"url": "a", "agents_url": "b"}, True, True),
        ({"url": "a", "agents_url": "x"}, False, False),
        ({"url": "x", "agents_url": "b"}, False, False),
        ({"url": "a"}, True, False),
        ({}, True, False),
    ],
)
def test_an_intent_belongs_to_both_of_its_servers(facts: dict[str, str], may_be: bool, certain: bool) -> None:
    intent = Intent("i", 0.0, "prod", "restart", "CA_1", facts=facts)
    hosts = Hosts("a", "b")
    assert (hosts.may_be_of(intent), hosts.is_of(intent)) == (may_be, certain)
    assert hosts.is_of(Intent("i", 0.0, "prod", "restart", "CA_1", facts=hosts.facts))


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (NOT_SEEN, Verdict.ACCEPTED, "X: accepted in 20 ms · v2; but it does not show"),
        (FAILED, Verdict.ACCEPTED, "X: accepted in 20 ms · v2; but looking failed: no answer"),
        (SEEN, Verdict.DONE, "X: it shows"),
    ],
)
def test_what_was_accepted_stays_accepted_until_it_is_seen(
    found: Reconciliation, verdict: Verdict, words: str
) -> None:
    """It is looked for again; nothing offers to send it twice."""
    before = endings.accepted("X", INTENT, Receipt("v2"), 0.02, NOT_SEEN)
    outcome = endings.settled("X", INTENT, BY_ID["rollback"], found, before, early=False)
    assert (outcome.verdict, outcome.words, outcome.may_resend) == (verdict, words, False)
