"""Which answer to a change proves what: the one table, with the reason of each line (PROTOCOL.md, Errors).

An answer counts only as far as it could not have been given otherwise. Whatever is not listed here proves
nothing, and its effect is looked for. Knows neither connections nor operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from operator import attrgetter
from typing import Final

import msgspec
from msgspec import Struct

from tui.api.changes import ChangeMethod, ChangeResponse, DeployAgentResponse, Request
from tui.api.decoding.wire import TEXT_LIMIT
from tui.api.models import Wire
from tui.api.text.clean import clean


class Proof(StrEnum):
    """What an answer to a change proves."""

    NOTHING_RAN = "nothing ran"
    """It was refused before any effect."""
    NOTHING = "nothing"
    """It may have run or not: somebody has to look."""
    ACCEPTED = "accepted"
    """The server says yes and shows nothing: that it is done, only a look tells."""
    DONE = "done"
    """The answer carries what was made, and it is what was asked for."""


# ---- answers other than 200 ---------------------------------------------------------------------------

STATUS_OF: Final[Mapping[str, int]] = {
    "invalid_argument": 400,
    "malformed": 400,
    "out_of_range": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "bad_route": 404,
    "canceled": 408,
    "deadline_exceeded": 408,
    "already_exists": 409,
    "aborted": 409,
    "failed_precondition": 412,
    "resource_exhausted": 429,
    "unknown": 500,
    "internal": 500,
    "data_loss": 500,
    "unimplemented": 501,
    "unavailable": 503,
}
"""Twirp code → the status that it comes with. Another pair was not made by a Twirp server."""
RAISED_BEFORE: Final[Mapping[str, str]] = {
    "malformed": "the request could not be decoded, so no handler saw it",
    "bad_route": "the router found no handler for the path",
    "unimplemented": "the handler does nothing but say so",
    "unauthenticated": "the token is checked before the handler does anything",
    "permission_denied": "so is what the token grants",
    "invalid_argument": "the fields of the request are checked first",
    "not_found": "what is to be changed is looked up first",
    "already_exists": "so is whether what is to be made is there",
    "failed_precondition": "the state that the change needs is checked first",
    "resource_exhausted": "requests are counted before they are handled",
}
"""Twirp code → why it proves that nothing ran, where its status agrees.

The others prove nothing. `canceled` and `deadline_exceeded` end the waiting, not the work; `unknown`,
`internal`, `data_loss` and `aborted` may come from the middle of it; `unavailable` is also what a server says
whose own call to another node was lost; nothing is known of when `out_of_range` is raised.
"""
MIDDLEWARE: Final[Mapping[int, tuple[str, ...]]] = {
    401: ("invalid API key", "invalid authorization", "invalid token: "),
    413: ("request body too large",),
}
"""Status → how the plain texts begin that LiveKit's middleware answers with before any handler runs.

Every other text, page or JSON of its own is of somebody between us and LiveKit, who may have handed the
request on: a gateway's 404, 409 or 502 and a redirect prove nothing.
"""


class TwirpError(Struct, frozen=True, forbid_unknown_fields=True):
    """A Twirp error exactly: one key more, and it is an intermediary's (PROTOCOL.md, Errors)."""

    code: str
    msg: str = ""
    meta: dict[str, str] = {}


def twirp_error(body: bytes) -> TwirpError | None:
    """The Twirp error that a body is; None for every other body."""
    try:
        found = msgspec.json.decode(body, type=TwirpError)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if found.code in STATUS_OF else None


def of_refusal(status: int, body: bytes) -> Proof:
    """What an answer with a status other than 200 proves."""
    error = twirp_error(body)
    if error is not None:
        agrees = STATUS_OF[error.code] == status
        return Proof.NOTHING_RAN if agrees and error.code in RAISED_BEFORE else Proof.NOTHING
    text = body[:200].decode("utf-8", "replace")
    return Proof.NOTHING_RAN if text.startswith(MIDDLEWARE.get(status, ())) else Proof.NOTHING


# ---- answers with status 200 --------------------------------------------------------------------------


