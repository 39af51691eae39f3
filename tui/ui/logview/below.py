"""The row of words below a log, brought up to date often enough to be useful and no more often."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec.structs import replace
from textual.timer import Timer

from tui.logs.source import Phase, Stream
from tui.ui.logview.bar import Facts, bar, number
from tui.ui.logview.layout import Times
from tui.ui.logview.reader import Reader
from tui.ui.logview.searching import Searching
from tui.ui.widgets.lines import Lines

OFTEN: Final = 0.5
"""Seconds between two updates while a log streams."""
STILL: Final = 1.0
"""The same beneath a dialog, and while the operator reads further up: what is counted is all that is sent."""
SOURCE_TONES: Final = ("info", "accent", "busy", "sleep", "ok", "warn")
NOTHING: Final = "No log is open. Select an agent and press l."


class Below(Lines):
    """Says what is followed, hidden, found and covered."""

    def __init__(self, reader: Reader, searching: Searching) -> None:
        super().__init__(ascii_only=reader.ascii_only, id="log-bar")
        self._reader = reader
        self._searching = searching
        self._timer: Timer | None = None
        self._at = 0.0
        self._said = ("", "info")
        self.nothing = NOTHING
        """What stands in place of lines while no log is open."""

    def say(self, words: str, tone: str) -> None:
        """Say this instead, until the next key."""
        self._said = (words, tone)
        self.update_now()

    def pressed(self) -> None:
        """A key: what was said has been read, and what comes of it is shown at once."""
        self._said = ("", "info")
        self._at = 0.0
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def update_soon(self) -> None:
        """Something changed."""
        if self._timer is None and self.is_attached:
            often = OFTEN if self._reader.page.follow and self.screen.is_active else STILL
            wait = self._at + often - self._reader.clock.monotonic()
            if wait <= 0 or not self._at:
                self.update_now()
            else:
                self._timer = self.set_timer(wait, self._due)

    def update_now(self) -> None:
        """Show how things are."""
        if not self.is_mounted:
            return
        self._at = self._reader.clock.monotonic()
        self._name_sources()
        self._explain()
        self.set_lines([bar(self.facts(), self.size.width)])

    def look(self) -> None:
        """Time has passed: streams fall silent and ages grow without a line."""
        if not self.is_mounted:
            return
        options = self._reader.options
        if options.times is Times.RELATIVE:
            self._reader.lines.relay(replace(options, now=self._reader.clock.now()))
        self.update_now()

    def facts(self) -> Facts:
        """How things are."""
        reader, finder = self._reader, self._searching.finder
        page, log, options, hits = reader.page, reader.page.log, reader.options, finder.hits
        hit = hits.rank(page.cursor) + 1 if hits is not None and page.cursor in hits else 0
        return Facts(
            counts=log.counts,
            follow=page.follow,
            unseen=page.unseen,
            unseen_errors=page.unseen_errors,
            wrap=options.wrap,
            times=options.times,
            level=finder.criteria.level,
            filters=finder.active,
            held=log.end - log.first,
            shown=len(page.rows),
            dropped=log.dropped,
            search=finder.pattern.source if finder.pattern else "",
            hit=hit,
            hits=len(hits) if hits is not None else 0,
            progress=finder.progress,
            streams=tuple(log.streams.values()),
            file=any(stream.source.log_type == "file" for stream in log.streams.values()),
            now=reader.clock.monotonic(),
            clock=datetime.fromtimestamp(reader.clock.now()).astimezone(options.clock_zone),
            said=self._said[0],
            said_tone=self._said[1],
        )

    def on_resize(self) -> None:
        """Fit the width."""
        self.update_now()

    def _due(self) -> None:
        self._timer = None
        self.update_now()

    def _name_sources(self) -> None:
        """Lines carry the letters of their source when there are several, and times unless they have none."""
        reader = self._reader
        streams = reader.page.log.streams
        tags = {tag: (s.tag, SOURCE_TONES[tag % len(SOURCE_TONES)]) for tag, s in streams.items()}
        wanted = tags if len(tags) > 1 else {}
        timeless = bool(streams) and all(s.source.log_type == "build" for s in streams.values())
        if (wanted, timeless) != (reader.options.tags, reader.options.timeless):
            reader.lines.relay(replace(reader.options, tags=wanted, timeless=timeless))

    def _explain(self) -> None:
        """Say in place of the lines why there are none."""
        lines = self._reader.lines
        words = "" if self._shows_lines() else self._why_empty()
        if words != lines.empty:
            lines.empty = words
            lines.draw()

    def _shows_lines(self) -> bool:
        """Anything but notices of ours, which pass every filter."""
        rows, notices = self._reader.page.rows, self._reader.page.log.notices
        return len(rows) > len(notices) or any(rows[index] not in notices for index in range(len(rows)))

    def _why_empty(self) -> str:
        log, finder = self._reader.page.log, self._searching.finder
        held = log.end - log.first - sum(row >= log.first for row in log.notices)
        if held:
            looked = "" if finder.progress >= 1 else f" · {finder.progress:.0%} looked at"
            asked = finder.words() or "cleared with C"
            return f"0 of {number(held)} shown – filter: {asked}{looked}\nEsc shows all"
        if len(self._reader.page.rows):
            return ""  # a notice tells already
        waiting = [stream for stream in log.streams.values() if stream.phase is not Phase.CLOSED]
        return "\n".join(f"{s.source.label}: {_state(s)}" for s in waiting) or self.nothing


def _state(stream: Stream) -> str:
    if stream.phase is Phase.OPEN:
        return "open; nothing printed yet"
    return f"{stream.phase}{f' ({stream.reason})' if stream.reason else '…'}"
