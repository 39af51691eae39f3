"""The unmodified `lk` against the simulator: every command that it must understand, as data.

Run with `lk` on the PATH and `pytest -m campaign`; tried with lk 2.18.3.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui.sim.http.orders import BuildOrder
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import AgentSpec, Scenario


@dataclass(frozen=True)
class Command:
    """One command line and what must be in its output."""

    line: str
    """Words after `lk`; `<id>`, `<dispatch>`, `<link>` and `<image>` are filled in."""
    says: tuple[str, ...] = ()
    """Patterns, each found somewhere in output or messages."""
    status: int = 0
    captures: str = ""
    """Name under which group 1 of the last pattern is kept."""
    before: str = ""
    """What is arranged first: a build outcome, or `put` for uploads by PUT."""
    seconds: float = 0.0
    """Stop it after that long: it would follow for ever."""


DEPLOYED = r"Deployed agent|Completed deployment of agent"
"""The first is what lk says up to 2.18.2, and later of images; the second of sources."""

COMMANDS = (
    Command("agent list", (r"No agents found|concierge",)),
    Command("agent dockerfile", (r"Wrote new Dockerfile", r"Wrote new \.dockerignore")),
    Command(
        "agent create --region us-east --secrets A=b --yes .",
        (r"#\d+ CACHED", r"Preparing packages\.\.\.", r"WARN: Legacy", r"Created agent with ID \[(CA_\w+)\]"),
        captures="id",
    ),
    Command(
        "agent status", (r"Last Observed", r"us-east .* (Scheduling|Running) .* / 2000m .* / 4GB .* 1 / 1")
    ),
    Command("agent list", (r"<id> │ hello +│ us-east +│ production",)),
    Command("agent list --id <id>", (r"<id> │ hello +│",)),
    Command("agent list --id CA_unknown", (r"No agents found",)),
    Command("agent list --json", (r'"agentId": "<id>"', r'"memLimit": "4Gi"')),
    Command("agent versions", (r"│ \d{14} +│ ✓ +│ -- +│ ✓ +│",)),
    Command("agent versions --json", (r'"current": true',)),
    Command("agent secrets", (r"│ A +│ \d{4}-\d\d-\d\dT",)),
    Command("agent update-secrets --secrets C=d --overwrite --yes", (r"Updated agent secrets",)),
    Command("agent secrets", (r"│ C +│",)),
    Command("agent update --secrets E=f", (r"Updated agent \[<id>\]",)),
    Command("agent restart", (r"Restarted agent \[<id>\]",)),
    Command("agent deploy --yes --attribute team=voice .", (DEPLOYED,)),
    Command("agent versions", (r'"team":"voice"',)),
    Command("agent rollback --version latest", (r"Rolled back agent \[<id>\] to version \[latest\]",)),
    Command("agent rollback --version nope", (r"version 'nope' cannot be rolled back to",), status=1),
    Command("agent deploy -d staging --yes .", (r"Using deployment \[staging\]", DEPLOYED)),
    Command("agent status", (r"production", r"staging")),
    Command("agent promote", (r"cannot promote production deployment",), status=1),
    Command("agent promote -d nope", (r"deployment 'nope' has no version to promote",), status=1),
    Command("agent promote -d staging", (r"Promoted agent from deployment \[staging\] to production",)),
    Command(
        "agent deploy --yes .", (r"BUILD|did not complete successfully: exit code: 2",), 1, before="failed"
    ),
    Command("agent deploy --yes .", (r"failed to build agent: 409 Conflict",), 1, before="conflict"),
    Command("agent logs --log-type build", (r"#1 \[internal\] load build definition from Dockerfile",)),
    Command("agent tail --log-type build", (r"load build definition from Dockerfile", r"ERROR: process")),
    Command("agent logs --log-type nope", (r"failed to get logs: unknown log type 'nope'",), status=1),
    Command("agent logs", (r'"message": "registered worker"',), seconds=2.0),
    Command("agent delete -d staging --yes", (r"Deleted agent",)),
    Command("agent config --id <id> --yes", (r"Saving config file",)),
    Command(
        "agent private-link create --name pg --port 5432 --endpoint com.example --region us-east",
        (r"Gateway DNS", r"Created private link \[(CAPL_\w+)\]"),
        captures="link",
    ),
    Command("agent private-link list", (r"<link> │ pg +│ us-east", r"Provisioning|Pending Approval|Healthy")),
    Command("agent private-link list --json", (r'"private_link_id": "<link>"',)),
    Command("agent private-link health-status --id <link>", (r"│ <link> │ ",)),
    Command("agent private-link delete --id <link>", (r"Deleted private link \[<link>\]",)),
    Command("agent deploy --image-tar <image> --yes .", (r"Pushing image \[127\.0\.0\.1:", DEPLOYED)),
    Command("agent versions", (r"sha256:[0-9a-f]{64}",)),
    Command("agent destroy --yes", (r"Deleted agent",)),
    Command(
        "agent create --region us-east --yes .",
        (r"Created agent with ID \[(CA_\w+)\]",),
        captures="id",
        before="put",
    ),
    Command("agent status --id CA_unknown", (r"no agents found",), status=1),
    Command(
        "agent versions --id CA_unknown", (r"unable to list agent versions: failed to get agent",), status=1
    ),
    Command("agent delete --id CA_unknown --yes", (r"The agent could not be found",), status=1),
    Command(
        "dispatch create --agent-name concierge --room lk --metadata hi",
        (r'metadata:"hi"', r'Dispatch created: id:"(AD_\w+)"'),
        captures="dispatch",
    ),
    Command("dispatch list lk", (r"│ <dispatch> │ lk +│ concierge",)),
    Command("dispatch get lk <dispatch>", (r"<dispatch>",)),
    Command("room participants list lk", (r"agent-AJ_\w+ \(ACTIVE\)",)),
    Command(
        "dispatch create --agent-name concierge --new-room -d a_b", (r"reserved character '_'",), status=1
    ),
    Command("dispatch delete lk AD_unknown", (r"twirp error not_found: dispatch ID not found",), status=1),
    Command("dispatch delete lk <dispatch>", (r'Dispatch deleted: id:"<dispatch>"',)),
    Command("dispatch list nowhere", (r"twirp error not_found: requested room does not exist",), status=1),
    Command("room create lk-2", (r'"name": "lk-2"',)),
    Command("room list", (r"│ RM_\w+ │ lk-2 ",)),
    Command("room delete lk-2", (r"deleted room lk-2",)),
)

NEEDED = (
    *("agent create", "agent deploy", "agent status", "agent list --json", "agent versions", "agent secrets"),
    *("agent update-secrets", "agent update ", "agent restart", "agent rollback --version latest"),
    *(
        "agent promote -d staging",
        "agent logs",
        "agent logs --log-type build",
        "agent delete",
        "agent config",
    ),
    *("agent dockerfile", "agent private-link create", "agent private-link list"),
    *("agent private-link health-status", "agent private-link delete", "--image-tar"),
    *("dispatch create", "dispatch list", "dispatch get", "dispatch delete"),
    *("room create", "room list", "room delete", "room participants list"),
)
"""The commands that must work."""


def filled(text: str, known: dict[str, str]) -> str:
    """A line or pattern with what is known by now in its places."""
    return re.sub(r"<(\w+)>", lambda place: known[place[1]], text)


def test_the_table_covers_the_contract_and_can_be_filled_in() -> None:
    lines = [command.line for command in COMMANDS]
    assert [need for need in NEEDED if not any(need in line for line in lines)] == []
    known = {"image": "/image.tar"}
    for command in COMMANDS:
        filled(command.line, known)
        for pattern in command.says:
            compiled = re.compile(filled(pattern, known))
            if command.captures and pattern is command.says[-1]:
                assert compiled.groups == 1
        if command.captures:
            known[command.captures] = "ID"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small agent that lk takes for one, and an image beside it."""
    folder = tmp_path / "agent"
    (folder / "src").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "x"\ndependencies = ["livekit-agents>=1.6.0"]\n'
    )
    (folder / "uv.lock").write_text("version = 1\n")
    (folder / "src" / "agent.py").write_text('cli.run_app(WorkerOptions(entry, agent_name="hello"))\n')
    image(tmp_path / "image.tar")
    return folder


