"""From a directory to a version, against the simulator: pack, announce, upload, build."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from tests.packaging.trees import grow
from tui.api import errors
from tui.api.auth import Credentials
from tui.api.budget import Budget
from tui.api.caller import Endpoint
from tui.api.changes import CREATE_AGENT, CreateAgentResponse
from tui.api.client import Client
from tui.api.hosts import Host
from tui.api.upload import upload
from tui.api.upload_target import upload_target
from tui.clock import SystemClock
from tui.packaging.progress import Build, BuildOutcome, BuildProgress, follow
from tui.packaging.steps import StepState
from tui.packaging.tarball import Tarball, build_tarball
from tui.secret import Secret
from tui.sim.http.server import Simulator, serve

NEW_AGENT = {"secrets": [], "regions": ["us-east"]}

PROJECT: dict[str, str | bytes] = {
    "Dockerfile": "FROM scratch\n",
    "agent.py": 'WorkerOptions(agent_name="concierge-two")\n',
    ".env": "SECRET=canary\n",
    "livekit.toml": "",
}
Ending = Literal["ok", "failed", "tolerated", "unfinished", "conflict"]


@asynccontextmanager
async def cloud(variant: str = "post", limit: int = 1 << 20) -> AsyncIterator[tuple[Simulator, Client]]:
    clock = SystemClock()
    async with serve("incident", speed=50, upload=variant, upload_limit=limit) as simulator:
        endpoint = Endpoint(
            simulator.url, simulator.url, Credentials(simulator.key, Secret(simulator.secret))
        )
        client = Client(endpoint, budget=Budget(1_000, clock), clock=clock)
        try:
            yield simulator, client
        finally:
            await client.aclose()


@pytest.fixture
def tarball(tmp_path: Path) -> Tarball:
    return build_tarball(grow(tmp_path / "work", PROJECT), directory=tmp_path)


async def create(client: Client, tarball: Tarball) -> CreateAgentResponse:
    created = await client.change(CREATE_AGENT, NEW_AGENT, request_id=str(uuid.uuid4()))
    form = created.presigned_post_request
    target = upload_target(created.presigned_url, form.url if form else "", {**form.values} if form else None)
    await upload(target, tarball.path, peer=client.peer(Host.AGENTS))
    return created


async def build(client: Client, agent_id: str) -> BuildProgress:
    running, told = Build(), []
    async with client.build(agent_id, "", {"git_commit": "c0ffee"}) as chunks:
        await follow(running, chunks, lambda: told.append(running.outcome))
    assert told
    return running.progress(0.0)


@pytest.mark.parametrize("variant", ["put", "post"])
async def test_from_a_directory_to_a_version(tarball: Tarball, variant: str) -> None:
    content = tarball.path.read_bytes()
    async with cloud(variant) as (simulator, client):
        created = await create(client, tarball)
        (received,) = simulator.app.uploads.offered.values()
        assert received.sha256 == hashlib.sha256(content).hexdigest()
        assert [name.removeprefix("./") for name in received.files] == [".", "Dockerfile", "agent.py"]
        progress = await build(client, created.agent_id)
        assert progress.outcome is BuildOutcome.SUCCEEDED and not progress.doubtful
        assert {step.state for step in progress.steps} <= {StepState.DONE, StepState.CACHED}
        assert progress.unreadable == 0 and progress.completed == progress.total > 0
        assert [step.number for step in progress.steps] == list(range(1, len(progress.steps) + 1))
        assert progress.steps[0].name == "[internal] load build definition from Dockerfile"
        (version,) = (await client.list_versions(created.agent_id)).items
        assert version.attributes["git_commit"] == "c0ffee"


async def test_a_failed_step_ends_the_build_with_its_last_words(tarball: Tarball) -> None:
    async with cloud() as (simulator, client):
        simulator.app.builds.order("failed")
        progress = await build(client, (await create(client, tarball)).agent_id)
        assert progress.outcome is BuildOutcome.FAILED and "uv sync --locked" in progress.error
        (failed,) = [step for step in progress.steps if step.state is StepState.FAILED]
        assert failed.tail[-1].startswith("error: The lockfile at `uv.lock` needs to be updated")
        assert not [line for step in progress.steps for line in step.tail if "\x1b" in line]


@pytest.mark.parametrize(("ending", "doubtful"), [("tolerated", False), ("unfinished", True)])
async def test_an_end_without_a_word_is_success(tarball: Tarball, ending: Ending, doubtful: bool) -> None:
    async with cloud() as (simulator, client):
        simulator.app.builds.order(ending)
        progress = await build(client, (await create(client, tarball)).agent_id)
        assert (progress.outcome, progress.doubtful) == (BuildOutcome.SUCCEEDED, doubtful)


async def test_a_second_build_at_once_is_told_in_the_server_s_words(tarball: Tarball) -> None:
    async with cloud() as (simulator, client):
        simulator.app.builds.order("conflict")
        created = await create(client, tarball)
        # a 409 proves nothing by itself
        with pytest.raises(errors.Unknown, match="another build is running"):
            await build(client, created.agent_id)


async def test_an_archive_that_is_too_large_is_refused_in_the_store_s_words(tarball: Tarball) -> None:
    async with cloud(limit=10) as (_, client):
        with pytest.raises(errors.Refused, match="exceeds the maximum allowed size"):
            await create(client, tarball)
