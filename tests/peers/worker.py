"""A real worker that does what the metadata of its job says.

The metadata is `reject`, `raise`, `return` or `slow SECONDS`; with any other the worker joins. A program of
its own. It reads `LIVEKIT_URL`, `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`, as every worker does, and
`AGENT`, `JOB_TYPE` (`ROOM` or `PUBLISHER`) and `HTTP_PORT`.
"""

from __future__ import annotations

import asyncio
import os

from livekit.agents import AgentServer, JobContext, JobRequest, cli
from livekit.agents.worker import ServerType


async def decide(request: JobRequest) -> None:
    """Take the job, unless its metadata says otherwise."""
    if request.job.metadata == "reject":
        await request.reject()
    else:
        await request.accept()


async def work(context: JobContext) -> None:
    """Join the room and stay, unless its metadata says otherwise."""
    word, _, seconds = context.job.metadata.partition(" ")
    if word == "raise":
        raise RuntimeError("raised because the job said so")
    if word == "return":
        return
    if word == "slow":
        await asyncio.sleep(float(seconds))
    await context.connect()


def no_load() -> float:
    """A busy machine is no reason to be offered nothing."""
    return 0.0


server = AgentServer(
    load_fnc=no_load, num_idle_processes=1, host="127.0.0.1", port=int(os.environ["HTTP_PORT"])
)
server.rtc_session(
    work, agent_name=os.environ["AGENT"], type=ServerType[os.environ["JOB_TYPE"]], on_request=decide
)

if __name__ == "__main__":
    cli.run_app(server)
