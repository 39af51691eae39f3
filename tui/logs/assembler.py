"""Turns the bytes and ends of one stream into lines and notices of a log. No network, no tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from tui.api.streams import Splitter
from tui.formats import counted, whole_seconds
from tui.logs.lines.classify import Classifier
from tui.logs.log import Kind, Notice
from tui.logs.merge import LogWriter
from tui.logs.overlap import NewLines, Overlap
from tui.logs.source import LogSource, StreamPhase, StreamState
from tui.logs.stream import Event, Opened
from tui.logs.stream_end import Cause, StreamEnd

SETTLE: Final = 0.5
"""Seconds of silence after which a snapshot is taken to be complete."""
SETTLE_KNOWN: Final = 30.0
"""The same while all of it is known: a slow link may still be sending the rest, and nobody misses lines that
are on the screen already."""
HOLD: Final = 5.0
"""Seconds for which new lines are held back at most: a log that prints all the time never falls silent."""
_ORDERLY: Final = (Cause.EOF, Cause.DONE, Cause.ASLEEP, Cause.QUIET)
"""Ends that are no trouble."""


@dataclass
class Assembler:
    """Assembles one stream. Times are given as (monotonic, Unix) seconds by the caller."""

    tag: int
    writer: LogWriter
    _splitter: Splitter = field(default_factory=Splitter)
    _overlap: Overlap = field(default_factory=Overlap)
    _classifier: Classifier = field(default_factory=Classifier)
    _notice: Notice | None = None
    """The newest notice, while nothing has come after it."""
    _whole: bool = False
    """It is open, and what was received is taken in."""
    _cause: Cause | None = None
    """What ended it, until lines come again."""
    _tries: int = 0
    """Ends in a row with the same cause."""
    _lost: float = 0.0
    """Unix seconds when the stream was last known to be whole."""
    _lost_at: float = 0.0
    """The same in monotonic seconds: between two, the clock may be set."""
    _opened: float = 0.0
    """Unix seconds at which it was last opened."""
    _opened_at: float = 0.0
    """The same in monotonic seconds."""
    _moved: float = 0.0
    """Monotonic seconds at which it opened or last brought something."""
    _held: float = 0.0
    """Monotonic seconds at which the first of the lines that are held back came."""
    _compared: bool = False
    """What it brings is compared with what came before."""
    _unseen: str = ""
    """What a break that got no notice is called, should one become necessary."""
    _missing: float = 0.0
    """Seconds that the newest notice says may be missing."""

    @property
    def stream(self) -> StreamState:
        """The stream's state as shown."""
        return self.writer.log.streams[self.tag]

    @property
    def settling(self) -> bool:
        """Lines are held back: `tick` has to decide before long."""
        return self._overlap.held > 0

    def handle(self, events: Sequence[Event], now: float, wall: float) -> None:
        """Take in what happened on the stream, in order, and the time that has passed."""
        for event in events:
            match event:
                case bytes():
                    self.received(event, now, wall)
                case Opened():
                    self.opened(now, wall)
                case StreamEnd():
                    self.ended(event, now, wall)
        self.tick(now, wall)

    def opened(self, now: float, wall: float) -> None:
        """The stream is open; lines follow."""
        if self.stream.phase is not StreamPhase.OPEN:  # else it was silent, and still is as far as is known
            self._show(self.stream.now(StreamPhase.OPEN, now))
        self._moved, self._opened_at, self._opened, self._whole = now, now, wall, True
        self._splitter.rest()
        self._overlap.begin()
        self._compared = self._overlap.searching
        if self._notice and self._cause not in (None, Cause.QUIET):
            self._notice.back = wall
            self._notice.outcome = "comparing what comes with what came before" if self._compared else ""

    def received(self, data: bytes, now: float, wall: float) -> None:
        """Bytes came."""
        self._moved = now
        if not self._overlap.held:
            self._held = now
        broken = self._splitter.broken
        if lines := self._splitter.feed(data):
            self._offer(lines, now, wall)
        if self._splitter.broken != broken:
            self._notify("a line without an end is shown in pieces of 16 MiB", Kind.INFO, now, wall)

    def tick(self, now: float, wall: float) -> None:
        """Time has passed: decide where a snapshot goes on if it seems complete."""
        if self._overlap.held:
            known = self._overlap.all_known()
            quiet = now - self._moved >= (SETTLE_KNOWN if known else SETTLE)
            if quiet or (not known and now - self._held >= HOLD):
                self._write(self._overlap.decide(), now, wall)

    def ended(self, end: StreamEnd, now: float, wall: float) -> None:
        """The stream broke, closed or did not open."""
        if self._whole:
            self._whole = False
            # a stream that fell silent may have been dead since its last byte
            self._lost_at = self._moved if end.cause is Cause.QUIET else now
            self._lost = wall - (now - self._lost_at)
            self._finish(now, wall, complete=end.cause is Cause.DONE)
        if end.cause is not Cause.QUIET:  # a silent one is asked for again at once, and mostly there
            self._show(self.stream.now(end.phase, now, end.reason or str(end.cause)))
        if end.final and self._overlap.rest:
            self.writer.piece(self.tag, self._overlap.rest, now, wall)
            self._overlap.rest = b""
        if end.cause is Cause.QUIET:
            self._cause, self._unseen = end.cause, "silent, perhaps lost"
            return
        if self._notice and self._cause is end.cause:  # again, and nothing came between: one line is enough
            self._tries += 1
            tries = f"{end.outlook}, {self._tries} tries" if end.outlook else ""
            self._notice.back, self._notice.outcome = None, tries
            return
        self._tries, self._cause = 1, end.cause
        kind = Kind.INFO if end.cause in _ORDERLY else Kind.TROUBLE
        self._notify(end.cause, kind, now, wall, end.outlook, end.reason)

    def deployed(self, source: LogSource, now: float, wall: float) -> None:
        """Another version runs there now."""
        was, stream = self.stream.source.version, replace(self.stream, source=source)
        self._show(stream)
        if was and source.version and was != source.version:
            text = f"new version {source.version}, was {was}"
            self._notify(text, Kind.INFO, now, wall, "latest instance follows")

    def closed(self, now: float, wall: float) -> None:
        """The stream is no longer followed; lines held back come out. It may be opened again later."""
        if self._whole:
            self._whole = False
            self._lost, self._lost_at = wall, now
            self._finish(now, wall)
            self._cause, self._unseen = Cause.QUIET, "not followed"
        self._show(self.stream.now(StreamPhase.CLOSED, now))

    def _finish(self, now: float, wall: float, *, complete: bool = False) -> None:
        """Nothing more comes. What came after the last line feed is a line if the log is `complete`."""
        rest = self._splitter.rest()
        if rest and complete:
            self._offer([rest], now, wall)
            rest = b""
        if found := self._overlap.end(rest):
            self._write(found, now, wall)

    def _offer(self, lines: list[bytes], now: float, wall: float) -> None:
        """Write lines, once it is known which of them are new."""
        found = self._overlap.offer(lines) if self._overlap.searching else NewLines(lines, proven=True)
        if found:
            self._write(found, now, wall)

    def _write(self, found: NewLines, now: float, wall: float) -> None:
        """Write what is new and say how sure that is."""
        if self._cause is not None:
            self._judge(found, now, wall)
        if found.piece:
            self.writer.piece(self.tag, found.piece, now, wall)
        if found.lines:  # not for what is only repeated: a silent stream would seem to speak
            self._show(replace(self.stream, heard=now))
            self._overlap.remember(found.lines)
            self.writer.lines(self.tag, found.lines, self._classifier.marks(found.lines), now, wall)
            self._notice, self._cause, self._missing = None, None, 0.0

    def _judge(self, found: NewLines, now: float, wall: float) -> None:
        """Finish the notice about the break; a silence in which certainly nothing was lost leaves none."""
        if found.proven:
            if self._compared and found.lines and not found.timed and self._notice is None:
                self._notify(self._unseen, Kind.INFO, now, self._lost).back = self._opened
            if self._notice and self._notice.back is not None:
                self._notice.kind = Kind.INFO
                missed = "nothing missed" if found.timed else "nothing missed, unless it was restarted"
                self._notice.outcome = missed if self._compared else ""
            return
        notice = self._notice or self._notify(self._unseen, Kind.INFO, now, self._lost)
        if self._cause is Cause.DONE and not found.repeats:  # nothing is missing of a log that is over
            notice.back, notice.outcome = self._opened, "another build follows"
            return
        # not from the notice's own time: a silence, or a time without a reader, may have come before it
        missing = max(0.0, self._opened_at - self._lost_at)
        text = f"{whole_seconds(missing)} may be missing" if missing >= 0.5 else "lines may be missing"
        if found.repeats:
            text = "lines may be repeated below"
        elif found.known:
            least = "at least " if found.known_at_least else ""
            text += f", {least}{counted(found.known, 'line')} below came before"
        if notice.kind is not Kind.GAP:
            self.writer.log.counts.gaps += 1
        notice.kind, notice.back, notice.outcome = Kind.GAP, self._opened, text
        if not found.repeats:
            self._show(replace(self.stream, missed=self.stream.missed + missing - self._missing))
            self._missing = missing

    def _notify(
        self, text: str, kind: Kind, now: float, wall: float, outcome: str = "", reason: str = ""
    ) -> Notice:
        notice = Notice(f"{self.stream.label}: {text}", kind, self.tag, wall, None, outcome, reason)
        self._notice = notice
        self.writer.notice(notice, now, wall)
        return notice

    def _show(self, stream: StreamState) -> None:
        self.writer.log.streams[self.tag] = stream
