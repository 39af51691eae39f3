"""Opens the deploy screens: from a command to the form for its directory and agent."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from tui.api.client import Client
from tui.deploy import local_files
from tui.deploy.client import DeployClient
from tui.deploy.plan import DeployReport, Plan
from tui.deploy.plan_builder import NEW, OPTIONS, DeployInput, subdomain, with_options
from tui.fleet.polling.sources import AGENTS, SECRETS, VERSIONS
from tui.fleet.state import Fleet
from tui.operations.arguments import resolve_agent, split_options
from tui.operations.fields import Answers, InvalidAnswer
from tui.ui.deploy.form import DeployForm, FormPrefill, directory
from tui.ui.deploy.progress import DeployScreen
from tui.ui.deploy.writing import PROGRAM, REPLACE, THERE, WriteForm, Writing
from tui.ui.dialogs.project_context import ProjectContext

PASSED_ON: Final = ("PATH", "HOME", "XDG_CONFIG_HOME")
"""Environment variables that git is given."""


class DeployController:
    """Opens the deploy screens. One for the whole run, so that what was typed is kept for the next time."""

    def __init__(
        self,
        working_dir: Path,
    ) -> None:
        self._here = working_dir
        self._kept: dict[tuple[str, str, bool], DeployInput] = {}
        """What was typed last: by the project's key, directory, and whether it was for a new agent."""

    def begin(self, context: ProjectContext, verb: str, words: Sequence[str], selected: str) -> None:
        """Open what a command names, in this project. `selected` is the agent under the cursor.

        Raises `InvalidAnswer`.
        """
        verbs: dict[str, Callable[[], None]] = {
            "create": lambda: self.create(context, words),
            "deploy": lambda: self.deploy(context, words),
            "config": lambda: self.config(context, words, selected),
            "dockerfile": lambda: self.dockerfile(context, words),
        }
        verbs[verb]()

    # ---- create and deploy ----------------------------------------------------------------------------

    def create(self, context: ProjectContext, words: Sequence[str]) -> None:
        """`:create [DIR] [NAME=VALUE …]`. Raises `InvalidAnswer`."""
        options, words = split_options(words, OPTIONS)
        if len(words) > 1:
            raise InvalidAnswer("", "too many words; it is: create [DIR] [NAME=VALUE …]")
        self._open(context, words[0] if words else "", NEW, options)

    def deploy(self, context: ProjectContext, words: Sequence[str]) -> None:
        """`:deploy [AGENT] [DIR] [NAME=VALUE …]`; livekit.toml may name the agent. Raises `InvalidAnswer`."""
        options, words = split_options(words, OPTIONS)
        agent, root = _named(context.store.fleet, words, "deploy [AGENT] [DIR] [NAME=VALUE …]")
        self._open(context, root, agent, options)

    def _open(self, context: ProjectContext, root: str, agent: str, options: Mapping[str, str]) -> None:
        deployer = _deployer(context)
        place = str(directory(root)) if root else str(self._here)
        kept = self._kept.get((context.project.key, place, agent == NEW)) or DeployInput()
        given = with_options(replace(kept, agent=agent or kept.agent), options)

        def decided(typed: DeployInput, where: str, plan: Plan | None) -> None:
            self._kept[context.project.key, str(directory(where)), typed.agent == NEW] = typed
            if plan is not None:
                self._deploy(plan, context, deployer)

        context.show(DeployForm(FormPrefill(place, given), context, deployer.inspect, decided))

    def _deploy(self, plan: Plan, context: ProjectContext, deployer: DeployClient) -> None:
        def start(tell: Callable[[DeployReport], None]) -> asyncio.Task[DeployReport]:
            task = asyncio.create_task(deployer.deploy(plan, tell), name=f"deploy {plan.root}")
            context.keep(self._follow(task, plan, context))
            return task

        context.show(DeployScreen(plan, context, start))

    async def _follow(self, task: asyncio.Task[DeployReport], plan: Plan, context: ProjectContext) -> None:
        """Report how it ended, also when its screen is closed. Raises what the deploy raised."""
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:  # the program ends: let it write down how far it got
            task.cancel()
            await asyncio.wait({task})
            raise
        if task.cancelled():
            context.say("left in the middle of a deploy: :audit says how far it got", tone="warn")
            return
        report = task.result()
        context.say(report.verdict, tone="ok" if report.good else "error", toast=False)
        if plan.creates and report.agent_id:  # what is typed for it again goes to the agent that is there
            key = (context.project.key, str(plan.root), True)
            kept = self._kept.pop(key, DeployInput())
            self._kept[context.project.key, str(plan.root), False] = replace(
                kept, agent=report.agent_id, region=""
            )
        context.nudge(AGENTS, VERSIONS, SECRETS)

    # ---- files on this machine ------------------------------------------------------------------------

    def config(self, context: ProjectContext, words: Sequence[str], selected: str) -> None:
        """`:config [AGENT] [DIR]` writes livekit.toml for an agent that is there. Raises `InvalidAnswer`."""
        agent, root = _named(context.store.fleet, words, "config [AGENT] [DIR]")
        agent = agent or selected
        if not agent:
            raise InvalidAnswer("", "config of which agent? It is: config AGENT [DIR]")
        place = directory(root) if root else self._here
        names = {"subdomain": subdomain(context.project.url), "agent_id": agent}
        writing = Writing(
            f"livekit.toml for {agent}",
            partial(local_files.preview_project_file, place, **names),
            lambda answers: local_files.link_directory(place, **names),
        )
        context.show(WriteForm(writing, context))

    def dockerfile(self, context: ProjectContext, words: Sequence[str]) -> None:
        """`:dockerfile [DIR]`. Raises `InvalidAnswer`."""
        if len(words) > 1:
            raise InvalidAnswer("", "too many words; it is: dockerfile [DIR]")
        place = directory(words[0]) if words else self._here

        def write(answers: Answers) -> str:
            overwrite = answers.text(THERE.id) == REPLACE
            return local_files.write_dockerfile(place, answers.text(PROGRAM.id), overwrite=overwrite)

        look = partial(local_files.preview_dockerfile, place)
        writing = Writing("Dockerfile and .dockerignore", look, write, (PROGRAM, THERE))
        context.show(WriteForm(writing, context))


def _deployer(context: ProjectContext) -> DeployClient:
    """Inspects and deploys directories. Raises `InvalidAnswer` for a session that refuses changes."""
    client = context.client_of(Client)
    if client is None:
        raise InvalidAnswer("", context.refusal)
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return DeployClient(client, context.journal, clock=context.clock, environment=environment)


def _named(fleet: Fleet, words: Sequence[str], usage: str) -> tuple[str, str]:
    """Agent and directory among the words, told apart by what they name. Raises `InvalidAnswer`."""
    if len(words) > 2:
        raise InvalidAnswer("", f"too many words; it is: {usage}")
    if len(words) == 1 and not _is_agent(fleet, words[0]) and os.path.isdir(directory(words[0])):
        return "", words[0]
    return resolve_agent(fleet, words[0]) if words else "", words[1] if len(words) > 1 else ""


def _is_agent(fleet: Fleet, word: str) -> bool:
    with contextlib.suppress(InvalidAnswer):
        return bool(resolve_agent(fleet, word))
    return False
