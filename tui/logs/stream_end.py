"""Why a log stream ended or did not open, and when to try again. Pure: judges errors, opens nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from tui.api import errors
from tui.logs.source import LogSource, StreamPhase

ASLEEP_WAIT: Final = 30.0
"""Seconds between tries while an agent sleeps; a change of its status makes the stream try at once."""
REFUSED_WAIT: Final = 60.0
"""Seconds between tries with credentials that were refused: they, or a clock, may get mended."""


class Cause(StrEnum):
    """What ended a stream or kept it from opening, as a notice says it."""

    EOF = "stream ended by the server"
    DONE = "end of the build log"
    CUT = "stream lost"
    QUIET = "silent"
    ASLEEP = "agent asleep"
    GONE = "no log"
    REFUSED = "log refused"
    BUSY = "log put off"
    DOWN = "log not reachable"
    MUTE = "log not requested"


class StreamEnd(msgspec.Struct, frozen=True):
    """The end of a stream, or a failure to open it."""

    cause: Cause
    reason: str = ""
    """One line more, the server's own words where there are any."""
    wait: float | None = None
    """Seconds to wait before the next try; None leaves it to the back-off."""
    final: bool = False
    """Trying again by ourselves would not help."""

    @property
    def phase(self) -> StreamPhase:
        """What the stream does after it."""
        if self.cause in (Cause.ASLEEP, Cause.GONE, Cause.DONE):
            return {
                Cause.ASLEEP: StreamPhase.ASLEEP,
                Cause.GONE: StreamPhase.GONE,
                Cause.DONE: StreamPhase.ENDED,
            }[self.cause]
        return StreamPhase.REFUSED if self.cause in (Cause.REFUSED, Cause.MUTE) else StreamPhase.WAITING

    @property
    def outlook(self) -> str:
        """What will be done about it."""
        match self.cause:
            case Cause.DONE:
                return ""
            case Cause.ASLEEP:
                return "opens again when it wakes"
            case Cause.REFUSED:
                return f"next try in {self.wait:.0f} s" if self.wait else "press W to retry"
            case Cause.GONE | Cause.MUTE:
                return "press W to retry"
            case _:
                return "reconnecting"


def end_of_stream(source: LogSource) -> StreamEnd:
    """What an orderly end by the server means. Only build logs are finite."""
    return StreamEnd(Cause.DONE, final=True) if source.log_type == "build" else StreamEnd(Cause.EOF)


def end_by_error(error: errors.ApiError, *, opened: bool) -> StreamEnd:
    """What a failure of opening or reading means."""
    text = error.message.casefold()
    if "inactivity" in text or "asleep" in text or "sleeping" in text:
        return StreamEnd(Cause.ASLEEP, wait=ASLEEP_WAIT)
    if isinstance(error, errors.NotFound) or "could not be found" in text or "failed to get agent" in text:
        return StreamEnd(Cause.GONE, error.message, final=True)
    match error:
        case errors.Unauthorized():
            return StreamEnd(Cause.REFUSED, error.message, wait=REFUSED_WAIT)
        case errors.RateLimited() | errors.Throttled():
            return StreamEnd(Cause.BUSY, error.message, wait=error.retry_after or None)
        case errors.Unreachable():
            return StreamEnd(Cause.DOWN, error.message)
        case errors.ReadOnly() | errors.BadTarget() | errors.NoSuchService():
            return StreamEnd(Cause.MUTE, error.message, final=True)
        case errors.Unknown():
            return StreamEnd(Cause.CUT if opened else Cause.DOWN, error.message)
    return StreamEnd(Cause.REFUSED, str(error), final=True)
