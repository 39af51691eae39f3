"""The last line of a deploy: what happened, what did not, what to do next. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui.deploy.plan import DeployReport, Plan, Stage, State
from tui.operations.journal.journal import Verdict


def success(plan: Plan, report: DeployReport) -> str:
    """Everything went well."""
    where = plan.deployment or "production"
    done = f"built {report.tag or 'a version'} of {report.agent_id} for {where}"
    doubt = "; some steps never ended, so see the status" if report.build and report.build.doubtful else ""
    return done + doubt + ("" if plan.creates else "; old instances drain") + "; the status shows it start"


def left_behind(plan: Plan, agent_id: str) -> tuple[str, Verdict]:
    """What there is after a failure that followed the announcement."""
    if plan.creates:
        words = f"agent {agent_id} is there and has no version: deploy to it again, or delete it"
        return words, Verdict.DONE
    kept = "nothing is deployed, the previous version keeps running"
    if plan.secrets:
        return f"{kept}; its secrets may be set already", Verdict.UNKNOWN
    return kept, Verdict.REFUSED


def build_unknown(plan: Plan, agent_id: str, broken: str, seen: str) -> str:
    """The build may have made a version or not; `broken` is why its stream ended early, if it did."""
    why = f"{broken}; it may go on ({seen})" if broken else f"the stream ended well, and {seen}"
    words = f"the build's end is unknown: {why}; the status and :logs {agent_id} build say"
    return f"{words}; :config {agent_id} writes livekit.toml" if plan.creates else words


def create_lost(found: Sequence[str], error: str) -> tuple[str, Verdict]:
    """The answer to a create is lost; `found` are agents that were not there before."""
    if not found:
        words = f"{error}; no new agent is listed, but it may still appear: check before you try again"
        return words, Verdict.NOT_SEEN
    if len(found) > 1:
        listed = ", ".join(found)
        words = f"{error}; several new agents are there, {listed}: look which one is yours"
        return words, Verdict.UNKNOWN
    words = f"{error}; an agent is new, {found[0]}, and has no version: deploy to it, do not create again"
    return words, Verdict.DONE


def deploy_lost(plan: Plan, error: str) -> tuple[str, Verdict]:
    """The answer to a deploy is lost. Without the address in it nothing can be built, so nothing was."""
    kept = f"{error}; no version was made of it; the running version keeps running"
    if not plan.secrets:
        return f"{kept}; try again", Verdict.NOT_SEEN
    names = ", ".join(item.name for item in plan.secrets[:4])
    words = (
        f"{kept}; whether its secrets were set ({names}) is unknown: :secrets {plan.agent_id} has their times"
    )
    return words, Verdict.UNKNOWN


def left(plan: Plan, report: DeployReport, *, building: bool) -> tuple[str, Verdict]:
    """The operator left in the middle of it."""
    announced = report.stages[Stage.ANNOUNCE]
    if building:
        words = f"left during the build of {report.agent_id}: LiveKit may go on with it or drop it"
        return words, Verdict.UNKNOWN
    if announced is State.DONE:
        words, word = left_behind(plan, report.agent_id)
        return f"left before the build; {words}", word
    if announced in (State.RUNNING, State.UNKNOWN):
        return "left while it was announced: unknown whether it happened", Verdict.UNKNOWN
    return "left before anything was sent", Verdict.NOT_SENT
