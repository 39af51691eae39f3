"""From source to version: upload, build stream, image push (PROTOCOL.md, Uploads; PROTOCOL.md, Builds)."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator

import httpx
import pytest
from livekit.protocol import cloud_agent as pb
from starlette.requests import Request
from starlette.types import Message

from tests.sim.caller import START, Caller, refusal
from tests.sim.sources import tarball
from tui.sim.http.builds import Outcome
from tui.sim.http.orders import BuildOrder
from tui.sim.http.server import Simulator, serve

ATTRIBUTES = "X-LIVEKIT-AGENT-VERSION-ATTRIBUTES"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """An empty project where builds take no time."""
    async with serve("empty", speed=0, start_time=START, build_seconds=0.0) as simulator:
        yield simulator


async def created(caller: Caller) -> pb.CreateAgentResponse:
    return await caller.call("CloudAgent/CreateAgent", pb.CreateAgentRequest(), pb.CreateAgentResponse)


async def posted(
    caller: Caller, form: pb.PresignedPostRequest, data: bytes, **changed: str
) -> httpx.Response:
    return await caller.http.post(
        form.url, data={**form.values, **changed}, files={"file": (form.values["key"], data)}
    )


async def uploaded(caller: Caller) -> pb.CreateAgentResponse:
    agent = await created(caller)
    assert (await posted(caller, agent.presigned_post_request, tarball())).status_code == 204
    return agent


async def build(caller: Caller, agent_id: str, **headers: str) -> httpx.Response:
    return await caller.http.post("/build", params={"agent_id": agent_id}, headers=caller.headers(**headers))


async def only_version(caller: Caller, agent_id: str) -> pb.AgentVersion:
    answer = await caller.call(
        "CloudAgent/ListAgentVersions",
        pb.ListAgentVersionsRequest(agent_id=agent_id),
        pb.ListAgentVersionsResponse,
    )
    (version,) = answer.versions
    return version


def entries(*named: tuple[str, bytes]) -> bytes:
    """A gzipped tarball of empty entries of given kinds."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, kind in named:
            info = tarfile.TarInfo(name)
            info.type = kind
            archive.addfile(info)
    return out.getvalue()


def status(simulator: Simulator, agent_id: str) -> str:
    return simulator.world.agents[agent_id].info.agent_deployments[0].status


# -- upload


async def test_a_form_is_taken_and_its_files_are_known(simulator: Simulator, caller: Caller) -> None:
    agent = await uploaded(caller)
    (upload,) = simulator.control.uploads()
    assert upload["files"] == ["Dockerfile", "src/agent.py"]
    assert upload["sha256"] == hashlib.sha256(tarball()).hexdigest() or upload["size"]
    (_, effect) = simulator.control.effects()
    assert (effect["effect"], effect["key"]) == ("Upload", f"{agent.agent_id}/{agent.tag}.tar.gz")


@pytest.mark.parametrize("host", ["jump.example:7880", "10.0.0.7", "[fd00::7]:7880"])
async def test_the_place_to_upload_to_is_where_the_client_reaches_us(caller: Caller, host: str) -> None:
    caller.http.headers["Host"] = host
    assert (await created(caller)).presigned_post_request.url.startswith(f"http://{host}/_upload/")


@pytest.mark.parametrize("host", ["", "x@evil.example", "a/b", "host:0", "host:99999", "two words"])
async def test_a_host_that_is_none_is_not_handed_back(
    simulator: Simulator, caller: Caller, host: str
) -> None:
    caller.http.headers["Host"] = host
    assert (await created(caller)).presigned_post_request.url.startswith(f"{simulator.url}/_upload/")


async def test_put_is_taken_with_the_signed_content_type_only(simulator: Simulator, caller: Caller) -> None:
    simulator.control.switch({"upload": "put"})
    agent = await created(caller)
    data = tarball()
    wrong = await caller.http.put(agent.presigned_url, content=data, headers={"Content-Type": "text/plain"})
    assert wrong.status_code == 400
    right = await caller.http.put(
        agent.presigned_url, content=data, headers={"Content-Type": "application/gzip"}
    )
    assert (right.status_code, right.content) == (200, b"")
    assert simulator.control.uploads()[0]["sha256"] == hashlib.sha256(data).hexdigest()


