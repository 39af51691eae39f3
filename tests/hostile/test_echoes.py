"""After every operation against a server that quotes all it was sent, nothing of that is said or saved.

The whole product takes a minute: `python -m pytest -m campaign tests/hostile`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.api.echoes import ECHOES, FORMS, VALUE, Echo, assert_gone
from tests.api.scripted import Act, Request, connected, http, listening
from tests.fixtures.clocks import ManualClock
from tests.hostile import deploys
from tests.hostile.deploys import DeployCase
from tests.hostile.lies import FAULTS
from tests.hostile.server import HostileServer
from tests.hostile.trial import CASES, PATIENCE, Case, Rig, Trial
from tests.hostile.world import OURS, Json
from tui.packaging.secrets import SecretToSend
from tui.secret import Secret

POLICY, SIGNATURE = "cG9saWN5LWNhbmFyeS1+fn4=", "0123456789abcdef/+canary"
SECRETS = (SecretToSend("DB_URL", Secret(VALUE)),)
DEPLOYS = (DeployCase("create", secrets=SECRETS), DeployCase("deploy", OURS, SECRETS))
HONEST = next(fault for fault in FAULTS if fault.name == "honest")


@dataclass
class EchoServer(HostileServer):
    """Quotes all that it was sent, and all secrets that it gave out, from the chosen place on."""

    status: str = ""
    wrap: Callable[[str], str] = str
    """How it quotes."""
    seen: list[str] = field(default_factory=list)

    def choose(self, request: Request) -> bytes | Act:
        """Remember what came in."""
        self.seen.append(request.headers.get("authorization", "").removeprefix("Bearer "))
        if "json" in request.headers.get("content-type", ""):
            self.seen.append(request.body.decode())
        return super().choose(request)

    def _told(self, place: str, found: Json, true: bytes = b"") -> bytes | Act:
        if "presigned_req" in found:
            form = {"url": found["presigned_url"], "values": {"policy": POLICY, "x-sig": SIGNATURE}}
            found = {**found, "presigned_req": form, "presigned_post_request": form}
            self.seen += [POLICY, SIGNATURE] if place != self.faulty else []
        return self._echo() if place == self.faulty else super()._told(place, found, true)

    def _read(self, method: str, request: Json) -> bytes | Act:
        is_begun = self.faulty in ("", *self.arrived) and bool(self.arrived)
        return self._echo() if is_begun else super()._read(method, request)

    def _echo(self) -> bytes:
        values = [VALUE] if any(FORMS["base64"](VALUE) in text for text in self.seen) else []
        values += [POLICY, SIGNATURE] if POLICY in self.seen else []
        quoted = [*self.seen[-6:], *(form(value) for value in values for form in FORMS.values())]
        return http(self.status, self.wrap(" ".join(quoted)), kind="text/plain")

    def assert_gone(self, *said: str, folder: Path) -> None:
        """Nothing of it is in what was said, nor in any file."""
        lines = [line for path in folder.glob("journal*.jsonl") for line in path.read_text().splitlines()]
        assert lines, "something is in the journal"
        # it is in ASCII, and what it holds is looked for as it was before
        whole = "\n".join(
            [*said, *lines, *(json.dumps(json.loads(line), ensure_ascii=False) for line in lines)]
        )
        # what a token says is in the requests too, in the same base64
        signed = {text.rpartition(".")[2] for text in self.seen if text.startswith("eyJ")}
        for value in (VALUE, POLICY, SIGNATURE, *signed):
            assert_gone(value, whole)


@asynccontextmanager
async def echoing(folder: Path) -> AsyncIterator[tuple[EchoServer, Rig]]:
    """An operator before such a server."""
    server, clock = EchoServer(), ManualClock()
    async with (
        listening(server),
        connected(server.url, clock=clock, per_minute=10_000_000, deadline=PATIENCE) as client,
    ):
        rig = Rig(server, client.ordered(), clock, folder)
        (folder / "secrets.env").write_text(f"DB_URL='{VALUE}'\n")
        yield server, rig


async def operate(folder: Path, case: Case, echoes: Sequence[Echo]) -> None:
    """Perform an operation against each of these answers."""
    values = dict.fromkeys(case.values, VALUE)
    async with echoing(folder) as (server, rig):
        for server.status, server.wrap in echoes:
            result = await rig.run(Trial(replace(case, values=values), HONEST, True, "true"))
            said = [repr(outcome) + repr(outcome.error) for outcome in result.said]
            server.assert_gone(*said, *(outcome.words for outcome in result.said), folder=folder)


async def deploy(folder: Path, case: DeployCase, place: str, echoes: Sequence[Echo]) -> None:
    """Create or deploy, with each of these answers at one place."""
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "Dockerfile").write_text("FROM scratch\n")
    async with echoing(folder) as (server, rig):
        for server.status, server.wrap in echoes:
            trial = deploys.DeployTrial(case, place, HONEST, True, "true")
            result = await deploys.run(trial, server, rig.client, rig.clock, folder)
            server.assert_gone(repr(result.report), result.report.verdict, result.words, folder=folder)


async def test_nothing_that_was_sent_is_said_or_saved(tmp_path: Path) -> None:
    cases = {case.name: case for case in CASES}
    for number, name in enumerate(("set_secret", "import_secrets", "update", "undispatch", "restart")):
        await operate(tmp_path, cases[name], ECHOES[number : number + 1])
    for case, place, number in zip((*DEPLOYS, DEPLOYS[0]), deploys.PLACES, (0, 7, 10), strict=True):
        await deploy(tmp_path, case, place, ECHOES[number : number + 1])


@pytest.mark.campaign
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_every_operation_and_every_echo(case: Case, tmp_path: Path) -> None:
    await operate(tmp_path, case, ECHOES)


@pytest.mark.campaign
@pytest.mark.parametrize("case", DEPLOYS, ids=lambda case: case.name)
@pytest.mark.parametrize("place", deploys.PLACES)
async def test_every_deploy_and_every_echo(case: DeployCase, place: str, tmp_path: Path) -> None:
    await deploy(tmp_path, case, place, ECHOES)
