"""Deploys over real sockets: exactly the effects that they should have, and exactly the words."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from tests.fixtures.deploy import AGENT, PROGRAM, Setup, deploy_setup
from tui.api.hosts import Host
from tui.api.upload_target import UploadTarget
from tui.deploy import run
from tui.deploy.plan import Plan, State
from tui.deploy.plan import Stage as Part
from tui.deploy.run import DeployRun
from tui.operations.journal.journal import Verdict
from tui.packaging.secrets import SecretToSend
from tui.secret import Secret
from tui.sim.http import request_url
from tui.sim.http.orders import BuildOrder

CREATED = ["CreateAgent", "Upload", "BuildStarted", "BuildFinished"]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    """One agent and a directory to deploy."""
    async with deploy_setup(tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Archives are made where the test can see them; none may be left when it ends."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def stages(here: Setup) -> dict[Part, State]:
    return dict(here.told[-1].stages)


@pytest.mark.parametrize("variant", ["put", "post"])
async def test_create_by_either_upload(tmp_path: Path, scratch: Path, variant: str) -> None:
    async with deploy_setup(tmp_path, upload=variant) as here:
        secret = SecretToSend("TOKEN", Secret("s3cret-value"))
        report = await here.run(here.create(secrets=(secret,), attributes={"team": "voice"}))
        assert report.good and report.over, report.verdict
        assert here.effects() == CREATED
        (upload,) = here.simulator.control.uploads()
        assert set(upload["files"]) >= {"Dockerfile", PROGRAM}
        text = (here.root / "livekit.toml").read_text()
        assert report.agent_id in text and 'subdomain = "p"' in text
        assert report.tag and report.tag in report.verdict
        versions = (await here.session.client.list_versions(report.agent_id)).items
        assert versions[0].attributes == {"team": "voice"}
        entry = here.entry()
        assert (entry.intent.operation, entry.verdict) == ("create", Verdict.DONE)
        assert entry.intent.arguments == ("TOKEN",)
        assert "s3cret-value" not in (tmp_path / "state" / "journal.jsonl").read_text()
    assert os.listdir(scratch) == []


async def test_an_upload_is_judged_by_where_the_project_is_and_goes_its_way(
    here: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it is told: a project elsewhere does not lead to this machine, whose simulator is right here.

    The agents' host gave the address, so where that is counts, and not where the rooms are.
    """
    places = {Host.AGENTS: "93.184.216.34", Host.PROJECT: "127.0.0.1"}
    monkeypatch.setattr(type(here.session.client), "peer", lambda client, host: places[host])
    report = await here.run(here.deploy())
    assert not report.good and here.effects() == ["DeployAgent"]
    assert "leads to this machine, where the project itself is not" in report.verdict
    given: dict[str, object] = {}

    async def note(target: object, path: Path, **options: object) -> None:
        given.update(options)

    monkeypatch.setattr(run, "upload", note)
    endpoint = structs.replace(here.session.client.endpoint, ca_file="ours.pem", proxy="http://proxy.example")
    monkeypatch.setattr(type(here.session.client), "endpoint", endpoint)
    store = UploadTarget(Secret("https://store.example/x"))
    monkeypatch.setattr(run, "upload_target", lambda *address: store)
    await here.run(here.deploy())
    assert here.told[-1].details[Part.UPLOAD].endswith(" to store.example, which only the proxy looks up")
    assert (given["peer"], given["ca_file"], given["proxy"]) == (
        "93.184.216.34",
        "ours.pem",
        "http://proxy.example",
    )
    assert given["sent"] is here.session.client.sent


async def test_deploy_to_a_named_deployment(here: Setup) -> None:
    report = await here.run(here.deploy(deployment="staging"))
    assert report.good, report.verdict
    assert here.effects() == ["DeployAgent", *CREATED[1:]]
    assert here.simulator.control.effects()[0]["deployment"] == "staging"
    assert stages(here)[Part.RECORD] is State.SKIPPED
    assert not (here.root / "livekit.toml").exists()


async def test_a_missing_dockerfile_is_written_first(here: Setup) -> None:
    (here.root / "Dockerfile").unlink()
    (here.root / ".dockerignore").write_text("mine\n")
    report = await here.run(here.deploy(entry_point=PROGRAM))
    assert report.good, report.verdict
    assert PROGRAM in (here.root / "Dockerfile").read_text()
    assert (here.root / ".dockerignore").read_text() == "mine\n"
    (upload,) = here.simulator.control.uploads()
    assert "Dockerfile" in upload["files"]


