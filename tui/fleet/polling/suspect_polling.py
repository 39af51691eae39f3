"""Asks for versions and secrets of suspects, at whom nobody looks. Must not know how one becomes one."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import Final

from tui.api.errors import ApiError, Throttled
from tui.fleet.polling.details import secrets_of, versions_of
from tui.fleet.polling.listings import Listings
from tui.fleet.state import Fleet
from tui.fleet.store import Merge

AGAIN: Final = 300.0
"""Seconds after which the details of a suspect are asked for again, at the earliest."""
AFTER_FAILURE: Final = 30.0
"""Seconds after which that is so where no answer came."""
PER_MINUTE: Final = 10
"""Requests a minute at the most."""
WINDOW: Final = 60.0
REPEATS: Final = (1.5, 4.0)
"""Requests a minute that ask again, at the least and at the most: details that are known can wait."""
RESERVE: Final = 20.0
"""Requests a minute that have to be left for the rooms, else nothing is asked."""


class Detail(StrEnum):
    """What is asked of a suspect."""

    SECRETS = "secrets"
    VERSIONS = "versions"


Wanted = tuple[str, Detail]
"""An agent's id, and what is asked of it."""


class SuspectPolling:
    """Remembers what was asked when."""

    def __init__(self) -> None:
        self._asked: dict[Wanted, tuple[float, float]] = {}
        """When, and when it is due again; monotonic."""
        self._sent: deque[float] = deque()
        self._repeated_at = -AGAIN

    def due(
        self, fleet: Fleet, now: float, spare: float | None, repeats: float = REPEATS[1]
    ) -> Wanted | None:
        """What to ask next; None for nothing. `spare`: requests a minute that are left, None for any number.

        `repeats` is how many of these the rooms do not need. What was never asked comes first, that of the
        newest suspects before the others. What is shown of the selected agent is asked for by others.
        """
        while self._sent and self._sent[0] <= now - WINDOW:
            self._sent.popleft()
        if len(self._sent) >= PER_MINUTE or (spare is not None and spare < RESERVE):
            return None
        self._asked = {wanted: at for wanted, at in self._asked.items() if wanted[0] in fleet.suspects}
        late: list[tuple[float, Wanted]] = []
        for agent_id, since in fleet.suspects.items():
            for detail in Detail:
                known = self._asked.get((agent_id, detail))
                if known is None or known[0] < since:
                    return agent_id, detail
                if known[1] <= now:
                    late.append((known[1], (agent_id, detail)))
        least, most = REPEATS
        if not late or now - self._repeated_at < WINDOW / min(most, max(least, repeats)):
            return None
        return min(late)[1]

    async def ask(self, client: Listings, wanted: Wanted, now: float) -> Merge | None:
        """Ask for it; None if no answer came. Whether the host answers is told by the listing of agents."""
        agent_id, detail = wanted
        again, found = AGAIN, None
        try:
            if detail is Detail.VERSIONS:
                found = await versions_of(client, agent_id)
            else:
                found = await secrets_of(client, agent_id, now)
        except Throttled:
            return None  # it was not asked
        except ApiError:
            again = AFTER_FAILURE
        self._sent.append(now)
        if wanted in self._asked:
            self._repeated_at = now
        self._asked[wanted] = now, now + again
        return found
