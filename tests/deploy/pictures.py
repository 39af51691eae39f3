"""Deploy screens with everything in them known, for the scenes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual.screen import Screen

from tui.deploy.inspection import Inspection
from tui.deploy.outcome_messages import left_behind
from tui.deploy.plan import DeployReport, Plan, Stage, State
from tui.deploy.plan_builder import DeployInput
from tui.livekit_toml import LivekitToml
from tui.packaging.detect import Detected, ProjectType
from tui.packaging.gitinfo import GitInfo
from tui.packaging.progress import Build
from tui.sim.world.solve import encoded, script, steps
from tui.ui.app import Lktop
from tui.ui.deploy.form import DeployForm, FormPrefill
from tui.ui.deploy.progress import DeployScreen
from tui.ui.dialogs.project_context import ProjectContext

ROOT = Path("/srv/agents/concierge")
AGENT = "CA_XQgKd5swcUgC"
"""The concierge of the scenario that the scenes are of."""
TAG = "20261121093000"
BEGAN = 1_786_000_000.0
LINES = 9
"""Lines of the stream of a build that is under way."""
INSPECTION = Inspection(
    ROOT,
    detected=Detected(ProjectType.PYTHON_UV, "uv.lock"),
    git=GitInfo("4e1ac02", "main", dirty=True, tree="91bd77e"),
    project_file=LivekitToml("", AGENT),
    has_dockerfile=True,
    settings={"available_regions": "us-east,eu-central"},
    warnings=("looks like a secret and will be uploaded: certs/client.pem",),
)


def context(app: Lktop) -> ProjectContext:
    """The bench of the project that the scene watches."""
    found = app.launcher.context_of(app.main.view.selection)
    assert found is not None
    return found


def form(app: Lktop) -> Screen[None]:
    """The form, on a directory with a question in it."""

    async def look(root: Path) -> Inspection:
        return INSPECTION

    place = FormPrefill(str(ROOT), DeployInput(agent=AGENT, deployment="staging", reason="INC-412"))
    return DeployForm(place, context(app), look, lambda given, root, plan: None)


def building(app: Lktop) -> Screen[None]:
    """A build under way."""
    return shown(app, LINES, failed=False)


def failed(app: Lktop) -> Screen[None]:
    """A build that failed."""
    return shown(app, None, failed=True)


def shown(app: Lktop, lines: int | None, *, failed: bool) -> Screen[None]:
    """A deploy whose build has said so many lines."""
    build = Build()
    for _, line in script(steps(TAG, failed=failed), BEGAN, 24.0)[:lines]:
        build.feed(encoded(line))
    plan = Plan(ROOT, AGENT)
    verdict = ""
    if failed:
        build.feed(b"BUILD ERROR: uv sync did not complete successfully: exit code: 2\n")
        progress = build.progress(BEGAN)
        verdict = f"BUILD ERROR: {progress.error}; {left_behind(plan, AGENT)[0]}"
    report = DeployReport(
        stages={
            **dict.fromkeys(Stage, State.WAITING),
            Stage.FILES: State.SKIPPED,
            Stage.ARCHIVE: State.DONE,
            Stage.ANNOUNCE: State.DONE,
            Stage.UPLOAD: State.DONE,
            Stage.BUILD: State.FAILED if failed else State.RUNNING,
        },
        details={
            Stage.FILES: "the project's own files are used",
            Stage.ARCHIVE: "23 files, 412 kB",
            Stage.ANNOUNCE: f"{AGENT} version {TAG}",
            Stage.UPLOAD: "412 kB to storage.example",
        },
        build=build.progress(BEGAN + 12.0),
        agent_id=AGENT,
        tag=TAG,
        verdict=verdict,
        over=failed,
    )

    def start(tell: Callable[[DeployReport], None]) -> asyncio.Task[DeployReport]:
        async def stand() -> DeployReport:
            tell(report)
            return report

        return asyncio.create_task(stand())

    return DeployScreen(plan, context(app), start)
