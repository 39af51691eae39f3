"""Inspects directories and deploys them, for one watched project. Imports the network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tui.api.client import Client
from tui.api.errors import ApiError, NoSuchService
from tui.clock import Clock
from tui.deploy.inspection import Inspection, inspect_directory
from tui.deploy.plan import DeployReport, Plan
from tui.deploy.run import DeployRun, Tell
from tui.operations.journal.journal import Journal


class DeployClient:
    """What the deploy screens do in one project, through its API client."""

    def __init__(
        self, client: Client, journal: Journal, *, clock: Clock, environment: Mapping[str, str]
    ) -> None:
        self._client = client
        self._journal = journal
        self._clock = clock
        self._environment = environment

    async def inspect(self, root: Path) -> Inspection:
        """Inspect a directory, with the service's settings where it gives them. Never raises."""
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
        """Carry out a plan; its failures are in the report."""
        return await DeployRun(plan, self._client, self._journal, clock=self._clock, tell=tell).run()
