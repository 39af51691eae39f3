"""Answers to a change that say anything but the truth, and looks that show anything but the world.

A fault is what the server answers to the one request that changes something, whether it carried it out or
not. A lie is what it answers to the reads that follow. Each is a function of what an honest server would say.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tests.api.scripted import Act, hang_up, http, part, text, twirp
from tests.hostile.world import LOBBY, OTHER, Json, TwirpError, World
from tui.sim.wire.codes import STATUS

Answer = bytes | Act

# ---- what is answered to the change ----------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """One way to answer a change; `answer` is given what an honest server would say."""

    name: str
    answer: Callable[[Json], Answer]
    proof: bool = False
    """Only said before any effect (PROTOCOL.md, Errors), so it is never given after one."""
    slow: bool = False
    """Given after the client has lost its patience."""
    denies: bool = False
    """The service's own no, as a field of its answer."""
    truthful: bool = False
    """Says that it was done, as an honest server does; a lie where it was not."""


def body(name: str, text: str | bytes, status: int | str = 200, *headers: str, kind: str = "") -> Fault:
    """The same answer whatever was asked."""
    answer = http(f"{status} X", text, *headers, kind=kind or "application/json")
    return Fault(name, lambda honest: answer)


def encoded(value: object) -> str:
    """JSON."""
    return json.dumps(value)


def honest(found: Json) -> bytes:
    """What a server that does as it says would answer."""
    return http(200, encoded(found))


def reset(found: Json) -> Act:
    """A reset in place of an answer."""

    async def act(writer: asyncio.StreamWriter) -> None:
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionResetError

    return act