async def test_a_put_is_read_only_up_to_the_limit(
    simulator: Simulator, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.control.switch({"upload": "put", "upload_limit": 1000})
    monkeypatch.setattr("tui.sim.http.upload_routes.OVERHEAD", 0)
    made = await caller.call("CloudAgent/CreateAgent", pb.CreateAgentRequest(), pb.CreateAgentResponse)
    limits: list[int] = []
    read = simulator.app.bodies.read

    async def noted(request: Request, limit: int) -> bytes:
        limits.append(limit)
        return await read(request, limit)

    monkeypatch.setattr(simulator.app.bodies, "read", noted)
    headers = {"Content-Type": "application/gzip"}
    response = await caller.http.put(made.presigned_url, content=bytes(1001), headers=headers)
    assert (response.status_code, limits) == (400, [1000])


async def test_the_file_must_come_last(caller: Caller) -> None:
    form = (await created(caller)).presigned_post_request
    edge = "edge"
    part = '--{edge}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{text}\r\n'
    body = part.format(edge=edge, name="file", more='; filename="f"', text="x")
    for name, text in form.values.items():
        body += part.format(edge=edge, name=name, more="", text=text)
    body += f"--{edge}--\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    response = await caller.http.post(form.url, content=body.encode(), headers=headers)
    assert response.status_code == 400
    assert "the last field of the form must be the file" in response.text


async def test_fields_that_were_not_signed_are_refused(caller: Caller) -> None:
    form = (await created(caller)).presigned_post_request
    assert (await posted(caller, form, tarball(), policy="other")).status_code == 400
    assert (await posted(caller, form, tarball(), extra="x")).status_code == 400


@pytest.mark.parametrize(
    "data", [b"", b"no tarball", gzip.compress(b"no tarball" * 99)], ids=["empty", "text", "gzip"]
)
async def test_what_is_no_tarball_is_refused(caller: Caller, data: bytes) -> None:
    form = (await created(caller)).presigned_post_request
    response = await posted(caller, form, data)
    assert (response.status_code, "not a gzipped tarball" in response.text) == (400, True)


async def test_a_tarball_over_the_limit_is_refused_in_the_documented_words(
    simulator: Simulator, caller: Caller
) -> None:
    simulator.control.switch({"upload_limit": 100})
    form = (await created(caller)).presigned_post_request
    response = await posted(caller, form, tarball())
    assert response.status_code == 400
    assert "Your proposed upload exceeds the maximum allowed size." in response.text


def bombs() -> dict[str, bytes]:
    """Tarballs that are small until they are unpacked: in a file, in a header, in a name."""
    made = {"file": tarball(Dockerfile=b"\0" * 100_000)}
    for name, kind in (("header", tarfile.XHDTYPE), ("name", tarfile.GNUTYPE_LONGNAME)):
        info = tarfile.TarInfo("x")
        info.type, info.size = kind, 100_352
        made[name] = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * info.size)
    return made


@pytest.mark.parametrize("place", ["file", "header", "name"])
async def test_a_bomb_is_refused(caller: Caller, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr("tui.sim.http.uploads.UNPACKED_LIMIT", 50_000)
    form = (await created(caller)).presigned_post_request
    response = await posted(caller, form, bombs()[place])
    assert (response.status_code, "unpacks to more" in response.text) == (400, True)
    assert [effect["effect"] for effect in caller.simulator.control.effects()] == ["CreateAgent"]


async def test_too_many_files_are_refused(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.sim.http.uploads.MEMBERS_LIMIT", 1)
    form = (await created(caller)).presigned_post_request
    assert "unpacks to more" in (await posted(caller, form, tarball())).text


@pytest.mark.parametrize("name", ["../Dockerfile", "/etc/passwd", "src/../../x"])
async def test_a_tarball_that_reaches_out_of_its_folder_is_refused(caller: Caller, name: str) -> None:
    form = (await created(caller)).presigned_post_request
    response = await posted(caller, form, entries((name, tarfile.REGTYPE)))
    assert (response.status_code, f"reaches out of its folder: {name}" in response.text) == (400, True)


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("./Dockerfile", tarfile.REGTYPE, True),
        ("Dockerfile", tarfile.SYMTYPE, False),
        ("Dockerfile", tarfile.DIRTYPE, False),
        ("docker/Dockerfile", tarfile.REGTYPE, False),
    ],
)
async def test_a_dockerfile_is_a_file_at_the_top(caller: Caller, name: str, kind: bytes, found: bool) -> None:
    agent = await created(caller)
    assert (await posted(caller, agent.presigned_post_request, entries((name, kind)))).status_code == 204
    (upload,) = caller.simulator.control.uploads()
    assert (upload["files"], upload["has_dockerfile"]) == ([name], found)


