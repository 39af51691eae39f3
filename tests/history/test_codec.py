"""Fleets as differences: put together again, they are what was recorded, whatever happened to them."""

from __future__ import annotations

import zlib
from base64 import b64decode
from dataclasses import fields, replace

import msgspec
import pytest
from msgspec import UNSET

from tests.history.fleets import Life
from tui.api.models import (
    Agent,
    Deployment,
    Dispatch,
    DispatchState,
    Job,
    Participant,
    Room,
    SecretInfo,
    Version,
)
from tui.fleet.coverage import Coverage
from tui.fleet.reason import LoggedError
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Differing, Fleet, Freshness, differing, with_agents
from tui.history.files import codec, compare
from tui.history.files.assembler import Assembler
from tui.history.files.codec import (
    DamagedSample,
    Difference,
    Entries,
    Listing,
    packed,
    unpacked,
    unpacked_metrics,
)
from tui.history.files.compare import difference, is_news, parts
from tui.history.files.privacy import Privacy, Recorded, recorded

PRIVACY = Privacy(b"k" * 32)
EVERYTHING = Privacy(b"k" * 32, metadata=True)


WITHOUT_COUNTS = b64decode(
    "eJwljcENwjAQBOMPEuVQAYooxDrsU0AiZ8l3Fm+nA1MByAlE+VEHPVADHYCw9zU7n3k3qzt0SMLD5LxFny5flQnPaZiL10c77lq9Weoj"
    "6DE7wpkFJDByvKpnZW0OQB1aDfLafpqyJZBHsLA/ocomSMyMEifvXM/rB6PxKFxlqaQ4/gu39geGOECc"
)
"""As a version wrote it that did not count the rows of these listings that could not be read."""


def put_together(fleet: Fleet) -> Fleet:
    """A fleet from the bytes of its parts."""
    assembler = Assembler(Fleet())
    for part in parts(fleet):
        assembler.add(unpacked(packed(part)), {})
    return assembler.fleet()


def stepped(before: Fleet, after: Fleet) -> Fleet:
    """A fleet from the one before and the bytes of the difference."""
    assembler = Assembler(before)
    found, metrics = difference(before, after)
    assembler.add(unpacked(packed(found)), unpacked_metrics(packed(metrics)))
    return assembler.fleet()


@pytest.mark.parametrize("privacy", [PRIVACY, EVERYTHING, Privacy(b"k" * 32, rooms=False)])
@pytest.mark.parametrize("seed", range(6))
def test_every_fleet_of_a_life_comes_back_from_its_bytes(
    seed: int, privacy: Privacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "PART", 5)
    life, keeper = Life(seed), Recorded(privacy)
    before = Fleet()
    together = Assembler(before)
    for number in range(120):
        after = keeper.of(life.step())
        assert after == recorded(life.fleet, privacy), "what was kept before is used again"
        assert stepped(before, after) == after
        found, metrics = difference(before, after)
        places = differing(before.agents, after.agents)
        told = difference(before, after, Differing(before.agents, after.agents, places))
        assert told == (found, metrics), "where they differ was found by others"
        others = Differing(after.agents, before.agents, [])
        assert after.agents is before.agents or difference(before, after, others) == (found, metrics)
        together.add(found, metrics)
        if number % 7 == 0:  # several differences at once
            assert together.fleet() == after
        if number % 20 == 0:
            assert put_together(after) == after
        before = after


