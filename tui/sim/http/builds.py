"""`POST /build`: an uploaded source becomes a version while progress streams (PROTOCOL.md, Builds)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from tui.sim.http.twirp import TwirpError
from tui.sim.http.uploads import Upload, Uploads
from tui.sim.world.agents import Agents
from tui.sim.world.solve import BUILD_FAILURE, encoded, plain, script, steps
from tui.sim.world.world import AgentRecord, World

Outcome = Literal["ok", "failed", "tolerated", "unfinished", "conflict"]
"""How a build ends: success; a failed step and `BUILD ERROR:`; a failed step without one; a stream that
breaks off; refused with 409."""

ATTRIBUTES = "x-livekit-agent-version-attributes"
PROTOCOL = "x-livekit-build-protocol"
FAILURE = "BUILD ERROR: "


class Builds:
    """Every build of one world."""

    def __init__(self, world: World, agents: Agents, uploads: Uploads) -> None:
        self._world = world
        self._agents = agents
        self._uploads = uploads
        self._orders: list[tuple[Outcome, str]] = []
        self._running: set[tuple[str, str]] = set()

    def order(self, outcome: Outcome, agent_id: str = "") -> None:
        """Decide how the next build goes, of one agent or of any."""
        self._orders.append((outcome, agent_id))

    def _outcome(self, agent_id: str) -> Outcome:
        for order in self._orders:
            if order[1] in ("", agent_id):
                self._orders.remove(order)
                return order[0]
        return "ok"

    async def answer(self, request: Request) -> Response:
        """The stream of a build; raises TwirpError."""
        agent_id = request.query_params.get("agent_id", "")
        deployment = request.query_params.get("deployment", "")
        record = self._agents.find(agent_id)
        if record is None:
            raise TwirpError("internal", "failed to get agent")
        outcome = self._outcome(agent_id)
        if outcome == "conflict" or (agent_id, deployment) in self._running:
            return PlainTextResponse("another build is running\n", 409)
        upload = self._uploads.latest(agent_id, deployment)
        attributes = read_attributes(
            request.headers.get(ATTRIBUTES) or request.query_params.get("attributes", "")
        )
        queued = request.headers.get(PROTOCOL) == "v2"
        if upload is None or not upload.sha256:
            return PlainTextResponse(f"{FAILURE}no source was uploaded for this agent\n")
        if not upload.has_dockerfile:
            return PlainTextResponse(
                f"{FAILURE}failed to read dockerfile: open Dockerfile: no such file or directory\n"
            )
        stream = self._run(record, upload, {**upload.attributes, **attributes}, outcome, queued)
        return StreamingResponse(stream, media_type="text/plain; charset=utf-8")

    async def _run(
        self, record: AgentRecord, upload: Upload, attributes: dict[str, str], outcome: Outcome, queued: bool
    ) -> AsyncIterator[bytes]:
        """Build and report progress. A client that disconnects cancels the build."""
        world, agents, deployment = self._world, self._agents, upload.deployment
        self._running.add((record.id, deployment))
        ended = False
        try:
            if queued:
                yield encoded({"lkQueue": {"message": "Waiting for a builder…"}})
            if not record.rows(deployment):
                agents.add_row(record, deployment, record.info.agent_deployments[0].region, "Building")
            version = agents.new_version(record, attributes, upload.tag)
            agents.overtake(record, deployment)
            agents.set_status(record, deployment, "Building")
            world.effect("BuildStarted", agent_id=record.id, deployment=deployment, version=upload.tag)
            failed = outcome in ("failed", "tolerated")
            plan, seconds = steps(upload.tag, failed=failed), world.switches.build_seconds
            record.build_logs[deployment] = plain(plan, seconds)
            lines = script(plan, world.now, seconds)
            for moment, line in lines[: len(lines) // 2] if outcome == "unfinished" else lines:
                await world.clock.until(moment)
                yield encoded(line)
            # The end of the stream and its effect belong together: nothing is awaited in between.
            ended = True
            if outcome in ("failed", "unfinished"):
                self._fail(record, upload, version.version)
            else:
                self._succeed(record, upload, version.version)
            if outcome == "failed":
                yield f"{FAILURE}{BUILD_FAILURE}\n".encode()
        finally:
            self._running.discard((record.id, deployment))
            if not ended and upload.tag in record.versions:
                self._fail(record, upload, upload.tag)

    def _fail(self, record: AgentRecord, upload: Upload, tag: str) -> None:
        record.versions[tag].status = "Build Failed"
        self._agents.set_status(record, upload.deployment, "Build Failed")
        self._world.effect("BuildFailed", agent_id=record.id, deployment=upload.deployment, version=tag)

    def _succeed(self, record: AgentRecord, upload: Upload, tag: str) -> None:
        if not record.info.agent_name:
            record.info.agent_name = upload.dispatch_name or f"agent-{record.id[-4:].lower()}"
        self._agents.release(record, upload.deployment, tag)
        self._world.effect("BuildFinished", agent_id=record.id, deployment=upload.deployment, version=tag)


def read_attributes(header: str) -> dict[str, str]:
    """A version's attributes as they travel beside the build (PROTOCOL.md, Builds); raises TwirpError."""
    if not header:
        return {}
    try:
        return msgspec.json.decode(base64.b64decode(header, validate=True), type=dict[str, str])
    except msgspec.ValidationError:
        raise TwirpError("invalid_argument", "version attributes must be strings") from None
    except (ValueError, binascii.Error):
        raise TwirpError("invalid_argument", "version attributes are not base64 of a JSON object") from None
