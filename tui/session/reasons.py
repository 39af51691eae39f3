"""The diagnoses of a fleet's broken agents, each made when it is asked for. Must not know the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, tzinfo
from operator import is_
from typing import Final

from msgspec import Struct

from tui.analysis.diagnosis import Evidence, diagnose, evidence, is_broken
from tui.clock import Moment
from tui.fleet.past import Past, Since
from tui.fleet.reason import Reason
from tui.fleet.state import Fleet
from tui.fleet.times import TimeStyle

MOST: Final = 20_000
"""Diagnoses that are remembered; of more they are made again when they are asked for."""
OUTDATED_AFTER: Final = 600.0
"""Seconds after which it is said when secrets were listed: those of a suspect are every five minutes."""


class _Wording(Struct, frozen=True):
    """What a diagnosis is worded by, besides what it rests on."""

    zone: tzinfo | None
    """Of its times; None is local."""
    today: date
    outdated: Mapping[str, float]
    """By agent id, when secrets were listed that were listed long ago; Unix seconds."""


class _MadeReason(Struct, frozen=True):
    """A diagnosis, and what it was made of."""

    rests_on: tuple[object, ...]
    """The very objects, so that nothing has to be put together again to see that nothing differs."""
    since: Since | None
    evidence: Evidence
    reason: Reason


_Made = dict[str, _MadeReason]


class Reasons(Mapping[str, Reason]):
    """Why agents are broken, by id. One moment; asking costs only what is asked for."""

    def __init__(self, fleet: Fleet, past: Past, wording: _Wording, made: _Made) -> None:
        """`made` is what was found out before in this wording, and is added to."""
        self._fleet, self._past, self._made, self._wording = fleet, past, made, wording

    def __getitem__(self, agent_id: str) -> Reason:
        fleet, known = self._fleet, self._made.get(agent_id)
        agent = fleet.agent(agent_id)
        if agent is None or not is_broken(agent):
            raise KeyError(agent_id)
        since = self._past.since(agent_id)
        details = fleet.versions.get(agent_id), fleet.secrets.get(agent_id), fleet.log_errors.get(agent_id)
        rests_on = (agent, *details, fleet.cut, fleet.unreadable_rows, fleet.unlisted)
        if known is not None and known.since == since and all(map(is_, known.rests_on, rests_on)):
            return known.reason
        found = evidence(agent, fleet, self._past, self._wording.outdated)
        is_same = known is not None and known.evidence == found
        reason = known.reason if known is not None and is_same else diagnose(found, self._clock)
        if len(self._made) >= MOST:
            self._made.clear()
        self._made[agent_id] = _MadeReason(rests_on, since, found, reason)
        return reason

    def _clock(self, at: float) -> str:
        then = datetime.fromtimestamp(at, self._wording.zone)
        return then.strftime("%H:%M" if then.date() == self._wording.today else "%m-%d %H:%M")

    def __iter__(self) -> Iterator[str]:
        return (agent.agent_id for agent in self._fleet.agents if is_broken(agent))

    def __len__(self) -> int:
        return sum(map(is_broken, self._fleet.agents))

    # one is another than the other, whatever both hold: panes ask whether anything may differ
    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Diagnoses:
    """Gives the same `Reasons` again as long as nothing that they rest on differs."""

    def __init__(self) -> None:
        self._rest_on: tuple[object, ...] = ()
        self._worded: _Wording | None = None
        """The wording of what was made."""
        self._made: _Made = {}
        self._reasons: Mapping[str, Reason] = {}

    def of(self, fleet: Fleet, past: Past, now: Moment, style: TimeStyle) -> Mapping[str, Reason]:
        """Why agents are broken at a moment, by the server's clock."""
        zone = UTC if style is TimeStyle.UTC else None
        worded = _Wording(zone, datetime.fromtimestamp(now.unix, zone).date(), _outdated(fleet, now))
        details = (fleet.versions, fleet.secrets, fleet.unreadable_rows, fleet.unlisted, fleet.cut)
        rest_on = (fleet.agents, *details, fleet.log_errors, past)
        if worded != self._worded:
            self._worded, self._made = worded, {}
        elif len(rest_on) == len(self._rest_on) and all(map(is_, rest_on, self._rest_on)):
            return self._reasons
        self._rest_on = rest_on
        self._reasons = Reasons(fleet, past, worded, self._made)
        return self._reasons


def _outdated(fleet: Fleet, now: Moment) -> Mapping[str, float]:
    """Agents whose secrets were listed long ago, by id, and when: Unix seconds, to the minute."""
    return {
        agent_id: (now.unix - (now.monotonic - at)) // 60 * 60
        for agent_id, at in fleet.secrets_at.items()
        if now.monotonic - at > OUTDATED_AFTER
    }
