"""Runs operations of one project: checks, writes the intent, sends once, and reports the outcome.

An intent is on the disk before its request is sent. The effect of a lost answer is looked for and never
guessed. Knows no screen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from msgspec import Struct

from tui.api.errors import ApiError, NotDone, NotFound, Unknown
from tui.api.proof import Proof, of_answer
from tui.clock import Clock
from tui.fleet.store import Store
from tui.fleet.view import View
from tui.operations import endings
from tui.operations.attempt import LOOKS, Attempt, close
from tui.operations.fields import Answers
from tui.operations.freshness_check import reread, with_learnt
from tui.operations.journal import resumed_deploys
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import AuditEntry, Intent, Journal, JournalError, Verdict
from tui.operations.journal.outcome import Outcome, Progress, refused
from tui.operations.journal.reconcile import ONE_LOOK, Reconciliation, Tell, Verify, reconcile
from tui.operations.operation import Baseline, Effect, Operation, Receipt, Undo
from tui.operations.registry import BY_ID
from tui.operations.remote import Remote

VERIFYING: Final = (0.0, 1.0, 3.0, 8.0)
"""Seconds after "done" at which is looked whether it shows."""


def quietly(progress: Progress) -> None:
    """Ignore progress."""


class _Sending(Struct, frozen=True):
    """One request on its way."""

    operation: Operation
    view: View
    answers: Answers
    before: Baseline
    attempt: Attempt
    tell: Tell
    repeated: bool

    @property
    def intent(self) -> Intent:
        """As journalled."""
        return self.attempt.intent

    @property
    def subject(self) -> str:
        """Verb and target: the beginning of every message about it."""
        return f"{self.operation.label} {self.intent.target}"

    def undo(self, receipt: Receipt) -> Undo | None:
        """How to undo it."""
        return self.operation.undo(self.view, self.answers, self.before, receipt)


class OperationRunner:
    """Every change of a project passes here."""

    def __init__(
        self,
        remote: Remote,
        store: Store,
        journal: Journal,
        *,
        clock: Clock,
        project: str,
        hosts: Hosts,
        new_id: Callable[[], str],
        nudge: Callable[..., None],
    ) -> None:
        """`new_id` makes request ids; `nudge` polls the named sources at once."""
        self.remote = remote
        self._store = store
        self._journal = journal
        self._clock = clock
        self._project = project
        self._hosts = hosts
        self._new_id = new_id
        self._nudge = nudge

    async def reread(self, operation: Operation, view: View, answers: Answers) -> View:
        """The view with the target asked anew. Raises the tree of `tui.api.errors`.

        What no poll may have come to, such as the room that is dispatched to, is known to everybody from now
        on: or the next poll of something else would make it unknown again.
        """
        fresh = await reread(self.remote, operation, view, answers)
        self._store.update(partial(with_learnt, view.fleet, fresh.fleet))
        return replace(fresh, now=view.now, monotonic=self._clock.monotonic())

    async def perform(
        self,
        operation: Operation,
        view: View,
        answers: Answers,
        *,
        reason: str = "",
        tell: Tell = quietly,
        earlier: Intent | None = None,
    ) -> Outcome:
        """Do it, once. Never raises for what the network or the server does.

        `earlier` is the intent of the same request whose effect was not seen: its request id and what was
        there before it are kept, and it is looked for once more.
        """
        subject = f"{operation.label} {operation.target(view, answers)}"
        try:
            if earlier is not None and (found := await self._found(operation, earlier)) is not None:
                return found
            tell(Progress("checking current state…"))
            before = await operation.baseline(self.remote, view, answers)
        except ApiError as error:
            words = f"{subject}: pre-check failed: {error}; nothing was sent, try again"
            return Outcome(Verdict.NOT_SENT, words, error=error)
        try:
            attempt = await self._begin(operation, view, answers, before, reason, earlier)
        except JournalError as error:
            return Outcome(Verdict.NOT_SENT, f"{subject}: {error}; nothing was sent")
        tell(Progress("sending…"))
        return await self._send(
            _Sending(operation, view, answers, before, attempt, tell, repeated=earlier is not None)
        )

    async def settle(self, intent: Intent, tell: Tell = quietly, *, before: Outcome | None = None) -> Outcome:
        """Look for the effect of an intent of this or an earlier session; `before` is its outcome so far."""
        operation = BY_ID.get(intent.operation)
        label = operation.label if operation else resumed_deploys.LABELS.get(intent.operation, "")
        if not label:
            return Outcome(Verdict.UNKNOWN, f"{intent.operation}: not an operation of this lktop", intent)
        if not self._hosts.is_of(intent):
            return endings.of_unknown_hosts(f"{label} {intent.target}", intent)
        look = operation.verify if operation else resumed_deploys.verify
        found = await self._reconcile(look, intent, tell, ONE_LOOK)
        early = self._clock.now() - intent.time < LOOKS[-1]
        outcome = endings.settled(f"{label} {intent.target}", intent, operation, found, before, early=early)
        if outcome.verdict is not Verdict.UNKNOWN:
            outcome = await self._close(intent, outcome)
            self._nudge(*(operation.sources if operation else resumed_deploys.SOURCES))
        return outcome

    async def unresolved(self) -> list[Intent]:
        """Intents of this project with an unknown outcome. Raises `JournalError`."""
        found = await asyncio.to_thread(self._journal.unresolved)
        mine = (item for item in found if item.project == self._project)
        return [item for item in mine if self._hosts.may_be_of(item)]

    async def set_aside(self, intent: Intent) -> None:
        """Stop asking about an intent. Raises `JournalError`."""
        words = "set aside by the operator; its outcome stayed unknown"
        await asyncio.to_thread(self._journal.outcome, intent, Verdict.NOT_SEEN, detail=words)

    async def entries(self, limit: int = 500) -> list[AuditEntry]:
        """The audit trail, newest first. Raises `JournalError`."""
        return await asyncio.to_thread(self._journal.entries, limit)

    async def note(self, operation: str, target: str, reason: str) -> None:
        """Record something that needs no request, such as an unlock. Raises `JournalError`."""
        intent = await asyncio.to_thread(
            self._journal.intent, operation, target, project=self._project, reason=reason
        )
        await asyncio.to_thread(self._journal.outcome, intent, Verdict.DONE)

    # ---- steps ----------------------------------------------------------------------------------------

    async def _begin(
        self,
        operation: Operation,
        view: View,
        answers: Answers,
        before: Baseline,
        reason: str,
        earlier: Intent | None,
    ) -> Attempt:
        return await Attempt.begin(
            self._journal,
            operation.id,
            operation.target(view, answers),
            project=self._project,
            request_id=earlier.request_id if earlier else self._new_id(),
            arguments=operation.arguments(answers),
            reason=reason,
            hosts=self._hosts,
            baseline=earlier.baseline if earlier else before.baseline,
            blind=earlier.is_blind if earlier else before.blind,
            facts=operation.facts(view, answers),
        )

    async def _send(self, sending: _Sending) -> Outcome:
        operation, intent = sending.operation, sending.intent
        begun = self._clock.monotonic()
        try:
            receipt = await sending.attempt.send(
                lambda _: operation.send(self.remote, sending.view, sending.answers, intent),
                lost=lambda error: f"{sending.subject}: {error}; it may have happened",
            )
        except Unknown as error:
            return await self._lost(sending, error, begun)
        except NotDone as error:
            return await self._denied(sending, error)
        except NotFound as error:
            if sending.repeated and operation.method.deletes:
                return await self._denied(sending, error)
            return await self._close(intent, refused(sending.subject, error, intent))
        except ApiError as error:
            return await self._close(intent, refused(sending.subject, error, intent))
        took = self._clock.monotonic() - begun
        if of_answer(operation.method) is Proof.DONE:
            return await self._done(sending, receipt, took)
        return await self._accepted(sending, receipt, took)

    async def _done(
        self, sending: _Sending, receipt: Receipt, took: float, items: tuple[str, ...] = ()
    ) -> Outcome:
        self._absorb(sending, receipt)
        undo = sending.undo(receipt)
        outcome = endings.done(sending.subject, sending.intent, receipt, took, undo=undo, items=items)
        return await self._close(sending.intent, outcome)

    async def _accepted(self, sending: _Sending, receipt: Receipt, took: float) -> Outcome:
        """The server accepted it: check its effect. Servers have accepted changes and done nothing."""
        subject, intent = sending.subject, sending.intent
        await self._close(intent, endings.accepted(subject, intent, receipt, took))
        sending.tell(Progress("accepted, checking its effect…"))
        found = await self._reconcile(sending.operation.verify, intent, quietly, VERIFYING)
        if found.verdict is Verdict.DONE:
            return await self._done(sending, receipt, took, found.items)
        self._absorb(sending, None)
        return await self._close(intent, endings.accepted(subject, intent, receipt, took, found))

    async def _denied(self, sending: _Sending, error: ApiError) -> Outcome:
        """The server refused in a way that proves nothing: check once."""
        found = await self._reconcile(sending.operation.verify, sending.intent, quietly, ONE_LOOK)
        self._absorb(sending, None)
        outcome = endings.denied(sending.subject, sending.intent, error, found)
        return await self._close(sending.intent, outcome)

    async def _lost(self, sending: _Sending, error: Unknown, begun: float) -> Outcome:
        """The answer is lost, and the journal says so: check for the effect."""
        operation, intent = sending.operation, sending.intent
        sending.tell(Progress(f"unknown – checking: {error}", checking=True))
        if why := await operation.refusal(self.remote, sending.answers, sending.before, error):
            return await self._close(intent, endings.refused_after_all(sending.subject, intent, error, why))
        found = await self._reconcile(operation.verify, intent, sending.tell, LOOKS)
        receipt = (found.receipt or Receipt()) if found.verdict is Verdict.DONE else None
        self._absorb(sending, receipt)
        # what was made and only found may be somebody else's twin of it: it is shown, and never undone
        is_ours = of_answer(operation.method) is not Proof.DONE
        outcome = endings.lost(
            sending.subject,
            intent,
            error,
            found,
            self._clock.monotonic() - begun,
            undo=sending.undo(receipt) if receipt is not None and is_ours else None,
            may_resend=endings.may_resend(operation, found.verdict),
        )
        return await self._close(intent, outcome)

    async def _reconcile(
        self, look: Verify, intent: Intent, tell: Tell, looks: Sequence[float]
    ) -> Reconciliation:
        return await reconcile(look, self.remote, intent, clock=self._clock, tell=tell, looks=looks)

    async def _found(self, operation: Operation, earlier: Intent) -> Outcome | None:
        """The outcome of an earlier request, if it must not be sent again. Raises as `verify` does."""
        finding = await operation.verify(self.remote, earlier)
        subject = f"{operation.label} {earlier.target}: {finding.words}; it was not sent again"
        if finding.seen is Effect.YES:
            return await self._close(earlier, Outcome(Verdict.DONE, subject, earlier, items=finding.items))
        if finding.seen is Effect.NO or operation.method.repeatable:
            return None
        return Outcome(Verdict.UNKNOWN, subject, earlier, items=finding.items)

    async def _close(self, intent: Intent, outcome: Outcome) -> Outcome:
        """Save the outcome. If that fails, the message says so; the outcome itself does not change."""
        problem = await close(self._journal, intent, outcome.verdict, outcome.words)
        return replace(outcome, notes=(*outcome.notes, problem)) if problem else outcome

    def _absorb(self, sending: _Sending, receipt: Receipt | None) -> None:
        """Put what is known by now into the store, and poll the rest."""
        operation = sending.operation
        if receipt is not None:
            self._store.update(partial(operation.absorb, view=sending.view, receipt=receipt))
        self._nudge(*operation.sources)
