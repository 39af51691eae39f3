"""The operations themselves: on any fleet, in words, on the wire, and refused."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Unpack

import pytest
from msgspec.structs import replace as replace_fields

from tests.fixtures.fleet_fields import FleetFields
from tests.fixtures.operation import CONCIERGE, START, Setup, operation_setup, world
from tui.api.auth import Credentials
from tui.api.budget import Budget
from tui.api.caller import Endpoint
from tui.api.client import Client
from tui.api.hosts import Host
from tui.api.models import (
    Agent,
    Deployment,
    Dispatch,
    DispatchState,
    Event,
    Job,
    Participant,
    Room,
    SecretInfo,
    Version,
)
from tui.clock import SystemClock
from tui.fleet.coverage import Coverage
from tui.fleet.polling.sources import AGENTS, DISPATCHES, SECRETS, VERSIONS
from tui.fleet.room_freshness import NO_NODE_ANSWERS, RoomFreshness
from tui.fleet.state import QUIET_FACTOR, Fleet, Freshness, with_room_failures
from tui.fleet.view import Selection, View
from tui.operations.arguments import parse_arguments
from tui.operations.descriptions import size_in_bytes
from tui.operations.fields import Answers, FieldKind, InvalidAnswer
from tui.operations.freshness_check import moved, too_old
from tui.operations.join_watch import JoinHealth, JoinWatch
from tui.operations.journal.journal import Verdict
from tui.operations.operation import Danger, Operation, Undo
from tui.operations.pending_operation import CONFIRM_DELAY, PendingOperation
from tui.operations.registry import BY_ID, OPERATIONS
from tui.operations.shell_commands import word_of
from tui.operations.undo import UNDO_SECONDS, LastUndo
from tui.operations.verbs.dispatch_checks import likely_cause
from tui.operations.verbs.secrets_operation import SecretsOperation
from tui.packaging.secrets import SecretSet, SecretToSend
from tui.secret import Secret
from tui.sim.http.orders import WalkOrder
from tui.sim.scenarios.specs import FaultSpec
from tui.ui.commandline.completers import agent_names
from tui.ui.dialogs.operation_facts import effect_facts

SECRET = "sk-canary-77aa"
CRASHED = "AGENT_EVENT_TYPE_APPLICATION_CRASHED"
ALL = [pytest.param(operation, id=operation.id) for operation in OPERATIONS]
LINKS = ("create_link", "delete_link")
"""Their own tests try them."""
OWN = tuple(operation for operation in OPERATIONS if operation.id not in LINKS)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    """The small fleet, standing still."""
    async with operation_setup(tmp_path) as opened:
        yield opened


# ---- on any fleet -------------------------------------------------------------------------------------


def fleet_of(*known: Agent, **more: Unpack[FleetFields]) -> Fleet:
    """A fleet of these, received just now."""
    index = {agent.agent_id: agent for agent in known}
    fresh = {"agents": Freshness(at=1000.0), "dispatches": Freshness(at=1000.0)}
    return replace(Fleet(agents=known, index=index, freshness=fresh), **more)


BARE = Agent(agent_id="CA_bare", agent_name="", version="--")
ODD = Agent(
    agent_id="CA_odd",
    agent_name="x␛[2J",
    version="",
    agent_deployments=(
        Deployment(region="", status="", deployment=""),
        Deployment(region="eu", status="JS_NEW", deployment="a b", version="v", replicas=-1),
    ),
)
TWINS = tuple(
    Agent(
        agent_id=f"CA_{place}", agent_name="same", version="1", agent_deployments=(Deployment(region=region),)
    )
    for place, region in enumerate(("us", "eu"))
)
JOBLESS = Dispatch(id="AD_1", agent_name="", room="r")
ODD_JOB = Dispatch(id="AD_2", agent_name="x", room="r", state=DispatchState(jobs=(Job(id="AJ_1"),)))
FLEETS = {
    "nothing received": Fleet(),
    "empty": fleet_of(),
    "no deployments": fleet_of(BARE),
    "odd": fleet_of(ODD, rooms=(Room(name="r"),), dispatches={"r": (JOBLESS, ODD_JOB)}),
    "twins": fleet_of(*TWINS, coverage=Coverage(1, 9)),
    "no such api": replace(fleet_of(), freshness={"agents": Freshness(at=1.0, absent=True)}),
    "many": fleet_of(*(Agent(agent_id=f"CA_{n}", agent_name=f"a{n}", version="1") for n in range(1000))),
    "with details": fleet_of(
        ODD,
        versions={"CA_odd": (Version(version="1", current=True), Version(version="", status="Building"))},
        secrets={"CA_odd": (SecretInfo(name="A"), SecretInfo(name="B\x1b"))},
    ),
}
SELECTIONS = [
    Selection(),
    Selection(agent_id="CA_bare"),
    Selection(agent_id="CA_odd", room="r", dispatch_id="AD_1"),
    Selection(agent_id="CA_0", room="r", dispatch_id="AD_2", pane="dispatches"),
    Selection(agent_id="CA_gone", room="gone", dispatch_id="AD_gone"),
]


@pytest.mark.parametrize("operation", ALL)
@pytest.mark.parametrize("name", FLEETS)
def test_every_operation_has_words_for_every_fleet(operation: Operation, name: str) -> None:
    for selection in SELECTIONS:
        view = View(FLEETS[name], selection, START, 1000.0)
        given = Answers({"agent": "x", "room": "r", "version": "1", "names": "A\nB"})
        for answers in (Answers(), given):
            unfit = operation.unfit(view)
            fields = operation.fields(view, answers)
            for field in fields:
                if field.kind in (FieldKind.CHOICE, FieldKind.PICK):
                    operation.options(view, answers, field.id)
            operation.hints(view, answers)
            preview = operation.preview(view, answers)
            assert preview.what
            assert preview.effect
            operation.equivalent(view, answers)
            operation.facts(view, answers)
            assert operation.target(view, answers) is not None
            assert not moved(preview, operation.preview(view, answers))
            if not unfit:
                json.dumps(operation.request(view, answers), default=str)


@pytest.mark.parametrize("operation", ALL)
def test_a_server_without_the_api_is_said_so(operation: Operation) -> None:
    view = View(FLEETS["no such api"], Selection(agent_id="CA_x"), START, 1000.0)
    if operation.method.host is Host.AGENTS:
        assert operation.unfit(view) == "this server has no Cloud Agents API"


def test_the_table_is_sound() -> None:
    """Ids and commands are unique; only reads and its own call are named."""
    assert len(BY_ID) == len(OPERATIONS) == len({operation.usage.name for operation in OPERATIONS})
    for operation in OPERATIONS:
        assert operation.method.changes
        assert operation.help[0].islower()
        assert set(operation.reads) <= {AGENTS, VERSIONS, SECRETS, DISPATCHES}


def test_what_cannot_be_taken_back_is_graver_than_what_can() -> None:
    grave = {operation.id for operation in OPERATIONS if operation.danger is Danger.DESTROYS}
    assert grave - {"delete_link"} == {
        "delete_agent",
        "delete_deployment",
        "remove_secrets",
        "replace_secrets",
    }
    mild = {operation.id for operation in OPERATIONS if operation.danger is Danger.REVERSIBLE}
    assert mild - {"create_link"} == {"dispatch", "redispatch", "undispatch"}


STAGED = Agent(
    agent_id="CA_s",
    agent_name="s",
    version="2",
    agent_deployments=(
        Deployment(region="us", status="Running", version="2"),
        Deployment(region="us", status="Running", deployment="same", version="2"),
        Deployment(region="us", status="CrashLoop", deployment="sick", version="3"),
        Deployment(region="us", status="Running", deployment="well", version="3"),
    ),
)


@pytest.mark.parametrize(
    ("deployment", "words"),
    [("same", "production runs 2 already"), ("sick", "this deployment keeps crashing"), ("well", "")],
)
def test_what_speaks_against_promoting_is_said(deployment: str, words: str) -> None:
    view = View(fleet_of(STAGED), Selection(agent_id="CA_s"), START, 1000.0)
    hints = BY_ID["promote"].hints(view, Answers({"deployment": deployment}))
    assert [hint.text for hint in hints] == ([words] if words else [])


def test_events_of_one_kind_are_counted_over_all_deployments() -> None:
    """Twice in one region and three times in another is five times."""
    rows = [
        Deployment(region=region, status="Running", events=(Event(type=CRASHED, count=count),))
        for region, count in (("us", 2), ("eu", 3))
    ]
    assert events_of(*rows) == "crashed ×5"


def test_what_is_known_of_a_deployment_in_trouble_is_said_whichever_it_is() -> None:
    silent = Deployment(region="us", status="CrashLoop", replicas=1)
    telling = Deployment(region="eu", status="Error", events=(Event(type=CRASHED, count=3),))
    assert events_of(silent, telling) == events_of(telling, silent) == "crashed ×3"


def events_of(*rows: Deployment) -> str:
    """What a dialog says of the events of an agent with these deployments."""
    agent = Agent(agent_id="CA_x", agent_name="x", version="1", agent_deployments=rows)
    view = View(fleet_of(agent), Selection(agent_id="CA_x"), START, 1000.0)
    facts = BY_ID["restart"].preview(view, Answers()).state
    return next(fact.text for fact in facts if fact.label == "events")


def test_what_vanishes_is_told_apart_from_what_stays() -> None:
    view = View(FLEETS["with details"], Selection(agent_id="CA_odd"), START, 1000.0)
    removal = BY_ID["remove_secrets"].preview(view, Answers({"names": "A"}))
    assert removal.lost == ("removes: A",)
    new = Answers(secrets=SecretSet((SecretToSend("A", Secret("x")),), (), ()))
    replacement = BY_ID["replace_secrets"].preview(view, new)
    assert [line.split(":")[0] for line in replacement.lost] == ["REMOVES"]
    told = effect_facts(replacement)
    assert told[0].label == "effect" and told[0].tone == "error"
    assert {line.tone for line in told[1:]} == {"text"}
    assert BY_ID["delete_agent"].preview(view, Answers()).lost


# ---- answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"agent": "", "room": "r"}, "type the agent"),
        ({"agent": "a", "room": ""}, "type a room"),
        ({"agent": "a", "room": "x" * 257}, "has 257 bytes, LiveKit takes 256"),
        ({"agent": "a", "room": "会" * 86}, "has 258 bytes, LiveKit takes 256"),
        ({"agent": "a", "room": "r␛[2J"}, "cannot be sent back"),
        ({"agent": "a", "room": "r", "deployment": "a_b"}, "no _"),
        ({"agent": "a", "room": "r", "deployment": "a b"}, "no space"),
        ({"agent": "a", "room": "r", "deployment": "é" * 33}, "64 bytes"),
        ({"agent": "a", "room": "r", "metadata": "x" * (512 * 1024 + 1)}, "LiveKit takes 524,288"),
        ({"agent": "a", "room": "r", "attributes": "no sign"}, "name=value"),
        ({"agent": "a", "room": "r", "attributes": "{1}"}, "no JSON"),
        ({"agent": "a", "room": "r", "attributes": '{"a": 1}'}, "texts as values"),
        ({"agent": "a", "room": "r", "attributes": f"a={'x' * 65_536}"}, "LiveKit takes 65,536"),
    ],
)
def test_a_dispatch_that_livekit_would_not_take_is_not_sent(texts: Mapping[str, str], words: str) -> None:
    view = View(fleet_of(), Selection(), START, 1000.0)
    with pytest.raises(InvalidAnswer, match=words):
        BY_ID["dispatch"].check(view, Answers(texts))


@pytest.mark.parametrize("deployment", ["", " ", "production", "nope"])
def test_no_deployment_is_never_the_whole_agent(deployment: str) -> None:
    """To LiveKit an empty deployment means everything (PROTOCOL.md, Agents)."""
    view = View(fleet_of(ODD), Selection(agent_id=ODD.agent_id), 0.0, 0.0)
    with pytest.raises(InvalidAnswer, match=r"choose a deployment|has no deployment"):
        BY_ID["delete_deployment"].check(view, Answers({"deployment": deployment}))


def test_production_is_the_empty_name() -> None:
    view = View(fleet_of(), Selection(), START, 1000.0)
    answers = Answers({"agent": "a", "room": "r", "deployment": "production"})
    assert BY_ID["dispatch"].request(view, answers)["deployment"] == ""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("", "v", "type a name"),
        ("LIVEKIT_URL", "v", "set by LiveKit itself"),
        ("A", "", "has no value"),
        ("A B", "v", "cannot be the name"),
        ("A=B", "v", "cannot be the name"),
        ("A", "a\x00b", "NUL"),
    ],
)
def test_secrets_that_must_not_be_sent(name: str, value: str, words: str) -> None:
    view = View(fleet_of(BARE), Selection(agent_id="CA_bare"), START, 1000.0)
    with pytest.raises(InvalidAnswer, match=words):
        BY_ID["set_secret"].check(view, Answers({"name": name}, {"value": Secret(value)}))


def test_an_empty_value_in_a_file_is_refused_or_skipped_by_choice(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("A=1\nB=\n")
    operation = BY_ID["import_secrets"]
    with pytest.raises(InvalidAnswer, match=r"B .*is empty"):
        operation.resolve(Answers({"file": str(file)}))
    kept = operation.resolve(Answers({"file": str(file), "empty": "skip"})).secrets
    assert [one.name for one in kept.secrets] == ["A"]
    assert [one.name for one in kept.refused] == ["B"]


def test_a_mount_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(InvalidAnswer, match="larger than"):
        BY_ID["mount_secret"].resolve(Answers({"file": str(file)}))


@pytest.mark.parametrize("name", ["import_secrets", "mount_secret", "replace_secrets", "update"])
def test_a_path_that_can_name_nothing_is_an_answer_like_any_other(name: str) -> None:
    for path, why in (("~nobody-of-that-name/x", "does not exist"), ("a\0b", "null character")):
        with pytest.raises(InvalidAnswer, match=f"{why}; nothing was sent"):
            BY_ID[name].resolve(Answers({"file": path}))


def test_a_command_names_the_file_wherever_a_shell_may_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quoted ~ means nothing to a shell, and `lk agent update` takes no id (PROTOCOL.md, Agents)."""
    monkeypatch.setenv("HOME", "/home/op")
    view = View(fleet_of(BARE), Selection(agent_id="CA_bare"), START, 1000.0)
    given = Answers({"file": "~/x.env", "empty": "skip"})
    start = "lk agent update-secrets --id CA_bare "
    assert {name: BY_ID[name].equivalent(view, given).removeprefix(start) for name in FILED} == FILED
    assert BY_ID["update"].equivalent(view, Answers()) == (
        'curl "$LK_AGENTS_URL/twirp/livekit.CloudAgent/UpdateAgent" -H "Authorization: Bearer $TOKEN"'
        " -H Content-Type:application/json -H X-LIVEKIT-CLI-VERSION:2.18.2"
        """ -d '{"agent_id":"CA_bare","secrets":[]}'"""
    )


