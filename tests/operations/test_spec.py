"""Everything that `lk agent`, `lk dispatch` and the AgentDispatchService offer has its place here.

The rows are what LiveKit documents; each says by which operation, command, field or pane it is covered.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tests.api.messages import IGNORED
from tui.api import changes, methods, models
from tui.api.models import Job, JobState
from tui.deploy.plan import Plan
from tui.deploy.plan_builder import OPTIONS, DeployInput, with_options
from tui.fleet.conditions import Worst, job_condition
from tui.fleet.evidence import RoomEvidence
from tui.fleet.state import Fleet
from tui.fleet.view import Selection, View
from tui.operations.arguments import parse_arguments, split_options
from tui.operations.fields import Answers
from tui.operations.registry import BY_ID, OPERATIONS
from tui.operations.remote import Remote
from tui.packaging.secrets import SecretToSend
from tui.secret import Secret
from tui.ui.commandline.command import BadCommand
from tui.ui.commandline.commands import COMMANDS
from tui.ui.commandline.line import parse
from tui.ui.deploy.questions import fields as deploy_fields
from tui.ui.panes import PANES, branches

VIEW = View(Fleet(), Selection(), 0.0, 0.0)
COMMAND_NAMES = {command.name for command in COMMANDS}
PANE_NAMES = {pane.NAME for pane in PANES}

# command → flag → what covers it: `operation:ID`, `operation:ID.FIELD`, `command:NAME`, `pane:NAME`,
# `form:FIELD` of creating and deploying, `dialog` for a question that is always asked, `selection` for what
# the cursor, a mark or a command's first word decides
AGENT_COMMANDS: dict[str, dict[str, str]] = {
    "create": {
        "": "command:create",
        "--secrets": "form:typed",
        "--secrets-file": "form:secrets",
        "--silent": "dialog",
        "--region": "form:region",
        "--secret-mount": "form:mounts",
        "--ignore-empty-secrets": "form:empty",
        "--skip-sdk-check": "form:sdk",
    },
    "deploy": {
        "": "command:deploy",
        "--secrets": "form:typed",
        "--secrets-file": "form:secrets",
        "--deployment": "form:deployment",
        "--attributes": "form:attributes",
    },
    "config": {"": "command:config", "--id": "selection"},
    "dockerfile": {"": "command:dockerfile", "--overwrite": "dialog"},
    "private-link": {
        "create": "operation:create_link",
        "list": "command:links",
        "delete": "operation:delete_link",
        "health-status": "command:links",
    },
    "status": {"": "pane:Status", "--id": "selection"},
    "update": {
        "": "operation:update",
        "--secrets": "operation:set_secret.value",
        "--secrets-file": "operation:update.file",
        "--id": "selection",
    },
    "restart": {"": "operation:restart", "--id": "selection"},
    "rollback": {"": "operation:rollback", "--version": "operation:rollback.version", "--id": "selection"},
    "logs": {"": "pane:Logs", "--id": "selection", "--log-type": "command:logs"},
    "tail": {"": "pane:Logs", "--id": "selection", "--log-type": "command:logs"},
    "delete": {
        "": "operation:delete_agent",
        "--id": "selection",
        "--deployment": "operation:delete_deployment",
    },
    "destroy": {"": "operation:delete_agent", "--id": "selection"},
    "versions": {"": "pane:Versions", "--id": "selection"},
    "list": {"": "pane:Agents", "--id": "selection", "--project": "command:project"},
    "secrets": {"": "pane:Secrets", "--id": "selection"},
    "update-secrets": {
        "": "operation:set_secret",
        "--secrets": "operation:set_secret.value",
        "--secrets-file": "operation:import_secrets.file",
        "--secret-mount": "operation:mount_secret.file",
        "--ignore-empty-secrets": "operation:import_secrets.empty",
        "--id": "selection",
        "--overwrite": "operation:replace_secrets",
    },
    "promote": {"": "operation:promote", "--id": "selection", "--deployment": "operation:promote.deployment"},
}

DISPATCH_COMMANDS: dict[str, dict[str, str]] = {
    "list": {"": "pane:Dispatches"},
    "get": {"": "command:find"},
    "create": {
        "": "operation:dispatch",
        "--agent-name": "operation:dispatch.agent",
        "--room": "operation:dispatch.room",
        "--new-room": "operation:dispatch.room",
        "--deployment": "operation:dispatch.deployment",
        "--metadata": "operation:dispatch.metadata",
    },
    "delete": {"": "operation:undispatch"},
}

ALL_ROWS = [
    pytest.param(covered, id=f"{family} {command} {flag}".strip())
    for family, table in (("agent", AGENT_COMMANDS), ("dispatch", DISPATCH_COMMANDS))
    for command, flags in table.items()
    for flag, covered in flags.items()
]


@pytest.mark.parametrize("covered", ALL_ROWS)
def test_every_command_and_flag_is_covered(covered: str) -> None:
    kind, _, name = covered.partition(":")
    if kind == "operation":
        operation_id, _, field = name.partition(".")
        operation = BY_ID[operation_id]
        assert operation.usage.name in COMMAND_NAMES
        asked = {item.id for item in operation.fields(VIEW, Answers())}
        assert not field or field in asked
    elif kind == "command":
        assert name in COMMAND_NAMES
    elif kind == "pane":
        assert name in PANE_NAMES
    elif kind == "form":
        assert name in {field.id for field in deploy_fields("", DeployInput())}
    else:
        assert covered in ("selection", "dialog")


DOCUMENTED_AGENT = """
create --secrets --secrets-file --silent
deploy --secrets --secrets-file
status --id
update --secrets --secrets-file --id
restart --id
rollback --version --id
logs --id --log-type
tail --id --log-type
delete --id
destroy --id
versions --id
list --id --project
secrets --id
update-secrets --secrets --secrets-file --id --overwrite
config --id
dockerfile --overwrite
"""
"""Every subcommand of the public page on the command line with every option that it names."""
DOCUMENTED_DISPATCH = """
list
get
create --agent-name --room --new-room --deployment --metadata
delete
"""


@pytest.mark.parametrize(
    ("page", "table"),
    [(DOCUMENTED_AGENT, AGENT_COMMANDS), (DOCUMENTED_DISPATCH, DISPATCH_COMMANDS)],
    ids=["agent", "dispatch"],
)
def test_no_documented_command_or_flag_is_missing(page: str, table: dict[str, dict[str, str]]) -> None:
    missing = [
        f"{command} {flag}".strip()
        for command, *flags in map(str.split, page.strip().splitlines())
        for flag in ("", *flags)
        if flag not in table.get(command, {})
    ]
    assert missing == []


LINES = {
    "lk agent status --id CA_MyAgentId": "status CA_MyAgentId",
    "lk agent restart --id CA_MyAgentId": "restart CA_MyAgentId",
    "lk agent rollback --id CA_MyAgentId --version 20250809003117": "rollback CA_MyAgentId 20250809003117",
    "lk agent rollback --version=20250809003117 --id=CA_x": "rollback CA_x 20250809003117",
    "lk agent logs --id CA_MyAgentId --log-type build": "logs CA_MyAgentId build",
    "lk agent tail --id CA_MyAgentId --log-type deploy": "logs CA_MyAgentId deploy",
    "lk agent delete --id CA_MyAgentId": "delete CA_MyAgentId",
    "lk agent destroy --id CA_MyAgentId": "delete CA_MyAgentId",
    "lk agent versions --id CA_MyAgentId": "versions CA_MyAgentId",
    "lk agent list": "agents",
    "lk agent secrets --id CA_MyAgentId": "secrets CA_MyAgentId",
    "lk agent update --id CA_x --secrets-file ./s.env": "update CA_x ./s.env",
    "lk agent update-secrets --id CA_x --secrets-file ./s.env": "import-secrets CA_x ./s.env",
    "lk agent update-secrets --id CA_x --secrets-file ./s.env --overwrite": "replace-secrets CA_x ./s.env",
    "lk agent update-secrets --id CA_x": "set-secret CA_x",
    "lk agent promote --id CA_x --deployment staging": "promote CA_x staging",
    "lk agent delete --id CA_x --deployment staging": "delete-deployment CA_x staging",
    "lk agent config --id CA_x": "config CA_x",
    "lk agent create .": "create .",
    "lk agent deploy ./agent": "deploy ./agent",
    "lk agent dockerfile": "dockerfile",
    "lk agent create . --region us-east --secrets-file s.env --secret-mount a --secret-mount 'b c'": (
        "create . region=us-east secrets=s.env \"mounts=a 'b c'\""
    ),
    "lk agent deploy -d staging --attribute a=1 --attribute 'b=x y' --no-default-attributes": (
        "deploy deployment=staging \"attributes=a=1 'b=x y'\" git=no"
    ),
    """lk agent deploy --attributes '{"a": "1"}' --ignore-empty-secrets dir""": (
        """deploy dir 'attributes={"a": "1"}' empty=skip"""
    ),
    "lk agent deploy --skip-sdk-check dir": "deploy dir sdk=skip",
    "lk agent logs --id CA_x -d staging": "logs CA_x deployment=staging",
    "agent logs --id CA_x -d staging": "logs CA_x deployment=staging",
    "logs --id CA_x --deployment=staging --log-type=build": "logs CA_x build deployment=staging",
    "lk agent logs --log-type build": "logs build",
    "lk agent list --id CA_x --id CA_y --json": "agents 'id:CA_x|CA_y'",
    "lk agent update --id CA_x --secrets-file f --ignore-empty-secrets": "update CA_x f empty=skip",
    "lk agent update-secrets --id CA_x --secret-mount ./a.pem": "mount-secret CA_x ./a.pem",
    "lk agent promote --id CA_x --from staging": "promote CA_x staging",
    "lk a restart --id CA_x -y": "restart CA_x",
    "lk agent private-link create --name db --port 5432 --endpoint e.example --cloud-region x": (
        "create-link db port=5432 endpoint=e.example cloud_region=x"
    ),
    "lk agent private-link list": "links",
    "agent private-link list": "links",
    "lk agent private-link health-status --id PL_1": "links PL_1",
    "lk agent private-link delete --id PL_1": "delete-link PL_1",
    "lk room list": "dispatches",
    "room list lobby": "dispatches lobby",
    "lk room participants list lobby": "dispatches lobby",
    "lk project list": "project",
    "project list": "project",
    "lk dispatch list lobby": "dispatches lobby",
    "dispatch list lobby": "dispatches lobby",
    "dispatch get lobby AD_x": "find AD_x",
    "lk dispatch get lobby AD_x": "find AD_x",
    "lk dispatch create --agent-name concierge --room 'a b'": "dispatch 'a b' concierge",
    "lk dispatch create --agent-name a --room b=c": "dispatch agent=a room=b=c",
    "lk dispatch create --agent-name a --new-room -d b": "dispatch agent=a new_room=yes deployment=b",
    """dispatch create --agent-name a --room r --metadata '{"it": "'"'"'s"}'""": (
        """dispatch r a "metadata={\\"it\\": \\"'s\\"}\""""
    ),
    "lk dispatch create --agent-name a \\\n  --room r": "dispatch r a",
    "lk dispatch delete lobby AD_x": "undispatch AD_x",
    "tail CA_x": "logs CA_x",
    "destroy CA_x": "delete CA_x",
    "list": "agents",
    "update-secrets CA_x": "set-secret CA_x",
}
"""A command line for `lk`, or only its verb → ours."""


