"""`livekit.CloudAgent` by official messages: what each call answers, and what then becomes of the agent."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message
from livekit.protocol import cloud_agent as pb

from tests.sim.caller import START, Caller, decoded, refusal
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import AgentSpec, DeploymentSpec, Scenario, VersionSpec
from tui.sim.world.ids import NEVER

OLD, OLDER = "20260805070640", "20260804070640"
AGENT = "CA_p7KxWmR3sVbQ"


def world(deployments: list[DeploymentSpec] | None = None, needs: list[str] | None = None) -> Scenario:
    """One agent with three versions."""
    return Scenario(
        agents=[
            AgentSpec(
                id=AGENT,
                name="concierge",
                versions=[VersionSpec(age=3600), VersionSpec(age=86400), VersionSpec(age=2 * 86400)],
                secrets=["A", "B"],
                deployments=deployments or [DeploymentSpec()],
                needs=needs or [],
            )
        ]
    )


async def agent(caller: Caller, agent_id: str) -> pb.AgentInfo:
    answer = await caller.call(
        "CloudAgent/ListAgents", pb.ListAgentsRequest(agent_id=agent_id), pb.ListAgentsResponse
    )
    (info,) = answer.agents
    return info


async def statuses(caller: Caller, agent_id: str) -> list[str]:
    return [row.status for row in (await agent(caller, agent_id)).agent_deployments]


async def versions(caller: Caller, agent_id: str) -> dict[str, pb.AgentVersion]:
    answer = await caller.call(
        "CloudAgent/ListAgentVersions",
        pb.ListAgentVersionsRequest(agent_id=agent_id),
        pb.ListAgentVersionsResponse,
    )
    return {version.version: version for version in answer.versions}


async def secrets(caller: Caller, agent_id: str) -> dict[str, pb.AgentSecret]:
    answer = await caller.call(
        "CloudAgent/ListAgentSecrets",
        pb.ListAgentSecretsRequest(agent_id=agent_id),
        pb.ListAgentSecretsResponse,
    )
    return {secret.name: secret for secret in answer.secrets}


async def walked(simulator: Simulator, caller: Caller, agent_id: str, seconds: float) -> list[str]:
    """The statuses that production shows over the next seconds, without repetitions."""
    seen: list[str] = []
    for _ in range(int(seconds * 2)):
        status = (await statuses(caller, agent_id))[0]
        if not seen or seen[-1] != status:
            seen.append(status)
        simulator.advance(0.5)
    return seen


# -- reading


async def test_an_unknown_agent_is_an_empty_list(caller: Caller) -> None:
    for request in (pb.ListAgentsRequest(agent_id="CA_no"), pb.ListAgentsRequest(agent_name="no")):
        answer = await caller.call("CloudAgent/ListAgents", request, pb.ListAgentsResponse)
        assert len(answer.agents) == 0


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("ListAgentVersions", pb.ListAgentVersionsRequest(agent_id="CA_no")),
        ("ListAgentSecrets", pb.ListAgentSecretsRequest(agent_id="CA_no")),
        ("RestartAgent", pb.RestartAgentRequest(agent_id="CA_no")),
        ("RollbackAgent", pb.RollbackAgentRequest(agent_id="CA_no")),
        ("UpdateAgent", pb.UpdateAgentRequest(agent_id="CA_no")),
        ("UpdateAgentSecrets", pb.UpdateAgentSecretsRequest(agent_id="CA_no")),
        ("DeployAgentV2", pb.DeployAgentV2Request(agent_id="CA_no")),
        ("PromoteAgent", pb.PromoteAgentRequest(agent_id="CA_no")),
    ],
)
async def test_an_unknown_agent_is_an_internal_error(caller: Caller, method: str, request_: Message) -> None:
    response = await caller.post(f"CloudAgent/{method}", request_)
    assert refusal(response) == (500, "internal", "failed to get agent")
    assert caller.simulator.control.effects() == []


async def test_deleting_an_unknown_agent_has_its_own_words(caller: Caller) -> None:
    response = await caller.post("CloudAgent/DeleteAgent", pb.DeleteAgentRequest(agent_id="CA_no"))
    assert refusal(response) == (
        500,
        "internal",
        "The agent could not be found. Please check the agent ID and try again.",
    )


async def test_settings_have_all_five_keys(caller: Caller) -> None:
    answer = await caller.call(
        "CloudAgent/GetClientSettings", pb.ClientSettingsRequest(), pb.ClientSettingsResponse
    )
    settings = {param.name: param.value for param in answer.params}
    assert settings["available_regions"].split(",") == ["us-east", "eu-central", "ap-south"]
    assert all(
        settings[name]
        for name in (
            "python-min-sdk-version",
            "node-min-sdk-version",
            "project_data_region",
            "residency_warning_regions",
        )
    )


# -- birth


async def test_a_never_deployed_agent_looks_as_lk_expects(caller: Caller) -> None:
    created = await caller.call(
        "CloudAgent/CreateAgentV2", pb.CreateAgentV2Request(regions=["us-east"]), pb.CreateAgentV2Response
    )
    assert created.status == "Setting Up"
    assert list(created.server_regions) == ["osbxash1a"]
    info = await agent(caller, created.agent_id)
    assert (info.version, info.deployed_at) == ("--", NEVER)
    (row,) = info.agent_deployments
    assert (row.cur_cpu, row.cur_mem, row.mem_limit, row.cpu_limit) == ("", "", "4Gi", "2000m")
    assert not row.HasField("last_scraped_at")
    assert row.server_region == "osbxash1a"


@pytest.mark.parametrize("upload", ["put", "post"])
async def test_create_hands_out_one_kind_of_upload(simulator: Simulator, caller: Caller, upload: str) -> None:
    simulator.control.switch({"upload": upload})
    created = await caller.call("CloudAgent/CreateAgent", pb.CreateAgentRequest(), pb.CreateAgentResponse)
    assert bool(created.presigned_url) == (upload == "put")
    assert created.HasField("presigned_post_request") == (upload == "post")
    url = created.presigned_url or created.presigned_post_request.url
    assert url.startswith(f"{simulator.url}/_upload/")
    assert created.tag == created.version == "20260806070640"
    if upload == "post":
        assert created.presigned_post_request.values["key"] == f"{created.agent_id}/{created.tag}.tar.gz"


async def test_a_region_that_is_not_offered_is_refused(caller: Caller) -> None:
    response = await caller.post("CloudAgent/CreateAgent", pb.CreateAgentRequest(regions=["moon"]))
    assert refusal(response) == (400, "invalid_argument", "region 'moon' is not available")
    assert len(caller.simulator.world.agents) == 3


async def test_deploy_v2_names_its_upload_differently(caller: Caller) -> None:
    agent_id = next(iter(caller.simulator.world.agents))
    deployed = await caller.call(
        "CloudAgent/DeployAgentV2", pb.DeployAgentV2Request(agent_id=agent_id), pb.DeployAgentV2Response
    )
    assert deployed.success
    assert deployed.presigned_req.values["key"] == f"{agent_id}/{deployed.tag}.tar.gz"


@pytest.mark.parametrize("name", ["production", "-a", "a.", "a b", "a/b", "é", "x" * 64])
async def test_a_deployment_is_named_by_the_documented_rules(caller: Caller, name: str) -> None:
    agent_id = next(iter(caller.simulator.world.agents))
    deploy = pb.DeployAgentV2Request(agent_id=agent_id, deployment=name)
    assert refusal(await caller.post("CloudAgent/DeployAgentV2", deploy))[1] == "invalid_argument"
    promote = pb.PromoteAgentRequest(agent_id=agent_id, dst_deployment=name)
    assert refusal(await caller.post("CloudAgent/PromoteAgent", promote))[1] == "invalid_argument"
    assert caller.simulator.control.effects() == []


@pytest.mark.parametrize("name", ["a", "a_b.c-9", "x" * 63])
async def test_a_deployments_name_may_hold_what_a_dispatch_may_not(caller: Caller, name: str) -> None:
    agent_id = next(iter(caller.simulator.world.agents))
    request = pb.DeployAgentV2Request(agent_id=agent_id, deployment=name)
    answer = await caller.call("CloudAgent/DeployAgentV2", request, pb.DeployAgentV2Response)
    assert (answer.success, answer.deployment) == (True, name)


# -- changing what runs


async def test_restart_shows_updating_and_then_running(simulator: Simulator, caller: Caller) -> None:
    agent_id = next(iter(simulator.world.agents))
    answer = await caller.call(
        "CloudAgent/RestartAgent", pb.RestartAgentRequest(agent_id=agent_id), pb.RestartAgentResponse
    )
    assert answer.success
    assert await walked(simulator, caller, agent_id, 10) == ["Updating", "Running"]
    assert simulator.control.effects() == [
        {"seq": 1, "time": START, "effect": "RestartAgent", "agent_id": agent_id}
    ]


async def test_rollback_makes_the_named_version_current() -> None:
    async with serve(world(), speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        request = pb.RollbackAgentRequest(agent_id=AGENT, version=OLDER)
        assert (await caller.call("CloudAgent/RollbackAgent", request, pb.RollbackAgentResponse)).success
        found = await versions(caller, AGENT)
        assert [tag for tag, version in found.items() if version.current] == [OLDER]
        assert [tag for tag, version in found.items() if version.draining] == ["20260806060640"]
        assert (await agent(caller, AGENT)).version == OLDER
        assert await walked(simulator, caller, AGENT, 10) == ["Updating", "Running"]
        simulator.advance(100)
        assert not any(version.draining for version in (await versions(caller, AGENT)).values())


async def test_rollback_to_latest_is_one_step_each_time() -> None:
    async with serve(world(), speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        for expected in (OLD, OLDER):
            request = pb.RollbackAgentRequest(agent_id=AGENT, version="latest")
            await caller.call("CloudAgent/RollbackAgent", request, pb.RollbackAgentResponse)
            assert (await agent(caller, AGENT)).version == expected
        answer = await caller.call("CloudAgent/RollbackAgent", request, pb.RollbackAgentResponse)
        assert not answer.success


async def test_an_unknown_version_fails_by_the_second_channel() -> None:
    async with serve(world(), speed=0) as simulator, Caller(simulator) as caller:
        request = pb.RollbackAgentRequest(agent_id=AGENT, version="20200101000000")
        answer = await caller.call("CloudAgent/RollbackAgent", request, pb.RollbackAgentResponse)
        assert (answer.success, answer.message) == (
            False,
            "version '20200101000000' cannot be rolled back to",
        )
        assert simulator.control.effects() == []


async def test_rollback_mends_a_bad_deploy() -> None:
    scenario = world()
    scenario.agents[0].versions[0].bad = True
    async with serve(scenario, speed=0) as simulator, Caller(simulator) as caller:
        restart = pb.RestartAgentRequest(agent_id=AGENT)
        await caller.call("CloudAgent/RestartAgent", restart, pb.RestartAgentResponse)
        simulator.advance(200)
        (before,) = (await agent(caller, AGENT)).agent_deployments
        assert before.status == "CrashLoop"
        assert before.events[0].type == pb.AGENT_EVENT_TYPE_APPLICATION_CRASHED
        assert before.events[0].count > 3
        rollback = pb.RollbackAgentRequest(agent_id=AGENT, version="latest")
        await caller.call("CloudAgent/RollbackAgent", rollback, pb.RollbackAgentResponse)
        simulator.advance(200)
        (after,) = (await agent(caller, AGENT)).agent_deployments
        assert (after.status, after.events[0].count) == ("Running", before.events[0].count)


async def test_promote_runs_the_source_in_production_and_keeps_the_source() -> None:
    scenario = world(deployments=[DeploymentSpec(version=1), DeploymentSpec(name="staging", version=0)])
    async with serve(scenario, speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        request = pb.PromoteAgentRequest(agent_id=AGENT, src_deployment="staging")
        answer = await caller.call("CloudAgent/PromoteAgent", request, pb.PromoteAgentResponse)
        assert (answer.success, answer.version_tag) == (True, "20260806060640")
        info = await agent(caller, AGENT)
        assert {(row.deployment, row.version) for row in info.agent_deployments} == {
            ("", "20260806060640"),
            ("staging", "20260806060640"),
        }
        for name in ("", "staging"):
            request = pb.PromoteAgentRequest(agent_id=AGENT, src_deployment=name, dst_deployment=name)
            answer = await caller.call("CloudAgent/PromoteAgent", request, pb.PromoteAgentResponse)
            assert (answer.success, answer.message) == (False, "a deployment cannot be promoted to itself")
        request = pb.PromoteAgentRequest(agent_id=AGENT, src_deployment="nope")
        answer = await caller.call("CloudAgent/PromoteAgent", request, pb.PromoteAgentResponse)
        assert (answer.success, answer.message) == (False, "deployment 'nope' has no version to promote")


# -- secrets


async def updated(
    caller: Caller,
    *secrets: pb.AgentSecret,
    overwrite: bool = False,
    remove: tuple[str, ...] = (),
) -> pb.UpdateAgentSecretsResponse:
    request = pb.UpdateAgentSecretsRequest(
        agent_id=AGENT, overwrite=overwrite, secrets=secrets, remove=remove
    )
    return await caller.call("CloudAgent/UpdateAgentSecrets", request, pb.UpdateAgentSecretsResponse)


async def test_secrets_merge_by_default_and_keep_when_they_were_made() -> None:
    async with serve(world(), speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        before = await secrets(caller, AGENT)
        simulator.advance(30)
        assert (await updated(caller, pb.AgentSecret(name="B", value=b"2"), pb.AgentSecret(name="C"))).success
        after = await secrets(caller, AGENT)
        assert set(after) == {"A", "B", "C"}
        assert after["B"].created_at == before["B"].created_at
        assert after["B"].updated_at.seconds == START + 30
        assert after["A"] == before["A"]
        assert after["C"].kind == pb.AGENT_SECRET_KIND_ENVIRONMENT
        assert await walked(simulator, caller, AGENT, 10) == ["Updating", "Running"]


async def test_overwrite_replaces_the_whole_set() -> None:
    async with serve(world(), speed=0) as simulator, Caller(simulator) as caller:
        await updated(caller, pb.AgentSecret(name="B", value=b"x"), overwrite=True)
        assert set(await secrets(caller, AGENT)) == {"B"}
        (effect,) = simulator.control.effects()
        assert (effect["overwrite"], effect["secrets"], effect["removed"]) == (True, ["B"], ["A"])


async def test_secrets_are_removed_by_name() -> None:
    async with serve(world(), speed=0) as simulator, Caller(simulator) as caller:
        await updated(caller, remove=("A", "unknown"))
        assert set(await secrets(caller, AGENT)) == {"B"}


async def test_a_value_never_comes_back_anywhere() -> None:
    canary = b"canary-4f1d"
    async with serve(world(), speed=0) as simulator, Caller(simulator) as caller:
        await updated(caller, pb.AgentSecret(name="C", value=canary))
        created = await caller.post(
            "CloudAgent/CreateAgent", pb.CreateAgentRequest(secrets=[pb.AgentSecret(name="D", value=canary)])
        )
        found = [created.content]
        for path in ("effects", "requests", "uploads", ""):
            found.append((await caller.http.get(f"/_sim/{path}".rstrip("/"))).content)
        for method in ("ListAgents", "ListAgentSecrets"):
            request = pb.ListAgentsRequest(agent_id=AGENT)
            found.append((await caller.post(f"CloudAgent/{method}", request, "json")).content)
        assert not any(canary in text for text in found)
        assert canary.decode() not in repr(vars(simulator.world.agents[AGENT]))


@pytest.mark.parametrize(
    "secret",
    [
        pb.AgentSecret(name="", value=b"x"),
        pb.AgentSecret(name="with-dash", value=b"x"),
        pb.AgentSecret(name="A" * 71),
        pb.AgentSecret(name="A", value=b"x" * (16 * 1024 + 1)),
        pb.AgentSecret(name="f", value=b"x" * (1024 * 1024 + 1), kind=pb.AGENT_SECRET_KIND_FILE),
    ],
    ids=["nameless", "dash", "long name", "large value", "large file"],
)
async def test_secrets_beyond_the_documented_limits_are_refused(secret: pb.AgentSecret) -> None:
    async with serve(world(), speed=0) as simulator, Caller(simulator) as caller:
        request = pb.UpdateAgentSecretsRequest(agent_id=AGENT, secrets=[secret])
        response = await caller.post("CloudAgent/UpdateAgentSecrets", request)
        assert refusal(response)[:2] == (400, "invalid_argument")
        assert set(await secrets(caller, AGENT)) == {"A", "B"}


async def test_a_missing_secret_crashes_the_program_and_adding_it_mends_it() -> None:
    async with serve(world(needs=["KEY"]), speed=0) as simulator, Caller(simulator) as caller:
        await caller.call(
            "CloudAgent/RestartAgent", pb.RestartAgentRequest(agent_id=AGENT), pb.RestartAgentResponse
        )
        assert await walked(simulator, caller, AGENT, 25) == ["Updating", "Running", "Error", "CrashLoop"]
        await updated(caller, pb.AgentSecret(name="KEY", value=b"x"))
        simulator.advance(30)
        assert await statuses(caller, AGENT) == ["Running"]


# -- death


async def test_delete_of_a_deployment_leaves_the_rest() -> None:
    scenario = world(deployments=[DeploymentSpec(), DeploymentSpec(name="staging")])
    async with serve(scenario, speed=0) as simulator, Caller(simulator) as caller:
        request = pb.DeleteAgentRequest(agent_id=AGENT, deployment="staging")
        assert (await caller.call("CloudAgent/DeleteAgent", request, pb.DeleteAgentResponse)).success
        assert await statuses(caller, AGENT) == ["Running", "Deleting"]
        simulator.advance(10)
        assert await statuses(caller, AGENT) == ["Running"]
        answer = await caller.call("CloudAgent/DeleteAgent", request, pb.DeleteAgentResponse)
        assert (answer.success, answer.message) == (False, "deployment 'staging' does not exist")


async def test_delete_without_a_deployment_is_the_whole_agent() -> None:
    scenario = world(deployments=[DeploymentSpec(), DeploymentSpec(name="staging")])
    async with serve(scenario, speed=0) as simulator, Caller(simulator) as caller:
        request = pb.DeleteAgentRequest(agent_id=AGENT)
        await caller.call("CloudAgent/DeleteAgent", request, pb.DeleteAgentResponse)
        assert await statuses(caller, AGENT) == ["Deleting", "Deleting"]
        answer = await caller.call(
            "CloudAgent/RestartAgent", pb.RestartAgentRequest(agent_id=AGENT), pb.RestartAgentResponse
        )
        assert (answer.success, answer.message) == (False, "agent is being deleted")
        simulator.advance(10)
        listed = await caller.call("CloudAgent/ListAgents", pb.ListAgentsRequest(), pb.ListAgentsResponse)
        assert len(listed.agents) == 0


# -- the same request again


async def test_a_repeated_request_id_gets_the_same_answer_and_no_second_agent(
    simulator: Simulator, caller: Caller
) -> None:
    headers = {"X-Livekit-Request-Id": "6f1c"}
    first = await caller.post("CloudAgent/CreateAgent", pb.CreateAgentRequest(), headers=headers)
    simulator.advance(599)
    again = await caller.post("CloudAgent/CreateAgent", pb.CreateAgentRequest(), "json", headers=headers)
    assert decoded(again, pb.CreateAgentResponse) == decoded(first, pb.CreateAgentResponse)
    assert len(simulator.world.agents) == 4
    simulator.advance(2)
    late = await caller.post("CloudAgent/CreateAgent", pb.CreateAgentRequest(), headers=headers)
    assert decoded(late, pb.CreateAgentResponse).agent_id != decoded(first, pb.CreateAgentResponse).agent_id


async def test_private_links_are_approved_and_become_healthy(simulator: Simulator, caller: Caller) -> None:
    request = pb.CreatePrivateLinkRequest(
        name="pg", region="us-east", port=5432, endpoint="e", cloud_region="x"
    )
    made = await caller.call("CloudAgent/CreatePrivateLink", request, pb.CreatePrivateLinkResponse)
    link = made.private_link
    assert (link.name, link.port, link.endpoint, link.cloud_region) == ("pg", 5432, "e", "x")
    seen = []
    for _ in range(4):
        status = await caller.call(
            "CloudAgent/GetPrivateLinkStatus",
            pb.GetPrivateLinkStatusRequest(private_link_id=link.private_link_id),
            pb.GetPrivateLinkStatusResponse,
        )
        seen.append(pb.PrivateLinkStatus.Status.Name(status.value.status))
        simulator.advance(11)
    prefix = "PRIVATE_LINK_STATUS_"
    assert seen == [
        f"{prefix}{name}" for name in ("PROVISIONING", "PROVISIONING", "PENDING_APPROVAL", "HEALTHY")
    ]
    await caller.call(
        "CloudAgent/DestroyPrivateLink",
        pb.DestroyPrivateLinkRequest(private_link_id=link.private_link_id),
        pb.DestroyPrivateLinkResponse,
    )
    listed = await caller.call(
        "CloudAgent/ListPrivateLinks", pb.ListPrivateLinksRequest(), pb.ListPrivateLinksResponse
    )
    assert len(listed.items) == 0
