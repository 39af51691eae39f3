"""What must and what must not be shown at each stop of each situation, whether real or recorded.

Patterns are searched in the lines of the tree (`desk.Desk.shown`): name, state, agent, age, pick-up, detail.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.peers.desk import Desk


class Rule(NamedTuple):
    """Regular expressions."""

    says: tuple[str, ...] = ()
    """Each is found."""
    never: tuple[str, ...] = ()
    """None is found."""


LIVE = "header: .* live$"
JOINED = Rule(
    (r"● lobby", r"● …\w+ \| running \| one", r"agent-AJ_\w+ \| active \| agent", "join: joined after", LIVE),
    (r"[?✗◔] ",),
)
STARTING = Rule(
    ("◔ lobby", r"◔ …\w+ \| starting", "has not joined yet", "join: .* not in the room yet"), ("●", r"[?✗] ")
)
STILL_STARTING = Rule(
    (
        r"\? lobby",
        r"\? …\w+ \| still starting",
        "starting, or ended at once",
        "join: .*starting, or it ended",
    ),
    ("●", "✗", "never delivered"),
)
NOBODY_TOOK_IT = Rule(
    (
        "jobs 0",
        "no job",
        "no worker took it; it is not offered again",
        "join: .*no worker took it.*dispatch again",
    ),
    ("●", "starting"),
)
NO_NODE = Rule(
    (
        r"✗ lobby-\d+ \| no answer",
        "listed, but no node answers for it .* ago: jobs 1",
        "running, not checked",
        "header: .*1 room without an answer",
        "form: room: listed, but no node answers for it",
    ),
    ("no dispatch", "●", "room is open", LIVE, "slow, "),
)
NO_ROOM = r"\S lobby(-\d+)? \|"

RULES: dict[str, dict[str, Rule]] = {
    "new_room": {
        "before": Rule(("No open rooms", "form: room does not exist yet"), (NO_ROOM,)),
        "dispatched": Rule(("[◔●] lobby", "done: .*AD_", "room is open"), ("[?✗] ", "not taken")),
        "joined": JOINED,
    },
    "rejected": {
        "refused": Rule(
            (r"\? lobby", "refused, or returned at once", "join: .* without an agent; a worker refused it"),
            ("✓", r"\bsuccess", "ran 0", "●"),
        )
    },
    "raised": {"young": STARTING, "later": STILL_STARTING},
    "returned": {"young": STARTING, "later": STILL_STARTING},
    "slow_start": {"accepted": STARTING, "still starting": STILL_STARTING, "joined": JOINED},
    "late_worker": {
        "nobody": Rule(("[◔?] lobby", "no job"), ("●", "✗")),
        "registered": NOBODY_TOOK_IT,
        "dispatched again": Rule(
            (
                "jobs 1",
                "not offered again",
                r"● …\w+ \| running \| one",
                r"agent-AJ_\w+ \| active",
                "join: joined",
            )
        ),
    },
    "killed_worker": {
        "joined": JOINED,
        "killed": JOINED,
        "gone": Rule(
            (r"\? lobby", r"\? …\w+ \| left the room", "or its worker died"), ("●", "✓", "still starting")
        ),
    },
    "killed_node": {
        "joined": JOINED,
        "killed": NO_NODE,
        "later": NO_NODE,
        # the agent of the dead node is still listed as a participant, and is not the one that was asked for
        "dispatched again": Rule(("[◔●] lobby", "jobs 0", "done: "), ("no answer", "join: joined")),
    },
    "moved_room": {
        "joined": JOINED,
        # where the agent was quick to come back, the room has moved already
        "killed": Rule((r"lobby-\d+ \| (no answer|jobs 0)",), ("no dispatch", "●")),
        "moved": Rule((r"lobby-\d+ \| jobs 0", "automatic", "1 agent without a job"), ("no answer",)),
    },
    "redis_gone": {
        "joined": JOINED,
        "gone": Rule(
            ("jobs 1", "header: .*STALE .*connection refused", "form: room was open"),
            ("no dispatch", "room is open", LIVE),
        ),
        # a node still serves it, and the store knows of nothing
        "back": Rule(
            (
                LIVE,
                "No room is listed. Before the outage there was 1",
                "form: no room is listed since an outage",
            ),
            (NO_ROOM, "connection refused", "No open rooms", "does not exist"),
        ),
    },
    "redis_gone_while_waiting": {
        "waiting": Rule(("[◔?] lobby", "no job", LIVE), ("✗",)),
        # a wait is counted up to the newest answer
        "gone": Rule(("[◔?] lobby", "no job", "header: .*STALE"), ("✗", r"no job [2-9]\d s", LIVE)),
    },
    "wrong_secret": {
        "refused": Rule(
            (
                "header: .*NO DATA: agents, rooms.*signature is invalid",
                "(refused|not read): .*signature is invalid",
                "form: the list of rooms was not received yet",
            ),
            (NO_ROOM, "eyJ", "does not exist"),
        )
    },
    "no_auto_create": {
        "before": Rule(never=(NO_ROOM,)),
        "dispatched": Rule(
            ("^refused: .*the room does not exist and this server does not create it",),
            (NO_ROOM, "done:", "join:", "lost"),
        ),
    },
    "publisher_left": {
        "nobody publishes": Rule(("jobs 0", "no job"), ("✗", "not offered again")),
        "bob publishes": Rule(("● lobby", "publisher job for bob", r"agent-AJ_\w+ \| active"), ("who left",)),
        "eve too": Rule(("● lobby", "jobs 2", "job for bob", "job for eve"), ("who left",)),
        "bob left": Rule(("jobs 2", "publisher job for bob who left", "publisher job for eve ")),
    },
}


def check(situation: str, stop: str, desk: Desk) -> None:
    """Hold what is shown against the rule of a stop."""
    rule, shown = RULES[situation][stop], desk.shown()
    absent = [pattern for pattern in rule.says if not re.search(pattern, shown, re.MULTILINE)]
    untrue = [pattern for pattern in rule.never if re.search(pattern, shown, re.MULTILINE)]
    assert not absent and not untrue, f"{situation}, {stop}: not said {absent}, said {untrue}:\n{shown}"
