"""Restarting and deleting agents and their deployments (PROTOCOL.md, Agents)."""

from __future__ import annotations

from collections.abc import Mapping

from tui.api import changes
from tui.api.changes import Request
from tui.fleet.polling.sources import AGENTS, SECRETS, VERSIONS
from tui.fleet.status import status
from tui.fleet.view import View
from tui.operations.descriptions import agent_of, jobs, named, no_agent, states, typed_names, where
from tui.operations.fields import Answers
from tui.operations.journal.journal import Intent
from tui.operations.looks import find_agent, inconclusive
from tui.operations.operation import Danger, Effect, Operation, Preview, Usage, Verification
from tui.operations.remote import Remote
from tui.operations.shell_commands import lk
from tui.operations.verbs.deployment_operation import DeploymentOperation

GOING = ("Deleting", "Deleted")
"""Statuses of what is being taken down, which is listed for a moment longer."""


class Restart(Operation):
    """Restart the workers. Never sent twice by itself: nothing shows whether a restart happened."""

    id = "restart"
    label = "Restart"
    help = "restart this agent's workers; running sessions continue"
    danger = Danger.SERVICE
    method = changes.RESTART_AGENT
    usage = Usage("restart", ("agent",))
    reads = (AGENTS,)
    source = AGENTS
    sources = (AGENTS,)
    in_bulk = True

    def unfit(self, view: View) -> str:
        """An agent on which something was deployed."""
        return no_agent(view) or ("nothing was deployed to it yet" if agent_of(view).never_deployed else "")

    def target(self, view: View, answers: Answers) -> str:
        """The agent's id."""
        return view.selection.agent_id

    def preview(self, view: View, answers: Answers) -> Preview:
        """Every deployment in every region is restarted; there is no narrower call."""
        agent = agent_of(view)
        return Preview(
            what=f"Restart {named(agent)}",
            where=where(agent),
            effect=(
                f"{jobs(view, agent)}: a restart does not interrupt sessions",
                "cannot be undone",
            ),
            state=states(view, agent),
            typed=typed_names(view, agent),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """RestartAgentRequest."""
        return {"agent_id": view.selection.agent_id}

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent restart`."""
        return lk("agent", "restart", "--id", view.selection.agent_id)

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Whose status to show when it is not known whether it happened."""
        return {"agent_id": view.selection.agent_id}

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """A restart cannot be seen in any listing, so only the agent's state is reported."""
        agent = await find_agent(remote, intent.facts.get("agent_id", ""))
        if agent is None:
            return Verification(Effect.CANNOT_TELL, "the agent is not there any more")
        rows = [f"{row.region} {row.name} {row.status or 'not observed'}" for row in agent.agent_deployments]
        return Verification(
            Effect.CANNOT_TELL, f"a restart leaves no trace; now {', '.join(rows) or 'no deployment'}"
        )


class DeleteAgent(Operation):
    """Delete an agent with all its deployments, versions and secrets."""

    id = "delete_agent"
    label = "Delete agent"
    help = "delete the whole agent with all deployments, versions and secrets"
    danger = Danger.DESTROYS
    method = changes.DELETE_AGENT
    usage = Usage("delete", ("agent",))
    prominent = False
    reads = (AGENTS,)
    source = AGENTS
    sources = (AGENTS, VERSIONS, SECRETS)

    def unfit(self, view: View) -> str:
        """An agent is needed."""
        return no_agent(view)

    def target(self, view: View, answers: Answers) -> str:
        """The agent's id."""
        return view.selection.agent_id

    def preview(self, view: View, answers: Answers) -> Preview:
        """Everything that goes with it."""
        agent = agent_of(view)
        names = {row.name for row in agent.agent_deployments}
        count = f"{len(names)} {'deployment' if len(names) == 1 else 'deployments'}"
        return Preview(
            what=f"Delete the WHOLE AGENT {named(agent)}",
            where=where(agent),
            effect=(f"{jobs(view, agent)}; any running session ends", "cannot be undone"),
            lost=(f"all data is deleted: {count}, versions, secrets",),
            state=states(view, agent),
            typed=(agent.agent_id,),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """DeleteAgentRequest; the empty deployment means all of it."""
        return {"agent_id": view.selection.agent_id, "deployment": ""}

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent delete`."""
        return lk("agent", "delete", "--id", view.selection.agent_id)

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Which agent must be gone."""
        return {"agent_id": view.selection.agent_id}

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """Gone, or being deleted."""
        agent_id = intent.facts.get("agent_id", "")
        agent = await find_agent(remote, agent_id)
        if agent is None:
            return Verification(Effect.YES, f"{agent_id} is not listed any more")
        if agent.agent_deployments and all(_is_going(row.status) for row in agent.agent_deployments):
            return Verification(Effect.YES, f"{agent_id} is being deleted")
        return Verification(Effect.NO, f"{agent_id} is still there")


class DeleteDeployment(DeploymentOperation):
    """Delete one named deployment. Another operation than deleting the agent, with another confirmation."""

    id = "delete_deployment"
    label = "Delete deployment"
    help = "delete one named deployment of this agent; production and the agent stay"
    danger = Danger.DESTROYS
    method = changes.DELETE_DEPLOYMENT
    usage = Usage("delete-deployment", ("agent", "deployment"))
    lacks = "no named deployment"

    def preview(self, view: View, answers: Answers) -> Preview:
        """What is deleted and what stays."""
        agent, name = agent_of(view), answers.text("deployment")
        return Preview(
            what=f"Delete deployment {name or '?'} of {named(agent)}",
            where=where(agent, name) if name else "–",
            effect=(
                f"{jobs(view, agent, name)}; any running session of this deployment ends",
                "production and the agent stay; cannot be undone",
            ),
            state=states(view, agent, name) if name else (),
            typed=(agent.agent_id,),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """DeleteAgentRequest."""
        return {"agent_id": view.selection.agent_id, "deployment": answers.text("deployment")}

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent delete --deployment`."""
        name = answers.text("deployment")
        return lk("agent", "delete", "--id", view.selection.agent_id, "--deployment", name) if name else ""

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Which deployment must be gone."""
        return {"agent_id": view.selection.agent_id, "deployment": answers.text("deployment")}

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """Gone, or being deleted."""
        agent_id, name = intent.facts.get("agent_id", ""), intent.facts.get("deployment", "")
        agent = await find_agent(remote, agent_id, in_full=True)
        if agent is not None and not agent.agent_deployments:
            raise inconclusive(f"it lists no deployment of {agent_id}")
        rows = [row for row in agent.agent_deployments if row.deployment == name] if agent else []
        if all(_is_going(row.status) for row in rows):
            return Verification(
                Effect.YES, f"deployment {name} of {agent_id} is {'going' if rows else 'gone'}"
            )
        return Verification(Effect.NO, f"deployment {name} of {agent_id} is still there")


def _is_going(text: str) -> bool:
    return status(text).name in GOING
