"""What must and what must not be shown at each stop of each situation, whether real or recorded.

Patterns are searched in the lines of the tree (`desk.Desk.shown`): name, state, agent, age, pick-up, detail.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.peers.desk import Desk

GOOD, DOUBT, WAITS = "●", r"\?", "◔"


class Rule(NamedTuple):
    """Regular expressions."""

    says: tuple[str, ...] = ()
    """Each is found."""
    never: tuple[str, ...] = ()
    """None is found."""


JOINED = Rule((f"{GOOD} lobby", rf"{GOOD} …\w+ \| running \|"), (DOUBT,))
NOT_THERE = Rule((rf"{DOUBT} lobby", rf"{DOUBT} …\w+ \| running"), (GOOD,))

RULES: dict[str, dict[str, Rule]] = {
    "new_room": {
        "before": Rule(never=("lobby",)),
        "dispatched": Rule(("lobby",), (DOUBT, "✗")),
        "joined": JOINED,
    },
    "rejected": {"refused": Rule(("jobs 1",), (GOOD,))},
    "raised": {"young": Rule(("jobs 1",), (DOUBT,)), "later": NOT_THERE},
    "returned": {"young": Rule(("jobs 1",), (DOUBT,)), "later": NOT_THERE},
    "slow_start": {
        "accepted": Rule(("jobs 1",), (DOUBT,)),
        "still starting": Rule(("running",)),
        "joined": JOINED,
    },
    "late_worker": {
        "nobody": Rule((r"lobby \| jobs 0", "no job"), (GOOD,)),
        "registered": Rule((r"lobby \| jobs 0", "no job"), (GOOD,)),
        "dispatched again": Rule((r"lobby \| jobs 1", "no job", rf"{GOOD} …\w+ \| running \|")),
    },
    "killed_worker": {
        "joined": JOINED,
        "killed": Rule(("jobs 1", "running")),
        "gone": NOT_THERE,
    },
    "killed_node": {
        "joined": JOINED,
        "killed": Rule(("jobs 1",), ("no dispatch",)),
        "later": Rule(("jobs 1",), ("no dispatch",)),
        "dispatched again": Rule(("lobby",)),
    },
    "moved_room": {
        "joined": JOINED,
        "killed": Rule(("jobs 1",), ("no dispatch",)),
        "moved": Rule((r"lobby-\d+ \| jobs 0", "automatic")),
    },
    "redis_gone": {
        "joined": JOINED,
        "gone": Rule(("jobs 1", "rooms: .*connection refused"), ("no dispatch",)),
        "back": Rule(never=("lobby", "connection refused")),
    },
    "wrong_secret": {"refused": Rule(("rooms: ",), ("lobby",))},
    "no_auto_create": {"before": Rule(never=("lobby",)), "dispatched": Rule(never=("lobby",))},
    "publisher_left": {
        "nobody publishes": Rule(("jobs 0", "no job"), ("✗",)),
        "bob publishes": Rule(("jobs 1", f"{GOOD} lobby", "publisher job")),
        "eve too": Rule(("jobs 2", f"{GOOD} lobby", "publisher job")),
        "bob left": Rule(("jobs 2", "publisher job")),
    },
}


def check(situation: str, stop: str, desk: Desk) -> None:
    """Hold what is shown against the rule of a stop."""
    rule, shown = RULES[situation][stop], desk.shown()
    absent = [pattern for pattern in rule.says if not re.search(pattern, shown)]
    untrue = [pattern for pattern in rule.never if re.search(pattern, shown)]
    assert not absent and not untrue, f"{situation}, {stop}: not said {absent}, said {untrue}:\n{shown}"
