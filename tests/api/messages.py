"""The official messages: which model stands for which, and how to fill one with values of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from livekit.protocol import agent as agent_pb
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import cloud_agent as cloud_pb
from livekit.protocol import models as models_pb

from tui.api import changes, client, models
from tui.api.models import Wire

MESSAGES: Mapping[type[Wire], type[Message]] = {
    models.Event: cloud_pb.AgentEvent,
    models.Deployment: cloud_pb.AgentDeployment,
    models.Agent: cloud_pb.AgentInfo,
    models.Version: cloud_pb.AgentVersion,
    models.SecretInfo: cloud_pb.AgentSecret,
    models.Setting: cloud_pb.SettingsParam,
    models.Room: models_pb.Room,
    models.Participant: models_pb.ParticipantInfo,
    models.JobState: agent_pb.JobState,
    models.Job: agent_pb.Job,
    models.DispatchState: dispatch_pb.AgentDispatchState,
    models.Dispatch: dispatch_pb.AgentDispatch,
    models.PrivateLinkStatus: cloud_pb.PrivateLinkStatus,
    models.PrivateLink: cloud_pb.PrivateLink,
    client.LinkHealth: cloud_pb.GetPrivateLinkStatusResponse,
    changes.CreateAgentResponse: cloud_pb.CreateAgentResponse,
    changes.DeployAgentResponse: cloud_pb.DeployAgentV2Response,
    changes.PresignedPostRequest: cloud_pb.PresignedPostRequest,
    changes.CreatePrivateLinkResponse: cloud_pb.CreatePrivateLinkResponse,
    changes.EmptyResponse: cloud_pb.DestroyPrivateLinkResponse,
}
"""Model → the message that it reads. `ChangeResponse` reads several."""

IGNORED: Mapping[str, Mapping[str, str]] = {
    "AgentInfo": {"secrets": "no server fills it; ListAgentSecrets is the source"},
    "AgentDeployment": {"cpu_req": "not shown", "mem_req": "not shown"},
    "AgentSecret": {"value": "write-only"},
    "Room": {
        "empty_timeout": "not shown",
        "departure_timeout": "not shown",
        "max_participants": "not shown",
        "creation_time_ms": "not in every answer; creation_time is",
        "turn_password": "a secret: never decoded",
        "enabled_codecs": "not shown",
        "version": "internal",
    },
    "ParticipantInfo": {
        "tracks": "not shown",
        "metadata": "personal data that nobody asked for",
        "version": "internal",
        "permission": "not shown",
        "disconnect_reason": "not shown",
        "kind_details": "not shown",
        "data_tracks": "not shown",
        "client_protocol": "internal",
        "capabilities": "internal",
    },
    "Job": {
        "room": "a snapshot taken at launch; ListRooms is the source",
        "namespace": "deprecated",
        "metadata": "a copy of the dispatch's",
        "attributes": "a copy of the dispatch's",
        "enable_redaction": "not shown",
    },
    "PrivateLink": {"aws": "deprecated"},
}
"""Fields of LiveKit's messages that no model holds, with the reason."""

Field = Any
"""A field descriptor: of one class under protobuf's C core and of another without it."""

START = datetime(2026, 8, 11, 9, 4, 12, 250_000, tzinfo=UTC)


def filled(kind: type[Message], salt: int = 1) -> Message:
    """A message with a value of its own in every field; `salt` makes another one."""
    message = kind()
    fill(message, [salt * 1000], depth=5)
    return message


def fill(message: Message, counter: list[int], depth: int) -> None:
    """Set every field, counting on so that no two values are alike."""
    for field in message.DESCRIPTOR.fields:
        counter[0] += 1
        if _is_map(field):
            _fill_map(message, field, counter[0])
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            if depth:
                _fill_message(message, field, counter, depth)
        elif field.is_repeated:
            getattr(message, field.name).extend([scalar(field, counter[0]), scalar(field, counter[0] + 1)])
        else:
            setattr(message, field.name, scalar(field, counter[0]))


def _is_map(field: Field) -> bool:
    return bool(field.message_type) and field.message_type.GetOptions().map_entry


def _fill_map(message: Message, field: Field, number: int) -> None:
    if field.message_type.fields_by_name["value"].type == FieldDescriptor.TYPE_STRING:
        getattr(message, field.name).update({f"key_{number}": f"value {number}", "camelKey": "x"})


def _fill_message(message: Message, field: Field, counter: list[int], depth: int) -> None:
    inner = getattr(message, field.name)
    targets = [inner.add(), inner.add()] if field.is_repeated else [inner]
    for target in targets:
        counter[0] += 1
        if isinstance(target, Timestamp):
            target.FromDatetime(START + timedelta(seconds=counter[0]))
        else:
            target.SetInParent()
            fill(target, counter, depth - 1)


def scalar(field: Field, number: int) -> object:
    """A value for a field that is no message."""
    if field.type == FieldDescriptor.TYPE_ENUM:
        values = field.enum_type.values
        return values[number % len(values)].number
    if field.type == FieldDescriptor.TYPE_STRING:
        return f"{field.name} {number}"
    if field.type == FieldDescriptor.TYPE_BYTES:
        return f"{number}".encode()
    if field.type == FieldDescriptor.TYPE_BOOL:
        return True
    if field.type in (FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64):
        return 2**62 + number
    return number


def expected(message: Message, kind: type[Wire]) -> Wire:
    """The model that a message means, read by protobuf's own accessors."""
    values: dict[str, object] = {}
    for name in kind.__struct_fields__:
        field = message.DESCRIPTOR.fields_by_name[name]
        value = getattr(message, name)
        if _is_map(field):
            values[name] = dict(value)
        elif field.is_repeated:
            values[name] = tuple(_one(field, item) for item in value)
        elif field.type == FieldDescriptor.TYPE_MESSAGE and not message.HasField(name):
            values[name] = None
        else:
            values[name] = _one(field, value)
    return kind(**values)


def _one(field: Field, value: object) -> object:
    if field.type == FieldDescriptor.TYPE_ENUM and isinstance(value, int):
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else value
    if isinstance(value, Timestamp):
        return value.ToDatetime(UTC)
    if isinstance(value, Message):
        name = value.DESCRIPTOR.full_name
        return expected(value, next(k for k, m in MESSAGES.items() if m.DESCRIPTOR.full_name == name))
    return value