def test_long_lists_are_encoded_bit_by_bit_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, a hundred thousand dispatches would be a hundred megabytes, fifty thousand agents forty."""
    sizes: list[int] = []

    class Measuring:
        def encode(self, value: object) -> bytes:
            data = msgspec.msgpack.encode(value)
            sizes.append(len(data))
            return data

    monkeypatch.setattr(codec, "_encoder", Measuring())
    jobs = DispatchState(jobs=(Job(id="AJ_1", agent_name="a"),))
    many = tuple(Dispatch(id=f"AD_{number}", state=jobs) for number in range(70_000))
    people = tuple(Participant(identity=f"p{number}") for number in range(700))
    held = {"large": many, "small": many[:3], "empty": ()}
    after = replace(Fleet(), dispatches=held, participants={"r": people}, statuses={"Error": 1})
    found = difference(Fleet(), after)[0]
    assert unpacked(packed(found)) == found and max(sizes) < 100_000
    gone = difference(after, replace(after, dispatches={"small": many[:2]}, participants={}))[0]
    assert unpacked(packed(gone)) == gone
    listed = tuple(Agent(agent_id=f"CA_{number}", version="v1") for number in range(70_000))
    rooms = tuple(Room(name=f"r{number}") for number in range(20))
    new = difference(after, replace(after, agents=listed, rooms=rooms))[0]
    is_same = unpacked(packed(new)) == new  # too much to be shown
    assert is_same and max(sizes) < 100_000


def test_a_difference_in_every_field_comes_back() -> None:
    found = Difference(
        *(Listing(new=[Agent(agent_id="CA_1")]), Listing(new=[Room(name="r")])),
        *({"Error": 1}, 2.0, 3, 4, Coverage(polled=1)),
        *(Entries({"agents": 1}), Entries({"rooms": 2}), Entries({"agents": {"CA_1": 1.0}})),
        Entries({"CA_1": (Version(version="1"),)}),
        *(Entries({"CA_1": (SecretInfo(name="A"),)}), Entries({"CA_1": 1.0})),
        Entries({"CA_1": LoggedError(text="boom")}),
        *(Entries({"r": (Dispatch(id="AD_1"),)}), Entries({"r": (Participant(identity="p"),)}, ["s"])),
        *(
            Entries({"r": frozenset("a")}),
            Entries({"r": RoomFreshness(1.0)}),
            Entries({"agents": Freshness(1.0)}),
        ),
    )
    assert all(getattr(found, name) not in (None, UNSET) for name in Difference.__struct_fields__)
    assert unpacked(packed(found)) == found


def test_every_field_of_a_fleet_is_recorded_or_follows_from_others() -> None:
    assert {field.name for field in fields(Fleet)} == set(Difference.__struct_fields__) | codec.DERIVED


def test_what_was_measured_anew_alone_and_a_good_answer_are_no_news() -> None:
    def fleet(cpu: str, replicas: int) -> Fleet:
        row = Deployment(cur_cpu=cpu, replicas=replicas)
        return with_agents(Fleet(), (Agent(agent_id="CA_1", agent_deployments=(row,)),), 1.0)

    before = fleet("1m", 1)
    found, metrics = difference(before, fleet("2m", 1))
    assert not is_news(found, before) and metrics == {"cur_cpu": ([0], ["2m"])}
    found, metrics = difference(before, fleet("2m", 2))
    assert is_news(found, before) and metrics == {"cur_cpu": ([0], ["2m"])}
    good = replace(before, freshness={"agents": Freshness(at=2.0)})
    assert not is_news(difference(before, good)[0], before)
    failed = replace(before, freshness={"agents": Freshness(at=2.0).failed("down", None)})
    assert is_news(difference(good, failed)[0], good)
    again = replace(before, freshness={"agents": Freshness(at=4.0).failed("down", None)})
    assert is_news(difference(failed, again)[0], failed), "it answered in between"
    assert is_news(difference(failed, good)[0], failed), "it answers again"


def test_not_asked_is_not_none() -> None:
    asked = replace(Fleet(), versions={"CA_1": ()}, secrets={"CA_1": ()}, dispatches={"r": ()})
    assert stepped(Fleet(), asked) == asked != Fleet()
    assert stepped(asked, Fleet()) == Fleet(), "what was evicted is not there"


def test_a_changed_field_costs_bytes_and_not_a_row() -> None:
    row = Deployment(region="us-east", status="Running", replicas=1, version="20261129012200")
    before = tuple(Agent(agent_id=f"CA_{number}", agent_deployments=(row,)) for number in range(1000))
    moved = replace_rows(before, range(0, 1000, 100))
    found, _ = difference(with_agents(Fleet(), before), with_agents(Fleet(), moved))
    assert found.agents is not None and found.agents.order is None and not found.agents.new
    assert found.agents.rows == {"replicas": ([0] + [100 * codec.ROWS] * 9, [2] * 10)}
    assert len(packed(found)) < 100


def replace_rows(agents: tuple[Agent, ...], positions: range) -> tuple[Agent, ...]:
    """The agents, some of them with two replicas."""
    rows = list(agents)
    for position in positions:
        own = Deployment(region="us-east", status="Running", replicas=2, version="20261129012200")
        rows[position] = Agent(agent_id=rows[position].agent_id, agent_deployments=(own,))
    return tuple(rows)


def test_recordings_with_and_without_counts_of_unreadable_rows_are_read_by_both_versions() -> None:
    assembler = Assembler(Fleet())
    assembler.add(unpacked(WITHOUT_COUNTS), {})
    fleet = assembler.fleet()
    held = with_agents(Fleet(), (Agent(agent_id="CA_1", agent_name="one"),), 1.0)
    held = replace(held, unreadable=1, cut={"rooms": 9}, secrets={"CA_1": (SecretInfo(name="A"),)})
    assert replace(fleet, suspects=held.suspects) == held
    counted = replace(fleet, unreadable_rows={"secrets of CA_1": 2}, unlisted={"agents": {"CA_1": 1.5}})
    assert stepped(fleet, counted) == counted
    assert stepped(counted, fleet) == fleet, "the next listing was read as a whole"
    new = ("unreadable_rows", "unlisted")
    kept = {key: value for key, value in Difference.__annotations__.items() if key not in new}
    known = [field for field in msgspec.structs.fields(Difference) if field.name in kept]
    earlier = msgspec.defstruct("Difference", [(field.name, field.type, None) for field in known])
    found = msgspec.msgpack.decode(zlib.decompress(packed(difference(fleet, counted)[0])), type=earlier)
    assert not any(getattr(found, field.name) for field in known), "what it does not know it passes over"


def test_that_secrets_were_listed_again_is_kept_and_no_news() -> None:
    once = replace(Fleet(), secrets={"CA_1": ()}, secrets_at={"CA_1": 1.0})
    again = replace(once, secrets_at={"CA_1": 9.0})
    assert stepped(once, again) == again and not is_news(difference(once, again)[0], once)


def test_damaged_bytes_are_named_as_such() -> None:
    data = packed(difference(Fleet(), recorded(Life(1).fleet, PRIVACY))[0])
    for damaged in (data[:-3], data[:40] + b"\0\0\0" + data[43:], b"", packed({"x": ([0], [1])})):
        with pytest.raises(DamagedSample):
            Assembler(Fleet()).add(unpacked(damaged), {"x": ([0], [1])})
    lost = Assembler(Fleet())
    lost.add(Difference(), {"cur_cpu": ([0], ["1m"])})
    with pytest.raises(DamagedSample):
        lost.fleet()
