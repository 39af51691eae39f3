"""Carries out a plan, stage by stage, and reports exactly what happened if one fails.

Longer than 300 lines so that the stages can be read in order, with what each failure leaves behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from tui.api.changes import (
    CREATE_AGENT,
    DEPLOY_AGENT,
    CreateAgentResponse,
    DeployAgentResponse,
    PresignedPostRequest,
    secret_message,
)
from tui.api.client import Client
from tui.api.errors import ApiError, NotDone, NotSent, Refused, Unknown
from tui.api.hosts import Host
from tui.api.models import Version
from tui.api.upload import upload
from tui.api.upload_target import UploadTarget, is_judged, upload_target
from tui.clock import Clock
from tui.deploy import lookup, outcome_messages
from tui.deploy.plan import DeployReport, Plan, Stage, State
from tui.formats import counted, decimal_size
from tui.operations.attempt import LOOKS, Attempt, look_until, verdict_of
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import Journal, JournalError, Verdict
from tui.packaging.detect import detect
from tui.packaging.dockerfile import DOCKERFILE, write_files
from tui.packaging.errors import BuildError
from tui.packaging.progress import Build, BuildOutcome, follow
from tui.packaging.project_file import PROJECT_FILE, write_project_file
from tui.packaging.tarball import Tarball, build_tarball

TELL_EVERY = 0.1
"""Seconds between two reports of progress."""
TICK = 1.0
"""Seconds between two reports of a build that says nothing: its steps grow older."""

Tell = Callable[[DeployReport], None]


class StageFailed(Exception):
    """A stage failed; its text is the verdict, fit for display."""

    def __init__(
        self, stage: Stage, verdict: str, state: State = State.FAILED, word: Verdict = Verdict.REFUSED
    ) -> None:
        super().__init__(verdict)
        self.stage = stage
        self.state = state
        self.word = word


class DeployRun:
    """One create or deploy. `run` it once; `report` is how far it got."""

    def __init__(
        self,
        plan: Plan,
        client: Client,
        journal: Journal,
        *,
        clock: Clock,
        tell: Tell,
        looks: Sequence[float] = LOOKS,
    ) -> None:
        self._plan = plan
        self._client = client
        self._journal = journal
        self._clock = clock
        self._tell = tell
        self._looks = looks
        self._told = 0.0
        self._attempt: Attempt | None = None
        """None until the intent is on the disk."""
        self._before: tuple[str, ...] = ()
        """Ids of the agents, or tags of the agent's versions, that were there before."""
        self.report = DeployReport(stages=dict.fromkeys(Stage, State.WAITING), agent_id=plan.agent_id)

    async def run(self) -> DeployReport:
        """Deploy. Every failure ends in the report's verdict; only faults of our own are raised."""
        with ExitStack() as files:
            try:
                await self._files()
                tarball = files.enter_context(await self._archive())
                target = await self._announce()
                await self._upload(target, tarball)
                await self._build()
                await self._record()
            except StageFailed as stop:
                self._set(stop.stage, stop.state)
                await self._end(str(stop), stop.word)
            except asyncio.CancelledError:
                self._leave()
                raise
            else:
                await self._end(outcome_messages.success(self._plan, self.report), Verdict.DONE, good=True)
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
            raise StageFailed(Stage.FILES, f"{error}; nothing was sent") from None
        notes = "; ".join((f"wrote {' and '.join(written.written) or 'nothing'}", *written.warnings))
        self._set(Stage.FILES, State.DONE, notes)

    async def _archive(self) -> Tarball:
        self._set(Stage.ARCHIVE, State.RUNNING)
        loop = asyncio.get_running_loop()

        def progress(done: int, total: int) -> None:
            loop.call_soon_threadsafe(self._progress, Stage.ARCHIVE, done, total)

        packing = asyncio.ensure_future(
            asyncio.to_thread(build_tarball, self._plan.root, progress=_sparse(progress))
        )
        try:
            tarball = await asyncio.shield(packing)
        except BuildError as error:
            raise StageFailed(Stage.ARCHIVE, f"{error}; nothing was sent") from None
        except asyncio.CancelledError:
            packing.add_done_callback(_discard)  # the thread goes on: its file must not stay behind
            raise
        words = f"{counted(len(tarball.files), 'file')}, {decimal_size(tarball.size)}"
        self._set(Stage.ARCHIVE, State.DONE, words)
        return tarball

    async def _announce(self) -> UploadTarget:
        plan = self._plan
        self._set(Stage.ANNOUNCE, State.RUNNING)
        request_id = str(uuid.uuid4())
        try:
            self._before = await self._there_before()
        except ApiError as error:
            things = "agents" if plan.creates else "versions"
            words = f"pre-check of the {things} failed: {error}; nothing was sent, try again"
            raise StageFailed(Stage.ANNOUNCE, words, word=Verdict.NOT_SENT) from None
        try:
            self._attempt = await Attempt.begin(
                self._journal,
                "create" if plan.creates else "deploy",
                plan.agent_id or "new agent",
                project=plan.project,
                hosts=Hosts(self._client.endpoint.url, self._client.endpoint.agents_url),
                request_id=request_id,
                arguments=[item.name for item in plan.secrets],
                reason=plan.reason,
                baseline=self._before,
                facts={"deployment": plan.deployment},
            )
        except JournalError as error:
            raise StageFailed(Stage.ANNOUNCE, f"{error}; nothing was sent") from None
        answer = await self._ask(self._attempt)
        if problem := self._other_than_asked(answer):
            raise await self._lost(problem)
        self.report = replace(self.report, agent_id=answer.agent_id or plan.agent_id, tag=answer.tag)
        self._set(Stage.ANNOUNCE, State.DONE, f"{self.report.agent_id} version {answer.tag or '(not named)'}")
        return self._target(answer)

    async def _there_before(self) -> tuple[str, ...]:
        """What a new agent or version is told from. Raises the tree of `tui.api.errors`."""
        if self._plan.creates:
            return await lookup.agent_ids(self._client)
        return await lookup.version_tags(self._client, self._plan.agent_id)

    def _other_than_asked(self, answer: CreateAgentResponse | DeployAgentResponse) -> str:
        """Why the answer is not the one to what was asked for, in words; empty if it is.

        What it names is uploaded to and built: it must be nobody else's.
        """
        plan = self._plan
        if not any(_address(answer)):
            return "the answer names no address to upload to"
        if plan.creates:
            old = answer.agent_id in self._before
            return f"the answer names {answer.agent_id}, which was there before" if old else ""
        if answer.agent_id not in ("", plan.agent_id):
            return f"the answer is about {answer.agent_id}, not about {plan.agent_id}"
        if answer.tag and answer.tag in self._before:
            return f"the answer names version {answer.tag}, which was there before"
        return ""

    async def _ask(self, attempt: Attempt) -> CreateAgentResponse | DeployAgentResponse:
        """The one request that changes something. A lost answer is looked for."""
        try:
            return await attempt.send(
                self._request, lost=lambda error: f"{error}; unknown whether it happened"
            )
        except (Unknown, NotDone) as error:  # a word alone proves nothing, neither yes nor no
            raise await self._lost(str(error)) from None
        except ApiError as error:
            word = verdict_of(error)
            who = "LiveKit refused: " if word is Verdict.REFUSED else ""
            raise StageFailed(Stage.ANNOUNCE, f"{who}{error}; nothing was changed", word=word) from None

    async def _request(self, request_id: str) -> CreateAgentResponse | DeployAgentResponse:
        plan, client = self._plan, self._client
        secrets = [secret_message(item.name, item.value, file=item.is_file) for item in plan.secrets]
        if plan.creates:
            new = {"secrets": secrets, "regions": [plan.region] if plan.region else []}
            return await client.change(CREATE_AGENT, new, request_id=request_id)
        version = {
            "agent_id": plan.agent_id,
            "secrets": secrets,
            "deployment": plan.deployment,
            "attributes": dict(plan.attributes),
        }
        return await client.change(DEPLOY_AGENT, version, request_id=request_id)

    def _target(self, answer: CreateAgentResponse | DeployAgentResponse) -> UploadTarget:
        url, form = _address(answer)
        try:
            return upload_target(url, form.url if form else "", form.values if form else None)
        except NotSent as error:
            raise self._partly(Stage.UPLOAD, str(error)) from None

    async def _upload(self, target: UploadTarget, tarball: Tarball) -> None:
        endpoint = self._client.endpoint
        unknown = "" if is_judged(target, endpoint.proxy) else ", which only the proxy looks up"
        self._set(Stage.UPLOAD, State.RUNNING, f"to {target.host}{unknown}")

        def progress(done: int, total: int) -> None:
            self._progress(Stage.UPLOAD, done, total)

        try:
            await upload(
                target,
                tarball.path,
                peer=self._client.peer(Host.AGENTS),
                progress=progress,
                sent=self._client.sent,
                ca_file=endpoint.ca_file,
                proxy=endpoint.proxy,
            )
        except ApiError as error:
            raise self._partly(Stage.UPLOAD, str(error)) from None
        self._set(Stage.UPLOAD, State.DONE, f"{decimal_size(tarball.size)} to {target.host}{unknown}")

    async def _build(self) -> None:
        plan, build = self._plan, Build(self._client.sent)
        self._set(Stage.BUILD, State.RUNNING)
        ticking = asyncio.create_task(self._grow_older(build))
        try:
            async with self._client.build(self.report.agent_id, plan.deployment, plan.attributes) as chunks:
                await follow(build, chunks, lambda: self._show(build))
        except (NotSent, Refused) as error:
            raise self._partly(Stage.BUILD, f"the build was refused: {error}") from None
        except ApiError as error:
            build.cut(str(error))
        finally:
            ticking.cancel()
        self._show(build, now=True)
        progress = build.progress(self._now())
        if progress.outcome is BuildOutcome.FAILED:
            raise self._partly(Stage.BUILD, f"BUILD ERROR: {progress.error}")
        broken = progress.error if progress.outcome is BuildOutcome.UNKNOWN else ""
        version = await self._version(broken)
        self.report = replace(self.report, tag=version.version)
        words = f"{progress.completed} of {progress.total} steps"
        self._set(
            Stage.BUILD,
            State.DONE,
            f"the stream broke, and {version.version} is serving" if broken else words,
        )

    async def _record(self) -> None:
        plan, agent_id = self._plan, self.report.agent_id
        if not plan.creates:
            self._set(Stage.RECORD, State.SKIPPED, "only written for a new agent")
            return
        self._set(Stage.RECORD, State.RUNNING)
        path = plan.root / PROJECT_FILE
        try:
            await asyncio.to_thread(write_project_file, path, subdomain=plan.subdomain, agent_id=agent_id)
        except BuildError as error:
            words = f"{agent_id} was made and built, but {error}; :config {agent_id} writes it later"
            raise StageFailed(Stage.RECORD, words, word=Verdict.DONE) from None
        self._set(Stage.RECORD, State.DONE, f"names {agent_id}")

    # ---- what is not known ----------------------------------------------------------------------------

    async def _lost(self, error: str) -> StageFailed:
        """Whether the announcement was heard although no answer to it came."""
        if not self._plan.creates:
            words, word = outcome_messages.deploy_lost(self._plan, error)
            return StageFailed(Stage.ANNOUNCE, words, State.UNKNOWN, word)
        try:
            found = await look_until(
                lambda: lookup.new_agents(self._client, self._before),
                clock=self._clock,
                tell=lambda words: self._set(Stage.ANNOUNCE, State.UNKNOWN, words),
                looks=self._looks,
            )
        except ApiError as failure:
            words = f"{error}; whether an agent was made is unknown, for looking failed too: {failure}"
            return StageFailed(Stage.ANNOUNCE, words, State.UNKNOWN, Verdict.UNKNOWN)
        self.report = replace(self.report, agent_id=found[0] if found and len(found) == 1 else "")
        words, word = outcome_messages.create_lost(found or (), error)
        return StageFailed(Stage.ANNOUNCE, words, State.UNKNOWN, word)

    async def _version(self, broken: str) -> Version:
        """The version that was built, as it is listed. Raises `StageFailed`.

        The end of a stream proves nothing: a proxy's page ends too. `broken` is why it ended early, in words.
        """
        agent_id, tag = self.report.agent_id, self.report.tag
        if broken:
            await self._close(Verdict.UNKNOWN, f"the build's stream broke: {broken}")
        seen: Version | None = None

        async def look() -> Version | None:
            nonlocal seen
            before = () if self._plan.creates else self._before
            seen = await lookup.new_version(self._client, agent_id, tag, before)
            if seen is None or lookup.serves(seen) or lookup.failed(seen):
                return seen
            return None if broken or lookup.is_building(seen) else seen

        try:
            found = await look_until(
                look,
                clock=self._clock,
                tell=lambda words: self._set(Stage.BUILD, State.UNKNOWN, words),
                looks=self._looks if broken else (0.0, *self._looks),
            )
        except ApiError as failure:
            words = outcome_messages.build_unknown(self._plan, agent_id, broken, f"looking failed: {failure}")
            raise StageFailed(Stage.BUILD, words, State.UNKNOWN, Verdict.UNKNOWN) from None
        if found is None:
            state = (
                f"{seen.version} is {seen.status or 'not serving'}" if seen else "no new version is listed"
            )
            words = outcome_messages.build_unknown(self._plan, agent_id, broken, state)
            raise StageFailed(Stage.BUILD, words, State.UNKNOWN, Verdict.UNKNOWN)
        if lookup.failed(found):
            how = f"the stream broke ({broken})" if broken else "the stream ended well"
            raise self._partly(Stage.BUILD, f"{how} and the build failed: {found.version} is {found.status}")
        return found

    def _partly(self, stage: Stage, words: str) -> StageFailed:
        """A failure after the announcement: a new agent is there all the same, and secrets may be set."""
        left, word = outcome_messages.left_behind(self._plan, self.report.agent_id)
        return StageFailed(stage, f"{words}; {left}", word=word)

    def _leave(self) -> None:
        """The operator leaves in the middle of it. Nothing is awaited here: the loop may be ending."""
        stages = self.report.stages
        building = stages[Stage.BUILD] is State.RUNNING
        words, word = outcome_messages.left(self._plan, self.report, building=building)
        if self._attempt is not None:
            with contextlib.suppress(JournalError):
                self._journal.outcome(self._attempt.intent, word, detail=words)
        self._say(replace(self.report, verdict=words, over=True))

    # ---- telling --------------------------------------------------------------------------------------

    def _now(self) -> float:
        """Unix seconds by the server's clock, by which steps are timed."""
        return self._clock.now() + self._client.health(Host.AGENTS).skew

    async def _grow_older(self, build: Build) -> None:
        while True:
            await self._clock.sleep(TICK)
            self._show(build)

    def _set(self, stage: Stage, state: State, detail: str = "") -> None:
        details = {**self.report.details, stage: detail} if detail else self.report.details
        stages = {**self.report.stages, stage: state}
        self._say(replace(self.report, stages=stages, details=details, done=0, total=0))

    def _progress(self, stage: Stage, done: int, total: int) -> None:
        if self.report.stages[stage] is State.RUNNING:
            self._say(replace(self.report, done=done, total=total), now=done >= total)

    def _show(self, build: Build, *, now: bool = False) -> None:
        if now or self._clock.monotonic() - self._told >= TELL_EVERY:
            self._say(replace(self.report, build=build.progress(self._now())))

    def _say(self, report: DeployReport, *, now: bool = True) -> None:
        self.report = report
        if now or self._clock.monotonic() - self._told >= TELL_EVERY:
            self._told = self._clock.monotonic()
            self._tell(report)

    async def _end(self, verdict: str, word: Verdict, *, good: bool = False) -> None:
        problem = await self._close(word, verdict)
        verdict = f"{verdict} ({problem})" if problem else verdict
        self._say(replace(self.report, verdict=verdict, over=True, good=good))

    async def _close(self, word: Verdict, words: str) -> str:
        """Save in the journal how it stands; why that failed, empty if it did not."""
        return "" if self._attempt is None else await self._attempt.close(word, words)


def _address(
    answer: CreateAgentResponse | DeployAgentResponse,
) -> tuple[str, PresignedPostRequest | None]:
    """Where the source goes: an address to PUT to, or a form."""
    if isinstance(answer, CreateAgentResponse):
        return answer.presigned_url, answer.presigned_post_request
    return "", answer.presigned_req


def _discard(packing: asyncio.Future[Tarball]) -> None:
    if not packing.cancelled() and packing.exception() is None:
        packing.result().discard()


def _sparse(progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Only every hundredth of the way: a message to the loop for each block would flood it."""
    last = -1

    def tell(done: int, total: int) -> None:
        nonlocal last
        step = 100 * done // max(1, total)
        if step != last:
            last = step
            progress(done, total)

    return tell
