"""What real servers answered, as data: one file of a situation. Must not know how they are started."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

FOLDER = Path(__file__).parent / "recorded"


class Reply(Struct, frozen=True):
    """A request and what came back, byte for byte."""

    method: str
    request: dict[str, str | bool]
    status: int
    type: str
    """The header Content-Type."""
    body: str
    seconds: float
    """How long it took."""


class Versions(Struct, frozen=True):
    """Which programs answered."""

    livekit_server: str
    redis: str
    livekit_agents: str

    def __str__(self) -> str:
        return (
            f"livekit-server {self.livekit_server}, redis {self.redis}, livekit-agents {self.livekit_agents}"
        )


class RecordedStop(Struct, frozen=True):
    """A point of a situation."""

    name: str
    room: str
    at: float
    """Unix seconds when the replies came."""
    sent: tuple[Reply, ...]
    """What the situation itself sent since the stop before, such as CreateDispatch."""
    replies: tuple[Reply, ...]
    """ListRooms, and ListDispatch and ListParticipants of the room."""


class Recording(Struct, frozen=True):
    """A situation."""

    situation: str
    versions: Versions
    stops: tuple[RecordedStop, ...]

    def stop(self, name: str) -> RecordedStop:
        """A point by its name."""
        return next(stop for stop in self.stops if stop.name == name)


def write(recording: Recording) -> None:
    """Write it into its file."""
    text = msgspec.json.format(msgspec.json.encode(recording), indent=1)
    (FOLDER / f"{recording.situation}.json").write_bytes(text + b"\n")


def read(situation: str) -> Recording:
    """Read a situation."""
    return msgspec.json.decode((FOLDER / f"{situation}.json").read_bytes(), type=Recording)
