"""A server whose every line is known, and a check of the received log against what the server printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.logs.fakes import EPOCH, source
from tui.logs.assembler import Assembler
from tui.logs.lines.levels import CUT
from tui.logs.log import Kind, Log
from tui.logs.merge import LogWriter
from tui.logs.source import StreamState
from tui.logs.spool import Spool
from tui.logs.stream_end import Cause, StreamEnd

ENDS = (StreamEnd(Cause.EOF), StreamEnd(Cause.CUT, "reset"), StreamEnd(Cause.QUIET))


@dataclass
class Rig:
    """One stream into one log, driven by hand."""

    now: float = 1000.0
    clock_ahead: float = 0.0
    """Seconds by which the clock was set."""
    log: Log = field(default_factory=lambda: Log(Spool(None)))
    assembler: Assembler = field(init=False)

    def __post_init__(self) -> None:
        self.log.streams[0] = StreamState(source(), "us")
        self.assembler = Assembler(0, LogWriter(self.log))

    @property
    def wall(self) -> float:
        """Unix seconds."""
        return EPOCH + self.now + self.clock_ahead

    def open(self) -> None:
        """The stream opens."""
        self.assembler.opened(self.now, self.wall)

    def send(self, data: bytes) -> None:
        """Bytes come in."""
        if data:
            self.assembler.received(data, self.now, self.wall)

    def wait(self, seconds: float) -> None:
        """Nothing comes in for a while; time is looked at as the pump does."""
        for _ in range(max(1, round(seconds / 0.1))):
            self.now += 0.1
            self.assembler.tick(self.now, self.wall)

    def cut(self, end: StreamEnd) -> None:
        """The stream ends."""
        self.assembler.ended(end, self.now, self.wall)


def runs_of(log: Log) -> list[list[bytes]]:
    """The lines received, cut where a mark says that some may be missing or repeated; pieces left out."""
    found: list[list[bytes]] = [[]]
    for line in log.lines(log.first, log.end):
        if line.notice:
            if line.notice.kind is Kind.GAP:
                found.append([])
        elif not line.mark & CUT:
            found[-1].append(line.raw)
    return found


@dataclass
class Server:
    """Prints lines all the time, connected or not, and begins each stream with a snapshot of the newest."""

    random: Random
    snapshot: int
    """Lines that a new stream begins with."""
    printed: list[bytes] = field(default_factory=list)
    forgotten: int = 0
    """Lines that a restart with an empty buffer has lost."""

    def print(self, count: int) -> None:
        """Print numbered lines, some of them the same as others."""
        for _ in range(count):
            number = len(self.printed)
            same = self.random.random() < 0.15 and self.printed[-2:] != [b"tick", b"tick"]
            text = b"tick" if same else f"{number} caf\u00e9 \u2028 \U0001f600".encode()
            self.printed.append(text)

    def stream(self) -> tuple[bytes, int]:
        """The snapshot as bytes, and the number of the line that follows it."""
        start = max(self.forgotten, len(self.printed) - self.snapshot)
        return b"".join(line + b"\n" for line in self.printed[start:]), len(self.printed)


def campaign(seed: int, *, full_snapshots: bool = False) -> Rig:
    """One run: a server, some streams, each cut at any byte, chunked in any way.

    With `full_snapshots`, every stream begins with all that was ever printed, so that no cut needs a mark.
    """
    random = Random(seed)
    rig, server = (
        Rig(),
        Server(random, snapshot=10_000 if full_snapshots else random.choice((0, 5, 20, 60, 10_000))),
    )
    server.print(random.randint(0, 30))
    if full_snapshots:
        server.print(5)
        rig.open()
        rig.send(server.stream()[0])
        rig.cut(ENDS[1])
    for _ in range(random.randint(2, 7)):
        rig.open()
        data, following = server.stream()
        server.print(random.randint(0, 25))
        data += b"".join(line + b"\n" for line in server.printed[following:])
        healthy = random.random() < 0.4
        if not healthy:
            data = data[: random.randint(0, len(data))]
        while data:
            size = random.choice((1, 3, 17, 200, 100_000))
            rig.send(data[:size])
            data = data[size:]
            if random.random() < 0.1:
                rig.wait(random.choice((0.1, 0.3)))
        if random.random() < 0.7:
            rig.wait(random.choice((1.0, 7.0)))
        rig.cut(random.choice(ENDS))
        rig.wait(random.choice((0.1, 2.0)))
        server.print(random.randint(0, 15))
        if random.random() < 0.1 and not full_snapshots:
            server.forgotten = len(server.printed)
    rig.open()
    data, _ = server.stream()
    rig.send(data)
    rig.wait(8.0)
    check_log(rig, server.printed, str(seed))
    return rig


def check_log(rig: Rig, printed: list[bytes], about: str) -> None:
    """Assert that between two marks every line is there, once, in order."""
    text = b"\n".join((b"", *printed, b""))
    for run in runs_of(rig.log):
        wanted = b"\n".join((b"", *run, b""))
        assert not run or wanted in text, f"{about}: lost or repeated without a mark: {run[:60]!r}"
