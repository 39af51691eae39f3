"""Tracebacks of failing agents, of the kinds that are most common. Plain text."""

from __future__ import annotations


def missing_secret(name: str) -> str:
    """A program that reads a secret nobody set."""
    return f"""Traceback (most recent call last):
  File "/app/.venv/bin/agent", line 8, in <module>
    sys.exit(main())
  File "/app/src/agent.py", line 41, in main
    cli.run_app(WorkerOptions(entrypoint_fnc=entrypoint, prewarm_fnc=prewarm))
  File "/app/src/agent.py", line 23, in prewarm
    api_key = os.environ["{name}"]
  File "<frozen os>", line 679, in __getitem__
    raise KeyError(key) from None
KeyError: '{name}'"""


def wrong_argument() -> str:
    """A program that was written for another version of the framework."""
    return """Traceback (most recent call last):
  File "/app/.venv/bin/agent", line 8, in <module>
    sys.exit(main())
  File "/app/src/agent.py", line 58, in main
    session = AgentSession(stt=stt, llm=llm, tts=tts, turn_detection_mode="server_vad")
TypeError: AgentSession.__init__() got an unexpected keyword argument 'turn_detection_mode'"""


def job_failure(kind: int) -> str:
    """The error of a job that failed, as the job's state shows it."""
    return JOB_ERRORS[kind % len(JOB_ERRORS)]


def entrypoint_failure(error: str) -> str:
    """The traceback that goes with a job's error."""
    return f"""Traceback (most recent call last):
  File "/app/src/agent.py", line 96, in entrypoint
    await session.start(agent=Assistant(), room=ctx.room)
{error}"""


JOB_ERRORS = (
    "livekit.agents._exceptions.APITimeoutError: Request timed out. (body=None, retryable=True)",
    "RuntimeError: job process exited unexpectedly, exit_code=-9 (memory limit exceeded)",
    "livekit.agents._exceptions.APIStatusError: insufficient_quota: You exceeded your current quota "
    "(status_code=429, request_id=req_2fK9, retryable=False)",
    "asyncio.exceptions.TimeoutError: entrypoint did not connect to the room within 10.0 s",
)
