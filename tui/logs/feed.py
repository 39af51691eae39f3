"""What one stream brings, put in its place in the log: lines, joins, notices. No network, no tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from tui.api.streams import Splitter
from tui.fleet.times import age
from tui.logs import marks
from tui.logs.ends import Cause, End
from tui.logs.intake import Intake
from tui.logs.join import Found, Joiner
from tui.logs.log import Kind, Notice
from tui.logs.source import LogSource, Phase, Stream

SETTLE: Final = 0.5
"""Seconds of silence after which a snapshot is taken to be complete."""
SETTLE_KNOWN: Final = 30.0
"""The same while all of it is known: a slow link may still be sending the rest, and nobody misses lines that
are on the screen already."""
HOLD: Final = 5.0
"""Seconds for which new lines are held back at most: a log that prints all the time never falls silent."""


@dataclass
class Feed:
    """One stream's way into the log. Times are given as (monotonic, Unix) seconds by the caller."""

    tag: int
    intake: Intake
    _splitter: Splitter = field(default_factory=Splitter)
    _joiner: Joiner = field(default_factory=Joiner)
    _mark: int = 0
    _notice: Notice | None = None
    """The newest notice, while nothing has come after it."""
    _whole: bool = False
    """It is open, and what was received is taken in."""
    _cause: Cause | None = None
    _tries: int = 0
    _lost: float = 0.0
    """Unix seconds when the stream was last known to be whole."""
    _opened: float = 0.0
    """Unix seconds at which it was last opened."""
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
    def stream(self) -> Stream:
        """The stream's state as shown."""
        return self.intake.log.streams[self.tag]

    @property
    def settling(self) -> bool:
        """`tick` has something to decide before long."""
        return self._joiner.held > 0

    def opened(self, now: float, wall: float) -> None:
        """The stream is open; lines follow."""
        if self.stream.phase is not Phase.OPEN:  # else it was silent, and still is as far as is known
            self._show(self.stream.now(Phase.OPEN, now))
        self._moved, self._opened, self._whole = now, wall, True
        self._splitter.rest()
        self._joiner.opened()
        self._compared = self._joiner.searching
        if self._notice and self._cause not in (None, Cause.QUIET):
            self._notice.back = wall
            self._notice.outcome = "comparing what comes with what came before" if self._compared else ""

    def chunk(self, data: bytes, now: float, wall: float) -> None:
        """Bytes came in."""
        self._moved = now
        if not self._joiner.held:
            self._held = now
        broken = self._splitter.broken
        lines = self._splitter.feed(data)
        if lines and (found := self._joiner.offer(lines)):
            self._place(found, now, wall)
        if self._splitter.broken != broken:
            self._tell("a line without an end is shown in pieces of 16 MiB", Kind.INFO, now, wall)

    def tick(self, now: float, wall: float) -> None:
        """Time has passed: decide where a snapshot belongs if it seems complete."""
        if self._joiner.held:
            known = self._joiner.covered()
            quiet = now - self._moved >= (SETTLE_KNOWN if known else SETTLE)
            if quiet or (not known and now - self._held >= HOLD):
                self._place(self._joiner.give_up(), now, wall)

    def ended(self, end: End, now: float, wall: float) -> None:
        """The stream broke, closed or did not open."""
        if self._whole:
            self._whole = False
            # a stream that fell silent may have been dead since its last byte
            self._lost = wall - (now - self._moved) if end.cause is Cause.QUIET else wall
            rest = self._splitter.rest()
            if rest and end.cause is Cause.DONE:  # a log that is over ends with a whole line
                if found := self._joiner.offer([rest]):
                    self._place(found, now, wall)
                rest = b""
            if found := self._joiner.broke(rest):
                self._place(found, now, wall)
        if end.cause is not Cause.QUIET:  # that one is asked for again at once, and mostly there
            self._show(self.stream.now(end.phase, now, end.reason or str(end.cause)))
        if end.final and self._joiner.rest:
            self._emit_piece(self._joiner.rest, now, wall)
            self._joiner.rest = b""
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
        self._tell(end.cause, kind, now, wall, end.outlook, end.reason)

    def deployed(self, source: LogSource, now: float, wall: float) -> None:
        """Another version runs there now."""
        was, stream = self.stream.source.version, replace(self.stream, source=source)
        self._show(stream)
        if was and source.version and was != source.version:
            self._tell(
                f"new version {source.version}, was {was}", Kind.INFO, now, wall, "newest instance follows"
            )

    def closed(self, now: float, wall: float) -> None:
        """Nobody looks any more; what was held back comes out. It may be opened again later."""
        if self._whole:
            self._whole = False
            self._lost = wall
            if found := self._joiner.broke(self._splitter.rest()):
                self._place(found, now, wall)
            self._cause, self._unseen = Cause.QUIET, "not followed"
        self._show(self.stream.now(Phase.CLOSED, now))

    def _place(self, found: Found, now: float, wall: float) -> None:
        """Pass on what is new and say how sure that is."""
        if self._cause is not None:
            self._judge(found, now, wall)
        if found.piece:
            self._emit_piece(found.piece, now, wall)
        if found.new:  # not for what is only repeated: a silent stream would seem to speak
            self._show(replace(self.stream, heard=now))
            self._joiner.remember(found.new)
            levels = marks.classify(found.new, self._mark)
            self._mark = levels[-1]
            self.intake.lines(self.tag, found.new, levels, now, wall)
            self._notice, self._cause, self._missing = None, None, 0.0

    def _judge(self, found: Found, now: float, wall: float) -> None:
        """Finish the notice about the break; a silent one that cost nothing leaves none."""
        if found.proven:
            if self._notice and self._notice.back is not None:
                self._notice.kind = Kind.INFO
                self._notice.outcome = "nothing missed" if self._compared else ""
            return
        notice = self._notice or self._tell(self._unseen, Kind.INFO, now, self._lost)
        if self._cause is Cause.DONE and not found.repeats:  # nothing is missing of a log that is over
            notice.back, notice.outcome = self._opened, "another build follows"
            return
        # not from the notice's own time: a silence, or nobody looking, may have come before what it tells of
        missing = max(0.0, self._opened - self._lost)
        text = f"{how_long(missing)} may be missing" if missing >= 0.5 else "lines may be missing"
        if found.repeats:
            text = "lines may be repeated below"
        if notice.kind is not Kind.GAP:
            self.intake.log.counts.gaps += 1
        notice.kind, notice.back, notice.outcome = Kind.GAP, self._opened, text
        if not found.repeats:
            self._show(replace(self.stream, missed=self.stream.missed + missing - self._missing))
            self._missing = missing

    def _emit_piece(self, piece: bytes, now: float, wall: float) -> None:
        self.intake.piece(self.tag, piece, now, wall)

    def _tell(
        self, text: str, kind: Kind, now: float, wall: float, outcome: str = "", reason: str = ""
    ) -> Notice:
        told = f"{self.stream.label}: {text}"
        notice = Notice(told, kind, self.tag, wall, None, outcome, reason)
        self._notice = notice
        self.intake.notice(notice, now, wall)
        return notice

    def _show(self, stream: Stream) -> None:
        self.intake.log.streams[self.tag] = stream


def how_long(seconds: float) -> str:
    """`14 s`, `21m`: how much of a log may be missing."""
    return f"{seconds:.0f} s" if seconds < 120 else age(seconds)


_ORDERLY: Final = (Cause.EOF, Cause.DONE, Cause.ASLEEP, Cause.QUIET)
