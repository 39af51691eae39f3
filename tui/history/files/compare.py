"""Compares fleets. Pure; must not know bytes, nor which data of participants may be kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from operator import attrgetter, is_not
from typing import Final, TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import astuple

from tui.api.models import Deployment, Dispatch, Wire
from tui.fleet.state import Differing, Fleet, differing
from tui.history.files.codec import DEPLOYMENTS, METRICS, NEW, ROWS, Columns, Difference, Entries, Listing
from tui.history.records import FRESH

PART: Final = 500
"""Rows in one part of a whole fleet at the most."""
W = TypeVar("W", bound=Wire)
V = TypeVar("V")
_DEPLOYMENT_FIELDS: Final = Deployment.__struct_fields__


def _identity(kind: type[Wire]) -> Callable[[Wire], object]:
    """What tells a row of a list from the others: its first field."""
    return attrgetter(kind.__struct_fields__[0])


def difference(before: Fleet, after: Fleet, known: Differing | None = None) -> tuple[Difference, Columns]:
    """How a fleet differs from the one before, and of its deployments what was measured anew."""
    positions = known.of(before.agents, after.agents) if known else None
    agents, metrics = _listing(before.agents, after.agents, positions)
    rooms, _ = _listing(before.rooms, after.rooms)
    found = Difference(
        agents=agents,
        rooms=rooms,
        statuses=_scalar(before.statuses, after.statuses),
        status_changed_at=_scalar(before.status_changed_at, after.status_changed_at),
        unreadable=_scalar(before.unreadable, after.unreadable),
        rooms_lost=_scalar(before.rooms_lost, after.rooms_lost),
        coverage=_scalar(before.coverage, after.coverage),
        cut=_entries(before.cut, after.cut),
        unreadable_rows=_entries(before.unreadable_rows, after.unreadable_rows),
        unlisted=_entries(before.unlisted, after.unlisted),
        versions=_entries(before.versions, after.versions),
        secrets=_entries(before.secrets, after.secrets),
        secrets_at=_entries(before.secrets_at, after.secrets_at),
        log_errors=_entries(before.log_errors, after.log_errors),
        dispatches=_entries(before.dispatches, after.dispatches),
        participants=_entries(before.participants, after.participants),
        agents_seen=_entries(before.agents_seen, after.agents_seen),
        room_freshness=_entries(before.room_freshness, after.room_freshness),
        freshness=_entries(before.freshness, after.freshness),
    )
    return found, metrics


def is_news(found: Difference, before: Fleet) -> bool:
    """Whether a difference is more than newer times of good answers: a failed poll is news, and its end."""
    names = (name for name in Difference.__struct_fields__ if name not in FRESH)
    if any(getattr(found, name) not in (None, UNSET) for name in names):
        return True
    sources = found.freshness.set.items() if found.freshness else ()
    rooms = found.room_freshness.set.items() if found.room_freshness else ()
    return any(fresh.failures or before.fresh(name).failures for name, fresh in sources) or any(
        fresh.failures or before.fresh_room(name).failures for name, fresh in rooms
    )


def parts(fleet: Fleet) -> Iterator[Difference]:
    """A whole fleet, in differences that begin with an empty one."""
    rest = replace(fleet, agents=(), rooms=(), versions={}, secrets={}, dispatches={}, participants={})
    rest = replace(rest, log_errors={}, agents_seen={}, room_freshness={})
    yield difference(Fleet(), rest)[0]
    for start in range(0, len(fleet.agents), PART):
        yield Difference(agents=_appended(fleet.agents, start))
    for start in range(0, len(fleet.rooms), PART):
        yield Difference(rooms=_appended(fleet.rooms, start))
    for versions in _chunks(fleet.versions, len):
        yield Difference(versions=Entries(versions))
    for secrets in _chunks(fleet.secrets, len):
        yield Difference(secrets=Entries(secrets))
    for errors in _chunks(fleet.log_errors, lambda _: 1):
        yield Difference(log_errors=Entries(errors))
    for dispatches in _chunks(fleet.dispatches, _jobs):
        yield Difference(dispatches=Entries(dispatches))
    for people in _chunks(fleet.participants, len):
        yield Difference(participants=Entries(people))
    for seen in _chunks(fleet.agents_seen, len):
        yield Difference(agents_seen=Entries(seen))
    for fresh in _chunks(fleet.room_freshness, lambda _: 1):
        yield Difference(room_freshness=Entries(fresh))


def _jobs(dispatches: tuple[Dispatch, ...]) -> int:
    return sum(1 + len(dispatch.jobs) for dispatch in dispatches)


def _chunks(mapping: Mapping[str, V], weigh: Callable[[V], int]) -> Iterator[dict[str, V]]:
    """The entries in several mappings of about `PART` rows."""
    chunk: dict[str, V] = {}
    weight = 0
    for key, value in mapping.items():
        chunk[key] = value
        weight += 1 + weigh(value)
        if weight >= PART:
            yield chunk
            chunk, weight = {}, 0
    if chunk:
        yield chunk


def _appended(rows: tuple[W, ...], start: int) -> Listing[W]:
    new = rows[start : start + PART]
    return Listing(order=[(0, start), (NEW, len(new))], new=list(new))


def _scalar(before: V, after: V) -> V | UnsetType:
    return UNSET if before == after else after


def _entries(before: Mapping[str, V], after: Mapping[str, V]) -> Entries[V] | None:
    if before is after:
        return None
    news = {
        key: value
        for key, value in after.items()
        if (old := before.get(key)) is not value and (old != value or key not in before)
    }
    gone = [key for key in before if key not in after]
    return Entries(news, gone) if news or gone else None


def _listing(
    before: tuple[W, ...], after: tuple[W, ...], known: Sequence[int] | None = None
) -> tuple[Listing[W] | None, Columns]:
    if before is after:
        return None, {}
    order, new, changed = _moves(before, after, known)
    fields, rows = defaultdict[str, _Column](_Column), defaultdict[str, _Column](_Column)
    _compare(changed, fields, rows)
    metrics = {name: rows.pop(name) for name in METRICS & rows.keys()}
    if order is None and not fields and not rows:
        return None, _plain(metrics)
    return Listing(order, new, _plain(fields), _plain(rows)), _plain(metrics)


def _moves(
    before: tuple[W, ...], after: tuple[W, ...], known: Sequence[int] | None
) -> tuple[list[tuple[int, int]] | None, list[W], Iterable[tuple[int, W, W]]]:
    """Where rows came, went or moved; the new ones; and of the others those that are another object, by
    position, with how they were. `known`: where the two differ, if that is known.
    """
    identity = _identity(type((after or before)[0]))
    if len(before) == len(after):
        # nearly always the same rows in the same order
        positions = differing(before, after) if known is None else known
        if all(identity(before[position]) == identity(after[position]) for position in positions):
            return None, [], ((position, before[position], after[position]) for position in positions)
    places = {identity(item): position for position, item in enumerate(before)}
    sources = [places.get(identity(item), NEW) for item in after]
    new = [item for item, source in zip(after, sources, strict=True) if source == NEW]
    moved = zip(range(len(after)), sources, after, strict=True)
    kept = ((position, before[source], item) for position, source, item in moved if source != NEW)
    return (
        _stretches(sources),
        new,
        ((position, old, item) for position, old, item in kept if old is not item),
    )


def _stretches(sources: Sequence[int]) -> list[tuple[int, int]]:
    """Places in a list as stretches by start and length."""
    found: list[tuple[int, int]] = []
    for source in sources:
        start, length = found[-1] if found else (NEW, 0)
        follows = source == NEW if start == NEW else source == start + length
        if length and follows:
            found[-1] = (start, length + 1)
        else:
            found.append((source, 1))
    return found


@dataclass(slots=True)
class _Column:
    """What a field became, in the order of the positions."""

    distances: list[int] = field(default_factory=list)
    """Of each position from the one before: small numbers, which take no room of their own."""
    values: list[object] = field(default_factory=list)
    last: int = 0
    """The newest position."""

    def add(self, position: int, value: object) -> None:
        self.distances.append(position - self.last)
        self.values.append(value)
        self.last = position


def _plain(columns: Mapping[str, _Column]) -> Columns:
    return {name: (column.distances, column.values) for name, column in columns.items()}


def _compare(
    changed: Iterable[tuple[int, W, W]], fields: Mapping[str, _Column], rows: Mapping[str, _Column]
) -> None:
    """Note how rows differ, an agent's deployments one by one if there are as many as before."""
    for position, old, item in changed:
        # most fields are the very same objects, and these need not be looked into
        for name in compress(item.__struct_fields__, map(is_not, astuple(old), astuple(item))):
            now = getattr(item, name)
            if name == DEPLOYMENTS and _compare_deployments(getattr(old, name), now, position, rows):
                continue
            if getattr(old, name) != now:
                fields[name].add(position, now)


def _compare_deployments(
    before: tuple[Deployment, ...], after: tuple[Deployment, ...], position: int, rows: Mapping[str, _Column]
) -> bool:
    """Note how an agent's deployments differ; False if there are more or fewer than before, or too many."""
    if len(before) != len(after) or len(after) > ROWS:
        return False
    number = position * ROWS
    for old, item in zip(before, after, strict=False):
        if old is not item:
            for name in compress(_DEPLOYMENT_FIELDS, map(is_not, astuple(old), astuple(item))):
                now = getattr(item, name)
                if getattr(old, name) != now:
                    rows[name].add(number, now)
        number += 1
    return True