async def test_an_address_that_was_not_handed_out_takes_nothing(caller: Caller) -> None:
    response = await caller.http.put("/_upload/up_guess", content=tarball())
    assert response.status_code == 403


# -- build


async def test_a_build_streams_progress_and_ends_in_a_running_version(
    simulator: Simulator, caller: Caller
) -> None:
    agent = await uploaded(caller)
    attributes = base64.b64encode(b'{"git_commit":"1f2e3d4","git_branch":"main"}').decode()
    response = await build(caller, agent.agent_id, **{ATTRIBUTES: attributes})
    assert response.status_code == 200
    lines = response.content.split(b"\n")
    assert lines.pop() == b""
    assert all(len(line) < 65536 for line in lines)
    progress = [json.loads(line) for line in lines]
    vertexes = [vertex for line in progress for vertex in line.get("vertexes", ())]
    assert {vertex["digest"] for vertex in vertexes if "completed" in vertex} == {
        v["digest"] for v in vertexes
    }
    assert any(vertex.get("cached") for vertex in vertexes)
    assert any("progressGroup" in vertex for vertex in vertexes)
    output = b"".join(base64.b64decode(log["data"]) for line in progress for log in line.get("logs", ()))
    assert b"Preparing packages...\n" in output
    assert not all(
        base64.b64decode(log["data"]).endswith(b"\n") for line in progress for log in line.get("logs", ())
    )
    assert any("warnings" in line for line in progress)
    assert any(status["total"] for line in progress for status in line.get("statuses", ()))
    version = await only_version(caller, agent.agent_id)
    assert (version.version, version.current, version.active) == (agent.tag, True, True)
    assert dict(version.attributes) == {"git_commit": "1f2e3d4", "git_branch": "main"}
    assert status(simulator, agent.agent_id) == "Scheduling"
    simulator.advance(5)
    assert status(simulator, agent.agent_id) == "Running"
    assert simulator.world.agents[agent.agent_id].info.agent_name == "hello"


async def test_a_failed_build_says_so_in_its_last_line(simulator: Simulator, caller: Caller) -> None:
    agent = await uploaded(caller)
    simulator.control.build(BuildOrder(outcome="failed"))
    lines = (await build(caller, agent.agent_id)).text.splitlines()
    assert lines[-1].startswith("BUILD ERROR: failed to solve: ")
    errors = [v["error"] for line in lines[:-1] for v in json.loads(line).get("vertexes", ()) if "error" in v]
    assert len(errors) == 1
    assert (await only_version(caller, agent.agent_id)).status == "Build Failed"
    assert status(simulator, agent.agent_id) == "Build Failed"
    assert simulator.control.effects()[-1]["effect"] == "BuildFailed"


async def test_a_failed_step_without_the_last_word_is_still_a_success(
    simulator: Simulator, caller: Caller
) -> None:
    agent = await uploaded(caller)
    simulator.control.build(BuildOrder(outcome="tolerated", agent_id=agent.agent_id))
    text = (await build(caller, agent.agent_id)).text
    assert '"error"' in text and "BUILD ERROR" not in text
    assert simulator.control.effects()[-1]["effect"] == "BuildFinished"


