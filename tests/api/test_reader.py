"""Listings from poll to poll: what did not change is the same object, and costs nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.api.decoding import reader
from tui.api.decoding.batch import Batch, Unreadable
from tui.api.decoding.item_masking import AT_ONCE, OF_ONE
from tui.api.decoding.quota import Quota
from tui.api.decoding.reader import LongListing, Reader
from tui.api.decoding.row_splitter import NoListing, RowSplitter
from tui.api.models import Agent, Dispatch, Room
from tui.api.text.masking import SentSecrets


def agents(
    *rows: Mapping[str, object], indent: int | None = None, separators: tuple[str, str] | None = None
) -> bytes:
    """A ListAgents answer."""
    return json.dumps({"agents": rows}, indent=indent, separators=separators).encode()


def row(number: int, **fields: object) -> dict[str, object]:
    """One agent."""
    return {"agent_id": f"CA_{number}", "agent_name": f"n{number}", **fields}


def rooms(*names: str) -> bytes:
    """A ListRooms answer."""
    return json.dumps({"rooms": [{"name": name} for name in names]}).encode()


# ---- long listings -------------------------------------------------------------------------------------

LONG = 1001
STAMP = "2026-08-01T00:00:00Z"


def test_agents_that_say_the_same_share_it() -> None:
    """Half the memory of a large fleet."""
    rows = [
        row(n, version="v1", agent_deployments=[{"agent_id": f"CA_{n}", "agent_name": f"n{n}", "status": s}])
        for n, s in enumerate(("Running", "Running"))
    ]
    one, other = Reader(Agent, "agents").read(agents(*rows)).items
    assert one.version is other.version
    (here,), (there,) = one.agent_deployments, other.agent_deployments
    assert here.status is there.status
    assert (here.agent_id is one.agent_id, here.agent_name is one.agent_name) == (True, True)


def test_what_is_as_before_in_an_item_that_changed_is_the_same_object() -> None:
    """Of a fleet that changes as a whole, the next generation takes half the room of the first."""
    event = {"type": "CRASHED", "count": 2, "timestamp": "2026-08-01T00:00:00Z"}

    def answer(cpu: str, *more: dict[str, object]) -> bytes:
        deployment = {"region": "us-east", "cur_cpu": cpu, "events": [event], "last_scraped_at": STAMP}
        return agents(row(1, deployed_at=STAMP, agent_deployments=[deployment, *more]))

    known = Reader(Agent, "agents")
    (old,) = known.read(answer("1m")).items
    (new,) = known.read(answer("2m", {"region": "eu-central"})).items
    (was,), (now, added) = old.agent_deployments, new.agent_deployments
    assert (new is not old, now is not was, now.cur_cpu, added.region) == (True, True, "2m", "eu-central")
    assert now.events is was.events and now.last_scraped_at is was.last_scraped_at
    assert new.deployed_at is old.deployed_at
    (last,) = known.read(answer("3m")).items
    assert last.agent_deployments[0].events is was.events


@pytest.fixture
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body is long from a thousand commas on, and not from a million."""
    monkeypatch.setattr(reader, "EASY", 1000)


def test_a_listing_is_cut_after_so_many_rows_and_says_so() -> None:
    reader = Reader(Agent, "agents", most=3)
    whole = reader.read(agents(*(row(number) for number in range(3))))
    assert (len(whole.items), whole.cut, whole.is_whole) == (3, None, True)
    cut = reader.read(agents(*(row(number) for number in range(4))))
    assert [agent.agent_id for agent in cut.items] == ["CA_0", "CA_1", "CA_2"]
    assert (cut.cut, cut.is_whole) == (3, False), "what it does not hold may be there"


