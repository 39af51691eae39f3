"""Every call that changes something, declared once: its method and its answer.

`Client.change` sends any of them, once; `proof` says what its answer proves. The requests are made by those
who ask for the change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Generic, TypeVar

import msgspec

from tui.api.methods import Method
from tui.api.models import Dispatch, PrivateLink, Wire
from tui.secret import Secret

A = TypeVar("A", bound=Wire, covariant=True)
Request = Mapping[str, object]
"""The fields of a request message. A `Secret` in it is encoded when the bytes are made, and not before."""


class ChangeResponse(Wire, frozen=True):
    """The answer of the methods that change an agent: most of their responses have these fields."""

    success: bool | int | str | None = None
    """None where the answer does not say. Only true is yes and only false is no, not `{}`, 0 or "false"."""
    message: str = ""
    agent_id: str = ""
    version_tag: str = ""


class PresignedPostRequest(Wire, frozen=True):
    """A form to upload with."""

    url: str = ""
    values: dict[str, str] = msgspec.field(default_factory=dict)


class CreateAgentResponse(Wire, frozen=True):
    """A new agent, and where to upload its source."""

    agent_id: str = ""
    agent_name: str = ""
    status: str = ""
    version: str = ""
    presigned_url: str = ""
    tag: str = ""
    server_regions: tuple[str, ...] = ()
    presigned_post_request: PresignedPostRequest | None = None


class DeployAgentResponse(Wire, frozen=True):
    """DeployAgentV2Response: a new version of an agent, and where to upload its source."""

    success: bool | int | str | None = None
    """As in `ChangeResponse`."""
    message: str = ""
    agent_id: str = ""
    tag: str = ""
    presigned_req: PresignedPostRequest | None = None
    deployment: str = ""


class CreatePrivateLinkResponse(Wire, frozen=True):
    """A new private link."""

    private_link: PrivateLink | None = None


class EmptyResponse(Wire, frozen=True):
    """An answer without fields."""


def _always_valid(request: Request) -> str:
    return ""


class ChangeMethod(Method, Generic[A], frozen=True, kw_only=True):
    """One RPC that changes something."""

    changes: ClassVar[bool] = True
    answer: type[A]
    repeatable: bool = True
    """Sending it twice has the same effect as sending it once."""
    deletes: bool = False
    """That what it deletes is not found, when it is sent again, means that the first one did it."""
    problem: Callable[[Request], str] = _always_valid
    """Why a request must not be sent, in words; empty if it may."""


def _explicit_version(request: Request) -> str:
    return "a rollback names its version" if request["version"] in ("", "latest") else ""


def _whole_agent(request: Request) -> str:
    return "one deployment is deleted by another call" if request["deployment"] else ""


def _named_deployment(request: Request) -> str:
    return "" if request["deployment"] else "an empty deployment would delete the whole agent"


CREATE_DISPATCH: Final = ChangeMethod(
    "AgentDispatchService",
    "CreateDispatch",
    "room",
    answer=Dispatch,
    repeatable=False,
)
DELETE_DISPATCH: Final = ChangeMethod(
    "AgentDispatchService", "DeleteDispatch", "room", answer=Dispatch, deletes=True
)
CREATE_AGENT: Final = ChangeMethod(
    "CloudAgent",
    "CreateAgent",
    answer=CreateAgentResponse,
    repeatable=False,
)
DEPLOY_AGENT: Final = ChangeMethod(
    "CloudAgent", "DeployAgentV2", answer=DeployAgentResponse, repeatable=False
)
PROMOTE_AGENT: Final = ChangeMethod("CloudAgent", "PromoteAgent", answer=ChangeResponse)
UPDATE_AGENT: Final = ChangeMethod("CloudAgent", "UpdateAgent", answer=ChangeResponse, repeatable=False)
UPDATE_SECRETS: Final = ChangeMethod("CloudAgent", "UpdateAgentSecrets", answer=ChangeResponse)
RESTART_AGENT: Final = ChangeMethod("CloudAgent", "RestartAgent", answer=ChangeResponse, repeatable=False)
ROLLBACK_AGENT: Final = ChangeMethod(
    "CloudAgent", "RollbackAgent", answer=ChangeResponse, problem=_explicit_version
)
DELETE_AGENT: Final = ChangeMethod(
    "CloudAgent", "DeleteAgent", answer=ChangeResponse, deletes=True, problem=_whole_agent
)
DELETE_DEPLOYMENT: Final = ChangeMethod(
    "CloudAgent", "DeleteAgent", answer=ChangeResponse, deletes=True, problem=_named_deployment
)
CREATE_LINK: Final = ChangeMethod(
    "CloudAgent",
    "CreatePrivateLink",
    answer=CreatePrivateLinkResponse,
    repeatable=False,
)
DESTROY_LINK: Final = ChangeMethod("CloudAgent", "DestroyPrivateLink", answer=EmptyResponse)

CHANGES: Final[tuple[ChangeMethod[Wire], ...]] = tuple(
    value for value in list(globals().values()) if isinstance(value, ChangeMethod)
)
"""All of them."""


def secret_message(name: str, value: Secret, *, file: bool = False) -> dict[str, object]:
    """AgentSecret in a request: an environment variable, or a file mounted under its name.

    The kind is always given: a default would be left out on the wire, where its absence means unknown.
    """
    kind = "AGENT_SECRET_KIND_FILE" if file else "AGENT_SECRET_KIND_ENVIRONMENT"
    return {"name": name, "value": value, "kind": kind}
