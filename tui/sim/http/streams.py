"""`GET /logs`: recent lines of a run-time log and then new ones, or the last build (PROTOCOL.md, Logs).

Authorization is checked by the caller.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tui.sim.http.twirp import TwirpError
from tui.sim.world.agents import Agents
from tui.sim.world.logs import LogBook
from tui.sim.world.solve import past_build
from tui.sim.world.world import UNBUILT, AgentRecord, World

POLL_SECONDS = 0.2
"""Real seconds between checks for routine lines; written lines wake a reader at once."""
FLOOD_POLL_SECONDS = 0.05
ASLEEP = (
    "The agent has shut down due to inactivity. It will automatically start again when a new session begins."
)
"""What LiveKit Cloud is reported to say of a sleeping agent (PROTOCOL.md, Logs)."""


class LogStreams:
    """Serves logs of one world."""

    def __init__(self, world: World, agents: Agents) -> None:
        self._world = world
        self._agents = agents

    async def answer(self, request: Request) -> Response:
        """The stream; raises TwirpError."""
        agent_id = request.query_params.get("agent_id", "")
        deployment = request.query_params.get("deployment", "")
        kind = request.query_params.get("log_type", "deploy")
        record = self._agents.find(agent_id)
        if record is None:
            raise TwirpError("internal", "failed to get agent")
        if kind not in ("deploy", "build"):
            raise TwirpError("invalid_argument", f"unknown log type {kind!r}")
        rows = record.rows(deployment)
        if not rows:
            raise TwirpError("not_found", f"deployment '{deployment}' does not exist")
        if kind == "build":
            return StreamingResponse(self._build(record, deployment), media_type="text/plain; charset=utf-8")
        if rows[0].status == "Sleeping":
            raise TwirpError("failed_precondition", ASLEEP)
        if rows[0].version in ("", UNBUILT):
            raise TwirpError("not_found", "no logs: nothing was deployed yet")
        book = self._world.book(record, deployment)
        return StreamingResponse(self._follow(book), media_type="text/plain; charset=utf-8")

    async def _build(self, record: AgentRecord, deployment: str) -> AsyncIterator[bytes]:
        lines = record.build_logs.get(deployment)
        if lines is None:
            rows = record.rows(deployment)
            lines = past_build(
                rows[0].version or record.info.version, failed=rows[0].status == "Build Failed"
            )
        for line in lines:
            yield line + b"\n"

    async def _follow(self, book: LogBook) -> AsyncIterator[bytes]:
        """Recent lines, then new ones until the program has ended."""
        world = self._world
        lines, cursor = book.snapshot(world.now, world.switches.log_backlog)
        while True:
            if lines:
                yield b"\n".join(lines) + b"\n"
            if book.ended:
                return
            await world.clock.pulse.wait(FLOOD_POLL_SECONDS if book.flooding else POLL_SECONDS)
            world.settle()
            lines, cursor = book.since(cursor, world.now)
