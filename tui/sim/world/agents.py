"""The life cycle of cloud agents: build, start, crash, sleep, wake, roll, delete (PROTOCOL.md, Agents).

The real life cycle is not public: the order of statuses and the delays are assumptions. Knows nothing of
rooms: `on_up` and `on_down` are called when a program starts or dies. Longer than 300 lines because the steps
of one life cycle are read together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from livekit.protocol import cloud_agent as pb

from tui.sim.world.ids import NEVER, timestamp, version_tag
from tui.sim.world.tracebacks import missing_secret, wrong_argument
from tui.sim.world.world import UNBUILT, AgentRecord, World

CLUSTERS = {"us-east": "osbxash1a", "eu-central": "osbxfra1a", "ap-south": "osbxbom1a"}
"""Cluster code of every region on offer."""

ROLL_SECONDS = 6.0
SCHEDULE_SECONDS = 4.0
WAKE_SECONDS = 8.0
DELETE_SECONDS = 4.0
DRAIN_SECONDS = 90.0
CRASH_AFTER_SECONDS = 2.5
BACKOFF_SECONDS = (8.0, 15.0, 30.0, 45.0)
"""Pauses between the starts of a program that keeps crashing; the last one repeats."""

CRASHED = pb.AGENT_EVENT_TYPE_APPLICATION_CRASHED

Listener = Callable[[AgentRecord, str], None]


class Agents:
    """The life of every agent of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.on_up: list[Listener] = []
        """Called when a deployment's program has started."""
        self.on_down: list[Listener] = []
        """Called when a deployment's program has died."""

    # -- looking things up

    def find(self, agent_id: str, name: str = "") -> AgentRecord | None:
        """An agent by id or, without one, by dispatch name."""
        if agent_id or not name:
            return self.world.agents.get(agent_id)
        return next((record for record in self.world.agents.values() if record.info.agent_name == name), None)

    def serving(self, name: str, deployment: str) -> AgentRecord | None:
        """An agent with workers registered under that name in that deployment, awake or asleep."""
        for record in self.world.agents.values():
            if record.info.agent_name == name and record.worker.accepts:
                # Only a service that runs the workers can wake them; a server just offers to those it knows.
                wakes = self.world.switches.cloud_agents and any(
                    row.status in ("Sleeping", "Waking") for row in record.rows(deployment)
                )
                if deployment in record.up or wakes:
                    return record
        return None

    def broken(self, record: AgentRecord, deployment: str) -> str:
        """Why the deployment's program crashes soon after its start; empty when it does not."""
        missing = sorted(record.worker.needs - set(record.secrets))
        if missing:
            return missing_secret(missing[0])
        tags = {row.version for row in record.rows(deployment)}
        return wrong_argument() if tags & record.worker.bad_versions else ""

    # -- status and timers

    def set_status(self, record: AgentRecord, deployment: str, status: str) -> None:
        """Show a status on every row of a deployment."""
        for row in record.rows(deployment):
            row.status = status
        self.world.touch(record)

    def later(self, record: AgentRecord, deployment: str, seconds: float, act: Callable[[], object]) -> None:
        """Schedule an event of a deployment; `overtake` cancels it."""
        timers = record.timers.setdefault(deployment, [])
        timers[:] = [timer for timer in timers if timer.act is not None and timer.moment > self.world.now]
        timers.append(self.world.after(seconds, act))

    def overtake(self, record: AgentRecord, deployment: str) -> None:
        """Cancel the pending events of a deployment."""
        for timer in record.timers.pop(deployment, []):
            timer.cancel()

    def walk(self, record: AgentRecord, deployment: str, steps: Iterable[tuple[float, str]]) -> None:
        """Show statuses at given times from now (world seconds); cancels pending events."""
        self.overtake(record, deployment)
        for seconds, status in steps:
            self.later(record, deployment, seconds, partial(self.set_status, record, deployment, status))

    # -- programs

    def start(self, record: AgentRecord, deployment: str, status: str = "Running") -> None:
        """A program starts and registers; a broken one crashes soon after."""
        now, book = self.world.now, self.world.book(record, deployment)
        record.up.add(deployment)
        for row in record.rows(deployment):
            row.status = status
            row.replicas = max(row.replicas, row.min_replicas, 1)
            row.agent_name = record.info.agent_name
        self.scrape(record, deployment)
        book.say(now, "INFO", "starting worker", version="1.7.0", **{"rtc-version": "1.0.12"})
        if reason := self.broken(record, deployment):
            self.later(
                record, deployment, CRASH_AFTER_SECONDS, lambda: self.crash(record, deployment, reason)
            )
            return
        book.wake(now)
        book.say(
            now,
            "INFO",
            "registered worker",
            agent_name=record.info.agent_name,
            id=self.world.guid("AW_"),
            region=record.rows(deployment)[0].region if record.rows(deployment) else "",
        )
        for listener in self.on_up:
            listener(record, deployment)

    def stop(self, record: AgentRecord, deployment: str) -> None:
        """A program has ended."""
        record.up.discard(deployment)
        self.world.book(record, deployment).rest(self.world.now)
        for listener in self.on_down:
            listener(record, deployment)

    def crash(self, record: AgentRecord, deployment: str, reason: str) -> None:
        """A program exits with an error; it is started again after a pause."""
        now, book = self.world.now, self.world.book(record, deployment)
        for line in reason.splitlines():
            book.write(now, line.encode())
        book.say(now, "ERROR", "worker exited with non-zero code 1", "livekit.agents", exit_code=1)
        self.stop(record, deployment)
        self.count(record, deployment, CRASHED)
        times = record.streaks[deployment] = record.streaks.get(deployment, 0) + 1
        self.set_status(record, deployment, "Error" if times <= 1 else "CrashLoop")
        for row in record.rows(deployment):
            row.replicas = 0
        pause = BACKOFF_SECONDS[min(times, len(BACKOFF_SECONDS)) - 1]
        self.later(record, deployment, pause, lambda: self.start(record, deployment, "CrashLoop"))

    def count(self, record: AgentRecord, deployment: str, kind: pb.AgentEventType) -> None:
        """One more event of a kind on every row of a deployment."""
        for row in record.rows(deployment):
            event = next((event for event in row.events if event.type == kind), None) or row.events.add(
                type=kind
            )
            event.count += 1
            event.timestamp.CopyFrom(timestamp(self.world.now))
        self.world.touch(record)

    def scrape(self, record: AgentRecord, deployment: str) -> None:
        """Measure a deployment anew."""
        now = self.world.now
        chance = self.world.chance(record.id, deployment, round(now, 3))
        for row in record.rows(deployment):
            running = deployment in record.up and row.status != "Sleeping"
            row.cur_cpu = f"{int(chance.lognormvariate(5.3, 0.6) * 1e6)}n" if running else "0"
            row.cur_mem = str(int(chance.gauss(7.2e8, 6e7))) if running else "0"
            row.last_scraped_at.CopyFrom(timestamp(now))
        self.world.touch(record)

    # -- what operators and load do

    def restart(self, record: AgentRecord) -> None:
        """Roll every deployment's workers; sessions are not cut."""
        for deployment in record.deployments:
            if any(row.version not in ("", UNBUILT) for row in record.rows(deployment)):
                self._roll(record, deployment)

    def _roll(
        self, record: AgentRecord, deployment: str, status: str = "Updating", seconds: float = ROLL_SECONDS
    ) -> None:
        self.overtake(record, deployment)
        self.set_status(record, deployment, status)
        if deployment in record.up:
            self.world.book(record, deployment).say(self.world.now, "INFO", "draining worker", timeout=1800)
        record.streaks.pop(deployment, None)
        self.later(record, deployment, seconds, lambda: self.start(record, deployment))

    def release(self, record: AgentRecord, deployment: str, tag: str) -> None:
        """Let a deployment run a version that was built; the one before drains."""
        rows = record.rows(deployment)
        old = {row.version for row in rows} - {tag, "", UNBUILT}
        for row in rows:
            row.version = tag
        version = record.versions[tag]
        version.deployed_at.CopyFrom(timestamp(self.world.now))
        version.status, version.draining = "Running", False
        record.info.deployed_at.CopyFrom(version.deployed_at)
        if deployment == "":
            record.info.version = tag
        record.mark()
        for gone in old:
            self._drain(record, gone)
        first = not old
        self._roll(
            record,
            deployment,
            "Scheduling" if first else "Updating",
            SCHEDULE_SECONDS if first else ROLL_SECONDS,
        )

    def _drain(self, record: AgentRecord, tag: str) -> None:
        version = record.versions.get(tag)
        if version is None or version.active:
            return
        version.draining, version.status = True, "Draining"

        def done() -> None:
            if version.draining:
                version.draining, version.status = False, ""

        self.world.after(DRAIN_SECONDS, done)

    def sleep(self, record: AgentRecord, deployment: str = "") -> None:
        """Scale to zero because there are no sessions."""
        self.overtake(record, deployment)
        book = self.world.book(record, deployment)
        book.say(
            self.world.now, "INFO", "shutting down worker", reason="inactivity", id=self.world.guid("AW_")
        )
        self.stop(record, deployment)
        book.ended = True
        for row in record.rows(deployment):
            row.replicas = 0
        self.set_status(record, deployment, "Sleeping")
        self.scrape(record, deployment)

    def wake(self, record: AgentRecord, deployment: str) -> None:
        """Scale up from zero for a new session; a cold start takes its time."""
        self.overtake(record, deployment)
        self.set_status(record, deployment, "Waking")
        self.later(record, deployment, WAKE_SECONDS, lambda: self.start(record, deployment))

    # -- birth, versions, death

    def create(self, regions: list[str]) -> AgentRecord:
        """A new agent without a version."""
        record = AgentRecord(
            pb.AgentInfo(agent_id=self.world.guid("CA_"), version=UNBUILT, deployed_at=NEVER)
        )
        for region in regions:
            self.add_row(record, "", region, "Setting Up")
        self.world.agents[record.id] = record
        self.world.agent_list.put(record.id, record.info)
        return record

    def add_row(self, record: AgentRecord, deployment: str, region: str, status: str) -> pb.AgentDeployment:
        """A row for a deployment in a region, as it looks before anything ran."""
        row = record.info.agent_deployments.add(
            region=region,
            agent_id=record.id,
            status=status,
            min_replicas=1,
            max_replicas=1,
            cpu_req="1000m",
            cpu_limit="2000m",
            mem_req="2Gi",
            mem_limit="4Gi",
            server_region=CLUSTERS.get(region, ""),
            deployment=deployment,
        )
        record.mark()
        return row

    def new_version(self, record: AgentRecord, attributes: dict[str, str], tag: str = "") -> pb.AgentVersion:
        """A version that is about to be built."""
        moment = self.world.now
        if not tag:
            tag = self.free_tag(record)
        version = pb.AgentVersion(
            version=tag, created_at=timestamp(moment), attributes=attributes, status="Building"
        )
        record.versions[tag] = version
        return version

    def free_tag(self, record: AgentRecord) -> str:
        """A new version tag for the present time; two deploys within a second get different ones."""
        moment = self.world.now
        while (tag := version_tag(moment)) in record.versions:
            moment += 1
        return tag

    def delete(self, record: AgentRecord, deployment: str | None) -> None:
        """Take down one deployment, or with None the whole agent."""
        gone = record.deployments if deployment is None else [deployment]
        for name in gone:
            self.overtake(record, name)
            self.set_status(record, name, "Deleting")
        self.world.after(DELETE_SECONDS, lambda: self._remove(record, gone))

    def _remove(self, record: AgentRecord, gone: list[str]) -> None:
        for name in gone:
            self.stop(record, name)
            self.world.book(record, name).ended = True
        kept = [row for row in record.info.agent_deployments if row.deployment not in gone]
        if not kept:
            del self.world.agents[record.id]
            self.world.agent_list.drop(record.id)
            return
        copies = [pb.AgentDeployment.FromString(row.SerializeToString()) for row in kept]
        del record.info.agent_deployments[:]
        record.info.agent_deployments.extend(copies)
        record.mark()
        self.world.touch(record)
