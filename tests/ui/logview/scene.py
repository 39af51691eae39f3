"""A still log of two regions in an incident, for pictures: a gap, a traceback, a sleeping source, colours."""

from __future__ import annotations

from tests.logs.fakes import EPOCH, TRACEBACK, line, source
from tui.logs.lines.classify import classify
from tui.logs.log import Kind, Log, Notice
from tui.logs.source import StreamPhase, StreamState
from tui.logs.spool import Spool

KEYS: dict[str, tuple[str, ...]] = {
    "following": (),
    "traceback": ("E", "enter"),
    "kinds": ("X",),
    "wrapped": ("k", "w"),
    "searching": ("slash", *"turn", "enter", "N"),
    "filtered": ("ampersand", *"turn", "enter", "ampersand", *"!8801"),
    "filters": ("ampersand", *"turn", "enter", "ampersand", "enter"),
    "hidden": ("ampersand", *"nonsense", "enter"),
    "behind": ("k", "k"),
    "build": (),
}
"""Scene → keys that lead to it."""


BUILD = """\
#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 1.12kB done
#1 DONE 0.1s
#5 [build 3/6] RUN apt-get update && apt-get install -y gcc g++ python3-dev
#5 0.542 Get:1 http://deb.debian.org/debian bookworm InRelease [151 kB]
#5 CACHED
#7 [build 6/6] RUN uv run --module livekit.agents download-files
#7 1.204 Downloading files for livekit.plugins.silero
#7 2.871 ERROR: 403 Client Error: Forbidden for url: https://cdn.example/vad.onnx
#7 ERROR: process "/bin/sh -c uv run" did not complete successfully: exit code: 1
BUILD ERROR: failed to solve: exit code: 1
"""


LOST = Notice(
    "eu-central: stream lost",
    Kind.GAP,
    tag=1,
    time=EPOCH + 27,
    back=EPOCH + 41,
    outcome="14 s may be missing",
    reason="the connection broke while reading the answer",
)


def incident(monotonic: float) -> Log:
    """The log; `monotonic` is the clock's reading in the scene."""
    log = Log(Spool(None))
    for tag, (region, phase) in enumerate(
        (("us-east", StreamPhase.OPEN), ("eu-central", StreamPhase.WAITING))
    ):
        known = source(region, version="20261118091300", deployed_at=EPOCH + 20)
        log.streams[tag] = StreamState(known, region[:2], phase, monotonic, monotonic)
    for number in range(26):
        _turn(log, number)
    log.notify(LOST)
    log.counts.gaps = 1
    for number in range(42, 46):
        _turn(log, number)
    for number in (46, 48):
        raw = line(
            f"tool call failed after {number} ms",
            level="ERROR",
            at=EPOCH + number,
            job_id="AJ_Rm8sJ4kTfVya",
            exc_info=TRACEBACK,
        )
        _add(log, 0, raw, EPOCH + number)
    _add(log, 0, b"\x1b[32mmodel\x1b[0m loaded in \x1b[1m2.1 s\x1b[0m \x1b]0;pwned\x07", EPOCH + 49)
    while log.count_errors():
        pass
    return log


def news(log: Log) -> None:
    """More lines come, one of them an error."""
    for number in range(50, 54):
        _turn(log, number)
    _add(log, 0, line("booking failed", level="ERROR", at=EPOCH + 54), EPOCH + 54)
    log.changed()


def build(monotonic: float) -> Log:
    """A build log as BuildKit prints it, read to its end."""
    log = Log(Spool(None))
    log.streams[0] = StreamState(source("", log_type="build"), "bu", StreamPhase.ENDED, monotonic, monotonic)
    for text in BUILD.splitlines():
        _add(log, 0, text.encode(), EPOCH)
    log.notify(Notice("build: end of the build log", Kind.INFO, 0, EPOCH))
    return log


def _turn(log: Log, number: int) -> None:
    at = EPOCH + number + 0.118
    level = {5: "DEBUG", 8: "WARNING"}.get(number % 10, "INFO")
    messages = ("received job request", "turn done", "user started speaking", "agent state changed")
    fields = {"job_id": f"AJ_{'Rm8sJ4kTfVya' if number % 3 else 'k2LsP0aQxZtb'}", "latency_ms": 120 + number}
    raw = line(messages[number % 4], level=level, at=at, room=f"call-{8800 + number % 3}", **fields)
    _add(log, number % 2, raw, at)


def _add(log: Log, tag: int, raw: bytes, at: float) -> None:
    log.append([raw], classify([raw]), bytes((tag,)), at)
