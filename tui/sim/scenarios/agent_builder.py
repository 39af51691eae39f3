"""Adds the agents of a scenario to a world, with versions, deployments, secrets and log lines."""

from __future__ import annotations

from functools import partial

from livekit.protocol import cloud_agent as pb

from tui.sim.scenarios.room_builder import JOB_TYPES
from tui.sim.scenarios.specs import AgentSpec, DeploymentSpec
from tui.sim.world.agents import Agents
from tui.sim.world.ids import NEVER, timestamp, version_tag
from tui.sim.world.world import UNBUILT, AgentRecord, Worker, World

_EVENTS = {
    "crash": pb.AGENT_EVENT_TYPE_APPLICATION_CRASHED,
    "disk": pb.AGENT_EVENT_TYPE_RESTARTED_HIGH_DISK_USAGE,
    "memory": pb.AGENT_EVENT_TYPE_RESTARTED_HIGH_MEMORY_USAGE,
}
ASLEEP = {"Sleeping", "Waking", "Setting Up", "Scheduling", "Deleted", "Suspended", "Server Error", "Error"}
"""Statuses under which no program runs."""
UNDEPLOYED = ("Building", "Build Failed")
"""Statuses of a version that never ran."""
BUILT_SECONDS = 71.0
"""Seconds from the start of a build to its deployment."""


class AgentBuilder:
    """Adds agents to one world; ages count back from `start`, world time."""

    def __init__(self, world: World, agents: Agents, start: float) -> None:
        self._world = world
        self._agents = agents
        self._start = start

    def add(self, spec: AgentSpec) -> AgentRecord:
        """One agent with versions, deployments and secrets."""
        world = self._world
        record = AgentRecord(
            pb.AgentInfo(agent_id=spec.id or world.guid("CA_"), agent_name=spec.name, version=UNBUILT),
            worker=Worker(
                job_type=JOB_TYPES[spec.job_type],
                failure_rate=spec.failure_rate,
                needs=set(spec.needs),
                idles=spec.idles,
                accepts=spec.accepts,
                refuses=spec.refuses,
                entrypoint=spec.entrypoint,
                join_seconds=spec.join_seconds,
            ),
        )
        world.agents[record.id] = record
        self._versions(record, spec)
        self._secrets(record, spec)
        for deployment in spec.deployments:
            self._deployment(record, spec, deployment)
        record.mark()
        used = {row.version for row in record.info.agent_deployments}
        deployed = [record.versions[tag].deployed_at for tag in used if tag in record.versions]
        record.info.deployed_at.CopyFrom(max(deployed, key=lambda moment: moment.seconds, default=NEVER))
        world.agent_list.put(record.id, record.info)
        self._schedule(record, spec)
        return record

    def _versions(self, record: AgentRecord, spec: AgentSpec) -> None:
        for version in spec.versions:
            made = self._start - version.age
            tag = version.tag or version_tag(made)
            record.versions[tag] = pb.AgentVersion(
                version=tag,
                created_at=timestamp(made),
                attributes=version.attributes,
                status=version.status,
                owner=version.owner,
                draining=version.draining,
            )
            if version.status not in UNDEPLOYED:
                deployed = min(made + BUILT_SECONDS, self._start)
                record.versions[tag].deployed_at.CopyFrom(timestamp(deployed))
            if version.bad:
                record.worker.bad_versions.add(tag)

    def _secrets(self, record: AgentRecord, spec: AgentSpec) -> None:
        kinds = [(name, pb.AGENT_SECRET_KIND_ENVIRONMENT) for name in spec.secrets]
        kinds += [(name, pb.AGENT_SECRET_KIND_FILE) for name in spec.file_secrets]
        chance = self._world.chance(record.id, "secrets")
        for name, kind in kinds:
            made = self._start - chance.uniform(10, 90) * 86400
            record.secrets[name] = pb.AgentSecret(
                name=name,
                kind=kind,
                created_at=timestamp(made),
                updated_at=timestamp(made + chance.uniform(0, 9) * 86400),
            )

    def _deployment(self, record: AgentRecord, spec: AgentSpec, deployment: DeploymentSpec) -> None:
        tags = list(record.versions)
        tag = tags[min(deployment.version, len(tags) - 1)] if tags else ""
        chance = self._world.chance(record.id, deployment.name, deployment.region)
        observed = deployment.scraped is not None and bool(tags)
        running = deployment.status not in ASLEEP and bool(tags) and not spec.registers
        cpu = f"{int(chance.lognormvariate(5.3, 0.6) * 1e6)}n" if running else "0"
        memory = str(int(chance.gauss(7.2e8, 6e7))) if running else "0"
        row = self._agents.add_row(record, deployment.name, deployment.region, deployment.status)
        row.replicas = deployment.replicas
        row.min_replicas = deployment.min_replicas
        row.max_replicas = deployment.max_replicas
        row.cpu_limit = deployment.cpu_limit
        row.mem_limit = deployment.memory_limit
        row.version = tag
        if deployment.server_region is not None:
            row.server_region = deployment.server_region
        if observed:
            row.cur_cpu = cpu if deployment.cpu is None else deployment.cpu
            row.cur_mem = memory if deployment.memory is None else deployment.memory
            row.agent_name = spec.name
        if observed and deployment.scraped is not None:
            row.last_scraped_at.CopyFrom(timestamp(self._start - deployment.scraped))
        for event in deployment.events:
            row.events.add(
                type=_EVENTS[event.type], count=event.count, timestamp=timestamp(self._start - event.age)
            )
        if deployment.name == "" and tag:
            record.info.version = tag
        if spec.registers:
            self._world.after(spec.registers, partial(self._agents.start, record, deployment.name))
        if running:
            record.up.add(deployment.name)
            if not spec.quiet:
                self._world.book(record, deployment.name).wake(self._start - 86400)

    def _schedule(self, record: AgentRecord, spec: AgentSpec) -> None:
        """Schedule the statuses and write the log lines of the spec."""
        book = self._world.book(record, "") if spec.logs or spec.flood else None
        for number, line in enumerate(spec.logs):
            if book is not None:
                book.write(self._start - 1 + number * 1e-4, line.encode(errors="surrogateescape"))
        if book is not None and spec.flood:
            book.flood(self._start, spec.flood, 10 * 365 * 86400, "flood line {n}")
        if spec.walk:
            self._agents.walk(record, "", spec.walk)