FILED = {
    "import_secrets": "--secrets-file /home/op/x.env --ignore-empty-secrets",
    "replace_secrets": "--secrets-file /home/op/x.env --ignore-empty-secrets --overwrite",
    "update": "--secrets-file /home/op/x.env --ignore-empty-secrets",
    "mount_secret": "--secret-mount /home/op/x.env",
}


def test_no_operation_on_secrets_shows_a_value(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text(f"A={SECRET}\n")
    view = View(fleet_of(BARE, secrets={"CA_bare": ()}), Selection(agent_id="CA_bare"), START, 1000.0)
    for operation in OPERATIONS:
        if not isinstance(operation, SecretsOperation):
            continue
        answers = operation.resolve(Answers({"file": str(file), "name": "A"}, {"value": Secret(SECRET)}))
        said = [
            repr(answers),
            repr(operation.preview(view, answers)),
            repr(operation.hints(view, answers)),
            operation.equivalent(view, answers),
            json.dumps(operation.request(view, answers), default=str),
            repr(operation.facts(view, answers)) + repr(operation.arguments(answers)),
        ]
        assert not any(SECRET in text for text in said), operation.id


def test_secrets_that_were_not_received_are_neither_new_nor_vanishing() -> None:
    known = View(fleet_of(BARE, secrets={"CA_bare": ()}), Selection(agent_id="CA_bare"), START, 1000.0)
    unknown = View(fleet_of(BARE), Selection(agent_id="CA_bare"), START, 1000.0)
    read = Answers({"name": "A", "names": "A"}, secrets=SecretSet((SecretToSend("A", Secret("x")),), (), ()))
    for name, said, not_said in (
        ("set_secret", "A is added", "whether A is set already is not known"),
        ("import_secrets", "added: A", "which of them are new is not known"),
        ("replace_secrets", "none is removed", "which of them are new is not known"),
        ("mount_secret", "adds this secret", "whether this secret is new is not known"),
        (
            "remove_secrets",
            "0 others unchanged;",
            "an unknown number of others unchanged (its secrets were not read);",
        ),
    ):
        here = " ".join(BY_ID[name].preview(known, read).effect)
        there = " ".join(BY_ID[name].preview(unknown, read).effect)
        assert said in here and not_said not in here, name
        assert not_said in there and (said not in there or said in not_said), name
    for name in ("set_secret", "mount_secret"):
        assert "new" not in " ".join(BY_ID[name].preview(known, Answers()).effect), (
            "nothing is, before it is named"
        )
    rows = {"secrets of CA_bare": 1}
    held = (SecretInfo(name="A"), SecretInfo(name="B"))
    partly = replace(known, fleet=replace(known.fleet, secrets={"CA_bare": held[1:]}, unreadable_rows=rows))
    whole = replace(known, fleet=replace(known.fleet, secrets={"CA_bare": held}))
    why = "1 row could not be read"
    for name, said, otherwise in (
        (
            "set_secret",
            f"whether A is set already is not known, {why}; others unchanged",
            "A gets a new value",
        ),
        ("import_secrets", f"sets A; which of them are new is not known: {why}", "new value: A"),
        ("replace_secrets", f"which secrets are removed is not known: {why}", "new value: A"),
        (
            "mount_secret",
            f"whether this secret is new is not known: {why}",
            "replaces the secret of that name",
        ),
        ("remove_secrets", f"at least 1 other unchanged ({why}); ", "1 other unchanged; "),
    ):
        assert said in " ".join(BY_ID[name].preview(partly, read).effect), name
        assert otherwise in " ".join(BY_ID[name].preview(whole, read).effect), name
    BY_ID["remove_secrets"].check(partly, read)  # what is not listed may be there
    agent_id = whole.selection.agent_id
    bare = replace(whole, fleet=replace(whole.fleet, secrets={agent_id: ()}))
    assert BY_ID["remove_secrets"].unfit(bare) == "this agent has no secrets"
    assert not BY_ID["remove_secrets"].unfit(whole) and not BY_ID["set_secret"].unfit(bare)
    unknown = replace(whole, fleet=replace(whole.fleet, secrets={}))
    assert not BY_ID["remove_secrets"].unfit(unknown), "it may have some"
    (fact,) = [fact for fact in BY_ID["set_secret"].preview(partly, read).state if fact.label == "secrets"]
    assert fact.text == f"1 set, {why}"


def test_a_version_that_could_not_be_read_may_be_the_one_to_go_back_to() -> None:
    only = (Version(version="v1", current=True),)
    said = {}
    for count in (0, 2):
        rows = {"versions of CA_bare": count} if count else {}
        fleet = fleet_of(BARE, versions={"CA_bare": only}, unreadable_rows=rows)
        view = View(fleet, Selection(agent_id="CA_bare"), START, 1000.0)
        for tag in ("", "v0"):
            with pytest.raises(InvalidAnswer) as refused:
                BY_ID["rollback"].check(view, Answers({"version": tag}))
            said[count, tag] = str(refused.value)
    assert said == {
        (0, ""): "there is no other version",
        (0, "v0"): "this agent has no version v0",
        (2, ""): "no other version is listed: 2 rows could not be read",
        (2, "v0"): "no version v0 is listed: 2 rows could not be read",
    }


# ---- old facts ----------------------------------------------------------------------------------------

THREE_POLLS = 3 * QUIET_FACTOR * 2.0
"""Seconds that as many polls of a quiet fleet with many rooms take with the usual `--refresh`."""


@pytest.mark.parametrize(
    ("fresh", "now", "words"),
    [
        (Freshness(), 1000.0, "nothing was received yet"),
        (Freshness(at=1000.0), 1000.0 + THREE_POLLS, ""),
        (Freshness(at=1000.0), 1001.0 + THREE_POLLS, f"data is {THREE_POLLS + 1:.0f} s old"),
        (Freshness(at=1000.0, failures=3), 1005.0, "3 polls failed"),
    ],
)
def test_old_data_refuses_until_it_is_read_again(fresh: Freshness, now: float, words: str) -> None:
    fleet = replace(FLEETS["twins"], freshness={"agents": fresh})
    view = View(fleet, Selection(agent_id="CA_0"), START, now)
    operation = BY_ID["restart"]
    assert too_old(view, operation, 2.0) == words
    asked = PendingOperation(operation, view, Answers(), production=False, refresh=2.0)
    refused = f"{words}: ctrl+r reloads" if words else ""
    assert asked.obstacle("", locked=False, now=now) == refused
    asked.accept(view)
    assert asked.obstacle("", locked=False, now=now) == ""


def test_an_agent_that_the_newest_list_lacks_is_as_old_as_its_row() -> None:
    now, read_at = 1001.0 + THREE_POLLS, {"agents": {"CA_0": 1000.0}}
    fleet = replace(FLEETS["twins"], freshness={"agents": Freshness(at=now)}, unlisted=read_at)
    operation, view = BY_ID["restart"], View(fleet, Selection(agent_id="CA_0"), START, now)
    assert too_old(view, operation, 2.0) == f"data is {THREE_POLLS + 1:.0f} s old"
    assert too_old(view, operation, 2.0, now) == "", "its dialog looked itself"
    assert too_old(replace(view, selection=Selection(agent_id="CA_1")), operation, 2.0) == ""


@pytest.mark.parametrize(
    ("room", "now", "words"),
    [
        (RoomFreshness(), 1000.0, "nothing was received yet"),
        (RoomFreshness(dispatches_at=1000.0), 1005.0, ""),
        (RoomFreshness(dispatches_at=1000.0), 1001.0 + THREE_POLLS, f"data is {THREE_POLLS + 1:.0f} s old"),
        (
            RoomFreshness(dispatches_at=1000.0, failing_since=1001.0, error="no node answers"),
            1005.0,
            "no node answers",
        ),
    ],
)
def test_what_rests_on_the_dispatches_of_a_room_is_as_old_as_they_are(
    room: RoomFreshness, now: float, words: str
) -> None:
    """Another room was answered just now."""
    fresh = {"dispatches": Freshness(at=now), "rooms": Freshness(at=now)}
    fleet = Fleet(freshness=fresh, room_freshness={"r": room, "s": RoomFreshness(dispatches_at=now)})
    view = View(fleet, Selection(room="r", dispatch_id="AD_1"), START, now)
    assert too_old(view, BY_ID["undispatch"], 2.0) == words
    assert too_old(view, BY_ID["undispatch"], 2.0, now) == "", "its dialog looked itself"


@pytest.mark.parametrize(("name", "waits"), [("delete_agent", True), ("restart", False)])
@pytest.mark.usefixtures("ignoring_early_keys")
def test_what_cannot_be_taken_back_can_only_be_confirmed_after_a_moment(name: str, waits: bool) -> None:
    view = View(FLEETS["twins"], Selection(agent_id="CA_0"), START, 1000.0)
    asked = PendingOperation(BY_ID[name], view, Answers(), production=True, refresh=2.0)
    asked.accept(view)
    assert asked.obstacle("", locked=False, now=1000.0) == "type CA_0 to confirm"
    early = asked.obstacle("CA_0", locked=False, now=1000.0 + CONFIRM_DELAY - 1)
    assert early == ("cannot be undone; wait 1 s" if waits else "")
    assert asked.obstacle("CA_0", locked=False, now=1000.0 + CONFIRM_DELAY) == ""


def test_an_undo_is_offered_for_a_while_or_until_something_else_is_done() -> None:
    class Still(SystemClock):
        at = 5.0

        def monotonic(self) -> float:
            return self.at

    clock = Still()
    last = LastUndo(clock)
    undo = Undo("rollback", Selection(), Answers(), "back")
    last.offer(undo)
    assert last.left == UNDO_SECONDS
    assert (last.offered, last.offered) == (undo, undo)
    clock.at += UNDO_SECONDS
    assert last.offered is None
    last.offer(undo)
    last.offer(None)
    assert last.offered is None


# ---- on the wire --------------------------------------------------------------------------------------


class Recorder:
    """Answers yes to everything, and keeps what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, object]] = []
        self.paths: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.lower().split("\r\n") if "content-length" in line
        )
        self.paths.append(head.split(" ")[1])
        self.bodies.append(json.loads(await reader.readexactly(length)))
        body = b'{"success": true, "id": "AD_1", "room": "r", "agent_name": "a"}'
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()


@pytest.mark.parametrize("operation", [pytest.param(operation, id=operation.id) for operation in OWN])
async def test_a_dry_run_shows_what_is_sent(operation: Operation, tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text(f"A={SECRET}\n")
    given = Answers(
        {
            "agent": "a",
            "room": "r",
            "metadata": "m",
            "attributes": "k=v",
            "version": "1",
            "deployment": "staging",
            "names": "A",
            "name": "A",
            "file": str(file),
        },
        {"value": Secret(SECRET)},
    )
    staging = Agent(
        agent_id="CA_0", agent_name="a", agent_deployments=(Deployment(deployment="staging", version="1"),)
    )
    view = View(fleet_of(staging), Selection(agent_id="CA_0", room="r", dispatch_id="AD_1"), START, 1000.0)
    answers = operation.resolve(given)
    recorder = Recorder()
    server = await asyncio.start_server(recorder.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    endpoint = Endpoint(url=url, agents_url=url, credentials=Credentials("key", Secret("s" * 32)))
    clock = SystemClock()
    async with server:
        client = Client(endpoint, budget=Budget(100, clock), clock=clock)
        await operation.run(client, view, answers, "r-1")
        await client.aclose()
    assert recorder.paths == [operation.method.path]
    assert _masked(recorder.bodies[0]) == json.loads(
        json.dumps(operation.request(view, answers), default=str)
    )


def _masked(body: dict[str, object]) -> dict[str, object]:
    secrets = body.get("secrets")
    if isinstance(secrets, list):
        kind = "AGENT_SECRET_KIND_ENVIRONMENT"
        body["secrets"] = [{"kind": kind, **secret, "value": "***"} for secret in secrets]
    return body


# ---- refused ------------------------------------------------------------------------------------------


async def _everything(here: Setup, folder: Path) -> list[tuple[str, Verdict]]:
    """Try every operation with good answers."""
    file = folder / "x.env"
    file.write_text("A=1\n")
    view = await here.look(agent_id=CONCIERGE, room="lobby")
    found = view.fleet.dispatches["lobby"][0].id
    view = await here.look(agent_id=CONCIERGE, room="lobby", dispatch_id=found)
    good = {
        "agent": "concierge",
        "room": "desk",
        "version": view.fleet.versions[CONCIERGE][1].version,
        "deployment": "staging",
        "names": "DB_URL",
        "file": str(file),
    }
    outcomes = []
    for operation in OWN:
        texts = {**good, "name": "FRESH" if operation.id == "new_secret" else "DB_URL"}
        if operation.id in ("dispatch", "redispatch"):
            texts["deployment"] = ""
        outcome = await here.do(operation.id, view, texts, values={"value": Secret("v")})
        outcomes.append((operation.id, outcome.verdict))
    return outcomes


async def test_a_read_only_client_refuses_every_operation(tmp_path: Path) -> None:
    async with operation_setup(tmp_path, read_only=True) as here:
        outcomes = await _everything(here, tmp_path)
        assert outcomes == [(operation.id, Verdict.NOT_SENT) for operation in OWN]
        assert here.effects() == []
        assert not any(
            str(seen["path"]).split("/")[-1][:4] != "List" for seen in here.simulator.control.requests()
        )
        here.session.unlock(60.0)
        view = await here.look(agent_id=CONCIERGE)
        assert (await here.do("restart", view)).verdict is Verdict.ACCEPTED
        here.clock.advance(61)
        assert (await here.do("restart", view)).verdict is Verdict.NOT_SENT


async def test_a_journal_that_cannot_be_written_stops_everything(here: Setup, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o777)
    outcomes = await _everything(here, tmp_path)
    assert outcomes == [(operation.id, Verdict.NOT_SENT) for operation in OWN]
    assert here.effects() == []


async def test_the_servers_no_is_said_in_its_own_words(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)
    here.simulator.control.walk(WalkOrder(agent_id=CONCIERGE, deployment="", walk=[(0, "Deleting")]))
    here.simulator.control.walk(WalkOrder(agent_id=CONCIERGE, deployment="staging", walk=[(0, "Deleting")]))
    outcome = await here.do("restart", view)
    assert outcome.verdict is Verdict.UNKNOWN, "a word, which nothing that can be listed bears out"
    assert "agent is being deleted" in outcome.words
    assert "nothing changed" not in outcome.words, "of a restart no look can tell that"
    assert outcome.intent is not None
    assert here.entry().intent.request_id == outcome.intent.request_id


async def test_a_pause_that_livekit_asks_for_is_left_to_the_operator(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)
    fault = FaultSpec(path="*/RestartAgent", code="resource_exhausted", retry_after="7", times=1)
    here.lose(fault)
    outcome = await here.do("restart", view)
    assert (outcome.verdict, outcome.retry_after) == (Verdict.REFUSED, 7.0)
    asked = PendingOperation(
        BY_ID["restart"], here.view(view.selection), Answers(), production=False, refresh=2.0
    )
    asked.wait(outcome.retry_after)
    now = here.clock.monotonic()
    assert "asks for a pause: 7 s" in asked.obstacle("", locked=False, now=now)
    assert asked.obstacle("", locked=False, now=now + 8) == ""


@pytest.mark.parametrize("missing_room", ["cloud", "oss"])
async def test_a_room_that_is_gone_is_no_outage(tmp_path: Path, missing_room: str) -> None:
    scenario = world(missing_room=missing_room, missing_room_seconds=0.05)
    async with operation_setup(tmp_path, scenario) as here:
        view = await here.look(room="lobby")
        found = view.fleet.dispatches["lobby"][0].id
        view = await here.look(room="lobby", dispatch_id=found)
        outcome = await here.do("dispatch", view, agent="concierge", room="brand-new")
        assert outcome.verdict is Verdict.DONE
        del here.simulator.world.rooms["lobby"]
        here.simulator.world.room_list.drop("lobby")
        outcome = await here.do("undispatch", view)
        assert outcome.verdict is Verdict.NOT_SENT
        words = "requested room does not exist" if missing_room == "cloud" else "room not found or not active"
        assert words in outcome.words


# ---- words for shells and command lines ---------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["plain", "two words", "it's", "$(rm -rf /)", "a\nb", "\x1b[2J", "é漢", "", "\u202e"]
)
def test_a_command_that_is_pasted_means_what_it_says(text: str) -> None:
    quoted = word_of(text)
    assert quoted.isprintable()
    done = subprocess.run(
        ["bash", "-c", f"printf %s {quoted}"], capture_output=True, env={"LC_ALL": "C.UTF-8"}, check=True
    )
    assert done.stdout.decode() == text
    if text.isprintable():
        assert shlex.split(quoted) == [text]


def test_words_name_targets() -> None:
    fleet = fleet_of(*TWINS, BARE, dispatches={"r": (JOBLESS,)})
    selected, _ = parse_arguments(BY_ID["restart"], ("CA_1",), fleet, Selection())
    assert selected.agent_id == "CA_1"
    selected, answers = parse_arguments(BY_ID["rollback"], ("CA_0", "2026"), fleet, Selection())
    assert (selected.agent_id, answers.text("version")) == ("CA_0", "2026")
    selected, _ = parse_arguments(BY_ID["undispatch"], ("AD_1",), fleet, Selection())
    assert (selected.room, selected.dispatch_id) == ("r", "AD_1")
    for command in ("set_secret", "remove_secrets"):
        _, answers = parse_arguments(BY_ID[command], ("CA_1", "DB_URL"), fleet, Selection())
        assert (answers.text("name"), answers.names()) == ("DB_URL", ("DB_URL",))
    _, answers = parse_arguments(BY_ID["dispatch"], ("lobby", "concierge"), fleet, Selection())
    assert (answers.text("room"), answers.text("agent")) == ("lobby", "concierge")
    for words, said in ((("same",), "2 agents"), (("nope",), "no agent"), (("CA_0", "x", "y"), "too many")):
        with pytest.raises(InvalidAnswer, match=said):
            parse_arguments(BY_ID["restart"], words, fleet, Selection())
    with pytest.raises(InvalidAnswer, match=r"no match for 'AD_9' \(.*list of rooms was not received"):
        parse_arguments(BY_ID["undispatch"], ("AD_9",), fleet, Selection())


# ---- what is not known --------------------------------------------------------------------------------

ROOMS_KNOWN = {"agents": Freshness(at=1000.0), "rooms": Freshness(at=1000.0)}
SELF_HOSTED = {"agents": Freshness(at=1000.0, absent=True), "rooms": Freshness(at=1000.0)}
FOR_RUNNING = {"agent": "concierge", "room": "desk"}
RUNNING = Agent(
    agent_id="CA_1", agent_name="concierge", version="1", agent_deployments=(Deployment(status="Running"),)
)


def hints_of(fleet: Fleet, texts: Mapping[str, str] = FOR_RUNNING) -> list[str]:
    """What the form of a dispatch says two minutes after the lists were received."""
    view = View(fleet, Selection(), START, 1120.0)
    return [f"{hint.weight.value}: {hint.text}" for hint in BY_ID["dispatch"].hints(view, Answers(texts))]


@pytest.mark.parametrize(
    ("freshness", "said"),
    [
        ({}, "the list of agents was not received yet: "),
        (
            {"agents": Freshness().failed("HTTP 502", None)},
            "the list of agents was not received yet (HTTP 502): ",
        ),
        (SELF_HOSTED, "this server lists no agents: "),
    ],
)
def test_an_agent_is_not_called_unknown_where_the_list_was_never_received(
    freshness: Mapping[str, Freshness], said: str
) -> None:
    fleet = Fleet(freshness=freshness)
    assert hints_of(fleet)[0] == f"note: {said}whether a worker is registered shows only afterwards"
    assert likely_cause(fleet, "concierge", "") is None, "an absent list proves nothing"
    with pytest.raises(InvalidAnswer, match=re.escape(said[:-2])):
        parse_arguments(BY_ID["restart"], ("concierge",), fleet, Selection())
    assert BY_ID["restart"].unfit(View(fleet, Selection(agent_id="CA_1"), START, 1000.0)) in (
        said[:-2],
        "this server has no Cloud Agents API",
    )


def test_rooms_are_not_called_missing_where_the_list_was_never_received() -> None:
    assert hints_of(Fleet())[1].startswith("note: the list of rooms was not received yet")
    assert hints_of(Fleet(freshness=ROOMS_KNOWN))[1].startswith("note: room does not exist yet")
    view = View(Fleet(), Selection(room="desk", dispatch_id="AD_1"), START, 1000.0)
    assert BY_ID["undispatch"].unfit(view) == "what is dispatched to desk is not known yet"


def test_a_room_that_is_listed_and_not_answered_for_is_not_called_open() -> None:
    fleet = fleet_of(RUNNING, rooms=(Room(name="desk"),), dispatches={"desk": ()})
    fleet = with_room_failures(replace(fleet, freshness=ROOMS_KNOWN), {"desk": NO_NODE_ANSWERS}, 990.0)
    assert hints_of(fleet)[1] == (
        "warn: room: listed, but no node answers for it; a dispatch may start it on another node"
    )


def test_what_was_true_long_ago_is_not_told_as_true_now() -> None:
    stale = {name: replace(fresh, failures=5) for name, fresh in ROOMS_KNOWN.items()}
    fleet = fleet_of(RUNNING, rooms=(Room(name="desk", num_participants=1),), dispatches={"desk": ()})
    assert hints_of(replace(fleet, freshness=ROOMS_KNOWN)) == [
        "good: agent is running",
        "good: room is open, 1 participant in it",
    ]
    assert hints_of(replace(fleet, freshness=stale)) == [
        "warn: agent was running 2m ago; its state now is not known",
        "warn: room was open 2m ago, 1 participant in it",
    ]
    assert hints_of(replace(fleet, freshness=stale), {"room": "new"}) == [
        "warn: room did not exist 2m ago; whether it is open now is not known"
    ]


def test_a_server_that_only_stores_the_restart_policy_is_not_asked_for_one() -> None:
    def asked(freshness: Mapping[str, Freshness]) -> dict[str, str]:
        view = View(Fleet(freshness=freshness), Selection(), START, 1000.0)
        return {field.id: field.help for field in BY_ID["dispatch"].fields(view, Answers())}

    assert "restart" not in asked(SELF_HOSTED)
    assert asked(ROOMS_KNOWN)["restart"].startswith("Cloud only")
    view = View(Fleet(freshness=SELF_HOSTED), Selection(), START, 1000.0)
    copied = Answers({**FOR_RUNNING, "restart": "JRP_NEVER"})
    assert BY_ID["dispatch"].request(view, copied)["restart_policy"] == "JRP_NEVER", "a copy keeps it"


def test_names_that_dispatches_and_rooms_show_are_suggested() -> None:
    agent = Participant(identity="x", kind="AGENT", attributes={"lk.agent.name": "seen"})
    fleet = fleet_of(
        RUNNING,
        dispatches={"r": (ODD_JOB, JOBLESS, replace_fields(ODD_JOB, agent_name="concierge"))},
        participants={"r": (agent, Participant(identity="ann"))},
    )
    view = View(fleet, Selection(), START, 1000.0)
    options = BY_ID["dispatch"].options(view, Answers(), "agent")
    assert [" ".join(option.words) for option in options] == [
        "concierge",
        "seen (in a room)",
        "x (dispatched before)",
    ]
    assert list(agent_names(fleet)) == ["concierge", "x", "seen"]


@pytest.mark.parametrize(
    ("types", "effect", "waits"),
    [
        (("JT_ROOM",), "starts one job; u", False),
        (("JT_PUBLISHER", "JT_PUBLISHER"), "starts one job per publisher; u", True),
        (("JT_ROOM", "JT_PUBLISHER"), "one job, or one per publisher; u", False),
        ((), "one job, or one per publisher; u", False),
    ],
)
def test_how_many_jobs_it_starts_follows_from_those_before(
    types: tuple[str, ...], effect: str, waits: bool
) -> None:
    jobs = tuple(Job(id=f"AJ_{place}", type=kind) for place, kind in enumerate(types))
    before = Dispatch(id="AD_3", agent_name="concierge", room="r", state=DispatchState(jobs=jobs))
    fleet = fleet_of(RUNNING, dispatches={"r": (before,)})
    view = View(fleet, Selection(), START, 1000.0)
    assert BY_ID["dispatch"].preview(view, Answers(FOR_RUNNING)).effect[0].startswith(effect)
    assert any("waits for one" in hint for hint in hints_of(fleet)) is waits
    watch = JoinWatch(Dispatch(id="AD_4", agent_name="concierge", room="desk"), started=0.0, accepted=0.1)
    join = watch.join(fleet, 60.0)
    assert (join.mood is JoinHealth.WAITING) is waits, "it waits by right"
    assert join.verdict.startswith("accepted, no publisher yet 60 s") is waits


@pytest.mark.parametrize(
    ("text", "size"), [("é" * 2, "4 B"), ("x␛", "about 2 B"), ("x" * 2000 + "…", "over 2,003 B")]
)
def test_the_size_of_a_text_is_in_bytes_as_sent(text: str, size: str) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Updating", "agent is updating: new workers are on their way"),
        ("Deleting", "agent is being deleted: there may be no worker to take it"),
        ("Waking", "agent is waking up: a cold start takes 10-20 s"),
        ("Error", "agent has status Error: there may be no worker to take it"),
    ],
)
def test_why_nobody_may_take_a_dispatch_is_said_as_a_person_would(status: str, said: str) -> None:
    agent = Agent(agent_id="CA_1", agent_name="concierge", agent_deployments=(Deployment(status=status),))
    cause = likely_cause(fleet_of(agent), "concierge", "")
    assert cause is not None and cause.text == said