@pytest.mark.parametrize(("outcome", "status_code"), [("unfinished", 200), ("conflict", 409)])
async def test_other_ways_for_a_build_to_go_wrong(
    simulator: Simulator, caller: Caller, outcome: Outcome, status_code: int
) -> None:
    agent = await uploaded(caller)
    simulator.control.build(BuildOrder(outcome=outcome))
    response = await build(caller, agent.agent_id)
    assert response.status_code == status_code
    assert "exporting" not in response.text


async def test_a_build_without_source_or_dockerfile_fails(caller: Caller) -> None:
    agent = await created(caller)
    assert (
        await build(caller, agent.agent_id)
    ).text == "BUILD ERROR: no source was uploaded for this agent\n"
    await posted(caller, agent.presigned_post_request, tarball(main_py=b""))
    assert "open Dockerfile: no such file" in (await build(caller, agent.agent_id)).text


async def test_a_queue_message_goes_only_to_clients_that_asked_for_it(caller: Caller) -> None:
    agent = await uploaded(caller)
    response = await build(caller, agent.agent_id, **{"X-LIVEKIT-BUILD-PROTOCOL": "v2"})
    assert json.loads(response.text.splitlines()[0]) == {"lkQueue": {"message": "Waiting for a builder…"}}


async def test_a_second_build_at_the_same_time_is_a_conflict(simulator: Simulator, caller: Caller) -> None:
    simulator.control.switch({"build_seconds": 10.0})
    agent = await uploaded(caller)
    request = caller.http.build_request(
        "POST", "/build", params={"agent_id": agent.agent_id}, headers=caller.headers()
    )
    first = await caller.http.send(request, stream=True)
    assert status(simulator, agent.agent_id) == "Building"
    assert (await build(caller, agent.agent_id)).status_code == 409
    simulator.advance(10)
    await first.aread()
    assert status(simulator, agent.agent_id) == "Scheduling"


async def test_whoever_hangs_up_stops_the_build(simulator: Simulator, caller: Caller) -> None:
    simulator.control.switch({"build_seconds": 10.0})
    agent = await uploaded(caller)
    async with caller.http.stream(
        "POST", "/build", params={"agent_id": agent.agent_id}, headers=caller.headers()
    ):
        pass
    await simulator.effect("BuildFailed")
    assert status(simulator, agent.agent_id) == "Build Failed"


@pytest.mark.parametrize(
    "header",
    [
        "no base64",
        *(
            base64.b64encode(value).decode()
            for value in (b"[]", b'{"a":1}', b'{"a":"\\ud800"}', b"[" * 20_000)
        ),
    ],
    ids=lambda header: header[:16],
)
async def test_attributes_that_cannot_be_read_are_refused(caller: Caller, header: str) -> None:
    agent = await uploaded(caller)
    response = await build(caller, agent.agent_id, **{ATTRIBUTES: header})
    assert refusal(response)[:2] == (400, "invalid_argument")


async def test_a_named_deployment_becomes_a_row_of_its_own(simulator: Simulator, caller: Caller) -> None:
    agent = await uploaded(caller)
    await build(caller, agent.agent_id)
    simulator.advance(5)
    deployed = await caller.call(
        "CloudAgent/DeployAgentV2",
        pb.DeployAgentV2Request(agent_id=agent.agent_id, deployment="staging"),
        pb.DeployAgentV2Response,
    )
    await posted(caller, deployed.presigned_req, tarball())
    params = {"agent_id": agent.agent_id, "deployment": "staging"}
    await caller.http.post("/build", params=params, headers=caller.headers())
    simulator.advance(5)
    rows = simulator.world.agents[agent.agent_id].info.agent_deployments
    assert [(row.deployment, row.version, row.status, row.deployment_enabled) for row in rows] == [
        ("", agent.tag, "Running", True),
        ("staging", deployed.tag, "Running", True),
    ]


async def test_the_build_log_is_left_behind_and_finite(caller: Caller) -> None:
    agent = await uploaded(caller)
    await build(caller, agent.agent_id)
    params = {"agent_id": agent.agent_id, "log_type": "build"}
    lines = (await caller.http.get("/logs", params=params, headers=caller.headers())).text.splitlines()
    assert lines[0] == "#1 [internal] load build definition from Dockerfile"
    assert f"exporting to image {agent.tag}" in lines[-2]


