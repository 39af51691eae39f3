"""The models against LiveKit's own descriptors and against JSON that LiveKit's own library prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from livekit.protocol import cloud_agent as cloud_pb
from msgspec.structs import replace

from tests.api.messages import IGNORED, MESSAGES, expected, filled
from tui.api import changes, client, methods, models
from tui.api.changes import DeployAgentResponse
from tui.api.decoding.wire import read_one
from tui.api.models import Agent, Dispatch, Participant, Wire, instant, moment
from tui.secret import Secret

ALL = (*methods.METHODS, *changes.CHANGES)
NEWER_DISPATCH = (
    b'{"id":"AD_1","agent_name":"a","room":"r","restart_policy":"JRP_SOMETHING_NEW","restartPolicy":7,'
    b'"someday":{"x":1},"state":{"jobs":[{"id":"AJ_1","state":{"status":"JS_NEW"}}]}}'
)
"""Of a server that knows more than we do, and spells one field twice."""
PAIRS = [pytest.param(kind, message, id=kind.__name__) for kind, message in MESSAGES.items()]


def subclasses(kind: type[Wire]) -> Iterator[type[Wire]]:
    """Every model there is."""
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_model_is_held_against_its_message() -> None:
    ours = {kind for kind in subclasses(Wire) if kind.__module__.startswith("tui.")}
    assert ours == {*MESSAGES, changes.ChangeResponse}
    assert client.LinkHealth in ours


@pytest.mark.parametrize(("kind", "message"), PAIRS)
def test_every_field_is_used_or_ignored_for_a_reason(kind: type[Wire], message: type[Message]) -> None:
    official = {field.name for field in message.DESCRIPTOR.fields}
    used = set(kind.__struct_fields__)
    ignored = IGNORED.get(message.DESCRIPTOR.name, {})
    assert used <= official
    assert set(ignored) == official - used, "IGNORED lists exactly what the model leaves out"
    assert all(ignored.values())


def test_nothing_is_ignored_of_a_message_that_no_model_reads() -> None:
    assert set(IGNORED) <= {message.DESCRIPTOR.name for message in MESSAGES.values()}


@pytest.mark.parametrize(("kind", "message"), PAIRS)
def test_an_empty_message_is_the_default_model(kind: type[Wire], message: type[Message]) -> None:
    """An enum's default is the name of its zero; an absent text is empty."""
    assert expected(message(), kind) == said(kind())
    assert read_one(b"{}", kind) == kind()


def said(model: Wire | None) -> Wire | None:
    """A model with the protocol's default for a `success` that was left out; ours is that it is unknown."""
    return replace(model, success=bool(model.success)) if isinstance(model, DeployAgentResponse) else model


@pytest.mark.parametrize(
    ("answer", "reader"),
    [
        (cloud_pb.UpdateAgentResponse, changes.ChangeResponse),
        (cloud_pb.UpdateAgentSecretsResponse, changes.ChangeResponse),
        (cloud_pb.RestartAgentResponse, changes.ChangeResponse),
        (cloud_pb.RollbackAgentResponse, changes.ChangeResponse),
        (cloud_pb.DeleteAgentResponse, changes.ChangeResponse),
        (cloud_pb.PromoteAgentResponse, changes.ChangeResponse),
        (cloud_pb.DeployAgentV2Response, changes.DeployAgentResponse),
    ],
)
def test_both_failure_channels_are_read(answer: type[Message], reader: type[Wire]) -> None:
    """`success` and `message` bear these names in every answer that has them (PROTOCOL.md, Agents)."""
    body = json_format.MessageToJson(answer(success=True, message="why"), preserving_proto_field_name=True)
    found = read_one(body.encode(), reader)
    assert isinstance(found, changes.ChangeResponse | changes.DeployAgentResponse)
    assert (found.success, found.message) == (True, "why")


def test_every_method_exists() -> None:
    services = {**cloud_pb.DESCRIPTOR.services_by_name}
    from livekit.protocol import agent_dispatch, room

    services |= agent_dispatch.DESCRIPTOR.services_by_name
    services |= room.DESCRIPTOR.services_by_name
    assert len(ALL) == 22, "one method deletes agents and deployments"
    for method in ALL:
        assert method.name in services[method.service].methods_by_name


def test_what_lists_and_gets_is_a_read_and_nothing_else_is() -> None:
    for method in ALL:
        assert method.changes is not method.name.startswith(("List", "Get")), method.label
        assert (method.label in methods.READS) is not method.changes
    assert methods.READS - {method.label for method in ALL} == {"GET /logs"}