def image(path: Path) -> None:
    """An image as `docker save` writes it, with one empty layer."""
    layer = io.BytesIO()
    tarfile.open(fileobj=layer, mode="w").close()
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
    )
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["x:1"], "Layers": []}])
    with tarfile.open(path, "w") as archive:
        for name, text in (("config.json", config), ("manifest.json", manifest)):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))


async def ran(
    lk: str, command: Command, words: list[str], folder: Path, simulator: Simulator
) -> tuple[int, str]:
    """Exit status and everything that a command printed."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "LK_AGENTS_URL": simulator.url,
        "LIVEKIT_URL": simulator.url,
        "LIVEKIT_API_KEY": simulator.key,
        "LIVEKIT_API_SECRET": simulator.secret,
    }
    process = await asyncio.create_subprocess_exec(
        lk,
        *words,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    if command.seconds:
        asyncio.get_running_loop().call_later(command.seconds, process.terminate)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode()


@pytest.mark.campaign
async def test_every_command_of_lk_finds_what_it_expects(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lk = shutil.which("lk")
    if lk is None:
        test_the_table_covers_the_contract_and_can_be_filled_in()
        with capsys.disabled():
            print("lk is absent: its table was only checked for form")
        return
    plan = Scenario(agents=[AgentSpec(name="concierge")])
    known = {"image": str(project.parent / "image.tar")}
    async with serve(plan, speed=20.0, build_seconds=10.0) as simulator:
        for command in COMMANDS:
            if command.before == "put":
                simulator.control.switch({"upload": "put"})
                (project / "livekit.toml").unlink()
            elif command.before in ("failed", "conflict"):
                outcome = "failed" if command.before == "failed" else "conflict"
                simulator.control.build(BuildOrder(outcome=outcome))
            if command.line.startswith("room participants"):
                await simulator.effect("CreateDispatch")
                simulator.advance(5)
            line = filled(command.line, known)
            status, out = await ran(lk, command, line.split(), project, simulator)
            if not command.seconds:
                assert status == command.status, f"lk {line}\n{out}"
            for pattern in command.says:
                found = re.search(filled(pattern, known), out)
                assert found, f"lk {line}: {pattern}\n{out}"
                if command.captures and pattern is command.says[-1]:
                    known[command.captures] = found[1]
