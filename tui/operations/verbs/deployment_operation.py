"""What the operations on one named deployment of an agent share: which ones there are, and asking for one."""

from __future__ import annotations

from typing import ClassVar

from tui.api.models import Agent
from tui.fleet.polling.sources import AGENTS, VERSIONS
from tui.fleet.status import status
from tui.fleet.view import View
from tui.operations.descriptions import agent_of, no_agent
from tui.operations.fields import Answers, Field, FieldKind, InvalidAnswer, Option
from tui.operations.operation import Operation


class DeploymentOperation(Operation):
    """An operation on a deployment that has a name, which is asked for: production has none."""

    reads = (AGENTS,)
    source = AGENTS
    sources = (AGENTS, VERSIONS)
    lacks: ClassVar[str]
    """What is said of an agent that has production only."""

    def unfit(self, view: View) -> str:
        """An agent with a deployment that has a name."""
        if problem := no_agent(view):
            return problem
        return "" if deployments(agent_of(view)) else f"this agent has production only: {self.lacks}"

    def target(self, view: View, answers: Answers) -> str:
        """Agent and deployment."""
        return f"{view.selection.agent_id} deployment {answers.text('deployment')}"

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """Which one."""
        names = deployments(agent_of(view))
        field = Field(
            "deployment",
            "deployment",
            FieldKind.PICK,
            value=answers.text("deployment") or (names[0] if len(names) == 1 else ""),
            columns=("DEPLOYMENT", "REGION", "STATUS", "VERSION"),
            lines=max(2, min(5, len(names) + 1)),
        )
        return (field,)

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """One row a deployment that has a name."""
        agent = agent_of(view)
        found = []
        for named in deployments(agent):
            rows = [row for row in agent.agent_deployments if row.deployment == named]
            regions = ", ".join(sorted({row.region for row in rows}))
            words = ", ".join(sorted({status(row.status).name or "not observed" for row in rows}))
            found.append(Option(named, (named, regions, words, rows[0].version or agent.version)))
        return tuple(found)

    def check(self, view: View, answers: Answers) -> None:
        """It must be one that is there: an empty one would mean production, or the whole agent."""
        name = answers.text("deployment")
        if not name:
            raise InvalidAnswer("deployment", "choose a deployment")
        if name not in deployments(agent_of(view)):
            raise InvalidAnswer("deployment", f"this agent has no deployment {name}")


def deployments(agent: Agent) -> tuple[str, ...]:
    """Names of the deployments that have one."""
    return tuple(sorted({row.deployment for row in agent.agent_deployments if row.deployment}))
