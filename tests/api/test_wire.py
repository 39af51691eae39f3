"""Decoding: whatever comes, what can be read is read, and nothing that a terminal obeys gets through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from tui.api import changes, models
from tui.api.changes import CreateAgentResponse
from tui.api.decoding import wire
from tui.api.decoding.batch import Unreadable
from tui.api.decoding.reader import Reader
from tui.api.decoding.wire import is_plain, read_one, snake
from tui.api.models import Agent, Deployment, Dispatch, Room, Version, Wire
from tui.api.text.clean import is_clean

LINES = ("metadata", "error", "message")
"""Fields whose texts keep their line feeds."""


def texts(item: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a model with the name of its field."""
    if isinstance(item, str):
        yield name, item
    elif isinstance(item, Wire):
        for field in item.__struct_fields__:
            yield from texts(getattr(item, field), field)
    elif isinstance(item, tuple):
        for value in item:
            yield from texts(value, name)
    elif isinstance(item, dict):
        for key, value in item.items():
            yield from texts(key)
            yield from texts(value)


def assert_clean(item: Wire) -> None:
    """No text of it can do anything to a terminal."""
    for name, text in texts(item):
        lines = text.split("\n") if name in LINES else [text]
        assert all(is_clean(line) for line in lines), (name, text)


# ---- keys and values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("agentName", "agent_name"),
        ("agent_name", "agent_name"),
        ("creationTimeMs", "creation_time_ms"),
        ("id", "id"),
        ("curCpu", "cur_cpu"),
        ("lastScrapedAt", "last_scraped_at"),
    ],
)
def test_snake(key: str, name: str) -> None:
    assert snake(key) == name


@pytest.mark.parametrize(
    "body",
    [
        '{"agent_id":"CA_x","agent_name":"n","agent_deployments":[{"min_replicas":2}]}',
        '{"agentId":"CA_x","agentName":"n","agentDeployments":[{"minReplicas":2}]}',
        '{"agent_id":"CA_x","agentName":"n","agent_deployments":[{"minReplicas":2}]}',
        '{"agentId" : "CA_x","agent_name":"n","agentDeployments":[{"min_replicas":"2"}]}',
        '{"agent_id":"CA_x","agent_name":"n","agent_deployments":[{"min_replicas":2,"status":null}],"version":null}',
        '{"x":1,"agent_id":"CA_x","agent_name":"n","agent_deployments":[null,{"min_replicas":2,"events":null}]}',
        '{"agent_id":"CA_x","agent_name":"n","deployed_at":null,"agent_deployments":[{"min_replicas":2.0}]}',
    ],
)
def test_all_spellings_of_an_agent_are_one(body: str) -> None:
    assert read_one(body.encode(), Agent) == Agent(
        agent_id="CA_x", agent_name="n", agent_deployments=(Deployment(min_replicas=2),)
    )


@pytest.mark.parametrize("number", ["1786000000123", '"1786000000123"', "1.786000000123e12"])
def test_int64_in_every_form(number: str) -> None:
    room = read_one(f'{{"name":"r","creation_time":{number}}}'.encode(), Room)
    assert room == Room(name="r", creation_time=1_786_000_000_123)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 2**64 - 1, 10**25])
def test_large_numbers_stay_exact(number: int) -> None:
    for form in (number, str(number)):
        room = read_one(
            msgspec.json.encode({"name": "r"})[:-1] + f',"creation_time":{json.dumps(form)}}}'.encode(), Room
        )
        assert room is not None and room.creation_time == number


def test_keys_of_a_map_are_not_field_names() -> None:
    """Labels are the operator's; a form's fields are signed as they are (PROTOCOL.md, Uploads)."""
    version = read_one(b'{"version":"1","attributes":{"buildHost":"a\\tb","git_commit":"1f2e3d4"}}', Version)
    assert version is not None
    assert version.attributes == {"buildHost": "a    b", "git_commit": "1f2e3d4"}
    body = b'{"url":"https://s3/?a=1\\u0026b=2","values":{"X-Amz-Signature":"ff","policyDocument":"e30="}}'
    target = read_one(body, changes.PresignedPostRequest)
    assert target is not None and target.url == "https://s3/?a=1&b=2"
    assert target.values == {"X-Amz-Signature": "ff", "policyDocument": "e30="}