@pytest.mark.usefixtures("easy")
@pytest.mark.parametrize(
    ("rows", "cut", "readable"),
    [
        (b'{"agent_id":"CA_1"},' * 3 + b"1," * LONG, 4, 1),
        (b"1," * LONG, 4, 0),
        (b'"a]}\\\\",' * LONG, 4, 0),
        (b"[]," * LONG, 4, 0),
        (b'{"agent_id":"\\"]}","x":[{}]},' + b'{"agent_id":"CA_2"},' * LONG, 4, 2),
        (b'{"agent_id":"CA_1","x":[' + b"1," * LONG + b"1]}," + b'{"agent_id":"CA_2"},' * 9, 4, 2),
        (b'{"agent_id":"CA_1","x":[' + b"1," * LONG + b"1]},", None, 1),
    ],
    ids=range(7),
)
def test_a_listing_that_is_too_long_to_decode_is_cut_before(rows: bytes, cut: int, readable: int) -> None:
    """A million rows take a gigabyte, whatever is in them."""
    batch = Reader(Agent, "agents", most=4).read(b'{"agents" : [' + rows + b"1]}")
    assert (batch.cut, len(batch.items)) == (cut, readable)


@pytest.mark.usefixtures("easy")
@pytest.mark.parametrize(
    "body",
    [
        b'{"x":[' + b"1," * LONG + b'1],"agents":[]}',
        b'{"agents":[],"x":[' + b"1," * LONG + b"1]}",
        b'{"agents":[],"agents":[' + b"1," * LONG + b"1]}",
        b'{"agent\\u0073":[' + b"1," * LONG + b"1]}",
        b"1," * LONG,
    ],
    ids=range(5),
)
def test_what_is_long_by_something_else_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        Reader(Agent, "agents").read(body)


@settings(max_examples=40)
@given(
    st.lists(st.text() | st.dictionaries(st.text(max_size=3), st.text(), max_size=2) | st.none()), st.data()
)
def test_of_what_was_read_in_part_the_whole_rows_are_kept(rows: list[object], data: st.DataObject) -> None:
    body = json.dumps({"agents": [row(0), *rows]}, ensure_ascii=False).encode()
    length = data.draw(st.integers(len(b'{"agents": ['), len(body) - len(b"]}")))
    cut = data.draw(st.integers(0, length))
    splitter = RowSplitter(["agents"])
    found = [
        json.loads(part) for piece in (body[:cut], body[cut:length]) for part in splitter.feed(piece) if part
    ]
    assert found == [row(0), *rows][: len(found)] and not splitter.is_over
    found += [json.loads(part) for part in splitter.feed(body[length:]) if part]
    found += [json.loads(part) for part in splitter.end() if part]
    assert found == [row(0), *rows]
    for short in (body[:length], body + b"x"):
        with pytest.raises(NoListing):
            splitter = RowSplitter(["agents"])
            assert [*splitter.feed(short), *splitter.end()]


def test_a_body_that_is_never_in_memory_as_a_whole_is_read_as_any_other() -> None:
    """Byte by byte: what was known stays the same object, and what did not change is not decoded."""
    known = Reader(Agent, "agents")
    before = known.read(agents(row(1), row(2), row(3), row(4)))

    def take_in(body: bytes) -> Batch[Agent]:
        long = LongListing(known, None)
        for place in range(len(body)):
            for _ in long.feed(body[place : place + 1]):
                pass
        long.end()
        return known.batch

    assert take_in(agents(row(1), row(2), row(3), row(4), indent=1)) is before
    decoded = known.decoded
    after = take_in(agents(row(1), row(3), row(4, version="2"), {"agent_name": '\u2603 ]}"'}, indent=1))
    assert known.decoded == decoded + 3, "the one behind the gap, the changed one, and the unreadable one"
    assert (after.items[0], after.items[1]) == (before.items[0], before.items[2])
    assert after.items[1] is before.items[2] and after.items[2].version == "2"
    assert (after.unreadable, after.cut, after.listed) == (1, None, True)
    assert known.read(agents(row(1), row(3))).items[1] is before.items[2], "a short one again"


def test_of_a_long_listing_no_more_is_read_than_is_kept() -> None:
    body = agents(*(row(number) for number in range(9)))
    quota = Quota(rows=3, size=1000)
    for known, share, kept in (
        (Reader(Agent, "agents", most=2), None, 2),
        (Reader(Agent, "agents"), quota.share("a"), 3),
        (Reader(Agent, "agents"), quota.share("b"), 0),
    ):
        long = LongListing(known, share)
        assert not any(long.feed(body)) and long.is_full
        long.end()
        assert (len(known.batch.items), known.batch.cut) == (kept, kept)


