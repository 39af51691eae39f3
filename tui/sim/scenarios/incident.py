"""A bad morning at a company with fifty voice agents: what `lktop demo` shows.

A quarter of an hour ago support-triage was deployed with a mistake and crashes ever since; kyc-verifier lost
a secret; the rest is as usual. Every problem can be solved with the right operation.
Longer than 300 lines because it is data.
"""

from __future__ import annotations

from random import Random

from tui.sim.scenarios.specs import (
    AgentSpec,
    DeploymentSpec,
    DispatchSpec,
    EventSpec,
    JobSpec,
    PersonSpec,
    RoomSpec,
    Scenario,
    VersionSpec,
)

DAY = 86400.0
MODELS = ["OPENAI_API_KEY", "DEEPGRAM_API_KEY", "CARTESIA_API_KEY"]

HEALTHY = (
    "appointment-reminder",
    "bank-voice-auth",
    "billing-helper",
    "car-configurator",
    "clinic-frontdesk",
    "collections-soft",
    "concierge",
    "delivery-tracker",
    "event-registration",
    "field-service",
    "fleet-dispatch",
    "front-desk",
    "gym-trial-calls",
    "hotel-rooms",
    "insurance-quotes",
    "interview-coach",
    "it-helpdesk",
    "lead-qualifier",
    "library-desk",
    "loan-status",
    "museum-guide",
    "order-status",
    "parking-help",
    "recruiter-screen",
    "reservation-desk",
    "roadside-assist",
    "sales-demo",
    "survey-caller",
    "travel-rebooking",
    "utility-outage",
    "voicemail-summary",
    "warranty-claims",
)
REGIONS = ("us-east", "us-east", "us-east", "eu-central", "ap-south")
TROUBLED = "support-triage"


def incident(chance: Random, agents: int | None) -> Scenario:
    """The incident, a quarter of an hour in; `agents` beyond the usual are healthy extras."""
    agent_specs = [*_troubled(chance), *_changing(chance), *_special(chance)]
    agent_specs += [_healthy(name, chance) for name in HEALTHY]
    extra = (agents or 0) - len(agent_specs)
    agent_specs += [_healthy(f"line-{number:03d}", chance) for number in range(extra)]
    chance.shuffle(agent_specs)
    return Scenario(agents=agent_specs, rooms=[*_calls(chance), *_places(chance)], life="busy")


def _commit(chance: Random, branch: str = "main") -> dict[str, str]:
    return {"git_commit": f"{chance.getrandbits(28):07x}", "git_branch": branch}


def _history(chance: Random, newest: float, count: int = 4) -> list[VersionSpec]:
    """Versions made over the last weeks, the newest `newest` seconds ago."""
    ages = [newest]
    while len(ages) < count:
        ages.append(ages[-1] + chance.uniform(0.4, 6) * DAY)
    return [VersionSpec(age=age, attributes=_commit(chance), owner="ci") for age in ages]


def _healthy(name: str, chance: Random) -> AgentSpec:
    region = chance.choice(REGIONS)
    replicas = chance.choice((1, 1, 1, 2, 2, 3))
    return AgentSpec(
        name=name,
        deployments=[
            DeploymentSpec(
                region=region,
                replicas=replicas,
                max_replicas=replicas + chance.randrange(3),
                scraped=chance.uniform(1, 28),
            )
        ],
        versions=_history(chance, chance.uniform(0.5, 20) * DAY, chance.randrange(2, 6)),
        secrets=MODELS[: chance.randrange(1, 4)],
        failure_rate=0.03,
    )


def _troubled(chance: Random) -> list[AgentSpec]:
    """The problems that caused the alert."""
    return [_crashing(chance), _starved(chance), _strained(chance), _half_gone(chance)]


def _crashing(chance: Random) -> AgentSpec:
    """Deployed with a mistake; the version before would run."""
    versions = _history(chance, 14 * 60, 5)
    versions[0].bad = True
    versions[0].attributes["git_branch"] = "feat/turn-detection"
    versions[0].owner = "mara"
    versions[1].draining, versions[1].status = True, "Draining"
    return AgentSpec(
        name=TROUBLED,
        deployments=[
            DeploymentSpec(
                region=region,
                status="CrashLoop",
                replicas=0,
                min_replicas=2,
                max_replicas=8,
                events=[EventSpec(count=count, age=20)],
            )
            for region, count in (("us-east", 17), ("eu-central", 16))
        ],
        versions=versions,
        secrets=[*MODELS, "ZENDESK_TOKEN"],
    )


def _starved(chance: Random) -> AgentSpec:
    """Lacks a secret that it needs."""
    return AgentSpec(
        name="kyc-verifier",
        deployments=[
            DeploymentSpec(
                region="eu-central", status="Error", replicas=0, events=[EventSpec(count=3, age=45)]
            )
        ],
        versions=_history(chance, 9 * DAY),
        secrets=["OPENAI_API_KEY", "ONFIDO_TOKEN"],
        needs=["DEEPGRAM_API_KEY"],
    )