@pytest.mark.parametrize("line", LINES)
def test_command_lines_of_lk_are_understood(line: str) -> None:
    assert parse(line) == parse(LINES[line])


REFUSED = {
    "lk agent restart --id CA_x --secrets A=b": "--secrets: its value would stay readable",
    "lk cloud auth": "lk cloud auth is not available here: only lk agent, dispatch, room list",
    "lk": "lk is not available here",
    "lk agent": "lk agent needs one of: create, deploy, status",
    "lk agent private-link": "lk agent private-link needs one of: create, list, delete, health-status",
    "lk agent private-link approve A=b": "approve is not available here, but: create, list",
    "lk room delete A=b": "lk room delete is not available here, but: list",
    "lk agent dev": "works on this machine: it is for a shell",
    "lk agent restart": "which agent? --id is missing",
    "lk agent delete ./A=b": "give --id, for livekit.toml is not read here",
    "lk agent restart --id": "--id has no value",
    "lk agent list --project A=b": "--project: a line acts on the project that is watched",
    "lk --api-secret A=b agent list": "--api-secret: a line acts on the project",
    "lk agent deploy --image A=b": "--image: prebuilt images are pushed with lk itself",
    "lk agent deploy --region A=b": "--region: a deploy cannot move an agent",
    "lk agent create --deployment A=b": "--deployment: a new agent begins with production",
    "lk agent deploy --attributes A=b": "--attributes: one JSON object",
    "lk agent versions --id CA_x --attribute A=b": "--attribute: filter the list with / instead",
    "lk agent promote --id CA_x --from a --to A=b": "--to: a version is promoted to production here",
    "lk agent update-secrets --id CA_x --secret-mount A=b --overwrite": "--secret-mount: one file",
    "lk agent status --id $A=b": "$A means something to a shell only",
    "lk agent config --id CA_x A=b && lk agent deploy A=b": "one command at a time",
    'curl "https://A=b"': "curl is for a shell",
    "lk agent restart --id CA_x --frobnicate A=b": "--frobnicate: it has no place on this line",
}
"""A line of `lk` that has no counterpart → what is said, never with a value."""


