"""Every operation, in the order in which help lists them. Adding one is adding it here."""

from __future__ import annotations

from typing import Final

from tui.fleet.links import CreateLink, DeleteLink
from tui.fleet.operations.agents import DeleteAgent, DeleteDeployment, Restart
from tui.fleet.operations.base import Operation
from tui.fleet.operations.dispatch import CreateDispatch, Redispatch
from tui.fleet.operations.secrets import (
    ImportSecrets,
    MountSecret,
    NewSecret,
    RemoveSecrets,
    ReplaceSecrets,
    SetSecret,
)
from tui.fleet.operations.undispatch import DeleteDispatch
from tui.fleet.operations.update import Update
from tui.fleet.operations.versions import Promote, Rollback

OPERATIONS: Final[tuple[Operation, ...]] = (
    CreateDispatch(),
    Redispatch(),
    DeleteDispatch(),
    Restart(),
    Rollback(),
    Promote(),
    Update(),
    SetSecret(),
    NewSecret(),
    ImportSecrets(),
    MountSecret(),
    RemoveSecrets(),
    ReplaceSecrets(),
    DeleteDeployment(),
    DeleteAgent(),
    CreateLink(),
    DeleteLink(),
)

BY_ID: Final = {operation.id: operation for operation in OPERATIONS}


def keys_of(pane: str) -> tuple[tuple[str, Operation], ...]:
    """The keys of a pane, as Textual writes them, each with what it does."""
    return tuple((operation.keys[pane], operation) for operation in OPERATIONS if pane in operation.keys)
