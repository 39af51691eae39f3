"""An inspected directory and a plan as facts on the screen. Pure."""

from __future__ import annotations

from tui.api.changes import CREATE_AGENT, DEPLOY_AGENT
from tui.api.text.clean import clean
from tui.deploy.inspection import Inspection
from tui.deploy.plan import Plan
from tui.deploy.plan_builder import PlanDraft
from tui.fleet.find import unlisted_agents
from tui.fleet.state import Fleet
from tui.formats import counted, decimal_size
from tui.operations.descriptions import named
from tui.project import Project
from tui.secret import MASK
from tui.ui.dialogs.fact_lines import FactLine

FILES = 12
"""Files that a dry run names."""


def verb(region: str, agent_id: str, fleet: Fleet) -> str:
    """What is done to which agent, with its name; without an id, an agent is created."""
    if not agent_id:
        return f"Create an agent in {region}" if region else "Create an agent"
    agent = fleet.agent(agent_id)
    if agent is not None:
        return f"Deploy to {named(agent)}"
    return f"Deploy to {agent_id}" + ("" if unlisted_agents(fleet) else ", which is not listed")


def inspection_facts(inspection: Inspection) -> list[FactLine]:
    """What was found in a directory, worst first."""
    facts = [FactLine("", f"✗ {problem}", "error") for problem in inspection.problems]
    doubts = (inspection.sdk_refusal.removesuffix("nothing was sent").rstrip("; "), *inspection.warnings)
    facts += [FactLine("", f"! {doubt}", "warn") for doubt in doubts if doubt]
    if inspection.detected is not None:
        sdk = f" · {inspection.sdk.package} {inspection.sdk.version}" if inspection.sdk else ""
        facts.append(
            FactLine(
                "project", f"{inspection.detected.type.value}, detected from {inspection.detected.file}{sdk}"
            )
        )
    if inspection.source is not None:
        files = sum(1 for entry in inspection.source.entries if not entry.is_directory)
        facts.append(
            FactLine(
                "source",
                f"{counted(files, 'file')}, {decimal_size(inspection.source.size)} before compression",
            )
        )
    if inspection.git is not None and inspection.git.commit:
        dirty = " · uncommitted changes" if inspection.git.dirty else ""
        words = f"{inspection.git.commit} {clean(inspection.git.branch, limit=80)}{dirty}"
        facts.append(FactLine("git", words, "warn" if dirty else "text"))
    facts.append(_docker(inspection))
    if inspection.project_file is not None:
        agent = clean(inspection.project_file.agent_id, limit=60) or "no agent"
        facts.append(FactLine("livekit.toml", f"names {agent}"))
    for name, file in inspection.regional_files.items():
        agent = clean(file.agent_id, limit=60) or "no agent"
        facts.append(FactLine("for a region", f"{clean(name, limit=60)} names {agent}"))
    return facts


def _docker(inspection: Inspection) -> FactLine:
    if inspection.has_dockerfile:
        return FactLine("Dockerfile", "using the existing one")
    return FactLine("Dockerfile", "is missing: one is written for the program", "warn")


def draft_facts(made: PlanDraft) -> list[FactLine]:
    """What the plan will do."""
    facts = [FactLine("effect" if place == 0 else "", note) for place, note in enumerate(made.notes)]
    facts += [FactLine("to confirm", words, "warn") for _, words in made.questions]
    return [*facts, FactLine("command", made.plan.command(), "info")]


def dry_run_facts(plan: Plan, inspection: Inspection, project: Project) -> list[FactLine]:
    """What would be sent, secrets masked."""
    method = CREATE_AGENT if plan.creates else DEPLOY_AGENT
    place = (
        [FactLine("", f"regions {plan.region}")]
        if plan.creates
        else [
            FactLine("", f"agent_id {plan.agent_id}"),
            FactLine("", f"deployment {plan.deployment or '(production)'}"),
        ]
    )
    kinds = {True: "file", False: "environment"}
    files = (
        [entry.name for entry in inspection.source.entries if not entry.is_directory]
        if inspection.source
        else []
    )
    more = f" and {len(files) - FILES} more" if len(files) > FILES else ""
    return [
        FactLine("dry run", "this is what would be sent; nothing was sent", "accent"),
        FactLine("POST", f"{project.agents_url}{method.path}"),
        *place,
        *(FactLine("", f"secret {item.name} = {MASK} ({kinds[item.is_file]})") for item in plan.secrets),
        FactLine(
            "upload", f"{counted(len(files), 'file')}: {clean(', '.join(files[:FILES]), limit=600)}{more}"
        ),
        FactLine("POST", f"{project.agents_url}/build"),
        *(
            FactLine("", clean(f"attribute {name} = {value}", limit=200))
            for name, value in plan.attributes.items()
        ),
    ]


def unlisted_facts(fleet: Fleet) -> list[FactLine]:
    """Why not every agent is offered; nothing where the whole list was received."""
    unlisted = unlisted_agents(fleet)
    return [FactLine("agents", f"{unlisted}: an id can be typed", "warn")] if unlisted else []
