"""Every method of every service: one answer in two codecs, and a list of what is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import cloud_agent as cloud_pb
from livekit.protocol import room as room_pb

from tests.sim.caller import START, Caller, decoded, refusal
from tui.sim.http.server import Simulator, serve
from tui.sim.http.service import SERVICES
from tui.sim.scenarios.specs import (
    AgentSpec,
    DeploymentSpec,
    DispatchSpec,
    JobSpec,
    PersonSpec,
    RoomSpec,
    Scenario,
    VersionSpec,
)

AGENT = "CA_p7KxWmR3sVbQ"
UNOFFERED = {
    "livekit.RoomService/MutePublishedTrack",
    "livekit.RoomService/UpdateParticipant",
    "livekit.RoomService/UpdateSubscriptions",
    "livekit.RoomService/SendData",
    "livekit.RoomService/ForwardParticipant",
    "livekit.RoomService/MoveParticipant",
    "livekit.RoomService/PerformRpc",
}
"""Methods of these services that operators of agents do not need."""

METHODS = [
    f"{service}/{method.name}" for service, descriptor in SERVICES.items() for method in descriptor.methods
]


def world() -> Scenario:
    """A bit of everything."""
    return Scenario(
        agents=[
            AgentSpec(
                name="concierge",
                id=AGENT,
                deployments=[DeploymentSpec(), DeploymentSpec(name="staging", region="eu-central")],
                versions=[VersionSpec(attributes={"git_commit": "1f2e3d4"}), VersionSpec(age=200000)],
                secrets=["OPENAI_API_KEY"],
                file_secrets=["ca.pem"],
            )
        ],
        rooms=[
            RoomSpec(
                name="lobby",
                people=[PersonSpec(identity="guest", attributes={"k": "v"})],
                dispatches=[DispatchSpec(agent_name="concierge", attributes={"a": "b"}, jobs=[JobSpec()])],
            )
        ],
    )


def dispatch_id(simulator: Simulator) -> str:
    return next(iter(simulator.world.rooms["lobby"].dispatches))


def link_id(simulator: Simulator) -> str:
    link = cloud_pb.PrivateLink(private_link_id="CAPL_t4WbNx8QmKzd", name="pg-prod", port=5432)
    simulator.world.links[link.private_link_id] = link
    simulator.world.link_status[link.private_link_id] = cloud_pb.PrivateLinkStatus(
        status=cloud_pb.PrivateLinkStatus.PRIVATE_LINK_STATUS_PENDING_APPROVAL, reason="waiting"
    )
    return link.private_link_id


SECRET = cloud_pb.AgentSecret(name="A", value=b"\x00\xff", kind=cloud_pb.AGENT_SECRET_KIND_ENVIRONMENT)
REQUESTS: dict[str, Callable[[Simulator], Message]] = {
    "CreateAgent": lambda s: cloud_pb.CreateAgentRequest(secrets=[SECRET], regions=["us-east"]),
    "CreateAgentV2": lambda s: cloud_pb.CreateAgentV2Request(secrets=[SECRET], regions=["eu-central"]),
    "DeployAgent": lambda s: cloud_pb.DeployAgentRequest(agent_id=AGENT, attributes={"x": "y"}),
    "DeployAgentV2": lambda s: cloud_pb.DeployAgentV2Request(
        agent_id=AGENT, deployment="staging", secrets=[SECRET]
    ),
    "PromoteAgent": lambda s: cloud_pb.PromoteAgentRequest(agent_id=AGENT, src_deployment="staging"),
    "ListAgents": lambda s: cloud_pb.ListAgentsRequest(agent_name="concierge"),
    "ListAgentVersions": lambda s: cloud_pb.ListAgentVersionsRequest(agent_id=AGENT),
    "ListAgentSecrets": lambda s: cloud_pb.ListAgentSecretsRequest(agent_name="concierge"),
    "UpdateAgent": lambda s: cloud_pb.UpdateAgentRequest(agent_id=AGENT, secrets=[SECRET]),
    "RestartAgent": lambda s: cloud_pb.RestartAgentRequest(agent_id=AGENT),
    "UpdateAgentSecrets": lambda s: cloud_pb.UpdateAgentSecretsRequest(
        agent_id=AGENT, secrets=[SECRET], remove=["x"]
    ),
    "RollbackAgent": lambda s: cloud_pb.RollbackAgentRequest(agent_id=AGENT, version="latest"),
    "DeleteAgent": lambda s: cloud_pb.DeleteAgentRequest(agent_id=AGENT, deployment="staging"),
    "GetClientSettings": lambda s: cloud_pb.ClientSettingsRequest(),
    "CreatePrivateLink": lambda s: cloud_pb.CreatePrivateLinkRequest(
        name="pg", region="us-east", port=5432, endpoint="com.example", cloud_region="us-east-1"
    ),
    "DestroyPrivateLink": lambda s: cloud_pb.DestroyPrivateLinkRequest(private_link_id=link_id(s)),
    "ListPrivateLinks": lambda s: cloud_pb.ListPrivateLinksRequest(),
    "GetPrivateLinkStatus": lambda s: cloud_pb.GetPrivateLinkStatusRequest(private_link_id=link_id(s)),
    "CreateDispatch": lambda s: dispatch_pb.CreateAgentDispatchRequest(
        agent_name="concierge",
        room="lobby",
        metadata="{}",
        restart_policy=dispatch_pb.JRP_NEVER,
        deployment="staging",
        attributes={"tenant": "7"},
    ),
    "DeleteDispatch": lambda s: dispatch_pb.DeleteAgentDispatchRequest(
        room="lobby", dispatch_id=dispatch_id(s)
    ),
    "ListDispatch": lambda s: dispatch_pb.ListAgentDispatchRequest(room="lobby"),
    "CreateRoom": lambda s: room_pb.CreateRoomRequest(name="new", metadata="m", empty_timeout=7),
    "ListRooms": lambda s: room_pb.ListRoomsRequest(names=["lobby", "no"]),
    "DeleteRoom": lambda s: room_pb.DeleteRoomRequest(room="lobby"),
    "ListParticipants": lambda s: room_pb.ListParticipantsRequest(room="lobby"),
    "GetParticipant": lambda s: room_pb.RoomParticipantIdentity(room="lobby", identity="guest"),
    "RemoveParticipant": lambda s: room_pb.RoomParticipantIdentity(room="lobby", identity="guest"),
    "UpdateRoomMetadata": lambda s: room_pb.UpdateRoomMetadataRequest(room="lobby", metadata="new"),
}


@pytest.mark.parametrize("method", METHODS)
async def test_json_and_protobuf_get_the_same_answer(method: str) -> None:
    service, _, name = method.partition("/")
    described = SERVICES[service].methods_by_name[name]
    answers = []
    port = 0
    for codec, camel in (("protobuf", False), ("json", False), ("json", True)):
        # The same world each time, at the same port since presigned addresses name it.
        async with (
            serve(world(), speed=0, start_time=START, port=port) as simulator,
            Caller(simulator) as caller,
        ):
            port = int(simulator.url.rsplit(":", 1)[1])
            if method in UNOFFERED:
                request = GetMessageClass(described.input_type)()
                response = await caller.post(method.removeprefix("livekit."), request, codec)
                assert refusal(response)[:2] == (501, "unimplemented")
                continue
            request = REQUESTS[name](simulator)
            assert request.DESCRIPTOR.full_name == described.input_type.full_name
            response = await caller.post(method.removeprefix("livekit."), request, codec, camel=camel)
            answers.append(decoded(response, GetMessageClass(described.output_type)))
            assert simulator.control.effects() == [] or name not in ("ListRooms", "ListAgents")
    assert answers[1:] == answers[:-1]


async def test_exactly_these_methods_are_not_offered(simulator: Simulator) -> None:
    methods = simulator.app.service.methods
    assert {name for name in METHODS if name.split("/")[1] not in methods[name.split("/")[0]]} == UNOFFERED
