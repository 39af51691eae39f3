"""The progress of a build in BuildKit's form, line by line with times (PROTOCOL.md, Builds). Pure."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.sim.world.ids import rfc3339

BASE = "ghcr.io/astral-sh/uv:python3.13-bookworm-slim"
LOCK_ERROR = "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided."
FAILED_STEP = 'process "/bin/sh -c uv sync --locked" did not complete successfully: exit code: 2'
BUILD_FAILURE = f"failed to solve: {FAILED_STEP}"
PAST_SECONDS = 14.0
"""How long a build took that ended before the world's start."""

Json = dict[str, object]


@dataclass
class Step:
    """One vertex of the build: when it runs, in fractions of the whole, and what it prints."""

    name: str
    start: float
    end: float
    cached: bool = False
    group: str = ""
    """Name of the progress group that it is folded into."""
    says: list[tuple[float, bytes, int]] = field(default_factory=list)
    """Output: share of the whole, bytes as they come, stream (1 stdout, 2 stderr)."""
    pulls: str = ""
    """Id of its sub-progress, such as a layer."""
    pull_bytes: int = 0
    error: str = ""

    @property
    def digest(self) -> str:
        """The vertex's id."""
        return "sha256:" + hashlib.sha256(self.name.encode()).hexdigest()


def steps(tag: str, *, failed: bool) -> list[Step]:
    """The steps of a Python agent's build; a failing one stops at its dependencies."""
    begun = [*_preparation(), _installation(failed=failed)]
    return begun if failed else [*begun, *_completion(tag)]


def _preparation() -> list[Step]:
    """The steps before the agent's own dependencies."""
    return [
        Step(
            "[internal] load build definition from Dockerfile",
            0.0,
            0.01,
            pulls="transferring dockerfile:",
            pull_bytes=1203,
        ),
        Step(f"[internal] load metadata for {BASE}", 0.01, 0.06),
        Step("[internal] load .dockerignore", 0.06, 0.07, pulls="transferring context:", pull_bytes=412),
        Step(
            f"[base 1/1] FROM {BASE}@sha256:5c1f",
            0.07,
            0.2,
            pulls="extracting sha256:0e4bc2bd6656",
            pull_bytes=30_200_000,
        ),
        Step("[internal] load build context", 0.07, 0.09, pulls="transferring context:", pull_bytes=184_320),
        Step(
            "[build 1/6] RUN apt-get update && apt-get install -y gcc g++ python3-dev", 0.2, 0.2, cached=True
        ),
        Step("[build 2/6] WORKDIR /app", 0.2, 0.2, cached=True, group="[build] prepare sources"),
        Step("[build 3/6] COPY pyproject.toml uv.lock ./", 0.2, 0.22, group="[build] prepare sources"),
        Step("[build 4/6] RUN mkdir -p src", 0.22, 0.24, group="[build] prepare sources"),
    ]


def _installation(*, failed: bool) -> Step:
    """Installs the dependencies; its output comes in pieces and overwrites its lines."""
    sync = Step("[build 5/6] RUN uv sync --locked", 0.24, 0.6)
    sync.says = [(0.26, b"Resolved 87 packages in 12ms\nPrepar", 2), (0.3, b"ing packages...\n", 2)]
    if failed:
        sync.end, sync.error = 0.4, FAILED_STEP
        sync.says.append((0.39, f"\x1b[31m{LOCK_ERROR}\x1b[0m\n".encode(), 2))
        return sync
    sync.says += [
        (0.3 + share * 0.05, f"\r Downloading livekit-agents ({share * 20} %)".encode(), 2)
        for share in range(6)
    ]
    sync.says.append(
        (
            0.58,
            b"\nInstalled 87 packages in 210ms\n + livekit-agents==1.7.0\n + livekit-plugins-silero==1.7.0\n",
            2,
        )
    )
    return sync


def _completion(tag: str) -> list[Step]:
    """The steps from the models to the image."""
    models = Step("[build 6/6] RUN uv run --module livekit.agents download-files", 0.6, 0.78)
    models.says = [
        (0.65, b"Downloading files for livekit.plugins.silero\n", 1),
        (0.7, b"Downloading files for livekit.plugins.turn_detector\n", 1),
        (0.77, b"Finished downloading files\n", 1),
    ]
    copy = Step("[final 2/3] COPY --from=build --chown=appuser:appuser /app /app", 0.78, 0.84)
    export = Step(f"exporting to image {tag}", 0.84, 1.0, pulls="pushing layers", pull_bytes=214_000_000)
    return [models, copy, export]