# -- image push


def image() -> tuple[bytes, bytes, bytes]:
    """A config, a layer and the manifest that names them."""
    config, layer = b"{}", b"layer"
    manifest = {
        "schemaVersion": 2,
        "config": {"digest": f"sha256:{hashlib.sha256(config).hexdigest()}", "size": len(config)},
        "layers": [{"digest": f"sha256:{hashlib.sha256(layer).hexdigest()}", "size": len(layer)}],
    }
    return config, layer, json.dumps(manifest).encode()


async def test_an_image_push_is_a_deploy(simulator: Simulator, caller: Caller) -> None:
    made = await caller.call("CloudAgent/CreateAgentV2", pb.CreateAgentV2Request(), pb.CreateAgentV2Response)
    headers = caller.headers(**{ATTRIBUTES: base64.b64encode(b'{"team":"x"}').decode()})
    http = caller.http
    target = (await http.get("/push-target", params={"agent_id": made.agent_id}, headers=headers)).json()
    assert f"http://{target['proxy_host']}" == simulator.url
    name, tag = target["name"], target["tag"]
    assert (await http.get("/v2/", headers=headers)).status_code == 200
    assert (await http.head(f"/v2/{name}/manifests/{tag}", headers=headers)).status_code == 404
    config, layer, manifest = image()
    early = await http.put(f"/v2/{name}/manifests/{tag}", content=manifest, headers=headers)
    assert (early.status_code, early.json()["errors"][0]["code"]) == (400, "MANIFEST_BLOB_UNKNOWN")
    for blob in (layer, config):
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        assert (await http.head(f"/v2/{name}/blobs/{digest}", headers=headers)).status_code == 404
        opened = await http.post(f"/v2/{name}/blobs/uploads/", headers=headers)
        assert opened.status_code == 202
        sent = await http.patch(opened.headers["location"], content=blob, headers=headers)
        assert sent.status_code == 202
        closed = await http.put(sent.headers["location"], params={"digest": digest}, headers=headers)
        assert closed.status_code == 201
        assert (await http.head(f"/v2/{name}/blobs/{digest}", headers=headers)).status_code == 200
    assert (
        await http.put(f"/v2/{name}/manifests/{tag}", content=manifest, headers=headers)
    ).status_code == 201
    version = await only_version(caller, made.agent_id)
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    assert (version.version, version.current) == (tag, True)
    assert dict(version.attributes) == {"team": "x", "image_digest": digest}
    again = await http.head(f"/v2/{name}/manifests/{tag}", headers=headers)
    assert (again.status_code, again.headers["docker-content-digest"]) == (200, digest)


async def test_a_layer_whose_digest_is_wrong_is_refused(caller: Caller) -> None:
    made = await caller.call("CloudAgent/CreateAgentV2", pb.CreateAgentV2Request(), pb.CreateAgentV2Response)
    headers = caller.headers()
    target = (
        await caller.http.get("/push-target", params={"agent_id": made.agent_id}, headers=headers)
    ).json()
    opened = await caller.http.post(f"/v2/{target['name']}/blobs/uploads/", headers=headers)
    sent = await caller.http.patch(opened.headers["location"], content=b"layer", headers=headers)
    closed = await caller.http.put(sent.headers["location"], params={"digest": "sha256:00"}, headers=headers)
    assert closed.status_code == 400


async def test_a_layer_may_come_in_pieces_or_with_its_last_request(caller: Caller) -> None:
    made = await caller.call("CloudAgent/CreateAgentV2", pb.CreateAgentV2Request(), pb.CreateAgentV2Response)
    http, headers = caller.http, caller.headers()
    target = (await http.get("/push-target", params={"agent_id": made.agent_id}, headers=headers)).json()
    params = {"digest": f"sha256:{hashlib.sha256(b'layer').hexdigest()}"}
    for pieces, last in (((b"la", b"yer"), b""), ((), b"layer"), ((b"lay",), b"er")):
        opened = await http.post(f"/v2/{target['name']}/blobs/uploads/", headers=headers)
        for piece in pieces:
            sent = await http.patch(opened.headers["location"], content=piece, headers=headers)
            assert sent.status_code == 202
        closed = await http.put(opened.headers["location"], params=params, content=last, headers=headers)
        assert closed.status_code == 201