def test_a_map_keeps_what_is_no_text_as_text() -> None:
    version = read_one(
        b'{"version":"1","attributes":{"n":7,"on":true,"deep":{"a":[1]},"gone":null}}', Version
    )
    assert version is not None
    assert version.attributes == {"n": "7", "on": "true", "deep": '{"a":[1]}'}


# ---- wrong types ---------------------------------------------------------------------------------------

GOOD = {
    "agent_id": "CA_x",
    "agent_name": "n",
    "version": "v",
    "agent_deployments": [{"region": "us-east", "replicas": 1}],
    "deployed_at": "2026-08-11T00:00:00Z",
}


@pytest.mark.parametrize("wrong", [[], {}, 7, "x", True, 1.5, [1], {"a": 1}])
@pytest.mark.parametrize("field", [name for name in GOOD if name != "agent_id"])
def test_only_the_field_of_a_wrong_type_is_lost(field: str, wrong: object) -> None:
    whole = read_one(json.dumps(GOOD).encode(), Agent)
    found = read_one(json.dumps({**GOOD, field: wrong}).encode(), Agent)
    assert whole is not None and found is not None
    for name in Agent.__struct_fields__:
        if name != field:
            assert getattr(found, name) == getattr(whole, name)


def test_only_the_row_of_a_wrong_type_is_lost() -> None:
    rows: list[object] = [{"region": "a"}, 7, "x", [], {"region": 5, "status": "Running"}, {"region": "b"}]
    agent = read_one(json.dumps({**GOOD, "agent_deployments": rows}).encode(), Agent)
    assert agent is not None
    regions = [(row.region, row.status) for row in agent.agent_deployments]
    assert regions == [("a", ""), ("", "Running"), ("b", "")]


def test_many_rows_with_the_same_fault_are_many_rows() -> None:
    """As of a gateway that writes an empty text where it means never."""
    rows = [{"region": f"r{index}", "last_scraped_at": ""} for index in range(300)]
    agent = read_one(json.dumps({**GOOD, "agent_deployments": rows}).encode(), Agent)
    assert agent is not None
    assert [row.region for row in agent.agent_deployments] == [f"r{index}" for index in range(300)]


