"""Injected faults: which request is hit, and how its answer is delayed, replaced or broken off."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from random import Random

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui.sim.http.transport import BreakableTransport
from tui.sim.http.twirp import TwirpError
from tui.sim.scenarios.specs import FaultSpec

HTML = "<html>\r\n<head><title>502</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"
GARBAGE = b"\x1f\x8b\x08\x00garbage\xff\xfe{]"


class Faults:
    """The faults in force, first match first."""

    def __init__(self, faults: list[FaultSpec], chance: Random) -> None:
        self._chance = chance
        self._faults: list[FaultSpec] = []
        self._left: list[int | None] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: FaultSpec) -> None:
        """Add a fault."""
        self._faults.append(fault)
        self._left.append(fault.times)

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()
        self._left.clear()

    def listed(self) -> list[FaultSpec]:
        """The faults in force."""
        return list(self._faults)

    def hit(self, path: str) -> FaultSpec | None:
        """The fault that a request to `path` meets, if any."""
        for index, fault in enumerate(self._faults):
            left = self._left[index]
            if left == 0 or not fnmatchcase(path, fault.path):
                continue
            if fault.share < 1 and self._chance.random() >= fault.share:
                continue
            if left is not None:
                self._left[index] = left - 1
            return fault
        return None


async def afflict(fault: FaultSpec, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request under a fault."""
    transport: BreakableTransport = scope["state"]["transport"]
    if fault.action == "latency":
        await asyncio.sleep(fault.seconds)
        await app(scope, receive, send)
        return
    if fault.action in ("cut", "stall"):
        await _break_off(fault, transport, app, scope, receive, send)
        return
    if fault.action == "drip":
        await app(scope, receive, _dripping(fault, send))
        return
    if fault.after_effect:
        await app(scope, receive, _swallow)
    if fault.action in ("close", "reset", "silence"):
        if fault.action == "close":
            transport.close()
        elif fault.action == "reset":
            transport.reset()
        await transport.lost.wait()
        return
    await _response(fault)(scope, receive, send)


def _response(fault: FaultSpec) -> Response:
    """The answer in place of the real one."""
    if fault.action == "html":
        return Response(HTML, fault.status or 502, media_type="text/html")
    if fault.action == "timeout":
        return Response("Request Timeout", fault.status or 408, media_type="text/plain")
    if fault.action == "garbage":
        return Response(GARBAGE, fault.status or 200, media_type="application/json")
    response = TwirpError(fault.code, fault.message, born=True).response()
    response.status_code = fault.status or response.status_code
    if fault.retry_after:
        response.headers["Retry-After"] = fault.retry_after
    return response


async def _swallow(message: Message) -> None:
    """Drop a response."""


async def _break_off(
    fault: FaultSpec, transport: BreakableTransport, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send the first bytes of the answer; then close, or stall until the client disconnects."""
    close = fault.action == "cut"
    if fault.raw:
        transport.fail_after(fault.at, close=close)
        await app(scope, receive, send)
        await transport.lost.wait()
        return
    left = fault.at

    async def limited(message: Message) -> None:
        nonlocal left
        if message["type"] != "http.response.body":
            await send(message)
            return
        body: bytes = message.get("body", b"")
        part, rest = body[: max(left, 0)], left - len(body)
        if left >= 0 and part:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        if left >= 0 and rest <= 0:
            transport.fail_after(0, close=close)
            if close:
                transport.close()
        left = rest if rest > 0 else -1

    await app(scope, receive, limited)
    if close:
        # The answer was shorter than that, or is cut by now.
        transport.fail_after(0, close=True)
        transport.close()
    await transport.lost.wait()


def _dripping(fault: FaultSpec, send: Send) -> Send:
    """Send a body byte by byte."""

    async def drip(message: Message) -> None:
        body: bytes = message.get("body", b"")
        if message["type"] != "http.response.body":
            await send(message)
            return
        for index in range(len(body)):
            await send({"type": "http.response.body", "body": body[index : index + 1], "more_body": True})
            await asyncio.sleep(fault.seconds)
        await send({"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)})

    return drip