def _strained(chance: Random) -> AgentSpec:
    """Runs at its limits and is restarted for it."""
    return AgentSpec(
        name="telehealth-intake",
        deployments=[
            DeploymentSpec(
                replicas=3,
                min_replicas=2,
                max_replicas=3,
                cpu="1890m",
                memory="4160749568",
                events=[
                    EventSpec(type="memory", count=4, age=190),
                    EventSpec(type="disk", count=1, age=7200),
                    EventSpec(type="crash", count=1, age=5400),
                ],
            )
        ],
        versions=_history(chance, 1.2 * DAY),
        secrets=[*MODELS, "EHR_CLIENT_SECRET"],
        file_secrets=["ehr-ca.pem"],
        failure_rate=0.3,
    )


def _half_gone(chance: Random) -> AgentSpec:
    """In one of its regions LiveKit itself fails."""
    return AgentSpec(
        name="pharmacy-refill",
        deployments=[
            DeploymentSpec(region="us-east", replicas=2, max_replicas=4),
            DeploymentSpec(region="ap-south", status="Server Error", replicas=0, scraped=410),
        ],
        versions=_history(chance, 3 * DAY),
        secrets=MODELS,
    )


def _changing(chance: Random) -> list[AgentSpec]:
    """Agents on their way from one state to another."""
    rollout = _history(chance, 130, 5)
    rollout[0].attributes["git_tree"] = "5d1e0aa"
    rollout[1].draining, rollout[1].status = True, "Draining"
    failed = _history(chance, 6 * 60, 4)
    failed[0].status = "Build Failed"
    building = _history(chance, 35, 3)
    building[0].status = "Building"
    return [
        AgentSpec(
            name="claims-intake",
            deployments=[DeploymentSpec(status="Updating", replicas=4, min_replicas=2, max_replicas=8)],
            versions=rollout,
            secrets=[*MODELS, "GUIDEWIRE_TOKEN"],
        ),
        AgentSpec(
            name="outbound-sales",
            deployments=[DeploymentSpec(status="Build Failed", version=1, replicas=2, max_replicas=6)],
            versions=failed,
            secrets=[*MODELS, "HUBSPOT_TOKEN", "TWILIO_AUTH_TOKEN"],
        ),
        AgentSpec(
            name="podcast-host",
            deployments=[DeploymentSpec(status="Building", version=1, region="eu-central")],
            versions=building,
            secrets=MODELS,
        ),
        AgentSpec(
            name="game-npc-innkeeper", deployments=[DeploymentSpec(status="Waking", replicas=0)], idles=True
        ),
        AgentSpec(name="tutor-math", deployments=[DeploymentSpec(status="Sleeping", replicas=0)], idles=True),
        AgentSpec(
            name="tutor-french", deployments=[DeploymentSpec(status="Sleeping", replicas=0)], idles=True
        ),
        AgentSpec(
            name="bedtime-stories",
            deployments=[DeploymentSpec(status="Sleeping", replicas=0, region="ap-south")],
            idles=True,
        ),
        AgentSpec(name="promo-holiday", deployments=[DeploymentSpec(status="Scheduling", replicas=0)]),
        AgentSpec(deployments=[DeploymentSpec(status="Setting Up", replicas=0, scraped=None)], versions=[]),
    ]


def _special(chance: Random) -> list[AgentSpec]:
    """Agents of other kinds."""
    drive = _history(chance, 40 * 60, 6)
    return [
        AgentSpec(
            name="drive-thru",
            deployments=[
                DeploymentSpec(version=2, replicas=6, min_replicas=4, max_replicas=12),
                DeploymentSpec(version=2, region="eu-central", replicas=3, min_replicas=2, max_replicas=6),
                DeploymentSpec(name="staging", version=0, replicas=1),
                DeploymentSpec(name="canary", version=1, replicas=1, events=[EventSpec(count=1, age=3000)]),
            ],
            versions=drive,
            secrets=[*MODELS, "POS_API_KEY", "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"],
        ),
        AgentSpec(
            name="meeting-notes",
            job_type="publisher",
            deployments=[DeploymentSpec(replicas=2, max_replicas=4)],
            versions=_history(chance, 5 * DAY),
            secrets=MODELS,
        ),
        AgentSpec(
            name="translator-nl-en",
            job_type="participant",
            deployments=[DeploymentSpec(region="eu-central")],
            versions=_history(chance, 11 * DAY),
            secrets=MODELS,
        ),
        AgentSpec(
            name="avatar-host",
            deployments=[DeploymentSpec(), DeploymentSpec(name="staging", version=0)],
            versions=_history(chance, 2 * DAY),
            secrets=[*MODELS, "HEDRA_API_KEY"],
        ),
    ]


def _call(
    chance: Random, number: int, agent: str, *jobs: JobSpec, age: float = 0.0, deployment: str = ""
) -> RoomSpec:
    """A phone call answered by an agent."""
    age = age or chance.uniform(20, 600)
    for job in jobs:
        job.age = min(job.age, age - 2)
    caller = PersonSpec(
        identity=f"sip_+1555{chance.randrange(1000000, 9999999)}",
        name="",
        kind="sip",
        age=age,
        attributes={"sip.callStatus": "active", "sip.trunkPhoneNumber": "+15550100"},
    )
    return RoomSpec(
        name=f"call-{number}",
        age=age + 1,
        people=[caller],
        dispatches=[
            DispatchSpec(
                agent_name=agent,
                age=age,
                jobs=list(jobs),
                metadata='{"source":"pstn"}',
                deployment=deployment,
            )
        ],
    )