@pytest.mark.parametrize("limit", ["MANIFEST_LIMIT", "LAYER_LIMIT"])
async def test_an_image_of_unknown_length_is_read_only_up_to_the_limit(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(f"tui.sim.http.registry.{limit}", 1000)
    made = await caller.call("CloudAgent/CreateAgentV2", pb.CreateAgentV2Request(), pb.CreateAgentV2Response)
    http, headers = caller.http, caller.headers()
    target = (await http.get("/push-target", params={"agent_id": made.agent_id}, headers=headers)).json()
    place = f"/v2/{target['name']}/manifests/{target['tag']}"
    if limit == "LAYER_LIMIT":
        opened = await http.post(f"/v2/{target['name']}/blobs/uploads/", headers=headers)
        place = opened.headers["location"]

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    response = await http.put(place, content=chunks(), headers=headers)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (413, "SIZE_INVALID")


@pytest.mark.parametrize(
    "manifest", [b"", b"null", b"[]", b'{"config":{"digest":[]},"layers":[]}', b"[" * 9999]
)
async def test_a_manifest_that_cannot_be_read_deploys_nothing(caller: Caller, manifest: bytes) -> None:
    made = await caller.call("CloudAgent/CreateAgentV2", pb.CreateAgentV2Request(), pb.CreateAgentV2Response)
    http, headers = caller.http, caller.headers()
    target = (await http.get("/push-target", params={"agent_id": made.agent_id}, headers=headers)).json()
    path = f"/v2/{target['name']}/manifests/{target['tag']}"
    assert (await http.put(path, content=manifest, headers=headers)).status_code == 400
    assert (await http.get(path, headers=headers)).status_code == 404
    assert [effect["effect"] for effect in caller.simulator.control.effects()] == ["CreateAgent"]


async def test_whoever_hangs_up_in_the_middle_of_an_upload_is_no_mistake_of_the_simulator(
    simulator: Simulator, caller: Caller
) -> None:
    made = await caller.call("CloudAgent/CreateAgentV2", pb.CreateAgentV2Request(), pb.CreateAgentV2Response)
    headers = caller.headers()
    target = (
        await caller.http.get("/push-target", params={"agent_id": made.agent_id}, headers=headers)
    ).json()
    opened = await caller.http.post(f"/v2/{target['name']}/blobs/uploads/", headers=headers)
    arrived = iter([{"type": "http.request", "body": b"lay", "more_body": True}, {"type": "http.disconnect"}])
    scope = {
        "type": "http",
        "method": "PATCH",
        "path": opened.headers["location"],
        "query_string": b"",
        "headers": [(b"authorization", headers["Authorization"].encode())],
        "state": {},
    }

    async def receive() -> Message:
        return next(arrived)

    async def send(message: Message) -> None:
        """Nobody is there."""

    await simulator.app.pipeline(scope, receive, send)
    assert simulator.app.pipeline.panics == []


async def test_a_form_of_unknown_length_is_read_only_up_to_the_limit(caller: Caller) -> None:
    caller.simulator.control.switch({"upload_limit": 1000})
    form = (await created(caller)).presigned_post_request
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}

    async def chunks() -> AsyncIterator[bytes]:
        yield b'--edge\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for _ in range(3):
            yield bytes(50_000)

    response = await caller.http.post(form.url, content=chunks(), headers=headers)
    assert (response.status_code, "EntityTooLarge" in response.text) == (400, True)


@pytest.mark.parametrize("path", ["/push-target?agent_id=CA_no", "/logs?agent_id=CA_no"])
async def test_other_paths_refuse_in_twirps_form(caller: Caller, path: str) -> None:
    assert refusal(await caller.http.get(path, headers=caller.headers())) == (
        500,
        "internal",
        "failed to get agent",
    )
    assert refusal(await caller.http.get(path)) == (401, "unauthenticated", "permissions denied")
