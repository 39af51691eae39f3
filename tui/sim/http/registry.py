"""`GET /push-target` and its image registry: a pushed image becomes a version (PROTOCOL.md, Builds)."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.sim.http.builds import ATTRIBUTES, read_attributes
from tui.sim.http.request_body import BodyReader, TooLarge
from tui.sim.http.twirp import TwirpError
from tui.sim.world.agents import Agents
from tui.sim.world.world import World

LAYER_LIMIT = 256 * 1024 * 1024
"""Bytes of one layer; only its digest is kept."""
MANIFEST_LIMIT = 4 * 1024 * 1024


class Sent:
    """What an upload session has received."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.size = 0


class Registry:
    """Takes images by the OCI distribution protocol, as far as a push needs it."""

    def __init__(self, world: World, agents: Agents, bodies: BodyReader) -> None:
        self._world = world
        self._agents = agents
        self._bodies = bodies
        self._targets: dict[tuple[str, str], str] = {}
        """Agent id by image name and tag."""
        self._blobs: dict[str, int] = {}
        """Size of every layer by digest."""
        self._sessions: dict[str, Sent] = {}
        self._manifests: dict[tuple[str, str], str] = {}
        """Digest by image name and tag."""

    async def target(self, request: Request) -> Response:
        """Where an agent's image is pushed to; raises TwirpError."""
        record = self._agents.find(request.query_params.get("agent_id", ""))
        if record is None:
            raise TwirpError("internal", "failed to get agent")
        name, tag = record.id.lower().replace("_", "-"), self._agents.free_tag(record)
        self._targets[(name, tag)] = record.id
        return JSONResponse({"proxy_host": request.url.netloc, "name": name, "tag": tag})

    async def answer(self, request: Request) -> Response:
        """Everything under `/v2/`; raises TwirpError."""
        path, method = request.url.path.removeprefix("/v2/"), request.method
        if not path:
            return JSONResponse({})
        name, _, rest = path.partition("/")
        if name not in {target[0] for target in self._targets}:
            return _refusal(404, "NAME_UNKNOWN", f"repository {name} is not known")
        if rest.startswith("manifests/"):
            return await self._manifest(request, name, rest.removeprefix("manifests/"))
        if rest.startswith("blobs/uploads/"):
            return await self._upload(request, name, rest.removeprefix("blobs/uploads/"))
        digest = rest.removeprefix("blobs/")
        if method == "HEAD" and rest.startswith("blobs/") and digest in self._blobs:
            size = str(self._blobs[digest])
            return Response(headers={"Content-Length": size, "Docker-Content-Digest": digest})
        return _refusal(404, "BLOB_UNKNOWN", "blob unknown to registry")

    async def _upload(self, request: Request, name: str, session: str) -> Response:
        """The three steps of a layer: open, send, close."""
        if request.method == "POST":
            session = self._world.guid("")
            self._sessions[session] = Sent()
            return Response(status_code=202, headers={"Location": f"/v2/{name}/blobs/uploads/{session}"})
        if session not in self._sessions or request.method not in ("PATCH", "PUT"):
            return _refusal(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        sent = self._sessions[session]
        async for chunk in request.stream():
            sent.size += len(chunk)
            if sent.size > LAYER_LIMIT:
                self._sessions.pop(session, None)
                return _refusal(413, "SIZE_INVALID", "the layer is larger than the simulator takes")
            sent.digest.update(chunk)
        if request.method == "PATCH":
            return Response(status_code=202, headers={"Location": f"/v2/{name}/blobs/uploads/{session}"})
        self._sessions.pop(session, None)
        wanted = parse_qs(request.url.query).get("digest", [""])[0]
        if wanted != f"sha256:{sent.digest.hexdigest()}":
            return _refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self._blobs[wanted] = sent.size
        headers = {"Location": f"/v2/{name}/blobs/{wanted}", "Docker-Content-Digest": wanted}
        return Response(status_code=201, headers=headers)

    async def _manifest(self, request: Request, name: str, tag: str) -> Response:
        """The manifest; its PUT deploys the image."""
        if request.method != "PUT":
            digest = self._manifests.get((name, tag))
            if digest is None:
                return Response(status_code=404)
            return Response(headers={"Docker-Content-Digest": digest})
        agent_id = self._targets.get((name, tag))
        record = self._agents.find(agent_id or "")
        try:
            body = await self._bodies.read(request, MANIFEST_LIMIT)
        except TooLarge:
            return _refusal(413, "SIZE_INVALID", "the manifest is larger than the simulator takes")
        missing = self._missing(body)
        if record is None:
            return _refusal(404, "MANIFEST_UNKNOWN", f"no agent takes {name}:{tag}")
        if missing:
            return _refusal(400, "MANIFEST_BLOB_UNKNOWN", f"blob unknown to registry: {missing[0]}")
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self._manifests[(name, tag)] = digest
        attributes = read_attributes(request.headers.get(ATTRIBUTES, ""))
        self._agents.new_version(record, {"image_digest": digest, **attributes}, tag)
        if not record.info.agent_name:
            record.info.agent_name = f"agent-{record.id[-4:].lower()}"
        self._agents.release(record, "", tag)
        self._world.effect("PushImage", agent_id=record.id, version=tag, digest=digest)
        return Response(status_code=201, headers={"Docker-Content-Digest": digest})

    def _missing(self, manifest: bytes) -> list[str]:
        """Blobs that a manifest names and that were never pushed."""
        try:
            value = json.loads(manifest)
            named = [value["config"]["digest"], *(layer["digest"] for layer in value["layers"])]
        except (ValueError, KeyError, TypeError, RecursionError):
            return ["an unreadable manifest"]
        return [str(digest) for digest in named if str(digest) not in self._blobs]


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message}]}, status)
