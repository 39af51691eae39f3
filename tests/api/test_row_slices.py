"""Long listings slice by slice: the same rows as at once, and what did not change is not decoded again."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.api.decoding import reader, row_slices
from tui.api.decoding.reader import Reader
from tui.api.decoding.row_slices import RowSlices
from tui.api.models import Agent

LISTS = msgspec.defstruct("Lists", [("agents", list[msgspec.Raw])])


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of few rows each."""
    monkeypatch.setattr(row_slices, "SLICE", 100)
    monkeypatch.setattr(row_slices, "PAUSE", 1)
    monkeypatch.setattr(reader, "AT_ONCE", 0)


def row(number: int, text: str = "", parts: int = 0) -> dict[str, object]:
    """An agent, with parts that begin as it does."""
    return {
        "agent_id": f"CA_{number}",
        "agent_name": text,
        "agent_deployments": [{"agent_id": "x"}] * parts,
    }


def body(rows: Sequence[object], separators: tuple[str, str] = (",", ":"), more: str = "") -> bytes:
    """A ListAgents answer."""
    return b'{"agents":%s%s}' % (json.dumps(rows, separators=separators).encode(), more.encode())


def found(slices: RowSlices, data: bytes) -> list[bytes] | None:
    """The rows; None for a body that has to be decoded at once."""
    steps = slices.rows(data, 1000)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            rows: list[msgspec.Raw] | None = end.value
            return None if rows is None else [bytes(raw) for raw in rows]


texts = st.sampled_from(['},{"agent_id":"', '"', "\\", "],", "[{", "plain", "}", ", "])
rows = st.builds(row, st.integers(0, 9), texts, st.integers(0, 3))
separators = st.sampled_from([(",", ":"), (", ", ": "), (",\n  ", " : ")])
bodies = st.builds(
    body, st.lists(rows, max_size=12), separators, st.sampled_from(["", ',"next": 7', ',"a":[]'])
)


TWICE = row(0, "a name that is longer than what is looked for")


@given(st.lists(bodies, min_size=1, max_size=4))
@example([body([TWICE | {"agent_deployments": [{"agent_id": "x"}] * 3}, TWICE]), body([TWICE, TWICE])])
def test_they_are_the_rows_that_decoding_at_once_finds(answers: list[bytes]) -> None:
    slices = RowSlices(("agents",))
    for answer in answers:
        at_once = [bytes(raw) for raw in msgspec.json.decode(answer, type=LISTS).agents]
        assert found(slices, answer) in (None, at_once)


@given(bodies, st.integers(0, 1000), st.sampled_from([b"", b",", b"]", b"[", b"{", b"}", b'"']))
def test_what_is_no_listing_is_not_taken_for_one(answer: bytes, place: int, instead: bytes) -> None:
    place %= len(answer)
    broken = answer[:place] + instead + answer[place + 1 :]
    slices = RowSlices(("agents",))
    found(slices, answer)
    if (rows := found(slices, broken)) is not None:
        assert rows == [bytes(raw) for raw in msgspec.json.decode(broken, type=LISTS).agents]


def test_most_listings_go_along_with_it_and_pause() -> None:
    answer = body([row(number, parts=number % 3) for number in range(50)])
    assert len(found(RowSlices(("agents",)), answer) or ()) == 50
    assert len(list(RowSlices(("agents",)).rows(answer, 1000))) > 5


def test_what_is_as_before_is_not_decoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []

    class Counting:
        def decode(self, text: bytes) -> list[msgspec.Raw]:
            decoded.append(text)
            return msgspec.json.decode(text, type=list[msgspec.Raw])

    monkeypatch.setattr(row_slices, "_rows", Counting())
    listing = [row(number) for number in range(100)]
    slices = RowSlices(("agents",))
    first = found(slices, body(listing))
    most = len(decoded)
    del decoded[:]
    assert found(slices, body(listing)) == first and not decoded
    listing[50]["agent_name"] = "a longer name"
    assert len(found(slices, body(listing)) or ()) == 100 and len(decoded) == 1
    del decoded[:]
    listing[20:21] = []
    assert len(found(slices, body(listing)) or ()) == 99 and len(decoded) < most // 4


def test_a_reader_keeps_what_is_the_same() -> None:
    agents = Reader(Agent, "agents")
    listing = [row(number) for number in range(100)]
    first = agents.read(body(listing))
    assert agents.read(body(listing)) is first and agents.decoded == 100
    listing[50]["agent_name"] = "another"
    second = agents.read(body(listing))
    assert agents.decoded == 101 and second.items[50].agent_name == "another"
    assert all(old is new for old, new in zip(first.items[51:], second.items[51:], strict=True))
    assert agents.raw(second.items[50]) == json.dumps(listing[50], separators=(",", ":")).encode()
    assert agents.read(body(listing[:1])).items == first.items[:1]
    assert agents.read(body([])).items == () and agents.read(body(listing)) == second


def test_of_a_longer_list_the_first_rows_are_kept() -> None:
    cut = Reader(Agent, "agents", most=20).read(body([row(number) for number in range(100)]))
    assert (len(cut.items), cut.cut) == (20, 20)
