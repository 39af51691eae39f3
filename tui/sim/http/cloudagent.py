"""`livekit.CloudAgent` as LiveKit Cloud answers it, as far as is known (PROTOCOL.md, Agents)."""

from __future__ import annotations

from collections.abc import Iterable

from livekit.protocol import cloud_agent as pb

from tui.sim.http.auth import Claims
from tui.sim.http.limits import check_deployment, checked_secrets
from tui.sim.http.privatelinks import Links
from tui.sim.http.twirp import Answer, Method, Page, Refusal, Rpc, TwirpError
from tui.sim.http.uploads import Uploads
from tui.sim.world.agents import CLUSTERS, Agents
from tui.sim.world.ids import timestamp
from tui.sim.world.world import UNBUILT, AgentRecord, World

BUSY = {"Deleting", "Deleted"}


class CloudAgent:
    """The methods of the service, over one world."""

    def __init__(self, world: World, agents: Agents, uploads: Uploads) -> None:
        self._world = world
        self._agents = agents
        self._uploads = uploads
        self._links = Links(world)

    def methods(self, refusal: Refusal) -> dict[str, Method]:
        """Every method by name; all want the same grant."""

        def admin(claims: Claims, request: object) -> bool:
            return claims.agent_admin

        links = self._links
        return {
            "CreateAgent": Rpc(pb.CreateAgentRequest, admin, self.create, refusal, replayed=True),
            "CreateAgentV2": Rpc(pb.CreateAgentV2Request, admin, self.create_v2, refusal, replayed=True),
            "DeployAgent": Rpc(pb.DeployAgentRequest, admin, self.deploy, refusal, replayed=True),
            "DeployAgentV2": Rpc(pb.DeployAgentV2Request, admin, self.deploy_v2, refusal, replayed=True),
            "PromoteAgent": Rpc(pb.PromoteAgentRequest, admin, self.promote, refusal),
            "ListAgents": Rpc(pb.ListAgentsRequest, admin, self.list, refusal),
            "ListAgentVersions": Rpc(pb.ListAgentVersionsRequest, admin, self.versions, refusal),
            "ListAgentSecrets": Rpc(pb.ListAgentSecretsRequest, admin, self.secrets, refusal),
            "UpdateAgent": Rpc(pb.UpdateAgentRequest, admin, self.update, refusal),
            "RestartAgent": Rpc(pb.RestartAgentRequest, admin, self.restart, refusal),
            "UpdateAgentSecrets": Rpc(pb.UpdateAgentSecretsRequest, admin, self.update_secrets, refusal),
            "RollbackAgent": Rpc(pb.RollbackAgentRequest, admin, self.rollback, refusal),
            "DeleteAgent": Rpc(pb.DeleteAgentRequest, admin, self.delete, refusal),
            "GetClientSettings": Rpc(pb.ClientSettingsRequest, admin, self.settings, refusal),
            "CreatePrivateLink": Rpc(pb.CreatePrivateLinkRequest, admin, links.create, refusal),
            "DestroyPrivateLink": Rpc(pb.DestroyPrivateLinkRequest, admin, links.destroy, refusal),
            "ListPrivateLinks": Rpc(pb.ListPrivateLinksRequest, admin, links.list, refusal),
            "GetPrivateLinkStatus": Rpc(pb.GetPrivateLinkStatusRequest, admin, links.status, refusal),
        }

    # -- reading

    async def list(self, request: pb.ListAgentsRequest) -> Answer:
        """All agents, or those of an id or a name; an unknown one is an empty list (PROTOCOL.md, Errors)."""
        if not request.agent_id and not request.agent_name:
            return Page(self._world.agent_list)
        known = self._world.agents
        ids = [request.agent_id] if request.agent_id else list(known)
        name = request.agent_name
        return Page(
            self._world.agent_list,
            [key for key in ids if key in known and (not name or known[key].info.agent_name == name)],
        )

    async def versions(self, request: pb.ListAgentVersionsRequest) -> Answer:
        """Every version that was built."""
        record = self._agent(request.agent_id, request.agent_name)
        return pb.ListAgentVersionsResponse(versions=record.versions.values())

    async def secrets(self, request: pb.ListAgentSecretsRequest) -> Answer:
        """Names and times; never a value."""
        record = self._agent(request.agent_id, request.agent_name)
        return pb.ListAgentSecretsResponse(secrets=record.secrets.values())

    async def settings(self, request: pb.ClientSettingsRequest) -> Answer:
        """Settings for clients."""
        params = [pb.SettingsParam(name=name, value=value) for name, value in self._world.settings.items()]
        return pb.ClientSettingsResponse(params=params)

    # -- new agents and versions

    async def create(self, request: pb.CreateAgentRequest) -> Answer:
        """A new agent, and where its source goes."""
        record = self._create(request.regions, request.secrets)
        tag = self._agents.free_tag(record)
        upload = self._uploads.offer(record.id, "", tag, {})
        answer = pb.CreateAgentResponse(
            agent_id=record.id,
            status="Setting Up",
            version=tag,
            tag=tag,
            server_regions=[row.server_region for row in record.info.agent_deployments],
        )
        if self._world.switches.upload == "put":
            answer.presigned_url = upload.url
        else:
            answer.presigned_post_request.CopyFrom(upload.form())
        return answer

    async def create_v2(self, request: pb.CreateAgentV2Request) -> Answer:
        """A new agent, without an upload."""
        record = self._create(request.regions, request.secrets)
        regions = [row.server_region for row in record.info.agent_deployments]
        return pb.CreateAgentV2Response(agent_id=record.id, status="Setting Up", server_regions=regions)

    def _create(self, regions: Iterable[str], secrets: Iterable[pb.AgentSecret]) -> AgentRecord:
        wanted = list(dict.fromkeys(regions)) or ["us-east"]
        for region in wanted:
            if region not in CLUSTERS:
                raise TwirpError("invalid_argument", f"region {region!r} is not available")
        kept = checked_secrets(secrets)
        record = self._agents.create(wanted)
        self._keep(record, kept)
        self._world.effect("CreateAgent", agent_id=record.id, regions=wanted, secrets=[s.name for s in kept])
        return record

    async def deploy(self, request: pb.DeployAgentRequest) -> Answer:
        """Where the source of a new version goes."""
        record = self._agent(request.agent_id, request.agent_name)
        tag = self._deploy(record, request.deployment, request.secrets)
        upload = self._uploads.offer(record.id, request.deployment, tag, dict(request.attributes))
        answer = pb.DeployAgentResponse(
            success=True, agent_id=record.id, tag=tag, deployment=request.deployment
        )
        if self._world.switches.upload == "put":
            answer.presigned_url = upload.url
        else:
            answer.presigned_post_request.CopyFrom(upload.form())
        return answer

    async def deploy_v2(self, request: pb.DeployAgentV2Request) -> Answer:
        """Where the source of a new version goes; always a form (PROTOCOL.md, Versions and deployments)."""
        record = self._agent(request.agent_id)
        tag = self._deploy(record, request.deployment, request.secrets)
        upload = self._uploads.offer(record.id, request.deployment, tag, dict(request.attributes))
        return pb.DeployAgentV2Response(
            success=True,
            agent_id=record.id,
            tag=tag,
            presigned_req=upload.form(),
            deployment=request.deployment,
        )

    def _deploy(self, record: AgentRecord, deployment: str, secrets: Iterable[pb.AgentSecret]) -> str:
        check_deployment(deployment)
        kept = checked_secrets(secrets)
        self._keep(record, kept)
        self._world.effect(
            "DeployAgent", agent_id=record.id, deployment=deployment, secrets=[secret.name for secret in kept]
        )
        return self._agents.free_tag(record)

    async def promote(self, request: pb.PromoteAgentRequest) -> Answer:
        """Let a deployment run the version of another."""
        record = self._agent(request.agent_id)
        check_deployment(request.dst_deployment)
        if request.src_deployment == request.dst_deployment:
            return pb.PromoteAgentResponse(message="a deployment cannot be promoted to itself")
        rows = record.rows(request.src_deployment)
        if not rows or rows[0].version in ("", UNBUILT):
            return pb.PromoteAgentResponse(
                message=f"deployment '{request.src_deployment}' has no version to promote"
            )
        tag = rows[0].version
        if not record.rows(request.dst_deployment):
            self._agents.add_row(record, request.dst_deployment, rows[0].region, "Scheduling")
        self._agents.release(record, request.dst_deployment, tag)
        self._world.effect(
            "PromoteAgent",
            agent_id=record.id,
            src_deployment=request.src_deployment,
            dst_deployment=request.dst_deployment,
            version=tag,
        )
        return pb.PromoteAgentResponse(
            success=True,
            agent_id=record.id,
            src_deployment=request.src_deployment,
            dst_deployment=request.dst_deployment,
            version_tag=tag,
        )

    # -- changing what runs

    async def update(self, request: pb.UpdateAgentRequest) -> Answer:
        """Take over secrets and restart the workers."""
        record = self._agent(request.agent_id, request.agent_name)
        kept = checked_secrets(request.secrets)
        if busy := self._busy(record):
            return pb.UpdateAgentResponse(message=busy)
        self._keep(record, kept)
        self._agents.restart(record)
        self._world.effect("UpdateAgent", agent_id=record.id, secrets=[secret.name for secret in kept])
        return pb.UpdateAgentResponse(success=True)

    async def restart(self, request: pb.RestartAgentRequest) -> Answer:
        """Restart the workers of every deployment."""
        record = self._agent(request.agent_id)
        if busy := self._busy(record):
            return pb.RestartAgentResponse(message=busy)
        self._agents.restart(record)
        self._world.effect("RestartAgent", agent_id=record.id)
        return pb.RestartAgentResponse(success=True)

    async def update_secrets(self, request: pb.UpdateAgentSecretsRequest) -> Answer:
        """Add or replace secrets, or with `overwrite` the whole set; restarts the workers."""
        record = self._agent(request.agent_id, request.agent_name)
        kept = checked_secrets(request.secrets)
        if busy := self._busy(record):
            return pb.UpdateAgentSecretsResponse(message=busy)
        before = set(record.secrets)
        if request.overwrite:
            names = {secret.name for secret in kept}
            record.secrets = {name: secret for name, secret in record.secrets.items() if name in names}
        for name in request.remove:
            record.secrets.pop(name, None)
        self._keep(record, kept)
        self._agents.restart(record)
        self._world.effect(
            "UpdateAgentSecrets",
            agent_id=record.id,
            overwrite=request.overwrite,
            secrets=[secret.name for secret in kept],
            removed=sorted(before - set(record.secrets)),
        )
        return pb.UpdateAgentSecretsResponse(success=True)

    async def rollback(self, request: pb.RollbackAgentRequest) -> Answer:
        """Let production run an earlier version; `latest` is the one before the current."""
        record = self._agent(request.agent_id, request.agent_name)
        if busy := self._busy(record):
            return pb.RollbackAgentResponse(message=busy)
        tag = self._before_current(record) if request.version in ("", "latest") else request.version
        version = record.versions.get(tag)
        if version is None or version.status in ("Building", "Build Failed"):
            return pb.RollbackAgentResponse(
                message=f"version '{tag or request.version}' cannot be rolled back to"
            )
        previous = record.info.version
        self._agents.release(record, "", tag)
        self._world.effect("RollbackAgent", agent_id=record.id, version=tag, previous=previous)
        return pb.RollbackAgentResponse(success=True)

    async def delete(self, request: pb.DeleteAgentRequest) -> Answer:
        """Delete one deployment or, without its name, the whole agent."""
        record = self._agents.find(request.agent_id, request.agent_name)
        if record is None:
            raise TwirpError(
                "internal", "The agent could not be found. Please check the agent ID and try again."
            )
        if busy := self._busy(record):
            return pb.DeleteAgentResponse(message=busy)
        if request.deployment and not record.rows(request.deployment):
            return pb.DeleteAgentResponse(message=f"deployment '{request.deployment}' does not exist")
        self._agents.delete(record, request.deployment or None)
        self._world.effect("DeleteAgent", agent_id=record.id, deployment=request.deployment)
        return pb.DeleteAgentResponse(success=True)

    # -- shared

    def _agent(self, agent_id: str, name: str = "") -> AgentRecord:
        """An agent, or the error that LiveKit Cloud is reported to give (PROTOCOL.md, Errors)."""
        record = self._agents.find(agent_id, name)
        if record is None:
            raise TwirpError("internal", "failed to get agent")
        return record

    def _busy(self, record: AgentRecord) -> str:
        """Why an agent cannot be changed now: text for `success: false`; empty when it can."""
        gone = all(row.status in BUSY for row in record.info.agent_deployments)
        return "agent is being deleted" if gone else ""

    def _before_current(self, record: AgentRecord) -> str:
        built = [v for v in record.versions.values() if v.status not in ("Building", "Build Failed")]
        built.sort(key=lambda version: (version.created_at.seconds, version.created_at.nanos))
        tags = [version.version for version in built]
        current = tags.index(record.info.version) if record.info.version in tags else 0
        return tags[current - 1] if current > 0 else ""

    def _keep(self, record: AgentRecord, secrets: Iterable[pb.AgentSecret]) -> None:
        """Keep names and times; values are dropped."""
        now = timestamp(self._world.now)
        for secret in secrets:
            known = record.secrets.get(secret.name)
            record.secrets[secret.name] = pb.AgentSecret(
                name=secret.name,
                kind=secret.kind or pb.AGENT_SECRET_KIND_ENVIRONMENT,
                created_at=known.created_at if known is not None else now,
                updated_at=now,
            )