async def test_every_stage_is_told_in_order_with_its_progress(tmp_path: Path) -> None:
    async with deploy_setup(tmp_path, build_seconds=0.3) as here:
        (here.root / "model.bin").write_bytes(bytes(range(256)) * 4096)
        await here.run(here.deploy())
        running = [
            part for told in here.told for part, state in told.stages.items() if state is State.RUNNING
        ]
        assert list(dict.fromkeys(running)) == [Part.ARCHIVE, Part.ANNOUNCE, Part.UPLOAD, Part.BUILD]
        sizes = [told.done for told in here.told if told.stages[Part.UPLOAD] is State.RUNNING]
        assert sizes[-1] > 0
        builds = [told.build for told in here.told if told.build]
        assert builds[-1].completed == builds[-1].total > 3
        assert any(build.completed < build.total for build in builds)


@pytest.mark.parametrize("creates", [True, False])
async def test_a_build_error_says_what_is_left_behind(here: Setup, creates: bool) -> None:
    here.simulator.control.build(BuildOrder(outcome="failed"))
    report = await here.run(here.create() if creates else here.deploy())
    assert not report.good and "BUILD ERROR:" in report.verdict
    assert stages(here)[Part.BUILD] is State.FAILED
    if creates:
        assert f"agent {report.agent_id} is there and has no version" in report.verdict
    else:
        assert "the previous version keeps running" in report.verdict
    assert not (here.root / "livekit.toml").exists()
    assert here.entry().verdict is (Verdict.DONE if creates else Verdict.REFUSED)
    failed = next(step for step in report.build.steps if step.error) if report.build else None
    assert failed is not None and failed.tail


async def test_a_build_that_is_refused_in_words_of_no_twirp_error_may_run_all_the_same(here: Setup) -> None:
    here.simulator.control.build(BuildOrder(outcome="conflict"))
    report = await here.run(here.deploy())
    assert "another build is running (HTTP 409)" in report.verdict and "unknown" in report.verdict


async def test_a_refused_announcement_changes_nothing(here: Setup) -> None:
    here.fault("*/CreateAgent", "error", code="resource_exhausted", message="agent limit reached")
    report = await here.run(here.create())
    assert "agent limit reached" in report.verdict and "nothing was changed" in report.verdict
    assert here.effects() == []
    assert here.entry().verdict is Verdict.REFUSED
    assert here.sent("/CreateAgent") == 1


async def test_read_only_refuses_before_anything_is_sent(tmp_path: Path) -> None:
    async with deploy_setup(tmp_path, read_only=True) as here:
        report = await here.run(here.create())
        assert "nothing was changed" in report.verdict
        assert here.sent("/CreateAgent") == 0
        assert here.entry().verdict is Verdict.NOT_SENT


@pytest.mark.parametrize("action", ["close", "reset", "html", "garbage"])
async def test_a_lost_answer_to_create_is_looked_for_and_never_sent_again(here: Setup, action: str) -> None:
    here.fault("*/CreateAgent", action, after_effect=True)
    report = await here.run(here.create())
    assert here.effects() == ["CreateAgent"]
    assert here.sent("/CreateAgent") == 1
    made = str(here.simulator.control.effects()[0]["agent_id"])
    assert f"an agent is new, {made}," in report.verdict and report.agent_id == made
    assert stages(here)[Part.ANNOUNCE] is State.UNKNOWN
    assert here.entry().verdict is Verdict.DONE


async def test_a_create_that_never_arrived_is_not_seen(here: Setup) -> None:
    here.fault("*/CreateAgent", "close")
    report = await here.run(here.create())
    assert here.effects() == [] and here.sent("/CreateAgent") == 1
    assert "no new agent is listed" in report.verdict
    assert here.entry().verdict is Verdict.NOT_SEEN


async def test_when_looking_fails_too_it_stays_unknown(here: Setup) -> None:
    attempt = here.attempt(here.create())
    looked = 0
    original = here.session.client.list_agents

    async def first_only(agent_id: str = "") -> object:
        nonlocal looked
        looked += 1
        if looked > 1:
            here.fault("*/ListAgents", "error", code="unavailable")
        return await original(agent_id)

    here.session.client.list_agents = first_only
    here.fault("*/CreateAgent", "close", after_effect=True)
    report = await attempt.run()
    assert "unknown" in report.verdict and "looking failed too" in report.verdict
    assert here.entry().verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("with_secret", [True, False])
async def test_a_lost_answer_to_deploy(here: Setup, with_secret: bool) -> None:
    here.fault("*/DeployAgentV2", "close", after_effect=True)
    secrets = (SecretToSend("TOKEN", Secret("x")),) if with_secret else ()
    report = await here.run(here.deploy(secrets=secrets))
    assert here.sent("/DeployAgentV2") == 1 and here.sent("/build") == 0
    assert "the running version keeps running" in report.verdict
    assert ("TOKEN" in report.verdict) is with_secret
    assert here.entry().verdict is (Verdict.UNKNOWN if with_secret else Verdict.NOT_SEEN)