def test_a_text_that_is_a_listing_of_its_own_is_no_list_of_rows() -> None:
    nested = b'{"note":"x","more":{"agents":[' + b'{"agent_id":"CA_1"},' * 10_000
    with pytest.raises(NoListing):
        list(RowSplitter(["agents"]).feed(nested))


def test_a_body_that_was_cut_at_its_limit_is_a_cut_listing() -> None:
    body = agents(*(row(number) for number in range(9)))
    batch = Reader(Agent, "agents", longest=len(body) - 20).read(body[:-20])
    assert (len(batch.items), batch.cut) == (8, 8)
    with pytest.raises(Unreadable):
        Reader(Agent, "agents").read(body[:-20])


def test_a_row_without_bounds_is_one_unreadable_row() -> None:
    long = b'{"agent_id":"CA_1","x":[' + b"[]," * 400_000 + b"[]]}"
    batch = Reader(Agent, "agents").read(b'{"agents":[' + long + b',{"agent_id":"CA_2"}]}')
    assert ([agent.agent_id for agent in batch.items], batch.unreadable) == (["CA_2"], 1)


# ---- from poll to poll ---------------------------------------------------------------------------------


def test_equal_bodies_cost_nothing() -> None:
    reader = Reader(Agent, "agents")
    first = reader.read(agents(row(1), row(2)))
    assert reader.decoded == 2
    assert reader.read(agents(row(1), row(2))) is first
    assert reader.decoded == 2


def test_only_what_changed_is_decoded_and_only_that_is_another_object() -> None:
    reader = Reader(Agent, "agents")
    first = reader.read(agents(*(row(n) for n in range(100)))).items
    second = reader.read(agents(*(row(n, **({"version": "2"} if n == 7 else {})) for n in range(100)))).items
    assert reader.decoded == 101
    changed = [new.agent_id for old, new in zip(first, second, strict=True) if old is not new]
    assert changed == ["CA_7"]


@pytest.mark.parametrize("lean", [False, True])
def test_the_same_in_other_bytes_is_the_same_object(lean: bool) -> None:
    """Servers of one kind differ in white space and order of keys (PROTOCOL.md, Hosts and paths)."""
    reader = Reader(Agent, "agents", lean=lean)
    first = reader.read(agents(row(1, version="1"), row(2, version="1")))
    assert reader.read(agents(row(1, version="1"), row(2, version="1"), indent=2)) is first
    second = reader.read(agents(row(1, version="1"), row(2, version="2"), separators=(",", ":")))
    assert second.items[0] is first.items[0]
    assert second.items[1] is not first.items[1]


@pytest.mark.parametrize("lean", [False, True])
def test_order_does_not_make_items_new(lean: bool) -> None:
    """ListDispatch answers in random order (PROTOCOL.md, Dispatches and jobs)."""
    reader = Reader(Agent, "agents", lean=lean)
    one, two, three = reader.read(agents(row(1), row(2), row(3))).items
    for indent, *order in ((None, 3, 1, 2), (2, 2, 3, 1), (3, 2, 1, 3)):
        reader.read(agents(*map(row, order), indent=indent))
        expected = [(one, two, three)[number - 1] for number in order]
        assert all(a is b for a, b in zip(reader.batch.items, expected, strict=True)), order


def test_an_item_that_came_or_went_costs_only_itself() -> None:
    """The rest is found one place further on."""
    reader = Reader(Agent, "agents")
    everything = [row(number) for number in range(50)]
    before = reader.read(agents(*everything[1:])).items
    assert reader.read(agents(*everything)).items[1:] == before
    assert reader.decoded == 49 + 1, "the one at the front is new"
    reader.read(agents(*everything[:20], *everything[25:]))
    assert reader.decoded == 49 + 1 + 1, "the one behind the gap is looked at"
    assert all(one is other for one, other in zip(reader.batch.items[20:], before[24:], strict=True))


