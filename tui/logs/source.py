"""Where log lines come from, and the state of each stream. Knows no bytes and no screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol

import msgspec
from msgspec.structs import replace


class LogClient(Protocol):
    """The part of the API client that a stream needs."""

    def logs(
        self, agent_id: str, *, log_type: str = ..., deployment: str = ..., server_region: str = ...
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the log of an agent's newest instance in one region (`tui/api/PROTOCOL.md`, Logs)."""


class LogSource(msgspec.Struct, frozen=True):
    """One stream that the service offers: an agent in one region and deployment, running or building."""

    agent_id: str
    agent: str = ""
    """The agent's name, for showing; empty when it has none."""
    region: str = ""
    """The operator's region, such as `us-east`."""
    server_region: str = ""
    """The cluster code that `/logs` is asked with."""
    deployment: str = ""
    """Empty is production."""
    log_type: str = "deploy"
    """`deploy` for what the agent prints, `build` for the newest build's output; `file` for one read back."""
    version: str = ""
    """The version that is deployed there now; a change of it is announced in the log."""
    deployed_at: float | None = None
    """Unix seconds of that deployment; None when unknown."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Equal for the same stream; a new version does not make it another."""
        return (self.agent_id, self.server_region, self.deployment, self.log_type)

    @property
    def label(self) -> str:
        """The source in words, without the agent."""
        if self.log_type == "build":  # has no region, though it is asked for in one
            return " ".join(word for word in (self.region, self.deployment, self.log_type) if word)
        words = [self.region or self.server_region or "default region"]
        if self.deployment:
            words.append(self.deployment)
        if self.log_type != "deploy":
            words.append(self.log_type)
        return " ".join(words)


class StreamPhase(StrEnum):
    """The state of a stream, in the words of the screen."""

    IDLE = "not opened"
    CONNECTING = "connecting"
    OPEN = "open"
    WAITING = "waiting to reconnect"
    ASLEEP = "agent asleep"
    REFUSED = "refused"
    GONE = "gone"
    ENDED = "ended"
    CLOSED = "closed"


class StreamState(msgspec.Struct, frozen=True):
    """A source and the state of its stream, as the screen shows them."""

    source: LogSource
    tag: str
    """Two letters that tell it from the others."""
    phase: StreamPhase = StreamPhase.IDLE
    since: float = 0.0
    """Monotonic seconds at which the phase began."""
    heard: float = 0.0
    """Monotonic seconds at which its last new line came; 0 for never."""
    reason: str = ""
    """Why it is not open, one line."""
    missed: float = 0.0
    """Seconds that may be missing in all, by its gap notices."""
    of_several_agents: bool = False
    """The log has streams of other agents too."""

    @property
    def label(self) -> str:
        """The stream in words, as its notices call it."""
        source = self.source
        return f"{source.agent or source.agent_id} {source.label}" if self.of_several_agents else source.label

    def now(self, phase: StreamPhase, at: float, reason: str = "") -> StreamState:
        """The same stream in another phase."""
        return replace(self, phase=phase, since=at, reason=reason)


def tag_of(label: str, taken: Collection[str]) -> str:
    """Two letters for a stream, different from those `taken`."""
    return next(tag for tag in _candidates(label) if tag not in taken)


def _candidates(label: str) -> Iterable[str]:
    words = "".join(c if c.isalnum() and c.isascii() else " " for c in label.lower()).split() or ["log"]
    letters = "".join(words)
    yield (letters + letters)[:2]
    if len(words) > 1:
        yield words[0][0] + words[-1][0]
        yield words[0][0] + words[1][0]
    yield from (letters[0] + other for other in letters[1:])
    yield from (letters[0] + str(digit) for digit in range(1, 10))
    yield from (f"{number:02}" for number in range(100))


def coverage(streams: Iterable[StreamState], offered: Collection[LogSource] = ()) -> str:
    """How much of what is offered is open, for the title: `latest instance per region, 2 of 3 open`.

    Sources that are `offered` and closed count as not open.
    """
    wanted = [stream for stream in streams if stream.phase is not StreamPhase.CLOSED]
    if not wanted:
        return "no log open"
    opened = sum(stream.phase is StreamPhase.OPEN for stream in wanted)
    if all(stream.source.log_type == "build" for stream in wanted):
        return f"newest build, {opened} of {len(wanted)} open" if opened else "newest build"
    keys = {source.key for source in offered if source.log_type != "build"}
    keys |= {stream.source.key for stream in wanted}
    words = ["latest instance per region", f"{opened} of {len(keys)} open"]
    if len({key[0] for key in keys}) > 1:  # of several agents it is the number that must not be cut off
        words.reverse()
    return ", ".join(words)