async def test_an_upload_that_fails_names_the_orphan(here: Setup) -> None:
    here.simulator.control.switch({"upload_limit": 10})
    report = await here.run(here.create())
    assert "Your proposed upload exceeds the maximum allowed size." in report.verdict
    assert f"agent {report.agent_id} is there and has no version" in report.verdict
    assert here.effects() == ["CreateAgent"]
    assert here.sent("/build") == 0


async def test_an_address_that_is_none_does_not_pass_for_nothing_changed(
    here: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_url, "base_url", lambda listening: "ftp://elsewhere")
    report = await here.run(here.create())
    assert "nothing was uploaded" in report.verdict
    assert f"agent {report.agent_id} is there" in report.verdict
    assert here.entry().verdict is Verdict.DONE


async def test_a_cut_stream_is_followed_up_by_the_version(tmp_path: Path) -> None:
    async with deploy_setup(tmp_path, build_seconds=60.0) as here:
        here.fault("/build", "cut", at=300)
        report = await here.attempt(here.deploy(), looks=(0.0, 0.1, 0.5, 2.0)).run()
        assert "the stream broke" in report.verdict and "the build failed" in report.verdict
        assert here.sent("/build") == 1
        assert here.entry().verdict is Verdict.REFUSED


async def test_a_cut_stream_of_a_build_that_went_on(here: Setup) -> None:
    here.fault("/build", "close", after_effect=True)
    report = await here.run(here.create())
    assert report.good, report.verdict
    assert here.effects() == CREATED
    assert report.agent_id in (here.root / "livekit.toml").read_text()
    assert "the stream broke" in report.details[Part.BUILD]


async def test_a_build_whose_end_nobody_tells_stays_unknown(here: Setup) -> None:
    here.fault("/build", "close")
    report = await here.run(here.deploy())
    assert "the build's end is unknown" in report.verdict
    assert stages(here)[Part.BUILD] is State.UNKNOWN
    assert here.entry().verdict is Verdict.UNKNOWN


async def test_a_project_file_that_cannot_be_written_loses_nothing(here: Setup) -> None:
    (here.root / "livekit.toml").mkdir()
    report = await here.run(here.create())
    assert here.effects() == CREATED
    assert f"{report.agent_id} was made and built, but" in report.verdict
    assert f":config {report.agent_id}" in report.verdict
    assert here.entry().verdict is Verdict.DONE


async def test_an_unreadable_file_stops_it_before_anything_is_sent(here: Setup, scratch: Path) -> None:
    (here.root / ".dockerignore").write_text("[\n")
    report = await here.run(here.create())
    assert "nothing was sent" in report.verdict
    assert here.simulator.control.requests() == []
    assert os.listdir(scratch) == []


async def test_a_journal_that_cannot_be_written_stops_it(here: Setup, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a directory")
    report = await here.run(here.create())
    assert "nothing was sent" in report.verdict
    assert here.effects() == []


async def test_leaving_during_the_build_is_unknown_and_leaves_no_archive(
    tmp_path: Path, scratch: Path
) -> None:
    async with deploy_setup(tmp_path, build_seconds=60.0) as here:
        attempt: DeployRun = here.attempt(here.create())
        running = asyncio.create_task(attempt.run())
        await here.simulator.effect("BuildStarted")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert "left during the build" in attempt.report.verdict
        assert here.entry().verdict is Verdict.UNKNOWN
        await here.simulator.effect("BuildFailed")
    assert os.listdir(scratch) == []


async def test_no_report_and_no_error_holds_a_secret(here: Setup) -> None:
    here.fault("*/CreateAgent", "error", code="internal", message="boom")
    secret = SecretToSend("TOKEN", Secret("s3cret-value"))
    plan = here.create(secrets=(secret,), secrets_file=".env")
    await here.run(plan)
    assert "s3cret-value" not in f"{plan!r}{here.told!r}{plan.command()}"


def test_the_command_names_sources_only(tmp_path: Path) -> None:
    mount = SecretToSend("key.pem", Secret("s3cret"), is_file=True, origin="/run/key.pem")
    options = "--deployment staging --secrets-file '/run/my env' --secret-mount /run/key.pem"
    deploy = f"lk agent deploy {options} {tmp_path}"
    plan = Plan(tmp_path, AGENT, AGENT, "staging", secrets=(mount,), secrets_file="/run/my env")
    assert plan.command() == deploy
    for other in ("", "CA_other"):  # `lk` would deploy to the agent that livekit.toml names
        assert replace(plan, recorded=other).command() == (
            f"lk agent config --id {AGENT} {tmp_path} && {deploy}"
        )
