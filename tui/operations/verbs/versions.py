"""Choosing what production runs: roll back to a version, promote a deployment."""

from __future__ import annotations

from collections.abc import Mapping

from tui.api import changes
from tui.api.changes import Request
from tui.api.models import Version, instant
from tui.fleet.find import no_other_version, no_such_version, read_in_part, read_versions
from tui.fleet.polling.sources import AGENTS, VERSIONS
from tui.fleet.status import status, status_phrase
from tui.fleet.view import View
from tui.formats import age
from tui.operations.descriptions import agent_of, finishing, named, no_agent, states, typed_names, where
from tui.operations.fields import Answers, Field, FieldKind, Hint, HintLevel, InvalidAnswer, Option
from tui.operations.journal.journal import Intent
from tui.operations.looks import find_agent, inconclusive, whole
from tui.operations.operation import (
    Baseline,
    Danger,
    Effect,
    Operation,
    Preview,
    Receipt,
    Undo,
    Usage,
    Verification,
)
from tui.operations.remote import Remote
from tui.operations.shell_commands import lk
from tui.operations.verbs.deployment_operation import DeploymentOperation

ROLLBACK, PROMOTE = "rollback", "promote"
UNUSABLE = ("Building", "Build Failed")
"""Statuses of versions that cannot run."""


