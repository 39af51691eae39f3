"""A server that holds a true world, carries a change out or not, and lies about it as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.api.scripted import Act, Request, Server, twirp
from tests.hostile.lies import TWIRP, Fault, Look, Question, honest
from tests.hostile.world import CHANGES, Json, TwirpError, World


@dataclass
class HostileServer(Server):
    """Truthful until it is told to lie."""

    world: World = field(default_factory=lambda: World(lambda: 0.0))
    fault: Fault | None = None
    """How a change is answered; None answers truly."""
    executes: bool = True
    baseline: Look | None = None
    """How reads before the change are answered."""
    look: Look | None = None
    """How reads after the change are answered."""
    has_twin: bool = False
    """Somebody else does the very same when the change comes in."""
    arrived: list[str] = field(default_factory=list)
    """Methods of the changes that came in."""
    looks: int = 0
    """Reads since the change."""
    _before: World | None = None
    _after: World | None = None
    _counts: dict[str, int] = field(default_factory=dict)

    def begin(self, world: World) -> None:
        """Another trial in another world."""
        self.world = world
        self.arrived, self.looks, self._counts = [], 0, {}
        self._before = self._after = None
        self.fault, self.baseline, self.look = None, None, None
        self.executes, self.has_twin = True, False

    def choose(self, request: Request) -> bytes | Act:
        """The answer to one request."""
        if request.method in CHANGES:
            return self._change(request.method, request.json)
        return self._read(request.method, request.json)

    def _change(self, method: str, request: Json) -> bytes | Act:
        self.arrived.append(method)
        self._before, self._after = self.world.copy(), self.world.copy()
        try:
            told = self._after.execute(method, request)
            if self.executes:
                told = self.world.execute(method, request)
        except TwirpError as error:
            return twirp(TWIRP[error.code], error.code, str(error))
        if self.has_twin:
            self.world.execute(method, request, mine=False)
        fault = self.fault or Fault("honest", honest)
        return self.silence if fault.slow else fault.answer(told)

    def _read(self, method: str, request: Json) -> bytes | Act:
        before, after = self._before or self.world, self._after or self.world
        lie = self.look if self.arrived else self.baseline
        self.looks += bool(self.arrived)
        self._counts[method] = self._counts.get(method, 0) + 1
        asked = Question(method, request, self.world, before, after, self._counts[method])
        return lie(asked) if lie else asked.told(self.world)
