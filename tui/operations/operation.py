"""An operation: one verb of the operator's, from its key to the request and to how its effect is found.

Footer, help, key map, command line, dialogs and audit trail are made of this. No screen, no network.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import ClassVar

from msgspec import Struct

from tui.api.changes import ChangeMethod, Request
from tui.api.decoding.exact_dispatches import ExactDispatch
from tui.api.errors import Unknown
from tui.api.models import Dispatch, Wire
from tui.fleet.polling.sources import Source
from tui.fleet.state import Fleet
from tui.fleet.view import Selection, View
from tui.operations.fields import Answers, Field, Hint, Option
from tui.operations.journal.journal import Intent
from tui.operations.remote import Remote


class Danger(IntEnum):
    """What it can do to a service; decides what a confirmation takes."""

    REVERSIBLE = 1
    """It can be undone, as a dispatch: nothing is typed, and the dialog names the project in its colour."""
    SERVICE = 2
    """It affects what runs: the target is typed in a production project."""
    DESTROYS = 3
    """It cannot be undone: the target is always typed."""


class Usage(Struct, frozen=True):
    """How it is said after the colon. An argument's kind decides how it is completed."""

    name: str
    arguments: tuple[str, ...] = ()
    """`agent`, `agent_name`, `version`, `deployment`, `room`, `dispatch`, `secret` or `file`."""
    options: tuple[str, ...] = ()
    """Ids of further questions that may be answered as `name=value`. Never those for a secret."""

    def __str__(self) -> str:
        words = (self.name, *(word.replace("_name", "").upper() for word in self.arguments))
        return " ".join((*words, "[NAME=VALUE …]") if self.options else words)


class Fact(Struct, frozen=True):
    """One line of what is known of the target."""

    label: str
    text: str
    watch: str = ""
    """What must not change between look and key; empty for facts that may."""


class Preview(Struct, frozen=True):
    """What a dialog says before anything is sent."""

    what: str
    """Verb and target, with its id."""
    where: str
    effect: tuple[str, ...]
    """What happens to live sessions, and whether it can be undone."""
    lost: tuple[str, ...] = ()
    """What will not be there any more, one a line; said first, and in another tone."""
    state: tuple[Fact, ...] = ()
    typed: tuple[str, ...] = ()
    """What has to be typed to confirm, if anything: any of these. The first one is asked for."""
    unknown: tuple[str, ...] = ()
    """Labels of facts that nothing was received about yet: that they become known is no change."""


class Receipt(Struct, frozen=True):
    """What the server said when it did it."""

    words: str = ""
    """What is worth adding to "done", such as the id of a new dispatch."""
    dispatch: Dispatch | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """How things were just before it was sent."""

    baseline: tuple[str, ...] = ()
    """Goes to the disk, so that the effect can be told from what was there."""
    original: ExactDispatch | None = field(default=None, repr=False)
    """What is about to be deleted, exactly; stays in memory."""
    blind: bool = False
    """How things were could not be seen: nothing that is found afterwards is known to be new."""
    no_room: bool = False
    """The room that it is about was in no list of rooms, and these were whole."""


