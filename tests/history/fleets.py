"""Fleets that live a life by seed: what a recording has to hold, in every form that it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from msgspec import structs

from tui.api.models import (
    Agent,
    Deployment,
    Dispatch,
    DispatchState,
    Event,
    Job,
    JobState,
    Participant,
    Room,
    SecretInfo,
    Version,
)
from tui.fleet.coverage import Coverage
from tui.fleet.reason import LoggedError
from tui.fleet.state import (
    Fleet,
    with_agents,
    with_dispatches,
    with_participants,
    with_room_answers,
    with_room_failures,
)

BEGIN = datetime(2026, 11, 29, 14, 2, tzinfo=UTC)
DEPLOYMENTS = ("", "staging", "canary")
STATUSES = ("Running", "Sleeping", "Error", "CrashLoop", "")


class Life:
    """One fleet after the other."""

    def __init__(self, seed: int, agents: int = 12) -> None:
        self.chance = Random(seed)
        self.at = 100.0
        """Monotonic seconds."""
        self._count = 0
        self.fleet = with_agents(Fleet(), tuple(self._agent() for _ in range(agents)), self.at)

    def step(self) -> Fleet:
        """The next one: one or two things are different, or nothing but the time of the answer."""
        self.at += self.chance.uniform(0.5, 3.0)
        for _ in range(self.chance.randrange(3)):
            change = self.chance.choice(
                (self._row, self._row, self._measured, self._listing, self._rooms, self._tree, self._details)
            )
            self.fleet = change(self.fleet)
        failed = self.chance.random() < 0.1
        source = self.chance.choice(("agents", "rooms", "dispatches"))
        fresh = self.fleet.fresh(source)
        after = fresh.failed("connection refused", self.at + 2) if failed else fresh.good(self.at)
        self.fleet = replace(self.fleet, freshness={**self.fleet.freshness, source: after})
        return self.fleet

    def _agent(self) -> Agent:
        self._count += 1
        rows = tuple(self._deployment(name) for name in DEPLOYMENTS[: self._some(3)])
        return Agent(agent_id=f"CA_{self._count}", agent_name=f"agent-{self._count}", agent_deployments=rows)

    def _deployment(self, name: str) -> Deployment:
        events = (Event(type="CRASH", count=self._some(9), timestamp=self._moment()),)
        return Deployment(
            deployment=name,
            region=self.chance.choice(("us-east", "eu-central")),
            status=self.chance.choice(STATUSES),
            replicas=self._some(9),
            cur_cpu=f"{self._some(900)}m",
            last_scraped_at=self.chance.choice((None, self._moment())),
            events=events[: self._some(2) - 1],
        )

    def _some(self, most: int) -> int:
        return self.chance.randint(1, most)

    def _moment(self) -> datetime:
        return BEGIN + timedelta(seconds=self.chance.randrange(10_000), microseconds=self.chance.randrange(9))

    def _row(self, fleet: Fleet) -> Fleet:
        rows = list(fleet.agents)
        for position in self.chance.sample(range(len(rows)), min(len(rows), self._some(4))):
            agent = rows[position]
            own = agent.agent_deployments
            free = [name for name in DEPLOYMENTS if name not in {row.deployment for row in own}]
            fresh = self._deployment(free[0] if free else "")
            if own and (not free or self.chance.random() < 0.8):
                number = self.chance.randrange(len(own))
                row = structs.replace(own[number], status=fresh.status, replicas=fresh.replicas)
                own = (*own[:number], row, *own[number + 1 :])
            else:
                own = (*own, fresh)
            rows[position] = structs.replace(agent, agent_deployments=own, deployed_at=self._moment())
        return with_agents(fleet, tuple(rows), self.at)

    def _measured(self, fleet: Fleet) -> Fleet:
        def measured(row: Deployment) -> Deployment:
            return structs.replace(row, cur_cpu=f"{self._some(900)}m", last_scraped_at=self._moment())

        rows = (
            structs.replace(agent, agent_deployments=tuple(map(measured, agent.agent_deployments)))
            for agent in fleet.agents
        )
        return with_agents(fleet, tuple(rows), self.at)

    def _listing(self, fleet: Fleet) -> Fleet:
        rows = list(fleet.agents)
        match self.chance.randrange(4):
            case 0:
                rows.insert(self.chance.randrange(len(rows) + 1), self._agent())
            case 1 if rows:
                rows.pop(self.chance.randrange(len(rows)))
            case 2:
                self.chance.shuffle(rows)
            case _:
                rows = [*rows[len(rows) // 2 :], self._agent()]
        return with_agents(fleet, tuple(rows), self.at)

    def _rooms(self, fleet: Fleet) -> Fleet:
        rooms = [room for room in fleet.rooms if self.chance.random() < 0.8]
        self._count += 1
        name = f"call-+49 170 {self._count}"
        rooms.append(Room(name=name, sid=f"RM_{self._count}", metadata="a secret", num_participants=1))
        listed = {room.name for room in rooms}
        gone = {name: fresh for name, fresh in fleet.room_freshness.items() if name in listed}
        kept = {name: value for name, value in fleet.dispatches.items() if name in listed}
        coverage = Coverage(polled=len(kept), total=len(rooms), oldest=self.at)
        return replace(fleet, rooms=tuple(rooms), room_freshness=gone, dispatches=kept, coverage=coverage)

    def _tree(self, fleet: Fleet) -> Fleet:
        if not fleet.rooms:
            return self._rooms(fleet)
        room = self.chance.choice(fleet.rooms).name
        if self.chance.random() < 0.2:
            return with_room_failures(fleet, {room: f"no node answers for {room}"}, self.at)
        people = tuple(self._person(number) for number in range(self._some(4) - 1))
        fleet = with_participants(fleet, room, people, self.at)
        dispatches = tuple(self._dispatch(room, number) for number in range(self._some(3) - 1))
        unlisted = {room: {dispatches[0].id: self.at}} if dispatches else {}
        return with_room_answers(
            with_dispatches(fleet, room, dispatches), (room,), self.at, unlisted=unlisted
        )

    def _person(self, number: int) -> Participant:
        who = ("mara@example.org", "agent-AJ_1", "custom-agent", "agent-mara")[number]
        kind = "AGENT" if number in (1, 2) else "STANDARD"
        return Participant(identity=who, name="Mara", kind=kind, attributes={"phone": "+49 170"})

    def _dispatch(self, room: str, number: int) -> Dispatch:
        person = self._person(0) if self.chance.random() < 0.5 else None
        who = self.chance.choice(("agent-AJ_1", "custom-agent", ""))
        state = JobState(status="JS_RUNNING", participant_identity=who, error=f"left {room}")
        job = Job(id=f"AJ_{self._some(3)}", participant=person, state=state)
        return Dispatch(
            id=f"AD_{number}",
            room=room,
            metadata="for Mara",
            attributes={"phone": "+49 170"},
            state=DispatchState(jobs=(job,)[: self._some(2)], created_at=1),
        )

    def _details(self, fleet: Fleet) -> Fleet:
        if not fleet.agents:
            return fleet
        agent_id = self.chance.choice(fleet.agents).agent_id
        version = Version(version=f"v{self._some(99)}", created_at=self._moment(), owner="mara", current=True)
        secrets = (SecretInfo(name="DEEPGRAM_API_KEY", updated_at=self._moment()),)[: self._some(2) - 1]
        versions = {**fleet.versions, agent_id: (version,)}
        held = {key: value for key, value in fleet.secrets.items() if self.chance.random() < 0.7}
        logged = LoggedError(self.chance.choice(("", "KeyError: 'X'")), deployed_at=float(self._some(9)))
        return replace(
            fleet,
            versions=versions,
            secrets={**held, agent_id: secrets},
            log_errors={**fleet.log_errors, agent_id: logged},
            cut={"rooms": self._some(9)},
            unreadable_rows={f"secrets of {agent_id}": len(versions)},
            unlisted={"agents": {agent_id: self.at}} if self.chance.random() < 0.5 else {},
            secrets_at={**fleet.secrets_at, agent_id: self.at},
        )
