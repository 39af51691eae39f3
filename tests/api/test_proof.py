"""The table of which answer proves what: complete, and with Twirp's own pairs of code and status."""

from __future__ import annotations

import json

import pytest

from tui.api import changes, proof
from tui.api.proof import Proof

BODIES = [
    "",
    "{}",
    "[]",
    "<html>",
    "no",
    '{"code":"not_found","msg":"x","extra":1}',
    '{"code":"nope","msg":"x"}',
    '{"code":5}',
    '{"code":"not_found","msg":"x","meta":{"a":1}}',
]


def of(status: int, code: str) -> Proof:
    return proof.of_refusal(status, json.dumps({"code": code, "msg": "x", "meta": {"a": "b"}}).encode())


def test_a_code_proves_something_only_with_its_own_status() -> None:
    """Statuses as Twirp's specification pairs them: github.com/twitchtv/twirp, version 7."""
    assert {code for code, status in proof.STATUS_OF.items() if of(status, code) is Proof.NOTHING_RAN} == {
        "invalid_argument",
        "malformed",
        "unauthenticated",
        "permission_denied",
        "not_found",
        "bad_route",
        "already_exists",
        "failed_precondition",
        "resource_exhausted",
        "unimplemented",
    }
    for code, own in proof.STATUS_OF.items():
        for status in {*proof.STATUS_OF.values(), 303, 307, 502, 504} - {own}:
            assert of(status, code) is Proof.NOTHING, (status, code)


@pytest.mark.parametrize("body", BODIES)
def test_without_a_whole_twirp_error_a_status_proves_nothing(body: str) -> None:
    for status in range(300, 600):
        assert proof.of_refusal(status, body.encode()) is Proof.NOTHING, status


@pytest.mark.parametrize(
    ("status", "text", "proves"),
    [
        (401, "invalid API key", Proof.NOTHING_RAN),
        (401, "invalid authorization token: token is expired", Proof.NOTHING_RAN),
        (401, "invalid token: x, error: token is expired", Proof.NOTHING_RAN),
        (413, "request body too large", Proof.NOTHING_RAN),
        (403, "invalid API key", Proof.NOTHING),
        (401, "please sign in", Proof.NOTHING),
        (413, "too large", Proof.NOTHING),
    ],
)
def test_the_words_of_livekits_middleware_are_known(status: int, text: str, proves: Proof) -> None:
    assert proof.of_refusal(status, text.encode()) is proves


def test_a_no_in_a_200_is_a_word_and_proves_nothing() -> None:
    """The handler had begun; only `false` is a no."""
    said = [
        changes.ChangeResponse(success=False, message="busy"),
        changes.DeployAgentResponse(success=False),
        changes.ChangeResponse(success="false"),
        changes.ChangeResponse(),
        changes.EmptyResponse(),
    ]
    assert [proof.denial(answer) for answer in said] == ["busy", "", None, None, None]
    assert proof.SAYS_NO.proves is Proof.NOTHING and proof.SAYS_NO.why


def test_every_change_is_in_the_table_and_only_what_makes_something_is_done_by_its_answer() -> None:
    assert set(proof.RULES) == {change.name for change in changes.CHANGES}
    done = {change.name for change in changes.CHANGES if proof.of_answer(change) is Proof.DONE}
    assert done == {"CreateDispatch", "CreateAgent", "CreatePrivateLink"}
    assert all(rule.echoes for rule in proof.RULES.values() if rule.proves is Proof.DONE)