def test_what_many_jobs_say_is_one_text_in_memory() -> None:
    """A hundred thousand jobs would say it a hundred thousand times."""
    jobs = [
        {
            "id": f"AJ_{n}",
            "dispatch_id": "AD_1",
            "agent_name": "desk",
            "state": {"worker_id": "AW_1", "status": "x-1"},
        }
        for n in range(2)
    ]
    reader = Reader(Dispatch, "agent_dispatches", lean=True)
    (dispatch,) = reader.read(
        json.dumps({"agent_dispatches": [{"id": "AD_1", "state": {"jobs": jobs}}]}).encode()
    ).items
    one, other = dispatch.jobs
    assert one.dispatch_id is other.dispatch_id is dispatch.id
    assert one.agent_name is other.agent_name
    assert one.state and other.state
    assert (one.state.worker_id, one.state.status) == ("AW_1", "x-1")
    assert one.state.worker_id is other.state.worker_id
    assert one.state.status is other.state.status


def test_what_came_back_after_it_was_gone_is_decoded_anew() -> None:
    reader = Reader(Agent, "agents")
    reader.read(agents(row(1), row(2)))
    assert [item.agent_id for item in reader.read(agents(row(1))).items] == ["CA_1"]
    assert len(reader.read(agents(row(1), row(2))).items) == 2
    assert reader.decoded == 3


@pytest.mark.parametrize("lean", [False, True])
def test_an_identity_is_listed_once(lean: bool) -> None:
    """The newest of two counts, in the place of the first."""
    reader = Reader(Dispatch, "agent_dispatches", lean=lean)
    body = {"agent_dispatches": [{"id": "AD_1"}, {"id": "AD_2"}, {"id": "AD_1", "room": "r"}]}
    batch = reader.read(json.dumps(body).encode())
    assert [(item.id, item.room) for item in batch.items] == [("AD_1", "r"), ("AD_2", "")]
    assert batch.unreadable == 0


def test_what_cannot_be_read_is_counted_and_the_rest_is_there() -> None:
    entries: list[object] = [row(1), 7, None, [], "x", {}, {"agent_name": "without an id"}, row(2)]
    batch = Reader(Agent, "agents").read(json.dumps({"agents": entries}).encode())
    assert [item.agent_id for item in batch.items] == ["CA_1", "CA_2"]
    assert batch.unreadable == 6


def test_one_item_that_is_no_json_costs_only_itself() -> None:
    broken = rb'{"name":"a"},{"name":"b\ud800"},{"name":"c","creation_time":1e999},{"name":"d"}'
    batch = Reader(Room, "rooms").read(b'{"rooms":[' + broken + b"]}")
    assert [room.name for room in batch.items] == ["a", r"b\u{d800}", "d"]
    assert batch.unreadable == 1


@pytest.mark.parametrize(
    ("body", "listed"), [(b"{}", False), (b'{"rooms":null}', False), (b'{"rooms":[]}', True)]
)
def test_only_a_listing_that_holds_its_list_proves_what_is_not_there(body: bytes, listed: bool) -> None:
    """Servers may leave an empty list out; so does a proxy that knows nothing of rooms."""
    batch = Reader(Room, "rooms").read(body)
    assert batch == Batch(listed=listed) and batch.is_whole is listed


def test_a_row_that_cannot_be_read_may_be_the_one_that_is_looked_for() -> None:
    assert not Reader(Room, "rooms").read(b'{"rooms":[{"name":"a"},7]}').is_whole


def test_a_row_in_which_something_cannot_be_read_is_counted_for_as_long_as_it_is_there() -> None:
    reader = Reader(Agent, "agents")
    bad = {"agent_id": "CA_1", "agent_name": 7}
    for rows, mended in (
        ([bad, row(2)], 1),
        ([bad, row(2), row(3)], 1),
        ([row(1), row(2)], 0),
        ([row(2)], 0),
    ):
        batch = reader.read(json.dumps({"agents": rows}).encode())
        assert (batch.mended, batch.unreadable) == (mended, 0)
        assert batch.is_whole is (mended == 0)
    nulls = reader.read(b'{"agents":[{"agent_id":"CA_1","agent_deployments":[null]}]}')
    assert nulls.mended == 1
    unset = reader.read(b'{"agents":[{"agent_id":"CA_1","agent_deployments":null}]}')
    assert unset.mended == 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"code":"internal","msg":"why"}',
        b'{"other":[{"name":"x"}]}',
        b'{"rooms":null,"status":"ok"}',
    ],
)
def test_an_object_without_its_list_is_no_listing(body: bytes) -> None:
    with pytest.raises(Unreadable, match="something else than its list"):
        Reader(Room, "rooms").read(body)


