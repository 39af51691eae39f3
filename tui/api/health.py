"""Response times of hosts and how far their clocks are from this machine's."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

SKEW_LIMIT = 3600.0
"""Seconds of clock difference that are corrected for; beyond it the `Date` header is not believed."""


@dataclass
class Health:
    """Response time and clock of a host."""

    latency: float = 0.0
    """Seconds of the newest answered call."""
    is_clock_known: bool = False
    """An answer said what time it is there."""
    skew: float = 0.0
    """Server's clock minus this machine's, seconds, by the `Date` header, which has whole seconds."""

    @property
    def correction(self) -> float:
        """Seconds to add to our clock when signing."""
        return self.skew if abs(self.skew) < SKEW_LIMIT else 0.0

    def note(self, latency: float | None, date: str, now: float) -> None:
        """Note an answer: its duration in seconds, its `Date` header, and the time by our clock.

        The duration is None where it does not measure the connection.
        """
        if latency is not None:
            self.latency = latency
        try:
            skew = parsedate_to_datetime(date).timestamp() - now
        except (ValueError, OverflowError, IndexError, TypeError):
            return
        self.is_clock_known = True
        # the header is cut to whole seconds: a difference below two is ignored
        self.skew = skew if abs(skew) > 2.0 else 0.0
