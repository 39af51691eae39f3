"""What an operation asks the operator and what came back. Knows neither widgets nor the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from msgspec import Struct

from tui.packaging.secrets import SecretSet
from tui.secret import Secret


class FieldKind(StrEnum):
    """How a question is put."""

    TEXT = "text"
    """One line, with suggestions where there are options."""
    CHOICE = "choice"
    """One of a few words."""
    PICK = "pick"
    """One row of a list."""
    BLOCK = "block"
    """Several lines."""
    SECRET = "secret"
    """A value that is never shown."""
    FILE = "file"
    """The path of a file that is read when Enter is pressed."""


class Option(Struct, frozen=True):
    """One possible answer."""

    value: str
    words: tuple[str, ...]
    """Its columns; the first one is what it is called."""


@dataclass(frozen=True, slots=True)
class Field:
    """One question."""

    id: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    help: str = ""
    """What is said while it has the keyboard."""
    value: str = ""
    """The answer to start with."""
    fresh: str = ""
    """Of a text: what a made-up answer begins with; such an answer is offered first."""
    starts_fresh: bool = False
    """It starts with such an answer, where it has no value."""
    rest: str = ""
    """Of a name: the secret question that gets what follows `=` in a paste, which must not be shown."""
    columns: tuple[str, ...] = ()
    """Of a pick: the titles of its columns."""
    lines: int = 1
    """Height of a block or pick."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the operator said. Its `repr` holds no secret value."""

    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Secret] = field(default_factory=dict)
    secrets: SecretSet = field(default_factory=SecretSet)
    """What was read from a file or put together from the values; see `Operation.resolve`."""

    def text(self, name: str) -> str:
        """An answer without the space around it; empty if it was not given."""
        return self.texts.get(name, "").strip()

    def exact(self, name: str) -> str:
        """An answer as it was typed."""
        return self.texts.get(name, "")

    def value(self, name: str) -> Secret:
        """A secret answer; an empty one if it was not given."""
        return self.values.get(name) or Secret("")

    def names(self) -> tuple[str, ...]:
        """Several names that are one answer: `names`, one a line."""
        return tuple(name for name in self.texts.get("names", "").split("\n") if name)

    def with_texts(self, **texts: str) -> Answers:
        """With some answers replaced."""
        return replace(self, texts={**self.texts, **texts})


class InvalidAnswer(ValueError):
    """An answer with which nothing can be sent. The text is one line and holds no secret value."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        """Id of the question; empty when it is not about one alone."""


class HintLevel(StrEnum):
    """How much a hint matters."""

    NOTE = "note"
    GOOD = "good"
    WARN = "warn"


class Hint(Struct, frozen=True):
    """One line said while a form is filled in, before anything is sent."""

    text: str
    weight: HintLevel = HintLevel.NOTE