def test_the_key_of_a_listing_in_either_spelling() -> None:
    for key in ("agent_dispatches", "agentDispatches"):
        batch = Reader(Dispatch, "agent_dispatches").read(json.dumps({key: [{"id": "AD"}]}).encode())
        assert [item.id for item in batch.items] == ["AD"]


@pytest.mark.parametrize(
    "body", [b'{"rooms":7}', b'{"rooms":{"name":"x"}}', b"[]", b"<html>", b'{"rooms":["']
)
def test_a_broken_answer_leaves_the_last_good_one(body: bytes) -> None:
    reader = Reader(Room, "rooms")
    good = reader.read(rooms("a"))
    with pytest.raises(Unreadable):
        reader.read(body)
    assert reader.batch is good
    assert reader.read(rooms("a")) is good and reader.decoded == 1


def test_a_long_listing_pauses_and_an_abandoned_one_changes_nothing() -> None:
    """A decode holds the lock that keys need: the caller yields to its loop at each pause."""
    reader = Reader(Room, "rooms")
    good = reader.read(rooms("a"))
    abandoned = reader.steps(rooms(*(f"r{n}" for n in range(1000))), size=100)
    assert sum(1 for _ in zip(range(3), abandoned, strict=False)) == 3
    del abandoned
    assert reader.batch is good
    assert sum(1 for _ in reader.steps(rooms(*(f"r{n}" for n in range(1000))), size=100)) == 10
    assert len(reader.batch.items) == 1000


def test_masking_pauses_and_has_an_end() -> None:
    """A megabyte of errors of jobs takes a third of a second to look at."""
    sent = SentSecrets("S3cr3t-Passw0rd")

    def body(*errors: str, in_one: int = 1) -> bytes:
        states = [{"id": "AJ_1", "state": {"error": error}} for error in errors]
        rows = [{"id": f"AD_{at}", "state": {"jobs": states[at : at + in_one]}} for at in range(0, 9, in_one)]
        return json.dumps({"agent_dispatches": rows}).encode()

    for kept in (SentSecrets(), sent):
        reader = Reader(Dispatch, "agent_dispatches", sent=kept)
        assert len(list(reader.steps(body(*["x" * (AT_ONCE + 1)] * 9)))) == (9 if kept is sent else 0)
        long = LongListing(reader, None)
        assert len(list(long.feed(body(*["y" * (AT_ONCE + 1)] * 9)))) == (9 if kept is sent else 0)
        (item,) = reader.read(body(*["no S3cr3t-Passw0rd " * (OF_ONE // 8 // 19)] * 9, in_one=9)).items
        errors = [job.state.error for job in item.jobs if job.state is not None]
        if kept is sent:
            assert errors[0].startswith("no *** no ***") and errors[-1].endswith("***")
            assert len(errors[-1]) < 100
        else:
            assert len(set(errors)) == 1 and "S3cr3t" in errors[0]


def test_the_raw_bytes_of_what_is_shown() -> None:
    reader = Reader(Room, "rooms")
    body = b'{"rooms":[{"name":"a\\u202eb"},{"name":"c"}]}'
    hostile, plain = reader.read(body).items
    assert reader.raw(hostile) == b'{"name":"a\\u202eb"}', "exactly as received"
    assert reader.raw(plain) == b'{"name":"c"}'
    assert reader.raw(Room(name="c")) == b"", "another object"
    reader.read(b'{"rooms":[{"name":"c", "sid":""}]}')
    assert reader.batch.items[0] is plain
    assert reader.raw(plain) == b'{"name":"c", "sid":""}', "the newest bytes of it"
    assert reader.raw(hostile) == b""


def test_a_lean_reader_keeps_no_bytes() -> None:
    reader = Reader(Room, "rooms", lean=True)
    room = reader.read(rooms("a")).items[0]
    assert reader.raw(room) == b""
    assert reader.read(rooms("a")).items[0] is room and reader.decoded == 1