def _calls(chance: Random) -> list[RoomSpec]:
    """Phone calls, most of them answered."""
    calls = [
        _call(chance, chance.randrange(1000, 9999), name, JobSpec(age=chance.uniform(20, 500)))
        for name in chance.sample(HEALTHY, 11)
    ]
    crashed = "agent worker left the room"
    calls += [
        _call(chance, 7301, TROUBLED, JobSpec(status="failed", lasted=2.4, error=crashed), age=340),
        _call(chance, 7302, TROUBLED, JobSpec(status="failed", lasted=2.2, error=crashed), age=95),
        _call(chance, 7303, TROUBLED, age=41),
        _call(chance, 7304, "kyc-verifier", age=64),
        _call(chance, 5120, "drive-thru", JobSpec(), deployment="canary"),
        _call(chance, 5121, "drive-thru", JobSpec(age=240)),
        _call(
            chance,
            5122,
            "telehealth-intake",
            JobSpec(
                status="failed",
                lasted=31,
                error="RuntimeError: job process exited unexpectedly, exit_code=-9 (memory limit exceeded)",
            ),
            age=200,
        ),
        _call(chance, 5123, "claims-intake", JobSpec(age=300), age=310),
    ]
    return calls


def _places(chance: Random) -> list[RoomSpec]:
    """Rooms of other kinds."""
    return [_tavern(), _kiosk(), _standup(chance), _webinar(), _interview()]


def _tavern() -> RoomSpec:
    """Its agent is waking."""
    return RoomSpec(
        name="tavern-12",
        age=9,
        people=[PersonSpec(identity="player-77", name="Wren", age=8)],
        dispatches=[
            DispatchSpec(
                agent_name="game-npc-innkeeper",
                age=7,
                jobs=[JobSpec(status="pending", reason="no_capacity", age=6)],
            )
        ],
    )


def _kiosk() -> RoomSpec:
    """A mistyped agent name: the dispatch is accepted and never gets a job."""
    return RoomSpec(
        name="lobby-kiosk-3",
        age=2600,
        people=[PersonSpec(identity="kiosk-3", name="Lobby kiosk", age=2590)],
        dispatches=[
            DispatchSpec(agent_name="concierge-v2", age=380, metadata='{"lang":"nl"}'),
            DispatchSpec(agent_name="concierge", age=2580, jobs=[JobSpec(age=2578)]),
        ],
    )


def _webinar() -> RoomSpec:
    """Recorded, with an agent for two of its participants."""
    return RoomSpec(
        name="webinar-q3",
        age=3100,
        metadata='{"title":"Q3 roadmap"}',
        recording=True,
        people=[
            PersonSpec(identity="host", name="Marta", age=3050),
            PersonSpec(identity="guest", name="Jürgen Weiß", age=2900),
            *(PersonSpec(identity=f"viewer-{n}", publishes=False, age=2000 - n) for n in range(9)),
            PersonSpec(identity="EG_kZ7rW2mQx", kind="egress", publishes=False, age=3040),
        ],
        dispatches=[
            DispatchSpec(
                agent_name="translator-nl-en",
                type="participant",
                age=3050,
                restart=False,
                attributes={"target": "en"},
                jobs=[JobSpec(publisher="host", age=3040), JobSpec(publisher="guest", age=2890)],
            )
        ],
    )


def _interview() -> RoomSpec:
    """One agent is done, another one works."""
    return RoomSpec(
        name="interview-0417",
        age=1300,
        people=[PersonSpec(identity="candidate", name="Asha", age=60)],
        dispatches=[
            DispatchSpec(
                agent_name="interview-coach",
                age=1290,
                jobs=[JobSpec(status="success", age=1280, lasted=1130)],
            ),
            DispatchSpec(agent_name="recruiter-screen", age=55, jobs=[JobSpec(age=52)], deployment=""),
        ],
    )


def _standup(chance: Random) -> RoomSpec:
    """A meeting with one note taker for everybody who speaks."""
    people = ("ines", "kofi", "lena", "tomasz", "yuki")
    return RoomSpec(
        name="standup-eng",
        age=840,
        people=[
            PersonSpec(identity=name, name=name.title(), age=chance.uniform(500, 830)) for name in people
        ],
        dispatches=[
            DispatchSpec(
                agent_name="meeting-notes",
                type="publisher",
                age=835,
                jobs=[
                    JobSpec(publisher="ines", age=700),
                    JobSpec(publisher="kofi", age=690),
                    JobSpec(publisher="lena", age=640),
                    JobSpec(
                        publisher="tomasz",
                        age=480,
                        status="failed",
                        lasted=71,
                        error="TimeoutError: STT stream closed",
                    ),
                    JobSpec(publisher="yuki", age=470),
                ],
            )
        ],
    )