def script(plan: list[Step], start: float, seconds: float) -> list[tuple[float, Json]]:
    """The lines of a build with the time of each, in order; times are world times in Unix seconds."""

    def at(share: float) -> float:
        return start + share * seconds

    timed: list[tuple[float, int, Json]] = []
    for number, step in enumerate(plan):
        inputs = [plan[number - 1].digest] if number else []
        vertex: Json = {
            "digest": step.digest,
            "inputs": inputs,
            "name": step.name,
            "started": rfc3339(at(step.start)),
        }
        if step.group:
            group = "sha256:" + hashlib.sha256(step.group.encode()).hexdigest()
            vertex["progressGroup"] = {"id": group, "name": step.group}
        timed.append((step.start, 0, {"vertexes": [vertex]}))
        timed += [
            (share, 1, {"logs": [_log(step, data, stream, at(share))]}) for share, data, stream in step.says
        ]
        timed += [(share, 1, {"statuses": [status]}) for share, status in _pull(step, at)]
        timed.append((step.end, 2, {"vertexes": [{**vertex, **_end(step, at(step.end))}]}))
    timed.append((0.012, 3, {"warnings": [_warning(plan[0])]}))
    # By share, not by time, so that a build of zero seconds is in order as well.
    timed.sort(key=lambda entry: entry[:2])
    return [(at(share), line) for share, _, line in timed]


def _end(step: Step, moment: float) -> Json:
    """How a vertex ends."""
    end: Json = {"completed": rfc3339(moment)}
    if step.cached:
        end["cached"] = True
    if step.error:
        end["error"] = step.error
    return end


def _log(step: Step, data: bytes, stream: int, moment: float) -> Json:
    return {
        "vertex": step.digest,
        "stream": stream,
        "data": base64.b64encode(data).decode(),
        "timestamp": rfc3339(moment),
    }


def _pull(step: Step, at: Callable[[float], float]) -> list[tuple[float, Json]]:
    """Four reports of sub-progress, for a step that has any."""
    bites: list[tuple[float, Json]] = []
    for quarter in range(1, 5) if step.pulls else ():
        share = step.start + (step.end - step.start) * quarter / 4
        status: Json = {
            "id": step.pulls,
            "vertex": step.digest,
            "name": step.pulls,
            "total": step.pull_bytes,
            "current": step.pull_bytes * quarter // 4,
            "timestamp": rfc3339(at(share)),
            "started": rfc3339(at(step.start)),
        }
        if quarter == 4:
            status["completed"] = rfc3339(at(share))
        bites.append((share, status))
    return bites


def _warning(step: Step) -> Json:
    short = b'LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format'
    return {
        "vertex": step.digest,
        "level": 1,
        "short": base64.b64encode(short).decode(),
        "detail": [
            base64.b64encode(b"Legacy key/value format with whitespace separator should not be used").decode()
        ],
        "url": "https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/",
    }


def plain(plan: list[Step], seconds: float) -> list[bytes]:
    """The log that such a build leaves behind, as plain text."""
    lines: list[str] = []
    for number, step in enumerate(plan, 1):
        lines.append(f"#{number} {step.name}")
        output = b"".join(data for _, data, _ in step.says).decode(errors="replace")
        lines += [
            f"#{number} {(step.end - step.start) * seconds:.3f} {text}"
            for text in output.splitlines()
            if text
        ]
        if step.error:
            lines.append(f"#{number} ERROR: {step.error}")
        elif step.cached:
            lines.append(f"#{number} CACHED")
        else:
            lines.append(f"#{number} DONE {(step.end - step.start) * seconds:.1f}s")
    return [line.encode() for line in lines]


def past_build(tag: str, *, failed: bool) -> list[bytes]:
    """The log of a build that ended before the world's start."""
    return plain(steps(tag, failed=failed), PAST_SECONDS)


def encoded(line: Json) -> bytes:
    """One line of the stream, with its end."""
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"