def test_a_fault_deep_below_costs_no_more_than_itself() -> None:
    job = {"id": "AJ_1", "state": {"status": "JS_FAILED", "started_at": "soon", "error": ["no"]}}
    body = {"id": "AD_1", "state": {"jobs": [job, {"id": "AJ_2"}], "created_at": "7"}}
    dispatch = read_one(json.dumps(body).encode(), Dispatch)
    assert dispatch is not None and dispatch.state is not None and dispatch.state.created_at == 7
    assert [job.id for job in dispatch.jobs] == ["AJ_1", "AJ_2"]
    assert dispatch.jobs[0].state == models.JobState(status="JS_FAILED")


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"7", b'"x"', b"", b"{", b'{"agent_id":', b"{]", b"\xff\xfe"]
)
def test_what_is_no_object_is_nothing(body: bytes) -> None:
    assert read_one(body, Agent) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b"<html><body>502 Bad Gateway</body></html>",
        b"404 page not found\n",
        b'{"agents":[',
        b'{"agents":[]} trailing',
        b"[" * 100_000,
        b'{"agents":' * 100_000,
        b"\x1f\x8b\x08\x00binary",
        b"\xff\xfe{\x00}\x00",
        b'{"agents":[{"a":\x1b[31m}]}',
    ],
)
def test_a_body_that_is_no_object_is_unreadable_in_words(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        Reader(Agent, "agents").read(body)
    assert is_clean(str(caught.value)) and len(str(caught.value)) < 160


def test_nesting_and_numbers_without_end_are_bounded() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    assert read_one(b'{"agent_id":"x","agent_deployments":' + deep + b"}", Agent) is None
    assert read_one(b'{"agent_id":"x","ignored":' + deep + b"}", Agent) is None
    assert read_one(b'{"agentId":"x","agentDeployments":' + b"[" * 40 + b"]" * 40 + b"}", Agent) is None
    assert read_one(b'{"name":"x","creation_time":' + b"9" * 5000 + b"}", Room) is None
    text = read_one(b'{"name":"x","creation_time":"' + b"9" * 5000 + b'"}', Room)
    assert text == Room(name="x"), "a number in a text that is none costs its field"


def test_errors_in_errors_of_a_hundred_kinds_end() -> None:
    """More different faults than are forgiven: the row is given up, in bounded time."""
    rows = [{"replicas": f"none {index}"} for index in range(500)]
    assert read_one(json.dumps({**GOOD, "agent_deployments": rows}).encode(), Agent) is None


# ---- hostile text --------------------------------------------------------------------------------------

HOSTILE = [
    "\x1b]52;c;cm0gLXJm\x07",
    "\x9b31m",
    "a\u202eb",
    "ad\u200bmin",
    "x\x7fy",
    "\0",
    "tab\tnew\nline\r\n",
    "z" + "\u0301" * 50,
    "\U000e0041",
    "\ue000",
    "[@click=app.quit]x[/]",
    'quote " and \\ and /',
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_hostile_text_is_visible_and_harmless(text: str, ascii_only: bool) -> None:
    body = {
        "id": text,
        "agent_name": text,
        "metadata": text,
        "attributes": {text: text},
        "state": {"jobs": [{"id": text, "state": {"error": text}, "participant": {"identity": text}}]},
    }
    dispatch = read_one(json.dumps(body, ensure_ascii=ascii_only).encode(), Dispatch)
    assert dispatch is not None
    assert_clean(dispatch)
    assert dispatch.agent_name, "nothing is removed silently"
    if is_clean(text):
        assert dispatch.agent_name == text


def test_lines_stay_lines_where_lines_are_meant() -> None:
    body = json.dumps({"id": "AD", "agent_name": "a\nb", "metadata": "a\nb\tc", "state": {"jobs": [
        {"id": "AJ", "state": {"error": "Traceback:\n  File\x1b[0m"}}]}}).encode()  # fmt: skip
    dispatch = read_one(body, Dispatch)
    assert dispatch is not None and dispatch.jobs[0].state is not None
    assert (dispatch.agent_name, dispatch.metadata) == ("a␤b", "a\nb    c")
    assert dispatch.jobs[0].state.error == "Traceback:\n  File␛[0m"


@pytest.mark.parametrize(
    ("escape", "shown"),
    [
        (rb"a\ud800b", r"a\u{d800}b"),
        (rb"a\uDFFFb", r"a\u{dfff}b"),
        (rb"a\ud83d\ude00b", "a😀b"),
        (rb"a\ude00\ud83db", r"a\u{de00}\u{d83d}b"),
        (rb"a\\ud800b", r"a\ud800b"),
        (rb"a\\\ud800b", r"a\\u{d800}b"),
    ],
)
def test_a_surrogate_alone_is_shown_and_spoils_nothing(escape: bytes, shown: str) -> None:
    """JSON can carry half a character, no decoder takes it."""
    room = read_one(b'{"name":"' + escape + b'","num_participants":3}', Room)
    assert room == Room(name=shown, num_participants=3)
    batch = Reader(Room, "rooms").read(b'{"rooms":[{"name":"' + escape + b'"},{"name":"ok"}]}')
    assert [room.name for room in batch.items] == [shown, "ok"]


def test_bytes_that_are_no_text_are_shown() -> None:
    assert read_one(b'{"name":"a\xffb","sid":"s"}', Room) == Room(name="a\ufffdb", sid="s")


def test_long_texts_are_cut_with_a_mark() -> None:
    huge = json.dumps({"name": "n" * 1_000_000, "metadata": "m\n" * 500_000}).encode()
    room = read_one(huge, Room)
    assert room is not None
    assert len(room.name) == len(room.metadata) == wire.TEXT_LIMIT
    assert room.name.endswith("…") and room.metadata.endswith("…")


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (b'{"agent_id":"CA_x","a":[1,2,{"b":null}]}', True),
        (rb'{"a":"\" \\ \/"}', False),  # careful for nothing, but never the other way round
        (rb'{"a":"\" \/"}', True),
        (rb'{"a":"\u001b"}', False),
        (rb'{"a":"\n"}', False),
        (b'{"a":"\x7f"}', False),
        ('{"a":"é"}'.encode(), False),
        (b'{"aB":1}', False),
        (b'{"a":"aB"}', True),
        (b'{"a":"' + b"x" * wire.PLAIN_LIMIT + b'"}', False),
    ],
)
def test_which_items_may_take_the_quick_road(data: bytes, plain: bool) -> None:
    assert is_plain(data) is plain


