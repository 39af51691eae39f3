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


JOINED = Rule((r"● lobby", r"● …\w+ \| running \| one", r"agent-AJ_\w+ \| active \| agent"), (r"[?✗◔] ",))
STARTING = Rule(("◔ lobby", r"◔ …\w+ \| starting", "has not joined yet"), ("●", r"[?✗] "))
STILL_STARTING = Rule(
    (r"\? lobby", r"\? …\w+ \| still starting", "starting, or ended at once"), ("●", "✗", "never delivered")
)
NOBODY_TOOK_IT = Rule(("jobs 0", "no job", "nobody took it; it is not offered again"), ("●", "starting"))
NO_NODE = Rule(
    ("✗ lobby", "no answer", "listed, but no node answers for it", "ago: jobs 1", "not checked"),
    ("no dispatch", "●"),
)
NO_ROOM = r"\S lobby(-\d+)? \|"
NOTHING = Rule(never=(NO_ROOM,))

RULES: dict[str, dict[str, Rule]] = {
    "new_room": {
        "before": NOTHING,
        "dispatched": Rule(("[◔●] lobby", "done: .*AD_"), ("[?✗] ", "not taken")),
        "joined": JOINED,
    },
    "rejected": {
        "refused": Rule(
            (r"\? lobby", "refused, or returned at once", "log"), ("✓", r"\| success", "ran 0", "●")
        )
    },
    "raised": {"young": STARTING, "later": STILL_STARTING},
    "returned": {"young": STARTING, "later": STILL_STARTING},
    "slow_start": {"accepted": STARTING, "still starting": STILL_STARTING, "joined": JOINED},
    "late_worker": {
        "nobody": Rule(("[◔?] lobby", "no job"), ("●", "✗")),
        "registered": NOBODY_TOOK_IT,
        "dispatched again": Rule(
            ("jobs 1", "not offered again", r"● …\w+ \| running \| one", r"agent-AJ_\w+ \| active")
        ),
    },
    "killed_worker": {
        "joined": JOINED,
        "killed": JOINED,
        "gone": Rule((r"\? lobby", r"\? …\w+ \| left the room", "or its worker died"), ("●", "✓", "start")),
    },
    "killed_node": {
        "joined": JOINED,
        "killed": NO_NODE,
        "later": NO_NODE,
        "dispatched again": Rule(("[◔●] lobby", "jobs 0"), ("no answer",)),
    },
    "moved_room": {
        "joined": JOINED,
        # where the agent was quick to come back, the room has moved already
        "killed": Rule((r"lobby-\d+ \| (no answer|jobs 0)",), ("no dispatch",)),
        "moved": Rule((r"lobby-\d+ \| jobs 0", "automatic"), ("no answer",)),
    },
    "redis_gone": {
        "joined": JOINED,
        "gone": Rule(("jobs 1", "rooms: .*connection refused"), ("no dispatch", "0 rooms")),
        "back": Rule(never=(NO_ROOM, "connection refused")),
    },
    "wrong_secret": {
        "refused": Rule(
            ("rooms: .*signature is invalid", "(refused|not read): .*signature is invalid"), (NO_ROOM, "eyJ")
        )
    },
    "no_auto_create": {"before": NOTHING, "dispatched": Rule(never=(NO_ROOM, "done:"))},
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
    absent = [pattern for pattern in rule.says if not re.search(pattern, shown)]
    untrue = [pattern for pattern in rule.never if re.search(pattern, shown)]
    assert not absent and not untrue, f"{situation}, {stop}: not said {absent}, said {untrue}:\n{shown}"
