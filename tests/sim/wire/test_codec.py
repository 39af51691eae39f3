"""Messages as bytes: the JSON of Go's Twirp servers, not Python's (PROTOCOL.md, Hosts and paths)."""

from __future__ import annotations

import json

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import agent as agent_pb
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import cloud_agent as cloud_pb
from livekit.protocol import models
from livekit.protocol import room as room_pb

from tui.sim.wire.codec import SURROGATE, JsonForm, Malformed, decode
from tui.sim.wire.listing import Listing
from tui.sim.world.ids import NEVER, timestamp

FORM = JsonForm()


def read(text: str) -> dict[str, object]:
    value = json.loads(text)
    assert isinstance(value, dict)
    return value


def test_go_prints_proto_names_defaults_and_null_for_unset_messages() -> None:
    assert read(FORM.text(cloud_pb.AgentVersion(version="v"))) == {
        "version": "v",
        "current": False,
        "created_at": None,
        "deployed_at": None,
        "attributes": {},
        "status": "",
        "owner": "",
        "draining": False,
        "active": False,
    }


def test_64_bit_numbers_are_text_and_32_bit_numbers_are_not() -> None:
    printed = read(FORM.text(models.Room(creation_time=1786000000, num_participants=3)))
    assert (printed["creation_time"], printed["creation_time_ms"]) == ("1786000000", "0")
    assert (printed["num_participants"], printed["empty_timeout"]) == (3, 0)


def test_an_unset_optional_message_is_absent_while_a_plain_one_is_null() -> None:
    printed = read(FORM.text(agent_pb.Job(id="AJ_x")))
    assert "participant" not in printed
    assert printed["room"] is None


def test_enums_are_names_and_unknown_numbers_stay_numbers() -> None:
    printed = read(FORM.text(agent_pb.JobState(status=agent_pb.JS_CANCELLED)))
    assert printed["status"] == "JS_CANCELLED"
    unknown = agent_pb.JobState.FromString(bytes([0x08, 0x63]))
    assert read(FORM.text(unknown))["status"] == 99


def test_bytes_are_base64() -> None:
    assert read(FORM.text(cloud_pb.AgentSecret(value=b"\xff\x00x")))["value"] == "/wB4"


def test_keys_come_in_the_order_of_the_proto() -> None:
    printed = read(FORM.text(cloud_pb.AgentInfo()))
    assert list(printed) == [
        "agent_id",
        "agent_name",
        "version",
        "agent_deployments",
        "secrets",
        "deployed_at",
    ]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (1786000000.0, "2026-08-06T07:06:40Z"),
        (1786000000.5, "2026-08-06T07:06:40.500Z"),
        (1786000000.123, "2026-08-06T07:06:40.123Z"),
    ],
)
def test_a_timestamp_is_rfc_3339_with_no_more_digits_than_it_needs(moment: float, text: str) -> None:
    assert read(FORM.text(cloud_pb.AgentVersion(created_at=timestamp(moment))))["created_at"] == text


def test_never_is_year_one() -> None:
    assert read(FORM.text(cloud_pb.AgentInfo(deployed_at=NEVER)))["deployed_at"] == "0001-01-01T00:00:00Z"


def test_the_camel_form_omits_defaults_and_reads_back_the_same() -> None:
    info = cloud_pb.AgentInfo(agent_id="CA_x", deployed_at=timestamp(1786000000))
    text = JsonForm(camel=True).text(info)
    assert read(text) == {"agentId": "CA_x", "deployedAt": "2026-08-06T07:06:40Z"}
    assert json_format.Parse(text, cloud_pb.AgentInfo()) == info


def test_a_lone_surrogate_reaches_the_client_as_json_can_carry_it() -> None:
    sealed = FORM.encoded(models.Room(metadata=f"a{SURROGATE}b"))
    assert json.loads(sealed)["metadata"] == "a\ud800b"


