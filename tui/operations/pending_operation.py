"""The state behind a dialog: what is about to be done, on what facts, and why it may not be done yet. Pure.

The target is frozen by identity when it opens. What must not change is compared with what the operator saw
and accepted, so that a button always does what the text above it says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tui.fleet.polling.sources import SECRETS, VERSIONS, Source
from tui.fleet.view import View
from tui.operations.fields import Answers, Hint, InvalidAnswer
from tui.operations.freshness_check import data_age, moved, too_old
from tui.operations.operation import Danger, Operation, Preview

DETAILS_WITHIN: Final = 60.0
"""Seconds for which versions and secrets that were read may be chosen from."""
CONFIRM_DELAY: Final = 3.0
"""Seconds before something that cannot be undone can be confirmed at all."""


class PendingOperation:
    """One operation being considered."""

    def __init__(
        self, operation: Operation, view: View, answers: Answers, *, production: bool, refresh: float
    ) -> None:
        """`production` wants the target typed; `refresh` is the operator's seconds between polls."""
        self.operation = operation
        self.view = view
        self.answers = answers
        self._production = production
        self._refresh = refresh
        self._opened = view.monotonic
        self._read_at = 0.0
        self._not_before = 0.0
        self.baseline = operation.preview(view, answers)
        """What the operator saw and accepted."""

    @property
    def preview(self) -> Preview:
        """What there is to say now."""
        return self.operation.preview(self.view, self.answers)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What is worth knowing."""
        return self.operation.hints(self.view, self.answers)

    def age(self, now: float) -> float | None:
        """Seconds since what it rests on was received; None if it rests on nothing. `now` is monotonic."""
        return data_age(replace(self.view, monotonic=now), self.operation, self._read_at)

    @property
    def news(self) -> tuple[str, ...]:
        """Labels of facts that changed since they were accepted and must not."""
        return moved(self.baseline, self.preview)

    @property
    def is_missing(self) -> bool:
        """Something that it rests on was never asked for, as of an agent that was not looked at."""
        agent_id, fleet = self.view.selection.agent_id, self.view.fleet
        reads = self.operation.reads
        return (VERSIONS in reads and agent_id not in fleet.versions) or (
            SECRETS in reads and agent_id not in fleet.secrets
        )

    @property
    def is_to_be_read(self) -> bool:
        """What is chosen from was never asked for, or not of late: it is polled only while it is seen."""
        return self.is_missing or any(self._is_old(item) for item in (VERSIONS, SECRETS))

    def _is_old(self, source: Source) -> bool:
        if source not in self.operation.reads:
            return False
        view, fresh = self.view, self.view.fleet.fresh(source.name)
        is_its = fresh.subject == view.selection.agent_id and fresh.at is not None
        return not is_its or view.monotonic - (fresh.at or 0.0) > DETAILS_WITHIN

    def see(self, view: View) -> None:
        """New data arrived; the target stays the same."""
        self.view = replace(view, selection=self.view.selection)
        if set(self.preview.unknown) < set(self.baseline.unknown) and not self.news:
            self.baseline = self.preview  # or what became known might change without a word

    def answer(self, answers: Answers) -> None:
        """With other answers, what is shown now counts as accepted."""
        if answers != self.answers:
            self.answers = answers
            self.baseline = self.preview

    def fill(self, found: Answers, files: Sequence[str]) -> None:
        """Take over what stands in a form, whose questions `files` name files.

        What was read from a file counts until another file is named.
        """
        before = self.answers
        same = all(found.text(name) == before.text(name) for name in (*files, "empty"))
        secrets = before.secrets if files and same else Answers().secrets
        answers = Answers({**before.texts, **found.texts}, found.values, secrets)
        if not files:
            with contextlib.suppress(InvalidAnswer):  # `obstacle` says what is wrong
                answers = self.operation.resolve(answers)
        self.answer(answers)

    def take_resolved(self, answers: Answers) -> None:
        """Take over the answers with their files as they are now. Raises `InvalidAnswer` if they changed."""
        shown = self.answers.secrets
        self.answer(answers)
        if shown.secrets and answers.secrets != shown:
            raise InvalidAnswer("file", "the file changed after it was read: press Enter in its field")

    def require_unchanged(self, *, again: bool) -> None:
        """Raises `InvalidAnswer` if it may not be sent as it was shown; `again` where it was sent before."""
        if problem := self.operation.unfit(self.view):
            raise InvalidAnswer("", problem)
        if self.news and not again:
            raise InvalidAnswer("", f"changed since you looked: {', '.join(self.news)}")
        self.operation.check(self.view, self.answers)

    def accept(self, view: View) -> None:
        """The data were reloaded and are what the operator sees now."""
        self.see(view)
        self._read_at = view.monotonic
        self.baseline = self.preview

    def reread(self, view: View) -> None:
        """The data were reloaded just before sending, and are compared with what the operator sees."""
        self.see(view)
        self._read_at = view.monotonic

    def wait(self, seconds: float) -> None:
        """The server asked for a pause."""
        self._not_before = self.view.monotonic + seconds

    @property
    def wanted(self) -> tuple[str, ...]:
        """What has to be typed to confirm, any of these; empty if nothing has."""
        danger = self.operation.danger
        if danger is Danger.DESTROYS or (danger is Danger.SERVICE and self._production):
            return self.preview.typed
        return ()

    def obstacle(self, typed: str, *, locked: bool, now: float) -> str:
        """Why it may not be done yet, in words; empty if it may.

        `now` is monotonic seconds.
        """
        operation = self.operation
        if problem := operation.unfit(self.view):
            return f"{problem}; nothing can be done to it"
        if locked:
            return "read-only: :unlock 15m allows changes for a while"
        if self.is_missing:
            return "loading…"
        if old := too_old(replace(self.view, monotonic=now), operation, self._refresh, self._read_at):
            return f"{old}: ctrl+r reloads"
        if news := self.news:
            return f"changed since you looked: {', '.join(news)}. ctrl+r accepts the current state"
        try:
            operation.check(self.view, self.answers)
        except InvalidAnswer as bad:
            return str(bad)
        if now < self._not_before:
            return f"LiveKit asks for a pause: {self._not_before - now:.0f} s"
        if (wanted := self.wanted) and typed.strip() not in wanted:
            return f"type {' or '.join(wanted)} to confirm"
        if operation.danger is Danger.DESTROYS and (left := self._opened + CONFIRM_DELAY - now) > 0:
            return f"cannot be undone; wait {left:.0f} s"
        return ""