@pytest.mark.parametrize("line", REFUSED)
def test_what_lk_lines_cannot_say_here_is_said(line: str) -> None:
    with pytest.raises(BadCommand) as caught:
        parse(line)
    assert REFUSED[line] in str(caught.value)
    assert "A=b" not in str(caught.value)


EQUIVALENTS = {
    "dispatch": {
        "agent": "concierge",
        "room": "it's $HOME",
        "deployment": "staging",
        "metadata": '{"it": "\'s",\n "\u202e": "\\\\"}',
    },
    "restart": {},
    "rollback": {"version": "20250809003117"},
    "promote": {"deployment": "staging"},
    "delete_agent": {},
    "delete_deployment": {"deployment": "staging"},
    "create_link": {"name": "db", "endpoint": "e", "port": "1", "region": "us", "cloud_region": "c d"},
    "delete_link": {"link": "PL_1"},
}
"""Operation → answers; its own line for `lk`, pasted back, asks for the same."""


@pytest.mark.parametrize("name", EQUIVALENTS)
def test_what_we_print_can_be_pasted_back(name: str) -> None:
    operation, answers = BY_ID[name], Answers(EQUIVALENTS[name])
    agent = models.Agent(
        agent_id="CA_x", version="1", agent_deployments=(models.Deployment(deployment="staging"),)
    )
    fleet = Fleet(agents=(agent,), index={"CA_x": agent})
    view = View(fleet, Selection(agent_id="CA_x"), 0.0, 0.0)
    line = operation.equivalent(view, answers)
    parsed = parse(line)
    assert parsed.command.name == operation.usage.name
    selection, found = parse_arguments(operation, parsed.arguments, fleet, Selection())
    again = View(fleet, selection, 0.0, 0.0)
    assert operation.request(again, found) == operation.request(view, answers)
    asked = {field.id for field in operation.fields(view, Answers())}
    assert set(operation.usage.options) <= asked | {"new_room"}