@given(st.text(), st.integers(-(2**63), 2**63 - 1), st.dictionaries(st.text(), st.text()), st.binary())
def test_whatever_is_printed_the_official_reader_reads_the_same(
    text: str, number: int, attributes: dict[str, str], data: bytes
) -> None:
    clean = text.encode(errors="ignore").decode().replace(SURROGATE, "")
    pairs = {
        key.encode(errors="ignore").decode().replace(SURROGATE, ""): value.encode(errors="ignore")
        .decode()
        .replace(SURROGATE, "")
        for key, value in attributes.items()
    }
    dispatch = dispatch_pb.AgentDispatch(
        id=clean,
        attributes=pairs,
        state=dispatch_pb.AgentDispatchState(
            created_at=number, jobs=[agent_pb.Job(state=agent_pb.JobState(error=clean))]
        ),
    )
    secret = cloud_pb.AgentSecret(name=clean, value=data)
    assert json_format.Parse(FORM.text(dispatch), dispatch_pb.AgentDispatch()) == dispatch
    assert json_format.Parse(FORM.text(secret), cloud_pb.AgentSecret()) == secret


REQUEST = dispatch_pb.CreateAgentDispatchRequest(
    agent_name="a", restart_policy=dispatch_pb.JRP_NEVER, attributes={"k": "v"}
)


@pytest.mark.parametrize(
    "body",
    [
        b'{"agent_name":"a","restart_policy":"JRP_NEVER","attributes":{"k":"v"}}',
        b'{"agentName":"a","restart_policy":1,"attributes":{"k":"v"},"unknown":[1]}',
        b' {"agentName":"a","restartPolicy":"JRP_NEVER","attributes":{"k":"v"},"room":null} {"room":"no"}',
    ],
    ids=["snake", "camel, number, unknown key", "null, blanks and a second document"],
)
def test_requests_are_read_as_go_reads_them(body: bytes) -> None:
    assert decode(body, dispatch_pb.CreateAgentDispatchRequest, "json") == REQUEST


@pytest.mark.parametrize("padding", ["", "=="])
def test_bytes_are_read_from_either_base64_alphabet_with_or_without_padding(padding: str) -> None:
    body = f'{{"secrets":[{{"name":"A","value":"_w{padding}"}}]}}'.encode()
    assert decode(body, cloud_pb.CreateAgentRequest, "json").secrets[0].value == b"\xff"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"room":1}',
        b"\xff",
        b'{"room":"\\ud800"}',
        b"[" * 100_000,
        b'{"names":"x"}',
    ],
    ids=["empty", "list", "null", "torn", "wrong type", "no utf-8", "surrogate", "nested", "not repeated"],
)
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    kind = room_pb.ListRoomsRequest if b"names" in body else dispatch_pb.ListAgentDispatchRequest
    with pytest.raises(Malformed, match="the json request could not be decoded"):
        decode(body, kind, "json")


def test_an_empty_protobuf_body_is_a_request_and_garbage_is_not() -> None:
    assert decode(b"", cloud_pb.ListAgentsRequest, "protobuf") == cloud_pb.ListAgentsRequest()
    with pytest.raises(Malformed, match="the protobuf request could not be decoded"):
        decode(b"\xff\xff\xff", cloud_pb.ListAgentsRequest, "protobuf")


def test_a_listing_prints_the_same_answer_as_the_message_in_both_codecs() -> None:
    listing: Listing[models.Room] = Listing(room_pb.ListRoomsResponse, FORM)
    rooms = [models.Room(name=f"room {number}", metadata="x" * number * 90) for number in range(4)]
    for room in rooms:
        listing.put(room.name, room)
    rooms[2].metadata = "changed"
    listing.touch(rooms[2].name)
    listing.drop(rooms[0].name)
    whole = room_pb.ListRoomsResponse(rooms=rooms[1:])
    assert room_pb.ListRoomsResponse.FromString(listing.encoded("protobuf")) == whole
    assert json_format.Parse(listing.encoded("json"), room_pb.ListRoomsResponse()) == whole
    one = room_pb.ListRoomsResponse(rooms=[rooms[3]])
    assert room_pb.ListRoomsResponse.FromString(listing.encoded("protobuf", [rooms[3].name, "gone"])) == one


def test_an_unchanged_listing_is_served_from_the_same_bytes() -> None:
    listing: Listing[models.Room] = Listing(room_pb.ListRoomsResponse, FORM)
    room = listing.put("a", models.Room(name="a"))
    first = listing.encoded("json")
    assert listing.encoded("json") is first
    room.metadata = "new"
    listing.touch("a")
    assert b"new" in listing.encoded("json")