def cut(found: Json) -> Act:
    """Half of the answer."""
    whole = honest(found)
    return part(whole[: whole.index(b"\r\n\r\n") + 4 + max(1, len(encoded(found)) // 2)])


def changed(found: object, ids: Mapping[str, object]) -> object:
    """The same answer with these keys replaced, at any depth."""
    if isinstance(found, dict):
        return {key: ids.get(key, changed(value, ids)) for key, value in found.items()}
    return [changed(item, ids) for item in found] if isinstance(found, list) else found


FOREIGN = {
    "id": "AD_foreign",
    "agent_id": OTHER,
    "private_link_id": "PL_foreign",
    "room": "elsewhere",
    "name": "elsewhere",
}
EMPTY = dict.fromkeys(FOREIGN, "")
HTML = "<html><head><title>Bad gateway</title></head><body>nginx</body></html>"


def camel(found: object) -> object:
    """Keys in camelCase, which other JSON encoders write."""
    if isinstance(found, dict):
        words = {key: key.split("_") for key in found}
        return {
            first + "".join(word.title() for word in rest): camel(found[key])
            for key, (first, *rest) in words.items()
        }
    return [camel(item) for item in found] if isinstance(found, list) else found


TRANSPORT = (
    Fault("fin", lambda found: hang_up),
    Fault("reset", reset),
    Fault("silence", lambda found: hang_up, slow=True),
    Fault("cut in the head", lambda found: part(honest(found)[:20])),
    Fault("cut in the body", cut),
    Fault("cut after the head", lambda found: part(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")),
    Fault("100 and fin", lambda found: part(b"HTTP/1.1 100 Continue\r\n\r\n")),
    Fault("another protocol", lambda found: part(b"SSH-2.0-OpenSSH_9.6\r\n")),
    Fault(
        "broken chunks", lambda found: part(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    ),
    Fault("too long", lambda found: http(200, b" " * (9 << 20))),
)
FIRST_FIXED = body("{}", "{}")
BODIES = (
    Fault("honest", honest, truthful=True),
    Fault("camelCase", lambda found: http(200, encoded(camel(found))), truthful=True),
    Fault("other ids", lambda found: http(200, encoded(changed(found, FOREIGN)))),
    Fault("ids empty", lambda found: http(200, encoded(changed(found, EMPTY)))),
    Fault("ids are numbers", lambda found: http(200, encoded(changed(found, dict.fromkeys(FOREIGN, 7))))),
    Fault("truncated JSON", lambda found: http(200, encoded(found)[:-2])),
    Fault("twice", lambda found: http(200, encoded(found) * 2)),
    Fault("in a list", lambda found: http(200, encoded([found]))),
    Fault("in an envelope", lambda found: http(200, encoded({"data": found}))),
    FIRST_FIXED,
    body("no body", ""),
    body("null", "null"),
    body("[]", "[]"),
    body("true", "true"),
    body("text", '"ok"'),
    body("plain text", "OK", kind="text/plain"),
    body("HTML", HTML, kind="text/html"),
    body("zeros", b"\0" * 40),
    body("code in 200", encoded({"code": "internal"})),
    body("Twirp error in 200", encoded({"code": "internal", "msg": "boom"})),
    body("refusal in 200", encoded({"code": "invalid_argument", "msg": "no"})),
    body("not found in 200", encoded({"code": "not_found", "msg": "no such thing"})),
    body("proxy's ok", encoded({"status": "ok"})),
    body("proxy's message", encoded({"message": "accepted"})),
    body("proxy's error", encoded({"error": {"code": 13, "message": "upstream"}})),
    body("success alone", encoded({"success": True})),
    body("success as text", encoded({"success": "true", "agent_id": "x"})),
    body("success null", encoded({"success": None})),
    replace(body("no success", encoded({"success": False, "message": "busy"})), denies=True),
    replace(body("no success as text", encoded({"success": "false"})), denies=True),
)
GATEWAY = tuple(
    body(f"{status} HTML", HTML, status, kind="text/html")
    for status in (201, 202, 204, 400, 403, 404, 408, 409, 410, 413, 422, 429, 499, 500, 502, 503, 504, 524)
)
"""What stands in between says so with a page, whatever became of the request."""
REDIRECTS = tuple(
    body(f"{status} elsewhere", "", status, "Location: https://elsewhere.example/") for status in (303, 307)
)
SKEWED = body("401 with another time", HTML, 401, "Date: Sat, 01 Aug 2026 00:00:00 GMT", kind="text/html")
MIDDLEWARE = Fault("401 of LiveKit's middleware", lambda found: text("401 X", "invalid token"), proof=True)
TWIRP: dict[str, int] = dict(STATUS.items())
"""Every code of Twirp's and its status."""
BEFORE = frozenset(TWIRP) - {
    *("canceled", "unknown", "deadline_exceeded", "aborted", "internal", "unavailable", "data_loss")
}
"""Codes that are raised before anything is done. The others say that something went wrong, and not when."""
PAIRED = (200, 303, 307, 400, 401, 403, 404, 408, 409, 412, 413, 429, 499, 500, 501, 502, 503, 504)


def pair(status: int, code: str) -> Fault:
    """A Twirp error under any status; proof where the two agree and the code is raised before any effect."""
    answer = twirp(status, code, "no reason given")
    is_proof = TWIRP.get(code) == status and code in BEFORE
    return Fault(f"{status} {code}", lambda found: answer, proof=is_proof)


RARE = (203, 206, 301, 302, 304, 308, 402, 405, 406, 407, 411, 412, 415, 417, 418, 421, 423, 424, 425, 426)
RARER = (428, 431, 451, 501, 505, 507, 508, 511, 520, 521, 522, 525, 530, 599)
BARE = tuple(
    body(f"{status} {word}", content, status)
    for status in (*RARE, *RARER)
    for word, content in (("without a body", ""), ("{}", "{}"))
)
PAIRS = (*(pair(status, code) for status in PAIRED for code in (*TWIRP, "no_such_code")), *BARE)
"""Every status with every code, and statuses without one."""
FAULTS = (*TRANSPORT, *BODIES, *GATEWAY, *REDIRECTS, SKEWED, MIDDLEWARE)
"""Every one is tried with every lie of the looks."""

# ---- what is answered to an upload and to a build --------------------------------------------------------

STEP = {"digest": "sha256:1", "name": "[1/1] FROM scratch", "started": "2026-08-03T00:00:00Z"}
STREAM = encoded({"vertexes": [{**STEP, "completed": "2026-08-03T00:00:01Z"}]}) + "\n"
"""What an honest build says."""
_FIXED = tuple(fault for fault in BODIES[BODIES.index(FIRST_FIXED) :])
UPLOADS = (*(fault for fault in TRANSPORT if not fault.slow), *_FIXED, *GATEWAY, *REDIRECTS)
"""Answers to an upload. A store's own yes has no body, or is XML."""
BUILDS = (
    body("the stream of a build", STREAM, kind="text/plain"),
    body("half of its step", encoded({"vertexes": [STEP]}) + "\n", kind="text/plain"),
    Fault("its stream, cut", lambda found: part(http(200, STREAM * 2, kind="text/plain")[:-20])),
    replace(body("BUILD ERROR", "BUILD ERROR: exit code 1\n", kind="text/plain"), proof=True),
    body("another build runs", "another build is running\n", 409, kind="text/plain"),
    *(*TRANSPORT, *_FIXED, *GATEWAY, *REDIRECTS, SKEWED, MIDDLEWARE),
)
"""Answers to `POST /build`, whose end in order means success."""

NO_RESPONSE = twirp(503, "unavailable", "no response from servers")
"""What self-hosted servers say of a room that nobody serves, as one that does not exist."""

# ---- what is answered to the looks -----------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """One read after the change: which worlds there are to tell of."""

    method: str
    request: Mapping[str, object]
    world: World
    before: World
    """As it was when the change came in."""
    after: World
    """As it is once the change is carried out."""
    number: int
    """Reads of this method since, with this one."""

    def told(self, world: World) -> bytes:
        """What an honest server says of a world."""
        try:
            return honest(world.read(self.method, self.request))
        except TwirpError as error:
            return twirp(TWIRP[error.code], error.code, str(error))

    def is_true(self, answer: Answer) -> bool:
        """Whether that is what an honest server says now, of either kind where they differ."""
        true = self.told(self.world)
        return answer == true or (answer == NO_RESPONSE and b"requested room does not exist" in true)

    @property
    def rows(self) -> tuple[str, list[dict[str, object]]]:
        """Name of the list and its rows as they were before, which is what a lie is made of."""
        try:
            ((name, rows),) = self.before.read(self.method, self.request).items()
        except TwirpError:
            return "rows", []
        assert isinstance(rows, list)
        return name, rows


Look = Callable[[Question], Answer]


def fixed(answer: Answer, *, rooms: bool = True) -> Look:
    """The same answer to every read; `rooms` says whether ListRooms lies too."""
    return lambda asked: answer if rooms or asked.method != "ListRooms" else asked.told(asked.world)


def listed(make: Callable[[list[dict[str, object]]], object]) -> Look:
    """The list with something else in place of its rows."""
    return lambda asked: http(200, encoded({asked.rows[0]: make(asked.rows[1])}))


def _of_another(asked: Question) -> Answer:
    """What belongs to somebody else, where one thing was asked for."""
    if asked.method == "ListAgents" and asked.request.get("agent_id"):
        return http(200, encoded({"agents": [asked.world.agents[OTHER]]}))
    if asked.method == "ListDispatch":
        known = asked.rows[1] or list(asked.before.rooms[LOBBY].values())
        rows = [{**row, "room": "elsewhere", "id": f"AD_x{at}"} for at, row in enumerate(known)]
        return http(200, encoded({"agent_dispatches": rows}))
    return asked.told(asked.world)


LOOKS: Mapping[str, Look] = {
    "true": lambda asked: asked.told(asked.world),
    "late": lambda asked: asked.told(asked.world if asked.number > 2 else asked.before),
    "{}": fixed(http(200, "{}")),
    "null": fixed(http(200, "null")),
    "no body": fixed(http(200, "")),
    "a list": fixed(http(200, "[]")),
    "HTML": fixed(http(200, HTML, kind="text/html")),
    "proxy's JSON": fixed(http(200, '{"status":"ok","message":"cached"}')),
    "code in 200": fixed(http(200, '{"code":"internal"}')),
    "Twirp error in 200": fixed(http(200, '{"code":"not_found","msg":"gone"}')),
    "list is null": listed(lambda rows: None),
    "list is an object": listed(lambda rows: {}),
    "rows unreadable": listed(lambda rows: [7 for _ in rows] or [7]),
    "rows null": listed(lambda rows: [None for _ in rows] or [None]),
    "rows without ids": listed(lambda rows: [{} for _ in rows] or [{}]),
    "ids are numbers": listed(
        lambda rows: [changed(row, {**dict.fromkeys(FOREIGN, 7), "version": 7}) for row in rows] or [7]
    ),
    "of another": _of_another,
    "404 text": fixed(text("404 X", "404 page not found")),
    "404 HTML": fixed(http("404 X", HTML, kind="text/html")),
    "404 bad_route": fixed(twirp(404, "bad_route", "no handler for path"), rooms=False),
    "404 not_found": fixed(twirp(404, "not_found", "requested room does not exist"), rooms=False),
    "500 internal": fixed(twirp(500, "internal", "boom")),
    "502 HTML": fixed(http("502 X", HTML, kind="text/html")),
    "503 no response": fixed(NO_RESPONSE, rooms=False),
    "503 no response at all": fixed(NO_RESPONSE),
    "429": fixed(twirp(429, "resource_exhausted", "too many requests")),
    "401": fixed(text("401 X", "invalid token")),
    "fin": fixed(hang_up),
    "stale": lambda asked: asked.told(asked.before),
    "forged": lambda asked: asked.told(asked.after),
    "empty list": listed(lambda rows: []),
}
"""What is told of the world after the change."""
CARRIED = "an answer that carries the new thing itself, as it was asked for, is believed without a look"
"""Why a create whose answer is a whole invention counts as done."""
DENIED = (
    "`success: false` of a service that did it all the same is believed if the look after it shows nothing"
)
"""Why such a no counts as one where a replica is late."""
BELIEVABLE = {
    "stale": "a replica that is behind for longer than anybody looks shows a true listing of a past moment",
    "forged": "listing and answer tell the same story, with the very ids of what was asked",
    "empty list": "an empty listing is what an honest server says of what is not there",
    "twin": "somebody else did the very same meanwhile, and nothing in a listing says who",
}
"""Lies that no look can find, each with its reason."""
BASELINES = (
    "true",
    "{}",
    "list is null",
    "rows unreadable",
    "404 not_found",
    "503 no response",
    "HTML",
    "fin",
)
"""Lies of the look that precedes the change."""
