"""The table of every operation. Adding one is adding its file and one line here."""

from __future__ import annotations

from typing import Final

from tui.operations.operation import Operation
from tui.operations.verbs.agents import DeleteAgent, DeleteDeployment, Restart
from tui.operations.verbs.delete_dispatch import DeleteDispatch
from tui.operations.verbs.dispatch import CreateDispatch
from tui.operations.verbs.private_links import CreateLink, DeleteLink
from tui.operations.verbs.redispatch import Redispatch
from tui.operations.verbs.secrets import (
    ImportSecrets,
    MountSecret,
    NewSecret,
    RemoveSecrets,
    ReplaceSecrets,
    SetSecret,
)
from tui.operations.verbs.update import Update
from tui.operations.verbs.versions import Promote, Rollback

BY_ID: Final[dict[str, Operation]] = {
    operation.id: operation
    for operation in (
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
}
"""Id → operation, in the order in which help lists them."""
OPERATIONS: Final = BY_ID.values()
"""All of them. Commands, dialogs and settling read the one table; keys name its entries."""