def test_what_a_deploy_prints_can_be_pasted_back() -> None:
    assert set(OPTIONS) <= {field.id for field in deploy_fields("", DeployInput())}
    mounted = (SecretToSend("a", Secret("x"), is_file=True, origin="/m/a b"),)
    plan = Plan(Path("/src"), region="us-east", secrets_file="s.env", secrets=mounted)
    parsed = parse(plan.command())
    options, others = split_options(parsed.arguments, OPTIONS)
    assert (parsed.command.name, others) == ("create", ["/src"])
    given = with_options(DeployInput(deployment="kept"), options)
    assert (given.region, given.secrets_file, given.mounts) == ("us-east", "s.env", "'/m/a b'")
    assert given.deployment == "kept" and not given.skip_empty
    assert with_options(given, {"empty": "skip", "git": "no"}).own_attributes


RPCS = {
    "CreateDispatch": (
        changes.CREATE_DISPATCH,
        {"agent_name", "room", "metadata", "restart_policy", "deployment", "attributes"},
    ),
    "DeleteDispatch": (changes.DELETE_DISPATCH, {"dispatch_id", "room"}),
}
"""Parameters of the changing RPCs, the documented ones and those that the protocol has besides."""
DOCUMENTED_RPCS = """
CreateDispatch agent_name room metadata restart_policy
DeleteDispatch dispatch_id room
ListDispatch room dispatch_id
"""


