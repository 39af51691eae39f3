"""Carries out a plan, stage by stage, and says exactly what happened if one fails (contract.md §3.5, §4)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tui.api.changes import Created, Deploying, NewSecret, new_secret
from tui.api.client import Client
from tui.api.errors import ApiError, NotSent, Refused
from tui.api.streams import lines
from tui.api.upload import UploadTarget, upload, upload_target
from tui.build.detect import detect
from tui.build.dockerfile import DOCKERFILE, write_files
from tui.build.errors import BuildError
from tui.build.progress import Build, Outcome
from tui.build.project_file import write_project_file
from tui.build.tarball import Tarball, build_tarball
from tui.clock import Clock
from tui.fleet.journal import Intent, Journal, JournalError, Verdict
from tui.fleet.shipping.plan import Plan, Report, Stage, State
from tui.fleet.shipping.survey import PROJECT_FILE

TELL_EVERY = 0.1
"""Seconds between two reports of progress."""

Tell = Callable[[Report], None]


class Stopped(Exception):
    """A stage failed; its text is the verdict, fit for display."""

    def __init__(self, stage: Stage, verdict: str, state: State = State.FAILED) -> None:
        super().__init__(verdict)
        self.stage = stage
        self.state = state


class Shipment:
    """One create or deploy. `run` it once; `report` is how far it got."""

    def __init__(self, plan: Plan, client: Client, journal: Journal, *, clock: Clock, tell: Tell) -> None:
        self._plan = plan
        self._client = client
        self._journal = journal
        self._clock = clock
        self._tell = tell
        self._told = 0.0
        self._intent: Intent | None = None
        self.report = Report(stages=dict.fromkeys(Stage, State.WAITING), agent_id=plan.agent_id)

    async def run(self) -> Report:
        """Ship. Every failure ends in the report's verdict; only faults of our own are raised."""
        with ExitStack() as files:
            try:
                await self._files()
                tarball = files.enter_context(await self._archive())
                target = await self._announce()
                await self._upload(target, tarball)
                await self._build()
                await self._record()
            except Stopped as stop:
                self._set(stop.stage, stop.state)
                self._end(str(stop), good=False)
            except asyncio.CancelledError:
                self._end("left during the work: the service may go on, or drop it", good=False)
                raise
            else:
                self._end(self._success(), good=True)
        return self.report

    # ---- stages ---------------------------------------------------------------------------------------

    async def _files(self) -> None:
        plan = self._plan
        if not plan.entry_point or (plan.root / DOCKERFILE).exists():
            self._set(Stage.FILES, State.SKIPPED, "the project's own files are used")
            return
        self._set(Stage.FILES, State.RUNNING)
        try:
            kind = await asyncio.to_thread(detect, plan.root)
            written = await asyncio.to_thread(write_files, plan.root, kind.type, plan.entry_point)
        except BuildError as error:
            raise Stopped(Stage.FILES, f"{error}; nothing was sent") from None
        self._set(Stage.FILES, State.DONE, f"wrote {', '.join(written.written) or 'nothing'}")

    async def _archive(self) -> Tarball:
        self._set(Stage.ARCHIVE, State.RUNNING)
        try:
            tarball = await asyncio.to_thread(build_tarball, self._plan.root)
        except BuildError as error:
            raise Stopped(Stage.ARCHIVE, f"{error}; nothing was sent") from None
        words = f"{len(tarball.files)} files, {_size(tarball.size)}"
        self._set(Stage.ARCHIVE, State.DONE, words)
        return tarball

    async def _announce(self) -> UploadTarget:
        plan = self._plan
        self._set(Stage.ANNOUNCE, State.RUNNING)
        request_id = str(uuid.uuid4())
        secrets = tuple(new_secret(item.name, item.value, file=item.is_file) for item in plan.secrets)
        try:
            baseline = await self._agent_ids() if plan.creates else ()
            self._intent = self._journal.intent(
                "create" if plan.creates else "deploy",
                plan.agent_id or "new agent",
                project=plan.project,
                request_id=request_id,
                arguments=[item.name for item in plan.secrets],
                reason=plan.reason,
                baseline=baseline,
            )
            return await self._ask(secrets, request_id)
        except JournalError as error:
            raise Stopped(
                Stage.ANNOUNCE, f"the journal cannot be written: {error}; nothing was sent"
            ) from None
        except (NotSent, Refused) as error:
            raise Stopped(Stage.ANNOUNCE, f"{error}; nothing was changed") from None
        except ApiError as error:
            raise Stopped(Stage.ANNOUNCE, await self._unknown(error), State.UNKNOWN) from None

    async def _ask(self, secrets: tuple[NewSecret, ...], request_id: str) -> UploadTarget:
        plan = self._plan
        answer: Created | Deploying
        if plan.creates:
            answer = await self._client.changes.create_agent(secrets, plan.region, request_id=request_id)
            post, url = answer.presigned_post_request, answer.presigned_url
        else:
            answer = await self._client.changes.deploy_agent(
                plan.agent_id, secrets, plan.deployment, plan.attributes, request_id=request_id
            )
            post, url = answer.presigned_req, ""
        self.report = replace(self.report, agent_id=answer.agent_id or plan.agent_id, tag=answer.tag)
        self._set(Stage.ANNOUNCE, State.DONE, f"{self.report.agent_id} version {answer.tag or '(not named)'}")
        return upload_target(url, post.url if post else "", post.values if post else None)

    async def _unknown(self, error: ApiError) -> str:
        """Whether an agent was made although no answer came: by looking, never by asking again."""
        if not self._plan.creates or self._intent is None:
            return f"{error}: unknown whether a version was announced; the one that runs is unchanged"
        try:
            new = [one for one in await self._agent_ids() if one not in self._intent.baseline]
        except ApiError:
            return f"{error}: unknown whether an agent was made; look into the list of agents"
        if not new:
            return f"{error}: no new agent is to be seen; it may still appear"
        return f"{error}: an agent was made, {', '.join(new)}; it has no version"

    async def _agent_ids(self) -> tuple[str, ...]:
        return tuple(agent.agent_id for agent in (await self._client.list_agents()).items)

    async def _upload(self, target: UploadTarget, tarball: Tarball) -> None:
        self._set(Stage.UPLOAD, State.RUNNING, f"to {target.host}")
        endpoint = self._client.endpoint
        try:
            await upload(
                target,
                Path(tarball.path),
                progress=self._progress,
                ca_file=endpoint.ca_file,
                proxy=endpoint.proxy,
            )
        except ApiError as error:
            raise Stopped(Stage.UPLOAD, f"{error}; {self._left_behind()}") from None
        self._set(Stage.UPLOAD, State.DONE, _size(tarball.size))

    async def _build(self) -> None:
        plan, agent_id = self._plan, self.report.agent_id
        self._set(Stage.BUILD, State.RUNNING)
        build = Build()
        try:
            async with self._client.changes.build(agent_id, plan.deployment, plan.attributes) as chunks:
                async for line in lines(chunks):
                    build.feed(line)
                    self._show(build)
            build.end()
        except (NotSent, Refused) as error:
            raise Stopped(Stage.BUILD, f"the build was refused: {error}; {self._left_behind()}") from None
        except ApiError as error:
            build.cut(str(error))
        self._show(build, now=True)
        progress = build.progress(self._clock.now())
        if progress.outcome is Outcome.FAILED:
            raise Stopped(Stage.BUILD, f"build failed: {progress.error}; {self._left_behind()}")
        if progress.outcome is Outcome.UNKNOWN:
            words = f"the build's end is unknown: {progress.error}; it may go on, the status says"
            raise Stopped(Stage.BUILD, words, State.UNKNOWN)
        self._set(Stage.BUILD, State.DONE, f"{progress.completed} of {progress.total} steps")

    async def _record(self) -> None:
        plan = self._plan
        if not plan.creates:
            self._set(Stage.RECORD, State.SKIPPED, "it names this agent already")
            return
        path = plan.root / PROJECT_FILE
        try:
            await asyncio.to_thread(
                write_project_file, path, subdomain=plan.subdomain, agent_id=self.report.agent_id
            )
        except BuildError as error:
            words = f"{self.report.agent_id} was made and built, but {error}"
            raise Stopped(Stage.RECORD, words) from None
        self._set(Stage.RECORD, State.DONE, f"names {self.report.agent_id}")

    # ---- words ----------------------------------------------------------------------------------------

    def _left_behind(self) -> str:
        if self._plan.creates:
            return (
                f"agent {self.report.agent_id} is there without a version: deploy to it again, or delete it"
            )
        return "nothing is deployed: the version that ran before goes on"

    def _success(self) -> str:
        plan = self._plan
        where = plan.deployment or "production"
        done = f"built {self.report.tag or 'a version'} of {self.report.agent_id} for {where}"
        build = self.report.build
        doubt = " (some steps never ended: see the status)" if build and build.doubtful else ""
        return done + doubt + ("; old instances drain" if not plan.creates else "")

    # ---- telling --------------------------------------------------------------------------------------

    def _set(self, stage: Stage, state: State, detail: str = "") -> None:
        details = {**self.report.details, stage: detail} if detail else self.report.details
        stages = {**self.report.stages, stage: state}
        self._say(replace(self.report, stages=stages, details=details, done=0, total=0))

    def _progress(self, done: int, total: int) -> None:
        self._say(replace(self.report, done=done, total=total), now=done >= total)

    def _show(self, build: Build, *, now: bool = False) -> None:
        if now or self._clock.monotonic() - self._told >= TELL_EVERY:
            self._say(replace(self.report, build=build.progress(self._clock.now())))

    def _say(self, report: Report, *, now: bool = True) -> None:
        self.report = report
        if now or self._clock.monotonic() - self._told >= TELL_EVERY:
            self._told = self._clock.monotonic()
            self._tell(report)

    def _end(self, verdict: str, *, good: bool) -> None:
        if self._intent is not None:
            try:
                self._journal.outcome(self._intent, self._word(good), detail=verdict)
            except JournalError as error:
                verdict = f"{verdict} (not in the journal: {error})"
        self._say(replace(self.report, verdict=verdict, over=True, good=good))

    def _word(self, good: bool) -> Verdict:
        """The journal's word: what failed after the announcement did happen in part."""
        stages = self.report.stages
        if State.UNKNOWN in stages.values():
            return Verdict.UNKNOWN
        return Verdict.DONE if good or stages[Stage.ANNOUNCE] is State.DONE else Verdict.REFUSED


class Shipper(Protocol):
    """What the screen needs to ship; a session has it."""

    async def ship(self, plan: Plan, tell: Tell) -> Report:
        """Carry out a plan."""


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
