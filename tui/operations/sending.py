"""The client of operations: LiveKit's, with secrets in our own type and dispatches exactly as they are.

Importing this brings the network, so the screen does it after its first frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from tui.api import methods
from tui.api.changes import NewSecret, new_secret
from tui.api.client import Client, nobody_there
from tui.api.errors import Unknown
from tui.api.models import Dispatch
from tui.operations.remote import Original
from tui.packaging.secrets import SecretInput

_POLICIES: Final = {0: "JRP_ON_FAILURE", 1: "JRP_NEVER"}


class _Exact(msgspec.Struct, gc=False):
    """AgentDispatch as it came, in either spelling of its keys (contract.md §1.3)."""

    id: str = ""
    room: str = ""
    metadata: str | None = None
    deployment: str | None = None
    attributes: dict[str, str] | None = None
    agent_name: str = ""
    agentName: str = ""
    restart_policy: str | int | None = None
    restartPolicy: str | int | None = None

    def original(self) -> Original:
        policy = self.restart_policy if self.restart_policy is not None else self.restartPolicy
        return Original(
            id=self.id,
            agent_name=self.agent_name or self.agentName,
            room=self.room,
            metadata=self.metadata or "",
            restart_policy=policy if isinstance(policy, str) else _POLICIES.get(policy or 0, _POLICIES[0]),
            deployment=self.deployment or "",
            attributes=self.attributes or {},
        )


class _Page(msgspec.Struct, gc=False):
    agent_dispatches: list[_Exact] | None = None
    agentDispatches: list[_Exact] | None = None


class Sender(Client):
    """One project's `Remote`."""

    def ordered(self) -> Sender:
        """The same on the same connections, whose reads do not wait until polling has left some budget."""
        caller = self._caller
        return Sender(
            caller.endpoint, budget=self.budget, clock=caller.clock, gate=self.gate, caller=caller.ordered()
        )

    async def originals(self, room: str) -> tuple[Original, ...]:
        """The dispatches of a room exactly as they are. A room that nobody serves is `NotFound`."""
        method = methods.LIST_DISPATCH
        try:
            body = await self._caller.send(method, {"room": room}, room=room)
            page = msgspec.json.decode(body, type=_Page)
        except Unknown as error:
            raise nobody_there(error) or error from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unknown("the list of dispatches cannot be read", method.label, status=200) from None
        return tuple(item.original() for item in page.agent_dispatches or page.agentDispatches or ())

    async def create_dispatch(
        self,
        *,
        room: str,
        agent_name: str,
        metadata: str,
        restart_policy: str,
        deployment: str,
        attributes: Mapping[str, str],
        request_id: str,
    ) -> Dispatch:
        """Ask for an agent in a room. Not repeatable."""
        return await self.changes.create_dispatch(
            room=room,
            agent_name=agent_name,
            metadata=metadata,
            restart_policy=restart_policy,
            deployment=deployment,
            attributes=attributes,
            request_id=request_id,
        )

    async def delete_dispatch(self, *, room: str, dispatch_id: str, request_id: str) -> None:
        """Delete a dispatch."""
        await self.changes.delete_dispatch(room=room, dispatch_id=dispatch_id, request_id=request_id)

    async def restart_agent(self, agent_id: str, *, request_id: str) -> None:
        """Restart an agent's workers. Not repeatable: nothing tells whether it happened."""
        await self.changes.restart_agent(agent_id, request_id=request_id)

    async def rollback_agent(self, agent_id: str, version: str, *, request_id: str) -> None:
        """Make a version the current one."""
        await self.changes.rollback_agent(agent_id, version, request_id=request_id)

    async def promote_agent(self, agent_id: str, deployment: str, *, request_id: str) -> None:
        """Make a deployment's version the production one."""
        await self.changes.promote_agent(agent_id, deployment, request_id=request_id)

    async def delete_agent(self, agent_id: str, *, request_id: str) -> None:
        """Delete an agent with all its deployments."""
        await self.changes.delete_agent(agent_id, request_id=request_id)

    async def delete_deployment(self, agent_id: str, deployment: str, *, request_id: str) -> None:
        """Delete one named deployment."""
        await self.changes.delete_deployment(agent_id, deployment, request_id=request_id)

    async def update_agent(self, agent_id: str, secrets: tuple[SecretInput, ...], *, request_id: str) -> None:
        """Set secrets and restart the workers."""
        await self.changes.update_agent(agent_id, _sealed(secrets), request_id=request_id)

    async def update_secrets(
        self,
        agent_id: str,
        secrets: tuple[SecretInput, ...] = (),
        *,
        remove: tuple[str, ...] = (),
        overwrite: bool = False,
        request_id: str,
    ) -> None:
        """Set and remove secrets; `overwrite` replaces the complete set."""
        await self.changes.update_secrets(
            agent_id, _sealed(secrets), remove=remove, overwrite=overwrite, request_id=request_id
        )

    async def create_link(
        self, *, name: str, region: str, port: int, endpoint: str, cloud_region: str, request_id: str
    ) -> str:
        """Make a private link; its id. Not repeatable."""
        made = await self.changes.create_link(
            name=name,
            region=region,
            port=port,
            endpoint=endpoint,
            cloud_region=cloud_region,
            request_id=request_id,
        )
        return made.private_link_id

    async def destroy_link(self, private_link_id: str, *, request_id: str) -> None:
        """Delete a private link."""
        await self.changes.destroy_link(private_link_id, request_id=request_id)


def _sealed(secrets: Iterable[SecretInput]) -> tuple[NewSecret, ...]:
    return tuple(new_secret(one.name, one.value, file=one.is_file) for one in secrets)