@pytest.mark.parametrize("rpc", RPCS)
def test_every_parameter_of_the_dispatch_service_is_sent(rpc: str) -> None:
    method, parameters = RPCS[rpc]
    (operation,) = (item for item in OPERATIONS if item.method is method and item.id != "redispatch")
    answers = Answers({"agent": "a", "room": "r"})
    assert set(operation.request(VIEW, answers)) == parameters


def test_no_documented_parameter_is_missing() -> None:
    asked = {name: parameters for name, (_, parameters) in RPCS.items()}
    asked["ListDispatch"] = set(inspect.signature(Remote.list_dispatches).parameters)
    page = {name: set(words) for name, *words in map(str.split, DOCUMENTED_RPCS.strip().splitlines())}
    assert {name: sorted(words - asked.get(name, set())) for name, words in page.items()} == {
        name: [] for name in page
    }


TYPES: dict[type, set[str]] = {
    models.Dispatch: {"id", "agent_name", "room", "metadata", "state", "restart_policy"},
    models.DispatchState: {"jobs", "created_at", "deleted_at"},
    models.Job: {"id", "dispatch_id", "type", "participant", "agent_name", "state", "enable_recording"},
    models.JobState: {
        *("status", "error", "started_at", "ended_at", "updated_at"),
        *("participant_identity", "worker_id", "agent_id"),
    },
}
"""Documented fields of what the service answers."""
COPIES = {"room", "metadata"}
"""Documented fields of Job that only repeat the dispatch's."""


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_every_field_of_the_dispatch_service_is_read(kind: type) -> None:
    assert set(kind.__annotations__) >= TYPES[kind]


def test_what_is_not_read_has_its_reason() -> None:
    assert set(IGNORED["Job"]) >= COPIES


ENUMS = {
    "JobRestartPolicy": {"JRP_ON_FAILURE", "JRP_NEVER"},
    "JobType": {"JT_ROOM", "JT_PUBLISHER"},
    "JobStatus": {"JS_PENDING", "JS_RUNNING", "JS_SUCCESS", "JS_FAILED"},
}


def test_every_restart_policy_can_be_chosen() -> None:
    offered = BY_ID["dispatch"].options(VIEW, Answers(), "restart")
    assert {option.value for option in offered} == ENUMS["JobRestartPolicy"]


def test_every_state_and_type_of_a_job_has_its_look() -> None:
    looks = {
        state: job_condition(Job(state=JobState(status=state)), RoomEvidence()).worst
        for state in ENUMS["JobStatus"]
    }
    assert Worst.DOUBT not in looks.values()
    assert looks["JS_FAILED"] is Worst.PROBLEM
    assert set(branches._TYPES) >= ENUMS["JobType"]


def test_list_and_find_read_dispatches() -> None:
    assert methods.LIST_DISPATCH.label == "AgentDispatchService/ListDispatch"
    assert "find" in COMMAND_NAMES
    assert "Dispatches" in PANE_NAMES