class Rollback(Operation):
    """Make an explicit version the production one. Never a relative step: sent twice, it steps once."""

    id = ROLLBACK
    label = "Roll back"
    help = "let production run another version that was built before"
    danger = Danger.SERVICE
    method = changes.ROLLBACK_AGENT
    usage = Usage("rollback", ("agent", "version"))
    reads = (AGENTS, VERSIONS)
    source = AGENTS
    sources = (AGENTS, VERSIONS)

    def unfit(self, view: View) -> str:
        """An agent on which something was deployed."""
        return no_agent(view) or ("nothing was deployed to it yet" if agent_of(view).never_deployed else "")

    def target(self, view: View, answers: Answers) -> str:
        """Agent and version."""
        return f"{view.selection.agent_id} to {answers.text('version')}"

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """Which version."""
        return (
            Field(
                "version",
                "to",
                FieldKind.PICK,
                value=answers.text("version"),
                help="↑ ↓ choose the version",
                columns=("VERSION", "ROLE", "COMMIT", "BRANCH", "OWNER", "BUILT"),
                lines=6,
            ),
        )

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """Every version but the current one, newest first."""
        return tuple(_row(version, view.now) for version in versions(view) if not version.current)

    def check(self, view: View, answers: Answers) -> None:
        """It must be another version that is there: no word such as "latest" is ever sent."""
        tag = answers.text("version")
        if not tag:
            others = any(not version.current for version in versions(view))
            none = no_other_version(view.fleet, view.selection.agent_id)
            raise InvalidAnswer("version", "choose a version" if others else none)
        found = next((version for version in versions(view) if version.version == tag), None)
        if found is None:
            raise InvalidAnswer("version", no_such_version(view.fleet, view.selection.agent_id, tag))
        if found.current:
            raise InvalidAnswer("version", f"{tag} is what production runs now")

    def hints(self, view: View, answers: Answers) -> tuple[Hint, ...]:
        """What speaks against the version."""
        if view.selection.agent_id not in view.fleet.versions:
            return (Hint("loading its versions…"),)
        partly = read_in_part(view.fleet, "versions", view.selection.agent_id)
        more = (Hint(f"not every version is listed: {partly}", HintLevel.WARN),) if partly else ()
        return (*more, *self._against(view, answers))

    def _against(self, view: View, answers: Answers) -> tuple[Hint, ...]:
        found = next((v for v in versions(view) if v.version == answers.text("version")), None)
        if found is None:
            return ()
        if (state := status(found.status)).name in UNUSABLE:
            return (Hint(f"this version {status_phrase(state)}: LiveKit may refuse it", HintLevel.WARN),)
        if instant(found.deployed_at) is None:
            return (Hint("this version never ran", HintLevel.WARN),)
        return ()

    def preview(self, view: View, answers: Answers) -> Preview:
        """From and to, always both."""
        agent, tag = agent_of(view), answers.text("version")
        found = next((version for version in versions(view) if version.version == tag), None)
        current = next((version for version in versions(view) if version.current), None)
        return Preview(
            what=f"Roll back {named(agent)}",
            where=where(agent, ""),
            effect=(
                f"from {agent.version}{_about(current, view.now)}",
                f"to   {tag or '(choose one)'}{_about(found, view.now)}",
                finishing(view, agent),
                "undo with u within 30 s",
            ),
            state=states(view, agent, ""),
            typed=typed_names(view, agent),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """RollbackAgentRequest."""
        return {"agent_id": view.selection.agent_id, "version": answers.text("version")}

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent rollback` with its version."""
        tag = answers.text("version")
        return lk("agent", "rollback", "--id", view.selection.agent_id, "--version", tag) if tag else ""

    def arguments(self, answers: Answers) -> tuple[str, ...]:
        """The version is no secret, and the audit trail wants to know from where to where."""
        return ("version",)

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Which version must be current."""
        return {
            "agent_id": view.selection.agent_id,
            "from": agent_of(view).version,
            "to": answers.text("version"),
        }

    async def run(self, remote: Remote, view: View, answers: Answers, request_id: str) -> Receipt:
        """RollbackAgent."""
        await super().run(remote, view, answers, request_id)
        return Receipt(f"{agent_of(view).version} → {answers.text('version')}")

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """Which version is current."""
        agent_id, tag = intent.facts.get("agent_id", ""), intent.facts.get("to", "")
        versions = whole(await remote.list_versions(agent_id), "versions")
        current = [version.version for version in versions if version.current]
        if len(current) != 1:
            raise inconclusive(f"it calls {len(current)} versions of {agent_id} current")
        if current == [tag]:
            return Verification(Effect.YES, f"{agent_id} runs {tag}")
        return Verification(Effect.NO, f"{agent_id} still runs {current[0]}, not {tag}")

    def undo(self, view: View, answers: Answers, before: Baseline, receipt: Receipt) -> Undo | None:
        """Roll forward."""
        return _back(view)


class Promote(DeploymentOperation):
    """Let production run what a named deployment runs."""

    id = PROMOTE
    label = "Promote"
    help = "let production run the version of a named deployment"
    danger = Danger.SERVICE
    method = changes.PROMOTE_AGENT
    usage = Usage("promote", ("agent", "deployment"))
    prominent = False
    lacks = "nothing to promote"

    def check(self, view: View, answers: Answers) -> None:
        """It must be one that is there, with a version of its own."""
        super().check(view, answers)
        if not _source(view, answers):
            raise InvalidAnswer("deployment", "nothing was deployed there yet")

    def hints(self, view: View, answers: Answers) -> tuple[Hint, ...]:
        """What speaks against it."""
        tag = _source(view, answers)
        if tag and tag == agent_of(view).version:
            return (Hint(f"production runs {tag} already", HintLevel.WARN),)
        rows = agent_of(view).agent_deployments
        found = {status(row.status) for row in rows if row.deployment == answers.text("deployment")}
        words = sorted(status_phrase(state) for state in found if state.problem)
        return (Hint(f"this deployment {' and '.join(words)}", HintLevel.WARN),) if words else ()

    def preview(self, view: View, answers: Answers) -> Preview:
        """From and to, always both."""
        agent, name = agent_of(view), answers.text("deployment")
        return Preview(
            what=f"Promote {name or '?'} of {named(agent)} to production",
            where=where(agent, ""),
            effect=(
                f"production from {agent.version} to {_source(view, answers) or '(choose one)'}",
                finishing(view, agent),
                "undo with u within 30 s",
            ),
            state=states(view, agent),
            typed=typed_names(view, agent),
        )

    def request(self, view: View, answers: Answers) -> Request:
        """PromoteAgentRequest; production is the empty name."""
        return {
            "agent_id": view.selection.agent_id,
            "src_deployment": answers.text("deployment"),
            "dst_deployment": "",
        }

    def equivalent(self, view: View, answers: Answers) -> str:
        """`lk agent promote`."""
        name = answers.text("deployment")
        return lk("agent", "promote", "--id", view.selection.agent_id, "--deployment", name) if name else ""

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """Which version production must run."""
        return {
            "agent_id": view.selection.agent_id,
            "deployment": answers.text("deployment"),
            "from": agent_of(view).version,
            "to": _source(view, answers),
        }

    async def run(self, remote: Remote, view: View, answers: Answers, request_id: str) -> Receipt:
        """PromoteAgent."""
        await super().run(remote, view, answers, request_id)
        return Receipt(f"{agent_of(view).version} → {_source(view, answers)}")

    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """Which version production runs; if it already ran that version, the look proves nothing."""
        facts = intent.facts
        agent_id, tag, was = facts.get("agent_id", ""), facts.get("to", ""), facts.get("from", "")
        agent = await find_agent(remote, agent_id)
        if agent is None:
            return Verification(Effect.CANNOT_TELL, f"{agent_id} is not there any more")
        if agent.never_deployed:
            raise inconclusive(f"it names no version of {agent_id}")
        now = agent.version
        if tag == was:
            return Verification(
                Effect.CANNOT_TELL, f"production of {agent_id} ran {tag} before and runs {now} now"
            )
        if now == tag:
            return Verification(Effect.YES, f"production of {agent_id} runs {tag}")
        return Verification(Effect.NO, f"production of {agent_id} runs {now}, not {tag}")

    def undo(self, view: View, answers: Answers, before: Baseline, receipt: Receipt) -> Undo | None:
        """Roll production back."""
        return _back(view)


def versions(view: View) -> tuple[Version, ...]:
    """The selected agent's versions that its newest list has, newest first."""
    return read_versions(view.fleet, view.selection.agent_id)


def _back(view: View) -> Undo | None:
    tag = agent_of(view).version
    if agent_of(view).never_deployed:
        return None
    return Undo(ROLLBACK, view.selection, Answers({"version": tag}), f"back to {tag}")


def _source(view: View, answers: Answers) -> str:
    """The version that the chosen deployment runs; empty if none."""
    name = answers.text("deployment")
    rows = [row for row in agent_of(view).agent_deployments if name and row.deployment == name]
    return next((row.version for row in rows if row.version not in ("", "--")), "")


def _row(version: Version, now: float) -> Option:
    attributes = version.attributes
    roles = [word for word, flag in (("active", version.active), ("draining", version.draining)) if flag] or [
        version.status or "–"
    ]
    commit = attributes.get("git_commit", "–") + (" dirty" if attributes.get("git_tree") else "")
    created = instant(version.created_at)
    built = f"{age(now - created)} ago" if created is not None else "–"
    branch = attributes.get("git_branch", "–")
    words = (version.version, " ".join(roles), commit, branch, version.owner or "–", built)
    return Option(version.version, words)


def _about(version: Version | None, now: float) -> str:
    """Commit, branch, owner and age in brackets, as far as they are known."""
    if version is None:
        return ""
    _, _, commit, branch, owner, built = _row(version, now).words
    known = [word for word in (commit, branch, owner) if word != "–"]
    return f" ({', '.join([*known, f'built {built}'])})"
