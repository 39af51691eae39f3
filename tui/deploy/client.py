"""Where directories are looked at and shipped from, for one watched project. Brings the network with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tui.api.client import Client
from tui.api.errors import ApiError, NoSuchService
from tui.clock import Clock
from tui.deploy.attempt import DeployAttempt, Tell
from tui.deploy.plan import DeployReport, Plan
from tui.deploy.survey import Survey, survey
from tui.operations.journal.journal import Journal
from tui.session.live import Session
from tui.session.watched import Watched


class Deployer(Protocol):
    """What the screen needs to ship."""

    async def survey(self, root: Path) -> Survey:
        """Look at a directory. Never raises: what is wrong is in the survey."""

    async def ship(self, plan: Plan, tell: Tell) -> DeployReport:
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

    async def survey(self, root: Path) -> Survey:
        """Look at a directory, with the service's settings where it gives them."""
        settings: dict[str, str] = {}
        problem = ""
        try:
            settings = await self._client.settings()
        except NoSuchService:
            problem = "this server has no Cloud Agents API: there is nowhere to deploy to"
        except ApiError as error:
            problem = f"LiveKit does not tell its regions and SDK versions: {error}"
        return await survey(root, settings, self._environment, problem=problem)

    async def ship(self, plan: Plan, tell: Tell) -> DeployReport:
        """Carry out a plan."""
        return await DeployAttempt(plan, self._client, self._journal, clock=self._clock, tell=tell).run()


def yard_of(
    session: Watched | None, journal: Journal, *, clock: Clock, environment: Mapping[str, str]
) -> Deployer | None:
    """Where to ship from; None for a session that only shows what was."""
    if not isinstance(session, Session):
        return None
    return DeployClient(session.client, journal, clock=clock, environment=environment)