class Effect(StrEnum):
    """What a look for an effect found."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"
    FAILED = "failed"
    """It came to a bad end, and nothing changed."""
    CANNOT_TELL = "cannot tell"
    """No look will ever tell: a restart leaves no trace."""


class Verification(Struct, frozen=True):
    """The outcome of a look."""

    seen: Effect
    words: str
    items: tuple[str, ...] = ()
    """One line a part, such as one a secret."""
    receipt: Receipt | None = None
    """What the lost answer would have said."""


class Undo(Struct, frozen=True):
    """The operation that takes another one back."""

    operation: str
    selection: Selection
    answers: Answers
    words: str


EMPTY: Mapping[str, str] = MappingProxyType({})


class Operation(ABC):
    """One verb. Its target is the selection of the view, frozen by identity when the dialog opens.

    Everything but what awaits, and `resolve`, is pure, and asked again whenever view or answers change.
    """

    id: ClassVar[str]
    """As in the journal: never changed."""
    label: ClassVar[str]
    """The verb on keys and buttons."""
    help: ClassVar[str]
    danger: ClassVar[Danger]
    method: ClassVar[ChangeMethod[Wire]]
    """The one changing call that it makes."""
    asks_anew: ClassVar[bool] = False
    """It makes something new: the row under the cursor answers none of its questions."""
    usage: ClassVar[Usage]
    reads: ClassVar[tuple[Source, ...]] = ()
    """What is read again before it is sent, of the target alone."""
    source: ClassVar[Source | None] = None
    """The source whose age decides whether it may be done; None if none does."""
    sources: ClassVar[tuple[Source, ...]] = ()
    """What is polled at once afterwards."""
    prepares: ClassVar[bool] = False
    """Its form starts with something that only the server knows."""
    prominent: ClassVar[bool] = True
    """Its key is in the footer, where there is room."""
    in_bulk: ClassVar[bool] = False
    """It can be done to every marked row, one after the other."""

    @abstractmethod
    def unfit(self, view: View) -> str:
        """Why it cannot be done to what is selected, in words; empty if it can."""

    @abstractmethod
    def target(self, view: View, answers: Answers) -> str:
        """What it acts on, by id, as in the journal."""

    @abstractmethod
    def preview(self, view: View, answers: Answers) -> Preview:
        """What is said of it before it is done."""

    @abstractmethod
    def request(self, view: View, answers: Answers) -> Request:
        """The request that will be sent. Its secrets are of the type `Secret`, whose text is a mask."""

    @abstractmethod
    def equivalent(self, view: View, answers: Answers) -> str:
        """The same for a shell: an `lk` command, or what it takes where `lk` has none."""

    @abstractmethod
    async def verify(self, remote: Remote, intent: Intent) -> Verification:
        """Look whether it happened, from what the journal holds.

        Raises the tree of `tui.api.errors`, also where the answer proves nothing (`looks`).
        """

    async def run(self, remote: Remote, view: View, answers: Answers, request_id: str) -> Receipt:
        """Send it, once. Raises the tree of `tui.api.errors`."""
        await remote.change(self.method, self.request(view, answers), request_id=request_id)
        return Receipt()

    async def send(self, remote: Remote, view: View, answers: Answers, intent: Intent) -> Receipt:
        """Send what was intended, once. Raises as `run` does.

        An answer that names what was there before is not about what was asked for: that is `Unknown`.
        """
        receipt = await self.run(remote, view, answers, intent.request_id)
        if receipt.words in intent.baseline:
            raise Unknown(f"the answer names {receipt.words}, which was there before", self.method.label)
        return receipt

    def fields(self, view: View, answers: Answers) -> tuple[Field, ...]:
        """What is asked; `answers` holds what is known beforehand."""
        return ()

    def options(self, view: View, answers: Answers, name: str) -> tuple[Option, ...]:
        """The possible answers to a question, as things stand."""
        return ()

    def resolve(self, answers: Answers) -> Answers:
        """Read the files that answers name. Blocks for the disk; raises `InvalidAnswer`."""
        return answers

    def check(self, view: View, answers: Answers) -> None:
        """Raises `InvalidAnswer` for answers with which nothing can be sent."""
        return

    def hints(self, view: View, answers: Answers) -> tuple[Hint, ...]:
        """What is worth knowing while the form is filled in."""
        return ()

    def facts(self, view: View, answers: Answers) -> Mapping[str, str]:
        """What `look` will need. Goes to the disk: no secret and nothing personal."""
        return EMPTY

    def arguments(self, answers: Answers) -> tuple[str, ...]:
        """Names of what was given, for the audit trail; never a value."""
        return ()

    async def prepare(self, remote: Remote, view: View, answers: Answers) -> Answers:
        """Ask the server for what the form starts with. Raises the tree of `tui.api.errors`."""
        return answers

    async def baseline(self, remote: Remote, view: View, answers: Answers) -> Baseline:
        """Note how things are, so that the effect can be told. Raises the tree of `tui.api.errors`."""
        return Baseline()

    async def refusal(self, remote: Remote, answers: Answers, before: Baseline, error: Unknown) -> str:
        """Why an answer that proves nothing by itself was a refusal, as one look shows; empty if not."""
        return ""

    def absorb(self, fleet: Fleet, view: View, receipt: Receipt) -> Fleet:
        """The fleet with what the server's answer says."""
        return fleet

    def undo(self, view: View, answers: Answers, before: Baseline, receipt: Receipt) -> Undo | None:
        """How to undo it, with `view` as it was then; None where that cannot be done."""
        return None
