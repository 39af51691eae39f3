"""A server that holds a true world, carries a change out or not, and lies about it as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.api.scripted import Act, Request, Server, http, twirp
from tests.hostile.lies import STREAM, TWIRP, Fault, Look, Question, honest
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
    faulty: str = ""
    """What the fault is of, where not of the method: `upload` or `build`."""
    stored: set[str] = field(default_factory=set)
    """Agents whose source came in."""
    arrived: list[str] = field(default_factory=list)
    """Methods of the changes that came in."""
    looks: int = 0
    """Reads since the change."""
    lied: bool = False
    """One of them was answered with something else than the truth."""
    _before: World | None = None
    _after: World | None = None
    _counts: dict[str, int] = field(default_factory=dict)

    def begin(self, world: World) -> None:
        """Another trial in another world."""
        self.world = world
        self.arrived, self.looks, self.lied, self._counts = [], 0, False, {}
        self._before = self._after = None
        self.fault, self.baseline, self.look = None, None, None
        self.executes, self.has_twin, self.faulty, self.stored = True, False, "", set()

    def choose(self, request: Request) -> bytes | Act:
        """The answer to one request."""
        if request.method in CHANGES:
            return self._change(request.method, request.json)
        parts = urlsplit(request.path)
        if parts.path.startswith("/upload/"):
            return self._upload(parts.path.removeprefix("/upload/"))
        if parts.path == "/build":
            return self._build(parse_qs(parts.query)["agent_id"][0])
        return self._read(request.method, request.json)

    def _change(self, method: str, request: Json) -> bytes | Act:
        self.arrived.append(method)
        self._before, self._after = self.world.copy(), self.world.copy()
        try:
            told = self._after.execute(method, request)
            if self.executes or self.faulty:
                told = self.world.execute(method, request)
        except TwirpError as error:
            return twirp(TWIRP[error.code], error.code, str(error))
        if self.has_twin:
            self.world.execute(method, request, mine=False)
        if "tag" in told:
            address = f"{self.url}/upload/{told['agent_id']}"
            told |= {"presigned_url": address, "presigned_req": {"url": address, "values": {"key": "k"}}}
        return self._told("", told)

    def _upload(self, agent_id: str) -> bytes | Act:
        self.arrived.append("upload")
        if self.faulty != "upload" or self.executes:
            self.stored.add(agent_id)
        return self._told("upload", {}, http(200))

    def _build(self, agent_id: str) -> bytes | Act:
        self.arrived.append("build")
        if agent_id not in self.world.agents:
            return twirp(500, "internal", "failed to get agent")
        if agent_id not in self.stored:
            return http(200, "BUILD ERROR: no source was uploaded\n", kind="text/plain")
        self._before, self._after = self.world.copy(), self.world.copy()
        self._after.build(agent_id)
        if self.faulty != "build" or self.executes:
            self.world.build(agent_id)
        return self._told("build", {}, http(200, STREAM, kind="text/plain"))

    def _told(self, place: str, found: Json, true: bytes = b"") -> bytes | Act:
        if self.fault is None or self.faulty != place:
            return true or honest(found)
        return self.silence if self.fault.slow else self.fault.answer(found)

    def _read(self, method: str, request: Json) -> bytes | Act:
        before, after = self._before or self.world, self._after or self.world
        lie = self.look if self.arrived else self.baseline
        self.looks += bool(self.arrived)
        self._counts[method] = self._counts.get(method, 0) + 1
        asked = Question(method, request, self.world, before, after, self._counts[method])
        answer = lie(asked) if lie else asked.told(self.world)
        self.lied |= bool(self.arrived) and not asked.is_true(answer)
        return answer
