"""Dispatches exactly as the server holds them: not cleaned and not cut, to be sent again or read as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import msgspec

_PARTS: Final = 2_000_000
"""Values, about, of a list that is read: a hundred thousand dispatches have fewer."""
_POLICIES: Final = {0: "JRP_ON_FAILURE", 1: "JRP_NEVER"}


@dataclass(frozen=True, slots=True)
class ExactDispatch:
    """A dispatch with everything that it carries; its `repr` leaves out what may be personal."""

    id: str = ""
    agent_name: str = ""
    room: str = ""
    metadata: str = field(default="", repr=False)
    restart_policy: str = "JRP_ON_FAILURE"
    deployment: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def digest(self) -> str:
        """Tells two dispatches apart without keeping what they carry."""
        return digest(self.metadata, self.attributes, self.deployment)


def digest(metadata: str, attributes: Mapping[str, str], deployment: str) -> str:
    """SHA-256 of what a dispatch carries; the order of attributes does not matter."""
    parts = [metadata, deployment, *(f"{name}\0{value}" for name, value in sorted(attributes.items()))]
    return sha256("\0\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class _Dispatch(msgspec.Struct, gc=False):
    """AgentDispatch as received; servers spell its keys in either of two ways."""

    id: str = ""
    room: str = ""
    metadata: str | None = None
    deployment: str | None = None
    attributes: dict[str, str] | None = None
    agent_name: str = ""
    agentName: str = ""
    restart_policy: str | int | None = None
    restartPolicy: str | int | None = None

    def exact(self) -> ExactDispatch:
        policy = self.restart_policy if self.restart_policy is not None else self.restartPolicy
        return ExactDispatch(
            id=self.id,
            agent_name=self.agent_name or self.agentName,
            room=self.room,
            metadata=self.metadata or "",
            restart_policy=policy if isinstance(policy, str) else _POLICIES.get(policy or 0, _POLICIES[0]),
            deployment=self.deployment or "",
            attributes=self.attributes or {},
        )


class _Response(msgspec.Struct, gc=False):
    agent_dispatches: list[_Dispatch] | None = None
    agentDispatches: list[_Dispatch] | None = None


def read_exact(body: bytes) -> tuple[ExactDispatch, ...]:
    """The dispatches of a ListDispatchResponse, all of them.

    Raises `ValueError` if one cannot be read or the list is missing: then nothing is known of what is there.
    """
    if body.count(b",") + body.count(b"{") > _PARTS:
        raise ValueError("the list of dispatches is too long to be read")
    try:
        page = msgspec.json.decode(body, type=_Response)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("the list of dispatches cannot be read") from error
    lists = [rows for rows in (page.agent_dispatches, page.agentDispatches) if rows is not None]
    if not lists:
        raise ValueError("the answer holds no list of dispatches")
    if any(not item.id for rows in lists for item in rows):
        raise ValueError("the list of dispatches holds one without an id")
    return tuple(item.exact() for rows in lists for item in rows)


class _RawState(msgspec.Struct, gc=False):
    jobs: list[msgspec.Raw] | None = None


class _RawDispatch(msgspec.Struct, gc=False):
    id: str = ""
    state: _RawState | None = None


class _RawResponse(msgspec.Struct, gc=False):
    agent_dispatches: list[msgspec.Raw] | None = None
    agentDispatches: list[msgspec.Raw] | None = None


class _Named(msgspec.Struct, gc=False):
    id: str = ""


def raw_of(body: bytes, dispatch_id: str, job_id: str = "") -> bytes:
    """The JSON of a dispatch in a ListDispatchResponse, or of one of its jobs; empty if it is not in it.

    Raises `ValueError` if the body cannot be read.
    """
    try:
        page = msgspec.json.decode(body, type=_RawResponse)
        for row in page.agent_dispatches or page.agentDispatches or ():
            dispatch = msgspec.json.decode(row, type=_RawDispatch)
            if dispatch.id != dispatch_id:
                continue
            jobs = (dispatch.state.jobs if dispatch.state else None) or ()
            return bytes(row) if not job_id else _named(jobs, job_id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("the list of dispatches cannot be read") from error
    return b""


def _named(rows: Iterable[msgspec.Raw], name: str) -> bytes:
    return next((bytes(row) for row in rows if msgspec.json.decode(row, type=_Named).id == name), b"")