def go(message: Message) -> str:
    """As livekit-server prints it: proto names, defaults, null for what is unset."""
    text = json_format.MessageToJson(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    tree = json.loads(text)
    for field in message.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_MESSAGE and not field.is_repeated:
            tree.setdefault(field.name, None)
    return json.dumps(tree)


def spaced(message: Message) -> str:
    """Other white space: servers are free to print it (PROTOCOL.md, Hosts and paths)."""
    return json_format.MessageToJson(message, preserving_proto_field_name=True, indent=3)


def camel(message: Message) -> str:
    """camelCase, no defaults: protojson's own form."""
    return json_format.MessageToJson(message)


def mixed(message: Message) -> str:
    """Every other key in camelCase."""
    names = json.loads(spaced(message))
    humps = json.loads(camel(message))
    paired = zip(names.items(), humps.items(), strict=True)
    return json.dumps(dict(pair[index % 2] for index, pair in enumerate(paired)))


@pytest.mark.parametrize("form", [go, spaced, camel, mixed])
@pytest.mark.parametrize(("kind", "message"), PAIRS)
def test_json_of_the_official_library_decodes_to_the_same_values(
    kind: type[Wire], message: type[Message], form: Callable[[Message], str]
) -> None:
    for sample in (filled(message), filled(message, 2), message()):
        assert said(read_one(form(sample).encode(), kind)) == expected(sample, kind)


def test_unknown_enum_numbers_come_through_as_numbers() -> None:
    """A number is what a server prints for a value newer than its own names."""
    job = read_one(b'{"state":{"status":9},"type":7}', models.Job)
    assert job is not None and job.state is not None
    assert (job.state.status, job.type) == (9, 7)
    newer = read_one(b'{"state":{"status":"JS_NEW"}}', models.Job)
    assert newer is not None and newer.state is not None and newer.state.status == "JS_NEW"
    listed = read_one(NEWER_DISPATCH, models.Dispatch)
    assert listed is not None and listed.state is not None
    assert (listed.restart_policy, [job.state.status for job in listed.state.jobs if job.state]) == (
        7,
        ["JS_NEW"],
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, None),
        (-1, None),
        (-(2**63), None),
        (1, 1.0),
        (1_786_000_000, 1_786_000_000.0),
        (1_786_000_000_123, 1_786_000_000.123),
        (1_786_000_000_123_456, 1_786_000_000.123456),
        (1_786_000_001_200_000_000, 1_786_000_001.2),
        (4_102_444_799, 4_102_444_799.0),
        (4_102_444_800, None),
        (4_102_444_800_000, None),
        (10**11 - 1, None),
        (2**63 - 1, None),
        (10**400, None),
    ],
)
def test_times_are_told_by_their_size(value: int, seconds: float | None) -> None:
    found = moment(value)
    assert found == (None if seconds is None else pytest.approx(seconds, abs=1e-6))


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("year", [2015, 2026, 2099])
def test_every_unit_of_this_century_means_the_same_moment(year: int, unit: int) -> None:
    at = int(datetime(year, 3, 1, tzinfo=UTC).timestamp())
    assert moment(at * unit) == at


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (None, None),
        (datetime(1, 1, 1, tzinfo=UTC), None),
        (datetime(1, 1, 1), None),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), None),
        (datetime(2026, 8, 11, tzinfo=UTC), 1_786_406_400.0),
        (datetime(2026, 8, 11), 1_786_406_400.0),
        (datetime(2026, 8, 11, 2, tzinfo=timezone(timedelta(hours=2))), 1_786_406_400.0),
    ],
)
def test_never_has_three_spellings(value: datetime | None, at: float | None) -> None:
    """Null, the year 1 and the epoch (PROTOCOL.md, Hosts and paths); a time without a zone is UTC."""
    assert instant(value) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('"2026-08-11T00:00:00Z"', 1_786_406_400.0),
        ('"2026-08-11T00:00:00.5Z"', 1_786_406_400.5),
        ('"2026-08-11T00:00:00.123456789Z"', 1_786_406_400.123457),
        ('"2026-08-11T00:00:00"', 1_786_406_400.0),
        ('"2026-08-11T02:00:00+02:00"', 1_786_406_400.0),
        ('"0001-01-01T00:00:00Z"', None),
        ('"1970-01-01T00:00:00Z"', None),
        ('"9999-12-31T23:59:59.999999999Z"', None),
        ("null", None),
        ('""', None),
        ('"yesterday"', None),
        ("1e300", None),
        ("{}", None),
        ("[]", None),
    ],
)
def test_timestamps_are_read_or_left_out(text: str, at: float | None) -> None:
    agent = read_one(f'{{"agent_id":"CA_x","deployed_at":{text}}}'.encode(), Agent)
    assert agent is not None and agent.agent_id == "CA_x"
    assert instant(agent.deployed_at) == at


def test_who_is_an_agent() -> None:
    assert Participant(kind="AGENT").is_agent
    assert Participant(kind="STANDARD", identity="agent-AJ_x").is_agent  # servers without kinds
    assert not Participant(kind="SIP", identity="caller").is_agent


def test_what_to_call_an_agent() -> None:
    row = models.Deployment(agent_name="seen")
    assert Agent(agent_name="own", agent_deployments=(row,)).name == "own"
    assert Agent(agent_deployments=(models.Deployment(), row)).name == "seen"
    assert Agent().name == ""
    assert [Agent(version=tag).never_deployed for tag in ("", "--", "20260811090412")] == [True, True, False]
    assert [models.Deployment(deployment=name).name for name in ("", "staging")] == ["production", "staging"]


def test_what_is_listed_has_its_identity_first() -> None:
    """`Reader` tells items apart by it."""
    first = {kind.__name__: kind.__struct_fields__[0] for kind in MESSAGES if kind.__struct_fields__}
    assert first["Agent"] == "agent_id"
    assert first["Version"] == "version"
    assert first["SecretInfo"] == first["Setting"] == first["Room"] == "name"
    assert first["Participant"] == "identity"
    assert first["Dispatch"] == "id"
    assert first["PrivateLink"] == "private_link_id"


def test_a_secret_in_a_request_does_not_show_its_value() -> None:
    """`test_requests` holds that it is sent."""
    message = changes.secret_message("TOKEN", Secret("hunter2-hunter2"))
    assert "hunter2" not in repr(message) + json.dumps(message, default=str)
    with pytest.raises(TypeError):
        msgspec.json.encode(message)
    assert changes.secret_message("key.pem", Secret("x"), file=True)["kind"] == "AGENT_SECRET_KIND_FILE"


def test_dispatches_without_attributes_share_that() -> None:
    """An empty mapping for each of a hundred thousand would be six megabytes."""
    one, other = Dispatch(id="AD_1"), Dispatch(id="AD_2", attributes={"a": "b"})
    for dispatch in (one, other):
        dispatch.share()
    assert one.attributes is models.NO_ATTRIBUTES and other.attributes == {"a": "b"}