# ---- anything at all -----------------------------------------------------------------------------------

hostile_text = st.sampled_from(
    [*HOSTILE, "", "Running", "JS_RUNNING", "2026-08-11T00:00:00Z", "9" * 400, "-1", "\ud800"]
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats(allow_nan=False, allow_infinity=False)
    | hostile_text,
    lambda children: st.lists(children, max_size=2) | st.dictionaries(hostile_text, children, max_size=2),
    max_leaves=4,
)


def right(kind: inspect.Type) -> st.SearchStrategy[object]:
    """JSON that a field of this type may hold."""
    match kind:
        case inspect.StructType(cls=cls):
            return objects(cls)
        case inspect.VarTupleType(item_type=item):
            return st.lists(right(item), max_size=2)
        case inspect.UnionType(types=types):
            return st.one_of(*(right(one) for one in types))
        case inspect.DictType():
            return st.dictionaries(hostile_text, hostile_text, max_size=2)
        case inspect.DateTimeType():
            return st.sampled_from(
                ["2026-08-11T00:00:00.123456789Z", "0001-01-01T00:00:00Z", "2026-08-11T00:00:00"]
            )
        case inspect.IntType():
            return st.integers(-(2**63), 2**64) | st.integers().map(str)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.StrType():
            return hostile_text
    raise AssertionError(f"no sample for {kind}")


@cache
def objects(kind: type[Wire]) -> st.SearchStrategy[dict[str, object]]:
    """JSON objects for a model: most values right, some anything at all, keys in either spelling."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    fields = {field.name: st.one_of(right(field.type), right(field.type), anything) for field in info.fields}
    snaked = st.fixed_dictionaries({}, optional=fields)
    return snaked | snaked.map(lambda tree: {camel(name): value for name, value in tree.items()})


def camel(name: str) -> str:
    """`agent_name` to `agentName`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


@settings(max_examples=120, deadline=None)
@given(st.data(), st.booleans())
@pytest.mark.parametrize("kind", [Agent, Version, Dispatch, models.Participant, models.PrivateLinkStatus])
def test_anything_of_the_right_shape_decodes_to_clean_values_of_the_right_type(
    kind: type[Wire], data: st.DataObject, ascii_only: bool
) -> None:
    tree = data.draw(objects(kind))
    body = json.dumps(tree, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    found = read_one(body, kind)
    assert found is not None, "an object is never given up for a few wrong fields"
    assert_clean(found)
    assert msgspec.convert(msgspec.to_builtins(found), kind) == found, "every value is of its declared type"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60) | anything.map(lambda value: json.dumps(value).encode()))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    try:
        batch = Reader(Room, "rooms").read(b'{"rooms":' + body + b"}")
    except Unreadable as error:
        assert is_clean(str(error))
    else:
        for room in batch.items:
            assert_clean(room)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (rb'{"name":"lobby\u001b[2J","sid":"RM"}', "lobby\x1b[2J"),
        ('{"sid":"RM","name":"caf\u00e9\u200b"}'.encode(), "café\u200b"),
        (b'{"name":"lobby"}', "lobby"),
        (rb'{"name":"\ud800"}', ""),
        (b'{"sid":"RM"}', ""),
        (b"[]", ""),
    ],
)
def test_the_name_that_the_server_knows(data: bytes, name: str) -> None:
    """What is shown is a stand-in, but servers compare names exactly (PROTOCOL.md, Tokens and grants)."""
    assert wire.exact_name(data) == name


def test_where_to_upload_is_kept_to_the_letter() -> None:
    """A presigned form that is altered is refused by the store; nothing of it is ever shown."""
    body = rb'{"agent_id":"CA_1","presigned_url":"https:\/\/u\u00e9","presigned_post_request":{"url":"https://s",'
    created = read_one(body + rb'"values":{"policy":"a\tb\u001b","\u00e9":"x"}}}', CreateAgentResponse)
    assert isinstance(created, CreateAgentResponse)
    assert created.presigned_url == "https://ué"
    assert created.presigned_post_request is not None
    assert created.presigned_post_request.values == {"policy": "a\tb\x1b", "é": "x"}
