"""The Twirp services: which methods there are and how a call is routed, authorized and answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from google.protobuf.message import Message
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import cloud_agent as cloud_pb
from livekit.protocol import room as room_pb
from starlette.responses import PlainTextResponse, Response

from tui.sim.http.auth import Claims
from tui.sim.http.cloudagent import CloudAgent
from tui.sim.http.dispatchservice import DispatchService
from tui.sim.http.roomservice import RoomService
from tui.sim.http.twirp import Answer, Method, TwirpError, bad_route, encoded
from tui.sim.wire.codec import Codec
from tui.sim.world.world import World

SERVICES: Final = {
    descriptor.full_name: descriptor
    for descriptor in (
        cloud_pb.DESCRIPTOR.services_by_name["CloudAgent"],
        dispatch_pb.DESCRIPTOR.services_by_name["AgentDispatchService"],
        room_pb.DESCRIPTOR.services_by_name["RoomService"],
    )
}
"""The services by full name, as their descriptors define them."""

CLI_VERSION: Final = "x-livekit-cli-version"
REQUEST_ID: Final = "x-livekit-request-id"
NOT_FOUND: Final = "404 page not found\n"
"""What Go's router says to an unknown path (PROTOCOL.md, Hosts and paths)."""

_CODECS: Final[dict[str, Codec]] = {"application/json": "json", "application/protobuf": "protobuf"}
_PATH: Final = re.compile(r"^(?P<prefix>.*?)/(?P<service>livekit\.[A-Za-z]+)(?:/(?P<method>[^/]*))?$")


def media_type(header: str) -> str:
    """A `Content-Type` without its parameters, as Twirp compares it."""
    return header.split(";")[0].strip().lower()


class Service:
    """Answers Twirp calls against one world."""

    def __init__(
        self, world: World, cloud: CloudAgent, dispatches: DispatchService, rooms: RoomService
    ) -> None:
        self._world = world
        self.methods: dict[str, dict[str, Method]] = {
            "livekit.CloudAgent": cloud.methods(self.refusal),
            "livekit.AgentDispatchService": dispatches.methods(self.refusal),
            "livekit.RoomService": rooms.methods(self.refusal),
        }
        self._replies: dict[tuple[str, str], tuple[float, Answer]] = {}

    def refusal(self, claims: Claims | None) -> TwirpError:
        """The error for a missing header or grant (PROTOCOL.md, Tokens and grants)."""
        if claims is not None and self._world.switches.grant_refusal == "403":
            return TwirpError("permission_denied", "permissions denied", born=True)
        return TwirpError("unauthenticated", "permissions denied", born=True)

    async def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, claims: Claims | None
    ) -> Response:
        """The response to one call."""
        parsed = _PATH.match(path)
        service = parsed["service"] if parsed else ""
        if parsed is None or service not in SERVICES or not self._offered(service):
            return PlainTextResponse(NOT_FOUND, 404)
        try:
            codec = self._route(method, path, parsed, headers)
            return await self._call(f"{service}/{parsed['method']}", codec, headers, body, claims)
        except TwirpError as error:
            return error.response(self._world.switches.prefix_errors)

    def _offered(self, service: str) -> bool:
        return service != "livekit.CloudAgent" or self._world.switches.cloud_agents

    def _route(self, method: str, path: str, parsed: re.Match[str], headers: Mapping[str, str]) -> Codec:
        """The codec of a call that reaches a method; raises TwirpError in Twirp's order of checks."""
        if method != "POST":
            raise bad_route(f'unsupported method "{method}" (only POST is allowed)', method, path)
        if parsed["prefix"] != "/twirp":
            text = f'invalid path prefix "{parsed["prefix"]}", expected "/twirp", on path "{path}"'
            raise bad_route(text, method, path)
        content_type = headers.get("content-type", "")
        codec = _CODECS.get(media_type(content_type))
        if parsed["method"] not in SERVICES[parsed["service"]].methods_by_name:
            raise bad_route(f'no handler for path "{path}"', method, path)
        if codec is None:
            raise bad_route(f'unexpected Content-Type: "{content_type}"', method, path)
        return codec

    async def _call(
        self, name: str, codec: Codec, headers: Mapping[str, str], body: bytes, claims: Claims | None
    ) -> Response:
        service, _, method_name = name.partition("/")
        if (
            service == "livekit.CloudAgent"
            and self._world.switches.require_cli_version
            and not headers.get(CLI_VERSION)
        ):
            raise TwirpError("malformed", "livekit-cli version header is required", born=True)
        method = self.methods[service].get(method_name)
        if method is None:
            raise TwirpError("unimplemented", f"the simulator does not offer {name}", born=True)
        answer = await self._once(name, headers.get(REQUEST_ID, ""), method, body, codec, claims)
        return Response(encoded(answer, codec, self._world.form), media_type=f"application/{codec}")

    async def _once(
        self, name: str, request_id: str, method: Method, body: bytes, codec: Codec, claims: Claims | None
    ) -> Answer:
        """Run a call, or repeat the answer that the same request id got."""
        if not method.replayed or not request_id:
            return await method.call(body, codec, claims)
        now = self._world.now
        for key in [key for key, (until, _) in self._replies.items() if until <= now]:
            del self._replies[key]
        kept = self._replies.get((request_id, name))
        if kept is not None:
            return kept[1]
        answer = await method.call(body, codec, claims)
        if isinstance(answer, Message):
            # A copy: the message lives on in the world, the answer does not.
            answer = type(answer).FromString(answer.SerializeToString())
            self._replies[(request_id, name)] = (now + self._world.switches.replay_seconds, answer)
        return answer