class Echo(Struct, frozen=True):
    """A field of the answer that must say what was asked."""

    field: str
    what: str
    """In words."""
    asked: str = ""
    """Field of the request that it must equal; empty where it must only be filled."""
    may_be_empty: bool = False
    """Servers leave it empty too."""


class Rule(Struct, frozen=True):
    """What the 200 of a method proves, if its echoes are right."""

    proves: Proof
    why: str
    echoes: tuple[Echo, ...] = ()


_SUCCESS: Final = "`success` is a word; the effect follows it, and servers have said so without one"
_AGENT: Final = Echo("agent_id", "agent", "agent_id", may_be_empty=True)
RULES: Final[Mapping[str, Rule]] = {
    "CreateDispatch": Rule(
        Proof.DONE,
        "the answer is the dispatch, as it is listed from then on",
        (
            Echo("id", "dispatch"),
            Echo("room", "room", "room"),
            Echo("agent_name", "agent", "agent_name"),
        ),
    ),
    "DeleteDispatch": Rule(
        Proof.ACCEPTED,
        "the answer is the dispatch that was deleted; that it is off the list, the list tells",
        (Echo("id", "dispatch", "dispatch_id"),),
    ),
    "CreateAgent": Rule(Proof.DONE, "the answer holds the new agent's id", (Echo("agent_id", "agent"),)),
    "DeployAgentV2": Rule(
        Proof.ACCEPTED,
        "the answer says where to upload to; a version there is only after its build",
        (_AGENT, Echo("deployment", "deployment", "deployment", may_be_empty=True)),
    ),
    "UpdateAgent": Rule(Proof.ACCEPTED, _SUCCESS, (_AGENT,)),
    "UpdateAgentSecrets": Rule(Proof.ACCEPTED, _SUCCESS, (_AGENT,)),
    "RestartAgent": Rule(Proof.ACCEPTED, "no listing ever shows that a restart happened", (_AGENT,)),
    "RollbackAgent": Rule(Proof.ACCEPTED, _SUCCESS, (_AGENT,)),
    "PromoteAgent": Rule(Proof.ACCEPTED, _SUCCESS, (_AGENT,)),
    "DeleteAgent": Rule(Proof.ACCEPTED, _SUCCESS, (_AGENT,)),
    "CreatePrivateLink": Rule(
        Proof.DONE,
        "the answer is the link, with its id",
        (
            Echo("private_link.private_link_id", "link"),
            Echo("private_link.name", "link", "name"),
            Echo("private_link.endpoint", "endpoint", "endpoint"),
        ),
    ),
    "DestroyPrivateLink": Rule(Proof.ACCEPTED, "the answer has no fields: a proxy's `{}` looks the same"),
}
"""Method → what its 200 proves."""
SAYS_NO: Final = Rule(
    Proof.NOTHING,
    "`success: false` is the word of a handler that had begun; what it does before it says so is documented "
    "nowhere, and `lk` only prints the message. So a look decides, and where none can, as of a restart, it "
    "stays unknown",
)
"""What a 200 proves that says no, whatever the method."""


def of_answer(change: ChangeMethod[Wire]) -> Proof:
    """What the 200 of a method proves that `flaw` finds nothing wrong with."""
    return RULES[change.name].proves


def denial(answer: Wire) -> str | None:
    """The words with which a 200 says no, which proves what `SAYS_NO` holds; None if it does not say so."""
    if isinstance(answer, ChangeResponse | DeployAgentResponse) and answer.success is False:
        return answer.message
    return None


def flaw(change: ChangeMethod[Wire], request: Request, answer: Wire) -> str:
    """Why the 200 of a method proves nothing, in words; empty if it proves what `of_answer` says."""
    if getattr(answer, "success", True) is not True:
        return "the answer says neither yes nor no"
    for echo in RULES[change.name].echoes:
        found = _value(answer, echo.field)
        if not found and echo.may_be_empty:
            continue
        if not found:
            return f"the answer names no {echo.what}"
        if echo.asked and found != clean(str(request[echo.asked]), limit=TEXT_LIMIT):
            return f"the answer is about {echo.what} {found}, which was not asked for"
    return ""


def _value(answer: Wire, field: str) -> str:
    try:
        return str(attrgetter(field)(answer))
    except AttributeError:  # a message that is not set has no fields
        return ""
