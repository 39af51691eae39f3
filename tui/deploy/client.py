"""Inspects directories and deploys them, for one watched project. Imports the network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tui.api.client import Client
from tui.api.errors import ApiError, NoSuchService
from tui.clock import Clock
from tui.deploy.attempt import DeployAttempt, Tell
from tui.deploy.inspection import Inspection, inspect_directory
from tui.deploy.plan import DeployReport, Plan
from tui.operations.journal.journal import Journal
from tui.session.live import Session
from tui.session.watched import Watched


class Deployer(Protocol):
    """What the deploy screens need."""

    async def inspect(self, root: Path) -> Inspection:
        """Inspect a directory. Never raises: what is wrong is in the result."""

    async def deploy(self, plan: Plan, tell: Tell) -> DeployReport:
        """Carry out a plan; its failures are in the report."""


class DeployClient:
    """The `Deployer` of a session."""

    def __init__(
        self, client: Client, journal: Journal, *, clock: Clock, environment: Mapping[str, str]
    ) -> None:
        self._client = client
        self._journal = journal
        self._clock = clock
        self._environment = environment

    async def inspect(self, root: Path) -> Inspection:
        """Inspect a directory, with the service's settings where it gives them."""
        settings: dict[str, str] = {}
        problem = ""
        try:
            settings = await self._client.settings()
        except NoSuchService:
            problem = "this server has no Cloud Agents API: there is nowhere to deploy to"
        except ApiError as error:
            problem = f"LiveKit does not tell its regions and SDK versions: {error}"
        return await inspect_directory(root, settings, self._environment, problem=problem)

    async def deploy(self, plan: Plan, tell: Tell) -> DeployReport:
        """Carry out a plan."""
        return await DeployAttempt(plan, self._client, self._journal, clock=self._clock, tell=tell).run()


def yard_of(
    session: Watched | None, journal: Journal, *, clock: Clock, environment: Mapping[str, str]
) -> Deployer | None:
    """The deployer of a session; None for a recorded one."""
    if not isinstance(session, Session):
        return None
    return DeployClient(session.client, journal, clock=clock, environment=environment)
