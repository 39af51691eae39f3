"""The calls that change something. Each is sent once; `errors` says which may be sent again."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager

import msgspec

from tui.api import methods
from tui.api.auth import Grant
from tui.api.caller import Caller
from tui.api.hosts import Host
from tui.api.methods import Method
from tui.api.models import Dispatch, PrivateLink, Wire
from tui.secret import Secret

BUILD_QUIET = 900.0
"""Seconds without output after which a build is given up; `lk` allows this for the whole build."""


class NewSecret(Wire, frozen=True):
    """AgentSecret as sent; its value in base64, as JSON carries bytes."""

    name: str
    value: str
    kind: str
    """Always sent: an absent kind means unknown."""

    def __repr__(self) -> str:
        return f"NewSecret({self.name!r})"


def new_secret(name: str, value: Secret, *, file: bool = False) -> NewSecret:
    """A secret to send: an environment variable, or a file mounted under its name."""
    kind = "AGENT_SECRET_KIND_FILE" if file else "AGENT_SECRET_KIND_ENVIRONMENT"
    encoded = base64.b64encode(value.reveal().encode("utf-8", "surrogateescape")).decode()
    return NewSecret(name=name, value=encoded, kind=kind)


class Done(Wire, frozen=True):
    """The answer of methods that change an agent."""

    success: bool = False
    message: str = ""
    agent_id: str = ""
    version_tag: str = ""


class PostTarget(Wire, frozen=True):
    """PresignedPostRequest: a form to upload with."""

    url: str = ""
    values: dict[str, str] = msgspec.field(default_factory=dict)


class Created(Wire, frozen=True):
    """CreateAgentResponse."""

    agent_id: str = ""
    agent_name: str = ""
    status: str = ""
    version: str = ""
    presigned_url: str = ""
    tag: str = ""
    server_regions: tuple[str, ...] = ()
    presigned_post_request: PostTarget | None = None


class Deploying(Wire, frozen=True):
    """DeployAgentV2Response."""

    success: bool = False
    message: str = ""
    agent_id: str = ""
    tag: str = ""
    presigned_req: PostTarget | None = None
    deployment: str = ""


class LinkMade(Wire, frozen=True):
    """CreatePrivateLinkResponse."""

    private_link: PrivateLink | None = None


class Nothing(Wire, frozen=True):
    """An answer without fields. That it is a JSON object shows that LiveKit answered."""


class Changes:
    """Every changing call of one project. Raises the tree of `errors`; `ReadOnly` before anything is sent."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def create_dispatch(
        self,
        *,
        room: str,
        agent_name: str,
        metadata: str = "",
        restart_policy: str = "JRP_ON_FAILURE",
        deployment: str = "",
        attributes: Mapping[str, str] | None = None,
        request_id: str,
    ) -> Dispatch:
        """Dispatch an agent to a room. Not repeatable: a second call makes a second dispatch."""
        request = {
            "room": room,
            "agent_name": agent_name,
            "metadata": metadata,
            "restart_policy": restart_policy,
            "deployment": deployment,
            "attributes": dict(attributes or {}),
        }
        method = methods.CREATE_DISPATCH
        answer = await self._caller.ask(method, Dispatch, request, room=room, request_id=request_id)
        if not answer.id:  # `{}` may come from a proxy and does not prove that it was done
            raise self._caller.unreadable(method, "the answer names no dispatch", request_id)
        return answer

    async def delete_dispatch(self, *, room: str, dispatch_id: str, request_id: str) -> Dispatch:
        """Delete a dispatch; its jobs end within seconds."""
        request = {"room": room, "dispatch_id": dispatch_id}
        return await self._caller.ask(
            methods.DELETE_DISPATCH, Dispatch, request, room=room, request_id=request_id
        )

    async def restart_agent(self, agent_id: str, *, request_id: str) -> Done:
        """Restart the workers; running sessions go on."""
        return await self._do(methods.RESTART_AGENT, {"agent_id": agent_id}, request_id)

    async def rollback_agent(self, agent_id: str, version: str, *, request_id: str) -> Done:
        """Make an explicit version the current one. Raises `ValueError` for a relative request."""
        if not version or version == "latest":
            raise ValueError("a rollback names its version")
        return await self._do(methods.ROLLBACK_AGENT, {"agent_id": agent_id, "version": version}, request_id)

    async def promote_agent(self, agent_id: str, deployment: str, *, request_id: str) -> Done:
        """Make a named deployment's version the production one."""
        request = {"agent_id": agent_id, "src_deployment": deployment, "dst_deployment": ""}
        return await self._do(methods.PROMOTE_AGENT, request, request_id)

    async def delete_agent(self, agent_id: str, *, request_id: str) -> Done:
        """Delete an agent with all its deployments."""
        return await self._do(methods.DELETE_AGENT, {"agent_id": agent_id, "deployment": ""}, request_id)

    async def delete_deployment(self, agent_id: str, deployment: str, *, request_id: str) -> Done:
        """Delete one named deployment. Raises `ValueError` for an empty name, which would mean the agent."""
        if not deployment:
            raise ValueError("an empty deployment would delete the whole agent")
        return await self._do(
            methods.DELETE_AGENT, {"agent_id": agent_id, "deployment": deployment}, request_id
        )

    async def update_agent(self, agent_id: str, secrets: tuple[NewSecret, ...], *, request_id: str) -> Done:
        """Set secrets and restart the workers."""
        return await self._do(methods.UPDATE_AGENT, {"agent_id": agent_id, "secrets": secrets}, request_id)

    async def update_secrets(
        self,
        agent_id: str,
        secrets: tuple[NewSecret, ...] = (),
        *,
        remove: tuple[str, ...] = (),
        overwrite: bool = False,
        request_id: str,
    ) -> Done:
        """Set and remove secrets; `overwrite` replaces the complete set (PROTOCOL.md, Secrets)."""
        request = {"agent_id": agent_id, "secrets": secrets, "remove": remove, "overwrite": overwrite}
        return await self._do(methods.UPDATE_SECRETS, request, request_id)

    async def create_agent(self, secrets: tuple[NewSecret, ...], region: str, *, request_id: str) -> Created:
        """Create an agent; its code is uploaded and built afterwards."""
        request = {"secrets": secrets, "regions": [region] if region else []}
        answer = await self._caller.ask(methods.CREATE_AGENT, Created, request, request_id=request_id)
        if not answer.agent_id:
            raise self._caller.unreadable(methods.CREATE_AGENT, "the answer names no agent", request_id)
        return answer

    async def deploy_agent(
        self,
        agent_id: str,
        secrets: tuple[NewSecret, ...],
        deployment: str,
        attributes: Mapping[str, str],
        *,
        request_id: str,
    ) -> Deploying:
        """Announce a new version of an agent."""
        request = {
            "agent_id": agent_id,
            "secrets": secrets,
            "deployment": deployment,
            "attributes": dict(attributes),
        }
        answer = await self._caller.ask(methods.DEPLOY_AGENT, Deploying, request, request_id=request_id)
        if not answer.success:
            raise self._caller.not_done(methods.DEPLOY_AGENT, answer.message, request_id)
        return answer

    def build(
        self, agent_id: str, deployment: str, attributes: Mapping[str, str]
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Start the build of what was uploaded; yields the raw stream (PROTOCOL.md, Builds)."""
        params = {"agent_id": agent_id} | ({"deployment": deployment} if deployment else {})
        packed = base64.b64encode(msgspec.json.encode(dict(attributes))).decode()
        headers = {"X-LIVEKIT-AGENT-VERSION-ATTRIBUTES": packed} if attributes else {}
        return self._caller.transport.stream(
            "POST",
            f"{self._caller.urls[Host.AGENTS]}/build",
            Grant(agent_admin=True),
            label="POST /build",
            params=params,
            headers=headers,
            quiet=BUILD_QUIET,
        )

    async def create_link(
        self, *, name: str, region: str, port: int, endpoint: str, cloud_region: str, request_id: str
    ) -> PrivateLink:
        """Make a private link."""
        request: dict[str, object] = {"name": name, "region": region, "port": port, "endpoint": endpoint}
        if cloud_region:
            request["cloud_region"] = cloud_region
        answer = await self._caller.ask(methods.CREATE_LINK, LinkMade, request, request_id=request_id)
        if answer.private_link is None:
            raise self._caller.unreadable(methods.CREATE_LINK, "the answer names no link", request_id)
        return answer.private_link

    async def destroy_link(self, private_link_id: str, *, request_id: str) -> None:
        """Delete a private link."""
        request = {"private_link_id": private_link_id}
        await self._caller.ask(methods.DESTROY_LINK, Nothing, request, request_id=request_id)

    async def _do(self, method: Method, request: Mapping[str, object], request_id: str) -> Done:
        answer = await self._caller.ask(method, Done, request, request_id=request_id)
        if not answer.success:
            raise self._caller.not_done(method, answer.message, request_id)
        return answer
