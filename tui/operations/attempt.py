"""One change, from its intent on the disk to its outcome there. Operations and deploys both run on it.

The intent is written before the request leaves. The request is sent once. That its answer was lost is written
before anything else is done, so that a program that ends now leaves word of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, Self, TypeVar

from tui.api.errors import ApiError, NotDone, NotSent, Refused, Unknown
from tui.clock import Clock
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import BLIND, Intent, Journal, JournalError, Verdict

T = TypeVar("T")

LOOKS: Final = (1.0, 3.0, 8.0, 20.0, 30.0)
"""Seconds after the loss at which is looked; only what the last look does not see counts as not seen."""


class Attempt:
    """One request that changes something, with its intent, which is on the disk already."""

    def __init__(self, journal: Journal, intent: Intent) -> None:
        """Only `begin` makes one, so that nothing is sent without an intent on the disk."""
        self.intent = intent
        self._journal = journal
        self._is_sent = False

    @classmethod
    async def begin(
        cls,
        journal: Journal,
        operation: str,
        target: str,
        *,
        project: str,
        hosts: Hosts,
        request_id: str,
        arguments: Iterable[str] = (),
        reason: str = "",
        baseline: Iterable[str] = (),
        blind: bool = False,
        facts: Mapping[str, str] | None = None,
    ) -> Self:
        """Write the intent. Raises `JournalError` where it cannot be written: then there is no attempt.

        `blind` where what was there before could not be seen, so that the baseline proves nothing.
        """
        intent = await asyncio.to_thread(
            journal.intent,
            operation,
            target,
            project=project,
            request_id=request_id,
            arguments=arguments,
            reason=reason,
            baseline=baseline,
            facts={**(facts or {}), **hosts.facts, **(BLIND if blind else {})},
        )
        return cls(journal, intent)

    async def send(self, request: Callable[[str], Awaitable[T]], *, lost: Callable[[Unknown], str]) -> T:
        """Send the request, given its id. `lost` words for the journal that the answer was lost.

        Raises an error of `tui.api.errors`; `Unknown` only after the journal holds it. A second call is a bug
        and raises `RuntimeError`.
        """
        if self._is_sent:
            raise RuntimeError("an attempt is sent once")
        self._is_sent = True
        try:
            return await request(self.intent.request_id)
        except Unknown as error:
            await self.close(Verdict.UNKNOWN, lost(error))
            raise

    async def close(self, verdict: Verdict, words: str) -> str:
        """Write the outcome; why that failed, empty if it did not."""
        return await close(self._journal, self.intent, verdict, words)


def verdict_of(error: ApiError) -> Verdict:
    """What an error proves: not sent, or refused without any effect. Every other one proves nothing.

    `tui.api.proof` decides which answer is a refusal. `NotDone` is none by itself: its word is the only sign.
    """
    if isinstance(error, NotSent):
        return Verdict.NOT_SENT
    is_proven = isinstance(error, Refused) and not isinstance(error, NotDone)
    return Verdict.REFUSED if is_proven else Verdict.UNKNOWN


async def close(journal: Journal, intent: Intent, verdict: Verdict, words: str) -> str:
    """Write the outcome of an intent. A failure is returned in words: it does not change the outcome."""
    try:
        await asyncio.to_thread(journal.outcome, intent, verdict, detail=words)
    except JournalError as error:
        return str(error)
    return ""


async def look_until(
    look: Callable[[], Awaitable[T | None]],
    *,
    clock: Clock,
    tell: Callable[[str], None],
    looks: Sequence[float] = LOOKS,
) -> T | None:
    """Look for an effect until one is found; None if the last look found nothing. Sends only reads.

    Raises an error of `tui.api.errors` when the last look failed: then nothing is known.
    """
    begun = clock.monotonic()
    failure: ApiError | None = None
    for number, at in enumerate(looks, 1):
        await clock.sleep(max(0.0, begun + at - clock.monotonic()))
        tell(f"unknown – checking, look {number} of {len(looks)}")
        try:
            found = await look()
        except ApiError as error:
            failure = error
            continue
        failure = None
        if found is not None:
            return found
    if failure is not None:
        raise failure
    return None
